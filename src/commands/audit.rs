//! `audit`: read, resolve, detect, plan, write artifacts, gate on thresholds.

use super::{
    ConfigFile, disk, file_name, live, named_zendesk, read_config, read_reference, reference_failure, shown_path,
};
use crate::artifacts::receipt::{Baseline, Origin, Requests, SuppressionsFrom, WouldSuppress};
use crate::artifacts::summary::{Summary, summary};
use crate::artifacts::{self, Run, Source};
use crate::audience::{Message, open};
use crate::audit::{Audit, Totals, audit};
use crate::catalogue::{IssueCode, WarningCode};
use crate::cli::{Audit as Options, Common};
use crate::clock;
use crate::config::{self, ApplyLimits, Config};
use crate::console::{Console, Format};
use crate::demo;
use crate::diff::{self, Side};
use crate::escape;
use crate::exit::{Exit, Failure};
use crate::gate::{self, Judgement};
use crate::model::domains::Domains;
use crate::model::time::Instant;
use crate::model::world::World;
use crate::reference;
use crate::report::{self, terminal};
use crate::run_dir::{Folder, Root};
use crate::run_folder::RunFolder;
use crate::settings::Suppression;
use crate::snapshot::{self, Snapshot};
use crate::step_output::Output;
use crate::suppress;
use crate::warning::Warning;
use crate::zendesk::Credentials;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The Zendesk of a folder that does not tell its own, and of a configuration that names none.
const UNKNOWN_ZENDESK: &str = "https://unknown.zendesk.invalid";

/// Runs `audit`.
pub fn run(common: &Common, options: Options) -> Result<Exit, Failure> {
    let started_at = options.as_of.unwrap_or_else(clock::now);
    let console = common.console();
    let (mut config, config_bytes) = configuration(common, &options)?;
    let instead = suppressions_from(&options, &mut config)?;
    let source = source(&options, &config)?;
    let baseline = baseline(&options, &source, &config)?;
    let (accounts, accounts_path) = accounts(&source, &config)?;
    let mut domains = Domains::default();
    let reference = reference::read(&accounts, &config.columns, &config.settings.domains, &mut domains)
        .map_err(|problems| reference_failure(&accounts_path, problems))?;
    let root = Root::prepare(&config.root).map_err(|error| {
        Failure::invalid(open(format!("the output root {} cannot be written", config.root.display())))
            .because(error)
            .help("name another with --out")
    })?;
    if let Some(folder) = &options.save_snapshot {
        snapshot::check_target(folder).map_err(|error| {
            Failure::invalid(open(format!("the snapshot cannot be saved as {}", folder.display())))
                .because(error)
                .help("name a folder that does not exist yet, or an empty one")
        })?;
    }
    if !reference.ignored_columns.is_empty() {
        console.notice(super::ignored_columns(&reference.ignored_columns));
    }
    if config.settings.thresholds.max_new_issues.is_some() && baseline.is_none() {
        console.notice("max_new_issues is judged only against a baseline, so not by this audit");
    }

    let read = read(&console, &source, &config, &options, started_at, domains)?;
    let found = audit(&reference, &read.world, &config.settings, read.as_of, read.warnings.clone());
    let totals = found.totals();
    let rows = if baseline.is_some() { artifacts::tables::issue_rows(&found) } else { Vec::new() };
    let compared = baseline.as_ref().map(|base| diff::compare(&Side::of_run(base), &Side::of_audit(&found, &rows)));
    let new_issues = compared.as_ref().map(|compared| compared.new.len() as u64);
    let thresholds = gate::judge(&config.settings.thresholds, &totals, new_issues);
    if let Some(folder) = &options.save_snapshot {
        let facts = snapshot::Facts {
            zendesk: &read.zendesk,
            as_of: read.as_of,
            tickets_from: read.tickets_from,
            ticket_source: read.ticket_source.as_deref(),
        };
        snapshot::save(&read.world, &facts, folder)
            .map_err(|error| disk(open(format!("the snapshot {} could not be saved", folder.display())), error))?;
    }

    let origin = Origin {
        options: recorded_options(common, &options, &config, &accounts_path),
        config_sha256: config_bytes.map(|bytes| sha256(&bytes)),
        reference_sha256: sha256(&accounts),
        snapshot_sha256: read.digests,
        ticket_source: read.ticket_source,
        requests: read.requests,
        baseline: baseline.as_ref().map(baseline_of),
        suppressions_from: instead.as_ref().map(|instead| instead.against(&found)),
    };
    let mut run = Run {
        run_id: String::new(),
        started_at,
        created_at: options.as_of.unwrap_or_else(clock::now),
        source: read.source,
        zendesk: read.zendesk,
    };
    let written = Written {
        audit: &found,
        totals: &totals,
        thresholds: &thresholds,
        plan_hash: OnceLock::new(),
        origin: &origin,
        limits: config.apply,
    };
    let (run_id, folder) = root
        .publish(started_at, "audit", |run_id, folder| {
            run.run_id = run_id.to_owned();
            written.write(&run, options.as_of, folder)
        })
        .map_err(|error| disk("the artifacts could not be written; nothing was left behind", error))?;
    run.run_id = run_id;
    let plan_hash = written.plan_hash(&run);

    options.outputs.tell(console.audience, outputs(&folder, plan_hash, &totals, &thresholds, new_issues))?;
    console.warnings(&found.warnings);
    let shown = shown_path(&folder);
    terminal::findings(&console, &found, &totals);
    terminal::artifacts(&console, &shown, plan_hash);
    terminal::next(&console, &found, &shown, &same_source(&source));
    if let Some(from) = &origin.suppressions_from {
        let codes: HashMap<String, IssueCode> =
            found.issues.iter().map(|issue| (issue.id.to_string(), issue.code)).collect();
        report::diff::own_suppressions(&console, from, |id| codes.get(id).copied());
    }
    if let (Some(base), Some(compared)) = (&baseline, &compared) {
        let name = escape::terminal(&base.summary.run_id);
        console.heading(Message::with_public(format!("\nSince the baseline {name}:"), "\nSince the baseline:"));
        report::diff::counts(&console, compared);
    }
    let summary = summary(&found, &run, &totals, plan_hash, &thresholds);
    print_json(&console, &summary, &shown, &origin, compared.as_ref());
    terminal::breaches(&console, &thresholds);
    Ok(if thresholds.iter().any(|judgement| judgement.breached) { Exit::Breached } else { Exit::Done })
}

