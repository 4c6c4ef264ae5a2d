//! Two runs compared: which issues are new, resolved or changed, and what that does to the plan.
//!
//! Issues are the same when their ids are, which names the same finding from run to run; actions, which are numbered anew
//! by every run, when they would do the same to the same records. Pure: it knows neither folders nor thresholds.

pub mod document;

use crate::catalogue::{ActionCode, BlockedReason, Scope, Status};
use crate::model::account_key::account_key;
use crate::model::accounts;
use crate::model::time::Instant;
use crate::rules::audit::Audit;
use crate::run::artifacts::rows::{self, AccountRow, IssueRow};
use crate::run::artifacts::{self, Source};
use crate::run::read::RunFolder;
use crate::text::audience::Message;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One of the two runs.
#[derive(Debug)]
pub struct Side<'a> {
    issues: &'a [IssueRow<'a>],
    /// When the ticket of an issue was last updated.
    updated_at: HashMap<&'a str, Instant>,
    window_from: Instant,
    /// Whether tickets were read at all.
    has_tickets: bool,
    /// The keys of its accounts, with id and name; `None` for a run that does not list them.
    accounts: Option<BTreeMap<Cow<'a, str>, AccountDelta<'a>>>,
    /// What its history knows as gone.
    gone: BTreeSet<&'a str>,
    prepared: Vec<ActionRow<'a>>,
    blocked: Vec<ActionRow<'a>>,
}

/// An account of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct AccountDelta<'a> {
    pub sf_account_id: &'a str,
    pub account_name: &'a str,
}

/// An action of a plan, as `diff.json` has it: what two plans can be compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct ActionRow<'a> {
    pub action_code: ActionCode,
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
        (self.action_code, self.sf_account_id.map(account_key), self.org_id, self.user_id, self.domain)
    }
}

impl<'a> Side<'a> {
    /// A finished run.
    pub fn of_run(run: &'a RunFolder) -> Self {
        let updated_at = run.tickets.iter();
        let updated_at =
            updated_at.filter_map(|row| Some((&*row.issue_id, Instant::parse(&row.updated_at)?))).collect();
        let account = |row: &'a AccountRow<'_>| {
            let account = AccountDelta { sf_account_id: &row.sf_account_id, account_name: &row.account_name };
            (Cow::Borrowed(&*row.account_key), account)
        };
        Self {
            issues: &run.issues,
            updated_at,
            window_from: Instant::parse(&run.receipt.ticket_window.from).unwrap_or(Instant::MIN),
            has_tickets: run.summary.warnings.iter().all(|warning| warning.code.as_str() != "tickets_not_read"),
            accounts: run.accounts.as_ref().map(|rows| rows.iter().map(account).collect()),
            gone: run.history.iter().flat_map(|history| history.gone.keys().map(|id| &**id)).collect(),
            prepared: run.plan.actions.iter().map(planned).collect(),
            blocked: run.plan.blocked.iter().map(blocked).collect(),
        }
    }

    /// An audit that has just been made. It can be the head only: when its tickets were updated is not looked up.
    pub fn of_audit(audit: &'a Audit<'_>, rows: &'a FoundRows<'_>) -> Self {
        let account = |account: &'a accounts::Account| {
            let named =
                AccountDelta { sf_account_id: account.sf_account_id().raw(), account_name: account.name().raw() };
            (account.key(), named)
        };
        Self {
            issues: &rows.issues,
            updated_at: HashMap::new(),
            window_from: audit.window.0,
            has_tickets: audit.settings.tickets_enabled,
            accounts: Some(audit.reference.accounts.iter().map(account).collect()),
            gone: BTreeSet::new(),
            prepared: rows.prepared.iter().map(planned).collect(),
            blocked: rows.blocked.iter().map(blocked).collect(),
        }
    }
}

