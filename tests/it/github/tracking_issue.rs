//! The one tracking issue of a Zendesk.

use super::{Ended, Step};
use crate::fake_github::{BOT, error};
use crate::fake_zendesk::reply::Reply;
use std::path::PathBuf;

const MARKER: &str = "<!-- g-gremlin:sticky v1 key=default -->";
const ACCOUNTS: &str = "sf_account_id,account_name,account_domains\nA1,Acme,acme.example\n";

impl Step {
    /// Audits a Zendesk of one org; its run folder. Without its id the org is a finding.
    fn audited(&self, name: &str, linked: bool, more: &[&str]) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let id = if linked { "\"A1\"" } else { "null" };
        let org = format!("{{\"id\":1,\"name\":\"Acme\",\"external_id\":{id},\"domain_names\":[\"acme.example\"]}}\n");
        for (file, text) in [
            ("organizations.ndjson", org.as_str()),
            ("users.ndjson", ""),
            ("organization_memberships.ndjson", ""),
            ("tickets.ndjson", ""),
        ] {
            std::fs::write(folder.join(file), text).expect("written");
        }
        let accounts = self.folder.path().join("accounts.csv");
        std::fs::write(&accounts, ACCOUNTS).expect("written");
        let out = self.folder.path().join(format!("{name}_out"));
        let text = |path: &PathBuf| path.display().to_string();
        let (snapshot, accounts, root) = (text(&folder), text(&accounts), text(&out));
        let args = ["zendesk", "drift", "audit", "--snapshot", &snapshot, "--sf-accounts", &accounts, "--out", &root];
        let ended = self.run(&[&args[..], &["--as-of", "2026-04-17T22:15:30Z"], more].concat());
        assert!([0, 1].contains(&ended.code), "{}", ended.err);
        out.join("20260417_221530Z_audit")
    }

    fn track(&self, run: &std::path::Path, more: &[&str]) -> Ended {
        let run = run.display().to_string();
        self.run(&[&["zendesk", "drift", "report", "--to", "issue", &run][..], more].concat())
    }

    fn issues(&self) -> Vec<(String, String)> {
        let state = self.github.state();
        let text = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        state.issues.iter().map(|one| (text(one, "state"), text(one, "title"))).collect()
    }
}