/// The configuration in force: the file's, then the flags'. And the file's bytes.
fn configuration(common: &Common, options: &Options) -> Result<(Config, Option<Vec<u8>>), Failure> {
    if options.demo && common.config.is_some() {
        return Err(Failure::invalid("--demo and --config exclude each other")
            .help("the demo is the same everywhere; leave --config out"));
    }
    let file = if options.demo { None } else { read_config(common.config.as_deref())? };
    if file.is_none() && !options.demo && options.sf_accounts.is_none() {
        return Err(Failure::invalid("there is no configuration, and no --sf-accounts").help(
            "write a configuration:\n  g-gremlin zendesk drift init --sf-accounts accounts.csv --subdomain acme\nor look at the demo, without credentials:\n  g-gremlin zendesk drift audit --demo",
        ));
    }
    let (mut config, bytes) = match file {
        Some(ConfigFile { config, bytes }) => (config, Some(bytes)),
        None => (Config::without_file(), None),
    };
    let flag = |what: &str, error: String| Failure::invalid(open(format!("{what} cannot be used"))).because(error);
    if let Some(days) = options.lookback_days {
        config.settings.lookback_days =
            config::checked_lookback(days).map_err(|error| flag("--lookback-days", error))?;
    }
    config.zendesk = named_zendesk(options.subdomain.as_deref(), options.base_url.as_deref())?.or(config.zendesk);
    for (name, limit) in &options.thresholds {
        config.settings.thresholds.set(name, *limit);
    }
    if let Some(root) = &options.out {
        config.root.clone_from(root);
    }
    if let Some(accounts) = &options.sf_accounts {
        config.accounts_csv.clone_from(accounts);
    }
    Ok((config, bytes))
}

/// Suppressions that another file has put out of force, and that file.
struct Instead {
    sha256: String,
    own: Vec<Suppression>,
}

impl Instead {
    /// What the own suppressions would silence beyond the issues that are suppressed.
    fn against(&self, found: &Audit<'_>) -> SuppressionsFrom {
        let would = suppress::would_silence(&found.facts(), &found.as_of.date(), &self.own, &found.issues);
        let would = would.into_iter().map(|(at, suppression)| WouldSuppress {
            issue_id: found.issues[at].id.to_string(),
            reason: suppression.reason.clone(),
        });
        SuppressionsFrom { sha256: self.sha256.clone(), own_would_suppress: would.collect() }
    }
}

