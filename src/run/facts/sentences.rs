//! The sentences about an audit, each once. They hold names of this program and counts alone, and codes stand in backticks; a
//! renderer takes those away where they would show.

use super::AuditFacts;
use crate::catalogue::{BlockedReason, IssueCode};
use crate::text::words::{counted, grouped};
use std::cmp::Reverse;

/// How bad it is, at one glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Good,
    /// Something changed that neither hides nor permits more.
    Note,
    Look,
    Bad,
}

impl Mark {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "🟢",
            Self::Note => "🔵",
            Self::Look => "🟡",
            Self::Bad => "🔴",
        }
    }
}

/// What to do next, and the command for it; the command is whole but for where the plan is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Actions are prepared: dry-run the plan.
    DryRun,
    /// Nothing is prepared, and this is what keeps most actions from it.
    Unblock(BlockedReason),
    /// No action repairs what is there; this is the worst of it.
    Review(IssueCode),
    /// No open issue.
    Nothing,
}

impl Next {
    /// The sentence.
    pub const fn sentence(&self) -> &'static str {
        match self {
            Self::DryRun => "Dry-run the plan; nothing is written to Zendesk.",
            Self::Unblock(_) => {
                "No repair can be prepared safely. Fix the causes of the blocked actions, most frequent reason \
                    first, then audit again."
            }
            Self::Review(_) => {
                "No action can repair these issues; people must fix them. Begin with the worst \
                one, then audit again."
            }
            Self::Nothing => "There is no open issue. Audit again when the reference or Zendesk has changed.",
        }
    }

    /// The command, for a plan that is named by `plan`.
    pub fn command(&self, plan: &str) -> Option<String> {
        match self {
            Self::DryRun => Some(format!("g-gremlin zendesk drift apply --plan {plan}")),
            Self::Unblock(reason) => Some(format!("g-gremlin zendesk drift explain {reason}")),
            Self::Review(code) => Some(format!("g-gremlin zendesk drift explain {code}")),
            Self::Nothing => None,
        }
    }
}

impl AuditFacts {
    /// `13 issues, 5 prepared actions, 4 blocked, 0 suppressed`.
    pub fn counts(&self) -> String {
        format!(
            "{}, {}, {} blocked, {} suppressed",
            counted(self.issues, "issue"),
            counted(self.prepared, "prepared action"),
            grouped(self.blocked),
            grouped(self.suppressed)
        )
    }

    /// The verdict in a few words; `new` of the issues were not in the baseline.
    pub fn verdict(&self, new: Option<u64>) -> (Mark, String) {
        let breached = self.thresholds.iter().filter(|judgement| judgement.breached).count() as u64;
        let open = self.thresholds.iter().filter(|judgement| judgement.value.is_none()).count() as u64;
        let issues = counted(self.issues, "issue");
        let new = new.filter(|new| *new > 0);
        let new = new.map(|new| format!(", {} of them new", grouped(new))).unwrap_or_default();
        match (breached, self.issues, self.thresholds.len()) {
            (1, ..) => (Mark::Bad, format!("a threshold is breached: {issues}{new}")),
            (2.., ..) => (Mark::Bad, format!("{} thresholds are breached: {issues}{new}", grouped(breached))),
            (0, 0, _) if open > 0 => (Mark::Look, format!("no issue; {} could not be checked", counted(open, "limit"))),
            (0, 0, _) => (Mark::Good, "no issue".to_owned()),
            (0, _, 0) => (Mark::Look, format!("{issues}{new}; no threshold is set")),
            (0, ..) => (Mark::Look, format!("{issues}{new}; no threshold is breached")),
        }
    }

    /// `9 accounts, 11 orgs, 24 users, 142 memberships, 487 tickets`.
    pub fn read_in_words(&self) -> String {
        let read = &self.read;
        format!(
            "{}, {}, {}, {}, {}",
            counted(read.accounts, "account"),
            counted(read.organizations, "org"),
            counted(read.users, "user"),
            counted(read.memberships, "membership"),
            counted(read.tickets, "ticket")
        )
    }

