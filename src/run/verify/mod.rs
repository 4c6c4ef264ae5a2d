//! Whether a run folder is what the program wrote: digests, the plan's hash, the files against each other, and the receipt
//! of an apply against the plan (rules 1, 7, 8.4, 9).
//!
//! Pure: it is given the bytes of the files and returns every mismatch, named by file and place. Two questions are kept
//! apart. Digests tell whether a byte was changed; the comparisons tell whether the files agree with each other, and so
//! also what a change means.
//!
//! Left out: whether the run saw the truth. Nothing here reads Zendesk or the reference again.

mod accounts;
mod actions;
mod apply;
mod digests;
mod issues;
mod journal;
mod plan;
mod since;
mod summary;
mod table;

use crate::model::time::Instant;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::ApplyReceipt;
use crate::run::artifacts::receipt::Receipt;
use crate::run::artifacts::summary::Summary;
use crate::run::plan_file::PlanFile;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// The content of each file of a folder, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// One thing that does not match. Its texts may hold outside text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FolderMismatch {
    pub file: String,
    /// Such as `line 3, column org_id` or `results[2].before`; none for the file as a whole.
    pub place: Option<String>,
    /// A clause, such as `differs from fix_plan.json`.
    pub problem: String,
    pub expected: Option<String>,
    pub found: Option<String>,
}

impl fmt::Display for FolderMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, place, problem, expected, found } = self;
        let quoted = |text: &Option<String>| text.as_deref().map_or("nothing".to_owned(), |text| format!("\"{text}\""));
        let place = place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
        write!(f, "{file}{place}: {problem}")?;
        if expected.is_some() || found.is_some() {
            write!(f, ": expected {}, found {}", quoted(expected), quoted(found))?;
        }
        Ok(())
    }
}

/// The mismatches of one file.
struct Teller<'a> {
    file: &'a str,
    out: &'a mut Vec<FolderMismatch>,
}

impl<'a> Teller<'a> {
    fn new(file: &'a str, out: &'a mut Vec<FolderMismatch>) -> Self {
        Self { file, out }
    }

    /// Something that needs no two values to be understood. An empty place is the file as a whole.
    fn say(&mut self, place: &str, problem: impl Into<String>) {
        self.push(place, problem.into(), None, None);
    }

    /// Tells two values that should be equal and are not.
    fn equal<T: PartialEq + ToString>(&mut self, place: &str, problem: &str, expected: T, found: T) {
        if expected != found {
            self.push(place, problem.to_owned(), Some(expected.to_string()), Some(found.to_string()));
        }
    }

    /// The same, where both may be absent.
    fn same<T: PartialEq + ToString>(&mut self, place: &str, problem: &str, expected: Option<T>, found: Option<T>) {
        if expected != found {
            let text = |value: Option<T>| value.map(|value| value.to_string());
            self.push(place, problem.to_owned(), text(expected), text(found));
        }
    }

    fn push(&mut self, place: &str, problem: String, expected: Option<String>, found: Option<String>) {
        let place = Some(place.to_owned()).filter(|place| !place.is_empty());
        self.out.push(FolderMismatch { file: self.file.to_owned(), place, problem, expected, found });
    }

    /// A time as the program writes it.
    fn time(&mut self, place: &str, text: &str) -> Option<Instant> {
        let time = Instant::parse(text).filter(|time| time.rfc3339() == text);
        if time.is_none() {
            self.push(place, "is not a time in UTC, to the second".to_owned(), None, Some(text.to_owned()));
        }
        time
    }
}

/// One group of comparisons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FolderCheck {
    pub name: &'static str,
    /// What was looked at, such as `9 files`.
    pub what: String,
    /// How many mismatches it found.
    pub mismatches: usize,
}

/// Which kind of folder it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FolderKind {
    Audit,
    Apply,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderVerdict {
    pub kind: FolderKind,
    pub run_id: Option<String>,
    /// The recomputed one.
    pub plan_hash: Option<String>,
    pub checks: Vec<FolderCheck>,
    pub mismatches: Vec<FolderMismatch>,
    /// What could not be checked, and why.
    pub notices: Vec<String>,
}

