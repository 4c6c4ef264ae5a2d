//! In the log, the job summary and the comment of a repository that is not private: counts and the plan hash only.

use super::{WORKFLOW, gremlin, text};
use crate::apply::stage::Stage;
use crate::fake_zendesk::{Fault, FaultKind};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

/// Every outside text that an audit of `all_codes` could tell: names, ids and domains of the reference, of orgs and of users.
fn outside_texts() -> BTreeSet<String> {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/all_codes");
    let mut texts = BTreeSet::new();
    let mut reference = csv::Reader::from_path(fixture.join("salesforce_accounts.csv")).expect("a reference");
    for row in reference.records() {
        for cell in &row.expect("a row") {
            texts.insert(cell.trim().to_owned());
            texts.extend(cell.split([' ', ',', ';', '|', '\n']).map(str::to_owned));
        }
    }
    for name in ["organizations", "users", "organization_memberships", "tickets"] {
        let lines = std::fs::read_to_string(fixture.join(format!("{name}.ndjson"))).expect("records");
        for line in lines.lines() {
            let record: serde_json::Value = serde_json::from_str(line).expect("a record");
            for value in [&record["name"], &record["external_id"], &record["email"]] {
                let text = value.as_str().unwrap_or_default();
                texts.insert(text.trim().to_owned());
                texts.extend(text.split('@').map(str::to_owned));
            }
            texts.extend(
                record["domain_names"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|name| Some(name.as_str()?.to_owned())),
            );
            texts.insert(record["id"].to_string());
        }
    }
    texts.insert("127.0.0.1".to_owned());
    texts.insert("all-codes.zendesk.com".to_owned());
    // Words that anybody may use prove nothing: what counts has a dot, a digit, or several words.
    texts.retain(|text| text.chars().count() >= 4 && text.contains(|c: char| ". ".contains(c) || c.is_ascii_digit()));
    texts
}

/// A stage whose commands run as in a workflow with this payload of its event.
struct Workflow {
    stage: Stage,
    texts: BTreeSet<String>,
}

impl Workflow {
    fn new() -> Self {
        let workflow = Self { stage: Stage::all_codes(), texts: outside_texts() };
        assert!(workflow.texts.len() > 100, "there is much to withhold");
        workflow.event("{\"repository\": {\"private\": false}}");
        workflow
    }

    fn event(&self, payload: &str) {
        std::fs::write(self.stage.path().join("event.json"), payload).expect("written");
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = self.stage.command(args);
        command.envs(WORKFLOW).env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_PATH", "event.json");
        command.output().expect("the program runs")
    }

    /// What is told, after a look at everything that must not be in it.
    fn told(&self, code: i32, args: &[&str]) -> (String, String) {
        let Output { status, stdout, stderr } = self.run(args);
        let (out, err) = (text(&stdout), text(&stderr));
        assert_eq!(status.code(), Some(code), "{args:?}\n{out}\n{err}");
        for (stream, told) in [("stdout", &out), ("stderr", &err)] {
            // The plan's hash and times hold digits of all kinds.
            let words: BTreeSet<&str> = told.split(|c: char| !(c.is_alphanumeric() || ".-_".contains(c))).collect();
            let leaked: Vec<&String> = self
                .texts
                .iter()
                .filter(|text| {
                    words.contains(text.as_str()) || (text.contains(['.', ' ']) && told.contains(text.as_str()))
                })
                .collect();
            assert_eq!(leaked, [""; 0], "{args:?} tells on {stream}:\n{told}");
        }
        (out, err)
    }
}

const NOTE: &str = "note: names, ids, domains and remote error messages are hidden because this";

