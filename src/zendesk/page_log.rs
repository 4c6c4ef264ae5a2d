//! The pages that a live read has brought so far, on disk, so that a read that was cut short can go on (rules 1).
//!
//! Each list has a file of its own, each line of it a page: a digest, the cursor of the next page, and the records cut down to what a
//! snapshot holds. A digest covers the one before it, so every whole beginning of a file is a state that the read was in. What comes
//! after the lists (records by id, the latest tickets) is asked for anew.
//!
//! Left out: where the folder is, whether its age allows to go on, and when it is removed (`commands`).

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::ReadError;
use super::me::Me;
use super::ticket_source::TicketSource;
use crate::digest::{Digest, Hasher, hex};
use crate::ingest::slim;
use crate::interrupt;
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::{files, text::words::counted};

const HEADER: &str = "resume.json";
/// Records of one page take less than an answer may have.
const LONGEST_PAGE: u64 = 64 << 20;
const LONGEST_HEADER: usize = 1 << 16;

/// The lists whose pages are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Organizations,
    Users,
    Memberships,
    TicketsByExport,
    TicketsBySearch,
}

impl List {
    const ALL: [Self; 5] =
        [Self::Organizations, Self::Users, Self::Memberships, Self::TicketsByExport, Self::TicketsBySearch];

    fn name(self) -> &'static str {
        match self {
            Self::Organizations => "organizations.pages",
            Self::Users => "users.pages",
            Self::Memberships => "memberships.pages",
            Self::TicketsByExport => "tickets_by_export.pages",
            Self::TicketsBySearch => "tickets_by_search.pages",
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Organizations => Kind::Organizations,
            Self::Users => Kind::Users,
            Self::Memberships => Kind::Memberships,
            Self::TicketsByExport | Self::TicketsBySearch => Kind::Tickets,
        }
    }
}

/// What two reads must have in common for one to go on with the pages of the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    pub tool_version: String,
    /// Scheme and host.
    pub zendesk: String,
    pub lookback_days: u32,
    pub tickets: bool,
    pub allow_list: bool,
    pub as_of: Option<String>,
}

/// The beginning of a log. Times are RFC 3339.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    about: About,
    began_at: String,
    tickets_from: String,
    /// The user who reads, and the role that decides what is seen.
    user: u64,
    role: Option<String>,
}

