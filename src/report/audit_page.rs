//! A finished audit as a job summary and as a comment: the verdict first, then what the operator decides by.

use super::change::Change;
use super::page::{Page, Rows};
use super::place::{self, Place};
use crate::catalogue::IssueCode;
use crate::rules::gate::Judgement;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::Source;
use crate::run::artifacts::apply_receipt::{ApplyReceipt, Mode};
pub use crate::run::facts::Mark;
use crate::run::facts::{AuditFacts, Next};
use crate::run::read::RunFolder;
use crate::text::escape::{markdown_cell, markdown_code, shell_word};
use crate::text::words::{counted, grouped};
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
    /// Of this run.
    pub facts: &'a AuditFacts,
    /// Since the baseline, if there is one.
    pub change: Option<&'a Change>,
    /// What became of the plan, when it was applied since.
    pub applied: Option<&'a ApplyReceipt>,
    pub place: &'a Place,
}

impl AuditReport<'_> {
    /// The page of this length.
    pub fn page(&self, length: Length) -> Page {
        let Self { facts, place, .. } = *self;
        let is_public = place.audience.is_public();
        let mut page = Page::default();
        let (mark, verdict) = self.verdict();
        page.text(format!("## {} Drift audit: {verdict}\n\n{}", mark.as_str(), self.facts_in_a_line()));
        if is_public {
            page.text(place::PUBLIC);
        }
        let breached = facts.thresholds.iter().any(|judgement| judgement.breached);
        if !facts.thresholds.is_empty() && (length == Length::Full || breached) {
            page.text("\n### Thresholds\n\n");
            page.rows(self.thresholds());
        }
        page.text(self.codes());
        if !is_public && !facts.accounts.is_empty() {
            page.text("\n### Accounts, the worst first\n\n");
            page.rows(self.accounts(length));
        }
        page.text(self.blockers());
        page.text(self.plan());
        if length == Length::Full {
            page.text(self.run_facts());
        }
        page
    }

    /// The verdict in a few words.
    pub fn verdict(&self) -> (Mark, String) {
        self.facts.verdict(self.change.map(Change::new_issues))
    }

    fn facts_in_a_line(&self) -> String {
        let facts = self.facts;
        let mut line = format!("**{}**\n\n{}", facts.counts(), facts.coverage());
        if let Some(unmapped) = facts.unmapped(markdown_code).filter(|_| !self.place.audience.is_public()) {
            let _ = write!(line, " {unmapped}");
        }
        for text in [facts.lost(), facts.advisories_in_words().map(|counts| format!("Advisories: {counts}."))] {
            text.into_iter().for_each(|text| line.push_str(&format!("\n\n{text}")));
        }
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
            let left = change.left_reference_issues();
            if left > 0 {
                let _ = write!(line, ", {} left the reference with their accounts", grouped(left));
            }
        }
        line.push('\n');
        if facts.source == Source::Demo {
            line.push_str("\nThis is the demo: its data is made up.\n");
        }
        line
    }

    fn thresholds(&self) -> Rows {
        let mut judgements: Vec<&Judgement> = self.facts.thresholds.iter().collect();
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
        let Self { facts, change, .. } = *self;
        let mut text = "\n### Issues\n\n".to_owned();
        let count = |code: IssueCode| facts.by_code.get(&code).copied().unwrap_or_default();
        let moved = |code: IssueCode| {
            change.map(|change| change.of_code(code)).filter(|(new, gone, left)| new + gone + left > 0)
        };
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

    fn accounts(&self, length: Length) -> Rows {
        let shown = self.facts.accounts.iter().take(length.most_rows()).map(|account| {
            let code = account.top_codes().first().map(|code| format!("{}: {}", code.scope(), code.short()));
            let reason = account.top_reasons().first().map(|reason| format!("`{reason}`"));
            format!(
                "| {} | {} | {} | {} | {} | {} |{}\n",
                account.sf_account_id.as_deref().map(markdown_cell).unwrap_or_default(),
                markdown_cell(&account.account_name),
                grouped(account.issues()),
                grouped(account.prepared),
                grouped(account.blocked),
                code.unwrap_or_default(),
                match length {
                    Length::Full => format!(" {} |", reason.unwrap_or_default()),
                    Length::Short => String::new(),
                }
            )
        });
        Rows {
            head: match length {
                Length::Full => {
                    "| account | name | issues | prepared | blocked | worst issue | blocked by |\n| --- | --- | ---: | ---: | ---: | --- | --- |\n"
                }
                Length::Short => {
                    "| account | name | issues | prepared | blocked | worst issue |\n| --- | --- | ---: | ---: | ---: | --- |\n"
                }
            },
            rows: shown.collect(),
            total: usize::try_from(self.facts.account_count).unwrap_or(usize::MAX),
            what: "accounts",
            all: self.place.file(Artifact::ExceptionsByAccount),
        }
    }

    fn blockers(&self) -> String {
        let reasons = self.facts.reasons();
        if reasons.is_empty() {
            return String::new();
        }
        let mut text =
            "\n### Blocked actions\n\nThese need a decision by a person; `g-gremlin zendesk drift explain REASON` shows what to do.\n\n| reason | actions | |\n| --- | ---: | --- |\n"
                .to_owned();
        for (reason, count) in reasons {
            let _ = writeln!(text, "| `{reason}` | {} | {} |", grouped(count), reason.explanation().title);
        }
        text
    }

    /// The prepared actions, the plan's hash, and the command that applies it.
    fn plan(&self) -> String {
        let Self { run, facts, applied, place, change: _ } = *self;
        let mut text = "\n### The plan\n\n".to_owned();
        let next = facts.next();
        if next != Next::DryRun {
            let _ = writeln!(text, "{}", next.sentence());
            if let Some(command) = next.command("") {
                let _ = write!(text, "\n```sh\n{command}\n```\n");
            }
            let _ = write!(text, "\n```text\nplan_hash: {}\n```\n", facts.plan_hash);
            return text;
        }
        let counts: Vec<String> =
            facts.by_action.iter().map(|(code, count)| format!("{} `{code}`", grouped(*count))).collect();
        let _ = writeln!(text, "{}: {}.", counted(facts.prepared, "prepared action"), counts.join(", "));
        let _ = write!(text, "\n```text\nplan_hash: {}\n```\n", facts.plan_hash);
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
            (Source::Demo, ..) => text.push_str("\nThe demo's plan can be dry-run, but never applied.\n"),
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
        let Self { run, facts, place, .. } = *self;
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
        text.push_str("\n</details>\n");
        text
    }
}
