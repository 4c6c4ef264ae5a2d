//! Decides once per email domain what it means for its users, and which users are in scope (rules 6.2).

use super::RuleContext;
use crate::catalogue::WarningCode;
use crate::model::at::{AccountAt, OrgAt};
use crate::model::domains::DomainId;
use crate::model::warning::Warning;
use crate::model::world::User;
use crate::parallel;
use crate::rules::resolve::Resolution;

/// What a domain says about its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Personal,
    Ignored,
    /// No account expects it.
    Unmapped,
    /// Its one account has no org yet that users could be assigned to.
    Waiting,
    /// Its one account has several orgs with its id.
    Duplicate(AccountAt),
    /// Several accounts expect it.
    SeveralAccounts,
    /// One resolved account, but the domain is on other orgs too.
    SeveralOrgs(AccountAt, OrgAt),
    /// One resolved account and one org.
    Expected(AccountAt, OrgAt),
    /// One resolved account, but the users are in too many other orgs, so it looks like a provider's domain.
    Spread,
}

impl Verdict {
    /// A name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal_domain",
            Self::Ignored => "ignored_domain",
            Self::Unmapped => "unmapped",
            Self::Waiting => "waiting_for_account",
            Self::Duplicate(_) => "duplicate_account",
            Self::SeveralAccounts => "several_accounts",
            Self::SeveralOrgs(..) => "several_orgs",
            Self::Expected(..) => "expected",
            Self::Spread => "spread_domain",
        }
    }
}

/// Why a user is not in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutOfScope {
    Role,
    Inactive,
    Suspended,
    Shared,
    /// No e-mail address, or one whose domain does not normalize.
    NoUsableDomain,
}

/// The verdict on every domain, and which users are in scope.
#[derive(Debug)]
pub struct DomainVerdicts {
    verdicts: Vec<Verdict>,
    /// For a domain that is on no org: how many users Zendesk would add by itself if it were added to the org.
    affected: Vec<u32>,
    /// For a domain of a resolved account: whether some user with it has a default org that exists and is unknown.
    has_unknown_homes: Vec<bool>,
    roles_in_scope: Vec<bool>,
}

impl DomainVerdicts {
    /// Decides about every domain.
    pub fn judge(context: &RuleContext<'_>) -> Self {
        let world = context.world;
        let mut domains = Self {
            verdicts: parallel::map(&world.domains.ids().collect::<Vec<_>>(), |domain| verdict(context, *domain)),
            affected: Vec::new(),
            has_unknown_homes: Vec::new(),
            roles_in_scope: world.roles.iter().map(|role| context.settings.users.roles.contains(&**role)).collect(),
        };
        domains.count_users(context);
        domains
    }

    /// Whether the domain looks like a provider's.
    pub fn is_spread(&self, domain: DomainId) -> bool {
        self.verdicts[domain.index()] == Verdict::Spread
    }

    /// How many in-scope, verified users with the domain have no membership in the org that it is missing on.
    pub fn users_affected(&self, domain: DomainId) -> u32 {
        self.affected[domain.index()]
    }

    /// Whether some in-scope user with the domain has a default org that exists and is unknown.
    pub fn has_unknown_homes(&self, domain: DomainId) -> bool {
        self.has_unknown_homes[domain.index()]
    }

    /// What the domain says about its users.
    pub fn verdict(&self, domain: DomainId) -> Verdict {
        self.verdicts[domain.index()]
    }

    /// Why a user is not in scope; nothing for one who is.
    pub fn out_of_scope(&self, context: &RuleContext<'_>, user: &User) -> impl Iterator<Item = OutOfScope> + use<> {
        let flags = user.flags();
        let reasons = [
            (OutOfScope::Role, !self.roles_in_scope[user.role()]),
            (OutOfScope::Inactive, !flags.active),
            (OutOfScope::Suspended, flags.suspended && !context.settings.users.include_suspended),
            (OutOfScope::Shared, flags.shared),
            (OutOfScope::NoUsableDomain, user.domain().is_none()),
        ];
        reasons.into_iter().filter_map(|(reason, holds)| holds.then_some(reason))
    }

    /// The domain of a user who is in scope.
    pub(super) fn in_scope(&self, context: &RuleContext<'_>, user: &User) -> Option<DomainId> {
        user.domain().filter(|_| self.out_of_scope(context, user).next().is_none())
    }

    /// Where the users of a domain have their default org, if one resolved account expects it. Reads all users.
    pub fn seats(&self, context: &RuleContext<'_>, domain: DomainId) -> Option<Seats> {
        let [account] = context.reference.expecting(domain) else { return None };
        let org_id = context.resolved.org_id(*account)?;
        let users = context.world.users.iter().enumerate();
        let users = users.filter(|(_, user)| self.in_scope(context, user) == Some(domain));
        let mut seats = Seats::default();
        users.for_each(|(at, _)| seats.add(context, at, org_id));
        Some(seats)
    }

