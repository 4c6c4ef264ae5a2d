//! A GitHub that keeps state, for the few requests that the program makes: runs, artifacts, comments, pull requests, reviews,
//! files. It pages, knows what a token may do, and fails on request. Every request is held against GitHub's published
//! description (`tests/github_openapi`), and one that does not fit fails the test.
//!
//! It imports nothing from `src`.

use crate::fake_zendesk::reply::{Reply, Request};
use crate::fake_zendesk::server::{Server, Service};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// The repository that everything is in.
pub const REPOSITORY: &str = "acme/support-identity";
/// The token that may do everything here.
pub const TOKEN: &str = "ghs_fakeTokenOfTheJob";
/// The last commit of the default branch.
pub const TIP: &str = "7197197197197197197197197197197197197197";
/// Who writes what is written with it.
pub const BOT: &str = "github-actions[bot]";

/// What GitHub holds. Records are as its API gives them.
#[derive(Debug, Default)]
pub struct State {
    pub runs: Vec<Value>,
    /// `workflow_run.id` says of which run each is.
    pub artifacts: Vec<Value>,
    /// `issue_url` ends with the number of the issue.
    pub comments: Vec<Value>,
    /// Pull requests are not among them here; one can be put there.
    pub issues: Vec<Value>,
    pub pulls: Vec<Value>,
    /// By the number of the pull request.
    pub files: BTreeMap<u64, Vec<Value>>,
    pub reviews: BTreeMap<u64, Vec<Value>>,
    /// Files of the default branch: path → (blob, text).
    pub contents: BTreeMap<String, (String, String)>,
    /// Commits that touched a path, newest first, and the pull requests that each came from.
    pub commits: Vec<(String, String, Vec<u64>)>,
    /// What happened to a pull request, by its number.
    pub events: BTreeMap<u64, Vec<Value>>,
    /// Commits that are not on the default branch.
    pub off_branch: Vec<String>,
    /// By login, in lower case.
    pub permissions: BTreeMap<String, String>,
    /// The token that it takes; [`TOKEN`], where nothing else is said.
    pub token: Option<String>,
    /// Whose token it is, where it is a person's; an app's own token may not ask `GET /user`.
    pub user: Option<String>,
    /// Whose token it is, where it is an app's, if GraphQL tells.
    pub app: Option<String>,
    /// Answers given in place of the real ones: method, part of the path, how often.
    pub faults: Vec<Fault>,
    /// One request, by its place in the log, from which on the same one is answered otherwise.
    pub strike: Option<Strike>,
    pub page_size: usize,
    /// Something on the way takes the links between pages off.
    pub without_links: bool,
    pub log: Vec<String>,
    next_id: u64,
}

/// One answer, or several, that are not what was asked for.
#[derive(Debug, Clone)]
pub struct Fault {
    pub method: &'static str,
    pub path: &'static str,
    pub times: usize,
    pub reply: Reply,
}

/// An answer to one request, or to it and all of the same after it.
#[derive(Debug, Clone)]
pub struct Strike {
    /// The place in the log, from 0.
    pub at: usize,
    /// Whether the same request gets it again.
    pub forever: bool,
    /// Whether the request is carried out first: its own answer is lost.
    pub acts: bool,
    pub reply: Reply,
    /// What the log says of the request.
    pub line: String,
}

/// A running GitHub.
pub struct FakeGitHub {
    server: Server,
    state: Arc<Mutex<State>>,
    violations: Arc<Mutex<Vec<String>>>,
}

impl FakeGitHub {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State { page_size: 100, next_id: 1000, ..State::default() }));
        let violations = Arc::new(Mutex::new(Vec::new()));
        let (held, broken) = (state.clone(), violations.clone());
        let description = Description::read();
        let answer = move |mut request: Request| {
            // An Enterprise server has both APIs below `/api`.
            let at = [("/api/v3/", "/api/v3"), ("/api/graphql", "/api")].into_iter();
            let base = at.filter(|(start, _)| request.path.starts_with(start)).map(|(_, base)| base).next();
            let base = base.unwrap_or_default();
            request.path.drain(..base.len());
            if let Some(violation) = description.violation(&request) {
                broken.lock().expect("no panic").push(violation);
            }
            let mut state = held.lock().expect("no panic");
            let reply = state.answer(base, &request);
            Box::pin(async move { reply }) as _
        };
        let service = Service { answer: Arc::new(answer), answered: Arc::new(|_| {}) };
        Self { server: Server::start(0, service).expect("a port is free"), state, violations }
    }

    pub fn url(&self) -> &str {
        self.server.url()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    /// `METHOD /path` of everything that was asked, without the repository's part.
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// Everything that was asked and is no read.
    pub fn writes(&self) -> Vec<String> {
        self.log().into_iter().filter(|line| !line.starts_with("GET ") && line != "POST /graphql").collect()
    }

    pub fn fail(&self, method: &'static str, path: &'static str, times: usize, reply: Reply) {
        self.state().faults.push(Fault { method, path, times, reply });
    }
}

