//! `doctor` from outside, against the fake: what makes each check warn or fail, and that nothing is ever written.

use super::{HEADER, demo, folder, gremlin};
use crate::fake_zendesk::{
    Config, FakeZendesk, Fault, FaultKind, Foreign, Kind, Limits, Refusal, Role, Settings, World,
};
use predicates::prelude::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const ME: &str = "/api/v2/users/me";
const CURRENT: &str = "/api/v2/oauth/tokens/current";
const SETTINGS: &str = "/api/v2/account/settings";
const ORGS: &str = "/api/v2/organizations";
const USERS: &str = "/api/v2/users";
const MEMBERSHIPS: &str = "/api/v2/organization_memberships";
const EXPORT: &str = "/api/v2/incremental/tickets/cursor";
const SEARCH: &str = "/api/v2/search/export";
const TICKETS: &str = "/api/v2/tickets";

/// All that must never be printed.
const SECRETS: [&str; 7] = [
    "fake-bearer-token",
    "fake-client-secret",
    "fake-api-token",
    "fake-granted-token",
    "admin@fake.example",
    "another-secret",
    "Fake Owner",
];

/// A fake with the limits of a plan, in which everything is well for an admin.
fn healthy() -> FakeZendesk {
    FakeZendesk::start_with(World::numbered(3, 5, 7), Config { limits: Limits::plan(400), ..Config::default() })
}

/// What `doctor` said.
struct Said {
    code: Option<i32>,
    document: Value,
    took: Duration,
}

impl Said {
    fn row(&self, check: &str) -> &Value {
        let rows = self.document["checks"].as_array().expect("an array");
        rows.iter().find(|row| row["check"] == check).unwrap_or_else(|| panic!("no check {check}"))
    }

    /// The checks that ended so, in order.
    fn all(&self, status: &str) -> Vec<&str> {
        let rows = self.document["checks"].as_array().expect("an array");
        let rows = rows.iter().filter(|row| row["status"] == status);
        rows.map(|row| row["check"].as_str().expect("a text")).collect()
    }

    /// One check ended so, and what it says holds each of these.
    #[track_caller]
    fn expect(&self, check: &str, status: &str, holds: &[&str]) -> &Self {
        let row = self.row(check);
        assert_eq!(row["status"], status, "{row:#}");
        for part in holds {
            assert!(row.to_string().replace("\\\"", "\"").contains(part), "{part}: {row:#}");
        }
        assert_eq!(row["next"].is_string(), ["warn", "fail"].contains(&status), "{row:#}");
        self
    }

    #[track_caller]
    fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{:#}", self.document["checks"]);
        self
    }
}

/// Runs `doctor` against a fake with a reference and a configuration that are well; afterwards the log holds reads alone.
fn doctor_with(fake: &FakeZendesk, env: &[(&str, &str)], config: &str) -> Said {
    let folder = folder();
    std::fs::write(folder.path().join("salesforce_accounts.csv"), format!("{HEADER}001A,A,a.example\n"))
        .expect("written");
    let config = format!("zendesk:\n  base_url: {}\n{config}", fake.url());
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), config).expect("written");
    let said = run(gremlin(&folder).args(["doctor", "--format", "json"]).envs(env.iter().copied()));
    assert!(!folder.path().join("artifacts").exists(), "nothing is left behind");
    only_reads(fake);
    said
}

fn run(command: &mut assert_cmd::Command) -> Said {
    let started = Instant::now();
    let output = command.output().expect("run");
    let took = started.elapsed();
    let text = String::from_utf8([output.stdout.clone(), output.stderr].concat()).expect("UTF-8");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(document["schema"], "g-gremlin/zendesk-drift/doctor/1");
    assert_eq!(document["checks"].as_array().map(Vec::len), Some(20));
    Said { code: output.status.code(), document, took }
}

#[track_caller]
fn only_reads(fake: &FakeZendesk) {
    for request in fake.log() {
        let grant = request.method == "POST" && request.path == "/oauth/tokens";
        assert!(request.method == "GET" || grant, "{request:?}");
    }
}

fn doctor(fake: &FakeZendesk) -> Said {
    doctor_with(fake, &FakeZendesk::BEARER_ENV, "")
}

