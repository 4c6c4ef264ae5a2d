//! `init --github`: writes the workflows of this repository, as a user's repository needs them.

use crate::cli::{Common, Init as Options};
use crate::commands::read_config;
use crate::config::{DEFAULT_ACCOUNTS, FILE_NAME};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::text::audience::open;
use crate::text::escape;
use serde_json::json;
use std::fs;
use std::path::{Component, Path};

/// Where GitHub reads workflows, from the root of a repository.
const FOLDER: &str = ".github/workflows";

/// The workflows, by file name: the very files that this repository lints and runs.
pub const WORKFLOWS: [(&str, &str); 3] = [
    ("drift-audit.yml", include_str!("../../../.github/workflows/drift-audit.yml")),
    ("drift-pr.yml", include_str!("../../../.github/workflows/drift-pr.yml")),
    ("drift-apply.yml", include_str!("../../../.github/workflows/drift-apply.yml")),
];

/// The tag of this version's release.
const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// What a repository of others has in place of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theirs {
    /// The commit, or the tag, of the released action.
    action_ref: String,
    /// The configuration, from the root of the repository.
    config: String,
    /// The reference CSV, from there.
    reference: String,
}

impl Default for Theirs {
    fn default() -> Self {
        Self { action_ref: TAG.to_owned(), config: FILE_NAME.to_owned(), reference: DEFAULT_ACCOUNTS.to_owned() }
    }
}

impl Theirs {
    /// A workflow for another repository. It uses the released action, where ours uses the one beside it, lacks the line that
    /// keeps ours from running here, and names the files of that repository.
    pub fn workflow(&self, ours: &str) -> String {
        let repository = repository();
        let comment = if is_commit(&self.action_ref) { TAG } else { "better: the commit of this tag" };
        let mut text = String::new();
        for line in ours.lines().filter(|line| !line.trim_start().starts_with("if: github.repository != ")) {
            let key = line.trim_start();
            let indent = &line[..line.len() - key.len()];
            match key {
                "uses: ./" => text.push_str(&format!("{indent}uses: {repository}@{} # {comment}", self.action_ref)),
                "CONFIG: gremlin.zendesk_drift.yaml" => {
                    text.push_str(&format!("{indent}CONFIG: {}", yaml(&self.config)))
                }
                "REFERENCE: salesforce_accounts.csv" => {
                    text.push_str(&format!("{indent}REFERENCE: {}", yaml(&self.reference)))
                }
                // The action finds the configuration of the usual name by itself.
                "command: audit" | "command: apply" if self.config != FILE_NAME => {
                    text.push_str(&format!("{line}\n{indent}config: {}", yaml(&self.config)))
                }
                _ => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }
}

/// Where the action is released, as `owner/name`.
fn repository() -> &'static str {
    env!("CARGO_PKG_REPOSITORY").trim_start_matches("https://github.com/")
}

/// A name as YAML: as it is where that means the same, in quotes elsewhere.
fn yaml(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.contains('.') && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        json!(name).to_string() // JSON's quoting is YAML's too
    }
}

fn is_commit(action_ref: &str) -> bool {
    action_ref.len() == 40 && action_ref.bytes().all(|c| c.is_ascii_hexdigit())
}

/// A commit in full, or the name of a tag, which stands in the workflows as it is.
fn checked_ref(action_ref: &str) -> Result<String, Failure> {
    let is_fine = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-' | b'+' | b'/');
    if (1..=100).contains(&action_ref.len())
        && action_ref.bytes().all(is_fine)
        && action_ref.as_bytes()[0].is_ascii_alphanumeric()
    {
        Ok(action_ref.to_owned())
    } else {
        Err(Failure::invalid("--action-ref cannot be used")
            .because("it is neither the 40 hexadecimal digits of a commit nor the name of a tag"))
    }
}

/// A file's path from the root of the repository, which is here: with `/`, and nothing in it that a workflow would read as more
/// than a name. `None` when it is not inside.
fn in_repository(path: &Path) -> Option<String> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name.to_str()?),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    let name = names.join("/");
    (!name.is_empty() && !name.contains("${{") && !name.chars().any(char::is_control)).then_some(name)
}

/// What is known of the repository: the files that its configuration and the flags name.
fn theirs(console: &Console, common: &Common, options: &Options) -> Result<Theirs, Failure> {
    let mut theirs = Theirs::default();
    if let Some(action_ref) = &options.action_ref {
        theirs.action_ref = checked_ref(action_ref)?;
    }
    if let Some(path) = &common.config {
        theirs.config = in_repository(path).ok_or_else(|| {
            Failure::invalid(open(format!("the workflows cannot name {}", path.display())))
                .because("it is no path inside this repository")
                .help("run this at the root of the repository, and name the configuration from there")
        })?;
    }
    let Some(file) = read_config(common.config.as_deref())? else { return Ok(theirs) };
    match in_repository(&file.config.accounts_csv) {
        Some(reference) => theirs.reference = reference,
        None => console.notice(open(format!(
            "salesforce.accounts_csv is no path inside this repository: write in drift-pr.yml what stands for {}",
            file.config.accounts_csv.display()
        ))),
    }
    Ok(theirs)
}

