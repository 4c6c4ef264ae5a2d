//! `trace` from outside: which source it takes, what it refuses, and how it prints.

use super::{AS_OF, demo, fake, folder, gremlin, live, plain};
use crate::fake_zendesk::FakeZendesk;
use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

fn trace(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = gremlin(folder);
    command.arg("trace").args(arguments);
    command
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.assert().code(0).get_output().stdout.clone()).expect("text")
}

fn accounts() -> String {
    demo().join("salesforce_accounts.csv").display().to_string()
}

/// A configuration that names a Zendesk and the demo's accounts.
fn configured(folder: &TempDir, zendesk: &str) {
    let config = format!("version: 1\nzendesk:\n  {zendesk}\nsalesforce:\n  accounts_csv: {}\n", accounts());
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), config).expect("written");
}

/// Saves the demo's records as a snapshot of `url`, taken at `as_of`, below the artifacts root.
fn snapshot(folder: &TempDir, fake: &FakeZendesk, name: &str, as_of: &str) {
    let target = format!("artifacts/zendesk_drift/snapshots/{name}");
    let mut command = gremlin(folder);
    command.args(["audit", "--base-url", fake.url(), "--sf-accounts", &accounts(), "--quiet", "--as-of", as_of]);
    command.args(["--save-snapshot", &target, "--out", "artifacts/zendesk_drift"]);
    command.envs(FakeZendesk::BEARER_ENV).assert().code(0);
}

#[test]
fn the_command_that_the_audit_of_the_demo_prints_explains_the_account() {
    let folder = folder();
    let audit = stdout(gremlin(&folder).args(["audit", "--demo"]));
    let command = audit.lines().find_map(|line| line.trim().strip_prefix("g-gremlin zendesk drift trace "));
    assert_eq!(command, Some("--sf-account-id 001ACME002 --demo"));
    let arguments: Vec<&str> = command.expect("a command").split(' ').collect();
    let printed = stdout(&mut trace(&folder, &arguments));
    let (head, body) = printed.split_at(printed.find("\n\n").expect("a blank line"));
    assert_eq!(
        head,
        "Account 001ACME002 (Acme Labs): several orgs have its id\n  Built-in demo data.\n  As of 2026-04-17T22:15:30Z, with tickets since 2026-03-18T22:15:30Z."
    );
    assert!(body.contains("blocked, duplicate_external_id\n"), "{body}");
}

