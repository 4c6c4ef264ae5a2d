//! Finds the org of each account, in the strict order of rules 5. There is no fuzzy matching.

use crate::model::account_key::key_of;
use crate::model::accounts::{Account, Reference};
use crate::model::at::{AccountAt, OrgAt};
use crate::model::domains::DomainId;
use crate::model::lists::Lists;
use crate::model::world::World;
use crate::parallel;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::ops::Index;

/// The resolution of an account. Lists are sorted by org id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// Exactly one org has the account's id.
    Linked(OrgAt),
    /// No org has the id; exactly one holds an expected domain, and it is free.
    DomainLinked(OrgAt),
    /// Two or more orgs have the id. Everything downstream is blocked.
    Duplicate(Vec<OrgAt>),
    /// The only candidate also holds a domain that another account expects.
    Contested(OrgAt),
    /// The only candidate has another external id.
    Conflict(OrgAt),
    /// No candidate, or several: these.
    Missing(Vec<OrgAt>),
}

impl Resolution {
    /// The name as `summary.json` shows it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Linked(_) => "linked",
            Self::DomainLinked(_) => "domain_linked",
            Self::Duplicate(_) => "duplicate",
            Self::Contested(_) => "contested",
            Self::Conflict(_) => "conflict",
            Self::Missing(_) => "missing",
        }
    }

    /// Every org that the resolution names, ascending by id.
    pub fn orgs(&self) -> &[OrgAt] {
        match self {
            Self::Linked(org) | Self::DomainLinked(org) | Self::Contested(org) | Self::Conflict(org) => {
                std::slice::from_ref(org)
            }
            Self::Duplicate(orgs) | Self::Missing(orgs) => orgs,
        }
    }

    /// The account's org, when it is uniquely resolved: linked or domain-linked.
    pub fn org(&self) -> Option<OrgAt> {
        match self {
            Self::Linked(org) | Self::DomainLinked(org) => Some(*org),
            Self::Duplicate(_) | Self::Contested(_) | Self::Conflict(_) | Self::Missing(_) => None,
        }
    }
}

impl Index<AccountAt> for Vec<Resolution> {
    type Output = Resolution;

    fn index(&self, at: AccountAt) -> &Resolution {
        &self[at.index()]
    }
}

/// All accounts resolved, and the look-ups that the rules need.
#[derive(Debug)]
pub struct Resolved {
    /// One for each account of the reference, in its order.
    pub accounts: Vec<Resolution>,
    /// The id of each account's org, if it is uniquely resolved. Needed for every ticket.
    org_ids: Vec<Option<u64>>,
    /// The orgs that hold each domain, ascending by id.
    holders: Lists<OrgAt>,
    /// For each org the account that it is *linked* to.
    linked: Vec<Option<AccountAt>>,
    /// For each org, whether its external id belongs to no account.
    unknown: Vec<bool>,
}

impl Resolved {
    /// The orgs that hold a domain, ascending by id.
    pub fn holders(&self, domain: DomainId) -> &[OrgAt] {
        self.holders.of(domain.index())
    }

    /// The id of an account's org, when it is uniquely resolved.
    pub fn org_id(&self, account: AccountAt) -> Option<u64> {
        self.org_ids[account.index()]
    }

    /// Whether the org is unknown: it has an external id that belongs to no account (rules 6.2).
    pub fn is_unknown(&self, org: OrgAt) -> bool {
        self.unknown[org.index()]
    }

    /// The account that the org is linked to by its external id, if it is the only org with that id.
    pub fn linked_account(&self, org: OrgAt) -> Option<AccountAt> {
        self.linked[org.index()]
    }
}

/// Resolves every account.
pub fn resolve(reference: &Reference, world: &World) -> Resolved {
    let holders = Lists::new(world.domains.len(), || {
        let numbered = OrgAt::all(world.orgs.len()).zip(&world.orgs);
        numbered.flat_map(|(at, org)| org.domains.iter().map(move |domain| (domain.index(), at)))
    });
    let accounts_of_orgs = accounts_of_orgs(reference, world);
    let with_id = Lists::new(reference.accounts.len(), || {
        let numbered = OrgAt::all(accounts_of_orgs.len()).zip(&accounts_of_orgs);
        numbered.filter_map(|(org, account)| account.map(|account| (account.index(), org)))
    });
    let accounts: Vec<Resolution> = AccountAt::all(reference.accounts.len())
        .map(|account| match with_id.of(account.index()) {
            [] => by_domain(account, reference, world, &holders),
            [org] => Resolution::Linked(*org),
            orgs => Resolution::Duplicate(orgs.to_vec()),
        })
        .collect();
    let mut linked = vec![None; world.orgs.len()];
    for (account, resolution) in AccountAt::all(accounts.len()).zip(&accounts) {
        if let Resolution::Linked(org) = resolution {
            linked[org.index()] = Some(account);
        }
    }
    let org_ids = accounts.iter().map(|resolution| resolution.org().map(|org| world.orgs[org].id)).collect();
    let unknown = world.orgs.iter().zip(&accounts_of_orgs);
    let unknown = unknown.map(|(org, account)| org.has_external_id() && account.is_none()).collect();
    Resolved { accounts, org_ids, holders, linked, unknown }
}

/// For each org the account whose id it has.
fn accounts_of_orgs(reference: &Reference, world: &World) -> Vec<Option<AccountAt>> {
    let accounts = &reference.accounts;
    let hasher = hashbrown::DefaultHashBuilder::default();
    let hash = |account: &Account| hasher.hash_one(&*account.key());
    let hashes = parallel::map(accounts, hash);
    let mut by_key = HashTable::<AccountAt>::with_capacity(accounts.len());
    for (at, hash_of_key) in AccountAt::all(accounts.len()).zip(hashes) {
        // No two accounts have one key.
        by_key.insert_unique(hash_of_key, at, |at| hash(&accounts[*at]));
    }
    parallel::map(&world.orgs, |org| {
        let key = key_of(org.trimmed_external_id()?);
        by_key.find(hasher.hash_one(&*key), |at| accounts[*at].key() == key).copied()
    })
}

/// Resolves an account that has no org with its id, by its expected, unshared domains.
fn by_domain(account: AccountAt, reference: &Reference, world: &World, holders: &Lists<OrgAt>) -> Resolution {
    let domains = &reference.accounts[account].domains;
    let mut candidates: Vec<OrgAt> = domains
        .iter()
        .filter(|domain| !reference.is_shared(**domain))
        .flat_map(|domain| holders.of(domain.index()))
        .copied()
        .collect();
    candidates.sort_unstable();
    candidates.dedup();
    let [only] = candidates[..] else { return Resolution::Missing(candidates) };
    if world.orgs[only].has_external_id() {
        Resolution::Conflict(only)
    } else if other_claims(reference, world, account, only).next().is_some() {
        Resolution::Contested(only)
    } else {
        Resolution::DomainLinked(only)
    }
}

/// The domains of an org that only one other account expects, with that account.
pub fn other_claims<'a>(
    reference: &'a Reference,
    world: &'a World,
    account: AccountAt,
    org: OrgAt,
) -> impl Iterator<Item = (DomainId, AccountAt)> + 'a {
    world.orgs[org].domains.iter().filter_map(move |domain| match reference.expecting(*domain) {
        [one] if *one != account => Some((*domain, *one)),
        _ => None,
    })
}
