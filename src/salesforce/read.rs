//! Requests, tries and pages: the query is read whole, or not at all.
//!
//! Left out: what a page holds (`page`) and how a try is judged (`crate::retry`).

use super::auth::{SalesforceCredentials, grant_form, granted};
use super::error::{SalesforceError, SalesforceGap};
use super::page::{NotAPage, Page, add_record};
use super::query::Query;
use super::table::Table;
use crate::http_client::{self, Client, ClientError};
use crate::retry::{Because, Decision, Fault, Seen, Spent, decide};
use crate::text::said::Said;
use crate::text::secret::{self, Secret};
use crate::zendesk::Timing;
use reqwest::header::HeaderMap;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// How many empty pages may come in a row.
const MOST_EMPTY_PAGES: u32 = 10;
/// Where the grant is sent.
const TOKEN_PATH: &str = "/services/oauth2/token";

/// What a read needs to know.
pub struct Options {
    /// Scheme, host and port: every request goes there and nowhere else.
    pub instance_url: Url,
    /// Such as `64.0`.
    pub api_version: String,
    pub credentials: SalesforceCredentials,
    pub timing: Timing,
}

/// What happens during a read.
#[derive(Debug)]
pub enum Event<'a> {
    /// A request was answered, or was not.
    Request { method: &'static str, path: &'a str, outcome: &'a str, took: Duration },
    /// A failure is waited out.
    Waiting { why: &'a str, delay: Duration },
    /// So many records are there, of so many.
    Page { read: u64, total: u64 },
    /// The session ended, and the query begins afresh with a new token.
    Renewed,
}

/// A whole answer.
pub struct Read {
    pub table: Table,
    pub cost: Cost,
}

/// What a read has cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cost {
    /// By the name of what was asked for.
    pub requests: BTreeMap<&'static str, u64>,
    pub waited_after_failures: Duration,
    /// API requests of the last 24 hours and their limit, as `Sforce-Limit-Info` had them last.
    /// Source: <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm>
    pub api_usage: Option<(u64, u64)>,
}

/// What the first page shows.
pub struct Probed {
    /// How many records the query finds.
    pub total: u64,
    /// The records of the first page.
    pub sample: Table,
    pub cost: Cost,
}

/// Reads every record that the query finds.
///
/// Pages are read until `done`; all of them must agree on `totalSize`, and each record must come once. A token that is refused is
/// renewed once, and the query begun afresh with it, since a locator belongs to the session that made it
/// (<https://github.com/airbytehq/airbyte/pull/84302>). `Sforce-Query-Options` is not sent: its default batch of 2,000 records is
/// the largest (<https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_queryoptions.htm>).
/// Errors: see [`SalesforceError`]; there is no partial result.
pub async fn read(options: &Options, query: &Query, watch: &dyn Fn(Event<'_>)) -> Result<Read, SalesforceError> {
    let session = Session::open(options, watch)?;
    let (table, _) = session.all(query, false).await?;
    Ok(Read { table, cost: session.cost.into_inner() })
}

/// Reads the first page of the answer.
///
/// Errors: as [`read`] has them, as far as one page shows them.
pub async fn probe(options: &Options, query: &Query, watch: &dyn Fn(Event<'_>)) -> Result<Probed, SalesforceError> {
    let session = Session::open(options, watch)?;
    let (sample, total) = session.all(query, true).await?;
    Ok(Probed { total, sample, cost: session.cost.into_inner() })
}

/// A login, and what it has cost so far.
struct Session<'a> {
    options: &'a Options,
    watch: &'a dyn Fn(Event<'_>),
    http: reqwest::Client,
    cost: RefCell<Cost>,
    /// Every token that was granted, since none of them may be shown.
    tokens: RefCell<Vec<Secret>>,
    /// When the last good answer came.
    good_at: Cell<Instant>,
}

/// A whole answer, good or bad.
struct Answer {
    seen: Seen,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// One thing that is asked for, and asked for again after a failure.
struct Ask<'a> {
    /// "the query, page 3".
    place: &'a str,
    /// The name in the table of requests.
    kind: &'static str,
    url: Url,
    with: With<'a>,
}

