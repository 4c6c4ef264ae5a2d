//! Pages of a list or of an export: how one is asked for, what it holds, where the next one is, and whether the chain gets
//! somewhere.
//!
//! `links.next` and `after_url` are never followed: they could lead to another host. Left out: what a record means.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ask::{Ask, EXPORT_PAGE_SIZE, PAGE_SIZE, Stream};
use super::client::Client;
use super::endpoint::Endpoint;
use super::error::{Gap, ReadError};
use super::page_log::Kept;
use super::sink::Taken;

/// A chain ends when this many pages in a row bring no new record.
const BARREN_PAGES: i64 = 10;

/// How a chain is paged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Paging {
    /// `page[size]` and `page[after]`; `meta` says whether more pages follow.
    List { size: u32 },
    /// `per_page` and `cursor`, from a time in UTC seconds on; `end_of_stream` says whether more pages follow.
    Export { from: i64 },
}

/// A chain of pages.
pub(super) struct Chain {
    pub endpoint: Endpoint,
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    /// The name of the array in an answer.
    pub array: &'static str,
    pub paging: Paging,
}

/// The page that is due: after which cursor, and how large. A page that took too long is asked for in smaller pieces, and so are
/// those after it.
pub(super) struct Due {
    pub after: Option<String>,
    size: u32,
}

impl Chain {
    /// A list in pages of 100.
    pub(super) fn list(endpoint: Endpoint, path: impl Into<String>, array: &'static str) -> Self {
        Self { endpoint, path: path.into(), query: Vec::new(), array, paging: Paging::List { size: PAGE_SIZE } }
    }

    pub(super) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// The page after this cursor; `None`: the first one.
    pub(super) fn due(&self, after: Option<String>) -> Due {
        let size = match self.paging {
            Paging::List { size } => size,
            Paging::Export { .. } => EXPORT_PAGE_SIZE,
        };
        Due { after, size }
    }

    fn ask(&self, due: &Due) -> Ask {
        let mut ask = Ask::get(self.endpoint, self.path.as_str());
        for (key, value) in &self.query {
            ask = ask.with(key, value.as_str());
        }
        match (self.paging, &due.after) {
            (Paging::List { .. }, None) => ask.sized("page[size]", due.size),
            (Paging::List { .. }, Some(cursor)) => ask.sized("page[size]", due.size).with("page[after]", cursor),
            (Paging::Export { from }, None) => {
                ask.sized("per_page", due.size).with("start_time", from.max(0).to_string())
            }
            (Paging::Export { .. }, Some(cursor)) => ask.sized("per_page", due.size).with("cursor", cursor),
        }
    }

    /// Reads one page; `take` takes in its JSON array, and the cursor of the next page. Returns what it brought and that cursor.
    pub(super) async fn page(
        &self,
        client: &Client<'_>,
        stream: &Stream,
        due: &mut Due,
        take: &mut impl FnMut(&Stream, &str, Option<&str>) -> Result<Taken, ReadError>,
    ) -> Result<(Taken, Option<String>), ReadError> {
        let mut ask = self.ask(due);
        let answer = client.ask(stream, &mut ask).await?;
        due.size = ask.size().unwrap_or(due.size);
        let gap = |gap| incomplete(stream, gap);
        let page = Page::of(&answer).map_err(gap)?;
        let records = page.array(self.array).map_err(gap)?;
        let next = match self.paging {
            Paging::List { .. } => page.next_of_list(),
            Paging::Export { .. } => page.next_of_export(),
        };
        let next = next.map_err(gap)?;
        Ok((take(stream, records, next.as_deref())?, next))
    }

    /// Reads every page: first those that an earlier read kept, then what follows them. A cursor that has expired starts the chain
    /// anew, once.
    pub(super) async fn read(
        &self,
        client: &Client<'_>,
        stream: &mut Stream,
        kept: Option<Kept<'_>>,
        mut take: impl FnMut(&Stream, &str, Option<&str>) -> Result<Taken, ReadError>,
    ) -> Result<(), ReadError> {
        let mut due = self.due(None);
        let mut guard = Guard::default();
        if let Some(kept) = kept
            && kept.replay(|records, next| {
                let taken = take(stream, records, next.as_deref())?;
                guard.go_on(stream, &mut due, taken, next)
            })?
        {
            return Ok(());
        }
        let mut take = |stream: &Stream, records: &str, next: Option<&str>| {
            let taken = take(stream, records, next)?;
            if let Some(Err(error)) = kept.map(|kept| kept.append(records, next)) {
                client.progress.note(&format!("pages of {} cannot be kept for --resume: {error}", stream.what));
            }
            Ok(taken)
        };
        let mut anew = false;
        loop {
            let (taken, next) = match self.page(client, stream, &mut due, &mut take).await {
                Ok(page) => page,
                Err(error) if due.after.is_some() && !anew && error.may_be_an_expired_cursor() => {
                    client
                        .progress
                        .note(&format!("{error}: the cursor may have expired; reading {} again", stream.what));
                    anew = true;
                    if let Some(kept) = kept {
                        kept.forget();
                    }
                    // The pages that came before bring nothing new now.
                    guard = Guard { barren: -stream.pages(), ..Guard::default() };
                    due.after = None;
                    stream.restart();
                    continue;
                }
                Err(error) => return Err(error),
            };
            if guard.go_on(stream, &mut due, taken, next)? {
                return Ok(());
            }
        }
    }
}

