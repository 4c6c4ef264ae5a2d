//! `summary.json`: the counts of a run, as its file has them and as `audit --format json` prints them.

use super::{Run, Source, TOOL_VERSION};
use crate::catalogue::{AdvisoryCode, BlockedReason, IssueCode, Risk, Scope};
use crate::model::warning::Warning;
use crate::rules::audit::{Audit, Totals};
use crate::rules::detect::user::UserCounts;
use crate::rules::gate::Judgement;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// The schema of `summary.json`.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/summary/1";

/// The content of `summary.json`. Times are RFC 3339, in UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Summary {
    #[cfg_attr(feature = "proofs", schemars(extend("const" = SCHEMA)))]
    pub schema: String,
    pub run_id: String,
    pub created_at: String,
    pub as_of: String,
    pub tool_version: String,
    pub source: Source,
    /// `null` where it is withheld: in output for a public audience.
    #[serde(serialize_with = "null_if_empty")]
    #[cfg_attr(feature = "proofs", schemars(with = "Option<String>"))]
    pub zendesk: String,
    pub lookback_days: u32,
    pub total_issue_count: u64,
    pub prepared_action_count: u64,
    pub blocked_action_count: u64,
    pub suppressed_issue_count: u64,
    pub by_scope: BTreeMap<Scope, u64>,
    pub by_code: BTreeMap<IssueCode, u64>,
    pub by_risk: BTreeMap<Risk, u64>,
    /// How many blocked actions have each reason.
    pub blocked_reasons: BTreeMap<BlockedReason, u64>,
    pub resolution: Resolutions,
    pub read: ReadCounts,
    pub users: UserTotals,
    pub ticket_echo_count: u64,
    /// How many rows of `advisories.csv` have each code; missing in the first runs.
    #[serde(default)]
    pub advisories: BTreeMap<AdvisoryCode, u64>,
    /// How many accounts of the baseline are gone; `None` where no baseline lists its accounts.
    pub lost_accounts: Option<u64>,
    pub plan_hash: String,
    pub thresholds: Vec<Judgement>,
    pub warnings: Vec<Warning>,
}

/// How many accounts have each resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct Resolutions {
    pub linked: u64,
    pub domain_linked: u64,
    pub duplicate: u64,
    pub contested: u64,
    pub conflict: u64,
    pub missing: u64,
}

impl Resolutions {
    /// The counts by name.
    pub fn named(&self) -> [(&'static str, u64); 6] {
        let Self { linked, domain_linked, duplicate, contested, conflict, missing } = *self;
        [
            ("linked", linked),
            ("domain_linked", domain_linked),
            ("duplicate", duplicate),
            ("contested", contested),
            ("conflict", conflict),
            ("missing", missing),
        ]
    }

    /// All accounts.
    pub fn total(&self) -> u64 {
        let Self { linked, domain_linked, duplicate, contested, conflict, missing } = *self;
        linked + domain_linked + duplicate + contested + conflict + missing
    }
}

/// How many distinct records were read; tickets: in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct ReadCounts {
    pub accounts: u64,
    pub organizations: u64,
    pub users: u64,
    pub memberships: u64,
    pub tickets: u64,
}

/// How many users went which way. The seven from `personal_domain` to `evaluated` sum to `in_scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct UserTotals {
    pub in_scope: u64,
    pub personal_domain: u64,
    pub ignored_domain: u64,
    pub unmapped: u64,
    pub waiting_for_account: u64,
    pub spread_domain: u64,
    pub settled: u64,
    pub evaluated: u64,
    pub out_of_scope: u64,
}

fn null_if_empty<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if text.is_empty() { serializer.serialize_none() } else { serializer.serialize_str(text) }
}

impl Summary {
    /// Puts the summary of an audit together.
    pub fn of(audit: &Audit<'_>, run: &Run, totals: &Totals, plan_hash: String, thresholds: &[Judgement]) -> Self {
        let [linked, domain_linked, duplicate, contested, conflict, missing] = audit.resolutions();
        Self {
            schema: SCHEMA.to_owned(),
            run_id: run.run_id.clone(),
            created_at: run.created_at.rfc3339(),
            as_of: audit.as_of.rfc3339(),
            tool_version: TOOL_VERSION.to_owned(),
            source: run.source,
            zendesk: run.zendesk.clone(),
            lookback_days: audit.settings.lookback_days,
            total_issue_count: totals.issues,
            prepared_action_count: totals.prepared,
            blocked_action_count: totals.blocked,
            suppressed_issue_count: totals.suppressed,
            by_scope: Scope::ALL.into_iter().zip(totals.by_scope).collect(),
            by_code: IssueCode::ALL.into_iter().zip(totals.by_code).collect(),
            by_risk: Risk::ALL.into_iter().zip(totals.by_risk).collect(),
            blocked_reasons: BlockedReason::ALL.into_iter().zip(totals.by_reason).collect(),
            resolution: Resolutions { linked, domain_linked, duplicate, contested, conflict, missing },
            read: ReadCounts::of(audit),
            users: UserTotals::of(audit),
            ticket_echo_count: totals.ticket_echoes,
            advisories: advisories(audit),
            lost_accounts: audit.lost.as_ref().map(|lost| lost.len() as u64),
            plan_hash,
            thresholds: thresholds.to_vec(),
            warnings: audit.warnings.clone(),
        }
    }

    /// The counts and the plan's hash, without the Zendesk's name and what the warnings say.
    pub fn for_everybody(&self) -> Self {
        Self { zendesk: String::new(), warnings: Vec::new(), ..self.clone() }
    }
}

/// How many advisories there are of each code; all codes are there.
fn advisories(audit: &Audit<'_>) -> BTreeMap<AdvisoryCode, u64> {
    let mut counts: BTreeMap<AdvisoryCode, u64> = AdvisoryCode::ALL.into_iter().map(|code| (code, 0)).collect();
    audit.advisories.iter().for_each(|advisory| *counts.entry(advisory.code).or_default() += 1);
    counts
}

impl UserTotals {
    fn of(audit: &Audit<'_>) -> Self {
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
        Self {
            in_scope,
            personal_domain,
            ignored_domain,
            unmapped,
            waiting_for_account,
            spread_domain,
            settled,
            evaluated,
            out_of_scope,
        }
    }

    /// The counts by name.
    pub fn named(&self) -> [(&'static str, u64); 9] {
        [
            ("in_scope", self.in_scope),
            ("personal_domain", self.personal_domain),
            ("ignored_domain", self.ignored_domain),
            ("unmapped", self.unmapped),
            ("waiting_for_account", self.waiting_for_account),
            ("spread_domain", self.spread_domain),
            ("settled", self.settled),
            ("evaluated", self.evaluated),
            ("out_of_scope", self.out_of_scope),
        ]
    }
}

impl ReadCounts {
    /// The records that an audit looked at.
    pub fn of(audit: &Audit<'_>) -> Self {
        let world = audit.world;
        Self {
            accounts: audit.reference.accounts.len() as u64,
            organizations: world.orgs.len() as u64,
            users: world.users.len() as u64,
            memberships: world.memberships.read() as u64,
            tickets: audit.tickets_in_window,
        }
    }
}
