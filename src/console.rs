//! What is printed, and where: results on standard output, everything else on standard error (rules 1).
//!
//! Callers escape outside text (`escape`) before they print it; known secrets are masked here. A closed pipe is not an error, a full
//! disk is,
//! and the program then ends with 3. What an audience may not read is not printed, and the first time a note says so.

use crate::exit::{Exit, Failure};
use crate::model::warning::Warning;
use crate::text::audience::{Audience, Message, WITHHELD};
use crate::text::escape;
use crate::text::lines::{Line, Lines};
use crate::text::secret::masked_everywhere;
use crate::text::words::grouped;
use crate::text::wrap::{wrap_command, wrap_text};
use anstyle::{AnsiColor, Style};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// No terminal is taken for narrower.
const LEAST_WIDTH: usize = 40;

const NOTE: Style = Style::new();
const HEADING: Style = Style::new().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// How results look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
    /// For trend only.
    Csv,
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
        self.line(&Line::Text(text.into()));
    }

    /// A heading of the result in text form.
    pub fn heading(&self, text: impl Into<Message>) {
        self.line(&Line::Heading(text.into()));
    }

    /// What a renderer made of the result.
    pub fn show(&self, lines: &Lines) {
        lines.0.iter().for_each(|line| self.line(line));
    }

    fn line(&self, line: &Line) {
        if self.format != Format::Text || self.quiet {
            return;
        }
        let (Line::Heading(text) | Line::Text(text) | Line::Command(text)) = line;
        // Before it is wrapped: a secret over two lines would pass.
        let Some(text) = self.allowed(text).map(masked_everywhere) else { return };
        let text = text.as_str();
        let width = stdout_width();
        let fitted = |wrap: fn(&str, usize) -> String| width.map_or_else(|| text.to_owned(), |width| wrap(text, width));
        match line {
            Line::Heading(_) => to_stdout(&format!("{HEADING}{}{HEADING:#}\n", fitted(wrap_text))),
            Line::Text(_) => to_stdout(&format!("{}\n", fitted(wrap_text))),
            Line::Command(_) => to_stdout(&format!("{}\n", fitted(wrap_command))),
        }
    }

    /// The result in JSON form, which ends in a line end of its own. A public audience reads at least that something is withheld.
    pub fn data(&self, json: impl Into<Message>) {
        if self.format == Format::Json {
            let json = json.into();
            to_stdout(&escape::json(self.allowed(&json).unwrap_or("{\n  \"withheld\": true\n}\n")));
        }
    }

    /// What this audience may read. The first time that something is withheld, a note says so, with the reason.
    fn allowed<'a>(&self, text: &'a Message) -> Option<&'a str> {
        if self.audience.is_public() && text.is_reduced() {
            withheld();
        }
        text.to(self.audience)
    }

    /// A breached threshold, of names and counts alone: always printed, and last.
    pub fn breach(&self, text: &str) {
        self.verdict("breached", text);
    }

    /// Something that does not match: always printed, and last.
    pub fn mismatch(&self, text: impl Into<Message>) {
        let text = text.into();
        if let Some(text) = self.allowed(&text) {
            self.verdict("mismatch", text);
        }
    }

    /// A line of the result that `--quiet` keeps. Beside JSON, which is alone on standard output, it goes to standard error.
    fn verdict(&self, name: &str, text: &str) {
        let text = escape::line(text);
        match self.format {
            Format::Text => to_stdout(&labeled(ERROR, name, &text, stdout_width())),
            Format::Json | Format::Csv => to_stderr(ERROR, name, &text),
        }
    }

    /// Why the program ends with 1 although it did what it was asked to: always printed.
    pub fn imperfect(&self, text: impl Into<Message>) {
        if let Some(text) = self.allowed(&text.into()) {
            to_stderr(ERROR, "error", &escape::line(text));
        }
    }

    /// Something to know that is not a warning.
    pub fn notice(&self, text: impl Into<Message>) {
        if !self.quiet
            && let Some(text) = self.allowed(&text.into())
        {
            to_stderr(NOTE, "note", &escape::line(text));
        }
    }

    /// Warnings, after the results: one line per code, with its count and its first case; with `--verbose`, each of them. A
    /// public audience reads the counts alone.
    pub fn warnings(&self, warnings: &[Warning]) {
        if self.quiet {
            return;
        }
        for of_code in warnings.chunk_by(|one, next| one.code == next.code) {
            let (first, count) = (&of_code[0], of_code.len());
            if self.audience.is_public() {
                to_stderr(WARNING, "warning", &format!("{}: {}", first.code, grouped(count as u64)));
                withheld();
            } else if self.verbose || count == 1 {
                for warning in of_code {
                    to_stderr(WARNING, "warning", &format!("{}: {}", warning.code, case(warning)));
                }
            } else {
                let count = grouped(count as u64);
                let text = format!("{}, {count} cases (--verbose prints each); the first: {}", first.code, case(first));
                to_stderr(WARNING, "warning", &text);
            }
        }
    }
}

