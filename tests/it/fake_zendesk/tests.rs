//! The fake's own tests, with the smallest possible client: one request per connection over a plain socket.
//!
//! They leave out what the audit's tests show anyway: that a client copes.

mod writes;

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::base64;
use super::*;

const BEARER: &str = "Bearer fake-bearer-token";

/// An answer as a plain socket sees it.
#[derive(Debug)]
struct Got {
    status: u16,
    head: String,
    body: String,
    /// Whether the body is as long as was promised.
    whole: bool,
    /// How the connection ended, if not by a proper end.
    error: Option<ErrorKind>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

fn send(fake: &FakeZendesk, method: &str, target: &str, authorization: &str, body: Option<Value>) -> Got {
    send_within(Duration::from_secs(30), fake, method, target, authorization, body)
}

/// Gives up when nothing comes for so long.
fn send_within(
    patience: Duration,
    fake: &FakeZendesk,
    method: &str,
    target: &str,
    authorization: &str,
    body: Option<Value>,
) -> Got {
    let host = fake.url().trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).expect("the fake listens");
    socket.set_read_timeout(Some(patience)).expect("a time-out");
    let body = body.map_or(String::new(), |body| body.to_string());
    write!(
        socket,
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("the fake reads");
    let mut bytes = Vec::new();
    let error = socket.read_to_end(&mut bytes).err().map(|error| error.kind());
    let text = String::from_utf8(bytes).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut got = Got {
        status: head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0),
        head: head.into(),
        body: body.into(),
        whole: false,
        error,
    };
    got.whole = got.header("content-length") == Some(&body.len().to_string());
    got
}

fn get(fake: &FakeZendesk, target: &str) -> Got {
    send(fake, "GET", target, BEARER, None)
}

/// Follows cursors to the end, and returns the ids page by page.
fn ids_by_page(fake: &FakeZendesk, target: &str, array: &str) -> Vec<Vec<u64>> {
    let mut pages = Vec::new();
    let mut next = format!("{}{target}", fake.url());
    loop {
        let got = get(fake, next.strip_prefix(fake.url()).expect("an own link"));
        assert_eq!(got.status, 200, "{}", got.body);
        let body = got.json();
        let rows = body[array].as_array().expect("rows");
        pages.push(rows.iter().map(|row| row["id"].as_u64().expect("an id")).collect());
        assert!(pages.len() < 50, "the list doesn't end");
        let (more, link) = match body.get("meta") {
            Some(meta) => (meta["has_more"] == true, &body["links"]["next"]),
            None => (body["end_of_stream"] == false, &body["after_url"]),
        };
        if !more {
            return pages;
        }
        next = link.as_str().expect("a link").into();
    }
}

fn distinct(pages: &[Vec<u64>]) -> usize {
    pages.iter().flatten().collect::<BTreeSet<_>>().len()
}

fn error_code(got: &Got) -> String {
    let body = got.json();
    let code = body.pointer("/errors/0/code").or_else(|| body.pointer("/error/title")).unwrap_or(&body["error"]);
    code.as_str().expect("a code").into()
}

#[test]
fn cursors_lead_through_every_list_and_back() {
    let fake = FakeZendesk::start(World::numbered(7, 250, 0));
    let pages = ids_by_page(&fake, "/api/v2/users?page[size]=100", "users");
    let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(distinct(&pages), 250);

    let pages = ids_by_page(&fake, "/api/v2/organizations.json?page%5Bsize%5D=3", "organizations");
    assert_eq!(pages, [vec![4001, 4002, 4003], vec![4004, 4005, 4006], vec![4007]]);

    let second = get(&fake, "/api/v2/organizations?page[size]=3").json()["links"]["next"].clone();
    let second = second.as_str().expect("a link").replacen(fake.url(), "", 1);
    let previous = get(&fake, &second).json()["links"]["prev"].clone();
    let first = get(&fake, &previous.as_str().expect("a link").replacen(fake.url(), "", 1));
    assert_eq!(first.json()["organizations"][0]["id"], 4001);
    assert_eq!(first.json()["meta"]["has_more"], false);
}

