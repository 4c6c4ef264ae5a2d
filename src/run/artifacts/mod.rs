//! The artifacts of an audit as bytes (rules 9). Each function writes one file into what it is given; opening and
//! digesting files is `run_dir`'s.

pub mod apply_receipt;
pub mod history;
pub mod journal;
pub mod plan;
pub mod receipt;
pub mod rows;
#[cfg(feature = "proofs")]
pub mod schema;
pub mod summary;
pub mod summary_md;
pub mod table;
pub mod tables;

use crate::model::time::Instant;
use serde::{Deserialize, Serialize};
use std::io::{self, BufWriter, Write};

/// A file of an audit's run folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Artifact {
    SummaryMd,
    Summary,
    OrgIssues,
    UserIssues,
    TicketIssues,
    AllExceptions,
    ExceptionsByAccount,
    FixPlanTable,
    FixPlan,
    Receipt,
    ApplyReceipt,
    Accounts,
    Advisories,
    History,
    /// Only with a baseline.
    Diff,
}

impl Artifact {
    /// All of them, in the order in which they are listed to people.
    pub const ALL: [Self; 15] = [
        Self::SummaryMd,
        Self::Summary,
        Self::OrgIssues,
        Self::UserIssues,
        Self::TicketIssues,
        Self::AllExceptions,
        Self::ExceptionsByAccount,
        Self::FixPlanTable,
        Self::FixPlan,
        Self::Receipt,
        Self::ApplyReceipt,
        Self::Accounts,
        Self::Advisories,
        Self::History,
        Self::Diff,
    ];

    /// The name of the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SummaryMd => "summary.md",
            Self::Summary => "summary.json",
            Self::OrgIssues => "org_issues.csv",
            Self::UserIssues => "user_issues.csv",
            Self::TicketIssues => "ticket_issues.csv",
            Self::AllExceptions => "all_exceptions.csv",
            Self::ExceptionsByAccount => "exceptions_by_account.csv",
            Self::FixPlanTable => "fix_plan.csv",
            Self::FixPlan => "fix_plan.json",
            Self::Receipt => "receipt.json",
            Self::ApplyReceipt => "apply_receipt.json",
            Self::Accounts => "accounts.csv",
            Self::Advisories => "advisories.csv",
            Self::History => "history.json",
            Self::Diff => "diff.json",
        }
    }

    /// The artifact of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|artifact| artifact.name() == name)
    }

    /// Whether `receipt.json` states its digest: it cannot state its own, and `apply_receipt.json` changes with each apply.
    pub const fn is_digested(self) -> bool {
        !matches!(self, Self::Receipt | Self::ApplyReceipt)
    }

    /// Whether programs read it back, so that a changed one is refused. The others are views for people.
    pub const fn is_data(self) -> bool {
        match self {
            Self::Summary | Self::TicketIssues | Self::AllExceptions | Self::FixPlan | Self::Receipt => true,
            Self::ApplyReceipt | Self::Accounts | Self::History | Self::Diff => true,
            Self::SummaryMd | Self::OrgIssues | Self::UserIssues | Self::ExceptionsByAccount => false,
            Self::FixPlanTable | Self::Advisories => false,
        }
    }
}

/// What every artifact of one run shares.
#[derive(Debug, Clone)]
pub struct Run {
    pub run_id: String,
    pub started_at: Instant,
    /// When the plan was made.
    pub created_at: Instant,
    pub source: Source,
    /// `scheme://host[:port]` of the audited Zendesk.
    pub zendesk: String,
}

/// Whether the run read a Zendesk (live or from a snapshot) or the built-in demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Zendesk,
    Demo,
}

impl Source {
    /// The name that a plan carries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zendesk => "zendesk",
            Self::Demo => "demo",
        }
    }
}

/// The schema of `diff.json`.
pub const DIFF_SCHEMA: &str = "g-gremlin/zendesk-drift/diff/1";

/// The version of the program that made the run.
pub const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes a JSON document: two spaces of indent, keys in the order of the fields, a final line end.
pub fn write_json<T: Serialize + ?Sized>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    // What JSON is made of is written piece by piece; a buffer of a known type takes the pieces without a call for each.
    let mut out = BufWriter::with_capacity(1 << 14, out);
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The same as a text.
pub fn json<T: Serialize + ?Sized>(value: &T) -> String {
    let mut json = Vec::new();
    // Writing to memory cannot fail.
    let _ = write_json(value, &mut json);
    String::from_utf8_lossy(&json).into_owned()
}

/// An iterator as a JSON array, element by element, so that long lists are never held as a whole.
pub(crate) struct Seq<F>(pub F);

impl<F, I> Serialize for Seq<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}
