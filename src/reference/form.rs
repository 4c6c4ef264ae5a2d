//! Where a reference comes from, and so which of the rules hold; and the places of our columns.

use std::collections::BTreeMap;

// The places of some of our columns in `COLUMNS`.
pub(super) const ID: usize = 0;
pub(super) const ACCOUNT_NAME: usize = 1;
pub(super) const ACCOUNT_DOMAINS: usize = 2;
pub(super) const WEBSITE: usize = 3;
pub(super) const OVERRIDE: usize = 4;
pub(super) const ZENDESK_EXPECTED: usize = 5;

static NO_COLUMNS: BTreeMap<String, String> = BTreeMap::new();

/// Where the bytes of a reference come from, and so which of the rules hold.
#[derive(Debug, Clone, Copy)]
pub enum Form<'c> {
    /// An export, with, for some of our columns, the header that it uses.
    Export(&'c BTreeMap<String, String>),
    /// The answer to a query, written as a CSV: a line is the record's number plus one (rules 11).
    Query(&'c BTreeMap<String, String>),
    /// A snapshot's own copy: our columns, ids without wrappers, no footer.
    Kept,
}

impl<'c> Form<'c> {
    pub(super) fn columns(self) -> &'c BTreeMap<String, String> {
        match self {
            Self::Export(columns) | Self::Query(columns) => columns,
            Self::Kept => &NO_COLUMNS,
        }
    }

    pub(super) fn counts_records(self) -> bool {
        matches!(self, Self::Query(_))
    }

    pub(super) fn may_have_footer(self) -> bool {
        !matches!(self, Self::Kept)
    }

    pub(super) fn may_be_wrapped(self) -> bool {
        !matches!(self, Self::Kept)
    }
}
