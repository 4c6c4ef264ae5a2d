//! A finished run folder of an audit, read back: what `diff`, `report` and `audit --baseline` work with.
//!
//! Every file that is read here must have the digest that `receipt.json` states, so that a folder which was changed is an
//! error and never a different result. Whether its files agree with each other is `verify`'s question.

use crate::catalogue::{BlockedReason, IssueCode, Risk, Scope, Status};
use crate::digest::sha256;
use crate::model::warning::Warning;
use crate::rules::gate::Judgement;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::Source;
use crate::run::artifacts::apply_receipt::{self, ApplyReceipt};
use crate::run::artifacts::receipt::{self, Receipt};
use crate::run::plan_file::PlanFile;
use crate::text::audience::{Message, open};
use crate::text::escape::text_of_csv_cell;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The run folder of an audit.
#[derive(Debug)]
pub struct RunFolder {
    pub path: PathBuf,
    pub receipt: Receipt,
    pub summary: Summary,
    pub plan: PlanFile,
    /// `all_exceptions.csv`, in its order.
    pub issues: Vec<IssueRow>,
    /// `ticket_issues.csv`, in its order.
    pub tickets: Vec<TicketRow>,
    /// `exceptions_by_account.csv`, in its order.
    pub accounts: Vec<AccountRow>,
}

/// `summary.json`. Times are RFC 3339, in UTC.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Summary {
    pub run_id: String,
    pub created_at: String,
    pub as_of: String,
    pub tool_version: String,
    pub source: Source,
    pub zendesk: String,
    pub lookback_days: u32,
    pub total_issue_count: u64,
    pub prepared_action_count: u64,
    pub blocked_action_count: u64,
    pub suppressed_issue_count: u64,
    pub by_scope: BTreeMap<Scope, u64>,
    pub by_code: BTreeMap<IssueCode, u64>,
    pub by_risk: BTreeMap<Risk, u64>,
    /// Of blocked actions.
    pub blocked_reasons: BTreeMap<BlockedReason, u64>,
    pub resolution: BTreeMap<String, u64>,
    pub read: receipt::Read,
    pub users: BTreeMap<String, u64>,
    pub ticket_echo_count: u64,
    pub plan_hash: String,
    pub thresholds: Vec<Judgement>,
    pub warnings: Vec<Warning>,
}

/// A row of `all_exceptions.csv`. An empty cell of an id or a domain is `None`; texts have lost their guard against formulas.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IssueRow {
    pub issue_id: String,
    pub scope: Scope,
    pub issue_code: IssueCode,
    pub risk: Risk,
    pub status: Status,
    #[serde(deserialize_with = "optional")]
    pub sf_account_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub account_name: String,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    pub ticket_id: Option<u64>,
    #[serde(deserialize_with = "optional")]
    pub domain: Option<String>,
    pub blocked_reason: Option<BlockedReason>,
    #[serde(deserialize_with = "text")]
    pub suppression_reason: String,
    /// Prepared ones first.
    #[serde(rename = "action_id", deserialize_with = "list")]
    pub action_ids: Vec<String>,
    #[serde(deserialize_with = "text")]
    pub detail: String,
}

/// What a row of `ticket_issues.csv` tells beyond that of `all_exceptions.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TicketRow {
    pub issue_id: String,
    pub ticket_status: String,
    pub ticket_org_id: Option<u64>,
    #[serde(deserialize_with = "optional")]
    pub mismatch_kind: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub echo_of_issue_id: Option<String>,
    /// As Zendesk sent it.
    pub updated_at: String,
}