impl Drop for FakeGitHub {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let violations = self.violations.lock().expect("no panic");
            assert!(violations.is_empty(), "requests that GitHub does not describe:\n{}", violations.join("\n"));
        }
    }
}

/// An error as GitHub gives it.
pub fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }))
}

impl State {
    /// A comment on an issue.
    pub fn add_comment(&mut self, issue: u64, login: &str, body: &str) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
        self.comments.push(json!({
            "id": id, "body": body, "user": { "login": login, "type": kind },
            "issue_url": format!("https://api.github.com/repos/{REPOSITORY}/issues/{issue}"),
            "html_url": format!("https://github.com/{REPOSITORY}/pull/{issue}#issuecomment-{id}"),
        }));
        id
    }

    /// An open issue; returns its number.
    pub fn add_issue(&mut self, login: &str, title: &str, body: &str) -> u64 {
        self.next_id += 1;
        let number = self.next_id;
        self.issues.push(json!({
            "number": number, "title": title, "body": body, "state": "open", "user": { "login": login },
            "changed": number, "html_url": format!("https://github.com/{REPOSITORY}/issues/{number}"),
        }));
        number
    }

    /// Whose token it is.
    fn login(&self) -> String {
        self.user.clone().or(self.app.clone()).unwrap_or_else(|| BOT.to_owned())
    }

    /// A finished scheduled run of the audit, with its artifact; returns the ids of both.
    pub fn add_audit(&mut self) -> (u64, u64) {
        self.next_id += 2;
        let (run, artifact) = (self.next_id - 1, self.next_id);
        self.runs.push(json!({
            "id": run, "path": ".github/workflows/drift-audit.yml", "event": "schedule", "status": "completed",
            "conclusion": "failure", "head_branch": "main", "head_sha": format!("{run:040x}"),
            "created_at": "2026-04-17T22:15:30Z",
            "repository": { "full_name": REPOSITORY }, "head_repository": { "full_name": REPOSITORY },
        }));
        self.artifacts.push(json!({
            "id": artifact, "name": format!("g-gremlin-audit-{run}-1"), "expired": false,
            "workflow_run": { "id": run, "head_branch": "main" },
        }));
        (run, artifact)
    }

    /// `base` is where an Enterprise server has the API, and empty elsewhere.
    fn answer(&mut self, base: &str, request: &Request) -> Reply {
        let rest = request.path.strip_prefix(&format!("/repos/{REPOSITORY}"));
        self.log.push(format!("{} {base}{}", request.method, rest.unwrap_or(&request.path)));
        let (place, line) = (self.log.len() - 1, self.log.last().cloned().unwrap_or_default());
        if let Some(strike) = &self.strike
            && (place == strike.at || strike.forever && place > strike.at)
            && line == strike.line
        {
            let (acts, reply) = (strike.acts, strike.reply.clone());
            if acts {
                let _lost = self.answer_truly(request, rest);
            }
            return reply;
        }
        let hit = self
            .faults
            .iter()
            .position(|fault| fault.times > 0 && fault.method == request.method && request.path.contains(fault.path));
        if let Some(hit) = hit {
            self.faults[hit].times -= 1;
            return self.faults[hit].reply.clone();
        }
        self.answer_truly(request, rest)
    }

    /// `rest` is the path below the repository's.
    fn answer_truly(&mut self, request: &Request, rest: Option<&str>) -> Reply {
        let token = self.token.as_deref().unwrap_or(TOKEN);
        if request.header("authorization") != Some(&format!("Bearer {token}")) {
            return error(401, "Bad credentials");
        }
        if request.path == "/graphql" {
            return match self.user.as_ref().or(self.app.as_ref()) {
                Some(login) => Reply::json(200, json!({ "data": { "viewer": { "login": login } } })),
                None => Reply::json(200, json!({ "data": null, "errors": [{ "type": "FORBIDDEN" }] })),
            };
        }
        if request.path == "/user" {
            return match &self.user {
                Some(login) => Reply::json(200, json!({ "login": login, "type": "User" })),
                None => error(403, "Resource not accessible by integration"),
            };
        }
        let Some(rest) = rest else { return error(404, "Not Found") };
        let parts: Vec<&str> = rest.split('/').skip(1).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", []) => {
                Reply::json(200, json!({ "full_name": REPOSITORY, "default_branch": "main", "private": true }))
            }
            ("GET", ["actions", "runs", id]) => found(self.runs.iter().find(|run| run["id"] == number(id)).cloned()),
            ("GET", ["actions", "runs", id, "artifacts"]) => {
                let of_run = |one: &&Value| one["workflow_run"]["id"] == number(id) || one["planted"] == number(id);
                let all = self.artifacts.iter().filter(of_run).cloned().collect();
                self.page(request, all, Some("artifacts"))
            }
            ("GET", ["actions", "workflows", file, "runs"]) => {
                let path = format!(".github/workflows/{file}");
                if *file != "drift-audit.yml" && !self.runs.iter().any(|run| run["path"] == path.as_str()) {
                    return error(404, "Not Found");
                }
                let wanted = |name: &str, value: &Value| request.query(name).is_none_or(|wanted| value == wanted);
                let all = self.runs.iter().rev().filter(|run| {
                    run["path"] == path.as_str()
                        && wanted("branch", &run["head_branch"])
                        && wanted("status", &run["status"])
                });
                let all = all.cloned().collect();
                self.page(request, all, Some("workflow_runs"))
            }
            ("GET", ["issues"]) => {
                let state = request.query("state").unwrap_or("open");
                let wanted = |one: &&Value| {
                    (state == "all" || one["state"] == state)
                        && request.query("creator").is_none_or(|login| one["user"]["login"] == login)
                };
                let mut all: Vec<Value> = self.issues.iter().filter(wanted).cloned().collect();
                // The latest changed first: `changed` counts the changes.
                all.sort_by_key(|one| std::cmp::Reverse(one["changed"].as_u64()));
                self.page(request, all, None)
            }
            ("POST", ["issues"]) => {
                let (title, body) = (&request.body["title"], request.body["body"].as_str().unwrap_or_default());
                let number = self.add_issue(&self.login(), title.as_str().unwrap_or_default(), body);
                Reply::json(201, self.issues.iter().find(|one| one["number"] == number).cloned().unwrap_or_default())
            }
            ("PATCH", ["issues", issue]) => {
                self.next_id += 1;
                let changed = self.next_id;
                let Some(one) = self.issues.iter_mut().find(|one| one["number"] == number(issue)) else {
                    return error(404, "Not Found");
                };
                one["changed"] = changed.into();
                for key in ["title", "body", "state"] {
                    if let Some(value) = request.body.get(key) {
                        one[key] = value.clone();
                    }
                }
                Reply::json(200, one.clone())
            }
            ("GET", ["issues", issue, "comments"]) => {
                let end = format!("/issues/{issue}");
                let of_issue = |one: &&Value| one["issue_url"].as_str().is_some_and(|url| url.ends_with(&end));
                let all = self.comments.iter().filter(of_issue).cloned().collect();
                self.page(request, all, None)
            }
            ("POST", ["issues", issue, "comments"]) => {
                let body = request.body["body"].as_str().unwrap_or_default();
                if body.is_empty() || body.chars().count() > 65_536 {
                    return error(422, "Validation Failed");
                }
                let id = self.add_comment(number(issue).as_u64().unwrap_or_default(), &self.login(), body);
                Reply::json(201, self.comments.iter().find(|one| one["id"] == id).cloned().unwrap_or_default())
            }
            ("PATCH", ["issues", "comments", id]) => {
                let Some(one) = self.comments.iter_mut().find(|one| one["id"] == number(id)) else {
                    return error(404, "Not Found");
                };
                one["body"] = request.body["body"].clone();
                Reply::json(200, one.clone())
            }
            ("GET", ["branches", "main"]) => Reply::json(200, json!({ "name": "main", "commit": { "sha": TIP } })),
            ("GET", ["compare", range]) => {
                let Some((TIP, head)) = range.split_once("...") else { return error(404, "Not Found") };
                let status = if self.off_branch.iter().any(|commit| commit == head) { "diverged" } else { "behind" };
                Reply::json(200, json!({ "status": status, "commits": [] }))
            }
            ("GET", ["issues", issue, "events"]) => {
                let all = self.events.get(&number(issue).as_u64().unwrap_or_default()).cloned().unwrap_or_default();
                self.page(request, all, None)
            }
            // A branch's name could be a tag's: only the commit itself will do.
            ("GET", ["contents", ..]) if request.query("ref") != Some(TIP) => error(404, "Not Found"),
            ("GET", ["commits"]) if request.query("sha") != Some(TIP) => error(404, "Not Found"),
            ("GET", ["contents", path @ ..]) => {
                let path = path.join("/");
                found(self.contents.get(&path).map(|(blob, text)| {
                    json!({ "type": "file", "path": path, "sha": blob, "encoding": "base64", "content": base64(text) })
                }))
            }
            ("GET", ["commits"]) => {
                let touched = |commit: &&(String, String, Vec<u64>)| request.query("path") == Some(commit.1.as_str());
                let all = self.commits.iter().filter(touched).map(|(sha, ..)| json!({ "sha": sha })).collect();
                self.page(request, all, None)
            }
            ("GET", ["commits", sha, "pulls"]) => {
                let numbers = self.commits.iter().filter(|commit| commit.0 == *sha).flat_map(|commit| &commit.2);
                let all = numbers.map(|number| json!({ "number": number })).collect();
                self.page(request, all, None)
            }
            ("GET", ["pulls", id]) => found(self.pulls.iter().find(|pull| pull["number"] == number(id)).cloned()),
            ("GET", ["pulls", id, "files"]) => {
                let all = self.files.get(&number(id).as_u64().unwrap_or_default()).cloned().unwrap_or_default();
                self.page(request, all, None)
            }
            ("GET", ["pulls", id, "reviews"]) => {
                let all = self.reviews.get(&number(id).as_u64().unwrap_or_default()).cloned().unwrap_or_default();
                self.page(request, all, None)
            }
            ("GET", ["collaborators", login, "permission"]) => {
                let permission = self.permissions.get(&login.to_ascii_lowercase()).map_or("read", String::as_str);
                Reply::json(200, json!({ "permission": permission, "role_name": permission }))
            }
            _ => error(404, "Not Found"),
        }
    }

    /// One page, with a link to the next one that names another host: whoever follows it is lost.
    fn page(&self, request: &Request, all: Vec<Value>, member: Option<&str>) -> Reply {
        let asked = |name: &str| request.query(name).and_then(|text| text.parse::<usize>().ok());
        let size = asked("per_page").unwrap_or(30).min(self.page_size);
        let page = asked("page").unwrap_or(1).max(1);
        let total = all.len();
        let records: Vec<Value> = all.into_iter().skip((page - 1) * size).take(size).collect();
        let reply = Reply::json(
            200,
            match member {
                Some(member) => json!({ "total_count": total, member: records }),
                None => records.into(),
            },
        );
        if page * size >= total || self.without_links {
            return reply;
        }
        let next = format!("<http://elsewhere.example{}?page={}>; rel=\"next\"", request.path, page + 1);
        reply.with_header("Link", next)
    }
}

