//! Credentials: from the environment into a form that never prints itself, and the words of the grant.
//!
//! Left out: sending the grant (`read`), and reading the environment itself, which is an argument.

use super::error::SalesforceGap;
use super::page::NotAPage;
use crate::text::audience::Message;
use crate::text::secret::{self, Secret};
use serde::Deserialize;
use serde_json::error::Category;

const CLIENT_ID: &str = "SALESFORCE_CLIENT_ID";
const CLIENT_SECRET: &str = "SALESFORCE_CLIENT_SECRET";
const TOKEN: &str = "SALESFORCE_ACCESS_TOKEN";

/// What proves to Salesforce who is asking.
#[derive(Clone, Debug)]
pub enum SalesforceCredentials {
    /// An app with the client credentials flow, which is granted a token of its own.
    Client { id: Secret, secret: Secret },
    /// An access token, made elsewhere. It cannot be renewed.
    Token(Secret),
}

/// What is wrong with the environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SalesforceCredentialError {
    #[error("no Salesforce credentials in the environment")]
    None,
    #[error("{present} is set, but {missing} is not")]
    Half { present: &'static str, missing: &'static str },
    #[error("{variable} contains a character that no credential can have")]
    Unusable { variable: &'static str },
}

impl SalesforceCredentialError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::None => format!(
                "set {CLIENT_ID} and {CLIENT_SECRET} (an app with the client credentials flow, the best \
                    choice), or {TOKEN}; docs/salesforce.md shows how to get them"
            ),
            Self::Half { present, missing } => format!("set {missing} as well, or unset {present}"),
            Self::Unusable { variable } => format!("set {variable} to the value that Salesforce shows, on one line"),
        }
    }
}

/// It names variables, and no value.
impl From<&SalesforceCredentialError> for Message {
    fn from(error: &SalesforceCredentialError) -> Self {
        Message::public(error.to_string())
    }
}

/// Takes the first complete set of credentials of the environment: the client, then the token.
///
/// White space around a value is dropped; an empty value is unset.
/// Errors: half a set, no set at all, a value that cannot be sent.
pub fn credentials_from(
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<SalesforceCredentials, SalesforceCredentialError> {
    let value = |variable: &'static str| -> Result<Option<Secret>, SalesforceCredentialError> {
        let text = env(variable).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        match text {
            Some(text) if !is_sendable(&text) => Err(SalesforceCredentialError::Unusable { variable }),
            text => Ok(text.map(|text| {
                secret::know(&text);
                Secret::new(text)
            })),
        }
    };
    match (value(CLIENT_ID)?, value(CLIENT_SECRET)?) {
        (Some(id), Some(secret)) => return Ok(SalesforceCredentials::Client { id, secret }),
        (Some(_), None) => return Err(SalesforceCredentialError::Half { present: CLIENT_ID, missing: CLIENT_SECRET }),
        (None, Some(_)) => return Err(SalesforceCredentialError::Half { present: CLIENT_SECRET, missing: CLIENT_ID }),
        (None, None) => {}
    }
    value(TOKEN)?.map(SalesforceCredentials::Token).ok_or(SalesforceCredentialError::None)
}

/// Whether a text fits into a header.
fn is_sendable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

impl SalesforceCredentials {
    /// The variables that hold them, for people.
    pub fn variables(&self) -> &'static str {
        match self {
            Self::Client { .. } => "SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET",
            Self::Token(_) => TOKEN,
        }
    }

    /// Every text that must not be shown.
    pub(super) fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Client { id, secret } => vec![id.expose(), secret.expose()],
            Self::Token(token) => vec![token.expose()],
        }
    }
}

/// The form that asks for a token.
///
/// Source: <https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm>, and the example in
/// <https://developer.salesforce.com/docs/atlas.en-us.262.0.chatterapi.meta/chatterapi/quickstart_connecting.htm>
pub(super) fn grant_form(id: &Secret, secret: &Secret) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    form.append_pair("client_id", id.expose());
    form.append_pair("client_secret", secret.expose());
    form.finish()
}

/// The token in the answer to a grant. Its `instance_url` is not followed: the configured host alone gets the token.
/// Errors: it is not JSON, or holds no token.
pub(super) fn granted(answer: &[u8]) -> Result<Secret, NotAPage> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: String,
    }
    let Granted { access_token } = serde_json::from_slice(answer).map_err(|error| match error.classify() {
        Category::Data => NotAPage::Gap(SalesforceGap::AnotherShape),
        _ => NotAPage::NotJson,
    })?;
    secret::know(&access_token);
    is_sendable(&access_token).then(|| Secret::new(access_token)).ok_or(NotAPage::Gap(SalesforceGap::AnotherShape))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<SalesforceCredentials, SalesforceCredentialError> {
        credentials_from(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    const ALL: [(&str, &str); 3] = [(CLIENT_ID, "3MVG9app"), (CLIENT_SECRET, "8A4BE698"), (TOKEN, "00D!AR8token")];

    #[test]
    fn the_first_complete_set_is_taken_and_half_a_set_names_what_is_missing() {
        assert!(matches!(from(&ALL), Ok(SalesforceCredentials::Client { .. })));
        assert!(matches!(from(&ALL[2..]), Ok(SalesforceCredentials::Token(_))));
        let half = |pairs: &[(&str, &str)]| from(pairs).expect_err("half");
        assert_eq!(
            half(&[ALL[0], ALL[2]]),
            SalesforceCredentialError::Half { present: CLIENT_ID, missing: CLIENT_SECRET }
        );
        assert_eq!(half(&ALL[1..]), SalesforceCredentialError::Half { present: CLIENT_SECRET, missing: CLIENT_ID });
        assert_eq!(half(&[]), SalesforceCredentialError::None);
        assert!(matches!(from(&[(CLIENT_ID, " "), (CLIENT_SECRET, ""), ALL[2]]), Ok(SalesforceCredentials::Token(_))));
    }

    #[test]
    fn a_value_that_no_header_can_hold_is_refused() {
        for odd in ["00D!\nx", "two words", "tökén"] {
            let error = from(&[(TOKEN, odd)]).expect_err("not sendable");
            assert_eq!(error, SalesforceCredentialError::Unusable { variable: TOKEN });
            assert!(!error.to_string().contains(odd));
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let shown = format!("{:?} {:?}", from(&ALL), from(&ALL[2..]));
        assert!(ALL.iter().all(|(_, value)| !shown.contains(value)), "{shown}");
    }

    #[test]
    fn the_grant_is_a_form_and_its_answer_holds_a_token() {
        let form = grant_form(&Secret::new("a b"), &Secret::new("1&2"));
        assert_eq!(form, "grant_type=client_credentials&client_id=a+b&client_secret=1%262");
        assert!(granted(br#"{"access_token":"00D!x","instance_url":"https://elsewhere.example"}"#).is_ok());
        for odd in ["{}", "[]", "", r#"{"access_token":""}"#, r#"{"access_token":"a\nb"}"#] {
            assert!(granted(odd.as_bytes()).is_err(), "{odd}");
        }
    }
}
