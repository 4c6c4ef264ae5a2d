//! The one pipeline that every request passes: log, hooks, faults, rate limits, credentials, routes, faults again, hooks.
//!
//! Everything that changes lives here, behind the one lock of [`super::FakeZendesk`], so requests are carried out one at a time.
//! The lock is free while a request waits: at a hook, or because it is slow.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::auth::{Credential, Grants, Login, Tokens};
use super::faults::{Fault, FaultKind, Memory, Strike, Struck};
use super::hooks::{Action, Hook, Point, pass};
use super::limits::{Limits, Usage};
use super::lock;
use super::log::{Listener, Logged};
use super::reply::{Cut, Reply, Request, bare_path};
use super::routes;
use super::shapes;
use super::world::World;
use super::writes::{self, Job, Platform};

/// Credentials, limits, habits and clock.
#[derive(Clone, Debug)]
pub struct Config {
    pub credentials: Vec<Credential>,
    pub grants: Grants,
    pub limits: Limits,
    pub platform: Platform,
    /// The fake's time in Unix seconds, for the export's last minute, `updated_at` and the `Date` of answers; `None` for the system's.
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
            platform: Platform::default(),
            now: None,
        }
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
    pub hooks: Vec<Hook>,
    /// Violations that no test has collected; see [`shapes`].
    pub violations: Vec<Logged>,
    /// What Zendesk will do by itself.
    pub jobs: Vec<Job>,
    tokens: Tokens,
    usage: Usage,
    memory: Memory,
    request_count: u64,
    /// How many writes were carried out.
    write_count: usize,
}

