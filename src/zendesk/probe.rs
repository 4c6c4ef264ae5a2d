//! A few small requests that tell whether a live read would work and how fast it may go: who is logged in, what may be read,
//! and what the headers say of limits and time.
//!
//! Every request is a GET, but for the token grant. What was found is told as it was found; the caller says what is good and
//! what is bad.
//! Left out on purpose: pace. So few requests need none, and an account whose limit is used up is to be told, not waited for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::ask::{Ask, Stream};
use super::auth::Credentials;
use super::client::{Client, Timing};
use super::endpoint::Endpoint;
use super::error::{Gap, ReadError};
use super::http::{Answer, Answering, Http, Outgoing, Transport};
use super::me::Me;
use super::pace::{account_window, named_windows};
use super::progress::Progress;
use crate::retry::Limits;

/// The export withholds the latest minute; this is well before it.
const EXPORT_SINCE_SECS: i64 = 300;
/// The id that is asked for where no record is known.
const SOME_ID: u64 = 1;

/// What to probe.
#[derive(Clone, Debug)]
pub struct ProbeOptions {
    /// Scheme, host and port. Every request goes there and nowhere else.
    pub base_url: Url,
    pub credentials: Credentials,
    /// The beginning of the ticket window, UTC seconds, for the count of its tickets.
    pub tickets_from: i64,
    pub timing: Timing,
}

/// Times for [`probe`]: two tries, and no wait beyond five seconds, whatever Zendesk asks for.
pub fn probe_timing() -> Timing {
    let retries = Limits {
        backoff_base: Duration::from_millis(500),
        backoff_cap: Duration::from_secs(1),
        max_tries: 2,
        max_silence: Duration::from_secs(5),
    };
    Timing { request: Duration::from_secs(10), retries, ..Timing::default() }
}

/// What was found.
#[derive(Debug)]
pub struct Findings {
    /// Until the first answer was there, connecting included; or why there was none that can be Zendesk's.
    pub connection: Result<Duration, ReadError>,
    /// `None` without a connection.
    pub login: Option<Result<Me, ReadError>>,
    /// `None` unless logged in, and not as an end user.
    pub reads: Option<Reads>,
    pub headers: Headers,
    /// Requests sent, by endpoint, tries that failed included.
    pub requests: BTreeMap<String, u64>,
}

/// What may be read.
#[derive(Debug)]
pub struct Reads {
    /// The scopes of the token, as Zendesk says them.
    pub scopes: Result<Vec<String>, ReadError>,
    /// The account setting; `None` where the settings do not tell it.
    pub multiple_organizations: Result<Option<bool>, ReadError>,
    pub organizations: Result<(), ReadError>,
    pub users: Result<(), ReadError>,
    pub memberships: Result<(), ReadError>,
    /// Users, organizations and memberships by id; the first that fails.
    pub by_id: Result<(), ReadError>,
    pub incremental_tickets: Result<(), ReadError>,
    pub search_export: Result<(), ReadError>,
    pub ticket_list: Result<(), ReadError>,
    pub organizations_count: Option<u64>,
    pub users_count: Option<u64>,
    /// Tickets changed in the window.
    pub tickets_count: Option<u64>,
}

/// What the headers of the answers said.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// Seconds by which this machine's clock is ahead of the server's.
    pub clock_ahead_secs: Option<i64>,
    pub rate_limit: Option<RateLimit>,
    /// Requests a minute that the incremental exports may use together.
    pub exports_per_minute: Option<u64>,
    /// The same of the search export.
    pub searches_per_minute: Option<u64>,
}

/// The account's rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    pub per_minute: u64,
    /// As of the latest answer that told it.
    pub remaining: u64,
}

/// Asks a Zendesk what can be read. Never fails as a whole: what failed is part of the findings.
///
/// Runs on a current-thread tokio runtime with time and network.
pub async fn probe(options: &ProbeOptions, progress: &dyn Progress) -> Findings {
    match Http::new(&options.base_url, options.timing.connect, options.timing.request) {
        Ok(http) => probe_over(&http, options, progress).await,
        Err(error) => Findings {
            connection: Err(error),
            login: None,
            reads: None,
            headers: Headers::default(),
            requests: BTreeMap::new(),
        },
    }
}

