//! `trace`: why the audit decided as it did about one account, org, user, ticket or domain.

mod newest;

use super::accounts::Accounts;
use super::source::{self, AuditSource, Read, WhatToRead};
use crate::cli::{Common, SourceOptions, TraceOptions as Options};
use crate::clock;
use crate::config::Config;
use crate::console::{self, Console, Format};
use crate::exit::{Exit, Failure};
use crate::model::accounts::Reference;
use crate::model::domain;
use crate::model::domains::DomainTable;
use crate::model::time::Instant;
use crate::model::world::World;
use crate::paths::shown_path;
use crate::report::trace::render;
use crate::rules::audit::{Audit, audit};
use crate::run::artifacts;
use crate::text::escape;
use crate::text::words::grouped;
use crate::trace::{self, Context, Named, SCHEMA, Trace, TraceSubject, UnknownSubject};
use newest::{Newest, newest};
use serde::Serialize;

/// The width of the text where it goes to no terminal, and the greatest where it does.
const WIDTH: usize = 100;
const MOST_WIDTH: usize = 120;

/// Runs `trace`.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let started_at = options.source.as_of.unwrap_or_else(clock::now);
    let console = common.console();
    let (mut config, config_bytes) = source::configuration(common, &options.source)?;
    let asked = Asked::of(options)?;
    let chosen = Chosen::source(&console, common, &options.source, &mut config)?;
    let flags = chosen.source.flags(common, &chosen.options, None);
    let is_named = config_bytes.is_some() || options.source.sf_accounts.is_some();
    let accounts = Accounts::read(&chosen.source, &config, is_named)?;
    let mut domains = DomainTable::default();
    let reference = accounts.reference(&config, &mut domains)?;
    // Known without reading anything else.
    let asked = asked.in_reference(&reference, &flags)?;

    if matches!(chosen.source, AuditSource::Live { .. }) {
        console.notice(chosen.source.reading());
    }
    let what = WhatToRead {
        source: &chosen.source,
        config: &config,
        options: &chosen.options,
        started_at,
        // A ticket that is too old for the window can still be shown as such.
        keep_older_tickets: matches!(asked, Asked::Subject(TraceSubject::Ticket(_))),
        log: None,
    };
    let read = source::read(&console, &what, domains)?;
    let subject = asked.in_world(&read.world, &flags)?;
    let found = audit(&reference, &read.world, &config.settings, None, read.as_of, read.warnings.clone());
    let context = Context { audit: &found, reference_csv: &accounts.bytes, columns: &accounts.columns, flags: &flags };
    let trace = trace::explain(&context, &subject).map_err(|unknown| self::unknown(unknown, &flags))?;
    print(&console, &Seen::of(&chosen, &read, &found, started_at), &trace);
    console.warnings(&read.warnings);
    Ok(Exit::Done)
}

/// The source that is read, by which clock, and what to know of it.
struct Chosen {
    source: AuditSource,
    options: SourceOptions,
    remarks: Vec<String>,
}

impl Chosen {
    /// The source that the flags name; without one, the newest audit's snapshot, with that audit's clock and window.
    fn source(
        console: &Console,
        common: &Common,
        options: &SourceOptions,
        config: &mut Config,
    ) -> Result<Self, Failure> {
        let is_named =
            options.demo || options.snapshot.is_some() || options.subdomain.is_some() || options.base_url.is_some();
        let found = if is_named { None } else { newest(console, config)? };
        let Some(Newest { path, snapshot, audit, remarks }) = found else {
            let source = AuditSource::choose(common, options, config)?;
            return Ok(Self { source, options: options.clone(), remarks: Vec::new() });
        };
        let mut options = options.clone();
        if let Some((as_of, lookback_days)) = audit {
            options.as_of = options.as_of.or(Some(as_of));
            if options.lookback_days.is_none() && config.settings.lookback_days != lookback_days {
                config.settings.lookback_days = lookback_days;
                options.lookback_days = Some(lookback_days.into());
            }
        }
        Ok(Self { source: AuditSource::Snapshot { path, snapshot }, options, remarks })
    }
}

/// What is asked about. A name is looked up once what it can name is there.
enum Asked {
    Subject(TraceSubject),
    AccountNamed(String),
    OrgNamed(String),
}

impl Asked {
    fn of(options: &Options) -> Result<Self, Failure> {
        let Options {
            sf_account_id,
            account_name,
            zendesk_org_id,
            org_name,
            zendesk_user_id,
            zendesk_ticket_id,
            domain,
            source: _,
        } = options;
        let asked = [
            sf_account_id.as_ref().map(|id| Self::Subject(TraceSubject::Account(id.clone()))),
            account_name.as_ref().map(|name| Self::AccountNamed(name.clone())),
            zendesk_org_id.map(|id| Self::Subject(TraceSubject::Org(id))),
            org_name.as_ref().map(|name| Self::OrgNamed(name.clone())),
            zendesk_user_id.map(|id| Self::Subject(TraceSubject::User(id))),
            zendesk_ticket_id.map(|id| Self::Subject(TraceSubject::Ticket(id))),
        ];
        match asked.into_iter().flatten().next() {
            Some(asked) => Ok(asked),
            // The command line holds exactly one subject.
            None => domain_subject(domain.as_deref().unwrap_or_default()).map(Self::Subject),
        }
    }

    /// Looks an account up.
    fn in_reference(self, reference: &Reference, flags: &str) -> Result<Self, Failure> {
        match self {
            Self::AccountNamed(name) => {
                named(trace::account_named(reference, &name), "accounts", &name, flags).map(Self::Subject)
            }
            Self::Subject(TraceSubject::Account(id)) => {
                trace::account_at(reference, &id).map_err(|unknown| self::unknown(unknown, flags))?;
                Ok(Self::Subject(TraceSubject::Account(id)))
            }
            other => Ok(other),
        }
    }

