//! Rules, sections 7 and 9: how a finished audit is spelled in artifacts.
//!
//! It decides nothing about identities, and leaves out `detail`.

use serde_json::{Map, Value, json};

use super::rules::{
    ADVISORY_CODES, Action, Audit, BLOCKED_REASONS, ISSUE_CODES, Issue, Resolution, USER_COUNTS, blocked_actions,
    prepared_actions,
};
use super::text;
use super::{Findings, ModelConfig, Table};

/// Spells a finished audit.
pub fn of(audit: &Audit) -> Findings {
    let plan = plan(audit);
    let mut summary = summary(audit);
    let thresholds = thresholds(audit, &summary);
    let breached = thresholds.iter().any(|threshold| threshold["breached"] == true);
    summary["thresholds"] = json!(thresholds);
    Findings {
        tables: vec![
            issue_table(audit, "org_issues.csv", Some("org"), ORG_COLUMNS),
            issue_table(audit, "user_issues.csv", Some("user"), USER_COLUMNS),
            issue_table(audit, "ticket_issues.csv", Some("ticket"), TICKET_COLUMNS),
            issue_table(audit, "all_exceptions.csv", None, ALL_COLUMNS),
            exceptions_by_account(audit),
            fix_plan(audit),
            accounts(audit),
            advisories(audit),
        ],
        plan_hash: text::sha256(&text::canonical_json(&plan)),
        plan,
        summary,
        warnings: audit.warnings.clone(),
        breached,
    }
}

const RESOLUTIONS: [&str; 6] = ["linked", "domain_linked", "duplicate", "contested", "conflict", "missing"];

const ORG_COLUMNS: &str = "issue_id, issue_code, risk, status, sf_account_id, account_name, org_id, \
    org_name, current_external_id, expected_external_id, missing_domains, domain, \
    conflicting_org_ids, blocked_reason, suppression_reason, action_id";
const USER_COLUMNS: &str = "issue_id, issue_code, risk, status, sf_account_id, account_name, \
    user_id, email_domain, membership_state, expected_org_id, default_org_id, \
    candidate_sf_account_ids, candidate_org_ids, blocked_reason, suppression_reason, action_id";
const TICKET_COLUMNS: &str = "issue_id, issue_code, risk, status, sf_account_id, account_name, \
    ticket_id, ticket_status, requester_id, ticket_org_id, expected_org_id, mismatch_kind, \
    echo_of_issue_id, updated_at, suppression_reason";
const ALL_COLUMNS: &str = "issue_id, scope, issue_code, risk, status, sf_account_id, account_name, \
    org_id, user_id, ticket_id, domain, blocked_reason, suppression_reason, action_id";
const ACCOUNT_COLUMNS: &str = "sf_account_id, account_name, org_issue_count, user_issue_count, \
    ticket_issue_count, total_issue_count, prepared_action_count, blocked_action_count, \
    top_issue_codes, top_blocked_reasons";
const PLAN_COLUMNS: &str = "action_id, status, action_code, sf_account_id, account_name, org_id, \
    org_name, user_id, domain, from, to, preconditions, depends_on, notes, blocked_reason, issue_id";

const EVERY_ACCOUNT_COLUMNS: &str = "sf_account_id, account_key, account_name, expected_domains, resolution, \
    org_id, org_name, external_id, total_issue_count, prepared_action_count, blocked_action_count, \
    suppressed_issue_count";
const ADVISORY_COLUMNS: &str = "advisory_code, sf_account_id, account_name, org_id, org_name, external_id, \
    domain, user_count, ticket_count";

fn table(file: &'static str, columns: &'static str, rows: Vec<Vec<String>>) -> Table {
    let guard = |row: Vec<String>| row.into_iter().map(guarded).collect();
    Table { file, columns: columns.split(", ").collect(), rows: rows.into_iter().map(guard).collect() }
}

/// A cell that no spreadsheet takes for a formula.
fn guarded(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\n', '\r', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell
    }
}

