//! Where an audit and a trace read from: the configuration in force, and exactly one source (rules 1).

use super::salesforce::Access;
use super::{ConfigFile, disk, find_reference, live, named_zendesk, read_config};
use crate::catalogue::WarningCode;
use crate::cli::{Common, Source as Options};
use crate::clock;
use crate::config::{self, Config, SalesforceSource};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::model::domains::DomainTable;
use crate::model::time::Instant;
use crate::model::warning::Warning;
use crate::model::world::World;
use crate::paths::file_name;
use crate::run::artifacts::Source;
use crate::run::artifacts::receipt::Requests;
use crate::salesforce::Cost;
use crate::snapshot::demo;
use crate::snapshot::{self, Snapshot};
use crate::text::audience::Message;
use crate::text::escape;
use crate::zendesk::{Credentials, PageLog, TicketSource};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The Zendesk of a folder that does not tell its own, and of a configuration that names none.
const UNKNOWN_ZENDESK: &str = "https://unknown.zendesk.invalid";

/// The configuration in force: the file's, then the flags'. And the file's bytes.
pub(super) fn configuration(common: &Common, options: &Options) -> Result<(Config, Option<Vec<u8>>), Failure> {
    if options.demo && common.config.is_some() {
        return Err(Failure::invalid("--demo and --config exclude each other")
            .help("the demo is the same everywhere; leave --config out"));
    }
    let file = if options.demo { None } else { read_config(common.config.as_deref())? };
    if file.is_none() && !options.demo && options.sf_accounts.is_none() && options.snapshot.is_none() {
        return Err(Failure::invalid("there is no configuration, and no --sf-accounts").help(
            "write a configuration:\n  g-gremlin zendesk drift init --sf-accounts accounts.csv --subdomain acme\nor look at the demo, without credentials:\n  g-gremlin zendesk drift audit --demo",
        ));
    }
    let (mut config, bytes) = match file {
        Some(ConfigFile { config, bytes }) => (config, Some(bytes)),
        None => (Config::without_file(), None),
    };
    let flag =
        |what: &str, error: String| Failure::invalid(Message::public(format!("{what} cannot be used"))).because(error);
    if let Some(days) = options.lookback_days {
        config.settings.lookback_days =
            config::checked_lookback(days).map_err(|error| flag("--lookback-days", error))?;
    }
    config.zendesk = named_zendesk(options.subdomain.as_deref(), options.base_url.as_deref())?.or(config.zendesk);
    if let Some(accounts) = &options.sf_accounts {
        config.accounts_csv.clone_from(accounts);
        config.salesforce = SalesforceSource::Csv;
    }
    Ok((config, bytes))
}

/// Exactly one of three.
#[expect(clippy::large_enum_variant, reason = "there is one in a run")]
pub(super) enum AuditSource {
    Demo,
    Snapshot {
        path: PathBuf,
        snapshot: Snapshot,
    },
    Live {
        zendesk: String,
        credentials: Credentials,
        /// Where the reference is asked for, unless it is a CSV.
        salesforce: Option<Access>,
    },
}

impl AuditSource {
    /// The source that the flags name, else the Zendesk of the configuration.
    pub(super) fn choose(common: &Common, options: &Options, config: &Config) -> Result<Self, Failure> {
        if options.demo {
            return Ok(Self::Demo);
        }
        if let Some(path) = &options.snapshot {
            let snapshot = Snapshot::open(path).map_err(|error| snapshot_failure(path, &error))?;
            return Ok(Self::Snapshot { path: path.clone(), snapshot });
        }
        let zendesk = live::target(config)?;
        let salesforce = Access::of(config, common.console())?;
        if salesforce.is_none() {
            find_reference(&config.accounts_csv)?;
        }
        let credentials = live::credentials(live::READ_SCOPE)?;
        Ok(Self::Live { zendesk, credentials, salesforce })
    }

