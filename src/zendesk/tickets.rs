//! The tickets of the window, by the cheapest complete way that the credentials may use.

use super::ask::{EXPORT_PAGE_SIZE, Stream, TICKETS_BY_LIST, TICKETS_BY_SEARCH};
use super::choice::{Choice, choose};
use super::endpoint::Endpoint;
use super::error::{Gap, ReadError};
use super::me::Me;
use super::page::{Chain, Guard, Paging, incomplete};
use super::page_log::{Kept, List, PageLog};
use super::reader::Reader;
use super::sink::Taken;
use super::ticket_source::TicketSource;
use crate::model::kind::Kind;

/// How many looks at the head of the ticket list, each of which grew beyond a page, are too many.
const HEAD_LOOKS: u32 = 10;
/// The search index lags by minutes: so far back the incremental export is asked what changed.
const LAG_SECS: i64 = 15 * 60;

/// What is known before the tickets are read.
pub(super) struct Known<'a> {
    pub me: &'a Me,
    /// How many tickets the window has.
    pub tickets: Option<u64>,
}

/// Reads the tickets from `from` on; says where they came from, and why from there.
pub(super) async fn read(reader: &Reader<'_>, from: i64, known: &Known<'_>) -> Result<Choice, ReadError> {
    let speed = reader.client.speed(reader.options.reserve_percent);
    let mut choice = match reader.log.and_then(PageLog::ticket_source) {
        Some(source) => as_before(source),
        None => choose(known.tickets, known.me.is_admin(), &speed),
    };
    reader.client.progress.detail(&format!("tickets come from {}", choice.reason));
    if choice.source == TicketSource::Incremental {
        match all_of_export(reader, from).await {
            Ok(()) => return Ok(choice),
            Err(error) if error.is_refusal(403) => {
                choice.reason = "the search export, because the incremental export answered 403".to_owned();
            }
            Err(error) => return Err(error),
        }
    }
    let said = match search_export(reader, from).await {
        Ok(()) => {
            choice.source = with_latest(reader).await?;
            return Ok(choice);
        }
        Err(ReadError::Refused { status: 403, said, .. }) => said,
        Err(error) => return Err(error),
    };
    if choice.source == TicketSource::SearchExport {
        // This way is closed; the other one may be open.
        match all_of_export(reader, from).await {
            Ok(()) => {
                let reason = "the incremental export, because the search export answered 403".to_owned();
                return Ok(Choice { source: TicketSource::Incremental, reason });
            }
            Err(error) if error.is_refusal(403) => {}
            Err(error) => return Err(error),
        }
    }
    if !reader.options.allow_list {
        return Err(ReadError::NoTicketSource { said });
    }
    let reason = "the ticket list, because both exports answered 403; it has no archived tickets";
    reader.notice(format!("tickets come from {reason}"));
    list(reader, from).await?;
    Ok(Choice { source: TicketSource::List, reason: reason.to_owned() })
}

/// The way on which an interrupted read was: its pages cannot be gone on with on another.
fn as_before(source: TicketSource) -> Choice {
    let reason = match source {
        TicketSource::SearchExport => "the search export, which the interrupted read used",
        _ => "the incremental export, which the interrupted read used",
    };
    Choice { source, reason: reason.to_owned() }
}

/// The incremental export. Where an interrupted read had brought all of it, what changed since that read began comes anew.
async fn all_of_export(reader: &Reader<'_>, from: i64) -> Result<(), ReadError> {
    incremental(reader, from, false).await?;
    if reader.kept(List::TicketsByExport).is_some_and(Kept::had_ended) {
        incremental(reader, reader.began_at.saturating_sub(LAG_SECS), true).await?;
    }
    Ok(())
}

/// After a search export: what changed since shortly before the read began, deleted tickets too.
async fn with_latest(reader: &Reader<'_>) -> Result<TicketSource, ReadError> {
    match incremental(reader, reader.began_at.saturating_sub(LAG_SECS), true).await {
        Ok(()) => Ok(TicketSource::SearchExport),
        Err(error) if error.is_refusal(403) => {
            reader.notice(
                "the incremental export answered 403 (only admins can use it), so tickets that changed in the \
                    last minutes may be missing"
                    .to_owned(),
            );
            Ok(TicketSource::SearchAlone)
        }
        Err(error) => Err(error),
    }
}

