//! The built-in list of platforms: hosts where other people's pages live, such as `facebook.com` or `wordpress.com` (rules 4.3).
//!
//! A platform is never an account's expected domain. The list is data, embedded as it stands in `data/platforms.txt`; each entry
//! stands for itself and for everything below it. Domains arrive here in their normal form.

use super::domain_list::DomainList;
use hashbrown::HashSet;

static LIST: DomainList = DomainList::new(include_str!("data/platforms.txt"));

/// The date of the list, as its header gives it.
pub const VERSION: &str = "2026-11-30";

/// SHA-256 of the file in lower-case hex, so that a run can say by which list it judged.
pub fn digest() -> String {
    LIST.digest()
}

/// The platforms in force: the built-in list without the domains that the configuration takes out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Platforms {
    not_platforms: HashSet<String>,
}

impl Platforms {
    /// The built-in list, without exactly the domains `not_platforms`.
    pub fn without(not_platforms: HashSet<String>) -> Self {
        Self { not_platforms }
    }

    /// Whether a normalized domain is a platform, or lies below one.
    pub fn is_platform(&self, domain: &str) -> bool {
        let borders = domain.bytes().enumerate().filter(|(_, c)| *c == b'.').map(|(at, _)| at + 1);
        std::iter::once(0).chain(borders).any(|at| LIST.contains(&domain[at..])) && !self.not_platforms.contains(domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::domain_list::check_form;

    /// The hosts that the list must hold in any version.
    const REQUIRED: &str = "facebook.com instagram.com linkedin.com x.com twitter.com youtube.com tiktok.com linktr.ee \
        sites.google.com docs.google.com wordpress.com blogspot.com wixsite.com weebly.com squarespace.com webflow.io \
        myshopify.com github.io gitlab.io netlify.app vercel.app notion.site business.site godaddysites.com";

    #[test]
    fn a_platform_is_matched_itself_and_with_everything_below_it() {
        let platforms = Platforms::default();
        for domain in REQUIRED.split_whitespace() {
            assert!(platforms.is_platform(domain) && platforms.is_platform(&format!("acme.{domain}")), "{domain}");
            assert!(!platforms.is_platform(&format!("acme{domain}")), "{domain}: only whole labels are compared");
        }
        for domain in ["google.com", "com", "acme.com", "facebook.com.example", "notwordpress.com"] {
            assert!(!platforms.is_platform(domain), "{domain}");
        }
    }

    #[test]
    fn only_what_is_named_exactly_is_taken_out() {
        let platforms =
            Platforms::without(["github.io", "acme.wordpress.com"].map(str::to_owned).into_iter().collect());
        assert!(!platforms.is_platform("github.io") && !platforms.is_platform("acme.wordpress.com"));
        assert!(platforms.is_platform("acme.github.io") && platforms.is_platform("wordpress.com"));
    }

    #[test]
    fn the_list_is_in_order_and_a_changed_one_has_a_new_date() {
        let titles = ["social networks and link pages", "sites, shops and pages", "listings and shortened links"];
        check_form(&LIST, VERSION, &titles);
        let known = ("2026-11-30", "768be566efe6603203d73a40dd88ee2905c3f5eee2058355840440aeb5fe3a6c");
        assert_eq!((VERSION, digest().as_str()), known, "change the date in the header, here and in VERSION");
    }
}
