//! What the terminal shows of an audit that has just run.

use crate::catalogue::{ActionCode, IssueCode, Scope};
use crate::rules::gate::Judgement;
use crate::run::artifacts::Artifact;
use crate::run::facts::{AuditFacts, Next};
use crate::text::audience::Message;
use crate::text::escape;
use crate::text::lines::Lines;
use crate::text::words::{counted, grouped};
use crate::text::wrap::wrap;
use std::collections::BTreeMap;

/// The order in which codes are counted: what can be repaired first.
const CODES: [IssueCode; 12] = [
    IssueCode::OrgMissingExternalId,
    IssueCode::OrgMissingExpectedDomain,
    IssueCode::OrgDomainAttachedElsewhere,
    IssueCode::OrgDuplicateExternalId,
    IssueCode::OrgExternalIdConflict,
    IssueCode::AccountMissingZendeskOrg,
    IssueCode::UserMissingExpectedMembership,
    IssueCode::UserDefaultOrgNotExpected,
    IssueCode::UserResolutionBlockedDuplicateExternalId,
    IssueCode::UserDomainAmbiguous,
    IssueCode::TicketOrgMismatch,
    IssueCode::TicketResolutionBlockedDuplicateExternalId,
];

/// What was read, how accounts resolved, what drifted, what is prepared, and where it is. `folder` is how a person reaches the
/// run folder from here, `files` what is in it; `source` selects the same inputs for another command, such as ` --demo`.
pub fn audit(facts: &AuditFacts, folder: &str, files: &[&str], source: &str) -> Lines {
    let mut lines = Lines::default();
    let read = &facts.read;
    lines.public(format!(
        "  {}, {}, {}, {}, {} ({}d lookback)",
        counted(read.accounts, "Salesforce account"),
        counted(read.organizations, "Zendesk org"),
        counted(read.users, "user"),
        counted(read.memberships, "membership"),
        counted(read.tickets, "ticket"),
        facts.lookback_days
    ));
    resolutions(facts, &mut lines);
    drift(facts, &mut lines);
    plan(facts, &mut lines);
    artifacts(facts, folder, files, &mut lines);
    next(facts, folder, source, &mut lines);
    lines
}

fn resolutions(facts: &AuditFacts, lines: &mut Lines) {
    let count = |name: &str| facts.resolutions.get(name).copied().unwrap_or_default();
    lines.heading("Resolving identities...");
    let resolved = counted(count("linked") + count("domain_linked"), "account");
    lines.public(format!("  {resolved} uniquely resolved to Zendesk orgs"));
    let duplicate = count("duplicate");
    if duplicate > 0 {
        let text = format!("  {} blocked: duplicate external_id", counted(duplicate, "account"));
        let which = facts
            .only_duplicate
            .as_ref()
            .map(|(id, orgs)| format!(" ({} orgs share sf_account_id {})", grouped(*orgs), escape::terminal(id)));
        lines.text(Message::with_public(format!("{text}{}", which.unwrap_or_default()), text));
    }
    let missing = count("missing");
    for (count, what) in [
        (count("contested"), "blocked: the only candidate org also has another account's domain"),
        (count("conflict"), "blocked: the only candidate org has another external_id"),
        (missing - facts.need_no_org.min(missing), "missing Zendesk org entirely"),
        (facts.need_no_org, "without a Zendesk org, as zendesk_expected says"),
    ] {
        if count > 0 {
            lines.public(format!("  {} {what}", counted(count, "account")));
        }
    }
}

fn drift(facts: &AuditFacts, lines: &mut Lines) {
    lines.heading("Detecting drift...");
    for scope in Scope::ALL {
        let label = match scope {
            Scope::Org => "Org issues:    ",
            Scope::User => "User issues:   ",
            Scope::Ticket => "Ticket issues: ",
        };
        let codes = in_words(|code| facts.by_code.get(&code).copied().filter(|_| code.scope() == scope));
        lines.public(format!("  {label}{}{codes}", grouped(facts.of_scope(scope))));
    }
    if facts.suppressed > 0 {
        lines.public(format!("  Suppressed:    {}", grouped(facts.suppressed)));
    }
    lines.public(format!("  Users:         {}", facts.coverage()));
    if let Some(unmapped) = facts.unmapped(escape::terminal) {
        lines.text(format!("  {unmapped}"));
    }
    facts.lost().into_iter().for_each(|lost| lines.public(format!("  {lost}")));
    if let Some(advisories) = facts.advisories_in_words() {
        lines.public(format!("  Advisories:    {}", advisories.replace('`', "")));
    }
    facts.echoes().into_iter().for_each(|echoes| lines.public(format!("  {echoes}")));
}