#[test]
fn exactly_one_subject_is_traced() {
    let folder = folder();
    trace(&folder, &["--demo"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("the following required arguments were not provided"));
    trace(&folder, &["--demo", "--zendesk-org-id", "4001", "--domain", "acme.com"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("cannot be used with"));
    trace(&folder, &["--demo", "--zendesk-org-id", "x"]).assert().code(2);
    trace(&folder, &["--demo", "--domain", "localhost"]).assert().code(2).stdout("").stderr(
        "error: --domain cannot be used\n  caused by: a domain has two or more parts of letters, digits and inner hyphens\n  help: write it like acme.com\n",
    );
    trace(&folder, &["--demo", "--domain", "co.uk"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("it is a public suffix"));
}

#[test]
fn an_unknown_id_is_exit_2_and_names_the_nearest() {
    let folder = folder();
    trace(&folder, &["--demo", "--sf-account-id", "001ACME0O1"]).assert().code(2).stdout("").stderr(
        "error: no account of the reference has the id 001ACME0O1\n  help: did you mean:\n          g-gremlin zendesk drift trace --sf-account-id 001ACME001 --demo\n          g-gremlin zendesk drift trace --sf-account-id 001ACME002 --demo\n          g-gremlin zendesk drift trace --sf-account-id 001ACME003 --demo\n          g-gremlin zendesk drift trace --sf-account-id 001ACME004 --demo\n          g-gremlin zendesk drift trace --sf-account-id 001ACME005 --demo\n",
    );
    trace(&folder, &["--demo", "--zendesk-org-id", "5001"]).assert().code(2).stdout("").stderr(
        predicate::str::starts_with("error: no org has the id 5001\n  help: did you mean:\n          g-gremlin zendesk drift trace --zendesk-user-id 5001 --demo\n          g-gremlin zendesk drift trace --zendesk-org-id 4001 --demo\n"),
    );
    for subject in [["--zendesk-user-id", "99"], ["--zendesk-ticket-id", "99"], ["--domain", "acme-heath.example"]] {
        let arguments = [&["--demo"][..], &subject].concat();
        trace(&folder, &arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains("  help: did you mean:\n"));
    }
    trace(&folder, &["--demo", "--sf-account-id", "\u{1b}[31mzzzz"])
        .assert()
        .code(2)
        .stderr("error: no account of the reference has the id \\u{1b}[31mzzzz\n  help: no id is similar; check that it is from this Zendesk and this export\n");
}

#[test]
fn of_an_address_the_domain_is_traced_and_the_rest_shown_nowhere() {
    let folder = folder();
    for text in
        ["someone.secret@acme-health.example", "https://www.acme-health.example/contact", "ACME-health.example."]
    {
        let printed = stdout(&mut trace(&folder, &["--demo", "--domain", text]));
        assert!(printed.starts_with("Domain acme-health.example: names one account and one org\n"), "{printed}");
        assert!(!printed.contains("secret"));
    }
    let refused =
        trace(&folder, &["--demo", "--domain", "someone.secret@localhost"]).assert().code(2).get_output().clone();
    assert!(!String::from_utf8_lossy(&refused.stderr).contains("secret"));
}

#[test]
fn the_demo_ignores_a_configuration_that_was_found_and_refuses_one_that_was_named() {
    let folder = folder();
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), "no: such key\n").expect("written");
    trace(&folder, &["--demo", "--zendesk-org-id", "4001"]).assert().code(0).stderr("");
    trace(&folder, &["--demo", "--zendesk-org-id", "4001", "--config", "gremlin.zendesk_drift.yaml"])
        .assert()
        .code(2)
        .stdout("")
        .stderr("error: --demo and --config cannot be used together\n  help: the demo does not use a configuration; leave out --config\n");
}

#[test]
fn without_a_source_it_says_what_to_do() {
    let folder = folder();
    let subject = ["--sf-account-id", "001ACME001"];
    trace(&folder, &subject)
        .assert()
        .code(2)
        .stderr(predicate::str::starts_with("error: there is no configuration and no --sf-accounts\n"));
    let accounts = accounts();
    let with_accounts = [&subject[..], &["--sf-accounts", &accounts]].concat();
    trace(&folder, &with_accounts).assert().code(2).stdout("").stderr(
        "error: no Zendesk is named\n  help: set zendesk.subdomain in the configuration, or use --subdomain, --snapshot or --demo\n",
    );
    configured(&folder, "subdomain: acme");
    trace(&folder, &subject)
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::starts_with("error: there are no usable credentials for Zendesk\n"));
    assert!(!folder.path().join("artifacts").exists(), "a trace writes nothing");
}

#[test]
fn without_a_snapshot_it_reads_the_zendesk_and_nothing_is_written() {
    let (fake, folder) = (fake(), folder());
    configured(&folder, &format!("base_url: {}", fake.url()));
    let mut command = trace(&folder, &["--sf-account-id", "001ACME001", "--as-of", AS_OF]);
    let assert = command.envs(FakeZendesk::BEARER_ENV).assert().code(0);
    let printed = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(printed.contains(&format!("\n  {}, read just now.\n", fake.url())), "{printed}");
    assert!(printed.contains("trace --zendesk-org-id 4001 --as-of 2026-04-17T22:15:30Z\n"), "{printed}");
    assert!(fake.log().iter().all(|request| request.method == "GET"));
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("listed").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, ["gremlin.zendesk_drift.yaml"]);

    // An account that does not exist is known without asking Zendesk.
    let before = fake.log().len();
    let mut command = trace(&folder, &["--sf-account-id", "001ACME0O1"]);
    command.envs(FakeZendesk::BEARER_ENV).assert().code(2);
    assert_eq!(fake.log().len(), before);
}

