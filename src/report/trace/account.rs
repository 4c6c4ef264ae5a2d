//! An account in words: its row, how its id is compared, which orgs it could be, and what follows.

use super::org::org_view;
use super::page::Page;
use super::words::{accounts, external_id, list, org_in_words, orgs, quoted, seats_in_words, user_counts};
use crate::text::escape;
use crate::trace::{AccountTrace, Candidate, DomainEntry, ExpectedDomain, IdFormName};

pub(super) fn account(page: &mut Page, account: &AccountTrace<'_>) {
    reference_row(page, account);

    id_form(page, account);
    orgs_with_its_id(page, account);
    if let Some(candidates) = &account.candidates {
        page.heading("Orgs with its domains");
        if account.row.expected_domains.is_empty() {
            page.text(1, "It has no domain to search for.");
        } else if candidates.is_empty() {
            page.text(1, &format!("No org holds {}.", list(&account.row.expected_domains)));
        }
        for candidate in candidates {
            page.text(1, &self::candidate(candidate));
        }
    }

    page.heading("Conclusion for the account");
    page.text(1, &resolution(account));
    for domain in &account.domains {
        page.text(1, &expected_domain(domain, account.org_id));
    }

    if !account.orgs.is_empty() {
        page.heading("Those orgs");
    }
    for view in &account.orgs {
        org_view(page, view);
    }

    if !account.domains.is_empty() {
        page.heading("Users with its domains");
    }
    for domain in &account.domains {
        page.text(1, &format!("{}: {}", domain.domain, user_counts(&domain.users)));
    }
}

fn id_form(page: &mut Page, account: &AccountTrace<'_>) {
    page.heading("How its id is compared");
    let key = &account.key;
    page.text(
        1,
        &match key.form {
            IdFormName::Salesforce15 => format!(
                "{} has 15 characters, and their case matters. With its check it is {}. That is its account \
                    key, and what Zendesk should have.",
                account.sf_account_id, key.account_key
            ),
            IdFormName::Salesforce18 if account.sf_account_id == key.account_key => format!(
                "{} has 18 characters and the right check, so it is its own account key. {} is the same id.",
                account.sf_account_id,
                &key.account_key[..15]
            ),
            IdFormName::Salesforce18 => format!(
                "{} has 18 characters; its check restores the case: its account key is {}.",
                account.sf_account_id, key.account_key
            ),
            IdFormName::WrongCheck => format!(
                "{} has 18 characters, but its last three are not the check of the others. It is compared as \
                    text, ignoring case.",
                account.sf_account_id
            ),
            IdFormName::Other => {
                format!("{} is not a Salesforce id. It is compared as text, ignoring case.", account.sf_account_id)
            }
        },
    );
}

fn orgs_with_its_id(page: &mut Page, account: &AccountTrace<'_>) {
    page.heading("Orgs with its id");
    page.text(1, &format!("Searched for external id {}.", account.lookup.spellings.join(" or ")));
    if account.lookup.found.is_empty() {
        page.text(1, "No org has it.");
    }
    for org in &account.lookup.found {
        page.text(1, &format!("{} has it, as {}", org_in_words(org), quoted(org.external_id.unwrap_or_default())));
    }
    for org in &account.lookup.near {
        page.text(1, &format!("{} has {}, which looks similar but is another id", org_in_words(org), external_id(org)));
    }
}

fn reference_row(page: &mut Page, account: &AccountTrace<'_>) {
    let row = &account.row;
    page.heading("In the reference");
    let expected = match (row.org_expected, row.zendesk_expected.as_str()) {
        (true, "") => "it should have an org".to_owned(),
        (true, text) => format!("it should have an org (zendesk_expected is {})", quoted(text)),
        (false, text) => format!("it does not need an org (zendesk_expected is {})", quoted(text)),
    };
    let website =
        row.website.map(|website| format!("; website {} is never matched", quoted(website))).unwrap_or_default();
    page.text(1, &format!("Line {}: {expected}{website}.", row.line));
    for cell in &row.cells {
        if cell.entries.is_empty() {
            continue;
        }
        let read = match (cell.read, cell.column) {
            (false, _) => ", not used, because the override has a domain",
            (true, "zendesk_domain_override") if row.cells.iter().any(|cell| !cell.read) => ", in force",
            (true, "zendesk_domain_override") => " has no domain, so account_domains is used",
            (true, _) => "",
        };
        page.text(1, &format!("{}{read}:", cell.column));
        for entry in cell.entries.iter().filter(|_| cell.read) {
            page.text(2, &self::entry(entry));
        }
        if !cell.read {
            let texts: Vec<&str> = cell.entries.iter().map(|entry| &*entry.entry).collect();
            page.text(2, &list(&texts));
        }
    }
    page.text(
        1,
        &match &row.expected_domains[..] {
            [] => "So it has no expected domain.".to_owned(),
            domains => format!("So its expected domains are: {}", list(domains)),
        },
    );
    // The others are shown at their entries above, or further below.
    let of_row = row.warnings.iter().filter(|warning| warning.domain.is_none());
    for warning in of_row {
        page.text(1, &format!("Warning {}: {}", warning.code, warning.message));
    }
}

