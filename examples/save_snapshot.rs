//! Turns a plain folder into a snapshot as a live audit saves it: `cargo run --release --example save_snapshot -- FOLDER OUTDIR`.
//!
//! For measuring how fast an audit of such a snapshot is; its tickets are those of the folder, with no window.

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#![expect(clippy::print_stderr, reason = "a program of its own, without the console")]

use std::path::Path;
use std::process::ExitCode;

use g_gremlin::model::domains::DomainTable;
use g_gremlin::model::time::Instant;
use g_gremlin::run::create::Folder;
use g_gremlin::snapshot::{Provenance, Snapshot, check_target, save};

const USAGE: &str = "usage: save_snapshot FOLDER OUTDIR";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match &arguments[..] {
        [folder, out] => convert(Path::new(folder), Path::new(out)),
        _ => Err(USAGE.to_owned()),
    };
    if let Err(message) = outcome {
        eprintln!("{message}");
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}

fn convert(folder: &Path, out: &Path) -> Result<(), String> {
    let from = Instant::from_seconds(0);
    let loaded = Snapshot::open(folder)
        .and_then(|snapshot| snapshot.read(DomainTable::default(), Some(from)))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let facts = Provenance {
        zendesk: "https://acme.zendesk.com",
        as_of: from,
        tickets_from: from,
        ticket_source: Some("incremental"),
        reference: None,
    };
    check_target(out)
        .and_then(|()| save(&loaded.world, &facts, out))
        .and_then(|mut saved| Folder::finish(std::iter::once((&mut saved, out))))
        .map_err(|error| format!("{}: {error}", out.display()))
}
