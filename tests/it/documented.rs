//! The commands that README and docs show: each is one that the program understands, and those of the README work one after the
//! other, against the fake Zendesk.

use crate::fake_zendesk::{FakeZendesk, World};
use clap::Parser;
use g_gremlin::cli::Cli;
use std::path::{Path, PathBuf};

/// A command as a document shows it.
#[derive(Debug)]
struct Shown {
    /// File and line.
    at: String,
    /// Without assignments before it and without what follows a comment.
    words: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The commands of the program in the shell blocks of a document, from this heading on.
fn commands(file: &Path, heading: &str) -> Vec<Shown> {
    let text = std::fs::read_to_string(file).expect("a document");
    let first = text.lines().position(|line| line.starts_with(heading)).expect("the heading");
    let name = file.file_name().expect("a name").to_string_lossy();
    let (mut found, mut in_shell, mut line_before) = (Vec::new(), false, String::new());
    for (number, line) in text.lines().enumerate().skip(first) {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            in_shell = matches!(language, "sh" | "console");
            continue;
        }
        if !in_shell {
            continue;
        }
        let line = line_before.clone() + line.strip_prefix("$ ").unwrap_or(line);
        if let Some(begun) = line.strip_suffix('\\') {
            line_before = begun.to_owned();
            continue;
        }
        line_before.clear();
        let mut words = words(&line);
        let assignments =
            words.iter().take_while(|word| word.split_once('=').is_some_and(|(name, _)| is_variable(name)));
        words.drain(..assignments.count());
        if words.starts_with(&["cargo".to_owned(), "run".to_owned()]) && !words.contains(&"--example".to_owned()) {
            let options = words.iter().position(|word| word == "--").expect("arguments of the program");
            words.splice(..=options, ["g-gremlin".to_owned()]);
        }
        if words.first().is_some_and(|word| word == "g-gremlin") {
            found.push(Shown { at: format!("{name}:{}", number + 1), words });
        }
    }
    found
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|c| c.is_ascii_uppercase() || c == b'_' || c.is_ascii_digit())
}

/// The words of a line, as a shell splits them, up to an operator.
fn words(line: &str) -> Vec<String> {
    let words = shlex::split(line).unwrap_or_else(|| panic!("a quote is open: {line}"));
    words.into_iter().take_while(|word| !matches!(word.as_str(), "&" | "&&" | "|" | ">" | ">>")).collect()
}

/// What stands for a value in a document, as a value.
fn filled(word: &str) -> String {
    word.replace("COMMIT", &"c0ffee".repeat(7)[..40]).replace("HASH", &"0".repeat(64))
}

#[test]
fn every_command_that_a_document_shows_is_understood() {
    let docs = std::fs::read_dir(root().join("docs")).expect("docs").map(|entry| entry.expect("an entry").path());
    let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let shown: Vec<Shown> = pages.chain([root().join("README.md")]).flat_map(|file| commands(&file, "")).collect();
    assert!(shown.len() > 40, "only {} commands were found", shown.len());
    let wrong: Vec<String> = shown
        .iter()
        .filter_map(|Shown { at, words }| {
            let words = words.iter().map(|word| filled(word).into()).collect();
            Cli::try_parse_from(Cli::understood(words)).err().map(|error| format!("{at}: {error}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_commands_of_the_readme_work_one_after_the_other() {
    let demo = root().join("fixtures/demo");
    let fake = FakeZendesk::start(World::load_dir(&demo).expect("the demo"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(demo.join("salesforce_accounts.csv"), folder.path().join("salesforce_accounts.csv")).expect("copied");
    let out = folder.path().join("artifacts/zendesk_drift");
    let mut ran = Vec::new();
    // The first screen shows some of them before. Those of a fake Zendesk at a port of its own have tests of their own.
    let shown = commands(&root().join("README.md"), "## On your own data");
    for Shown { at, words } in shown.iter().filter(|shown| !shown.words.iter().any(|word| word.contains("127.0.0.1"))) {
        let plan = newest_run(&out).map(|run| run.join("fix_plan.json"));
        let arguments = words[1..].iter().map(|word| match (&plan, word.as_str()) {
            (Some(plan), "RUN/fix_plan.json") => plan.display().to_string(),
            (Some(plan), "HASH") => plan_hash(plan),
            _ => filled(word),
        });
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
        command.env_clear().env("ZENDESK_OAUTH_TOKEN", "fake-bearer-token").current_dir(&folder).args(arguments);
        let done = command.output().expect("it runs");
        assert!(done.status.success(), "{at}: {words:?}\n{}", String::from_utf8_lossy(&done.stderr));
        let config = folder.path().join("gremlin.zendesk_drift.yaml");
        if words.iter().any(|word| word == "--subdomain") {
            // From here on the fake is the Zendesk of this name.
            let text = std::fs::read_to_string(&config).expect("init has written it");
            let here = text.replace("subdomain: acme", &format!("base_url: {}", fake.url()));
            assert_ne!(here, text);
            std::fs::write(&config, here).expect("written");
        }
        ran.push(words[1..].iter().take_while(|word| !word.starts_with('-')).last().cloned().unwrap_or_default());
    }
    for command in ["init", "doctor", "audit", "trace", "apply"] {
        assert!(ran.iter().any(|ran| ran == command), "{command} was not run: {ran:?}");
    }
    assert_eq!(fake.writes_done().len(), 4, "the README says how many writes the demo needs");
}

/// The newest run of an audit that prepared something.
fn newest_run(out: &Path) -> Option<PathBuf> {
    let runs = std::fs::read_dir(out).ok()?.map(|entry| entry.expect("an entry").path());
    runs.filter(|path| path.to_string_lossy().contains("_audit")).max()
}

fn plan_hash(plan: &Path) -> String {
    let plan: serde_json::Value = serde_json::from_slice(&std::fs::read(plan).expect("a plan")).expect("JSON");
    plan["plan_hash"].as_str().expect("a hash").to_owned()
}
