//! What the rules know of Zendesk: compact rows, each record once, ascending by id.
//!
//! Two million users and four million tickets fit into memory because a row holds ids and small numbers only;
//! text is kept once, in tables beside the rows. How rows come about is `crate::ingest`'s.

use super::at::OrgAt;
use super::domains::{DomainId, DomainIds, DomainTable};
use super::texts::Texts;
use super::time::Instant;
use super::untrusted::{self, Untrusted};
use crate::parallel;
use std::ops;

/// The greatest id that survives JSON everywhere, 2^53 − 1.
pub const MAX_ID: u64 = (1 << 53) - 1;

/// In a packed row: how many bits an id takes, and what stands for none.
const ID_BITS: u32 = 54;
const NO_ID: u64 = (1 << ID_BITS) - 1;

/// A Zendesk organization.
#[derive(Debug)]
pub struct Org {
    pub id: u64,
    /// The name, and the external id as stored.
    texts: Texts<2>,
    /// Normalized, without duplicates; entries that do not normalize are left out.
    pub domains: DomainIds,
    pub shared_tickets: bool,
    /// When it last changed; [`Instant::MIN`] where that is not known.
    pub updated: Instant,
}

impl Org {
    pub fn new(
        id: u64,
        name: Option<&str>,
        external_id: Option<&str>,
        domains: DomainIds,
        shared_tickets: bool,
        updated: Instant,
    ) -> Self {
        let name = name.map(untrusted::name);
        Self { id, texts: Texts::new([name.as_deref(), external_id]), domains, shared_tickets, updated }
    }

    pub fn name(&self) -> Option<Untrusted<&str>> {
        self.texts.get(0).map(Untrusted::borrowed)
    }

    /// As stored, white space and all; see [`Org::has_external_id`].
    pub fn external_id(&self) -> Option<Untrusted<&str>> {
        self.texts.get(1).map(Untrusted::borrowed)
    }

    /// The external id, trimmed; `None` when there is none or only white space.
    pub fn trimmed_external_id(&self) -> Option<&str> {
        self.texts.get(1).map(str::trim).filter(|id| !id.is_empty())
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

impl ops::Index<OrgAt> for Vec<Org> {
    type Output = Org;

    fn index(&self, at: OrgAt) -> &Org {
        &self[at.index()]
    }
}

/// A Zendesk user, without name and address.
#[derive(Debug, Clone, Copy)]
#[repr(C, packed(4))]
pub struct User {
    /// Bits 0–53 the id, 54–57 the flags.
    id_and_flags: u64,
    /// Bits 0–53 the user record's `organization_id`, 54–61 the role.
    org_and_role: u64,
    domain: Option<DomainId>,
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
        let flags =
            [active, suspended, shared, verified].into_iter().rev().fold(0, |bits, on| bits << 1 | u64::from(on));
        Self {
            id_and_flags: id | flags << ID_BITS,
            org_and_role: organization_id.unwrap_or(NO_ID) | u64::from(role) << ID_BITS,
            domain,
        }
    }

    pub fn id(&self) -> u64 {
        self.id_and_flags & NO_ID
    }

    pub fn flags(&self) -> UserFlags {
        let bit = |at: u32| self.id_and_flags >> (ID_BITS + at) & 1 == 1;
        UserFlags { active: bit(0), suspended: bit(1), shared: bit(2), verified: bit(3) }
    }

    /// The user record's own `organization_id`; the default org is [`World::default_org`].
    pub fn organization_id(&self) -> Option<u64> {
        some_id(self.org_and_role)
    }

    /// Index into [`World::roles`].
    pub fn role(&self) -> usize {
        (self.org_and_role >> ID_BITS) as usize & 0xff
    }

    /// The normalized domain of the e-mail address; `None` without address or when it does not normalize.
    pub fn domain(&self) -> Option<DomainId> {
        self.domain
    }
}

/// A Zendesk organization membership of a known user.
#[derive(Debug, Clone, Copy)]
pub struct Membership {
    pub id: u64,
    /// The org's id, and in the highest bit whether the membership is the default.
    org_and_default: u64,
}

impl Membership {
    const DEFAULT: u64 = 1 << 63;

    pub fn new(id: u64, organization_id: u64, default: bool) -> Self {
        Self { id, org_and_default: organization_id | if default { Self::DEFAULT } else { 0 } }
    }

    pub fn organization_id(&self) -> u64 {
        self.org_and_default & !Self::DEFAULT
    }

