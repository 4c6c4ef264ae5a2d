//! `verify`: read a run folder and say of everything in it whether it matches.

use super::{disk, runs};
use crate::cli::{Common, Verify as Options};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::paths::file_name;
use crate::run::artifacts;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::{self, Mode};
use crate::run::artifacts::journal;
use crate::run::plan_file::PlanFile;
use crate::run::read::read_apply_receipt;
use crate::run::verify::{self, AuditFolder, Files, FolderKind, FolderMismatch, FolderVerdict, Given, PlanOf};
use crate::text::audience::Message;
use crate::text::words::counted;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// How many mismatches of one file are printed one by one.
const MOST_MISMATCHES: usize = 20;

/// Runs `verify`.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let console = common.console();
    let folder = runs::folder(common, &options.run, "run")?;
    let (files, strays) = read_folder(&folder)?;
    let verdict = match kind(&files) {
        Some(FolderKind::Audit) => {
            let given = options.receipt.as_deref().map(given).transpose()?;
            let original = original(&folder, &files)?;
            verify::audit_folder(&AuditFolder { files, strays, given, original })
        }
        Some(FolderKind::Apply) if options.receipt.is_some() => {
            return Err(Failure::invalid("--receipt goes with the run folder of an audit")
                .help("name the audit's folder that has the receipt's plan"));
        }
        Some(FolderKind::Apply) => verify::apply_folder(&files, &strays, &plan_of(&folder, &files)?),
        None => {
            return Err(not_usable(&folder, "it is not a run folder: it has no receipt.json and no journal")
                .help("name the folder <root>/<time>_audit of an audit, or <root>/<time>_apply of an apply"));
        }
    };
    tell(&console, &folder, &verdict);
    Ok(if verdict.mismatches.is_empty() { Exit::Done } else { Exit::Breached })
}

fn not_usable(folder: &Path, cause: impl Into<Message>) -> Failure {
    Failure::invalid(Message::public(format!("{} cannot be verified", folder.display()))).because(cause)
}

/// The files of the folder, and the names of entries that are not files.
fn read_folder(folder: &Path) -> Result<(Files, Vec<String>), Failure> {
    if !folder.is_dir() {
        return Err(not_usable(folder, "there is no such folder"));
    }
    let failed = |error: io::Error| disk(Message::public(format!("{} cannot be read", folder.display())), error);
    let mut files = Files::new();
    let mut strays = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = file_name(&path);
        if path.is_file() {
            files.insert(name, files::read_lines(&path).map_err(|error| failed_at(&path, error))?);
        } else {
            strays.push(name);
        }
    }
    strays.sort();
    Ok((files, strays))
}

/// A file that is absent, no regular one, or has a line that is too long cannot be verified; for anything else the disk is to blame.
fn failed_at(path: &Path, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => not_usable(path, error),
        _ => disk(Message::public(format!("{} cannot be read", path.display())), error),
    }
}

/// A folder that has lost its receipt is still an audit's, and says so.
fn kind(files: &Files) -> Option<FolderKind> {
    let has = |name: &str| files.contains_key(name);
    if Artifact::ALL.into_iter().any(|artifact| artifact != Artifact::ApplyReceipt && has(artifact.name())) {
        Some(FolderKind::Audit)
    } else if has(Artifact::ApplyReceipt.name()) || has(journal::FILE_NAME) {
        Some(FolderKind::Apply)
    } else {
        None
    }
}

/// The receipt of `--receipt`, and the journal beside it.
fn given(path: &Path) -> Result<Given, Failure> {
    let receipt = files::read_lines(path).map_err(|error| failed_at(path, error))?;
    let journal = path.with_file_name(journal::FILE_NAME);
    let journal = match files::read_lines(&journal) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed_at(&journal, error)),
    };
    Ok(Given { name: path.display().to_string(), receipt, journal })
}

