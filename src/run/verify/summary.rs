//! `summary.json` against the tables, the plan and the receipt; `summary.md` for the run and the hash that it names.

use super::issues::{Issue, Tables};
use super::{Files, FolderMismatch, RECEIPT, Teller};
use crate::catalogue::{BlockedReason, IssueCode, Risk, Scope};
use crate::model::time::Instant;
use crate::rules::gate::Judgement;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::receipt::{AuditCounts, Receipt};
use crate::run::artifacts::summary::{Summary, UserTotals};
use crate::run::plan_file::PlanFile;
use std::collections::{BTreeMap, BTreeSet};

/// Checks all counts of the summary.
pub(super) fn check(
    summary: &Summary,
    tables: &Tables,
    plan: &PlanFile,
    files: &Files,
    receipt: Option<&Receipt>,
    out: &mut Vec<FolderMismatch>,
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

    let reasons = against_plan(summary, plan, &mut teller);
    parts(summary, &mut teller);
    let counts = Counted { total, blocked: plan.blocked.len() as u64, by_risk, by_code };
    thresholds(summary, &counts, receipt, &mut teller);
    if let Some(receipt) = receipt {
        against_receipt(summary, &reasons, receipt, out);
        let counted: BTreeSet<&str> = counted.iter().map(|issue| issue.id).collect();
        let would = receipt.suppressions_from.iter().flat_map(|from| &from.own_would_suppress);
        for issue in would.filter(|issue| !counted.contains(issue.issue_id.as_str())) {
            let problem = format!("names {}, which is not an issue that counts", issue.issue_id);
            Teller::new(RECEIPT, out).say("suppressions_from", problem);
        }
    }
    narrative(summary, files, out);
    format!("{total} counted issues, {} thresholds", summary.thresholds.len())
}

/// Checks what the summary says of the plan, and returns how often each reason blocks there.
fn against_plan(summary: &Summary, plan: &PlanFile, teller: &mut Teller<'_>) -> BTreeMap<BlockedReason, u64> {
    let problem = "differs from fix_plan.json";
    let (prepared, blocked) = (plan.actions.len() as u64, plan.blocked.len() as u64);
    teller.equal("prepared_action_count", problem, prepared, summary.prepared_action_count);
    teller.equal("blocked_action_count", problem, blocked, summary.blocked_action_count);
    let reasons = tally(&BlockedReason::ALL, plan.blocked.iter().map(|action| action.blocked_reason));
    counts(teller, "blocked_reasons", problem, &reasons, &summary.blocked_reasons);
    teller.equal("plan_hash", problem, plan.hash.as_str(), summary.plan_hash.as_str());
    teller.equal("run_id", problem, plan.run_id.as_str(), summary.run_id.as_str());
    teller.equal("created_at", problem, plan.created_at.rfc3339(), summary.created_at.clone());
    teller.equal("as_of", problem, plan.as_of.rfc3339(), summary.as_of.clone());
    teller.equal("source", problem, plan.source.as_str(), summary.source.as_str());
    teller.equal("zendesk", problem, plan.zendesk.as_str(), summary.zendesk.as_str());
    reasons
}

/// Checks that the numbers of accounts and users are the sums of their parts.
fn parts(summary: &Summary, teller: &mut Teller<'_>) {
    let resolved = summary.resolution.total();
    teller.equal("resolution", "does not add up to the accounts read", summary.read.accounts, resolved);
    let UserTotals {
        in_scope,
        personal_domain,
        ignored_domain,
        unmapped,
        waiting_for_account,
        spread_domain,
        settled,
        evaluated,
        out_of_scope,
    } = summary.users;
    let sum = personal_domain + ignored_domain + unmapped + waiting_for_account + spread_domain + settled + evaluated;
    teller.equal("users.in_scope", "is not the sum of its parts", sum, in_scope);
    teller.equal("users", "do not add up to the users read", summary.read.users, in_scope + out_of_scope);
}

/// The counts that a limit can be held against.
struct Counted {
    total: u64,
    blocked: u64,
    by_risk: BTreeMap<Risk, u64>,
    by_code: BTreeMap<IssueCode, u64>,
}

