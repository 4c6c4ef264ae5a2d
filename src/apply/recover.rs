//! Completes an interrupted apply: finds its last write in the journal, reads Zendesk for the outcome, and writes the receipt
//! (rules 8.4).
//!
//! A write may still be in transit after the run that sent it has ended. So nothing is decided before its request has timed
//! out, and then two reads must agree.

use super::journal::Journal;
use super::look::{Look, OrgIndex, SubjectReads, look};
use super::{NOTHING_WRITTEN, Stop, receipts, unless_stopped};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::interrupt::Deferred;
use crate::model::time::Instant;
use crate::paths::file_name;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::{ActionResult, Mode, Outcome};
use crate::run::artifacts::journal::{self, Begin, Intention, JournalEntry, Story};
use crate::run::create::{self, Root};
use crate::run::plan_file::{PlanFile, PlannedAction};
use crate::text::audience::Message;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many times a write is read at most, until two reads agree.
const MOST_LOOKS: usize = 5;

/// A live apply that was left open.
pub struct Interrupted {
    pub folder: PathBuf,
    pub story: Story,
    /// Its journal has a last line, but also an intention that could not be settled.
    is_ended: bool,
    /// Its receipt was written, so it was killed just before it finished its journal.
    has_receipt: bool,
}

impl Interrupted {
    /// Whether its receipt is complete.
    pub fn is_told(&self) -> bool {
        self.has_receipt && self.story.open.is_empty()
    }

    /// Whether it applied another plan.
    pub fn is_of_another_plan(&self, plan: &PlanFile) -> bool {
        self.story.begin.source_plan_hash != plan.hash
    }

    /// How long its last request may still be in transit. Even if the clock was set back, the wait is at most that request's
    /// timeout.
    fn may_land_within(&self, now: Instant) -> Duration {
        let waits = self.story.open.iter().filter_map(|intention| {
            let (sent, landed) = (Instant::parse(&intention.at)?, intention.landed_at()?);
            Some(landed.millis_after(now).min(landed.millis_after(sent)))
        });
        Duration::from_millis(waits.max().unwrap_or(0))
    }

    /// Records the outcome in its receipt, in the folder of its audit, and last in its journal. If this run is killed in
    /// between, the next one finds the open journal again.
    fn close(
        mut self,
        settled: Vec<ActionResult>,
        plan: &PlanFile,
        plan_file: &Path,
        now: Instant,
    ) -> std::io::Result<()> {
        create::remove_unfinished(&self.folder)?;
        let is_told = self.is_told();
        let Self { folder, story, is_ended, has_receipt: _ } = &mut self;
        let (completed, at) = story.ended.get_or_insert_with(|| (false, now.rfc3339())).clone();
        for result in &settled {
            story.results.insert(result.action_id.clone(), result.clone());
        }
        let receipt = if is_told { receipts::read(folder) } else { None };
        let receipt = receipt.unwrap_or_else(|| story.receipt(plan));
        if !is_told {
            receipts::write(folder, &receipt)?;
        }
        if let Some(audit) = receipts::audit_folder(plan_file, plan) {
            // The run's own folder has the receipt; the audit's may be read-only.
            let _ = receipts::keep(&audit, &receipt);
        }
        let mut journal = Journal::reopen(folder)?;
        for result in settled {
            journal.append(&JournalEntry::Result(result))?;
        }
        if *is_ended { Ok(()) } else { journal.append(&JournalEntry::End { completed, at }) }
    }
}

