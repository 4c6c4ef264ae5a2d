//! The four writes. Nothing else in this program sends a PUT, and the only other POST is the token grant.
//!
//! A write is sent once. Whether it may be sent again, and what came of it where the answer does not tell, is decided by
//! reading (`apply::execute`).
//! Sources: <https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/>,
//! <https://developer.zendesk.com/api-reference/ticketing/organizations/organization_memberships/>.

use super::auth::Credentials;
use super::endpoint::Endpoint;
use super::error::{ReadError, Said};
use super::http::{Answer, Method};
use super::session::Session;
use crate::model::consent::Confirmed;
use crate::retry::{Decision, Limits, Seen, Spent, decide, retry_after};
use serde_json::json;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// A change of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// PUT of one organization with `external_id`.
    OrgExternalId { org_id: u64, external_id: String },
    /// PUT of one organization with the whole list of `domain_names`, which Zendesk replaces.
    OrgDomains { org_id: u64, domain_names: Vec<String> },
    /// POST of one membership.
    Membership { user_id: u64, org_id: u64 },
    /// PUT `make_default` of one membership.
    DefaultMembership { user_id: u64, membership_id: u64 },
}

impl Write {
    fn request(&self) -> (Endpoint, String, Method) {
        match self {
            Self::OrgExternalId { org_id, external_id } => (
                Endpoint::OrganizationUpdate,
                format!("/api/v2/organizations/{org_id}"),
                Method::Put(json!({ "organization": { "external_id": external_id } }).to_string()),
            ),
            Self::OrgDomains { org_id, domain_names } => (
                Endpoint::OrganizationUpdate,
                format!("/api/v2/organizations/{org_id}"),
                Method::Put(json!({ "organization": { "domain_names": domain_names } }).to_string()),
            ),
            Self::Membership { user_id, org_id } => (
                Endpoint::MembershipCreation,
                "/api/v2/organization_memberships".to_owned(),
                Method::Post(
                    json!({ "organization_membership": { "user_id": user_id, "organization_id": org_id } }).to_string(),
                ),
            ),
            Self::DefaultMembership { user_id, membership_id } => (
                Endpoint::MembershipDefault,
                format!("/api/v2/users/{user_id}/organization_memberships/{membership_id}/make_default"),
                Method::Put("{}".to_owned()),
            ),
        }
    }

    /// The organization whose updates Zendesk limits to five a minute.
    fn updated_org(&self) -> Option<u64> {
        match self {
            Self::OrgExternalId { org_id, .. } | Self::OrgDomains { org_id, .. } => Some(*org_id),
            Self::Membership { .. } | Self::DefaultMembership { .. } => None,
        }
    }
}

/// How fast writes may follow each other.
#[derive(Debug, Clone, Copy)]
pub struct WritePace {
    /// From one write to the next.
    pub gap: Duration,
    /// So many updates of one organization …
    pub org_updates: usize,
    /// … within this time.
    pub org_window: Duration,
    /// Before a write that did not show is looked for once more.
    pub second_look: Duration,
}

impl WritePace {
    /// At most one write a second, and five updates a minute of one organization (Zendesk's own limit).
    pub const fn careful() -> Self {
        Self {
            gap: Duration::from_secs(1),
            org_updates: 5,
            org_window: Duration::from_secs(60),
            second_look: Duration::from_secs(2),
        }
    }

    /// As fast as the answers come: for a server on this machine.
    pub const fn none() -> Self {
        Self { gap: Duration::ZERO, org_updates: usize::MAX, org_window: Duration::ZERO, second_look: Duration::ZERO }
    }
}

/// What a write came to.
#[derive(Debug)]
pub enum Sent {
    /// 2xx.
    Answered { status: u16, request_id: Option<String> },
    /// Zendesk did not do it, and says so.
    Refused { status: u16, request_id: Option<String>, said: Said },
    /// 429: it may be sent again after this time; `None`: not within the limits of this run.
    TooMany { wait: Option<Duration>, request_id: Option<String> },
    /// No clear answer: a time-out, a reset, a server error. Zendesk may have done it.
    /// `asked`: the wait that `Retry-After` asks for, before anything else is sent.
    Unknown { status: Option<u16>, request_id: Option<String>, what: String, asked: Option<Duration> },
    /// There was no token, so nothing was sent.
    NotSent { error: ReadError },
}

/// Sends writes, one after the other. Only a confirmed plan can make one; a plan as it was read cannot:
///
/// ```compile_fail,E0308
/// use g_gremlin::{run::plan_file::PlanFile, zendesk::{Session, WritePace, Writer}};
/// fn unconfirmed<'a>(session: &'a Session<'a>, plan: &PlanFile) -> Writer<'a> {
///     Writer::new(session, plan, WritePace::careful())
/// }
/// ```
///
/// With consent it compiles:
///
/// ```
/// use g_gremlin::{model::consent::Confirmed, zendesk::{Session, WritePace, Writer}};
/// fn confirmed<'a>(session: &'a Session<'a>, consent: &Confirmed) -> Writer<'a> {
///     Writer::new(session, consent, WritePace::careful())
/// }
/// ```
pub struct Writer<'a> {
    session: &'a Session<'a>,
    pace: WritePace,
    sent: RefCell<SentBefore>,
}

/// When writes were sent.
#[derive(Default)]
struct SentBefore {
    last: Option<Instant>,
    of_org: HashMap<u64, VecDeque<Instant>>,
}

