//! The prepared actions as cards.

use super::{HtmlReport, MOST_ROWS, plain};
use crate::catalogue::ActionCode;
use crate::report::apply::users_added;
use crate::run::plan_file::PlannedAction;
use crate::text::escape;
use crate::text::words::{counted, grouped};
use maud::{Markup, html};

pub(super) fn plan(report: &HtmlReport<'_>) -> Markup {
    let plan = &report.audit.run.plan;
    html! {
        h2 { "The plan: " (counted(plan.actions.len() as u64, "prepared action")) }
        @if plan.actions.is_empty() { p { (report.audit.facts.next().sentence()) } }
        ul.cards { @for action in plan.actions.iter().take(MOST_ROWS) { li { (card(action)) } } }
        @if plan.actions.len() > MOST_ROWS { p { (grouped((plan.actions.len() - MOST_ROWS) as u64)) " more are in fix_plan.csv." } }
    }
}

fn card(action: &PlannedAction) -> Markup {
    html! {
        h3 { (action.action_id) " " (action.action_code.explanation().title) }
        dl {
            dt { "account" } dd { (escape::terminal(&action.sf_account_id)) " " (escape::terminal(action.account_name.as_deref().unwrap_or_default())) }
            dt { "org" } dd { (action.org_id) " " (escape::terminal(action.org_name.as_deref().unwrap_or_default())) }
            @if let Some(user) = action.user_id { dt { "user" } dd { (user) } }
            dt { "before" } dd { (escape::terminal(action.from.as_deref().unwrap_or("none"))) }
            dt { "after" } dd { (escape::terminal(&action.to)) }
            @if let Some(follows) = follows(action) { dt { "what follows" } dd { (follows) } }
            @if !action.depends_on.is_empty() { dt { "only after" } dd { (escape::line(&joined(&action.depends_on))) } }
        }
        p.dim { (plain(action.action_code.explanation().tool_does)) }
        details {
            summary { (action.action_code) ", checked again before the write" }
            ul { @for condition in &action.preconditions { li { code { (escape::terminal(&condition.to_string())) } } } }
            @if !action.notes.is_empty() { p { "Notes: " (escape::line(&joined(&action.notes))) } }
        }
    }
}

/// What follows from the write in Zendesk, as far as the audit knows.
fn follows(action: &PlannedAction) -> Option<String> {
    let note = |name: &str| action.notes.iter().find_map(|note| note.strip_prefix(name));
    let mut follows: Vec<String> = users_added(action).map(|users| format!("Zendesk {users}")).into_iter().collect();
    if action.notes.iter().any(|note| note == "org_shares_tickets") {
        follows.push("the org shares its tickets, so its users see each other's".to_owned());
    }
    if let Some(account) = note("default_org_linked_to:") {
        let account = escape::terminal(account);
        follows.push(match action.action_code {
            ActionCode::MoveUserToOrg => format!("the org of account {account} is no longer the user's default"),
            _ => format!("the user's default org today is that of account {account}"),
        });
    }
    (!follows.is_empty()).then(|| follows.join("; "))
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
