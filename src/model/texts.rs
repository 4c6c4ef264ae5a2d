//! A few short texts in one allocation: a million records hold several each.

/// `N` texts, any of which may be absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts<const N: usize> {
    joined: Box<str>,
    /// Where each ends in `joined`; in the highest bit whether it is absent.
    ends: [u32; N],
}

const ABSENT: u32 = 1 << 31;

impl<const N: usize> Texts<N> {
    /// Joins the texts. Together they are shorter than 2 GiB, as every text that was parsed is.
    pub fn new(texts: [Option<&str>; N]) -> Self {
        let mut joined = String::with_capacity(texts.iter().flatten().map(|text| text.len()).sum());
        let ends = texts.map(|text| {
            joined.push_str(text.unwrap_or_default());
            joined.len() as u32 | if text.is_some() { 0 } else { ABSENT }
        });
        Self { joined: joined.into(), ends }
    }

    /// The text at an index.
    pub fn get(&self, index: usize) -> Option<&str> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] & !ABSENT);
        let end = self.ends[index];
        if end & ABSENT != 0 { None } else { self.joined.get(start as usize..end as usize) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_text_is_not_an_absent_one() {
        let texts = Texts::new([Some("id"), None, Some(""), Some("z\u{fc}rich"), None]);
        let read: Vec<Option<&str>> = (0..5).map(|index| texts.get(index)).collect();
        assert_eq!(read, [Some("id"), None, Some(""), Some("z\u{fc}rich"), None]);
    }
}
