//! Exit codes (rules 1), and failures that say what happened, to which thing, and what to do next.

use crate::text::audience::{Audience, Message};
use crate::text::escape;
use std::fmt;
use std::path::Path;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; no threshold breached.
    Done,
    /// Done, and a threshold is breached or a check failed.
    Breached,
    /// The command line, the configuration or an input file is invalid, or the output root cannot be written.
    Invalid,
    /// Zendesk could not be read, or the local disk failed.
    Unreadable,
    /// Refused for safety: nothing was written to Zendesk.
    Refused,
    /// Interrupted by a signal.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Breached => 1,
            Self::Invalid => 2,
            Self::Unreadable => 3,
            Self::Refused => 4,
            Self::Interrupted => 130,
        }
    }

    /// All of them, by their numbers.
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Breached, Self::Invalid, Self::Unreadable, Self::Refused, Self::Interrupted];

    /// What the number says, for whoever knows nothing else.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Breached => "a threshold is breached, or a check failed",
            Self::Invalid => "the command line, the configuration or an input file is invalid",
            Self::Unreadable => "Zendesk or GitHub could not be read, or the local disk failed",
            Self::Refused => "refused for safety",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// What did not happen.
    what: Message,
    causes: Vec<Message>,
    help: Option<Box<Message>>,
    /// The file that is wrong, for a note beside its line.
    file: Option<Box<Path>>,
}

impl Failure {
    pub fn new(exit: Exit, what: impl Into<Message>) -> Self {
        Self { exit, what: what.into(), causes: Vec::new(), help: None, file: None }
    }

    /// An invalid input.
    pub fn invalid(what: impl Into<Message>) -> Self {
        Self::new(Exit::Invalid, what)
    }

    /// Adds what it was caused by.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Message>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Names the file that is wrong; causes that begin with `line N` say where.
    #[must_use]
    pub fn about(mut self, file: &Path) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The file that is wrong.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// What did not happen.
    pub fn what(&self) -> &Message {
        &self.what
    }

    /// What it was caused by, outermost first.
    pub fn causes(&self) -> &[Message] {
        &self.causes
    }

    /// What to do next.
    pub fn next(&self) -> Option<&Message> {
        self.help.as_deref()
    }

    /// Says what to do next; lines of their own are indented.
    #[must_use]
    pub fn help(mut self, help: impl Into<Message>) -> Self {
        self.help = Some(Box::new(help.into()));
        self
    }

    /// The text for an audience, and whether something of it is withheld.
    pub fn told(&self, audience: Audience) -> (String, bool) {
        let Self { exit, what, causes, help, file: _ } = self;
        let mut text = escape::line(what.to(audience).unwrap_or(exit.meaning()));
        for cause in causes.iter().filter_map(|cause| cause.to(audience)) {
            text.push_str("\n  caused by: ");
            text.push_str(&escape::line(cause));
        }
        if let Some(help) = help.as_ref().and_then(|help| help.to(audience)) {
            for (index, line) in help.lines().enumerate() {
                text.push_str(if index == 0 { "\n  help: " } else { "\n        " });
                text.push_str(&escape::line(line));
            }
        }
        let reduced = std::iter::once(what).chain(causes).chain(help.as_deref()).any(Message::is_reduced);
        (text, audience.is_public() && reduced)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(Audience::Private).0)
    }
}
