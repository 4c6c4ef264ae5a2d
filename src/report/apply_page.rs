//! A dry run or an apply as a job summary and as a comment: the result, and each action with its outcome, before and after.

use super::audit_page::{Length, Mark};
use super::page::{Page, Rows};
use super::place::{self, Place};
use crate::catalogue::{ActionCode, BlockedReason, SkipReason};
use crate::run::artifacts::Artifact;
use crate::run::artifacts::Source;
use crate::run::artifacts::apply_receipt::{ActionResult, ApplyReceipt, Mode, Outcome};
use crate::run::plan_file::{PlanFile, PlannedAction};
use crate::text::escape::{markdown_cell, markdown_code, shell_word};
use crate::text::words::{counted, grouped};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

/// What is rendered of an apply.
#[derive(Debug, Clone, Copy)]
pub struct ApplyReport<'a> {
    pub receipt: &'a ApplyReceipt,
    /// The plan that was applied, if it is found: names, targets and notes come from it.
    pub plan: Option<&'a PlanFile>,
    /// Whether the workflow's run that this dry run is part of goes on to apply the plan.
    pub apply_follows: bool,
    pub place: &'a Place,
}

/// The verdict of an apply in a few words, with its subject.
pub fn verdict(receipt: &ApplyReceipt) -> (Mark, String) {
    let counts = &receipt.counts;
    let not_reached = aborted(receipt);
    let what = match receipt.mode {
        Mode::DryRun => "Dry run",
        Mode::Apply | Mode::NotRun => "Apply",
    };
    let (mark, verdict) = match receipt.mode {
        Mode::NotRun => (Mark::Look, "the plan was not applied".to_owned()),
        _ if !receipt.completed => (
            Mark::Bad,
            format!("ended early: {} applied, {} not reached", grouped(counts.applied), grouped(not_reached)),
        ),
        Mode::DryRun if counts.would_apply == 0 => (Mark::Good, "nothing would be written".to_owned()),
        Mode::DryRun => (Mark::Look, format!("{} would be applied", counted(counts.would_apply, "action"))),
        Mode::Apply if counts.failed > 0 => {
            (Mark::Bad, format!("{} failed, {} applied", counted(counts.failed, "action"), grouped(counts.applied)))
        }
        Mode::Apply if not_reached > 0 => (
            Mark::Bad,
            format!(
                "{} not reached after a refusal, {} applied",
                counted(not_reached, "action"),
                grouped(counts.applied)
            ),
        ),
        Mode::Apply if counts.blocked > 0 => (
            Mark::Look,
            format!("{} applied, {} left by the caps", counted(counts.applied, "action"), grouped(counts.blocked)),
        ),
        Mode::Apply if counts.applied == 0 => (Mark::Good, "nothing was left to write".to_owned()),
        Mode::Apply => (Mark::Good, format!("{} applied", counted(counts.applied, "action"))),
    };
    (mark, format!("{what}: {verdict}"))
}

/// The actions that were not reached.
pub fn aborted(receipt: &ApplyReceipt) -> u64 {
    receipt.results.iter().filter(|result| result.reason == Some(SkipReason::Aborted)).count() as u64
}

