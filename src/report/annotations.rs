//! A finished run as annotations: workflow commands on standard output, one for each code, the worst first.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step, and cuts a message at 4,096 characters. There are never
//! more than eight here, and each is short.

use super::apply_page;
use super::audit_page::{AuditReport, Mark};
use super::change;
use super::change_page::{self, ChangeReport, ConfigurationReport};
use super::failed_page::FailedReport;
use super::terminal;
use crate::catalogue::{Risk, SkipReason, Status};
use crate::run::artifacts::apply_receipt::{ApplyReceipt, Mode};
use crate::run::artifacts::rows::IssueRow;
use crate::run::diff::Diff;
use crate::text::escape;
use crate::text::words::{counted, grouped};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// How many annotations there are at most.
const MOST: usize = 8;
/// How many characters a message has at most.
const LONGEST: usize = 4_000;
/// How many accounts a message names.
const NAMED: usize = 3;

/// How loud an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One annotation, before it is escaped.
#[derive(Debug)]
struct Annotation {
    level: Level,
    title: String,
    message: String,
    /// A file of the repository, and a line of it.
    place: Option<(String, Option<u64>)>,
}

impl Annotation {
    fn new(level: Level, title: impl Into<String>, message: impl Into<String>) -> Self {
        Self { level, title: title.into(), message: message.into(), place: None }
    }
}

/// The lines. Whatever is beyond the seventh of more than eight is named in the eighth.
fn render(mut annotations: Vec<Annotation>) -> String {
    if annotations.len() > MOST {
        let rest = annotations.split_off(MOST - 1);
        let names: Vec<&str> = rest.iter().map(|annotation| annotation.title.as_str()).collect();
        let (level, title) = (rest[0].level, format!("and {} more", rest.len()));
        annotations.push(Annotation::new(level, title, format!("{}.", names.join("; "))));
    }
    let mut lines = String::new();
    for Annotation { level, title, message, place } in annotations {
        let mut message = escape::neutral(&message);
        if message.chars().count() > LONGEST {
            message = message.chars().take(LONGEST).chain(['…']).collect();
        }
        let (title, message) = (escape::workflow_property(&title), escape::workflow_message(&message));
        let place = place.map(|(file, line)| {
            let line = line.map(|line| format!(",line={line}")).unwrap_or_default();
            format!("file={}{line},", escape::workflow_property(&escape::neutral(&file)))
        });
        let _ = writeln!(lines, "::{} {}title={title}::{message}", level.as_str(), place.unwrap_or_default());
    }
    lines
}

/// Which issues are new since the baseline, the worst first, and which accounts the reference has lost.
fn new_and_lost(diff: &Diff<'_>) -> Vec<Annotation> {
    let more =
        |all: usize| if all > NAMED { format!(" And {} more.", grouped((all - NAMED) as u64)) } else { String::new() };
    let mut annotations = Vec::new();
    let mut new = diff.new.clone();
    new.sort_by_key(|issue| issue.risk);
    if !new.is_empty() {
        let account = |issue: &IssueRow<'_>| {
            issue.sf_account_id.as_deref().map(|id| format!("{}: ", escape::terminal(id))).unwrap_or_default()
        };
        let named: Vec<String> = new
            .iter()
            .take(NAMED)
            .map(|issue| format!("{}{}", account(issue), escape::terminal(&issue.detail)))
            .collect();
        let title = format!("{} since the baseline", counted(new.len() as u64, "new issue"));
        annotations.push(Annotation::new(Level::Warning, title, format!("{}{}", named.join(" "), more(new.len()))));
    }
    let lost = diff.lost_accounts.as_deref().unwrap_or_default();
    if !lost.is_empty() {
        let named: Vec<String> = lost
            .iter()
            .take(NAMED)
            .map(|account| {
                let (id, name) = (account.sf_account_id, account.account_name);
                format!("{} ({})", escape::terminal(id), escape::terminal(name))
            })
            .collect();
        let title = format!("{} left the reference", counted(lost.len() as u64, "account"));
        let message = format!("{}.{}", named.join(", "), more(lost.len()));
        annotations.push(Annotation::new(Level::Warning, title, message));
    }
    annotations
}

