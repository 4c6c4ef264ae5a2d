//! `diff`: two finished runs in, what changed between them out.

use super::{ConfigFile, read_config};
use crate::catalogue::IssueCode;
use crate::cli::{Common, Diff as Options};
use crate::exit::{Exit, Failure};
use crate::github::step_output::Output;
use crate::report::{diff as report, terminal};
use crate::rules::gate::{self, Judgement};
use crate::run::artifacts;
use crate::run::diff::document::document;
use crate::run::diff::{self, About, Side};
use crate::run::read::RunFolder;
use crate::text::audience::Message;
use crate::text::escape;
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;

/// Runs `diff`.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let console = common.console();
    let limit = limit(common, options)?;
    let base = open(&options.base, "base")?;
    let head = open(&options.head, "head")?;
    comparable(&options.base, &base, about(&head))?;

    let (base_side, head_side) = (Side::of_run(&base), Side::of_run(&head));
    let found = diff::compare(&base_side, &head_side);
    let thresholds: Vec<_> =
        limit.map(|limit| gate::new_issues_judged(limit, found.new.len() as u64)).into_iter().collect();

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
            head.issues.iter().map(|issue| (issue.issue_id.as_str(), issue.issue_code)).collect();
        console.show(&report::own_suppressions(from, |id| codes.get(id).copied()));
    }
    // Computed, not read.
    let (then, now) = (&base.plan.hash, &head.plan.hash);
    let same = if then == now { " (the same plan)".to_owned() } else { format!(" (was {then})") };
    console.say(Message::public(format!("\nplan_hash: {now}{same}")));
    let counts = json!({ "plan_hash": now, "new_issue_count": found.new.len(), "thresholds": thresholds });
    console.data(Message::with_public(
        artifacts::json(&document(&base, &head, &found, &thresholds)),
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

/// The limit of new issues: the flag's, or else the configuration's.
fn limit(common: &Common, options: &Options) -> Result<Option<u64>, Failure> {
    const NAME: &str = "max_new_issues";
    let mut limit = read_config(common.config.as_deref())?
        .and_then(|ConfigFile { config, bytes: _ }| config.settings.thresholds.max_new_issues);
    for (name, value) in &options.thresholds {
        if name != NAME {
            return Err(Failure::invalid(Message::public(format!("diff judges {NAME} alone, not {name}")))
                .help("the audits of the two runs have judged the others"));
        }
        limit = Some(*value);
    }
    Ok(limit)
}

/// Reads a run folder that two runs are compared by; `what` says which one it is.
pub(super) fn open(path: &Path, what: &str) -> Result<RunFolder, Failure> {
    RunFolder::open(path).map_err(|error| {
        Failure::invalid(Message::public(format!("the {what} {} cannot be used", path.display())))
            .because(&error)
            .help("name the run folder of an audit, <root>/<time>_audit")
    })
}

/// Refuses a base that says nothing about the head.
pub(super) fn comparable(path: &Path, base: &RunFolder, head: About<'_>) -> Result<(), Failure> {
    diff::comparable(about(base), head).map_err(|error| {
        Failure::invalid(Message::public(format!("{} is no base for this comparison", path.display())))
            .because(&error)
            .help("compare runs of the same Zendesk")
    })
}

pub(super) fn about(run: &RunFolder) -> About<'_> {
    About { source: run.summary.source, zendesk: &run.summary.zendesk }
}
