//! The rows of the artifacts: one type each, which is written and read back.
//!
//! In the CSV files an absent value is an empty cell, in JSON it is null. Texts are borrowed from the audit when they are
//! written, and owned when they were read.

use super::Artifact;
use super::table::{List, TableRow, optional, text};
use crate::catalogue::{ActionCode, AdvisoryCode, BlockedReason, IssueCode, Risk, Scope, Status};
use crate::model::precondition::Precondition;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// A row of `all_exceptions.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueRow<'a> {
    pub issue_id: Cow<'a, str>,
    pub scope: Scope,
    pub issue_code: IssueCode,
    pub risk: Risk,
    pub status: Status,
    #[serde(with = "optional")]
    pub sf_account_id: Option<Cow<'a, str>>,
    #[serde(with = "text")]
    pub account_name: Cow<'a, str>,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    pub ticket_id: Option<u64>,
    #[serde(with = "optional")]
    pub domain: Option<Cow<'a, str>>,
    pub blocked_reason: Option<BlockedReason>,
    #[serde(with = "text")]
    pub suppression_reason: Cow<'a, str>,
    /// Prepared ones first.
    pub action_id: List,
    #[serde(with = "text")]
    pub detail: Cow<'a, str>,
}

/// A row of `org_issues.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgIssueRow<'a> {
    pub issue_id: Cow<'a, str>,
    pub issue_code: IssueCode,
    pub risk: Risk,
    pub status: Status,
    #[serde(with = "optional")]
    pub sf_account_id: Option<Cow<'a, str>>,
    #[serde(with = "text")]
    pub account_name: Cow<'a, str>,
    pub org_id: Option<u64>,
    #[serde(with = "text")]
    pub org_name: Cow<'a, str>,
    /// As stored.
    #[serde(with = "text")]
    pub current_external_id: Cow<'a, str>,
    #[serde(with = "text")]
    pub expected_external_id: Cow<'a, str>,
    pub missing_domains: List,
    #[serde(with = "optional")]
    pub domain: Option<Cow<'a, str>>,
    pub conflicting_org_ids: List,
    pub blocked_reason: Option<BlockedReason>,
    #[serde(with = "text")]
    pub suppression_reason: Cow<'a, str>,
    pub action_id: List,
    #[serde(with = "text")]
    pub detail: Cow<'a, str>,
}

/// A row of `user_issues.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserIssueRow<'a> {
    pub issue_id: Cow<'a, str>,
    pub issue_code: IssueCode,
    pub risk: Risk,
    pub status: Status,
    #[serde(with = "optional")]
    pub sf_account_id: Option<Cow<'a, str>>,
    #[serde(with = "text")]
    pub account_name: Cow<'a, str>,
    pub user_id: Option<u64>,
    #[serde(with = "optional")]
    pub email_domain: Option<Cow<'a, str>>,
    pub membership_state: Cow<'a, str>,
    pub expected_org_id: Option<u64>,
    pub default_org_id: Option<u64>,
    pub candidate_sf_account_ids: List,
    pub candidate_org_ids: List,
    pub blocked_reason: Option<BlockedReason>,
    #[serde(with = "text")]
    pub suppression_reason: Cow<'a, str>,
    pub action_id: List,
    #[serde(with = "text")]
    pub detail: Cow<'a, str>,
}

/// A row of `ticket_issues.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketIssueRow<'a> {
    pub issue_id: Cow<'a, str>,
    pub issue_code: IssueCode,
    pub risk: Risk,
    pub status: Status,
    #[serde(with = "optional")]
    pub sf_account_id: Option<Cow<'a, str>>,
    #[serde(with = "text")]
    pub account_name: Cow<'a, str>,
    pub ticket_id: Option<u64>,
    #[serde(with = "text")]
    pub ticket_status: Cow<'a, str>,
    pub requester_id: Option<u64>,
    pub ticket_org_id: Option<u64>,
    pub expected_org_id: Option<u64>,
    #[serde(with = "optional")]
    pub mismatch_kind: Option<Cow<'a, str>>,
    #[serde(with = "optional")]
    pub echo_of_issue_id: Option<Cow<'a, str>>,
    /// As Zendesk sent it.
    #[serde(with = "text")]
    pub updated_at: Cow<'a, str>,
    #[serde(with = "text")]
    pub suppression_reason: Cow<'a, str>,
    #[serde(with = "text")]
    pub detail: Cow<'a, str>,
}

/// A row of `exceptions_by_account.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionsRow<'a> {
    /// `None` for the issues of no single account.
    #[serde(with = "optional")]
    pub sf_account_id: Option<Cow<'a, str>>,
    #[serde(with = "text")]
    pub account_name: Cow<'a, str>,
    pub org_issue_count: u64,
    pub user_issue_count: u64,
    pub ticket_issue_count: u64,
    pub total_issue_count: u64,
    pub prepared_action_count: u64,
    pub blocked_action_count: u64,
    /// At most two, joined with `, `.
    pub top_issue_codes: String,
    pub top_blocked_reasons: String,
}

