//! The live read against the fake, in-process and with short waits: each trap of the platform, and what becomes of it. The table of
//! all traps is in `traps`.

mod audits;
mod changing;
mod tokens;
mod traps;

use crate::fake_zendesk::{
    Bucket, Config, Credential, FakeZendesk, Fault, FaultKind, Foreign, Grants, Kind as Of, Limits as Rates, Login,
    Refusal, Role, Settings, World,
};
use g_gremlin::model::kind::Kind;
use g_gremlin::zendesk::{
    Limits, Missing, Progress, ReadError, ReadOptions, ReadOutcome, Silent, Sink, Taken, TicketSource, Timing,
    credentials_from, read,
};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const ORGS: &str = "/api/v2/organizations";
const USERS: &str = "/api/v2/users";
const MEMBERSHIPS: &str = "/api/v2/organization_memberships";
const EXPORT: &str = "/api/v2/incremental/tickets/cursor";
const SEARCH: &str = "/api/v2/search/export";
const ACCOUNT_SETTINGS: &str = "/api/v2/account/settings";
const TICKETS: &str = "/api/v2/tickets";

/// Keeps every record by kind and id.
#[derive(Default)]
struct Kept(BTreeMap<Kind, BTreeMap<u64, Value>>);

impl Kept {
    fn ids(&self, kind: Kind) -> BTreeSet<u64> {
        self.0.get(&kind).map(|records| records.keys().copied().collect()).unwrap_or_default()
    }

    fn referred_to(&self, kinds: &[Kind], field: &str) -> BTreeSet<u64> {
        let records = kinds.iter().filter_map(|kind| self.0.get(kind)).flat_map(BTreeMap::values);
        records.filter_map(|record| record[field].as_u64()).collect()
    }
}

impl Sink for Kept {
    fn take(&mut self, kind: Kind, records: &str) -> Result<Taken, String> {
        let records: Vec<Value> = serde_json::from_str(records).map_err(|error| error.to_string())?;
        let known = self.0.entry(kind).or_default();
        let mut taken = Taken { records: records.len(), ..Taken::default() };
        for record in records {
            let id = record["id"].as_u64().filter(|id| *id < 1 << 53).ok_or("an id that JSON cannot carry")?;
            let updated = record["updated_at"]
                .as_str()
                .and_then(|text| text.parse::<jiff::Timestamp>().ok())
                .map(|time| time.as_second());
            taken.newest_updated_at = taken.newest_updated_at.max(updated);
            taken.oldest_updated_at = [taken.oldest_updated_at, updated].into_iter().flatten().min();
            taken.new += usize::from(known.insert(id, record).is_none());
        }
        Ok(taken)
    }

    fn missing(&self) -> Missing {
        let users =
            &self.referred_to(&[Kind::Memberships], "user_id") | &self.referred_to(&[Kind::Tickets], "requester_id");
        let orgs = self.referred_to(&[Kind::Users, Kind::Memberships, Kind::Tickets], "organization_id");
        Missing {
            users: users.difference(&self.ids(Kind::Users)).copied().collect(),
            organizations: orgs.difference(&self.ids(Kind::Organizations)).copied().collect(),
        }
    }
}

/// 250 orgs, 250 users with a membership each, 2,500 tickets: several pages of everything.
fn world() -> World {
    World::numbered(250, 250, 2500)
}

fn read_with(fake: &FakeZendesk, env: &[(&str, &str)], allow_list: bool) -> (Result<ReadOutcome, ReadError>, Kept) {
    read_before(&Silent, fake, env, allow_list)
}

/// The same with somebody who watches.
fn read_before(
    progress: &dyn Progress,
    fake: &FakeZendesk,
    env: &[(&str, &str)],
    allow_list: bool,
) -> (Result<ReadOutcome, ReadError>, Kept) {
    let env = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let options = ReadOptions {
        base_url: fake.url().parse().expect("a URL"),
        credentials: credentials_from(&env, "read").expect("credentials"),
        reserve_percent: 20,
        tickets_from: Some(0),
        allow_list,
        timing: Timing {
            request: Duration::from_millis(1500),
            retries: Limits {
                backoff_base: Duration::from_millis(1),
                backoff_cap: Duration::from_millis(4),
                ..Limits::default()
            },
            ..Timing::default()
        },
    };
    let mut kept = Kept::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let outcome = runtime.block_on(read(&options, &mut kept, progress));
    (outcome, kept)
}

