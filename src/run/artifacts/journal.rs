//! The journal of an apply as a file: one JSON object a line (rules 8.4).
//!
//! An intention is written before its request is sent, and a result before the next action begins. So after a crash at any
//! point, the journal tells which single write may have happened: the intention without a result. Left out: writing it, and
//! when (`apply::journal`).

use super::apply_receipt::{self, ActionResult, ApplyCounts, ApplyReceipt, Caps, Mode};
use crate::catalogue::SkipReason;
use crate::model::time::Instant;
use crate::run::plan_file::PlanFile;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// The name of the file in a run folder.
pub const FILE_NAME: &str = "journal.ndjson";

/// The name of the file that keeps room, so that a disk which fills up during a write still takes its result and the receipt.
pub const RESERVE: &str = ".reserve";

/// The schema of the journal.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/apply-journal/1";

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum JournalEntry {
    /// The first line.
    Begin(Begin),
    /// The actions that will be applied, in this order.
    Selected { action_ids: Vec<String> },
    /// A request that is about to be sent.
    Intention(Intention),
    /// The outcome of an action. A later result of the same action replaces an earlier one.
    Result(ActionResult),
    /// The last line. `completed` is false where the run was interrupted.
    End { completed: bool, at: String },
}

/// A write that is about to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Intention {
    pub action_id: String,
    /// As in a result.
    pub before: Value,
    pub at: String,
    /// How long the request may take.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timeout_ms: Option<u64>,
}

impl Intention {
    /// The first moment at which the request has landed, or never will. The recorded time is cut to the second, so one more
    /// second is added.
    pub fn landed_at(&self) -> Option<Instant> {
        let timeout = self.timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS);
        Some(Instant::parse(&self.at)?.plus_millis(timeout.saturating_add(1000)))
    }
}

/// The time-out of a request where a journal does not say.
const DEFAULT_TIMEOUT_MS: u64 = 60_000;

/// What the run was asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Begin {
    #[cfg_attr(feature = "proofs", schemars(extend("const" = SCHEMA)))]
    pub schema: String,
    pub run_id: String,
    pub mode: Mode,
    pub source_plan_path: String,
    pub source_plan_hash: String,
    pub zendesk: String,
    pub caps_used: Caps,
    pub only_account: Vec<String>,
    pub only_action: Vec<String>,
    pub started_at: String,
}

/// A journal that was read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    pub begin: Begin,
    /// By action id; of each action the latest result alone.
    pub results: HashMap<String, ActionResult>,
    /// The intentions whose outcome is not known, in order.
    pub open: Vec<Intention>,
    /// How it ended, if it did: whether it was completed, and when.
    pub ended: Option<(bool, String)>,
}

