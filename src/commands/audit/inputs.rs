//! Everything that an audit needs beside Zendesk's records: gathered and checked before anything is read.

use super::super::accounts::Accounts;
use super::super::source::{self, AuditSource, Read};
use super::super::{ConfigFile, disk, ignored_columns, read_config, runs};
use super::judged::Judged;
use super::recorded::recorded_options;
use crate::cli::{AuditOptions as Options, Common};
use crate::clock;
use crate::config::Config;
use crate::digest::sha256;
use crate::exit::Failure;
use crate::model::accounts::{BaselineAccounts, Reference};
use crate::model::domains::DomainTable;
use crate::model::settings::Suppression;
use crate::model::time::Instant;
use crate::model::warning::Warning;
use crate::rules::audit::Audit;
use crate::rules::suppress;
use crate::run::artifacts::Run;
use crate::run::artifacts::history::History;
use crate::run::artifacts::receipt::{Origin, SuppressionsFrom, WouldSuppress};
use crate::run::create::{Folder, Root};
use crate::run::diff::{self, FoundRows};
use crate::run::publish::{Content, Published, publish};
use crate::run::read::RunFolder;
use crate::snapshot;
use crate::text::audience::Message;
use crate::text::escape;
use crate::zendesk::PageLog;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What an audit was asked to do, and what it does that with.
pub(super) struct Inputs {
    pub options: Options,
    pub started_at: Instant,
    pub config: Config,
    pub source: AuditSource,
    pub reference: Reference,
    pub baseline: Option<RunFolder>,
    /// The run whose history this one continues, where `--history` names one.
    pub continued: Option<RunFolder>,
    /// Suppressions that `--suppressions-from` has put out of force.
    replaced: Option<Replaced>,
    /// The copy of the reference for the snapshot that was asked for.
    kept: Option<Vec<u8>>,
    root: Root,
    /// The flags that select the same inputs for another command.
    pub flags: String,
    recorded: BTreeMap<&'static str, Value>,
    config_sha256: Option<String>,
    reference_sha256: String,
}

impl Inputs {
    /// Reads and checks all of it. The domains of the reference are the first in the table that the world will continue.
    pub(super) fn gather(common: &Common, options: Options) -> Result<(Self, DomainTable), Failure> {
        let started_at = options.source.as_of.unwrap_or_else(clock::now);
        let (mut config, config_bytes) = source::configuration(common, &options.source)?;
        for (name, limit) in &options.thresholds {
            config.settings.thresholds.set(name, *limit);
        }
        if let Some(root) = &options.out {
            config.root.clone_from(root);
        }
        let replaced = Replaced::by(&options, &mut config)?;
        let source = AuditSource::choose(common, &options.source, &config)?;
        let earlier = |named, what| earlier_run(common, named, what, &source, &config);
        let baseline = earlier(options.baseline.as_deref(), "baseline")?;
        let continued = earlier(options.history.as_deref(), "history")?;
        source.read_ahead();
        let is_named = config_bytes.is_some() || options.source.sf_accounts.is_some();
        let accounts = Accounts::read(&source, &config, is_named)?;
        let mut domains = DomainTable::default();
        let reference = accounts.reference(&config, &mut domains)?;
        let kept = if options.save_snapshot.is_some() { Some(accounts.kept_copy()?) } else { None };
        let inputs = Self {
            root: output_root(&config)?,
            flags: flags(&source, common, &options),
            recorded: recorded_options(common, &options, &config, accounts.recorded()),
            config_sha256: config_bytes.map(|bytes| sha256(&bytes)),
            reference_sha256: sha256(&accounts.bytes),
            options,
            started_at,
            config,
            source,
            reference,
            baseline,
            continued,
            replaced,
            kept,
        };
        if let Some(folder) = &inputs.options.save_snapshot {
            check_snapshot_target(folder)?;
        }
        Ok((inputs, domains))
    }

