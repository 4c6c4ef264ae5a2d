//! Writing to the fake: what each write changes, what Zendesk does by itself, what is refused, and how it goes wrong.

use std::sync::mpsc;

use super::*;

const ORG: &str = "/api/v2/organizations/4001";
const MEMBERSHIPS: &str = "/api/v2/organization_memberships";

/// Two organizations and three users: 500001 and 500003 belong to 4001, 500002 to 4002.
fn start() -> FakeZendesk {
    FakeZendesk::start(World::numbered(2, 3, 0))
}

fn with_platform(platform: Platform) -> FakeZendesk {
    FakeZendesk::start_with(World::numbered(2, 3, 0), Config { platform, ..Config::default() })
}

fn put(fake: &FakeZendesk, target: &str, body: Value) -> Got {
    send(fake, "PUT", target, BEARER, Some(body))
}

fn set_external_id(fake: &FakeZendesk, target: &str, id: &str) -> Got {
    put(fake, target, json!({"organization": {"external_id": id}}))
}

fn set_domains(fake: &FakeZendesk, target: &str, domains: &[&str]) -> Got {
    put(fake, target, json!({"organization": {"domain_names": domains}}))
}

fn join(fake: &FakeZendesk, user: u64, organization: u64) -> Got {
    let body = json!({"organization_membership": {"user_id": user, "organization_id": organization}});
    send(fake, "POST", MEMBERSHIPS, BEARER, Some(body))
}

fn make_default(fake: &FakeZendesk, user: u64, membership: u64) -> Got {
    let target = format!("/api/v2/users/{user}/organization_memberships/{membership}/make_default");
    send(fake, "PUT", &target, BEARER, None)
}

fn organization(fake: &FakeZendesk, id: u64) -> Value {
    Value::Object(fake.world().find(Kind::Organizations, id).expect("an organization").clone())
}

/// The memberships of a user as organization and default, and the user's own organization.
fn place(fake: &FakeZendesk, user: u64) -> (Vec<(u64, Value)>, Value) {
    let list = get(fake, &format!("/api/v2/users/{user}/organization_memberships?page[size]=100")).json();
    let list = list["organization_memberships"].as_array().expect("a list").clone();
    let list =
        list.iter().map(|own| (own["organization_id"].as_u64().expect("an id"), own["default"].clone())).collect();
    (list, get(fake, &format!("/api/v2/users/{user}")).json()["user"]["organization_id"].clone())
}

/// The field and the code of a 422.
fn invalid(got: &Got) -> (String, String) {
    assert_eq!((got.status, error_code(got)), (422, "RecordInvalid".into()), "{}", got.body);
    let details = got.json()["details"].as_object().expect("details").clone();
    let (field, errors) = details.iter().next().expect("one field");
    (field.clone(), errors[0]["error"].as_str().expect("a code").into())
}

#[test]
fn an_update_changes_one_field_and_the_time() {
    let fake = start();
    let before = organization(&fake, 4001);
    let got = set_external_id(&fake, ORG, "001New");
    assert_eq!(got.status, 200);
    assert!(got.header("X-Zendesk-Request-Id").is_some_and(|id| id.starts_with("fake-request-")));
    let mut after = organization(&fake, 4001);
    assert_eq!(got.json()["organization"], after);
    assert_eq!(get(&fake, ORG).json()["organization"], after);
    assert_eq!(after["external_id"], "001New");
    assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
    after["external_id"] = before["external_id"].clone();
    after["updated_at"] = before["updated_at"].clone();
    assert_eq!(after, before, "nothing else");

    let at = organization(&fake, 4001)["updated_at"].clone();
    set_external_id(&fake, ORG, "001NEW");
    assert!(organization(&fake, 4001)["updated_at"].as_str() > at.as_str(), "in the same second, too");
}