/// Where the tickets came from.
fn source(outcome: &ReadOutcome) -> Option<TicketSource> {
    outcome.tickets.as_ref().map(|choice| choice.source)
}

fn read_all(fake: &FakeZendesk) -> (Result<ReadOutcome, ReadError>, Kept) {
    read_with(fake, &FakeZendesk::BEARER_ENV, false)
}

fn assert_complete(fake: &FakeZendesk, kept: &Kept) {
    for (kind, of) in [
        (Kind::Organizations, Of::Organizations),
        (Kind::Users, Of::Users),
        (Kind::Memberships, Of::Memberships),
        (Kind::Tickets, Of::Tickets),
    ] {
        let all: BTreeSet<u64> = fake.world().list(of).iter().filter_map(|record| record["id"].as_u64()).collect();
        assert!(!all.is_empty() && kept.ids(kind) == all, "{kind:?}: {} of {}", kept.ids(kind).len(), all.len());
    }
}

/// With these faults everything is read all the same.
fn overcomes(faults: impl IntoIterator<Item = Fault>) -> FakeZendesk {
    let fake = FakeZendesk::start(world());
    faults.into_iter().for_each(|fault| fake.add_fault(fault));
    let (outcome, kept) = read_all(&fake);
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert_complete(&fake, &kept);
    fake
}

/// With this fault nothing is read, at once, and the error says what.
fn fails(fault: Fault, expected: &str) -> FakeZendesk {
    let fake = FakeZendesk::start(world());
    fake.add_fault(fault);
    let error = read_all(&fake).0.expect_err("an error");
    let text = format!("{error}; {}", error.help());
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains("fake-bearer-token"), "{text}");
    fake
}

#[test]
fn every_page_of_everything_is_read_with_each_kind_of_credential() {
    for env in [&FakeZendesk::BEARER_ENV[..], &FakeZendesk::CLIENT_ENV, &FakeZendesk::API_TOKEN_ENV] {
        let fake = FakeZendesk::start(world());
        let (outcome, kept) = read_with(&fake, env, false);
        let outcome = outcome.expect("read");
        assert_complete(&fake, &kept);
        assert_eq!((source(&outcome), outcome.multiple_organizations), (Some(TicketSource::Incremental), Some(true)));
        assert_eq!(outcome.requests.values().sum::<u64>(), fake.log().len() as u64);
        assert!(fake.log().iter().all(|request| request.method == "GET" || request.path == "/oauth/tokens"));
    }
}

#[test]
fn every_page_of_the_export_states_its_parameters() {
    let mut world = world();
    world.set(Of::Tickets, world.list(Of::Tickets)[0]["id"].as_u64().expect("an id"), "support_type", "ai_agent");
    let fake = FakeZendesk::start(world);
    let (outcome, kept) = read_all(&fake);
    outcome.expect("read");
    assert_complete(&fake, &kept);
    let pages = fake.requests_to(EXPORT);
    assert!(pages.len() >= 3);
    for page in pages {
        assert_eq!((page.query("exclude_deleted"), page.query("support_type_scope")), (Some("true"), Some("all")));
    }
}

#[test]
fn rate_limits_in_every_shape_are_waited_for() {
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let fake = overcomes([
        Fault::on(USERS, FaultKind::too_many(Refusal::Described, Some("0"))).nth(2),
        Fault::on(ORGS, FaultKind::too_many(Refusal::Plain, Some(&date))).nth(1),
        Fault::on(MEMBERSHIPS, FaultKind::too_many(Refusal::Listed, None)).nth(3),
    ]);
    assert_eq!(fake.log().iter().filter(|request| request.status == Some(429)).count(), 3);
}

