//! Absent is not empty: no write is computed from an answer that lacked a field, and a list of domains only ever grows.

use super::stage::{Plan, Ran, Stage};
use crate::fake_zendesk::{Config, Fault, FaultKind, Kind, Settings, World};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn case() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/org_read_without_domain_names")
}

/// The case's world, with the caps that its configuration sets.
pub fn larkfield(csv: &str) -> Stage {
    let world = World::load_dir(case().join("world")).expect("a world");
    let yaml = "version: 1\nzendesk:\n  subdomain: case\napply:\n  max_per_account: 10\n";
    Stage::new(world, Config::default(), csv, yaml)
}

fn accounts() -> String {
    std::fs::read_to_string(case().join("accounts.csv")).expect("a reference")
}

/// The action that adds a domain to org 101.
fn addition(plan: &Plan) -> String {
    let of_org = |id: &String| plan.action(id)["org_id"] == 101;
    plan.of("add_org_domain").into_iter().find(of_org).expect("the case's action")
}

fn apply(stage: &Stage, plan: &Plan, action: &str) -> Ran {
    stage.apply(plan, &["--only-action", action])
}

#[test]
fn an_organization_read_without_its_domains_is_left_alone() {
    let stage = larkfield(&accounts());
    let plan = stage.audit();
    let action = addition(&plan);
    let rule: Value =
        serde_json::from_slice(&std::fs::read(case().join("faults_set_after_audit.json")).expect("faults"))
            .expect("JSON");
    let body = rule["rules"][0]["action"]["body"].as_str().expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    stage.fake.clear_log();
    stage.fake.add_fault(Fault::on("/api/v2/organizations/101", FaultKind::json(200, body)).method("GET").first(2));
    let ran = apply(&stage, &plan, &action).is(0);
    assert_eq!(ran.result(&action), "skipped:record_incomplete", "{}", ran.err);
    assert_eq!(ran.count("attempted"), 1);
    assert!(stage.fake.writes().is_empty());
    let there = json!(["larkfield.example", "old-larkfield.example", "dairy.example"]);
    assert_eq!(stage.org(101)["domain_names"], there);
    stage.fake.clear_faults();
    let ran = apply(&stage, &plan, &action).is(0);
    assert_eq!(ran.result(&action), "applied");
    assert_eq!(ran.whole(&action)["before"], there);
    let domains = stage.org(101)["domain_names"].clone();
    assert_eq!(domains.as_array().expect("a list").len(), 4, "{domains}");
}

#[test]
fn every_key_that_an_action_needs_must_be_in_the_answer() {
    let org = |id: u64| format!("/api/v2/organizations/{id}");
    let user = |id: u64| format!("/api/v2/users/{id}");
    let stage = Stage::all_codes();
    let plan = stage.audit();
    // At selection, or right before the write. Nothing is written, so one Zendesk serves all.
    for nth in [1, 2] {
        for (action, path, record, kind, keys) in [
            ("A001", org(1050), 1050, Kind::Organizations, &["external_id", "domain_names"][..]),
            ("A007", org(1170), 1170, Kind::Organizations, &["external_id", "domain_names"][..]),
            ("A012", org(1260), 1260, Kind::Organizations, &["external_id"][..]),
            ("A012", user(2263), 2263, Kind::Users, &["active", "suspended", "verified", "email"][..]),
        ] {
            for key in keys {
                let mut answer = stage.fake.world().find(kind, record).expect("a record").clone();
                answer.remove(*key);
                let body = json!({ kind.singular(): answer });
                stage.fake.clear_log();
                stage.fake.clear_faults();
                stage.fake.add_fault(Fault::on(&path, FaultKind::json(200, body)).method("GET").nth(nth));
                let ran = apply(&stage, &plan, action).is(0);
                assert_eq!(
                    ran.result(action),
                    "skipped:record_incomplete",
                    "{action} without {key}, read {nth}: {}",
                    ran.err
                );
                assert!(stage.fake.writes().is_empty(), "{action} without {key}");
            }
        }
    }
}

#[test]
fn null_domains_are_no_list_and_null_in_the_list_of_orgs_is_read() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.with_world(|world| world.set(Kind::Organizations, 1170, "domain_names", Value::Null));
    stage.fake.clear_log();
    let ran = apply(&stage, &plan, "A007").is(0);
    assert_eq!(ran.result("A007"), "skipped:record_incomplete", "{}", ran.err);
    assert!(stage.fake.writes().is_empty());
}

#[test]
fn a_list_of_orgs_without_a_key_ends_the_run() {
    for key in ["external_id", "domain_names"] {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        stage.fake.with_world(|world| {
            world.find_mut(Kind::Organizations, 1010).expect("an org").remove(key);
        });
        stage.fake.clear_log();
        let ran = stage.apply(&plan, &[]).is(3);
        assert!(ran.err.contains(&format!("organization 1010 has no `{key}`")), "{}", ran.err);
        assert!(stage.fake.writes().is_empty());
    }
}

