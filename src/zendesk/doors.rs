//! A Zendesk in memory, for the proofs: each of its answers can be any bytes.

use super::auth::Credentials;
use super::client::Client;
use super::error::ReadError;
use super::http::{Answer, Answering, Method, Outgoing, Transport};
use super::probe::probe_over;
use super::read::read_over;
use super::records::Records;
use super::session::Session;
use super::{Collector, ProbeOptions, ReadOptions, Silent, Timing};
use crate::model::domains::DomainTable;
use crate::model::time::Instant;
use crate::retry::Limits;
use crate::text::secret::Secret;
use std::time::{Duration, UNIX_EPOCH};

/// An answer that is varied: its name, who asks for it, its path, its status, and how it usually is.
pub(crate) struct Varied {
    pub name: &'static str,
    asks: Asks,
    path: &'static str,
    status: u16,
    pub usual: &'static str,
}

#[derive(Clone, Copy)]
enum Asks {
    /// An audit, as an admin.
    Audit,
    /// An audit whose tickets can come from the ticket list alone.
    AuditByList,
    /// An apply, which reads records one by one.
    Apply,
    Doctor,
}

const ORGANIZATIONS: &str = r#"{"organizations":[{"id":1,"name":"Acme","external_id":"001A","domain_names":["acme.example"],"shared_tickets":false,"updated_at":"2026-04-17T22:15:30Z"},{"id":2,"name":"B\u00e9ta","external_id":null,"domain_names":[],"deleted_at":null}],"meta":{"has_more":true,"after_cursor":"a"},"links":{}}"#;
const USERS: &str = r#"{"users":[{"id":7,"role":"end-user","email":"a@acme.example","organization_id":1,"verified":true,"active":true,"suspended":false,"shared":false,"updated_at":"2026-04-17T22:15:30.5Z"},{"id":8,"role":"agent","email":null,"organization_id":null,"verified":false}],"meta":{"has_more":false,"after_cursor":null}}"#;
const MEMBERSHIPS: &str = r#"{"organization_memberships":[{"id":5,"user_id":7,"organization_id":1,"default":true,"updated_at":"2026-04-17T22:15:30Z"},{"id":6,"user_id":9,"organization_id":3,"default":null}],"meta":{"has_more":false}}"#;
const EXPORT: &str = r#"{"tickets":[{"id":4,"requester_id":7,"organization_id":1,"status":"open","updated_at":"2026-04-17T22:15:30Z","generated_timestamp":1776464130}],"after_cursor":"MTU3","end_of_stream":false,"after_url":null}"#;
const TICKETS: &str = r#"{"tickets":[{"id":4,"requester_id":7,"organization_id":1,"status":"open","updated_at":"2026-04-17T20:15:30Z"}],"meta":{"has_more":false,"after_cursor":null}}"#;
const SEARCH: &str = r#"{"results":[{"id":4,"requester_id":7,"organization_id":null,"status":"closed","updated_at":"2026-04-17T22:15:30Z","result_type":"ticket"}],"facets":null,"meta":{"has_more":true,"after_cursor":"c"}}"#;
const ORG: &str =
    r#"{"organization":{"id":1,"external_id":"001A","domain_names":["acme.example"],"shared_tickets":true}}"#;
const USER: &str =
    r#"{"user":{"id":7,"active":true,"suspended":false,"verified":true,"email":"a@acme.example","organization_id":1}}"#;
const OF_USER: &str = r#"{"organization_memberships":[{"id":5,"user_id":7,"organization_id":1,"default":true}],"meta":{"has_more":false,"after_cursor":"d"}}"#;
const SHOWN: &str = r#"{"users":[{"id":9,"role":"end-user","email":"b@acme.example","organization_id":3,"verified":true}],"next_page":null,"count":1}"#;
const REFUSAL: &str = r#"{"error":{"title":"Forbidden","message":"You do not have access to this page. token=abc"},"errors":[{"code":"InvalidValue","title":"bad","detail":"x"}],"description":"no"}"#;
const PAGE: &str = "<html><head><title>429 too many\u{1b}[31m</title></head><body>::error::x</body></html>";