/// The receipt in the apply's own folder, beside the audit's, where the audit's is a copy of it.
fn original(folder: &Path, files: &Files) -> Result<Option<(String, Vec<u8>)>, Failure> {
    let copy = files.get(Artifact::ApplyReceipt.name());
    let copy: Option<apply_receipt::ApplyReceipt> = copy.and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(copy) = copy.filter(|copy| copy.mode != Mode::NotRun) else { return Ok(None) };
    // A receipt that was tampered with must not choose which file is read.
    if !copy.run_id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') {
        return Ok(None);
    }
    let name = format!("../{}/{}", copy.run_id, Artifact::ApplyReceipt.name());
    match files::read_lines(&beside(folder).join(&copy.run_id).join(Artifact::ApplyReceipt.name())) {
        Ok(bytes) => Ok(Some((name, bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed_at(Path::new(&name), error)),
    }
}

/// The folder that the run folder lies in.
fn beside(folder: &Path) -> PathBuf {
    folder.canonicalize().ok().and_then(|folder| folder.parent().map(Path::to_owned)).unwrap_or_default()
}

/// The plan of an apply's folder: by its hash among the runs beside it, or else at the path that the receipt names.
fn plan_of(folder: &Path, files: &Files) -> Result<PlanOf, Failure> {
    let receipt = files
        .get(Artifact::ApplyReceipt.name())
        .map(|_| read_apply_receipt(&folder.join(Artifact::ApplyReceipt.name())));
    let story = files.get(journal::FILE_NAME).and_then(|bytes| journal::Story::parse(bytes).ok()?);
    let named = match (receipt, story) {
        (Some(Ok(receipt)), _) => (receipt.source_plan_hash, receipt.source_plan_path),
        (_, Some(story)) => (story.begin.source_plan_hash, story.begin.source_plan_path),
        (Some(Err(error)), None) => return Err(not_usable(folder, &error)),
        (None, None) => return Err(not_usable(folder, "its journal has no usable line, and it has no receipt")),
    };
    let (hash, path) = named;
    find_plan(folder, &hash, &path).map(|(found, _)| found).ok_or_else(|| {
        not_usable(folder, format!("no plan with the hash {hash} was found next to it or at {path}")).help(
            "name the audit's folder, and this receipt:\n  g-gremlin zendesk drift verify AUDIT_RUN_DIR --receipt APPLY_RUN_DIR/apply_receipt.json",
        )
    })
}

/// The plan with this hash: in the folder of an apply, among the runs beside it, or else at the path that its receipt names:
/// the file or its folder, relative to where the apply ran.
pub(super) fn find_plan(folder: &Path, hash: &str, path: &str) -> Option<(PlanOf, PlanFile)> {
    let runs = std::fs::read_dir(beside(folder)).into_iter().flatten().filter_map(Result::ok);
    let runs: BTreeSet<PathBuf> = runs.map(|entry| entry.path()).collect();
    let beside = runs
        .iter()
        .map(|run| (run.join(Artifact::FixPlan.name()), format!("../{}/{}", file_name(run), Artifact::FixPlan.name())));
    let inside = (folder.join(Artifact::FixPlan.name()), Artifact::FixPlan.name().to_owned());
    let named = PathBuf::from(path);
    let named = if named.is_dir() { named.join(Artifact::FixPlan.name()) } else { named };
    let named_as = named.display().to_string();
    [inside].into_iter().chain(beside).chain([(named, named_as)]).find_map(|(path, name)| {
        let bytes = files::read_lines(&path).ok()?;
        let plan = PlanFile::parse(&bytes).ok().filter(|plan| plan.hash == hash)?;
        Some((PlanOf { name, bytes }, plan))
    })
}

fn tell(console: &Console, folder: &Path, verdict: &FolderVerdict) {
    let FolderVerdict { kind, run_id, plan_hash, checks, mismatches, notices } = verdict;
    let name = match kind {
        FolderKind::Audit => "audit",
        FolderKind::Apply => "apply",
    };
    let run = run_id.clone().unwrap_or_else(|| file_name(folder));
    console.heading(Message::with_public(
        format!("Verifying the {name} {}...", crate::text::escape::terminal(&run)),
        format!("Verifying the {name}..."),
    ));
    for check in checks {
        let state = if check.mismatches == 0 { "ok" } else { "WRONG" };
        console.say(Message::with_public(
            format!("  {state:<7}{:<27}{}", check.name, crate::text::escape::terminal(&check.what)),
            format!("  {state:<7}{}", check.name),
        ));
    }
    if let Some(hash) = plan_hash {
        // It is computed, not read.
        console.say(Message::public(format!("\nplan_hash: {hash}")));
    }
    for notice in notices {
        console.notice(notice);
    }
    if mismatches.is_empty() {
        console.say("\nEverything matches.");
    }
    print_json(console, verdict);
    if console.audience.is_public() && !mismatches.is_empty() {
        console.mismatch(Message::public(counted(mismatches.len() as u64, "thing") + " in the folder"));
    }
    for_each_file(
        mismatches,
        |mismatch| console.mismatch(mismatch.to_string()),
        |file, more| {
            console.mismatch(format!("{file}: {more} more; --format json lists them all"));
        },
    );
}

/// Tells the first mismatches of each file, then how many more there are.
fn for_each_file(
    mismatches: &[FolderMismatch],
    mut tell: impl FnMut(&FolderMismatch),
    mut more: impl FnMut(&str, usize),
) {
    let files: BTreeSet<&str> = mismatches.iter().map(|mismatch| mismatch.file.as_str()).collect();
    for file in files {
        let of_file = || mismatches.iter().filter(|mismatch| mismatch.file == file);
        of_file().take(MOST_MISMATCHES).for_each(&mut tell);
        let count = of_file().count();
        if count > MOST_MISMATCHES {
            more(file, count - MOST_MISMATCHES);
        }
    }
}

fn print_json(console: &Console, verdict: &FolderVerdict) {
    #[derive(Serialize)]
    struct Printed<'a> {
        schema: &'static str,
        kind: FolderKind,
        run_id: &'a Option<String>,
        plan_hash: &'a Option<String>,
        matches: bool,
        checks: &'a [verify::FolderCheck],
        mismatches: &'a [FolderMismatch],
        notices: &'a [String],
    }
    let FolderVerdict { kind, run_id, plan_hash, checks, mismatches, notices } = verdict;
    let printed = Printed {
        schema: "g-gremlin/zendesk-drift/verify/1",
        kind: *kind,
        run_id,
        plan_hash,
        matches: mismatches.is_empty(),
        checks,
        mismatches,
        notices,
    };
    // Everybody may read whether it matches.
    let public = Printed { run_id: &None, checks: &[], mismatches: &[], notices: &[], ..printed };
    console.data(Message::with_public(artifacts::json(&printed), artifacts::json(&public)));
}
