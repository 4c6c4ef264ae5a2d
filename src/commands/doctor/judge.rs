//! What the probes of a Zendesk mean for an audit and for an apply: one row a check, from findings alone. Pure.

use super::check::{Check, Row};
use crate::config::Config;
use crate::text::audience::{Audience, Message, open};
use crate::text::escape;
use crate::text::words::grouped;
use crate::zendesk::{
    Credentials, Estimate, Findings, Login, Me, RateLimit, ReadError, Reads, Size, Speed, TicketSource, estimate,
    usable,
};
use serde::Serialize;
use std::time::Duration;

/// Clocks that differ by more than this deserve a word.
const MOST_SKEW_SECS: i64 = 60;
/// Zendesk's documented limits a minute, where no header tells them.
const EXPORTS_PER_MINUTE: u64 = 10;
const SEARCHES_PER_MINUTE: u64 = 100;

const NO_CONNECTION: &str = "there is no connection";
const NO_LOGIN: &str = "nobody is logged in";
const AS_ADMIN: &str = "let an admin own the OAuth client or token";

/// What was learned, for machines; null where it was not.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub role: Option<String>,
    pub scopes: Option<Vec<String>>,
    /// Seconds by which this machine's clock is ahead of the server's.
    pub clock_ahead_secs: Option<i64>,
    pub requests_per_minute: Option<u64>,
    pub plan: Option<&'static str>,
    pub multiple_organizations: Option<bool>,
    pub ticket_source: Option<&'static str>,
    pub estimate: Option<Cost>,
}

/// The estimate of an audit.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    pub organizations: u64,
    pub users: u64,
    /// Of the window.
    pub tickets: Option<u64>,
    pub requests: u64,
    pub seconds: u64,
}

/// Judges what was found.
pub fn judge(found: &Findings, credentials: &Credentials, config: &Config) -> (Vec<Row>, Facts) {
    let connection = match &found.connection {
        Ok(took) => Row::ok(Check::Connection, open(format!("answers in {} ms", took.as_millis()))),
        Err(error) => {
            let rest = Check::ALL.into_iter().skip_while(|check| *check != Check::Login);
            let rest = rest.map(|check| Row::not_checked(check, NO_CONNECTION));
            let next = match error {
                ReadError::NeverReached { .. } | ReadError::TriesSpent { .. } | ReadError::TooSilent { .. } => {
                    "check the subdomain, the network and its proxy, and https://status.zendesk.com".into()
                }
                other => other.next(),
            };
            let fail = Row::fail(Check::Connection, told(error), next);
            return (std::iter::once(fail).chain(rest).collect(), Facts::default());
        }
    };
    let mut facts = Facts {
        clock_ahead_secs: found.headers.clock_ahead_secs,
        requests_per_minute: found.headers.rate_limit.map(|limit| limit.per_minute),
        plan: found.headers.rate_limit.and_then(|limit| plan(limit.per_minute)),
        ..Facts::default()
    };
    let me = match &found.login {
        Some(Ok(Login::User(me))) => Some(me),
        _ => None,
    };
    facts.role = me.and_then(|me| me.role.as_deref()).map(escape::terminal);
    let mut rows = vec![connection, login(found.login.as_ref())];
    let clock = clock(found.headers.clock_ahead_secs);
    let rate_limit = rate_limit(found.headers.rate_limit, config.reserve_percent);
    let Some(reads) = &found.reads else {
        let why = if me.is_some() { "end users may not read it" } else { NO_LOGIN };
        let role = me.map_or_else(|| Row::not_checked(Check::Role, why), |me| role(Some(me)));
        rows.extend([role, Row::not_checked(Check::Scopes, why), clock, rate_limit]);
        let rest = Check::ALL.into_iter().skip_while(|check| *check != Check::MultipleOrganizations);
        rows.extend(rest.map(|check| Row::not_checked(check, why)));
        return (rows, facts);
    };
    facts.scopes =
        reads.scopes.as_ref().ok().map(|scopes| scopes.iter().map(|scope| escape::terminal(scope)).collect());
    facts.multiple_organizations = reads.multiple_organizations.as_ref().ok().copied().flatten();
    let source = ticket_source(reads, config.allow_ticket_list);
    facts.ticket_source = source.map(TicketSource::as_str);
    let (cost, estimate) = cost(found, reads, credentials, config, source);
    facts.estimate = cost;

    rows.extend([role(me), scopes(&reads.scopes, credentials), clock, rate_limit]);
    rows.push(multiple_organizations(&reads.multiple_organizations));
    rows.push(read(Check::Organizations, &reads.organizations, reads.organizations_count));
    rows.push(read(Check::Users, &reads.users, reads.users_count));
    rows.push(read(Check::Memberships, &reads.memberships, None));
    rows.push(read(Check::RecordsById, &reads.by_id, None));
    rows.extend(tickets(reads, source, config.allow_ticket_list));
    rows.push(apply(me, &reads.scopes, credentials));
    rows.push(estimate);
    (rows, facts)
}