#[test]
fn an_audit_tells_counts_and_the_hash() {
    let workflow = Workflow::new();
    for more in [&[][..], &["--verbose"]] {
        let (out, err) = workflow.told(0, &[&["audit"], more].concat());
        assert!(out.contains("  Prepared (safe-to-apply):  21 actions\n") && out.contains("\nplan_hash: "), "{out}");
        assert!(err.contains("warning: shared_domain: 4\n"), "{err}");
        assert_eq!(err.matches(NOTE).count(), 1, "said once: {err}");
    }
    let (out, _) = workflow.told(1, &["audit", "--format", "json", "--threshold", "max_total_issues=1"]);
    let data: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert!(data["total_issue_count"].as_u64() > Some(50) && data["zendesk"].is_null(), "{out}");
    assert_eq!(data["plan_hash"].as_str().map(str::len), Some(64));
}

#[test]
fn an_apply_tells_counts_and_the_hash_and_so_does_its_report() {
    let workflow = Workflow::new();
    let plan = workflow.stage.audit();
    let (out, _) = workflow.told(0, &["apply", "--plan", &plan.path]);
    assert!(out.contains("would be applied") && out.contains(&plan.hash), "{out}");
    workflow.stage.fake.add_fault(Fault::on_writes(FaultKind::json_error(422)).nth(2));
    let live = Stage::live(&plan, &["--github-output", "output"]);
    let (out, _) = workflow.told(1, &live.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(out.contains("    set_org_external_id: applied\n"), "{out}");
    let outputs = std::fs::read_to_string(workflow.stage.path().join("output")).expect("outputs");
    assert!(outputs.contains("\nupload=false\n"), "{outputs}");
    workflow.told(0, &["apply", "--plan", &plan.path, "--format", "json"]);

    let targets = ["--to", "terminal", "--to", "job-summary", "--to", "annotations", "--to", "comment"];
    let audit = format!("artifacts/zendesk_drift/{}", plan.value["run_id"].as_str().expect("a run id"));
    for run in [audit, workflow.stage.runs("_apply")[1].display().to_string()] {
        let (out, _) = workflow.told(0, &[&["report", &run], &targets[..]].concat());
        assert!(out.contains(&plan.hash) && out.contains("\n> Counts only: "), "{out}");
    }
}

#[test]
fn a_comparison_and_a_verification_tell_counts() {
    let workflow = Workflow::new();
    let folder = |plan: &crate::apply::stage::Plan| plan.path.trim_end_matches("/fix_plan.json").to_owned();
    let before = folder(&workflow.stage.audit());
    let csv = workflow.stage.path().join("salesforce_accounts.csv");
    let reference = std::fs::read_to_string(&csv).expect("a reference");
    let kept: Vec<&str> = reference.lines().filter(|line| !line.contains("Mangled Case")).collect();
    std::fs::write(&csv, format!("{}\n001CASE099,New Name,brand-new.example,,,,\n", kept.join("\n"))).expect("written");
    let (out, _) = workflow.told(0, &["audit", "--baseline", &before]);
    assert!(out.contains("\nSince the baseline:\n  New:              1  (1 missing Zendesk org)\n"), "{out}");
    workflow.told(0, &["audit", "--baseline", &before, "--format", "json"]);
    let after = workflow.stage.runs("_audit").pop().expect("a run").display().to_string();
    let (out, _) = workflow.told(0, &["diff", "--base", &before, "--head", &after]);
    assert!(out.contains("  Left reference:   1  (1 missing expected domain)\n"), "{out}");
    let (out, _) = workflow.told(0, &["diff", "--base", &before, "--head", &after, "--format", "json"]);
    assert!(out.contains("\"new_issue_count\": 1"), "{out}");
    let targets = ["--to", "terminal", "--to", "job-summary", "--to", "annotations", "--to", "comment"];
    let report = ["report", &after, "--baseline", &before];
    workflow.told(0, &[&report[..], &targets[..]].concat());
    workflow.told(0, &[&report[..], &["--command", "diff"], &targets[..]].concat());

    let (out, _) = workflow.told(0, &["verify", &after]);
    assert!(out.contains("\nEverything matches.\n"), "{out}");
    let names = std::path::Path::new(&after).join("exceptions_by_account.csv");
    let changed = std::fs::read_to_string(&names).expect("a table").replace("Twins Inc", "Twins Ltd");
    std::fs::write(&names, changed).expect("written");
    let (out, _) = workflow.told(1, &["verify", &after]);
    assert!(out.contains("mismatch: "), "{out}");
    workflow.told(1, &["verify", &after, "--format", "json"]);
}

#[test]
fn what_failed_stays_useful() {
    let workflow = Workflow::new();
    let plan = workflow.stage.audit();
    let (_, err) = workflow.told(2, &["apply", "--plan", &plan.path, "--only-account", "001CASE00X"]);
    assert!(err.starts_with("error: the plan has no prepared action for a --only-account\n"), "{err}");
    let (_, err) = workflow.told(4, &["apply", "--plan", &plan.path, "--confirm-plan-hash", "001CASE004"]);
    assert!(err.contains("caused by: --confirm-plan-hash is not the plan's hash"), "{err}");
    let (_, err) = workflow.told(2, &["report", "nowhere"]);
    assert!(err.contains("caused by: there is no folder nowhere"), "{err}");
    workflow.told(2, &["explain", "org_duplicate"]);

    workflow.stage.fake.add_fault(Fault::below("/api/v2/organizations", FaultKind::json_error(403)));
    let (_, err) = workflow.told(3, &["audit"]);
    assert!(
        err.contains(
            "error: nothing was audited\n  caused by: Zendesk answered 403\n  help: the credentials must have the scope"
        ),
        "{err}"
    );
    assert_eq!(err.matches(NOTE).count(), 1, "{err}");
    workflow.told(1, &["doctor"]);
    workflow.told(1, &["doctor", "--format", "json"]);
    workflow.told(1, &["doctor", "--quiet"]);
    workflow.told(1, &["doctor", "--verbose"]);
    workflow.stage.fake.clear_faults();
    let (out, _) = workflow.told(0, &["doctor"]);
    assert!(out.contains("(withheld)") && out.contains("an audit can run."), "{out}");

    // A row of the reference, and a line of the configuration, are told by their numbers.
    let csv = std::fs::read_to_string(workflow.stage.path().join("salesforce_accounts.csv")).expect("a reference");
    let first = csv.lines().nth(1).expect("a row").replacen(',', ",Other ", 1);
    std::fs::write(workflow.stage.path().join("salesforce_accounts.csv"), format!("{csv}{first}\n")).expect("written");
    let (_, err) = workflow.told(2, &["audit"]);
    let line = err.lines().nth(1).expect("a cause");
    assert!(line.strip_prefix("  caused by: line ").is_some_and(|number| number.parse::<u32>().is_ok()), "{err}");
    let path = workflow.stage.path().join("gremlin.zendesk_drift.yaml");
    let yaml = std::fs::read_to_string(&path).expect("a configuration");
    std::fs::write(&path, format!("{yaml}\n001CASE004: 1\n")).expect("written");
    let (_, err) = workflow.told(2, &["audit"]);
    assert!(err.contains("caused by: gremlin.zendesk_drift.yaml: line "), "{err}");
}

#[test]
fn a_private_repository_and_a_workflow_that_allows_it_see_everything() {
    let workflow = Workflow::new();
    let names = |args: &[&str]| text(&workflow.run(args).stdout).contains("trace --sf-account-id");
    assert!(!names(&["audit"]));
    assert!(names(&["audit", "--allow-public-artifacts"]));
    workflow.event("{\"repository\": {\"private\": true}}");
    assert!(names(&["audit"]));
    workflow.event("{}");
    assert!(!names(&["audit"]), "what does not say so is not private");
    let mut command = gremlin();
    command.args(["audit", "--demo"]).current_dir(workflow.stage.path());
    command.env("GITHUB_ACTIONS", "true").env("GREMLIN_ALLOW_PUBLIC_ARTIFACTS", "true");
    assert!(text(&command.output().expect("it runs").stdout).contains("trace --sf-account-id"));
}
