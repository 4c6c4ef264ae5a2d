//! SIGINT, SIGTERM and SIGHUP: what is half written is removed, and the program ends with 130.
//!
//! An apply defers that: it finishes the action in flight and ends by itself.

mod living;

use crate::exit::Exit;
use living::Lock;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A folder that is being written, and from when on it stays although it is not finished; `None`: never.
type Entry = (PathBuf, Option<Instant>);

/// The folders that are being written. Whoever creates or renames something in one holds the lock for that moment,
/// so that nothing appears in it while it is being removed.
static UNFINISHED: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<Entry>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does this at a moment at which no signal removes a folder.
pub fn while_nothing_is_removed<T>(create: impl FnOnce() -> T) -> T {
    let _guard = unfinished();
    create()
}

/// A folder that disappears unless it is finished: dropped, or interrupted, it is removed.
#[derive(Debug)]
pub struct Unfinished {
    folder: Option<PathBuf>,
    stays_from: Option<Instant>,
    /// Held as long as the folder is there, and let go after it.
    lock: Option<Lock>,
}

impl Unfinished {
    /// Makes a folder inside `parent`, with a name that no finished folder has.
    pub fn create(parent: &Path) -> std::io::Result<Self> {
        let mut unfinished = unfinished();
        let lock = Lock::take(parent)?;
        let name = lock.folder();
        let name = name.file_name().unwrap_or_default();
        let folder = tempfile::Builder::new().prefix(name).rand_bytes(0).tempdir_in(parent)?.keep();
        unfinished.push((folder.clone(), None));
        Ok(Self { folder: Some(folder), stays_from: None, lock: Some(lock) })
    }

    /// Makes a folder inside `parent` whose name begins with `prefix`, which only this user may enter. From `stays_from` on it stays,
    /// interrupted or dropped. Locking it, and removing it after a kill, is up to the caller.
    pub fn create_private(parent: &Path, prefix: &str, stays_from: Instant) -> std::io::Result<Self> {
        let mut unfinished = unfinished();
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.prefix(prefix).tempdir_in(parent)?.keep();
        unfinished.push((folder.clone(), Some(stays_from)));
        Ok(Self { folder: Some(folder), stays_from: Some(stays_from), lock: None })
    }

    /// Takes over a folder that an earlier process has left. It stays unless it is removed.
    pub fn take_over(folder: &Path) -> Self {
        let stays_from = Some(Instant::now());
        unfinished().push((folder.to_owned(), stays_from));
        Self { folder: Some(folder.to_owned()), stays_from, lock: None }
    }

    /// Removes what killed processes left in an output root, which is ours alone. The folders of the living stay.
    pub fn remove_dead_of_root(root: &Path) {
        living::remove_dead(root, true);
    }

    /// Removes what killed processes left in a folder of the user's: only folders with a lock beside them.
    pub fn remove_dead_beside(parent: &Path) {
        living::remove_dead(parent, false);
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.as_deref().unwrap_or(Path::new(""))
    }

    /// Whether it stays, were it dropped now.
    pub fn stays(&self) -> bool {
        stays(self.stays_from)
    }

    /// Removes it, although it might stay.
    pub fn remove(mut self) {
        self.stays_from = None;
    }

    /// Creates a file in it.
    pub fn create_file(&self, name: &str) -> std::io::Result<std::fs::File> {
        while_nothing_is_removed(|| std::fs::File::create_new(self.path().join(name)))
    }

    /// Gives folders their final names, all or none, and no signal comes in between. Fails when something is there already; the
    /// folders then stay unfinished.
    pub fn finish(folders: &mut [(&mut Self, &Path)]) -> std::io::Result<()> {
        let mut unfinished = unfinished();
        for at in 0..folders.len() {
            let (folder, name) = &folders[at];
            if let Err(error) = std::fs::rename(folder.path(), name) {
                for (folder, name) in &folders[..at] {
                    // It was just the other way round.
                    let _ = std::fs::rename(name, folder.path());
                }
                return Err(error);
            }
        }
        for (folder, _) in folders {
            folder.lock = None;
            // It no longer exists under its old name; there is nothing left to remove.
            if let Some(folder) = folder.folder.take() {
                unfinished.retain(|(path, _)| *path != folder);
            }
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.take() {
            let mut unfinished = unfinished();
            unfinished.retain(|(path, _)| *path != folder);
            if !stays(self.stays_from) {
                // Nothing better can be done with a folder that cannot be removed.
                let _ = std::fs::remove_dir_all(folder);
            }
            self.lock = None;
        }
    }
}

fn stays(from: Option<Instant>) -> bool {
    from.is_some_and(|from| Instant::now() >= from)
}

/// What is still done when a signal ends the program.
static LAST: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// Does this, too, when a signal ends the program; the program then ends with 0, since that says how it ended.
pub fn say_at_the_end(last: impl FnOnce() + Send + 'static) {
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(last));
}

