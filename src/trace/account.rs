//! An account: from its row in the reference to its org.

use super::Context;
use super::brief::{DomainUserCounts, OrgBrief, OrgView, SeatsView, org_ids, sf_ids, users_of};
use crate::model::account_key::{self, IdForm};
use crate::model::at::{AccountAt, OrgAt};
use crate::model::domain::NotUsable;
use crate::model::domains::DomainId;
use crate::model::warning::Warning;
use crate::reference::{self, Fate, Form};
use crate::rules::detect::org::linking_domains;
use crate::rules::resolve::other_claims;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// An account, step by step.
#[derive(Debug, Serialize)]
pub struct AccountTrace<'a> {
    pub sf_account_id: &'a str,
    pub account_name: &'a str,
    pub row: RowTrace<'a>,
    pub key: Key<'a>,
    pub lookup: Lookup<'a>,
    /// The orgs that hold an expected domain. `None` where an org has the account's id: then domains are not looked at.
    pub candidates: Option<Vec<Candidate<'a>>>,
    pub resolution: &'static str,
    /// Its org, when it is uniquely resolved.
    pub org_id: Option<u64>,
    /// Every org named above, ascending by id.
    pub orgs: Vec<OrgView<'a>>,
    /// What each expected domain says about its users.
    pub domains: Vec<ExpectedDomain<'a>>,
}

/// The row of the reference.
#[derive(Debug, Serialize)]
pub struct RowTrace<'a> {
    pub line: u32,
    pub website: Option<&'a str>,
    /// The cell, trimmed.
    pub zendesk_expected: String,
    pub org_expected: bool,
    pub cells: Vec<Cell<'a>>,
    /// The expected domains, sorted.
    pub expected_domains: Vec<&'a str>,
    pub warnings: Vec<&'a Warning>,
}

/// A cell of domains.
#[derive(Debug, Serialize)]
pub struct Cell<'a> {
    pub column: &'static str,
    /// Whether its entries count: `account_domains` is not read where the override holds a domain.
    pub read: bool,
    pub entries: Vec<DomainEntry<'a>>,
}

/// An entry of a cell of domains.
#[derive(Debug, Serialize)]
pub struct DomainEntry<'a> {
    pub entry: String,
    /// Its normal form, if it has one.
    pub domain: Option<String>,
    /// `expected`, `personal`, `ignored`, `not_a_domain` or `public_suffix`.
    pub fate: &'static str,
    /// Whether an earlier entry of the cell gives the same domain.
    pub repeated: bool,
    /// The other accounts that expect it.
    pub shared_with: Vec<&'a str>,
    pub spread: bool,
}

/// How the id is compared.
#[derive(Debug, Serialize)]
pub struct Key<'a> {
    pub form: IdFormName,
    pub account_key: Cow<'a, str>,
    /// What the org's `external_id` should be.
    pub external_id: Cow<'a, str>,
}

/// What an id looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdFormName {
    #[serde(rename = "salesforce_15")]
    Salesforce15,
    #[serde(rename = "salesforce_18")]
    Salesforce18,
    WrongCheck,
    Other,
}

/// The look-up of the account's id among the external ids.
#[derive(Debug, Serialize)]
pub struct Lookup<'a> {
    /// The spellings that are the same id; more differ in case only.
    pub spellings: Vec<String>,
    /// The orgs that have it.
    pub found: Vec<OrgBrief<'a>>,
    /// Orgs whose external id looks like it and is another one.
    pub near: Vec<OrgBrief<'a>>,
}

/// An org that holds an expected domain of an account that no org has the id of.
#[derive(Debug, Serialize)]
pub struct Candidate<'a> {
    #[serde(flatten)]
    pub org: OrgBrief<'a>,
    /// The expected domains on it that no other account expects: these make it a candidate.
    pub holds: Vec<&'a str>,
    /// The expected domains on it that other accounts expect too.
    pub holds_shared: Vec<&'a str>,
    /// Whether it counts as a candidate.
    pub counts: bool,
    /// Its domains that one other account alone expects.
    pub other_claims: Vec<OtherClaim<'a>>,
}

