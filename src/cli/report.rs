//! The flags of `report`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The commands that a workflow runs and that have a report when they fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailedCommand {
    Audit,
    Apply,
    Diff,
    Doctor,
}

impl FailedCommand {
    /// The start of the report's heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audit => "Drift audit",
            Self::Apply => "Apply",
            Self::Diff => "Check of the change",
            Self::Doctor => "Doctor",
        }
    }
}

/// Where a report goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Tables on standard output
    Terminal,
    /// Appended to the file of GITHUB_STEP_SUMMARY; without it, Markdown on standard output
    JobSummary,
    /// The comment on the pull request, as Markdown on standard output
    Comment,
    /// The tracking issue of the repository, opened, edited, closed or reopened; only for an audit
    Issue,
    /// Workflow commands on standard output
    Annotations,
    /// One self-contained page, report.html next to the run folder, or the file of --html-file
    Html,
}

#[derive(Debug, Args)]
pub struct Report {
    /// The run of an audit, a dry run or an apply: a folder, a run id under the root, or latest
    #[arg(value_name = "RUN", required_unless_present_any = ["failed", "change"], conflicts_with = "failed")]
    pub run_dir: Option<PathBuf>,
    /// The run to compare an audit with
    #[arg(long, value_name = "RUN", conflicts_with = "failed")]
    pub baseline: Option<PathBuf>,
    /// Where the report goes; may be repeated [default: terminal]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub to: Vec<Target>,
    /// With --to html: the file to write [default: report.html next to the run folder]
    #[arg(long, value_name = "FILE", conflicts_with = "failed")]
    pub html_file: Option<PathBuf>,
    /// Report a command that left no run folder; CODE is its exit code
    #[arg(long, value_name = "CODE", requires = "command")]
    pub failed: Option<u8>,
    /// With --command diff: what changes in the configuration, as the Action keeps it
    #[arg(long, value_name = "FILE", hide = true)]
    pub change: Option<PathBuf>,
    /// What failed, as the Action keeps it
    #[arg(long, value_name = "FILE", requires = "failed", hide = true)]
    pub failure: Option<PathBuf>,
    /// With --failed: the command that failed. Without it: diff, to report the effect of a change to the configuration
    #[arg(long, value_enum, value_name = "NAME")]
    pub command: Option<FailedCommand>,
    /// With --command diff: the exit code of the comparison; the run folders do not have its thresholds
    #[arg(long, value_name = "CODE", conflicts_with = "failed")]
    pub exit_code: Option<u8>,
    /// With --command diff: the ticket window of both audits in days, if the change needs more than the snapshot has
    #[arg(long, value_name = "DAYS", conflicts_with = "failed")]
    pub shorter_window: Option<u32>,
    /// For a dry run: this workflow run will apply the plan once it is approved
    #[arg(long, help_heading = "In a workflow", conflicts_with = "failed")]
    pub apply_follows: bool,
    /// The artifact that holds the run folder
    #[arg(long, value_name = "NAME", help_heading = "In a workflow")]
    pub artifact_name: Option<String>,
    /// Where that artifact can be downloaded
    #[arg(long, value_name = "URL", help_heading = "In a workflow", requires = "artifact_name")]
    pub artifact_url: Option<String>,
    /// The workflow that applies a plan
    #[arg(long, value_name = "FILE", help_heading = "In a workflow", default_value = "drift-apply.yml")]
    pub apply_workflow: String,
    /// Separates the comments, or the tracking issues, of several Zendesks
    #[arg(long, value_name = "KEY", help_heading = "In a workflow")]
    pub comment_key: Option<String>,
    /// The pull request to comment on, if the event does not name one
    #[arg(long, value_name = "N", help_heading = "In a workflow")]
    pub pr_number: Option<u64>,
}
