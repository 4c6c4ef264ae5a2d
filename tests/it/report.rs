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
        ("2", "diff", "## 🔴 Check of the change: the command line, the configuration or an input file is invalid\n"),
        ("4", "apply", "## 🔴 Apply: refused for safety\n"),
        ("130", "apply", "## 🔴 Apply: interrupted\n"),
        ("137", "audit", "## 🔴 Drift audit: the program crashed\n"),
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
    assert!(code == Some(2) && told.contains("\n  caused by: there is no folder "), "{told}");
    let (code, told) = report(folder.path());
    assert!(code == Some(2) && told.contains("it is not a run folder of an audit: it has no receipt.json"), "{told}");
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
fn a_changed_view_is_a_notice_and_is_not_used() {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(expected("demo")).expect("files") {
        let entry = entry.expect("a file");
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copied");
    }
    let report = || gremlin().arg("report").arg(folder.path()).output().expect("the program runs");
    let whole = report();
    let unmapped = "The most frequent domains that no account expects: ";
    assert!(text(&whole.stdout).contains(unmapped), "{}", text(&whole.stdout));
    assert!(!text(&whole.stderr).contains("changed since"), "{}", text(&whole.stderr));
    let view = folder.path().join("advisories.csv");
    let changed = std::fs::read_to_string(&view).expect("text").replace("domain_unmapped", "domain_mapped");
    std::fs::write(&view, changed).expect("written");
    let told = report();
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    assert!(
        text(&told.stderr).contains("changed since the audit, and not used here: advisories.csv in "),
        "{}",
        text(&told.stderr)
    );
    let (told, whole) = (text(&told.stdout), text(&whole.stdout));
    assert!(!told.contains(unmapped) && told.contains("Advisories: 1 domain_unmapped"), "{told}");
    let without: Vec<&str> = whole.lines().filter(|line| !line.contains(unmapped)).collect();
    assert_eq!(told.lines().collect::<Vec<_>>(), without, "all else comes from the data");
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
            "resolved-issues",
            "lost-accounts",
            "upload"
        ]
    );
    let run = PathBuf::from(of(&outputs, "run-dir"));
    assert!(run.is_absolute() && run.join("receipt.json").exists(), "{run:?}");
    let names =
        ["total-issues", "prepared-actions", "blocked-actions", "new-issues", "resolved-issues", "lost-accounts"];
    let counts = names.map(|name| of(&outputs, name));
    assert_eq!(counts, ["13", "5", "4", "", "", ""], "nothing is new, resolved or lost without a baseline");
    assert_eq!(of(&outputs, "breached"), "max_total_issues,max_by_risk.critical");
    assert_eq!(of(&outputs, "upload"), "true");
}

/// Two audits of the same snapshot: of all_codes, and of a change that drops one account, brings another, and would silence
/// what it brings.
fn before_and_after(folder: &Path) -> [PathBuf; 2] {
    let fixture = expected("all_codes").parent().expect("a fixture").to_owned();
    let read = |name: &str| std::fs::read_to_string(fixture.join(name)).expect("a file of the fixture");
    let (yaml, csv) = (read("gremlin.zendesk_drift.yaml"), read("salesforce_accounts.csv"));
    let yaml = format!("{yaml}thresholds:\n  max_total_issues: 10\n");
    std::fs::write(folder.join("before.yaml"), &yaml).expect("written");
    std::fs::write(folder.join("salesforce_accounts.csv"), &csv).expect("written");
    let more = "suppressions:\n  - code: account_missing_zendesk_org\n    sf_account_id: 001CASE099\n    reason: in the next quarter\n";
    let yaml = yaml.replace("salesforce_accounts.csv", "changed.csv").replace("suppressions:\n", more);
    std::fs::write(folder.join("after.yaml"), yaml).expect("written");
    let kept: String =
        csv.lines().filter(|line| !line.contains("Mangled Case")).map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.join("changed.csv"), format!("{kept}001CASE099,New @octocat | Co,new.example,,,,\n"))
        .expect("written");
    let audit = |config: &str, out: &str, more: &[&str]| {
        let mut command = gremlin();
        command
            .args(["audit", "--quiet", "--config", config, "--out", out, "--as-of", "2026-04-17T22:15:30Z"])
            .args(more);
        let code = command.arg("--snapshot").arg(&fixture).current_dir(folder).status().expect("it runs").code();
        assert_eq!(code, Some(1), "max_total_issues is exceeded before and after");
        folder.join(out).join("20260417_221530Z_audit")
    };
    let before = audit("before.yaml", "before", &[]);
    let baseline = before.display().to_string();
    let more = ["--baseline", &baseline, "--suppressions-from", "before.yaml", "--github-output", "audit.txt"];
    [audit("after.yaml", "after", &more), before]
}