fn with_fault(path: &str, what: FaultKind) -> Said {
    let fake = healthy();
    fake.add_fault(Fault::on(path, what));
    doctor(&fake)
}

fn with_role(role: Role) -> FakeZendesk {
    let fake = healthy();
    fake.with_config(|config| config.credentials.iter_mut().for_each(|credential| credential.role = role));
    fake
}

fn with_scopes(scopes: &[&str]) -> FakeZendesk {
    let fake = healthy();
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    fake.with_config(|config| {
        config.credentials.iter_mut().for_each(|credential| credential.scopes = Some(scopes.clone()));
    });
    fake
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

#[test]
fn all_is_well_for_an_admin_with_each_kind_of_credential() {
    let said = doctor(&healthy());
    said.ends_with(0);
    assert_eq!(said.all("ok").len(), 20, "{:#}", said.document);
    said.expect("login", "ok", &["accepted, as user 1"]).expect("role", "ok", &["admin"]);
    said.expect("scopes", "ok", &["read, write"]).expect("apply", "ok", &["an admin with the scope write"]);
    said.expect("config", "ok", &["./gremlin.zendesk_drift.yaml, for http://127.0.0.1:"]);
    said.expect("reference", "ok", &["1 account, 1 expected domain"]);
    said.expect("output_root", "ok", &["./artifacts/zendesk_drift does not exist yet"]);
    said.expect("rate_limit", "ok", &["400 requests per minute, the limit of Growth or Professional", "at most 320"]);
    said.expect("organizations", "ok", &["about 3"]).expect("users", "ok", &["about 5"]);
    said.expect("ticket_export", "ok", &["tickets come from here"]).expect("ticket_list", "ok", &["not used"]);
    said.expect("credentials", "ok", &["ZENDESK_OAUTH_TOKEN"]);

    let fake = healthy();
    let said = doctor_with(&fake, &FakeZendesk::CLIENT_ENV, "");
    said.ends_with(0).expect("scopes", "ok", &["\"read\""]);
    assert_eq!(said.all("warn"), ["apply"]);
    said.expect("apply", "warn", &["can only read; an audit needs no more", "ZENDESK_OAUTH_SCOPE=\"read write\""]);
    said.expect("credentials", "ok", &["ZENDESK_OAUTH_CLIENT_ID and _SECRET", "scope \"read\""]);
    assert_eq!(fake.requests_to("/oauth/tokens")[0].body["scope"], "read", "writing is never asked for");

    let said = doctor_with(&healthy(), &FakeZendesk::API_TOKEN_ENV, "");
    said.ends_with(0).expect("credentials", "warn", &["30 April 2027", "create an OAuth client"]);
    said.expect("scopes", "ok", &["can do what its user can"]).expect("apply", "ok", &["API token"]);
    assert_eq!(said.all("warn"), ["credentials"]);
}

#[test]
fn a_handful_of_requests_is_all_and_every_one_is_counted() {
    let fake = healthy();
    let said = doctor_with(&fake, &FakeZendesk::CLIENT_ENV, "");
    let counted: u64 = said.document["requests"].as_object().expect("counts").values().filter_map(Value::as_u64).sum();
    assert_eq!(counted, fake.log().len() as u64);
    assert_eq!(counted, 16);
    for logged in fake.log() {
        let size = logged.query("page[size]").or(logged.query("per_page"));
        assert!(size.is_none_or(|size| size == "1"), "{logged:?}");
    }
}

#[test]
fn what_apply_would_use_can_be_checked() {
    let env = [&FakeZendesk::CLIENT_ENV[..], &[("ZENDESK_OAUTH_SCOPE", "read write")]].concat();
    let said = doctor_with(&healthy(), &env, "");
    said.ends_with(0).expect("apply", "ok", &["an admin with the scope write"]);
    assert_eq!(said.document["facts"]["scopes"], json!(["read", "write"]));
    let said = doctor(&with_scopes(&["read", "organizations:write", "users:write"]));
    said.expect("apply", "warn", &["perhaps"]);
    let said = doctor(&with_scopes(&["read"]));
    said.ends_with(0).expect("apply", "warn", &["can only read", "ZENDESK_OAUTH_TOKEN"]);
}

#[test]
fn scopes_that_are_not_shown_leave_what_was_asked_for() {
    let hidden = |env: &[(&str, &str)]| {
        let fake = healthy();
        fake.add_fault(Fault::on(CURRENT, FaultKind::status(404)));
        doctor_with(&fake, env, "")
    };
    let said = hidden(&FakeZendesk::BEARER_ENV);
    said.ends_with(0).expect("scopes", "not_checked", &["does not show", "404"]);
    said.expect("apply", "warn", &["does not show whether the token can write"]);
    let said = hidden(&FakeZendesk::CLIENT_ENV);
    said.expect("scopes", "not_checked", &["\"read\" asked for"]).expect("apply", "warn", &["can only read"]);
}

#[test]
fn narrow_scopes_are_judged_by_what_they_open() {
    let said = doctor(&with_scopes(&["organizations:read", "users:read", "tickets:read"]));
    said.ends_with(0).expect("scopes", "warn", &["organizations:read, users:read, tickets:read; "]);
    said.expect("multiple_organizations", "warn", &["403"]).expect("memberships", "ok", &[]);
    let said = doctor(&with_scopes(&["tickets:read"]));
    said.ends_with(1).expect("users", "fail", &["403 Forbidden", "users:read"]);
    assert_eq!(said.all("fail"), ["organizations", "users", "memberships", "records_by_id"]);
    let said = doctor(&with_scopes(&[]));
    said.ends_with(1).expect("scopes", "fail", &["none", "read"]);
}

#[test]
fn the_role_decides_what_can_be_read_and_written() {
    let said = doctor(&with_role(Role::Agent));
    said.ends_with(0);
    said.expect("role", "warn", &["agent", "use credentials"]);
    said.expect("ticket_export", "warn", &["403", "tickets come from the search export"]);
    said.expect("ticket_search", "ok", &["tickets come from here"]);
    said.expect("apply", "warn", &["partly", "custom role"]);
    assert_eq!(said.all("warn"), ["role", "ticket_export", "apply"]);
    assert_eq!(said.document["facts"]["ticket_source"], "search_export_alone");

    let said = doctor(&with_role(Role::EndUser));
    said.ends_with(3).expect("role", "fail", &["an end user", "use credentials"]);
    said.expect("users", "not_checked", &["end users cannot read it"]).expect("clock", "ok", &[]);
    assert_eq!((said.all("fail"), said.document["facts"]["role"].as_str()), (vec!["role"], Some("end-user")));
    assert_eq!(said.document["requests"], json!({"users_me": 1}));
}

#[test]
fn an_agent_who_sees_a_part_is_refused_as_by_an_audit() {
    let fake = with_role(Role::Agent);
    fake.with_world(|world| {
        let id = world.list(Kind::Users)[0]["id"].as_u64().expect("an id");
        world.set(Kind::Users, id, "email", "admin@fake.example");
        world.set(Kind::Users, id, "role", "agent");
        world.set(Kind::Users, id, "ticket_restriction", "groups");
    });
    let said = doctor_with(&fake, &FakeZendesk::API_TOKEN_ENV, "");
    said.ends_with(3).expect(
        "role",
        "fail",
        &["can see only some tickets", "ticket_restriction: groups", "use credentials"],
    );
    fake.with_world(|world| {
        let id = world.list(Kind::Users)[0]["id"].as_u64().expect("an id");
        world.set(Kind::Users, id, "ticket_restriction", serde_json::Value::Null);
        world.set(Kind::Users, id, "restricted_agent", true);
    });
    let said = doctor_with(&fake, &FakeZendesk::API_TOKEN_ENV, "");
    said.ends_with(0).expect("role", "warn", &["a restricted role", "use credentials"]);
}

#[test]
fn a_role_that_nobody_knows_is_shown_harmlessly() {
    let said = with_fault(ME, FaultKind::json(200, json!({"user": {"id": 7, "role": "\u{1b}[31mking"}})));
    said.ends_with(0).expect("role", "warn", &["king"]).expect("apply", "warn", &["unknown"]);
    assert!(!said.row("role")["saw"].as_str().expect("a text").contains('\u{1b}'));
    let said = with_fault(ME, FaultKind::json(200, json!({"user": {"id": 7}})));
    said.expect("role", "warn", &["does not say"]);
}

#[test]
fn a_stranger_is_not_logged_in_although_the_answer_is_200() {
    let fake = healthy();
    let said = doctor_with(&fake, &[("ZENDESK_OAUTH_TOKEN", "another-secret")], "");
    said.ends_with(3).expect("login", "fail", &["does not accept the credentials", "ZENDESK_OAUTH_TOKEN has expired"]);
    said.expect("connection", "ok", &[]).expect("clock", "ok", &[]).expect("rate_limit", "ok", &[]);
    assert_eq!(said.all("not_checked").len(), 12);
    assert_eq!(fake.log().len(), 1, "nothing more is asked");
    assert_eq!(fake.log()[0].status, Some(200));
}

#[test]
fn credentials_that_are_refused_are_explained() {
    let said = with_fault(ME, FaultKind::status(401));
    said.ends_with(3).expect("login", "fail", &["401 Couldn't authenticate you", "ZENDESK_OAUTH_TOKEN"]);
    let env = [("ZENDESK_OAUTH_CLIENT_ID", "fake-client"), ("ZENDESK_OAUTH_CLIENT_SECRET", "another-secret")];
    let said = doctor_with(&healthy(), &env, "");
    said.ends_with(3).expect("login", "fail", &["401 invalid_client", "ZENDESK_OAUTH_CLIENT_SECRET"]);
    let env = [&FakeZendesk::CLIENT_ENV[..], &[("ZENDESK_OAUTH_SCOPE", "everything")]].concat();
    let said = doctor_with(&healthy(), &env, "");
    said.ends_with(3).expect("login", "fail", &["400 invalid_scope", "\"everything\""]);
    said.expect("connection", "ok", &[]);
    let said = with_fault(ME, FaultKind::status(404));
    said.ends_with(3).expect("login", "fail", &["404", "check the subdomain"]);
}

#[test]
fn a_login_that_may_not_say_who_it_is_fails_as_an_audit_does() {
    let said = with_fault(ME, FaultKind::status(403));
    said.ends_with(3).expect("login", "fail", &["403", "users:read"]).expect("role", "not_checked", &[]);
}

#[test]
fn no_connection_leaves_the_rest_unchecked() {
    let fake = healthy();
    let url = fake.url().to_owned();
    drop(fake);
    let folder = folder();
    let mut command = gremlin(&folder);
    command.args(["doctor", "--format", "json", "--base-url", &url]).envs(FakeZendesk::BEARER_ENV);
    let said = run(&mut command);
    said.ends_with(3).expect("connection", "fail", &["127.0.0.1 cannot be reached", "check the subdomain"]);
    assert_eq!(said.all("not_checked").len(), 16);
    assert!(said.took < Duration::from_secs(10), "{:?}", said.took);

    let foreign = Foreign::start();
    let said = with_fault(ME, FaultKind::RedirectTo(format!("{}/login", foreign.url())));
    said.ends_with(3).expect("connection", "fail", &["302, redirected to http://127.0.0.1:"]);
    assert!(foreign.log().is_empty());
    let said = with_fault(ME, FaultKind::status(503));
    said.ends_with(3).expect("connection", "fail", &["503", "status.zendesk.com"]);
    let said = with_fault(ME, FaultKind::NotJson);
    said.ends_with(3).expect("connection", "fail", &["not JSON"]);
}

#[test]
fn a_passing_failure_is_tried_once_more() {
    let fake = healthy();
    for path in [ME, USERS, EXPORT] {
        fake.add_fault(Fault::on(path, FaultKind::ResetBefore).nth(1));
    }
    let said = doctor(&fake);
    said.ends_with(0);
    assert_eq!(said.all("ok").len(), 20);
    assert_eq!(said.document["requests"]["users"], 2);
}

#[test]
fn a_used_up_limit_is_told_and_not_waited_for() {
    let said = with_fault(USERS, FaultKind::too_many(Refusal::Described, Some("42")));
    said.ends_with(0);
    said.expect("users", "warn", &["429 APIRateLimitExceeded", "and Zendesk asks to wait 42 s", "run again in 42 s"]);
    assert!(said.took < Duration::from_secs(5), "{:?}", said.took);
    let said = with_fault(ME, FaultKind::too_many(Refusal::Plain, Some("42")));
    said.ends_with(3).expect("connection", "ok", &[]).expect("login", "fail", &["429", "run again in 42 s"]);

    // The account closes for the rest of a minute in the middle of the checks.
    let limits = Limits::plan(8);
    let fake = FakeZendesk::start_with(World::numbered(3, 5, 7), Config { limits, ..Config::default() });
    let said = doctor(&fake);
    assert!(said.took < Duration::from_secs(10), "{:?}", said.took);
    said.expect("memberships", "ok", &[]).expect("ticket_list", "warn", &["429"]);
    said.expect("rate_limit", "warn", &["8 requests per minute, a limit of no known plan; 0 left now"]);
    said.expect("estimate", "warn", &["does not say"]);
}

#[test]
fn the_limit_names_the_plan() {
    for (limit, plan) in [
        (200, Some("Team")),
        (400, Some("Growth or Professional")),
        (700, Some("Enterprise")),
        (2500, Some("Enterprise Plus or the High Volume add-on")),
        (1234, None),
    ] {
        let fake = healthy();
        fake.with_config(|config| config.limits = Limits::plan(limit));
        let said = doctor(&fake);
        said.expect("rate_limit", "ok", &[plan.unwrap_or("no known plan"), "left now"]);
        assert_eq!(said.document["facts"]["plan"], json!(plan));
        assert_eq!(said.document["facts"]["requests_per_minute"], limit);
    }
    let fake = healthy();
    fake.with_config(|config| config.limits = Limits::none());
    let said = doctor(&fake);
    said.ends_with(0).expect("rate_limit", "warn", &["no rate-limit headers"]);
    said.expect("estimate", "ok", &["at least 2 s"]);
}

#[test]
fn others_who_use_the_limit_up_are_told_of() {
    let fake = healthy();
    fake.with_config(|config| config.limits = Limits::plan(16));
    let said = doctor(&fake);
    said.ends_with(0).expect("rate_limit", "warn", &["1 left now", "at most 13", "reserve of 20 %"]);
}

#[test]
fn a_clock_that_is_wrong_is_told_with_what_it_shifts() {
    for (server_ahead, says) in [(300, "s behind the server's: the ticket window"), (-300, "s ahead of the server's")] {
        let fake = healthy();
        fake.with_config(|config| config.now = Some(now() + server_ahead));
        let said = doctor(&fake);
        said.ends_with(0).expect("clock", "warn", &[says, "NTP"]);
        let ahead = said.document["facts"]["clock_ahead_secs"].as_i64().expect("a number");
        assert!((ahead + server_ahead).abs() <= 2, "{ahead}");
        said.expect("ticket_export", "ok", &[]);
    }
    let fake = healthy();
    fake.with_config(|config| config.now = Some(now() + 40));
    doctor(&fake).ends_with(0).expect("clock", "ok", &["s behind the server's"]);
}

#[test]
fn the_setting_is_on_off_or_unknown() {
    let with = |setting: Settings| {
        let fake = healthy();
        fake.with_world(|world| world.settings = setting);
        doctor(&fake)
    };
    let setting = |value: Value| Settings::Given(json!({"settings": {"user": value}}));
    let said = with(setting(json!({"multiple_organizations": false})));
    said.ends_with(0).expect("multiple_organizations", "warn", &["off: a second org would replace the first"]);
    assert_eq!(said.document["facts"]["multiple_organizations"], false);
    with(setting(json!({}))).ends_with(0).expect("multiple_organizations", "warn", &["do not include it"]);
    with(Settings::Forbidden).ends_with(0).expect("multiple_organizations", "warn", &["403"]);
    with(Settings::Absent).ends_with(0).expect("multiple_organizations", "warn", &["404"]);
    with_fault(SETTINGS, FaultKind::status(500)).ends_with(1).expect("multiple_organizations", "fail", &["500"]);
}

#[test]
fn each_read_fails_on_its_own() {
    for (check, path) in [
        ("organizations", ORGS),
        ("users", USERS),
        ("memberships", MEMBERSHIPS),
        ("records_by_id", "/api/v2/users/show_many"),
        ("records_by_id", "/api/v2/organizations/show_many"),
        ("records_by_id", "/api/v2/users/500001/organization_memberships"),
    ] {
        let said = with_fault(path, FaultKind::status(403));
        said.ends_with(1).expect(check, "fail", &["403 Forbidden", "the credentials must have the scope"]);
        assert_eq!(said.all("fail"), [check]);
        with_fault(path, FaultKind::status(500)).ends_with(1).expect(check, "fail", &["500"]);
        with_fault(path, FaultKind::MissingEnvelope).ends_with(1).expect(check, "fail", &["has no array"]);
    }
}

#[test]
fn the_sources_of_tickets_stand_in_for_each_other() {
    let closed = |paths: &[(&str, u16)], config: &str| {
        let fake = healthy();
        paths.iter().for_each(|(path, code)| fake.add_fault(Fault::on(path, FaultKind::status(*code))));
        doctor_with(&fake, &FakeZendesk::BEARER_ENV, config)
    };
    let allow = "tickets:\n  allow_list: true\n";
    let said = closed(&[(EXPORT, 403), (SEARCH, 403)], "");
    said.ends_with(1).expect("ticket_export", "fail", &["403", "admin"]);
    said.expect("ticket_search", "fail", &["403", "tickets.allow_list: true"]).expect("ticket_list", "ok", &[]);
    said.expect("estimate", "warn", &["tickets, whose number is unknown"]);

    let said = closed(&[(EXPORT, 403), (SEARCH, 403)], allow);
    said.ends_with(0).expect("ticket_list", "warn", &["without archived ones"]);
    said.expect("ticket_export", "warn", &["the ticket list"]).expect("ticket_search", "warn", &["403"]);
    assert_eq!(said.document["facts"]["ticket_source"], "list");

    let said = closed(&[(EXPORT, 403), (SEARCH, 403), (TICKETS, 403)], allow);
    said.ends_with(1).expect("ticket_list", "fail", &["403"]);
    closed(&[(EXPORT, 500)], "").ends_with(1).expect("ticket_export", "fail", &["500"]);
    closed(&[(SEARCH, 403)], "").ends_with(0).expect("ticket_search", "warn", &["not needed"]);
    closed(&[(TICKETS, 403)], "").ends_with(0).expect("ticket_list", "warn", &["not used"]);
}

#[test]
fn the_estimate_counts_pages_and_minutes() {
    let large = |env: &[(&str, &str)], tickets: FaultKind| {
        let fake = healthy();
        fake.add_fault(Fault::on("/api/v2/organizations/count", FaultKind::CountStale(5000)));
        fake.add_fault(Fault::on("/api/v2/users/count", FaultKind::CountStale(50_000)));
        fake.add_fault(Fault::on("/api/v2/search/count", tickets));
        doctor_with(&fake, env, "")
    };
    let said = large(&FakeZendesk::CLIENT_ENV, FaultKind::json(200, json!({"count": 30_000})));
    said.expect(
        "estimate",
        "ok",
        &[
            "about 1,087 requests, about 4 minutes: 50 for organizations, 500 for users, 500 for memberships",
            "31 for tickets of 30 days",
        ],
    );
    let part =
        |kind, way, requests, seconds| json!({"kind": kind, "way": way, "requests": requests, "seconds": seconds});
    let estimate = &said.document["facts"]["estimate"];
    assert_eq!((&estimate["requests"], &estimate["seconds"]), (&json!(1087), &json!(202)));
    let parts = [
        part("organizations", "list", 50, 20),
        part("users", "list", 500, 200),
        part("organization_memberships", "list", 500, 200),
        part("tickets", "search export", 31, 13),
    ];
    assert_eq!(estimate["parts"], json!(parts));
    let said = large(&FakeZendesk::BEARER_ENV, FaultKind::status(403));
    said.ends_with(0).expect("estimate", "warn", &["about 1,055 requests", "unknown"]);
    let said = with_fault("/api/v2/users/count", FaultKind::status(403));
    said.ends_with(0).expect("estimate", "warn", &["does not say how many"]).expect("users", "ok", &["can be read"]);
    assert_eq!(said.document["facts"]["estimate"], Value::Null);
}

#[test]
fn tickets_of_the_window_are_counted() {
    let mut world = World::numbered(3, 5, 7);
    let recent = jiff::Timestamp::from_second(now() - 86_400).expect("a time").to_string();
    for id in [700_001, 700_002] {
        world.set(Kind::Tickets, id, "updated_at", recent.as_str());
    }
    let fake = FakeZendesk::start(world);
    let said = doctor(&fake);
    assert_eq!(said.document["facts"]["estimate"]["tickets"], 2);
}

/// `doctor` in a folder with these files, without a fake and without credentials.
fn at_home(files: &[(&str, &str)], args: &[&str], env: &[(&str, &str)]) -> Said {
    let folder = folder();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    run(gremlin(&folder).args(["doctor", "--format", "json"]).args(args).envs(env.iter().copied()))
}

#[test]
fn without_anything_the_first_step_is_init() {
    let said = at_home(&[], &[], &[]);
    said.ends_with(1).expect(
        "config",
        "fail",
        &["there is no ./gremlin.zendesk_drift.yaml", "zendesk drift init --sf"],
    );
    said.expect("credentials", "fail", &["no Zendesk credentials", "ZENDESK_OAUTH_CLIENT_ID"]);
    said.expect("reference", "not_checked", &["no export is named"]);
    said.expect("connection", "not_checked", &["no Zendesk is named"]);
    assert_eq!(said.document["zendesk"], Value::Null);
}

#[test]
fn a_configuration_is_judged_with_its_flags() {
    const YAML: &str = "gremlin.zendesk_drift.yaml";
    let accounts = format!("{HEADER}001A,A,a.example\n");
    let csv = ("a.csv", accounts.as_str());
    let said = at_home(&[(YAML, "zendesk:\n  subdomian: acme\n")], &[], &[]);
    said.ends_with(1).expect("config", "fail", &["line 2: unknown key `subdomian`", "`subdomain`"]);
    said.expect("reference", "not_checked", &[]).expect("output_root", "not_checked", &[]);
    said.expect("estimate", "not_checked", &["the configuration cannot be used"]);
    at_home(&[], &["--config", "absent.yaml"], &[]).ends_with(1).expect("config", "fail", &["absent.yaml", "init"]);
    let said = at_home(&[(YAML, ""), csv], &["--sf-accounts", "a.csv"], &[]);
    said.ends_with(1).expect("config", "fail", &["names no Zendesk", "zendesk.subdomain"]).expect(
        "reference",
        "ok",
        &[],
    );
    let said = at_home(&[csv], &["--sf-accounts", "a.csv"], &[]);
    said.expect("config", "fail", &["no --subdomain"]).expect("reference", "ok", &[]);
    let said = at_home(&[], &["--subdomain", "acme"], &[]);
    said.expect("config", "fail", &["no --sf-accounts"]).expect("connection", "not_checked", &["no credentials"]);
    assert_eq!(said.document["zendesk"], "https://acme.zendesk.com");
    let said = at_home(&[csv], &["--sf-accounts", "a.csv", "--subdomain", "acme"], &[]);
    said.ends_with(1).expect("config", "ok", &["the flags are enough, for https://acme.zendesk.com"]);
    assert_eq!(said.all("fail"), ["credentials"]);
}

#[test]
fn the_reference_is_read_as_an_audit_reads_it() {
    let judged = |csv: &str| at_home(&[("a.csv", csv)], &["--sf-accounts", "a.csv"], &[]);
    at_home(&[], &["--sf-accounts", "a.csv"], &[]).expect("reference", "fail", &["./a.csv cannot be read", "export"]);
    judged("id,name\n1,2\n").expect(
        "reference",
        "fail",
        &["the columns `sf_account_id`, ", "map the export's headers"],
    );
    let faults = format!("{HEADER}{}", " ,x,y\n".repeat(25));
    judged(&faults).expect("reference", "fail", &["line 2: ", "line 4: ", "and 22 more"]);
    let said = judged(&format!("{HEADER}001A,A,gmail.com\n"));
    said.expect("reference", "warn", &["1 account, 0 expected domains, 2 warnings", "explain"]);
}

#[test]
fn an_output_root_that_cannot_be_made_is_told() {
    let root = "artifacts:\n  root: file/runs\n";
    let said = at_home(&[("gremlin.zendesk_drift.yaml", root), ("file", "")], &[], &[]);
    said.ends_with(1).expect("output_root", "fail", &["./file/runs cannot be written", "artifacts.root"]);
}

#[test]
fn half_a_set_of_credentials_is_told() {
    let said = at_home(&[], &[], &[("ZENDESK_OAUTH_CLIENT_SECRET", "another-secret")]);
    said.expect("credentials", "fail", &["ZENDESK_OAUTH_CLIENT_SECRET is set, but ZENDESK_OAUTH_CLIENT_ID is not"]);
    let said = at_home(&[], &[], &[("ZENDESK_OAUTH_TOKEN", "another-secret two")]);
    said.expect("credentials", "fail", &["ZENDESK_OAUTH_TOKEN contains a character"]);
}

#[test]
fn the_table_says_it_all_and_ends_with_the_next_command() {
    let fake = healthy();
    let folder = folder();
    let accounts = demo().join("salesforce_accounts.csv");
    let mut command = gremlin(&folder);
    command.args(["doctor", "--base-url", fake.url(), "--sf-accounts"]).arg(&accounts).envs(FakeZendesk::BEARER_ENV);
    let again = format!("--base-url {} --sf-accounts {}", fake.url(), accounts.display());
    let table = command.assert().code(0).get_output().stdout.clone();
    let table = String::from_utf8(table).expect("UTF-8");
    for line in ["│ login                  ┆ ok   ┆ accepted, as user 1 ", "│ reference              ┆ warn ┆ "]
    {
        assert!(table.contains(line), "{table}");
    }
    assert!(table.contains("19 ok, 1 warn, 0 fail, 0 not checked: an audit can run.\n"), "{table}");
    assert!(table.ends_with(&format!("\nNext:\n  g-gremlin zendesk drift audit {again}\n")), "{table}");
    assert!(!table.contains('\u{1b}'), "no colors where nobody looks");
    command.args(["--color", "always"]);
    command.assert().stdout(predicate::str::contains("┆\u{1b}[32m ok   \u{1b}[0m┆"));
    command.args(["--quiet"]);
    command.assert().code(0).stdout("").stderr("");

    let mut command = gremlin(&folder);
    command.args(["doctor", "--base-url", fake.url()]).env("ZENDESK_OAUTH_TOKEN", "another-secret");
    command.assert().code(3).stdout(
        predicate::str::contains("2 fail, 13 not checked: Zendesk cannot be read.\n\nNext:\n  Fix the failed checks")
            .and(predicate::str::contains("│ 10 checks   ┆ not checked ┆ the login failed: multiple_organizations,")),
    );
    command.args(["--quiet"]);
    command.assert().code(3).stdout("").stderr(
        predicate::str::contains(
            "error: login: Zendesk does not accept the credentials (its response is the one it sends without credentials)\n  help: ZENDESK_OAUTH_TOKEN",
        )
        .and(predicate::str::starts_with("error: config: ")),
    );
}

#[test]
fn a_command_line_that_cannot_be_read_is_an_error_of_its_own() {
    let folder = folder();
    gremlin(&folder)
        .args(["doctor", "--subdomain", "a", "--base-url", "https://b.example"])
        .assert()
        .code(2)
        .stdout("");
    gremlin(&folder)
        .args(["doctor", "--subdomain", "a b"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::starts_with("error: --subdomain cannot be used\n"));
    gremlin(&folder).args(["doctor", "--demo"]).assert().code(2).stdout("");
}

#[test]
fn every_request_can_be_watched() {
    let folder = folder();
    let fake = healthy();
    gremlin(&folder)
        .args(["doctor", "--verbose", "--base-url", fake.url()])
        .envs(FakeZendesk::CLIENT_ENV)
        .assert()
        .code(1)
        .stderr(
            predicate::str::contains("POST /oauth/tokens: 200 in")
                .and(predicate::str::contains("GET /api/v2/users/me: 200 in")),
        );
    only_reads(&fake);
}
