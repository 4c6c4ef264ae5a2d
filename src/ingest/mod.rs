//! From records in Zendesk's JSON to the rows of a [`World`]: parsed, each record once, deleted ones gone.
//!
//! Parsing a [`Batch`] touches nothing shared and may run on several threads; batches are then appended in the order of
//! their source, so that the result never depends on who was faster. Where the text comes from (a folder, a snapshot,
//! the API) is the caller's business.
//!
//! A record that came twice counts once (contract 5): the later `updated_at`, then the deleted one, then the greater
//! canonical JSON. For that comparison addresses are held until [`Ingest::seal`], and no longer.

mod scan;
mod wire;

use crate::model::domains::{DomainId, DomainIds, Domains};
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::model::world::{MAX_ID, Membership, Org, Ticket, TicketTime, Tickets, User, UserFlags, World};
use crate::parallel;
use scan::Plain;
use serde::Deserialize;
use serde_json::json;
use std::cmp::Ordering;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// What is wrong with a record. No text of the record is repeated, for it may hold an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is not valid JSON (column {0})")]
    Syntax(usize),
    #[error("a field is not of the type that Zendesk sends (column {0})")]
    Shape(usize),
    #[error("it has no `{0}`")]
    Missing(&'static str),
    #[error("`{0}` is greater than 2^53 − 1, so that it may have been rounded on its way")]
    IdTooLarge(&'static str),
    #[error("`{0}` is no RFC 3339 time")]
    NotATime(&'static str),
    #[error("it has one value too many of `{0}`: more than {1} different ones are not expected")]
    TooMany(&'static str, usize),
}

impl Fault {
    fn of_json(error: &serde_json::Error) -> Self {
        match error.classify() {
            serde_json::error::Category::Data => {
                let text = error.to_string();
                let missing = ["id", "user_id", "organization_id"]
                    .into_iter()
                    .find(|name| text.starts_with(&format!("missing field `{name}`")));
                missing.map_or(Self::Shape(error.column()), Self::Missing)
            }
            _ => Self::Syntax(error.column()),
        }
    }
}

/// Statuses and roles that have fixed numbers; others are numbered as they come.
const STATUSES: [&str; 8] = ["", "new", "open", "pending", "hold", "solved", "closed", "deleted"];
const DELETED: u16 = 7;
const ROLES: [&str; 4] = ["", "end-user", "agent", "admin"];

/// What to look at while parsing.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// Tickets that were last updated before this are dropped as they are read.
    pub tickets_from: Instant,
    /// Whether to list the ids of all records, dropped ones too, in [`Batch::ids`].
    pub list_ids: bool,
}

/// Parsed records of one kind.
pub struct Batch {
    /// All ids that were read, when [`Filter::list_ids`] asks for them.
    pub ids: Vec<u64>,
    /// The ids of users and of orgs that the kept records refer to, likewise.
    pub user_references: Vec<u64>,
    pub org_references: Vec<u64>,
    /// The earliest and the latest `updated_at`, of dropped records too.
    pub updated: Option<(Instant, Instant)>,
    /// How many records were read, dropped ones too.
    pub records: usize,
    rows: Rows,
    filter: Filter,
}

enum Rows {
    Orgs(Vec<OrgRow>, Vec<u8>),
    Users(Vec<UserRow>, Vec<u8>, Names),
    Memberships(Vec<MembershipRow>, Vec<Box<str>>),
    Tickets(Vec<Ticket>, Names, Vec<OddTime>),
}

/// A time that its text does not follow from.
type OddTime = (Instant, Box<str>);

#[derive(Clone, Copy)]
struct OrgRow {
    id: u64,
    updated: Instant,
    /// Where the texts of this org begin: name, external id, `updated_at`, then its domain names.
    text: u64,
    domain_names: u32,
    flags: u8,
}

#[derive(Clone, Copy)]
struct UserRow {
    id: u64,
    organization_id: Option<std::num::NonZeroU64>,
    updated: Instant,
    /// Where the text of this user begins: the address, then, if it is spelled unusually, `updated_at`; each with its length before it.
    text: u64,
    domain: Option<DomainId>,
    role: u8,
    flags: u8,
}

const ACTIVE: u8 = 1;
const SUSPENDED: u8 = 2;
const SHARED: u8 = 4;
const VERIFIED: u8 = 8;
const DELETED_RECORD: u8 = 16;
const ODD_TIME: u8 = 32;
const SHARES_TICKETS: u8 = 64;
/// In front of a text that is null.
const NULL: u32 = u32::MAX;

struct MembershipRow {
    id: u64,
    user_id: u64,
    organization_id: u64,
    updated: Instant,
    /// One more than the index of `updated_at` among the unusually spelled ones; 0: usual.
    odd: u32,
    default: bool,
    deleted: bool,
}

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
            rows,
            filter,
        }
    }

    /// Parses one record, a JSON object, and takes it in.
    pub fn parse(&mut self, record: &str) -> Result<(), Fault> {
        let filter = self.filter;
        let (id, updated, users, orgs) = match &mut self.rows {
            Rows::Orgs(rows, text) => parse_org(record, rows, text)?,
            Rows::Users(rows, text, roles) => parse_user(record, rows, text, roles)?,
            Rows::Memberships(rows, odd) => parse_membership(record, rows, odd)?,
            Rows::Tickets(rows, statuses, odd) => parse_ticket(record, filter.tickets_from, rows, statuses, odd)?,
        };
        self.records += 1;
        if let Some(updated) = updated {
            let (low, high) = self.updated.unwrap_or((updated, updated));
            self.updated = Some((low.min(updated), high.max(updated)));
        }
        if filter.list_ids {
            self.ids.push(id);
            self.user_references.extend(users);
            self.org_references.extend(orgs);
        }
        Ok(())
    }
}