#[test]
fn a_cursor_stays_in_place_when_records_come_and_go() {
    let fake = FakeZendesk::start(World::numbered(6, 0, 0));
    let page = get(&fake, "/api/v2/organizations?page[size]=3").json();
    fake.with_world(|world| {
        world.organizations.retain(|record| record["id"] != 4003);
        world.add(Kind::Organizations, json!({"id": 1, "name": "Early"}));
    });
    let next = page["links"]["next"].as_str().expect("a link");
    let page = get(&fake, &next.replacen(fake.url(), "", 1)).json();
    assert_eq!(page["organizations"][0]["id"], 4004);
}

#[test]
fn offset_pages_are_the_default_and_end_at_page_100() {
    let fake = FakeZendesk::start(World::numbered(0, 150, 0));
    let page = get(&fake, "/api/v2/users").json();
    assert_eq!(page["users"].as_array().map(Vec::len), Some(100));
    assert_eq!(page["count"], 150);
    assert_eq!(page["next_page"], format!("{}/api/v2/users?page=2", fake.url()));
    assert_eq!(get(&fake, "/api/v2/users?page=2").json()["next_page"], Value::Null);
    assert_eq!(get(&fake, "/api/v2/users?page=100&per_page=1").status, 200);
    let deep = get(&fake, "/api/v2/users?page=101&per_page=1");
    assert_eq!((deep.status, error_code(&deep)), (400, "InvalidPaginationDepth".into()));
}

#[test]
fn wrong_parameters_are_refused() {
    let fake = FakeZendesk::start(World::numbered(1, 1, 1));
    for (target, code) in [
        ("/api/v2/users?page[size]=101", "InvalidPaginationParameter"),
        ("/api/v2/users?page[size]=0", "InvalidPaginationParameter"),
        ("/api/v2/users?page[after]=nonsense", "InvalidPaginationParameter"),
        ("/api/v2/users?page[size]=1&sort=email", "InvalidPaginationParameter"),
        ("/api/v2/users/me?page[size]=1", "Invalid attribute"),
        ("/api/v2/users/count?page[size]=1", "Invalid attribute"),
        ("/api/v2/search/export?query=updated%3E%3D2026-01-01&page[size]=1", "InvalidValue"),
        ("/api/v2/search/export?query=type:ticket&filter[type]=ticket", "InvalidValue"),
        ("/api/v2/incremental/tickets/cursor", "InvalidValue"),
    ] {
        let got = get(&fake, target);
        assert_eq!((got.status, error_code(&got).as_str()), (400, code), "{target}");
    }
    for (target, code) in [
        ("/api/v2/users/1", "RecordNotFound"),
        ("/api/v2/organization_memberships/count", "InvalidEndpoint"),
        ("/api/v2/incremental/organizations/cursor?start_time=1", "InvalidEndpoint"),
        ("/api/v1/users", "InvalidEndpoint"),
    ] {
        let got = get(&fake, target);
        assert_eq!((got.status, error_code(&got).as_str()), (404, code), "{target}");
    }
}

#[test]
fn records_are_sent_as_they_are_but_for_marks_and_the_odd_null() {
    let mut world = World::numbered(1, 1, 0);
    world.add(
        Kind::Memberships,
        json!({"id": 9, "user_id": 500_001, "organization_id": 4001, "default": false, "surprise": [1], "unlisted": true}),
    );
    let fake = FakeZendesk::start(world);
    let list = get(&fake, "/api/v2/organization_memberships").json();
    assert_eq!(list["count"], 1, "an unlisted record is in no list");
    let own = get(&fake, "/api/v2/users/500001/organization_memberships").json();
    let own = &own["organization_memberships"];
    assert_eq!(own[0]["default"], true, "the default one comes first");
    assert_eq!(own[1], json!({"id": 9, "user_id": 500_001, "organization_id": 4001, "default": null, "surprise": [1]}));
}