/// A row of `exceptions_by_account.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccountRow {
    /// `None` for the issues of no single account.
    #[serde(deserialize_with = "optional")]
    pub sf_account_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub account_name: String,
    pub org_issue_count: u64,
    pub user_issue_count: u64,
    pub ticket_issue_count: u64,
    pub total_issue_count: u64,
    pub prepared_action_count: u64,
    pub blocked_action_count: u64,
    /// Joined with `, `.
    pub top_issue_codes: String,
    pub top_blocked_reasons: String,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunFolderError {
    #[error("there is no such folder")]
    NoFolder,
    #[error("it is no run folder of an audit: it has no {}", Artifact::Receipt.name())]
    NoRun,
    #[error("{file} cannot be read: {error}")]
    Unreadable { file: String, error: std::io::Error },
    #[error("{file} was changed: its SHA-256 is {is}, and {} says {stated}", Artifact::Receipt.name())]
    Changed { file: String, is: String, stated: String },
    #[error("{file} has the schema \"{is}\", and this program knows {known}")]
    UnknownSchema { file: String, is: String, known: &'static str },
    #[error("{file} is not what an audit writes: {what}")]
    Shape { file: String, what: String },
}

/// What the files hold is not for everybody; their names and digests are.
impl From<&RunFolderError> for Message {
    fn from(error: &RunFolderError) -> Self {
        match error {
            RunFolderError::NoFolder | RunFolderError::NoRun | RunFolderError::Changed { .. } => {
                open(error.to_string())
            }
            RunFolderError::Unreadable { file, error } => {
                open(format!("{file} cannot be read")).then(": ", &error.into())
            }
            RunFolderError::UnknownSchema { file, known, .. } => Self::with_public(
                error.to_string(),
                format!("{file} has another schema than {known}, the one that this program knows"),
            ),
            RunFolderError::Shape { file, .. } => {
                Self::with_public(error.to_string(), format!("{file} is not what an audit writes"))
            }
        }
    }
}

impl RunFolder {
    /// Reads a run folder.
    pub fn open(path: &Path) -> Result<Self, RunFolderError> {
        if !path.is_dir() {
            return Err(RunFolderError::NoFolder);
        }
        let read = |file: &str| {
            std::fs::read(path.join(file)).map_err(|error| RunFolderError::Unreadable { file: file.to_owned(), error })
        };
        let receipt = match read(Artifact::Receipt.name()) {
            Err(RunFolderError::Unreadable { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(RunFolderError::NoRun);
            }
            receipt => parse_receipt(&receipt?)?,
        };
        let read = |file: &str| {
            let bytes = read(file)?;
            let is = sha256(&bytes);
            match receipt.files.get(file) {
                Some(stated) if *stated == is => Ok(bytes),
                Some(stated) => Err(RunFolderError::Changed { file: file.to_owned(), is, stated: stated.clone() }),
                None => Err(shape(file, format!("{} does not name it", Artifact::Receipt.name()))),
            }
        };
        let plan = PlanFile::parse(&read(Artifact::FixPlan.name())?)
            .map_err(|error| shape(Artifact::FixPlan.name(), error))?;
        if plan.hash != plan.stated_hash || plan.hash != receipt.plan_hash {
            return Err(shape(Artifact::FixPlan.name(), format!("its content has the hash {}", plan.hash)));
        }
        Ok(Self {
            path: path.to_owned(),
            summary: parse_summary(&read(Artifact::Summary.name())?)?,
            issues: rows(Artifact::AllExceptions.name(), &read(Artifact::AllExceptions.name())?)?,
            tickets: rows(Artifact::TicketIssues.name(), &read(Artifact::TicketIssues.name())?)?,
            accounts: rows(Artifact::ExceptionsByAccount.name(), &read(Artifact::ExceptionsByAccount.name())?)?,
            plan,
            receipt,
        })
    }

    /// Reads `apply_receipt.json`, which changes when the plan is applied, and so is digested by nothing.
    pub fn apply_receipt(&self) -> Result<ApplyReceipt, RunFolderError> {
        read_apply_receipt(&self.path.join(Artifact::ApplyReceipt.name()))
    }
}

/// Reads an `apply_receipt.json`, of an audit's folder or of an apply's.
pub fn read_apply_receipt(path: &Path) -> Result<ApplyReceipt, RunFolderError> {
    let file = Artifact::ApplyReceipt.name();
    let bytes = std::fs::read(path).map_err(|error| RunFolderError::Unreadable { file: file.to_owned(), error })?;
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

/// Reads `summary.json`.
pub fn parse_summary(bytes: &[u8]) -> Result<Summary, RunFolderError> {
    json(Artifact::Summary.name(), crate::run::artifacts::summary::SCHEMA, bytes)
}

/// A JSON document of a known schema.
fn json<T: DeserializeOwned>(file: &str, known: &'static str, bytes: &[u8]) -> Result<T, RunFolderError> {
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

fn rows<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<Vec<T>, RunFolderError> {
    csv::Reader::from_reader(bytes).deserialize().collect::<Result<_, _>>().map_err(|error| shape(file, error))
}

fn shape(file: &str, what: impl std::fmt::Display) -> RunFolderError {
    RunFolderError::Shape { file: file.to_owned(), what: what.to_string() }
}

fn text<'de, D: Deserializer<'de>>(cell: D) -> Result<String, D::Error> {
    String::deserialize(cell).map(|cell| text_of_csv_cell(&cell).to_owned())
}

fn optional<'de, D: Deserializer<'de>>(cell: D) -> Result<Option<String>, D::Error> {
    text(cell).map(|text| Some(text).filter(|text| !text.is_empty()))
}

fn list<'de, D: Deserializer<'de>>(cell: D) -> Result<Vec<String>, D::Error> {
    let joined = String::deserialize(cell)?;
    Ok(joined.split(';').filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(run.accounts.iter().map(|row| row.total_issue_count).sum::<u64>(), counted);
            assert_eq!(run.plan.hash, run.summary.plan_hash);
            assert_eq!(run.tickets.len(), run.issues.iter().filter(|issue| issue.scope == Scope::Ticket).count());
            assert_eq!(run.apply_receipt().expect("a receipt").source_plan_hash, run.plan.hash);
            let actions: usize = run.issues.iter().map(|issue| issue.action_ids.len()).sum();
            assert_eq!(actions, run.plan.actions.len() + run.plan.blocked.len());
        }
    }

    #[test]
    fn a_folder_that_was_changed_is_no_source_of_results() {
        let folder = copy();
        for (file, from, to) in [
            ("summary.json", "\"total_issue_count\": 13", "\"total_issue_count\": 12"),
            ("fix_plan.json", "\"account_name\": \"Acme Labs\"", "\"account_name\": \"Acme Lab\""),
            ("all_exceptions.csv", "7d5be22f14e1b2a4", "7d5be22f14e1b2a5"),
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
            "receipt.json has the schema \"g-gremlin/zendesk-drift/receipt/2\", and this program knows g-gremlin/zendesk-drift/receipt/1"
        );
        std::fs::remove_file(receipt).expect("removed");
        assert_eq!(error(&folder), "it is no run folder of an audit: it has no receipt.json");
    }
}
