//! The lists of a page of an audit: what is new and what is gone since the baseline, the limits, and the accounts.

use super::{AuditReport, Length};
use crate::catalogue::Risk;
use crate::report::links::Links;
use crate::report::page::{Page, Rows};
use crate::rules::gate::Judgement;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::rows::{AccountRow, IssueRow};
use crate::text::escape::{markdown_cell, markdown_text, terminal};
use crate::text::words::grouped;
use std::collections::BTreeMap;

impl AuditReport<'_> {
    fn links(&self) -> Links<'_> {
        Links::new(self.facts, self.salesforce)
    }

    /// What is new since the baseline, and which accounts the reference has lost. Nothing where neither is.
    pub(super) fn came_and_went(&self, page: &mut Page, length: Length) {
        let Some(diff) = self.diff.filter(|_| self.change.is_some()) else { return };
        if !diff.new.is_empty() {
            let mut new = diff.new.clone();
            new.sort_by_key(|issue| issue.risk);
            page.text("\n### New since the baseline\n\n");
            page.rows(Rows {
                head: "| account | what is wrong | risk | |\n| --- | --- | --- | --- |\n",
                rows: new.iter().take(length.most_rows()).map(|issue| self.of_issue(issue)).collect(),
                total: new.len(),
                what: "new issues",
                all: self.place.file(Artifact::Diff),
            });
        }
        let lost = diff.lost_accounts.as_deref().unwrap_or_default();
        if !lost.is_empty() {
            let row = |account: &crate::run::diff::AccountDelta<'_>| {
                let (id, name) = (account.sf_account_id, account.account_name);
                format!("| {} | {} | {} |\n", in_cell(name), markdown_cell(id), self.links().account(id))
            };
            page.text("\n### Accounts that left the reference\n\n");
            page.rows(Rows {
                head: "| account | id | |\n| --- | --- | --- |\n",
                rows: lost.iter().take(length.most_rows()).map(row).collect(),
                total: lost.len(),
                what: "lost accounts",
                all: self.place.file(Artifact::Diff),
            });
        }
    }

    fn of_issue(&self, issue: &IssueRow<'_>) -> String {
        let name = if issue.account_name.is_empty() { "(no single account)" } else { &issue.account_name };
        let links = self.links().of_issue(issue);
        format!("| {} | {} | {} | {links} |\n", in_cell(name), markdown_text(&issue.detail), risk(issue.risk))
    }

    /// The limits: the breached ones first, then those that could not be checked.
    pub(super) fn limits(&self) -> Rows {
        let mut judgements: Vec<&Judgement> = self.facts.thresholds.iter().collect();
        // Stable: the order of the configuration among equals.
        judgements.sort_by_key(|judgement| (!judgement.breached, judgement.value.is_some()));
        let row = |judgement: &&Judgement| {
            let Judgement { name, limit, value, breached } = judgement;
            let verdict = match (breached, value) {
                (true, _) => "🔴 **breached**",
                (false, Some(_)) => "🟢 kept",
                (false, None) if self.change.is_none() && name.starts_with("max_by_code") => "🟡 not checked",
                (false, None) if self.change.is_none() => "🟡 not checked: no baseline",
                (false, None) => "🟡 not checked",
            };
            let delta =
                self.change.and_then(|change| change.before(name)).zip(*value).map(|(before, value)| {
                    match value.cmp(&before) {
                        std::cmp::Ordering::Less => format!("−{}", grouped(before - value)),
                        std::cmp::Ordering::Equal => "=".to_owned(),
                        std::cmp::Ordering::Greater => format!("+{}", grouped(value - before)),
                    }
                });
            let (value, delta) = (value.map(grouped).unwrap_or_default(), delta.unwrap_or_default());
            format!("| {} | {} | {value} | {delta} | {verdict} |\n", markdown_cell(name), grouped(*limit))
        };
        Rows {
            head: "| limit | at most | value | since the baseline | |\n| --- | ---: | ---: | ---: | --- |\n",
            rows: judgements.iter().take(200).map(row).collect(),
            total: judgements.len(),
            what: "limits",
            all: self.place.file(Artifact::Summary),
        }
    }

    /// The accounts with open issues, the worst first.
    pub(super) fn accounts(&self, length: Length) -> Rows {
        let known: BTreeMap<&str, &AccountRow<'_>> =
            self.run.accounts.iter().flatten().map(|account| (&*account.sf_account_id, account)).collect();
        let links = self.links();
        let shown = self.facts.accounts.iter().take(length.most_rows()).map(|account| {
            let id = account.sf_account_id.as_deref();
            let org = id.and_then(|id| known.get(id)).and_then(|account| account.org_id);
            let worst = account.top_codes().first().map(|code| format!("{} ({})", code.short(), code.risk()));
            let links = [org.map(|org| links.org(org)), id.map(|id| links.account(id))];
            let links: Vec<String> = links.into_iter().flatten().filter(|link| !link.is_empty()).collect();
            format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                in_cell(&account.account_name),
                worst.unwrap_or_default(),
                grouped(account.issues()),
                grouped(account.prepared),
                grouped(account.blocked),
                links.join(" · ")
            )
        });
        Rows {
            head: "| account | worst | issues | prepared | blocked | |\n| --- | --- | ---: | ---: | ---: | --- |\n",
            rows: shown.collect(),
            total: usize::try_from(self.facts.account_count).unwrap_or(usize::MAX),
            what: "accounts",
            all: self.place.file(Artifact::ExceptionsByAccount),
        }
    }
}

/// A name in a sentence, cut as names are everywhere.
fn in_cell(name: &str) -> String {
    markdown_text(&terminal(name))
}

const fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::Critical => "**critical**",
        Risk::High => "high",
        Risk::Medium => "medium",
    }
}
