//! Baselines: `audit --baseline`, `diff`, the gate on new issues, and suppressions of another file.

use super::{AS_OF, demo, folder, gremlin};
use predicates::prelude::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with two worlds: `then`, the demo's, and `now`, in which org 4001 is linked and org 4008 has lost its domains.
fn stage() -> TempDir {
    let folder = folder();
    for world in ["then", "now"] {
        let copy = folder.path().join(world);
        std::fs::create_dir(&copy).expect("made");
        for entry in std::fs::read_dir(demo()).expect("the demo") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                std::fs::copy(&path, copy.join(path.file_name().expect("a name"))).expect("copied");
            }
        }
    }
    edit(&folder.path().join("now/organizations.ndjson"), |org| {
        if org["id"] == 4001 {
            org["external_id"] = "001ACME001".into();
        }
        if org["id"] == 4008 {
            org["domain_names"] = json!([]);
        }
    });
    folder
}

fn edit(path: &Path, change: impl Fn(&mut Value)) {
    let text = std::fs::read_to_string(path).expect("text");
    let lines = text.lines().map(|line| {
        let mut record: Value = serde_json::from_str(line).expect("JSON");
        change(&mut record);
        format!("{record}\n")
    });
    std::fs::write(path, lines.collect::<String>()).expect("written");
}

/// Audits a world; returns the run folder, relative to the stage.
fn audit(folder: &TempDir, world: &str, as_of: &str, more: &[&str]) -> (i32, Value, String, PathBuf) {
    let accounts = format!("{world}/salesforce_accounts.csv");
    let mut command = gremlin(folder);
    command.args(["audit", "--format", "json", "--snapshot", world, "--sf-accounts", &accounts]);
    let output = command.args(["--as-of", as_of, "--out", "runs"]).args(more).output().expect("a run");
    let error = String::from_utf8(output.stderr).expect("text");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    let run = json["run_dir"].as_str().unwrap_or_default().to_owned();
    (output.status.code().unwrap_or(-1), json, error, PathBuf::from(run))
}

fn receipt(folder: &TempDir, run: &Path) -> Value {
    let bytes = std::fs::read(folder.path().join(run).join("receipt.json")).expect("a receipt");
    serde_json::from_slice(&bytes).expect("JSON")
}

const LATER: &str = "2026-05-10T22:15:30Z";

#[test]
fn an_audit_with_a_baseline_counts_what_is_new_and_gates_on_it() {
    let folder = stage();
    let (_, _, _, base) = audit(&folder, "then", AS_OF, &[]);
    let base_arg = base.to_str().expect("a path");
    for (limit, code) in [("max_new_issues=0", 1), ("max_new_issues=2", 0)] {
        let (exit, json, error, head) = audit(&folder, "now", LATER, &["--baseline", base_arg, "--threshold", limit]);
        assert_eq!(exit, code, "{error}");
        assert!(!error.contains("max_new_issues is judged only"), "{error}");
        assert_eq!(error.contains("breached: max_new_issues: 2 exceeds the limit of 0\n"), code == 1);
        let judged = &json["thresholds"].as_array().expect("a list")[0];
        assert_eq!((&judged["name"], &judged["value"]), (&"max_new_issues".into(), &2.into()));
        let since = &json["since_baseline"];
        let counts = ["new", "resolved", "left_window", "changed", "unchanged"].map(|name| since[name].as_u64());
        assert_eq!(counts, [2, 2, 3, 0, 8].map(Some));
        assert_eq!((&since["prepared_dropped"], &since["run_id"]), (&2.into(), &"20260417_221530Z_audit".into()));

        // The receipt names the baseline by what stands for it, and by no path.
        let (receipt, of_base) = (receipt(&folder, &head), receipt(&folder, &base));
        for member in ["run_id", "plan_hash", "receipt_sha256"] {
            assert_eq!(receipt["baseline"][member], of_base[member]);
        }
        assert_eq!(receipt["command"]["options"]["baseline"], "20260417_221530Z_audit");
        assert!(!receipt.to_string().contains("runs/"), "{receipt}");
        let files = std::fs::read_dir(folder.path().join(&head)).expect("files").count();
        assert_eq!(files, 15, "diff.json, and what every audit writes");
        gremlin(&folder).args(["verify", "--quiet"]).arg(&head).assert().code(0);
    }
    let mut command = gremlin(&folder);
    command.args(["audit", "--snapshot", "now", "--sf-accounts", "now/salesforce_accounts.csv", "--as-of", LATER]);
    command.args(["--threshold", "max_new_issues=1", "--baseline", base_arg]).assert().code(1).stdout(
        predicate::str::ends_with(
            "\nSince the baseline 20260417_221530Z_audit:
  New:              2  (1 missing Zendesk org, 1 org mismatch)
  Resolved:         2  (2 missing external_id)
  Left the window:  3  (2 org mismatch, 1 resolution blocked)
  Unchanged:        8
  Prepared:         0 actions added, 2 dropped
  Blocked:          0 actions added, 0 dropped
breached: max_new_issues: 2 exceeds the limit of 1\n",
        ),
    );
}

