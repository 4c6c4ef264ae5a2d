//! The writes: one action after the other, each checked again right before, read back right after, and recorded in the
//! journal before the next one begins (contract 8.3).

use super::journal::Journal;
use super::look::{Look, OrgIndex, Reads, look};
use super::recheck::recheck;
use super::select::Choice;
use super::{Stop, unless_stopped};
use crate::catalogue::{ActionCode, SkipReason};
use crate::interrupt::Deferred;
use crate::model::time::Instant;
use crate::run::artifacts::apply_receipt::{ActionResult, Outcome};
use crate::run::artifacts::journal::Entry;
use crate::run::plan_file::PlannedAction;
use crate::text::audience::Message;
use crate::zendesk::{ReadError, Sent, Write, Writer};
use serde_json::Value;
use std::time::Duration;

/// What a live apply works with.
pub struct Execution<'a, R> {
    pub records: &'a R,
    pub writer: &'a Writer<'a>,
    pub index: OrgIndex,
    pub journal: &'a mut Journal,
    pub clock: fn() -> Instant,
    pub stop: &'a Deferred,
    /// Whether a write was ever sent.
    pub began_to_write: bool,
    /// Told what a person may want to know, in words: waits, retries, errors.
    pub tell: &'a mut dyn FnMut(&str),
    /// Told what a person must know: an update that was lost.
    pub warn: &'a mut dyn FnMut(Message),
    /// Told each result, once it is in the journal.
    pub done: &'a mut dyn FnMut(&ActionResult),
}

/// What came of one action.
struct Came {
    result: ActionResult,
    /// After a 401 or 403 nothing more is sent.
    abort: bool,
}

