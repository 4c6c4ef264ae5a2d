//! The program's entry: parses the command line, runs the command, turns its end into an exit code.

use clap::Parser;
use g_gremlin::cli::{Area, Cli, Color, Topic};
use g_gremlin::text::secret;
use g_gremlin::{commands, console, interrupt};
use std::process::ExitCode;

fn main() -> ExitCode {
    secret::know_all_of(&|name| std::env::var(name).ok());
    let Cli { area } = match Cli::try_parse_from(Cli::understood(std::env::args_os().collect())) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(console::usage(&error).code()),
    };
    let common = match &area {
        Area::Zendesk { topic: Topic::Drift(drift) } => &drift.common,
        Area::Github(github) => &github.common,
        Area::Completions(completions) => &completions.common,
    };
    match common.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::AlwaysAnsi,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    interrupt::watch();
    let audience = common.audience();
    std::panic::set_hook(Box::new(move |info| console::panicked(info, audience)));
    let ended = match area {
        Area::Zendesk { topic: Topic::Drift(drift) } => commands::drift(&drift.common, drift.command),
        Area::Github(github) => commands::github::run(&github.common, &github.command),
        Area::Completions(completions) => commands::completions::run(completions.shell),
    };
    let exit = ended.and_then(console::finish).unwrap_or_else(|failure| {
        console::failure(&failure, audience);
        failure.exit
    });
    ExitCode::from(exit.code())
}
