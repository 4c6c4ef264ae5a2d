//! The tables of issues: each row by itself, against the other tables, and against the plan.

use super::table::{Row, Table, compare};
use super::{Files, FolderMismatch, Teller};
use crate::catalogue::{BlockedReason, IssueCode, Scope, Status};
use crate::model::account_key::{account_key, external_id_for};
use crate::model::time::Instant;
use crate::rules::issue::{IssueId, Mismatch as TicketMismatch};
use crate::run::artifacts::receipt::Receipt;
use crate::run::artifacts::rows::{ExceptionsRow, IssueRow, OrgIssueRow, TicketIssueRow, UserIssueRow};
use crate::run::artifacts::table;
use crate::text::escape::{csv_cell, text_of_csv_cell};
use crate::text::words::counted;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// The tables of issues, with the columns that they should have.
pub(super) struct Tables {
    pub all: Table,
    pub org: Table,
    pub user: Table,
    ticket: Table,
    pub by_account: Table,
}

/// A row of `all_exceptions.csv` whose names are known.
pub(super) struct Issue<'a> {
    pub row: Row<'a>,
    pub id: &'a str,
    pub code: IssueCode,
    pub status: Status,
    pub reason: Option<BlockedReason>,
}

impl<'a> Issue<'a> {
    /// The id of its account. A cell does not tell whether its quote is the guard's or the id's own; the issue's id does.
    pub(super) fn account(&self) -> &'a str {
        let cell = self.row.get("sf_account_id");
        let number = |column| self.row.get(column).parse().ok();
        let (org, user, ticket) = (number("org_id"), number("user_id"), number("ticket_id"));
        let id = IssueId::of(self.code, &account_key(cell), org, user, ticket, self.row.get("domain")).to_string();
        if id == self.id { cell } else { text_of_csv_cell(cell) }
    }

    pub(super) fn counts(&self) -> bool {
        self.status != Status::Suppressed
    }
}

impl Tables {
    /// Reads them; `None` when one is missing or no such table, which is told.
    pub(super) fn parse(files: &Files, out: &mut Vec<FolderMismatch>) -> Option<Self> {
        fn parse<R: table::TableRow + DeserializeOwned>(files: &Files, out: &mut Vec<FolderMismatch>) -> Option<Table> {
            Table::parse::<R>(files.get(R::FILE.name())?, out)
        }
        let all = parse::<IssueRow<'_>>(files, out);
        let org = parse::<OrgIssueRow<'_>>(files, out);
        let user = parse::<UserIssueRow<'_>>(files, out);
        let ticket = parse::<TicketIssueRow<'_>>(files, out);
        let by_account = parse::<ExceptionsRow<'_>>(files, out);
        Some(Self { all: all?, org: org?, user: user?, ticket: ticket?, by_account: by_account? })
    }

    /// The rows of `all_exceptions.csv` with names that the catalogue has.
    pub(super) fn issues(&self) -> impl Iterator<Item = Issue<'_>> {
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
    pub(super) fn ticket_echoes(&self) -> u64 {
        let counted = self.ticket.rows().filter(|row| row.get("status") != Status::Suppressed.as_str());
        counted.filter(|row| !row.get("echo_of_issue_id").is_empty()).count() as u64
    }
}

/// Checks every row of `all_exceptions.csv`, and what only the table of its scope has.
pub(super) fn check(tables: &Tables, receipt: Option<&Receipt>, out: &mut Vec<FolderMismatch>) -> String {
    let mut teller = Teller::new(tables.all.file, out);
    let mut seen = BTreeSet::new();
    for row in tables.all.rows() {
        check_row(&mut teller, row);
        if !seen.insert(row.get("issue_id")) {
            teller.say(&row.place("issue_id"), "appears twice");
        }
    }
    order(&mut teller, tables);
    check_orgs(tables, out);
    check_users(tables, out);
    check_tickets(tables, receipt, out);
    format!("{}, ids recomputed", counted(tables.all.rows().len() as u64, "row"))
}

