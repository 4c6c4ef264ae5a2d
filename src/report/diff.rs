//! The console's account of the difference between two runs.

use super::terminal::by_code;
use crate::catalogue::IssueCode;
use crate::console::Console;
use crate::run::artifacts::receipt::SuppressionsFrom;
use crate::run::diff::{ActionRow, Delta, Diff};
use crate::run::read::IssueRow;
use crate::text::audience::open;
use crate::text::escape;
use crate::text::words::plural;

/// How many issues or actions of one kind are printed one by one.
const MOST_ROWS: usize = 20;

/// What is new, gone and changed, in numbers.
pub fn counts(console: &Console, diff: &Diff<'_>) {
    let Diff { new, resolved, left_window, changed, unchanged, prepared, blocked } = diff;
    let codes = |issues: &[&IssueRow]| by_code(issues.iter().map(|issue| issue.issue_code));
    console.say(open(format!("  New:              {}{}", new.len(), codes(new))));
    console.say(open(format!("  Resolved:         {}{}", resolved.len(), codes(resolved))));
    if !left_window.is_empty() {
        console.say(open(format!("  Left the window:  {}{}", left_window.len(), codes(left_window))));
    }
    if !changed.is_empty() {
        let heads: Vec<&IssueRow> = changed.iter().map(|(_, head)| *head).collect();
        console.say(open(format!("  Changed status:   {}{}", changed.len(), codes(&heads))));
    }
    console.say(open(format!("  Unchanged:        {}", unchanged.len())));
    for (name, delta) in [("Prepared:", prepared), ("Blocked:", blocked)] {
        let Delta { added, dropped } = delta;
        console.say(open(format!(
            "  {name:<18}{} added, {} dropped",
            plural(added.len() as u64, "action"),
            dropped.len()
        )));
    }
}

/// The issues and actions that make the difference.
pub fn rows(console: &Console, diff: &Diff<'_>) {
    let Diff { new, resolved, left_window, changed, unchanged: _, prepared, blocked } = diff;
    let issues = |heading: &str, issues: &[&IssueRow]| list(console, heading, issues, |issue| of_issue(issue));
    issues("New issues:", new);
    issues("Resolved issues:", resolved);
    issues("Ticket issues that left the window:", left_window);
    list(console, "Issues with another status:", changed, |(base, head)| {
        format!("{}: {} → {}", of_issue(head), base.status, head.status)
    });
    let actions = |heading: &str, actions: &[ActionRow<'_>]| list(console, heading, actions, of_action);
    actions("Prepared actions that were added:", &prepared.added);
    actions("Prepared actions that were dropped:", &prepared.dropped);
    actions("Blocked actions that were added:", &blocked.added);
    actions("Blocked actions that were dropped:", &blocked.dropped);
}

fn list<T>(console: &Console, heading: &str, items: &[T], line: impl Fn(&T) -> String) {
    // Everybody has read the counts.
    if items.is_empty() || console.audience.is_public() {
        return;
    }
    console.heading(open(format!("\n{heading}")));
    items.iter().take(MOST_ROWS).for_each(|item| console.say(format!("  {}", line(item))));
    if items.len() > MOST_ROWS {
        console.say(open(format!("  {} more; --format json lists them all", items.len() - MOST_ROWS)));
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

/// What the suppressions that are not in force would silence.
pub fn own_suppressions(console: &Console, from: &SuppressionsFrom, code_of: impl Fn(&str) -> Option<IssueCode>) {
    let issues = &from.own_would_suppress;
    let codes = by_code(issues.iter().filter_map(|issue| code_of(&issue.issue_id)));
    console.heading("\nSuppressions that are not in force:");
    console.say(open(format!("  {} would be silenced too{codes}", plural(issues.len() as u64, "issue"))));
}