/// An error without the name of what was asked, which the row has.
fn told(error: &ReadError) -> Message {
    let public = Message::from(error).to(Audience::Public).map(str::to_owned).unwrap_or_default();
    Message::with_public(in_short(error), public)
}

fn in_short(error: &ReadError) -> String {
    match error {
        ReadError::WaitTooLong { last, asked_secs, .. } => format!("{last}, to be asked again in {asked_secs} s"),
        ReadError::TooSilent { last, .. } => last.clone(),
        other => {
            let text = other.to_string();
            text.split_once(": ").map(|(_, told)| told.to_owned()).unwrap_or(text)
        }
    }
}

/// Whether the rate limit was used up. An audit would wait for it, so that nothing is known and nothing is wrong.
fn is_rate_limit(error: &ReadError) -> bool {
    in_short(error).starts_with("429")
}

fn is_refused_for_role(read: &Result<(), ReadError>) -> bool {
    matches!(read, Err(ReadError::Refused { status: 403, .. }))
}

fn not_read(check: Check, error: &ReadError) -> Row {
    if is_rate_limit(error) {
        Row::warn(check, told(error).then(": ", &"not known".into()), error.next())
    } else {
        Row::fail(check, told(error), error.next())
    }
}

fn read(check: Check, read: &Result<(), ReadError>, count: Option<u64>) -> Row {
    match (read, count) {
        (Ok(()), Some(count)) => Row::ok(check, open(format!("can be read; about {}", grouped(count)))),
        (Ok(()), None) => Row::ok(check, "can be read"),
        (Err(error), _) => not_read(check, error),
    }
}

fn login(login: Option<&Result<Login, ReadError>>) -> Row {
    match login {
        None => Row::not_checked(Check::Login, NO_CONNECTION),
        Some(Ok(Login::User(me))) => {
            Row::ok(Check::Login, Message::with_public(format!("accepted, as user {}", me.id), "accepted"))
        }
        Some(Ok(Login::Stranger { help })) => {
            Row::fail(Check::Login, "not accepted: Zendesk answers as it does to strangers", help.clone())
        }
        Some(Ok(Login::Closed(error))) => Row::warn(
            Check::Login,
            Message::from("accepted, but not who it is").then(": ", &told(error)),
            "to see the role, add the scope users:read (or read)",
        ),
        Some(Err(error)) => Row::fail(Check::Login, told(error), error.next()),
    }
}

fn role(me: Option<&Me>) -> Row {
    let check = Check::Role;
    let Some(me) = me else {
        return Row::not_checked(check, "who it is may not be read");
    };
    match me.role.as_deref() {
        Some("admin") => Row::ok(check, "admin"),
        Some("agent") if me.restricted => Row::warn(
            check,
            "agent who sees only a part of the tickets: an audit would miss the rest",
            open(format!("{AS_ADMIN}, or an agent without restrictions")),
        ),
        Some("agent") => Row::warn(check, "agent: the incremental export is for admins", AS_ADMIN),
        Some("end-user") => {
            Row::fail(check, "end-user: may read nothing that an audit needs", open(format!("{AS_ADMIN}, or an agent")))
        }
        Some(other) => Row::warn(
            check,
            format!("\"{}\", a role that is not known here", escape::terminal(other)),
            "see which of the reads below work",
        ),
        None => Row::warn(check, "Zendesk does not tell it", "see which of the reads below work"),
    }
}

