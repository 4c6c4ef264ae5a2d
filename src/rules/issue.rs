//! One issue: its subject, its proposed repair, and its status.

use crate::catalogue::{ActionCode, BlockedReason, IssueCode, Status};
use crate::digest::{Digest, Hasher};
use crate::model::at::AccountAt;
use crate::model::domains::DomainId;
use std::fmt;
use std::num::NonZeroU32;

/// Names the same finding from run to run: the letter `i` and 16 hex digits, so that no spreadsheet takes it for a number (rules 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueId([u8; 8]);

impl IssueId {
    /// The first eight bytes of the SHA-256 of the parts, joined by line feeds; absent ones are empty.
    pub fn of(
        code: IssueCode,
        account_key: &str,
        org: Option<u64>,
        user: Option<u64>,
        ticket: Option<u64>,
        domain: &str,
    ) -> Self {
        let mut text = Vec::with_capacity(128);
        let mut number = itoa::Buffer::new();
        text.extend_from_slice(code.as_str().as_bytes());
        text.push(b'\n');
        text.extend_from_slice(account_key.as_bytes());
        for id in [org, user, ticket] {
            text.push(b'\n');
            text.extend_from_slice(id.map_or("", |id| number.format(id)).as_bytes());
        }
        text.push(b'\n');
        text.extend_from_slice(domain.as_bytes());
        let digest = Hasher::digest(&text);
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Self(id)
    }
}

impl fmt::Display for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 16];
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
        }
        write!(f, "i{}", str::from_utf8(&digits).unwrap_or_default())
    }
}

/// The subject of an issue.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject {
    pub account: Option<AccountAt>,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    pub ticket_id: Option<u64>,
    pub domain: Option<DomainId>,
}

/// One finding. A large audit has half a million of them, so ids are packed.
#[derive(Debug)]
pub struct Issue {
    pub id: IssueId,
    pub code: IssueCode,
    pub status: Status,
    /// Why nothing is prepared, for a blocked issue. Before `plan::prepare`: why its only repair would be blocked.
    pub blocked_reason: Option<BlockedReason>,
    /// The index of the suppression that hides it, plus one.
    suppression: Option<NonZeroU32>,
    pub evidence: Evidence,
    /// Its actions in the plan.
    pub actions: Actions,
    account: Option<AccountAt>,
    pub domain: Option<DomainId>,
    org_id: PackedId,
    user_id: PackedId,
    ticket_id: PackedId,
}

impl Issue {
    pub fn new(id: IssueId, code: IssueCode, subject: Subject, evidence: Evidence) -> Self {
        let Subject { account, org_id, user_id, ticket_id, domain } = subject;
        Self {
            id,
            code,
            status: Status::ReviewOnly,
            blocked_reason: None,
            suppression: None,
            evidence,
            actions: Actions::default(),
            account,
            domain,
            org_id: PackedId::new(org_id),
            user_id: PackedId::new(user_id),
            ticket_id: PackedId::new(ticket_id),
        }
    }

    /// The same, whose only repair would be blocked.
    pub fn blocked_by(self, reason: Option<BlockedReason>) -> Self {
        Self { blocked_reason: reason, ..self }
    }

    pub fn account(&self) -> Option<AccountAt> {
        self.account
    }

    pub fn org_id(&self) -> Option<u64> {
        self.org_id.get()
    }

    pub fn user_id(&self) -> Option<u64> {
        self.user_id.get()
    }

    pub fn ticket_id(&self) -> Option<u64> {
        self.ticket_id.get()
    }

    /// The index of the suppression that hides it.
    pub fn suppression(&self) -> Option<u32> {
        self.suppression.map(|suppression| suppression.get() - 1)
    }

    /// Marks it as hidden by a suppression; the first one counts.
    pub fn suppress(&mut self, suppression: u32) {
        self.status = Status::Suppressed;
        self.suppression = self.suppression.or(NonZeroU32::new(suppression + 1));
    }
}

/// An id, or none, in eight bytes.
#[derive(Debug, Clone, Copy)]
struct PackedId(u64);

impl PackedId {
    const NONE: u64 = u64::MAX;

    fn new(id: Option<u64>) -> Self {
        Self(id.unwrap_or(Self::NONE))
    }

    fn get(self) -> Option<u64> {
        (self.0 != Self::NONE).then_some(self.0)
    }
}

/// The evidence for the issue, in addition to the account's resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing more: the account, its resolution and its domains are enough.
    Account,
    /// The index of the user.
    User(u32),
    /// The index of the ticket and of its requester; what the requester's own issue is; what kind of mismatch it is.
    Ticket { ticket: u32, requester: u32, echo_of: Option<IssueId>, mismatch: Option<Mismatch> },
}

/// How a ticket's org differs from the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    NoOrg,
    OtherMemberOrg,
    NotMemberOrg,
}

impl Mismatch {
    /// The name as `ticket_issues.csv` shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoOrg => "no_org",
            Self::OtherMemberOrg => "other_member_org",
            Self::NotMemberOrg => "not_member_org",
        }
    }
}

/// One repair: prepared, or blocked for a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub code: ActionCode,
    pub blocked: Option<BlockedReason>,
    pub account: Option<AccountAt>,
    pub org_id: Option<u64>,
    /// Index and id of the user.
    pub user: Option<(u32, u64)>,
    /// The membership to make the default, for `move_user_to_org`.
    pub membership_id: Option<u64>,
    pub domain: Option<DomainId>,
    pub issue_id: IssueId,
}

/// Where an action stands in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionRef {
    /// Index among the prepared ones: `A001` is 0.
    Prepared(u32),
    /// Index among the blocked ones: `B001` is 0.
    Blocked(u32),
}

/// The actions of one issue: those that are prepared stand together in the plan, and so do those that are blocked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Actions {
    prepared: Stretch,
    blocked: Stretch,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Stretch {
    first: u32,
    count: u32,
}

impl Stretch {
    fn add(&mut self, index: u32) {
        if self.count == 0 {
            self.first = index;
        }
        debug_assert_eq!(self.first + self.count, index, "the actions of an issue stand together");
        self.count += 1;
    }

    fn indexes(self) -> std::ops::Range<u32> {
        self.first..self.first + self.count
    }
}

impl Actions {
    /// Adds the next one of the plan.
    pub fn add(&mut self, action: ActionRef) {
        match action {
            ActionRef::Prepared(index) => self.prepared.add(index),
            ActionRef::Blocked(index) => self.blocked.add(index),
        }
    }

    /// All of them, prepared ones first.
    pub fn iter(self) -> impl Iterator<Item = ActionRef> {
        let prepared = self.prepared.indexes().map(ActionRef::Prepared);
        prepared.chain(self.blocked.indexes().map(ActionRef::Blocked))
    }
}

impl fmt::Display for ActionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prepared(index) => write!(f, "A{:03}", index + 1),
            Self::Blocked(index) => write!(f, "B{:03}", index + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_start_of_a_public_digest() {
        // printf 'ticket_org_mismatch\n001acme006\n4006\n5010\n70001\nacme.example' | sha256sum | cut -c1-16
        let id = IssueId::of(
            IssueCode::TicketOrgMismatch,
            "001acme006",
            Some(4006),
            Some(5010),
            Some(70001),
            "acme.example",
        );
        assert_eq!(id.to_string(), "ifdc27ffd89f8903d");
        assert_eq!(ActionRef::Prepared(0).to_string(), "A001");
        assert_eq!(ActionRef::Blocked(1233).to_string(), "B1234");
    }
}
