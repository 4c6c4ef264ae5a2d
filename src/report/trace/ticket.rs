//! A ticket in words: its requester, and what follows.

use super::page::Page;
use super::user::user;
use super::words::org_in_words;
use crate::text::escape;
use crate::trace::TicketTrace;

pub(super) fn ticket(page: &mut Page, ticket: &TicketTrace<'_>) {
    page.heading("The ticket");
    let org = ticket.organization.as_ref().map_or("no org".to_owned(), org_in_words);
    page.text(1, &format!("Status {}, filed under {org}.", escape::terminal(ticket.status)));
    let (from, to) = &ticket.window;
    let inside = if ticket.in_window { "in" } else { "not in" };
    let updated_at = escape::terminal(&ticket.updated_at);
    page.text(1, &format!("Updated at {updated_at}, {inside} the window from {from} to {to}."));
    match (ticket.requester_id, &ticket.requester) {
        (Some(id), Some(_)) => page.text(1, &format!("Requested by user {id}, who is checked below.")),
        (Some(id), None) => page.text(1, &format!("Requested by user {id}, who does not exist.")),
        (None, _) => page.text(1, "It has no requester."),
    }
    if let Some(requester) = &ticket.requester {
        user(page, requester);
    }
    page.heading("Conclusion for the ticket");
    let expected = ticket.expected_org.as_ref().map_or(String::new(), org_in_words);
    let account = escape::terminal(ticket.sf_account_id.unwrap_or_default());
    let echo = match &ticket.echo_of_issue_id {
        Some(id) => format!(
            " The requester has the open issue {id}. Fix that first; it stops new ones, and this ticket stays as it is."
        ),
        None => String::new(),
    };
    page.text(
        1,
        &match ticket.judgement {
            "not_read" => "Nothing: tickets.enabled is false.".to_owned(),
            "outside_window" => "Nothing: only tickets in the window are checked.".to_owned(),
            "no_requester" => "Nothing: a ticket without a requester cannot be checked.".to_owned(),
            "requester_not_judged" => {
                "Nothing: a ticket is only checked if its requester belongs to one account.".to_owned()
            }
            "agrees" => format!("As it should be: it is filed under the org of account {account}."),
            "ticket_org_mismatch" => {
                let kind = match ticket.mismatch_kind {
                    Some("no_org") => "it is filed under no org",
                    Some("other_member_org") => "it is filed under another org of the requester",
                    _ => "it is filed under an org of which the requester is not a member",
                };
                format!("It should be filed under {expected}, the org of account {account}; {kind}.{echo}")
            }
            _ => {
                format!("Several orgs have the id of account {account}, so the right one is unknown.{echo}")
            }
        },
    );
}
