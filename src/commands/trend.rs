//! `trend`: the runs over time, from the history of one run or of all runs under a root.

use super::runs;
use crate::cli::{Common, TrendOptions as Options};
use crate::console::{Format, plain};
use crate::exit::{Exit, Failure};
use crate::report::trend as report;
use crate::run::artifacts;
use crate::run::locate;
use crate::run::read::{RunFolder, RunHistory};
use crate::run::trend::trend;
use crate::text::audience::Message;
use serde_json::json;
use std::path::{Path, PathBuf};

/// How many runs and issues are shown.
const MOST: usize = 20;

/// Runs `trend`.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let console = common.console();
    let root = || runs::root(common, options.out.as_deref());
    let (newest, others) = match &options.run {
        Some(named) => (runs::folder_under(named, "run", root)?, Vec::new()),
        None => all_under(&root()?)?,
    };
    let run = runs::open_folder(common, &newest, "run")?;
    let others = others.iter().map(|folder| history(folder)).collect::<Result<Vec<_>, _>>()?;
    let RunFolder { issues, .. } = &run;
    let trend = trend(&history(&newest)?, issues, &others);

    let most = options.last.unwrap_or(MOST);
    let lines = report::terminal(&trend, most);
    console.show(&lines);
    console.data(Message::with_public(artifacts::json(&trend), artifacts::json(&json!({ "runs": trend.runs }))));
    if console.format == Format::Csv {
        plain(&report::csv(&trend));
    }
    Ok(Exit::Done)
}

/// The newest audit under a root, and the others.
fn all_under(root: &Path) -> Result<(PathBuf, Vec<PathBuf>), Failure> {
    let failed = |why: String| {
        Failure::invalid(Message::public(format!("there is no history in {}", root.display())))
            .because(Message::public(why))
            .help("run an audit first, or name the root with --out")
    };
    let mut audits = locate::audits(root).map_err(|error| failed(error.to_string()))?;
    let newest = audits.pop().ok_or_else(|| failed("it contains no audit".to_owned()))?;
    Ok((newest, audits))
}

fn history(folder: &Path) -> Result<RunHistory, Failure> {
    RunHistory::open(folder).map_err(|error| {
        Failure::invalid(Message::public(format!("the run {} cannot be used", folder.display())))
            .because(&error)
            .help("restore the run folder, or move it out of the root")
    })
}
