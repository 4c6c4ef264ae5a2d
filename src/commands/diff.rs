//! `diff`: two finished runs in, what changed between them out.

use super::{ConfigFile, read_config, runs};
use crate::catalogue::IssueCode;
use crate::cli::{Common, DiffOptions as Options};
use crate::exit::{Exit, Failure};
use crate::github::step_output::Output;
use crate::model::settings::Thresholds;
use crate::report::{diff as report, terminal};
use crate::rules::gate::{self, Judgement, SinceBaseline};
use crate::run::artifacts;
use crate::run::diff::document::document;
use crate::run::diff::{self, Side};
use crate::run::read::RunFolder;
use crate::text::audience::Message;
use crate::text::escape;
use serde_json::json;
use std::collections::HashMap;

/// Runs `diff`.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let console = common.console();
    let limits = limits(common, options)?;
    let base = runs::open(common, &options.base, "base")?;
    let head = runs::open(common, &options.head, "head")?;
    runs::comparable(&options.base, &base, runs::about(&head))?;

    let (base_side, head_side) = (Side::of_run(&base), Side::of_run(&head));
    let found = diff::compare(&base_side, &head_side);
    let since = SinceBaseline {
        new_issues: Some(found.new.len() as u64),
        lost_accounts: found.lost_accounts.as_ref().map(|lost| lost.len() as u64),
    };
    let thresholds: Vec<Judgement> = gate::judge_since_baseline(&limits, since).collect();

    let name = |run: &RunFolder| escape::terminal(&run.summary.run_id);
    console.heading(Message::with_public(
        format!("Comparing {} with {}...", name(&base), name(&head)),
        "Comparing two runs...",
    ));
    console.show(&report::counts(&found));
    // A public audience has read the counts.
    if !console.audience.is_public() {
        console.show(&report::rows(&found));
    }
    if let Some(from) = &head.receipt.suppressions_from {
        let codes: HashMap<&str, IssueCode> =
            head.issues.iter().map(|issue| (&*issue.issue_id, issue.issue_code)).collect();
        console.show(&report::own_suppressions(from, |id| codes.get(id).copied()));
    }
    // Computed, not read.
    let (then, now) = (&base.plan.hash, &head.plan.hash);
    let same = if then == now { " (the same plan)".to_owned() } else { format!(" (was {then})") };
    console.say(Message::public(format!("\nplan_hash: {now}{same}")));
    let counts = json!({ "plan_hash": now, "new_issue_count": found.new.len(), "thresholds": thresholds });
    console.data(Message::with_public(
        artifacts::json(&document(
            &base.summary,
            &head.summary,
            head.receipt.suppressions_from.as_ref(),
            &found,
            &thresholds,
        )),
        artifacts::json(&counts),
    ));
    options.outputs.tell(console.audience, outputs(&found, &thresholds))?;
    terminal::breaches(&thresholds).iter().for_each(|breach| console.breach(breach));
    Ok(if thresholds.iter().any(|judgement| judgement.breached) { Exit::Breached } else { Exit::Done })
}

/// What later steps of a workflow learn.
fn outputs(found: &diff::Diff<'_>, thresholds: &[Judgement]) -> Vec<Output> {
    vec![("new-issues", found.new.len().to_string()), ("breached", super::breached(thresholds))]
}

/// The limits that two runs are judged by: the flags', or else the configuration's.
fn limits(common: &Common, options: &Options) -> Result<Thresholds, Failure> {
    const NAMES: [&str; 2] = ["max_new_issues", "max_lost_accounts"];
    let config = read_config(common.config.as_deref())?;
    let mut limits = config.map(|ConfigFile { config, bytes: _ }| config.settings.thresholds).unwrap_or_default();
    for (name, value) in &options.thresholds {
        if !NAMES.contains(&name.as_str()) {
            let what = format!("diff checks only {}, not {name}", NAMES.join(" and "));
            return Err(Failure::invalid(Message::public(what)).help("the audits of the two runs check the others"));
        }
        limits.set(name, *value);
    }
    Ok(limits)
}
