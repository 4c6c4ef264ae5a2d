//! `apply_receipt.json` against the plan: each result belongs to a prepared action, follows from what was seen, and counts.
//!
//! What a receipt alone knows is checked for its form only: its times (in order), the answers' statuses and request ids,
//! and what records held beyond what the action is about.

use super::{Files, FolderMismatch, RECEIPT, Teller, broken, check_form};
use crate::catalogue::{ActionCode, SkipReason};
use crate::digest::sha256;
use crate::model::account_key::account_key;
use crate::model::domain;
use crate::model::time::Instant;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::{ActionResult, ApplyCounts, ApplyReceipt, Caps, Mode, Outcome, SCHEMA};
use crate::run::artifacts::receipt::Receipt;
use crate::run::plan_file::{PlanFile, PlannedAction};
use crate::text::words::counted;
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads a receipt, and checks its form. `None`: it is none, which is told.
pub(super) fn parse(name: &str, bytes: &[u8], out: &mut Vec<FolderMismatch>) -> Option<ApplyReceipt> {
    let receipt: ApplyReceipt = match serde_json::from_slice(bytes) {
        Ok(receipt) => receipt,
        Err(error) => {
            out.push(broken(name, &format!("is not a receipt of an apply: {error}")));
            return None;
        }
    };
    let mut teller = Teller::new(name, out);
    teller.equal("schema", "is unknown to this program", SCHEMA, receipt.schema.as_str());
    check_form(name, &receipt, bytes, out);
    Some(receipt)
}

/// Checks the receipt in an audit's folder: as the audit wrote it, or the copy of an apply's.
pub(super) fn of_audit(
    bytes: &[u8],
    plan: &PlanFile,
    audit: Option<&Receipt>,
    original: Option<&(String, Vec<u8>)>,
    notices: &mut Vec<String>,
    out: &mut Vec<FolderMismatch>,
) -> String {
    const NAME: &str = Artifact::ApplyReceipt.name();
    let Some(receipt) = parse(NAME, bytes, out) else { return "no receipt".to_owned() };
    if receipt.mode == Mode::NotRun {
        not_run(NAME, &receipt, plan, out);
        if let Some(audit) = audit {
            let problem = format!("does not have the SHA-256 that {RECEIPT} states for a plan that was not run");
            let stated = audit.apply_receipt_not_run_sha256.as_str();
            Teller::new(NAME, out).equal("", &problem, stated, &sha256(bytes));
        }
        return "the plan was not run".to_owned();
    }
    let what = against_plan(NAME, &receipt, plan, out);
    match original {
        Some((_, original)) if original == bytes => {}
        // A later apply may have settled it meanwhile, in its own folder only.
        Some((name, _)) if is_unsettled(&receipt) => {
            notices.push(format!("{name} differs from {NAME}, whose run was completed later"));
        }
        Some((name, original)) => {
            let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).split('\n').map(str::to_owned).collect::<Vec<_>>();
            let (expected, found) = (read(original), read(bytes));
            let at = expected.iter().zip(&found).take_while(|(expected, found)| expected == found).count();
            let problem = format!("differs from {name}");
            let line = format!("line {}", at + 1);
            Teller::new(NAME, out).same(&line, &problem, expected.get(at), found.get(at));
        }
        None => notices.push(format!(
            "the folder {} of the apply is not next to this one, so only the format of the times, response \
                statuses and request ids of {NAME} is checked",
            receipt.run_id
        )),
    }
    what
}

