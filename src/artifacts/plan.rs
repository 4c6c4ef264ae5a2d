//! `fix_plan.json`, and the hash that names a plan (contract 7).

use super::{Run, Seq, TOOL_VERSION, write_json};
use crate::audit::Audit;
use crate::catalogue::{ActionCode, BlockedReason};
use crate::issue::{Action, ActionRef};
use crate::plan;
use crate::precondition::Precondition;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

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
    let account = action.account.map(|account| &audit.reference.accounts[account as usize]);
    let org = action.org_id.and_then(|id| audit.world.org(id));
    Names {
        sf_account_id: account.map(|account| account.sf_account_id.raw()),
        account_name: account.map(|account| account.name.raw()),
        org_name: org.and_then(|org| org.name.as_ref()).map(|name| name.raw()),
        domain: action.domain.map(|domain| audit.world.domains.text(domain)),
    }
}

/// The prepared actions, in order.
pub fn prepared<'a>(audit: &'a Audit<'_>) -> impl Iterator<Item = PreparedRow<'a>> {
    audit.plan.prepared.iter().enumerate().map(|(index, action)| {
        let Names { sf_account_id, account_name, org_name, domain } = names(audit, action);
        let (from, to) = plan::from_to(&audit.facts(), action);
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
            preconditions: plan::preconditions(&audit.facts(), action),
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
/// The members of `plan` are written here in canonical order, each row by the canonicalizer, so that a plan of a hundred
/// thousand actions is never held as text.
pub fn plan_hash(audit: &Audit<'_>, run: &Run) -> String {
    let mut digest = Sha256::new();
    digest.update(br#"{"actions":["#);
    digest_rows(&mut digest, prepared(audit));
    digest.update(br#"],"blocked":["#);
    digest_rows(&mut digest, blocked(audit));
    digest.update(br#"],"source":"#);
    digest.update(canonical(&run.source.as_str()));
    digest.update(br#","zendesk":"#);
    digest.update(canonical(&run.zendesk));
    digest.update(b"}");
    hex(&digest.finalize())
}

fn digest_rows<T: Serialize>(digest: &mut Sha256, rows: impl Iterator<Item = T>) {
    for (index, row) in rows.enumerate() {
        if index > 0 {
            digest.update(b",");
        }
        digest.update(canonical(&row));
    }
}

fn canonical<T: Serialize>(value: &T) -> Vec<u8> {
    // Cannot fail: keys are texts, and the only numbers are ids up to 2^53 − 1.
    serde_json_canonicalizer::to_vec(value).unwrap_or_default()
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
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
