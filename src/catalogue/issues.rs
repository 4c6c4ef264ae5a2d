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
                    title: "Several orgs carry the account's external_id",
                    means: "Two or more Zendesk orgs have an `external_id` that names this \
                        Salesforce account. Nobody can tell which of them is the customer, so \
                        nothing that depends on the account can be trusted.",
                    evidence: "The `external_id` of at least two orgs has the account's key; a \
                        15-character Salesforce id and its 18-character form are the same id. \
                        `conflicting_org_ids` lists all of these orgs, `org_id` is the lowest.",
                    what_to_do: "In Zendesk, decide which org survives, and clear or correct the \
                        `external_id` of the others. Then run the audit again.",
                    tool_does: "Reports one issue per account, with a blocked \
                        `set_org_external_id` (reason `duplicate_external_id`), and one for each \
                        user and ticket that depends on the account.",
                    tool_does_not: "It never picks the surviving org, never clears an \
                        `external_id`, and never merges or deletes an org.",
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
                    means: "The account's domains lead to exactly one org, and that org has no \
                        `external_id` yet. Until it has one, the link between the two rests on \
                        domains alone.",
                    evidence: "No org carries the account's id, exactly one org holds at least \
                        one of the expected domains that no other account expects, and the \
                        `external_id` of that org is blank.",
                    what_to_do: "Check that the org is this customer's, then apply the plan. If \
                        it is blocked, read the explanation of its `blocked_reason`.",
                    tool_does: "Prepares `set_org_external_id`. Blocks it with \
                        `org_claimed_by_multiple_accounts` when the org also holds such a domain \
                        of another account, with `domain_spread_across_orgs` when every domain \
                        that links the two is spread, and with `account_id_doubtful` when the \
                        id may be another record's.",
                    tool_does_not: "It never overwrites an `external_id` that is not blank, and \
                        never matches by name or website.",
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
                    title: "The likely org carries another external_id",
                    means: "The only org that the account's domains lead to already has an \
                        `external_id`, and it is not this account's.",
                    evidence: "No org carries the account's id, exactly one org holds at least \
                        one of the expected domains that no other account expects, and the \
                        `external_id` of that org is not blank. `current_external_id` shows it as \
                        stored.",
                    what_to_do: "Find out whose org it is. If its `external_id` is wrong or \
                        outdated, correct it in Zendesk; if the org belongs to another account, \
                        correct the domains in Salesforce or on the org. Then run the audit \
                        again.",
                    tool_does: "Reports one issue per account, with a blocked \
                        `set_org_external_id` (reason `external_id_conflict`). Users whose domain \
                        only this account expects wait until it is solved.",
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
                    means: "The reference expects domains that are on no org at all, so Zendesk \
                        cannot put users with these domains into the account's org by itself.",
                    evidence: "The account is uniquely resolved, and some of the expected domains \
                        that no other account expects are in the `domain_names` of no org. \
                        `missing_domains` lists them.",
                    what_to_do: "Check the domains and the notes of the plan, then apply it. \
                        Zendesk adds existing users with a verified address on a new domain to \
                        the org by itself: `users_affected` says how many, and \
                        `org_shares_tickets` that the org shares tickets among its members.",
                    tool_does: "Prepares one `add_org_domain` per domain. A spread domain gets a \
                        blocked one (reason `domain_spread_across_orgs`), and so does one whose \
                        users have a default org of an unknown account (reason \
                        `default_org_not_in_reference`). The issue is blocked when all of its \
                        actions are.",
                    tool_does_not: "It never removes a domain from an org, and never adds one \
                        that is personal, ignored or expected by several accounts.",
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
                    means: "A domain of the account is on an org that is not the account's, so \
                        Zendesk may put this customer's users there.",
                    evidence: "The account is uniquely resolved, and a domain that only this \
                        account expects is in the `domain_names` of another org. `domain` names \
                        it, and `conflicting_org_ids` lists the other orgs that hold it.",
                    what_to_do: "Decide where the domain belongs: move it to the right org in \
                        Zendesk, or correct the account's domains in Salesforce. If the overlap \
                        is intended, suppress the issue with a reason.",
                    tool_does: "Reports one issue per account and domain, with a blocked \
                        `add_org_domain` (reason `domain_belongs_to_other_org`). When the \
                        account's own org holds the domain too, nothing is left to add and the \
                        issue is `review_only`.",
                    tool_does_not: "It never takes a domain from an org, and never adds one that \
                        another org holds.",
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
                    title: "No single org can be taken for the account",
                    means: "No org carries the account's id, and its domains lead to no org or to \
                        several. The account has no place in Zendesk that can be relied on.",
                    evidence: "No `external_id` has the account's key, and the expected domains \
                        that no other account expects are on no org, or on two or more. \
                        `conflicting_org_ids` lists the candidates, or, where there was none, the \
                        orgs that hold a domain which several accounts expect; `detail` tells \
                        which.",
                    what_to_do: "Create the org in Zendesk, or set the `external_id` of the right \
                        one by hand. If the account needs no org, say `no` in the column \
                        `zendesk_expected` of the reference.",
                    tool_does: "Reports one `review_only` issue per account, unless the reference \
                        says that the account needs no org.",
                    tool_does_not: "It never creates an org, and never chooses among several \
                        candidates.",
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
                    means: "Several orgs carry the id of the user's account, so nobody can tell \
                        in which of them the user belongs.",
                    evidence: "Exactly one account expects the domain of the user's e-mail \
                        address, and two or more orgs carry the id of that account. \
                        `candidate_org_ids` lists these orgs.",
                    what_to_do: "Solve the `org_duplicate_external_id` of the account, then run \
                        the audit again.",
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
                    means: "The domain of the user's e-mail address leads to several accounts or \
                        to several orgs, and the user's default org does not settle which is \
                        meant.",
                    evidence: "Several accounts expect the domain; or one uniquely resolved \
                        account does, and an org other than its own holds it. The default org is \
                        not the org of exactly one of these accounts. `candidate_sf_account_ids` \
                        and `candidate_org_ids` list who is meant.",
                    what_to_do: "Leave the domain with one account in the reference and with one \
                        org in Zendesk. Or make the right account's org the user's default org: \
                        that settles the user.",
                    tool_does: "Reports one issue per user, with a blocked `assign_user_to_org` \
                        (reason `user_domain_ambiguous`). It belongs to the one account of these \
                        whose org the user is a member of; if there is not exactly one, to no \
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
                    means: "The user's domain leads to one account and to one org, but the user \
                        has no membership in that org.",
                    evidence: "One uniquely resolved account expects the domain of the user's \
                        e-mail address, no other org holds the domain, and no membership joins \
                        the user with the account's org.",
                    what_to_do: "Check the plan's notes (`default_org_linked_to`: the user's \
                        default org is linked to another account; `org_shares_tickets`: members \
                        see more than their own tickets), then apply the plan. If it is blocked, \
                        read the explanation of its `blocked_reason`.",
                    tool_does: "Prepares `assign_user_to_org`. Blocks it with \
                        `default_org_not_in_reference` when the user's default org is linked to \
                        an account that the reference lacks, else with `user_not_verified` while \
                        `users.require_verified` is on and the user is not verified, else with \
                        `multiple_organizations_off` when the user has a membership already and \
                        Zendesk allows one only.",
                    tool_does_not: "It never removes a membership, and never makes another org \
                        the default of a user who has one.",
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
                    title: "The user's default org is another one",
                    means: "The user is a member of the expected org, but another org, or none, \
                        is the user's default org.",
                    evidence: "One uniquely resolved account expects the domain of the user's \
                        e-mail address, no other org holds the domain, the user is a member of \
                        the account's org, and the default org is not that org. The default org \
                        is that of the membership marked as default, else the user's \
                        `organization_id`.",
                    what_to_do: "Check the note `default_org_linked_to` (the present default org \
                        is linked to another account), then apply the plan.",
                    tool_does: "Prepares `move_user_to_org`. Blocks it with \
                        `default_org_not_in_reference` when the user's default org is linked to \
                        an account that the reference lacks.",
                    tool_does_not: "It never adds or removes a membership, and never touches a \
                        ticket.",
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
                    means: "Several orgs carry the id of the requester's account, so nobody can \
                        tell under which of them the ticket belongs.",
                    evidence: "The ticket was updated within the lookback window, exactly one \
                        account expects the domain of the requester's e-mail address, and two or \
                        more orgs carry the id of that account.",
                    what_to_do: "Solve the `org_duplicate_external_id` of the account, then run \
                        the audit again. `echo_of_issue_id` names the requester's own issue.",
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
                    means: "The ticket stands under another org than the one where its requester \
                        belongs, or under none. Routing and reports by org miss it.",
                    evidence: "The ticket was updated within the lookback window, its requester \
                        leads to one expected org, and its `organization_id` is not that org. \
                        `mismatch_kind` is `no_org`, `other_member_org` (the requester is a \
                        member of the ticket's org) or `not_member_org`.",
                    what_to_do: "If `echo_of_issue_id` is set, repair that issue of the \
                        requester: that is what helps. Otherwise correct the ticket in Zendesk \
                        where it matters.",
                    tool_does: "Reports one `detected` issue per ticket, and names the \
                        requester's issue as its cause when there is one.",
                    tool_does_not: "It never writes to a ticket.",
                },
            },
        }
    }
}
