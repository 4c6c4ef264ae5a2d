//! The tables of issues: each row by itself, against the other tables, and against the plan.

use super::table::{Row, Table, compare};
use super::{Files, Mismatch, Teller};
use crate::catalogue::{ActionCode, BlockedReason, IssueCode, Scope, Status};
use crate::model::account_key::{account_key, external_id_for};
use crate::model::time::Instant;
use crate::rules::issue::{IssueId, Mismatch as TicketMismatch};
use crate::run::artifacts::Artifact;
use crate::run::artifacts::receipt::Receipt;
use crate::run::artifacts::tables::{self, NO_SINGLE_ACCOUNT};
use crate::run::plan_file::{BlockedAction, PlanFile, PlannedAction};
use crate::text::escape::{csv_cell, text_of_csv_cell};
use crate::text::words::plural;
use std::collections::{BTreeMap, BTreeSet};

/// The tables of issues, with the columns that they should have.
pub(super) struct Tables {
    all: Table,
    org: Table,
    user: Table,
    ticket: Table,
    by_account: Table,
}

/// A row of `all_exceptions.csv` whose names are known.
pub(super) struct Issue<'a> {
    row: Row<'a>,
    pub id: &'a str,
    pub code: IssueCode,
    pub status: Status,
    reason: Option<BlockedReason>,
}

impl<'a> Issue<'a> {
    fn actions(&self) -> impl Iterator<Item = &'a str> {
        self.row.get("action_id").split(';').filter(|id| !id.is_empty())
    }

    pub fn counts(&self) -> bool {
        self.status != Status::Suppressed
    }
}

impl Tables {
    /// Reads them; `None` when one is missing or no such table, which is told.
    pub fn parse(files: &Files, out: &mut Vec<Mismatch>) -> Option<Self> {
        let mut parse = |file, columns| Table::parse(file, columns, files.get(file)?, out);
        let all = parse(Artifact::AllExceptions.name(), tables::ALL_EXCEPTIONS);
        let org = parse(Artifact::OrgIssues.name(), tables::ORG_ISSUES);
        let user = parse(Artifact::UserIssues.name(), tables::USER_ISSUES);
        let ticket = parse(Artifact::TicketIssues.name(), tables::TICKET_ISSUES);
        let by_account = parse(Artifact::ExceptionsByAccount.name(), tables::EXCEPTIONS_BY_ACCOUNT);
        Some(Self { all: all?, org: org?, user: user?, ticket: ticket?, by_account: by_account? })
    }

    /// The rows of `all_exceptions.csv` with names that the catalogue has.
    pub fn issues(&self) -> impl Iterator<Item = Issue<'_>> {
        self.all.rows().filter_map(|row| {
            Some(Issue {
                row,
                id: row.get("issue_id"),
                code: IssueCode::parse(row.get("issue_code"))?,
                status: Status::parse(row.get("status"))?,
                reason: BlockedReason::parse(row.get("blocked_reason")),
            })
        })
    }

    /// How many unsuppressed ticket issues have a requester with an issue of their own.
    pub fn ticket_echoes(&self) -> u64 {
        let counted = self.ticket.rows().filter(|row| row.get("status") != Status::Suppressed.as_str());
        counted.filter(|row| !row.get("echo_of_issue_id").is_empty()).count() as u64
    }
}

/// Checks every row of `all_exceptions.csv`, and what only the table of its scope has.
pub(super) fn check(tables: &Tables, receipt: Option<&Receipt>, out: &mut Vec<Mismatch>) -> String {
    let mut teller = Teller::new(tables.all.file, out);
    let mut seen = BTreeSet::new();
    for row in tables.all.rows() {
        check_row(&mut teller, row);
        if !seen.insert(row.get("issue_id")) {
            teller.say(&row.place("issue_id"), "is there twice");
        }
    }
    order(&mut teller, tables);
    check_orgs(tables, out);
    check_users(tables, out);
    check_tickets(tables, receipt, out);
    format!("{}, ids recomputed", plural(tables.all.rows().len() as u64, "row"))
}

