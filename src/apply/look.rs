//! A fresh read of the records of one action, and what the list of orgs showed about all other orgs.

use crate::catalogue::ActionCode;
use crate::model::account_key::account_key;
use crate::model::record::{MembershipRecords, OrgRecord, UserRecord};
use crate::run::plan_file::PlannedAction;
use crate::zendesk::{self, ReadError};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// The records of one action, just read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    pub org: Option<OrgRecord>,
    /// For an action about a user.
    pub user: Option<UserRecord>,
    /// The user's memberships in orgs that exist.
    pub memberships: MembershipRecords,
    /// The account setting; read only if the user already has a membership. `false`: off, or it could not be read.
    pub multiple_organizations: bool,
}

impl Look {
    /// The user's default org, as the audit understands it (rules 6.2).
    pub fn default_org(&self) -> Option<u64> {
        self.marked_org().or_else(|| self.user.as_ref().and_then(|user| user.organization_id))
    }

    /// The org of the membership that is marked as the default.
    fn marked_org(&self) -> Option<u64> {
        self.memberships.list.iter().find(|membership| membership.default).map(|membership| membership.org_id)
    }

    /// Whether the org was read without this key.
    pub fn org_lacks(&self, key: &str) -> bool {
        self.org.as_ref().is_some_and(|org| org.lacks.contains(&key))
    }

    /// Whether the user was read without this key.
    pub fn user_lacks(&self, key: &str) -> bool {
        self.user.as_ref().is_some_and(|user| user.lacks.contains(&key))
    }

    /// Whether the answer about memberships does not say which orgs the user is in.
    pub fn lacks_members(&self) -> bool {
        self.memberships.lacks.iter().any(|key| *key != "default")
    }

    /// Whether the answers do not say which org is the user's default.
    pub fn lacks_default(&self) -> bool {
        !self.memberships.lacks.is_empty() || (self.marked_org().is_none() && self.user_lacks("organization_id"))
    }

    /// Whether the answers lack the part of Zendesk that the action changes.
    pub fn lacks_state(&self, action: &PlannedAction) -> bool {
        match action.action_code {
            ActionCode::SetOrgExternalId => self.org_lacks("external_id"),
            ActionCode::AddOrgDomain => self.org_lacks("domain_names"),
            ActionCode::AssignUserToOrg => self.lacks_members(),
            ActionCode::MoveUserToOrg => self.lacks_members() || self.lacks_default(),
        }
    }

    /// Whether the user is a member of the org.
    pub fn is_member(&self, org_id: u64) -> bool {
        self.memberships.list.iter().any(|membership| membership.org_id == org_id)
    }

    /// Whether the action's effect is already in place.
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
    /// `None` if the answers do not contain it.
    pub fn state(&self, action: &PlannedAction) -> Option<Value> {
        (!self.lacks_state(action)).then(|| match action.action_code {
            ActionCode::SetOrgExternalId => json!(self.org.as_ref().and_then(|org| org.external_id.as_deref())),
            ActionCode::AddOrgDomain => {
                json!(self.org.as_ref().map_or(&[][..], |org| org.domain_names.as_slice()))
            }
            ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => {
                let orgs: BTreeSet<u64> = self.memberships.list.iter().map(|membership| membership.org_id).collect();
                json!({ "default_org_id": self.default_org(), "member_of": orgs })
            }
        })
    }
}

/// Reads records one by one. Each read is fresh.
#[expect(async_fn_in_trait, reason = "used within this crate, on one thread")]
pub trait SubjectReads {
    /// Every organization that exists, in any order.
    async fn organizations(&self, take: &mut dyn FnMut(OrgRecord)) -> Result<(), ReadError>;
    async fn organization(&self, id: u64) -> Result<Option<OrgRecord>, ReadError>;
    async fn user(&self, id: u64) -> Result<Option<UserRecord>, ReadError>;
    /// All memberships of the user; none for a user that does not exist.
    async fn memberships(&self, user_id: u64) -> Result<MembershipRecords, ReadError>;
    /// Whether the account setting is on; `false` also if it cannot be read.
    async fn multiple_organizations(&self) -> bool;
}

impl SubjectReads for zendesk::Records<'_> {
    async fn organizations(&self, take: &mut dyn FnMut(OrgRecord)) -> Result<(), ReadError> {
        Self::organizations(self, take).await
    }
    async fn organization(&self, id: u64) -> Result<Option<OrgRecord>, ReadError> {
        Self::organization(self, id).await
    }
    async fn user(&self, id: u64) -> Result<Option<UserRecord>, ReadError> {
        Self::user(self, id).await
    }
    async fn memberships(&self, user_id: u64) -> Result<MembershipRecords, ReadError> {
        Self::memberships(self, user_id).await
    }
    async fn multiple_organizations(&self) -> bool {
        Self::multiple_organizations(self).await
    }
}