fn issue_table(audit: &Audit, file: &'static str, scope: Option<&str>, columns: &'static str) -> Table {
    let mut rows = vec![];
    for issue in &audit.issues {
        if scope.is_none_or(|scope| scope == issue.scope) {
            rows.push(columns.split(", ").map(|column| issue_cell(audit, issue, column)).collect());
        }
    }
    table(file, columns, rows)
}

fn issue_cell(audit: &Audit, issue: &Issue, column: &str) -> String {
    let org = issue.org_id.and_then(|id| audit.org(id));
    match column {
        "issue_id" => issue.id.clone(),
        "scope" => issue.scope.to_owned(),
        "issue_code" => issue.code.to_owned(),
        "risk" => issue.risk.to_owned(),
        "status" => issue.status.to_owned(),
        "sf_account_id" => sf_account_id(audit, issue).unwrap_or_default(),
        "account_name" => account_name(audit, issue).unwrap_or_default(),
        "org_id" | "expected_org_id" => number(issue.org_id),
        "org_name" => org_name(audit, issue).unwrap_or_default(),
        "current_external_id" => org.and_then(|org| org.stored_external_id.clone()).unwrap_or_default(),
        "expected_external_id" => sf_account_id(audit, issue).map(|id| text::written_id(&id)).unwrap_or_default(),
        "missing_domains" => issue.missing_domains.join(";"),
        "conflicting_org_ids" => numbers(&issue.conflicting_org_ids),
        "user_id" | "requester_id" => number(issue.user_id),
        "domain" | "email_domain" => issue.domain.clone().unwrap_or_default(),
        "membership_state" => issue.membership_state.to_owned(),
        "default_org_id" => number(issue.default_org_id),
        "candidate_sf_account_ids" => {
            let mut ids: Vec<String> = vec![];
            for account in &issue.candidate_accounts {
                ids.push(audit.accounts[*account].sf_account_id.clone());
            }
            ids.sort();
            ids.join(";")
        }
        "candidate_org_ids" => numbers(&issue.candidate_org_ids),
        "ticket_id" => number(issue.ticket_id),
        "ticket_status" => issue.ticket_status.clone(),
        "ticket_org_id" => number(issue.ticket_org_id),
        "mismatch_kind" => issue.mismatch_kind.to_owned(),
        "echo_of_issue_id" => issue.echo_of_issue_id.clone().unwrap_or_default(),
        "updated_at" => issue.updated_at.clone(),
        "blocked_reason" => issue.blocked_reason.unwrap_or_default().to_owned(),
        "suppression_reason" => issue.suppression_reason.clone().unwrap_or_default(),
        "action_id" => {
            let ids: Vec<String> = issue.actions.iter().map(|action| action.id.clone()).collect();
            ids.join(";")
        }
        other => unreachable!("no column {other}"),
    }
}

fn number(id: Option<u64>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn numbers(ids: &[u64]) -> String {
    let mut ids = ids.to_vec();
    ids.sort();
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    ids.join(";")
}

fn sf_account_id(audit: &Audit, issue: &Issue) -> Option<String> {
    issue.account.map(|account| audit.accounts[account].sf_account_id.clone())
}

fn account_name(audit: &Audit, issue: &Issue) -> Option<String> {
    issue.account.map(|account| audit.accounts[account].name.clone())
}

fn org_name(audit: &Audit, issue: &Issue) -> Option<String> {
    audit.org(issue.org_id?)?.name.clone()
}

fn exceptions_by_account(audit: &Audit) -> Table {
    let mut accounts: Vec<Option<String>> = vec![];
    // The issues are in order, so their accounts are: by id, and none comes last.
    for issue in unsuppressed(audit) {
        let id = sf_account_id(audit, issue);
        if !accounts.contains(&id) {
            accounts.push(id);
        }
    }
    let mut rows = vec![];
    for account in accounts {
        let issues: Vec<&Issue> =
            unsuppressed(audit).into_iter().filter(|issue| sf_account_id(audit, issue) == account).collect();
        let of_scope = |scope: &str| issues.iter().filter(|issue| issue.scope == scope).count().to_string();
        let actions: Vec<&Action> = issues.iter().flat_map(|issue| &issue.actions).collect();
        let reasons: Vec<&str> = actions.iter().filter_map(|action| action.blocked_reason).collect();
        let codes: Vec<(&str, &str)> = issues.iter().map(|issue| (issue.code, issue.risk)).collect();
        let name = match account {
            Some(_) => account_name(audit, issues[0]).unwrap_or_default(),
            None => "(no single account)".to_owned(),
        };
        rows.push(vec![
            account.unwrap_or_default(),
            name,
            of_scope("org"),
            of_scope("user"),
            of_scope("ticket"),
            issues.len().to_string(),
            (actions.len() - reasons.len()).to_string(),
            reasons.len().to_string(),
            two_worst(&codes),
            two_most_frequent(&BLOCKED_REASONS, &reasons),
        ]);
    }
    table("exceptions_by_account.csv", ACCOUNT_COLUMNS, rows)
}

fn unsuppressed<'a>(audit: &'a Audit) -> Vec<&'a Issue> {
    audit.issues.iter().filter(|issue| issue.status != "suppressed").collect()
}