/// A warning of its own, about something that has no page.
pub fn warning(title: &str, message: &str) -> String {
    render(vec![Annotation::new(Level::Warning, title, message)])
}

/// Of an audit: the breaches in one, then one for each code.
pub fn audit(report: &AuditReport<'_>) -> String {
    let AuditReport { run, facts, change, place, .. } = *report;
    let mut annotations = Vec::new();
    let breached = terminal::breaches(&facts.thresholds);
    if !breached.is_empty() {
        let title = format!("Drift audit: {}", report.verdict().1);
        let shown: Vec<String> = breached.iter().take(10).cloned().collect();
        let more = breached.len().saturating_sub(shown.len());
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        annotations.push(Annotation::new(Level::Error, title, format!("{}{more}", shown.join("; "))));
    }
    if let Some(diff) = report.diff.filter(|_| !place.audience.is_public()) {
        annotations.extend(new_and_lost(diff));
    }
    for (code, count) in facts.codes() {
        let issues = run.issues.iter().filter(|issue| issue.issue_code == code && issue.status != Status::Suppressed);
        let mut statuses: BTreeMap<Status, u64> = BTreeMap::new();
        let mut accounts: BTreeSet<&str> = BTreeSet::new();
        for issue in issues {
            *statuses.entry(issue.status).or_default() += 1;
            accounts.extend(issue.sf_account_id.as_deref());
        }
        let statuses: Vec<String> =
            statuses.iter().map(|(status, count)| format!("{} {status}", grouped(*count))).collect();
        let mut message = format!("{}: {}.", code.explanation().title, statuses.join(", "));
        if let (Some(change), (new @ 1.., ..)) = (change, change.map(|change| change.of_code(code)).unwrap_or_default())
        {
            let _ = write!(message, " {} new since {}.", grouped(new), escape::terminal(&change.base_run_id));
        }
        if !place.audience.is_public() && !accounts.is_empty() {
            let named: Vec<String> = accounts.iter().take(NAMED).map(|id| escape::terminal(id)).collect();
            let more = accounts.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
            let _ = write!(message, " Accounts: {}{more}.", named.join(", "));
        }
        let level = match code.risk() {
            Risk::Critical | Risk::High => Level::Warning,
            Risk::Medium => Level::Notice,
        };
        annotations.push(Annotation::new(level, format!("{code} ({}): {}", code.risk(), grouped(count)), message));
    }
    if annotations.is_empty() {
        let message = format!("No account, user or ticket that was checked has an issue. {}", facts.coverage());
        annotations.push(Annotation::new(Level::Notice, "Drift audit: no issue", message));
    }
    render(annotations)
}

/// Of a change: the verdict, then one for each code of a new issue.
pub fn change(report: &ChangeReport<'_>) -> String {
    let (mark, verdict) = change_page::verdict(report);
    let level = match mark {
        Mark::Bad => Level::Error,
        Mark::Look => Level::Warning,
        Mark::Note | Mark::Good => Level::Notice,
    };
    let diff = report.diff;
    let message = format!(
        "{} with another status; the plan gains {} and loses {}.",
        counted(diff.changed.len() as u64, "issue"),
        counted(diff.prepared.added.len() as u64, "prepared action"),
        grouped(diff.prepared.dropped.len() as u64)
    );
    let told: Vec<String> = report.change.into_iter().flat_map(|change| change.worth_saying()).collect();
    let told = if told.is_empty() { String::new() } else { format!(" Changed: {}.", told.join("; ")) };
    let mut annotations = vec![Annotation::new(level, format!("This change: {verdict}"), format!("{message}{told}"))];
    let mut codes: Vec<_> = change::by_code(&diff.new).into_iter().collect();
    codes.sort_by_key(|(code, _)| code.risk());
    annotations.extend(codes.into_iter().map(|(code, count)| {
        let title = format!("{code} ({}): {} new", code.risk(), grouped(count));
        Annotation::new(Level::Notice, title, format!("{}.", code.explanation().title))
    }));
    render(annotations)
}