pub(super) async fn probe_over(transport: &dyn Transport, options: &ProbeOptions, progress: &dyn Progress) -> Findings {
    let ProbeOptions { base_url, credentials, tickets_from, timing } = options;
    let listening = Listening { transport, now: timing.now, heard: RefCell::default() };
    let prober = Prober {
        client: Client::new(&listening, base_url, credentials, 0, timing, progress).impatient(),
        heard: &listening.heard,
        tickets_from: *tickets_from,
    };
    let (connection, login) = match Me::ask(&prober.client).await {
        Err(error) if !is_answer(&error) => (Err(error), None),
        login => (Ok(listening.heard.borrow().first_took.unwrap_or_default()), Some(login)),
    };
    // Nothing is open to an end user.
    let reads = match &login {
        Some(Ok(me)) if me.role.as_deref() != Some("end-user") => Some(prober.reads().await),
        _ => None,
    };
    let stats = prober.client.into_stats();
    Findings {
        connection,
        login,
        reads,
        headers: listening.heard.into_inner().headers(),
        requests: stats.requests.iter().map(|(endpoint, count)| (endpoint.as_str().to_owned(), *count)).collect(),
    }
}

/// Whether an error shows that something like a Zendesk is there.
fn is_answer(error: &ReadError) -> bool {
    match error {
        ReadError::Refused { .. }
        | ReadError::Incomplete { .. }
        | ReadError::Unreadable { .. }
        | ReadError::NoToken { .. }
        | ReadError::NotLoggedIn { .. }
        | ReadError::SeesAPart { .. }
        | ReadError::NoTicketSource { .. } => true,
        ReadError::TriesSpent { last, .. }
        | ReadError::TooSilent { last, .. }
        | ReadError::WaitTooLong { last, .. } => last.starts_with("429"),
        ReadError::Insecure { .. }
        | ReadError::NoClient { .. }
        | ReadError::NeverReached { .. }
        | ReadError::Redirected { .. }
        | ReadError::AsksForLogin { .. }
        | ReadError::Untrusted { .. }
        | ReadError::KeptPages { .. } => false,
    }
}

struct Prober<'a> {
    client: Client<'a>,
    heard: &'a RefCell<Heard>,
    tickets_from: i64,
}

impl Prober<'_> {
    /// Asks once, and again where that may help; the answer is JSON.
    async fn get(&self, what: &'static str, mut ask: Ask) -> Result<Value, ReadError> {
        let answer = self.client.ask(&Stream::single(what), &mut ask).await?;
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }

    /// Asks for records; returns the first id, if there is a record.
    async fn first_id(&self, what: &'static str, array: &'static str, ask: Ask) -> Result<Option<u64>, ReadError> {
        let answer = self.get(what, ask).await?;
        let records = answer.get(array).and_then(Value::as_array);
        let records =
            records.ok_or_else(|| ReadError::Incomplete { place: what.to_owned(), gap: Gap::ArrayMissing(array) })?;
        Ok(records.first().and_then(|record| record.get("id")?.as_u64()))
    }

    /// Asks for a little of everything that an audit reads.
    async fn reads(&self) -> Reads {
        let scopes = self.get("the scopes", Ask::get(Endpoint::CurrentToken, "/api/v2/oauth/tokens/current")).await;
        let settings =
            self.get("account settings", Ask::get(Endpoint::AccountSettings, "/api/v2/account/settings")).await;
        let one = |endpoint, path: &str| Ask::get(endpoint, path).with("page[size]", "1");
        let organizations = one(Endpoint::Organizations, "/api/v2/organizations");
        let organizations = self.first_id("organizations", "organizations", organizations).await;
        let users = self.first_id("users", "users", one(Endpoint::Users, "/api/v2/users")).await;
        let memberships = one(Endpoint::Memberships, "/api/v2/organization_memberships");
        let memberships = self.first_id("memberships", "organization_memberships", memberships).await;
        let user = users.as_ref().ok().copied().flatten();
        let organization = organizations.as_ref().ok().copied().flatten();
        Reads {
            scopes: scopes.map(|answer| scopes_in(&answer)),
            multiple_organizations: settings
                .map(|answer| answer["settings"]["user"]["multiple_organizations"].as_bool()),
            by_id: self.by_id(user, organization).await,
            organizations: organizations.map(drop),
            users: users.map(drop),
            memberships: memberships.map(drop),
            incremental_tickets: self.incremental_tickets().await,
            search_export: self.search_export().await,
            ticket_list: self.ticket_list().await,
            organizations_count: self.count(Endpoint::OrganizationsCount, "/api/v2/organizations/count").await,
            users_count: self.count(Endpoint::UsersCount, "/api/v2/users/count").await,
            tickets_count: self.tickets_count().await,
        }
    }

    async fn by_id(&self, user: Option<u64>, organization: Option<u64>) -> Result<(), ReadError> {
        let (user, organization) = (user.unwrap_or(SOME_ID), organization.unwrap_or(SOME_ID));
        let users = Ask::get(Endpoint::UsersById, "/api/v2/users/show_many").with("ids", user.to_string());
        self.first_id("users by id", "users", users).await?;
        let organizations = Ask::get(Endpoint::OrganizationsById, "/api/v2/organizations/show_many");
        let organizations = organizations.with("ids", organization.to_string());
        self.first_id("organizations by id", "organizations", organizations).await?;
        let path = format!("/api/v2/users/{user}/organization_memberships");
        let memberships = Ask::get(Endpoint::MembershipsOfUser, path).with("page[size]", "1");
        match self.first_id("memberships by user", "organization_memberships", memberships).await {
            // Nobody has this id, which was to be expected where none is known.
            Err(error) if error.is_refusal(404) => Ok(()),
            result => result.map(drop),
        }
    }

    async fn incremental_tickets(&self) -> Result<(), ReadError> {
        // By the server's clock, since it refuses what it takes for the last minute.
        let since = self.server_time() - EXPORT_SINCE_SECS;
        let ask = Ask::get(Endpoint::IncrementalTickets, EXPORT)
            .with("start_time", since.max(0).to_string())
            .with("exclude_deleted", "true")
            .with("support_type_scope", "all")
            .sized("per_page", 1);
        self.first_id("incremental export", "tickets", ask).await.map(drop)
    }

    async fn search_export(&self) -> Result<(), ReadError> {
        let ask = Ask::get(Endpoint::SearchExport, SEARCH)
            .with("query", format!("updated>={}", self.window()))
            .with("filter[type]", "ticket")
            .with("page[size]", "1");
        self.first_id("search export", "results", ask).await.map(drop)
    }

    async fn ticket_list(&self) -> Result<(), ReadError> {
        let ask = Ask::get(Endpoint::Tickets, "/api/v2/tickets").with("sort", "-updated_at").with("page[size]", "1");
        self.first_id("ticket list", "tickets", ask).await.map(drop)
    }

    async fn count(&self, endpoint: Endpoint, path: &str) -> Option<u64> {
        count_in(&self.get("count", Ask::get(endpoint, path)).await.ok()?)
    }

    async fn tickets_count(&self) -> Option<u64> {
        let query = format!("type:ticket updated>={}", self.window());
        let ask = Ask::get(Endpoint::SearchCount, "/api/v2/search/count").with("query", query);
        count_in(&self.get("count", ask).await.ok()?)
    }

    /// The beginning of the ticket window as searches take it.
    fn window(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.tickets_from.max(0)).unwrap_or(jiff::Timestamp::MAX)
    }

    /// The server's time in UTC seconds, as far as it is known.
    fn server_time(&self) -> i64 {
        let ahead = self.heard.borrow().clock.map_or(0, |clock| clock.ahead_secs);
        unix_secs((self.client.timing.now)()) - ahead
    }
}