    /// Begins to read what can be read before the reference is.
    pub(super) fn read_ahead(&self) {
        if let Self::Snapshot { snapshot, path: _ } = self {
            snapshot.read_ahead();
        }
    }

    /// What is being done while it is read.
    pub(super) fn reading(&self) -> Message {
        match self {
            Self::Demo => "Loading fixture data...".into(),
            Self::Snapshot { path, .. } => {
                Message::public(format!("Loading snapshot {}...", escape::terminal(&file_name(path))))
            }
            Self::Live { zendesk, .. } => Message::with_public(format!("Reading {zendesk}..."), "Reading Zendesk..."),
        }
    }

    /// Which Zendesk it is about.
    pub(super) fn about(&self, config: &Config) -> (Source, String) {
        match self {
            Self::Demo => (Source::Demo, demo::ZENDESK.to_owned()),
            Self::Snapshot { snapshot, path: _ } => {
                let zendesk = snapshot.zendesk().map(str::to_owned).or_else(|| config.zendesk.clone());
                (Source::Zendesk, zendesk.unwrap_or(UNKNOWN_ZENDESK.to_owned()))
            }
            Self::Live { zendesk, .. } => (Source::Zendesk, zendesk.clone()),
        }
    }

    /// The flags that select the same source, configuration and reference for another command. A live read that was saved as a
    /// snapshot is selected as that snapshot.
    pub(super) fn flags(&self, common: &Common, options: &Options, saved: Option<&Path>) -> String {
        let path = |path: &Path| escape::shell_word(&path.display().to_string());
        let mut flags = String::new();
        if let Some(config) = &common.config {
            flags.push_str(&format!(" --config {}", path(config)));
        }
        if let Some(accounts) = &options.sf_accounts {
            flags.push_str(&format!(" --sf-accounts {}", path(accounts)));
        }
        match self {
            Self::Demo => flags.push_str(" --demo"),
            Self::Snapshot { path: folder, .. } => flags.push_str(&format!(" --snapshot {}", path(folder))),
            Self::Live { .. } if saved.is_some() => {
                flags.extend(saved.map(|folder| format!(" --snapshot {}", path(folder))));
            }
            Self::Live { .. } => {
                let named = [("--subdomain", &options.subdomain), ("--base-url", &options.base_url)];
                for (flag, value) in named {
                    if let Some(value) = value {
                        flags.push_str(&format!(" {flag} {}", escape::shell_word(value)));
                    }
                }
            }
        }
        if let Some(days) = options.lookback_days {
            flags.push_str(&format!(" --lookback-days {days}"));
        }
        // The demo has a clock of its own.
        if let (Some(as_of), Self::Snapshot { .. } | Self::Live { .. }) = (options.as_of, self) {
            flags.push_str(&format!(" --as-of {}", as_of.rfc3339()));
        }
        flags
    }
}

pub(super) fn snapshot_failure(path: &Path, error: &snapshot::SnapshotError) -> Failure {
    let exit = if error.is_read_error() { Exit::Unreadable } else { Exit::Invalid };
    Failure::new(exit, Message::public(format!("the snapshot {} cannot be used", path.display()))).because(error)
}

/// Everything that a source gave.
pub(super) struct Read {
    pub world: World,
    pub as_of: Instant,
    /// Where the ticket window begins.
    pub tickets_from: Instant,
    pub source: Source,
    pub zendesk: String,
    pub ticket_source: Option<String>,
    pub digests: BTreeMap<String, String>,
    pub requests: Option<Requests>,
    pub warnings: Vec<Warning>,
}

/// What is read, and how.
pub(super) struct WhatToRead<'a> {
    pub source: &'a AuditSource,
    pub config: &'a Config,
    pub options: &'a Options,
    pub started_at: Instant,
    /// Keep the tickets of a demo or a snapshot from before the window.
    pub keep_older_tickets: bool,
    /// Where the pages of a live read are kept.
    pub log: Option<&'a PageLog>,
}

