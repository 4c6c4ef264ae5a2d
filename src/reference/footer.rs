//! The lines of text with which Salesforce ends a report (rules 3).
//!
//! Only the end of the file shows whether such rows are a footer, so they are held back until a row that is none of them comes.

use super::csv::Row;

/// A row in which only the first cell is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Where it starts, and on which line.
    pub(super) start: usize,
    pub(super) line: usize,
    /// Whether its cell holds white space within.
    has_space: bool,
    /// Whether a row that was skipped as empty is right before it.
    follows_empty: bool,
}

/// The rows that may be a footer, at the end of what has been read.
#[derive(Debug, Default)]
pub(super) struct Held {
    rows: Vec<Candidate>,
}

impl Held {
    /// Whether a row could be part of a footer.
    pub(super) fn could_hold(row: &Row<'_>) -> bool {
        row.filled_cells() == 1
    }

    pub(super) fn hold(&mut self, row: &Row<'_>, follows_empty: bool) {
        let has_space = row.cells[0].trim().contains(char::is_whitespace);
        self.rows.push(Candidate { start: row.start, line: row.line, has_space, follows_empty });
    }

    /// The rows that another row has shown to be none of a footer.
    pub(super) fn release(&mut self) -> std::vec::Drain<'_, Candidate> {
        self.rows.drain(..)
    }

    /// At the end of the file: how many of the rows come before the footer, and all of them.
    pub(super) fn end(self) -> (usize, Vec<Candidate>) {
        let rows = self.rows;
        let last_with_space = rows.iter().rposition(|row| row.has_space);
        let begins = |at: usize, row: &Candidate| {
            row.has_space || row.follows_empty && last_with_space.is_some_and(|last| last > at)
        };
        let first = rows.iter().enumerate().position(|(at, row)| begins(at, row));
        (first.unwrap_or(rows.len()), rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row: its cell, and whether it follows an empty row. How many come before the footer.
    fn before(rows: &[(&str, bool)]) -> usize {
        let mut held = Held::default();
        for (cell, follows_empty) in rows {
            let row = Row { cells: vec![(*cell).into(), "".into()], ..Row::default() };
            assert!(Held::could_hold(&row));
            held.hold(&row, *follows_empty);
        }
        held.end().0
    }

    #[test]
    fn a_footer_begins_with_a_text_or_after_an_empty_row_above_one() {
        assert_eq!(before(&[("All accounts", true), ("Confidential", false)]), 0);
        assert_eq!(before(&[("0015g1", false), ("All accounts", false), ("x", false)]), 1);
        assert_eq!(before(&[("0015g1", false), ("Accounts", true), ("Copyright (c)", false)]), 1);
        assert_eq!(before(&[("0015g1", false), ("Accounts", false), ("Copyright (c)", false)]), 2);
        assert_eq!(before(&[("0015g1", true), ("0015g2", false)]), 2, "ids below an empty row are rows");
        assert_eq!(before(&[("a b", false), ("Accounts", true)]), 0);
        assert_eq!(before(&[]), 0);
    }

    #[test]
    fn only_the_first_cell_is_filled() {
        let row =
            |cells: &'static [&str]| Row { cells: cells.iter().map(|cell| (*cell).into()).collect(), ..Row::default() };
        assert!(Held::could_hold(&row(&["a"])) && Held::could_hold(&row(&["a", " ", ""])));
        assert!(!Held::could_hold(&row(&["", "a"])) && !Held::could_hold(&row(&["a", "b"])));
    }
}
