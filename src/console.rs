//! What is printed, and where: results on standard output, everything else on standard error (contract 1).
//!
//! Callers pass outside text through `escape` before it comes here; a reader that goes away is no error. What an audience
//! may not read is not printed, and that is said once.

use crate::catalogue::WarningCode;
use crate::exit::Failure;
use crate::model::warning::Warning;
use crate::text::audience::{Audience, Message, WITHHELD};
use crate::text::escape;
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

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
    pub audience: Audience,
}

impl Console {
    /// A line, or several, of the result in text form.
    pub fn say(&self, text: impl Into<Message>) {
        if self.format == Format::Text
            && !self.quiet
            && let Some(text) = self.allowed(&text.into())
        {
            let _ = writeln!(anstream::stdout(), "{text}");
        }
    }

    /// A heading of the result in text form.
    pub fn heading(&self, text: impl Into<Message>) {
        self.say(text.into().map(|text| format!("{HEADING}{text}{HEADING:#}")));
    }

    /// The result in JSON form, which ends in a line end of its own. Everybody reads at least that something is withheld.
    pub fn data(&self, json: impl Into<Message>) {
        if self.format == Format::Json {
            let json = json.into();
            let json = self.allowed(&json).unwrap_or("{\n  \"withheld\": true\n}\n");
            let _ = std::io::stdout().write_all(json.as_bytes());
        }
    }

    /// What this audience may read. What it may not is mentioned once, with the reason.
    fn allowed<'a>(&self, text: &'a Message) -> Option<&'a str> {
        if self.audience.is_public() && text.is_reduced() {
            withheld();
        }
        text.to(self.audience)
    }

    /// A breached threshold, of names and counts alone: told in every case, and last.
    pub fn breach(&self, text: &str) {
        let line = format!("{ERROR}breached:{ERROR:#} {text}");
        match self.format {
            Format::Text => drop(writeln!(anstream::stdout(), "{line}")),
            Format::Json => drop(writeln!(anstream::stderr(), "{line}")),
        }
    }

    /// Something that does not match: told in every case, and last.
    pub fn mismatch(&self, text: impl Into<Message>) {
        let text = text.into();
        let Some(text) = self.allowed(&text) else { return };
        let line = format!("{ERROR}mismatch:{ERROR:#} {}", escape::line(text));
        match self.format {
            Format::Text => drop(writeln!(anstream::stdout(), "{line}")),
            Format::Json => drop(writeln!(anstream::stderr(), "{line}")),
        }
    }

    /// What makes the program end with 1 although it did what it was asked to: told in every case.
    pub fn imperfect(&self, text: impl Into<Message>) {
        if let Some(text) = self.allowed(&text.into()) {
            let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {}", escape::line(text));
        }
    }

    /// Something to know that is no warning.
    pub fn notice(&self, text: impl Into<Message>) {
        if !self.quiet
            && let Some(text) = self.allowed(&text.into())
        {
            let _ = writeln!(anstream::stderr(), "note: {}", escape::line(text));
        }
    }

    /// Warnings: of each code the first, then a count. In public, a count alone.
    pub fn warnings(&self, warnings: &[Warning]) {
        if self.quiet {
            return;
        }
        if self.audience.is_public() {
            for of_code in warnings.chunk_by(|one, next| one.code == next.code) {
                let code = of_code[0].code;
                let _ = writeln!(anstream::stderr(), "{WARNING}warning:{WARNING:#} {code}: {}", of_code.len());
                withheld();
            }
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
pub fn failure(failure: &Failure, audience: Audience) {
    let (text, reduced) = failure.told(audience);
    let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {text}");
    if reduced {
        withheld();
    }
}

/// Says that something is withheld, and why; once.
fn withheld() {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        let _ = writeln!(anstream::stderr(), "note: {WITHHELD}");
    }
}

/// Says that the program was interrupted.
pub fn interrupted() {
    // A terminal has put "^C" where the line would begin.
    let start = if std::io::stderr().is_terminal() { "\n" } else { "" };
    let _ = writeln!(anstream::stderr(), "{start}{ERROR}error:{ERROR:#} interrupted; nothing was left behind");
}

/// Says that a signal came, and that the program ends when it can; `again`, that it waits for nothing any more.
pub fn finishing(again: bool) {
    let text = if again {
        "interrupted again; what came of a write in flight is left for the next apply to find out"
    } else {
        "interrupted; the action in flight is finished first"
    };
    let _ = writeln!(anstream::stderr(), "note: {text}");
}
