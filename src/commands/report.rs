//! `report`: renders a finished run, or one that left nothing, for the places where people look.

mod places;

use super::runs;
use crate::cli::{Common, FailedCommand, Report as Options, Target};
use crate::clock;
use crate::console::{self, Console, Format};
use crate::exit::{Exit, Failure};
use crate::report::apply_page::{self, ApplyReport};
use crate::report::audit_page::{AuditReport, Length};
use crate::report::change::Change;
use crate::report::change_config::ConfigurationChange;
use crate::report::change_page::{self, ChangeReport, ConfigurationReport};
use crate::report::failed_page::{FailedReport, KnownFailure};
use crate::report::page::Page;
use crate::report::place::{Place, UploadedArtifact, WorkflowRun};
use crate::report::{annotations, overview};
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::{ApplyReceipt, Mode};
use crate::run::diff::{self, Diff, Side};
use crate::run::facts::AuditFacts;
use crate::run::plan_file::PlanFile;
use crate::run::read::{self, RunFolder};
use crate::text::audience::Message;
use serde_json::{Value, json};
use std::path::Path;

/// The width of tables if there is no terminal.
const WIDTH: u16 = 120;

/// Runs `report`.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let console = common.console();
    let targets = if options.to.is_empty() { &[Target::Terminal][..] } else { &options.to };
    if console.format == Format::Json && targets.iter().any(|target| *target != Target::Terminal) {
        return Err(
            Failure::invalid("--format json prints only data").help("leave out --to, or leave out --format json")
        );
    }
    let place = place(&console, options);
    let finished = finished(common, options)?;
    let diff = finished.diff().unwrap_or_default();
    let change = finished.base().map(|base| Change::of(&base.summary, &diff));
    let report = finished.report(&diff, change.as_ref(), &place, options);
    let width = console::stdout_width().map_or(WIDTH, |width| u16::try_from(width).unwrap_or(WIDTH).max(60));
    for target in targets {
        match target {
            // The renderers have left out what this audience may not read.
            Target::Terminal => {
                console.say(Message::public(report.terminal(width)));
                console.data(Message::public(crate::run::artifacts::json(&report.data())));
            }
            Target::JobSummary => places::job_summary(&console, &report.page(Length::Full))?,
            Target::Comment => places::comment(&console, options, &report.page(Length::Short))?,
            Target::Issue => places::issue(&console, options, &report)?,
            Target::Annotations => console::plain(&report.annotations()),
            Target::Html => places::html(&console, options, &report)?,
        }
    }
    Ok(Exit::Done)
}

/// What is rendered.
enum Finished {
    Audit {
        run: Box<RunFolder>,
        facts: Box<AuditFacts>,
        base: Option<Box<RunFolder>>,
        applied: Option<ApplyReceipt>,
        /// `salesforce.instance_url` of the configuration, if there is one.
        salesforce: Option<String>,
    },
    Change {
        base: Box<RunFolder>,
        head: Box<RunFolder>,
        change: Option<ConfigurationChange>,
    },
    /// A change whose sides were not audited.
    Configuration {
        change: ConfigurationChange,
    },
    Apply {
        receipt: ApplyReceipt,
        plan: Option<PlanFile>,
    },
    Failed {
        subject: FailedCommand,
        code: u8,
        known: Option<KnownFailure>,
    },
}

