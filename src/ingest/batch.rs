//! Parsing records of one kind. It touches nothing shared, so several threads may do it at a time.

use super::fast::Plain;
use super::keys::Keys;
use super::names::{DELETED, Names, ROLES, STATUSES};
use super::rows::{
    ACTIVE, DELETED_RECORD, MembershipRow, ODD_TIME, OrgRow, SHARED, SHARES_TICKETS, SUSPENDED, UserRow, VERIFIED,
};
use super::text::put_text;
use super::{Fault, Filter, wire};
use crate::model::domains::DomainTable;
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::model::world::{MAX_ID, Ticket, TicketTime};
use serde::Deserialize;
use std::sync::{PoisonError, RwLock};

/// Parsed records of one kind.
pub struct Batch {
    /// All ids that were read, with [`Filter::live`].
    pub ids: Vec<u64>,
    /// The ids of users and of orgs that the kept records refer to, likewise.
    pub user_references: Vec<u64>,
    pub org_references: Vec<u64>,
    /// The earliest and the latest `updated_at`, of dropped records too.
    pub updated: Option<(Instant, Instant)>,
    /// How many records were read, dropped ones too.
    pub records: usize,
    pub(super) kind: Kind,
    /// The needed keys that some record of it has.
    pub(super) keys: Keys,
    pub(super) rows: Rows,
    filter: Filter,
}

pub(super) enum Rows {
    Orgs(Vec<OrgRow>, Vec<u8>),
    Users(Vec<UserRow>, Vec<u8>, Names),
    Memberships(Vec<MembershipRow>, Vec<Box<str>>),
    Tickets(Vec<Ticket>, Names, Vec<OddTime>),
}

/// A time that its text does not follow from.
pub(super) type OddTime = (Instant, Box<str>);

impl Batch {
    /// An empty batch.
    pub fn new(kind: Kind, filter: Filter) -> Self {
        let rows = match kind {
            Kind::Organizations => Rows::Orgs(Vec::new(), Vec::new()),
            Kind::Users => Rows::Users(Vec::new(), Vec::new(), Names::new(&ROLES)),
            Kind::Memberships => Rows::Memberships(Vec::new(), Vec::new()),
            Kind::Tickets => Rows::Tickets(Vec::new(), Names::new(&STATUSES), Vec::new()),
        };
        Self {
            ids: Vec::new(),
            user_references: Vec::new(),
            org_references: Vec::new(),
            updated: None,
            records: 0,
            kind,
            keys: Keys::default(),
            rows,
            filter,
        }
    }

    /// Parses one record, a JSON object, and takes it in.
    pub fn parse(&mut self, record: &str) -> Result<(), Fault> {
        let filter = self.filter;
        let Said { id, keys, updated, user, org } = match &mut self.rows {
            Rows::Orgs(rows, text) => parse_org(record, rows, text)?,
            Rows::Users(rows, text, roles) => parse_user(record, rows, text, roles)?,
            Rows::Memberships(rows, odd) => parse_membership(record, rows, odd)?,
            Rows::Tickets(rows, statuses, odd) => parse_ticket(record, filter, rows, statuses, odd)?,
        };
        if let Some(key) = keys.absent(self.kind).filter(|_| filter.live) {
            return Err(Fault::Missing(key));
        }
        self.keys.add(keys);
        self.records += 1;
        if let Some(updated) = updated {
            let (low, high) = self.updated.unwrap_or((updated, updated));
            self.updated = Some((low.min(updated), high.max(updated)));
        }
        if filter.live {
            self.ids.push(id);
            self.user_references.extend(user);
            self.org_references.extend(org);
        }
        Ok(())
    }
}

impl Batch {
    /// Looks up the domains of users, as far as they are known already. Needs no turn: [`Ingest::append`] does the rest.
    pub fn look_up(&mut self, domains: &RwLock<DomainTable>) {
        let Rows::Users(rows, text, _) = &mut self.rows else { return };
        let after_at: Vec<&str> = rows.iter().map(|row| row.after_at(text).unwrap_or_default()).collect();
        let domains = domains.read().unwrap_or_else(PoisonError::into_inner);
        for (row, domain) in rows.iter_mut().zip(domains.find_all(&after_at)) {
            row.domain = domain;
        }
    }
}

/// What a record says of itself, and the user and the org that it refers to.
struct Said {
    id: u64,
    keys: Keys,
    updated: Option<Instant>,
    user: Option<u64>,
    org: Option<u64>,
}

pub(super) fn from_json<'a, T: Plain<'a> + Deserialize<'a>>(record: &'a str) -> Result<T, Fault> {
    T::scan(record).map_or_else(|| serde_json::from_str(record).map_err(|error| Fault::of_json(&error)), Ok)
}

fn id(id: wire::Id, field: &'static str) -> Result<u64, Fault> {
    if id.0 <= MAX_ID { Ok(id.0) } else { Err(Fault::IdTooLarge(field)) }
}

fn optional_id(value: Option<wire::Id>, field: &'static str) -> Result<Option<u64>, Fault> {
    value.map(|value| id(value, field)).transpose()
}

/// `updated_at`: the time, and whether its text must be kept because the time alone does not give it back.
fn time(text: Option<&wire::Text<'_>>) -> Result<(Option<Instant>, bool), Fault> {
    let Some(text) = text else { return Ok((None, false)) };
    let (time, usual) = Instant::parse_spelled(&text.0).ok_or(Fault::NotATime("updated_at"))?;
    Ok((Some(time), !usual))
}

fn boxed(text: Option<wire::Text<'_>>) -> Option<Box<str>> {
    text.map(|text| text.0.into())
}

