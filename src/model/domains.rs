//! Every normalized domain once: records hold a four-byte `DomainId` in its place.
//!
//! Ids are given in the order of first sight and mean nothing else: what leaves the program is ordered by text.

use super::domain::{self, NotUsable};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use smallvec::SmallVec;
use std::hash::BuildHasher;
use std::num::NonZeroU32;

/// One normalized domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(NonZeroU32);

/// The few domains of one record.
pub type DomainIds = SmallVec<[DomainId; 4]>;

impl DomainId {
    /// A dense index, from 0.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// All domains that the reference, the orgs and the users mention.
#[derive(Debug, Default)]
pub struct DomainTable {
    text: String,
    /// Where each domain ends in `text`.
    ends: Vec<u32>,
    table: HashTable<u32>,
    /// Other spellings seen, so that each is normalized once.
    aliases: hashbrown::HashMap<Box<str>, Option<DomainId>>,
    email_aliases: hashbrown::HashMap<Box<str>, Option<DomainId>>,
    hasher: hashbrown::DefaultHashBuilder,
}

impl DomainTable {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All of them, by index.
    pub fn ids(&self) -> impl Iterator<Item = DomainId> + use<> {
        (0..self.ends.len() as u32).map(id_at)
    }

    /// The text of a domain: letters, digits, hyphens and dots only.
    pub fn text(&self, id: DomainId) -> &str {
        self.at(id.index())
    }

    /// The domain that is written `normalized`, when any record mentions it.
    pub fn find(&self, normalized: &str) -> Option<DomainId> {
        let hash = self.hasher.hash_one(normalized);
        self.table.find(hash, |i| self.at(*i as usize) == normalized).map(|i| id_at(*i))
    }

    /// Whether an entry of a domain list, trimmed and in ASCII lower case, is the domain itself.
    pub fn is_normal(&self, id: DomainId, entry: &str) -> bool {
        self.text(id).eq_ignore_ascii_case(entry.trim())
    }

    /// Normalizes an entry of a domain list.
    pub fn entry(&mut self, text: &str) -> Result<DomainId, NotUsable> {
        domain::normalize(text).map(|normalized| self.intern(&normalized))
    }

    /// The same, remembering the answer for the spelling.
    pub fn org_domain(&mut self, text: &str) -> Option<DomainId> {
        if !text.starts_with("www.")
            && let Some(known) = self.find(text)
        {
            return Some(known);
        }
        if let Some(known) = self.aliases.get(text) {
            return *known;
        }
        let id = self.entry(text).ok();
        if id.is_none_or(|id| self.text(id) != text) {
            self.aliases.insert(text.into(), id);
        }
        id
    }

    /// The same as [`DomainTable::find`] for many texts, step by step for all of them: each step waits for memory, and so they
    /// wait together.
    pub fn find_all(&self, texts: &[&str]) -> Vec<Option<DomainId>> {
        let likely: Vec<Option<u32>> = texts.iter().map(|text| self.likely(text)).collect();
        let likely: Vec<Option<(u32, &str)>> =
            likely.iter().map(|at| at.map(|at| (at, self.at(at as usize)))).collect();
        let found = texts.iter().zip(likely).map(|(text, likely)| match likely {
            Some((at, known)) if known == *text => Some(id_at(at)),
            // Another text with the same hash, as far as the table keeps it.
            Some(_) => self.find(text),
            None => None,
        });
        found.collect()
    }

    /// A domain whose hash looks like that of the text, if it has one.
    fn likely(&self, text: &str) -> Option<u32> {
        self.table.find(self.hasher.hash_one(text), |_| true).copied()
    }

    /// The domain of an e-mail address, from what follows its last `@`.
    pub fn email_domain(&mut self, after_at: &str) -> Option<DomainId> {
        if let Some(known) = self.find(after_at) {
            return Some(known);
        }
        if let Some(known) = self.email_aliases.get(after_at) {
            return *known;
        }
        let id = domain::normalize_email_domain(after_at).ok().map(|normalized| self.intern(&normalized));
        if id.is_none_or(|id| self.text(id) != after_at) {
            self.email_aliases.insert(after_at.into(), id);
        }
        id
    }

    fn intern(&mut self, normalized: &str) -> DomainId {
        let hash = self.hasher.hash_one(normalized);
        let next = self.ends.len() as u32;
        let (text, ends, hasher) = (&mut self.text, &mut self.ends, &self.hasher);
        let entry = self.table.entry(
            hash,
            |i| slice(text, ends, *i as usize) == normalized,
            |i| hasher.hash_one(slice(text, ends, *i as usize)),
        );
        match entry {
            Entry::Occupied(found) => id_at(*found.get()),
            Entry::Vacant(free) => {
                free.insert(next);
                text.push_str(normalized);
                ends.push(text.len() as u32);
                id_at(next)
            }
        }
    }

    fn at(&self, index: usize) -> &str {
        slice(&self.text, &self.ends, index)
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], index: usize) -> &'a str {
    let start = if index == 0 { 0 } else { ends[index - 1] as usize };
    &text[start..ends[index] as usize]
}

fn id_at(index: u32) -> DomainId {
    DomainId(NonZeroU32::MIN.saturating_add(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_domain_gets_the_same_id() {
        let mut domains = DomainTable::default();
        let acme = domains.org_domain("acme.com").expect("a domain");
        assert_eq!(domains.org_domain("WWW.Acme.com"), Some(acme));
        assert_eq!(domains.org_domain("www.acme.com"), Some(acme));
        assert_eq!(domains.email_domain("ACME.com"), Some(acme));
        assert_eq!(domains.find("acme.com"), Some(acme));
        assert_eq!(domains.text(acme), "acme.com");
        assert_eq!(domains.org_domain("acme"), None);
    }

    #[test]
    fn www_belongs_to_the_domain_of_an_address_only() {
        let mut domains = DomainTable::default();
        let kept = domains.email_domain("www.acme.com").expect("a domain");
        assert_eq!(domains.text(kept), "www.acme.com");
        let dropped = domains.org_domain("www.acme.com").expect("a domain");
        assert_eq!(domains.text(dropped), "acme.com");
        assert_eq!(domains.email_domain("www.acme.com"), Some(kept));
    }
}
