//! `apply` from outside, over HTTP against the fake: audits, dry runs, live applies, and what they leave on disk and in Zendesk.

mod caps;
mod convergence;
mod crashes;
mod faults;
mod interruptions;
mod oracle;
mod outcomes;
mod preconditions;
mod refusals;
pub mod stage;
mod timeouts;
mod verified;
