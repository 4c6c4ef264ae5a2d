//! The facts of an audit for people: what the terminal, `summary.md` and every report page say of one run comes from this one
//! value, made from the audit that has just run or from its folder. Each sentence about it exists once, in `sentences`.

mod accounts;
mod sentences;

pub use accounts::{AccountFacts, Weight};
pub use sentences::{Mark, Next};

use crate::catalogue::{ActionCode, AdvisoryCode, BlockedReason, IssueCode, Scope, WarningCode};
use crate::rules::audit::Audit;
use crate::rules::gate::Judgement;
use crate::rules::resolve::Resolution;
use crate::run::artifacts::Source;
use crate::run::artifacts::summary::{ReadCounts, Summary};
use crate::run::read::RunFolder;
use std::collections::BTreeMap;

/// How many accounts are kept, the worst first.
pub const MOST_ACCOUNTS: usize = 100;

/// How many unmapped domains are kept.
pub const MOST_DOMAINS: usize = 3;

/// What people are told of an audit. Counts by name hold no zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFacts {
    pub run_id: String,
    pub source: Source,
    /// `scheme://host[:port]`.
    pub zendesk: String,
    /// RFC 3339, in UTC.
    pub as_of: String,
    pub lookback_days: u64,
    pub read: ReadCounts,
    /// By the names of `summary.json`.
    pub resolutions: BTreeMap<String, u64>,
    /// The id that several orgs share, and how many, where one account alone is duplicate. Known only right after the audit.
    pub only_duplicate: Option<(String, u64)>,
    /// Accounts without an org of which none is expected. Known only right after the audit.
    pub need_no_org: u64,
    pub issues: u64,
    pub prepared: u64,
    pub blocked: u64,
    pub suppressed: u64,
    pub by_code: BTreeMap<IssueCode, u64>,
    pub by_action: BTreeMap<ActionCode, u64>,
    pub by_reason: BTreeMap<BlockedReason, u64>,
    pub ticket_echoes: u64,
    /// By the names of `summary.json`.
    pub users: BTreeMap<String, u64>,
    /// How many advisories there are of each code.
    pub advisories: BTreeMap<AdvisoryCode, u64>,
    /// The domains of users in scope that no account expects, with their users: the most frequent, at most
    /// [`MOST_DOMAINS`].
    pub unmapped_domains: Vec<(String, u64)>,
    /// Accounts that the baseline had and the reference does not have; `None` without a baseline to compare with.
    pub lost_accounts: Option<u64>,
    /// The worst accounts, at most [`MOST_ACCOUNTS`]; the issues of no single account are one of them.
    pub accounts: Vec<AccountFacts>,
    /// How many there are in all.
    pub account_count: u64,
    pub thresholds: Vec<Judgement>,
    pub plan_hash: String,
    pub warnings: BTreeMap<WarningCode, u64>,
}

impl AuditFacts {
    /// Of an audit that has just run.
    pub fn of_audit(audit: &Audit<'_>, summary: &Summary) -> Self {
        let (accounts, account_count) = accounts::of_audit(audit);
        let advisories = audit.advisories.iter();
        let advisories = advisories.map(|advisory| (advisory.code, advisory.domain.as_deref(), advisory.user_count));
        let actions = audit.plan.prepared.iter().map(|action| action.code);
        Self {
            only_duplicate: only_duplicate(audit),
            need_no_org: need_no_org(audit),
            unmapped_domains: unmapped_domains(advisories),
            accounts,
            account_count,
            ..Self::of(summary, &summary.plan_hash, count_of(actions))
        }
    }

    /// Of a finished run, from its folder.
    pub fn of_run(run: &RunFolder) -> Self {
        let (accounts, account_count) = accounts::of_run(run);
        let actions = run.plan.actions.iter().map(|action| action.action_code);
        // The hash is computed from the plan, not read.
        let unmapped_domains = unmapped_domains(
            run.advisories.iter().map(|row| (row.advisory_code, row.domain.as_deref(), row.user_count)),
        );
        Self { unmapped_domains, accounts, account_count, ..Self::of(&run.summary, &run.plan.hash, count_of(actions)) }
    }

    /// What the summary holds; no accounts.
    fn of(summary: &Summary, plan_hash: &str, by_action: BTreeMap<ActionCode, u64>) -> Self {
        Self {
            run_id: summary.run_id.clone(),
            source: summary.source,
            zendesk: summary.zendesk.clone(),
            as_of: summary.as_of.clone(),
            lookback_days: summary.lookback_days.into(),
            read: summary.read,
            resolutions: by_name(summary.resolution.named()),
            only_duplicate: None,
            need_no_org: 0,
            issues: summary.total_issue_count,
            prepared: summary.prepared_action_count,
            blocked: summary.blocked_action_count,
            suppressed: summary.suppressed_issue_count,
            by_code: counted(summary.by_code.clone()),
            by_action,
            by_reason: counted(summary.blocked_reasons.clone()),
            ticket_echoes: summary.ticket_echo_count,
            users: by_name(summary.users.named()),
            advisories: counted(summary.advisories.clone()),
            unmapped_domains: Vec::new(),
            lost_accounts: summary.lost_accounts,
            accounts: Vec::new(),
            account_count: 0,
            thresholds: summary.thresholds.clone(),
            plan_hash: plan_hash.to_owned(),
            warnings: count_of(summary.warnings.iter().map(|warning| warning.code)),
        }
    }

    /// How many issues there are of a scope.
    pub fn of_scope(&self, scope: Scope) -> u64 {
        self.by_code.iter().filter(|(code, _)| code.scope() == scope).map(|(_, count)| count).sum()
    }
}

/// Of `domain_unmapped`, which there is for the 50 domains with the most users, in the order of their names.
fn unmapped_domains<'a>(
    advisories: impl Iterator<Item = (AdvisoryCode, Option<&'a str>, Option<u64>)>,
) -> Vec<(String, u64)> {
    let unmapped = advisories.filter(|(code, ..)| *code == AdvisoryCode::DomainUnmapped);
    let mut domains: Vec<(String, u64)> =
        unmapped.filter_map(|(_, domain, users)| Some((domain?.to_owned(), users?))).collect();
    domains.sort_by_key(|(_, users)| std::cmp::Reverse(*users));
    domains.truncate(MOST_DOMAINS);
    domains
}

/// How many there are of each.
fn count_of<K: Ord>(names: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counts
}

fn only_duplicate(audit: &Audit<'_>) -> Option<(String, u64)> {
    let resolved = audit.reference.accounts.iter().zip(&audit.resolved.accounts);
    let mut duplicates = resolved.filter_map(|(account, resolution)| match resolution {
        Resolution::Duplicate(orgs) => Some((account, orgs)),
        _ => None,
    });
    let (account, orgs) = duplicates.next()?;
    duplicates.next().is_none().then(|| (account.sf_account_id().raw().to_owned(), orgs.len() as u64))
}

fn need_no_org(audit: &Audit<'_>) -> u64 {
    let resolved = audit.reference.accounts.iter().zip(&audit.resolved.accounts);
    let without =
        resolved.filter(|(account, resolution)| !account.org_expected && matches!(resolution, Resolution::Missing(_)));
    without.count() as u64
}

fn by_name<const N: usize>(counts: [(&'static str, u64); N]) -> BTreeMap<String, u64> {
    counted(counts.map(|(name, count)| (name.to_owned(), count)))
}

/// The counts that are not zero.
fn counted<K: Ord>(counts: impl IntoIterator<Item = (K, u64)>) -> BTreeMap<K, u64> {
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}
