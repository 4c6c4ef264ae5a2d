//! `audit`: read, resolve, detect, plan, write artifacts, gate on thresholds.

mod inputs;
mod judged;
mod keeping;
mod recorded;
mod results;

use super::source;
use crate::cli::{AuditOptions as Options, Common};
use crate::exit::{Exit, Failure};
use crate::rules::audit::audit;
use inputs::Inputs;
use judged::Judged;
use keeping::Keeping;

/// Runs `audit`.
pub fn run(common: &Common, options: Options) -> Result<Exit, Failure> {
    if options.explain_fetch {
        return super::fetch::run(common, &options.source);
    }
    let console = common.console();
    let (inputs, domains) = Inputs::gather(common, options)?;
    inputs.notices().into_iter().for_each(|notice| console.notice(notice));

    console.heading(inputs.source.reading());
    let keeping = Keeping::begin(&console, &inputs);
    let log = keeping.as_ref().map(|keeping| &keeping.log);
    let read = source::read(&console, &inputs.what_to_read(log), domains);
    let read = read.map_err(|failure| match &keeping {
        Some(keeping) => keeping.explain(failure),
        None => failure,
    })?;
    let baseline = inputs.baseline_accounts();
    let found = audit(
        &inputs.reference,
        &read.world,
        &inputs.config.settings,
        baseline.as_ref(),
        read.as_of,
        read.warnings.clone(),
    );
    let rows = inputs.rows_to_compare(&found);
    let judged = Judged::new(&found, rows.as_ref(), inputs.baseline.as_ref(), inputs.earlier());
    let run = inputs.publish(&read, &found, &judged)?;
    if let Some(keeping) = keeping {
        keeping.over();
    }

    inputs.options.outputs.tell(console.audience, judged.outputs(&run))?;
    results::print(&console, &inputs, &found, &judged, &run);
    Ok(judged.exit())
}
