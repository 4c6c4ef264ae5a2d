//! The header of a reference: where our columns are, and what to say where one is missing.

use super::columns;
use super::csv::Row;
use super::problems::{Collected, Rule};
use crate::model::accounts::COLUMNS;
use crate::text::nearest::nearest;
use crate::text::secret::masked_everywhere;
use std::collections::BTreeMap;

/// How many of our columns are required.
const REQUIRED: usize = 3;
/// How much of a header is quoted.
const MOST_HEADERS: usize = 20;
const LONGEST_HEADER: usize = 60;

/// Where our columns are.
pub(super) struct Header {
    /// For each of [`COLUMNS`] the index of its cell.
    at: [Option<usize>; COLUMNS.len()],
    /// Headers that are none of our columns, as written.
    pub(super) ignored: Vec<String>,
    /// How many cells the header has.
    pub(super) cells: usize,
}

impl Header {
    /// Finds our columns; `columns` names, for some of them, the header that the export uses.
    pub(super) fn find(row: &Row<'_>, columns: &BTreeMap<String, String>, problems: &mut Collected) -> Self {
        let wanted = COLUMNS.map(|column| fold(columns.get(column).map_or(column, String::as_str)));
        let mut header = Self { at: [None; COLUMNS.len()], ignored: Vec::new(), cells: row.cells.len() };
        for (index, cell) in row.cells.iter().enumerate() {
            let folded = fold(cell);
            let mut is_ours = false;
            // One header may serve two of our columns.
            for column in (0..COLUMNS.len()).filter(|column| wanted[*column] == folded) {
                is_ours = true;
                match header.at[column] {
                    None => header.at[column] = Some(index),
                    Some(first) => problems.add(
                        row.line,
                        Rule::DuplicateColumn,
                        format_args!(
                            "duplicate column `{}`, in cells {} and {}",
                            COLUMNS[column],
                            first + 1,
                            index + 1
                        ),
                    ),
                }
            }
            if !is_ours && !folded.is_empty() {
                header.ignored.push(cell.trim().to_owned());
            }
        }
        header.report_missing(row, &wanted, problems);
        header
    }

    fn report_missing(&self, row: &Row<'_>, wanted: &[String; COLUMNS.len()], problems: &mut Collected) {
        let missing: Vec<usize> = (0..REQUIRED).filter(|column| self.at[*column].is_none()).collect();
        if missing.is_empty() {
            return;
        }
        let names: Vec<String> = missing.iter().map(|column| format!("`{}`", wanted[*column])).collect();
        let (noun, verb) = if names.len() == 1 { ("column", "is") } else { ("columns", "are") };
        let named = names.join(", ");
        // What holds control characters is not a header, and may be a file that nobody meant to show.
        if row.cells.iter().any(|cell| cell.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))) {
            let text = format_args!(
                "the {noun} {named} {verb} missing, and the row has control characters: it is not the header of \
                    a CSV"
            );
            return problems.add(row.line, Rule::MissingColumn, text);
        }
        let headers: Vec<String> = row.cells.iter().map(|cell| cell.trim().to_owned()).collect();
        let proposal = columns::propose(&headers);
        let mut free: Vec<&str> = self.ignored.iter().map(String::as_str).collect();
        free.retain(|header| !columns::is_of_person_or_address(header));
        let mut hints = String::new();
        for column in missing {
            let known = proposal.header(COLUMNS[column]).or_else(|| nearest(&wanted[column], free.iter().copied()));
            let Some(known) = known.map(str::to_owned) else { continue };
            free.retain(|header| *header != known);
            hints.push_str(&format!("; for `{}`, the nearest is \"{}\"", wanted[column], cut(&known)));
        }
        let text = format_args!(
            "the {noun} {named} {verb} missing; the headers are: {}{hints}",
            listed(row.cells.iter().map(|cell| &**cell))
        );
        problems.add(row.line, Rule::MissingColumn, text);
    }

    /// A cell of one of [`COLUMNS`]; missing ones are empty.
    pub(super) fn cell<'r>(&self, row: &'r Row<'_>, column: usize) -> &'r str {
        self.at[column].and_then(|at| row.cells.get(at)).map_or("", |cell| cell)
    }

    /// Where the id is.
    pub(super) fn id_at(&self) -> Option<usize> {
        self.at[0]
    }

    /// Which of our columns a cell belongs to.
    pub(super) fn column_at(&self, cell: usize) -> Option<&'static str> {
        self.at.iter().position(|at| *at == Some(cell)).map(|column| COLUMNS[column])
    }
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Headers, each once, cut where there are many or long ones.
pub fn listed<'h>(headers: impl IntoIterator<Item = &'h str>) -> String {
    let mut listed: Vec<String> = Vec::new();
    for header in headers.into_iter().map(str::trim).filter(|header| !header.is_empty()) {
        let header = cut(header);
        if !listed.contains(&header) {
            if listed.len() == MOST_HEADERS {
                listed.push("…".to_owned());
                break;
            }
            listed.push(header);
        }
    }
    listed.join(", ")
}

fn cut(header: &str) -> String {
    // Before it is cut: half a secret is not recognized.
    let header = &masked_everywhere(header);
    match header.char_indices().nth(LONGEST_HEADER) {
        Some((end, _)) => format!("{}…", &header[..end]),
        None => header.to_owned(),
    }
}