    /// Looks an org up; everything else is known by now.
    fn in_world(self, world: &World, flags: &str) -> Result<TraceSubject, Failure> {
        match self {
            Self::Subject(subject) => Ok(subject),
            Self::AccountNamed(name) => Ok(TraceSubject::Account(name)),
            Self::OrgNamed(name) => named(trace::org_named(world, &name), "orgs", &name, flags),
        }
    }
}

fn domain_subject(text: &str) -> Result<TraceSubject, Failure> {
    // Never print the local part of an address.
    let normal = match text.rsplit_once('@') {
        Some((_, after)) => domain::normalize_email_domain(after),
        None => domain::normalize(text),
    };
    normal.map(TraceSubject::Domain).map_err(|why| {
        let cause = match why {
            domain::NotUsable::NotADomain => "a domain has two or more parts of letters, digits and inner hyphens",
            domain::NotUsable::PublicSuffix => "it is a public suffix, under which anyone can have a domain",
        };
        Failure::invalid("--domain cannot be used").because(cause).help("write it like acme.com")
    })
}

/// The subject that a part of a name leads to; several are listed with their ids.
fn named(named: Named, kind: &str, name: &str, flags: &str) -> Result<TraceSubject, Failure> {
    match named {
        Named::One(subject) => Ok(subject),
        Named::Nothing(unknown) => Err(self::unknown(unknown, flags)),
        Named::Several { count, matches } => {
            let mut list: Vec<String> =
                matches.iter().map(|(flag, name)| format!("{flag}  {}", escape::terminal(name))).collect();
            if count > matches.len() {
                list.push(format!("and {} more; enter more of the name", grouped((count - matches.len()) as u64)));
            }
            let what = format!("{} {kind} have \"{}\" in their name", grouped(count as u64), escape::terminal(name));
            Err(Failure::invalid(what).help(format!("use the id of one of them:\n  {}", list.join("\n  "))))
        }
    }
}

/// A subject that does not exist, with what is near.
fn unknown(unknown: UnknownSubject, flags: &str) -> Failure {
    let UnknownSubject { what, near, remark } = unknown;
    let mut failure = Failure::invalid(what);
    if let Some(remark) = remark {
        failure = failure.because(remark);
    }
    if near.is_empty() {
        return failure.help("no id is similar; check that it is from this Zendesk and this export");
    }
    let commands: Vec<String> =
        near.iter().map(|near| format!("\n  g-gremlin zendesk drift trace {near}{flags}")).collect();
    failure.help(format!("did you mean:{}", commands.concat()))
}

/// What was read.
#[derive(Serialize)]
struct Seen<'a> {
    source: &'static str,
    /// The folder of the snapshot.
    snapshot: Option<String>,
    /// When the snapshot was taken.
    taken_at: Option<String>,
    age_seconds: Option<i64>,
    zendesk: &'a str,
    as_of: String,
    tickets_from: String,
    /// Runs that are newer than what was read.
    remarks: &'a [String],
}

impl<'a> Seen<'a> {
    fn of(chosen: &'a Chosen, read: &'a Read, found: &Audit<'_>, started_at: Instant) -> Self {
        let (source, snapshot, taken) = match &chosen.source {
            AuditSource::Demo => ("demo", None, None),
            AuditSource::Snapshot { path, snapshot } => ("snapshot", Some(shown_path(path)), snapshot.as_of()),
            AuditSource::Live { .. } => ("live", None, None),
        };
        Self {
            source,
            snapshot,
            taken_at: taken.map(Instant::rfc3339),
            age_seconds: taken.map(|taken| started_at.seconds() - taken.seconds()),
            zendesk: &read.zendesk,
            as_of: read.as_of.rfc3339(),
            tickets_from: found.window.0.rfc3339(),
            remarks: &chosen.remarks,
        }
    }

    fn lines(&self) -> Vec<String> {
        let Self { source, snapshot, taken_at, age_seconds, zendesk, as_of, tickets_from, remarks } = self;
        let from = match (snapshot, taken_at, age_seconds) {
            (Some(path), Some(taken), Some(age)) => {
                format!("Snapshot {path} of {zendesk}, taken {taken}, {}.", age_in_words(*age))
            }
            (Some(path), _, _) => format!("Snapshot {path}, of unknown age."),
            (None, ..) if *source == "demo" => "Built-in demo data.".to_owned(),
            (None, ..) => format!("{zendesk}, read just now."),
        };
        let read = [from, format!("As of {as_of}, with tickets since {tickets_from}.")];
        remarks.iter().cloned().chain(read).collect()
    }
}

/// How old something is.
fn age_in_words(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..0 => return "in the future by this clock".to_owned(),
        0..120 => return "just now".to_owned(),
        120..7_200 => (seconds / 60, "minutes"),
        7_200..172_800 => (seconds / 3_600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit} ago")
}

fn print(console: &Console, seen: &Seen<'_>, trace: &Trace<'_>) {
    #[derive(Serialize)]
    struct Printed<'a> {
        schema: &'static str,
        seen: &'a Seen<'a>,
        #[serde(flatten)]
        trace: &'a Trace<'a>,
    }
    match console.format {
        Format::Json => console.data(artifacts::json(&Printed { schema: SCHEMA, seen, trace })),
        Format::Text | Format::Csv => {
            let width = console::stdout_width().map_or(WIDTH, |width| width.min(MOST_WIDTH));
            if console.audience.is_public() {
                // All of it is withheld, the empty lines too.
                console.say(seen.as_of.clone());
                return;
            }
            console.show(&render(trace, &seen.lines(), width));
        }
    }
}
