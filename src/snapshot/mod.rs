//! Snapshots: what was read from Zendesk, in a folder, so that an audit can be repeated without a network.
//!
//! Two kinds of folder are read. Our own holds compressed NDJSON with only what the rules need (of an address its domain,
//! no names of users, no subjects) and a manifest that vouches for every byte. A plain one holds NDJSON files with
//! Zendesk's field names, as other tools export them, and no manifest.

pub mod demo;
#[cfg(feature = "proofs")]
pub(crate) mod doors;
pub mod lines;
mod manifest;
mod save;

pub use manifest::{Kept, Provenance};
pub use save::{check_target, save};

use crate::digest::{Digest, Digesting, Hasher, hex, sha256};
use crate::files::{self, without_bom};
use crate::ingest::{Fault, Filter, Ingest};
use crate::model::domains::DomainTable;
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::model::warning::Warning;
use crate::model::world::World;
use crate::parallel;
use crate::text::audience::{self, Audience, Message};
use lines::{LineError, read_records};
use manifest::Manifest;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The file that holds the reference by which a snapshot was judged (rules 11).
pub const REFERENCE: &str = "reference.csv";
/// The file in which a plain folder may tell the account settings.
const SETTINGS: &str = "account_settings.json";
/// Neither a manifest nor the account settings are longer.
const LONGEST_JSON: usize = 16 << 20;

/// Why a snapshot cannot be used. Texts name the file, not its folder.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("{0} is missing")]
    Absent(String),
    #[error("{file}: {error}")]
    Io { file: String, error: io::Error },
    #[error("{file}, line {line}: {fault}")]
    Record { file: String, line: u64, fault: Fault },
    #[error("{file}, line {line}: the text is not UTF-8")]
    NotUtf8 { file: String, line: u64 },
    #[error("{file}, line {line}: the line is longer than 16 MiB")]
    TooLong { file: String, line: u64 },
    #[error("{file}: no record has the key `{key}`, so nothing can be checked; export the records with this field")]
    KeyAbsent { file: String, key: &'static str },
    #[error("{0}")]
    Manifest(String),
    #[error("{file} is damaged: {how}")]
    Damaged { file: String, how: String },
}

impl From<&SnapshotError> for Message {
    fn from(error: &SnapshotError) -> Self {
        match error {
            SnapshotError::Absent(_)
            | SnapshotError::NotUtf8 { .. }
            | SnapshotError::TooLong { .. }
            | SnapshotError::KeyAbsent { .. } => audience::Message::public(error.to_string()),
            SnapshotError::Io { file, error: cause } => {
                let public = Self::from(cause).to(Audience::Public).map(str::to_owned).unwrap_or_default();
                Self::with_public(error.to_string(), format!("{file}: {public}"))
            }
            SnapshotError::Record { file, line, .. } => {
                Self::with_public(error.to_string(), format!("{file}, line {line}: the record cannot be read"))
            }
            SnapshotError::Manifest(_) => Self::with_public(error.to_string(), "its manifest cannot be used"),
            SnapshotError::Damaged { file, .. } => Self::with_public(error.to_string(), format!("{file} is damaged")),
        }
    }
}

impl SnapshotError {
    /// Whether the records themselves cannot be read, rather than the snapshot being unfit.
    pub fn is_read_error(&self) -> bool {
        match self {
            Self::Record { fault, .. } => matches!(fault, Fault::IdTooLarge(_)),
            // What is not a file, or too long, is the wrong input; the rest are failures of the disk.
            Self::Io { error, .. } => !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData),
            _ => false,
        }
    }
}

/// A folder that was looked into, not yet read.
#[derive(Debug)]
pub struct Snapshot {
    files: Files,
    manifest_sha256: Option<String>,
    /// What is being read already.
    ahead: Mutex<Option<JoinHandle<Ahead>>>,
}

/// What its files are, and what they should be.
#[derive(Debug, Clone)]
struct Files {
    folder: PathBuf,
    manifest: Option<Manifest>,
}

/// What was read ahead, and of each kind the digest of its file.
type Ahead = (Ingest, BTreeMap<Kind, Result<String, SnapshotError>>);

/// What a snapshot gave.
#[derive(Debug)]
pub struct Loaded {
    pub world: World,
    /// SHA-256 of each file that was read.
    pub digests: BTreeMap<String, String>,
}

/// A kept reference: the bytes of its CSV, and the warnings of its first reading that the copy cannot give again.
pub type KeptReference = (Vec<u8>, Vec<Warning>);