/// The issues and the actions of an audit, as its files will have them.
#[derive(Debug)]
pub struct FoundRows<'a> {
    issues: Vec<IssueRow<'a>>,
    prepared: Vec<rows::PlannedActionRow<'a>>,
    blocked: Vec<rows::BlockedActionRow<'a>>,
}

impl<'a> FoundRows<'a> {
    pub fn of(audit: &'a Audit<'_>) -> Self {
        Self {
            issues: artifacts::tables::issue_rows(audit).collect(),
            prepared: artifacts::plan::prepared(audit).collect(),
            blocked: artifacts::plan::blocked(audit).collect(),
        }
    }
}

fn planned<'a>(action: &'a rows::PlannedActionRow<'_>) -> ActionRow<'a> {
    ActionRow {
        action_code: action.action_code,
        blocked_reason: None,
        sf_account_id: Some(&action.sf_account_id),
        account_name: action.account_name.as_deref(),
        org_id: Some(action.org_id),
        user_id: action.user_id,
        domain: action.domain.as_deref(),
    }
}

fn blocked<'a>(action: &'a rows::BlockedActionRow<'_>) -> ActionRow<'a> {
    ActionRow {
        action_code: action.action_code,
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
/// An issue counts when it is not suppressed. The base's counted issues are `resolved`, `left_window`, `left_reference`, and
/// the bases of `silenced`, `changed` and `unchanged`; the head's are `new`, `unchanged` and the heads of `changed`. What is
/// suppressed on both sides, or was and is gone, is no difference.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Diff<'a> {
    /// The head's: they count now, and were not found or suppressed then.
    pub new: Vec<&'a IssueRow<'a>>,
    /// Those of `new` that were found in a run before the base.
    pub came_back: Vec<&'a IssueRow<'a>>,
    /// The base's: they counted then, and are not found now.
    pub resolved: Vec<&'a IssueRow<'a>>,
    /// Base and head: they counted then, and are suppressed now.
    pub silenced: Vec<(&'a IssueRow<'a>, &'a IssueRow<'a>)>,
    /// The base's ticket issues whose tickets are no longer looked at: the window has moved past them, or tickets are not read.
    pub left_window: Vec<&'a IssueRow<'a>>,
    /// The base's issues of accounts that the reference has lost.
    pub left_reference: Vec<&'a IssueRow<'a>>,
    /// Base and head: they count on both sides, with another status or another blocked reason.
    pub changed: Vec<(&'a IssueRow<'a>, &'a IssueRow<'a>)>,
    /// The head's.
    pub unchanged: Vec<&'a IssueRow<'a>>,
    /// The base's accounts that the head lacks, by id; `None` where a run does not list its accounts.
    pub lost_accounts: Option<Vec<AccountDelta<'a>>>,
    pub prepared: Delta<'a>,
    pub blocked: Delta<'a>,
}

/// The actions that only the head has, and those that only the base has.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Delta<'a> {
    pub added: Vec<ActionRow<'a>>,
    pub dropped: Vec<ActionRow<'a>>,
}

/// Compares two runs.
pub fn compare<'a>(base: &Side<'a>, head: &Side<'a>) -> Diff<'a> {
    compare_with(base, head, |_| false)
}

