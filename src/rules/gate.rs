//! The gate: which limits are exceeded.

use crate::model::settings::Thresholds;
use crate::rules::audit::Totals;
use serde::{Deserialize, Serialize};

/// A limit and what it was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    pub name: String,
    pub limit: u64,
    pub value: u64,
    pub breached: bool,
}

/// Judges every limit that is set, in the order of the configuration. `max_new_issues` is judged only against a
/// baseline, so only when `new_issues` is known.
pub fn judge(thresholds: &Thresholds, totals: &Totals, new_issues: Option<u64>) -> Vec<Judgement> {
    let Thresholds {
        max_total_issues,
        max_blocked_actions,
        max_by_risk,
        max_by_code,
        max_new_issues,
        max_lost_accounts: _,
    } = thresholds;
    let single = [
        ("max_total_issues", max_total_issues, totals.issues),
        ("max_blocked_actions", max_blocked_actions, totals.blocked),
    ];
    let single =
        single.into_iter().filter_map(|(name, limit, value)| limit.map(|limit| (name.to_owned(), limit, value)));
    let by_risk =
        max_by_risk.iter().map(|(risk, limit)| (format!("max_by_risk.{risk}"), *limit, totals.by_risk[*risk as usize]));
    let by_code =
        max_by_code.iter().map(|(code, limit)| (format!("max_by_code.{code}"), *limit, totals.by_code[*code as usize]));
    let new = max_new_issues.zip(new_issues).map(|(limit, value)| new_issues_judged(limit, value));
    single.chain(by_risk).chain(by_code).map(|(name, limit, value)| judgement(name, limit, value)).chain(new).collect()
}

/// Judges how many issues are new.
pub fn new_issues_judged(limit: u64, value: u64) -> Judgement {
    judgement("max_new_issues".to_owned(), limit, value)
}

fn judgement(name: String, limit: u64, value: u64) -> Judgement {
    Judgement { name, limit, value, breached: value > limit }
}
