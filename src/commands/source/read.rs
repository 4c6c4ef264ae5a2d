//! Reads what was chosen: the demo, a snapshot or Zendesk itself.

use super::{AuditSource, Options, snapshot_failure};
use crate::catalogue::WarningCode;
use crate::clock;
use crate::commands::salesforce::Access;
use crate::commands::{disk, live};
use crate::config::Config;
use crate::console::Console;
use crate::exit::Failure;
use crate::model::domains::DomainTable;
use crate::model::time::Instant;
use crate::model::warning::Warning;
use crate::model::world::World;
use crate::run::artifacts::Source;
use crate::run::artifacts::receipt::Requests;
use crate::salesforce::Cost;
use crate::snapshot::{Snapshot, demo};
use crate::text::audience::Message;
use crate::zendesk::{Credentials, PageLog, TicketSource};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that a source gave.
pub(in crate::commands) struct Read {
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
pub(in crate::commands) struct WhatToRead<'a> {
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
pub(in crate::commands) fn read(
    console: &Console,
    what: &WhatToRead<'_>,
    domains: DomainTable,
) -> Result<Read, Failure> {
    match what.source {
        AuditSource::Demo => what.demo(domains),
        AuditSource::Snapshot { path, snapshot } => what.snapshot(path, snapshot, domains),
        AuditSource::Live { zendesk, credentials, salesforce } => {
            what.live(console, zendesk, credentials, salesforce.as_ref(), domains)
        }
    }
}

impl WhatToRead<'_> {
    /// What was read from a source without a network, before more is known of it.
    fn offline(&self, world: World, as_of: Instant) -> Read {
        let (source, zendesk) = self.source.about(self.config);
        Read {
            world,
            as_of,
            tickets_from: self.window_from(as_of),
            source,
            zendesk,
            ticket_source: None,
            digests: BTreeMap::new(),
            requests: None,
            warnings: Vec::new(),
        }
    }

    /// Where the ticket window begins that ends at `as_of`.
    fn window_from(&self, as_of: Instant) -> Instant {
        as_of.minus_days(self.config.settings.lookback_days)
    }

    /// From when on tickets are kept.
    fn keep_from(&self, as_of: Instant) -> Instant {
        if self.keep_older_tickets { Instant::MIN } else { self.window_from(as_of) }
    }

    fn demo(&self, domains: DomainTable) -> Result<Read, Failure> {
        let as_of = self.options.as_of.unwrap_or_else(demo::as_of);
        let world = demo::world(domains, self.keep_from(as_of))
            .map_err(|error| disk("the demo's fixtures cannot be read", error))?;
        Ok(self.offline(world, as_of))
    }

    fn snapshot(&self, path: &Path, snapshot: &Snapshot, domains: DomainTable) -> Result<Read, Failure> {
        let as_of = self.options.as_of.or(snapshot.as_of()).unwrap_or(self.started_at);
        let wanted = self.config.settings.tickets_enabled;
        self.covered(path, snapshot, self.window_from(as_of))?;
        if wanted && !snapshot.has_tickets() {
            let what =
                format!("the snapshot {} has no tickets, because they were not read when it was taken", path.display());
            return Err(Failure::invalid(Message::public(what))
                .help("set tickets.enabled: false, or take a new snapshot with tickets"));
        }
        let loaded = snapshot
            .read(domains, wanted.then(|| self.keep_from(as_of)))
            .map_err(|error| snapshot_failure(path, &error))?;
        let ticket_source = snapshot.ticket_source().map(str::to_owned).filter(|_| wanted);
        let warnings = source_warning(ticket_source.as_deref());
        Ok(Read { ticket_source, warnings, digests: loaded.digests, ..self.offline(loaded.world, as_of) })
    }

    /// A snapshot has the tickets of its own window, and a longer one is not in it.
    fn covered(&self, path: &Path, snapshot: &Snapshot, tickets_from: Instant) -> Result<(), Failure> {
        let Some(covered) = snapshot.tickets_from().filter(|covered| tickets_from < *covered) else { return Ok(()) };
        let days = self.config.settings.lookback_days;
        let what = format!("the snapshot {} does not cover {days} days of tickets", path.display());
        let why = format!("its tickets begin at {}, and the window at {}", covered.rfc3339(), tickets_from.rfc3339());
        Err(Failure::invalid(Message::public(what))
            .because(Message::public(why))
            .help("use a smaller --lookback-days, or take a new snapshot with a longer one"))
    }

    fn live(
        &self,
        console: &Console,
        zendesk: &str,
        credentials: &Credentials,
        salesforce: Option<&Access>,
        domains: DomainTable,
    ) -> Result<Read, Failure> {
        let tickets_from = self.log.map_or_else(|| self.window_from(self.started_at), PageLog::tickets_from);
        let what = live::What { zendesk, config: self.config, tickets_from, log: self.log };
        let live = live::read(console, &what, credentials.clone(), domains)?;
        // The reads have just ended.
        let as_of = self.options.as_of.unwrap_or_else(clock::now);
        let warnings = source_warning(live.ticket_source.as_deref());
        let requests = Some(with_salesforce(live.requests, salesforce));
        let ticket_source = live.ticket_source;
        Ok(Read { tickets_from, ticket_source, requests, warnings, ..self.offline(live.world, as_of) })
    }
}

/// What the source of the tickets lacks. Who replays such a snapshot must know it too.
fn source_warning(ticket_source: Option<&str>) -> Vec<Warning> {
    let (code, message) = match ticket_source {
        Some(source) if source == TicketSource::List.as_str() => (
            WarningCode::ArchivedTicketsNotCovered,
            "the tickets came from the ticket list, which does not include archived tickets; drift in those is \
                not found",
        ),
        Some(source) if source == TicketSource::SearchAlone.as_str() => (
            WarningCode::TicketsMayLag,
            "the tickets came from the search export alone, which lags by some minutes; the latest changes may \
                be missing",
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
