//! Suppressions: findings that the operator has accepted, each with its reason (rules 6.5).
//! `plan` decides what a suppressed link means for the account's other actions.

use crate::catalogue::{Scope, Status, WarningCode};
use crate::model::settings::Suppression;
use crate::model::warning::Warning;
use crate::rules::detect::RuleContext;
use crate::rules::issue::Issue;

/// Marks the suppressed issues, and returns warnings about the suppressions.
/// `today` is the day of the audit, `2026-12-31`.
pub fn apply(context: &RuleContext<'_>, today: &str, issues: &mut [Issue]) -> Vec<Warning> {
    let suppressions = &context.settings.suppressions;
    let mut used = vec![false; suppressions.len()];
    let mut warnings = Vec::new();
    for (index, suppression) in suppressions.iter().enumerate() {
        let name = format!("suppression {} ({})", index + 1, suppression.code);
        let mut warn = |code, message| {
            let (sf_account_id, domain) = (suppression.sf_account_id.clone(), suppression.domain.clone());
            warnings.push(Warning { code, line: None, sf_account_id, domain, message });
        };
        if !suppression.in_force_on(today) {
            let last = suppression.expires.as_deref().unwrap_or_default();
            warn(WarningCode::SuppressionExpired, format!("{name} expired after {last}; its issues count again"));
            continue;
        }
        if suppression.is_by_code_alone() {
            warn(
                WarningCode::SuppressionByCodeAlone,
                format!("{name} has no selector, so it hides every issue of its code"),
            );
        }
        let selector = Selector::of(suppression);
        for issue in issues.iter_mut().filter(|issue| issue.code == suppression.code) {
            if selector.matches(context, issue) {
                used[index] = true;
                // The first in the file gives the reason.
                issue.suppress(index as u32);
            }
        }
        // If tickets are not read, their suppressions may still be needed (rules 6.3).
        let judged = context.settings.tickets_enabled || suppression.code.scope() != Scope::Ticket;
        if judged && !used[index] {
            warn(WarningCode::SuppressionUnused, format!("{name} matches no issue and can be removed"));
        }
    }
    warnings
}

/// The unsuppressed issues that other suppressions would hide: the position of each, and the first suppression that matches.
/// Effects on other actions are left out, because these suppressions are not in force.
pub fn would_silence<'s>(
    context: &RuleContext<'_>,
    today: &str,
    suppressions: &'s [Suppression],
    issues: &[Issue],
) -> Vec<(usize, &'s Suppression)> {
    let in_force = suppressions.iter().filter(|suppression| suppression.in_force_on(today));
    let selectors: Vec<Selector<'s>> = in_force.map(Selector::of).collect();
    let counted = issues.iter().enumerate().filter(|(_, issue)| issue.status != Status::Suppressed);
    counted
        .filter_map(|(at, issue)| {
            let matches =
                |selector: &&Selector<'_>| selector.suppression.code == issue.code && selector.matches(context, issue);
            selectors.iter().find(matches).map(|selector| (at, selector.suppression))
        })
        .collect()
}

/// A suppression in the terms of the issues.
struct Selector<'a> {
    suppression: &'a Suppression,
    account_key: Option<String>,
}

impl<'a> Selector<'a> {
    fn of(suppression: &'a Suppression) -> Self {
        Self { suppression, account_key: suppression.account_key() }
    }

    /// Whether every selector equals the issue's; the code does already.
    fn matches(&self, context: &RuleContext<'_>, issue: &Issue) -> bool {
        let Suppression { code: _, sf_account_id: _, org_id, user_id, domain, issue_id, reason: _, expires: _ } =
            self.suppression;
        let key = || issue.account().map(|account| context.reference.accounts[account].key());
        let text = || issue.domain.map(|domain| context.world.domains.text(domain));
        self.account_key.as_deref().is_none_or(|wanted| key().as_deref() == Some(wanted))
            && org_id.is_none_or(|wanted| issue.org_id() == Some(wanted))
            && user_id.is_none_or(|wanted| issue.user_id() == Some(wanted))
            && domain.as_deref().is_none_or(|wanted| text() == Some(wanted))
            && issue_id.as_deref().is_none_or(|wanted| issue.id.to_string() == wanted)
    }
}
