//! What a write can come to: answers of every kind, unknown outcomes, and what Zendesk does by itself.

use super::stage::{Ran, Stage};
use crate::fake_zendesk::{
    Config, Credential, FakeZendesk, Fault, FaultKind, Kind, Login, Mapping, Platform, Refusal, Role,
};
use serde_json::{Value, json};

/// Applies A001, which sets an external id, while a fault strikes.
fn with(fault: Fault) -> (Stage, Ran) {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.add_fault(fault);
    let ran = stage.apply(&plan, &["--only-action", "A001"]);
    (stage, ran)
}

#[test]
fn an_unknown_outcome_is_settled_by_reading_and_never_sent_again() {
    let faults: [(&str, Fault, &str, Value); 10] = [
        ("500 before", Fault::on_writes(FaultKind::status(500)), "failed", json!(500)),
        ("500 after", Fault::on_writes(FaultKind::status(500)).after_acting(), "applied", json!(500)),
        ("503 before", Fault::on_writes(FaultKind::status(503)), "failed", json!(503)),
        ("503 after", Fault::on_writes(FaultKind::status(503)).after_acting(), "applied", json!(503)),
        ("504 after", Fault::on_writes(FaultKind::status(504)).after_acting(), "applied", json!(504)),
        ("reset unread", Fault::on_writes(FaultKind::ResetUnread), "failed", Value::Null),
        ("reset after", Fault::on_writes(FaultKind::ResetBefore), "applied", Value::Null),
        ("cut", Fault::on_writes(FaultKind::ResetMidBody), "applied", Value::Null),
        ("no JSON", Fault::on_writes(FaultKind::TruncatedJson), "applied", json!(200)),
        ("not taken", Fault::on_writes(FaultKind::NotTaken), "failed", json!(200)),
    ];
    for (name, fault, expected, status) in faults {
        let (stage, ran) = with(fault);
        assert_eq!(ran.result("A001"), expected, "{name}: {}", ran.err);
        assert_eq!(ran.whole("A001")["http_status"], status, "{name}");
        assert_eq!(ran.code, i32::from(expected == "failed"), "{name}");
        assert_eq!(stage.fake.writes().len(), 1, "{name}: sent once");
        let there = stage.org(1050)["external_id"] == "0015g00000XyZaBAAV";
        assert_eq!(there, expected == "applied", "{name}: the receipt says what is so");
        assert_eq!(ran.whole("A001")["after"], stage.org(1050)["external_id"], "{name}");
    }
}

#[test]
fn an_error_answer_is_a_failure_unless_the_effect_is_there() {
    for code in [400, 404, 409, 422] {
        let (stage, ran) = with(Fault::on_writes(FaultKind::json_error(code)));
        assert_eq!(ran.result("A001"), "failed", "{code}");
        assert_eq!(ran.code, 1);
        assert_eq!(ran.whole("A001")["http_status"], code);
        assert!(ran.whole("A001")["request_id"].is_string(), "{code}: {}", ran.whole("A001"));
        assert_eq!(stage.fake.writes().len(), 1, "{code}");
        let (stage, ran) = with(Fault::on_writes(FaultKind::json_error(code)).after_acting());
        assert_eq!(ran.result("A001"), "skipped:precondition_changed_org_already_linked", "{code}");
        assert_eq!(stage.fake.writes().len(), 1, "{code}");
    }
}

#[test]
fn after_401_and_403_nothing_more_is_sent() {
    for code in [401, 403] {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        stage.fake.clear_log();
        stage.fake.add_fault(Fault::on_writes(FaultKind::json_error(code)).nth(2));
        let ran = stage.apply(&plan, &[]).is(1);
        assert_eq!(ran.result("A001"), "applied");
        assert_eq!(ran.result("A002"), "failed");
        assert_eq!(ran.whole("A002")["http_status"], code);
        for (id, result) in &ran.results()[2..] {
            assert_eq!(result, "skipped:aborted", "{id}");
        }
        let last = stage.fake.log().pop().expect("a request");
        assert!(last.is_write() && last.status == Some(code), "it was the last request: {last:?}");
        assert_eq!(ran.receipt["completed"], true, "it came to its end, and says why");
    }
}

#[test]
fn a_429_is_waited_for_and_sent_again_with_a_fresh_look() {
    for refusal in [Refusal::Described, Refusal::Plain, Refusal::Listed] {
        let (stage, ran) = with(Fault::on_writes(FaultKind::too_many(refusal, Some("0"))).first(2));
        assert_eq!(ran.result("A001"), "applied", "{}", ran.err);
        assert_eq!(stage.fake.writes().len(), 3);
        assert_eq!(stage.fake.writes_done().len(), 1);
    }
    // Somebody else sets the id in the meantime.
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.add_fault(Fault::on_writes(FaultKind::too_many(Refusal::Listed, Some("0"))).first(1));
    let other = FaultKind::meanwhile(|world| world.set(Kind::Organizations, 1050, "external_id", "001OTHER"));
    stage.fake.add_fault(Fault::on("/api/v2/organizations/1050", other).method("GET").nth(3));
    let ran = stage.apply(&plan, &["--only-action", "A001"]).is(0);
    assert_eq!(ran.result("A001"), "skipped:precondition_changed_org_external_id_not_blank");
    assert_eq!(stage.fake.writes_done().len(), 0);
    assert_eq!(stage.org(1050)["external_id"], "001OTHER");
}

