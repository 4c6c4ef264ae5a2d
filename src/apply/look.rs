//! What a fresh look at Zendesk shows of the records of one action, and what the list of orgs showed of all others.

use crate::catalogue::ActionCode;
use crate::model::account_key::account_key;
use crate::model::record::{Membership, Org, User};
use crate::run::plan_file::PlannedAction;
use crate::zendesk::{self, ReadError};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// The records of one action, just read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    pub org: Option<Org>,
    /// For an action about a user.
    pub user: Option<User>,
    /// All of the user's, ascending by id.
    pub memberships: Vec<Membership>,
    /// The account setting; read only where the user has a membership already. `None`: off, or it could not be read.
    pub multiple_organizations: bool,
}

impl Look {
    /// The user's default org, as the audit understands it (contract 6.2).
    pub fn default_org(&self) -> Option<u64> {
        let marked = self.memberships.iter().find(|membership| membership.default).map(|membership| membership.org_id);
        marked.or_else(|| self.user.as_ref().and_then(|user| user.organization_id))
    }

    /// Whether the user is a member of the org.
    pub fn is_member(&self, org_id: u64) -> bool {
        self.memberships.iter().any(|membership| membership.org_id == org_id)
    }

    /// Whether what the action would bring about is there.
    pub fn has_effect(&self, action: &PlannedAction) -> bool {
        match action.action_code {
            ActionCode::SetOrgExternalId => {
                self.org.as_ref().is_some_and(|org| org.key() == Some(account_key(&action.to)))
            }
            ActionCode::AddOrgDomain => self.org.as_ref().is_some_and(|org| org.holds(&action.to)),
            ActionCode::AssignUserToOrg => self.is_member(action.org_id),
            ActionCode::MoveUserToOrg => self.default_org() == Some(action.org_id),
        }
    }

    /// The part of Zendesk that the action changes, as receipts show it: see [`crate::run::artifacts::apply_receipt::ActionResult`].
    pub fn state(&self, action: &PlannedAction) -> Value {
        match action.action_code {
            ActionCode::SetOrgExternalId => json!(self.org.as_ref().and_then(|org| org.external_id.as_deref())),
            ActionCode::AddOrgDomain => {
                json!(self.org.as_ref().map_or(&[][..], |org| org.domain_names.as_slice()))
            }
            ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => {
                let orgs: BTreeSet<u64> = self.memberships.iter().map(|membership| membership.org_id).collect();
                json!({ "default_org_id": self.default_org(), "member_of": orgs })
            }
        }
    }
}

/// Reads records one by one. Each read is fresh.
#[expect(async_fn_in_trait, reason = "used within this crate, on one thread")]
pub trait Reads {
    /// Every organization that exists, in any order.
    async fn organizations(&self, take: &mut dyn FnMut(Org)) -> Result<(), ReadError>;
    async fn organization(&self, id: u64) -> Result<Option<Org>, ReadError>;
    async fn user(&self, id: u64) -> Result<Option<User>, ReadError>;
    /// All memberships of the user, ascending by id; none for a user that does not exist.
    async fn memberships(&self, user_id: u64) -> Result<Vec<Membership>, ReadError>;
    /// Whether the account setting reads on; `false` also where it cannot be read.
    async fn multiple_organizations(&self) -> bool;
}

impl Reads for zendesk::Records<'_> {
    async fn organizations(&self, take: &mut dyn FnMut(Org)) -> Result<(), ReadError> {
        Self::organizations(self, take).await
    }
    async fn organization(&self, id: u64) -> Result<Option<Org>, ReadError> {
        Self::organization(self, id).await
    }
    async fn user(&self, id: u64) -> Result<Option<User>, ReadError> {
        Self::user(self, id).await
    }
    async fn memberships(&self, user_id: u64) -> Result<Vec<Membership>, ReadError> {
        Self::memberships(self, user_id).await
    }
    async fn multiple_organizations(&self) -> bool {
        Self::multiple_organizations(self).await
    }
}

