//! Records that come, change and go while they are read.

use super::*;

/// What no list has shown so far: a user in an organization, with a ticket.
fn newcomers(world: &mut World) {
    let at = "2026-04-17T22:16:30Z";
    world.add(Of::Organizations, json!({"id": 9001, "name": "Late", "domain_names": [], "updated_at": at}));
    world.add(
        Of::Users,
        json!({"id": 900_001, "email": "late@late.example", "role": "end-user", "organization_id": 9001, "updated_at": at}),
    );
    world.add(
        Of::Memberships,
        json!({"id": 950_001, "user_id": 900_001, "organization_id": 9001, "default": true, "updated_at": at}),
    );
    world.add(
        Of::Tickets,
        json!({"id": 990_001, "requester_id": 900_001, "organization_id": 9001, "status": "new",
            "created_at": at, "updated_at": at}),
    );
}

#[test]
fn what_is_made_while_a_list_is_read_comes_with_it_or_is_fetched_by_id() {
    for path in [ACCOUNT_SETTINGS, ORGS, USERS, MEMBERSHIPS, EXPORT] {
        // The four kinds are read side by side: a list that is still being read brings the newcomers, for one that has ended
        // they are fetched by id. The memberships end last: one that is made after their end shows itself only through a user
        // that no list has brought.
        let last = Fault::on(MEMBERSHIPS, FaultKind::SlowBefore { ms: 300 }).nth(3);
        overcomes([Fault::on(path, FaultKind::grow(newcomers)).nth(1), last]);
    }
}

#[test]
fn what_the_search_index_does_not_have_yet_comes_from_the_incremental_export() {
    let now = (jiff::Timestamp::now() - jiff::SignedDuration::from_secs(90)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    // Too many tickets for the incremental export's ten pages a minute.
    let mut world = World::numbered(2, 6, 8_100);
    let (made, changed, deleted) = (700_001, 700_002, 700_003);
    for id in [changed, deleted] {
        // The index still has the form of before.
        let mut old = json!(world.find(Of::Tickets, id).expect("a ticket"));
        old["index_only"] = true.into();
        world.add(Of::Tickets, old);
    }
    for id in [made, changed, deleted] {
        world.set(Of::Tickets, id, "unindexed", true);
        world.set(Of::Tickets, id, "updated_at", now.as_str());
    }
    world.set(Of::Tickets, changed, "organization_id", 4002);
    world.set(Of::Tickets, deleted, "status", "deleted");
    let fake = FakeZendesk::start(world);
    let (outcome, kept) = read_all(&fake);
    assert_eq!(source(&outcome.expect("read")), Some(TicketSource::SearchExport));
    assert_eq!((fake.requests_to(SEARCH).len(), fake.requests_to(EXPORT).len()), (9, 1));
    let tickets = &kept.0[&Kind::Tickets];
    assert_eq!(tickets.len(), 8_100);
    assert!(tickets.contains_key(&made));
    assert_eq!(
        (&tickets[&changed]["organization_id"], &tickets[&deleted]["status"]),
        (&json!(4002), &json!("deleted"))
    );
}

#[test]
fn what_is_made_after_the_lists_is_fetched_by_id() {
    // The tickets come last, because their first page is slow.
    let fake = overcomes([
        Fault::on(EXPORT, FaultKind::SlowBefore { ms: 1000 }).nth(1),
        Fault::on(EXPORT, FaultKind::grow(newcomers)).nth(1),
    ]);
    assert_eq!(fake.requests_to(&format!("{USERS}/show_many")).len(), 1);
    assert_eq!(fake.requests_to(&format!("{ORGS}/show_many")).len(), 1);
    assert_eq!(fake.requests_to(&format!("{USERS}/900001/organization_memberships")).len(), 1);
}

#[test]
fn a_list_that_grows_with_every_page_is_read_to_its_end() {
    let add = |world: &mut World| {
        let id = 500_000 + world.users.len() as u64 + 1;
        world.add(Of::Users, json!({"id": id, "role": "end-user", "updated_at": "2026-04-17T22:16:30Z"}));
    };
    // 90 users come with each of the first four pages, so there are 250 + 4 × 90.
    let fake = overcomes([Fault::on(USERS, FaultKind::grow(move |world| (0..90).for_each(|_| add(world)))).first(4)]);
    assert_eq!((fake.world().users.len(), fake.requests_to(USERS).len()), (610, 7));
}

#[test]
fn what_is_deleted_while_it_is_read_is_asked_for_once_and_left_out() {
    let fake = FakeZendesk::start(world());
    let vanish = |world: &mut World| {
        world.users.retain(|user| user["id"] != 500_250);
        world.organizations.retain(|org| org["id"] != 4250);
    };
    fake.add_fault(Fault::on(ACCOUNT_SETTINGS, FaultKind::grow(vanish)));
    let (outcome, kept) = read_all(&fake);
    outcome.expect("read");
    assert!(!kept.ids(Kind::Users).contains(&500_250) && !kept.ids(Kind::Organizations).contains(&4250));
    assert_eq!(kept.ids(Kind::Users).len(), 249, "the others came");
    for path in [USERS, ORGS] {
        assert_eq!(fake.requests_to(&format!("{path}/show_many")).len(), 1, "{path}");
    }
}

#[test]
fn a_page_loses_no_record_when_one_before_it_is_deleted() {
    // With pages by offset, the first of the second page would move to the first page and be missed.
    let vanish = |world: &mut World| world.users.retain(|user| user["id"] != 500_001);
    let fake = FakeZendesk::start(world());
    fake.add_fault(Fault::on(USERS, FaultKind::grow(vanish)).nth(1));
    let (outcome, kept) = read_all(&fake);
    outcome.expect("read");
    assert_eq!(kept.ids(Kind::Users).len(), 250);
}

#[test]
fn a_ticket_that_jumps_to_the_head_of_the_list_is_not_lost() {
    let fake = for_an_agent();
    fake.add_fault(Fault::on(SEARCH, FaultKind::status(403)));
    // The oldest ticket is changed before its page comes.
    let touch = |world: &mut World| world.set(Of::Tickets, 700_001, "updated_at", "2026-04-17T22:16:30Z");
    fake.add_fault(Fault::on(TICKETS, FaultKind::grow(touch)).nth(3));
    let (outcome, kept) = read_with(&fake, &FakeZendesk::BEARER_ENV, true);
    assert_eq!(source(&outcome.expect("read")), Some(TicketSource::List));
    assert_complete(&fake, &kept);
}
