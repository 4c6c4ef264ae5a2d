//! A domain: who expects it, who holds it, and what it says about its users.

use super::brief::{AccountBrief, DomainUserCounts, OrgView, SeatsView, users_of};
use super::unknown::{self, UnknownSubject};
use crate::model::domains::DomainId;
use crate::model::warning::Warning;
use crate::rules::audit::Audit;
use serde::Serialize;

/// A domain, step by step.
#[derive(Debug, Serialize)]
pub struct Domain<'a> {
    pub domain: String,
    pub personal: bool,
    pub ignored: bool,
    pub not_personal: bool,
    /// What it says about its users.
    pub verdict: &'static str,
    pub expected_by: Vec<AccountBrief<'a>>,
    pub held_by: Vec<OrgView<'a>>,
    /// Where its users have their default org; `None` unless one resolved account expects it.
    pub seats: Option<SeatsView>,
    pub users: DomainUserCounts,
    /// Where the reference has it.
    pub warnings: Vec<&'a Warning>,
}

/// The domain, and its id where a record mentions it.
pub(super) fn explain<'a>(audit: &'a Audit<'a>, text: &str) -> Result<(Domain<'a>, Option<DomainId>), UnknownSubject> {
    let rules = &audit.settings.domains;
    let (personal, ignored) = (rules.personal.contains(text), rules.ignored.contains(text));
    let id = audit.world.domains.find(text);
    let verdict = match id {
        Some(id) => audit.verdict(id).as_str(),
        None if personal => "personal_domain",
        None if ignored => "ignored_domain",
        None => return Err(unknown::domain(audit, text)),
    };
    let expecting = id.map_or(&[][..], |id| audit.reference.expecting(id));
    let domain = Domain {
        domain: text.to_owned(),
        personal,
        ignored,
        not_personal: rules.not_personal.contains(text),
        verdict,
        expected_by: expecting.iter().map(|account| AccountBrief::of(audit, *account)).collect(),
        held_by: id.map_or_else(Vec::new, |id| OrgView::of(audit, audit.resolved.holders(id))),
        seats: id.and_then(|id| SeatsView::of(audit, id)),
        users: id.and_then(|id| users_of(audit, &[id]).pop()).unwrap_or_default(),
        warnings: audit
            .warnings
            .iter()
            .filter(|warning| warning.line.is_some() && warning.domain.as_deref() == Some(text))
            .collect(),
    };
    Ok((domain, id))
}