/// Checks the receipts that an audit's folder keeps of live runs, each under its run id, and that `apply_receipt.json` is the one
/// to show.
pub(super) fn kept(files: &Files, plan: &PlanFile, out: &mut Vec<FolderMismatch>) -> String {
    let shown_name = Artifact::ApplyReceipt.name();
    let shown = files.get(shown_name);
    let of = |bytes: &Vec<u8>| serde_json::from_slice::<ApplyReceipt>(bytes).ok();
    let mut receipts = 0;
    for (name, bytes) in files {
        let Some(run_id) = ApplyReceipt::run_id_of(name) else { continue };
        let Some(receipt) = parse(name, bytes, out) else { continue };
        receipts += 1;
        against_plan(name, &receipt, plan, out);
        let mut teller = Teller::new(name, out);
        teller.equal("run_id", "is not the one in the file's name", run_id, receipt.run_id.as_str());
        let Some((there, shown)) = shown.and_then(of).zip(shown) else { continue };
        if there.run_id == receipt.run_id && shown != bytes {
            teller.say("", format!("differs from {shown_name}, which is from the same run"));
        } else if there.mode == Mode::NotRun || (receipt.counts.applied > 0 && receipt.rank() > there.rank()) {
            teller.say("", format!("should be the receipt that {shown_name} copies"));
        }
    }
    counted(receipts, "receipt")
}

fn is_unsettled(receipt: &ApplyReceipt) -> bool {
    let unknown = |result: &ActionResult| result.reason == Some(SkipReason::OutcomeUnknown);
    !receipt.completed || receipt.results.iter().any(unknown)
}

/// A plan that nobody has applied: nothing but its blocked actions and the caps.
fn not_run(name: &str, receipt: &ApplyReceipt, plan: &PlanFile, out: &mut Vec<FolderMismatch>) {
    let mut teller = Teller::new(name, out);
    about_plan(&mut teller, receipt, plan);
    teller.equal("run_id", "is not the audit's", plan.run_id.as_str(), receipt.run_id.as_str());
    teller.equal(
        "source_plan_path",
        "is a different file",
        Artifact::FixPlan.name(),
        receipt.source_plan_path.as_str(),
    );
    if !receipt.results.is_empty() {
        teller.say("results", "are present although nothing was run");
    }
    for (place, time) in [("started_at", &receipt.started_at), ("finished_at", &receipt.finished_at)] {
        teller.same(place, "is present although nothing was run", None, time.as_ref());
    }
    teller.equal("completed", "is true although nothing was run", false, receipt.completed);
}

/// What every receipt repeats or counts.
fn about_plan(teller: &mut Teller<'_>, receipt: &ApplyReceipt, plan: &PlanFile) {
    let hash = receipt.source_plan_hash.as_str();
    teller.equal("source_plan_hash", "is not the hash of the plan", plan.hash.as_str(), hash);
    let ApplyCounts { attempted, applied, blocked, skipped, failed, would_apply } = receipt.counts;
    let counted = ApplyCounts::of(&receipt.results);
    for (name, expected, found) in [
        ("attempted", counted.attempted, attempted),
        ("applied", counted.applied, applied),
        ("blocked", counted.blocked, blocked),
        ("skipped", counted.skipped, skipped),
        ("failed", counted.failed, failed),
        ("would_apply", counted.would_apply, would_apply),
    ] {
        teller.equal(&format!("counts.{name}"), "is not the count of the results", expected, found);
    }
    let (expected, found) = (&plan.blocked, &receipt.plan_blocked);
    teller.equal("plan_blocked", "does not have as many actions as the plan blocks", expected.len(), found.len());
    for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
        if expected != found {
            let id = &expected.action_id;
            teller.say(&format!("plan_blocked[{at}]"), format!("differs from the plan's {id}"));
        }
    }
}

