//! `trend`, `audit --history` and `audit --accept-new`.

use super::{folder, gremlin};
use predicates::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Audits the demo on a day of April 2026, in the usual root; returns the run folder.
fn audit(folder: &TempDir, day: u32, more: &[&str], code: i32) -> std::path::PathBuf {
    let as_of = format!("2026-04-{day}T22:15:30Z");
    gremlin(folder).args(["audit", "--demo", "--as-of", &as_of]).args(more).assert().code(code);
    folder.path().join(format!("artifacts/zendesk_drift/202604{day}_221530Z_audit"))
}

fn read(run: &std::path::Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(run.join(name)).expect("the file")).expect("JSON")
}

fn trend(folder: &TempDir, more: &[&str]) -> Value {
    let output = gremlin(folder).args(["trend", "--format", "json"]).args(more).output().expect("a run");
    serde_json::from_slice(&output.stdout).expect("nothing but JSON")
}

#[test]
fn a_history_goes_on_from_its_run_and_an_issue_keeps_its_first_day() {
    let folder = folder();
    audit(&folder, 17, &[], 0);
    let compared = audit(&folder, 18, &["--baseline", "latest"], 0);
    let continued = audit(&folder, 19, &["--history", "latest"], 0);
    let history = read(&continued, "history.json");
    let days = history["first_seen"].as_object().expect("days");
    assert!(days.values().any(|day| day == "2026-04-17"), "{days:?}");
    let runs = history["runs"].as_array().expect("runs");
    let new: Vec<&Value> = runs.iter().map(|run| &run["new"]).collect();
    assert_eq!(new.len(), 3);
    assert!(new[0].is_null() && new[1].is_u64() && new[2].is_null(), "counted against a baseline alone: {new:?}");
    assert!(compared.join("diff.json").is_file() && !continued.join("diff.json").exists());
    gremlin(&folder).args(["verify", "--quiet", "latest"]).assert().code(0).stdout("");

    let shown = trend(&folder, &[]);
    assert_eq!(shown["schema"], "g-gremlin/zendesk-drift/trend/1");
    assert_eq!(shown["runs"], history["runs"]);
    assert_eq!((&shown["open"][0]["first_seen"], &shown["open"][0]["age_days"]), (&"2026-04-17".into(), &2.into()));
    gremlin(&folder)
        .arg("trend")
        .assert()
        .code(0)
        .stderr("")
        .stdout(predicate::str::starts_with("3 runs, the newest last:\n").and(predicate::str::contains("(2 days)")));
    // Without either flag a history begins anew.
    let alone = read(&audit(&folder, 20, &[], 0), "history.json");
    assert_eq!((alone["runs"].as_array().map(Vec::len), &alone["gone"]), (Some(1), &json!({})));
    gremlin(&folder).args(["trend", "--out", "nowhere"]).assert().code(2).stdout("");
}

#[test]
fn an_accepted_run_says_so_and_still_breaches() {
    let folder = folder();
    let limit = ["--threshold", "max_total_issues=0"];
    let plain = audit(&folder, 17, &limit, 1);
    let accepted = audit(&folder, 18, &[&limit[..], &["--accept-new"]].concat(), 1);
    let option = |run| read(run, "receipt.json")["command"]["options"]["accept_new"].clone();
    assert_eq!((option(&accepted), option(&plain)), (true.into(), Value::Null));
}
