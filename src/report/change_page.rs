//! What a change of the configuration or of the reference does: two audits of one snapshot, and the difference between them.

use super::audit_page::{Length, Mark};
use super::change::by_code;
use super::change_config::{ChangedSetting, ConfigurationChange, SettingWeight};
use super::page::{Page, Rows};
use super::place::{self, Place};
use crate::catalogue::{IssueCode, Status};
use crate::model::time::Instant;
use crate::rules::gate::Judgement;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::rows::IssueRow;
use crate::run::diff::{ActionRow, Diff};
use crate::run::read::RunFolder;
use crate::text::escape::markdown_cell;
use crate::text::words::{counted, grouped};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// What is rendered of a change.
#[derive(Debug, Clone, Copy)]
pub struct ChangeReport<'a> {
    pub base: &'a RunFolder,
    pub head: &'a RunFolder,
    pub diff: &'a Diff<'a>,
    /// Whether the comparison breached its threshold. What the head's own summary says of thresholds is of its state, much of
    /// which was there before the change, and decides nothing here.
    pub is_breached: bool,
    /// The days of tickets that both sides were audited with, where the changed side asks for more than the snapshot has.
    pub shorter_window: Option<u32>,
    /// What changes in the configuration and the reference, where that is known.
    pub change: Option<&'a ConfigurationChange>,
    /// The time at which the page is made.
    pub now: Instant,
    pub place: &'a Place,
}

/// The verdict in a few words: first what the change does to the configuration, then to the findings.
pub fn verdict(report: &ChangeReport<'_>) -> (Mark, String) {
    let ChangeReport { diff, is_breached, change, .. } = *report;
    let (new, resolved) = (diff.new.len() as u64, diff.resolved.len() as u64);
    let actions = diff.prepared.added.len() + diff.prepared.dropped.len();
    let left = diff.left_reference.len() as u64;
    let effect = match (new, resolved + left, diff.changed.len(), actions) {
        (0, 0, 0, 0) => "no effect on any finding".to_owned(),
        (0, 0, changed, _) => format!(
            "no issue comes or goes, {} another status, {} more or less",
            if changed == 1 { "1 has".to_owned() } else { format!("{} have", grouped(changed as u64)) },
            counted(actions as u64, "prepared action")
        ),
        _ if left > 0 => {
            let new = counted(new, "new issue");
            format!("{new}, {} resolved, {} left the reference", grouped(resolved), grouped(left))
        }
        _ => format!("{}, {} resolved", counted(new, "new issue"), grouped(resolved)),
    };
    let has_effect = effect != "no effect on any finding";
    // An issue that left with its account is out of sight, and not repaired.
    let unknown = if left > 0 { SettingWeight::Weaker } else { SettingWeight::Same };
    let weight = change.map_or(unknown, ConfigurationChange::weight);
    match (is_breached, weight) {
        (_, SettingWeight::Target) => (Mark::Bad, format!("it names another target; {effect}")),
        (true, _) => (Mark::Bad, format!("a threshold is breached: {effect}")),
        (false, SettingWeight::Weaker) => (Mark::Look, format!("it hides or allows more than before; {effect}")),
        (false, SettingWeight::Harmless) => (Mark::Note, format!("it hides nothing and allows nothing more; {effect}")),
        (false, SettingWeight::Same) if has_effect => (Mark::Note, effect),
        (false, SettingWeight::Same) => (Mark::Good, effect),
    }
}

/// A change whose sides were not audited: it names another target, or there was no configuration before.
#[derive(Debug, Clone, Copy)]
pub struct ConfigurationReport<'a> {
    pub change: &'a ConfigurationChange,
    pub place: &'a Place,
}

impl ConfigurationReport<'_> {
    pub fn verdict(&self) -> (Mark, String) {
        if self.change.is_first {
            (Mark::Note, "it adds the configuration".to_owned())
        } else {
            (Mark::Bad, "it names another target".to_owned())
        }
    }

    /// What that means, and what to do.
    pub fn why(&self) -> &'static str {
        if self.change.is_first {
            "There is no usable configuration or reference from before the change, so there is nothing to \
                compare with. The new one can be read. The first audit after the merge shows what it finds."
        } else {
            "After the merge, the audit would read from another place, and an apply would write there. The \
                findings were not compared, because the snapshot is of the current target. If the new target is \
                right, set ZENDESK_SUBDOMAIN (SALESFORCE_INSTANCE_URL) of both environments to it, and merge \
                with an administrator's rights."
        }
    }

    pub fn page(&self) -> Page {
        let (mark, verdict) = self.verdict();
        let mut page = Page::default();
        page.text(format!("## {} This change: {verdict}\n\n{}\n", mark.as_str(), self.why()));
        settings(&mut page, self.change, self.place, Length::Full);
        page
    }
}

