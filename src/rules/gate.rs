//! The gate: which limits are exceeded.

use crate::catalogue::Scope;
use crate::model::settings::{Settings, Thresholds};
use crate::rules::audit::Totals;
use crate::text::words::grouped;
use serde::{Deserialize, Serialize};

/// A limit, and the value that it was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    pub name: String,
    pub limit: u64,
    /// `None` if it was not checked: it needs a baseline and there is none, or tickets were not read.
    pub value: Option<u64>,
    pub breached: bool,
}

impl Judgement {
    /// The value for people.
    pub fn value_shown(&self) -> String {
        self.value.map_or_else(|| "not checked".to_owned(), grouped)
    }

    /// `breached`, `kept`, or `not checked`.
    pub const fn verdict(&self) -> &'static str {
        match (self.breached, self.value) {
            (true, _) => "breached",
            (false, Some(_)) => "kept",
            (false, None) => "not checked",
        }
    }
}

/// What a baseline says about a run; `None` if there is none, or if it does not list its accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SinceBaseline {
    pub new_issues: Option<u64>,
    pub lost_accounts: Option<u64>,
}

/// Checks every limit that is set, in the order of the configuration; limits that need a baseline come last. The limit of a
/// ticket code is not checked when tickets are not read.
pub fn judge(settings: &Settings, totals: &Totals, since: SinceBaseline) -> Vec<Judgement> {
    let Thresholds { max_total_issues, max_blocked_actions, max_by_risk, max_by_code, .. } = &settings.thresholds;
    let single = [
        ("max_total_issues", max_total_issues, totals.issues),
        ("max_blocked_actions", max_blocked_actions, totals.blocked),
    ];
    let single = single.into_iter().filter_map(|(name, limit, value)| Some((name.to_owned(), (*limit)?, Some(value))));
    let by_risk = max_by_risk.iter().map(|(risk, limit)| {
        let value = totals.by_risk[*risk as usize];
        (format!("max_by_risk.{risk}"), *limit, Some(value))
    });
    let by_code = max_by_code.iter().map(|(code, limit)| {
        let is_judged = settings.tickets_enabled || code.scope() != Scope::Ticket;
        (format!("max_by_code.{code}"), *limit, is_judged.then_some(totals.by_code[*code as usize]))
    });
    let judged = single.chain(by_risk).chain(by_code).map(|(name, limit, value)| judgement(name, limit, value));
    judged.chain(judge_since_baseline(&settings.thresholds, since)).collect()
}

/// Checks the limits that need a baseline.
pub fn judge_since_baseline(thresholds: &Thresholds, since: SinceBaseline) -> impl Iterator<Item = Judgement> {
    let limits = [
        ("max_new_issues", thresholds.max_new_issues, since.new_issues),
        ("max_lost_accounts", thresholds.max_lost_accounts, since.lost_accounts),
    ];
    limits.into_iter().filter_map(|(name, limit, value)| Some(judgement(name.to_owned(), limit?, value)))
}

fn judgement(name: String, limit: u64, value: Option<u64>) -> Judgement {
    Judgement { name, limit, value, breached: value.is_some_and(|value| value > limit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_exceeded_kept_or_not_judged() {
        let told = |value| {
            let one = judgement("max_total_issues".to_owned(), 1_000, value);
            (one.value_shown(), one.verdict())
        };
        assert_eq!(told(Some(1_001)), ("1,001".to_owned(), "breached"));
        assert_eq!(told(Some(1_000)), ("1,000".to_owned(), "kept"));
        assert_eq!(told(None), ("not checked".to_owned(), "not checked"));
    }
}
