//! `summary.json` for machines and `summary.md` for the operator.

use super::tables::{AccountRow, by_account};
use super::{Run, Seq, TOOL_VERSION, write_json};
use crate::catalogue::{ActionCode, BlockedReason, IssueCode, Risk, Scope};
use crate::model::warning::Warning;
use crate::rules::audit::{Audit, Totals};
use crate::rules::detect::user::UserCounts;
use crate::rules::gate::Judgement;
use crate::text::escape::markdown_cell;
use crate::text::words::plural;
use serde::Serialize;
use serde::ser::SerializeMap;
use std::io::{self, Write};

/// The schema of `summary.json`.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/summary/1";

/// Counts by name, in the order of the names.
#[derive(Clone)]
struct Counts<const N: usize>([(&'static str, u64); N]);

impl<const N: usize> Serialize for Counts<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(N))?;
        for (name, count) in self.0 {
            map.serialize_entry(name, &count)?;
        }
        map.end()
    }
}

/// The content of `summary.json`; `audit --format json` prints it too.
#[derive(Clone, Serialize)]
pub struct Summary<'a> {
    schema: &'static str,
    run_id: &'a str,
    created_at: String,
    as_of: String,
    tool_version: &'static str,
    source: &'static str,
    zendesk: Option<&'a str>,
    lookback_days: u32,
    total_issue_count: u64,
    prepared_action_count: u64,
    blocked_action_count: u64,
    suppressed_issue_count: u64,
    by_scope: Counts<{ Scope::ALL.len() }>,
    by_code: Counts<{ IssueCode::ALL.len() }>,
    by_risk: Counts<{ Risk::ALL.len() }>,
    blocked_reasons: Counts<{ BlockedReason::ALL.len() }>,
    resolution: Counts<6>,
    read: Counts<5>,
    users: Counts<9>,
    ticket_echo_count: u64,
    plan_hash: &'a str,
    thresholds: &'a [Judgement],
    warnings: &'a [Warning],
}

impl Summary<'_> {
    /// The counts and the plan's hash, without the Zendesk's name and what the warnings say.
    pub fn for_everybody(&self) -> Self {
        Self { zendesk: None, warnings: &[], ..self.clone() }
    }
}

/// The records that an audit looked at: distinct ones, tickets in the window.
pub fn read_counts(audit: &Audit<'_>) -> [(&'static str, u64); 5] {
    let world = audit.world;
    [
        ("accounts", audit.reference.accounts.len() as u64),
        ("organizations", world.orgs.len() as u64),
        ("users", world.users.len() as u64),
        ("memberships", world.memberships.read() as u64),
        ("tickets", audit.tickets_in_window),
    ]
}

/// Puts the summary together.
pub fn summary<'a>(
    audit: &'a Audit<'_>,
    run: &'a Run,
    totals: &Totals,
    plan_hash: &'a str,
    thresholds: &'a [Judgement],
) -> Summary<'a> {
    let UserCounts {
        in_scope,
        personal_domain,
        ignored_domain,
        unmapped,
        waiting_for_account,
        spread_domain,
        settled,
        evaluated,
        out_of_scope,
    } = audit.users;
    Summary {
        schema: SCHEMA,
        run_id: &run.run_id,
        created_at: run.created_at.rfc3339(),
        as_of: audit.as_of.rfc3339(),
        tool_version: TOOL_VERSION,
        source: run.source.as_str(),
        zendesk: Some(&run.zendesk),
        lookback_days: audit.settings.lookback_days,
        total_issue_count: totals.issues,
        prepared_action_count: totals.prepared,
        blocked_action_count: totals.blocked,
        suppressed_issue_count: totals.suppressed,
        by_scope: Counts(Scope::ALL.map(|scope| (scope.as_str(), totals.by_scope[scope as usize]))),
        by_code: Counts(IssueCode::ALL.map(|code| (code.as_str(), totals.by_code[code as usize]))),
        by_risk: Counts(Risk::ALL.map(|risk| (risk.as_str(), totals.by_risk[risk as usize]))),
        blocked_reasons: Counts(BlockedReason::ALL.map(|reason| (reason.as_str(), totals.by_reason[reason as usize]))),
        resolution: Counts(audit.resolutions()),
        read: Counts(read_counts(audit)),
        users: Counts([
            ("in_scope", in_scope),
            ("personal_domain", personal_domain),
            ("ignored_domain", ignored_domain),
            ("unmapped", unmapped),
            ("waiting_for_account", waiting_for_account),
            ("spread_domain", spread_domain),
            ("settled", settled),
            ("evaluated", evaluated),
            ("out_of_scope", out_of_scope),
        ]),
        ticket_echo_count: totals.ticket_echoes,
        plan_hash,
        thresholds,
        warnings: &audit.warnings,
    }
}

/// Writes `summary.json`.
pub fn write(summary: &Summary<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_json(summary, out)
}

/// How many accounts the operator's summary lists.
const MOST_ACCOUNTS: usize = 20;

