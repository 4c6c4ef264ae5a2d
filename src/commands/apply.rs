//! `apply`: from a plan file to receipts. A dry run reads and checks everything; with consent, the writes follow.

mod finish;
mod gather;

use super::{disk, live};
use crate::apply::execute::Execution;
use crate::apply::journal::{Journal, room};
use crate::apply::look::{OrgIndex, SubjectReads};
use crate::apply::narrow::Narrowing;
use crate::apply::recover::{self, Recovery};
use crate::apply::select::{ActionChoice, Selection};
use crate::apply::{NOTHING_WRITTEN, Stop};
use crate::catalogue::SkipReason;
use crate::cli::{Apply as Options, Common};
use crate::clock;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::interrupt::Deferred;
use crate::model::consent::Confirmed;
use crate::model::time::Instant;
use crate::report::apply as report;
use crate::run::artifacts::Source;
use crate::run::artifacts::apply_receipt::{ActionResult, Caps, Mode, Outcome};
use crate::run::artifacts::journal::{self, Begin, JournalEntry};
use crate::run::create::Root;
use crate::run::plan_file::PlannedAction;
use crate::snapshot::demo;
use crate::text::audience::{Audience, Message};
use crate::zendesk::{Progress, Records, WritePace, Writer};
use gather::Gathered;
use std::collections::HashMap;
use std::path::PathBuf;

/// How many actions are checked between two lines of progress.
const PROGRESS_STEP: usize = 100;

/// Runs `apply`: consent, then what is left of the plan, then what earlier runs left open, then selection, execution, receipt.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let started_at = clock::now();
    let gathered = Gathered::new(common, options, started_at)?;
    let confirmed = gathered.consent()?;
    let job = Job { console: common.console(), caps: gathered.caps(), started_at, options, gathered };
    match job.gathered.plan.source {
        Source::Demo => job.on_the_demo(),
        Source::Zendesk => job.on_a_zendesk(confirmed),
    }
}

/// One run of `apply`.
struct Job<'a> {
    console: Console,
    gathered: Gathered<'a>,
    caps: Caps,
    options: &'a Options,
    started_at: Instant,
}

/// The folder of the run, and its journal.
struct Run {
    run_id: String,
    folder: PathBuf,
    journal: Journal,
    mode: Mode,
    narrowing: Narrowing,
}

