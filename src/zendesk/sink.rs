//! Where the records of a live read go.

use crate::model::kind::Kind;

/// Takes in what is read.
pub trait Sink {
    /// Takes in one page: `records` is the JSON array of records exactly as Zendesk sent it.
    ///
    /// Errors: a text that names the record and what is wrong with it; the read ends with it.
    fn take(&mut self, kind: Kind, records: &str) -> Result<Taken, String>;

    /// The ids that records refer to and no record carries.
    fn missing(&self) -> Missing;
}

/// What a page brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Records in the page.
    pub records: usize,
    /// Those whose ids were not seen before, tickets outside the window included. Pages that bring none end the read.
    pub new: usize,
    /// The latest `updated_at` in the page, UTC seconds, tickets outside the window included.
    pub newest_updated_at: Option<i64>,
    /// The earliest `updated_at` in the page, likewise.
    pub oldest_updated_at: Option<i64>,
}

/// Ids without a record, ascending: users of memberships and requesters of tickets in the window; organizations of users,
/// memberships and tickets in the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    pub users: Vec<u64>,
    pub organizations: Vec<u64>,
}
