//! Single records, as they are read one by one: what an apply looks at and a trace of the network needs. The audit keeps its
//! many records in `world`.

use super::account_key::account_key;
use super::domain;

/// The keys that a rule may need and an answer did not have. Absent is not empty (rules 8.3).
pub type Lacks = Vec<&'static str>;

/// An organization that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgRecord {
    pub id: u64,
    /// As stored.
    pub external_id: Option<String>,
    /// As stored.
    pub domain_names: Vec<String>,
    pub shared_tickets: bool,
    /// Of `external_id` and `domain_names`; also `domain_names` that are null.
    pub lacks: Lacks,
}

impl OrgRecord {
    /// The account key of its external id; `None` for a blank one.
    pub fn key(&self) -> Option<String> {
        self.external_id.as_deref().map(account_key).filter(|key| !key.is_empty())
    }

    /// Whether it holds this domain, which is in its normal form.
    pub fn holds(&self, domain: &str) -> bool {
        self.domains().any(|held| held == domain)
    }

    /// Its domains in their normal form; what does not normalize is left out. None where the answer had no list.
    pub fn domains(&self) -> impl Iterator<Item = String> {
        self.domain_names.iter().filter_map(|text| domain::normalize(text).ok())
    }
}

/// A user that exists. Of the e-mail address only the domain is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    pub id: u64,
    pub active: bool,
    pub suspended: bool,
    pub verified: bool,
    pub email_domain: Option<String>,
    pub organization_id: Option<u64>,
    /// Of `active`, `suspended`, `verified`, `email` and `organization_id`.
    pub lacks: Lacks,
}

/// A membership of the user that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipRecord {
    pub id: u64,
    pub org_id: u64,
    pub default: bool,
}

/// All memberships of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MembershipRecords {
    /// Ascending by id.
    pub list: Vec<MembershipRecord>,
    /// Of `organization_id`, `user_id` and `default`, each named once. A record without one of the first two is not in the list.
    pub lacks: Lacks,
}
