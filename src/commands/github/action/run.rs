//! `run`: the command itself. It holds the credentials and no GitHub token, and a signal reaches it directly.

use super::prepare::{artifact_name, invalid};
use super::state::{Before, State};
use super::{Environment, only, option};
use crate::clock;
use crate::commands::github::variable;
use crate::commands::{disk, read_config};
use crate::config::{Config, FILE_NAME};
use crate::console;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::github::inputs::{ActionCommand, Inputs, Place};
use crate::github::runs::NOT_A_BASELINE;
use crate::github::step_output::Output;
use crate::interrupt;
use crate::model::accounts::Account;
use crate::model::domains::DomainTable;
use crate::model::time::Instant;
use crate::report::change_config::{ChangeSide, ConfigurationChange, Judged, ReferenceRow};
use crate::report::review::ReviewFacts;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::Outcome;
use crate::run::diff::{Side, compare};
use crate::run::plan_file::PlanFile;
use crate::run::read::{RunFolder, read_apply_receipt};
use crate::text::audience::open;
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
            Failure::invalid(open(format!("the artifact of the audit run does not hold one {what}")))
                .help("run the audit workflow once more, with save-snapshot")
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
                .help("name the ids that the dry run put out as selected-actions, or all"));
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

    /// Audits both sides of a change on one snapshot. A side that breaches thresholds is as good as another; the limit of new issues
    /// is that of the side before, which the change cannot raise.
    fn diff(&mut self, inputs: &Inputs, state: &mut State) -> Result<Exit, Failure> {
        let Some(Before::Touched { config, reference }) = &state.prepared.before else {
            return match state.prepared.before {
                Some(Before::Added) => self.first(state),
                _ => Ok(Exit::Done),
            };
        };
        let (config, reference) = (config.clone(), reference.clone());
        let upload = self.environment.upload();
        let kept = self.environment.work.join("change.json");
        let keep = |change: &ConfigurationChange| {
            change.write(&kept).map_err(|error| disk("the change cannot be kept", error))
        };
        state.ran.change = Some(kept.clone());
        let named = inputs.config.as_deref().unwrap_or(Path::new(FILE_NAME));
        let after = side(named, named, inputs.sf_accounts.as_deref())?;
        // A change that repairs a broken reference is compared with nothing.
        let before = match side(&config, named, reference.as_deref().or(inputs.sf_accounts.as_deref())) {
            Err(Failure { exit: Exit::Invalid, .. }) => return self.first(state),
            other => other?,
        };
        let mut change = ConfigurationChange::between(&before, &after);
        keep(&change)?;
        if change.is_other_target() {
            return Ok(Exit::Breached);
        }
        let Some(snapshot) = self.snapshot(inputs, state)? else { return Ok(Exit::Done) };

        group("Before the change");
        let mut arguments = self.begin("audit", "before");
        option(&mut arguments, "config", Some(config.display()));
        option(&mut arguments, "snapshot", Some(snapshot.display()));
        let csv = reference.as_ref().or(inputs.sf_accounts.as_ref());
        option(&mut arguments, "sf-accounts", csv.map(|path| path.display()));
        let before = self.environment.drift(&arguments);
        end_group();
        before?;
        let before = self.run_folder(&upload.join("before"))?;

        group("After the change");
        let mut arguments = self.begin("audit", "");
        self.outputs(&mut arguments);
        option(&mut arguments, "snapshot", Some(snapshot.display()));
        option(&mut arguments, "baseline", Some(before.display()));
        option(&mut arguments, "suppressions-from", Some(config.display()));
        configuration(&mut arguments, inputs);
        let mut after = self.environment.drift(&arguments);
        if let Err(Failure { exit: Exit::Invalid, .. }) = after {
            // A window longer than the snapshot's is no fault of the change. If that is all, the window of the other side helps.
            let days = open_run(&before)?.summary.lookback_days;
            option(&mut arguments, "lookback-days", Some(days));
            let again = self.environment.drift(&arguments);
            if again.is_ok() {
                state.ran.shorter_window = Some(days);
                after = again;
            }
        }
        end_group();
        after?;
        let after = self.run_folder(&upload)?;
        state.ran.run_dir = Some(after.clone());
        state.ran.baseline_dir = Some(before.clone());
        let (one, other) = (open_run(&before)?, open_run(&after)?);
        let found = compare(&Side::of_run(&one), &Side::of_run(&other));
        change.judged(judged(&one), judged(&other), found.left_window.len() as u64, 0);
        keep(&change)?;

        let mut arguments = vec!["diff".to_owned()];
        option(&mut arguments, "base", Some(before.display()));
        option(&mut arguments, "head", Some(after.display()));
        option(&mut arguments, "config", Some(config.display()));
        // Its outputs come last and count: the audits judged other thresholds, of states that were there before.
        self.outputs(&mut arguments);
        arguments.extend(inputs.thresholds.iter().map(|threshold| format!("--threshold={threshold}")));
        self.environment.drift(&arguments)
    }

    /// A change with nothing usable before it.
    fn first(&self, state: &mut State) -> Result<Exit, Failure> {
        let kept = self.environment.work.join("change.json");
        ConfigurationChange::first().write(&kept).map_err(|error| disk("the change cannot be kept", error))?;
        state.ran.change = Some(kept);
        Ok(Exit::Done)
    }

    fn run_folder(&self, folder: &Path) -> Result<PathBuf, Failure> {
        only(folder, "_audit").ok_or_else(|| Failure::invalid("one side of the change left no run folder"))
    }
}

