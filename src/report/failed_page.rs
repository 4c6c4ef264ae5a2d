//! A command that left no run folder, for people who read the pull request or the workflow run but not its log.

use super::audit_page::Mark;
use super::page::Page;
use super::place::Place;
use crate::cli::FailedCommand;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::text::audience::{Audience, WITHHELD};
use crate::text::escape;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The program's own error, cleared for the audience, as it is kept until the report is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFailure {
    pub exit: u8,
    pub what: String,
    pub causes: Vec<String>,
    pub help: Option<String>,
    /// The file that is wrong, from the root of the repository.
    pub file: Option<String>,
    /// Whether this audience reads less than there is.
    pub is_reduced: bool,
}

impl KnownFailure {
    /// What this audience may read of it.
    pub fn of(failure: &Failure, audience: Audience) -> Self {
        let workspace = std::env::var_os("GITHUB_WORKSPACE");
        let (_, is_reduced) = failure.told(audience);
        Self {
            exit: failure.exit.code(),
            what: failure.what().to(audience).unwrap_or(failure.exit.meaning()).to_owned(),
            causes: failure.causes().iter().filter_map(|cause| cause.to(audience)).map(str::to_owned).collect(),
            help: failure.next().and_then(|help| help.to(audience)).map(str::to_owned),
            file: failure.file().and_then(|file| in_repository(file, workspace.as_deref().map(Path::new))),
            is_reduced,
        }
    }

    /// An error that did not come from a command; the text is the program's own.
    pub fn ours(exit: Exit, what: &str, help: &str) -> Self {
        let (what, help) = (what.to_owned(), Some(help.to_owned()));
        Self { exit: exit.code(), what, causes: Vec::new(), help, file: None, is_reduced: false }
    }

    pub fn read(path: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&files::read_lines(path)?)?)
    }

    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, serde_json::to_vec(self)?)
    }

    /// The causes that name a line, with it.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &str)> {
        self.causes.iter().filter_map(|cause| Some((line_of(cause)?, cause.as_str())))
    }

    /// As the program prints it, and why some of it is missing.
    pub fn text(&self) -> String {
        let mut text = escape::line(&self.what);
        for cause in &self.causes {
            text.push_str(&format!("\n  caused by: {}", escape::line(cause)));
        }
        for (index, line) in self.help.iter().flat_map(|help| help.lines()).enumerate() {
            text.push_str(if index == 0 { "\n  help: " } else { "\n        " });
            text.push_str(&escape::line(line));
        }
        if self.is_reduced {
            text.push_str(&format!("\n  note: {WITHHELD}"));
        }
        text
    }
}

/// The line in `line 12: …`, or in `FILE: line 12: …`.
fn line_of(cause: &str) -> Option<u64> {
    let at = cause.strip_prefix("line ").or_else(|| cause.split_once(": line ").map(|(_, rest)| rest))?;
    let digits = at.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// A file's path from the root of the repository; `None` when it is not in it.
fn in_repository(file: &Path, workspace: Option<&Path>) -> Option<String> {
    let Some(workspace) = workspace else { return Some(file.display().to_string()) };
    let file = std::path::absolute(file).ok()?;
    let inside = file.strip_prefix(workspace).ok()?;
    let names: Option<Vec<&str>> = inside.components().map(|part| part.as_os_str().to_str()).collect();
    Some(names?.join("/"))
}

/// What is rendered of it.
#[derive(Debug, Clone, Copy)]
pub struct FailedReport<'a> {
    pub subject: FailedCommand,
    /// What the shell saw.
    pub code: u8,
    /// The program's own error, where it is known.
    pub known: Option<&'a KnownFailure>,
    pub place: &'a Place,
}

impl FailedReport<'_> {
    /// The verdict in a few words.
    pub fn verdict(&self) -> (Mark, String) {
        match (self.subject, self.exit()) {
            (FailedCommand::Doctor, Some(Exit::Done)) => (Mark::Good, "an audit can run".to_owned()),
            (FailedCommand::Doctor, Some(Exit::Breached)) => (Mark::Bad, "a check fails".to_owned()),
            (_, Some(Exit::Done)) => (Mark::Look, "ended without a run folder".to_owned()),
            (_, Some(exit)) => (Mark::Bad, exit.meaning().to_owned()),
            (_, None) => (Mark::Bad, "the program crashed".to_owned()),
        }
    }

    fn exit(&self) -> Option<Exit> {
        Exit::ALL.into_iter().find(|exit| exit.code() == self.code)
    }

    /// What to do next. Without the program's own error the log has it; nothing is guessed here.
    pub fn next(&self) -> &'static str {
        match (self.subject, self.exit()) {
            (FailedCommand::Doctor, Some(Exit::Done)) => "Every check passes, or prints a warning in the log.",
            (FailedCommand::Doctor, _) => "The log lists each check with its next step.",
            (FailedCommand::Apply, Some(Exit::Interrupted) | None) => {
                "If a write was under way, the next apply of the same plan reads Zendesk to find out what happened."
            }
            _ => "The log has the error, its cause and what to do about it.",
        }
    }

    /// The page, which is short in every case.
    pub fn page(&self) -> Page {
        let (mark, verdict) = self.verdict();
        let mut page = Page::default();
        page.text(format!("## {} {}: {verdict}\n\n", mark.as_str(), self.subject.name()));
        match self.known {
            Some(known) => page.text(escape::markdown_block(&known.text())),
            None => page.text(format!("{}\n", self.next())),
        }
        page.text(format!("\nExit code **{}**.", self.code));
        match self.place.run.as_ref().and_then(super::place::WorkflowRun::link) {
            Some(link) => page.text(format!(" See the log of {link}.\n")),
            None => page.text("\n"),
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::audience::Message;

    #[test]
    fn a_failure_is_cleared_for_its_audience_and_keeps_its_lines() {
        let failure = Failure::invalid("the configuration cannot be used")
            .because(Message::public("drift.yaml: line 3: unknown key"))
            .because("the key is acme".to_owned())
            .about(Path::new("ops/drift.yaml"))
            .help("correct it");
        let known = KnownFailure::of(&failure, Audience::Public);
        assert_eq!(known.lines().collect::<Vec<_>>(), [(3, "drift.yaml: line 3: unknown key")]);
        assert!(known.is_reduced && !known.text().contains("acme"), "{}", known.text());
        assert!(known.text().contains("\n  help: correct it\n  note: names, ids"), "{}", known.text());
        let known = KnownFailure::of(&failure, Audience::Private);
        assert!(!known.is_reduced && known.text().contains("acme"));
    }

    #[test]
    fn the_file_is_named_from_the_root_of_the_repository() {
        let root = std::path::absolute("somewhere").expect("a path");
        let named = |file: &Path| in_repository(file, Some(&root));
        assert_eq!(named(&root.join("ops/drift.yaml")).as_deref(), Some("ops/drift.yaml"));
        assert_eq!(named(Path::new("/elsewhere/before.yaml")), None);
    }

    #[test]
    fn a_line_is_read_where_a_cause_names_one() {
        assert_eq!(line_of("line 12: blank sf_account_id"), Some(12));
        assert_eq!(line_of("line 12"), Some(12));
        assert_eq!(line_of("a.yaml: line 4: x"), Some(4));
        assert_eq!(line_of("it has no line 4"), None);
    }
}