/// A domain that names another account.
#[derive(Debug, Serialize)]
pub struct OtherClaim<'a> {
    pub domain: &'a str,
    pub sf_account_id: &'a str,
}

/// An expected domain of the account.
#[derive(Debug, Serialize)]
pub struct ExpectedDomain<'a> {
    pub domain: &'a str,
    pub verdict: &'static str,
    pub shared_with: Vec<&'a str>,
    pub held_by: Vec<u64>,
    /// Where its users have their default org; `None` unless one resolved account expects it.
    pub seats: Option<SeatsView>,
    pub users: DomainUserCounts,
}

pub(super) fn explain<'a>(context: &Context<'a>, at: AccountAt) -> AccountTrace<'a> {
    let audit = context.audit;
    let account = &audit.reference.accounts[at];
    let resolution = &audit.resolved.accounts[at];
    let lookup = lookup(context, at);
    let candidates = lookup.found.is_empty().then(|| candidates(context, at));
    let holders = account.domains.iter().flat_map(|domain| audit.resolved.holders(*domain));
    let orgs: BTreeSet<OrgAt> = resolution.orgs().iter().chain(holders).copied().collect();
    AccountTrace {
        sf_account_id: account.sf_account_id().raw(),
        account_name: account.name().raw(),
        row: row(context, at),
        key: Key {
            form: match account_key::form(account.sf_account_id().raw()) {
                IdForm::Salesforce15 => IdFormName::Salesforce15,
                IdForm::Salesforce18 => IdFormName::Salesforce18,
                IdForm::WrongCheck => IdFormName::WrongCheck,
                IdForm::Opaque => IdFormName::Other,
            },
            account_key: account.key(),
            external_id: account.external_id().into_raw(),
        },
        lookup,
        candidates,
        resolution: resolution.as_str(),
        org_id: resolution.org().map(|org| audit.world.orgs[org].id),
        orgs: OrgView::of(audit, &orgs.into_iter().collect::<Vec<_>>()),
        domains: expected_domains(context, at),
    }
}

fn row<'a>(context: &Context<'a>, at: AccountAt) -> RowTrace<'a> {
    let audit = context.audit;
    let account = &audit.reference.accounts[at];
    let rules = &audit.settings.domains;
    let written = reference::written(context.reference_csv, Form::Export(context.columns), rules, account);
    let zendesk_expected = written.as_ref().map(|row| row.zendesk_expected.raw().to_owned()).unwrap_or_default();
    let cells = written.into_iter().flat_map(|row| row.cells).map(|cell| Cell {
        column: cell.column,
        read: cell.read,
        entries: {
            let mut seen = BTreeSet::new();
            let entries = cell.entries.into_iter().map(|(text, domain, fate)| {
                let id = domain.as_deref().and_then(|domain| audit.world.domains.find(domain));
                let id = id.filter(|_| matches!(fate, Fate::Expected(_)) && cell.read);
                let others = id.map_or(&[][..], |id| audit.reference.expecting(id));
                let others: Vec<AccountAt> = others.iter().copied().filter(|other| *other != at).collect();
                DomainEntry {
                    entry: text.raw().to_owned(),
                    repeated: domain.as_ref().is_some_and(|domain| !seen.insert(domain.clone())),
                    domain,
                    fate: fate_name(fate),
                    shared_with: sf_ids(audit, &others),
                    spread: id.is_some_and(|id| audit.is_spread(id)),
                }
            });
            entries.collect()
        },
    });
    RowTrace {
        line: account.line,
        website: account.website().map(|website| website.raw()),
        zendesk_expected,
        org_expected: account.org_expected,
        cells: cells.collect(),
        expected_domains: account.domains.iter().map(|domain| audit.world.domains.text(*domain)).collect(),
        warnings: audit.warnings.iter().filter(|warning| warning.line == Some(account.line)).collect(),
    }
}

