//! A CSV of a run folder, as cells with the place where each stands.

use super::{FolderMismatch, Teller, broken};
use crate::run::artifacts;
use crate::run::artifacts::table::columns;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// A table with the columns that it should have. Cells keep their guard against formulas.
pub(super) struct Table {
    pub file: &'static str,
    columns: &'static [&'static str],
    rows: Vec<csv::StringRecord>,
}

/// One of its rows.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    record: &'a csv::StringRecord,
}

impl Table {
    /// Reads a table of rows `R`. `None`: it is not one, which is reported.
    pub(super) fn parse<R: artifacts::table::TableRow + DeserializeOwned>(
        bytes: &[u8],
        out: &mut Vec<FolderMismatch>,
    ) -> Option<Self> {
        let (file, columns) = (R::FILE.name(), columns::<R>());
        let records = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes).into_records();
        let mut records = match records.collect::<Result<Vec<_>, _>>() {
            Ok(records) => records.into_iter(),
            Err(error) => {
                out.push(broken(file, &format!("is not a table: {error}")));
                return None;
            }
        };
        let header = records.next().unwrap_or_default();
        if header != *columns {
            let found = header.iter().collect::<Vec<_>>().join(",");
            Teller::new(file, out).equal("line 1", "has different columns", columns.join(","), found);
            return None;
        }
        Some(Self { file, columns, rows: records.collect() })
    }

    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { table: self, record })
    }
}

impl<'a> Row<'a> {
    /// The cell of a column that the table has.
    pub(super) fn get(self, column: &str) -> &'a str {
        let at = self.table.columns.iter().position(|known| *known == column);
        debug_assert!(at.is_some(), "{} has no column {column}", self.table.file);
        at.and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    /// `line 3, column org_id`; the line on which the row begins.
    pub(super) fn place(self, column: &str) -> String {
        format!("{}, column {column}", self.line())
    }

    pub(super) fn line(self) -> String {
        format!("line {}", self.record.position().map_or(0, csv::Position::line))
    }
}

/// Compares rows by a key: each expected one must be there, no other, in the same order, with equal cells in `columns`. A key
/// that is expected twice must be there twice.
///
/// `expected` gives each key with the cells of `columns`; `problem` says what they come from.
pub(super) fn compare(
    table: &Table,
    key: &str,
    columns: &[&str],
    expected: &[(String, Vec<String>)],
    problem: &str,
    out: &mut Vec<FolderMismatch>,
) {
    let mut teller = Teller::new(table.file, out);
    let expected: Vec<(&str, &[String])> =
        expected.iter().map(|(key, cells)| (key.as_str(), cells.as_slice())).collect();
    let wanted: BTreeSet<(&str, usize)> = numbered(expected.iter().map(|(key, _)| *key)).collect();
    let mut by_key: BTreeMap<(&str, usize), (usize, Row<'_>)> = BTreeMap::new();
    let found = numbered(table.rows().map(|row| row.get(key)));
    for (at, (found, row)) in found.zip(table.rows()).enumerate() {
        if !wanted.contains(&found) {
            let name = Some(found.0.to_owned());
            match found.1 {
                0 => teller.push(&row.place(key), problem.to_owned(), None, name),
                _ => teller.say(&row.place(key), format!("there is a second row for \"{}\"", found.0)),
            }
        }
        by_key.insert(found, (at, row));
    }
    let complete = by_key.len() == expected.len();
    for (wanted_at, (name, (_, cells))) in numbered(expected.iter().map(|(key, _)| *key)).zip(&expected).enumerate() {
        let Some((at, row)) = by_key.get(&name) else {
            teller.push(key, problem.to_owned(), Some(name.0.to_owned()), None);
            continue;
        };
        if complete && *at != wanted_at {
            teller.say(&row.line(), format!("{problem}: the rows are in a different order"));
            return;
        }
        for (column, cell) in columns.iter().zip(*cells) {
            teller.equal(&row.place(column), problem, cell.as_str(), row.get(column));
        }
    }
}

/// Each key with how often it came before.
fn numbered<'a>(keys: impl Iterator<Item = &'a str>) -> impl Iterator<Item = (&'a str, usize)> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    keys.map(move |key| {
        let count = seen.entry(key).or_default();
        *count += 1;
        (key, *count - 1)
    })
}
