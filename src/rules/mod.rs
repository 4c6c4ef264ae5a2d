//! The rules: pure functions from what was read to what is wrong and what may be done about it. Nothing here reads, writes,
//! asks the clock or fails.

pub mod advisory;
pub mod audit;
pub mod detect;
pub mod gate;
pub mod issue;
pub mod lost;
pub mod plan;
pub mod resolve;
pub mod suppress;
