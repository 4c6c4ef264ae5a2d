//! What is said of accounts: `exceptions_by_account.csv`, `accounts.csv` and `advisories.csv`.

use super::issues::{Issue, Tables};
use super::table::{Row, Table, compare};
use super::{Files, FolderMismatch, Teller};
use crate::catalogue::{AdvisoryCode, BlockedReason, IssueCode, Scope};
use crate::model::account_key::account_key;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::rows::{AccountRow, AdvisoryRow, ExceptionsRow};
use crate::run::artifacts::summary::Summary;
use crate::run::artifacts::table::columns;
use crate::run::artifacts::tables::NO_SINGLE_ACCOUNT;
use crate::run::plan_file::PlanFile;
use crate::text::escape::{csv_cell, text_of_csv_cell};
use crate::text::words::counted;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Checks `exceptions_by_account.csv` against the issues that count and the reasons of the plan.
pub(super) fn by_account(tables: &Tables, plan: &PlanFile, out: &mut Vec<FolderMismatch>) -> String {
    let sums = sums(tables, plan, |issue| issue.counts());
    let cells = |(account, sums): &(&str, Sums<'_>)| (csv_cell(account).into_owned(), sums.cells());
    let expected: Vec<_> = sums.iter().map(cells).collect();
    let columns = &columns::<ExceptionsRow<'_>>()[1..];
    let problem = "differs from all_exceptions.csv";
    compare(&tables.by_account, "sf_account_id", columns, &expected, problem, out);
    format!("{} against the issues", counted(expected.len() as u64, "row"))
}

/// The sums over the issues of each account, in the order of the issues.
fn sums<'a>(tables: &'a Tables, plan: &PlanFile, wanted: fn(&Issue<'_>) -> bool) -> Vec<(&'a str, Sums<'a>)> {
    let mut actions: BTreeMap<&str, Vec<Option<BlockedReason>>> = BTreeMap::new();
    for action in &plan.actions {
        actions.entry(&action.issue_id).or_default().push(None);
    }
    for action in &plan.blocked {
        actions.entry(&action.issue_id).or_default().push(Some(action.blocked_reason));
    }
    let mut sums: Vec<(&str, Sums<'_>)> = Vec::new();
    for issue in tables.issues().filter(wanted) {
        let account = issue.account();
        if sums.last().is_none_or(|(last, _)| *last != account) {
            let name = if account.is_empty() { NO_SINGLE_ACCOUNT } else { issue.row.get("account_name") };
            sums.push((account, Sums { name, ..Sums::default() }));
        }
        if let Some((_, sums)) = sums.last_mut() {
            sums.add(&issue, actions.get(issue.id).map(Vec::as_slice).unwrap_or_default());
        }
    }
    sums
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
    suppressed: u64,
}

impl Sums<'_> {
    fn add(&mut self, issue: &Issue<'_>, actions: &[Option<BlockedReason>]) {
        if !issue.counts() {
            self.suppressed += 1;
            return;
        }
        *self.scopes.entry(issue.code.scope()).or_default() += 1;
        *self.codes.entry(issue.code).or_default() += 1;
        for action in actions {
            match action {
                Some(reason) => {
                    *self.reasons.entry(*reason).or_default() += 1;
                    self.blocked += 1;
                }
                None => self.prepared += 1,
            }
        }
    }

    /// The cells after `sf_account_id`.
    fn cells(&self) -> Vec<String> {
        let scopes = Scope::ALL.map(|scope| self.scopes.get(&scope).copied().unwrap_or_default());
        let counts = scopes.into_iter().chain([scopes.iter().sum(), self.prepared, self.blocked]);
        let name = std::iter::once(self.name.to_owned());
        let tops = [top_two(&self.codes, |code| code.risk()), top_two(&self.reasons, |_| ())];
        name.chain(counts.map(|count| count.to_string())).chain(tops).collect()
    }
}

/// The two worst: by a rank, then the most frequent, then in table order.
fn top_two<T: Copy + ToString, K: Ord>(counts: &BTreeMap<T, u64>, rank: impl Fn(T) -> K) -> String {
    let mut counts: Vec<(&T, &u64)> = counts.iter().collect();
    counts.sort_by_key(|(item, count)| (rank(**item), Reverse(**count)));
    counts.iter().take(2).map(|(item, _)| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Checks `accounts.csv`: its ids and keys, its order, its counts against the issues, its resolutions against the summary.
pub(super) fn accounts(
    tables: &Tables,
    plan: &PlanFile,
    summary: &Summary,
    files: &Files,
    out: &mut Vec<FolderMismatch>,
) -> String {
    let bytes = files.get(Artifact::Accounts.name()).map(Vec::as_slice).unwrap_or_default();
    let Some(table) = Table::parse::<AccountRow<'_>>(bytes, out) else { return "no table".to_owned() };
    let mut teller = Teller::new(table.file, out);
    let sums: BTreeMap<&str, Sums<'_>> = sums(tables, plan, |_| true).into_iter().collect();
    let mut resolutions: BTreeMap<&str, u64> = BTreeMap::new();
    let mut last = "";
    for row in table.rows() {
        let account = account_of(row, last, |account| sums.contains_key(account));
        if account < last {
            teller.say(&row.line(), "comes after a row that should come later");
        }
        last = account;
        let key = csv_cell(&account_key(account)).into_owned();
        teller.equal(&row.place("account_key"), "is not the key of the id", key.as_str(), row.get("account_key"));
        *resolutions.entry(row.get("resolution")).or_default() += 1;
        if row.get("org_id").is_empty() != (row.get("resolution") == "missing") {
            teller.say(&row.place("org_id"), "must be set exactly for an account that is not missing");
        }
        let none = Sums::default();
        let sums = sums.get(account).unwrap_or(&none);
        for (column, expected) in [
            ("total_issue_count", sums.scopes.values().sum()),
            ("prepared_action_count", sums.prepared),
            ("blocked_action_count", sums.blocked),
            ("suppressed_issue_count", sums.suppressed),
        ] {
            let place = row.place(column);
            teller.equal(&place, "differs from the issues", expected.to_string().as_str(), row.get(column));
        }
    }
    let mut teller = Teller::new(Artifact::Summary.name(), out);
    for (name, count) in summary.resolution.named() {
        let found = resolutions.get(name).copied().unwrap_or_default();
        teller.equal(&format!("resolution.{name}"), "differs from accounts.csv", found, count);
    }
    teller.equal("read.accounts", "differs from accounts.csv", table.rows().len() as u64, summary.read.accounts);
    format!("{} against the issues and the summary", counted(table.rows().len() as u64, "account"))
}

/// The id of an account's row: of the two readings of its cell, one that may follow `last`, and rather one that has issues. A cell
/// does not tell whether its quote is the guard's or the id's own.
fn account_of<'a>(row: Row<'a>, last: &str, has_issues: impl Fn(&str) -> bool) -> &'a str {
    let readings = readings(row);
    let mut fitting = readings.into_iter().filter(|account| *account > last);
    let first = fitting.clone().next();
    fitting.find(|account| has_issues(account)).or(first).unwrap_or(readings[1])
}

fn readings(row: Row<'_>) -> [&str; 2] {
    let cell = row.get("sf_account_id");
    [cell, text_of_csv_cell(cell)]
}

/// Checks `advisories.csv`: its order, what each code may name, its counts against the summary.
pub(super) fn advisories(summary: &Summary, files: &Files, out: &mut Vec<FolderMismatch>) -> String {
    let bytes = files.get(Artifact::Advisories.name()).map(Vec::as_slice).unwrap_or_default();
    let Some(table) = Table::parse::<AdvisoryRow<'_>>(bytes, out) else { return "no table".to_owned() };
    let mut teller = Teller::new(table.file, out);
    let mut counts: BTreeMap<AdvisoryCode, u64> = AdvisoryCode::ALL.into_iter().map(|code| (code, 0)).collect();
    let mut last = None;
    for row in table.rows() {
        let Some(code) = AdvisoryCode::parse(row.get("advisory_code")) else {
            teller.say(&row.place("advisory_code"), format!("there is no \"{}\"", row.get("advisory_code")));
            continue;
        };
        *counts.entry(code).or_default() += 1;
        let org = row.get("org_id").parse::<u64>().ok();
        let keys = readings(row).map(|account| (code, org, row.get("domain"), account));
        let key = keys.into_iter().find(|key| last.is_none_or(|last| last < *key)).unwrap_or(keys[1]);
        if last.is_some_and(|last| last > key) {
            teller.say(&row.line(), "comes after a row that should come later");
        }
        last = Some(key);
        if row.get("sf_account_id").is_empty() == (code == AdvisoryCode::AccountLost) {
            teller.say(&row.place("sf_account_id"), "must be set exactly for account_lost");
        }
        let of_org = !matches!(code, AdvisoryCode::AccountLost | AdvisoryCode::DomainUnmapped);
        if org.is_some() != of_org {
            teller.say(&row.place("org_id"), "must be set exactly for a code about orgs");
        }
    }
    let mut teller = Teller::new(Artifact::Summary.name(), out);
    for (code, count) in &counts {
        let place = format!("advisories.{code}");
        teller.same(&place, "differs from advisories.csv", Some(count), summary.advisories.get(code));
    }
    let lost = counts.get(&AdvisoryCode::AccountLost).copied().unwrap_or_default();
    if summary.lost_accounts.unwrap_or_default() != lost {
        teller.say("lost_accounts", "differs from advisories.csv");
    }
    format!("{} against the summary", counted(table.rows().len() as u64, "row"))
}