/// The live applies to the plan's Zendesk whose journal was left open, or has an intention that could not be settled; by name.
///
/// A journal of this plan that cannot be parsed is an error, because it may record a write; one of another plan goes to
/// `unclear`, with the reason.
pub fn find(root: &Root, plan: &PlanFile, unclear: &mut dyn FnMut(&str, usize)) -> Result<Vec<Interrupted>, Failure> {
    let failed = |error: std::io::Error| Failure::new(Exit::Unreadable, NOTHING_WRITTEN).because(error);
    let mut folders = BTreeSet::new();
    for entry in std::fs::read_dir(root.path()).map_err(failed)? {
        folders.insert(entry.map_err(failed)?.path());
    }
    let mut runs = Vec::new();
    for folder in folders {
        let name = file_name(&folder);
        let bytes = match files::read_lines(&folder.join(journal::FILE_NAME)) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(error) => {
                let cause = Message::from("its journal.ndjson").then(": ", &error.into());
                return Err(unsettled(&name).because(cause).help(MOVE_AWAY));
            }
        };
        let story = match Story::parse(&bytes) {
            Ok(Some(story)) => story,
            Ok(None) => continue,
            Err(line) => {
                let names_plan = bytes.windows(plan.hash.len()).any(|window| window == plan.hash.as_bytes());
                let is_live = |begin: Begin| begin.mode == Mode::Apply && begin.zendesk == plan.zendesk;
                if names_plan {
                    let cause = format!("line {line} of its {} was not written by this program", journal::FILE_NAME);
                    return Err(unsettled(&name).because(Message::public(cause)).help(MOVE_AWAY));
                }
                if Story::begin_of(&bytes).is_some_and(is_live) {
                    unclear(&name, line);
                }
                continue;
            }
        };
        runs.extend(interrupted(folder, story, plan));
    }
    Ok(runs)
}

/// The run, if it was a live apply to the plan's Zendesk and was left open.
fn interrupted(folder: PathBuf, mut story: Story, plan: &PlanFile) -> Option<Interrupted> {
    if story.begin.mode != Mode::Apply || story.begin.zendesk != plan.zendesk {
        return None;
    }
    let is_ended = story.ended.is_some();
    let receipt = receipts::read(&folder).filter(|receipt| !is_ended && receipt.run_id == story.begin.run_id);
    let told = receipt.and_then(|receipt| Some((receipt.completed, receipt.finished_at?)));
    let has_receipt = told.is_some();
    story.ended = story.ended.or(told);
    (!is_ended || !story.open.is_empty()).then_some(Interrupted { folder, story, is_ended, has_receipt })
}

const MOVE_AWAY: &str = "check the journal and Zendesk; when you know whether the last write was applied, move \
    that folder out of the output root";

/// The outcome of an earlier write is unknown, so nothing may be written.
fn unsettled(run: &str) -> Failure {
    Failure::new(
        Exit::Unreadable,
        Message::public(format!("it is unknown what {run} has already written; nothing was written now")),
    )
}

/// Settles what earlier applies left open.
pub struct Recovery<'a, R> {
    pub root: &'a Root,
    pub plan: &'a PlanFile,
    /// The file of the plan.
    pub plan_file: &'a Path,
    pub records: &'a R,
    pub clock: fn() -> Instant,
    pub stop: &'a Deferred,
    /// The time between two reads of the same record.
    pub second_look: Duration,
    pub say: &'a dyn Fn(Message),
}

