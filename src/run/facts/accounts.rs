//! The accounts with open issues, the worst first.

use super::MOST_ACCOUNTS;
use crate::catalogue::{BlockedReason, IssueCode, Risk, Scope, Status};
use crate::rules::audit::Audit;
use crate::rules::issue::ActionRef;
use crate::run::artifacts::tables::NO_SINGLE_ACCOUNT;
use crate::run::read::RunFolder;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// An account's open issues and actions, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts {
    /// `None` for the issues of no single account.
    pub sf_account_id: Option<String>,
    pub account_name: String,
    pub by_code: BTreeMap<IssueCode, u64>,
    pub prepared: u64,
    pub blocked: u64,
    pub by_reason: BTreeMap<BlockedReason, u64>,
}

/// How bad it is: more critical issues, then more high ones, then more medium ones, then more blocked actions. Sorting by it puts
/// the worst first; equals stay in the order of the artifacts.
pub type Weight = Reverse<([u64; Risk::ALL.len()], u64)>;

impl AccountFacts {
    fn new(sf_account_id: Option<&str>, account_name: &str) -> Self {
        Self {
            sf_account_id: sf_account_id.map(str::to_owned),
            account_name: if sf_account_id.is_some() { account_name.to_owned() } else { NO_SINGLE_ACCOUNT.to_owned() },
            by_code: BTreeMap::new(),
            prepared: 0,
            blocked: 0,
            by_reason: BTreeMap::new(),
        }
    }

    fn add_blocked(&mut self, reason: Option<BlockedReason>) {
        self.blocked += 1;
        if let Some(reason) = reason {
            *self.by_reason.entry(reason).or_default() += 1;
        }
    }

    /// All open issues.
    pub fn issues(&self) -> u64 {
        self.by_code.values().sum()
    }

    pub fn of_scope(&self, scope: Scope) -> u64 {
        self.by_code.iter().filter(|(code, _)| code.scope() == scope).map(|(_, count)| count).sum()
    }

    pub fn weight(&self) -> Weight {
        let of_risk = |risk| self.by_code.iter().filter(|(code, _)| code.risk() == risk).map(|(_, count)| count).sum();
        Reverse((Risk::ALL.map(of_risk), self.blocked))
    }

    /// The two worst codes: by risk, then by frequency, then in table order.
    pub fn top_codes(&self) -> Vec<IssueCode> {
        let mut codes: Vec<(&IssueCode, &u64)> = self.by_code.iter().collect();
        codes.sort_by_key(|(code, count)| (code.risk(), Reverse(**count)));
        codes.into_iter().take(2).map(|(code, _)| *code).collect()
    }

    /// The two most frequent reasons, ties in table order.
    pub fn top_reasons(&self) -> Vec<BlockedReason> {
        let mut reasons: Vec<(&BlockedReason, &u64)> = self.by_reason.iter().collect();
        reasons.sort_by_key(|(_, count)| Reverse(**count));
        reasons.into_iter().take(2).map(|(reason, _)| *reason).collect()
    }
}

/// The worst accounts of an audit, and how many there are in all.
pub(super) fn of_audit(audit: &Audit<'_>) -> (Vec<AccountFacts>, u64) {
    let mut worst = Worst::default();
    // Issues are ordered by account.
    for issues in audit.issues.chunk_by(|a, b| a.account() == b.account()) {
        let account = issues[0].account().map(|at| &audit.reference.accounts[at]);
        let id = account.map(|account| account.sf_account_id().raw());
        let mut facts = AccountFacts::new(id, account.map_or("", |account| account.name().raw()));
        for issue in issues.iter().filter(|issue| issue.status != Status::Suppressed) {
            *facts.by_code.entry(issue.code).or_default() += 1;
            for action in issue.actions.iter() {
                match action {
                    ActionRef::Prepared(_) => facts.prepared += 1,
                    ActionRef::Blocked(at) => facts.add_blocked(audit.plan.blocked[at as usize].blocked),
                }
            }
        }
        worst.add(facts);
    }
    (worst.accounts, worst.count)
}

/// The same of a finished run, from its issues and its plan: `exceptions_by_account.csv` is a view, which people may change.
pub(super) fn of_run(run: &RunFolder) -> (Vec<AccountFacts>, u64) {
    let mut prepared: BTreeMap<Option<&str>, u64> = BTreeMap::new();
    run.plan.actions.iter().for_each(|action| *prepared.entry(Some(&action.sf_account_id)).or_default() += 1);
    let mut blocked: BTreeMap<Option<&str>, Vec<BlockedReason>> = BTreeMap::new();
    for action in &run.plan.blocked {
        blocked.entry(action.sf_account_id.as_deref()).or_default().push(action.blocked_reason);
    }
    let mut worst = Worst::default();
    for issues in run.issues.chunk_by(|a, b| a.sf_account_id == b.sf_account_id) {
        let id = issues[0].sf_account_id.as_deref();
        let mut facts = AccountFacts::new(id, &issues[0].account_name);
        for issue in issues.iter().filter(|issue| issue.status != Status::Suppressed) {
            *facts.by_code.entry(issue.issue_code).or_default() += 1;
        }
        facts.prepared = prepared.get(&id).copied().unwrap_or_default();
        blocked.get(&id).into_iter().flatten().for_each(|reason| facts.add_blocked(Some(*reason)));
        worst.add(facts);
    }
    (worst.accounts, worst.count)
}

/// The worst so far, in their order, and the number of all.
#[derive(Default)]
struct Worst {
    accounts: Vec<AccountFacts>,
    count: u64,
}

impl Worst {
    fn add(&mut self, facts: AccountFacts) {
        if facts.by_code.is_empty() {
            return;
        }
        self.count += 1;
        let weight = facts.weight();
        let at = self.accounts.partition_point(|kept| kept.weight() <= weight);
        if at < MOST_ACCOUNTS {
            self.accounts.insert(at, facts);
            self.accounts.truncate(MOST_ACCOUNTS);
        }
    }
}