/// What is sent with it. Nothing else can be.
enum With<'a> {
    /// A GET with a token.
    Token(&'a Secret),
    /// The POST of the grant.
    Grant(String),
}

/// Why the pages ended early.
enum Stop {
    /// The token is not valid (any more).
    Unauthorized {
        place: String,
        said: Said,
    },
    Failed(SalesforceError),
}

impl From<SalesforceError> for Stop {
    fn from(error: SalesforceError) -> Self {
        Self::Failed(error)
    }
}

impl<'a> Session<'a> {
    fn open(options: &'a Options, watch: &'a dyn Fn(Event<'_>)) -> Result<Self, SalesforceError> {
        let Options { instance_url, timing, .. } = options;
        options.credentials.secrets().into_iter().for_each(secret::know);
        let client = http_client::client(instance_url, timing.connect, timing.request);
        let Client { client, built_in_roots: _ } = client.map_err(|error| match error {
            ClientError::Insecure { base_url } => SalesforceError::Insecure { base_url },
            ClientError::NoClient { cause } => SalesforceError::NoClient { cause },
        })?;
        Ok(Self {
            options,
            watch,
            http: client,
            cost: RefCell::default(),
            tokens: RefCell::default(),
            good_at: Cell::new(Instant::now()),
        })
    }

    /// Every page, or with `first_only` the first one; and `totalSize`.
    async fn all(&self, query: &Query, first_only: bool) -> Result<(Table, u64), SalesforceError> {
        let grants = matches!(self.options.credentials, SalesforceCredentials::Client { .. });
        let mut renewed = false;
        loop {
            let token = self.token().await?;
            match self.pages(query, &token, first_only).await {
                Ok(read) => return Ok(read),
                Err(Stop::Unauthorized { .. }) if grants && !renewed => renewed = true,
                Err(Stop::Unauthorized { place, said }) => {
                    return Err(SalesforceError::NotAccepted { place, said, grants });
                }
                Err(Stop::Failed(error)) => return Err(error),
            }
            (self.watch)(Event::Renewed);
        }
    }

    /// The token to ask with: the given one, or a new one.
    async fn token(&self) -> Result<Secret, SalesforceError> {
        let (id, secret) = match &self.options.credentials {
            SalesforceCredentials::Token(token) => return Ok(token.clone()),
            SalesforceCredentials::Client { id, secret } => (id, secret),
        };
        let place = "the login";
        let ask = Ask {
            place,
            kind: "salesforce_token",
            url: self.url(TOKEN_PATH),
            with: With::Grant(grant_form(id, secret)),
        };
        let body = self.ask(&ask, granted).await;
        let token = match body {
            Ok(token) => token,
            Err(Stop::Failed(SalesforceError::Incomplete { .. })) => {
                return Err(SalesforceError::NoToken { place: place.to_owned() });
            }
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Unauthorized { place, said }) => {
                return Err(SalesforceError::Refused { place, status: 401, said, grants: true });
            }
        };
        secret::know(token.expose());
        self.tokens.borrow_mut().push(token.clone());
        Ok(token)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.options.instance_url.clone();
        url.set_path(path);
        url.set_query(None);
        url
    }

    async fn pages(&self, query: &Query, token: &Secret, first_only: bool) -> Result<(Table, u64), Stop> {
        let path = format!("/services/data/v{}/query", self.options.api_version);
        let mut url = self.url(&path);
        url.query_pairs_mut().append_pair("q", query.text());
        let mut whole = Whole::new(query);
        let mut number = 1;
        loop {
            let place = format!("the query, page {number}");
            let kind = if number == 1 { "salesforce_query" } else { "salesforce_query_more" };
            let ask = Ask { place: &place, kind, url: url.clone(), with: With::Token(token) };
            let next = self.ask(&ask, |body| whole.add(Page::parse(body)?).map_err(NotAPage::Gap)).await?;
            let (read, total) = whole.progress();
            (self.watch)(Event::Page { read, total });
            let incomplete = |gap| SalesforceError::Incomplete { place: place.clone(), gap };
            match next {
                _ if first_only => return Ok((whole.table, total)),
                Some(next) => url = whole.follow(&url, &path, &next).map_err(incomplete)?,
                None if read == total => return Ok((whole.table, total)),
                None => return Err(incomplete(SalesforceGap::AnotherTotal { read, total }).into()),
            }
            number += 1;
        }
    }

