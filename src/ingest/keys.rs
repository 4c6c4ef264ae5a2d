//! Absent is not empty (rules 5): the keys without which nothing of a collection can be judged.

use crate::model::kind::Kind;

/// The keys that a collection must have. A key with null is there.
const fn needed(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Organizations => &["external_id", "domain_names"],
        Kind::Users => &["role", "email", "organization_id", "verified"],
        Kind::Memberships => &["default"],
        Kind::Tickets => &["requester_id", "organization_id", "updated_at"],
    }
}

/// Which of the needed keys of a kind were there: one bit for each, in the order of [`needed`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Keys(u8);

impl Keys {
    /// Of one record; `there` has the order of [`needed`].
    pub(super) fn of<const N: usize>(there: [bool; N]) -> Self {
        Self(there.iter().enumerate().fold(0, |keys, (bit, there)| keys | u8::from(*there) << bit))
    }

    /// Also those of other records.
    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The first needed key that was not there.
    pub(super) fn absent(self, kind: Kind) -> Option<&'static str> {
        needed(kind).iter().enumerate().find(|(bit, _)| self.0 & 1 << bit == 0).map(|(_, key)| *key)
    }
}