/// What one side of a change tells an audit: the configuration in `file`, as if it lay where `named` does. A reference that is not
/// there is the snapshot's, the same for both.
fn side(file: &Path, named: &Path, csv: Option<&Path>) -> Result<ChangeSide, Failure> {
    let invalid = || Failure::invalid("one side of the change has no configuration that can be used");
    let bytes = files::read_lines(file).map_err(|error| invalid().because(error))?;
    let text = String::from_utf8(bytes).map_err(|_| invalid().because("it is not UTF-8"))?;
    let folder = named.parent().unwrap_or(Path::new(""));
    let config = Config::parse(&text, folder).map_err(|error| invalid().because(&error))?;
    let path = csv.map_or_else(|| config.accounts_csv.clone(), Path::to_owned);
    let Ok(bytes) = files::read_lines(&path) else { return Ok(ChangeSide { config, reference: None }) };
    let mut domains = DomainTable::default();
    let reference = crate::commands::accounts::of_csv(&bytes, &path, &config, &mut domains)?;
    let row = |account: &Account| {
        let row = ReferenceRow {
            sf_account_id: account.sf_account_id().raw().to_owned(),
            account_name: account.name().raw().to_owned(),
            website: account.website().map(|website| website.raw().to_owned()).unwrap_or_default(),
            domains: account.domains.iter().map(|id| domains.text(*id).to_owned()).collect(),
            org_expected: account.org_expected,
        };
        (account.key().into_owned(), row)
    };
    let rows = reference.accounts.iter().map(row).collect();
    Ok(ChangeSide { config, reference: Some(rows) })
}

fn judged(run: &RunFolder) -> Judged {
    let users = run.summary.users.evaluated;
    Judged { accounts: run.summary.read.accounts, users, tickets: run.summary.read.tickets }
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
    Err(Failure::new(Exit::Unreadable, open(what)).help("run the audit workflow once, with save-snapshot"))
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

fn open_run(folder: &Path) -> Result<RunFolder, Failure> {
    RunFolder::open(folder).map_err(|error| Failure::invalid("a side of the change cannot be read").because(&error))
}

/// Of a dry run that an approval follows: what a reviewer approves, but for the actions. An apply that would be refused for the
/// plan's age is refused here, so nobody is asked to approve it.
fn review(plan: &Path, inputs: &Inputs, state: &State) -> Result<Option<ReviewFacts>, Failure> {
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
            .because(open(format!(
                "it could be applied until {}; the configuration allows {hours} hours",
                last.rfc3339()
            )))
            .help("run the audit again, and dispatch the apply with the new run and its hash"));
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
fn selected(folder: &Path) -> Vec<String> {
    let receipt = read_apply_receipt(&folder.join(Artifact::ApplyReceipt.name()));
    let results = receipt.map(|receipt| receipt.results).unwrap_or_default();
    results.into_iter().filter(|result| result.status == Outcome::WouldApply).map(|result| result.action_id).collect()
}

/// Folds what follows in the log of GitHub.
fn group(name: &str) {
    console::plain(&format!("::group::{name}\n"));
}

fn end_group() {
    console::plain("::endgroup::\n");
}