/// Whether somebody ends by himself, and how many signals there were since.
static DEFERRED: Mutex<Option<tokio::sync::watch::Sender<u32>>> = Mutex::new(None);

/// While it lives, a signal does not end the program but is told here.
#[derive(Debug)]
pub struct Deferred {
    signals: tokio::sync::watch::Receiver<u32>,
}

impl Deferred {
    /// From now on, signals are told here.
    pub fn begin() -> Self {
        let (sender, signals) = tokio::sync::watch::channel(0);
        *DEFERRED.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        Self { signals }
    }

    /// Whether there was a signal.
    pub fn is_signalled(&self) -> bool {
        *self.signals.borrow() > 0
    }

    /// Waits for a signal; returns at once when there was one.
    pub async fn signalled(&self) {
        self.wait_for(1).await;
    }

    /// Waits for a second signal: whoever sends it does not want to wait for anything any more.
    pub async fn insisted(&self) {
        self.wait_for(2).await;
    }

    async fn wait_for(&self, count: u32) {
        if self.signals.clone().wait_for(|signals| *signals >= count).await.is_err() {
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

/// Watches for SIGINT, SIGTERM and SIGHUP in the background, from now on. Where signals cannot be watched, they end the program
/// as they always do.
pub fn watch() {
    std::thread::spawn(|| {
        let Ok(runtime) = crate::parallel::runtime() else { return };
        let Ok(mut signals) = runtime.block_on(async { Signals::listen() }) else { return };
        while runtime.block_on(signals.next()) {
            if let Some(deferred) = &*DEFERRED.lock().unwrap_or_else(PoisonError::into_inner) {
                let count = deferred.borrow().saturating_add(1);
                crate::console::finishing(count > 1);
                // Whoever waits for it may have just ended.
                let _ = deferred.send(count);
                continue;
            }
            let unfinished = unfinished();
            let mut any_stays = false;
            for (folder, stays_from) in unfinished.iter() {
                if stays(*stays_from) {
                    any_stays = true;
                } else {
                    // Nothing better can be done with a folder that cannot be removed.
                    let _ = std::fs::remove_dir_all(folder);
                    let _ = std::fs::remove_file(living::lock_of(folder));
                }
            }
            // These are the last words: whoever else is about to say something waits for a turn that does not come.
            let _last_words = std::io::stderr().lock();
            crate::console::interrupted(any_stays);
            let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
            let code = last.map_or(Exit::Interrupted.code(), |last| {
                last();
                Exit::Done.code()
            });
            #[expect(clippy::exit, reason = "an interrupted program ends here, whatever else is going on")]
            std::process::exit(code.into());
        }
    });
}

/// The signals. They are listened to without a gap, so that none is lost between two.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    /// The terminal was closed, or the connection to it is gone. `None` under `nohup`.
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: if ignores_hang_up() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    /// Waits for the next one; `false` when there will be none.
    async fn next(&mut self) -> bool {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            signal = self.terminate.recv() => signal.is_some(),
            signal = self.interrupt.recv() => signal.is_some(),
            signal = hang_up => signal.is_some(),
        }
    }
}

/// Whether the program was started by `nohup`, which a handler would undo. Linux says which signals are ignored; elsewhere `nohup`
/// shows in that neither output is a terminal.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    use std::io::IsTerminal;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    match ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
        // SIGHUP is number 1, the lowest bit.
        Some(mask) => mask & 1 == 1,
        None => !std::io::stdout().is_terminal() && !std::io::stderr().is_terminal(),
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
