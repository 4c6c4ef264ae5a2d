//! Pages, cursors, retries and refusals of one list.

use super::*;

#[tokio::test(start_paused = true)]
async fn pages_follow_the_cursor_on_our_own_base_url() {
    let ran = run(|call, nth| match (call.path.as_str(), nth) {
        (USERS, 1) => Some(list("users", json!([{"id": 1}]), Some("c/1=="))),
        (USERS, 2) => Some(list("users", json!([{"id": 2}]), None)),
        (EXPORT, 1) => Some(export(json!([{"id": 8}]), Some("e1"))),
        (EXPORT, 2) => Some(export(json!([{"id": 9}]), None)),
        _ => None,
    })
    .await;
    assert_eq!(ran.source(), Some(TicketSource::Incremental));
    assert_eq!(ran.outcome().multiple_organizations, Some(true));
    assert_eq!((ran.sink.of(Kind::Users), ran.sink.of(Kind::Tickets)), (vec![1, 2], vec![8, 9]));
    let queries = |path| ran.to(path).into_iter().map(|call| json!(call.query)).collect::<Vec<_>>();
    assert_eq!(queries(USERS), [json!({"page[size]": "100"}), json!({"page[size]": "100", "page[after]": "c/1=="})]);
    let common = |key: &str, value: &str| json!({key: value, "per_page": "1000", "exclude_deleted": "true", "support_type_scope": "all"});
    assert_eq!(queries(EXPORT), [common("start_time", "1000"), common("cursor", "e1")]);
    let counts = &ran.outcome().requests;
    assert_eq!((counts["users"], counts["incremental_tickets"], counts["account_settings"]), (2, 2, 1));
    assert_eq!(ran.calls[0].path, ME);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_was_used_before_ends_the_read() {
    // Not the same cursor twice in a row, but a circle of two.
    let ran = run(|call, nth| {
        on(call, USERS).then(|| list("users", json!([{"id": nth}]), Some(["a", "b"][nth as usize % 2])))
    })
    .await;
    assert_eq!(ran.gap(), ("users, page 3".into(), Gap::CursorRepeated));
    let ran = run(|call, nth| on(call, EXPORT).then(|| export(json!([{"id": nth}]), Some("same")))).await;
    assert_eq!(ran.gap(), ("tickets, page 2".into(), Gap::CursorRepeated));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_say_how_to_go_on_ends_the_read() {
    let bodies = [
        (json!({"users": [], "meta": {"has_more": true}}), Gap::CursorMissing),
        (json!({"users": [], "meta": {"has_more": true, "after_cursor": null}}), Gap::CursorMissing),
        (json!({"users": [], "meta": {"has_more": true, "after_cursor": ""}}), Gap::CursorMissing),
        (json!({"users": [], "meta": {"has_more": null}}), Gap::EndUnknown("meta.has_more")),
        (json!({"users": [], "next_page": null, "count": 0}), Gap::EndUnknown("meta.has_more")),
        (json!({"meta": {"has_more": false}}), Gap::ArrayMissing("users")),
        (json!({"users": null, "meta": {"has_more": false}}), Gap::ArrayMissing("users")),
        (json!({"users": {}, "meta": {"has_more": false}}), Gap::ArrayMissing("users")),
        (json!([]), Gap::NotAnObject),
        (json!("users"), Gap::NotAnObject),
    ];
    for (body, gap) in bodies {
        let ran = run(|call, _| on(call, USERS).then(|| ok(body.clone()))).await;
        assert_eq!(ran.gap(), ("users, page 1".into(), gap), "{body}");
    }
    let bodies = [
        (json!({"tickets": [], "after_cursor": "c"}), Gap::EndUnknown("end_of_stream")),
        (json!({"tickets": [], "after_cursor": "c", "end_of_stream": null}), Gap::EndUnknown("end_of_stream")),
        (json!({"tickets": [], "after_cursor": null, "end_of_stream": false}), Gap::CursorMissing),
        (json!({"end_of_stream": true}), Gap::ArrayMissing("tickets")),
    ];
    for (body, gap) in bodies {
        let ran = run(|call, _| on(call, EXPORT).then(|| ok(body.clone()))).await;
        assert_eq!(ran.gap(), ("tickets, page 1".into(), gap), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_pages_without_news_end_the_read_and_nine_do_not() {
    let pages = |old_pages: u32| {
        move |call: &Call, nth: u32| {
            on(call, USERS).then(|| {
                let id = if nth > 1 + old_pages { 2 } else { 1 };
                list("users", json!([{"id": id}]), (id == 1).then(|| format!("c{nth}")).as_deref())
            })
        }
    };
    assert_eq!(run(pages(9)).await.sink.of(Kind::Users), [1, 2]);
    assert_eq!(run(pages(10)).await.gap(), ("users, page 11".into(), Gap::NothingNew));
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_in_the_middle_is_no_end() {
    let ran = run(|call, nth| match (call.path.as_str(), nth) {
        (USERS, 1) => Some(list("users", json!([{"id": 1}]), Some("a"))),
        (USERS, 2) => Some(list("users", json!([]), Some("b"))),
        (USERS, 3) => Some(list("users", json!([{"id": 3}]), None)),
        _ => None,
    })
    .await;
    assert_eq!(ran.sink.of(Kind::Users), [1, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_ends_the_read() {
    let ran = run(|call, _| on(call, USERS).then(|| list("users", json!([{"id": null}]), None))).await;
    assert_eq!(ran.error().to_string(), "users, page 1: a record without an id");
}

// Failures.

#[tokio::test(start_paused = true)]
async fn whatever_may_pass_is_tried_again() {
    let limited = json!({"error": "APIRateLimitExceeded", "description": "slow down"});
    let faults: Vec<(Reply, u64)> = vec![
        (with(status(429, limited.clone()), "retry-after", 42), 42_000),
        (with(Ok((429, vec![], "Slow down, please".into())), "Retry-After", 7), 7000),
        (status(429, json!({"errors": [{"code": "TooManyRequests"}]})), 500),
        (with(Ok((503, vec![], "<html>".into())), "retry-after", 30), 30_000),
        (status(503, json!({})), 500),
        (status(500, json!({})), 500),
        (status(409, json!({"error": "DatabaseConflict"})), 500),
        (Ok((200, vec![], "<html>Sign in</html>".into())), 500),
        (Ok((200, vec![], r#"{"users": [{"id": 1"#.into())), 500),
        (Ok((200, vec![], String::new())), 500),
        (Err(Fault::Cut), 500),
        (Err(Fault::TimedOut), 500),
        (Err(Fault::Unreachable("refused".into())), 500),
    ];
    for (fault, waited_ms) in faults {
        let ran = run(|call, nth| match (call.path.as_str(), nth) {
            (USERS, 1) => Some(fault.clone()),
            (USERS, _) => Some(list("users", json!([{"id": 1}]), None)),
            _ => None,
        })
        .await;
        assert_eq!(ran.outcome().waited_after_failures_ms, waited_ms, "{fault:?}");
        assert_eq!(ran.took, Duration::from_millis(waited_ms), "{fault:?}");
        assert_eq!(ran.sink.of(Kind::Users), [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn eight_tries_are_all() {
    let ran = run(|call, _| on(call, USERS).then(|| status(500, json!({"error": "Oops"})))).await;
    assert_eq!(ran.to(USERS).len(), 8);
    assert_eq!(ran.error().to_string(), "users, page 1: 500 Oops after 8 tries");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_never_reached_ends_at_once_and_names_itself() {
    let nowhere = || Some(Err(Fault::Unreachable("no such host".to_owned())));
    for setup in [Setup::default(), as_client()] {
        let ran = run_with(setup, &Silent, |_, _| nowhere()).await;
        assert_eq!(ran.error().to_string(), "acme.zendesk.com cannot be reached: no such host");
        assert!(ran.error().help().contains("check the subdomain"), "{}", ran.error().help());
        assert_eq!((ran.calls.len(), ran.took), (1, Duration::ZERO));
        let ran = run(|_, _| Some(Err(Fault::Untrusted("it has expired".to_owned())))).await;
        assert_eq!(ran.error().to_string(), "acme.zendesk.com: the certificate is not trusted: it has expired");
        assert_eq!(ran.calls.len(), 1);
    }
    // One that has answered is the right one.
    let ran = run(|call, _| if on(call, USERS) { nowhere() } else { None }).await;
    assert!(matches!(ran.error(), ReadError::TriesSpent { .. }) && !ran.error().help().contains("subdomain"));
    assert_eq!(ran.to(USERS).len(), 8);
}

#[tokio::test(start_paused = true)]
async fn who_is_asking_comes_first_and_decides() {
    let as_user = |user: Value| move |call: &Call, _: u32| on(call, ME).then(|| ok(json!({"user": user})));
    let refused = [
        (json!({"id": null, "role": "end-user"}), "does not accept the credentials", "ZENDESK_OAUTH_TOKEN"),
        (json!({"id": 7, "role": "end-user"}), "belong to an end user", "use credentials"),
        (
            json!({"id": 7, "role": "agent", "ticket_restriction": "organization"}),
            "can see only some tickets (ticket_restriction: organization)",
            "use credentials",
        ),
    ];
    for (user, said, help) in refused {
        let ran = run(as_user(user)).await;
        assert!(ran.error().to_string().contains(said), "{}", ran.error());
        assert!(ran.error().help().contains(help), "{}", ran.error().help());
        assert_eq!(ran.calls.len(), 1, "nothing else was asked");
    }
    let ran = run(as_user(json!({"id": 7, "role": "agent", "restricted_agent": true}))).await;
    assert!(ran.outcome().notices[0].contains("a restricted role"), "{:?}", ran.outcome().notices);
    let ran = run(|call, _| on(call, ME).then(|| status(403, json!({"error": "Forbidden"})))).await;
    assert!(matches!(ran.error(), ReadError::Refused { status: 403, .. }), "{}", ran.error());
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_without_a_good_page_are_all() {
    // Each try takes two minutes before it fails.
    let setup = Setup { takes: Duration::from_secs(120), ..Setup::default() };
    let ran = run_with(setup, &Silent, |call, _| on(call, SETTINGS).then_some(Err(Fault::TimedOut))).await;
    assert!(matches!(ran.error(), ReadError::TooSilent { silence_secs: 600.., .. }), "{}", ran.error());
    assert_eq!(ran.to(SETTINGS).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_good_page_starts_the_ten_minutes_and_the_tries_anew() {
    let setup = Setup { takes: Duration::from_secs(60), ..Setup::default() };
    // Seven failures before each of two pages: fourteen, and over fourteen minutes.
    let ran = run_with(setup, &Silent, |call, nth| match (call.path.as_str(), nth) {
        (USERS, 8) => Some(list("users", json!([{"id": 1}]), Some("a"))),
        (USERS, 16) => Some(list("users", json!([{"id": 2}]), None)),
        (USERS, _) => Some(status(500, json!({}))),
        _ => None,
    })
    .await;
    assert_eq!(ran.sink.of(Kind::Users), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_take_too_long_is_not_begun() {
    let ran = run(|call, _| on(call, USERS).then(|| with(status(429, json!({})), "retry-after", 3600))).await;
    assert_eq!(ran.took, Duration::ZERO);
    assert!(matches!(ran.error(), ReadError::WaitTooLong { asked_secs: 3600, left_secs: 600, .. }), "{}", ran.error());
    assert_eq!(ran.error().help(), "run again in 3600 s");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_explained_at_once() {
    let cases = [
        (401, "check", "ZENDESK_OAUTH_TOKEN"),
        (403, "organizations:read", "an admin"),
        (404, "subdomain", "acme.zendesk.com"),
        (422, "did not accept", "--verbose"),
        (400, "did not accept", "--verbose"),
    ];
    let path = "/api/v2/organizations";
    for (code, one, other) in cases {
        let ran =
            run(|call, _| on(call, path).then(|| status(code, json!({"error": "Nope", "description": "why"})))).await;
        assert_eq!(ran.error().to_string(), format!("organizations, page 1: {code} Nope (why)"));
        let help = ran.error().help();
        assert!(help.contains(one) || help.contains(other), "{code}: {help}");
        assert!(help.contains(other), "{code}: {help}");
        assert_eq!(ran.to(path).len(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_named_and_not_followed() {
    let ran = run(|call, _| {
        on(call, USERS).then(|| with(status(302, json!({})), "location", "https://evil.example/steal?x=1"))
    })
    .await;
    assert_eq!(ran.error().to_string(), "users, page 1: 302, redirected to https://evil.example");
    assert!(ran.error().help().contains("redirects are not followed"));
    let ran =
        run(|call, _| on(call, USERS).then(|| with(status(302, json!({})), "location", "/access/login?x=1"))).await;
    assert_eq!(
        ran.error().to_string(),
        "users, page 1: 302, redirected to a page of the same host (/access/login), which asks for a login"
    );
    assert!(ran.error().help().contains("ZENDESK_OAUTH_TOKEN"), "{}", ran.error().help());
}

#[tokio::test(start_paused = true)]
async fn an_error_shows_no_secret() {
    let echo = "static-token is not the token of jo@acme.com";
    let ran = run(|call, _| on(call, USERS).then(|| status(401, json!({"error": echo})))).await;
    let shown = format!("{} {:?} {}", ran.error(), ran.error(), ran.error().help());
    assert!(shown.contains("*** is not the token of ***"), "{shown}");
    assert!(!shown.contains("static-token") && !shown.contains("jo@"), "{shown}");
    // In other clothes: the header of an API token, whole and in parts, and what pages make of it.
    let credentials =
        Credentials::ApiToken { email: Secret::new("auditor@acme.example"), token: Secret::new("k3y/with+odd=signs") };
    for echo in [
        "Basic YXVkaXRvckBhY21lLmV4YW1wbGUvdG9rZW46azN5L3dpdGgrb2RkPXNpZ25z",
        "k3y%2Fwith%2Bodd%3Dsigns",
        "k3y\\/with+odd=signs",
        "azN5L3dpdGgrb2RkPXNpZ25z",
    ] {
        let setup = Setup { credentials: credentials.clone(), ..Setup::default() };
        let ran = run_with(setup, &Silent, |call, _| on(call, USERS).then(|| Ok((502, vec![], echo.to_owned())))).await;
        let shown = ran.error().to_string();
        assert!(shown.contains("***") && !shown.contains("k3y") && !shown.contains("azN5"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_shows_no_granted_token_either() {
    let ran = run_with(as_client(), &Silent, |call, nth| match call.path.as_str() {
        USERS => Some(status(403, json!({"error": "Forbidden", "description": "token-1 may not"}))),
        _ => granting(call, nth, 0),
    })
    .await;
    assert_eq!(ran.error().to_string(), "users, page 1: 403 Forbidden (*** may not)");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_the_account_does_not_shorten_a_wait_that_an_endpoint_asks_for() {
    let limited = with(with(status(429, json!({})), "x-rate-limit", 700), "x-rate-limit-remaining", 650);
    let limited = with(limited, "retry-after", 42);
    let ran = run(|call, nth| (on(call, EXPORT) && nth == 1).then(|| limited.clone())).await;
    assert_eq!(ran.outcome().waited_after_failures_ms, 42_000);
    assert_eq!(ran.to(EXPORT).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_times_out_is_asked_for_in_smaller_pieces() {
    let ran = run(|call, nth| match (call.path.as_str(), nth) {
        (EXPORT, 1) => Some(status(504, json!({}))),
        (EXPORT, 2) => Some(Err(Fault::TimedOut)),
        (EXPORT, 3) => Some(export(json!([{"id": 1}]), Some("c"))),
        (EXPORT, 4) => Some(status(500, json!({}))),
        (EXPORT, 5) => Some(export(json!([{"id": 2}]), None)),
        _ => None,
    })
    .await;
    let sizes: Vec<&str> = ran.to(EXPORT).iter().map(|call| call.query("per_page")).collect();
    assert_eq!(sizes, ["1000", "500", "250", "250", "250"]);
    assert_eq!(ran.sink.of(Kind::Tickets), [1, 2]);
}

// Credentials.
