//! The four user codes (contract 6.2): what a user's e-mail domain says about where the user belongs.
//!
//! A domain is judged once, for all its users: see [`Verdict`]. The users then are one pass over the rows.

use super::RuleContext;
use crate::catalogue::{ActionCode, BlockedReason, IssueCode, WarningCode};
use crate::model::at::{AccountAt, OrgAt};
use crate::model::domains::DomainId;
use crate::model::warning::Warning;
use crate::model::world::User;
use crate::parallel;
use crate::rules::issue::{Action, Evidence, Issue, Subject};
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
    /// One resolved account, but the users sit in too many other orgs: it looks like a provider's domain.
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

/// Why a user is not looked at.
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

/// What became of a user.
#[derive(Debug)]
pub enum Outcome {
    OutOfScope,
    /// The domain says it all: personal, ignored, unmapped, waiting or spread.
    NotEvaluated(Verdict),
    /// Several accounts or orgs are meant, and the default org tells which: this account's.
    Settled(AccountAt),
    /// `account`: the one account that the tickets are judged by.
    Evaluated {
        account: Option<AccountAt>,
        issue: Option<Issue>,
    },
}

/// How many users went which way. The seven from `personal_domain` to `evaluated` sum to `in_scope`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserCounts {
    pub in_scope: u64,
    pub personal_domain: u64,
    pub ignored_domain: u64,
    pub unmapped: u64,
    pub waiting_for_account: u64,
    pub spread_domain: u64,
    pub settled: u64,
    pub evaluated: u64,
    pub out_of_scope: u64,
}

/// The verdict on every domain, and which users are in scope.
#[derive(Debug)]
pub struct DomainVerdicts {
    verdicts: Vec<Verdict>,
    /// For a domain that is on no org: how many users Zendesk would add by itself if it were added to the org.
    affected: Vec<u32>,
    roles_in_scope: Vec<bool>,
}

impl DomainVerdicts {
    /// Judges every domain.
    pub fn judge(context: &RuleContext<'_>) -> Self {
        let world = context.world;
        let mut domains = Self {
            verdicts: parallel::map(&world.domains.ids().collect::<Vec<_>>(), |domain| verdict(context, *domain)),
            affected: Vec::new(),
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
    fn in_scope(&self, context: &RuleContext<'_>, user: &User) -> Option<DomainId> {
        user.domain().filter(|_| self.out_of_scope(context, user).next().is_none())
    }

    /// Where the users of a domain have their default org, when one resolved account expects it. Looks at all users.
    pub fn seats(&self, context: &RuleContext<'_>, domain: DomainId) -> Option<Seats> {
        let [account] = context.reference.expecting(domain) else { return None };
        let org_id = context.resolved.org_id(*account)?;
        let users = context.world.users.iter().enumerate();
        let users = users.filter(|(_, user)| self.in_scope(context, user) == Some(domain));
        let mut seats = Seats::default();
        users.for_each(|(at, _)| seats.add(context, at, org_id));
        Some(seats)
    }

    /// Looks at where the users of each expected domain are: finds the spread ones, and counts the affected users.
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
        part.others.into_iter().flatten().for_each(|org| self.note_other(org));
    }

    fn looks_spread(&self) -> bool {
        self.other > self.own && self.other_orgs() == self.others.len()
    }
}

/// The verdict on a domain before the users are looked at.
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

/// What is known of the users once all are judged.
#[derive(Debug)]
pub struct Judged {
    pub counts: UserCounts,
    /// For each user the account that the tickets are judged by.
    accounts: Vec<Option<AccountAt>>,
}

impl Judged {
    /// The one account that the user was evaluated for: resolved, or duplicate.
    pub fn account(&self, user: usize) -> Option<AccountAt> {
        self.accounts[user]
    }
}

/// Finds the user issues. `several_work`: see [`multiple_organizations_work`].
pub fn detect(
    context: &RuleContext<'_>,
    domains: &DomainVerdicts,
    several_work: bool,
    issues: &mut Vec<Issue>,
) -> Judged {
    let parts = parallel::in_parts(context.world.users.len(), |users| {
        let mut issues = Vec::new();
        let mut judged = Judged { counts: UserCounts::default(), accounts: Vec::with_capacity(users.len()) };
        for at in users {
            let outcome = domains.outcome(context, at, several_work);
            judged.counts.count(&outcome);
            let (account, issue) = match outcome {
                Outcome::Evaluated { account, issue } => (account, issue),
                Outcome::OutOfScope | Outcome::NotEvaluated(_) | Outcome::Settled(_) => (None, None),
            };
            judged.accounts.push(account);
            issues.extend(issue);
        }
        context.sort(&mut issues);
        (judged, issues)
    });
    let mut all = Judged { counts: UserCounts::default(), accounts: Vec::with_capacity(context.world.users.len()) };
    for (mut judged, mut found) in parts {
        all.counts = all.counts.plus(judged.counts);
        all.accounts.append(&mut judged.accounts);
        issues.append(&mut found);
    }
    all
}

impl UserCounts {
    /// Counts one more user.
    fn count(&mut self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::OutOfScope => {
                self.out_of_scope += 1;
                return;
            }
            Outcome::NotEvaluated(verdict) => match verdict {
                Verdict::Personal => &mut self.personal_domain,
                Verdict::Ignored => &mut self.ignored_domain,
                Verdict::Unmapped => &mut self.unmapped,
                Verdict::Waiting => &mut self.waiting_for_account,
                Verdict::Spread => &mut self.spread_domain,
                Verdict::Duplicate(_) | Verdict::SeveralAccounts | Verdict::SeveralOrgs(..) | Verdict::Expected(..) => {
                    &mut self.evaluated
                }
            },
            Outcome::Settled(_) => &mut self.settled,
            Outcome::Evaluated { .. } => &mut self.evaluated,
        };
        *counter += 1;
        self.in_scope += 1;
    }

