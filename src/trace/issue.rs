//! The issues of a subject, each with its evidence and what is prepared or blocked.

use super::brief::{org_ids, sf_ids};
use crate::catalogue::{ActionCode, BlockedReason, IssueCode, Risk, Scope, Status};
use crate::model::at::{AccountAt, OrgAt};
use crate::model::domains::DomainId;
use crate::model::precondition::Precondition;
use crate::rules::audit::Audit;
use crate::rules::detect::detail::detail;
use crate::rules::detect::{org, user};
use crate::rules::issue::{Action, ActionRef, Evidence, Issue};
use crate::rules::plan;
use serde::Serialize;

/// One issue: its row in the artifacts, and its actions.
#[derive(Debug, Serialize)]
pub struct IssueView<'a> {
    pub issue_id: String,
    pub scope: Scope,
    pub issue_code: IssueCode,
    pub risk: Risk,
    pub status: Status,
    pub sf_account_id: Option<&'a str>,
    pub account_name: Option<&'a str>,
    pub org_id: Option<u64>,
    pub org_name: Option<&'a str>,
    pub user_id: Option<u64>,
    pub ticket_id: Option<u64>,
    pub domain: Option<&'a str>,
    pub blocked_reason: Option<BlockedReason>,
    pub suppression_reason: Option<&'a str>,
    pub detail: String,
    pub missing_domains: Vec<&'a str>,
    pub conflicting_org_ids: Vec<u64>,
    pub membership_state: Option<&'static str>,
    pub candidate_sf_account_ids: Vec<&'a str>,
    pub candidate_org_ids: Vec<u64>,
    pub mismatch_kind: Option<&'static str>,
    pub echo_of_issue_id: Option<String>,
    /// Prepared ones first.
    pub actions: Vec<ActionView<'a>>,
}

/// An action as the plan has it.
#[derive(Debug, Serialize)]
pub struct ActionView<'a> {
    pub action_id: String,
    pub action_code: ActionCode,
    /// `None` for a prepared one.
    pub blocked_reason: Option<BlockedReason>,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    pub membership_id: Option<u64>,
    pub domain: Option<&'a str>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub preconditions: Vec<Precondition>,
    pub depends_on: Vec<String>,
    pub notes: Vec<String>,
}

pub(super) fn of_account<'a>(audit: &'a Audit<'a>, at: AccountAt) -> Vec<IssueView<'a>> {
    chosen(audit, |issue| issue.account() == Some(at))
}

/// Those about the org, and those of accounts in whose way it stands.
pub(super) fn of_org<'a>(audit: &'a Audit<'a>, at: OrgAt) -> Vec<IssueView<'a>> {
    let id = audit.world.orgs[at].id;
    let rules = audit.context();
    chosen(audit, |issue| {
        issue.org_id() == Some(id)
            || issue.code.scope() == Scope::Org && org::conflicting_orgs(&rules, issue).contains(&at)
    })
}

pub(super) fn of_user<'a>(audit: &'a Audit<'a>, id: u64) -> Vec<IssueView<'a>> {
    chosen(audit, |issue| issue.user_id() == Some(id))
}

/// That of the ticket, and the one of the requester that it echoes.
pub(super) fn of_ticket<'a>(audit: &'a Audit<'a>, id: u64, echo_of: Option<&str>) -> Vec<IssueView<'a>> {
    chosen(audit, |issue| {
        issue.ticket_id() == Some(id)
            || issue.code.scope() == Scope::User && echo_of.is_some_and(|echo| issue.id.to_string() == echo)
    })
}

/// Those about the domain, and those of the org that lacks it.
pub(super) fn of_domain<'a>(audit: &'a Audit<'a>, id: DomainId) -> Vec<IssueView<'a>> {
    let rules = audit.context();
    let lacked = |issue: &Issue| {
        let account = issue.account().filter(|_| issue.code == IssueCode::OrgMissingExpectedDomain);
        account.is_some_and(|account| org::missing_domains(&rules, account).any(|domain| domain == id))
    };
    chosen(audit, |issue| issue.domain == Some(id) || lacked(issue))
}

