//! The fix plan: which actions are prepared, in which order, under which preconditions (rules 7).
//!
//! The plan holds rows and indexes; its texts (`from`, `to`, preconditions, notes) are derived where they are written.

use crate::catalogue::{ActionCode, BlockedReason, IssueCode, Scope, Status};
use crate::model::at::AccountAt;
use crate::model::precondition::Precondition;
use crate::rules::detect::domain::DomainVerdicts;
use crate::rules::detect::{self, RuleContext, org};
use crate::rules::issue::{Action, ActionRef, Issue};
use crate::rules::resolve::Resolution;
use std::collections::HashMap;

/// All actions, numbered.
#[derive(Debug, Default)]
pub struct Plan {
    /// `A001`, `A002`, …
    pub prepared: Vec<Action>,
    /// `B001`, `B002`, …
    pub blocked: Vec<Action>,
    /// The prepared `set_org_external_id` of each domain-linked account.
    links: HashMap<AccountAt, u32>,
}

/// Makes the plan of ordered issues, and gives every issue its status, reason and actions. If the reference `shrank`,
/// nothing is prepared (rules 6.2).
pub fn prepare(context: &RuleContext<'_>, domains: &DomainVerdicts, shrank: bool, issues: &mut [Issue]) -> Plan {
    let broken = broken_links(context, issues);
    // Room for one action of each issue: a large plan is not to be moved while it grows.
    let room = issues.iter().filter(|issue| issue.code.scope() != Scope::Ticket).count();
    let mut prepared = Vec::with_capacity(room);
    let mut plan = Plan { blocked: Vec::with_capacity(room), ..Plan::default() };
    for (at, issue) in issues.iter_mut().enumerate() {
        let proposals =
            if issue.suppression().is_none() { detect::proposals(context, domains, issue) } else { Vec::new() };
        let mut reasons = Vec::new();
        let any = !proposals.is_empty();
        let before = prepared.len();
        for action in proposals {
            let hangs_on = || action.account.and_then(|account| broken.get(&account).copied());
            let shrunken = || shrank.then_some(BlockedReason::ReferenceShrank);
            let action = Action { blocked: action.blocked.or_else(hangs_on).or_else(shrunken), ..action };
            if let Some(reason) = action.blocked {
                reasons.push(reason);
                issue.actions.add(ActionRef::Blocked(plan.blocked.len() as u32));
                plan.blocked.push(action);
            } else {
                prepared.push((at, action));
            }
        }
        let all_blocked = any && prepared.len() == before;
        if any {
            issue.status = if all_blocked { Status::Blocked } else { Status::Prepared };
        }
        // Reasons are in table order: the least is the first of them.
        issue.blocked_reason = reasons.into_iter().min().filter(|_| all_blocked);
    }
    let texts = &context.world.domains;
    prepared.sort_unstable_by(|(a_at, a), (b_at, b)| {
        let key = |action: &Action| (action.code, action.account, action.org_id, action.user.map(|(_, id)| id));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.domain.map(|domain| texts.text(domain)).cmp(&b.domain.map(|domain| texts.text(domain))))
            .then_with(|| a_at.cmp(b_at))
    });
    for (number, (at, action)) in (0..).zip(&prepared) {
        issues[*at].actions.add(ActionRef::Prepared(number));
        if let (ActionCode::SetOrgExternalId, Some(account)) = (action.code, action.account) {
            plan.links.insert(account, number);
        }
    }
    plan.prepared = prepared.into_iter().map(|(_, action)| action).collect();
    plan
}

/// The domain-linked accounts whose link is suppressed or blocked: none of their other actions may be prepared.
fn broken_links(context: &RuleContext<'_>, issues: &[Issue]) -> HashMap<AccountAt, BlockedReason> {
    let links = issues.iter().filter(|issue| issue.code == IssueCode::OrgMissingExternalId);
    links
        .filter_map(|issue| {
            let account = issue.account().filter(|account| is_domain_linked(context, *account))?;
            let suppressed = issue.suppression().map(|_| BlockedReason::AccountLinkSuppressed);
            suppressed.or(issue.blocked_reason).map(|reason| (account, reason))
        })
        .collect()
}

fn is_domain_linked(context: &RuleContext<'_>, account: AccountAt) -> bool {
    matches!(context.resolved.accounts[account], Resolution::DomainLinked(_))
}

