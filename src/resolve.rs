//! Which org is which account's: the strict order of contract 5, and nothing fuzzy.

use crate::model::account_key::account_key;
use crate::model::domains::DomainId;
use crate::model::lists::Lists;
use crate::model::world::World;
use crate::reference::Reference;
use std::collections::HashMap;

/// The index of an org in [`World::orgs`].
pub type OrgAt = u32;
/// The index of an account in [`Reference::accounts`].
pub type AccountAt = u32;

/// What became of an account. Lists ascend by org id.
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

/// All accounts resolved, and the look-ups that the rules need.
#[derive(Debug)]
pub struct Resolved {
    /// One for each account of the reference, in its order.
    pub accounts: Vec<Resolution>,
    /// The orgs that hold each domain, ascending by id.
    holders: Lists,
    /// The account that an org is *linked* to.
    linked: HashMap<OrgAt, AccountAt>,
}

impl Resolved {
    /// The orgs that hold a domain, ascending by id.
    pub fn holders(&self, domain: DomainId) -> &[OrgAt] {
        self.holders.of(domain.index())
    }

    /// The account that the org is linked to, by its external id and alone.
    pub fn linked_account(&self, org: OrgAt) -> Option<AccountAt> {
        self.linked.get(&org).copied()
    }
}

/// Resolves every account.
pub fn resolve(reference: &Reference, world: &World) -> Resolved {
    let holders = Lists::new(world.domains.len(), || {
        let numbered = world.orgs.iter().enumerate();
        numbered.flat_map(|(at, org)| org.domains.iter().map(move |domain| (domain.index(), at as OrgAt)))
    });
    let mut by_key: hashbrown::HashMap<String, Vec<OrgAt>> = hashbrown::HashMap::new();
    for (at, org) in world.orgs.iter().enumerate() {
        if let Some(id) = org.trimmed_external_id() {
            by_key.entry(account_key(id)).or_default().push(at as OrgAt);
        }
    }
    let accounts: Vec<Resolution> = (0..reference.accounts.len() as AccountAt)
        .map(|account| match by_key.get(&*reference.accounts[account as usize].key).map(Vec::as_slice) {
            Some([org]) => Resolution::Linked(*org),
            Some(orgs) => Resolution::Duplicate(orgs.to_vec()),
            None => by_domain(account, reference, world, &holders),
        })
        .collect();
    let linked = accounts.iter().enumerate().filter_map(|(account, resolution)| match resolution {
        Resolution::Linked(org) => Some((*org, account as AccountAt)),
        _ => None,
    });
    Resolved { linked: linked.collect(), accounts, holders }
}

/// The account has no org with its id: looks for one that holds its expected, unshared domains.
fn by_domain(account: AccountAt, reference: &Reference, world: &World, holders: &Lists) -> Resolution {
    let domains = &reference.accounts[account as usize].domains;
    let mut candidates: Vec<OrgAt> = domains
        .iter()
        .filter(|domain| !reference.is_shared(**domain))
        .flat_map(|domain| holders.of(domain.index()))
        .copied()
        .collect();
    candidates.sort_unstable();
    candidates.dedup();
    let [only] = candidates[..] else { return Resolution::Missing(candidates) };
    if world.orgs[only as usize].has_external_id() {
        Resolution::Conflict(only)
    } else if other_claims(reference, world, account, only).next().is_some() {
        Resolution::Contested(only)
    } else {
        Resolution::DomainLinked(only)
    }
}

/// The domains of an org that one other account alone expects, and that account: such a domain names the account.
pub fn other_claims<'a>(
    reference: &'a Reference,
    world: &'a World,
    account: AccountAt,
    org: OrgAt,
) -> impl Iterator<Item = (DomainId, AccountAt)> + 'a {
    world.orgs[org as usize].domains.iter().filter_map(move |domain| match reference.expecting(*domain) {
        [one] if *one != account => Some((*domain, *one)),
        _ => None,
    })
}
