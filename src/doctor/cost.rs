//! What an audit will cost.

use super::check::{Check, Row};
use crate::config::Config;
use crate::text::audience::open;
use crate::text::words::grouped;
use crate::zendesk::{Credentials, Estimate, Findings, Reads, Size, Speed, TicketSource, estimate};
use serde::Serialize;
use std::time::Duration;

/// Zendesk's documented limits a minute, where no header tells them.
const EXPORTS_PER_MINUTE: u64 = 10;
const SEARCHES_PER_MINUTE: u64 = 100;

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

pub(super) fn cost(
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

pub(super) fn estimate_row(estimate: &Estimate, limit_known: bool, lookback_days: u32) -> Row {
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
