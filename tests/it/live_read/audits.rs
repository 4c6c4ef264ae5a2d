//! Odd records, read by the program itself: what reaches the audit.

use super::*;
use assert_cmd::assert::Assert;
use tempfile::TempDir;

const AS_OF: &str = "2026-04-17T22:15:30Z";

/// Audits the fake with the binary, in a folder of its own.
fn audit(fake: &FakeZendesk) -> (TempDir, Assert) {
    audit_by(fake, "")
}

/// The same by a configuration.
fn audit_by(fake: &FakeZendesk, yaml: &str) -> (TempDir, Assert) {
    let folder = tempfile::tempdir().expect("a folder");
    let reference =
        "sf_account_id,account_name,account_domains\n001FAKE001,One,org1.example\n001FAKE002,Two,org2.example\n";
    std::fs::write(folder.path().join("accounts.csv"), reference).expect("written");
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), yaml).expect("written");
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ZENDESK_") || name.starts_with("GITHUB_")) {
        command.env_remove(name);
    }
    command.args(["zendesk", "drift", "audit", "--as-of", AS_OF, "--out", "out", "--sf-accounts", "accounts.csv"]);
    command
        .args(["--save-snapshot", "saved", "--base-url", fake.url()])
        .envs(FakeZendesk::BEARER_ENV)
        .current_dir(folder.path());
    let assert = command.assert();
    (folder, assert)
}

/// The `summary.json` of an audit that found everything it needs.
fn summary(fake: &FakeZendesk) -> Value {
    let (folder, assert) = audit(fake);
    assert.code(0);
    artifact(&folder, "summary.json")
}

/// An artifact of the newest run.
fn artifact(folder: &TempDir, name: &str) -> Value {
    let runs = std::fs::read_dir(folder.path().join("out")).expect("a root").flatten().map(|entry| entry.path());
    let run = runs.filter(|path| path.is_dir()).max().expect("a run");
    serde_json::from_slice(&std::fs::read(run.join(name)).expect("an artifact")).expect("JSON")
}

fn stderr(assert: Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).expect("text")
}

/// Two organizations, six users who are members of them, ten tickets in the window.
fn small() -> FakeZendesk {
    FakeZendesk::start(World::numbered(2, 6, 10))
}

fn nulls(path: &str, fields: &[&str]) -> Fault {
    Fault::on(path, FaultKind::NullFields(fields.iter().map(|field| (*field).to_owned()).collect()))
}

#[test]
fn every_field_that_may_be_null_may_be_null() {
    let fake = small();
    fake.add_fault(nulls(ORGS, &["external_id", "domain_names", "shared_tickets", "updated_at", "name", "deleted_at"]));
    fake.add_fault(nulls(
        USERS,
        &[
            "email",
            "organization_id",
            "active",
            "suspended",
            "shared",
            "verified",
            "role",
            "updated_at",
            "name",
            "deleted_at",
        ],
    ));
    fake.add_fault(nulls(MEMBERSHIPS, &["default", "updated_at", "deleted_at"]));
    fake.add_fault(nulls(EXPORT, &["requester_id", "organization_id", "status", "subject"]));
    let summary = summary(&fake);
    assert_eq!(
        summary["read"],
        json!({"accounts": 2, "organizations": 2, "users": 6, "memberships": 6, "tickets": 10})
    );
    assert_eq!(summary["resolution"]["missing"], 2, "no organization has an id or a domain");
    assert_eq!(summary["users"]["out_of_scope"], 6, "no user has a role or an address");
}

#[test]
fn a_ticket_without_a_time_can_be_put_in_no_window_and_ends_the_audit() {
    let fake = small();
    fake.add_fault(nulls(EXPORT, &["updated_at"]));
    let said = audit(&fake).1.code(3).get_output().stderr.clone();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("tickets, page 1: record 1 of the page: it has no `updated_at`"), "{said}");
}