impl<R: SubjectReads> Recovery<'_, R> {
    /// Settles every open run of this plan, and of other plans whose files still exist; lists the others.
    pub async fn settle_all(&self) -> Result<(), Failure> {
        let unclear = &mut |name: &str, line: usize| {
            let journal = journal::FILE_NAME;
            (self.say)(Message::public(format!(
                "{name} applied another plan, and line {line} of its {journal} was not written by this program; \
                    check in Zendesk whether its last write was applied"
            )));
        };
        for run in find(self.root, self.plan, unclear)? {
            let name = file_name(&run.folder);
            self.wait_until_landed(&run, &name).await?;
            if !run.is_of_another_plan(self.plan) {
                self.settle_run(run, &name, self.plan, self.plan_file).await?;
                continue;
            }
            match plan_of(&run.story.begin) {
                Some((file, plan)) => self.settle_run(run, &name, &plan, &file).await?,
                None => (self.say)(Message::with_public(
                    format!(
                        "{name} applied another plan and was interrupted, and that plan is no longer at {}, so \
                            it is unknown whether its last write was applied. Put the plan back, or check \
                            Zendesk and move that folder out of the output root",
                        run.story.begin.source_plan_path
                    ),
                    format!(
                        "{name} applied another plan and was interrupted; that plan was not found, so it is \
                            unknown whether its last write was applied"
                    ),
                )),
            }
        }
        Ok(())
    }

    async fn wait_until_landed(&self, run: &Interrupted, name: &str) -> Result<(), Failure> {
        let wait = run.may_land_within((self.clock)());
        if wait.is_zero() {
            return Ok(());
        }
        (self.say)(Message::public(format!(
            "the last write of {name} may still be on its way; waiting {} s until its request has timed out",
            wait.as_millis().div_ceil(1000)
        )));
        tokio::select! {
            biased;
            () = self.stop.signalled() => Err(interrupted_now()),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    async fn settle_run(&self, run: Interrupted, name: &str, plan: &PlanFile, plan_file: &Path) -> Result<(), Failure> {
        let mut settled = Vec::new();
        for intention in &run.story.open {
            // A journal of the same hash names actions of the same plan.
            let Some(action) = plan.actions.iter().find(|action| action.action_id == intention.action_id) else {
                continue;
            };
            settled.push(self.settle(action, intention).await.map_err(|stop| match stop {
                Stop::Read(error) => unsettled(name).because(&error).help(error.next()),
                Stop::Disk(error) => unsettled(name).because(error),
                Stop::Interrupted => interrupted_now(),
            })?);
        }
        if !run.is_told() {
            (self.say)(Message::public(format!("{name} was interrupted, or could not read back a write")));
        }
        for result in &settled {
            let what = if result.status == Outcome::Applied { "was applied" } else { "was not applied" };
            (self.say)(Message::with_public(
                format!("{name}: the write of {} {what}", result.action_id),
                format!("{name}: the write of a {} {what}", result.action_code),
            ));
        }
        run.close(settled, plan, plan_file, (self.clock)()).map_err(|error| {
            Failure::new(Exit::Unreadable, "the receipt of an interrupted apply could not be written").because(error)
        })
    }

    /// Reads whether a write was applied, until two reads in a row agree.
    ///
    /// If the effect is in place, the write was applied, because the effect was not there right before. If it is not, the write
    /// failed or was never sent.
    async fn settle(&self, action: &PlannedAction, intention: &Intention) -> Result<ActionResult, Stop> {
        let mut last: Option<Look> = None;
        for _ in 0..MOST_LOOKS {
            let mut index = OrgIndex::default();
            let now = unless_stopped(self.stop, look(self.records, action, &mut index)).await?;
            let agrees = last.as_ref().is_some_and(|last| last.has_effect(action) == now.has_effect(action));
            if let (true, Some(after)) = (agrees, now.state(action)) {
                let status = if now.has_effect(action) { Outcome::Applied } else { Outcome::Failed };
                return Ok(ActionResult {
                    before: Some(intention.before.clone()),
                    after: Some(after),
                    ..ActionResult::new(action, status, None, (self.clock)())
                });
            }
            last = Some(now);
            tokio::time::sleep(self.second_look).await;
        }
        Err(Stop::Disk(std::io::Error::other(format!(
            "{}: the responses lack the field that the write changes, or do not agree",
            action.action_id
        ))))
    }
}

fn interrupted_now() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted; nothing was written to Zendesk")
}

/// The plan that a journal names, if its file still contains that plan.
fn plan_of(begin: &Begin) -> Option<(PathBuf, PlanFile)> {
    let named = PathBuf::from(&begin.source_plan_path);
    let file = if named.is_dir() { named.join(Artifact::FixPlan.name()) } else { named };
    let plan = PlanFile::parse(&files::read_lines(&file).ok()?).ok()?;
    (plan.hash == begin.source_plan_hash).then_some((file, plan))
}
