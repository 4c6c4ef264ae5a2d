//! The facts of an audit for people: what the terminal, `summary.md` and every report page say of one run comes from this one
//! value, made from the audit that has just run or from its folder. Each sentence about it exists once, in `sentences`.

mod accounts;
mod sentences;

pub use accounts::{AccountFacts, Weight};
pub use sentences::{Mark, Next};

use crate::catalogue::{ActionCode, AdvisoryCode, BlockedReason, IssueCode, Scope, WarningCode};
use crate::rules::audit::{Audit, Totals};
use crate::rules::gate::Judgement;
use crate::rules::resolve::Resolution;
use crate::run::artifacts::summary::{read_counts, user_counts};
use crate::run::artifacts::{Run, Source};
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
    /// Accounts that the baseline had and the reference does not have; `None` without a baseline that can be judged.
    pub lost_accounts: Option<u64>,
    /// The worst accounts, at most [`MOST_ACCOUNTS`]; the issues of no single account are one of them.
    pub accounts: Vec<AccountFacts>,
    /// How many there are in all.
    pub account_count: u64,
    pub thresholds: Vec<Judgement>,
    pub plan_hash: String,
    pub warnings: BTreeMap<WarningCode, u64>,
}

/// How many records were read; tickets: in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadCounts {
    pub accounts: u64,
    pub organizations: u64,
    pub users: u64,
    pub memberships: u64,
    pub tickets: u64,
}

impl AuditFacts {
    /// Of an audit that has just run.
    pub fn of_audit(audit: &Audit<'_>, run: &Run, totals: &Totals, thresholds: &[Judgement], plan_hash: &str) -> Self {
        let [accounts, organizations, users, memberships, tickets] = read_counts(audit).map(|(_, count)| count);
        let (worst, account_count) = accounts::of_audit(audit);
        Self {
            run_id: run.run_id.clone(),
            source: run.source,
            zendesk: run.zendesk.clone(),
            as_of: audit.as_of.rfc3339(),
            lookback_days: audit.settings.lookback_days.into(),
            read: ReadCounts { accounts, organizations, users, memberships, tickets },
            resolutions: by_name(audit.resolutions()),
            only_duplicate: only_duplicate(audit),
            need_no_org: need_no_org(audit),
            issues: totals.issues,
            prepared: totals.prepared,
            blocked: totals.blocked,
            suppressed: totals.suppressed,
            by_code: counted(IssueCode::ALL.map(|code| (code, totals.by_code[code as usize]))),
            by_action: counted(ActionCode::ALL.map(|action| (action, totals.by_action[action as usize]))),
            by_reason: counted(BlockedReason::ALL.map(|reason| (reason, totals.by_reason[reason as usize]))),
            ticket_echoes: totals.ticket_echoes,
            users: by_name(user_counts(audit)),
            advisories: count_of(audit.advisories.iter().map(|advisory| advisory.code)),
            unmapped_domains: unmapped_domains(audit),
            lost_accounts: audit.lost.as_ref().map(|lost| lost.len() as u64),
            accounts: worst,
            account_count,
            thresholds: thresholds.to_vec(),
            plan_hash: plan_hash.to_owned(),
            warnings: count_of(audit.warnings.iter().map(|warning| warning.code)),
        }
    }

    /// Of a finished run, from its folder.
    pub fn of_run(run: &RunFolder) -> Self {
        let summary = &run.summary;
        let read = &summary.read;
        let (worst, account_count) = accounts::of_run(run);
        Self {
            run_id: summary.run_id.clone(),
            source: summary.source,
            zendesk: summary.zendesk.clone(),
            as_of: summary.as_of.clone(),
            lookback_days: summary.lookback_days.into(),
            read: ReadCounts {
                accounts: read.accounts,
                organizations: read.organizations,
                users: read.users,
                memberships: read.memberships,
                tickets: read.tickets,
            },
            resolutions: counted(summary.resolution.clone()),
            only_duplicate: None,
            need_no_org: 0,
            issues: summary.total_issue_count,
            prepared: summary.prepared_action_count,
            blocked: summary.blocked_action_count,
            suppressed: summary.suppressed_issue_count,
            by_code: counted(summary.by_code.clone()),
            by_action: count_of(run.plan.actions.iter().map(|action| action.action_code)),
            by_reason: counted(summary.blocked_reasons.clone()),
            ticket_echoes: summary.ticket_echo_count,
            users: counted(summary.users.clone()),
            advisories: BTreeMap::new(),
            unmapped_domains: Vec::new(),
            lost_accounts: None,
            accounts: worst,
            account_count,
            thresholds: summary.thresholds.clone(),
            // Computed from the plan, not read.
            plan_hash: run.plan.hash.clone(),
            warnings: count_of(summary.warnings.iter().map(|warning| warning.code)),
        }
    }

    /// How many issues there are of a scope.
    pub fn of_scope(&self, scope: Scope) -> u64 {
        self.by_code.iter().filter(|(code, _)| code.scope() == scope).map(|(_, count)| count).sum()
    }
}

/// Of `domain_unmapped`, which there is for the 50 domains with the most users, in the order of their names.
fn unmapped_domains(audit: &Audit<'_>) -> Vec<(String, u64)> {
    let unmapped = audit.advisories.iter().filter(|advisory| advisory.code == AdvisoryCode::DomainUnmapped);
    let mut domains: Vec<(String, u64)> =
        unmapped.filter_map(|advisory| Some((advisory.domain.as_deref()?.to_owned(), advisory.user_count?))).collect();
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
