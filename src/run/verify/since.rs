//! `history.json` and `diff.json` against the run that wrote them.

use super::issues::{Issue, Tables};
use super::{Files, FolderMismatch, RECEIPT, Teller, broken, check_form};
use crate::model::time::is_date;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::history::{History, HistoryRun};
use crate::run::artifacts::receipt::Receipt;
use crate::run::artifacts::summary::Summary;
use crate::run::diff::document;
use crate::run::read::parse_history;
use crate::text::words::counted;
use serde_json::Value;
use std::collections::BTreeSet;

/// How many runs a history has at most.
const MOST_RUNS: usize = 400;

/// Checks the history: its last run is this one, and it has a date for each issue and no other.
pub(super) fn history(tables: &Tables, summary: &Summary, files: &Files, out: &mut Vec<FolderMismatch>) -> String {
    let file = Artifact::History.name();
    let Some(bytes) = files.get(file) else { return "no history".to_owned() };
    let history: History = match parse_history(bytes) {
        Ok(history) => history,
        Err(error) => {
            out.push(broken(file, &error));
            return "no history".to_owned();
        }
    };
    check_form(file, &history, bytes, out);
    let mut teller = Teller::new(file, out);
    let History { schema: _, runs, first_seen, gone } = &history;
    match runs.last() {
        None => teller.say("runs", "are none"),
        Some(last) => {
            let own = HistoryRun { new: last.new, resolved: last.resolved, ..HistoryRun::of(summary, None) };
            if *last != own {
                teller.say(&format!("runs[{}]", runs.len() - 1), "differs from summary.json");
            }
        }
    }
    if runs.len() > MOST_RUNS {
        teller.say("runs", format!("are {}, more than {MOST_RUNS}", runs.len()));
    }
    for (at, run) in runs.iter().enumerate() {
        teller.time(&format!("runs[{at}].as_of"), &run.as_of);
    }
    let issues: BTreeSet<&str> = tables.issues().map(|issue| issue.id).collect();
    for id in issues.iter().filter(|id| !first_seen.contains_key(**id)) {
        teller.say("first_seen", format!("has no date for {id}"));
    }
    for (id, day) in first_seen {
        if !issues.contains(&**id) {
            teller.say(&format!("first_seen.{id}"), "is not an issue of all_exceptions.csv");
        }
        if !is_date(day) || &**day > summary.as_of.get(..10).unwrap_or_default() {
            teller.say(&format!("first_seen.{id}"), format!("\"{day}\" is not a day up to this run"));
        }
    }
    for (id, [first, last]) in gone {
        if first_seen.contains_key(id) {
            teller.say(&format!("gone.{id}"), "is an issue of this run");
        }
        if !is_date(first) || !is_date(last) || first > last {
            teller.say(&format!("gone.{id}"), "is not a first and a last day");
        }
    }
    format!("{}, {} with dates", counted(runs.len() as u64, "run"), counted(first_seen.len() as u64, "issue"))
}

/// Checks the difference to the baseline: it is there exactly with one, counts its own lists, and names issues of this run.
pub(super) fn diff(
    tables: &Tables,
    summary: &Summary,
    receipt: Option<&Receipt>,
    files: &Files,
    out: &mut Vec<FolderMismatch>,
) -> String {
    let file = Artifact::Diff.name();
    let Some(bytes) = files.get(file) else { return "no baseline".to_owned() };
    let document: Value = match serde_json::from_slice(bytes) {
        Ok(document) => document,
        Err(error) => {
            out.push(broken(file, &format!("is not JSON: {error}")));
            return "no comparison".to_owned();
        }
    };
    let mut teller = Teller::new(file, out);
    let text = |path: &str| document.pointer(path).and_then(Value::as_str).unwrap_or_default();
    teller.equal("schema", "is unknown to this program", document::SCHEMA, text("/schema"));
    teller.equal("head.run_id", "is a different run", summary.run_id.as_str(), text("/head/run_id"));
    teller.equal("head.plan_hash", "is a different plan", summary.plan_hash.as_str(), text("/head/plan_hash"));
    if let Some(baseline) = receipt.and_then(|receipt| receipt.baseline.as_ref()) {
        let problem = format!("is not the baseline of {RECEIPT}");
        teller.equal("base.run_id", &problem, baseline.run_id.as_str(), text("/base/run_id"));
        teller.equal("base.plan_hash", &problem, baseline.plan_hash.as_str(), text("/base/plan_hash"));
    }
    let list = |name: &str| document.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for name in ["new", "came_back", "resolved", "silenced", "changed", "left_window", "left_reference"] {
        let stated = document.pointer(&format!("/counts/{name}")).and_then(Value::as_u64);
        teller.same(&format!("counts.{name}"), "is not the length of its list", Some(list(name).len() as u64), stated);
    }
    let counted: BTreeSet<&str> = tables.issues().filter(Issue::counts).map(|issue| issue.id).collect();
    let suppressed: BTreeSet<&str> = tables.issues().filter(|issue| !issue.counts()).map(|issue| issue.id).collect();
    let all: BTreeSet<&str> = counted.union(&suppressed).copied().collect();
    let ids = |name: &str| list(name).iter().map(|issue| issue["issue_id"].as_str().unwrap_or_default());
    for (name, among) in [("new", &counted), ("came_back", &counted), ("changed", &counted), ("silenced", &suppressed)]
    {
        for id in ids(name).filter(|id| !among.contains(id)) {
            teller.say(name, format!("names {id}, which all_exceptions.csv does not have like this"));
        }
    }
    for name in ["resolved", "left_window", "left_reference"] {
        for id in ids(name).filter(|id| all.contains(id)) {
            teller.say(name, format!("names {id}, which is an issue of this run"));
        }
    }
    let stated = |name: &str| document.pointer(&format!("/counts/{name}")).and_then(Value::as_u64).unwrap_or_default();
    let heads = stated("new") + stated("unchanged") + stated("changed");
    teller.equal("counts", "do not add up to the issues of this run", summary.total_issue_count, heads);
    let new = summary.thresholds.iter().find(|judgement| judgement.name == "max_new_issues");
    if let Some(judgement) = new {
        let mut teller = Teller::new(Artifact::Summary.name(), out);
        let problem = "differs from diff.json";
        teller.same("thresholds.max_new_issues", problem, Some(stated("new")), judgement.value);
    }
    format!("{} new, {} resolved, against the issues", stated("new"), stated("resolved"))
}
