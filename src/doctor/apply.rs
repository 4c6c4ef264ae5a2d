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
                "partly: an agent can change memberships of end users, but needs a custom role to edit orgs",
                Message::public("use an OAuth client or token of an admin for apply"),
            );
        }
        Some(_) | None => {
            return CheckRow::warn(
                check,
                "unknown, because the role is unknown",
                Message::public("use an OAuth client or token of an admin for apply"),
            );
        }
    }
    let check_again = match credentials {
        Credentials::Client { .. } => {
            "before an apply, run doctor with the scope that apply uses: ZENDESK_OAUTH_SCOPE=\"read write\""
        }
        Credentials::Token(_) | Credentials::ApiToken { .. } => {
            "before an apply, set ZENDESK_OAUTH_TOKEN to a token with the scopes read and write, and run doctor again"
        }
    };
    match writes(scopes, credentials) {
        Writes::Allowed(by) => CheckRow::ok(check, Message::public(format!("allowed: an admin with {by}"))),
        Writes::Perhaps => CheckRow::warn(
            check,
            "perhaps: Zendesk does not say whether organizations:write and users:write allow memberships",
            check_again,
        ),
        Writes::ReadOnly => {
            CheckRow::warn(check, "not with this token, which can only read; an audit needs no more", check_again)
        }
        Writes::Unknown => {
            CheckRow::warn(check, "an admin, but Zendesk does not show whether the token can write", check_again)
        }
    }
}
