//! The journal of an apply against its receipt: they tell the same run twice.

use super::{FolderMismatch, Teller};
use crate::catalogue::SkipReason;
use crate::model::account_key::account_key;
use crate::run::artifacts::apply_receipt::{ApplyReceipt, Outcome};
use crate::run::artifacts::journal::{Begin, FILE_NAME, Intention, JournalEntry, SCHEMA, Story};
use crate::run::plan_file::PlanFile;
use crate::text::words::counted;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Checks a journal line by line, and the receipt against the story that it tells. `name` is the receipt's.
pub(super) fn check(
    bytes: &[u8],
    name: &str,
    receipt: &ApplyReceipt,
    plan: &PlanFile,
    out: &mut Vec<FolderMismatch>,
) -> String {
    let before = out.len();
    let mut teller = Teller::new(FILE_NAME, out);
    let entries = entries(&mut teller, bytes);
    let lines = counted(entries.len() as u64, "line");
    shape(&mut teller, &entries, plan);
    let story = if teller.out.len() == before { Story::parse(bytes).ok().flatten() } else { None };
    let Some(story) = story else {
        if teller.out.len() == before {
            teller.say("", "tells nothing");
        }
        return lines;
    };
    begin(&mut teller, &story.begin, receipt, plan);
    results(name, receipt, &story, plan, out);
    intentions(name, receipt, &entries, out);
    lines
}

/// Reads the lines; each must be written as the program writes it.
fn entries(teller: &mut Teller<'_>, bytes: &[u8]) -> Vec<JournalEntry> {
    let mut entries = Vec::new();
    for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let place = format!("line {}", at + 1);
        let entry: JournalEntry = match serde_json::from_slice(line) {
            Ok(entry) => entry,
            Err(error) => {
                teller.say(&place, format!("is not a line of a journal: {error}"));
                continue;
            }
        };
        let mut written = serde_json::to_vec(&entry).unwrap_or_default();
        written.push(b'\n');
        if written != line {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            teller.equal(&place, "is not written the way the program writes it", text(&written), text(line));
        }
        let time = match &entry {
            JournalEntry::Begin(begin) => Some(&begin.started_at),
            JournalEntry::Selected { .. } => None,
            JournalEntry::Intention(intention) => Some(&intention.at),
            JournalEntry::End { at, .. } => Some(at),
            JournalEntry::Result(result) => Some(&result.at),
        };
        if let Some(time) = time {
            teller.time(&place, time);
        }
        entries.push(entry);
    }
    entries
}

/// One beginning, at most one selection, and intentions for selected actions alone.
fn shape(teller: &mut Teller<'_>, entries: &[JournalEntry], plan: &PlanFile) {
    let order: BTreeMap<&str, usize> =
        plan.actions.iter().enumerate().map(|(at, action)| (&*action.action_id, at)).collect();
    let mut selected: Option<BTreeSet<&str>> = None;
    for (at, entry) in entries.iter().enumerate() {
        let place = format!("line {}", at + 1);
        match entry {
            JournalEntry::Begin(begin) if at == 0 => {
                teller.equal(&place, "has a different schema", SCHEMA, begin.schema.as_str());
            }
            JournalEntry::Begin(_) => teller.say(&place, "begins a second time"),
            JournalEntry::Selected { action_ids } => {
                if selected.is_some() {
                    teller.say(&place, "selects a second time");
                }
                let known: Option<Vec<_>> = action_ids.iter().map(|id| order.get(id.as_str())).collect();
                if known.is_none_or(|known| !known.is_sorted_by(|a, b| a < b)) {
                    teller.say(&place, "does not select actions of the plan in their order");
                }
                selected = Some(action_ids.iter().map(String::as_str).collect());
            }
            JournalEntry::Intention(Intention { action_id, .. }) => {
                if !selected.as_ref().is_some_and(|selected| selected.contains(action_id.as_str())) {
                    teller.say(&place, format!("{action_id} was not selected"));
                }
            }
            JournalEntry::Result(result) => {
                let wrote = matches!(result.status, Outcome::Applied | Outcome::Failed | Outcome::WouldApply);
                let is_selected =
                    selected.as_ref().is_some_and(|selected| selected.contains(result.action_id.as_str()));
                let id = &result.action_id;
                if wrote && !is_selected {
                    teller.say(&place, format!("{id} was not selected"));
                }
                let beyond = result.reason.is_some_and(|reason| {
                    reason.is_unread() || matches!(reason, SkipReason::CapMaxActions | SkipReason::CapMaxPerAccount)
                });
                if beyond && is_selected {
                    teller.say(&place, format!("{id} was selected"));
                }
            }
            JournalEntry::End { .. } => {}
        }
    }
}