/// Puts the suppressions of `--suppressions-from` in place of the configuration's own.
fn suppressions_from(options: &Options, config: &mut Config) -> Result<Option<Instead>, Failure> {
    let Some(path) = &options.suppressions_from else { return Ok(None) };
    let Some(ConfigFile { config: other, bytes }) = read_config(Some(path))? else { return Ok(None) };
    let own = std::mem::replace(&mut config.settings.suppressions, other.settings.suppressions);
    Ok(Some(Instead { sha256: sha256(&bytes), own }))
}

/// Reads the run of `--baseline`, which must be of the same Zendesk, before anything else is read.
fn baseline(options: &Options, source: &From, config: &Config) -> Result<Option<RunFolder>, Failure> {
    let Some(path) = &options.baseline else { return Ok(None) };
    let baseline = super::diff::open(path, "baseline")?;
    let (source, zendesk) = about(source, config);
    super::diff::comparable(path, &baseline, diff::About { source, zendesk: &zendesk })?;
    Ok(Some(baseline))
}

/// How the receipt names the baseline.
fn baseline_of(run: &RunFolder) -> Baseline {
    Baseline {
        run_id: run.receipt.run_id.clone(),
        plan_hash: run.plan.hash.clone(),
        receipt_sha256: run.receipt.receipt_sha256.clone(),
    }
}

/// Where the audit reads from: exactly one of three.
enum From {
    Demo,
    Snapshot { path: PathBuf, snapshot: Snapshot },
    Live { zendesk: String, credentials: Credentials },
}

fn source(options: &Options, config: &Config) -> Result<From, Failure> {
    if options.demo {
        return Ok(From::Demo);
    }
    if let Some(path) = &options.snapshot {
        let snapshot = Snapshot::open(path).map_err(|error| snapshot_failure(path, &error))?;
        return Ok(From::Snapshot { path: path.clone(), snapshot });
    }
    match &config.zendesk {
        Some(zendesk) => Ok(From::Live { zendesk: zendesk.clone(), credentials: live::credentials(live::READ_SCOPE)? }),
        None => Err(Failure::invalid("no Zendesk is named")
            .help("set zendesk.subdomain in the configuration, or use --subdomain, --snapshot or --demo")),
    }
}

/// Which Zendesk the audit is about.
fn about(source: &From, config: &Config) -> (Source, String) {
    match source {
        From::Demo => (Source::Demo, demo::ZENDESK.to_owned()),
        From::Snapshot { snapshot, path: _ } => {
            let zendesk = snapshot.zendesk().map(str::to_owned).or_else(|| config.zendesk.clone());
            (Source::Zendesk, zendesk.unwrap_or(UNKNOWN_ZENDESK.to_owned()))
        }
        From::Live { zendesk, credentials: _ } => (Source::Zendesk, zendesk.clone()),
    }
}

fn snapshot_failure(path: &Path, error: &snapshot::SnapshotError) -> Failure {
    let exit = if error.is_read_error() { Exit::Unreadable } else { Exit::Invalid };
    Failure::new(exit, open(format!("the snapshot {} cannot be used", path.display()))).because(error)
}

fn accounts(source: &From, config: &Config) -> Result<(Vec<u8>, PathBuf), Failure> {
    match source {
        From::Demo => Ok((demo::ACCOUNTS.to_vec(), PathBuf::from(config::DEFAULT_ACCOUNTS))),
        From::Snapshot { .. } | From::Live { .. } => {
            Ok((read_reference(&config.accounts_csv)?, config.accounts_csv.clone()))
        }
    }
}

/// Everything that a source gave.
struct Read {
    world: World,
    as_of: Instant,
    tickets_from: Instant,
    source: Source,
    zendesk: String,
    ticket_source: Option<String>,
    digests: BTreeMap<String, String>,
    requests: Option<Requests>,
    warnings: Vec<Warning>,
}

