//! Credentials: from the environment into a form that never prints itself, and the words of the token grant.
//!
//! Left out: sending the grant and keeping its token fresh (`client`), and reading the environment itself, which is an argument.

use crate::text::audience::Message;
use crate::text::secret;
pub use crate::text::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// How long a granted token is asked to last. New OAuth clients default to 1800 s, which a large audit outlives.
const ASKED_LIFETIME_SECS: u64 = 7200;

/// What proves to Zendesk who is asking.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An OAuth client that is granted a token of its own, with this scope.
    Client { id: Secret, secret: Secret, scope: String },
    /// An OAuth access token, made elsewhere.
    Token(Secret),
    /// An API token and the address it belongs to. Zendesk retires these by 30 April 2027.
    ApiToken { email: Secret, token: Secret },
}

/// What is wrong with the environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    #[error("no Zendesk credentials in the environment")]
    None,
    #[error("{present} is set, but {missing} is not")]
    Half { present: &'static str, missing: &'static str },
    #[error("{variable} contains a character that no credential can have")]
    Unusable { variable: &'static str },
}

const CLIENT_ID: &str = "ZENDESK_OAUTH_CLIENT_ID";
const CLIENT_SECRET: &str = "ZENDESK_OAUTH_CLIENT_SECRET";
const SCOPE: &str = "ZENDESK_OAUTH_SCOPE";
const TOKEN: &str = "ZENDESK_OAUTH_TOKEN";
const EMAIL: &str = "ZENDESK_EMAIL";
const API_TOKEN: &str = "ZENDESK_API_TOKEN";

/// It names variables, and no value.
impl From<&CredentialError> for Message {
    fn from(error: &CredentialError) -> Self {
        Message::public(error.to_string())
    }
}

impl CredentialError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::None => format!(
                "set one of: {CLIENT_ID} and {CLIENT_SECRET} (an OAuth client, the best choice); {TOKEN}; {EMAIL} and {API_TOKEN}"
            ),
            Self::Half { present, missing } => format!("set {missing} as well, or unset {present}"),
            Self::Unusable { variable } => format!("set {variable} to the value that Zendesk shows, on one line"),
        }
    }
}

/// Takes the first set of credentials of the environment: OAuth client, OAuth token, API token.
///
/// `default_scope` is what an OAuth client asks for unless `ZENDESK_OAUTH_SCOPE` says otherwise. White space around a value
/// (a final newline, from a file) is dropped; an empty value is as good as none.
/// Errors: half a set before the first whole one, no set at all, a value that can't be sent in a header.
pub fn credentials_from(
    env: &dyn Fn(&str) -> Option<String>,
    default_scope: &str,
) -> Result<Credentials, CredentialError> {
    let value = |variable: &'static str| -> Result<Option<String>, CredentialError> {
        let text = env(variable).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        match text {
            Some(text) if text.chars().any(char::is_control) => Err(CredentialError::Unusable { variable }),
            text => {
                // The client's id and scope are no secrets, and stand in messages.
                if let Some(text) = text.as_deref().filter(|_| ![CLIENT_ID, SCOPE].contains(&variable)) {
                    secret::know(text);
                }
                Ok(text)
            }
        }
    };
    let pair = |one: &'static str, other: &'static str| match (value(one)?, value(other)?) {
        (Some(first), Some(second)) => Ok(Some((Secret::new(first), Secret::new(second)))),
        (Some(_), None) => Err(CredentialError::Half { present: one, missing: other }),
        (None, Some(_)) => Err(CredentialError::Half { present: other, missing: one }),
        (None, None) => Ok(None),
    };
    if let Some((id, secret)) = pair(CLIENT_ID, CLIENT_SECRET)? {
        let scope = value(SCOPE)?.unwrap_or_else(|| default_scope.to_owned());
        return Ok(Credentials::Client { id, secret, scope });
    }
    if let Some(token) = value(TOKEN)? {
        if !is_sendable(&token) {
            return Err(CredentialError::Unusable { variable: TOKEN });
        }
        return Ok(Credentials::Token(Secret::new(token)));
    }
    match pair(EMAIL, API_TOKEN)? {
        Some((email, token)) => Ok(Credentials::ApiToken { email, token }),
        None => Err(CredentialError::None),
    }
}

