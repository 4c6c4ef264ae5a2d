//! What the rules know of Zendesk: compact rows, each record once, ascending by id.
//!
//! Two million users and four million tickets fit into memory because a row holds ids and small numbers only;
//! text is kept once, in tables beside the rows. How rows come about is `crate::ingest`'s.

use super::domains::{DomainId, Domains};
use super::time::Instant;
use super::untrusted::Untrusted;
use std::collections::HashMap;

/// The greatest id that survives JSON everywhere, 2^53 − 1.
pub const MAX_ID: u64 = (1 << 53) - 1;

/// In a packed row: no id.
const NONE: u64 = u64::MAX;

/// A Zendesk organization.
#[derive(Debug)]
pub struct Org {
    pub id: u64,
    pub name: Option<Untrusted>,
    /// As stored, white space and all; see [`Org::has_external_id`].
    pub external_id: Option<Untrusted>,
    /// Normalized, without duplicates; entries that do not normalize are left out.
    pub domains: Box<[DomainId]>,
    pub shared_tickets: bool,
}

impl Org {
    /// The external id, trimmed; `None` when there is none or only white space.
    pub fn trimmed_external_id(&self) -> Option<&str> {
        self.external_id.as_ref().map(|id| id.raw().trim()).filter(|id| !id.is_empty())
    }

    /// Whether the org is linked to anything.
    pub fn has_external_id(&self) -> bool {
        self.trimmed_external_id().is_some()
    }

    /// Whether the org holds the domain.
    pub fn holds(&self, domain: DomainId) -> bool {
        self.domains.contains(&domain)
    }
}

/// A Zendesk user, without name and address.
#[derive(Debug, Clone, Copy)]
pub struct User {
    pub id: u64,
    organization_id: u64,
    /// The normalized domain of the e-mail address; `None` without address or when it does not normalize.
    pub domain: Option<DomainId>,
    /// Index into [`World::roles`].
    pub role: u8,
    flags: u8,
}

/// The yes-or-no fields of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserFlags {
    pub active: bool,
    pub suspended: bool,
    pub shared: bool,
    pub verified: bool,
}

impl User {
    pub fn new(id: u64, organization_id: Option<u64>, domain: Option<DomainId>, role: u8, flags: UserFlags) -> Self {
        let UserFlags { active, suspended, shared, verified } = flags;
        let flags = u8::from(active) | u8::from(suspended) << 1 | u8::from(shared) << 2 | u8::from(verified) << 3;
        Self { id, organization_id: organization_id.unwrap_or(NONE), domain, role, flags }
    }

    pub fn flags(&self) -> UserFlags {
        let bit = |at: u8| self.flags >> at & 1 == 1;
        UserFlags { active: bit(0), suspended: bit(1), shared: bit(2), verified: bit(3) }
    }

    /// The user record's own `organization_id`; the default org is [`World::default_org`].
    pub fn organization_id(&self) -> Option<u64> {
        some_id(self.organization_id)
    }
}

/// A Zendesk organization membership.
#[derive(Debug, Clone, Copy)]
pub struct Membership {
    pub id: u64,
    pub user_id: u64,
    /// The org's id, and in the highest bit whether the membership is the default.
    org_and_default: u64,
}

impl Membership {
    const DEFAULT: u64 = 1 << 63;

    pub fn new(id: u64, user_id: u64, organization_id: u64, default: bool) -> Self {
        Self { id, user_id, org_and_default: organization_id | if default { Self::DEFAULT } else { 0 } }
    }

    pub fn organization_id(&self) -> u64 {
        self.org_and_default & !Self::DEFAULT
    }

    pub fn is_default(&self) -> bool {
        self.org_and_default & Self::DEFAULT != 0
    }
}

/// A Zendesk ticket, without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub id: u64,
    /// Bits 0–53 the requester (54 ones: none), 54–62 the status, 63 whether `updated_at` is written in an unusual way.
    packed: u64,
    organization_id: u64,
    pub updated_at: Instant,
}

