//! Four eyes: what counts as an approval, and everything that looks like one and does not.

use super::{Ended, Step, ended};
use crate::fake_github::{REPOSITORY, State, error};
use serde_json::{Value, json};

const HASH: &str = "65537a47f81ef3b2a67ccf3f4f93b4cb1039eb9db158e799cda58777868c4160";
const BLOB: &str = "b10bb10bb10bb10bb10bb10bb10bb10bb10bb10b";
const HEAD: &str = "5ead5ead5ead5ead5ead5ead5ead5ead5ead5ead";

fn path() -> String {
    format!(".g-gremlin/approvals/{HASH}.yaml")
}

/// The same number for a login in whatever case.
fn account(login: &str) -> u64 {
    login.bytes().fold(0, |number, c| number * 31 + u64::from(c.to_ascii_lowercase()))
}

fn user(login: &str) -> Value {
    json!({ "id": account(login), "login": login, "type": "User" })
}

/// The hour of its day at which it is submitted is its number.
fn review(id: u64, login: &str, state: &str, commit: &str) -> Value {
    let at = format!("2026-04-17T{id:02}:00:00Z");
    json!({ "id": id, "user": user(login), "state": state, "commit_id": commit, "submitted_at": at })
}

/// A hash that `rae` has approved in #41, which `dana` wrote and now dispatches.
fn approved() -> Step {
    let step = Step::new();
    {
        let mut state = step.github.state();
        let text = format!("plan_hash: {HASH}\nexpires: 2999-12-31\n");
        state.contents.insert(path(), (BLOB.to_owned(), text));
        state.commits.push(("c0".to_owned(), path(), vec![41]));
        state.pulls.push(json!({
            "number": 41, "merged": true, "user": user("dana"),
            "head": { "sha": HEAD }, "base": { "ref": "main", "repo": { "full_name": REPOSITORY } },
        }));
        state.files.insert(41, vec![json!({ "filename": path(), "status": "added", "sha": BLOB })]);
        state.reviews.insert(41, vec![review(1, "rae", "APPROVED", HEAD)]);
        state.permissions.insert("rae".to_owned(), "write".to_owned());
        state.permissions.insert("dana".to_owned(), "admin".to_owned());
    }
    step
}

impl Step {
    fn check(&self) -> Ended {
        self.run(&["github", "check-approval", "--github-output=output", "--plan-hash", HASH])
    }
}

#[test]
fn a_review_of_somebody_else_in_a_merged_pull_request_approves() {
    let step = approved();
    step.check().is(0).says("Approved by rae in #41.");
    assert_eq!(step.outputs(), "approved=true\npull-request=41\nreviewer=rae\n");
    assert!(step.github.writes().is_empty());
}

#[test]
fn whatever_only_looks_like_an_approval_is_refused_with_the_reason() {
    type Change = fn(&mut State);
    let cases: [(Change, &str); 23] = [
        (|state| state.contents.clear(), "the approval's file is on the default branch: no file .g-gremlin/approvals/"),
        (|state| text(state, "plan_hash: other\nexpires: 2999-12-31\n"), "it names the hash: other"),
        (
            |state| text(state, &format!("plan_hash: {HASH}\nexpires: 2020-01-01\n")),
            "it has not expired: expires: 2020-01-01",
        ),
        (|state| text(state, &format!("plan_hash: {HASH}\nexpires: never\n")), "it has not expired: expires: never"),
        (|state| text(state, &format!("plan_hash: {HASH}\n")), "it has `plan_hash` and `expires`"),
        (
            |state| text(state, &format!("plan_hash: {HASH}\nexpires: 2999-12-31\nby: rae\n")),
            "it has `plan_hash` and `expires`",
        ),
        (|state| state.commits.clear(), "no pull request made the last change to .g-gremlin/approvals/"),
        (|state| state.commits[0].2.clear(), "no pull request made the last change"),
        // Taken back, and added once more by a push of somebody.
        (|state| state.commits.insert(0, ("c9".to_owned(), path(), vec![])), "no pull request made the last change"),
        (|state| state.pulls[0]["merged"] = false.into(), "#41 is not merged"),
        (|state| state.pulls[0]["base"]["ref"] = "develop".into(), "#41 was merged into develop, not into main"),
        (|state| state.pulls[0]["base"]["repo"]["full_name"] = "mallory/fork".into(), "#41 was merged into"),
        (|state| file(state)["status"] = "modified".into(), "#41 did not add the file (modified)"),
        (|state| file(state)["sha"] = "0".repeat(40).into(), "#41 added it with different content"),
        (|state| file(state)["filename"] = "README.md".into(), "#41 does not contain the file"),
        (|state| state.reviews.clear(), "#41: nobody approved it"),
        (|state| first_review(state)["state"] = "COMMENTED".into(), "#41: nobody approved it"),
        (
            |state| first_review(state)["commit_id"] = "0".repeat(40).into(),
            "rae approved it, but approved a commit other than the last one",
        ),
        (
            |state| first_review(state)["user"]["login"] = "Dana".into(),
            "Dana approved it, but also started the workflow",
        ),
        (|state| first_review(state)["user"]["type"] = "Bot".into(), "rae approved it, but is not a person"),
        (
            |state| drop(state.permissions.insert("rae".to_owned(), "read".to_owned())),
            "rae approved it, but cannot write",
        ),
        (|state| later(state, "CHANGES_REQUESTED"), "#41: nobody approved it"),
        (|state| later(state, "DISMISSED"), "#41: nobody approved it"),
    ];
    for (change, said) in cases {
        let step = approved();
        change(&mut step.github.state());
        step.check().is(4).says("error: the plan is not approved").says(said);
        assert_eq!(step.outputs(), "approved=false\npull-request=\nreviewer=\n", "{said}");
    }
}

