//! What must hold for an action when it is applied: the names that a plan carries (contract 7).
//!
//! `plan` decides which ones an action gets, `apply::recheck` whether they hold.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// What a precondition is about.
fn of(subject: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(subject))
}

/// One precondition. A domain is in its normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    OrgExists,
    OrgExternalIdIsBlank,
    /// No other org carries the id that is to be set.
    ExternalIdUnused,
    /// The org, and no other, holds the domain.
    OrgHasDomain(String),
    /// The org's `external_id` has the account's key.
    OrgExternalIdIsAccount,
    OrgLacksDomain(String),
    /// No other org holds the domain.
    DomainUnused(String),
    UserExists,
    UserActive,
    UserNotSuspended,
    UserVerified,
    UserEmailDomain(String),
    UserNotMember,
    /// The account setting `multiple_organizations` is on, or the user has no membership at all.
    MultipleOrganizationsOnOrFirst,
    /// The membership of the plan is there, and in the org.
    UserIsMember,
    MembershipNotDefault,
    /// The user's default org is still the one that the audit saw; `None`: still none.
    DefaultOrgIs(Option<u64>),
}

impl Precondition {
    /// The name, and the domain or org that it is about.
    fn parts(&self) -> (&'static str, Option<Cow<'_, str>>) {
        match self {
            Self::OrgExists => ("org_exists", None),
            Self::OrgExternalIdIsBlank => ("org_external_id_is_blank", None),
            Self::ExternalIdUnused => ("external_id_unused", None),
            Self::OrgHasDomain(domain) => ("org_has_domain", of(domain)),
            Self::OrgExternalIdIsAccount => ("org_external_id_is_account", None),
            Self::OrgLacksDomain(domain) => ("org_lacks_domain", of(domain)),
            Self::DomainUnused(domain) => ("domain_unused", of(domain)),
            Self::UserExists => ("user_exists", None),
            Self::UserActive => ("user_active", None),
            Self::UserNotSuspended => ("user_not_suspended", None),
            Self::UserVerified => ("user_verified", None),
            Self::UserEmailDomain(domain) => ("user_email_domain", of(domain)),
            Self::UserNotMember => ("user_not_member", None),
            Self::MultipleOrganizationsOnOrFirst => ("multiple_organizations_on_or_first", None),
            Self::UserIsMember => ("user_is_member", None),
            Self::MembershipNotDefault => ("membership_not_default", None),
            Self::DefaultOrgIs(None) => ("default_org_is", of("none")),
            Self::DefaultOrgIs(Some(org)) => ("default_org_is", Some(Cow::Owned(org.to_string()))),
        }
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, domain) =
            text.split_once(':').map_or((text, None), |(name, domain)| (name, Some(domain.to_owned())));
        let known = match (name, domain) {
            ("org_exists", None) => Self::OrgExists,
            ("org_external_id_is_blank", None) => Self::OrgExternalIdIsBlank,
            ("external_id_unused", None) => Self::ExternalIdUnused,
            ("org_has_domain", Some(domain)) => Self::OrgHasDomain(domain),
            ("org_external_id_is_account", None) => Self::OrgExternalIdIsAccount,
            ("org_lacks_domain", Some(domain)) => Self::OrgLacksDomain(domain),
            ("domain_unused", Some(domain)) => Self::DomainUnused(domain),
            ("user_exists", None) => Self::UserExists,
            ("user_active", None) => Self::UserActive,
            ("user_not_suspended", None) => Self::UserNotSuspended,
            ("user_verified", None) => Self::UserVerified,
            ("user_email_domain", Some(domain)) => Self::UserEmailDomain(domain),
            ("user_not_member", None) => Self::UserNotMember,
            ("multiple_organizations_on_or_first", None) => Self::MultipleOrganizationsOnOrFirst,
            ("user_is_member", None) => Self::UserIsMember,
            ("membership_not_default", None) => Self::MembershipNotDefault,
            ("default_org_is", Some(org)) if org == "none" => Self::DefaultOrgIs(None),
            ("default_org_is", Some(org)) => {
                Self::DefaultOrgIs(Some(org.parse().ok().filter(|id: &u64| id.to_string() == org)?))
            }
            _ => return None,
        };
        Some(known)
    }
}

impl fmt::Display for Precondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (name, None) => f.write_str(name),
            (name, Some(domain)) => write!(f, "{name}:{domain}"),
        }
    }
}

impl Serialize for Precondition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Precondition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("unknown precondition \"{text}\"")))
    }
}
