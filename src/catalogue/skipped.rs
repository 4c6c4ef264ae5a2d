//! The words for people about each reason why a planned action was not applied; the checks live elsewhere.

use super::{Explanation, SkipReason};

const SKIPS: &str = "Skips the action, records this reason in the receipt, and goes on with the \
    next action.";
const NO_WRITE: &str = "It does not write, and does not try again in this run.";
const IN_PLACE: &str = "Skips the action and counts its effect as in place, so that actions \
    which depend on it can go on.";
const NO_SECOND_WRITE: &str = "It does not write the same thing twice.";

impl SkipReason {
    /// What has happened to the action, and what to do about it.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::OrgNotFound => &Explanation {
                title: "The org no longer exists",
                means: "The org that the action would change is gone.",
                evidence: "Zendesk does not find the org, or calls it deleted.",
                what_to_do: "Run the audit again: the account may need another org.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgExternalIdNotBlank => &Explanation {
                title: "The org has got another external_id",
                means: "Somebody has set the org's `external_id` since the audit, to another id \
                    than the account's.",
                evidence: "The org's `external_id` is not blank, and it is not the account's.",
                what_to_do: "Check who set it and why, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::ExternalIdInUse => &Explanation {
                title: "Another org has got the account's id",
                means: "Writing the id here would make it a duplicate.",
                evidence: "The list of orgs, read at the start of the apply, has another org with \
                    the account's id.",
                what_to_do: "Decide which of the two orgs is the customer's, then run the audit \
                    again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgExternalIdChanged => &Explanation {
                title: "The org is no longer linked to the account",
                means: "The org's `external_id` is not the account's (any more), so nothing may \
                    be added to it in the account's name.",
                evidence: "A fresh read of the org shows a blank `external_id`, or another \
                    account's.",
                what_to_do: "Check the link of the org, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgDomainGone => &Explanation {
                title: "The org has lost a domain that linked it",
                means: "The proof that the org is the account's has changed.",
                evidence: "A domain of the precondition `org_has_domain` is no longer in the \
                    org's `domain_names`.",
                what_to_do: "Check the org's domains, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::DomainBelongsToOtherOrg => &Explanation {
                title: "Another org has got the domain",
                means: "The domain that the action adds, or that links the org to the account, is \
                    on another org now.",
                evidence: "The list of orgs, read at the start of the apply, has another org with \
                    the domain.",
                what_to_do: "Decide where the domain belongs, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserNotFound => &Explanation {
                title: "The user no longer exists",
                means: "The user whom the action would change is gone, perhaps merged into \
                    another one.",
                evidence: "Zendesk does not find the user.",
                what_to_do: "Nothing, or run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserInactive => &Explanation {
                title: "The user is no longer active",
                means: "The user has been deactivated or deleted since the audit.",
                evidence: "A fresh read of the user shows `active` as false.",
                what_to_do: "Nothing, or run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserSuspended => &Explanation {
                title: "The user has been suspended",
                means: "Suspended users are left alone.",
                evidence: "A fresh read of the user shows `suspended` as true, and the plan was \
                    made without `users.include_suspended`.",
                what_to_do: "Nothing. If the user comes back, the next audit reports the issue \
                    again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserNotVerified => &Explanation {
                title: "The user is no longer verified",
                means: "The address has lost its verification since the audit, perhaps because it \
                    changed.",
                evidence: "A fresh read of the user shows `verified` as false, and the plan was \
                    made with `users.require_verified`.",
                what_to_do: "Have the user verify the address, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserEmailDomainChanged => &Explanation {
                title: "The user has another e-mail domain",
                means: "The domain was the reason for the action, and the user's address has \
                    another one now.",
                evidence: "The domain of the user's e-mail address is not that of the \
                    precondition `user_email_domain`.",
                what_to_do: "Run the audit again: the user may belong elsewhere.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::MultipleOrganizationsOff => &Explanation {
                title: "Zendesk allows only one org per user",
                means: "The user has a membership now, and Zendesk does not allow a second one.",
                evidence: "The user has a membership, and the account setting \
                    `multiple_organizations` is off or cannot be read.",
                what_to_do: "Switch on multiple organizations in Zendesk, or move the user by \
                    hand.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::MembershipNotFound => &Explanation {
                title: "The membership no longer exists",
                means: "The membership that was to become the default is gone.",
                evidence: "A fresh read of the user's memberships does not show it.",
                what_to_do: "Run the audit again: the user may need the membership first.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::DefaultOrgChanged => &Explanation {
                title: "The user's default org has changed",
                means: "The plan was made when the user had another default org, or none. Someone has changed it since \
                    the audit.",
                evidence: "A fresh read of the user and the memberships shows a default org other than the one in \
                    `default_org_is`.",
                what_to_do: "Run the audit again: it judges the user by the new default org.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgDomainsShrank => &Explanation {
                title: "The org's list of domains has shrunk",
                means: "The list of domains that was just read lacks a domain that this run has seen on the org before. \
                    Writing this list back would remove the domain.",
                evidence: "The list of orgs, read at the start of the apply, showed a domain that the fresh read of the \
                    org does not.",
                what_to_do: "Check the org's domains in Zendesk, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgAlreadyLinked => &Explanation {
                title: "The org has the account's id already",
                means: "Somebody, an earlier apply, or a write that took in spite of an error \
                    answer has done it.",
                evidence: "The org's `external_id` is the account's.",
                what_to_do: "Nothing.",
                tool_does: IN_PLACE,
                tool_does_not: NO_SECOND_WRITE,
            },
            Self::DomainAlreadyPresent => &Explanation {
                title: "The org has the domain already",
                means: "Somebody, an earlier apply, or a write that took in spite of an error \
                    answer has done it.",
                evidence: "The domain is in the org's `domain_names`.",
                what_to_do: "Nothing.",
                tool_does: IN_PLACE,
                tool_does_not: NO_SECOND_WRITE,
            },
            Self::UserAlreadyMember => &Explanation {
                title: "The user is a member already",
                means: "Somebody, an earlier apply, a write that took in spite of an error \
                    answer, or Zendesk itself (after a domain was added) has done it.",
                evidence: "The user has a membership in the org.",
                what_to_do: "Nothing.",
                tool_does: IN_PLACE,
                tool_does_not: NO_SECOND_WRITE,
            },
            Self::AlreadyDefault => &Explanation {
                title: "The org is the user's default already",
                means: "Somebody, an earlier apply, or a write that took in spite of an error \
                    answer has done it.",
                evidence: "The membership is marked as the user's default.",
                what_to_do: "Nothing.",
                tool_does: IN_PLACE,
                tool_does_not: NO_SECOND_WRITE,
            },
            Self::DependencyNotApplied => &Explanation {
                title: "An action that comes first was not applied",
                means: "The action needs the account's link, and the `set_org_external_id` that \
                    makes it was not applied.",
                evidence: "An action in `depends_on` was left out, skipped for another reason, \
                    blocked by a cap, or failed, and its effect is not in place.",
                what_to_do: "See what became of the action in `depends_on`, solve that, and apply \
                    the plan again.",
                tool_does: "Skips the action and records this reason in the receipt.",
                tool_does_not: "It never builds on a link that is not in place.",
            },
            Self::NotSelected => &Explanation {
                title: "Left out by --only-account or --only-action",
                means: "The operator has narrowed the plan, and this action is outside.",
                evidence: "The action is not among those that `--only-account` and \
                    `--only-action` name.",
                what_to_do: "Nothing, or apply the plan again without the option.",
                tool_does: "Records the action as skipped, so that the receipt accounts for the \
                    whole plan.",
                tool_does_not: "It neither reads nor writes anything for the action.",
            },
            Self::ActionNotAllowed => &Explanation {
                title: "This kind of action is not allowed here",
                means: "The configuration does not allow this kind of action to be applied.",
                evidence: "`apply.actions` does not name the action's kind.",
                what_to_do: "Nothing, or add the kind to `apply.actions` and apply the plan again.",
                tool_does: "Records the action as skipped, so that the receipt accounts for the \
                    whole plan.",
                tool_does_not: "It neither reads nor writes anything for the action.",
            },
            Self::SuppressedSince => &Explanation {
                title: "The action's issue is suppressed now",
                means: "A suppression that is in force now matches the issue which the action would repair. The plan \
                    is older than the suppression.",
                evidence: "A suppression of the configuration matches the code and the selectors of the issue in \
                    `issue_id`.",
                what_to_do: "Nothing, or remove the suppression and apply the plan again.",
                tool_does: "Records the action as skipped, so that the receipt accounts for the \
                    whole plan.",
                tool_does_not: "It neither reads nor writes anything for the action.",
            },
            Self::ReferenceChanged => &Explanation {
                title: "The reference no longer supports the action",
                means: "The account has left the reference since the audit, or is no longer the only one that expects \
                    the domain.",
                evidence: "The reference in `salesforce.accounts_csv` lacks the account, or the account does not expect \
                    the action's domain, or another account expects it too. Of a `set_org_external_id` this holds for \
                    every domain that links the org.",
                what_to_do: "Run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::RecordIncomplete => &Explanation {
                title: "Zendesk's answer lacks a field",
                means: "A field that a precondition or the write needs is absent from the answer. Absent is not empty, \
                    so nothing can be concluded from it.",
                evidence: "The answer to a fresh read lacks the key, or has `null` for `domain_names`.",
                what_to_do: "Apply the plan again. If the answer stays incomplete, check the rights of the credentials \
                    and any proxy between this machine and Zendesk.",
                tool_does: SKIPS,
                tool_does_not: "It never writes a list of domains that could be shorter than the one in Zendesk.",
            },
            Self::OutcomeUnknown => &Explanation {
                title: "Nobody knows whether the write took",
                means: "The write got no clear answer, and it could not be read back either. The \
                    result is `failed`.",
                evidence: "A time-out, a reset or a server error on the write, and then on the \
                    read.",
                what_to_do: "Apply the same plan again: it first looks whether the write took.",
                tool_does: "Records the action as failed and leaves its intention open in the \
                    journal, for the next apply to settle.",
                tool_does_not: "It never sends such a write again in the same run.",
            },
            Self::Aborted => &Explanation {
                title: "The apply ended before this action",
                means: "Zendesk refused an earlier request for lack of rights, or the apply was \
                    interrupted, or its journal could not be written; so the action was not \
                    tried.",
                evidence: "An answer 401 or 403 to a request for an earlier action of the same \
                    run. Else the receipt says that the run was not completed; the exit code is 130 \
                    after a signal, 3 where Zendesk could not be read or the disk failed.",
                what_to_do: "After a 401 or 403, check the credentials, their scopes and the \
                    user's role. Then apply the same plan again: it goes on.",
                tool_does: "Stops sending requests, and records the rest of the plan with this \
                    reason.",
                tool_does_not: "It does not try again with rights that Zendesk has refused.",
            },
            Self::CapMaxPerAccount => &Explanation {
                title: "Beyond --max-per-account",
                means: "The account already has as many selected actions as are allowed for one \
                    account. The result is `blocked`.",
                evidence: "`apply.max_per_account`, 3 unless it is set, or the option \
                    `--max-per-account`.",
                what_to_do: "Look at what was applied, then apply the same plan again for the \
                    rest, or raise the cap.",
                tool_does: "Blocks the action before any write, and records this reason in the \
                    receipt.",
                tool_does_not: "It never goes beyond a cap, and actions beyond this one do not \
                    use up `--max-actions`.",
            },
            Self::CapMaxActions => &Explanation {
                title: "Beyond --max-actions",
                means: "As many actions as are allowed for one apply are already selected. The \
                    result is `blocked`.",
                evidence: "`apply.max_actions`, 25 unless it is set, or the option \
                    `--max-actions`.",
                what_to_do: "Look at what was applied, then apply the same plan again for the \
                    rest, or raise the cap.",
                tool_does: "Blocks the action before any write, and records this reason in the \
                    receipt.",
                tool_does_not: "It never goes beyond a cap.",
            },
        }
    }
}