/// Checks the receipt of a dry run or a live apply against the plan.
pub(super) fn against_plan(
    name: &str,
    receipt: &ApplyReceipt,
    plan: &PlanFile,
    out: &mut Vec<FolderMismatch>,
) -> String {
    if receipt.mode == Mode::NotRun {
        not_run(name, receipt, plan, out);
        return "the plan was not run".to_owned();
    }
    let mut teller = Teller::new(name, out);
    about_plan(&mut teller, receipt, plan);
    let started = receipt.started_at.as_deref().and_then(|text| teller.time("started_at", text));
    let finished = receipt.finished_at.as_deref().and_then(|text| teller.time("finished_at", text));
    match started {
        None if receipt.started_at.is_none() => teller.say("started_at", "is missing"),
        Some(started) if !is_run_id(&receipt.run_id, started) => {
            teller.say("run_id", format!("\"{}\" does not match started_at", receipt.run_id));
        }
        _ => {}
    }
    if receipt.finished_at.is_none() {
        teller.say("finished_at", "is missing");
    }
    if finished.zip(started).is_some_and(|(finished, started)| finished < started) {
        teller.say("finished_at", "is before started_at");
    }
    let (expected, found) = (plan.actions.len(), receipt.results.len());
    teller.equal("results", "must be one per prepared action of the plan", expected, found);
    for (at, (action, result)) in plan.actions.iter().zip(&receipt.results).enumerate() {
        let place = format!("results[{at}]");
        let mut one = One { teller: &mut teller, place: &place, action, result };
        one.identity();
        one.status(receipt.mode);
        one.evidence(receipt.mode);
        one.time(started);
    }
    caps(&mut teller, receipt);
    let mode = if receipt.mode == Mode::DryRun { "dry run" } else { "live apply" };
    format!("{} of a {mode} against the plan", counted(found as u64, "result"))
}

/// `<time>_apply`, or the same with a number.
fn is_run_id(run_id: &str, started: Instant) -> bool {
    let Some(rest) = run_id.strip_prefix(&format!("{}_apply", started.compact())) else { return false };
    let number = rest.strip_prefix('_').and_then(|number| number.parse::<u32>().ok());
    rest.is_empty() || number.is_some_and(|number| number >= 2 && format!("_{number}") == rest)
}

/// Nothing beyond the caps was selected, and nothing was blocked below them.
fn caps(teller: &mut Teller<'_>, receipt: &ApplyReceipt) {
    let Caps { max_actions, max_per_account } = receipt.caps_used;
    let selected =
        |result: &&ActionResult| matches!(result.status, Outcome::Applied | Outcome::Failed | Outcome::WouldApply);
    // One that was selected may have been skipped right before its write.
    let may_be_selected = |result: &&ActionResult| {
        selected(result) || (result.status == Outcome::Skipped && !result.reason.is_some_and(SkipReason::is_unread))
    };
    let all = receipt.results.iter().filter(selected).count() as u64;
    if all > u64::from(max_actions) {
        teller.say("caps_used.max_actions", format!("{all} actions were selected, more than {max_actions}"));
    }
    let mut of_account: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut possible = 0;
    for result in &receipt.results {
        let (sure, maybe) = of_account.entry(account_key(&result.sf_account_id)).or_default();
        *sure += u64::from(selected(&result));
        *maybe += u64::from(may_be_selected(&result));
        possible += u64::from(may_be_selected(&result));
    }
    if let Some((sure, _)) = of_account.values().find(|(sure, _)| *sure > u64::from(max_per_account)) {
        let problem = format!("{sure} actions of one account were selected, more than {max_per_account}");
        teller.say("caps_used.max_per_account", problem);
    }
    for (at, result) in receipt.results.iter().enumerate().filter(|(_, result)| result.status == Outcome::Blocked) {
        let of_account = of_account.get(&account_key(&result.sf_account_id)).map_or(0, |(_, maybe)| *maybe);
        let reached = match result.reason {
            Some(SkipReason::CapMaxActions) => possible >= u64::from(max_actions),
            _ => of_account >= u64::from(max_per_account),
        };
        if !reached {
            teller.say(&format!("results[{at}]"), "is blocked by a cap that was not reached");
        }
    }
}

/// One result, and the action that it belongs to.
struct One<'a, 'b> {
    teller: &'a mut Teller<'b>,
    place: &'a str,
    action: &'a PlannedAction,
    result: &'a ActionResult,
}

impl One<'_, '_> {
    fn say(&mut self, member: &str, problem: impl Into<String>) {
        self.teller.say(&format!("{}.{member}", self.place), problem);
    }

    fn identity(&mut self) {
        let (action, result) = (self.action, self.result);
        let place = |member: &str| format!("{}.{member}", self.place);
        let problem = format!("differs from the plan's {}", action.action_id);
        let teller = &mut *self.teller;
        teller.equal(&place("action_id"), &problem, &*action.action_id, result.action_id.as_str());
        teller.equal(&place("action_code"), &problem, action.action_code, result.action_code);
        teller.equal(&place("sf_account_id"), &problem, &*action.sf_account_id, result.sf_account_id.as_str());
        teller.equal(&place("org_id"), &problem, action.org_id, result.org_id);
        teller.same(&place("user_id"), &problem, action.user_id, result.user_id);
    }