impl Job<'_> {
    fn on_the_demo(&self) -> Result<Exit, Failure> {
        let records = demo::records().map_err(|error| disk("the demo's fixtures cannot be read", error.to_string()))?;
        let root = self.gathered.root()?;
        let narrowing = self.gathered.narrowing(&self.console)?;
        let stop = Deferred::begin();
        let run = self.begin(&root, Mode::DryRun, narrowing)?;
        runtime()?.block_on(self.dry_run(&records, run, &stop))
    }

    fn on_a_zendesk(&self, confirmed: Option<Confirmed>) -> Result<Exit, Failure> {
        let plan = &self.gathered.plan;
        let access = self.gathered.access(&self.console, confirmed.is_some())?;
        let root = self.gathered.root()?;
        let stop = Deferred::begin();
        let _lock = match &confirmed {
            Some(_) => Some(self.gathered.lock()?),
            None => None,
        };
        // What is left of the plan comes after every reason to refuse all of it.
        let narrowing = self.gathered.narrowing(&self.console)?;
        if let Some(refusal) = &self.gathered.outdated {
            let notice =
                Message::from(refusal).then("; with --apply it will be refused: ", &Message::public(refusal.help()));
            self.console.notice(notice);
        }
        let progress = live::progress(&self.console);
        let session = access.open(progress.as_ref());
        let records = Records::new(&session);
        let runtime = runtime()?;
        match confirmed {
            None => {
                self.notice_open_runs(&root);
                let run = self.begin(&root, Mode::DryRun, narrowing)?;
                runtime.block_on(self.dry_run(&records, run, &stop))
            }
            Some(confirmed) => {
                let pace = if access.is_loopback() { WritePace::none() } else { WritePace::careful() };
                let recovery = Recovery {
                    root: &root,
                    plan,
                    plan_file: &self.gathered.plan_file,
                    records: &records,
                    clock: clock::now,
                    stop: &stop,
                    second_look: pace.second_look,
                    say: &|text| self.console.notice(text),
                };
                runtime.block_on(recovery.settle_all())?;
                let run = self.begin(&root, Mode::Apply, narrowing)?;
                let writer = Writer::new(&session, &confirmed, pace);
                runtime.block_on(self.apply(&writer, &records, run, progress.as_ref(), &stop))
            }
        }
    }

    /// A dry run writes nothing, so it only mentions what a live run would settle first.
    fn notice_open_runs(&self, root: &Root) {
        let Ok(runs) = recover::find(root, &self.gathered.plan, &mut |_, _| {}) else { return };
        if runs.iter().any(|run| !run.is_told()) {
            self.console.notice(
                "an earlier apply to this Zendesk was interrupted, or is still running; the next run with \
                    --apply finds out what it wrote",
            );
        }
    }

    fn begin(&self, root: &Root, mode: Mode, narrowing: Narrowing) -> Result<Run, Failure> {
        let failed = |error: std::io::Error| disk(NOTHING_WRITTEN, error);
        let (run_id, folder) = root.begin(self.started_at, "apply").map_err(failed)?;
        let plan = &self.gathered.plan;
        let begin = Begin {
            schema: journal::SCHEMA.to_owned(),
            run_id: run_id.clone(),
            mode,
            source_plan_path: self.gathered.plan_path.clone(),
            source_plan_hash: plan.hash.clone(),
            zendesk: plan.zendesk.clone(),
            caps_used: self.caps,
            only_account: self.options.only_account.clone(),
            only_action: self.options.only_action.clone(),
            started_at: self.started_at.rfc3339(),
        };
        let journal = Journal::create(&folder, begin).map_err(failed)?;
        Ok(Run { run_id, folder, journal, mode, narrowing })
    }

    /// Reads the list of orgs and walks the plan. `so_far` gets what is decided, the same that the journal has by then; it counts
    /// when the walk ends early.
    async fn choose(
        &self,
        records: &impl SubjectReads,
        run: &mut Run,
        stop: &Deferred,
        so_far: &mut Vec<ActionResult>,
    ) -> Result<(Vec<ActionChoice>, OrgIndex), Stop> {
        let console = &self.console;
        let plan = &self.gathered.plan;
        let Run { journal, narrowing, .. } = run;
        console.heading("Checking the plan against Zendesk...");
        let mut index = crate::apply::unless_stopped(stop, OrgIndex::read(records)).await?;
        let actions = &plan.actions;
        let mut decided = |at: usize, result: Option<&ActionResult>| {
            if at > 0 && at.is_multiple_of(PROGRESS_STEP) {
                console.notice(Message::public(format!("checked {at} of {} actions", actions.len())));
            }
            let Some(result) = result else {
                // It is selected, and this is what becomes of it if the walk ends early.
                so_far.push(ActionResult::unreached(&actions[at], self.started_at));
                return Ok(());
            };
            let entry = JournalEntry::Result(result.clone());
            if result.reason.is_some_and(SkipReason::is_attempted) {
                journal.append(&entry)?;
            } else {
                journal.note(&entry)?;
            }
            so_far.push(result.clone());
            Ok(())
        };
        let selection = Selection { plan, narrowing, caps: self.caps, clock: clock::now, stop };
        let choices = selection.choose(records, &mut index, &mut decided).await?;
        let action_ids = self.selected(&choices).map(|(action, _)| action.action_id.to_string()).collect();
        journal.append(&JournalEntry::Selected { action_ids })?;
        Ok((choices, index))
    }

    fn selected<'c>(
        &self,
        choices: &'c [ActionChoice],
    ) -> impl Iterator<Item = (&PlannedAction, &'c crate::apply::look::Look)> {
        self.gathered.plan.actions.iter().zip(choices).filter_map(|(action, choice)| match choice {
            ActionChoice::Selected(seen) => Some((action, seen)),
            ActionChoice::Not(_) => None,
        })
    }

    /// Prints what would change, and why the rest would not.
    fn show(&self, choices: &[ActionChoice]) {
        let selected: Vec<_> = self
            .selected(choices)
            .map(|(action, seen)| report::Selected {
                action,
                before: seen.state(action).unwrap_or_default(),
                shares_tickets: seen.org.as_ref().is_some_and(|org| org.shared_tickets),
            })
            .collect();
        let left_out = choices.iter().filter_map(|choice| match choice {
            ActionChoice::Not(result) => Some(result),
            ActionChoice::Selected(_) => None,
        });
        let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
        for line in report::plan(&selected, &left_out.collect::<Vec<_>>(), self.caps, width) {
            line.print(&self.console);
        }
    }

    async fn dry_run(&self, records: &impl SubjectReads, mut run: Run, stop: &Deferred) -> Result<Exit, Failure> {
        let mut so_far = Vec::new();
        let choices = match self.choose(records, &mut run, stop, &mut so_far).await {
            Ok((choices, _)) => choices,
            Err(stop) => return self.finish(run, so_far, Some(stop), false),
        };
        self.show(&choices);
        let mut results = Vec::with_capacity(choices.len());
        for (action, choice) in self.gathered.plan.actions.iter().zip(choices) {
            let result = match choice {
                ActionChoice::Not(result) => result,
                ActionChoice::Selected(seen) => {
                    let would = ActionResult::new(action, Outcome::WouldApply, None, clock::now());
                    let would = ActionResult { before: seen.state(action), ..would };
                    run.journal
                        .note(&JournalEntry::Result(would.clone()))
                        .map_err(|error| disk(NOTHING_WRITTEN, error))?;
                    would
                }
            };
            results.push(result);
        }
        self.finish(run, results, None, false)
    }

    async fn apply(
        &self,
        writer: &Writer<'_>,
        records: &Records<'_>,
        mut run: Run,
        progress: &dyn Progress,
        stop: &Deferred,
    ) -> Result<Exit, Failure> {
        let mut so_far = Vec::new();
        let (choices, index) = match self.choose(records, &mut run, stop, &mut so_far).await {
            Ok(chosen) => chosen,
            Err(stop) => return self.finish(run, so_far, Some(stop), false),
        };
        self.show(&choices);
        if let Err(full) = run.journal.reserve(&run.folder, room(&self.gathered.plan, &choices)) {
            run.journal.release();
            return self.finish(run, so_far, Some(Stop::Disk(full)), false);
        }
        if self.selected(&choices).next().is_some() {
            self.console.heading("\nApplying...");
        }
        let mut execution = Execution {
            records,
            writer,
            index,
            journal: &mut run.journal,
            clock: clock::now,
            stop,
            began_to_write: false,
            landing: HashMap::new(),
            tell: &mut |text| progress.note(text),
            warn: &mut |text: Message| match self.console {
                Console { quiet: false, audience: Audience::Private, .. } => progress.note(text.private()),
                console => console.imperfect(text),
            },
            done: &mut |result| self.console.say(report::result(result)),
        };
        let (results, ended) = execution.run(&self.gathered.plan.actions, choices).await;
        let began_to_write = execution.began_to_write;
        self.finish(run, results, ended, began_to_write)
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    crate::parallel::runtime().map_err(|error| disk(NOTHING_WRITTEN, error))
}
