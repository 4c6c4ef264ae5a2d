//! Batches into a world: appended in the order of their source, then sealed by kind.

use super::Fault;
use super::batch::{Batch, OddTime, Rows};
use super::canonical::{canonical_membership, canonical_org, canonical_ticket, canonical_user, keep_what_exists};
use super::keys::Keys;
use super::names::{DELETED, Names, ROLES, STATUSES};
use super::rows::{
    ACTIVE, DELETED_RECORD, MembershipRow, OrgRow, OrgTexts, SHARED, SHARES_TICKETS, SUSPENDED, UserRow, VERIFIED,
};
use crate::model::at::OrgAt;
use crate::model::domains::{DomainIds, DomainTable};
use crate::model::kind::Kind;
use crate::model::world::{Membership, Org, Ticket, TicketTime, Tickets, User, UserFlags, World};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// Collects batches into a world. Append every batch of a kind, then seal the kind.
pub struct Ingest {
    world: World,
    /// Of each kind how many records came, and which of the needed keys some of them have.
    came: [(usize, Keys); 4],
    domains: Arc<RwLock<DomainTable>>,
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
    pub fn new(domains: DomainTable) -> Self {
        Self {
            world: World::default(),
            came: Default::default(),
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
    pub fn domains(&self) -> Arc<RwLock<DomainTable>> {
        Arc::clone(&self.domains)
    }

    /// Takes in a batch; batches come in the order of their source.
    pub fn append(&mut self, batch: Batch) -> Result<(), Fault> {
        let (records, keys) = &mut self.came[batch.kind as usize];
        *records += batch.records;
        keys.add(batch.keys);
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

    /// A needed key that no record of this kind has, although there are some: the input lacks a column.
    pub fn absent_key(&self, kind: Kind) -> Option<&'static str> {
        let (records, keys) = self.came[kind as usize];
        keys.absent(kind).filter(|_| records > 0)
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
        let World { orgs, unusable_domains, .. } = &mut self.world;
        for row in rows {
            let OrgTexts { name, external_id, updated_at: _, domain_names } = row.texts(&text);
            let (mut held, mut unusable) = (DomainIds::new(), Vec::new());
            for entry in domain_names {
                let domain = domains.org_domain(entry);
                held.extend(domain);
                if domain.is_none_or(|domain| !domains.is_normal(domain, entry)) {
                    unusable.push(entry);
                }
            }
            held.sort_unstable();
            held.dedup();
            unusable.sort_unstable();
            unusable.dedup();
            let at = OrgAt::new(orgs.len());
            unusable_domains.extend(unusable.into_iter().map(|entry| (at, Box::from(entry))));
            orgs.push(Org::new(row.id, name, external_id, held, row.flags & SHARES_TICKETS != 0, row.updated));
        }
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
        self.came = other.came;
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
fn write(domains: &RwLock<DomainTable>) -> RwLockWriteGuard<'_, DomainTable> {
    domains.write().unwrap_or_else(PoisonError::into_inner)
}
