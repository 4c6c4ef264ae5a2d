//! `fix_plan.json`, and the hash that names a plan (rules 7).

use super::rows::{BlockedActionRow, PlannedActionRow};
use super::{Run, Seq, Source, TOOL_VERSION, write_json};
use crate::digest::Digesting;
use crate::rules::audit::Audit;
use crate::rules::issue::{Action, ActionRef};
use crate::rules::plan;
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

/// The schema of the file.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/plan/1";

/// The repairs that an audit prepared, and those that it blocked.
#[derive(Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub struct PlanDocument<'a, A, B> {
    #[cfg_attr(feature = "proofs", schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    plan_hash: &'a str,
    run_id: &'a str,
    created_at: String,
    as_of: String,
    tool_version: &'static str,
    plan: Body<'a, A, B>,
}

/// What `plan_hash` covers.
#[derive(Serialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
struct Body<'a, A, B> {
    source: Source,
    zendesk: &'a str,
    actions: A,
    blocked: B,
}

/// The names and texts behind an action's ids.
struct Names<'a> {
    sf_account_id: Option<Cow<'a, str>>,
    account_name: Option<Cow<'a, str>>,
    org_name: Option<Cow<'a, str>>,
    domain: Option<Cow<'a, str>>,
}

fn names<'a>(audit: &'a Audit<'_>, action: &Action) -> Names<'a> {
    let account = action.account.map(|account| &audit.reference.accounts[account]);
    let org = action.org_id.and_then(|id| audit.world.org(id));
    Names {
        sf_account_id: account.map(|account| Cow::Borrowed(account.sf_account_id().raw())),
        account_name: account.map(|account| Cow::Borrowed(account.name().raw())),
        org_name: org.and_then(|org| org.name()).map(|name| Cow::Borrowed(name.raw())),
        domain: action.domain.map(|domain| Cow::Borrowed(audit.world.domains.text(domain))),
    }
}

/// The prepared actions, in order.
pub fn prepared<'a>(audit: &'a Audit<'_>) -> impl Iterator<Item = PlannedActionRow<'a>> {
    audit.plan.prepared.iter().enumerate().map(|(index, action)| {
        let Names { sf_account_id, account_name, org_name, domain } = names(audit, action);
        let (from, to) = plan::from_to(&audit.context(), action);
        PlannedActionRow {
            action_id: Cow::Owned(ActionRef::Prepared(index as u32).to_string()),
            action_code: action.code,
            // Each prepared action has an account, an org and a value to write.
            sf_account_id: sf_account_id.unwrap_or_default(),
            account_name,
            org_id: action.org_id.unwrap_or_default(),
            org_name,
            user_id: action.user.map(|(_, id)| id),
            membership_id: action.membership_id,
            domain,
            from: from.map(Cow::Owned),
            to: to.map(Cow::Owned).unwrap_or_default(),
            preconditions: plan::preconditions(&audit.context(), action),
            depends_on: audit.plan.depends_on(action).iter().map(|link| Cow::Owned(link.to_string())).collect(),
            notes: audit.notes(action).into_iter().map(Cow::Owned).collect(),
            issue_id: Cow::Owned(action.issue_id.to_string()),
        }
    })
}

/// The blocked actions, in order.
pub fn blocked<'a>(audit: &'a Audit<'_>) -> impl Iterator<Item = BlockedActionRow<'a>> {
    audit.plan.blocked.iter().enumerate().filter_map(|(index, action)| {
        let Names { sf_account_id, account_name, org_name, domain } = names(audit, action);
        debug_assert!(action.blocked.is_some(), "a blocked action has a reason");
        Some(BlockedActionRow {
            action_id: Cow::Owned(ActionRef::Blocked(index as u32).to_string()),
            action_code: action.code,
            blocked_reason: action.blocked?,
            sf_account_id,
            account_name,
            org_id: action.org_id,
            org_name,
            user_id: action.user.map(|(_, id)| id),
            membership_id: action.membership_id,
            domain,
            issue_id: Cow::Owned(action.issue_id.to_string()),
        })
    })
}

/// The plan's hash: SHA-256 over the canonical JSON (RFC 8785) of its member `plan`, as 64 hex digits.
///
/// The members of `plan` stand in canonical order here, so that a plan of a hundred thousand actions is never held, nor
/// sorted. `PlanFile` recomputes the hash of the whole file with the general canonicalizer.
pub fn plan_hash(audit: &Audit<'_>, run: &Run) -> io::Result<String> {
    let mut out = BufWriter::with_capacity(1 << 16, Digesting::new(io::sink()));
    out.write_all(br#"{"actions":["#)?;
    write_canonical(&mut out, prepared(audit))?;
    out.write_all(br#"],"blocked":["#)?;
    write_canonical(&mut out, blocked(audit))?;
    out.write_all(br#"],"source":"#)?;
    out.write_all(&canonical(&run.source)?)?;
    out.write_all(br#","zendesk":"#)?;
    out.write_all(&canonical(&run.zendesk)?)?;
    out.write_all(b"}")?;
    let digest = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(digest.finish().1)
}

fn write_canonical<T: Serialize>(out: &mut impl Write, rows: impl Iterator<Item = T>) -> io::Result<()> {
    for (at, row) in rows.enumerate() {
        out.write_all(if at == 0 { b"" } else { b"," })?;
        out.write_all(&canonical(&row)?)?;
    }
    Ok(())
}

fn canonical<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    serde_json_canonicalizer::to_vec(value).map_err(io::Error::other)
}

/// Writes `fix_plan.json`; returns the plan's hash.
pub fn write(audit: &Audit<'_>, run: &Run, out: &mut dyn Write) -> io::Result<String> {
    let plan_hash = plan_hash(audit, run)?;
    let plan = Body {
        source: run.source,
        zendesk: &run.zendesk,
        actions: Seq(|| prepared(audit)),
        blocked: Seq(|| blocked(audit)),
    };
    let file = PlanDocument {
        schema: SCHEMA,
        plan_hash: &plan_hash,
        run_id: &run.run_id,
        created_at: run.created_at.rfc3339(),
        as_of: audit.as_of.rfc3339(),
        tool_version: TOOL_VERSION,
        plan,
    };
    write_json(&file, out)?;
    Ok(plan_hash)
}
