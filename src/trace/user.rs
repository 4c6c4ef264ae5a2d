//! A user: in scope or why not, and where the domain of the e-mail address says that the user belongs.

use super::brief::{AccountBrief, OrgBrief, SeatsView, outcome};
use crate::model::at::OrgAt;
use crate::model::world::{Membership, UserFlags};
use crate::rules::audit::Audit;
use crate::rules::detect::domain::{OutOfScope, Verdict};
use crate::rules::detect::user::UserOutcome;
use crate::rules::resolve::Resolution;
use serde::Serialize;
use std::collections::BTreeSet;

/// A user, step by step.
#[derive(Debug, Serialize)]
pub struct UserTrace<'a> {
    pub user_id: u64,
    pub role: &'a str,
    pub active: bool,
    pub suspended: bool,
    pub shared: bool,
    pub verified: bool,
    /// The domain of the e-mail address, in its normal form.
    pub domain: Option<&'a str>,
    pub in_scope: bool,
    pub out_of_scope_because: Vec<OutOfScope>,
    /// What the domain says about its users.
    pub domain_verdict: Option<&'static str>,
    /// The accounts that expect the domain.
    pub accounts: Vec<AccountBrief<'a>>,
    /// The orgs that hold the domain, and those of the accounts.
    pub orgs: Vec<OrgBrief<'a>>,
    /// Where the users of the domain have their default org; `None` unless one resolved account expects it.
    pub seats: Option<SeatsView>,
    pub memberships: Vec<MembershipView<'a>>,
    pub default_org: Option<OrgBrief<'a>>,
    pub default_from: Option<DefaultFrom>,
    /// The org that the user should belong to, when it is known.
    pub expected_org: Option<OrgBrief<'a>>,
    /// What became of the user: `out_of_scope`, a verdict on the domain, `settled`, `agrees`, or the code of the issue.
    pub outcome: &'static str,
    /// The account for which the default org settles the question.
    pub settled_for: Option<&'a str>,
    /// Whether a user may have memberships in several orgs.
    pub multiple_organizations_work: bool,
    /// The tickets of the window that the user requested.
    pub tickets_in_window: u64,
}

/// A membership of the user.
#[derive(Debug, Serialize)]
pub struct MembershipView<'a> {
    pub membership_id: u64,
    #[serde(flatten)]
    pub org: OrgBrief<'a>,
    pub default: bool,
}

impl<'a> MembershipView<'a> {
    fn of(audit: &'a Audit<'a>, membership: &Membership) -> Self {
        let org = OrgBrief::named(audit, membership.organization_id());
        Self { membership_id: membership.id, org, default: membership.is_default() }
    }
}

/// What the default org is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultFrom {
    DefaultMembership,
    /// The user's own `organization_id`, where no membership is the default.
    UserRecord,
}

pub(super) fn explain<'a>(audit: &'a Audit<'a>, at: usize) -> UserTrace<'a> {
    let world = audit.world;
    let user = &world.users[at];
    let UserFlags { active, suspended, shared, verified } = user.flags();
    let out_of_scope_because = audit.out_of_scope(at);
    let accounts = user.domain().map_or(&[][..], |domain| audit.reference.expecting(domain));
    let holders = user.domain().map_or(&[][..], |domain| audit.resolved.holders(domain));
    // Those of a duplicate account count too: they have its id.
    let of_accounts = accounts.iter().map(|account| &audit.resolved.accounts[*account]);
    let of_accounts = of_accounts
        .filter(|resolution| resolution.org().is_some() || matches!(resolution, Resolution::Duplicate(_)))
        .flat_map(Resolution::orgs);
    let orgs: BTreeSet<OrgAt> = holders.iter().chain(of_accounts).copied().collect();
    let judged = audit.user(at);
    let in_scope = out_of_scope_because.is_empty();
    let expected = match user.domain().map(|domain| audit.verdict(domain)).filter(|_| in_scope) {
        Some(Verdict::Expected(_, org)) => Some(org),
        _ => None,
    };
    let requested = world.tickets.rows.iter().filter(|ticket| ticket.requester_id() == Some(user.id()));
    UserTrace {
        user_id: user.id(),
        role: &world.roles[user.role()],
        active,
        suspended,
        shared,
        verified,
        domain: user.domain().map(|domain| world.domains.text(domain)),
        in_scope,
        out_of_scope_because,
        domain_verdict: user.domain().map(|domain| audit.verdict(domain).as_str()),
        accounts: accounts.iter().map(|account| AccountBrief::of(audit, *account)).collect(),
        orgs: orgs.into_iter().map(|org| OrgBrief::of(audit, org)).collect(),
        seats: user.domain().and_then(|domain| SeatsView::of(audit, domain)),
        memberships: world.memberships_of(at).iter().map(|membership| MembershipView::of(audit, membership)).collect(),
        default_org: world.default_org(at).map(|id| OrgBrief::named(audit, id)),
        default_from: world.default_org(at).map(|_| {
            if world.memberships_of(at).iter().any(Membership::is_default) {
                DefaultFrom::DefaultMembership
            } else {
                DefaultFrom::UserRecord
            }
        }),
        expected_org: expected.map(|org| OrgBrief::of(audit, org)),
        outcome: outcome(&judged),
        settled_for: match judged {
            UserOutcome::Settled(account) => Some(audit.reference.accounts[account].sf_account_id().raw()),
            UserOutcome::OutOfScope | UserOutcome::NotEvaluated(_) | UserOutcome::Evaluated { .. } => None,
        },
        multiple_organizations_work: audit.multiple_organizations_work,
        tickets_in_window: requested.filter(|ticket| audit.context().in_window(ticket)).count() as u64,
    }
}
