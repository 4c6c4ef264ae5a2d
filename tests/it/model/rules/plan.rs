//! Rules, sections 6.4, 6.5 and 7: suppressions, the order of issues, the numbers of actions.

use super::super::text;
use super::super::{Suppression, Warning};
use super::detect::set_status;
use super::{ACTION_CODES, Account, Action, Audit, ISSUE_CODES, Issue, Resolution, WARNING_CODES, rank};

impl Audit<'_> {
    /// Applies the suppressions in force, and warns of those that are over, idle or too wide.
    pub fn suppress(&mut self) {
        for suppression in &self.config.suppressions {
            let mut codes = vec![];
            if !self.is_in_force(suppression) {
                codes.push("suppression_expired");
            } else {
                let is_judged = self.config.tickets_enabled || !suppression.code.starts_with("ticket_");
                if is_judged && !self.issues.iter().any(|issue| self.matches(suppression, issue)) {
                    codes.push("suppression_unused");
                }
                if is_by_code_alone(suppression) {
                    codes.push("suppression_by_code_alone");
                }
            }
            for code in codes {
                self.warnings.push(Warning {
                    code,
                    line: None,
                    sf_account_id: suppression.sf_account_id.clone(),
                    domain: suppression.domain.as_deref().and_then(text::domain),
                });
            }
        }
        for place in 0..self.issues.len() {
            let issue = &self.issues[place];
            let mut matching = self
                .config
                .suppressions
                .iter()
                .filter(|suppression| self.is_in_force(suppression) && self.matches(suppression, issue));
            if let Some(first) = matching.next() {
                let reason = first.reason.clone();
                let issue = &mut self.issues[place];
                issue.status = "suppressed";
                issue.suppression_reason = Some(reason);
                issue.blocked_reason = None;
                issue.actions.clear();
            }
        }
    }

    /// Whether its last day, in UTC, has not ended.
    fn is_in_force(&self, suppression: &Suppression) -> bool {
        suppression.expires.as_deref().is_none_or(|day| {
            let midnight = text::midnight(day).expect("a day");
            self.as_of < midnight + 86_400
        })
    }

    fn matches(&self, suppression: &Suppression, issue: &Issue) -> bool {
        let key = issue.account.map(|account| self.accounts[account].key.clone());
        suppression.code == issue.code
            && suppression.sf_account_id.as_deref().is_none_or(|id| Some(text::account_key(id)) == key)
            && suppression.org_id.is_none_or(|id| Some(id) == issue.org_id)
            && suppression.user_id.is_none_or(|id| Some(id) == issue.user_id)
            && suppression.domain.as_deref().is_none_or(|domain| text::domain(domain) == issue.domain)
            && suppression.issue_id.as_ref().is_none_or(|id| *id == issue.id)
    }

    /// Blocks the actions of a domain-linked account whose link is not prepared.
    pub fn block_what_needs_the_link(&mut self) {
        for link in self.issues.clone() {
            let Some(account) = link.account.filter(|account| self.is_domain_linked(*account)) else {
                continue;
            };
            if link.code != "org_missing_external_id" {
                continue;
            }
            let reason = match link.status {
                "suppressed" => "account_link_suppressed",
                "blocked" => link.blocked_reason.expect("a reason"),
                _ => continue,
            };
            for issue in self.issues.iter_mut().filter(|issue| issue.account == Some(account)) {
                if issue.status != "prepared" {
                    continue;
                }
                for action in &mut issue.actions {
                    action.blocked_reason = Some(action.blocked_reason.unwrap_or(reason));
                }
                set_status(issue);
            }
        }
    }

    /// The accounts of the baseline that the reference lacks, by id.
    pub fn lost(&self) -> Vec<&Account> {
        let mut lost = vec![];
        for account in self.baseline.iter().flatten() {
            if self.accounts.iter().all(|other| other.key != account.key) {
                lost.push(account);
            }
        }
        lost.sort_by_key(|account| account.sf_account_id.clone());
        lost
    }

    /// Section 6.2: a reference that lost too many accounts prepares nothing.
    pub fn block_all_if_the_reference_shrank(&mut self) {
        let Some(baseline) = &self.baseline else { return };
        if self.lost().len() as u64 * 100 <= self.config.max_lost_percent * baseline.len() as u64 {
            return;
        }
        self.warn_of_all("reference_shrank");
        for issue in &mut self.issues {
            if issue.status == "prepared" {
                for action in &mut issue.actions {
                    action.blocked_reason = Some(action.blocked_reason.unwrap_or("reference_shrank"));
                }
                set_status(issue);
            }
        }
    }

    /// Section 3: warnings that are about no row.
    pub fn warn_of_the_whole(&mut self) {
        let conflicts = self.resolutions.iter().filter(|one| matches!(one, Resolution::Conflict(_))).count();
        if conflicts >= 5 && conflicts > self.accounts.len() - conflicts {
            self.warn_of_all("most_accounts_conflict");
        }
    }

    /// Orders issues and warnings, and gives actions their ids and dependencies.
    pub fn order_and_number(&mut self) {
        let accounts = &self.accounts;
        let id_of = |issue: &Issue| issue.account.map(|account| accounts[account].sf_account_id.clone());
        self.issues.sort_by_key(|issue| {
            let sf_account_id = id_of(issue);
            (
                sf_account_id.is_none(),
                sf_account_id,
                rank(&["org", "user", "ticket"], issue.scope),
                rank(&ISSUE_CODES, issue.code),
                (issue.org_id, issue.user_id, issue.ticket_id),
                issue.domain.clone(),
            )
        });
        self.warnings.sort_by_key(|warning| (rank(&WARNING_CODES, warning.code), warning.line, warning.domain.clone()));

        let mut prepared = vec![];
        let mut blocked = 0;
        for (i, issue) in self.issues.iter_mut().enumerate() {
            issue.actions.sort_by_key(|action| (action.blocked_reason.is_some(), action.domain.clone()));
            for (j, action) in issue.actions.iter_mut().enumerate() {
                if action.blocked_reason.is_some() {
                    blocked += 1;
                    action.id = format!("B{blocked:03}");
                } else {
                    let sf_account_id = issue.account.map(|account| accounts[account].sf_account_id.clone());
                    let order = (rank(&ACTION_CODES, action.code), sf_account_id, issue.org_id, issue.user_id);
                    prepared.push((order, action.domain.clone(), i, j));
                }
            }
        }
        prepared.sort();
        for (number, (_, _, i, j)) in prepared.iter().enumerate() {
            self.issues[*i].actions[*j].id = format!("A{:03}", number + 1);
        }
        self.name_dependencies();
    }

    fn name_dependencies(&mut self) {
        let issues = self.issues.clone();
        for issue in &mut self.issues {
            for action in &mut issue.actions {
                let links = prepared_actions(&issues).into_iter().filter(|(other, link)| {
                    link.code == "set_org_external_id"
                        && action.code != "set_org_external_id"
                        && other.account == issue.account
                });
                action.depends_on = links.map(|(_, link)| link.id.clone()).collect();
            }
        }
    }
}

fn is_by_code_alone(suppression: &Suppression) -> bool {
    suppression.sf_account_id.is_none()
        && suppression.org_id.is_none()
        && suppression.user_id.is_none()
        && suppression.domain.is_none()
        && suppression.issue_id.is_none()
}

/// The prepared actions with their issues, by id.
pub fn prepared_actions(issues: &[Issue]) -> Vec<(&Issue, &Action)> {
    let mut prepared = vec![];
    for issue in issues {
        for action in issue.actions.iter().filter(|action| action.blocked_reason.is_none()) {
            prepared.push((issue, action));
        }
    }
    // Ids grow longer after A999.
    prepared.sort_by_key(|(_, action)| (action.id.len(), action.id.clone()));
    prepared
}

/// The blocked actions with their issues, by id.
pub fn blocked_actions(issues: &[Issue]) -> Vec<(&Issue, &Action)> {
    let mut blocked = vec![];
    for issue in issues {
        for action in issue.actions.iter().filter(|action| action.blocked_reason.is_some()) {
            blocked.push((issue, action));
        }
    }
    blocked
}
