//! The reference of all codes as Markdown: `docs/codes.md`, and the tables that the README shows.
//!
//! A test compares both files with what is rendered here; nothing else is read or written.

use std::fmt::Write as _;

use super::{facts, heading, label, of_kind};
use crate::catalogue::{ActionCode, BlockedReason, Entry, Explanation, IssueCode, Kind, Status};

/// The whole of `docs/codes.md`: a table per kind, then a section per name.
pub fn reference() -> String {
    let mut out = String::from(
        "# Codes, actions and reasons\n\n\
        Every name that an audit, a plan or a receipt can show, rendered from the catalogue in `src/catalogue/`.\n\
        `g-gremlin zendesk drift explain NAME` prints the same text.\n",
    );
    for kind in Kind::ALL {
        let _ = write!(out, "\n## {}\n\n{}", heading(kind), table(kind, ""));
    }
    out.push_str("\n## Each name in full\n");
    for entry in Entry::all() {
        section(&mut out, entry);
    }
    out
}

/// The tables of the README: issues, actions and blocked reasons, linked to `docs/codes.md`.
pub fn readme_tables() -> String {
    let tables = [Kind::Issue, Kind::Action, Kind::Blocked].map(|kind| table(kind, "docs/codes.md"));
    tables.join("\n")
}

fn table(kind: Kind, page: &str) -> String {
    match kind {
        Kind::Issue => {
            let mut out =
                String::from("| Issue code | Scope | Risk | Meaning | Outcome |\n| --- | --- | --- | --- | --- |\n");
            for code in IssueCode::ALL {
                let entry = Entry::Issue(code);
                let (scope, risk, title) = (code.scope(), code.risk(), code.explanation().title);
                let _ = writeln!(out, "| {} | {scope} | {risk} | {title} | {} |", link(entry, page), outcome(code));
            }
            out
        }
        Kind::Action | Kind::Blocked | Kind::Skipped | Kind::Advisory | Kind::Warning => {
            let mut out = format!("| {} | Meaning |\n| --- | --- |\n", label(kind));
            for entry in of_kind(kind) {
                let _ = writeln!(out, "| {} | {} |", link(entry, page), entry.explanation().title);
            }
            out
        }
    }
}

/// What can become of an issue, such as "prepared `x`; blocked `y`, `z`".
fn outcome(code: IssueCode) -> String {
    let outcomes = code.statuses().iter().map(|status| match status {
        Status::Prepared => format!("prepared {}", quoted(code.action().map(ActionCode::as_str))),
        Status::Blocked => {
            format!("blocked {}", quoted(code.blocked_reasons().iter().copied().map(BlockedReason::as_str)))
        }
        Status::ReviewOnly | Status::Detected | Status::Suppressed => format!("`{status}`"),
    });
    outcomes.collect::<Vec<_>>().join("; ")
}

fn quoted(names: impl IntoIterator<Item = &'static str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn link(entry: Entry, page: &str) -> String {
    format!("[`{}`]({page}#{})", entry.name(), anchor(entry))
}

/// The anchor that GitHub makes of a section's heading: lower case, hyphens for spaces.
///
/// The kind is part of it, because an issue and a blocked reason share a name.
fn anchor(entry: Entry) -> String {
    format!("{}-{}", label(entry.kind()).to_lowercase().replace(' ', "-"), entry.name())
}

fn section(out: &mut String, entry: Entry) {
    let Explanation { title, means, evidence, what_to_do, tool_does, tool_does_not } = entry.explanation();
    let _ = write!(
        out,
        "\n### {} `{}`\n\n**{title}** ({}). {means}\n\n\
        - **Evidence:** {evidence}\n\
        - **What to do:** {what_to_do}\n\
        - **What the tool does:** {tool_does}\n\
        - **What it does not do:** {tool_does_not}\n",
        label(entry.kind()),
        entry.name(),
        facts(entry),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_of_the_tables_leads_to_a_section() {
        let page = reference();
        let headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        let slugs: Vec<_> = headings.iter().map(|h| h.to_lowercase().replace('`', "").replace(' ', "-")).collect();
        let links = page.matches("](#").count();
        assert_eq!(links, Entry::all().count());
        for entry in Entry::all() {
            assert!(page.contains(&link(entry, "")));
            assert_eq!(slugs.iter().filter(|slug| **slug == anchor(entry)).count(), 1, "{}", entry.name());
        }
    }

    #[test]
    fn outcomes_name_the_action_and_the_reasons() {
        assert_eq!(
            outcome(IssueCode::OrgDomainAttachedElsewhere),
            "blocked `domain_belongs_to_other_org`; `review_only`"
        );
        assert_eq!(
            outcome(IssueCode::OrgMissingExternalId),
            "prepared `set_org_external_id`; blocked `org_claimed_by_multiple_accounts`, `domain_spread_across_orgs`, \
             `account_id_doubtful`, `reference_shrank`"
        );
        assert_eq!(outcome(IssueCode::TicketOrgMismatch), "`detected`");
    }
}
