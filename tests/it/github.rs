//! What is asked of GitHub and what is made of the answers, from outside, over HTTP.

mod action;
mod approval;
mod comment;
mod find_run;
mod tracking_issue;

use crate::fake_github::{FakeGitHub, REPOSITORY, TOKEN};
use crate::fake_zendesk::reply::{Body, Reply};
use std::process::Command;
use tempfile::TempDir;

/// A GitHub, a folder for what the steps write, and the environment of a step.
struct Step {
    github: FakeGitHub,
    folder: TempDir,
}

/// How a step ended.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Step {
    fn new() -> Self {
        Self { github: FakeGitHub::start(), folder: tempfile::tempdir().expect("a folder") }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
        for (name, _) in std::env::vars() {
            if ["GITHUB_", "GREMLIN_", "ZENDESK_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        let event = self.folder.path().join("event.json");
        if !event.exists() {
            std::fs::write(&event, r#"{"repository":{"private":true},"pull_request":{"number":7}}"#).expect("written");
        }
        command.env_remove("CI").env_remove("NO_COLOR").current_dir(&self.folder).args(args);
        command
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_API_URL", self.github.url())
            .env("GITHUB_REPOSITORY", REPOSITORY)
            .env("GITHUB_TOKEN", TOKEN)
            .env("GITHUB_ACTOR", "dana")
            .env("GITHUB_TRIGGERING_ACTOR", "dana")
            .env("GITHUB_EVENT_PATH", event);
        command
    }

    fn run(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }

    /// The outputs that steps wrote so far.
    fn outputs(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output")).unwrap_or_default()
    }
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let ended =
        Ended { code: output.status.code().expect("a code"), out: text(output.stdout), err: text(output.stderr) };
    assert!(!ended.out.contains(TOKEN) && !ended.err.contains(TOKEN), "the token is shown");
    ended
}

impl Ended {
    #[track_caller]
    fn is(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text) || self.err.contains(text), "no {text:?} in\n{}\n{}", self.out, self.err);
        self
    }
}

#[test]
fn no_answer_is_read_beyond_its_limit() {
    let step = Step::new();
    step.github.state().add_audit();
    let reply = |status, text| Reply::new(status, Body::Text { content_type: "application/json".into(), text });
    step.github.fail("GET", "/actions/workflows", 1, reply(200, " ".repeat((64 << 20) + 1)));
    let ended = step.run(&["github", "find-run", "--latest"]).is(3);
    let ended = ended.says("a response of more than 64 MiB, which is not read");
    assert!(ended.err.len() < 1000, "{}", ended.err);
    let log = step.github.log();
    let asked = log.iter().filter(|line| line.contains("/actions/workflows")).count();
    assert_eq!(asked, 1, "it is not asked for again: {log:?}");
    // Of an error's page only the beginning is read, and little of it is printed.
    let long = format!("{{\"message\":\"{}\"}}", "no ".repeat(20_000));
    step.github.fail("GET", "/actions/workflows", 1, reply(404, long));
    let ended = step.run(&["github", "find-run", "--latest"]);
    assert!(ended.code != 0 && ended.err.len() < 1000, "{}", ended.err);
}
