//! The answer to a query as cells: one text for all of them, so that memory grows with the reference alone.

/// A header, and rows of as many cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    header: Vec<String>,
    text: String,
    /// Where each cell ends in the text, row by row.
    ends: Vec<usize>,
}

impl Table {
    /// A table without rows. The header has at least one cell.
    pub fn new(header: Vec<String>) -> Self {
        Self { header, text: String::new(), ends: Vec::new() }
    }

    /// The fields of the query.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len() / self.header.len().max(1)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cells of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = &str> {
        let first = row * self.header.len();
        (first..first + self.header.len()).map(|cell| {
            let from = cell.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.text[from..self.ends[cell]]
        })
    }

    /// Adds a cell: the next one of the last row, or the first one of a new row.
    pub(super) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// Makes room for so many rows, once the first ones show how long they are.
    pub(super) fn reserve(&mut self, rows: usize) {
        let known = self.len().max(1);
        // A server's word about its size is not believed beyond what a large organization has.
        let more = rows.min(1 << 20).saturating_sub(known);
        self.ends.reserve(more * self.header.len());
        self.text.reserve(self.text.len() / known * more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_added() {
        let mut table = Table::new(vec!["Id".into(), "Name".into()]);
        assert!(table.is_empty());
        for cell in ["1", "", "2", "Acme"] {
            table.push(cell);
        }
        table.reserve(1000);
        assert_eq!(table.len(), 2);
        let rows: Vec<Vec<&str>> = (0..2).map(|row| table.row(row).collect()).collect();
        assert_eq!(rows, [["1", ""], ["2", "Acme"]]);
    }
}
