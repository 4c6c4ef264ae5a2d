//! The issues of a subject in words, with their actions.

use super::page::Page;
use super::words::joined;
use crate::catalogue::ActionCode;
use crate::text::escape;
use crate::text::words::grouped;
use crate::trace::{ActionView, IssueView};

/// How many issues of one code are printed in full.
const MOST_ISSUES: usize = 10;

pub(super) fn issues(page: &mut Page, issues: &[IssueView<'_>]) {
    page.heading(&format!("Issues: {}", issues.len()));
    if issues.is_empty() {
        page.text(1, "None.");
    }
    for of_code in issues.chunk_by(|one, next| one.issue_code == next.issue_code) {
        for issue in of_code.iter().take(MOST_ISSUES) {
            self::issue(page, issue);
        }
        if let more @ 1.. = of_code.len().saturating_sub(MOST_ISSUES) {
            page.text(
                1,
                &format!("and {} more {}; --format json lists all", grouped(more as u64), of_code[0].issue_code),
            );
        }
    }
}

fn issue(page: &mut Page, issue: &IssueView<'_>) {
    let about = [("org", issue.org_id), ("user", issue.user_id), ("ticket", issue.ticket_id)];
    // The most specific one; the others stand in the sentence.
    let about = about.into_iter().rev().find_map(|(what, id)| Some(format!(", {what} {}", id?))).unwrap_or_default();
    let reason = issue.blocked_reason.map(|reason| format!(" {reason}")).unwrap_or_default();
    page.text(
        1,
        &format!("{}{about}: {} risk, {}{reason} [{}]", issue.issue_code, issue.risk, issue.status, issue.issue_id),
    );
    page.text(2, &issue.detail);
    if let Some(reason) = issue.suppression_reason {
        page.text(2, &format!("Suppressed: {}", escape::terminal(reason)));
    }
    if let Some(kind) = issue.mismatch_kind {
        page.text(2, &format!("mismatch_kind: {kind}"));
    }
    if let Some(echo) = &issue.echo_of_issue_id {
        page.text(2, &format!("The requester has the open issue {echo}."));
    }
    for action in issue.actions.iter().take(MOST_ISSUES) {
        self::action(page, action);
    }
    if let more @ 1.. = issue.actions.len().saturating_sub(MOST_ISSUES) {
        page.text(2, &format!("and {} more actions; --format json lists all", grouped(more as u64)));
    }
}

fn action(page: &mut Page, action: &ActionView<'_>) {
    let org = action.org_id.map(|id| format!(" org {id}")).unwrap_or_default();
    let user = action.user_id.map(|id| format!(" user {id}")).unwrap_or_default();
    let (from, to) = (action.from.as_deref(), action.to.as_deref().unwrap_or_default());
    let what = match action.action_code {
        ActionCode::SetOrgExternalId => format!("external id: {} → {}", from.unwrap_or("none"), escape::terminal(to)),
        ActionCode::AddOrgDomain => format!("domain {}", action.domain.unwrap_or_default()),
        ActionCode::AssignUserToOrg => "new membership".to_owned(),
        ActionCode::MoveUserToOrg => format!("default org: {} → {to}", from.unwrap_or("none")),
    };
    if let Some(reason) = action.blocked_reason {
        let what = match action.action_code {
            ActionCode::AddOrgDomain => format!(", {what}"),
            ActionCode::SetOrgExternalId | ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => String::new(),
        };
        let id = &action.action_id;
        page.text(2, &format!("{id} {}{org}{user}{what}: blocked, {reason}", action.action_code));
        return;
    }
    page.text(2, &format!("{} {}{org}{user}, {what}", action.action_id, action.action_code));
    page.text(3, &format!("only if: {}", joined(&action.preconditions)));
    if !action.depends_on.is_empty() {
        page.text(3, &format!("only after: {}", joined(&action.depends_on)));
    }
    if !action.notes.is_empty() {
        page.text(3, &format!("notes: {}", joined(&action.notes)));
    }
}
