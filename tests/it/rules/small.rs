//! Small worlds, each for one turn of a rule that no fixture takes.

use super::Case;
use g_gremlin::catalogue::ActionCode;
use g_gremlin::model::accounts::{BaselineAccount, BaselineAccounts};
use g_gremlin::rules::issue::Action;
use g_gremlin::rules::suppress::would_silence;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// A folder of records and a reference.
struct Small {
    _folder: TempDir,
    case: Case,
}

/// Accounts are `id,domains`; of users and memberships only what matters.
fn small(accounts: &[&str], orgs: &[Value], users: &[Value], memberships: &[Value]) -> Small {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = |records: &[Value]| records.iter().map(|record| format!("{record}\n")).collect::<String>();
    let rows = accounts.iter().map(|row| format!("{row}\n")).collect::<String>();
    for (file, text) in [
        ("accounts.csv", format!("sf_account_id,account_domains,account_name\n{rows}")),
        ("organizations.ndjson", lines(orgs)),
        ("users.ndjson", lines(users)),
        ("organization_memberships.ndjson", lines(memberships)),
        ("tickets.ndjson", String::new()),
    ] {
        fs::write(folder.path().join(file), text).expect("written");
    }
    let mut case = Case::new("", "accounts.csv");
    (case.records, case.csv) = (folder.path().to_path_buf(), folder.path().join("accounts.csv"));
    Small { _folder: folder, case }
}

fn org(id: u64, external_id: Option<&str>, domains: &[&str]) -> Value {
    json!({ "id": id, "name": format!("Org {id}"), "external_id": external_id, "domain_names": domains })
}

fn user(id: u64, domain: &str, default: Option<u64>) -> Value {
    json!({ "id": id, "role": "end-user", "verified": true, "email": format!("a{id}@{domain}"), "organization_id": default })
}

fn membership(id: u64, user: u64, org: u64, default: bool) -> Value {
    json!({ "id": id, "user_id": user, "organization_id": org, "default": default })
}

#[test]
fn a_conflict_says_how_the_two_ids_differ_and_nothing_else() {
    let world = small(
        &[
            "0015g00000Qa1Bc,case.example,Case",
            "0015g00000Qb1Bd,part.example,Part",
            "0015g00000Qc1Be,known.example,Known",
        ],
        &[
            org(1, Some("0015g00000QA1BC"), &["case.example"]),
            org(2, Some("0015g00000Qb"), &["part.example"]),
            // The id of the first account, which so is linked to it.
            org(3, Some("0015g00000Qa1Bc"), &["known.example"]),
        ],
        &[],
        &[],
    );
    let details = world.case.details();
    let known = details.iter().find(|detail| detail.contains("is 3 (")).expect("a conflict");
    assert!(!known.contains("no account of the reference"), "{known}");
    let part = details.iter().find(|detail| detail.contains("is 2 (")).expect("a conflict");
    assert!(part.contains("; one of the two ids contains the other; no account of the reference has"), "{part}");

    let world =
        small(&["0015g00000Qa1Bc,case.example,Case"], &[org(1, Some("0015g00000QA1BC"), &["case.example"])], &[], &[]);
    let details = world.case.details();
    assert!(details[0].contains("; the two ids differ only in upper and lower case; no account"), "{details:?}");
}

#[test]
fn five_conflicts_are_worth_a_warning_when_they_are_most_of_the_accounts() {
    let warned = |conflicts: usize, others: usize| {
        let accounts: Vec<String> =
            (0..conflicts + others).map(|at| format!("A{at:02},d{at}.example,Account {at}")).collect();
        let id = |at: usize| if at < conflicts { format!("X{at}") } else { format!("A{at:02}") };
        let domain = |at: usize| format!("d{at}.example");
        let orgs: Vec<Value> =
            (0..conflicts + others).map(|at| org(at as u64 + 1, Some(&id(at)), &[&domain(at)])).collect();
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        small(&accounts, &orgs, &[], &[]).case.ask(|audit| {
            let warnings = audit.warnings.iter().map(|warning| format!("{}: {}", warning.code, warning.message));
            warnings.filter(|warning| warning.starts_with("most_accounts_conflict")).collect::<Vec<_>>()
        })
    };
    assert!(warned(5, 4)[0].contains("5 of 9 accounts match an org with another external_id"));
    assert_eq!(warned(6, 2).len(), 1);
    assert!(warned(5, 5).is_empty(), "half of them");
    assert!(warned(4, 0).is_empty(), "too few");
    assert!(warned(6, 8).is_empty(), "not most of them");
}