/// Writes `summary.md`. Paths are relative to the run folder; outside text stands in code spans.
pub fn write_markdown(
    audit: &Audit<'_>,
    run: &Run,
    totals: &Totals,
    plan_hash: &str,
    thresholds: &[Judgement],
    out: &mut dyn Write,
) -> io::Result<()> {
    let breached: Vec<&Judgement> = thresholds.iter().filter(|judgement| judgement.breached).collect();
    let [accounts, orgs, users, memberships, tickets] = read_counts(audit).map(|(_, count)| count);
    writeln!(out, "# Zendesk drift audit {}\n", run.run_id)?;
    writeln!(
        out,
        "**{}.** {}, {}, {} blocked, {} suppressed.\n",
        match (thresholds, &breached[..]) {
            ([], _) => "No threshold is set",
            (_, []) => "No threshold is breached",
            _ => "A threshold is breached",
        },
        plural(totals.issues, "issue"),
        plural(totals.prepared, "prepared action"),
        totals.blocked,
        totals.suppressed
    )?;
    for judgement in &breached {
        let (name, limit) = (&judgement.name, judgement.limit);
        writeln!(out, "- `{name}`: {} exceeds the limit of {limit}", judgement.value.unwrap_or_default())?;
    }
    let gap = if breached.is_empty() { "" } else { "\n" };
    writeln!(out, "{gap}| | |\n| --- | --- |")?;
    let place = match run.source {
        super::Source::Demo => "the demo's fixtures".to_owned(),
        super::Source::Zendesk => markdown_cell(&run.zendesk),
    };
    writeln!(out, "| Zendesk | {place} |")?;
    writeln!(
        out,
        "| As of | {} (tickets of {}) |",
        audit.as_of.rfc3339(),
        plural(audit.settings.lookback_days.into(), "day")
    )?;
    writeln!(
        out,
        "| Read | {accounts} accounts, {orgs} orgs, {users} users, {memberships} memberships, {tickets} tickets |"
    )?;
    let resolutions: Vec<String> = audit
        .resolutions()
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {}", name.replace('_', "-")))
        .collect();
    writeln!(out, "| Accounts | {} |", resolutions.join(", "))?;
    writeln!(out, "| Plan hash | `{plan_hash}` |")?;

    writeln!(out, "\n## Issues\n\n| code | risk | count |\n| --- | --- | ---: |")?;
    for code in IssueCode::ALL.into_iter().filter(|code| totals.by_code[*code as usize] > 0) {
        writeln!(out, "| `{code}` | {} | {} |", code.risk(), totals.by_code[code as usize])?;
    }
    if totals.issues == 0 {
        writeln!(out, "| none | | 0 |")?;
    }
    if totals.ticket_echoes > 0 {
        let (has, helps) = if totals.ticket_echoes == 1 { ("has", "that") } else { ("have", "those") };
        writeln!(
            out,
            "\n{} {has} a requester with an issue of their own: repairing {helps} is what helps.",
            plural(totals.ticket_echoes, "ticket issue")
        )?;
    }

    writeln!(
        out,
        "\n## Accounts to look at\n\n| account | name | issues | prepared | blocked | most frequent |\n| --- | --- | ---: | ---: | ---: | --- |"
    )?;
    // The worst first; the order of the reference among equals.
    let mut worst: Vec<AccountRow<'_>> = Vec::new();
    let mut count = 0;
    for row in by_account(audit) {
        let weight = |row: &AccountRow<'_>| (row.blocked, row.prepared, row.total());
        worst.insert(worst.partition_point(|kept| weight(kept) >= weight(&row)), row);
        worst.truncate(MOST_ACCOUNTS);
        count += 1;
    }
    for row in &worst {
        let codes: Vec<String> = row.top_codes.iter().map(|code| format!("`{code}`")).collect();
        let id = row.sf_account_id.map(markdown_cell).unwrap_or_default();
        writeln!(
            out,
            "| {id} | {} | {} | {} | {} | {} |",
            markdown_cell(row.account_name),
            row.total(),
            row.prepared,
            row.blocked,
            codes.join(", ")
        )?;
    }
    if count > MOST_ACCOUNTS {
        writeln!(out, "\n{} more: see `exceptions_by_account.csv`.", count - MOST_ACCOUNTS)?;
    }

    writeln!(out, "\n## The plan\n")?;
    for action in ActionCode::ALL.into_iter().filter(|action| totals.by_action[*action as usize] > 0) {
        writeln!(out, "- {} prepared: `{action}`", totals.by_action[action as usize])?;
    }
    for reason in BlockedReason::ALL.into_iter().filter(|reason| totals.by_reason[*reason as usize] > 0) {
        writeln!(out, "- {} blocked: `{reason}`", totals.by_reason[reason as usize])?;
    }
    if totals.prepared + totals.blocked == 0 {
        writeln!(out, "Nothing to repair and nothing blocked.")?;
    }

    writeln!(out, "\n## Next\n")?;
    if totals.prepared > 0 {
        writeln!(out, "Open `exceptions_by_account.csv`, then dry-run the plan; nothing is written:\n")?;
        writeln!(out, "```sh\ng-gremlin zendesk drift apply --plan fix_plan.json\n```")?;
    } else if totals.blocked > 0 {
        writeln!(
            out,
            "Nothing can be repaired safely. Resolve the blocked accounts in Zendesk (`explain` says how), then audit again:\n"
        )?;
        let first = BlockedReason::ALL.into_iter().find(|reason| totals.by_reason[*reason as usize] > 0);
        writeln!(out, "```sh\ng-gremlin zendesk drift explain {}\n```", first.map_or("", BlockedReason::as_str))?;
    } else {
        writeln!(out, "Nothing to do. Audit again when the reference or Zendesk has changed.")?;
    }
    if !audit.warnings.is_empty() {
        writeln!(out, "\n{}: see `warnings` in `summary.json`.", plural(audit.warnings.len() as u64, "warning"))?;
    }
    Ok(())
}

/// The warnings as JSON, for other documents that hold them.
pub(crate) fn warnings<'a>(audit: &'a Audit<'_>) -> impl Serialize + 'a {
    Seq(|| audit.warnings.iter())
}
