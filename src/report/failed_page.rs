//! A command that left no run folder, for those who look at the pull request or the run and not into its log.

use super::audit_page::Mark;
use super::page::Page;
use super::place::Place;
use crate::exit::Exit;
use clap::ValueEnum;

/// The commands that a workflow runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    Audit,
    Apply,
    Diff,
    Doctor,
}

impl Subject {
    /// As a heading begins.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audit => "Drift audit",
            Self::Apply => "Apply",
            Self::Diff => "Check of the change",
            Self::Doctor => "Doctor",
        }
    }
}

/// What is rendered of it.
#[derive(Debug, Clone, Copy)]
pub struct FailedReport<'a> {
    pub subject: Subject,
    /// What the shell saw.
    pub code: u8,
    pub place: &'a Place,
}

impl FailedReport<'_> {
    /// The verdict in a few words.
    pub fn verdict(&self) -> (Mark, String) {
        match (self.subject, self.exit()) {
            (Subject::Doctor, Some(Exit::Done)) => (Mark::Good, "an audit can run".to_owned()),
            (Subject::Doctor, Some(Exit::Breached)) => (Mark::Bad, "a check fails".to_owned()),
            (_, Some(Exit::Done)) => (Mark::Look, "ended without a run folder".to_owned()),
            (_, Some(exit)) => (Mark::Bad, exit.meaning().to_owned()),
            (_, None) => (Mark::Bad, "the program broke off".to_owned()),
        }
    }

    fn exit(&self) -> Option<Exit> {
        Exit::ALL.into_iter().find(|exit| exit.code() == self.code)
    }

    /// What did, or did not, happen because of it, and what to do next.
    pub fn next(&self) -> &'static str {
        match (self.subject, self.exit()) {
            (Subject::Doctor, Some(Exit::Done)) => "Every check is fine, or has a warning that is told in the log.",
            (Subject::Doctor, _) => "The log lists each check with its next step.",
            (_, Some(Exit::Done | Exit::Breached)) => "The log tells more.",
            (_, Some(Exit::Invalid)) => {
                "Nothing was read from or written to Zendesk. The log names the file, the line or the option that cannot be used."
            }
            (Subject::Apply, Some(Exit::Unreadable)) => {
                "No receipt was written. The log tells what could not be read, and what to do about it; apply the same plan again, and it settles what may be open."
            }
            (_, Some(Exit::Unreadable)) => {
                "An audit that could not read everything reports nothing. The log tells what could not be read, and what to do about it; `doctor` checks credentials, role, scopes and limits."
            }
            (_, Some(Exit::Refused)) => {
                "Nothing was written to Zendesk. The log tells what was refused: another hash, a changed file, an old plan, another Zendesk, a run that is not the audit's, or no approval."
            }
            (Subject::Apply, Some(Exit::Interrupted) | None) => {
                "Look at the run folder's journal, if there is one, and apply the same plan again: it settles what was open."
            }
            (_, Some(Exit::Interrupted)) => "Nothing was left behind. Run it again.",
            (_, None) => "That is a mistake of the program's, or the machine ended it (137: often too little memory).",
        }
    }

    /// The page, which is short in every case.
    pub fn page(&self) -> Page {
        let (mark, verdict) = self.verdict();
        let mut page = Page::default();
        page.text(format!(
            "## {} {}: {verdict}\n\nExit code **{}**. {}\n",
            mark.as_str(),
            self.subject.name(),
            self.code,
            self.next()
        ));
        if let Some(link) = self.place.run.as_ref().and_then(super::place::WorkflowRun::link) {
            page.text(format!("\nSee the log of {link}.\n"));
        }
        page
    }
}
