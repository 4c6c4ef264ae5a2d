//! A stateful fake Zendesk that speaks HTTP over loopback.
//!
//! It keeps organizations, users, memberships and tickets, pages through them, takes the four writes and does what Zendesk does by
//! itself because of them, checks credentials, limits rates and misbehaves on request, as the real Zendesk is documented or
//! reported to. It imports nothing from the package, so that a misunderstanding in the client can't hide in the fake as well. It
//! leaves out: every other write, sideloads (`include=` is ignored), compression, TLS, the time-based exports, and every resource
//! that neither the audit nor its repairs touch.
//!
//! ```ignore
//! let fake = FakeZendesk::start(World::numbered(3, 250, 500));
//! fake.add_fault(Fault::on("/api/v2/users", FaultKind::ResetBefore).nth(2));
//! // ... let the client read from fake.url() ...
//! assert!(fake.log().iter().all(|request| request.method == "GET"));
//! ```
//!
//! The rooms: [`world`] what is stored, [`server`] bytes on the wire, [`state`] the one pipeline every request passes, [`routes`]
//! what a GET answers, [`paging`] pages and cursors, [`writes`] the writes and what they bring about, [`auth`] credentials and
//! tokens, [`limits`] rates, [`faults`] misbehavior, [`hooks`] moments at which a test is told, [`which`] the choice of requests
//! for both, [`log`] what is remembered of a request, [`shapes`] the only writes that a client may send, [`reply`] requests,
//! replies and error envelopes.
//!
//! A fake fails its test when it is dropped after a request that no client may send: see [`shapes`].
//!
//! # Traps of reading, and what springs them
//!
//! | trap | here |
//! | --- | --- |
//! | offset paging ends at page 100 with `InvalidPaginationDepth` | always |
//! | offset paging is the default when `page[size]` is absent, 100 rows a page | always |
//! | only the first page is read | always: pages of 100, exports of 1000 |
//! | `page[size]` over 100, a cursor that was never given, an unknown `sort` answer 400 `InvalidPaginationParameter` | always |
//! | cursor mode ignores `sort_by` in silence | always |
//! | `page[size]` on a single object, a count or `show_many` answers 400 | always |
//! | cursors need percent-encoding (`=`, `+`, `/`) | always |
//! | `links.next` and `after_url` are given on the last page too | always |
//! | organizations and memberships have no cursor export, memberships no count | always: 404 `InvalidEndpoint` |
//! | an export repeats no parameter by itself: each request states its own `exclude_deleted`, `support_type_scope` | always |
//! | AI-agent tickets are left out by default | always: tickets with `"support_type": "ai_agent"` |
//! | the export selects by generated time, so a row's `updated_at` may be older than `start_time` | `generated_timestamp` of a ticket |
//! | `start_time` must be a minute old, the last minute is withheld | always, against [`Config::now`] |
//! | the ticket list lacks archived tickets, exports and search have them | `"archived": true` of a ticket |
//! | deleted tickets come with the export unless excluded | `"status": "deleted"` of a ticket |
//! | the export is for admins only, everything is closed to end users | [`Role`] of a [`Credential`] |
//! | search export refuses `type:` in the query, is sorted by `created_at` | always |
//! | the index of the search lags: it lacks a record, or still has an old form of it | `"unindexed": true`, `"index_only": true` of a record |
//! | a search cursor expires | [`FaultKind::CursorExpired`] |
//! | inactive and suspended users are listed, but `show_many` needs `include_deleted` for inactive ones | always |
//! | `default` of a membership is `true` or `null` | always |
//! | any field may be null | [`FaultKind::NullFields`] |
//! | a record refers to one that no list shows (created meanwhile) | `"unlisted": true` of a record |
//! | records change or appear while they are read | [`FaultKind::GrowDuring`] |
//! | external ids compare without case, duplicates and shared domains exist | always; nothing is refused in a [`World`] |
//! | `multiple_organizations` can't be read | [`Settings::Forbidden`], [`Settings::Absent`] |
//! | `users/me` answers 200 with an anonymous user for bad credentials | always |
//! | error envelopes of five shapes | [`reply`] has a function for each; [`FaultKind::Status`] sends any other |
//! | error texts are localized | [`FaultKind::Status`] with such a body |
//! | 429 as JSON, as plain text, as `errors`; seconds, date or no `Retry-After` | [`Limits::refusal`], [`Limits::retry_after`], [`FaultKind::too_many`] |
//! | 429 of an endpoint while the account has calls left, told by headers of its own or by none | [`Limits::buckets`], [`Bucket::told`] |
//! | 503 with and without `Retry-After`, 500, 504, 401, 403, 404, 409 | [`FaultKind::status`], [`FaultKind::Status`] |
//! | the connection is reset, or the body is cut, or stops coming | [`FaultKind::ResetBefore`], [`FaultKind::ResetMidBody`], [`FaultKind::StallMidBody`] |
//! | slow answers | [`FaultKind::Slow`] |
//! | 200 with HTML, 200 with half a JSON | [`FaultKind::NotJson`], [`FaultKind::TruncatedJson`] |
//! | redirect to another host | [`FaultKind::RedirectTo`], with [`Foreign`] |
//! | `links.next` or `after_url` names another host | [`FaultKind::ForeignNextLink`], with [`Foreign`] |
//! | a cursor that doesn't move | [`FaultKind::CursorStuck`] |
//! | `has_more` without a cursor | [`FaultKind::HasMoreWithoutCursor`] |
//! | an export or list that never ends | [`FaultKind::EndlessExport`] |
//! | rows repeated across pages, the same or in another form | [`FaultKind::RepeatRows`], [`FaultKind::RepeatChanged`] |
//! | an empty page in the middle | [`FaultKind::EmptyPage`] |
//! | `page[size]` ignored | [`FaultKind::IgnorePageSize`] |
//! | the array is missing, or the word about the end | [`FaultKind::MissingEnvelope`], [`FaultKind::MissingEnd`] |
//! | ids beyond 2^53 − 1 | [`FaultKind::HugeId`] |
//! | counts are stale, `refreshed_at` null | [`FaultKind::CountStale`] |
//! | a bearer token expires in the middle | [`FaultKind::TokenExpiresNow`], [`Grants::uses`], [`Grants::lifetime`] |
//! | `expires_in` is absent from a grant | [`Grants::omit_expires_in`] |
//! | a scope outside the client's list: 400 `invalid_scope`, or a token that opens nothing | [`Grants::lenient_scopes`] |
//!
//! # Traps of writing, and what springs them
//!
//! | trap | here |
//! | --- | --- |
//! | `domain_names` replaces the whole list, in lower case and without repetitions | always |
//! | another client edits between read and write, or right after the write | [`FaultKind::meanwhile`], [`FaultKind::grow`] |
//! | a second organization may hold the same domain; the same external id in any case is refused with 422 | always |
//! | a new domain takes in the verified users who have it, at once, later or never | [`Platform::mapping`] |
//! | the first membership becomes the default and sets the user's `organization_id` | always |
//! | `default` is `true` or `null` in the answers of writes too | always |
//! | a membership that exists is refused with 422, a wrong envelope too | always |
//! | with multiple organizations off a new membership replaces the old one, or is refused | [`Platform::second_membership`] |
//! | `make_default` of a membership that is gone, or is another user's: 404 | always |
//! | five updates a minute of one organization, refused as `errors` | [`Limits::organization_updates`] |
//! | agents may not update organizations, and may change the memberships of end users only | [`Role::Agent`], [`Platform::agents_update_organizations`] |
//! | a token without the scope to write: 403 that names it | [`Credential::scopes`] |
//! | 4xx, 5xx, 409 before or after the write was carried out | [`Fault::on_writes`], [`Fault::after_acting`] |
//! | the connection is reset before or after it was carried out | [`FaultKind::ResetUnread`], [`FaultKind::ResetBefore`], [`FaultKind::ResetMidBody`] |
//! | the answer is late, or the write is | [`FaultKind::Slow`], [`FaultKind::SlowBefore`] |
//! | the write is answered with 200 and didn't take | [`FaultKind::NotTaken`] |
//! | reading back fails | [`Fault::after_writes`] |
//! | the client is killed at any moment | [`FakeZendesk::hold`], [`FakeZendesk::when`], and the marks of [`Logged`] |
//!
//! Not documented, and so chosen: an unknown user or organization of a new membership is 422, a suspended user is taken in by a
//! domain like any other, and a removed domain leaves the memberships alone.
//!
//! Which granular scope opens memberships, search and settings is not documented. Here memberships go with `organizations`, the
//! export and search with `tickets`, and settings need the general `read`.