impl SentBefore {
    /// How long to wait before this organization may be updated, or with `None` before any other write.
    fn wait(&self, pace: &WritePace, updated_org: Option<u64>, now: Instant) -> Duration {
        let gap = self.last.map_or(Duration::ZERO, |last| (last + pace.gap).saturating_duration_since(now));
        let of_org = updated_org.and_then(|org| self.of_org.get(&org)).map_or(Duration::ZERO, |times| {
            let nth = times.len().checked_sub(pace.org_updates).and_then(|at| times.get(at));
            nth.map_or(Duration::ZERO, |first| (*first + pace.org_window).saturating_duration_since(now))
        });
        gap.max(of_org)
    }

    fn record(&mut self, pace: &WritePace, updated_org: Option<u64>, now: Instant) {
        self.last = Some(now);
        if let Some(org) = updated_org {
            let times = self.of_org.entry(org).or_default();
            times.push_back(now);
            while times.len() > pace.org_updates.min(1 << 10) {
                times.pop_front();
            }
        }
    }
}

impl<'a> Writer<'a> {
    pub fn new(session: &'a Session<'a>, _consent: &Confirmed, pace: WritePace) -> Self {
        Self { session, pace, sent: RefCell::default() }
    }

    /// The pace that it keeps.
    pub fn pace(&self) -> WritePace {
        self.pace
    }

    /// The limits of waits after failures.
    pub fn limits(&self) -> &Limits {
        &self.session.client.timing.retries
    }

    /// How long a request may take: after that time, it has landed or never will.
    pub fn timeout(&self) -> Duration {
        self.session.client.timing.request
    }

    /// How long to wait before this organization may be updated, or with `None` before any other write.
    pub fn wait(&self, updated_org: Option<u64>) -> Duration {
        self.sent.borrow().wait(&self.pace, updated_org, Instant::now())
    }

    /// Sends a write once. `tries` counts this one; `since` is when the action's first one was sent.
    pub async fn send(&self, write: &Write, tries: u32, since: Instant) -> Sent {
        let (endpoint, path, method) = write.request();
        self.sent.borrow_mut().record(&self.pace, write.updated_org(), Instant::now());
        let client = &self.session.client;
        let (seen, answer) = match client.submit(endpoint, &path, method).await {
            Ok(answered) => answered,
            Err(error) => return Sent::NotSent { error },
        };
        let Answer { status, headers, .. } = &answer;
        let request_id = super::error::request_id(headers);
        match &seen {
            Seen::Status(200..=299) => Sent::Answered { status: *status, request_id },
            Seen::Status(429) => {
                let spent = Spent { tries, silence: since.elapsed() };
                let timing = client.timing;
                let decision = decide(&seen, headers, spent, &timing.retries, (timing.jitter)(), (timing.now)());
                let wait = if let Decision::Again(wait) = decision { Some(wait) } else { None };
                Sent::TooMany { wait, request_id }
            }
            // A body that is not JSON comes from a proxy, or was cut: the status alone proves nothing.
            Seen::Status(408 | 500..=599) | Seen::NotJson | Seen::Fault(_) => {
                let status = (*status > 0).then_some(*status);
                let asked = retry_after(headers, (client.timing.now)());
                Sent::Unknown { status, request_id, what: seen.to_string(), asked }
            }
            Seen::Status(_) => Sent::Refused { status: *status, request_id, said: client.said(&answer) },
        }
    }
}

/// The scope that an apply asks for, unless the environment says otherwise.
pub const SCOPE: &str = "read write";

/// Whether the credentials are known to carry no right to write. A token that was made elsewhere is not known.
pub fn may_not_write(credentials: &Credentials) -> bool {
    credentials.scope().is_some_and(|scope| !scope.split_whitespace().any(|part| part.ends_with("write")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zendesk::auth::Secret;
    use crate::zendesk::client::{Client, Timing};
    use crate::zendesk::http::{Answering, Outgoing, Transport};
    use crate::zendesk::progress::Silent;

    /// Answers everything with 200 and `{}`.
    struct Obliging;

    impl Transport for Obliging {
        fn send(&self, _: Outgoing) -> Answering<'_> {
            Box::pin(async { Ok(Answer { status: 200, headers: Default::default(), body: b"{}".to_vec() }) })
        }
    }

    /// Sends these writes, each as soon as the pace allows it; returns the seconds at which they went.
    async fn sent_at(pace: WritePace, writes: &[Write]) -> Vec<u64> {
        let confirmed = Confirmed::seal("0".repeat(64));
        let (url, token, timing) =
            ("https://acme.zendesk.com".parse().unwrap(), Credentials::Token(Secret::new("t")), Timing::default());
        let session = Session { client: Client::new(&Obliging, &url, &token, 0, &timing, &Silent) };
        let writer = Writer::new(&session, &confirmed, pace);
        let begin = Instant::now();
        let mut at = Vec::new();
        for write in writes {
            tokio::time::sleep(writer.wait(write.updated_org())).await;
            at.push(begin.elapsed().as_secs());
            assert!(matches!(writer.send(write, 1, begin).await, Sent::Answered { status: 200, .. }));
        }
        at
    }

    fn update(org_id: u64) -> Write {
        Write::OrgDomains { org_id, domain_names: Vec::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn writes_go_at_one_a_second_and_five_a_minute_for_one_organization() {
        let join = || Write::Membership { user_id: 1, org_id: 7 };
        let writes = [update(7), update(7), update(7), join(), update(7), update(7), update(7), update(8), update(7)];
        assert_eq!(sent_at(WritePace::careful(), &writes).await, [0, 1, 2, 3, 4, 5, 60, 61, 62]);
        let six: Vec<Write> = (0..6).map(|_| update(7)).collect();
        assert_eq!(sent_at(WritePace::careful(), &six).await, [0, 1, 2, 3, 4, 60]);
        assert_eq!(sent_at(WritePace::none(), &six).await, [0; 6]);
    }
}
