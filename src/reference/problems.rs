//! What is wrong with a reference: every offending row by its line, and for each kind of fault the way out.

use std::collections::BTreeSet;
use std::fmt;

/// How many problems are listed one by one.
const MOST_LISTED: usize = 20;

/// The rules that a reference can break, in the order in which a row is held to them (rules 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    NotCsv,
    Encoding,
    NoHeader,
    MissingColumn,
    DuplicateColumn,
    CellBeyondHeader,
    BlankId,
    IdNotPlain,
    IdIsNumber,
    IdOfOtherObject,
    SameAccount,
    UnclosedQuote,
    TextAfterQuote,
    LineEndInCell,
    SwallowedRows,
    NotUtf8,
    NoDataRow,
}

impl Rule {
    /// Whether it is about the whole file, not about some of its rows.
    fn is_of_the_file(self) -> bool {
        matches!(
            self,
            Self::NotCsv
                | Self::Encoding
                | Self::NoHeader
                | Self::MissingColumn
                | Self::DuplicateColumn
                | Self::NotUtf8
                | Self::NoDataRow
        )
    }

    /// The likely cause, and what to do about it.
    fn way_out(self) -> &'static str {
        match self {
            Self::NotCsv => {
                "in Salesforce, export the report with Export View \"Details Only\", Format \"Comma Delimited .csv\" and Encoding \"Unicode (UTF-8)\""
            }
            Self::Encoding | Self::NotUtf8 => {
                "in Salesforce, export the report again with Format \"Comma Delimited .csv\" and Encoding \"Unicode (UTF-8)\"; from Excel, save it as \"CSV UTF-8 (Comma delimited)\""
            }
            Self::NoHeader | Self::NoDataRow => {
                "export the accounts again; the first row must name the columns, and each row below it must be \
                    an account"
            }
            Self::MissingColumn => {
                "map the export's headers under salesforce.columns; g-gremlin zendesk drift init proposes a mapping"
            }
            Self::DuplicateColumn => {
                "rename or remove one of the two columns, or map the right one under salesforce.columns"
            }
            Self::CellBeyondHeader => "put quotes around a cell that contains the delimiter, or export the file again",
            Self::BlankId => {
                "remove rows without an account id, or add the column Account ID to the report and export it again"
            }
            Self::IdNotPlain => "the id was probably copied by hand; export the file again, or type the id again",
            Self::IdIsNumber => {
                "a spreadsheet has turned ids into numbers, and their digits are lost; export the file again, \
                    and do not save it from a spreadsheet"
            }
            Self::IdOfOtherObject => {
                "export the column Account ID of accounts; the report has the ids of another object instead"
            }
            Self::SameAccount => {
                "keep one row per account; a report that joins accounts with another object repeats them"
            }
            Self::UnclosedQuote | Self::TextAfterQuote | Self::SwallowedRows => {
                "a quote inside a cell must be doubled (\"\"), and a cell that begins with a quote must end \
                    with one; export the file again instead of editing it by hand"
            }
            Self::LineEndInCell => {
                "remove the line break from the field in Salesforce, or check for a quote that is not closed"
            }
        }
    }
}

/// What is wrong with a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// One line each, ordered by the line of the file; 20 at most.
    pub listed: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// What to do about them, once for each kind.
    pub ways_out: Vec<&'static str>,
    /// Whether the file as a whole is not what an export is, so that nothing about it can be settled yet.
    pub is_unusable: bool,
}

impl Problems {
    /// A problem of the file as a whole.
    pub(super) fn of_file(rule: Rule, text: String) -> Self {
        Self { listed: vec![text], more: 0, ways_out: vec![rule.way_out()], is_unusable: true }
    }
}

/// Problems as they are found.
#[derive(Default)]
pub(super) struct Collected {
    listed: Vec<(usize, String)>,
    count: usize,
    rules: BTreeSet<Rule>,
}

impl Collected {
    /// Adds a problem of the row that starts on `line`. Rows come in the order of the file.
    pub(super) fn add(&mut self, line: usize, rule: Rule, text: impl fmt::Display) {
        self.count += 1;
        self.rules.insert(rule);
        if self.listed.len() < MOST_LISTED {
            self.listed.push((line, format!("line {line}: {text}")));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn into_problems(self) -> Problems {
        let Self { listed, count, rules } = self;
        let more = count - listed.len();
        let is_unusable = rules.iter().any(|rule| rule.is_of_the_file());
        let mut ways_out: Vec<&str> = rules.into_iter().map(Rule::way_out).collect();
        ways_out.dedup();
        Problems { listed: listed.into_iter().map(|(_, text)| text).collect(), more, ways_out, is_unusable }
    }
}
