//! A naive model of the rules, to disagree with the engine when either is wrong.
//!
//! It shares no code with the crate: it was written from the rules alone, with loops over plain
//! vectors where the engine has indexes. It reads well-formed input only, so it has no errors, and
//! it leaves out what people read (`detail`, messages, `summary.md`) and what runs record of
//! themselves (receipts, run ids).

mod compare;
mod findings;
pub mod random;
mod rules;
mod run;
mod shrink;
pub mod text;

use serde_json::Value;

/// The four kinds of Zendesk records, as its API spells them, and the account settings.
#[derive(Clone, Debug, Default)]
pub struct PlainWorld {
    pub organizations: Vec<Value>,
    pub users: Vec<Value>,
    pub memberships: Vec<Value>,
    pub tickets: Vec<Value>,
    pub settings: Option<Value>,
}

/// What the config file decides.
#[derive(Clone, Debug)]
pub struct ModelConfig {
    pub subdomain: Option<String>,
    pub base_url: Option<String>,
    /// Our column name, and the header that replaces it.
    pub columns: Vec<(String, String)>,
    pub personal: Vec<String>,
    pub not_personal: Vec<String>,
    pub ignored: Vec<String>,
    pub roles: Vec<String>,
    pub include_suspended: bool,
    pub require_verified: bool,
    pub tickets_enabled: bool,
    pub lookback_days: i64,
    pub max_lost_percent: u64,
    /// Name, as `max_by_risk.critical`, and limit.
    pub thresholds: Vec<(String, u64)>,
    pub suppressions: Vec<Suppression>,
}

impl Default for ModelConfig {
    fn default() -> Self {
        ModelConfig {
            subdomain: None,
            base_url: None,
            columns: vec![],
            personal: vec![],
            not_personal: vec![],
            ignored: vec![],
            roles: vec!["end-user".to_owned()],
            include_suspended: false,
            require_verified: true,
            tickets_enabled: true,
            lookback_days: 30,
            max_lost_percent: 5,
            thresholds: vec![],
            suppressions: vec![],
        }
    }
}

/// One entry of `suppressions`.
#[derive(Clone, Debug, Default)]
pub struct Suppression {
    pub code: String,
    pub sf_account_id: Option<String>,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    pub domain: Option<String>,
    pub issue_id: Option<String>,
    pub reason: String,
    /// A day, as `2026-12-31`.
    pub expires: Option<String>,
}

/// What an audit of a world must yield.
pub struct Findings {
    /// The CSV artifacts, without their `detail`.
    pub tables: Vec<Table>,
    /// The member `plan` of `fix_plan.json`.
    pub plan: Value,
    pub plan_hash: String,
    /// The members of `summary.json` that count something.
    pub summary: Value,
    /// `summary.json`'s warnings without their messages.
    pub warnings: Vec<Warning>,
    /// Whether a threshold is breached.
    pub breached: bool,
}

/// A CSV artifact: its file name, its columns and its rows.
pub struct Table {
    pub file: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// A warning without its message, in the order of comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub code: &'static str,
    pub line: Option<u64>,
    pub sf_account_id: Option<String>,
    pub domain: Option<String>,
}

/// Audits a world. `as_of` is an RFC 3339 text, as `--as-of` takes it.
///
/// `baseline_csv` is the reference of the run that this one is compared with.
pub fn audit(
    world: &PlainWorld,
    reference_csv: &str,
    baseline_csv: Option<&str>,
    config: &ModelConfig,
    as_of: &str,
) -> Findings {
    let (as_of, _) = text::instant(as_of).expect("as_of is RFC 3339");
    let mut audit = rules::Audit::read(world, reference_csv, config, as_of);
    audit.baseline = baseline_csv.map(|csv| rules::Audit::accounts_of(csv, config));
    if let Some(csv) = baseline_csv {
        let mut earlier = rules::Audit::read(world, csv, config, as_of);
        earlier.judge();
        audit.baseline_issues = earlier.open_issues();
    }
    audit.judge();
    findings::of(&audit)
}