fn finished(common: &Common, options: &Options) -> Result<Finished, Failure> {
    let change = options.change.as_deref().map(ConfigurationChange::read).transpose();
    let change = change.map_err(|error| Failure::invalid("the file of --change cannot be read").because(error))?;
    let Some(named) = &options.run_dir else {
        if let (Some(change), None) = (change, options.failed) {
            return Ok(Finished::Configuration { change });
        }
        let subject = options.command.unwrap_or(FailedCommand::Audit);
        let known = options.failure.as_deref().map(KnownFailure::read).transpose();
        let known = known.map_err(|error| Failure::invalid("the file of --failure cannot be read").because(error))?;
        return Ok(Finished::Failed { subject, code: options.failed.unwrap_or_default(), known });
    };
    let folder = &runs::folder(common, named, "run folder")?;
    if !folder.join(Artifact::Receipt.name()).exists() && folder.join(Artifact::ApplyReceipt.name()).exists() {
        let receipt = read::read_apply_receipt(&folder.join(Artifact::ApplyReceipt.name())).map_err(|error| {
            Failure::invalid(Message::public(format!("the run folder {} cannot be used", folder.display())))
                .because(&error)
        })?;
        return Ok(Finished::Apply { plan: plan_of(folder, &receipt), receipt });
    }
    let run = Box::new(runs::open_folder(common, folder, "run folder")?);
    let base = match &options.baseline {
        Some(path) => {
            let base = runs::open(common, path, "baseline")?;
            runs::comparable(path, &base, runs::about(&run))?;
            Some(Box::new(base))
        }
        None => None,
    };
    if options.command == Some(FailedCommand::Diff) {
        let base = base.ok_or_else(|| {
            Failure::invalid("a change needs two runs, and one is missing")
                .help("name the run folder from before the change with --baseline")
        })?;
        return Ok(Finished::Change { base, head: run, change });
    }
    let applied = run.apply_receipt().ok();
    let applied = applied.filter(|receipt| receipt.mode == Mode::Apply && receipt.source_plan_hash == run.plan.hash);
    let facts = Box::new(AuditFacts::of_run(&run));
    // A report is worth having without links too.
    let config = super::read_config(common.config.as_deref()).ok().flatten();
    let salesforce = config.and_then(|file| file.config.instance_url);
    Ok(Finished::Audit { run, facts, base, applied, salesforce })
}

/// The plan that the receipt in this folder is about, if it is found: names and targets come from it.
fn plan_of(folder: &Path, receipt: &ApplyReceipt) -> Option<PlanFile> {
    let (_, plan) = super::verify::find_plan(folder, &receipt.source_plan_hash, &receipt.source_plan_path)?;
    (plan.hash == plan.stated_hash).then_some(plan)
}

/// Where the report is read, from the options and from GitHub's environment variables.
fn place(console: &Console, options: &Options) -> Place {
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let run = match (env("GITHUB_SERVER_URL"), env("GITHUB_REPOSITORY"), env("GITHUB_RUN_ID")) {
        (Some(server), Some(repository), Some(id)) => id.parse().ok().map(|id| WorkflowRun { server, repository, id }),
        _ => None,
    };
    let artifact = options.artifact_name.clone().filter(|name| !name.is_empty());
    Place {
        audience: console.audience,
        artifact: artifact.map(|name| UploadedArtifact { name, url: options.artifact_url.clone() }),
        apply_workflow: options.apply_workflow.clone(),
        run,
    }
}

impl Finished {
    fn base(&self) -> Option<&RunFolder> {
        match self {
            Self::Audit { base, .. } => base.as_deref(),
            Self::Change { base, .. } => Some(base),
            Self::Configuration { .. } | Self::Apply { .. } | Self::Failed { .. } => None,
        }
    }

    fn diff(&self) -> Option<Diff<'_>> {
        let (Self::Audit { run: head, .. } | Self::Change { head, .. }) = self else { return None };
        Some(diff::compare(&Side::of_run(self.base()?), &Side::of_run(head)))
    }

    fn report<'a>(
        &'a self,
        diff: &'a Diff<'a>,
        change: Option<&'a Change>,
        place: &'a Place,
        options: &Options,
    ) -> Report<'a> {
        match self {
            Self::Audit { run, facts, applied, salesforce, base: _ } => Report::Audit(AuditReport {
                run,
                facts,
                change,
                diff: change.map(|_| diff),
                applied: applied.as_ref(),
                salesforce: salesforce.as_deref(),
                place,
            }),
            Self::Change { base, head, change } => {
                let is_breached = options.exit_code == Some(Exit::Breached.code());
                let (change, now, shorter_window) = (change.as_ref(), clock::now(), options.shorter_window);
                Report::Change(ChangeReport { base, head, diff, is_breached, shorter_window, change, now, place })
            }
            Self::Configuration { change } => Report::Configuration(ConfigurationReport { change, place }),
            Self::Apply { receipt, plan } => {
                Report::Apply(ApplyReport { receipt, plan: plan.as_ref(), apply_follows: options.apply_follows, place })
            }
            Self::Failed { subject, code, known } => {
                Report::Failed(FailedReport { subject: *subject, code: *code, known: known.as_ref(), place })
            }
        }
    }
}

