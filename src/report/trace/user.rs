//! A user in words: in scope or not, where the user is, what the domain says, and what follows.

use super::page::Page;
use super::words::{MOST_IDS, MOST_MEMBERS, account_in_words, external_id, org_in_words, seats_in_words, words};
use crate::rules::detect::domain::OutOfScope;
use crate::text::escape;
use crate::text::words::{counted, grouped};
use crate::trace::{DefaultFrom, UserTrace};

pub(super) fn user(page: &mut Page, user: &UserTrace<'_>) {
    page.heading("In scope?");
    let role = escape::terminal(user.role);
    if user.in_scope {
        let verified = if user.verified { "verified" } else { "not verified" };
        page.text(1, &format!("Yes: role {role}, active, and the email address ({verified}) has a usable domain."));
    } else {
        let because = user.out_of_scope_because.iter().map(|reason| match reason {
            OutOfScope::Role => format!("the role is {role}"),
            OutOfScope::Inactive => "inactive".to_owned(),
            OutOfScope::Suspended => "suspended".to_owned(),
            OutOfScope::Shared => "shared from another Zendesk".to_owned(),
            OutOfScope::NoUsableDomain => "no email address with a usable domain".to_owned(),
        });
        page.text(1, &format!("No: {}. Nothing is checked.", because.collect::<Vec<_>>().join(", ")));
    }

    memberships(page, user);
    if !user.in_scope {
        return;
    }

    domain_verdict(page, user);

    page.heading("Conclusion for the user");
    page.text(1, &user_outcome(user));
    let tickets = counted(user.tickets_in_window, "ticket");
    page.text(
        1,
        &match user.outcome {
            "agrees" | "user_missing_expected_membership" | "user_default_org_not_expected" => {
                format!("{tickets} in the window, checked against that org.")
            }
            "user_resolution_blocked_duplicate_external_id" => {
                format!("{tickets} in the window, each reported because the right org is unknown.")
            }
            _ => format!("{tickets} in the window, not checked."),
        },
    );
}

fn domain_verdict(page: &mut Page, user: &UserTrace<'_>) {
    page.heading("What the domain shows");
    let domain = user.domain.unwrap_or_default();
    let verdict = user.domain_verdict.unwrap_or_default();
    match &user.accounts[..] {
        [] => page.text(1, &format!("{domain}: {}.", words(verdict))),
        [one] => page.text(1, &format!("{domain} is expected by {}.", account_in_words(one))),
        several => {
            page.text(1, &format!("{domain} is expected by {} accounts, so it does not identify one:", several.len()));
            several.iter().take(MOST_IDS).for_each(|account| page.text(2, &account_in_words(account)));
        }
    }
    if !user.accounts.is_empty() {
        match &user.orgs[..] {
            [] => page.text(1, "It points to no org."),
            orgs => {
                page.text(1, "It points to:");
                for org in orgs.iter().take(MOST_IDS) {
                    page.text(2, &format!("{}, {}", org_in_words(org), external_id(org)));
                }
            }
        }
    }
    if let Some(seats) = user.seats.filter(|seats| seats.users_in_other_orgs > 0) {
        page.text(1, &format!("Check for a provider's domain: {}.", seats_in_words(&seats)));
    }
}

fn memberships(page: &mut Page, user: &UserTrace<'_>) {
    page.heading("Where the user is");
    if user.memberships.is_empty() {
        page.text(1, "No membership.");
    }
    for membership in user.memberships.iter().take(MOST_MEMBERS) {
        let default = if membership.default { ", default" } else { "" };
        page.text(1, &format!("membership {}: {}{default}", membership.membership_id, org_in_words(&membership.org)));
    }
    if let more @ 1.. = user.memberships.len().saturating_sub(MOST_MEMBERS) {
        page.text(1, &format!("and {} more; --format json lists all", grouped(more as u64)));
    }
    match (&user.default_org, user.default_from) {
        (Some(org), Some(DefaultFrom::DefaultMembership)) => {
            page.text(1, &format!("Default org: {}, from the default membership.", org_in_words(org)));
        }
        (Some(org), _) => page.text(
            1,
            &format!(
                "Default org: {}, from the user's own organization_id; no membership is the default.",
                org_in_words(org)
            ),
        ),
        (None, _) => page.text(1, "Default org: none."),
    }
}

fn user_outcome(user: &UserTrace<'_>) -> String {
    let org = user.expected_org.as_ref().map_or("the org".to_owned(), org_in_words);
    match user.outcome {
        "personal_domain" | "ignored_domain" => {
            "Nothing: the domain does not identify a customer. The user is counted, and is never an issue.".to_owned()
        }
        "unmapped" => "Nothing: no account expects the domain.".to_owned(),
        "waiting_for_account" => "Nothing yet: the account must be matched to an org first.".to_owned(),
        "spread_domain" => {
            "Nothing: the domain looks like a provider's, so it proves nothing about its users. If it is the customer's own, add it to domains.not_personal.".to_owned()
        }
        "settled" => format!(
            "Nothing: the domain alone matches several accounts or orgs, but the default org is that of account \
                {}, so the user is clear.",
            escape::terminal(user.settled_for.unwrap_or_default())
        ),
        "agrees" => format!("As it should be: a member of {org}, which is the default org."),
        "user_missing_expected_membership" => {
            let verified = if user.verified { "the address is verified" } else { "the address is not verified" };
            let several = match (user.memberships.is_empty(), user.multiple_organizations_work) {
                (true, _) => "the user has no other membership",
                (false, true) => "Zendesk allows several orgs per user",
                (false, false) => "Zendesk allows only one org per user",
            };
            format!("Should be in {org} but is not a member; {verified}, and {several}.")
        }
        "user_default_org_not_expected" => format!("Is a member of {org}, as it should be, but it is not the default org."),
        "user_domain_ambiguous" if user.accounts.len() > 1 => {
            "Several accounts expect the domain, and the default org is not the org of exactly one of them. \
                g-gremlin never guesses where a user belongs.".to_owned()
        }
        "user_domain_ambiguous" => {
            "The domain is on several orgs, and the default org is not the account's. g-gremlin never guesses \
                where a user belongs.".to_owned()
        }
        "user_resolution_blocked_duplicate_external_id" => {
            "Belongs to the account, but several orgs have its id, so the right one is unknown.".to_owned()
        }
        other => other.to_owned(),
    }
}