#[test]
fn domain_names_are_replaced_as_a_whole() {
    let fake = start();
    let got = set_domains(&fake, ORG, &["Two.Example", " one.example ", "two.example"]);
    assert_eq!(got.json()["organization"]["domain_names"], json!(["two.example", "one.example"]));
    // Another organization may hold the same.
    assert_eq!(set_domains(&fake, "/api/v2/organizations/4002", &["two.example"]).status, 200);
    assert_eq!(organization(&fake, 4002)["domain_names"], json!(["two.example"]));
}

#[test]
fn an_external_id_belongs_to_one_organization_whatever_its_case() {
    let fake = start();
    let taken = set_external_id(&fake, ORG, "001fake002");
    assert_eq!(invalid(&taken), ("external_id".into(), "DuplicateValue".into()));
    assert_eq!(organization(&fake, 4001)["external_id"], "001FAKE001");
    assert_eq!(set_external_id(&fake, ORG, "001fake001").status, 200, "its own");
    fake.with_world(|world| world.set(Kind::Organizations, 4002, "deleted_at", "2026-02-01T00:00:00Z"));
    assert_eq!(set_external_id(&fake, ORG, "001fake002").status, 200, "a deleted one holds nothing");
    let gone = set_external_id(&fake, "/api/v2/organizations/4002", "x");
    assert_eq!((gone.status, error_code(&gone)), (404, "RecordNotFound".into()));
}

#[test]
fn requests_that_no_client_may_send_are_answered_and_remembered() {
    let fake = start();
    let before = fake.world();
    for (method, target, body, status, code) in [
        ("PUT", ORG, json!({"organizations": {"external_id": "x"}}), 422, "RecordInvalid"),
        ("PUT", ORG, json!({"organization": {"external_id": 7}}), 422, "RecordInvalid"),
        ("PUT", ORG, json!({"organization": {"domain_names": "one.example"}}), 422, "RecordInvalid"),
        ("POST", MEMBERSHIPS, json!({"user_id": 500_001, "organization_id": 4002}), 422, "RecordInvalid"),
        ("DELETE", "/api/v2/organization_memberships/600001", Value::Null, 404, "InvalidEndpoint"),
        ("PUT", "/api/v2/users/500001", json!({"user": {"organization_id": 4002}}), 404, "InvalidEndpoint"),
        (
            "POST",
            "/api/v2/users/500001/organization_memberships/600001/make_default",
            Value::Null,
            404,
            "InvalidEndpoint",
        ),
        ("PUT", "/api/v2/users/500001/organizations/4001/make_default", Value::Null, 404, "InvalidEndpoint"),
        ("POST", "/api/v2/organizations", json!({"organization": {"name": "x"}}), 404, "InvalidEndpoint"),
        ("PUT", "/api/v2/organizations/update_many?ids=4001", json!({}), 404, "RecordNotFound"),
        ("PATCH", ORG, json!({"organization": {"external_id": "x"}}), 404, "InvalidEndpoint"),
    ] {
        let got = send(&fake, method, target, BEARER, Some(body));
        assert_eq!((got.status, error_code(&got).as_str()), (status, code), "{method} {target}");
        let violations = fake.take_violations();
        assert_eq!(violations.len(), 1, "{method} {target}");
        assert_eq!((violations[0].method.as_str(), violations[0].status), (method, None), "as it came");
    }
    let after = fake.world();
    assert_eq!(after.organizations, before.organizations);
    assert_eq!((after.users, after.memberships), (before.users, before.memberships));
    assert!(fake.writes().iter().all(|write| write.shape.is_none() && !write.acted()));

    // This one would be carried out, and is none of the four writes all the same.
    let both = json!({"organization": {"external_id": "x", "domain_names": ["x.example"]}});
    assert_eq!(put(&fake, ORG, both).status, 200);
    assert_eq!(set_external_id(&fake, &format!("{ORG}?include=x"), "y").status, 200);
    assert_eq!(fake.take_violations().len(), 2);
}