#[test]
fn the_newest_snapshot_below_the_root_is_the_default_and_its_age_is_told() {
    let (fake, folder) = (fake(), folder());
    snapshot(&folder, &fake, "b_older", "2026-04-16T10:00:00Z");
    snapshot(&folder, &fake, "a_newer", AS_OF);
    configured(&folder, &format!("base_url: {}", fake.url()));
    let asked = fake.log().len();
    let arguments = ["--sf-account-id", "001ACME001", "--as-of", "2026-04-18T01:15:31Z", "--lookback-days", "20"];
    let assert = trace(&folder, &arguments).assert().code(0).stderr("");
    let printed = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    let source = format!(
        "  Snapshot ./artifacts/zendesk_drift/snapshots/a_newer of {}, taken {AS_OF}, 3 hours ago.\n  As of",
        fake.url()
    );
    assert!(unwrapped(&printed).contains(&source), "{printed}");
    assert!(
        printed.contains(
            "--snapshot artifacts/zendesk_drift/snapshots/a_newer --lookback-days 20 --as-of 2026-04-18T01:15:31Z\n"
        ),
        "{printed}"
    );
    assert_eq!(fake.log().len(), asked, "no network");
}

/// The text with its wrapped lines joined.
fn unwrapped(text: &str) -> String {
    text.replace("\n    ", " ")
}

#[test]
fn a_snapshot_that_cannot_be_the_default_is_told_and_left_out() {
    let (fake, folder) = (fake(), folder());
    snapshot(&folder, &fake, "good", AS_OF);
    let root = folder.path().join("artifacts/zendesk_drift/snapshots");
    std::fs::create_dir(root.join("empty")).expect("made");
    std::fs::create_dir(root.join(".unfinished-x")).expect("made");
    let copy = plain(&folder);
    std::fs::rename(copy, root.join("plain")).expect("moved");
    std::fs::create_dir(root.join("newer_format")).expect("made");
    std::fs::write(root.join("newer_format/manifest.json"), "{\"format\": \"g-gremlin/zendesk-drift/snapshot/2\"}")
        .expect("written");
    configured(&folder, &format!("base_url: {}", fake.url()));
    let notes = "note: the snapshot ./artifacts/zendesk_drift/snapshots/empty is skipped: organizations.ndjson is missing\n\
         note: the snapshot ./artifacts/zendesk_drift/snapshots/newer_format is skipped: the snapshot has format 2, and this program reads format 1; use a newer g-gremlin\n\
         note: the snapshot ./artifacts/zendesk_drift/snapshots/plain is skipped: it has no manifest, so its age is unknown; name it with --snapshot\n";
    trace(&folder, &["--zendesk-org-id", "4001"])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("snapshots/good"))
        .stderr(notes);

    // One of another Zendesk is never taken for the configured one's.
    configured(&folder, "subdomain: acme");
    trace(&folder, &["--zendesk-org-id", "4001", "--quiet"])
        .assert()
        .code(2)
        .stderr(predicate::str::starts_with("error: there are no usable credentials for Zendesk\n"));
    trace(&folder, &["--zendesk-org-id", "4001"]).assert().code(2).stderr(predicate::str::contains(format!(
        "snapshots/good is skipped: it is from {}, but the configuration names https://acme.zendesk.com\n",
        fake.url()
    )));
    // Named, it is taken; and a Zendesk that is named wins over any snapshot.
    trace(&folder, &["--zendesk-org-id", "4001", "--snapshot", "artifacts/zendesk_drift/snapshots/good"])
        .assert()
        .code(0);
    let mut command = trace(&folder, &["--zendesk-org-id", "4001", "--base-url", fake.url(), "--as-of", AS_OF]);
    command.envs(FakeZendesk::BEARER_ENV).assert().code(0).stdout(predicate::str::contains("read just now"));
}

