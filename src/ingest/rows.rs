//! A record while it waits for the rest of its kind: only what the rules use, and what decides between two forms of it.

use super::text::{get_text, texts};
use crate::model::domains::DomainId;
use crate::model::time::Instant;

#[derive(Clone, Copy)]
pub(super) struct OrgRow {
    pub id: u64,
    pub updated: Instant,
    /// Where the texts of this org begin: name, external id, `updated_at`, then its domain names.
    pub text: u64,
    pub domain_names: u32,
    pub flags: u8,
}

#[derive(Clone, Copy)]
pub(super) struct UserRow {
    pub id: u64,
    pub organization_id: Option<std::num::NonZeroU64>,
    pub updated: Instant,
    /// Where the text of this user begins: the address, then, if it is spelled unusually, `updated_at`; each with its length before it.
    pub text: u64,
    pub domain: Option<DomainId>,
    pub role: u8,
    pub flags: u8,
}

pub(super) const ACTIVE: u8 = 1;
pub(super) const SUSPENDED: u8 = 2;
pub(super) const SHARED: u8 = 4;
pub(super) const VERIFIED: u8 = 8;
pub(super) const DELETED_RECORD: u8 = 16;
pub(super) const ODD_TIME: u8 = 32;
pub(super) const SHARES_TICKETS: u8 = 64;
pub(super) struct MembershipRow {
    pub id: u64,
    pub user_id: u64,
    pub organization_id: u64,
    pub updated: Instant,
    /// One more than the index of `updated_at` among the unusually spelled ones; 0: usual.
    pub odd: u32,
    pub default: bool,
    pub deleted: bool,
}

pub(super) struct OrgTexts<'a, I> {
    pub name: Option<&'a str>,
    pub external_id: Option<&'a str>,
    pub updated_at: Option<&'a str>,
    pub domain_names: I,
}

impl OrgRow {
    pub(super) fn texts<'a>(&self, text: &'a [u8]) -> OrgTexts<'a, impl Iterator<Item = &'a str> + use<'a>> {
        let mut texts = texts(text, self.text as usize);
        let mut next = || texts.next().flatten();
        let (name, external_id, updated_at) = (next(), next(), next());
        let domain_names = texts.take(self.domain_names as usize).flatten();
        OrgTexts { name, external_id, updated_at, domain_names }
    }
}

impl UserRow {
    /// What follows the last `@` of the address, whose text begins in `text`.
    pub(super) fn after_at<'a>(&self, text: &'a [u8]) -> Option<&'a str> {
        let (email, _) = get_text(text, self.text as usize);
        email.and_then(|email| email.rfind('@').map(|at| &email[at + 1..]))
    }

    pub(super) fn organization_id(&self) -> Option<u64> {
        self.organization_id.map(|id| id.get() - 1)
    }
}
