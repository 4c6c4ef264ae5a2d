//! What is printed, and where: results on standard output, everything else on standard error (contract 1).
//!
//! Callers pass outside text through `escape` before it comes here; a reader that goes away is no error.

use crate::catalogue::WarningCode;
use crate::escape;
use crate::exit::Failure;
use crate::warning::Warning;
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::io::Write;

/// How many warnings of one code are printed one by one.
const MOST_WARNINGS: usize = 20;

const HEADING: Style = Style::new().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// How results look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// What the person wants to see.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    pub format: Format,
    /// Only errors and breaches.
    pub quiet: bool,
    pub verbose: bool,
}

impl Console {
    /// A line, or several, of the result in text form.
    pub fn say(&self, text: &str) {
        if self.format == Format::Text && !self.quiet {
            let _ = writeln!(anstream::stdout(), "{text}");
        }
    }

    /// A heading of the result in text form.
    pub fn heading(&self, text: &str) {
        self.say(&format!("{HEADING}{text}{HEADING:#}"));
    }

    /// The result in JSON form, which ends in a line end of its own.
    pub fn data(&self, json: &str) {
        if self.format == Format::Json {
            let _ = std::io::stdout().write_all(json.as_bytes());
        }
    }

    /// A breached threshold: told in every case, and last.
    pub fn breach(&self, text: &str) {
        let line = format!("{ERROR}breached:{ERROR:#} {text}");
        match self.format {
            Format::Text => drop(writeln!(anstream::stdout(), "{line}")),
            Format::Json => drop(writeln!(anstream::stderr(), "{line}")),
        }
    }

    /// Something that does not match: told in every case, and last.
    pub fn mismatch(&self, text: &str) {
        let line = format!("{ERROR}mismatch:{ERROR:#} {}", escape::line(text));
        match self.format {
            Format::Text => drop(writeln!(anstream::stdout(), "{line}")),
            Format::Json => drop(writeln!(anstream::stderr(), "{line}")),
        }
    }

    /// What makes the program end with 1 although it did what it was asked to: told in every case.
    pub fn imperfect(&self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {}", escape::line(text));
    }

    /// Something to know that is no warning.
    pub fn notice(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "note: {}", escape::line(text));
        }
    }

    /// Warnings: of each code the first, then a count.
    pub fn warnings(&self, warnings: &[Warning]) {
        if self.quiet {
            return;
        }
        let mut told: BTreeMap<WarningCode, usize> = BTreeMap::new();
        for (index, warning) in warnings.iter().enumerate() {
            let count = told.entry(warning.code).or_default();
            *count += 1;
            if *count <= MOST_WARNINGS {
                let line = warning.line.map(|line| format!("line {line}: ")).unwrap_or_default();
                let _ = writeln!(
                    anstream::stderr(),
                    "{WARNING}warning:{WARNING:#} {}: {line}{}",
                    warning.code,
                    escape::line(&warning.message)
                );
            }
            let last_of_code = warnings.get(index + 1).is_none_or(|next| next.code != warning.code);
            if last_of_code && *count > MOST_WARNINGS {
                let more = *count - MOST_WARNINGS;
                let _ = writeln!(
                    anstream::stderr(),
                    "{WARNING}warning:{WARNING:#} {}: {more} more, in summary.json",
                    warning.code
                );
            }
        }
    }
}

/// Prints a failure.
pub fn failure(failure: &Failure) {
    let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {failure}");
}

/// Says that the program was interrupted.
pub fn interrupted() {
    let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} interrupted; nothing was left behind");
}

/// Says that a signal came, and that the program ends when it can.
pub fn finishing() {
    let _ = writeln!(anstream::stderr(), "note: interrupted; the action in flight is finished first");
}
