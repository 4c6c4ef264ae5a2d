//! Finding drift: twelve codes, each in the module of its scope (contract 6). Detection cannot fail.

pub mod detail;
pub mod org;
pub mod ticket;
pub mod user;

use crate::catalogue::{IssueCode, Status};
use crate::issue::{Evidence, Issue, IssueId};
use crate::model::domains::DomainId;
use crate::model::time::Instant;
use crate::model::world::{Ticket, World};
use crate::reference::Reference;
use crate::resolve::{AccountAt, Resolved};
use crate::settings::Settings;

/// All that a rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub reference: &'a Reference,
    pub world: &'a World,
    pub resolved: &'a Resolved,
    pub settings: &'a Settings,
    /// First and last time of the ticket window, both in it.
    pub window: (Instant, Instant),
}

/// What an issue is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject {
    pub account: Option<AccountAt>,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    pub ticket_id: Option<u64>,
    pub domain: Option<DomainId>,
}

impl Facts<'_> {
    /// A new issue that proposes nothing yet.
    pub fn issue(&self, code: IssueCode, subject: Subject, evidence: Evidence) -> Issue {
        let Subject { account, org_id, user_id, ticket_id, domain } = subject;
        let key = account.map(|account| self.reference.accounts[account as usize].key()).unwrap_or_default();
        let domain_text = domain.map_or("", |domain| self.world.domains.text(domain));
        Issue {
            id: IssueId::of(code, &key, org_id, user_id, ticket_id, domain_text),
            code,
            status: Status::ReviewOnly,
            blocked_reason: None,
            suppression: None,
            account,
            org_id,
            user_id,
            ticket_id,
            domain,
            evidence,
            proposals: Vec::new(),
            actions: Vec::new(),
        }
    }

    /// The domains of an account that it alone expects.
    pub fn unshared_domains(&self, account: AccountAt) -> impl Iterator<Item = DomainId> + '_ {
        let domains = &self.reference.accounts[account as usize].domains;
        domains.iter().copied().filter(|domain| !self.reference.is_shared(*domain))
    }

    /// Whether a ticket is in the window.
    pub fn in_window(&self, ticket: &Ticket) -> bool {
        (self.window.0..=self.window.1).contains(&self.world.tickets.time(ticket))
    }

    /// The id of the org at an index.
    pub fn org_id(&self, org: crate::resolve::OrgAt) -> u64 {
        self.world.orgs[org as usize].id
    }
}
