//! `apply_receipt.json`: what became of every action of a plan (rules 8.4).
//!
//! An audit writes it with `mode: not_run`; a dry run and an apply fill it. Counts are computed from the results, so they
//! add up by construction.

use super::{Artifact, Seq, write_json};
use crate::catalogue::{ActionCode, SkipReason};
use crate::config::ApplyLimits;
use crate::model::time::Instant;
use crate::rules::audit::Audit;
use crate::run::artifacts::rows::BlockedActionRow;
use crate::run::plan_file::PlannedAction;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, Write};

/// The schema of the receipt.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/apply-receipt/1";

/// What was done with the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    NotRun,
    DryRun,
    Apply,
}

/// The outcome of one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Written, and read back.
    Applied,
    /// Beyond a cap.
    Blocked,
    /// Not written; the reason says why.
    Skipped,
    /// The write failed, or its outcome is unknown.
    Failed,
    /// In a dry run: it would be applied.
    WouldApply,
}

/// The result of one action. Members without a value are left out; times are RFC 3339, in UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActionResult {
    pub action_id: String,
    pub action_code: ActionCode,
    pub status: Outcome,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<SkipReason>,
    pub sf_account_id: String,
    pub org_id: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_id: Option<u64>,
    /// The part of Zendesk that the action changes, as read before the write: `external_id`, `domain_names`, or the user's
    /// `{default_org_id, member_of}`. An inner `null` is a blank `external_id`.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "present")]
    pub before: Option<Value>,
    /// The same, as read back after the write.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "present")]
    pub after: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    pub at: String,
}

impl ActionResult {
    /// A result with nothing but what the plan and the outcome say.
    pub fn new(action: &PlannedAction, status: Outcome, reason: Option<SkipReason>, at: Instant) -> Self {
        Self {
            action_id: action.action_id.to_string(),
            action_code: action.action_code,
            status,
            reason,
            sf_account_id: action.sf_account_id.to_string(),
            org_id: action.org_id,
            user_id: action.user_id,
            before: None,
            after: None,
            http_status: None,
            request_id: None,
            at: at.rfc3339(),
        }
    }

    /// The result of an action that a run which ended early did not reach. Its time is the run's beginning, so that the
    /// receipt of a run that ended by itself and the one made from a killed run's journal are the same.
    pub fn unreached(action: &PlannedAction, began: Instant) -> Self {
        Self::new(action, Outcome::Skipped, Some(SkipReason::Aborted), began)
    }
}

/// A member that is there, `null` or not.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// The caps in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Caps {
    pub max_actions: u32,
    pub max_per_account: u32,
}

/// How many actions had each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct ApplyCounts {
    /// Applied, failed, would be applied, or skipped for a changed precondition.
    pub attempted: u64,
    pub applied: u64,
    /// Blocked by a cap.
    pub blocked: u64,
    pub skipped: u64,
    pub failed: u64,
    pub would_apply: u64,
}

impl ApplyCounts {
    /// Counts the results.
    pub fn of(results: &[ActionResult]) -> Self {
        let mut counts = Self::default();
        for result in results {
            match result.status {
                Outcome::Applied => counts.applied += 1,
                Outcome::Blocked => counts.blocked += 1,
                Outcome::Skipped => counts.skipped += 1,
                Outcome::Failed => counts.failed += 1,
                Outcome::WouldApply => counts.would_apply += 1,
            }
            let attempted_skip = result.reason.is_some_and(SkipReason::is_attempted);
            let attempted = match result.status {
                Outcome::Applied | Outcome::Failed | Outcome::WouldApply => true,
                Outcome::Skipped => attempted_skip,
                Outcome::Blocked => false,
            };
            counts.attempted += u64::from(attempted);
        }
        counts
    }
}

/// What came of every action of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct ApplyReceipt<B = Vec<BlockedActionRow<'static>>> {
    #[cfg_attr(feature = "proofs", schemars(extend("const" = SCHEMA)))]
    pub schema: String,
    pub run_id: String,
    /// The path as given on the command line; `fix_plan.json` where nothing was run.
    pub source_plan_path: String,
    pub source_plan_hash: String,
    pub mode: Mode,
    pub caps_used: Caps,
    pub counts: ApplyCounts,
    /// One for each prepared action of the plan, in its order.
    pub results: Vec<ActionResult>,
    pub plan_blocked: B,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    pub completed: bool,
}

impl<B: Serialize> ApplyReceipt<B> {
    /// Writes `apply_receipt.json`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_json(self, out)
    }
}

impl ApplyReceipt {
    /// The name under which the folder of an audit keeps the receipt of a live run.
    pub fn file_name_of(run_id: &str) -> String {
        format!("apply_receipt.{run_id}.json")
    }

    /// The run id in such a name.
    pub fn run_id_of(file_name: &str) -> Option<&str> {
        let run_id = file_name.strip_prefix("apply_receipt.")?.strip_suffix(".json")?;
        let is_id = run_id.contains("_apply") && run_id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
        is_id.then_some(run_id)
    }

    /// By which an audit's folder shows one of several receipts: those that applied something come before the others, then the
    /// newest, by the time in its run id and the number behind it.
    pub fn rank(&self) -> (bool, String, u32) {
        let (time, number) = self.run_id.split_once("_apply").unwrap_or((&self.run_id, ""));
        (self.counts.applied > 0, time.to_owned(), number.trim_start_matches('_').parse().unwrap_or(1))
    }

    /// The counts and the plan's hash, without the list of actions.
    pub fn for_everybody(&self) -> Self {
        let name = Artifact::FixPlan.name().to_owned();
        Self { source_plan_path: name, results: Vec::new(), plan_blocked: Vec::new(), ..self.clone() }
    }
}

/// Writes the `apply_receipt.json` of a plan that was not applied.
pub fn write_not_run(
    audit: &Audit<'_>,
    run_id: &str,
    plan_hash: &str,
    limits: &ApplyLimits,
    out: &mut dyn Write,
) -> io::Result<()> {
    ApplyReceipt {
        schema: SCHEMA.to_owned(),
        run_id: run_id.to_owned(),
        source_plan_path: Artifact::FixPlan.name().to_owned(),
        source_plan_hash: plan_hash.to_owned(),
        mode: Mode::NotRun,
        caps_used: Caps { max_actions: limits.max_actions, max_per_account: limits.max_per_account },
        counts: ApplyCounts::default(),
        results: Vec::new(),
        plan_blocked: Seq(|| super::plan::blocked(audit)),
        started_at: None,
        finished_at: None,
        completed: false,
    }
    .write(out)
}
