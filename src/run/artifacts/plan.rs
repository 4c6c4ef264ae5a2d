//! `fix_plan.json`, and the hash that names a plan (contract 7).

use super::{Run, Seq, TOOL_VERSION, write_json};
use crate::catalogue::{ActionCode, BlockedReason};
use crate::digest::Digesting;
use crate::model::precondition::Precondition;
use crate::rules::audit::Audit;
use crate::rules::issue::{Action, ActionRef};
use crate::rules::plan;
use serde::Serialize;
use std::io::{self, BufWriter, Write};

/// A prepared action as the plan shows it; `fix_plan.csv` has the same values.
#[derive(Serialize)]
pub struct PreparedRow<'a> {
    pub action_id: String,
    pub action_code: ActionCode,
    pub sf_account_id: Option<&'a str>,
    pub account_name: Option<&'a str>,
    pub org_id: Option<u64>,
    pub org_name: Option<&'a str>,
    pub user_id: Option<u64>,
    pub membership_id: Option<u64>,
    pub domain: Option<&'a str>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub preconditions: Vec<Precondition>,
    pub depends_on: Vec<String>,
    pub notes: Vec<String>,
    pub issue_id: String,
}

/// A blocked action as the plan shows it.
#[derive(Serialize)]
pub struct BlockedRow<'a> {
    pub action_id: String,
    pub action_code: ActionCode,
    pub blocked_reason: Option<BlockedReason>,
    pub sf_account_id: Option<&'a str>,
    pub account_name: Option<&'a str>,
    pub org_id: Option<u64>,
    pub org_name: Option<&'a str>,
    pub user_id: Option<u64>,
    pub membership_id: Option<u64>,
    pub domain: Option<&'a str>,
    pub issue_id: String,
}

/// The names and texts behind an action's ids.
struct Names<'a> {
    sf_account_id: Option<&'a str>,
    account_name: Option<&'a str>,
    org_name: Option<&'a str>,
    domain: Option<&'a str>,
}

fn names<'a>(audit: &Audit<'a>, action: &Action) -> Names<'a> {
    let account = action.account.map(|account| &audit.reference.accounts[account]);
    let org = action.org_id.and_then(|id| audit.world.org(id));
    Names {
        sf_account_id: account.map(|account| account.sf_account_id().raw()),
        account_name: account.map(|account| account.name().raw()),
        org_name: org.and_then(|org| org.name()).map(|name| name.raw()),
        domain: action.domain.map(|domain| audit.world.domains.text(domain)),
    }
}

/// The prepared actions, in order.
pub fn prepared<'a>(audit: &'a Audit<'_>) -> impl Iterator<Item = PreparedRow<'a>> {
    audit.plan.prepared.iter().enumerate().map(|(index, action)| {
        let Names { sf_account_id, account_name, org_name, domain } = names(audit, action);
        let (from, to) = plan::from_to(&audit.context(), action);
        PreparedRow {
            action_id: ActionRef::Prepared(index as u32).to_string(),
            action_code: action.code,
            sf_account_id,
            account_name,
            org_id: action.org_id,
            org_name,
            user_id: action.user.map(|(_, id)| id),
            membership_id: action.membership_id,
            domain,
            from,
            to,
            preconditions: plan::preconditions(&audit.context(), action),
            depends_on: audit.plan.depends_on(action).iter().map(ActionRef::to_string).collect(),
            notes: audit.notes(action),
            issue_id: action.issue_id.to_string(),
        }
    })
}

/// The blocked actions, in order.
pub fn blocked<'a>(audit: &'a Audit<'_>) -> impl Iterator<Item = BlockedRow<'a>> {
    audit.plan.blocked.iter().enumerate().map(|(index, action)| {
        let Names { sf_account_id, account_name, org_name, domain } = names(audit, action);
        BlockedRow {
            action_id: ActionRef::Blocked(index as u32).to_string(),
            action_code: action.code,
            blocked_reason: action.blocked,
            sf_account_id,
            account_name,
            org_id: action.org_id,
            org_name,
            user_id: action.user.map(|(_, id)| id),
            membership_id: action.membership_id,
            domain,
            issue_id: action.issue_id.to_string(),
        }
    })
}

/// The plan's hash: SHA-256 over the canonical JSON (RFC 8785) of its member `plan`, as 64 hex digits.
///
/// The members of `plan` and of its rows are written in canonical order here, so that a plan of a hundred thousand actions
/// is never held, nor sorted. Whoever reads a plan back recomputes the hash with a general canonicalizer.
pub fn plan_hash(audit: &Audit<'_>, run: &Run) -> String {
    let mut digest = BufWriter::with_capacity(1 << 16, Digesting::new(io::sink()));
    // Writing to a digest cannot fail, and serializing texts and ids cannot either.
    let _ = write_canonical_plan(audit, run, &mut digest);
    digest.into_parts().0.finish().1
}