/// Every ticket changed since then, archived ones and those of AI agents included. As the `latest` after a search export, deleted
/// ones too, since the index may still have them, and without a sign of a fault in tickets that are known already.
async fn incremental(reader: &Reader<'_>, from: i64, latest: bool) -> Result<(), ReadError> {
    let chain = Chain {
        endpoint: Endpoint::IncrementalTickets,
        path: "/api/v2/incremental/tickets/cursor".to_owned(),
        query: Vec::new(),
        array: "tickets",
        paging: Paging::Export { from },
    };
    let chain = chain.with("exclude_deleted", (!latest).to_string()).with("support_type_scope", "all");
    let take = |stream: &Stream, records: &str, _: Option<&str>| {
        let taken = reader.take(stream, Kind::Tickets, records)?;
        Ok(if latest { Taken { new: taken.records, ..taken } } else { taken })
    };
    // The latest is what a read that goes on asks for anew.
    let kept = if latest { None } else { reader.kept(List::TicketsByExport) };
    chain.read(&reader.client, &mut Stream::paged(Kind::Tickets.noun()), kept, take).await
}

/// The tickets of the window as the search index knows them.
async fn search_export(reader: &Reader<'_>, from: i64) -> Result<(), ReadError> {
    let time = jiff::Timestamp::from_second(from.max(0)).unwrap_or(jiff::Timestamp::MAX);
    let chain = Chain {
        paging: Paging::List { size: EXPORT_PAGE_SIZE },
        ..Chain::list(Endpoint::SearchExport, "/api/v2/search/export", "results")
    };
    let chain = chain.with("query", format!("updated>={time}")).with("filter[type]", "ticket");
    let kept = reader.kept(List::TicketsBySearch);
    reader.read(&mut Stream::paged(TICKETS_BY_SEARCH), Kind::Tickets, &chain, kept).await
}

/// The ticket list from its newest end back to `from`, and then its head again.
///
/// A ticket that changes while the list is read jumps to the head and leaves the part that is still to come. So the head
/// is read again, down to where the read before began, until it fits into one page: nothing jumps within one answer.
async fn list(reader: &Reader<'_>, from: i64) -> Result<(), ReadError> {
    let mut stream = Stream::paged(TICKETS_BY_LIST);
    let (mut began_at, _) = list_down_to(reader, &mut stream, from, true).await?;
    for _ in 0..HEAD_LOOKS {
        stream.turn();
        let (newest, pages) = list_down_to(reader, &mut stream, began_at.unwrap_or(from), false).await?;
        if pages == 1 {
            return Ok(());
        }
        began_at = newest;
    }
    Err(incomplete(&stream, Gap::ListMoves))
}

/// Reads the ticket list until nothing as new as `down_to` can follow; returns its newest time and the number of pages.
///
/// Tickets known already are not a sign of a fault where a part is read again, so only the `first` read is guarded by them.
async fn list_down_to(
    reader: &Reader<'_>,
    stream: &mut Stream,
    down_to: i64,
    first: bool,
) -> Result<(Option<i64>, u32), ReadError> {
    let chain = Chain::list(Endpoint::Tickets, "/api/v2/tickets", "tickets").with("sort", "-updated_at");
    let mut take = |stream: &Stream, records: &str, _: Option<&str>| reader.take(stream, Kind::Tickets, records);
    let mut guard = Guard::default();
    let mut due = chain.due(None);
    let mut newest = None;
    let mut pages = 0;
    loop {
        let (taken, next) = chain.page(&reader.client, stream, &mut due, &mut take).await?;
        pages += 1;
        newest = newest.or(taken.newest_updated_at);
        // The first read trusts only a whole page; a later look has the order of the first one confirmed.
        let edge = if first { taken.newest_updated_at } else { taken.oldest_updated_at };
        let Some(next) = next.filter(|_| edge.is_none_or(|edge| edge >= down_to)) else {
            return Ok((newest, pages));
        };
        guard.follow(&next, first.then_some(taken)).map_err(|gap| incomplete(stream, gap))?;
        stream.turn();
        due.after = Some(next);
    }
}