impl Batch {
    /// Looks up the domains of users, as far as they are known already. Needs no turn: [`Ingest::append`] does the rest.
    pub fn look_up(&mut self, domains: &RwLock<Domains>) {
        let Rows::Users(rows, text, _) = &mut self.rows else { return };
        let after_at: Vec<&str> = rows.iter().map(|row| row.after_at(text).unwrap_or_default()).collect();
        let domains = domains.read().unwrap_or_else(PoisonError::into_inner);
        for (row, domain) in rows.iter_mut().zip(domains.find_all(&after_at)) {
            row.domain = domain;
        }
    }
}

/// What a record says of itself: its id, its time, the user and the org that it refers to.
type Facts = (u64, Option<Instant>, Option<u64>, Option<u64>);

fn from_json<'a, T: Plain<'a> + Deserialize<'a>>(record: &'a str) -> Result<T, Fault> {
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

fn parse_org(record: &str, rows: &mut Vec<OrgRow>, text: &mut Vec<u8>) -> Result<Facts, Fault> {
    let wire::Organization { id: org, name, external_id, domain_names, shared_tickets, updated_at, deleted_at } =
        from_json(record)?;
    let org = id(org, "id")?;
    let (updated, _) = time(updated_at.as_ref())?;
    let domain_names = domain_names.unwrap_or_default();
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
    Ok((org, updated, None, None))
}

fn parse_user(record: &str, rows: &mut Vec<UserRow>, text: &mut Vec<u8>, roles: &mut Names) -> Result<Facts, Fault> {
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
    let organization_id = optional_id(organization_id, "organization_id")?;
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
            | flag(verified.unwrap_or(false), VERIFIED)
            | flag(deleted_at.is_some(), DELETED_RECORD)
            | flag(odd, ODD_TIME),
    };
    put_text(text, email.as_ref().map(|email| &*email.0));
    if odd {
        put_text(text, updated_at.as_ref().map(|updated_at| &*updated_at.0));
    }
    rows.push(row);
    Ok((user, updated, None, organization_id))
}

fn parse_membership(record: &str, rows: &mut Vec<MembershipRow>, odd: &mut Vec<Box<str>>) -> Result<Facts, Fault> {
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
        default: default.unwrap_or(false),
        deleted: deleted_at.is_some(),
    };
    let facts = (row.id, updated, Some(row.user_id), Some(row.organization_id));
    rows.push(row);
    Ok(facts)
}

fn parse_ticket(
    record: &str,
    from: Instant,
    rows: &mut Vec<Ticket>,
    statuses: &mut Names,
    odd: &mut Vec<OddTime>,
) -> Result<Facts, Fault> {
    let wire::Ticket { id: ticket, requester_id, organization_id, status, updated_at, deleted_at } = from_json(record)?;
    let ticket = id(ticket, "id")?;
    let requester_id = optional_id(requester_id, "requester_id")?;
    let organization_id = optional_id(organization_id, "organization_id")?;
    let (updated, is_odd) = time(updated_at.as_ref())?;
    let updated = updated.ok_or(Fault::Missing("updated_at"))?;
    if updated < from {
        return Ok((ticket, Some(updated), None, None));
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
    Ok((ticket, Some(updated), requester_id, organization_id))
}

fn put_text(into: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => into.extend(NULL.to_le_bytes()),
        Some(text) => {
            into.extend((text.len() as u32).to_le_bytes());
            into.extend(text.as_bytes());
        }
    }
}

