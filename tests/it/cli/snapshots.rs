//! Snapshots at their edges: plain folders with and without the settings, foreign bytes, and what was not covered.

use super::{KINDS, audit_of, demo, fake, folder, live, only_run, plain};
use predicates::prelude::*;

#[test]
fn the_setting_of_a_plain_folder_is_read_when_it_is_there() {
    let folder = folder();
    let plain = plain(&folder);
    // Without the setting nothing is known of it, and nothing is blocked for it.
    audit_of(&folder, &plain).code(0);
    let without = std::fs::read(only_run(folder.path().join("out")).join("receipt.json")).expect("a receipt");
    assert!(!String::from_utf8_lossy(&without).contains("account_settings.json"));
    std::fs::remove_dir_all(folder.path().join("out")).expect("removed");

    std::fs::copy(demo().join("account_settings.json"), plain.join("account_settings.json")).expect("copied");
    audit_of(&folder, &plain).code(0);
    let with = std::fs::read(only_run(folder.path().join("out")).join("receipt.json")).expect("a receipt");
    assert!(String::from_utf8_lossy(&with).contains("account_settings.json"), "the receipt digests what was read");

    std::fs::write(plain.join("account_settings.json"), "{\"settings\":\n{").expect("written");
    audit_of(&folder, &plain).code(2).stderr(format!(
        "error: the snapshot {} cannot be used\n  caused by: account_settings.json is damaged: it is not the JSON of the account settings (line 2)\n",
        plain.display()
    ));
}

#[test]
fn each_missing_file_is_named() {
    for kind in KINDS {
        let folder = folder();
        let plain = plain(&folder);
        std::fs::remove_file(plain.join(format!("{kind}.ndjson"))).expect("removed");
        audit_of(&folder, &plain).code(2).stderr(format!(
            "error: the snapshot {} cannot be used\n  caused by: {kind}.ndjson is missing\n",
            plain.display()
        ));
        assert!(!folder.path().join("out").exists(), "nothing is left behind");
    }
    let folder = folder();
    let nowhere = folder.path().join("nowhere");
    audit_of(&folder, &nowhere).code(2).stderr(format!(
        "error: the snapshot {} cannot be used\n  caused by: the folder is missing\n",
        nowhere.display()
    ));
}

#[test]
fn bytes_that_are_no_text_are_refused_by_file_and_line() {
    let folder = folder();
    let plain = plain(&folder);
    // The first bytes of a gzip file.
    std::fs::write(plain.join("tickets.ndjson"), b"\n\x1f\x8b\x08\x00\x00\n").expect("written");
    audit_of(&folder, &plain).code(2).stderr(format!(
        "error: the snapshot {} cannot be used\n  caused by: tickets.ndjson, line 2: the text is not UTF-8\n",
        plain.display()
    ));
}

#[test]
fn a_smaller_window_than_the_snapshot_covers_is_fine() {
    let (fake, folder) = (fake(), folder());
    live(&folder, fake.url()).code(0);
    super::gremlin(&folder)
        .args(["audit", "--lookback-days", "29", "--out", "out", "--snapshot", "snapshot", "--sf-accounts"])
        .arg(demo().join("salesforce_accounts.csv"))
        .assert()
        .code(0)
        .stderr(predicate::str::contains("error").not());
    only_run(folder.path().join("out"));
}

#[test]
fn a_file_that_the_manifest_does_not_list_is_damage() {
    let (fake, folder) = (fake(), folder());
    live(&folder, fake.url()).code(0);
    let snapshot = folder.path().join("snapshot");
    let manifest = snapshot.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("text");
    for (from, to, how) in [
        ("users.ndjson.zst", "people.ndjson.zst", "a file is not listed in it"),
        ("zendesk-drift/snapshot/1", "something/1", "its `format` is not that of a snapshot"),
        ("http://127.0.0.1", "ftp://127.0.0.1", "its `zendesk` is not an origin"),
        ("2026-04-17T22:15:30Z", "yesterday", "a time is invalid"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&manifest, text.replace(from, to)).expect("written");
        audit_of(&folder, &snapshot).code(2).stderr(format!(
            "error: the snapshot {} cannot be used\n  caused by: manifest.json is damaged: {how}\n",
            snapshot.display()
        ));
    }
}

