//! The command line: flags, their help, and which exclude each other.

mod github;
mod parse;
mod report;

pub use github::{ActionStep, CheckApproval, FindRun, Github, GithubCommand};
pub use report::{FailedCommand, Report, Target};

use crate::console::Format;
use crate::model::time::Instant;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Audits customer identity between Salesforce and Zendesk before anything is synced or repaired.
#[derive(Debug, Parser)]
#[command(name = "g-gremlin", version, propagate_version = true, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub area: Area,
}

impl Cli {
    /// Completes a shortened command line: `g-gremlin audit …`, `g-gremlin drift audit …` and `g-gremlin zendesk audit …` all mean
    /// `g-gremlin zendesk drift audit …`.
    pub fn understood(mut arguments: Vec<OsString>) -> Vec<OsString> {
        let drift = Drift::augment_args(clap::Command::new("drift"));
        let is_command = |argument: Option<&OsString>| {
            argument.and_then(|text| text.to_str()).is_some_and(|text| drift.find_subcommand(text).is_some())
        };
        let (first, second) = (arguments.get(1), arguments.get(2));
        let missing: &[&str] = match first.and_then(|text| text.to_str()) {
            Some("drift") => &["zendesk"],
            Some("zendesk") if is_command(second) => {
                arguments.insert(2, "drift".into());
                return arguments;
            }
            Some(_) if is_command(first) => &["zendesk", "drift"],
            _ => &[],
        };
        arguments.splice(1..1, missing.iter().map(OsString::from));
        arguments
    }
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, parsed once")]
pub enum Area {
    /// Customer identity in Zendesk
    #[command(arg_required_else_help = true)]
    Zendesk {
        #[command(subcommand)]
        topic: Topic,
    },
    /// For workflows: check with GitHub that a run or an approval can be trusted
    #[command(arg_required_else_help = true, after_help = github::HELP)]
    Github(Github),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(Completions),
}

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
    #[command(flatten)]
    pub common: Common,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  bash, for you alone:
    g-gremlin completions bash > ~/.local/share/bash-completion/completions/g-gremlin
  zsh, in a folder of $fpath:
    g-gremlin completions zsh > ~/.zfunc/_g-gremlin
  fish:
    g-gremlin completions fish > ~/.config/fish/completions/g-gremlin.fish
  PowerShell, at the end of $PROFILE:
    g-gremlin completions powershell | Out-String | Invoke-Expression";

#[derive(Debug, Subcommand)]
pub enum Topic {
    /// Drift between the Salesforce reference and Zendesk
    #[command(arg_required_else_help = true, after_help = EXIT_CODES)]
    Drift(Drift),
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done; no threshold breached
  1    done, but a threshold is breached (audit, diff), something does not match (verify), or an action of a live apply
       failed or was aborted
  2    the command line, the configuration or an input file is invalid
  3    Zendesk could not be read, or the local disk failed
  4    refused for safety: a wrong hash, another Zendesk, a demo plan, an old plan, or another apply is running
  130  interrupted; an audit leaves no run folder, an apply leaves its journal and receipt

Try it without credentials:
  g-gremlin zendesk drift audit --demo";

#[derive(Debug, Args)]
pub struct Drift {
    #[command(subcommand)]
    pub command: DriftCommand,
    #[command(flatten)]
    pub common: Common,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Common {
    /// The configuration [default: gremlin.zendesk_drift.yaml, when it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How results are printed; json prints only data
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print only errors and breached thresholds
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Print every warning, and every request to Zendesk
    #[arg(long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// When to use colors; NO_COLOR turns them off too
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// On GitHub: print names, ids and domains although the repository may be public
    #[arg(long, global = true)]
    pub allow_public_artifacts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum DriftCommand {
    /// Write gremlin.zendesk_drift.yaml, check the reference CSV, create the output root
    Init(Init),
    /// Read both systems, find drift, plan repairs, check thresholds; nothing is written to Zendesk
    #[command(after_help = AUDIT_HELP)]
    Audit(AuditOptions),
    /// Explain one account, org, user, ticket or domain, step by step; nothing is written
    #[command(after_help = TRACE_HELP)]
    Trace(TraceOptions),
    /// Dry-run a plan, or apply it with --apply and its hash; the only command that writes to Zendesk
    #[command(after_help = APPLY_HELP)]
    Apply(Apply),
    /// Compare two runs: new, resolved and unchanged issues, and changes to the plan
    Diff(DiffOptions),
    /// Check that a run folder is unchanged: digests, the plan's hash, and whether its files and receipt agree
    Verify(Verify),
    /// Check credentials, role, scopes, limits and settings before a first audit; nothing is written to Zendesk
    #[command(after_help = DOCTOR_EXIT_CODES)]
    Doctor(Doctor),
    /// Show a finished run in the terminal, or as a job summary, comment, tracking issue, annotations or web page
    Report(Report),
    /// Show results over time: totals, issues that are new, resolved or back, and the oldest open issues
    #[command(after_help = TREND_HELP)]
    Trend(TrendOptions),
    /// Show what a code, action or reason means and what to do about it
    Explain(Explain),
}

#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub struct Init {
    /// The Salesforce reference CSV to name in the configuration and to check
    #[arg(long, value_name = "FILE")]
    pub sf_accounts: Option<PathBuf>,
    /// The Zendesk to name in the configuration: the part before .zendesk.com
    #[arg(long, value_name = "NAME", conflicts_with = "base_url")]
    pub subdomain: Option<String>,
    /// The Zendesk to name in the configuration, by its URL
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Read the accounts from Salesforce directly: write salesforce.source: soql, and test the query if credentials are set
    #[arg(long, conflicts_with = "sf_accounts")]
    pub salesforce: bool,
    /// With --salesforce: your My Domain, such as https://acme.my.salesforce.com [default: SALESFORCE_INSTANCE_URL]
    #[arg(long, value_name = "URL", requires = "salesforce")]
    pub instance_url: Option<String>,
    /// With --salesforce: the query [default: SELECT Id, Name, Website FROM Account]
    #[arg(long, value_name = "SOQL", requires = "salesforce")]
    pub query: Option<String>,
    /// Write the GitHub workflow for audits and pull request checks to .github/workflows instead, and print the commands
    /// that set up environments, secrets and the pin
    #[arg(long, conflicts_with_all = ["sf_accounts", "subdomain", "base_url", "salesforce"])]
    pub github: bool,
    /// With --github: also write the workflow that applies plans
    #[arg(long, requires = "github")]
    pub with_apply: bool,
    /// With --github: the action that the workflows use: OWNER/REPO@COMMIT with all 40 digits, or ./PATH in this repository
    /// [default: in a release, the action of this release]
    #[arg(long, value_name = "ACTION", requires = "github")]
    pub action: Option<String>,
    /// With --github: `source` makes the action build its own source instead of downloading a release
    #[arg(long = "version", value_name = "VERSION", requires = "github")]
    pub action_version: Option<String>,
    /// Overwrite an existing configuration or existing workflows
    #[arg(long)]
    pub force: bool,
}

/// Where a command reads from, and by which clock.
#[derive(Debug, Clone, Args)]
pub struct SourceOptions {
    /// Use the built-in demo data: no credentials, no network
    #[arg(long, help_heading = "Source", conflicts_with_all = ["snapshot", "subdomain", "base_url", "sf_accounts"])]
    pub demo: bool,
    /// Read a saved snapshot, or a folder of NDJSON files with Zendesk's field names: no network
    #[arg(long, value_name = "DIR", help_heading = "Source", conflicts_with_all = ["subdomain", "base_url"])]
    pub snapshot: Option<PathBuf>,
    /// Read this Zendesk live: the part before .zendesk.com
    #[arg(long, value_name = "NAME", help_heading = "Source", conflicts_with = "base_url")]
    pub subdomain: Option<String>,
    /// Read the Zendesk at this URL live
    #[arg(long, value_name = "URL", help_heading = "Source")]
    pub base_url: Option<String>,
    /// The Salesforce reference CSV
    #[arg(long, value_name = "FILE", help_heading = "Source")]
    pub sf_accounts: Option<PathBuf>,
    /// Check tickets of the last N days [default: 30]
    #[arg(long, value_name = "N", help_heading = "Source")]
    pub lookback_days: Option<u64>,
    /// Use this time as the current time, instead of the source's own
    #[arg(long, value_name = "RFC3339", value_parser = parse::time, help_heading = "Source")]
    pub as_of: Option<Instant>,
}

#[derive(Debug, Args)]
pub struct AuditOptions {
    #[command(flatten)]
    pub source: SourceOptions,
    /// A limit, such as max_total_issues=200 or max_by_risk.critical=0; may be repeated
    #[arg(long = "threshold", value_name = "NAME=VALUE", value_parser = parse::threshold)]
    pub thresholds: Vec<(String, u64)>,
    /// Compare with this earlier run: a folder, a run id under the root, or latest; max_new_issues and max_lost_accounts need it
    #[arg(long, value_name = "RUN")]
    pub baseline: Option<PathBuf>,
    /// Continue the history of this run [default: the baseline's]
    #[arg(long, value_name = "RUN")]
    pub history: Option<PathBuf>,
    /// Accept all current issues: later runs may use this run as their baseline; this run is checked as usual
    #[arg(long)]
    pub accept_new: bool,
    /// Use the suppressions in FILE instead of this configuration's, and report what this configuration's would have hidden
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    pub suppressions_from: Option<PathBuf>,
    /// The folder to write the run folder to [default: artifacts/zendesk_drift]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Save what was read from Zendesk, to audit or trace it again without a network
    #[arg(long, value_name = "DIR", conflicts_with_all = ["demo", "snapshot"])]
    pub save_snapshot: Option<PathBuf>,

