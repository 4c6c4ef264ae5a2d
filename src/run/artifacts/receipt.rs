//! `receipt.json`, which says how the run came about and what its files are: written here, and read back.

use super::summary::ReadCounts;
use super::{Artifact, Run, Seq, Source, TOOL_VERSION, write_json};
use crate::catalogue::BlockedReason;
use crate::digest::{Digest, Digesting, Hasher, hex};
use crate::model::domain::PUBLIC_SUFFIX_VERSION;
use crate::model::personal;
use crate::model::time::Instant;
use crate::model::warning::Warning;
use crate::rules::audit::{Audit, Totals};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The schema of the receipt.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/receipt/1";

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
    pub baseline: Option<EarlierRun>,
    pub history: Option<EarlierRun>,
    pub suppressions_from: Option<SuppressionsFrom>,
}

/// A run that an audit was compared with, or whose history it continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarlierRun {
    pub run_id: String,
    pub plan_hash: String,
    /// The digest that its receipt states of itself, which covers the whole run.
    pub receipt_sha256: String,
}

/// A configuration whose suppressions were in force instead of the run's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SuppressionsFrom {
    pub sha256: String,
    /// The issues that count here and that the run's own suppressions would hide.
    pub own_would_suppress: Vec<WouldSuppress>,
}

/// An issue that a suppression would hide if it were in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WouldSuppress {
    pub issue_id: String,
    /// The reason of the first suppression that matches.
    pub reason: String,
}

/// What a live read cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Requests {
    pub total: u64,
    pub by_endpoint: BTreeMap<String, u64>,
    pub waited_for_pace_ms: u64,
    pub waited_after_failures_ms: u64,
    /// The time from the first request to the last response.
    #[serde(default)]
    pub took_ms: u64,
    /// Why this endpoint was used for the tickets; `None` where they were not read.
    #[serde(default)]
    pub tickets_because: Option<String>,
    /// The estimate before the read; `None` where Zendesk did not say how many records there are.
    #[serde(default)]
    pub expected: Option<Expected>,
    /// The interrupted read that this one continued. The other figures leave its requests out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
}

/// An interrupted read that this one continued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Resumed {
    pub began_at: String,
    pub pages: u64,
}

/// What a live read was expected to cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub total: u64,
    /// The least time, in seconds.
    pub seconds: u64,
    pub by_kind: BTreeMap<String, u64>,
}

/// How a run was made, and the digests of its files. Times are RFC 3339, in UTC; digests are 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Receipt<W = Vec<Warning>> {
    #[cfg_attr(feature = "proofs", schemars(extend("const" = SCHEMA)))]
    pub schema: String,
    pub run_id: String,
    pub command: RecordedCommand,
    pub tool_version: String,
    pub started_at: String,
    pub finished_at: String,
    pub as_of: String,
    pub source: Source,
    pub zendesk: String,
    pub ticket_source: Option<String>,
    pub ticket_window: Window,
    pub public_suffix_list: String,
    pub personal_domains: PersonalDomains,
    pub digests: Digests,
    pub baseline: Option<EarlierRun>,
    /// The run whose history it continues, where that is not the baseline.
    #[serde(default)]
    pub history: Option<EarlierRun>,
    pub suppressions_from: Option<SuppressionsFrom>,
    pub counts: AuditCounts,
    /// How many blocked actions have each reason; reasons without one are left out.
    pub blockers: BTreeMap<BlockedReason, u64>,
    pub warnings: W,
    pub plan_hash: String,
    pub requests: Option<Requests>,
    /// The SHA-256 of every other file of the folder but `apply_receipt.json`, by name.
    pub files: BTreeMap<String, String>,
    /// The SHA-256 that `apply_receipt.json` has until the plan is applied.
    pub apply_receipt_not_run_sha256: String,
    /// The SHA-256 of this file without these 64 digits.
    pub receipt_sha256: String,
}

