//! What a reviewer is asked to approve, after a dry run.

use super::super::state::State;
use crate::clock;
use crate::commands::github::variable;
use crate::commands::read_config;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::github::inputs::Inputs;
use crate::model::time::Instant;
use crate::report::review::ReviewFacts;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::Outcome;
use crate::run::plan_file::PlanFile;
use crate::run::read::read_apply_receipt;
use crate::text::audience::Message;
use std::path::Path;

/// What a reviewer approves after a dry run, except the actions themselves. A plan that is too old to apply is refused here, before
/// a reviewer is asked.
pub(super) fn review(plan: &Path, inputs: &Inputs, state: &State) -> Result<Option<ReviewFacts>, Failure> {
    let config = read_config(inputs.config.as_deref())?.map_or_else(Config::without_file, |file| file.config);
    let hours = config.apply.max_plan_age_hours;
    // A plan that cannot be read is refused by the dry run, which knows what is wrong with it.
    let Some(plan) = files::read_lines(plan).ok().and_then(|bytes| PlanFile::parse(&bytes).ok()) else {
        return Ok(None);
    };
    let made = Instant::from_seconds(plan.created_at.seconds().min(plan.as_of.seconds()));
    let last = Instant::from_seconds(made.seconds() + i64::from(hours) * 3600);
    if last.seconds() < clock::now().seconds() {
        return Err(Failure::new(Exit::Refused, "this plan is too old to apply")
            .because(Message::public(format!(
                "it expired at {}; the configuration allows {hours} hours",
                last.rfc3339()
            )))
            .help("run the audit again, and start the apply with the new run and its hash"));
    }
    let mut asked_by: Vec<String> =
        ["GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"].into_iter().filter_map(variable).collect();
    asked_by.dedup();
    Ok(Some(ReviewFacts {
        selected: Vec::new(),
        plan_made: made.rfc3339(),
        last_moment: last.rfc3339(),
        audit_run: state.prepared.run_id,
        commit: variable("GITHUB_SHA"),
        asked_by,
    }))
}

/// The ids that a dry run selected, out of its receipt.
pub(super) fn selected(folder: &Path) -> Vec<String> {
    let receipt = read_apply_receipt(&folder.join(Artifact::ApplyReceipt.name()));
    let results = receipt.map(|receipt| receipt.results).unwrap_or_default();
    results.into_iter().filter(|result| result.status == Outcome::WouldApply).map(|result| result.action_id).collect()
}