fn parse_org(record: &str, rows: &mut Vec<OrgRow>, text: &mut Vec<u8>) -> Result<Said, Fault> {
    let wire::Organization { id: org, name, external_id, domain_names, shared_tickets, updated_at, deleted_at } =
        from_json(record)?;
    let org = id(org, "id")?;
    let (updated, _) = time(updated_at.as_ref())?;
    let keys = Keys::of([external_id.is_some(), domain_names.is_some()]);
    let external_id = external_id.flatten();
    let domain_names = domain_names.flatten().unwrap_or_default();
    let flag = |on: bool, bit: u8| if on { bit } else { 0 };
    rows.push(OrgRow {
        id: org,
        updated: updated.unwrap_or(Instant::MIN),
        text: text.len() as u64,
        domain_names: domain_names.len() as u32,
        flags: flag(shared_tickets.unwrap_or(false), SHARES_TICKETS) | flag(deleted_at.is_some(), DELETED_RECORD),
    });
    for one in [&name, &external_id, &updated_at] {
        put_text(text, one.as_ref().map(|one| &*one.0));
    }
    for name in &domain_names {
        put_text(text, Some(&name.0));
    }
    Ok(Said { id: org, keys, updated, user: None, org: None })
}

fn parse_user(record: &str, rows: &mut Vec<UserRow>, text: &mut Vec<u8>, roles: &mut Names) -> Result<Said, Fault> {
    let wire::User {
        id: user,
        role,
        active,
        suspended,
        shared,
        verified,
        email,
        organization_id,
        updated_at,
        deleted_at,
    } = from_json(record)?;
    let user = id(user, "id")?;
    let keys = Keys::of([role.is_some(), email.is_some(), organization_id.is_some(), verified.is_some()]);
    let (role, email) = (role.flatten(), email.flatten());
    let organization_id = optional_id(organization_id.flatten(), "organization_id")?;
    let (updated, odd) = time(updated_at.as_ref())?;
    let role = roles.number(role.as_ref().map_or("", |role| &role.0), "role", usize::from(u8::MAX))?;
    let flag = |on: bool, bit: u8| if on { bit } else { 0 };
    let row = UserRow {
        id: user,
        organization_id: organization_id.and_then(|id| std::num::NonZeroU64::new(id + 1)),
        updated: updated.unwrap_or(Instant::MIN),
        text: text.len() as u64,
        domain: None,
        role: role as u8,
        flags: flag(active.unwrap_or(true), ACTIVE)
            | flag(suspended.unwrap_or(false), SUSPENDED)
            | flag(shared.unwrap_or(false), SHARED)
            | flag(verified.flatten().unwrap_or(false), VERIFIED)
            | flag(deleted_at.is_some(), DELETED_RECORD)
            | flag(odd, ODD_TIME),
    };
    put_text(text, email.as_ref().map(|email| &*email.0));
    if odd {
        put_text(text, updated_at.as_ref().map(|updated_at| &*updated_at.0));
    }
    rows.push(row);
    Ok(Said { id: user, keys, updated, user: None, org: organization_id })
}

fn parse_membership(record: &str, rows: &mut Vec<MembershipRow>, odd: &mut Vec<Box<str>>) -> Result<Said, Fault> {
    let wire::Membership { id: membership, user_id, organization_id, default, updated_at, deleted_at } =
        from_json(record)?;
    let (updated, is_odd) = time(updated_at.as_ref())?;
    if is_odd {
        odd.extend(boxed(updated_at));
    }
    let row = MembershipRow {
        id: id(membership, "id")?,
        user_id: id(user_id, "user_id")?,
        organization_id: id(organization_id, "organization_id")?,
        updated: updated.unwrap_or(Instant::MIN),
        odd: if is_odd { odd.len() as u32 } else { 0 },
        default: default.flatten().unwrap_or(false),
        deleted: deleted_at.is_some(),
    };
    let keys = Keys::of([default.is_some()]);
    let said = Said { id: row.id, keys, updated, user: Some(row.user_id), org: Some(row.organization_id) };
    rows.push(row);
    Ok(said)
}

fn parse_ticket(
    record: &str,
    filter: Filter,
    rows: &mut Vec<Ticket>,
    statuses: &mut Names,
    odd: &mut Vec<OddTime>,
) -> Result<Said, Fault> {
    let wire::Ticket { id: ticket, requester_id, organization_id, status, updated_at, deleted_at } = from_json(record)?;
    let ticket = id(ticket, "id")?;
    let keys = Keys::of([requester_id.is_some(), organization_id.is_some(), updated_at.is_some()]);
    let requester_id = optional_id(requester_id.flatten(), "requester_id")?;
    let organization_id = optional_id(organization_id.flatten(), "organization_id")?;
    let updated_at = updated_at.flatten();
    let (updated, is_odd) = time(updated_at.as_ref())?;
    let updated = updated.ok_or(Fault::Missing("updated_at"))?;
    if updated < filter.tickets_from {
        return Ok(Said { id: ticket, keys, updated: Some(updated), user: None, org: None });
    }
    let status = if deleted_at.is_some() {
        DELETED
    } else {
        statuses.number(status.as_ref().map_or("", |status| &status.0), "status", Ticket::STATUSES)? as u16
    };
    let time = match u32::try_from(updated.seconds()) {
        Ok(seconds) if !is_odd => TicketTime::Seconds(seconds),
        _ => {
            odd.extend(boxed(updated_at).map(|text| (updated, text)));
            TicketTime::Odd(odd.len() as u32 - 1)
        }
    };
    rows.push(Ticket::new(ticket, requester_id, organization_id, status, time));
    Ok(Said { id: ticket, keys, updated: Some(updated), user: requester_id, org: organization_id })
}
