//! The gate: which limits are exceeded.

use crate::catalogue::Scope;
use crate::model::settings::{Settings, Thresholds};
use crate::rules::audit::Totals;
use serde::{Deserialize, Serialize};

/// A limit and what it was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    pub name: String,
    pub limit: u64,
    /// `None`: it could not be judged, for want of a baseline or of tickets.
    pub value: Option<u64>,
    pub breached: bool,
}

impl Judgement {
    /// By how much the limit is exceeded, as one line; `None` for a limit that is kept or was not judged.
    pub fn breach(&self) -> Option<String> {
        let value = self.value.filter(|_| self.breached)?;
        Some(format!("{}: {value} exceeds the limit of {}", self.name, self.limit))
    }

    /// What became of the limit, in a word or two.
    pub const fn verdict(&self) -> &'static str {
        match self {
            Self { value: None, .. } => "not judged",
            Self { breached: true, .. } => "breached",
            Self { breached: false, .. } => "kept",
        }
    }
}

/// What the comparison with a baseline yields; without one, nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgainstBaseline {
    pub new_issues: Option<u64>,
    pub lost_accounts: Option<u64>,
}

/// Judges every limit that is set, in the order of the configuration; those that need a baseline come last.
pub fn judge(settings: &Settings, totals: &Totals, against: AgainstBaseline) -> Vec<Judgement> {
    let Thresholds {
        max_total_issues,
        max_blocked_actions,
        max_by_risk,
        max_by_code,
        max_new_issues,
        max_lost_accounts,
    } = &settings.thresholds;
    let single = |name: &str, limit: &Option<u64>, value: Option<u64>| {
        limit.map(|limit| judgement(name.to_owned(), limit, value))
    };
    let by_risk = max_by_risk
        .iter()
        .map(|(risk, limit)| judgement(format!("max_by_risk.{risk}"), *limit, Some(totals.by_risk[*risk as usize])));
    let by_code = max_by_code.iter().map(|(code, limit)| {
        let judged = settings.tickets_enabled || code.scope() != Scope::Ticket;
        judgement(format!("max_by_code.{code}"), *limit, judged.then_some(totals.by_code[*code as usize]))
    });
    single("max_total_issues", max_total_issues, Some(totals.issues))
        .into_iter()
        .chain(single("max_blocked_actions", max_blocked_actions, Some(totals.blocked)))
        .chain(by_risk)
        .chain(by_code)
        .chain(single("max_new_issues", max_new_issues, against.new_issues))
        .chain(single("max_lost_accounts", max_lost_accounts, against.lost_accounts))
        .collect()
}

/// Judges how many issues are new.
pub fn new_issues_judged(limit: u64, value: u64) -> Judgement {
    judgement("max_new_issues".to_owned(), limit, Some(value))
}

fn judgement(name: String, limit: u64, value: Option<u64>) -> Judgement {
    Judgement { name, limit, value, breached: value.is_some_and(|value| value > limit) }
}
