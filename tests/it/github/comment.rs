//! The one comment on a pull request.

use super::{Ended, Step, ended};
use crate::fake_github::{BOT, error};
use crate::fake_zendesk::reply::{Cut, Reply};
use serde_json::Value;
use std::path::Path;

const MARKER: &str = "<!-- g-gremlin:sticky v1 key=default -->";

fn run_folder(fixture: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(fixture).join("expected").display().to_string()
}

impl Step {
    fn comment(&self, more: &[&str]) -> Ended {
        self.comment_on("demo", more)
    }

    fn comment_on(&self, fixture: &str, more: &[&str]) -> Ended {
        let folder = run_folder(fixture);
        let args = ["zendesk", "drift", "report", "--to", "comment", &folder];
        self.run(&[&args[..], more].concat())
    }

    fn bodies(&self) -> Vec<String> {
        let state = self.github.state();
        state.comments.iter().map(|one| one["body"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

#[test]
fn a_comment_is_made_once_then_edited_then_left_alone() {
    let step = Step::new();
    step.comment(&[]).is(0).says("comment on #7: made https://github.com/acme/support-identity/pull/7#issuecomment-");
    assert!(step.bodies()[0].starts_with(&format!("{MARKER}\n")));
    step.comment(&[]).is(0).says("already up to date");
    step.comment_on("all_codes", &[]).is(0).says("updated");
    assert_eq!(step.github.writes(), ["POST /issues/7/comments", "PATCH /issues/comments/1001"]);
    assert_eq!(step.bodies().len(), 1);
    assert!(step.bodies()[0].contains("62 issues"), "{}", step.bodies()[0]);
}

#[test]
fn the_comment_is_found_past_a_hundred_others_and_pages_stay_on_this_github() {
    let step = Step::new();
    for _ in 0..250 {
        step.github.state().add_comment(7, "jo", "me too");
    }
    let own = step.github.state().add_comment(7, BOT, &format!("{MARKER}\r\nold"));
    step.github.state().add_comment(8, BOT, &format!("{MARKER}\nof another pull request"));
    step.comment(&[]).is(0).says("updated");
    assert_eq!(step.github.writes(), [format!("PATCH /issues/comments/{own}")]);
}

#[test]
fn only_the_tokens_own_comment_is_edited() {
    let step = Step::new();
    let planted = format!("{MARKER}\nplanted");
    for login in ["mallory", "other-app[bot]"] {
        step.github.state().add_comment(7, login, &planted);
    }
    step.github.state().add_comment(7, BOT, &format!("> {MARKER}\nquoted"));
    step.comment(&[]).is(0).says("made");
    assert_eq!(step.bodies()[..2], [planted.clone(), planted]);
    step.comment_on("all_codes", &[]).is(0).says("updated");
    assert_eq!(step.bodies().len(), 4);

    let step = Step::new();
    step.github.state().user = Some("release-person".to_owned());
    let own = step.github.state().add_comment(7, "Release-Person", &format!("{MARKER}\nold"));
    step.github.state().add_comment(7, BOT, &format!("{MARKER}\nold"));
    step.comment(&[]).is(0).says("updated");
    assert_eq!(step.github.writes(), [format!("PATCH /issues/comments/{own}")]);
}

#[test]
fn of_several_the_oldest_is_edited_and_the_others_are_told() {
    let step = Step::new();
    let first = step.github.state().add_comment(7, BOT, &format!("{MARKER}\none"));
    step.github.state().add_comment(7, BOT, &format!("{MARKER}\ntwo"));
    step.comment(&[]).is(0).says("::warning title=Comment::1 more comments have the same marker");
    assert_eq!(step.github.writes(), [format!("PATCH /issues/comments/{first}")]);
}

#[test]
fn comments_of_two_instances_stand_side_by_side() {
    let step = Step::new();
    step.comment(&["--comment-key", "acme-eu"]).is(0).says("made");
    step.comment(&["--comment-key", "acme-us"]).is(0).says("made");
    step.comment(&["--comment-key", "acme-eu"]).is(0).says("already up to date");
    assert_eq!(step.bodies().len(), 2);
    step.comment(&["--comment-key", "a -->"]).is(2).says("--comment-key is letters, digits");
}

#[test]
fn a_comment_that_cannot_be_edited_any_more_is_made_anew_once() {
    for status in [403, 404] {
        let step = Step::new();
        step.github.state().add_comment(7, BOT, &format!("{MARKER}\nold"));
        step.github.fail("PATCH", "/issues/comments", 1, error(status, "Not Found"));
        step.comment(&[]).is(0).says("made");
        assert_eq!(step.github.writes().len(), 2);
    }
}

#[test]
fn what_github_refuses_is_a_warning_and_the_run_is_not_worse_for_it() {
    let limited = || error(403, "API rate limit exceeded").with_header("x-ratelimit-remaining", "0");
    let secondary = || error(403, "You have exceeded a secondary rate limit").with_header("retry-after", "3600");
    for (reply, said) in [
        (error(401, "Bad credentials"), "the token is not accepted"),
        (error(403, "Resource not accessible by integration"), "add the scope under `permissions`"),
        (error(404, "Not Found"), "it does not exist, or the token cannot see it"),
        (error(410, "Issues are disabled"), "410%3A Issues are disabled"),
        (limited(), "rate limit is used up"),
        (secondary(), "rate limit is used up"),
        (error(429, "slow down").with_header("retry-after", "9999"), "rate limit is used up"),
        (error(502, "Server Error"), "502"),
        (Reply::text(201, "text/html", "<html>"), "the response cannot be read"),
    ] {
        let step = Step::new();
        step.github.fail("POST", "/issues/7/comments", 9, reply);
        let ended = step.comment(&[]).is(0).says("::warning title=Comment::");
        let plain = ended.out.replace("%3A", ":");
        assert!(plain.contains(&said.replace("%3A", ":")), "{said}: {plain}");
        assert_eq!(step.github.writes().len(), 1, "a POST is never repeated: {said}");
    }
}

#[test]
fn a_comment_that_github_finds_too_long_becomes_a_short_one() {
    let step = Step::new();
    step.github.fail("POST", "/comments", 1, error(422, "Validation Failed"));
    step.comment(&[]).is(0).says("made").says("too long");
    assert_eq!(step.bodies(), [format!("{MARKER}\nThis report is too long for a comment. See the job summary.\n")]);
}

#[test]
fn reads_are_repeated_after_what_may_pass_and_nothing_else_is() {
    let reset = Reply { cut: Cut::ResetBefore, ..Reply::json(200, Value::Null) };
    let soon = error(429, "slow down").with_header("retry-after", "0");
    for reply in [error(502, "Server Error"), error(503, "down"), reset, soon] {
        let step = Step::new();
        step.github.fail("GET", "/comments", 2, reply);
        step.comment(&[]).is(0).says("made");
        assert_eq!(step.github.log().iter().filter(|line| line.starts_with("GET")).count(), 3);
    }
    let step = Step::new();
    step.github.fail("GET", "/comments", 99, error(500, "Server Error"));
    step.comment(&[]).is(0).says("::warning");
    assert_eq!(step.github.log().len(), 4, "four tries, and no comment: whether there is one is not known");
}

#[test]
fn a_redirect_is_not_followed() {
    let step = Step::new();
    let moved = Reply::json(301, Value::Null).with_header("Location", "http://127.0.0.1:9/elsewhere");
    step.github.fail("GET", "/comments", 9, moved);
    step.comment(&[]).is(0).says("::warning").says("301");
}

#[test]
fn without_a_pull_request_or_a_token_nothing_is_asked() {
    let step = Step::new();
    std::fs::write(step.folder.path().join("event.json"), r#"{"repository":{"private":true}}"#).expect("written");
    step.comment(&[]).is(0).says("the event is not about a pull request");
    step.comment(&["--pr-number", "12"]).is(0).says("comment on #12: made");
    let folder = run_folder("demo");
    let mut command = step.command(&["zendesk", "drift", "report", "--to", "comment", &folder]);
    ended(command.env_remove("GITHUB_TOKEN")).is(0).says("there is no GITHUB_TOKEN").says("# ");
    assert_eq!(step.github.writes().len(), 1);
}

#[test]
fn a_github_enterprise_server_has_its_api_below_a_path() {
    let step = Step::new();
    let folder = run_folder("demo");
    let mut command = step.command(&["zendesk", "drift", "report", "--to", "comment", &folder]);
    command.env("GITHUB_API_URL", format!("{}/api/v3/", step.github.url()));
    ended(&mut command).is(0);
    ended(&mut command).is(0).says("already up to date");
    let asked = ["GET /api/v3/issues/7/comments", "POST /api/v3/issues/7/comments"];
    let again = ["GET /api/v3/issues/7/comments", "POST /api/graphql", "GET /api/v3/user"];
    assert_eq!(step.github.log(), [&asked[..], &again].concat());
}

#[test]
fn an_apps_own_comment_is_found_again() {
    let step = Step::new();
    step.github.state().app = Some("drift-app[bot]".to_owned());
    step.github.state().add_comment(7, BOT, &format!("{MARKER}\nof another workflow"));
    step.comment(&[]).is(0).says("made");
    step.comment_on("all_codes", &[]).is(0).says("updated");
    assert_eq!(step.github.writes().len(), 2);
    assert_eq!(step.bodies()[0], format!("{MARKER}\nof another workflow"));
}

#[test]
fn while_github_cannot_say_whose_comments_are_the_own_none_is_made_or_edited() {
    for (method, path) in [("POST", "/graphql"), ("GET", "/user")] {
        for reply in [error(502, "Server Error"), error(429, "slow down").with_header("retry-after", "9999")] {
            let step = Step::new();
            step.github.state().add_comment(7, BOT, &format!("{MARKER}\nold"));
            step.github.fail(method, path, 99, reply);
            step.comment(&[]).is(0).says("::warning title=Comment::#7 has no comment from this run");
            assert!(step.github.writes().is_empty(), "{path}");
        }
    }
    // A server without the other API.
    let step = Step::new();
    step.github.state().add_comment(7, BOT, &format!("{MARKER}\nold"));
    step.github.fail("POST", "/graphql", 99, error(404, "Not Found"));
    step.comment(&[]).is(0).says("updated");
}

#[test]
fn a_full_page_without_links_is_not_taken_for_the_last_one() {
    let step = Step::new();
    step.github.state().without_links = true;
    for _ in 0..100 {
        step.github.state().add_comment(7, "jo", "me too");
    }
    let own = step.github.state().add_comment(7, BOT, &format!("{MARKER}\nold"));
    step.comment(&[]).is(0).says("updated");
    assert_eq!(step.github.writes(), [format!("PATCH /issues/comments/{own}")]);
}
