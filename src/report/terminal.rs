//! The console's account of an audit, in the shape of the guide.

use crate::catalogue::{ActionCode, BlockedReason, IssueCode, Scope};
use crate::console::Console;
use crate::rules::audit::{Audit, Totals};
use crate::rules::gate::Judgement;
use crate::rules::resolve::Resolution;
use crate::run::artifacts::summary::read_counts;
use crate::text::audience::{Message, open};
use crate::text::escape;
use crate::text::words::plural;

/// The order in which the console counts codes: what can be repaired first.
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

/// What was read, how accounts resolved, what drifted, and what is prepared.
pub fn findings(console: &Console, audit: &Audit<'_>, totals: &Totals) {
    let [accounts, orgs, users, memberships, tickets] = read_counts(audit).map(|(_, count)| count);
    console.say(open(format!(
        "  {}, {}, {}, {}, {} ({}d lookback)\n",
        plural(accounts, "Salesforce account"),
        plural(orgs, "Zendesk org"),
        plural(users, "user"),
        plural(memberships, "membership"),
        plural(tickets, "ticket"),
        audit.settings.lookback_days
    )));
    console.heading("Resolving identities...");
    resolutions(console, audit);
    console.heading("\nDetecting drift...");
    for scope in Scope::ALL {
        let label = match scope {
            Scope::Org => "Org issues:    ",
            Scope::User => "User issues:   ",
            Scope::Ticket => "Ticket issues: ",
        };
        let codes = in_words(|code| if code.scope() == scope { totals.by_code[code as usize] } else { 0 });
        console.say(open(format!("  {label}{}{codes}", totals.by_scope[scope as usize])));
    }
    if totals.suppressed > 0 {
        console.say(open(format!("  Suppressed:    {}", totals.suppressed)));
    }
    console.heading("\nPreparing fix plan...");
    console.say(open(format!("  Prepared (safe-to-apply):  {}", plural(totals.prepared, "action"))));
    for action in ActionCode::ALL.into_iter().filter(|action| totals.by_action[*action as usize] > 0) {
        console.say(open(format!("    {:<25}{}", format!("{action}:"), totals.by_action[action as usize])));
    }
    console.say(open(format!("  Blocked (review-only):     {}", plural(totals.blocked, "action"))));
    let mut reasons: Vec<BlockedReason> =
        BlockedReason::ALL.into_iter().filter(|reason| totals.by_reason[*reason as usize] > 0).collect();
    // Stable: ties stay in table order.
    reasons.sort_by_key(|reason| std::cmp::Reverse(totals.by_reason[*reason as usize]));
    if !reasons.is_empty() {
        let top: Vec<String> =
            reasons.iter().take(3).map(|reason| format!("{reason} ({})", totals.by_reason[*reason as usize])).collect();
        console.say(open(format!("    top reasons: {}", top.join(", "))));
    }
}

/// `  (2 missing external_id, 1 org mismatch)`; nothing where there is none.
pub(super) fn by_code(codes: impl Iterator<Item = IssueCode>) -> String {
    let mut counts = [0; IssueCode::ALL.len()];
    codes.for_each(|code| counts[code as usize] += 1);
    in_words(|code| counts[code as usize])
}

fn in_words(count: impl Fn(IssueCode) -> u64) -> String {
    let codes = CODES.into_iter().filter(|code| count(*code) > 0);
    let codes: Vec<String> = codes.map(|code| format!("{} {}", count(code), code.short())).collect();
    if codes.is_empty() { String::new() } else { format!("  ({})", codes.join(", ")) }
}

fn resolutions(console: &Console, audit: &Audit<'_>) {
    let [linked, domain_linked, duplicate, contested, conflict, missing] = audit.resolutions().map(|(_, count)| count);
    console.say(open(format!("  {} uniquely resolved to Zendesk orgs", plural(linked + domain_linked, "account"))));
    if duplicate > 0 {
        let only = audit.resolved.accounts.iter().position(|resolution| matches!(resolution, Resolution::Duplicate(_)));
        let which = match only.map(|at| (&audit.reference.accounts[at], &audit.resolved.accounts[at])) {
            Some((account, Resolution::Duplicate(orgs))) if duplicate == 1 => {
                format!(
                    " ({} orgs share sf_account_id {})",
                    orgs.len(),
                    escape::terminal(account.sf_account_id().raw())
                )
            }
            _ => String::new(),
        };
        let told = format!("  {} blocked: duplicate external_id", plural(duplicate, "account"));
        console.say(Message::with_public(format!("{told}{which}"), told));
    }
    if contested > 0 {
        console.say(open(format!(
            "  {} blocked: the only candidate org also holds another account's domain",
            plural(contested, "account")
        )));
    }
    if conflict > 0 {
        console.say(open(format!(
            "  {} blocked: the only candidate org has another external_id",
            plural(conflict, "account")
        )));
    }
    let resolved = audit.reference.accounts.iter().zip(&audit.resolved.accounts);
    let needs_none =
        resolved.filter(|(account, resolution)| !account.org_expected && matches!(resolution, Resolution::Missing(_)));
    let need_none = needs_none.count() as u64;
    if missing > need_none {
        console.say(open(format!("  {} missing Zendesk org entirely", plural(missing - need_none, "account"))));
    }
    if need_none > 0 {
        console
            .say(open(format!("  {} without a Zendesk org, as zendesk_expected says", plural(need_none, "account"))));
    }
}

/// Where the artifacts are. `folder` is how a person reaches the run folder from here.
pub fn artifacts(console: &Console, folder: &str, plan_hash: &str) {
    console.heading("\nArtifacts written to:");
    console.say(open(format!("  {}/", escape::line(folder))));
    console.say("    summary.md, summary.json, org_issues.csv, user_issues.csv,");
    console.say("    ticket_issues.csv, all_exceptions.csv, exceptions_by_account.csv,");
    console.say("    fix_plan.csv, fix_plan.json, receipt.json, apply_receipt.json");
    console.say(open(format!("\nplan_hash: {plan_hash}")));
}

/// The commands that come next. `source` is what selects the same source again, such as ` --demo`.
pub fn next(console: &Console, audit: &Audit<'_>, folder: &str, source: &str) {
    let account = audit.counted().find_map(|issue| issue.account());
    if audit.plan.prepared.is_empty() && account.is_none() {
        return;
    }
    console.heading("\nNext:");
    if !audit.plan.prepared.is_empty() {
        console.say("  Dry-run apply:");
        console.say("    g-gremlin zendesk drift apply \\");
        console.say(open(format!("      --plan {}", escape::shell_word(&format!("{folder}/fix_plan.json")))));
    }
    if let Some(account) = account {
        let id = audit.reference.accounts[account].sf_account_id();
        let subject = escape::shell_option("--sf-account-id", id.raw());
        let gap = if audit.plan.prepared.is_empty() { "" } else { "\n" };
        console.say(format!("{gap}  Trace one account:\n    g-gremlin zendesk drift trace {subject}{source}"));
    }
}

/// The breached thresholds, one line each.
pub fn breaches(console: &Console, thresholds: &[Judgement]) {
    for breach in thresholds.iter().filter_map(Judgement::breach) {
        console.breach(&breach);
    }
}
