//! What leaves actions out before anything is read, how a plan is named, and what refuses it under the configuration in force.

use super::stage::{Plan, Stage};
use serde_json::{Value, json};

fn yaml(stage: &Stage) -> String {
    std::fs::read_to_string(stage.path().join("gremlin.zendesk_drift.yaml")).expect("a configuration")
}

/// Rewrites the configuration.
fn reconfigure(stage: &Stage, change: impl FnOnce(String) -> String) {
    std::fs::write(stage.path().join("gremlin.zendesk_drift.yaml"), change(yaml(stage))).expect("written");
}

#[test]
fn kinds_that_the_configuration_does_not_name_are_not_applied() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    reconfigure(&stage, |yaml| yaml + "apply:\n  actions: [set_org_external_id]\n");
    let ran = stage.apply(&plan, &[]).is(0);
    for action in plan.actions() {
        let id = action["action_id"].as_str().expect("an id");
        let allowed = action["action_code"] == "set_org_external_id";
        assert_eq!(ran.result(id), if allowed { "applied" } else { "skipped:action_not_allowed" }, "{id}");
    }
    // What is not selected says that first.
    let ran = stage.dry_run(&plan, &["--only-action", "A001"]).is(0);
    assert_eq!(ran.result("A012"), "skipped:not_selected");
}

#[test]
fn a_suppression_since_the_audit_holds_back_the_action_and_what_depends_on_it() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let link = plan.action("A002").clone();
    let issue = link["issue_id"].as_str().expect("an id");
    let more = format!("  - code: org_missing_external_id\n    issue_id: {issue}\n    reason: waits for the merger\n");
    let expired = "  - code: org_missing_external_id\n    org_id: 1050\n    reason: over\n    expires: 2020-01-01\n";
    reconfigure(&stage, |yaml| yaml.replacen("suppressions:\n", &format!("suppressions:\n{more}{expired}"), 1));
    let ran = stage.apply(&plan, &[]).is(0);
    assert_eq!(ran.result("A001"), "applied", "a suppression that has expired holds nothing back");
    assert_eq!(ran.result("A002"), "skipped:suppressed_since");
    for action in plan.actions().iter().filter(|action| action["depends_on"] == json!(["A002"])) {
        let id = action["action_id"].as_str().expect("an id");
        assert_eq!(ran.result(id), "skipped:dependency_not_applied", "{id}");
    }
    assert_eq!(stage.org(1040)["external_id"], Value::Null);
}

#[test]
fn an_account_that_is_gone_or_no_longer_expects_its_domain_is_left_alone() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let csv = std::fs::read_to_string(stage.path().join("salesforce_accounts.csv")).expect("a reference");
    let account = plan.action("A007")["sf_account_id"].as_str().expect("an id").to_owned();
    let domain = plan.action("A007")["domain"].as_str().expect("a domain").to_owned();
    let of_account = |id: &str| plan.action(id)["sf_account_id"] == account.as_str();
    let without: String = csv.lines().filter(|line| !line.contains(&account)).map(|line| format!("{line}\n")).collect();
    std::fs::write(stage.path().join("shrunk.csv"), without).expect("written");
    let ran = stage
        .dry_run(&plan, &["--sf-accounts", "shrunk.csv", "--max-actions", "100", "--max-per-account", "100"])
        .is(0);
    for (id, result) in ran.results() {
        assert_eq!(result == "skipped:reference_changed", of_account(&id), "{id}: {result}");
    }
    // Another account that expects the same domain makes it shared.
    let header = csv.lines().next().expect("a header");
    let domains = header.split(',').position(|name| name == "account_domains").expect("a column");
    let mut row: Vec<String> = header.split(',').map(|_| String::new()).collect();
    let id = header.split(',').position(|name| name == "Account ID").expect("a column");
    let name = header.split(',').position(|name| name == "account_name").expect("a column");
    (row[id], row[name], row[domains]) = ("001NEW".to_owned(), "New".to_owned(), domain);
    std::fs::write(stage.path().join("salesforce_accounts.csv"), format!("{}\n{}\n", csv.trim_end(), row.join(",")))
        .expect("written");
    let ran = stage.apply(&plan, &["--only-action", "A007"]).is(0);
    assert_eq!(ran.result("A007"), "skipped:reference_changed", "{}", ran.err);
    assert!(stage.fake.writes().is_empty());
    // A broken reference is no reference; none at all is mentioned.
    std::fs::write(stage.path().join("salesforce_accounts.csv"), "nonsense\n").expect("written");
    let runs = stage.runs("_apply").len();
    let broken = stage.apply(&plan, &["--only-action", "A007"]).is(2);
    assert!(broken.err.contains("the reference CSV"), "{}", broken.err);
    stage.apply(&plan, &["--sf-accounts", "absent.csv"]).is(2);
    assert_eq!(stage.runs("_apply").len(), runs);
    std::fs::remove_file(stage.path().join("salesforce_accounts.csv")).expect("removed");
    let ran = stage.dry_run(&plan, &["--only-action", "A007"]).is(0);
    assert_eq!(ran.result("A007"), "would_apply");
    assert!(ran.err.contains("does not check whether accounts have changed since the audit"), "{}", ran.err);
}

