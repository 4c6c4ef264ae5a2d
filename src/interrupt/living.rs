//! The lock of a folder that is being written. The system drops it with the process that holds it, however that ends, so a
//! folder without a held lock was left by a process that was killed.
//!
//! The lock is a file beside the folder, `<folder>.lock`: it exists before the folder does, and until the folder is gone or has its
//! final name. Left out: file systems without locks, where no folder is ever taken for a dead one.

use crate::files;
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How the names of unfinished folders begin.
pub(super) const PREFIX: &str = ".unfinished-";
const SUFFIX: &str = ".lock";
/// What the file says to people.
const TEXT: &[u8] = b"g-gremlin is writing the folder beside this file.\n";

/// The lock, held until it is dropped; then its file is gone too.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes a new lock in `parent`.
    pub(super) fn take(parent: &Path) -> io::Result<Self> {
        // A few tries: a process that tidies up may take the file for a dead one before it is locked.
        for _ in 0..8 {
            let made = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(parent)?;
            let (mut file, path) = made.keep().map_err(|error| error.error)?;
            // Where files cannot be locked at all, no process takes the folder for a dead one.
            if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
                continue;
            }
            file.write_all(TEXT)?;
            let lock = Self { path, _file: file };
            if lock.path.symlink_metadata().is_ok() {
                return Ok(lock);
            }
        }
        Err(io::Error::other("the lock of a new folder was taken away again and again"))
    }

    /// The name of the folder that this is the lock of.
    pub(super) fn folder(&self) -> PathBuf {
        self.path.with_extension("")
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // One that cannot be removed now is removed by the next audit.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The lock file of a folder.
pub(super) fn lock_of(folder: &Path) -> PathBuf {
    let mut path = folder.as_os_str().to_owned();
    path.push(SUFFIX);
    path.into()
}

/// Removes the unfinished folders in `parent` whose process no longer lives, and their locks. What is locked stays, and so does what
/// cannot be removed: another audit may do it.
///
/// `all`: folders without a lock file are removed as well. Only for a place where nothing else may use such names.
pub(super) fn remove_dead(parent: &Path, all: bool) {
    let names = std::fs::read_dir(parent).into_iter().flatten().filter_map(Result::ok);
    for entry in names.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let (path, name) = (entry.path(), entry.file_name());
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            let lock = lock_of(&path);
            match held_now(&lock) {
                Some(held) => remove(&path, Some((&lock, held))),
                None if all && lock.symlink_metadata().is_err() => remove(&path, None),
                None => {}
            }
        } else if kind.is_file() && name.to_string_lossy().ends_with(SUFFIX) && !path.with_extension("").exists() {
            // Killed before its folder was made, or after that had its final name.
            if let Some(held) = held_now(&path) {
                let _ = std::fs::remove_file(&path);
                drop(held);
            }
        }
    }
}

/// The lock of a dead process, taken over. `None`: there is none, it is held, or nobody can say.
fn held_now(lock: &Path) -> Option<File> {
    let file = files::open(lock).ok()?;
    file.try_lock().is_ok().then_some(file)
}

fn remove(folder: &Path, lock: Option<(&Path, File)>) {
    if std::fs::remove_dir_all(folder).is_ok()
        && let Some((path, held)) = lock
    {
        let _ = std::fs::remove_file(path);
        drop(held);
    }
}
