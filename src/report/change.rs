//! What has changed since a baseline, as counts.

use crate::catalogue::IssueCode;
use std::collections::BTreeMap;

/// Counts of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub base_run_id: String,
    pub new: BTreeMap<IssueCode, u64>,
    pub resolved: BTreeMap<IssueCode, u64>,
    /// Tickets that are no longer in the window.
    pub left_window: u64,
}

impl Change {
    pub fn new_issues(&self) -> u64 {
        self.new.values().sum()
    }

    pub fn resolved_issues(&self) -> u64 {
        self.resolved.values().sum()
    }

    /// New and resolved ones of a code.
    pub fn of(&self, code: IssueCode) -> (u64, u64) {
        let count = |counts: &BTreeMap<IssueCode, u64>| counts.get(&code).copied().unwrap_or_default();
        (count(&self.new), count(&self.resolved))
    }
}
