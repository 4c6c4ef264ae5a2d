//! A run folder: created whole or not at all, read back, compared and verified.

pub mod artifacts;
pub mod create;
pub mod diff;
pub mod facts;
pub mod locate;
pub mod plan_file;
pub mod publish;
pub mod read;
mod strict_json;
pub mod trend;
pub mod verify;
