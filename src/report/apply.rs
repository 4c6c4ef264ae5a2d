//! The terminal's account of an apply, as lines: what would change, what Zendesk will do on its own because of it, what became
//! of each action, and what comes next. Printing them is the command's.

use crate::catalogue::{ActionCode, SkipReason};
use crate::console::Console;
use crate::model::time::Instant;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::{ActionResult, ApplyReceipt, Caps, Mode, Outcome};
use crate::run::plan_file::PlannedAction;
use crate::text::audience::Message;
use crate::text::escape;
use crate::text::words::counted;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::Value;
use std::collections::BTreeMap;

/// The width of the table of changes if there is no terminal.
const WIDTH: u16 = 120;
/// The room for the names of actions and the ids of accounts, which are searched for and copied, so never broken:
/// `A001 set_org_external_id`, and a space on either side.
const NAMES: u16 = 26;
/// How many actions that are not selected are listed one by one.
const MOST_LISTED: usize = 20;
/// How many ids of actions fit a line.
const IDS_IN_A_LINE: usize = 12;

/// A line, or several, of the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionLine {
    Heading(Message),
    Text(Message),
}

impl ActionLine {
    /// Prints it.
    pub fn print(self, console: &Console) {
        match self {
            Self::Heading(text) => console.heading(text),
            Self::Text(text) => console.say(text),
        }
    }
}

/// Lines in the making.
#[derive(Default)]
struct Lines(Vec<ActionLine>);

impl Lines {
    fn say(&mut self, text: impl Into<Message>) {
        self.0.push(ActionLine::Text(text.into()));
    }

    fn heading(&mut self, text: impl Into<Message>) {
        self.0.push(ActionLine::Heading(text.into()));
    }
}

/// An action that is selected, and what was read of it.
#[derive(Debug)]
pub struct Selected<'a> {
    pub action: &'a PlannedAction,
    /// The part of Zendesk that it changes, as receipts show it.
    pub before: Value,
    /// Whether the org shares its tickets now.
    pub shares_tickets: bool,
}

impl Selected<'_> {
    fn default_org(&self) -> Option<u64> {
        self.before["default_org_id"].as_u64()
    }
}

/// The selected actions, each with its change; and the others by reason. `width` is that of the terminal, if there is one.
pub fn plan(selected: &[Selected<'_>], left_out: &[&ActionResult], caps: Caps, width: Option<u16>) -> Vec<ActionLine> {
    let mut lines = Lines::default();
    lines.say(Message::public(format!(
        "  {} in the plan, {} selected",
        counted((selected.len() + left_out.len()) as u64, "prepared action"),
        selected.len()
    )));
    for code in ActionCode::ALL {
        let count = selected.iter().filter(|selected| selected.action.action_code == code).count();
        if count > 0 {
            lines.say(Message::public(format!("    {count} {code}")));
        }
    }
    if !selected.is_empty() {
        lines.say(format!("\n{}", changes(selected, width.unwrap_or(WIDTH).max(60))));
        // With these ids, an approver can limit the live run to exactly these actions.
        lines.say("\n  Selected:");
        for ids in selected.chunks(IDS_IN_A_LINE) {
            let ids: Vec<&str> = ids.iter().map(|selected| &*selected.action.action_id).collect();
            lines.say(Message::public(format!("    {}", ids.join(","))));
        }
    }
    let changed = |in_place: bool| {
        let of_kind = move |reason: SkipReason| reason.is_attempted() && reason.is_in_place() == in_place;
        left_out.iter().copied().filter(move |result| result.reason.is_some_and(of_kind)).collect::<Vec<_>>()
    };
    for (heading, results) in [("Already in place:", changed(true)), ("Changed since the audit:", changed(false))] {
        if results.is_empty() {
            continue;
        }
        lines.say(Message::public(format!("\n  {heading}")));
        for one in results.iter().take(MOST_LISTED) {
            lines.say(result(one));
        }
        if let more @ 1.. = results.len().saturating_sub(MOST_LISTED) {
            lines.say(Message::public(format!("    and {more} more, in the receipt")));
        }
    }
    left_out_by_reason(&mut lines, left_out, caps);
    lines.0
}

/// Those that were left out before they were read.
fn left_out_by_reason(lines: &mut Lines, left_out: &[&ActionResult], caps: Caps) {
    let mut others: BTreeMap<SkipReason, Vec<&str>> = BTreeMap::new();
    for result in left_out {
        if let Some(reason) = result.reason.filter(|reason| !reason.is_attempted()) {
            others.entry(reason).or_default().push(&result.action_id);
        }
    }
    if !others.is_empty() {
        lines.say("");
    }
    for (reason, ids) in others {
        let option = match reason {
            SkipReason::CapMaxActions => format!(" (--max-actions {})", caps.max_actions),
            SkipReason::CapMaxPerAccount => format!(" (--max-per-account {})", caps.max_per_account),
            _ => String::new(),
        };
        lines.say(Message::public(format!("  {} skipped, {reason}{option}:", counted(ids.len() as u64, "action"))));
        let more = if ids.len() > IDS_IN_A_LINE { ", …" } else { "" };
        lines.say(format!("    {}{more}", ids[..ids.len().min(IDS_IN_A_LINE)].join(", ")));
    }
}

fn changes(selected: &[Selected<'_>], width: u16) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    table.set_header(["action, account", "before → after", "what Zendesk then does by itself"]);
    for one in selected {
        let action = one.action;
        let name = escape::terminal(action.account_name.as_deref().unwrap_or_default());
        let account = escape::terminal(&action.sf_account_id);
        table.add_row([
            format!("{} {}\n{account} {name}", action.action_id, action.action_code),
            change(one),
            impact(one),
        ]);
    }
    if let Some(names) = table.column_mut(0) {
        names.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(NAMES)));
    }
    table
}

