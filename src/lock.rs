//! One apply at a time: a lock of this machine for each Zendesk. The system drops it with the process that holds it, however
//! that ends.
//!
//! Left out: applies on other machines. A workflow keeps those apart by its concurrency group.

use crate::artifacts::plan::hex;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock for a Zendesk, `scheme://host[:port]`. `Ok(None)`: another process holds it.
    pub fn take(zendesk: &str) -> io::Result<Option<Self>> {
        let path = path(zendesk);
        // Another user of this machine may have made the file; reading is enough to lock it.
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?
            }
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The file is left where it is: removing it would let a third process lock another file of the same name.
fn path(zendesk: &str) -> PathBuf {
    let name = hex(&Sha256::digest(zendesk)[..8]);
    std::env::temp_dir().join(format!("g-gremlin-apply-{name}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zendesk_is_locked_once_at_a_time() {
        let zendesk = format!("https://lock-test-{}.zendesk.example", std::process::id());
        let first = Lock::take(&zendesk).expect("a file").expect("free");
        assert!(Lock::take(&zendesk).expect("a file").is_none());
        assert!(Lock::take("https://another.zendesk.example").expect("a file").is_some());
        drop(first);
        assert!(Lock::take(&zendesk).expect("a file").is_some());
        let _ = std::fs::remove_file(path(&zendesk));
    }
}