fn chosen<'a>(audit: &'a Audit<'a>, choose: impl Fn(&Issue) -> bool) -> Vec<IssueView<'a>> {
    audit.issues.iter().filter(|issue| choose(issue)).map(|issue| view(audit, issue)).collect()
}

fn view<'a>(audit: &'a Audit<'a>, issue: &'a Issue) -> IssueView<'a> {
    let rules = audit.context();
    let account = issue.account().map(|account| &audit.reference.accounts[account]);
    let org = issue.org_id().and_then(|id| audit.world.org(id));
    let text = |domain: DomainId| audit.world.domains.text(domain);
    let missing = match (issue.code, issue.account()) {
        (IssueCode::OrgMissingExpectedDomain, Some(account)) => {
            org::missing_domains(&rules, account).map(text).collect()
        }
        _ => Vec::new(),
    };
    let user = match issue.evidence {
        Evidence::User(user) => Some(user as usize),
        Evidence::Account | Evidence::Ticket { .. } => None,
    };
    let (mismatch, echo_of) = match issue.evidence {
        Evidence::Ticket { mismatch, echo_of, .. } => (mismatch, echo_of),
        Evidence::Account | Evidence::User(_) => (None, None),
    };
    let conflicting = if issue.code.scope() == Scope::Org { org::conflicting_orgs(&rules, issue) } else { Vec::new() };
    IssueView {
        issue_id: issue.id.to_string(),
        scope: issue.code.scope(),
        issue_code: issue.code,
        risk: issue.code.risk(),
        status: issue.status,
        sf_account_id: account.map(|account| account.sf_account_id().raw()),
        account_name: account.map(|account| account.name().raw()),
        org_id: issue.org_id(),
        org_name: org.and_then(|org| org.name()).map(|name| name.raw()),
        user_id: issue.user_id(),
        ticket_id: issue.ticket_id(),
        domain: issue.domain.map(text),
        blocked_reason: issue.blocked_reason,
        suppression_reason: issue.suppression().map(|index| &*audit.settings.suppressions[index as usize].reason),
        detail: detail(&rules, issue),
        missing_domains: missing,
        conflicting_org_ids: org_ids(audit, &conflicting),
        membership_state: user.map(|user| user::membership_state(&rules, issue, user).as_str()),
        candidate_sf_account_ids: user
            .map_or_else(Vec::new, |_| sf_ids(audit, user::candidate_accounts(&rules, issue))),
        candidate_org_ids: user.map_or_else(Vec::new, |_| org_ids(audit, &user::candidate_orgs(&rules, issue))),
        mismatch_kind: mismatch.map(|mismatch| mismatch.as_str()),
        echo_of_issue_id: echo_of.map(|id| id.to_string()),
        actions: issue.actions.iter().map(|action| action_view(audit, action)).collect(),
    }
}

fn action_view<'a>(audit: &'a Audit<'a>, at: ActionRef) -> ActionView<'a> {
    let rules = audit.context();
    let (action, prepared): (&Action, bool) = match at {
        ActionRef::Prepared(index) => (&audit.plan.prepared[index as usize], true),
        ActionRef::Blocked(index) => (&audit.plan.blocked[index as usize], false),
    };
    let mut view = ActionView {
        action_id: at.to_string(),
        action_code: action.code,
        blocked_reason: action.blocked,
        org_id: action.org_id,
        user_id: action.user.map(|(_, id)| id),
        membership_id: action.membership_id,
        domain: action.domain.map(|domain| audit.world.domains.text(domain)),
        from: None,
        to: None,
        preconditions: Vec::new(),
        depends_on: Vec::new(),
        notes: Vec::new(),
    };
    if prepared {
        (view.from, view.to) = plan::from_to(&rules, action);
        view.preconditions = plan::preconditions(&rules, action);
        view.depends_on = audit.plan.depends_on(action).iter().map(ActionRef::to_string).collect();
        view.notes = audit.notes(action);
    }
    view
}
