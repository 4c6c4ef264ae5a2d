//! The reserve, and waits that are no silence.

use super::*;

/// Hears every wait.
#[derive(Default)]
struct Waits(RefCell<Vec<(String, Pause, Duration)>>);

impl Progress for Waits {
    fn waiting(&self, what: &str, why: &Pause, for_how_long: Duration) {
        self.0.borrow_mut().push((what.to_owned(), why.clone(), for_how_long));
    }
}

#[tokio::test(start_paused = true)]
async fn the_streams_together_leave_the_reserve() {
    let began = Instant::now();
    let used: RefCell<BTreeMap<u64, u64>> = RefCell::default();
    let setup = Setup { takes: Duration::from_millis(300), ..Setup::default() };
    let waits = Waits::default();
    let ran = run_with(setup, &waits, |call, nth| {
        // A fixed window of a minute with 10 requests, counted when the answer leaves.
        let elapsed = began.elapsed().as_secs();
        let mut used = used.borrow_mut();
        let used = used.entry(elapsed / 60).or_default();
        *used += 1;
        let reply = if *used > 10 { status(429, json!({})) } else { page_of_many(call, nth) };
        let reply = with(with(reply, "x-rate-limit", 10), "x-rate-limit-remaining", 10_u64.saturating_sub(*used));
        Some(with(reply, "ratelimit-reset", 60 - elapsed % 60))
    })
    .await;
    assert_eq!(ran.outcome().waited_after_failures_ms, 0);
    // The pages of three lists, and who is asking, settings, three counts and tickets.
    assert_eq!(ran.outcome().requests.values().sum::<u64>(), 3 * 20 + 6);
    let used = used.into_inner();
    assert!(used.values().all(|used| *used <= 8), "{used:?}");
    assert!(used.len() <= 9, "{used:?}");
    assert!(ran.outcome().waited_for_pace_ms > 0);
    assert!(waits.0.into_inner().iter().all(|(_, why, _)| *why == Pause::Pace));
}

#[tokio::test(start_paused = true)]
async fn keeping_pace_is_no_silence() {
    let ran = run(|call, nth| {
        // The account stays used up by others, far longer than failures may last, and then a page fails for a while.
        match (call.path.as_str(), nth) {
            (EXPORT, 1..=20) => {
                let page = export(json!([{"id": nth}]), Some(&nth.to_string()));
                Some(with(page, "zendesk-ratelimit-incremental-exports", "total=10; remaining=0; resets=590"))
            }
            (EXPORT, 21..=26) => Some(status(500, json!({}))),
            _ => None,
        }
    })
    .await;
    assert_eq!(ran.outcome().waited_for_pace_ms, 20 * 590_000);
    assert_eq!(ran.outcome().waited_after_failures_ms, 31_500);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_waits_for_pace_is_no_silence() {
    let ran = run_with(as_client(), &Silent, |call, nth| match (call.path.as_str(), nth) {
        // The token dies when the account is used up by others, and then the page fails for a while.
        (SETTINGS, 1) => {
            let dead = with(status(401, json!({"error": "invalid_token"})), "x-rate-limit", 10);
            Some(with(with(dead, "x-rate-limit-remaining", 0), "ratelimit-reset", 600))
        }
        (SETTINGS, 2..=4) => Some(status(500, json!({}))),
        _ => granting(call, nth, 0),
    })
    .await;
    assert_eq!(ran.outcome().waited_for_pace_ms, 600_000);
    // The 401 was the first try.
    assert_eq!(ran.outcome().waited_after_failures_ms, 1000 + 2000 + 4000);
}

// Tickets.