    fn users(&self, name: &str) -> u64 {
        self.users.get(name).copied().unwrap_or_default()
    }

    /// How many users in scope were checked, and why the others were not.
    pub fn coverage(&self) -> String {
        let judged = self.users("evaluated") + self.users("settled");
        let left_out: Vec<String> = [
            ("unmapped", "whose domain no account expects"),
            ("personal_domain", "with a personal domain"),
            ("ignored_domain", "with an ignored domain"),
            ("waiting_for_account", "whose account has no org yet"),
            ("spread_domain", "whose domain looks like a provider's"),
        ]
        .into_iter()
        .map(|(name, why)| (self.users(name), why))
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{} {why}", grouped(count)))
        .collect();
        let of = format!("{} of {} users in scope were checked", grouped(judged), grouped(self.users("in_scope")));
        if left_out.is_empty() { format!("{of}.") } else { format!("{of}. Not checked: {}.", left_out.join(", ")) }
    }

    /// The most frequent domains that no account expects, each made visible by `shown`. Domains are not for everybody.
    pub fn unmapped(&self, shown: impl Fn(&str) -> String) -> Option<String> {
        let domains = self.unmapped_domains.iter();
        let domains: Vec<String> =
            domains.map(|(domain, users)| format!("{} ({})", shown(domain), counted(*users, "user"))).collect();
        (!domains.is_empty())
            .then(|| format!("The most frequent domains that no account expects: {}.", domains.join(", ")))
    }

    /// `3 org_not_in_reference, 12 domain_unmapped`.
    pub fn advisories_in_words(&self) -> Option<String> {
        let counts: Vec<String> =
            self.advisories.iter().map(|(code, count)| format!("{} `{code}`", grouped(*count))).collect();
        (!counts.is_empty()).then(|| counts.join(", "))
    }

    /// The accounts that left the reference since the baseline.
    pub fn lost(&self) -> Option<String> {
        match self.lost_accounts? {
            0 => None,
            1 => Some("1 account of the baseline is no longer in the reference.".to_owned()),
            many => Some(format!("{} accounts of the baseline are no longer in the reference.", grouped(many))),
        }
    }

    /// What the ticket issues of requesters with an open issue call for.
    pub fn echoes(&self) -> Option<String> {
        let come = match self.ticket_echoes {
            0 => return None,
            1 => "1 ticket issue comes from a requester with an open issue".to_owned(),
            many => format!("{} ticket issues come from requesters with an open issue", grouped(many)),
        };
        Some(format!("{come}. Fix the requester first; that stops new ones. Existing tickets stay as they are."))
    }

    /// The blocked reasons, the most frequent first, ties in table order.
    pub fn reasons(&self) -> Vec<(BlockedReason, u64)> {
        let mut reasons: Vec<_> = self.by_reason.iter().map(|(reason, count)| (*reason, *count)).collect();
        reasons.sort_by_key(|(_, count)| Reverse(*count));
        reasons
    }

    /// The codes with open issues, the worst first: by risk, then in table order.
    pub fn codes(&self) -> Vec<(IssueCode, u64)> {
        let mut codes: Vec<_> = self.by_code.iter().map(|(code, count)| (*code, *count)).collect();
        codes.sort_by_key(|(code, _)| code.risk());
        codes
    }

    /// What to do next, by what there is.
    pub fn next(&self) -> Next {
        match (self.prepared, self.reasons().first(), self.codes().first()) {
            (1.., ..) => Next::DryRun,
            (0, Some((reason, _)), _) => Next::Unblock(*reason),
            (0, None, Some((code, _))) => Next::Review(*code),
            (0, None, None) => Next::Nothing,
        }
    }

    /// The worst account, to begin with.
    pub fn worst_account(&self) -> Option<&str> {
        self.accounts.iter().find_map(|account| account.sf_account_id.as_deref())
    }
}