/// The two worst codes: by risk, then by how often they occur, then in table order.
fn two_worst(codes: &[(&str, &str)]) -> String {
    let count = |code: &str| codes.iter().filter(|(other, _)| *other == code).count();
    let mut present: Vec<&str> = ISSUE_CODES.iter().copied().filter(|code| count(code) > 0).collect();
    let rank = |code: &str| ["critical", "high", "medium"].iter().position(|risk| codes.contains(&(code, *risk)));
    // The sort is stable, so ties stay in table order.
    present.sort_by_key(|code| (rank(code), std::cmp::Reverse(count(code))));
    present.truncate(2);
    present.join(", ")
}

fn two_most_frequent(table: &[&str], names: &[&str]) -> String {
    let count = |name: &str| names.iter().filter(|other| **other == name).count();
    let mut present: Vec<&str> = table.iter().copied().filter(|name| count(name) > 0).collect();
    // The sort is stable, so ties stay in table order.
    present.sort_by_key(|name| std::cmp::Reverse(count(name)));
    present.truncate(2);
    present.join(", ")
}

/// The name of a resolution, and the org to show with it.
fn resolution(resolution: &Resolution) -> (&'static str, Option<u64>) {
    match resolution {
        Resolution::Linked(org) => ("linked", Some(*org)),
        Resolution::DomainLinked(org) => ("domain_linked", Some(*org)),
        Resolution::Duplicate(orgs) => ("duplicate", orgs.iter().min().copied()),
        Resolution::Contested(org) => ("contested", Some(*org)),
        Resolution::Conflict(org) => ("conflict", Some(*org)),
        Resolution::Missing(_) => ("missing", None),
    }
}

fn accounts(audit: &Audit) -> Table {
    let mut order: Vec<usize> = (0..audit.accounts.len()).collect();
    order.sort_by_key(|place| audit.accounts[*place].sf_account_id.clone());
    let mut rows = vec![];
    for place in order {
        let account = &audit.accounts[place];
        let (name, org_id) = resolution(&audit.resolutions[place]);
        let org = org_id.and_then(|id| audit.org(id));
        let of_it: Vec<&Issue> = audit.issues.iter().filter(|issue| issue.account == Some(place)).collect();
        let open: Vec<&&Issue> = of_it.iter().filter(|issue| issue.status != "suppressed").collect();
        let actions = || open.iter().flat_map(|issue| &issue.actions);
        rows.push(vec![
            account.sf_account_id.clone(),
            account.key.clone(),
            account.name.clone(),
            account.expected_domains.join(";"),
            name.to_owned(),
            number(org_id),
            org.and_then(|org| org.name.clone()).unwrap_or_default(),
            org.and_then(|org| org.stored_external_id.clone()).unwrap_or_default(),
            open.len().to_string(),
            actions().filter(|action| action.blocked_reason.is_none()).count().to_string(),
            actions().filter(|action| action.blocked_reason.is_some()).count().to_string(),
            (of_it.len() - open.len()).to_string(),
        ]);
    }
    table("accounts.csv", EVERY_ACCOUNT_COLUMNS, rows)
}

