//! What all parts of a live read share: the client, the sink, and what is said while it runs.

use std::cell::RefCell;
use std::collections::BTreeMap;

use url::Url;

use super::ask::Stream;
use super::auth::Credentials;
use super::client::{Client, Timing};
use super::error::{ReadError, visible};
use super::page::Chain;
use super::page_log::{Kept, List, PageLog};
use super::progress::SoFar;
use super::sink::{Sink, Taken};
use crate::model::kind::Kind;

/// What to read, and how.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Scheme, host and port. Every request goes there and nowhere else.
    pub base_url: Url,
    pub credentials: Credentials,
    /// The part of every rate limit that is left to others.
    pub reserve_percent: u8,
    /// Where the ticket window begins, UTC seconds; `None`: tickets are not read.
    pub tickets_from: Option<i64>,
    /// Whether the ticket list will do where both exports are refused.
    pub allow_list: bool,
    pub timing: Timing,
}

/// A live read on its way.
pub(super) struct Reader<'a> {
    pub client: Client<'a>,
    pub options: &'a ReadOptions,
    /// When the read began, UTC seconds; where it goes on with the pages of another, when that one began.
    pub began_at: i64,
    /// Where pages are kept.
    pub log: Option<&'a PageLog>,
    sink: RefCell<&'a mut dyn Sink>,
    records: RefCell<BTreeMap<Kind, u64>>,
    notices: RefCell<Vec<String>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(client: Client<'a>, options: &'a ReadOptions, sink: &'a mut dyn Sink) -> Self {
        let began_at = (client.timing.now)().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            client,
            options,
            began_at: i64::try_from(began_at).unwrap_or(i64::MAX),
            log: None,
            sink: RefCell::new(sink),
            records: RefCell::default(),
            notices: RefCell::default(),
        }
    }

    /// What a reader of the results should know.
    pub(super) fn notice(&self, text: String) {
        self.client.progress.note(&text);
        self.notices.borrow_mut().push(text);
    }

    /// The client, and every notice.
    pub(super) fn into_parts(self) -> (Client<'a>, Vec<String>) {
        (self.client, self.notices.into_inner())
    }

    /// The sink, to ask it something.
    pub(super) fn sink(&self) -> std::cell::Ref<'_, &'a mut dyn Sink> {
        self.sink.borrow()
    }

    /// Keeps pages from now on, and goes on with those that are kept already.
    pub(super) fn keep(&mut self, log: &'a PageLog) {
        self.began_at = log.began_at().seconds();
        self.log = Some(log);
    }

    /// The pages of this list, where pages are kept.
    pub(super) fn kept(&self, list: List) -> Option<Kept<'a>> {
        self.log.map(|log| log.of(list))
    }

    /// Reads a whole chain of pages into the sink.
    pub(super) async fn read(
        &self,
        stream: &mut Stream,
        kind: Kind,
        chain: &Chain,
        kept: Option<Kept<'_>>,
    ) -> Result<(), ReadError> {
        let take = |stream: &Stream, records: &str, _: Option<&str>| self.take(stream, kind, records);
        chain.read(&self.client, stream, kept, take).await
    }

    /// Gives the records of one page to the sink.
    pub(super) fn take(&self, stream: &Stream, kind: Kind, records: &str) -> Result<Taken, ReadError> {
        let taken = self.sink.borrow_mut().take(kind, records);
        let taken = taken.map_err(|fault| ReadError::Unreadable { place: stream.place(), fault: visible(&fault) })?;
        let mut by_kind = self.records.borrow_mut();
        let records = by_kind.entry(kind).or_default();
        *records += taken.records as u64;
        let part = if kind == Kind::Tickets { self.part_of_window(&taken) } else { None };
        self.client.progress.page(kind, SoFar { records: *records, part });
        Ok(taken)
    }

    /// How much of the ticket window has been read, since the incremental export runs from its beginning to now.
    fn part_of_window(&self, taken: &Taken) -> Option<f64> {
        let from = self.options.tickets_from?;
        let read = taken.newest_updated_at?.saturating_sub(from) as f64;
        let whole = self.began_at.saturating_sub(from) as f64;
        (whole > 0.0).then(|| (read / whole).clamp(0.0, 1.0))
    }

    /// Says that a kind is complete.
    pub(super) fn finished(&self, kind: Kind) {
        let records = self.records.borrow().get(&kind).copied().unwrap_or_default();
        self.client.progress.finished(kind, records);
    }
}