impl ApplyReport<'_> {
    /// The page of this length.
    pub fn page(&self, length: Length) -> Page {
        let Self { receipt, place, .. } = *self;
        let is_public = place.audience.is_public();
        let (mark, verdict) = verdict(receipt);
        let mut page = Page::default();
        page.text(format!("## {} {verdict}\n\n{}", mark.as_str(), self.counts_in_a_line()));
        if is_public {
            page.text(place::PUBLIC);
        }
        if !self.receipt.results.is_empty() {
            page.text("\n### Results\n\n");
            page.rows(self.outcomes());
        }
        if !is_public && !receipt.results.is_empty() {
            page.text("\n### Actions\n\n");
            if self.plan.is_none() {
                page.text(NO_PLAN);
            }
            page.rows(self.actions(length));
        }
        page.text(self.plan_blocked());
        page.text(self.next());
        if length == Length::Full {
            page.text(self.run_facts());
        }
        page
    }

    fn counts_in_a_line(&self) -> String {
        let counts = &self.receipt.counts;
        let parts = [
            (counts.would_apply, "would be applied"),
            (counts.applied, "applied"),
            (counts.failed, "failed"),
            (counts.skipped, "skipped"),
            (counts.blocked, "blocked by a cap"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("**{} {what}**", grouped(count)))
            .collect();
        let nothing_written = match self.receipt.mode {
            Mode::DryRun => " Nothing was written to Zendesk.",
            Mode::Apply | Mode::NotRun => "",
        };
        let parts =
            if parts.is_empty() { "The plan has no action.".to_owned() } else { format!("{}.", parts.join(" · ")) };
        format!("{parts}{nothing_written}\n")
    }

    /// How many actions of each kind came to what, and why.
    fn outcomes(&self) -> Rows {
        let mut counts: BTreeMap<(u8, Option<SkipReason>, ActionCode), u64> = BTreeMap::new();
        for result in &self.receipt.results {
            *counts.entry((weight(result.status), result.reason, result.action_code)).or_default() += 1;
        }
        let row = |((weight, reason, action), count): ((u8, Option<SkipReason>, ActionCode), u64)| {
            let reason = reason.map(|reason| format!("`{reason}`: {}", reason.explanation().title)).unwrap_or_default();
            format!("| {} | `{action}` | {} | {reason} |\n", RESULTS[usize::from(weight)].1, grouped(count))
        };
        let rows: Vec<String> = counts.into_iter().map(row).collect();
        Rows {
            head: "| result | action | count | why |\n| --- | --- | ---: | --- |\n",
            total: rows.len(),
            rows,
            what: "kinds of results",
            all: self.place.file(Artifact::ApplyReceipt),
        }
    }

    fn actions(&self, length: Length) -> Rows {
        let planned: HashMap<&str, &PlannedAction> =
            self.plan.iter().flat_map(|plan| &plan.actions).map(|action| (&*action.action_id, action)).collect();
        let mut results: Vec<&ActionResult> = self.receipt.results.iter().collect();
        // Stable: the order of the plan among equals.
        results.sort_by_key(|result| weight(result.status));
        let row = |result: &&ActionResult| {
            let planned = planned.get(result.action_id.as_str()).copied();
            let name = planned.and_then(|planned| planned.account_name.as_deref());
            let name = name.map(|name| format!(" {}", markdown_cell(name))).unwrap_or_default();
            let user = result.user_id.map(|user| format!("user {user}, ")).unwrap_or_default();
            let org_name = planned.and_then(|planned| planned.org_name.as_deref());
            let org_name = org_name.map(|name| format!(" {}", markdown_cell(name))).unwrap_or_default();
            let reason = result.reason.map(|reason| format!(" `{reason}`")).unwrap_or_default();
            let answer = match (result.status, result.http_status) {
                (Outcome::Failed, Some(status)) => format!(", answer {status}"),
                _ => String::new(),
            };
            let request = match (result.status, &result.request_id) {
                (Outcome::Failed, Some(id)) => format!(", request {}", markdown_cell(id)),
                _ => String::new(),
            };
            format!(
                "| {}{reason}{answer}{request} | {} `{}` | {}{name} | {user}org {}{org_name} | {} |\n",
                RESULTS[usize::from(weight(result.status))].1,
                markdown_cell(&result.action_id),
                result.action_code,
                markdown_cell(&result.sf_account_id),
                result.org_id,
                what_changes(result, planned)
            )
        };
        Rows {
            head: "| result | action | account | where | before → after |\n| --- | --- | --- | --- | --- |\n",
            rows: results.iter().take(length.most_rows()).map(row).collect(),
            total: results.len(),
            what: "actions",
            all: self.place.file(Artifact::ApplyReceipt),
        }
    }

    /// What the plan left to people.
    fn plan_blocked(&self) -> String {
        let mut counts: BTreeMap<BlockedReason, u64> = BTreeMap::new();
        for blocked in &self.receipt.plan_blocked {
            *counts.entry(blocked.blocked_reason).or_default() += 1;
        }
        if counts.is_empty() {
            return String::new();
        }
        let counts: Vec<String> =
            counts.iter().map(|(reason, count)| format!("{} `{reason}`", grouped(*count))).collect();
        format!("\nThe plan's blocked actions need a decision by a person: {}.\n", counts.join(", "))
    }

    fn next(&self) -> String {
        let Self { receipt, plan, place, apply_follows } = *self;
        // A receipt says which hash; anything else than one is outside text.
        let hash = &receipt.source_plan_hash;
        let is_hash = crate::digest::is_sha256(hash);
        let mut text = if is_hash {
            format!("\n```text\nplan_hash: {hash}\n```\n")
        } else {
            format!("\nPlan hash: {}\n", markdown_code(hash))
        };
        let is_demo = plan.is_some_and(|plan| plan.source == Source::Demo);
        match receipt.mode {
            _ if !receipt.completed => text.push_str(
                "\nApply the same plan again: it finds out what was written, and continues where this run ended.\n",
            ),
            Mode::DryRun if is_demo => text.push_str("\nThe demo's plan can be dry-run, but never applied.\n"),
            Mode::DryRun if receipt.counts.would_apply > 0 && apply_follows => {
                let _ = write!(
                    text,
                    "\n**This workflow run can apply the plan next.** Approving the environment of its apply \
                        job does so, {}; rejecting it, or canceling this run, writes nothing. If that \
                        environment has no reviewers, the apply starts by itself.\n",
                    self.caps()
                );
            }
            Mode::DryRun if receipt.counts.would_apply > 0 && is_hash && place.run.is_some() => {
                let _ = write!(
                    text,
                    "\nTo apply it, run {} again with the same audit run, hash and caps ({}), and `-f live=true`.\n",
                    markdown_code(&place.apply_workflow),
                    self.caps()
                );
            }
            Mode::DryRun if receipt.counts.would_apply > 0 && is_hash => {
                let _ = write!(
                    text,
                    "\nTo apply it:\n\n```sh\ng-gremlin zendesk drift apply --plan {} --apply \
                        --confirm-plan-hash {hash}\n```\n",
                    shell_word(&receipt.source_plan_path)
                );
            }
            Mode::Apply if receipt.counts.failed > 0 => {
                text.push_str("\nAudit again to see which issues remain; the receipt has each response of Zendesk.\n")
            }
            Mode::Apply if receipt.counts.blocked > 0 => {
                text.push_str("\nApply the same plan again for the actions that the caps left over.\n")
            }
            Mode::Apply => text.push_str("\nAudit again: a repair can cause a new issue.\n"),
            Mode::DryRun | Mode::NotRun => {}
        }
        text
    }

    /// The caps that were in force.
    fn caps(&self) -> String {
        let caps = &self.receipt.caps_used;
        format!(
            "at most {} and {} of one account",
            counted(caps.max_actions.into(), "action"),
            grouped(caps.max_per_account.into())
        )
    }

    fn run_facts(&self) -> String {
        let receipt = self.receipt;
        let mut text = "\n<details>\n<summary>About this run</summary>\n\n| | |\n| --- | --- |\n".to_owned();
        let time = |time: &Option<String>| time.as_deref().map(markdown_cell).unwrap_or_default();
        let caps = &receipt.caps_used;
        let rows = [
            ("Run", markdown_cell(&receipt.run_id)),
            ("Started, ended", format!("{}, {}", time(&receipt.started_at), time(&receipt.finished_at))),
            ("Caps", format!("{} in all, {} an account", caps.max_actions, caps.max_per_account)),
            ("Run folder", self.place.artifact.as_ref().map(super::place::UploadedArtifact::cell).unwrap_or_default()),
        ];
        for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "| {name} | {value} |");
        }
        text.push_str("\n</details>\n");
        text
    }
}

