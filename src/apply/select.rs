//! Selects the actions of a plan to apply now: the narrowing, the preconditions and the caps, before any write
//! (rules 8.2).

use super::look::{Look, OrgIndex, SubjectReads, look};
use super::narrow::Narrowing;
use super::recheck::recheck;
use super::{Stop, unless_stopped};
use crate::catalogue::{ActionCode, SkipReason};
use crate::interrupt::Deferred;
use crate::model::account_key::account_key;
use crate::model::record::MembershipRecord;
use crate::model::time::Instant;
use crate::run::artifacts::apply_receipt::{ActionResult, Caps, Outcome};
use crate::run::plan_file::{PlanFile, PlannedAction};
use std::collections::{BTreeMap, HashMap};

/// The decision about one action.
#[derive(Debug)]
pub enum ActionChoice {
    /// It will be applied. Contains its records as read, including the effect of the actions selected before it.
    Selected(Look),
    /// It will not be applied.
    Not(ActionResult),
}

/// What to select from, and within which limits.
pub struct Selection<'a> {
    pub plan: &'a PlanFile,
    pub narrowing: &'a Narrowing,
    pub caps: Caps,
    pub clock: fn() -> Instant,
    pub stop: &'a Deferred,
}

impl Selection<'_> {
    /// Walks the plan with fresh reads of each action's records; one choice for each prepared action, in order.
    ///
    /// `decided` gets each action's index, and the decision if it is not selected, before the next action is read. The reads
    /// update the `index`.
    pub async fn choose(
        &self,
        records: &impl SubjectReads,
        index: &mut OrgIndex,
        decided: &mut dyn FnMut(usize, Option<&ActionResult>) -> std::io::Result<()>,
    ) -> Result<Vec<ActionChoice>, Stop> {
        let Self { plan, narrowing, caps, clock, stop } = *self;
        let mut walk = Walk { assumed: index.clone(), ..Walk::default() };
        let mut choices = Vec::with_capacity(plan.actions.len());
        for (at, action) in plan.actions.iter().enumerate() {
            let unread = if let Some(reason) = narrowing.leaves_out(action) {
                Some((Outcome::Skipped, reason))
            } else if walk.selected >= caps.max_actions {
                Some((Outcome::Blocked, SkipReason::CapMaxActions))
            } else {
                None
            };
            let choice = match unread {
                Some((status, reason)) => ActionChoice::Not(ActionResult::new(action, status, Some(reason), clock())),
                None => {
                    let seen = unless_stopped(stop, look(records, action, index)).await?;
                    walk.choose(action, seen, caps, clock())
                }
            };
            decided(at, if let ActionChoice::Not(result) = &choice { Some(result) } else { None })?;
            choices.push(choice);
        }
        Ok(choices)
    }
}

/// The state of the walk: what has been selected, and what Zendesk will look like after those are applied.
#[derive(Default)]
struct Walk {
    selected: u32,
    of_account: HashMap<String, u32>,
    assumed: OrgIndex,
    effects: Effects,
}

impl Walk {
    fn choose(&mut self, action: &PlannedAction, mut seen: Look, caps: Caps, now: Instant) -> ActionChoice {
        self.effects.add_to(&mut seen, action);
        self.assumed.update(action.org_id, seen.org.as_ref());
        if let Some(reason) = recheck(action, &seen, &self.assumed) {
            return ActionChoice::Not(ActionResult {
                before: seen.state(action),
                ..ActionResult::new(action, Outcome::Skipped, Some(reason), now)
            });
        }
        let of_account = self.of_account.entry(account_key(&action.sf_account_id)).or_default();
        if *of_account >= caps.max_per_account {
            return ActionChoice::Not(ActionResult::new(
                action,
                Outcome::Blocked,
                Some(SkipReason::CapMaxPerAccount),
                now,
            ));
        }
        *of_account += 1;
        self.selected += 1;
        self.effects.take_in(action);
        let mut then = seen.clone();
        self.effects.add_to(&mut then, action);
        self.assumed.update(action.org_id, then.org.as_ref());
        ActionChoice::Selected(seen)
    }
}

/// The changes that the selected actions will make, without anything that Zendesk does by itself.
#[derive(Default)]
struct Effects {
    external_ids: BTreeMap<u64, String>,
    domains: BTreeMap<u64, Vec<String>>,
    members: BTreeMap<u64, Vec<u64>>,
    defaults: BTreeMap<u64, u64>,
}

impl Effects {
    fn take_in(&mut self, action: &PlannedAction) {
        match (action.action_code, action.user_id) {
            (ActionCode::SetOrgExternalId, _) => {
                self.external_ids.insert(action.org_id, action.to.to_string());
            }
            (ActionCode::AddOrgDomain, _) => self.domains.entry(action.org_id).or_default().push(action.to.to_string()),
            (ActionCode::AssignUserToOrg, Some(user)) => self.members.entry(user).or_default().push(action.org_id),
            (ActionCode::MoveUserToOrg, Some(user)) => {
                self.defaults.insert(user, action.org_id);
            }
            (ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg, None) => {}
        }
    }

    fn add_to(&self, look: &mut Look, action: &PlannedAction) {
        if let Some(org) = &mut look.org {
            if let Some(id) = self.external_ids.get(&org.id) {
                org.external_id = Some(id.clone());
            }
            for domain in self.domains.get(&org.id).into_iter().flatten() {
                if !org.domain_names.contains(domain) {
                    org.domain_names.push(domain.clone());
                }
            }
        }
        let Some(user) = action.user_id else { return };
        for org_id in self.members.get(&user).into_iter().flatten() {
            if !look.is_member(*org_id) {
                look.memberships.list.push(MembershipRecord { id: u64::MAX, org_id: *org_id, default: false });
            }
        }
        if let Some(org_id) = self.defaults.get(&user) {
            for membership in &mut look.memberships.list {
                membership.default = membership.org_id == *org_id;
            }
        }
    }
}
