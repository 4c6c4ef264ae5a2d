//! The pipeline against a scripted transport, in paused time: waits of minutes take no time and have exact lengths.
//!
//! Left out: bytes on the wire (`http`), and the policy's tables (`retry`, `pace`).

mod pace;
mod pages;
mod references;
mod tickets;
mod tokens;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::auth::{Credentials, Secret};
use super::client::Timing;
use super::error::{Gap, ReadError};
use super::http::{Answer, Answering, Authorization, Method, Outgoing, Transport};
use super::progress::{Pause, Progress, Silent};
use super::read::{ReadOutcome, read_over};
use super::reader::ReadOptions;
use super::sink::{Missing, Sink, Taken};
use super::ticket_source::TicketSource;
use crate::model::kind::Kind;
use crate::retry::Fault;

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq)]
struct Call {
    method: &'static str,
    path: String,
    query: BTreeMap<String, String>,
    bearer: Option<String>,
    at: Instant,
}

impl Call {
    fn query(&self, key: &str) -> &str {
        self.query.get(key).map_or("", String::as_str)
    }
}

type Reply = Result<(u16, Vec<(&'static str, String)>, String), Fault>;

fn ok(body: Value) -> Reply {
    status(200, body)
}

fn status(status: u16, body: Value) -> Reply {
    Ok((status, vec![], body.to_string()))
}

fn with(reply: Reply, header: &'static str, value: impl ToString) -> Reply {
    reply.map(|(status, mut headers, body)| {
        headers.push((header, value.to_string()));
        (status, headers, body)
    })
}

fn list(array: &str, records: Value, next: Option<&str>) -> Reply {
    ok(
        json!({array: records, "meta": {"has_more": next.is_some(), "after_cursor": next}, "links": {"next": "http://evil.example"}}),
    )
}

fn export(records: Value, next: Option<&str>) -> Reply {
    ok(json!({"tickets": records, "after_cursor": next.unwrap_or("end"), "end_of_stream": next.is_none()}))
}

/// An empty Zendesk, where a script doesn't say otherwise.
fn usual(call: &Call) -> Reply {
    match call.path.as_str() {
        "/api/v2/users/me" => ok(json!({"user": {"id": 1, "role": "admin"}})),
        "/api/v2/account/settings" => ok(json!({"settings": {"user": {"multiple_organizations": true}}})),
        "/api/v2/organizations" => list("organizations", json!([]), None),
        "/api/v2/users" => list("users", json!([]), None),
        "/api/v2/organization_memberships" => list("organization_memberships", json!([]), None),
        "/api/v2/incremental/tickets/cursor" => export(json!([]), None),
        "/api/v2/search/export" => list("results", json!([]), None),
        path if path.ends_with("/count") => status(404, json!({"error": "RecordNotFound"})),
        path => panic!("not expected: {path}"),
    }
}

type ScriptFn<'a> = Box<dyn Fn(&Call, u32) -> Option<Reply> + 'a>;

struct Script<'a> {
    answer: ScriptFn<'a>,
    takes: Duration,
    calls: RefCell<Vec<Call>>,
}

impl Transport for Script<'_> {
    fn send(&self, request: Outgoing) -> Answering<'_> {
        let call = Call {
            method: request.method.as_str(),
            path: request.url.path().to_owned(),
            query: request.url.query_pairs().into_owned().collect(),
            bearer: match request.authorization {
                Authorization::Bearer(token) => Some(token.expose().to_owned()),
                Authorization::Basic { .. } | Authorization::None => None,
            },
            at: Instant::now(),
        };
        assert!(matches!(request.method, Method::Get) || call.path == "/oauth/tokens", "a write: {call:?}");
        assert_eq!(request.url.origin().ascii_serialization(), "https://acme.zendesk.com");
        self.calls.borrow_mut().push(call.clone());
        let nth = self.calls.borrow().iter().filter(|other| other.path == call.path).count();
        Box::pin(async move {
            tokio::time::sleep(self.takes).await;
            let (status, headers, body) = (self.answer)(&call, nth as u32).unwrap_or_else(|| usual(&call))?;
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            Ok(Answer { status, headers: headers.collect(), body: body.into_bytes() })
        })
    }
}

/// Keeps ids, and what refers to them.
#[derive(Default)]
struct Ids {
    by_kind: BTreeMap<Kind, BTreeSet<u64>>,
    users: BTreeSet<u64>,
    organizations: BTreeSet<u64>,
}

impl Ids {
    fn of(&self, kind: Kind) -> Vec<u64> {
        self.by_kind.get(&kind).into_iter().flatten().copied().collect()
    }
}

