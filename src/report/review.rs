//! What a reviewer approves, below the page of a dry run: which actions, of which plan, until when, and who asked.

use super::place::Place;
use crate::model::time::Instant;
use crate::text::escape::{markdown_cell, markdown_link};
use crate::text::words::counted;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The facts of a dry run that an apply follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFacts {
    /// The ids that the apply is held to.
    pub selected: Vec<String>,
    /// When the plan was made, in RFC 3339.
    pub plan_made: String,
    /// Until when it may be applied.
    pub last_moment: String,
    pub audit_run: Option<u64>,
    pub commit: Option<String>,
    /// The logins of those who started this run of the workflow.
    pub asked_by: Vec<String>,
}

impl ReviewFacts {
    /// The section, in Markdown.
    pub fn section(&self, place: &Place, now: Instant) -> String {
        let Self { selected, plan_made, last_moment, audit_run, commit, asked_by } = self;
        let mut text = "\n### What an approval allows\n\n".to_owned();
        if selected.is_empty() {
            text.push_str("Nothing: no action was selected, so this run ends here and asks for no approval.\n");
            return text;
        }
        let mut row = |name: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {name} | {value} |");
        };
        row(
            "At most",
            format!("{}: {}", counted(selected.len() as u64, "action"), markdown_cell(&selected.join(", "))),
        );
        let hours = Instant::parse(plan_made).map(|made| (now.seconds() - made.seconds()).max(0) / 3600);
        let age = hours.and_then(|hours| u64::try_from(hours).ok()).map(|hours| match hours {
            48.. => counted(hours / 24, "day"),
            _ => counted(hours, "hour"),
        });
        row("Plan made", format!("{} ({} ago)", markdown_cell(plan_made), age.unwrap_or_default()));
        row("Last moment to apply", markdown_cell(last_moment));
        let link = |run: u64| {
            let here = place.run.as_ref()?;
            markdown_link("the audit run", &format!("{}/{}/actions/runs/{run}", here.server, here.repository))
        };
        if let Some(run) = audit_run {
            row("Audit run", link(*run).unwrap_or_else(|| run.to_string()));
        }
        row("Commit", commit.as_deref().map(markdown_cell).unwrap_or_default());
        row("Asked by", asked_by.iter().map(|login| markdown_cell(login)).collect::<Vec<_>>().join(", "));
        text.replacen("### What an approval allows\n\n", "### What an approval allows\n\n| | |\n| --- | --- |\n", 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::place::WorkflowRun;
    use crate::text::audience::Audience;

    fn place() -> Place {
        let run = WorkflowRun { server: "https://github.example".to_owned(), repository: "acme/ops".to_owned(), id: 7 };
        Place {
            audience: Audience::Private,
            artifact: None,
            apply_workflow: "drift-apply.yml".to_owned(),
            run: Some(run),
        }
    }

    #[test]
    fn a_reviewer_reads_the_ids_the_last_moment_and_who_asked() {
        let facts = ReviewFacts {
            selected: vec!["A001".to_owned(), "A003".to_owned()],
            plan_made: "2026-04-17T22:15:30Z".to_owned(),
            last_moment: "2026-04-24T22:15:30Z".to_owned(),
            audit_run: Some(900),
            commit: Some("a".repeat(40)),
            asked_by: vec!["dana".to_owned()],
        };
        let now = Instant::parse("2026-04-20T22:15:30Z").expect("a time");
        let text = facts.section(&place(), now);
        for said in [
            "| At most | 2 actions: `A001, A003` |",
            "| Plan made | `2026-04-17T22:15:30Z` (3 days ago) |",
            "| Last moment to apply | `2026-04-24T22:15:30Z` |",
            "https://github.example/acme/ops/actions/runs/900",
            "| Asked by | `dana` |",
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
        let nothing = ReviewFacts::default().section(&place(), now);
        assert!(nothing.contains("asks for no approval") && !nothing.contains("| At most"), "{nothing}");
    }
}
