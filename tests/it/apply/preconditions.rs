//! Every precondition, changed between the audit and the apply, and between the selection and the write.

use super::stage::{Plan, Stage};
use crate::fake_zendesk::{Config, Fault, FaultKind, Kind, Platform, SecondMembership, Settings, World};
use serde_json::{Value, json};

/// What changes, which action it concerns, and the reason that its result must carry.
type Case = (&'static str, &'static str, fn(&mut World));

const CASES: [Case; 20] = [
    ("A001", "org_not_found", |world| world.set(Kind::Organizations, 1050, "deleted_at", "2026-05-01T00:00:00Z")),
    ("A001", "org_external_id_not_blank", |world| world.set(Kind::Organizations, 1050, "external_id", "001OTHER")),
    ("A001", "org_already_linked", |world| world.set(Kind::Organizations, 1050, "external_id", "0015g00000XyZaB")),
    ("A001", "external_id_in_use", |world| world.set(Kind::Organizations, 1010, "external_id", "0015G00000XYZABAAV")),
    ("A002", "org_domain_gone", |world| world.set(Kind::Organizations, 1040, "domain_names", json!([]))),
    ("A002", "domain_belongs_to_other_org", |world| {
        world.set(Kind::Organizations, 1010, "domain_names", json!(["LINKABLE.example"]))
    }),
    ("A007", "org_external_id_changed", |world| world.set(Kind::Organizations, 1170, "external_id", Value::Null)),
    ("A007", "domain_already_present", |world| {
        world.set(Kind::Organizations, 1170, "domain_names", json!(["https://www.Partly-new.example/"]))
    }),
    ("A007", "domain_belongs_to_other_org", |world| {
        world.set(Kind::Organizations, 1010, "domain_names", json!(["partly-new.example"]))
    }),
    ("A012", "user_not_found", |world| world.users.retain(|user| user["id"] != 2263)),
    ("A012", "user_inactive", |world| world.set(Kind::Users, 2263, "active", false)),
    ("A012", "user_suspended", |world| world.set(Kind::Users, 2263, "suspended", true)),
    ("A012", "user_not_verified", |world| world.set(Kind::Users, 2263, "verified", false)),
    ("A012", "user_email_domain_changed", |world| world.set(Kind::Users, 2263, "email", "x@other.example")),
    ("A012", "user_already_member", |world| {
        world.join(2263, 1260, 0);
    }),
    ("A013", "multiple_organizations_off", |world| {
        world.join(2268, 1010, 0);
        world.settings = Settings::Given(json!({"settings": {"user": {"multiple_organizations": false}}}));
    }),
    ("A013", "multiple_organizations_off", |world| {
        world.join(2268, 1010, 0);
        world.settings = Settings::Forbidden;
    }),
    ("A017", "membership_not_found", |world| world.memberships.retain(|membership| membership["id"] != 32661)),
    ("A017", "already_default", |world| world.set_default(2266, 32661, 0)),
    ("A017", "user_inactive", |world| world.set(Kind::Users, 2266, "active", false)),
];

fn expect(stage: &Stage, plan: &Plan, action: &str, reason: &str, when: &str) {
    let ran = stage.apply(plan, &["--only-action", action]);
    assert_eq!(ran.result(action), format!("skipped:precondition_changed_{reason}"), "{when}: {}", ran.err);
    assert_eq!(ran.code, 0, "{action}, {when}");
    assert_eq!(ran.count("attempted"), 1, "{action}, {when}");
    assert!(ran.whole(action)["before"] != json!("absent"));
    assert!(stage.fake.writes().is_empty(), "{action}, {when}: nothing may be written");
}

#[test]
fn what_depends_on_a_link_says_why_it_is_not_there() {
    type Change = fn(&mut World);
    let changes: [(Change, &str); 3] = [
        // The link was not applied, since what it rests on is gone; the org itself is as it was.
        (|world| world.set(Kind::Organizations, 1040, "domain_names", json!([])), "dependency_not_applied"),
        (
            |world| world.set(Kind::Organizations, 1040, "external_id", "001OTHER"),
            "precondition_changed_org_external_id_changed",
        ),
        (
            |world| world.set(Kind::Organizations, 1040, "deleted_at", "2026-05-01T00:00:00Z"),
            "precondition_changed_org_not_found",
        ),
    ];
    for (change, reason) in changes {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        stage.fake.with_world(change);
        let ran = stage.apply(&plan, &["--only-account", "001CASE004"]).is(0);
        for id in ["A006", "A010", "A011", "A016"] {
            assert_eq!(ran.result(id), format!("skipped:{reason}"), "{id}");
        }
        assert!(stage.fake.writes().is_empty());
    }
}

#[test]
fn a_link_that_fails_keeps_what_depends_on_it_from_being_written() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.add_fault(Fault::on_writes(FaultKind::json_error(422)).nth(1));
    let ran = stage.apply(&plan, &["--only-account", "001CASE004"]).is(1);
    assert_eq!(ran.result("A002"), "failed");
    for id in ["A006", "A010", "A011", "A016"] {
        assert_eq!(ran.result(id), "skipped:dependency_not_applied", "{id}");
    }
    assert_eq!(stage.fake.writes().len(), 1);
    assert_eq!(ran.count("attempted"), 1);
}

#[test]
fn a_precondition_that_changed_since_the_audit_skips_the_action() {
    for (action, reason, change) in CASES {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        stage.fake.with_world(change);
        expect(&stage, &plan, action, reason, "since the audit");
    }
}

#[test]
fn a_precondition_that_changes_after_the_selection_still_stops_the_write() {
    for (action, reason, change) in CASES {
        // What is said of other orgs is known from the list alone, which is read once (rules 8.2).
        if ["external_id_in_use", "domain_belongs_to_other_org"].contains(&reason) {
            continue;
        }
        let stage = Stage::all_codes();
        let plan = stage.audit();
        let org = plan.action(action)["org_id"].as_u64().expect("an id");
        // The selection reads the org once; the check right before the write is the second time.
        let again = Fault::on(&format!("/api/v2/organizations/{org}"), FaultKind::meanwhile(change)).nth(2);
        stage.fake.add_fault(again);
        expect(&stage, &plan, action, reason, "after the selection");
    }
}

#[test]
fn where_a_second_membership_would_replace_the_first_none_is_made() {
    let platform = Platform { second_membership: SecondMembership::Replaces, ..Platform::default() };
    let stage = Stage::all_codes_with(Config { platform, ..Config::default() });
    let plan = stage.audit();
    stage.fake.with_world(|world| {
        world.join(2268, 1010, 0);
        world.settings = Settings::Given(json!({"settings": {"user": {"multiple_organizations": false}}}));
    });
    expect(&stage, &plan, "A013", "multiple_organizations_off", "since the audit");
    assert_eq!(stage.member_of(2268).0, [1010]);
}
