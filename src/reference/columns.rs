//! The headers of Salesforce's own exports (reports, Data Loader, `sf data query`): which of them stand for our columns.
//!
//! Never proposed are columns of persons (the account's owner, a contact) and of addresses.

use crate::model::accounts::COLUMNS;
use std::collections::HashMap;

/// One of our columns, the header that stands for it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnChoice {
    pub column: &'static str,
    pub header: String,
    pub why: &'static str,
}

/// The mapping that a header suggests, in the order of our columns; what the export names as we do needs none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    pub choices: Vec<ColumnChoice>,
}

impl Proposal {
    /// The header that stands for one of our columns.
    pub(super) fn header(&self, column: &str) -> Option<&str> {
        self.choices.iter().find(|choice| choice.column == column).map(|choice| choice.header.as_str())
    }
}

/// Words that make a column one of a person or of an address.
const OF_PERSONS_AND_ADDRESSES: [&str; 37] = [
    "owner",
    "contact",
    "user",
    "manager",
    "created",
    "modified",
    "creator",
    "by",
    "person",
    "first",
    "last",
    "alias",
    "phone",
    "fax",
    "mobile",
    "billing",
    "shipping",
    "mailing",
    "street",
    "city",
    "state",
    "province",
    "country",
    "zip",
    "postal",
    "address",
    "latitude",
    "longitude",
    "parent",
    "partner",
    "lead",
    "opportunity",
    "campaign",
    "master",
    "record",
    "jigsaw",
    "photo",
];
/// Words that make a column one about domains, not of domains.
const ABOUT_DOMAINS: [&str; 12] = [
    "date",
    "expiry",
    "expires",
    "count",
    "number",
    "verified",
    "status",
    "registrar",
    "type",
    "check",
    "valid",
    "total",
];

/// Proposes headers for those of our columns that the export does not name as we do.
pub(super) fn propose(headers: &[String]) -> Proposal {
    // A header that is there twice would be a duplicate column. There may be tens of thousands.
    let folded = |header: &str| header.trim().to_ascii_lowercase();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for header in headers {
        *counts.entry(folded(header)).or_default() += 1;
    }
    let once: Vec<Header<'_>> =
        headers.iter().filter(|header| counts[&folded(header)] == 1).map(|header| Header::of(header)).collect();
    let has = |column: &str| headers.iter().any(|header| header.trim().to_lowercase() == column);
    let mut choices = Vec::new();
    for column in COLUMNS {
        if has(column) {
            continue;
        }
        let ranked = once.iter().filter_map(|header| header.rank(column).map(|(rank, why)| (rank, why, header.text)));
        // The first of the best.
        if let Some((_, why, header)) = ranked.min_by_key(|(rank, ..)| *rank) {
            choices.push(ColumnChoice { column, header: header.to_owned(), why });
        }
    }
    Proposal { choices }
}

/// Whether a header names a column of a person or of an address, which stands for none of ours.
pub(super) fn is_of_person_or_address(header: &str) -> bool {
    Header::of(header).has_any(&OF_PERSONS_AND_ADDRESSES)
}

/// A header and its words, in lower case.
struct Header<'h> {
    text: &'h str,
    words: Vec<String>,
}

impl<'h> Header<'h> {
    fn of(text: &'h str) -> Self {
        let text = text.trim();
        let mut words: Vec<String> = Vec::new();
        let mut word = String::new();
        let mut after_small = false;
        for c in text.chars() {
            // Words are divided by marks, and by capitals within a field's name (EmailDomain).
            if !c.is_alphanumeric() || c.is_uppercase() && after_small {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            }
            after_small = c.is_lowercase() || c.is_numeric();
            if c.is_alphanumeric() {
                word.extend(c.to_lowercase());
            }
        }
        words.extend(Some(word).filter(|word| !word.is_empty()));
        // The mark of a custom field, and the object of a relationship.
        if text.to_lowercase().ends_with("__c") {
            words.pop();
        }
        if words.first().is_some_and(|word| word == "account") && text.contains(['.', ':']) {
            words.remove(0);
        }
        Self { text, words }
    }

