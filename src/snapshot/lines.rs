//! Reading NDJSON on both cores, without letting it show: blocks of lines are parsed side by side and appended in the
//! order of the file.

use crate::ingest::{Batch, Fault, Filter, Ingest, Kind};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Mutex;

/// How much is parsed at a time.
const BLOCK: usize = 1 << 20;

/// Why a file of records could not be read.
#[derive(Debug)]
pub enum LineError {
    Io(io::Error),
    NotUtf8 { line: u64 },
    Record { line: u64, fault: Fault },
}

impl From<io::Error> for LineError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads records of one kind, one JSON object a line, into `ingest`. Gives the number of records.
///
/// Blank lines are skipped. Errors: the first one by line that any worker met.
pub fn read_records(
    reader: impl Read + Send,
    kind: Kind,
    filter: Filter,
    ingest: &mut Ingest,
) -> Result<u64, LineError> {
    let blocks = Mutex::new(Blocks { reader, carry: Vec::new(), sequence: 0, line: 1, ended: false });
    let sink = Mutex::new(InOrder { ingest, waiting: BTreeMap::new(), next: 0, records: 0, failed: None });
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(2);
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|| work(&blocks, &sink, kind, filter));
        }
        work(&blocks, &sink, kind, filter);
    });
    let sink = sink.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    match sink.failed {
        None => Ok(sink.records),
        Some((_, error)) => Err(error),
    }
}

fn work<R: Read>(blocks: &Mutex<Blocks<R>>, sink: &Mutex<InOrder<'_>>, kind: Kind, filter: Filter) {
    let mut text = Vec::with_capacity(BLOCK + BLOCK / 4);
    loop {
        let block = lock(blocks).next(&mut text);
        let (sequence, outcome) = match block {
            Ok(None) => return,
            Ok(Some(Block { sequence, first_line })) => (sequence, parse(&text, first_line, kind, filter)),
            Err((sequence, error)) => (sequence, Err(LineError::Io(error))),
        };
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

fn parse(text: &[u8], first_line: u64, kind: Kind, filter: Filter) -> Result<Batch, LineError> {
    let mut batch = Batch::new(kind, filter);
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let before = text[..error.valid_up_to()].iter().filter(|c| **c == b'\n').count();
            return Err(LineError::NotUtf8 { line: first_line + before as u64 });
        }
    };
    for (index, line) in text.split('\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        batch.parse(line).map_err(|fault| LineError::Record { line: first_line + index as u64, fault })?;
    }
    Ok(batch)
}

/// The reader, cut into blocks of whole lines.
struct Blocks<R> {
    reader: R,
    /// The beginning of a line whose end is not read yet.
    carry: Vec<u8>,
    sequence: u64,
    line: u64,
    ended: bool,
}

struct Block {
    sequence: u64,
    first_line: u64,
}

impl<R: Read> Blocks<R> {
    fn next(&mut self, text: &mut Vec<u8>) -> Result<Option<Block>, (u64, io::Error)> {
        text.clear();
        if self.ended {
            return Ok(None);
        }
        text.append(&mut self.carry);
        let sequence = self.sequence;
        self.sequence += 1;
        let mut searched = 0;
        let end = loop {
            let read = self.reader.by_ref().take(BLOCK as u64).read_to_end(text).map_err(|error| (sequence, error))?;
            if read == 0 {
                self.ended = true;
                break text.len();
            }
            if let Some(last) = text[searched..].iter().rposition(|c| *c == b'\n') {
                break searched + last + 1;
            }
            searched = text.len();
        };
        self.carry.extend_from_slice(&text[end..]);
        text.truncate(end);
        if text.is_empty() {
            return Ok(None);
        }
        let first_line = self.line;
        self.line += text.iter().filter(|c| **c == b'\n').count() as u64;
        Ok(Some(Block { sequence, first_line }))
    }
}

/// Appends batches in the order of their blocks.
struct InOrder<'a> {
    ingest: &'a mut Ingest,
    waiting: BTreeMap<u64, Batch>,
    next: u64,
    records: u64,
    /// The failure of the earliest block.
    failed: Option<(u64, LineError)>,
}

impl InOrder<'_> {
    /// Takes a parsed block; `false` once something has failed.
    fn put(&mut self, sequence: u64, outcome: Result<Batch, LineError>) -> bool {
        match outcome {
            Ok(batch) => {
                self.waiting.insert(sequence, batch);
            }
            Err(error) => self.fail(sequence, error),
        }
        while let Some(batch) = self.waiting.remove(&self.next) {
            self.records += batch.records as u64;
            if let Err(fault) = self.ingest.append(batch) {
                self.fail(self.next, LineError::Record { line: 0, fault });
            }
            self.next += 1;
        }
        self.failed.is_none()
    }

    fn fail(&mut self, sequence: u64, error: LineError) {
        if self.failed.as_ref().is_none_or(|(earliest, _)| sequence < *earliest) {
            self.failed = Some((sequence, error));
        }
    }
}
