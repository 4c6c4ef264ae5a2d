//! What the terminal shows of the difference between two runs.

use super::terminal::by_code;
use crate::catalogue::IssueCode;
use crate::run::artifacts::receipt::SuppressionsFrom;
use crate::run::artifacts::rows::IssueRow;
use crate::run::diff::{ActionRow, Delta, Diff};
use crate::text::escape;
use crate::text::lines::{Line, Lines};
use crate::text::words::{counted, grouped};

/// How many issues or actions of one kind are printed one by one.
const MOST_ROWS: usize = 20;

/// What is new, gone and changed, in numbers.
pub fn counts(diff: &Diff<'_>) -> Lines {
    let Diff { new, came_back, resolved, silenced, left_window, left_reference, .. } = diff;
    let Diff { changed, unchanged, lost_accounts, prepared, blocked, .. } = diff;
    let mut lines = Lines::default();
    let codes = |issues: &[&IssueRow<'_>]| by_code(issues.iter().map(|issue| issue.issue_code));
    let heads = |pairs: &[(&IssueRow<'_>, &IssueRow<'_>)]| by_code(pairs.iter().map(|(_, head)| head.issue_code));
    let count = |issues: usize| grouped(issues as u64);
    lines.public(format!("  New:              {}{}", count(new.len()), codes(new)));
    lines.public(format!("  Resolved:         {}{}", count(resolved.len()), codes(resolved)));
    let mut some = |name: &str, number: usize, codes: String| {
        if number > 0 {
            lines.public(format!("  {name:<18}{}{codes}", count(number)));
        }
    };
    some("Came back:", came_back.len(), codes(came_back));
    some("Silenced:", silenced.len(), heads(silenced));
    some("Left reference:", left_reference.len(), codes(left_reference));
    some("Left the window:", left_window.len(), codes(left_window));
    some("Changed:", changed.len(), heads(changed));
    lines.public(format!("  Unchanged:        {}", count(unchanged.len())));
    if let Some(lost) = lost_accounts.as_ref().filter(|lost| !lost.is_empty()) {
        lines.public(format!("  Lost accounts:    {}", count(lost.len())));
    }
    for (name, delta) in [("Prepared:", prepared), ("Blocked:", blocked)] {
        let Delta { added, dropped } = delta;
        let added = counted(added.len() as u64, "action");
        lines.public(format!("  {name:<18}{added} added, {} dropped", count(dropped.len())));
    }
    lines
}

/// The issues and actions that make the difference; a public audience has the counts.
pub fn rows(diff: &Diff<'_>) -> Lines {
    let Diff { new, came_back, resolved, silenced, left_window, left_reference, .. } = diff;
    let Diff { changed, lost_accounts, prepared, blocked, .. } = diff;
    let mut lines = Lines::default();
    let mut issues = |heading, issues: &[&IssueRow<'_>]| list(&mut lines, heading, issues, |issue| with_detail(issue));
    issues("New issues:", new);
    issues("Of these, found again after they were gone:", came_back);
    issues("Resolved issues:", resolved);
    issues("Issues of accounts that left the reference:", left_reference);
    issues("Ticket issues that left the window:", left_window);
    list(&mut lines, "Issues that are now suppressed:", silenced, |(_, head)| {
        format!("{}: {}", of_issue(head), escape::terminal(&head.suppression_reason))
    });
    let state = |issue: &IssueRow<'_>| {
        let reason = issue.blocked_reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("{}{reason}", issue.status)
    };
    list(&mut lines, "Issues with another status or reason:", changed, |(base, head)| {
        format!("{}: {} → {}", of_issue(head), state(base), state(head))
    });
    let lost = lost_accounts.as_deref().unwrap_or_default();
    list(&mut lines, "Accounts that left the reference:", lost, |account| {
        format!("{} {}", escape::terminal(account.sf_account_id), escape::terminal(account.account_name))
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

fn with_detail(issue: &IssueRow<'_>) -> String {
    format!("{}: {}", of_issue(issue), escape::terminal(&issue.detail))
}

fn of_issue(issue: &IssueRow<'_>) -> String {
    let IssueRow { issue_code, sf_account_id, account_name, org_id, user_id, ticket_id, domain, .. } = issue;
    let of = records(sf_account_id.as_deref(), Some(account_name), *org_id, *user_id, *ticket_id, domain.as_deref());
    format!("{issue_code}{of}")
}

fn of_action(action: &ActionRow<'_>) -> String {
    let ActionRow { action_code: code, blocked_reason, sf_account_id, account_name, org_id, user_id, domain } = action;
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
    lines.0.push(Line::Heading("Suppressions that were not used:".into()));
    lines.public(format!("  {} would also be hidden{codes}", counted(issues.len() as u64, "issue")));
    lines
}