impl Ticket {
    const NO_REQUESTER: u64 = (1 << 54) - 1;
    const ODD: u64 = 1 << 63;
    /// How many statuses a row can tell apart.
    pub const STATUSES: usize = 1 << 9;

    pub fn new(
        id: u64,
        requester_id: Option<u64>,
        organization_id: Option<u64>,
        status: u16,
        updated_at: Instant,
        odd: bool,
    ) -> Self {
        let packed =
            requester_id.unwrap_or(Self::NO_REQUESTER) | u64::from(status) << 54 | if odd { Self::ODD } else { 0 };
        Self { id, packed, organization_id: organization_id.unwrap_or(NONE), updated_at }
    }

    pub fn requester_id(&self) -> Option<u64> {
        let id = self.packed & Self::NO_REQUESTER;
        (id != Self::NO_REQUESTER).then_some(id)
    }

    pub fn organization_id(&self) -> Option<u64> {
        some_id(self.organization_id)
    }

    /// Index into [`Tickets::statuses`].
    pub fn status(&self) -> usize {
        (self.packed >> 54) as usize & (Self::STATUSES - 1)
    }

    /// Whether `updated_at` was not written as `2026-04-17T22:15:30Z`.
    pub fn is_odd(&self) -> bool {
        self.packed & Self::ODD != 0
    }
}

fn some_id(packed: u64) -> Option<u64> {
    (packed != NONE).then_some(packed)
}

/// The tickets, with the texts that their rows leave out.
#[derive(Debug, Default)]
pub struct Tickets {
    /// Ascending by id. May reach beyond the window on both sides.
    pub rows: Vec<Ticket>,
    pub statuses: Vec<Box<str>>,
    /// `updated_at` as Zendesk sent it, where that is not the usual spelling.
    pub odd_times: HashMap<Ticket, Box<str>>,
}

impl Tickets {
    /// The status, as Zendesk names it.
    pub fn status(&self, ticket: &Ticket) -> &str {
        &self.statuses[ticket.status()]
    }

    /// `updated_at` as Zendesk sent it.
    pub fn updated_at(&self, ticket: &Ticket) -> String {
        match self.odd_times.get(ticket) {
            Some(text) if ticket.is_odd() => text.to_string(),
            _ => ticket.updated_at.rfc3339(),
        }
    }
}

/// Everything read from one Zendesk.
#[derive(Debug, Default)]
pub struct World {
    /// Ascending by id.
    pub orgs: Vec<Org>,
    /// Ascending by id.
    pub users: Vec<User>,
    /// Ascending by user, then id.
    pub memberships: Vec<Membership>,
    pub tickets: Tickets,
    /// The account setting; `None` when it is unknown.
    pub multiple_organizations: Option<bool>,
    pub roles: Vec<Box<str>>,
    pub domains: Domains,
    org_index: IdIndex,
    user_index: IdIndex,
    /// Where the memberships of each user begin, and after the last one their number.
    membership_starts: Vec<u32>,
}

impl World {
    /// Builds the indexes. Call it once the rows are complete and sorted.
    pub fn index(&mut self) {
        self.org_index = IdIndex::new(self.orgs.len(), |i| self.orgs[i].id);
        self.user_index = IdIndex::new(self.users.len(), |i| self.users[i].id);
        let mut at = 0;
        let mut starts = Vec::with_capacity(self.users.len() + 1);
        for user in &self.users {
            while self.memberships.get(at).is_some_and(|m| m.user_id < user.id) {
                at += 1;
            }
            starts.push(at as u32);
        }
        starts.push(self.memberships.len() as u32);
        self.membership_starts = starts;
    }

    /// The org with this id, when it exists.
    pub fn org(&self, id: u64) -> Option<&Org> {
        self.org_at(id).map(|at| &self.orgs[at])
    }

    /// The index of the org with this id, when it exists.
    pub fn org_at(&self, id: u64) -> Option<usize> {
        self.org_index.find(id, |i| self.orgs[i].id)
    }

    /// The index of the user with this id, when it exists.
    pub fn user_at(&self, id: u64) -> Option<usize> {
        self.user_index.find(id, |i| self.users[i].id)
    }

