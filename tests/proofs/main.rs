//! The proofs: promises that take minutes to check. `.ci/proofs` runs them, `cargo test` does not.
//!
//! They share the naive model and the fakes with the integration tests. docs/proofs.md has the figures.

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#![allow(dead_code, reason = "a proof uses only parts of what it shares with the integration tests")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a proof prints its figures")]

mod canaries;
mod escaping;
#[path = "../it/fake_github.rs"]
mod fake_github;
#[path = "../it/fake_salesforce/mod.rs"]
mod fake_salesforce;
#[path = "../it/fake_zendesk/mod.rs"]
mod fake_zendesk;
mod faults;
#[path = "../it/model/mod.rs"]
mod model;
mod mutated;
mod schemas;
#[path = "../it/apply/stage.rs"]
mod stage;

/// Counts what is allocated, for the bound on the memory that a reader takes.
#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;
