//! `completions`: a script that completes commands and flags, made from the command line's own types.

use crate::cli::Cli;
use crate::console;
use crate::exit::{Exit, Failure};
use clap::CommandFactory;
use clap_complete::{Shell, generate};

/// Runs `completions`.
pub fn run(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "g-gremlin", &mut script);
    console::plain(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
