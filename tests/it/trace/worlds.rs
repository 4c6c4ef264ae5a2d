//! On random worlds, a trace lists exactly the issues that the model finds for its subject, and each as the model has it.

use super::{Asked, ask};
use crate::model::random::{Scenario, scenario};
use crate::model::{Findings, audit};
use g_gremlin::model::account_key::account_key;
use g_gremlin::trace::TraceSubject;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tempfile::TempDir;

const WORLDS: u64 = 80;

/// A table of the model, row by row with its column names.
struct Rows<'a> {
    columns: &'a [&'static str],
    rows: &'a [Vec<String>],
}

impl<'a> Rows<'a> {
    fn of(findings: &'a Findings, file: &str) -> Self {
        let table = findings.tables.iter().find(|table| table.file == file).expect("a table");
        Self { columns: &table.columns, rows: &table.rows }
    }

    fn cell(&self, row: &'a [String], column: &str) -> &'a str {
        let at = self.columns.iter().position(|known| *known == column).unwrap_or_else(|| panic!("{column}"));
        // The guard against formulas belongs to the CSV.
        match row[at].strip_prefix('\'') {
            Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\n', '\r', '＝', '＋', '－', '＠']) => rest,
            _ => &row[at],
        }
    }

    /// The ids of the issues whose row passes.
    fn ids(&self, choose: impl Fn(&dyn Fn(&str) -> &'a str) -> bool) -> Vec<&'a str> {
        let rows = self.rows.iter().filter(|row| choose(&|column| self.cell(row, column)));
        rows.map(|row| self.cell(row, "issue_id")).collect()
    }
}

fn holds(list: &str, item: &str) -> bool {
    list.split(';').any(|one| one == item)
}

#[test]
fn a_trace_lists_the_issues_that_the_model_finds() {
    let mut reached = BTreeSet::new();
    let worlds = if crate::thorough() { WORLDS } else { WORLDS / 8 };
    for seed in 0..worlds {
        let scenario = scenario(seed);
        let folder = TempDir::new().expect("a folder");
        write(&folder, &scenario);
        let findings = audit(&scenario.world, &scenario.reference_csv, None, &scenario.config, &scenario.as_of);
        let (csv, config) = (scenario.reference_csv.as_bytes(), scenario.config_yaml());
        ask(folder.path(), csv, &config, &scenario.as_of, "", |asked| {
            check(&format!("world {seed}"), asked, &findings, &mut reached);
        });
    }
    let wanted = "linked domain_linked duplicate contested conflict missing out_of_scope personal_domain ignored_domain \
        unmapped waiting_for_account spread_domain settled agrees user_resolution_blocked_duplicate_external_id \
        user_domain_ambiguous user_missing_expected_membership user_default_org_not_expected outside_window no_requester \
        requester_not_judged ticket_resolution_blocked_duplicate_external_id ticket_org_mismatch";
    let missed: Vec<&str> = wanted.split_whitespace().filter(|name| !reached.contains(*name)).collect();
    assert!(!crate::thorough() || missed.is_empty(), "no world of {WORLDS} reaches {missed:?}");
}

fn write(folder: &TempDir, scenario: &Scenario) {
    let world = &scenario.world;
    for (file, records) in [
        ("organizations", &world.organizations),
        ("users", &world.users),
        ("organization_memberships", &world.memberships),
        ("tickets", &world.tickets),
    ] {
        let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
        fs::write(folder.path().join(format!("{file}.ndjson")), lines).expect("written");
    }
    if let Some(settings) = &world.settings {
        fs::write(folder.path().join("account_settings.json"), settings.to_string()).expect("written");
    }
}

fn check(world: &str, asked: &Asked<'_>, findings: &Findings, reached: &mut BTreeSet<String>) {
    let all = Rows::of(findings, "all_exceptions.csv");
    let ticket_rows = Rows::of(findings, "ticket_issues.csv");
    let org_rows = Rows::of(findings, "org_issues.csv");
    let audit = asked.audit();
    let domains = &audit.world.domains;
    let mut resolutions: BTreeMap<String, u64> = BTreeMap::new();
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    let mut in_window = 0;
    let mut seen = BTreeSet::new();

    for account in &audit.reference.accounts {
        let id = account.sf_account_id().raw();
        let trace = asked.json(&TraceSubject::Account(id.to_owned()));
        let expected = all.ids(|cell| cell("sf_account_id") == id);
        compare(world, &trace, &expected, &all, &mut seen);
        *resolutions.entry(text(&trace["resolution"])).or_default() += 1;
        expected_domains(world, &trace);
        // Every spelling of the id leads to the same account.
        let again = asked.json(&TraceSubject::Account(account_key(id)));
        assert_eq!(trace, again, "{world}: {id}");
        render(asked, &TraceSubject::Account(id.to_owned()));
    }
    for org in &audit.world.orgs {
        let id = org.id.to_string();
        let in_the_way = org_rows.ids(|cell| holds(cell("conflicting_org_ids"), &id));
        let expected = all.ids(|cell| cell("org_id") == id || in_the_way.contains(&cell("issue_id")));
        compare(world, &asked.json(&TraceSubject::Org(org.id)), &expected, &all, &mut seen);
        render(asked, &TraceSubject::Org(org.id));
    }
    for user in &audit.world.users {
        let trace = asked.json(&TraceSubject::User(user.id()));
        let expected = all.ids(|cell| cell("user_id") == user.id().to_string());
        compare(world, &trace, &expected, &all, &mut seen);
        let outcome = text(&trace["outcome"]);
        let own: Vec<&str> = all.ids(|cell| cell("scope") == "user" && cell("user_id") == user.id().to_string());
        let code = own.first().map(|id| code_of(&all, id));
        assert_eq!(code.is_some(), outcome.starts_with("user_"), "{world}: user {}: {outcome}", user.id());
        assert!(code.is_none_or(|code| code == outcome), "{world}: user {}: {outcome}", user.id());
        let counted = if outcome == "agrees" || outcome.starts_with("user_") { "evaluated" } else { &outcome };
        *outcomes.entry(counted.to_owned()).or_default() += 1;
        reached.insert(outcome);
        render(asked, &TraceSubject::User(user.id()));
    }
    for ticket in &audit.world.tickets.rows {
        let trace = asked.json(&TraceSubject::Ticket(ticket.id()));
        let own = all.ids(|cell| cell("ticket_id") == ticket.id().to_string());
        let echo = own.first().map(|id| echo_of(&ticket_rows, id)).unwrap_or_default();
        assert_eq!(text(&trace["echo_of_issue_id"]), echo, "{world}: ticket {}", ticket.id());
        let expected = all.ids(|cell| !echo.is_empty() && cell("issue_id") == echo || own.contains(&cell("issue_id")));
        compare(world, &trace, &expected, &all, &mut seen);
        let judgement = text(&trace["judgement"]);
        assert_eq!(
            own.first().map(|id| code_of(&all, id)).unwrap_or_default() == judgement,
            !own.is_empty(),
            "{world}"
        );
        // Where tickets are not read, none counts.
        in_window += u64::from(trace["in_window"] == true && judgement != "not_read");
        reached.insert(judgement);
        render(asked, &TraceSubject::Ticket(ticket.id()));
    }
    for id in domains.ids() {
        let domain = domains.text(id);
        let lacking = org_rows.ids(|cell| holds(cell("missing_domains"), domain));
        let expected = all.ids(|cell| cell("domain") == domain || lacking.contains(&cell("issue_id")));
        let subject = TraceSubject::Domain(domain.to_owned());
        compare(world, &asked.json(&subject), &expected, &all, &mut seen);
        render(asked, &subject);
    }

    assert_eq!(seen.len(), all.rows.len(), "{world}: every issue is told by some trace");
    let summary = &findings.summary;
    assert_eq!(in_window, summary["read"]["tickets"].as_u64().expect("a count"), "{world}: tickets");
    for (counts, member) in [(&resolutions, "resolution"), (&outcomes, "users")] {
        for (name, count) in summary[member].as_object().expect("counts").iter().filter(|(name, _)| *name != "in_scope")
        {
            assert_eq!(
                counts.get(name).copied().unwrap_or_default(),
                count.as_u64().expect("a count"),
                "{world}: {name}"
            );
        }
    }
    reached.extend(resolutions.into_keys());
}

/// The row's entries give the expected domains, and no others.
fn expected_domains(world: &str, trace: &Value) {
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let cells = list(&trace["row"]["cells"]);
    assert_eq!(cells.len(), 2, "{world}: the row is found again");
    let read = cells.iter().filter(|cell| cell["read"] == true).flat_map(|cell| list(&cell["entries"]));
    let expected = read.filter(|entry| entry["fate"] == "expected").map(|entry| text(&entry["domain"]));
    let expected: BTreeSet<String> = expected.collect();
    let told: BTreeSet<String> = list(&trace["row"]["expected_domains"]).iter().map(text).collect();
    assert_eq!(expected, told, "{world}: {}", trace["sf_account_id"]);
}

/// The issues of a trace, in order, each with what the model says of it.
fn compare(world: &str, trace: &Value, expected: &[&str], all: &Rows<'_>, seen: &mut BTreeSet<String>) {
    let issues = trace["issues"].as_array().expect("issues");
    let ids: Vec<String> = issues.iter().map(|issue| text(&issue["issue_id"])).collect();
    assert_eq!(ids, expected, "{world}: {}", trace["kind"]);
    for issue in issues {
        let id = text(&issue["issue_id"]);
        let row = all.rows.iter().find(|row| all.cell(row, "issue_id") == id).expect("a row");
        for column in [
            "scope",
            "issue_code",
            "risk",
            "status",
            "sf_account_id",
            "account_name",
            "org_id",
            "user_id",
            "ticket_id",
            "domain",
            "blocked_reason",
            "suppression_reason",
        ] {
            assert_eq!(text(&issue[column]), all.cell(row, column), "{world}: issue {id}: {column}");
        }
        let actions: Vec<String> =
            issue["actions"].as_array().expect("a list").iter().map(|action| text(&action["action_id"])).collect();
        assert_eq!(actions.join(";"), all.cell(row, "action_id"), "{world}: issue {id}: actions");
        seen.insert(id);
    }
}

fn echo_of<'a>(tickets: &Rows<'a>, id: &str) -> &'a str {
    let row = tickets.rows.iter().find(|row| tickets.cell(row, "issue_id") == id).expect("a row");
    tickets.cell(row, "echo_of_issue_id")
}

fn code_of<'a>(all: &Rows<'a>, id: &str) -> &'a str {
    let row = all.rows.iter().find(|row| all.cell(row, "issue_id") == id).expect("a row");
    all.cell(row, "issue_code")
}

/// A text or number as a cell of a table has it.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whatever the names are, the text has no control characters and no line end but its own.
fn render(asked: &Asked<'_>, subject: &TraceSubject) {
    let text = asked.wide(subject, 80);
    assert!(text.lines().all(|line| !line.chars().any(char::is_control)), "{subject:?}: {text:?}");
}
