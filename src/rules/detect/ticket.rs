//! The two ticket codes (rules 6.3): tickets filed under the wrong org. Detection only; no ticket is ever written.

use super::RuleContext;
use super::domain::DomainVerdicts;
use super::tally::Tally;
use super::user::Judged;
use crate::catalogue::{IssueCode, Status};
use crate::model::at::AccountAt;
use crate::model::world::Ticket;
use crate::parallel;
use crate::rules::issue::{Evidence, Issue, IssueId, Mismatch, Subject};
use crate::rules::resolve::Resolution;

/// How many tickets are checked before their issues are moved to the full list, so that memory never holds all issues twice.
const STRETCH: usize = 1 << 20;
/// How many requesters are looked up together, because they are spread over memory.
const AT_ONCE: usize = 256;

/// The result for a ticket. `account` is an index, `requester` that of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketJudgement {
    /// The configuration turns tickets off.
    NotRead,
    OutsideWindow,
    /// There is no requester, or none that exists.
    NoRequester,
    /// The requester was not evaluated for one account.
    RequesterNotJudged {
        requester: usize,
    },
    /// The ticket is filed under the expected org.
    Agrees {
        requester: usize,
        account: AccountAt,
        org_id: u64,
    },
    /// Several orgs have the id of the requester's account.
    Duplicate {
        requester: usize,
        account: AccountAt,
    },
    Mismatch {
        requester: usize,
        account: AccountAt,
        org_id: u64,
        mismatch: Mismatch,
    },
}

/// Checks one ticket, given the index of its requester, if that exists. `account_of` returns the one account that a user was
/// evaluated for.
pub fn judge(
    context: &RuleContext<'_>,
    ticket: &Ticket,
    requester: Option<usize>,
    account_of: impl FnOnce(usize) -> Option<AccountAt>,
) -> TicketJudgement {
    let world = context.world;
    if !context.settings.tickets_enabled {
        return TicketJudgement::NotRead;
    }
    if !context.in_window(ticket) {
        return TicketJudgement::OutsideWindow;
    }
    let Some(requester) = requester else { return TicketJudgement::NoRequester };
    let Some(account) = account_of(requester) else { return TicketJudgement::RequesterNotJudged { requester } };
    let Some(org_id) = context.resolved.org_id(account) else {
        return match context.resolved.accounts[account] {
            Resolution::Duplicate(_) => TicketJudgement::Duplicate { requester, account },
            _ => TicketJudgement::RequesterNotJudged { requester },
        };
    };
    let mismatch = match ticket.organization_id() {
        Some(org) if org == org_id => return TicketJudgement::Agrees { requester, account, org_id },
        None => Mismatch::NoOrg,
        Some(org) if world.membership_in(requester, org).is_some() => Mismatch::OtherMemberOrg,
        Some(_) => Mismatch::NotMemberOrg,
    };
    TicketJudgement::Mismatch { requester, account, org_id, mismatch }
}

/// Finds the ticket issues, and counts the tickets of the window, also into the tally of `judged`. `issues` holds the user
/// issues. Without tickets (rules 6.3) nothing is found.
pub fn detect(
    context: &RuleContext<'_>,
    domains: &DomainVerdicts,
    judged: &mut Judged,
    issues: &mut Vec<Issue>,
) -> u64 {
    if !context.settings.tickets_enabled {
        return 0;
    }
    // Each user has one issue at most.
    let mut of_users: Vec<(u32, IssueId)> = issues
        .iter()
        .filter_map(|issue| match issue.evidence {
            Evidence::User(user) => Some((user, issue.id)),
            Evidence::Account | Evidence::Ticket { .. } => None,
        })
        .collect();
    of_users.sort_unstable();
    let rows = &context.world.tickets.rows;
    let mut all_in_window = 0;
    for stretch in (0..rows.len()).step_by(STRETCH) {
        let parts = parallel::in_parts((rows.len() - stretch).min(STRETCH), |tickets| {
            let tickets = stretch + tickets.start..stretch + tickets.end;
            let mut found = Vec::new();
            let (mut in_window, mut tally) = (0, Tally::new(context));
            for (from, some) in tickets.clone().step_by(AT_ONCE).zip(rows[tickets].chunks(AT_ONCE)) {
                let requesters: Vec<Option<u64>> = some.iter().map(Ticket::requester_id).collect();
                let requesters = context.world.users_at(&requesters);
                let accounts: Vec<Option<AccountAt>> = requesters.iter().map(|user| judged.account((*user)?)).collect();
                for (index, ticket) in some.iter().enumerate() {
                    let judgement = judge(context, ticket, requesters[index], |_| accounts[index]);
                    if judgement != TicketJudgement::OutsideWindow {
                        in_window += 1;
                        tally.add_ticket(context, domains, ticket, requesters[index]);
                    }
                    found.extend(issue(context, &of_users, from + index, judgement));
                }
            }
            context.sort(&mut found);
            (in_window, tally, found)
        });
        for (in_window, tally, mut found) in parts {
            all_in_window += in_window;
            judged.tally.merge(&tally);
            issues.append(&mut found);
        }
    }
    all_in_window
}

/// The issue of the ticket at an index, if it has one. `of_users`: the issues of users, by the user's index.
fn issue(
    context: &RuleContext<'_>,
    of_users: &[(u32, IssueId)],
    at: usize,
    judgement: TicketJudgement,
) -> Option<Issue> {
    let (code, requester, account, org_id, mismatch) = match judgement {
        TicketJudgement::NotRead
        | TicketJudgement::OutsideWindow
        | TicketJudgement::NoRequester
        | TicketJudgement::RequesterNotJudged { .. }
        | TicketJudgement::Agrees { .. } => return None,
        TicketJudgement::Duplicate { requester, account } => {
            (IssueCode::TicketResolutionBlockedDuplicateExternalId, requester, account, None, None)
        }
        TicketJudgement::Mismatch { requester, account, org_id, mismatch } => {
            (IssueCode::TicketOrgMismatch, requester, account, Some(org_id), Some(mismatch))
        }
    };
    let user = &context.world.users[requester];
    let requester = requester as u32;
    let subject = Subject {
        account: Some(account),
        org_id,
        user_id: Some(user.id()),
        ticket_id: Some(context.world.tickets.rows[at].id()),
        domain: user.domain(),
    };
    let echo_of = of_users.binary_search_by_key(&requester, |(user, _)| *user).ok().map(|index| of_users[index].1);
    let evidence = Evidence::Ticket { ticket: at as u32, requester, echo_of, mismatch };
    let mut issue = context.issue(code, subject, evidence);
    issue.status = Status::Detected;
    Some(issue)
}
