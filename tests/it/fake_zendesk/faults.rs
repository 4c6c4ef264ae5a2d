//! Misbehavior on request: which requests a fault strikes, and what it does to the answer.
//!
//! Some faults stand in for the answer ([`FaultKind::instead`]), so that nothing is carried out unless the fault is told to
//! ([`Fault::after_acting`]); the others alter a true answer ([`Strike::alter`]).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::limits::{Refusal, too_many};
use super::log::Logged;
use super::paging::{after_cursor, claim_more, rows_of};
use super::reply::{
    Body, Cut, Reply, Request, bare_path, database_conflict, described, forbidden, html, invalid_pagination,
    invalid_token, not_authenticated, record_invalid, record_not_found,
};
use super::which::Which;
use super::world::World;

/// A fault and the requests it strikes.
#[derive(Clone, Debug)]
pub struct Fault {
    which: Which,
    what: FaultKind,
    acts: bool,
}

/// What strikes a request.
#[derive(Clone, Debug)]
pub struct Struck {
    pub kind: FaultKind,
    /// Whether the request is carried out although another answer stands in for the true one.
    pub acts: bool,
}

impl Fault {
    /// A fault of these requests.
    pub fn of(which: Which, what: FaultKind) -> Self {
        Self { which, what, acts: false }
    }

    /// A fault of every request to exactly this path, as `/api/v2/users`, or `/api/v2/users/*` for each single record.
    pub fn on(path: &str, what: FaultKind) -> Self {
        Self::of(Which::on(path), what)
    }

    /// A fault of every request to a path that begins with this.
    pub fn below(prefix: &str, what: FaultKind) -> Self {
        Self::of(Which::below(prefix), what)
    }

    /// A fault of every request that is neither a GET nor the grant of a token.
    pub fn on_writes(what: FaultKind) -> Self {
        Self::of(Which::writes(), what)
    }

    /// Carries the request out before it gives another answer than the true one, as when the answer is lost on the way.
    pub fn after_acting(mut self) -> Self {
        self.acts = true;
        self
    }

    /// Strikes only the nth matching request.
    pub fn nth(self, nth: u32) -> Self {
        Self { which: self.which.nth(nth), ..self }
    }

    /// Strikes the first so many matching requests.
    pub fn first(self, count: u32) -> Self {
        Self { which: self.which.first(count), ..self }
    }

    /// Strikes from the nth matching request on.
    pub fn from(self, nth: u32) -> Self {
        Self { which: self.which.from(nth), ..self }
    }

    /// Matches only this method.
    pub fn method(self, method: &str) -> Self {
        Self { which: self.which.method(method), ..self }
    }

    /// Matches only requests with this query parameter of this value, written `name=value` and not encoded.
    pub fn query(self, pair: &str) -> Self {
        Self { which: self.which.query(pair), ..self }
    }

    /// Matches only requests that come when so many writes were carried out.
    pub fn after_writes(self, count: usize) -> Self {
        Self { which: self.which.after_writes(count), ..self }
    }

    /// What it does to this request, if it strikes it. `writes` is how many were carried out before.
    pub fn strike(&mut self, request: &Logged, writes: usize) -> Option<Struck> {
        self.which.hits(request, writes).then(|| Struck { kind: self.what.clone(), acts: self.acts })
    }
}

/// A change of the world by somebody else.
#[derive(Clone)]
pub struct Change(pub Arc<dyn Fn(&mut World) + Send + Sync>);

impl fmt::Debug for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Change")
    }
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum FaultKind {
    /// This answer instead. See [`Self::status`] and [`Self::too_many`] for the usual ones.
    Status { code: u16, headers: Vec<(String, String)>, body: Body },
    /// The connection is reset before the first byte of the answer, and after the request was carried out.
    ResetBefore,
    /// The connection is reset, and nothing was carried out.
    ResetUnread,
    /// The connection is reset after half the body that `Content-Length` promised.
    ResetMidBody,
    /// Half the body comes, and then nothing.
    StallMidBody,
    /// The request is carried out, and the answer comes late.
    Slow { ms: u64 },
    /// The request is carried out late.
    SlowBefore { ms: u64 },
    /// 200 with an HTML page.
    NotJson,
    /// 200 with the first half of the JSON, as if that were all.
    TruncatedJson,
    /// 302 to this URL.
    RedirectTo(String),
    /// The page gives the cursor of the page before again, and claims more.
    CursorStuck,
    /// The page claims more and gives no cursor.
    HasMoreWithoutCursor,
    /// The page has the rows of the page before, claims more and gives a cursor never seen before. For lists and exports.
    EndlessExport,
    /// The page begins with the rows of the page before.
    RepeatRows,
    /// The same, with these fields of them changed: another form of the same records.
    RepeatChanged(Vec<(String, Value)>),
    /// The links to the next page are on this host; the cursor itself is right.
    ForeignNextLink(String),
    /// The page is empty, and its cursor leads to the rows that belonged here.
    EmptyPage,
    /// Pages have this many rows, whatever was asked for.
    IgnorePageSize(usize),
    /// The page lacks its array.
    MissingEnvelope,
    /// The page doesn't say whether more follow.
    MissingEnd,
    /// The world changes right after this answer. See [`Self::grow`].
    GrowDuring(Change),
    /// The world changes right before the request is carried out. See [`Self::meanwhile`].
    Meanwhile(Change),
    /// A write is answered as if it had been carried out, and wasn't.
    NotTaken,
    /// These fields of every row are null.
    NullFields(Vec<String>),
    /// The first row's id is 2^53 + 1.
    HugeId,
    /// A bearer token ends with this request: 401. A granted one stays dead, a static one goes on afterwards.
    TokenExpiresNow,
    /// The cursor is too old: 400.
    CursorExpired,
    /// The count is this, and `refreshed_at` null.
    CountStale(u64),
}

