//! A ticket: in the window or not, and its org against the requester's.

use super::brief::{OrgBrief, sf_ids};
use super::user::{self, UserTrace};
use crate::catalogue::IssueCode;
use crate::rules::audit::Audit;
use crate::rules::detect::ticket::{TicketJudgement, judge};
use crate::rules::detect::user::UserOutcome;
use serde::Serialize;

/// A ticket, step by step.
#[derive(Debug, Serialize)]
pub struct TicketTrace<'a> {
    pub ticket_id: u64,
    pub status: &'a str,
    /// As Zendesk sent it.
    pub updated_at: String,
    /// First and last moment of the window.
    pub window: (String, String),
    pub in_window: bool,
    /// The org that it is booked to.
    pub organization: Option<OrgBrief<'a>>,
    pub requester_id: Option<u64>,
    /// `not_read`, `outside_window`, `no_requester`, `requester_not_judged`, `agrees`, or the code of the issue.
    pub judgement: &'static str,
    /// The account that the requester belongs to.
    pub sf_account_id: Option<&'a str>,
    /// The org that it should be booked to.
    pub expected_org: Option<OrgBrief<'a>>,
    pub mismatch_kind: Option<&'static str>,
    /// The requester's own issue, when the ticket has one that echoes it.
    pub echo_of_issue_id: Option<String>,
    /// `None` when the requester does not exist.
    pub requester: Option<Box<UserTrace<'a>>>,
}

pub(super) fn explain<'a>(audit: &'a Audit<'a>, at: usize) -> TicketTrace<'a> {
    let world = audit.world;
    let tickets = &world.tickets;
    let ticket = &tickets.rows[at];
    let rules = audit.context();
    let account_of = |user: usize| match audit.user(user) {
        UserOutcome::Evaluated { account, .. } => account,
        UserOutcome::OutOfScope | UserOutcome::NotEvaluated(_) | UserOutcome::Settled(_) => None,
    };
    let requester = ticket.requester_id().and_then(|id| world.user_at(id));
    let judgement = judge(&rules, ticket, requester, account_of);
    let (name, account, org_id, mismatch) = match judgement {
        TicketJudgement::NotRead => ("not_read", None, None, None),
        TicketJudgement::OutsideWindow => ("outside_window", None, None, None),
        TicketJudgement::NoRequester => ("no_requester", None, None, None),
        TicketJudgement::RequesterNotJudged { .. } => ("requester_not_judged", None, None, None),
        TicketJudgement::Agrees { account, org_id, .. } => ("agrees", Some(account), Some(org_id), None),
        TicketJudgement::Duplicate { account, .. } => {
            (IssueCode::TicketResolutionBlockedDuplicateExternalId.as_str(), Some(account), None, None)
        }
        TicketJudgement::Mismatch { account, org_id, mismatch, .. } => {
            (IssueCode::TicketOrgMismatch.as_str(), Some(account), Some(org_id), Some(mismatch))
        }
    };
    let echo = match judgement {
        TicketJudgement::Duplicate { requester, .. } | TicketJudgement::Mismatch { requester, .. } => {
            match audit.user(requester) {
                UserOutcome::Evaluated { issue: Some(issue), .. } => Some(issue.id.to_string()),
                UserOutcome::OutOfScope
                | UserOutcome::NotEvaluated(_)
                | UserOutcome::Settled(_)
                | UserOutcome::Evaluated { issue: None, .. } => None,
            }
        }
        TicketJudgement::NotRead
        | TicketJudgement::OutsideWindow
        | TicketJudgement::NoRequester
        | TicketJudgement::RequesterNotJudged { .. }
        | TicketJudgement::Agrees { .. } => None,
    };
    TicketTrace {
        ticket_id: ticket.id(),
        status: tickets.status(ticket),
        updated_at: tickets.updated_at(ticket),
        window: (audit.window.0.rfc3339(), audit.window.1.rfc3339()),
        in_window: rules.in_window(ticket),
        organization: ticket.organization_id().map(|id| OrgBrief::named(audit, id)),
        requester_id: ticket.requester_id(),
        judgement: name,
        sf_account_id: account.and_then(|account| sf_ids(audit, &[account]).pop()),
        expected_org: org_id.map(|id| OrgBrief::named(audit, id)),
        mismatch_kind: mismatch.map(|mismatch| mismatch.as_str()),
        echo_of_issue_id: echo,
        requester: requester.map(|user| Box::new(user::explain(audit, user))),
    }
}