fn text(state: &mut State, text: &str) {
    state.contents.insert(path(), (BLOB.to_owned(), text.to_owned()));
}

fn file(state: &mut State) -> &mut Value {
    &mut state.files.get_mut(&41).expect("files")[0]
}

fn first_review(state: &mut State) -> &mut Value {
    &mut state.reviews.get_mut(&41).expect("reviews")[0]
}

fn later(state: &mut State, what: &str) {
    state.reviews.get_mut(&41).expect("reviews").push(review(2, "Rae", what, HEAD));
}

#[test]
fn a_later_comment_takes_nothing_back_and_a_later_approval_counts() {
    let step = approved();
    later(&mut step.github.state(), "COMMENTED");
    step.check().is(0);
    let step = approved();
    first_review(&mut step.github.state())["state"] = "CHANGES_REQUESTED".into();
    later(&mut step.github.state(), "APPROVED");
    step.check().is(0);
}

#[test]
fn whoever_starts_the_run_again_cannot_be_the_one_who_approved() {
    let step = approved();
    let mut command = step.command(&["github", "check-approval", "--plan-hash", HASH]);
    ended(command.env("GITHUB_TRIGGERING_ACTOR", "rae")).is(4).says("rae approved it, but also started the workflow");
    let mut command = step.command(&["github", "check-approval", "--plan-hash", HASH]);
    ended(command.env("GITHUB_ACTOR", "lee").env("GITHUB_TRIGGERING_ACTOR", "lee")).is(0);
    let mut command = step.command(&["github", "check-approval", "--plan-hash", HASH]);
    ended(command.env_remove("GITHUB_ACTOR")).is(2).says("GITHUB_ACTOR is not set");
}

#[test]
fn the_author_of_the_pull_request_cannot_approve_it() {
    let step = approved();
    step.github.state().pulls[0]["user"] = user("rae");
    step.check().is(4).says("rae approved it, but also wrote the pull request");
}

#[test]
fn one_good_review_among_others_is_enough_on_whatever_page_it_stands() {
    let step = approved();
    {
        let mut state = step.github.state();
        state.page_size = 2;
        let mut all: Vec<Value> = (10..17).map(|id| review(id, &format!("reader{id}"), "APPROVED", HEAD)).collect();
        all.push(review(19, "rae", "APPROVED", HEAD));
        state.reviews.insert(41, all);
        let mut files: Vec<Value> =
            (0..5).map(|at| json!({ "filename": format!("f{at}"), "status": "added", "sha": BLOB })).collect();
        files.push(json!({ "filename": path(), "status": "added", "sha": BLOB }));
        state.files.insert(41, files);
    }
    step.check().is(0).says("Approved by rae");
}

#[test]
fn what_cannot_be_read_approves_nothing() {
    for path in ["/branches/", "/contents/", "/commits", "/pulls/41", "/reviews", "/events", "/permission"] {
        let step = approved();
        step.github.fail("GET", path, 99, error(403, "Resource not accessible by integration"));
        step.check().is(3).says("GitHub could not be read");
        assert_eq!(step.outputs(), "");
    }
}

