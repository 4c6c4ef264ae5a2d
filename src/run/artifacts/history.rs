//! `history.json`: the runs so far, since when each open issue is known, and what is gone (rules 12).

use super::summary::Summary;
use crate::catalogue::{IssueCode, Risk};
use crate::model::time::Instant;
use crate::rules::issue::IssueId;
use crate::text::short::Short;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The schema of the file.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/history/1";

/// How many runs are kept, the newest.
const MOST_RUNS: usize = 400;
/// For how many days an issue that is gone is remembered.
const DAYS_REMEMBERED: u32 = 400;

/// The id of an issue: `i` and 16 digits.
pub type IssueName = Short<17>;
/// A day, `YYYY-MM-DD`.
pub type Day = Short<10>;

/// The id of an issue as the file has it.
pub fn issue_name(id: IssueId) -> IssueName {
    // It has 17 characters.
    Short::new(&id.to_string()).unwrap_or_default()
}

/// The runs so far, and since when each issue is known. Dates are `YYYY-MM-DD`, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct History {
    #[cfg_attr(feature = "proofs", schemars(extend("const" = SCHEMA)))]
    pub schema: String,
    /// Oldest first; the run that wrote the file is the last.
    pub runs: Vec<HistoryRun>,
    /// The date on which each issue of the run was first found, suppressed ones too.
    pub first_seen: BTreeMap<IssueName, Day>,
    /// The dates on which issues that are gone were first and last found.
    pub gone: BTreeMap<IssueName, [Day; 2]>,
}

/// One run, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HistoryRun {
    pub run_id: String,
    /// RFC 3339, in UTC.
    pub as_of: String,
    pub plan_hash: String,
    pub accounts: u64,
    pub total_issue_count: u64,
    pub prepared_action_count: u64,
    pub blocked_action_count: u64,
    pub suppressed_issue_count: u64,
    pub by_risk: BTreeMap<Risk, u64>,
    pub by_code: BTreeMap<IssueCode, u64>,
    /// How many issues the baseline does not have; `None` without a baseline.
    pub new: Option<u64>,
    /// How many issues of the baseline are gone; `None` without a baseline.
    pub resolved: Option<u64>,
}

impl HistoryRun {
    /// The entry of a run. `new_and_resolved` compare it with its baseline.
    pub fn of(summary: &Summary, new_and_resolved: Option<(u64, u64)>) -> Self {
        Self {
            run_id: summary.run_id.clone(),
            as_of: summary.as_of.clone(),
            plan_hash: summary.plan_hash.clone(),
            accounts: summary.read.accounts,
            total_issue_count: summary.total_issue_count,
            prepared_action_count: summary.prepared_action_count,
            blocked_action_count: summary.blocked_action_count,
            suppressed_issue_count: summary.suppressed_issue_count,
            by_risk: summary.by_risk.clone(),
            by_code: summary.by_code.clone(),
            new: new_and_resolved.map(|(new, _)| new),
            resolved: new_and_resolved.map(|(_, resolved)| resolved),
        }
    }

    /// The day of the run.
    pub fn date(&self) -> &str {
        self.as_of.get(..10).unwrap_or(&self.as_of)
    }
}

impl History {
    /// The history of a run that found `issues` at `as_of`, continued from an earlier one.
    pub fn new(
        earlier: Option<&Self>,
        run: HistoryRun,
        issues: impl Iterator<Item = IssueName>,
        as_of: Instant,
    ) -> Self {
        let day = |text: &str| Day::new(text).unwrap_or_default();
        let today = day(&as_of.date());
        let mut runs = earlier.map(|earlier| earlier.runs.clone()).unwrap_or_default();
        let last_day = runs.last().map_or(today, |last| day(last.date()));
        runs.push(run);
        runs.drain(..runs.len().saturating_sub(MOST_RUNS));

        let since = |id: &IssueName| earlier.and_then(|earlier| earlier.since(id)).map_or(today, day);
        let first_seen: BTreeMap<IssueName, Day> = issues.map(|id| (id, since(&id))).collect();

        let mut gone = earlier.map(|earlier| earlier.gone.clone()).unwrap_or_default();
        gone.extend(
            earlier.iter().flat_map(|earlier| &earlier.first_seen).map(|(id, first)| (*id, [*first, last_day])),
        );
        let oldest = day(&as_of.minus_days(DAYS_REMEMBERED).date());
        gone.retain(|id, [_, last]| *last >= oldest && !first_seen.contains_key(id));
        Self { schema: SCHEMA.to_owned(), runs, first_seen, gone }
    }