/// The table of what changes in the configuration and the reference, the heaviest first.
fn settings(page: &mut Page, change: &ConfigurationChange, place: &Place, length: Length) {
    if change.settings.is_empty() {
        return;
    }
    let is_public = place.audience.is_public();
    let mut sorted: Vec<&ChangedSetting> = change.settings.iter().collect();
    // Stable: the order of the configuration among equals.
    sorted.sort_by_key(|setting| std::cmp::Reverse(setting.weight));
    let row = |setting: &&ChangedSetting| {
        let ChangedSetting { name, detail, before, after, weight, is_open } = setting;
        let mark = match weight {
            SettingWeight::Target => "🔴",
            SettingWeight::Weaker => "🟡",
            SettingWeight::Harmless => "🔵",
            SettingWeight::Same => "",
        };
        let shown = |text: &String| match text.is_empty() {
            true => String::new(),
            false if *is_open => text.clone(),
            false if is_public => "(hidden)".to_owned(),
            false => markdown_cell(text),
        };
        let detail = detail.as_ref().filter(|_| !is_public).map(|detail| format!(" {}", markdown_cell(detail)));
        format!("| {mark} | {name}{} | {} | {} |\n", detail.unwrap_or_default(), shown(before), shown(after))
    };
    page.text("\n### What changes in the configuration\n\n");
    page.rows(Rows {
        head: "| | setting | before | after |\n| --- | --- | --- | --- |\n",
        rows: sorted.iter().take(length.most_rows()).map(row).collect(),
        total: sorted.len(),
        what: "settings",
        all: "the change itself".to_owned(),
    });
    page.text("\n🔴 another target · 🟡 checks or shows less, or allows more to be written · 🔵 neither\n");
}