fn scopes(scopes: &Result<Vec<String>, ReadError>, credentials: &Credentials) -> Row {
    let check = Check::Scopes;
    if let Credentials::ApiToken { .. } = credentials {
        return Row::ok(check, "an API token has none: it may do what its user may");
    }
    match scopes {
        Ok(scopes) if scopes.is_empty() => Row::fail(
            check,
            "none: nothing may be read",
            "ask for the scope read (ZENDESK_OAUTH_SCOPE, or a new token)",
        ),
        Ok(scopes) if scopes.iter().any(|scope| scope == "read") => Row::ok(check, listed(scopes)),
        Ok(scopes) => Row::warn(
            check,
            format!("{}; Zendesk does not say which of them opens memberships, settings and exports", listed(scopes)),
            "where a read below fails, use the scope read",
        ),
        Err(error) => {
            let asked = match credentials {
                Credentials::Client { scope, .. } => format!("\"{}\" asked for; ", escape::terminal(scope)),
                Credentials::Token(_) | Credentials::ApiToken { .. } => String::new(),
            };
            Row::not_checked(
                check,
                Message::with_public(
                    format!("{asked}Zendesk does not show what was granted ({})", told(error)),
                    "Zendesk does not show what was granted",
                ),
            )
        }
    }
}

fn listed(scopes: &[String]) -> String {
    scopes.iter().map(|scope| escape::terminal(scope)).collect::<Vec<_>>().join(", ")
}

fn clock(ahead_secs: Option<i64>) -> Row {
    let check = Check::Clock;
    let Some(ahead_secs) = ahead_secs else {
        return Row::not_checked(check, "the answers have no date");
    };
    let by = ahead_secs.unsigned_abs();
    let differs = format!("{} s {} the server's", grouped(by), if ahead_secs < 0 { "behind" } else { "ahead of" });
    match ahead_secs.abs() {
        0..=1 => Row::ok(check, "agrees with the server's"),
        2..=MOST_SKEW_SECS => Row::ok(check, open(differs)),
        _ => Row::warn(
            check,
            open(format!("{differs}: the ticket window and the end of suppressions shift by as much")),
            "set this machine's clock, best by NTP",
        ),
    }
}

/// The plans that have a limit, in requests a minute.
/// Source: <https://developer.zendesk.com/api-reference/introduction/rate-limits/>
fn plan(per_minute: u64) -> Option<&'static str> {
    match per_minute {
        200 => Some("Team"),
        400 => Some("Growth or Professional"),
        700 => Some("Enterprise"),
        2500 => Some("Enterprise Plus or the High Volume add-on"),
        _ => None,
    }
}

fn rate_limit(limit: Option<RateLimit>, reserve_percent: u8) -> Row {
    let check = Check::RateLimit;
    let Some(RateLimit { per_minute, remaining }) = limit else {
        return Row::warn(
            check,
            "the answers tell none, so that no reserve can be kept for others",
            "nothing; when a limit is reached, an audit waits",
        );
    };
    let used = usable(per_minute, reserve_percent);
    let plan = plan(per_minute).map_or("a limit of no plan that is known".to_owned(), |plan| format!("as with {plan}"));
    let saw = format!(
        "{} requests a minute, {plan}; {} left now; an audit uses at most {}",
        grouped(per_minute),
        grouped(remaining),
        grouped(used)
    );
    if remaining <= per_minute.saturating_sub(used) {
        Row::warn(
            check,
            open(format!("{saw}: others have used it up to the reserve of {reserve_percent} %")),
            "audit at another time, or lower zendesk.reserve_percent",
        )
    } else {
        Row::ok(check, open(saw))
    }
}

