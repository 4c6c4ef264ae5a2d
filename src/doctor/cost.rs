//! What an audit will cost.

use super::check::{CheckRow, DoctorCheck};
use crate::config::Config;
use crate::text::audience::Message;
use crate::text::words::grouped;
use crate::zendesk::{Choice, Credentials, Estimate, Findings, Reads, Size, Speed, TicketSource, estimate};
use serde::Serialize;
use std::time::Duration;

/// The estimate of an audit.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct AuditCost {
    pub organizations: u64,
    pub users: u64,
    /// Of the window.
    pub tickets: Option<u64>,
    pub requests: u64,
    pub seconds: u64,
    pub parts: Vec<CostPart>,
    /// Why the tickets come from where they come from.
    pub tickets_because: Option<String>,
}

/// What one kind of record costs.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct CostPart {
    pub kind: &'static str,
    pub way: &'static str,
    /// Null where the number of records is not known.
    pub requests: Option<u64>,
    /// At the least, were it read alone.
    pub seconds: u64,
}

/// How fast an audit may go, by the headers of the probes.
pub(super) fn speed(found: &Findings, config: &Config) -> Speed {
    let headers = &found.headers;
    Speed {
        account: headers.rate_limit.map(|limit| limit.per_minute),
        incremental: headers.exports_per_minute,
        search: headers.searches_per_minute,
        reserve_percent: config.reserve_percent,
    }
}

/// The estimate, with the way to the tickets; `None` for the way where they are not read.
pub(super) fn cost(
    found: &Findings,
    reads: &Reads,
    credentials: &Credentials,
    config: &Config,
    choice: Option<&Choice>,
) -> (Option<AuditCost>, CheckRow) {
    let check = DoctorCheck::Estimate;
    let (Some(organizations), Some(users)) = (reads.organizations_count, reads.users_count) else {
        let saw = "Zendesk does not say how many organizations and users there are";
        return (None, CheckRow::warn(check, saw, "run the first audit: its receipt has the numbers"));
    };
    let speed = speed(found, config);
    let wanted = config.settings.tickets_enabled;
    let tickets = reads.tickets_count.filter(|_| wanted && choice.is_some());
    let size = Size { organizations, users, tickets };
    let grants = matches!(credentials, Credentials::Client { .. });
    // An unknown source still costs an unknown number of requests.
    let source = choice.map(|choice| choice.source).or(wanted.then_some(TicketSource::Incremental));
    let estimate = estimate(&size, &speed, source, grants);
    let parts = estimate.parts.iter().map(|part| CostPart {
        kind: part.kind,
        way: part.way,
        requests: part.requests,
        seconds: whole_secs(part.takes),
    });
    let cost = AuditCost {
        organizations,
        users,
        tickets,
        requests: estimate.requests,
        seconds: whole_secs(estimate.takes),
        parts: parts.collect(),
        tickets_because: choice.map(|choice| choice.reason.clone()),
    };
    let row = estimate_row(&estimate, speed.account.is_some(), config.settings.lookback_days);
    (Some(cost), row)
}

fn estimate_row(estimate: &Estimate, limit_known: bool, lookback_days: u32) -> CheckRow {
    let parts = estimate.parts.iter().map(|part| match (part.kind, part.requests) {
        ("organization_memberships", Some(requests)) => {
            format!("{} for memberships (assuming one per user)", grouped(requests))
        }
        ("tickets", Some(requests)) => format!("{} for tickets of {lookback_days} days", grouped(requests)),
        ("tickets", None) => "and tickets, whose number is unknown".to_owned(),
        (kind, requests) => format!("{} for {kind}", grouped(requests.unwrap_or_default())),
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    let takes = duration(estimate.takes, limit_known);
    let saw = Message::public(format!("about {} requests, {takes}: {parts}", grouped(estimate.requests)));
    if estimate.parts.iter().all(|part| part.requests.is_some()) {
        CheckRow::ok(DoctorCheck::Estimate, saw)
    } else {
        CheckRow::warn(DoctorCheck::Estimate, saw, "run the first audit: its receipt has the numbers")
    }
}

/// Rounded up.
pub(super) fn whole_secs(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

pub(super) fn duration(takes: Duration, limit_known: bool) -> String {
    let about = if limit_known { "about" } else { "at least" };
    match whole_secs(takes) {
        0..60 if limit_known => "less than a minute".to_owned(),
        secs @ 0..90 => format!("{about} {secs} s"),
        secs @ 90..7200 => format!("{about} {} minutes", secs.div_ceil(60)),
        secs => format!("{about} {} hours", grouped(secs.div_ceil(3600))),
    }
}
