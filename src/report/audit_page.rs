//! A finished audit as a job summary and as a comment: the verdict first, then what the operator decides by.

use super::change::Change;
use super::page::{Page, Rows};
use super::place::{self, Place};
use crate::catalogue::{ActionCode, BlockedReason, IssueCode, WarningCode};
use crate::rules::gate::Judgement;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::Source;
use crate::run::artifacts::apply_receipt::{ApplyReceipt, Mode};
use crate::run::read::{AccountRow, RunFolder};
use crate::text::escape::{markdown_cell, markdown_code, shell_word};
use crate::text::words::{counted, grouped};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How much a page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// A job summary.
    Full,
    /// A comment.
    Short,
}

impl Length {
    /// How many rows its longest table has at most.
    pub const fn most_rows(self) -> usize {
        match self {
            Self::Full => 100,
            Self::Short => 15,
        }
    }
}

/// What is rendered of an audit.
#[derive(Debug, Clone, Copy)]
pub struct AuditReport<'a> {
    pub run: &'a RunFolder,
    /// Since the baseline, if there is one.
    pub change: Option<&'a Change>,
    /// What became of the plan, when it was applied since.
    pub applied: Option<&'a ApplyReceipt>,
    pub place: &'a Place,
}

/// How bad it is, at one glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Good,
    /// Something changed that neither hides nor permits more.
    Note,
    Look,
    Bad,
}

impl Mark {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "🟢",
            Self::Note => "🔵",
            Self::Look => "🟡",
            Self::Bad => "🔴",
        }
    }
}

/// The verdict of an audit in a few words.
pub fn verdict(run: &RunFolder, change: Option<&Change>) -> (Mark, String) {
    let summary = &run.summary;
    let breached = summary.thresholds.iter().filter(|judgement| judgement.breached).count() as u64;
    let issues = counted(summary.total_issue_count, "issue");
    let new = change.map(Change::new_issues).filter(|new| *new > 0);
    let new = new.map(|new| format!(", {} of them new", grouped(new))).unwrap_or_default();
    match (breached, summary.total_issue_count, summary.thresholds.len()) {
        (1, ..) => (Mark::Bad, format!("a threshold is breached: {issues}{new}")),
        (2.., ..) => (Mark::Bad, format!("{breached} thresholds are breached: {issues}{new}")),
        (0, 0, _) => (Mark::Good, "no issue".to_owned()),
        (0, _, 0) => (Mark::Look, format!("{issues}{new}; no threshold is set")),
        (0, ..) => (Mark::Look, format!("{issues}{new}; no threshold is breached")),
    }
}