#[test]
fn a_test_fails_whose_client_sends_what_it_must_not() {
    let outcome = std::panic::catch_unwind(|| {
        let fake = start();
        send(&fake, "DELETE", "/api/v2/users/500001", BEARER, None);
    });
    let panic = outcome.expect_err("the drop fails");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.contains("must not send") && text.contains("DELETE"), "{text}");
    let sent = sent_so_far();
    assert!(sent.keys().any(|what| what == "violation: DELETE /api/v2/users/500001 null"), "{sent:?}");
}

#[test]
fn the_four_writes_and_the_grant_are_told_apart() {
    let fake = start();
    set_external_id(&fake, ORG, "x");
    set_domains(&fake, ORG, &["x.example"]);
    join(&fake, 500_001, 4002);
    make_default(&fake, 500_001, 600_001);
    let grant = json!({"grant_type": "client_credentials", "client_id": "a", "client_secret": "b", "scope": "read"});
    send(&fake, "POST", "/oauth/tokens", "", Some(grant));
    let shapes: Vec<Option<Shape>> = fake.non_gets().iter().map(|logged| logged.shape).collect();
    assert_eq!(
        shapes,
        [Shape::SetExternalId, Shape::SetDomainNames, Shape::CreateMembership, Shape::MakeDefault, Shape::Grant]
            .map(Some)
    );
    assert_eq!(fake.writes().len(), 4, "a grant is no write");
    assert!(fake.take_violations().is_empty());
    let sent = sent_so_far();
    assert!(shapes.into_iter().flatten().all(|shape| sent[&shape.to_string()] > 0));
}

#[test]
fn a_new_domain_takes_in_the_verified_users_who_have_it() {
    let mut world = World::numbered(2, 0, 0);
    for (n, email, verified, role, active) in [
        (1, "a@New.Example", true, "end-user", true),
        (2, "b@new.example", false, "end-user", true),
        (3, "c@new.example", true, "agent", true),
        (4, "d@new.example", true, "end-user", false),
        (5, "e@other.example", true, "end-user", true),
        (6, "f@new.example", true, "end-user", true),
        (7, "g@new.example", true, "end-user", true),
    ] {
        world.add(
            Kind::Users,
            json!({"id": n, "email": email, "verified": verified, "role": role, "active": active, "organization_id": null}),
        );
    }
    world.add(Kind::Memberships, json!({"id": 61, "user_id": 6, "organization_id": 4002, "default": true}));
    world.set(Kind::Users, 6, "organization_id", 4002);
    world.add(Kind::Memberships, json!({"id": 71, "user_id": 7, "organization_id": 4001, "default": true}));
    let orgs_of = |fake: &FakeZendesk| -> Vec<Vec<u64>> {
        let world = fake.world();
        let org = |own: &&Record| own["organization_id"].as_u64();
        (1..=7).map(|user| world.memberships_of(user).iter().filter_map(org).collect()).collect()
    };
    let before: [&[u64]; 7] = [&[], &[], &[], &[], &[], &[4002], &[4001]];
    let several: [&[u64]; 7] = [&[4001], &[], &[], &[], &[], &[4002, 4001], &[4001]];
    let single: [&[u64]; 7] = [&[4001], &[], &[], &[], &[], &[4002], &[4001]];

    let fake = FakeZendesk::start(world.clone());
    set_domains(&fake, ORG, &["org1.example", "new.example"]);
    assert_eq!(orgs_of(&fake), several);
    assert_eq!(place(&fake, 1), (vec![(4001, json!(true))], json!(4001)), "the first one is the default");
    assert_eq!(place(&fake, 6), (vec![(4002, json!(true)), (4001, Value::Null)], json!(4002)));

    let start = |mapping: Mapping, on: bool| {
        let platform = Platform { mapping, multiple_organizations: Some(on), ..Platform::default() };
        let fake = FakeZendesk::start_with(world.clone(), Config { platform, ..Config::default() });
        set_domains(&fake, ORG, &["new.example"]);
        fake
    };
    assert_eq!(orgs_of(&start(Mapping::AtOnce, false)), single);
    let fake = start(Mapping::AfterRequests(2), true);
    assert_eq!(orgs_of(&fake), before);
    get(&fake, ORG);
    assert_eq!(orgs_of(&fake), before, "one request later");
    get(&fake, ORG);
    assert_eq!(orgs_of(&fake), several, "two requests later");
    let fake = start(Mapping::AfterRequests(9), true);
    fake.run_jobs();
    assert_eq!(orgs_of(&fake), several);
    let fake = start(Mapping::Never, true);
    fake.run_jobs();
    assert_eq!(orgs_of(&fake), before);
    // The domain is gone again when the job runs.
    let fake = start(Mapping::AfterRequests(9), true);
    set_domains(&fake, ORG, &["org1.example"]);
    fake.run_jobs();
    assert_eq!(orgs_of(&fake), before);
}