/// Of a change whose sides were not audited.
pub fn configuration(report: &ConfigurationReport<'_>) -> String {
    let (mark, verdict) = report.verdict();
    let level = if mark == Mark::Bad { Level::Error } else { Level::Notice };
    render(vec![Annotation::new(level, format!("This change: {verdict}"), report.why())])
}

/// Of an apply: the verdict, then one for each reason.
pub fn apply(receipt: &ApplyReceipt) -> String {
    let (mark, verdict) = apply_page::verdict(receipt);
    let level = match (mark, receipt.mode) {
        (Mark::Bad, _) => Level::Error,
        (Mark::Look, Mode::Apply) => Level::Warning,
        (Mark::Look | Mark::Note | Mark::Good, _) => Level::Notice,
    };
    let message = match receipt.mode {
        Mode::DryRun => "Nothing was written to Zendesk.",
        Mode::Apply | Mode::NotRun => "The receipt has the outcome of each action.",
    };
    let mut annotations = vec![Annotation::new(level, verdict, message)];
    let mut reasons: BTreeMap<SkipReason, u64> = BTreeMap::new();
    for reason in receipt.results.iter().filter_map(|result| result.reason) {
        *reasons.entry(reason).or_default() += 1;
    }
    let mut others: Vec<Annotation> = reasons
        .into_iter()
        .map(|(reason, count)| {
            let level = match reason {
                SkipReason::OutcomeUnknown | SkipReason::Aborted => Level::Error,
                reason if reason.is_in_place() || reason == SkipReason::NotSelected => Level::Notice,
                _ => Level::Warning,
            };
            let title = format!("{reason}: {}", counted(count, "action"));
            Annotation::new(level, title, not_done(reason, receipt))
        })
        .collect();
    others.sort_by_key(|annotation| annotation.level);
    annotations.extend(others);
    render(annotations)
}

/// Why actions were not carried out, and what to do about it.
fn not_done(reason: SkipReason, receipt: &ApplyReceipt) -> String {
    let explanation = reason.explanation();
    let what_to_do = match reason {
        // A refusal lets the run complete, so it is not what ended this one.
        SkipReason::Aborted if !receipt.completed => {
            "Apply the same plan again; it continues with the remaining actions."
        }
        _ => explanation.what_to_do,
    };
    format!("{}. What to do: {what_to_do}", explanation.title).replace('`', "")
}

/// Of a command that left nothing: beside the line that is wrong, where the failure names one.
pub fn failed(report: &FailedReport<'_>) -> String {
    let (mark, verdict) = report.verdict();
    let level = match mark {
        Mark::Bad => Level::Error,
        Mark::Look => Level::Warning,
        Mark::Note | Mark::Good => Level::Notice,
    };
    let Some(known) = report.known else {
        let title = format!("{}: {verdict}", report.subject.name());
        return render(vec![Annotation::new(level, title, format!("Exit code {}. {}", report.code, report.next()))]);
    };
    let title = format!("{}: {}", report.subject.name(), escape::terminal(&known.what));
    let help = known.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    let beside = |line: Option<u64>, message: String| {
        let place = known.file.clone().map(|file| (file, line));
        Annotation { place, ..Annotation::new(level, title.clone(), message) }
    };
    let mut annotations: Vec<Annotation> =
        known.lines().take(MOST).map(|(line, cause)| beside(Some(line), format!("{cause}{help}"))).collect();
    if annotations.is_empty() {
        let causes: Vec<&str> = known.causes.iter().map(String::as_str).collect();
        let causes = if causes.is_empty() { known.what.clone() } else { causes.join("; ") };
        annotations.push(beside(None, format!("{causes}{help}")));
    }
    render(annotations)
}
