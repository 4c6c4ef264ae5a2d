//! What an interrupted apply had begun: found in its journal, settled by reading Zendesk, and reported in its receipt
//! (rules 8.4).

use super::journal::Journal;
use super::look::{Reads, look};
use super::{NOTHING_WRITTEN, Stop, unless_stopped};
use crate::clock;
use crate::exit::{Exit, Failure};
use crate::interrupt::Deferred;
use crate::model::time::Instant;
use crate::paths::file_name;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::{ActionResult, ApplyReceipt, Mode, Outcome};
use crate::run::artifacts::journal::{self, Entry, Story};
use crate::run::create::{self, Root};
use crate::run::plan_file::PlanFile;
use crate::text::audience::{Message, open};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

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
            ..ActionResult::new(action, status, None, clock())
        });
    }
    Ok(settled)
}

/// A live apply that was left open.
pub struct Interrupted {
    pub folder: PathBuf,
    pub story: Story,
    /// Its journal has its last line, and yet an intention that nobody could settle.
    is_ended: bool,
    /// Its receipt was written, so it was killed right before it would have ended its journal.
    has_receipt: bool,
}

impl Interrupted {
    /// Whether its receipt says all there is to say.
    pub fn is_told(&self) -> bool {
        self.has_receipt && self.story.open.is_empty()
    }

    /// Tells what was found out: in its receipt, and then in its journal, so that it is found again if this run is killed in
    /// between.
    pub fn close(mut self, settled: Vec<ActionResult>, plan: &PlanFile) -> std::io::Result<()> {
        create::remove_unfinished(&self.folder)?;
        let is_told = self.is_told();
        let Self { folder, story, is_ended, has_receipt: _ } = &mut self;
        let (completed, at) = story.ended.get_or_insert_with(|| (false, clock::now().rfc3339())).clone();
        if !is_told {
            for result in &settled {
                story.results.insert(result.action_id.clone(), result.clone());
            }
            write_receipt(folder, &story.receipt(plan))?;
        }
        let mut journal = Journal::reopen(folder)?;
        for result in settled {
            journal.append(&Entry::Result(result))?;
        }
        if *is_ended { Ok(()) } else { journal.append(&Entry::End { completed, at }) }
    }
}

/// The live applies of this plan whose journal was left open, or has an intention that nobody could settle; oldest first.
///
/// A journal that may be one of them and cannot be understood is an error: it may tell of a write.
pub fn interrupted_runs(root: &Root, plan: &PlanFile) -> Result<Vec<Interrupted>, Failure> {
    let mut folders = BTreeSet::new();
    for entry in std::fs::read_dir(root.path())
        .map_err(|error| Failure::new(Exit::Unreadable, NOTHING_WRITTEN).because(error))?
    {
        folders.insert(entry.map_err(|error| Failure::new(Exit::Unreadable, NOTHING_WRITTEN).because(error))?.path());
    }
    let mut runs = Vec::new();
    for folder in folders {
        let name = file_name(&folder);
        let bytes = match std::fs::read(folder.join(journal::FILE_NAME)) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(error) => {
                return Err(unsettled(&name).because(Message::from("its journal.ndjson").then(": ", &error.into())));
            }
        };
        let names_the_plan = || bytes.windows(plan.hash.len()).any(|window| window == plan.hash.as_bytes());
        let mut story = match Story::parse(&bytes) {
            Ok(Some(story)) => story,
            Err(line) if names_the_plan() => {
                return Err(unsettled(&name)
                    .because(open(format!("line {line} of its {} is not one of this program", journal::FILE_NAME)))
                    .help("look at the journal and at Zendesk; once it is clear what became of the last write, move that folder out of the output root"));
            }
            Ok(None) | Err(_) => continue,
        };
        if story.begin.source_plan_hash != plan.hash || story.begin.mode != Mode::Apply {
            continue;
        }
        let is_ended = story.ended.is_some();
        let receipt = read_receipt(&folder).filter(|receipt| !is_ended && receipt.run_id == story.begin.run_id);
        let told = receipt.and_then(|receipt| Some((receipt.completed, receipt.finished_at?)));
        let has_receipt = told.is_some();
        story.ended = story.ended.or(told);
        if !is_ended || !story.open.is_empty() {
            runs.push(Interrupted { folder, story, is_ended, has_receipt });
        }
    }
    Ok(runs)
}

pub fn unsettled(run: &str) -> Failure {
    Failure::new(Exit::Unreadable, open(format!("what {run} had begun cannot be found out; nothing was written")))
}

/// The receipt in a run folder; `None` also where it cannot be read.
pub fn read_receipt(folder: &Path) -> Option<ApplyReceipt> {
    let bytes = std::fs::read(folder.join(Artifact::ApplyReceipt.name())).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Puts a receipt into a run folder.
pub fn write_receipt(folder: &Path, receipt: &ApplyReceipt) -> std::io::Result<()> {
    create::replace_file(&folder.join(Artifact::ApplyReceipt.name()), |out| receipt.write(out))
}