impl Sink for Ids {
    fn take(&mut self, kind: Kind, records: &str) -> Result<Taken, String> {
        let records: Vec<Value> = serde_json::from_str(records).unwrap();
        let mut taken = Taken { records: records.len(), ..Taken::default() };
        for record in records {
            let id = record["id"].as_u64().ok_or("a record without an id")?;
            taken.new += usize::from(self.by_kind.entry(kind).or_default().insert(id));
            self.users.extend(record["user_id"].as_u64().or(record["requester_id"].as_u64()));
            self.organizations.extend(record["organization_id"].as_u64());
            let at = record["updated_at"].as_i64();
            taken.newest_updated_at = taken.newest_updated_at.max(at);
            taken.oldest_updated_at = taken.oldest_updated_at.map_or(at, |oldest| at.map(|at| at.min(oldest)));
        }
        Ok(taken)
    }

    fn missing(&self) -> Missing {
        let absent = |wanted: &BTreeSet<u64>, kind| {
            let known = self.by_kind.get(&kind).cloned().unwrap_or_default();
            wanted.difference(&known).copied().collect()
        };
        Missing {
            users: absent(&self.users, Kind::Users),
            organizations: absent(&self.organizations, Kind::Organizations),
        }
    }
}

/// What a scripted read came to.
struct Ran {
    result: Result<ReadOutcome, ReadError>,
    sink: Ids,
    calls: Vec<Call>,
    took: Duration,
}

impl Ran {
    fn outcome(&self) -> &ReadOutcome {
        self.result.as_ref().unwrap()
    }

    fn source(&self) -> Option<TicketSource> {
        self.outcome().tickets.as_ref().map(|choice| choice.source)
    }

    fn error(&self) -> &ReadError {
        self.result.as_ref().unwrap_err()
    }

    fn to(&self, path: &str) -> Vec<&Call> {
        self.calls.iter().filter(|call| call.path == path).collect()
    }

    fn gap(&self) -> (String, Gap) {
        match self.error() {
            ReadError::Incomplete { place, gap } => (place.clone(), *gap),
            error => panic!("{error}"),
        }
    }
}

struct Setup {
    credentials: Credentials,
    allow_list: bool,
    takes: Duration,
    tickets_from: i64,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            credentials: Credentials::Token(Secret::new("static-token")),
            allow_list: false,
            takes: Duration::ZERO,
            tickets_from: 1000,
        }
    }
}

fn client_credentials() -> Credentials {
    Credentials::Client { id: Secret::new("gremlin"), secret: Secret::new("s3cret"), scope: "read".into() }
}

async fn run_with(setup: Setup, progress: &dyn Progress, answer: impl Fn(&Call, u32) -> Option<Reply>) -> Ran {
    let Setup { credentials, allow_list, takes, tickets_from } = setup;
    let script = Script { answer: Box::new(answer), takes, calls: RefCell::default() };
    let options = ReadOptions {
        base_url: "https://acme.zendesk.com".parse().unwrap(),
        credentials,
        reserve_percent: 20,
        tickets_from: Some(tickets_from),
        allow_list,
        timing: Timing { jitter: || 0.0, ..Timing::default() },
    };
    let mut sink = Ids::default();
    let started = Instant::now();
    let result = read_over(&script, &options, None, &mut sink, progress, vec![]).await;
    Ran { result, sink, calls: script.calls.into_inner(), took: started.elapsed() }
}

async fn run(answer: impl Fn(&Call, u32) -> Option<Reply>) -> Ran {
    run_with(Setup::default(), &Silent, answer).await
}

const USERS: &str = "/api/v2/users";
const EXPORT: &str = "/api/v2/incremental/tickets/cursor";
const SEARCH: &str = "/api/v2/search/export";
const TICKETS: &str = "/api/v2/tickets";
const SETTINGS: &str = "/api/v2/account/settings";
const ME: &str = "/api/v2/users/me";

fn on(call: &Call, path: &str) -> bool {
    call.path == path
}

// Pages.

/// Grants token-1, token-2, …; refuses those below `valid_from`.
fn granting(call: &Call, nth: u32, valid_from: u32) -> Option<Reply> {
    if on(call, "/oauth/tokens") {
        assert_eq!((call.method, &call.bearer), ("POST", &None));
        return Some(ok(json!({"access_token": format!("token-{nth}"), "token_type": "bearer", "expires_in": 1800})));
    }
    let number: u32 = call.bearer.as_ref().unwrap().strip_prefix("token-").unwrap().parse().unwrap();
    (number < valid_from).then(|| status(401, json!({"error": "invalid_token"})))
}

fn as_client() -> Setup {
    Setup { credentials: client_credentials(), ..Setup::default() }
}

/// Twenty pages of every list.
fn page_of_many(call: &Call, nth: u32) -> Reply {
    let array = call.path.strip_prefix("/api/v2/").unwrap_or_default();
    if !["users", "organizations", "organization_memberships"].contains(&array) {
        return usual(call);
    }
    list(array, json!([{"id": nth}]), (nth < 20).then(|| nth.to_string()).as_deref())
}
