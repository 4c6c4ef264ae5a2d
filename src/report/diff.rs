//! What the terminal shows of the difference between two runs.

use super::terminal::by_code;
use crate::catalogue::IssueCode;
use crate::run::artifacts::receipt::SuppressionsFrom;
use crate::run::diff::{ActionRow, Delta, Diff};
use crate::run::read::IssueRow;
use crate::text::escape;
use crate::text::lines::{Line, Lines};
use crate::text::words::{counted, grouped};

/// How many issues or actions of one kind are printed one by one.
const MOST_ROWS: usize = 20;

/// What is new, gone and changed, in numbers.
pub fn counts(diff: &Diff<'_>) -> Lines {
    let Diff { new, resolved, left_window, changed, unchanged, prepared, blocked } = diff;
    let mut lines = Lines::default();
    let codes = |issues: &[&IssueRow]| by_code(issues.iter().map(|issue| issue.issue_code));
    let count = |issues: usize| grouped(issues as u64);
    lines.public(format!("  New:              {}{}", count(new.len()), codes(new)));
    lines.public(format!("  Resolved:         {}{}", count(resolved.len()), codes(resolved)));
    if !left_window.is_empty() {
        lines.public(format!("  Left the window:  {}{}", count(left_window.len()), codes(left_window)));
    }
    if !changed.is_empty() {
        let heads: Vec<&IssueRow> = changed.iter().map(|(_, head)| *head).collect();
        lines.public(format!("  Changed status:   {}{}", count(changed.len()), codes(&heads)));
    }
    lines.public(format!("  Unchanged:        {}", count(unchanged.len())));
    for (name, delta) in [("Prepared:", prepared), ("Blocked:", blocked)] {
        let Delta { added, dropped } = delta;
        let added = counted(added.len() as u64, "action");
        lines.public(format!("  {name:<18}{added} added, {} dropped", count(dropped.len())));
    }
    lines
}

/// The issues and actions that make the difference; a public audience has the counts.
pub fn rows(diff: &Diff<'_>) -> Lines {
    let Diff { new, resolved, left_window, changed, unchanged: _, prepared, blocked } = diff;
    let mut lines = Lines::default();
    let mut issues = |heading, issues: &[&IssueRow]| list(&mut lines, heading, issues, |issue| of_issue(issue));
    issues("New issues:", new);
    issues("Resolved issues:", resolved);
    issues("Ticket issues that left the window:", left_window);
    list(&mut lines, "Issues with another status:", changed, |(base, head)| {
        format!("{}: {} → {}", of_issue(head), base.status, head.status)
    });
    let mut actions = |heading, actions: &[ActionRow<'_>]| list(&mut lines, heading, actions, of_action);
    actions("Prepared actions that were added:", &prepared.added);
    actions("Prepared actions that were dropped:", &prepared.dropped);
    actions("Blocked actions that were added:", &blocked.added);
    actions("Blocked actions that were dropped:", &blocked.dropped);
    lines
}

fn list<T>(lines: &mut Lines, heading: &'static str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    lines.blank();
    lines.0.push(Line::Heading(heading.into()));
    items.iter().take(MOST_ROWS).for_each(|item| lines.text(format!("  {}", line(item))));
    if items.len() > MOST_ROWS {
        let more = grouped((items.len() - MOST_ROWS) as u64);
        lines.text(format!("  {more} more; --format json lists them all"));
    }
}

fn of_issue(issue: &IssueRow) -> String {
    let IssueRow { issue_code, sf_account_id, account_name, org_id, user_id, ticket_id, domain, .. } = issue;
    let of = records(sf_account_id.as_deref(), Some(account_name), *org_id, *user_id, *ticket_id, domain.as_deref());
    format!("{issue_code}{of}")
}

fn of_action(action: &ActionRow<'_>) -> String {
    let ActionRow { code, blocked_reason, sf_account_id, account_name, org_id, user_id, domain } = action;
    let reason = blocked_reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{code}{reason}{}", records(*sf_account_id, *account_name, *org_id, *user_id, None, *domain))
}

/// The records that something is about; each text may be outside text.
fn records(
    account: Option<&str>,
    name: Option<&str>,
    org: Option<u64>,
    user: Option<u64>,
    ticket: Option<u64>,
    domain: Option<&str>,
) -> String {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(escape::terminal);
    let id = |kind: &str, id: Option<u64>| id.map(|id| format!("{kind} {id}"));
    let account = [text(account), text(name)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let account = Some(account).filter(|account| !account.is_empty());
    let parts = [account, id("org", org), id("user", user), id("ticket", ticket), text(domain)];
    parts.into_iter().flatten().map(|part| format!(", {part}")).collect()
}

/// What the suppressions that are not in force would have hidden.
pub fn own_suppressions(from: &SuppressionsFrom, code_of: impl Fn(&str) -> Option<IssueCode>) -> Lines {
    let issues = &from.own_would_suppress;
    let codes = by_code(issues.iter().filter_map(|issue| code_of(&issue.issue_id)));
    let mut lines = Lines::default();
    lines.blank();
    lines.0.push(Line::Heading("Suppressions that are not in force:".into()));
    lines.public(format!("  {} would be hidden too{codes}", counted(issues.len() as u64, "issue")));
    lines
}