/// The scopes in the answer about a token. Nothing else of it is looked at: it holds the beginning of the token.
fn scopes_in(answer: &Value) -> Vec<String> {
    let scopes = answer["token"]["scopes"].as_array();
    scopes.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A count comes as a number or as an object with a value.
fn count_in(answer: &Value) -> Option<u64> {
    answer["count"].as_u64().or_else(|| answer["count"]["value"].as_u64())
}

fn unix_secs(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

const EXPORT: &str = "/api/v2/incremental/tickets/cursor";
const SEARCH: &str = "/api/v2/search/export";

/// A transport that keeps what headers say, and hands on only those that the tries need: a client that knows no limit never
/// waits for one.
struct Listening<'a> {
    transport: &'a dyn Transport,
    now: fn() -> SystemTime,
    heard: RefCell<Heard>,
}

#[derive(Default)]
struct Heard {
    first_took: Option<Duration>,
    clock: Option<Clock>,
    rate_limit: Option<RateLimit>,
    exports_per_minute: Option<u64>,
    searches_per_minute: Option<u64>,
}

/// A comparison of the two clocks. The quicker the answer, the better it is.
#[derive(Clone, Copy)]
struct Clock {
    took: Duration,
    ahead_secs: i64,
}

impl Transport for Listening<'_> {
    fn send(&self, request: Outgoing) -> Answering<'_> {
        Box::pin(async move {
            let path = request.url.path().to_owned();
            let (sent_at, started) = ((self.now)(), Instant::now());
            let Answer { status, mut headers, body } = self.transport.send(request).await?;
            self.heard.borrow_mut().hear(&path, &headers, sent_at, started.elapsed());
            let mut handed_on = HeaderMap::new();
            for name in [RETRY_AFTER, LOCATION] {
                if let Some(value) = headers.remove(&name) {
                    handed_on.insert(name, value);
                }
            }
            Ok(Answer { status, headers: handed_on, body })
        })
    }
}

