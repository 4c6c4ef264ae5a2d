//! A finished run on a terminal, from its folder.

use super::apply_page::{self, ApplyReport};
use super::audit_page::{self, AuditReport};
use super::change_page::{self, ChangeReport};
use super::failed_page::FailedReport;
use crate::catalogue::{BlockedReason, IssueCode};
use crate::run::artifacts::apply_receipt::Outcome;
use crate::text::escape;
use crate::text::words::{counted, grouped};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::fmt::Write as _;

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
    let AuditReport { run, change, place, applied: _ } = *report;
    let summary = &run.summary;
    let (mark, verdict) = audit_page::verdict(run, change);
    let mut text = format!("{} Drift audit: {verdict}\n", mark.as_str());
    let _ = writeln!(
        text,
        "  {}, {}, {} blocked, {} suppressed",
        counted(summary.total_issue_count, "issue"),
        counted(summary.prepared_action_count, "prepared action"),
        grouped(summary.blocked_action_count),
        grouped(summary.suppressed_issue_count)
    );
    if let Some(change) = change {
        let _ = writeln!(
            text,
            "  since {}: {} new, {} resolved, {} left the ticket window",
            escape::terminal(&change.base_run_id),
            grouped(change.new_issues()),
            grouped(change.resolved_issues()),
            grouped(change.left_window)
        );
    }
    if !summary.thresholds.is_empty() {
        let mut thresholds = table(width, &["threshold", "limit", "value", ""], &[1, 2]);
        for judgement in &summary.thresholds {
            let value = judgement.value.map(grouped).unwrap_or_default();
            let verdict = judgement.verdict().to_owned();
            thresholds.add_row([escape::terminal(&judgement.name), grouped(judgement.limit), value, verdict]);
        }
        let _ = writeln!(text, "\n{thresholds}");
    }
    let head = ["code", "risk", "issues", "since the baseline"];
    let columns = if change.is_some() { 4 } else { 3 };
    let mut codes = table(width, &head[..columns], &[2]);
    let mut any = false;
    for code in IssueCode::ALL {
        let count = summary.by_code.get(&code).copied().unwrap_or_default();
        let (new, gone) = change.map(|change| change.of_code(code)).unwrap_or_default();
        if count + new + gone > 0 {
            any = true;
            let moved =
                if change.is_some() { format!("+{} −{}", grouped(new), grouped(gone)) } else { String::new() };
            let cells = [code.as_str().to_owned(), code.risk().to_string(), grouped(count), moved];
            codes.add_row(cells[..columns].to_vec());
        }
    }
    if any {
        let _ = writeln!(text, "\n{codes}");
    }
    if !place.audience.is_public() && !run.accounts.is_empty() {
        let head = ["account", "name", "issues", "prepared", "blocked", "most frequent"];
        let mut accounts = table(width, &head, &[2, 3, 4]);
        let mut rows: Vec<_> = run.accounts.iter().collect();
        rows.sort_by_key(|row| audit_page::worst_first(row));
        for row in rows.iter().take(MOST_ROWS) {
            accounts.add_row([
                escape::terminal(row.sf_account_id.as_deref().unwrap_or_default()),
                escape::terminal(&row.account_name),
                grouped(row.total_issue_count),
                grouped(row.prepared_action_count),
                grouped(row.blocked_action_count),
                escape::terminal(&row.top_issue_codes),
            ]);
        }
        let _ = writeln!(text, "\n{accounts}");
        if rows.len() > MOST_ROWS {
            let _ =
                writeln!(text, "{MOST_ROWS} of {} accounts are shown; exceptions_by_account.csv has all.", rows.len());
        }
    }
    let counts = &summary.blocked_reasons;
    let reasons = BlockedReason::ALL.into_iter().filter_map(|reason| Some((reason, *counts.get(&reason)?)));
    let mut blocked = table(width, &["blocked by", "actions", ""], &[1]);
    let mut any = false;
    for (reason, count) in reasons.filter(|(_, count)| *count > 0) {
        any = true;
        blocked.add_row([reason.as_str().to_owned(), grouped(count), reason.explanation().title.to_owned()]);
    }
    if any {
        let _ = writeln!(text, "\n{blocked}");
    }
    let _ = write!(text, "\nplan_hash: {}", run.plan.hash);
    text
}

/// A change. `diff` lists each difference.
pub fn change(report: &ChangeReport<'_>) -> String {
    let (mark, verdict) = change_page::verdict(report);
    let diff = report.diff;
    format!(
        "{} This change: {verdict}\n  {} new, {} resolved, {} with another status; prepared actions: +{} −{}\n\nplan_hash: {}",
        mark.as_str(),
        grouped(diff.new.len() as u64),
        grouped(diff.resolved.len() as u64),
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
            let _ = writeln!(text, "{MOST_ROWS} of {} actions are shown; apply_receipt.json has all.", results.len());
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
