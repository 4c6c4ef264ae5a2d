//! What the steps of the Action leave each other, as a file in its work folder.

use crate::commands::disk;
use crate::exit::Failure;
use crate::files;
use crate::report::failed_page::KnownFailure;
use crate::report::review::ReviewFacts;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FILE: &str = "state.json";

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    pub prepared: Prepared,
    pub ran: Ran,
    /// What failed first, cleared for the audience.
    pub failure: Option<KnownFailure>,
}

/// What `prepare` found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Prepared {
    /// The run whose artifact is downloaded to `from-run`.
    pub run_id: Option<u64>,
    /// A run whose artifact would have been used and has expired, where no other one is left.
    #[serde(default)]
    pub expired_run_id: Option<u64>,
    /// The run that the history continues, downloaded to `history`, where it is another one.
    pub history_run_id: Option<u64>,
    /// Whether a pull request approved the plan's hash.
    pub is_approved: bool,
    /// The side before a change, for the command `diff`.
    pub before: Option<Before>,
}

/// What a change does to the files that an audit reads.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Before {
    /// Neither the configuration nor the reference is another.
    Untouched,
    /// There was no configuration before.
    Added,
    Touched {
        config: PathBuf,
        /// `None`: not in the repository; the snapshot's copy counts.
        reference: Option<PathBuf>,
    },
}

/// What `run` left.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Ran {
    pub exit_code: Option<u8>,
    pub run_dir: Option<PathBuf>,
    pub baseline_dir: Option<PathBuf>,
    /// The file with the changes of the configuration.
    pub change: Option<PathBuf>,
    /// Of a dry run that an apply follows: what a reviewer approves.
    pub review: Option<ReviewFacts>,
    /// The days of tickets that both sides were audited with, where the change asks for more.
    pub shorter_window: Option<u32>,
}

impl State {
    /// What earlier steps left; nothing yet is an empty state.
    pub(super) fn read(work: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| disk("the state of the Action cannot be read", error);
        match files::read_lines(&work.join(FILE)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| failed(error.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(failed(error)),
        }
    }

    pub(super) fn write(&self, work: &Path) -> Result<(), Failure> {
        let failed = |error: std::io::Error| disk("the state of the Action cannot be written", error);
        let bytes = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        std::fs::write(work.join(FILE), bytes).map_err(failed)
    }
}