impl Heard {
    fn hear(&mut self, path: &str, headers: &HeaderMap, sent_at: SystemTime, took: Duration) {
        self.first_took.get_or_insert(took);
        let date = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        if let Some(date) = date
            && self.clock.is_none_or(|known| took < known.took)
        {
            // The header has whole seconds, cut: on average half a second is gone.
            let here = unix_millis(sent_at + took / 2);
            let there = unix_millis(date) + 500;
            let ahead_secs = (here - there).unsigned_abs().saturating_add(500) / 1000;
            let ahead_secs = i64::try_from(ahead_secs).unwrap_or(i64::MAX);
            self.clock = Some(Clock { took, ahead_secs: if here < there { -ahead_secs } else { ahead_secs } });
        }
        if let Some(told) = account_window(headers)
            && let Some(per_minute) = told.limit
        {
            self.rate_limit = Some(RateLimit { per_minute, remaining: told.remaining });
        }
        let own = || named_windows(headers).into_iter().filter_map(|(_, told)| told.limit).min();
        match path {
            EXPORT => self.exports_per_minute = own().or(self.exports_per_minute),
            SEARCH => self.searches_per_minute = own().or(self.searches_per_minute),
            _ => {}
        }
    }

    fn headers(self) -> Headers {
        let Self { first_took: _, clock, rate_limit, exports_per_minute, searches_per_minute } = self;
        Headers {
            clock_ahead_secs: clock.map(|clock| clock.ahead_secs),
            rate_limit,
            exports_per_minute,
            searches_per_minute,
        }
    }
}

fn unix_millis(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zendesk::{Secret, Silent};

    fn heard(answers: &[(&str, u64)]) -> Option<i64> {
        let sent_at = UNIX_EPOCH + Duration::from_secs(1_776_427_200);
        let mut heard = Heard::default();
        for (date, took_secs) in answers {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, date.parse().unwrap());
            heard.hear("/", &headers, sent_at, Duration::from_secs(*took_secs));
        }
        heard.headers().clock_ahead_secs
    }

    #[test]
    fn clocks_are_compared_in_the_middle_of_the_quickest_answer() {
        assert_eq!(heard(&[("Fri, 17 Apr 2026 12:00:00 GMT", 1)]), Some(0));
        assert_eq!(heard(&[("Fri, 17 Apr 2026 12:05:00 GMT", 1)]), Some(-300));
        assert_eq!(heard(&[("Fri, 17 Apr 2026 11:55:00 GMT", 1)]), Some(300));
        assert_eq!(heard(&[("Fri, 17 Apr 2026 12:00:00 GMT", 21)]), Some(10), "a slow answer says little");
        let both = [("Fri, 17 Apr 2026 12:00:00 GMT", 21), ("Fri, 17 Apr 2026 12:00:00 GMT", 1)];
        assert_eq!(heard(&both), Some(0));
        assert_eq!(heard(&[("yesterday", 1)]), None);
        assert_eq!(heard(&[]), None);
    }

    #[test]
    fn a_count_comes_in_two_shapes() {
        let count = |text: &str| count_in(&serde_json::from_str(text).unwrap());
        assert_eq!(count(r#"{"count": 7}"#), Some(7));
        assert_eq!(count(r#"{"count": {"value": 7, "refreshed_at": null}}"#), Some(7));
        assert_eq!(count(r#"{"count": null}"#), None);
        assert_eq!(count("[]"), None);
    }

    /// Answers everything with a login, and headers that say that the account is used up.
    struct UsedUp;

    impl Transport for UsedUp {
        fn send(&self, _: Outgoing) -> Answering<'_> {
            let told = [("x-rate-limit", "400"), ("x-rate-limit-remaining", "0"), ("ratelimit-reset", "50")];
            let headers = told.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let answer = Answer { status: 200, headers: headers.collect(), body: br#"{"user":{"id":1}}"#.to_vec() };
            Box::pin(std::future::ready(Ok(answer)))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_used_up_limit_is_never_waited_for() {
        let options = ProbeOptions {
            base_url: "https://acme.zendesk.com".parse().unwrap(),
            credentials: Credentials::Token(Secret::new("t0ken")),
            tickets_from: 0,
            timing: probe_timing(),
        };
        let began = Instant::now();
        let found = probe_over(&UsedUp, &options, &Silent).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(found.headers.rate_limit, Some(RateLimit { per_minute: 400, remaining: 0 }));
        assert_eq!(found.requests.values().sum::<u64>(), 13, "{:?}", found.requests);
        assert!(matches!(found.reads.unwrap().users, Err(ReadError::Incomplete { .. })));
    }
}