fn entry(entry: &DomainEntry<'_>) -> String {
    let normal = entry.domain.as_deref().filter(|domain| *domain != entry.entry);
    let normal = normal.map(|domain| format!(", that is {domain}")).unwrap_or_default();
    let mut fate = match entry.fate {
        "personal" => "dropped, a personal or provider domain".to_owned(),
        "ignored" => "dropped, listed in domains.ignored".to_owned(),
        "not_a_domain" => "dropped, not a domain".to_owned(),
        "public_suffix" => "dropped, a public suffix under which anyone can have a domain".to_owned(),
        _ => "expected".to_owned(),
    };
    if !entry.shared_with.is_empty() {
        fate.push_str(&format!(", but shared with {}, so it links no account", accounts(&entry.shared_with)));
    }
    if entry.spread {
        fate.push_str(", but it looks like a provider's");
    }
    if entry.repeated {
        fate.push_str(", and is repeated");
    }
    format!("{}{normal}: {fate}", escape::terminal(&entry.entry))
}

fn candidate(candidate: &Candidate<'_>) -> String {
    let org = org_in_words(&candidate.org);
    if !candidate.counts {
        let shared = list(&candidate.holds_shared);
        return format!("{org} does not count: it has only {shared}, which other accounts expect too");
    }
    let claims: Vec<String> = candidate
        .other_claims
        .iter()
        .map(|claim| format!("{}, which only account {} expects", claim.domain, escape::terminal(claim.sf_account_id)))
        .collect();
    let claims = match list(&claims) {
        text if text.is_empty() => "no domain of another account".to_owned(),
        text => format!("also {text}"),
    };
    format!("{org} counts: it has {}; it has {}, and {claims}", list(&candidate.holds), external_id(&candidate.org))
}

fn resolution(account: &AccountTrace<'_>) -> String {
    let name = account.resolution;
    let counting = account.candidates.iter().flatten().filter(|candidate| candidate.counts);
    let counting: Vec<u64> = counting.map(|candidate| candidate.org.org_id).collect();
    let org = account.org_id.unwrap_or_default();
    match name {
        "linked" => format!("{name}: exactly one org has its id, so org {org} is its org."),
        "domain_linked" => format!(
            "{name}: no org has its id, and exactly one counts by its domains and has no external id. So org \
                {org} is its org, and should get its id."
        ),
        "duplicate" => format!(
            "{name}: {} orgs have its id. It is unclear which one is the customer, so everything that depends \
                on it is blocked.",
            account.lookup.found.len()
        ),
        "contested" => format!(
            "{name}: only {} counts, but another account matches it equally well. Nothing is done until a \
                person decides.",
            orgs(&counting)
        ),
        "conflict" => format!(
            "{name}: only {} counts, but its external id names another account. An external id is never \
                overwritten.",
            orgs(&counting)
        ),
        _ if counting.is_empty() => format!(
            "{name}: no org has its id, and none counts by its domains. {}",
            if account.row.org_expected {
                "It should have one, so that is reported."
            } else {
                "It does not need one, so nothing is reported."
            }
        ),
        _ => format!("{name}: no org has its id, and several count by its domains: {}.", orgs(&counting)),
    }
}

fn expected_domain(domain: &ExpectedDomain<'_>, org: Option<u64>) -> String {
    let text = domain.domain;
    if !domain.shared_with.is_empty() {
        return format!(
            "{text} is also expected by {}, so it links no account, is never reported as missing, and is never \
                added",
            accounts(&domain.shared_with)
        );
    }
    let mut told = match (org, &domain.held_by[..]) {
        (Some(org), []) => format!("{text} is on no org: it is missing from org {org}"),
        (Some(org), [one]) if *one == org => {
            let spread = domain.seats.is_some_and(|seats| seats.is_spread);
            format!("{text} is only on org {org}{}", if spread { "" } else { ", as it should be" })
        }
        (Some(org), several) if several.contains(&org) => {
            let others: Vec<u64> = several.iter().copied().filter(|id| *id != org).collect();
            format!(
                "{text} is on org {org}, but also on {}: a person must decide which org it should be on",
                orgs(&others)
            )
        }
        (Some(org), others) => format!("{text} is on {}, not on org {org}: it cannot be added", orgs(others)),
        (None, held_by) => format!("{text} is on {}", orgs(held_by)),
    };
    if let Some(seats) = domain.seats.filter(|seats| seats.is_spread) {
        told.push_str(&format!("; {}", seats_in_words(&seats)));
    }
    told
}
