//! The integration tests, as one binary: the program from outside, against fixtures, a model and a fake Zendesk.

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test that counts what it reached prints it")]

mod apply;
mod architecture;
mod cli;
mod docs;
mod documented;
mod fake_github;
mod fake_salesforce;
mod fake_zendesk;
mod fixtures;
mod github;
mod live_read;
mod model;
mod report;
mod reported;
mod rules;
mod salesforce;
mod trace;

/// Whether the long tests run in full: `.ci/run` asks for it with `G_GREMLIN_THOROUGH=1`, after a `cargo test` that runs a part of each.
pub fn thorough() -> bool {
    std::env::var_os("G_GREMLIN_THOROUGH").is_some_and(|value| value == "1")
}
