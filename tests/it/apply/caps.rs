//! Selection, caps, dependencies and going on where an apply ended.

use super::stage::Stage;
use crate::fake_zendesk::{Config, Kind, World};
use serde_json::json;

#[test]
fn a_dry_run_reads_and_writes_nothing() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let before = stage.fake.world();
    let ran = stage.dry_run(&plan, &["--max-actions", "1000", "--max-per-account", "1000"]).is(0);
    assert!(stage.fake.writes().is_empty());
    assert_eq!(stage.fake.world().organizations, before.organizations);
    assert_eq!(stage.fake.world().memberships, before.memberships);
    assert!(ran.results().iter().all(|(_, result)| result == "would_apply"), "{:?}", ran.results());
    assert_eq!(ran.count("would_apply"), plan.actions().len() as u64);
    assert_eq!(ran.count("attempted"), plan.actions().len() as u64);
    assert_eq!(ran.receipt["mode"], "dry_run");
    assert_eq!(ran.receipt["completed"], true);
    assert_eq!(ran.receipt["plan_blocked"], plan.value["plan"]["blocked"]);
    assert!(ran.out.contains(&plan.hash) && ran.out.contains("--apply --confirm-plan-hash"), "{}", ran.out);
    assert!(ran.out.contains("adds 1 verified user"), "{}", ran.out);
    assert!(ran.out.contains("the org shares its"), "{}", ran.out);
    assert!(ran.out.contains("a first membership"), "{}", ran.out);
}

#[test]
fn an_apply_does_what_the_dry_run_said() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let ran = stage.apply(&plan, &[]).is(0);
    for action in plan.actions() {
        let id = action["action_id"].as_str().expect("an id");
        // A006 adds the domain of the user of A011, so Zendesk itself has made that one a member.
        let expected = if id == "A011" { "skipped:precondition_changed_user_already_member" } else { "applied" };
        assert_eq!(ran.result(id), expected, "{id}: {}\n{}", action, ran.err);
    }
    assert_eq!(ran.receipt["mode"], "apply");
    assert_eq!(ran.receipt["source_plan_hash"], plan.hash.as_str());
    assert_eq!(stage.org(1050)["external_id"], "0015g00000XyZaBAAV");
    assert_eq!(stage.org(1040)["external_id"], "001CASE004");
    let domains = stage.org(1040)["domain_names"].clone();
    assert_eq!(domains, json!(["linkable.example", "linkable-two.example", "linkable-add.example"]));
    assert_eq!(ran.whole("A006")["before"], json!(["linkable.example", "linkable-two.example"]));
    assert_eq!(ran.whole("A006")["after"], domains);
    assert_eq!(stage.member_of(2041).1, Some(1040));
    let moved = ran.whole("A016");
    assert_eq!(moved["before"]["default_org_id"], 1010);
    assert_eq!(moved["after"]["default_org_id"], 1040);
    assert_eq!(moved["before"]["member_of"], moved["after"]["member_of"]);
    assert!(moved["request_id"].is_string() && moved["http_status"] == 200, "{moved}");

    // The audit's folder has the same receipt, and a later dry run does not hide it.
    let of_audit = stage.path().join(&plan.path).with_file_name("apply_receipt.json");
    let there = || std::fs::read(&of_audit).expect("a receipt");
    assert_eq!(there(), std::fs::read(ran.folder.join("apply_receipt.json")).expect("a receipt"));
    let dry = stage.dry_run(&plan, &[]).is(0);
    assert_eq!(dry.count("would_apply"), 0);
    assert_eq!(there(), std::fs::read(ran.folder.join("apply_receipt.json")).expect("a receipt"));

    // What is in place is not written again, and the next audit has nothing left but what the new memberships bring.
    let again = stage.apply(&plan, &[]).is(0);
    assert_eq!(stage.fake.writes_done().len(), plan.actions().len() - 1);
    assert_eq!(again.count("skipped"), plan.actions().len() as u64);
    assert_eq!(again.result("A001"), "skipped:precondition_changed_org_already_linked");
    assert_eq!(again.result("A006"), "skipped:precondition_changed_domain_already_present");
    assert_eq!(again.result("A016"), "skipped:precondition_changed_already_default");
    let next = stage.audit();
    assert!(next.of("set_org_external_id").is_empty() && next.of("add_org_domain").is_empty());
    assert!(next.of("assign_user_to_org").is_empty(), "{}", next.value);
}

#[test]
fn narrowing_leaves_everything_else_in_the_receipt() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let ran =
        stage.apply(&plan, &["--only-account", "001case026", "--only-action", "A012", "--only-action", "A001"]).is(0);
    for (id, result) in ran.results() {
        assert_eq!(result, if id == "A012" { "applied" } else { "skipped:not_selected" }, "{id}");
    }
    // The dependency of A010 is left out, and not in place.
    let ran = stage.apply(&plan, &["--only-action", "A010"]).is(0);
    assert_eq!(ran.result("A010"), "skipped:dependency_not_applied");
    assert_eq!(ran.count("attempted"), 0);
    // It is in place now.
    stage.apply(&plan, &["--only-action", "A002"]).is(0);
    let ran = stage.apply(&plan, &["--only-action", "A010"]).is(0);
    assert_eq!(ran.result("A010"), "applied");
}