    /// Which statuses and reasons a mode and a kind of action can come to.
    fn status(&mut self, mode: Mode) {
        let ActionResult { status, reason, http_status, request_id, .. } = self.result;
        let dry = mode == Mode::DryRun;
        let possible = match status {
            Outcome::Applied | Outcome::Failed => !dry,
            Outcome::WouldApply => dry,
            Outcome::Skipped | Outcome::Blocked => true,
        };
        if !possible {
            self.say("status", if dry { "a dry run writes nothing" } else { "does not occur in a live apply" });
        }
        let fits = match (status, reason) {
            (Outcome::Applied | Outcome::WouldApply, reason) => reason.is_none(),
            (Outcome::Failed, reason) => reason.is_none_or(|reason| reason == SkipReason::OutcomeUnknown),
            (Outcome::Blocked, Some(SkipReason::CapMaxActions | SkipReason::CapMaxPerAccount)) => true,
            (Outcome::Skipped, Some(reason)) => skips(*reason, self.action),
            (Outcome::Blocked | Outcome::Skipped, _) => false,
        };
        if !fits {
            self.say("reason", "does not fit the status and the action");
        }
        if http_status.is_some_and(|status| !(100..600).contains(&status)) {
            self.say("http_status", "is not an HTTP status");
        }
        // Only a refusal that took all the same is skipped with an answer.
        let refused = *status == Outcome::Skipped && reason.is_some_and(SkipReason::is_in_place);
        let answered = matches!(status, Outcome::Applied | Outcome::Failed) || refused;
        if !answered && (http_status.is_some() || request_id.is_some()) {
            self.say("http_status", "is present although nothing was sent");
        }
    }

    /// The values before and after, as far as the plan says what they must be.
    fn evidence(&mut self, mode: Mode) {
        let ActionResult { status, reason, before, after, .. } = self.result;
        for (member, value) in [("before", before), ("after", after)] {
            if value.as_ref().is_some_and(|value| State::of(self.action, value).is_none()) {
                self.say(member, "does not have the form for this action");
                return;
            }
        }
        let action = self.action;
        let state = |value: &Option<Value>| value.as_ref().and_then(|value| State::of(action, value));
        let (before, after) = (state(before), state(after));
        if after.is_some() && mode == Mode::DryRun {
            self.say("after", "is present although nothing was written");
        }
        match status {
            Outcome::Applied | Outcome::WouldApply | Outcome::Failed => {
                match &before {
                    Some(before) if !before.is_ready(action) => {
                        self.say("before", "does not meet the preconditions of the plan");
                    }
                    // A record that could not be read is a failure of its own.
                    None if *status != Outcome::Failed || after.is_some() => self.say("before", "is missing"),
                    _ => {}
                }
                match (status, &after) {
                    (Outcome::Applied, None) => self.say("after", "is missing"),
                    (Outcome::Applied, Some(after)) if !after.has_effect(action) => {
                        self.say("after", "does not show what the action writes");
                    }
                    (Outcome::Failed, Some(after)) if after.has_effect(action) => {
                        self.say("after", "shows what the action writes, so the action did not fail");
                    }
                    _ => {}
                }
            }
            Outcome::Skipped if reason.is_some_and(SkipReason::is_in_place) => {
                if !after.or(before).is_some_and(|seen| seen.has_effect(action)) {
                    self.say("before", "does not show that the change is in place");
                }
            }
            Outcome::Skipped | Outcome::Blocked => {
                if after.is_some() {
                    self.say("after", "is present although nothing was written");
                }
            }
        }
    }

    fn time(&mut self, started: Option<Instant>) {
        let place = format!("{}.at", self.place);
        let at = self.teller.time(&place, &self.result.at);
        if at.zip(started).is_some_and(|(at, started)| at < started) {
            self.say("at", "is before started_at");
        }
    }
}

