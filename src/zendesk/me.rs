//! Who is asking: the first request of an audit and of `doctor` (rules 5).
//!
//! A 200 alone proves no login, because Zendesk answers strangers too. An agent who may see only some tickets would make an
//! audit that misses the rest without a word, so such a login is refused.

use serde_json::Value;

use super::ask::{Ask, Stream};
use super::client::Client;
use super::endpoint::Endpoint;
use super::error::{ReadError, SOME_HOST, visible};
use crate::text::audience::Message;

/// The user behind the credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Me {
    pub id: u64,
    /// As Zendesk says it.
    pub role: Option<String>,
    /// A custom role, or a light agent. It may see everything all the same.
    pub restricted_agent: bool,
    /// Which part of the tickets the user may see; `None` for all of them.
    pub ticket_restriction: Option<String>,
}

impl Me {
    pub fn is_admin(&self) -> bool {
        self.role.as_deref() == Some("admin")
    }

    /// Asks who the credentials belong to. Errors: nobody, besides what can go wrong with any request.
    pub(super) async fn ask(client: &Client<'_>) -> Result<Self, ReadError> {
        let stream = Stream::single("users/me");
        let answer = client.ask(&stream, &mut Ask::get(Endpoint::Me, "/api/v2/users/me")).await?;
        Self::of(&answer).ok_or_else(|| {
            let host = client.base_url.host_str().unwrap_or_default();
            let help = |host| client.credentials.advice_when_refused(host);
            ReadError::NotLoggedIn { help: Message::with_public(help(host), help(SOME_HOST)) }
        })
    }

    /// The user in an answer; `None` for a stranger.
    fn of(answer: &str) -> Option<Self> {
        let answer: Value = serde_json::from_str(answer).ok()?;
        let user = answer.get("user")?;
        Some(Self {
            id: user.get("id")?.as_u64()?,
            role: user.get("role").and_then(Value::as_str).map(str::to_owned),
            restricted_agent: user.get("restricted_agent") == Some(&Value::Bool(true)),
            ticket_restriction: match user.get("ticket_restriction") {
                None | Some(Value::Null) => None,
                Some(Value::String(part)) => Some(part.clone()),
                Some(other) => Some(other.to_string()),
            },
        })
    }

    /// Whether the user may see everything that an audit reads. Errors: only a part, or nothing.
    pub fn sees_everything(&self) -> Result<(), ReadError> {
        if self.role.as_deref() == Some("end-user") {
            return Err(ReadError::SeesAPart {
                who: "an end user, who cannot read anything that an audit needs".to_owned(),
            });
        }
        match &self.ticket_restriction {
            Some(part) if !self.is_admin() => Err(ReadError::SeesAPart {
                who: format!("an agent who can see only some tickets (ticket_restriction: {})", visible(part)),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me(user: &str) -> Option<Me> {
        Me::of(&format!("{{\"user\":{user}}}"))
    }

    #[test]
    fn an_answer_without_an_id_is_of_a_stranger() {
        for user in [r#"{"id":null,"role":"end-user"}"#, "{}", "null", r#"{"id":"7"}"#] {
            assert_eq!(me(user), None, "{user}");
        }
        assert_eq!(Me::of("[]"), None);
    }

    #[test]
    fn an_end_user_and_a_restricted_agent_see_only_a_part() {
        let refused = |user| me(user).expect("a user").sees_everything().err().map(|error| error.to_string());
        assert_eq!(refused(r#"{"id":1,"role":"admin"}"#), None);
        assert_eq!(refused(r#"{"id":1,"role":"admin","ticket_restriction":"groups"}"#), None);
        assert_eq!(refused(r#"{"id":1,"role":"agent","ticket_restriction":null,"restricted_agent":true}"#), None);
        assert_eq!(
            refused(r#"{"id":1,"role":"agent","ticket_restriction":"organization"}"#).as_deref(),
            Some(
                "users/me: the credentials belong to an agent who can see only some tickets (ticket_restriction: organization)"
            )
        );
        assert!(refused(r#"{"id":1,"role":"agent","ticket_restriction":{"x":1}}"#).is_some(), "not null");
        assert!(refused(r#"{"id":1,"role":"end-user"}"#).expect("refused").contains("an end user"));
    }
}
