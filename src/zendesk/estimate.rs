//! What an audit will cost, from counts and limits: the one place of these formulas.
//!
//! - `n` records come in `max(1, ceil(n / page))` requests: 100 a page, 1000 from the incremental export. Zendesk has no count
//!   of memberships; they are taken to be as many as the users. The account setting is one request more, a token grant another.
//! - Of a limit of `L` requests a minute, `U = L − floor(L × reserve_percent / 100)` are used, always at least 1.
//! - `n` requests of which `U` a minute may go wait for `floor((n − 1) / U)` minutes to pass.
//! - A chain of `n` pages takes at least `n × 0.4 s`, since each page needs the one before. The 0.4 s are an assumption.
//! - Organizations, users and memberships are read side by side: the longer of the wait for their sum and of the longest chain.
//!   Then the tickets: the longest of the wait under the account's limit, that under the export's own, and their chain.
//!
//! Left out on purpose, since nothing tells of them beforehand: records that are fetched by id, tries after failures, and what
//! other integrations use of the limit beyond the reserve.

use std::time::Duration;

use super::page::{EXPORT_PAGE_SIZE, PAGE_SIZE};
use super::read::TicketSource;

/// How long Zendesk is taken to need for one page.
const PAGE_TAKES: Duration = Duration::from_millis(400);
const MINUTE: Duration = Duration::from_secs(60);

/// How much there is to read. Zendesk's counts may be a day old.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub organizations: u64,
    pub users: u64,
    /// Tickets of the window, and where they come from; `None` where either is not known.
    pub tickets: Option<(u64, TicketSource)>,
}

/// How fast it may go, in requests a minute.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Of the whole account; `None` where it is not known.
    pub account: Option<u64>,
    /// Of the source of the tickets alone, where it has a limit of its own.
    pub tickets: Option<u64>,
    pub reserve_percent: u8,
}

/// Requests by what they bring, and the time that they take at the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    pub organizations: u64,
    pub users: u64,
    pub memberships: u64,
    /// `None` where the number of tickets is not known.
    pub tickets: Option<u64>,
    /// The account setting, and the token grant of an OAuth client.
    pub others: u64,
    /// The sum of all that is known.
    pub requests: u64,
    pub takes: Duration,
}

/// Estimates one audit; `grants` says whether a token is granted first.
pub fn estimate(size: &Size, speed: &Speed, grants: bool) -> Estimate {
    let organizations = pages(size.organizations, PAGE_SIZE);
    let users = pages(size.users, PAGE_SIZE);
    let memberships = users;
    let tickets = size.tickets.map(|(tickets, source)| match source {
        TicketSource::Incremental => pages(tickets, EXPORT_PAGE_SIZE),
        TicketSource::SearchExport | TicketSource::List => pages(tickets, PAGE_SIZE),
    });
    let lists = organizations + users + memberships;
    let others = 1 + u64::from(grants);
    let waiting = |requests, limit| waiting(requests, limit, speed.reserve_percent);
    let for_lists = waiting(lists, speed.account).max(chain(organizations.max(users)));
    let for_tickets = tickets.map_or(Duration::ZERO, |pages| {
        waiting(pages, speed.account).max(waiting(pages, speed.tickets)).max(chain(pages))
    });
    Estimate {
        organizations,
        users,
        memberships,
        tickets,
        others,
        requests: lists + tickets.unwrap_or_default() + others,
        takes: chain(others).saturating_add(for_lists).saturating_add(for_tickets),
    }
}

/// What is used of a limit, so that the reserve is left to others.
pub fn usable(limit: u64, reserve_percent: u8) -> u64 {
    let reserve = limit.saturating_mul(u64::from(reserve_percent)) / 100;
    limit.saturating_sub(reserve).max(1)
}

fn pages(records: u64, page: u32) -> u64 {
    records.div_ceil(u64::from(page)).max(1)
}

/// The whole minutes that pass before the last of these requests may go; none without a limit.
fn waiting(requests: u64, limit: Option<u64>, reserve_percent: u8) -> Duration {
    let minutes = limit.map_or(0, |limit| requests.saturating_sub(1) / usable(limit, reserve_percent));
    MINUTE.saturating_mul(u32::try_from(minutes).unwrap_or(u32::MAX))
}

fn chain(pages: u64) -> Duration {
    PAGE_TAKES.saturating_mul(u32::try_from(pages).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Speed = Speed { account: None, tickets: None, reserve_percent: 20 };

    fn of(organizations: u64, users: u64, tickets: u64, account: u64) -> Estimate {
        let size = Size { organizations, users, tickets: Some((tickets, TicketSource::Incremental)) };
        estimate(&size, &Speed { account: Some(account), tickets: Some(10), reserve_percent: 20 }, true)
    }

    #[test]
    fn requests_are_pages_and_two_more() {
        let small = of(500, 5000, 3000, 400);
        assert_eq!((small.organizations, small.users, small.memberships, small.tickets), (5, 50, 50, Some(3)));
        assert_eq!((small.others, small.requests), (2, 110));
        let none = estimate(&Size { organizations: 0, users: 0, tickets: None }, &FREE, false);
        assert_eq!((none.organizations, none.users, none.tickets, none.requests), (1, 1, None, 4), "an empty list too");
        let just_over = of(101, 100, 1001, 400);
        assert_eq!((just_over.organizations, just_over.users, just_over.tickets), (2, 1, Some(2)));
    }

    #[test]
    fn the_source_of_the_tickets_decides_their_pages() {
        for (source, pages) in
            [(TicketSource::Incremental, 30), (TicketSource::SearchExport, 300), (TicketSource::List, 300)]
        {
            let size = Size { organizations: 1, users: 1, tickets: Some((30_000, source)) };
            assert_eq!(estimate(&size, &FREE, false).tickets, Some(pages), "{source:?}");
        }
    }

    #[test]
    fn what_is_used_of_a_limit_is_what_the_pace_uses() {
        assert_eq!([usable(400, 20), usable(10, 20), usable(700, 0), usable(10, 25)], [320, 8, 700, 8]);
        assert_eq!([usable(400, 100), usable(0, 20)], [1, 1], "one request a window always goes");
    }

    #[test]
    fn a_small_account_takes_as_long_as_its_longest_chain() {
        // 50 pages of users in a row, 3 of tickets, the setting and the grant, at 0.4 s.
        assert_eq!(of(500, 5000, 3000, 400).takes, Duration::from_millis(400 * (50 + 3 + 2)));
    }

    #[test]
    fn a_large_account_waits_for_the_limits() {
        // 50 + 500 + 500 requests at 320 a minute; 30 pages at 8 a minute.
        let takes = of(5000, 50_000, 30_000, 400).takes;
        assert_eq!(takes, Duration::from_secs(200) + MINUTE * 3 + PAGE_TAKES * 2, "here the chain is the longer one");
        assert_eq!(of(5000, 50_000, 30_000, 200).takes, MINUTE * 6 + MINUTE * 3 + PAGE_TAKES * 2);
        // With a limit of 2500 only the chain of 20,000 pages counts.
        assert_eq!(of(50_000, 2_000_000, 1, 2500).takes, PAGE_TAKES * 20_000 + PAGE_TAKES * 3);
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
        let takes = of(u64::MAX / 4, u64::MAX / 4, u64::MAX, 1).takes;
        assert!(takes > MINUTE, "{takes:?}");
    }
}
