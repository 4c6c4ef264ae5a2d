//! Whether an action's preconditions hold: a pure question about a fresh look (rules 7, 8.2 and 8.3).

use super::look::{Look, OrgIndex};
use crate::catalogue::{ActionCode, SkipReason};
use crate::model::account_key::account_key;
use crate::model::precondition::Precondition;
use crate::model::record::OrgRecord;
use crate::run::plan_file::PlannedAction;

/// Why the action must not be written now; `None` when everything holds.
///
/// The reason is that of the first precondition, in the plan's order, that does not hold. If an answer lacks a key, a
/// precondition that needs it cannot be checked; if all others hold, the record is incomplete.
///
/// An action that depends on a link has the link among its preconditions (`PlanFile` checks both). If the org's id is
/// still blank, as in the audit, nothing has changed: the link was not applied.
pub fn recheck(action: &PlannedAction, look: &Look, index: &OrgIndex) -> Option<SkipReason> {
    let judged = action.preconditions.iter().filter(|precondition| !is_unknown(precondition, look));
    if let Some(reason) = judged.filter_map(|precondition| broken(precondition, action, look, index)).next() {
        let blank = look.org.as_ref().and_then(OrgRecord::key).is_none();
        return Some(match reason {
            SkipReason::OrgExternalIdChanged if blank && !action.depends_on.is_empty() => {
                SkipReason::DependencyNotApplied
            }
            reason => reason,
        });
    }
    // The write itself needs the list of domains, and needs it whole.
    let adds = action.action_code == ActionCode::AddOrgDomain;
    let org = look.org.as_ref().filter(|org| adds && !org.lacks.contains(&"domain_names"));
    if org.is_some_and(|org| index.has_shrunk(org)) {
        return Some(SkipReason::OrgDomainsShrank);
    }
    let unknown = action.preconditions.iter().any(|precondition| is_unknown(precondition, look));
    (unknown || look.lacks_state(action)).then_some(SkipReason::RecordIncomplete)
}

/// Whether an answer lacks a key that the precondition needs.
fn is_unknown(precondition: &Precondition, look: &Look) -> bool {
    use Precondition as P;
    match precondition {
        P::OrgExists | P::ExternalIdUnused | P::DomainUnused(_) | P::UserExists => false,
        P::OrgExternalIdIsBlank | P::OrgExternalIdIsAccount => look.org_lacks("external_id"),
        P::OrgHasDomain(_) | P::OrgLacksDomain(_) => look.org_lacks("domain_names"),
        P::UserActive => look.user_lacks("active"),
        P::UserNotSuspended => look.user_lacks("suspended"),
        P::UserVerified => look.user_lacks("verified"),
        P::UserEmailDomain(_) => look.user_lacks("email"),
        P::UserNotMember | P::UserIsMember | P::MultipleOrganizationsOnOrFirst => look.lacks_members(),
        P::MembershipNotDefault | P::DefaultOrgIs(_) => look.lacks_default(),
    }
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
            let allowed = look.memberships.list.is_empty() || look.multiple_organizations;
            unless(allowed, SkipReason::MultipleOrganizationsOff)
        }
        P::UserIsMember => {
            let named = |id| {
                let mut list = look.memberships.list.iter();
                list.any(|membership| membership.id == id && membership.org_id == action.org_id)
            };
            unless(action.membership_id.is_some_and(named), SkipReason::MembershipNotFound)
        }
        P::MembershipNotDefault => unless(look.default_org() != Some(action.org_id), SkipReason::AlreadyDefault),
        P::DefaultOrgIs(org) => unless(look.default_org() == *org, SkipReason::DefaultOrgChanged),
    }
}

fn domain_unused(domain: &str, action: &PlannedAction, index: &OrgIndex) -> Option<SkipReason> {
    index.domain_is_elsewhere(domain, action.org_id).then_some(SkipReason::DomainBelongsToOtherOrg)
}
