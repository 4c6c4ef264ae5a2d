//! Two runs compared: which issues are new, resolved or changed, and what that does to the plan.
//!
//! Issues are the same when their ids are, which names the same finding from run to run; actions, which are numbered anew
//! by every run, when they would do the same to the same records. Pure: it knows neither folders nor thresholds.

use crate::artifacts::plan::{BlockedRow, PreparedRow};
use crate::artifacts::{self, Source};
use crate::audit::Audit;
use crate::catalogue::{ActionCode, BlockedReason, Scope, Status};
use crate::model::account_key::account_key;
use crate::model::time::Instant;
use crate::plan_file::{BlockedAction, PlannedAction};
use crate::run_folder::{IssueRow, RunFolder};
use std::collections::{BTreeMap, HashMap};

/// One of the two runs.
#[derive(Debug)]
pub struct Side<'a> {
    issues: &'a [IssueRow],
    /// When the ticket of an issue was last updated.
    updated_at: HashMap<&'a str, Instant>,
    window_from: Instant,
    prepared: Vec<ActionRow<'a>>,
    blocked: Vec<ActionRow<'a>>,
}

/// An action of a plan, as far as two plans can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionRow<'a> {
    pub code: ActionCode,
    pub blocked_reason: Option<BlockedReason>,
    pub sf_account_id: Option<&'a str>,
    pub account_name: Option<&'a str>,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    pub domain: Option<&'a str>,
}

/// What an action would do to which records.
type ActionKey<'a> = (ActionCode, Option<String>, Option<u64>, Option<u64>, Option<&'a str>);

impl<'a> ActionRow<'a> {
    fn key(&self) -> ActionKey<'a> {
        (self.code, self.sf_account_id.map(account_key), self.org_id, self.user_id, self.domain)
    }
}

impl<'a> Side<'a> {
    /// A finished run.
    pub fn of_run(run: &'a RunFolder) -> Self {
        let updated_at = run.tickets.iter();
        let updated_at =
            updated_at.filter_map(|row| Some((row.issue_id.as_str(), Instant::parse(&row.updated_at)?))).collect();
        Self {
            issues: &run.issues,
            updated_at,
            window_from: Instant::parse(&run.receipt.ticket_window.from).unwrap_or(Instant::MIN),
            prepared: run.plan.actions.iter().map(planned).collect(),
            blocked: run.plan.blocked.iter().map(blocked).collect(),
        }
    }

    /// An audit that has just been made, and whose `issues` are [`artifacts::tables::issue_rows`]. It can be the head only:
    /// when tickets were updated is not looked up.
    pub fn of_audit(audit: &'a Audit<'_>, issues: &'a [IssueRow]) -> Self {
        let prepared = artifacts::plan::prepared(audit).map(|row: PreparedRow<'a>| ActionRow {
            code: row.action_code,
            blocked_reason: None,
            sf_account_id: row.sf_account_id,
            account_name: row.account_name,
            org_id: row.org_id,
            user_id: row.user_id,
            domain: row.domain,
        });
        let blocked = artifacts::plan::blocked(audit).map(|row: BlockedRow<'a>| ActionRow {
            code: row.action_code,
            blocked_reason: row.blocked_reason,
            sf_account_id: row.sf_account_id,
            account_name: row.account_name,
            org_id: row.org_id,
            user_id: row.user_id,
            domain: row.domain,
        });
        Self {
            issues,
            updated_at: HashMap::new(),
            window_from: audit.window.0,
            prepared: prepared.collect(),
            blocked: blocked.collect(),
        }
    }
}

fn planned(action: &PlannedAction) -> ActionRow<'_> {
    ActionRow {
        code: action.action_code,
        blocked_reason: None,
        sf_account_id: Some(&action.sf_account_id),
        account_name: action.account_name.as_deref(),
        org_id: Some(action.org_id),
        user_id: action.user_id,
        domain: action.domain.as_deref(),
    }
}

fn blocked(action: &BlockedAction) -> ActionRow<'_> {
    ActionRow {
        code: action.action_code,
        blocked_reason: Some(action.blocked_reason),
        sf_account_id: action.sf_account_id.as_deref(),
        account_name: action.account_name.as_deref(),
        org_id: action.org_id,
        user_id: action.user_id,
        domain: action.domain.as_deref(),
    }
}

