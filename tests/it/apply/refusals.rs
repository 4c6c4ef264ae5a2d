//! The refusals, each with its own words and exit code, and that none of them reaches Zendesk.

use super::stage::{Plan, Ran, Stage};
use g_gremlin::model::account_key::account_key;
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
    refused(&stage, &args, 2, "action A001: it lacks the precondition org_has_domain");
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
    refused(&stage, &args, 4, &format!("--confirm-plan-hash is {other}, but the plan's hash is {}", plan.hash));
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
    refused(&stage, &args, 4, "this is the demo's plan, and there is no Zendesk to apply it to");
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
        format!("the plan is for {}, but the configured Zendesk is https://other.zendesk.com", stage.fake.url());
    refused(&stage, &args, 4, &cause);
    let none = yaml.replacen(&url, "reserve_percent: 20", 1);
    std::fs::write(stage.path().join("none.yaml"), none).expect("written");
    let args = ["apply", "--plan", &plan.path, "--config", "none.yaml"];
    refused(&stage, &args, 4, "but no Zendesk is configured");
}

#[test]
fn an_old_plan_and_one_from_the_future_are_refused_live_alone() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    for (member, time, cause) in [
        (
            "created_at",
            "2026-01-01T00:00:00Z",
            "the plan is too old: it is from 2026-01-01T00:00:00Z, and plans expire after 168 hours",
        ),
        ("as_of", "2026-01-01T00:00:00Z", "the plan is too old"),
        ("created_at", "2099-01-01T00:00:00Z", "the plan is dated in the future: 2099-01-01T00:00:00Z"),
        ("as_of", "2099-01-01T00:00:00Z", "the plan is dated in the future:"),
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
    assert!(!ran.out.contains("--confirm-plan-hash") && ran.out.contains(" Run the audit again:\n"), "{}", ran.out);
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

fn hex_digest(bytes: impl AsRef<[u8]>) -> String {
    <sha2::Sha256 as sha2::Digest>::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes the id of an action's issue right again.
fn reissue(action: &mut Value) {
    let key = account_key(action["sf_account_id"].as_str().expect("an id"));
    let (code, of_user) = match action["action_code"].as_str().expect("a code") {
        "set_org_external_id" => ("org_missing_external_id", false),
        "add_org_domain" => ("org_missing_expected_domain", false),
        "assign_user_to_org" => ("user_missing_expected_membership", true),
        _ => ("user_default_org_not_expected", true),
    };
    let user = action["user_id"].as_u64().map(|id| id.to_string()).unwrap_or_default();
    let domain = if of_user { action["domain"].as_str().unwrap_or_default() } else { "" };
    let digest = hex_digest(format!("{code}\n{key}\n{}\n{user}\n\n{domain}", action["org_id"]));
    action["issue_id"] = format!("i{}", &digest[..16]).into();
}

#[test]
fn whatever_no_audit_plans_is_refused_although_the_hash_is_right() {
    let stage = Stage::all_codes();
    let yaml = std::fs::read_to_string(stage.path().join("gremlin.zendesk_drift.yaml")).expect("a configuration");
    let plan = stage.audit();
    let at = |code: &str| plan.actions().iter().position(|action| action["action_code"] == code).expect("an action");
    let [set, add, assign, move_user] =
        ["set_org_external_id", "add_org_domain", "assign_user_to_org", "move_user_to_org"].map(at);
    let dependent = plan.actions().iter().position(|action| action["depends_on"] != json!([])).expect("an action");
    let refused_live = |plan: &Plan, cause: &str| {
        let args = Stage::live(plan, &[]);
        refused(&stage, &args.iter().map(String::as_str).collect::<Vec<_>>(), 2, cause);
    };
    let refused_when = |cause: &str, change: &dyn Fn(&mut Value)| {
        refused_live(&changed(&stage, &plan, true, |file| change(&mut file["plan"]["actions"])), cause);
    };
    // Ids that no reference may hold, and a doubtful one.
    for (id, cause) in [
        ("0015G00000ABCDE", "the id `0015G00000ABCDE` is doubtful, and a doubtful id is never written to Zendesk"),
        ("0015g00000AbCdEBAV", "the id `0015g00000AbCdEBAV` is doubtful"),
        ("0035g00000AbCdEAAV", "`0035g00000AbCdEAAV` is the id of a contact, not of an account"),
        ("1.50E+16", "is a number from a spreadsheet"),
    ] {
        let own = plan.actions()[set]["sf_account_id"].clone();
        refused_when(cause, &|actions| {
            for action in actions.as_array_mut().expect("a list").iter_mut().filter(|one| one["sf_account_id"] == own) {
                action["sf_account_id"] = id.into();
                if action["action_code"] == "set_org_external_id" {
                    let full = if id.len() == 15 { format!("{id}QA5") } else { id.to_owned() };
                    action["to"] = full.into();
                }
                reissue(action);
            }
        });
    }
    // Each precondition of each kind.
    for at in [set, add, assign, move_user] {
        for (index, precondition) in plan.actions()[at]["preconditions"].as_array().expect("a list").iter().enumerate()
        {
            if precondition.as_str().is_some_and(|text| text.starts_with("org_has_domain")) {
                continue;
            }
            refused_when("cannot be used", &|actions| {
                actions[at]["preconditions"].as_array_mut().expect("a list").remove(index);
            });
        }
        // The same write twice, and an action of no kind.
        refused_when("an earlier action makes the same write", &|actions| {
            let mut again = actions[at].clone();
            again["action_id"] = "A999".into();
            actions.as_array_mut().expect("a list").push(again);
        });
        refused_when("cannot be used", &|actions| actions[at]["action_code"] = "delete_org".into());
        // A domain that is personal, a platform's, or ignored.
        for (domain, kind) in [("gmail.com", "a personal domain"), ("acme.wordpress.com", "the domain of a platform")] {
            let text = plan.actions()[at].to_string();
            let own = match plan.actions()[at]["domain"].as_str() {
                Some(domain) => domain.to_owned(),
                None => {
                    text.split("org_has_domain:").nth(1).and_then(|rest| rest.split('"').next()).expect("one").into()
                }
            };
            refused_when(&format!("{domain} is {kind} in this configuration"), &|actions| {
                actions[at] = serde_json::from_str(&text.replace(&own, domain)).expect("JSON");
                reissue(&mut actions[at]);
            });
        }
    }
    refused_when("it must depend on A", &|actions| actions[dependent]["depends_on"] = json!([]));
    refused_when("must be", &|actions| actions[assign]["issue_id"] = "i0000000000000000".into());

    // What only the text of the file shows.
    let org = plan.actions()[set]["org_id"].to_string();
    for (new, cause) in [
        (format!("\"org_id\":1,\"org_id\":{org}"), "it is not JSON: duplicate key `org_id`"),
        ("\"org_id\":9007199254740993".to_owned(), "the number 9007199254740993 is beyond 2^53 - 1"),
    ] {
        let text = plan.value.to_string().replacen(&format!("\"org_id\":{org}"), &new, 1);
        std::fs::write(stage.path().join("changed.json"), text).expect("written");
        refused_live(&Plan { path: "changed.json".to_owned(), ..plan.clone() }, cause);
    }

    // What the configuration has ruled out since.
    let domain = plan.actions()[assign]["domain"].as_str().expect("a domain");
    let config = stage.path().join("gremlin.zendesk_drift.yaml");
    for (change, cause) in
        [(format!("personal: [{domain}]"), "a personal domain"), (format!("ignored: [{domain}]"), "an ignored domain")]
    {
        let domains = if yaml.contains("\ndomains:\n") {
            let (before, after) = yaml.split_once("\ndomains:\n").expect("domains");
            let kept: String =
                after.lines().skip_while(|line| line.starts_with(' ')).map(|line| format!("{line}\n")).collect();
            format!("{before}\ndomains:\n  {change}\n{kept}")
        } else {
            format!("{yaml}domains:\n  {change}\n")
        };
        std::fs::write(&config, domains).expect("written");
        refused_live(&plan, &format!("{domain} is {cause} in this configuration"));
    }
    std::fs::write(&config, &yaml).expect("written");
    assert!(stage.fake.writes().is_empty());
    stage.apply(&plan, &[]).is(0);
}