/// What this program changes.
fn change(one: &Selected<'_>) -> String {
    let action = one.action;
    let name = action.org_name.as_deref().unwrap_or_default();
    let org = format!("org {} ({})", action.org_id, escape::terminal(name));
    let user = action.user_id.map(|id| format!("user {id}")).unwrap_or_default();
    match action.action_code {
        ActionCode::SetOrgExternalId => format!("{org}: external_id blank → {}", escape::terminal(&action.to)),
        ActionCode::AddOrgDomain => {
            let held = one.before.as_array().map_or(0, Vec::len);
            format!("{org}: {held} → {}: +{}", counted(held as u64 + 1, "domain"), escape::terminal(&action.to))
        }
        ActionCode::AssignUserToOrg => format!("{user}: not a member → member of {org}"),
        ActionCode::MoveUserToOrg => {
            let from = one.default_org().map_or("none".to_owned(), |org| format!("org {org}"));
            format!("{user}: default org {from} → {org}")
        }
    }
}

/// Which users Zendesk adds to the org because of its new domain. `None` for other actions.
pub(super) fn users_added(action: &PlannedAction) -> Option<String> {
    let users = action.notes.iter().find_map(|note| note.strip_prefix("users_affected:"))?;
    Some(match users.parse().unwrap_or_default() {
        0 => "adds future users with this domain to the org".to_owned(),
        users => format!("adds {} with this domain to the org, and future ones", counted(users, "verified user")),
    })
}

/// What follows from it without this program.
fn impact(one: &Selected<'_>) -> String {
    let Selected { action, before, shares_tickets: shares } = one;
    let mut impact: Vec<String> = users_added(action).into_iter().collect();
    let linked_to = action.notes.iter().find_map(|note| note.strip_prefix("default_org_linked_to:"));
    let whose = linked_to.map(|account| format!(", account {}'s", escape::terminal(account))).unwrap_or_default();
    match action.action_code {
        ActionCode::AddOrgDomain if *shares => {
            impact.push("the org shares its tickets: its members see each other's".to_owned());
        }
        ActionCode::AssignUserToOrg => {
            let first = before["member_of"].as_array().is_none_or(Vec::is_empty);
            impact.push(match (first, one.default_org()) {
                (true, Some(org)) => format!("a first membership becomes the default org, not org {org}{whose}"),
                (true, None) => "a first membership becomes the default org".to_owned(),
                (false, Some(org)) => format!("the default org remains org {org}{whose}"),
                (false, None) => "no other membership changes".to_owned(),
            });
            if *shares {
                impact.push("the org shares its tickets: the user will see them".to_owned());
            }
        }
        ActionCode::MoveUserToOrg if linked_to.is_some() => {
            let org = one.default_org().unwrap_or_default();
            impact.push(format!("org {org}{whose}, is no longer the default"));
        }
        ActionCode::MoveUserToOrg => impact.push("the memberships do not change".to_owned()),
        ActionCode::SetOrgExternalId | ActionCode::AddOrgDomain => {}
    }
    if impact.is_empty() { "nothing".to_owned() } else { impact.join("; ") }
}

/// One result in a line.
pub fn result(result: &ActionResult) -> Message {
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
    Message::with_public(
        format!(
            "    {}  {:<20} {}, {target}: {status}{reason}{http}",
            escape::terminal(&result.action_id),
            result.action_code,
            escape::terminal(&result.sf_account_id),
        ),
        format!("    {}: {status}{reason}{http}", result.action_code),
    )
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

/// What the end of a run is printed from.
#[derive(Debug)]
pub struct Ending<'a> {
    pub receipt: &'a ApplyReceipt,
    /// How a person reaches the run folder from here.
    pub folder: &'a str,
    pub is_demo: bool,
    /// When the plan was made.
    pub from: Instant,
    /// The last moment at which it may be applied.
    pub apply_until: Instant,
    pub now: Instant,
    /// The options that a live run of the same has in common with this one.
    pub options: &'a [Message],
    /// The command that audits again.
    pub audit: &'a str,
}

