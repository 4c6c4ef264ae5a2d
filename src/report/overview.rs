//! A finished run on a terminal, from its folder.

use super::apply_page::{self, ApplyReport};
use super::audit_page::AuditReport;
use super::change::Change;
use super::change_page::{self, ChangeReport};
use super::failed_page::FailedReport;
use crate::catalogue::IssueCode;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::Outcome;
use crate::run::facts::AuditFacts;
use crate::text::escape;
use crate::text::words::grouped;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::fmt::Write as _;

/// From how many columns on a table shows the worst issue of each account.
const WIDE: u16 = 100;
/// How many rows a table of data has at most.
const MOST_ROWS: usize = 20;

fn table(width: u16, head: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(head.to_vec());
    for at in numbers {
        if let Some(column) = table.column_mut(*at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// An audit, on a terminal of this width.
pub fn audit(report: &AuditReport<'_>, width: u16) -> String {
    let AuditReport { facts, change, place, .. } = *report;
    let (mark, verdict) = report.verdict();
    let mut text = format!("{} Drift audit: {verdict}\n  {}\n  {}\n", mark.as_str(), facts.counts(), facts.coverage());
    if let Some(unmapped) = facts.unmapped(escape::terminal).filter(|_| !place.audience.is_public()) {
        let _ = writeln!(text, "  {unmapped}");
    }
    facts.lost().into_iter().for_each(|lost| text.push_str(&format!("  {lost}\n")));
    if let Some(advisories) = facts.advisories_in_words() {
        let _ = writeln!(text, "  Advisories: {}", advisories.replace('`', ""));
    }
    if let Some(change) = change {
        let _ = writeln!(
            text,
            "  since {}: {} new, {} resolved, {} left the ticket window, {} left the reference",
            escape::terminal(&change.base_run_id),
            grouped(change.new_issues()),
            grouped(change.resolved_issues()),
            grouped(change.left_window),
            grouped(change.left_reference_issues())
        );
    }
    for table in [thresholds(facts, width), codes(facts, change, width)].into_iter().flatten() {
        let _ = writeln!(text, "\n{table}");
    }
    if !place.audience.is_public() && !facts.accounts.is_empty() {
        let _ = writeln!(text, "\n{}", accounts(facts, width));
    }
    if let Some(blocked) = blocked(facts, width) {
        let _ = writeln!(text, "\n{blocked}");
    }
    let _ = writeln!(text, "\nplan_hash: {}", facts.plan_hash);
    let next = facts.next();
    let _ = write!(text, "\nNext: {}", next.sentence());
    if let Some(command) = next.command(&escape::shell_word(&facts.run_id)) {
        let _ = write!(text, "\n  {command}");
    }
    text
}

/// The limits of the run; `None` where it has none.
fn thresholds(facts: &AuditFacts, width: u16) -> Option<Table> {
    if facts.thresholds.is_empty() {
        return None;
    }
    let mut thresholds = table(width, &["threshold", "limit", "value", "verdict"], &[1, 2]);
    for judgement in &facts.thresholds {
        let value = judgement.value.map(grouped).unwrap_or_default();
        let (name, limit) = (escape::terminal(&judgement.name), grouped(judgement.limit));
        thresholds.add_row([name, limit, value, judgement.verdict().to_owned()]);
    }
    Some(thresholds)
}

/// How often each code was found, and what moved since the baseline; `None` where none was, now or then.
fn codes(facts: &AuditFacts, change: Option<&Change>, width: u16) -> Option<Table> {
    let head = ["code", "risk", "issues", "since the baseline"];
    let columns = if change.is_some() { 4 } else { 3 };
    let mut codes = table(width, &head[..columns], &[2]);
    let mut any = false;
    for code in IssueCode::ALL {
        let count = facts.by_code.get(&code).copied().unwrap_or_default();
        let (new, resolved, left) = change.map(|change| change.of_code(code)).unwrap_or_default();
        let gone = resolved + left;
        if count + new + gone > 0 {
            any = true;
            let moved =
                if change.is_some() { format!("+{} −{}", grouped(new), grouped(gone)) } else { String::new() };
            let cells = [code.as_str().to_owned(), code.risk().to_string(), grouped(count), moved];
            codes.add_row(cells[..columns].to_vec());
        }
    }
    any.then_some(codes)
}

/// What keeps actions from being prepared; `None` where nothing does.
fn blocked(facts: &AuditFacts, width: u16) -> Option<Table> {
    let mut blocked = table(width, &["blocked by", "actions", "meaning"], &[1]);
    let reasons = facts.reasons();
    let any = !reasons.is_empty();
    for (reason, count) in reasons {
        blocked.add_row([reason.as_str().to_owned(), grouped(count), reason.explanation().title.to_owned()]);
    }
    any.then_some(blocked)
}

/// The worst accounts. The names of codes are never split: where the terminal is narrow, that column is left out.
fn accounts(facts: &AuditFacts, width: u16) -> String {
    let head = ["account", "name", "issues", "prepared", "blocked", "worst issue"];
    let columns = if width < WIDE { 5 } else { 6 };
    let mut table = table(width, &head[..columns], &[2, 3, 4]);
    for account in facts.accounts.iter().take(MOST_ROWS) {
        let code = account.top_codes().first().map(|code| code.as_str().to_owned());
        let cells = [
            escape::terminal(account.sf_account_id.as_deref().unwrap_or_default()),
            escape::terminal(&account.account_name),
            grouped(account.issues()),
            grouped(account.prepared),
            grouped(account.blocked),
            code.unwrap_or_default(),
        ];
        table.add_row(cells[..columns].to_vec());
    }
    let mut text = table.to_string();
    if facts.account_count > MOST_ROWS as u64 {
        let (shown, all) = (grouped(MOST_ROWS as u64), grouped(facts.account_count));
        let _ = write!(text, "\n{shown} of {all} accounts are shown; all are in {}.", Artifact::AllExceptions.name());
    }
    text
}

/// A change. `diff` lists each difference.
pub fn change(report: &ChangeReport<'_>) -> String {
    let (mark, verdict) = change_page::verdict(report);
    let diff = report.diff;
    format!(
        "{} This change: {verdict}\n  {} new, {} resolved, {} left the reference, {} with another status; prepared actions: +{} −{}\n\nplan_hash: {}",
        mark.as_str(),
        grouped(diff.new.len() as u64),
        grouped(diff.resolved.len() as u64),
        grouped(diff.left_reference.len() as u64),
        grouped(diff.changed.len() as u64),
        grouped(diff.prepared.added.len() as u64),
        grouped(diff.prepared.dropped.len() as u64),
        report.head.plan.hash
    )
}

/// An apply, on a terminal of this width.
pub fn apply(report: &ApplyReport<'_>, width: u16) -> String {
    let ApplyReport { receipt, place, .. } = *report;
    let (mark, verdict) = apply_page::verdict(receipt);
    let counts = &receipt.counts;
    let mut text = format!(
        "{} {verdict}\n  {} applied, {} would be applied, {} skipped, {} failed, {} blocked by a cap\n",
        mark.as_str(),
        grouped(counts.applied),
        grouped(counts.would_apply),
        grouped(counts.skipped),
        grouped(counts.failed),
        grouped(counts.blocked)
    );
    if !place.audience.is_public() && !receipt.results.is_empty() {
        let mut actions = table(width, &["action", "account", "where", "result"], &[]);
        let mut results: Vec<_> = receipt.results.iter().collect();
        results.sort_by_key(|result| result.status != Outcome::Failed);
        for result in results.iter().take(MOST_ROWS) {
            let user = result.user_id.map(|user| format!("user {user}, ")).unwrap_or_default();
            let status = super::apply::status(result.status);
            actions.add_row([
                format!("{} {}", escape::terminal(&result.action_id), result.action_code),
                escape::terminal(&result.sf_account_id),
                format!("{user}org {}", result.org_id),
                result.reason.map_or(status.to_owned(), |reason| format!("{status}: {reason}")),
            ]);
        }
        let _ = writeln!(text, "\n{actions}");
        if results.len() > MOST_ROWS {
            let _ =
                writeln!(text, "{MOST_ROWS} of {} actions are shown; all are in apply_receipt.json.", results.len());
        }
    }
    let _ = write!(text, "\nplan_hash: {}", escape::terminal(&receipt.source_plan_hash));
    text
}

/// A command that left nothing.
pub fn failed(report: &FailedReport<'_>) -> String {
    let (mark, verdict) = report.verdict();
    let next = report
        .known
        .map_or_else(|| format!("  {}", report.next()), |known| format!("  {}", known.text().replace('\n', "\n  ")));
    format!("{} {}: {verdict}\n{next}\n  Exit code {}.", mark.as_str(), report.subject.name(), report.code)
}
