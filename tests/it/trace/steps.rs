//! Single steps, told by literals: each resolution, each judgement, and ids that do not exist.

use super::{ask_all_codes, ask_demo};
use g_gremlin::trace::{TraceSubject, UnknownSubject};

fn account(id: &str) -> TraceSubject {
    TraceSubject::Account(id.to_owned())
}

/// Demands that the text of a subject of the second fixture holds each of these, with its line breaks as spaces.
fn told(subject: TraceSubject, wanted: &[&str]) {
    ask_all_codes(|asked| {
        let text = asked.wide(&subject, 1000);
        for wanted in wanted {
            assert!(text.contains(wanted), "{subject:?} does not tell {wanted:?}:\n{text}");
        }
    });
}

#[test]
fn each_resolution_says_why() {
    told(
        account("001CASE001"),
        &["Account 001CASE001 (Agreed GmbH): linked by its id, org 1010\n", "  linked: exactly one org has its id"],
    );
    told(
        account("001CASE004"),
        &[
            "org 1040 (Linkable) counts: it has linkable-two.example, linkable.example; it has no external id, and no domain of another account",
            "  domain_linked: no org has its id, and exactly one counts by its domains and has no external id. So org 1040 is its org",
        ],
    );
    told(
        account("001CASE002"),
        &["  duplicate: 2 orgs have its id.", "org 1021 (Twins (old)) has it, as \" 001case002 \""],
    );
    told(
        account("001CASE008"),
        &["also contest-b.example, which only account 001CASE009 expects", "  contested: only org 1080 counts"],
    );
    told(account("001CASE010"), &["it has external id \"SF-LEGACY-7|<b>x</b>\"", "  conflict: only org 1100 counts"]);
    told(account("001CASE011"), &["  No org holds nowhere.example.", "  missing: no org has its id, and none counts"]);
    told(account("001CASE012"), &["  missing: no org has its id, and several count by its domains: orgs 1120, 1121."]);
    told(account("001CASE013"), &["org 1130 (Shared Only) does not count: it has only shared-only.example"]);
    told(account("001CASE014"), &["it does not need an org (zendesk_expected is \"N\")", "so nothing is reported"]);
}

#[test]
fn each_entry_of_the_reference_has_its_fate() {
    told(
        account("001CASE016"),
        &[
            "    gmail.com: dropped, a personal or provider domain\n",
            "    corpmail.example: dropped, a personal or provider domain\n",
            "    ignored.example: dropped, listed in domains.ignored\n",
            "  So it has no expected domain.\n",
        ],
    );
    told(
        account("001CASE036"),
        &[
            "    https://www.Tidy.example:443/path?x#y, that is tidy.example: expected\n",
            "    localhost: dropped, not a domain\n",
            "    co.uk: dropped, a public suffix under which anyone can have a domain\n",
            "    tidy.example., that is tidy.example: expected, and is repeated\n",
        ],
    );
    told(account("001CASE013"), &["expected, but shared with account 001CASE014, so it links no account"]);
    told(account("001CASE017"), &["partly-roam.example: expected, but it looks like a provider's"]);
    told(
        account("001CASE037"),
        &[
            "zendesk_domain_override, in force:\n    new.example: expected\n",
            "not used, because the override has a domain:\n    old.example\n",
        ],
    );
    told(account("001CASE038"), &["has no domain, so account_domains is used:\n    n/a: dropped, not a domain\n"]);
    told(account("001CASE029"), &["Bücher.example, that is xn--bcher-kva.example: expected"]);
}

#[test]
fn both_spellings_of_an_id_are_told_and_lead_to_the_account() {
    told(
        account("0015g00000XyZaB"),
        &["With its check it is 0015g00000XyZaBAAV", "Searched for external id 0015g00000XyZaB or 0015g00000XyZaBAAV."],
    );
    told(account("0015g00000xyzabaav"), &["Account 0015g00000XyZaB (Fifteen Characters)"]);
    told(account("0015G00000QWERTAAV"), &["its check restores the case: its account key is 0015g00000QwErTAAV."]);
    told(
        account("0015g00000WrOnGBAA"),
        &["but its last three are not the check of the others", "Warning id_check_wrong:"],
    );
    told(account(" 001case001 "), &["Account 001CASE001 (Agreed GmbH)"]);
}

