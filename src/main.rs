//! The program's entry: parses the command line, runs the command, turns its end into an exit code.

use clap::Parser;
use g_gremlin::cli::{Area, Cli, Color, Command, Topic};
use g_gremlin::{commands, console, interrupt};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Cli { area: Area::Zendesk { topic: Topic::Drift(drift) } } = Cli::parse();
    match drift.common.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::AlwaysAnsi,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    interrupt::watch();
    let common = &drift.common;
    let ended = match drift.command {
        Command::Init(options) => commands::init::run(common, options),
        Command::Audit(options) => commands::audit::run(common, options),
        Command::Apply(options) => commands::apply::run(common, &options),
        Command::Diff(options) => commands::diff::run(common, &options),
        Command::Verify(options) => commands::verify::run(common, &options),
        Command::Doctor(options) => commands::doctor::run(common, options),
        Command::Report(options) => commands::report::run(common, &options),
        Command::Explain(options) => commands::explain::run(common, &options),
    };
    let exit = ended.unwrap_or_else(|failure| {
        console::failure(&failure, common.audience());
        failure.exit
    });
    ExitCode::from(exit.code())
}
