//! The steps of the Action, one after the other, as `action.yml` runs them: what a pull request is told, and how it ends.

use super::{Ended, Step, ended};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const CONFIG: &str = "version: 1
zendesk: { subdomain: acme }
salesforce: { accounts_csv: salesforce_accounts.csv }
thresholds: { max_total_issues: 200, max_new_issues: 5 }
suppressions:
  - { code: org_domain_attached_elsewhere, sf_account_id: \"001ACME003\", reason: shared, expires: 2099-12-31 }
";

fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo").join(name)
}

fn reference() -> String {
    std::fs::read_to_string(demo("salesforce_accounts.csv")).expect("the demo's reference")
}

/// A repository with a configuration, a reference and a snapshot beside it.
struct Repository {
    step: Step,
}

/// What is left after the three steps.
struct Answered {
    code: String,
    summary: String,
    annotations: String,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { step: Step::new() };
        let snapshot = repository.path("snapshot");
        std::fs::create_dir(&snapshot).expect("a folder");
        for name in [
            "account_settings.json",
            "organization_memberships.ndjson",
            "organizations.ndjson",
            "tickets.ndjson",
            "users.ndjson",
        ] {
            std::fs::copy(demo(name), snapshot.join(name)).expect("copied");
        }
        std::fs::create_dir(repository.path("checkout")).expect("a folder");
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit(&[("gremlin.zendesk_drift.yaml", CONFIG), ("salesforce_accounts.csv", &reference())]);
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.step.folder.path().join(name)
    }

    fn git(&self, args: &[&str]) -> String {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").current_dir(self.path("checkout")).args(identity).args(args).output();
        let output = output.expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    fn commit(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            std::fs::write(self.path("checkout").join(name), text).expect("written");
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "change"]);
    }

    /// Checks the merge of these files out, as GitHub does for a pull request.
    fn merge(&self, files: &[(&str, &str)]) {
        self.git(&["checkout", "--quiet", "-B", "change", "main"]);
        self.commit(files);
        self.git(&["checkout", "--quiet", "-B", "merge", "main"]);
        self.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "change"]);
    }

    fn step(&self, args: &[&str], inputs: &Value) -> Ended {
        let mut command = self.step.command(&[&["github", "action"], args].concat());
        let work = self.path("work");
        std::fs::create_dir_all(&work).expect("a folder");
        command
            .current_dir(self.path("checkout"))
            .env("GITHUB_WORKSPACE", self.path("checkout"))
            .env("GITHUB_SHA", self.git(&["rev-parse", "HEAD"]))
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary.md"))
            .env("WORK", work)
            .env("INPUTS", inputs.to_string());
        ended(&mut command).is(0)
    }

    fn run(&self, inputs: &Value) -> Answered {
        for name in ["output", "summary.md"] {
            let _ = std::fs::remove_file(self.path(name));
        }
        let _ = std::fs::remove_dir_all(self.path("work"));
        self.step(&["prepare"], inputs);
        if self.output("exit-code") == "0" {
            self.step(&["run"], inputs);
        }
        let report = self.step(&["report"], inputs);
        let summary = std::fs::read_to_string(self.path("summary.md")).unwrap_or_default();
        Answered { code: self.output("exit-code"), summary, annotations: report.out }
    }

    /// The last value of an output.
    fn output(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.path("output")).unwrap_or_default();
        let value = text.lines().rev().find_map(|line| line.strip_prefix(&format!("{name}=")));
        value.unwrap_or_default().to_owned()
    }

    /// What a pull request with these files is told.
    fn check(&self, files: &[(&str, &str)]) -> Answered {
        self.merge(files);
        self.run(&json!({ "command": "diff", "snapshot": self.path("snapshot") }))
    }

    fn config(&self, text: &str) -> Answered {
        self.check(&[("gremlin.zendesk_drift.yaml", text)])
    }
}

impl Answered {
    /// The headline begins so, a row of the table holds this, and the check ends so.
    #[track_caller]
    fn is(&self, headline: &str, row: &str, code: &str) -> &Self {
        let first = self.summary.lines().next().unwrap_or_default();
        assert!(first.starts_with(&format!("## {headline}")), "{headline}\n{}\n{}", self.summary, self.annotations);
        let found = self.summary.lines().any(|line| line.starts_with('|') && line.contains(row));
        assert!(found, "no row {row:?} in\n{}", self.summary);
        assert_eq!(self.code, code, "{}", self.summary);
        self
    }
}

