//! `summary.json`, for programs.

use super::{Run, Seq, TOOL_VERSION, write_json};
use crate::catalogue::{BlockedReason, IssueCode, Risk, Scope};
use crate::model::warning::Warning;
use crate::rules::audit::{Audit, Totals};
use crate::rules::detect::user::UserCounts;
use crate::rules::gate::Judgement;
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

/// How many users went which way.
pub fn user_counts(audit: &Audit<'_>) -> [(&'static str, u64); 9] {
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
    [
        ("in_scope", in_scope),
        ("personal_domain", personal_domain),
        ("ignored_domain", ignored_domain),
        ("unmapped", unmapped),
        ("waiting_for_account", waiting_for_account),
        ("spread_domain", spread_domain),
        ("settled", settled),
        ("evaluated", evaluated),
        ("out_of_scope", out_of_scope),
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
        users: Counts(user_counts(audit)),
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

/// The warnings as JSON, for other documents that hold them.
pub(crate) fn warnings<'a>(audit: &'a Audit<'_>) -> impl Serialize + 'a {
    Seq(|| audit.warnings.iter())
}
