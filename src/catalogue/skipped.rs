//! The words for people about each reason why a planned action was not applied; the checks live elsewhere.

use super::{Explanation, SkipReason};

const SKIPS: &str = "Skips the action, records this reason in the receipt, and continues with the next action.";
const NO_WRITE: &str = "It does not write, and does not try again in this run.";
const IN_PLACE: &str = "Skips the action and treats its change as in place, so that actions which depend on it \
    can continue.";
const NO_SECOND_WRITE: &str = "It does not write the same thing twice.";

impl SkipReason {
    /// What has happened to the action, and what to do about it.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::OrgNotFound => &Explanation {
                title: "The org no longer exists",
                means: "The org that the action would change no longer exists.",
                evidence: "Zendesk does not find the org, or reports it as deleted.",
                what_to_do: "Run the audit again. The account may need another org.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgExternalIdNotBlank => &Explanation {
                title: "The org now has another external_id",
                means: "Since the audit, the org's `external_id` was set to a different id than the account's.",
                evidence: "The org's `external_id` is not blank, and it is not the account's.",
                what_to_do: "Check who set it and why, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::ExternalIdInUse => &Explanation {
                title: "Another org now has the account's id",
                means: "If the id were written to this org, two orgs would have it.",
                evidence: "In the list of orgs, read at the start of the apply, another org has the account's id.",
                what_to_do: "Decide which of the two orgs is the customer, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgExternalIdChanged => &Explanation {
                title: "The org is no longer linked to the account",
                means: "The org's `external_id` is no longer the account's, so nothing may be added to the org \
                    for this account.",
                evidence: "When the org is read again, its `external_id` is blank or another account's.",
                what_to_do: "Check which account the org is linked to, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgDomainGone => &Explanation {
                title: "The org has lost a domain that linked it",
                means: "A domain that showed that the org belongs to the account is no longer there.",
                evidence: "A domain of the precondition `org_has_domain` is no longer in the \
                    org's `domain_names`.",
                what_to_do: "Check the org's domains, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::DomainBelongsToOtherOrg => &Explanation {
                title: "Another org now has the domain",
                means: "The domain that the action adds, or that links the org to the account, is now on \
                    another org.",
                evidence: "In the list of orgs, read at the start of the apply, another org has the domain.",
                what_to_do: "Decide which org the domain belongs to, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserNotFound => &Explanation {
                title: "The user no longer exists",
                means: "The user that the action would change no longer exists. They may have been merged into \
                    another user.",
                evidence: "Zendesk does not find the user.",
                what_to_do: "Nothing, or run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserInactive => &Explanation {
                title: "The user is no longer active",
                means: "The user was deactivated or deleted after the audit.",
                evidence: "When the user is read again, `active` is false.",
                what_to_do: "Nothing, or run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserSuspended => &Explanation {
                title: "The user has been suspended",
                means: "Suspended users are not changed.",
                evidence: "When the user is read again, `suspended` is true, and the plan was made without \
                    `users.include_suspended`.",
                what_to_do: "Nothing. If the suspension ends, the next audit reports the issue again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserNotVerified => &Explanation {
                title: "The user is no longer verified",
                means: "The address is no longer verified, perhaps because it changed after the audit.",
                evidence: "When the user is read again, `verified` is false, and the plan was made with \
                    `users.require_verified`.",
                what_to_do: "Have the user verify the address, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::UserEmailDomainChanged => &Explanation {
                title: "The user has another email domain",
                means: "The action was based on the user's email domain, and that domain has changed.",
                evidence: "The domain of the user's email address is not the one in the precondition \
                    `user_email_domain`.",
                what_to_do: "Run the audit again. The user may belong to another org.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::MultipleOrganizationsOff => &Explanation {
                title: "Zendesk allows only one org per user",
                means: "The user now has a membership, and Zendesk does not allow a second one.",
                evidence: "The user has a membership, and the account setting \
                    `multiple_organizations` is off or cannot be read.",
                what_to_do: "Turn on multiple organizations in Zendesk, or move the user by hand.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::MembershipNotFound => &Explanation {
                title: "The membership no longer exists",
                means: "The membership that should become the default no longer exists.",
                evidence: "When the user's memberships are read again, it is not there.",
                what_to_do: "Run the audit again. The user may need the membership first.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::DefaultOrgChanged => &Explanation {
                title: "The user's default org has changed",
                means: "The user's default org was changed after the plan was made.",
                evidence: "When the user and the memberships are read again, the default org is not the one in \
                    `default_org_is`.",
                what_to_do: "Run the audit again. It checks the user with the new default org.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgDomainsShrank => &Explanation {
                title: "The org's list of domains has shrunk",
                means: "The org's list of domains no longer has a domain that it had earlier in this run. If \
                    this list were written back, that domain would be removed.",
                evidence: "The list of orgs, read at the start of the apply, showed a domain that is missing \
                    when the org is read again.",
                what_to_do: "Check the org's domains in Zendesk, then run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::OrgAlreadyLinked => &Explanation {
                title: "The org already has the account's id",
                means: "The id was set by a person, by an earlier apply, or by a write that succeeded although \
                    Zendesk answered with an error.",
                evidence: "The org's `external_id` is the account's.",
                what_to_do: "Nothing.",
                tool_does: IN_PLACE,
                tool_does_not: NO_SECOND_WRITE,
            },
            Self::DomainAlreadyPresent => &Explanation {
                title: "The org already has the domain",
                means: "The domain was added by a person, by an earlier apply, or by a write that succeeded \
                    although Zendesk answered with an error.",
                evidence: "The domain is in the org's `domain_names`.",
                what_to_do: "Nothing.",
                tool_does: IN_PLACE,
                tool_does_not: NO_SECOND_WRITE,
            },
            Self::UserAlreadyMember => &Explanation {
                title: "The user is already a member",
                means: "The user was added by a person, by an earlier apply, by a write that succeeded \
                    although Zendesk answered with an error, or by Zendesk itself after a domain was added.",
                evidence: "The user has a membership in the org.",
                what_to_do: "Nothing.",
                tool_does: IN_PLACE,
                tool_does_not: NO_SECOND_WRITE,
            },
            Self::AlreadyDefault => &Explanation {
                title: "The org is already the user's default",
                means: "The default was changed by a person, by an earlier apply, or by a write that succeeded \
                    although Zendesk answered with an error.",
                evidence: "The membership is marked as the user's default.",
                what_to_do: "Nothing.",
                tool_does: IN_PLACE,
                tool_does_not: NO_SECOND_WRITE,
            },
            Self::DependencyNotApplied => &Explanation {
                title: "An action it depends on was not applied",
                means: "The action needs the link between the account and its org, and the \
                    `set_org_external_id` that makes this link was not applied.",
                evidence: "An action in `depends_on` was not selected, was skipped for another reason, was \
                    blocked by a cap, or failed, and its change is not in place.",
                what_to_do: "Find the outcome of the action in `depends_on`, fix its cause, and apply the plan \
                    again.",
                tool_does: "Skips the action and records this reason in the receipt.",
                tool_does_not: "It never changes anything for an account whose link is not in place.",
            },
            Self::NotSelected => &Explanation {
                title: "Excluded by --only-account or --only-action",
                means: "The apply was limited to part of the plan, and this action is not in that part.",
                evidence: "`--only-account` or `--only-action` does not name this action.",
                what_to_do: "Nothing, or apply the plan again without the option.",
                tool_does: "Records the action as skipped, so that the receipt covers the whole plan.",
                tool_does_not: "It neither reads nor writes anything for the action.",
            },
            Self::ActionNotAllowed => &Explanation {
                title: "This kind of action is not allowed here",
                means: "The configuration does not allow this kind of action to be applied.",
                evidence: "`apply.actions` does not list this kind of action.",
                what_to_do: "Nothing, or add the kind to `apply.actions` and apply the plan again.",
                tool_does: "Records the action as skipped, so that the receipt covers the whole plan.",
                tool_does_not: "It neither reads nor writes anything for the action.",
            },
            Self::SuppressedSince => &Explanation {
                title: "The action's issue is now suppressed",
                means: "An active suppression matches the issue that the action would repair. The suppression \
                    was added after the plan was made.",
                evidence: "A suppression in the configuration matches the code and the selectors of the issue \
                    in `issue_id`.",
                what_to_do: "Nothing, or remove the suppression and apply the plan again.",
                tool_does: "Records the action as skipped, so that the receipt covers the whole plan.",
                tool_does_not: "It neither reads nor writes anything for the action.",
            },
            Self::ReferenceChanged => &Explanation {
                title: "The reference no longer supports the action",
                means: "Since the audit, the account has left the reference, or it is no longer the only \
                    account that expects the domain.",
                evidence: "The reference in `salesforce.accounts_csv` does not have the account, or the \
                    account does not expect the action's domain, or another account expects it too. For a \
                    `set_org_external_id`, this must be true of every domain that links the org.",
                what_to_do: "Run the audit again.",
                tool_does: SKIPS,
                tool_does_not: NO_WRITE,
            },
            Self::RecordIncomplete => &Explanation {
                title: "Zendesk's response lacks a field",
                means: "The response does not have a field that a precondition or the write needs. A missing \
                    field does not mean that it is empty, so the action cannot be checked.",
                evidence: "When the record is read again, the key is missing, or `domain_names` is `null`.",
                what_to_do: "Apply the plan again. If the field is still missing, check the permissions of the \
                    credentials and any proxy between this machine and Zendesk.",
                tool_does: SKIPS,
                tool_does_not: "It never writes a list of domains that may be shorter than the one in Zendesk.",
            },
            Self::OutcomeUnknown => &Explanation {
                title: "The outcome of the write is unknown",
                means: "The write got no clear response, and the record could not be read back. The result is \
                    `failed`.",
                evidence: "The write ended with a timeout, a reset or a server error, and so did reading back.",
                what_to_do: "Apply the same plan again. It first reads Zendesk to find out whether the write \
                    was applied.",
                tool_does: "Records the action as failed, and leaves the write open in the journal, so that \
                    the next apply checks it.",
                tool_does_not: "It never sends this write again in the same run.",
            },
            Self::Aborted => &Explanation {
                title: "The apply ended before this action",
                means: "The action was not tried. Zendesk refused an earlier request because of missing \
                    permissions, the apply was interrupted, or its journal could not be written.",
                evidence: "An earlier action of the same run got the response 401 or 403. Otherwise, the \
                    receipt says that the run was not completed, and the exit code is 130 after a signal, or 3 \
                    if Zendesk could not be read or the disk failed.",
                what_to_do: "After a 401 or 403, check the credentials, their scopes and the user's role. Then \
                    apply the same plan again; it continues with the remaining actions.",
                tool_does: "Stops sending requests, and records this reason for the remaining actions.",
                tool_does_not: "It does not try again with credentials that Zendesk has refused.",
            },
            Self::CapMaxPerAccount => &Explanation {
                title: "Over the limit --max-per-account",
                means: "The maximum number of actions for one account is already selected. The result is `blocked`.",
                evidence: "`apply.max_per_account` (default 3), or the option `--max-per-account`.",
                what_to_do: "Check what was applied. Then apply the same plan again for the remaining actions, \
                    or raise the cap.",
                tool_does: "Blocks the action before any write, and records this reason in the \
                    receipt.",
                tool_does_not: "It never exceeds a cap. Actions that are blocked by this cap do not count \
                    toward `--max-actions`.",
            },
            Self::CapMaxActions => &Explanation {
                title: "Over the limit --max-actions",
                means: "The maximum number of actions for one apply is already selected. The result is `blocked`.",
                evidence: "`apply.max_actions` (default 25), or the option `--max-actions`.",
                what_to_do: "Check what was applied. Then apply the same plan again for the remaining actions, \
                    or raise the cap.",
                tool_does: "Blocks the action before any write, and records this reason in the \
                    receipt.",
                tool_does_not: "It never exceeds a cap.",
            },
        }
    }
}
