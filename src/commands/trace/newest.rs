//! Which snapshot answers when no source is named: that of the newest audit under the root, and what to know where it has none.

use super::super::disk;
use crate::config::Config;
use crate::console::Console;
use crate::exit::Failure;
use crate::files;
use crate::model::time::Instant;
use crate::paths::shown_path;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::Mode;
use crate::run::artifacts::receipt::Receipt;
use crate::run::read;
use crate::snapshot::Snapshot;
use crate::text::audience::Message;
use std::path::{Path, PathBuf};

/// Where docs and workflows keep snapshots, below the artifacts root.
const SNAPSHOTS: &str = "snapshots";

/// A snapshot that stands for the newest audit, or the newest one there is.
pub(super) struct Newest {
    pub path: PathBuf,
    pub snapshot: Snapshot,
    /// The clock and the window of the audit whose snapshot it is: with them the answers are that audit's.
    pub audit: Option<(Instant, u32)>,
    /// What to know before the answers: which runs are newer than the snapshot.
    pub remarks: Vec<String>,
}

/// Chooses the snapshot. Those that cannot be used, or are of another Zendesk than the configured one, are left out with a note.
pub(super) fn newest(console: &Console, config: &Config) -> Result<Option<Newest>, Failure> {
    let snapshots = snapshots(console, config)?;
    let audits = runs(&config.root, "audit")?;
    let newest_audit = audits.iter().rev().find_map(|run| {
        let bytes = files::read_lines(&run.join(Artifact::Receipt.name())).ok()?;
        let receipt = read::parse_receipt(&bytes).ok()?;
        config.zendesk.as_deref().is_none_or(|zendesk| zendesk == receipt.zendesk).then_some(receipt)
    });
    let its_own = newest_audit.as_ref().and_then(|receipt| {
        let at = snapshots.iter().position(|(_, path, _)| is_of(receipt, path))?;
        Some((at, (Instant::parse(&receipt.as_of)?, lookback(receipt)?)))
    });
    let (at, audit) = match its_own {
        Some((at, audit)) => (at, Some(audit)),
        None if snapshots.is_empty() => return Ok(None),
        None => (snapshots.len() - 1, None),
    };
    let Some((taken, path, snapshot)) = snapshots.into_iter().nth(at) else { return Ok(None) };
    let mut remarks = Vec::new();
    if let (Some(receipt), None) = (&newest_audit, &audit)
        && Instant::parse(&receipt.as_of).is_some_and(|as_of| as_of > taken)
    {
        remarks.push(format!(
            "The newest audit, {}, has no snapshot here. This snapshot is older, so the results can differ from \
                that audit's.",
            receipt.run_id
        ));
    }
    for run in applied_after(&config.root, taken)? {
        remarks.push(format!(
            "The apply {run} wrote to Zendesk after this snapshot was taken. Its changes are not in the \
                snapshot; run the audit again to see them."
        ));
    }
    Ok(Some(Newest { path, snapshot, audit, remarks }))
}

/// The usable snapshots below the root, the newest last.
fn snapshots(console: &Console, config: &Config) -> Result<Vec<(Instant, PathBuf, Snapshot)>, Failure> {
    let mut usable = Vec::new();
    for path in folders(&config.root.join(SNAPSHOTS))? {
        let left_out = |why: Message| {
            let which = Message::public(format!("the snapshot {} is skipped", shown_path(&path)));
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
            left_out("it has no manifest, so its age is unknown; name it with --snapshot".into());
            continue;
        };
        if let (Some(wanted), Some(other)) = (config.zendesk.as_deref(), snapshot.zendesk())
            && wanted != other
        {
            left_out(format!("it is from {other}, but the configuration names {wanted}").into());
            continue;
        }
        usable.push((taken, path, snapshot));
    }
    // Stable: of two that were taken at the same moment, the later name counts as the newer.
    usable.sort_by_key(|(taken, _, _)| *taken);
    Ok(usable)
}

/// The folders in a folder, by name. Hidden ones are being written; where the folder does not exist, there are none.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(disk(Message::public(format!("the folder {} cannot be read", folder.display())), error));
        }
    };
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.is_dir() && !is_hidden(path));
    paths.sort();
    Ok(paths)
}

/// The run folders of a kind, the oldest first: by the time in the run id, then by the number behind it.
fn runs(root: &Path, kind: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut runs: Vec<(String, u32, PathBuf)> = folders(root)?
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let (time, rest) = name.split_once('_').and_then(|(day, rest)| {
                let (time, rest) = rest.split_once('_')?;
                Some((format!("{day}_{time}"), rest.to_owned()))
            })?;
            let number = match rest.strip_prefix(kind)? {
                "" => 1,
                number => number.strip_prefix('_')?.parse().ok()?,
            };
            Some((time, number, path))
        })
        .collect();
    runs.sort();
    Ok(runs.into_iter().map(|(_, _, path)| path).collect())
}

/// Whether a snapshot is what an audit read or saved: by its name, and where it was read, by its files.
fn is_of(receipt: &Receipt, path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let recorded = |option: &str| receipt.command.options.get(option).and_then(|value| value.as_str()) == Some(&name);
    recorded("save_snapshot") || recorded("snapshot")
}

fn lookback(receipt: &Receipt) -> Option<u32> {
    let days = receipt.command.options.get("lookback_days")?.as_u64()?;
    u32::try_from(days).ok()
}

/// The applies under a root that wrote to Zendesk after a moment.
fn applied_after(root: &Path, taken: Instant) -> Result<Vec<String>, Failure> {
    let mut after = Vec::new();
    for run in runs(root, "apply")? {
        let Ok(receipt) = read::read_apply_receipt(&run.join(Artifact::ApplyReceipt.name())) else { continue };
        let wrote = receipt.mode == Mode::Apply && receipt.counts.applied > 0;
        let later = receipt.finished_at.as_deref().and_then(Instant::parse).is_none_or(|ended| ended > taken);
        if wrote && later {
            after.push(receipt.run_id);
        }
    }
    Ok(after)
}
