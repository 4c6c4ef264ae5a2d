//! The writes: one action after the other, each checked again right before, read back right after, and recorded in the
//! journal before the next one begins (rules 8.3).

use super::journal::Journal;
use super::look::{Look, OrgIndex, SubjectReads, look};
use super::recheck::recheck;
use super::select::ActionChoice;
use super::{Stop, unless_stopped};
use crate::catalogue::{ActionCode, SkipReason};
use crate::interrupt::Deferred;
use crate::model::time::Instant;
use crate::run::artifacts::apply_receipt::{ActionResult, Outcome};
use crate::run::artifacts::journal::{Intention, JournalEntry};
use crate::run::plan_file::PlannedAction;
use crate::text::audience::Message;
use crate::zendesk::{ReadError, Sent, Write, Writer};
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;

/// Everything that a live apply needs.
pub struct Execution<'a, R> {
    pub records: &'a R,
    pub writer: &'a Writer<'a>,
    pub index: OrgIndex,
    pub journal: &'a mut Journal,
    pub clock: fn() -> Instant,
    pub stop: &'a Deferred,
    /// Whether a write was ever sent.
    pub began_to_write: bool,
    /// For each org whose last update got no answer and is not visible: how long that request may still be in transit.
    pub landing: HashMap<u64, tokio::time::Instant>,
    /// Receives optional messages for the person at the terminal: waits, retries, errors.
    pub tell: &'a mut dyn FnMut(&str),
    /// Receives messages that must always be shown: an update that was lost.
    pub warn: &'a mut dyn FnMut(Message),
    /// Receives each result after it is in the journal.
    pub done: &'a mut dyn FnMut(&ActionResult),
}

/// The outcome of one action.
struct Came {
    result: ActionResult,
    /// After a 401 or 403 nothing more is sent.
    abort: bool,
}

