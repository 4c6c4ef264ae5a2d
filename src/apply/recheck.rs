//! Whether an action's preconditions hold: a pure question about a fresh look (contract 7 and 8.3).

use super::look::{Look, OrgIndex};
use crate::catalogue::SkipReason;
use crate::model::account_key::account_key;
use crate::model::precondition::Precondition;
use crate::model::record::Org;
use crate::run::plan_file::PlannedAction;

/// The reason of the first precondition, in the plan's order, that does not hold; `None` when all hold.
///
/// An action that depends on a link has the link among its preconditions (`PlanFile` makes sure of both). Where the org is as
/// blank as the audit saw it, nothing has changed: the link was not applied.
pub fn recheck(action: &PlannedAction, look: &Look, index: &OrgIndex) -> Option<SkipReason> {
    let reason = action.preconditions.iter().find_map(|precondition| broken(precondition, action, look, index))?;
    let blank = look.org.as_ref().and_then(Org::key).is_none();
    Some(match reason {
        SkipReason::OrgExternalIdChanged if blank && !action.depends_on.is_empty() => SkipReason::DependencyNotApplied,
        reason => reason,
    })
}

fn broken(precondition: &Precondition, action: &PlannedAction, look: &Look, index: &OrgIndex) -> Option<SkipReason> {
    use Precondition as P;
    let org = look.org.as_ref();
    let user = look.user.as_ref();
    let unless = |holds: bool, reason: SkipReason| (!holds).then_some(reason);
    match precondition {
        P::OrgExists => unless(org.is_some(), SkipReason::OrgNotFound),
        P::OrgExternalIdIsBlank => match org.and_then(|org| org.key()) {
            None => None,
            Some(key) if key == account_key(&action.to) => Some(SkipReason::OrgAlreadyLinked),
            Some(_) => Some(SkipReason::OrgExternalIdNotBlank),
        },
        P::ExternalIdUnused => {
            unless(!index.id_is_elsewhere(&account_key(&action.to), action.org_id), SkipReason::ExternalIdInUse)
        }
        P::OrgHasDomain(domain) => unless(org.is_some_and(|org| org.holds(domain)), SkipReason::OrgDomainGone)
            .or_else(|| domain_unused(domain, action, index)),
        P::OrgExternalIdIsAccount => unless(
            org.and_then(|org| org.key()).is_some_and(|key| key == account_key(&action.sf_account_id)),
            SkipReason::OrgExternalIdChanged,
        ),
        P::OrgLacksDomain(domain) => {
            unless(!org.is_some_and(|org| org.holds(domain)), SkipReason::DomainAlreadyPresent)
        }
        P::DomainUnused(domain) => domain_unused(domain, action, index),
        P::UserExists => unless(user.is_some(), SkipReason::UserNotFound),
        P::UserActive => unless(user.is_some_and(|user| user.active), SkipReason::UserInactive),
        P::UserNotSuspended => unless(user.is_some_and(|user| !user.suspended), SkipReason::UserSuspended),
        P::UserVerified => unless(user.is_some_and(|user| user.verified), SkipReason::UserNotVerified),
        P::UserEmailDomain(domain) => unless(
            user.and_then(|user| user.email_domain.as_deref()) == Some(domain),
            SkipReason::UserEmailDomainChanged,
        ),
        P::UserNotMember => unless(!look.is_member(action.org_id), SkipReason::UserAlreadyMember),
        P::MultipleOrganizationsOnOrFirst => {
            unless(look.memberships.is_empty() || look.multiple_organizations, SkipReason::MultipleOrganizationsOff)
        }
        P::UserIsMember => {
            let named = |id| {
                look.memberships.iter().any(|membership| membership.id == id && membership.org_id == action.org_id)
            };
            unless(action.membership_id.is_some_and(named), SkipReason::MembershipNotFound)
        }
        P::MembershipNotDefault => unless(look.default_org() != Some(action.org_id), SkipReason::AlreadyDefault),
        P::DefaultOrgIs(default) => unless(look.default_org() == *default, SkipReason::DefaultOrgChanged),
    }
}

fn domain_unused(domain: &str, action: &PlannedAction, index: &OrgIndex) -> Option<SkipReason> {
    index.domain_is_elsewhere(domain, action.org_id).then_some(SkipReason::DomainBelongsToOtherOrg)
}
