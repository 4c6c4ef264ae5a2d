//! The commands: each a pipeline from the command line to the exit code.

mod accounts;
pub mod apply;
pub mod audit;
pub mod completions;
pub mod diff;
pub mod doctor;
pub mod explain;
mod fetch;
pub mod github;
pub mod init;
mod live;
pub mod report;
mod runs;
mod salesforce;
mod source;
pub mod trace;
pub mod trend;
pub mod verify;

use crate::cli::{Common, DriftCommand, Outputs};
use crate::config::{self, Config, FILE_NAME};
use crate::console::{Console, Format};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::github::step_output::{self, Output};
use crate::reference::{self, Problems};
use crate::rules::gate::Judgement;
use crate::text::audience::{Audience, Message};
use std::path::Path;

/// Runs a command of `zendesk drift`.
pub fn drift(common: &Common, command: DriftCommand) -> Result<Exit, Failure> {
    if common.format == Format::Csv && !matches!(command, DriftCommand::Trend(_)) {
        return Err(Failure::invalid("only trend can print CSV").help("use --format text or --format json"));
    }
    match command {
        DriftCommand::Init(options) => init::run(common, options),
        DriftCommand::Audit(options) => audit::run(common, options),
        DriftCommand::Trace(options) => trace::run(common, &options),
        DriftCommand::Apply(options) => apply::run(common, &options),
        DriftCommand::Diff(options) => diff::run(common, &options),
        DriftCommand::Verify(options) => verify::run(common, &options),
        DriftCommand::Doctor(options) => doctor::run(common, options),
        DriftCommand::Report(options) => report::run(common, &options),
        DriftCommand::Trend(options) => trend::run(common, &options),
        DriftCommand::Explain(options) => explain::run(common, &options),
    }
}

impl Common {
    /// How to print.
    pub fn console(&self) -> Console {
        Console { format: self.format, quiet: self.quiet, verbose: self.verbose, audience: self.audience() }
    }

    /// Who reads what is printed.
    pub fn audience(&self) -> Audience {
        Audience::of_process(self.allow_public_artifacts)
    }
}

/// A configuration file that was read.
struct ConfigFile {
    config: Config,
    bytes: Vec<u8>,
}

/// Reads the configuration that is named, or else the one that is found; `None` when there is none.
fn read_config(named: Option<&Path>) -> Result<Option<ConfigFile>, Failure> {
    let path = named.unwrap_or(Path::new(FILE_NAME));
    let failed = |cause: Message| {
        let place = Message::public(format!("{}", path.display()));
        Failure::invalid("the configuration cannot be used").because(place.then(": ", &cause)).about(path)
    };
    let bytes = match files::read(path, files::LONGEST_LINE) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => return Ok(None),
        Err(error) => return Err(failed(error.into()).help("g-gremlin zendesk drift init writes one")),
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| failed("it is not UTF-8".into()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let config = Config::parse(text, folder).map_err(|error| failed((&error).into()))?;
    Ok(Some(ConfigFile { config, bytes }))
}

/// The origin of the Zendesk that a flag names, if one does.
fn named_zendesk(subdomain: Option<&str>, base_url: Option<&str>) -> Result<Option<String>, Failure> {
    let flag =
        |what: &str, error: String| Failure::invalid(Message::public(format!("{what} cannot be used"))).because(error);
    match (subdomain, base_url) {
        (_, Some(url)) => config::origin("--base-url", url).map(Some).map_err(|error| flag("--base-url", error)),
        (Some(name), None) => config::origin_of_subdomain(name).map(Some).map_err(|error| flag("--subdomain", error)),
        (None, None) => Ok(None),
    }
}

/// A reference that cannot be used, all its problems told.
fn reference_failure(path: &Path, problems: Problems) -> Failure {
    let Problems { listed, more, ways_out, is_unusable: _ } = problems;
    let what = Message::public(format!("the reference CSV {} cannot be used", path.display()));
    let mut failure = listed.into_iter().map(Message::of_line).fold(Failure::invalid(what), Failure::because);
    if more > 0 {
        failure = failure.because(Message::public(format!("{more} more problems like these")));
    }
    let again = "then run the command again; nothing was read from Zendesk";
    failure.about(path).help(Message::public(ways_out.into_iter().chain([again]).collect::<Vec<_>>().join("\n")))
}

/// The notice about columns of the reference that are not used.
fn ignored_columns(columns: &[String]) -> Message {
    Message::with_public(
        format!("unused columns of the reference: {}", reference::listed(columns.iter().map(String::as_str))),
        format!("unused columns of the reference: {}", columns.len()),
    )
}

fn read_reference(path: &Path) -> Result<Vec<u8>, Failure> {
    files::read_lines(path).map_err(|error| no_reference(path, error))
}

/// Makes sure that the reference can be opened, before anything else is asked for.
fn find_reference(path: &Path) -> Result<(), Failure> {
    files::open(path).map(drop).map_err(|error| no_reference(path, error))
}

fn no_reference(path: &Path, error: std::io::Error) -> Failure {
    Failure::invalid(Message::public(format!("the reference CSV {} cannot be read", path.display())))
            .because(error)
            .help("export the accounts from Salesforce with the columns sf_account_id, account_name and account_domains, and name the file with --sf-accounts")
}

impl Outputs {
    /// Appends results for later steps, with whether the artifacts of the run may be uploaded.
    fn tell(&self, audience: Audience, mut outputs: Vec<Output>) -> Result<(), Failure> {
        outputs.push(("upload", (!audience.is_public()).to_string()));
        self.append(outputs)
    }

    /// Appends results for later steps.
    fn append(&self, outputs: Vec<Output>) -> Result<(), Failure> {
        let Some(path) = &self.github_output else { return Ok(()) };
        step_output::append(path, &outputs).map_err(|error| {
            disk(Message::public(format!("the outputs cannot be written to {}", path.display())), error)
        })
    }
}

/// The names of the breached thresholds, for later steps.
fn breached(thresholds: &[Judgement]) -> String {
    let breached = thresholds.iter().filter(|judgement| judgement.breached);
    breached.map(|judgement| judgement.name.as_str()).collect::<Vec<_>>().join(",")
}

/// A failure of the local disk.
fn disk(what: impl Into<Message>, error: impl Into<Message>) -> Failure {
    Failure::new(Exit::Unreadable, what).because(error)
}