fn fate_name(fate: Fate) -> &'static str {
    match fate {
        Fate::Expected(_) => "expected",
        Fate::Personal(_) => "personal",
        Fate::Platform(_) => "platform",
        Fate::Ignored(_) => "ignored",
        Fate::NotUsable(NotUsable::NotADomain) => "not_a_domain",
        Fate::NotUsable(NotUsable::PublicSuffix) => "public_suffix",
    }
}

fn lookup<'a>(context: &Context<'a>, at: AccountAt) -> Lookup<'a> {
    let audit = context.audit;
    let account = &audit.reference.accounts[at];
    let has_id = |org: &OrgAt| {
        let id = audit.world.orgs[*org].trimmed_external_id();
        id.is_some_and(|id| account_key::key_of(id) == account.key())
    };
    let spellings = match account_key::form(account.external_id().raw()) {
        IdForm::Salesforce18 => vec![account.key()[..15].to_owned(), account.key().into_owned()],
        IdForm::Salesforce15 | IdForm::WrongCheck | IdForm::Opaque => vec![account.external_id().raw().to_owned()],
    };
    let wanted = folded(account.external_id().raw());
    let near = audit.world.orgs.iter().enumerate().filter(|(_, org)| {
        let id = org.trimmed_external_id();
        id.is_some_and(|id| folded(id) == wanted && account_key::key_of(id) != account.key())
    });
    Lookup {
        spellings,
        // Those that resolution went by.
        found: {
            let orgs = audit.resolved.accounts[at].orgs().iter().filter(|org| has_id(org));
            orgs.map(|org| OrgBrief::of(audit, *org)).collect()
        },
        near: near.map(|(org, _)| OrgBrief::of(audit, OrgAt::new(org))).collect(),
    }
}

/// An id without what people and spreadsheets change about it: case, signs, and the check of a Salesforce id.
pub(super) fn folded(id: &str) -> String {
    let kept: String = id.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if kept.len() == 18 && kept.is_ascii() { kept[..15].to_owned() } else { kept }
}

fn candidates<'a>(context: &Context<'a>, at: AccountAt) -> Vec<Candidate<'a>> {
    let audit = context.audit;
    let account = &audit.reference.accounts[at];
    let domains = &audit.world.domains;
    let holders = account.domains.iter().flat_map(|domain| audit.resolved.holders(*domain));
    let orgs: BTreeSet<OrgAt> = holders.copied().collect();
    let candidate = |org: OrgAt| {
        let held = |domain: &&DomainId| audit.world.orgs[org].holds(**domain);
        let shared = account.domains.iter().filter(held).filter(|domain| audit.reference.is_shared(**domain));
        let rules = audit.context();
        Candidate {
            org: OrgBrief::of(audit, org),
            holds: linking_domains(&rules, at, org).map(|domain| domains.text(domain)).collect(),
            holds_shared: shared.map(|domain| domains.text(*domain)).collect(),
            counts: audit.resolved.accounts[at].orgs().contains(&org),
            other_claims: other_claims(audit.reference, audit.world, at, org)
                .map(|(domain, other)| OtherClaim {
                    domain: domains.text(domain),
                    sf_account_id: audit.reference.accounts[other].sf_account_id().raw(),
                })
                .collect(),
        }
    };
    orgs.into_iter().map(candidate).collect()
}

fn expected_domains<'a>(context: &Context<'a>, at: AccountAt) -> Vec<ExpectedDomain<'a>> {
    let audit = context.audit;
    let domains = &audit.reference.accounts[at].domains;
    let users = users_of(audit, domains);
    let expected = domains.iter().zip(users).map(|(domain, users)| {
        let others = audit.reference.expecting(*domain).iter().copied().filter(|other| *other != at);
        ExpectedDomain {
            domain: audit.world.domains.text(*domain),
            verdict: audit.verdict(*domain).as_str(),
            shared_with: sf_ids(audit, &others.collect::<Vec<_>>()),
            held_by: org_ids(audit, audit.resolved.holders(*domain)),
            seats: SeatsView::of(audit, *domain),
            users,
        }
    });
    expected.collect()
}
