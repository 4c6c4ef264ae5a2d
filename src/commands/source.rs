//! Where an audit and a trace read from: the configuration in force, and exactly one source (rules 1).

mod read;

pub(super) use read::{Read, WhatToRead, read};

use super::salesforce::Access;
use super::{ConfigFile, find_reference, live, named_zendesk, read_config};
use crate::cli::{Common, SourceOptions as Options};
use crate::config::{self, Config, SalesforceSource};
use crate::exit::{Exit, Failure};
use crate::paths::file_name;
use crate::run::artifacts::Source;
use crate::snapshot::demo;
use crate::snapshot::{self, Snapshot};
use crate::text::audience::Message;
use crate::text::escape;
use crate::zendesk::Credentials;
use std::path::{Path, PathBuf};

/// The Zendesk to use if neither the folder nor the configuration names one.
const UNKNOWN_ZENDESK: &str = "https://unknown.zendesk.invalid";

/// The configuration in force: the file's, then the flags'. And the file's bytes.
pub(super) fn configuration(common: &Common, options: &Options) -> Result<(Config, Option<Vec<u8>>), Failure> {
    if options.demo && common.config.is_some() {
        return Err(Failure::invalid("--demo and --config cannot be used together")
            .help("the demo does not use a configuration; leave out --config"));
    }
    let file = if options.demo { None } else { read_config(common.config.as_deref())? };
    if file.is_none() && !options.demo && options.sf_accounts.is_none() && options.snapshot.is_none() {
        return Err(Failure::invalid("there is no configuration and no --sf-accounts").help(
            "write a configuration:\n  g-gremlin zendesk drift init --sf-accounts accounts.csv --subdomain \
                acme\nor try the demo, without credentials:\n  g-gremlin zendesk drift audit --demo",
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
