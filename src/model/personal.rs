//! The built-in list of personal domains: free mailboxes, access providers, relays.
//!
//! The list is data, embedded as it stands in `data/personal_domains.txt`. What the config adds to it
//! or takes from it is settled where the config is read; domains arrive here in their normal form.

use super::domain_list::DomainList;

static LIST: DomainList = DomainList::new(include_str!("data/personal_domains.txt"));

/// The date of the list, as its header gives it.
pub const VERSION: &str = "2026-11-23";

/// The domains of the list, in byte order.
pub fn builtin() -> &'static [&'static str] {
    LIST.domains()
}

/// SHA-256 of the file in lower-case hex, so that a run can say by which list it judged.
pub fn digest() -> String {
    LIST.digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::domain_list::check_form;

    /// The names that the list must hold in any version.
    const REQUIRED: &str = "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com \
        icloud.com me.com mac.com aol.com protonmail.com proton.me pm.me gmx.com gmx.de gmx.net mail.com zoho.com \
        yandex.com yandex.ru mail.ru qq.com 163.com 126.com web.de t-online.de orange.fr free.fr comcast.net \
        fastmail.com hey.com tutanota.com yahoo.co.uk hotmail.fr live.nl outlook.de gmx.at";

    /// Companies that public lists of free mailboxes wrongly hold.
    const COMPANIES: &str = "facebook.com alibaba.com bt.com discovery.com name.com sky.com casino.com space.com \
        techspot.com google.com microsoft.com apple.com amazon.com orange.com telekom.de verizon.com att.com \
        comcast.com cox.com charter.com vodafone.com swisscom.com telefonica.com";

    #[test]
    fn the_list_is_in_order_and_its_version_is_the_date_of_its_header() {
        check_form(&LIST, VERSION, &["mailbox", "access provider", "relay"]);
    }

    #[test]
    fn it_holds_the_providers_and_no_company() {
        for domain in REQUIRED.split_whitespace() {
            assert!(LIST.contains(domain), "{domain} is missing");
        }
        for domain in COMPANIES.split_whitespace() {
            assert!(!LIST.contains(domain), "{domain} is a company's own");
        }
        assert!(!LIST.contains("mail.gmail.com"), "matching is exact");
    }

    #[test]
    fn a_changed_list_has_a_new_date() {
        let known = ("2026-11-23", "d346c947bd56535044eded9e518d9e7c23053e7414e801689d040b2812f613dd");
        assert_eq!((VERSION, digest().as_str()), known, "change the date in the header, here and in VERSION");
    }
}