/// Whether a bearer token fits into a header.
fn is_sendable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Credentials {
    /// The scope asked for; only an OAuth client asks for one.
    pub(super) fn scope(&self) -> Option<&str> {
        match self {
            Self::Client { scope, .. } => Some(scope),
            Self::Token(_) | Self::ApiToken { .. } => None,
        }
    }

    /// Makes every text that must not be shown known to the mask: the secrets, and the header that is made of them.
    pub(super) fn conceal(&self) {
        match self {
            Self::Client { id: _, secret, scope: _ } => secret::know(secret.expose()),
            Self::Token(token) => secret::know(token.expose()),
            Self::ApiToken { email, token } => {
                secret::know(email.expose());
                secret::know(token.expose());
                secret::know(&STANDARD.encode(format!("{}/token:{}", email.expose(), token.expose())));
            }
        }
    }

    /// What to do when Zendesk doesn't accept them.
    pub(super) fn advice_when_refused(&self, host: &str) -> String {
        match self {
            Self::Client { .. } => format!(
                "{host} does not accept the token that it just granted; check that the user who owns the OAuth \
                    client is active"
            ),
            Self::Token(_) => format!("{TOKEN} has expired, was revoked, or belongs to a Zendesk other than {host}"),
            Self::ApiToken { .. } => format!(
                "check {EMAIL} (without /token) and {API_TOKEN} for {host}; Zendesk deactivates API tokens that \
                    were not used for 30 days and will retire all of them, so an OAuth client is better \
                    ({CLIENT_ID}, {CLIENT_SECRET})"
            ),
        }
    }
}

/// The body that asks for a token.
/// Source: <https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/>
pub(super) fn grant_request(id: &Secret, secret: &Secret, scope: &str) -> String {
    #[derive(Serialize)]
    struct Grant<'a> {
        grant_type: &'a str,
        client_id: &'a str,
        client_secret: &'a str,
        scope: &'a str,
        expires_in: u64,
    }
    let grant = Grant {
        grant_type: "client_credentials",
        client_id: id.expose(),
        client_secret: secret.expose(),
        scope,
        expires_in: ASKED_LIFETIME_SECS,
    };
    serde_json::to_string(&grant).expect("texts and a number are always JSON")
}

