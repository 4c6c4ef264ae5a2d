//! `run`: the command itself. It holds the credentials and no GitHub token, and a signal reaches it directly.

mod change;
mod review;

use self::review::{review, selected};
use super::prepare::{artifact_name, invalid};
use super::state::State;
use super::{Environment, only, option};
use crate::commands::disk;
use crate::exit::{Exit, Failure};
use crate::github::inputs::{ActionCommand, Inputs, Place};
use crate::github::runs::NOT_A_BASELINE;
use crate::github::step_output::Output;
use crate::interrupt;
use crate::report::review::ReviewFacts;
use crate::run::artifacts::Artifact;
use crate::run::read::RunFolder;
use crate::text::audience::Message;
use std::path::{Path, PathBuf};

/// Runs the step.
pub(super) fn run(environment: &Environment) -> Result<Exit, Failure> {
    let mut state = State::read(&environment.work)?;
    let outputs = environment.outputs.clone();
    // An interrupted audit ends at once, and this step must still say how.
    interrupt::say_at_the_end(move || {
        let _ = crate::github::step_output::append(&outputs, &[("exit-code", Exit::Interrupted.code().to_string())]);
    });
    let mut step = Step { environment, name: None };
    let ended = environment.inputs.typed().map_err(|error| invalid(&error));
    let ended = ended.and_then(|inputs| step.command(&inputs, &mut state));
    let name = step.name.take();
    let code = environment.settle(&mut state, ended)?;
    state.ran.exit_code = Some(code);
    state.write(&environment.work)?;
    let mut outputs: Vec<Output> = vec![("exit-code", code.to_string())];
    outputs.extend(name.map(|name| ("artifact-name", name)));
    environment.put_out(&outputs)?;
    Ok(Exit::Done)
}

struct Step<'a> {
    environment: &'a Environment,
    /// The artifact's name, where it says more than the prepared one.
    name: Option<String>,
}