impl FolderVerdict {
    fn new(kind: FolderKind) -> Self {
        let (checks, mismatches, notices) = (Vec::new(), Vec::new(), Vec::new());
        Self { kind, run_id: None, plan_hash: None, checks, mismatches, notices }
    }

    /// Runs one group of comparisons; `look` returns what it looked at.
    fn check(&mut self, name: &'static str, look: impl FnOnce(&mut Vec<FolderMismatch>) -> String) {
        let before = self.mismatches.len();
        let what = look(&mut self.mismatches);
        self.checks.push(FolderCheck { name, what, mismatches: self.mismatches.len() - before });
    }
}

/// A receipt of an apply, with the journal that lies beside it.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// How mismatches name the receipt.
    pub name: String,
    pub receipt: Vec<u8>,
    pub journal: Option<Vec<u8>>,
}

/// An audit's folder, and what belongs to it.
#[derive(Debug, Clone, Default)]
pub struct AuditFolder {
    pub files: Files,
    /// Names in the folder that are no files.
    pub strays: Vec<String>,
    /// A receipt to hold against the plan, besides the folder's own.
    pub given: Option<Given>,
    /// The receipt in the apply's own folder, of which the audit's folder has a copy, and how to name it.
    pub original: Option<(String, Vec<u8>)>,
}

/// Verifies an audit's folder.
pub fn audit_folder(folder: &AuditFolder) -> FolderVerdict {
    let AuditFolder { files, strays, given, original } = folder;
    let mut verdict = FolderVerdict::new(FolderKind::Audit);
    let mut receipt = None;
    verdict.check("digests", |out| {
        receipt = digests::receipt(files, out);
        digests::files(files, strays, receipt.as_ref(), out)
    });
    let summary = files.get(Artifact::Summary.name()).and_then(|bytes| {
        let summary = crate::run::read::parse_summary(bytes);
        summary.map_err(|error| verdict.mismatches.push(broken(Artifact::Summary.name(), &error))).ok()
    });
    verdict.run_id = receipt.as_ref().map(|receipt| receipt.run_id.clone());

    let mut planned = None;
    verdict.check("plan", |out| {
        planned =
            files.get(Artifact::FixPlan.name()).and_then(|bytes| plan::parse(Artifact::FixPlan.name(), bytes, out));
        match &planned {
            Some(planned) => plan::check(planned, receipt.as_ref(), summary.as_ref(), out),
            None => "no plan".to_owned(),
        }
    });
    verdict.plan_hash = planned.as_ref().map(|planned| planned.hash.clone());
    against_each_other(&mut verdict, files, receipt.as_ref(), planned.as_ref(), summary.as_ref());

    if let (Some(planned), Some(bytes)) = (&planned, files.get(Artifact::ApplyReceipt.name())) {
        let mut notices = Vec::new();
        verdict.check(Artifact::ApplyReceipt.name(), |out| {
            apply::of_audit(bytes, planned, receipt.as_ref(), original.as_ref(), &mut notices, out)
        });
        verdict.notices.extend(notices);
    }
    if let Some(planned) = &planned
        && files.keys().any(|name| ApplyReceipt::run_id_of(name).is_some())
    {
        verdict.check("apply_receipt.<run_id>.json", |out| apply::kept(files, planned, out));
    }
    if let (Some(planned), Some(given)) = (&planned, given) {
        against_plan(&mut verdict, given, planned);
    }
    verdict
}

/// Checks the tables, the plan and the summary of an audit against each other.
fn against_each_other(
    verdict: &mut FolderVerdict,
    files: &Files,
    receipt: Option<&Receipt>,
    planned: Option<&PlanFile>,
    summary: Option<&Summary>,
) {
    let tables = issues::Tables::parse(files, &mut verdict.mismatches);
    if let Some(planned) = planned {
        verdict.check(Artifact::FixPlanTable.name(), |out| plan::table(planned, files, out));
    }
    if let Some(tables) = &tables {
        verdict.check("issues", |out| issues::check(tables, receipt, out));
        verdict.check(Artifact::AllExceptions.name(), |out| issues::union(tables, out));
        if let Some(planned) = planned {
            verdict.check("actions and issues", |out| actions::check(tables, planned, out));
            verdict.check(Artifact::ExceptionsByAccount.name(), |out| accounts::by_account(tables, planned, out));
        }
    }
    if let (Some(tables), Some(planned), Some(summary)) = (&tables, planned, summary) {
        verdict.check("summary", |out| summary::check(summary, tables, planned, files, receipt, out));
        verdict.check(Artifact::Accounts.name(), |out| accounts::accounts(tables, planned, summary, files, out));
        verdict.check(Artifact::Advisories.name(), |out| accounts::advisories(summary, files, out));
        verdict.check(Artifact::History.name(), |out| since::history(tables, summary, files, out));
        verdict.check(Artifact::Diff.name(), |out| since::diff(tables, summary, receipt, files, out));
    }
    if planned.is_none() || tables.is_none() || summary.is_none() {
        verdict.notices.push("a file cannot be read, so some comparisons could not be made".to_owned());
    }
}

