//! The normal form of a domain (rules 4.2): one spelling for every way in which a domain is written.
//!
//! Source of the mapping: UTS 46, non-transitional, by the `idna` crate; public suffixes by the `psl` crate, ICANN section only.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use std::borrow::Cow;

/// Why a text is no usable domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotUsable {
    /// Not two or more labels of letters, digits and inner hyphens.
    NotADomain,
    /// A public suffix, such as `co.uk`: nobody's own domain.
    PublicSuffix,
}

/// Where the part of a URL that names a host ends.
const CUT_AT: [char; 3] = ['/', '?', '#'];

/// The version of the public-suffix list that decides: that of the crate which holds it.
pub const PUBLIC_SUFFIX_VERSION: &str = "psl 2.1.247";

/// Normalizes an entry of a domain cell or of an org's `domain_names`; a leading `www.` is dropped.
pub fn normalize(text: &str) -> Result<String, NotUsable> {
    let ascii = to_ascii(text)?;
    let domain = ascii.strip_prefix("www.").unwrap_or(&ascii);
    check(domain)?;
    Ok(domain.to_owned())
}

/// Normalizes what follows the last `@` of an e-mail address; `www.` is kept.
pub fn normalize_email_domain(after_at: &str) -> Result<String, NotUsable> {
    let ascii = to_ascii(after_at)?;
    check(&ascii)?;
    Ok(ascii)
}

/// The second domain of an entry that holds two: what normalizing cuts off at the first `/`, `?` or `#`, up to the next of these,
/// where it is another domain than `normal` (the entry's own), under a suffix that the ICANN section lists.
pub fn second_domain(text: &str, normal: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let text = without_scheme(&lower);
    let behind = &text[text.find(CUT_AT)? + 1..];
    let second = normalize(behind.find(CUT_AT).map_or(behind, |end| &behind[..end])).ok()?;
    (second != normal && has_listed_suffix(&second)).then_some(second)
}

/// Whether the ICANN section lists a suffix of the domain.
fn has_listed_suffix(domain: &str) -> bool {
    let Some(suffix) = psl::suffix(domain.as_bytes()) else { return false };
    match suffix.typ() {
        None => false,
        Some(psl::Type::Icann) => true,
        // The suffix of the private section stands below one of the ICANN section.
        Some(psl::Type::Private) => {
            std::str::from_utf8(suffix.as_bytes()).ok().and_then(|suffix| suffix.split_once('.')).is_some_and(
                |(_, above)| psl::suffix(above.as_bytes()).is_some_and(|above| above.typ() == Some(psl::Type::Icann)),
            )
        }
    }
}

/// Everything up to the trailing dot: trimming, cutting the parts of a URL away, and UTS 46.
fn to_ascii(text: &str) -> Result<String, NotUsable> {
    let lower = text.trim().to_ascii_lowercase();
    let text = without_scheme(&lower);
    let text = text.find(CUT_AT).map_or(text, |end| &text[..end]);
    let text = text.rfind('@').map_or(text, |at| &text[at + 1..]);
    let text = without_port(text);
    let ascii: Cow<'_, str> = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| NotUsable::NotADomain)?;
    Ok(ascii.strip_suffix('.').unwrap_or(&ascii).to_owned())
}

fn without_scheme(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix("mailto:") {
        return rest;
    }
    match text.split_once("://") {
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_lowercase())
                && scheme.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"+.-".contains(&c)) =>
        {
            rest
        }
        _ => text,
    }
}

fn without_port(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|c| c.is_ascii_digit()) => host,
        _ => text,
    }
}

