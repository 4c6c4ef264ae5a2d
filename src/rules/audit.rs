//! The audit: from the reference and the world to issues and a plan, as one pure function.

use crate::catalogue::{BlockedReason, IssueCode, Risk, Scope, Status, WarningCode};
use crate::model::accounts::{BaselineAccounts, Reference};
use crate::model::domains::DomainId;
use crate::model::settings::Settings;
use crate::model::time::Instant;
use crate::model::warning::{self, Warning};
use crate::model::world::World;
use crate::rules::advisory::{self, Advisory};
use crate::rules::detect::domain::{DomainVerdicts, OutOfScope, Seats, Verdict};
use crate::rules::detect::user::{Judged, UserCounts, UserOutcome};
use crate::rules::detect::{self, RuleContext, Tally};
use crate::rules::issue::{Action, Issue};
use crate::rules::lost::{self, LostAccount};
use crate::rules::plan::{self, Plan};
use crate::rules::resolve::{self, Resolution, Resolved};
use crate::rules::suppress;

/// Everything that an audit found.
#[derive(Debug)]
pub struct Audit<'a> {
    pub reference: &'a Reference,
    pub world: &'a World,
    pub settings: &'a Settings,
    /// The clock of the audit: the end of the ticket window, and the time for suppressions to expire.
    pub as_of: Instant,
    pub window: (Instant, Instant),
    pub resolved: Resolved,
    /// In the order of rules 6.4.
    pub issues: Vec<Issue>,
    pub plan: Plan,
    pub users: UserCounts,
    pub tickets_in_window: u64,
    pub warnings: Vec<Warning>,
    /// The accounts that are in the baseline but not in the reference, by id; `None` without a baseline.
    pub lost: Option<Vec<LostAccount>>,
    /// In the order of rules 6.6.
    pub advisories: Vec<Advisory>,
    /// Whether a user may have memberships in several orgs.
    pub multiple_organizations_work: bool,
    domains: DomainVerdicts,
    tally: Tally,
}

/// Audits a world against a reference.
///
/// The domains of both must come from one [`crate::model::domains::DomainTable`]. `warnings` are those known before; the
/// result holds them too. `baseline` are the accounts of the run that this one is compared with; `None` also if that run does
/// not list them. Nothing depends on the order in which records came, nor on the present time.
pub fn audit<'a>(
    reference: &'a Reference,
    world: &'a World,
    settings: &'a Settings,
    baseline: Option<&BaselineAccounts>,
    as_of: Instant,
    mut warnings: Vec<Warning>,
) -> Audit<'a> {
    let window = (as_of.minus_days(settings.lookback_days), as_of);
    let resolved = resolve::resolve(reference, world);
    let context = RuleContext { reference, world, resolved: &resolved, settings, window, tally: None };

    let domains = DomainVerdicts::judge(&context);
    let mut issues = Vec::new();
    detect::org::detect(&context, &domains, &mut issues);
    let multiple_organizations_work = detect::user::multiple_organizations_work(&context);
    let mut judged = detect::user::detect(&context, &domains, multiple_organizations_work, &mut issues);
    let tickets_in_window = detect::ticket::detect(&context, &domains, &mut judged, &mut issues);
    // The rest of it, an account for every user, is not needed any more.
    let Judged { counts: users, tally, .. } = judged;
    context.sort(&mut issues);

    warnings.extend(reference.warnings.iter().cloned());
    warnings.extend(detect::domain::spread_warnings(&context, &domains));
    warnings.extend(suppress::apply(&context, &as_of.date(), &mut issues));
    let lost = baseline.map(|baseline| lost::lost(reference, baseline));
    let shrank = baseline
        .zip(lost.as_deref())
        .and_then(|(baseline, lost)| lost::warning(lost.len(), baseline, settings.max_lost_percent));
    let plan = plan::prepare(&context, &domains, shrank.is_some(), &mut issues);
    warnings.extend(shrank);
    warnings.extend(most_accounts_conflict(&resolved));
    warnings.extend((!settings.tickets_enabled).then(tickets_not_read));
    warning::sort(&mut warnings);
    let advisories = advisory::advise(&context, &domains, &tally, lost.as_deref().unwrap_or_default());

    Audit {
        reference,
        world,
        settings,
        as_of,
        window,
        resolved,
        issues,
        plan,
        users,
        tickets_in_window,
        warnings,
        lost,
        advisories,
        tally,
        multiple_organizations_work,
        domains,
    }
}

