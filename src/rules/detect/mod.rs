//! Finding drift: twelve codes, each in the module of its scope (rules 6). Detection cannot fail.

pub mod detail;
pub mod domain;
pub mod org;
mod tally;
pub mod ticket;
pub mod user;

pub use tally::Tally;

use crate::catalogue::{IssueCode, Scope};
use crate::model::accounts::Reference;
use crate::model::at::{AccountAt, OrgAt};
use crate::model::domains::DomainId;
use crate::model::settings::Settings;
use crate::model::time::Instant;
use crate::model::world::{Ticket, World};
use crate::rules::issue::{Action, Evidence, Issue, IssueId, Subject};
use crate::rules::resolve::Resolved;

/// Everything that a rule may read.
#[derive(Debug, Clone, Copy)]
pub struct RuleContext<'a> {
    pub reference: &'a Reference,
    pub world: &'a World,
    pub resolved: &'a Resolved,
    pub settings: &'a Settings,
    /// First and last time of the ticket window, both in it.
    pub window: (Instant, Instant),
    /// Numbers for people, once they are counted.
    pub tally: Option<&'a Tally>,
}

/// What an issue proposes: its repairs, prepared or blocked, ordered by domain. If something else blocks it,
/// such as a link that is not made, `plan` decides that.
pub fn proposals(context: &RuleContext<'_>, domains: &domain::DomainVerdicts, issue: &Issue) -> Vec<Action> {
    match issue.code.scope() {
        Scope::Org => org::proposals(context, domains, issue),
        Scope::User => user::proposal(context, issue).into_iter().collect(),
        Scope::Ticket => Vec::new(),
    }
}

impl RuleContext<'_> {
    /// A new issue.
    pub fn issue(&self, code: IssueCode, subject: Subject, evidence: Evidence) -> Issue {
        let Subject { account, org_id, user_id, ticket_id, domain } = subject;
        let key = account.map(|account| self.reference.accounts[account].key()).unwrap_or_default();
        let domain_text = domain.map_or("", |domain| self.world.domains.text(domain));
        Issue::new(IssueId::of(code, &key, org_id, user_id, ticket_id, domain_text), code, subject, evidence)
    }

    /// Puts issues into the order of rules 6.4: by account (none last), scope and code, org, user, ticket (absent first),
    /// domain. Stretches that are in order already are merged, not sorted again.
    pub fn sort(&self, issues: &mut [Issue]) {
        // Accounts ascend by `sf_account_id`, and codes by scope.
        let key = |issue: &Issue| {
            let account = issue.account();
            (account.is_none(), account, issue.code, issue.org_id(), issue.user_id(), issue.ticket_id())
        };
        let domain = |issue: &Issue| issue.domain.map(|domain| self.world.domains.text(domain));
        issues.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| domain(a).cmp(&domain(b))));
    }

    /// Whether the default org of the user at an index exists and is unknown (rules 6.2): the user may be a customer whose
    /// account is not in the reference.
    pub fn default_org_is_unknown(&self, user: usize) -> bool {
        let org = self.world.default_org(user).and_then(|id| self.world.org_at(id));
        org.is_some_and(|org| self.resolved.is_unknown(org))
    }

    /// The domains that only this account expects.
    pub fn unshared_domains(&self, account: AccountAt) -> impl Iterator<Item = DomainId> + '_ {
        let domains = &self.reference.accounts[account].domains;
        domains.iter().copied().filter(|domain| !self.reference.is_shared(*domain))
    }

    /// Whether a ticket is in the window.
    pub fn in_window(&self, ticket: &Ticket) -> bool {
        (self.window.0..=self.window.1).contains(&self.world.tickets.time(ticket))
    }

    /// The id of the org at an index.
    pub fn org_id(&self, org: OrgAt) -> u64 {
        self.world.orgs[org].id
    }
}