impl AuditReport<'_> {
    /// The page of this length.
    pub fn page(&self, length: Length) -> Page {
        let Self { run, change, place, .. } = *self;
        let is_public = place.audience.is_public();
        let mut page = Page::default();
        let (mark, verdict) = verdict(run, change);
        page.text(format!("## {} Drift audit: {verdict}\n\n{}", mark.as_str(), self.facts_in_a_line()));
        if is_public {
            page.text(place::PUBLIC);
        }
        let breached = run.summary.thresholds.iter().any(|judgement| judgement.breached);
        if !run.summary.thresholds.is_empty() && (length == Length::Full || breached) {
            page.text("\n### Thresholds\n\n");
            page.rows(self.thresholds());
        }
        page.text(self.codes());
        if !is_public && !run.accounts.is_empty() {
            page.text("\n### Accounts to look at, the worst first\n\n");
            page.rows(self.accounts(length));
        }
        page.text(self.blockers());
        page.text(self.plan());
        if length == Length::Full {
            page.text(self.run_facts());
        }
        page
    }

    fn facts_in_a_line(&self) -> String {
        let summary = &self.run.summary;
        let mut line = format!(
            "**{}** · **{}** · {} blocked · {} suppressed",
            counted(summary.total_issue_count, "issue"),
            counted(summary.prepared_action_count, "prepared action"),
            grouped(summary.blocked_action_count),
            grouped(summary.suppressed_issue_count)
        );
        if let Some(change) = self.change {
            let _ = write!(
                line,
                "\n\nSince the baseline {}: **{} new**, {} resolved",
                markdown_code(&change.base_run_id),
                grouped(change.new_issues()),
                grouped(change.resolved_issues())
            );
            if change.changed > 0 {
                let _ = write!(line, ", {} with another status", grouped(change.changed));
            }
            if change.left_window > 0 {
                let _ = write!(line, ", {} left the ticket window", grouped(change.left_window));
            }
        }
        line.push('\n');
        if self.run.summary.source == Source::Demo {
            line.push_str("\nThis is the demo: its data is made up.\n");
        }
        line
    }

    fn thresholds(&self) -> Rows {
        let mut judgements: Vec<&Judgement> = self.run.summary.thresholds.iter().collect();
        // Stable: the order of the configuration among equals.
        judgements.sort_by_key(|judgement| !judgement.breached);
        let row = |judgement: &&Judgement| {
            let Judgement { name, limit, value, breached } = judgement;
            let verdict = match (breached, value) {
                (true, _) => "🔴 **breached**",
                (false, Some(_)) => "🟢 kept",
                (false, None) => "⚪ not judged",
            };
            let value = value.map(grouped).unwrap_or_default();
            format!("| {} | {} | {value} | {verdict} |\n", markdown_cell(name), grouped(*limit))
        };
        Rows {
            head: "| threshold | limit | value | |\n| --- | ---: | ---: | --- |\n",
            rows: judgements.iter().take(200).map(row).collect(),
            total: judgements.len(),
            what: "thresholds",
            all: self.place.file(Artifact::Summary),
        }
    }

    fn codes(&self) -> String {
        let Self { run, change, .. } = *self;
        let mut text = "\n### Issues\n\n".to_owned();
        let count = |code: IssueCode| run.summary.by_code.get(&code).copied().unwrap_or_default();
        let moved = |code: IssueCode| change.map(|change| change.of_code(code)).filter(|(new, gone)| new + gone > 0);
        let mut codes: Vec<IssueCode> =
            IssueCode::ALL.into_iter().filter(|code| count(*code) > 0 || moved(*code).is_some()).collect();
        codes.sort_by_key(|code| code.risk());
        if codes.is_empty() {
            text.push_str("None.\n");
            return text;
        }
        text.push_str(match change {
            Some(_) => "| code | risk | issues | since the baseline |\n| --- | --- | ---: | --- |\n",
            None => "| code | risk | issues |\n| --- | --- | ---: |\n",
        });
        for code in codes {
            let _ = write!(text, "| `{code}` | {} | {} |", code.risk(), grouped(count(code)));
            if change.is_some() {
                let moved = moved(code).map(|(new, gone)| {
                    let new = (new > 0).then(|| format!("**+{}** new", grouped(new)));
                    let gone = (gone > 0).then(|| format!("−{} resolved", grouped(gone)));
                    new.into_iter().chain(gone).collect::<Vec<_>>().join(", ")
                });
                let _ = write!(text, " {} |", moved.unwrap_or("=".to_owned()));
            }
            text.push('\n');
        }
        let echoes = run.summary.ticket_echo_count;
        if echoes > 0 {
            let (has, helps) = if echoes == 1 { ("has", "that") } else { ("have", "those") };
            let _ = write!(
                text,
                "\n{} {has} a requester with an issue of their own: repairing {helps} is what helps.\n",
                counted(echoes, "ticket issue")
            );
        }
        text
    }

    fn accounts(&self, length: Length) -> Rows {
        let mut rows: Vec<&AccountRow> = self.run.accounts.iter().collect();
        rows.sort_by_key(|row| worst_first(row));
        let shown = rows.iter().take(length.most_rows()).map(|row| {
            let AccountRow {
                sf_account_id,
                account_name,
                total_issue_count,
                prepared_action_count,
                blocked_action_count,
                top_issue_codes,
                top_blocked_reasons,
                org_issue_count: _,
                user_issue_count: _,
                ticket_issue_count: _,
            } = row;
            let codes = top_issue_codes.split(", ").filter_map(IssueCode::parse);
            // The two most frequent ones are in the table of the artifact.
            let code = codes.map(|code| format!("{}: {}", code.scope(), code.short())).next();
            let reason = top_blocked_reasons.split(", ").find_map(BlockedReason::parse);
            format!(
                "| {} | {} | {} | {} | {} | {} |{}\n",
                sf_account_id.as_deref().map(markdown_cell).unwrap_or_default(),
                markdown_cell(account_name),
                grouped(*total_issue_count),
                grouped(*prepared_action_count),
                grouped(*blocked_action_count),
                code.unwrap_or_default(),
                match length {
                    Length::Full => format!(" {} |", reason.map(|reason| format!("`{reason}`")).unwrap_or_default()),
                    Length::Short => String::new(),
                }
            )
        });
        Rows {
            head: match length {
                Length::Full => {
                    "| account | name | issues | prepared | blocked | most frequent | blocked by |\n| --- | --- | ---: | ---: | ---: | --- | --- |\n"
                }
                Length::Short => {
                    "| account | name | issues | prepared | blocked | most frequent |\n| --- | --- | ---: | ---: | ---: | --- |\n"
                }
            },
            rows: shown.collect(),
            total: rows.len(),
            what: "accounts",
            all: self.place.file(Artifact::ExceptionsByAccount),
        }
    }

    fn blockers(&self) -> String {
        let counts = &self.run.summary.blocked_reasons;
        let reasons = || BlockedReason::ALL.into_iter().filter_map(|reason| Some((reason, *counts.get(&reason)?)));
        let mut reasons: Vec<_> = reasons().filter(|(_, count)| *count > 0).collect();
        if reasons.is_empty() {
            return String::new();
        }
        // Stable: ties stay in table order.
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let mut text =
            "\n### Blocked actions\n\nThese are for a person to decide; `g-gremlin zendesk drift explain REASON` says how.\n\n| reason | actions | |\n| --- | ---: | --- |\n"
                .to_owned();
        for (reason, count) in reasons {
            let _ = writeln!(text, "| `{reason}` | {} | {} |", grouped(count), reason.explanation().title);
        }
        text
    }

    /// The prepared actions, the plan's hash, and the command that applies it.
    fn plan(&self) -> String {
        let Self { run, applied, place, change: _ } = *self;
        let mut text = "\n### The plan\n\n".to_owned();
        if run.plan.actions.is_empty() {
            text.push_str(match run.summary.total_issue_count {
                0 => "There is nothing to repair.\n",
                _ => "Nothing can be repaired safely, so there is nothing to apply.\n",
            });
            let _ = write!(text, "\n```text\nplan_hash: {}\n```\n", run.plan.hash);
            return text;
        }
        let mut counts: BTreeMap<ActionCode, u64> = BTreeMap::new();
        for action in &run.plan.actions {
            *counts.entry(action.action_code).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(code, count)| format!("{} `{code}`", grouped(*count))).collect();
        let _ = writeln!(text, "{}: {}.", counted(run.plan.actions.len() as u64, "prepared action"), counts.join(", "));
        let _ = write!(text, "\n```text\nplan_hash: {}\n```\n", run.plan.hash);
        if let Some(receipt) = applied.filter(|receipt| receipt.mode == Mode::Apply) {
            let counts = &receipt.counts;
            let _ = write!(
                text,
                "\n**It was applied** in {}: {} applied, {} skipped, {} failed, {} blocked by a cap.\n",
                markdown_code(&receipt.run_id),
                grouped(counts.applied),
                grouped(counts.skipped),
                grouped(counts.failed),
                grouped(counts.blocked)
            );
        }
        match (run.plan.source, &place.run, &place.artifact) {
            (Source::Demo, ..) => text.push_str("\nThe demo's plan can be dry-run, and applied to nothing.\n"),
            (Source::Zendesk, Some(workflow_run), Some(_)) => {
                let _ = write!(
                    text,
                    "\nDry-run it, and after a look at what it would do, run the same with `-f live=true` to apply it:\n\n```sh\ngh workflow run {} -f audit-run-id={} -f plan-hash={}\n```\n",
                    shell_word(&place.apply_workflow),
                    workflow_run.id,
                    run.plan.hash
                );
            }
            (Source::Zendesk, Some(_), None) => text.push_str(
                "\nThe run folder was not uploaded, so no workflow can apply this plan: audit and apply where its run folder is kept.\n",
            ),
            (Source::Zendesk, None, _) => {
                let _ = write!(
                    text,
                    "\nDry-run it, and after a look at what it would do, run the same with `--apply --confirm-plan-hash` and the hash:\n\n```sh\ng-gremlin zendesk drift apply --plan {}/fix_plan.json\n```\n",
                    shell_word(&run.summary.run_id)
                );
            }
        }
        text
    }

    fn run_facts(&self) -> String {
        let Self { run, place, .. } = *self;
        let (summary, receipt) = (&run.summary, &run.receipt);
        let mut text = "\n<details>\n<summary>About this run</summary>\n\n| | |\n| --- | --- |\n".to_owned();
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "| {name} | {value} |");
        };
        if !place.audience.is_public() {
            row(
                "Zendesk",
                match summary.source {
                    Source::Demo => "the demo's fixtures".to_owned(),
                    Source::Zendesk => markdown_cell(&summary.zendesk),
                },
            );
        }
        let time = |text: &str| markdown_cell(text);
        row("Run", markdown_cell(&summary.run_id));
        row("As of", time(&summary.as_of));
        let (from, to) = (&receipt.ticket_window.from, &receipt.ticket_window.to);
        row("Ticket window", format!("{} days, {} to {}", grouped(summary.lookback_days.into()), time(from), time(to)));
        let read = &summary.read;
        row(
            "Read",
            format!(
                "{}, {}, {}, {}, {}",
                counted(read.accounts, "account"),
                counted(read.organizations, "org"),
                counted(read.users, "user"),
                counted(read.memberships, "membership"),
                counted(read.tickets, "ticket")
            ),
        );
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
        let mut warnings: BTreeMap<WarningCode, u64> = BTreeMap::new();
        for warning in &summary.warnings {
            *warnings.entry(warning.code).or_default() += 1;
        }
        if !warnings.is_empty() {
            let told: Vec<String> =
                warnings.iter().map(|(code, count)| format!("{} `{code}`", grouped(*count))).collect();
            row("Warnings", told.join(", "));
        }
        if let Some(artifact) = &place.artifact {
            row("Run folder", artifact.cell());
        }
        text.push_str("\n</details>\n");
        text
    }
}

/// More blocked actions first, then more prepared ones, then more issues. Stable sorting leaves equals as they were.
pub fn worst_first(row: &AccountRow) -> std::cmp::Reverse<(u64, u64, u64)> {
    std::cmp::Reverse((row.blocked_action_count, row.prepared_action_count, row.total_issue_count))
}