#[test]
fn users_are_told_why_they_are_not_in_scope() {
    for (user, why) in [
        (2900, "  No: the role is agent. Nothing is checked.\n"),
        (2901, "  No: inactive. Nothing is checked.\n"),
        (2902, "  No: suspended. Nothing is checked.\n"),
        (2903, "  No: shared from another Zendesk. Nothing is checked.\n"),
        (2904, "  No: no email address with a usable domain. Nothing is checked.\n"),
        (2905, "  No: no email address with a usable domain. Nothing is checked.\n"),
    ] {
        told(TraceSubject::User(user), &["not in scope\n", why]);
    }
}

#[test]
fn users_are_told_what_follows() {
    told(
        TraceSubject::User(2906),
        &["User 2906: a personal or provider domain\n", "Nothing: the domain does not identify a customer."],
    );
    told(TraceSubject::User(2908), &["User 2908: an ignored domain\n"]);
    told(TraceSubject::User(2909), &["User 2909: no account expects the domain\n"]);
    told(TraceSubject::User(2080), &["Nothing yet: the account must be matched to an org first."]);
    told(
        TraceSubject::User(2170),
        &[
            "0 have the account's org as default and 3 have another one (three orgs or more), so it looks like a provider's domain",
            "Nothing: the domain looks like a provider's, so it proves nothing about its users.",
        ],
    );
    told(
        TraceSubject::User(2400),
        &["3 have another one (three orgs or more), so it does not look like a provider's domain"],
    );
    told(TraceSubject::User(2240), &["the default org is that of account 001CASE024, so the user is clear"]);
    told(TraceSubject::User(2220), &["the default org is that of account 001CASE022, so the user is clear"]);
    told(TraceSubject::User(2010), &["As it should be: a member of org 1010 (Agreed GmbH), which is the default org."]);
    told(
        TraceSubject::User(2263),
        &[
            "Should be in org 1260 (People) but is not a member; the address is verified, and the user has no other membership.",
        ],
    );
    told(TraceSubject::User(2264), &["the address is not verified", "blocked user_not_verified"]);
    told(TraceSubject::User(2265), &["Zendesk allows only one org per user", "blocked multiple_organizations_off"]);
    told(
        TraceSubject::User(2266),
        &["Is a member of org 1260 (People), as it should be, but it is not the default org."],
    );
    told(TraceSubject::User(2268), &["from the user's own organization_id; no membership is the default."]);
    told(TraceSubject::User(2269), &["from the default membership."]);
    told(TraceSubject::User(2241), &["Several accounts expect the domain"]);
    told(TraceSubject::User(2221), &["The domain is on several orgs, and the default org is not the account's."]);
    told(TraceSubject::User(2020), &["several orgs have its id, so the right one is unknown.", "org 1021"]);
}

#[test]
fn tickets_are_told_by_window_and_requester() {
    told(
        TraceSubject::Ticket(4274),
        &["not in the window from 2026-03-18T22:15:30Z to", "only tickets in the window are checked"],
    );
    told(TraceSubject::Ticket(4275), &["Ticket 4275: not in the window\n"]);
    told(TraceSubject::Ticket(4276), &["it is filed under"]);
    told(
        TraceSubject::Ticket(4018),
        &["Requested by user 999999, who does not exist.", "a ticket without a requester cannot be checked."],
    );
    told(
        TraceSubject::Ticket(4270),
        &["It should be filed under org 1270 (Tickets), the org of account 001CASE027; it is filed under no org."],
    );
    told(TraceSubject::Ticket(4271), &["it is filed under another org of the requester."]);
    told(TraceSubject::Ticket(4272), &["it is filed under an org of which the requester is not a member."]);
    told(TraceSubject::Ticket(4278), &["which does not exist"]);
    told(TraceSubject::Ticket(4273), &["As it should be: it is filed under the org of account 001CASE027."]);
    told(TraceSubject::Ticket(4263), &["The requester has the open issue i", "Fix that first", "Issues: 2\n"]);
    told(TraceSubject::Ticket(4021), &["suppressed", "The requester has the open issue i", "Fix that first"]);
    told(TraceSubject::Ticket(4020), &["Several orgs have the id of account 001CASE002, so the right one is unknown."]);
}