    /// The memberships of a user, ascending by id.
    pub fn memberships_of(&self, user: usize) -> &[Membership] {
        let id = self.users[user].id;
        let range = self.membership_starts[user] as usize..self.membership_starts[user + 1] as usize;
        let rows = &self.memberships[range];
        // Memberships of users that do not exist may follow.
        &rows[..rows.iter().take_while(|m| m.user_id == id).count()]
    }

    /// The default org of a user: that of the default membership (the lowest, if several), else the user's own `organization_id`.
    pub fn default_org(&self, user: usize) -> Option<u64> {
        let default = self.memberships_of(user).iter().find(|m| m.is_default());
        default.map(Membership::organization_id).or_else(|| self.users[user].organization_id())
    }

    /// The membership of a user in an org (the lowest, if several).
    pub fn membership_in(&self, user: usize, org: u64) -> Option<&Membership> {
        self.memberships_of(user).iter().find(|m| m.organization_id() == org)
    }
}

/// Finds a row by its id: a table over the highest bits narrows the binary search to a few rows.
#[derive(Debug, Default)]
struct IdIndex {
    first: u64,
    shift: u32,
    /// For each bucket of ids the index of its first row, and after the last one the number of rows.
    buckets: Vec<u32>,
}

impl IdIndex {
    fn new(len: usize, id: impl Fn(usize) -> u64) -> Self {
        if len == 0 {
            return Self::default();
        }
        let first = id(0);
        let span = id(len - 1) - first;
        let bits = u64::BITS - span.leading_zeros();
        let wanted = usize::BITS - len.leading_zeros();
        let shift = bits.saturating_sub(wanted);
        let mut buckets = Vec::with_capacity((span >> shift) as usize + 2);
        for row in 0..len {
            let bucket = ((id(row) - first) >> shift) as usize;
            while buckets.len() <= bucket {
                buckets.push(row as u32);
            }
        }
        buckets.push(len as u32);
        Self { first, shift, buckets }
    }

    fn find(&self, wanted: u64, id: impl Fn(usize) -> u64) -> Option<usize> {
        let bucket = (wanted.checked_sub(self.first)? >> self.shift) as usize;
        let (mut low, mut high) = (*self.buckets.get(bucket)? as usize, *self.buckets.get(bucket + 1)? as usize);
        while low < high {
            let middle = low.midpoint(high);
            match id(middle).cmp(&wanted) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_finds_every_id_and_no_other() {
        for ids in [vec![], vec![7], vec![0, 1, 2, MAX_ID], (0..1000).map(|i| 4000 + i * i * 37).collect::<Vec<u64>>()]
        {
            let index = IdIndex::new(ids.len(), |i| ids[i]);
            for (at, id) in ids.iter().enumerate() {
                assert_eq!(index.find(*id, |i| ids[i]), Some(at));
            }
            for other in [3, 3999, 4001, 36_967_038, MAX_ID - 1, u64::MAX] {
                assert_eq!(index.find(other, |i| ids[i]).is_some(), ids.contains(&other), "{other}");
            }
        }
    }

    #[test]
    fn packed_rows_give_back_what_was_put_in() {
        let ticket = Ticket::new(MAX_ID, Some(MAX_ID), None, 511, Instant::from_seconds(5), true);
        assert_eq!((ticket.requester_id(), ticket.organization_id(), ticket.status()), (Some(MAX_ID), None, 511));
        assert!(ticket.is_odd());
        let ticket = Ticket::new(1, None, Some(MAX_ID), 0, Instant::from_seconds(5), false);
        assert_eq!((ticket.requester_id(), ticket.organization_id(), ticket.status()), (None, Some(MAX_ID), 0));
        assert!(!ticket.is_odd());
        let membership = Membership::new(1, 2, MAX_ID, true);
        assert_eq!((membership.organization_id(), membership.is_default()), (MAX_ID, true));
        assert_eq!((size_of::<User>(), size_of::<Membership>(), size_of::<Ticket>()), (24, 24, 32));
    }
}
