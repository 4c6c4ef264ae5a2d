//! One request, brought to a good answer or an error: credentials, pace, tries, counts and log lines.
//!
//! Left out: what the answers mean and which request comes next (`read`). Only what is harmless to repeat may come through
//! here; a write must be settled by reading, never sent again blindly.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use url::Url;

use super::ask::{Ask, Stream};
use super::auth::{Credentials, Secret, grant_request, granted};
use super::endpoint::Endpoint;
use super::error::{ReadError, SOME_HOST, Said, advice, visible};
use super::estimate::Speed;
use super::http::{Answer, Authorization, Method, Outgoing, Transport};
use super::pace::Pace;
use super::progress::{Pause, Progress, RequestLine};
use crate::retry::{Because, Decision, Fault, Limits, Seen, Spent, decide, retry_after};
use crate::text::audience::Message;
use crate::text::secret;

/// The times of a read, and its two sources of chance and date. Tests shorten and fix them.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Until there is a connection.
    pub connect: Duration,
    /// For a whole request, from connecting to the last byte of its body.
    pub request: Duration,
    /// How long failures may go on.
    pub retries: Limits,
    /// A number from 0 up to 1, another one at each call.
    pub jitter: fn() -> f64,
    /// The wall clock, for a `Retry-After` with a date and for the estimate of the ticket window; nothing is decided by it.
    pub now: fn() -> SystemTime,
}

impl Default for Timing {
    fn default() -> Self {
        // The proofs let every fault meet every request, which no one could wait for otherwise.
        let quick = cfg!(feature = "proofs");
        let millis = Duration::from_millis;
        let in_no_time = || Limits {
            backoff_base: millis(1),
            backoff_cap: millis(4),
            max_silence: millis(10_000),
            ..Limits::default()
        };
        Self {
            connect: Duration::from_secs(10),
            request: if quick { millis(2500) } else { Duration::from_secs(60) },
            retries: if quick { in_no_time() } else { Limits::default() },
            jitter: chance,
            now: SystemTime::now,
        }
    }
}