fn multiple_organizations(setting: &Result<Option<bool>, ReadError>) -> Row {
    let check = Check::MultipleOrganizations;
    let unknown = "use the scope read; without it, audits go by the data: a user with two orgs shows that it is on";
    match setting {
        Ok(Some(true)) => Row::ok(check, "on"),
        Ok(Some(false)) => Row::warn(
            check,
            "off: a second org would replace the first, so users who have one are not assigned to another",
            "switch it on in the Admin Center (People > Configuration > End users), if that is wanted",
        ),
        Ok(None) => Row::warn(check, "the account settings do not tell it", unknown),
        Err(error) if is_rate_limit(error) => not_read(check, error),
        Err(error @ ReadError::Refused { status: 403 | 404, .. }) => Row::warn(check, told(error), unknown),
        Err(error) => not_read(check, error),
    }
}

/// Where an audit would read the tickets. Only a refusal for the role leads from one source to the next.
fn ticket_source(reads: &Reads, allow_list: bool) -> Option<TicketSource> {
    if reads.incremental_tickets.is_ok() {
        Some(TicketSource::Incremental)
    } else if !is_refused_for_role(&reads.incremental_tickets) {
        None
    } else if reads.search_export.is_ok() {
        Some(TicketSource::SearchExport)
    } else if is_refused_for_role(&reads.search_export) && allow_list && reads.ticket_list.is_ok() {
        Some(TicketSource::List)
    } else {
        None
    }
}

fn tickets(reads: &Reads, source: Option<TicketSource>, allow_list: bool) -> [Row; 3] {
    const FROM_HERE: &str = "can be read: tickets come from here";
    let export = match (&reads.incremental_tickets, source) {
        (Ok(()), _) => Row::ok(Check::TicketExport, FROM_HERE),
        (Err(error), Some(source)) => {
            let instead = match source {
                TicketSource::List => "the ticket list",
                TicketSource::SearchExport | TicketSource::Incremental => {
                    "the search export, whose index may be some minutes old"
                }
            };
            Row::warn(
                Check::TicketExport,
                told(error).then("; tickets come from ", &instead.into()),
                open(format!("{AS_ADMIN}, or be content with that")),
            )
        }
        (Err(error), None) => not_read(Check::TicketExport, error),
    };
    let export_decides = !is_refused_for_role(&reads.incremental_tickets);
    let search = match &reads.search_export {
        Ok(()) if export_decides => Row::ok(Check::TicketSearch, "can be read; not needed"),
        Ok(()) => Row::ok(Check::TicketSearch, FROM_HERE),
        Err(error) if export_decides => Row::warn(Check::TicketSearch, told(error), "nothing: it is not needed"),
        Err(error) if source.is_some() => {
            Row::warn(Check::TicketSearch, told(error), "let an agent own the credentials, to see archived tickets too")
        }
        Err(error) if is_refused_for_role(&reads.search_export) && !allow_list => Row::fail(
            Check::TicketSearch,
            told(error),
            error.next().then("; ", &"as a last resort tickets.allow_list: true reads the ticket list".into()),
        ),
        Err(error) => not_read(Check::TicketSearch, error),
    };
    let list_decides = !export_decides && is_refused_for_role(&reads.search_export) && allow_list;
    let list = match &reads.ticket_list {
        Ok(()) if list_decides => Row::warn(
            Check::TicketList,
            "can be read: tickets come from here, without archived ones",
            "use credentials that may use one of the exports",
        ),
        Err(error) if list_decides => not_read(Check::TicketList, error),
        Ok(()) => Row::ok(Check::TicketList, "can be read; not used"),
        Err(error) => Row::warn(Check::TicketList, told(error), "nothing: it is not used"),
    };
    [export, search, list]
}