#[test]
fn of_the_domains_that_nobody_expects_the_fifty_with_most_users_are_listed() {
    let mut users: Vec<Value> = (0..98).map(|id| user(id + 1, &format!("many{:02}.example", id / 2), None)).collect();
    users.extend(
        ["b.example", "a.example", "c.example"].into_iter().zip(201..).map(|(domain, id)| user(id, domain, None)),
    );
    users.extend((301..304).map(|id| user(id, "blogspot.com", None)));
    let world = small(&["A1,other.example,One"], &[org(1, Some("A1"), &["other.example"])], &users, &[]);
    let listed = world.case.advisories();
    let wanted = std::iter::once("a.example".to_owned()).chain((0..49).map(|at| format!("many{at:02}.example")));
    assert_eq!(listed, wanted.map(|domain| format!("domain_unmapped {domain}")).collect::<Vec<_>>());
}

#[test]
fn who_has_two_memberships_in_one_org_is_one_member() {
    let orgs = [org(1, Some("A1"), &["a.example"]), org(2, Some("A1"), &[])];
    let world = small(
        &["A1,a.example,One"],
        &orgs,
        &[user(1, "a.example", Some(1))],
        &[membership(1, 1, 1, true), membership(2, 1, 1, false), membership(3, 1, 2, false)],
    );
    let details = world.case.details();
    let wanted = "2 orgs have this account's id: 1 (\"A1\", 1 member, 0 tickets); 2 (\"A1\", 1 member, 0 tickets).";
    assert_eq!(details[0], wanted);
    let without = Case { config: "version: 1\ntickets: { enabled: false }\n", ..world.case };
    assert!(without.details()[0].contains("1 (\"A1\", 1 member); 2 "), "{:?}", without.details());
}

#[test]
fn more_than_ten_orgs_are_counted() {
    let detail = |orgs: u64| {
        let orgs: Vec<Value> = (1..=orgs).map(|id| org(id, Some("A1"), &[])).collect();
        let world = small(&["A1,a.example,One"], &orgs, &[user(1, "a.example", None)], &[]);
        world.case.details().into_iter().find(|detail| detail.starts_with("The user's")).expect("a user")
    };
    assert!(detail(10).contains("orgs 1, 2, 3, 4, 5, 6, 7, 8, 9 and 10 have its id"));
    assert!(detail(12).contains("orgs 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more have its id"));
}

#[test]
fn an_account_without_an_org_says_what_was_looked_for() {
    let world = small(
        &["A1,,None", "A2,b.example,Lost", "A3,both.example,One", "A4,both.example,Two"],
        &[org(1, None, &[])],
        &[user(1, "both.example", None)],
        &[],
    );
    let details = world.case.details();
    assert_eq!(details[0], "No org has this account's id, and the account has no domain to match.");
    assert_eq!(details[1], "No org has this account's id or one of its domains.");
    let user = details.last().expect("a user");
    assert!(user.starts_with("2 accounts expect both.example, which points to no org;"), "{user}");
}

#[test]
fn a_contested_org_is_named_with_the_domains_that_it_holds() {
    let accounts = ["A1,held.example other.example,One", "A2,theirs.example,Two"];
    let world = small(&accounts, &[org(1, None, &["held.example", "theirs.example"])], &[], &[]);
    let details = world.case.details();
    assert!(details[0].starts_with("Org 1 has no external id and has held.example, but it also"), "{details:?}");
}

