//! The pipeline against a scripted transport, in paused time: waits of minutes take no time and have exact lengths.
//!
//! Left out: bytes on the wire (`http`), and the policy's tables (`retry`, `pace`).

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

#[tokio::test(start_paused = true)]
async fn pages_follow_the_cursor_on_our_own_base_url() {
    let ran = run(|call, nth| match (call.path.as_str(), nth) {
        (USERS, 1) => Some(list("users", json!([{"id": 1}]), Some("c/1=="))),
        (USERS, 2) => Some(list("users", json!([{"id": 2}]), None)),
        (EXPORT, 1) => Some(export(json!([{"id": 8}]), Some("e1"))),
        (EXPORT, 2) => Some(export(json!([{"id": 9}]), None)),
        _ => None,
    })
    .await;
    assert_eq!(ran.source(), Some(TicketSource::Incremental));
    assert_eq!(ran.outcome().multiple_organizations, Some(true));
    assert_eq!((ran.sink.of(Kind::Users), ran.sink.of(Kind::Tickets)), (vec![1, 2], vec![8, 9]));
    let queries = |path| ran.to(path).into_iter().map(|call| json!(call.query)).collect::<Vec<_>>();
    assert_eq!(queries(USERS), [json!({"page[size]": "100"}), json!({"page[size]": "100", "page[after]": "c/1=="})]);
    let common = |key: &str, value: &str| json!({key: value, "per_page": "1000", "exclude_deleted": "true", "support_type_scope": "all"});
    assert_eq!(queries(EXPORT), [common("start_time", "1000"), common("cursor", "e1")]);
    let counts = &ran.outcome().requests;
    assert_eq!((counts["users"], counts["incremental_tickets"], counts["account_settings"]), (2, 2, 1));
    assert_eq!(ran.calls[0].path, ME);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_was_used_before_ends_the_read() {
    // Not the same cursor twice in a row, but a circle of two.
    let ran = run(|call, nth| {
        on(call, USERS).then(|| list("users", json!([{"id": nth}]), Some(["a", "b"][nth as usize % 2])))
    })
    .await;
    assert_eq!(ran.gap(), ("users, page 3".into(), Gap::CursorRepeated));
    let ran = run(|call, nth| on(call, EXPORT).then(|| export(json!([{"id": nth}]), Some("same")))).await;
    assert_eq!(ran.gap(), ("tickets, page 2".into(), Gap::CursorRepeated));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_say_how_to_go_on_ends_the_read() {
    let bodies = [
        (json!({"users": [], "meta": {"has_more": true}}), Gap::CursorMissing),
        (json!({"users": [], "meta": {"has_more": true, "after_cursor": null}}), Gap::CursorMissing),
        (json!({"users": [], "meta": {"has_more": true, "after_cursor": ""}}), Gap::CursorMissing),
        (json!({"users": [], "meta": {"has_more": null}}), Gap::EndUnknown("meta.has_more")),
        (json!({"users": [], "next_page": null, "count": 0}), Gap::EndUnknown("meta.has_more")),
        (json!({"meta": {"has_more": false}}), Gap::ArrayMissing("users")),
        (json!({"users": null, "meta": {"has_more": false}}), Gap::ArrayMissing("users")),
        (json!({"users": {}, "meta": {"has_more": false}}), Gap::ArrayMissing("users")),
        (json!([]), Gap::NotAnObject),
        (json!("users"), Gap::NotAnObject),
    ];
    for (body, gap) in bodies {
        let ran = run(|call, _| on(call, USERS).then(|| ok(body.clone()))).await;
        assert_eq!(ran.gap(), ("users, page 1".into(), gap), "{body}");
    }
    let bodies = [
        (json!({"tickets": [], "after_cursor": "c"}), Gap::EndUnknown("end_of_stream")),
        (json!({"tickets": [], "after_cursor": "c", "end_of_stream": null}), Gap::EndUnknown("end_of_stream")),
        (json!({"tickets": [], "after_cursor": null, "end_of_stream": false}), Gap::CursorMissing),
        (json!({"end_of_stream": true}), Gap::ArrayMissing("tickets")),
    ];
    for (body, gap) in bodies {
        let ran = run(|call, _| on(call, EXPORT).then(|| ok(body.clone()))).await;
        assert_eq!(ran.gap(), ("tickets, page 1".into(), gap), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_pages_without_news_end_the_read_and_nine_do_not() {
    let pages = |old_pages: u32| {
        move |call: &Call, nth: u32| {
            on(call, USERS).then(|| {
                let id = if nth > 1 + old_pages { 2 } else { 1 };
                list("users", json!([{"id": id}]), (id == 1).then(|| format!("c{nth}")).as_deref())
            })
        }
    };
    assert_eq!(run(pages(9)).await.sink.of(Kind::Users), [1, 2]);
    assert_eq!(run(pages(10)).await.gap(), ("users, page 11".into(), Gap::NothingNew));
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_in_the_middle_is_no_end() {
    let ran = run(|call, nth| match (call.path.as_str(), nth) {
        (USERS, 1) => Some(list("users", json!([{"id": 1}]), Some("a"))),
        (USERS, 2) => Some(list("users", json!([]), Some("b"))),
        (USERS, 3) => Some(list("users", json!([{"id": 3}]), None)),
        _ => None,
    })
    .await;
    assert_eq!(ran.sink.of(Kind::Users), [1, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_ends_the_read() {
    let ran = run(|call, _| on(call, USERS).then(|| list("users", json!([{"id": null}]), None))).await;
    assert_eq!(ran.error().to_string(), "users, page 1: a record without an id");
}

// Failures.

#[tokio::test(start_paused = true)]
async fn whatever_may_pass_is_tried_again() {
    let limited = json!({"error": "APIRateLimitExceeded", "description": "slow down"});
    let faults: Vec<(Reply, u64)> = vec![
        (with(status(429, limited.clone()), "retry-after", 42), 42_000),
        (with(Ok((429, vec![], "Slow down, please".into())), "Retry-After", 7), 7000),
        (status(429, json!({"errors": [{"code": "TooManyRequests"}]})), 500),
        (with(Ok((503, vec![], "<html>".into())), "retry-after", 30), 30_000),
        (status(503, json!({})), 500),
        (status(500, json!({})), 500),
        (status(409, json!({"error": "DatabaseConflict"})), 500),
        (Ok((200, vec![], "<html>Sign in</html>".into())), 500),
        (Ok((200, vec![], r#"{"users": [{"id": 1"#.into())), 500),
        (Ok((200, vec![], String::new())), 500),
        (Err(Fault::Cut), 500),
        (Err(Fault::TimedOut), 500),
        (Err(Fault::Unreachable("refused".into())), 500),
    ];
    for (fault, waited_ms) in faults {
        let ran = run(|call, nth| match (call.path.as_str(), nth) {
            (USERS, 1) => Some(fault.clone()),
            (USERS, _) => Some(list("users", json!([{"id": 1}]), None)),
            _ => None,
        })
        .await;
        assert_eq!(ran.outcome().waited_after_failures_ms, waited_ms, "{fault:?}");
        assert_eq!(ran.took, Duration::from_millis(waited_ms), "{fault:?}");
        assert_eq!(ran.sink.of(Kind::Users), [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn eight_tries_are_all() {
    let ran = run(|call, _| on(call, USERS).then(|| status(500, json!({"error": "Oops"})))).await;
    assert_eq!(ran.to(USERS).len(), 8);
    assert_eq!(ran.error().to_string(), "users, page 1: 500 Oops after 8 tries");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_never_reached_ends_at_once_and_names_itself() {
    let nowhere = || Some(Err(Fault::Unreachable("no such host".to_owned())));
    for setup in [Setup::default(), as_client()] {
        let ran = run_with(setup, &Silent, |_, _| nowhere()).await;
        assert_eq!(ran.error().to_string(), "acme.zendesk.com cannot be reached: no such host");
        assert!(ran.error().help().contains("check the subdomain"), "{}", ran.error().help());
        assert_eq!((ran.calls.len(), ran.took), (1, Duration::ZERO));
        let ran = run(|_, _| Some(Err(Fault::Untrusted("it has expired".to_owned())))).await;
        assert_eq!(ran.error().to_string(), "acme.zendesk.com: the certificate is not trusted: it has expired");
        assert_eq!(ran.calls.len(), 1);
    }
    // One that has answered is the right one.
    let ran = run(|call, _| if on(call, USERS) { nowhere() } else { None }).await;
    assert!(matches!(ran.error(), ReadError::TriesSpent { .. }) && !ran.error().help().contains("subdomain"));
    assert_eq!(ran.to(USERS).len(), 8);
}

#[tokio::test(start_paused = true)]
async fn who_is_asking_comes_first_and_decides() {
    let as_user = |user: Value| move |call: &Call, _: u32| on(call, ME).then(|| ok(json!({"user": user})));
    let refused = [
        (json!({"id": null, "role": "end-user"}), "does not accept the credentials", "ZENDESK_OAUTH_TOKEN"),
        (json!({"id": 7, "role": "end-user"}), "belong to an end user", "let an admin own"),
        (
            json!({"id": 7, "role": "agent", "ticket_restriction": "organization"}),
            "sees only a part of the tickets (ticket_restriction: organization)",
            "let an admin own",
        ),
    ];
    for (user, said, help) in refused {
        let ran = run(as_user(user)).await;
        assert!(ran.error().to_string().contains(said), "{}", ran.error());
        assert!(ran.error().help().contains(help), "{}", ran.error().help());
        assert_eq!(ran.calls.len(), 1, "nothing else was asked");
    }
    let ran = run(as_user(json!({"id": 7, "role": "agent", "restricted_agent": true}))).await;
    assert!(ran.outcome().notices[0].contains("a restricted role"), "{:?}", ran.outcome().notices);
    let ran = run(|call, _| on(call, ME).then(|| status(403, json!({"error": "Forbidden"})))).await;
    assert!(matches!(ran.error(), ReadError::Refused { status: 403, .. }), "{}", ran.error());
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_without_a_good_page_are_all() {
    // Each try takes two minutes before it fails.
    let setup = Setup { takes: Duration::from_secs(120), ..Setup::default() };
    let ran = run_with(setup, &Silent, |call, _| on(call, SETTINGS).then_some(Err(Fault::TimedOut))).await;
    assert!(matches!(ran.error(), ReadError::TooSilent { silence_secs: 600.., .. }), "{}", ran.error());
    assert_eq!(ran.to(SETTINGS).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_good_page_starts_the_ten_minutes_and_the_tries_anew() {
    let setup = Setup { takes: Duration::from_secs(60), ..Setup::default() };
    // Seven failures before each of two pages: fourteen, and over fourteen minutes.
    let ran = run_with(setup, &Silent, |call, nth| match (call.path.as_str(), nth) {
        (USERS, 8) => Some(list("users", json!([{"id": 1}]), Some("a"))),
        (USERS, 16) => Some(list("users", json!([{"id": 2}]), None)),
        (USERS, _) => Some(status(500, json!({}))),
        _ => None,
    })
    .await;
    assert_eq!(ran.sink.of(Kind::Users), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_take_too_long_is_not_begun() {
    let ran = run(|call, _| on(call, USERS).then(|| with(status(429, json!({})), "retry-after", 3600))).await;
    assert_eq!(ran.took, Duration::ZERO);
    assert!(matches!(ran.error(), ReadError::WaitTooLong { asked_secs: 3600, left_secs: 600, .. }), "{}", ran.error());
    assert_eq!(ran.error().help(), "run again in 3600 s");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_explained_at_once() {
    let cases = [
        (401, "check", "ZENDESK_OAUTH_TOKEN"),
        (403, "organizations:read", "an admin"),
        (404, "subdomain", "acme.zendesk.com"),
        (422, "did not accept", "--verbose"),
        (400, "did not accept", "--verbose"),
    ];
    let path = "/api/v2/organizations";
    for (code, one, other) in cases {
        let ran =
            run(|call, _| on(call, path).then(|| status(code, json!({"error": "Nope", "description": "why"})))).await;
        assert_eq!(ran.error().to_string(), format!("organizations, page 1: {code} Nope (why)"));
        let help = ran.error().help();
        assert!(help.contains(one) || help.contains(other), "{code}: {help}");
        assert!(help.contains(other), "{code}: {help}");
        assert_eq!(ran.to(path).len(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_named_and_not_followed() {
    let ran = run(|call, _| {
        on(call, USERS).then(|| with(status(302, json!({})), "location", "https://evil.example/steal?x=1"))
    })
    .await;
    assert_eq!(ran.error().to_string(), "users, page 1: 302, redirected to https://evil.example");
    assert!(ran.error().help().contains("no redirect is followed"));
    let ran =
        run(|call, _| on(call, USERS).then(|| with(status(302, json!({})), "location", "/access/login?x=1"))).await;
    assert_eq!(
        ran.error().to_string(),
        "users, page 1: 302, redirected to a page of the same host (/access/login), which asks for a login"
    );
    assert!(ran.error().help().contains("ZENDESK_OAUTH_TOKEN"), "{}", ran.error().help());
}

#[tokio::test(start_paused = true)]
async fn an_error_shows_no_secret() {
    let echo = "static-token is not the token of jo@acme.com";
    let ran = run(|call, _| on(call, USERS).then(|| status(401, json!({"error": echo})))).await;
    let shown = format!("{} {:?} {}", ran.error(), ran.error(), ran.error().help());
    assert!(shown.contains("*** is not the token of ***"), "{shown}");
    assert!(!shown.contains("static-token") && !shown.contains("jo@"), "{shown}");
    // In other clothes: the header of an API token, whole and in parts, and what pages make of it.
    let credentials =
        Credentials::ApiToken { email: Secret::new("auditor@acme.example"), token: Secret::new("k3y/with+odd=signs") };
    for echo in [
        "Basic YXVkaXRvckBhY21lLmV4YW1wbGUvdG9rZW46azN5L3dpdGgrb2RkPXNpZ25z",
        "k3y%2Fwith%2Bodd%3Dsigns",
        "k3y\\/with+odd=signs",
        "azN5L3dpdGgrb2RkPXNpZ25z",
    ] {
        let setup = Setup { credentials: credentials.clone(), ..Setup::default() };
        let ran = run_with(setup, &Silent, |call, _| on(call, USERS).then(|| Ok((502, vec![], echo.to_owned())))).await;
        let shown = ran.error().to_string();
        assert!(shown.contains("***") && !shown.contains("k3y") && !shown.contains("azN5"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_shows_no_granted_token_either() {
    let ran = run_with(as_client(), &Silent, |call, nth| match call.path.as_str() {
        USERS => Some(status(403, json!({"error": "Forbidden", "description": "token-1 may not"}))),
        _ => granting(call, nth, 0),
    })
    .await;
    assert_eq!(ran.error().to_string(), "users, page 1: 403 Forbidden (*** may not)");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_the_account_does_not_shorten_a_wait_that_an_endpoint_asks_for() {
    let limited = with(with(status(429, json!({})), "x-rate-limit", 700), "x-rate-limit-remaining", 650);
    let limited = with(limited, "retry-after", 42);
    let ran = run(|call, nth| (on(call, EXPORT) && nth == 1).then(|| limited.clone())).await;
    assert_eq!(ran.outcome().waited_after_failures_ms, 42_000);
    assert_eq!(ran.to(EXPORT).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_times_out_is_asked_for_in_smaller_pieces() {
    let ran = run(|call, nth| match (call.path.as_str(), nth) {
        (EXPORT, 1) => Some(status(504, json!({}))),
        (EXPORT, 2) => Some(Err(Fault::TimedOut)),
        (EXPORT, 3) => Some(export(json!([{"id": 1}]), Some("c"))),
        (EXPORT, 4) => Some(status(500, json!({}))),
        (EXPORT, 5) => Some(export(json!([{"id": 2}]), None)),
        _ => None,
    })
    .await;
    let sizes: Vec<&str> = ran.to(EXPORT).iter().map(|call| call.query("per_page")).collect();
    assert_eq!(sizes, ["1000", "500", "250", "250", "250"]);
    assert_eq!(ran.sink.of(Kind::Tickets), [1, 2]);
}

// Credentials.

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

#[tokio::test(start_paused = true)]
async fn one_token_serves_all_streams() {
    let setup = Setup { takes: Duration::from_millis(10), ..as_client() };
    let ran = run_with(setup, &Silent, |call, nth| granting(call, nth, 0)).await;
    ran.outcome();
    assert_eq!(ran.outcome().requests["oauth_tokens"], 1);
}

#[tokio::test(start_paused = true)]
async fn streams_whose_token_dies_together_ask_for_one_new_token() {
    let setup = Setup { takes: Duration::from_millis(10), ..as_client() };
    let ran = run_with(setup, &Silent, |call, nth| {
        granting(call, nth, if on(call, SETTINGS) || on(call, ME) { 1 } else { 2 })
    })
    .await;
    assert_eq!(ran.outcome().requests["oauth_tokens"], 2);
    assert_eq!(ran.to(USERS).len(), 2);
    assert_eq!(ran.outcome().waited_after_failures_ms, 0);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_that_is_refused_too_ends_the_read() {
    let ran = run_with(as_client(), &Silent, |call, nth| granting(call, nth, u32::MAX)).await;
    assert_eq!(ran.calls.len(), 4, "grant, 401, grant, 401");
    assert!(matches!(ran.error(), ReadError::Refused { status: 401, .. }), "{}", ran.error());
    assert!(ran.error().help().contains("OAuth client"), "{}", ran.error().help());
}

#[tokio::test(start_paused = true)]
async fn a_static_token_that_is_refused_is_not_tried_again() {
    let ran =
        run(|call, _| on(call, SETTINGS).then(|| status(401, json!({"error": "Couldn't authenticate you"})))).await;
    assert_eq!(ran.to(SETTINGS).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_expires() {
    let setup = Setup { takes: Duration::from_secs(500), ..as_client() };
    let died = Cell::new(false);
    let ran = run_with(setup, &Silent, |call, nth| {
        if on(call, USERS) && nth < 8 {
            return Some(list("users", json!([{"id": nth}]), Some(&nth.to_string())));
        }
        let reply = granting(call, nth, 0);
        died.set(died.get() || reply.as_ref().is_some_and(|reply| matches!(reply, Ok((401, ..)))));
        reply
    })
    .await;
    // Twelve requests of 500 s in a row, and a token for each 1440 s (80 % of 1800 s).
    assert!(ran.outcome().requests["oauth_tokens"] >= 4, "{:?}", ran.outcome().requests);
    let mut granted_at = BTreeMap::new();
    for call in &ran.calls {
        match &call.bearer {
            None => {
                let _ =
                    granted_at.insert(format!("token-{}", granted_at.len() + 1), call.at + Duration::from_secs(500));
            }
            Some(token) => assert!(call.at - granted_at[token] < Duration::from_secs(1440), "{call:?}"),
        }
    }
    assert!(!died.get());
}

#[tokio::test(start_paused = true)]
async fn a_refused_grant_names_variables_and_scope() {
    let refuse = |code: u16, error: &'static str| {
        move |call: &Call, _: u32| {
            assert_eq!(call.path, "/oauth/tokens");
            Some(status(code, json!({"error": error, "error_description": "s3cret is wrong"})))
        }
    };
    let ran = run_with(as_client(), &Silent, refuse(401, "invalid_client")).await;
    assert_eq!(ran.error().to_string(), "OAuth token: 401 invalid_client (*** is wrong)");
    assert!(ran.error().help().contains("ZENDESK_OAUTH_CLIENT_SECRET"), "{}", ran.error().help());
    let ran = run_with(as_client(), &Silent, refuse(400, "invalid_scope")).await;
    assert!(ran.error().help().contains("ZENDESK_OAUTH_SCOPE"), "{}", ran.error().help());
    assert_eq!(ran.calls.len(), 1);
    let ran = run_with(as_client(), &Silent, refuse(404, "InvalidEndpoint")).await;
    assert_eq!(ran.error().help(), "acme.zendesk.com knows no OAuth tokens: check the subdomain");
}

#[tokio::test(start_paused = true)]
async fn a_grant_is_tried_again_like_any_read() {
    let ran = run_with(as_client(), &Silent, |call, nth| match (call.path.as_str(), nth) {
        ("/oauth/tokens", 1) => Some(status(503, json!({}))),
        _ => granting(call, nth, 0),
    })
    .await;
    assert_eq!(ran.outcome().requests["oauth_tokens"], 2);
    let ran = run_with(as_client(), &Silent, |call, _| on(call, "/oauth/tokens").then(|| ok(json!({})))).await;
    assert!(matches!(ran.error(), ReadError::NoToken { .. }), "{}", ran.error());
}

// Pace.

/// Hears every wait.
#[derive(Default)]
struct Waits(RefCell<Vec<(String, Pause, Duration)>>);

impl Progress for Waits {
    fn waiting(&self, what: &str, why: &Pause, for_how_long: Duration) {
        self.0.borrow_mut().push((what.to_owned(), why.clone(), for_how_long));
    }
}

#[tokio::test(start_paused = true)]
async fn the_streams_together_leave_the_reserve() {
    let began = Instant::now();
    let used: RefCell<BTreeMap<u64, u64>> = RefCell::default();
    let setup = Setup { takes: Duration::from_millis(300), ..Setup::default() };
    let waits = Waits::default();
    let ran = run_with(setup, &waits, |call, nth| {
        // A fixed window of a minute with 10 requests, counted when the answer leaves.
        let elapsed = began.elapsed().as_secs();
        let mut used = used.borrow_mut();
        let used = used.entry(elapsed / 60).or_default();
        *used += 1;
        let reply = if *used > 10 { status(429, json!({})) } else { page_of_many(call, nth) };
        let reply = with(with(reply, "x-rate-limit", 10), "x-rate-limit-remaining", 10_u64.saturating_sub(*used));
        Some(with(reply, "ratelimit-reset", 60 - elapsed % 60))
    })
    .await;
    assert_eq!(ran.outcome().waited_after_failures_ms, 0);
    // The pages of three lists, and who is asking, settings, three counts and tickets.
    assert_eq!(ran.outcome().requests.values().sum::<u64>(), 3 * 20 + 6);
    let used = used.into_inner();
    assert!(used.values().all(|used| *used <= 8), "{used:?}");
    assert!(used.len() <= 9, "{used:?}");
    assert!(ran.outcome().waited_for_pace_ms > 0);
    assert!(waits.0.into_inner().iter().all(|(_, why, _)| *why == Pause::Pace));
}

/// Twenty pages of every list.
fn page_of_many(call: &Call, nth: u32) -> Reply {
    let array = call.path.strip_prefix("/api/v2/").unwrap_or_default();
    if !["users", "organizations", "organization_memberships"].contains(&array) {
        return usual(call);
    }
    list(array, json!([{"id": nth}]), (nth < 20).then(|| nth.to_string()).as_deref())
}

#[tokio::test(start_paused = true)]
async fn keeping_pace_is_no_silence() {
    let ran = run(|call, nth| {
        // The account stays used up by others, far longer than failures may last, and then a page fails for a while.
        match (call.path.as_str(), nth) {
            (EXPORT, 1..=20) => {
                let page = export(json!([{"id": nth}]), Some(&nth.to_string()));
                Some(with(page, "zendesk-ratelimit-incremental-exports", "total=10; remaining=0; resets=590"))
            }
            (EXPORT, 21..=26) => Some(status(500, json!({}))),
            _ => None,
        }
    })
    .await;
    assert_eq!(ran.outcome().waited_for_pace_ms, 20 * 590_000);
    assert_eq!(ran.outcome().waited_after_failures_ms, 31_500);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_waits_for_pace_is_no_silence() {
    let ran = run_with(as_client(), &Silent, |call, nth| match (call.path.as_str(), nth) {
        // The token dies when the account is used up by others, and then the page fails for a while.
        (SETTINGS, 1) => {
            let dead = with(status(401, json!({"error": "invalid_token"})), "x-rate-limit", 10);
            Some(with(with(dead, "x-rate-limit-remaining", 0), "ratelimit-reset", 600))
        }
        (SETTINGS, 2..=4) => Some(status(500, json!({}))),
        _ => granting(call, nth, 0),
    })
    .await;
    assert_eq!(ran.outcome().waited_for_pace_ms, 600_000);
    // The 401 was the first try.
    assert_eq!(ran.outcome().waited_after_failures_ms, 1000 + 2000 + 4000);
}

// Tickets.

fn denied() -> Reply {
    status(403, json!({"error": "Forbidden"}))
}

#[tokio::test(start_paused = true)]
async fn a_closed_export_leads_to_the_search_export() {
    let setup = Setup { tickets_from: 1_776_427_200, ..Setup::default() };
    let ran = run_with(setup, &Silent, |call, nth| match (call.path.as_str(), nth) {
        (EXPORT, _) => Some(denied()),
        (SEARCH, 1) => Some(list("results", json!([{"id": 1}]), Some("s"))),
        (SEARCH, 2) => Some(list("results", json!([{"id": 2}]), None)),
        _ => None,
    })
    .await;
    assert_eq!(ran.source(), Some(TicketSource::SearchAlone));
    assert_eq!(ran.sink.of(Kind::Tickets), [1, 2]);
    let first = ran.to(SEARCH)[0];
    assert_eq!(first.query("query"), "updated>=2026-04-17T12:00:00Z");
    assert_eq!((first.query("filter[type]"), first.query("page[size]")), ("ticket", "1000"));
    assert_eq!(ran.outcome().notices.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_list_is_read_only_where_it_is_allowed() {
    let closed = |call: &Call, _: u32| match call.path.as_str() {
        EXPORT | SEARCH => Some(denied()),
        TICKETS => Some(list("tickets", json!([]), None)),
        _ => None,
    };
    let ran = run(closed).await;
    assert!(matches!(ran.error(), ReadError::NoTicketSource { .. }), "{}", ran.error());
    assert!(ran.error().help().contains("tickets.allow_list"), "{}", ran.error().help());
    let ran = run_with(Setup { allow_list: true, ..Setup::default() }, &Silent, closed).await;
    assert_eq!(ran.source(), Some(TicketSource::List));
    assert_eq!(ran.outcome().notices.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_a_refusal_for_the_role_leads_elsewhere() {
    let ran = run(|call, _| on(call, EXPORT).then(|| status(400, json!({"error": "Bad"})))).await;
    assert!(matches!(ran.error(), ReadError::Refused { status: 400, .. }), "{}", ran.error());
    assert!(ran.to(SEARCH).is_empty());
}

/// A ticket list that pages by two, newest first; `touch` says which ticket changes after a page was given.
async fn read_ticket_list(mut tickets: Vec<(u64, i64)>, touch: impl Fn(u32) -> Option<(u64, i64)>) -> Ran {
    tickets.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    let tickets = RefCell::new(tickets);
    run_with(Setup { allow_list: true, ..Setup::default() }, &Silent, |call, nth| match call.path.as_str() {
        EXPORT | SEARCH => Some(denied()),
        TICKETS => {
            assert_eq!(call.query("sort"), "-updated_at");
            let mut tickets = tickets.borrow_mut();
            let after = call.query("page[after]").parse().unwrap_or(i64::MAX);
            let rest: Vec<_> = tickets.iter().filter(|(_, at)| *at < after).copied().collect();
            let page = &rest[..rest.len().min(2)];
            let next = (rest.len() > 2).then(|| page[1].1.to_string());
            let records = page.iter().map(|(id, at)| json!({"id": id, "updated_at": at})).collect();
            if let Some((id, at)) = touch(nth) {
                tickets.retain(|(other, _)| *other != id);
                tickets.insert(0, (id, at));
            }
            Some(list("tickets", records, next.as_deref()))
        }
        _ => None,
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn the_list_is_read_until_a_whole_page_is_older_than_the_window() {
    let tickets = (1..=9).map(|n| (n, 1004 - n as i64 * 2)).collect();
    let ran = read_ticket_list(tickets, |_| None).await;
    // Times 1002, 1000 | 998, 996: the second page is the first that is old as a whole. Then the head, once.
    assert_eq!(ran.sink.of(Kind::Tickets), [1, 2, 3, 4]);
    let cursors: Vec<&str> = ran.to(TICKETS).iter().map(|call| call.query("page[after]")).collect();
    assert_eq!(cursors, ["", "1000", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_jumps_to_the_head_is_not_lost() {
    let tickets: Vec<_> = (1..=9).map(|n| (n, 2000 - n as i64)).collect();
    // Ticket 9, of the last page, changes after the first page was read, and 8 after the second.
    let jump = |nth| match nth {
        1 => Some((9, 3000)),
        2 => Some((8, 3001)),
        _ => None,
    };
    let ran = read_ticket_list(tickets, jump).await;
    assert_eq!(ran.sink.of(Kind::Tickets), (1..=9).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_jumps_while_the_head_is_read_is_not_lost() {
    let tickets: Vec<_> = (1..=9).map(|n| (n, 2000 - n as i64)).collect();
    // 9, 8 and 7 jump during the list, in four pages; after the first page of the head, 9 jumps over the look again.
    let jump = |nth| match nth {
        1 => Some((9, 3000)),
        2 => Some((8, 3001)),
        3 => Some((7, 3002)),
        5 => Some((9, 3003)),
        _ => None,
    };
    let ran = read_ticket_list(tickets, jump).await;
    assert_eq!(ran.sink.of(Kind::Tickets), (1..=9).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_never_rests_ends_the_read() {
    let tickets: Vec<_> = (1..=9).map(|n| (n, 2000 - n as i64)).collect();
    let ran = read_ticket_list(tickets, |nth| Some((u64::from(nth % 9 + 1), 3000 + i64::from(nth)))).await;
    assert_eq!(ran.gap().1, Gap::ListMoves);
}

// The setting, the counts, the references.

#[tokio::test(start_paused = true)]
async fn a_setting_that_cannot_be_read_is_unknown() {
    for reply in [denied(), status(404, json!({})), ok(json!({"settings": {}})), ok(json!({"settings": {"user": {}}}))]
    {
        let ran = run(|call, _| on(call, SETTINGS).then(|| reply.clone())).await;
        assert_eq!(ran.outcome().multiple_organizations, None, "{reply:?}");
        assert_eq!(ran.outcome().notices.len(), 1, "{reply:?}");
    }
    let off = json!({"settings": {"user": {"multiple_organizations": false}}});
    let ran = run(|call, _| on(call, SETTINGS).then(|| ok(off.clone()))).await;
    assert_eq!(ran.outcome().multiple_organizations, Some(false));
    let ran = run(|call, _| on(call, SETTINGS).then(|| status(400, json!({})))).await;
    assert!(matches!(ran.error(), ReadError::Refused { status: 400, .. }));
}

/// Keeps the totals, and what only a curious reader wants to know.
#[derive(Default)]
struct Totals(RefCell<Vec<(Kind, u64)>>, RefCell<Vec<String>>);

impl Progress for Totals {
    fn total(&self, kind: Kind, records: u64) {
        self.0.borrow_mut().push((kind, records));
    }

    fn detail(&self, text: &str) {
        self.1.borrow_mut().push(text.to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_is_asked_for_once_and_never_needed() {
    let totals = Totals::default();
    let ran = run_with(Setup::default(), &totals, |call, _| match call.path.as_str() {
        "/api/v2/users/count" => Some(ok(json!({"count": {"value": 7, "refreshed_at": null}}))),
        "/api/v2/organizations/count" => Some(status(500, json!({}))),
        _ => None,
    })
    .await;
    assert_eq!(ran.outcome().requests["organizations_count"], 1);
    assert_eq!(ran.outcome().waited_after_failures_ms, 0);
    assert_eq!(totals.0.into_inner(), [(Kind::Users, 7)]);
    assert_eq!(ran.outcome().expected, None);
}

/// Counts, and few exports a minute.
fn counting(tickets: u64) -> impl Fn(&Call, u32) -> Option<Reply> {
    move |call, _| match call.path.as_str() {
        "/api/v2/users/count" => Some(ok(json!({"count": {"value": 250, "refreshed_at": null}}))),
        "/api/v2/organizations/count" => Some(ok(json!({"count": {"value": 1, "refreshed_at": null}}))),
        "/api/v2/search/count" => Some(ok(json!({"count": tickets}))),
        SEARCH => Some(list("results", json!([{"id": 1}]), None)),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn many_tickets_come_from_the_search_and_the_latest_from_the_incremental_export() {
    let totals = Totals::default();
    let ran = run_with(Setup::default(), &totals, |call, nth| match call.path.as_str() {
        EXPORT => Some(export(json!([{"id": 1}, {"id": 2, "status": "deleted"}]), None)),
        _ => counting(15_135)(call, nth),
    })
    .await;
    assert_eq!((ran.source(), ran.sink.of(Kind::Tickets)), (Some(TicketSource::SearchExport), vec![1, 2]));
    let latest = ran.to(EXPORT);
    assert_eq!((latest.len(), latest[0].query("exclude_deleted")), (1, "false"));
    // From a quarter of an hour before the read began.
    let from: u64 = latest[0].query("start_time").parse().expect("a time");
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs();
    assert!((now - 960..=now - 900).contains(&from), "{from}");
    let told = totals.1.into_inner();
    assert!(told[0].contains("16 pages and one of the incremental export take about 7 s"), "{told:?}");
    let expected = ran.outcome().expected.as_ref().expect("counts");
    let requests: Vec<_> = expected.parts.iter().map(|part| (part.kind, part.requests)).collect();
    assert_eq!(
        requests,
        [("organizations", Some(1)), ("users", Some(3)), ("organization_memberships", Some(3)), ("tickets", Some(17))]
    );
}

#[tokio::test(start_paused = true)]
async fn few_tickets_come_from_the_incremental_export_alone() {
    let ran = run(counting(8000)).await;
    assert_eq!(ran.source(), Some(TicketSource::Incremental));
    assert!(ran.to(SEARCH).is_empty());
    assert_eq!(ran.to(EXPORT)[0].query("exclude_deleted"), "true");
}

#[tokio::test(start_paused = true)]
async fn a_closed_search_leads_back_to_the_incremental_export() {
    let ran = run(|call, nth| if on(call, SEARCH) { Some(denied()) } else { counting(15_135)(call, nth) }).await;
    assert_eq!(ran.source(), Some(TicketSource::Incremental));
    assert!(ran.outcome().tickets.as_ref().expect("tickets").reason.contains("the search export answered 403"));
}

#[tokio::test(start_paused = true)]
async fn a_search_page_that_is_too_long_is_asked_for_in_halves() {
    let ran = run(|call, nth| match (call.path.as_str(), nth) {
        (SEARCH, 1) => Some(Err(Fault::TooLong)),
        (SEARCH, 2) => Some(status(504, json!({}))),
        _ => counting(15_135)(call, nth),
    })
    .await;
    ran.outcome();
    let sizes: Vec<&str> = ran.to(SEARCH).iter().map(|call| call.query("page[size]")).collect();
    assert_eq!(sizes, ["1000", "500", "250"]);
    // A list cannot be asked for in halves.
    let ran = run(|call, _| on(call, USERS).then_some(Err(Fault::TooLong))).await;
    assert!(ran.error().to_string().contains("64 MiB"), "{}", ran.error());
    assert_eq!(ran.to(USERS).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn tickets_that_are_not_wanted_are_not_asked_for() {
    let script = Script { answer: Box::new(counting(1)), takes: Duration::ZERO, calls: RefCell::default() };
    let options = ReadOptions {
        base_url: "https://acme.zendesk.com".parse().unwrap(),
        credentials: Credentials::Token(Secret::new("static-token")),
        reserve_percent: 20,
        tickets_from: None,
        allow_list: true,
        timing: Timing::default(),
    };
    let outcome = read_over(&script, &options, None, &mut Ids::default(), &Silent, vec![]).await.unwrap();
    assert_eq!(outcome.tickets, None);
    let calls = script.calls.into_inner();
    assert!(calls.iter().all(|call| ![EXPORT, SEARCH, TICKETS, "/api/v2/search/count"].contains(&call.path.as_str())));
}

#[tokio::test(start_paused = true)]
async fn while_zendesk_asks_to_wait_no_stream_sends_anything() {
    for (code, secs) in [(429, 30), (503, 20)] {
        let setup = Setup { takes: Duration::from_millis(50), ..Setup::default() };
        let ran = run_with(setup, &Silent, |call, nth| match (call.path.as_str(), nth) {
            (USERS, 5) => Some(with(status(code, json!({})), "retry-after", secs)),
            _ => Some(page_of_many(call, nth)),
        })
        .await;
        ran.outcome();
        let refused = ran.to(USERS)[4].at + Duration::from_millis(50);
        let inside = |call: &&Call| call.at > refused && call.at < refused + Duration::from_secs(secs);
        assert_eq!(ran.calls.iter().filter(inside).count(), 0, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_stream_starves_when_the_account_is_tight() {
    // Ten requests a minute, of which eight are used, and each answer takes a moment: every list goes on in every window.
    let began = Instant::now();
    let used: RefCell<BTreeMap<u64, u64>> = RefCell::default();
    let setup = Setup { takes: Duration::from_millis(300), ..Setup::default() };
    let ran = run_with(setup, &Silent, |call, nth| {
        let window = began.elapsed().as_secs() / 60;
        let mut used = used.borrow_mut();
        let used = used.entry(window).or_default();
        *used += 1;
        let reply = with(page_of_many(call, nth), "x-rate-limit", 10);
        let reply = with(reply, "x-rate-limit-remaining", 10_u64.saturating_sub(*used));
        Some(with(reply, "ratelimit-reset", 60 - began.elapsed().as_secs() % 60))
    })
    .await;
    let windows =
        |path: &str| ran.to(path).iter().map(|call| (call.at - began).as_secs() / 60).collect::<BTreeSet<_>>();
    let all = windows(USERS);
    assert!(all.len() >= 6, "{all:?}");
    for path in ["/api/v2/organizations", "/api/v2/organization_memberships"] {
        assert!(windows(path).len() + 1 >= all.len(), "{path}: {:?} of {all:?}", windows(path));
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_cursor_begins_its_list_again_once() {
    let script = |bad: u32| {
        move |call: &Call, nth: u32| match (call.path.as_str(), call.query("page[after]")) {
            (USERS, "") => Some(list("users", json!([{"id": 1}]), Some("a"))),
            (USERS, "a") if nth <= bad => Some(status(400, json!({"error": "InvalidPaginationParameter"}))),
            (USERS, "a") => Some(list("users", json!([{"id": 2}]), None)),
            _ => None,
        }
    };
    let ran = run(script(2)).await;
    assert_eq!(ran.sink.of(Kind::Users), [1, 2]);
    assert_eq!((ran.to(USERS).len(), ran.to("/api/v2/organizations").len()), (4, 1), "that list alone");
    let ran = run(script(4)).await;
    assert!(matches!(ran.error(), ReadError::Refused { status: 400, .. }), "{}", ran.error());
    assert_eq!(ran.to(USERS).len(), 4, "once");
}

#[tokio::test(start_paused = true)]
async fn what_was_referred_to_is_fetched_until_nothing_is_missing() {
    let ran = run(|call, _| match (call.path.as_str(), call.query("ids")) {
        (EXPORT, _) => Some(export(json!([{"id": 1, "requester_id": 50}, {"id": 2, "requester_id": 51}]), None)),
        // 51 does not exist. 50 has a membership in an organization that was not read either.
        ("/api/v2/users/show_many", "50,51") => Some(ok(json!({"users": [{"id": 50}]}))),
        ("/api/v2/users/50/organization_memberships", _) => {
            Some(list("organization_memberships", json!([{"id": 9, "user_id": 50, "organization_id": 70}]), None))
        }
        ("/api/v2/organizations/show_many", "70") => Some(ok(json!({"organizations": [{"id": 70}]}))),
        _ => None,
    })
    .await;
    ran.outcome();
    assert_eq!(ran.sink.of(Kind::Users), [50]);
    assert_eq!(ran.sink.of(Kind::Memberships), [9]);
    assert_eq!(ran.sink.of(Kind::Organizations), [70]);
    assert_eq!(ran.outcome().requests["users_show_many"], 1, "51 is asked for once");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_ids_go_with_a_request() {
    let tickets: Vec<Value> = (1..=250).map(|n| json!({"id": n, "requester_id": n})).collect();
    let ran = run(|call, _| match call.path.as_str() {
        EXPORT => Some(export(json!(tickets), None)),
        "/api/v2/users/show_many" => Some(ok(json!({"users": []}))),
        _ => None,
    })
    .await;
    ran.outcome();
    let sizes: Vec<usize> =
        ran.to("/api/v2/users/show_many").iter().map(|call| call.query("ids").split(',').count()).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[tokio::test(start_paused = true)]
async fn what_other_references_take_is_no_silence() {
    // A hundred users, each with a request of ten seconds for memberships, come before the organization, which fails once.
    let tickets: Vec<Value> = (1..=100).map(|n| json!({"id": n, "requester_id": n, "organization_id": 7})).collect();
    let setup = Setup { takes: Duration::from_secs(10), ..Setup::default() };
    let ran = run_with(setup, &Silent, |call, nth| match (call.path.as_str(), nth) {
        (EXPORT, _) => Some(export(json!(tickets), None)),
        ("/api/v2/users/show_many", _) => {
            Some(ok(json!({"users": (1..=100).map(|id| json!({"id": id})).collect::<Vec<_>>()})))
        }
        ("/api/v2/organizations/show_many", 1) => Some(status(500, json!({}))),
        ("/api/v2/organizations/show_many", _) => Some(ok(json!({"organizations": [{"id": 7}]}))),
        (path, _) if path.ends_with("/organization_memberships") => {
            Some(list("organization_memberships", json!([]), None))
        }
        _ => None,
    })
    .await;
    ran.outcome();
    assert_eq!(ran.sink.of(Kind::Organizations), [7]);
}

#[tokio::test(start_paused = true)]
async fn a_user_deleted_meanwhile_has_no_memberships() {
    let ran = run(|call, _| match call.path.as_str() {
        EXPORT => Some(export(json!([{"id": 1, "requester_id": 50}]), None)),
        "/api/v2/users/show_many" => Some(ok(json!({"users": [{"id": 50}]}))),
        "/api/v2/users/50/organization_memberships" => Some(status(404, json!({"error": "RecordNotFound"}))),
        _ => None,
    })
    .await;
    assert_eq!(ran.sink.of(Kind::Users), [50]);
    ran.outcome();
}
