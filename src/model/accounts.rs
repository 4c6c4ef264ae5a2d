//! The accounts of the Salesforce reference, as the rules know them. Reading a reference is `reference`'s.

use super::account_key;
use super::at::AccountAt;
use super::domains::{DomainId, DomainIds, DomainTable};
use super::lists::Lists;
use super::texts::Texts;
use super::untrusted::{self, Untrusted};
use super::warning::Warning;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops;

/// The columns of a reference, in the order in which errors name them. The first three are required.
pub const COLUMNS: [&str; 6] =
    ["sf_account_id", "account_name", "account_domains", "website", "zendesk_domain_override", "zendesk_expected"];

/// A row of the reference.
#[derive(Debug)]
pub struct Account {
    /// The line of the file on which the row starts, from 1.
    pub line: u32,
    /// Whether the account should have an org at all.
    pub org_expected: bool,
    /// Whether the id may be another record's, since a tool has lost its case (rules 3). It is never written.
    pub is_doubtful: bool,
    /// The id, the name and the website.
    texts: Texts<3>,
    /// The expected domains, ordered by text.
    pub domains: DomainIds,
}

impl Account {
    /// `id` is trimmed and unwrapped, `name` trimmed; `domains` are ordered by text.
    pub fn new(line: u32, id: &str, name: &str, website: Option<&str>, org_expected: bool, domains: DomainIds) -> Self {
        Self {
            line,
            org_expected,
            is_doubtful: false,
            texts: Texts::new([Some(id), Some(&*untrusted::name(name)), website]),
            domains,
        }
    }

    /// As the reference has it, trimmed.
    pub fn sf_account_id(&self) -> Untrusted<&str> {
        Untrusted::borrowed(self.texts.get(0).unwrap_or_default())
    }

    /// Two ids with the same key are the same account.
    pub fn key(&self) -> Cow<'_, str> {
        account_key::key_of(self.sf_account_id().raw())
    }

    /// What the linked org's `external_id` should be.
    pub fn external_id(&self) -> Untrusted<Cow<'_, str>> {
        Untrusted::derived(account_key::external_id_for(self.sf_account_id().raw()))
    }

    pub fn name(&self) -> Untrusted<&str> {
        Untrusted::borrowed(self.texts.get(1).unwrap_or_default())
    }

    /// Evidence for people, without the local part of an address; never matched.
    pub fn website(&self) -> Option<Untrusted<&str>> {
        self.texts.get(2).map(Untrusted::borrowed)
    }
}

impl ops::Index<AccountAt> for Vec<Account> {
    type Output = Account;

    fn index(&self, at: AccountAt) -> &Account {
        &self[at.index()]
    }
}

/// The whole reference.
#[derive(Debug, Default)]
pub struct Reference {
    /// Ordered by `sf_account_id`, byte by byte.
    pub accounts: Vec<Account>,
    pub warnings: Vec<Warning>,
    /// Headers that are none of our columns, as written.
    pub ignored_columns: Vec<String>,
    /// The accounts that expect each domain, ascending.
    expecting: Lists<AccountAt>,
    pub facts: ReferenceFacts,
}

/// The accounts of the run that an audit is compared with, as its `accounts.csv` has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaselineAccounts {
    pub run_id: String,
    /// By account key.
    pub accounts: BTreeMap<String, BaselineAccount>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineAccount {
    pub sf_account_id: String,
    pub account_name: String,
}

/// What `init` tells about a reference.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ReferenceFacts {
    pub ids_15: usize,
    pub ids_18: usize,
    pub ids_other: usize,
    pub personal_domains: usize,
    pub without_org: usize,
}

impl Reference {
    /// Sets the accounts, in the order of their ids, and who expects which of the `domains`.
    pub fn set_accounts(&mut self, accounts: Vec<Account>, domains: &DomainTable) {
        self.accounts = accounts;
        let accounts = &self.accounts;
        self.expecting = Lists::new(domains.len(), || {
            let numbered = AccountAt::all(accounts.len()).zip(accounts);
            numbered.flat_map(|(at, account)| account.domains.iter().map(move |domain| (domain.index(), at)))
        });
    }

    /// The accounts that expect a domain.
    pub fn expecting(&self, domain: DomainId) -> &[AccountAt] {
        self.expecting.of(domain.index())
    }

    /// Whether two or more accounts expect the domain.
    pub fn is_shared(&self, domain: DomainId) -> bool {
        self.expecting(domain).len() > 1
    }

    /// How many different domains are expected, and how many of them are shared.
    pub fn domain_counts(&self) -> (usize, usize) {
        let with_more_than = |least: usize| self.expecting.iter().filter(|accounts| accounts.len() > least).count();
        (with_more_than(0), with_more_than(1))
    }
}
