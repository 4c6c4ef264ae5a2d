//! The sources of tickets, and how many requests a minute Zendesk allows to each.

/// Zendesk's documented limits of one source, in requests a minute, until a header says otherwise.
/// Source: <https://developer.zendesk.com/api-reference/introduction/rate-limits/>
pub(super) const INCREMENTAL_PER_MINUTE: u64 = 10;
pub(super) const SEARCHES_PER_MINUTE: u64 = 100;
/// Where the tickets came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketSource {
    /// The incremental export: every ticket changed in the window.
    Incremental,
    /// The search export, and from the incremental export what the search index did not have yet.
    SearchExport,
    /// The search export alone, whose index is some minutes old.
    SearchAlone,
    /// The ticket list, which has no archived tickets.
    List,
}

impl TicketSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::SearchExport => "search_export",
            Self::SearchAlone => "search_export_alone",
            Self::List => "list",
        }
    }
}
