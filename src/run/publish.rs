//! The run folder of an audit: every file of it, some written side by side, and its name when all are there.

use crate::clock;
use crate::config::ApplyLimits;
use crate::model::time::Instant;
use crate::parallel;
use crate::rules::audit::{Audit, Totals};
use crate::rules::gate::Judgement;
use crate::run::artifacts::history::{History, HistoryRun, issue_name};
use crate::run::artifacts::receipt::Origin;
use crate::run::artifacts::summary::Summary;
use crate::run::artifacts::summary_md::markdown;
use crate::run::artifacts::tables::{self, IssueFiles};
use crate::run::artifacts::{self, Artifact, Run};
use crate::run::create::{Folder, Root};
use crate::run::diff::Diff;
use crate::run::diff::document::document;
use crate::run::facts::AuditFacts;
use crate::run::read::RunFolder;
use std::io;
use std::path::{Path, PathBuf};

/// All that the artifacts are made from.
#[derive(Debug)]
pub struct Content<'a> {
    pub audit: &'a Audit<'a>,
    pub totals: &'a Totals,
    pub thresholds: &'a [Judgement],
    pub origin: Origin,
    /// The baseline, and what differs from it.
    pub compared: Option<(&'a RunFolder, &'a Diff<'a>)>,
    /// The history that the run's continues.
    pub earlier: Option<&'a History>,
    pub limits: &'a ApplyLimits,
    /// When the run ended, where `--as-of` says so; else the time at which its receipt is written.
    pub ended_at: Option<Instant>,
}

/// A run that has its folder.
#[derive(Debug)]
pub struct Published {
    pub run: Run,
    pub folder: PathBuf,
    pub summary: Summary,
    pub facts: AuditFacts,
    pub origin: Origin,
}

/// Writes the run folder into the root. `run` gets its id here; the folder of a snapshot, already filled, appears with the
/// run's at the same moment, or neither does.
pub fn publish(
    root: &Root,
    mut run: Run,
    snapshot: Option<(Folder, &Path)>,
    content: Content<'_>,
) -> io::Result<Published> {
    let (run_id, folder, (summary, facts)) = root.publish(run.started_at, "audit", snapshot, |run_id, folder| {
        run.run_id = run_id.to_owned();
        content.write(&run, folder)
    })?;
    run.run_id = run_id;
    Ok(Published { run, folder, summary, facts, origin: content.origin })
}

impl Content<'_> {
    /// Writes the files; the result is what they add up to, for programs and for people. The receipt comes last, for it
    /// digests the others.
    fn write(&self, run: &Run, folder: &Folder) -> io::Result<(Summary, AuditFacts)> {
        let Self { audit, totals, thresholds, .. } = *self;
        // Side by side, and about as long: what measuring gave (docs/performance.md).
        let (tables, plan) = parallel::both(|| self.tables(folder), || self.plan(run, folder));
        tables?;
        let summary = Summary::of(audit, run, totals, plan?, thresholds);
        let facts = AuditFacts::of_audit(audit, &summary);
        let (since, not_run) =
            parallel::both(|| self.since(&summary, folder), || self.apply_receipt(run, &summary.plan_hash, folder));
        since?;
        not_run?;
        folder.file(Artifact::Summary.name(), |out| artifacts::write_json(&summary, out))?;
        folder.file(Artifact::SummaryMd.name(), |out| out.write_all(markdown(&facts).as_bytes()))?;
        self.receipt(run, &summary.plan_hash, folder)?;
        Ok((summary, facts))
    }

    /// The tables of issues, actions and advisories, and the one by account.
    fn tables(&self, folder: &Folder) -> io::Result<()> {
        self.issues(folder)?;
        folder.file(Artifact::FixPlanTable.name(), |out| tables::fix_plan(self.audit, out))?;
        folder.file(Artifact::ExceptionsByAccount.name(), |out| tables::exceptions_by_account(self.audit, out))?;
        folder.file(Artifact::Advisories.name(), |out| tables::advisories(self.audit, out))
    }

    /// The tables of issues, each row written to the table of all and to that of its scope.
    fn issues(&self, folder: &Folder) -> io::Result<()> {
        folder.file(Artifact::AllExceptions.name(), |all| {
            folder.file(Artifact::OrgIssues.name(), |org| {
                folder.file(Artifact::UserIssues.name(), |user| {
                    folder.file(Artifact::TicketIssues.name(), |ticket| {
                        tables::issues(self.audit, IssueFiles { all, org, user, ticket })
                    })
                })
            })
        })
    }

    /// The plan and the table of accounts; the result is the plan's hash.
    fn plan(&self, run: &Run, folder: &Folder) -> io::Result<String> {
        let plan_hash = folder.file(Artifact::FixPlan.name(), |out| artifacts::plan::write(self.audit, run, out))?;
        folder.file(Artifact::Accounts.name(), |out| tables::accounts(self.audit, out))?;
        Ok(plan_hash)
    }

    /// The history, and what differs from the baseline.
    fn since(&self, summary: &Summary, folder: &Folder) -> io::Result<()> {
        let Self { audit, thresholds, origin, compared, earlier, .. } = self;
        let counts = compared.map(|(_, diff)| (diff.new.len() as u64, diff.resolved.len() as u64));
        let issues = audit.issues.iter().map(|issue| issue_name(issue.id));
        let history = History::new(*earlier, HistoryRun::of(summary, counts), issues, audit.as_of);
        folder.file(Artifact::History.name(), |out| artifacts::write_json(&history, out))?;
        let Some((base, diff)) = *compared else { return Ok(()) };
        let document = document(&base.summary, summary, origin.suppressions_from.as_ref(), diff, thresholds);
        folder.file(Artifact::Diff.name(), |out| artifacts::write_json(&document, out))
    }

    /// The receipt of an apply that has not run: every action, not applied.
    fn apply_receipt(&self, run: &Run, plan_hash: &str, folder: &Folder) -> io::Result<()> {
        folder.file(Artifact::ApplyReceipt.name(), |out| {
            artifacts::apply_receipt::write_not_run(self.audit, &run.run_id, plan_hash, self.limits, out)
        })
    }

    fn receipt(&self, run: &Run, plan_hash: &str, folder: &Folder) -> io::Result<()> {
        let Self { audit, totals, origin, ended_at, .. } = self;
        let digests = folder.digests();
        let finished_at = ended_at.unwrap_or_else(clock::now);
        folder.file(Artifact::Receipt.name(), |out| {
            artifacts::receipt::write(audit, run, origin, totals, plan_hash, finished_at, digests, out)
        })
    }
}
