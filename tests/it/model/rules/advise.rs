//! Rules, section 6.6: advisories, which no code covers.

use super::super::text;
use super::read::is_platform;
use super::{Audit, User, sorted};

pub const ADVISORY_CODES: [&str; 5] =
    ["account_lost", "org_not_in_reference", "org_holds_personal_domain", "org_domain_unusable", "domain_unmapped"];

/// One advisory, without its `detail`.
pub struct Advisory {
    pub code: &'static str,
    /// The id and the name of a lost account.
    pub account: Option<(String, String)>,
    pub org_id: Option<u64>,
    pub domain: Option<String>,
    pub user_count: Option<usize>,
    /// Absent when tickets are not read.
    pub ticket_count: Option<usize>,
}

impl Audit<'_> {
    /// All advisories: by code, then org, domain and account.
    pub fn advisories(&self) -> Vec<Advisory> {
        let mut advisories = vec![];
        for account in self.lost() {
            advisories.push(Advisory {
                code: "account_lost",
                account: Some((account.sf_account_id.clone(), account.name.clone())),
                org_id: None,
                domain: None,
                user_count: None,
                ticket_count: None,
            });
        }
        for org in sorted(self.orgs.iter().map(|org| org.id).collect()) {
            if self.is_unknown(org) {
                advisories.push(self.of_org("org_not_in_reference", org, None));
            }
        }
        for (org, domain) in self.personal_domains_of_orgs() {
            advisories.push(self.of_org("org_holds_personal_domain", org, Some(domain)));
        }
        for (org, domain, _) in self.unusable_entries() {
            advisories.push(self.of_org("org_domain_unusable", org, domain));
        }
        for domain in self.unmapped_domains() {
            let users = self.in_scope_with(&domain);
            let tickets = self.tickets.iter().filter(|ticket| {
                let requester = ticket.requester_id;
                users.iter().any(|user| Some(user.id) == requester)
            });
            advisories.push(Advisory {
                code: "domain_unmapped",
                account: None,
                org_id: None,
                ticket_count: self.config.tickets_enabled.then(|| tickets.count()),
                user_count: Some(users.len()),
                domain: Some(domain),
            });
        }
        advisories
    }

    fn of_org(&self, code: &'static str, org: u64, domain: Option<String>) -> Advisory {
        let users = self.users.iter().filter(|user| user.in_scope && self.default_org(user) == Some(org));
        let tickets = self.tickets.iter().filter(|ticket| ticket.org_id == Some(org));
        Advisory {
            code,
            account: None,
            org_id: Some(org),
            domain,
            user_count: Some(users.count()),
            ticket_count: self.config.tickets_enabled.then(|| tickets.count()),
        }
    }

    fn personal_domains_of_orgs(&self) -> Vec<(u64, String)> {
        let mut found = vec![];
        for org in &self.orgs {
            for domain in &org.domains {
                if self.personal.contains(domain) {
                    found.push((org.id, domain.clone()));
                }
            }
        }
        sorted(found)
    }

    /// Org, normal form and entry as stored, of each entry that is not written in its normal form.
    fn unusable_entries(&self) -> Vec<(u64, Option<String>, String)> {
        let mut found = vec![];
        for org in &self.orgs {
            for entry in &org.stored_domains {
                let normal = text::domain(entry);
                if normal.as_deref() != Some(entry.trim().to_ascii_lowercase().as_str()) {
                    found.push((org.id, normal, entry.clone()));
                }
            }
        }
        sorted(found)
    }

    fn in_scope_with(&self, domain: &str) -> Vec<&User> {
        self.users.iter().filter(|user| user.in_scope && user.domain.as_deref() == Some(domain)).collect()
    }

    /// The fifty with the most users, by name.
    fn unmapped_domains(&self) -> Vec<String> {
        let mut domains = vec![];
        for user in self.users.iter().filter(|user| user.in_scope) {
            let domain = user.domain.clone().expect("a user in scope has a domain");
            let is_left_out = is_platform(&domain) && !self.not_personal.contains(&domain);
            let is_known = self.personal.contains(&domain) || self.ignored.contains(&domain) || is_left_out;
            if !is_known && self.accounts_expecting(&domain).is_empty() {
                domains.push(domain);
            }
        }
        let mut domains = sorted(domains);
        // The sort is stable, so ties stay in the order of their names.
        domains.sort_by_key(|domain| std::cmp::Reverse(self.in_scope_with(domain).len()));
        domains.truncate(50);
        sorted(domains)
    }
}