#[test]
fn a_change_is_told_by_what_it_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let [after, before] = before_and_after(folder.path());
    let mut command = gremlin();
    command.args(["report", "--command", "diff", "--to", "comment", "--to", "annotations", "--baseline"]);
    let page = stdout(command.arg(&before).arg(&after));
    assert!(
        page.starts_with(
            "## 🟡 This change: it hides or allows more than before; 1 new issue, 0 resolved, 1 left the reference\n"
        ),
        "{page}"
    );
    for part in [
        "| prepared actions | 21 | **19** |",
        "\nBoth versions were audited on the same snapshot of Zendesk, taken `2026-04-17T22:15:30Z`, ",
        " days ago. Both use the suppressions from before the change.\n",
        "\n### New issues: 1\n",
        "| `account_missing_zendesk_org` | medium | `001CASE099` `New @octocat \\| Co` | `No org has",
        "\n### Issues of accounts that left the reference: 1\n",
        "| − prepared | `add_org_domain` | `0015G00000QWERTAAV` `Mangled Case` | org 1060 `mangled-add.example` |  |\n",
        "\n### Its own suppressions would hide 1 issue\n",
        "| `in the next quarter` |\n",
        "::warning title=This change%3A it hides or allows more than before; 1 new issue%2C 0 resolved%2C 1 left the reference::",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    let mut command = gremlin();
    command.args(["report", "--command", "diff", "--to", "job-summary", "--exit-code", "1", "--baseline"]);
    let page = stdout(command.arg(&before).arg(&after));
    assert!(
        page.starts_with("## 🔴 This change: a threshold is breached: 1 new issue, 0 resolved, 1 left the reference\n"),
        "{page}"
    );

    // As an audit with a baseline, it has counts by code.
    let page = stdout(gremlin().args(["report", "--to", "job-summary", "--baseline"]).arg(&before).arg(&after));
    assert!(page.contains("\nSince the baseline `20260417_221530Z_audit`: **1 new**, 0 resolved, 1 with another status, 1 left the reference with their accounts.\n"), "{page}");
    assert!(page.contains("| `account_missing_zendesk_org` | medium | 8 | **+1** new |\n"), "{page}");
    assert!(page.contains("| `org_missing_expected_domain` | medium | 7 | −1 left the reference |\n"), "{page}");

    // Nothing changes by itself.
    let page = stdout(
        gremlin().args(["report", "--command", "diff", "--to", "comment", "--baseline"]).arg(&after).arg(&after),
    );
    assert!(page.starts_with("## 🟢 This change: no effect on any finding\n"), "{page}");
    let alone = gremlin().args(["report", "--command", "diff"]).arg(&after).output().expect("it runs");
    assert_eq!(alone.status.code(), Some(2), "a change needs two runs");
    let other = gremlin().arg("report").arg(&after).arg("--baseline").arg(expected("demo")).output().expect("it runs");
    assert!(other.status.code() == Some(2), "{}", text(&other.stderr));
}

#[test]
fn limits_that_were_exceeded_before_a_change_are_told_and_do_not_decide() {
    let folder = tempfile::tempdir().expect("a folder");
    let [after, before] = before_and_after(folder.path());
    let told = |code: &str| {
        let mut command = gremlin();
        command.args(["report", "--command", "diff", "--to", "comment", "--to", "annotations", "--exit-code", code]);
        stdout(command.arg("--baseline").arg(&before).arg(&after))
    };
    let page = told("0");
    assert!(
        page.starts_with(
            "## 🟡 This change: it hides or allows more than before; 1 new issue, 0 resolved, 1 left the reference\n"
        ),
        "{page}"
    );
    assert!(!page.contains("a threshold is breached") && !page.contains("::error"), "{page}");
    let (_, table) = page.split_once("\n### Limits that are exceeded after the change\n").expect("told all the same");
    assert!(table.contains("| threshold | limit | before | after |\n"), "{page}");
    assert!(table.contains("| `max_total_issues` | 10 |"), "{page}");
    assert!(!page.contains("further back than the snapshot"), "{page}");
    assert!(
        told("1")
            .starts_with("## 🔴 This change: a threshold is breached: 1 new issue, 0 resolved, 1 left the reference\n")
    );
}

#[test]
fn later_steps_learn_how_many_issues_are_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let [after, before] = before_and_after(folder.path());
    assert_eq!(of(&outputs(&folder.path().join("audit.txt")), "new-issues"), "1");
    let mut command = gremlin();
    command.args(["diff", "--quiet", "--threshold", "max_new_issues=0", "--github-output", "diff.txt", "--base"]);
    let status = command.arg(&before).arg("--head").arg(&after).current_dir(&folder).status().expect("it runs");
    assert_eq!(status.code(), Some(1));
    let outputs = outputs(&folder.path().join("diff.txt"));
    assert_eq!((of(&outputs, "new-issues"), of(&outputs, "breached")), ("1".to_owned(), "max_new_issues".to_owned()));
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

#[test]
fn a_report_of_an_apply_finds_its_plan_from_anywhere_and_says_when_there_is_none() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let dry = stage.command(&["apply", "--plan", &plan.path, "--max-actions", "4"]).output().expect("it runs");
    assert!(dry.status.success(), "{}", text(&dry.stderr));
    let [run] = &stage.runs("_apply")[..] else { panic!("one apply") };
    let elsewhere = tempfile::tempdir().expect("a folder");
    let report = |more: &[&str]| {
        let mut command = gremlin();
        command.envs(WORKFLOW).env("GREMLIN_ALLOW_PUBLIC_ARTIFACTS", "true").args(["report", "--to", "job-summary"]);
        stdout(command.args(more).arg(run).current_dir(&elsewhere))
    };
    let page = report(&[]);
    assert!(page.contains("| blank → `") && !page.contains("The plan is neither"), "{page}");
    assert!(page.contains("again with the same audit run, hash and caps (at most 4 actions and "), "{page}");

    let page = report(&["--apply-follows"]);
    assert!(
        page.contains("\n**This workflow run can apply the plan next.**") && page.contains("at most 4 actions and "),
        "{page}"
    );
    assert!(!page.contains("live=true"), "{page}");

    let audit = stage.path().join(&plan.path);
    std::fs::remove_file(&audit).expect("there");
    let page = report(&[]);
    assert!(!page.contains("| blank → `"), "{page}");
    assert!(page.contains("\n### Actions\n\nThe plan is neither at the path in the receipt nor next to"), "{page}");
}
