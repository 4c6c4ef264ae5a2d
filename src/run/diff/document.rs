//! The difference between two runs as JSON, for `diff --format json`.

use crate::catalogue::{ActionCode, BlockedReason, IssueCode, Risk, Scope, Status};
use crate::rules::gate::Judgement;
use crate::run::artifacts::receipt::{SuppressionsFrom, WouldSuppress};
use crate::run::diff::{ActionRow, Delta, Diff};
use crate::run::read::{IssueRow, RunFolder};
use serde::Serialize;

/// The schema of the document.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/diff/1";

/// How many issues of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub new: u64,
    pub resolved: u64,
    pub left_window: u64,
    pub changed_status: u64,
    pub unchanged: u64,
    pub prepared_added: u64,
    pub prepared_dropped: u64,
    pub blocked_added: u64,
    pub blocked_dropped: u64,
}

impl Counts {
    /// Counts a difference.
    pub fn of(diff: &Diff<'_>) -> Self {
        let Diff { new, resolved, left_window, changed, unchanged, prepared, blocked } = diff;
        Self {
            new: new.len() as u64,
            resolved: resolved.len() as u64,
            left_window: left_window.len() as u64,
            changed_status: changed.len() as u64,
            unchanged: unchanged.len() as u64,
            prepared_added: prepared.added.len() as u64,
            prepared_dropped: prepared.dropped.len() as u64,
            blocked_added: blocked.added.len() as u64,
            blocked_dropped: blocked.dropped.len() as u64,
        }
    }
}

/// The whole document. `plan_hash` and the totals are those of each run.
#[derive(Serialize)]
pub struct Document<'a> {
    schema: &'static str,
    source: &'static str,
    zendesk: &'a str,
    base: Run<'a>,
    head: Run<'a>,
    counts: Counts,
    new: Vec<Issue<'a>>,
    resolved: Vec<Issue<'a>>,
    left_window: Vec<Issue<'a>>,
    changed_status: Vec<Issue<'a>>,
    prepared: Actions<'a>,
    blocked: Actions<'a>,
    /// Of the head: what its own suppressions would silence, where others are in force.
    own_would_suppress: Option<&'a [WouldSuppress]>,
    thresholds: &'a [Judgement],
}

#[derive(Serialize)]
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
struct Issue<'a> {
    issue_id: &'a str,
    scope: Scope,
    issue_code: IssueCode,
    risk: Risk,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_status: Option<Status>,
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

#[derive(Serialize)]
struct Actions<'a> {
    added: Vec<Action<'a>>,
    dropped: Vec<Action<'a>>,
}

#[derive(Serialize)]
struct Action<'a> {
    action_code: ActionCode,
    blocked_reason: Option<BlockedReason>,
    sf_account_id: Option<&'a str>,
    account_name: Option<&'a str>,
    org_id: Option<u64>,
    user_id: Option<u64>,
    domain: Option<&'a str>,
}

/// Puts the document together.
pub fn document<'a>(
    base: &'a RunFolder,
    head: &'a RunFolder,
    diff: &Diff<'a>,
    thresholds: &'a [Judgement],
) -> Document<'a> {
    let issues = |issues: &[&'a IssueRow]| issues.iter().map(|row| issue(row, None)).collect();
    Document {
        schema: SCHEMA,
        source: head.summary.source.as_str(),
        zendesk: &head.summary.zendesk,
        base: run(base),
        head: run(head),
        counts: Counts::of(diff),
        new: issues(&diff.new),
        resolved: issues(&diff.resolved),
        left_window: issues(&diff.left_window),
        changed_status: diff.changed.iter().map(|(base, head)| issue(head, Some(base.status))).collect(),
        prepared: actions(&diff.prepared),
        blocked: actions(&diff.blocked),
        own_would_suppress: own_would_suppress(head.receipt.suppressions_from.as_ref()),
        thresholds,
    }
}

fn own_would_suppress(from: Option<&SuppressionsFrom>) -> Option<&[WouldSuppress]> {
    from.map(|from| from.own_would_suppress.as_slice())
}

fn run(run: &RunFolder) -> Run<'_> {
    let summary = &run.summary;
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

fn issue(row: &IssueRow, base_status: Option<Status>) -> Issue<'_> {
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
        action_ids: _,
        detail,
    } = row;
    Issue {
        issue_id,
        scope: *scope,
        issue_code: *issue_code,
        risk: *risk,
        status: *status,
        base_status,
        sf_account_id: sf_account_id.as_deref(),
        account_name: sf_account_id.is_some().then_some(account_name),
        org_id: *org_id,
        user_id: *user_id,
        ticket_id: *ticket_id,
        domain: domain.as_deref(),
        blocked_reason: *blocked_reason,
        suppression_reason: Some(suppression_reason.as_str()).filter(|reason| !reason.is_empty()),
        detail,
    }
}

fn actions<'a>(delta: &Delta<'a>) -> Actions<'a> {
    let rows = |rows: &[ActionRow<'a>]| rows.iter().map(action).collect();
    Actions { added: rows(&delta.added), dropped: rows(&delta.dropped) }
}

fn action<'a>(row: &ActionRow<'a>) -> Action<'a> {
    let ActionRow { code, blocked_reason, sf_account_id, account_name, org_id, user_id, domain } = *row;
    Action { action_code: code, blocked_reason, sf_account_id, account_name, org_id, user_id, domain }
}