#[test]
fn a_flag_that_is_null_is_what_zendesk_means_by_it() {
    let flags = &["active", "suspended", "shared", "verified"];
    let fake = small();
    fake.with_world(|world| world.memberships.retain(|own| own["id"] != 600_001));
    let before = summary(&fake);
    assert_eq!((&before["users"]["in_scope"], &before["prepared_action_count"]), (&json!(6), &json!(1)));
    fake.add_fault(nulls(USERS, flags));
    let summary = summary(&fake);
    assert_eq!(summary["users"]["in_scope"], 6, "active, neither suspended nor shared");
    assert_eq!(summary["prepared_action_count"], 0);
    assert_eq!(summary["blocked_reasons"]["user_not_verified"], 1, "and not verified");
}

#[test]
fn a_membership_that_is_not_the_default_says_null() {
    let fake = small();
    fake.with_world(|world| {
        // Of several defaults the one with the lowest id would be taken.
        world.add(
            Of::Memberships,
            json!({"id": 599_999, "user_id": 500_001, "organization_id": 4002, "default": false}),
        );
    });
    let summary = summary(&fake);
    assert_eq!(summary["read"]["memberships"], 7);
    assert_eq!(summary["by_code"]["user_default_org_not_expected"], 0);
}

#[test]
fn rows_that_the_export_brings_from_before_the_window_are_left_out() {
    let fake = small();
    fake.with_world(|world| {
        // The system touched it in the window, its last event is older.
        world.set(Of::Tickets, 700_003, "updated_at", "2026-01-01T00:00:00Z");
        world.set(Of::Tickets, 700_003, "generated_timestamp", "2026-04-17T22:00:00Z");
        // Nobody asks who the requester of a ticket outside the window is.
        world.set(Of::Tickets, 700_003, "requester_id", 777);
        world.set(Of::Tickets, 700_004, "status", "deleted");
        world.set(Of::Tickets, 700_005, "updated_at", "2026-04-18T00:00:00Z");
    });
    assert_eq!(summary(&fake)["read"]["tickets"], 7);
    assert!(fake.requests_to(&format!("{USERS}/show_many")).is_empty());
}

#[test]
fn whichever_form_of_a_record_is_the_later_one_counts() {
    for (time, prepared, blocked) in [("2026-01-01T00:00:00Z", 1, 0), ("2026-02-01T00:00:00Z", 0, 1)] {
        let fake = FakeZendesk::start(World::numbered(2, 150, 10));
        fake.with_world(|world| world.memberships.retain(|own| own["id"] != 600_001));
        // User 500001 comes again with the second page, in a form that is not verified.
        let form = vec![("verified".to_owned(), json!(false)), ("updated_at".to_owned(), json!(time))];
        fake.add_fault(Fault::on(USERS, FaultKind::RepeatChanged(form)).nth(2));
        let summary = summary(&fake);
        let counts = (&summary["prepared_action_count"], &summary["blocked_reasons"]["user_not_verified"]);
        assert_eq!(counts, (&json!(prepared), &json!(blocked)), "{time}");
    }
}