    /// Asks until there is a good answer, or a limit is reached. `take` is called with the body of a good answer once.
    async fn ask<T>(&self, ask: &Ask<'_>, mut take: impl FnMut(&[u8]) -> Result<T, NotAPage>) -> Result<T, Stop> {
        let place = || ask.place.to_owned();
        let timing = &self.options.timing;
        for tries in 1.. {
            let mut answer = self.send(ask).await;
            if let Seen::Status(200..=299) = answer.seen {
                match take(&answer.body) {
                    Ok(taken) => {
                        self.good_at.set(Instant::now());
                        return Ok(taken);
                    }
                    Err(NotAPage::Gap(gap)) => return Err(SalesforceError::Incomplete { place: place(), gap }.into()),
                    Err(NotAPage::NotJson) => answer.seen = Seen::NotJson,
                }
            }
            let said = match answer.seen {
                Seen::Status(_) => self.said(&answer.body),
                _ => Said::default(),
            };
            let judged = judged(&answer.seen, &said);
            let spent = Spent { tries, silence: self.good_at.get().elapsed() };
            let last = format!("{}{said}", answer.seen);
            let decision = decide(&judged, &answer.headers, spent, &timing.retries, (timing.jitter)(), (timing.now)());
            match decision {
                // A good answer has been taken above.
                Decision::Accept | Decision::Refused => return Err(self.refused(ask, &answer, said)),
                Decision::GiveUp(Because::AskedTooLong { asked, left: _ }) => {
                    return Err(
                        SalesforceError::WaitTooLong { place: place(), last, asked_secs: asked.as_secs() }.into()
                    );
                }
                Decision::GiveUp(Because::Tries | Because::Silence) => {
                    let is_limit = judged == Seen::Status(429);
                    return Err(SalesforceError::TriesSpent { place: place(), last, tries, is_limit }.into());
                }
                Decision::Again(delay) => {
                    (self.watch)(Event::Waiting { why: &last, delay });
                    self.cost.borrow_mut().waited_after_failures += delay;
                    tokio::time::sleep(delay).await;
                }
            }
        }
        unreachable!("the tries of a request have a limit")
    }

    /// Sends once.
    async fn send(&self, ask: &Ask<'_>) -> Answer {
        *self.cost.borrow_mut().requests.entry(ask.kind).or_default() += 1;
        let (method, request) = match &ask.with {
            With::Token(token) => ("GET", self.http.get(ask.url.clone()).bearer_auth(token.expose())),
            With::Grant(form) => {
                let request = self.http.post(ask.url.clone()).body(form.clone());
                ("POST", request.header("content-type", "application/x-www-form-urlencoded"))
            }
        };
        let started = Instant::now();
        let answer = match request.header("accept", "application/json").send().await {
            Ok(response) => {
                let (seen, headers) = (Seen::Status(response.status().as_u16()), response.headers().clone());
                match http_client::body(response).await {
                    Ok(body) => Answer { seen, headers, body },
                    Err(fault) => Answer { seen: Seen::Fault(fault), headers, body: Vec::new() },
                }
            }
            Err(error) => {
                let seen = Seen::Fault(http_client::fault(&error));
                Answer { seen, headers: HeaderMap::new(), body: Vec::new() }
            }
        };
        if let Some(usage) = api_usage(&answer.headers) {
            self.cost.borrow_mut().api_usage = Some(usage);
        }
        let (outcome, took) = (answer.seen.to_string(), started.elapsed());
        // The path alone: the query is in what follows it.
        (self.watch)(Event::Request { method, path: ask.url.path(), outcome: &outcome, took });
        answer
    }

