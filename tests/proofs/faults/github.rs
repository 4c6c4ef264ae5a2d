//! GitHub's calls: the run of a plan, the approval of a hash, the comment on a pull request, the tracking issue.
//!
//! Nothing is found or approved that an undisturbed GitHub would not give, and there is never a second comment or issue.

use super::{Matrix, each, run};
use crate::fake_github::{BOT, FakeGitHub, REPOSITORY, Strike, TOKEN, error};
use crate::fake_zendesk::reply::{Body, Cut, Reply};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

const HASH: &str = "65537a47f81ef3b2a67ccf3f4f93b4cb1039eb9db158e799cda58777868c4160";
const MARKER: &str = "<!-- g-gremlin:sticky v1 key=default -->";

/// What is asked of GitHub.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    FindRun,
    Baseline,
    Approval,
    Comment,
    Edit,
    /// None is there, and a limit is breached.
    NewIssue,
    /// One is open, and what is found is known.
    EditedIssue,
    /// One is open, and nothing is found.
    ClosedIssue,
    /// One is closed, and a limit is breached.
    ReopenedIssue,
}

const TASKS: [(Task, &str); 9] = [
    (Task::FindRun, "find-run"),
    (Task::Baseline, "find-run --baseline"),
    (Task::Approval, "check-approval"),
    (Task::Comment, "comment"),
    (Task::Edit, "edited comment"),
    (Task::NewIssue, "new tracking issue"),
    (Task::EditedIssue, "edited tracking issue"),
    (Task::ClosedIssue, "closed tracking issue"),
    (Task::ReopenedIssue, "reopened tracking issue"),
];

impl Task {
    fn has_issue(self) -> bool {
        matches!(self, Self::NewIssue | Self::EditedIssue | Self::ClosedIssue | Self::ReopenedIssue)
    }
}

/// How long a fault lasts.
#[derive(Clone, Copy, PartialEq)]
enum When {
    Once,
    Always,
    /// Once, and what was asked for is done all the same.
    OnceDone,
}

/// The run folders that are reported.
struct Runs {
    _folder: TempDir,
    /// A limit is breached.
    breached: PathBuf,
    /// Findings, and no limit.
    known: PathBuf,
    clean: PathBuf,
}

fn runs() -> &'static Runs {
    static RUNS: OnceLock<Runs> = OnceLock::new();
    RUNS.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        write("accounts.csv", "sf_account_id,account_name,account_domains\nA1,Acme,acme.example\n");
        let org = json!({ "id": 1, "name": "Acme", "external_id": "A1", "domain_names": ["acme.example"] });
        write("organizations.ndjson", &format!("{org}\n"));
        for file in ["users.ndjson", "organization_memberships.ndjson", "tickets.ndjson"] {
            write(file, "");
        }
        let audit = |root: &str, args: &[&str]| {
            let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
            command.args(["zendesk", "drift", "audit", "--quiet", "--as-of", "2026-04-17T22:15:30Z", "--out", root]);
            let output =
                command.args(args).current_dir(&folder).env_remove("GITHUB_ACTIONS").output().expect("started");
            assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
            folder.path().join(root).join("20260417_221530Z_audit")
        };
        let breached = audit("breached", &["--demo", "--threshold", "max_total_issues=0"]);
        let clean = audit("clean", &["--snapshot", ".", "--sf-accounts", "accounts.csv"]);
        let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo/expected");
        Runs { _folder: folder, breached, known, clean }
    })
}

struct Scene {
    github: FakeGitHub,
    folder: TempDir,
}

