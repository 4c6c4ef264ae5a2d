//! Requests to GitHub's API, over octocrab and the program's own HTTP client.
//!
//! Octocrab joins routes to the base (a GitHub Enterprise server's has a path) and adds the token, for the base's own host
//! alone. Two of its habits are kept out: it would update a comment by POST, and follow links to other hosts; so requests
//! are made here by route, and the pages of a list are counted. What only reads is repeated after what may pass; nothing
//! else is.

use crate::http_client::{self, ClientError, deepest};
use crate::retry::{Fault, Seen};
use crate::text::said::visible;
use crate::text::secret::{self, Secret};
use octocrab::Octocrab;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// GitHub's own address, where the environment names no other.
pub(crate) const DEFAULT_API: &str = "https://api.github.com";

/// How many records a page has at most, everywhere.
const PER_PAGE: usize = 100;
/// More pages than any list here can have: whoever sends more goes round in circles.
const MOST_PAGES: usize = 1_000;
const CONNECT: Duration = Duration::from_secs(10);
const REQUEST: Duration = Duration::from_millis(if cfg!(feature = "proofs") { 1_500 } else { 30_000 });
/// How often a GET is sent in all.
const TRIES: u32 = 4;
/// The longest wait that GitHub may ask for; a job that waits longer costs more than it helps.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A token for GitHub. It can be sent, and never be shown.
#[derive(Debug, Clone)]
pub(crate) struct Token(Secret);

impl Token {
    /// `None` when it cannot stand in a header, or is empty.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let sendable = !text.is_empty() && text.bytes().all(|c| c.is_ascii_graphic());
        secret::know(text);
        sendable.then(|| Self(Secret::new(text)))
    }
}

/// Why GitHub did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitHubError {
    #[error("GITHUB_API_URL is not a URL that a token may be sent to: {0}")]
    Base(String),
    /// It answered, and would answer the same again.
    #[error("{what}: GitHub answers {status}{said}")]
    Refused { what: String, status: u16, said: String },
    /// It asks to wait for longer than a job should.
    #[error("{what}: GitHub's rate limit is used up ({status})")]
    TooMany { what: String, status: u16 },
    #[error("{what}: {cause}")]
    Unreachable { what: String, cause: String },
    /// A misspelt name, or a file that is not on the default branch.
    #[error("there is no workflow {workflow} on the default branch")]
    NoWorkflow { workflow: String },
    /// It is not what GitHub documents.
    #[error("{what}: the response cannot be read: {cause}")]
    NotUnderstood { what: String, cause: String },
}

impl GitHubError {
    /// The status of an answer that refuses.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } | Self::TooMany { status, .. } => Some(*status),
            Self::Base(_) | Self::NoWorkflow { .. } | Self::Unreachable { .. } | Self::NotUnderstood { .. } => None,
        }
    }

    /// What to do next.
    pub(crate) fn help(&self) -> &'static str {
        if matches!(self, Self::NoWorkflow { .. }) {
            return "name the file in .github/workflows that runs the audit (the input `audit-workflow`), and \
                check that the job has `actions: read`";
        }
        match self.status() {
            Some(401) => "the token is not accepted: pass the job's own token as `github-token`",
            Some(403) => "the token is not allowed to do that: add the scope under `permissions` of the job",
            Some(404) => "it does not exist, or the token cannot see it: check `permissions` of the job",
            Some(429) => "run the job again later",
            _ => "check https://www.githubstatus.com, and run the job again",
        }
    }
}

/// A GitHub, and a token for it.
pub(crate) struct GitHub {
    crab: Octocrab,
    /// The same, where the other API is: on an Enterprise server `/api/graphql`, beside `/api/v3`.
    graphql: Octocrab,
    /// The wait after a failure that tells none, doubled each time.
    pause: Duration,
}

/// An answer with a status that says that it was done.
struct Answer {
    body: Vec<u8>,
    /// Whether the list goes on after this page; `None` where no link says so.
    more: Option<bool>,
}

