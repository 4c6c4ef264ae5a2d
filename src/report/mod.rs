//! Renderings of a finished run for people. `terminal` and `apply` tell of a run that has just ended, `trace` of one
//! subject; the others are made from its folder, as texts without any I/O.

pub mod annotations;
pub mod apply;
pub mod apply_page;
pub mod audit_page;
pub mod change;
pub mod change_config;
pub mod change_page;
pub mod diff;
pub mod failed_page;
pub mod html;
mod links;
pub mod overview;
pub mod page;
pub mod place;
pub mod review;
pub mod terminal;
pub mod trace;
pub mod trend;

#[cfg(test)]
mod tests;