    fn is(&self, words: &[&str]) -> bool {
        self.words.iter().map(String::as_str).eq(words.iter().copied())
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    fn has_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.has(word))
    }

    /// How well the header stands for one of our columns (0 is best), and why.
    fn rank(&self, column: &str) -> Option<(u8, &'static str)> {
        if self.words.iter().map(String::as_str).eq(column.split('_')) {
            return Some((0, "it is the same name in another spelling"));
        }
        if self.has_any(&OF_PERSONS_AND_ADDRESSES) {
            return None;
        }
        match column {
            "sf_account_id" => self.rank_as_id(),
            "account_name" if self.is(&["account", "name"]) => Some((1, "Salesforce's reports use this name")),
            "account_name" if self.is(&["name"]) => Some((2, "Data Loader and sf data query use this name")),
            "account_domains" => self.rank_as_domains(),
            "website" if self.is_website() => {
                Some((1, "it is the account's website; it is shown to people, never matched"))
            }
            _ => None,
        }
    }

    fn rank_as_id(&self) -> Option<(u8, &'static str)> {
        let long = self.has_any(&["18", "18digit"]) || self.has_any(&["casesafe", "casesafeid"]);
        let is_id = self.has_any(&["id", "casesafeid"]);
        let others = [
            "account",
            "sf",
            "salesforce",
            "id",
            "18",
            "18digit",
            "digit",
            "digits",
            "char",
            "character",
            "characters",
            "case",
            "safe",
            "casesafe",
            "casesafeid",
            "long",
            "full",
        ];
        if !is_id || !self.words.iter().all(|word| others.contains(&word.as_str())) {
            return None;
        }
        let safe = self.has("case") && self.has("safe");
        match self {
            _ if long || safe => Some((1, "18-character ids stay the same when a tool changes their case")),
            _ if self.has_any(&["account", "salesforce", "sf"]) => {
                Some((2, "Salesforce's reports use this name for the account id"))
            }
            _ if self.is(&["id"]) => Some((3, "Data Loader and sf data query use this name for the account id")),
            _ => None,
        }
    }

    fn rank_as_domains(&self) -> Option<(u8, &'static str)> {
        const NAMED: &str = "its name mentions domains";
        let speaks = self.has_any(&["domain", "domains", "maildomain", "maildomains", "emaildomain", "emaildomains"]);
        if speaks && !self.has_any(&ABOUT_DOMAINS) {
            let of_mail = self.has_any(&["email", "mail", "support", "customer", "emaildomain", "emaildomains"]);
            return Some(if of_mail { (1, NAMED) } else { (2, NAMED) });
        }
        self.is_website().then_some((3, "no column name mentions domains, so the website is used"))
    }

    fn is_website(&self) -> bool {
        [
            &["website"][..],
            &["account", "website"],
            &["web", "site"],
            &["account", "web", "site"],
            &["company", "website"],
        ]
        .iter()
        .any(|words| self.is(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(headers: &[&str]) -> Vec<(&'static str, String)> {
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        propose(&headers).choices.into_iter().map(|choice| (choice.column, choice.header)).collect()
    }

    #[test]
    fn tens_of_thousands_of_headers_are_read_once_each() {
        let mut headers = vec!["Account ID"];
        headers.resize(200_000, "");
        let began = std::time::Instant::now();
        assert_eq!(proposed(&headers), [("sf_account_id", "Account ID".to_owned())]);
        assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    }

    fn pairs(expected: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        expected.iter().map(|(column, header)| (*column, (*header).to_owned())).collect()
    }

    #[test]
    fn the_headers_of_salesforces_exports_are_known() {
        let report = [
            "Account ID",
            "Account Name",
            "Website",
            "Type",
            "Billing Country",
            "Annual Revenue",
            "Account Owner",
            "Description",
        ];
        assert_eq!(
            proposed(&report),
            pairs(&[("sf_account_id", "Account ID"), ("account_name", "Account Name"), ("account_domains", "Website")])
        );
        let loader = ["ID", "NAME", "WEBSITE", "TYPE", "BILLINGCOUNTRY", "OWNER.NAME", "DESCRIPTION"];
        assert_eq!(
            proposed(&loader),
            pairs(&[("sf_account_id", "ID"), ("account_name", "NAME"), ("account_domains", "WEBSITE")])
        );
        let query = ["Id", "Name", "Website", "Support_Domains__c", "Owner.Name", "Zendesk_Domain_Override__c"];
        assert_eq!(
            proposed(&query),
            pairs(&[
                ("sf_account_id", "Id"),
                ("account_name", "Name"),
                ("account_domains", "Support_Domains__c"),
                ("zendesk_domain_override", "Zendesk_Domain_Override__c"),
            ])
        );
    }

    #[test]
    fn ids_of_18_characters_and_fields_of_domains_are_better() {
        for long in [
            "Account ID (18)",
            "18-Digit Account ID",
            "Account_ID_18__c",
            "CaseSafeID",
            "Case Safe ID",
            "Account ID 18 Digit",
        ] {
            assert_eq!(proposed(&["Account ID", long, "Account Name"])[0], ("sf_account_id", long.to_owned()));
        }
        for domains in ["Email Domain", "Email_Domains__c", "EmailDomain__c", "Domains", "Company Domain"] {
            assert!(proposed(&["Website", domains]).contains(&("account_domains", domains.to_owned())), "{domains}");
        }
        assert!(proposed(&["Domain", "Email Domain"]).contains(&("account_domains", "Email Domain".to_owned())));
    }

    #[test]
    fn no_column_of_a_person_or_an_address_is_proposed() {
        let headers = [
            "Owner ID",
            "Account Owner",
            "Account Owner: Email Domain",
            "Created By ID",
            "Parent Account ID",
            "Contact ID",
            "Billing Address",
            "Email",
            "Account Owner Name",
            "Owner.Name",
            "Primary Contact Name",
            "Master Record ID",
            "Last Name",
            "Domain Expiry Date",
            "Parent Account Name",
            "Account Owner Website",
            "Shipping Street",
            "User ID 18",
            "Record Type ID",
        ];
        assert_eq!(proposed(&headers), []);
    }

    #[test]
    fn what_is_named_as_we_do_needs_no_proposal_and_a_repeated_header_gets_none() {
        assert_eq!(proposed(&["sf_account_id", "Account_Name", "account_domains", "Website", "Id", "Name"]), []);
        assert_eq!(proposed(&["Account ID", "Account ID", "Id"]), pairs(&[("sf_account_id", "Id")]));
        assert_eq!(
            proposed(&["SF Account ID", "Account Domains"]),
            pairs(&[("sf_account_id", "SF Account ID"), ("account_domains", "Account Domains")])
        );
    }
}