impl Snapshot {
    /// Looks into a folder: reads its manifest, or makes sure that the plain files are there.
    pub fn open(folder: &Path) -> Result<Self, SnapshotError> {
        if !folder.is_dir() {
            return Err(SnapshotError::Absent("the folder".to_owned()));
        }
        let folder = folder.to_owned();
        match files::read(&folder.join(manifest::NAME), LONGEST_JSON) {
            Ok(bytes) => {
                let manifest = Manifest::parse(&bytes).map_err(SnapshotError::Manifest)?;
                Ok(Self::of(Files { folder, manifest: Some(manifest) }, Some(sha256(&bytes))))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(kind) = Kind::ALL.into_iter().find(|kind| !folder.join(plain_name(*kind)).is_file()) {
                    return Err(SnapshotError::Absent(plain_name(kind)));
                }
                Ok(Self::of(Files { folder, manifest: None }, None))
            }
            Err(error) => Err(SnapshotError::Io { file: manifest::NAME.to_owned(), error }),
        }
    }

    fn of(files: Files, manifest_sha256: Option<String>) -> Self {
        Self { files, manifest_sha256, ahead: Mutex::default() }
    }

    /// When it was taken; `None` without a manifest.
    pub fn as_of(&self) -> Option<Instant> {
        self.files.manifest.as_ref().map(|manifest| manifest.as_of)
    }

    /// The Zendesk that it was taken from; `None` without a manifest.
    pub fn zendesk(&self) -> Option<&str> {
        self.files.manifest.as_ref().map(|manifest| manifest.zendesk.as_str())
    }

    /// Where its tickets came from, when known.
    pub fn ticket_source(&self) -> Option<&str> {
        self.files.manifest.as_ref().and_then(|manifest| manifest.ticket_source.as_deref())
    }

    /// Whether tickets were read when it was taken. A plain folder has them.
    pub fn has_tickets(&self) -> bool {
        self.files.manifest.as_ref().is_none_or(|manifest| manifest.ticket_source.is_some())
    }

    /// The first moment that its tickets cover; `None` without a manifest.
    pub fn tickets_from(&self) -> Option<Instant> {
        self.files.manifest.as_ref().map(|manifest| manifest.tickets_from)
    }

    /// The reference by which it was judged, and those warnings of its first reading that cannot be computed anew; `None` for a
    /// snapshot that holds none. Errors: the file cannot be read, or is not the one of the manifest.
    pub fn reference(&self) -> Option<Result<KeptReference, SnapshotError>> {
        let Files { folder, manifest } = &self.files;
        let manifest = manifest.as_ref().filter(|manifest| manifest.has_reference())?;
        let read = || {
            let io_error = |error| SnapshotError::Io { file: REFERENCE.to_owned(), error };
            let bytes = files::read_lines(&folder.join(REFERENCE)).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => SnapshotError::Absent(REFERENCE.to_owned()),
                _ => io_error(error),
            })?;
            manifest
                .check(REFERENCE, &sha256(&bytes), None)
                .map_err(|how| SnapshotError::Damaged { file: REFERENCE.to_owned(), how })?;
            Ok((bytes, manifest.reference_warnings.clone()))
        };
        Some(read())
    }

    /// Begins to read what needs no other data, while the caller does something else.
    pub fn read_ahead(&self) {
        if parallel::threads() == 1 {
            return;
        }
        let files = self.files.clone();
        let read = std::thread::spawn(move || {
            let mut ingest = Ingest::new(DomainTable::default());
            let mut read = |kind| (kind, files.read(kind, Instant::MIN, &mut ingest));
            let digests = BTreeMap::from([read(Kind::Organizations), read(Kind::Memberships)]);
            ingest.seal(Kind::Memberships);
            (ingest, digests)
        });
        *self.lock_ahead() = Some(read);
    }

    fn lock_ahead(&self) -> MutexGuard<'_, Option<JoinHandle<Ahead>>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads it all; tickets from before `tickets_from` are dropped as they are read, and with `None` none are read.
    pub fn read(&self, domains: DomainTable, tickets_from: Option<Instant>) -> Result<Loaded, SnapshotError> {
        let mut ingest = Ingest::new(domains);
        let mut digests = BTreeMap::new();
        let mut done = BTreeMap::new();
        if let Some(ahead) = self.lock_ahead().take() {
            let (read, outcomes) = ahead.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            ingest.take(read);
            done = outcomes;
        }
        // Whatever was read first, errors come in the order of the kinds.
        let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Tickets || tickets_from.is_some());
        let tickets_from = tickets_from.unwrap_or(Instant::MIN);
        for kind in kinds {
            let sha256 = done.remove(&kind).unwrap_or_else(|| self.files.read(kind, tickets_from, &mut ingest))?;
            let file = self.files.name(kind);
            if let Some(key) = ingest.absent_key(kind) {
                return Err(SnapshotError::KeyAbsent { file, key });
            }
            digests.insert(file, sha256);
            ingest.seal(kind);
        }
        let multiple_organizations = match &self.files.manifest {
            Some(manifest) => manifest.multiple_organizations,
            None => plain_settings(&self.files.folder, &mut digests)?,
        };
        digests.extend(self.manifest_sha256.iter().map(|sha256| (manifest::NAME.to_owned(), sha256.clone())));
        Ok(Loaded { world: ingest.finish(multiple_organizations), digests })
    }
}

