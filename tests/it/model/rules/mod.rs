//! Rules, sections 3 and 5 to 7: what an audit knows of its records, and how accounts resolve.
//!
//! Its parts read, detect and plan; how the result is spelled in artifacts is left to `findings`.

mod advise;
mod detect;
mod plan;
mod read;

use super::{ModelConfig, Warning};

pub use advise::ADVISORY_CODES;
pub use plan::{blocked_actions, prepared_actions};

/// The issue codes in the order of the tables of the rules.
pub const ISSUE_CODES: [&str; 12] = [
    "org_duplicate_external_id",
    "org_missing_external_id",
    "org_external_id_conflict",
    "org_missing_expected_domain",
    "org_domain_attached_elsewhere",
    "account_missing_zendesk_org",
    "user_resolution_blocked_duplicate_external_id",
    "user_domain_ambiguous",
    "user_missing_expected_membership",
    "user_default_org_not_expected",
    "ticket_resolution_blocked_duplicate_external_id",
    "ticket_org_mismatch",
];

pub const BLOCKED_REASONS: [&str; 12] = [
    "duplicate_external_id",
    "org_claimed_by_multiple_accounts",
    "external_id_conflict",
    "domain_belongs_to_other_org",
    "user_domain_ambiguous",
    "domain_spread_across_orgs",
    "account_id_doubtful",
    "default_org_not_in_reference",
    "user_not_verified",
    "multiple_organizations_off",
    "account_link_suppressed",
    "reference_shrank",
];

pub const ACTION_CODES: [&str; 4] = ["set_org_external_id", "add_org_domain", "assign_user_to_org", "move_user_to_org"];

pub const WARNING_CODES: [&str; 20] = [
    "report_footer",
    "id_unwrapped",
    "repeated_row",
    "domain_not_usable",
    "domain_path_dropped",
    "personal_domain",
    "platform_domain",
    "shared_domain",
    "spread_domain",
    "account_without_domain",
    "id_doubtful",
    "id_check_wrong",
    "zendesk_expected_unclear",
    "archived_tickets_not_covered",
    "tickets_not_read",
    "most_accounts_conflict",
    "reference_shrank",
    "suppression_expired",
    "suppression_unused",
    "suppression_by_code_alone",
];

/// The `users` counts into which those in scope fall, and the one for the others.
pub const USER_COUNTS: [&str; 8] = [
    "personal_domain",
    "ignored_domain",
    "unmapped",
    "waiting_for_account",
    "spread_domain",
    "settled",
    "evaluated",
    "out_of_scope",
];

/// Where a name stands in its table.
pub fn rank(table: &[&str], name: &str) -> usize {
    table.iter().position(|entry| *entry == name).expect("a name of the table")
}

pub struct Account {
    pub sf_account_id: String,
    pub key: String,
    pub name: String,
    pub line: u64,
    pub expected_domains: Vec<String>,
    pub needs_org: bool,
    /// A tool has lost the case of the id (section 3).
    pub is_doubtful: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Resolution {
    Linked(u64),
    DomainLinked(u64),
    Duplicate(Vec<u64>),
    Contested(u64),
    Conflict(u64),
    Missing(Vec<u64>),
}

pub struct Org {
    pub id: u64,
    pub name: Option<String>,
    pub stored_external_id: Option<String>,
    /// The account key of its external id; none for a blank one.
    pub key: Option<String>,
    pub domains: Vec<String>,
    /// Each different entry as Zendesk has it.
    pub stored_domains: Vec<String>,
    pub shared_tickets: bool,
}

pub struct User {
    pub id: u64,
    pub in_scope: bool,
    pub verified: bool,
    pub domain: Option<String>,
    pub organization_id: Option<u64>,
}

pub struct Membership {
    pub id: u64,
    pub user_id: u64,
    pub org_id: u64,
    pub default: bool,
}

pub struct Ticket {
    pub id: u64,
    pub requester_id: Option<u64>,
    pub org_id: Option<u64>,
    pub status: String,
    pub updated_at: String,
}

/// A repair, prepared or blocked.
#[derive(Clone, Default)]
pub struct Action {
    pub code: &'static str,
    pub blocked_reason: Option<&'static str>,
    pub domain: Option<String>,
    pub membership_id: Option<u64>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub preconditions: Vec<String>,
    pub notes: Vec<String>,
    /// Given once everything is ordered.
    pub id: String,
    pub depends_on: Vec<String>,
}

/// A finding, with what only one of the CSV files shows.
#[derive(Clone, Default)]
pub struct Issue {
    pub id: String,
    pub scope: &'static str,
    pub code: &'static str,
    pub risk: &'static str,
    pub status: &'static str,
    /// Its place in `Audit::accounts`.
    pub account: Option<usize>,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    pub ticket_id: Option<u64>,
    pub domain: Option<String>,
    pub blocked_reason: Option<&'static str>,
    pub suppression_reason: Option<String>,
    pub actions: Vec<Action>,

