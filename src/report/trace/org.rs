//! An org in words: what it holds, whose it is, and who its members are.

use super::page::Page;
use super::words::{
    MOST_MEMBERS, account_in_words, accounts, external_id, list, named, org_in_words, orgs, user_counts, words,
};
use crate::text::escape;
use crate::text::words::{counted, grouped};
use crate::trace::{OrgTrace, OrgView};

pub(super) fn org_view(page: &mut Page, view: &OrgView<'_>) {
    page.text(1, &format!("{}: {}", org_in_words(&view.org), external_id(&view.org)));
    let domains = if view.domains.is_empty() { "no domain".to_owned() } else { list(&view.domains) };
    page.text(2, &format!("domains: {domains}"));
    let shared = if view.shared_tickets { "; its members see each other's tickets" } else { "" };
    page.text(
        2,
        &format!(
            "{}; default org of {}; {} in the window{shared}",
            counted(view.members, "member"),
            counted(view.default_users, "user"),
            counted(view.tickets_in_window, "ticket")
        ),
    );
}

pub(super) fn org(page: &mut Page, org: &OrgTrace<'_>) {
    page.heading("In Zendesk");
    org_view(page, &org.org);

    page.heading("Which account it belongs to");
    match &org.account_key {
        Some(key) => page.text(1, &format!("Its external id is compared as {key}.")),
        None => page.text(1, "It has no external id, so only its domains can link it to an account."),
    }
    for account in &org.claimed_by {
        let how = match account.resolution {
            "linked" => "has this id, and no other org has it: it is this account's org",
            "duplicate" => "has this id, and other orgs have it too",
            "domain_linked" => "has its domains here and nowhere else: it is this account's org",
            "contested" => "has its domains here and nowhere else, but another account has a domain here too",
            "conflict" => "has its domains here and nowhere else, but the external id is another account's",
            _ => "has a domain here, and on other orgs too",
        };
        let name = named(account.account_name);
        page.text(1, &format!("Account {}{name} {how}.", escape::terminal(account.sf_account_id)));
    }
    let by_id = org.claimed_by.iter().any(|account| matches!(account.resolution, "linked" | "duplicate"));
    if org.account_key.is_some() && !by_id {
        page.text(1, "No account of the reference has this id.");
    }
    if org.account_key.is_none() && org.claimed_by.is_empty() {
        page.text(1, "No account matches it.");
    }
    for account in &org.near {
        page.text(
            1,
            &format!("Its external id looks similar to that of {}, but is not the same.", account_in_words(account)),
        );
    }

    held_domains(page, org);
    page.heading(&format!("Its members: {}", org.member_list.len()));
    for member in org.member_list.iter().take(MOST_MEMBERS) {
        let domain = member.domain.unwrap_or("no usable domain");
        let default = if member.default_org { ", default org" } else { "" };
        page.text(1, &format!("user {}, {domain}{default}: {}", member.user_id, words(member.outcome)));
    }
    if let more @ 1.. = org.member_list.len().saturating_sub(MOST_MEMBERS) {
        page.text(1, &format!("and {} more; --format json lists all", grouped(more as u64)));
    }
}

fn held_domains(page: &mut Page, org: &OrgTrace<'_>) {
    page.heading("Its domains");
    if org.held_domains.is_empty() {
        page.text(1, "None.");
    }
    for domain in &org.held_domains {
        let expected = match &domain.expected_by[..] {
            [] => "no account expects it".to_owned(),
            ids => format!("expected by {}", accounts(ids)),
        };
        let also = match &domain.also_held_by[..] {
            [] => String::new(),
            ids => format!("; also on {}", orgs(ids)),
        };
        let verdict = match domain.verdict {
            verdict @ ("personal_domain" | "ignored_domain" | "spread_domain") => format!("; {}", words(verdict)),
            _ => String::new(),
        };
        page.text(1, &format!("{}: {expected}{also}{verdict}", domain.domain));
        page.text(2, &user_counts(&domain.users));
    }
}