#[test]
fn passing_failures_are_tried_again() {
    overcomes([
        Fault::on(USERS, FaultKind::status(500)).nth(1),
        Fault::on(USERS, FaultKind::status(503)).nth(3),
        Fault::on(ORGS, FaultKind::status_retry_after(503, "0")).nth(2),
        Fault::on(ORGS, FaultKind::ResetBefore).nth(4),
        Fault::on(MEMBERSHIPS, FaultKind::ResetMidBody).nth(1),
        Fault::on(MEMBERSHIPS, FaultKind::NotJson).nth(3),
        Fault::on(EXPORT, FaultKind::TruncatedJson).nth(1),
        Fault::on(EXPORT, FaultKind::StallMidBody).nth(3),
    ]);
}

#[test]
fn failures_of_the_rarer_kinds_are_tried_again_too() {
    let fake = overcomes([
        Fault::on(USERS, FaultKind::status(409)).nth(1),
        Fault::on(USERS, FaultKind::status(502)).nth(3),
        Fault::on(ORGS, FaultKind::json_error(500)).nth(1),
        Fault::on(ORGS, FaultKind::ResetUnread).nth(3),
        Fault::on(MEMBERSHIPS, FaultKind::status(504)).nth(2),
        // Longer than a request may take.
        Fault::on(MEMBERSHIPS, FaultKind::Slow { ms: 60_000 }).nth(1),
        Fault::on(ACCOUNT_SETTINGS, FaultKind::status(503)).nth(1),
    ]);
    assert_eq!(fake.requests_to(ACCOUNT_SETTINGS).len(), 2);
}

#[test]
fn an_export_page_that_is_too_big_is_asked_for_in_smaller_steps() {
    let fake = overcomes([
        Fault::on(EXPORT, FaultKind::status(504)).query("per_page=1000").from(2),
        Fault::on(EXPORT, FaultKind::Slow { ms: 60_000 }).query("per_page=500"),
        Fault::on(EXPORT, FaultKind::status(504)).query("per_page=250").from(2),
    ]);
    let asked = fake.requests_to(EXPORT);
    let sizes: Vec<&str> = asked.iter().filter_map(|request| request.query("per_page")).collect();
    // 2,500 tickets: 1,000, then 250, then 125 at a time; the small size stays.
    assert_eq!(sizes[..5], ["1000", "1000", "500", "250", "250"]);
    assert!(sizes.len() == 5 + 10 && sizes[5..].iter().all(|size| *size == "125"), "{sizes:?}");
    let places: Vec<Option<&str>> = asked[1..4].iter().map(|request| request.query("cursor")).collect();
    assert!(places[0].is_some() && places.iter().all(|place| *place == places[0]), "at the same place: {places:?}");
}

#[test]
fn a_page_that_is_too_big_at_its_smallest_ends_the_read() {
    let fake = fails(Fault::on(EXPORT, FaultKind::status(504)), "tickets, page 1");
    assert_eq!(fake.requests_to(EXPORT).len(), 8);
}

/// Keeps the totals.
#[derive(Default)]
struct Watching(RefCell<Vec<(Kind, u64)>>);

impl Progress for Watching {
    fn total(&self, kind: Kind, records: u64) {
        self.0.borrow_mut().push((kind, records));
    }
}

#[test]
fn a_count_is_an_estimate_however_wrong_and_can_be_done_without() {
    let [orgs, users] = [format!("{ORGS}/count"), format!("{USERS}/count")];
    for told in [0, 1, 100_000, u64::MAX] {
        let (fake, watching) = (FakeZendesk::start(world()), Watching::default());
        fake.add_fault(Fault::on(&orgs, FaultKind::CountStale(told)));
        fake.add_fault(Fault::on(&users, FaultKind::CountStale(told)));
        let (outcome, kept) = read_before(&watching, &fake, &FakeZendesk::BEARER_ENV, false);
        outcome.expect("read");
        assert_complete(&fake, &kept);
        let mut seen = watching.0.into_inner();
        seen.sort_unstable();
        assert_eq!(seen, [(Kind::Organizations, told), (Kind::Users, told)]);
    }
    for kind in [
        FaultKind::status(404),
        FaultKind::status(500),
        FaultKind::status(401),
        FaultKind::ResetBefore,
        FaultKind::NotJson,
        FaultKind::json(200, json!({"count": 3})),
        FaultKind::json(200, json!({"count": {"value": null, "refreshed_at": null}})),
    ] {
        let (fake, watching) = (FakeZendesk::start(world()), Watching::default());
        fake.add_fault(Fault::on(&orgs, kind.clone()));
        fake.add_fault(Fault::on(&users, kind));
        let (outcome, kept) = read_before(&watching, &fake, &FakeZendesk::BEARER_ENV, false);
        outcome.expect("read");
        assert_complete(&fake, &kept);
        assert!(watching.0.into_inner().is_empty());
        assert_eq!((fake.requests_to(&orgs).len(), fake.requests_to(&users).len()), (1, 1), "asked once");
    }
}

