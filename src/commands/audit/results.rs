//! What an audit prints: the findings as text, or the summary as JSON.

use super::inputs::Inputs;
use super::judged::Judged;
use crate::catalogue::IssueCode;
use crate::console::{Console, Format};
use crate::paths::shown_path;
use crate::report::{self, terminal};
use crate::rules::audit::Audit;
use crate::run::artifacts::receipt::{EarlierRun, WouldSuppress};
use crate::run::artifacts::summary::Summary;
use crate::run::artifacts::{self, Artifact};
use crate::run::diff::document::DiffCounts;
use crate::run::publish::Published;
use crate::text::audience::Message;
use crate::text::escape;
use serde::Serialize;
use std::collections::HashMap;

/// Prints the results in the form that was asked for; then the warnings; breaches come last, and in every form.
pub(super) fn print(console: &Console, inputs: &Inputs, found: &Audit<'_>, judged: &Judged<'_>, run: &Published) {
    match console.format {
        Format::Text | Format::Csv => print_text(console, inputs, found, judged, run),
        Format::Json => print_json(console, judged, run),
    }
    console.warnings(&found.warnings);
    terminal::breaches(&judged.thresholds).iter().for_each(|breach| console.breach(breach));
}

fn print_text(console: &Console, inputs: &Inputs, found: &Audit<'_>, judged: &Judged<'_>, run: &Published) {
    let folder = shown_path(&run.folder);
    let files: Vec<&str> =
        Artifact::ALL.into_iter().map(Artifact::name).filter(|name| run.folder.join(name).exists()).collect();
    console.show(&terminal::audit(&run.facts, &folder, &files, &inputs.flags));
    if let Some(from) = &run.origin.suppressions_from {
        let codes: HashMap<String, IssueCode> =
            found.issues.iter().map(|issue| (issue.id.to_string(), issue.code)).collect();
        console.show(&report::diff::own_suppressions(from, |id| codes.get(id).copied()));
    }
    if let (Some(base), Some(compared)) = (&inputs.baseline, &judged.compared) {
        let name = escape::terminal(&base.summary.run_id);
        console.heading(Message::with_public(format!("\nSince the baseline {name}:"), "\nSince the baseline:"));
        console.show(&report::diff::counts(compared));
    }
}

/// What differs from the baseline, in numbers.
#[derive(Serialize)]
struct SinceBaseline<'a> {
    #[serde(flatten)]
    baseline: &'a EarlierRun,
    #[serde(flatten)]
    counts: DiffCounts,
}

/// `--format json`: the summary, and where the run folder is.
#[derive(Serialize)]
struct Printed<'a> {
    run_dir: &'a str,
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    since_baseline: Option<SinceBaseline<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    own_would_suppress: Option<&'a [WouldSuppress]>,
}

fn print_json(console: &Console, judged: &Judged<'_>, run: &Published) {
    let folder = shown_path(&run.folder);
    let json = |summary: &Summary, own_would_suppress: Option<&[WouldSuppress]>| {
        let since = run.origin.baseline.as_ref().zip(judged.compared.as_ref());
        let since_baseline = since.map(|(baseline, diff)| SinceBaseline { baseline, counts: DiffCounts::of(diff) });
        artifacts::json(&Printed { run_dir: &folder, summary, since_baseline, own_would_suppress })
    };
    let own_would_suppress = run.origin.suppressions_from.as_ref().map(|from| from.own_would_suppress.as_slice());
    let public = json(&run.summary.for_everybody(), None);
    console.data(Message::with_public(json(&run.summary, own_would_suppress), public));
}
