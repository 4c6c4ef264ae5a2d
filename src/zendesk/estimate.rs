//! What an audit will cost, from counts and limits: the one place of these formulas.
//!
//! - `n` records come in `max(1, ceil(n / page))` requests: 100 a page of lists, 1000 of both exports; after a search export one
//!   more page of the incremental export. Zendesk has no count of memberships; they are taken to be as many as the users. Who is
//!   asking, the account setting, three counts and the token grant of an OAuth client are one request each.
//! - Of a limit of `L` requests a minute, `U = L − floor(L × reserve_percent / 100)` are used, always at least 1.
//! - `n` requests of which `U` a minute may go wait for `floor((n − 1) / U)` minutes to pass.
//! - A chain of `n` pages takes at least `n × 0.4 s`, since each page needs the one before. The 0.4 s are an assumption.
//! - All four kinds are read side by side: the longest of the wait under the account's limit for their sum, the wait for the
//!   tickets under the limit of their own source, and the longest chain.
//!
//! Left out on purpose, since nothing is known of it beforehand: records that are fetched by id, tries after failures, and what
//! other integrations use of the limit beyond the reserve.

use std::time::Duration;

use super::ask::{EXPORT_PAGE_SIZE, PAGE_SIZE};
use super::ticket_source::{INCREMENTAL_PER_MINUTE, SEARCHES_PER_MINUTE, TicketSource};

/// How long Zendesk is taken to need for one page.
const PAGE_TAKES: Duration = Duration::from_millis(400);
const MINUTE: Duration = Duration::from_secs(60);

/// How much there is to read. Zendesk's counts may be a day old.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    pub organizations: u64,
    pub users: u64,
    /// Tickets of the window; `None` where their number is not known.
    pub tickets: Option<u64>,
}

/// How fast it may go, in requests a minute; `None` where no header has told it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Speed {
    /// Of the whole account.
    pub account: Option<u64>,
    /// Of the incremental exports together.
    pub incremental: Option<u64>,
    /// Of the search export.
    pub search: Option<u64>,
    pub reserve_percent: u8,
}

/// What one kind costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name in the receipt.
    pub kind: &'static str,
    /// How it is read.
    pub way: &'static str,
    /// `None` where the number of records is not known.
    pub requests: Option<u64>,
    /// At the least, were it read alone.
    pub takes: Duration,
}

/// Requests by what they bring, and the time that they take at the least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Organizations, users, memberships, and tickets where they are read.
    pub parts: Vec<Part>,
    /// Who is asking, the account setting, the counts, and the token grant of an OAuth client.
    pub others: u64,
    /// The sum of all that is known.
    pub requests: u64,
    pub takes: Duration,
}

impl Estimate {
    /// The part of this kind.
    pub fn part(&self, kind: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.kind == kind)
    }
}

/// Estimates one audit. `tickets` is the way to them, `None` where they are not read; `grants` says whether a token is granted first.
pub fn estimate(size: &Size, speed: &Speed, tickets: Option<TicketSource>, grants: bool) -> Estimate {
    let wait = |requests, limit| waiting(requests, limit, speed.reserve_percent);
    let list = |kind, records| {
        let pages = pages(records, PAGE_SIZE);
        Part { kind, way: "list", requests: Some(pages), takes: wait(pages, speed.account).max(chain(pages)) }
    };
    let mut parts = vec![
        list("organizations", size.organizations),
        list("users", size.users),
        list("organization_memberships", size.users),
    ];
    parts.extend(tickets.map(|source| ticket_part(size.tickets, source, speed)));
    let others = 4 + u64::from(tickets.is_some()) + u64::from(grants);
    let paged: u64 = parts.iter().filter_map(|part| part.requests).sum();
    let alone = parts.iter().map(|part| part.takes).max().unwrap_or_default();
    Estimate {
        parts,
        others,
        requests: paged + others,
        takes: wait(paged + others, speed.account).max(alone).saturating_add(chain(2 + u64::from(grants))),
    }
}

fn ticket_part(tickets: Option<u64>, source: TicketSource, speed: &Speed) -> Part {
    let size = if source == TicketSource::List { PAGE_SIZE } else { EXPORT_PAGE_SIZE };
    let (way, limit, more) = match source {
        TicketSource::Incremental => {
            ("incremental export", Some(speed.incremental.unwrap_or(INCREMENTAL_PER_MINUTE)), 0)
        }
        TicketSource::SearchExport => ("search export", Some(speed.search.unwrap_or(SEARCHES_PER_MINUTE)), 1),
        TicketSource::SearchAlone => ("search export", Some(speed.search.unwrap_or(SEARCHES_PER_MINUTE)), 0),
        TicketSource::List => ("list", speed.account, 0),
    };
    let pages = tickets.map(|tickets| pages(tickets, size));
    let takes = pages.map_or(Duration::ZERO, |pages| {
        waiting(pages, limit, speed.reserve_percent).max(chain(pages)).saturating_add(chain(more))
    });
    Part { kind: "tickets", way, requests: pages.map(|pages| pages + more), takes }
}

