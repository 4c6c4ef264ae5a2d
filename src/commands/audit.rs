//! `audit`: read, resolve, detect, plan, write artifacts, gate on thresholds.

use super::accounts::Accounts;
use super::source::{self, AuditSource};
use super::{ConfigFile, disk, read_config};
use crate::catalogue::IssueCode;
use crate::cli::{Audit as Options, Common, Source};
use crate::clock;
use crate::config::{ApplyLimits, Config};
use crate::console::{Console, Format};
use crate::digest::sha256;
use crate::exit::{Exit, Failure};
use crate::github::step_output::Output;
use crate::model::domains::DomainTable;
use crate::model::settings::Suppression;
use crate::model::time::Instant;
use crate::parallel;
use crate::paths::{file_name, shown_path};
use crate::report::{self, terminal};
use crate::rules::audit::{Audit, Totals, audit};
use crate::rules::gate::{self, AgainstBaseline, Judgement};
use crate::rules::suppress;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::receipt::{Baseline, Origin, SuppressionsFrom, WouldSuppress};
use crate::run::artifacts::summary::{Summary, summary};
use crate::run::artifacts::tables::IssueFiles;
use crate::run::artifacts::{self, Run};
use crate::run::create::{Folder, Root};
use crate::run::diff::{self, Side};
use crate::run::read::RunFolder;
use crate::snapshot;
use crate::text::audience::{Message, open};
use crate::text::escape;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::OnceLock;

