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
            "error: the snapshot {} cannot be used\n  caused by: {kind}.ndjson is not there\n",
            plain.display()
        ));
        assert!(!folder.path().join("out").exists(), "nothing is left behind");
    }
    let folder = folder();
    let nowhere = folder.path().join("nowhere");
    audit_of(&folder, &nowhere).code(2).stderr(format!(
        "error: the snapshot {} cannot be used\n  caused by: the folder is not there\n",
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
        ("http://127.0.0.1", "ftp://127.0.0.1", "its `zendesk` is no origin"),
        ("2026-04-17T22:15:30Z", "yesterday", "a time is none"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&manifest, text.replace(from, to)).expect("written");
        audit_of(&folder, &snapshot).code(2).stderr(format!(
            "error: the snapshot {} cannot be used\n  caused by: manifest.json is damaged: {how}\n",
            snapshot.display()
        ));
    }
}
