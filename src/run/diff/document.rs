//! The difference between two runs as JSON: `diff.json`, and what `diff --format json` prints.

use crate::catalogue::{BlockedReason, IssueCode, Risk, Scope, Status};
use crate::rules::gate::Judgement;
use crate::run::artifacts::receipt::{SuppressionsFrom, WouldSuppress};
use crate::run::artifacts::rows::IssueRow;
use crate::run::artifacts::summary::Summary;
use crate::run::diff::{AccountDelta, Delta, Diff};
use serde::Serialize;

pub use crate::run::artifacts::DIFF_SCHEMA as SCHEMA;

/// How many issues and actions of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct DiffCounts {
    pub new: u64,
    pub came_back: u64,
    pub resolved: u64,
    pub silenced: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub left_window: u64,
    pub left_reference: u64,
    /// `None` where one of the runs does not list its accounts.
    pub lost_accounts: Option<u64>,
    pub prepared_added: u64,
    pub prepared_dropped: u64,
    pub blocked_added: u64,
    pub blocked_dropped: u64,
}

impl DiffCounts {
    /// Counts a difference.
    pub fn of(diff: &Diff<'_>) -> Self {
        let Diff { new, came_back, resolved, silenced, left_window, left_reference, .. } = diff;
        let Diff { changed, unchanged, lost_accounts, prepared, blocked, .. } = diff;
        Self {
            new: new.len() as u64,
            came_back: came_back.len() as u64,
            resolved: resolved.len() as u64,
            silenced: silenced.len() as u64,
            changed: changed.len() as u64,
            unchanged: unchanged.len() as u64,
            left_window: left_window.len() as u64,
            left_reference: left_reference.len() as u64,
            lost_accounts: lost_accounts.as_ref().map(|lost| lost.len() as u64),
            prepared_added: prepared.added.len() as u64,
            prepared_dropped: prepared.dropped.len() as u64,
            blocked_added: blocked.added.len() as u64,
            blocked_dropped: blocked.dropped.len() as u64,
        }
    }
}

/// What changed between two runs: `base` and `head`.
#[derive(Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Document<'a> {
    #[cfg_attr(feature = "proofs", schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    source: &'static str,
    zendesk: &'a str,
    base: Run<'a>,
    head: Run<'a>,
    counts: DiffCounts,
    new: Vec<Issue<'a>>,
    came_back: Vec<Issue<'a>>,
    resolved: Vec<Issue<'a>>,
    silenced: Vec<Issue<'a>>,
    changed: Vec<Issue<'a>>,
    left_window: Vec<Issue<'a>>,
    left_reference: Vec<Issue<'a>>,
    lost_accounts: &'a Option<Vec<AccountDelta<'a>>>,
    prepared: &'a Delta<'a>,
    blocked: &'a Delta<'a>,
    /// What the head's own suppressions would hide, where others are in force.
    own_would_suppress: Option<&'a [WouldSuppress]>,
    thresholds: &'a [Judgement],
}

#[derive(Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
struct Run<'a> {
    run_id: &'a str,
    as_of: &'a str,
    plan_hash: &'a str,
    total_issue_count: u64,
    prepared_action_count: u64,
    blocked_action_count: u64,
    suppressed_issue_count: u64,
}

#[derive(Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
struct Issue<'a> {
    issue_id: &'a str,
    scope: Scope,
    issue_code: IssueCode,
    risk: Risk,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_blocked_reason: Option<Option<BlockedReason>>,
    sf_account_id: Option<&'a str>,
    account_name: Option<&'a str>,
    org_id: Option<u64>,
    user_id: Option<u64>,
    ticket_id: Option<u64>,
    domain: Option<&'a str>,
    blocked_reason: Option<BlockedReason>,
    suppression_reason: Option<&'a str>,
    detail: &'a str,
}

/// The schema of the document.
#[cfg(feature = "proofs")]
pub fn schema() -> crate::schema::JsonSchemaFile {
    crate::run::artifacts::schema::schema_of::<Document<'static>>("diff", "diff.json")
}

/// Puts the document together.
pub fn document<'a>(
    base: &'a Summary,
    head: &'a Summary,
    suppressions_from: Option<&'a SuppressionsFrom>,
    diff: &'a Diff<'a>,
    thresholds: &'a [Judgement],
) -> Document<'a> {
    let issues = |issues: &[&'a IssueRow<'a>]| issues.iter().map(|row| issue(row, None)).collect();
    let pairs = |pairs: &[(&'a IssueRow<'a>, &'a IssueRow<'a>)]| {
        pairs.iter().map(|(base, head)| issue(head, Some(base))).collect()
    };
    Document {
        schema: SCHEMA,
        source: head.source.as_str(),
        zendesk: &head.zendesk,
        base: run(base),
        head: run(head),
        counts: DiffCounts::of(diff),
        new: issues(&diff.new),
        came_back: issues(&diff.came_back),
        resolved: issues(&diff.resolved),
        silenced: pairs(&diff.silenced),
        changed: pairs(&diff.changed),
        left_window: issues(&diff.left_window),
        left_reference: issues(&diff.left_reference),
        lost_accounts: &diff.lost_accounts,
        prepared: &diff.prepared,
        blocked: &diff.blocked,
        own_would_suppress: suppressions_from.map(|from| from.own_would_suppress.as_slice()),
        thresholds,
    }
}

fn run(summary: &Summary) -> Run<'_> {
    Run {
        run_id: &summary.run_id,
        as_of: &summary.as_of,
        plan_hash: &summary.plan_hash,
        total_issue_count: summary.total_issue_count,
        prepared_action_count: summary.prepared_action_count,
        blocked_action_count: summary.blocked_action_count,
        suppressed_issue_count: summary.suppressed_issue_count,
    }
}

fn issue<'a>(row: &'a IssueRow<'a>, base: Option<&'a IssueRow<'a>>) -> Issue<'a> {
    let IssueRow {
        issue_id,
        scope,
        issue_code,
        risk,
        status,
        sf_account_id,
        account_name,
        org_id,
        user_id,
        ticket_id,
        domain,
        blocked_reason,
        suppression_reason,
        action_id: _,
        detail,
    } = row;
    Issue {
        issue_id,
        scope: *scope,
        issue_code: *issue_code,
        risk: *risk,
        status: *status,
        base_status: base.map(|base| base.status),
        base_blocked_reason: base.map(|base| base.blocked_reason),
        sf_account_id: sf_account_id.as_deref(),
        account_name: sf_account_id.is_some().then_some(account_name),
        org_id: *org_id,
        user_id: *user_id,
        ticket_id: *ticket_id,
        domain: domain.as_deref(),
        blocked_reason: *blocked_reason,
        suppression_reason: Some(&**suppression_reason).filter(|reason| !reason.is_empty()),
        detail,
    }
}