fn case(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// An audit of a case's folder with its own reference.
fn audit_case(name: &str) -> (tempfile::TempDir, assert_cmd::assert::Assert) {
    let folder = folder();
    let mut command = super::gremlin(&folder);
    command.args(["audit", "--as-of", super::AS_OF, "--out", "out", "--snapshot"]).arg(case(name));
    let assert = command.arg("--sf-accounts").arg(case(name).join("accounts.csv")).assert();
    (folder, assert)
}

#[test]
fn a_byte_order_mark_before_records_is_skipped() {
    let (folder, assert) = audit_case("ndjson_with_bom");
    assert.code(0);
    let summary = super::summary(&folder.path().join("out"));
    assert_eq!(summary["read"]["organizations"], 4);
    assert_eq!(summary["resolution"]["linked"], 3);
}

#[test]
fn a_key_that_no_record_has_is_no_empty_value() {
    let (folder, assert) = audit_case("snapshot_without_domain_names");
    assert.code(2).stdout(predicate::str::contains("Detected").not()).stderr(predicate::str::contains(
        "caused by: organizations.ndjson: no record has the key `domain_names`, so nothing can be checked; export the records with this field\n",
    ));
    assert_eq!(std::fs::read_dir(folder.path().join("out")).map_or(0, Iterator::count), 0, "no run");
}

/// Rewrites every record of a kind.
fn rewrite(
    plain: &std::path::Path,
    kind: &str,
    change: impl Fn(&mut serde_json::Map<String, serde_json::Value>, usize),
) {
    let path = plain.join(format!("{kind}.ndjson"));
    let text = std::fs::read_to_string(&path).expect("records");
    let lines = text.lines().enumerate().map(|(at, line)| {
        let mut record = serde_json::from_str(line).expect("a record");
        change(&mut record, at);
        serde_json::to_string(&record).expect("JSON") + "\n"
    });
    let lines: String = lines.collect();
    std::fs::write(path, lines).expect("written");
}

#[test]
fn each_key_that_the_rules_need_is_missed() {
    for (kind, key) in [
        ("organizations", "external_id"),
        ("organizations", "domain_names"),
        ("users", "role"),
        ("users", "email"),
        ("users", "organization_id"),
        ("users", "verified"),
        ("organization_memberships", "default"),
        ("tickets", "requester_id"),
        ("tickets", "organization_id"),
    ] {
        let folder = folder();
        let plain = plain(&folder);
        rewrite(&plain, kind, |record, _| drop(record.remove(key)));
        let expected = format!("caused by: {kind}.ndjson: no record has the key `{key}`");
        audit_of(&folder, &plain).code(2).stderr(predicate::str::contains(expected));
        // An export may leave nulls out: one record that says it is enough, a null too.
        rewrite(&plain, kind, |record, at| {
            if at == 0 {
                record.insert(key.to_owned(), serde_json::Value::Null);
            }
        });
        audit_of(&folder, &plain).code(predicate::in_iter([0, 1]));
    }
    let folder = folder();
    let plain = plain(&folder);
    rewrite(&plain, "tickets", |record, _| drop(record.remove("updated_at")));
    let expected = "caused by: tickets.ndjson, line 1: it has no `updated_at`\n";
    audit_of(&folder, &plain).code(2).stderr(predicate::str::contains(expected));
    // Nothing is missing where there is nothing.
    for kind in KINDS {
        std::fs::write(plain.join(format!("{kind}.ndjson")), "").expect("written");
    }
    audit_of(&folder, &plain).code(0);
}

#[test]
fn a_line_has_a_longest_length() {
    let folder = folder();
    let plain = plain(&folder);
    let text = std::fs::read_to_string(plain.join("users.ndjson")).expect("records");
    let line = |length: usize| format!("{text}{{\"id\": 1, \"x\": \"{}\"}}\n", "x".repeat(length));
    std::fs::write(plain.join("users.ndjson"), line((16 << 20) - 20)).expect("written");
    audit_of(&folder, &plain).code(0);
    std::fs::write(plain.join("users.ndjson"), line(17 << 20)).expect("written");
    let number = text.lines().count() + 1;
    audit_of(&folder, &plain).code(2).stderr(predicate::str::contains(format!(
        "caused by: users.ndjson, line {number}: the line is longer than 16 MiB\n"
    )));
}

#[cfg(unix)]
#[test]
fn what_is_not_a_file_is_refused_and_not_waited_for() {
    for kind in KINDS {
        let folder = folder();
        let plain = plain(&folder);
        let path = plain.join(format!("{kind}.ndjson"));
        std::fs::remove_file(&path).expect("removed");
        std::os::unix::fs::symlink("/dev/zero", &path).expect("a link");
        audit_of(&folder, &plain).code(2).stderr(predicate::str::contains(format!("{kind}.ndjson is missing")));
        std::fs::remove_file(&path).expect("removed");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        audit_of(&folder, &plain).code(2).stderr(predicate::str::contains(format!("{kind}.ndjson is missing")));
    }
    let (fake, folder) = (fake(), folder());
    live(&folder, fake.url()).code(0);
    let snapshot = folder.path().join("snapshot");
    let path = snapshot.join("users.ndjson.zst");
    std::fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink("/dev/zero", &path).expect("a link");
    audit_of(&folder, &snapshot).code(2).stderr(predicate::str::contains("users.ndjson.zst: it is not a regular file"));
}

#[test]
fn compressed_data_that_cannot_be_read_is_damage_even_if_the_manifest_vouches_for_it() {
    let (fake, folder) = (fake(), folder());
    live(&folder, fake.url()).code(0);
    let snapshot = folder.path().join("snapshot");
    let path = snapshot.join("users.ndjson.zst");
    let bytes = std::fs::read(&path).expect("bytes");
    let manifest = std::fs::read_to_string(snapshot.join("manifest.json")).expect("text");
    let sha256 = |bytes: &[u8]| g_gremlin::digest::sha256(bytes);
    for damaged in [bytes[..bytes.len() / 2].to_vec(), b"no zstd at all".to_vec()] {
        std::fs::write(&path, &damaged).expect("written");
        let vouched = manifest.replace(&sha256(&bytes), &sha256(&damaged));
        assert_ne!(vouched, manifest);
        std::fs::write(snapshot.join("manifest.json"), vouched).expect("written");
        audit_of(&folder, &snapshot).code(2).stderr(predicate::str::contains(
            "caused by: users.ndjson.zst is damaged: its compressed data cannot be read\n",
        ));
    }
}

#[test]
fn tickets_that_are_not_wanted_are_neither_read_nor_missed() {
    let folder = folder();
    let plain = plain(&folder);
    std::fs::write(plain.join("tickets.ndjson"), "no record\n").expect("written");
    std::fs::write(folder.path().join("off.yaml"), "version: 1\ntickets: { enabled: false }\n").expect("written");
    let audit = |snapshot: &std::path::Path, config: &str| {
        let mut command = super::gremlin(&folder);
        command
            .args(["audit", "--as-of", super::AS_OF, "--out", "out", "--config", config, "--snapshot"])
            .arg(snapshot);
        command.arg("--sf-accounts").arg(demo().join("salesforce_accounts.csv")).assert()
    };
    audit(&plain, "off.yaml").code(0);
    assert_eq!(super::summary(&folder.path().join("out"))["read"]["tickets"], 0);
    // A live read without tickets asks for none, and its snapshot is not one of a Zendesk without tickets.
    let fake = fake();
    let live = format!("version: 1\nzendesk: {{ base_url: \"{}\" }}\ntickets: {{ enabled: false }}\n", fake.url());
    std::fs::write(folder.path().join("live.yaml"), live).expect("written");
    let mut command = super::gremlin(&folder);
    command.args([
        "audit",
        "--as-of",
        super::AS_OF,
        "--out",
        "live",
        "--config",
        "live.yaml",
        "--save-snapshot",
        "saved",
    ]);
    command.arg("--sf-accounts").arg(demo().join("salesforce_accounts.csv"));
    command.envs(crate::fake_zendesk::FakeZendesk::BEARER_ENV).assert().code(0);
    assert!(fake.log().iter().all(|request| !request.path.contains("tickets") && !request.path.contains("search")));
    let saved = folder.path().join("saved");
    audit(&saved, "off.yaml").code(0);
    std::fs::write(folder.path().join("on.yaml"), "version: 1\n").expect("written");
    audit(&saved, "on.yaml").code(2).stderr(predicate::str::contains(
        "saved has no tickets, because they were not read when it was taken\n  help: set tickets.enabled: false",
    ));
}

#[test]
fn a_snapshot_is_replayed_without_the_export_that_it_was_judged_by() {
    let (fake, folder) = (fake(), folder());
    let export = "Account ID,account_name,account_domains\n=\"001ACME001\",Acme Healthcare,jane.doe@acme-health.example\n\
        '001ACME007,Acme Energy,acme-energy.example nobody@localhost\n\nReport made by J Doe,,\n";
    std::fs::write(folder.path().join("export.csv"), export).expect("written");
    let config = format!(
        "version: 1\nzendesk: {{ base_url: \"{}\" }}\nsalesforce: {{ accounts_csv: export.csv, columns: {{ sf_account_id: Account ID }} }}\n",
        fake.url()
    );
    std::fs::write(folder.path().join("live.yaml"), config).expect("written");
    let mut command = super::gremlin(&folder);
    command.args([
        "audit",
        "--as-of",
        super::AS_OF,
        "--out",
        "live",
        "--config",
        "live.yaml",
        "--save-snapshot",
        "saved",
    ]);
    command.envs(crate::fake_zendesk::FakeZendesk::BEARER_ENV).assert().code(0);
    std::fs::remove_file(folder.path().join("export.csv")).expect("removed");

    // Neither a configuration nor a credential nor the export.
    let mut command = super::gremlin(&folder);
    command.args(["audit", "--as-of", super::AS_OF, "--out", "replayed", "--snapshot", "saved"]).assert().code(0);
    let [live, replayed] = ["live", "replayed"].map(|root| only_run(folder.path().join(root)));
    for name in ["fix_plan.json", "accounts.csv", "all_exceptions.csv"] {
        assert_eq!(std::fs::read(live.join(name)).ok(), std::fs::read(replayed.join(name)).ok(), "{name}");
    }
    let summary = std::fs::read_to_string(replayed.join("summary.json")).expect("a summary");
    for warning in ["report_footer", "id_unwrapped", "domain_not_usable"] {
        assert!(summary.contains(&format!("\"code\": \"{warning}\"")), "{warning} in {summary}");
    }
    let kept = std::fs::read_to_string(folder.path().join("saved/reference.csv")).expect("the reference");
    assert!(!kept.contains("jane.doe") && kept.contains("acme-health.example"), "{kept}");
}
