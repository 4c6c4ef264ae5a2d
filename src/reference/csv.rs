//! The rows of a CSV text (RFC 4180), with what a reference is judged by: where each row starts, which quotes are wrong, and which
//! cells are empty.
//!
//! A reader of its own: the usual ones accept text behind a closing quote, and do not say which row a quote has swallowed.

use std::borrow::Cow;

/// A row, its cells untrimmed and without their quotes.
#[derive(Debug, Default, Clone)]
pub(super) struct Row<'t> {
    /// Where the row starts in the text.
    pub(super) start: usize,
    /// Where the next one does.
    pub(super) end: usize,
    /// The line on which it starts, from 1.
    pub(super) line: usize,
    pub(super) cells: Vec<Cow<'t, str>>,
    /// Whether a quote stays open up to the end of the text.
    pub(super) is_unclosed: bool,
    /// The first cell (from 0) with text other than white space behind its closing quote.
    pub(super) text_after_quote: Option<usize>,
}

impl Row<'_> {
    /// Whether nothing but white space is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// How many cells there are up to the last filled one.
    pub(super) fn filled_cells(&self) -> usize {
        self.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1)
    }
}

/// The rows of a text, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Rows<'t> {
    text: &'t str,
    /// What divides cells.
    pub(super) delimiter: char,
    next: usize,
    line: usize,
    /// Whether each row counts as one line.
    counts_rows: bool,
}

impl<'t> Rows<'t> {
    /// The rows below a `sep=` line, if there is one. Without one the header decides how cells are divided.
    pub(super) fn of(text: &'t str, counts_rows: bool) -> Self {
        match sep_line(text) {
            Some((delimiter, next)) => Self { text, delimiter, next, line: 2, counts_rows },
            None => Self { text, delimiter: most_frequent(text), next: 0, line: 1, counts_rows },
        }
    }

    /// Reads the next row into `row`; `false` when there is none.
    pub(super) fn next(&mut self, row: &mut Row<'t>) -> bool {
        if self.next >= self.text.len() {
            return false;
        }
        self.read_at(self.next, self.line, row);
        self.line += if self.counts_rows { 1 } else { line_ends(&self.text[row.start..row.end]) };
        self.next = row.end;
        true
    }

    /// Reads the row that starts at an offset, on a line.
    pub(super) fn read_at(&self, start: usize, line: usize, row: &mut Row<'t>) {
        row.cells.clear();
        (row.start, row.line, row.is_unclosed, row.text_after_quote) = (start, line, false, None);
        let mut at = start;
        loop {
            let cell = self.cell(at);
            if cell.text_after_quote {
                row.text_after_quote.get_or_insert(row.cells.len());
            }
            row.is_unclosed |= cell.is_unclosed;
            row.cells.push(cell.text);
            at = cell.end;
            match self.text[at..].chars().next() {
                Some(c) if c == self.delimiter => at += c.len_utf8(),
                Some('\r') if self.text[at + 1..].starts_with('\n') => at += 2,
                Some(_) => at += 1,
                None => {}
            }
            let ended_by_delimiter = self.text[cell.end..at].starts_with(self.delimiter);
            if !ended_by_delimiter {
                row.end = at;
                return;
            }
        }
    }

    fn cell(&self, start: usize) -> Cell<'t> {
        let text = &self.text[start..];
        let Some(quoted) = text.strip_prefix('"') else {
            let end = self.end_of_plain(text);
            return Cell {
                text: Cow::Borrowed(&text[..end]),
                end: start + end,
                is_unclosed: false,
                text_after_quote: false,
            };
        };
        let mut content = Cow::Borrowed("");
        let mut from = 0;
        loop {
            let Some(quote) = quoted[from..].find('"').map(|at| from + at) else {
                push(&mut content, quoted, from, quoted.len());
                return Cell { text: content, end: self.text.len(), is_unclosed: true, text_after_quote: false };
            };
            push(&mut content, quoted, from, quote);
            if !quoted[quote + 1..].starts_with('"') {
                let rest = &quoted[quote + 1..];
                let length = self.end_of_plain(rest);
                let text_after_quote = !rest[..length].trim().is_empty();
                if text_after_quote {
                    content.to_mut().push_str(&rest[..length]);
                }
                return Cell { text: content, end: start + quote + 2 + length, is_unclosed: false, text_after_quote };
            }
            content.to_mut().push('"');
            from = quote + 2;
        }
    }

    /// Where an unquoted text ends: at a delimiter or a line end.
    fn end_of_plain(&self, text: &str) -> usize {
        match u8::try_from(self.delimiter).ok().filter(u8::is_ascii) {
            Some(delimiter) => memchr::memchr3(delimiter, b'\n', b'\r', text.as_bytes()),
            None => text.find([self.delimiter, '\n', '\r']),
        }
        .unwrap_or(text.len())
    }
}

struct Cell<'t> {
    text: Cow<'t, str>,
    end: usize,
    is_unclosed: bool,
    text_after_quote: bool,
}

/// Appends a part of `source`; the first one is borrowed.
fn push<'t>(content: &mut Cow<'t, str>, source: &'t str, from: usize, to: usize) {
    if content.is_empty() && matches!(content, Cow::Borrowed(_)) {
        *content = Cow::Borrowed(&source[from..to]);
    } else {
        content.to_mut().push_str(&source[from..to]);
    }
}

/// How many lines end in a text: at `\n`, `\r\n` or `\r`.
pub(super) fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'\n', b'\r', bytes)
        .filter(|at| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'))
        .count()
}