fn check_row(teller: &mut Teller<'_>, row: Row<'_>) {
    let code = IssueCode::parse(row.get("issue_code"));
    let status = Status::parse(row.get("status"));
    let reason = BlockedReason::parse(row.get("blocked_reason"));
    let (Some(code), Some(status)) = (code, status) else {
        let column = if code.is_none() { "issue_code" } else { "status" };
        return teller.say(&row.place(column), format!("there is no \"{}\"", row.get(column)));
    };
    let problem = format!("is not that of {code}");
    teller.equal(&row.place("scope"), &problem, code.scope().as_str(), row.get("scope"));
    teller.equal(&row.place("risk"), &problem, code.risk().as_str(), row.get("risk"));
    if status != Status::Suppressed && !code.statuses().contains(&status) {
        teller.say(&row.place("status"), format!("{code} is never {status}"));
    }
    match reason {
        Some(reason) if status != Status::Blocked || !code.blocked_reasons().contains(&reason) => {
            teller.say(&row.place("blocked_reason"), format!("{reason} blocks no {status} {code}"));
        }
        None if status == Status::Blocked || !row.get("blocked_reason").is_empty() => {
            teller.say(&row.place("blocked_reason"), format!("\"{}\" is no reason", row.get("blocked_reason")));
        }
        _ => {}
    }
    if row.get("suppression_reason").is_empty() == (status == Status::Suppressed) {
        teller.say(&row.place("suppression_reason"), "is given exactly where an issue is suppressed");
    }
    let has_actions = !row.get("action_id").is_empty();
    if has_actions != matches!(status, Status::Prepared | Status::Blocked) {
        teller.say(&row.place("action_id"), "is given exactly where an issue is prepared or blocked");
    }
    check_id(teller, row, code);
}

/// Recomputes the id of an issue from its columns.
fn check_id(teller: &mut Teller<'_>, row: Row<'_>, code: IssueCode) {
    let mut number = |column: &str| match row.get(column) {
        "" => Some(None),
        cell => {
            let number = cell.parse::<u64>().ok().filter(|number| number.to_string() == cell);
            if number.is_none() {
                teller.say(&row.place(column), format!("\"{cell}\" is no id"));
            }
            number.map(Some)
        }
    };
    let (org, user, ticket) = (number("org_id"), number("user_id"), number("ticket_id"));
    let (Some(org), Some(user), Some(ticket)) = (org, user, ticket) else { return };
    let account = row.get("sf_account_id");
    let id = |account: &str| IssueId::of(code, &account_key(account), org, user, ticket, row.get("domain")).to_string();
    // A cell does not tell whether its quote is the guard's or the id's own.
    let (expected, other) = (id(text_of_csv_cell(account)), id(account));
    if other != row.get("issue_id") {
        let problem = "is not the id of what the row tells";
        teller.equal(&row.place("issue_id"), problem, expected.as_str(), row.get("issue_id"));
    }
}

/// By account (none last), code, org, user, ticket, domain (contract 6.4).
fn order(teller: &mut Teller<'_>, tables: &Tables) {
    let issues: Vec<Issue<'_>> = tables.issues().collect();
    let key = |issue: &Issue<'_>| {
        let number = |column| issue.row.get(column).parse::<u64>().ok();
        let account = issue.row.get("sf_account_id").to_owned();
        let (org, user, ticket) = (number("org_id"), number("user_id"), number("ticket_id"));
        (account.is_empty(), account, issue.code, org, user, ticket, issue.row.get("domain").to_owned())
    };
    for pair in issues.windows(2) {
        // Guarded cells do not sort as what they guard.
        let guarded = |issue: &Issue<'_>| issue.row.get("sf_account_id").starts_with('\'');
        if !pair.iter().any(guarded) && key(&pair[0]) > key(&pair[1]) {
            teller.say(&pair[1].row.line(), "stands after a row that it should precede");
        }
    }
}

fn check_orgs(tables: &Tables, out: &mut Vec<Mismatch>) {
    let mut teller = Teller::new(tables.org.file, out);
    for row in tables.org.rows() {
        let account = row.get("sf_account_id");
        let external_id = |account| csv_cell(&external_id_for(account)).into_owned();
        let expected = external_id(text_of_csv_cell(account));
        if external_id(account) != row.get("expected_external_id") {
            let place = row.place("expected_external_id");
            teller.equal(&place, "is not the id of the account", expected.as_str(), row.get("expected_external_id"));
        }
        let of_its_code = row.get("issue_code") == IssueCode::OrgMissingExpectedDomain.as_str();
        if row.get("missing_domains").is_empty() == of_its_code {
            teller.say(&row.place("missing_domains"), "is given exactly for org_missing_expected_domain");
        }
        if row.get("org_id").is_empty()
            && !(row.get("org_name").is_empty() && row.get("current_external_id").is_empty())
        {
            teller.say(&row.place("org_name"), "is given without an org");
        }
    }
}

