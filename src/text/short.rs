//! A text of at most `N` bytes that needs no allocation of its own: ids and days, of which a history holds one for each issue.
//! On the large world (`docs/performance.md`) that is 30 MiB less than a `String` each.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;

/// UTF-8, of at most `N` bytes; `N` is at most 255.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Short<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

impl<const N: usize> Short<N> {
    /// `None` for a longer text.
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { length: u8::try_from(text.len()).ok()?, bytes })
    }
}

impl<const N: usize> Default for Short<N> {
    fn default() -> Self {
        Self { length: 0, bytes: [0; N] }
    }
}

impl<const N: usize> Deref for Short<N> {
    type Target = str;

    fn deref(&self) -> &str {
        str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl<const N: usize> Borrow<str> for Short<N> {
    fn borrow(&self) -> &str {
        self
    }
}

// By the text, as `Borrow` asks for.
impl<const N: usize> Ord for Short<N> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes[..usize::from(self.length)].cmp(&other.bytes[..usize::from(other.length)])
    }
}

impl<const N: usize> PartialOrd for Short<N> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> fmt::Display for Short<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl<const N: usize> fmt::Debug for Short<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<const N: usize> Serialize for Short<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Short<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| serde::de::Error::custom(format_args!("a text of more than {N} bytes")))
    }
}

#[cfg(test)]
mod tests {
    use super::Short;
    use std::collections::BTreeMap;

    #[test]
    fn it_is_found_by_its_text_in_the_order_of_texts() {
        let words = ["b", "", "ab", "a"];
        let map: BTreeMap<Short<2>, ()> =
            words.iter().filter_map(|word| Short::new(word)).map(|word| (word, ())).collect();
        assert_eq!(map.keys().map(|key| &**key).collect::<Vec<_>>(), ["", "a", "ab", "b"]);
        assert!(map.contains_key("ab") && !map.contains_key("abc"));
        assert_eq!(Short::<2>::new("abc"), None);
        assert_eq!(serde_json::from_str::<Short<3>>("\"xy\"").expect("short").to_string(), "xy");
        assert!(serde_json::from_str::<Short<1>>("\"xy\"").is_err());
    }
}