fn read(
    console: &Console,
    source: &From,
    config: &Config,
    options: &Options,
    started_at: Instant,
    domains: Domains,
) -> Result<Read, Failure> {
    let lookback = config.settings.lookback_days;
    let (about, zendesk_url) = about(source, config);
    match source {
        From::Demo => {
            console.heading("Loading fixture data...");
            let as_of = options.as_of.unwrap_or_else(demo::as_of);
            let tickets_from = as_of.minus_days(lookback);
            let world = demo::world(domains, tickets_from)
                .map_err(|error| disk("the demo's fixtures cannot be read", error))?;
            Ok(Read {
                world,
                as_of,
                tickets_from,
                source: about,
                zendesk: zendesk_url,
                ticket_source: None,
                digests: BTreeMap::new(),
                requests: None,
                warnings: Vec::new(),
            })
        }
        From::Snapshot { path, snapshot } => {
            console.heading(open(format!("Loading snapshot {}...", escape::terminal(&file_name(path)))));
            let as_of = options.as_of.or(snapshot.as_of()).unwrap_or(started_at);
            let tickets_from = as_of.minus_days(lookback);
            if let Some(covered) = snapshot.tickets_from().filter(|covered| tickets_from < *covered) {
                return Err(Failure::invalid(open(format!(
                    "the snapshot {} does not cover {lookback} days of tickets",
                    path.display()
                )))
                .because(open(format!(
                    "its tickets begin at {}, and the window at {}",
                    covered.rfc3339(),
                    tickets_from.rfc3339()
                )))
                .help("use a smaller --lookback-days, or take a new snapshot with a longer one"));
            }
            let ticket_source = snapshot.ticket_source().map(str::to_owned);
            let warnings = archived_warning(ticket_source.as_deref());
            let loaded = snapshot.read(domains, tickets_from).map_err(|error| snapshot_failure(path, &error))?;
            Ok(Read {
                world: loaded.world,
                as_of,
                tickets_from,
                source: about,
                zendesk: zendesk_url,
                ticket_source,
                digests: loaded.digests,
                requests: None,
                warnings,
            })
        }
        From::Live { zendesk, credentials } => {
            console.heading(Message::with_public(format!("Reading {zendesk}..."), "Reading Zendesk..."));
            let tickets_from = started_at.minus_days(lookback);
            let live = live::read(console, zendesk, credentials.clone(), config, tickets_from, domains)?;
            let warnings = archived_warning(Some(&live.ticket_source));
            Ok(Read {
                world: live.world,
                // The reads have just ended.
                as_of: options.as_of.unwrap_or_else(clock::now),
                tickets_from,
                source: about,
                zendesk: zendesk_url,
                ticket_source: Some(live.ticket_source),
                digests: BTreeMap::new(),
                requests: Some(live.requests),
                warnings,
            })
        }
    }
}

/// The ticket list leaves archived tickets out; whoever replays such a snapshot must know it too.
fn archived_warning(ticket_source: Option<&str>) -> Vec<Warning> {
    if ticket_source != Some(live::TICKET_LIST) {
        return Vec::new();
    }
    let message = "the tickets came from the ticket list, which leaves archived tickets out; their drift is not found";
    vec![Warning::general(WarningCode::ArchivedTicketsNotCovered, message.to_owned())]
}

/// What the receipt tells of the command: no folder, no secret, no `--out`.
fn recorded_options(
    common: &Common,
    options: &Options,
    config: &Config,
    accounts: &Path,
) -> BTreeMap<&'static str, Value> {
    let Options {
        demo,
        snapshot,
        subdomain: _,
        base_url: _,
        sf_accounts: _,
        lookback_days: _,
        as_of,
        thresholds,
        baseline,
        suppressions_from,
        out: _,
        save_snapshot,
        outputs: _,
    } = options;
    let mut recorded = BTreeMap::new();
    if *demo {
        recorded.insert("demo", true.into());
    } else {
        recorded.insert("sf_accounts", file_name(accounts).into());
    }
    if let Some(path) = &common.config {
        recorded.insert("config", file_name(path).into());
    }
    if let Some(path) = snapshot {
        recorded.insert("snapshot", file_name(path).into());
    }
    if let Some(path) = save_snapshot {
        recorded.insert("save_snapshot", file_name(path).into());
    }
    if let Some(path) = baseline {
        recorded.insert("baseline", file_name(path).into());
    }
    if let Some(path) = suppressions_from {
        recorded.insert("suppressions_from", file_name(path).into());
    }
    if let Some(as_of) = as_of {
        recorded.insert("as_of", as_of.rfc3339().into());
    }
    recorded.insert("lookback_days", config.settings.lookback_days.into());
    if !thresholds.is_empty() {
        let list: Vec<String> = thresholds.iter().map(|(name, limit)| format!("{name}={limit}")).collect();
        recorded.insert("threshold", list.into());
    }
    recorded
}

/// All that the artifacts are made from.
struct Written<'a> {
    audit: &'a Audit<'a>,
    totals: &'a Totals,
    thresholds: &'a [Judgement],
    plan_hash: OnceLock<String>,
    origin: &'a Origin,
    limits: ApplyLimits,
}