fn number(text: &str) -> Value {
    text.parse::<u64>().map_or(Value::Null, Value::from)
}

fn found(record: Option<Value>) -> Reply {
    record.map_or_else(|| error(404, "Not Found"), |record| Reply::json(200, record))
}

fn base64(text: &str) -> String {
    use base64::Engine;
    let whole = base64::engine::general_purpose::STANDARD.encode(text);
    // GitHub breaks lines.
    whole.as_bytes().chunks(60).map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect()
}

/// What GitHub's description says of the requests that this project makes.
struct Description(Vec<Described>);

struct Described {
    method: String,
    path: String,
    parameters: Vec<Value>,
    body: Option<jsonschema::Validator>,
}

impl Description {
    fn read() -> Self {
        let text = include_str!("../github_openapi/requests.json");
        let file: Value = serde_json::from_str(text).expect("JSON");
        let requests = file["requests"].as_array().expect("a list").iter().map(|request| Described {
            method: request["method"].as_str().expect("a method").to_owned(),
            path: request["path"].as_str().expect("a path").to_owned(),
            parameters: request["parameters"].as_array().expect("a list").clone(),
            body: (!request["body"].is_null()).then(|| jsonschema::validator_for(&request["body"]).expect("a schema")),
        });
        Self(requests.collect())
    }

