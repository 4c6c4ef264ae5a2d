//! What the probes of a Zendesk mean for an audit and for an apply: one row a check, from findings alone. Pure.

use super::account::{clock, login, multiple_organizations, plan, rate_limit, role, scopes};
use super::apply::apply;
use super::check::{CheckRow, DoctorCheck};
use super::cost::{AuditCost, cost, speed};
use super::tickets::{ticket_choice, tickets};
use super::words::{read, told};
use crate::config::Config;
use crate::text::audience::Message;
use crate::text::escape;
use crate::zendesk::{Credentials, Findings, Me, ReadError, TicketSource};
use serde::Serialize;

const NO_CONNECTION: &str = "there is no connection";
const NO_LOGIN: &str = "the login failed";

/// What was learned, for machines; null where it was not.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Learned {
    pub role: Option<String>,
    pub scopes: Option<Vec<String>>,
    /// Seconds by which this machine's clock is ahead of the server's.
    pub clock_ahead_secs: Option<i64>,
    pub requests_per_minute: Option<u64>,
    pub plan: Option<&'static str>,
    pub multiple_organizations: Option<bool>,
    pub ticket_source: Option<&'static str>,
    pub estimate: Option<AuditCost>,
}

/// Judges what was found.
pub fn judge(found: &Findings, credentials: &Credentials, config: &Config) -> (Vec<CheckRow>, Learned) {
    let connection = match &found.connection {
        Ok(took) => {
            CheckRow::ok(DoctorCheck::Connection, Message::public(format!("responds in {} ms", took.as_millis())))
        }
        Err(error) => return (no_connection(error), Learned::default()),
    };
    let me = found.login.as_ref().and_then(|login| login.as_ref().ok());
    let mut facts = Learned {
        role: me.and_then(|me| me.role.as_deref()).map(escape::terminal),
        clock_ahead_secs: found.headers.clock_ahead_secs,
        requests_per_minute: found.headers.rate_limit.map(|limit| limit.per_minute),
        plan: found.headers.rate_limit.and_then(|limit| plan(limit.per_minute)),
        ..Learned::default()
    };
    let mut rows = vec![connection, login(found.login.as_ref())];
    let clock = clock(found.headers.clock_ahead_secs);
    let rate_limit = rate_limit(found.headers.rate_limit, config.reserve_percent);
    let Some(reads) = &found.reads else {
        let why = if me.is_some() { "end users cannot read it" } else { NO_LOGIN };
        let role = me.map_or_else(|| CheckRow::not_checked(DoctorCheck::Role, why), role);
        rows.extend([role, CheckRow::not_checked(DoctorCheck::Scopes, why), clock, rate_limit]);
        let rest = DoctorCheck::ALL.into_iter().skip_while(|check| *check != DoctorCheck::MultipleOrganizations);
        rows.extend(rest.map(|check| CheckRow::not_checked(check, why)));
        return (rows, facts);
    };
    facts.scopes =
        reads.scopes.as_ref().ok().map(|scopes| scopes.iter().map(|scope| escape::terminal(scope)).collect());
    facts.multiple_organizations = reads.multiple_organizations.as_ref().ok().copied().flatten();
    let wanted = config.settings.tickets_enabled;
    let is_admin = me.is_some_and(Me::is_admin);
    let speed = speed(found, config);
    let choice = ticket_choice(reads, is_admin, &speed, config.allow_ticket_list).filter(|_| wanted);
    let source = choice.as_ref().map(|choice| choice.source);
    facts.ticket_source = source.map(TicketSource::as_str);
    let (cost, estimate) = cost(found, reads, credentials, config, choice.as_ref());
    facts.estimate = cost;

    rows.extend([
        me.map_or_else(|| CheckRow::not_checked(DoctorCheck::Role, NO_LOGIN), role),
        scopes(&reads.scopes, credentials),
        clock,
        rate_limit,
    ]);
    rows.push(multiple_organizations(&reads.multiple_organizations));
    rows.push(read(DoctorCheck::Organizations, &reads.organizations, reads.organizations_count));
    rows.push(read(DoctorCheck::Users, &reads.users, reads.users_count));
    rows.push(read(DoctorCheck::Memberships, &reads.memberships, None));
    rows.push(read(DoctorCheck::RecordsById, &reads.by_id, None));
    if wanted {
        rows.extend(tickets(reads, source, config.allow_ticket_list));
    } else {
        let checks = [DoctorCheck::TicketExport, DoctorCheck::TicketSearch, DoctorCheck::TicketList];
        rows.extend(
            checks.map(|check| CheckRow::not_checked(check, "tickets.enabled is false, so tickets are not read")),
        );
    }
    rows.extend([apply(me, &reads.scopes, credentials), estimate]);
    (rows, facts)
}

/// The rows of a Zendesk that cannot be reached.
fn no_connection(error: &ReadError) -> Vec<CheckRow> {
    let next = match error {
        ReadError::NeverReached { .. } | ReadError::TriesSpent { .. } | ReadError::TooSilent { .. } => {
            "check the subdomain, the network and its proxy, and https://status.zendesk.com".into()
        }
        other => other.next(),
    };
    let rest = DoctorCheck::ALL.into_iter().skip_while(|check| *check != DoctorCheck::Login);
    let rest = rest.map(|check| CheckRow::not_checked(check, NO_CONNECTION));
    std::iter::once(CheckRow::fail(DoctorCheck::Connection, told(error), next)).chain(rest).collect()
}
