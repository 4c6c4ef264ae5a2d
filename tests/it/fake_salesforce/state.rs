//! The one pipeline that every request passes: log, what is allowed, faults, credentials, limits, the answer, faults again.

use super::faults::{Fault, FaultKind, Of};
use super::soql::Select;
use super::wire::{Out, Reply, Request, pairs};
use super::{FakeSalesforce, Record};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Credentials, limits and habits.
#[derive(Clone, Debug)]
pub struct Config {
    /// Consumer key and secret of the app.
    pub client: (String, String),
    /// A token that is valid from the start.
    pub token: String,
    /// The only version that there is.
    pub api_version: String,
    /// How many records a page has.
    pub page_size: usize,
    /// How many API requests a day has; beyond it they are refused.
    pub daily_limit: u64,
    /// How long every answer takes.
    pub delay: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let [(_, id), (_, secret)] = FakeSalesforce::CLIENT_ENV;
        Self {
            client: (id.to_owned(), secret.to_owned()),
            token: FakeSalesforce::TOKEN_ENV[0].1.to_owned(),
            api_version: "64.0".to_owned(),
            page_size: 2000,
            daily_limit: 100_000,
            delay: Duration::ZERO,
        }
    }
}

/// A request, as it came, and the status it was answered with.
#[derive(Clone, Debug)]
pub struct Logged {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub token: Option<String>,
    pub body: String,
    /// `None` where the connection ended without an answer.
    pub status: Option<u16>,
}

/// An open query: what it found, and how far it was read.
struct Locator {
    token: String,
    found: Arc<Vec<Value>>,
}

/// Everything that changes.
pub struct State {
    pub records: Vec<Record>,
    pub config: Config,
    pub faults: Vec<Fault>,
    pub log: Vec<Logged>,
    pub violations: Vec<Logged>,
    tokens: BTreeSet<String>,
    granted: usize,
    locators: BTreeMap<String, Locator>,
    used: u64,
    /// The pages that answers have named, changed ones too.
    named: BTreeSet<String>,
}

impl State {
    pub fn new(records: Vec<Record>, config: Config) -> Self {
        Self {
            records,
            tokens: BTreeSet::from([config.token.clone()]),
            config,
            faults: Vec::new(),
            log: Vec::new(),
            violations: Vec::new(),
            granted: 0,
            locators: BTreeMap::new(),
            used: 0,
            named: BTreeSet::new(),
        }
    }

    /// Answers a request.
    pub fn answer(&mut self, request: &Request) -> Reply {
        let of = self.kind_of(request);
        let mut logged = Logged {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            token: request.token().map(str::to_owned),
            body: request.body.clone(),
            status: None,
        };
        let mut reply = match of {
            Some(of) => self.allowed(of, request),
            None => {
                self.violations.push(logged.clone());
                error(404, "NOT_FOUND", "The requested resource does not exist")
            }
        };
        reply.delay += self.config.delay;
        logged.status = (!matches!(reply.out, Out::ResetBefore)).then_some(reply.status);
        self.log.push(logged);
        reply
    }