/// A row of `accounts.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow<'a> {
    #[serde(with = "text")]
    pub sf_account_id: Cow<'a, str>,
    #[serde(with = "text")]
    pub account_key: Cow<'a, str>,
    #[serde(with = "text")]
    pub account_name: Cow<'a, str>,
    pub expected_domains: List,
    /// As `summary.json` names it.
    pub resolution: Cow<'a, str>,
    pub org_id: Option<u64>,
    #[serde(with = "optional")]
    pub org_name: Option<Cow<'a, str>>,
    /// As stored.
    #[serde(with = "optional")]
    pub external_id: Option<Cow<'a, str>>,
    pub total_issue_count: u64,
    pub prepared_action_count: u64,
    pub blocked_action_count: u64,
    pub suppressed_issue_count: u64,
}

/// A row of `advisories.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvisoryRow<'a> {
    pub advisory_code: AdvisoryCode,
    #[serde(with = "optional")]
    pub sf_account_id: Option<Cow<'a, str>>,
    #[serde(with = "optional")]
    pub account_name: Option<Cow<'a, str>>,
    pub org_id: Option<u64>,
    #[serde(with = "optional")]
    pub org_name: Option<Cow<'a, str>>,
    /// As stored.
    #[serde(with = "optional")]
    pub external_id: Option<Cow<'a, str>>,
    #[serde(with = "optional")]
    pub domain: Option<Cow<'a, str>>,
    pub user_count: Option<u64>,
    pub ticket_count: Option<u64>,
    #[serde(with = "text")]
    pub detail: Cow<'a, str>,
}

/// A row of `fix_plan.csv`: an action of either kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRow<'a> {
    pub action_id: Cow<'a, str>,
    pub status: Status,
    pub action_code: ActionCode,
    #[serde(with = "optional")]
    pub sf_account_id: Option<Cow<'a, str>>,
    #[serde(with = "optional")]
    pub account_name: Option<Cow<'a, str>>,
    pub org_id: Option<u64>,
    #[serde(with = "optional")]
    pub org_name: Option<Cow<'a, str>>,
    pub user_id: Option<u64>,
    #[serde(with = "optional")]
    pub domain: Option<Cow<'a, str>>,
    #[serde(with = "optional")]
    pub from: Option<Cow<'a, str>>,
    #[serde(with = "optional")]
    pub to: Option<Cow<'a, str>>,
    pub preconditions: List,
    pub depends_on: List,
    pub notes: List,
    pub blocked_reason: Option<BlockedReason>,
    pub issue_id: Cow<'a, str>,
}

/// A member that must be there, although it may be null: the hash of a plan covers it (rules 7).
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// A prepared action as `fix_plan.json` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlannedActionRow<'a> {
    pub action_id: Cow<'a, str>,
    pub action_code: ActionCode,
    pub sf_account_id: Cow<'a, str>,
    #[serde(deserialize_with = "present")]
    pub account_name: Option<Cow<'a, str>>,
    pub org_id: u64,
    #[serde(deserialize_with = "present")]
    pub org_name: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "present")]
    pub user_id: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub membership_id: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub domain: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "present")]
    pub from: Option<Cow<'a, str>>,
    pub to: Cow<'a, str>,
    /// In the order in which they are checked.
    pub preconditions: Vec<Precondition>,
    pub depends_on: Vec<Cow<'a, str>>,
    pub notes: Vec<Cow<'a, str>>,
    pub issue_id: Cow<'a, str>,
}

/// A blocked action as `fix_plan.json` has it, and as the receipt of an apply repeats it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BlockedActionRow<'a> {
    pub action_id: Cow<'a, str>,
    pub action_code: ActionCode,
    pub blocked_reason: BlockedReason,
    #[serde(deserialize_with = "present")]
    pub sf_account_id: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "present")]
    pub account_name: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "present")]
    pub org_id: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub org_name: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "present")]
    pub user_id: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub membership_id: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub domain: Option<Cow<'a, str>>,
    pub issue_id: Cow<'a, str>,
}

impl TableRow for IssueRow<'_> {
    const FILE: Artifact = Artifact::AllExceptions;
}

impl TableRow for OrgIssueRow<'_> {
    const FILE: Artifact = Artifact::OrgIssues;
}

impl TableRow for UserIssueRow<'_> {
    const FILE: Artifact = Artifact::UserIssues;
}

impl TableRow for TicketIssueRow<'_> {
    const FILE: Artifact = Artifact::TicketIssues;
}

