//! A finished run folder of an audit, read back: what `diff`, `report` and `audit --baseline` work with.
//!
//! Every file that is read here must have the digest that `receipt.json` states, so that a folder which was changed is an
//! error and never a different result. Whether its files agree with each other is `verify`'s question.

use crate::catalogue::IssueCode;
use crate::digest::sha256;
use crate::files;
use crate::model::accounts::{BaselineAccount, BaselineAccounts};
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::{self, ApplyReceipt};
use crate::run::artifacts::history::{self, History};
use crate::run::artifacts::receipt::{self, EarlierRun, Receipt};
use crate::run::artifacts::rows::{AccountRow, AdvisoryRow, IssueRow, TicketIssueRow};
use crate::run::artifacts::summary::{self, Summary};
use crate::run::artifacts::table::{self, TableRow};
use crate::run::plan_file::PlanFile;
use crate::text::audience::Message;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The run folder of an audit.
#[derive(Debug)]
pub struct RunFolder {
    pub path: PathBuf,
    pub receipt: Receipt,
    pub summary: Summary,
    pub plan: PlanFile,
    /// `all_exceptions.csv`, in its order.
    pub issues: Vec<IssueRow<'static>>,
    /// `ticket_issues.csv`, in its order.
    pub tickets: Vec<TicketIssueRow<'static>>,
    /// `accounts.csv`; `None` for a run of a version that did not write it.
    pub accounts: Option<Vec<AccountRow<'static>>>,
    /// `history.json`, likewise.
    pub history: Option<History>,
    /// `advisories.csv`; none where it was changed, since it is a view, and for a run of a version that did not write it.
    pub advisories: Vec<AdvisoryRow<'static>>,
    /// The files for people that were changed or removed.
    pub changed_views: Vec<&'static str>,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunFolderError {
    #[error("there is no such folder")]
    NoFolder,
    #[error("it is not a run folder of an audit: it has no {}", Artifact::Receipt.name())]
    NoRun,
    #[error("{file} cannot be read: {error}")]
    Unreadable { file: String, error: std::io::Error },
    #[error("{file} was changed: its SHA-256 is {is}, but {} says {stated}", Artifact::Receipt.name())]
    Changed { file: String, is: String, stated: String },
    #[error("{file} has the schema \"{is}\", but this program reads {known}")]
    UnknownSchema { file: String, is: String, known: &'static str },
    #[error("{file} is not what an audit writes: {what}")]
    Shape { file: String, what: String },
}

/// What the files hold is not for everybody; their names and digests are.
impl From<&RunFolderError> for Message {
    fn from(error: &RunFolderError) -> Self {
        match error {
            RunFolderError::NoFolder | RunFolderError::NoRun | RunFolderError::Changed { .. } => {
                Message::public(error.to_string())
            }
            RunFolderError::Unreadable { file, error } => {
                Message::public(format!("{file} cannot be read")).then(": ", &error.into())
            }
            RunFolderError::UnknownSchema { file, known, .. } => Self::with_public(
                error.to_string(),
                format!("{file} has a schema other than {known}, which this program reads"),
            ),
            RunFolderError::Shape { file, .. } => {
                Self::with_public(error.to_string(), format!("{file} is not what an audit writes"))
            }
        }
    }
}

/// A run folder whose receipt holds; each file is checked when it is read.
struct Checked<'a> {
    path: &'a Path,
    receipt: Receipt,
}