fn write_canonical_plan<W: Write>(audit: &Audit<'_>, run: &Run, out: &mut W) -> io::Result<()> {
    out.write_all(br#"{"actions":["#)?;
    write_rows(out, prepared(audit).map(CanonicalPrepared::from))?;
    out.write_all(br#"],"blocked":["#)?;
    write_rows(out, blocked(audit).map(CanonicalBlocked::from))?;
    out.write_all(br#"],"source":"#)?;
    serde_json::to_writer(&mut *out, run.source.as_str())?;
    out.write_all(br#","zendesk":"#)?;
    serde_json::to_writer(&mut *out, &run.zendesk)?;
    out.write_all(b"}")?;
    out.flush()
}

fn write_rows<W: Write, T: Serialize>(out: &mut W, rows: impl Iterator<Item = T>) -> io::Result<()> {
    for (index, row) in rows.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, &row)?;
    }
    Ok(())
}

/// A prepared row with its members in the order of their names. The rest of RFC 8785 is how `serde_json` writes anyway:
/// no white space, the same escapes, and whole numbers up to 2^53 − 1.
#[derive(Serialize)]
struct CanonicalPrepared<'a> {
    account_name: Option<&'a str>,
    action_code: ActionCode,
    action_id: String,
    depends_on: Vec<String>,
    domain: Option<&'a str>,
    from: Option<String>,
    issue_id: String,
    membership_id: Option<u64>,
    notes: Vec<String>,
    org_id: Option<u64>,
    org_name: Option<&'a str>,
    preconditions: Vec<Precondition>,
    sf_account_id: Option<&'a str>,
    to: Option<String>,
    user_id: Option<u64>,
}

impl<'a> From<PreparedRow<'a>> for CanonicalPrepared<'a> {
    fn from(row: PreparedRow<'a>) -> Self {
        let PreparedRow {
            action_id,
            action_code,
            sf_account_id,
            account_name,
            org_id,
            org_name,
            user_id,
            membership_id,
            domain,
            from,
            to,
            preconditions,
            depends_on,
            notes,
            issue_id,
        } = row;
        Self {
            account_name,
            action_code,
            action_id,
            depends_on,
            domain,
            from,
            issue_id,
            membership_id,
            notes,
            org_id,
            org_name,
            preconditions,
            sf_account_id,
            to,
            user_id,
        }
    }
}

/// A blocked row, likewise.
#[derive(Serialize)]
struct CanonicalBlocked<'a> {
    account_name: Option<&'a str>,
    action_code: ActionCode,
    action_id: String,
    blocked_reason: Option<BlockedReason>,
    domain: Option<&'a str>,
    issue_id: String,
    membership_id: Option<u64>,
    org_id: Option<u64>,
    org_name: Option<&'a str>,
    sf_account_id: Option<&'a str>,
    user_id: Option<u64>,
}

impl<'a> From<BlockedRow<'a>> for CanonicalBlocked<'a> {
    fn from(row: BlockedRow<'a>) -> Self {
        let BlockedRow {
            action_id,
            action_code,
            blocked_reason,
            sf_account_id,
            account_name,
            org_id,
            org_name,
            user_id,
            membership_id,
            domain,
            issue_id,
        } = row;
        Self {
            account_name,
            action_code,
            action_id,
            blocked_reason,
            domain,
            issue_id,
            membership_id,
            org_id,
            org_name,
            sf_account_id,
            user_id,
        }
    }
}

/// Writes `fix_plan.json`.
pub fn write(audit: &Audit<'_>, run: &Run, plan_hash: &str, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct File<'a, P> {
        schema: &'static str,
        plan_hash: &'a str,
        run_id: &'a str,
        created_at: String,
        as_of: String,
        tool_version: &'static str,
        plan: P,
    }
    #[derive(Serialize)]
    struct Plan<'a, A, B> {
        source: &'static str,
        zendesk: &'a str,
        actions: A,
        blocked: B,
    }
    let plan = Plan {
        source: run.source.as_str(),
        zendesk: &run.zendesk,
        actions: Seq(|| prepared(audit)),
        blocked: Seq(|| blocked(audit)),
    };
    let file = File {
        schema: "g-gremlin/zendesk-drift/plan/1",
        plan_hash,
        run_id: &run.run_id,
        created_at: run.created_at.rfc3339(),
        as_of: audit.as_of.rfc3339(),
        tool_version: TOOL_VERSION,
        plan,
    };
    write_json(&file, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that JSON escapes, or might.
    fn hostile() -> String {
        (0..0x300).chain([0x2028, 0x2029, 0xd7ff, 0xe000, 0xffff, 0x1f600]).filter_map(char::from_u32).collect()
    }

    #[test]
    fn rows_are_written_as_the_canonicalizer_would_write_them() {
        let text = hostile();
        let prepared = || PreparedRow {
            action_id: "A001".to_owned(),
            action_code: ActionCode::AssignUserToOrg,
            sf_account_id: Some(&text),
            account_name: Some(&text),
            org_id: Some((1 << 53) - 1),
            org_name: Some(&text),
            user_id: Some(0),
            membership_id: None,
            domain: Some("acme.example"),
            from: None,
            to: Some(text.clone()),
            preconditions: vec![Precondition::OrgExists, Precondition::OrgHasDomain("acme.example".to_owned())],
            depends_on: vec!["A001".to_owned()],
            notes: vec![text.clone(), String::new()],
            issue_id: "fdc27ffd89f8903d".to_owned(),
        };
        let blocked = || BlockedRow {
            action_id: "B001".to_owned(),
            action_code: ActionCode::SetOrgExternalId,
            blocked_reason: Some(BlockedReason::DuplicateExternalId),
            sf_account_id: Some(&text),
            account_name: None,
            org_id: Some(10_000_000_000_000),
            org_name: Some(&text),
            user_id: None,
            membership_id: Some(1),
            domain: None,
            issue_id: String::new(),
        };
        let ours = serde_json::to_vec(&CanonicalPrepared::from(prepared())).expect("JSON");
        assert_eq!(ours, serde_json_canonicalizer::to_vec(&prepared()).expect("JSON"));
        let ours = serde_json::to_vec(&CanonicalBlocked::from(blocked())).expect("JSON");
        assert_eq!(ours, serde_json_canonicalizer::to_vec(&blocked()).expect("JSON"));
    }
}
