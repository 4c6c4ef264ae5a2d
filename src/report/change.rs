//! What has changed since a baseline, as counts.

use crate::catalogue::IssueCode;
use crate::run::artifacts::rows::IssueRow;
use crate::run::artifacts::summary::Summary;
use crate::run::diff::Diff;
use std::collections::BTreeMap;

/// Counts of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub base_run_id: String,
    pub new: BTreeMap<IssueCode, u64>,
    pub resolved: BTreeMap<IssueCode, u64>,
    /// Issues with another status than then.
    pub changed: u64,
    /// Tickets that are no longer in the window.
    pub left_window: u64,
    /// Issues of accounts that are no longer in the reference.
    pub left_reference: BTreeMap<IssueCode, u64>,
    /// What the baseline counted, by the names of the thresholds.
    pub before: BTreeMap<String, u64>,
}

impl Change {
    /// Counts a difference to the baseline of this summary.
    pub fn of(base: &Summary, diff: &Diff<'_>) -> Self {
        Self {
            base_run_id: base.run_id.clone(),
            new: by_code(&diff.new),
            resolved: by_code(&diff.resolved),
            changed: diff.changed.len() as u64,
            left_window: diff.left_window.len() as u64,
            left_reference: by_code(&diff.left_reference),
            before: before(base),
        }
    }

    /// What the baseline counted for the threshold of this name; `None` for one that is a comparison itself.
    pub fn before(&self, threshold: &str) -> Option<u64> {
        self.before.get(threshold).copied()
    }

    pub fn new_issues(&self) -> u64 {
        self.new.values().sum()
    }

    pub fn resolved_issues(&self) -> u64 {
        self.resolved.values().sum()
    }

    pub fn left_reference_issues(&self) -> u64 {
        self.left_reference.values().sum()
    }

    /// New and resolved ones of a code, and those whose account left the reference.
    pub fn of_code(&self, code: IssueCode) -> (u64, u64, u64) {
        let count = |counts: &BTreeMap<IssueCode, u64>| counts.get(&code).copied().unwrap_or_default();
        (count(&self.new), count(&self.resolved), count(&self.left_reference))
    }
}

fn before(base: &Summary) -> BTreeMap<String, u64> {
    let by_risk = base.by_risk.iter().map(|(risk, count)| (format!("max_by_risk.{risk}"), *count));
    let by_code = base.by_code.iter().map(|(code, count)| (format!("max_by_code.{code}"), *count));
    let totals = [("max_total_issues", base.total_issue_count), ("max_blocked_actions", base.blocked_action_count)];
    totals.map(|(name, count)| (name.to_owned(), count)).into_iter().chain(by_risk).chain(by_code).collect()
}

/// How many issues there are of each code.
pub fn by_code(issues: &[&IssueRow]) -> BTreeMap<IssueCode, u64> {
    let mut counts = BTreeMap::new();
    issues.iter().for_each(|issue| *counts.entry(issue.issue_code).or_default() += 1);
    counts
}
