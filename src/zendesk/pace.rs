//! How fast requests may go, judged from the headers of the answers alone. Pure: times are arguments, nothing sleeps.
//!
//! The account's budget is one number for all streams, so requests on their way are counted as spent. Windows with names of
//! their own (`Zendesk-RateLimit-incremental-exports`, …) hold for the endpoint whose answers carry them.
//! Where Zendesk asks for a wait (429, or 503 with `Retry-After`), the whole account waits: no chain sends anything before it ends.
//! Left out: tries and back-off (`retry`).

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::endpoint::Endpoint;

/// Zendesk counts requests per minute; a window that does not say when it ends is taken to last this long.
const WINDOW: Duration = Duration::from_secs(60);
/// A header may be wrong; after this time the limit is looked at anew whatever it said.
const LONGEST_WAIT: Duration = Duration::from_secs(if cfg!(feature = "proofs") { 2 } else { 600 });
/// When only requests on their way stand between us and the next one, their answers are due any moment.
const RECHECK: Duration = Duration::from_millis(100);

/// The limiter shared by all streams of a read.
pub(super) struct Pace {
    reserve_percent: u8,
    account: Option<Window>,
    named: BTreeMap<(Endpoint, String), Window>,
    in_flight: BTreeMap<Endpoint, u64>,
    sent: u64,
    /// Zendesk has asked for silence until then.
    closed_until: Option<Instant>,
}

/// A request on its way, to be handed back with its answer.
pub(super) struct Slot {
    endpoint: Endpoint,
    number: u64,
}

/// A budget as its latest answer told it.
struct Window {
    limit: u64,
    remaining: u64,
    resets_at: Instant,
    /// Number of the request whose answer said so.
    told_by: u64,
}

/// One answer's words about one window.
pub(super) struct Told {
    pub limit: Option<u64>,
    pub remaining: u64,
    resets_in: Option<Duration>,
}

impl Pace {
    /// A limiter that leaves `reserve_percent` of every limit to others, but always keeps one request of it.
    pub(super) fn new(reserve_percent: u8) -> Self {
        Self {
            reserve_percent,
            account: None,
            named: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            sent: 0,
            closed_until: None,
        }
    }

    /// How long to wait before the next request to `endpoint`; zero says that it may go now.
    #[cfg(test)]
    pub(crate) fn wait(&self, endpoint: Endpoint, now: Instant) -> Duration {
        self.wait_of(endpoint, now).max(self.wait_of_account(now))
    }

    /// How long the endpoint's own windows ask to wait.
    pub(super) fn wait_of(&self, endpoint: Endpoint, now: Instant) -> Duration {
        let here = self.in_flight.get(&endpoint).copied().unwrap_or(0);
        let named = self.named.iter().filter(|((of, _), _)| *of == endpoint);
        named.map(|(_, window)| window.wait(self.reserve_percent, here, now)).max().unwrap_or_default()
    }

    /// How long the account as a whole asks to wait.
    pub(super) fn wait_of_account(&self, now: Instant) -> Duration {
        let everywhere = self.in_flight.values().sum();
        let account = self.account.as_ref().map(|window| window.wait(self.reserve_percent, everywhere, now));
        let closed = self.closed_until.map(|until| until.saturating_duration_since(now));
        account.max(closed).unwrap_or_default()
    }

    /// Sends nothing for this long, whatever the endpoint.
    pub(super) fn close_for(&mut self, time: Duration, now: Instant) {
        self.closed_until = self.closed_until.max(Some(now + time.min(LONGEST_WAIT)));
    }

    /// The limit of the account, in requests a minute, as far as headers have told it.
    pub(super) fn account_limit(&self) -> Option<u64> {
        self.account.as_ref().map(|window| window.limit)
    }

    /// The tightest limit of the endpoint's own, likewise.
    pub(super) fn limit_of(&self, endpoint: Endpoint) -> Option<u64> {
        self.named.iter().filter(|((of, _), _)| *of == endpoint).map(|(_, window)| window.limit).min()
    }

    /// Counts a request as on its way.
    pub(super) fn begin(&mut self, endpoint: Endpoint) -> Slot {
        self.sent += 1;
        *self.in_flight.entry(endpoint).or_default() += 1;
        Slot { endpoint, number: self.sent }
    }

    /// Takes a request back, with the headers of its answer if there was one.
    pub(super) fn end(&mut self, slot: Slot, headers: Option<&HeaderMap>, now: Instant) {
        if let Some(count) = self.in_flight.get_mut(&slot.endpoint) {
            *count -= 1;
        }
        let Some(headers) = headers else { return };
        if let Some(told) = account_window(headers) {
            let known = self.account.take();
            self.account = Some(Window::after(known, told, slot.number, now));
        }
        for (name, told) in named_windows(headers) {
            let key = (slot.endpoint, name);
            let known = self.named.remove(&key);
            self.named.insert(key, Window::after(known, told, slot.number, now));
        }
    }
}

