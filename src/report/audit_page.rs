//! A finished audit as a job summary, a comment and a tracking issue: the verdict first, then what the operator decides by, in
//! the order in which it matters: what is new and what is lost, the limits, the worst accounts, the next step; the rest is
//! folded.

mod details;
mod lists;

use super::change::Change;
use super::page::Page;
use super::place::{self, Place};
use crate::rules::gate::Judgement;
use crate::run::artifacts::Source;
use crate::run::artifacts::apply_receipt::{ApplyReceipt, Mode};
use crate::run::diff::Diff;
pub use crate::run::facts::Mark;
use crate::run::facts::{AuditFacts, Next};
use crate::run::read::RunFolder;
use crate::text::escape::{markdown_code, shell_word};
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
    /// The same, issue by issue.
    pub diff: Option<&'a Diff<'a>>,
    /// The results of the plan, if it was applied since.
    pub applied: Option<&'a ApplyReceipt>,
    /// Where links to Salesforce lead, if that is known: `salesforce.instance_url`.
    pub salesforce: Option<&'a str>,
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
        } else {
            self.came_and_went(&mut page, length);
        }
        let matters = |judgement: &Judgement| judgement.breached || judgement.value.is_none();
        if !facts.thresholds.is_empty() && (length == Length::Full || facts.thresholds.iter().any(matters)) {
            page.text("\n### Limits\n\n");
            page.rows(self.limits());
        }
        if !is_public && !facts.accounts.is_empty() {
            page.text("\n### Accounts, the worst first\n\n");
            page.rows(self.accounts(length));
        }
        page.text(self.coverage());
        page.text(self.plan());
        page.text(self.folded("Issues by code", &self.codes()));
        page.text(self.folded("Blocked actions", &self.blockers()));
        if length == Length::Full {
            page.text(self.folded("The last runs", &self.trend()));
            page.text(self.folded("About this run", &self.run_facts()));
        }
        page
    }

    /// A part of the page that opens when it is clicked; nothing where there is nothing in it.
    fn folded(&self, title: &str, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        format!("\n<details>\n<summary>{title}</summary>\n\n{}\n\n</details>\n", text.trim())
    }

    /// Which users were checked and which were not, and what else an operator should know.
    fn coverage(&self) -> String {
        let facts = self.facts;
        let mut text = format!("\n### What was checked\n\n{}", facts.coverage());
        if let Some(unmapped) = facts.unmapped(markdown_code).filter(|_| !self.place.audience.is_public()) {
            let _ = write!(text, " {unmapped}");
        }
        for more in [facts.lost(), facts.advisories_in_words().map(|counts| format!("Advisories: {counts}."))] {
            more.into_iter().for_each(|more| text.push_str(&format!("\n\n{more}")));
        }
        text.push('\n');
        text
    }

    /// The verdict in a few words.
    pub fn verdict(&self) -> (Mark, String) {
        self.facts.verdict(self.change.map(Change::new_issues))
    }

    fn facts_in_a_line(&self) -> String {
        let facts = self.facts;
        let mut line = format!("**{}**", facts.counts());
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
            line.push('.');
        }
        line.push('\n');
        if facts.source == Source::Demo {
            line.push_str("\nThis is the demo: its data is made up.\n");
        }
        line
    }

    /// The prepared actions, the plan's hash, and the command that applies it.
    fn plan(&self) -> String {
        let Self { run, facts, applied, place, .. } = *self;
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
                    "\nDry-run it and check what it would do. To apply it, run the same command with `-f \
                        live=true`:\n\n```sh\ngh workflow run {} -f audit-run-id={} -f plan-hash={}\n```\n",
                    shell_word(&place.apply_workflow),
                    workflow_run.id,
                    run.plan.hash
                );
            }
            (Source::Zendesk, Some(_), None) => text.push_str(
                "\nThe run folder was not uploaded, so no workflow can apply this plan. Audit and apply on a \
                    machine that keeps the run folder.\n",
            ),
            (Source::Zendesk, None, _) => {
                let _ = write!(
                    text,
                    "\nDry-run it and check what it would do. To apply it, run the same command with `--apply \
                        --confirm-plan-hash` and the hash:\n\n```sh\ng-gremlin zendesk drift apply --plan \
                        {}/fix_plan.json\n```\n",
                    shell_word(&run.summary.run_id)
                );
            }
        }
        text
    }
}