    pub missing_domains: Vec<String>,
    pub conflicting_org_ids: Vec<u64>,

    pub membership_state: &'static str,
    pub default_org_id: Option<u64>,
    pub candidate_accounts: Vec<usize>,
    pub candidate_org_ids: Vec<u64>,

    pub ticket_status: String,
    pub ticket_org_id: Option<u64>,
    pub mismatch_kind: &'static str,
    pub echo_of_issue_id: Option<String>,
    pub updated_at: String,
}

/// What the rules say of a user, and what its tickets need to know.
#[derive(Clone, Default)]
pub struct Verdict {
    /// One of `USER_COUNTS`.
    pub count: &'static str,
    pub duplicate_account: Option<usize>,
    /// The one account and its org, if the user resolves to one.
    pub expected: Option<(usize, u64)>,
    pub issue_id: Option<String>,
}

/// An audit on its way: what was read, and what was found so far.
pub struct Audit<'a> {
    pub config: &'a ModelConfig,
    pub as_of: i64,
    personal: Vec<String>,
    ignored: Vec<String>,
    not_personal: Vec<String>,
    multiple_organizations: Option<bool>,
    pub accounts: Vec<Account>,
    pub orgs: Vec<Org>,
    pub users: Vec<User>,
    /// Those of users and orgs that exist.
    pub memberships: Vec<Membership>,
    pub memberships_read: usize,
    /// Those in the window.
    pub tickets: Vec<Ticket>,
    pub resolutions: Vec<Resolution>,
    pub verdicts: Vec<Verdict>,
    pub issues: Vec<Issue>,
    pub warnings: Vec<Warning>,
    /// The accounts of the run that this one is compared with.
    pub baseline: Option<Vec<Account>>,
    /// The ids of the issues that the baseline had and did not suppress.
    pub baseline_issues: Vec<String>,
}

impl Audit<'_> {
    /// Everything between reading and spelling, in its order.
    pub fn judge(&mut self) {
        self.resolve();
        self.detect();
        self.suppress();
        self.block_what_needs_the_link();
        self.block_all_if_the_reference_shrank();
        self.warn_of_the_whole();
        self.order_and_number();
    }

    /// The ids of the issues that are not suppressed.
    pub fn open_issues(&self) -> Vec<String> {
        let open = self.issues.iter().filter(|issue| issue.status != "suppressed");
        open.map(|issue| issue.id.clone()).collect()
    }
}

