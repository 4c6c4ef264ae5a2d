//! Applying a plan: from the file to the receipt (rules 8).
//!
//! [`consent`] decides whether the plan may be applied at all; [`recover`] finds out what an interrupted apply had started;
//! [`select`] walks the plan under the caps; [`execute`] writes what was selected, one action after the other. [`recheck`] is
//! the pure question whether an action's preconditions hold for a fresh [`look`]. The [`journal`] is on disk before each write
//! and after it.
//!
//! Left out: HTTP (`zendesk`), words for people (`report::apply`).

pub mod consent;
pub mod execute;
pub mod journal;
pub mod lock;
pub mod look;
pub mod narrow;
pub mod receipts;
pub mod recheck;
pub mod recover;
pub mod select;

use crate::interrupt::Deferred;
use crate::zendesk::ReadError;

/// The start of every error message before the first write.
pub const NOTHING_WRITTEN: &str = "nothing was written to Zendesk";

/// Why an apply stops early.
#[derive(Debug)]
pub enum Stop {
    /// Zendesk could not be read.
    Read(ReadError),
    /// The journal could not be written.
    Disk(std::io::Error),
    /// SIGINT or SIGTERM.
    Interrupted,
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Waits for a read, unless a signal comes first. Only a future that changes nothing may be dropped in this way.
pub(crate) async fn unless_stopped<T>(
    stop: &Deferred,
    read: impl Future<Output = Result<T, ReadError>>,
) -> Result<T, Stop> {
    tokio::select! {
        biased;
        () = stop.signalled() => Err(Stop::Interrupted),
        read = read => read.map_err(Stop::Read),
    }
}