/// The counts, where the receipt is, how old the plan is, and the next command.
pub fn ending(facts: &Ending<'_>) -> Vec<ActionLine> {
    let Ending { receipt, folder, is_demo, .. } = *facts;
    let mut lines = Lines::default();
    let counts = &receipt.counts;
    let parts = [
        (counts.would_apply, "would be applied"),
        (counts.applied, "applied"),
        (counts.skipped, "skipped"),
        (counts.failed, "failed"),
        (counts.blocked, "left over because of a cap"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let parts: Vec<String> = parts.collect();
    let what = match receipt.mode {
        Mode::DryRun => "Dry run",
        Mode::Apply | Mode::NotRun => "Apply",
    };
    let sums = if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") };
    lines.heading(Message::public(format!("\n{what}: {sums}")));
    if receipt.mode == Mode::DryRun {
        lines.say("  Nothing was written to Zendesk.");
    }
    lines.say(Message::public(format!("  Receipt: {}/{}", escape::line(folder), Artifact::ApplyReceipt.name())));
    lines.say(Message::public(format!("\nplan_hash: {}", receipt.source_plan_hash)));
    if receipt.mode == Mode::DryRun && !is_demo {
        lines.say(age(facts));
    }
    next(&mut lines, facts);
    lines.0
}

/// How old the plan is, and until when it may be applied.
fn age(facts: &Ending<'_>) -> Message {
    let Ending { from, apply_until, now, .. } = *facts;
    let hours = (now.seconds() - from.seconds()).max(0) / 3600;
    let age = if hours < 1 { "less than an hour".to_owned() } else { counted(hours.unsigned_abs(), "hour") };
    let verb = if now > apply_until { "could" } else { "can" };
    Message::public(format!(
        "The plan is from {} ({age} old) and {verb} be applied until {}.",
        from.rfc3339(),
        apply_until.rfc3339()
    ))
}

fn next(lines: &mut Lines, facts: &Ending<'_>) {
    let Ending { receipt, is_demo, from, apply_until, now, options, audit, .. } = *facts;
    let counts = &receipt.counts;
    let apply = |lines: &mut Lines| {
        lines.say("    g-gremlin zendesk drift apply \\");
        for option in options {
            lines.say(option.clone().map(|option| format!("      {option} \\")));
        }
        lines.say(Message::public(format!("      --apply --confirm-plan-hash {}", receipt.source_plan_hash)));
    };
    let is_applicable = (from..=apply_until).contains(&now);
    let unfinished = !receipt.completed || counts.failed > 0 || aborted(receipt) > 0;
    match receipt.mode {
        Mode::DryRun if counts.would_apply == 0 || !receipt.completed => {}
        Mode::DryRun if is_demo => {
            lines.heading("\nNext:");
            lines.say(
                "  The demo's plan can only be dry-run. To get a plan that can be applied, audit your own Zendesk:",
            );
            lines.say("    g-gremlin zendesk drift init --sf-accounts accounts.csv --subdomain acme");
        }
        Mode::DryRun if !is_applicable => {
            lines.heading("\nNext:");
            lines.say("  This plan is too old to apply, or is dated in the future. Run the audit again:");
            lines.say(Message::public(format!("    {audit}")));
        }
        Mode::DryRun => {
            lines.heading("\nNext:");
            lines.say("  Apply the selected actions:");
            apply(lines);
        }
        Mode::Apply if unfinished => {
            lines.heading("\nNext:");
            lines.say("Apply the same plan again. It finds out what was written, and continues where this run ended:");
            apply(lines);
        }
        Mode::Apply if counts.blocked > 0 => {
            lines.heading("\nNext:");
            let left = counted(counts.blocked, "action");
            lines.say(Message::public(format!("  The caps left over {left}. Apply the same plan again to continue:")));
            apply(lines);
        }
        Mode::Apply | Mode::NotRun => {
            lines.heading("\nNext:");
            lines.say("  Audit again to see which issues remain:");
            lines.say(Message::public(format!("    {audit}")));
        }
    }
}

/// The actions that were not reached.
pub(super) fn aborted(receipt: &ApplyReceipt) -> u64 {
    receipt.results.iter().filter(|result| result.reason == Some(SkipReason::Aborted)).count() as u64
}

/// The reason why a live apply that started to write must not exit with 0, if any. Actions left over because of a cap are not failures.
pub fn imperfection(receipt: &ApplyReceipt) -> Option<String> {
    let parts = [(receipt.counts.failed, "failed"), (aborted(receipt), "not reached after a refusal")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", counted(count, "action")))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
