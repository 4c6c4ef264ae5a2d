//! The console's account of an apply: what would change, what Zendesk will do on its own because of it, and what became of
//! each action.

use crate::apply::look::Look;
use crate::apply::select::Choice;
use crate::catalogue::{ActionCode, SkipReason};
use crate::console::Console;
use crate::run::artifacts::apply_receipt::{ActionResult, ApplyReceipt, Caps, Mode, Outcome};
use crate::run::plan_file::{PlanFile, PlannedAction};
use crate::text::audience::{Message, open};
use crate::text::escape;
use crate::text::words::plural;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use std::collections::BTreeMap;

/// The width of the table of impacts where there is no terminal.
const WIDTH: u16 = 120;
/// The room for the names of actions and the ids of accounts, which are searched for and copied, so never broken:
/// `A001 set_org_external_id`, and a space on either side.
const NAMES: u16 = 26;
/// How many actions that are not selected are listed one by one.
const MOST_LISTED: usize = 20;
/// How many ids of actions fit a line.
const IDS_IN_A_LINE: usize = 12;

/// The selected actions, each with its impact; and the others by reason.
pub fn plan(console: &Console, plan: &PlanFile, choices: &[Choice], caps: Caps) {
    let pairs = || plan.actions.iter().zip(choices);
    let selected: Vec<_> = pairs()
        .filter_map(|(action, choice)| if let Choice::Selected(seen) = choice { Some((action, seen)) } else { None })
        .collect();
    console.say(open(format!(
        "  {} in the plan, {} selected",
        plural(plan.actions.len() as u64, "prepared action"),
        selected.len()
    )));
    for code in ActionCode::ALL {
        let count = selected.iter().filter(|(action, _)| action.action_code == code).count();
        if count > 0 {
            console.say(open(format!("    {count} {code}")));
        }
    }
    if !selected.is_empty() {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(terminal_size::terminal_size_of(std::io::stdout()).map_or(WIDTH, |(width, _)| width.0).max(60));
        table.set_header(["action, account", "what changes", "what Zendesk does because of it"]);
        for (action, seen) in selected {
            let name = escape::terminal(action.account_name.as_deref().unwrap_or_default());
            let account = escape::terminal(&action.sf_account_id);
            table.add_row([
                format!("{} {}\n{account} {name}", action.action_id, action.action_code),
                change(action, seen),
                impact(action, seen),
            ]);
        }
        if let Some(names) = table.column_mut(0) {
            names.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(NAMES)));
        }
        console.say(format!("\n{table}"));
    }
    let not: Vec<&ActionResult> = choices
        .iter()
        .filter_map(|choice| if let Choice::Not(result) = choice { Some(result) } else { None })
        .collect();
    let changed = not.iter().copied().filter(|result| result.reason.is_some_and(SkipReason::is_changed_precondition));
    let (there, changed): (Vec<_>, Vec<_>) =
        changed.partition(|result| result.reason.is_some_and(SkipReason::is_in_place));
    for (heading, results) in [("Already in place:", there), ("No longer as the audit saw it:", changed)] {
        if results.is_empty() {
            continue;
        }
        console.say(open(format!("\n  {heading}")));
        for result in results.iter().take(MOST_LISTED) {
            self::result(console, result);
        }
        if let more @ 1.. = results.len().saturating_sub(MOST_LISTED) {
            console.say(open(format!("    and {more} more, in the receipt")));
        }
    }
    let mut others: BTreeMap<SkipReason, Vec<&str>> = BTreeMap::new();
    for result in &not {
        if let Some(reason) = result.reason.filter(|reason| !reason.is_changed_precondition()) {
            others.entry(reason).or_default().push(&result.action_id);
        }
    }
    if !others.is_empty() {
        console.say("");
    }
    for (reason, ids) in others {
        let option = match reason {
            SkipReason::CapMaxActions => format!(" (--max-actions {})", caps.max_actions),
            SkipReason::CapMaxPerAccount => format!(" (--max-per-account {})", caps.max_per_account),
            _ => String::new(),
        };
        console.say(open(format!("  {} left out, {reason}{option}:", plural(ids.len() as u64, "action"))));
        let more = if ids.len() > IDS_IN_A_LINE { ", …" } else { "" };
        console.say(format!("    {}{more}", ids[..ids.len().min(IDS_IN_A_LINE)].join(", ")));
    }
}

/// What the tool changes.
fn change(action: &PlannedAction, seen: &Look) -> String {
    let name = action.org_name.as_deref().unwrap_or_default();
    let org = format!("org {} ({})", action.org_id, escape::terminal(name));
    let user = action.user_id.map(|id| format!("user {id}")).unwrap_or_default();
    match action.action_code {
        ActionCode::SetOrgExternalId => format!("{org}: external_id blank → {}", escape::terminal(&action.to)),
        ActionCode::AddOrgDomain => {
            let held = seen.org.as_ref().map_or(0, |org| org.domain_names.len());
            format!("{org}: domain {} added to its {}", escape::terminal(&action.to), plural(held as u64, "domain"))
        }
        ActionCode::AssignUserToOrg => format!("{user}: new membership in {org}"),
        ActionCode::MoveUserToOrg => {
            let from = seen.default_org().map_or("none".to_owned(), |org| format!("org {org}"));
            format!("{user}: default org {from} → {org}")
        }
    }
}