impl<'a> Checked<'a> {
    fn open(path: &'a Path) -> Result<Self, RunFolderError> {
        if !path.is_dir() {
            return Err(RunFolderError::NoFolder);
        }
        let receipt = match read_file(path, Artifact::Receipt) {
            Err(RunFolderError::Unreadable { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(RunFolderError::NoRun);
            }
            receipt => parse_receipt(&receipt?)?,
        };
        Ok(Self { path, receipt })
    }

    fn has(&self, artifact: Artifact) -> bool {
        self.receipt.files.contains_key(artifact.name())
    }

    /// The bytes of a file, which must have the digest that the receipt states.
    fn bytes(&self, artifact: Artifact) -> Result<Vec<u8>, RunFolderError> {
        let bytes = read_file(self.path, artifact)?;
        let file = artifact.name();
        let is = sha256(&bytes);
        match self.receipt.files.get(file) {
            Some(stated) if *stated == is => Ok(bytes),
            Some(stated) => Err(RunFolderError::Changed { file: file.to_owned(), is, stated: stated.clone() }),
            None => Err(shape(file, format!("{} does not name it", Artifact::Receipt.name()))),
        }
    }

    /// The rows of a table.
    fn rows<R: TableRow + DeserializeOwned>(&self) -> Result<Vec<R>, RunFolderError> {
        table::read(&self.bytes(R::FILE)?).map_err(|what| shape(R::FILE.name(), what))
    }

    /// The rows of a view, which people may change; then there are none.
    fn view<R: TableRow + DeserializeOwned>(&self) -> Result<Vec<R>, RunFolderError> {
        if self.has(R::FILE) && self.bytes(R::FILE).is_ok() { self.rows() } else { Ok(Vec::new()) }
    }

    fn summary(&self) -> Result<Summary, RunFolderError> {
        parse_summary(&self.bytes(Artifact::Summary)?)
    }

    /// `None` for a run of a version that did not write it.
    fn history(&self) -> Result<Option<History>, RunFolderError> {
        let has = self.has(Artifact::History);
        has.then(|| parse_history(&self.bytes(Artifact::History)?)).transpose()
    }

    fn came_back(&self) -> Result<Vec<CameBack>, RunFolderError> {
        #[derive(Deserialize)]
        struct Diff {
            came_back: Vec<CameBack>,
        }
        if !self.has(Artifact::Diff) {
            return Ok(Vec::new());
        }
        let diff: Diff = json(Artifact::Diff.name(), crate::run::artifacts::DIFF_SCHEMA, &self.bytes(Artifact::Diff)?)?;
        Ok(diff.came_back)
    }
}

fn read_file(folder: &Path, artifact: Artifact) -> Result<Vec<u8>, RunFolderError> {
    let file = artifact.name();
    files::read_lines(&folder.join(file)).map_err(|error| RunFolderError::Unreadable { file: file.to_owned(), error })
}

/// An issue that was found again, as `diff.json` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct CameBack {
    pub issue_id: String,
    pub issue_code: IssueCode,
    pub sf_account_id: Option<String>,
    pub account_name: Option<String>,
    pub detail: String,
}

/// What a run says of itself and of those before it.
#[derive(Debug)]
pub struct RunHistory {
    pub summary: Summary,
    pub history: Option<History>,
    pub came_back: Vec<CameBack>,
}

impl RunHistory {
    /// Reads it from a run folder.
    pub fn open(path: &Path) -> Result<Self, RunFolderError> {
        let folder = Checked::open(path)?;
        Ok(Self { summary: folder.summary()?, history: folder.history()?, came_back: folder.came_back()? })
    }
}

impl RunFolder {
    /// Reads a run folder.
    pub fn open(path: &Path) -> Result<Self, RunFolderError> {
        let folder = Checked::open(path)?;
        let file = Artifact::FixPlan.name();
        let plan = PlanFile::parse(&folder.bytes(Artifact::FixPlan)?).map_err(|error| shape(file, error))?;
        if plan.hash != plan.stated_hash || plan.hash != folder.receipt.plan_hash {
            return Err(shape(file, format!("its content has the hash {}", plan.hash)));
        }
        // It must be as it was written, although nothing of it is needed here.
        folder.came_back()?;
        let views = Artifact::ALL.into_iter().filter(|artifact| !artifact.is_data() && folder.has(*artifact));
        Ok(Self {
            path: path.to_owned(),
            summary: folder.summary()?,
            issues: folder.rows()?,
            tickets: folder.rows()?,
            accounts: folder.has(Artifact::Accounts).then(|| folder.rows()).transpose()?,
            history: folder.history()?,
            advisories: folder.view()?,
            changed_views: views.filter(|view| folder.bytes(*view).is_err()).map(Artifact::name).collect(),
            plan,
            receipt: folder.receipt,
        })
    }

    /// What is read of a baseline's accounts; `None` for a run that does not list them.
    pub fn baseline_accounts(&self) -> Option<BaselineAccounts> {
        let account = |row: &AccountRow<'_>| {
            let AccountRow { sf_account_id, account_key, account_name, .. } = row;
            let account = BaselineAccount {
                sf_account_id: sf_account_id.clone().into_owned(),
                account_name: account_name.clone().into_owned(),
            };
            (account_key.clone().into_owned(), account)
        };
        let accounts = self.accounts.as_ref()?.iter().map(account).collect();
        Some(BaselineAccounts { run_id: self.summary.run_id.clone(), accounts })
    }

    /// How the receipt of a later run names it.
    pub fn named(&self) -> EarlierRun {
        EarlierRun {
            run_id: self.receipt.run_id.clone(),
            plan_hash: self.plan.hash.clone(),
            receipt_sha256: self.receipt.receipt_sha256.clone(),
        }
    }

    /// Reads `apply_receipt.json`, which changes when the plan is applied, and so is digested by nothing.
    pub fn apply_receipt(&self) -> Result<ApplyReceipt, RunFolderError> {
        read_apply_receipt(&self.path.join(Artifact::ApplyReceipt.name()))
    }
}

/// Reads an `apply_receipt.json`, of an audit's folder or of an apply's.
pub fn read_apply_receipt(path: &Path) -> Result<ApplyReceipt, RunFolderError> {
    let file = Artifact::ApplyReceipt.name();
    let bytes = files::read_lines(path).map_err(|error| RunFolderError::Unreadable { file: file.to_owned(), error })?;
    json(file, apply_receipt::SCHEMA, &bytes)
}