    /// The kind of a request; `None` for one that nothing may send.
    fn kind_of(&self, request: &Request) -> Option<Of> {
        let bearer = request.token().is_some();
        let segments: Vec<&str> = request.path.split('/').skip(1).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["services", "oauth2", "token"]) if request.query.is_empty() && !bearer => {
                let form = request.header("content-type") == Some("application/x-www-form-urlencoded");
                let names: Vec<String> = pairs(&request.body).into_iter().map(|(name, _)| name).collect();
                (form && names == ["grant_type", "client_id", "client_secret"]).then_some(Of::Token)
            }
            ("GET", ["services", "data", version, "query"]) if bearer && version.starts_with('v') => {
                let names: Vec<&str> = request.query.iter().map(|(name, _)| name.as_str()).collect();
                (names == ["q"] && request.body.is_empty()).then_some(Of::Query)
            }
            ("GET", ["services", "data", _, "query", _]) if bearer && request.body.is_empty() => {
                self.named.contains(&request.path).then_some(Of::More)
            }
            _ => None,
        }
    }

    fn allowed(&mut self, of: Of, request: &Request) -> Reply {
        let fault = self.faults.iter_mut().find_map(|fault| fault.strikes(of).then(|| fault.kind.clone()));
        match &fault {
            Some(FaultKind::Status(status, body, headers)) => {
                let content_type = if body.starts_with('<') { "text/html" } else { "application/json;charset=UTF-8" };
                let mut reply = Reply::new(*status, content_type, body.clone());
                reply.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
                return reply;
            }
            Some(FaultKind::SessionEnds) => drop(self.tokens.remove(request.token().unwrap_or_default())),
            _ => {}
        }
        let mut reply = match of {
            Of::Token => self.grant(request),
            Of::Query | Of::More | Of::Page => self.page(of, request),
        };
        match fault {
            Some(FaultKind::Html) => {
                reply = Reply::new(200, "text/html", "<html><title>Maintenance</title></html>".into())
            }
            Some(FaultKind::TruncatedJson) => reply.body.truncate(reply.body.len() / 2),
            Some(FaultKind::ResetBefore) => reply.out = Out::ResetBefore,
            Some(FaultKind::ResetMidBody) => reply.out = Out::ResetMidBody,
            Some(FaultKind::Stall) => reply.out = Out::Stall,
            Some(FaultKind::Slow(delay)) => reply.delay = delay,
            Some(FaultKind::GzipBomb(bytes)) => reply.out = Out::Bomb(bytes),
            Some(FaultKind::Alter(change)) => {
                let mut page = serde_json::from_str(&reply.body).expect("a page is JSON");
                change(&mut page);
                reply.body = page.to_string();
                self.named.extend(page["nextRecordsUrl"].as_str().map(str::to_owned));
            }
            Some(FaultKind::Status(..) | FaultKind::SessionEnds) | None => {}
        }
        reply
    }

    fn grant(&mut self, request: &Request) -> Reply {
        let form: BTreeMap<String, String> = pairs(&request.body).into_iter().collect();
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let (id, secret) = &self.config.client;
        let oauth = |status, error, description| {
            Reply::json(status, &json!({"error": error, "error_description": description}))
        };
        if field("grant_type") != "client_credentials" {
            return oauth(400, "unsupported_grant_type", "grant type not supported");
        }
        if field("client_id") != id {
            return oauth(400, "invalid_client_id", "client identifier invalid");
        }
        if field("client_secret") != secret {
            return oauth(400, "invalid_client", "invalid client credentials");
        }
        self.granted += 1;
        let token = format!("00DFAKE!AR8.granted_{}", self.granted);
        self.tokens.insert(token.clone());
        Reply::json(
            200,
            &json!({
                "access_token": token, "signature": "c2lnbmF0dXJl", "token_format": "opaque", "scope": "api",
                "instance_url": "https://fake.my.salesforce.com", "token_type": "Bearer", "issued_at": "1776465330000",
                "id": "https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA",
            }),
        )
    }

    fn page(&mut self, of: Of, request: &Request) -> Reply {
        let token = request.token().unwrap_or_default();
        if !self.tokens.contains(token) {
            return error(401, "INVALID_SESSION_ID", "Session expired or invalid");
        }
        if self.used >= self.config.daily_limit {
            return error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
        }
        self.used += 1;
        let version = &self.config.api_version;
        let path = format!("/services/data/v{version}/query");
        let reply = match request.path.strip_prefix(&path) {
            None => error(404, "NOT_FOUND", "The requested resource does not exist"),
            Some("") if of == Of::Query => {
                let text = request.query.first().map(|(_, text)| text.as_str()).unwrap_or_default();
                match Select::parse(text).and_then(|select| select.run(&self.records, version)) {
                    Err((code, message)) => error(400, code, &message),
                    Ok(found) => {
                        let name = format!("01gFAKE{:08}", self.locators.len() + 1);
                        let locator = Locator { token: token.to_owned(), found: Arc::new(found) };
                        self.locators.insert(name.clone(), locator);
                        self.part(&path, &name, 0)
                    }
                }
            }
            Some(rest) => {
                let locator = rest[1..].rsplit_once('-').and_then(|(name, from)| Some((name, from.parse().ok()?)));
                match locator.filter(|(name, _)| self.locators.get(*name).is_some_and(|open| open.token == token)) {
                    Some((name, from)) => self.part(&path, name, from),
                    None => error(400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
                }
            }
        };
        let usage = format!("api-usage={}/{}", self.used, self.config.daily_limit);
        Reply { headers: vec![("Sforce-Limit-Info".to_owned(), usage)], ..reply }
    }

    /// A page of an open query.
    fn part(&mut self, path: &str, name: &str, from: usize) -> Reply {
        let found = Arc::clone(&self.locators[name].found);
        let to = found.len().min(from + self.config.page_size);
        let mut page = json!({"totalSize": found.len(), "done": to == found.len()});
        if to < found.len() {
            let next = format!("{path}/{name}-{to}");
            page["nextRecordsUrl"] = next.clone().into();
            self.named.insert(next);
        }
        page["records"] = found[from.min(to)..to].to_vec().into();
        Reply::json(200, &page)
    }
}

/// The shape of errors of the API.
fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!([{"message": message, "errorCode": code}]))
}