/// The texts that `put_text` wrote one after the other, from here on.
fn texts(from: &[u8], mut at: usize) -> impl Iterator<Item = Option<&str>> {
    std::iter::from_fn(move || {
        let (text, next) = get_text(from, at);
        at = next;
        Some(text)
    })
}

/// Reads a text that `put_text` wrote, and where the next one begins.
fn get_text(from: &[u8], at: usize) -> (Option<&str>, usize) {
    let start = at + 4;
    let length = u32::from_le_bytes(from[at..start].try_into().unwrap_or_default());
    if length == NULL {
        return (None, start);
    }
    let end = start + length as usize;
    (std::str::from_utf8(&from[start..end]).ok(), end)
}

/// Collects batches into a world. Append every batch of a kind, then seal the kind.
pub struct Ingest {
    world: World,
    domains: Arc<RwLock<Domains>>,
    orgs: Vec<OrgRow>,
    org_text: Vec<u8>,
    users: Vec<UserRow>,
    user_text: Vec<u8>,
    roles: Names,
    memberships: Vec<MembershipRow>,
    /// Sealed, each with the id of its user, until the users are known.
    sealed_memberships: Vec<(u64, Membership)>,
    odd_times: Vec<Box<str>>,
    tickets: Vec<Ticket>,
    statuses: Names,
    odd_ticket_times: Vec<OddTime>,
}

impl Ingest {
    /// Starts with the domains that the reference already knows, so that both sides share their ids.
    pub fn new(domains: Domains) -> Self {
        Self {
            world: World::default(),
            domains: Arc::new(RwLock::new(domains)),
            orgs: Vec::new(),
            org_text: Vec::new(),
            users: Vec::new(),
            user_text: Vec::new(),
            roles: Names::new(&ROLES),
            memberships: Vec::new(),
            sealed_memberships: Vec::new(),
            odd_times: Vec::new(),
            tickets: Vec::new(),
            statuses: Names::new(&STATUSES),
            odd_ticket_times: Vec::new(),
        }
    }

    /// The domains that are known so far, for [`Batch::look_up`].
    pub fn domains(&self) -> Arc<RwLock<Domains>> {
        Arc::clone(&self.domains)
    }

    /// Takes in a batch; batches come in the order of their source.
    pub fn append(&mut self, batch: Batch) -> Result<(), Fault> {
        match batch.rows {
            Rows::Orgs(rows, text) => {
                let base = self.org_text.len() as u64;
                self.orgs.extend(rows.into_iter().map(|row| OrgRow { text: base + row.text, ..row }));
                self.org_text.extend_from_slice(&text);
            }
            Rows::Users(rows, text, roles) => self.append_users(rows, &text, &roles)?,
            Rows::Memberships(rows, mut odd) => {
                let base = self.odd_times.len() as u32;
                self.odd_times.append(&mut odd);
                self.memberships.extend(
                    rows.into_iter()
                        .map(|row| MembershipRow { odd: if row.odd == 0 { 0 } else { base + row.odd }, ..row }),
                );
            }
            Rows::Tickets(rows, statuses, odd) => self.append_tickets(rows, &statuses, odd)?,
        }
        Ok(())
    }

    fn append_users(&mut self, mut rows: Vec<UserRow>, text: &[u8], roles: &Names) -> Result<(), Fault> {
        let base = self.user_text.len() as u64;
        let mut domains = write(&self.domains);
        for row in &mut rows {
            row.domain = row.domain.or_else(|| domains.email_domain(row.after_at(text)?));
            row.text += base;
            row.role = self.roles.adopt(roles, usize::from(row.role), "role", usize::from(u8::MAX))? as u8;
        }
        self.users.append(&mut rows);
        self.user_text.extend_from_slice(text);
        Ok(())
    }

    fn append_tickets(&mut self, mut rows: Vec<Ticket>, statuses: &Names, mut odd: Vec<OddTime>) -> Result<(), Fault> {
        // What a row says by number has another number here.
        if statuses.names.len() > STATUSES.len() || !odd.is_empty() {
            let base = self.odd_ticket_times.len() as u32;
            for row in &mut rows {
                let status = self.statuses.adopt(statuses, row.status(), "status", Ticket::STATUSES)?;
                let time = match row.time() {
                    TicketTime::Odd(index) => TicketTime::Odd(base + index),
                    seconds @ TicketTime::Seconds(_) => seconds,
                };
                *row = Ticket::new(row.id(), row.requester_id(), row.organization_id(), status as u16, time);
            }
        }
        self.odd_ticket_times.append(&mut odd);
        self.tickets.append(&mut rows);
        Ok(())
    }