/// The same, where `was_gone` knows of more issues than the base's history that they were found and gone before.
pub fn compare_with<'a>(base: &Side<'a>, head: &Side<'a>, was_gone: impl Fn(&str) -> bool) -> Diff<'a> {
    let index = |issues: &'a [IssueRow<'a>]| -> HashMap<&'a str, &'a IssueRow<'a>> {
        issues.iter().map(|issue| (&*issue.issue_id, issue)).collect()
    };
    let (then, now) = (index(base.issues), index(head.issues));
    let counts = |issue: &IssueRow<'_>| issue.status != Status::Suppressed;
    let mut diff = Diff::default();
    for issue in head.issues {
        match then.get(&*issue.issue_id).filter(|before| counts(before)) {
            None if counts(issue) => {
                diff.new.push(issue);
                if base.gone.contains(&*issue.issue_id) || was_gone(&issue.issue_id) {
                    diff.came_back.push(issue);
                }
            }
            None => {}
            Some(before) if !counts(issue) => diff.silenced.push((before, issue)),
            Some(before) if (before.status, before.blocked_reason) == (issue.status, issue.blocked_reason) => {
                diff.unchanged.push(issue);
            }
            Some(before) => diff.changed.push((before, issue)),
        }
    }
    let lost = base.accounts.as_ref().zip(head.accounts.as_ref()).map(|(then, now)| {
        let lost = then.iter().filter(|(key, _)| !now.contains_key(*key));
        lost.map(|(key, account)| (key.as_ref(), *account)).collect::<BTreeMap<&str, AccountDelta<'a>>>()
    });
    let is_lost = |issue: &IssueRow<'_>| {
        let key = issue.sf_account_id.as_deref().map(account_key);
        key.zip(lost.as_ref()).is_some_and(|(key, lost)| lost.contains_key(key.as_str()))
    };
    for issue in base.issues.iter().filter(|issue| counts(issue) && !now.contains_key(&*issue.issue_id)) {
        let updated = base.updated_at.get(&*issue.issue_id);
        let is_out = || !head.has_tickets || updated.is_some_and(|updated| *updated < head.window_from);
        if is_lost(issue) {
            diff.left_reference.push(issue);
        } else if issue.scope == Scope::Ticket && is_out() {
            diff.left_window.push(issue);
        } else {
            diff.resolved.push(issue);
        }
    }
    diff.lost_accounts = lost.map(|lost| {
        let mut lost: Vec<AccountDelta<'a>> = lost.into_values().collect();
        lost.sort_by_key(|account| account.sf_account_id);
        lost
    });
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
pub struct AboutSide<'a> {
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
            Incomparable::OtherSource { .. } => Message::public(error.to_string()),
            Incomparable::OtherZendesk { .. } => {
                Self::with_public(error.to_string(), "the two runs are of different Zendesks")
            }
        }
    }
}