/// Why a log cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("{0} is damaged")]
    Damaged(&'static str),
    #[error("{0}: {1}")]
    Io(&'static str, io::Error),
}

/// The log of one read, in a folder of its own.
#[derive(Debug)]
pub struct PageLog {
    folder: PathBuf,
    about: About,
    began_at: Instant,
    tickets_from: Instant,
    /// Who read what is there already; `None` for a log that begins.
    read_by: RefCell<Option<(u64, Option<String>)>>,
    lists: [RefCell<Written>; List::ALL.len()],
    /// What the digests of each list begin with.
    seeds: RefCell<[[u8; 32]; List::ALL.len()]>,
    /// How many pages were there when it was opened; `None` where it began.
    taken_over: Cell<Option<u64>>,
    /// The read went wrong in a way that its pages would bring again.
    is_useless: Cell<bool>,
}

/// What there is of one list.
#[derive(Debug, Default)]
struct Written {
    /// Where the next page goes; `None` before the first one, and once writing has failed.
    file: Option<File>,
    failed: bool,
    /// Of the last page, or of the header.
    digest: [u8; 32],
    pages: u64,
    /// The last page has no next one.
    ended: bool,
    /// As it was when the log was opened.
    had_ended: bool,
}

impl PageLog {
    /// A log that begins. Nothing is written before it is known who reads.
    pub fn begin(folder: &Path, about: About, began_at: Instant, tickets_from: Instant) -> Self {
        Self {
            folder: folder.to_owned(),
            about,
            began_at,
            tickets_from,
            read_by: RefCell::default(),
            lists: Default::default(),
            seeds: RefCell::default(),
            taken_over: Cell::new(None),
            is_useless: Cell::new(false),
        }
    }

    /// The log that an earlier read left in a folder, every page of it checked. A page that was cut off at the end is dropped.
    ///
    /// Errors: a file is not as it was written, or cannot be read.
    pub fn open(folder: &Path) -> Result<Self, Unusable> {
        let (header, bytes) = read_header(folder)?;
        let damaged = || Unusable::Damaged(HEADER);
        let log = Self {
            folder: folder.to_owned(),
            began_at: Instant::parse(&header.began_at).ok_or_else(damaged)?,
            tickets_from: Instant::parse(&header.tickets_from).ok_or_else(damaged)?,
            about: header.about,
            read_by: RefCell::new(Some((header.user, header.role))),
            lists: Default::default(),
            seeds: RefCell::default(),
            taken_over: Cell::new(None),
            is_useless: Cell::new(false),
        };
        log.seeds.replace(List::ALL.map(|list| seed(&bytes, list)));
        for list in List::ALL {
            let written = open_list(folder, list, seed(&bytes, list))?;
            *log.lists[list as usize].borrow_mut() = written;
        }
        log.taken_over.set(Some(log.pages()));
        Ok(log)
    }

    /// What the log in a folder is about, and when it began; `None` where that cannot be read.
    pub fn look_into(folder: &Path) -> Option<(About, Instant)> {
        let (header, _) = read_header(folder).ok()?;
        let began_at = Instant::parse(&header.began_at)?;
        Some((header.about, began_at))
    }

    /// When the first of the reads began.
    pub fn began_at(&self) -> Instant {
        self.began_at
    }

    /// Where the ticket window of the first read begins.
    pub fn tickets_from(&self) -> Instant {
        self.tickets_from
    }

    /// How many pages of an earlier read it goes on with; `None` where it goes on with none.
    pub fn taken_over(&self) -> Option<u64> {
        self.taken_over.get()
    }

    /// How many pages it has.
    pub fn pages(&self) -> u64 {
        self.lists.iter().map(|list| list.borrow().pages).sum()
    }

    /// "3 pages of organizations (all), 1 page of users"
    pub fn said(&self) -> String {
        let parts = List::ALL.into_iter().filter_map(|list| {
            let written = self.lists[list as usize].borrow();
            let all = if written.ended { " (all)" } else { "" };
            (written.pages > 0).then(|| format!("{} of {}{all}", counted(written.pages, "page"), list.kind().noun()))
        });
        parts.collect::<Vec<_>>().join(", ")
    }

    /// Whether another read may go on with it.
    pub fn is_useful(&self) -> bool {
        !self.is_useless.get() && self.pages() > 0
    }

    /// What went wrong would go wrong again with these pages.
    pub(super) fn give_up(&self) {
        self.is_useless.set(true);
    }

    /// Says who reads. `false`: another login has read what is there, so the pages are dropped and the log begins again.
    ///
    /// Errors: the header cannot be written.
    pub(super) fn is_read_by(&self, me: &Me) -> io::Result<bool> {
        let me = (me.id, me.role.clone());
        let before = self.read_by.replace(Some(me.clone()));
        if before.as_ref() == Some(&me) {
            return Ok(true);
        }
        let header = Header {
            about: self.about.clone(),
            began_at: self.began_at.rfc3339(),
            tickets_from: self.tickets_from.rfc3339(),
            user: me.0,
            role: me.1,
        };
        let bytes = serde_json::to_vec(&header)?;
        interrupt::while_nothing_is_removed(|| private_file(&self.folder.join(HEADER)))?.write_all(&bytes)?;
        self.seeds.replace(List::ALL.map(|list| seed(&bytes, list)));
        List::ALL.into_iter().for_each(|list| self.of(list).forget());
        self.taken_over.set(None);
        Ok(before.is_none())
    }

    /// The way on which the tickets were being read, if any of them came.
    pub(super) fn ticket_source(&self) -> Option<TicketSource> {
        let has = |list: List| self.lists[list as usize].borrow().pages > 0;
        if has(List::TicketsBySearch) {
            Some(TicketSource::SearchExport)
        } else {
            has(List::TicketsByExport).then_some(TicketSource::Incremental)
        }
    }

    /// The pages of one list.
    pub(super) fn of(&self, list: List) -> Kept<'_> {
        Kept { log: self, list }
    }
}

/// The pages of one list.
#[derive(Clone, Copy)]
pub(super) struct Kept<'a> {
    log: &'a PageLog,
    list: List,
}