/// Whether an action can be skipped for a reason.
fn skips(reason: SkipReason, action: &PlannedAction) -> bool {
    use SkipReason as R;
    let code = action.action_code;
    let (set, add) = (code == ActionCode::SetOrgExternalId, code == ActionCode::AddOrgDomain);
    let (assign, moves) = (code == ActionCode::AssignUserToOrg, code == ActionCode::MoveUserToOrg);
    match reason {
        R::OrgNotFound | R::NotSelected | R::ActionNotAllowed | R::SuppressedSince | R::ReferenceChanged => true,
        R::RecordIncomplete | R::Aborted => true,
        R::DependencyNotApplied => !action.depends_on.is_empty(),
        R::OrgExternalIdNotBlank | R::ExternalIdInUse | R::OrgDomainGone | R::OrgAlreadyLinked => set,
        R::OrgExternalIdChanged => !set,
        R::DomainBelongsToOtherOrg => set || add,
        R::DomainAlreadyPresent | R::OrgDomainsShrank => add,
        R::UserNotFound | R::UserInactive | R::UserSuspended | R::UserEmailDomainChanged => assign || moves,
        R::UserNotVerified | R::MultipleOrganizationsOff | R::UserAlreadyMember => assign,
        R::MembershipNotFound | R::DefaultOrgChanged | R::AlreadyDefault => moves,
        R::OutcomeUnknown | R::CapMaxPerAccount | R::CapMaxActions => false,
    }
}

/// The part of Zendesk that an action changes, as a receipt shows it.
enum State {
    /// `None`: blank.
    ExternalId(Option<String>),
    /// Normalized where they are domains.
    Domains(Vec<String>),
    Orgs {
        default: Option<u64>,
        member_of: Vec<u64>,
    },
}

impl State {
    fn of(action: &PlannedAction, value: &Value) -> Option<Self> {
        match action.action_code {
            ActionCode::SetOrgExternalId => match value {
                Value::Null => Some(Self::ExternalId(None)),
                Value::String(id) if id.trim().is_empty() => Some(Self::ExternalId(None)),
                Value::String(id) => Some(Self::ExternalId(Some(id.clone()))),
                _ => None,
            },
            ActionCode::AddOrgDomain => {
                let texts = value.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
                let normal = |text: &str| domain::normalize(text).unwrap_or_else(|_| text.to_owned());
                Some(Self::Domains(texts.into_iter().map(normal).collect()))
            }
            ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => {
                let members = value.as_object().filter(|members| members.len() == 2)?;
                let default = match members.get("default_org_id")? {
                    Value::Null => None,
                    id => Some(id.as_u64()?),
                };
                let orgs = members.get("member_of")?.as_array()?;
                let member_of = orgs.iter().map(Value::as_u64).collect::<Option<Vec<_>>>()?;
                // As the receipt lists them: ascending, each once.
                member_of.is_sorted_by(|a, b| a < b).then_some(Self::Orgs { default, member_of })
            }
        }
    }

    /// Whether the action's own precondition holds.
    fn is_ready(&self, action: &PlannedAction) -> bool {
        match (self, action.action_code) {
            (Self::ExternalId(id), _) => id.is_none(),
            (Self::Orgs { member_of, .. }, ActionCode::MoveUserToOrg) => {
                member_of.contains(&action.org_id) && !self.has_effect(action)
            }
            (Self::Domains(_) | Self::Orgs { .. }, _) => !self.has_effect(action),
        }
    }

    /// Whether what the action writes is there.
    fn has_effect(&self, action: &PlannedAction) -> bool {
        match self {
            Self::ExternalId(id) => id.as_deref().is_some_and(|id| account_key(id) == account_key(&action.to)),
            Self::Domains(domains) => domains.iter().any(|domain| *domain == action.to),
            Self::Orgs { default, .. } if action.action_code == ActionCode::MoveUserToOrg => {
                *default == Some(action.org_id)
            }
            Self::Orgs { member_of, .. } => member_of.contains(&action.org_id),
        }
    }
}