impl Step<'_> {
    fn command(&mut self, inputs: &Inputs, state: &mut State) -> Result<Exit, Failure> {
        match inputs.command {
            ActionCommand::Audit => self.audit(inputs, state),
            ActionCommand::Apply => self.apply(inputs, state),
            ActionCommand::Diff => self.diff(inputs, state),
            ActionCommand::Doctor => {
                let mut arguments = vec!["doctor".to_owned()];
                configuration(&mut arguments, inputs);
                self.environment.drift(&arguments)
            }
        }
    }

    /// The start of a command that leaves a run folder in the artifact.
    fn begin(&self, command: &str, below: &str) -> Vec<String> {
        let mut arguments = vec![command.to_owned()];
        option(&mut arguments, "out", Some(self.environment.upload().join(below).display()));
        arguments
    }

    fn outputs(&self, arguments: &mut Vec<String>) {
        option(arguments, "github-output", Some(self.environment.outputs.display()));
    }

    fn audit(&mut self, inputs: &Inputs, state: &mut State) -> Result<Exit, Failure> {
        let mut arguments = self.begin("audit", "");
        self.outputs(&mut arguments);
        configuration(&mut arguments, inputs);
        let snapshot = self.snapshot(inputs, state)?;
        option(&mut arguments, "snapshot", snapshot.as_ref().map(|path| path.display()));
        let (baseline, history) = self.baseline(inputs, state)?;
        option(&mut arguments, "baseline", baseline.as_ref().map(|path| path.display()));
        option(&mut arguments, "history", history.as_ref().map(|path| path.display()));
        if inputs.accept_new {
            arguments.push("--accept-new".to_owned());
        }
        arguments.extend(inputs.thresholds.iter().map(|threshold| format!("--threshold={threshold}")));
        let saved = self.environment.work.join("snapshot");
        if inputs.save_snapshot && snapshot.is_none() {
            option(&mut arguments, "save-snapshot", Some(saved.display()));
        }
        let ended = self.environment.drift(&arguments);
        let run = only(&self.environment.upload(), "_audit");
        if let Some(run) = &run {
            keep_snapshot(&saved, &self.environment.upload(), run)?;
            if !inputs.accept_new && !may_be_a_baseline(run) {
                self.name = Some(format!("{}{NOT_A_BASELINE}", artifact_name(inputs)));
            }
        }
        state.ran.run_dir = run;
        state.ran.baseline_dir = baseline;
        ended
    }

    /// The run folders of the baseline and of the run that the history continues, out of the downloaded artifacts.
    fn baseline(&self, inputs: &Inputs, state: &State) -> Result<(Option<PathBuf>, Option<PathBuf>), Failure> {
        match &inputs.baseline {
            None => Ok((None, None)),
            Some(Place::Path(path)) => Ok((Some(path.clone()), None)),
            Some(Place::FromRun) => {
                let of = |run: Option<u64>, folder: &str| run.map(|_| self.downloaded(folder, "_audit")).transpose();
                Ok((of(state.prepared.run_id, "from-run")?, of(state.prepared.history_run_id, "history")?))
            }
        }
    }

    fn snapshot(&self, inputs: &Inputs, state: &State) -> Result<Option<PathBuf>, Failure> {
        match &inputs.snapshot {
            None => Ok(None),
            Some(Place::Path(path)) => Ok(Some(path.clone())),
            Some(Place::FromRun) => {
                needs_a_run(state, "snapshot")?;
                self.downloaded("from-run/snapshots", "").map(Some)
            }
        }
    }

    /// The only match in a downloaded artifact.
    fn downloaded(&self, folder: &str, ending: &str) -> Result<PathBuf, Failure> {
        only(&self.environment.work.join(folder), ending).ok_or_else(|| {
            let what = if ending.is_empty() { "snapshot" } else { "run folder" };
            Failure::invalid(Message::public(format!("the artifact of the audit run does not hold one {what}")))
                .help("run the audit workflow again, with save-snapshot")
        })
    }

    fn apply(&mut self, inputs: &Inputs, state: &mut State) -> Result<Exit, Failure> {
        let plan = match &inputs.plan {
            Some(Place::Path(path)) => path.clone(),
            Some(Place::FromRun) | None => {
                needs_a_run(state, "plan")?;
                self.downloaded("from-run", "_audit")?.join(Artifact::FixPlan.name())
            }
        };
        if inputs.apply && inputs.require_approval && !state.prepared.is_approved {
            return Err(Failure::new(Exit::Refused, "refused; nothing was written to Zendesk")
                .because("the plan has no approval"));
        }
        if inputs.only_actions.as_ref().is_some_and(Vec::is_empty) {
            return Err(Failure::invalid("the input only-actions is empty")
                .because("the dry run selected no action, or its output was lost")
                .help("name the ids from the dry run's output selected-actions, or all"));
        }
        let review = if inputs.apply_follows { review(&plan, inputs, state)? } else { None };
        let mut arguments = self.begin("apply", "");
        self.outputs(&mut arguments);
        option(&mut arguments, "plan", Some(plan.display()));
        configuration(&mut arguments, inputs);
        option(&mut arguments, "confirm-plan-hash", inputs.confirm_plan_hash.as_ref());
        option(&mut arguments, "max-actions", inputs.max_actions);
        option(&mut arguments, "max-per-account", inputs.max_per_account);
        arguments.extend(inputs.only_actions.iter().flatten().map(|id| format!("--only-action={id}")));
        if inputs.apply {
            arguments.push("--apply".to_owned());
        }
        let ended = self.environment.drift(&arguments);
        state.ran.run_dir = only(&self.environment.upload(), "_apply");
        let ids = state.ran.run_dir.as_deref().map(selected).unwrap_or_default();
        state.ran.review = review.map(|review| ReviewFacts { selected: ids, ..review });
        ended
    }
}

/// The options that every command has.
fn configuration(arguments: &mut Vec<String>, inputs: &Inputs) {
    option(arguments, "config", inputs.config.as_ref().map(|path| path.display()));
    option(arguments, "sf-accounts", inputs.sf_accounts.as_ref().map(|path| path.display()));
}

/// The artifact that an input names must have been found.
fn needs_a_run(state: &State, input: &str) -> Result<(), Failure> {
    if state.prepared.run_id.is_some() {
        return Ok(());
    }
    let what = format!("no audit run with an artifact was found for the input {input}");
    let failure = Failure::new(Exit::Unreadable, Message::public(what));
    Err(match state.prepared.expired_run_id {
        None => failure.help("run the audit workflow once, with save-snapshot"),
        Some(run) => failure
            .because(Message::public(format!("the artifact of audit run {run} has expired")))
            .help("run the audit workflow again, with save-snapshot"),
    })
}

/// Puts what an audit saved beside its run folder, under the same name.
fn keep_snapshot(saved: &Path, upload: &Path, run: &Path) -> Result<(), Failure> {
    let Some(name) = run.file_name().filter(|_| saved.is_dir()) else { return Ok(()) };
    let folder = upload.join("snapshots");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::rename(saved, folder.join(name)))
        .map_err(|error| disk("the snapshot cannot be kept for the artifact", error))
}

/// Whether a later audit may be compared with this run (rules 12). A run that cannot be read is none.
fn may_be_a_baseline(run: &Path) -> bool {
    let is_relative = |name: &str| matches!(name, "max_new_issues" | "max_lost_accounts");
    RunFolder::open(run).is_ok_and(|run| {
        let broken = run.summary.thresholds.iter().any(|judged| judged.breached && is_relative(&judged.name));
        let shrank = run.summary.warnings.iter().any(|warning| warning.code.as_str() == "reference_shrank");
        !broken && !shrank
    })
}
