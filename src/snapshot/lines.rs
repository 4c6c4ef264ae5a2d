//! Reading NDJSON on all cores: blocks of lines are parsed side by side and appended in the order of the file.

use crate::digest::{Digest, Hasher};
use crate::files::without_bom;
use crate::ingest::{Batch, Fault, Filter, Ingest};
use crate::model::domains::DomainTable;
use crate::model::kind::Kind;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Mutex, RwLock};

/// How much is parsed at a time, or one line, if that is longer. Small enough to be in the cache until it is parsed.
const BLOCK: usize = 1 << 19;
/// How much is read at a time.
const PIECE: usize = 1 << 17;
/// No line is longer than this (rules 5).
const LONGEST_LINE: usize = 16 << 20;

/// Why a file of records could not be read.
#[derive(Debug)]
pub enum LineError {
    Io(io::Error),
    NotUtf8 { line: u64 },
    TooLong { line: u64 },
    Record { line: u64, fault: Fault },
}

impl From<io::Error> for LineError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads records of one kind, one JSON object a line, into `ingest`. Gives the number of records.
///
/// Blank lines and a byte order mark are skipped. Without an error, `digest` gets every byte. Errors: the first one by line that any worker met.
pub fn read_records(
    reader: impl Read + Send,
    kind: Kind,
    filter: Filter,
    ingest: &mut Ingest,
    digest: Option<&mut Hasher>,
) -> Result<u64, LineError> {
    let blocks = Mutex::new(Blocks { reader, carry: Vec::new(), taken: 0, ended: false });
    let digest = Mutex::new(digest);
    let domains = ingest.domains();
    let sink = Mutex::new(InOrder { ingest, waiting: BTreeMap::new(), next: 0, records: 0, lines: 0, failed: None });
    // One more than there are cores: at any time one of them may be waiting for its turn to read or to append.
    let workers = crate::parallel::threads() + 1;
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|| work(&blocks, &digest, &sink, &domains, kind, filter));
        }
        work(&blocks, &digest, &sink, &domains, kind, filter);
    });
    sink.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).outcome()
}

fn work<R: Read>(
    blocks: &Mutex<Blocks<R>>,
    digest: &Mutex<Option<&mut Hasher>>,
    sink: &Mutex<InOrder<'_>>,
    domains: &RwLock<DomainTable>,
    kind: Kind,
    filter: Filter,
) {
    let mut buffer = Vec::new();
    loop {
        let mut reading = lock(blocks);
        let block = reading.next(&mut buffer);
        // Whoever has read waits for the digest before the next one may read: so it sees the blocks in their order.
        let mut digesting = lock(digest);
        drop(reading);
        if let (Ok(Some(block)), Some(digest)) = (&block, &mut *digesting) {
            digest.update(&buffer[..block.length]);
        }
        drop(digesting);
        let (sequence, outcome) = match block {
            Ok(None) => return,
            Ok(Some(Block { sequence, length })) => {
                let text = &buffer[..length];
                let text = if sequence == 0 { without_bom(text) } else { text };
                (sequence, parse(text, kind, filter))
            }
            Err((sequence, error)) => (sequence, Err(error)),
        };
        let outcome = outcome.map(|(mut batch, lines)| {
            batch.look_up(domains);
            (batch, lines)
        });
        let failed = outcome.is_err();
        if !lock(sink).put(sequence, outcome) || failed {
            lock(blocks).ended = true;
            return;
        }
    }
}

/// A poisoned lock means that another worker panicked, which ends the program anyway.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Parses a block; gives how many lines it has too. Errors count their line within the block, from 0.
fn parse(text: &[u8], kind: Kind, filter: Filter) -> Result<(Batch, u64), LineError> {
    let mut batch = Batch::new(kind, filter);
    let text = std::str::from_utf8(text).map_err(|error| LineError::NotUtf8 {
        line: memchr::memchr_iter(b'\n', &text[..error.valid_up_to()]).count() as u64,
    })?;
    let mut lines = 0;
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
        let line = &text[start..end];
        if line.len() > LONGEST_LINE {
            return Err(LineError::TooLong { line: lines });
        }
        if !line.trim_ascii().is_empty() {
            batch.parse(line).map_err(|fault| LineError::Record { line: lines, fault })?;
        }
        start = end + 1;
        // What follows the last line end is no line yet.
        lines += u64::from(end < text.len());
    }
    Ok((batch, lines))
}

