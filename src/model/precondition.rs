//! What must hold for an action when it is applied: the names that a plan carries (rules 7).
//!
//! `plan` decides which ones an action gets, `apply::recheck` whether they hold.

use super::world::MAX_ID;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

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
    /// The user's default org is still this one, or still none.
    DefaultOrgIs(Option<u64>),
}

impl Precondition {
    /// The name, and the domain or the org that it is about.
    fn parts(&self) -> (&'static str, Option<Cow<'_, str>>) {
        fn about(domain: &str) -> Option<Cow<'_, str>> {
            Some(Cow::Borrowed(domain))
        }
        match self {
            Self::OrgExists => ("org_exists", None),
            Self::OrgExternalIdIsBlank => ("org_external_id_is_blank", None),
            Self::ExternalIdUnused => ("external_id_unused", None),
            Self::OrgHasDomain(domain) => ("org_has_domain", about(domain)),
            Self::OrgExternalIdIsAccount => ("org_external_id_is_account", None),
            Self::OrgLacksDomain(domain) => ("org_lacks_domain", about(domain)),
            Self::DomainUnused(domain) => ("domain_unused", about(domain)),
            Self::UserExists => ("user_exists", None),
            Self::UserActive => ("user_active", None),
            Self::UserNotSuspended => ("user_not_suspended", None),
            Self::UserVerified => ("user_verified", None),
            Self::UserEmailDomain(domain) => ("user_email_domain", about(domain)),
            Self::UserNotMember => ("user_not_member", None),
            Self::MultipleOrganizationsOnOrFirst => ("multiple_organizations_on_or_first", None),
            Self::UserIsMember => ("user_is_member", None),
            Self::MembershipNotDefault => ("membership_not_default", None),
            Self::DefaultOrgIs(org) => {
                let org = org.map_or(Cow::Borrowed("none"), |id| Cow::Owned(id.to_string()));
                ("default_org_is", Some(org))
            }
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
            ("default_org_is", Some(org)) => Self::DefaultOrgIs(Some(org_id(&org)?)),
            _ => return None,
        };
        Some(known)
    }
}

/// An id as it is written here: digits, without sign or leading zeros.
fn org_id(text: &str) -> Option<u64> {
    text.parse().ok().filter(|id: &u64| *id <= MAX_ID && id.to_string() == text)
}

impl fmt::Display for Precondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (name, None) => f.write_str(name),
            (name, Some(about)) => write!(f, "{name}:{about}"),
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
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("there is no precondition \"{text}\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nothing_else() {
        use Precondition as P;
        for one in
            [P::OrgExists, P::OrgHasDomain("a.example".to_owned()), P::DefaultOrgIs(None), P::DefaultOrgIs(Some(7))]
        {
            assert_eq!(P::parse(&one.to_string()), Some(one));
        }
        assert_eq!(P::DefaultOrgIs(None).to_string(), "default_org_is:none");
        for text in [
            "default_org_is",
            "default_org_is:",
            "default_org_is:07",
            "default_org_is:+7",
            "default_org_is:9007199254740992",
        ] {
            assert_eq!(P::parse(text), None, "{text}");
        }
    }
}