impl ChangeReport<'_> {
    /// The page of this length.
    pub fn page(&self, length: Length) -> Page {
        let Self { head, diff, place, .. } = *self;
        let is_public = place.audience.is_public();
        let mut page = Page::default();
        let (mark, verdict) = verdict(self);
        page.text(format!("## {} This change: {verdict}\n", mark.as_str()));
        if is_public {
            page.text(place::PUBLIC);
        }
        if let Some(change) = self.change {
            settings(&mut page, change, place, length);
        }
        page.text(format!("\n### What it does to the findings\n{}", self.counts()));
        self.issues(&mut page, "New issues", &diff.new, length);
        self.issues(&mut page, "Resolved issues", &diff.resolved, length);
        self.issues(&mut page, "Issues of accounts that left the reference", &diff.left_reference, length);
        self.changed(&mut page, length);
        self.actions(&mut page, length);
        self.own_suppressions(&mut page, length);
        self.exceeded(&mut page);
        page.text(format!("\nThe plan after the change:\n\n```text\nplan_hash: {}\n```\n", head.plan.hash));
        page
    }

    fn counts(&self) -> String {
        let (base, head) = (&self.base.summary, &self.head.summary);
        let mut text = "\n| | before | after |\n| --- | ---: | ---: |\n".to_owned();
        for (name, before, after) in [
            ("issues", base.total_issue_count, head.total_issue_count),
            ("prepared actions", base.prepared_action_count, head.prepared_action_count),
            ("blocked actions", base.blocked_action_count, head.blocked_action_count),
            ("suppressed", base.suppressed_issue_count, head.suppressed_issue_count),
        ] {
            let after = if before == after { grouped(after) } else { format!("**{}**", grouped(after)) };
            let _ = writeln!(text, "| {name} | {} | {after} |", grouped(before));
        }
        let (base, head) = (&self.base.receipt, &self.head.receipt);
        let same_snapshot = base.digests.snapshot.is_some() && base.digests.snapshot == head.digests.snapshot;
        let on_snapshot = format!("Both versions were audited on the same snapshot of Zendesk, {}.", self.age());
        let notes = [
            (same_snapshot, on_snapshot.as_str()),
            (head.suppressions_from.is_some(), "Both use the suppressions from before the change."),
        ];
        let notes: Vec<&str> = notes.iter().filter(|(holds, _)| *holds).map(|(_, note)| *note).collect();
        if !notes.is_empty() {
            let _ = writeln!(text, "\n{}", notes.join(" "));
        }
        if let Some(days) = self.shorter_window {
            let _ = writeln!(
                text,
                "\n> **The change looks further back than the snapshot.** Both versions were audited with the \
                    tickets of {}, so this comparison does not show what older tickets would add.",
                counted(days.into(), "day")
            );
        }
        text
    }

    /// When the snapshot was taken, and how long ago that is.
    fn age(&self) -> String {
        let as_of = &self.head.summary.as_of;
        let hours = Instant::parse(as_of).map(|taken| (self.now.seconds() - taken.seconds()).max(0) / 3600);
        let ago = match hours.and_then(|hours| u64::try_from(hours).ok()) {
            Some(hours @ 48..) => format!(", {} ago", counted(hours / 24, "day")),
            Some(hours @ 1..) => format!(", {} ago", counted(hours, "hour")),
            Some(0) => ", less than an hour ago".to_owned(),
            None => String::new(),
        };
        format!("taken {}{ago}", markdown_cell(as_of))
    }

    /// The limits that the changed side exceeds, for information: the audits check them.
    fn exceeded(&self, page: &mut Page) {
        let exceeded: Vec<_> = self.head.summary.thresholds.iter().filter(|judgement| judgement.breached).collect();
        if exceeded.is_empty() {
            return;
        }
        page.text(
            "\n### Limits that are exceeded after the change\n\nFor information only: an audit checks these \
                limits. The check of a change only limits the number of new issues.\n\n",
        );
        let before: HashMap<&str, &Judgement> =
            self.base.summary.thresholds.iter().map(|judgement| (judgement.name.as_str(), judgement)).collect();
        let row = |judgement: &&Judgement| {
            let before =
                before.get(judgement.name.as_str()).map(|judgement| judgement.value_shown()).unwrap_or_default();
            let (limit, value) = (grouped(judgement.limit), judgement.value_shown());
            format!("| {} | {limit} | {before} | {value} |\n", markdown_cell(&judgement.name))
        };
        page.rows(Rows {
            head: "| threshold | limit | before | after |\n| --- | ---: | ---: | ---: |\n",
            rows: exceeded.iter().take(50).map(row).collect(),
            total: exceeded.len(),
            what: "limits",
            all: self.place.file(Artifact::Summary),
        });
    }

    fn issues(&self, page: &mut Page, heading: &str, issues: &[&IssueRow], length: Length) {
        if issues.is_empty() {
            return;
        }
        page.text(format!("\n### {heading}: {}\n\n", grouped(issues.len() as u64)));
        if self.place.audience.is_public() {
            page.text(counts_by_code(&by_code(issues)));
            return;
        }
        let mut sorted = issues.to_vec();
        // Stable: the order of the run among equals.
        sorted.sort_by_key(|issue| issue.risk);
        page.rows(Rows {
            head: ISSUES,
            rows: sorted.iter().take(length.most_rows()).map(|issue| issue_row(issue, issue.status.as_str())).collect(),
            total: issues.len(),
            what: "issues",
            all: self.place.file(Artifact::AllExceptions),
        });
    }

    fn changed(&self, page: &mut Page, length: Length) {
        let changed = &self.diff.changed;
        if changed.is_empty() {
            return;
        }
        page.text(format!("\n### Issues with another status: {}\n\n", grouped(changed.len() as u64)));
        if self.place.audience.is_public() {
            let mut counts: BTreeMap<(Status, Status), u64> = BTreeMap::new();
            changed.iter().for_each(|(base, head)| *counts.entry((base.status, head.status)).or_default() += 1);
            let mut text = "| before | after | issues |\n| --- | --- | ---: |\n".to_owned();
            for ((before, after), count) in counts {
                let _ = writeln!(text, "| {before} | {after} | {} |", grouped(count));
            }
            page.text(text);
            return;
        }
        let row =
            |(base, head): &(&IssueRow, &IssueRow)| issue_row(head, &format!("{} → {}", base.status, head.status));
        page.rows(Rows {
            head: ISSUES,
            rows: changed.iter().take(length.most_rows()).map(row).collect(),
            total: changed.len(),
            what: "issues",
            all: self.place.file(Artifact::AllExceptions),
        });
    }

    fn actions(&self, page: &mut Page, length: Length) {
        let Diff { prepared, blocked, .. } = self.diff;
        let lists = [
            ("+ prepared", &prepared.added),
            ("− prepared", &prepared.dropped),
            ("+ blocked", &blocked.added),
            ("− blocked", &blocked.dropped),
        ];
        let total: usize = lists.iter().map(|(_, list)| list.len()).sum();
        if total == 0 {
            return;
        }
        let summed = lists.iter().filter(|(_, list)| !list.is_empty());
        let summed: Vec<String> =
            summed.map(|(what, list)| format!("{what}: {}", grouped(list.len() as u64))).collect();
        page.text(format!("\n### What it does to the plan\n\n{}.\n", summed.join(", ")));
        if self.place.audience.is_public() {
            return;
        }
        page.text("\n");
        let rows = lists.iter().flat_map(|(what, list)| list.iter().map(move |action| action_row(what, action)));
        page.rows(Rows {
            head: "| | action | account | where | |\n| --- | --- | --- | --- | --- |\n",
            rows: rows.take(length.most_rows()).collect(),
            total,
            what: "differences",
            all: self.place.file(Artifact::FixPlanTable),
        });
    }

    /// What the changed side's own suppressions would do, once they are in force.
    fn own_suppressions(&self, page: &mut Page, length: Length) {
        let from = self.head.receipt.suppressions_from.as_ref();
        let would = from.map(|from| from.own_would_suppress.as_slice()).unwrap_or_default();
        if would.is_empty() {
            return;
        }
        page.text(format!(
            "\n### Its own suppressions would hide {}\n\nThese issues are counted above, because a change \
                cannot hide the issues that it causes. Once it is merged, they are suppressed.\n\n",
            counted(would.len() as u64, "issue")
        ));
        let by_id: HashMap<&str, &IssueRow> = self.head.issues.iter().map(|issue| (&*issue.issue_id, issue)).collect();
        let known: Vec<_> =
            would.iter().filter_map(|would| Some((*by_id.get(would.issue_id.as_str())?, &would.reason))).collect();
        if self.place.audience.is_public() {
            let issues: Vec<&IssueRow> = known.iter().map(|(issue, _)| *issue).collect();
            page.text(counts_by_code(&by_code(&issues)));
            return;
        }
        let row = |(issue, reason): &(&IssueRow, &String)| {
            format!("| `{}` | {} | {} | {} |\n", issue.issue_code, account(issue), detail(issue), markdown_cell(reason))
        };
        page.rows(Rows {
            head: "| code | account | what | reason |\n| --- | --- | --- | --- |\n",
            rows: known.iter().take(length.most_rows()).map(row).collect(),
            total: would.len(),
            what: "issues",
            all: self.place.file(Artifact::Receipt),
        });
    }
}

