//! `summary.md`, for the operator. Commands name the run by its id, so that they work from the project's root; outside text stands
//! in code spans.

use super::Source;
use crate::run::facts::{AuditFacts, Next};
use crate::text::escape::{markdown_cell, shell_word};
use crate::text::words::{counted, grouped};
use std::fmt::Write;

/// How many accounts are listed.
const MOST_ACCOUNTS: usize = 20;

/// The page. Writing to a string cannot fail, so the results of `writeln!` are dropped.
pub fn markdown(facts: &AuditFacts) -> String {
    let mut page = String::new();
    verdict(facts, &mut page);
    about(facts, &mut page);
    issues(facts, &mut page);
    accounts(facts, &mut page);
    plan(facts, &mut page);
    next(facts, &mut page);
    page
}

fn verdict(facts: &AuditFacts, page: &mut String) {
    let _ = writeln!(page, "# Zendesk drift audit {}\n", facts.run_id);
    let breached: Vec<_> = facts.thresholds.iter().filter(|judgement| judgement.breached).collect();
    let thresholds = match (&facts.thresholds[..], &breached[..]) {
        ([], _) => "No threshold is set",
        (_, []) => "No threshold is breached",
        _ => "A threshold is breached",
    };
    let _ = writeln!(page, "**{thresholds}.** {}.\n", facts.counts());
    for judgement in &breached {
        let (limit, value) = (grouped(judgement.limit), judgement.value_shown());
        let _ = writeln!(page, "- `{}`: {value} exceeds the limit of {limit}", judgement.name);
    }
    if !breached.is_empty() {
        page.push('\n');
    }
}

fn about(facts: &AuditFacts, page: &mut String) {
    let zendesk = match facts.source {
        Source::Demo => "the demo's fixtures".to_owned(),
        Source::Zendesk => markdown_cell(&facts.zendesk),
    };
    let resolutions = ["linked", "domain_linked", "duplicate", "contested", "conflict", "missing"];
    let resolutions = resolutions.into_iter().filter_map(|name| Some((name, facts.resolutions.get(name)?)));
    let resolutions: Vec<String> =
        resolutions.map(|(name, count)| format!("{} {}", grouped(*count), name.replace('_', "-"))).collect();
    let _ = write!(page, "| | |\n| --- | --- |\n| Zendesk | {zendesk} |\n");
    let _ = writeln!(page, "| As of | {} (tickets of {}) |", facts.as_of, counted(facts.lookback_days, "day"));
    let _ = writeln!(page, "| Read | {} |", facts.read_in_words());
    let _ = writeln!(page, "| Accounts | {} |", resolutions.join(", "));
    let _ = writeln!(page, "| Users | {} |", facts.coverage());
    for (name, text) in [
        ("Unmapped", facts.unmapped(markdown_cell)),
        ("Advisories", facts.advisories_in_words()),
        ("Lost accounts", facts.lost()),
    ] {
        if let Some(text) = text {
            let _ = writeln!(page, "| {name} | {text} |");
        }
    }
    let _ = writeln!(page, "| Plan hash | `{}` |", facts.plan_hash);
}

fn issues(facts: &AuditFacts, page: &mut String) {
    page.push_str("\n## Issues\n\n");
    if facts.issues == 0 {
        page.push_str("None.\n");
        return;
    }
    page.push_str("| code | risk | issues |\n| --- | --- | ---: |\n");
    for (code, count) in facts.codes() {
        let _ = writeln!(page, "| `{code}` | {} | {} |", code.risk(), grouped(count));
    }
    if let Some(echoes) = facts.echoes() {
        let _ = writeln!(page, "\n{echoes}");
    }
}

fn accounts(facts: &AuditFacts, page: &mut String) {
    if facts.accounts.is_empty() {
        return;
    }
    page.push_str("\n## Accounts, the worst first\n\n");
    page.push_str(
        "| account | name | issues | prepared | blocked | worst issues |\n| --- | --- | ---: | ---: | ---: | --- |\n",
    );
    for account in facts.accounts.iter().take(MOST_ACCOUNTS) {
        let codes: Vec<String> = account.top_codes().iter().map(|code| format!("`{code}`")).collect();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            account.sf_account_id.as_deref().map(markdown_cell).unwrap_or_default(),
            markdown_cell(&account.account_name),
            grouped(account.issues()),
            grouped(account.prepared),
            grouped(account.blocked),
            codes.join(", ")
        );
    }
    let more = facts.account_count.saturating_sub(MOST_ACCOUNTS as u64);
    if more > 0 {
        let _ = writeln!(page, "\n{} more are in `exceptions_by_account.csv`.", grouped(more));
    }
}

fn plan(facts: &AuditFacts, page: &mut String) {
    page.push_str("\n## The plan\n\n");
    for (action, count) in &facts.by_action {
        let _ = writeln!(page, "- {} prepared: `{action}`", grouped(*count));
    }
    for (reason, count) in facts.reasons() {
        let _ = writeln!(page, "- {} blocked: `{reason}`", grouped(count));
    }
    if facts.prepared + facts.blocked == 0 {
        page.push_str("No action is prepared, and none is blocked.\n");
    }
}

fn next(facts: &AuditFacts, page: &mut String) {
    page.push_str("\n## Next\n\n");
    let next = facts.next();
    if next == Next::DryRun {
        page.push_str("Open `exceptions_by_account.csv` and look at the plan. ");
    }
    let _ = writeln!(page, "{}", next.sentence());
    let worst = facts.worst_account().map(|id| crate::text::escape::shell_option("--sf-account-id", id));
    let trace = worst.map(|account| format!("g-gremlin zendesk drift trace {account}{}", demo(facts)));
    let commands: Vec<String> = next.command(&shell_word(&facts.run_id)).into_iter().chain(trace).collect();
    if !commands.is_empty() {
        let _ = writeln!(page, "\n```sh\n{}\n```", commands.join("\n"));
    }
    let warnings = facts.warnings.values().sum();
    if warnings > 0 {
        let _ = writeln!(page, "\n{} are in `warnings` of `summary.json`.", counted(warnings, "warning"));
    }
}

fn demo(facts: &AuditFacts) -> &'static str {
    match facts.source {
        Source::Demo => " --demo",
        Source::Zendesk => "",
    }
}
