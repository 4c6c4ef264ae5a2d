//! The refusals, each with its own words and exit code, and that none of them reaches Zendesk.

use super::stage::{Plan, Ran, Stage};
use serde_json::{Value, json};

fn refused(stage: &Stage, args: &[&str], code: i32, cause: &str) -> Ran {
    stage.fake.clear_log();
    let ran = stage.run(args).is(code);
    assert!(ran.err.contains(cause), "{cause:?} is not in:\n{}", ran.err);
    assert!(ran.err.contains("\n  help: "), "it says what to do:\n{}", ran.err);
    assert_eq!(ran.out, "");
    assert!(stage.fake.log().is_empty(), "nothing was sent: {:?}", stage.fake.log());
    assert!(stage.runs("_apply").is_empty(), "no run folder");
    ran
}

/// The plan with a change, and with the hash that then is right if `rehash`.
fn changed(stage: &Stage, plan: &Plan, rehash: bool, change: impl FnOnce(&mut Value)) -> Plan {
    let mut value = plan.value.clone();
    change(&mut value);
    if rehash {
        let canonical = serde_json_canonicalizer::to_vec(&value["plan"]).expect("canonical");
        let hash = <sha2::Sha256 as sha2::Digest>::digest(canonical);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        value["plan_hash"] = hash.into();
    }
    std::fs::write(stage.path().join("changed.json"), value.to_string()).expect("written");
    Plan { path: "changed.json".to_owned(), hash: value["plan_hash"].as_str().unwrap_or_default().to_owned(), value }
}

#[test]
fn a_file_that_is_no_plan_is_invalid() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    refused(&stage, &["apply", "--plan", "absent.json"], 2, "the plan absent.json cannot be used");
    std::fs::write(stage.path().join("broken.json"), "{").expect("written");
    refused(&stage, &["apply", "--plan", "broken.json"], 2, "caused by: it is not JSON");
    let newer = changed(&stage, &plan, false, |file| file["schema"] = "g-gremlin/zendesk-drift/plan/2".into());
    refused(&stage, &["apply", "--plan", &newer.path], 2, "its schema is \"g-gremlin/zendesk-drift/plan/2\"");
    let unguarded = changed(&stage, &plan, true, |file| {
        file["plan"]["actions"][0]["preconditions"] = json!(["org_exists"]);
    });
    let args = Stage::live(&unguarded, &[]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    refused(&stage, &args, 2, "action A001: it has no precondition org_has_domain");
}

#[test]
fn a_changed_file_or_another_hash_is_refused() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let renamed = changed(&stage, &plan, false, |file| file["plan"]["actions"][0]["org_name"] = "Other".into());
    refused(&stage, &["apply", "--plan", &renamed.path], 4, "the plan was changed: its content has the hash");
    // What it was changed to is judged first: nothing that an audit plans is invalid, whatever its hash.
    for (member, value) in
        [("to", json!("999")), ("preconditions", json!([])), ("more", json!(1)), ("org_id", json!("x"))]
    {
        let aimed = changed(&stage, &plan, false, |file| file["plan"]["actions"][0][member] = value);
        refused(&stage, &["apply", "--plan", &aimed.path], 2, "the plan changed.json cannot be used");
    }
    let args = ["apply", "--plan", &plan.path, "--apply"];
    refused(&stage, &args, 4, "--apply needs --confirm-plan-hash");
    let other = "0".repeat(64);
    let args = ["apply", "--plan", &plan.path, "--apply", "--confirm-plan-hash", &other];
    refused(&stage, &args, 4, &format!("--confirm-plan-hash is {other}, and the plan's hash is {}", plan.hash));
    // A dry run checks it as well.
    let args = ["apply", "--plan", &plan.path, "--confirm-plan-hash", &other];
    refused(&stage, &args, 4, "--confirm-plan-hash is 000");
}

#[test]
fn the_demo_is_never_applied() {
    let stage = Stage::all_codes();
    stage.run(&["audit", "--demo", "--quiet"]).is(0);
    let folder = stage.runs("_audit").pop().expect("a run");
    let plan = folder.join("fix_plan.json");
    let value: Value = serde_json::from_slice(&std::fs::read(&plan).expect("a plan")).expect("JSON");
    let (plan, hash) = (plan.to_str().expect("UTF-8"), value["plan_hash"].as_str().expect("a hash"));
    let args = ["apply", "--plan", plan, "--apply", "--confirm-plan-hash", hash];
    refused(&stage, &args, 4, "the plan is the demo's, and there is no Zendesk to apply it to");
    stage.run(&["apply", "--plan", plan]).is(0);
    assert!(stage.fake.log().is_empty(), "a dry run of the demo needs no Zendesk");
}