#[test]
fn an_issue_is_opened_edited_closed_and_opened_again() {
    let step = Step::new();
    let breached = step.audited("breached", false, &["--threshold", "max_total_issues=0"]);
    let known = step.audited("known", false, &[]);
    let clean = step.audited("clean", true, &[]);
    let clean_base = clean.display().to_string();

    // Nothing is new and no limit is breached: none is opened for it.
    step.track(&known, &[]).is(0).says("none is open, and none is needed");
    assert_eq!(step.issues(), []);

    step.track(&breached, &[]).is(0).says("tracking issue: opened https://github.com/acme/support-identity/issues/");
    let opened = ("open".to_owned(), "Zendesk drift: a threshold is breached: 1 issue".to_owned());
    assert_eq!(step.issues(), [opened]);
    let body = step.github.state().issues[0]["body"].as_str().expect("a body").to_owned();
    assert!(body.starts_with(&format!("{MARKER}\n## 🔴 Drift audit")) && body.contains("Acme"), "{body}");

    step.track(&breached, &[]).is(0).says("already up to date");
    step.track(&known, &[]).is(0).says("updated");
    assert_eq!(step.issues(), [("open".to_owned(), "Zendesk drift: 1 issue; no threshold is set".to_owned())]);

    step.track(&clean, &[]).is(0).says("closed");
    assert_eq!(step.issues(), [("closed".to_owned(), "Zendesk drift: no issue".to_owned())]);
    step.track(&clean, &[]).is(0).says("none is open, and none is needed");
    step.track(&known, &[]).is(0).says("none is open, and none is needed");

    step.track(&known, &["--baseline", &clean_base]).is(0).says("opened again");
    assert_eq!(
        step.issues(),
        [("open".to_owned(), "Zendesk drift: 1 issue, 1 of them new; no threshold is set".to_owned())]
    );
    let words: Vec<String> =
        step.github.state().comments.iter().map(|one| one["body"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(words[0].contains("found no issues, so this is closed"), "{}", words[0]);
    assert!(words[1].contains("Opened again"), "{}", words[1]);
}

#[test]
fn a_limit_that_could_not_be_judged_is_not_green() {
    let step = Step::new();
    let run = step.audited("clean", true, &["--threshold", "max_new_issues=0"]);
    let folder = run.display().to_string();
    step.run(&["zendesk", "drift", "report", "--to", "job-summary", &folder])
        .is(0)
        .says("## 🟡 Drift audit: no issue; 1 limit could not be checked\n")
        .says("| 🟡 not checked: no baseline |");
}

#[test]
fn only_the_tokens_own_issue_is_edited_and_a_pull_request_is_none() {
    let step = Step::new();
    let run = step.audited("breached", false, &["--threshold", "max_total_issues=0"]);
    let planted = format!("{MARKER}\nplanted");
    step.github.state().add_issue("mallory", "planted", &planted);
    step.github.state().add_issue(BOT, "quoted", &format!("> {MARKER}"));
    step.github.state().add_issue(BOT, "a pull request", &planted);
    step.github.state().issues[2]["pull_request"] = serde_json::json!({ "url": "https://api.github.com/x" });
    step.track(&run, &[]).is(0).says("opened");
    assert_eq!(step.issues().len(), 4);
    assert_eq!(step.github.writes(), ["POST /issues"]);
    step.track(&run, &["--comment-key", "acme-eu"]).is(0).says("opened");
    assert_eq!(step.issues()[4].1, "Zendesk drift, acme-eu: a threshold is breached: 1 issue");
}

#[test]
fn what_github_refuses_of_the_issue_is_a_warning() {
    for (method, path, reply) in [
        ("GET", "/issues", error(403, "Resource not accessible by integration")),
        ("POST", "/issues", error(410, "Issues are disabled for this repo")),
        ("POST", "/issues", error(502, "Bad Gateway")),
    ] {
        let step = Step::new();
        let run = step.audited("breached", false, &["--threshold", "max_total_issues=0"]);
        step.github.fail(method, path, 9, reply);
        step.track(&run, &[]).is(0).says("::warning title=Tracking issue::");
        assert!(step.github.writes().len() <= 1, "{:?}", step.github.writes());
    }
}

#[test]
fn an_issue_that_cannot_be_closed_is_not_commented_on_by_every_audit() {
    let step = Step::new();
    let breached = step.audited("breached", false, &["--threshold", "max_total_issues=0"]);
    let clean = step.audited("clean", true, &[]);
    step.track(&breached, &[]).is(0).says("opened");
    step.github.fail("PATCH", "/issues", 2, error(403, "Resource not accessible by integration"));
    for _ in 0..2 {
        step.track(&clean, &[]).is(0).says("::warning title=Tracking issue::");
    }
    assert!(step.github.state().comments.is_empty(), "{:?}", step.github.state().comments);
    step.track(&clean, &[]).is(0).says("closed");
    assert_eq!(step.github.state().comments.len(), 1);
}

#[test]
fn a_comment_that_was_not_made_is_told() {
    let step = Step::new();
    let breached = step.audited("breached", false, &["--threshold", "max_total_issues=0"]);
    let clean = step.audited("clean", true, &[]);
    step.track(&breached, &[]).is(0).says("opened");
    step.github.fail("POST", "/comments", 1, Reply::json(200, serde_json::json!({})));
    step.track(&clean, &[]).is(0).says("::warning title=Tracking issue::");
}

#[test]
fn an_audit_alone_has_a_tracking_issue_and_without_a_token_it_is_printed() {
    let step = Step::new();
    let run = step.audited("breached", false, &["--threshold", "max_total_issues=0"]);
    step.run(&["zendesk", "drift", "report", "--to", "issue", "--failed", "3", "--command", "audit"])
        .is(2)
        .says("only an audit has a tracking issue");
    let folder = run.display().to_string();
    let mut command = step.command(&["zendesk", "drift", "report", "--to", "issue", &folder]);
    super::ended(command.env_remove("GITHUB_TOKEN")).is(0).says("is printed and not posted");
    assert!(step.github.writes().is_empty());
}