fn plan(facts: &AuditFacts, lines: &mut Lines) {
    lines.heading("Preparing fix plan...");
    lines.public(format!("  Prepared (safe-to-apply):  {}", counted(facts.prepared, "action")));
    for action in ActionCode::ALL {
        if let Some(count) = facts.by_action.get(&action) {
            lines.public(format!("    {:<25}{}", format!("{action}:"), grouped(*count)));
        }
    }
    lines.public(format!("  Blocked (review-only):     {}", counted(facts.blocked, "action")));
    let reasons = facts.reasons();
    let top = reasons.iter().take(3).map(|(reason, count)| format!("{reason} ({})", grouped(*count)));
    let top = top.collect::<Vec<_>>().join(", ");
    if !top.is_empty() {
        lines.public(format!("    top reasons: {top}"));
    }
}

/// How wide the list of files is at most.
const FILES_WIDTH: usize = 66;

fn artifacts(facts: &AuditFacts, folder: &str, files: &[&str], lines: &mut Lines) {
    lines.heading("Artifacts written to:");
    lines.public(format!("  {}/", escape::line(folder)));
    for row in wrap(&files.join(", "), FILES_WIDTH) {
        lines.public(format!("    {row}"));
    }
    lines.blank();
    lines.public(format!("plan_hash: {}", facts.plan_hash));
}

fn next(facts: &AuditFacts, folder: &str, source: &str, lines: &mut Lines) {
    lines.heading("Next:");
    let next = facts.next();
    match &next {
        Next::DryRun => {
            lines.public("  Dry-run apply:");
            let plan = escape::shell_word(&format!("{folder}/{}", Artifact::FixPlan.name()));
            lines.command(Message::public(format!("    g-gremlin zendesk drift apply \\\n      --plan {plan}")));
        }
        other => {
            lines.public(format!("  {}", other.sentence()));
            other.command("").into_iter().for_each(|command| lines.command(Message::public(format!("    {command}"))));
        }
    }
    if let Some(account) = facts.worst_account() {
        lines.blank();
        lines.text("  Trace one account:");
        let subject = escape::shell_option("--sf-account-id", account);
        lines.command(format!("    g-gremlin zendesk drift trace {subject}{source}"));
    }
}

/// `  (2 missing external_id, 1 org mismatch)`; nothing where there is none.
pub(super) fn by_code(codes: impl Iterator<Item = IssueCode>) -> String {
    let mut counts: BTreeMap<IssueCode, u64> = BTreeMap::new();
    codes.for_each(|code| *counts.entry(code).or_default() += 1);
    in_words(|code| counts.get(&code).copied())
}

fn in_words(count: impl Fn(IssueCode) -> Option<u64>) -> String {
    let codes = CODES.into_iter().filter_map(|code| Some((code, count(code)?)));
    let codes: Vec<String> = codes.map(|(code, count)| format!("{} {}", grouped(count), code.short())).collect();
    if codes.is_empty() { String::new() } else { format!("  ({})", codes.join(", ")) }
}

/// The breached thresholds, one line each.
pub fn breaches(thresholds: &[Judgement]) -> Vec<String> {
    thresholds.iter().filter_map(breach).collect()
}

/// `max_total_issues: 13 exceeds the limit of 10`; `None` for a limit that is kept or was not checked.
fn breach(judgement: &Judgement) -> Option<String> {
    let Judgement { name, limit, value, breached } = judgement;
    let value = value.filter(|_| *breached)?;
    Some(format!("{}: {} exceeds the limit of {}", escape::terminal(name), grouped(value), grouped(*limit)))
}
