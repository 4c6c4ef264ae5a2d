//! The program's entry: parses the command line, runs the command, turns its end into an exit code.

use clap::Parser;
use g_gremlin::cli::{Area, Cli, Color, Command, Common, Topic};
use g_gremlin::exit::{Exit, Failure};
use g_gremlin::{commands, console, interrupt};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Cli { area } = Cli::parse();
    let common = match &area {
        Area::Zendesk { topic: Topic::Drift(drift) } => &drift.common,
        Area::Github(github) => &github.common,
    };
    match common.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::AlwaysAnsi,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    interrupt::watch();
    let audience = common.audience();
    let ended = match area {
        Area::Zendesk { topic: Topic::Drift(drift) } => run(&drift.common, drift.command),
        Area::Github(github) => commands::github::run(&github.common, &github.command),
    };
    let exit = ended.unwrap_or_else(|failure| {
        console::failure(&failure, audience);
        failure.exit
    });
    ExitCode::from(exit.code())
}

fn run(common: &Common, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(options) => commands::init::run(common, options),
        Command::Audit(options) => commands::audit::run(common, options),
        Command::Trace(options) => commands::trace::run(common, &options),
        Command::Apply(options) => commands::apply::run(common, &options),
        Command::Diff(options) => commands::diff::run(common, &options),
        Command::Verify(options) => commands::verify::run(common, &options),
        Command::Doctor(options) => commands::doctor::run(common, options),
        Command::Report(options) => commands::report::run(common, &options),
        Command::Explain(options) => commands::explain::run(common, &options),
    }
}
