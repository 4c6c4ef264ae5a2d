//! `report` from outside: the rendered pages of both fixtures as they are committed, where each goes, what later steps of a
//! workflow learn, and what nobody may read in public.

mod public;

use crate::apply::stage::Stage;
use crate::fake_zendesk::{Fault, FaultKind};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a step of a workflow has in its environment.
const WORKFLOW: [(&str, &str); 3] = [
    ("GITHUB_SERVER_URL", "https://github.com"),
    ("GITHUB_REPOSITORY", "acme/support-identity"),
    ("GITHUB_RUN_ID", "9876543210"),
];

fn expected(fixture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(fixture).join("expected")
}

/// The program with nothing in its environment that it looks at.
fn gremlin() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
    for (name, _) in std::env::vars() {
        if ["GITHUB_", "GREMLIN_", "ZENDESK_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env_remove("CI").env_remove("NO_COLOR").args(["zendesk", "drift"]);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn stdout(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    assert!(status.success(), "{}", text(&stderr));
    text(&stdout)
}

#[test]
fn the_reports_of_both_fixtures_are_the_committed_ones() {
    for fixture in ["demo", "all_codes"] {
        let folder = expected(fixture);
        for (target, name) in [
            ("terminal", "terminal.txt"),
            ("job-summary", "job_summary.md"),
            ("comment", "comment.md"),
            ("annotations", "annotations.txt"),
        ] {
            let mut command = gremlin();
            command.args(["report", "--to", target, "--artifact-name", "g-gremlin-audit-9876543210-1"]).arg(&folder);
            let rendered = stdout(command.envs(WORKFLOW));
            let path = folder.parent().expect("a fixture").join("expected_report").join(name);
            if std::env::var_os("G_GREMLIN_BLESS").is_some() {
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                std::fs::write(&path, &rendered).expect("written");
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(rendered, committed, "refresh it with: G_GREMLIN_BLESS=1 cargo test --test it report");
        }
    }
}

#[test]
fn a_job_summary_is_appended_as_long_as_the_step_has_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let summary = folder.path().join("summary");
    let report = || {
        let mut command = gremlin();
        command.args(["report", "--to", "job-summary"]).arg(expected("demo")).env("GITHUB_STEP_SUMMARY", &summary);
        command.output().expect("the program runs")
    };
    assert_eq!(text(&report().stdout), "");
    let once = std::fs::read_to_string(&summary).expect("a summary");
    assert!(once.starts_with("## 🟡 Drift audit: 13 issues; no threshold is set\n"), "{once}");
    report();
    assert_eq!(std::fs::read_to_string(&summary).expect("a summary"), format!("{once}\n\n{once}"));

    let nearly_full = "x".repeat((1 << 20) - 100);
    std::fs::write(&summary, &nearly_full).expect("written");
    let told = report();
    assert!(text(&told.stderr).contains("note: the step's summary is full"), "{}", text(&told.stderr));
    assert_eq!(std::fs::read_to_string(&summary).expect("a summary"), nearly_full, "and nothing is lost");
}

#[test]
fn a_command_that_left_nothing_has_a_report_too() {
    for (code, command, says) in [
        ("3", "audit", "## 🔴 Drift audit: Zendesk or GitHub could not be read, or the local disk failed\n"),
        (
            "2",
            "diff",
            "## 🔴 Check of the change: the command line, the configuration or an input file cannot be used\n",
        ),
        ("4", "apply", "## 🔴 Apply: refused for safety\n"),
        ("130", "apply", "## 🔴 Apply: interrupted\n"),
        ("137", "audit", "## 🔴 Drift audit: the program broke off\n"),
        ("1", "doctor", "## 🔴 Doctor: a check fails\n"),
        ("0", "doctor", "## 🟢 Doctor: an audit can run\n"),
    ] {
        let args = ["report", "--failed", code, "--command", command, "--to", "job-summary", "--to", "annotations"];
        let out = stdout(gremlin().args(args));
        assert!(out.starts_with(says), "{out}");
        assert!(out.contains(&format!("Exit code **{code}**.")), "{out}");
        let level = if says.contains('🔴') { "::error title=" } else { "::notice title=" };
        assert!(out.lines().last().is_some_and(|line| line.starts_with(level)), "{out}");
    }
}

#[test]
fn a_folder_that_is_none_or_was_changed_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = |path: &Path| {
        let output = gremlin().arg("report").arg(path).output().expect("the program runs");
        (output.status.code(), text(&output.stderr))
    };
    let (code, told) = report(&folder.path().join("nowhere"));
    assert!(code == Some(2) && told.contains("\n  caused by: there is no such folder\n"), "{told}");
    let (code, told) = report(folder.path());
    assert!(code == Some(2) && told.contains("it is no run folder of an audit: it has no receipt.json"), "{told}");
    for entry in std::fs::read_dir(expected("demo")).expect("files") {
        let entry = entry.expect("a file");
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copied");
    }
    let summary = folder.path().join("summary.json");
    let changed = std::fs::read_to_string(&summary)
        .expect("text")
        .replace("\"total_issue_count\": 13", "\"total_issue_count\": 0");
    std::fs::write(&summary, changed).expect("written");
    let (code, told) = report(folder.path());
    assert!(code == Some(2) && told.contains("summary.json was changed"), "{told}");
}