#[test]
fn an_endpoint_that_is_used_up_is_waited_for_though_the_account_has_calls_left() {
    let bucket =
        Bucket { name: "incremental-exports".into(), below: "/api/v2/incremental/".into(), total: 2, told: true };
    let limits = Rates { account: Some(1000), buckets: vec![bucket], window: Duration::from_secs(1), ..Rates::none() };
    let fake = FakeZendesk::start_with(world(), Config { limits, ..Config::default() });
    let (outcome, kept) = read_all(&fake);
    assert!(outcome.expect("read").waited_for_pace_ms > 0);
    assert_complete(&fake, &kept);
    assert!(fake.log().iter().all(|request| request.status == Some(200)), "the limit is never reached");
}

#[test]
fn a_limit_that_no_header_tells_of_is_obeyed_though_the_account_has_calls_left() {
    let bucket = Bucket { name: "untold".into(), below: "/api/v2/incremental/".into(), total: 2, told: false };
    let limits = Rates { account: Some(1000), buckets: vec![bucket], window: Duration::from_secs(4), ..Rates::none() };
    let fake = FakeZendesk::start_with(world(), Config { limits, ..Config::default() });
    let (outcome, kept) = read_all(&fake);
    assert!(outcome.expect("read").waited_after_failures_ms >= 1000);
    assert_complete(&fake, &kept);
    let refused = fake.requests_to(EXPORT).iter().filter(|request| request.status == Some(429)).count();
    assert_eq!(refused, 1, "after the wait that was asked for it is let in");
}

#[test]
fn a_refusal_is_told_in_every_shape_and_language() {
    let text = "No tiene acceso a esta página";
    for body in [
        json!({"error": "Forbidden", "description": text}),
        json!({"error": {"title": "Forbidden", "message": text}}),
        json!({"errors": [{"code": "Forbidden", "title": "Forbidden", "detail": text}]}),
        json!({"error": "Forbidden", "error_description": text}),
    ] {
        fails(Fault::on(USERS, FaultKind::json(403, body)), &format!("403 Forbidden ({text})"));
    }
}

#[test]
fn more_than_ten_thousand_records_are_no_end() {
    let fake = FakeZendesk::start(World::numbered(1, 10_150, 1));
    let (outcome, kept) = read_all(&fake);
    outcome.expect("read");
    assert_complete(&fake, &kept);
    assert_eq!(fake.requests_to(MEMBERSHIPS).len(), 102);
}

#[test]
fn a_request_is_tried_eight_times_and_no_more() {
    let fake = fails(Fault::on(USERS, FaultKind::status(503)).from(2), "users, page 2");
    assert_eq!(fake.requests_to(USERS).len(), 1 + 8);
}

#[test]
fn a_wait_that_is_too_long_ends_at_once() {
    let fake = fails(Fault::on(USERS, FaultKind::too_many(Refusal::Described, Some("3600"))), "users");
    assert_eq!(fake.requests_to(USERS).len(), 1);
}

#[test]
fn a_stream_that_does_not_prove_its_end_is_an_error() {
    for path in [ORGS, USERS, MEMBERSHIPS, EXPORT] {
        fails(Fault::on(path, FaultKind::CursorStuck).from(2), "cursor");
        fails(Fault::on(path, FaultKind::HasMoreWithoutCursor).nth(2), "cursor");
        fails(Fault::on(path, FaultKind::EndlessExport).from(2), "nothing new");
        fails(Fault::on(path, FaultKind::MissingEnvelope), "has no array");
        fails(
            Fault::on(path, FaultKind::MissingEnd).nth(2),
            "page 2: the response does not say whether more pages follow",
        );
    }
}