#[test]
fn a_default_org_that_nobody_knows_is_never_replaced() {
    let mut orgs = [org(1, Some("A1"), &["a.example"]), org(2, Some("unknown"), &[])];
    let users = [user(1, "a.example", Some(2)), user(2, "a.example", Some(2))];
    let memberships = [membership(1, 1, 1, false), membership(2, 1, 2, true), membership(3, 2, 2, true)];
    let world = small(&["A1,a.example,One"], &orgs, &users, &memberships);
    assert_eq!(
        world.case.actions(),
        [
            "assign_user_to_org user 2 a.example: default_org_not_in_reference",
            "move_user_to_org user 1 a.example: default_org_not_in_reference",
        ]
    );
    let details = world.case.details();
    let unknown = "the default org 2 is linked to an account that is not in the reference";
    assert_eq!(details[0], format!("A user with a.example should be in org 1 but is not a member; {unknown}."));
    assert_eq!(details[1], format!("A user with a.example is a member of org 1, but {unknown}."));

    // A domain that is on no org yet: Zendesk would add them by itself.
    orgs[0] = org(1, Some("A1"), &[]);
    let world = small(&["A1,a.example,One"], &orgs, &users, &memberships);
    let text = "org 1 either; users with it have a default org whose account is not in the reference.";
    assert!(world.case.details()[0].ends_with(text), "{:?}", world.case.details());
}

#[test]
fn as_many_users_at_home_as_elsewhere_are_no_sign_of_a_provider() {
    let domains = ["a.example", "b.example", "c.example", "d.example"];
    let orgs: Vec<Value> =
        domains.iter().zip(1..).map(|(domain, id)| org(id, Some(&format!("A{id}")), &[*domain])).collect();
    let accounts = ["A1,a.example,One", "A2,b.example,Two", "A3,c.example,Three", "A4,d.example,Four"];
    let spread = |own: u64| {
        let elsewhere = (2..=4).map(|org| user(org, "a.example", Some(org)));
        let users: Vec<Value> = elsewhere.chain((11..11 + own).map(|id| user(id, "a.example", Some(1)))).collect();
        let world = small(&accounts, &orgs, &users, &[]);
        world.case.warnings().contains(&"spread_domain")
    };
    assert!(spread(2) && !spread(3) && !spread(4));
}

#[test]
fn notes_and_domains_are_in_order() {
    let domains: Vec<String> = (0..40).map(|at| format!("n{at:02}.example")).collect();
    let accounts = [format!("A1,{} x.example y.example,One", domains.join(" ")), "A2,b.example,Two".to_owned()];
    let mut orgs =
        [org(1, Some("A1"), &[]), org(2, Some("A2"), &["b.example"]), org(3, None, &["y.example", "x.example"])];
    orgs[0]["shared_tickets"] = true.into();
    let users = [user(1, &domains[0], Some(2)), user(2, "b.example", Some(2)), user(3, "x.example", None)];
    // Somebody is in two orgs, so that works here.
    let memberships = [membership(1, 1, 2, true), membership(2, 2, 2, true), membership(3, 2, 3, false)];
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let world = small(&accounts, &orgs, &users, &memberships);
    world.case.ask(|audit| {
        let text = |domain| audit.world.domains.text(domain);
        let planned = audit.plan.prepared.iter().filter(|action| action.user.is_none());
        assert_eq!(planned.filter_map(|action| action.domain.map(text)).collect::<Vec<_>>(), domains);
        let of_orgs = audit.issues.iter().filter(|issue| issue.user_id().is_none());
        let attached = of_orgs.filter_map(|issue| issue.domain.map(text)).filter(|text| !text.starts_with('n'));
        assert_eq!(attached.collect::<Vec<_>>(), ["x.example", "y.example"]);
        let assigned = audit.plan.prepared.iter().find(|action| action.user.is_some()).expect("a user");
        assert_eq!(audit.notes(assigned), ["default_org_linked_to:A2", "org_shares_tickets"]);
        // The domain of user 3 is on an org already, so nothing comes of it by itself.
        let of_x =
            |action: &&Action| action.code == ActionCode::AddOrgDomain && action.domain.map(text) == Some("x.example");
        let blocked = audit.plan.blocked.iter().find(of_x).expect("a domain");
        assert_eq!(audit.notes(blocked), ["org_shares_tickets", "users_affected:0"]);
    });
}