#[test]
fn show_many_finds_what_exists_and_only_active_users() {
    let mut world = World::numbered(2, 3, 0);
    world.set(Kind::Users, 500_002, "active", false);
    world.set(Kind::Organizations, 4002, "deleted_at", "2026-02-01T00:00:00Z");
    let fake = FakeZendesk::start(world);
    let found = |target: &str, array: &str| -> Vec<u64> {
        let body = get(&fake, target).json();
        body[array].as_array().expect("rows").iter().filter_map(|row| row["id"].as_u64()).collect()
    };
    assert_eq!(found("/api/v2/users/show_many?ids=500001,500002,7", "users"), [500_001]);
    assert_eq!(found("/api/v2/users/show_many?ids=500001,500002&include_deleted=true", "users"), [500_001, 500_002]);
    assert_eq!(found("/api/v2/users", "users"), [500_001, 500_002, 500_003]);
    assert_eq!(found("/api/v2/organizations/show_many?ids=4001,4002", "organizations"), [4001]);
    assert_eq!(found("/api/v2/organizations/show_many?external_ids=001fake001", "organizations"), [4001]);
    assert_eq!(found("/api/v2/organizations/search?external_id=001fake001", "organizations"), [4001]);
}

#[test]
fn the_export_selects_by_generated_time_and_scope_and_ends() {
    let mut world = World::numbered(0, 1, 10);
    let last = 1_776_464_130;
    world.set(Kind::Tickets, 700_001, "generated_timestamp", last - 90);
    world.set(Kind::Tickets, 700_005, "status", "deleted");
    world.set(Kind::Tickets, 700_006, "support_type", "ai_agent");
    world.set(Kind::Tickets, 700_007, "archived", true);
    let config = Config { now: Some(last + 30), ..Config::default() };
    let fake = FakeZendesk::start_with(world, config);
    let export = |more: &str| {
        let from = last - 8 * 60;
        let target = format!("/api/v2/incremental/tickets/cursor?start_time={from}&per_page=3&{more}");
        ids_by_page(&fake, &target, "tickets")
    };
    // 700002 is the first of the window, 700001 was touched by the system, 700010 is younger than a minute.
    assert_eq!(
        export("exclude_deleted=true&support_type_scope=all"),
        [vec![700_002, 700_003, 700_004], vec![700_006, 700_007, 700_008], vec![700_001, 700_009]]
    );
    let deleted_too = export("support_type_scope=agent").concat();
    assert!(deleted_too.contains(&700_005) && !deleted_too.contains(&700_006));
    assert_eq!(export("support_type_scope=ai_agent"), [[700_006]]);

    let recent = get(&fake, &format!("/api/v2/incremental/tickets/cursor?start_time={last}"));
    assert_eq!((recent.status, error_code(&recent)), (400, "StartTimeTooRecent".into()));

    let list = ids_by_page(&fake, "/api/v2/tickets?page[size]=4&sort=-updated_at", "tickets").concat();
    assert_eq!(list[..3], [700_010, 700_009, 700_008]);
    assert!(!list.contains(&700_007), "archived");
    assert!(!list.contains(&700_005), "deleted");
    assert_eq!(list.len(), 8);

    let found = "/api/v2/search/export?filter[type]=ticket&page[size]=2&query=updated%3E%3D2026-04-17T22:11:30Z";
    let found = ids_by_page(&fake, found, "results").concat();
    assert_eq!(found, [700_006, 700_007, 700_008, 700_009, 700_010]);
}

