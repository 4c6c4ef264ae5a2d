//! A domain in words: who expects it, who holds it, and what it says about its users.

use super::org::org_view;
use super::page::Page;
use super::words::{MOST_IDS, account_in_words, seats_in_words, user_counts};
use crate::text::words::grouped;
use crate::trace::Domain;

pub(super) fn domain(page: &mut Page, domain: &Domain<'_>) {
    page.heading("What is known about it");
    if domain.personal {
        page.text(
            1,
            "It is a personal or provider domain: it does not identify a customer, and is never used for matching.",
        );
    }
    if domain.ignored {
        page.text(1, "It is listed in domains.ignored: it is never used for matching.");
    }
    if domain.not_personal {
        page.text(1, "It is listed in domains.not_personal: it is not personal, and never treated as a provider's.");
    }
    match &domain.expected_by[..] {
        [] => page.text(1, "No account expects it."),
        [one] => page.text(1, &format!("Expected by {}.", account_in_words(one))),
        several => {
            page.text(1, &format!("Expected by {} accounts, so it links no account:", several.len()));
            several.iter().take(MOST_IDS).for_each(|account| page.text(2, &account_in_words(account)));
            if let more @ 1.. = several.len().saturating_sub(MOST_IDS) {
                page.text(2, &format!("and {} more; --format json lists all", grouped(more as u64)));
            }
        }
    }
    for warning in &domain.warnings {
        let line = warning.line.map(|line| format!(", line {line}")).unwrap_or_default();
        page.text(1, &format!("Warning {}{line}: {}", warning.code, warning.message));
    }

    page.heading("Orgs that have it");
    if domain.held_by.is_empty() {
        page.text(1, "None.");
    }
    for view in domain.held_by.iter().take(MOST_IDS) {
        org_view(page, view);
    }
    if let more @ 1.. = domain.held_by.len().saturating_sub(MOST_IDS) {
        page.text(1, &format!("and {} more; --format json lists all", grouped(more as u64)));
    }

    page.heading("What it shows about its users");
    page.text(1, &domain_verdict(domain.verdict));
    if let Some(seats) = domain.seats.filter(|seats| seats.users_in_other_orgs > 0) {
        page.text(1, &format!("Check for a provider's domain: {}.", seats_in_words(&seats)));
    }
    page.text(1, &user_counts(&domain.users));
}

fn domain_verdict(verdict: &'static str) -> String {
    match verdict {
        "personal_domain" | "ignored_domain" => "Nothing: they are counted, and are never an issue.",
        "unmapped" => "Nothing: no account expects the domain.",
        "waiting_for_account" => "Nothing yet: the account must be matched to an org first.",
        "spread_domain" => "Nothing: the domain looks like a provider's, so they are not checked.",
        "duplicate_account" => "They belong to the account, but several orgs have its id.",
        "several_accounts" => {
            "Several accounts expect it. A user is only clear if their default org is the org of exactly one of \
                them."
        }
        "several_orgs" => {
            "One account expects it, but other orgs have it too. A user is only clear if the account's org is \
                their default org."
        }
        "expected" => "They should be members of the account's org, with it as their default org.",
        other => other,
    }
    .to_owned()
}