// Section 5: the questions that every rule asks, and the resolution.
impl Audit<'_> {
    pub fn org(&self, id: u64) -> Option<&Org> {
        self.orgs.iter().find(|org| org.id == id)
    }

    /// The orgs that hold a domain, by id.
    fn orgs_holding(&self, domain: &str) -> Vec<u64> {
        let mut ids = vec![];
        for org in &self.orgs {
            if org.domains.iter().any(|held| held == domain) {
                ids.push(org.id);
            }
        }
        sorted(ids)
    }

    fn accounts_expecting(&self, domain: &str) -> Vec<usize> {
        let expects = |account: &usize| self.accounts[*account].expected_domains.iter().any(|d| d == domain);
        (0..self.accounts.len()).filter(expects).collect()
    }

    fn unshared_domains(&self, account: usize) -> Vec<String> {
        let domains = &self.accounts[account].expected_domains;
        domains.iter().filter(|domain| self.accounts_expecting(domain).len() == 1).cloned().collect()
    }

    /// The expected, unshared domains of an account that an org holds.
    fn linking_domains(&self, account: usize, org: u64) -> Vec<String> {
        let mut domains = self.unshared_domains(account);
        domains.retain(|domain| self.orgs_holding(domain).contains(&org));
        domains
    }

    /// The org of an account that is linked or domain-linked.
    fn org_of(&self, account: usize) -> Option<u64> {
        match self.resolutions[account] {
            Resolution::Linked(org) | Resolution::DomainLinked(org) => Some(org),
            _ => None,
        }
    }

    /// Whether an org that exists has an external id that is no account's (6.2).
    pub fn is_unknown(&self, org: u64) -> bool {
        let key = self.org(org).and_then(|org| org.key.clone());
        key.is_some_and(|key| self.accounts.iter().all(|account| account.key != key))
    }

    fn is_domain_linked(&self, account: usize) -> bool {
        matches!(self.resolutions[account], Resolution::DomainLinked(_))
    }

    fn memberships_of(&self, user: u64) -> Vec<&Membership> {
        self.memberships.iter().filter(|membership| membership.user_id == user).collect()
    }

    fn is_member(&self, user: u64, org: u64) -> bool {
        self.memberships_of(user).iter().any(|membership| membership.org_id == org)
    }

    fn default_org(&self, user: &User) -> Option<u64> {
        let defaults = self.memberships_of(user.id).into_iter().filter(|membership| membership.default);
        match defaults.min_by_key(|membership| membership.id) {
            Some(membership) => Some(membership.org_id),
            None => user.organization_id,
        }
    }

    /// Resolves every account.
    pub fn resolve(&mut self) {
        for account in 0..self.accounts.len() {
            let resolution = self.resolution(account);
            self.resolutions.push(resolution);
        }
    }

    fn resolution(&self, account: usize) -> Resolution {
        let key = &self.accounts[account].key;
        let by_id: Vec<u64> = self.orgs.iter().filter(|org| org.key.as_ref() == Some(key)).map(|org| org.id).collect();
        if by_id.len() == 1 {
            return Resolution::Linked(by_id[0]);
        }
        if by_id.len() > 1 {
            return Resolution::Duplicate(sorted(by_id));
        }
        let mut candidates = vec![];
        for domain in self.unshared_domains(account) {
            candidates.extend(self.orgs_holding(&domain));
        }
        let candidates = sorted(candidates);
        if candidates.len() != 1 {
            return Resolution::Missing(candidates);
        }
        let org = candidates[0];
        if self.org(org).is_some_and(|org| org.key.is_some()) {
            return Resolution::Conflict(org);
        }
        for other in 0..self.accounts.len() {
            if other != account && !self.linking_domains(other, org).is_empty() {
                return Resolution::Contested(org);
            }
        }
        Resolution::DomainLinked(org)
    }

    /// Whether a domain of the one resolved account that expects it looks like a provider's (6.2).
    fn is_spread(&self, domain: &str, org: u64) -> bool {
        let (mut here, mut elsewhere, mut other_orgs) = (0, 0, vec![]);
        for user in &self.users {
            if !user.in_scope || user.domain.as_deref() != Some(domain) {
                continue;
            }
            match self.default_org(user) {
                Some(default) if default == org => here += 1,
                Some(default) if self.org(default).is_some() => {
                    elsewhere += 1;
                    other_orgs.push(default);
                }
                _ => {}
            }
        }
        elsewhere > here && sorted(other_orgs).len() >= 3 && !self.not_personal.iter().any(|known| known == domain)
    }
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items.dedup();
    items
}