#[test]
fn credentials_roles_and_scopes_are_checked() {
    let with = |login: Login, role: Role, scopes: &[&str]| Credential {
        login,
        role,
        scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
    };
    let bearer = |token: &str| Login::Bearer { token: token.into() };
    let mut config = Config::default();
    config.credentials.extend([
        with(bearer("agent"), Role::Agent, &["read"]),
        with(bearer("visitor"), Role::EndUser, &["read"]),
        with(bearer("narrow"), Role::Admin, &["users:read"]),
    ]);
    let fake = FakeZendesk::start_with(World::numbered(1, 1, 1), config);
    let status = |authorization: &str, path: &str| {
        let got = send(&fake, "GET", path, authorization, None);
        (got.status, if got.status == 200 { String::new() } else { error_code(&got) })
    };
    let ok = (200, String::new());
    let basic = format!("Basic {}", base64::encode("admin@fake.example/token:fake-api-token"));
    assert_eq!(status(&basic, "/api/v2/users"), ok);
    let wrong = format!("Basic {}", base64::encode("admin@fake.example:fake-api-token"));
    assert_eq!(status(&wrong, "/api/v2/users"), (401, "Couldn't authenticate you".into()));
    assert_eq!(status("Bearer wrong", "/api/v2/users"), (401, "invalid_token".into()));
    assert_eq!(status("Bearer agent", "/api/v2/users"), ok);
    let export = "/api/v2/incremental/tickets/cursor?start_time=1";
    assert_eq!(status("Bearer agent", export), (403, "Forbidden".into()));
    assert_eq!(status("Bearer visitor", "/api/v2/users"), (403, "Forbidden".into()));
    assert_eq!(status("Bearer narrow", "/api/v2/users"), ok);
    assert_eq!(status("Bearer narrow", "/api/v2/account/settings"), (403, "Forbidden".into()));
    let refused = send(&fake, "GET", "/api/v2/organizations", "Bearer narrow", None);
    assert!(refused.body.contains("organizations:read"), "{}", refused.body);

    let me = |authorization: &str| send(&fake, "GET", "/api/v2/users/me", authorization, None).json()["user"].clone();
    assert_eq!(me("Bearer wrong")["id"], Value::Null);
    assert_eq!(me("Bearer agent")["role"], "agent");
    let current = send(&fake, "GET", "/api/v2/oauth/tokens/current", "Bearer narrow", None);
    assert_eq!(current.json()["token"]["scopes"], json!(["users:read"]));

    let seen = fake.log();
    assert_eq!(seen[0].scheme(), AuthScheme::Basic);
    assert_eq!(seen[0].authorization(), Some(basic.as_str()));
    assert_eq!(seen[1].status, Some(401));
}

#[test]
fn a_granted_token_dies_as_configured() {
    let config = Config { grants: Grants { uses: Some(2), ..Grants::default() }, ..Config::default() };
    let fake = FakeZendesk::start_with(World::numbered(1, 0, 0), config);
    let ask = |scope: &str, expires_in: u64| {
        let body = json!({
            "grant_type": "client_credentials", "client_id": "fake-client", "client_secret": "fake-client-secret",
            "scope": scope, "expires_in": expires_in,
        });
        send(&fake, "POST", "/oauth/tokens", "", Some(body))
    };
    let use_once = |bearer: &str| send(&fake, "GET", "/api/v2/organizations", bearer, None).status;
    let granted = ask("read", 7200).json();
    assert_eq!(granted["expires_in"], 7200);
    assert_eq!(granted["scope"], "read");
    let bearer = format!("Bearer {}", granted["access_token"].as_str().expect("a token"));
    assert_eq!([use_once(&bearer), use_once(&bearer), use_once(&bearer)], [200, 200, 401]);
    assert_eq!(error_code(&ask("read", 300)), "invalid_request");
    assert_eq!(error_code(&ask("everything", 7200)), "invalid_scope");
    let logged = fake.requests_to("/oauth/tokens");
    assert_eq!(logged[0].body["expires_in"], 7200);

    fake.with_config(|config| {
        config.grants =
            Grants { lifetime: Some(Duration::ZERO), omit_expires_in: true, lenient_scopes: true, ..Grants::default() };
    });
    let granted = ask("read", 7200).json();
    assert_eq!(granted.get("expires_in"), None);
    let bearer = format!("Bearer {}", granted["access_token"].as_str().expect("a token"));
    assert_eq!(use_once(&bearer), 401, "it is dead already");
    assert_eq!(ask("everything", 7200).json()["scope"], "");
}