#[test]
fn orgs_are_told_who_claims_them() {
    told(TraceSubject::Org(1010), &["Account 001CASE001 (Agreed GmbH) has this id, and no other org has it"]);
    told(
        TraceSubject::Org(1021),
        &[
            "Account 001CASE002 (Twins Inc) has this id, and other orgs have it too.",
            "org_duplicate_external_id, org 1020",
        ],
    );
    told(
        TraceSubject::Org(1040),
        &["It has no external id, so only its domains can link it to an account.", "it is this account's org"],
    );
    told(
        TraceSubject::Org(1080),
        &["Account 001CASE008", "Account 001CASE009", "but another account has a domain here too"],
    );
    told(TraceSubject::Org(1100), &["No account of the reference has this id.", "but the external id is another"]);
    told(
        TraceSubject::Org(1121),
        &["Account 001CASE012 (Several Candidates) has a domain here, and on other orgs too."],
    );
    told(
        TraceSubject::Org(1130),
        &["No account matches it.", "shared-only.example: expected by accounts 001CASE013, 001CASE014"],
    );
    told(
        TraceSubject::Org(1211),
        &["moved.example: expected by account 001CASE021", "org_domain_attached_elsewhere, org 1210"],
    );
}

#[test]
fn domains_are_told_who_expects_and_who_holds_them() {
    let domain = |text: &str| TraceSubject::Domain(text.to_owned());
    told(domain("agreed.example"), &["Domain agreed.example: names one account and one org\n"]);
    told(
        domain("shared-only.example"),
        &["Expected by 2 accounts, so it links no account:", "Warning shared_domain, line 14:"],
    );
    told(
        domain("partly-roam.example"),
        &["looks like a provider's domain\n", "Warning spread_domain, line 18:", "Orgs that have it\n  None."],
    );
    told(domain("both.example"), &["One account expects it, but other orgs have it too."]);
    told(domain("gmail.com"), &["a personal or provider domain\n", "Warning personal_domain, line 17:"]);
    told(domain("mail.com"), &["It is listed in domains.not_personal"]);
    told(domain("ignored.example"), &["It is listed in domains.ignored: it is never used for matching."]);
    told(domain("twins.example"), &["They belong to the account, but several orgs have its id."]);
    told(domain("linkable-add.example"), &["org_missing_expected_domain, org 1040"]);
}

#[test]
fn an_issue_is_told_with_what_its_action_needs() {
    told(
        TraceSubject::User(2041),
        &[
            "user_default_org_not_expected, user 2041: medium risk, prepared [",
            "move_user_to_org org 1040 user 2041, default org: 1010 → 1040",
            "only after: A0",
            "notes: default_org_linked_to:001CASE001",
        ],
    );
    told(account("001CASE004"), &["notes: org_shares_tickets, users_affected:1", "external id: none → 001CASE004"]);
    told(
        account("001CASE020"),
        &["Suppressed: The contract of case 20 ends in May", "blocked account_link_suppressed"],
    );
    told(
        account("001CASE018"),
        &[
            "blocked domain_spread_across_orgs",
            "domain_spread_across_orgs: If the domain is a provider's, add it to domains.personal.",
        ],
    );
}

#[test]
fn what_to_do_next_names_commands_that_can_be_copied() {
    ask_demo(|asked| {
        let text = asked.text(&account("001ACME001"));
        for command in [
            "explain org_missing_external_id",
            "audit --demo",
            "apply --plan RUN_DIR/fix_plan.json --only-account 001ACME001",
            "trace --zendesk-org-id 4001 --demo",
        ] {
            assert!(text.contains(&format!("      g-gremlin zendesk drift {command}\n")), "{command}:\n{text}");
        }
        let text = asked.text(&TraceSubject::User(5001));
        assert!(text.contains("Issues: 0\n  None.\n\nWhat to do next\n  Nothing: there is no open issue.\n"));
    });
}