impl FaultKind {
    /// The usual answer of a status. The body of 500 and more is HTML, that of 429 and less JSON.
    pub fn status(code: u16) -> Self {
        Self::from_reply(match code {
            401 => not_authenticated(),
            403 => forbidden(),
            404 => record_not_found(),
            409 => database_conflict(),
            422 => record_invalid("base", "InvalidValue", "It is invalid"),
            429 => too_many(Refusal::Described),
            500 => html(500, "Internal Server Error"),
            503 => html(503, "Service Unavailable"),
            504 => html(504, "Gateway Time-out"),
            _ => html(code, "Error"),
        })
    }

    /// The same with a `Retry-After` header.
    pub fn status_retry_after(code: u16, retry_after: &str) -> Self {
        Self::status(code).with_header("Retry-After", retry_after)
    }

    /// A 429 of the given shape, with a `Retry-After` header if one is given.
    pub fn too_many(refusal: Refusal, retry_after: Option<&str>) -> Self {
        let kind = Self::from_reply(too_many(refusal));
        match retry_after {
            Some(value) => kind.with_header("Retry-After", value),
            None => kind,
        }
    }

    /// Any JSON answer.
    pub fn json(code: u16, body: Value) -> Self {
        Self::from_reply(Reply::json(code, body))
    }

    /// A change of the world right after the answer.
    pub fn grow(change: impl Fn(&mut World) + Send + Sync + 'static) -> Self {
        Self::GrowDuring(Change(Arc::new(change)))
    }

    /// A change of the world right before the request is carried out.
    pub fn meanwhile(change: impl Fn(&mut World) + Send + Sync + 'static) -> Self {
        Self::Meanwhile(Change(Arc::new(change)))
    }

    fn from_reply(reply: Reply) -> Self {
        Self::Status { code: reply.status, headers: reply.headers, body: reply.body }
    }

    fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.into(), value.into()));
        }
        self
    }

    /// The same with JSON, as Zendesk sends it where no proxy comes between.
    pub fn json_error(code: u16) -> Self {
        Self::from_reply(described(code, "InternalError", "Something went wrong"))
    }

    /// The answer that the fault gives in place of the true one, if it does.
    pub fn instead(&self) -> Option<Reply> {
        match self {
            Self::Status { code, headers, body } => {
                let mut reply = Reply::new(*code, body.clone());
                reply.headers.clone_from(headers);
                Some(reply)
            }
            Self::ResetUnread => Some(Reply { cut: Cut::ResetBefore, ..html(502, "Bad Gateway") }),
            Self::NotJson => Some(html(200, "Just a moment...")),
            Self::RedirectTo(url) => Some(html(302, "You are being redirected").with_header("Location", url.as_str())),
            Self::TokenExpiresNow => Some(invalid_token()),
            Self::CursorExpired => Some(invalid_pagination("The cursor has expired")),
            _ => None,
        }
    }
}

/// What faults need to know of earlier answers, by path.
#[derive(Debug, Default)]
pub struct Memory {
    rows: BTreeMap<String, Vec<Value>>,
    cursors: BTreeMap<String, String>,
    salt: u64,
}

impl Memory {
    /// Keeps the rows and cursor of a page.
    pub fn remember(&mut self, request: &Request, reply: &mut Reply) {
        let path = bare_path(&request.path);
        let Body::Json(body) = &mut reply.body else {
            return;
        };
        if let Some(cursor) = after_cursor(body) {
            self.cursors.insert(path.into(), cursor.into());
        }
        if let Some(rows) = rows_of(body) {
            self.rows.insert(path.into(), rows.clone());
        }
    }
}

/// A fault that strikes a true answer.
pub struct Strike<'a> {
    pub request: &'a Request,
    pub base: &'a str,
    pub memory: &'a mut Memory,
    pub world: &'a mut World,
}

