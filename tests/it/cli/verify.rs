//! `verify` on audits' folders: each changed byte, each change that keeps the digests, and what is no run folder.

use super::{AS_OF, folder, gremlin, only_run};
use crate::model::random::Random;
use g_gremlin::run::artifacts::receipt::own_digest;
use g_gremlin::run::verify::{AuditFolder, Files, audit_folder};
use predicates::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FIXTURES: [&str; 2] = ["demo", "all_codes"];

fn expected(fixture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(fixture).join("expected")
}

fn files(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    entries.map(|path| (name(&path), std::fs::read(&path).expect("bytes"))).collect()
}

fn told(files: Files) -> Vec<(String, String)> {
    let verdict = audit_folder(&AuditFolder { files, ..AuditFolder::default() });
    verdict.mismatches.iter().map(|mismatch| (mismatch.file.clone(), mismatch.to_string())).collect()
}

/// Makes the digests of a changed folder right again, as somebody would who changes a run and wants it to look whole.
fn redigest(files: &mut Files) {
    let hex = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut text = String::from_utf8(files["receipt.json"].clone()).expect("text");
    let receipt: Value = serde_json::from_str(&text).expect("JSON");
    for (name, stated) in receipt["files"].as_object().expect("files") {
        let stated = stated.as_str().expect("a digest");
        text = text.replace(stated, &hex(&files[name]));
    }
    let not_run = receipt["apply_receipt_not_run_sha256"].as_str().expect("a digest");
    text = text.replace(not_run, &hex(&files["apply_receipt.json"]));
    let own = receipt["receipt_sha256"].as_str().expect("a digest");
    let is = own_digest(text.as_bytes(), own).expect("as written");
    files.insert("receipt.json".to_owned(), text.replace(own, &is).into_bytes());
}

/// Copies a fixture's run folder, to be damaged.
fn copy(fixture: &str, folder: &TempDir) -> PathBuf {
    let run = folder.path().join("20260417_221530Z_audit");
    std::fs::create_dir(&run).expect("made");
    for (name, bytes) in files(&expected(fixture)) {
        std::fs::write(run.join(name), bytes).expect("written");
    }
    run
}

#[test]
fn an_id_whose_quote_is_its_own_is_in_its_place() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    // The export wraps `'=2` once more, and a spreadsheet would take each of the others for a formula.
    let accounts = |ids: &[&str]| -> String {
        let rows = ids.iter().enumerate().map(|(at, id)| format!("{id},Account {at},a{at}.example\n"));
        "sf_account_id,account_name,account_domains\n".to_owned() + &rows.collect::<String>()
    };
    std::fs::write(path("before.csv"), accounts(&["''=2", "+3", "=1", "''=1", "=4", "A5"])).expect("written");
    std::fs::write(path("after.csv"), accounts(&["A5", "''=2", "=1", "''=1"])).expect("written");
    std::fs::create_dir(path("plain")).expect("made");
    let orgs = [
        r#"{"id":1,"name":"'=One","external_id":"'=1","domain_names":["a0.example"]}"#,
        r#"{"id":2,"name":"=Two","external_id":"'=2","domain_names":["a2.example"]}"#,
        r#"{"id":3,"name":"Three","external_id":null,"domain_names":["a3.example"]}"#,
    ];
    std::fs::write(path("plain/organizations.ndjson"), orgs.join("\n")).expect("written");
    for file in ["users", "organization_memberships", "tickets"] {
        std::fs::write(path(&format!("plain/{file}.ndjson")), "").expect("written");
    }
    let mut baseline: Vec<String> = vec![];
    for csv in ["before.csv", "after.csv"] {
        let out = format!("of_{csv}");
        let mut audit = gremlin(&folder);
        audit.args(["audit", "--quiet", "--as-of", AS_OF, "--snapshot", "plain", "--sf-accounts", csv, "--out", &out]);
        audit.args(&baseline).assert().code(0);
        let run = only_run(path(&out));
        let verified = gremlin(&folder).args(["verify", "--quiet"]).arg(&run).output().expect("the program runs");
        assert!(verified.status.success(), "{csv}: {}", String::from_utf8_lossy(&verified.stdout));
        baseline = vec!["--baseline".to_owned(), run.display().to_string()];
    }
}

