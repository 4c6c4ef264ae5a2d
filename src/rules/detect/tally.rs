//! How many users and tickets each org and each domain has: evidence for people (rules 6.1 and 6.6). No rule uses it.

use super::RuleContext;
use super::domain::DomainVerdicts;
use crate::model::at::OrgAt;
use crate::model::domains::DomainId;
use crate::model::world::Ticket;
use crate::rules::resolve::Resolution;
use hashbrown::HashSet;

/// The numbers, by org and by domain.
#[derive(Debug, Default)]
pub struct Tally {
    users_by_org: Vec<u32>,
    members: Vec<u32>,
    users_by_domain: Vec<u32>,
    tickets_by_org: Vec<u32>,
    tickets_by_domain: Vec<u32>,
}

impl Tally {
    /// Nothing counted yet.
    pub(super) fn new(context: &RuleContext<'_>) -> Self {
        let (orgs, domains) = (context.world.orgs.len(), context.world.domains.len());
        let zeros = |count| vec![0; count];
        Self {
            users_by_org: zeros(orgs),
            members: zeros(orgs),
            users_by_domain: zeros(domains),
            tickets_by_org: zeros(orgs),
            tickets_by_domain: zeros(domains),
        }
    }

    /// Counts the user at an index. Members are counted only for the orgs in `duplicates`.
    pub(super) fn add_user(
        &mut self,
        context: &RuleContext<'_>,
        domains: &DomainVerdicts,
        at: usize,
        duplicates: &HashSet<u64>,
    ) {
        let world = context.world;
        if let Some(domain) = domains.in_scope(context, &world.users[at]) {
            self.users_by_domain[domain.index()] += 1;
            if let Some(org) = world.default_org(at).and_then(|id| world.org_at(id)) {
                self.users_by_org[org.index()] += 1;
            }
        }
        if duplicates.is_empty() {
            return;
        }
        let memberships = world.memberships_of(at);
        for (number, membership) in memberships.iter().enumerate() {
            let id = membership.organization_id();
            let again = || memberships[..number].iter().any(|earlier| earlier.organization_id() == id);
            if duplicates.contains(&id)
                && !again()
                && let Some(org) = world.org_at(id)
            {
                self.members[org.index()] += 1;
            }
        }
    }

    /// Counts a ticket of the window; `requester` is the index of its requester, if that exists.
    pub(super) fn add_ticket(
        &mut self,
        context: &RuleContext<'_>,
        domains: &DomainVerdicts,
        ticket: &Ticket,
        requester: Option<usize>,
    ) {
        let world = context.world;
        if let Some(org) = ticket.organization_id().and_then(|id| world.org_at(id)) {
            self.tickets_by_org[org.index()] += 1;
        }
        if let Some(domain) = requester.and_then(|at| domains.in_scope(context, &world.users[at])) {
            self.tickets_by_domain[domain.index()] += 1;
        }
    }

    /// Adds what was counted elsewhere.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self { users_by_org, members, users_by_domain, tickets_by_org, tickets_by_domain } = other;
        let add = |to: &mut [u32], from: &[u32]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        add(&mut self.users_by_org, users_by_org);
        add(&mut self.members, members);
        add(&mut self.users_by_domain, users_by_domain);
        add(&mut self.tickets_by_org, tickets_by_org);
        add(&mut self.tickets_by_domain, tickets_by_domain);
    }

    /// In-scope users whose default org this is.
    pub fn users_of_org(&self, org: OrgAt) -> u64 {
        u64::from(self.users_by_org[org.index()])
    }

    /// Users who are members of an org that shares its id with another one.
    pub fn members(&self, org: OrgAt) -> u64 {
        u64::from(self.members[org.index()])
    }

    /// In-scope users with this domain.
    pub fn users_with(&self, domain: DomainId) -> u64 {
        u64::from(self.users_by_domain[domain.index()])
    }

    /// Tickets of the window that are filed under the org.
    pub fn tickets_of_org(&self, org: OrgAt) -> u64 {
        u64::from(self.tickets_by_org[org.index()])
    }

    /// Tickets of the window that in-scope users with this domain requested.
    pub fn tickets_of(&self, domain: DomainId) -> u64 {
        u64::from(self.tickets_by_domain[domain.index()])
    }
}

/// The ids of all orgs that share their external id's account with another org.
pub(super) fn duplicate_orgs(context: &RuleContext<'_>) -> HashSet<u64> {
    let duplicates = context.resolved.accounts.iter().filter_map(|resolution| match resolution {
        Resolution::Duplicate(orgs) => Some(orgs),
        _ => None,
    });
    duplicates.flatten().map(|org| context.org_id(*org)).collect()
}
