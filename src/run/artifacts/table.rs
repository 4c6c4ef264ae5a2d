//! The CSV files as such: columns, cells, guards against formulas, and lists. What a row holds is `rows`'s.

use super::Artifact;
use crate::text::escape::{csv_cell, text_of_csv_cell};
use serde::de::{self, DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};
use std::marker::PhantomData;

/// UTF-8, for spreadsheets.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// How many items of a list a cell holds: spreadsheets break longer cells.
const MOST_ITEMS: usize = 100;

/// A row of one of the CSV files. Its fields are the columns, in their order.
pub trait TableRow: Serialize {
    /// The file that it is a row of.
    const FILE: Artifact;
}

/// A table that is being written, row by row.
pub struct TableWriter<'w, R> {
    csv: csv::Writer<&'w mut dyn Write>,
    row: PhantomData<fn(R)>,
}

impl<'w, R: TableRow + DeserializeOwned> TableWriter<'w, R> {
    /// Writes the byte order mark, without which spreadsheets guess the encoding, and the header.
    pub fn new(out: &'w mut dyn Write) -> io::Result<Self> {
        out.write_all(BOM)?;
        let mut csv = csv::WriterBuilder::new()
            .has_headers(false)
            .terminator(csv::Terminator::Any(b'\n'))
            .buffer_capacity(1 << 16)
            .from_writer(out);
        csv.write_record(columns::<R>())?;
        Ok(Self { csv, row: PhantomData })
    }
}

impl<R: TableRow> TableWriter<'_, R> {
    /// Writes one row: an `R` of any lifetime.
    pub fn row<T: TableRow>(&mut self, row: &T) -> io::Result<()> {
        debug_assert_eq!(T::FILE, R::FILE, "a row of this table");
        Ok(self.csv.serialize(row)?)
    }

    /// Writes what is still buffered.
    pub fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

/// Reads a whole table. Errors: it has other columns, or a cell is not what its column holds.
pub fn read<R: TableRow + DeserializeOwned>(bytes: &[u8]) -> Result<Vec<R>, String> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().map_err(|error| error.to_string())?;
    if header != columns::<R>() {
        return Err(format!("its columns are {}", header.iter().collect::<Vec<_>>().join(",")));
    }
    reader.deserialize().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// The columns of a table: the fields of its row.
pub fn columns<R: DeserializeOwned>() -> &'static [&'static str] {
    let mut columns: &'static [&'static str] = &[];
    // It ends with an error on purpose, as soon as the fields are known.
    let _ = R::deserialize(FieldNames(&mut columns));
    columns
}

/// Asks a type for the names of its fields, and gives it nothing.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("a row is a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(de::Error::custom("only the fields were asked for"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A cell of outside text: written with the guard against formulas, read without it.
pub mod text {
    use super::*;

    pub fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&csv_cell(text))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(cell: D) -> Result<Cow<'static, str>, D::Error> {
        String::deserialize(cell).map(|cell| match text_of_csv_cell(&cell) {
            text if text.len() == cell.len() => Cow::Owned(cell),
            text => Cow::Owned(text.to_owned()),
        })
    }
}

/// The same, where an empty cell is no text.
pub mod optional {
    use super::*;

    pub fn serialize<S: Serializer>(text: &Option<Cow<'_, str>>, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(text.as_deref().unwrap_or_default(), serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(cell: D) -> Result<Option<Cow<'static, str>>, D::Error> {
        text::deserialize(cell).map(|text| Some(text).filter(|text| !text.is_empty()))
    }
}

/// A cell of a list: the first 100 items joined with `;`, and the number of the rest as ` +23`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List(String);

impl List {
    /// Joins the items.
    pub fn of<T: Display>(items: impl IntoIterator<Item = T>) -> Self {
        let mut items = items.into_iter();
        let mut cell = String::new();
        for (at, item) in items.by_ref().take(MOST_ITEMS).enumerate() {
            // Writing to a string cannot fail.
            let _ = if at == 0 { write!(cell, "{item}") } else { write!(cell, ";{item}") };
        }
        match items.count() {
            0 => {}
            more => cell.push_str(&format!(" +{more}")),
        }
        Self(cell)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(cell: D) -> Result<Self, D::Error> {
        text::deserialize(cell).map(|text| Self(text.into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::IssueRow;
    use super::*;

    const HEADER: &str = "\u{feff}issue_id,scope,issue_code,risk,status,sf_account_id,account_name,org_id,user_id,ticket_id,domain,blocked_reason,suppression_reason,action_id,detail\n";

    fn row(name: &str, ids: &[&str]) -> String {
        let row = IssueRow {
            issue_id: "i0".into(),
            scope: crate::catalogue::Scope::Org,
            issue_code: crate::catalogue::IssueCode::OrgMissingExternalId,
            risk: crate::catalogue::Risk::High,
            status: crate::catalogue::Status::Prepared,
            sf_account_id: None,
            account_name: name.into(),
            org_id: Some(7),
            user_id: None,
            ticket_id: None,
            domain: None,
            blocked_reason: None,
            suppression_reason: "".into(),
            action_id: List::of(ids),
            detail: "".into(),
        };
        let mut written = Vec::new();
        let mut table = TableWriter::<IssueRow<'_>>::new(&mut written).expect("memory");
        table.row(&row).expect("memory");
        table.finish().expect("memory");
        assert_eq!(read::<IssueRow<'_>>(&written).expect("rows"), [row]);
        String::from_utf8(written).expect("text")
    }

    #[test]
    fn cells_are_guarded_quoted_and_joined() {
        let begin = format!("{HEADER}i0,org,org_missing_external_id,high,prepared,,");
        assert_eq!(row("A, \"B\"", &[]), format!("{begin}\"A, \"\"B\"\"\",7,,,,,,,\n"));
        assert_eq!(row("=1", &["A001", "B002"]), format!("{begin}'=1,7,,,,,,A001;B002,\n"));
        assert_eq!(row("\u{ff1d}1", &[]), format!("{begin}'\u{ff1d}1,7,,,,,,,\n"));
    }

    #[test]
    fn a_list_is_cut_at_a_hundred() {
        let items = |count: usize| List::of(1..=count).to_string();
        assert_eq!(items(2), "1;2");
        assert!(items(100).ends_with(";99;100"));
        assert!(items(123).ends_with(";99;100 +23"), "{}", items(123));
    }

    #[test]
    fn a_table_with_other_columns_is_not_read() {
        let error = read::<IssueRow<'_>>(HEADER.replace("risk", "danger").as_bytes()).expect_err("refused");
        assert!(error.starts_with("its columns are issue_id,scope,issue_code,danger,"), "{error}");
        assert_eq!(read::<IssueRow<'_>>(HEADER.as_bytes()), Ok(Vec::new()));
    }
}