#[test]
fn a_changed_byte_in_any_file_is_named() {
    let mut random = Random::new(1);
    for fixture in FIXTURES {
        let whole = files(&expected(fixture));
        assert_eq!((whole.len(), told(whole.clone())), (14, vec![]));
        for (name, bytes) in &whole {
            let last = bytes.len() - 1;
            let places = (0..if crate::thorough() { 30 } else { 2 })
                .map(|_| random.below(bytes.len()))
                .chain([0, last])
                .collect::<BTreeSet<_>>();
            for at in places {
                let mut changed = whole.clone();
                changed.get_mut(name).expect("the file")[at] ^= 1 << random.below(8);
                let told = told(changed);
                assert!(told.iter().any(|(file, _)| file == name), "{fixture}/{name}, byte {at}: {told:?}");
            }
        }
    }
}

#[test]
fn a_file_that_is_cut_grown_missing_or_too_much_is_named() {
    for fixture in FIXTURES {
        let whole = files(&expected(fixture));
        for name in whole.keys() {
            let mut folders = vec![whole.clone(); 3];
            folders[0].remove(name);
            folders[1].get_mut(name).expect("the file").pop();
            folders[2].get_mut(name).expect("the file").push(b'\n');
            for (kind, folder) in folders.into_iter().enumerate() {
                let told = told(folder);
                assert!(told.iter().any(|(file, _)| file == name), "{fixture}/{name}, {kind}: {told:?}");
            }
        }
        let mut more = whole.clone();
        more.insert("notes.txt".to_owned(), Vec::new());
        let problem = "notes.txt: does not belong to a run, so it cannot be checked";
        assert_eq!(told(more), [("notes.txt".to_owned(), problem.to_owned())]);
    }
}

/// Changes `from` to `to` once in a file of the second fixture, makes the digests right again, and expects to be told.
#[track_caller]
fn tampered(name: &str, from: &str, to: &str, expected_texts: &[&str]) {
    let mut folder = files(&expected("all_codes"));
    let text = String::from_utf8(folder[name].clone()).expect("text");
    assert!(text.contains(from), "{name} has no {from}");
    folder.insert(name.to_owned(), text.replacen(from, to, 1).into_bytes());
    redigest(&mut folder);
    let told: Vec<String> = told(folder).into_iter().map(|(_, text)| text).collect();
    for expected in expected_texts {
        assert!(told.iter().any(|text| text.contains(expected)), "{name}: {from} → {to}: {told:#?}");
    }
    assert!(!told.iter().any(|text| text.contains("SHA-256")), "{told:#?}");
}