#[test]
fn a_membership_is_made_once_and_the_first_is_the_default() {
    let mut world = World::numbered(2, 3, 0);
    world.add(Kind::Users, json!({"id": 9, "role": "end-user", "organization_id": null}));
    let fake = FakeZendesk::start(world);
    let got = join(&fake, 500_001, 4002);
    assert_eq!(got.status, 201);
    let made = &got.json()["organization_membership"];
    assert_eq!(
        (&made["id"], &made["default"], &made["organization_name"]),
        (&json!(600_004), &Value::Null, &json!("Org 2"))
    );
    assert_eq!(place(&fake, 500_001), (vec![(4001, json!(true)), (4002, Value::Null)], json!(4001)));
    assert_eq!(invalid(&join(&fake, 500_001, 4002)), ("user_id".into(), "DuplicateValue".into()));

    assert_eq!(join(&fake, 9, 4002).json()["organization_membership"]["default"], true);
    assert_eq!(place(&fake, 9), (vec![(4002, json!(true))], json!(4002)));

    assert_eq!(invalid(&join(&fake, 8, 4001)).0, "user");
    assert_eq!(invalid(&join(&fake, 9, 4009)).0, "organization");
    fake.with_world(|world| world.set(Kind::Users, 9, "active", false));
    assert_eq!(invalid(&join(&fake, 9, 4001)).0, "user", "a deleted user joins nothing");
    assert_eq!(get(&fake, "/api/v2/users/9").json()["user"]["active"], false);
}

#[test]
fn with_multiple_organizations_off_a_second_membership_replaces_the_first_or_is_refused() {
    let off = json!({"settings": {"user": {"multiple_organizations": false}}});
    let fake = start();
    fake.with_world(|world| world.settings = Settings::Given(off.clone()));
    assert_eq!(join(&fake, 500_001, 4002).status, 201);
    assert_eq!(place(&fake, 500_001), (vec![(4002, json!(true))], json!(4002)));

    let platform = Platform { second_membership: SecondMembership::IsRefused, ..Platform::default() };
    let fake = with_platform(platform);
    fake.with_world(|world| world.settings = Settings::Given(off));
    assert_eq!(invalid(&join(&fake, 500_001, 4002)).0, "user_id");
    assert_eq!(place(&fake, 500_001), (vec![(4001, json!(true))], json!(4001)));

    let hidden = Platform { multiple_organizations: Some(false), ..Platform::default() };
    let fake = with_platform(hidden);
    fake.with_world(|world| world.settings = Settings::Forbidden);
    join(&fake, 500_001, 4002);
    assert_eq!(place(&fake, 500_001).0.len(), 1, "though the setting can't be read");
}

