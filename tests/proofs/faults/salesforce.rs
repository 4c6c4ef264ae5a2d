//! An audit whose reference is a query: every account, or no audit.

use super::{Matrix, each, files, names, run, without_port};
use crate::fake_salesforce::{Config, FakeSalesforce, Fault, FaultKind, Logged, Of, accounts};
use crate::fake_zendesk::{FakeZendesk, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

const VARIES: [&str; 1] = ["receipt.json"];

struct Scene {
    folder: TempDir,
    zendesk: FakeZendesk,
    salesforce: FakeSalesforce,
}

/// A request of the undisturbed run, and which of its kind it is.
struct Request {
    of: Of,
    nth: usize,
    kind: String,
}

impl Scene {
    fn new() -> Self {
        let zendesk = FakeZendesk::start(World::numbered(5, 20, 20));
        let salesforce = FakeSalesforce::start_with(accounts(5), Config { page_size: 2, ..Config::default() });
        let folder = tempfile::tempdir().expect("a folder");
        let columns = "{ sf_account_id: Id, account_name: Name, account_domains: Support_Domains__c }";
        let text = format!(
            "zendesk:\n  base_url: {}\nsalesforce:\n  source: soql\n  instance_url: {}\n  query: SELECT Id, Name, Support_Domains__c FROM Account\n  columns: {columns}\n",
            zendesk.url(),
            salesforce.url()
        );
        std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), text).expect("written");
        Self { folder, zendesk, salesforce }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("artifacts/zendesk_drift")
    }

    fn audit(&self, what: &str) -> Output {
        let _ = std::fs::remove_dir_all(self.root());
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
        for (name, _) in std::env::vars() {
            if ["GITHUB_", "ZENDESK_", "SALESFORCE_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.envs(FakeZendesk::API_TOKEN_ENV).envs(FakeSalesforce::CLIENT_ENV).current_dir(&self.folder);
        command.args(["zendesk", "drift", "audit", "--quiet", "--as-of", "2026-04-17T22:15:30Z"]);
        run(command, what)
    }

    fn run(&self) -> Option<PathBuf> {
        let run = names(&self.root()).into_iter().find(|name| name.contains("_audit"))?;
        Some(self.root().join(run))
    }
}

fn requests(log: &[Logged]) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    for logged in log {
        let (of, kind) = match logged.path.rsplit('/').next().unwrap_or_default() {
            "token" => (Of::Token, "POST /services/oauth2/token"),
            "query" => (Of::Query, "GET /services/data/v64.0/query"),
            _ => (Of::More, "GET /services/data/v64.0/query/*"),
        };
        let nth = 1 + requests.iter().filter(|one| one.of == of).count();
        requests.push(Request { of, nth, kind: kind.to_owned() });
    }
    requests
}

/// What happens to a page that should be like another.
fn altered(change: impl Fn(&mut Value) + Send + Sync + 'static) -> FaultKind {
    FaultKind::Alter(std::sync::Arc::new(change))
}

