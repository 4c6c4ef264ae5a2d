//! `fix_plan.json` by itself, and `fix_plan.csv` against it.

use super::table::{Table, compare};
use super::{Files, FolderMismatch, Teller, broken};
use crate::catalogue::ActionCode;
use crate::model::account_key::account_key;
use crate::rules::issue::ActionRef;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::receipt::Receipt;
use crate::run::artifacts::rows::PlanRow;
use crate::run::artifacts::summary::Summary;
use crate::run::artifacts::table::{TableWriter, columns};
use crate::run::plan_file::{PlanFile, PlannedAction};
use std::collections::BTreeMap;

/// Reads a plan and recomputes its hash. `None`: it is none, which is told.
pub(super) fn parse(name: &str, bytes: &[u8], out: &mut Vec<FolderMismatch>) -> Option<PlanFile> {
    match PlanFile::parse(bytes) {
        Ok(plan) => {
            let mut teller = Teller::new(name, out);
            teller.equal("plan_hash", "is not the hash of the plan", plan.hash.as_str(), plan.stated_hash.as_str());
            Some(plan)
        }
        Err(error) => {
            out.push(broken(name, &format!("cannot be read: {error}")));
            None
        }
    }
}

/// Checks a plan against the rest of its run, and its actions against each other.
pub(super) fn check(
    plan: &PlanFile,
    receipt: Option<&Receipt>,
    summary: Option<&Summary>,
    out: &mut Vec<FolderMismatch>,
) -> String {
    let mut teller = Teller::new(Artifact::FixPlan.name(), out);
    if let Some(receipt) = receipt {
        let problem = "differs from receipt.json";
        teller.equal("plan_hash", problem, receipt.plan_hash.as_str(), plan.hash.as_str());
        teller.equal("run_id", problem, receipt.run_id.as_str(), plan.run_id.as_str());
        teller.equal("as_of", problem, receipt.as_of.clone(), plan.as_of.rfc3339());
        teller.equal("plan.source", problem, receipt.source.as_str(), plan.source.as_str());
        teller.equal("plan.zendesk", problem, receipt.zendesk.as_str(), plan.zendesk.as_str());
    }
    if let Some(summary) = summary {
        let problem = "differs from summary.json";
        teller.equal("created_at", problem, summary.created_at.clone(), plan.created_at.rfc3339());
    }
    numbering(&mut teller, plan);
    order(&mut teller, plan);
    for (at, action) in plan.actions.iter().enumerate() {
        let place = |member: &str| format!("actions[{at}].{member}");
        if action.action_code != ActionCode::MoveUserToOrg {
            let problem = "only a move has a value before";
            teller.same(&place("from"), problem, None, action.from.as_deref());
        }
        if !action.notes.is_sorted() {
            teller.say(&place("notes"), "are not sorted");
        }
    }
    links(&mut teller, plan);
    format!("{} prepared and {} blocked actions, hash recomputed", plan.actions.len(), plan.blocked.len())
}

fn numbering(teller: &mut Teller<'_>, plan: &PlanFile) {
    let problem = "is not the next number";
    for (at, action) in plan.actions.iter().enumerate() {
        let id = ActionRef::Prepared(at as u32).to_string();
        teller.equal(&format!("actions[{at}].action_id"), problem, id.as_str(), &action.action_id);
    }
    for (at, action) in plan.blocked.iter().enumerate() {
        let id = ActionRef::Blocked(at as u32).to_string();
        teller.equal(&format!("blocked[{at}].action_id"), problem, id.as_str(), &action.action_id);
    }
}

/// Prepared actions stand by kind, account, org, user, domain (rules 7).
fn order(teller: &mut Teller<'_>, plan: &PlanFile) {
    fn key(action: &PlannedAction) -> (ActionCode, &str, u64, Option<u64>, Option<&str>) {
        (action.action_code, &action.sf_account_id, action.org_id, action.user_id, action.domain.as_deref())
    }
    for (at, pair) in plan.actions.windows(2).enumerate() {
        if key(&pair[0]) > key(&pair[1]) {
            teller.say(&format!("actions[{}]", at + 1), "comes after an action that should come later");
        }
    }
}

/// Every other action of an account that is to be linked waits for the link.
fn links(teller: &mut Teller<'_>, plan: &PlanFile) {
    let links: BTreeMap<String, &str> = plan
        .actions
        .iter()
        .filter(|action| action.action_code == ActionCode::SetOrgExternalId)
        .map(|action| (account_key(&action.sf_account_id), &*action.action_id))
        .collect();
    for (at, action) in plan.actions.iter().enumerate() {
        let link = links.get(&account_key(&action.sf_account_id)).filter(|link| **link != action.action_id);
        let expected = link.copied().unwrap_or_default();
        let place = format!("actions[{at}].depends_on");
        teller.equal(&place, "is not the link of its account", expected, &action.depends_on.join(";"));
    }
}

/// Checks `fix_plan.csv` row by row against the plan.
pub(super) fn table(plan: &PlanFile, files: &Files, out: &mut Vec<FolderMismatch>) -> String {
    const FILE: &str = Artifact::FixPlanTable.name();
    let rows = plan.actions.iter().map(PlanRow::from).chain(plan.blocked.iter().map(PlanRow::from));
    let mut written = Vec::new();
    // Writing to memory cannot fail.
    let _ = rows_of(rows, &mut written);
    let bytes = files.get(FILE).map(Vec::as_slice).unwrap_or_default();
    let parsed = Table::parse::<PlanRow<'_>>(bytes, out);
    let expected = Table::parse::<PlanRow<'_>>(&written, out);
    if let (Some(parsed), Some(expected)) = (parsed, expected) {
        let columns = columns::<PlanRow<'_>>();
        let cells = |row: super::table::Row<'_>| columns.iter().map(|column| row.get(column).to_owned()).collect();
        let expected: Vec<_> = expected.rows().map(|row| (row.get("action_id").to_owned(), cells(row))).collect();
        compare(&parsed, "action_id", columns, &expected, "differs from fix_plan.json", out);
    }
    format!("{} rows against fix_plan.json", plan.actions.len() + plan.blocked.len())
}

fn rows_of<'a>(mut rows: impl Iterator<Item = PlanRow<'a>>, out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut table = TableWriter::<PlanRow<'_>>::new(out)?;
    rows.try_for_each(|row| table.row(&row))?;
    table.finish()
}
