//! The words for people about each blocked reason; what blocks an action is decided by the detectors.

use super::{BlockedReason, Explanation};

impl BlockedReason {
    /// Why the action is blocked, and what to do about it.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::DuplicateExternalId => &Explanation {
                title: "Several orgs carry the account's id",
                means: "The action needs to know the account's org, and two or more orgs carry \
                    its id.",
                evidence: "The account's `org_duplicate_external_id`; for a user, that of the \
                    only account which expects the user's domain.",
                what_to_do: "In Zendesk, keep the `external_id` on one org only, then run the \
                    audit again.",
                tool_does: "Lists the action as blocked, for the org and for each user who \
                    depends on it.",
                tool_does_not: "It never picks one of the orgs.",
            },
            Self::OrgClaimedByMultipleAccounts => &Explanation {
                title: "Two accounts lead to the same blank org",
                means: "The org could be the account's, but it also holds a domain of another \
                    account, and nothing on it says whose it is.",
                evidence: "The only candidate org has a blank `external_id`, and holds a domain \
                    that only this account expects and one that only another account expects.",
                what_to_do: "Decide whose org it is and set its `external_id` by hand, or split \
                    the domains between two orgs. If the accounts are one customer, merge them or \
                    correct their domains in Salesforce.",
                tool_does: "Lists a blocked `set_org_external_id` for the account. Users whose \
                    domain only this account expects wait until it is solved.",
                tool_does_not: "It never decides between accounts.",
            },
            Self::ExternalIdConflict => &Explanation {
                title: "The org already has another external_id",
                means: "The only candidate org is marked as somebody else's.",
                evidence: "The account's `org_external_id_conflict`; `current_external_id` shows \
                    the id as stored.",
                what_to_do: "Correct the `external_id` in Zendesk if it is wrong, or the domains \
                    if the org is another customer's.",
                tool_does: "Lists a blocked `set_org_external_id` for the account.",
                tool_does_not: "It never overwrites an `external_id`.",
            },
            Self::DomainBelongsToOtherOrg => &Explanation {
                title: "Another org holds the domain",
                means: "Adding the domain would put it on two orgs, and Zendesk could put users \
                    into either.",
                evidence: "The account's `org_domain_attached_elsewhere`; `conflicting_org_ids` \
                    lists the orgs that hold the domain.",
                what_to_do: "Remove the domain from the other org in Zendesk, or from the account \
                    in Salesforce, then run the audit again.",
                tool_does: "Lists a blocked `add_org_domain` for the domain.",
                tool_does_not: "It never takes a domain from an org.",
            },
            Self::UserDomainAmbiguous => &Explanation {
                title: "The user's domain has several owners",
                means: "The user's domain leads to several accounts or orgs, so there is no one \
                    org to add the user to.",
                evidence: "The user's `user_domain_ambiguous`; `candidate_sf_account_ids` and \
                    `candidate_org_ids` list who is meant.",
                what_to_do: "Leave the domain with one account and one org, or make the right \
                    account's org the user's default org in Zendesk.",
                tool_does: "Lists a blocked `assign_user_to_org` for the user.",
                tool_does_not: "It never guesses an owner.",
            },
            Self::DomainSpreadAcrossOrgs => &Explanation {
                title: "The domain looks like a provider's",
                means: "Users with the domain belong mostly to other orgs, as those of a mailbox \
                    or internet provider do. The domain is no proof that somebody belongs to the \
                    account.",
                evidence: "Of the users in scope with the domain, more have a default org other \
                    than the account's than have the account's, and those other orgs are three or \
                    more.",
                what_to_do: "If the domain is a provider's, add it to `domains.personal`. If it \
                    is the customer's own, add it to `domains.not_personal`: then it is never \
                    judged as spread.",
                tool_does: "Blocks a link that rests on spread domains alone, every other action \
                    of an account whose link is blocked so, and the adding of a spread domain.",
                tool_does_not: "It does not report the users of a spread domain; one \
                    `spread_domain` warning stands for them.",
            },
            Self::AccountIdDoubtful => &Explanation {
                title: "The account's id may be another record's",
                means: "A tool has changed the case of the account's Salesforce id, and upper and lower case are part \
                    of such an id. Written to Zendesk, it would link the org to another record.",
                evidence: "The id has 15 characters and its letters are all of one case, or it has 18 and a wrong \
                    check. The warning `id_doubtful` or `id_check_wrong` names its line.",
                what_to_do: "Export the reference again with ids of 18 characters, without a detour through a tool that \
                    changes case. Then run the audit again.",
                tool_does: "Blocks the action that would write the id, and every other action of an account that only \
                    this action would link.",
                tool_does_not: "It never writes a doubtful id, and never guesses its case.",
            },
            Self::DefaultOrgNotInReference => &Explanation {
                title: "The default org's account is unknown",
                means: "The user is at home in an org that is linked to an account which the reference does not have. If \
                    the reference only lacks that row, the user is another customer's, and the action would open \
                    this customer's org to them.",
                evidence: "The default org exists, its `external_id` is not blank, and no row of the reference has its \
                    key. For a domain: users in scope with the domain have such a default org.",
                what_to_do: "Look at the advisories `org_not_in_reference` and `account_lost`. Add the missing row to the \
                    reference, or correct the `external_id` of the org. Then run the audit again.",
                tool_does: "Blocks the user's assignment or move. Blocks adding a domain that such users have, since \
                    Zendesk would then add these users by itself.",
                tool_does_not: "It never moves a user out of an org whose account it does not know.",
            },
            Self::UserNotVerified => &Explanation {
                title: "The user's address is not verified",
                means: "Nobody has proved that the e-mail address is the user's. Adding the user \
                    could open the org to a stranger.",
                evidence: "The user is not marked as `verified` in Zendesk, and \
                    `users.require_verified` is on.",
                what_to_do: "Have the user verify the address, or verify it in Zendesk, then run \
                    the audit again. Switching `users.require_verified` off accepts the risk for \
                    all users.",
                tool_does: "Lists a blocked `assign_user_to_org` for the user.",
                tool_does_not: "It never verifies a user, and never adds an unverified one while \
                    the setting is on.",
            },
            Self::MultipleOrganizationsOff => &Explanation {
                title: "Zendesk allows only one org per user",
                means: "The user already has a membership, and this Zendesk does not let a user \
                    have a second one.",
                evidence: "The user has a membership in another org, and the account setting \
                    `multiple_organizations` is off. An unknown setting counts as off, unless \
                    some user has memberships in two different orgs.",
                what_to_do: "Switch on multiple organizations in Zendesk, if the subscription \
                    allows it, or move the user by hand. Then run the audit again.",
                tool_does: "Lists a blocked `assign_user_to_org` for the user.",
                tool_does_not: "It never removes a membership to make room, and never changes a \
                    setting.",
            },
            Self::AccountLinkSuppressed => &Explanation {
                title: "The account's linking issue is suppressed",
                means: "The account is known by its domains alone, and the action that would link \
                    it is suppressed. Its other actions would rest on a link that somebody \
                    decided not to make.",
                evidence: "A suppression matches the `org_missing_external_id` of the account.",
                what_to_do: "Remove the suppression, or set the org's `external_id` by hand, then \
                    run the audit again.",
                tool_does: "Blocks the account's other actions that would be prepared; those \
                    blocked already keep their reason.",
                tool_does_not: "It never acts for an account whose link is suppressed.",
            },
            Self::ReferenceShrank => &Explanation {
                title: "Too many accounts have left the reference",
                means: "The reference has far fewer accounts than the baseline had, as an incomplete export has. Without \
                    their rows, shared domains look like one account's own, so no finding is safe to act on.",
                evidence: "The share of the baseline's accounts that the reference lacks is above \
                    `salesforce.max_lost_percent`. The advisory `account_lost` names each of them.",
                what_to_do: "Check the export, its filter and its rights. If the accounts are gone on purpose, accept the \
                    run as the new baseline (`--accept-new`); the run after it prepares actions again.",
                tool_does: "Blocks every action that would otherwise be prepared.",
                tool_does_not: "It never prepares an action from a reference that shrank.",
            },
        }
    }
}