fn check_row(teller: &mut Teller<'_>, row: Row<'_>) {
    let code = IssueCode::parse(row.get("issue_code"));
    let status = Status::parse(row.get("status"));
    let reason = BlockedReason::parse(row.get("blocked_reason"));
    let (Some(code), Some(status)) = (code, status) else {
        let column = if code.is_none() { "issue_code" } else { "status" };
        return teller.say(&row.place(column), format!("there is no \"{}\"", row.get(column)));
    };
    let problem = format!("is not the one of {code}");
    teller.equal(&row.place("scope"), &problem, code.scope().as_str(), row.get("scope"));
    teller.equal(&row.place("risk"), &problem, code.risk().as_str(), row.get("risk"));
    if status != Status::Suppressed && !code.statuses().contains(&status) {
        teller.say(&row.place("status"), format!("{code} is never {status}"));
    }
    match reason {
        Some(reason) if status != Status::Blocked || !code.blocked_reasons().contains(&reason) => {
            teller.say(&row.place("blocked_reason"), format!("{reason} cannot block {status} {code}"));
        }
        None if status == Status::Blocked || !row.get("blocked_reason").is_empty() => {
            teller.say(&row.place("blocked_reason"), format!("\"{}\" is not a reason", row.get("blocked_reason")));
        }
        _ => {}
    }
    if row.get("suppression_reason").is_empty() == (status == Status::Suppressed) {
        teller.say(&row.place("suppression_reason"), "must be set exactly when an issue is suppressed");
    }
    let has_actions = !row.get("action_id").is_empty();
    if has_actions != matches!(status, Status::Prepared | Status::Blocked) {
        teller.say(&row.place("action_id"), "must be set exactly when an issue is prepared or blocked");
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
                teller.say(&row.place(column), format!("\"{cell}\" is not an id"));
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
        let problem = "does not match the content of the row";
        teller.equal(&row.place("issue_id"), problem, expected.as_str(), row.get("issue_id"));
    }
}

/// By account (none last), code, org, user, ticket, domain (rules 6.4).
fn order(teller: &mut Teller<'_>, tables: &Tables) {
    let issues: Vec<Issue<'_>> = tables.issues().collect();
    let key = |issue: &Issue<'_>| {
        let number = |column| issue.row.get(column).parse::<u64>().ok();
        let account = issue.account().to_owned();
        let (org, user, ticket) = (number("org_id"), number("user_id"), number("ticket_id"));
        (account.is_empty(), account, issue.code, org, user, ticket, issue.row.get("domain").to_owned())
    };
    for pair in issues.windows(2) {
        if key(&pair[0]) > key(&pair[1]) {
            teller.say(&pair[1].row.line(), "comes after a row that should come later");
        }
    }
}

fn check_orgs(tables: &Tables, out: &mut Vec<FolderMismatch>) {
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
            teller.say(&row.place("missing_domains"), "must be set exactly for org_missing_expected_domain");
        }
        if row.get("org_id").is_empty()
            && !(row.get("org_name").is_empty() && row.get("current_external_id").is_empty())
        {
            teller.say(&row.place("org_name"), "is set without an org");
        }
    }
}

fn check_users(tables: &Tables, out: &mut Vec<FolderMismatch>) {
    let mut teller = Teller::new(tables.user.file, out);
    for row in tables.user.rows() {
        let state = row.get("membership_state");
        if !matches!(state, "member_default" | "member" | "none") {
            teller.say(&row.place("membership_state"), format!("there is no \"{state}\""));
        }
    }
}

fn check_tickets(tables: &Tables, receipt: Option<&Receipt>, out: &mut Vec<FolderMismatch>) {
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
            teller.say(&row.place("mismatch_kind"), format!("\"{kind}\" does not fit the row"));
        }
        let echo = of_requester.get(row.get("requester_id")).copied().unwrap_or_default();
        let problem = "is not the requester's issue in user_issues.csv";
        teller.equal(&row.place("echo_of_issue_id"), problem, echo, row.get("echo_of_issue_id"));
        let time = row.get("updated_at");
        match (Instant::parse(time), window) {
            (None, _) => teller.say(&row.place("updated_at"), format!("\"{time}\" is not a time")),
            (Some(time), Some((from, to))) if time < from || time > to => {
                teller.say(&row.place("updated_at"), "is outside the window of receipt.json");
            }
            _ => {}
        }
    }
}

/// Checks that `all_exceptions.csv` is the union of the three tables: each row of each, in its order, with the same cells.
pub(super) fn union(tables: &Tables, out: &mut Vec<FolderMismatch>) -> String {
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
                teller.say(&row.place(column), format!("must be empty for an issue of scope {scope}"));
            }
        }
    }
    format!("{} against the tables of org, user and ticket issues", counted(tables.all.rows().len() as u64, "row"))
}