#[test]
fn make_default_moves_the_default_and_the_users_organization() {
    let fake = start();
    join(&fake, 500_001, 4002);
    let got = make_default(&fake, 500_001, 600_004);
    assert_eq!(got.status, 200);
    let list = got.json()["organization_memberships"].clone();
    assert_eq!([&list[0]["id"], &list[1]["id"]], [600_004, 600_001]);
    assert_eq!([&list[0]["default"], &list[1]["default"]], [&json!(true), &Value::Null]);
    assert_eq!(place(&fake, 500_001), (vec![(4002, json!(true)), (4001, Value::Null)], json!(4002)));
    let pages = "/api/v2/users/500001/organization_memberships?page[size]=1";
    assert_eq!(ids_by_page(&fake, pages, "organization_memberships"), [[600_004], [600_001]]);
    let before = fake.world();
    assert_eq!(make_default(&fake, 500_001, 600_004).status, 200, "again");
    assert_eq!(fake.world().memberships, before.memberships);
    for (user, membership) in [(500_002, 600_004), (500_001, 600_099), (500_099, 600_004)] {
        let got = make_default(&fake, user, membership);
        assert_eq!((got.status, error_code(&got)), (404, "RecordNotFound".into()), "{user} {membership}");
    }
    fake.with_world(|world| world.set(Kind::Memberships, 600_001, "deleted_at", "2026-02-01T00:00:00Z"));
    assert_eq!(make_default(&fake, 500_001, 600_001).status, 404);
}

#[test]
fn roles_and_scopes_are_checked_before_anything_is_written() {
    let credential = |token: &str, role: Role, scopes: Option<&[&str]>| Credential {
        login: Login::Bearer { token: token.into() },
        role,
        scopes: scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect()),
    };
    let credentials = vec![
        credential("reader", Role::Admin, Some(&["read"])),
        credential("narrow", Role::Admin, Some(&["read", "organizations:write"])),
        credential("agent", Role::Agent, None),
        credential("visitor", Role::EndUser, None),
    ];
    let config = Config { credentials, ..Config::default() };
    let mut world = World::numbered(2, 3, 0);
    world.set(Kind::Users, 500_002, "role", "agent");
    let fake = FakeZendesk::start_with(world, config);
    let update = |token: &str| {
        let body = json!({"organization": {"external_id": "x"}});
        send(&fake, "PUT", ORG, &format!("Bearer {token}"), Some(body))
    };
    let join = |token: &str, user: u64, organization: u64| {
        let body = json!({"organization_membership": {"user_id": user, "organization_id": organization}});
        send(&fake, "POST", MEMBERSHIPS, &format!("Bearer {token}"), Some(body)).status
    };
    let refused = update("reader");
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("organizations:write"), "{}", refused.body);
    assert_eq!([update("agent").status, update("visitor").status, update("nobody").status], [403, 403, 401]);
    assert!(fake.writes_done().is_empty());
    assert_eq!([join("agent", 500_001, 4002), join("agent", 500_002, 4001)], [201, 403]);
    assert_eq!([join("visitor", 500_003, 4002), join("narrow", 500_003, 4002)], [403, 201]);
    assert_eq!(update("narrow").status, 200);
    fake.with_config(|config| config.platform.agents_update_organizations = true);
    assert_eq!(update("agent").status, 200);
}

#[test]
fn an_organization_takes_five_updates_a_minute() {
    let config = Config { limits: Limits::plan(400), ..Config::default() };
    let fake = FakeZendesk::start_with(World::numbered(2, 0, 0), config);
    for n in 0..5 {
        assert_eq!(set_external_id(&fake, ORG, &format!("x{n}")).status, 200);
    }
    let refused = set_external_id(&fake, ORG, "x6");
    assert_eq!((refused.status, refused.json()["errors"][0]["code"].clone()), (429, json!("TooManyRequests")));
    let secs: u64 = refused.header("Retry-After").and_then(|text| text.parse().ok()).expect("seconds");
    assert!((1..=60).contains(&secs), "{secs}");
    assert_eq!(organization(&fake, 4001)["external_id"], "x4");
    assert_eq!(set_external_id(&fake, "/api/v2/organizations/4002", "y").status, 200, "another organization");
    assert_eq!(get(&fake, ORG).status, 200, "and reading");
    fake.with_config(|config| config.limits.window = Duration::ZERO);
    assert_eq!(set_external_id(&fake, ORG, "x6").status, 200, "a minute later");
}

