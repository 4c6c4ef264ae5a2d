//! What an interrupted apply had begun: found in its journal, settled by reading, and told in its receipt (contract 8.4).

use super::journal::Story;
use super::look::{Reads, look};
use super::{Stop, result, unless_stopped, unreached};
use crate::interrupt::Deferred;
use crate::model::time::Instant;
use crate::run::artifacts::apply_receipt::{ActionResult, ApplyReceipt, Counts, Outcome, SCHEMA};
use crate::run::plan_file::PlanFile;

/// Looks whether the writes that a journal leaves open took; one result for each.
///
/// The effect is there: the write did it, for right before it the effect was not there. It is not: the write failed, or was
/// never sent.
pub async fn settle(
    plan: &PlanFile,
    story: &Story,
    records: &impl Reads,
    clock: impl Fn() -> Instant,
    stop: &Deferred,
) -> Result<Vec<ActionResult>, Stop> {
    let mut settled = Vec::new();
    for (action_id, before) in &story.open {
        // A journal of the same hash names actions of the same plan.
        let Some(action) = plan.actions.iter().find(|action| action.action_id == *action_id) else { continue };
        let now = unless_stopped(stop, look(records, action)).await?;
        let status = if now.has_effect(action) { Outcome::Applied } else { Outcome::Failed };
        settled.push(ActionResult {
            before: Some(before.clone()),
            after: Some(now.state(action)),
            ..result(action, status, None, clock())
        });
    }
    Ok(settled)
}

/// The receipt of a run as its journal tells it: what has no result was not reached.
pub fn receipt(plan: &PlanFile, story: &Story) -> ApplyReceipt {
    let began = Instant::parse(&story.begin.started_at).unwrap_or(plan.created_at);
    let results: Vec<ActionResult> = plan
        .actions
        .iter()
        .map(|action| match story.results.get(&action.action_id) {
            Some(result) => result.clone(),
            None => unreached(action, began),
        })
        .collect();
    ApplyReceipt {
        schema: SCHEMA.to_owned(),
        run_id: story.begin.run_id.clone(),
        source_plan_path: story.begin.source_plan_path.clone(),
        source_plan_hash: story.begin.source_plan_hash.clone(),
        mode: story.begin.mode,
        caps_used: story.begin.caps_used,
        counts: Counts::of(&results),
        results,
        plan_blocked: plan.blocked.clone(),
        started_at: Some(story.begin.started_at.clone()),
        finished_at: story.ended.as_ref().map(|(_, at)| at.clone()),
        completed: story.ended.as_ref().is_some_and(|(completed, _)| *completed),
    }
}