/// What was asked for.
fn begin(teller: &mut Teller<'_>, begin: &Begin, receipt: &ApplyReceipt, plan: &PlanFile) {
    let Begin {
        schema: _,
        run_id,
        mode,
        source_plan_path,
        source_plan_hash,
        zendesk,
        caps_used,
        only_account,
        only_action,
        started_at,
    } = begin;
    let problem = "differs from the receipt";
    teller.equal("run_id", problem, receipt.run_id.as_str(), run_id.as_str());
    teller.equal("source_plan_path", problem, receipt.source_plan_path.as_str(), source_plan_path.as_str());
    teller.equal("source_plan_hash", problem, receipt.source_plan_hash.as_str(), source_plan_hash.as_str());
    teller.same("started_at", problem, receipt.started_at.as_ref(), Some(started_at));
    if *mode != receipt.mode {
        teller.say("mode", problem);
    }
    if *caps_used != receipt.caps_used {
        teller.say("caps_used", problem);
    }
    teller.equal("zendesk", "differs from the plan", plan.zendesk.as_str(), zendesk.as_str());
    let accounts: BTreeSet<String> = only_account.iter().map(|id| account_key(id)).collect();
    for (action, result) in plan.actions.iter().zip(&receipt.results) {
        let left_out = (!accounts.is_empty() && !accounts.contains(&account_key(&action.sf_account_id)))
            || (!only_action.is_empty() && !only_action.iter().any(|only| *only == action.action_id));
        let told = result.reason == Some(SkipReason::NotSelected);
        // What an early end did not reach is recorded as aborted.
        if left_out != told && (told || result.reason != Some(SkipReason::Aborted)) {
            teller.say("only_account, only_action", format!("do not match the result of {}", action.action_id));
        }
    }
}

/// The receipt's results are the journal's last ones.
fn results(name: &str, receipt: &ApplyReceipt, story: &Story, plan: &PlanFile, out: &mut Vec<FolderMismatch>) {
    let told = story.receipt(plan);
    let mut teller = Teller::new(name, out);
    let problem = format!("differs from {FILE_NAME}");
    if story.ended.is_none() {
        Teller::new(FILE_NAME, teller.out).say("", "has no end, although there is a receipt");
    } else {
        teller.same("finished_at", &problem, told.finished_at.as_ref(), receipt.finished_at.as_ref());
        teller.equal("completed", &problem, told.completed, receipt.completed);
    }
    for (at, (told, result)) in told.results.iter().zip(&receipt.results).enumerate() {
        // What an early end did not reach is told by the receipt alone; a disk that failed may have kept the journal from it.
        let by_the_receipt_alone = !story.results.contains_key(&result.action_id)
            && (result.reason == Some(SkipReason::Aborted) || !receipt.completed);
        if told != result && !by_the_receipt_alone {
            let json = |result| serde_json::to_value(result).unwrap_or_default();
            let (told, result) = (json(told), json(result));
            for member in members(&told).chain(members(&result)).collect::<BTreeSet<_>>() {
                let text = |value: &Value| value.get(member).map(ToString::to_string);
                teller.same(&format!("results[{at}].{member}"), &problem, text(&told), text(&result));
            }
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = &String> {
    value.as_object().into_iter().flat_map(|members| members.keys())
}

/// Every write was announced, with what was read before it.
fn intentions(name: &str, receipt: &ApplyReceipt, entries: &[JournalEntry], out: &mut Vec<FolderMismatch>) {
    let mut announced: BTreeMap<&str, &Value> = BTreeMap::new();
    for entry in entries {
        if let JournalEntry::Intention(Intention { action_id, before, .. }) = entry {
            announced.insert(action_id, before);
        }
    }
    let mut teller = Teller::new(name, out);
    for (at, result) in receipt.results.iter().enumerate() {
        let announced = announced.get(result.action_id.as_str());
        if result.status == Outcome::Applied && announced.is_none() {
            teller
                .say(&format!("results[{at}]"), format!("was applied, but {FILE_NAME} has no record before the write"));
        }
        let wrote = matches!(result.status, Outcome::Applied | Outcome::Failed);
        if let (true, Some(announced), Some(before)) = (wrote, announced, &result.before) {
            let problem = format!("differs from the record before the write in {FILE_NAME}");
            teller.equal(&format!("results[{at}].before"), &problem, *announced, before);
        }
    }
}