impl Scene {
    fn new(task: Task) -> Self {
        let github = FakeGitHub::start();
        {
            let mut state = github.state();
            state.add_audit();
            state.add_audit();
            let (file, blob) = (format!(".g-gremlin/approvals/{HASH}.yaml"), "b10b".repeat(10));
            let user = |login: &str, id: u64| json!({ "id": id, "login": login, "type": "User" });
            let head = "5ead".repeat(10);
            let text = format!("plan_hash: {HASH}\nexpires: 2999-12-31\n");
            state.contents.insert(file.clone(), (blob.clone(), text));
            state.commits.push(("c0".to_owned(), file.clone(), vec![41]));
            state.pulls.push(json!({
                "number": 41, "merged": true, "user": user("dana", 1),
                "head": { "sha": head }, "base": { "ref": "main", "repo": { "full_name": REPOSITORY } },
            }));
            state.files.insert(41, vec![json!({ "filename": file, "status": "added", "sha": blob })]);
            let review = json!({
                "id": 1, "user": user("rae", 2), "state": "APPROVED", "commit_id": head, "submitted_at": "2026-04-17T01:00:00Z",
            });
            state.reviews.insert(41, vec![review]);
            state.permissions.insert("rae".to_owned(), "write".to_owned());
            state.permissions.insert("dana".to_owned(), "admin".to_owned());
            if task == Task::Edit {
                state.add_comment(7, BOT, &format!("{MARKER}\nold"));
            }
            if task.has_issue() && task != Task::NewIssue {
                state.add_issue(BOT, "old", &format!("{MARKER}\nold"));
                let now = if task == Task::ReopenedIssue { "closed" } else { "open" };
                state.issues[0]["state"] = now.into();
            }
            state.log.clear();
        }
        Self { github, folder: tempfile::tempdir().expect("a folder") }
    }