#[test]
fn what_a_dry_run_selected_is_put_out_and_a_live_run_can_be_held_to_it() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let outputs = |stage: &Stage| std::fs::read_to_string(stage.path().join("outputs")).expect("outputs");
    let ran = stage.dry_run(&plan, &["--max-actions", "3", "--github-output", "outputs"]).is(0);
    assert!(ran.out.contains("  Selected:\n    A001,A002,A003\n"), "{}", ran.out);
    assert!(ran.out.contains("The plan is from ") && ran.out.contains("can be applied until "), "{}", ran.out);
    assert!(outputs(&stage).contains("\nselected-actions=A001,A002,A003\n"), "{}", outputs(&stage));
    let ran = stage.apply(&plan, &["--only-action", "A001,A002,A003"]).is(0);
    assert_eq!((ran.count("applied"), stage.fake.writes_done().len()), (3, 3));
    // Nothing selected is no consent to everything.
    for empty in ["", " ", "A001,"] {
        let ran = stage.apply(&plan, &["--only-action", empty]).is(2);
        assert!(ran.err.contains("--only-action is empty"), "{empty:?}: {}", ran.err);
    }
    assert_eq!(stage.fake.writes_done().len(), 3);
}

#[test]
fn a_plan_is_named_by_its_run_its_folder_its_file_or_as_the_latest() {
    let stage = Stage::all_codes();
    stage.audit();
    let plan = stage.audit();
    let folder = plan.path.trim_end_matches("/fix_plan.json").to_owned();
    let run_id = folder.rsplit('/').next().expect("an id").to_owned();
    for (named, recorded) in [("latest", &folder), (&*run_id, &folder), (&*folder, &folder), (&*plan.path, &plan.path)]
    {
        let ran = stage.run(&["apply", "--plan", named]).is(0);
        assert_eq!(ran.receipt["source_plan_hash"], plan.hash.as_str());
        assert_eq!(ran.receipt["source_plan_path"], recorded.as_str(), "{named}");
        assert!(ran.out.contains(&format!("--plan {run_id} \\")), "a command that stays right: {}", ran.out);
    }
    let absent = stage.run(&["apply", "--plan", "20200101_000000Z_audit"]).is(2);
    let cause = "there is no folder 20200101_000000Z_audit and no run of that name under ";
    assert!(absent.err.contains(cause), "{}", absent.err);
}