#[test]
fn a_suppression_of_tickets_is_not_called_unused_where_tickets_are_not_judged() {
    let world = small(&["A1,a.example,One"], &[org(1, Some("A1"), &["a.example"])], &[], &[]);
    let config = |enabled: &str| -> &'static str {
        let text = format!(
            "version: 1\ntickets: {{ enabled: {enabled} }}\nsuppressions: [{{ code: ticket_org_mismatch, org_id: 1, reason: known }}]\n"
        );
        Box::leak(text.into_boxed_str())
    };
    let judged = Case { config: config("true"), ..world.case };
    assert!(judged.warnings().contains(&"suppression_unused"));
    let told = |case: &Case| case.ask(|audit| audit.warnings.iter().map(|one| one.message.clone()).collect::<Vec<_>>());
    let not_judged = Case { config: config("false"), ..judged };
    assert!(!not_judged.warnings().contains(&"suppression_unused"), "{:?}", not_judged.warnings());
    let told = told(&not_judged);
    assert!(told.iter().any(|text| text.starts_with("tickets are neither read nor checked")), "{told:?}");
}

#[test]
fn warnings_and_advisories_say_what_they_are_about() {
    let mut world = small(&["A1,a.example,One"], &[org(1, Some("A1"), &["a.example", "no domain"])], &[], &[]);
    world.case.config = "version: 1\nsuppressions: [{ code: org_external_id_conflict, reason: known }]\n";
    let gone = BaselineAccount { sf_account_id: "A2".to_owned(), account_name: String::new() };
    let accounts = [("a2".to_owned(), gone)].into_iter().collect();
    world.case.baseline = Some(BaselineAccounts { run_id: String::new(), accounts });
    world.case.ask(|audit| {
        let details: Vec<&str> = audit.advisories.iter().map(|advisory| advisory.detail.as_str()).collect();
        assert_eq!(details[0], "The baseline has this account, but the reference of this run does not.");
        assert!(details[1].ends_with("\"no domain\" of this org's domains; it is not a domain."), "{details:?}");
        let told: Vec<&str> = audit.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert!(
            told.iter().any(|text| text.contains("has no selector, so it hides every issue of its code")),
            "{told:?}"
        );
        assert!(told.iter().any(|text| text.starts_with("1 of the 1 account of the baseline are not in")), "{told:?}");
    });
}

#[test]
fn a_doubtful_id_is_told_where_it_blocks_the_link() {
    let world = small(&["0015g00000abcde,a.example,One"], &[org(1, None, &["a.example"])], &[], &[]);
    assert_eq!(world.case.actions(), ["set_org_external_id : account_id_doubtful"]);
    let text = "a.example, but the account's id may be another record's, because a tool has changed its case.";
    assert!(world.case.details()[0].ends_with(text), "{:?}", world.case.details());
}

#[test]
fn what_is_silenced_already_is_not_said_to_be_silenced_by_others() {
    let mut world = small(&["A1,a.example,One"], &[org(1, Some("A1"), &[])], &[], &[]);
    let of = |case: &Case| {
        let reason = "version: 1\nsuppressions: [{ code: org_missing_expected_domain, org_id: 1, reason: theirs }]\n";
        let theirs = g_gremlin::config::Config::parse(reason, &case.records).expect("a configuration").settings;
        case.ask(|audit| would_silence(&audit.context(), "2026-04-17", &theirs.suppressions, &audit.issues).len())
    };
    assert_eq!(of(&world.case), 1);
    world.case.config = "version: 1\nsuppressions: [{ code: org_missing_expected_domain, org_id: 1, reason: ours }]\n";
    assert_eq!(of(&world.case), 0);
}
