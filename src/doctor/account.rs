//! Who is asking, and what the account allows: login, role, scopes, clock, limit, settings.

use super::check::{CheckRow, DoctorCheck};
use super::words::{is_rate_limit, not_read, told};
use crate::text::audience::Message;
use crate::text::escape;
use crate::text::words::grouped;
use crate::zendesk::{AS_ADMIN, Credentials, Me, RateLimit, ReadError, usable};

/// Clocks that differ by more than this deserve a word.
const MOST_SKEW_SECS: i64 = 60;

pub(super) fn login(login: Option<&Result<Me, ReadError>>) -> CheckRow {
    match login {
        None => CheckRow::not_checked(DoctorCheck::Login, "there is no connection"),
        Some(Ok(me)) => {
            CheckRow::ok(DoctorCheck::Login, Message::with_public(format!("accepted, as user {}", me.id), "accepted"))
        }
        Some(Err(error)) => CheckRow::fail(DoctorCheck::Login, told(error), error.next()),
    }
}

pub(super) fn role(me: &Me) -> CheckRow {
    let check = DoctorCheck::Role;
    if let Err(error) = me.sees_everything() {
        return CheckRow::fail(check, told(&error), error.next());
    }
    match me.role.as_deref() {
        Some("admin") => CheckRow::ok(check, "admin"),
        Some("agent") if me.restricted_agent => {
            CheckRow::warn(check, "agent with a restricted role; the responses lack what the role cannot see", AS_ADMIN)
        }
        Some("agent") => CheckRow::warn(check, "agent: only admins can use the incremental export", AS_ADMIN),
        Some(other) => CheckRow::warn(
            check,
            format!("\"{}\", an unknown role", escape::terminal(other)),
            "check which of the reads below work",
        ),
        None => CheckRow::warn(check, "Zendesk does not say which", "check which of the reads below work"),
    }
}

pub(super) fn scopes(scopes: &Result<Vec<String>, ReadError>, credentials: &Credentials) -> CheckRow {
    let check = DoctorCheck::Scopes;
    if let Credentials::ApiToken { .. } = credentials {
        return CheckRow::ok(check, "an API token has no scopes: it can do what its user can");
    }
    match scopes {
        Ok(scopes) if scopes.is_empty() => CheckRow::fail(
            check,
            "none: nothing may be read",
            "use the scope read (ZENDESK_OAUTH_SCOPE, or a new token)",
        ),
        Ok(scopes) if scopes.iter().any(|scope| scope == "read") => CheckRow::ok(check, listed(scopes)),
        Ok(scopes) => CheckRow::warn(
            check,
            format!("{}; Zendesk does not say which of them allow memberships, settings and exports", listed(scopes)),
            "if a read below fails, use the scope read",
        ),
        Err(error) => {
            let asked = match credentials {
                Credentials::Client { scope, .. } => format!("\"{}\" asked for; ", escape::terminal(scope)),
                Credentials::Token(_) | Credentials::ApiToken { .. } => String::new(),
            };
            CheckRow::not_checked(
                check,
                Message::with_public(
                    format!("{asked}Zendesk does not show what was granted ({})", told(error)),
                    "Zendesk does not show what was granted",
                ),
            )
        }
    }
}

pub(super) fn listed(scopes: &[String]) -> String {
    scopes.iter().map(|scope| escape::terminal(scope)).collect::<Vec<_>>().join(", ")
}

pub(super) fn clock(ahead_secs: Option<i64>) -> CheckRow {
    let check = DoctorCheck::Clock;
    let Some(ahead_secs) = ahead_secs else {
        return CheckRow::not_checked(check, "the responses have no date");
    };
    let by = ahead_secs.unsigned_abs();
    let differs = format!("{} s {} the server's", grouped(by), if ahead_secs < 0 { "behind" } else { "ahead of" });
    match ahead_secs.abs() {
        0..=1 => CheckRow::ok(check, "agrees with the server's"),
        2..=MOST_SKEW_SECS => CheckRow::ok(check, Message::public(differs)),
        _ => CheckRow::warn(
            check,
            Message::public(format!(
                "{differs}: the ticket window and the end of suppressions shift by the same amount"
            )),
            "set this machine's clock, preferably by NTP",
        ),
    }
}

/// The plans that have a limit, in requests a minute.
/// Source: <https://developer.zendesk.com/api-reference/introduction/rate-limits/>
pub(super) fn plan(per_minute: u64) -> Option<&'static str> {
    match per_minute {
        200 => Some("Team"),
        400 => Some("Growth or Professional"),
        700 => Some("Enterprise"),
        2500 => Some("Enterprise Plus or the High Volume add-on"),
        _ => None,
    }
}

pub(super) fn rate_limit(limit: Option<RateLimit>, reserve_percent: u8) -> CheckRow {
    let check = DoctorCheck::RateLimit;
    let Some(RateLimit { per_minute, remaining }) = limit else {
        return CheckRow::warn(
            check,
            "responses carry no rate-limit headers, so no share can be reserved for other clients",
            "nothing; an audit waits when it reaches a limit",
        );
    };
    let used = usable(per_minute, reserve_percent);
    let plan = plan(per_minute).map_or("a limit of no known plan".to_owned(), |plan| format!("the limit of {plan}"));
    let saw = format!(
        "{} requests per minute, {plan}; {} left now; an audit uses at most {}",
        grouped(per_minute),
        grouped(remaining),
        grouped(used)
    );
    if remaining <= per_minute.saturating_sub(used) {
        CheckRow::warn(
            check,
            Message::public(format!("{saw}: others have used all of it except the reserve of {reserve_percent} %")),
            "audit at another time, or lower zendesk.reserve_percent",
        )
    } else {
        CheckRow::ok(check, Message::public(saw))
    }
}

pub(super) fn multiple_organizations(setting: &Result<Option<bool>, ReadError>) -> CheckRow {
    let check = DoctorCheck::MultipleOrganizations;
    let unknown = "use the scope read; without it, audits look at the data: a user with two orgs shows that the \
        setting is on";
    match setting {
        Ok(Some(true)) => CheckRow::ok(check, "on"),
        Ok(Some(false)) => CheckRow::warn(
            check,
            "off: a second org would replace the first, so users who have an org are not added to another",
            "turn it on in the Admin Center (People > Configuration > End users), if you want it",
        ),
        Ok(None) => CheckRow::warn(check, "the account settings do not include it", unknown),
        Err(error) if is_rate_limit(error) => not_read(check, error),
        Err(error @ ReadError::Refused { status: 403 | 404, .. }) => CheckRow::warn(check, told(error), unknown),
        Err(error) => not_read(check, error),
    }
}
