//! What an audit's findings add up to: totals, the difference to the baseline, and the thresholds.

use crate::exit::Exit;
use crate::github::step_output::Output;
use crate::paths::absolute;
use crate::rules::audit::{Audit, Totals};
use crate::rules::gate::{self, Judgement, SinceBaseline};
use crate::run::artifacts::history::History;
use crate::run::diff::{self, Diff, FoundRows, Side};
use crate::run::publish::Published;
use crate::run::read::RunFolder;

/// The findings in numbers.
pub(super) struct Judged<'a> {
    pub totals: Totals,
    pub compared: Option<Diff<'a>>,
    pub thresholds: Vec<Judgement>,
    /// `None` without a baseline that lists its accounts.
    lost_accounts: Option<u64>,
}

impl<'a> Judged<'a> {
    /// Counts, compares and checks the limits. `rows` is set if there is a baseline; `earlier` is the history to continue.
    pub(super) fn new(
        found: &'a Audit<'_>,
        rows: Option<&'a FoundRows<'_>>,
        baseline: Option<&'a RunFolder>,
        earlier: Option<&History>,
    ) -> Self {
        let totals = found.totals();
        let was_gone = |id: &str| earlier.is_some_and(|earlier| earlier.gone.contains_key(id));
        let compared = baseline
            .zip(rows)
            .map(|(base, rows)| diff::compare_with(&Side::of_run(base), &Side::of_audit(found, rows), was_gone));
        let since = SinceBaseline {
            new_issues: compared.as_ref().map(|compared| compared.new.len() as u64),
            lost_accounts: found.lost.as_ref().map(|lost| lost.len() as u64),
        };
        let thresholds = gate::judge(found.settings, &totals, since);
        Self { totals, compared, thresholds, lost_accounts: since.lost_accounts }
    }

    /// What later steps of a workflow learn. Without a baseline, nothing is known of new issues.
    pub(super) fn outputs(&self, run: &Published) -> Vec<Output> {
        let Self { totals, compared, thresholds, lost_accounts } = self;
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
            ("lost-accounts", lost_accounts.map(|lost| lost.to_string()).unwrap_or_default()),
        ]
    }

    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        if self.thresholds.iter().any(|judgement| judgement.breached) { Exit::Breached } else { Exit::Done }
    }
}