#[test]
fn as_json_the_verdict_is_data() {
    let out = stdout(gremlin().args(["report", "--format", "json"]).arg(expected("demo")));
    let data: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&data["kind"], &data["total_issue_count"]), (&"audit".into(), &13.into()));
    assert_eq!(data["plan_hash"].as_str().map(str::len), Some(64));
    let args = ["report", "--format", "json", "--to", "annotations"];
    let refused = gremlin().args(args).arg(expected("demo")).output().expect("the program runs");
    assert_eq!(refused.status.code(), Some(2));
}

/// The outputs in the file, by name.
fn outputs(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).expect("outputs");
    let pairs = text.lines().map(|line| line.split_once('=').expect("name=value"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn of(outputs: &[(String, String)], name: &str) -> String {
    outputs.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name} in {outputs:?}")).1.clone()
}

#[test]
fn later_steps_learn_what_an_audit_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("output");
    let mut command = gremlin();
    command.args(["audit", "--demo", "--quiet", "--out", "runs", "--github-output", "output"]).current_dir(&folder);
    let status = command.args(["--threshold", "max_total_issues=1", "--threshold", "max_by_risk.critical=0"]).status();
    assert_eq!(status.expect("it runs").code(), Some(1), "a breach is told as well");
    let outputs = outputs(&path);
    let names: Vec<&str> = outputs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "run-dir",
            "plan-hash",
            "total-issues",
            "prepared-actions",
            "blocked-actions",
            "breached",
            "new-issues",
            "upload"
        ]
    );
    let run = PathBuf::from(of(&outputs, "run-dir"));
    assert!(run.is_absolute() && run.join("receipt.json").exists(), "{run:?}");
    let counts = ["total-issues", "prepared-actions", "blocked-actions", "new-issues"].map(|name| of(&outputs, name));
    assert_eq!(counts, ["13", "5", "4", ""]);
    assert_eq!(of(&outputs, "breached"), "max_total_issues,max_by_risk.critical");
    assert_eq!(of(&outputs, "upload"), "true");
}

#[test]
fn later_steps_learn_what_an_apply_did_and_the_receipt_is_where_out_says() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.add_fault(Fault::on_writes(FaultKind::json_error(422)).nth(2));
    let args = Stage::live(&plan, &["--out", "elsewhere", "--github-output", "output", "--max-actions", "3"]);
    let output = stage.command(&args.iter().map(String::as_str).collect::<Vec<_>>()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let outputs = outputs(&stage.path().join("output"));
    let run = PathBuf::from(of(&outputs, "run-dir"));
    assert!(run.join("apply_receipt.json").exists() && run.join("journal.ndjson").exists(), "{run:?}");
    assert!(run.parent().is_some_and(|root| root.ends_with("elsewhere")), "{run:?}");
    assert!(stage.runs("_apply").is_empty(), "nothing is left in the configuration's root");
    assert_eq!(of(&outputs, "plan-hash"), plan.hash);
    let receipt: Value =
        serde_json::from_slice(&std::fs::read(run.join("apply_receipt.json")).expect("a receipt")).expect("JSON");
    for (name, count) in
        [("applied", "applied"), ("skipped", "skipped"), ("failed", "failed"), ("blocked-actions", "blocked")]
    {
        assert_eq!(of(&outputs, name), receipt["counts"][count].to_string(), "{name}");
    }
    assert_eq!(of(&outputs, "failed"), "1");

    // The failure comes first; names and targets are those of the plan.
    let mut command = stage.command(&["report", "--to", "job-summary", "--to", "annotations"]);
    let page = stdout(command.arg(&run));
    assert!(page.starts_with("## 🔴 Apply: 1 action failed, 2 applied\n"), "{page}");
    let first = page.lines().find(|line| line.contains("`A0") && line.starts_with("| ")).expect("an action");
    assert!(first.starts_with("| 🔴 failed, answer 422, request `"), "{first}");
    assert!(page.contains("| blank → `"), "{page}");
    assert!(page.contains("::error title=Apply%3A 1 action failed%2C 2 applied::"), "{page}");
    assert!(page.contains("cap_max_actions"), "{page}");

    // The audit's folder says that its plan was applied.
    let audit = stage.path().join(&plan.path);
    let mut command = stage.command(&["report", "--to", "job-summary"]);
    let page = stdout(command.arg(audit.parent().expect("a run")));
    assert!(page.contains("\n**It was applied** in `"), "{page}");
}
