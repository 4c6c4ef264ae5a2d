//! The rules: pure functions that turn what was read into issues and a plan. Nothing here reads files, writes, uses the clock or
//! fails.

pub mod advisory;
pub mod audit;
pub mod detect;
pub mod gate;
pub mod issue;
pub mod lost;
pub mod plan;
pub mod resolve;
pub mod suppress;