/// The lines of a text, without their ends.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else { return rest.take() };
        let behind = &text[end..];
        rest = Some(behind.strip_prefix("\r\n").unwrap_or(&behind[1..]));
        Some(&text[..end])
    })
}

/// A first line that is `sep=` and one character: the delimiter, and where the next line starts.
fn sep_line(text: &str) -> Option<(char, usize)> {
    let first = lines(text).next()?;
    let marked = first.get(..4).filter(|mark| mark.eq_ignore_ascii_case("sep="))?;
    let mut characters = first[marked.len()..].chars();
    let delimiter = characters.next().filter(|c| *c != '"')?;
    let behind = &text[first.len()..];
    let end = if behind.starts_with("\r\n") { 2 } else { usize::from(!behind.is_empty()) };
    characters.next().is_none().then_some((delimiter, first.len() + end))
}

/// The most frequent of comma, semicolon and tab outside quotes in the first line that is not blank; in doubt in this order.
fn most_frequent(text: &str) -> char {
    const KNOWN: [char; 3] = [',', ';', '\t'];
    let mut start = 0;
    for line in lines(text) {
        if !line.trim().is_empty() {
            break;
        }
        let behind = &text[start + line.len()..];
        start += line.len() + if behind.starts_with("\r\n") { 2 } else { usize::from(!behind.is_empty()) };
    }
    let mut counts = [0usize; KNOWN.len()];
    let (mut is_quoted, mut at_cell_start) = (false, true);
    // A quoted cell may hold line ends, so the line is read to its end in the whole text.
    for c in text[start..].chars() {
        match c {
            '"' if is_quoted => is_quoted = false,
            '"' if at_cell_start => is_quoted = true,
            _ if is_quoted => {}
            '\n' | '\r' => break,
            _ => {}
        }
        let known = KNOWN.iter().position(|known| *known == c).filter(|_| !is_quoted);
        if let Some(known) = known {
            counts[known] += 1;
        }
        // A doubled quote inside a quoted cell closes and opens it again.
        at_cell_start = known.is_some() || c == '"' && !is_quoted;
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    KNOWN[counts.iter().position(|count| *count == most).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
        let mut rows = Rows::of(text, false);
        let mut row = Row::default();
        let mut all = Vec::new();
        while rows.next(&mut row) {
            all.push((row.line, row.cells.iter().map(|cell| cell.clone().into_owned()).collect()));
        }
        all
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        rows(text).into_iter().map(|(_, cells)| cells).collect()
    }

    #[test]
    fn quotes_hold_delimiters_line_ends_and_doubled_quotes() {
        assert_eq!(cells("a,\"b,\"\"c\"\"\nd\"\r\ne,f"), [vec!["a", "b,\"c\"\nd"], vec!["e", "f"]]);
        assert_eq!(cells("\"\",\"\"\"\"\n"), [["", "\""]]);
        assert_eq!(cells("a\"b\"c, \"d\"\n"), [["a\"b\"c", " \"d\""]], "a quote inside an unquoted cell is text");
        assert_eq!(cells("\"a\" \t,b\n"), [["a", "b"]]);
    }

    #[test]
    fn every_kind_of_line_end_counts_and_blank_lines_are_rows() {
        let found = rows("a\r\rb\n\r\n\"c\r\nd\re\"\nf");
        let expected = [(1, "a"), (2, ""), (3, "b"), (4, ""), (5, "c\r\nd\re"), (8, "f")];
        assert_eq!(found, expected.map(|(line, cell)| (line, vec![cell.to_owned()])));
        assert_eq!(cells(""), [[""; 0]; 0]);
        assert_eq!(lines("a\r\nb\rc\n").collect::<Vec<_>>(), ["a", "b", "c", ""]);
    }

    #[test]
    fn wrong_quotes_are_seen() {
        let mut row = Row::default();
        Rows::of("a,\"b\" x,c\n", false).next(&mut row);
        assert_eq!((row.text_after_quote, row.cells[1].as_ref(), row.is_unclosed), (Some(1), "b x", false));
        Rows::of("a,\"b,c\nd\n", false).next(&mut row);
        assert_eq!((row.text_after_quote, row.cells.len(), row.is_unclosed), (None, 2, true));
        Rows::of("\"", false).next(&mut row);
        assert!(row.is_unclosed);
    }

    #[test]
    fn a_sep_line_sets_the_delimiter() {
        assert_eq!(rows("sep=;\na;b,c\n"), [(2, vec!["a".to_owned(), "b,c".to_owned()])]);
        assert_eq!(cells("SEP=|\r\na|b"), [["a", "b"]]);
        assert_eq!(cells("sep=§\ra§b"), [["a", "b"]]);
        assert_eq!(cells("sep=\t\na\tb,c"), [["a", "b,c"]]);
        for text in ["sep=\"\n", "sep=\n", "sep=;;\n", " sep=;\n", "sep=; \n", "\nsep=;\n", "\"sep=;\"\n"] {
            assert!(sep_line(text).is_none(), "{text:?}");
        }
        assert_eq!(sep_line("sep=;"), Some((';', 5)));
    }

    #[test]
    fn the_header_decides_how_cells_are_divided() {
        for (text, delimiter) in [
            ("a,b;c", ','),
            ("a;b;c,d", ';'),
            ("a\tb", '\t'),
            ("\n \r\na;b", ';'),
            ("\"a,b,c\";d", ';'),
            ("\"a\"\",,\"\"\n,\";b", ';'),
            ("", ','),
            ("abc", ','),
        ] {
            assert_eq!(most_frequent(text), delimiter, "{text:?}");
        }
    }
}
