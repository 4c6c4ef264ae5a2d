//! `trace`: why the audit decided as it did about one account, org, user, ticket or domain.

use super::accounts::Accounts;
use super::disk;
use super::source::{self, AuditSource};
use crate::cli::{Common, Trace as Options};
use crate::clock;
use crate::config::Config;
use crate::console::{Console, Format};
use crate::exit::{Exit, Failure};
use crate::model::domain;
use crate::model::domains::DomainTable;
use crate::model::time::Instant;
use crate::paths::shown_path;
use crate::report::trace::{Line, render};
use crate::rules::audit::audit;
use crate::run::artifacts;
use crate::snapshot::Snapshot;
use crate::text::audience::{Message, open};
use crate::trace::{self, Context, SCHEMA, Subject, Trace, Unknown};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where docs and workflows keep snapshots, below the artifacts root.
const SNAPSHOTS: &str = "snapshots";
/// The width of the text where it goes to no terminal, and the greatest where it does.
const WIDTH: usize = 100;
const MOST_WIDTH: usize = 120;

/// Runs `trace`.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let started_at = options.source.as_of.unwrap_or_else(clock::now);
    let console = common.console();
    let (config, config_bytes) = source::configuration(common, &options.source)?;
    let subject = subject(options)?;
    let found = newest_snapshot(&console, options, &config)?;
    let source = match found {
        Some((path, snapshot)) => AuditSource::Snapshot { path, snapshot },
        None => AuditSource::choose(common, &options.source, &config)?,
    };
    let flags = source.flags(common, &options.source);
    let is_named = config_bytes.is_some() || options.source.sf_accounts.is_some();
    let accounts = Accounts::read(&source, &config, is_named)?;
    let mut domains = DomainTable::default();
    let reference = accounts.reference(&config, &mut domains)?;
    if let Subject::Account(id) = &subject {
        // Known without reading anything else.
        trace::account_at(&reference, id).map_err(|unknown| self::unknown(unknown, &flags))?;
    }

    if matches!(source, AuditSource::Live { .. }) {
        console.notice(source.reading());
    }
    // A ticket that is too old for the window can still be told so.
    let older = matches!(subject, Subject::Ticket(_));
    let read = source::read(&console, &source, &config, &options.source, started_at, domains, older)?;
    console.warnings(&read.warnings);
    let found = audit(&reference, &read.world, &config.settings, None, read.as_of, read.warnings.clone());
    let context = Context { audit: &found, reference_csv: &accounts.bytes, columns: &accounts.columns, flags: &flags };
    let trace = trace::explain(&context, &subject).map_err(|unknown| self::unknown(unknown, &flags))?;
    let seen = Seen {
        source: match &source {
            AuditSource::Demo => "demo",
            AuditSource::Snapshot { .. } => "snapshot",
            AuditSource::Live { .. } => "live",
        },
        snapshot: match &source {
            AuditSource::Snapshot { path, .. } => Some(shown_path(path)),
            AuditSource::Demo | AuditSource::Live { .. } => None,
        },
        taken_at: match &source {
            AuditSource::Snapshot { snapshot, .. } => snapshot.as_of().map(Instant::rfc3339),
            AuditSource::Demo | AuditSource::Live { .. } => None,
        },
        age_seconds: match &source {
            AuditSource::Snapshot { snapshot, .. } => {
                snapshot.as_of().map(|taken| started_at.seconds() - taken.seconds())
            }
            AuditSource::Demo | AuditSource::Live { .. } => None,
        },
        zendesk: &read.zendesk,
        as_of: read.as_of.rfc3339(),
        tickets_from: found.window.0.rfc3339(),
    };
    print(&console, &seen, &trace);
    Ok(Exit::Done)
}

