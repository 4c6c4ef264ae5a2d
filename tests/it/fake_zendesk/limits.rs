//! Rate limits: one for the account, one for each bucket of endpoints, one for the updates of each organization, in fixed windows that begin with their first request.
//!
//! A refused request uses up nothing. Nothing here waits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use super::reply::{Body, Reply, Request, bare_path, described, listed};

/// A limit of its own for the paths that begin with `below`.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// As in `Zendesk-RateLimit-<name>`.
    pub name: String,
    pub below: String,
    pub total: u32,
    /// Whether headers tell of it; where not, it is found out by its 429 alone, which come with calls of the account left.
    pub told: bool,
}

/// The body of a 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `{"error": "APIRateLimitExceeded", "description": …}`
    Described,
    /// A sentence, as plain text.
    Plain,
    /// `{"errors": [{"code": "TooManyRequests", …}]}`
    Listed,
}

/// The form of the `Retry-After` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    Seconds,
    HttpDate,
    Absent,
}

/// All limits of an account.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests in a window; `None` for no limit and no headers.
    pub account: Option<u32>,
    pub buckets: Vec<Bucket>,
    /// Updates of one organization in a window; `None` for no limit. Its 429 has the shape of [`Refusal::Listed`].
    pub organization_updates: Option<u32>,
    /// A minute, in reality.
    pub window: Duration,
    pub refusal: Refusal,
    pub retry_after: RetryAfter,
}

impl Limits {
    /// No limit at all.
    pub fn none() -> Self {
        Self {
            account: None,
            buckets: Vec::new(),
            organization_updates: None,
            window: Duration::from_secs(60),
            refusal: Refusal::Described,
            retry_after: RetryAfter::Seconds,
        }
    }

    /// The limits of a plan: so many requests per minute, of which 10 to the exports, 100 to search, and 5 updates of each
    /// organization.
    pub fn plan(requests_per_minute: u32) -> Self {
        let bucket =
            |name: &str, below: &str, total| Bucket { name: name.into(), below: below.into(), total, told: true };
        Self {
            account: Some(requests_per_minute),
            buckets: vec![
                bucket("incremental-exports", "/api/v2/incremental/", 10),
                bucket("search-export", "/api/v2/search/export", 100),
            ],
            organization_updates: Some(5),
            ..Self::none()
        }
    }
}

/// A 429 of the given shape, without any header.
pub fn too_many(refusal: Refusal) -> Reply {
    let text = "Number of allowed API requests per minute exceeded";
    match refusal {
        Refusal::Described => described(429, "APIRateLimitExceeded", text),
        Refusal::Plain => Reply::new(
            429,
            Body::Text {
                content_type: "text/plain; charset=utf-8".into(),
                text: format!("{text}. Please wait before retrying.\n"),
            },
        ),
        Refusal::Listed => listed(429, "TooManyRequests", "Too many requests", text),
    }
}

/// What was used of each limit.
#[derive(Debug, Default)]
pub struct Usage {
    windows: BTreeMap<String, Window>,
    /// The fewest requests that were ever left of the account's window.
    pub least_left: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    started: Instant,
    used: u32,
}

/// The key of the account's window; no bucket is called like this, and an organization's is its path.
const ACCOUNT: &str = "";

impl Usage {
    /// Counts a request. `Ok` are the headers of its answer, `Err` is the 429.
    pub fn spend(&mut self, request: &Request, limits: &Limits, now: Instant) -> Result<Vec<(String, String)>, Reply> {
        let path = bare_path(&request.path);
        let mut spent: Vec<(&str, u32)> = Vec::new();
        let update = (request.method == "PUT" && is_one_organization(path)).then_some(path);
        if let (Some(path), Some(total)) = (update, limits.organization_updates) {
            spent.push((path, total));
        }
        if let Some(total) = limits.account {
            spent.push((ACCOUNT, total));
        }
        for bucket in &limits.buckets {
            if path.starts_with(&bucket.below) {
                spent.push((&bucket.name, bucket.total));
            }
        }
        let mut wait: Option<Duration> = None;
        let mut refusal = limits.refusal;
        for (name, total) in &spent {
            let fresh = Window { started: now, used: 0 };
            let window = self.windows.entry((*name).to_owned()).or_insert(fresh);
            if now.duration_since(window.started) >= limits.window {
                *window = fresh;
            }
            if window.used >= *total {
                wait = wait.max(Some(rest(window, limits, now)));
                if Some(*name) == update {
                    refusal = Refusal::Listed;
                }
            }
        }
        let mut headers = Vec::new();
        for (name, total) in &spent {
            let Some(window) = self.windows.get_mut(*name) else {
                continue;
            };
            if wait.is_none() {
                window.used += 1;
            }
            let left = total.saturating_sub(window.used);
            let resets = whole_secs(rest(window, limits, now));
            if *name == ACCOUNT {
                self.least_left = Some(self.least_left.map_or(left, |least| least.min(left)));
                headers.push(("X-Rate-Limit".into(), total.to_string()));
                headers.push(("X-Rate-Limit-Remaining".into(), left.to_string()));
                headers.push(("ratelimit-limit".into(), total.to_string()));
                headers.push(("ratelimit-remaining".into(), left.to_string()));
                headers.push(("ratelimit-reset".into(), resets.to_string()));
            } else if Some(*name) != update && limits.buckets.iter().any(|bucket| bucket.told && bucket.name == **name)
            {
                let value = format!("total={total}; remaining={left}; resets={resets}");
                headers.push((format!("Zendesk-RateLimit-{name}"), value));
            }
        }
        let Some(wait) = wait else {
            return Ok(headers);
        };
        let mut reply = too_many(refusal);
        reply.headers.extend(headers);
        let secs = whole_secs(wait);
        match limits.retry_after {
            RetryAfter::Seconds => reply = reply.with_header("Retry-After", secs.to_string()),
            RetryAfter::HttpDate => {
                // A date has whole seconds: one more, so that it is never too early.
                let at = SystemTime::now() + Duration::from_secs(secs + 1);
                reply = reply.with_header("Retry-After", httpdate::fmt_http_date(at));
            }
            RetryAfter::Absent => {}
        }
        Err(reply)
    }
}

fn is_one_organization(path: &str) -> bool {
    path.strip_prefix("/api/v2/organizations/").is_some_and(|id| id.parse::<u64>().is_ok())
}

fn rest(window: &Window, limits: &Limits, now: Instant) -> Duration {
    limits.window.saturating_sub(now.duration_since(window.started))
}

/// Rounded up, so that a client that waits as told is not refused again.
fn whole_secs(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