#[test]
fn odd_pages_that_are_right_are_read() {
    overcomes([
        Fault::on(USERS, FaultKind::EmptyPage).nth(2),
        Fault::on(ORGS, FaultKind::RepeatRows).nth(2),
        Fault::on(MEMBERSHIPS, FaultKind::IgnorePageSize(7)),
        Fault::on(EXPORT, FaultKind::RepeatRows).nth(2),
    ]);
}

#[test]
fn an_id_that_json_cannot_carry_is_an_error() {
    fails(Fault::on(USERS, FaultKind::HugeId).nth(2), "users, page 2");
}

#[test]
fn no_credential_follows_a_link_or_a_redirect() {
    let foreign = Foreign::start();
    overcomes(
        [ORGS, USERS, MEMBERSHIPS, EXPORT]
            .map(|path| Fault::on(path, FaultKind::ForeignNextLink(foreign.url().to_owned()))),
    );
    fails(Fault::on(USERS, FaultKind::RedirectTo(format!("{}/login", foreign.url()))), "127.0.0.1");
    assert!(foreign.log().is_empty());
}

#[test]
fn refusals_are_explained_at_once() {
    for (code, expected) in [(401, "ZENDESK_OAUTH_TOKEN"), (403, "users"), (404, "users")] {
        let fake = fails(Fault::on(USERS, FaultKind::status(code)), expected);
        assert_eq!(fake.requests_to(USERS).len(), 1, "{code}");
    }
}

#[test]
fn a_token_that_dies_is_renewed_once_for_all_streams() {
    let fake = FakeZendesk::start(world());
    fake.with_config(|config| config.grants.uses = Some(4));
    let (outcome, kept) = read_with(&fake, &FakeZendesk::CLIENT_ENV, false);
    outcome.expect("read");
    assert_complete(&fake, &kept);
    let refused = fake.log().iter().filter(|request| request.status == Some(401)).count();
    let grants = fake.requests_to("/oauth/tokens").len();
    assert!(grants > 1 && grants <= refused + 1, "{grants} grants after {refused} refusals");
}

#[test]
fn where_the_export_is_refused_the_search_is_asked_then_the_list() {
    let fake = FakeZendesk::start(world());
    fake.add_fault(Fault::on(EXPORT, FaultKind::status(403)));
    let (outcome, kept) = read_all(&fake);
    let outcome = outcome.expect("read");
    assert_eq!(source(&outcome), Some(TicketSource::SearchAlone));
    assert!(outcome.notices[0].contains("changed in the last minutes may be missing"), "{:?}", outcome.notices);
    assert_complete(&fake, &kept);

    fake.add_fault(Fault::on(SEARCH, FaultKind::status(403)));
    let error = read_all(&fake).0.expect_err("refused");
    assert!(format!("{error} {}", error.help()).contains("tickets.allow_list"));
    let (outcome, kept) = read_with(&fake, &FakeZendesk::BEARER_ENV, true);
    assert_eq!(source(&outcome.expect("read")), Some(TicketSource::List));
    assert_complete(&fake, &kept);
}

/// A world whose exports are closed to agents, and an agent.
fn for_an_agent() -> FakeZendesk {
    let fake = FakeZendesk::start(world());
    fake.with_config(|config| config.credentials.iter_mut().for_each(|credential| credential.role = Role::Agent));
    fake
}

#[test]
fn an_agent_gets_the_tickets_from_the_search_whatever_its_pages_look_like() {
    for fault in [
        Fault::on(SEARCH, FaultKind::EmptyPage).nth(2),
        Fault::on(SEARCH, FaultKind::RepeatRows).nth(2),
        Fault::on(SEARCH, FaultKind::IgnorePageSize(37)),
        Fault::on(SEARCH, FaultKind::NotJson).nth(2),
    ] {
        let fake = for_an_agent();
        fake.with_world(|world| world.set(Of::Tickets, 700_007, "archived", true));
        fake.add_fault(fault);
        let (outcome, kept) = read_all(&fake);
        assert_eq!(source(&outcome.expect("read")), Some(TicketSource::SearchAlone));
        assert_complete(&fake, &kept);
    }
}