fn subject(options: &Options) -> Result<Subject, Failure> {
    let Options { sf_account_id, zendesk_org_id, zendesk_user_id, zendesk_ticket_id, domain, source: _ } = options;
    let ids = [
        sf_account_id.as_ref().map(|id| Subject::Account(id.clone())),
        zendesk_org_id.map(Subject::Org),
        zendesk_user_id.map(Subject::User),
        zendesk_ticket_id.map(Subject::Ticket),
    ];
    if let Some(subject) = ids.into_iter().flatten().next() {
        return Ok(subject);
    }
    // The command line holds exactly one subject.
    let text = domain.as_deref().unwrap_or_default();
    // What stands before the `@` is nobody's business.
    let normal = match text.rsplit_once('@') {
        Some((_, after)) => domain::normalize_email_domain(after),
        None => domain::normalize(text),
    };
    normal.map(Subject::Domain).map_err(|why| {
        let cause = match why {
            domain::NotUsable::NotADomain => "a domain has two or more labels of letters, digits and inner hyphens",
            domain::NotUsable::PublicSuffix => "it is a public suffix, under which anybody can have a domain",
        };
        Failure::invalid("--domain cannot be used").because(cause).help("write it like acme.com")
    })
}

/// The newest snapshot below the artifacts root, when no source is named. One that cannot be used, or is of another
/// Zendesk than the configured one, is told and left out.
fn newest_snapshot(
    console: &Console,
    options: &Options,
    config: &Config,
) -> Result<Option<(PathBuf, Snapshot)>, Failure> {
    let source = &options.source;
    if source.demo || source.snapshot.is_some() || source.subdomain.is_some() || source.base_url.is_some() {
        return Ok(None);
    }
    let folder = config.root.join(SNAPSHOTS);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk(open(format!("the folder {} cannot be read", folder.display())), error)),
    };
    let mut newest: Option<(Instant, PathBuf, Snapshot)> = None;
    let mut names: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.sort();
    for path in names.into_iter().filter(|path| path.is_dir() && !is_hidden(path)) {
        let left_out = |why: Message| {
            let which = open(format!("the snapshot {} is left out", shown_path(&path)));
            console.notice(which.then(": ", &why));
        };
        let snapshot = match Snapshot::open(&path) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                left_out((&error).into());
                continue;
            }
        };
        let Some(taken) = snapshot.as_of() else {
            left_out("it has no manifest, so nobody knows how old it is; --snapshot names it".into());
            continue;
        };
        if let (Some(wanted), Some(other)) = (config.zendesk.as_deref(), snapshot.zendesk())
            && wanted != other
        {
            left_out(format!("it is of {other}, and the configuration names {wanted}").into());
            continue;
        }
        if newest.as_ref().is_none_or(|(time, _, _)| taken >= *time) {
            newest = Some((taken, path, snapshot));
        }
    }
    Ok(newest.map(|(_, path, snapshot)| (path, snapshot)))
}

/// Folders that are being written begin with a dot.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// A subject that does not exist, with what is near.
fn unknown(unknown: Unknown, flags: &str) -> Failure {
    let Unknown { what, near, remark } = unknown;
    let mut failure = Failure::invalid(what);
    if let Some(remark) = remark {
        failure = failure.because(remark);
    }
    if near.is_empty() {
        return failure.help("nothing is like it; is it of another Zendesk or another export?");
    }
    let commands: Vec<String> =
        near.iter().map(|near| format!("\n  g-gremlin zendesk drift trace {near}{flags}")).collect();
    failure.help(format!("the nearest:{}", commands.concat()))
}

/// What was looked at.
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
}

impl Seen<'_> {
    fn lines(&self) -> Vec<String> {
        let Self { source, snapshot, taken_at, age_seconds, zendesk, as_of, tickets_from } = self;
        let from = match (snapshot, taken_at, age_seconds) {
            (Some(path), Some(taken), Some(age)) => {
                format!("Snapshot {path} of {zendesk}, taken {taken}, {}.", age_in_words(*age))
            }
            (Some(path), _, _) => format!("Snapshot {path}, of unknown age."),
            (None, ..) if *source == "demo" => "The demo's fixtures.".to_owned(),
            (None, ..) => format!("{zendesk}, read just now."),
        };
        vec![from, format!("As of {as_of}, with tickets from {tickets_from} on.")]
    }
}

/// How old something is.
fn age_in_words(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..0 => return "later than the clock says".to_owned(),
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
        Format::Text => {
            let width = terminal_size::terminal_size_of(std::io::stdout())
                .map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(40, MOST_WIDTH));
            for line in render(trace, &seen.lines(), width) {
                match line {
                    Line::Heading(text) => console.heading(text),
                    Line::Text(text) => console.say(text),
                }
            }
        }
    }
}