    /// Counts where the users of each expected domain are, to find spread domains and affected users.
    fn count_users(&mut self, context: &RuleContext<'_>) {
        let world = context.world;
        let mut parts = parallel::in_parts(world.users.len(), |users| {
            let mut seats = vec![Seats::default(); self.verdicts.len()];
            for at in users {
                let user = &world.users[at];
                let Some(domain) = self.in_scope(context, user) else { continue };
                let (Verdict::Expected(_, org) | Verdict::SeveralOrgs(_, org)) = self.verdicts[domain.index()] else {
                    continue;
                };
                let org_id = context.org_id(org);
                let seats = &mut seats[domain.index()];
                seats.add(context, at, org_id);
                if user.flags().verified
                    && context.resolved.holders(domain).is_empty()
                    && world.membership_in(at, org_id).is_none()
                {
                    seats.affected += 1;
                }
            }
            seats
        });
        let mut seats = parts.swap_remove(0);
        for part in parts {
            seats.iter_mut().zip(part).for_each(|(seats, part)| seats.merge(part));
        }
        self.affected = seats.iter().map(|seats| seats.affected).collect();
        self.has_unknown_homes = seats.iter().map(|seats| seats.unknown).collect();
        for (domain, seats) in world.domains.ids().zip(&seats) {
            if seats.looks_spread() && !context.settings.domains.not_personal.contains(world.domains.text(domain)) {
                self.verdicts[domain.index()] = Verdict::Spread;
            }
        }
    }
}

/// Where the users of a domain have their default org.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seats {
    /// Users whose default org is the account's.
    pub own: u32,
    /// Users whose default org is another one that exists.
    pub other: u32,
    /// Users whom Zendesk would add to the account's org by itself.
    affected: u32,
    /// Whether a user has a default org that exists and is unknown.
    unknown: bool,
    /// The first three different other orgs.
    others: [Option<OrgAt>; 3],
}

impl Seats {
    /// Counts the user at an index, whose org should be `org_id`.
    fn add(&mut self, context: &RuleContext<'_>, at: usize, org_id: u64) {
        match context.world.default_org(at) {
            Some(default) if default == org_id => self.own += 1,
            default => {
                if let Some(org) = default.and_then(|id| context.world.org_at(id)) {
                    self.other += 1;
                    self.unknown |= context.resolved.is_unknown(org);
                    self.note_other(org);
                }
            }
        }
    }

    /// How many different other orgs there are; three stands for more.
    pub fn other_orgs(&self) -> usize {
        self.others.iter().flatten().count()
    }

    fn note_other(&mut self, org: OrgAt) {
        if !self.others.contains(&Some(org))
            && let Some(free) = self.others.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some(org);
        }
    }

    /// Adds what was counted of other users.
    fn merge(&mut self, part: Self) {
        self.own += part.own;
        self.other += part.other;
        self.affected += part.affected;
        self.unknown |= part.unknown;
        part.others.into_iter().flatten().for_each(|org| self.note_other(org));
    }

    fn looks_spread(&self) -> bool {
        self.other > self.own && self.other_orgs() == self.others.len()
    }
}

/// The verdict on a domain before the users are counted.
fn verdict(context: &RuleContext<'_>, domain: DomainId) -> Verdict {
    let text = context.world.domains.text(domain);
    if context.settings.domains.personal.contains(text) {
        return Verdict::Personal;
    }
    if context.settings.domains.ignored.contains(text) {
        return Verdict::Ignored;
    }
    let account = match context.reference.expecting(domain) {
        [] => return Verdict::Unmapped,
        [account] => *account,
        _ => return Verdict::SeveralAccounts,
    };
    match &context.resolved.accounts[account] {
        Resolution::Linked(org) | Resolution::DomainLinked(org) => {
            if context.resolved.holders(domain).iter().all(|holder| holder == org) {
                Verdict::Expected(account, *org)
            } else {
                Verdict::SeveralOrgs(account, *org)
            }
        }
        Resolution::Duplicate(_) => Verdict::Duplicate(account),
        Resolution::Contested(_) | Resolution::Conflict(_) | Resolution::Missing(_) => Verdict::Waiting,
    }
}

/// One warning for each spread domain, at the row of the account that expects it.
pub fn spread_warnings(context: &RuleContext<'_>, domains: &DomainVerdicts) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for account in &context.reference.accounts {
        for domain in account.domains.iter().filter(|domain| domains.is_spread(**domain)) {
            let text = context.world.domains.text(*domain);
            warnings.push(Warning {
                code: WarningCode::SpreadDomain,
                line: Some(account.line),
                sf_account_id: Some(account.sf_account_id().raw().to_owned()),
                domain: Some(text.to_owned()),
                message: format!(
                    "most users with {text} have other default orgs, at least three of them; it looks like a \
                        provider's domain, so its users are not checked (to change that, add it to \
                        domains.not_personal)"
                ),
            });
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_in_parts_is_as_if_it_were_counted_at_once() {
        let [one, two, three, four] = [0, 1, 2, 3].map(OrgAt::new);
        let mut all = Seats { own: 1, other: 2, affected: 3, unknown: false, others: [Some(one), Some(two), None] };
        all.merge(Seats { own: 10, other: 20, affected: 30, unknown: true, others: [Some(two), None, None] });
        assert_eq!((all.own, all.other, all.affected, all.unknown, all.other_orgs()), (11, 22, 33, true, 2));
        all.merge(Seats { others: [Some(three), Some(four), None], ..Seats::default() });
        assert_eq!((all.other_orgs(), all.unknown), (3, true));
    }
}
