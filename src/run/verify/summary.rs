//! `summary.json` against the tables, the plan and the receipt; `summary.md` for the run and the hash that it names.

use super::issues::{Issue, Tables};
use super::{Files, Mismatch, RECEIPT, Teller};
use crate::catalogue::{BlockedReason, IssueCode, Risk, Scope};
use crate::model::time::Instant;
use crate::rules::gate::Judgement;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::receipt::{Counts, Receipt};
use crate::run::plan_file::PlanFile;
use crate::run::read::Summary;
use std::collections::{BTreeMap, BTreeSet};

/// The seven that `users.in_scope` is the sum of.
const USERS: [&str; 7] =
    ["personal_domain", "ignored_domain", "unmapped", "waiting_for_account", "spread_domain", "settled", "evaluated"];

/// Checks all counts of the summary.
pub(super) fn check(
    summary: &Summary,
    tables: &Tables,
    plan: &PlanFile,
    files: &Files,
    receipt: Option<&Receipt>,
    out: &mut Vec<Mismatch>,
) -> String {
    let issues: Vec<Issue<'_>> = tables.issues().collect();
    let counted: Vec<&Issue<'_>> = issues.iter().filter(|issue| issue.counts()).collect();
    let mut teller = Teller::new(Artifact::Summary.name(), out);
    let problem = "differs from all_exceptions.csv";
    let total = counted.len() as u64;
    teller.equal("total_issue_count", problem, total, summary.total_issue_count);
    let suppressed = issues.len() as u64 - total;
    teller.equal("suppressed_issue_count", problem, suppressed, summary.suppressed_issue_count);
    let by_scope = tally(&Scope::ALL, counted.iter().map(|issue| issue.code.scope()));
    let by_code = tally(&IssueCode::ALL, counted.iter().map(|issue| issue.code));
    let by_risk = tally(&Risk::ALL, counted.iter().map(|issue| issue.code.risk()));
    counts(&mut teller, "by_scope", problem, &by_scope, &summary.by_scope);
    counts(&mut teller, "by_code", problem, &by_code, &summary.by_code);
    counts(&mut teller, "by_risk", problem, &by_risk, &summary.by_risk);
    let echoes = tables.ticket_echoes();
    teller.equal("ticket_echo_count", "differs from ticket_issues.csv", echoes, summary.ticket_echo_count);

    let problem = "differs from fix_plan.json";
    let (prepared, blocked) = (plan.actions.len() as u64, plan.blocked.len() as u64);
    teller.equal("prepared_action_count", problem, prepared, summary.prepared_action_count);
    teller.equal("blocked_action_count", problem, blocked, summary.blocked_action_count);
    let reasons = tally(&BlockedReason::ALL, plan.blocked.iter().map(|action| action.blocked_reason));
    counts(&mut teller, "blocked_reasons", problem, &reasons, &summary.blocked_reasons);
    teller.equal("plan_hash", problem, plan.hash.as_str(), summary.plan_hash.as_str());
    teller.equal("run_id", problem, plan.run_id.as_str(), summary.run_id.as_str());
    teller.equal("created_at", problem, plan.created_at.rfc3339(), summary.created_at.clone());
    teller.equal("as_of", problem, plan.as_of.rfc3339(), summary.as_of.clone());
    teller.equal("source", problem, plan.source.as_str(), summary.source.as_str());
    teller.equal("zendesk", problem, plan.zendesk.as_str(), summary.zendesk.as_str());

    let resolved = summary.resolution.values().sum();
    teller.equal("resolution", "does not sum to the accounts read", summary.read.accounts, resolved);
    let user = |name: &str| summary.users.get(name).copied().unwrap_or_default();
    let sum = USERS.iter().map(|name| user(name)).sum();
    teller.equal("users.in_scope", "is not the sum of its parts", sum, user("in_scope"));
    let all = user("in_scope") + user("out_of_scope");
    teller.equal("users", "do not sum to the users read", summary.read.users, all);

    for (at, judgement) in summary.thresholds.iter().enumerate() {
        let Judgement { name, limit, value, breached } = judgement;
        let place = |member: &str| format!("thresholds[{at}].{member}");
        let expected = match name.as_str() {
            "max_total_issues" => Some(total),
            "max_blocked_actions" => Some(blocked),
            // What was new or lost is between two runs.
            "max_new_issues" | "max_lost_accounts" => Some(value.unwrap_or_default()),
            other => of_name(other, "max_by_risk.", &by_risk).or_else(|| of_name(other, "max_by_code.", &by_code)),
        };
        match expected {
            Some(expected) => match value {
                Some(value) => teller.equal(&place("value"), "differs from the counts", expected, *value),
                // Without tickets, limits of their codes are not judged.
                None if expected == 0 => {}
                None => teller.say(&place("value"), "is absent although there is something to judge"),
            },
            None => teller.say(&place("name"), format!("there is no threshold \"{name}\"")),
        }
        let needs_baseline = name == "max_new_issues" || name == "max_lost_accounts";
        if needs_baseline && value.is_some() && receipt.is_some_and(|receipt| receipt.baseline.is_none()) {
            teller.say(&place("name"), "is judged without a baseline");
        }
        teller.equal(
            &place("breached"),
            "does not follow from value and limit",
            value.is_some_and(|value| value > *limit),
            *breached,
        );
    }
    if let Some(receipt) = receipt {
        against_receipt(summary, &reasons, receipt, out);
        let counted: BTreeSet<&str> = counted.iter().map(|issue| issue.id).collect();
        let would = receipt.suppressions_from.iter().flat_map(|from| &from.own_would_suppress);
        for issue in would.filter(|issue| !counted.contains(issue.issue_id.as_str())) {
            let problem = format!("names {}, which is no issue that counts", issue.issue_id);
            Teller::new(RECEIPT, out).say("suppressions_from", problem);
        }
    }
    narrative(summary, files, out);
    format!("{total} counted issues, {} thresholds", summary.thresholds.len())
}

