//! The one pipeline that every request passes: faults, rate limits, credentials, routes, faults again, log.
//!
//! Everything that changes lives here, behind the one lock of [`super::FakeZendesk`], so requests are answered one at a time.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use serde_json::Value;

use super::auth::{Credential, Grants, Login, Tokens};
use super::faults::{Fault, FaultKind, Memory, Strike};
use super::limits::{Limits, Usage};
use super::reply::{Cut, Reply, Request, bare_path};
use super::routes;
use super::world::World;

/// Credentials, limits and clock.
#[derive(Clone, Debug)]
pub struct Config {
    pub credentials: Vec<Credential>,
    pub grants: Grants,
    pub limits: Limits,
    /// The fake's time in Unix seconds, for the export's last minute; `None` for the system's.
    pub now: Option<i64>,
}

impl Default for Config {
    /// An admin's API token, bearer token and OAuth client, and no rate limit.
    fn default() -> Self {
        let logins = [
            Login::ApiToken { email: "admin@fake.example".into(), token: "fake-api-token".into() },
            Login::Bearer { token: "fake-bearer-token".into() },
            Login::Client { id: "fake-client".into(), secret: "fake-client-secret".into() },
        ];
        Self {
            credentials: logins.into_iter().map(Credential::admin).collect(),
            grants: Grants::default(),
            limits: Limits::none(),
            now: None,
        }
    }
}

/// Which listener a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    Zendesk,
    Foreign,
}

/// How a request authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthScheme {
    None,
    Basic,
    Bearer,
    Other,
}

/// A request that came, and the status that it got.
#[derive(Clone, Debug)]
pub struct Logged {
    pub listener: Listener,
    pub method: String,
    /// As sent, so perhaps with `.json`.
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Null when there was none or it wasn't JSON.
    pub body: Value,
    /// `None` when the connection was reset before an answer.
    pub status: Option<u16>,
}

impl Logged {
    /// Of a request.
    pub fn new(request: &Request, status: Option<u16>, listener: Listener) -> Self {
        let Request { method, path, query, headers, body } = request.clone();
        Self { listener, method, path, query, headers, body, status }
    }

    /// The `Authorization` header, whole.
    pub fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization").map(String::as_str)
    }

    /// Its kind.
    pub fn scheme(&self) -> AuthScheme {
        match self.authorization() {
            None => AuthScheme::None,
            Some(text) if text.starts_with("Basic ") => AuthScheme::Basic,
            Some(text) if text.starts_with("Bearer ") => AuthScheme::Bearer,
            Some(_) => AuthScheme::Other,
        }
    }

    /// The first query parameter of a name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Everything that changes.
#[derive(Debug)]
pub struct State {
    /// The fake's own URL, for links.
    pub url: String,
    pub world: World,
    pub config: Config,
    pub faults: Vec<Fault>,
    pub log: Vec<Logged>,
    tokens: Tokens,
    usage: Usage,
    memory: Memory,
    request_count: u64,
}

impl State {
    /// Before the first request.
    pub fn new(world: World, config: Config) -> Self {
        Self {
            url: String::new(),
            world,
            config,
            faults: Vec::new(),
            log: Vec::new(),
            tokens: Tokens::default(),
            usage: Usage::default(),
            memory: Memory::default(),
            request_count: 0,
        }
    }

    /// The fake's time in Unix seconds.
    pub fn now(&self) -> i64 {
        self.config.now.unwrap_or_else(|| {
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
        })
    }

    /// Answers a request.
    pub fn handle(&mut self, request: Request) -> Reply {
        let strikes: Vec<FaultKind> = self.faults.iter_mut().filter_map(|fault| fault.strike(&request)).collect();
        let mut reply = match strikes.iter().find_map(FaultKind::instead) {
            Some(reply) => reply,
            None => self.answer(&request, &strikes).unwrap_or_else(|refusal| refusal),
        };
        if strikes.iter().any(|kind| matches!(kind, FaultKind::TokenExpiresNow)) {
            self.tokens.revoke(&request);
        }
        let mut strike =
            Strike { request: &request, base: &self.url, memory: &mut self.memory, world: &mut self.world };
        for kind in &strikes {
            strike.alter(kind, &mut reply);
        }
        self.memory.remember(&request, &mut reply);
        self.request_count += 1;
        let id = format!("fake-request-{}", self.request_count);
        let reply = reply.with_header("X-Zendesk-Request-Id", id);
        let status = (reply.cut != Cut::ResetBefore).then_some(reply.status);
        self.log.push(Logged::new(&request, status, Listener::Zendesk));
        reply
    }

    /// The true answer. `Err` is one that ended early.
    fn answer(&mut self, request: &Request, strikes: &[FaultKind]) -> Result<Reply, Reply> {
        let now = Instant::now();
        let Config { credentials, grants, limits, .. } = &self.config;
        let path = bare_path(&request.path);
        if path == "/oauth/tokens" && request.method == "POST" {
            return Ok(self.tokens.grant(request, credentials, grants, now));
        }
        let headers = self.usage.spend(request, limits, now)?;
        let who = self.tokens.identify(request, credentials, now);
        let forced_size = strikes.iter().find_map(|kind| match kind {
            FaultKind::IgnorePageSize(size) => Some(*size),
            _ => None,
        });
        let mut reply = routes::route(self, request, who, forced_size).unwrap_or_else(|refusal| refusal);
        reply.headers.extend(headers);
        Ok(reply)
    }
}
