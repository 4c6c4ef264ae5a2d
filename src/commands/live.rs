//! The live read of an audit: credentials, progress, and a sink that turns pages into a world.

use crate::clock;
use crate::config::{self, Config};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::model::domains::DomainTable;
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::model::world::World;
use crate::run::artifacts::receipt::{Expected, Requests, Resumed};
use crate::text::audience::Message;
use crate::zendesk::{
    self, Collector, Credentials, PageLog, Pause, Plain, ProbeOptions, Progress, ReadOptions, Silent, SoFar, Terminal,
    Timing,
};
use std::io::IsTerminal;
use std::time::Duration;

/// What the OAuth token of a command that only reads may do, unless `ZENDESK_OAUTH_SCOPE` says otherwise.
pub(super) const READ_SCOPE: &str = "read";

/// What a live read gave.
pub(super) struct Live {
    pub world: World,
    /// `None` where tickets were not read.
    pub ticket_source: Option<String>,
    pub requests: Requests,
}

/// The credentials that the environment holds; an OAuth client will ask for this scope.
pub(super) fn credentials(scope: &str) -> Result<Credentials, Failure> {
    let env = |name: &str| std::env::var(name).ok();
    zendesk::credentials_from(&env, scope).map_err(|error| {
        Failure::invalid("there are no usable credentials for Zendesk")
            .because(&error)
            .help(Message::public(error.help()))
    })
}

/// The Zendesk that the credentials may be sent to, if one is named. Errors: the environment pins them to another one.
pub(super) fn pinned(config: &Config) -> Result<Option<String>, Failure> {
    let env = |name: &str| std::env::var(name).ok();
    config::target(config, &env).map_err(|error| Failure::new(error.exit(), &error).help(Message::public(error.help())))
}

/// The same where one is needed.
pub(super) fn target(config: &Config) -> Result<String, Failure> {
    pinned(config)?.ok_or_else(|| {
        Failure::invalid("no Zendesk is named")
            .help("set zendesk.subdomain in the configuration, or use --subdomain, --snapshot or --demo")
    })
}

/// Shows the progress of a live read.
pub(super) fn progress(console: &Console) -> Box<dyn Progress> {
    if console.quiet {
        Box::new(Silent)
    } else if console.audience.is_public() {
        Box::new(Discreet(Plain::new(std::io::stderr(), false)))
    } else if std::io::stderr().is_terminal() {
        Box::new(Terminal::new(console.verbose))
    } else {
        Box::new(Plain::new(std::io::stderr(), console.verbose))
    }
}

/// Tells everybody how far a read is, and neither what was asked for nor what was answered.
struct Discreet<P>(P);

impl<P: Progress> Progress for Discreet<P> {
    fn total(&self, kind: Kind, records: u64) {
        self.0.total(kind, records);
    }

    fn page(&self, kind: Kind, so_far: SoFar) {
        self.0.page(kind, so_far);
    }

    fn finished(&self, kind: Kind, records: u64) {
        self.0.finished(kind, records);
    }

    fn waiting(&self, _: &str, why: &Pause, for_how_long: Duration) {
        let why = match why {
            Pause::Pace => Pause::Pace,
            Pause::Failure(_) => Pause::Failure("a failure".to_owned()),
        };
        self.0.waiting("Zendesk", &why, for_how_long);
    }
}

/// Asks a Zendesk what can be read, and how fast: a few small requests.
pub(super) fn probe(
    console: &Console,
    zendesk: &str,
    credentials: Credentials,
    config: &Config,
) -> Result<zendesk::Findings, Failure> {
    let nothing = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Unreadable, "no request was sent").because(error.to_string())
    };
    let options = ProbeOptions {
        base_url: url::Url::parse(zendesk).map_err(|error| nothing(&error))?,
        credentials,
        tickets_from: clock::now().minus_days(config.settings.lookback_days).seconds(),
        timing: zendesk::probe_timing(),
    };
    // A request names hosts and ids.
    let progress: Box<dyn Progress> = if console.verbose && !console.audience.is_public() {
        Box::new(Plain::new(std::io::stderr(), true))
    } else {
        Box::new(Silent)
    };
    let runtime = crate::parallel::runtime().map_err(|error| nothing(&error))?;
    Ok(runtime.block_on(zendesk::probe(&options, progress.as_ref())))
}

/// What is read live.
pub(super) struct What<'a> {
    /// Scheme and host.
    pub zendesk: &'a str,
    pub config: &'a Config,
    pub tickets_from: Instant,
    /// Where pages are kept.
    pub log: Option<&'a PageLog>,
}

/// Reads everything from a Zendesk, or fails without a result.
pub(super) fn read(
    console: &Console,
    what: &What<'_>,
    credentials: Credentials,
    domains: DomainTable,
) -> Result<Live, Failure> {
    let What { zendesk: origin, config, tickets_from, log } = *what;
    let nothing = || Failure::new(Exit::Unreadable, "nothing was audited");
    let options = ReadOptions {
        base_url: url::Url::parse(origin).map_err(|error| nothing().because(error.to_string()))?,
        credentials,
        reserve_percent: config.reserve_percent,
        tickets_from: config.settings.tickets_enabled.then(|| tickets_from.seconds()),
        allow_list: config.allow_ticket_list,
        timing: Timing::default(),
    };
    let progress = progress(console);
    let mut sink = Collector::new(tickets_from, domains);
    let runtime = crate::parallel::runtime().map_err(|error| nothing().because(error))?;
    let outcome = runtime
        .block_on(zendesk::read_keeping(&options, log, &mut sink, progress.as_ref()))
        .map_err(|error| nothing().because(&error).help(error.next()))?;
    drop(progress);
    if console.audience.is_public() {
        // Elsewhere the progress has told them when they happened; here the console decides.
        for notice in outcome.notices {
            console.notice(notice);
        }
    }
    let fetch = outcome.tickets.as_ref().map(|choice| choice.reason.clone());
    Ok(Live {
        world: sink.finish(outcome.multiple_organizations),
        ticket_source: outcome.tickets.map(|choice| choice.source.as_str().to_owned()),
        requests: Requests {
            total: outcome.requests.values().sum(),
            by_endpoint: outcome.requests,
            waited_for_pace_ms: outcome.waited_for_pace_ms,
            waited_after_failures_ms: outcome.waited_after_failures_ms,
            took_ms: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
            tickets_because: fetch,
            expected: outcome.expected.map(|expected| Expected {
                total: expected.requests,
                seconds: expected.takes.as_secs(),
                by_kind: expected
                    .parts
                    .iter()
                    .filter_map(|part| Some((part.kind.to_owned(), part.requests?)))
                    .collect(),
            }),
            resumed: log.and_then(|log| Some(Resumed { began_at: log.began_at().rfc3339(), pages: log.taken_over()? })),
        },
    })
}