/// The command of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordedCommand {
    pub name: String,
    pub options: BTreeMap<String, Value>,
}

/// The times between which tickets were read, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub from: String,
    pub to: String,
}

/// Which list of personal domains was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PersonalDomains {
    pub sha256: String,
    pub version: String,
}

/// The SHA-256 of what the run was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Digests {
    pub config: Option<String>,
    pub reference: String,
    /// By file; `null` for a live audit and for the demo.
    pub snapshot: Option<BTreeMap<String, String>>,
}

/// The counts that `summary.json` has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditCounts {
    pub blocked_action_count: u64,
    pub prepared_action_count: u64,
    pub read: ReadCounts,
    pub suppressed_issue_count: u64,
    pub total_issue_count: u64,
}

/// Writes `receipt.json`. `digests` are those of every other file of the folder.
#[expect(clippy::too_many_arguments, reason = "the receipt names everything that a run is made of")]
pub fn write(
    audit: &Audit<'_>,
    run: &Run,
    origin: &Origin,
    totals: &Totals,
    plan_hash: &str,
    finished_at: Instant,
    mut digests: BTreeMap<String, String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    // It changes when the plan is applied.
    let not_run = digests.remove(Artifact::ApplyReceipt.name()).unwrap_or_default();
    let reasons = BlockedReason::ALL.into_iter().filter(|reason| totals.by_reason[*reason as usize] > 0);
    let mut receipt = Receipt {
        schema: SCHEMA.to_owned(),
        run_id: run.run_id.clone(),
        command: RecordedCommand {
            name: "zendesk drift audit".to_owned(),
            options: origin.options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        },
        tool_version: TOOL_VERSION.to_owned(),
        started_at: run.started_at.rfc3339(),
        finished_at: finished_at.rfc3339(),
        as_of: audit.as_of.rfc3339(),
        source: run.source,
        zendesk: run.zendesk.clone(),
        ticket_source: origin.ticket_source.clone(),
        ticket_window: Window { from: audit.window.0.rfc3339(), to: audit.window.1.rfc3339() },
        public_suffix_list: PUBLIC_SUFFIX_VERSION.to_owned(),
        personal_domains: PersonalDomains { sha256: personal::digest(), version: personal::VERSION.to_owned() },
        digests: Digests {
            config: origin.config_sha256.clone(),
            reference: origin.reference_sha256.clone(),
            snapshot: Some(&origin.snapshot_sha256).filter(|files| !files.is_empty()).cloned(),
        },
        baseline: origin.baseline.clone(),
        history: origin.history.clone(),
        suppressions_from: origin.suppressions_from.clone(),
        counts: AuditCounts {
            blocked_action_count: totals.blocked,
            prepared_action_count: totals.prepared,
            read: ReadCounts::of(audit),
            suppressed_issue_count: totals.suppressed,
            total_issue_count: totals.issues,
        },
        blockers: reasons.map(|reason| (reason, totals.by_reason[reason as usize])).collect(),
        warnings: Seq(|| audit.warnings.iter()),
        plan_hash: plan_hash.to_owned(),
        requests: origin.requests.clone(),
        files: digests,
        apply_receipt_not_run_sha256: not_run,
        receipt_sha256: String::new(),
    };
    let mut digest = Digesting::new(io::sink());
    write_json(&receipt, &mut digest)?;
    receipt.receipt_sha256 = digest.finish().1;
    write_json(&receipt, out)
}

/// The digest of a receipt's bytes with the 64 digits of its own left out; `None` where they do not stand as written here.
pub fn own_digest(bytes: &[u8], stated: &str) -> Option<String> {
    let member = format!("\"receipt_sha256\": \"{stated}\"");
    let at = bytes.windows(member.len()).rposition(|window| window == member.as_bytes())?;
    let end = at + member.len() - 1;
    let mut digest = Hasher::new();
    digest.update(&bytes[..end - stated.len()]);
    digest.update(&bytes[end..]);
    Some(hex(&digest.finalize()))
}