    /// Continue an interrupted or failed audit of the same Zendesk and settings from the pages it read within the last hour
    #[arg(long, conflicts_with_all = ["demo", "snapshot", "explain_fetch"])]
    pub resume: bool,
    /// For tests: pages of a read that takes longer than this many seconds are kept
    #[arg(long, value_name = "SECONDS", default_value_t = 60, hide = true)]
    pub keep_pages_after: u64,
    /// Show how a live read would get its data and what it would cost, without reading
    #[arg(long)]
    pub explain_fetch: bool,
    #[command(flatten)]
    pub outputs: Outputs,
}

/// For the steps of a workflow.
#[derive(Debug, Args)]
pub struct Outputs {
    /// Append the results as name=value lines, in the format of GITHUB_OUTPUT
    #[arg(long, value_name = "FILE", help_heading = "In a workflow")]
    pub github_output: Option<PathBuf>,
}

const AUDIT_HELP: &str = "\
Examples:
  Try it without credentials:
    g-gremlin zendesk drift audit --demo
  Read Zendesk, and save what was read for later traces:
    g-gremlin zendesk drift audit --save-snapshot artifacts/zendesk_drift/snapshots/today
  Continue an interrupted live audit:
    g-gremlin zendesk drift audit --resume
  Fail if there is a critical issue, or a new issue since the last run:
    g-gremlin zendesk drift audit --threshold max_by_risk.critical=0 --baseline RUN --threshold max_new_issues=0

Exit codes:
  0    done; no threshold is breached
  1    done, but a threshold is breached
  2    the command line, the configuration or an input file is invalid; nothing was read from Zendesk
  3    Zendesk could not be read, or the local disk failed; no run folder was written
  4    refused for safety: the credentials are for a different Zendesk than the configured one
  130  interrupted; no run folder was written. If the read took more than a minute, its pages are kept for an hour, and --resume continues from them";

const APPLY_HELP: &str = "\
Examples:
  See what the plan of the newest audit would do; nothing is written to Zendesk:
    g-gremlin zendesk drift apply --plan latest
  Apply that plan and no other:
    g-gremlin zendesk drift apply --plan latest --apply --confirm-plan-hash HASH
  Start with one account:
    g-gremlin zendesk drift apply --plan latest --only-account 001ACME004

Exit codes:
  0    done; actions left over because of a cap are not a failure
  1    a live apply started to write, and an action failed or was aborted
  2    the command line, the configuration or the plan is invalid; nothing was written to Zendesk
  3    Zendesk could not be read, or the local disk failed
  4    refused for safety: a wrong hash, another Zendesk, a demo plan, an old plan, or another apply is running
  130  interrupted; the journal and the receipt are kept, and the next apply continues";

const TRACE_HELP: &str = "\
Without a source, trace reads the snapshot of the newest audit under the artifacts root. If that audit has none, it reads the newest
snapshot, and the first lines say so. If there is no snapshot at all, it reads Zendesk.

Exit codes:
  0  done
  2  the command line, the configuration or an input file is invalid, or the id is unknown
  3  Zendesk could not be read, or the local disk failed

Try it without credentials:
  g-gremlin zendesk drift trace --sf-account-id 001ACME001 --demo";

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).args(SUBJECTS))]
pub struct TraceOptions {
    /// The account with this id, of 15 or 18 characters
    #[arg(long, value_name = "ID", help_heading = "Subject (exactly one)")]
    pub sf_account_id: Option<String>,
    /// The account with this text in its name, in any case; if there are several, lists them with their ids
    #[arg(long, value_name = "TEXT", help_heading = "Subject (exactly one)")]
    pub account_name: Option<String>,
    /// The org with this id
    #[arg(long, value_name = "N", value_parser = parse::id, help_heading = "Subject (exactly one)")]
    pub zendesk_org_id: Option<u64>,
    /// The org with this text in its name, in any case; if there are several, lists them with their ids
    #[arg(long, value_name = "TEXT", help_heading = "Subject (exactly one)")]
    pub org_name: Option<String>,
    /// The user with this id
    #[arg(long, value_name = "N", value_parser = parse::id, help_heading = "Subject (exactly one)")]
    pub zendesk_user_id: Option<u64>,
    /// The ticket with this id
    #[arg(long, value_name = "N", value_parser = parse::id, help_heading = "Subject (exactly one)")]
    pub zendesk_ticket_id: Option<u64>,
    /// This domain; for a URL or an email address, its domain is used
    #[arg(long, value_name = "DOMAIN", help_heading = "Subject (exactly one)")]
    pub domain: Option<String>,
    #[command(flatten)]
    pub source: SourceOptions,
}