impl<R: Reads> Execution<'_, R> {
    /// Applies the selected actions, in order; returns a result for every action of the plan, and why it ended early.
    pub async fn run(&mut self, actions: &[PlannedAction], choices: Vec<Choice>) -> (Vec<ActionResult>, Option<Stop>) {
        let mut results = Vec::with_capacity(actions.len());
        let mut ended: Option<Stop> = None;
        let mut abort = false;
        for (action, choice) in actions.iter().zip(choices) {
            if let Choice::Not(result) = choice {
                results.push(result);
                continue;
            }
            if ended.is_none() && self.stop.is_signalled() {
                ended = Some(Stop::Interrupted);
            }
            if abort || ended.is_some() {
                let aborted = ActionResult::new(action, Outcome::Skipped, Some(SkipReason::Aborted), (self.clock)());
                // Where the journal cannot take it, the receipt still does.
                let _ = self.journal.note(&Entry::Result(aborted.clone()));
                results.push(aborted);
                continue;
            }
            match self.apply(action).await {
                Ok(came) => {
                    abort = came.abort;
                    if let Err(full) = self.journal.append_result(&came.result) {
                        ended = Some(Stop::Disk(full));
                    }
                    (self.done)(&came.result);
                    results.push(came.result);
                }
                Err(stop) => {
                    results.push(ActionResult::new(
                        action,
                        Outcome::Skipped,
                        Some(SkipReason::Aborted),
                        (self.clock)(),
                    ));
                    ended = Some(stop);
                }
            }
        }
        if ended.is_none() && self.stop.is_signalled() {
            // It came during the last action.
            ended = Some(Stop::Interrupted);
        }
        (results, ended)
    }

    /// Checks one action again, writes, and reads back. An error means that nothing of it was written.
    async fn apply(&mut self, action: &PlannedAction) -> Result<Came, Stop> {
        let mut tries = 0;
        let first_sent = tokio::time::Instant::now();
        loop {
            self.keep_pace(action).await?;
            let seen = match unless_stopped(self.stop, look(self.records, action)).await {
                Ok(seen) => seen,
                Err(Stop::Read(error)) => return Ok(self.unreadable(action, &error)),
                Err(stop) => return Err(stop),
            };
            self.index.update(action, &seen);
            let before = seen.state(action);
            if let Some(reason) = recheck(action, &seen, &self.index) {
                let not = ActionResult::new(action, Outcome::Skipped, Some(reason), (self.clock)());
                let result = ActionResult { before: Some(before), ..not };
                return Ok(Came { result, abort: false });
            }
            self.journal.append(&Entry::Intention {
                action_id: action.action_id.to_string(),
                before: before.clone(),
                at: (self.clock)().rfc3339(),
            })?;
            tries += 1;
            let write = write_of(action, &seen);
            let sent = tokio::select! {
                biased;
                () = self.stop.insisted() => {
                    Sent::Unknown { status: None, request_id: None, what: "a wait that was cut short".to_owned() }
                }
                sent = self.writer.send(&write, tries, first_sent) => sent,
            };
            self.began_to_write |= !matches!(sent, Sent::NotSent { .. });
            if let Sent::TooMany { wait: Some(wait), .. } = &sent {
                (self.tell)(&format!("{}: Zendesk asks to wait {} s (429)", action.action_id, wait.as_secs().max(1)));
                tokio::select! {
                    biased;
                    () = self.stop.signalled() => {}
                    () = tokio::time::sleep(*wait) => continue,
                }
            }
            return Ok(self.judge(action, &seen, before, sent).await);
        }
    }

    /// Waits until the next write may be sent; the read that follows is then fresh.
    async fn keep_pace(&mut self, action: &PlannedAction) -> Result<(), Stop> {
        let updated_org = match action.action_code {
            ActionCode::SetOrgExternalId | ActionCode::AddOrgDomain => Some(action.org_id),
            ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => None,
        };
        let wait = self.writer.wait(updated_org);
        if wait > Duration::from_secs(2) {
            (self.tell)(&format!("{}: waits {} s to keep the pace", action.action_id, wait.as_secs()));
        }
        tokio::select! {
            biased;
            () = self.stop.signalled() => Err(Stop::Interrupted),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    /// Says what came of a write that was sent.
    async fn judge(&mut self, action: &PlannedAction, seen: &Look, before: Value, sent: Sent) -> Came {
        let (http_status, request_id) = match &sent {
            Sent::Answered { status, request_id } | Sent::Refused { status, request_id, .. } => {
                (Some(*status), request_id.clone())
            }
            Sent::TooMany { request_id, .. } => (Some(429), request_id.clone()),
            Sent::Unknown { status, request_id, .. } => (*status, request_id.clone()),
            Sent::NotSent { .. } => (None, None),
        };
        let clock = self.clock;
        let ended = |status, reason, after| ActionResult {
            before: Some(before.clone()),
            after,
            http_status,
            request_id: request_id.clone(),
            ..ActionResult::new(action, status, reason, clock())
        };
        match &sent {
            Sent::NotSent { error } => {
                (self.tell)(&format!("{}: nothing was sent: {error}", action.action_id));
                // A client that gets no token now gets none for the next action.
                let abort = matches!(error, ReadError::Refused { .. });
                return Came { result: ended(Outcome::Failed, None, None), abort };
            }
            Sent::Refused { status: status @ (401 | 403), said, .. } => {
                (self.tell)(&format!("{}: Zendesk answers {status}{said}; nothing more is sent", action.action_id));
                return Came { result: ended(Outcome::Failed, None, None), abort: true };
            }
            Sent::Refused { status, said, .. } => {
                (self.tell)(&format!("{}: Zendesk answers {status}{said}", action.action_id));
            }
            Sent::Unknown { what, .. } => {
                (self.tell)(&format!("{}: the write came to {what}; looking whether it took", action.action_id));
            }
            Sent::TooMany { .. } => {
                // It was not done, and Zendesk would not say when it may be sent again.
                return Came { result: ended(Outcome::Failed, None, None), abort: false };
            }
            Sent::Answered { .. } => {}
        }
        let read = tokio::select! {
            biased;
            () = self.stop.insisted() => Err(Stop::Interrupted),
            read = self.read_back(action, &sent) => read.map_err(Stop::Read),
        };
        let now = match read {
            Ok(now) => now,
            Err(stop) => {
                let abort = if let Stop::Read(error) = &stop {
                    (self.tell)(&format!("{}: it cannot be read back: {error}", action.action_id));
                    is_refused(error)
                } else {
                    false
                };
                // An error answer says what happened; anything else is known only once it is read.
                let reason = if let Sent::Refused { .. } = sent { None } else { Some(SkipReason::OutcomeUnknown) };
                return Came { result: ended(Outcome::Failed, reason, None), abort };
            }
        };
        self.index.update(action, &now);
        let after = Some(now.state(action));
        self.tell_of_losses(action, seen, &now);
        let result = match (now.has_effect(action), &sent) {
            (true, Sent::Refused { .. }) => ended(Outcome::Skipped, Some(already(action.action_code)), after),
            (true, _) => ended(Outcome::Applied, None, after),
            (false, _) => ended(Outcome::Failed, None, after),
        };
        Came { result, abort: false }
    }

    /// Reads the action's records after the write. A write that was answered with success and does not show is looked for
    /// once more, since a read may be served from a copy that lags behind.
    async fn read_back(&self, action: &PlannedAction, sent: &Sent) -> Result<Look, ReadError> {
        let now = look(self.records, action).await?;
        if now.has_effect(action) || matches!(sent, Sent::Refused { .. }) {
            return Ok(now);
        }
        tokio::time::sleep(self.writer.pace().second_look).await;
        look(self.records, action).await
    }

    /// An update of somebody else may have undone ours, or ours theirs: Zendesk replaces lists as a whole.
    fn tell_of_losses(&mut self, action: &PlannedAction, before: &Look, after: &Look) {
        let lost: Vec<String> = match action.action_code {
            ActionCode::SetOrgExternalId => Vec::new(),
            ActionCode::AddOrgDomain => {
                let Some((then, now)) = before.org.as_ref().zip(after.org.as_ref()) else { return };
                then.domains()
                    .filter(|domain| !now.holds(domain))
                    .map(|domain| format!("the domain {domain}"))
                    .collect()
            }
            ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => before
                .memberships
                .iter()
                .filter(|membership| !after.is_member(membership.org_id))
                .map(|membership| format!("the user's membership in org {}", membership.org_id))
                .collect(),
        };
        for lost in lost {
            let what =
                "was there before the write and is not there after it; somebody else has changed the same record";
            (self.warn)(Message::with_public(
                format!("{}: {lost} {what}", action.action_id),
                format!("a {}: something {what}", action.action_code),
            ));
        }
    }

    /// The records could not be read, so nothing was written.
    fn unreadable(&mut self, action: &PlannedAction, error: &ReadError) -> Came {
        (self.tell)(&format!("{}: nothing was written, since {error}", action.action_id));
        let http_status = if let ReadError::Refused { status, .. } = error { Some(*status) } else { None };
        let result = ActionResult { http_status, ..ActionResult::new(action, Outcome::Failed, None, (self.clock)()) };
        Came { result, abort: is_refused(error) }
    }
}

fn is_refused(error: &ReadError) -> bool {
    matches!(error, ReadError::Refused { status: 401 | 403, .. })
}

/// The reason that says that an action's effect is there already.
pub(super) fn already(code: ActionCode) -> SkipReason {
    match code {
        ActionCode::SetOrgExternalId => SkipReason::OrgAlreadyLinked,
        ActionCode::AddOrgDomain => SkipReason::DomainAlreadyPresent,
        ActionCode::AssignUserToOrg => SkipReason::UserAlreadyMember,
        ActionCode::MoveUserToOrg => SkipReason::AlreadyDefault,
    }
}

/// The request of an action. `PlanFile` makes sure that an action about a user names one, and a move its membership.
fn write_of(action: &PlannedAction, seen: &Look) -> Write {
    let (org_id, user_id) = (action.org_id, action.user_id.unwrap_or_default());
    match action.action_code {
        ActionCode::SetOrgExternalId => Write::OrgExternalId { org_id, external_id: action.to.to_string() },
        ActionCode::AddOrgDomain => {
            let mut domain_names = seen.org.as_ref().map(|org| org.domain_names.clone()).unwrap_or_default();
            domain_names.push(action.to.to_string());
            Write::OrgDomains { org_id, domain_names }
        }
        ActionCode::AssignUserToOrg => Write::Membership { user_id, org_id },
        ActionCode::MoveUserToOrg => {
            Write::DefaultMembership { user_id, membership_id: action.membership_id.unwrap_or_default() }
        }
    }
}