fn check_users(tables: &Tables, out: &mut Vec<Mismatch>) {
    let mut teller = Teller::new(tables.user.file, out);
    for row in tables.user.rows() {
        let state = row.get("membership_state");
        if !matches!(state, "member_default" | "member" | "none") {
            teller.say(&row.place("membership_state"), format!("there is no \"{state}\""));
        }
    }
}

fn check_tickets(tables: &Tables, receipt: Option<&Receipt>, out: &mut Vec<Mismatch>) {
    let window = receipt.and_then(|receipt| {
        let window = &receipt.ticket_window;
        Some((Instant::parse(&window.from)?, Instant::parse(&window.to)?))
    });
    let of_requester: BTreeMap<&str, &str> =
        tables.user.rows().map(|row| (row.get("user_id"), row.get("issue_id"))).collect();
    let mut teller = Teller::new(tables.ticket.file, out);
    for row in tables.ticket.rows() {
        let (kind, org) = (row.get("mismatch_kind"), row.get("ticket_org_id"));
        let kinds = [TicketMismatch::NoOrg, TicketMismatch::OtherMemberOrg, TicketMismatch::NotMemberOrg];
        let is_mismatch = row.get("issue_code") == IssueCode::TicketOrgMismatch.as_str();
        let known = if is_mismatch { kinds.iter().any(|known| known.as_str() == kind) } else { kind.is_empty() };
        if !known || (is_mismatch && org.is_empty() != (kind == TicketMismatch::NoOrg.as_str())) {
            teller.say(&row.place("mismatch_kind"), format!("\"{kind}\" does not go with the row"));
        }
        let echo = of_requester.get(row.get("requester_id")).copied().unwrap_or_default();
        let problem = "is not the requester's issue in user_issues.csv";
        teller.equal(&row.place("echo_of_issue_id"), problem, echo, row.get("echo_of_issue_id"));
        let time = row.get("updated_at");
        match (Instant::parse(time), window) {
            (None, _) => teller.say(&row.place("updated_at"), format!("\"{time}\" is no time")),
            (Some(time), Some((from, to))) if time < from || time > to => {
                teller.say(&row.place("updated_at"), "is outside the window of receipt.json");
            }
            _ => {}
        }
    }
}

/// Checks that `all_exceptions.csv` is the union of the three tables: each row of each, in its order, with the same cells.
pub(super) fn union(tables: &Tables, out: &mut Vec<Mismatch>) -> String {
    const OUTCOME: [(&str, &str); 6] = [
        ("issue_code", "issue_code"),
        ("risk", "risk"),
        ("status", "status"),
        ("sf_account_id", "sf_account_id"),
        ("account_name", "account_name"),
        ("suppression_reason", "suppression_reason"),
    ];
    const PLANNED: [(&str, &str); 2] = [("blocked_reason", "blocked_reason"), ("action_id", "action_id")];
    /// A column of the table, and the one of `all_exceptions.csv`.
    type Columns = &'static [(&'static str, &'static str)];
    let parts: [(&Table, Scope, Columns, &[&str]); 3] = [
        (&tables.org, Scope::Org, &[("org_id", "org_id"), ("domain", "domain")], &["user_id", "ticket_id"]),
        (
            &tables.user,
            Scope::User,
            &[("user_id", "user_id"), ("email_domain", "domain"), ("expected_org_id", "org_id")],
            &["ticket_id"],
        ),
        (
            &tables.ticket,
            Scope::Ticket,
            &[("ticket_id", "ticket_id"), ("requester_id", "user_id"), ("expected_org_id", "org_id")],
            &["blocked_reason", "action_id"],
        ),
    ];
    for (table, scope, columns, empty) in parts {
        let planned: Columns = if scope == Scope::Ticket { &[] } else { &PLANNED };
        let detail: Columns = &[("detail", "detail")];
        let columns: Vec<_> = OUTCOME.iter().chain(columns).chain(planned).chain(detail).collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let rows = || tables.all.rows().filter(|row| row.get("scope") == scope.as_str());
        let cells = |row: Row<'_>| columns.iter().map(|(_, all)| row.get(all).to_owned()).collect();
        let expected: Vec<_> = rows().map(|row| (row.get("issue_id").to_owned(), cells(row))).collect();
        compare(table, "issue_id", &names, &expected, "differs from all_exceptions.csv", out);
        let mut teller = Teller::new(tables.all.file, out);
        for row in rows() {
            for column in empty.iter().filter(|column| !row.get(column).is_empty()) {
                teller.say(&row.place(column), format!("is not empty for an issue of scope {scope}"));
            }
        }
    }
    format!("{} against the tables of org, user and ticket issues", plural(tables.all.rows().len() as u64, "row"))
}

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
pub(super) fn actions(tables: &Tables, plan: &PlanFile, out: &mut Vec<Mismatch>) -> String {
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
        let ids = actions.iter().map(|action| action.id).collect::<Vec<_>>().join(";");
        let place = issue.row.place("action_id");
        teller.equal(
            &place,
            "differs from fix_plan.json",
            ids.as_str(),
            &issue.actions().collect::<Vec<_>>().join(";"),
        );
        let all_blocked = actions.iter().all(|action| action.blocked.is_some());
        if let (Status::Prepared, true) | (Status::Blocked, false) = (issue.status, all_blocked) {
            teller.say(&issue.row.place("status"), "does not go with the actions of fix_plan.json");
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
            teller.equal(&place, "differs from fix_plan.json", domains.join(";").as_str(), row.get("missing_domains"));
        }
    }
    format!("{} against their issues, both ways", plural(count, "action"))
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
        teller.say(&place("blocked_reason"), format!("{reason} blocks no {}", issue.code));
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

