//! The two fixture worlds, word by word.

use super::{Asked, ask_all_codes, ask_demo, fixture};
use g_gremlin::trace::TraceSubject;
use std::collections::BTreeSet;

/// Demands that the texts of these subjects are the committed ones; when blessing, writes those first.
fn agree(asked: &Asked<'_>, file: &str, subjects: impl IntoIterator<Item = TraceSubject>) {
    let texts = subjects.into_iter().map(|subject| asked.text(&subject));
    let text = texts.collect::<Vec<_>>().join(&format!("\n{}\n\n", "=".repeat(80)));
    let path = fixture(file);
    if std::env::var_os("G_GREMLIN_BLESS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, &text).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(text.lines()).position(|(one, other)| one != other);
    let at = differs.unwrap_or(committed.lines().count().min(text.lines().count()));
    assert!(
        committed == text,
        "{file} differs at line {}\nexpected: {:?}\n   found: {:?}\nG_GREMLIN_BLESS=1 cargo test --test it trace:: rewrites what is expected",
        at + 1,
        committed.lines().nth(at),
        text.lines().nth(at)
    );
}

fn accounts(asked: &Asked<'_>) -> Vec<TraceSubject> {
    let accounts = asked.audit().reference.accounts.iter();
    accounts.map(|account| TraceSubject::Account(account.sf_account_id().raw().to_owned())).collect()
}

/// The tickets of findings, and the first of every other judgement.
fn tickets(asked: &Asked<'_>) -> Vec<TraceSubject> {
    let mut seen = BTreeSet::new();
    let tickets = asked.audit().world.tickets.rows.iter().map(|row| TraceSubject::Ticket(row.id()));
    tickets
        .filter(|ticket| {
            let trace = asked.json(ticket);
            !trace["issues"].as_array().expect("a list").is_empty() || seen.insert(trace["judgement"].to_string())
        })
        .collect()
}

fn domains<const N: usize>(domains: [&str; N]) -> [TraceSubject; N] {
    domains.map(|domain| TraceSubject::Domain(domain.to_owned()))
}

#[test]
fn every_account_and_org_of_the_demo_is_explained_as_expected() {
    ask_demo(|asked| {
        agree(asked, "demo/expected_traces/accounts.txt", accounts(asked));
        agree(asked, "demo/expected_traces/orgs.txt", (4001..=4011).map(TraceSubject::Org));
    });
}

#[test]
fn users_tickets_and_domains_of_the_demo_are_explained_as_expected() {
    ask_demo(|asked| {
        let users = [5001, 5002, 5004, 5006, 5008, 5014, 5016, 5017, 5019, 5020, 5021];
        agree(asked, "demo/expected_traces/users.txt", users.map(TraceSubject::User));
        agree(asked, "demo/expected_traces/tickets.txt", tickets(asked));
        let some = ["acme-health.example", "acme-fleet.example", "acme-shop.example", "outlook.com", "gmail.com"];
        agree(asked, "demo/expected_traces/domains.txt", domains(some));
    });
}

#[test]
fn every_account_of_the_second_fixture_is_explained_as_expected() {
    ask_all_codes(|asked| agree(asked, "all_codes/expected_traces/accounts.txt", accounts(asked)));
}

#[test]
fn the_other_subjects_of_the_second_fixture_are_explained_as_expected() {
    ask_all_codes(|asked| {
        let orgs = [1010, 1021, 1040, 1080, 1100, 1120, 1130, 1190, 1211, 1240, 1310];
        agree(asked, "all_codes/expected_traces/orgs.txt", orgs.map(TraceSubject::Org));
        let users = [
            2010, 2020, 2021, 2040, 2041, 2043, 2080, 2130, 2170, 2194, 2195, 2200, 2210, 2220, 2221, 2240, 2241, 2242,
            2263, 2264, 2265, 2266, 2267, 2268, 2269, 2400, 2900, 2901, 2902, 2903, 2904, 2905, 2906, 2907, 2908, 2909,
        ];
        agree(asked, "all_codes/expected_traces/users.txt", users.map(TraceSubject::User));
        agree(asked, "all_codes/expected_traces/tickets.txt", tickets(asked));
        let some = [
            "agreed.example",
            "twins.example",
            "linkable-add.example",
            "contest-a.example",
            "shared-only.example",
            "partly-roam.example",
            "moved.example",
            "group.example",
            "xn--bcher-kva.example",
            "roaming.example",
            "mail.com",
            "gmail.com",
            "corpmail.example",
            "ignored.example",
        ];
        agree(asked, "all_codes/expected_traces/domains.txt", domains(some));
    });
}