    /// What to know before anything is read.
    pub(super) fn notices(&self) -> Vec<Message> {
        let mut notices = Vec::new();
        if !self.reference.ignored_columns.is_empty() {
            notices.push(ignored_columns(&self.reference.ignored_columns));
        }
        let limits = &self.config.settings.thresholds;
        for (name, limit) in
            [("max_new_issues", limits.max_new_issues), ("max_lost_accounts", limits.max_lost_accounts)]
        {
            if limit.is_some() && self.baseline.is_none() {
                let what = format!("{name} needs a baseline, so this audit does not check it");
                notices.push(Message::public(what));
            }
        }
        if self.baseline.as_ref().is_some_and(|baseline| baseline.accounts.is_none()) {
            notices.push(
                "the baseline does not list its accounts, so this audit cannot tell which accounts are lost".into(),
            );
        }
        notices
    }

    /// The accounts of the baseline, where it lists them.
    pub(super) fn baseline_accounts(&self) -> Option<BaselineAccounts> {
        self.baseline.as_ref().and_then(RunFolder::baseline_accounts)
    }

    /// The history that the run's continues: that of `--history`, or else of the baseline.
    pub(super) fn earlier(&self) -> Option<&History> {
        self.continued.as_ref().or(self.baseline.as_ref()).and_then(|run| run.history.as_ref())
    }

    /// What `source::read` needs to know.
    pub(super) fn what_to_read<'a>(&'a self, log: Option<&'a PageLog>) -> source::WhatToRead<'a> {
        source::WhatToRead {
            source: &self.source,
            config: &self.config,
            options: &self.options.source,
            started_at: self.started_at,
            keep_older_tickets: false,
            log,
        }
    }

    /// Where the runs are.
    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The issues and actions as rows, when there is a baseline to compare them with.
    pub(super) fn rows_to_compare<'a>(&self, found: &'a Audit<'_>) -> Option<FoundRows<'a>> {
        self.baseline.is_some().then(|| FoundRows::of(found))
    }

    /// Writes the run folder, and with it the snapshot that was asked for: both appear at the same moment, or neither.
    pub(super) fn publish(&self, read: &Read, found: &Audit<'_>, judged: &Judged<'_>) -> Result<Published, Failure> {
        let snapshot = self.snapshot(read)?;
        let as_of = self.options.source.as_of;
        let run = Run {
            run_id: String::new(),
            started_at: self.started_at,
            created_at: as_of.unwrap_or_else(clock::now),
            source: read.source,
            zendesk: read.zendesk.clone(),
        };
        let content = Content {
            audit: found,
            totals: &judged.totals,
            thresholds: &judged.thresholds,
            origin: self.origin(read, found),
            compared: self.baseline.as_ref().zip(judged.compared.as_ref()),
            earlier: self.earlier(),
            limits: &self.config.apply,
            ended_at: as_of,
        };
        publish(&self.root, run, snapshot, content)
            .map_err(|error| disk("the artifacts could not be written; no files were left", error))
    }
}

impl Inputs {
    /// The snapshot that was asked for, written but without its name.
    fn snapshot(&self, read: &Read) -> Result<Option<(Folder, &Path)>, Failure> {
        let Some(folder) = self.options.save_snapshot.as_deref() else { return Ok(None) };
        let warnings: Vec<Warning> =
            self.reference.warnings.iter().filter(|warning| warning.code.is_of_first_reading()).cloned().collect();
        let reference = self.kept.as_deref().map(|csv| {
            let accounts = self.reference.accounts.len() as u64;
            snapshot::Kept { csv, accounts, warnings: &warnings }
        });
        let facts = snapshot::Provenance {
            zendesk: &read.zendesk,
            as_of: read.as_of,
            tickets_from: read.tickets_from,
            ticket_source: read.ticket_source.as_deref(),
            reference,
        };
        let saved = snapshot::save(&read.world, &facts, folder).map_err(|error| {
            let what = format!("the snapshot {} could not be saved; no files were left", folder.display());
            disk(Message::public(what), error)
        })?;
        Ok(Some((saved, folder)))
    }