/// Every answer that a command reads.
pub(crate) const VARIED: [Varied; 20] = [
    of(
        "token grant",
        Asks::Audit,
        "/oauth/tokens",
        r#"{"access_token":"t0ken","token_type":"bearer","expires_in":7200,"scope":"read"}"#,
    ),
    of("users/me", Asks::Audit, "/api/v2/users/me", ME),
    of(
        "account settings",
        Asks::Audit,
        "/api/v2/account/settings",
        r#"{"settings":{"user":{"multiple_organizations":true}}}"#,
    ),
    of("count", Asks::Audit, "/api/v2/users/count", r#"{"count":{"value":2,"refreshed_at":"2026-04-17T22:15:30Z"}}"#),
    of("search/count", Asks::Audit, "/api/v2/search/count", r#"{"count":3}"#),
    of("organizations", Asks::Audit, "/api/v2/organizations", ORGANIZATIONS),
    of("users", Asks::Audit, "/api/v2/users", USERS),
    of("organization_memberships", Asks::Audit, "/api/v2/organization_memberships", MEMBERSHIPS),
    of("users/show_many", Asks::Audit, "/api/v2/users/show_many", SHOWN),
    of("incremental/tickets", Asks::Audit, "/api/v2/incremental/tickets/cursor", EXPORT),
    of("search/export", Asks::Doctor, "/api/v2/search/export", SEARCH),
    of("tickets", Asks::AuditByList, "/api/v2/tickets", TICKETS),
    of("one organization", Asks::Apply, "/api/v2/organizations/1", ORG),
    of("one user", Asks::Apply, "/api/v2/users/7", USER),
    of("memberships of a user", Asks::Apply, "/api/v2/users/7/organization_memberships", OF_USER),
    of("scopes", Asks::Doctor, "/api/v2/oauth/tokens/current", r#"{"token":{"scopes":["read","write"]}}"#),
    of("users, as doctor reads them", Asks::Doctor, "/api/v2/users", USERS),
    Varied { status: 403, ..of("refusal", Asks::Audit, "/api/v2/organizations", REFUSAL) },
    Varied { status: 503, ..of("error page", Asks::Audit, "/api/v2/users", PAGE) },
    Varied { status: 422, ..of("refusal of one record", Asks::Apply, "/api/v2/organizations/1", REFUSAL) },
];

const ME: &str = r#"{"user":{"id":1,"role":"admin","restricted_agent":false,"ticket_restriction":null}}"#;

const fn of(name: &'static str, asks: Asks, path: &'static str, usual: &'static str) -> Varied {
    Varied { name, asks, path, status: 200, usual }
}

impl Varied {
    /// Reads as the command does, with these bytes as the answer. Whether it was believed.
    pub(crate) fn read(&self, body: &[u8]) -> bool {
        let transport = Canned { varied: self, body };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let Ok(runtime) = runtime else { return false };
        runtime.block_on(async {
            match self.asks {
                Asks::Audit | Asks::AuditByList => audit(&transport).await.is_ok(),
                Asks::Apply => apply(&transport).await.is_ok(),
                Asks::Doctor => doctor(&transport).await,
            }
        })
    }
}

struct Canned<'v> {
    varied: &'v Varied,
    body: &'v [u8],
}

impl Transport for Canned<'_> {
    fn send(&self, request: Outgoing) -> Answering<'_> {
        assert!(!matches!(request.method, Method::Put(_)), "a read sends no write");
        let path = request.url.path();
        let is_next = request.url.query().is_some_and(|query| query.contains("after") || query.contains("cursor="));
        let exports = ["/api/v2/incremental/tickets/cursor", "/api/v2/search/export"];
        let (status, body) = match path {
            path if path == self.varied.path && !is_next => (self.varied.status, self.body.to_vec()),
            path if matches!(self.varied.asks, Asks::AuditByList) && exports.contains(&path) => (403, b"{}".to_vec()),
            path => (200, usual(path, is_next)),
        };
        let headers = Default::default();
        Box::pin(std::future::ready(Ok(Answer { status, headers, body })))
    }
}

/// The usual answer of a path; of a list, every page but the first is its empty last one.
fn usual(path: &str, is_next: bool) -> Vec<u8> {
    let empty = |array: &str| format!(r#"{{"{array}":[],"meta":{{"has_more":false}},"end_of_stream":true}}"#);
    let array = path.rsplit('/').next().unwrap_or_default();
    let last = match path {
        "/api/v2/incremental/tickets/cursor" => empty("tickets"),
        "/api/v2/search/export" => empty("results"),
        _ => empty(array),
    };
    let first = VARIED.iter().find(|varied| varied.path == path && varied.status == 200).map(|varied| varied.usual);
    match first {
        Some(first) if !is_next => first.as_bytes().to_vec(),
        _ if array == "show_many" => r#"{"users":[],"organizations":[]}"#.into(),
        _ => last.into_bytes(),
    }
}

fn timing() -> Timing {
    // One try: the proofs do not wait.
    let retries = Limits { max_tries: 1, ..Limits::default() };
    Timing { retries, jitter: || 0.0, now: || UNIX_EPOCH + Duration::from_secs(1_776_464_130), ..Timing::default() }
}

fn base_url() -> url::Url {
    "https://acme.zendesk.com".parse().expect("a URL")
}

fn credentials() -> Credentials {
    Credentials::Client { id: Secret::new("id"), secret: Secret::new("s3cret"), scope: "read".to_owned() }
}

async fn audit(transport: &dyn Transport) -> Result<(), ReadError> {
    let options = ReadOptions {
        base_url: base_url(),
        credentials: credentials(),
        reserve_percent: 20,
        tickets_from: Some(1_773_872_130),
        allow_list: true,
        timing: timing(),
    };
    let mut collector = Collector::new(Instant::MIN, DomainTable::default());
    let outcome = read_over(transport, &options, None, &mut collector, &Silent, Vec::new()).await?;
    drop(collector.finish(outcome.multiple_organizations));
    Ok(())
}

async fn apply(transport: &dyn Transport) -> Result<(), ReadError> {
    let (base_url, credentials, timing) = (base_url(), credentials(), timing());
    let session = Session { client: Client::new(transport, &base_url, &credentials, 20, &timing, &Silent) };
    let records = Records::new(&session);
    records.organizations(&mut drop).await?;
    records.organization(1).await?;
    records.user(7).await?;
    records.memberships(7).await?;
    records.multiple_organizations().await;
    Ok(())
}

async fn doctor(transport: &dyn Transport) -> bool {
    let options = ProbeOptions {
        base_url: base_url(),
        credentials: credentials(),
        tickets_from: 1_773_872_130,
        timing: timing(),
    };
    let found = probe_over(transport, &options, &Silent).await;
    found.reads.is_some_and(|reads| reads.search_export.is_ok() && reads.users.is_ok())
}