impl Kept<'_> {
    fn path(self) -> PathBuf {
        self.log.folder.join(self.list.name())
    }

    fn written(&self) -> std::cell::RefMut<'_, Written> {
        self.log.lists[self.list as usize].borrow_mut()
    }

    /// Whether the earlier read had brought the whole list.
    pub(super) fn had_ended(self) -> bool {
        self.written().had_ended
    }

    /// Gives every page that is there, in order, until `take` says that it was the last one: the JSON array of its records, and the
    /// cursor of the next page. Returns what `take` said last; `false` without a page.
    ///
    /// Errors: those of `take`, and the file cannot be read any more.
    pub(super) fn replay(
        self,
        mut take: impl FnMut(&str, Option<String>) -> Result<bool, ReadError>,
    ) -> Result<bool, ReadError> {
        let pages = self.written().pages;
        if pages == 0 {
            return Ok(false);
        }
        let lost = |error: io::Error| ReadError::KeptPages { file: self.list.name(), cause: error.to_string() };
        let mut lines = BufReader::new(files::open(&self.path()).map_err(lost)?);
        for _ in 0..pages {
            let line = whole_line(&mut lines).map_err(lost)?;
            let gone = || lost(io::Error::other("a page is gone"));
            let (_, next, records) = line.as_deref().and_then(parts).ok_or_else(gone)?;
            if take(records, next)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds a page, whose records the sink has taken in. Errors: once, what kept it from being written; the list then stays as it was.
    pub(super) fn append(self, records: &str, next: Option<&str>) -> io::Result<()> {
        let mut written = self.written();
        if written.failed {
            return Ok(());
        }
        let appended = self.write(&mut written, records, next);
        written.failed = appended.is_err();
        appended
    }

    fn write(self, written: &mut Written, records: &str, next: Option<&str>) -> io::Result<()> {
        let records = slim(self.list.kind(), records).map_err(|fault| io::Error::other(fault.to_string()))?;
        let body = format!("{}\t{records}\n", serde_json::to_string(&next)?);
        let digest = after(&written.digest, body.as_bytes());
        if written.file.is_none() {
            written.file = Some(interrupt::while_nothing_is_removed(|| private_file(&self.path()))?);
        }
        if let Some(file) = &mut written.file {
            file.write_all(format!("{}\t{body}", hex(&digest)).as_bytes())?;
        }
        written.digest = digest;
        written.pages += 1;
        written.ended = next.is_none();
        Ok(())
    }

    /// Drops the pages: the list is read from its beginning. Where they cannot be dropped, no further one is kept.
    pub(super) fn forget(self) {
        let digest = self.log.seeds.borrow()[self.list as usize];
        let removed = std::fs::remove_file(self.path());
        let is_gone = !removed.is_err_and(|error| error.kind() != io::ErrorKind::NotFound);
        *self.written() = Written { digest, failed: !is_gone, ..Written::default() };
        if !is_gone {
            self.log.give_up();
        }
    }
}

fn read_header(folder: &Path) -> Result<(Header, Vec<u8>), Unusable> {
    let bytes = files::read(&folder.join(HEADER), LONGEST_HEADER).map_err(|error| Unusable::Io(HEADER, error))?;
    let header = serde_json::from_slice(&bytes).map_err(|_| Unusable::Damaged(HEADER))?;
    Ok((header, bytes))
}

/// Checks every page of a list and drops a last one that was cut off.
fn open_list(folder: &Path, list: List, seed: [u8; 32]) -> Result<Written, Unusable> {
    let name = list.name();
    let path = folder.join(name);
    let failed = |error| Unusable::Io(name, error);
    let mut written = Written { digest: seed, ..Written::default() };
    let mut lines = match files::open(&path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(written),
        Err(error) => return Err(failed(error)),
    };
    let mut length = 0;
    while let Some(line) = whole_line(&mut lines).map_err(failed)? {
        let (digest, next, _) = parts(&line).ok_or(Unusable::Damaged(name))?;
        let body = line.get(digest.len() + 1..).unwrap_or_default();
        written.digest = after(&written.digest, body.as_bytes());
        if written.ended || hex(&written.digest) != digest {
            return Err(Unusable::Damaged(name));
        }
        written.ended = next.is_none();
        written.pages += 1;
        length += line.len() as u64;
    }
    written.had_ended = written.ended;
    let mut file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
    file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
    written.file = Some(file);
    Ok(written)
}

/// The next line with its end; `None` at the end of the file, and where the last line has no end.
fn whole_line(lines: &mut BufReader<File>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    lines.by_ref().take(LONGEST_PAGE).read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        return if line.len() as u64 == LONGEST_PAGE { Err(io::Error::other("a page is too long")) } else { Ok(None) };
    }
    // Whatever is not UTF-8 fails its digest.
    Ok(Some(String::from_utf8(line).unwrap_or_else(|_| "\n".to_owned())))
}

/// Digest, next cursor and records of a line.
fn parts(line: &str) -> Option<(&str, Option<String>, &str)> {
    let (digest, body) = line.split_once('\t')?;
    let (next, records) = body.trim_end_matches('\n').split_once('\t')?;
    Some((digest, serde_json::from_str(next).ok()?, records))
}

/// What the digests of a list begin with: a page belongs to this log and this list.
fn seed(header: &[u8], list: List) -> [u8; 32] {
    after(&Hasher::digest(header).into(), list.name().as_bytes())
}

fn after(digest: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    Hasher::new().chain_update(digest).chain_update(bytes).finalize().into()
}

/// An empty file that only this user may read.
pub fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
