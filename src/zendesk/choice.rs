//! Which way to the tickets is the cheapest complete one, from what each will cost under the limits. Pure.
//!
//! The incremental export is complete by itself, but Zendesk allows few of its pages a minute. The search export allows more, and
//! lacks what its index does not have yet, so one more page of the incremental export follows it.

use std::time::Duration;

use super::ask::EXPORT_PAGE_SIZE;
use super::estimate::{Speed, chain, pages, waiting};
use super::ticket_source::{INCREMENTAL_PER_MINUTE, SEARCHES_PER_MINUTE, TicketSource};
use crate::text::words::{counted, grouped};

/// A search cursor lives for an hour. What would take longer than this is not begun.
const LONGEST_SEARCH: Duration = Duration::from_secs(50 * 60);

/// The way to the tickets, and why it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub source: TicketSource,
    pub reason: String,
}

/// Chooses between the two exports. `tickets` is how many the window has, where that is known; `speed.tickets` is not looked at.
pub fn choose(tickets: Option<u64>, is_admin: bool, speed: &Speed) -> Choice {
    let reserve = speed.reserve_percent;
    let of = |source, reason| Choice { source, reason };
    if !is_admin {
        let reason = "the search export, because only admins can use the incremental export";
        return of(TicketSource::SearchExport, reason.to_owned());
    }
    let Some(tickets) = tickets else {
        let reason = "the incremental export, because the number of tickets is unknown";
        return of(TicketSource::Incremental, reason.to_owned());
    };
    let pages = pages(tickets, EXPORT_PAGE_SIZE);
    let takes = |limit| waiting(pages, Some(limit), reserve).max(chain(pages));
    let incremental = takes(speed.incremental.unwrap_or(INCREMENTAL_PER_MINUTE));
    // One page more, of the incremental export, for what the index lacks.
    let search = takes(speed.search.unwrap_or(SEARCHES_PER_MINUTE)) + chain(1);
    let count = counted(pages, "page");
    if search < incremental && search <= LONGEST_SEARCH {
        let reason = format!(
            "the search export: {count} and one of the incremental export take about {} s; the incremental export alone, {} s",
            grouped(whole_secs(search)),
            grouped(whole_secs(incremental))
        );
        of(TicketSource::SearchExport, reason)
    } else if search < incremental {
        of(
            TicketSource::Incremental,
            format!(
                "the incremental export: {count} of the search export would take longer than its cursor lasts, \
                    which is an hour"
            ),
        )
    } else {
        let reason = format!("the incremental export: {count} within its limit, and complete by itself");
        of(TicketSource::Incremental, reason)
    }
}

fn whole_secs(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(tickets: Option<u64>, is_admin: bool, incremental: Option<u64>) -> TicketSource {
        let speed = Speed { account: Some(700), incremental, search: None, reserve_percent: 20 };
        choose(tickets, is_admin, &speed).source
    }

    #[test]
    fn few_pages_come_from_the_incremental_export_and_many_from_the_search() {
        // Eight pages a minute are used of the ten.
        assert_eq!(source(Some(8_000), true, None), TicketSource::Incremental);
        assert_eq!(source(Some(8_001), true, None), TicketSource::SearchExport);
        assert_eq!(source(Some(15_135), true, None), TicketSource::SearchExport);
        assert_eq!(source(Some(15_135), true, Some(30)), TicketSource::Incremental, "with the High Volume add-on");
    }

    #[test]
    fn a_search_that_would_outlive_its_cursor_is_not_begun() {
        // 80 pages a minute, and 50 minutes.
        assert_eq!(source(Some(3_900_000), true, None), TicketSource::SearchExport);
        assert_eq!(source(Some(5_000_000), true, None), TicketSource::Incremental);
    }

    #[test]
    fn without_a_right_or_a_count_there_is_no_choice() {
        assert_eq!(source(Some(1), false, None), TicketSource::SearchExport);
        assert_eq!(source(None, false, None), TicketSource::SearchExport);
        assert_eq!(source(None, true, None), TicketSource::Incremental);
    }

    #[test]
    fn the_reason_has_both_costs() {
        let speed = Speed { account: Some(700), incremental: None, search: None, reserve_percent: 20 };
        assert_eq!(
            choose(Some(15_135), true, &speed).reason,
            "the search export: 16 pages and one of the incremental export take about 7 s; the incremental export alone, 60 s"
        );
    }
}
