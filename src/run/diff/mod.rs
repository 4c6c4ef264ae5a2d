//! Two runs compared: which issues are new, resolved or changed, and what that does to the plan.
//!
//! Issues are the same when their ids are, which names the same finding from run to run; actions, which are numbered anew
//! by every run, when they would do the same to the same records. Pure: it knows neither folders nor thresholds.

pub mod document;

use crate::catalogue::{ActionCode, BlockedReason, Scope, Status};
use crate::model::account_key::account_key;
use crate::model::time::Instant;
use crate::rules::audit::Audit;
use crate::run::artifacts::plan::{BlockedRow, PreparedRow};
use crate::run::artifacts::{self, Source};
use crate::run::plan_file::{BlockedAction, PlannedAction};
use crate::run::read::{IssueRow, RunFolder};
use crate::text::audience::{Message, open};
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

/// The name of a Zendesk is not for everybody.
impl From<&Incomparable> for Message {
    fn from(error: &Incomparable) -> Self {
        match error {
            Incomparable::OtherSource { .. } => open(error.to_string()),
            Incomparable::OtherZendesk { .. } => {
                Self::with_public(error.to_string(), "the two runs are of different Zendesks")
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn run() -> RunFolder {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/all_codes/expected");
        RunFolder::open(&folder).expect("a run folder")
    }

    fn ids<'a>(issues: &[&'a IssueRow]) -> BTreeSet<&'a str> {
        issues.iter().map(|issue| issue.issue_id.as_str()).collect()
    }

    /// A small generator, so that worlds are the same everywhere.
    struct Random(u64);

    impl Random {
        fn one_in(&mut self, limit: u64) -> bool {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33).is_multiple_of(limit)
        }
    }

    #[test]
    fn a_run_does_not_differ_from_itself() {
        let run = run();
        let diff = compare(&Side::of_run(&run), &Side::of_run(&run));
        let counted = run.issues.iter().filter(|issue| issue.status != Status::Suppressed).collect();
        assert_eq!(diff, Diff { unchanged: counted, ..Diff::default() });
    }

    /// Worlds that lost rows and changed statuses, against the definitions taken word by word.
    #[test]
    fn every_issue_is_where_the_definitions_put_it() {
        let mut left_the_window = 0;
        for seed in 0..60 {
            let mut random = Random(seed);
            let (mut base, mut head) = (run(), run());
            for run in [&mut base, &mut head] {
                run.issues.retain(|_| !random.one_in(4));
                for issue in &mut run.issues {
                    if random.one_in(4) {
                        issue.status = Status::Suppressed;
                    }
                }
                run.plan.actions.retain(|_| !random.one_in(4));
                run.plan.blocked.retain(|_| !random.one_in(4));
            }
            if seed % 2 == 1 {
                // The window has moved on past some of the tickets.
                head.receipt.ticket_window.from = "2026-04-10T12:00:01Z".to_owned();
            }
            let (base_side, head_side) = (Side::of_run(&base), Side::of_run(&head));
            let diff = compare(&base_side, &head_side);

            let status = |run: &RunFolder, id: &str| {
                run.issues.iter().find(|issue| issue.issue_id == id).map(|issue| issue.status)
            };
            let counts = |status: Option<Status>| status.is_some_and(|status| status != Status::Suppressed);
            let updated =
                |id: &str| base.tickets.iter().find(|row| row.issue_id == id).map(|row| row.updated_at.as_str());
            let all: BTreeSet<String> =
                base.issues.iter().chain(&head.issues).map(|issue| issue.issue_id.clone()).collect();
            let of = |wanted: &dyn Fn(Option<Status>, Option<Status>, bool) -> bool| -> BTreeSet<&str> {
                let past = |id: &str| updated(id).is_some_and(|time| time < head.receipt.ticket_window.from.as_str());
                all.iter()
                    .filter(|id| wanted(status(&base, id), status(&head, id), past(id)))
                    .map(String::as_str)
                    .collect()
            };
            assert_eq!(ids(&diff.new), of(&|then, now, _| counts(now) && !counts(then)), "seed {seed}");
            assert_eq!(ids(&diff.resolved), of(&|then, now, past| counts(then) && now.is_none() && !past));
            assert_eq!(ids(&diff.left_window), of(&|then, now, past| counts(then) && now.is_none() && past));
            left_the_window += diff.left_window.len();
            assert_eq!(ids(&diff.unchanged), of(&|then, now, _| counts(then) && then == now));
            let heads: Vec<&IssueRow> = diff.changed.iter().map(|(_, head)| *head).collect();
            assert_eq!(ids(&heads), of(&|then, now, _| counts(then) && now.is_some() && then != now));

            let absent = |action: &PlannedAction, run: &RunFolder| {
                let same = |other: &PlannedAction| {
                    (other.action_code, &other.sf_account_id, other.org_id, other.user_id, &other.domain)
                        == (action.action_code, &action.sf_account_id, action.org_id, action.user_id, &action.domain)
                };
                !run.plan.actions.iter().any(same)
            };
            let added: Vec<ActionRow<'_>> =
                head.plan.actions.iter().filter(|action| absent(action, &base)).map(planned).collect();
            let dropped: Vec<ActionRow<'_>> =
                base.plan.actions.iter().filter(|action| absent(action, &head)).map(planned).collect();
            assert_eq!((&diff.prepared.added, &diff.prepared.dropped), (&added, &dropped), "seed {seed}");
        }
        assert!(left_the_window > 20, "{left_the_window}");
    }

    #[test]
    fn actions_are_the_same_by_what_they_do_however_they_are_numbered_and_spelled() {
        let (base, mut head) = (run(), run());
        for action in &mut head.plan.actions {
            action.action_id = action.action_id.replace('A', "A9");
            if action.sf_account_id.len() == 15 {
                action.sf_account_id = account_key(&action.sf_account_id);
            }
            action.notes.clear();
        }
        let diff = compare(&Side::of_run(&base), &Side::of_run(&head));
        assert_eq!(diff.prepared, Delta::default());
        // One that was prepared and is blocked now is dropped there, and comes in here.
        head.plan.actions.remove(0);
        let diff = compare(&Side::of_run(&base), &Side::of_run(&head));
        assert_eq!((diff.prepared.added.len(), diff.prepared.dropped.len()), (0, 1));
        assert_eq!(diff.prepared.dropped[0].code, base.plan.actions[0].action_code);
    }

    #[test]
    fn runs_of_other_places_are_not_compared() {
        let about = |source, zendesk| About { source, zendesk };
        let acme = about(Source::Zendesk, "https://acme.zendesk.com");
        assert_eq!(comparable(acme, acme), Ok(()));
        let told = |head| comparable(acme, head).expect_err("refused").to_string();
        assert_eq!(
            told(about(Source::Zendesk, "https://other.zendesk.com")),
            "it is of https://acme.zendesk.com, and the other run of https://other.zendesk.com"
        );
        assert_eq!(
            told(about(Source::Demo, "https://acme.zendesk.com")),
            "it is of a Zendesk, and the other run of the demo"
        );
    }
}