#![allow(dead_code, unused_imports, reason = "the test binary and the example each use their own part")]
#![allow(clippy::result_large_err, reason = "a refusal is a reply like any other, and speed is no concern here")]

pub mod auth;
pub mod base64;
pub mod faults;
pub mod hooks;
pub mod limits;
pub mod log;
pub mod paging;
pub mod reply;
pub mod routes;
pub mod server;
pub mod shapes;
pub mod state;
#[cfg(test)]
mod tests;
pub mod which;
pub mod world;
pub mod writes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use auth::{Credential, Grants, Login, Role};
pub use faults::{Change, Fault, FaultKind};
pub use hooks::{Hold, Point};
pub use limits::{Bucket, Limits, Refusal, RetryAfter};
pub use log::{AuthScheme, Listener, Logged};
pub use shapes::{Shape, sent_so_far};
pub use state::Config;
pub use which::{Nth, Which};
pub use world::{Kind, Record, Settings, World};
pub use writes::{Mapping, Platform, SecondMembership};

use hooks::{Action, Hook};
use server::{Server, Service};
use state::State;

/// A running fake. It listens on 127.0.0.1 from a thread of its own, and stops when it is dropped.
pub struct FakeZendesk {
    state: Arc<Mutex<State>>,
    server: Server,
}