#[test]
fn redigesting_hides_nothing_that_the_other_files_tell() {
    let mut folder = files(&expected("all_codes"));
    redigest(&mut folder);
    assert_eq!(folder, files(&expected("all_codes")), "nothing was changed");

    // The plan.
    tampered(
        "fix_plan.json",
        "\"org_id\": 1050",
        "\"org_id\": 1051",
        &[
            "fix_plan.json, plan_hash: is not the hash of the plan",
            "fix_plan.csv, line 2, column org_id: differs from fix_plan.json: expected \"1051\", found \"1050\"",
            "org_id: differs from its issue in all_exceptions.csv: expected \"1050\", found \"1051\"",
            "apply_receipt.json, source_plan_hash: is not the hash of the plan",
        ],
    );
    tampered(
        "fix_plan.csv",
        "A002,prepared",
        "A022,prepared",
        &[
            "fix_plan.csv, line 3, column action_id: differs from fix_plan.json: expected nothing, found \"A022\"",
            "fix_plan.csv, action_id: differs from fix_plan.json: expected \"A002\", found nothing",
        ],
    );
    // The issues: each table against the union, and each row by itself.
    for (table, column) in [("org_issues.csv", 2), ("user_issues.csv", 2), ("ticket_issues.csv", 2)] {
        let text = String::from_utf8(files(&expected("all_codes"))[table].clone()).expect("text");
        let row = text.lines().nth(1).expect("a row");
        let risk = row.split(',').nth(column).expect("a risk");
        let other = row.replacen(risk, if risk == "high" { "medium" } else { "high" }, 1);
        tampered(table, row, &other, &[&format!("{table}, line 2, column risk: differs from all_exceptions.csv")]);
        let without = format!("{row}\n");
        tampered(table, &without, "", &[&format!("{table}, issue_id: differs from all_exceptions.csv: expected")]);
    }
    tampered(
        "all_exceptions.csv",
        ",org_missing_external_id,high,prepared,",
        ",org_missing_external_id,high,review_only,",
        &[
            "column status: org_missing_external_id is never review_only",
            "column action_id: must be set exactly when an issue is prepared or blocked",
            "org_issues.csv, line 4, column status: differs from all_exceptions.csv",
        ],
    );
    tampered("all_exceptions.csv", ",1040,", ",1041,", &["column issue_id: does not match the content of the row"]);
    tampered("ticket_issues.csv", "2026-0", "2025-0", &["column updated_at: is outside the window of receipt.json"]);
    // The counts.
    for member in [
        "total_issue_count",
        "suppressed_issue_count",
        "prepared_action_count",
        "blocked_action_count",
        "ticket_echo_count",
        "user",
        "org_missing_external_id",
        "high",
        "duplicate_external_id",
        "linked",
        "in_scope",
        "accounts",
    ] {
        let member = format!("\"{member}\": ");
        tampered("summary.json", &member, &format!("{member}1"), &["summary.json, "]);
    }
    tampered(
        "exceptions_by_account.csv",
        ",1,0,0,1,1,0,",
        ",1,0,0,1,0,1,",
        &["column prepared_action_count: differs from all_exceptions.csv: expected \"1\", found \"0\""],
    );
    tampered(
        "summary.md",
        "| Plan hash | `",
        "| Plan hash | `0",
        &["summary.md: does not name the plan hash of summary.json"],
    );
    // The receipts.
    tampered(
        "receipt.json",
        "\"total_issue_count\": ",
        "\"total_issue_count\": 1",
        &["receipt.json, counts.total_issue_count: "],
    );
    tampered(
        "receipt.json",
        "\"finished_at\": \"2026",
        "\"finished_at\": \"2025",
        &["finished_at: is before started_at"],
    );
    tampered(
        "receipt.json",
        "\"started_at\": \"2026-04-17T22:15:30Z",
        "\"started_at\": \"2026-04-17T22:15:29Z",
        &["run_id: does not match started_at"],
    );
    tampered(
        "apply_receipt.json",
        "\"completed\": false",
        "\"completed\": true",
        &["completed: is true although nothing was run"],
    );
    tampered(
        "apply_receipt.json",
        "\"blocked_reason\": \"user_not_verified\"",
        "\"blocked_reason\": \"user_domain_ambiguous\"",
        &["differs from the plan's B"],
    );
}

/// With every digest made right again, the other files still know better.
#[test]
fn a_changed_letter_in_the_plan_or_the_issues_is_noticed_though_every_digest_is_right() {
    let whole = files(&expected("all_codes"));
    let mut random = Random::new(3);
    for name in ["fix_plan.json", "fix_plan.csv", "all_exceptions.csv", "exceptions_by_account.csv"] {
        let mut tried = 0;
        while tried < if crate::thorough() { 40 } else { 6 } {
            let at = random.below(whole[name].len());
            let mut changed = whole.clone();
            let byte = &mut changed.get_mut(name).expect("the file")[at];
            if byte.is_ascii_alphanumeric() {
                *byte = if *byte == b'7' { b'8' } else { b'7' };
                redigest(&mut changed);
                let line = whole[name][..at].iter().filter(|byte| **byte == b'\n').count() + 1;
                assert!(!told(changed).is_empty(), "{name}, line {line}");
                tried += 1;
            }
        }
    }
}