fn advisories(audit: &Audit) -> Table {
    let mut rows = vec![];
    for advisory in audit.advisories() {
        let org = advisory.org_id.and_then(|id| audit.org(id));
        let (sf_account_id, account_name) = advisory.account.unwrap_or_default();
        let count = |count: Option<usize>| count.map(|count| count.to_string()).unwrap_or_default();
        rows.push(vec![
            advisory.code.to_owned(),
            sf_account_id,
            account_name,
            number(advisory.org_id),
            org.and_then(|org| org.name.clone()).unwrap_or_default(),
            org.and_then(|org| org.stored_external_id.clone()).unwrap_or_default(),
            advisory.domain.unwrap_or_default(),
            count(advisory.user_count),
            count(advisory.ticket_count),
        ]);
    }
    table("advisories.csv", ADVISORY_COLUMNS, rows)
}

fn fix_plan(audit: &Audit) -> Table {
    let mut rows = vec![];
    let prepared = prepared_actions(&audit.issues);
    for (issue, action) in [prepared, blocked_actions(&audit.issues)].concat() {
        let status = if action.blocked_reason.is_some() { "blocked" } else { "prepared" };
        rows.push(vec![
            action.id.clone(),
            status.to_owned(),
            action.code.to_owned(),
            sf_account_id(audit, issue).unwrap_or_default(),
            account_name(audit, issue).unwrap_or_default(),
            number(issue.org_id),
            org_name(audit, issue).unwrap_or_default(),
            number(issue.user_id),
            action.domain.clone().unwrap_or_default(),
            // A blocked entry of the plan has no such members.
            action.from.clone().filter(|_| status == "prepared").unwrap_or_default(),
            action.to.clone().filter(|_| status == "prepared").unwrap_or_default(),
            if status == "prepared" { action.preconditions.join(";") } else { String::new() },
            if status == "prepared" { action.depends_on.join(";") } else { String::new() },
            if status == "prepared" { action.notes.join(";") } else { String::new() },
            action.blocked_reason.unwrap_or_default().to_owned(),
            issue.id.clone(),
        ]);
    }
    table("fix_plan.csv", PLAN_COLUMNS, rows)
}

fn plan(audit: &Audit) -> Value {
    let mut actions = vec![];
    for (issue, action) in prepared_actions(&audit.issues) {
        let mut entry = entry(audit, issue, action);
        entry["from"] = json!(action.from);
        entry["to"] = json!(action.to);
        entry["preconditions"] = json!(action.preconditions);
        entry["depends_on"] = json!(action.depends_on);
        entry["notes"] = json!(action.notes);
        actions.push(entry);
    }
    let mut blocked = vec![];
    for (issue, action) in blocked_actions(&audit.issues) {
        let mut entry = entry(audit, issue, action);
        entry["blocked_reason"] = json!(action.blocked_reason);
        blocked.push(entry);
    }
    json!({
        "source": "zendesk",
        "zendesk": zendesk(audit.config),
        "actions": actions,
        "blocked": blocked,
    })
}

/// What a prepared and a blocked entry of the plan have in common.
fn entry(audit: &Audit, issue: &Issue, action: &Action) -> Value {
    json!({
        "action_id": action.id,
        "action_code": action.code,
        "sf_account_id": sf_account_id(audit, issue),
        "account_name": account_name(audit, issue),
        "org_id": issue.org_id,
        "org_name": org_name(audit, issue),
        "user_id": issue.user_id,
        "membership_id": action.membership_id,
        "domain": action.domain,
        "issue_id": issue.id,
    })
}