#[test]
fn external_ids_of_digits_are_texts_and_a_number_is_none() {
    let fake = small();
    let count = |fake: &FakeZendesk, name: &str| summary(fake)["resolution"][name].clone();
    fake.with_world(|world| {
        world.set(Of::Organizations, 4001, "external_id", "001FAKE001");
        world.set(Of::Organizations, 4002, "external_id", "0015000");
    });
    assert_eq!((count(&fake, "linked"), count(&fake, "conflict")), (json!(1), json!(1)));
    // A number would have lost its zeros already.
    fake.with_world(|world| world.set(Of::Organizations, 4002, "external_id", 15_000));
    let said = stderr(audit(&fake).1.code(3));
    let expected =
        "caused by: organizations, page 1: record 2 of the page: a field does not have the type that Zendesk sends";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn each_source_of_tickets_is_recorded_and_the_list_is_warned_of() {
    const WARNING: &str = "warning: archived_tickets_not_covered: the tickets came from the ticket list, which does not include archived tickets; drift in those is not found\n";
    let fake = small();
    let (folder, assert) = audit(&fake);
    assert!(!stderr(assert.code(0)).contains("archived"));
    assert_eq!(artifact(&folder, "receipt.json")["ticket_source"], "incremental");

    fake.with_config(|config| config.credentials.iter_mut().for_each(|credential| credential.role = Role::Agent));
    let (folder, assert) = audit(&fake);
    let said = stderr(assert.code(0));
    assert_eq!(said.matches("note: the incremental export answered 403 (only admins can use it)").count(), 1, "{said}");
    assert!(said.contains("warning: tickets_may_lag: the tickets came from the search export alone"), "{said}");
    let receipt = artifact(&folder, "receipt.json");
    assert_eq!(receipt["ticket_source"], "search_export_alone");
    assert_eq!(
        receipt["requests"]["tickets_because"],
        "the search export, because only admins can use the incremental export"
    );
    assert_eq!(receipt["requests"]["expected"]["by_kind"]["users"], 1);

    fake.add_fault(Fault::on(SEARCH, FaultKind::status(403)));
    let said = stderr(audit(&fake).1.code(3));
    assert!(
        said.contains("caused by: tickets: both the incremental export and the search export answered 403"),
        "{said}"
    );

    let (folder, assert) = audit_by(&fake, "tickets: { allow_list: true }\n");
    let said = stderr(assert.code(0));
    assert!(said.contains(WARNING), "{said}");
    let receipt = artifact(&folder, "receipt.json");
    assert_eq!(receipt["ticket_source"], "list");
    let warned = |of: &Value| {
        of["warnings"].as_array().is_some_and(|all| all.iter().any(|one| one["code"] == "archived_tickets_not_covered"))
    };
    assert!(warned(&artifact(&folder, "summary.json")));

    // Whoever replays the snapshot is told the same.
    let said = replayed(&folder, "");
    assert!(said.contains(WARNING), "{said}");
    assert_eq!(artifact(&folder, "receipt.json")["ticket_source"], "list");
}

/// What an audit of the saved snapshot says, with a configuration of its own.
fn replayed(folder: &TempDir, yaml: &str) -> String {
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), yaml).expect("written");
    let mut replay = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
    replay.args(["zendesk", "drift", "audit", "--out", "out", "--sf-accounts", "accounts.csv", "--snapshot", "saved"]);
    stderr(replay.current_dir(folder.path()).assert().code(0))
}

#[test]
fn that_tickets_may_lag_is_said_again_when_the_snapshot_is_replayed() {
    const WARNING: &str = "warning: tickets_may_lag: the tickets came from the search export alone, which lags by some minutes; the latest changes may be missing\n";
    let fake = small();
    fake.with_config(|config| config.credentials.iter_mut().for_each(|credential| credential.role = Role::Agent));
    let (folder, assert) = audit(&fake);
    assert!(stderr(assert.code(0)).contains(WARNING));
    let live = artifact(&folder, "summary.json")["warnings"].clone();
    let said = replayed(&folder, "");
    assert!(said.contains(WARNING), "{said}");
    assert_eq!(artifact(&folder, "summary.json")["warnings"], live);
    assert_eq!(artifact(&folder, "receipt.json")["ticket_source"], "search_export_alone");
    // Where tickets are not judged, nothing of them can lag.
    let said = replayed(&folder, "tickets: { enabled: false }\n");
    assert!(!said.contains("tickets_may_lag") && said.contains("tickets_not_read"), "{said}");

    // With the latest from the incremental export, nothing lags, live or replayed.
    let fake = FakeZendesk::start(World::numbered(2, 6, 8_001));
    let (folder, assert) = audit(&fake);
    assert!(!stderr(assert.code(0)).contains("tickets_may_lag"));
    assert_eq!(artifact(&folder, "receipt.json")["ticket_source"], "search_export");
    assert!(!replayed(&folder, "").contains("tickets_may_lag"));
}

#[test]
fn a_record_that_came_twice_counts_once_in_its_later_form() {
    let fake = FakeZendesk::start(World::numbered(2, 150, 10));
    // The first page comes again with the second one; meanwhile user 500001 has lost the membership that the audit expects.
    fake.add_fault(Fault::on(USERS, FaultKind::RepeatRows).nth(2));
    fake.add_fault(Fault::on(MEMBERSHIPS, FaultKind::RepeatRows).nth(2));
    fake.add_fault(Fault::on(EXPORT, FaultKind::RepeatRows));
    let summary = summary(&fake);
    assert_eq!(
        summary["read"],
        json!({"accounts": 2, "organizations": 2, "users": 150, "memberships": 150, "tickets": 10})
    );
}
