//! Holds the rows of a reference to the rules, one after the other (rules 3). A row is named once, by the first rule it breaks.

use super::csv::{Row, Rows, lines};
use super::encoding::Decoded;
use super::footer::{Candidate, Held};
use super::form::{ACCOUNT_NAME, Form, ID, WEBSITE};
use super::header::Header;
use super::ids;
use super::problems::{Collected, Problems, Rule};
use crate::catalogue::WarningCode;
use crate::model::account_key;
use crate::model::accounts::COLUMNS;
use crate::model::warning::Warning;
use crate::text::escape::without_local_part;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// A row that is an account.
pub(super) struct Accepted<'r, 't> {
    pub(super) row: &'r Row<'t>,
    pub(super) header: &'r Header,
    /// Trimmed and unwrapped.
    pub(super) id: &'r str,
}

/// The rows of a file while they are judged.
pub(super) struct Judge<'t> {
    decoded: &'t Decoded<'t>,
    rows: Rows<'t>,
    form: Form<'t>,
    header: Header,
    problems: Collected,
    /// The hash of each accepted account's key, and its place in `firsts`.
    known: HashTable<(u64, u32)>,
    hasher: DefaultHashBuilder,
    /// Where each accepted row starts, and on which line.
    firsts: Vec<(usize, usize)>,
    warnings: Vec<Warning>,
}

/// What the whole file gave besides its accounts.
pub(super) struct Judged {
    pub(super) ignored_columns: Vec<String>,
    /// Of the file and of its ids: `report_footer`, `id_unwrapped`, `repeated_row`.
    pub(super) warnings: Vec<Warning>,
}

/// Judges a file, and gives each account's row to `accept`, in the order of the file. Errors: all problems.
pub(super) fn judge<'t>(
    decoded: &'t Decoded<'t>,
    form: Form<'t>,
    accept: &mut dyn FnMut(&Accepted<'_, 't>),
) -> Result<Judged, Problems> {
    let mut rows = Rows::of(&decoded.text, form.counts_records());
    let mut problems = Collected::default();
    let header = find_header(decoded, &mut rows, form, &mut problems)?;
    let mut judge = Judge {
        decoded,
        rows,
        form,
        header,
        problems,
        known: HashTable::new(),
        hasher: DefaultHashBuilder::default(),
        firsts: Vec::new(),
        warnings: Vec::new(),
    };
    judge.all(accept);
    let Judge { header, problems, firsts, warnings, .. } = judge;
    if !problems.is_empty() {
        return Err(problems.into_problems());
    }
    if firsts.is_empty() {
        return Err(Problems::of_file(Rule::NoDataRow, "there is a header, but no row below it".to_owned()));
    }
    Ok(Judged { ignored_columns: header.ignored, warnings })
}

/// The first row that is not empty, and where our columns are in it.
pub(super) fn find_header<'t>(
    decoded: &Decoded<'_>,
    rows: &mut Rows<'t>,
    form: Form<'_>,
    problems: &mut Collected,
) -> Result<Header, Problems> {
    let mut row = Row::default();
    loop {
        if !rows.next(&mut row) {
            return Err(Problems::of_file(Rule::NoHeader, "it is empty".to_owned()));
        }
        if row.is_unclosed {
            problems.add(row.line, Rule::UnclosedQuote, "a quote opens in this row and is never closed");
            return Err(std::mem::take(problems).into_problems());
        }
        if !row.is_empty() {
            break;
        }
    }
    let header = Header::find(&row, form.columns(), problems);
    if let Some(cell) = row.text_after_quote {
        problems.add(row.line, Rule::TextAfterQuote, text_after_quote(cell, None));
    } else if let Some(wrong) = decoded.wrong_within(row.start, row.end) {
        problems.add(row.line, Rule::NotUtf8, wrong.text(row.line));
    }
    Ok(header)
}

fn text_after_quote(cell: usize, header: Option<&Header>) -> String {
    match header.and_then(|header| header.column_at(cell)) {
        Some(column) => format!("text after a closing quote, in `{column}`"),
        None => format!("text after a closing quote, in cell {}", cell + 1),
    }
}

impl<'t> Judge<'t> {
    fn all(&mut self, accept: &mut dyn FnMut(&Accepted<'_, 't>)) {
        let mut row = Row::default();
        let mut again = Row::default();
        let mut held = Held::default();
        let mut follows_empty = false;
        while self.rows.next(&mut row) {
            if row.is_empty() && !row.is_unclosed {
                follows_empty = true;
                continue;
            }
            if self.form.may_have_footer() && Held::could_hold(&row) {
                held.hold(&row, follows_empty);
            } else {
                for Candidate { start, line, .. } in held.release() {
                    self.rows.read_at(start, line, &mut again);
                    self.row(&again, accept);
                }
                self.row(&row, accept);
            }
            follows_empty = false;
        }
        let (before, rows) = held.end();
        for Candidate { start, line, .. } in &rows[..before] {
            self.rows.read_at(*start, *line, &mut again);
            self.row(&again, accept);
        }
        self.footer(&rows[before..]);
    }