impl Story {
    /// The first line of a journal, if it is one of this program.
    pub fn begin_of(bytes: &[u8]) -> Option<Begin> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        match serde_json::from_slice(&bytes[..end]) {
            Ok(JournalEntry::Begin(begin)) if begin.schema == SCHEMA => Some(begin),
            _ => None,
        }
    }

    /// Reads a journal. `Ok(None)`: the run ended before its first line was written, so before it did anything.
    ///
    /// A last line without its line end was being written when the run ended, and is left out. Errors: the number of a line
    /// that this program did not write.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, usize> {
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { return Ok(None) };
        let mut entries = bytes[..end].split(|byte| *byte == b'\n').map(serde_json::from_slice::<JournalEntry>);
        let begin = match entries.next() {
            Some(Ok(JournalEntry::Begin(begin))) if begin.schema == SCHEMA => begin,
            _ => return Err(1),
        };
        let mut story = Self { begin, results: HashMap::new(), open: Vec::new(), ended: None };
        for (line, entry) in (2..).zip(entries) {
            match entry.map_err(|_| line)? {
                JournalEntry::Begin(_) => return Err(line),
                JournalEntry::Selected { .. } => {}
                JournalEntry::Intention(intention) => {
                    story.open.retain(|open| open.action_id != intention.action_id);
                    story.open.push(intention);
                }
                JournalEntry::Result(result) => {
                    if result.reason != Some(SkipReason::OutcomeUnknown) {
                        story.open.retain(|open| open.action_id != result.action_id);
                    }
                    story.results.insert(result.action_id.clone(), result);
                }
                JournalEntry::End { completed, at } => story.ended = Some((completed, at)),
            }
        }
        Ok(Some(story))
    }

    /// The receipt of the run as the journal tells it: what has no result was not reached.
    pub fn receipt(&self, plan: &PlanFile) -> ApplyReceipt {
        let began = Instant::parse(&self.begin.started_at).unwrap_or(plan.created_at);
        let result_of = |action_id: &str| self.results.get(action_id).cloned();
        let results: Vec<ActionResult> = plan
            .actions
            .iter()
            .map(|action| result_of(&action.action_id).unwrap_or_else(|| ActionResult::unreached(action, began)))
            .collect();
        ApplyReceipt {
            schema: apply_receipt::SCHEMA.to_owned(),
            run_id: self.begin.run_id.clone(),
            source_plan_path: self.begin.source_plan_path.clone(),
            source_plan_hash: self.begin.source_plan_hash.clone(),
            mode: self.begin.mode,
            caps_used: self.begin.caps_used,
            counts: ApplyCounts::of(&results),
            results,
            plan_blocked: plan.blocked.clone(),
            started_at: Some(self.begin.started_at.clone()),
            finished_at: self.ended.as_ref().map(|(_, at)| at.clone()),
            completed: self.ended.as_ref().is_some_and(|(completed, _)| *completed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = r#"{"entry":"begin","schema":"g-gremlin/zendesk-drift/apply-journal/1","run_id":"r","mode":"apply","source_plan_path":"p","source_plan_hash":"h","zendesk":"z","caps_used":{"max_actions":1,"max_per_account":1},"only_account":[],"only_action":[],"started_at":"t"}"#;
    const INTENTION: &str = r#"{"entry":"intention","action_id":"A001","before":null,"at":"t"}"#;
    const END: &str = r#"{"entry":"end","completed":true,"at":"t"}"#;

    fn result(status: &str) -> String {
        format!(
            r#"{{"entry":"result","action_id":"A001","action_code":"set_org_external_id",{status},"sf_account_id":"1","org_id":1,"at":"t"}}"#
        )
    }

    fn open(lines: &[&str]) -> Vec<String> {
        let story = Story::parse(lines.concat().as_bytes()).expect("a journal").expect("a first line");
        story.open.into_iter().map(|intention| intention.action_id).collect()
    }

    #[test]
    fn an_intention_is_open_until_its_outcome_is_known() {
        let (begin, intention) = (format!("{BEGIN}\n"), format!("{INTENTION}\n"));
        let applied = format!("{}\n", result(r#""status":"applied""#));
        let unknown = format!("{}\n", result(r#""status":"failed","reason":"outcome_unknown""#));
        assert!(open(&[&begin]).is_empty());
        assert_eq!(open(&[&begin, &intention]), ["A001"]);
        assert_eq!(open(&[&begin, &intention, &intention]), ["A001"], "after a 429 it is sent again");
        assert!(open(&[&begin, &intention, &applied]).is_empty());
        assert_eq!(open(&[&begin, &intention, &unknown]), ["A001"]);
        assert!(open(&[&begin, &intention, &unknown, &applied]).is_empty());
    }

    #[test]
    fn a_line_that_was_not_finished_is_left_out_and_a_foreign_one_is_not_passed_over() {
        let whole = format!("{BEGIN}\n{INTENTION}\n{}\n{END}\n", result(r#""status":"applied""#));
        for cut in 0..whole.len() {
            let story = Story::parse(&whole.as_bytes()[..cut]).expect("a journal");
            assert_eq!(story.is_some(), cut > BEGIN.len(), "{cut}");
        }
        assert_eq!(Story::parse(format!("{BEGIN}\n{INTENTION}\nnonsense\n{END}\n").as_bytes()), Err(3));
        assert_eq!(Story::parse(format!("{BEGIN}\n{BEGIN}\n").as_bytes()), Err(2));
        assert_eq!(Story::parse(format!("{}\n", BEGIN.replace("journal/1", "journal/2")).as_bytes()), Err(1));
    }
}