fn check(domain: &str) -> Result<(), NotUsable> {
    let mut labels = domain.rsplit('.');
    let last = labels.next().unwrap_or_default();
    let fits = domain.len() <= 253
        && label_is_valid(last)
        && !last.bytes().all(|c| c.is_ascii_digit())
        && domain.contains('.')
        && labels.all(label_is_valid);
    if !fits {
        return Err(NotUsable::NotADomain);
    }
    match psl::suffix(domain.as_bytes()) {
        Some(suffix) if suffix.as_bytes() == domain.as_bytes() && suffix.typ() == Some(psl::Type::Icann) => {
            Err(NotUsable::PublicSuffix)
        }
        _ => Ok(()),
    }
}

fn label_is_valid(label: &str) -> bool {
    let bytes = label.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= 63
        && bytes.iter().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == b'-')
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> String {
        normalize(text).unwrap_or_else(|why| panic!("{text}: {why:?}"))
    }

    #[test]
    fn urls_and_addresses_are_cut_down_to_the_domain() {
        for text in [
            "acme.com",
            " ACME.com ",
            "https://www.acme.com/about?x#y",
            "www.acme.com.",
            "mailto:info@acme.com",
            "acme.com:8080",
            "https://user:pw@acme.com:443/",
            "@acme.com",
            "acme.com#top",
            "ftp+x://acme.com",
        ] {
            assert_eq!(ok(text), "acme.com", "{text}");
        }
    }

    #[test]
    fn other_scripts_become_punycode_without_the_transitional_mapping() {
        assert_eq!(ok("Bücher.example"), "xn--bcher-kva.example");
        assert_eq!(ok("faß.de"), "xn--fa-hia.de");
        assert_eq!(ok("acme。com"), "acme.com");
    }

    #[test]
    fn one_www_is_dropped_but_not_from_an_address() {
        assert_eq!(ok("www.www.acme.com"), "www.acme.com");
        assert_eq!(normalize_email_domain("www.acme.com").as_deref(), Ok("www.acme.com"));
    }

    #[test]
    fn junk_is_no_domain() {
        for text in [
            "",
            "acme",
            "acme..com",
            "-acme.com",
            "acme-.com",
            "ac_me.com",
            "10.0.0.1",
            "acme.com..",
            "acme.com:",
            "n/a",
            "a b.com",
            "https//acme",
            "acme.123",
            "xn--a.com",
            "\u{200d}acme.com",
        ] {
            assert_eq!(normalize(text), Err(NotUsable::NotADomain), "{text}");
        }
        assert_eq!(normalize(&format!("{}.com", "a".repeat(64))), Err(NotUsable::NotADomain));
    }

    #[test]
    fn public_suffixes_of_the_icann_section_are_nobodys_domain() {
        assert_eq!(normalize("co.uk"), Err(NotUsable::PublicSuffix));
        assert_eq!(normalize("www.co.uk"), Err(NotUsable::PublicSuffix));
        assert_eq!(ok("github.io"), "github.io");
        assert_eq!(ok("acme-health.example"), "acme-health.example");
    }

    #[test]
    fn two_domains_in_one_entry_are_seen() {
        let second = |text: &str| second_domain(text, &ok(text));
        for (text, other) in [
            ("acme.example/acme-old.com", Some("acme-old.com")),
            ("acme.example#acme-old.com", Some("acme-old.com")),
            ("https://acme.com/www.acme-old.co.uk/about", Some("acme-old.co.uk")),
            ("acme.com?acme.github.io", Some("acme.github.io")),
            ("acme.com/index.html", None),
            ("acme.com/acme.com", None),
            ("acme.com//acme-old.com", None),
            ("acme.com/co.uk", None),
            ("acme.com/old.example", None),
            ("acme.com/", None),
            ("acme.com", None),
        ] {
            assert_eq!(second(text).as_deref(), other, "{text}");
        }
    }

    #[test]
    fn the_recorded_version_is_the_one_that_is_linked() {
        let lock = include_str!("../../Cargo.lock").replace("\r\n", "\n");
        let version = PUBLIC_SUFFIX_VERSION.strip_prefix("psl ").unwrap_or_default();
        assert!(lock.contains(&format!("name = \"psl\"\nversion = \"{version}\"")));
    }
}
