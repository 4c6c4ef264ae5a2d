//! The six org codes (contract 6.1), and the facts behind them that artifacts show.

use super::Facts;
use crate::catalogue::{ActionCode, BlockedReason, IssueCode};
use crate::model::domains::DomainId;
use crate::parallel;
use crate::rules::detect::user::Domains;
use crate::rules::issue::{Action, Evidence, Issue, Subject};
use crate::rules::resolve::{AccountAt, OrgAt, Resolution};
use std::ops::Range;

/// Finds the org issues of all accounts.
pub fn detect(facts: &Facts<'_>, domains: &Domains, issues: &mut Vec<Issue>) {
    let parts = parallel::in_parts(facts.reference.accounts.len(), |accounts| {
        let mut issues = Vec::new();
        detect_part(facts, domains, accounts.start as AccountAt..accounts.end as AccountAt, &mut issues);
        issues
    });
    parts.into_iter().for_each(|mut part| issues.append(&mut part));
}

fn detect_part(facts: &Facts<'_>, domains: &Domains, accounts: Range<AccountAt>, issues: &mut Vec<Issue>) {
    for account in accounts {
        match &facts.resolved.accounts[account as usize] {
            Resolution::Duplicate(orgs) => {
                let code = IssueCode::OrgDuplicateExternalId;
                issues.push(link_issue(facts, code, account, orgs[0], Some(BlockedReason::DuplicateExternalId)));
            }
            Resolution::Contested(org) => {
                let code = IssueCode::OrgMissingExternalId;
                issues.push(link_issue(facts, code, account, *org, Some(BlockedReason::OrgClaimedByMultipleAccounts)));
            }
            Resolution::Conflict(org) => {
                let code = IssueCode::OrgExternalIdConflict;
                issues.push(link_issue(facts, code, account, *org, Some(BlockedReason::ExternalIdConflict)));
            }
            Resolution::Missing(_) => {
                if facts.reference.accounts[account as usize].org_expected {
                    let subject = Subject { account: Some(account), ..Subject::default() };
                    issues.push(facts.issue(IssueCode::AccountMissingZendeskOrg, subject, Evidence::Account));
                }
            }
            Resolution::Linked(org) => domain_issues(facts, account, *org, issues),
            Resolution::DomainLinked(org) => {
                let all_spread = linking_domains(facts, account, *org).all(|domain| domains.is_spread(domain));
                let blocked = all_spread.then_some(BlockedReason::DomainSpreadAcrossOrgs);
                issues.push(link_issue(facts, IssueCode::OrgMissingExternalId, account, *org, blocked));
                domain_issues(facts, account, *org, issues);
            }
        }
    }
}

/// An issue that a `set_org_external_id` would repair.
fn link_issue(
    facts: &Facts<'_>,
    code: IssueCode,
    account: AccountAt,
    org: OrgAt,
    blocked: Option<BlockedReason>,
) -> Issue {
    let org_id = Some(facts.org_id(org));
    let subject = Subject { account: Some(account), org_id, ..Subject::default() };
    facts.issue(code, subject, Evidence::Account).blocked_by(blocked)
}

/// The expected domains of a resolved account that its org lacks.
fn domain_issues(facts: &Facts<'_>, account: AccountAt, org: OrgAt, issues: &mut Vec<Issue>) {
    let subject = Subject { account: Some(account), org_id: Some(facts.org_id(org)), ..Subject::default() };
    if missing_domains(facts, account).next().is_some() {
        issues.push(facts.issue(IssueCode::OrgMissingExpectedDomain, subject, Evidence::Account));
    }
    for domain in facts.unshared_domains(account) {
        if facts.resolved.holders(domain).iter().any(|holder| *holder != org) {
            let subject = Subject { domain: Some(domain), ..subject };
            issues.push(facts.issue(IssueCode::OrgDomainAttachedElsewhere, subject, Evidence::Account));
        }
    }
}

/// The repairs of an org issue, ordered by domain.
pub fn proposals(facts: &Facts<'_>, domains: &Domains, issue: &Issue) -> Vec<Action> {
    let Some(account) = issue.account() else { return Vec::new() };
    let action = |code, domain, blocked| Action {
        code,
        blocked,
        account: Some(account),
        org_id: issue.org_id(),
        user: None,
        membership_id: None,
        domain,
        issue_id: issue.id,
    };
    match issue.code {
        IssueCode::OrgDuplicateExternalId | IssueCode::OrgMissingExternalId | IssueCode::OrgExternalIdConflict => {
            vec![action(ActionCode::SetOrgExternalId, None, issue.blocked_reason)]
        }
        IssueCode::OrgMissingExpectedDomain => missing_domains(facts, account)
            .map(|domain| {
                let blocked = domains.is_spread(domain).then_some(BlockedReason::DomainSpreadAcrossOrgs);
                action(ActionCode::AddOrgDomain, Some(domain), blocked)
            })
            .collect(),
        IssueCode::OrgDomainAttachedElsewhere => {
            let holders = issue.domain.map_or(&[][..], |domain| facts.resolved.holders(domain));
            // Nothing is missing where the account's own org holds the domain too: a person decides which org gives it up.
            if holders.iter().any(|holder| Some(facts.org_id(*holder)) == issue.org_id()) {
                return Vec::new();
            }
            vec![action(ActionCode::AddOrgDomain, issue.domain, Some(BlockedReason::DomainBelongsToOtherOrg))]
        }
        _ => Vec::new(),
    }
}

/// The expected, unshared domains of an account that are on no org at all, ordered by text.
pub fn missing_domains<'a>(facts: &'a Facts<'_>, account: AccountAt) -> impl Iterator<Item = DomainId> + 'a {
    facts.unshared_domains(account).filter(|domain| facts.resolved.holders(*domain).is_empty())
}

/// The expected, unshared domains of an account that the org holds, ordered by text: what links a domain-linked account.
pub fn linking_domains<'a>(
    facts: &'a Facts<'_>,
    account: AccountAt,
    org: OrgAt,
) -> impl Iterator<Item = DomainId> + 'a {
    facts.unshared_domains(account).filter(move |domain| facts.world.orgs[org as usize].holds(*domain))
}

/// The orgs that stand in the way, ascending by id: `conflicting_org_ids`.
pub fn conflicting_orgs(facts: &Facts<'_>, issue: &Issue) -> Vec<OrgAt> {
    let Some(account) = issue.account() else { return Vec::new() };
    let resolution = &facts.resolved.accounts[account as usize];
    match issue.code {
        IssueCode::OrgDuplicateExternalId => match resolution {
            Resolution::Duplicate(orgs) => orgs.clone(),
            _ => Vec::new(),
        },
        IssueCode::OrgDomainAttachedElsewhere => {
            let holders = issue.domain.map_or(&[][..], |domain| facts.resolved.holders(domain));
            holders.iter().copied().filter(|holder| Some(facts.org_id(*holder)) != issue.org_id()).collect()
        }
        IssueCode::AccountMissingZendeskOrg => match resolution {
            Resolution::Missing(candidates) if !candidates.is_empty() => candidates.clone(),
            _ => {
                let domains = facts.reference.accounts[account as usize].domains.iter();
                let mut orgs: Vec<OrgAt> =
                    domains.flat_map(|domain| facts.resolved.holders(*domain)).copied().collect();
                orgs.sort_unstable();
                orgs.dedup();
                orgs
            }
        },
        _ => Vec::new(),
    }
}
