//! g-gremlin: audits customer identity between Salesforce and Zendesk.
//!
//! The pipeline, and where each step lives: `reference`, `ingest` (what is known) → `resolve` → `detect` → `suppress` →
//! `plan` → `gate`, put together by [`audit::audit`], a pure function. `artifacts` and `report` turn its result into
//! bytes and text. Files, network, clock and terminal belong to `config`, `snapshot`, `zendesk`, `run_dir`, `clock`,
//! `console` and `commands`.

pub mod apply;
pub mod artifacts;
pub mod audience;
pub mod audit;
pub mod catalogue;
pub mod cli;
mod clock;
pub mod commands;
pub mod config;
pub mod console;
pub mod demo;
pub mod detect;
pub mod diff;
pub mod escape;
pub mod exit;
pub mod gate;
mod github;
mod http_client;
pub mod ingest;
pub mod interrupt;
pub mod issue;
mod lock;
pub mod model;
pub mod nearest;
mod parallel;
pub mod personal;
pub mod plan;
pub mod plan_file;
pub mod precondition;
pub mod reference;
pub mod report;
pub mod resolve;
pub mod run_dir;
pub mod run_folder;
pub mod settings;
pub mod snapshot;
mod step_output;
pub mod suppress;
pub mod trace;
pub mod verify;
pub mod warning;
pub mod zendesk;