/// Carries a request through, from its arrival to its answer.
pub async fn exchange(state: Arc<Mutex<State>>, request: Request) -> Reply {
    let (seq, strikes) = lock(&state).receive(&request);
    pass(&state, Point::Received, seq).await;
    for Struck { kind, .. } in &strikes {
        if let FaultKind::SlowBefore { ms } = kind {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
        }
    }
    let reply = lock(&state).act(seq, &request, &strikes);
    pass(&state, Point::Acted, seq).await;
    tokio::time::sleep(reply.delay).await;
    reply
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
            hooks: Vec::new(),
            violations: Vec::new(),
            jobs: Vec::new(),
            tokens: Tokens::default(),
            usage: Usage::default(),
            memory: Memory::default(),
            request_count: 0,
            write_count: 0,
        }
    }

    /// The fake's time in Unix seconds.
    pub fn now(&self) -> i64 {
        self.config.now.unwrap_or_else(|| {
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
        })
    }

    /// How many requests came.
    pub fn request_count(&self) -> u64 {
        self.request_count
    }

    /// The fewest requests that were ever left of the account's window; `None` without a limit.
    pub fn least_left(&self) -> Option<u32> {
        self.usage.least_left
    }

    /// Does what is due at the request of this number.
    pub fn run_jobs(&mut self, number: u64) {
        let (due, later) = self.jobs.drain(..).partition(|job| job.due <= number);
        self.jobs = later;
        let (several, now) = (writes::several_organizations(self), self.now());
        for Job { organization, domain, .. } in due {
            self.world.map_domain(organization, &domain, several, now);
        }
    }

    /// The hooks of a moment that a request passes, each with the request as it is now.
    pub fn hooks_at(&mut self, point: Point, seq: u64) -> Vec<(Action, Logged)> {
        let Some(logged) = self.log.iter_mut().rev().find(|logged| logged.seq == seq) else {
            return Vec::new();
        };
        if point == Point::Answered {
            logged.answered_at = Some(Instant::now());
        }
        let logged = logged.clone();
        self.hooks
            .iter_mut()
            .filter(|hook| hook.point == point)
            .filter_map(|hook| {
                hook.which.hits(&logged, self.write_count).then(|| (hook.action.clone(), logged.clone()))
            })
            .collect()
    }

    /// Logs a request and finds the faults that strike it.
    fn receive(&mut self, request: &Request) -> (u64, Vec<Struck>) {
        self.request_count += 1;
        let logged = Logged::new(request, self.request_count, Listener::Zendesk);
        if let Some(shape) = logged.shape {
            shapes::count(shape);
        } else if logged.is_violation() {
            self.violations.push(logged.clone());
        }
        let writes = self.write_count;
        let strikes = self.faults.iter_mut().filter_map(|fault| fault.strike(&logged, writes)).collect();
        self.log.push(logged);
        (self.request_count, strikes)
    }

    /// Carries a request out, or doesn't, and decides what it is answered.
    fn act(&mut self, seq: u64, request: &Request, strikes: &[Struck]) -> Reply {
        self.run_jobs(seq);
        for Struck { kind, .. } in strikes {
            if let FaultKind::Meanwhile(change) = kind {
                (change.0)(&mut self.world);
            }
        }
        let is_get = request.method == "GET";
        let before = if is_get { None } else { writes::subject(&self.world, request) };
        let instead =
            |acts| strikes.iter().filter(|struck| struck.acts == acts).find_map(|struck| struck.kind.instead());
        let mut acted = false;
        let mut reply = match instead(false) {
            Some(reply) => reply,
            None => {
                let not_taken = strikes.iter().any(|struck| matches!(struck.kind, FaultKind::NotTaken));
                let untouched = not_taken.then(|| (self.world.clone(), self.jobs.clone()));
                let reply = self.answer(request, strikes).unwrap_or_else(|refusal| refusal);
                acted = reply.status < 300 && !not_taken;
                if let Some((world, jobs)) = untouched {
                    (self.world, self.jobs) = (world, jobs);
                }
                self.write_count += usize::from(acted && !is_get && bare_path(&request.path) != "/oauth/tokens");
                instead(true).unwrap_or(reply)
            }
        };
        let after = if is_get { None } else { writes::subject(&self.world, request) };
        if strikes.iter().any(|struck| matches!(struck.kind, FaultKind::TokenExpiresNow)) {
            self.tokens.revoke(request);
        }
        let mut strike = Strike { request, base: &self.url, memory: &mut self.memory, world: &mut self.world };
        for Struck { kind, .. } in strikes {
            strike.alter(kind, &mut reply);
        }
        self.memory.remember(request, &mut reply);
        reply.seq = seq;
        let id = format!("fake-request-{seq}");
        if let Some(logged) = self.log.iter_mut().rev().find(|logged| logged.seq == seq) {
            let answers = reply.cut != Cut::ResetBefore;
            logged.status = answers.then_some(reply.status);
            logged.request_id = answers.then(|| id.clone());
            logged.acted_at = acted.then(Instant::now);
            (logged.before, logged.after) = (before, after);
        }
        if let Some(now) = self.config.now {
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(now.unsigned_abs());
            reply = reply.with_header("Date", httpdate::fmt_http_date(at));
        }
        reply.with_header("X-Zendesk-Request-Id", id)
    }

    /// The true answer. `Err` is one that ended early.
    fn answer(&mut self, request: &Request, strikes: &[Struck]) -> Result<Reply, Reply> {
        let now = Instant::now();
        let Config { credentials, grants, limits, .. } = &self.config;
        let path = bare_path(&request.path);
        if path == "/oauth/tokens" && request.method == "POST" {
            return Ok(self.tokens.grant(request, credentials, grants, now));
        }
        let headers = self.usage.spend(request, limits, now)?;
        let who = self.tokens.identify(request, credentials, now);
        let forced_size = strikes.iter().find_map(|struck| match struck.kind {
            FaultKind::IgnorePageSize(size) => Some(size),
            _ => None,
        });
        let reply = if request.method == "GET" {
            routes::route(self, request, who, forced_size)
        } else {
            writes::write(self, request, who)
        };
        let mut reply = reply.unwrap_or_else(|refusal| refusal);
        reply.headers.extend(headers);
        Ok(reply)
    }
}
