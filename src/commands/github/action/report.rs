//! `report`: publishes what the command left. Without a token it writes the summary and the annotations, with one (`--post`) the
//! comment and the tracking issue. It never fails the job: the Action's last step ends with the command's exit code.

use super::state::{Before, State};
use super::{Environment, option};
use crate::clock;
use crate::commands::github::variable;
use crate::console;
use crate::exit::{Exit, Failure};
use crate::github::inputs::{ActionCommand, Inputs};
use crate::report::annotations;
use crate::report::failed_page::KnownFailure;
use crate::report::place::{Place, WorkflowRun};
use crate::report::review::ReviewFacts;
use crate::run::artifacts::Artifact;
use crate::text::audience::Audience;
use crate::text::secret::masked_everywhere;
use std::io::Write;
use std::path::Path;

/// Runs the step.
pub(super) fn run(environment: &Environment, post: bool) -> Result<Exit, Failure> {
    let mut state = State::read(&environment.work)?;
    let code = settled(&mut state);
    if !post {
        environment.put_out(&[("exit-code", code.to_string())])?;
    }
    let Ok(inputs) = environment.inputs.typed() else {
        // The failure page says which input it is, and nothing that a wrong input asks for is done.
        let command = environment.inputs.command().unwrap_or(ActionCommand::Audit);
        return published(environment, &state, command, code, &targets(None, &state, post), &[]);
    };
    if inputs.command == ActionCommand::Doctor && state.failure.is_none() {
        return Ok(Exit::Done);
    }
    let more = options(&inputs, &state);
    published(environment, &state, inputs.command, code, &targets(Some(&inputs), &state, post), &more)
}

/// The exit code of the Action. Without one of the command's, a step before or beside it says what happened.
fn settled(state: &mut State) -> u8 {
    if let (None, Some(KnownFailure { exit, .. })) = (state.ran.exit_code, &state.failure) {
        return *exit;
    }
    if let Some(code) = state.ran.exit_code {
        return code;
    }
    let told = |what: &str, help: &str| KnownFailure::ours(Exit::Unreadable, what, help);
    let outcome = |name: &str| variable(name).unwrap_or_default();
    let told = match (outcome("DOWNLOADED").as_str(), outcome("RAN").as_str()) {
        ("failure", _) => told(
            "the artifact of the audit run could not be downloaded",
            "see the log of the step Download its artifact for the cause; run the job again",
        ),
        (_, "cancelled") => told("the job was canceled before the command ended", "run the job again"),
        _ => told(
            "the program was killed before it could report a result",
            "exit code 137 in the log of the step Run g-gremlin means that the machine ran out of memory",
        ),
    };
    let code = told.exit;
    state.failure.get_or_insert(told);
    code
}

fn targets(inputs: Option<&Inputs>, state: &State, post: bool) -> Vec<&'static str> {
    let is_on = |on: fn(&Inputs) -> bool| inputs.is_some_and(on);
    if post {
        let comment = is_on(|inputs| inputs.comment).then_some("comment");
        // A failed audit knows nothing of what is open, so the issue keeps saying what the last one found.
        let has_run = state.ran.run_dir.is_some() && state.failure.is_none();
        let issue = is_on(|inputs| inputs.issue && inputs.command == ActionCommand::Audit) && has_run;
        return comment.into_iter().chain(issue.then_some("issue")).collect();
    }
    let summary = inputs.is_none_or(|inputs| inputs.summary).then_some("job-summary");
    summary.into_iter().chain(["annotations"]).collect()
}

/// What the report of this command needs to know.
fn options(inputs: &Inputs, state: &State) -> Vec<String> {
    let mut arguments = Vec::new();
    option(&mut arguments, "apply-workflow", Some(&inputs.apply_workflow));
    option(&mut arguments, "comment-key", inputs.comment_key.as_ref());
    option(&mut arguments, "pr-number", inputs.pr_number);
    option(&mut arguments, "change", state.ran.change.as_ref().map(|path| path.display()));
    if state.ran.run_dir.is_some() {
        option(&mut arguments, "baseline", state.ran.baseline_dir.as_ref().map(|path| path.display()));
        option(&mut arguments, "shorter-window", state.ran.shorter_window);
        if inputs.command == ActionCommand::Apply && inputs.apply_follows {
            arguments.push("--apply-follows".to_owned());
        }
    }
    arguments
}

fn published(
    environment: &Environment,
    state: &State,
    command: ActionCommand,
    code: u8,
    targets: &[&'static str],
    more: &[String],
) -> Result<Exit, Failure> {
    if targets.is_empty() || matches!(state.prepared.before, Some(Before::Untouched)) {
        return Ok(Exit::Done);
    }
    let mut arguments = vec!["report".to_owned()];
    option(&mut arguments, "command", Some(command.as_str()));
    arguments.extend(targets.iter().map(|target| format!("--to={target}")));
    let artifact = variable("ARTIFACT_NAME").filter(|_| variable("ARTIFACT_ID").is_some());
    option(&mut arguments, "artifact-url", artifact.as_ref().and_then(|_| variable("ARTIFACT_URL")));
    option(&mut arguments, "artifact-name", artifact);
    match (&state.ran.run_dir, &state.failure) {
        // Also of a command that failed and left a receipt, such as an apply that was cancelled.
        (Some(folder), failure) if failure.is_none() || has_receipt(folder) => {
            if command == ActionCommand::Diff {
                // What the comparison was held against is in neither run folder.
                option(&mut arguments, "exit-code", Some(code));
            }
            arguments.extend(more.iter().cloned());
            arguments.push(folder.display().to_string());
        }
        (None, None) if state.ran.change.is_some() => arguments.extend(more.iter().cloned()),
        (_, failure) => {
            option(&mut arguments, "failed", Some(code));
            if let Some(told) = failure {
                let path = environment.work.join("failure.json");
                told.write(&path).map_err(|error| crate::commands::disk("the failure cannot be kept", error))?;
                option(&mut arguments, "failure", Some(path.display()));
            }
            let keep = ["--comment-key=", "--pr-number="];
            arguments.extend(more.iter().filter(|one| keep.iter().any(|start| one.starts_with(start))).cloned());
        }
    }
    if let Err(failure) = environment.drift(&arguments) {
        let (text, _) = failure.told(environment.audience);
        console::plain(&annotations::warning("The report could not be published", &text));
    }
    if let Some(review) = state.ran.review.as_ref().filter(|_| targets.contains(&"job-summary")) {
        add_review(review);
    }
    Ok(Exit::Done)
}

fn has_receipt(folder: &Path) -> bool {
    [Artifact::Receipt, Artifact::ApplyReceipt].into_iter().any(|name| folder.join(name.name()).exists())
}

/// Adds what a reviewer approves to the summary. What cannot be written is a smaller loss than a failed report.
fn add_review(review: &ReviewFacts) {
    let run = match (variable("GITHUB_SERVER_URL"), variable("GITHUB_REPOSITORY"), variable("GITHUB_RUN_ID")) {
        (Some(server), Some(repository), Some(id)) => id.parse().ok().map(|id| WorkflowRun { server, repository, id }),
        _ => None,
    };
    let place = Place { audience: Audience::Public, artifact: None, apply_workflow: String::new(), run };
    let section = review.section(&place, clock::now());
    let Some(path) = variable("GITHUB_STEP_SUMMARY") else { return };
    let _ = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(masked_everywhere(&section).as_bytes()));
}