impl TableRow for ExceptionsRow<'_> {
    const FILE: Artifact = Artifact::ExceptionsByAccount;
}

impl TableRow for AccountRow<'_> {
    const FILE: Artifact = Artifact::Accounts;
}

impl TableRow for AdvisoryRow<'_> {
    const FILE: Artifact = Artifact::Advisories;
}

impl TableRow for PlanRow<'_> {
    const FILE: Artifact = Artifact::FixPlanTable;
}

/// An optional text, borrowed.
fn lend<'a>(text: &'a Option<Cow<'_, str>>) -> Option<Cow<'a, str>> {
    text.as_deref().map(Cow::Borrowed)
}

impl<'a> From<&'a PlannedActionRow<'_>> for PlanRow<'a> {
    fn from(action: &'a PlannedActionRow<'_>) -> Self {
        let PlannedActionRow {
            action_id,
            action_code,
            sf_account_id,
            account_name,
            org_id,
            org_name,
            user_id,
            membership_id: _,
            domain,
            from,
            to,
            preconditions,
            depends_on,
            notes,
            issue_id,
        } = action;
        Self {
            action_id: Cow::Borrowed(action_id),
            status: Status::Prepared,
            action_code: *action_code,
            sf_account_id: Some(Cow::Borrowed(sf_account_id)),
            account_name: lend(account_name),
            org_id: Some(*org_id),
            org_name: lend(org_name),
            user_id: *user_id,
            domain: lend(domain),
            from: lend(from),
            to: Some(Cow::Borrowed(to)),
            preconditions: List::of(preconditions),
            depends_on: List::of(depends_on),
            notes: List::of(notes),
            blocked_reason: None,
            issue_id: Cow::Borrowed(issue_id),
        }
    }
}

impl<'a> From<&'a BlockedActionRow<'_>> for PlanRow<'a> {
    fn from(action: &'a BlockedActionRow<'_>) -> Self {
        let BlockedActionRow {
            action_id,
            action_code,
            blocked_reason,
            sf_account_id,
            account_name,
            org_id,
            org_name,
            user_id,
            membership_id: _,
            domain,
            issue_id,
        } = action;
        Self {
            action_id: Cow::Borrowed(action_id),
            status: Status::Blocked,
            action_code: *action_code,
            sf_account_id: lend(sf_account_id),
            account_name: lend(account_name),
            org_id: *org_id,
            org_name: lend(org_name),
            user_id: *user_id,
            domain: lend(domain),
            from: None,
            to: None,
            preconditions: List::default(),
            depends_on: List::default(),
            notes: List::default(),
            blocked_reason: Some(*blocked_reason),
            issue_id: Cow::Borrowed(issue_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{TableWriter, read};
    use super::*;
    use serde::de::DeserializeOwned;
    use std::path::Path;

    /// Reads a table of both fixtures, and writes what was read.
    fn round_trip<R: TableRow + DeserializeOwned>() {
        for fixture in ["demo", "all_codes"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(fixture).join("expected");
            let bytes = std::fs::read(folder.join(R::FILE.name())).expect("a table");
            let rows = read::<R>(&bytes).expect("rows");
            assert!(!rows.is_empty(), "{}", R::FILE.name());
            let mut written = Vec::new();
            let mut table = TableWriter::<R>::new(&mut written).expect("memory");
            rows.iter().for_each(|row| table.row(row).expect("memory"));
            table.finish().expect("memory");
            assert_eq!(String::from_utf8(written), String::from_utf8(bytes), "{}", R::FILE.name());
        }
    }

    #[test]
    fn every_row_is_written_as_it_was_read() {
        round_trip::<IssueRow<'_>>();
        round_trip::<OrgIssueRow<'_>>();
        round_trip::<UserIssueRow<'_>>();
        round_trip::<TicketIssueRow<'_>>();
        round_trip::<ExceptionsRow<'_>>();
        round_trip::<AccountRow<'_>>();
        round_trip::<PlanRow<'_>>();
    }

    #[test]
    fn the_plan_of_a_file_is_written_as_it_was_read() {
        for json in [
            include_str!("../../../fixtures/demo/expected/fix_plan.json"),
            include_str!("../../../fixtures/all_codes/expected/fix_plan.json"),
        ] {
            let file: serde_json::Value = serde_json::from_str(json).expect("JSON");
            let prepared: Vec<PlannedActionRow<'_>> =
                serde_json::from_value(file["plan"]["actions"].clone()).expect("rows");
            assert_eq!(serde_json::to_value(prepared).expect("JSON"), file["plan"]["actions"]);
            let blocked: Vec<BlockedActionRow<'_>> =
                serde_json::from_value(file["plan"]["blocked"].clone()).expect("rows");
            assert_eq!(serde_json::to_value(blocked).expect("JSON"), file["plan"]["blocked"]);
        }
    }
}
