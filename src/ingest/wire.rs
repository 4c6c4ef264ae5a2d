//! Records as Zendesk writes them: only the fields that the rules use, borrowed from the text that is being read.
//!
//! A field without which nothing can be judged is an option twice: absent, null, or a value.
//! Names and addresses of users, subjects of tickets and everything else are skipped by the parser and never held.
//! Sources: <https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/>, `…/users/users/`,
//! `…/organizations/organization_memberships/`, `…/tickets/tickets/`.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, Visitor};
use std::borrow::Cow;
use std::fmt;

#[derive(Deserialize)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(super) struct Organization<'a> {
    pub id: Id,
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub external_id: Option<Option<Text<'a>>>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub domain_names: Option<Option<Vec<Text<'a>>>>,
    #[serde(default)]
    pub shared_tickets: Option<bool>,
    #[serde(borrow, default)]
    pub updated_at: Option<Text<'a>>,
    #[serde(default)]
    pub deleted_at: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(super) struct User<'a> {
    pub id: Id,
    #[serde(borrow, default, deserialize_with = "present")]
    pub role: Option<Option<Text<'a>>>,
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default)]
    pub suspended: Option<bool>,
    #[serde(default)]
    pub shared: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub verified: Option<Option<bool>>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub email: Option<Option<Text<'a>>>,
    #[serde(default, deserialize_with = "present")]
    pub organization_id: Option<Option<Id>>,
    #[serde(borrow, default)]
    pub updated_at: Option<Text<'a>>,
    #[serde(default)]
    pub deleted_at: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(super) struct Membership<'a> {
    pub id: Id,
    pub user_id: Id,
    pub organization_id: Id,
    /// `true` or `null` in practice.
    #[serde(default, deserialize_with = "present")]
    pub default: Option<Option<bool>>,
    #[serde(borrow, default)]
    pub updated_at: Option<Text<'a>>,
    #[serde(default)]
    pub deleted_at: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(super) struct Ticket<'a> {
    pub id: Id,
    #[serde(default, deserialize_with = "present")]
    pub requester_id: Option<Option<Id>>,
    #[serde(default, deserialize_with = "present")]
    pub organization_id: Option<Option<Id>>,
    #[serde(borrow, default)]
    pub status: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub updated_at: Option<Option<Text<'a>>>,
    #[serde(default)]
    pub deleted_at: Option<IgnoredAny>,
}

/// A field that may be absent or null, which are two different things where a rule needs the field.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Text that is borrowed where the JSON has no escapes in it.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(super) struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// An id. One that JSON could not carry exactly arrives as `u64::MAX`, which the caller refuses like any other above 2^53 − 1.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(super) struct Id(pub u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl Visitor<'_> for IdVisitor {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }
            fn visit_u64<E>(self, id: u64) -> Result<Self::Value, E> {
                Ok(Id(id))
            }
            fn visit_f64<E: Error>(self, id: f64) -> Result<Self::Value, E> {
                // serde_json gives integers beyond 64 bits as floating point.
                if id >= 18_446_744_073_709_551_615.0 {
                    Ok(Id(u64::MAX))
                } else {
                    Err(E::custom("an id must be a whole number"))
                }
            }
        }
        deserializer.deserialize_u64(IdVisitor)
    }
}
