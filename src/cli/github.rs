//! `g-gremlin github`: the checks that a workflow makes with GitHub, and the steps of the Action.

use super::{Common, Outputs, parse};
use clap::{Args, Subcommand};

pub(super) const HELP: &str = "\
find-run and check-approval run inside a workflow. GitHub sets GITHUB_REPOSITORY and GITHUB_API_URL; pass GITHUB_TOKEN to the step.

Exit codes:
  0  the run is trusted, or the hash is approved
  2  the command line is invalid, or a variable is missing
  3  GitHub could not be read
  4  refused: the run is not trusted, or the hash is not approved";

#[derive(Debug, Args)]
pub struct Github {
    #[command(subcommand)]
    pub command: GithubCommand,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Subcommand)]
pub enum GithubCommand {
    /// Find the run of an audit and its artifact, and check where they came from
    FindRun(FindRun),
    /// Check that a reviewed pull request approved the hash of a plan
    CheckApproval(CheckApproval),
    /// A step of the Action; INPUTS has the inputs, and WORK names a work folder
    #[command(subcommand)]
    Action(ActionStep),
}

/// The steps of the Action.
#[derive(Debug, Subcommand)]
pub enum ActionStep {
    /// Check the inputs; find the run, the version before a change and the approval; with a GitHub token, without credentials
    Prepare,
    /// Run the command; with credentials, without a GitHub token
    Run,
    /// Write the summary and the annotations
    Report {
        /// Post the comment instead; with a GitHub token
        #[arg(long)]
        post: bool,
    },
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["run_id", "latest", "baseline"]))]
pub struct FindRun {
    /// This run; if a check fails, the exit code is 4
    #[arg(long, value_name = "ID")]
    pub run_id: Option<u64>,
    /// The newest trusted run that still has its artifact; finding none is not an error
    #[arg(long)]
    pub latest: bool,
    /// The newest run to compare a new audit with: one within the limits of new issues and lost accounts
    #[arg(long)]
    pub baseline: bool,
    /// The workflow that runs audits, a file in .github/workflows
    #[arg(long, value_name = "FILE", default_value = "drift-audit.yml")]
    pub workflow: String,
    /// The start of the artifact name
    #[arg(long, value_name = "TEXT", default_value = "g-gremlin-audit")]
    pub artifact_prefix: String,
    #[command(flatten)]
    pub outputs: Outputs,
}

#[derive(Debug, Args)]
pub struct CheckApproval {
    /// The hash of the plan, as the audit prints it
    #[arg(long, value_name = "HASH", value_parser = parse::hash)]
    pub plan_hash: String,
    /// The folder of approvals; each approval is a file named after its hash
    #[arg(long, value_name = "FOLDER", default_value = ".g-gremlin/approvals", value_parser = parse::folder)]
    pub folder: String,
    #[command(flatten)]
    pub outputs: Outputs,
}
