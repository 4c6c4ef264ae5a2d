//! A full disk under standard output: the results are lost, so no command ends with 0. A reader that goes away is no error.
#![cfg(target_os = "linux")]

use super::{AS_OF, demo, folder, only_run};
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn program(folder: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
    for (name, _) in std::env::vars() {
        if ["GITHUB_", "ZENDESK_", "SALESFORCE_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.args(args).current_dir(folder);
    command
}

#[test]
fn results_that_could_not_be_printed_are_an_error_of_every_command() {
    let folder = folder();
    let drift =
        |args: &[&str]| [&["zendesk", "drift"], args].concat().iter().map(ToString::to_string).collect::<Vec<_>>();
    for root in ["out", "other"] {
        let args = drift(&["audit", "--quiet", "--demo", "--as-of", AS_OF, "--out", root]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        assert!(program(&folder, &args).status().expect("the program runs").success());
    }
    let run = only_run(folder.path().join("out")).display().to_string();
    let other = only_run(folder.path().join("other")).display().to_string();
    let plan = format!("{run}/fix_plan.json");
    let csv = demo().join("salesforce_accounts.csv").display().to_string();
    let commands: Vec<Vec<String>> = [
        drift(&["audit", "--demo", "--out", "third"]),
        drift(&["audit", "--demo", "--out", "third", "--format", "json"]),
        drift(&["verify", &run]),
        drift(&["verify", &run, "--format", "json"]),
        drift(&["report", &run]),
        drift(&["report", &run, "--to", "job-summary"]),
        drift(&["report", &run, "--to", "annotations"]),
        drift(&["trend", "--out", "out"]),
        drift(&["trend", "--out", "out", "--format", "csv"]),
        drift(&["diff", "--base", &run, "--head", &other]),
        drift(&["diff", "--base", &run, "--head", &other, "--format", "json"]),
        drift(&["explain", "org_missing_external_id"]),
        drift(&["explain", "--format", "json"]),
        drift(&["trace", "--demo", "--domain", "acme-health.example"]),
        drift(&["trace", "--demo", "--sf-account-id", "001ACME001", "--format", "json"]),
        drift(&["doctor", "--subdomain", "acme"]),
        drift(&["init", "--sf-accounts", &csv, "--subdomain", "acme", "--force"]),
        drift(&["apply", "--plan", &plan, "--out", "fourth"]),
        drift(&["apply", "--plan", &plan, "--out", "fourth", "--format", "json"]),
        vec!["--help".to_owned()],
        vec!["--version".to_owned()],
        drift(&["audit", "--help"]),
    ]
    .into();
    for args in &commands {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let full = std::fs::File::options().write(true).open("/dev/full").expect("the full device");
        let ended = program(&folder, &args).stdout(full).stderr(Stdio::piped()).output().expect("the program runs");
        let error = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(3), "{args:?}: {error}");
        assert!(error.contains("error: the results could not be printed\n  caused by: No space left"), "{error}");

        let mut child = program(&folder, &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
        drop(child.stdout.take());
        let code = child.wait().expect("ended").code();
        assert!(matches!(code, Some(0 | 1)), "a closed pipe: {args:?}: {code:?}");
    }
}