/// Runs `audit`.
pub fn run(common: &Common, options: Options) -> Result<Exit, Failure> {
    let started_at = options.source.as_of.unwrap_or_else(clock::now);
    let console = common.console();
    let (mut config, config_bytes) = source::configuration(common, &options.source)?;
    for (name, limit) in &options.thresholds {
        config.settings.thresholds.set(name, *limit);
    }
    if let Some(root) = &options.out {
        config.root.clone_from(root);
    }
    let instead = suppressions_from(&options, &mut config)?;
    let source = AuditSource::choose(common, &options.source, &config)?;
    let baseline = baseline(&options, &source, &config)?;
    source.read_ahead();
    let is_named = config_bytes.is_some() || options.source.sf_accounts.is_some();
    let accounts = Accounts::read(&source, &config, is_named)?;
    let mut domains = DomainTable::default();
    // The large things are never dropped: at the end of the program the system takes memory back faster than it can be freed
    // piece by piece.
    let reference = ManuallyDrop::new(accounts.reference(&config, &mut domains)?);
    let reference_sha256 = sha256(&accounts.bytes);
    let recorded_reference = accounts.recorded();
    drop(accounts);
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

    console.heading(source.reading());
    let read = source::read(&console, &source, &config, &options.source, started_at, domains, false)?;
    let world = ManuallyDrop::new(read.world);
    let found = ManuallyDrop::new(audit(&reference, &world, &config.settings, None, read.as_of, read.warnings));
    let totals = found.totals();
    let rows = if baseline.is_some() { artifacts::tables::issue_rows(&found) } else { Vec::new() };
    let compared = baseline.as_ref().map(|base| diff::compare(&Side::of_run(base), &Side::of_audit(&found, &rows)));
    let new_issues = compared.as_ref().map(|compared| compared.new.len() as u64);
    let against = AgainstBaseline { new_issues, lost_accounts: found.lost.as_ref().map(|lost| lost.len() as u64) };
    let thresholds = gate::judge(&config.settings, &totals, against);
    let snapshot = options.save_snapshot.as_deref().map(|folder| {
        let facts = snapshot::Provenance {
            zendesk: &read.zendesk,
            as_of: read.as_of,
            tickets_from: read.tickets_from,
            ticket_source: read.ticket_source.as_deref(),
            reference: None,
        };
        let saved = snapshot::save(&world, &facts, folder);
        saved.map(|saved| (saved, folder)).map_err(|error| {
            disk(open(format!("the snapshot {} could not be saved; nothing was left behind", folder.display())), error)
        })
    });
    let snapshot = snapshot.transpose()?;

    let origin = Origin {
        options: recorded_options(common, &options, &config, recorded_reference),
        config_sha256: config_bytes.map(|bytes| sha256(&bytes)),
        reference_sha256,
        snapshot_sha256: read.digests,
        ticket_source: read.ticket_source,
        requests: read.requests,
        baseline: baseline.as_ref().map(baseline_of),
        suppressions_from: instead.as_ref().map(|instead| instead.against(&found)),
    };
    let mut run = Run {
        run_id: String::new(),
        started_at,
        created_at: options.source.as_of.unwrap_or_else(clock::now),
        source: read.source,
        zendesk: read.zendesk,
    };
    let written = Written {
        audit: &found,
        totals: &totals,
        thresholds: &thresholds,
        plan_hash: OnceLock::new(),
        origin: &origin,
        limits: &config.apply,
    };
    let (run_id, folder) = root
        .publish(started_at, "audit", snapshot, |run_id, folder| {
            run.run_id = run_id.to_owned();
            written.write(&run, options.source.as_of, folder)
        })
        .map_err(|error| disk("the artifacts could not be written; nothing was left behind", error))?;
    run.run_id = run_id;
    let plan_hash = written.plan_hash(&run);

    let resolved = compared.as_ref().map(|compared| compared.resolved.len() as u64);
    options
        .outputs
        .tell(console.audience, outputs(&folder, plan_hash, &totals, &thresholds, [new_issues, resolved]))?;
    console.warnings(&found.warnings);
    let shown = shown_path(&folder);
    terminal::findings(&console, &found, &totals);
    terminal::artifacts(&console, &shown, plan_hash);
    terminal::next(&console, &found, &shown, &source.flags(common, &options.source));
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

/// Suppressions that another file has put out of force, and that file.
struct Instead {
    sha256: String,
    own: Vec<Suppression>,
}

impl Instead {
    /// What the own suppressions would silence beyond the issues that are suppressed.
    fn against(&self, found: &Audit<'_>) -> SuppressionsFrom {
        let would = suppress::would_silence(&found.context(), &found.as_of.date(), &self.own, &found.issues);
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
fn baseline(options: &Options, source: &AuditSource, config: &Config) -> Result<Option<RunFolder>, Failure> {
    let Some(path) = &options.baseline else { return Ok(None) };
    let baseline = super::diff::open(path, "baseline")?;
    let (source, zendesk) = source.about(config);
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

/// What the receipt tells of the command: no folder, no secret, no `--out`.
fn recorded_options(
    common: &Common,
    options: &Options,
    config: &Config,
    (reference, reference_name): (&'static str, Value),
) -> BTreeMap<&'static str, Value> {
    let Options { source, thresholds, baseline, suppressions_from, out: _, save_snapshot, outputs: _ } = options;
    let Source { demo, snapshot, subdomain: _, base_url: _, sf_accounts: _, lookback_days: _, as_of } = source;
    let mut recorded = BTreeMap::new();
    if *demo {
        recorded.insert("demo", true.into());
    } else {
        recorded.insert(reference, reference_name);
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
    limits: &'a ApplyLimits,
}

impl Written<'_> {
    fn plan_hash(&self, run: &Run) -> &str {
        self.plan_hash.get_or_init(|| artifacts::plan::plan_hash(self.audit, run))
    }

    /// Writes the eleven files, some side by side; the receipt comes last, for it digests them all.
    fn write(&self, run: &Run, as_of: Option<Instant>, folder: &Folder) -> io::Result<()> {
        let Self { audit, totals, thresholds, plan_hash: _, origin, limits } = self;
        let hash = || self.plan_hash(run);
        let issues = || {
            folder.file(Artifact::AllExceptions.name(), |all| {
                folder.file(Artifact::OrgIssues.name(), |org| {
                    folder.file(Artifact::UserIssues.name(), |user| {
                        folder.file(Artifact::TicketIssues.name(), |ticket| {
                            artifacts::tables::issues(audit, IssueFiles { all, org, user, ticket })
                        })
                    })
                })
            })
        };
        let plan = || folder.file(Artifact::FixPlan.name(), |out| artifacts::plan::write(audit, run, hash(), out));
        let plan_table = || folder.file(Artifact::FixPlanTable.name(), |out| artifacts::tables::fix_plan(audit, out));
        let accounts = || {
            folder
                .file(Artifact::ExceptionsByAccount.name(), |out| artifacts::tables::exceptions_by_account(audit, out))
        };
        let apply_receipt = || {
            folder.file(Artifact::ApplyReceipt.name(), |out| {
                artifacts::apply_receipt::write_not_run(audit, &run.run_id, hash(), limits, out)
            })
        };
        let summaries = || {
            folder.file(Artifact::Summary.name(), |out| {
                artifacts::summary::write(&summary(audit, run, totals, hash(), thresholds), out)
            })?;
            folder.file(Artifact::SummaryMd.name(), |out| {
                artifacts::summary::write_markdown(audit, run, totals, hash(), thresholds, out)
            })
        };
        // The longest first.
        parallel::all([&issues, &plan, &plan_table, &accounts, &apply_receipt, &summaries])?;
        let digests = folder.digests();
        let finished_at = as_of.unwrap_or_else(clock::now);
        folder.file(Artifact::Receipt.name(), |out| {
            artifacts::receipt::write(audit, run, origin, totals, hash(), finished_at, digests, out)
        })
    }
}

/// What later steps of a workflow learn. Nothing is known of new issues without a baseline.
fn outputs(
    folder: &Path,
    plan_hash: &str,
    totals: &Totals,
    thresholds: &[Judgement],
    [new, resolved]: [Option<u64>; 2],
) -> Vec<Output> {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    vec![
        ("run-dir", crate::paths::absolute(folder)),
        ("plan-hash", plan_hash.to_owned()),
        ("total-issues", totals.issues.to_string()),
        ("prepared-actions", totals.prepared.to_string()),
        ("blocked-actions", totals.blocked.to_string()),
        ("breached", super::breached(thresholds)),
        ("new-issues", number(new)),
        ("resolved-issues", number(resolved)),
    ]
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
        counts: diff::document::Counts,
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
                since.map(|(baseline, diff)| Since { baseline, counts: diff::document::Counts::of(diff) });
            artifacts::json(&Printed { run_dir: folder, summary, since_baseline, own_would_suppress })
        };
        let own_would_suppress = origin.suppressions_from.as_ref().map(|from| from.own_would_suppress.as_slice());
        console.data(Message::with_public(json(summary, own_would_suppress), json(&summary.for_everybody(), None)));
    }
}
