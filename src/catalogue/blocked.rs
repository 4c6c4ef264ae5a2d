//! The words for people about each blocked reason; what blocks an action is decided by the detectors.

use super::{BlockedReason, Explanation};

impl BlockedReason {
    /// Why the action is blocked, and what to do about it.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::DuplicateExternalId => &Explanation {
                title: "Several orgs have the account's id",
                means: "The action needs to know the account's org, but two or more orgs have the account's id.",
                evidence: "The account's `org_duplicate_external_id` issue. For a user, it is the issue of the \
                    only account that expects the user's domain.",
                what_to_do: "In Zendesk, keep the `external_id` on only one org, then run the audit again.",
                tool_does: "Lists the action as blocked, for the org and for each user who \
                    depends on it.",
                tool_does_not: "It never chooses one of the orgs.",
            },
            Self::OrgClaimedByMultipleAccounts => &Explanation {
                title: "Two accounts match the same blank org",
                means: "The org may belong to this account, but it also has a domain of another account, and \
                    its `external_id` is blank.",
                evidence: "The only candidate org has a blank `external_id`. It has a domain that only this \
                    account expects, and another domain that only another account expects.",
                what_to_do: "Decide which account the org belongs to and set its `external_id` by hand, or \
                    split the domains between two orgs. If both accounts are the same customer, merge them or \
                    correct their domains in Salesforce.",
                tool_does: "Lists a blocked `set_org_external_id` for the account. Users whose domain only \
                    this account expects are not checked until this is fixed.",
                tool_does_not: "It never chooses between accounts.",
            },
            Self::ExternalIdConflict => &Explanation {
                title: "The org already has another external_id",
                means: "The only candidate org is already linked to something else.",
                evidence: "The account's `org_external_id_conflict` issue. `current_external_id` shows the id \
                    as stored.",
                what_to_do: "If the `external_id` is wrong, correct it in Zendesk. If the org belongs to \
                    another customer, correct the domains.",
                tool_does: "Lists a blocked `set_org_external_id` for the account.",
                tool_does_not: "It never overwrites an `external_id`.",
            },
            Self::DomainBelongsToOtherOrg => &Explanation {
                title: "Another org has the domain",
                means: "Adding the domain would put it on two orgs, and Zendesk could add users to either one.",
                evidence: "The account's `org_domain_attached_elsewhere` issue. `conflicting_org_ids` lists \
                    the orgs that have the domain.",
                what_to_do: "Remove the domain from the other org in Zendesk, or from the account \
                    in Salesforce, then run the audit again.",
                tool_does: "Lists a blocked `add_org_domain` for the domain.",
                tool_does_not: "It never removes a domain from an org.",
            },
            Self::UserDomainAmbiguous => &Explanation {
                title: "The user's domain has several owners",
                means: "The user's domain matches several accounts or orgs, so it is not clear which org to \
                    add the user to.",
                evidence: "The user's `user_domain_ambiguous` issue. `candidate_sf_account_ids` and \
                    `candidate_org_ids` list the possible matches.",
                what_to_do: "Keep the domain on only one account and one org, or make the right account's org \
                    the user's default org in Zendesk.",
                tool_does: "Lists a blocked `assign_user_to_org` for the user.",
                tool_does_not: "It never guesses an owner.",
            },
            Self::DomainSpreadAcrossOrgs => &Explanation {
                title: "The domain looks like a provider's",
                means: "Most users with the domain are in other orgs, as with the domain of an email or \
                    internet provider. So the domain does not show that a user belongs to this account.",
                evidence: "Among the users in scope with the domain, more have another default org than the \
                    account's org, and there are at least three of those other orgs.",
                what_to_do: "If the domain is a provider's, add it to `domains.personal`. If it is the \
                    customer's own, add it to `domains.not_personal`, and it is never treated as spread again.",
                tool_does: "Blocks setting the `external_id` of an org that only spread domains link to the \
                    account, and every other action of that account. Also blocks adding a spread domain to an \
                    org.",
                tool_does_not: "It does not report the users of a spread domain. One `spread_domain` warning \
                    covers all of them.",
            },
            Self::AccountIdDoubtful => &Explanation {
                title: "The account's id may be another record's",
                means: "A tool has probably changed upper and lower case in the account's Salesforce id. Case \
                    matters in these ids. If this id were written to Zendesk, it could link the org to another \
                    record.",
                evidence: "The id has 15 characters and its letters all have the same case, or it has 18 \
                    characters and the check at its end is wrong. The warning `id_doubtful` or \
                    `id_check_wrong` names the line.",
                what_to_do: "Export the reference again with 18-character ids, and do not pass it through a \
                    tool that changes case. Then run the audit again.",
                tool_does: "Blocks the action that would write the id, and every other action of an account \
                    that only this action would link.",
                tool_does_not: "It never writes a doubtful id, and never guesses its case.",
            },
            Self::DefaultOrgNotInReference => &Explanation {
                title: "The default org's account is unknown",
                means: "The user's default org is linked to an account that is not in the reference. If the \
                    reference is only missing that row, the user belongs to another customer, and the action \
                    would give them access to this customer's org.",
                evidence: "The default org exists, its `external_id` is not blank, and it matches no row of \
                    the reference. When a domain is added, this is checked for the users in scope with that \
                    domain.",
                what_to_do: "Check the advisories `org_not_in_reference` and `account_lost`. Add the missing \
                    row to the reference, or correct the `external_id` of the org. Then run the audit again.",
                tool_does: "Blocks adding or moving the user. Also blocks adding a domain that such users \
                    have, because Zendesk would then add these users to the org by itself.",
                tool_does_not: "It never moves a user out of an org whose account is not in the reference.",
            },
            Self::UserNotVerified => &Explanation {
                title: "The user's address is not verified",
                means: "The user has not proved that the email address is theirs. Adding the user could give a \
                    stranger access to the org.",
                evidence: "The user is not marked as `verified` in Zendesk, and \
                    `users.require_verified` is on.",
                what_to_do: "Have the user verify the address, or verify it in Zendesk, then run the audit \
                    again. If you turn off `users.require_verified`, you accept this risk for all users.",
                tool_does: "Lists a blocked `assign_user_to_org` for the user.",
                tool_does_not: "It never verifies a user, and never adds an unverified user while the setting is on.",
            },
            Self::MultipleOrganizationsOff => &Explanation {
                title: "Zendesk allows only one org per user",
                means: "The user already has a membership, and this Zendesk does not allow a second one.",
                evidence: "The user has a membership in another org, and the account setting \
                    `multiple_organizations` is off. If the setting cannot be read, it counts as off, unless \
                    some user has memberships in two different orgs.",
                what_to_do: "Turn on multiple organizations in Zendesk, if your plan allows it, or move the \
                    user by hand. Then run the audit again.",
                tool_does: "Lists a blocked `assign_user_to_org` for the user.",
                tool_does_not: "It never removes a membership to make room, and never changes a \
                    setting.",
            },
            Self::AccountLinkSuppressed => &Explanation {
                title: "The account's linking issue is suppressed",
                means: "Only its domains link the account to its org, and the action that would set the \
                    `external_id` is suppressed. The account's other actions depend on that link.",
                evidence: "A suppression matches the account's `org_missing_external_id` issue.",
                what_to_do: "Remove the suppression, or set the org's `external_id` by hand, then \
                    run the audit again.",
                tool_does: "Blocks the account's actions that would otherwise be prepared. Actions that are \
                    already blocked keep their reason.",
                tool_does_not: "It never applies an action for an account whose link is suppressed.",
            },
            Self::ReferenceShrank => &Explanation {
                title: "Too many accounts have left the reference",
                means: "The reference has far fewer accounts than the baseline, so the export may be \
                    incomplete. If rows are missing, a shared domain can look as if it belonged to one \
                    account, so no repair is safe.",
                evidence: "The percentage of the baseline's accounts that are missing from the reference is \
                    above `salesforce.max_lost_percent`. The advisory `account_lost` names each of them.",
                what_to_do: "Check the export, its filter and its permissions. If the accounts are really \
                    gone, accept the run as the new baseline (`--accept-new`). The next run prepares actions \
                    again.",
                tool_does: "Blocks every action that would otherwise be prepared.",
                tool_does_not: "It never prepares an action while too many accounts are missing.",
            },
        }
    }
}