#[test]
fn a_diff_says_the_same_as_the_audit_and_names_each_issue() {
    let folder = stage();
    let (_, _, _, base) = audit(&folder, "then", AS_OF, &[]);
    let (_, audited, _, head) = audit(&folder, "now", LATER, &["--baseline", base.to_str().expect("a path")]);
    let diff = |more: &[&str]| {
        let mut command = gremlin(&folder);
        command.arg("diff").arg("--base").arg(&base).arg("--head").arg(&head).args(more).assert()
    };
    let json = diff(&["--format", "json"]).code(0).stderr("").get_output().stdout.clone();
    let json: Value = serde_json::from_slice(&json).expect("nothing but JSON");
    assert_eq!(json["schema"], "g-gremlin/zendesk-drift/diff/1");
    for (name, count) in json["counts"].as_object().expect("counts") {
        assert_eq!(audited["since_baseline"][name], *count, "{name}");
    }
    assert_eq!(json["new"][1]["issue_code"], "account_missing_zendesk_org");
    assert_eq!(json["resolved"][0]["org_id"], 4001);
    assert!(json["left_window"].as_array().expect("a list").iter().all(|issue| issue["scope"] == "ticket"));
    assert_eq!(json["prepared"]["dropped"][0]["action_code"], "set_org_external_id");
    assert_eq!(json["head"]["plan_hash"], audited["plan_hash"]);
    assert_eq!((&json["thresholds"], &json["own_would_suppress"]), (&json!([]), &Value::Null));

    let new = "New issues:
  ticket_org_mismatch, 001ACME006 Acme Studios, org 4007, user 5010, ticket 70493, acme-studios.example: \
        The requester should be in org 4007, but the ticket is filed under no org.
  account_missing_zendesk_org, 001ACME007 Acme Energy: No org has this account's id or one of its domains.\n";
    let breached = "breached: max_new_issues: 2 exceeds the limit of 1\n";
    let limit = ["--threshold", "max_new_issues=1"];
    diff(&limit).code(1).stdout(predicate::str::contains(new).and(predicate::str::ends_with(breached)));
    diff(&["--quiet", "--threshold", "max_new_issues=1"]).code(1).stdout(breached).stderr("");
    // The configuration gates as well, and a flag wins.
    let config = "thresholds: { max_new_issues: 0, max_total_issues: 0 }\n";
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), config).expect("written");
    diff(&[]).code(1).stdout(predicate::str::ends_with("breached: max_new_issues: 2 exceeds the limit of 0\n"));
    diff(&["--threshold", "max_new_issues=2"]).code(0);
    diff(&["--threshold", "max_total_issues=2"]).code(2).stdout("").stderr(
        "error: diff checks only max_new_issues and max_lost_accounts, not max_total_issues\n  help: the audits of the two runs check the others\n",
    );
}

#[test]
fn what_was_suppressed_then_is_new_and_what_is_now_is_silenced() {
    let folder = stage();
    let config = folder.path().join("c.yaml");
    std::fs::write(&config, "suppressions: [{ code: org_domain_attached_elsewhere, reason: known }]\n")
        .expect("written");
    let (_, _, _, plain) = audit(&folder, "then", AS_OF, &[]);
    let (_, _, _, silenced) = audit(&folder, "then", AS_OF, &["--config", "c.yaml"]);
    let counts = |base: &Path, head: &Path| {
        let mut command = gremlin(&folder);
        command.arg("diff").arg("--base").arg(base).arg("--head").arg(head).args(["--format", "json"]);
        let json: Value = serde_json::from_slice(&command.output().expect("a run").stdout).expect("JSON");
        let counts = ["new", "resolved", "silenced", "changed", "unchanged"].map(|name| json["counts"][name].as_u64());
        (counts.map(|count| count.expect("a count")), json)
    };
    let (back, json) = counts(&silenced, &plain);
    assert_eq!(back, [1, 0, 0, 0, 12]);
    assert_eq!(json["blocked"]["added"][0]["blocked_reason"], "domain_belongs_to_other_org");
    let (forth, json) = counts(&plain, &silenced);
    assert_eq!(forth, [0, 0, 1, 0, 12]);
    let silenced = &json["silenced"][0];
    assert_eq!((&silenced["base_status"], &silenced["status"]), (&"blocked".into(), &"suppressed".into()));
    assert_eq!(silenced["suppression_reason"], "known");
}

