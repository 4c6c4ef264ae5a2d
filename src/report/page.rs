//! A Markdown page that fits where it goes: its texts always, of its long tables as many rows as there is room for.
//!
//! Texts and heads of tables are written by this program and short. Rows come from data, in any number and length: each is
//! taken whole or not at all, and what was left out is said. Left out: what a page says (the pages beside this one).

use crate::text::words::grouped;

/// How much fits somewhere, and how it is counted there.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    most: usize,
    count: fn(&str) -> usize,
}

impl Room {
    /// A job summary. GitHub drops a summary of more than 1 MiB; `used` bytes are already written.
    pub fn summary(used: u64) -> Self {
        let most = 1_000_000_u64.saturating_sub(used);
        Self { most: usize::try_from(most).unwrap_or(0), count: str::len }
    }

    /// A comment. GitHub refuses one of more than 65,536 characters; the rest is for the marker. Counted in units of UTF-16,
    /// which are never fewer than characters.
    pub fn comment() -> Self {
        Self { most: 60_000, count: |text| text.encode_utf16().count() }
    }
}

/// A part of a page.
#[derive(Debug)]
enum Part {
    Text(String),
    Rows(Rows),
}

/// A table that may be cut.
#[derive(Debug)]
pub struct Rows {
    /// The two lines that make a table of the rows, each with its line end.
    pub head: &'static str,
    /// Each with its line end, in the order of their weight.
    pub rows: Vec<String>,
    /// How many there are in all; `rows` may hold fewer.
    pub total: usize,
    /// What they are, in the plural.
    pub what: &'static str,
    /// Where all of them are: the end of a sentence.
    pub all: String,
}

impl Rows {
    fn cut(&self, shown: usize) -> String {
        let Self { total, what, all, .. } = self;
        format!("\n**{} of {} {what} are shown.** All are in {all}.\n", grouped(shown as u64), grouped(*total as u64))
    }
}

/// A page in the making.
#[derive(Debug, Default)]
pub struct Page(Vec<Part>);

impl Page {
    /// Adds a text of limited length.
    pub fn text(&mut self, text: impl Into<String>) {
        self.0.push(Part::Text(text.into()));
    }

    /// Adds a table.
    pub fn rows(&mut self, rows: Rows) {
        self.0.push(Part::Rows(rows));
    }

    /// The page as far as there is room; earlier tables are served first.
    pub fn render(&self, room: Room) -> String {
        let count = room.count;
        let fixed = |part: &Part| match part {
            Part::Text(text) => count(text),
            Part::Rows(rows) => count(rows.head) + count(&rows.cut(rows.total)),
        };
        let mut left = room.most.saturating_sub(self.0.iter().map(fixed).sum());
        let mut page = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => page.push_str(text),
                Part::Rows(rows) => {
                    page.push_str(rows.head);
                    let mut shown = 0;
                    for row in &rows.rows {
                        let Some(rest) = left.checked_sub(count(row)) else { break };
                        left = rest;
                        page.push_str(row);
                        shown += 1;
                    }
                    if shown < rows.total {
                        page.push_str(&rows.cut(shown));
                    }
                }
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rows: &[&str], total: usize) -> Page {
        let mut page = Page::default();
        page.text("# Title\n\n");
        let rows = rows.iter().map(|row| format!("| {row} |\n")).collect();
        page.rows(Rows { head: "| a |\n| --- |\n", rows, total, what: "accounts", all: "`a.csv`".to_owned() });
        page.text("\nThe end\n");
        page
    }

    #[test]
    fn what_fits_is_there_whole_and_nothing_is_said_of_cuts() {
        let text = page(&["1", "2"], 2).render(Room::comment());
        assert_eq!(text, "# Title\n\n| a |\n| --- |\n| 1 |\n| 2 |\n\nThe end\n");
    }

    #[test]
    fn a_cut_table_says_how_many_are_missing_and_where_they_are() {
        let text = page(&["1", "2"], 2317).render(Room::comment());
        assert!(
            text.contains("| 2 |\n\n**2 of 2,317 accounts are shown.** All are in `a.csv`.\n\nThe end\n"),
            "{text}"
        );
    }

    #[test]
    fn the_room_is_never_exceeded_in_its_own_unit() {
        // Four bytes, two units of UTF-16, one character.
        let wide = "😀".repeat(150);
        let rows = vec![&*wide; 10_000];
        for (room, count) in [
            (Room::summary(0), str::len as fn(&str) -> usize),
            (Room::summary(900_000), str::len),
            (Room::comment(), |text| text.encode_utf16().count()),
        ] {
            let text = page(&rows, rows.len()).render(room);
            assert!(count(&text) <= room.most && count(&text) > room.most - 700, "{}", count(&text));
            assert!(text.ends_with("\nThe end\n") && text.contains("of 10,000 accounts are shown"));
        }
    }

    #[test]
    fn a_row_that_does_not_fit_ends_the_table() {
        let long = "x".repeat(70_000);
        let text = page(&["1", &long, "2"], 3).render(Room::comment());
        assert!(text.contains("**1 of 3 accounts are shown.**") && !text.contains("| 2 |"), "worse ones come first");
    }
}
