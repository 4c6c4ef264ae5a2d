//! Single records, as they are read one by one: what an apply looks at and a trace of the network needs. The audit keeps its
//! many records in `world`.

use super::account_key::account_key;
use super::domain;

/// An organization that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    pub id: u64,
    /// As stored.
    pub external_id: Option<String>,
    /// As stored.
    pub domain_names: Vec<String>,
    pub shared_tickets: bool,
}

impl Org {
    /// The account key of its external id; `None` for a blank one.
    pub fn key(&self) -> Option<String> {
        self.external_id.as_deref().map(account_key).filter(|key| !key.is_empty())
    }

    /// Whether it holds this domain, which is in its normal form.
    pub fn holds(&self, domain: &str) -> bool {
        self.domains().any(|held| held == domain)
    }

    /// Its domains in their normal form; what does not normalize is left out.
    pub fn domains(&self) -> impl Iterator<Item = String> {
        self.domain_names.iter().filter_map(|text| domain::normalize(text).ok())
    }
}

/// A user that exists. Of the e-mail address only the domain is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: u64,
    pub active: bool,
    pub suspended: bool,
    pub verified: bool,
    pub email_domain: Option<String>,
    pub organization_id: Option<u64>,
}

/// A membership of the user that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    pub id: u64,
    pub org_id: u64,
    pub default: bool,
}
