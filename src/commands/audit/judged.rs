//! What an audit's findings add up to: totals, the difference to the baseline, and the thresholds.

use crate::exit::Exit;
use crate::github::step_output::Output;
use crate::model::settings::Settings;
use crate::paths::absolute;
use crate::rules::audit::{Audit, Totals};
use crate::rules::gate::{self, AgainstBaseline, Judgement};
use crate::run::diff::{self, Diff, Side};
use crate::run::publish::Published;
use crate::run::read::{IssueRow, RunFolder};

/// The findings in numbers.
pub(super) struct Judged<'a> {
    pub totals: Totals,
    pub compared: Option<Diff<'a>>,
    pub thresholds: Vec<Judgement>,
}

impl<'a> Judged<'a> {
    /// Counts, compares and judges. `rows` are the issues of the audit, empty without a baseline.
    pub(super) fn new(
        found: &'a Audit<'_>,
        rows: &'a [IssueRow],
        baseline: Option<&'a RunFolder>,
        settings: &Settings,
    ) -> Self {
        let totals = found.totals();
        let compared = baseline.map(|base| diff::compare(&Side::of_run(base), &Side::of_audit(found, rows)));
        let new_issues = compared.as_ref().map(|compared| compared.new.len() as u64);
        let against = AgainstBaseline { new_issues, lost_accounts: found.lost.as_ref().map(|lost| lost.len() as u64) };
        let thresholds = gate::judge(settings, &totals, against);
        Self { totals, compared, thresholds }
    }

    /// What later steps of a workflow learn. Without a baseline, nothing is known of new issues.
    pub(super) fn outputs(&self, run: &Published) -> Vec<Output> {
        let Self { totals, compared, thresholds } = self;
        let new = compared.as_ref().map(|compared| compared.new.len().to_string());
        let resolved = compared.as_ref().map(|compared| compared.resolved.len().to_string());
        vec![
            ("run-dir", absolute(&run.folder)),
            ("plan-hash", run.facts.plan_hash.clone()),
            ("total-issues", totals.issues.to_string()),
            ("prepared-actions", totals.prepared.to_string()),
            ("blocked-actions", totals.blocked.to_string()),
            ("breached", super::super::breached(thresholds)),
            ("new-issues", new.unwrap_or_default()),
            ("resolved-issues", resolved.unwrap_or_default()),
        ]
    }

    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        if self.thresholds.iter().any(|judgement| judgement.breached) { Exit::Breached } else { Exit::Done }
    }
}
