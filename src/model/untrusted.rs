//! Text from outside. It has no `Display`, so that it reaches people only through `crate::escape`.

/// A name or an id as another system stores it: possibly long, hostile, or both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrusted(Box<str>);

impl Untrusted {
    /// Keeps `text` as it is: ids, which must be comparable with what is stored.
    pub fn verbatim(text: &str) -> Self {
        Self(text.into())
    }

    /// Keeps a name; control characters (C0, DEL, C1) become U+FFFD (contract 5).
    pub fn name(text: &str) -> Self {
        if text.chars().any(char::is_control) {
            Self(text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect())
        } else {
            Self::verbatim(text)
        }
    }

    /// The text itself, for comparing and for `crate::escape`.
    pub fn raw(&self) -> &str {
        &self.0
    }
}
