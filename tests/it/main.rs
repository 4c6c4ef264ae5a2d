//! The integration tests, as one binary: the program from outside, against fixtures, a model and a fake Zendesk.

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test that counts what it reached prints it")]

mod apply;
mod architecture;
mod cli;
mod docs;
mod fake_github;
mod fake_salesforce;
mod fake_zendesk;
mod fixtures;
mod github;
mod live_read;
mod model;
mod report;
mod rules;
mod salesforce;
mod trace;