    /// How the run came about.
    fn origin(&self, read: &Read, found: &Audit<'_>) -> Origin {
        Origin {
            options: self.recorded.clone(),
            config_sha256: self.config_sha256.clone(),
            reference_sha256: self.reference_sha256.clone(),
            snapshot_sha256: read.digests.clone(),
            ticket_source: read.ticket_source.clone(),
            requests: read.requests.clone(),
            baseline: self.baseline.as_ref().map(RunFolder::named),
            history: self.continued.as_ref().map(RunFolder::named),
            suppressions_from: self.replaced.as_ref().map(|replaced| replaced.against(found)),
        }
    }
}

/// Suppressions that another file has put out of force, and that file.
struct Replaced {
    sha256: String,
    own: Vec<Suppression>,
}

impl Replaced {
    /// Puts the suppressions of `--suppressions-from` in place of the configuration's own.
    fn by(options: &Options, config: &mut Config) -> Result<Option<Self>, Failure> {
        let Some(path) = &options.suppressions_from else { return Ok(None) };
        let Some(ConfigFile { config: other, bytes }) = read_config(Some(path))? else { return Ok(None) };
        let own = std::mem::replace(&mut config.settings.suppressions, other.settings.suppressions);
        Ok(Some(Self { sha256: sha256(&bytes), own }))
    }

    /// What the configuration's own suppressions would have hidden beyond the issues that are suppressed.
    fn against(&self, found: &Audit<'_>) -> SuppressionsFrom {
        let would = suppress::would_silence(&found.context(), &found.as_of.date(), &self.own, &found.issues);
        let would = would.into_iter().map(|(at, suppression)| WouldSuppress {
            issue_id: found.issues[at].id.to_string(),
            reason: suppression.reason.clone(),
        });
        SuppressionsFrom { sha256: self.sha256.clone(), own_would_suppress: would.collect() }
    }
}

/// Reads an earlier run, which must be of the same Zendesk.
fn earlier_run(
    common: &Common,
    named: Option<&Path>,
    what: &str,
    source: &AuditSource,
    config: &Config,
) -> Result<Option<RunFolder>, Failure> {
    let Some(named) = named else { return Ok(None) };
    let folder = runs::folder_under(named, what, || Ok(config.root.clone()))?;
    let run = runs::open_folder(common, &folder, what)?;
    let (source, zendesk) = source.about(config);
    runs::comparable(&folder, &run, diff::AboutSide { source, zendesk: &zendesk })?;
    Ok(Some(run))
}

/// The flags with which a trace answers from what this audit read: without any, it would read the newest snapshot.
fn flags(source: &AuditSource, common: &Common, options: &Options) -> String {
    let mut flags = source.flags(common, &options.source, options.save_snapshot.as_deref());
    let is_named = options.source.subdomain.is_some() || options.source.base_url.is_some();
    if let (AuditSource::Live { zendesk, .. }, None, false) = (source, &options.save_snapshot, is_named) {
        flags.push_str(&format!(" --base-url {}", escape::shell_word(zendesk)));
    }
    flags
}

fn output_root(config: &Config) -> Result<Root, Failure> {
    let root = Root::prepare(&config.root).map_err(|error| {
        Failure::invalid(Message::public(format!("the output root {} cannot be written", config.root.display())))
            .because(error)
            .help("name another with --out")
    })?;
    root.tidy();
    Ok(root)
}

fn check_snapshot_target(folder: &Path) -> Result<(), Failure> {
    snapshot::check_target(folder).map_err(|error| {
        Failure::invalid(Message::public(format!("the snapshot cannot be saved as {}", folder.display())))
            .because(error)
            .help("name a folder that does not exist yet, or an empty one")
    })
}