/// Whether two runs are about the same Zendesk.
pub fn comparable(base: AboutSide<'_>, head: AboutSide<'_>) -> Result<(), Incomparable> {
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
    use crate::run::artifacts::history::{Day, IssueName};
    use crate::run::plan_file::PlannedAction;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn run() -> RunFolder {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/all_codes/expected");
        RunFolder::open(&folder).expect("a run folder")
    }

    fn ids<'a>(issues: &[&'a IssueRow]) -> BTreeSet<&'a str> {
        issues.iter().map(|issue| &*issue.issue_id).collect()
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
        assert_eq!(diff, Diff { unchanged: counted, lost_accounts: Some(Vec::new()), ..Diff::default() });
    }

    /// Worlds that lost rows and changed statuses, against the definitions taken word by word.
    #[test]
    fn every_issue_is_where_the_definitions_put_it() {
        let (mut left_the_window, mut left_the_reference, mut came_back) = (0, 0, 0);
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
            if seed % 3 == 1 {
                head.accounts.iter_mut().for_each(|accounts| accounts.retain(|_| !random.one_in(4)));
            }
            let gone_at_base: BTreeSet<String> =
                head.issues.iter().filter(|_| random.one_in(3)).map(|issue| issue.issue_id.to_string()).collect();
            if let Some(history) = &mut base.history {
                let dates = ["2026-01-01", "2026-01-02"].map(|day| Day::new(day).expect("a day"));
                history.gone = gone_at_base.iter().map(|id| (IssueName::new(id).expect("an id"), dates)).collect();
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
            let updated = |id: &str| base.tickets.iter().find(|row| row.issue_id == id).map(|row| &*row.updated_at);
            let all: BTreeSet<String> =
                base.issues.iter().chain(&head.issues).map(|issue| issue.issue_id.to_string()).collect();
            let of = |wanted: &dyn Fn(Option<Status>, Option<Status>, bool) -> bool| -> BTreeSet<&str> {
                let past = |id: &str| updated(id).is_some_and(|time| time < head.receipt.ticket_window.from.as_str());
                all.iter()
                    .filter(|id| wanted(status(&base, id), status(&head, id), past(id)))
                    .map(String::as_str)
                    .collect()
            };
            assert_eq!(ids(&diff.new), of(&|then, now, _| counts(now) && !counts(then)), "seed {seed}");
            let in_head: BTreeSet<&str> = head.accounts.iter().flatten().map(|account| &*account.account_key).collect();
            let lost = |id: &str| {
                let row = base.issues.iter().find(|issue| issue.issue_id == id);
                let account = row.and_then(|row| row.sf_account_id.as_deref()).map(account_key);
                account.is_some_and(|key| !in_head.contains(key.as_str()))
            };
            let gone = of(&|then, now, _| counts(then) && now.is_none());
            let left_reference: BTreeSet<&str> = gone.iter().copied().filter(|id| lost(id)).collect();
            assert_eq!(ids(&diff.left_reference), left_reference, "seed {seed}");
            let not_lost = |ids: BTreeSet<&'_ str>| -> BTreeSet<String> {
                ids.into_iter().filter(|id| !lost(id)).map(str::to_owned).collect()
            };
            let owned = |ids: BTreeSet<&str>| -> BTreeSet<String> { ids.into_iter().map(str::to_owned).collect() };
            let resolved = of(&|then, now, past| counts(then) && now.is_none() && !past);
            assert_eq!(owned(ids(&diff.resolved)), not_lost(resolved));
            let left_window = of(&|then, now, past| counts(then) && now.is_none() && past);
            assert_eq!(owned(ids(&diff.left_window)), not_lost(left_window));
            left_the_reference += left_reference.len();
            let lost_accounts = diff.lost_accounts.as_ref().expect("both runs list their accounts");
            assert_eq!(lost_accounts.len(), base.accounts.iter().flatten().count() - in_head.len());
            left_the_window += diff.left_window.len();
            assert_eq!(ids(&diff.unchanged), of(&|then, now, _| counts(then) && then == now));
            let heads: Vec<&IssueRow<'_>> = diff.changed.iter().map(|(_, head)| *head).collect();
            assert_eq!(ids(&heads), of(&|then, now, _| counts(then) && counts(now) && then != now));
            let heads: Vec<&IssueRow<'_>> = diff.silenced.iter().map(|(_, head)| *head).collect();
            assert_eq!(ids(&heads), of(&|then, now, _| counts(then) && now == Some(Status::Suppressed)));
            let back: BTreeSet<&str> = ids(&diff.new).into_iter().filter(|id| gone_at_base.contains(*id)).collect();
            assert_eq!(ids(&diff.came_back), back, "seed {seed}");
            came_back += back.len();

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
        assert!(left_the_reference > 20 && came_back > 20, "{left_the_reference} {came_back}");
    }

    #[test]
    fn actions_are_the_same_by_what_they_do_however_they_are_numbered_and_spelled() {
        let (base, mut head) = (run(), run());
        for action in &mut head.plan.actions {
            action.action_id = action.action_id.replace('A', "A9").into();
            if action.sf_account_id.len() == 15 {
                action.sf_account_id = account_key(&action.sf_account_id).into();
            }
            action.notes.clear();
        }
        let diff = compare(&Side::of_run(&base), &Side::of_run(&head));
        assert_eq!(diff.prepared, Delta::default());
        // One that was prepared and is blocked now is dropped there, and comes in here.
        head.plan.actions.remove(0);
        let diff = compare(&Side::of_run(&base), &Side::of_run(&head));
        assert_eq!((diff.prepared.added.len(), diff.prepared.dropped.len()), (0, 1));
        assert_eq!(diff.prepared.dropped[0].action_code, base.plan.actions[0].action_code);
    }

    #[test]
    fn runs_of_other_places_are_not_compared() {
        let about = |source, zendesk| AboutSide { source, zendesk };
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