    fn plus(self, other: Self) -> Self {
        Self {
            in_scope: self.in_scope + other.in_scope,
            personal_domain: self.personal_domain + other.personal_domain,
            ignored_domain: self.ignored_domain + other.ignored_domain,
            unmapped: self.unmapped + other.unmapped,
            waiting_for_account: self.waiting_for_account + other.waiting_for_account,
            spread_domain: self.spread_domain + other.spread_domain,
            settled: self.settled + other.settled,
            evaluated: self.evaluated + other.evaluated,
            out_of_scope: self.out_of_scope + other.out_of_scope,
        }
    }
}

impl DomainVerdicts {
    /// Judges the user at an index, by the verdict on the domain and the user's own orgs.
    pub fn outcome(&self, context: &RuleContext<'_>, at: usize, several_work: bool) -> Outcome {
        let world = context.world;
        let Some(domain) = self.in_scope(context, &world.users[at]) else { return Outcome::OutOfScope };
        let ambiguous = |account| {
            let reason = BlockedReason::UserDomainAmbiguous;
            blocked(context, IssueCode::UserDomainAmbiguous, at, account, domain, reason)
        };
        match self.verdict(domain) {
            verdict @ (Verdict::Personal
            | Verdict::Ignored
            | Verdict::Unmapped
            | Verdict::Waiting
            | Verdict::Spread) => Outcome::NotEvaluated(verdict),
            Verdict::Duplicate(account) => {
                let code = IssueCode::UserResolutionBlockedDuplicateExternalId;
                let issue = blocked(context, code, at, Some(account), domain, BlockedReason::DuplicateExternalId);
                Outcome::Evaluated { account: Some(account), issue: Some(issue) }
            }
            Verdict::SeveralAccounts => {
                let expecting = context.reference.expecting(domain);
                let default = world.default_org(at);
                let of = |matches: &dyn Fn(u64) -> bool| {
                    let mut found =
                        expecting.iter().filter(|account| context.resolved.org_id(**account).is_some_and(matches));
                    found.next().filter(|_| found.next().is_none()).copied()
                };
                match of(&|org| default == Some(org)) {
                    Some(account) => Outcome::Settled(account),
                    None => {
                        let account = of(&|org| world.membership_in(at, org).is_some());
                        Outcome::Evaluated { account: None, issue: Some(ambiguous(account)) }
                    }
                }
            }
            Verdict::SeveralOrgs(account, org) => {
                if world.default_org(at) == Some(context.org_id(org)) {
                    Outcome::Settled(account)
                } else {
                    Outcome::Evaluated { account: None, issue: Some(ambiguous(Some(account))) }
                }
            }
            Verdict::Expected(account, org) => Outcome::Evaluated {
                account: Some(account),
                issue: membership_issue(context, at, account, org, domain, several_work),
            },
        }
    }
}

/// Whether a user may have memberships in several orgs: the setting, or, where it is unknown, that some user has.
pub fn multiple_organizations_work(context: &RuleContext<'_>) -> bool {
    context.world.multiple_organizations.unwrap_or_else(|| context.world.memberships.any_in_two_orgs())
}

/// An issue about a user who cannot be assigned to an org, for this reason.
fn blocked(
    context: &RuleContext<'_>,
    code: IssueCode,
    user: usize,
    account: Option<AccountAt>,
    domain: DomainId,
    reason: BlockedReason,
) -> Issue {
    user_issue(context, code, user, account, None, domain).blocked_by(Some(reason))
}