/// The token in the answer to a grant and the seconds after which to ask for the next one: at 80 % of its life, so that no
/// page meets its end. An answer without `expires_in` is taken to grant what was asked.
pub(super) fn granted(answer: &str) -> Option<(Secret, u64)> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: String,
        #[serde(default)]
        expires_in: Option<u64>,
    }
    let granted: Granted = serde_json::from_str(answer).ok()?;
    let lifetime = granted.expires_in.unwrap_or(ASKED_LIFETIME_SECS);
    is_sendable(&granted.access_token).then(|| (Secret::new(granted.access_token), lifetime - lifetime / 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Credentials, CredentialError> {
        let env = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        credentials_from(&env, "read")
    }

    fn kind(pairs: &[(&str, &str)]) -> &'static str {
        match from(pairs) {
            Ok(Credentials::Client { .. }) => "client",
            Ok(Credentials::Token(_)) => "token",
            Ok(Credentials::ApiToken { .. }) => "api token",
            Err(error) => panic!("{error}"),
        }
    }

    const ALL: [(&str, &str); 5] = [
        (CLIENT_ID, "gremlin"),
        (CLIENT_SECRET, "s3cret"),
        (TOKEN, "t0ken"),
        (EMAIL, "jo@acme.com"),
        (API_TOKEN, "k3y"),
    ];

    #[test]
    fn the_first_set_in_order_is_taken() {
        assert_eq!(kind(&ALL), "client");
        assert_eq!(kind(&ALL[2..]), "token");
        assert_eq!(kind(&ALL[3..]), "api token");
    }

    #[test]
    fn half_a_set_names_what_is_missing() {
        let half = |pairs: &[(&str, &str)]| from(pairs).unwrap_err();
        assert_eq!(half(&ALL[..1]), CredentialError::Half { present: CLIENT_ID, missing: CLIENT_SECRET });
        assert_eq!(half(&ALL[1..3]), CredentialError::Half { present: CLIENT_SECRET, missing: CLIENT_ID });
        assert_eq!(half(&ALL[3..4]), CredentialError::Half { present: EMAIL, missing: API_TOKEN });
        assert_eq!(half(&ALL[4..]), CredentialError::Half { present: API_TOKEN, missing: EMAIL });
        assert_eq!(half(&ALL[4..]).to_string(), "ZENDESK_API_TOKEN is set, but ZENDESK_EMAIL is not");
        assert_eq!(kind(&ALL[..4]), "client", "half a set after a whole one is not looked at");
    }

    #[test]
    fn an_empty_variable_is_unset() {
        assert_eq!(kind(&[(CLIENT_ID, ""), (CLIENT_SECRET, " \n"), (TOKEN, "t0ken")]), "token");
        let none = from(&[(TOKEN, "")]).unwrap_err();
        assert_eq!(none, CredentialError::None);
        for variable in [CLIENT_ID, CLIENT_SECRET, TOKEN, EMAIL, API_TOKEN] {
            assert!(none.help().contains(variable), "{variable}");
        }
    }

    #[test]
    fn the_environment_may_name_the_scope() {
        let scope = |pairs: &[(&str, &str)]| from(pairs).unwrap().scope().map(str::to_owned);
        assert_eq!(scope(&ALL).as_deref(), Some("read"));
        let mut with_scope = ALL.to_vec();
        with_scope.push((SCOPE, "organizations:read users:read"));
        assert_eq!(scope(&with_scope).as_deref(), Some("organizations:read users:read"));
    }

    #[test]
    fn values_are_trimmed_and_must_fit_into_a_header() {
        let Ok(Credentials::Token(token)) = from(&[(TOKEN, " t0ken\n")]) else { panic!("a token") };
        assert_eq!(token.expose(), "t0ken");
        for bad in ["t0\nken", "töken", "two words"] {
            assert_eq!(from(&[(TOKEN, bad)]).unwrap_err(), CredentialError::Unusable { variable: TOKEN }, "{bad:?}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        for first in [0, 2, 3] {
            let shown = format!("{:?}", from(&ALL[first..]).unwrap());
            assert!(shown.contains("***"), "{shown}");
            for (_, value) in ALL {
                assert!(!shown.contains(value), "{shown}");
            }
        }
    }

    #[test]
    fn the_grant_asks_for_scope_and_lifetime() {
        let body = grant_request(&Secret::new("gremlin"), &Secret::new("s3cret"), "read");
        assert_eq!(
            body,
            r#"{"grant_type":"client_credentials","client_id":"gremlin","client_secret":"s3cret","scope":"read","expires_in":7200}"#
        );
    }

    #[test]
    fn a_token_is_renewed_at_four_fifths_of_its_life() {
        let secs = |answer| granted(answer).map(|(_, secs)| secs);
        assert_eq!(secs(r#"{"access_token":"t0ken","expires_in":1800}"#), Some(1440));
        assert_eq!(secs(r#"{"access_token":"t0ken"}"#), Some(5760));
        assert_eq!(secs(r#"{"access_token":"t0ken","expires_in":null}"#), Some(5760));
        assert_eq!(secs(r#"{"access_token":"two words"}"#), None);
        assert_eq!(secs(r#"{"token":"t0ken"}"#), None);
    }
}