/// Reads the source.
pub(super) fn read(console: &Console, what: &WhatToRead<'_>, domains: DomainTable) -> Result<Read, Failure> {
    let WhatToRead { source, config, options, started_at, keep_older_tickets, log } = *what;
    let lookback = config.settings.lookback_days;
    let keep_from = |tickets_from: Instant| if keep_older_tickets { Instant::MIN } else { tickets_from };
    let (about, zendesk_url) = source.about(config);
    match source {
        AuditSource::Demo => {
            let as_of = options.as_of.unwrap_or_else(demo::as_of);
            let tickets_from = as_of.minus_days(lookback);
            let world = demo::world(domains, keep_from(tickets_from))
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
        AuditSource::Snapshot { path, snapshot } => {
            let as_of = options.as_of.or(snapshot.as_of()).unwrap_or(started_at);
            let tickets_from = as_of.minus_days(lookback);
            if let Some(covered) = snapshot.tickets_from().filter(|covered| tickets_from < *covered) {
                return Err(Failure::invalid(Message::public(format!(
                    "the snapshot {} does not cover {lookback} days of tickets",
                    path.display()
                )))
                .because(Message::public(format!(
                    "its tickets begin at {}, and the window at {}",
                    covered.rfc3339(),
                    tickets_from.rfc3339()
                )))
                .help("use a smaller --lookback-days, or take a new snapshot with a longer one"));
            }
            let wanted = config.settings.tickets_enabled;
            if wanted && !snapshot.has_tickets() {
                let what =
                    format!("the snapshot {} has no tickets: they were not read when it was taken", path.display());
                return Err(Failure::invalid(Message::public(what))
                    .help("set tickets.enabled: false, or take a new snapshot with tickets"));
            }
            let ticket_source = snapshot.ticket_source().map(str::to_owned).filter(|_| wanted);
            let warnings = source_warning(ticket_source.as_deref());
            let loaded = snapshot
                .read(domains, wanted.then(|| keep_from(tickets_from)))
                .map_err(|error| snapshot_failure(path, &error))?;
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
        AuditSource::Live { zendesk, credentials, salesforce } => {
            let tickets_from = log.map_or(started_at.minus_days(lookback), PageLog::tickets_from);
            let what = live::What { zendesk, config, tickets_from, log };
            let live = live::read(console, &what, credentials.clone(), domains)?;
            let warnings = source_warning(live.ticket_source.as_deref());
            Ok(Read {
                world: live.world,
                // The reads have just ended.
                as_of: options.as_of.unwrap_or_else(clock::now),
                tickets_from,
                source: about,
                zendesk: zendesk_url,
                ticket_source: live.ticket_source,
                digests: BTreeMap::new(),
                requests: Some(with_salesforce(live.requests, salesforce.as_ref())),
                warnings,
            })
        }
    }
}

/// What the source of the tickets lacks. Who replays such a snapshot must know it too.
fn source_warning(ticket_source: Option<&str>) -> Vec<Warning> {
    let (code, message) = match ticket_source {
        Some(source) if source == TicketSource::List.as_str() => (
            WarningCode::ArchivedTicketsNotCovered,
            "the tickets came from the ticket list, which leaves archived tickets out; their drift is not found",
        ),
        Some(source) if source == TicketSource::SearchAlone.as_str() => (
            WarningCode::TicketsMayLag,
            "the tickets came from the search export alone, whose index lags by some minutes; the latest changes may be missing",
        ),
        _ => return Vec::new(),
    };
    vec![Warning::general(code, message.to_owned())]
}

/// The requests to both sides.
fn with_salesforce(mut requests: Requests, salesforce: Option<&Access>) -> Requests {
    let Some(access) = salesforce else { return requests };
    let Cost { requests: asked, waited_after_failures, api_usage: _ } = access.cost();
    for (name, count) in asked {
        requests.total += count;
        *requests.by_endpoint.entry(name.to_owned()).or_default() += count;
    }
    requests.waited_after_failures_ms += u64::try_from(waited_after_failures.as_millis()).unwrap_or(u64::MAX);
    requests
}
