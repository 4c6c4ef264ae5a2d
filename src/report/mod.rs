//! Renderings of a finished run for people.

pub mod apply;
pub mod diff;
pub mod terminal;
