//! g-gremlin: audits customer identity between Salesforce and Zendesk.
//!
//! The pipeline: the borders (`config`, `reference`, `ingest`, `zendesk`) turn input into the `model`; `rules` decides, as pure
//! functions; `run` writes what was decided into a folder; `report` and `trace` show it to people; `apply` carries it out.
//! The modules below are in reading order, from the ground floor up: each imports only what stands above it in this list.
//! `docs/architecture.md` says what each is for, and a test checks the direction of every import.

// The ground floor: no knowledge of what the program is about.
pub mod digest;
mod files;
mod http_client;
mod parallel;
mod paths;
mod retry;

// Words.
pub mod catalogue;
pub mod exit;
pub mod text;

// The vocabulary of the rules.
pub mod model;

// Terminal, signals and time.
mod clock;
pub mod console;
pub mod interrupt;

// The borders: what comes in is checked here.
pub mod cli;
pub mod config;
mod github;
pub mod ingest;
pub mod reference;
pub mod salesforce;
pub mod zendesk;

// What is wrong, and what may be done about it.
pub mod rules;
pub mod trace;

// What is kept and shown.
pub mod report;
pub mod run;
pub mod snapshot;

// Repairs.
pub mod apply;
pub mod doctor;

// One file per command.
pub mod commands;

// The parsers, for tests/proofs: in no release.
#[cfg(feature = "proofs")]
pub mod doors;
