//! SIGINT and SIGTERM: what is half written is removed, and the program ends with 130.
//!
//! An apply defers that: it finishes the action in flight and ends by itself.

use crate::exit::Exit;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folders that are being written. Whoever creates or renames something in one holds the lock for that moment,
/// so that nothing appears in it while it is being removed.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder that disappears unless it is finished: dropped, or interrupted, it is removed.
#[derive(Debug)]
pub struct Unfinished {
    folder: Option<tempfile::TempDir>,
}

impl Unfinished {
    /// Makes a folder inside `parent`, with a name that no finished folder has.
    pub fn create(parent: &Path) -> std::io::Result<Self> {
        let mut unfinished = unfinished();
        let folder = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(parent)?;
        unfinished.push(folder.path().to_owned());
        Ok(Self { folder: Some(folder) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), tempfile::TempDir::path)
    }

    /// Creates a file in it.
    pub fn create_file(&self, name: &str) -> std::io::Result<std::fs::File> {
        let _guard = unfinished();
        std::fs::File::create_new(self.path().join(name))
    }

    /// Gives the folder its final name, at once. Fails when something is there already; the folder then stays unfinished.
    pub fn finish(&mut self, name: &Path) -> std::io::Result<()> {
        let mut unfinished = unfinished();
        std::fs::rename(self.path(), name)?;
        if let Some(folder) = self.folder.take() {
            unfinished.retain(|path| path != folder.path());
            // It no longer exists under its old name; there is nothing left to remove.
            let _renamed_away = folder.keep();
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.take() {
            let mut unfinished = unfinished();
            unfinished.retain(|path| path != folder.path());
            drop(folder);
        }
    }
}

/// Whether somebody ends by himself, and whether there was a signal since.
static DEFERRED: Mutex<Option<tokio::sync::watch::Sender<bool>>> = Mutex::new(None);

/// While it lives, a signal does not end the program but is told here.
#[derive(Debug)]
pub struct Deferred {
    signal: tokio::sync::watch::Receiver<bool>,
}

impl Deferred {
    /// From now on, signals are told here.
    pub fn begin() -> Self {
        let (sender, signal) = tokio::sync::watch::channel(false);
        *DEFERRED.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        Self { signal }
    }

    /// Whether there was a signal.
    pub fn is_signalled(&self) -> bool {
        *self.signal.borrow()
    }

    /// Waits for a signal; returns at once when there was one.
    pub async fn signalled(&self) {
        if self.signal.clone().wait_for(|signalled| *signalled).await.is_err() {
            // Nobody will ever tell.
            std::future::pending().await
        }
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        *DEFERRED.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Watches for SIGINT and SIGTERM in the background, from now on. Where signals cannot be watched, they end the program
/// as they always do.
pub fn watch() {
    std::thread::spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        while runtime.block_on(signalled()).is_ok() {
            if let Some(deferred) = &*DEFERRED.lock().unwrap_or_else(PoisonError::into_inner) {
                crate::console::finishing();
                // Whoever waits for it may have just ended.
                let _ = deferred.send(true);
                continue;
            }
            let unfinished = unfinished();
            for folder in unfinished.iter() {
                // Nothing better can be done with a folder that cannot be removed.
                let _ = std::fs::remove_dir_all(folder);
            }
            crate::console::interrupted();
            #[expect(clippy::exit, reason = "an interrupted program ends here, whatever else is going on")]
            std::process::exit(Exit::Interrupted.code().into());
        }
    });
}

#[cfg(unix)]
async fn signalled() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signalled() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
