//! A built-in list of domains: data in a file of its own, embedded as it stands, with source and date in its header.

use crate::digest;
use std::sync::OnceLock;

/// The list of a file: one domain a line, in sections that blank lines divide; comments begin with `#`.
pub(super) struct DomainList {
    file: &'static str,
    sorted: OnceLock<Vec<&'static str>>,
}

impl DomainList {
    pub(super) const fn new(file: &'static str) -> Self {
        Self { file, sorted: OnceLock::new() }
    }

    /// The domains, in byte order.
    pub(super) fn domains(&self) -> &[&'static str] {
        self.sorted.get_or_init(|| {
            let mut domains: Vec<_> = entries(self.file).collect();
            domains.sort_unstable();
            domains
        })
    }

    /// Whether the list holds exactly this domain.
    pub(super) fn contains(&self, domain: &str) -> bool {
        self.domains().binary_search(&domain).is_ok()
    }

    /// SHA-256 of the file in lower-case hex.
    pub(super) fn digest(&self) -> String {
        digest::sha256(self.file.as_bytes())
    }
}

/// The lines that hold a domain, in the order of the file.
fn entries(file: &str) -> impl Iterator<Item = &str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Checks the form of a list: its date, the titles of its sections, their order, and that each domain is in its normal form.
#[cfg(test)]
pub(super) fn check_form(list: &DomainList, date: &str, titles: &[&str]) {
    assert_eq!(list.file.lines().find_map(|line| line.strip_prefix("# Date: ")), Some(date));
    assert!(list.domains().windows(2).all(|pair| pair[0] < pair[1]), "no domain is there twice");
    let sections: Vec<&str> = list.file.split("\n\n").collect();
    assert_eq!(entries(sections[0]).count(), 0, "the first section is the header");
    let found: Vec<&str> = sections[1..].iter().filter_map(|part| part.lines().next()?.strip_prefix("# ")).collect();
    assert_eq!(found, titles);
    for section in &sections[1..] {
        assert!(entries(section).count() > 0 && entries(section).is_sorted(), "{section}");
    }
    for domain in list.domains() {
        assert_eq!(super::domain::normalize(domain).as_deref(), Ok(*domain));
    }
}