#[test]
fn a_429_that_asks_for_too_long_fails() {
    let (stage, ran) = with(Fault::on_writes(FaultKind::too_many(Refusal::Described, Some("3600"))));
    assert_eq!(ran.result("A001"), "failed");
    assert_eq!(ran.whole("A001")["http_status"], 429);
    assert_eq!(ran.code, 1);
    assert_eq!(stage.fake.writes().len(), 1);
}

#[test]
fn what_cannot_be_read_back_is_unknown_and_the_next_apply_settles_it() {
    for (acts, settled) in [(true, "applied"), (false, "failed")] {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        let write = Fault::on_writes(FaultKind::ResetBefore).first(1);
        stage.fake.add_fault(if acts { write } else { Fault::on_writes(FaultKind::ResetUnread).first(1) });
        // Selected at the first read, checked at the second; what answers then is another organization.
        let broken = FaultKind::json(200, json!({"organization": {"id": 1}}));
        stage.fake.add_fault(Fault::on("/api/v2/organizations/1050", broken).method("GET").from(3));
        let ran = stage.apply(&plan, &["--only-action", "A001", "--request-timeout", "1"]).is(1);
        assert_eq!(ran.result("A001"), "failed:outcome_unknown", "{}", ran.err);
        let unknown = ran.folder.clone();

        // While it can't be found out, nothing is written.
        let ran = stage.apply(&plan, &["--only-action", "A001"]).is(3);
        assert!(ran.err.contains("has already written; nothing was written"), "{}", ran.err);
        assert_eq!(stage.fake.writes().len(), 1);

        stage.fake.clear_faults();
        let ran = stage.apply(&plan, &["--only-action", "A001"]).is(0);
        let what = if acts { "was applied" } else { "was not applied" };
        assert!(ran.err.contains(&format!("the write of A001 {what}")), "{}", ran.err);
        let again = if acts { "skipped:precondition_changed_org_already_linked" } else { "applied" };
        assert_eq!(ran.result("A001"), again);
        let receipt = std::fs::read(unknown.join("apply_receipt.json")).expect("a receipt");
        let receipt: Value = serde_json::from_slice(&receipt).expect("JSON");
        assert_eq!(receipt["results"][0]["status"], settled);
        assert_eq!(receipt["completed"], true, "the run itself had come to its end");
        assert_eq!(stage.fake.writes_done().len(), 1);
        // It is settled once.
        let ran = stage.apply(&plan, &["--only-action", "A001"]).is(0);
        assert!(!ran.err.contains("the write of A001"), "{}", ran.err);
    }
}

#[test]
fn an_update_that_somebody_else_undoes_is_told() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let overwrite = FaultKind::grow(|world| {
        world.set(Kind::Organizations, 1170, "domain_names", json!(["theirs.example"]));
    });
    stage.fake.add_fault(Fault::on_writes(overwrite));
    let ran = stage.apply(&plan, &["--only-action", "A007"]).is(1);
    assert_eq!(ran.result("A007"), "failed");
    assert_eq!(ran.whole("A007")["after"], json!(["theirs.example"]));
    assert!(ran.err.contains("was there before the write but not after it"), "{}", ran.err);
}

#[test]
fn a_list_that_somebody_else_replaced_with_ours_in_it_is_told_even_quietly() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let overwrite = FaultKind::grow(|world| {
        world.set(Kind::Organizations, 1170, "domain_names", json!(["PARTLY-NEW.example", "theirs.example"]));
    });
    stage.fake.add_fault(Fault::on_writes(overwrite));
    let ran = stage.apply(&plan, &["--only-action", "A007", "--quiet"]).is(0);
    assert_eq!(ran.result("A007"), "applied", "the domain is there, in another spelling");
    let before = ran.whole("A007")["before"][0].as_str().expect("a domain").to_owned();
    assert_eq!(
        ran.err,
        format!(
            "error: A007: the domain {before} was there before the write but not after it; another client changed the same record\n"
        )
    );
    assert_eq!(ran.whole("A007")["after"], json!(["PARTLY-NEW.example", "theirs.example"]));
}

#[test]
fn an_action_that_cannot_be_looked_at_right_before_its_write_fails() {
    // The second read of the org is the one right before the write.
    let broken = || FaultKind::json(200, json!({"organization": {"id": 1}}));
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.add_fault(Fault::on("/api/v2/organizations/1050", broken()).method("GET").nth(2));
    let ran = stage.apply(&plan, &["--only-action", "A001"]).is(3);
    assert_eq!(ran.result("A001"), "failed");
    assert!(
        ran.err.contains("error: nothing was written to Zendesk\n  caused by: 1 action could not be"),
        "{}",
        ran.err
    );
    // The next one is tried all the same.
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.add_fault(Fault::on("/api/v2/organizations/1050", broken()).method("GET").nth(2));
    let ran = stage.apply(&plan, &["--only-action", "A001", "--only-action", "A002"]).is(1);
    assert_eq!((ran.result("A001").as_str(), ran.result("A002").as_str()), ("failed", "applied"));
    // But not after a 403.
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let refused = Fault::on("/api/v2/organizations/1050", FaultKind::json_error(403)).method("GET").nth(2);
    stage.fake.add_fault(refused);
    let ran = stage.apply(&plan, &[]).is(3);
    assert_eq!((ran.result("A001").as_str(), ran.result("A002").as_str()), ("failed", "skipped:aborted"));
    assert!(stage.fake.writes().is_empty());
}