fn faults() -> Vec<(&'static str, FaultKind, bool)> {
    let error = |status, code: &str| FaultKind::error(status, code, "It went wrong");
    let html = |status| FaultKind::Status(status, "<html><title>Down</title></html>".into(), Vec::new());
    let with = |status, name, value: &str| FaultKind::Status(status, "[]".into(), vec![(name, value.to_owned())]);
    let json = |body: Value| FaultKind::Status(200, body.to_string(), Vec::new());
    vec![
        ("400 INVALID_FIELD, always", error(400, "INVALID_FIELD"), true),
        ("400 QUERY_TIMEOUT, once", error(400, "QUERY_TIMEOUT"), false),
        ("the session ends, once", FaultKind::SessionEnds, false),
        ("401, always", error(401, "INVALID_SESSION_ID"), true),
        ("403 REQUEST_LIMIT_EXCEEDED, once", error(403, "REQUEST_LIMIT_EXCEEDED"), false),
        ("403, always", error(403, "INSUFFICIENT_ACCESS"), true),
        ("404, always", error(404, "NOT_FOUND"), true),
        ("429 with Retry-After: 0, once", with(429, "retry-after", "0"), false),
        ("429 with Retry-After: 7200, always", with(429, "retry-after", "7200"), true),
        ("500, once", error(500, "UNKNOWN_EXCEPTION"), false),
        ("500, always", error(500, "UNKNOWN_EXCEPTION"), true),
        ("503 with an HTML page, once", html(503), false),
        ("503 with an HTML page, always", html(503), true),
        ("redirect to a login page, always", with(302, "location", "/login"), true),
        ("redirect to another host, always", with(302, "location", "https://elsewhere.example/"), true),
        ("200 with an HTML page, once", FaultKind::Html, false),
        ("200 with an HTML page, always", FaultKind::Html, true),
        ("half the JSON as if it were all, once", FaultKind::TruncatedJson, false),
        ("half the JSON as if it were all, always", FaultKind::TruncatedJson, true),
        ("reset before the answer, once", FaultKind::ResetBefore, false),
        ("reset before the answer, always", FaultKind::ResetBefore, true),
        ("reset within the answer, once", FaultKind::ResetMidBody, false),
        ("the answer stalls, once", FaultKind::Stall, false),
        ("the answer is 300 ms late, once", FaultKind::Slow(Duration::from_millis(300)), false),
        ("200 with an empty object, always", json(json!({})), true),
        ("200 with an empty list, always", json(json!([])), true),
        ("an answer that is too long, once", FaultKind::Status(200, " ".repeat(super::TOO_LONG), Vec::new()), false),
        ("another `totalSize`, once", altered(|page| page["totalSize"] = 4.into()), false),
        ("no `done`, once", altered(|page| drop(page.as_object_mut().map(|page| page.remove("done")))), false),
        (
            "`done` too early, once",
            altered(|page| {
                page["done"] = true.into();
                page.as_object_mut().map(|page| page.remove("nextRecordsUrl"));
            }),
            false,
        ),
        (
            "a record twice, once",
            altered(|page| {
                if let Some(records) = page["records"].as_array_mut().filter(|records| !records.is_empty()) {
                    records.push(records[0].clone());
                }
            }),
            false,
        ),
        ("a page without its records, once", altered(|page| page["records"] = json!([])), false),
        (
            "the next page on another host, once",
            altered(|page| {
                if page["nextRecordsUrl"].is_string() {
                    page["nextRecordsUrl"] = "https://elsewhere.example/services/data/v64.0/query/1-2".into();
                }
            }),
            false,
        ),
        (
            "an object where a text should be, once",
            altered(|page| {
                if page["records"].is_array() {
                    page["records"][0]["Name"] = json!({"attributes": {"type": "X"}});
                }
            }),
            false,
        ),
    ]
}

pub fn matrix() -> Matrix {
    let calm = Scene::new();
    let undisturbed = calm.audit("undisturbed");
    let error = String::from_utf8_lossy(&undisturbed.stderr);
    let (code, asked) = (undisturbed.status.code(), requests(&calm.salesforce.log()));
    let expected = files(&calm.run().unwrap_or_else(|| panic!("a run: {error}")), &VARIES);
    let expected = without_port(expected, calm.zendesk.url());
    let faults = faults();
    let kinds: Vec<String> = asked.iter().map(|request| request.kind.clone()).collect();
    let matrix = Matrix::new("Salesforce", faults.iter().map(|(name, ..)| *name).collect(), &kinds);
    let work: Vec<(usize, &Request)> =
        (0..faults.len()).flat_map(|fault| asked.iter().map(move |request| (fault, request))).collect();
    each(
        &work,
        || (),
        |(), (fault, request)| {
            let (name, kind, forever) = &faults[*fault];
            // A fault counts its requests from its beginning, so each has a fake of its own.
            let scene = Scene::new();
            let struck = Fault::on(request.of, kind.clone());
            scene.salesforce.add_fault(if *forever { struck.from(request.nth) } else { struck.nth(request.nth) });
            let what = format!("{name} at {} {}", request.kind, request.nth);
            let ended = scene.audit(&what);
            matrix.set(*fault, &request.kind, judged(&scene, &ended, code, &expected, &what));
        },
    );
    matrix
}

fn judged(scene: &Scene, ended: &Output, calm: Option<i32>, expected: &BTreeMap<String, String>, what: &str) -> String {
    let error = String::from_utf8_lossy(&ended.stderr);
    let code = ended.status.code();
    if let Some(run) = scene.run() {
        assert_eq!(code, calm, "{what}: {error}");
        let is = without_port(files(&run, &VARIES), scene.zendesk.url());
        let differs: Vec<&String> = expected.keys().filter(|name| is.get(*name) != expected.get(*name)).collect();
        assert!(is == *expected, "{what}: {differs:?} differ");
        return "ok".to_owned();
    }
    let code = code.expect("a code");
    assert!(matches!(code, 2 | 3), "{what}: {code}: {error}");
    assert!(error.contains("error: ") && error.contains("caused by: ") && error.contains("help: "), "{what}: {error}");
    let left: Vec<String> = names(&scene.root()).into_iter().filter(|name| !name.starts_with(".resume-")).collect();
    assert!(left.is_empty(), "{what}: {left:?}");
    // A query is refused as one, and everything else is not to blame on it.
    assert!(code == 3 || what.contains("400 INVALID_FIELD"), "{what}: {error}");
    code.to_string()
}
