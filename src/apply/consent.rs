//! Decides whether a plan may be applied: the refusals, in the order of the checks (rules 8.1).
//!
//! Only a plan that passes all checks becomes a [`Confirmed`], and creating a writer requires one.

use crate::model::consent::{Confirmed, Terms};
use crate::model::time::Instant;
use crate::run::artifacts::Source;
use crate::run::plan_file::PlanFile;
use crate::text::audience::Message;

/// Why the whole run is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the plan was changed: its content has the hash {found}, but the file states {stated}")]
    Changed { stated: String, found: String },
    #[error("--apply needs --confirm-plan-hash")]
    NotConfirmed { hash: String },
    #[error("--confirm-plan-hash is {given}, but the plan's hash is {hash}")]
    OtherHash { given: String, hash: String },
    #[error("this is the demo's plan, and there is no Zendesk to apply it to")]
    Demo,
    #[error("the plan is for {plan}, but the configured Zendesk is {configured}")]
    OtherZendesk { plan: String, configured: String },
    #[error("the plan is for {plan}, but no Zendesk is configured")]
    NoZendesk { plan: String },
    #[error("the plan is too old: it is from {from}, and plans expire after {max_hours} hours")]
    TooOld { from: String, max_hours: u32 },
    #[error("the plan is dated in the future: {from}, but it is {now}")]
    FromTheFuture { from: String, now: String },
}

impl From<&Refusal> for Message {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            // The hash that was typed is anything.
            Refusal::OtherHash { .. } | Refusal::Changed { .. } => Self::with_public(
                refusal.to_string(),
                match refusal {
                    Refusal::Changed { .. } => {
                        "the plan was changed: its content does not match the hash stated in the file"
                    }
                    _ => "--confirm-plan-hash is not the plan's hash",
                },
            ),
            Refusal::OtherZendesk { .. } => {
                Self::with_public(refusal.to_string(), "the plan is for a different Zendesk than the configured one")
            }
            Refusal::NoZendesk { .. } => Self::with_public(refusal.to_string(), "no Zendesk is configured"),
            Refusal::NotConfirmed { .. } | Refusal::Demo | Refusal::TooOld { .. } | Refusal::FromTheFuture { .. } => {
                Message::public(refusal.to_string())
            }
        }
    }
}

impl Refusal {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Changed { .. } => "use the file as the audit wrote it, or run the audit again".to_owned(),
            Self::NotConfirmed { hash } => {
                format!("do a dry run, check what it would do, then add\n  --confirm-plan-hash {hash}")
            }
            Self::OtherHash { .. } => {
                "the hash and the file are not from the same audit; do a dry run of this plan again, and copy \
                    the hash that it prints".to_owned()
            }
            Self::Demo => "leave out --apply: a dry run of the demo's plan needs no Zendesk".to_owned(),
            Self::OtherZendesk { .. } => {
                "set zendesk.subdomain or zendesk.base_url in the configuration to the Zendesk that was \
                    audited, or audit the configured one".to_owned()
            }
            Self::NoZendesk { .. } => {
                "set zendesk.subdomain or zendesk.base_url in the configuration, or name the configuration with --config".to_owned()
            }
            Self::TooOld { .. } => {
                "run the audit again and check its plan; apply.max_plan_age_hours sets the limit".to_owned()
            }
            Self::FromTheFuture { .. } => "check the clock of this machine and of the machine that ran the audit".to_owned(),
        }
    }
}

/// Checks the terms. `Ok(None)`: a dry run, and allowed.
pub fn check(plan: &PlanFile, terms: &Terms<'_>) -> Result<Option<Confirmed>, Refusal> {
    let Terms { live, confirmed_hash, zendesk, max_plan_age_hours: _, now: _ } = *terms;
    if plan.hash != plan.stated_hash {
        return Err(Refusal::Changed { stated: plan.stated_hash.clone(), found: plan.hash.clone() });
    }
    match confirmed_hash {
        None if live => return Err(Refusal::NotConfirmed { hash: plan.hash.clone() }),
        Some(given) if given != plan.hash => {
            return Err(Refusal::OtherHash { given: given.to_owned(), hash: plan.hash.clone() });
        }
        _ => {}
    }
    match (plan.source, zendesk) {
        (Source::Demo, _) if live => return Err(Refusal::Demo),
        (Source::Demo, _) => {}
        (Source::Zendesk, None) => return Err(Refusal::NoZendesk { plan: plan.zendesk.clone() }),
        (Source::Zendesk, Some(configured)) if configured != plan.zendesk => {
            return Err(Refusal::OtherZendesk { plan: plan.zendesk.clone(), configured: configured.to_owned() });
        }
        (Source::Zendesk, Some(_)) => {}
    }
    if !live {
        return Ok(None);
    }
    check_age(plan, terms)?;
    Ok(Some(Confirmed::seal(plan.hash.clone())))
}

/// The last moment at which a plan may be applied: `max_hours` from the earlier of its two times.
pub fn apply_until(plan: &PlanFile, max_hours: u32) -> Instant {
    plan.created_at.min(plan.as_of).plus_millis(u64::from(max_hours) * 3_600_000)
}

/// Checks the plan's age. A wrong age refuses a live run; a dry run only gets a warning.
pub fn check_age(plan: &PlanFile, terms: &Terms<'_>) -> Result<(), Refusal> {
    let Terms { max_plan_age_hours, now, .. } = *terms;
    let (from, latest) = (plan.created_at.min(plan.as_of), plan.created_at.max(plan.as_of));
    if latest > now {
        return Err(Refusal::FromTheFuture { from: latest.rfc3339(), now: now.rfc3339() });
    }
    if now.seconds() - from.seconds() > i64::from(max_plan_age_hours) * 3600 {
        return Err(Refusal::TooOld { from: from.rfc3339(), max_hours: max_plan_age_hours });
    }
    Ok(())
}