/// A user who belongs to exactly one org: is the user a member of it, and by default?
fn membership_issue(
    context: &RuleContext<'_>,
    user: usize,
    account: AccountAt,
    org: OrgAt,
    domain: DomainId,
    several_work: bool,
) -> Option<Issue> {
    let world = context.world;
    let org_id = context.org_id(org);
    let found = |code| user_issue(context, code, user, Some(account), Some(org_id), domain);
    if world.membership_in(user, org_id).is_none() {
        let blocked = if context.settings.users.require_verified && !world.users[user].flags().verified {
            Some(BlockedReason::UserNotVerified)
        } else if !several_work && !world.memberships_of(user).is_empty() {
            Some(BlockedReason::MultipleOrganizationsOff)
        } else {
            None
        };
        return Some(found(IssueCode::UserMissingExpectedMembership).blocked_by(blocked));
    }
    (world.default_org(user) != Some(org_id)).then(|| found(IssueCode::UserDefaultOrgNotExpected))
}

fn user_issue(
    context: &RuleContext<'_>,
    code: IssueCode,
    user: usize,
    account: Option<AccountAt>,
    org_id: Option<u64>,
    domain: DomainId,
) -> Issue {
    let user_id = Some(context.world.users[user].id());
    let subject = Subject { account, org_id, user_id, domain: Some(domain), ..Subject::default() };
    context.issue(code, subject, Evidence::User(user as u32))
}

/// The repair of a user issue.
pub fn proposal(context: &RuleContext<'_>, issue: &Issue) -> Option<Action> {
    let Evidence::User(user) = issue.evidence else { return None };
    let (code, membership) = match issue.code {
        IssueCode::UserDefaultOrgNotExpected => {
            let membership = issue.org_id().and_then(|org| context.world.membership_in(user as usize, org));
            (ActionCode::MoveUserToOrg, membership)
        }
        _ => (ActionCode::AssignUserToOrg, None),
    };
    Some(Action {
        code,
        blocked: issue.blocked_reason,
        account: issue.account(),
        org_id: issue.org_id(),
        user: issue.user_id().map(|id| (user, id)),
        membership_id: membership.map(|membership| membership.id),
        domain: issue.domain,
        issue_id: issue.id,
    })
}

/// Where a user stands to the expected org, or, where there is none, to the candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipState {
    MemberDefault,
    Member,
    None,
}

impl MembershipState {
    /// The name as `user_issues.csv` shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MemberDefault => "member_default",
            Self::Member => "member",
            Self::None => "none",
        }
    }
}

/// The accounts that expect the issue's domain, when they are several, in the order of the reference.
pub fn candidate_accounts<'a>(context: &RuleContext<'a>, issue: &Issue) -> &'a [AccountAt] {
    match issue.domain.map(|domain| context.reference.expecting(domain)) {
        Some(several @ [_, _, ..]) => several,
        _ => &[],
    }
}

/// The orgs that a user issue without expected org could mean, ascending by id.
pub fn candidate_orgs(context: &RuleContext<'_>, issue: &Issue) -> Vec<OrgAt> {
    let Some(domain) = issue.domain else { return Vec::new() };
    let expecting = context.reference.expecting(domain);
    match issue.code {
        IssueCode::UserDomainAmbiguous => {
            let resolved = expecting.iter().filter_map(|account| context.resolved.accounts[*account].org());
            let mut orgs: Vec<OrgAt> = context.resolved.holders(domain).iter().copied().chain(resolved).collect();
            orgs.sort_unstable();
            orgs.dedup();
            orgs
        }
        IssueCode::UserResolutionBlockedDuplicateExternalId => {
            match expecting.first().map(|account| &context.resolved.accounts[*account]) {
                Some(Resolution::Duplicate(orgs)) => orgs.clone(),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// The state of the user of an issue.
pub fn membership_state(context: &RuleContext<'_>, issue: &Issue, user: usize) -> MembershipState {
    let orgs = match issue.org_id() {
        Some(org) => vec![org],
        None => candidate_orgs(context, issue).into_iter().map(|org| context.org_id(org)).collect(),
    };
    let member = |org: u64| context.world.membership_in(user, org).is_some();
    if context.world.default_org(user).is_some_and(|default| orgs.contains(&default) && member(default)) {
        MembershipState::MemberDefault
    } else if orgs.into_iter().any(member) {
        MembershipState::Member
    } else {
        MembershipState::None
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
                    "most users with {text} have other default orgs, three or more of them; it looks like a provider's domain and its users are not evaluated (domains.not_personal says otherwise)"
                ),
            });
        }
    }
    warnings
}