impl Window {
    fn wait(&self, reserve_percent: u8, in_flight: u64, now: Instant) -> Duration {
        let reserve = self.limit.saturating_mul(u64::from(reserve_percent)) / 100;
        let reserve = reserve.min(self.limit.saturating_sub(1));
        let over = now >= self.resets_at;
        let remaining = if over { self.limit.max(1) } else { self.remaining };
        if remaining > reserve.saturating_add(in_flight) {
            Duration::ZERO
        } else if remaining > reserve {
            RECHECK
        } else {
            self.resets_at - now
        }
    }

    fn after(known: Option<Self>, told: Told, number: u64, now: Instant) -> Self {
        let known = known.filter(|window| now < window.resets_at);
        // Answers overtake each other: an earlier request never raises what a later one has reported of the same window.
        if let Some(mut window) = known {
            if number < window.told_by {
                window.remaining = window.remaining.min(told.remaining);
                return window;
            }
            let same_window = told.remaining <= window.remaining;
            let resets_at = match told.resets_in {
                Some(resets_in) => now + resets_in,
                None if same_window => window.resets_at,
                None => now + WINDOW,
            };
            let limit = told.limit.unwrap_or(window.limit.max(told.remaining));
            return Self { limit, remaining: told.remaining, resets_at, told_by: number };
        }
        Self {
            limit: told.limit.unwrap_or(told.remaining),
            remaining: told.remaining,
            resets_at: now + told.resets_in.unwrap_or(WINDOW),
            told_by: number,
        }
    }
}

/// The account's own window.
pub(super) fn account_window(headers: &HeaderMap) -> Option<Told> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let either = |one: &str, other: &str| number(one).or_else(|| number(other));
    Some(Told {
        limit: either("x-rate-limit", "ratelimit-limit"),
        remaining: either("x-rate-limit-remaining", "ratelimit-remaining")?,
        // An account that is used up may say when it opens again in the words of a 429 only.
        resets_in: either("ratelimit-reset", "retry-after").map(bounded),
    })
}

/// The windows with names of their own, the name in lower case.
pub(super) fn named_windows(headers: &HeaderMap) -> Vec<(String, Told)> {
    let mut windows = Vec::new();
    for (header, value) in headers {
        let Some(name) = header.as_str().strip_prefix("zendesk-ratelimit-") else { continue };
        let Ok(value) = value.to_str() else { continue };
        let part = |key: &str| {
            let mut pairs = value.split(';').filter_map(|pair| pair.split_once('='));
            let (_, number) = pairs.find(|(found, _)| found.trim().eq_ignore_ascii_case(key))?;
            number.trim().parse::<u64>().ok()
        };
        if let Some(remaining) = part("remaining") {
            let resets_in = part("resets").map(bounded);
            windows.push((name.to_owned(), Told { limit: part("total"), remaining, resets_in }));
        }
    }
    windows
}