/// What follows from it without the tool.
fn impact(action: &PlannedAction, seen: &Look) -> String {
    let mut impact = Vec::new();
    let shares = seen.org.as_ref().is_some_and(|org| org.shared_tickets);
    for note in &action.notes {
        if let Some(users) = note.strip_prefix("users_affected:") {
            let users = users.parse().unwrap_or_default();
            impact.push(match users {
                0 => "takes in later users with this domain".to_owned(),
                users => format!("adds {} with this domain to the org, and later ones", plural(users, "verified user")),
            });
        }
    }
    let linked_to = action.notes.iter().find_map(|note| note.strip_prefix("default_org_linked_to:"));
    let whose = linked_to.map(|account| format!(", account {}'s", escape::terminal(account))).unwrap_or_default();
    match action.action_code {
        ActionCode::AddOrgDomain if shares => {
            impact.push("the org shares its tickets: they see each other's".to_owned())
        }
        ActionCode::AssignUserToOrg => {
            let first = seen.memberships.is_empty();
            impact.push(match (first, seen.default_org()) {
                (true, Some(org)) => format!("a first membership becomes the default org, not org {org}{whose}"),
                (true, None) => "a first membership becomes the default org".to_owned(),
                (false, Some(org)) => format!("the default org stays org {org}{whose}"),
                (false, None) => "no other membership changes".to_owned(),
            });
            if shares {
                impact.push("the org shares its tickets: the user sees them".to_owned());
            }
        }
        ActionCode::MoveUserToOrg if linked_to.is_some() => {
            let org = seen.default_org().unwrap_or_default();
            impact.push(format!("org {org}{whose}, is no longer the default"));
        }
        ActionCode::MoveUserToOrg => impact.push("the memberships stay as they are".to_owned()),
        ActionCode::SetOrgExternalId | ActionCode::AddOrgDomain => {}
    }
    if impact.is_empty() { "nothing".to_owned() } else { impact.join("; ") }
}

/// One result in a line.
pub fn result(console: &Console, result: &ActionResult) {
    let target = match result.user_id {
        Some(user) => format!("user {user}, org {}", result.org_id),
        None => format!("org {}", result.org_id),
    };
    let status = status(result.status);
    let reason = result.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let http = match (result.status, result.http_status) {
        (Outcome::Failed, Some(http_status)) => format!(" ({http_status})"),
        _ => String::new(),
    };
    console.say(Message::with_public(
        format!(
            "    {}  {:<20} {}, {target}: {status}{reason}{http}",
            escape::terminal(&result.action_id),
            result.action_code,
            escape::terminal(&result.sf_account_id),
        ),
        format!("    {}: {status}{reason}{http}", result.action_code),
    ));
}

pub(super) fn status(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Applied => "applied",
        Outcome::Blocked => "blocked",
        Outcome::Skipped => "skipped",
        Outcome::Failed => "failed",
        Outcome::WouldApply => "would apply",
    }
}

/// The counts, where the receipt is, and what comes next: after a dry run the live one with the same `options`, so that what
/// was shown is what will be done; `None` where that would be refused. `folder` is how a person reaches the run folder from here.
pub fn summary(console: &Console, plan: &PlanFile, options: Option<&[Message]>, receipt: &ApplyReceipt, folder: &str) {
    let counts = &receipt.counts;
    let parts = [
        (counts.would_apply, "would be applied"),
        (counts.applied, "applied"),
        (counts.skipped, "skipped"),
        (counts.failed, "failed"),
        (counts.blocked, "blocked by a cap"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let parts: Vec<String> = parts.collect();
    let what = match receipt.mode {
        Mode::DryRun => "Dry run",
        Mode::Apply | Mode::NotRun => "Apply",
    };
    let sums = if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") };
    console.heading(open(format!("\n{what}: {sums}")));
    if receipt.mode == Mode::DryRun {
        console.say("  Nothing was written to Zendesk.");
    }
    console.say(open(format!("  Receipt: {}/apply_receipt.json", escape::line(folder))));
    console.say(open(format!("\nplan_hash: {}", plan.hash)));
    if receipt.mode == Mode::DryRun && counts.would_apply > 0 && receipt.completed {
        console.heading("\nNext:");
        if plan.source == crate::run::artifacts::Source::Demo {
            console.say("  The demo's plan is dry-run only. Audit your own Zendesk for one that can be applied.");
        } else if let Some(options) = options {
            console.say("  Carry it out:");
            console.say("    g-gremlin zendesk drift apply \\");
            for option in options {
                console.say(option.clone().map(|option| format!("      {option} \\")));
            }
            console.say(open(format!("      --apply --confirm-plan-hash {}", plan.hash)));
        } else {
            console.say("  Audit again: this plan is not of an age that may be applied.");
        }
    } else if counts.blocked > 0 {
        console.say("\n  Apply the same plan again for what the caps have left.");
    }
}

/// Why a live apply that began to write must not end with 0, if so.
pub fn imperfection(receipt: &ApplyReceipt) -> Option<String> {
    let aborted = receipt.results.iter().filter(|result| result.reason == Some(SkipReason::Aborted)).count() as u64;
    let parts = [
        (receipt.counts.failed, "failed"),
        (aborted, "not reached after a refusal"),
        (receipt.counts.blocked, "blocked by a cap"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", plural(count, "action")))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