    /// Since when an issue is known, whether it is open now or gone.
    pub fn since(&self, issue_id: &str) -> Option<&str> {
        let open = self.first_seen.get(issue_id);
        open.or_else(|| self.gone.get(issue_id).map(|[first, _]| first)).map(|day| &**day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(day: &str) -> (HistoryRun, Instant) {
        let as_of = Instant::parse(&format!("{day}T12:00:00Z")).expect("a time");
        let run = HistoryRun {
            run_id: format!("{}_audit", as_of.compact()),
            as_of: as_of.rfc3339(),
            plan_hash: String::new(),
            accounts: 1,
            total_issue_count: 0,
            prepared_action_count: 0,
            blocked_action_count: 0,
            suppressed_issue_count: 0,
            by_risk: BTreeMap::new(),
            by_code: BTreeMap::new(),
            new: None,
            resolved: None,
        };
        (run, as_of)
    }

    fn next(earlier: Option<&History>, day: &str, issues: &[&str]) -> History {
        let (run, as_of) = run(day);
        History::new(earlier, run, issues.iter().map(|id| IssueName::new(id).expect("short")), as_of)
    }

    fn dates(history: &History) -> (Vec<String>, Vec<String>) {
        let first_seen = history.first_seen.iter().map(|(id, day)| format!("{id} {day}"));
        let gone = history.gone.iter().map(|(id, [first, last])| format!("{id} {first} {last}"));
        (first_seen.collect(), gone.collect())
    }

    #[test]
    fn an_issue_keeps_its_first_day_while_it_is_open_gone_and_back() {
        let first = next(None, "2026-01-01", &["a", "b"]);
        assert_eq!(dates(&first), (vec!["a 2026-01-01".to_owned(), "b 2026-01-01".to_owned()], vec![]));
        let second = next(Some(&first), "2026-01-02", &["a", "c"]);
        assert_eq!(
            dates(&second),
            (vec!["a 2026-01-01".to_owned(), "c 2026-01-02".to_owned()], vec!["b 2026-01-01 2026-01-01".to_owned()])
        );
        // What is gone stays so, with the day on which it was last found.
        let third = next(Some(&second), "2026-01-05", &["c"]);
        assert_eq!(dates(&third).1, ["a 2026-01-01 2026-01-02", "b 2026-01-01 2026-01-01"]);
        let back = next(Some(&third), "2026-01-06", &["b"]);
        assert_eq!(dates(&back).0, ["b 2026-01-01"]);
        assert_eq!(dates(&back).1, ["a 2026-01-01 2026-01-02", "c 2026-01-02 2026-01-05"]);
        assert_eq!(back.runs.len(), 4);
        assert_eq!(back.runs[3].run_id, "20260106_120000Z_audit");
    }

    #[test]
    fn what_is_gone_for_more_than_400_days_is_forgotten() {
        let first = next(None, "2026-01-01", &["a"]);
        let day_400 = next(Some(&first), "2027-02-05", &[]);
        assert_eq!(dates(&day_400).1, ["a 2026-01-01 2026-01-01"]);
        let day_401 = next(Some(&first), "2027-02-06", &[]);
        assert_eq!(dates(&day_401).1, [""; 0]);
    }

    #[test]
    fn four_hundred_runs_are_kept() {
        let mut history = next(None, "2026-01-01", &["a"]);
        for _ in 0..450 {
            history = next(Some(&history), "2026-01-02", &["a"]);
        }
        assert_eq!(history.runs.len(), 400);
        assert_eq!(history.runs[0].date(), "2026-01-02");
        assert_eq!(dates(&history).0, ["a 2026-01-01"]);
    }

    #[test]
    fn a_history_reads_as_it_was_written() {
        let history = next(Some(&next(None, "2026-01-01", &["a"])), "2026-01-02", &["b"]);
        let json = super::super::json(&history);
        assert_eq!(serde_json::from_str::<History>(&json).expect("JSON"), history);
        assert!(
            json.ends_with("  \"gone\": {\n    \"a\": [\n      \"2026-01-01\",\n      \"2026-01-01\"\n    ]\n  }\n}\n"),
            "{json}"
        );
    }
}