/// The plan that an apply's folder belongs to.
#[derive(Debug, Clone)]
pub struct PlanOf {
    /// How mismatches name it.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Verifies an apply's folder against the plan that was applied.
pub fn apply_folder(files: &Files, strays: &[String], plan: &PlanOf) -> FolderVerdict {
    let mut verdict = FolderVerdict::new(FolderKind::Apply);
    verdict.check("files", |out| digests::apply_files(files, strays, out));
    let mut planned = None;
    verdict.check("plan", |out| {
        planned = plan::parse(&plan.name, &plan.bytes, out);
        plan.name.clone()
    });
    verdict.plan_hash = planned.as_ref().map(|planned| planned.hash.clone());
    if let (Some(planned), Some(receipt)) = (&planned, files.get(Artifact::ApplyReceipt.name())) {
        let given = Given {
            name: Artifact::ApplyReceipt.name().to_owned(),
            receipt: receipt.clone(),
            journal: files.get(crate::run::artifacts::journal::FILE_NAME).cloned(),
        };
        against_plan(&mut verdict, &given, planned);
    }
    verdict
}

/// A receipt of an apply, and its journal, against the plan.
fn against_plan(verdict: &mut FolderVerdict, given: &Given, planned: &PlanFile) {
    let mut receipt = None;
    verdict.check("receipt", |out| {
        receipt = apply::parse(&given.name, &given.receipt, out);
        match &receipt {
            Some(receipt) => apply::against_plan(&given.name, receipt, planned, out),
            None => "no receipt".to_owned(),
        }
    });
    let Some(receipt) = receipt else { return };
    if verdict.kind == FolderKind::Apply {
        verdict.run_id = Some(receipt.run_id.clone());
    }
    match &given.journal {
        Some(journal) => verdict.check("journal", |out| journal::check(journal, &given.name, &receipt, planned, out)),
        None => verdict.notices.push(format!(
            "there is no journal next to {}, so only the format of its times, response statuses and request ids \
                is checked",
            given.name
        )),
    }
}

/// A file that does not hold what it should.
fn broken(file: &str, error: &dyn fmt::Display) -> FolderMismatch {
    // The reader's errors begin with the name of the file.
    let text = error.to_string();
    let problem = text.strip_prefix(file).map_or(text.as_str(), str::trim_start).to_owned();
    FolderMismatch { file: file.to_owned(), place: None, problem, expected: None, found: None }
}

/// Whether a document is written exactly as the program writes it; else the first line that is not.
fn check_form<T: Serialize>(file: &str, document: &T, bytes: &[u8], out: &mut Vec<FolderMismatch>) {
    let mut written = Vec::new();
    // Writing to memory cannot fail.
    let _ = crate::run::artifacts::write_json(document, &mut written);
    if written == bytes {
        return;
    }
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).split('\n').map(str::to_owned).collect::<Vec<_>>();
    let (expected, found) = (lines(&written), lines(bytes));
    let at = expected.iter().zip(&found).take_while(|(expected, found)| expected == found).count();
    let (expected, found) = (expected.get(at).cloned(), found.get(at).cloned());
    let problem = "is not written the way the program writes it".to_owned();
    let place = Some(format!("line {}", at + 1));
    out.push(FolderMismatch { file: file.to_owned(), place, problem, expected, found });
}

/// The name of the receipt that digests an audit's files.
const RECEIPT: &str = Artifact::Receipt.name();
