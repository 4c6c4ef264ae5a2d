//! Applying a plan: from the file to the receipt (contract 8).
//!
//! [`consent`] decides whether the plan may be applied at all; [`select`] walks it under the caps; [`execute`] writes what was
//! selected, one action after the other; [`settle`] finds out what an interrupted apply had begun. [`recheck`] is the pure
//! question whether an action's preconditions hold for a fresh [`look`]. The [`journal`] is on disk before each write and
//! after it.
//!
//! Left out: HTTP (`zendesk`), words for people (`report::apply`), and files other than the journal (`commands::apply`).

pub mod consent;
pub mod execute;
pub mod journal;
pub mod lock;
pub mod look;
pub mod recheck;
pub mod select;
pub mod settle;

use crate::catalogue::SkipReason;
use crate::interrupt::Deferred;
use crate::model::time::Instant;
use crate::run::artifacts::apply_receipt::{ActionResult, Outcome};
use crate::run::plan_file::PlannedAction;
use crate::zendesk::ReadError;

/// A result without anything but what the plan and the outcome say.
pub(crate) fn result(action: &PlannedAction, status: Outcome, reason: Option<SkipReason>, at: Instant) -> ActionResult {
    ActionResult {
        action_id: action.action_id.clone(),
        action_code: action.action_code,
        status,
        reason,
        sf_account_id: action.sf_account_id.clone(),
        org_id: action.org_id,
        user_id: action.user_id,
        before: None,
        after: None,
        http_status: None,
        request_id: None,
        at: at.rfc3339(),
    }
}

/// The result of an action that a run which ended early did not come to. It is known since the run began, so that the receipt
/// of a run that ended by itself and the one made from a killed run's journal are the same.
pub(crate) fn unreached(action: &PlannedAction, began: Instant) -> ActionResult {
    result(action, Outcome::Skipped, Some(SkipReason::Aborted), began)
}

/// Why an apply ends before its time.
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

/// Waits for a read, unless a signal comes first. Only what changes nothing may be dropped like that.
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