/// Reads `receipt.json`, whose own digest must hold.
pub fn parse_receipt(bytes: &[u8]) -> Result<Receipt, RunFolderError> {
    let file = Artifact::Receipt.name();
    let receipt: Receipt = json(file, receipt::SCHEMA, bytes)?;
    match receipt::own_digest(bytes, &receipt.receipt_sha256) {
        Some(is) if is == receipt.receipt_sha256 => Ok(receipt),
        is => Err(RunFolderError::Changed {
            file: file.to_owned(),
            is: is.unwrap_or_else(|| "another".to_owned()),
            stated: receipt.receipt_sha256,
        }),
    }
}

/// Reads `history.json`.
pub fn parse_history(bytes: &[u8]) -> Result<History, RunFolderError> {
    json(Artifact::History.name(), history::SCHEMA, bytes)
}

/// Reads `summary.json`.
pub fn parse_summary(bytes: &[u8]) -> Result<Summary, RunFolderError> {
    json(Artifact::Summary.name(), summary::SCHEMA, bytes)
}

/// A JSON document of a known schema.
pub(crate) fn json<T: DeserializeOwned>(file: &str, known: &'static str, bytes: &[u8]) -> Result<T, RunFolderError> {
    #[derive(Deserialize)]
    struct Named {
        schema: String,
    }
    let named: Named = serde_json::from_slice(bytes).map_err(|error| shape(file, error))?;
    if named.schema != known {
        return Err(RunFolderError::UnknownSchema { file: file.to_owned(), is: named.schema, known });
    }
    serde_json::from_slice(bytes).map_err(|error| shape(file, error))
}

fn shape(file: &str, what: impl std::fmt::Display) -> RunFolderError {
    RunFolderError::Shape { file: file.to_owned(), what: what.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Scope, Status};

    fn expected(fixture: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(fixture).join("expected")
    }

    /// A copy of the demo's run folder.
    fn copy() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for entry in std::fs::read_dir(expected("demo")).expect("a folder") {
            let entry = entry.expect("an entry");
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copied");
        }
        folder
    }

    fn error(folder: &tempfile::TempDir) -> String {
        RunFolder::open(folder.path()).expect_err("not usable").to_string()
    }

    #[test]
    fn what_an_audit_writes_is_read() {
        for fixture in ["demo", "all_codes"] {
            let run = RunFolder::open(&expected(fixture)).expect("a run folder");
            let counted = run.issues.iter().filter(|issue| issue.status != Status::Suppressed).count() as u64;
            assert_eq!(run.summary.total_issue_count, counted);
            assert_eq!(run.plan.hash, run.summary.plan_hash);
            assert_eq!(run.tickets.len(), run.issues.iter().filter(|issue| issue.scope == Scope::Ticket).count());
            assert_eq!(run.apply_receipt().expect("a receipt").source_plan_hash, run.plan.hash);
        }
    }

    #[test]
    fn a_folder_that_was_changed_is_no_source_of_results() {
        let folder = copy();
        for (file, from, to) in [
            ("summary.json", "\"total_issue_count\": 13", "\"total_issue_count\": 12"),
            ("fix_plan.json", "\"account_name\": \"Acme Labs\"", "\"account_name\": \"Acme Lab\""),
            ("all_exceptions.csv", "i7d5be22f14e1b2a4", "i7d5be22f14e1b2a5"),
            ("receipt.json", "\"lookback_days\": 30", "\"lookback_days\": 31"),
        ] {
            let path = folder.path().join(file);
            let text = std::fs::read_to_string(&path).expect("text");
            assert!(text.contains(from), "{file}");
            std::fs::write(&path, text.replace(from, to)).expect("written");
            assert!(error(&folder).starts_with(&format!("{file} was changed: its SHA-256 is ")), "{}", error(&folder));
            std::fs::write(&path, text).expect("written");
        }
        RunFolder::open(folder.path()).expect("whole again");
    }

    #[test]
    fn what_is_no_run_folder_says_so() {
        let folder = copy();
        let missing = folder.path().join("nowhere");
        assert_eq!(RunFolder::open(&missing).expect_err("not there").to_string(), "there is no such folder");
        std::fs::remove_file(folder.path().join("summary.json")).expect("removed");
        assert!(error(&folder).starts_with("summary.json cannot be read: "));
        let receipt = folder.path().join("receipt.json");
        let text = std::fs::read_to_string(&receipt).expect("text");
        std::fs::write(&receipt, text.replace("/receipt/1", "/receipt/2")).expect("written");
        assert_eq!(
            error(&folder),
            "receipt.json has the schema \"g-gremlin/zendesk-drift/receipt/2\", but this program reads g-gremlin/zendesk-drift/receipt/1"
        );
        std::fs::remove_file(receipt).expect("removed");
        assert_eq!(error(&folder), "it is not a run folder of an audit: it has no receipt.json");
    }
}