impl Files {
    fn name(&self, kind: Kind) -> String {
        if self.manifest.is_some() { manifest::name(kind) } else { plain_name(kind) }
    }

    /// Reads one kind, without sealing it. Gives the SHA-256 of the file.
    fn read(&self, kind: Kind, tickets_from: Instant, ingest: &mut Ingest) -> Result<String, SnapshotError> {
        let filter = Filter { tickets_from, live: false };
        let name = self.name(kind);
        let file = open(&self.folder, &name)?;
        let Some(manifest) = &self.manifest else {
            let mut digest = Hasher::new();
            read_records(file, kind, filter, ingest, Some(&mut digest)).map_err(|error| line_error(&name, error))?;
            return Ok(hex(&digest.finalize()));
        };
        let mut reader = Digesting::new(file);
        let read = decoder(&mut reader)
            .map_err(LineError::Io)
            .and_then(|decoder| read_records(decoder, kind, filter, ingest, None));
        // A file that breaks off in the middle still has a digest, which tells damage from anything else.
        let rest = io::copy(&mut reader, &mut io::sink());
        let sha256 = reader.finish().1;
        manifest
            .check(&name, &sha256, read.as_ref().ok().copied())
            .map_err(|how| SnapshotError::Damaged { file: name.clone(), how })?;
        read.and_then(|_| rest.map_err(LineError::Io)).map_err(|error| match error {
            // The disk numbers its failures; this one is of the data.
            LineError::Io(error) if error.raw_os_error().is_none() => {
                SnapshotError::Damaged { file: name.clone(), how: "its compressed data cannot be read".to_owned() }
            }
            error => line_error(&name, error),
        })?;
        Ok(sha256)
    }
}

/// A decoder that needs no more memory than our own files do, whatever a file asks for.
fn decoder<R: io::Read>(reader: R) -> io::Result<zstd::Decoder<'static, io::BufReader<R>>> {
    const LARGEST_WINDOW_LOG: u32 = 24;
    let mut decoder = zstd::Decoder::new(reader)?;
    decoder.window_log_max(LARGEST_WINDOW_LOG)?;
    Ok(decoder)
}

/// The name of the plain file of a kind.
fn plain_name(kind: Kind) -> String {
    format!("{}.ndjson", kind.as_str())
}

fn open(folder: &Path, name: &str) -> Result<File, SnapshotError> {
    files::open(&folder.join(name)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SnapshotError::Absent(name.to_owned()),
        _ => SnapshotError::Io { file: name.to_owned(), error },
    })
}

fn line_error(file: &str, error: LineError) -> SnapshotError {
    let file = file.to_owned();
    match error {
        LineError::Io(error) => SnapshotError::Io { file, error },
        LineError::NotUtf8 { line } => SnapshotError::NotUtf8 { file, line },
        LineError::TooLong { line } => SnapshotError::TooLong { file, line },
        LineError::Record { line, fault } => SnapshotError::Record { file, line, fault },
    }
}

/// The setting of a plain folder; `None` when it does not say.
fn plain_settings(folder: &Path, digests: &mut BTreeMap<String, String>) -> Result<Option<bool>, SnapshotError> {
    let bytes = match files::read(&folder.join(SETTINGS), LONGEST_JSON) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SnapshotError::Io { file: SETTINGS.to_owned(), error }),
    };
    digests.insert(SETTINGS.to_owned(), sha256(&bytes));
    multiple_organizations(&bytes).map_err(|how| SnapshotError::Damaged { file: SETTINGS.to_owned(), how })
}

/// Reads `settings.user.multiple_organizations` from the API's answer; `None` when it is not in it.
/// Source: <https://developer.zendesk.com/api-reference/ticketing/account-configuration/account_settings/>
pub fn multiple_organizations(bytes: &[u8]) -> Result<Option<bool>, String> {
    #[derive(Deserialize)]
    struct Answer {
        settings: Option<Settings>,
    }
    #[derive(Deserialize)]
    struct Settings {
        user: Option<User>,
    }
    #[derive(Deserialize)]
    struct User {
        multiple_organizations: Option<bool>,
    }
    let answer: Answer = serde_json::from_slice(without_bom(bytes))
        .map_err(|error| format!("it is not the JSON of the account settings (line {})", error.line()))?;
    Ok(answer.settings.and_then(|settings| settings.user).and_then(|user| user.multiple_organizations))
}