#[test]
fn a_saved_snapshot_a_plain_folder_and_the_zendesk_tell_the_same() {
    let (fake, folder) = (fake(), folder());
    live(&folder, fake.url()).code(0);
    let plain = plain(&folder);
    std::fs::copy(demo().join("account_settings.json"), plain.join("account_settings.json")).expect("copied");
    let accounts = accounts();
    for subject in [["--sf-account-id", "001ACME004"], ["--zendesk-user-id", "5008"], ["--zendesk-ticket-id", "70298"]]
    {
        let told = |source: &[&str]| {
            let arguments =
                [&subject[..], &["--sf-accounts", &accounts, "--as-of", AS_OF, "--format", "json"], source].concat();
            let printed = stdout(trace(&folder, &arguments).envs(FakeZendesk::BEARER_ENV));
            let mut json: Value = serde_json::from_str(&printed).expect("JSON");
            // What was looked at differs, and so do the flags of the next commands.
            let seen = json.as_object_mut().expect("an object").remove("seen").expect("what was seen");
            json.as_object_mut().expect("an object").remove("next");
            (seen["source"].as_str().expect("a name").to_owned(), json)
        };
        let (saved, one) = told(&["--snapshot", "snapshot"]);
        let (from_plain, other) = told(&["--snapshot", plain.to_str().expect("a path")]);
        let (live, third) = told(&["--base-url", fake.url()]);
        assert_eq!([&*saved, &*from_plain, &*live], ["snapshot", "snapshot", "live"]);
        assert!(one == other && other == third, "{subject:?}");
    }
}

#[test]
fn a_ticket_that_is_too_old_is_told_so() {
    let folder = folder();
    let arguments = ["--demo", "--zendesk-ticket-id", "70298", "--lookback-days", "1"];
    let printed = stdout(&mut trace(&folder, &arguments));
    assert!(printed.starts_with("Ticket 70298: not in the window\n"), "{printed}");
}

#[test]
fn the_same_is_given_as_data() {
    let folder = folder();
    let json = |arguments: &[&str]| -> Value {
        let arguments = [&["--demo", "--format", "json"][..], arguments].concat();
        serde_json::from_str(&stdout(&mut trace(&folder, &arguments))).expect("nothing but JSON")
    };
    let account = json(&["--sf-account-id", "001ACME001"]);
    assert_eq!(account["schema"], "g-gremlin/zendesk-drift/trace/1");
    assert_eq!(account["kind"], "account");
    assert_eq!(account["seen"]["source"], "demo");
    assert_eq!(account["resolution"], "domain_linked");
    assert_eq!(account["candidates"][0]["org_id"], 4001);
    assert_eq!(account["candidates"][0]["counts"], true);
    assert_eq!(account["row"]["cells"][1]["entries"][0]["fate"], "expected");
    assert_eq!(account["issues"][0]["actions"][0]["to"], "001ACME001");
    assert_eq!(json(&["--zendesk-org-id", "4002"])["claimed_by"][0]["resolution"], "duplicate");
    assert_eq!(json(&["--zendesk-user-id", "5006"])["outcome"], "user_missing_expected_membership");
    assert_eq!(json(&["--zendesk-ticket-id", "70035"])["mismatch_kind"], "other_member_org");
    assert_eq!(json(&["--domain", "acme-shop.example"])["verdict"], "expected");
}

#[test]
fn quiet_says_nothing_and_colors_are_for_terminals() {
    let folder = folder();
    let subject = ["--demo", "--sf-account-id", "001ACME001"];
    trace(&folder, &[&subject[..], &["--quiet"]].concat()).assert().code(0).stdout("").stderr("");
    assert!(!stdout(&mut trace(&folder, &subject)).contains('\u{1b}'));
    let colored = stdout(&mut trace(&folder, &[&subject[..], &["--color", "always"]].concat()));
    assert!(colored.starts_with("\u{1b}[1mAccount 001ACME001"), "{colored}");
}