#[test]
fn a_baseline_that_cannot_be_used_is_an_error_and_nothing_is_audited() {
    let folder = stage();
    let (_, _, _, base) = audit(&folder, "then", AS_OF, &[]);
    let run = folder.path().join(&base);
    let refused = |path: &str, cause: &str, help: &str| {
        let runs = std::fs::read_dir(folder.path().join("runs")).expect("a root").count();
        let (code, json, error, _) = audit(&folder, "now", LATER, &["--baseline", path]);
        assert_eq!((code, json), (2, Value::Null), "{error}");
        assert!(error.contains(cause) && error.contains(help), "{error}");
        assert_eq!(std::fs::read_dir(folder.path().join("runs")).expect("a root").count(), runs);
        for (base, head) in [(path, base.to_str().expect("a path")), (base.to_str().expect("a path"), path)] {
            gremlin(&folder).args(["diff", "--base", base, "--head", head]).assert().code(2).stdout("");
        }
    };
    let help = "help: name a run folder, a run id under the artifacts root, or latest\n";
    let nowhere = "error: the baseline nowhere cannot be used\n  caused by: there is no folder nowhere and no run of that name under ";
    refused("nowhere", nowhere, help);
    let help = "help: name the run folder of an audit, <root>/<time>_audit\n";
    refused("then", "caused by: it is not a run folder of an audit: it has no receipt.json\n", help);
    // The demo is no Zendesk, and a folder with another origin is another one.
    gremlin(&folder).args(["audit", "--demo", "--as-of", AS_OF, "--out", "demo"]).assert().code(0);
    refused(
        "demo/20260417_221530Z_audit",
        "error: demo/20260417_221530Z_audit cannot be compared with this run\n  caused by: it is of the demo, and the other run of a Zendesk\n",
        "help: compare runs of the same Zendesk\n",
    );
    std::fs::write(folder.path().join("c.yaml"), "zendesk: { subdomain: other }\n").expect("written");
    let (_, _, _, other) = audit(&folder, "then", AS_OF, &["--config", "c.yaml"]);
    refused(
        other.to_str().expect("a path"),
        "caused by: it is of https://other.zendesk.com, and the other run of https://unknown.zendesk.invalid\n",
        "help: compare runs of the same Zendesk\n",
    );
    // One that was changed, or has lost a file.
    let table = std::fs::read_to_string(run.join("all_exceptions.csv")).expect("text");
    std::fs::write(run.join("all_exceptions.csv"), table.lines().take(3).collect::<Vec<_>>().join("\n"))
        .expect("written");
    let damaged = base.to_str().expect("a path");
    let (code, _, error, _) = audit(&folder, "now", LATER, &["--baseline", damaged]);
    assert!(code == 2 && error.contains("caused by: all_exceptions.csv was changed: its SHA-256 is "), "{error}");
    std::fs::remove_file(run.join("all_exceptions.csv")).expect("removed");
    let (code, _, error, _) = audit(&folder, "now", LATER, &["--baseline", damaged]);
    assert!(code == 2 && error.contains("caused by: all_exceptions.csv cannot be read: "), "{error}");
}

#[test]
fn hostile_names_reach_the_terminal_of_a_diff_escaped() {
    let folder = stage();
    let (_, _, _, base) = audit(&folder, "then", AS_OF, &[]);
    let accounts = folder.path().join("now/salesforce_accounts.csv");
    let csv = std::fs::read_to_string(&accounts).expect("text").replace("Acme Energy", "\u{1b}[2J\u{202e}=cmd");
    std::fs::write(&accounts, csv).expect("written");
    let (_, _, _, head) = audit(&folder, "now", LATER, &[]);
    let output =
        gremlin(&folder).arg("diff").arg("--base").arg(&base).arg("--head").arg(&head).output().expect("a run");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("=cmd") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
}