#[test]
fn each_mismatch_is_printed_with_file_and_place_and_the_exit_code_is_1() {
    let folder = folder();
    let run = copy("demo", &folder);
    gremlin(&folder).arg("verify").arg(&run).assert().code(0).stderr("").stdout(
        predicate::str::starts_with("Verifying the audit 20260417_221530Z_audit...\n  ok     digests ")
            .and(predicate::str::ends_with("\nEverything matches.\n")),
    );
    gremlin(&folder).args(["verify", "--quiet"]).arg(&run).assert().code(0).stdout("").stderr("");

    let table = std::fs::read_to_string(run.join("fix_plan.csv")).expect("text");
    std::fs::write(run.join("fix_plan.csv"), table.replace(",4001,", ",4999,")).expect("written");
    let row = "mismatch: fix_plan.csv, line 2, column org_id: differs from fix_plan.json: expected \"4001\", found \"4999\"\n";
    let printed = gremlin(&folder).args(["verify", "--quiet"]).arg(&run).assert().code(1).stderr("");
    let printed = printed.stdout(predicate::str::ends_with(row)).get_output().stdout.clone();
    let printed = String::from_utf8(printed).expect("text");
    assert!(
        printed
            .starts_with("mismatch: fix_plan.csv: does not have the SHA-256 that receipt.json states: expected \"8edb")
    );
    assert_eq!(printed.lines().count(), 2);

    let json = gremlin(&folder).args(["verify", "--format", "json"]).arg(&run).assert().code(1);
    let json: Value = serde_json::from_slice(&json.get_output().stdout).expect("nothing but JSON");
    assert_eq!((&json["schema"], &json["kind"]), (&"g-gremlin/zendesk-drift/verify/1".into(), &"audit".into()));
    assert_eq!(json["matches"], false);
    assert_eq!(json["mismatches"][1]["place"], "line 2, column org_id");
    assert_eq!((&json["mismatches"][1]["expected"], &json["mismatches"][1]["found"]), (&"4001".into(), &"4999".into()));
    assert_eq!(json["plan_hash"].as_str().map(str::len), Some(64));
}

#[test]
fn of_one_file_twenty_mismatches_are_printed_and_the_rest_counted() {
    let folder = folder();
    let run = copy("all_codes", &folder);
    let table = std::fs::read_to_string(run.join("all_exceptions.csv")).expect("text");
    std::fs::write(run.join("all_exceptions.csv"), table.replace(",medium,", ",high,")).expect("written");
    let printed = gremlin(&folder).arg("verify").arg(&run).assert().code(1).get_output().stdout.clone();
    let printed = String::from_utf8(printed).expect("text");
    // The digest, 19 rows, and the count.
    assert_eq!(printed.matches("mismatch: all_exceptions.csv").count(), 21);
    assert!(printed.contains(" more; --format json lists them all\n"), "{printed}");
}

#[test]
fn what_is_no_run_folder_exits_with_2() {
    let folder = folder();
    gremlin(&folder)
        .args(["verify", "nowhere"])
        .assert()
        .code(2)
        .stdout("")
        .stderr("error: the run nowhere cannot be used\n  caused by: there is no folder nowhere and no run of that name under artifacts/zendesk_drift\n  help: name a run folder, a run id under the artifacts root, or latest\n");
    gremlin(&folder).args(["verify", "."]).assert().code(2).stdout("").stderr(
        "error: . cannot be verified\n  caused by: it is not a run folder: it has no receipt.json and no journal\n  help: name the folder <root>/<time>_audit of an audit, or <root>/<time>_apply of an apply\n",
    );
    let run = copy("demo", &folder);
    gremlin(&folder).arg("verify").arg(&run).args(["--receipt", "nope.json"]).assert().code(2).stderr(
        predicate::str::contains("error: nope.json cannot be verified\n  caused by: No such file or directory"),
    );
    // A folder that lost its receipt is still a run's.
    std::fs::remove_file(run.join("receipt.json")).expect("removed");
    gremlin(&folder)
        .arg("verify")
        .arg(&run)
        .assert()
        .code(1)
        .stdout(predicate::str::contains("mismatch: receipt.json: is missing\n"));
}

#[test]
fn the_dry_run_of_the_demo_matches_in_both_folders() {
    let folder = folder();
    gremlin(&folder).args(["audit", "--demo", "--as-of", AS_OF, "--out", "artifacts/zendesk_drift"]).assert().code(0);
    let root = folder.path().join("artifacts/zendesk_drift");
    let audit = only_run(root.clone());
    gremlin(&folder).arg("apply").arg("--plan").arg(audit.join("fix_plan.json")).assert().code(0);
    for entry in std::fs::read_dir(&root).expect("a root") {
        let path = entry.expect("an entry").path();
        gremlin(&folder).arg("verify").arg(&path).assert().code(0).stderr("");
    }
    assert_eq!(std::fs::read_dir(&root).expect("a root").count(), 2);
}
