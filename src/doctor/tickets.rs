//! Where an audit would read the tickets.

use super::check::{Check, Row};
use super::words::{is_refused_for_role, not_read, told};
use crate::text::audience::open;
use crate::zendesk::{AS_ADMIN, Reads, TicketSource};

/// Where an audit would read the tickets. Only a refusal for the role leads from one source to the next.
pub(super) fn ticket_source(reads: &Reads, allow_list: bool) -> Option<TicketSource> {
    if reads.incremental_tickets.is_ok() {
        Some(TicketSource::Incremental)
    } else if !is_refused_for_role(&reads.incremental_tickets) {
        None
    } else if reads.search_export.is_ok() {
        Some(TicketSource::SearchExport)
    } else if is_refused_for_role(&reads.search_export) && allow_list && reads.ticket_list.is_ok() {
        Some(TicketSource::List)
    } else {
        None
    }
}

pub(super) fn tickets(reads: &Reads, source: Option<TicketSource>, allow_list: bool) -> [Row; 3] {
    const FROM_HERE: &str = "can be read: tickets come from here";
    let export = match (&reads.incremental_tickets, source) {
        (Ok(()), _) => Row::ok(Check::TicketExport, FROM_HERE),
        (Err(error), Some(source)) => {
            let instead = match source {
                TicketSource::List => "the ticket list",
                TicketSource::SearchExport | TicketSource::Incremental => {
                    "the search export, whose index may be some minutes old"
                }
            };
            Row::warn(
                Check::TicketExport,
                told(error).then("; tickets come from ", &instead.into()),
                open(format!("{AS_ADMIN}; or use the search export")),
            )
        }
        (Err(error), None) => not_read(Check::TicketExport, error),
    };
    let export_decides = !is_refused_for_role(&reads.incremental_tickets);
    let search = match &reads.search_export {
        Ok(()) if export_decides => Row::ok(Check::TicketSearch, "can be read; not needed"),
        Ok(()) => Row::ok(Check::TicketSearch, FROM_HERE),
        Err(error) if export_decides => Row::warn(Check::TicketSearch, told(error), "nothing: it is not needed"),
        Err(error) if source.is_some() => {
            Row::warn(Check::TicketSearch, told(error), "let an agent own the credentials, to see archived tickets too")
        }
        Err(error) if is_refused_for_role(&reads.search_export) && !allow_list => Row::fail(
            Check::TicketSearch,
            told(error),
            error.next().then("; ", &"as a last resort tickets.allow_list: true reads the ticket list".into()),
        ),
        Err(error) => not_read(Check::TicketSearch, error),
    };
    let list_decides = !export_decides && is_refused_for_role(&reads.search_export) && allow_list;
    let list = match &reads.ticket_list {
        Ok(()) if list_decides => Row::warn(
            Check::TicketList,
            "can be read: tickets come from here, without archived ones",
            "use credentials that may use one of the exports",
        ),
        Err(error) if list_decides => not_read(Check::TicketList, error),
        Ok(()) => Row::ok(Check::TicketList, "can be read; not used"),
        Err(error) => Row::warn(Check::TicketList, told(error), "nothing: it is not used"),
    };
    [export, search, list]
}
