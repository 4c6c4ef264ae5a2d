//! Each record once: which of two forms counts, and whether the record exists (rules 5).

use super::names::Names;
use super::rows::{
    ACTIVE, MembershipRow, ODD_TIME, OrgRow, OrgTexts, SHARED, SHARES_TICKETS, SUSPENDED, UserRow, VERIFIED,
};
use super::text::get_text;
use crate::model::time::Instant;
use crate::model::world::{Ticket, Tickets};
use crate::parallel;
use serde_json::json;
use std::cmp::Ordering;

/// Sorts by id and keeps of the rows with one id the one that counts, unless that is deleted. `facts` of a row: its id, when it
/// was updated, and whether it is deleted; `canonical`: its canonical JSON, which decides between equals.
pub(super) fn keep_what_exists<T: Send>(
    rows: &mut Vec<T>,
    facts: impl Fn(&T) -> (u64, Instant, bool) + Sync,
    canonical: impl Fn(&T) -> String,
) {
    let id = |row: &T| facts(row).0;
    let deleted = |row: &T| facts(row).2;
    if !rows.is_sorted_by(|a, b| id(a) < id(b)) {
        parallel::sort_by_key(rows, id);
        rows.dedup_by(|later, kept| {
            let same = id(later) == id(kept);
            // The later update, then the deleted one.
            let order = || facts(later).cmp(&facts(kept)).then_with(|| canonical(later).cmp(&canonical(kept)));
            if same && order() == Ordering::Greater {
                std::mem::swap(later, kept);
            }
            same
        });
    }
    if rows.iter().any(deleted) {
        rows.retain(|row| !deleted(row));
    }
}

pub(super) fn canonical(value: &serde_json::Value) -> String {
    // Cannot fail: there are no floats, and ids are at most 2^53 − 1.
    serde_json_canonicalizer::to_string(value).unwrap_or_default()
}

pub(super) fn canonical_org(row: &OrgRow, text: &[u8]) -> String {
    let OrgTexts { name, external_id, updated_at, domain_names } = row.texts(text);
    canonical(&json!({
        "id": row.id, "name": name, "external_id": external_id, "domain_names": domain_names.collect::<Vec<_>>(),
        "shared_tickets": row.flags & SHARES_TICKETS != 0, "updated_at": updated_at,
    }))
}

pub(super) fn canonical_user(row: &UserRow, text: &[u8], roles: &Names) -> String {
    let (email, next) = get_text(text, row.text as usize);
    let has = |bit: u8| row.flags & bit != 0;
    let updated_at = if has(ODD_TIME) { get_text(text, next).0.map(str::to_owned) } else { usual(row.updated) };
    canonical(&json!({
        "id": row.id, "role": roles.json(usize::from(row.role)), "active": has(ACTIVE), "suspended": has(SUSPENDED), "shared": has(SHARED),
        "verified": has(VERIFIED), "email": email, "organization_id": row.organization_id(), "updated_at": updated_at,
    }))
}

pub(super) fn canonical_membership(row: &MembershipRow, odd: &[Box<str>]) -> String {
    let updated_at = if row.odd == 0 { usual(row.updated) } else { Some(odd[row.odd as usize - 1].to_string()) };
    canonical(&json!({
        "id": row.id, "user_id": row.user_id, "organization_id": row.organization_id, "default": row.default, "updated_at": updated_at,
    }))
}

pub(super) fn canonical_ticket(row: &Ticket, tickets: &Tickets) -> String {
    let status = Some(tickets.status(row)).filter(|status| !status.is_empty());
    canonical(&json!({
        "id": row.id(), "requester_id": row.requester_id(), "organization_id": row.organization_id(), "status": status,
        "updated_at": tickets.updated_at(row),
    }))
}

pub(super) fn usual(updated: Instant) -> Option<String> {
    (updated != Instant::MIN).then(|| updated.rfc3339())
}