pub(super) fn incomplete(stream: &Stream, gap: Gap) -> ReadError {
    ReadError::Incomplete { place: stream.place(), gap }
}

/// Watches that a chain of pages gets somewhere.
#[derive(Default)]
pub(super) struct Guard {
    used: BTreeSet<String>,
    barren: i64,
}

impl Guard {
    /// Turns to the next page after one that brought `taken`; `true` where none follows.
    fn go_on(
        &mut self,
        stream: &mut Stream,
        due: &mut Due,
        taken: Taken,
        next: Option<String>,
    ) -> Result<bool, ReadError> {
        let Some(next) = next else { return Ok(true) };
        self.follow(&next, Some(taken)).map_err(|gap| incomplete(stream, gap))?;
        stream.turn();
        due.after = Some(next);
        Ok(false)
    }

    /// Allows the next page, after one that brought `taken` (`None`: not to be judged).
    pub(super) fn follow(&mut self, cursor: &str, taken: Option<Taken>) -> Result<(), Gap> {
        if !self.used.insert(cursor.to_owned()) {
            return Err(Gap::CursorRepeated);
        }
        self.barren = if taken.is_some_and(|taken| taken.new == 0) { self.barren + 1 } else { self.barren.min(0) };
        if self.barren == BARREN_PAGES { Err(Gap::NothingNew) } else { Ok(()) }
    }
}

/// The members of an answer, each as it was sent.
pub(super) struct Page<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Page<'a> {
    /// Errors: not an object, or one with the same key twice.
    pub(super) fn of(answer: &'a str) -> Result<Self, Gap> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Result<BTreeMap<Cow<'de, str>, &'de RawValue>, Gap>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                let mut twice = false;
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &RawValue>()? {
                    twice |= members.insert(key, value).is_some();
                }
                Ok(if twice { Err(Gap::KeyTwice) } else { Ok(members) })
            }
        }
        let mut deserializer = serde_json::Deserializer::from_str(answer);
        serde::Deserializer::deserialize_map(&mut deserializer, Members).map_err(|_| Gap::NotAnObject)?.map(Self)
    }

    pub(super) fn array(&self, name: &'static str) -> Result<&'a str, Gap> {
        let array = self.0.get(name).map(|value| value.get());
        array.filter(|text| text.starts_with('[')).ok_or(Gap::ArrayMissing(name))
    }

    fn member<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// The cursor of the next page of a list; `None` at its end.
    fn next_of_list(&self) -> Result<Option<String>, Gap> {
        let meta: Meta = self.member("meta").ok_or(Gap::EndUnknown("meta.has_more"))?;
        if !meta.has_more {
            return Ok(None);
        }
        meta.after_cursor.filter(|cursor| !cursor.is_empty()).map(Some).ok_or(Gap::CursorMissing)
    }

    /// The cursor of the next page of an incremental export; `None` at its end.
    fn next_of_export(&self) -> Result<Option<String>, Gap> {
        let end: bool = self.member("end_of_stream").ok_or(Gap::EndUnknown("end_of_stream"))?;
        if end {
            return Ok(None);
        }
        let cursor = self.member("after_cursor").filter(|cursor: &String| !cursor.is_empty());
        cursor.map(Some).ok_or(Gap::CursorMissing)
    }
}

/// A key, borrowed where it has no escapes in it.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Meta {
    has_more: bool,
    #[serde(default)]
    after_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_a_key_twice_is_refused() {
        assert_eq!(Page::of(r#"{"users":[],"meta":{},"users":[]}"#).err(), Some(Gap::KeyTwice));
        assert_eq!(Page::of("[]").err(), Some(Gap::NotAnObject));
        assert_eq!(Page::of(r#"{"users":[1]}"#).unwrap().array("users"), Ok("[1]"));
    }
}
