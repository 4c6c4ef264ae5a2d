//! The runs over time: totals by run, the oldest open issues, and what came back (rules 12).

use crate::model::time::Instant;
use crate::run::artifacts::history::HistoryRun;
use crate::run::artifacts::rows::IssueRow;
use crate::run::read::{CameBack, RunHistory};
use serde::Serialize;
use std::collections::BTreeMap;

/// The schema of `trend --format json`.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/trend/1";

/// The findings of one Zendesk over time.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Trend {
    #[cfg_attr(feature = "proofs", schemars(extend("const" = SCHEMA)))]
    pub schema: &'static str,
    pub source: &'static str,
    pub zendesk: String,
    /// Oldest first.
    pub runs: Vec<HistoryRun>,
    /// The findings of the newest run that are not suppressed, oldest first.
    pub open: Vec<Open>,
    /// What was found again, by the run that found it, oldest first.
    pub came_back: Vec<Back>,
}

/// An open issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Open {
    /// The day on which it was first found.
    pub first_seen: String,
    pub age_days: i64,
    pub issue_id: String,
    pub issue_code: crate::catalogue::IssueCode,
    pub risk: crate::catalogue::Risk,
    pub sf_account_id: Option<String>,
    pub account_name: Option<String>,
    pub detail: String,
}

/// A finding that was gone and found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Back {
    pub run_id: String,
    #[serde(flatten)]
    pub issue: CameBack,
}

/// The schema of a trend.
#[cfg(feature = "proofs")]
pub fn schema() -> crate::schema::JsonSchemaFile {
    crate::run::artifacts::schema::schema_of::<Trend>("trend", "trend --format json")
}

/// Puts the trend together. `newest` is the run whose findings are open, `issues` are its; `others` are earlier runs.
pub fn trend(newest: &RunHistory, issues: &[IssueRow<'_>], others: &[RunHistory]) -> Trend {
    let of_same = |run: &&RunHistory| {
        (run.summary.source, &run.summary.zendesk) == (newest.summary.source, &newest.summary.zendesk)
    };
    let all = || others.iter().filter(of_same).chain([newest]);
    let mut runs: BTreeMap<(String, String), HistoryRun> = BTreeMap::new();
    for run in all() {
        let own = [HistoryRun::of(&run.summary, None)];
        let known = run.history.as_ref().map_or(&own[..], |history| &history.runs);
        for entry in known {
            runs.insert((entry.as_of.clone(), entry.run_id.clone()), entry.clone());
        }
    }
    let came_back = all().flat_map(|run| {
        run.came_back.iter().map(|issue| Back { run_id: run.summary.run_id.clone(), issue: issue.clone() })
    });
    Trend {
        schema: SCHEMA,
        source: newest.summary.source.as_str(),
        zendesk: newest.summary.zendesk.clone(),
        runs: runs.into_values().collect(),
        open: open(newest, issues),
        came_back: came_back.collect(),
    }
}

fn open(newest: &RunHistory, issues: &[IssueRow<'_>]) -> Vec<Open> {
    let today = newest.summary.as_of.get(..10).unwrap_or_default();
    let counted = issues.iter().filter(|issue| issue.status != crate::catalogue::Status::Suppressed);
    let mut open: Vec<Open> = counted
        .map(|issue| {
            let since = newest.history.as_ref().and_then(|history| history.since(&issue.issue_id)).unwrap_or(today);
            Open {
                first_seen: since.to_owned(),
                age_days: days_between(since, today),
                issue_id: issue.issue_id.to_string(),
                issue_code: issue.issue_code,
                risk: issue.risk,
                sf_account_id: issue.sf_account_id.as_deref().map(str::to_owned),
                account_name: issue.sf_account_id.as_ref().map(|_| issue.account_name.to_string()),
                detail: issue.detail.to_string(),
            }
        })
        .collect();
    // Stable: of the same day and risk they stay in the order of the run.
    open.sort_by(|a, b| (&a.first_seen, a.risk).cmp(&(&b.first_seen, b.risk)));
    open
}

fn days_between(from: &str, to: &str) -> i64 {
    let midnight = |day: &str| Instant::parse(&format!("{day}T00:00:00Z")).map(Instant::seconds);
    midnight(from).zip(midnight(to)).map_or(0, |(from, to)| (to - from) / 86_400)
}