/// What is known of the right to write.
enum Writes {
    Allowed(&'static str),
    /// By two narrow scopes.
    Perhaps,
    ReadOnly,
    Unknown,
}

fn writes(scopes: &Result<Vec<String>, ReadError>, credentials: &Credentials) -> Writes {
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

fn apply(me: Option<&Me>, scopes: &Result<Vec<String>, ReadError>, credentials: &Credentials) -> Row {
    let check = Check::Apply;
    match me.and_then(|me| me.role.as_deref()) {
        Some("admin") => {}
        Some("agent") => {
            return Row::warn(
                check,
                "in part: an agent may change memberships of end users, but orgs only with a custom role that may edit them",
                open(format!("{AS_ADMIN} for apply")),
            );
        }
        Some(_) | None => {
            return Row::warn(check, "not known, since the role is not", open(format!("{AS_ADMIN} for apply")));
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
        Writes::Allowed(by) => Row::ok(check, open(format!("allowed: an admin with {by}"))),
        Writes::Perhaps => Row::warn(
            check,
            "perhaps: Zendesk does not say whether organizations:write and users:write open memberships",
            check_again,
        ),
        Writes::ReadOnly => {
            Row::warn(check, "not with this token, which may only read; an audit needs no more", check_again)
        }
        Writes::Unknown => {
            Row::warn(check, "an admin, but Zendesk does not show whether the token may write", check_again)
        }
    }
}

fn cost(
    found: &Findings,
    reads: &Reads,
    credentials: &Credentials,
    config: &Config,
    source: Option<TicketSource>,
) -> (Option<Cost>, Row) {
    let check = Check::Estimate;
    let (Some(organizations), Some(users)) = (reads.organizations_count, reads.users_count) else {
        let row = Row::warn(check, "Zendesk does not tell how many orgs and users there are", "the first audit tells");
        return (None, row);
    };
    let headers = &found.headers;
    let speed = Speed {
        account: headers.rate_limit.map(|limit| limit.per_minute),
        tickets: source.and_then(|source| match source {
            TicketSource::Incremental => Some(headers.exports_per_minute.unwrap_or(EXPORTS_PER_MINUTE)),
            TicketSource::SearchExport => Some(headers.searches_per_minute.unwrap_or(SEARCHES_PER_MINUTE)),
            TicketSource::List => None,
        }),
        reserve_percent: config.reserve_percent,
    };
    let size = Size { organizations, users, tickets: reads.tickets_count.zip(source) };
    let grants = matches!(credentials, Credentials::Client { .. });
    let estimate = estimate(&size, &speed, grants);
    let cost = Cost {
        organizations,
        users,
        tickets: size.tickets.map(|(tickets, _)| tickets),
        requests: estimate.requests,
        seconds: whole_secs(estimate.takes),
    };
    (Some(cost), estimate_row(&estimate, speed.account.is_some(), config.settings.lookback_days))
}

fn estimate_row(estimate: &Estimate, limit_known: bool, lookback_days: u32) -> Row {
    let Estimate { organizations, users, memberships, tickets, others: _, requests, takes } = estimate;
    let pages = format!(
        "{} for orgs, {} for users, {} for memberships (taken to be as many as users)",
        grouped(*organizations),
        grouped(*users),
        grouped(*memberships)
    );
    let about = |requests| format!("about {} requests, {}", grouped(requests), duration(*takes, limit_known));
    match tickets {
        Some(tickets) => Row::ok(
            Check::Estimate,
            open(format!("{}: {pages}, {} for tickets of {lookback_days} days", about(*requests), grouped(*tickets))),
        ),
        None => Row::warn(
            Check::Estimate,
            open(format!("{}: {pages}; and tickets, whose number is not known", about(*requests))),
            "the first audit tells",
        ),
    }
}

/// Rounded up.
fn whole_secs(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn duration(takes: Duration, limit_known: bool) -> String {
    let about = if limit_known { "about" } else { "at least" };
    match whole_secs(takes) {
        0..60 if limit_known => "less than a minute".to_owned(),
        secs @ 0..90 => format!("{about} {secs} s"),
        secs @ 90..7200 => format!("{about} {} minutes", secs.div_ceil(60)),
        secs => format!("{about} {} hours", grouped(secs.div_ceil(3600))),
    }
}
