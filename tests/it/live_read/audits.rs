//! Odd records, read by the program itself: what reaches the audit.

use super::*;
use assert_cmd::assert::Assert;
use tempfile::TempDir;

const AS_OF: &str = "2026-04-17T22:15:30Z";

/// Audits the fake with the binary, in a folder of its own.
fn audit(fake: &FakeZendesk) -> (TempDir, Assert) {
    let folder = tempfile::tempdir().expect("a folder");
    let reference =
        "sf_account_id,account_name,account_domains\n001FAKE001,One,org1.example\n001FAKE002,Two,org2.example\n";
    std::fs::write(folder.path().join("accounts.csv"), reference).expect("written");
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ZENDESK_") || name.starts_with("GITHUB_")) {
        command.env_remove(name);
    }
    command.args(["zendesk", "drift", "audit", "--as-of", AS_OF, "--out", "out", "--sf-accounts", "accounts.csv"]);
    command.args(["--base-url", fake.url()]).envs(FakeZendesk::BEARER_ENV).current_dir(folder.path());
    let assert = command.assert();
    (folder, assert)
}

/// The `summary.json` of an audit that found everything it needs.
fn summary(fake: &FakeZendesk) -> Value {
    let (folder, assert) = audit(fake);
    assert.code(0);
    let run =
        std::fs::read_dir(folder.path().join("out")).expect("a root").flatten().find(|entry| entry.path().is_dir());
    let summary = std::fs::read(run.expect("a run").path().join("summary.json")).expect("a summary");
    serde_json::from_slice(&summary).expect("JSON")
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
        world.add(
            Of::Memberships,
            json!({"id": 600_100, "user_id": 500_001, "organization_id": 4002, "default": false}),
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
        world.set(Of::Tickets, 700_004, "status", "deleted");
    });
    assert_eq!(summary(&fake)["read"]["tickets"], 8);
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