    fn said(&self, body: &[u8]) -> Said {
        let tokens = self.tokens.borrow();
        let mut secrets = self.options.credentials.secrets();
        secrets.extend(tokens.iter().map(Secret::expose));
        Said::of_query(body, &secrets)
    }

    /// What an answer means that another try would not change.
    fn refused(&self, ask: &Ask<'_>, answer: &Answer, said: Said) -> Stop {
        let place = ask.place.to_owned();
        let grants = matches!(ask.with, With::Grant(_));
        let status = match &answer.seen {
            Seen::Status(status) => *status,
            seen @ Seen::Fault(Fault::TooLong) => {
                return SalesforceError::TooLong { place, cause: seen.to_string() }.into();
            }
            seen => return SalesforceError::Untrusted { place, cause: seen.to_string() }.into(),
        };
        let location = answer.headers.get("location").and_then(|to| to.to_str().ok());
        let to = location.and_then(|to| self.options.instance_url.join(to).ok());
        let is_query = ask.kind == "salesforce_query";
        match (status, to) {
            (300..=399, Some(to)) => {
                SalesforceError::Redirected { place, status, to: to.origin().ascii_serialization() }.into()
            }
            (401, _) => Stop::Unauthorized { place, said },
            // A 400 of Salesforce's own has a code; one of a proxy has none.
            (400, _) if is_query && said.code.is_some() => SalesforceError::QueryRefused { status, said }.into(),
            (414 | 431, _) if is_query => SalesforceError::QueryRefused { status, said }.into(),
            _ => SalesforceError::Refused { place, status, said, grants }.into(),
        }
    }
}

/// The answer as the policy for tries sees it: Salesforce refuses for want of requests with 403, and reports a query that ran
/// too long as 400.
///
/// Source: <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm>
fn judged(seen: &Seen, said: &Said) -> Seen {
    match (seen, said.code.as_deref()) {
        (Seen::Status(400..=499), Some("REQUEST_LIMIT_EXCEEDED")) => Seen::Status(429),
        (Seen::Status(400), Some("QUERY_TIMEOUT" | "SERVER_UNAVAILABLE")) => Seen::Status(503),
        _ => seen.clone(),
    }
}

/// `api-usage=18/5000` of `Sforce-Limit-Info`.
fn api_usage(headers: &HeaderMap) -> Option<(u64, u64)> {
    let text = headers.get("sforce-limit-info")?.to_str().ok()?;
    let usage = text.split([';', ',']).find_map(|part| part.trim().strip_prefix("api-usage="))?;
    let (used, limit) = usage.split_once('/')?;
    Some((used.trim().parse().ok()?, limit.trim().parse().ok()?))
}

/// What the pages have brought so far, and whether it fits together.
pub(super) struct Whole<'q> {
    paths: Vec<Vec<&'q str>>,
    table: Table,
    total: Option<u64>,
    /// Each record by a digest of its URL.
    records: HashSet<u128>,
    /// Each page that was asked for.
    pages: HashSet<String>,
    empty_pages: u32,
}

impl<'q> Whole<'q> {
    pub(super) fn new(query: &'q Query) -> Self {
        Self {
            paths: query.paths(),
            table: Table::new(query.fields().to_vec()),
            total: None,
            records: HashSet::new(),
            pages: HashSet::new(),
            empty_pages: 0,
        }
    }

    /// How many records are there, and how many there are in all.
    fn progress(&self) -> (u64, u64) {
        (self.table.records() as u64, self.total.unwrap_or_default())
    }

    /// The table of the records that came.
    #[cfg(feature = "proofs")]
    pub(super) fn into_csv(self) -> Vec<u8> {
        self.table.into_csv()
    }

