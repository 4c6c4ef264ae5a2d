//! An org: who claims it, who expects its domains, and who its members are.

use super::account::folded;
use super::brief::{AccountBrief, DomainUserCounts, OrgView, org_ids, outcome, sf_ids, users_of};
use crate::model::account_key::account_key;
use crate::model::at::{AccountAt, OrgAt};
use crate::rules::audit::Audit;
use serde::Serialize;

/// An org, step by step.
#[derive(Debug, Serialize)]
pub struct OrgTrace<'a> {
    #[serde(flatten)]
    pub org: OrgView<'a>,
    /// The account key of its external id; `None` when it has none.
    pub account_key: Option<String>,
    /// The accounts whose resolution names it.
    pub claimed_by: Vec<AccountBrief<'a>>,
    /// Accounts whose id looks like its external id and is another one.
    pub near: Vec<AccountBrief<'a>>,
    /// Its domains, sorted.
    pub held_domains: Vec<OrgDomain<'a>>,
    /// Ascending by id.
    pub member_list: Vec<Member<'a>>,
}

/// A domain of the org.
#[derive(Debug, Serialize)]
pub struct OrgDomain<'a> {
    pub domain: &'a str,
    pub verdict: &'static str,
    pub expected_by: Vec<&'a str>,
    pub also_held_by: Vec<u64>,
    pub users: DomainUserCounts,
}

/// A member of the org.
#[derive(Debug, Serialize)]
pub struct Member<'a> {
    pub user_id: u64,
    pub domain: Option<&'a str>,
    /// Whether it is the user's default org.
    pub default_org: bool,
    /// What became of the user; see [`super::User::outcome`].
    pub outcome: &'static str,
}

pub(super) fn explain<'a>(audit: &'a Audit<'a>, at: OrgAt) -> OrgTrace<'a> {
    let world = audit.world;
    let org = &world.orgs[at];
    let key = org.trimmed_external_id().map(account_key);
    let like = org.trimmed_external_id().map(folded);
    let numbered = || AccountAt::all(audit.reference.accounts.len());
    let claimed = numbered()
        .filter(|account| audit.resolved.accounts[*account].orgs().contains(&at))
        .map(|account| AccountBrief::of(audit, account));
    let near = numbered().filter(|account| {
        let account = &audit.reference.accounts[*account];
        key.as_deref() != Some(&*account.key()) && like.as_deref() == Some(&*folded(account.external_id().raw()))
    });
    let mut ids = org.domains.to_vec();
    ids.sort_unstable_by(|a, b| world.domains.text(*a).cmp(world.domains.text(*b)));
    let domains = ids.iter().zip(users_of(audit, &ids)).map(|(domain, users)| {
        let others: Vec<OrgAt> =
            audit.resolved.holders(*domain).iter().copied().filter(|holder| *holder != at).collect();
        OrgDomain {
            domain: world.domains.text(*domain),
            verdict: audit.verdict(*domain).as_str(),
            expected_by: sf_ids(audit, audit.reference.expecting(*domain)),
            also_held_by: org_ids(audit, &others),
            users,
        }
    });
    let members = (0..world.users.len()).filter(|user| world.membership_in(*user, org.id).is_some());
    let members = members.map(|user| Member {
        user_id: world.users[user].id(),
        domain: world.users[user].domain().map(|domain| world.domains.text(domain)),
        default_org: world.default_org(user) == Some(org.id),
        outcome: outcome(&audit.user(user)),
    });
    OrgTrace {
        org: OrgView::of(audit, &[at]).swap_remove(0),
        claimed_by: claimed.collect(),
        near: near.map(|account| AccountBrief::of(audit, account)).collect(),
        account_key: key,
        held_domains: domains.collect(),
        member_list: members.collect(),
    }
}
