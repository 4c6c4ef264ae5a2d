//! Run folders: made whole or not at all, every file digested as it is written (rules 9).

use crate::digest::Digesting;
use crate::interrupt::Unfinished;
use crate::model::time::Instant;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How the names of files that are being written begin.
const UNFINISHED: &str = ".unfinished-";

/// The output root, known to be writable.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
}

impl Root {
    /// Makes the root if need be, and makes sure that a run folder can be written into it.
    pub fn prepare(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        drop(Unfinished::create(path)?);
        Ok(Self { path: path.to_owned() })
    }

    /// Removes what killed processes left unfinished; folders of processes that live stay.
    pub fn tidy(&self) {
        Unfinished::remove_dead_of_root(&self.path);
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a run folder by `write`, which is told the run id, and gives it its name when it is complete.
    ///
    /// The id is `<time>_<kind>`; where that is taken, `_2`, `_3`, … is appended, and `write` is called again when another
    /// run takes the name in the meantime. A folder `beside` it, already filled, gets its name at the same moment: there are
    /// both, or neither. The result is the id, the folder, and what `write` returned.
    pub fn publish<T>(
        &self,
        time: Instant,
        kind: &str,
        mut beside: Option<(Folder, &Path)>,
        mut write: impl FnMut(&str, &Folder) -> io::Result<T>,
    ) -> io::Result<(String, PathBuf, T)> {
        for run_id in run_ids(time, kind) {
            let name = self.path.join(&run_id);
            if name.symlink_metadata().is_ok() {
                continue;
            }
            let mut folder = Folder::create(&self.path)?;
            let written = write(&run_id, &folder)?;
            let beside = beside.as_mut().map(|(folder, name)| (folder, *name));
            match Folder::finish(std::iter::once((&mut folder, &*name)).chain(beside)) {
                Ok(()) => return Ok((run_id, name, written)),
                Err(_) if name.symlink_metadata().is_ok() => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("no free name for the run"))
    }

    /// Makes a run folder that is filled while the run goes on; returns its id and where it is.
    pub fn begin(&self, time: Instant, kind: &str) -> io::Result<(String, PathBuf)> {
        for run_id in run_ids(time, kind) {
            let name = self.path.join(&run_id);
            match std::fs::create_dir(&name) {
                Ok(()) => {
                    sync_folder(&self.path)?;
                    return Ok((run_id, name));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("no free name for the run"))
    }
}

/// `<time>_<kind>`, and then `_2`, `_3`, … for the case that it is taken.
fn run_ids(time: Instant, kind: &str) -> impl Iterator<Item = String> {
    let base = format!("{}_{kind}", time.compact());
    std::iter::once(base.clone()).chain((2..).map(move |n: u32| format!("{base}_{n}")))
}

/// Removes what a killed process has left of files that it was writing into a folder. For whoever may write there alone.
pub fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) && entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Puts a file in place of another, or where there was none: whole, or not at all.
pub fn replace_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    // The others are as readable as the process makes files; this one would be private.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let like = path.metadata().map_or(0o644, |metadata| metadata.permissions().mode());
        file.as_file().set_permissions(std::fs::Permissions::from_mode(like))?;
    }
    {
        let mut out = BufWriter::with_capacity(1 << 16, file.as_file_mut());
        write(&mut out)?;
        out.flush()?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// A folder that is being written.
#[derive(Debug)]
pub struct Folder {
    unfinished: Unfinished,
    files: Mutex<BTreeMap<String, String>>,
    /// A thread for each file that was written, waiting for the disk while others are written.
    syncing: Mutex<Vec<JoinHandle<io::Result<()>>>>,
}

impl Folder {
    /// A folder inside `parent` that has no name yet.
    pub fn create(parent: &Path) -> io::Result<Self> {
        Ok(Self { unfinished: Unfinished::create(parent)?, files: Mutex::default(), syncing: Mutex::default() })
    }

    /// Writes one file by `write` and remembers its digest; returns what `write` does. Files may be written side by side; all are on the disk once
    /// the folder is finished.
    pub fn file<T>(&self, name: &str, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
        let file = self.unfinished.create_file(name)?;
        let mut out = BufWriter::with_capacity(1 << 16, Digesting::new(file));
        let written = write(&mut out)?;
        let (file, sha256) = out.into_inner().map_err(io::IntoInnerError::into_error)?.finish();
        lock(&self.syncing).push(std::thread::spawn(move || file.sync_all()));
        lock(&self.files).insert(name.to_owned(), sha256);
        Ok(written)
    }

    /// The SHA-256 of each file so far, by name.
    pub fn digests(&self) -> BTreeMap<String, String> {
        lock(&self.files).clone()
    }

    /// Makes the files durable and gives the folders their names, all or none.
    pub fn finish<'a>(folders: impl Iterator<Item = (&'a mut Self, &'a Path)>) -> io::Result<()> {
        let mut named = Vec::new();
        for (folder, name) in folders {
            for syncing in std::mem::take(&mut *lock(&folder.syncing)) {
                syncing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            sync_folder(folder.unfinished.path())?;
            named.push((&mut folder.unfinished, name));
        }
        Unfinished::finish(&mut named)?;
        for (_, name) in named {
            sync_folder(name.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the names in a folder durable, where the system can.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_run_and_the_folder_beside_it_are_both_there_or_neither() {
        let parent = tempfile::tempdir().expect("a folder");
        let root = Root::prepare(&parent.path().join("root")).expect("a root");
        let name = parent.path().join("beside");
        let publish = |works: bool| {
            let beside = Folder::create(parent.path()).expect("a folder");
            beside.file("b", |out| out.write_all(b"b")).expect("written");
            let time = Instant::from_seconds(0);
            root.publish(time, "audit", Some((beside, &name)), |_, folder| {
                folder.file("a", |out| if works { out.write_all(b"a") } else { Err(io::Error::other("no")) })
            })
        };
        // Nothing is left of either when the run cannot be written, nor when the other name is taken.
        assert!(publish(false).is_err());
        std::fs::create_dir(&name).expect("made");
        std::fs::write(name.join("other"), "").expect("written");
        assert!(publish(true).is_err());
        assert_eq!((names(parent.path()), names(root.path())), (vec!["beside".into(), "root".into()], vec![]));
        assert_eq!(names(&name), ["other"]);
        std::fs::remove_dir_all(&name).expect("removed");

        let (run_id, run, ()) = publish(true).expect("published");
        assert_eq!(names(root.path()), [run_id]);
        assert_eq!((names(&run), names(&name)), (vec!["a".to_owned()], vec!["b".to_owned()]));
    }
}
