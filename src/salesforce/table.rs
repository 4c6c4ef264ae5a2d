//! The answer to a query as the text of a CSV: its header is the query's field list, so that a reference is read from it by the
//! same rules as from an export, and memory grows with the reference alone.

/// A header, and rows of as many cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    header: Vec<String>,
    csv: String,
    rows: usize,
    /// For each field how many of its cells are empty.
    empty: Vec<usize>,
    /// The field of the next cell.
    next: usize,
}

impl Table {
    /// A table without rows. The header has at least one field.
    pub(super) fn new(header: Vec<String>) -> Self {
        let csv = header.join(",") + "\n";
        Self { empty: vec![0; header.len()], header, csv, rows: 0, next: 0 }
    }

    /// The fields of the query.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.rows
    }

    /// For each field how many records have nothing in it.
    pub fn empty_cells(&self) -> &[usize] {
        &self.empty
    }

    /// The text, in UTF-8: the header, then a row for each record.
    pub fn into_csv(self) -> Vec<u8> {
        self.csv.into_bytes()
    }

    /// Adds a cell: the next one of the last row, or the first one of a new row.
    pub(super) fn push(&mut self, cell: &str) {
        if self.next > 0 {
            self.csv.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            self.csv.push('"');
            self.csv.push_str(&cell.replace('"', "\"\""));
            self.csv.push('"');
        } else {
            self.csv.push_str(cell);
        }
        self.empty[self.next] += usize::from(cell.trim().is_empty());
        self.next += 1;
        if self.next == self.header.len() {
            self.csv.push('\n');
            self.rows += 1;
            self.next = 0;
        }
    }

    /// Makes room for so many rows, once the first ones show how long they are.
    pub(super) fn reserve(&mut self, rows: usize) {
        // A server's word about its size is not believed beyond what a large organization has.
        let more = rows.min(1 << 20).saturating_sub(self.rows);
        self.csv.reserve(self.csv.len() / self.rows.max(1) * more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_the_text_would_break() {
        let mut table = Table::new(vec!["Id".into(), "Name".into()]);
        for cell in ["1", "", "2", "Acme, \"Inc\"\n", " ", "'=x"] {
            table.push(cell);
        }
        table.reserve(1000);
        assert_eq!((table.records(), table.empty_cells()), (3, [1, 1].as_slice()));
        assert_eq!(table.into_csv(), b"Id,Name\n1,\n2,\"Acme, \"\"Inc\"\"\n\"\n ,'=x\n");
    }
}
