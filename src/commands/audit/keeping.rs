//! The pages of a live read, kept beside the runs so that an audit that was cut short can go on with `--resume` (rules 1).
//!
//! They are in a folder `.resume-*` under the root, which only this user may enter. It goes with the audit that is done, and with the
//! next audit once it is more than an hour old: so long cursors live, and nothing older is mixed with what is read now.

use super::super::source::AuditSource;
use super::inputs::Inputs;
use crate::clock;
use crate::console::Console;
use crate::exit::Failure;
use crate::interrupt::Unfinished;
use crate::model::time::Instant;
use crate::run::artifacts::TOOL_VERSION;
use crate::text::audience::Message;
use crate::text::words::counted;
use crate::zendesk::{About, PageLog};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PREFIX: &str = ".resume-";
/// How long pages may be gone on with, counted from the start of the read that brought them.
const LIFE: Duration = Duration::from_secs(60 * 60);
/// The file that is locked while a process uses the folder.
const LOCK: &str = "lock";

/// What a read keeps while it goes on. Dropped, it removes what is not worth keeping.
pub(super) struct Keeping {
    folder: Option<Unfinished>,
    pub log: PageLog,
    _lock: File,
}

impl Keeping {
    /// Removes folders that are too old, then starts keeping the pages of a live read, or continues with those of an interrupted one.
    /// `None` for a demo or a snapshot, and where no page can be kept, which is printed as a notice.
    pub(super) fn begin(console: &Console, inputs: &Inputs) -> Option<Self> {
        let AuditSource::Live { zendesk, .. } = &inputs.source else { return None };
        let about = about(zendesk, inputs);
        let root = inputs.root();
        let left = tidy(root, clock::now());
        let earlier = if inputs.options.resume { take_over(console, left, &about) } else { None };
        if earlier.is_some() {
            return earlier;
        }
        let stays_from = std::time::Instant::now() + Duration::from_secs(inputs.options.keep_pages_after);
        let begun = Unfinished::create_private(root, PREFIX, stays_from).and_then(|folder| {
            let lock = crate::zendesk::private_file(&folder.path().join(LOCK))?;
            lock.try_lock()?;
            let from = inputs.started_at.minus_days(about.lookback_days);
            let log = PageLog::begin(folder.path(), about, clock::now(), from);
            Ok(Self { folder: Some(folder), log, _lock: lock })
        });
        begun
            .map_err(|error| {
                console.notice(Message::from("pages cannot be kept for --resume").then(": ", &error.into()))
            })
            .ok()
    }

    /// Says after a failed read how to go on, if that is possible.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        if !self.is_worth_keeping() {
            return failure;
        }
        let until = self.log.began_at().plus_millis(LIFE.as_millis() as u64).rfc3339();
        let help = Message::public(format!(
            "{} are kept until {until}: run the same command with --resume to continue from them",
            counted(self.log.pages(), "page")
        ));
        let help = failure.next().map_or_else(|| help.clone(), |next| next.clone().then("\n", &help));
        failure.help(help)
    }

    /// The audit is done, and its pages are needed no more.
    pub(super) fn over(mut self) {
        if let Some(folder) = self.folder.take() {
            folder.remove();
        }
    }

    fn is_worth_keeping(&self) -> bool {
        self.log.is_useful() && self.folder.as_ref().is_some_and(Unfinished::stays)
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        if !self.is_worth_keeping()
            && let Some(folder) = self.folder.take()
        {
            folder.remove();
        }
    }
}

/// A folder that an earlier read has left, not older than an hour, and locked.
struct Left {
    path: PathBuf,
    about: About,
    began_at: Instant,
    lock: File,
}

/// Removes the folders of reads that cannot be continued, and returns the others. Leaves a folder that another process uses.
fn tidy(root: &Path, now: Instant) -> Vec<Left> {
    let mut left = Vec::new();
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let path = entry.path();
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(lock) = free(&path) else { continue };
        match (PageLog::look_into(&path), lock) {
            (Some((about, began_at)), Some(lock)) if is_alive(began_at, now) => {
                left.push(Left { path, about, began_at, lock });
            }
            // The next audit tries again.
            _ => drop(std::fs::remove_dir_all(path)),
        }
    }
    left
}

fn is_alive(began_at: Instant, now: Instant) -> bool {
    let age = now.seconds().saturating_sub(began_at.seconds());
    u64::try_from(age).is_ok_and(|age| age < LIFE.as_secs())
}

/// The lock of a folder; `None` where it has none. Errors: another process holds it, or it cannot be opened.
fn free(folder: &Path) -> io::Result<Option<File>> {
    match crate::files::open(&folder.join(LOCK)) {
        Ok(file) => Ok(file.try_lock().map(|()| Some(file))?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Goes on with the newest pages of the same target and settings, and says what they are; or says why not.
fn take_over(console: &Console, left: Vec<Left>, about: &About) -> Option<Keeping> {
    let afresh = |why: Message| console.notice(why.then("; ", &"everything is read again".into()));
    let others = left.len();
    let same = left.into_iter().filter(|left| left.about == *about).max_by_key(|left| left.began_at);
    let Some(Left { path, lock, .. }) = same else {
        afresh(match others {
            0 => "there are no pages from the last hour".into(),
            _ => "the saved pages are from another Zendesk, other settings or another version".into(),
        });
        return None;
    };
    match PageLog::open(&path) {
        Ok(log) => {
            let (pages, began_at) = (log.said(), log.began_at().rfc3339());
            let pages = if pages.is_empty() { "no page".to_owned() } else { pages };
            console.notice(Message::public(format!("continuing the read that began at {began_at}, which has {pages}")));
            let folder = Some(Unfinished::take_over(&path));
            Some(Keeping { folder, log, _lock: lock })
        }
        Err(error) => {
            afresh(Message::public(format!("the saved pages cannot be used ({error})")));
            // What is damaged does not mend.
            drop(std::fs::remove_dir_all(path));
            None
        }
    }
}

/// What a read with these inputs must have in common with another.
fn about(zendesk: &str, inputs: &Inputs) -> About {
    let config = &inputs.config;
    About {
        tool_version: TOOL_VERSION.to_owned(),
        zendesk: zendesk.to_owned(),
        lookback_days: config.settings.lookback_days,
        tickets: config.settings.tickets_enabled,
        allow_list: config.allow_ticket_list,
        as_of: inputs.options.source.as_of.map(Instant::rfc3339),
    }
}