#[test]
fn a_hash_that_is_none_never_becomes_a_path() {
    let step = approved();
    for hash in ["", "abc", "../../README", &HASH.to_uppercase()] {
        step.run(&["github", "check-approval", &format!("--plan-hash={hash}")]).is(2);
    }
    for folder in ["../.github", "a//b", "", "./x"] {
        step.run(&["github", "check-approval", "--plan-hash", HASH, &format!("--folder={folder}")]).is(2);
    }
    assert!(step.github.log().is_empty());
}

#[test]
fn an_approval_that_was_taken_back_does_not_count_for_a_pull_request_that_nobody_approved() {
    let step = approved();
    {
        let mut state = step.github.state();
        let mut again = state.pulls[0].clone();
        again["number"] = 42.into();
        state.pulls.push(again);
        let files = state.files[&41].clone();
        state.files.insert(42, files);
        state.commits.insert(0, ("c2".to_owned(), path(), vec![42]));
        state.commits.insert(1, ("c1".to_owned(), path(), vec![]));
    }
    step.check().is(4).says("#42: nobody approved it");
    step.github.state().reviews.insert(42, vec![review(3, "rae", "APPROVED", HEAD)]);
    step.check().is(0).says("Approved by rae in #42.");
}

#[test]
fn what_was_approved_for_another_branch_is_not_approved_for_this_one() {
    let (before, at_once, after) = ("2026-04-17T00:59:59Z", "2026-04-17T01:00:00Z", "2026-04-18T00:00:00Z");
    for (event, at, code) in [
        ("base_ref_changed", before, 0),
        ("base_ref_changed", at_once, 4),
        ("base_ref_changed", after, 4),
        ("automatic_base_change_succeeded", after, 4),
        ("automatic_base_change_failed", after, 0),
        ("renamed", after, 0),
    ] {
        let step = approved();
        let mut events = vec![json!({ "event": event, "created_at": at })];
        events.insert(0, json!({ "event": "base_ref_changed", "created_at": "2026-04-16T00:00:00Z" }));
        step.github.state().events.insert(41, events);
        let ended = step.check().is(code);
        if code == 4 {
            ended.says("rae approved it, but did so before its target branch changed");
        }
    }
}

#[test]
fn a_bot_that_dispatches_would_let_one_person_do_both() {
    for name in ["GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"] {
        let step = approved();
        let mut command = step.command(&["github", "check-approval", "--plan-hash", HASH]);
        ended(command.env(name, "github-actions[bot]")).is(4).says("a person started it: github-actions[bot]");
    }
}

#[test]
fn another_name_does_not_make_another_person() {
    let step = approved();
    let mut command = step.command(&["github", "check-approval", "--plan-hash", HASH]);
    let command = command.env("GITHUB_ACTOR", "rae-before").env("GITHUB_TRIGGERING_ACTOR", "rae-before");
    ended(command.env("GITHUB_ACTOR_ID", account("rae").to_string())).is(4).says("also started the workflow");
    ended(command.env("GITHUB_ACTOR_ID", account("lee").to_string())).is(0);
}

#[test]
fn the_last_word_is_the_one_that_was_submitted_last() {
    for (states, code) in [(["CHANGES_REQUESTED", "APPROVED"], 4), (["APPROVED", "CHANGES_REQUESTED"], 0)] {
        let step = approved();
        // The first was begun before the second, and submitted after it.
        let [mut first, mut second] = [review(1, "rae", states[0], HEAD), review(2, "rae", states[1], HEAD)];
        std::mem::swap(&mut first["submitted_at"], &mut second["submitted_at"]);
        step.github.state().reviews.insert(41, vec![first, second]);
        step.check().is(code);
    }
}

#[test]
fn an_objection_on_a_page_that_no_link_leads_to_is_heard() {
    let step = approved();
    let mut all: Vec<Value> = (0..99).map(|at| review(2, &format!("reader{at}"), "COMMENTED", HEAD)).collect();
    all.insert(0, review(1, "rae", "APPROVED", HEAD));
    all.push(review(3, "rae", "CHANGES_REQUESTED", HEAD));
    step.github.state().reviews.insert(41, all);
    step.github.state().without_links = true;
    step.check().is(4).says("nobody approved it");
}