impl FakeZendesk {
    /// Variables that make the program log in with the API token that [`Config::default`] accepts.
    pub const API_TOKEN_ENV: [(&str, &str); 2] =
        [("ZENDESK_EMAIL", "admin@fake.example"), ("ZENDESK_API_TOKEN", "fake-api-token")];
    /// The same for a static bearer token.
    pub const BEARER_ENV: [(&str, &str); 1] = [("ZENDESK_OAUTH_TOKEN", "fake-bearer-token")];
    /// The same for the client-credentials grant.
    pub const CLIENT_ENV: [(&str, &str); 2] =
        [("ZENDESK_OAUTH_CLIENT_ID", "fake-client"), ("ZENDESK_OAUTH_CLIENT_SECRET", "fake-client-secret")];

    /// Starts on a free port, with no rate limit and the credentials of [`Config::default`].
    pub fn start(world: World) -> Self {
        Self::start_with(world, Config::default())
    }

    /// Starts on a free port.
    pub fn start_with(world: World, config: Config) -> Self {
        Self::start_on(0, world, config).expect("a free port on 127.0.0.1")
    }

    /// Starts on the given port; 0 lets the system choose.
    pub fn start_on(port: u16, world: World, config: Config) -> std::io::Result<Self> {
        let state = Arc::new(Mutex::new(State::new(world, config)));
        let (for_answers, for_marks) = (Arc::clone(&state), Arc::clone(&state));
        let service = Service {
            answer: Arc::new(move |request| Box::pin(state::exchange(Arc::clone(&for_answers), request))),
            answered: Arc::new(move |seq| hooks::pass_at_once(&for_marks, Point::Answered, seq)),
        };
        let server = Server::start(port, service)?;
        lock(&state).url = server.url().to_owned();
        Ok(Self { state, server })
    }

    /// `http://127.0.0.1:<port>`, without a final slash.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// Every request so far, in the order of arrival.
    pub fn log(&self) -> Vec<Logged> {
        lock(&self.state).log.clone()
    }

    /// The requests to one path, which is given without `.json`.
    pub fn requests_to(&self, path: &str) -> Vec<Logged> {
        let mut log = self.log();
        log.retain(|logged| reply::bare_path(&logged.path) == path);
        log
    }

    /// Every request that was neither a GET nor the grant of a token, in the order of arrival.
    pub fn writes(&self) -> Vec<Logged> {
        let mut log = self.log();
        log.retain(Logged::is_write);
        log
    }