/// Runs `init --github`: all workflows are written, or none.
pub fn run(console: &Console, common: &Common, options: &Options) -> Result<Exit, Failure> {
    let theirs = theirs(console, common, options)?;
    let folder = Path::new(FOLDER);
    let present: Vec<&str> =
        WORKFLOWS.map(|(name, _)| name).into_iter().filter(|name| folder.join(name).exists()).collect();
    if !options.force && !present.is_empty() {
        return Err(Failure::invalid(open(format!("the workflows cannot be written to {FOLDER}")))
            .because(open(format!("already there: {}", present.join(", "))))
            .help("move away what is there, or let --force replace it"));
    }
    let failed = |error| Failure::invalid(open(format!("the workflows cannot be written to {FOLDER}"))).because(error);
    fs::create_dir_all(folder).map_err(failed)?;
    for (name, workflow) in WORKFLOWS {
        fs::write(folder.join(name), theirs.workflow(workflow)).map_err(failed)?;
        console.say(open(format!("Wrote {FOLDER}/{name}")));
    }
    if !Path::new(".git").exists() {
        console.notice("GitHub reads workflows at the root of a repository, and this folder does not look like one");
    }
    let written = json!({
        "written": WORKFLOWS.map(|(name, _)| format!("{FOLDER}/{name}")),
        "action_ref": theirs.action_ref,
        "config": theirs.config,
        "reference": theirs.reference,
    });
    console.data(open(format!("{written}\n")));
    console.heading("\nNext:");
    if !is_commit(&theirs.action_ref) {
        console.say(open(format!(
            "  The workflows use the action at {0}. Better is the commit of that tag, which nobody can move; this finds it:\n    \
             gh api repos/{1}/commits/{0} --jq .sha\n  Write it with init --github --force --action-ref COMMIT.",
            theirs.action_ref,
            repository()
        )));
    }
    console.say(NEXT);
    console.say(open(format!(
        "  drift-pr.yml looks at changes of {} and {}.\n  Where yours have other names, write them at the top of its step.",
        escape::line(&theirs.config),
        escape::line(&theirs.reference)
    )));
    console.say(LAST);
    Ok(Exit::Done)
}

const NEXT: &str = "  The action downloads the release of its commit. Where there is none yet, add version: source or binary-path to its inputs.
  Commit the workflows with the configuration and the reference CSV, to a private repository.
  Make two environments in the repository's settings, both for the default branch only, and in each the secrets
  ZENDESK_OAUTH_CLIENT_ID and ZENDESK_OAUTH_CLIENT_SECRET:
    zendesk-read   of an OAuth client with the scope read
    zendesk-write  of one with read and write; with required reviewers, where your plan of GitHub has them
  Then run the workflow \"Drift audit\" once: pull requests are checked against what it saves.";

const LAST: &str = "  The check of pull requests is named \"Drift of the change\"; it can be a required one.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_get_differs_in_the_action_and_the_guard_alone() {
        for (name, ours) in WORKFLOWS {
            let theirs = Theirs::default().workflow(ours);
            let kept: Vec<&str> = ours.lines().filter(|line| !line.contains("github.repository != ")).collect();
            assert_eq!(kept.len() + 1, ours.lines().count(), "{name} has one guard");
            assert_eq!(theirs.lines().count(), kept.len(), "{name}");
            for (theirs, ours) in theirs.lines().zip(kept) {
                match ours.strip_suffix("./") {
                    Some(start) => {
                        assert!(theirs.starts_with(&format!("{start}g-gremlin/g-gremlin@v")), "{name}: {theirs}")
                    }
                    None => assert_eq!(theirs, ours, "{name}"),
                }
            }
            assert!(!theirs.contains("uses: ./"), "{name}");
        }
    }

    #[test]
    fn a_commit_has_the_version_beside_it_and_what_is_no_ref_is_refused() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let theirs = Theirs { action_ref: checked_ref(commit).expect("a commit"), ..Theirs::default() };
        for (name, ours) in WORKFLOWS {
            let line = format!("uses: g-gremlin/g-gremlin@{commit} # {TAG}\n");
            assert!(theirs.workflow(ours).contains(&line), "{name}");
        }
        for fine in ["v1", "v1.2.3-rc.1", "releases/1.0"] {
            assert_eq!(checked_ref(fine).ok().as_deref(), Some(fine));
        }
        for wrong in ["", "v1 0", "v1\n", "v1'", "v1\"", "v1#", "-v", ".v", "${{x}}", "v1@2", &"a".repeat(101)] {
            assert!(checked_ref(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn other_names_are_written_where_they_are_used_and_stay_names() {
        let theirs =
            Theirs { config: "ops/drift.yaml".to_owned(), reference: "ops/a: b.csv".to_owned(), ..Theirs::default() };
        let [audit, check, apply] = WORKFLOWS.map(|(_, ours)| theirs.workflow(ours));
        assert!(check.contains("          CONFIG: ops/drift.yaml\n          REFERENCE: \"ops/a: b.csv\"\n"), "{check}");
        assert_eq!(audit.matches("\n          config: ops/drift.yaml\n").count(), 1);
        assert_eq!(apply.matches("\n          config: ops/drift.yaml\n").count(), 2);
        let inside = |path: &str| in_repository(Path::new(path));
        assert_eq!(inside("./ops/a.csv").as_deref(), Some("ops/a.csv"));
        for outside in ["/a.csv", "../a.csv", "", "a${{ github.token }}.csv", "a\nb.csv"] {
            assert_eq!(inside(outside), None, "{outside:?}");
        }
    }
}
