//! Where an audit would read the tickets.

use super::check::{CheckRow, DoctorCheck};
use super::words::{is_refused_for_role, not_read, told};
use crate::zendesk::{AS_ADMIN, Choice, ReadError, Reads, Speed, TicketSource, choose};

/// Where an audit would read the tickets, and why. Only a refusal for the role leads from one source to the next.
pub(super) fn ticket_choice(reads: &Reads, is_admin: bool, speed: &Speed, allow_list: bool) -> Option<Choice> {
    let closed = |read: &Result<(), ReadError>| is_refused_for_role(read);
    let because = |source, reason: &str| Some(Choice { source, reason: reason.to_owned() });
    let choice = choose(reads.tickets_count, is_admin && !closed(&reads.incremental_tickets), speed);
    let incremental = reads.incremental_tickets.is_ok();
    match choice.source {
        TicketSource::Incremental if incremental => Some(choice),
        TicketSource::SearchExport if reads.search_export.is_ok() => {
            let source = if incremental { TicketSource::SearchExport } else { TicketSource::SearchAlone };
            Some(Choice { source, ..choice })
        }
        _ if closed(&reads.search_export) && incremental => {
            because(TicketSource::Incremental, "the incremental export, because the search export answered 403")
        }
        _ if closed(&reads.incremental_tickets)
            && closed(&reads.search_export)
            && allow_list
            && reads.ticket_list.is_ok() =>
        {
            because(
                TicketSource::List,
                "the ticket list, because both exports answered 403; it has no archived tickets",
            )
        }
        _ => None,
    }
}

pub(super) fn tickets(reads: &Reads, source: Option<TicketSource>, allow_list: bool) -> [CheckRow; 3] {
    const FROM_HERE: &str = "can be read: tickets come from here";
    let lag = "use an admin's credentials, or accept that the last minutes may be missing";
    let export = match (&reads.incremental_tickets, source) {
        (Ok(()), Some(TicketSource::Incremental)) => CheckRow::ok(DoctorCheck::TicketExport, FROM_HERE),
        (Ok(()), Some(TicketSource::SearchExport)) => CheckRow::ok(
            DoctorCheck::TicketExport,
            "can be read: the latest changes come from here, after the search export",
        ),
        (Ok(()), _) => CheckRow::ok(DoctorCheck::TicketExport, "can be read; not used"),
        (Err(error), Some(TicketSource::List)) => CheckRow::warn(
            DoctorCheck::TicketExport,
            told(error).then("; tickets come from ", &"the ticket list".into()),
            AS_ADMIN,
        ),
        (Err(error), Some(_)) => CheckRow::warn(
            DoctorCheck::TicketExport,
            told(error).then("; tickets come from ", &"the search export, which lags by some minutes".into()),
            lag,
        ),
        (Err(error), None) => not_read(DoctorCheck::TicketExport, error),
    };
    let search = match (&reads.search_export, source) {
        (Ok(()), Some(TicketSource::SearchExport | TicketSource::SearchAlone)) => {
            CheckRow::ok(DoctorCheck::TicketSearch, FROM_HERE)
        }
        (Ok(()), _) => CheckRow::ok(DoctorCheck::TicketSearch, "can be read; not needed"),
        (Err(error), Some(TicketSource::Incremental)) => {
            CheckRow::warn(DoctorCheck::TicketSearch, told(error), "nothing: it is not needed")
        }
        (Err(error), Some(_)) => CheckRow::warn(
            DoctorCheck::TicketSearch,
            told(error),
            "use an agent's credentials, to see archived tickets too",
        ),
        (Err(error), None) if is_refused_for_role(&reads.search_export) && !allow_list => CheckRow::fail(
            DoctorCheck::TicketSearch,
            told(error),
            error.next().then("; ", &"as a last resort tickets.allow_list: true reads the ticket list".into()),
        ),
        (Err(error), None) => not_read(DoctorCheck::TicketSearch, error),
    };
    let list = match (&reads.ticket_list, source) {
        (Ok(()), Some(TicketSource::List)) => CheckRow::warn(
            DoctorCheck::TicketList,
            "can be read: tickets come from here, without archived ones",
            "use credentials that can use one of the exports",
        ),
        (Err(error), None) if allow_list => not_read(DoctorCheck::TicketList, error),
        (Ok(()), _) => CheckRow::ok(DoctorCheck::TicketList, "can be read; not used"),
        (Err(error), _) => CheckRow::warn(DoctorCheck::TicketList, told(error), "nothing: it is not used"),
    };
    [export, search, list]
}