#[test]
fn memberships_without_their_keys_are_not_taken_for_none() {
    for (action, user, key) in
        [("A012", 2263, "organization_id"), ("A017", 2266, "organization_id"), ("A017", 2266, "default")]
    {
        for nth in [1, 2] {
            let stage = Stage::all_codes();
            let plan = stage.audit();
            let mut own = json!({"id": 99, "user_id": user, "organization_id": 1250, "default": true});
            own.as_object_mut().expect("an object").remove(key);
            let mut list: Vec<Value> = vec![own];
            let world = stage.fake.world();
            list.extend(world.memberships.iter().filter(|one| one["user_id"] == user).cloned().map(Value::Object));
            let body = json!({"organization_memberships": list, "meta": {"has_more": false}, "links": {}});
            let path = format!("/api/v2/users/{user}/organization_memberships");
            stage.fake.clear_log();
            stage.fake.add_fault(Fault::on(&path, FaultKind::json(200, body)).method("GET").nth(nth));
            let ran = apply(&stage, &plan, action).is(0);
            assert_eq!(ran.result(action), "skipped:record_incomplete", "{action} without {key}: {}", ran.err);
            assert!(stage.fake.writes().is_empty());
        }
    }
}

#[test]
fn a_list_of_domains_that_has_shrunk_since_the_list_of_orgs_is_left_alone() {
    let two = "sf_account_id,account_name,account_domains\n0015g00000Qa1BcAAJ,Larkfield Dairy,larkfield.example new-larkfield.example\n";
    let stage = larkfield(two);
    let plan = stage.audit();
    let action = addition(&plan);
    // Before the first read of the org alone, and right before the write.
    for nth in [1, 2] {
        stage.fake.clear_log();
        let shrink = FaultKind::meanwhile(|world: &mut World| {
            world.set(Kind::Organizations, 101, "domain_names", json!(["larkfield.example", "dairy.example"]));
        });
        stage.fake.add_fault(Fault::on("/api/v2/organizations/101", shrink).method("GET").nth(nth));
        let ran = apply(&stage, &plan, &action).is(0);
        assert_eq!(ran.result(&action), "skipped:precondition_changed_org_domains_shrank", "read {nth}: {}", ran.err);
        assert_eq!(ran.count("attempted"), 1);
        assert!(stage.fake.writes().is_empty());
        stage.fake.clear_faults();
        let whole = json!(["larkfield.example", "old-larkfield.example", "dairy.example"]);
        stage.fake.with_world(|world| world.set(Kind::Organizations, 101, "domain_names", whole));
    }
}

#[test]
fn a_membership_of_a_deleted_org_does_not_exist_and_one_of_a_new_org_does() {
    let off = || Settings::Given(json!({"settings": {"user": {"multiple_organizations": false}}}));
    let membership = |org: u64| json!({"id": 99_001, "user_id": 2268, "organization_id": org, "default": false});
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.with_world(|world| {
        world.settings = off();
        world.memberships.retain(|one| one["user_id"] != 2268);
        world.add(Kind::Memberships, membership(424_242));
    });
    let ran = apply(&stage, &plan, "A013").is(0);
    assert_eq!(ran.result("A013"), "applied", "{}", ran.err);

    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.clear_log();
    let new = FaultKind::meanwhile(move |world: &mut World| {
        world.settings = off();
        world.memberships.retain(|one| one["user_id"] != 2268);
        let org = json!({"id": 424_242, "name": "New", "external_id": null, "domain_names": []});
        world.add(Kind::Organizations, org);
        world.add(Kind::Memberships, membership(424_242));
    });
    // The list of orgs was read before.
    stage.fake.add_fault(Fault::on("/api/v2/users/2268", new).method("GET").nth(1));
    let ran = apply(&stage, &plan, "A013").is(0);
    assert_eq!(ran.result("A013"), "skipped:precondition_changed_multiple_organizations_off", "{}", ran.err);
    assert!(stage.fake.writes().is_empty());
}

#[test]
fn an_id_beyond_what_json_carries_safely_is_not_believed() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.with_world(|world| {
        world.add(
            Kind::Memberships,
            json!({"id": 9_007_199_254_740_993_u64, "user_id": 2263, "organization_id": 1250, "default": false}),
        );
    });
    stage.fake.clear_log();
    let ran = apply(&stage, &plan, "A012").is(3);
    assert!(ran.err.contains("the id 9007199254740993 is beyond 2^53 - 1"), "{}", ran.err);
    assert!(stage.fake.writes().is_empty());
}