/// Checks each limit: that it is known, that its value is the count, and that the verdict follows.
fn thresholds(summary: &Summary, counts: &Counted, receipt: Option<&Receipt>, teller: &mut Teller<'_>) {
    let reads_tickets = summary.warnings.iter().all(|warning| warning.code.as_str() != "tickets_not_read");
    for (at, judgement) in summary.thresholds.iter().enumerate() {
        let Judgement { name, limit, value, breached } = judgement;
        let place = |member: &str| format!("thresholds[{at}].{member}");
        let expected = match name.as_str() {
            "max_total_issues" => Some(Some(counts.total)),
            "max_blocked_actions" => Some(Some(counts.blocked)),
            // What is new is between two runs: see diff.json.
            "max_new_issues" => Some(*value),
            "max_lost_accounts" => Some(summary.lost_accounts),
            other => of_name(other, "max_by_risk.", &counts.by_risk)
                .or_else(|| of_code(other, &counts.by_code, reads_tickets)),
        };
        match expected {
            Some(expected) => teller.same(&place("value"), "differs from the counts", expected, *value),
            None => teller.say(&place("name"), format!("there is no threshold \"{name}\"")),
        }
        let has_baseline = receipt.is_none_or(|receipt| receipt.baseline.is_some());
        if name.as_str() == "max_new_issues" && value.is_some() != has_baseline {
            teller.say(&place("value"), "must be set exactly with a baseline");
        }
        teller.equal(
            &place("breached"),
            "does not follow from value and limit",
            value.is_some_and(|value| value > *limit),
            *breached,
        );
    }
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

/// The count that a limit is held against; the outer `None`: there is no limit of that name.
fn of_name<T: ToString>(name: &str, prefix: &str, counts: &BTreeMap<T, u64>) -> Option<Option<u64>> {
    let wanted = name.strip_prefix(prefix)?;
    counts.iter().find(|(item, _)| item.to_string() == wanted).map(|(_, count)| Some(*count))
}

/// The same for a code, which is not judged where its tickets are not read.
fn of_code(name: &str, counts: &BTreeMap<IssueCode, u64>, reads_tickets: bool) -> Option<Option<u64>> {
    let count = of_name(name, "max_by_code.", counts)?;
    let code = name.strip_prefix("max_by_code.").and_then(IssueCode::parse)?;
    Some(count.filter(|_| reads_tickets || code.scope() != Scope::Ticket))
}

/// What `receipt.json` tells too.
fn against_receipt(
    summary: &Summary,
    reasons: &BTreeMap<BlockedReason, u64>,
    receipt: &Receipt,
    out: &mut Vec<FolderMismatch>,
) {
    let mut teller = Teller::new(RECEIPT, out);
    let problem = "differs from summary.json";
    let AuditCounts { blocked_action_count, prepared_action_count, read, suppressed_issue_count, total_issue_count } =
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
        let problem = "is not as_of minus lookback_days of summary.json";
        teller.equal("ticket_window.from", problem, from.as_str(), receipt.ticket_window.from.as_str());
    }
    if let Some(started) = Instant::parse(&receipt.started_at)
        && !receipt.run_id.starts_with(&format!("{}_audit", started.compact()))
    {
        teller.say("run_id", "does not match started_at");
    }
}

/// The operator's summary is text; what can be held against it is which run and which plan it tells of.
fn narrative(summary: &Summary, files: &Files, out: &mut Vec<FolderMismatch>) {
    const FILE: &str = Artifact::SummaryMd.name();
    let Some(text) = files.get(FILE).map(|bytes| String::from_utf8_lossy(bytes)) else { return };
    let mut teller = Teller::new(FILE, out);
    if !text.starts_with(&format!("# Zendesk drift audit {}\n", summary.run_id)) {
        teller.say("line 1", "names a different run");
    }
    if !text.contains(&format!("| Plan hash | `{}` |\n", summary.plan_hash)) {
        teller.say("", "does not name the plan hash of summary.json");
    }
}