const WEAKER: &str = "🟡 This change: it hides or allows more than before; ";
const HARMLESS: &str = "🔵 This change: it hides nothing and allows nothing more; ";
const TARGET: &str = "🔴 This change: it names another target";

#[test]
fn a_pull_request_is_told_what_it_changes_in_the_configuration() {
    let repository = Repository::new();
    let replaced = |from: &str, to: &str| {
        assert!(CONFIG.contains(from), "{from}");
        repository.config(&CONFIG.replace(from, to))
    };
    let with = |more: &str| repository.config(&format!("{CONFIG}{more}"));

    replaced("subdomain: acme", "base_url: https://evil.example").is(
        TARGET,
        "🔴 | zendesk | `https://acme.zendesk.com` | `https://evil.example`",
        "1",
    );
    replaced("subdomain: acme", "subdomain: other").is(TARGET, "🔴 | zendesk", "1");
    replaced("max_total_issues: 200, ", "").is(WEAKER, "🟡 | thresholds.max_total_issues | 200 | no limit", "0");
    replaced("max_total_issues: 200", "max_total_issues: 2000").is(
        WEAKER,
        "🟡 | thresholds.max_total_issues | 200 | 2,000",
        "0",
    );
    replaced("max_total_issues: 200", "max_total_issues: 20").is(
        HARMLESS,
        "🔵 | thresholds.max_total_issues | 200 | 20",
        "0",
    );
    with("apply: { max_actions: 5000 }\n").is(WEAKER, "🟡 | apply.max_actions | 25 | 5,000", "0");
    with("apply: { max_plan_age_hours: 2000 }\n").is(WEAKER, "🟡 | apply.max_plan_age_hours | 168 | 2,000", "0");
    with("apply: { actions: [add_org_domain] }\n").is(HARMLESS, "🔵 | apply.actions |", "0");
    with("users: { roles: [agent] }\n").is(WEAKER, "🟡 | users.roles |", "0");
    with("tickets: { lookback_days: 7 }\n").is(WEAKER, "🟡 | tickets.lookback_days | 30 | 7", "0");
    with("domains: { personal: [acme-retail.example] }\n").is(
        WEAKER,
        "🟡 | domains.personal |  | `+ acme-retail.example`",
        "0",
    );
    with("domains: { ignored: [acme-retail.example] }\n").is(WEAKER, "🟡 | domains.ignored |", "0");
    let silences = with("  - { code: org_duplicate_external_id, reason: known }\n");
    silences.is(
        WEAKER,
        "🟡 | suppressions `every org_duplicate_external_id` | `none` | `without an end date: known`",
        "0",
    );
    assert!(silences.summary.contains("### Its own suppressions would"), "{}", silences.summary);
    let (head, _) = CONFIG.split_once("suppressions:").expect("there");
    repository.config(head).is(HARMLESS, "🔵 | suppressions `org_domain_attached_elsewhere (account 001ACME003)`", "0");
    assert!(repository.step.github.writes().is_empty());
}

#[test]
fn a_pull_request_is_told_what_it_changes_in_the_reference() {
    let repository = Repository::new();
    let (config, csv) = ("gremlin.zendesk_drift.yaml", "salesforce_accounts.csv");
    let added = format!("{}001ACME900,Acme Newcomer,newcomer.example,,,\n", reference());
    let answered = repository.check(&[(csv, &added)]);
    answered.is(HARMLESS, "🔵 | reference: accounts added |  | `001ACME900 Acme Newcomer`", "0");
    answered.is(HARMLESS, "🔵 | accounts in the audit | 9 | 10", "0");
    let removed: String =
        reference().lines().filter(|line| !line.starts_with("001ACME009")).map(|line| format!("{line}\n")).collect();
    let answered = repository.check(&[(csv, &removed)]);
    answered.is(WEAKER, "🟡 | reference: accounts removed | `001ACME009", "0");
    answered.is(WEAKER, "🟡 | accounts in the audit | 9 | 8", "0");
    // The limit of new issues is the one from before the change, which cannot raise it.
    let many: String = (0..9).map(|n| format!("001ACME90{n},Newcomer {n},newcomer{n}.example,,,\n")).collect();
    let raised = CONFIG.replace("max_new_issues: 5", "max_new_issues: 500");
    let answered = repository.check(&[(config, &raised), (csv, &format!("{}{many}", reference()))]);
    answered.is(
        "🔴 This change: a threshold is breached: 9 new issues",
        "🟡 | thresholds.max_new_issues | 5 | 500",
        "1",
    );
}

