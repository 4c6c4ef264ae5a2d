//! What a page of an audit says below its fold: the codes, what blocks actions, the last runs, and the facts of this one.

use super::AuditReport;
use crate::catalogue::IssueCode;
use crate::run::artifacts::Source;
use crate::text::escape::markdown_cell;
use crate::text::words::grouped;
use std::fmt::Write as _;

/// How many runs the trend shows.
const MOST_RUNS: usize = 10;

impl AuditReport<'_> {
    pub(super) fn codes(&self) -> String {
        let Self { facts, change, .. } = *self;
        let mut text = String::new();
        let count = |code: IssueCode| facts.by_code.get(&code).copied().unwrap_or_default();
        let moved = |code: IssueCode| {
            change.map(|change| change.of_code(code)).filter(|(new, gone, left)| new + gone + left > 0)
        };
        let mut codes: Vec<IssueCode> =
            IssueCode::ALL.into_iter().filter(|code| count(*code) > 0 || moved(*code).is_some()).collect();
        codes.sort_by_key(|code| code.risk());
        if codes.is_empty() {
            return text;
        }
        text.push_str(match change {
            Some(_) => "| code | risk | issues | since the baseline |\n| --- | --- | ---: | --- |\n",
            None => "| code | risk | issues |\n| --- | --- | ---: |\n",
        });
        for code in codes {
            let _ = write!(text, "| `{code}` | {} | {} |", code.risk(), grouped(count(code)));
            if change.is_some() {
                let moved = moved(code).map(|(new, gone, left)| {
                    let new = (new > 0).then(|| format!("**+{}** new", grouped(new)));
                    let gone = (gone > 0).then(|| format!("−{} resolved", grouped(gone)));
                    let left = (left > 0).then(|| format!("−{} left the reference", grouped(left)));
                    new.into_iter().chain(gone).chain(left).collect::<Vec<_>>().join(", ")
                });
                let _ = write!(text, " {} |", moved.unwrap_or("=".to_owned()));
            }
            text.push('\n');
        }
        if let Some(echoes) = facts.echoes() {
            let _ = write!(text, "\n{echoes}\n");
        }
        text
    }

    pub(super) fn blockers(&self) -> String {
        let reasons = self.facts.reasons();
        if reasons.is_empty() {
            return String::new();
        }
        let mut text =
            "These need a decision by a person; `g-gremlin zendesk drift explain REASON` shows what to do.\n\n| \
                reason | actions | |\n| --- | ---: | --- |\n"
                .to_owned();
        for (reason, count) in reasons {
            let _ = writeln!(text, "| `{reason}` | {} | {} |", grouped(count), reason.explanation().title);
        }
        text
    }

    /// The last runs in numbers, the newest first; nothing where this is the first.
    pub(super) fn trend(&self) -> String {
        let runs = self.run.history.as_ref().map_or(&[][..], |history| &history.runs);
        if runs.len() < 2 {
            return String::new();
        }
        let mut text =
            "| as of | issues | new | resolved | prepared | blocked | suppressed |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
                .to_owned();
        for run in runs.iter().rev().take(MOST_RUNS) {
            let known = |count: Option<u64>| count.map(grouped).unwrap_or_default();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                markdown_cell(run.as_of.get(..16).unwrap_or(&run.as_of)),
                grouped(run.total_issue_count),
                known(run.new),
                known(run.resolved),
                grouped(run.prepared_action_count),
                grouped(run.blocked_action_count),
                grouped(run.suppressed_issue_count)
            );
        }
        text
    }

    pub(super) fn run_facts(&self) -> String {
        let Self { run, facts, place, .. } = *self;
        let (summary, receipt) = (&run.summary, &run.receipt);
        let mut text = "| | |\n| --- | --- |\n".to_owned();
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "| {name} | {value} |");
        };
        if !place.audience.is_public() {
            row(
                "Zendesk",
                match summary.source {
                    Source::Demo => "the built-in demo data".to_owned(),
                    Source::Zendesk => markdown_cell(&summary.zendesk),
                },
            );
        }
        let time = |text: &str| markdown_cell(text);
        row("Run", markdown_cell(&summary.run_id));
        row("As of", time(&summary.as_of));
        let (from, to) = (&receipt.ticket_window.from, &receipt.ticket_window.to);
        row("Ticket window", format!("{} days, {} to {}", grouped(summary.lookback_days.into()), time(from), time(to)));
        row("Read", facts.read_in_words());
        row(
            "Requests",
            match &receipt.requests {
                Some(requests) => {
                    let waited = (requests.waited_for_pace_ms + requests.waited_after_failures_ms).div_ceil(1000);
                    format!("{}, {} s waited", grouped(requests.total), grouped(waited))
                }
                None => "none: not read live".to_owned(),
            },
        );
        row("Started, ended", format!("{}, {}", time(&receipt.started_at), time(&receipt.finished_at)));
        row("g-gremlin", markdown_cell(&summary.tool_version));
        if !facts.warnings.is_empty() {
            let told: Vec<String> =
                facts.warnings.iter().map(|(code, count)| format!("{} `{code}`", grouped(*count))).collect();
            row("Warnings", told.join(", "));
        }
        if let Some(artifact) = &place.artifact {
            row("Run folder", artifact.cell());
        }
        text
    }
}
