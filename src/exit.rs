//! Exit codes (contract 1), and failures that say what happened, to which thing, and what to do next.

use crate::escape;
use std::fmt;

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
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// What did not happen.
    what: String,
    causes: Vec<String>,
    help: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), causes: Vec::new(), help: None }
    }

    /// An invalid input.
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::new(Exit::Invalid, what)
    }

    /// Adds what it was caused by.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// What it was caused by, outermost first. May hold outside text.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// What to do next.
    pub fn next(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Says what to do next; lines of their own are indented.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", escape::line(&self.what))?;
        for cause in &self.causes {
            write!(f, "\n  caused by: {}", escape::line(cause))?;
        }
        if let Some(help) = &self.help {
            let mut lines = help.lines();
            write!(f, "\n  help: {}", lines.next().map(escape::line).unwrap_or_default())?;
            for line in lines {
                write!(f, "\n        {}", escape::line(line))?;
            }
        }
        Ok(())
    }
}
