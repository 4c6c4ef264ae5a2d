//! What a renderer makes for a terminal: lines of text, not yet wrapped, colored or printed. Printing them is `console`'s.

use super::audience::Message;

/// One line, or several that a line end parts. The spaces that it begins with are its indent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Heading(Message),
    /// A sentence, a count, a list: broken at its spaces where the terminal is narrower, its later parts indented further.
    Text(Message),
    /// A command that can be copied: where the terminal is narrower, it goes on behind a ` \` with its next option.
    Command(Message),
}

/// Lines in the making.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(pub Vec<Line>);

impl Lines {
    /// Adds a heading, with an empty line before it where it is not the first.
    pub fn heading(&mut self, text: impl Into<Message>) {
        if !self.0.is_empty() {
            self.blank();
        }
        self.0.push(Line::Heading(text.into()));
    }

    pub fn text(&mut self, text: impl Into<Message>) {
        self.0.push(Line::Text(text.into()));
    }

    /// Adds a line of counts and names of this program, which everybody may read.
    pub fn public(&mut self, text: impl Into<String>) {
        self.0.push(Line::Text(Message::public(text)));
    }

    pub fn command(&mut self, text: impl Into<Message>) {
        self.0.push(Line::Command(text.into()));
    }

    pub fn blank(&mut self) {
        self.0.push(Line::Text("".into()));
    }

    /// Adds the lines of another renderer.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
}
