//! The present time: the only place that asks for it.

use crate::model::time::Instant;
use std::time::{SystemTime, UNIX_EPOCH};

/// The present, cut to whole seconds.
pub(crate) fn now() -> Instant {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Instant::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}