impl Strike<'_> {
    /// Alters the answer, or the world after it.
    pub fn alter(&mut self, kind: &FaultKind, reply: &mut Reply) {
        match kind {
            FaultKind::ResetBefore => reply.cut = Cut::ResetBefore,
            FaultKind::ResetMidBody => reply.cut = Cut::ResetMidBody,
            FaultKind::StallMidBody => reply.cut = Cut::StallMidBody,
            FaultKind::Slow { ms } => reply.delay = Duration::from_millis(*ms),
            FaultKind::GrowDuring(change) => (change.0)(self.world),
            FaultKind::TruncatedJson => {
                if let Body::Json(body) = &reply.body {
                    let text = body.to_string();
                    let half = text.chars().take(text.chars().count() / 2).collect();
                    reply.body = Body::Text { content_type: "application/json; charset=utf-8".into(), text: half };
                }
            }
            FaultKind::Status { .. }
            | FaultKind::ResetUnread
            | FaultKind::SlowBefore { .. }
            | FaultKind::Meanwhile(_)
            | FaultKind::NotTaken
            | FaultKind::NotJson
            | FaultKind::RedirectTo(_)
            | FaultKind::TokenExpiresNow
            | FaultKind::CursorExpired
            | FaultKind::IgnorePageSize(_) => {}
            FaultKind::CursorStuck
            | FaultKind::HasMoreWithoutCursor
            | FaultKind::EndlessExport
            | FaultKind::RepeatRows
            | FaultKind::RepeatChanged(_)
            | FaultKind::ForeignNextLink(_)
            | FaultKind::EmptyPage
            | FaultKind::MissingEnvelope
            | FaultKind::MissingEnd
            | FaultKind::NullFields(_)
            | FaultKind::HugeId
            | FaultKind::CountStale(_) => self.alter_page(kind, reply),
        }
    }

    fn alter_page(&mut self, kind: &FaultKind, reply: &mut Reply) {
        let path = bare_path(&self.request.path);
        let asked = reply.asked.clone();
        let Body::Json(body) = &mut reply.body else {
            return;
        };
        match kind {
            FaultKind::CursorStuck => {
                let old = self.memory.cursors.get(path).cloned();
                let cursor = old.or_else(|| after_cursor(body).map(str::to_owned));
                claim_more(body, self.request, self.base, cursor.as_deref());
            }
            FaultKind::HasMoreWithoutCursor => claim_more(body, self.request, self.base, None),
            FaultKind::EndlessExport | FaultKind::EmptyPage => {
                let Some(mut asked) = asked else {
                    return;
                };
                self.memory.salt += 1;
                asked.salt = self.memory.salt;
                claim_more(body, self.request, self.base, Some(&asked.cursor()));
                let endless = matches!(kind, FaultKind::EndlessExport);
                if let Some(rows) = rows_of(body) {
                    if !endless {
                        rows.clear();
                    } else if let Some(old) = self.memory.rows.get(path) {
                        rows.clone_from(old);
                    }
                }
            }
            FaultKind::RepeatRows => {
                if let (Some(rows), Some(old)) = (rows_of(body), self.memory.rows.get(path)) {
                    rows.splice(0..0, old.iter().cloned());
                }
            }
            FaultKind::RepeatChanged(fields) => {
                if let (Some(rows), Some(old)) = (rows_of(body), self.memory.rows.get(path)) {
                    let changed = old.iter().cloned().map(|mut row| {
                        for (field, value) in fields {
                            row[field] = value.clone();
                        }
                        row
                    });
                    rows.splice(0..0, changed);
                }
            }
            FaultKind::ForeignNextLink(host) => {
                for pointer in ["/links/next", "/after_url", "/next_page"] {
                    if let Some(link) = body.pointer_mut(pointer)
                        && let Some(url) = link.as_str()
                    {
                        *link = json!(url.replacen(self.base, host, 1));
                    }
                }
            }
            FaultKind::MissingEnvelope => {
                if let Some(members) = body.as_object_mut() {
                    members.retain(|_, member| !member.is_array());
                }
            }
            FaultKind::MissingEnd => {
                if let Some(members) = body.as_object_mut() {
                    for name in ["meta", "end_of_stream"] {
                        members.remove(name);
                    }
                }
            }
            FaultKind::NullFields(fields) => {
                for row in rows_of(body).into_iter().flatten() {
                    for field in fields {
                        row[field] = Value::Null;
                    }
                }
            }
            FaultKind::HugeId => {
                if let Some(row) = rows_of(body).and_then(|rows| rows.first_mut()) {
                    row["id"] = json!((1_u64 << 53) + 1);
                }
            }
            FaultKind::CountStale(value) => {
                if body.pointer("/count/value").is_some() {
                    body["count"] = json!({"value": value, "refreshed_at": null});
                } else if body.get("count").is_some() {
                    body["count"] = json!(value);
                }
            }
            _ => {}
        }
    }
}
