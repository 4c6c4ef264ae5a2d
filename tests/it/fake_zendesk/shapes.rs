//! The only requests other than GET that a client may send, and the guard that no test sends another.
//!
//! There are four writes and the grant of a token, each with exact members of its body. Every other request that isn't a GET is a
//! *violation*, whatever it is answered. Tests run side by side, so no single test can come last and judge them all; instead each
//! [`super::FakeZendesk`] remembers its own violations and fails its test when it is dropped. A test that sends such requests by
//! hand collects them with [`super::FakeZendesk::take_violations`] first. [`sent_so_far`] counts the requests to every fake of
//! the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use serde_json::{Map, Value};

use super::lock;
use super::reply::{Request, bare_path};

/// A kind of request that isn't a GET and is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// `PUT /organizations/{id}` with `{"organization": {"external_id": text}}`.
    SetExternalId,
    /// `PUT /organizations/{id}` with `{"organization": {"domain_names": [text, …]}}`.
    SetDomainNames,
    /// `POST /organization_memberships` with `{"organization_membership": {"user_id": n, "organization_id": n}}`.
    CreateMembership,
    /// `PUT /users/{id}/organization_memberships/{id}/make_default` without a body.
    MakeDefault,
    /// `POST /oauth/tokens` with some of the members of a client-credentials grant.
    Grant,
}

impl Shape {
    /// The shape of a request; `None` for a GET and for whatever no client should send.
    pub fn of(request: &Request) -> Option<Self> {
        let json = request.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        if !request.query.is_empty() {
            return None;
        }
        let path = bare_path(&request.path);
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("PUT", ["api", "v2", "organizations", id]) if json && is_id(id) => {
                match members(&request.body, "organization")?.as_slice() {
                    [("external_id", Value::String(_))] => Some(Self::SetExternalId),
                    [("domain_names", Value::Array(names))] if names.iter().all(Value::is_string) => {
                        Some(Self::SetDomainNames)
                    }
                    _ => None,
                }
            }
            ("POST", ["api", "v2", "organization_memberships"]) if json => {
                match members(&request.body, "organization_membership")?.as_slice() {
                    [("organization_id", org), ("user_id", user)] if org.is_u64() && user.is_u64() => {
                        Some(Self::CreateMembership)
                    }
                    _ => None,
                }
            }
            ("PUT", ["api", "v2", "users", user, "organization_memberships", membership, "make_default"])
                if is_id(user) && is_id(membership) && is_empty(&request.body) =>
            {
                Some(Self::MakeDefault)
            }
            ("POST", ["oauth", "tokens"]) => {
                const KNOWN: [&str; 5] = ["grant_type", "client_id", "client_secret", "scope", "expires_in"];
                let known = request.body.as_object()?.keys().all(|name| KNOWN.contains(&name.as_str()));
                known.then_some(Self::Grant)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::SetExternalId => "PUT /api/v2/organizations/{id} {organization: {external_id}}",
            Self::SetDomainNames => "PUT /api/v2/organizations/{id} {organization: {domain_names}}",
            Self::CreateMembership => {
                "POST /api/v2/organization_memberships {organization_membership: {organization_id, user_id}}"
            }
            Self::MakeDefault => "PUT /api/v2/users/{id}/organization_memberships/{id}/make_default",
            Self::Grant => "POST /oauth/tokens",
        })
    }
}

fn is_id(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|id| id > 0 && id.to_string() == text)
}

fn is_empty(body: &Value) -> bool {
    body.is_null() || body.as_object().is_some_and(Map::is_empty)
}

/// The members below the one envelope of a body, by name.
fn members<'a>(body: &'a Value, envelope: &str) -> Option<Vec<(&'a str, &'a Value)>> {
    let outer = body.as_object().filter(|outer| outer.len() == 1)?;
    let inner = outer.get(envelope)?.as_object()?;
    let mut members: Vec<(&str, &Value)> = inner.iter().map(|(name, value)| (name.as_str(), value)).collect();
    members.sort_by_key(|(name, _)| *name);
    Some(members)
}

static SENT: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// Counts a request that isn't a GET.
pub fn count(what: impl fmt::Display) {
    *lock(&SENT).entry(what.to_string()).or_default() += 1;
}

/// How often each shape was sent to any fake of this process, and every violation that nobody collected.
pub fn sent_so_far() -> BTreeMap<String, u64> {
    lock(&SENT).clone()
}
