//! Ordinary records, read in one strict pass that holds only the fields of the rules.
//!
//! Nine tenths of a Zendesk record are nothing to the rules, and a general parser spends its time on them. This one knows
//! little of JSON, but what it accepts `serde_json` accepts with the same values; the tests below hold the two together. It
//! judges nothing that is unusual: an escape in a key or in a wanted text, a key that comes twice, a wanted value of
//! another type, deep nesting, an error of syntax. For those [`Plain::scan`] is `None`, and `serde_json` has the word.

mod scanner;
#[cfg(test)]
mod tests;

use super::wire::{Membership, Organization, Ticket, User};
use scanner::{Scanner, scan_object};

/// A record that can be scanned.
pub(super) trait Plain<'a>: Sized {
    /// Reads an ordinary record; `None` when it is not one.
    fn scan(record: &'a str) -> Option<Self>;
}

impl<'a> Plain<'a> for Organization<'a> {
    fn scan(record: &'a str) -> Option<Self> {
        let (mut id, mut name, mut external_id, mut domain_names) = (None, None, None, None);
        let (mut shared_tickets, mut updated_at, mut deleted_at) = (None, None, None);
        scan_object(record, |key, value| match key {
            b"id" => once(&mut id, value.id()?),
            b"name" => once(&mut name, value.nullable(Scanner::borrowed)?),
            b"external_id" => once(&mut external_id, value.nullable(Scanner::borrowed)?),
            b"domain_names" => once(&mut domain_names, value.nullable(Scanner::texts)?),
            b"shared_tickets" => once(&mut shared_tickets, value.nullable(Scanner::flag)?),
            b"updated_at" => once(&mut updated_at, value.nullable(Scanner::borrowed)?),
            b"deleted_at" => once(&mut deleted_at, value.nullable(Scanner::anything)?),
            _ => value.skip(),
        })?;
        Some(Self {
            id: id?,
            name: name.flatten(),
            external_id,
            domain_names,
            shared_tickets: shared_tickets.flatten(),
            updated_at: updated_at.flatten(),
            deleted_at: deleted_at.flatten(),
        })
    }
}

impl<'a> Plain<'a> for User<'a> {
    fn scan(record: &'a str) -> Option<Self> {
        let (mut id, mut role, mut active, mut suspended, mut shared) = (None, None, None, None, None);
        let (mut verified, mut email, mut organization_id, mut updated_at, mut deleted_at) =
            (None, None, None, None, None);
        scan_object(record, |key, value| match key {
            b"id" => once(&mut id, value.id()?),
            b"role" => once(&mut role, value.nullable(Scanner::borrowed)?),
            b"active" => once(&mut active, value.nullable(Scanner::flag)?),
            b"suspended" => once(&mut suspended, value.nullable(Scanner::flag)?),
            b"shared" => once(&mut shared, value.nullable(Scanner::flag)?),
            b"verified" => once(&mut verified, value.nullable(Scanner::flag)?),
            b"email" => once(&mut email, value.nullable(Scanner::borrowed)?),
            b"organization_id" => once(&mut organization_id, value.nullable(Scanner::id)?),
            b"updated_at" => once(&mut updated_at, value.nullable(Scanner::borrowed)?),
            b"deleted_at" => once(&mut deleted_at, value.nullable(Scanner::anything)?),
            _ => value.skip(),
        })?;
        Some(Self {
            id: id?,
            role,
            active: active.flatten(),
            suspended: suspended.flatten(),
            shared: shared.flatten(),
            verified,
            email,
            organization_id,
            updated_at: updated_at.flatten(),
            deleted_at: deleted_at.flatten(),
        })
    }
}

impl<'a> Plain<'a> for Membership<'a> {
    fn scan(record: &'a str) -> Option<Self> {
        let (mut id, mut user_id, mut organization_id) = (None, None, None);
        let (mut default, mut updated_at, mut deleted_at) = (None, None, None);
        scan_object(record, |key, value| match key {
            b"id" => once(&mut id, value.id()?),
            b"user_id" => once(&mut user_id, value.id()?),
            b"organization_id" => once(&mut organization_id, value.id()?),
            b"default" => once(&mut default, value.nullable(Scanner::flag)?),
            b"updated_at" => once(&mut updated_at, value.nullable(Scanner::borrowed)?),
            b"deleted_at" => once(&mut deleted_at, value.nullable(Scanner::anything)?),
            _ => value.skip(),
        })?;
        Some(Self {
            id: id?,
            user_id: user_id?,
            organization_id: organization_id?,
            default,
            updated_at: updated_at.flatten(),
            deleted_at: deleted_at.flatten(),
        })
    }
}

impl<'a> Plain<'a> for Ticket<'a> {
    fn scan(record: &'a str) -> Option<Self> {
        let (mut id, mut requester_id, mut organization_id) = (None, None, None);
        let (mut status, mut updated_at, mut deleted_at) = (None, None, None);
        scan_object(record, |key, value| match key {
            b"id" => once(&mut id, value.id()?),
            b"requester_id" => once(&mut requester_id, value.nullable(Scanner::id)?),
            b"organization_id" => once(&mut organization_id, value.nullable(Scanner::id)?),
            b"status" => once(&mut status, value.nullable(Scanner::borrowed)?),
            b"updated_at" => once(&mut updated_at, value.nullable(Scanner::borrowed)?),
            b"deleted_at" => once(&mut deleted_at, value.nullable(Scanner::anything)?),
            _ => value.skip(),
        })?;
        Some(Self {
            id: id?,
            requester_id,
            organization_id,
            status: status.flatten(),
            updated_at,
            deleted_at: deleted_at.flatten(),
        })
    }
}

/// Fills a field that was not there before.
fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}
