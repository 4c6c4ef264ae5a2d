//! Advisories: facts that an operator should know but that no code covers (rules 6.6). They are never counted as issues, and no
//! action repairs them.

use crate::catalogue::AdvisoryCode;
use crate::model::at::OrgAt;
use crate::model::domain;
use crate::model::domains::DomainId;
use crate::rules::detect::domain::{DomainVerdicts, Verdict};
use crate::rules::detect::{RuleContext, Tally};
use crate::rules::lost::LostAccount;
use crate::text::escape::{spelled_out, without_local_part};
use crate::text::words::counted;
use std::cmp::Reverse;

/// The most domains listed that no account expects.
const MOST_UNMAPPED: usize = 50;

/// One row of `advisories.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    pub code: AdvisoryCode,
    /// The index in `Audit::lost`, only for `account_lost`.
    pub lost: Option<usize>,
    /// For the codes about orgs.
    pub org: Option<OrgAt>,
    /// In its normal form.
    pub domain: Option<Box<str>>,
    /// In-scope users with this default org or, without an org, with this domain.
    pub user_count: Option<u64>,
    /// Tickets of the window in the org or, without an org, requested by these users; absent when tickets are not read.
    pub ticket_count: Option<u64>,
    /// One sentence for a person. It may hold outside text: escape it where it is shown.
    pub detail: String,
}

/// All advisories: by code, then org, domain and account.
pub fn advise(
    context: &RuleContext<'_>,
    verdicts: &DomainVerdicts,
    tally: &Tally,
    lost: &[LostAccount],
) -> Vec<Advisory> {
    let mut advisories: Vec<Advisory> = (0..lost.len()).map(account_lost).collect();
    advisories.extend(orgs_not_in_reference(context, tally));
    advisories.extend(orgs_with_personal_domains(context, tally));
    advisories.extend(unusable_domains(context, tally));
    advisories.extend(unmapped_domains(context, verdicts, tally));
    advisories
}

fn account_lost(index: usize) -> Advisory {
    Advisory {
        code: AdvisoryCode::AccountLost,
        lost: Some(index),
        org: None,
        domain: None,
        user_count: None,
        ticket_count: None,
        detail: "The baseline has this account, but the reference of this run does not.".to_owned(),
    }
}

fn of_org(
    context: &RuleContext<'_>,
    tally: &Tally,
    code: AdvisoryCode,
    org: OrgAt,
    domain: Option<Box<str>>,
    detail: String,
) -> Advisory {
    Advisory {
        code,
        lost: None,
        org: Some(org),
        domain,
        user_count: Some(tally.users_of_org(org)),
        ticket_count: context.settings.tickets_enabled.then(|| tally.tickets_of_org(org)),
        detail,
    }
}

fn orgs_not_in_reference(context: &RuleContext<'_>, tally: &Tally) -> impl Iterator<Item = Advisory> {
    let unknown = OrgAt::all(context.world.orgs.len()).filter(|org| context.resolved.is_unknown(*org));
    unknown.map(|org| {
        let id = context.world.orgs[org].external_id().map_or("", |id| id.raw());
        let detail = format!("No account of the reference has the id \"{}\".", spelled_out(id));
        of_org(context, tally, AdvisoryCode::OrgNotInReference, org, None, detail)
    })
}

fn orgs_with_personal_domains(context: &RuleContext<'_>, tally: &Tally) -> impl Iterator<Item = Advisory> {
    OrgAt::all(context.world.orgs.len()).flat_map(move |org| {
        let held = context.world.orgs[org].domains.iter().map(|domain| context.world.domains.text(*domain));
        let mut personal: Vec<&str> = held.filter(|text| context.settings.domains.personal.contains(*text)).collect();
        personal.sort_unstable();
        personal.into_iter().map(move |text| {
            let detail = format!("The org has {text}, and anyone can have an address there: strangers become members.");
            of_org(context, tally, AdvisoryCode::OrgHoldsPersonalDomain, org, Some(text.into()), detail)
        })
    })
}

fn unusable_domains(context: &RuleContext<'_>, tally: &Tally) -> impl Iterator<Item = Advisory> {
    let entries = &context.world.unusable_domains;
    entries.chunk_by(|(a, _), (b, _)| a == b).flat_map(|of_one_org| {
        let mut rows: Vec<(OrgAt, Option<String>, &str)> =
            of_one_org.iter().map(|(org, entry)| (*org, domain::normalize(entry).ok(), &**entry)).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(org, normal, entry)| {
            let shown = spelled_out(&without_local_part(entry));
            let usable = normal
                .as_deref()
                .map_or("it is not a domain".to_owned(), |normal| format!("its plain form is {normal}"));
            let detail = format!("Zendesk may not match the entry \"{shown}\" of this org's domains; {usable}.");
            of_org(context, tally, AdvisoryCode::OrgDomainUnusable, org, normal.map(String::into_boxed_str), detail)
        })
    })
}

fn unmapped_domains<'a>(
    context: &'a RuleContext<'_>,
    verdicts: &'a DomainVerdicts,
    tally: &'a Tally,
) -> impl Iterator<Item = Advisory> + 'a {
    let text = |domain: DomainId| context.world.domains.text(domain);
    let unmapped = |domain: &DomainId| {
        tally.users_with(*domain) > 0
            && verdicts.verdict(*domain) == Verdict::Unmapped
            && !context.settings.domains.platforms.is_platform(text(*domain))
    };
    let mut domains: Vec<DomainId> = context.world.domains.ids().filter(unmapped).collect();
    domains.sort_unstable_by_key(|domain| (Reverse(tally.users_with(*domain)), text(*domain)));
    domains.truncate(MOST_UNMAPPED);
    domains.sort_unstable_by_key(|domain| text(*domain));
    domains.into_iter().map(move |domain| {
        let (text, users) = (text(domain), tally.users_with(domain));
        let have = if users == 1 { "has" } else { "have" };
        Advisory {
            code: AdvisoryCode::DomainUnmapped,
            lost: None,
            org: None,
            domain: Some(text.into()),
            user_count: Some(users),
            ticket_count: context.settings.tickets_enabled.then(|| tally.tickets_of(domain)),
            detail: format!("{} in scope {have} the domain {text}, and no account expects it.", counted(users, "user")),
        }
    })
}
