//! Streams side by side, and what records refer to.

use super::*;

#[tokio::test(start_paused = true)]
async fn while_zendesk_asks_to_wait_no_stream_sends_anything() {
    for (code, secs) in [(429, 30), (503, 20)] {
        let setup = Setup { takes: Duration::from_millis(50), ..Setup::default() };
        let ran = run_with(setup, &Silent, |call, nth| match (call.path.as_str(), nth) {
            (USERS, 5) => Some(with(status(code, json!({})), "retry-after", secs)),
            _ => Some(page_of_many(call, nth)),
        })
        .await;
        ran.outcome();
        let refused = ran.to(USERS)[4].at + Duration::from_millis(50);
        let inside = |call: &&Call| call.at > refused && call.at < refused + Duration::from_secs(secs);
        assert_eq!(ran.calls.iter().filter(inside).count(), 0, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_stream_starves_when_the_account_is_tight() {
    // Ten requests per minute, of which eight are used, and each answer takes a moment: every list goes on in every window.
    let began = Instant::now();
    let used: RefCell<BTreeMap<u64, u64>> = RefCell::default();
    let setup = Setup { takes: Duration::from_millis(300), ..Setup::default() };
    let ran = run_with(setup, &Silent, |call, nth| {
        let window = began.elapsed().as_secs() / 60;
        let mut used = used.borrow_mut();
        let used = used.entry(window).or_default();
        *used += 1;
        let reply = with(page_of_many(call, nth), "x-rate-limit", 10);
        let reply = with(reply, "x-rate-limit-remaining", 10_u64.saturating_sub(*used));
        Some(with(reply, "ratelimit-reset", 60 - began.elapsed().as_secs() % 60))
    })
    .await;
    let windows =
        |path: &str| ran.to(path).iter().map(|call| (call.at - began).as_secs() / 60).collect::<BTreeSet<_>>();
    let all = windows(USERS);
    assert!(all.len() >= 6, "{all:?}");
    for path in ["/api/v2/organizations", "/api/v2/organization_memberships"] {
        assert!(windows(path).len() + 1 >= all.len(), "{path}: {:?} of {all:?}", windows(path));
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_cursor_begins_its_list_again_once() {
    let script = |bad: u32| {
        move |call: &Call, nth: u32| match (call.path.as_str(), call.query("page[after]")) {
            (USERS, "") => Some(list("users", json!([{"id": 1}]), Some("a"))),
            (USERS, "a") if nth <= bad => Some(status(400, json!({"error": "InvalidPaginationParameter"}))),
            (USERS, "a") => Some(list("users", json!([{"id": 2}]), None)),
            _ => None,
        }
    };
    let ran = run(script(2)).await;
    assert_eq!(ran.sink.of(Kind::Users), [1, 2]);
    assert_eq!((ran.to(USERS).len(), ran.to("/api/v2/organizations").len()), (4, 1), "that list alone");
    let ran = run(script(4)).await;
    assert!(matches!(ran.error(), ReadError::Refused { status: 400, .. }), "{}", ran.error());
    assert_eq!(ran.to(USERS).len(), 4, "once");
}

#[tokio::test(start_paused = true)]
async fn what_was_referred_to_is_fetched_until_nothing_is_missing() {
    let ran = run(|call, _| match (call.path.as_str(), call.query("ids")) {
        (EXPORT, _) => Some(export(json!([{"id": 1, "requester_id": 50}, {"id": 2, "requester_id": 51}]), None)),
        // 51 does not exist. 50 has a membership in an organization that was not read either.
        ("/api/v2/users/show_many", "50,51") => Some(ok(json!({"users": [{"id": 50}]}))),
        ("/api/v2/users/50/organization_memberships", _) => {
            Some(list("organization_memberships", json!([{"id": 9, "user_id": 50, "organization_id": 70}]), None))
        }
        ("/api/v2/organizations/show_many", "70") => Some(ok(json!({"organizations": [{"id": 70}]}))),
        _ => None,
    })
    .await;
    ran.outcome();
    assert_eq!(ran.sink.of(Kind::Users), [50]);
    assert_eq!(ran.sink.of(Kind::Memberships), [9]);
    assert_eq!(ran.sink.of(Kind::Organizations), [70]);
    assert_eq!(ran.outcome().requests["users_show_many"], 1, "51 is asked for once");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_ids_go_with_a_request() {
    let tickets: Vec<Value> = (1..=250).map(|n| json!({"id": n, "requester_id": n})).collect();
    let ran = run(|call, _| match call.path.as_str() {
        EXPORT => Some(export(json!(tickets), None)),
        "/api/v2/users/show_many" => Some(ok(json!({"users": []}))),
        _ => None,
    })
    .await;
    ran.outcome();
    let sizes: Vec<usize> =
        ran.to("/api/v2/users/show_many").iter().map(|call| call.query("ids").split(',').count()).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[tokio::test(start_paused = true)]
async fn what_other_references_take_is_no_silence() {
    // A hundred users, each with a request of ten seconds for memberships, come before the organization, which fails once.
    let tickets: Vec<Value> = (1..=100).map(|n| json!({"id": n, "requester_id": n, "organization_id": 7})).collect();
    let setup = Setup { takes: Duration::from_secs(10), ..Setup::default() };
    let ran = run_with(setup, &Silent, |call, nth| match (call.path.as_str(), nth) {
        (EXPORT, _) => Some(export(json!(tickets), None)),
        ("/api/v2/users/show_many", _) => {
            Some(ok(json!({"users": (1..=100).map(|id| json!({"id": id})).collect::<Vec<_>>()})))
        }
        ("/api/v2/organizations/show_many", 1) => Some(status(500, json!({}))),
        ("/api/v2/organizations/show_many", _) => Some(ok(json!({"organizations": [{"id": 7}]}))),
        (path, _) if path.ends_with("/organization_memberships") => {
            Some(list("organization_memberships", json!([]), None))
        }
        _ => None,
    })
    .await;
    ran.outcome();
    assert_eq!(ran.sink.of(Kind::Organizations), [7]);
}

#[tokio::test(start_paused = true)]
async fn a_user_deleted_meanwhile_has_no_memberships() {
    let ran = run(|call, _| match call.path.as_str() {
        EXPORT => Some(export(json!([{"id": 1, "requester_id": 50}]), None)),
        "/api/v2/users/show_many" => Some(ok(json!({"users": [{"id": 50}]}))),
        "/api/v2/users/50/organization_memberships" => Some(status(404, json!({"error": "RecordNotFound"}))),
        _ => None,
    })
    .await;
    assert_eq!(ran.sink.of(Kind::Users), [50]);
    ran.outcome();
}
