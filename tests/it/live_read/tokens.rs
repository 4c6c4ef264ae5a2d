//! Grants, scopes and roles: what they open, and what is said where they don't.

use super::*;

/// Reads as an OAuth client that asks for this scope.
fn read_as_client(fake: &FakeZendesk, scope: &str) -> (Result<ReadOutcome, ReadError>, Kept) {
    let env = [FakeZendesk::CLIENT_ENV[0], FakeZendesk::CLIENT_ENV[1], ("ZENDESK_OAUTH_SCOPE", scope)];
    read_with(fake, &env, false)
}

fn with_grants(grants: Grants, client_may_ask_for: Option<&[&str]>) -> FakeZendesk {
    let [(_, id), (_, secret)] = FakeZendesk::CLIENT_ENV;
    let scopes = client_may_ask_for.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let client = Credential { scopes, ..Credential::admin(Login::Client { id: id.into(), secret: secret.into() }) };
    FakeZendesk::start_with(world(), Config { credentials: vec![client], grants, ..Config::default() })
}

#[test]
fn a_grant_that_does_not_say_how_long_it_lasts_is_used_until_it_is_refused() {
    let grants = Grants { omit_expires_in: true, ..Grants::default() };
    let fake = with_grants(grants.clone(), None);
    let (outcome, kept) = read_as_client(&fake, "read");
    outcome.expect("read");
    assert_complete(&fake, &kept);
    let asked = fake.requests_to("/oauth/tokens");
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0].body["scope"], &asked[0].body["expires_in"]), (&json!("read"), &json!(7200)));

    let fake = with_grants(Grants { uses: Some(5), ..grants }, None);
    let (outcome, kept) = read_as_client(&fake, "read");
    outcome.expect("read");
    assert_complete(&fake, &kept);
    assert!(fake.requests_to("/oauth/tokens").len() > 1, "a dead one is replaced");
}

#[test]
fn a_short_grant_is_renewed_before_it_ends() {
    let grants = Grants { announced_secs: Some(1), lifetime: Some(Duration::from_secs(60)), ..Grants::default() };
    let fake = with_grants(grants, None);
    fake.add_fault(Fault::on(ACCOUNT_SETTINGS, FaultKind::Slow { ms: 1100 }));
    let (outcome, kept) = read_as_client(&fake, "read");
    outcome.expect("read");
    assert_complete(&fake, &kept);
    assert!(fake.requests_to("/oauth/tokens").len() > 1);
    assert!(fake.log().iter().all(|request| request.status == Some(200)), "none was refused");
}

#[test]
fn a_scope_that_the_client_may_not_have_is_named() {
    let fake = with_grants(Grants::default(), Some(&["tickets:read"]));
    let error = read_as_client(&fake, "read").0.expect_err("refused");
    let text = format!("{error}; {}", error.help());
    assert!(text.contains("400 invalid_scope") && text.contains("ZENDESK_OAUTH_SCOPE"), "{text}");
    assert_eq!(fake.log().len(), 1, "nothing else was asked");
}

#[test]
fn a_lenient_grant_that_opens_nothing_is_explained_at_the_first_list() {
    let fake = with_grants(Grants { lenient_scopes: true, ..Grants::default() }, Some(&["tickets:read"]));
    let error = read_as_client(&fake, "read").0.expect_err("refused");
    let text = format!("{error}; {}", error.help());
    let list =
        ["organizations", "users", "memberships"].into_iter().find(|list| text.contains(&format!("{list}, page 1")));
    assert!(list.is_some() && text.contains("403 Forbidden (You are missing the following required scopes:"), "{text}");
    assert!(text.contains("must have the scope"), "{text}");
    assert!(!text.contains("fake-granted-token"), "{text}");
    assert!(fake.requests_to(EXPORT).is_empty());
}

#[test]
fn granular_scopes_open_everything_but_the_setting_which_is_then_unknown() {
    let fake = with_grants(Grants::default(), None);
    let (outcome, kept) = read_as_client(&fake, "organizations:read users:read tickets:read");
    let outcome = outcome.expect("read");
    assert_complete(&fake, &kept);
    assert_eq!((outcome.multiple_organizations, source(&outcome)), (None, Some(TicketSource::Incremental)));
    let said = outcome.notices.join("; ");
    assert!(
        said.contains("multiple_organizations could not be read") && said.contains("required scopes: read"),
        "{said}"
    );
}

#[test]
fn a_token_that_dies_in_the_middle_is_replaced_if_it_was_granted_and_named_if_not() {
    let fake = with_grants(Grants::default(), None);
    fake.add_fault(Fault::on(USERS, FaultKind::TokenExpiresNow).nth(2));
    let (outcome, kept) = read_as_client(&fake, "read");
    outcome.expect("read");
    assert_complete(&fake, &kept);
    assert_eq!(fake.requests_to("/oauth/tokens").len(), 2);

    let fake = fails(Fault::on(USERS, FaultKind::TokenExpiresNow).nth(2), "ZENDESK_OAUTH_TOKEN has expired");
    assert_eq!(fake.requests_to(USERS).len(), 2);
}
