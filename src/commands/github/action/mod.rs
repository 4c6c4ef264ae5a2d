//! `github action`: what the steps of the Action do. Each reads the inputs from one variable, and what earlier steps found from a
//! file in the Action's work folder, and puts out what `action.yml` needs in its conditions.
//!
//! `prepare` and `report --post` hold a GitHub token, `run` holds the credentials of Zendesk and Salesforce, and none holds both.

mod before;
mod prepare;
mod report;
mod run;
mod state;

use super::variable;
use crate::cli::{ActionStep, Area, Cli, Common, Topic};
use crate::console;
use crate::exit::{Exit, Failure};
use crate::github::inputs::RawInputs;
use crate::github::step_output::{self, Output};
use crate::report::failed_page::KnownFailure;
use crate::text::audience::{Audience, Message};
use clap::Parser;
use state::State;
use std::path::{Path, PathBuf};

/// Runs a step.
pub fn run(common: &Common, step: &ActionStep) -> Result<Exit, Failure> {
    let environment = Environment::read(common)?;
    match step {
        ActionStep::Prepare => prepare::run(&environment),
        ActionStep::Run => run::run(&environment),
        ActionStep::Report { post } => report::run(&environment, *post),
    }
}

/// What a step is given.
struct Environment {
    inputs: RawInputs,
    /// The folder that the steps share: `upload` in it becomes the artifact.
    work: PathBuf,
    /// The file of GITHUB_OUTPUT.
    outputs: PathBuf,
    audience: Audience,
}

impl Environment {
    fn read(common: &Common) -> Result<Self, Failure> {
        let needed = |name: &'static str| {
            variable(name).ok_or_else(|| {
                Failure::invalid(Message::public(format!("{name} is not set")))
                    .help("`github action` is a step of the Action; action.yml shows which variables it sets")
            })
        };
        let inputs = RawInputs::parse(&needed("INPUTS")?)
            .map_err(|error| Failure::invalid(Message::public(error.to_string())))?;
        let audience = Audience::of_process(common.allow_public_artifacts || inputs.allows_public_artifacts());
        Ok(Self { audience, inputs, work: needed("WORK")?.into(), outputs: needed("GITHUB_OUTPUT")?.into() })
    }

    /// What becomes the artifact.
    fn upload(&self) -> PathBuf {
        self.work.join("upload")
    }

    fn put_out(&self, outputs: &[Output]) -> Result<(), Failure> {
        step_output::append(&self.outputs, outputs)
            .map_err(|error| super::super::disk("the outputs of the step cannot be written", error))
    }

    /// Runs a step to its end, which is never an error of the step: the code is put out, what failed is kept for the report, and
    /// the last step of the Action ends with the code.
    fn settle(&self, state: &mut State, ended: Result<Exit, Failure>) -> Result<u8, Failure> {
        let exit = ended.unwrap_or_else(|failure| {
            console::failure(&failure, self.audience);
            state.failure = Some(KnownFailure::of(&failure, self.audience));
            failure.exit
        });
        state.write(&self.work)?;
        Ok(exit.code())
    }

    /// Runs a command as the command line would.
    fn drift(&self, arguments: &[String]) -> Result<Exit, Failure> {
        let start = ["g-gremlin", "zendesk", "drift"].map(str::to_owned);
        let allow = self.inputs.allows_public_artifacts().then(|| "--allow-public-artifacts".to_owned());
        let line = start.into_iter().chain(arguments.iter().cloned()).chain(allow);
        match Cli::try_parse_from(line) {
            Ok(Cli { area: Area::Zendesk { topic: Topic::Drift(drift) } }) => {
                crate::commands::drift(&drift.common, drift.command)
            }
            Ok(_) => Err(Failure::invalid("the command line of the step is for another command")),
            Err(error) => Err(Failure::invalid("an input cannot be used").because(told_by_clap(&error))),
        }
    }
}

/// The first line of what clap says; it may repeat a value.
fn told_by_clap(error: &clap::Error) -> Message {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    Message::from(first.trim_start_matches("error: ").to_owned())
}

/// An option, when it has a value.
fn option(arguments: &mut Vec<String>, name: &str, value: Option<impl std::fmt::Display>) {
    arguments.extend(value.map(|value| format!("--{name}={value}")));
}

/// The only entry of a folder whose name ends so.
fn only(folder: &Path, ending: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let mut matching = entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(ending));
    let first = matching.next()?;
    matching.next().is_none().then_some(first)
}