/// "0 seconds" is less than a second, not now.
fn bounded(secs: u64) -> Duration {
    Duration::from_secs(secs).clamp(Duration::from_secs(1), LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: Endpoint = Endpoint::Users;
    const EXPORT: Endpoint = Endpoint::IncrementalTickets;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn answered(pace: &mut Pace, endpoint: Endpoint, pairs: &[(&'static str, &str)], now: Instant) {
        let slot = pace.begin(endpoint);
        pace.end(slot, Some(&headers(pairs)), now);
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn nothing_is_known_before_the_first_answer() {
        let mut pace = Pace::new(20);
        let now = Instant::now();
        let slot = pace.begin(USERS);
        assert_eq!(pace.wait(USERS, now), Duration::ZERO);
        pace.end(slot, Some(&HeaderMap::new()), now);
        assert_eq!(pace.wait(USERS, now), Duration::ZERO);
    }

    #[test]
    fn the_reserve_is_left_to_others_until_the_window_ends() {
        let mut pace = Pace::new(20);
        let now = Instant::now();
        let rest =
            |n: &'static str| [("X-Rate-Limit", "700"), ("X-Rate-Limit-Remaining", n), ("ratelimit-reset", "35")];
        answered(&mut pace, USERS, &rest("141"), now);
        assert_eq!(pace.wait(USERS, now), Duration::ZERO);
        answered(&mut pace, USERS, &rest("140"), now);
        assert_eq!(pace.wait(USERS, now), secs(35));
        assert_eq!(pace.wait(EXPORT, now + secs(5)), secs(30), "the account's budget holds for every endpoint");
        assert_eq!(pace.wait(USERS, now + secs(35)), Duration::ZERO);
    }

    #[test]
    fn requests_on_their_way_are_spent() {
        let mut pace = Pace::new(0);
        let now = Instant::now();
        let rest = |n: &'static str| [("ratelimit-limit", "10"), ("ratelimit-remaining", n), ("ratelimit-reset", "9")];
        answered(&mut pace, USERS, &rest("2"), now);
        let first = pace.begin(USERS);
        assert_eq!(pace.wait(Endpoint::Organizations, now), Duration::ZERO);
        let second = pace.begin(Endpoint::Organizations);
        assert_eq!(pace.wait(Endpoint::Memberships, now), RECHECK);
        pace.end(first, Some(&headers(&rest("1"))), now);
        assert_eq!(pace.wait(USERS, now), RECHECK);
        pace.end(second, Some(&headers(&rest("0"))), now);
        assert_eq!(pace.wait(USERS, now), secs(9));
    }

    #[test]
    fn an_answer_that_was_overtaken_raises_nothing() {
        let mut pace = Pace::new(0);
        let now = Instant::now();
        let rest = |n: &'static str| headers(&[("x-rate-limit", "10"), ("x-rate-limit-remaining", n)]);
        let early = pace.begin(USERS);
        let late = pace.begin(USERS);
        pace.end(late, Some(&rest("0")), now);
        pace.end(early, Some(&rest("1")), now);
        assert_eq!(pace.wait(USERS, now), WINDOW);
    }

    #[test]
    fn a_window_without_an_end_is_a_minute_from_its_first_answer() {
        let mut pace = Pace::new(50);
        let now = Instant::now();
        answered(&mut pace, USERS, &[("x-rate-limit", "10"), ("x-rate-limit-remaining", "6")], now);
        answered(&mut pace, USERS, &[("x-rate-limit", "10"), ("x-rate-limit-remaining", "5")], now + secs(20));
        assert_eq!(pace.wait(USERS, now + secs(20)), secs(40));
    }

    #[test]
    fn a_named_window_holds_for_its_endpoint() {
        let mut pace = Pace::new(20);
        let now = Instant::now();
        let header = [("Zendesk-RateLimit-incremental-exports", "total=10; remaining=2; resets=48")];
        answered(&mut pace, EXPORT, &header, now);
        assert_eq!(pace.wait(EXPORT, now), secs(48));
        assert_eq!(pace.wait(USERS, now), Duration::ZERO);
    }

    #[test]
    fn a_reserve_of_everything_still_leaves_one_request_a_window() {
        let mut pace = Pace::new(100);
        let now = Instant::now();
        let rest = |n: &'static str| [("x-rate-limit", "3"), ("x-rate-limit-remaining", n), ("ratelimit-reset", "60")];
        answered(&mut pace, USERS, &rest("2"), now);
        assert_eq!(pace.wait(USERS, now), secs(60));
        assert_eq!(pace.wait(USERS, now + secs(60)), Duration::ZERO);
        let _on_its_way = pace.begin(USERS);
        assert_eq!(pace.wait(USERS, now + secs(60)), RECHECK);
    }

    #[test]
    fn a_429_without_a_reset_says_by_retry_after_when_the_account_opens() {
        let mut pace = Pace::new(20);
        let now = Instant::now();
        answered(&mut pace, USERS, &[("x-rate-limit-remaining", "0"), ("retry-after", "17")], now);
        assert_eq!(pace.wait(Endpoint::Memberships, now), secs(17));
        assert_eq!(pace.wait(Endpoint::Memberships, now + secs(17)), Duration::ZERO);
    }

    #[test]
    fn a_wait_that_zendesk_asks_for_holds_everywhere() {
        let mut pace = Pace::new(20);
        let now = Instant::now();
        pace.close_for(secs(30), now);
        pace.close_for(secs(10), now);
        assert_eq!([pace.wait(USERS, now), pace.wait(EXPORT, now + secs(5))], [secs(30), secs(25)]);
        assert_eq!(pace.wait(USERS, now + secs(30)), Duration::ZERO);
    }

    #[test]
    fn limits_are_known_from_headers_alone() {
        let mut pace = Pace::new(20);
        let now = Instant::now();
        assert_eq!((pace.account_limit(), pace.limit_of(EXPORT)), (None, None));
        let told = [("x-rate-limit", "700"), ("x-rate-limit-remaining", "9")];
        answered(&mut pace, EXPORT, &told, now);
        answered(&mut pace, EXPORT, &[("zendesk-ratelimit-incremental-exports", "total=10; remaining=2")], now);
        assert_eq!((pace.account_limit(), pace.limit_of(EXPORT), pace.limit_of(USERS)), (Some(700), Some(10), None));
    }

    #[test]
    fn headers_that_make_no_sense_never_stop_the_read_for_good() {
        let mut pace = Pace::new(20);
        let now = Instant::now();
        let forever = u64::MAX.to_string();
        let pairs = [("x-rate-limit", "10"), ("x-rate-limit-remaining", "0"), ("ratelimit-reset", &forever)];
        let slot = pace.begin(USERS);
        pace.end(slot, Some(&headers(&pairs)), now);
        assert_eq!(pace.wait(USERS, now), LONGEST_WAIT);
        let mut pace = Pace::new(20);
        answered(&mut pace, EXPORT, &[("zendesk-ratelimit-x", "remaining=no"), ("x-rate-limit-remaining", "-")], now);
        assert_eq!(pace.wait(EXPORT, now), Duration::ZERO);
    }

    #[test]
    fn a_reset_in_zero_seconds_is_within_the_second() {
        let mut pace = Pace::new(0);
        let now = Instant::now();
        let pairs = [("x-rate-limit", "10"), ("x-rate-limit-remaining", "0"), ("ratelimit-reset", "0")];
        answered(&mut pace, USERS, &pairs, now);
        assert_eq!(pace.wait(USERS, now), secs(1));
    }
}