#[test]
fn a_pull_request_that_changes_nothing_of_it_passes_in_silence_and_one_of_words_is_green() {
    let repository = Repository::new();
    let untouched = repository.check(&[("README.md", "words")]);
    assert_eq!((untouched.code.as_str(), untouched.summary.as_str()), ("0", ""));
    let words = repository.config(&format!("{CONFIG}# words\n"));
    words.is("🟢 This change: no effect on any finding", "|  | accounts in the audit | 9 | 9", "0");
    assert!(words.summary.contains("on the same snapshot of Zendesk, taken `20"), "{}", words.summary);
}

#[test]
fn a_broken_side_is_shown_beside_its_line_and_a_repair_of_one_passes() {
    let repository = Repository::new();
    let broken = repository.config(&CONFIG.replace("thresholds:", "treshholds:"));
    assert_eq!(broken.code, "2");
    assert!(
        broken.annotations.contains("::error file=gremlin.zendesk_drift.yaml,line=4,title="),
        "{}",
        broken.annotations
    );
    assert!(
        broken.summary.contains("the configuration cannot be used\n  caused by: gremlin.zendesk_drift.yaml: line 4"),
        "{}",
        broken.summary
    );

    let row = format!("{}001ACME009,Other,other.example,,,\n", reference());
    let twice = repository.check(&[("salesforce_accounts.csv", &row)]);
    assert_eq!(twice.code, "2");
    assert!(twice.annotations.contains("::error file=salesforce_accounts.csv,line=11,title="), "{}", twice.annotations);

    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit(&[("salesforce_accounts.csv", &row)]);
    let repaired = repository.check(&[("salesforce_accounts.csv", &reference())]);
    assert_eq!(repaired.code, "0", "{}", repaired.summary);
    assert!(repaired.summary.starts_with("## 🔵 This change: it adds"), "{}", repaired.summary);
}

#[test]
fn in_a_repository_that_is_not_private_the_table_holds_no_values() {
    let repository = Repository::new();
    std::fs::write(repository.path("event.json"), r#"{"repository":{"private":false},"pull_request":{"number":7}}"#)
        .expect("written");
    let answered = repository.config(&CONFIG.replace("subdomain: acme", "subdomain: other"));
    answered.is(TARGET, "🔴 | zendesk | (hidden) | (hidden) |", "1");
    let csv = format!("{}001ACME900,Acme Newcomer,newcomer.example,,,\n", reference());
    let answered = repository.check(&[("salesforce_accounts.csv", &csv)]);
    answered.is(HARMLESS, "🔵 | reference: accounts added |  | (hidden) |", "0");
    assert!(
        !answered.summary.contains("Newcomer") && !answered.annotations.contains("001ACME"),
        "{}",
        answered.summary
    );
}

#[test]
fn an_input_that_cannot_be_used_ends_with_two_and_says_which() {
    let repository = Repository::new();
    let answered = repository.run(&json!({ "command": "apply", "apply": "yes", "plan": "fix_plan.json" }));
    assert_eq!(answered.code, "2");
    assert!(answered.annotations.contains("the input apply must be true or false"), "{}", answered.annotations);
    assert!(answered.summary.contains("the input apply must be true or false"), "{}", answered.summary);
}

#[test]
fn a_program_that_was_ended_is_never_a_success() {
    let repository = Repository::new();
    let inputs = json!({ "command": "doctor" });
    repository.step(&["prepare"], &inputs);
    let report = repository.step(&["report"], &inputs);
    assert_eq!(repository.output("exit-code"), "3");
    assert!(report.out.contains("killed before it could report a result"), "{}", report.out);
}

#[test]
fn an_audit_keeps_the_tracking_issue_and_a_failed_one_leaves_it_as_it_is() {
    let repository = Repository::new();
    let snapshot = repository.path("snapshot");
    let audit = |snapshot: &Path, issue: &str| json!({ "command": "audit", "snapshot": snapshot, "issue": issue, "thresholds": "max_total_issues=0" });
    let writes = || repository.step.github.writes();

    let inputs = audit(&snapshot, "true");
    assert_eq!(repository.run(&inputs).code, "1");
    repository.step(&["report", "--post"], &inputs).says("tracking issue: opened");
    assert_eq!(writes(), ["POST /issues"]);

    let inputs = audit(&snapshot, "false");
    assert_eq!(repository.run(&inputs).code, "1");
    repository.step(&["report", "--post"], &inputs);
    let inputs = audit(Path::new("nowhere"), "true");
    assert_eq!(repository.run(&inputs).code, "2");
    repository.step(&["report", "--post"], &inputs);
    assert_eq!(writes(), ["POST /issues"], "one that is off, and one that failed");
}