#[test]
fn limits_refuse_in_each_shape_and_tell_how_long() {
    let mut config = Config { limits: Limits::plan(12), ..Config::default() };
    config.limits.retry_after = RetryAfter::HttpDate;
    let fake = FakeZendesk::start_with(World::numbered(1, 1, 1), config);
    let export = "/api/v2/incremental/tickets/cursor?start_time=1";
    for left in (0..10).rev() {
        let bucket = get(&fake, export);
        let value = bucket.header("Zendesk-RateLimit-incremental-exports").expect("a bucket header");
        assert!(value.starts_with(&format!("total=10; remaining={left}; resets=")), "{value}");
    }
    let refused = get(&fake, export);
    assert_eq!((refused.status, error_code(&refused)), (429, "APIRateLimitExceeded".into()));
    assert_eq!(refused.header("X-Rate-Limit-Remaining"), Some("2"), "the account has calls left");
    let date = refused.header("Retry-After").expect("a date");
    assert!(httpdate::parse_http_date(date).is_ok(), "{date}");

    assert_eq!(get(&fake, "/api/v2/users").header("ratelimit-remaining"), Some("1"));
    assert_eq!(get(&fake, "/api/v2/users").header("X-Rate-Limit"), Some("12"));
    fake.with_config(|config| {
        config.limits.refusal = Refusal::Plain;
        config.limits.retry_after = RetryAfter::Seconds;
    });
    let refused = get(&fake, "/api/v2/users");
    assert!(refused.body.starts_with("Number of allowed"), "{}", refused.body);
    let secs: u64 = refused.header("Retry-After").and_then(|text| text.parse().ok()).expect("seconds");
    assert!((1..=60).contains(&secs), "{secs}");
    fake.with_config(|config| {
        config.limits.refusal = Refusal::Listed;
        config.limits.retry_after = RetryAfter::Absent;
    });
    let refused = get(&fake, "/api/v2/users");
    assert_eq!((error_code(&refused), refused.header("Retry-After")), ("TooManyRequests".into(), None));

    fake.with_config(|config| config.limits.window = Duration::ZERO);
    assert_eq!(get(&fake, "/api/v2/users").status, 200, "a window that is over allows again");
}

#[test]
fn faults_of_the_wire_break_the_connection() {
    let fake = FakeZendesk::start(World::numbered(3, 0, 0));
    let path = "/api/v2/organizations";
    let whole = get(&fake, path);
    assert!(whole.whole && whole.error.is_none());
    for (kind, error) in [
        (FaultKind::ResetBefore, ErrorKind::ConnectionReset),
        (FaultKind::ResetMidBody, ErrorKind::ConnectionReset),
        // A socket's time-out.
        (FaultKind::StallMidBody, ErrorKind::WouldBlock),
    ] {
        let before = matches!(kind, FaultKind::ResetBefore);
        fake.clear_faults();
        fake.clear_log();
        fake.add_fault(Fault::on(path, kind.clone()).nth(1));
        let stalls = matches!(kind, FaultKind::StallMidBody);
        let patience = Duration::from_millis(if stalls { 300 } else { 30_000 });
        let broken = send_within(patience, &fake, "GET", path, BEARER, None);
        assert!(!broken.whole, "{kind:?}");
        assert_eq!(broken.error, Some(error), "{kind:?}");
        assert_eq!(broken.body.len(), if before { 0 } else { whole.body.len() / 2 }, "{kind:?}");
        assert_eq!(fake.log()[0].status, (!before).then_some(200), "{kind:?}");
        assert!(get(&fake, path).whole, "only the first was struck");
    }
}