#[test]
fn an_answer_can_be_lost_before_or_after_the_act() {
    for code in [401, 403, 409, 422, 429, 500, 502, 503, 504] {
        for acts in [false, true] {
            let fake = start();
            let fault = Fault::on_writes(FaultKind::status(code)).nth(2);
            fake.add_fault(if acts { fault.after_acting() } else { fault });
            assert_eq!(set_external_id(&fake, ORG, "x").status, 200, "the first write");
            get(&fake, ORG);
            assert_eq!(set_external_id(&fake, ORG, "y").status, code);
            let held = organization(&fake, 4001)["external_id"].clone();
            assert_eq!(held, if acts { "y" } else { "x" }, "{code}");
            let write = fake.writes().pop().expect("a write");
            assert_eq!((write.status, write.acted()), (Some(code), acts));
            assert_eq!(write.before.expect("a state")["external_id"], "x");
            assert_eq!(write.after.expect("a state")["external_id"], held);
        }
    }
    for kind in [FaultKind::ResetUnread, FaultKind::ResetBefore, FaultKind::ResetMidBody, FaultKind::TruncatedJson] {
        let fake = start();
        fake.add_fault(Fault::on_writes(kind.clone()));
        let got = set_external_id(&fake, ORG, "x");
        assert!(serde_json::from_str::<Value>(&got.body).is_err());
        let acts = !matches!(kind, FaultKind::ResetUnread);
        assert_eq!(organization(&fake, 4001)["external_id"] == "x", acts, "{kind:?}");
        assert_eq!(got.error.is_some(), !matches!(kind, FaultKind::TruncatedJson), "{kind:?}");
        let write = &fake.writes()[0];
        assert_eq!((write.acted(), write.answered()), (acts, got.error.is_none()), "{kind:?}");
    }
}

#[test]
fn a_write_may_not_take_though_the_answer_says_so() {
    let fake = start();
    fake.add_fault(Fault::on_writes(FaultKind::NotTaken));
    let before = fake.world();
    let got = set_domains(&fake, ORG, &["org2.example"]);
    assert_eq!((got.status, &got.json()["organization"]["domain_names"]), (200, &json!(["org2.example"])));
    assert_eq!(join(&fake, 500_001, 4002).status, 201);
    fake.run_jobs();
    let after = fake.world();
    assert_eq!((after.organizations, after.memberships), (before.organizations, before.memberships));
    assert!(fake.writes_done().is_empty() && fake.writes().len() == 2);
}

#[test]
fn somebody_else_edits_before_after_and_while_we_read() {
    let fake = start();
    let set = |id: &'static str| move |world: &mut World| world.set(Kind::Organizations, 4001, "external_id", id);
    fake.add_fault(Fault::on(ORG, FaultKind::grow(set("after a read"))).method("GET").nth(2));
    let seen = |fake: &FakeZendesk| get(fake, ORG).json()["organization"]["external_id"].clone();
    assert_eq!([seen(&fake), seen(&fake), seen(&fake)], ["001FAKE001", "001FAKE001", "after a read"]);

    fake.add_fault(Fault::on_writes(FaultKind::meanwhile(set("before a write"))).nth(1));
    set_domains(&fake, ORG, &["x.example"]);
    let write = fake.writes().pop().expect("a write");
    assert_eq!(write.before.expect("a state")["external_id"], "before a write");

    let overwrite = |world: &mut World| world.set(Kind::Organizations, 4001, "domain_names", json!(["theirs.example"]));
    fake.add_fault(Fault::on_writes(FaultKind::grow(overwrite)));
    let got = set_domains(&fake, ORG, &["ours.example"]);
    assert_eq!(got.json()["organization"]["domain_names"], json!(["ours.example"]));
    let write = fake.writes().pop().expect("a write");
    assert_eq!(write.after.expect("a state")["domain_names"], json!(["ours.example"]));
    assert_eq!(get(&fake, ORG).json()["organization"]["domain_names"], json!(["theirs.example"]));
}

