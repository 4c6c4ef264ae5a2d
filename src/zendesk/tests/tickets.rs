//! Where tickets come from, and what each way lacks.

use super::*;

fn denied() -> Reply {
    status(403, json!({"error": "Forbidden"}))
}

#[tokio::test(start_paused = true)]
async fn a_closed_export_leads_to_the_search_export() {
    let setup = Setup { tickets_from: 1_776_427_200, ..Setup::default() };
    let ran = run_with(setup, &Silent, |call, nth| match (call.path.as_str(), nth) {
        (EXPORT, _) => Some(denied()),
        (SEARCH, 1) => Some(list("results", json!([{"id": 1}]), Some("s"))),
        (SEARCH, 2) => Some(list("results", json!([{"id": 2}]), None)),
        _ => None,
    })
    .await;
    assert_eq!(ran.source(), Some(TicketSource::SearchAlone));
    assert_eq!(ran.sink.of(Kind::Tickets), [1, 2]);
    let first = ran.to(SEARCH)[0];
    assert_eq!(first.query("query"), "updated>=2026-04-17T12:00:00Z");
    assert_eq!((first.query("filter[type]"), first.query("page[size]")), ("ticket", "1000"));
    assert_eq!(ran.outcome().notices.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_list_is_read_only_where_it_is_allowed() {
    let closed = |call: &Call, _: u32| match call.path.as_str() {
        EXPORT | SEARCH => Some(denied()),
        TICKETS => Some(list("tickets", json!([]), None)),
        _ => None,
    };
    let ran = run(closed).await;
    assert!(matches!(ran.error(), ReadError::NoTicketSource { .. }), "{}", ran.error());
    assert!(ran.error().help().contains("tickets.allow_list"), "{}", ran.error().help());
    let ran = run_with(Setup { allow_list: true, ..Setup::default() }, &Silent, closed).await;
    assert_eq!(ran.source(), Some(TicketSource::List));
    assert_eq!(ran.outcome().notices.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_a_refusal_for_the_role_leads_elsewhere() {
    let ran = run(|call, _| on(call, EXPORT).then(|| status(400, json!({"error": "Bad"})))).await;
    assert!(matches!(ran.error(), ReadError::Refused { status: 400, .. }), "{}", ran.error());
    assert!(ran.to(SEARCH).is_empty());
}

/// A ticket list that pages by two, newest first; `touch` says which ticket changes after a page was given.
async fn read_ticket_list(mut tickets: Vec<(u64, i64)>, touch: impl Fn(u32) -> Option<(u64, i64)>) -> Ran {
    tickets.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    let tickets = RefCell::new(tickets);
    run_with(Setup { allow_list: true, ..Setup::default() }, &Silent, |call, nth| match call.path.as_str() {
        EXPORT | SEARCH => Some(denied()),
        TICKETS => {
            assert_eq!(call.query("sort"), "-updated_at");
            let mut tickets = tickets.borrow_mut();
            let after = call.query("page[after]").parse().unwrap_or(i64::MAX);
            let rest: Vec<_> = tickets.iter().filter(|(_, at)| *at < after).copied().collect();
            let page = &rest[..rest.len().min(2)];
            let next = (rest.len() > 2).then(|| page[1].1.to_string());
            let records = page.iter().map(|(id, at)| json!({"id": id, "updated_at": at})).collect();
            if let Some((id, at)) = touch(nth) {
                tickets.retain(|(other, _)| *other != id);
                tickets.insert(0, (id, at));
            }
            Some(list("tickets", records, next.as_deref()))
        }
        _ => None,
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn the_list_is_read_until_a_whole_page_is_older_than_the_window() {
    let tickets = (1..=9).map(|n| (n, 1004 - n as i64 * 2)).collect();
    let ran = read_ticket_list(tickets, |_| None).await;
    // Times 1002, 1000 | 998, 996: the second page is the first that is old as a whole. Then the head, once.
    assert_eq!(ran.sink.of(Kind::Tickets), [1, 2, 3, 4]);
    let cursors: Vec<&str> = ran.to(TICKETS).iter().map(|call| call.query("page[after]")).collect();
    assert_eq!(cursors, ["", "1000", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_jumps_to_the_head_is_not_lost() {
    let tickets: Vec<_> = (1..=9).map(|n| (n, 2000 - n as i64)).collect();
    // Ticket 9, of the last page, changes after the first page was read, and 8 after the second.
    let jump = |nth| match nth {
        1 => Some((9, 3000)),
        2 => Some((8, 3001)),
        _ => None,
    };
    let ran = read_ticket_list(tickets, jump).await;
    assert_eq!(ran.sink.of(Kind::Tickets), (1..=9).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_jumps_while_the_head_is_read_is_not_lost() {
    let tickets: Vec<_> = (1..=9).map(|n| (n, 2000 - n as i64)).collect();
    // 9, 8 and 7 jump during the list, in four pages; after the first page of the head, 9 jumps over the look again.
    let jump = |nth| match nth {
        1 => Some((9, 3000)),
        2 => Some((8, 3001)),
        3 => Some((7, 3002)),
        5 => Some((9, 3003)),
        _ => None,
    };
    let ran = read_ticket_list(tickets, jump).await;
    assert_eq!(ran.sink.of(Kind::Tickets), (1..=9).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_never_rests_ends_the_read() {
    let tickets: Vec<_> = (1..=9).map(|n| (n, 2000 - n as i64)).collect();
    let ran = read_ticket_list(tickets, |nth| Some((u64::from(nth % 9 + 1), 3000 + i64::from(nth)))).await;
    assert_eq!(ran.gap().1, Gap::ListMoves);
}

// The setting, the counts, the references.

#[tokio::test(start_paused = true)]
async fn a_setting_that_cannot_be_read_is_unknown() {
    for reply in [denied(), status(404, json!({})), ok(json!({"settings": {}})), ok(json!({"settings": {"user": {}}}))]
    {
        let ran = run(|call, _| on(call, SETTINGS).then(|| reply.clone())).await;
        assert_eq!(ran.outcome().multiple_organizations, None, "{reply:?}");
        assert_eq!(ran.outcome().notices.len(), 1, "{reply:?}");
    }
    let off = json!({"settings": {"user": {"multiple_organizations": false}}});
    let ran = run(|call, _| on(call, SETTINGS).then(|| ok(off.clone()))).await;
    assert_eq!(ran.outcome().multiple_organizations, Some(false));
    let ran = run(|call, _| on(call, SETTINGS).then(|| status(400, json!({})))).await;
    assert!(matches!(ran.error(), ReadError::Refused { status: 400, .. }));
}

/// Keeps the totals, and what only a curious reader wants to know.
#[derive(Default)]
struct Totals(RefCell<Vec<(Kind, u64)>>, RefCell<Vec<String>>);

impl Progress for Totals {
    fn total(&self, kind: Kind, records: u64) {
        self.0.borrow_mut().push((kind, records));
    }

    fn detail(&self, text: &str) {
        self.1.borrow_mut().push(text.to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_is_asked_for_once_and_never_needed() {
    let totals = Totals::default();
    let ran = run_with(Setup::default(), &totals, |call, _| match call.path.as_str() {
        "/api/v2/users/count" => Some(ok(json!({"count": {"value": 7, "refreshed_at": null}}))),
        "/api/v2/organizations/count" => Some(status(500, json!({}))),
        _ => None,
    })
    .await;
    assert_eq!(ran.outcome().requests["organizations_count"], 1);
    assert_eq!(ran.outcome().waited_after_failures_ms, 0);
    assert_eq!(totals.0.into_inner(), [(Kind::Users, 7)]);
    assert_eq!(ran.outcome().expected, None);
}

/// Counts, and few exports a minute.
fn counting(tickets: u64) -> impl Fn(&Call, u32) -> Option<Reply> {
    move |call, _| match call.path.as_str() {
        "/api/v2/users/count" => Some(ok(json!({"count": {"value": 250, "refreshed_at": null}}))),
        "/api/v2/organizations/count" => Some(ok(json!({"count": {"value": 1, "refreshed_at": null}}))),
        "/api/v2/search/count" => Some(ok(json!({"count": tickets}))),
        SEARCH => Some(list("results", json!([{"id": 1}]), None)),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn many_tickets_come_from_the_search_and_the_latest_from_the_incremental_export() {
    let totals = Totals::default();
    let ran = run_with(Setup::default(), &totals, |call, nth| match call.path.as_str() {
        EXPORT => Some(export(json!([{"id": 1}, {"id": 2, "status": "deleted"}]), None)),
        _ => counting(15_135)(call, nth),
    })
    .await;
    assert_eq!((ran.source(), ran.sink.of(Kind::Tickets)), (Some(TicketSource::SearchExport), vec![1, 2]));
    let latest = ran.to(EXPORT);
    assert_eq!((latest.len(), latest[0].query("exclude_deleted")), (1, "false"));
    // From a quarter of an hour before the read began.
    let from: u64 = latest[0].query("start_time").parse().expect("a time");
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs();
    assert!((now - 960..=now - 900).contains(&from), "{from}");
    let told = totals.1.into_inner();
    assert!(told[0].contains("16 pages and one of the incremental export take about 7 s"), "{told:?}");
    let expected = ran.outcome().expected.as_ref().expect("counts");
    let requests: Vec<_> = expected.parts.iter().map(|part| (part.kind, part.requests)).collect();
    assert_eq!(
        requests,
        [("organizations", Some(1)), ("users", Some(3)), ("organization_memberships", Some(3)), ("tickets", Some(17))]
    );
}

#[tokio::test(start_paused = true)]
async fn few_tickets_come_from_the_incremental_export_alone() {
    let ran = run(counting(8000)).await;
    assert_eq!(ran.source(), Some(TicketSource::Incremental));
    assert!(ran.to(SEARCH).is_empty());
    assert_eq!(ran.to(EXPORT)[0].query("exclude_deleted"), "true");
}

#[tokio::test(start_paused = true)]
async fn a_closed_search_leads_back_to_the_incremental_export() {
    let ran = run(|call, nth| if on(call, SEARCH) { Some(denied()) } else { counting(15_135)(call, nth) }).await;
    assert_eq!(ran.source(), Some(TicketSource::Incremental));
    assert!(ran.outcome().tickets.as_ref().expect("tickets").reason.contains("the search export answered 403"));
}

#[tokio::test(start_paused = true)]
async fn a_search_page_that_is_too_long_is_asked_for_in_halves() {
    let ran = run(|call, nth| match (call.path.as_str(), nth) {
        (SEARCH, 1) => Some(Err(Fault::TooLong)),
        (SEARCH, 2) => Some(status(504, json!({}))),
        _ => counting(15_135)(call, nth),
    })
    .await;
    ran.outcome();
    let sizes: Vec<&str> = ran.to(SEARCH).iter().map(|call| call.query("page[size]")).collect();
    assert_eq!(sizes, ["1000", "500", "250"]);
    // A list cannot be asked for in halves.
    let ran = run(|call, _| on(call, USERS).then_some(Err(Fault::TooLong))).await;
    assert!(ran.error().to_string().contains("64 MiB"), "{}", ran.error());
    assert_eq!(ran.to(USERS).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn tickets_that_are_not_wanted_are_not_asked_for() {
    let script = Script { answer: Box::new(counting(1)), takes: Duration::ZERO, calls: RefCell::default() };
    let options = ReadOptions {
        base_url: "https://acme.zendesk.com".parse().unwrap(),
        credentials: Credentials::Token(Secret::new("static-token")),
        reserve_percent: 20,
        tickets_from: None,
        allow_list: true,
        timing: Timing::default(),
    };
    let outcome = read_over(&script, &options, None, &mut Ids::default(), &Silent, vec![]).await.unwrap();
    assert_eq!(outcome.tickets, None);
    let calls = script.calls.into_inner();
    assert!(calls.iter().all(|call| ![EXPORT, SEARCH, TICKETS, "/api/v2/search/count"].contains(&call.path.as_str())));
}