#[test]
fn faults_of_the_answer_replace_it() {
    let fake = FakeZendesk::start(World::numbered(3, 0, 0));
    let foreign = Foreign::start();
    let path = "/api/v2/organizations";
    let strike = |kind: FaultKind| {
        fake.clear_faults();
        fake.add_fault(Fault::on(path, kind).first(1));
        let got = get(&fake, path);
        assert!(got.whole);
        assert_eq!(get(&fake, path).status, 200, "only the first was struck");
        got
    };
    for code in [401, 403, 404, 409, 429, 500, 503, 504] {
        assert_eq!(strike(FaultKind::status(code)).status, code);
    }
    let busy = strike(FaultKind::status_retry_after(503, "7"));
    assert_eq!((busy.status, busy.header("Retry-After")), (503, Some("7")));
    let plain = strike(FaultKind::too_many(Refusal::Plain, None));
    assert_eq!(plain.header("Content-Type"), Some("text/plain; charset=utf-8"));
    let page = strike(FaultKind::NotJson);
    assert!(page.status == 200 && page.body.starts_with("<!DOCTYPE"));
    let cut = strike(FaultKind::TruncatedJson);
    assert!(cut.status == 200 && serde_json::from_str::<Value>(&cut.body).is_err());
    let elsewhere = strike(FaultKind::RedirectTo(foreign.url().into()));
    assert_eq!((elsewhere.status, elsewhere.header("Location")), (302, Some(foreign.url())));
    assert_eq!(strike(FaultKind::TokenExpiresNow).status, 401);
    assert_eq!(error_code(&strike(FaultKind::CursorExpired)), "InvalidPaginationParameter");
    assert_eq!(strike(FaultKind::MissingEnvelope).json().get("organizations"), None);
    assert_eq!(strike(FaultKind::HugeId).json()["organizations"][0]["id"], 9_007_199_254_740_993_u64);
    let nulls = strike(FaultKind::NullFields(vec!["external_id".into()])).json();
    assert_eq!(nulls["organizations"][2]["external_id"], Value::Null);
    assert_eq!(strike(FaultKind::Slow { ms: 1 }).status, 200);
}

#[test]
fn faults_of_paging_mislead_as_they_say() {
    let fake = FakeZendesk::start(World::numbered(6, 0, 0));
    let path = "/api/v2/organizations";
    let first = format!("{path}?page[size]=2");
    let all = |kind: FaultKind| {
        fake.clear_faults();
        fake.add_fault(Fault::on(path, kind).nth(2));
        ids_by_page(&fake, &first, "organizations")
    };
    assert_eq!(all(FaultKind::EmptyPage), [vec![4001, 4002], vec![], vec![4003, 4004], vec![4005, 4006]]);
    assert_eq!(all(FaultKind::RepeatRows), [vec![4001, 4002], vec![4001, 4002, 4003, 4004], vec![4005, 4006]]);
    assert_eq!(all(FaultKind::IgnorePageSize(3)), [vec![4001, 4002], vec![4003, 4004, 4005], vec![4006]]);
    let grown = all(FaultKind::grow(|world| world.add(Kind::Organizations, json!({"id": 4999}))));
    assert_eq!(grown.concat().last(), Some(&4999));

    let page = |kind: FaultKind| {
        fake.clear_faults();
        let one = get(&fake, &first).json();
        fake.add_fault(Fault::on(path, kind));
        let next = one["links"]["next"].as_str().expect("a link").replacen(fake.url(), "", 1);
        let two = get(&fake, &next).json();
        let three = get(&fake, &next).json();
        (one, two, three)
    };
    let (one, two, _) = page(FaultKind::CursorStuck);
    assert_eq!(
        two["meta"],
        json!({"has_more": true, "after_cursor": one["meta"]["after_cursor"],
        "before_cursor": two["meta"]["before_cursor"]})
    );
    let (_, two, _) = page(FaultKind::HasMoreWithoutCursor);
    assert_eq!(two["meta"]["has_more"], true);
    assert_eq!([&two["meta"]["after_cursor"], &two["links"]["next"]], [&Value::Null, &Value::Null]);
    let (one, two, three) = page(FaultKind::EndlessExport);
    assert_eq!(two["organizations"], one["organizations"]);
    assert_eq!(two["meta"]["has_more"], true);
    assert_ne!(two["meta"]["after_cursor"], three["meta"]["after_cursor"]);
    let foreign = Foreign::start();
    let (_, two, _) = page(FaultKind::ForeignNextLink(foreign.url().into()));
    assert!(two["links"]["next"].as_str().expect("a link").starts_with(foreign.url()));

    fake.clear_faults();
    fake.add_fault(Fault::below("/api/v2/organizations/", FaultKind::CountStale(100_000)));
    assert_eq!(
        get(&fake, "/api/v2/organizations/count").json(),
        json!({"count": {"value": 100_000, "refreshed_at": null}})
    );
}

