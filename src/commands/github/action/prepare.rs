//! `prepare`: checks the inputs, finds the run that an artifact comes from, the side before a change and the approval of a plan.
//! It holds a GitHub token and no other credential.

use super::state::{Prepared, State};
use super::{Environment, before};
use crate::commands::github::{self, api, block_on, needed_token, repository, unreadable};
use crate::console::{Console, Format};
use crate::exit::{Exit, Failure};
use crate::github::GitHub;
use crate::github::inputs::{AUDIT_ARTIFACT, ActionCommand, FromRun, InputError, Inputs, Place};
use crate::github::runs::{self, Found, Search, Wanted};
use crate::github::step_output::Output;
use crate::text::audience::Message;

/// Runs the step.
pub(super) fn run(environment: &Environment) -> Result<Exit, Failure> {
    let mut state = State::default();
    let mut outputs: Vec<Output> = Vec::new();
    let ended = prepare(environment, &mut state.prepared, &mut outputs);
    let code = environment.settle(&mut state, ended)?;
    outputs.push(("inputs", environment.inputs.without_token()));
    outputs.push(("exit-code", code.to_string()));
    environment.put_out(&outputs)?;
    Ok(Exit::Done)
}

fn prepare(environment: &Environment, prepared: &mut Prepared, outputs: &mut Vec<Output>) -> Result<Exit, Failure> {
    let inputs = environment.inputs.typed().map_err(|error| invalid(&error))?;
    outputs.push(("artifact-name", artifact_name(&inputs)));
    std::fs::create_dir_all(environment.upload())
        .map_err(|error| crate::commands::disk("the Action's work folder cannot be written", error))?;
    let console = Console { format: Format::Text, quiet: false, verbose: false, audience: environment.audience };
    if inputs.command == ActionCommand::Diff {
        prepared.before = Some(before::find(environment, &inputs)?);
        if !prepared.before.as_ref().is_some_and(before::is_compared) {
            return Ok(Exit::Done);
        }
    }
    if let Some(from_run) = inputs.from_run {
        let Chosen { found, history, expired } = find(&console, &inputs, from_run)?;
        let id = |found: &Option<Found>, of: fn(&Found) -> u64| found.as_ref().map(of);
        prepared.run_id = id(&found, |found| found.run_id);
        prepared.expired_run_id = expired.filter(|_| found.is_none());
        prepared.history_run_id = id(&history, |found| found.run_id);
        let text = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        outputs.push(("artifact-id", text(id(&found, |found| found.artifact_id))));
        outputs.push(("run-id", text(prepared.run_id)));
        outputs.push(("history-artifact-id", text(id(&history, |found| found.artifact_id))));
        outputs.push(("history-run-id", text(prepared.history_run_id)));
    }
    let writes = inputs.command == ActionCommand::Apply && (inputs.apply || inputs.apply_follows);
    if writes && inputs.require_approval {
        let hash = inputs
            .confirm_plan_hash
            .as_deref()
            .ok_or_else(|| Failure::invalid("the input require-approval needs the input confirm-plan-hash"))?;
        github::approved(&console, hash, github::APPROVALS)?;
        prepared.is_approved = true;
    }
    Ok(Exit::Done)
}

/// An input that cannot be used.
pub(super) fn invalid(error: &InputError) -> Failure {
    Failure::invalid(Message::public(error.to_string()))
}

/// The name of the artifact, where no input names it: one for each attempt, since GitHub keeps the first of a name.
pub(super) fn artifact_name(inputs: &Inputs) -> String {
    let of = |name: &str| github::variable(name).unwrap_or_default();
    let own = format!("g-gremlin-{}-{}-{}", inputs.command.as_str(), of("GITHUB_RUN_ID"), of("GITHUB_RUN_ATTEMPT"));
    inputs.artifact_name.clone().unwrap_or(own)
}

/// What the input `from-run` stands for.
#[derive(Default)]
struct Chosen {
    /// The run whose artifact is used.
    found: Option<Found>,
    /// For an audit, the run that its history continues, where that is another.
    history: Option<Found>,
    /// A run whose artifact has expired.
    expired: Option<u64>,
}

fn find(console: &Console, inputs: &Inputs, from_run: FromRun) -> Result<Chosen, Failure> {
    let repository = repository()?;
    let token = needed_token()?;
    let wanted = Wanted {
        workflow: inputs.audit_workflow.clone(),
        artifact_prefix: AUDIT_ARTIFACT.to_owned(),
        own_run: github::own_run(),
    };
    let needs_baseline = inputs.command == ActionCommand::Audit && inputs.baseline == Some(Place::FromRun);
    match from_run {
        FromRun::Id(id) => {
            let answer = block_on(async {
                let github = GitHub::new(&api(), &token)?;
                runs::named(&github, &repository, &wanted, id).await
            })?;
            let answer = answer.map_err(|error| unreadable(&error))?;
            github::tell(console, &answer.checks);
            match answer.found {
                Some(found) => Ok(Chosen { found: Some(found), ..Chosen::default() }),
                None => Err(github::not_used(id, &answer.checks)),
            }
        }
        FromRun::Latest => {
            let search = block_on(async {
                let github = GitHub::new(&api(), &token)?;
                runs::search(&github, &repository, &wanted, needs_baseline).await
            })?;
            let search = search.map_err(|error| unreadable(&error))?;
            chosen(console, inputs, search, needs_baseline)
        }
    }
}

fn chosen(console: &Console, inputs: &Inputs, search: Search, needs_baseline: bool) -> Result<Chosen, Failure> {
    let say = |what: &str, found: &Found| {
        console.say(Message::public(format!(
            "{what}: run {} of {}, {}",
            found.run_id, found.started_at, found.artifact_name
        )));
    };
    if !needs_baseline {
        search.newest.iter().for_each(|found| say("the newest audit", found));
        return Ok(Chosen { found: search.newest, history: None, expired: search.expired });
    }
    match github::no_baseline(&search) {
        Some(refusal) if !inputs.accept_new => return Err(refusal),
        _ => {}
    }
    let Search { newest, baseline, expired } = search;
    match &baseline {
        Some(found) => say("the baseline", found),
        None => {
            console.notice("there is no earlier audit to compare with, so limits that need a baseline are not checked")
        }
    }
    let history = newest.filter(|newest| baseline.as_ref().is_none_or(|baseline| baseline.run_id != newest.run_id));
    Ok(Chosen { found: baseline, history, expired })
}
