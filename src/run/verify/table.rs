//! A CSV of a run folder, as cells with the place where each stands.

use super::{Mismatch, Teller, broken};
use std::collections::BTreeMap;

/// A table with the columns that it should have. Cells keep their guard against formulas.
pub(super) struct Table {
    pub file: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<csv::StringRecord>,
}

/// One of its rows.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    record: &'a csv::StringRecord,
}

impl Table {
    /// Reads a table whose columns are `columns`, joined with `, `. `None`: it is none, which is told.
    pub fn parse(file: &'static str, columns: &'static str, bytes: &[u8], out: &mut Vec<Mismatch>) -> Option<Self> {
        let columns: Vec<&str> = columns.split(", ").collect();
        let records = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes).into_records();
        let mut records = match records.collect::<Result<Vec<_>, _>>() {
            Ok(records) => records.into_iter(),
            Err(error) => {
                out.push(broken(file, &format!("is no table: {error}")));
                return None;
            }
        };
        let header = records.next().unwrap_or_default();
        if header != columns {
            let found = header.iter().collect::<Vec<_>>().join(",");
            Teller::new(file, out).equal("line 1", "has other columns", columns.join(","), found);
            return None;
        }
        Some(Self { file, columns, rows: records.collect() })
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { table: self, record })
    }
}

impl<'a> Row<'a> {
    /// The cell of a column that the table has.
    pub fn get(self, column: &str) -> &'a str {
        let at = self.table.columns.iter().position(|known| *known == column);
        debug_assert!(at.is_some(), "{} has no column {column}", self.table.file);
        at.and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    /// `line 3, column org_id`; the line on which the row begins.
    pub fn place(self, column: &str) -> String {
        format!("{}, column {column}", self.line())
    }

    pub fn line(self) -> String {
        format!("line {}", self.record.position().map_or(0, csv::Position::line))
    }
}

/// Compares rows by a key: each expected one must be there once, no other, in the same order, with equal cells in `columns`.
///
/// `expected` gives each key with the cells of `columns`; `problem` says what they come from.
pub(super) fn compare(
    table: &Table,
    key: &str,
    columns: &[&str],
    expected: &[(String, Vec<String>)],
    problem: &str,
    out: &mut Vec<Mismatch>,
) {
    let mut teller = Teller::new(table.file, out);
    let mut by_key: BTreeMap<&str, (usize, Row<'_>)> = BTreeMap::new();
    let wanted: BTreeMap<&str, usize> = expected.iter().enumerate().map(|(at, (key, _))| (key.as_str(), at)).collect();
    for (at, row) in table.rows().enumerate() {
        let found = row.get(key);
        if by_key.insert(found, (at, row)).is_some() {
            teller.say(&row.place(key), format!("\"{found}\" is there twice"));
        } else if !wanted.contains_key(found) {
            teller.push(&row.place(key), problem.to_owned(), None, Some(found.to_owned()));
        }
    }
    let complete = by_key.len() == expected.len() && table.rows().len() == expected.len();
    for (wanted_at, (wanted, cells)) in expected.iter().enumerate() {
        let Some((at, row)) = by_key.get(wanted.as_str()) else {
            teller.push(key, problem.to_owned(), Some(wanted.clone()), None);
            continue;
        };
        if complete && *at != wanted_at {
            teller.say(&row.line(), format!("{problem}: the rows stand in another order"));
            return;
        }
        for (column, cell) in columns.iter().zip(cells) {
            teller.equal(&row.place(column), problem, cell.as_str(), row.get(column));
        }
    }
}
