//! g-gremlin: audits customer identity between Salesforce and Zendesk.
//!
//! The pipeline: the borders (`config`, `reference`, `ingest`, `zendesk`) turn input into the `model`; `rules` decides, as pure
//! functions; `run` writes what was decided into a folder; `report` and `trace` show it to people; `apply` carries it out.
//! The modules below are in reading order, from the ground floor up: each imports only what stands above it in this list.
//! `docs/architecture.md` says what each is for, and a test checks the direction of every import.

// The ground floor: no knowledge of what the program is about.
pub mod digest; // SHA-256, in one place
mod files; // files from outside: regular ones only, and never more than fits
mod http_client; // the one HTTP client, its certificates and limits
mod parallel; // splits work across threads; results keep their order
mod paths; // paths as people and later steps read them
mod retry; // whether a request is sent again, and after how long
#[cfg(feature = "proofs")]
mod schema; // the types of files as JSON Schemas: in no release

// Words.
pub mod catalogue; // every code, action and reason, with its words for people
pub mod exit; // exit codes, and failures that say what happened, to which thing, and what to do next
pub mod text; // text on its way to people: who may read it, how it is escaped, counted and wrapped

// The vocabulary of the rules.
pub mod model; // the vocabulary of the rules: accounts, organizations, domains, times, settings

// Terminal, signals and time.
mod clock; // the only place that asks for the time
pub mod console; // the terminal
pub mod interrupt; // signals, and folders that are not finished yet

// The borders: what comes in is checked here.
pub mod cli; // the command line as types
pub mod config; // the configuration file, its checks, and which Zendesk it may reach
mod github; // GitHub's API as a workflow needs it: the comment, the tracking issue, the runs, the approval
pub mod ingest; // records as Zendesk sends them, turned into compact rows
pub mod reference; // the Salesforce reference, from bytes to accounts
pub mod salesforce; // one query to Salesforce, read completely or not at all
pub mod zendesk; // Zendesk over HTTP: paging, limits, retries, and the only four writes

// What is wrong, and what may be done about it.
pub mod rules; // resolve, detect, suppress, plan, gate: pure functions that cannot fail
pub mod trace; // why something was decided, step by step

// What is kept and shown.
pub mod report; // what people read of a finished run: terminal, Markdown, annotations, HTML
pub mod run; // a run folder: created whole or not at all, read back, compared, verified
pub mod snapshot; // what a live read kept, and how it is replayed; the demo is a snapshot inside the binary

// Repairs.
pub mod apply; // consent, selection, execution, journal, recovery, lock
pub mod doctor; // the checks before a first audit: what each found, and what to do about it

// One file per command.
pub mod commands; // one file per command: a pipeline on one screen, without a rule of its own

// The parsers, for tests/proofs: in no release.
#[cfg(feature = "proofs")]
pub mod doors; // every parser as a function of bytes, for the proofs: in no release
