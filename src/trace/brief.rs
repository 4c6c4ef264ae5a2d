//! What other subjects look like in a line, and what is counted of them.

use crate::model::at::{AccountAt, OrgAt};
use crate::model::domains::DomainId;
use crate::rules::audit::Audit;
use crate::rules::detect::domain::Seats;
use crate::rules::detect::user::UserOutcome;
use serde::Serialize;
use std::collections::BTreeMap;

/// An account in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountBrief<'a> {
    pub sf_account_id: &'a str,
    pub account_name: &'a str,
    pub resolution: &'static str,
    /// Its org, when it is uniquely resolved.
    pub org_id: Option<u64>,
}

impl<'a> AccountBrief<'a> {
    pub(super) fn of(audit: &'a Audit<'a>, at: AccountAt) -> Self {
        let account = &audit.reference.accounts[at];
        let resolution = &audit.resolved.accounts[at];
        Self {
            sf_account_id: account.sf_account_id().raw(),
            account_name: account.name().raw(),
            resolution: resolution.as_str(),
            org_id: resolution.org().map(|org| audit.world.orgs[org].id),
        }
    }
}

/// An org in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrgBrief<'a> {
    pub org_id: u64,
    pub org_name: Option<&'a str>,
    /// As stored.
    pub external_id: Option<&'a str>,
    /// Whether the org exists; other records may name one that was deleted.
    pub exists: bool,
}

impl<'a> OrgBrief<'a> {
    pub(super) fn of(audit: &'a Audit<'a>, at: OrgAt) -> Self {
        let org = &audit.world.orgs[at];
        Self {
            org_id: org.id,
            org_name: org.name().map(|name| name.raw()),
            external_id: org.external_id().map(|id| id.raw()),
            exists: true,
        }
    }

    /// The org that a record names, whether it exists or not.
    pub(super) fn named(audit: &'a Audit<'a>, id: u64) -> Self {
        match audit.world.org_at(id) {
            Some(at) => Self::of(audit, at),
            None => Self { org_id: id, org_name: None, external_id: None, exists: false },
        }
    }
}

/// An org with what it holds.
#[derive(Debug, Clone, Serialize)]
pub struct OrgView<'a> {
    #[serde(flatten)]
    pub org: OrgBrief<'a>,
    /// In their normal form, sorted. Entries that are no domain are not kept.
    pub domains: Vec<&'a str>,
    pub shared_tickets: bool,
    /// Users with a membership in it.
    pub members: u64,
    /// Users whose default org it is.
    pub default_users: u64,
    /// Tickets of the window that are booked to it.
    pub tickets_in_window: u64,
}

impl<'a> OrgView<'a> {
    /// The orgs, each with its counts: one pass over users and tickets for all of them.
    pub(super) fn of(audit: &'a Audit<'a>, orgs: &[OrgAt]) -> Vec<Self> {
        let world = audit.world;
        let mut views: BTreeMap<u64, Self> = BTreeMap::new();
        for at in orgs {
            let org = &world.orgs[*at];
            let mut domains: Vec<&str> = org.domains.iter().map(|domain| world.domains.text(*domain)).collect();
            domains.sort_unstable();
            let view = Self {
                org: OrgBrief::of(audit, *at),
                domains,
                shared_tickets: org.shared_tickets,
                members: 0,
                default_users: 0,
                tickets_in_window: 0,
            };
            views.insert(org.id, view);
        }
        if views.is_empty() {
            return Vec::new();
        }
        for user in 0..world.users.len() {
            let memberships = world.memberships_of(user);
            for (index, membership) in memberships.iter().enumerate() {
                let org_id = membership.organization_id();
                // A second membership in the same org makes no second member.
                let again = memberships[..index].iter().any(|earlier| earlier.organization_id() == org_id);
                if let Some(view) = views.get_mut(&org_id).filter(|_| !again) {
                    view.members += 1;
                }
            }
            if let Some(view) = world.default_org(user).and_then(|id| views.get_mut(&id)) {
                view.default_users += 1;
            }
        }
        for ticket in world.tickets.rows.iter().filter(|ticket| audit.context().in_window(ticket)) {
            if let Some(view) = ticket.organization_id().and_then(|id| views.get_mut(&id)) {
                view.tickets_in_window += 1;
            }
        }
        views.into_values().collect()
    }
}

/// Where the users of a domain have their default org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SeatsView {
    pub users_in_own_org: u32,
    pub users_in_other_orgs: u32,
    /// Three stands for three or more.
    pub other_orgs: usize,
    pub is_spread: bool,
}

impl SeatsView {
    /// Of a domain that one resolved account expects.
    pub(super) fn of(audit: &Audit<'_>, domain: DomainId) -> Option<Self> {
        let seats: Seats = audit.seats(domain)?;
        Some(Self {
            users_in_own_org: seats.own,
            users_in_other_orgs: seats.other,
            other_orgs: seats.other_orgs(),
            is_spread: audit.is_spread(domain),
        })
    }
}

/// How many users went which way, by the name of [`outcome`].
pub type DomainUserCounts = BTreeMap<&'static str, u64>;

/// The counts for each of these domains: one pass over the users for all of them.
pub(super) fn users_of(audit: &Audit<'_>, domains: &[DomainId]) -> Vec<DomainUserCounts> {
    let mut counts = vec![DomainUserCounts::new(); domains.len()];
    for (at, user) in audit.world.users.iter().enumerate() {
        if let Some(place) = user.domain().and_then(|domain| domains.iter().position(|one| *one == domain)) {
            *counts[place].entry(outcome(&audit.user(at))).or_default() += 1;
        }
    }
    counts
}

/// A name for what became of a user: out of scope, the verdict on the domain, `settled`, `agrees`, or the code of the issue.
pub(super) fn outcome(outcome: &UserOutcome) -> &'static str {
    match outcome {
        UserOutcome::OutOfScope => "out_of_scope",
        UserOutcome::NotEvaluated(verdict) => verdict.as_str(),
        UserOutcome::Settled(_) => "settled",
        UserOutcome::Evaluated { issue: Some(issue), .. } => issue.code.as_str(),
        UserOutcome::Evaluated { issue: None, .. } => "agrees",
    }
}

/// The ids of accounts.
pub(super) fn sf_ids<'a>(audit: &'a Audit<'a>, accounts: &[AccountAt]) -> Vec<&'a str> {
    accounts.iter().map(|at| audit.reference.accounts[*at].sf_account_id().raw()).collect()
}

/// The ids of orgs.
pub(super) fn org_ids(audit: &Audit<'_>, orgs: &[OrgAt]) -> Vec<u64> {
    orgs.iter().map(|at| audit.world.orgs[*at].id).collect()
}