/// The standard library's only source of chance: each new hasher has another key.
fn chance() -> f64 {
    let bits = std::hash::RandomState::new().build_hasher().finish();
    // The upper 53 bits are the ones that a double holds exactly.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// What the requests came to.
#[derive(Default)]
pub(super) struct Stats {
    pub requests: BTreeMap<Endpoint, u64>,
    pub waited_for_pace: Duration,
    pub waited_after_failures: Duration,
}

/// A token that was granted to an OAuth client.
struct Grant {
    token: Secret,
    number: u64,
    renew_at: Instant,
}

/// Authorizes, paces, repeats and counts requests to one Zendesk.
pub(super) struct Client<'a> {
    pub transport: &'a dyn Transport,
    pub base_url: &'a Url,
    pub credentials: &'a Credentials,
    pub timing: &'a Timing,
    pub progress: &'a dyn Progress,
    pace: RefCell<Pace>,
    stats: RefCell<Stats>,
    /// Held while a token is being granted, so that streams side by side wait for one grant instead of each asking.
    grant: tokio::sync::Mutex<Option<Grant>>,
    /// Whether there ever was an answer, good or bad.
    answered: Cell<bool>,
    /// Held by the stream that waits for the account's limit; the others queue behind it.
    turn: tokio::sync::Mutex<()>,
    /// Whether limits are waited for.
    waits: bool,
    /// How many tokens were granted.
    granted: Cell<u64>,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        transport: &'a dyn Transport,
        base_url: &'a Url,
        credentials: &'a Credentials,
        reserve_percent: u8,
        timing: &'a Timing,
        progress: &'a dyn Progress,
    ) -> Self {
        credentials.conceal();
        Self {
            transport,
            base_url,
            credentials,
            timing,
            progress,
            pace: RefCell::new(Pace::new(reserve_percent)),
            stats: RefCell::default(),
            grant: tokio::sync::Mutex::new(None),
            answered: Cell::new(false),
            turn: tokio::sync::Mutex::new(()),
            waits: true,
            granted: Cell::new(0),
        }
    }

    /// Never waits for a limit: for a few requests whose answers are wanted now, whatever they are.
    pub(super) fn impatient(mut self) -> Self {
        self.waits = false;
        self
    }

    pub(super) fn into_stats(self) -> Stats {
        self.stats.into_inner()
    }

    /// The JSON text that answers this request, tried until it is there or a limit is reached.
    pub(super) async fn ask(&self, stream: &Stream, ask: &mut Ask) -> Result<String, ReadError> {
        let mut tries = 0;
        let mut renewed = false;
        // The page before was good, and what the stream did since then was no silence of the other side.
        let mut silent_since = Instant::now();
        loop {
            let held_up = Instant::now();
            let (authorization, grant) = self.authorization(ask).await?;
            self.wait_for_pace(stream, ask.endpoint).await;
            // Nor is keeping pace, or a grant, whose failures have limits of their own.
            silent_since += held_up.elapsed();
            tries += 1;
            let (seen, answer) = self.attempt(ask, authorization).await;
            if let (Seen::Status(401), Some(number), false) = (&seen, grant, renewed) {
                self.forget(number).await;
                renewed = true;
                continue;
            }
            if let Seen::Fault(Fault::Unreachable(cause)) = &seen
                && !self.answered.get()
            {
                return Err(ReadError::NeverReached { host: self.host(), cause: cause.clone() });
            }
            let spent = Spent { tries, silence: silent_since.elapsed() };
            let timing = self.timing;
            let decision = decide(&seen, &answer.headers, spent, &timing.retries, (timing.jitter)(), (timing.now)());
            match decision {
                Decision::Accept => {
                    return Ok(String::from_utf8(answer.body).expect("an accepted body is JSON, which is UTF-8"));
                }
                Decision::Refused if ask.shrink(&seen) => {}
                Decision::Refused => return Err(self.refused(stream, ask, &seen, &answer)),
                Decision::GiveUp(because) => return Err(self.given_up(stream, &seen, &answer, spent, because)),
                Decision::Again(delay) => {
                    ask.shrink(&seen);
                    if matches!(seen, Seen::Status(429)) {
                        self.pace.borrow_mut().close_for(delay, Instant::now());
                    }
                    self.progress.waiting(stream.what, &Pause::Failure(seen.to_string()), delay);
                    self.stats.borrow_mut().waited_after_failures += delay;
                    tokio::time::sleep(delay).await;
                }
            }
        }
    }

    /// The JSON text that answers this request if the first try brings it. For what a read can do without.
    pub(super) async fn ask_once(&self, stream: &Stream, ask: &Ask) -> Option<String> {
        let (authorization, _) = self.authorization(ask).await.ok()?;
        self.wait_for_pace(stream, ask.endpoint).await;
        let (seen, answer) = self.attempt(ask, authorization).await;
        matches!(seen, Seen::Status(200)).then(|| String::from_utf8(answer.body).ok())?
    }

    /// Waits until the limits allow this request. Streams take turns at the account's limit in the order in which they came, so
    /// that none is left behind; a stream that waits for its endpoint's own limit does not hold the others up.
    async fn wait_for_pace(&self, stream: &Stream, endpoint: Endpoint) {
        if !self.waits {
            return;
        }
        loop {
            let own = self.pace.borrow().wait_of(endpoint, Instant::now());
            if !own.is_zero() {
                self.pause(stream, own).await;
                continue;
            }
            let _turn = self.turn.lock().await;
            loop {
                let delay = self.pace.borrow().wait_of_account(Instant::now());
                if delay.is_zero() {
                    break;
                }
                self.pause(stream, delay).await;
            }
            // Others may have used the endpoint meanwhile.
            if self.pace.borrow().wait_of(endpoint, Instant::now()).is_zero() {
                return;
            }
        }
    }

    async fn pause(&self, stream: &Stream, delay: Duration) {
        self.progress.waiting(stream.what, &Pause::Pace, delay);
        self.stats.borrow_mut().waited_for_pace += delay;
        tokio::time::sleep(delay).await;
    }

    /// How fast it may go, as far as headers have told it.
    pub(super) fn speed(&self, reserve_percent: u8) -> Speed {
        let pace = self.pace.borrow();
        Speed {
            account: pace.account_limit(),
            incremental: pace.limit_of(Endpoint::IncrementalTickets),
            search: pace.limit_of(Endpoint::SearchExport),
            reserve_percent,
        }
    }

    /// Sends once. Where there is no answer, its place is taken by an empty one.
    async fn attempt(&self, ask: &Ask, authorization: Authorization) -> (Seen, Answer) {
        let method = match &ask.grant {
            Some(body) => Method::Post(body.clone()),
            None => Method::Get,
        };
        self.send(ask.endpoint, &ask.path, Outgoing { method, url: ask.url(self.base_url), authorization }).await
    }

    /// Sends a write once. It does not wait for pace: the read right before it did, and must not grow old.
    pub(super) async fn submit(
        &self,
        endpoint: Endpoint,
        path: &str,
        method: Method,
    ) -> Result<(Seen, Answer), ReadError> {
        let ask = Ask::get(endpoint, path);
        let (authorization, _) = self.authorization(&ask).await?;
        Ok(self.send(endpoint, path, Outgoing { method, url: ask.url(self.base_url), authorization }).await)
    }

    async fn send(&self, endpoint: Endpoint, path: &str, request: Outgoing) -> (Seen, Answer) {
        let name = request.method.as_str();
        *self.stats.borrow_mut().requests.entry(endpoint).or_default() += 1;
        let slot = self.pace.borrow_mut().begin(endpoint);
        let started = Instant::now();
        let answered = self.transport.send(request).await;
        self.answered.set(self.answered.get() || answered.is_ok());
        let headers = answered.as_ref().ok().map(|answer| &answer.headers);
        self.pace.borrow_mut().end(slot, headers, Instant::now());
        if let Ok(Answer { status: 429 | 503, headers, .. }) = &answered
            && let Some(asked) = retry_after(headers, (self.timing.now)())
        {
            self.pace.borrow_mut().close_for(asked, Instant::now());
        }
        let (seen, answer) = match answered {
            Ok(answer) if (200..300).contains(&answer.status) && !is_json(&answer.body) => (Seen::NotJson, answer),
            Ok(answer) => (Seen::Status(answer.status), answer),
            Err(fault) => {
                let nothing = Answer { status: 0, headers: Default::default(), body: Vec::new() };
                (Seen::Fault(fault), nothing)
            }
        };
        let outcome = seen.to_string();
        let took = started.elapsed();
        self.progress.request(&RequestLine { method: name, path, outcome: &outcome, took });
        (seen, answer)
    }

    /// The header to send, and the number of the grant it comes from.
    async fn authorization(&self, ask: &Ask) -> Result<(Authorization, Option<u64>), ReadError> {
        if ask.grant.is_some() {
            return Ok((Authorization::None, None));
        }
        let (id, secret, scope) = match self.credentials {
            Credentials::Client { id, secret, scope } => (id, secret, scope),
            Credentials::Token(token) => return Ok((Authorization::Bearer(token.clone()), None)),
            Credentials::ApiToken { email, token } => {
                let user = Secret::new(format!("{}/token", email.expose()));
                return Ok((Authorization::Basic { user, password: token.clone() }, None));
            }
        };
        let mut held = self.grant.lock().await;
        if let Some(grant) = held.as_ref()
            && Instant::now() < grant.renew_at
        {
            return Ok((Authorization::Bearer(grant.token.clone()), Some(grant.number)));
        }
        let stream = Stream::single("OAuth token");
        let mut ask = Ask::get(Endpoint::Token, "/oauth/tokens");
        ask.grant = Some(grant_request(id, secret, scope));
        // Boxed, since asking for a token is itself a request.
        let answer = Box::pin(self.ask(&stream, &mut ask)).await?;
        let (token, secs) = granted(&answer).ok_or_else(|| ReadError::NoToken { place: stream.place() })?;
        secret::know(token.expose());
        let number = self.granted.get() + 1;
        self.granted.set(number);
        let renew_at = Instant::now() + Duration::from_secs(secs.min(u64::from(u32::MAX)));
        *held = Some(Grant { token: token.clone(), number, renew_at });
        Ok((Authorization::Bearer(token), Some(number)))
    }

    /// Drops the grant with this number, unless a stream beside has replaced it already.
    async fn forget(&self, number: u64) {
        let mut held = self.grant.lock().await;
        if held.as_ref().is_some_and(|grant| grant.number == number) {
            *held = None;
        }
    }

    pub(super) fn said(&self, answer: &Answer) -> Said {
        Said::of(&answer.body, &[])
    }

    fn host(&self) -> String {
        self.base_url.host_str().unwrap_or_default().to_owned()
    }

    fn refused(&self, stream: &Stream, ask: &Ask, seen: &Seen, answer: &Answer) -> ReadError {
        let place = stream.place();
        if let Seen::Fault(Fault::TooLong) = seen {
            return ReadError::Unreadable { place, fault: seen.to_string() };
        }
        if let Seen::Fault(Fault::Untrusted(cause)) = seen {
            return ReadError::Untrusted { host: self.host(), cause: cause.clone() };
        }
        let status = answer.status;
        let location = answer.headers.get("location").and_then(|to| to.to_str().ok());
        if (300..400).contains(&status)
            && let Some(to) = location.and_then(|to| self.base_url.join(to).ok())
        {
            if to.origin() == self.base_url.origin() {
                let to = visible(to.path());
                let help = |host| self.credentials.advice_when_refused(host);
                let help = Message::with_public(help(&self.host()), help(SOME_HOST));
                return ReadError::AsksForLogin { place, status, to, help };
            }
            return ReadError::Redirected { place, status, to: to.origin().ascii_serialization() };
        }
        let said = self.said(answer);
        let host = self.base_url.host_str().unwrap_or_default();
        let help = advice(ask.endpoint, status, &said, host, self.credentials);
        ReadError::Refused { place, endpoint: ask.endpoint, status, said, help }
    }

    fn given_up(&self, stream: &Stream, seen: &Seen, answer: &Answer, spent: Spent, because: Because) -> ReadError {
        let place = stream.place();
        let said = if let Seen::Status(_) = seen { self.said(answer) } else { Said::default() };
        let last = format!("{seen}{said}");
        match because {
            Because::Tries => ReadError::TriesSpent { place, last, tries: spent.tries },
            Because::Silence => ReadError::TooSilent { place, last, silence_secs: spent.silence.as_secs() },
            Because::AskedTooLong { asked, left } => {
                ReadError::WaitTooLong { place, last, asked_secs: asked.as_secs(), left_secs: left.as_secs() }
            }
        }
    }
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() && std::str::from_utf8(body).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_stays_within_its_bounds() {
        for _ in 0..1000 {
            assert!((0.0..1.0).contains(&chance()));
        }
    }
}
