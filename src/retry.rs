//! Whether a request to Zendesk or Salesforce is sent again, and after how long: one pure function, so that the whole policy is a table of tests.
//!
//! Left out: sending, sleeping, clocks and chance. They are arguments.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// An answer with this status, its body whole. A 2xx is one whose body is JSON.
    Status(u16),
    /// A 2xx whose body is not JSON: a proxy's page, or a body cut where HTTP could not tell.
    NotJson,
    /// No whole answer.
    Fault(Fault),
}

/// Why there was no whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No connection. The text is the deepest cause that is known.
    Unreachable(String),
    /// Neither a connection nor a whole body within the time allowed.
    TimedOut,
    /// The connection ended before the answer did.
    Cut,
    /// The server's certificate is not trusted. Trying again can't help.
    Untrusted(String),
    /// The body is longer than any answer that is read. Trying again can't help.
    TooLong,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::NotJson => f.write_str("a response that is not JSON"),
            Self::Fault(Fault::Unreachable(cause)) => write!(f, "no connection ({cause})"),
            Self::Fault(Fault::TimedOut) => f.write_str("no complete response in time"),
            Self::Fault(Fault::Cut) => f.write_str("an interrupted connection"),
            Self::Fault(Fault::TooLong) => f.write_str("a response of more than 64 MiB, which is not read"),
            Self::Fault(Fault::Untrusted(cause)) => write!(f, "a certificate that is not trusted ({cause})"),
        }
    }
}

/// How long failures may go on.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The first back-off, doubled with every further try.
    pub backoff_base: Duration,
    /// No back-off is longer than this. A `Retry-After` may be.
    pub backoff_cap: Duration,
    /// Tries of one request, the first one included.
    pub max_tries: u32,
    /// Time since the stream's last good page, waits for pace left out.
    pub max_silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(60),
            max_tries: 8,
            max_silence: Duration::from_secs(600),
        }
    }
}

/// What was spent when the decision is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// Tries of this request so far, at least 1.
    pub tries: u32,
    /// Time since the stream's last good page.
    pub silence: Duration,
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The answer is good.
    Accept,
    /// Send it again after this time.
    Again(Duration),
    /// Trying again would bring the same answer.
    Refused,
    /// It might succeed one day, but not within the limits.
    GiveUp(Because),
}

/// Which limit ended the tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Because {
    /// All tries are used up.
    Tries,
    /// The stream brought no good page for too long.
    Silence,
    /// The server asks for a wait that ends after the time that is left.
    AskedTooLong { asked: Duration, left: Duration },
}

/// Decides about the request whose latest attempt came to `seen`.
///
/// `jitter` is from 0 up to 1. A back-off is at least half of its step, so chance spreads streams without making any of them
/// hasty; a `Retry-After` is obeyed in full, plus at most one base step.
pub(crate) fn decide(
    seen: &Seen,
    headers: &HeaderMap,
    spent: Spent,
    limits: &Limits,
    jitter: f64,
    now: SystemTime,
) -> Decision {
    match seen {
        Seen::Status(200..=299) => return Decision::Accept,
        // 408 and 409 (two requests at once met in the database) are harmless for a request that changes nothing.
        Seen::Status(408 | 409 | 429 | 500..=599) | Seen::NotJson => {}
        Seen::Status(_) | Seen::Fault(Fault::Untrusted(_) | Fault::TooLong) => return Decision::Refused,
        Seen::Fault(Fault::Unreachable(_) | Fault::TimedOut | Fault::Cut) => {}
    }
    if spent.tries >= limits.max_tries {
        return Decision::GiveUp(Because::Tries);
    }
    let left = limits.max_silence.saturating_sub(spent.silence);
    if left.is_zero() {
        return Decision::GiveUp(Because::Silence);
    }
    if let Some(asked) = retry_after(headers, now) {
        if asked > left {
            return Decision::GiveUp(Because::AskedTooLong { asked, left });
        }
        // The addition also keeps `Retry-After: 0` from becoming a tight loop.
        return Decision::Again(asked + limits.backoff_base.mul_f64(jitter));
    }
    let doublings = (spent.tries - 1).min(20);
    let step = limits.backoff_base.saturating_mul(1 << doublings).min(limits.backoff_cap);
    Decision::Again((step / 2 + (step / 2).mul_f64(jitter)).min(left))
}

