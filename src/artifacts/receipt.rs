//! `receipt.json`, which says how the run came about and what its files are, and the `apply_receipt.json` of a plan
//! that nobody has applied yet.

use super::{Run, TOOL_VERSION, write_json};
use crate::audit::{Audit, Totals};
use crate::catalogue::BlockedReason;
use crate::model::domain::PUBLIC_SUFFIX_VERSION;
use crate::model::time::Instant;
use crate::personal;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How the run came about.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The options of the command, without secrets, folders and `--out`.
    pub options: BTreeMap<&'static str, Value>,
    /// SHA-256 of the configuration's bytes.
    pub config_sha256: Option<String>,
    /// SHA-256 of the reference's bytes.
    pub reference_sha256: String,
    /// SHA-256 of each file that a snapshot consists of; empty for a live audit.
    pub snapshot_sha256: BTreeMap<String, String>,
    /// Which endpoint the tickets came from, when known.
    pub ticket_source: Option<String>,
    /// What a live read cost.
    pub requests: Option<Requests>,
}

/// What a live read cost.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Requests {
    pub total: u64,
    pub by_endpoint: BTreeMap<String, u64>,
    pub waited_for_pace_ms: u64,
    pub waited_after_failures_ms: u64,
}

/// Writes `receipt.json`. `files` holds the digest of every other file of the folder but `apply_receipt.json`.
#[expect(clippy::too_many_arguments, reason = "the receipt names everything that a run is made of")]
pub fn write(
    audit: &Audit<'_>,
    run: &Run,
    origin: &Origin,
    totals: &Totals,
    plan_hash: &str,
    finished_at: Instant,
    files: &BTreeMap<String, String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Receipt<'a, W> {
        schema: &'static str,
        run_id: &'a str,
        command: Command<'a>,
        tool_version: &'static str,
        started_at: String,
        finished_at: String,
        as_of: String,
        source: &'static str,
        zendesk: &'a str,
        ticket_source: Option<&'a str>,
        ticket_window: Value,
        public_suffix_list: &'static str,
        personal_domains: Value,
        digests: Value,
        counts: Value,
        blockers: Map<String, Value>,
        warnings: W,
        plan_hash: &'a str,
        requests: &'a Option<Requests>,
        files: &'a BTreeMap<String, String>,
    }
    #[derive(Serialize)]
    struct Command<'a> {
        name: &'static str,
        options: &'a BTreeMap<&'static str, Value>,
    }
    let reasons = BlockedReason::ALL.into_iter().filter(|reason| totals.by_reason[*reason as usize] > 0);
    let read: Map<String, Value> =
        super::summary::read_counts(audit).into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
    let receipt = Receipt {
        schema: "g-gremlin/zendesk-drift/receipt/1",
        run_id: &run.run_id,
        command: Command { name: "zendesk drift audit", options: &origin.options },
        tool_version: TOOL_VERSION,
        started_at: run.started_at.rfc3339(),
        finished_at: finished_at.rfc3339(),
        as_of: audit.as_of.rfc3339(),
        source: run.source.as_str(),
        zendesk: &run.zendesk,
        ticket_source: origin.ticket_source.as_deref(),
        ticket_window: json!({ "from": audit.window.0.rfc3339(), "to": audit.window.1.rfc3339() }),
        public_suffix_list: PUBLIC_SUFFIX_VERSION,
        personal_domains: json!({ "version": personal::VERSION, "sha256": personal::digest() }),
        digests: json!({
            "config": origin.config_sha256,
            "reference": origin.reference_sha256,
            "snapshot": if origin.snapshot_sha256.is_empty() { Value::Null } else { json!(origin.snapshot_sha256) },
        }),
        counts: json!({
            "read": read,
            "total_issue_count": totals.issues,
            "suppressed_issue_count": totals.suppressed,
            "prepared_action_count": totals.prepared,
            "blocked_action_count": totals.blocked,
        }),
        blockers: reasons
            .map(|reason| (reason.as_str().to_owned(), totals.by_reason[reason as usize].into()))
            .collect(),
        warnings: super::summary::warnings(audit),
        plan_hash,
        requests: &origin.requests,
        files,
    };
    write_json(&receipt, out)
}