impl Plan {
    /// The action that must be in place before the prepared action `A(number + 1)`.
    pub fn depends_on(&self, action: &Action) -> Option<ActionRef> {
        if action.code == ActionCode::SetOrgExternalId {
            return None;
        }
        action.account.and_then(|account| self.links.get(&account)).map(|number| ActionRef::Prepared(*number))
    }
}

/// What changes: the value before, as the audit saw it, and the value after.
pub fn from_to(context: &RuleContext<'_>, action: &Action) -> (Option<String>, Option<String>) {
    let org_id = action.org_id.map(|id| id.to_string());
    match action.code {
        ActionCode::SetOrgExternalId => {
            (None, action.account.map(|account| context.reference.accounts[account].external_id().raw().to_owned()))
        }
        ActionCode::AddOrgDomain => (None, domain_text(context, action).map(str::to_owned)),
        ActionCode::AssignUserToOrg => (None, org_id),
        ActionCode::MoveUserToOrg => {
            let default = action.user.and_then(|(user, _)| context.world.default_org(user as usize));
            (default.map(|id| id.to_string()), org_id)
        }
    }
}

fn domain_text<'a>(context: &RuleContext<'a>, action: &Action) -> Option<&'a str> {
    action.domain.map(|domain| context.world.domains.text(domain))
}

/// What must hold when the action is applied, in the order in which it is checked.
pub fn preconditions(context: &RuleContext<'_>, action: &Action) -> Vec<Precondition> {
    use Precondition as P;
    let domain = || domain_text(context, action).unwrap_or_default().to_owned();
    let users = &context.settings.users;
    match action.code {
        ActionCode::SetOrgExternalId => {
            let linking = action.account.and_then(|account| Some((account, context.resolved.accounts[account].org()?)));
            let linking = linking.into_iter().flat_map(|(account, org)| org::linking_domains(context, account, org));
            let linking = linking.map(|domain| P::OrgHasDomain(context.world.domains.text(domain).to_owned()));
            [P::OrgExists, P::OrgExternalIdIsBlank, P::ExternalIdUnused].into_iter().chain(linking).collect()
        }
        ActionCode::AddOrgDomain => {
            vec![P::OrgExists, P::OrgExternalIdIsAccount, P::OrgLacksDomain(domain()), P::DomainUnused(domain())]
        }
        ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => {
            let mut list = vec![P::OrgExists, P::OrgExternalIdIsAccount, P::UserExists, P::UserActive];
            if !users.include_suspended {
                list.push(P::UserNotSuspended);
            }
            let assign = action.code == ActionCode::AssignUserToOrg;
            if assign && users.require_verified {
                list.push(P::UserVerified);
            }
            list.push(P::UserEmailDomain(domain()));
            if assign {
                list.extend([P::UserNotMember, P::MultipleOrganizationsOnOrFirst]);
            } else {
                let default = action.user.and_then(|(user, _)| context.world.default_org(user as usize));
                list.extend([P::UserIsMember, P::MembershipNotDefault, P::DefaultOrgIs(default)]);
            }
            list
        }
    }
}

/// What Zendesk does by itself because of the action, and what else a person should know; sorted.
pub fn notes(context: &RuleContext<'_>, users_affected: impl Fn(&Action) -> u32, action: &Action) -> Vec<String> {
    let mut notes = Vec::new();
    let org = action.org_id.and_then(|id| context.world.org(id));
    let shares = org.is_some_and(|org| org.shared_tickets);
    if shares && matches!(action.code, ActionCode::AddOrgDomain | ActionCode::AssignUserToOrg) {
        notes.push("org_shares_tickets".to_owned());
    }
    if action.code == ActionCode::AddOrgDomain {
        notes.push(format!("users_affected:{}", users_affected(action)));
    }
    if let Some((user, _)) = action.user
        && let Some(default) = context.world.default_org(user as usize)
        && let Some(org) = context.world.org_at(default)
        && let Some(account) = context.resolved.linked_account(org).filter(|account| Some(*account) != action.account)
    {
        notes.push(format!("default_org_linked_to:{}", context.reference.accounts[account].sf_account_id().raw()));
    }
    notes.sort();
    notes
}
