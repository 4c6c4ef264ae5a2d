//! The two ticket codes (contract 6.3): tickets booked to the wrong org. Detection only; no ticket is ever written.

use super::user::Judged;
use super::{Facts, Subject};
use crate::catalogue::{IssueCode, Status};
use crate::issue::{Evidence, Issue, IssueId, Mismatch};
use crate::resolve::Resolution;
use std::collections::HashMap;

/// Finds the ticket issues and tells how many tickets are in the window. `issues` holds the user issues.
pub fn detect(facts: &Facts<'_>, judged: &Judged, issues: &mut Vec<Issue>) -> u64 {
    let world = facts.world;
    let of_users: HashMap<u32, IssueId> = issues
        .iter()
        .filter_map(|issue| match issue.evidence {
            Evidence::User(user) => Some((user, issue.id)),
            _ => None,
        })
        .collect();
    let mut in_window = 0;
    for (at, ticket) in world.tickets.rows.iter().enumerate() {
        if ticket.updated_at < facts.window.0 || ticket.updated_at > facts.window.1 {
            continue;
        }
        in_window += 1;
        let Some(requester) = ticket.requester_id().and_then(|id| world.user_at(id)) else { continue };
        let Some(account) = judged.account(requester) else { continue };
        let (code, org_id, mismatch) = match &facts.resolved.accounts[account as usize] {
            Resolution::Duplicate(_) => (IssueCode::TicketResolutionBlockedDuplicateExternalId, None, None),
            resolution => {
                let Some(expected) = resolution.org().map(|org| facts.org_id(org)) else { continue };
                let mismatch = match ticket.organization_id() {
                    Some(org) if org == expected => continue,
                    None => Mismatch::NoOrg,
                    Some(org) if world.membership_in(requester, org).is_some() => Mismatch::OtherMemberOrg,
                    Some(_) => Mismatch::NotMemberOrg,
                };
                (IssueCode::TicketOrgMismatch, Some(expected), Some(mismatch))
            }
        };
        let user = &world.users[requester];
        let subject = Subject {
            account: Some(account),
            org_id,
            user_id: Some(user.id),
            ticket_id: Some(ticket.id),
            domain: user.domain,
        };
        let echo_of = of_users.get(&(requester as u32)).copied();
        let evidence = Evidence::Ticket { ticket: at as u32, requester: requester as u32, echo_of, mismatch };
        let mut issue = facts.issue(code, subject, evidence);
        issue.status = Status::Detected;
        issues.push(issue);
    }
    in_window
}
