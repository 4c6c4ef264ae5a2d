//! `init --github`: writes the workflows of this repository, as a user's repository needs them.

use crate::audience::open;
use crate::cli::Init as Options;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use serde_json::json;
use std::fs;
use std::path::Path;

/// Where GitHub reads workflows, from the root of a repository.
const FOLDER: &str = ".github/workflows";

/// The workflows, by file name: the very files that this repository lints and runs.
pub const WORKFLOWS: [(&str, &str); 3] = [
    ("drift-audit.yml", include_str!("../../../.github/workflows/drift-audit.yml")),
    ("drift-pr.yml", include_str!("../../../.github/workflows/drift-pr.yml")),
    ("drift-apply.yml", include_str!("../../../.github/workflows/drift-apply.yml")),
];

/// A workflow for another repository. Two things differ: it uses the released action, where ours uses the one beside it, and
/// it lacks the line that keeps ours from running here.
pub fn for_users(workflow: &str) -> String {
    let repository = env!("CARGO_PKG_REPOSITORY").trim_start_matches("https://github.com/");
    let version = env!("CARGO_PKG_VERSION");
    let lines = workflow.lines().filter(|line| !line.trim_start().starts_with("if: github.repository != "));
    let mut text = String::new();
    for line in lines {
        match line.strip_suffix("uses: ./") {
            Some(indent) => {
                text.push_str(&format!("{indent}uses: {repository}@v{version} # better: the commit of this tag"))
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// Runs `init --github`: all workflows are written, or none.
pub fn run(console: &Console, options: &Options) -> Result<Exit, Failure> {
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
        fs::write(folder.join(name), for_users(workflow)).map_err(failed)?;
        console.say(open(format!("Wrote {FOLDER}/{name}")));
    }
    if !Path::new(".git").exists() {
        console.notice("GitHub reads workflows at the root of a repository, and this folder does not look like one");
    }
    let written = json!({ "written": WORKFLOWS.map(|(name, _)| format!("{FOLDER}/{name}")) });
    console.data(open(format!("{written}\n")));
    console.heading("\nNext:");
    console.say(NEXT);
    Ok(Exit::Done)
}

const NEXT: &str = "  Commit them with gremlin.zendesk_drift.yaml and the reference CSV, to a private repository.
  Make two environments in the repository's settings, both for the default branch only, and in each the secrets
  ZENDESK_OAUTH_CLIENT_ID and ZENDESK_OAUTH_CLIENT_SECRET:
    zendesk-read   of an OAuth client with the scope read
    zendesk-write  of one with read and write; with required reviewers, where your plan of GitHub has them
  Then run the workflow \"Drift audit\" once: pull requests are checked against what it saves.
  drift-pr.yml looks at changes of gremlin.zendesk_drift.yaml and salesforce_accounts.csv. Where yours have other names,
  write them at the top of its step.
  The check of pull requests is named \"Drift of the change\"; it can be a required one.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_get_differs_in_the_action_and_the_guard_alone() {
        for (name, ours) in WORKFLOWS {
            let theirs = for_users(ours);
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
}