/// Checks `exceptions_by_account.csv` against the issues that count and the reasons of the plan.
pub(super) fn by_account(tables: &Tables, plan: &PlanFile, out: &mut Vec<Mismatch>) -> String {
    let reasons: BTreeMap<&str, BlockedReason> =
        plan.blocked.iter().map(|action| (action.action_id.as_str(), action.blocked_reason)).collect();
    let mut sums: Vec<(&str, Sums<'_>)> = Vec::new();
    for issue in tables.issues().filter(Issue::counts) {
        let account = issue.row.get("sf_account_id");
        if sums.last().is_none_or(|(last, _)| *last != account) {
            let name = if account.is_empty() { NO_SINGLE_ACCOUNT } else { issue.row.get("account_name") };
            sums.push((account, Sums { name, ..Sums::default() }));
        }
        if let Some((_, sums)) = sums.last_mut() {
            sums.add(&issue, &reasons);
        }
    }
    let expected: Vec<_> = sums.into_iter().map(|(account, sums)| (account.to_owned(), sums.cells())).collect();
    let columns: Vec<&str> = tables::EXCEPTIONS_BY_ACCOUNT.split(", ").skip(1).collect();
    let problem = "differs from all_exceptions.csv";
    compare(&tables.by_account, "sf_account_id", &columns, &expected, problem, out);
    format!("{} against the issues", plural(expected.len() as u64, "row"))
}

/// What the issues of one account come to.
#[derive(Default)]
struct Sums<'a> {
    name: &'a str,
    scopes: BTreeMap<Scope, u64>,
    codes: BTreeMap<IssueCode, u64>,
    reasons: BTreeMap<BlockedReason, u64>,
    prepared: u64,
    blocked: u64,
}

impl<'a> Sums<'a> {
    fn add(&mut self, issue: &Issue<'a>, reasons: &BTreeMap<&str, BlockedReason>) {
        *self.scopes.entry(issue.code.scope()).or_default() += 1;
        *self.codes.entry(issue.code).or_default() += 1;
        for action in issue.actions() {
            if let Some(reason) = reasons.get(action) {
                *self.reasons.entry(*reason).or_default() += 1;
                self.blocked += 1;
            } else {
                self.prepared += 1;
            }
        }
    }

    /// The cells after `sf_account_id`.
    fn cells(&self) -> Vec<String> {
        let scopes = Scope::ALL.map(|scope| self.scopes.get(&scope).copied().unwrap_or_default());
        let counts = scopes.into_iter().chain([scopes.iter().sum(), self.prepared, self.blocked]);
        let name = std::iter::once(self.name.to_owned());
        let tops = [top_two(&self.codes), top_two(&self.reasons)];
        name.chain(counts.map(|count| count.to_string())).chain(tops).collect()
    }
}

/// The two most frequent, most first, ties in table order.
fn top_two<T: Copy + ToString>(counts: &BTreeMap<T, u64>) -> String {
    let mut counts: Vec<(&T, &u64)> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counts.iter().take(2).map(|(item, _)| item.to_string()).collect::<Vec<_>>().join(", ")
}
