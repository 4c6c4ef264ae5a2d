//! Writes the journal of an apply: each line is on disk before the next step, and disk space is reserved for the lines that must
//! follow a write.
//!
//! Left out: what the lines are (`run::artifacts::journal`).

use super::select::ActionChoice;
use crate::clock;
use crate::files;
use crate::run::artifacts::apply_receipt::{ActionResult, Outcome};
use crate::run::artifacts::journal::{Begin, FILE_NAME, JournalEntry, RESERVE};
use crate::run::create::sync_folder;
use crate::run::plan_file::PlanFile;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    file: File,
    reserve: Option<PathBuf>,
}

impl Journal {
    /// Starts the journal of a run folder.
    pub fn create(folder: &Path, begin: Begin) -> io::Result<Self> {
        let file = File::create_new(folder.join(FILE_NAME))?;
        let mut journal = Self { file, reserve: None };
        journal.append(&JournalEntry::Begin(begin))?;
        sync_folder(folder)?;
        Ok(journal)
    }

    /// Continues a journal that was left open. Cuts off an unfinished last line; what it would have said is found by
    /// reading Zendesk.
    pub fn reopen(folder: &Path) -> io::Result<Self> {
        drop(files::open(&folder.join(FILE_NAME))?);
        let mut file = OpenOptions::new().read(true).write(true).open(folder.join(FILE_NAME))?;
        // Its run had no time to do so.
        let _ = std::fs::remove_file(folder.join(RESERVE));
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file, reserve: None })
    }

    /// Reserves this number of bytes for lines that are still to be written.
    pub fn reserve(&mut self, folder: &Path, bytes: u64) -> io::Result<()> {
        let path = folder.join(RESERVE);
        let mut file = File::create(&path)?;
        self.reserve = Some(path);
        // Written, not only sized: a hole has no room behind it.
        io::copy(&mut io::repeat(b'\n').take(bytes), &mut file)?;
        file.sync_all()
    }

    /// Releases the reserved space.
    pub fn release(&mut self) {
        if let Some(path) = self.reserve.take() {
            // A folder with a left-over file in it is no harm.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Appends a line that needed no request. It reaches the disk with the next [`Self::append`].
    pub fn note(&mut self, entry: &JournalEntry) -> io::Result<()> {
        self.write(entry, |_| Ok(()))
    }

    /// Appends a line and waits until it is on disk.
    pub fn append(&mut self, entry: &JournalEntry) -> io::Result<()> {
        self.write(entry, File::sync_data)
    }

    fn write(&mut self, entry: &JournalEntry, sync: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let end = self.file.stream_position()?;
        let written = self.file.write_all(&line).and_then(|()| sync(&self.file));
        if written.is_err() {
            // Half a line would hide the next one.
            self.file.set_len(end)?;
            self.file.seek(SeekFrom::Start(end))?;
        }
        written
    }

    /// Appends the result of a write that was sent. If the disk is full, the reserved space is used, and the error is
    /// returned after the result is safe: nothing more may be written.
    pub fn append_result(&mut self, result: &ActionResult) -> io::Result<()> {
        let entry = JournalEntry::Result(result.clone());
        let Err(full) = self.append(&entry) else { return Ok(()) };
        self.release();
        self.append(&entry)?;
        Err(full)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.release();
    }
}

/// The most bytes that the results of these actions can need in the journal, the receipt and the audit's copy together.
///
/// Lists of domains grow by less than half when they are indented.
pub fn room(plan: &PlanFile, choices: &[ActionChoice]) -> u64 {
    fn length(value: &impl Serialize) -> u64 {
        // What cannot be written takes no room.
        serde_json::to_vec(value).map_or(0, |bytes| bytes.len() as u64)
    }
    let mut room = (1 << 16) + 6 * length(&plan.blocked);
    for (action, choice) in plan.actions.iter().zip(choices) {
        room += (1 << 10) + 7 * length(&ActionResult::new(action, Outcome::Failed, None, clock::now()));
        if let ActionChoice::Selected(seen) = choice {
            // `before` and `after`, each once in the journal and indented in three receipts, and `before` of the intention.
            room += (1 << 12) + 15 * length(&seen.state(action));
        }
    }
    room
}
