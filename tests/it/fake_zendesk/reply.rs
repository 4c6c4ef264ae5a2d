//! Requests as the fake sees them, replies before they are bytes, and Zendesk's error envelopes.
//!
//! It leaves out which error belongs to which situation.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::paging::Position;

/// A request, decoded.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// As sent.
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The JSON body; null when there is none or it isn't JSON.
    pub body: Value,
}

impl Request {
    /// The first query parameter of a name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The URL of this request on `base` with some query parameters dropped and one set.
    pub fn url_with(&self, base: &str, drop: &[&str], name: &str, value: &str) -> String {
        let mut url = format!("{base}{}?", self.path);
        for (key, old) in &self.query {
            if key != name && !drop.contains(&key.as_str()) {
                url.push_str(&format!("{}={}&", encoded(key), encoded(old)));
            }
        }
        url.push_str(&format!("{}={}", encoded(name), encoded(value)));
        url
    }
}

/// A path without `.json`, which every endpoint accepts and ignores.
pub fn bare_path(path: &str) -> &str {
    path.strip_suffix(".json").unwrap_or(path)
}

/// Percent-encodes everything but the unreserved characters.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// What a body is made of.
#[derive(Clone, Debug)]
pub enum Body {
    Json(Value),
    /// Anything else, with its content type.
    Text {
        content_type: String,
        text: String,
    },
}

/// What happens to the bytes of a reply on their way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    #[default]
    No,
    /// The connection is reset before the first byte.
    ResetBefore,
    /// The connection is reset after half the body.
    ResetMidBody,
    /// Half the body is sent, and then nothing.
    StallMidBody,
}

/// A reply, before it is bytes.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Body,
    pub delay: Duration,
    pub cut: Cut,
    /// The number of its request, 0 for none.
    pub seq: u64,
    /// For a page by cursor: where it was asked to start. Faults need it to send the client there again.
    pub asked: Option<Position>,
}

impl Reply {
    /// A JSON reply.
    pub fn json(status: u16, body: Value) -> Self {
        Self::new(status, Body::Json(body))
    }

    /// A reply of another type.
    pub fn text(status: u16, content_type: &str, text: &str) -> Self {
        Self::new(status, Body::Text { content_type: content_type.into(), text: text.into() })
    }

    /// A reply with the given body.
    pub fn new(status: u16, body: Body) -> Self {
        Self { status, headers: Vec::new(), body, delay: Duration::ZERO, cut: Cut::No, seq: 0, asked: None }
    }

    /// The reply with one header more.
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// 401, API token.
pub fn not_authenticated() -> Reply {
    Reply::json(401, json!({"error": "Couldn't authenticate you"}))
        .with_header("WWW-Authenticate", "Basic realm=\"Web Password\"")
}

/// 401, bearer token.
pub fn invalid_token() -> Reply {
    oauth_error(
        401,
        "invalid_token",
        "The access token provided is expired, revoked, malformed or invalid for other reasons.",
    )
    .with_header("WWW-Authenticate", "Bearer error=\"invalid_token\"")
}

/// The shape of OAuth errors.
pub fn oauth_error(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, json!({"error": error, "error_description": description}))
}

/// 403 for want of a role.
pub fn forbidden() -> Reply {
    titled(
        403,
        "Forbidden",
        "You do not have access to this page. Please contact the account owner of this help desk for further help.",
    )
}

/// 403 for want of a scope.
pub fn missing_scope(scope: &str) -> Reply {
    described(403, "Forbidden", &format!("You are missing the following required scopes: {scope}"))
}

/// 404, right path, no such object.
pub fn record_not_found() -> Reply {
    described(404, "RecordNotFound", "Not found")
}

/// 404, wrong path or verb.
pub fn invalid_endpoint() -> Reply {
    described(404, "InvalidEndpoint", "Not found")
}

/// 409, another client changes the same thing.
pub fn database_conflict() -> Reply {
    described(409, "DatabaseConflict", "Database collision")
}

/// 422, a field that can't be stored.
pub fn record_invalid(field: &str, error: &str, description: &str) -> Reply {
    Reply::json(
        422,
        json!({
            "error": "RecordInvalid", "description": "Record validation errors",
            "details": {field: [{"description": description, "error": error}]},
        }),
    )
}

/// 400 of cursor paging.
pub fn invalid_pagination(detail: &str) -> Reply {
    listed(400, "InvalidPaginationParameter", "Invalid pagination parameter", detail)
}

/// 400 of offset paging beyond page 100.
pub fn pagination_too_deep() -> Reply {
    listed(
        400,
        "InvalidPaginationDepth",
        "Pagination depth exceeded",
        "Number of pages is limited to 100, use cursor pagination instead",
    )
}

/// 400 for `page[…]` where there are no pages by cursor.
pub fn page_must_be_an_integer(path: &str) -> Reply {
    titled(
        400,
        "Invalid attribute",
        &format!(
            "You passed an invalid value for the page attribute. Invalid parameter: page must be an integer from {path}"
        ),
    )
}

/// 400 for another parameter.
pub fn invalid_value(description: &str) -> Reply {
    described(400, "InvalidValue", description)
}

/// The envelope `{"error": text, "description": text}`.
pub fn described(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, json!({"error": error, "description": description}))
}

/// The envelope `{"error": {"title", "message"}}`.
pub fn titled(status: u16, title: &str, message: &str) -> Reply {
    Reply::json(status, json!({"error": {"title": title, "message": message}}))
}

/// The envelope `{"errors": [{"code", "title", "detail"}]}`.
pub fn listed(status: u16, code: &str, title: &str, detail: &str) -> Reply {
    Reply::json(status, json!({"errors": [{"code": code, "title": title, "detail": detail}]}))
}

/// A page of a proxy or of Zendesk's edge.
pub fn html(status: u16, title: &str) -> Reply {
    Reply::text(
        status,
        "text/html; charset=UTF-8",
        &format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"),
    )
}
