//! What is known about each issue code, in one match: scope, risk, possible outcomes and the words for people.
//!
//! When an issue arises is decided by the detectors; this page only says it in English.

use super::{ActionCode, BlockedReason, Explanation, IssueCode, Risk, Scope, Status};

/// Everything that is the same for all issues of one code.
pub(super) struct IssueFacts {
    pub(super) scope: Scope,
    pub(super) risk: Risk,
    /// The words of the console's counts, as in "2 missing external_id".
    pub(super) short: &'static str,
    /// The repair, prepared or blocked; none where nothing is ever written.
    pub(super) action: Option<ActionCode>,
    /// What can become of the issue, besides being suppressed.
    pub(super) statuses: &'static [Status],
    /// Why the repair can be blocked, in table order.
    pub(super) blocked_reasons: &'static [BlockedReason],
    pub(super) explanation: Explanation,
}

impl IssueCode {
    pub(super) const fn facts(self) -> &'static IssueFacts {
        match self {
            Self::OrgDuplicateExternalId => &IssueFacts {
                scope: Scope::Org,
                risk: Risk::Critical,
                short: "duplicate external_id",
                action: Some(ActionCode::SetOrgExternalId),
                statuses: &[Status::Blocked],
                blocked_reasons: &[BlockedReason::DuplicateExternalId],
                explanation: Explanation {
                    title: "Several orgs have the account's external_id",
                    means: "Two or more Zendesk orgs have this account's Salesforce id as their `external_id`. \
                        It is not clear which of them is the customer, so nothing that depends on the account \
                        can be checked or repaired.",
                    evidence: "At least two orgs have an `external_id` that names the account. The 15- and \
                        18-character forms of a Salesforce id count as the same id. `conflicting_org_ids` \
                        lists all of these orgs, and `org_id` is the lowest.",
                    what_to_do: "In Zendesk, decide which org to keep, and clear or correct the `external_id` \
                        of the others. Then run the audit again.",
                    tool_does: "Reports one issue per account, with a blocked `set_org_external_id` (reason \
                        `duplicate_external_id`), and one issue for each user and ticket that depends on the \
                        account.",
                    tool_does_not: "It never chooses which org to keep, never clears an `external_id`, and \
                        never merges or deletes an org.",
                },
            },
            Self::OrgMissingExternalId => &IssueFacts {
                scope: Scope::Org,
                risk: Risk::High,
                short: "missing external_id",
                action: Some(ActionCode::SetOrgExternalId),
                statuses: &[Status::Prepared, Status::Blocked],
                blocked_reasons: &[
                    BlockedReason::OrgClaimedByMultipleAccounts,
                    BlockedReason::DomainSpreadAcrossOrgs,
                    BlockedReason::AccountIdDoubtful,
                    BlockedReason::ReferenceShrank,
                ],
                explanation: Explanation {
                    title: "The account's org has a blank external_id",
                    means: "The account's domains match exactly one org, and that org's `external_id` is \
                        blank. Until it is set, only the domains link the two.",
                    evidence: "No org has the account's id. Exactly one org has a domain that only this \
                        account expects, and the `external_id` of that org is blank.",
                    what_to_do: "Check that the org belongs to this customer, then apply the plan. If the \
                        action is blocked, read the explanation of its `blocked_reason`.",
                    tool_does: "Prepares `set_org_external_id`. Blocks it with \
                        `org_claimed_by_multiple_accounts` if the org also has a domain that only another \
                        account expects, with `domain_spread_across_orgs` if every domain that links the two \
                        is spread, and with `account_id_doubtful` if the id may be another record's.",
                    tool_does_not: "It never overwrites an `external_id` that is not blank, and never matches \
                        by name or website.",
                },
            },
            Self::OrgExternalIdConflict => &IssueFacts {
                scope: Scope::Org,
                risk: Risk::High,
                short: "external_id conflict",
                action: Some(ActionCode::SetOrgExternalId),
                statuses: &[Status::Blocked],
                blocked_reasons: &[BlockedReason::ExternalIdConflict],
                explanation: Explanation {
                    title: "The likely org has another external_id",
                    means: "The account's domains match exactly one org, but that org already has an \
                        `external_id`, and it is not this account's.",
                    evidence: "No org has the account's id. Exactly one org has a domain that only this \
                        account expects, and the `external_id` of that org is not blank. `current_external_id` \
                        shows it as stored.",
                    what_to_do: "Find out which customer the org belongs to. If its `external_id` is wrong or \
                        outdated, correct it in Zendesk. If the org belongs to another account, correct the \
                        domains in Salesforce or on the org. Then run the audit again.",
                    tool_does: "Reports one issue per account, with a blocked `set_org_external_id` (reason \
                        `external_id_conflict`). Users whose domain only this account expects are not checked \
                        until the conflict is fixed.",
                    tool_does_not: "It never replaces or clears an `external_id`.",
                },
            },
            Self::OrgMissingExpectedDomain => &IssueFacts {
                scope: Scope::Org,
                risk: Risk::Medium,
                short: "missing expected domain",
                action: Some(ActionCode::AddOrgDomain),
                statuses: &[Status::Prepared, Status::Blocked],
                blocked_reasons: &[
                    BlockedReason::DomainSpreadAcrossOrgs,
                    BlockedReason::AccountIdDoubtful,
                    BlockedReason::DefaultOrgNotInReference,
                    BlockedReason::AccountLinkSuppressed,
                    BlockedReason::ReferenceShrank,
                ],
                explanation: Explanation {
                    title: "The account's org lacks an expected domain",
                    means: "The account's domains include some that are on no org, so Zendesk cannot add users \
                        with these domains to the account's org.",
                    evidence: "The account is matched to one org. At least one domain that only this account \
                        expects is not in the `domain_names` of any org. `missing_domains` lists these \
                        domains.",
                    what_to_do: "Check the domains and the notes of the plan, then apply it. When a domain is \
                        added, Zendesk itself adds existing users with a verified address at that domain to \
                        the org. `users_affected` says how many, and `org_shares_tickets` says that members of \
                        the org can see its tickets.",
                    tool_does: "Prepares one `add_org_domain` per domain. The action is blocked for a spread \
                        domain (reason `domain_spread_across_orgs`) and for a domain whose users have the \
                        default org of an unknown account (reason `default_org_not_in_reference`). The issue \
                        is blocked if all of its actions are.",
                    tool_does_not: "It never removes a domain from an org, and never adds a domain that is \
                        personal, ignored or expected by several accounts.",
                },
            },
            Self::OrgDomainAttachedElsewhere => &IssueFacts {
                scope: Scope::Org,
                risk: Risk::Medium,
                short: "domain attached elsewhere",
                action: Some(ActionCode::AddOrgDomain),
                statuses: &[Status::Blocked, Status::ReviewOnly],
                blocked_reasons: &[BlockedReason::DomainBelongsToOtherOrg],
                explanation: Explanation {
                    title: "An expected domain is on another org",
                    means: "A domain of the account is on an org that is not the account's, so Zendesk may add \
                        this customer's users to the wrong org.",
                    evidence: "The account is matched to one org. A domain that only this account expects is \
                        in the `domain_names` of another org. `domain` is that domain, and \
                        `conflicting_org_ids` lists the other orgs that have it.",
                    what_to_do: "Decide which org the domain belongs to. Move it to that org in Zendesk, or \
                        correct the account's domains in Salesforce. If the overlap is intended, suppress the \
                        issue with a reason.",
                    tool_does: "Reports one issue per account and domain, with a blocked `add_org_domain` \
                        (reason `domain_belongs_to_other_org`). If the account's own org also has the domain, \
                        there is nothing to add, and the issue is `review_only`.",
                    tool_does_not: "It never removes a domain from an org, and never adds a domain that \
                        another org has.",
                },
            },
            Self::AccountMissingZendeskOrg => &IssueFacts {
                scope: Scope::Org,
                risk: Risk::Medium,
                short: "missing Zendesk org",
                action: None,
                statuses: &[Status::ReviewOnly],
                blocked_reasons: &[],
                explanation: Explanation {
                    title: "No unique org matches the account",
                    means: "No org has the account's id, and its domains match no org or several orgs. So the \
                        account has no reliable match in Zendesk.",
                    evidence: "No org has an `external_id` that names the account. The domains that only this \
                        account expects are on no org, or on two or more. `conflicting_org_ids` lists the \
                        matching orgs; if there are none, it lists the orgs that have a domain that several \
                        accounts expect. `detail` says which case it is.",
                    what_to_do: "Create the org in Zendesk, or set the `external_id` of the right org by hand. \
                        If the account does not need an org, enter `no` in the column `zendesk_expected` of \
                        the reference.",
                    tool_does: "Reports one `review_only` issue per account, unless the reference says that \
                        the account does not need an org.",
                    tool_does_not: "It never creates an org, and never chooses between several candidates.",
                },
            },
            Self::UserResolutionBlockedDuplicateExternalId => &IssueFacts {
                scope: Scope::User,
                risk: Risk::High,
                short: "resolution blocked",
                action: Some(ActionCode::AssignUserToOrg),
                statuses: &[Status::Blocked],
                blocked_reasons: &[BlockedReason::DuplicateExternalId],
                explanation: Explanation {
                    title: "The user's account has duplicate orgs",
                    means: "Several orgs have the id of the user's account, so it is not clear which of them \
                        the user should be in.",
                    evidence: "Exactly one account expects the domain of the user's email address, and two or \
                        more orgs have the id of that account. `candidate_org_ids` lists these orgs.",
                    what_to_do: "Fix the `org_duplicate_external_id` issue of the account, then run the audit again.",
                    tool_does: "Reports one issue per user, with a blocked `assign_user_to_org` \
                        (reason `duplicate_external_id`).",
                    tool_does_not: "It never adds the user to one of the duplicate orgs.",
                },
            },
            Self::UserDomainAmbiguous => &IssueFacts {
                scope: Scope::User,
                risk: Risk::Medium,
                short: "domain ambiguous",
                action: Some(ActionCode::AssignUserToOrg),
                statuses: &[Status::Blocked],
                blocked_reasons: &[BlockedReason::UserDomainAmbiguous],
                explanation: Explanation {
                    title: "The user's domain has several owners",
                    means: "The domain of the user's email address matches several accounts or several orgs, \
                        and the user's default org does not show which one is right.",
                    evidence: "Several accounts expect the domain, or one matched account does and another org \
                        also has it. The default org is not the org of exactly one of these accounts. \
                        `candidate_sf_account_ids` and `candidate_org_ids` list the possible matches.",
                    what_to_do: "Keep the domain on only one account in the reference and on only one org in \
                        Zendesk. Or make the right account's org the user's default org; the user is then no \
                        longer reported.",
                    tool_does: "Reports one issue per user, with a blocked `assign_user_to_org` (reason \
                        `user_domain_ambiguous`). If the user is a member of the org of exactly one of these \
                        accounts, the issue is listed under that account. Otherwise, it is listed under no \
                        account.",
                    tool_does_not: "It never guesses an owner, and never reports a user whose \
                        domain is personal or ignored.",
                },
            },
            Self::UserMissingExpectedMembership => &IssueFacts {
                scope: Scope::User,
                risk: Risk::Medium,
                short: "missing expected membership",
                action: Some(ActionCode::AssignUserToOrg),
                statuses: &[Status::Prepared, Status::Blocked],
                blocked_reasons: &[
                    BlockedReason::DomainSpreadAcrossOrgs,
                    BlockedReason::AccountIdDoubtful,
                    BlockedReason::DefaultOrgNotInReference,
                    BlockedReason::UserNotVerified,
                    BlockedReason::MultipleOrganizationsOff,
                    BlockedReason::AccountLinkSuppressed,
                    BlockedReason::ReferenceShrank,
                ],
                explanation: Explanation {
                    title: "The user is not a member of the expected org",
                    means: "The user's domain matches one account and one org, but the user is not a member of \
                        that org.",
                    evidence: "One matched account expects the domain of the user's email address, no other \
                        org has the domain, and the user has no membership in the account's org.",
                    what_to_do: "Check the plan's notes, then apply the plan. The note `default_org_linked_to` \
                        means that the user's default org is linked to another account, and \
                        `org_shares_tickets` means that members see more than their own tickets. If the action \
                        is blocked, read the explanation of its `blocked_reason`.",
                    tool_does: "Prepares `assign_user_to_org`. Blocks it with the first reason that applies: \
                        `default_org_not_in_reference` if the user's default org is linked to an account that \
                        is not in the reference, `user_not_verified` if `users.require_verified` is on and the \
                        user is not verified, or `multiple_organizations_off` if the user already has a \
                        membership and Zendesk allows only one.",
                    tool_does_not: "It never removes a membership, and never changes the default org of a user \
                        who has one.",
                },
            },
            Self::UserDefaultOrgNotExpected => &IssueFacts {
                scope: Scope::User,
                risk: Risk::Medium,
                short: "default org not expected",
                action: Some(ActionCode::MoveUserToOrg),
                statuses: &[Status::Prepared, Status::Blocked],
                blocked_reasons: &[
                    BlockedReason::DomainSpreadAcrossOrgs,
                    BlockedReason::AccountIdDoubtful,
                    BlockedReason::DefaultOrgNotInReference,
                    BlockedReason::AccountLinkSuppressed,
                    BlockedReason::ReferenceShrank,
                ],
                explanation: Explanation {
                    title: "The user's default org is a different one",
                    means: "The user is a member of the expected org, but the user's default org is a \
                        different one, or the user has none.",
                    evidence: "One matched account expects the domain of the user's email address, no other \
                        org has the domain, and the user is a member of the account's org, but the default org \
                        is not that org. The default org is the org of the membership marked as default, or \
                        else the user's `organization_id`.",
                    what_to_do: "Check the note `default_org_linked_to` (the current default org is linked to \
                        another account), then apply the plan.",
                    tool_does: "Prepares `move_user_to_org`. Blocks it with `default_org_not_in_reference` if \
                        the user's default org is linked to an account that is not in the reference.",
                    tool_does_not: "It never adds or removes a membership, and never changes a ticket.",
                },
            },
            Self::TicketResolutionBlockedDuplicateExternalId => &IssueFacts {
                scope: Scope::Ticket,
                risk: Risk::High,
                short: "resolution blocked",
                action: None,
                statuses: &[Status::Detected],
                blocked_reasons: &[],
                explanation: Explanation {
                    title: "The requester's account has duplicate orgs",
                    means: "Several orgs have the id of the requester's account, so it is not clear which of \
                        them the ticket should be in.",
                    evidence: "The ticket was updated within the lookback window, exactly one account expects \
                        the domain of the requester's email address, and two or more orgs have the id of that \
                        account.",
                    what_to_do: "Fix the `org_duplicate_external_id` issue of the account, then run the audit \
                        again. `echo_of_issue_id` names the requester's own issue.",
                    tool_does: "Reports one `detected` issue per ticket.",
                    tool_does_not: "It never writes to a ticket.",
                },
            },
            Self::TicketOrgMismatch => &IssueFacts {
                scope: Scope::Ticket,
                risk: Risk::Medium,
                short: "org mismatch",
                action: None,
                statuses: &[Status::Detected],
                blocked_reasons: &[],
                explanation: Explanation {
                    title: "The ticket's org is not the requester's",
                    means: "The ticket is filed under a different org than its requester's, or under none. \
                        Routing and reports by org will miss it.",
                    evidence: "The ticket was updated within the lookback window, its requester matches one \
                        expected org, and its `organization_id` is not that org. `mismatch_kind` is `no_org`, \
                        `other_member_org` (the requester is a member of the ticket's org) or \
                        `not_member_org`.",
                    what_to_do: "If `echo_of_issue_id` is set, fix that issue of the requester first; that \
                        stops new tickets of this kind. Existing tickets stay as they are. Correct a ticket by \
                        hand in Zendesk if it matters.",
                    tool_does: "Reports one `detected` issue per ticket, and names the requester's issue if \
                        that is the cause.",
                    tool_does_not: "It never writes to a ticket.",
                },
            },
        }
    }
}