/// The difference between two runs. Issues and actions stand in the order of the run that they are taken from.
///
/// The base's counted issues are `resolved`, `left_window`, `unchanged`, and the bases of `changed`; the head's are `new`,
/// `unchanged`, and those heads of `changed` that are not suppressed. What is suppressed on both sides, or was and is gone,
/// is no difference.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Diff<'a> {
    /// The head's: they count now, and were not there or suppressed then.
    pub new: Vec<&'a IssueRow>,
    /// The base's: they counted then, and are gone now.
    pub resolved: Vec<&'a IssueRow>,
    /// The base's ticket issues that are gone because the window has moved past their tickets: nobody knows more of them.
    pub left_window: Vec<&'a IssueRow>,
    /// Base and head: they counted then, are there now, and have another status; a suppressed one, too.
    pub changed: Vec<(&'a IssueRow, &'a IssueRow)>,
    /// The head's.
    pub unchanged: Vec<&'a IssueRow>,
    pub prepared: Delta<'a>,
    pub blocked: Delta<'a>,
}

/// What has come into a list of actions, and what is no longer in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Delta<'a> {
    pub added: Vec<ActionRow<'a>>,
    pub dropped: Vec<ActionRow<'a>>,
}

/// Compares two runs.
pub fn compare<'a>(base: &Side<'a>, head: &Side<'a>) -> Diff<'a> {
    let index = |issues: &'a [IssueRow]| -> HashMap<&'a str, &'a IssueRow> {
        issues.iter().map(|issue| (issue.issue_id.as_str(), issue)).collect()
    };
    let (then, now) = (index(base.issues), index(head.issues));
    let counts = |issue: &IssueRow| issue.status != Status::Suppressed;
    let mut diff = Diff::default();
    for issue in head.issues {
        match then.get(issue.issue_id.as_str()).filter(|before| counts(before)) {
            None if counts(issue) => diff.new.push(issue),
            None => {}
            Some(before) if before.status == issue.status => diff.unchanged.push(issue),
            Some(before) => diff.changed.push((before, issue)),
        }
    }
    for issue in base.issues.iter().filter(|issue| counts(issue) && !now.contains_key(issue.issue_id.as_str())) {
        let updated = base.updated_at.get(issue.issue_id.as_str()).filter(|_| issue.scope == Scope::Ticket);
        if updated.is_some_and(|updated| *updated < head.window_from) {
            diff.left_window.push(issue);
        } else {
            diff.resolved.push(issue);
        }
    }
    diff.prepared = delta(&base.prepared, &head.prepared);
    diff.blocked = delta(&base.blocked, &head.blocked);
    diff
}

fn delta<'a>(base: &[ActionRow<'a>], head: &[ActionRow<'a>]) -> Delta<'a> {
    let count = |actions: &[ActionRow<'a>]| {
        let mut counts: BTreeMap<ActionKey<'a>, u64> = BTreeMap::new();
        actions.iter().for_each(|action| *counts.entry(action.key()).or_default() += 1);
        counts
    };
    // Those of `actions` that `others` has not; an action that is there twice counts twice.
    let without = |actions: &[ActionRow<'a>], others: &[ActionRow<'a>]| {
        let mut others = count(others);
        let mut left = Vec::new();
        for action in actions {
            match others.get_mut(&action.key()).filter(|count| **count > 0) {
                Some(count) => *count -= 1,
                None => left.push(*action),
            }
        }
        left
    };
    Delta { added: without(head, base), dropped: without(base, head) }
}

/// Which Zendesk a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    pub source: Source,
    pub zendesk: &'a str,
}

/// Two runs that say nothing about each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomparable {
    #[error("it is of {base}, and the other run of {head}")]
    OtherSource { base: &'static str, head: &'static str },
    #[error("it is of {base}, and the other run of {head}")]
    OtherZendesk { base: String, head: String },
}

/// Whether two runs are about the same Zendesk.
pub fn comparable(base: About<'_>, head: About<'_>) -> Result<(), Incomparable> {
    let name = |source| match source {
        Source::Demo => "the demo",
        Source::Zendesk => "a Zendesk",
    };
    if base.source != head.source {
        return Err(Incomparable::OtherSource { base: name(base.source), head: name(head.source) });
    }
    if base.zendesk != head.zendesk {
        return Err(Incomparable::OtherZendesk { base: base.zendesk.to_owned(), head: head.zendesk.to_owned() });
    }
    Ok(())
}