    fn row(&mut self, row: &Row<'t>, accept: &mut dyn FnMut(&Accepted<'_, 't>)) {
        if row.filled_cells() > self.header.cells {
            let text = format_args!("{} cells, but the header has {}", row.filled_cells(), self.header.cells);
            return self.problems.add(row.line, Rule::CellBeyondHeader, text);
        }
        let trimmed = self.header.cell(row, ID).trim();
        let inside = if self.form.may_be_wrapped() { ids::unwrapped(trimmed) } else { None };
        let id = inside.unwrap_or(trimmed);
        if self.header.id_at().is_none() {
            if let Some((rule, text)) = self.later_problem(row) {
                self.problems.add(row.line, rule, text);
            }
            return;
        }
        if let Some((rule, text)) = ids::spoiled(id) {
            return self.problems.add(row.line, rule, text);
        }
        let key = account_key::key_of(id);
        let hash = self.hasher.hash_one(&*key);
        let first = self
            .known
            .find(hash, |(known, at)| *known == hash && self.id_of(*at, |other| account_key::key_of(other) == key));
        if let Some((_, at)) = first {
            let at = *at;
            let differences = self.differences(at, row, id);
            if !differences.is_empty() {
                let text = format_args!(
                    "`{}` is the same account as on line {}, but with another {}",
                    without_local_part(id),
                    self.firsts[at as usize].1,
                    differences.join(", ")
                );
                return self.problems.add(row.line, Rule::SameAccount, text);
            }
            match self.later_problem(row) {
                Some((rule, text)) => self.problems.add(row.line, rule, text),
                None => self.warn_repeated(row, id, at),
            }
            return;
        }
        if let Some((rule, text)) = self.later_problem(row) {
            return self.problems.add(row.line, rule, text);
        }
        let known = self.known.entry(hash, |_| false, |(hash, _)| *hash);
        if let Entry::Vacant(free) = known {
            free.insert((hash, self.firsts.len() as u32));
        }
        self.firsts.push((row.start, row.line));
        if inside.is_some() {
            let message = format!("{id} had marks that protect it from a spreadsheet; it is used without them");
            self.warnings.push(warning(WarningCode::IdUnwrapped, row.line, Some(id), message));
        }
        accept(&Accepted { row, header: &self.header, id });
    }

    /// The rules that come after those for ids and pairs.
    fn later_problem(&self, row: &Row<'t>) -> Option<(Rule, String)> {
        if row.is_unclosed {
            return Some((Rule::UnclosedQuote, "a quote opens in this row and is never closed".to_owned()));
        }
        if let Some(cell) = row.text_after_quote {
            return Some((Rule::TextAfterQuote, text_after_quote(cell, Some(&self.header))));
        }
        for column in [ID, ACCOUNT_NAME, WEBSITE] {
            if self.header.cell(row, column).contains(['\n', '\r']) {
                return Some((Rule::LineEndInCell, format!("`{}` contains a line break", COLUMNS[column])));
            }
        }
        if let Some(swallowed) = self.swallowed(row, 1) {
            return Some(swallowed);
        }
        let wrong = self.decoded.wrong_within(row.start, row.end)?;
        Some((Rule::NotUtf8, wrong.text(row.line)))
    }

    /// A line of a cell that looks like a row of its own; the first line that counts is `from`.
    fn swallowed(&self, row: &Row<'t>, from: usize) -> Option<(Rule, String)> {
        let id_at = self.header.id_at()?;
        let is_row = |line: &str| {
            let mut parts = line.split(self.rows.delimiter);
            parts.clone().count() >= self.header.cells && parts.nth(id_at).is_some_and(ids::has_salesforce_form)
        };
        let cells = row.cells.iter().filter(|cell| from == 0 || cell.contains(['\n', '\r']));
        let found = cells.flat_map(|cell| lines(cell).skip(from)).any(is_row);
        found.then(|| (Rule::SwallowedRows, "a quoted cell in this row contains other rows".to_owned()))
    }

    fn footer(&mut self, rows: &[Candidate]) {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
        let mut row = Row::default();
        for Candidate { start, line, .. } in rows {
            self.rows.read_at(*start, *line, &mut row);
            let problem = if row.is_unclosed { self.later_problem(&row) } else { self.swallowed(&row, 0) };
            if let Some((rule, text)) = problem {
                self.problems.add(*line, rule, text);
            }
        }
        let message = match first.line == last.line {
            true => format!("line {} is the footer of a report and is skipped", first.line),
            false => format!("lines {} to {} are the footer of a report and are skipped", first.line, last.line),
        };
        self.warnings.push(warning(WarningCode::ReportFooter, first.line, None, message));
    }

    fn warn_repeated(&mut self, row: &Row<'t>, id: &str, first: u32) {
        let first = self.firsts[first as usize].1;
        let message = format!("{id} is already on line {first} with the same cells; the account counts once");
        self.warnings.push(warning(WarningCode::RepeatedRow, row.line, Some(id), message));
    }

    /// Asks something of the id of an accepted row, which is read again: ids are not kept.
    fn id_of(&self, first: u32, ask: impl Fn(&str) -> bool) -> bool {
        let row = self.first(first);
        ask(self.id(&row))
    }

    fn id<'r>(&self, row: &'r Row<'t>) -> &'r str {
        let trimmed = self.header.cell(row, ID).trim();
        let inside = if self.form.may_be_wrapped() { ids::unwrapped(trimmed) } else { None };
        inside.unwrap_or(trimmed)
    }

    fn first(&self, first: u32) -> Row<'t> {
        let (start, line) = self.firsts[first as usize];
        let mut row = Row::default();
        self.rows.read_at(start, line, &mut row);
        row
    }

    /// The columns in which a row differs from an accepted one.
    fn differences(&self, first: u32, row: &Row<'t>, id: &str) -> Vec<&'static str> {
        let first = self.first(first);
        let differs = |column: usize| match column {
            ID => self.id(&first) != id,
            _ => self.header.cell(&first, column).trim() != self.header.cell(row, column).trim(),
        };
        (0..COLUMNS.len()).filter(|column| differs(*column)).map(|column| COLUMNS[column]).collect()
    }
}

pub(super) fn warning(code: WarningCode, line: usize, id: Option<&str>, message: String) -> Warning {
    Warning { code, line: Some(line as u32), sf_account_id: id.map(str::to_owned), domain: None, message }
}
