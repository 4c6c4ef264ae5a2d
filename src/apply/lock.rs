//! One apply at a time: a lock on this machine for each Zendesk. The operating system releases it when the process ends, for
//! whatever reason.
//!
//! On Unix the lock is in `/tmp`, whatever `TMPDIR` says, so that processes with different environments see each other.
//! Left out: applies on other machines. In a workflow, the concurrency group separates them.

use crate::digest::{Digest, Hasher, hex};
use crate::files;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The folder that all processes of a Unix machine share.
const SHARED: &str = "/tmp";

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum NoLock {
    #[error("another process holds it")]
    Held,
    /// The lock file exists and cannot be opened, so it is not known whether it is held.
    #[error("the lock file {} cannot be opened: {error}", path.display())]
    Closed { path: PathBuf, error: io::Error },
    #[error("{0}")]
    Disk(#[from] io::Error),
}

impl Lock {
    /// Acquires the lock for a Zendesk, `scheme://host[:port]`.
    pub fn take(zendesk: &str) -> Result<Self, NoLock> {
        let shared = Path::new(SHARED);
        if cfg!(unix) && shared.is_dir() {
            match Self::take_in(shared, zendesk) {
                // Nothing is there, and nothing can be made there: the lock of this environment is better than none.
                Err(NoLock::Disk(_)) => {}
                taken => return taken,
            }
        }
        Self::take_in(&std::env::temp_dir(), zendesk)
    }

    fn take_in(folder: &Path, zendesk: &str) -> Result<Self, NoLock> {
        let path = path(folder, zendesk);
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(NoLock::Held),
            Err(TryLockError::Error(error)) => Err(NoLock::Closed { path, error }),
        }
    }
}

/// Opens the lock file, or creates it. [`NoLock::Disk`]: it does not exist and cannot be created.
fn open(path: &Path) -> Result<File, NoLock> {
    // Another user of this machine may have made the file: reading is enough to lock it, and Linux refuses to open it in a
    // sticky folder when it might have to be made (`fs.protected_regular`).
    let existing = || files::open(path);
    let closed = |error| NoLock::Closed { path: path.to_owned(), error };
    match existing() {
        Ok(file) => return Ok(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(closed(error)),
    }
    match OpenOptions::new().read(true).write(true).create_new(true).open(path) {
        Ok(file) => {
            // Others may have to lock it, whatever the mask of this process is.
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
            }
            Ok(file)
        }
        // Somebody was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => existing().map_err(closed),
        Err(error) => Err(NoLock::Disk(error)),
    }
}

/// The file is left where it is: removing it would let a third process lock another file of the same name.
fn path(folder: &Path, zendesk: &str) -> PathBuf {
    let name = hex(&Hasher::digest(zendesk)[..8]);
    folder.join(format!("g-gremlin-apply-{name}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zendesk_is_locked_once_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let take = |zendesk: &str| Lock::take_in(folder.path(), zendesk);
        let zendesk = "https://acme.zendesk.example";
        let first = take(zendesk).expect("free");
        assert!(matches!(take(zendesk), Err(NoLock::Held)));
        assert!(take("https://another.zendesk.example").is_ok());
        drop(first);
        assert!(take(zendesk).is_ok());
    }

    #[test]
    fn a_lock_file_that_cannot_be_opened_is_no_free_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let zendesk = "https://acme.zendesk.example";
        // A name that leads to itself cannot be opened, by nobody: not even by root.
        let path = path(folder.path(), zendesk);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&path, &path).expect("made");
            assert!(matches!(Lock::take_in(folder.path(), zendesk), Err(NoLock::Closed { .. })));
            std::fs::remove_file(&path).expect("removed");
        }
        assert!(Lock::take_in(folder.path(), zendesk).is_ok() && path.is_file());
        let nowhere = folder.path().join("nowhere");
        assert!(matches!(Lock::take_in(&nowhere, zendesk), Err(NoLock::Disk(_))));
    }

    #[cfg(unix)]
    #[test]
    fn whoever_makes_the_lock_file_lets_others_lock_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let zendesk = "https://acme.zendesk.example";
        drop(Lock::take_in(folder.path(), zendesk).expect("free"));
        let file = path(folder.path(), zendesk);
        assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o644);
        // One that may only be read is locked as well.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).expect("set");
        assert!(Lock::take_in(folder.path(), zendesk).is_ok());
    }
}