impl<R: SubjectReads> Execution<'_, R> {
    /// Applies the selected actions, in order; returns a result for every action of the plan, and why it ended early.
    pub async fn run(
        &mut self,
        actions: &[PlannedAction],
        choices: Vec<ActionChoice>,
    ) -> (Vec<ActionResult>, Option<Stop>) {
        let mut results = Vec::with_capacity(actions.len());
        let mut ended: Option<Stop> = None;
        let mut abort = false;
        for (action, choice) in actions.iter().zip(choices) {
            if let ActionChoice::Not(result) = choice {
                results.push(result);
                continue;
            }
            if ended.is_none() && self.stop.is_signalled() {
                ended = Some(Stop::Interrupted);
            }
            if abort || ended.is_some() {
                let aborted = ActionResult::new(action, Outcome::Skipped, Some(SkipReason::Aborted), (self.clock)());
                // Where the journal cannot take it, the receipt still does.
                let _ = self.journal.note(&JournalEntry::Result(aborted.clone()));
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
            let seen = match unless_stopped(self.stop, look(self.records, action, &mut self.index)).await {
                Ok(seen) => seen,
                Err(Stop::Read(error)) => return Ok(self.unreadable(action, &error)),
                Err(stop) => return Err(stop),
            };
            let before = seen.state(action);
            let reason = recheck(action, &seen, &self.index);
            let before = match (reason, before) {
                (None, Some(before)) => before,
                (reason, before) => {
                    let reason = reason.or(Some(SkipReason::RecordIncomplete));
                    let not = ActionResult::new(action, Outcome::Skipped, reason, (self.clock)());
                    return Ok(Came { result: ActionResult { before, ..not }, abort: false });
                }
            };
            self.journal.append(&JournalEntry::Intention(Intention {
                action_id: action.action_id.to_string(),
                before: before.clone(),
                at: (self.clock)().rfc3339(),
                timeout_ms: Some(u64::try_from(self.writer.timeout().as_millis()).unwrap_or(u64::MAX)),
            }))?;
            tries += 1;
            let write = write_of(action, &seen);
            let sent_at = tokio::time::Instant::now();
            let sent = tokio::select! {
                biased;
                () = self.stop.insisted() => {
                    Sent::Unknown { status: None, request_id: None, what: "interrupted".to_owned(), asked: None }
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
            let came = self.judge(action, &seen, before, &sent).await;
            if matches!(sent, Sent::Unknown { status: None, .. }) && came.result.status != Outcome::Applied {
                self.landing.insert(action.org_id, sent_at + self.writer.timeout());
            }
            return Ok(came);
        }
    }

    /// Waits until the next write may be sent; the read that follows is then fresh. An org whose last update may still be
    /// in transit is not changed until that request has timed out, because the request has an older list of domains.
    async fn keep_pace(&mut self, action: &PlannedAction) -> Result<(), Stop> {
        let updated_org = match action.action_code {
            ActionCode::SetOrgExternalId | ActionCode::AddOrgDomain => Some(action.org_id),
            ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => None,
        };
        let now = tokio::time::Instant::now();
        let landing = self.landing.remove(&action.org_id).map(|until| until.saturating_duration_since(now));
        if let Some(landing) = landing.filter(|landing| !landing.is_zero()) {
            let secs = landing.as_secs().max(1);
            (self.tell)(&format!("{}: waiting {secs} s for an earlier request to time out", action.action_id));
        }
        let pace = self.writer.wait(updated_org);
        if pace > Duration::from_secs(2) {
            (self.tell)(&format!("{}: waiting {} s because of the write limit", action.action_id, pace.as_secs()));
        }
        tokio::select! {
            biased;
            () = self.stop.signalled() => Err(Stop::Interrupted),
            () = tokio::time::sleep(pace.max(landing.unwrap_or_default())) => Ok(()),
        }
    }

    /// Decides the outcome of a write that was sent.
    async fn judge(&mut self, action: &PlannedAction, seen: &Look, before: Value, sent: &Sent) -> Came {
        let (http_status, request_id) = match sent {
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
        self.tell_of_answer(action, sent);
        let is_known = match sent {
            // A client that gets no token now gets none for the next action.
            Sent::NotSent { error } => Some(matches!(error, ReadError::Refused { .. })),
            Sent::Refused { status: 401 | 403, .. } => Some(true),
            // It was not done, and Zendesk did not say when it may be sent again.
            Sent::TooMany { .. } => Some(false),
            Sent::Refused { .. } | Sent::Unknown { .. } | Sent::Answered { .. } => None,
        };
        if let Some(abort) = is_known {
            return Came { result: ended(Outcome::Failed, None, None), abort };
        }
        let read = tokio::select! {
            biased;
            () = self.stop.insisted() => Err(Unread::Interrupted),
            read = self.read_back(action, sent) => read,
        };
        let now = match read {
            Ok(now) => now,
            Err(unread) => {
                (self.tell)(&format!("{}: the write cannot be read back: {unread}", action.action_id));
                let abort = matches!(&unread, Unread::Failed(error) if is_refused(error));
                // An error answer says what happened; anything else is known only once it is read.
                let reason = if let Sent::Refused { .. } = sent { None } else { Some(SkipReason::OutcomeUnknown) };
                return Came { result: ended(Outcome::Failed, reason, None), abort };
            }
        };
        let after = now.state(action);
        self.tell_of_losses(action, seen, &now);
        let result = match (now.has_effect(action), sent) {
            (true, Sent::Refused { .. }) => ended(Outcome::Skipped, Some(already(action.action_code)), after),
            (true, _) => ended(Outcome::Applied, None, after),
            (false, _) => ended(Outcome::Failed, None, after),
        };
        Came { result, abort: false }
    }

    fn tell_of_answer(&mut self, action: &PlannedAction, sent: &Sent) {
        let id = &action.action_id;
        match sent {
            Sent::NotSent { error } => (self.tell)(&format!("{id}: nothing was sent: {error}")),
            Sent::Refused { status: status @ (401 | 403), said, .. } => {
                (self.tell)(&format!("{id}: Zendesk answered {status}{said}; nothing more is sent"));
            }
            Sent::Refused { status, said, .. } => (self.tell)(&format!("{id}: Zendesk answered {status}{said}")),
            Sent::Unknown { what, .. } => {
                (self.tell)(&format!(
                    "{id}: unclear answer ({what}); reading back to see whether the write was applied"
                ));
            }
            Sent::TooMany { .. } | Sent::Answered { .. } => {}
        }
    }

    /// Reads the action's records after the write. If no answer refused the write but it is not visible, reads a
    /// second time, because a read may come from a copy that lags behind.
    async fn read_back(&mut self, action: &PlannedAction, sent: &Sent) -> Result<Look, Unread> {
        if let Sent::Unknown { asked: Some(asked), .. } = sent {
            self.wait_as_asked(action, *asked).await?;
        }
        let now = self.read_once(action).await?;
        if now.has_effect(action) || matches!(sent, Sent::Refused { .. }) {
            return Ok(now);
        }
        tokio::time::sleep(self.writer.pace().second_look).await;
        self.read_once(action).await
    }

    async fn read_once(&mut self, action: &PlannedAction) -> Result<Look, Unread> {
        let now = look(self.records, action, &mut self.index).await.map_err(Unread::Failed)?;
        if now.lacks_state(action) { Err(Unread::Incomplete) } else { Ok(now) }
    }

    /// Waits as long as `Retry-After` asks, because the server does not want a request before then.
    async fn wait_as_asked(&mut self, action: &PlannedAction, asked: Duration) -> Result<(), Unread> {
        if asked > self.writer.limits().max_silence {
            return Err(Unread::TooLong(asked));
        }
        (self.tell)(&format!("{}: Zendesk asks to wait {} s", action.action_id, asked.as_secs().max(1)));
        tokio::select! {
            biased;
            () = self.stop.signalled() => Err(Unread::Interrupted),
            () = tokio::time::sleep(asked) => Ok(()),
        }
    }

    /// Another client's update may have undone this one, or the other way around: Zendesk replaces whole lists.
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
                .list
                .iter()
                .filter(|membership| !after.is_member(membership.org_id))
                .map(|membership| format!("the user's membership in org {}", membership.org_id))
                .collect(),
        };
        for lost in lost {
            let what = "was there before the write but not after it; another client changed the same record";
            (self.warn)(Message::with_public(
                format!("{}: {lost} {what}", action.action_id),
                format!("a {}: something {what}", action.action_code),
            ));
        }
    }

    /// The records could not be read, so nothing was written.
    fn unreadable(&mut self, action: &PlannedAction, error: &ReadError) -> Came {
        (self.tell)(&format!("{}: nothing was written: {error}", action.action_id));
        let http_status = if let ReadError::Refused { status, .. } = error { Some(*status) } else { None };
        let result = ActionResult { http_status, ..ActionResult::new(action, Outcome::Failed, None, (self.clock)()) };
        Came { result, abort: is_refused(error) }
    }
}

/// Why a write cannot be read back.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("{0}")]
    Failed(ReadError),
    #[error("the response lacks the field that the action changes")]
    Incomplete,
    #[error("Zendesk asks to wait {} s, which is longer than this run waits", .0.as_secs())]
    TooLong(Duration),
    #[error("interrupted")]
    Interrupted,
}

fn is_refused(error: &ReadError) -> bool {
    matches!(error, ReadError::Refused { status: 401 | 403, .. })
}

/// The reason that an action's effect is already in place.
fn already(code: ActionCode) -> SkipReason {
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