/// The Zendesk that the config names: a plain folder names none.
fn zendesk(config: &ModelConfig) -> String {
    if let Some(base_url) = &config.base_url {
        let mut url = base_url.to_ascii_lowercase();
        for ending in ["/", if url.starts_with("https:") { ":443" } else { ":80" }] {
            url = url.strip_suffix(ending).unwrap_or(&url).to_owned();
        }
        return url;
    }
    match &config.subdomain {
        Some(subdomain) => format!("https://{}.zendesk.com", subdomain.to_ascii_lowercase()),
        None => "https://unknown.zendesk.invalid".to_owned(),
    }
}

fn summary(audit: &Audit) -> Value {
    let issues = unsuppressed(audit);
    let blocked = blocked_actions(&audit.issues);
    let count = |holds: &dyn Fn(&Issue) -> bool| issues.iter().filter(|issue| holds(issue)).count();
    let resolved = |name: &str| audit.resolutions.iter().filter(|one| resolution(one).0 == name).count();
    let advisories = audit.advisories();
    let judged = |name: &str| audit.verdicts.iter().filter(|verdict| verdict.count == name).count();

    let mut users = by_name(&USER_COUNTS, judged);
    users["in_scope"] = json!(audit.users.len() - judged("out_of_scope"));
    json!({
        "total_issue_count": issues.len(),
        "prepared_action_count": prepared_actions(&audit.issues).len(),
        "blocked_action_count": blocked.len(),
        "suppressed_issue_count": audit.issues.len() - issues.len(),
        "by_scope": by_name(&["org", "user", "ticket"], |name| count(&|issue| issue.scope == name)),
        "by_code": by_name(&ISSUE_CODES, |name| count(&|issue| issue.code == name)),
        "by_risk": by_name(&["critical", "high", "medium"], |name| count(&|issue| issue.risk == name)),
        "blocked_reasons": by_name(&BLOCKED_REASONS, |name| {
            blocked.iter().filter(|(_, action)| action.blocked_reason == Some(name)).count()
        }),
        "resolution": by_name(&RESOLUTIONS, resolved),
        "read": {
            "accounts": audit.accounts.len(),
            "organizations": audit.orgs.len(),
            "users": audit.users.len(),
            "memberships": audit.memberships_read,
            "tickets": audit.tickets.len(),
        },
        "users": users,
        "advisories": by_name(&ADVISORY_CODES, |code| {
            advisories.iter().filter(|advisory| advisory.code == code).count()
        }),
        "lost_accounts": audit.baseline.as_ref().map(|_| audit.lost().len()),
        "ticket_echo_count": count(&|issue| issue.scope == "ticket" && issue.echo_of_issue_id.is_some()),
    })
}

fn by_name(names: &[&str], count: impl Fn(&str) -> usize) -> Value {
    let mut counts = Map::new();
    for name in names {
        counts.insert((*name).to_owned(), json!(count(name)));
    }
    Value::Object(counts)
}

fn thresholds(audit: &Audit, summary: &Value) -> Vec<Value> {
    let config = audit.config;
    let new = audit.open_issues().iter().filter(|id| !audit.baseline_issues.contains(id)).count();
    let new = audit.baseline.as_ref().map_or(Value::Null, |_| json!(new));
    let mut thresholds = vec![];
    for (name, limit) in &config.thresholds {
        let value = match name.split_once('.') {
            None if name == "max_total_issues" => &summary["total_issue_count"],
            None if name == "max_blocked_actions" => &summary["blocked_action_count"],
            None if name == "max_lost_accounts" => &summary["lost_accounts"],
            None if name == "max_new_issues" => &new,
            Some(("max_by_risk", risk)) => &summary["by_risk"][risk],
            Some(("max_by_code", code)) => &summary["by_code"][code],
            _ => unreachable!("no threshold {name}"),
        };
        let is_judged = config.tickets_enabled || !name.contains("ticket_");
        let value = value.as_u64().filter(|_| is_judged);
        let breached = value.is_some_and(|value| value > *limit);
        thresholds.push(json!({ "name": name, "limit": limit, "value": value, "breached": breached }));
    }
    thresholds
}