/// The plan with a change, and the hash that then is right.
fn rehashed(stage: &Stage, plan: &Plan, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut value = plan.value.clone();
    change(&mut value);
    let canonical = serde_json_canonicalizer::to_vec(&value["plan"]).expect("canonical");
    let hash = <sha2::Sha256 as sha2::Digest>::digest(canonical);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    value["plan_hash"] = hash.clone().into();
    std::fs::write(stage.path().join("changed.json"), value.to_string()).expect("written");
    Stage::live(&Plan { path: "changed.json".to_owned(), hash, value }, &[])
}

#[test]
fn a_plan_that_the_configuration_in_force_would_not_make_is_refused_although_its_hash_is_right() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.clear_log();
    let refused = |args: &[String], cause: &str| {
        let ran = stage.run(&args.iter().map(String::as_str).collect::<Vec<_>>()).is(2);
        assert!(ran.err.contains(cause), "{cause:?} is not in:\n{}", ran.err);
        assert!(stage.fake.log().is_empty() && stage.runs("_apply").is_empty());
    };
    let unverified = rehashed(&stage, &plan, |file| {
        for action in file["plan"]["actions"].as_array_mut().expect("a list") {
            action["preconditions"].as_array_mut().expect("a list").retain(|one| one != "user_verified");
        }
    });
    refused(&unverified, "it lacks the precondition user_verified, which this configuration requires");
    let twice = rehashed(&stage, &plan, |file| {
        let actions = file["plan"]["actions"].as_array_mut().expect("a list");
        let mut again = actions[0].clone();
        again["action_id"] = "A999".into();
        actions.push(again);
    });
    refused(&twice, "action A999: an earlier action makes the same write");
    // The same file with a key twice, and with an id that other readers round.
    let text = std::fs::read_to_string(stage.path().join(&plan.path)).expect("a plan");
    for (from, to, cause) in [
        ("\"action_id\": \"A001\",", "\"action_id\": \"A001\", \"action_id\": \"A001\",", "duplicate key `action_id`"),
        ("\"org_id\": 1050,", "\"org_id\": 9007199254740993,", "the number 9007199254740993 is beyond 2^53 - 1"),
    ] {
        std::fs::write(stage.path().join("changed.json"), text.replacen(from, to, 1)).expect("written");
        refused(&Stage::live(&Plan { path: "changed.json".to_owned(), ..plan.clone() }, &[]), cause);
    }
    let domain = plan.action("A007")["domain"].as_str().expect("a domain").to_owned();
    for (key, kind) in [("personal: [", "a personal domain"), ("ignored: [", "an ignored domain")] {
        let before = yaml(&stage);
        reconfigure(&stage, |yaml| yaml.replacen(key, &format!("{key}{domain}, "), 1));
        refused(&Stage::live(&plan, &[]), &format!("{domain} is {kind} in this configuration"));
        reconfigure(&stage, |_| before);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_is_an_error_and_not_a_wait() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let pipe = |path: &std::path::Path| {
        assert!(std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo is there").success());
    };
    pipe(&stage.path().join("pipe.json"));
    let ran = stage.run(&["apply", "--plan", "pipe.json"]).is(2);
    assert!(ran.err.contains("it is not a regular file"), "{}", ran.err);
    let folder = stage.root().join("20260101_000000Z_apply");
    std::fs::create_dir(&folder).expect("made");
    pipe(&folder.join("journal.ndjson"));
    let ran = stage.apply(&plan, &["--only-action", "A001"]).is(3);
    assert!(ran.err.contains("it is not a regular file"), "{}", ran.err);
    std::fs::remove_dir_all(folder).expect("removed");
    let digest = <sha2::Sha256 as sha2::Digest>::digest(stage.fake.url());
    let name: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let lock = std::path::PathBuf::from(format!("/tmp/g-gremlin-apply-{name}.lock"));
    let _ = std::fs::remove_file(&lock);
    pipe(&lock);
    let ran = stage.apply(&plan, &["--only-action", "A001"]).is(4);
    assert!(ran.err.contains("it is not a regular file"), "{}", ran.err);
    std::fs::remove_file(lock).expect("removed");
    assert!(stage.fake.writes().is_empty());
}