/// A warning, with its line of the reference.
fn case(warning: &Warning) -> String {
    let line = warning.line.map(|line| format!("line {line}: ")).unwrap_or_default();
    escape::line(&format!("{line}{}", warning.message))
}

/// A text that is printed as it is: Markdown, workflow commands, CSV.
pub fn plain(text: &str) {
    to_stdout(text);
}

/// The width of the terminal; `None` for a pipe or a file, where nothing is wrapped.
pub fn stdout_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0).max(LEAST_WIDTH))
}

fn stderr_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0).max(LEAST_WIDTH))
}

/// `name: text` and a line end, wrapped for a terminal. The text is escaped already.
fn labeled(style: Style, name: &str, text: &str, width: Option<usize>) -> String {
    // Before it is wrapped: a secret over two lines would pass.
    let line = format!("{name}: {}", masked_everywhere(text));
    let line = width.map_or_else(|| line.clone(), |width| wrap_text(&line, width));
    // Styled afterwards: control sequences take no column.
    let (label, text) = line.split_at(name.len() + 1);
    format!("{style}{label}{style:#}{text}\n")
}

/// Why standard output could not be written, if it could not.
static STDOUT_FAILED: OnceLock<io::Error> = OnceLock::new();

fn to_stdout(text: &str) {
    keep_failure(anstream::stdout().write_all(masked_everywhere(text).as_bytes()));
}

/// A reader that goes away wants no more; that is not an error.
fn keep_failure(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = STDOUT_FAILED.set(error);
    }
}

fn to_stderr(style: Style, name: &str, text: &str) {
    // What cannot be printed on standard error cannot be reported anywhere.
    let _ = anstream::stderr().write_all(labeled(style, name, text, stderr_width()).as_bytes());
}

/// Prints the help or the version that was asked for, or what is wrong with the command line; returns how the program ends.
pub fn usage(error: &clap::Error) -> Exit {
    let text = masked_everywhere(&error.render().ansi().to_string());
    if error.use_stderr() {
        // What cannot be printed on standard error cannot be reported anywhere.
        let _ = anstream::stderr().write_all(text.as_bytes());
        return Exit::Invalid;
    }
    keep_failure(anstream::stdout().write_all(text.as_bytes()));
    finish(Exit::Done).unwrap_or_else(|error| {
        failure(&error, Audience::Private);
        error.exit
    })
}

/// How a command ends whose results had to be printed: with 3 where they could not be.
pub fn finish(exit: Exit) -> Result<Exit, Failure> {
    keep_failure(io::stdout().flush());
    match STDOUT_FAILED.get() {
        None => Ok(exit),
        Some(error) => Err(Failure::new(Exit::Unreadable, "the results could not be printed").because(error)),
    }
}

/// Prints a failure.
pub fn failure(failure: &Failure, audience: Audience) {
    let (text, reduced) = failure.told(audience);
    to_stderr(ERROR, "error", &text);
    if reduced {
        withheld();
    }
}

/// Prints what a bug of this program said when it ended the program: without secrets and, for everybody, only where it was.
pub fn panicked(info: &PanicHookInfo<'_>, audience: Audience) {
    let place = info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    let said = info.payload_as_str().filter(|_| !audience.is_public());
    let said = said.map_or_else(String::new, |said| format!(": {}", escape::line(&masked_everywhere(said))));
    let text = format!(
        "the program has a bug and ends here{place}{said}\n  help: please report this line at \
            https://github.com/g-gremlin/g-gremlin/issues"
    );
    to_stderr(ERROR, "error", &text);
}

/// Prints once that something is withheld, and why.
fn withheld() {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        to_stderr(NOTE, "note", WITHHELD);
    }
}

/// Says that the program was interrupted, and whether the pages of a live read stay.
pub fn interrupted(pages_stay: bool) {
    // A terminal has put "^C" where the line would begin.
    if io::stderr().is_terminal() {
        let _ = anstream::stderr().write_all(b"\n");
    }
    let text = if pages_stay {
        "interrupted; no run folder was written. The pages read so far are kept for an hour from the start of \
            the read: run the same command with --resume to continue from them"
    } else {
        "interrupted; no files were left"
    };
    to_stderr(ERROR, "error", text);
}

/// Says that a signal came, and that the program ends when it can; `again`, that it waits no longer.
pub fn finishing(again: bool) {
    let text = if again {
        "interrupted again; the outcome of the current write is unknown, and the next apply finds out what happened"
    } else {
        "interrupted; finishing the current action first"
    };
    to_stderr(NOTE, "note", text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_before_a_line_is_wrapped() {
        crate::text::secret::know("c0nsole s3cret of many words that a narrow terminal wraps");
        let text = "a page that says c0nsole s3cret of many words that a narrow terminal wraps, and more";
        for width in [None, Some(40), Some(41), Some(60)] {
            let shown = labeled(ERROR, "error", text, width);
            assert!(shown.contains("***") && !shown.contains("s3cret") && !shown.contains("narrow"), "{shown}");
        }
    }
}