#[test]
fn a_domain_pulls_users_in_at_once_later_or_never() {
    for (mapping, later) in [(Mapping::AtOnce, 1), (Mapping::AfterRequests(3), 1), (Mapping::Never, 0)] {
        let platform = Platform { mapping, ..Platform::default() };
        let stage = Stage::all_codes_with(Config { platform, ..Config::default() });
        let plan = stage.audit();
        let ran = stage.apply(&plan, &["--only-account", "001CASE004"]).is(0);
        let result = ran.result("A011");
        let by_itself = "skipped:precondition_changed_user_already_member";
        assert!(if later == 1 { result == by_itself } else { result == "applied" }, "{mapping:?}: {result}");
        assert!(stage.member_of(2045).0.contains(&1040));
        let pairs = stage.fake.world().memberships;
        let of_user = pairs.iter().filter(|membership| membership["user_id"] == 2045);
        assert_eq!(of_user.filter(|membership| membership["organization_id"] == 1040).count(), 1);
    }
}

#[test]
fn a_token_that_may_not_write_aborts_at_the_first_write() {
    let login = Login::Bearer { token: "read-only".to_owned() };
    let scopes = Some(vec!["read".to_owned()]);
    let mut config = Config::default();
    config.credentials.push(Credential { login, role: Role::Admin, scopes });
    let stage = Stage::all_codes_with(config);
    let plan = stage.audit();
    let args = Stage::live(&plan, &[]);
    let mut command = stage.command(&args.iter().map(String::as_str).collect::<Vec<_>>());
    command.env_remove("ZENDESK_OAUTH_CLIENT_ID").env_remove("ZENDESK_OAUTH_CLIENT_SECRET");
    command.env("ZENDESK_OAUTH_TOKEN", "read-only");
    let ran = stage.ran(command.output().expect("ran")).is(1);
    assert_eq!(ran.result("A001"), "failed");
    assert_eq!(ran.result("A021"), "skipped:aborted");
    assert!(stage.fake.writes_done().is_empty());
    assert!(ran.err.contains("403"), "{}", ran.err);
}

#[test]
fn scopes_are_the_least_that_will_do() {
    let scope = |fake: &FakeZendesk| {
        let grant = fake.non_gets().into_iter().find(|logged| logged.path == "/oauth/tokens").expect("a grant");
        grant.body["scope"].as_str().expect("a scope").to_owned()
    };
    let stage = Stage::all_codes();
    let plan = stage.audit();
    for (apply, expected) in [(false, "read"), (true, "read write")] {
        stage.fake.clear_log();
        let ran = if apply { stage.apply(&plan, &["--only-action", "A001"]) } else { stage.dry_run(&plan, &[]) };
        assert_eq!(ran.code, 0);
        assert_eq!(scope(&stage.fake), expected);
    }
}

#[test]
fn an_unreadable_zendesk_leaves_a_receipt_that_says_so() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.add_fault(Fault::on("/api/v2/organizations", FaultKind::json_error(403)));
    let ran = stage.apply(&plan, &[]).is(3);
    assert!(ran.err.contains("error: nothing was written to Zendesk"), "{}", ran.err);
    assert_eq!(ran.receipt["completed"], false);
    assert!(ran.results().iter().all(|(_, result)| result == "skipped:aborted"));
    assert!(stage.fake.writes().is_empty());
}

#[test]
fn a_quiet_apply_still_tells_what_went_wrong() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.add_fault(Fault::on_writes(FaultKind::json_error(422)).nth(1));
    let ran = stage.apply(&plan, &["--max-actions", "2", "--quiet"]).is(1);
    assert_eq!(ran.out, "");
    let expected = "error: 1 action failed; ./artifacts/zendesk_drift/";
    assert!(ran.err.starts_with(expected), "{}", ran.err);
    let ran = stage.apply(&plan, &["--only-action", "A001", "--quiet"]).is(0);
    assert_eq!((ran.out, ran.err), (String::new(), String::new()));
}

#[test]
fn json_output_is_the_receipt_alone() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let ran = stage.apply(&plan, &["--format", "json"]).is(0);
    let mut printed: Value = serde_json::from_str(&ran.out).expect("JSON and nothing else");
    let folder = printed.as_object_mut().expect("an object").remove("run_dir").expect("a run folder");
    assert!(folder.as_str().expect("a path").ends_with("_apply"));
    assert_eq!(printed, ran.receipt);
}