/// Most accounts have a likely org with another id: the link may be held in another field (rules 3).
fn most_accounts_conflict(resolved: &Resolved) -> Option<Warning> {
    let all = resolved.accounts.len();
    let conflicts = resolved.accounts.iter().filter(|one| matches!(one, Resolution::Conflict(_))).count();
    (conflicts >= 5 && conflicts * 2 > all).then(|| {
        let message = format!(
            "{conflicts} of {all} accounts match an org with another external_id; the Salesforce id may be in \
                another field of the org, or the reference may have another kind of id"
        );
        Warning::general(WarningCode::MostAccountsConflict, message)
    })
}

fn tickets_not_read() -> Warning {
    let message = "tickets are neither read nor checked, because tickets.enabled is false";
    Warning::general(WarningCode::TicketsNotRead, message.to_owned())
}

impl<'a> Audit<'a> {
    /// The lookup tables for rules and artifacts.
    pub fn context(&self) -> RuleContext<'_> {
        RuleContext {
            reference: self.reference,
            world: self.world,
            resolved: &self.resolved,
            settings: self.settings,
            window: self.window,
            tally: Some(&self.tally),
        }
    }

    /// The notes of an action.
    pub fn notes(&self, action: &Action) -> Vec<String> {
        plan::notes(
            &self.context(),
            |action| action.domain.map_or(0, |domain| self.domains.users_affected(domain)),
            action,
        )
    }

    /// What a domain says about its users.
    pub fn verdict(&self, domain: DomainId) -> Verdict {
        self.domains.verdict(domain)
    }

    /// Whether a domain looks like a provider's.
    pub fn is_spread(&self, domain: DomainId) -> bool {
        self.domains.is_spread(domain)
    }

    /// Where the users of a domain have their default org, when one resolved account expects it.
    pub fn seats(&self, domain: DomainId) -> Option<Seats> {
        self.domains.seats(&self.context(), domain)
    }

    /// What the audit decided about the user at an index, before suppressions.
    pub fn user(&self, at: usize) -> UserOutcome {
        self.domains.outcome(&self.context(), at, self.multiple_organizations_work)
    }

    /// Why the user at an index is not in scope; nothing for one who is.
    pub fn out_of_scope(&self, at: usize) -> Vec<OutOfScope> {
        self.domains.out_of_scope(&self.context(), &self.world.users[at]).collect()
    }

    /// How many accounts have each resolution, in the order of `summary.json`.
    pub fn resolutions(&self) -> [u64; 6] {
        let mut counts = [0; 6];
        for resolution in &self.resolved.accounts {
            let at = match resolution {
                Resolution::Linked(_) => 0,
                Resolution::DomainLinked(_) => 1,
                Resolution::Duplicate(_) => 2,
                Resolution::Contested(_) => 3,
                Resolution::Conflict(_) => 4,
                Resolution::Missing(_) => 5,
            };
            counts[at] += 1;
        }
        counts
    }

    /// All totals.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            issues: 0,
            suppressed: 0,
            prepared: self.plan.prepared.len() as u64,
            blocked: self.plan.blocked.len() as u64,
            by_scope: [0; Scope::ALL.len()],
            by_code: [0; IssueCode::ALL.len()],
            by_risk: [0; Risk::ALL.len()],
            by_reason: [0; BlockedReason::ALL.len()],
            ticket_echoes: 0,
        };
        for issue in &self.issues {
            if issue.status == Status::Suppressed {
                totals.suppressed += 1;
                continue;
            }
            totals.issues += 1;
            totals.by_scope[issue.code.scope() as usize] += 1;
            totals.by_code[issue.code as usize] += 1;
            totals.by_risk[issue.code.risk() as usize] += 1;
            totals.ticket_echoes +=
                u64::from(matches!(issue.evidence, crate::rules::issue::Evidence::Ticket { echo_of: Some(_), .. }));
        }
        for reason in self.plan.blocked.iter().filter_map(|action| action.blocked) {
            totals.by_reason[reason as usize] += 1;
        }
        totals
    }
}

/// The totals of an audit; lists are indexed by the catalogue's enums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    pub issues: u64,
    pub suppressed: u64,
    pub prepared: u64,
    pub blocked: u64,
    pub by_scope: [u64; Scope::ALL.len()],
    pub by_code: [u64; IssueCode::ALL.len()],
    pub by_risk: [u64; Risk::ALL.len()],
    /// Blocked actions.
    pub by_reason: [u64; BlockedReason::ALL.len()],
    pub ticket_echoes: u64,
}
