//! What `doctor` finds out: each check with its words, and how probes of a Zendesk are judged. Pure; the command asks and prints.

mod account;
mod apply;
pub mod check;
mod cost;
mod judge;
pub mod show;
mod tickets;
mod words;

pub use cost::{AuditCost, CostPart};
pub use judge::{Learned, judge};
