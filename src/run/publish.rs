//! The run folder of an audit: every file of it, some written side by side, and its name when all are there.

use crate::clock;
use crate::config::ApplyLimits;
use crate::model::time::Instant;
use crate::parallel;
use crate::rules::audit::{Audit, Totals};
use crate::rules::gate::Judgement;
use crate::run::artifacts::receipt::Origin;
use crate::run::artifacts::summary::summary;
use crate::run::artifacts::summary_md::markdown;
use crate::run::artifacts::tables::{self, IssueFiles};
use crate::run::artifacts::{self, Artifact, Run};
use crate::run::create::{Folder, Root};
use crate::run::facts::AuditFacts;
use std::io;
use std::path::{Path, PathBuf};

/// All that the artifacts are made from.
#[derive(Debug)]
pub struct Content<'a> {
    pub audit: &'a Audit<'a>,
    pub totals: &'a Totals,
    pub thresholds: &'a [Judgement],
    pub origin: Origin,
    pub limits: &'a ApplyLimits,
    /// When the run ended, where `--as-of` says so; else the time at which its receipt is written.
    pub ended_at: Option<Instant>,
}

/// A run that has its folder.
#[derive(Debug)]
pub struct Published {
    pub run: Run,
    pub folder: PathBuf,
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
    let (run_id, folder, facts) = root.publish(run.started_at, "audit", snapshot, |run_id, folder| {
        run.run_id = run_id.to_owned();
        content.write(&run, folder)
    })?;
    run.run_id = run_id;
    Ok(Published { run, folder, facts, origin: content.origin })
}

impl Content<'_> {
    /// Writes the files; the result is what people are told of them. The receipt comes last, for it digests the others.
    fn write(&self, run: &Run, folder: &Folder) -> io::Result<AuditFacts> {
        // The issues take the longest.
        let (issues, plan) = parallel::both(|| self.issues(folder), || self.plan(run, folder));
        issues?;
        let plan_hash = plan?;
        let facts = AuditFacts::of_audit(self.audit, run, self.totals, self.thresholds, &plan_hash);
        self.summaries(run, &facts, folder)?;
        self.receipts(run, &plan_hash, folder)?;
        Ok(facts)
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

    /// The plan for programs and as a table, and the table by account; the result is the plan's hash.
    fn plan(&self, run: &Run, folder: &Folder) -> io::Result<String> {
        let plan_hash = artifacts::plan::plan_hash(self.audit, run);
        folder.file(Artifact::FixPlan.name(), |out| artifacts::plan::write(self.audit, run, &plan_hash, out))?;
        folder.file(Artifact::FixPlanTable.name(), |out| tables::fix_plan(self.audit, out))?;
        folder.file(Artifact::ExceptionsByAccount.name(), |out| tables::exceptions_by_account(self.audit, out))?;
        Ok(plan_hash)
    }

    fn summaries(&self, run: &Run, facts: &AuditFacts, folder: &Folder) -> io::Result<()> {
        let Self { audit, totals, thresholds, .. } = self;
        folder.file(Artifact::Summary.name(), |out| {
            artifacts::summary::write(&summary(audit, run, totals, &facts.plan_hash, thresholds), out)
        })?;
        folder.file(Artifact::SummaryMd.name(), |out| out.write_all(markdown(facts).as_bytes()))
    }

    fn receipts(&self, run: &Run, plan_hash: &str, folder: &Folder) -> io::Result<()> {
        let Self { audit, totals, origin, limits, ended_at, thresholds: _ } = self;
        folder.file(Artifact::ApplyReceipt.name(), |out| {
            artifacts::apply_receipt::write_not_run(audit, &run.run_id, plan_hash, limits, out)
        })?;
        let digests = folder.digests();
        let finished_at = ended_at.unwrap_or_else(clock::now);
        folder.file(Artifact::Receipt.name(), |out| {
            artifacts::receipt::write(audit, run, origin, totals, plan_hash, finished_at, digests, out)
        })
    }
}
