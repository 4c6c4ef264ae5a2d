//! The actions of the plan against their issues, both ways.

use super::issues::{Issue, Tables};
use super::table::Row;
use super::{FolderMismatch, Teller};
use crate::catalogue::{ActionCode, BlockedReason, IssueCode, Scope, Status};
use crate::run::artifacts::Artifact;
use crate::run::artifacts::table::List;
use crate::run::plan_file::{BlockedAction, PlanFile, PlannedAction};
use crate::text::escape::csv_cell;
use crate::text::words::counted;
use std::collections::BTreeMap;

/// What an action of either kind shares.
struct Action<'a> {
    id: &'a str,
    code: ActionCode,
    blocked: Option<BlockedReason>,
    account: Option<&'a str>,
    account_name: Option<&'a str>,
    org_id: Option<u64>,
    org_name: Option<&'a str>,
    user_id: Option<u64>,
    domain: Option<&'a str>,
    from: Option<&'a str>,
    issue_id: &'a str,
    place: String,
}

fn all_actions(plan: &PlanFile) -> impl Iterator<Item = Action<'_>> {
    let prepared = plan.actions.iter().enumerate().map(|(at, action)| {
        let PlannedAction { action_id, action_code, sf_account_id, account_name, org_id, org_name, .. } = action;
        Action {
            id: action_id,
            code: *action_code,
            blocked: None,
            account: Some(sf_account_id),
            account_name: account_name.as_deref(),
            org_id: Some(*org_id),
            org_name: org_name.as_deref(),
            user_id: action.user_id,
            domain: action.domain.as_deref(),
            from: action.from.as_deref(),
            issue_id: &action.issue_id,
            place: format!("actions[{at}]"),
        }
    });
    let blocked = plan.blocked.iter().enumerate().map(|(at, action)| {
        let BlockedAction { action_id, action_code, blocked_reason, sf_account_id, account_name, .. } = action;
        Action {
            id: action_id,
            code: *action_code,
            blocked: Some(*blocked_reason),
            account: sf_account_id.as_deref(),
            account_name: account_name.as_deref(),
            org_id: action.org_id,
            org_name: action.org_name.as_deref(),
            user_id: action.user_id,
            domain: action.domain.as_deref(),
            from: None,
            issue_id: &action.issue_id,
            place: format!("blocked[{at}]"),
        }
    });
    prepared.chain(blocked)
}

/// Checks that each action belongs to the issue that names it, and each issue to the actions that it names.
pub(super) fn check(tables: &Tables, plan: &PlanFile, out: &mut Vec<FolderMismatch>) -> String {
    let issues: BTreeMap<&str, Issue<'_>> = tables.issues().map(|issue| (issue.id, issue)).collect();
    let details: BTreeMap<&str, Row<'_>> =
        tables.org.rows().chain(tables.user.rows()).map(|row| (row.get("issue_id"), row)).collect();
    let mut of_issue: BTreeMap<&str, Vec<Action<'_>>> = BTreeMap::new();
    let mut count = 0;
    let mut teller = Teller::new(Artifact::FixPlan.name(), out);
    for action in all_actions(plan) {
        count += 1;
        match issues.get(action.issue_id) {
            None => {
                let place = format!("{}.issue_id", action.place);
                teller.say(&place, format!("all_exceptions.csv has no issue {}", action.issue_id));
            }
            Some(issue) => check_action(&mut teller, &action, issue, details.get(issue.id).copied()),
        }
        of_issue.entry(action.issue_id).or_default().push(action);
    }
    let mut teller = Teller::new(tables.all.file, out);
    for issue in issues.values() {
        let actions = of_issue.get(issue.id).map(Vec::as_slice).unwrap_or_default();
        let ids = List::of(actions.iter().map(|action| action.id)).to_string();
        let place = issue.row.place("action_id");
        teller.equal(&place, "differs from fix_plan.json", ids.as_str(), issue.row.get("action_id"));
        let all_blocked = actions.iter().all(|action| action.blocked.is_some());
        if let (Status::Prepared, true) | (Status::Blocked, false) = (issue.status, all_blocked) {
            teller.say(&issue.row.place("status"), "does not match the actions of fix_plan.json");
        }
        if issue.status == Status::Blocked {
            // Reasons are in table order: the least is the first of them.
            let first = actions.iter().filter_map(|action| action.blocked).min();
            teller.same(&issue.row.place("blocked_reason"), "differs from fix_plan.json", first, issue.reason);
        }
    }
    let mut teller = Teller::new(tables.org.file, out);
    for issue in issues.values().filter(|issue| issue.code == IssueCode::OrgMissingExpectedDomain && issue.counts()) {
        let actions = of_issue.get(issue.id).map(Vec::as_slice).unwrap_or_default();
        let mut domains: Vec<&str> = actions.iter().filter_map(|action| action.domain).collect();
        domains.sort_unstable();
        if let Some(row) = details.get(issue.id) {
            let place = row.place("missing_domains");
            teller.equal(
                &place,
                "differs from fix_plan.json",
                List::of(domains).to_string().as_str(),
                row.get("missing_domains"),
            );
        }
    }
    format!("{} against their issues, both ways", counted(count, "action"))
}

fn check_action(teller: &mut Teller<'_>, action: &Action<'_>, issue: &Issue<'_>, details: Option<Row<'_>>) {
    let problem = "differs from its issue in all_exceptions.csv";
    let place = |member: &str| format!("{}.{member}", action.place);
    let number = |id: Option<u64>| id.map(|id| id.to_string()).unwrap_or_default();
    let text = |text: Option<&str>| csv_cell(text.unwrap_or_default()).into_owned();
    let mut cell = |member: &str, expected: &str, found: String| {
        teller.equal(&place(member), problem, expected, found.as_str());
    };
    cell("action_code", issue.code.action().map_or("", ActionCode::as_str), action.code.as_str().to_owned());
    cell("sf_account_id", issue.row.get("sf_account_id"), text(action.account));
    cell("account_name", issue.row.get("account_name"), text(action.account_name));
    cell("org_id", issue.row.get("org_id"), number(action.org_id));
    cell("user_id", issue.row.get("user_id"), number(action.user_id));
    if issue.code != IssueCode::OrgMissingExpectedDomain {
        cell("domain", issue.row.get("domain"), text(action.domain));
    }
    if let Some(reason) = action.blocked.filter(|reason| !issue.code.blocked_reasons().contains(reason)) {
        teller.say(&place("blocked_reason"), format!("{reason} cannot block {}", issue.code));
    }
    let Some(row) = details else { return };
    if issue.code.scope() == Scope::Org {
        let problem = "differs from its issue in org_issues.csv";
        teller.equal(&place("org_name"), problem, row.get("org_name"), &text(action.org_name));
    } else if action.blocked.is_none() && action.code == ActionCode::MoveUserToOrg {
        let problem = "differs from its issue in user_issues.csv";
        teller.equal(&place("from"), problem, row.get("default_org_id"), action.from.unwrap_or_default());
    }
}