const SUBJECTS: [&str; 7] =
    ["sf_account_id", "account_name", "zendesk_org_id", "org_name", "zendesk_user_id", "zendesk_ticket_id", "domain"];

const DOCTOR_EXIT_CODES: &str = "\
Exit codes:
  0  no check failed; an audit can run
  1  a check failed
  2  the command line is invalid
  3  Zendesk cannot be reached, or does not accept the credentials";

#[derive(Debug, Args)]
pub struct Doctor {
    /// Check this Zendesk: the part before .zendesk.com
    #[arg(long, value_name = "NAME", conflicts_with = "base_url")]
    pub subdomain: Option<String>,
    /// Check the Zendesk at this URL
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// The Salesforce reference CSV
    #[arg(long, value_name = "FILE")]
    pub sf_accounts: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Apply {
    /// The plan: the run id or the run folder of an audit, its fix_plan.json, or latest
    #[arg(long, value_name = "RUN")]
    pub plan: PathBuf,
    /// Write to Zendesk. Without this flag, apply reads and checks everything but writes nothing
    #[arg(long)]
    pub apply: bool,
    /// The plan's hash, as printed by the audit and the dry run; it approves this plan and no other
    #[arg(long, value_name = "HASH")]
    pub confirm_plan_hash: Option<String>,
    /// Apply at most N actions [default: 25, or the configuration's]
    #[arg(long, value_name = "N")]
    pub max_actions: Option<u32>,
    /// Apply at most N actions of one account [default: 3, or the configuration's]
    #[arg(long, value_name = "N")]
    pub max_per_account: Option<u32>,
    /// Only the actions of this account; may be repeated
    #[arg(long, value_name = "SF_ACCOUNT_ID")]
    pub only_account: Vec<String>,
    /// Only this action, such as A004; may be repeated, or a list joined by commas
    #[arg(long, value_name = "ACTION_ID", value_delimiter = ',')]
    pub only_action: Vec<String>,
    /// The Salesforce export, to check that the plan's accounts still have their domains [default: the configuration's]
    #[arg(long, value_name = "FILE")]
    pub sf_accounts: Option<PathBuf>,
    /// How long one request to Zendesk may take [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = parse::seconds)]
    pub request_timeout: Option<Duration>,
    /// The folder to write the run folder to [default: artifacts/zendesk_drift, or the configuration's]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub outputs: Outputs,
}

#[derive(Debug, Args)]
pub struct DiffOptions {
    /// The earlier audit: a folder, a run id under the root, or latest
    #[arg(long, value_name = "RUN")]
    pub base: PathBuf,
    /// The later audit, named in the same way
    #[arg(long, value_name = "RUN")]
    pub head: PathBuf,
    /// The limit max_new_issues=N or max_lost_accounts=N; may be repeated
    #[arg(long = "threshold", value_name = "NAME=VALUE", value_parser = parse::threshold)]
    pub thresholds: Vec<(String, u64)>,
    #[command(flatten)]
    pub outputs: Outputs,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// The run of an audit or of an apply: a folder, a run id under the root, or latest
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// An apply_receipt.json to compare with the plan of the audit
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,
}

const TREND_HELP: &str = "\
The runs come from the history.json of the newest audit under the artifacts root, and from every other audit there.

Exit codes:
  0  done
  2  the command line, the configuration or a run folder is invalid, or there is no audit";

#[derive(Debug, Args)]
pub struct TrendOptions {
    /// The run whose history is shown: a folder, a run id under the root, or latest [default: all audits under the root]
    #[arg(value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// The artifacts root [default: artifacts/zendesk_drift, or the configuration's]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Show at most N of the newest runs and N of the oldest open issues [default: 20]
    #[arg(long, value_name = "N")]
    pub last: Option<usize>,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// A code, action, blocked reason, skip reason or warning; without it, explain lists all of them
    pub name: Option<String>,
}