    pub fn is_default(&self) -> bool {
        self.org_and_default & Self::DEFAULT != 0
    }
}

/// The memberships, those of each user together.
#[derive(Debug, Default)]
pub struct Memberships {
    /// In the order of the users, then ascending by id.
    rows: Vec<Membership>,
    /// Where those of each user begin, and after the last one their number.
    starts: Vec<u32>,
    /// Of a user or an org that does not exist, each with the user's id; ascending by that, then by their own. For the rules
    /// they do not exist either, but they were read (rules 5).
    dropped: Vec<(u64, Membership)>,
}

impl Memberships {
    /// Groups memberships, each with the id of its user and ascending by that and their own, by `users`, which ascend too.
    fn new(mut memberships: Vec<(u64, Membership)>, users: &[User], org_exists: impl Fn(u64) -> bool) -> Self {
        // For each user the number of memberships, in the place after the user's own; sums make them starts.
        let mut starts = vec![0u32; users.len() + 1];
        let mut dropped = Vec::new();
        let mut user = 0;
        memberships.retain(|(user_id, row)| {
            while users.get(user).is_some_and(|user| user.id() < *user_id) {
                user += 1;
            }
            let user_exists = users.get(user).is_some_and(|user| user.id() == *user_id);
            let exists = user_exists && org_exists(row.organization_id());
            if exists {
                starts[user + 1] += 1;
            } else {
                dropped.push((*user_id, *row));
            }
            exists
        });
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut rows: Vec<Membership> = memberships.into_iter().map(|(_, row)| row).collect();
        rows.shrink_to_fit();
        Self { rows, starts, dropped }
    }

    /// How many were read, those of users and orgs that do not exist too.
    pub fn read(&self) -> usize {
        self.rows.len() + self.dropped.len()
    }

