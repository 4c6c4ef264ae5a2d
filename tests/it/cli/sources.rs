//! Sources and places: flags that exclude each other, credentials, and folders that cannot be written.

use super::{demo, folder, gremlin};
use predicates::prelude::*;

#[test]
fn sources_exclude_each_other() {
    for arguments in [
        &["--demo", "--snapshot", "x"][..],
        &["--demo", "--subdomain", "acme"],
        &["--demo", "--base-url", "https://acme.zendesk.com"],
        &["--demo", "--sf-accounts", "a.csv"],
        &["--demo", "--save-snapshot", "x"],
        &["--snapshot", "x", "--subdomain", "acme"],
        &["--snapshot", "x", "--base-url", "https://acme.zendesk.com"],
        &["--snapshot", "x", "--save-snapshot", "y"],
        &["--subdomain", "acme", "--base-url", "https://acme.zendesk.com"],
    ] {
        let folder = folder();
        let both = format!("the argument '{}", arguments[0]);
        gremlin(&folder)
            .arg("audit")
            .args(arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(both).and(predicate::str::contains("cannot be used with")));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0, "{arguments:?}");
    }
}

#[test]
fn values_of_flags_are_checked_before_anything_is_read() {
    for (arguments, expected) in [
        (
            ["--lookback-days", "0"],
            "error: --lookback-days cannot be used\n  caused by: `lookback_days` must be a whole number of days from 1 to 36500, not 0\n",
        ),
        (
            ["--subdomain", "acme.com"],
            "error: --subdomain cannot be used\n  caused by: the subdomain must be the part before .zendesk.com, such as `acme`, not `acme.com`; for another host, use base_url\n",
        ),
        (
            ["--base-url", "http://acme.example"],
            "error: --base-url cannot be used\n  caused by: `--base-url` may be http only for a loopback address; use https\n",
        ),
        (["--as-of", "yesterday"], "a time is written like 2026-04-17T22:15:30Z"),
        (["--threshold", "max_total_issues"], "a threshold is written NAME=VALUE, such as max_total_issues=200"),
        (["--threshold", "max_total_issues=-1"], "the limit of max_total_issues must be a whole number, not \"-1\""),
    ] {
        let folder = folder();
        gremlin(&folder)
            .args(["audit", "--sf-accounts", "a.csv"])
            .args(arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(expected));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0, "{arguments:?}");
    }
}

#[test]
fn half_of_each_set_names_the_other_half() {
    for (present, missing) in [
        ("ZENDESK_OAUTH_CLIENT_ID", "ZENDESK_OAUTH_CLIENT_SECRET"),
        ("ZENDESK_OAUTH_CLIENT_SECRET", "ZENDESK_OAUTH_CLIENT_ID"),
        ("ZENDESK_EMAIL", "ZENDESK_API_TOKEN"),
        ("ZENDESK_API_TOKEN", "ZENDESK_EMAIL"),
    ] {
        let folder = folder();
        gremlin(&folder)
            .args(["audit", "--subdomain", "acme", "--out", "out", "--sf-accounts"])
            .arg(demo().join("salesforce_accounts.csv"))
            .env(present, "hunter2")
            .env(missing, "")
            .assert()
            .code(2)
            .stderr(predicate::str::contains(format!("  caused by: {present} is set, but {missing} is not\n")))
            .stderr(predicate::str::contains("hunter2").not());
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0, "nothing is left behind");
    }
}

#[test]
fn a_snapshot_is_not_saved_over_something() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("full")).expect("made");
    std::fs::write(folder.path().join("full/kept"), "kept").expect("written");
    gremlin(&folder)
        .args(["audit", "--base-url", "http://127.0.0.1:9", "--out", "out", "--save-snapshot", "full", "--sf-accounts"])
        .arg(demo().join("salesforce_accounts.csv"))
        .env("ZENDESK_OAUTH_TOKEN", "hunter2")
        .assert()
        .code(2)
        .stdout("")
        .stderr("error: the snapshot cannot be saved as full\n  caused by: the folder is not empty\n  help: name a folder that does not exist yet, or an empty one\n");
    assert_eq!(std::fs::read_dir(folder.path().join("full")).expect("listed").count(), 1);
    assert_eq!(std::fs::read_dir(folder.path().join("out")).expect("listed").count(), 0);
}

#[test]
fn roots_that_are_named_and_cannot_be_used_are_an_error() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    std::fs::copy(demo().join("salesforce_accounts.csv"), path("a.csv")).expect("copied");
    std::fs::write(path("junk.pem"), "no certificate\n").expect("written");
    std::fs::create_dir(path("empty")).expect("made");
    let named = "SSL_CERT_FILE or SSL_CERT_DIR is set, but has no usable certificate";
    for (variable, value, cause) in [
        ("SSL_CERT_FILE", "absent.pem", "SSL_CERT_FILE names absent.pem, which cannot be read: "),
        ("SSL_CERT_FILE", "empty", "SSL_CERT_FILE names empty, which cannot be read: it is not a regular file"),
        ("SSL_CERT_FILE", "junk.pem", named),
        ("SSL_CERT_DIR", "empty", named),
        ("SSL_CERT_DIR", "absent", named),
    ] {
        gremlin(&folder)
            .args(["audit", "--sf-accounts", "a.csv", "--base-url", "https://127.0.0.1:9", "--out", "out"])
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .env(variable, value)
            .env("ZENDESK_OAUTH_TOKEN", "t")
            .assert()
            .code(3)
            .stderr(predicate::str::contains(cause));
    }
}