#[test]
fn the_caps_hold_before_any_write() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let ran = stage.apply(&plan, &["--max-actions", "3", "--max-per-account", "1"]).is(0);
    assert_eq!(stage.fake.writes_done().len(), 3);
    assert_eq!(
        ran.results()[..4].iter().map(|(_, result)| result.as_str()).collect::<Vec<_>>(),
        ["applied", "applied", "applied", "blocked:cap_max_actions"]
    );
    assert_eq!(ran.count("blocked"), plan.actions().len() as u64 - 3);
    assert_eq!(ran.receipt["caps_used"], json!({"max_actions": 3, "max_per_account": 1}));
    let left =
        format!("The caps left over {} actions. Apply the same plan again to continue:", plan.actions().len() - 3);
    assert!(ran.out.contains(&left) && ran.out.contains("--apply --confirm-plan-hash"), "{}", ran.out);

    // One action of each account: those beyond do not use up the other cap, and what depends on a link that is there may go on.
    let ran = stage.dry_run(&plan, &["--max-actions", "1000", "--max-per-account", "1"]).is(0);
    assert_eq!(ran.result("A002"), "skipped:precondition_changed_org_already_linked");
    assert_eq!(ran.result("A006"), "would_apply");
    assert_eq!(ran.result("A010"), "blocked:cap_max_per_account");
    assert_eq!(ran.result("A015"), "would_apply");

    let ran = stage.apply(&plan, &["--max-actions", "0"]).is(0);
    assert_eq!(ran.count("blocked"), plan.actions().len() as u64, "nothing was begun, so nothing is wrong");
}

#[test]
fn the_command_that_a_dry_run_ends_with_does_what_it_showed() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let options = ["--max-actions", "2", "--only-account", "001CASE026", "--config", "gremlin.zendesk_drift.yaml"];
    let ran = stage.dry_run(&plan, &options).is(0);
    assert!(ran.out.contains("2 selected\n    2 assign_user_to_org\n"), "{}", ran.out);
    assert!(ran.out.contains("cap_max_actions (--max-actions 2):\n    A0"), "{}", ran.out);
    let (_, command) = ran.out.split_once("g-gremlin zendesk drift ").expect("a command");
    let args: Vec<&str> = command.split_whitespace().filter(|word| *word != "\\").collect();
    assert!(args.contains(&"--only-account=001CASE026"), "{args:?}");
    let live = stage.run(&args).is(0);
    for ((id, would), (_, did)) in ran.results().iter().zip(live.results()) {
        assert_eq!(would.replace("would_apply", "applied"), did, "{id}");
    }
}

#[test]
fn what_depends_on_an_action_beyond_a_cap_is_skipped() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let ran = stage.dry_run(&plan, &["--max-actions", "1000", "--max-per-account", "0"]).is(0);
    assert_eq!(ran.result("A002"), "blocked:cap_max_per_account");
    assert_eq!(ran.result("A006"), "skipped:dependency_not_applied");
    assert_eq!(ran.result("A012"), "blocked:cap_max_per_account");
}

#[test]
fn a_plan_of_sixty_actions_goes_on_where_the_cap_ended_it() {
    let mut world = World::default();
    let mut csv = "sf_account_id,account_name,account_domains\n".to_owned();
    for n in 1..=60u64 {
        csv += &format!("001SIXTY{n:02},Sixty {n},sixty{n}.example\n");
        let org = json!({"id": 100 + n, "name": format!("Sixty {n}"), "external_id": null,
            "domain_names": [format!("sixty{n}.example")], "updated_at": "2026-01-01T00:00:00Z"});
        world.add(Kind::Organizations, org);
    }
    let stage = Stage::new(world, Config::default(), &csv, "version: 1\nzendesk:\n  subdomain: x\n");
    let plan = stage.audit();
    assert_eq!(plan.actions().len(), 60);
    for (round, applied) in [25, 25, 10].into_iter().enumerate() {
        let ran = stage.apply(&plan, &["--max-actions", "25"]).is(0);
        assert_eq!(ran.count("applied"), applied, "round {round}");
        assert_eq!(ran.count("skipped"), 25 * round as u64, "round {round}");
        assert_eq!(ran.receipt["results"].as_array().expect("results").len(), 60);
    }
    assert_eq!(stage.fake.writes_done().len(), 60);
    let ran = stage.apply(&plan, &["--max-actions", "25"]).is(0);
    assert_eq!(ran.count("skipped"), 60);
}
