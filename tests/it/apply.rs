//! `apply` from outside, over HTTP against the fake: audits, dry runs, live applies, and what they leave on disk and in Zendesk.

mod absent;
mod caps;
mod convergence;
mod crashes;
mod faults;
mod in_flight;
mod interruptions;
mod narrowing;
mod oracle;
mod outcomes;
mod preconditions;
mod receipts;
mod refusals;
pub mod stage;
mod timeouts;
mod verified;
