//! Misbehavior on request: which requests, and what they get instead.

use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The grant.
    Token,
    /// The query, which brings the first page.
    Query,
    /// A further page.
    More,
    /// The query and further pages.
    Page,
}

/// What happens instead of an answer, or to it.
#[derive(Clone)]
pub enum FaultKind {
    /// This status with this body, and headers.
    Status(u16, String, Vec<(&'static str, String)>),
    /// 200 with a page of HTML.
    Html,
    /// 200 with the first half of the JSON.
    TruncatedJson,
    ResetBefore,
    ResetMidBody,
    /// The body stops in the middle.
    Stall,
    Slow(Duration),
    /// 200 with so many bytes, compressed to nearly nothing.
    GzipBomb(u64),
    /// The token of the request is not valid any more.
    SessionEnds,
    /// The page is changed before it goes out.
    Alter(Arc<dyn Fn(&mut Value) + Send + Sync>),
}

impl FaultKind {
    /// An error in Salesforce's own shape.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Status(status, serde_json::json!([{"message": message, "errorCode": code}]).to_string(), Vec::new())
    }

    /// An error in the shape of the grant.
    pub fn oauth(status: u16, error: &str, description: &str) -> Self {
        let body = serde_json::json!({"error": error, "error_description": description});
        Self::Status(status, body.to_string(), Vec::new())
    }
}

/// A fault and the requests that it strikes: all of its kind, unless it is limited.
#[derive(Clone)]
pub struct Fault {
    of: Of,
    pub(super) kind: FaultKind,
    /// The numbers of the requests of this kind, from 1.
    from: usize,
    to: usize,
    seen: usize,
}

impl Fault {
    pub fn on(of: Of, kind: FaultKind) -> Self {
        Self { of, kind, from: 1, to: usize::MAX, seen: 0 }
    }

    /// Changes pages before they go out.
    pub fn alter(of: Of, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::on(of, FaultKind::Alter(Arc::new(change)))
    }

    /// Only this one.
    pub fn nth(self, number: usize) -> Self {
        Self { from: number, to: number, ..self }
    }

    /// This one and all later ones.
    pub fn from(self, number: usize) -> Self {
        Self { from: number, ..self }
    }

    /// Only the first ones.
    pub fn first(self, count: usize) -> Self {
        Self { to: count, ..self }
    }

    /// Whether it strikes this request.
    pub(super) fn strikes(&mut self, of: Of) -> bool {
        if self.of != of && !(self.of == Of::Page && matches!(of, Of::Query | Of::More)) {
            return false;
        }
        self.seen += 1;
        (self.from..=self.to).contains(&self.seen)
    }
}