/// The wait that `Retry-After` asks for: whole seconds or an HTTP date. A date that has passed is no wait; any other text is
/// as good as no header.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(secs) = text.parse() {
        return Some(Duration::from_secs(secs));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Duration = Duration::from_secs(1_776_427_200);

    fn with_retry_after(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().unwrap());
        headers
    }

    fn after(seen: Seen, tries: u32, silence_secs: u64) -> Decision {
        decided(seen, &HeaderMap::new(), tries, silence_secs, 1.0)
    }

    fn decided(seen: Seen, headers: &HeaderMap, tries: u32, silence_secs: u64, jitter: f64) -> Decision {
        let spent = Spent { tries, silence: Duration::from_secs(silence_secs) };
        decide(&seen, headers, spent, &Limits::default(), jitter, SystemTime::UNIX_EPOCH + NOON)
    }

    fn again(secs: f64) -> Decision {
        Decision::Again(Duration::from_secs_f64(secs))
    }

    #[test]
    fn every_outcome_has_its_decision() {
        for status in [200, 201, 204] {
            assert_eq!(after(Seen::Status(status), 1, 0), Decision::Accept, "{status}");
        }
        for status in [408, 409, 429, 500, 502, 503, 504, 599] {
            assert_eq!(after(Seen::Status(status), 1, 0), again(1.0), "{status}");
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 410, 422] {
            assert_eq!(after(Seen::Status(status), 1, 0), Decision::Refused, "{status}");
        }
        for seen in [
            Seen::NotJson,
            Seen::Fault(Fault::Cut),
            Seen::Fault(Fault::TimedOut),
            Seen::Fault(Fault::Unreachable("refused".into())),
        ] {
            assert_eq!(after(seen.clone(), 1, 0), again(1.0), "{seen}");
        }
        assert_eq!(after(Seen::Fault(Fault::Untrusted("expired".into())), 1, 0), Decision::Refused);
    }

    #[test]
    fn back_off_doubles_up_to_its_cap_and_never_falls_below_half() {
        let steps = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0];
        for (tries, step) in (1..).zip(steps) {
            assert_eq!(decided(Seen::Status(500), &HeaderMap::new(), tries, 0, 1.0), again(step));
            assert_eq!(decided(Seen::Status(500), &HeaderMap::new(), tries, 0, 0.0), again(step / 2.0));
        }
    }

    #[test]
    fn the_eighth_failure_is_the_last() {
        assert_eq!(after(Seen::Status(500), 7, 0), again(60.0));
        assert_eq!(after(Seen::Status(500), 8, 0), Decision::GiveUp(Because::Tries));
    }

    #[test]
    fn ten_minutes_without_a_good_page_are_the_end() {
        assert_eq!(after(Seen::Status(500), 7, 590), again(10.0), "the last wait is cut to what is left");
        assert_eq!(after(Seen::Status(500), 2, 600), Decision::GiveUp(Because::Silence));
    }

    #[test]
    fn retry_after_is_obeyed_in_both_forms() {
        let date = "Fri, 17 Apr 2026 12:00:42 GMT";
        assert_eq!(decided(Seen::Status(429), &with_retry_after("42"), 1, 0, 0.0), again(42.0));
        assert_eq!(decided(Seen::Status(503), &with_retry_after(date), 1, 0, 0.0), again(42.0));
        assert_eq!(decided(Seen::Status(429), &with_retry_after("42"), 1, 0, 1.0), again(43.0));
        let passed = "Fri, 17 Apr 2026 11:00:00 GMT";
        assert_eq!(decided(Seen::Status(503), &with_retry_after(passed), 1, 0, 0.5), again(0.5));
    }

    #[test]
    fn a_retry_after_that_says_nothing_leaves_the_back_off() {
        for text in ["soon", "-5", "1.5", ""] {
            assert_eq!(decided(Seen::Status(429), &with_retry_after(text), 1, 0, 1.0), again(1.0), "{text:?}");
        }
    }

    #[test]
    fn a_wait_beyond_the_time_left_ends_at_once() {
        let seconds = Duration::from_secs;
        assert_eq!(
            decided(Seen::Status(429), &with_retry_after("301"), 1, 300, 0.0),
            Decision::GiveUp(Because::AskedTooLong { asked: seconds(301), left: seconds(300) }),
        );
        assert_eq!(decided(Seen::Status(429), &with_retry_after("300"), 1, 300, 0.0), again(300.0));
        let huge = u64::MAX.to_string();
        assert!(matches!(decided(Seen::Status(429), &with_retry_after(&huge), 1, 0, 1.0), Decision::GiveUp(_)));
    }
}
