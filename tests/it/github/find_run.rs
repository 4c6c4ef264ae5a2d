//! Where a plan came from.

use super::{Step, ended};
use crate::fake_github::{REPOSITORY, error};
use serde_json::{Value, json};

const LATEST: [&str; 4] = ["github", "find-run", "--latest", "--github-output=output"];

fn named(id: u64) -> Vec<String> {
    ["github", "find-run", "--github-output=output", &format!("--run-id={id}")].map(str::to_owned).to_vec()
}

impl Step {
    fn find(&self, id: u64) -> super::Ended {
        let args = named(id);
        self.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

#[test]
fn a_run_of_the_audit_is_found_with_its_artifact() {
    let step = Step::new();
    let (run, artifact) = step.github.state().add_audit();
    step.find(run).is(0).says("  ok    it is a run of the audit's workflow").says(&format!("g-gremlin-audit-{run}-1"));
    assert_eq!(
        step.outputs(),
        format!(
            "found=true\nrun-id={run}\nhead-sha={run:040x}\nstarted-at=2026-04-17T22:15:30Z\nartifact-id={artifact}\nartifact-name=g-gremlin-audit-{run}-1\n"
        )
    );
    assert!(step.github.writes().is_empty());
}

#[test]
fn a_run_that_is_not_the_audits_own_is_refused_with_what_it_is() {
    let cases: [(&str, Value, &str); 9] = [
        ("/repository/full_name", json!("acme/other"), "the run is from this repository: acme/other"),
        ("/head_repository/full_name", json!("mallory/support-identity"), "this repository: mallory/support-identity"),
        ("/head_repository", Value::Null, "its code is from this repository: none"),
        (
            "/path",
            json!(".github/workflows/evil.yml"),
            "it is a run of the audit's workflow: .github/workflows/evil.yml",
        ),
        ("/path", json!("drift-audit.yml"), "it is a run of the audit's workflow: drift-audit.yml"),
        ("/event", json!("pull_request"), "it was started by a schedule or a person: pull_request"),
        ("/head_branch", json!("feature"), "it ran on the default branch: feature"),
        ("/head_branch", Value::Null, "it ran on the default branch: none"),
        ("/status", json!("in_progress"), "it is finished: in_progress"),
    ];
    for (at, value, said) in cases {
        let step = Step::new();
        let (run, _) = step.github.state().add_audit();
        *step.github.state().runs[0].pointer_mut(at).expect("there") = value;
        step.find(run).is(4).says(said).says(&format!("error: run {run} is not used"));
        assert!(step.outputs().starts_with("found=false\nrun-id=\n"), "{}", step.outputs());
    }
}

#[test]
fn a_path_with_the_ref_behind_it_is_the_same_workflow() {
    let step = Step::new();
    let (run, _) = step.github.state().add_audit();
    step.github.state().runs[0]["path"] = ".github/workflows/drift-audit.yml@refs/heads/main".into();
    step.find(run).is(0);
}

#[test]
fn an_artifact_that_is_another_runs_or_gone_is_not_taken() {
    let step = Step::new();
    let (run, _) = step.github.state().add_audit();
    // A pull request of anybody can store one with the same name; GitHub says whose it is.
    step.github.state().artifacts[0] = json!({
        "id": 1, "name": format!("g-gremlin-audit-{run}-1"), "expired": false,
        "workflow_run": { "id": 999 }, "planted": run,
    });
    step.find(run).is(4).says("it still has the audit's artifact");
    step.github.state().artifacts.clear();
    step.find(run).is(4).says("0 artifacts");
    let expired = json!({ "id": 2, "name": "g-gremlin-audit-1-1", "expired": true, "workflow_run": { "id": run } });
    let other = json!({ "id": 3, "name": "logs", "expired": false, "workflow_run": { "id": run } });
    step.github.state().artifacts = vec![expired, other];
    step.find(run).is(4).says("it still has the audit's artifact (it has expired)");
}

#[test]
fn of_several_attempts_the_last_one_counts_and_all_pages_are_read() {
    let step = Step::new();
    let (run, artifact) = step.github.state().add_audit();
    for at in 0..250 {
        let more =
            json!({ "id": 5000 + at, "name": format!("log-{at}"), "expired": false, "workflow_run": { "id": run } });
        step.github.state().artifacts.insert(0, more);
    }
    let second = json!({ "id": artifact + 7000, "name": format!("g-gremlin-audit-{run}-2"), "expired": false, "workflow_run": { "id": run } });
    step.github.state().artifacts.insert(3, second);
    step.find(run).is(0).says(&format!("g-gremlin-audit-{run}-2"));
}

#[test]
fn the_latest_is_the_newest_that_can_be_trusted_and_still_has_its_artifact() {
    let step = Step::new();
    let (wanted, _) = step.github.state().add_audit();
    let (without, artifact) = step.github.state().add_audit();
    let (by_a_pull_request, _) = step.github.state().add_audit();
    {
        let mut state = step.github.state();
        state.artifacts.retain(|one| one["id"] != artifact);
        let last = state.runs.last_mut().expect("a run");
        last["event"] = "pull_request_target".into();
    }
    step.run(&LATEST).is(0).says(&format!("Run {wanted} of 2026-04-17T22:15:30Z"));
    assert!(wanted < without && without < by_a_pull_request);
    assert!(step.outputs().contains(&format!("run-id={wanted}\n")));
}

#[test]
fn a_run_of_a_tag_that_is_named_like_the_branch_is_not_one_of_the_branch() {
    let step = Step::new();
    let (wanted, _) = step.github.state().add_audit();
    let (of_a_tag, _) = step.github.state().add_audit();
    step.github.state().off_branch.push(format!("{of_a_tag:040x}"));
    step.find(of_a_tag).is(4).says(&format!("its commit is on the default branch: {of_a_tag:040x}"));
    step.run(&LATEST).is(0).says(&format!("Run {wanted} of"));
    step.github.fail("GET", "/compare/", 1, error(404, "No common ancestor"));
    step.find(wanted).is(4).says("its commit is on the default branch");
    step.github.fail("GET", "/compare/", 9, error(403, "Resource not accessible by integration"));
    step.find(wanted).is(3).says("add the scope under `permissions`");
}

#[test]
fn runs_without_an_artifact_do_not_use_up_the_rate_limit() {
    let step = Step::new();
    for _ in 0..120 {
        step.github.state().add_audit();
    }
    step.github.state().artifacts.clear();
    step.run(&LATEST).is(0).says("note: no finished run of drift-audit.yml");
    let asked = step.github.log().iter().filter(|line| line.ends_with("/artifacts")).count();
    assert_eq!(asked, 30);
    // Runs that cannot be trusted cost nothing, and do not hide the others.
    let step = Step::new();
    let (wanted, _) = step.github.state().add_audit();
    for _ in 0..120 {
        step.github.state().add_audit();
        step.github.state().runs.last_mut().expect("a run")["event"] = "pull_request".into();
    }
    step.run(&LATEST).is(0).says(&format!("Run {wanted} of"));
}

#[test]
fn no_earlier_run_is_said_and_no_error() {
    let step = Step::new();
    step.run(&LATEST).is(0).says("note: no finished run of drift-audit.yml");
    assert_eq!(step.outputs(), "found=false\nrun-id=\nhead-sha=\nstarted-at=\nartifact-id=\nartifact-name=\n");
    let json = step.run(&[&LATEST[..], &["--format=json", "--quiet"]].concat()).is(0);
    let data: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!((data["found"].as_str(), json.err.as_str()), (Some("false"), ""));
}

#[test]
fn what_cannot_be_read_is_an_error_and_never_no_run() {
    for (reply, said) in [
        (error(401, "Bad credentials"), "GitHub answers 401: Bad credentials"),
        (error(403, "Resource not accessible by integration"), "add the scope under `permissions` of the job"),
        (error(500, "Server Error"), "GitHub answers 500"),
    ] {
        let step = Step::new();
        step.github.state().add_audit();
        step.github.fail("GET", "/actions/workflows", 99, reply);
        step.run(&LATEST).is(3).says("error: GitHub could not be read").says(said);
        assert_eq!(step.outputs(), "");
    }
    let step = Step::new();
    step.find(5).is(3).says("GitHub answers 404");
}

#[test]
fn what_is_missing_or_wrong_on_the_command_line_is_told_before_anything_is_asked() {
    let step = Step::new();
    step.run(&["github", "find-run"]).is(2);
    step.run(&["github", "find-run", "--latest", "--run-id", "5"]).is(2);
    for (name, value) in [("GITHUB_REPOSITORY", ""), ("GITHUB_TOKEN", ""), ("GITHUB_REPOSITORY", "acme/ops/../x")] {
        ended(step.command(&LATEST).env(name, value)).is(2).says(name);
    }
    ended(step.command(&LATEST).env("GITHUB_TOKEN", "two words")).is(2).says("GITHUB_TOKEN is not a token");
    ended(step.command(&LATEST).env("GITHUB_API_URL", "http://api.github.example"))
        .is(3)
        .says("neither https nor on this machine");
    assert!(step.github.log().is_empty());
}

#[test]
fn a_misspelt_workflow_is_an_error_and_a_first_run_is_not() {
    let step = Step::new();
    let misspelt = ["github", "find-run", "--latest", "--workflow=drift-audti.yml"];
    step.run(&misspelt).is(3).says("there is no workflow drift-audti.yml on the default branch").says("audit-workflow");
    for which in ["--latest", "--baseline"] {
        step.run(&["github", "find-run", which]).is(0).says("the first audit has no baseline");
    }
}

#[test]
fn of_two_attempts_the_last_ones_artifact_counts_whatever_its_id() {
    let read = |text: &str| -> Vec<Value> { serde_json::from_str(text).expect("JSON") };
    let step = Step::new();
    {
        let mut state = step.github.state();
        state.runs = read(include_str!("../../cases/artifacts_of_two_attempts/runs.json"));
        state.artifacts = read(include_str!("../../cases/artifacts_of_two_attempts/artifacts.json"));
        state.runs[0]["repository"]["full_name"] = REPOSITORY.into();
        state.runs[0]["head_repository"]["full_name"] = REPOSITORY.into();
    }
    step.run(&LATEST).is(0).says("artifact g-gremlin-audit-900-2");
    step.find(900).is(0).says("artifact g-gremlin-audit-900-2");
    // The last attempt failed and left nothing: what the first one left is of another time.
    step.github.state().artifacts.pop();
    step.find(900).is(4).says("none of them is `g-gremlin-audit…` from its last attempt");
    step.run(&LATEST).is(0).says("no baseline");
}

/// Adds an audit run that started at this minute.
fn add_at(step: &Step, minute: u64, suffix: &str) -> u64 {
    let mut state = step.github.state();
    let (run, _) = state.add_audit();
    state.runs.last_mut().expect("a run")["run_started_at"] = format!("2026-04-17T22:{minute:02}:00Z").into();
    let artifact = state.artifacts.last_mut().expect("an artifact");
    artifact["name"] = format!("g-gremlin-audit-{run}-1{suffix}").into();
    run
}

#[test]
fn a_run_that_broke_the_limit_of_new_issues_is_not_a_baseline_and_the_newest_all_the_same() {
    let step = Step::new();
    let green = add_at(&step, 10, "");
    let red = add_at(&step, 20, "-not-a-baseline");
    let also_red = add_at(&step, 30, "-not-a-baseline");
    step.run(&["github", "find-run", "--baseline"]).is(0).says(&format!("Run {green} of"));
    step.run(&LATEST).is(0).says(&format!("Run {also_red} of"));
    let accepted = add_at(&step, 40, "");
    step.run(&["github", "find-run", "--baseline"]).is(0).says(&format!("Run {accepted} of"));
    assert!(green < red);
}

#[test]
fn runs_count_by_the_time_at_which_they_started_not_by_their_ids() {
    let step = Step::new();
    let run_again = add_at(&step, 50, "");
    let later_id = add_at(&step, 20, "");
    assert!(run_again < later_id);
    step.run(&LATEST).is(0).says(&format!("Run {run_again} of 2026-04-17T22:50:00Z"));
    step.run(&["github", "find-run", "--baseline"]).is(0).says(&format!("Run {run_again} of"));
    // The run that asks is not its own predecessor.
    ended(step.command(&LATEST).env("GITHUB_RUN_ID", run_again.to_string())).is(0).says(&format!("Run {later_id} of"));
}

#[test]
fn a_baseline_that_has_expired_is_an_error_and_never_a_first_run() {
    let step = Step::new();
    add_at(&step, 10, "");
    step.github.state().artifacts[0]["expired"] = true.into();
    let red = add_at(&step, 20, "-not-a-baseline");
    let asked = ["github", "find-run", "--baseline"];
    step.run(&asked).is(3).says("there is no usable baseline").says("has expired").says("accept-new");
    step.github.state().artifacts.remove(0);
    step.run(&asked).is(3).says(&format!("no run up to {red} is within the limits"));
    step.run(&LATEST).is(0).says(&format!("Run {red} of"));
}