#[test]
fn reading_back_can_fail_where_reading_before_did_not() {
    let fake = start();
    fake.add_fault(Fault::on("/api/v2/organizations/*", FaultKind::status(500)).method("GET").after_writes(1).first(1));
    assert_eq!(get(&fake, ORG).status, 200);
    assert_eq!(set_external_id(&fake, ORG, "001fake002").status, 422, "not carried out, so it doesn't count");
    assert_eq!(get(&fake, ORG).status, 200);
    set_external_id(&fake, ORG, "x");
    assert_eq!(get(&fake, "/api/v2/organizations").status, 200, "a list is no single record");
    assert_eq!([get(&fake, ORG).status, get(&fake, ORG).status], [500, 200]);
}

#[test]
fn a_request_is_held_where_it_is_told_to_and_marked_where_it_came() {
    let fake = start();
    let (tell, told) = mpsc::channel();
    fake.when(Point::Answered, Which::any(), move |logged| tell.send(logged.clone()).expect("the test listens"));
    let received = fake.hold(Point::Received, Which::writes().nth(1));
    let acted = fake.hold(Point::Acted, Which::on("/api/v2/organizations/*").method("PUT"));
    let held = |fake: &FakeZendesk| fake.writes()[0].clone();
    std::thread::scope(|scope| {
        let client = scope.spawn(|| set_external_id(&fake, ORG, "x").status);
        let write = received.wait();
        assert_eq!((write.seq, write.acted(), write.answered()), (1, false, false));
        assert_eq!(organization(&fake, 4001)["external_id"], "001FAKE001");
        assert_eq!(get(&fake, ORG).status, 200, "others go on meanwhile");
        received.release();
        let write = acted.wait();
        assert_eq!((write.acted(), write.answered(), write.status), (true, false, Some(200)));
        assert_eq!(organization(&fake, 4001)["external_id"], "x");
        assert!(!held(&fake).answered());
        drop(acted);
        assert_eq!(client.join().expect("an answer"), 200);
    });
    let answered: Vec<u64> = (0..2).map(|_| told.recv_timeout(Duration::from_secs(9)).expect("told").seq).collect();
    assert_eq!(answered, [2, 1]);
    let write = held(&fake);
    assert!(write.received_at <= write.acted_at.expect("acted") && write.acted_at < write.answered_at);
    assert_eq!(write.request_id.as_deref(), Some("fake-request-1"));
}

#[test]
fn a_client_that_is_gone_doesnt_undo_what_it_asked_for() {
    let fake = start();
    let received = fake.hold(Point::Received, Which::writes());
    let acted = fake.hold(Point::Acted, Which::writes());
    let body = json!({"organization": {"external_id": "x"}});
    let got = send_within(Duration::from_millis(50), &fake, "PUT", ORG, BEARER, Some(body));
    assert_eq!(got.error, Some(ErrorKind::WouldBlock));
    assert!(!received.wait().acted());
    // The fake notices that the connection was closed.
    std::thread::sleep(Duration::from_millis(50));
    received.release();
    assert!(acted.wait().acted());
    acted.release();
    assert_eq!(get(&fake, ORG).json()["organization"]["external_id"], "x");
    std::thread::sleep(Duration::from_millis(50));
    assert!(!fake.writes()[0].answered());
}

#[test]
fn a_write_is_slow_before_or_after_the_act() {
    for (kind, before) in [(FaultKind::Slow { ms: 80 }, false), (FaultKind::SlowBefore { ms: 80 }, true)] {
        let fake = start();
        fake.add_fault(Fault::on_writes(kind));
        assert_eq!(set_external_id(&fake, ORG, "x").status, 200);
        let write = &fake.writes()[0];
        let acted = write.acted_at.expect("acted");
        let pause = if before { acted - write.received_at } else { write.answered_at.expect("answered") - acted };
        assert!(pause >= Duration::from_millis(80), "{pause:?}");
    }
}