    /// Ends a kind: sorts by id, keeps each record once, drops the deleted ones and all text that is no longer needed.
    pub fn seal(&mut self, kind: Kind) {
        match kind {
            Kind::Organizations => self.seal_orgs(),
            Kind::Users => self.seal_users(),
            Kind::Memberships => self.seal_memberships(),
            Kind::Tickets => self.seal_tickets(),
        }
    }

    /// Seals what is not sealed yet and gives the world.
    pub fn finish(mut self, multiple_organizations: Option<bool>) -> World {
        for kind in Kind::ALL {
            self.seal(kind);
        }
        self.world.domains = std::mem::take(&mut *write(&self.domains));
        self.world.multiple_organizations = multiple_organizations;
        self.world.complete(self.sealed_memberships);
        self.world
    }

    fn seal_orgs(&mut self) {
        let mut rows = std::mem::take(&mut self.orgs);
        let text = std::mem::take(&mut self.org_text);
        keep_what_exists(
            &mut rows,
            |row| (row.id, row.updated, row.flags & DELETED_RECORD != 0),
            |row| canonical_org(row, &text),
        );
        let mut domains = write(&self.domains);
        self.world.orgs.extend(rows.into_iter().map(|row| {
            let OrgTexts { name, external_id, updated_at: _, domain_names } = row.texts(&text);
            let mut held: DomainIds = domain_names.filter_map(|text| domains.org_domain(text)).collect();
            held.sort_unstable();
            held.dedup();
            Org::new(row.id, name, external_id, held, row.flags & SHARES_TICKETS != 0)
        }));
    }

    fn seal_users(&mut self) {
        let mut rows = std::mem::take(&mut self.users);
        let text = std::mem::take(&mut self.user_text);
        let roles = &self.roles;
        keep_what_exists(
            &mut rows,
            |row| (row.id, row.updated, row.flags & DELETED_RECORD != 0),
            |row| canonical_user(row, &text, roles),
        );
        let mut users: Vec<User> = rows
            .into_iter()
            .map(|row| {
                let has = |bit: u8| row.flags & bit != 0;
                let flags = UserFlags {
                    active: has(ACTIVE),
                    suspended: has(SUSPENDED),
                    shared: has(SHARED),
                    verified: has(VERIFIED),
                };
                User::new(row.id, row.organization_id(), row.domain, row.role, flags)
            })
            .collect();
        // The rows were wider: give back what the narrower ones leave.
        users.shrink_to_fit();
        if self.world.users.is_empty() {
            self.world.users = users;
        }
        self.world.roles = self.roles.names.clone();
    }

    fn seal_memberships(&mut self) {
        let mut rows = std::mem::take(&mut self.memberships);
        let odd = std::mem::take(&mut self.odd_times);
        keep_what_exists(&mut rows, |row| (row.id, row.updated, row.deleted), |row| canonical_membership(row, &odd));
        let mut memberships: Vec<(u64, Membership)> = rows
            .into_iter()
            .map(|row| (row.user_id, Membership::new(row.id, row.organization_id, row.default)))
            .collect();
        memberships.shrink_to_fit();
        memberships.sort_unstable_by_key(|(user_id, row)| (*user_id, row.id));
        if self.sealed_memberships.is_empty() {
            self.sealed_memberships = memberships;
        }
    }

    /// Takes over what `other` has read before this one has read anything: orgs, and memberships, which are sealed.
    pub fn take(&mut self, other: Self) {
        self.orgs = other.orgs;
        self.org_text = other.org_text;
        self.sealed_memberships = other.sealed_memberships;
    }

    fn seal_tickets(&mut self) {
        let mut tickets = Tickets {
            rows: std::mem::take(&mut self.tickets),
            statuses: self.statuses.names.clone(),
            odd_times: std::mem::take(&mut self.odd_ticket_times),
        };
        let mut rows = std::mem::take(&mut tickets.rows);
        keep_what_exists(
            &mut rows,
            |row| (row.id(), tickets.time(row), row.status() == usize::from(DELETED)),
            |row| canonical_ticket(row, &tickets),
        );
        if self.world.tickets.rows.is_empty() {
            self.world.tickets = Tickets { rows, ..tickets };
        }
    }
}

/// A poisoned lock means that another thread panicked, which ends the program anyway.
fn write(domains: &RwLock<Domains>) -> RwLockWriteGuard<'_, Domains> {
    domains.write().unwrap_or_else(PoisonError::into_inner)
}

