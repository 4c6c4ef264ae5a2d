//! One row as an account: its entries of domains, what becomes of each, and what the operator should know about it.

use super::form::{ACCOUNT_DOMAINS, ACCOUNT_NAME, OVERRIDE, WEBSITE, ZENDESK_EXPECTED};
use super::ids;
use super::judge::{Accepted, warning};
use crate::catalogue::WarningCode;
use crate::model::account_key::{self, IdForm};
use crate::model::accounts::{Account, ReferenceFacts};
use crate::model::domain::{self, NotUsable};
use crate::model::domains::{DomainId, DomainIds, DomainTable};
use crate::model::settings::DomainRules;
use crate::model::warning::Warning;
use crate::text::escape::without_local_part;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What becomes of an entry of a domain cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    NotUsable(NotUsable),
    Personal(DomainId),
    Platform(DomainId),
    Ignored(DomainId),
    Expected(DomainId),
}

impl Fate {
    /// The normal form, if there is one.
    pub fn domain(self) -> Option<DomainId> {
        match self {
            Self::NotUsable(_) => None,
            Self::Personal(id) | Self::Platform(id) | Self::Ignored(id) | Self::Expected(id) => Some(id),
        }
    }
}

/// The entries of a cell, each with its fate.
pub(super) type Fates<'c> = Vec<(&'c str, Fate)>;

/// The cells of domains that were read, each with its column: the override, and, when none of its entries normalizes, the other.
pub(super) fn in_force<'c>(
    [override_cell, account_cell]: [&'c str; 2],
    rules: &DomainRules,
    domains: &mut DomainTable,
) -> Vec<(usize, Fates<'c>)> {
    let overriding = fates(override_cell, rules, domains);
    if overriding.iter().any(|(_, fate)| fate.domain().is_some()) {
        return vec![(OVERRIDE, overriding)];
    }
    vec![(OVERRIDE, overriding), (ACCOUNT_DOMAINS, fates(account_cell, rules, domains))]
}

/// The entries of one cell.
pub(super) fn fates<'c>(cell: &'c str, rules: &DomainRules, domains: &mut DomainTable) -> Fates<'c> {
    let fate = |entry: &'c str| {
        let id = match domains.entry(entry) {
            Err(why) => return (entry, Fate::NotUsable(why)),
            Ok(id) => id,
        };
        let text = domains.text(id);
        let fate = match text {
            _ if rules.personal.contains(text) => Fate::Personal(id),
            _ if rules.platforms.is_platform(text) => Fate::Platform(id),
            _ if rules.ignored.contains(text) => Fate::Ignored(id),
            _ => Fate::Expected(id),
        };
        (entry, fate)
    };
    entries(cell).map(fate).collect()
}

/// A cell of domains whose entries keep no local part of an address: what an entry normalizes to stays the same (rules 4.2).
pub(super) fn without_local_parts(cell: &str) -> Cow<'_, str> {
    if !cell.contains('@') {
        return Cow::Borrowed(cell);
    }
    let kept = |entry: &str| {
        let start = entry.find("://").map_or(0, |at| at + 3);
        let end = entry[start..].find(['/', '?', '#']).map_or(entry.len(), |at| start + at);
        let address = without_local_part(&entry[..end]);
        format!("{address}{}", &entry[end..])
    };
    Cow::Owned(entries(cell).map(kept).collect::<Vec<_>>().join(" "))
}

/// The entries of a cell of domains.
fn entries(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(|c: char| matches!(c, ',' | ';' | '|') || c.is_whitespace()).filter(|entry| !entry.is_empty())
}