/// What is said where the plan is not found.
const NO_PLAN: &str = "The plan is neither at the path in the receipt nor next to this run folder, so names and \
    targets are missing here. Put the audit's run folder next to this one, and render again.\n\n";

/// The results in the order in which an operator wants to see them.
const RESULTS: [(Outcome, &str); 5] = [
    (Outcome::Failed, "🔴 failed"),
    (Outcome::WouldApply, "🟡 would apply"),
    (Outcome::Applied, "🟢 applied"),
    (Outcome::Skipped, "⚪ skipped"),
    (Outcome::Blocked, "⚪ blocked by a cap"),
];

fn weight(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Failed => 0,
        Outcome::WouldApply => 1,
        Outcome::Applied => 2,
        Outcome::Skipped => 3,
        Outcome::Blocked => 4,
    }
}

/// The part of Zendesk that the action changes, before and after: as read, or as the plan would have it.
fn what_changes(result: &ActionResult, planned: Option<&PlannedAction>) -> String {
    let wanted = || planned.map(|planned| wanted(result, planned));
    match (&result.before, &result.after) {
        (Some(Value::Array(before)), Some(Value::Array(after))) => domains(before, after),
        (Some(before), Some(after)) => format!("{} → {}", state(before), state(after)),
        (Some(before), None) => match (result.status, wanted()) {
            (Outcome::WouldApply, Some(wanted)) => format!("{} → {wanted}", state(before)),
            _ => state(before),
        },
        (None, Some(after)) => format!("→ {}", state(after)),
        (None, None) => match (result.status, wanted()) {
            (Outcome::WouldApply | Outcome::Blocked, Some(wanted)) => format!("→ {wanted}"),
            _ => String::new(),
        },
    }
}