/// The reader, cut into blocks of whole lines.
struct Blocks<R> {
    reader: R,
    /// The beginning of a line whose end is not read yet.
    carry: Vec<u8>,
    /// How many blocks were taken.
    taken: u64,
    ended: bool,
}

/// A block at the beginning of the buffer that was given.
struct Block {
    sequence: u64,
    length: usize,
}

impl<R: Read> Blocks<R> {
    /// Fills the beginning of `buffer`, which is never cleared, so that it is zeroed only once.
    fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Block>, (u64, LineError)> {
        if self.ended {
            return Ok(None);
        }
        let sequence = self.taken;
        self.taken += 1;
        let mut filled = self.carry.len();
        buffer.resize(buffer.len().max(filled + BLOCK + PIECE), 0);
        buffer[..filled].copy_from_slice(&self.carry);
        self.carry.clear();
        let mut searched = 0;
        let length = loop {
            if buffer.len() < filled + PIECE {
                // A line longer than a block.
                buffer.resize(2 * buffer.len(), 0);
            }
            let read = match self.reader.read(&mut buffer[filled..filled + PIECE]) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err((sequence, error.into())),
            };
            filled += read;
            if read == 0 {
                self.ended = true;
                break filled;
            }
            if filled >= BLOCK {
                if let Some(last) = memchr::memrchr(b'\n', &buffer[searched..filled]) {
                    break searched + last + 1;
                }
                if filled > LONGEST_LINE {
                    return Err((sequence, LineError::TooLong { line: 0 }));
                }
                searched = filled;
            }
        };
        self.carry.extend_from_slice(&buffer[length..filled]);
        Ok((length > 0).then_some(Block { sequence, length }))
    }
}

/// Appends batches in the order of their blocks.
struct InOrder<'a> {
    ingest: &'a mut Ingest,
    waiting: BTreeMap<u64, (Batch, u64)>,
    next: u64,
    /// What was appended.
    records: u64,
    lines: u64,
    /// The failure of the earliest block.
    failed: Option<(u64, LineError)>,
}

impl InOrder<'_> {
    /// Takes a parsed block; `false` once something has failed.
    fn put(&mut self, sequence: u64, outcome: Result<(Batch, u64), LineError>) -> bool {
        match outcome {
            Ok(parsed) => {
                self.waiting.insert(sequence, parsed);
            }
            Err(error) => self.fail(sequence, error),
        }
        while let Some((batch, lines)) = self.waiting.remove(&self.next) {
            self.records += batch.records as u64;
            if let Err(fault) = self.ingest.append(batch) {
                // Which of its lines it was is not known any more.
                self.fail(self.next, LineError::Record { line: 0, fault });
                return false;
            }
            self.lines += lines;
            self.next += 1;
        }
        self.failed.is_none()
    }

    fn fail(&mut self, sequence: u64, error: LineError) {
        if self.failed.as_ref().is_none_or(|(earliest, _)| sequence < *earliest) {
            self.failed = Some((sequence, error));
        }
    }

    /// The number of records, or the first error, its line counted from the beginning of the file.
    fn outcome(self) -> Result<u64, LineError> {
        // Every block before the one that failed has been appended.
        let first_line = self.lines + 1;
        match self.failed {
            None => Ok(self.records),
            Some((_, LineError::NotUtf8 { line })) => Err(LineError::NotUtf8 { line: first_line + line }),
            Some((_, LineError::TooLong { line })) => Err(LineError::TooLong { line: first_line + line }),
            Some((_, LineError::Record { line, fault })) => Err(LineError::Record { line: first_line + line, fault }),
            Some((_, error)) => Err(error),
        }
    }
}
