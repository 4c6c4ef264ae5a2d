//! Rules, sections 6.1 to 6.3: the issues, each with the actions that would repair it.

use super::super::text;
use super::{Action, Audit, BLOCKED_REASONS, ISSUE_CODES, Issue, Membership, Resolution, User, Verdict};
use super::{rank, sorted};

impl Audit<'_> {
    /// Finds every issue and every spread domain.
    pub fn detect(&mut self) {
        for account in 0..self.accounts.len() {
            self.detect_resolution_issue(account);
            if let Some(org) = self.org_of(account) {
                self.detect_domain_issues(account, org);
            }
        }
        for user in 0..self.users.len() {
            let verdict = self.judge_user(user);
            self.verdicts.push(verdict);
        }
        for ticket in 0..self.tickets.len() {
            self.detect_ticket_issue(ticket);
        }
    }

    /// Completes an issue by what follows from the rest of it, and keeps it.
    fn report(&mut self, mut issue: Issue) -> String {
        issue.scope = match rank(&ISSUE_CODES, issue.code) {
            0..6 => "org",
            6..10 => "user",
            _ => "ticket",
        };
        issue.risk = match issue.code {
            "org_duplicate_external_id" => "critical",
            "org_missing_external_id"
            | "org_external_id_conflict"
            | "user_resolution_blocked_duplicate_external_id"
            | "ticket_resolution_blocked_duplicate_external_id" => "high",
            _ => "medium",
        };
        let number = |id: Option<u64>| id.map(|id| id.to_string()).unwrap_or_default();
        let identity = [
            issue.code.to_owned(),
            issue.account.map(|account| self.accounts[account].key.clone()).unwrap_or_default(),
            number(issue.org_id),
            number(issue.user_id),
            number(issue.ticket_id),
            issue.domain.clone().unwrap_or_default(),
        ];
        issue.id = format!("i{}", &text::sha256(&identity.join("\n"))[..16]);
        set_status(&mut issue);
        let id = issue.id.clone();
        self.issues.push(issue);
        id
    }

    fn detect_resolution_issue(&mut self, account: usize) {
        let mut issue = Issue { account: Some(account), ..Issue::default() };
        match self.resolutions[account].clone() {
            Resolution::Linked(_) => return,
            Resolution::Duplicate(orgs) => {
                issue.code = "org_duplicate_external_id";
                issue.org_id = Some(orgs[0]);
                issue.conflicting_org_ids = orgs;
                issue.actions = vec![blocked("set_org_external_id", "duplicate_external_id")];
            }
            Resolution::DomainLinked(org) => {
                issue.code = "org_missing_external_id";
                issue.org_id = Some(org);
                let linking = self.linking_domains(account, org);
                issue.actions = if linking.iter().all(|domain| self.is_spread(domain, org)) {
                    vec![blocked("set_org_external_id", "domain_spread_across_orgs")]
                } else if self.accounts[account].is_doubtful {
                    vec![blocked("set_org_external_id", "account_id_doubtful")]
                } else {
                    let mut preconditions = owned(&["org_exists", "org_external_id_is_blank", "external_id_unused"]);
                    for domain in linking {
                        preconditions.push(format!("org_has_domain:{domain}"));
                    }
                    vec![Action {
                        code: "set_org_external_id",
                        to: Some(text::written_id(&self.accounts[account].sf_account_id)),
                        preconditions,
                        ..Action::default()
                    }]
                };
            }
            Resolution::Contested(org) => {
                issue.code = "org_missing_external_id";
                issue.org_id = Some(org);
                issue.actions = vec![blocked("set_org_external_id", "org_claimed_by_multiple_accounts")];
            }
            Resolution::Conflict(org) => {
                issue.code = "org_external_id_conflict";
                issue.org_id = Some(org);
                issue.actions = vec![blocked("set_org_external_id", "external_id_conflict")];
            }
            Resolution::Missing(candidates) => {
                if !self.accounts[account].needs_org {
                    return;
                }
                issue.code = "account_missing_zendesk_org";
                issue.conflicting_org_ids = candidates;
                if issue.conflicting_org_ids.is_empty() {
                    let mut holders = vec![];
                    for domain in &self.accounts[account].expected_domains {
                        if self.accounts_expecting(domain).len() > 1 {
                            holders.extend(self.orgs_holding(domain));
                        }
                    }
                    issue.conflicting_org_ids = sorted(holders);
                }
            }
        }
        self.report(issue);
    }

    fn detect_domain_issues(&mut self, account: usize, org: u64) {
        let mut missing = Issue {
            code: "org_missing_expected_domain",
            account: Some(account),
            org_id: Some(org),
            ..Issue::default()
        };
        for domain in self.unshared_domains(account) {
            let holders = self.orgs_holding(&domain);
            let others: Vec<u64> = holders.iter().copied().filter(|holder| *holder != org).collect();
            let is_spread = self.is_spread(&domain, org);
            if is_spread {
                self.warn("spread_domain", account, Some(&domain));
            }
            if holders.is_empty() {
                missing.missing_domains.push(domain.clone());
                missing.actions.push(if is_spread {
                    Action { domain: Some(domain), ..blocked("add_org_domain", "domain_spread_across_orgs") }
                } else if self.some_user_lives_in_an_unknown_org(&domain) {
                    Action { domain: Some(domain), ..blocked("add_org_domain", "default_org_not_in_reference") }
                } else {
                    self.add_org_domain(org, &domain)
                });
            } else if !others.is_empty() {
                let mut issue = Issue {
                    code: "org_domain_attached_elsewhere",
                    account: Some(account),
                    org_id: Some(org),
                    domain: Some(domain.clone()),
                    ..Issue::default()
                };
                if !holders.contains(&org) {
                    issue.actions = vec![Action {
                        domain: Some(domain),
                        ..blocked("add_org_domain", "domain_belongs_to_other_org")
                    }];
                }
                issue.conflicting_org_ids = others;
                self.report(issue);
            }
        }
        if !missing.missing_domains.is_empty() {
            self.report(missing);
        }
    }

    fn some_user_lives_in_an_unknown_org(&self, domain: &str) -> bool {
        for user in &self.users {
            if user.in_scope && user.domain.as_deref() == Some(domain) && self.lives_in_an_unknown_org(user) {
                return true;
            }
        }
        false
    }

    fn lives_in_an_unknown_org(&self, user: &User) -> bool {
        self.default_org(user).is_some_and(|org| self.is_unknown(org))
    }

    fn add_org_domain(&self, org: u64, domain: &str) -> Action {
        let mut affected = 0;
        for user in &self.users {
            if user.in_scope && user.verified && user.domain.as_deref() == Some(domain) && !self.is_member(user.id, org)
            {
                affected += 1;
            }
        }
        let mut notes = vec![format!("users_affected:{affected}")];
        if self.shares_tickets(org) {
            notes.push("org_shares_tickets".to_owned());
        }
        Action {
            code: "add_org_domain",
            domain: Some(domain.to_owned()),
            to: Some(domain.to_owned()),
            preconditions: vec![
                "org_exists".to_owned(),
                "org_external_id_is_account".to_owned(),
                format!("org_lacks_domain:{domain}"),
                format!("domain_unused:{domain}"),
            ],
            notes: sorted(notes),
            ..Action::default()
        }
    }

    fn shares_tickets(&self, org: u64) -> bool {
        self.org(org).is_some_and(|org| org.shared_tickets)
    }

    fn judge_user(&mut self, user: usize) -> Verdict {
        let counted = |count| Verdict { count, ..Verdict::default() };
        let user = &self.users[user];
        let Some(domain) = user.domain.clone().filter(|_| user.in_scope) else {
            return counted("out_of_scope");
        };
        if self.personal.contains(&domain) {
            return counted("personal_domain");
        }
        if self.ignored.contains(&domain) {
            return counted("ignored_domain");
        }
        let accounts = self.accounts_expecting(&domain);
        if accounts.is_empty() {
            return counted("unmapped");
        }
        let default_org = self.default_org(user);
        let mut issue = Issue {
            user_id: Some(user.id),
            domain: Some(domain.clone()),
            default_org_id: default_org,
            ..Issue::default()
        };
        let mut verdict = counted("evaluated");
        if let [account] = accounts[..] {
            issue.account = Some(account);
            if let Resolution::Duplicate(orgs) = &self.resolutions[account] {
                issue.code = "user_resolution_blocked_duplicate_external_id";
                issue.candidate_org_ids = orgs.clone();
                issue.actions = vec![blocked("assign_user_to_org", "duplicate_external_id")];
                verdict.duplicate_account = Some(account);
            }
            match self.org_of(account) {
                None if issue.code.is_empty() => return counted("waiting_for_account"),
                Some(org) if self.is_spread(&domain, org) => return counted("spread_domain"),
                _ => {}
            }
        }

        // `O`, and the orgs of the resolved accounts of `A`.
        let homes: Vec<u64> = accounts.iter().filter_map(|account| self.org_of(*account)).collect();
        let orgs = sorted([self.orgs_holding(&domain), homes.clone()].concat());
        if issue.code.is_empty() && (accounts.len() > 1 || orgs.len() > 1) {
            let homes_by_default = homes.iter().filter(|home| Some(**home) == default_org).count();
            if homes_by_default == 1 {
                return counted("settled");
            }
            issue.code = "user_domain_ambiguous";
            issue.candidate_org_ids = orgs;
            issue.actions = vec![blocked("assign_user_to_org", "user_domain_ambiguous")];
            if accounts.len() > 1 {
                issue.candidate_accounts = accounts.clone();
                let mut of_member = accounts.clone();
                of_member.retain(|account| self.org_of(*account).is_some_and(|org| self.is_member(user.id, org)));
                issue.account = if of_member.len() == 1 { Some(of_member[0]) } else { None };
            }
        } else if issue.code.is_empty() {
            let (account, org) = (accounts[0], homes[0]);
            verdict.expected = Some((account, org));
            issue.org_id = Some(org);
            if !self.is_member(user.id, org) {
                issue.code = "user_missing_expected_membership";
                issue.actions = vec![self.assign_user_to_org(user, account, org, &domain)];
            } else if default_org != Some(org) {
                issue.code = "user_default_org_not_expected";
                issue.actions = vec![self.move_user_to_org(user, account, org, &domain)];
            } else {
                return verdict;
            }
        }
        for action in &mut issue.actions {
            action.domain = Some(domain.clone());
        }
        issue.membership_state = self.membership_state(user, &issue);
        verdict.issue_id = Some(self.report(issue));
        verdict
    }

    fn membership_state(&self, user: &User, issue: &Issue) -> &'static str {
        let orgs = match issue.org_id {
            Some(org) => vec![org],
            None => issue.candidate_org_ids.clone(),
        };
        let mut state = "none";
        for org in orgs {
            if self.is_member(user.id, org) {
                if issue.default_org_id == Some(org) {
                    return "member_default";
                }
                state = "member";
            }
        }
        state
    }

    fn assign_user_to_org(&self, user: &User, account: usize, org: u64, domain: &str) -> Action {
        let code = "assign_user_to_org";
        if self.lives_in_an_unknown_org(user) {
            return blocked(code, "default_org_not_in_reference");
        }
        if self.config.require_verified && !user.verified {
            return blocked(code, "user_not_verified");
        }
        if !self.memberships_of(user.id).is_empty() && !self.multiple_organizations_are_on() {
            return blocked(code, "multiple_organizations_off");
        }
        let mut preconditions = self.conditions_of_user();
        if self.config.require_verified {
            preconditions.push("user_verified".to_owned());
        }
        preconditions.push(format!("user_email_domain:{domain}"));
        preconditions.extend(owned(&["user_not_member", "multiple_organizations_on_or_first"]));
        let mut notes = self.notes_on_default_org(user, account);
        if self.shares_tickets(org) {
            notes.push("org_shares_tickets".to_owned());
        }
        Action { code, to: Some(org.to_string()), preconditions, notes: sorted(notes), ..Action::default() }
    }

    fn move_user_to_org(&self, user: &User, account: usize, org: u64, domain: &str) -> Action {
        let mut preconditions = self.conditions_of_user();
        preconditions.push(format!("user_email_domain:{domain}"));
        preconditions.extend(owned(&["user_is_member", "membership_not_default"]));
        let from = self.default_org(user).map(|default| default.to_string());
        preconditions.push(format!("default_org_is:{}", from.clone().unwrap_or("none".to_owned())));
        let is_unknown = self.lives_in_an_unknown_org(user);
        let memberships = self.memberships_of(user.id);
        let into_org = memberships.iter().filter(|membership| membership.org_id == org);
        Action {
            code: "move_user_to_org",
            membership_id: into_org.map(|membership| membership.id).min(),
            blocked_reason: if is_unknown { Some("default_org_not_in_reference") } else { None },
            from,
            to: Some(org.to_string()),
            preconditions,
            notes: self.notes_on_default_org(user, account),
            ..Action::default()
        }
    }

    fn conditions_of_user(&self) -> Vec<String> {
        let mut conditions = owned(&["org_exists", "org_external_id_is_account", "user_exists", "user_active"]);
        if !self.config.include_suspended {
            conditions.push("user_not_suspended".to_owned());
        }
        conditions
    }

    fn notes_on_default_org(&self, user: &User, account: usize) -> Vec<String> {
        let mut notes = vec![];
        if let Some(default) = self.default_org(user) {
            for other in 0..self.accounts.len() {
                if other != account && self.resolutions[other] == Resolution::Linked(default) {
                    notes.push(format!("default_org_linked_to:{}", self.accounts[other].sf_account_id));
                }
            }
        }
        notes
    }

    /// The setting; unknown, it is on only if some user has memberships in two orgs.
    fn multiple_organizations_are_on(&self) -> bool {
        let has_two =
            |one: &Membership| self.memberships_of(one.user_id).iter().any(|other| other.org_id != one.org_id);
        self.multiple_organizations.unwrap_or_else(|| self.memberships.iter().any(has_two))
    }

    fn detect_ticket_issue(&mut self, ticket: usize) {
        let ticket = &self.tickets[ticket];
        let Some(place) = self.users.iter().position(|user| Some(user.id) == ticket.requester_id) else {
            return;
        };
        let (user, verdict) = (&self.users[place], &self.verdicts[place]);
        let mut issue = Issue {
            user_id: Some(user.id),
            ticket_id: Some(ticket.id),
            domain: user.domain.clone(),
            ticket_status: ticket.status.clone(),
            ticket_org_id: ticket.org_id,
            updated_at: ticket.updated_at.clone(),
            echo_of_issue_id: verdict.issue_id.clone(),
            ..Issue::default()
        };
        if let Some(account) = verdict.duplicate_account {
            issue.code = "ticket_resolution_blocked_duplicate_external_id";
            issue.account = Some(account);
        } else if let Some((account, org)) = verdict.expected
            && ticket.org_id != Some(org)
        {
            issue.code = "ticket_org_mismatch";
            issue.account = Some(account);
            issue.org_id = Some(org);
            issue.mismatch_kind = match ticket.org_id {
                None => "no_org",
                Some(other) if self.is_member(user.id, other) => "other_member_org",
                Some(_) => "not_member_org",
            };
        } else {
            return;
        }
        self.report(issue);
    }
}

/// A blocked action, without what only a prepared one shows.
fn blocked(code: &'static str, reason: &'static str) -> Action {
    Action { code, blocked_reason: Some(reason), ..Action::default() }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// An issue with actions is blocked when all of them are, with the first of their reasons.
pub(super) fn set_status(issue: &mut Issue) {
    issue.status = match issue.scope {
        "ticket" => "detected",
        _ if issue.actions.is_empty() => "review_only",
        _ if issue.actions.iter().all(|action| action.blocked_reason.is_some()) => "blocked",
        _ => "prepared",
    };
    if issue.status == "blocked" {
        let reasons = issue.actions.iter().filter_map(|action| action.blocked_reason);
        issue.blocked_reason = reasons.min_by_key(|reason| rank(&BLOCKED_REASONS, reason));
    }
}