/// The demo's records: nothing changes there, so every read is fresh.
impl SubjectReads for zendesk::Fixture {
    async fn organizations(&self, take: &mut dyn FnMut(OrgRecord)) -> Result<(), ReadError> {
        Self::organizations(self).cloned().for_each(take);
        Ok(())
    }
    async fn organization(&self, id: u64) -> Result<Option<OrgRecord>, ReadError> {
        Ok(Self::organization(self, id).cloned())
    }
    async fn user(&self, id: u64) -> Result<Option<UserRecord>, ReadError> {
        Ok(Self::user(self, id).cloned())
    }
    async fn memberships(&self, user_id: u64) -> Result<MembershipRecords, ReadError> {
        Ok(Self::memberships(self, user_id))
    }
    async fn multiple_organizations(&self) -> bool {
        self.multiple_organizations
    }
}

/// Reads the records of one action and updates the index with them. The index decides which orgs exist; a membership in any other
/// org is dropped (rules 5). An org that the index does not know is read, so that a new org never counts as deleted.
pub async fn look(
    records: &impl SubjectReads,
    action: &PlannedAction,
    index: &mut OrgIndex,
) -> Result<Look, ReadError> {
    let mut look = Look { org: records.organization(action.org_id).await?, ..Look::default() };
    index.update(action.org_id, look.org.as_ref());
    if let Some(user_id) = action.user_id {
        look.user = records.user(user_id).await?;
        if look.user.is_some() {
            look.memberships = records.memberships(user_id).await?;
            let mut existing = Vec::with_capacity(look.memberships.list.len());
            for membership in std::mem::take(&mut look.memberships.list) {
                if membership.org_id != action.org_id && !index.knows(membership.org_id) {
                    index.update(membership.org_id, records.organization(membership.org_id).await?.as_ref());
                }
                if index.knows(membership.org_id) {
                    existing.push(membership);
                }
            }
            look.memberships.list = existing;
        }
        if action.action_code == ActionCode::AssignUserToOrg && !look.memberships.list.is_empty() {
            look.multiple_organizations = records.multiple_organizations().await;
        }
    }
    Ok(look)
}

/// Which orgs have which id and which domain. Built from the list, which is read once, and updated by every fresh read.
#[derive(Debug, Clone, Default)]
pub struct OrgIndex {
    by_key: HashMap<String, BTreeSet<u64>>,
    by_domain: HashMap<String, BTreeSet<u64>>,
    /// The keys and domains under which an org that exists is found.
    of: HashMap<u64, (Vec<String>, Vec<String>)>,
    /// Every entry that this run has ever seen in an org's list of domains.
    ever: HashMap<u64, BTreeSet<String>>,
}

impl OrgIndex {
    /// Reads the list of orgs. An org that comes twice, because it changed in the meantime, is found under every id and
    /// domain that it had.
    pub async fn read(records: &impl SubjectReads) -> Result<Self, ReadError> {
        let mut index = Self::default();
        let mut take = |org: OrgRecord| {
            index.remember(&org);
            index.add(&org);
        };
        records.organizations(&mut take).await?;
        Ok(index)
    }

    fn add(&mut self, org: &OrgRecord) {
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

    /// Forgets everything about an org.
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

    fn remember(&mut self, org: &OrgRecord) {
        self.ever.entry(org.id).or_default().extend(org.domain_names.iter().map(|entry| entry_of(entry)));
    }

    /// Updates an org from a fresh read; `None`: it does not exist. A read that lacks a key removes nothing.
    pub fn update(&mut self, id: u64, org: Option<&OrgRecord>) {
        match org {
            Some(org) => {
                self.remember(org);
                if org.lacks.is_empty() {
                    self.remove(id);
                }
                self.add(org);
            }
            None => self.remove(id),
        }
    }

    /// Whether the org is known to exist.
    fn knows(&self, id: u64) -> bool {
        self.of.contains_key(&id)
    }

    /// Whether the org's list lacks an entry that this run has seen in it before. A write replaces the whole list, so it must
    /// not be made from a list that is shorter than one seen before.
    pub fn has_shrunk(&self, org: &OrgRecord) -> bool {
        let held: BTreeSet<String> = org.domain_names.iter().map(|entry| entry_of(entry)).collect();
        self.ever.get(&org.id).is_some_and(|ever| !ever.is_subset(&held))
    }

    /// Whether an org other than this one has an external id with this account key.
    pub fn id_is_elsewhere(&self, key: &str, org_id: u64) -> bool {
        self.by_key.get(key).is_some_and(|orgs| orgs.iter().any(|id| *id != org_id))
    }

    /// Whether an org other than this one has this domain.
    pub fn domain_is_elsewhere(&self, domain: &str, org_id: u64) -> bool {
        self.by_domain.get(domain).is_some_and(|orgs| orgs.iter().any(|id| *id != org_id))
    }
}

/// An entry of a list of domains, in a form in which two reads can be compared.
fn entry_of(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}
