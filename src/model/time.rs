//! Times as the rules need them: UTC, compared to the nanosecond, printed to the second.
//! The only place that knows the time crate. Asking for the present belongs to `clock`.

use jiff::Timestamp;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A point in time, in nanoseconds since 1970-01-01T00:00:00Z (years 1678 to 2261).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// Earlier than any time that a record can carry.
    pub const MIN: Self = Self(i64::MIN);

    /// Reads an RFC 3339 time with a zone; `None` when it is none, or outside the years that fit.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_spelled(text).map(|(time, _)| time)
    }

    /// The same, and whether the time is spelled as it usually is, `2026-04-17T22:15:30Z`, so that the text need not be kept.
    pub fn parse_spelled(text: &str) -> Option<(Self, bool)> {
        if let Some(seconds) = parse_canonical(text.as_bytes()) {
            return Some((Self(seconds * 1_000_000_000), true));
        }
        // The crate also reads a blank in place of the `T`; RFC 3339 allows it, and so do we.
        let timestamp: Timestamp = text.parse().ok()?;
        i64::try_from(timestamp.as_nanosecond()).ok().map(|time| (Self(time), false))
    }

    /// From whole seconds since 1970.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// The same time, cut to whole seconds.
    pub fn whole_seconds(self) -> Self {
        Self::from_seconds(self.seconds())
    }

    /// The time that many whole days earlier.
    pub fn minus_days(self, days: u32) -> Self {
        Self::from_seconds(self.seconds() - i64::from(days) * DAY)
    }

    /// The time that many milliseconds later.
    pub fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1_000_000)))
    }

    /// How many milliseconds later than another time it is; 0 where it is not.
    pub fn millis_after(self, other: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(other.0) / 1_000_000).unwrap_or(0)
    }

    /// `2026-04-17T22:15:30Z`.
    pub fn rfc3339(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// `20260417_221530Z`, as run folders are named.
    pub fn compact(self) -> String {
        self.format("%Y%m%d_%H%M%SZ")
    }

    /// `2026-04-17`.
    pub fn date(self) -> String {
        self.format("%Y-%m-%d")
    }

    fn format(self, format: &str) -> String {
        Timestamp::from_second(self.seconds()).unwrap_or_default().strftime(format).to_string()
    }
}

/// Whether `text` is a day of the calendar, `2026-12-31`.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// The usual spelling, `2026-04-17T22:15:30Z`, in seconds since 1970; `None` for any other, and for leap seconds.
fn parse_canonical(b: &[u8]) -> Option<i64> {
    let b: &[u8; 20] = b.try_into().ok()?;
    if [b[4], b[7], b[10], b[13], b[16], b[19]] != *b"--T::Z" {
        return None;
    }
    let mut valid = true;
    let mut digit = |at: usize| {
        let digit = b[at].wrapping_sub(b'0');
        valid &= digit <= 9;
        i64::from(digit)
    };
    let mut pair = |at: usize| digit(at) * 10 + digit(at + 1);
    let (year, month, day) = (pair(0) * 100 + pair(2), pair(5), pair(8));
    let (hour, minute, second) = (pair(11), pair(14), pair(17));
    if !valid {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1700..2260).contains(&year) || !(1..=days_in_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days since 1970 in the proleptic Gregorian calendar, counted in years that begin in March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(days * DAY + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spelling_agrees_with_the_calendar_of_the_crate() {
        for seconds in (-8_000_000_000i64..8_000_000_000).step_by(12_345_677) {
            let text = Timestamp::from_second(seconds).expect("in range").to_string();
            assert_eq!(parse_canonical(text.as_bytes()), Some(seconds), "{text}");
            assert_eq!(Instant::from_seconds(seconds).rfc3339(), text);
        }
    }

    #[test]
    fn other_spellings_of_a_time_are_the_same_time() {
        let time = Instant::parse("2026-04-17T22:15:30Z").expect("a time");
        assert_eq!(Instant::parse("2026-04-18T00:15:30+02:00"), Some(time));
        assert!(Instant::parse("2026-04-17T22:15:30.000000001Z").expect("a time") > time);
        assert_eq!(Instant::parse_spelled("2026-04-17T22:15:30Z"), Some((time, true)));
        assert_eq!(Instant::parse_spelled("2026-04-18T00:15:30+02:00"), Some((time, false)));
        assert_eq!(time.compact(), "20260417_221530Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "2026-04-17", "2026-02-29T00:00:00Z", "2026-04-17T24:00:00Z", "2026-04-17T22:15:30", "yesterday"]
        {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
        assert!(is_date("2026-12-31") && !is_date("2026-02-30") && !is_date("31.12.2026"));
    }
}