const ISSUES: &str = "| code | risk | account | what | status |\n| --- | --- | --- | --- | --- |\n";

fn issue_row(issue: &IssueRow, status: &str) -> String {
    format!("| `{}` | {} | {} | {} | {status} |\n", issue.issue_code, issue.risk, account(issue), detail(issue))
}

fn account(issue: &IssueRow) -> String {
    match &issue.sf_account_id {
        Some(id) => format!("{} {}", markdown_cell(id), markdown_cell(&issue.account_name)),
        None => "no single account".to_owned(),
    }
}

fn detail(issue: &IssueRow) -> String {
    let ids = [("org", issue.org_id), ("user", issue.user_id), ("ticket", issue.ticket_id)];
    let ids: Vec<String> = ids.into_iter().filter_map(|(name, id)| Some(format!("{name} {}", id?))).collect();
    let domain = issue.domain.as_deref().map(markdown_cell).unwrap_or_default();
    let place = if ids.is_empty() { domain } else { format!("{} {domain}", ids.join(", ")) };
    let place = place.trim_end();
    let colon = if place.is_empty() { "" } else { ": " };
    format!("{place}{colon}{}", markdown_cell(&issue.detail))
}

fn action_row(what: &str, action: &ActionRow<'_>) -> String {
    let ActionRow { action_code: code, blocked_reason, sf_account_id, account_name, org_id, user_id, domain } = action;
    let account = [sf_account_id, account_name].into_iter().flatten().map(|text| markdown_cell(text));
    let ids = [("user", *user_id), ("org", *org_id)];
    let ids: Vec<String> = ids.into_iter().filter_map(|(name, id)| Some(format!("{name} {}", id?))).collect();
    let domain = domain.map(markdown_cell).unwrap_or_default();
    format!(
        "| {what} | `{code}` | {} | {} {domain} | {} |\n",
        account.collect::<Vec<_>>().join(" "),
        ids.join(", "),
        blocked_reason.map(|reason| format!("`{reason}`")).unwrap_or_default()
    )
}

fn counts_by_code(counts: &BTreeMap<IssueCode, u64>) -> String {
    let mut text = "| code | risk | issues |\n| --- | --- | ---: |\n".to_owned();
    for (code, count) in counts {
        let _ = writeln!(text, "| `{code}` | {} | {} |", code.risk(), grouped(*count));
    }
    text
}
