//! The side before a change: the configuration and the reference of the base branch, out of git's objects. No work tree is made,
//! nothing of the repository is run, and neither filters nor hooks come into play.

use super::Environment;
use super::state::Before;
use crate::commands::{disk, github, read_config};
use crate::config::{Config, FILE_NAME, SalesforceSource};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::github::inputs::Inputs;
use crate::text::audience::Message;
use serde_json::Value;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Whether there are two sides to compare.
pub(super) fn is_compared(before: &Before) -> bool {
    matches!(before, Before::Touched { .. })
}

/// Finds out what the change touches, and puts the side before it into the work folder.
pub(super) fn find(environment: &Environment, inputs: &Inputs) -> Result<Before, Failure> {
    let base = base()?;
    let path = inputs.config.clone().unwrap_or_else(|| FILE_NAME.into());
    let config = in_repository(&path)?;
    let before = blob(&base, &config)?;
    let Some(before) = before else {
        return if path.exists() {
            // It must be one that can be used, or the first audit after the merge fails.
            read_config(inputs.config.as_deref())?;
            Ok(Before::Added)
        } else {
            Err(Failure::invalid(Message::public(format!(
                "{} does not exist before or after this change",
                path.display()
            )))
            .help("name this repository's configuration with the input config"))
        };
    };
    // A configuration that is gone or broken is an error here already, beside its line.
    let head_config = read_config(Some(&path))?.map(|file| file.config);
    let kept = environment.work.join("before.yaml");
    let written = |error: std::io::Error| disk("the version before the change cannot be saved", error);
    std::fs::write(&kept, &before).map_err(written)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let base_config = std::str::from_utf8(&before).ok().and_then(|text| Config::parse(text, folder).ok());
    // A change that repairs a broken configuration is compared with nothing.
    let Some(base_config) = base_config else { return Ok(Before::Added) };
    let base_csv = inputs.sf_accounts.clone().or_else(|| csv(&base_config));
    let head_csv = inputs.sf_accounts.clone().or_else(|| head_config.as_ref().and_then(csv));
    let is_same_config = same_blob(&base, &config, &config);
    let is_same_reference = match (&base_csv, &head_csv) {
        (Some(one), Some(other)) => match (in_repository(one).ok(), in_repository(other).ok()) {
            (Some(one), Some(other)) => same_blob(&base, &one, &other),
            (one, other) => one == other,
        },
        (one, other) => one == other,
    };
    if is_same_config && is_same_reference {
        return Ok(Before::Untouched);
    }
    Ok(Before::Touched { config: kept, reference: reference(environment, &base, base_csv.as_deref())? })
}

/// The reference before the change. What git does not keep is the same on both sides: a step fetches it, or the snapshot has it.
fn reference(environment: &Environment, base: &str, csv: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let Some(csv) = csv else { return Ok(None) };
    let name = in_repository(csv).ok();
    let is_tracked = |name: &String| id("HEAD", name).is_some();
    let bytes = match name.as_ref().map(|name| blob(base, name)).transpose()?.flatten() {
        Some(bytes) => Some(bytes),
        None if name.as_ref().is_some_and(is_tracked) => None,
        None => files::read_lines(csv).ok(),
    };
    let Some(bytes) = bytes else { return Ok(None) };
    let kept = environment.work.join("before.csv");
    std::fs::write(&kept, bytes).map_err(|error| disk("the version before the change cannot be saved", error))?;
    Ok(Some(kept))
}

fn csv(config: &Config) -> Option<PathBuf> {
    match config.salesforce {
        SalesforceSource::Csv => Some(config.accounts_csv.clone()),
        SalesforceSource::Soql { .. } => None,
    }
}

/// The commit before the change: of a pull request checked out as its merge, the first parent.
fn base() -> Result<String, Failure> {
    let event: Value = github::variable("GITHUB_EVENT_PATH")
        .and_then(|path| files::read(Path::new(&path), files::LONGEST_PAYLOAD).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    if let Some(base) = text("/merge_group/base_sha") {
        return commit(&base);
    }
    if event.pointer("/pull_request").is_none() {
        return Err(Failure::invalid("the command diff needs the event of a pull request or of a merge queue"));
    }
    let head = commit("HEAD")?;
    if github::variable("GITHUB_SHA").is_some_and(|sha| sha == head) {
        return commit("HEAD^1");
    }
    let base = text("/pull_request/base/sha").ok_or_else(no_history)?;
    git(&["merge-base", "HEAD", &commit(&base)?]).map(|id| id.trim().to_owned()).ok_or_else(no_history)
}

fn commit(name: &str) -> Result<String, Failure> {
    git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")])
        .map(|id| id.trim().to_owned())
        .ok_or_else(no_history)
}

fn no_history() -> Failure {
    Failure::new(Exit::Unreadable, "git does not have the version before this change")
        .help("check out the repository with fetch-depth: 0, into the folder in which the Action runs")
}

/// A path of the repository as git names it from here: with `/`, and without a way around.
fn in_repository(path: &Path) -> Result<String, Failure> {
    let mut names: Vec<&str> = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.extend(name.to_str()),
            Component::CurDir => {}
            Component::ParentDir if names.last().is_some_and(|name| *name != "..") => {
                names.pop();
            }
            Component::ParentDir => names.push(".."),
            Component::RootDir | Component::Prefix(_) => {
                return Err(Failure::invalid(Message::public(format!("{} is not in the repository", path.display()))));
            }
        }
    }
    Ok(format!("./{}", names.join("/")))
}

/// The name of a file's content in a commit; `None` where the commit lacks the file.
fn id(commit: &str, path: &str) -> Option<String> {
    git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{commit}:{path}")])
}

/// Whether two files of two commits hold the same; what git keeps in neither is the same.
fn same_blob(base: &str, before: &str, after: &str) -> bool {
    id(base, before) == id("HEAD", after)
}

/// A file's content in a commit.
fn blob(commit: &str, path: &str) -> Result<Option<Vec<u8>>, Failure> {
    if id(commit, path).is_none() {
        return Ok(None);
    }
    let output = command(&["cat-file", "blob", &format!("{commit}:{path}")]).output();
    match output {
        Ok(output) if output.status.success() => Ok(Some(output.stdout)),
        Ok(_) => Err(no_history()),
        Err(error) => Err(disk("git cannot be run", error)),
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = command(arguments).output().ok()?;
    let text = output.status.success().then(|| String::from_utf8(output.stdout).ok())?;
    text.filter(|text| !text.trim().is_empty())
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    // In a container the checkout is another user's; only objects are read.
    command.args(["-c", "safe.directory=*"]).args(arguments).stdin(std::process::Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_as_git_names_it_from_here() {
        let named = |text: &str| in_repository(Path::new(text)).ok();
        assert_eq!(named("drift.yaml").as_deref(), Some("./drift.yaml"));
        assert_eq!(named("./ops/../accounts.csv").as_deref(), Some("./accounts.csv"));
        assert_eq!(named("../accounts.csv").as_deref(), Some("./../accounts.csv"));
        assert_eq!(named("/etc/passwd"), None);
    }
}
