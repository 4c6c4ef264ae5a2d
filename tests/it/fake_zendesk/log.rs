//! What is remembered of each request: what was asked, how far it came, and what it changed.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use super::reply::Request;
use super::shapes::Shape;

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

/// A request that came, how far it came, and the status that it got.
///
/// It is logged when it was received whole. Whether it was carried out and whether it was answered are separate: a reset can
/// follow the act, and a client can be gone before the answer.
#[derive(Clone, Debug)]
pub struct Logged {
    pub listener: Listener,
    /// The place in the order of arrival, from 1. It goes on when the log is forgotten.
    pub seq: u64,
    pub method: String,
    /// As sent, so perhaps with `.json`.
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Null when there was none or it wasn't JSON.
    pub body: Value,
    /// What kind of write it is; `None` for a GET, and for a request that no client should send.
    pub shape: Option<Shape>,
    /// The status that was sent, or was to be sent to a client that went away. `None` while nothing is decided, and when the
    /// connection was reset before an answer.
    pub status: Option<u16>,
    /// The `X-Zendesk-Request-Id` of the answer; `None` as long as `status` is.
    pub request_id: Option<String>,
    pub received_at: Instant,
    /// When Zendesk did what was asked. `None` when a fault, a limit or a refusal came first, and for a write that didn't take.
    pub acted_at: Option<Instant>,
    /// When the last byte of the answer was handed to the network. `None` when the connection broke or the client was gone.
    pub answered_at: Option<Instant>,
    /// Of a write: its subject when it came. An organization, or `{"user", "organization_memberships"}`; null when there is none.
    pub before: Option<Value>,
    /// Of a write: the same when it was carried out or refused, before any later change of a fault.
    pub after: Option<Value>,
}

impl Logged {
    /// Of a request that was just received.
    pub fn new(request: &Request, seq: u64, listener: Listener) -> Self {
        let Request { method, path, query, headers, body } = request.clone();
        Self {
            listener,
            seq,
            method,
            path,
            query,
            headers,
            body,
            shape: Shape::of(request),
            status: None,
            request_id: None,
            received_at: Instant::now(),
            acted_at: None,
            answered_at: None,
            before: None,
            after: None,
        }
    }

    /// Whether it is neither a GET nor the grant of a token.
    pub fn is_write(&self) -> bool {
        self.method != "GET" && self.shape != Some(Shape::Grant)
    }

    /// Whether no client should send it: not a GET, and none of the known shapes.
    pub fn is_violation(&self) -> bool {
        self.method != "GET" && self.shape.is_none()
    }

    /// Whether Zendesk did what was asked.
    pub fn acted(&self) -> bool {
        self.acted_at.is_some()
    }

    /// Whether the whole answer went out.
    pub fn answered(&self) -> bool {
        self.answered_at.is_some()
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
