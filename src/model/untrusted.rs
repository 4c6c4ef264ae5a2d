//! Text from outside. It has no `Display`, so that it reaches people only through `crate::text::escape`.

use std::borrow::Cow;

/// A name or an id as another system stores it: possibly long, hostile, or both. `T` is how it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrusted<T = Box<str>>(T);

impl Untrusted {
    /// Keeps `text` as it is: ids, which must be comparable with what is stored.
    pub fn verbatim(text: &str) -> Self {
        Self(text.into())
    }

    /// The text itself, for comparing and for `crate::text::escape`.
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl<'a> Untrusted<&'a str> {
    /// A text that a record holds.
    pub const fn borrowed(text: &'a str) -> Self {
        Self(text)
    }

    /// The text itself, likewise.
    pub const fn raw(&self) -> &'a str {
        self.0
    }
}

impl<'a> Untrusted<Cow<'a, str>> {
    /// What follows from a text that a record holds.
    pub const fn derived(text: Cow<'a, str>) -> Self {
        Self(text)
    }

    /// The text itself, likewise.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text itself, likewise.
    pub fn into_raw(self) -> Cow<'a, str> {
        self.0
    }
}

/// A name as it is kept: control characters (C0, DEL, C1) become U+FFFD (rules 5).
pub fn name(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        Cow::Owned(text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}