    /// What of the request is not as described.
    fn violation(&self, request: &Request) -> Option<String> {
        if request.path == "/graphql" {
            // The other API has a description of its own; this is all that is asked of it.
            let fits = request.method == "POST" && request.body == json!({ "query": "{ viewer { login } }" });
            return (!fits).then(|| format!("another question: {}", request.body));
        }
        let name = format!("{} {}", request.method, request.path);
        let fits =
            |described: &&Described| described.method == request.method && described.captures(&request.path).is_some();
        // The one with the most text of its own is meant.
        let described = self.0.iter().filter(fits).max_by_key(|described| described.path.matches('/').count());
        let Some(described) = described else { return Some(format!("{name}: no such operation")) };
        let mut given: Vec<(&str, String, String)> = described.captures(&request.path).unwrap_or_default();
        given.extend(request.query.iter().map(|(key, value)| ("query", key.clone(), value.clone())));
        for (place, key, value) in &given {
            let parameter = described.parameters.iter().find(|one| one["in"] == *place && one["name"] == key.as_str());
            let Some(parameter) = parameter else { return Some(format!("{name}: no parameter {key} in the {place}")) };
            let schema = jsonschema::validator_for(&parameter["schema"]).expect("a schema");
            let as_number = value.parse::<i64>().map(Value::from);
            let valid = schema.is_valid(&json!(value)) || as_number.is_ok_and(|number| schema.is_valid(&number));
            if !valid {
                return Some(format!("{name}: {key}={value} does not fit {}", parameter["schema"]));
            }
        }
        let missing = described.parameters.iter().find(|parameter| {
            parameter["required"] == true && !given.iter().any(|(_, key, _)| parameter["name"] == key.as_str())
        });
        if let Some(missing) = missing {
            return Some(format!("{name}: {} is missing", missing["name"]));
        }
        match &described.body {
            Some(schema) if !schema.is_valid(&request.body) => {
                Some(format!("{name}: the body {} does not fit", request.body))
            }
            None if !request.body.is_null() => Some(format!("{name}: a body, where none is described")),
            _ => None,
        }
    }
}

