//! The four user codes (rules 6.2): what a user's e-mail domain says about where the user belongs.
//!
//! Each domain is decided once for all its users: see [`Verdict`]. Then the users need only one pass over the rows.

use super::RuleContext;
use super::domain::{DomainVerdicts, Verdict};
use super::tally::{self, Tally};
use crate::catalogue::{ActionCode, BlockedReason, IssueCode};
use crate::model::at::{AccountAt, OrgAt};
use crate::model::domains::DomainId;
use crate::parallel;
use crate::rules::issue::{Action, Evidence, Issue, Subject};
use crate::rules::resolve::Resolution;

/// The result for a user.
#[derive(Debug)]
pub enum UserOutcome {
    OutOfScope,
    /// The domain alone decides: personal, ignored, unmapped, waiting or spread.
    NotEvaluated(Verdict),
    /// Several accounts or orgs are possible, and the default org settles it: this account.
    Settled(AccountAt),
    /// `account`: the one account that the tickets are checked against.
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

/// The results for all users.
#[derive(Debug)]
pub struct Judged {
    pub counts: UserCounts,
    /// For each user, the account that the tickets are checked against.
    accounts: Vec<Option<AccountAt>>,
    pub tally: Tally,
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
    let duplicates = tally::duplicate_orgs(context);
    let none_yet = |users: usize| Judged {
        counts: UserCounts::default(),
        accounts: Vec::with_capacity(users),
        tally: Tally::new(context),
    };
    let parts = parallel::in_parts(context.world.users.len(), |users| {
        let mut issues = Vec::new();
        let mut judged = none_yet(users.len());
        for at in users {
            let outcome = domains.outcome(context, at, several_work);
            judged.counts.count(&outcome);
            let (account, issue) = match outcome {
                UserOutcome::Evaluated { account, issue } => (account, issue),
                UserOutcome::OutOfScope | UserOutcome::NotEvaluated(_) | UserOutcome::Settled(_) => (None, None),
            };
            judged.accounts.push(account);
            judged.tally.add_user(context, domains, at, &duplicates);
            issues.extend(issue);
        }
        context.sort(&mut issues);
        (judged, issues)
    });
    let mut all = none_yet(context.world.users.len());
    for (mut judged, mut found) in parts {
        all.counts = all.counts.plus(judged.counts);
        all.accounts.append(&mut judged.accounts);
        all.tally.merge(&judged.tally);
        issues.append(&mut found);
    }
    all
}

impl UserCounts {
    /// Counts one more user.
    fn count(&mut self, outcome: &UserOutcome) {
        let counter = match outcome {
            UserOutcome::OutOfScope => {
                self.out_of_scope += 1;
                return;
            }
            UserOutcome::NotEvaluated(verdict) => match verdict {
                Verdict::Personal => &mut self.personal_domain,
                Verdict::Ignored => &mut self.ignored_domain,
                Verdict::Unmapped => &mut self.unmapped,
                Verdict::Waiting => &mut self.waiting_for_account,
                Verdict::Spread => &mut self.spread_domain,
                Verdict::Duplicate(_) | Verdict::SeveralAccounts | Verdict::SeveralOrgs(..) | Verdict::Expected(..) => {
                    &mut self.evaluated
                }
            },
            UserOutcome::Settled(_) => &mut self.settled,
            UserOutcome::Evaluated { .. } => &mut self.evaluated,
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
    /// Decides about the user at an index, from the verdict on the domain and the user's own orgs.
    pub fn outcome(&self, context: &RuleContext<'_>, at: usize, several_work: bool) -> UserOutcome {
        let world = context.world;
        let Some(domain) = self.in_scope(context, &world.users[at]) else { return UserOutcome::OutOfScope };
        let ambiguous = |account| {
            let reason = BlockedReason::UserDomainAmbiguous;
            blocked(context, IssueCode::UserDomainAmbiguous, at, account, domain, reason)
        };
        match self.verdict(domain) {
            verdict @ (Verdict::Personal
            | Verdict::Ignored
            | Verdict::Unmapped
            | Verdict::Waiting
            | Verdict::Spread) => UserOutcome::NotEvaluated(verdict),
            Verdict::Duplicate(account) => {
                let code = IssueCode::UserResolutionBlockedDuplicateExternalId;
                let issue = blocked(context, code, at, Some(account), domain, BlockedReason::DuplicateExternalId);
                UserOutcome::Evaluated { account: Some(account), issue: Some(issue) }
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
                    Some(account) => UserOutcome::Settled(account),
                    None => {
                        let account = of(&|org| world.membership_in(at, org).is_some());
                        UserOutcome::Evaluated { account: None, issue: Some(ambiguous(account)) }
                    }
                }
            }
            Verdict::SeveralOrgs(account, org) => {
                if world.default_org(at) == Some(context.org_id(org)) {
                    UserOutcome::Settled(account)
                } else {
                    UserOutcome::Evaluated { account: None, issue: Some(ambiguous(Some(account))) }
                }
            }
            Verdict::Expected(account, org) => UserOutcome::Evaluated {
                account: Some(account),
                issue: membership_issue(context, at, account, org, domain, several_work),
            },
        }
    }
}

/// Whether a user may have memberships in several orgs: the setting, or, if it is unknown, whether some user has several.
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

/// Checks a user who should be in exactly one org: is the user a member, and is it the default org?
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
        let blocked = if context.default_org_is_unknown(user) {
            Some(BlockedReason::DefaultOrgNotInReference)
        } else if context.settings.users.require_verified && !world.users[user].flags().verified {
            Some(BlockedReason::UserNotVerified)
        } else if !several_work && !world.memberships_of(user).is_empty() {
            Some(BlockedReason::MultipleOrganizationsOff)
        } else {
            None
        };
        return Some(found(IssueCode::UserMissingExpectedMembership).blocked_by(blocked));
    }
    (world.default_org(user) != Some(org_id)).then(|| {
        let unknown = context.default_org_is_unknown(user).then_some(BlockedReason::DefaultOrgNotInReference);
        found(IssueCode::UserDefaultOrgNotExpected).blocked_by(unknown)
    })
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

/// The user's relation to the expected org or, if there is none, to the candidates.
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
