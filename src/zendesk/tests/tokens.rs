//! Tokens: granted, renewed, refused.

use super::*;

#[tokio::test(start_paused = true)]
async fn one_token_serves_all_streams() {
    let setup = Setup { takes: Duration::from_millis(10), ..as_client() };
    let ran = run_with(setup, &Silent, |call, nth| granting(call, nth, 0)).await;
    ran.outcome();
    assert_eq!(ran.outcome().requests["oauth_tokens"], 1);
}

#[tokio::test(start_paused = true)]
async fn streams_whose_token_dies_together_ask_for_one_new_token() {
    let setup = Setup { takes: Duration::from_millis(10), ..as_client() };
    let ran = run_with(setup, &Silent, |call, nth| {
        granting(call, nth, if on(call, SETTINGS) || on(call, ME) { 1 } else { 2 })
    })
    .await;
    assert_eq!(ran.outcome().requests["oauth_tokens"], 2);
    assert_eq!(ran.to(USERS).len(), 2);
    assert_eq!(ran.outcome().waited_after_failures_ms, 0);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_that_is_refused_too_ends_the_read() {
    let ran = run_with(as_client(), &Silent, |call, nth| granting(call, nth, u32::MAX)).await;
    assert_eq!(ran.calls.len(), 4, "grant, 401, grant, 401");
    assert!(matches!(ran.error(), ReadError::Refused { status: 401, .. }), "{}", ran.error());
    assert!(ran.error().help().contains("OAuth client"), "{}", ran.error().help());
}

#[tokio::test(start_paused = true)]
async fn a_static_token_that_is_refused_is_not_tried_again() {
    let ran =
        run(|call, _| on(call, SETTINGS).then(|| status(401, json!({"error": "Couldn't authenticate you"})))).await;
    assert_eq!(ran.to(SETTINGS).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_expires() {
    let setup = Setup { takes: Duration::from_secs(500), ..as_client() };
    let died = Cell::new(false);
    let ran = run_with(setup, &Silent, |call, nth| {
        if on(call, USERS) && nth < 8 {
            return Some(list("users", json!([{"id": nth}]), Some(&nth.to_string())));
        }
        let reply = granting(call, nth, 0);
        died.set(died.get() || reply.as_ref().is_some_and(|reply| matches!(reply, Ok((401, ..)))));
        reply
    })
    .await;
    // Twelve requests of 500 s in a row, and a token for each 1440 s (80 % of 1800 s).
    assert!(ran.outcome().requests["oauth_tokens"] >= 4, "{:?}", ran.outcome().requests);
    let mut granted_at = BTreeMap::new();
    for call in &ran.calls {
        match &call.bearer {
            None => {
                let _ =
                    granted_at.insert(format!("token-{}", granted_at.len() + 1), call.at + Duration::from_secs(500));
            }
            Some(token) => assert!(call.at - granted_at[token] < Duration::from_secs(1440), "{call:?}"),
        }
    }
    assert!(!died.get());
}

#[tokio::test(start_paused = true)]
async fn a_refused_grant_names_variables_and_scope() {
    let refuse = |code: u16, error: &'static str| {
        move |call: &Call, _: u32| {
            assert_eq!(call.path, "/oauth/tokens");
            Some(status(code, json!({"error": error, "error_description": "s3cret is wrong"})))
        }
    };
    let ran = run_with(as_client(), &Silent, refuse(401, "invalid_client")).await;
    assert_eq!(ran.error().to_string(), "OAuth token: 401 invalid_client (*** is wrong)");
    assert!(ran.error().help().contains("ZENDESK_OAUTH_CLIENT_SECRET"), "{}", ran.error().help());
    let ran = run_with(as_client(), &Silent, refuse(400, "invalid_scope")).await;
    assert!(ran.error().help().contains("ZENDESK_OAUTH_SCOPE"), "{}", ran.error().help());
    assert_eq!(ran.calls.len(), 1);
    let ran = run_with(as_client(), &Silent, refuse(404, "InvalidEndpoint")).await;
    assert_eq!(ran.error().help(), "acme.zendesk.com does not support OAuth tokens: check the subdomain");
}

#[tokio::test(start_paused = true)]
async fn a_grant_is_tried_again_like_any_read() {
    let ran = run_with(as_client(), &Silent, |call, nth| match (call.path.as_str(), nth) {
        ("/oauth/tokens", 1) => Some(status(503, json!({}))),
        _ => granting(call, nth, 0),
    })
    .await;
    assert_eq!(ran.outcome().requests["oauth_tokens"], 2);
    let ran = run_with(as_client(), &Silent, |call, _| on(call, "/oauth/tokens").then(|| ok(json!({})))).await;
    assert!(matches!(ran.error(), ReadError::NoToken { .. }), "{}", ran.error());
}

// Pace.