#[test]
fn a_plan_of_another_zendesk_is_refused() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let yaml = std::fs::read_to_string(stage.path().join("gremlin.zendesk_drift.yaml")).expect("a configuration");
    let url = format!("base_url: {}", stage.fake.url());
    std::fs::write(stage.path().join("other.yaml"), yaml.replacen(&url, "subdomain: other", 1)).expect("written");
    let args = ["apply", "--plan", &plan.path, "--config", "other.yaml"];
    let cause =
        format!("the plan is for {}, and the configured Zendesk is https://other.zendesk.com", stage.fake.url());
    refused(&stage, &args, 4, &cause);
    let none = yaml.replacen(&url, "reserve_percent: 20", 1);
    std::fs::write(stage.path().join("none.yaml"), none).expect("written");
    let args = ["apply", "--plan", &plan.path, "--config", "none.yaml"];
    refused(&stage, &args, 4, "and no Zendesk is configured");
}

#[test]
fn an_old_plan_and_one_from_the_future_are_refused_live_alone() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    for (member, time, cause) in [
        (
            "created_at",
            "2026-01-01T00:00:00Z",
            "the plan is too old: it is from 2026-01-01T00:00:00Z, and plans may be applied for 168 hours",
        ),
        ("as_of", "2026-01-01T00:00:00Z", "the plan is too old"),
        ("created_at", "2099-01-01T00:00:00Z", "the plan is from the future: 2099-01-01T00:00:00Z"),
        ("as_of", "2099-01-01T00:00:00Z", "the plan is from the future"),
    ] {
        let dated = changed(&stage, &plan, false, |file| file[member] = time.into());
        let args = Stage::live(&dated, &[]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        refused(&stage, &args, 4, cause);
    }
    let old = changed(&stage, &plan, false, |file| file["as_of"] = "2026-01-01T00:00:00Z".into());
    let ran = stage.dry_run(&old, &[]).is(0);
    assert!(ran.err.contains("note: the plan is too old: it is from 2026-01-01T00:00:00Z"), "{}", ran.err);
    assert!(ran.err.contains("with --apply it will be refused: run the audit again"), "{}", ran.err);
    assert!(!ran.out.contains("--confirm-plan-hash") && ran.out.contains("\n  Run the audit again; "), "{}", ran.out);
    let ran = stage.dry_run(&plan, &[]).is(0);
    assert!(ran.out.contains("--confirm-plan-hash") && !ran.err.contains("too old"), "{}", ran.out);
}

#[test]
fn only_one_apply_at_a_time() {
    use crate::fake_zendesk::{Point, Which};
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let hold = stage.fake.hold(Point::Received, Which::writes().nth(1));
    let args = Stage::live(&plan, &["--only-action", "A002"]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let first = stage.command(&args).stdout(std::process::Stdio::null()).spawn().expect("started");
    hold.wait();
    let second = stage.run(&args).is(4);
    let cause = format!("another apply to {} is running on this machine", stage.fake.url());
    assert!(second.err.contains(&cause), "{}", second.err);
    assert_eq!(stage.runs("_apply").len(), 1, "the second one left nothing");
    // Nor does another folder for temporary files make it free.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let third = stage.command(&args).env("TMPDIR", elsewhere.path()).output().expect("the program runs");
    assert_eq!(third.status.code(), Some(4), "{}", String::from_utf8_lossy(&third.stderr));
    let args = Stage::live(&plan, &["--only-action", "A0002"]);
    stage.run(&args.iter().map(String::as_str).collect::<Vec<_>>()).is(4);
    // Nothing is held against those who only look.
    let dry = stage.dry_run(&plan, &["--only-action", "A002"]).is(0);
    assert!(dry.err.contains("an earlier apply to this Zendesk was interrupted, or is still running"), "{}", dry.err);
    hold.release();
    let output = first.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stage.fake.writes_done().len(), 1);
}

#[test]
fn a_name_that_the_plan_does_not_know_is_no_empty_plan() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let args = ["apply", "--plan", &plan.path, "--only-action", "A0002"];
    refused(&stage, &args, 2, "the plan has no prepared action for --only-action A0002\n  help: the nearest is A002");
    let args = ["apply", "--plan", &plan.path, "--only-account", "001CASE0004"];
    refused(&stage, &args, 2, "--only-account 001CASE0004\n  help: the nearest is 001CASE004");
}

#[test]
fn what_refuses_the_whole_plan_is_told_before_what_is_left_of_it() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let unknown = ["--only-action", "A0002"];
    let refused = |plan: &Plan, cause: &str| {
        let args = Stage::live(plan, &unknown);
        refused(&stage, &args.iter().map(String::as_str).collect::<Vec<_>>(), 4, cause);
    };
    let other = Plan { hash: "0".repeat(64), ..plan.clone() };
    refused(&other, "--confirm-plan-hash is 000");
    let renamed = changed(&stage, &plan, false, |file| file["plan"]["actions"][0]["org_name"] = "Other".into());
    refused(&renamed, "the plan was changed");
    let old = changed(&stage, &plan, false, |file| file["as_of"] = "2026-01-01T00:00:00Z".into());
    refused(&old, "the plan is too old");
}

#[test]
fn without_credentials_nothing_begins() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let mut command = stage.command(&["apply", "--plan", &plan.path]);
    command.env_remove("ZENDESK_OAUTH_CLIENT_ID").env_remove("ZENDESK_OAUTH_CLIENT_SECRET");
    let ran = stage.ran(command.output().expect("ran")).is(2);
    assert!(ran.err.contains("no Zendesk credentials in the environment"), "{}", ran.err);
}
