//! What is said of a read that failed, and of one that worked.

use super::check::{CheckRow, DoctorCheck};
use crate::text::audience::{Audience, Message};
use crate::text::words::grouped;
use crate::zendesk::ReadError;

/// An error without the name of what was asked, which the row has.
pub(super) fn told(error: &ReadError) -> Message {
    let public = Message::from(error).to(Audience::Public).map(str::to_owned).unwrap_or_default();
    Message::with_public(in_short(error), public)
}

pub(super) fn in_short(error: &ReadError) -> String {
    match error {
        ReadError::WaitTooLong { last, asked_secs, .. } => format!("{last}, and Zendesk asks to wait {asked_secs} s"),
        ReadError::TooSilent { last, .. } => last.clone(),
        // These name the host, not what was asked.
        ReadError::NeverReached { .. } | ReadError::Untrusted { .. } => error.to_string(),
        other => {
            let text = other.to_string();
            text.split_once(": ").map(|(_, told)| told.to_owned()).unwrap_or(text)
        }
    }
}

/// Whether the rate limit was used up. An audit would wait for it, so that nothing is known and nothing is wrong.
pub(super) fn is_rate_limit(error: &ReadError) -> bool {
    in_short(error).starts_with("429")
}

pub(super) fn is_refused_for_role(read: &Result<(), ReadError>) -> bool {
    matches!(read, Err(ReadError::Refused { status: 403, .. }))
}

pub(super) fn not_read(check: DoctorCheck, error: &ReadError) -> CheckRow {
    if is_rate_limit(error) {
        CheckRow::warn(check, told(error).then(": ", &"not known".into()), error.next())
    } else {
        CheckRow::fail(check, told(error), error.next())
    }
}

pub(super) fn read(check: DoctorCheck, read: &Result<(), ReadError>, count: Option<u64>) -> CheckRow {
    match (read, count) {
        (Ok(()), Some(count)) => CheckRow::ok(check, Message::public(format!("can be read; about {}", grouped(count)))),
        (Ok(()), None) => CheckRow::ok(check, "can be read"),
        (Err(error), _) => not_read(check, error),
    }
}