/// How often each of `all` occurs; all of them are in the result.
fn tally<T: Copy + Ord>(all: &[T], items: impl Iterator<Item = T>) -> BTreeMap<T, u64> {
    let mut counts: BTreeMap<T, u64> = all.iter().map(|item| (*item, 0)).collect();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

fn counts<T: Ord + ToString>(
    teller: &mut Teller<'_>,
    place: &str,
    problem: &str,
    expected: &BTreeMap<T, u64>,
    found: &BTreeMap<T, u64>,
) {
    for (name, expected) in expected {
        teller.same(&format!("{place}.{}", name.to_string()), problem, Some(expected), found.get(name));
    }
}

fn of_name<T: ToString>(name: &str, prefix: &str, counts: &BTreeMap<T, u64>) -> Option<u64> {
    let wanted = name.strip_prefix(prefix)?;
    counts.iter().find(|(item, _)| item.to_string() == wanted).map(|(_, count)| *count)
}

/// What `receipt.json` tells too.
fn against_receipt(
    summary: &Summary,
    reasons: &BTreeMap<BlockedReason, u64>,
    receipt: &Receipt,
    out: &mut Vec<Mismatch>,
) {
    let mut teller = Teller::new(RECEIPT, out);
    let problem = "differs from summary.json";
    let Counts { blocked_action_count, prepared_action_count, read, suppressed_issue_count, total_issue_count } =
        receipt.counts;
    teller.equal("counts.total_issue_count", problem, summary.total_issue_count, total_issue_count);
    teller.equal("counts.suppressed_issue_count", problem, summary.suppressed_issue_count, suppressed_issue_count);
    teller.equal("counts.prepared_action_count", problem, summary.prepared_action_count, prepared_action_count);
    teller.equal("counts.blocked_action_count", problem, summary.blocked_action_count, blocked_action_count);
    if read != summary.read {
        teller.say("counts.read", problem);
    }
    let present: BTreeMap<_, _> = reasons.iter().filter(|(_, count)| **count > 0).map(|(r, n)| (*r, *n)).collect();
    if receipt.blockers != present {
        teller.say("blockers", "differ from fix_plan.json");
    }
    if receipt.warnings != summary.warnings {
        teller.say("warnings", "differ from summary.json");
    }
    teller.equal("run_id", problem, summary.run_id.as_str(), receipt.run_id.as_str());
    teller.equal("tool_version", problem, summary.tool_version.as_str(), receipt.tool_version.as_str());
    teller.equal("as_of", problem, summary.as_of.as_str(), receipt.as_of.as_str());
    teller.equal("ticket_window.to", problem, summary.as_of.as_str(), receipt.ticket_window.to.as_str());
    if let Some(as_of) = Instant::parse(&summary.as_of) {
        let from = as_of.minus_days(summary.lookback_days).rfc3339();
        let problem = "is not as_of less lookback_days of summary.json";
        teller.equal("ticket_window.from", problem, from.as_str(), receipt.ticket_window.from.as_str());
    }
    if let Some(started) = Instant::parse(&receipt.started_at)
        && !receipt.run_id.starts_with(&format!("{}_audit", started.compact()))
    {
        teller.say("run_id", "is not named by started_at");
    }
}

/// The operator's summary is text; what can be held against it is which run and which plan it tells of.
fn narrative(summary: &Summary, files: &Files, out: &mut Vec<Mismatch>) {
    const FILE: &str = Artifact::SummaryMd.name();
    let Some(text) = files.get(FILE).map(|bytes| String::from_utf8_lossy(bytes)) else { return };
    let mut teller = Teller::new(FILE, out);
    if !text.starts_with(&format!("# Zendesk drift audit {}\n", summary.run_id)) {
        teller.say("line 1", "names another run");
    }
    if !text.contains(&format!("| Plan hash | `{}` |\n", summary.plan_hash)) {
        teller.say("", "does not name the plan hash of summary.json");
    }
}