    /// The writes that were carried out.
    pub fn writes_done(&self) -> Vec<Logged> {
        let mut log = self.writes();
        log.retain(Logged::acted);
        log
    }

    /// Every request that was not a GET, the grants of tokens too.
    pub fn non_gets(&self) -> Vec<Logged> {
        let mut log = self.log();
        log.retain(|logged| logged.method != "GET");
        log
    }

    /// Collects the requests that no client may send, which would otherwise fail the test when the fake is dropped.
    pub fn take_violations(&self) -> Vec<Logged> {
        std::mem::take(&mut lock(&self.state).violations)
    }

    /// Forgets the log, but for violations.
    pub fn clear_log(&self) {
        lock(&self.state).log.clear();
    }

    /// Holds these requests at a moment, until the hold is released or dropped.
    pub fn hold(&self, point: Point, which: Which) -> Hold {
        let (hold, action) = Hold::new();
        lock(&self.state).hooks.push(Hook { point, which, action });
        hold
    }

    /// Calls a function at a moment of these requests. It runs on the thread of the fake, so it must not wait for the client.
    pub fn when(&self, point: Point, which: Which, call: impl Fn(&Logged) + Send + Sync + 'static) {
        lock(&self.state).hooks.push(Hook { point, which, action: Action::Call(Arc::new(call)) });
    }

    /// Removes every hook; what is held stays held.
    pub fn clear_hooks(&self) {
        lock(&self.state).hooks.clear();
    }

    /// Does at once what Zendesk would have done by itself later.
    pub fn run_jobs(&self) {
        lock(&self.state).run_jobs(u64::MAX);
    }

    /// The fewest requests that were ever left of the account's window; `None` without a limit.
    pub fn least_left(&self) -> Option<u32> {
        lock(&self.state).least_left()
    }

    /// A copy of what is stored.
    pub fn world(&self) -> World {
        lock(&self.state).world.clone()
    }

    /// Reads or changes what is stored, between two requests.
    pub fn with_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut lock(&self.state).world)
    }

    /// Reads or changes credentials, limits and clock, between two requests.
    pub fn with_config<T>(&self, change: impl FnOnce(&mut Config) -> T) -> T {
        change(&mut lock(&self.state).config)
    }

    /// Adds a fault; several may strike the same request, in the order in which they were added.
    pub fn add_fault(&self, fault: Fault) {
        lock(&self.state).faults.push(fault);
    }

    /// Removes every fault.
    pub fn clear_faults(&self) {
        lock(&self.state).faults.clear();
    }
}

impl Drop for FakeZendesk {
    /// Fails the test whose client sent what no client may send.
    fn drop(&mut self) {
        let violations = self.take_violations();
        let violations: Vec<String> =
            violations.iter().map(|odd| format!("violation: {} {} {}", odd.method, odd.path, odd.body)).collect();
        violations.iter().for_each(shapes::count);
        let told = violations.is_empty() || std::thread::panicking();
        assert!(told, "the client sent what it must not send: {violations:#?}");
    }
}

/// A host that is not Zendesk and must never see a credential: it answers every request with 200 and `{}`, and logs it.
pub struct Foreign {
    log: Arc<Mutex<Vec<Logged>>>,
    server: Server,
}

impl Foreign {
    /// Starts on a free port of 127.0.0.1.
    pub fn start() -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&log);
        let answer = move |request: reply::Request| {
            let mut log = lock(&shared);
            let seq = log.len() as u64 + 1;
            log.push(Logged { status: Some(200), ..Logged::new(&request, seq, Listener::Foreign) });
            reply::Reply::json(200, serde_json::json!({}))
        };
        let service = Service {
            answer: Arc::new(move |request| Box::pin(std::future::ready(answer(request)))),
            answered: Arc::new(|_| {}),
        };
        let server = Server::start(0, service).expect("a free port on 127.0.0.1");
        Self { log, server }
    }

    /// `http://127.0.0.1:<port>`, without a final slash.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// Every request so far.
    pub fn log(&self) -> Vec<Logged> {
        lock(&self.log).clone()
    }
}

/// A failed assertion in a closure over the world must not make every later call fail with a poisoned lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