/// The demo's records: nothing changes there, so every read is fresh.
impl Reads for zendesk::Fixture {
    async fn organizations(&self, take: &mut dyn FnMut(Org)) -> Result<(), ReadError> {
        Self::organizations(self).cloned().for_each(take);
        Ok(())
    }
    async fn organization(&self, id: u64) -> Result<Option<Org>, ReadError> {
        Ok(Self::organization(self, id).cloned())
    }
    async fn user(&self, id: u64) -> Result<Option<User>, ReadError> {
        Ok(Self::user(self, id).cloned())
    }
    async fn memberships(&self, user_id: u64) -> Result<Vec<Membership>, ReadError> {
        Ok(Self::memberships(self, user_id).to_vec())
    }
    async fn multiple_organizations(&self) -> bool {
        self.multiple_organizations
    }
}

/// Reads the records of one action.
pub async fn look(records: &impl Reads, action: &PlannedAction) -> Result<Look, ReadError> {
    let mut look = Look { org: records.organization(action.org_id).await?, ..Look::default() };
    if let Some(user_id) = action.user_id {
        look.user = records.user(user_id).await?;
        if look.user.is_some() {
            look.memberships = records.memberships(user_id).await?;
            look.memberships.sort_by_key(|membership| membership.id);
        }
        if action.action_code == ActionCode::AssignUserToOrg && !look.memberships.is_empty() {
            look.multiple_organizations = records.multiple_organizations().await;
        }
    }
    Ok(look)
}

/// Which orgs carry which id and which domain: from the list that is read once, kept up to date by every fresh look.
#[derive(Debug, Clone, Default)]
pub struct OrgIndex {
    by_key: HashMap<String, BTreeSet<u64>>,
    by_domain: HashMap<String, BTreeSet<u64>>,
    /// The keys and domains under which an org is found.
    of: HashMap<u64, (Vec<String>, Vec<String>)>,
}

impl OrgIndex {
    /// Reads the list of orgs. One that comes twice, since it changed meanwhile, is found under all that it was seen with.
    pub async fn read(records: &impl Reads) -> Result<Self, ReadError> {
        let mut index = Self::default();
        records.organizations(&mut |org| index.add(&org)).await?;
        Ok(index)
    }

    fn add(&mut self, org: &Org) {
        let (keys, domains) = self.of.entry(org.id).or_default();
        if let Some(key) = org.key() {
            self.by_key.entry(key.clone()).or_default().insert(org.id);
            keys.push(key);
        }
        for domain in org.domains() {
            self.by_domain.entry(domain.clone()).or_default().insert(org.id);
            domains.push(domain);
        }
    }

    /// Forgets what was known of an org.
    fn remove(&mut self, id: u64) {
        let (keys, domains) = self.of.remove(&id).unwrap_or_default();
        for key in keys {
            if let Some(orgs) = self.by_key.get_mut(&key) {
                orgs.remove(&id);
            }
        }
        for domain in domains {
            if let Some(orgs) = self.by_domain.get_mut(&domain) {
                orgs.remove(&id);
            }
        }
    }

    /// Takes in a look at an action's org.
    pub fn update(&mut self, action: &PlannedAction, look: &Look) {
        self.remove(action.org_id);
        if let Some(org) = &look.org {
            self.add(org);
        }
    }

    /// Whether an org other than this one carries an external id with this account key.
    pub fn id_is_elsewhere(&self, key: &str, org_id: u64) -> bool {
        self.by_key.get(key).is_some_and(|orgs| orgs.iter().any(|id| *id != org_id))
    }

    /// Whether an org other than this one holds this domain.
    pub fn domain_is_elsewhere(&self, domain: &str, org_id: u64) -> bool {
        self.by_domain.get(domain).is_some_and(|orgs| orgs.iter().any(|id| *id != org_id))
    }
}
