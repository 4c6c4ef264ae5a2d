//! Pages of a list or of an export: what they hold, where the next one is, and whether the chain gets somewhere.
//!
//! `links.next` and `after_url` are never followed: they could lead to another host. Left out: what a record means.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ask::{Ask, Stream};
use super::client::Client;
use super::error::{Gap, ReadError};

/// Zendesk's largest page of a list.
pub(super) const PAGE_SIZE: u32 = 100;
/// Zendesk's largest page of an incremental export.
pub(super) const EXPORT_PAGE_SIZE: u32 = 1000;
/// A chain ends when this many pages in a row bring no new record.
const BARREN_PAGES: u32 = 10;

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

/// Reads every page of a cursor-paged list; `take` takes in each page's JSON array.
pub(super) async fn list_pages(
    client: &Client<'_>,
    stream: &mut Stream,
    array: &'static str,
    first: impl Fn() -> Ask,
    mut take: impl FnMut(&Stream, &str) -> Result<Taken, ReadError>,
) -> Result<(), ReadError> {
    let mut guard = Guard::default();
    let mut cursor = None;
    loop {
        let (taken, next) = list_page(client, stream, array, first(), cursor, &mut take).await?;
        let Some(next) = next else { return Ok(()) };
        guard.follow(&next, Some(taken)).map_err(|gap| incomplete(stream, gap))?;
        stream.turn();
        cursor = Some(next);
    }
}

/// Reads one page of a cursor-paged list; returns what it brought and the next cursor, if there is one.
pub(super) async fn list_page(
    client: &Client<'_>,
    stream: &mut Stream,
    array: &'static str,
    ask: Ask,
    cursor: Option<String>,
    mut take: impl FnMut(&Stream, &str) -> Result<Taken, ReadError>,
) -> Result<(Taken, Option<String>), ReadError> {
    let mut ask = ask.with("page[size]", PAGE_SIZE.to_string());
    if let Some(cursor) = cursor {
        ask = ask.with("page[after]", cursor);
    }
    let answer = client.ask(stream, &mut ask).await?;
    let page = Page::of(&answer).map_err(|gap| incomplete(stream, gap))?;
    let taken = take(stream, page.array(array).map_err(|gap| incomplete(stream, gap))?)?;
    let next = page.next_of_list().map_err(|gap| incomplete(stream, gap))?;
    Ok((taken, next))
}

pub(super) fn incomplete(stream: &Stream, gap: Gap) -> ReadError {
    ReadError::Incomplete { place: stream.place(), gap }
}

/// Watches that a chain of pages gets somewhere.
#[derive(Default)]
pub(super) struct Guard {
    used: BTreeSet<String>,
    barren: u32,
}

impl Guard {
    /// Allows the next page, after one that brought `taken` (`None`: not to be judged).
    pub fn follow(&mut self, cursor: &str, taken: Option<Taken>) -> Result<(), Gap> {
        if !self.used.insert(cursor.to_owned()) {
            return Err(Gap::CursorRepeated);
        }
        self.barren = if taken.is_some_and(|taken| taken.new == 0) { self.barren + 1 } else { 0 };
        if self.barren == BARREN_PAGES { Err(Gap::NothingNew) } else { Ok(()) }
    }
}

/// The members of an answer, each as it was sent.
pub(super) struct Page<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Page<'a> {
    pub fn of(answer: &'a str) -> Result<Self, Gap> {
        serde_json::from_str(answer).map(Self).map_err(|_| Gap::NotAnObject)
    }

    pub fn array(&self, name: &'static str) -> Result<&'a str, Gap> {
        let array = self.0.get(name).map(|value| value.get());
        array.filter(|text| text.starts_with('[')).ok_or(Gap::ArrayMissing(name))
    }

    fn member<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// The cursor of the next page of a list; `None` at its end. `links.next` is not looked at: it could lead elsewhere.
    pub fn next_of_list(&self) -> Result<Option<String>, Gap> {
        let meta: Meta = self.member("meta").ok_or(Gap::EndUnknown("meta.has_more"))?;
        if !meta.has_more {
            return Ok(None);
        }
        meta.after_cursor.filter(|cursor| !cursor.is_empty()).map(Some).ok_or(Gap::CursorMissing)
    }

    /// The cursor of the next page of an incremental export; `None` at its end.
    pub fn next_of_export(&self) -> Result<Option<String>, Gap> {
        let end: bool = self.member("end_of_stream").ok_or(Gap::EndUnknown("end_of_stream"))?;
        if end {
            return Ok(None);
        }
        let cursor = self.member("after_cursor").filter(|cursor: &String| !cursor.is_empty());
        cursor.map(Some).ok_or(Gap::CursorMissing)
    }
}

#[derive(Deserialize)]
struct Meta {
    has_more: bool,
    #[serde(default)]
    after_cursor: Option<String>,
}
