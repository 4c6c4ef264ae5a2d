//! One finding: what it is about, what it proposes, and what became of it.

use crate::catalogue::{ActionCode, BlockedReason, IssueCode, Status};
use crate::model::domains::DomainId;
use crate::resolve::AccountAt;
use sha2::{Digest, Sha256};
use std::fmt;

/// Names the same finding from run to run: 16 hex digits (contract 6).
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
        let digest = Sha256::digest(&text);
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
        f.write_str(str::from_utf8(&digits).unwrap_or_default())
    }
}

/// One finding.
#[derive(Debug)]
pub struct Issue {
    pub id: IssueId,
    pub code: IssueCode,
    pub status: Status,
    /// Why nothing is prepared, for a blocked issue.
    pub blocked_reason: Option<BlockedReason>,
    /// The index of the suppression that silences it.
    pub suppression: Option<u32>,
    pub account: Option<AccountAt>,
    pub org_id: Option<u64>,
    pub user_id: Option<u64>,
    pub ticket_id: Option<u64>,
    pub domain: Option<DomainId>,
    pub evidence: Evidence,
    /// What it proposes. Empty once suppressed; emptied into the plan by `plan::prepare`.
    pub proposals: Vec<Action>,
    /// Its actions in the plan, prepared ones first.
    pub actions: Vec<ActionRef>,
}

/// What the finding rests on beyond the account's resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The account, its resolution and its domains tell everything.
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
        assert_eq!(id.to_string(), "fdc27ffd89f8903d");
        assert_eq!(ActionRef::Prepared(0).to_string(), "A001");
        assert_eq!(ActionRef::Blocked(1233).to_string(), "B1234");
    }
}