/// Sorts by id and keeps of the rows with one id the one that counts, unless that is deleted. `facts` of a row: its id, when it
/// was updated, and whether it is deleted; `canonical`: its canonical JSON, which decides between equals.
fn keep_what_exists<T: Send>(
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

struct OrgTexts<'a, I> {
    name: Option<&'a str>,
    external_id: Option<&'a str>,
    updated_at: Option<&'a str>,
    domain_names: I,
}

impl OrgRow {
    fn texts<'a>(&self, text: &'a [u8]) -> OrgTexts<'a, impl Iterator<Item = &'a str> + use<'a>> {
        let mut texts = texts(text, self.text as usize);
        let mut next = || texts.next().flatten();
        let (name, external_id, updated_at) = (next(), next(), next());
        let domain_names = texts.take(self.domain_names as usize).flatten();
        OrgTexts { name, external_id, updated_at, domain_names }
    }
}

impl UserRow {
    /// What follows the last `@` of the address, whose text begins in `text`.
    fn after_at<'a>(&self, text: &'a [u8]) -> Option<&'a str> {
        let (email, _) = get_text(text, self.text as usize);
        email.and_then(|email| email.rfind('@').map(|at| &email[at + 1..]))
    }

    fn organization_id(&self) -> Option<u64> {
        self.organization_id.map(|id| id.get() - 1)
    }
}

fn canonical(value: &serde_json::Value) -> String {
    // Cannot fail: there are no floats, and ids are at most 2^53 − 1.
    serde_json_canonicalizer::to_string(value).unwrap_or_default()
}

fn canonical_org(row: &OrgRow, text: &[u8]) -> String {
    let OrgTexts { name, external_id, updated_at, domain_names } = row.texts(text);
    canonical(&json!({
        "id": row.id, "name": name, "external_id": external_id, "domain_names": domain_names.collect::<Vec<_>>(),
        "shared_tickets": row.flags & SHARES_TICKETS != 0, "updated_at": updated_at,
    }))
}

fn canonical_user(row: &UserRow, text: &[u8], roles: &Names) -> String {
    let (email, next) = get_text(text, row.text as usize);
    let has = |bit: u8| row.flags & bit != 0;
    let updated_at = if has(ODD_TIME) { get_text(text, next).0.map(str::to_owned) } else { usual(row.updated) };
    canonical(&json!({
        "id": row.id, "role": roles.json(usize::from(row.role)), "active": has(ACTIVE), "suspended": has(SUSPENDED), "shared": has(SHARED),
        "verified": has(VERIFIED), "email": email, "organization_id": row.organization_id(), "updated_at": updated_at,
    }))
}

fn canonical_membership(row: &MembershipRow, odd: &[Box<str>]) -> String {
    let updated_at = if row.odd == 0 { usual(row.updated) } else { Some(odd[row.odd as usize - 1].to_string()) };
    canonical(&json!({
        "id": row.id, "user_id": row.user_id, "organization_id": row.organization_id, "default": row.default, "updated_at": updated_at,
    }))
}

fn canonical_ticket(row: &Ticket, tickets: &Tickets) -> String {
    let status = Some(tickets.status(row)).filter(|status| !status.is_empty());
    canonical(&json!({
        "id": row.id(), "requester_id": row.requester_id(), "organization_id": row.organization_id(), "status": status,
        "updated_at": tickets.updated_at(row),
    }))
}

fn usual(updated: Instant) -> Option<String> {
    (updated != Instant::MIN).then(|| updated.rfc3339())
}

/// A few names, numbered in order of first sight after the known ones. Number 0 is "none".
struct Names {
    names: Vec<Box<str>>,
}

impl Names {
    fn new(known: &[&str]) -> Self {
        Self { names: known.iter().map(|name| Box::from(*name)).collect() }
    }

    fn number(&mut self, name: &str, field: &'static str, limit: usize) -> Result<usize, Fault> {
        if let Some(known) = self.names.iter().position(|known| **known == *name) {
            return Ok(known);
        }
        if self.names.len() >= limit {
            return Err(Fault::TooMany(field, limit));
        }
        self.names.push(name.into());
        Ok(self.names.len() - 1)
    }

    /// The number here of what has `number` in `other`; the known ones have the same in both.
    fn adopt(&mut self, other: &Self, number: usize, field: &'static str, limit: usize) -> Result<usize, Fault> {
        if self.names.get(number) == other.names.get(number) {
            Ok(number)
        } else {
            self.number(&other.names[number], field, limit)
        }
    }

    fn json(&self, number: usize) -> Option<&str> {
        Some(&*self.names[number]).filter(|name| !name.is_empty())
    }
}