#[test]
fn faults_of_paging_mislead_in_exports_too() {
    let config = Config { now: Some(1_776_470_000), ..Config::default() };
    let fake = FakeZendesk::start_with(World::numbered(0, 0, 6), config);
    let path = "/api/v2/incremental/tickets/cursor";
    let first = format!("{path}?start_time=1&per_page=3");
    fake.add_fault(Fault::on(path, FaultKind::EmptyPage).first(1));
    let pages = ids_by_page(&fake, &first, "tickets");
    assert_eq!(pages, [vec![], vec![700_001, 700_002, 700_003], vec![700_004, 700_005, 700_006]]);
    fake.clear_faults();
    fake.add_fault(Fault::on(path, FaultKind::EndlessExport).query("per_page=6"));
    let page = get(&fake, &format!("{path}?start_time=1&per_page=6")).json();
    assert_eq!(page["end_of_stream"], false);
    fake.clear_faults();
    fake.add_fault(Fault::on(path, FaultKind::HasMoreWithoutCursor));
    let page = get(&fake, &first).json();
    assert_eq!([&page["after_cursor"], &page["after_url"]], [&Value::Null, &Value::Null]);
}

#[test]
fn the_foreign_host_logs_what_it_is_sent() {
    let foreign = Foreign::start();
    let host = foreign.url().trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).expect("it listens");
    let request =
        format!("GET /x?y=1 HTTP/1.1\r\nHost: {host}\r\nAuthorization: {BEARER}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"));
    let log = foreign.log();
    assert_eq!(log[0].authorization(), Some(BEARER));
    assert_eq!((log[0].listener, log[0].query("y")), (Listener::Foreign, Some("1")));
}

#[test]
fn a_folder_is_loaded_and_a_bad_line_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("organizations.ndjson", "{\"id\": 1, \"extra\": {\"a\": null}}\n\n{\"id\": 2}\n");
    write("account_settings.json", "{\"settings\": {}}");
    let world = World::load_dir(folder.path()).expect("a world");
    assert_eq!(world.organizations.len(), 2);
    assert_eq!(world.organizations[0]["extra"], json!({"a": null}));
    assert_eq!(world.settings, Settings::Given(json!({"settings": {}})));
    assert!(world.tickets.is_empty());
    write("tickets.ndjson", "{\"id\": 1}\nnonsense\n");
    let error = World::load_dir(folder.path()).expect_err("a bad line");
    assert!(error.contains("tickets.ndjson, line 2"), "{error}");

    let fake = FakeZendesk::start(World { settings: Settings::Forbidden, ..world });
    assert_eq!(get(&fake, "/api/v2/account/settings").status, 403);
    fake.with_world(|world| world.settings = Settings::Absent);
    assert_eq!(get(&fake, "/api/v2/account/settings").status, 404);
    assert_eq!(get(&fake, "/api/v2/organizations/1").json()["organization"]["extra"], json!({"a": null}));
}

#[test]
fn the_port_is_free_after_a_drop() {
    let fake = FakeZendesk::start(World::default());
    let port = fake.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    drop(fake);
    let again = FakeZendesk::start_on(port, World::default(), Config::default()).expect("the same port");
    assert_eq!(get(&again, "/api/v2/users").status, 200);
}