    /// Those of the user at an index, ascending by id.
    pub fn of(&self, user: usize) -> &[Membership] {
        match self.starts.get(user..user + 2) {
            Some([start, end]) => &self.rows[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// Those of a user or an org that does not exist, each with the user's id.
    pub fn dropped(&self) -> &[(u64, Membership)] {
        &self.dropped
    }

    /// Whether any user has memberships in two orgs.
    pub fn any_in_two_orgs(&self) -> bool {
        let differ = |pair: &[Membership]| pair[0].organization_id() != pair[1].organization_id();
        (0..self.starts.len()).any(|user| self.of(user).windows(2).any(differ))
    }
}

/// A Zendesk ticket, without its text.
#[derive(Debug, Clone, Copy)]
#[repr(C, packed(4))]
pub struct Ticket {
    /// Bits 0–53 the id, 54–62 the status, 63 whether `time` is an index.
    packed: u64,
    requester_id: u64,
    organization_id: u64,
    /// `updated_at` in seconds since 1970, or the index of it in [`Tickets::odd_times`].
    time: u32,
}

impl Ticket {
    const ODD: u64 = 1 << 63;
    /// How many statuses a row can tell apart.
    pub const STATUSES: usize = 1 << 9;

    pub fn new(
        id: u64,
        requester_id: Option<u64>,
        organization_id: Option<u64>,
        status: u16,
        time: TicketTime,
    ) -> Self {
        let (odd, time) = match time {
            TicketTime::Seconds(seconds) => (0, seconds),
            TicketTime::Odd(index) => (Self::ODD, index),
        };
        Self {
            packed: id | u64::from(status) << ID_BITS | odd,
            requester_id: requester_id.unwrap_or(NO_ID),
            organization_id: organization_id.unwrap_or(NO_ID),
            time,
        }
    }

    pub fn id(&self) -> u64 {
        self.packed & NO_ID
    }

    pub fn requester_id(&self) -> Option<u64> {
        some_id(self.requester_id)
    }

    pub fn organization_id(&self) -> Option<u64> {
        some_id(self.organization_id)
    }

    /// Index into [`Tickets::statuses`].
    pub fn status(&self) -> usize {
        (self.packed >> ID_BITS) as usize & (Self::STATUSES - 1)
    }

    /// How the row holds `updated_at`.
    pub fn time(&self) -> TicketTime {
        if self.packed & Self::ODD == 0 { TicketTime::Seconds(self.time) } else { TicketTime::Odd(self.time) }
    }
}

/// How a row holds the time of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketTime {
    /// Written as `2026-04-17T22:15:30Z`; in seconds since 1970.
    Seconds(u32),
    /// Written in another way, or before 1970 or after 2106: the index in [`Tickets::odd_times`].
    Odd(u32),
}

fn some_id(packed: u64) -> Option<u64> {
    let id = packed & NO_ID;
    (id != NO_ID).then_some(id)
}

/// The tickets, with what their rows leave out.
#[derive(Debug, Default)]
pub struct Tickets {
    /// Ascending by id. May reach beyond the window on both sides.
    pub rows: Vec<Ticket>,
    pub statuses: Vec<Box<str>>,
    /// `updated_at` where a row has no room for it: the time, and its text as Zendesk sent it.
    pub odd_times: Vec<(Instant, Box<str>)>,
}

impl Tickets {
    /// The status, as Zendesk names it.
    pub fn status(&self, ticket: &Ticket) -> &str {
        &self.statuses[ticket.status()]
    }

    /// When the ticket was last updated.
    pub fn time(&self, ticket: &Ticket) -> Instant {
        match ticket.time() {
            TicketTime::Seconds(seconds) => Instant::from_seconds(i64::from(seconds)),
            TicketTime::Odd(index) => self.odd_times[index as usize].0,
        }
    }

    /// `updated_at` as Zendesk sent it.
    pub fn updated_at(&self, ticket: &Ticket) -> String {
        match ticket.time() {
            TicketTime::Seconds(seconds) => Instant::from_seconds(i64::from(seconds)).rfc3339(),
            TicketTime::Odd(index) => self.odd_times[index as usize].1.to_string(),
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
    pub memberships: Memberships,
    pub tickets: Tickets,
    /// The account setting; `None` when it is unknown.
    pub multiple_organizations: Option<bool>,
    pub roles: Vec<Box<str>>,
    pub domains: DomainTable,
    /// The entries of orgs' `domain_names` that are not their own normal form, trimmed and in lower case, as stored; each once
    /// for an org, ascending by org.
    pub unusable_domains: Vec<(OrgAt, Box<str>)>,
    org_index: IdIndex,
    user_index: IdIndex,
}

impl World {
    /// Takes in the memberships and builds the indexes. Call it once the rows are complete and sorted; `memberships` come each
    /// with the id of its user, ascending by that and their own.
    pub fn complete(&mut self, memberships: Vec<(u64, Membership)>) {
        self.org_index = IdIndex::new(self.orgs.len(), |i| self.orgs[i].id);
        let (memberships, user_index) = parallel::both(
            || Memberships::new(memberships, &self.users, |org| self.org_at(org).is_some()),
            || IdIndex::new(self.users.len(), |i| self.users[i].id()),
        );
        self.memberships = memberships;
        self.user_index = user_index;
    }

    /// The org with this id, when it exists.
    pub fn org(&self, id: u64) -> Option<&Org> {
        self.org_at(id).map(|at| &self.orgs[at])
    }

    /// The index of the org with this id, when it exists.
    pub fn org_at(&self, id: u64) -> Option<OrgAt> {
        self.org_index.find(id, |i| self.orgs[i].id).map(OrgAt::new)
    }

    /// The index of the user with this id, when it exists.
    pub fn user_at(&self, id: u64) -> Option<usize> {
        self.user_index.find(id, |i| self.users[i].id())
    }

    /// The same for many ids, step by step for all of them: each step waits for memory, and so they wait together.
    pub fn users_at(&self, ids: &[Option<u64>]) -> Vec<Option<usize>> {
        let likely: Vec<Option<usize>> = ids.iter().map(|id| self.user_index.first_like((*id)?)).collect();
        let ids_there = likely.iter().map(|at| at.and_then(|at| self.users.get(at)).map(User::id));
        let ids_there: Vec<Option<u64>> = ids_there.collect();
        let found = ids.iter().zip(likely).zip(ids_there).map(|((id, likely), there)| {
            let id = (*id)?;
            if there == Some(id) { likely } else { self.user_at(id) }
        });
        found.collect()
    }

    /// The unusable entries of an org, see [`World::unusable_domains`].
    pub fn unusable_domains_of(&self, org: OrgAt) -> &[(OrgAt, Box<str>)] {
        let entries = &self.unusable_domains;
        let (from, to) = (entries.partition_point(|(at, _)| *at < org), entries.partition_point(|(at, _)| *at <= org));
        &entries[from..to]
    }

    /// The memberships of a user, ascending by id.
    pub fn memberships_of(&self, user: usize) -> &[Membership] {
        self.memberships.of(user)
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

    /// The first row whose id is in the bucket of this one, if it has a bucket.
    fn first_like(&self, wanted: u64) -> Option<usize> {
        let bucket = (wanted.checked_sub(self.first)? >> self.shift) as usize;
        self.buckets.get(bucket).map(|row| *row as usize)
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
        let ticket = Ticket::new(MAX_ID, Some(MAX_ID), None, 511, TicketTime::Odd(7));
        assert_eq!((ticket.id(), ticket.requester_id(), ticket.organization_id()), (MAX_ID, Some(MAX_ID), None));
        assert_eq!((ticket.status(), ticket.time()), (511, TicketTime::Odd(7)));
        let ticket = Ticket::new(1, None, Some(MAX_ID), 0, TicketTime::Seconds(u32::MAX));
        assert_eq!((ticket.id(), ticket.requester_id(), ticket.organization_id()), (1, None, Some(MAX_ID)));
        assert_eq!((ticket.status(), ticket.time()), (0, TicketTime::Seconds(u32::MAX)));

        let membership = Membership::new(1, MAX_ID, true);
        assert_eq!((membership.id, membership.organization_id(), membership.is_default()), (1, MAX_ID, true));

        for flag in 0..4 {
            let on = |at: u32| at == flag;
            let flags = UserFlags { active: on(0), suspended: on(1), shared: on(2), verified: on(3) };
            let user = User::new(MAX_ID, Some(MAX_ID), None, 255, flags);
            assert_eq!((user.id(), user.organization_id(), user.role()), (MAX_ID, Some(MAX_ID), 255));
            assert_eq!((user.flags(), User::new(1, None, None, 0, flags).organization_id()), (flags, None));
        }
        assert_eq!((size_of::<User>(), size_of::<Membership>(), size_of::<Ticket>()), (20, 16, 28));
    }

    #[test]
    fn many_users_are_found_at_once() {
        let flags = UserFlags { active: true, suspended: false, shared: false, verified: true };
        let users: Vec<User> = (0..100).map(|i| User::new(50 + i * i, None, None, 0, flags)).collect();
        let mut world = World { users, ..World::default() };
        world.complete(Vec::new());
        let wanted: Vec<Option<u64>> = std::iter::once(None).chain((0..10_100).map(Some)).collect();
        let one_by_one: Vec<Option<usize>> = wanted.iter().map(|id| world.user_at((*id)?)).collect();
        assert_eq!(world.users_at(&wanted), one_by_one);
        assert_eq!(one_by_one.iter().flatten().count(), 100);
        assert_eq!(World::default().users_at(&wanted[..2]), [None, None]);
    }

    #[test]
    fn memberships_are_found_by_their_user() {
        let flags = UserFlags { active: true, suspended: false, shared: false, verified: true };
        let users = [2, 4, 6, 8].map(|id| User::new(id, None, None, 0, flags));
        let row = |user: u64, id: u64| (user, Membership::new(id, 100 + id, false));
        let rows = vec![row(1, 2), row(2, 9), row(4, 1), row(4, 3), row(7, 3), row(7, 4), row(8, 5), row(9, 1)];
        let memberships = Memberships::new(rows, &users, |org| org != 103);
        let ids = |rows: &[Membership]| rows.iter().map(|row| row.id).collect::<Vec<u64>>();
        let of: Vec<Vec<u64>> = (0..5).map(|user| ids(memberships.of(user))).collect();
        assert_eq!(of, [vec![9], vec![1], vec![], vec![5], vec![]]);
        let dropped: Vec<(u64, u64)> = memberships.dropped().iter().map(|(user, row)| (*user, row.id)).collect();
        assert_eq!((dropped, memberships.read()), (vec![(1, 2), (4, 3), (7, 3), (7, 4), (9, 1)], 8));
        let in_two = |rows: Vec<(u64, Membership)>, missing: u64| {
            Memberships::new(rows, &users, |org| org != missing).any_in_two_orgs()
        };
        assert!(in_two(vec![row(4, 1), row(4, 3)], 0) && !in_two(vec![row(4, 1), row(4, 3)], 103));
        assert!(!in_two(vec![row(2, 1), row(4, 2), row(6, 3)], 0) && !in_two(vec![row(7, 1), row(7, 2)], 0));
    }
}
