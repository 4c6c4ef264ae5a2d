//! The page of a trace while it is written: paragraphs in a given width.

use crate::text::escape;
use crate::text::lines::{Line, Lines};
use crate::text::wrap::wrap;

/// Lines under construction. Every text passes through `escape` here, whatever it holds.
pub(super) struct Page {
    pub(super) lines: Lines,
    pub(super) width: usize,
}

impl Page {
    pub(super) fn title(&mut self, text: &str) {
        for (at, line) in wrap(&escape::line(text), self.width.saturating_sub(2)).into_iter().enumerate() {
            self.lines.0.push(Line::Heading(if at == 0 { line } else { format!("  {line}") }.into()));
        }
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.lines.heading(escape::line(text));
    }

    /// A paragraph, indented by `level`; its later lines a little more.
    pub(super) fn text(&mut self, level: usize, text: &str) {
        let indent = "  ".repeat(level);
        for (at, line) in
            wrap(&escape::line(text), self.width.saturating_sub(indent.len() + 2).max(20)).iter().enumerate()
        {
            let hanging = if at == 0 { "" } else { "  " };
            self.lines.text(format!("{indent}{hanging}{line}"));
        }
    }

    /// A command. It is broken, if at all, where a shell goes on.
    pub(super) fn command(&mut self, command: &str) {
        self.lines.command(format!("      {}", escape::line(command)));
    }
}
