//! Ids, names and codes of a trace in words, each in one place.

use crate::text::escape;
use crate::text::words::{counted, grouped};
use crate::trace::{AccountBrief, DomainUserCounts, OrgBrief, SeatsView};

/// How many members of an org, or memberships of a user, are listed.
pub(super) const MOST_MEMBERS: usize = 20;
/// How many ids stand in one list.
pub(super) const MOST_IDS: usize = 10;

/// A name of this program in words, where it is not a code that `explain` knows.
pub(super) fn words(name: &'static str) -> &'static str {
    match name {
        "domain_linked" => "linked by its domain",
        "linked" => "linked by its id",
        "duplicate" => "several orgs have its id",
        "contested" => "another account also matches its only candidate",
        "conflict" => "its only candidate has another external id",
        "missing" => "no unique org matches it",
        "out_of_scope" => "not in scope",
        "personal_domain" => "a personal or provider domain",
        "ignored_domain" => "an ignored domain",
        "unmapped" => "no account expects the domain",
        "waiting_for_account" => "waits until the account is matched",
        "spread_domain" => "looks like a provider's domain",
        "duplicate_account" => "its account has several orgs",
        "several_accounts" => "several accounts expect it",
        "several_orgs" => "it points to several orgs",
        "expected" => "names one account and one org",
        "settled" => "settled by the default org",
        "agrees" => "as it should be",
        "not_read" => "not checked, because tickets.enabled is false",
        "outside_window" => "not in the window",
        "no_requester" => "no requester",
        "requester_not_judged" => "not checked, because its requester is not",
        code => code,
    }
}

/// ` (name)`, or nothing.
pub(super) fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" ({})", escape::terminal(name)) }
}

pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escape::terminal(text))
}

pub(super) fn org_in_words(org: &OrgBrief<'_>) -> String {
    if org.exists {
        format!("org {}{}", org.org_id, named(org.org_name.unwrap_or_default()))
    } else {
        format!("org {}, which does not exist", org.org_id)
    }
}

pub(super) fn external_id(org: &OrgBrief<'_>) -> String {
    match org.external_id.filter(|id| !id.trim().is_empty()) {
        Some(id) => format!("external id {}", quoted(id)),
        None => "no external id".to_owned(),
    }
}

pub(super) fn account_in_words(account: &AccountBrief<'_>) -> String {
    let org = account.org_id.map(|id| format!(", org {id}")).unwrap_or_default();
    let name = named(account.account_name);
    format!("account {}{name}: {}{org}", escape::terminal(account.sf_account_id), words(account.resolution))
}

/// `a, b and 3 more`.
pub(super) fn list<T: ToString>(items: &[T]) -> String {
    let shown: Vec<String> = items.iter().take(MOST_IDS).map(|item| escape::terminal(&item.to_string())).collect();
    match items.len().saturating_sub(MOST_IDS) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), grouped(more as u64)),
    }
}

pub(super) fn accounts(ids: &[&str]) -> String {
    format!("{} {}", if ids.len() == 1 { "account" } else { "accounts" }, list(ids))
}

pub(super) fn orgs(ids: &[u64]) -> String {
    match ids {
        [] => "no org".to_owned(),
        [one] => format!("org {one}"),
        several => format!("orgs {}", list(several)),
    }
}

pub(super) fn seats_in_words(seats: &SeatsView) -> String {
    let SeatsView { users_in_own_org, users_in_other_orgs, other_orgs, is_spread } = seats;
    let others = match other_orgs {
        0 => String::new(),
        1 => " (one org)".to_owned(),
        2 => " (two orgs)".to_owned(),
        _ => " (three orgs or more)".to_owned(),
    };
    let verdict =
        if *is_spread { "it looks like a provider's domain" } else { "it does not look like a provider's domain" };
    format!(
        "of its users in scope, {users_in_own_org} have the account's org as default and {users_in_other_orgs} \
            have another one{others}, so {verdict}"
    )
}

pub(super) fn user_counts(counts: &DomainUserCounts) -> String {
    let users = counted(counts.values().sum(), "user");
    match counts.iter().collect::<Vec<_>>()[..] {
        [] => "no user has it".to_owned(),
        [(outcome, _)] => format!("{users}: {}", words(outcome)),
        _ => {
            let counts = counts.iter().map(|(outcome, count)| format!("{count} {}", words(outcome)));
            format!("{users}: {}", counts.collect::<Vec<_>>().join("; "))
        }
    }
}

pub(super) fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