#[test]
fn a_search_whose_cursor_expires_begins_again_once() {
    let fake = for_an_agent();
    fake.add_fault(Fault::on(SEARCH, FaultKind::CursorExpired).nth(3));
    let (outcome, kept) = read_all(&fake);
    outcome.expect("read");
    assert_complete(&fake, &kept);
    assert_eq!(fake.requests_to(SEARCH).len(), 3 + 3, "from its beginning");
    assert_eq!(fake.requests_to(USERS).len(), 3, "and that chain alone");

    let fake = for_an_agent();
    fake.add_fault(Fault::on(SEARCH, FaultKind::CursorExpired).nth(2));
    fake.add_fault(Fault::on(SEARCH, FaultKind::CursorExpired).nth(4));
    let error = read_all(&fake).0.expect_err("an error");
    assert!(error.to_string().contains("tickets by search, page 2: 400 InvalidPaginationParameter"), "{error}");
    assert!(fake.requests_to(TICKETS).is_empty(), "nor are they sought elsewhere");
}

#[test]
fn the_list_leaves_archived_tickets_out_and_says_so() {
    let fake = for_an_agent();
    fake.with_world(|world| world.set(Of::Tickets, 700_007, "archived", true));
    fake.add_fault(Fault::on(SEARCH, FaultKind::status(403)));
    let (outcome, kept) = read_with(&fake, &FakeZendesk::BEARER_ENV, true);
    let outcome = outcome.expect("read");
    assert_eq!(source(&outcome), Some(TicketSource::List));
    assert!(outcome.notices.iter().any(|notice| notice.contains("no archived tickets")), "{:?}", outcome.notices);
    let tickets = kept.ids(Kind::Tickets);
    assert!(tickets.len() == 2499 && !tickets.contains(&700_007));
}

#[test]
fn what_the_lists_did_not_bring_is_fetched_by_id() {
    let mut world = world();
    let user = world.list(Of::Users)[3]["id"].as_u64().expect("an id");
    let org = world.list(Of::Organizations)[5]["id"].as_u64().expect("an id");
    world.set(Of::Users, user, "unlisted", true);
    world.set(Of::Organizations, org, "unlisted", true);
    let fake = FakeZendesk::start(world);
    let (outcome, kept) = read_all(&fake);
    outcome.expect("read");
    assert!(kept.ids(Kind::Users).contains(&user) && kept.ids(Kind::Organizations).contains(&org));
    assert_eq!(fake.requests_to(&format!("{USERS}/{user}/organization_memberships")).len(), 1);
}

#[test]
fn a_setting_that_may_not_be_read_is_unknown_and_said() {
    for setting in [Settings::Forbidden, Settings::Absent] {
        let fake = FakeZendesk::start(world());
        fake.with_world(|world| world.settings = setting);
        let outcome = read_all(&fake).0.expect("read");
        assert_eq!((outcome.multiple_organizations, outcome.notices.len()), (None, 1));
    }
}

#[test]
fn a_part_of_the_rate_limit_is_left_to_others() {
    let limits = Rates { window: Duration::from_secs(1), ..Rates::plan(20) };
    let fake = FakeZendesk::start_with(World::numbered(250, 900, 10), Config { limits, ..Config::default() });
    let (outcome, kept) = read_all(&fake);
    assert!(outcome.expect("read").waited_for_pace_ms > 0);
    assert_complete(&fake, &kept);
    assert!(fake.least_left().is_some_and(|left| left >= 4), "a fifth of the limit: {:?}", fake.least_left());
}

#[test]
fn an_end_user_is_told_which_role_is_needed() {
    let fake = FakeZendesk::start(world());
    fake.with_config(|config| config.credentials.iter_mut().for_each(|credential| credential.role = Role::EndUser));
    let error = read_all(&fake).0.expect_err("refused");
    let text = format!("{error} {}", error.help());
    assert!(text.contains("agent") || text.contains("admin"), "{text}");
}