#[test]
fn an_external_id_that_only_looks_like_the_accounts_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    // A spreadsheet put the 15 characters in capitals: that is another id.
    write("organizations.ndjson", "{\"id\": 1, \"external_id\": \"0015G00000XYZAB\", \"domain_names\": []}\n");
    for name in ["users.ndjson", "organization_memberships.ndjson", "tickets.ndjson"] {
        write(name, "");
    }
    let csv = b"sf_account_id,account_name,account_domains\n0015g00000XyZaB,Acme,acme.example\n";
    super::ask(folder.path(), csv, "version: 1\n", super::AS_OF, "", |asked| {
        let text = asked.wide(&account("0015g00000XyZaB"), 1000);
        assert!(
            text.contains("org 1 has external id \"0015G00000XYZAB\", which looks similar but is another id"),
            "{text}"
        );
        let text = asked.wide(&TraceSubject::Org(1), 1000);
        assert!(text.contains("Its external id looks similar to that of account 0015g00000XyZaB (Acme)"), "{text}");
    });
}

fn unknown(subject: TraceSubject) -> UnknownSubject {
    ask_all_codes(|asked| asked.try_trace(&subject).expect_err("it does not exist"))
}

#[test]
fn an_unknown_id_names_the_nearest() {
    let near = |subject| unknown(subject).near;
    assert_eq!(near(account("001CASE0O1"))[0], "--sf-account-id 001CASE001");
    assert_eq!(near(account("0015g00000xyzab")), ["--sf-account-id 0015g00000XyZaB"]);
    assert!(
        unknown(account("0015g00000xyzab")).remark.expect("a remark").contains("15-character ids are case-sensitive")
    );
    assert_eq!(near(account("something else entirely")), [""; 0]);
    // Another kind's id first, then one slip, then the neighbours.
    assert_eq!(near(TraceSubject::User(1040))[..2], ["--zendesk-org-id 1040", "--zendesk-user-id 2040"]);
    assert_eq!(near(TraceSubject::Org(1099)), ["--zendesk-org-id 1080", "--zendesk-org-id 1100"]);
    assert_eq!(near(TraceSubject::Org(u64::MAX)).len(), 1);
    assert!(
        near(TraceSubject::Ticket(4019)).contains(&"--zendesk-ticket-id 4018".to_owned()),
        "deleted tickets do not exist"
    );
    assert_eq!(near(TraceSubject::Domain("peple.example".to_owned())), ["--domain people.example"]);
    assert_eq!(unknown(TraceSubject::Org(1019)).what, "no org has the id 1019");
}

#[test]
fn the_text_keeps_to_its_width() {
    ask_all_codes(|asked| {
        for width in [60, 80, 120] {
            for subject in
                [account("001CASE004"), account("001CASE026"), TraceSubject::User(2041), TraceSubject::Org(1240)]
            {
                for line in asked.wide(&subject, width).lines().filter(|line| !line.starts_with("      g-gremlin")) {
                    assert!(line.chars().count() <= width, "{width}: {line}");
                }
            }
        }
    });
}

#[test]
fn hostile_names_reach_the_terminal_as_plain_text() {
    told(account("001CASE032"), &["Invoice \\u{202e}fdp.exe"]);
    told(account("001CASE031"), &["Account 001CASE031 (Line one\u{fffd}Line two)"]);
    told(account("=1+34"), &["Account =1+34 (@octocat, see #1)"]);
}

/// The names of all members, but of lists that are told elsewhere.
fn members(value: &serde_json::Value, names: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                names.insert(name.clone());
                // Issues and actions have the columns of the tables, `users` the outcomes, and warnings are the summary's.
                if !["issues", "users", "warnings"].contains(&name.as_str()) {
                    members(value, names);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| members(item, names)),
        _ => {}
    }
}

#[test]
fn the_documentation_names_every_member_of_the_data() {
    let docs = std::fs::read_to_string(super::fixture("../docs/trace.md")).expect("docs");
    let told: Vec<&str> = docs.split('`').skip(1).step_by(2).collect();
    let mut names = std::collections::BTreeSet::new();
    ask_all_codes(|asked| {
        for subject in [
            account("001CASE004"),
            account("001CASE008"),
            account("001CASE002"),
            TraceSubject::Org(1021),
            TraceSubject::User(2041),
            TraceSubject::Ticket(4263),
            TraceSubject::Domain("partly-roam.example".to_owned()),
        ] {
            members(&asked.json(&subject), &mut names);
        }
    });
    assert!(names.len() > 80, "{names:?}");
    let missing: Vec<&String> = names.iter().filter(|name| !told.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "docs/trace.md does not name {missing:?}");
}