impl Described {
    /// The parameters in the path, when it is this operation's. `{path}` takes slashes too.
    fn captures(&self, path: &str) -> Option<Vec<(&'static str, String, String)>> {
        let mut captures = Vec::new();
        let (wanted, mut given) = (self.path.split('/'), path.split('/'));
        for part in wanted {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            match name {
                Some("path") => {
                    let rest: Vec<&str> = given.by_ref().collect();
                    captures.push(("path", "path".to_owned(), rest.join("/")));
                }
                Some(name) => captures.push(("path", name.to_owned(), given.next()?.to_owned())),
                None if given.next()? == part => {}
                None => return None,
            }
        }
        (given.next().is_none()).then_some(captures)
    }
}

#[test]
fn a_request_that_github_does_not_describe_is_noticed() {
    let description = Description::read();
    let ask = |method: &str, path: &str, query: &[(&str, &str)], body: Value| {
        let request = Request {
            method: method.to_owned(),
            path: format!("/repos/{REPOSITORY}{path}"),
            query: query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            headers: BTreeMap::new(),
            body,
        };
        description.violation(&request)
    };
    assert_eq!(ask("GET", "/issues/7/comments", &[("per_page", "100"), ("page", "2")], Value::Null), None);
    assert_eq!(ask("PATCH", "/issues/comments/7", &[], json!({ "body": "text" })), None);
    for violation in [
        ask("POST", "/issues/comments/7", &[], json!({ "body": "text" })),
        ask("PATCH", "/issues/comments/7", &[], json!({ "text": "text" })),
        ask("PATCH", "/issues/comments/7", &[], Value::Null),
        ask("GET", "/issues/7/comments", &[("size", "100")], Value::Null),
        ask("GET", "/issues/seven/comments", &[], Value::Null),
        ask("DELETE", "/issues/comments/7", &[], Value::Null),
    ] {
        assert!(violation.is_some());
    }
}