/// A report, in each of its forms.
pub(super) enum Report<'a> {
    Audit(AuditReport<'a>),
    Change(ChangeReport<'a>),
    Configuration(ConfigurationReport<'a>),
    Apply(ApplyReport<'a>),
    Failed(FailedReport<'a>),
}

impl Report<'_> {
    fn page(&self, length: Length) -> Page {
        match self {
            Self::Audit(report) => report.page(length),
            Self::Change(report) => report.page(length),
            Self::Configuration(report) => report.page(),
            Self::Apply(report) => report.page(length),
            Self::Failed(report) => report.page(),
        }
    }

    fn terminal(&self, width: u16) -> String {
        match self {
            Self::Audit(report) => overview::audit(report, width),
            Self::Change(report) => overview::change(report),
            Self::Configuration(report) => {
                format!("{} This change: {}\n  {}", report.verdict().0.as_str(), report.verdict().1, report.why())
            }
            Self::Apply(report) => overview::apply(report, width),
            Self::Failed(report) => overview::failed(report),
        }
    }

    fn annotations(&self) -> String {
        match self {
            Self::Audit(report) => annotations::audit(report),
            Self::Change(report) => annotations::change(report),
            Self::Configuration(report) => annotations::configuration(report),
            Self::Apply(report) => annotations::apply(report.receipt),
            Self::Failed(report) => annotations::failed(report),
        }
    }

    /// The verdict and its counts, for machines.
    fn data(&self) -> Value {
        match self {
            Self::Audit(report) => {
                let AuditReport { facts, change, .. } = *report;
                let breached = facts.thresholds.iter().filter(|judgement| judgement.breached);
                json!({
                    "kind": "audit",
                    "run_id": facts.run_id,
                    "verdict": report.verdict().1,
                    "breached": breached.map(|judgement| &judgement.name).collect::<Vec<_>>(),
                    "total_issue_count": facts.issues,
                    "new_issue_count": change.map(Change::new_issues),
                    "resolved_issue_count": change.map(Change::resolved_issues),
                    "prepared_action_count": facts.prepared,
                    "blocked_action_count": facts.blocked,
                    "suppressed_issue_count": facts.suppressed,
                    "plan_hash": facts.plan_hash,
                })
            }
            Self::Change(report) => json!({
                "kind": "change",
                "run_id": report.head.summary.run_id,
                "verdict": change_page::verdict(report).1,
                "new_issue_count": report.diff.new.len(),
                "resolved_issue_count": report.diff.resolved.len(),
                "changed_issue_count": report.diff.changed.len(),
                "plan_hash": report.head.plan.hash,
            }),
            Self::Configuration(report) => json!({ "kind": "change", "verdict": report.verdict().1 }),
            Self::Apply(ApplyReport { receipt, .. }) => json!({
                "kind": "apply",
                "run_id": receipt.run_id,
                "verdict": apply_page::verdict(receipt).1,
                "mode": receipt.mode,
                "completed": receipt.completed,
                "counts": receipt.counts,
                "plan_hash": receipt.source_plan_hash,
            }),
            Self::Failed(report) => json!({
                "kind": "failed",
                "exit_code": report.code,
                "verdict": report.verdict().1,
            }),
        }
    }
}