#[test]
fn suppressions_from_another_file_are_in_force_and_the_own_ones_told_apart() {
    let folder = stage();
    let own = "suppressions:
  - { code: ticket_org_mismatch, user_id: 5010, reason: mine }
  - { code: org_domain_attached_elsewhere, reason: both }
  - { code: org_domain_attached_elsewhere, reason: second }
  - { code: org_missing_external_id, sf_account_id: \"001ACME001\", reason: expired, expires: 2026-04-16 }
thresholds: { max_total_issues: 5 }\n";
    let base = "suppressions:
  - { code: org_missing_expected_domain, reason: theirs }
  - { code: user_domain_ambiguous, domain: nobody.example, reason: unused }
thresholds: { max_total_issues: 1000 }\n";
    std::fs::write(folder.path().join("own.yaml"), own).expect("written");
    std::fs::write(folder.path().join("base.yaml"), base).expect("written");
    let (_, alone, _, _) = audit(&folder, "then", AS_OF, &["--config", "base.yaml"]);
    let (code, json, error, run) =
        audit(&folder, "then", AS_OF, &["--config", "own.yaml", "--suppressions-from", "base.yaml"]);
    // Everything but the suppressions is the own configuration's.
    assert_eq!(code, 1, "{error}");
    assert_eq!(json["suppressed_issue_count"], 1);
    assert_eq!((&json["plan_hash"], &json["total_issue_count"]), (&alone["plan_hash"], &alone["total_issue_count"]));
    let codes: Vec<&str> =
        json["warnings"].as_array().expect("a list").iter().filter_map(|w| w["code"].as_str()).collect();
    assert!(codes.contains(&"suppression_unused") && codes.contains(&"suppression_by_code_alone"), "{codes:?}");
    assert!(!codes.contains(&"suppression_expired"), "that one is not in force: {codes:?}");

    let would = json["own_would_suppress"].as_array().expect("a list");
    let reasons: Vec<&str> = would.iter().filter_map(|issue| issue["reason"].as_str()).collect();
    assert_eq!(reasons, ["both", "mine"], "in the order of the issues, by the first that matches");
    let of_run = receipt(&folder, &run);
    assert_eq!(of_run["suppressions_from"]["own_would_suppress"], json["own_would_suppress"]);
    assert_eq!(of_run["command"]["options"]["suppressions_from"], "base.yaml");
    gremlin(&folder).args(["verify", "--quiet"]).arg(&run).assert().code(0);

    let told = "\nSuppressions that were not used:\n  2 issues would also be hidden  (1 domain attached elsewhere, 1 org mismatch)\n";
    let mut command = gremlin(&folder);
    command.args(["audit", "--snapshot", "then", "--sf-accounts", "then/salesforce_accounts.csv", "--as-of", AS_OF]);
    command.args(["--config", "own.yaml", "--suppressions-from", "base.yaml"]);
    command.assert().code(1).stdout(predicate::str::contains(told));
    let mut command = gremlin(&folder);
    command.arg("diff").arg("--base").arg(&run).arg("--head").arg(&run);
    command.assert().code(0).stdout(predicate::str::contains(told));

    // What the own ones would silence is what they do silence.
    let (_, own_alone, _, _) = audit(&folder, "then", AS_OF, &["--config", "own.yaml"]);
    assert_eq!(own_alone["suppressed_issue_count"], 2);
    assert_eq!(own_alone.get("own_would_suppress"), None);
}

#[test]
fn a_file_of_suppressions_that_cannot_be_used_is_an_error() {
    let folder = stage();
    std::fs::write(folder.path().join("bad.yaml"), "suppressions: [{ code: org_mising, reason: x }]\n")
        .expect("written");
    for (file, cause) in [
        ("nope.yaml", "caused by: nope.yaml: No such file or directory"),
        ("bad.yaml", "caused by: bad.yaml: line 1: unknown name `org_mising`"),
    ] {
        let (code, _, error, _) = audit(&folder, "then", AS_OF, &["--suppressions-from", file]);
        assert!(code == 2 && error.contains(cause), "{error}");
    }
    gremlin(&folder).args(["audit", "--demo", "--suppressions-from", "bad.yaml"]).assert().code(2).stdout("");
}
