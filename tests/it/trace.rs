//! Traces: that each subject is explained as the audit decided, on the fixtures word by word, on random worlds issue by issue.
//!
//! Everything here calls the library, which explains many subjects of one audit; the command line is `cli::trace`'s. The texts
//! under `expected_traces` are rewritten by `G_GREMLIN_BLESS=1`; the tests with literals keep an eye on what was blessed.

mod golden;
mod steps;
mod worlds;

use g_gremlin::config::Config;
use g_gremlin::model::domains::DomainTable;
use g_gremlin::model::time::Instant;
use g_gremlin::reference::{self, Form};
use g_gremlin::report::trace::render;
use g_gremlin::rules::audit::{Audit, audit};
use g_gremlin::snapshot::Snapshot;
use g_gremlin::snapshot::demo;
use g_gremlin::text::lines::Line;
use g_gremlin::trace::{Context, Trace, TraceSubject, UnknownSubject, explain};
use serde_json::Value;
use std::path::{Path, PathBuf};

const AS_OF: &str = "2026-04-17T22:15:30Z";

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// An audit that can be asked.
struct Asked<'a> {
    context: Context<'a>,
}

impl<'a> Asked<'a> {
    fn try_trace(&self, subject: &TraceSubject) -> Result<Trace<'a>, UnknownSubject> {
        explain(&self.context, subject)
    }

    fn trace(&self, subject: &TraceSubject) -> Trace<'a> {
        self.try_trace(subject).unwrap_or_else(|unknown| panic!("{subject:?}: {unknown:?}"))
    }

    fn audit(&self) -> &'a Audit<'a> {
        self.context.audit
    }

    /// The text, as it goes to a file.
    fn text(&self, subject: &TraceSubject) -> String {
        self.wide(subject, 100)
    }

    fn wide(&self, subject: &TraceSubject, width: usize) -> String {
        let lines = render(&self.trace(subject), &["(the source)".to_owned()], width);
        let lines = lines.0.iter().map(|line| match line {
            Line::Heading(text) | Line::Text(text) | Line::Command(text) => format!("{text}\n"),
        });
        lines.collect()
    }

    fn json(&self, subject: &TraceSubject) -> Value {
        serde_json::to_value(self.trace(subject)).expect("JSON")
    }
}

/// Audits a folder of plain NDJSON against a reference, and asks. `config` is the text of a configuration.
fn ask<T>(
    folder: &Path,
    csv: &[u8],
    config: &str,
    as_of: &str,
    flags: &str,
    question: impl FnOnce(&Asked<'_>) -> T,
) -> T {
    let config = Config::parse(config, folder).expect("a configuration");
    let mut domains = DomainTable::default();
    let reference = reference::read(csv, Form::Export(&config.columns), &config.settings.domains, &mut domains)
        .expect("a reference");
    let snapshot = Snapshot::open(folder).expect("a snapshot");
    let world = snapshot.read(domains, Some(Instant::MIN)).expect("records").world;
    let as_of = Instant::parse(as_of).expect("a time").whole_seconds();
    let found = audit(&reference, &world, &config.settings, None, as_of, Vec::new());
    question(&Asked { context: Context { audit: &found, reference_csv: csv, columns: &config.columns, flags } })
}

fn ask_demo<T>(question: impl FnOnce(&Asked<'_>) -> T) -> T {
    ask(&fixture("demo"), demo::ACCOUNTS, "version: 1\n", AS_OF, " --demo", question)
}

fn ask_all_codes<T>(question: impl FnOnce(&Asked<'_>) -> T) -> T {
    let folder = fixture("all_codes");
    let csv = std::fs::read(folder.join("salesforce_accounts.csv")).expect("a reference");
    let config = std::fs::read_to_string(folder.join("gremlin.zendesk_drift.yaml")).expect("a configuration");
    ask(&folder, &csv, &config, AS_OF, "", question)
}