#[test]
fn in_public_a_trace_has_nothing_to_tell() {
    let folder = folder();
    let public = |arguments: &[&str]| {
        let mut command = trace(&folder, &[&["--demo"][..], arguments].concat());
        command.env("GITHUB_ACTIONS", "true").assert().get_output().clone()
    };
    let printed = public(&["--sf-account-id", "001ACME001"]);
    assert_eq!((printed.status.code(), &*printed.stdout), (Some(0), &b""[..]));
    assert!(String::from_utf8_lossy(&printed.stderr).starts_with("note: names, ids, domains"));
    let printed = public(&["--sf-account-id", "001ACME001", "--format", "json"]);
    assert_eq!(String::from_utf8_lossy(&printed.stdout), "{\n  \"withheld\": true\n}\n");
    let printed = public(&["--sf-account-id", "001ACME0O1"]);
    assert_eq!(printed.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&printed.stderr).contains("001ACME"));
}

#[test]
fn no_trace_names_a_user_or_an_address() {
    let folder = folder();
    let users = std::fs::read_to_string(demo().join("users.ndjson")).expect("users");
    let users: Vec<Value> = users.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for user in &users {
        let id = user["id"].to_string();
        let printed = stdout(&mut trace(&folder, &["--demo", "--format", "json", "--zendesk-user-id", &id]));
        for field in ["name", "email"] {
            if let Some(text) = user[field].as_str() {
                assert!(!printed.contains(text), "{id}: {field}");
            }
        }
        assert!(!printed.contains('@'), "{id}");
    }
    assert!(users.len() > 20 && Path::new(&accounts()).exists());
}

#[test]
fn an_account_or_an_org_is_found_by_a_part_of_its_name() {
    let folder = folder();
    let printed = stdout(&mut trace(&folder, &["--demo", "--account-name", "healthCARE"]));
    assert!(printed.starts_with("Account 001ACME001 (Acme Healthcare): "), "{printed}");
    let printed = stdout(&mut trace(&folder, &["--demo", "--org-name", "acme healthcare"]));
    assert!(printed.starts_with("Org 4001 (Acme Healthcare)\n"), "{printed}");
    trace(&folder, &["--demo", "--account-name", "acme"]).assert().code(2).stdout("").stderr(
        predicate::str::starts_with("error: 9 accounts have \"acme\" in their name\n  help: use the id of one of them:\n          --sf-account-id 001ACME001  Acme Healthcare\n"),
    );
    trace(&folder, &["--demo", "--account-name", "Acme Heathcare"]).assert().code(2).stderr(predicate::str::starts_with(
        "error: no account has \"Acme Heathcare\" in its name\n  help: did you mean:\n          g-gremlin zendesk drift trace --sf-account-id 001ACME001 --demo\n",
    ));
    trace(&folder, &["--demo", "--org-name", "zzzz"]).assert().code(2).stderr(predicate::str::contains("no org has"));
}

#[test]
fn a_newer_audit_without_a_snapshot_and_a_later_apply_are_named_first() {
    let (fake, folder) = (fake(), folder());
    snapshot(&folder, &fake, "older", AS_OF);
    configured(&folder, &format!("base_url: {}", fake.url()));
    let mut audit = gremlin(&folder);
    audit.args(["audit", "--quiet", "--as-of", "2026-04-17T22:16:00Z"]).envs(FakeZendesk::BEARER_ENV).assert().code(0);
    let printed = stdout(&mut trace(&folder, &["--sf-account-id", "001ACME001"]));
    let (title, rest) = printed.split_once('\n').expect("a title");
    assert!(title.starts_with("Account 001ACME001"), "{printed}");
    assert!(
        unwrapped(rest).starts_with("  The newest audit, 20260417_221600Z_audit, has no snapshot here. "),
        "{printed}"
    );
    let json = stdout(&mut trace(&folder, &["--sf-account-id", "001ACME001", "--format", "json"]));
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["seen"]["remarks"].as_array().map(Vec::len), Some(1));
    assert_eq!(json["seen"]["as_of"], AS_OF);
}
