//! Whether `apply` would be allowed to write, by role and scopes alone: nothing is written to find out.

use super::check::{CheckRow, DoctorCheck};
use crate::text::audience::Message;
use crate::zendesk::{Credentials, Me, ReadError};

/// What is known of the right to write.
pub(super) enum Writes {
    Allowed(&'static str),
    /// By two narrow scopes.
    Perhaps,
    ReadOnly,
    Unknown,
}

pub(super) fn writes(scopes: &Result<Vec<String>, ReadError>, credentials: &Credentials) -> Writes {
    let has = |scopes: &[String], wanted: &str| scopes.iter().any(|scope| scope == wanted);
    match (credentials, scopes) {
        (Credentials::ApiToken { .. }, _) => Writes::Allowed("an API token, which has no scopes"),
        (_, Ok(scopes)) if has(scopes, "write") => Writes::Allowed("the scope write"),
        (_, Ok(scopes)) if has(scopes, "organizations:write") && has(scopes, "users:write") => Writes::Perhaps,
        (_, Ok(_)) => Writes::ReadOnly,
        (Credentials::Client { scope, .. }, Err(_)) if !scope.contains("write") => Writes::ReadOnly,
        (_, Err(_)) => Writes::Unknown,
    }
}

pub(super) fn apply(me: Option<&Me>, scopes: &Result<Vec<String>, ReadError>, credentials: &Credentials) -> CheckRow {
    let check = DoctorCheck::Apply;
    match me.and_then(|me| me.role.as_deref()) {
        Some("admin") => {}
        Some("agent") => {
            return CheckRow::warn(
                check,
                "in part: an agent may change memberships of end users, but orgs only with a custom role that may edit them",
                Message::public("let an admin own the OAuth client or token that apply uses"),
            );
        }
        Some(_) | None => {
            return CheckRow::warn(
                check,
                "not known, since the role is not",
                Message::public("let an admin own the OAuth client or token that apply uses"),
            );
        }
    }
    let check_again = match credentials {
        Credentials::Client { .. } => {
            "before an apply, run doctor with what apply asks for: ZENDESK_OAUTH_SCOPE=\"read write\""
        }
        Credentials::Token(_) | Credentials::ApiToken { .. } => {
            "before an apply, set ZENDESK_OAUTH_TOKEN to a token with the scopes read and write, and run doctor again"
        }
    };
    match writes(scopes, credentials) {
        Writes::Allowed(by) => CheckRow::ok(check, Message::public(format!("allowed: an admin with {by}"))),
        Writes::Perhaps => CheckRow::warn(
            check,
            "perhaps: Zendesk does not say whether organizations:write and users:write open memberships",
            check_again,
        ),
        Writes::ReadOnly => {
            CheckRow::warn(check, "not with this token, which may only read; an audit needs no more", check_again)
        }
        Writes::Unknown => {
            CheckRow::warn(check, "an admin, but Zendesk does not show whether the token may write", check_again)
        }
    }
}