    fn run(&self, task: Task) -> Output {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
        for (name, _) in std::env::vars() {
            if ["GITHUB_", "GREMLIN_", "ZENDESK_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        let event = self.folder.path().join("event.json");
        std::fs::write(&event, r#"{"repository":{"private":true},"pull_request":{"number":7}}"#).expect("written");
        let _ = std::fs::remove_file(self.folder.path().join("output"));
        let mut report = |to: &str, run: &Path| {
            command.args(["zendesk", "drift", "report", "--to", to]).arg(run);
        };
        match task {
            Task::Comment | Task::Edit => report("comment", &runs().known),
            Task::NewIssue | Task::ReopenedIssue => report("issue", &runs().breached),
            Task::EditedIssue => report("issue", &runs().known),
            Task::ClosedIssue => report("issue", &runs().clean),
            Task::FindRun => drop(command.args(["github", "find-run", "--latest"])),
            Task::Baseline => drop(command.args(["github", "find-run", "--baseline"])),
            Task::Approval => drop(command.args(["github", "check-approval", "--plan-hash", HASH])),
        }
        if matches!(task, Task::FindRun | Task::Baseline | Task::Approval) {
            command.arg("--github-output=output");
        }
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_API_URL", self.github.url());
        command.env("GITHUB_REPOSITORY", REPOSITORY).env("GITHUB_TOKEN", TOKEN).env("GITHUB_ACTOR", "dana");
        command.env("GITHUB_TRIGGERING_ACTOR", "dana").env("GITHUB_EVENT_PATH", event).current_dir(&self.folder);
        run(command, &format!("{task:?}"))
    }

    /// What later steps and people see of it.
    fn result(&self) -> Seen {
        let output = std::fs::read_to_string(self.folder.path().join("output")).unwrap_or_default();
        let state = self.github.state();
        let comments = state.comments.iter().map(|comment| comment["body"].clone()).collect();
        let issues = state.issues.iter().map(|issue| json!([issue["state"], issue["title"], issue["body"]])).collect();
        Seen { output, comments, issues }
    }
}

#[derive(PartialEq)]
struct Seen {
    output: String,
    /// Bodies.
    comments: Vec<Value>,
    /// States, titles and bodies.
    issues: Vec<Value>,
}

fn faults() -> Vec<(&'static str, Reply, When)> {
    let text = |status, content_type: &str, text: &str| {
        Reply::new(status, Body::Text { content_type: content_type.into(), text: text.into() })
    };
    let html = |status| text(status, "text/html", "<html><title>Unicorn!</title></html>");
    let with = |status, name: &str, value: &str| error(status, "It went wrong").with_header(name, value);
    let cut = |cut| Reply { cut, ..Reply::json(200, json!({"id": 1})) };
    let half = || text(200, "application/json", "{\"id\": 12, \"total_count\": 1, \"workfl");
    let late = Reply { delay: Duration::from_millis(300), ..error(502, "Late") };
    vec![
        ("400, always", error(400, "Problems parsing JSON"), When::Always),
        ("401, always", error(401, "Bad credentials"), When::Always),
        ("403, always", error(403, "Resource not accessible by integration"), When::Always),
        ("403 for the rate limit with Retry-After: 0, once", with(403, "retry-after", "0"), When::Once),
        ("403 for the rate limit with Retry-After: 7200, always", with(403, "retry-after", "7200"), When::Always),
        ("404, always", error(404, "Not Found"), When::Always),
        ("409, always", error(409, "Conflict"), When::Always),
        ("422, always", error(422, "Validation Failed"), When::Always),
        ("429 without Retry-After, always", error(429, "Too many requests"), When::Always),
        ("500, once", error(500, "Server Error"), When::Once),
        ("500, always", error(500, "Server Error"), When::Always),
        ("502 after 300 ms, once", late, When::Once),
        ("503 with an HTML page, once", html(503), When::Once),
        ("503 with an HTML page, always", html(503), When::Always),
        (
            "redirect to another host, always",
            text(301, "text/html", "").with_header("location", "https://elsewhere.example/"),
            When::Always,
        ),
        ("200 with an HTML page, once", html(200), When::Once),
        ("half the JSON as if it were all, once", half(), When::Once),
        ("reset before the answer, once", cut(Cut::ResetBefore), When::Once),
        ("reset before the answer, always", cut(Cut::ResetBefore), When::Always),
        ("done, and reset before the answer, once", cut(Cut::ResetBefore), When::OnceDone),
        ("done, and 502, once", error(502, "Bad Gateway"), When::OnceDone),
        ("reset within the answer, once", cut(Cut::ResetMidBody), When::Once),
        ("the answer stalls, once", cut(Cut::StallMidBody), When::Once),
        ("200 with an empty object, always", Reply::json(200, json!({})), When::Always),
        ("200 with an empty list, always", Reply::json(200, json!([])), When::Always),
        ("200 with null, always", Reply::json(200, Value::Null), When::Always),
        ("an answer that is too long, once", text(200, "application/json", &" ".repeat(super::TOO_LONG)), When::Once),
    ]
}

/// A line of the log without its numbers and digests.
fn kind_of(task: &str, line: &str) -> String {
    let is_id =
        |part: &str| part.len() > 1 && part.bytes().all(|byte| byte.is_ascii_hexdigit()) || part.parse::<u64>().is_ok();
    let path: Vec<&str> = line.split('?').next().unwrap_or_default().split('/').collect();
    let path: Vec<&str> = path.into_iter().map(|part| if is_id(part) { "*" } else { part }).collect();
    let path = path.join("/").replace(HASH, "*");
    let path = if path.ends_with(' ') { format!("{path}/") } else { path };
    format!("{task}: {path}")
}

pub fn matrix() -> Matrix {
    let faults = faults();
    let mut work = Vec::new();
    let mut calm = Vec::new();
    for (task, name) in TASKS {
        let scene = Scene::new(task);
        let ended = scene.run(task);
        assert_eq!(ended.status.code(), Some(0), "{task:?}: {}", String::from_utf8_lossy(&ended.stderr));
        let log = scene.github.log();
        calm.push((task, scene.result()));
        for fault in 0..faults.len() {
            for (at, line) in log.iter().enumerate() {
                work.push((fault, task, at, line.clone(), kind_of(name, line)));
            }
        }
    }
    let kinds: Vec<String> = work.iter().map(|(.., kind)| kind.clone()).collect();
    let matrix = Matrix::new("GitHub", faults.iter().map(|(name, ..)| *name).collect(), &kinds);
    each(
        &work,
        || (),
        |(), (fault, task, at, line, kind)| {
            let (name, reply, when) = &faults[*fault];
            let scene = Scene::new(*task);
            let (forever, acts) = (*when == When::Always, *when == When::OnceDone);
            let strike = Strike { at: *at, forever, acts, reply: reply.clone(), line: line.clone() };
            scene.github.state().strike = Some(strike);
            let ended = scene.run(*task);
            let expected = &calm.iter().find(|(one, _)| one == task).expect("a calm run").1;
            let what = format!("{name} at {kind} ({task:?})");
            matrix.set(*fault, kind, judged(&scene, *task, &ended, expected, &what));
        },
    );
    matrix
}

fn judged(scene: &Scene, task: Task, ended: &Output, expected: &Seen, what: &str) -> String {
    let told = String::from_utf8_lossy(&ended.stdout) + String::from_utf8_lossy(&ended.stderr);
    assert!(!told.contains(TOKEN), "{what}");
    let (code, result) = (ended.status.code().expect("a code"), scene.result());
    if task.has_issue() {
        return judged_issue(scene, task, ended, expected, what);
    }
    if matches!(task, Task::Comment | Task::Edit) {
        // The run itself is not worse for a comment that GitHub does not take: that is a warning.
        assert!(code == 0 || code == 3 && told.contains("help: "), "{what}: {code}: {told}");
        let is_told = told.contains("::warning") || code != 0;
        // A comment that GitHub says may not be edited, or is not there, is made anew.
        let is_gone = what.contains("PATCH") && (what.starts_with("403") || what.starts_with("404"))
            || what.contains("GET /issues/*/comments") && what.starts_with("200 with an empty list");
        let is_anew = task == Task::Edit && is_gone && told.contains(": made ");
        let came = match (is_anew, is_told) {
            (true, _) => "made anew",
            (false, true) => "warning",
            (false, false) => "ok",
        };
        assert!(result == *expected || is_told || is_anew, "{what}: {told}");
        // The next report finds what was posted, and there is one comment.
        scene.github.state().strike = None;
        let next = scene.run(task);
        assert_eq!(next.status.code(), Some(0), "{what}: the next report");
        let own = |comments: &[Value]| {
            comments.iter().filter(|body| body.as_str().is_some_and(|body| body.contains(MARKER))).count()
        };
        assert_eq!(own(&scene.result().comments), if is_anew { 2 } else { 1 }, "{what}: the next report");
        return came.to_owned();
    }
    if code == 0 {
        if result == *expected {
            return "ok".to_owned();
        }
        // A commit that GitHub says is not there is not on the default branch, and the run before it is the newest.
        let is_earlier =
            what.starts_with("404") && what.contains("/compare/") && result.output.contains("run-id=1001\n");
        assert!(is_earlier, "{what}: {told}");
        return "earlier run".to_owned();
    }
    assert!(matches!(code, 2..=4) && told.contains("error: ") && told.contains("help: "), "{what}: {code}: {told}");
    let output = result.output;
    assert!(!output.contains("approved=true") && !output.contains("found=true"), "{what}: {output}");
    code.to_string()
}

/// The run is not worse for an issue that GitHub does not take. The next report makes good what is missing: then there is the one
/// issue, as it should be, and nothing was said twice.
fn judged_issue(scene: &Scene, task: Task, ended: &Output, expected: &Seen, what: &str) -> String {
    let told = String::from_utf8_lossy(&ended.stdout) + String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{what}: {told}");
    let is_told = told.contains("::warning title=Tracking issue::");
    // Where GitHub says that there is none, none is edited, and one is made if one is needed.
    let is_gone = what.contains("GET /issues ") && what.starts_with("200 with an empty list") && task != Task::NewIssue;
    let made = scene.result().issues.len();
    assert_eq!(made > 1, is_gone && task == Task::ReopenedIssue, "{what}: {told}");
    let came = match (is_gone, is_told) {
        (true, _) if made > 1 => "made anew",
        (true, _) => "none found",
        (false, true) => "warning",
        (false, false) => "ok",
    };
    assert!(is_told || is_gone || scene.result() == *expected, "{what}: {told}");
    scene.github.state().strike = None;
    let next = scene.run(task);
    assert_eq!(next.status.code(), Some(0), "{what}: the next report");
    let seen = scene.result();
    let as_expected = |issue: &&Value| **issue == expected.issues[0];
    assert!(made > 1 || seen.issues == expected.issues, "{what}: the next report");
    assert_eq!(seen.issues.iter().filter(as_expected).count(), 1, "{what}: the next report");
    assert!(seen.comments.len() <= expected.comments.len(), "{what}: said twice: {:?}", seen.comments);
    came.to_owned()
}