/// What is used of a limit, so that the reserve is left to others.
pub fn usable(limit: u64, reserve_percent: u8) -> u64 {
    let reserve = limit.saturating_mul(u64::from(reserve_percent)) / 100;
    limit.saturating_sub(reserve).max(1)
}

pub(super) fn pages(records: u64, page: u32) -> u64 {
    records.div_ceil(u64::from(page)).max(1)
}

/// The whole minutes that pass before the last of these requests may go; none without a limit.
pub(super) fn waiting(requests: u64, limit: Option<u64>, reserve_percent: u8) -> Duration {
    let minutes = limit.map_or(0, |limit| requests.saturating_sub(1) / usable(limit, reserve_percent));
    MINUTE.saturating_mul(u32::try_from(minutes).unwrap_or(u32::MAX))
}

/// The time of a chain of this many pages.
pub(super) fn chain(pages: u64) -> Duration {
    PAGE_TAKES.saturating_mul(u32::try_from(pages).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(organizations: u64, users: u64, tickets: u64, account: u64, source: TicketSource) -> Estimate {
        let size = Size { organizations, users, tickets: Some(tickets) };
        let speed = Speed { account: Some(account), incremental: None, search: None, reserve_percent: 20 };
        estimate(&size, &speed, Some(source), true)
    }

    fn requests(estimate: &Estimate) -> Vec<Option<u64>> {
        estimate.parts.iter().map(|part| part.requests).collect()
    }

    #[test]
    fn requests_are_pages_and_a_few_more() {
        let small = of(500, 5000, 3000, 400, TicketSource::Incremental);
        assert_eq!(requests(&small), [Some(5), Some(50), Some(50), Some(3)]);
        // Who is asking, the setting, three counts and a grant.
        assert_eq!((small.others, small.requests), (6, 114));
        let none = estimate(&Size::default(), &Speed::default(), None, false);
        assert_eq!((requests(&none), none.requests), (vec![Some(1); 3], 7), "an empty list too");
        let unknown = estimate(&Size::default(), &Speed::default(), Some(TicketSource::Incremental), false);
        assert_eq!((unknown.part("tickets").expect("tickets").requests, unknown.requests), (None, 8));
    }

    #[test]
    fn the_source_of_the_tickets_decides_their_pages() {
        for (source, pages) in [
            (TicketSource::Incremental, 30),
            (TicketSource::SearchExport, 31),
            (TicketSource::SearchAlone, 30),
            (TicketSource::List, 300),
        ] {
            assert_eq!(requests(&of(1, 1, 30_000, 400, source))[3], Some(pages), "{source:?}");
        }
    }

    #[test]
    fn what_is_used_of_a_limit_is_what_the_pace_uses() {
        assert_eq!([usable(400, 20), usable(10, 20), usable(700, 0), usable(10, 25)], [320, 8, 700, 8]);
        assert_eq!([usable(400, 100), usable(0, 20)], [1, 1], "one request a window always goes");
    }

    #[test]
    fn a_small_account_takes_as_long_as_its_longest_chain() {
        // 50 pages of users in a row, and a grant, who is asking and the setting before them, at 0.4 s.
        assert_eq!(of(500, 5000, 3000, 400, TicketSource::Incremental).takes, PAGE_TAKES * (50 + 3));
    }

    #[test]
    fn a_large_account_waits_for_the_limits() {
        // 50 + 500 + 500 + 30 + 6 requests at 160 a minute; 30 pages at 8 a minute are quicker.
        assert_eq!(of(5000, 50_000, 30_000, 200, TicketSource::Incremental).takes, MINUTE * 6 + PAGE_TAKES * 3);
        // With a limit of 2500 only the chain of 20,000 pages counts.
        assert_eq!(of(50_000, 2_000_000, 1, 2500, TicketSource::Incremental).takes, PAGE_TAKES * (20_000 + 3));
        // Few lists, many tickets.
        assert_eq!(of(1, 1, 30_000, 2500, TicketSource::Incremental).takes, MINUTE * 3 + PAGE_TAKES * 3);
        assert_eq!(of(1, 1, 30_000, 2500, TicketSource::SearchExport).takes, PAGE_TAKES * (31 + 3));
    }

    #[test]
    fn the_last_request_of_a_minute_waits_for_nothing() {
        assert_eq!(waiting(320, Some(400), 20), Duration::ZERO);
        assert_eq!(waiting(321, Some(400), 20), MINUTE);
        assert_eq!(waiting(0, Some(400), 20), Duration::ZERO);
        assert_eq!(waiting(u64::MAX, None, 20), Duration::ZERO);
    }

    #[test]
    fn numbers_beyond_reason_do_not_overflow() {
        let takes = of(u64::MAX / 400, u64::MAX / 400, u64::MAX, 1, TicketSource::Incremental).takes;
        assert!(takes > MINUTE, "{takes:?}");
    }
}