/// What is sent along.
enum Ask<'a> {
    Get,
    Post(&'a Value),
    Patch(&'a Value),
    /// A question in GraphQL, which changes nothing.
    Query(&'a Value),
}

/// Why a try failed, and whether another may do better.
enum Failed {
    ForGood(GitHubError),
    ForNow { error: GitHubError, wait: Option<Duration> },
}

impl GitHub {
    /// Talks to the API below `base`. Must be called inside a runtime.
    pub(crate) fn new(base: &str, token: &Token) -> Result<Self, GitHubError> {
        let url = Url::parse(base).map_err(|error| GitHubError::Base(error.to_string()))?;
        let client = http_client::client(&url, CONNECT, REQUEST).map_err(|error: ClientError| match error {
            ClientError::Insecure { .. } => GitHubError::Base(error.to_string()),
            ClientError::NoClient { .. } => {
                GitHubError::Unreachable { what: "GitHub".to_owned(), cause: error.to_string() }
            }
        })?;
        let below = |base: &str| {
            Octocrab::builder()
                .personal_token(token.0.expose().to_owned())
                .base_uri(base)
                .and_then(|builder| builder.build_with_reqwest(client.client.clone()))
                .map_err(|error| GitHubError::Base(error.to_string()))
        };
        let base = base.trim_end_matches('/');
        let crab = below(base)?;
        let graphql = below(base.strip_suffix("/v3").unwrap_or(base))?;
        let pause = if http_client::is_loopback(&url) { Duration::from_millis(5) } else { Duration::from_secs(1) };
        Ok(Self { crab, graphql, pause })
    }

    /// GETs one record.
    pub(super) async fn get<T: DeserializeOwned>(&self, route: &str) -> Result<T, GitHubError> {
        let answer = self.ask(route, Ask::Get).await?;
        parse(&format!("GET {}", path_of(route)), &answer.body)
    }

    /// GETs a list, all pages of it. `member` is where a page keeps its records, if it is not the records itself.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        route: &str,
        member: Option<&'static str>,
    ) -> Result<Vec<T>, GitHubError> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let (records, more) = self.page(route, member, page).await?;
            all.extend(records);
            if !more {
                return Ok(all);
            }
        }
        let cause = format!("more than {MOST_PAGES} pages");
        Err(GitHubError::NotUnderstood { what: format!("GET {}", path_of(route)), cause })
    }

    /// GETs one page of a list, counted from 1, and tells whether another follows.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        route: &str,
        member: Option<&'static str>,
        page: usize,
    ) -> Result<(Vec<T>, bool), GitHubError> {
        let join = if route.contains('?') { '&' } else { '?' };
        let answer = self.ask(&format!("{route}{join}per_page={PER_PAGE}&page={page}"), Ask::Get).await?;
        let what = || format!("GET {}, page {page}", path_of(route));
        let records: Vec<T> = match member {
            None => parse(&what(), &answer.body)?,
            Some(member) => {
                let mut value: Value = parse(&what(), &answer.body)?;
                let records = value.get_mut(member).map(Value::take);
                let records = records.ok_or_else(|| GitHubError::NotUnderstood {
                    what: what(),
                    cause: format!("it has no `{member}`"),
                })?;
                serde_json::from_value(records)
                    .map_err(|error| GitHubError::NotUnderstood { what: what(), cause: error.to_string() })?
            }
        };
        // A full page whose links something on the way took off may not be the last; an objection could be on the next.
        let more = answer.more.unwrap_or(records.len() >= PER_PAGE);
        Ok((records, more))
    }

    /// Asks a question in GraphQL; returns its `data`, which is null where GitHub only gives errors.
    pub(super) async fn query(&self, question: &str) -> Result<Value, GitHubError> {
        let answer = self.ask("/graphql", Ask::Query(&json!({ "query": question }))).await?;
        let mut answer: Value = parse("the question", &answer.body)?;
        Ok(answer.get_mut("data").map(Value::take).unwrap_or_default())
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, route: &str, body: &Value) -> Result<T, GitHubError> {
        parse(&format!("POST {route}"), &self.ask(route, Ask::Post(body)).await?.body)
    }

    pub(super) async fn patch<T: DeserializeOwned>(&self, route: &str, body: &Value) -> Result<T, GitHubError> {
        parse(&format!("PATCH {route}"), &self.ask(route, Ask::Patch(body)).await?.body)
    }

    /// Sends a request until it is answered. Only what reads is sent again.
    async fn ask(&self, route: &str, ask: Ask<'_>) -> Result<Answer, GitHubError> {
        let mut pause = self.pause;
        for tried in 1.. {
            let (error, wait) = match self.send(route, &ask).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::ForGood(error)) => return Err(error),
                Err(Failed::ForNow { error, wait }) => (error, wait),
            };
            let may_repeat = matches!(ask, Ask::Get | Ask::Query(_)) && tried < TRIES;
            if !may_repeat || wait.is_some_and(|wait| wait > LONGEST_WAIT) {
                return Err(error);
            }
            tokio::time::sleep(wait.unwrap_or(pause)).await;
            pause *= 2;
        }
        unreachable!("the last try returns")
    }

    async fn send(&self, route: &str, ask: &Ask<'_>) -> Result<Answer, Failed> {
        let (verb, sent) = match ask {
            Ask::Get => ("GET", self.crab._get(route).await),
            Ask::Post(body) => ("POST", self.crab._post(route, Some(body)).await),
            Ask::Patch(body) => ("PATCH", self.crab._patch(route, Some(body)).await),
            Ask::Query(body) => ("POST", self.graphql._post(route, Some(body)).await),
        };
        let what = format!("{verb} {}", path_of(route));
        let unreachable = |error: &octocrab::Error| match http_client::certificate_error(error) {
            Some(cause) => {
                let cause = Seen::Fault(Fault::Untrusted(cause)).to_string();
                Failed::ForGood(GitHubError::Unreachable { what: what.clone(), cause })
            }
            None => {
                let error = GitHubError::Unreachable { what: what.clone(), cause: deepest(error) };
                Failed::ForNow { error, wait: None }
            }
        };
        let response = sent.map_err(|error| unreachable(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = match http_client::body(response.map(reqwest::Body::wrap).into()).await {
            Ok(body) => body,
            Err(fault @ Fault::TooLong) => {
                return Err(Failed::ForGood(GitHubError::NotUnderstood {
                    what,
                    cause: Seen::Fault(fault).to_string(),
                }));
            }
            Err(fault) => {
                let error = GitHubError::Unreachable { what, cause: Seen::Fault(fault).to_string() };
                return Err(Failed::ForNow { error, wait: None });
            }
        };
        if (200..300).contains(&status) {
            let more = header("link").map(|links| links.contains("rel=\"next\""));
            return Ok(Answer { body, more });
        }
        let said = said(&body);
        let limited = status == 429
            || status == 403
                && (header("x-ratelimit-remaining").as_deref() == Some("0")
                    || header("retry-after").is_some()
                    || said.contains("rate limit"));
        if limited {
            // Without a number it lasts until the hour's end, or a minute at least.
            let wait = header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            let wait = Some(wait.unwrap_or(Duration::MAX));
            return Err(Failed::ForNow { error: GitHubError::TooMany { what, status }, wait });
        }
        let error = GitHubError::Refused { what, status, said };
        Err(if status >= 500 { Failed::ForNow { error, wait: None } } else { Failed::ForGood(error) })
    }
}

/// A route without its query.
fn path_of(route: &str) -> &str {
    route.split('?').next().unwrap_or(route)
}

pub(super) fn parse<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T, GitHubError> {
    serde_json::from_slice(body)
        .map_err(|error| GitHubError::NotUnderstood { what: what.to_owned(), cause: error.to_string() })
}

/// GitHub's own words in an error answer: `: Not Found`, or nothing.
pub(super) fn said(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = value.get("message").and_then(Value::as_str).unwrap_or_default();
    let first = value.pointer("/errors/0/message").and_then(Value::as_str);
    let (message, first) = (visible(message, &[]), first.map(|first| visible(first, &[])));
    match (&*message, first) {
        ("", None) => String::new(),
        (message, None) => format!(": {message}"),
        (message, Some(first)) => format!(": {message} ({first})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_cannot_stand_in_a_header_is_none() {
        assert!(Token::new(" ghs_abc\n").is_some());
        for text in ["", " ", "a b", "a\nb", "é"] {
            assert!(Token::new(text).is_none(), "{text:?}");
        }
        assert!(!format!("{:?}", Token::new("ghs_abc")).contains("ghs_abc"));
    }

    #[tokio::test]
    async fn a_token_goes_to_https_or_this_machine_only() {
        let token = Token::new("ghs_abc").expect("a token");
        for base in ["https://api.github.com", "https://ghe.acme.example/api/v3", "http://127.0.0.1:9"] {
            assert!(GitHub::new(base, &token).is_ok(), "{base}");
        }
        for base in ["http://api.github.com", "nonsense", "ftp://127.0.0.1"] {
            assert!(matches!(GitHub::new(base, &token), Err(GitHubError::Base(_))), "{base}");
        }
    }

    #[test]
    fn an_error_answer_is_told_in_githubs_words() {
        assert_eq!(said(br#"{"message":"Not Found"}"#), ": Not Found");
        let invalid = br#"{"message":"Validation Failed","errors":[{"message":"body is too long"}]}"#;
        assert_eq!(said(invalid), ": Validation Failed (body is too long)");
        assert_eq!(said(b"<html>"), "");
    }
}
