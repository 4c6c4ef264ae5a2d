//! The six org codes (rules 6.1), and the context behind them that artifacts show.

use super::RuleContext;
use crate::catalogue::{ActionCode, BlockedReason, IssueCode};
use crate::model::at::{AccountAt, OrgAt};
use crate::model::domains::DomainId;
use crate::parallel;
use crate::rules::detect::domain::DomainVerdicts;
use crate::rules::issue::{Action, Evidence, Issue, Subject};
use crate::rules::resolve::Resolution;

/// Finds the org issues of all accounts.
pub fn detect(context: &RuleContext<'_>, domains: &DomainVerdicts, issues: &mut Vec<Issue>) {
    let parts = parallel::in_parts(context.reference.accounts.len(), |accounts| {
        let mut issues = Vec::new();
        detect_part(context, domains, accounts.map(AccountAt::new), &mut issues);
        issues
    });
    parts.into_iter().for_each(|mut part| issues.append(&mut part));
}

fn detect_part(
    context: &RuleContext<'_>,
    domains: &DomainVerdicts,
    accounts: impl Iterator<Item = AccountAt>,
    issues: &mut Vec<Issue>,
) {
    for account in accounts {
        match &context.resolved.accounts[account] {
            Resolution::Duplicate(orgs) => {
                let code = IssueCode::OrgDuplicateExternalId;
                issues.push(link_issue(context, code, account, orgs[0], Some(BlockedReason::DuplicateExternalId)));
            }
            Resolution::Contested(org) => {
                let code = IssueCode::OrgMissingExternalId;
                issues.push(link_issue(
                    context,
                    code,
                    account,
                    *org,
                    Some(BlockedReason::OrgClaimedByMultipleAccounts),
                ));
            }
            Resolution::Conflict(org) => {
                let code = IssueCode::OrgExternalIdConflict;
                issues.push(link_issue(context, code, account, *org, Some(BlockedReason::ExternalIdConflict)));
            }
            Resolution::Missing(_) => {
                if context.reference.accounts[account].org_expected {
                    let subject = Subject { account: Some(account), ..Subject::default() };
                    issues.push(context.issue(IssueCode::AccountMissingZendeskOrg, subject, Evidence::Account));
                }
            }
            Resolution::Linked(org) => domain_issues(context, account, *org, issues),
            Resolution::DomainLinked(org) => {
                let all_spread = linking_domains(context, account, *org).all(|domain| domains.is_spread(domain));
                let doubtful = context.reference.accounts[account].is_doubtful;
                let blocked = if all_spread {
                    Some(BlockedReason::DomainSpreadAcrossOrgs)
                } else {
                    doubtful.then_some(BlockedReason::AccountIdDoubtful)
                };
                issues.push(link_issue(context, IssueCode::OrgMissingExternalId, account, *org, blocked));
                domain_issues(context, account, *org, issues);
            }
        }
    }
}

/// An issue that a `set_org_external_id` would repair.
fn link_issue(
    context: &RuleContext<'_>,
    code: IssueCode,
    account: AccountAt,
    org: OrgAt,
    blocked: Option<BlockedReason>,
) -> Issue {
    let org_id = Some(context.org_id(org));
    let subject = Subject { account: Some(account), org_id, ..Subject::default() };
    context.issue(code, subject, Evidence::Account).blocked_by(blocked)
}

/// The expected domains of a resolved account that its org lacks.
fn domain_issues(context: &RuleContext<'_>, account: AccountAt, org: OrgAt, issues: &mut Vec<Issue>) {
    let subject = Subject { account: Some(account), org_id: Some(context.org_id(org)), ..Subject::default() };
    if missing_domains(context, account).next().is_some() {
        issues.push(context.issue(IssueCode::OrgMissingExpectedDomain, subject, Evidence::Account));
    }
    for domain in context.unshared_domains(account) {
        if context.resolved.holders(domain).iter().any(|holder| *holder != org) {
            let subject = Subject { domain: Some(domain), ..subject };
            issues.push(context.issue(IssueCode::OrgDomainAttachedElsewhere, subject, Evidence::Account));
        }
    }
}

/// The repairs of an org issue, ordered by domain.
pub fn proposals(context: &RuleContext<'_>, domains: &DomainVerdicts, issue: &Issue) -> Vec<Action> {
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
        IssueCode::OrgMissingExpectedDomain => missing_domains(context, account)
            .map(|domain| {
                let blocked = if domains.is_spread(domain) {
                    Some(BlockedReason::DomainSpreadAcrossOrgs)
                } else {
                    // Zendesk would add these users by itself.
                    domains.has_unknown_homes(domain).then_some(BlockedReason::DefaultOrgNotInReference)
                };
                action(ActionCode::AddOrgDomain, Some(domain), blocked)
            })
            .collect(),
        IssueCode::OrgDomainAttachedElsewhere => {
            let holders = issue.domain.map_or(&[][..], |domain| context.resolved.holders(domain));
            // Nothing is missing where the account's own org holds the domain too: a person decides which org gives it up.
            if holders.iter().any(|holder| Some(context.org_id(*holder)) == issue.org_id()) {
                return Vec::new();
            }
            vec![action(ActionCode::AddOrgDomain, issue.domain, Some(BlockedReason::DomainBelongsToOtherOrg))]
        }
        _ => Vec::new(),
    }
}

/// The expected, unshared domains of an account that are on no org at all, ordered by text.
pub fn missing_domains<'a>(context: &'a RuleContext<'_>, account: AccountAt) -> impl Iterator<Item = DomainId> + 'a {
    context.unshared_domains(account).filter(|domain| context.resolved.holders(*domain).is_empty())
}

/// The expected, unshared domains of an account that the org holds, ordered by text: what links a domain-linked account.
pub fn linking_domains<'a>(
    context: &'a RuleContext<'_>,
    account: AccountAt,
    org: OrgAt,
) -> impl Iterator<Item = DomainId> + 'a {
    context.unshared_domains(account).filter(move |domain| context.world.orgs[org].holds(*domain))
}

/// The orgs that stand in the way, ascending by id: `conflicting_org_ids`.
pub fn conflicting_orgs(context: &RuleContext<'_>, issue: &Issue) -> Vec<OrgAt> {
    let Some(account) = issue.account() else { return Vec::new() };
    let resolution = &context.resolved.accounts[account];
    match issue.code {
        IssueCode::OrgDuplicateExternalId => match resolution {
            Resolution::Duplicate(orgs) => orgs.clone(),
            _ => Vec::new(),
        },
        IssueCode::OrgDomainAttachedElsewhere => {
            let holders = issue.domain.map_or(&[][..], |domain| context.resolved.holders(domain));
            holders.iter().copied().filter(|holder| Some(context.org_id(*holder)) != issue.org_id()).collect()
        }
        IssueCode::AccountMissingZendeskOrg => match resolution {
            Resolution::Missing(candidates) if !candidates.is_empty() => candidates.clone(),
            _ => {
                let domains = context.reference.accounts[account].domains.iter();
                let mut orgs: Vec<OrgAt> =
                    domains.flat_map(|domain| context.resolved.holders(*domain)).copied().collect();
                orgs.sort_unstable();
                orgs.dedup();
                orgs
            }
        },
        _ => Vec::new(),
    }
}
