//! The faults of Zendesk, and its requests as an undisturbed run sends them.

use crate::fake_zendesk::reply::Body;
use crate::fake_zendesk::{Fault, FaultKind, Logged, Refusal, Which};
use serde_json::json;

/// A fault by its name in the table.
pub struct Named {
    pub name: &'static str,
    kind: FaultKind,
    forever: bool,
    /// Whether a write is carried out although its answer is replaced.
    acts: bool,
    /// Whether it is about pages of lists, and means nothing elsewhere.
    of_pages: bool,
}

fn of_pages(forever: bool, name: &'static str, kind: FaultKind) -> Named {
    Named { forever, of_pages: true, ..once(name, kind) }
}

fn once(name: &'static str, kind: FaultKind) -> Named {
    Named { name, kind, forever: false, acts: false, of_pages: false }
}

fn always(name: &'static str, kind: FaultKind) -> Named {
    Named { forever: true, ..once(name, kind) }
}

/// Every fault that may strike any request.
pub fn faults() -> Vec<Named> {
    let text = |text: String| FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Body::Text { content_type: "application/json".into(), text },
    };
    let acting = |name, kind| Named { acts: true, ..once(name, kind) };
    vec![
        always("400, always", FaultKind::json_error(400)),
        once("401, once", FaultKind::TokenExpiresNow),
        always("401, always", FaultKind::status(401)),
        always("403, always", FaultKind::status(403)),
        once("404, once", FaultKind::status(404)),
        always("404, always", FaultKind::status(404)),
        once("409, once", FaultKind::status(409)),
        always("422, always", FaultKind::status(422)),
        once("429 with Retry-After: 0, once", FaultKind::too_many(Refusal::Described, Some("0"))),
        once("429 without Retry-After, once", FaultKind::too_many(Refusal::Plain, None)),
        always("429 with Retry-After: 7200, always", FaultKind::too_many(Refusal::Listed, Some("7200"))),
        once("500, once", FaultKind::status(500)),
        acting("500 although it was done, once", FaultKind::status(500)),
        always("500, always", FaultKind::status(500)),
        once("503 with Retry-After: 1, once", FaultKind::status_retry_after(503, "1")),
        acting("504 although it was done, once", FaultKind::status(504)),
        always("503, always", FaultKind::status(503)),
        always("redirect to a login page, always", FaultKind::RedirectTo("/access/login".into())),
        always("redirect to another host, always", FaultKind::RedirectTo("https://elsewhere.example/api".into())),
        once("200 with an HTML page, once", FaultKind::NotJson),
        always("200 with an HTML page, always", FaultKind::NotJson),
        once("half the JSON as if it were all, once", FaultKind::TruncatedJson),
        always("half the JSON as if it were all, always", FaultKind::TruncatedJson),
        once("reset before it was done, once", FaultKind::ResetUnread),
        once("reset before the answer, once", FaultKind::ResetBefore),
        once("reset within the answer, once", FaultKind::ResetMidBody),
        always("reset before it was done, always", FaultKind::ResetUnread),
        once("the answer stalls, once", FaultKind::StallMidBody),
        once("the answer is 300 ms late, once", FaultKind::Slow { ms: 300 }),
        always("200 with an empty object, always", FaultKind::json(200, json!({}))),
        always("200 with an empty list, always", FaultKind::json(200, json!([]))),
        once("an answer that is too long, once", text(" ".repeat(super::TOO_LONG))),
        of_pages(true, "an id above 2^53, always", FaultKind::HugeId),
        of_pages(true, "a page without its list, always", FaultKind::MissingEnvelope),
        of_pages(true, "a page that does not say whether more follow, always", FaultKind::MissingEnd),
        of_pages(true, "a cursor that stays the same, always", FaultKind::CursorStuck),
        of_pages(true, "more, without a cursor, always", FaultKind::HasMoreWithoutCursor),
        of_pages(true, "the page before again, without an end, always", FaultKind::EndlessExport),
        of_pages(false, "the cursor has expired, once", FaultKind::CursorExpired),
        of_pages(false, "an empty page in between, once", FaultKind::EmptyPage),
    ]
}

/// A request of the undisturbed run.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    /// Which of the same method and path it is, from 1.
    nth: u32,
    /// `GET /api/v2/users/*`: the kind that it belongs to.
    pub kind: String,
}

/// The requests of a log, in its order.
pub fn requests(log: &[Logged]) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    for logged in log {
        let (method, path) = (logged.method.clone(), logged.path.clone());
        let nth = 1 + requests.iter().filter(|one| one.method == method && one.path == path).count() as u32;
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = path.split('/').map(|part| if is_number(part) { "*" } else { part }).collect();
        let shape = logged.shape.filter(|_| logged.is_write()).map(|shape| format!(" ({shape:?})")).unwrap_or_default();
        let kind = format!("{method} {}{shape}", parts.join("/").trim_start_matches("/api/v2"));
        requests.push(Request { method, path, nth, kind });
    }
    requests
}

impl Named {
    /// Whether it means anything at this request.
    pub fn meets(&self, request: &Request) -> bool {
        let last = request.path.rsplit('/').next().unwrap_or_default();
        let is_list = ["organizations", "users", "organization_memberships", "cursor"].contains(&last);
        !self.of_pages || is_list && request.method == "GET"
    }

    /// The fault at this request.
    pub fn at(&self, request: &Request) -> Fault {
        let which = Which::on(&request.path).method(&request.method);
        let which = if self.forever { which.from(request.nth) } else { which.nth(request.nth) };
        let fault = Fault::of(which, self.kind.clone());
        if self.acts { fault.after_acting() } else { fault }
    }
}
