//! What the rules need to know of the configuration, as plain values. Reading the file is `config`'s.

use crate::catalogue::{IssueCode, Risk};
use crate::model::account_key::account_key;
use crate::model::platforms::Platforms;
use hashbrown::HashSet;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the core is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub domains: DomainRules,
    pub users: UserRules,
    /// Whether tickets are read and checked at all.
    pub tickets_enabled: bool,
    pub lookback_days: u32,
    /// Beyond this share of vanished accounts, in percent of the baseline's, nothing is prepared.
    pub max_lost_percent: u64,
    pub thresholds: Thresholds,
    pub suppressions: Vec<Suppression>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            domains: DomainRules::default(),
            users: UserRules::default(),
            tickets_enabled: true,
            lookback_days: 30,
            max_lost_percent: 5,
            thresholds: Thresholds::default(),
            suppressions: Vec::new(),
        }
    }
}

/// Which domains identify nobody. All normalized.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainRules {
    /// (built-in − `not_personal`) ∪ `personal`.
    pub personal: HashSet<String>,
    /// Taken out of the built-in list, and never treated as spread.
    pub not_personal: HashSet<String>,
    /// Never used for matching.
    pub ignored: HashSet<String>,
    /// Hosts of other people's pages: never an expected domain. `not_personal` is taken out.
    pub platforms: Platforms,
}

/// Which users are in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRules {
    pub roles: BTreeSet<String>,
    pub include_suspended: bool,
    pub require_verified: bool,
}

impl Default for UserRules {
    fn default() -> Self {
        Self { roles: BTreeSet::from(["end-user".to_owned()]), include_suspended: false, require_verified: true }
    }
}

/// The limits of the gate; an absent one is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thresholds {
    pub max_total_issues: Option<u64>,
    pub max_blocked_actions: Option<u64>,
    pub max_by_risk: BTreeMap<Risk, u64>,
    pub max_by_code: BTreeMap<IssueCode, u64>,
    /// Only checked with a baseline.
    pub max_new_issues: Option<u64>,
    /// Only checked with a baseline.
    pub max_lost_accounts: Option<u64>,
}

impl Thresholds {
    /// Sets one limit by its name in `summary.json`, such as `max_by_risk.critical`. `false`: there is none of that name.
    pub fn set(&mut self, name: &str, limit: u64) -> bool {
        if let Some(risk) = name.strip_prefix("max_by_risk.") {
            return Risk::parse(risk).map(|risk| self.max_by_risk.insert(risk, limit)).is_some();
        }
        if let Some(code) = name.strip_prefix("max_by_code.") {
            return IssueCode::parse(code).map(|code| self.max_by_code.insert(code, limit)).is_some();
        }
        let slot = match name {
            "max_total_issues" => &mut self.max_total_issues,
            "max_blocked_actions" => &mut self.max_blocked_actions,
            "max_new_issues" => &mut self.max_new_issues,
            "max_lost_accounts" => &mut self.max_lost_accounts,
            _ => return false,
        };
        *slot = Some(limit);
        true
    }

    /// All names that [`Thresholds::set`] takes.
    pub fn names() -> Vec<String> {
        let single = ["max_total_issues", "max_blocked_actions"].map(str::to_owned);
        let risks = Risk::ALL.into_iter().map(|risk| format!("max_by_risk.{risk}"));
        let codes = IssueCode::ALL.into_iter().map(|code| format!("max_by_code.{code}"));
        let against_a_baseline = ["max_new_issues", "max_lost_accounts"].map(str::to_owned);
        single.into_iter().chain(risks).chain(codes).chain(against_a_baseline).collect()
    }
}

/// A finding that the operator has accepted for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    pub code: IssueCode,
    /// As written in the file; compared by account key.
    pub sf_account_id: Option<String>,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    /// Normalized.
    pub domain: Option<String>,
    pub issue_id: Option<String>,
    pub reason: String,
    /// The last day, UTC, on which it is in force: `2026-12-31`.
    pub expires: Option<String>,
}

impl Suppression {
    /// Whether it is in force on a day, `2026-12-31`.
    pub fn in_force_on(&self, day: &str) -> bool {
        self.expires.as_deref().is_none_or(|last| day <= last)
    }

    /// Whether nothing but the code selects.
    pub fn is_by_code_alone(&self) -> bool {
        let Self { code: _, sf_account_id, org_id, user_id, domain, issue_id, reason: _, expires: _ } = self;
        sf_account_id.is_none() && org_id.is_none() && user_id.is_none() && domain.is_none() && issue_id.is_none()
    }

    /// The account key that it selects.
    pub fn account_key(&self) -> Option<String> {
        self.sf_account_id.as_deref().map(account_key)
    }
}