impl Written<'_> {
    fn plan_hash(&self, run: &Run) -> &str {
        self.plan_hash.get_or_init(|| artifacts::plan::plan_hash(self.audit, run))
    }

    /// Writes the eleven files, the tables of issues beside the others; the receipt comes last, for it digests them all.
    fn write(&self, run: &Run, as_of: Option<Instant>, folder: &Folder) -> io::Result<()> {
        let Self { audit, totals, thresholds, plan_hash: _, origin, limits } = self;
        let issues = || {
            folder.file("all_exceptions.csv", |out| artifacts::tables::all_exceptions(audit, out))?;
            folder.file("ticket_issues.csv", |out| artifacts::tables::ticket_issues(audit, out))?;
            folder.file("user_issues.csv", |out| artifacts::tables::user_issues(audit, out))?;
            folder.file("org_issues.csv", |out| artifacts::tables::org_issues(audit, out))
        };
        let others = || {
            let hash = self.plan_hash(run);
            folder.file("fix_plan.json", |out| artifacts::plan::write(audit, run, hash, out))?;
            folder.file("fix_plan.csv", |out| artifacts::tables::fix_plan(audit, out))?;
            folder.file("exceptions_by_account.csv", |out| artifacts::tables::exceptions_by_account(audit, out))?;
            folder.file(artifacts::apply_receipt::FILE_NAME, |out| {
                artifacts::apply_receipt::write_not_run(audit, &run.run_id, hash, *limits, out)
            })?;
            folder.file("summary.json", |out| {
                artifacts::summary::write(&summary(audit, run, totals, hash, thresholds), out)
            })?;
            folder
                .file("summary.md", |out| artifacts::summary::write_markdown(audit, run, totals, hash, thresholds, out))
        };
        std::thread::scope(|scope| {
            let issues = scope.spawn(issues);
            let others = others();
            issues.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(others)
        })?;
        let digests = folder.digests();
        let finished_at = as_of.unwrap_or_else(clock::now);
        folder.file(artifacts::receipt::FILE_NAME, |out| {
            artifacts::receipt::write(audit, run, origin, totals, self.plan_hash(run), finished_at, digests, out)
        })
    }
}

fn sha256(bytes: &[u8]) -> String {
    artifacts::plan::hex(&Sha256::digest(bytes))
}

/// What later steps of a workflow learn. Nothing is known of new issues without a baseline.
fn outputs(
    folder: &Path,
    plan_hash: &str,
    totals: &Totals,
    thresholds: &[Judgement],
    new_issues: Option<u64>,
) -> Vec<Output> {
    vec![
        ("run-dir", super::absolute(folder)),
        ("plan-hash", plan_hash.to_owned()),
        ("total-issues", totals.issues.to_string()),
        ("prepared-actions", totals.prepared.to_string()),
        ("blocked-actions", totals.blocked.to_string()),
        ("breached", super::breached(thresholds)),
        ("new-issues", new_issues.map(|new| new.to_string()).unwrap_or_default()),
    ]
}

/// The flags that select the same source for another command.
fn same_source(source: &From) -> String {
    match source {
        From::Demo => " --demo".to_owned(),
        From::Snapshot { path, .. } => format!(" --snapshot {}", escape::shell_word(&path.display().to_string())),
        From::Live { .. } => String::new(),
    }
}

/// Prints the summary, and where the run folder is, as JSON.
fn print_json(
    console: &Console,
    summary: &Summary<'_>,
    folder: &str,
    origin: &Origin,
    compared: Option<&diff::Diff<'_>>,
) {
    /// What differs from the baseline, in numbers.
    #[derive(Serialize)]
    struct Since<'a> {
        #[serde(flatten)]
        baseline: &'a Baseline,
        #[serde(flatten)]
        counts: artifacts::diff::Counts,
    }
    #[derive(Serialize)]
    struct Printed<'a> {
        run_dir: &'a str,
        #[serde(flatten)]
        summary: &'a Summary<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        since_baseline: Option<Since<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        own_would_suppress: Option<&'a [WouldSuppress]>,
    }
    if console.format == Format::Json {
        let since = origin.baseline.as_ref().zip(compared);
        let json = |summary, own_would_suppress| {
            let since_baseline =
                since.map(|(baseline, diff)| Since { baseline, counts: artifacts::diff::Counts::of(diff) });
            artifacts::json(&Printed { run_dir: folder, summary, since_baseline, own_would_suppress })
        };
        let own_would_suppress = origin.suppressions_from.as_ref().map(|from| from.own_would_suppress.as_slice());
        console.data(Message::with_public(json(summary, own_would_suppress), json(&summary.for_everybody(), None)));
    }
}