    /// Takes a page, and returns where the next one is.
    pub(super) fn add(&mut self, page: Page<'_>) -> Result<Option<String>, SalesforceGap> {
        let Page { total, next, records } = page;
        match self.total.replace(total) {
            Some(before) if before != total => return Err(SalesforceGap::TotalChanged { before, now: total }),
            _ => {}
        }
        self.empty_pages = if records.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages >= MOST_EMPTY_PAGES && next.is_some() {
            return Err(SalesforceGap::NothingNew);
        }
        let is_first = self.table.records() == 0;
        for record in records {
            let url = add_record(record, &self.paths, &mut self.table)?;
            if !self.records.insert(digest(&url)) {
                return Err(SalesforceGap::RecordRepeated);
            }
        }
        let (read, total) = self.progress();
        if read > total {
            return Err(SalesforceGap::AnotherTotal { read, total });
        }
        if is_first {
            self.table.reserve(usize::try_from(total).unwrap_or(usize::MAX));
        }
        Ok(next)
    }

    /// The URL of the next page: below the query's own path, on the same host.
    pub(super) fn follow(&mut self, url: &Url, query_path: &str, next: &str) -> Result<Url, SalesforceGap> {
        let elsewhere = || SalesforceGap::Elsewhere(crate::text::escape::terminal(next));
        let joined = url.join(next).map_err(|_| elsewhere())?;
        let is_page =
            joined.path().strip_prefix(query_path).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'));
        let has_user = !joined.username().is_empty() || joined.password().is_some();
        if joined.origin() != url.origin() || !is_page || has_user {
            return Err(elsewhere());
        }
        if !self.pages.insert(joined.as_str().to_owned()) {
            return Err(SalesforceGap::LocatorRepeated);
        }
        Ok(joined)
    }
}

/// The first 16 bytes of SHA-256.
fn digest(text: &str) -> u128 {
    use crate::digest::{Digest, Hasher};
    let digest = Hasher::digest(text.as_bytes());
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(next: &str) -> Result<String, SalesforceGap> {
        let query = Query::parse("SELECT Id FROM Account").expect("a query");
        let url = "https://acme.my.salesforce.com/services/data/v64.0/query?q=x".parse().expect("a URL");
        let next = Whole::new(&query).follow(&url, "/services/data/v64.0/query", next)?;
        Ok(next.to_string())
    }

    #[test]
    fn a_next_page_is_below_the_query_on_the_same_host() {
        let page = "https://acme.my.salesforce.com/services/data/v64.0/query/01gX-2000";
        for good in [
            "/services/data/v64.0/query/01gX-2000",
            page,
            "https://ACME.my.salesforce.com:443/services/data/v64.0/query/01gX-2000",
        ] {
            assert_eq!(follow(good).as_deref(), Ok(page), "{good}");
        }
        for bad in [
            "https://evil.example/services/data/v64.0/query/01gX-2000",
            "//evil.example/services/data/v64.0/query/01gX-2000",
            "http://acme.my.salesforce.com/services/data/v64.0/query/01gX-2000",
            "https://acme.my.salesforce.com:8443/services/data/v64.0/query/01gX-2000",
            "https://acme.my.salesforce.com@evil.example/services/data/v64.0/query/01gX",
            "https://jo:x@acme.my.salesforce.com/services/data/v64.0/query/01gX",
            "/services/data/v64.0/query/../sobjects/Account/001",
            "/services/data/v64.0/query/",
            "/services/data/v64.0/queryAll/01gX-2000",
            "/services/data/v64.0/sobjects/Account",
            "javascript:x",
            "",
        ] {
            assert!(matches!(follow(bad), Err(SalesforceGap::Elsewhere(_))), "{bad}");
        }
    }

    #[test]
    fn the_usage_of_the_api_is_read_from_its_header() {
        let usage = |text: &str| {
            let headers = [("sforce-limit-info".parse().expect("a name"), text.parse().expect("a value"))];
            api_usage(&HeaderMap::from_iter(headers))
        };
        assert_eq!(usage("api-usage=10018/100000"), Some((10_018, 100_000)));
        assert_eq!(usage("per-app-api-usage=17/250(appName=x); api-usage=25/5000"), Some((25, 5000)));
        assert_eq!(usage("api-usage=x/y"), None);
        assert_eq!(api_usage(&HeaderMap::new()), None);
    }
}