/// The account of a row; what is worth a warning goes to `warnings`.
pub(super) fn account(
    accepted: &Accepted<'_, '_>,
    rules: &DomainRules,
    domains: &mut DomainTable,
    facts: &mut ReferenceFacts,
    warnings: &mut Vec<Warning>,
) -> Account {
    let Accepted { row, header, id } = *accepted;
    let line = row.line;
    let cells = [header.cell(row, OVERRIDE), header.cell(row, ACCOUNT_DOMAINS)];
    let fates: Fates<'_> = in_force(cells, rules, domains).into_iter().flat_map(|(_, fates)| fates).collect();
    warn_of_entries(line, id, &fates, domains, warnings);
    facts.personal_domains += fates.iter().filter(|(_, fate)| matches!(fate, Fate::Personal(_))).count();
    let expected = fates.iter().filter_map(|(_, fate)| match fate {
        Fate::Expected(domain) => Some(*domain),
        _ => None,
    });
    let mut found: DomainIds = expected.collect();
    found.sort_by(|a, b| domains.text(*a).cmp(domains.text(*b)));
    found.dedup();

    let website = Some(without_local_part(header.cell(row, WEBSITE).trim())).filter(|website| !website.is_empty());
    let website = website.as_deref();
    if found.is_empty() {
        let website =
            website.map_or("it has no website either".to_owned(), |website| format!("its website is {website}"));
        let message = format!("{id} has no usable domain; {website}");
        warnings.push(warning(WarningCode::AccountWithoutDomain, line, Some(id), message));
    }
    warn_of_id(line, id, facts, warnings);
    let org_expected = org_expected(header.cell(row, ZENDESK_EXPECTED).trim()).unwrap_or_else(|unclear| {
        let message = format!("zendesk_expected is \"{unclear}\", which is neither yes nor no; it counts as yes");
        warnings.push(warning(WarningCode::ZendeskExpectedUnclear, line, Some(id), message));
        true
    });
    facts.without_org += usize::from(!org_expected);
    let mut account =
        Account::new(line as u32, id, header.cell(row, ACCOUNT_NAME).trim(), website, org_expected, found);
    account.is_doubtful = ids::is_doubtful(id);
    account
}

/// Whether the cell says that an org is expected. Errors: what it says, where that is neither yes nor no.
fn org_expected(cell: &str) -> Result<bool, String> {
    match cell.to_lowercase().as_str() {
        "no" | "false" | "n" | "0" => Ok(false),
        "" | "yes" | "true" | "y" | "1" => Ok(true),
        other => Err(without_local_part(other).into_owned()),
    }
}

fn warn_of_id(line: usize, id: &str, facts: &mut ReferenceFacts, warnings: &mut Vec<Warning>) {
    match account_key::form(id) {
        IdForm::Salesforce15 => facts.ids_15 += 1,
        IdForm::Salesforce18 => facts.ids_18 += 1,
        IdForm::Opaque | IdForm::WrongCheck => facts.ids_other += 1,
    }
    if ids::has_lost_its_case(id) {
        let message = format!(
            "all letters of {id} have the same case; a tool has probably changed it, so this may be another \
                record's id, and it is never written"
        );
        warnings.push(warning(WarningCode::IdDoubtful, line, Some(id), message));
    }
    if ids::has_wrong_check(id) {
        let message = format!(
            "{id} has 18 characters, but its last three are not the check of the first 15; it is compared as plain text"
        );
        warnings.push(warning(WarningCode::IdCheckWrong, line, Some(id), message));
    }
}

/// One warning for each different normal form of an entry, or for its text, where it does not normalize.
fn warn_of_entries(line: usize, id: &str, fates: &Fates<'_>, domains: &DomainTable, warnings: &mut Vec<Warning>) {
    let mut seen: BTreeSet<(WarningCode, &str, Option<String>)> = BTreeSet::new();
    for (entry, fate) in fates {
        let normal = fate.domain().map_or(*entry, |domain| domains.text(domain));
        let mut warn = |code, domain: &str, second: Option<String>, message: String| {
            if seen.insert((code, normal, second)) {
                warnings.push(Warning { domain: Some(domain.to_owned()), ..warning(code, line, Some(id), message) });
            }
        };
        match fate {
            Fate::NotUsable(why) => {
                let why = match why {
                    NotUsable::NotADomain => "is not a domain",
                    NotUsable::PublicSuffix => "is a public suffix, under which anyone can register a domain",
                };
                let entry = without_local_part(entry);
                warn(WarningCode::DomainNotUsable, &entry, None, format!("{entry} {why}; it is not used"));
            }
            Fate::Personal(_) => {
                let message = format!("{normal} is a personal or provider domain; it is not used for matching");
                warn(WarningCode::PersonalDomain, normal, None, message);
            }
            Fate::Platform(_) => {
                let message =
                    format!("{normal} is a platform with pages of many companies; it is not used for matching");
                warn(WarningCode::PlatformDomain, normal, None, message);
            }
            Fate::Ignored(_) | Fate::Expected(_) => {}
        }
        if let Some(second) = fate.domain().and_then(|_| domain::second_domain(entry, normal)) {
            let message = format!("{second} was cut off after {normal}; separate two domains with a comma or a space");
            warn(WarningCode::DomainPathDropped, &second, Some(second.clone()), message);
        }
    }
}
