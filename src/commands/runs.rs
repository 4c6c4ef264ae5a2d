//! Run folders that a command is asked to work with: named by a folder, a run id under the root, or `latest` (rules 1).

use super::{ConfigFile, read_config};
use crate::cli::Common;
use crate::config::DEFAULT_ROOT;
use crate::exit::Failure;
use crate::run::diff::{self, AboutSide};
use crate::run::locate;
use crate::run::read::{RunFolder, RunFolderError};
use crate::text::audience::Message;
use std::path::{Path, PathBuf};

/// The artifacts root: `--out`, or else the configuration's.
pub(super) fn root(common: &Common, out: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(out) = out {
        return Ok(out.to_owned());
    }
    let config = read_config(common.config.as_deref())?;
    Ok(config.map_or_else(|| PathBuf::from(DEFAULT_ROOT), |ConfigFile { config, bytes: _ }| config.root))
}

/// The folder of the run that is named. The configuration is read only where a name needs its root.
pub(super) fn folder(common: &Common, named: &Path, what: &str) -> Result<PathBuf, Failure> {
    folder_under(named, what, || root(common, None))
}

/// The same, under a root that the command knows.
pub(super) fn folder_under(
    named: &Path,
    what: &str,
    root: impl FnOnce() -> Result<PathBuf, Failure>,
) -> Result<PathBuf, Failure> {
    locate::find(named, root)?.map_err(|error| {
        Failure::invalid(Message::public(format!("the {what} {} cannot be used", named.display())))
            .because(Message::public(error.to_string()))
            .help("name a run folder, a run id under the artifacts root, or latest")
    })
}

/// Reads a finished audit; `what` says which one it is.
pub(super) fn open(common: &Common, named: &Path, what: &str) -> Result<RunFolder, Failure> {
    open_folder(common, &folder(common, named, what)?, what)
}

/// The same, where the folder is known. Changed views are a notice.
pub(super) fn open_folder(common: &Common, folder: &Path, what: &str) -> Result<RunFolder, Failure> {
    let run = RunFolder::open(folder).map_err(|error| {
        let help = match &error {
            RunFolderError::Changed { .. } => {
                "restore the run folder, for example from its artifact or a backup, or run the audit again; make changes in a copy"
            }
            _ => "name the run folder of an audit, <root>/<time>_audit",
        };
        Failure::invalid(Message::public(format!("the {what} {} cannot be used", folder.display())))
            .because(&error)
            .help(help)
    })?;
    if !run.changed_views.is_empty() {
        let files = run.changed_views.join(", ");
        common.console().notice(Message::public(format!(
            "changed since the audit, and not used here: {files} in {}",
            folder.display()
        )));
    }
    Ok(run)
}

/// Refuses a base that says nothing about the head.
pub(super) fn comparable(path: &Path, base: &RunFolder, head: AboutSide<'_>) -> Result<(), Failure> {
    diff::comparable(about(base), head).map_err(|error| {
        Failure::invalid(Message::public(format!("{} cannot be compared with this run", path.display())))
            .because(&error)
            .help("compare runs of the same Zendesk")
    })
}

/// Which Zendesk a run is about.
pub(super) fn about(run: &RunFolder) -> AboutSide<'_> {
    AboutSide { source: run.summary.source, zendesk: &run.summary.zendesk }
}