fn wanted(result: &ActionResult, planned: &PlannedAction) -> String {
    let users = planned.notes.iter().find_map(|note| note.strip_prefix("users_affected:")?.parse::<u64>().ok());
    let users =
        users.filter(|users| *users > 0).map(|users| format!(" (Zendesk adds {} with it)", counted(users, "user")));
    match result.action_code {
        ActionCode::SetOrgExternalId => markdown_cell(&planned.to),
        ActionCode::AddOrgDomain => format!("one more, {}{}", markdown_cell(&planned.to), users.unwrap_or_default()),
        ActionCode::AssignUserToOrg => format!("member of {}", result.org_id),
        ActionCode::MoveUserToOrg => format!("default org {}", result.org_id),
    }
}

/// A list of domains, told by what was added and what is gone.
fn domains(before: &[Value], after: &[Value]) -> String {
    let set = |list: &[Value]| {
        list.iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect::<BTreeSet<_>>()
    };
    let (before, after) = (set(before), set(after));
    let list = |sign: &str, of: &BTreeSet<String>, without: &BTreeSet<String>| {
        let mut names: Vec<String> =
            of.difference(without).take(5).map(|name| format!("{sign}{}", markdown_cell(name))).collect();
        if let more @ 1.. = of.difference(without).count().saturating_sub(5) {
            names.push(format!("and {more} more"));
        }
        names
    };
    let mut changes = list("+", &after, &before);
    changes.extend(list("−", &before, &after));
    format!("{} → {}: {}", before.len(), counted(after.len() as u64, "domain"), changes.join(" "))
}

/// What was read, in short.
fn state(value: &Value) -> String {
    match value {
        Value::Null => "blank".to_owned(),
        Value::String(text) => markdown_cell(text),
        Value::Array(list) => counted(list.len() as u64, "domain"),
        Value::Object(_) => {
            let default = match &value["default_org_id"] {
                Value::Number(id) => format!("default org {id}"),
                _ => "no default org".to_owned(),
            };
            let orgs: Vec<u64> =
                value["member_of"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
            match &orgs[..] {
                [] => format!("{default}, member of none"),
                [first, second, third, _, ..] => {
                    format!("{default}, member of {first}, {second}, {third} and {} more", orgs.len() - 3)
                }
                few => {
                    let few: Vec<String> = few.iter().map(u64::to_string).collect();
                    format!("{default}, member of {}", few.join(", "))
                }
            }
        }
        other => markdown_cell(&other.to_string()),
    }
}
