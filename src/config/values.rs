//! Values of the configuration that are looked at while they are read: names of the catalogue, ids that must be quoted, and keys
//! that must not be left empty.

use super::{ConfigError, at};
use crate::catalogue::{ActionCode, IssueCode, Risk};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_yaml::Spanned;
use std::fmt;

/// A value, and the line on which it is.
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) line: u64,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::deserialize(deserializer)?;
        Ok(Self { value, line: referenced.line() })
    }
}

/// A key whose absence widens what is done or loosens a limit. So it is absent, or it has a value: one that is left empty is
/// most likely a value that got lost, and is refused by [`Given::value`].
pub(super) struct Given<T>(Option<Placed<Option<T>>>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    /// Reads a key that is there, with or without a value. Of an `Option` alone, null would be the same as absent.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Placed::deserialize(deserializer).map(|placed| Self(Some(placed)))
    }
}

impl<T> Given<T> {
    /// The value of a key, unless the key is absent.
    pub(super) fn value(self, key: &str) -> Result<Option<T>, ConfigError> {
        self.0.map(|given| needed(key, given)).transpose()
    }
}

/// A value that must not be null.
pub(super) fn needed<T>(key: &str, given: Placed<Option<T>>) -> Result<T, ConfigError> {
    let line = given.line;
    given.value.ok_or_else(|| at(line, format_args!("`{key}` has no value; set one, or remove the key")))
}

/// A name of the catalogue.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name<T>(pub(super) T);

/// What a [`Name`] can be.
pub(super) trait Named: Sized + Copy + 'static {
    const NAMES: &'static [&'static str];
    fn of(name: &str) -> Option<Self>;
}

macro_rules! named {
    ($($kind:ty),+) => {$(
        impl Named for $kind {
            const NAMES: &'static [&'static str] = &{
                let mut names = [""; <$kind>::ALL.len()];
                let mut i = 0;
                while i < names.len() {
                    names[i] = <$kind>::ALL[i].as_str();
                    i += 1;
                }
                names
            };
            fn of(name: &str) -> Option<Self> {
                Self::parse(name)
            }
        }
    )+};
}

named!(Risk, IssueCode, ActionCode);

impl<'de, T: Named> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        T::of(&name).map(Self).ok_or_else(|| de::Error::unknown_variant(&name, T::NAMES))
    }
}

/// A text that looks like a number unless it is quoted.
pub(super) struct Quoted(pub(super) String);

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOnly;
        impl Visitor<'_> for TextOnly {
            type Value = Quoted;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text in quotes")
            }
            fn visit_str<E>(self, text: &str) -> Result<Quoted, E> {
                Ok(Quoted(text.to_owned()))
            }
            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Quoted, E> {
                Err(E::custom(
                    "an id written as a bare number must be put in quotes, or some of its digits may be lost",
                ))
            }
            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Quoted, E> {
                self.visit_u64(0)
            }
            fn visit_u128<E: de::Error>(self, _: u128) -> Result<Quoted, E> {
                self.visit_u64(0)
            }
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Quoted, E> {
                self.visit_u64(0)
            }
        }
        deserializer.deserialize_any(TextOnly)
    }
}
