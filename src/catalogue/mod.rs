//! The catalogue: every code, action and reason that the tool can print, each in one place.
//!
//! The variants stand in table order, so that `Ord` sorts them the way the artifacts list them. This page holds the
//! names; the pages below it hold the words for people. What detects an issue, plans an action or checks a
//! precondition lives elsewhere, and so do the exit codes.

mod actions;
mod advisories;
mod blocked;
mod issues;
mod skipped;
mod warnings;

use std::fmt;

/// What people need to know about one name, in plain sentences; names stand in backticks.
#[derive(Debug, PartialEq, Eq)]
pub struct Explanation {
    /// A few words without a final period.
    pub title: &'static str,
    /// What the name says about the customer's data.
    pub means: &'static str,
    /// What has been seen when the name appears.
    pub evidence: &'static str,
    /// What the operator can do about it.
    pub what_to_do: &'static str,
    /// What the tool does about it.
    pub tool_does: &'static str,
    /// What the tool leaves alone on purpose.
    pub tool_does_not: &'static str,
}

/// Declares an enum whose variants carry the exact name that artifacts show.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident: $count:literal { $($variant:ident => $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
        }

        impl $name {
            /// All of them, in table order.
            pub const ALL: [Self; $count] = [$(Self::$variant,)+];

            /// The name as artifacts, plans and receipts show it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Finds the one with exactly this name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|known| known.as_str() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&name).ok_or_else(|| serde::de::Error::unknown_variant(&name, &[$($text,)+]))
            }
        }
    };
}

vocabulary! {
    /// What kind of record an issue is about.
    Scope: 3 {
        Org => "org",
        User => "user",
        Ticket => "ticket",
    }
}

vocabulary! {
    /// How much an issue can hurt, worst first.
    Risk: 3 {
        Critical => "critical",
        High => "high",
        Medium => "medium",
    }
}

vocabulary! {
    /// What becomes of an issue.
    Status: 5 {
        Prepared => "prepared",
        Blocked => "blocked",
        ReviewOnly => "review_only",
        Detected => "detected",
        Suppressed => "suppressed",
    }
}

vocabulary! {
    /// The kind of an issue.
    IssueCode: 12 {
        OrgDuplicateExternalId => "org_duplicate_external_id",
        OrgMissingExternalId => "org_missing_external_id",
        OrgExternalIdConflict => "org_external_id_conflict",
        OrgMissingExpectedDomain => "org_missing_expected_domain",
        OrgDomainAttachedElsewhere => "org_domain_attached_elsewhere",
        AccountMissingZendeskOrg => "account_missing_zendesk_org",
        UserResolutionBlockedDuplicateExternalId => "user_resolution_blocked_duplicate_external_id",
        UserDomainAmbiguous => "user_domain_ambiguous",
        UserMissingExpectedMembership => "user_missing_expected_membership",
        UserDefaultOrgNotExpected => "user_default_org_not_expected",
        TicketResolutionBlockedDuplicateExternalId => "ticket_resolution_blocked_duplicate_external_id",
        TicketOrgMismatch => "ticket_org_mismatch",
    }
}

vocabulary! {
    /// The kind of a repair in Zendesk; there are no others.
    ActionCode: 4 {
        SetOrgExternalId => "set_org_external_id",
        AddOrgDomain => "add_org_domain",
        AssignUserToOrg => "assign_user_to_org",
        MoveUserToOrg => "move_user_to_org",
    }
}

vocabulary! {
    /// Why an action that would repair an issue must not be planned.
    BlockedReason: 12 {
        DuplicateExternalId => "duplicate_external_id",
        OrgClaimedByMultipleAccounts => "org_claimed_by_multiple_accounts",
        ExternalIdConflict => "external_id_conflict",
        DomainBelongsToOtherOrg => "domain_belongs_to_other_org",
        UserDomainAmbiguous => "user_domain_ambiguous",
        DomainSpreadAcrossOrgs => "domain_spread_across_orgs",
        AccountIdDoubtful => "account_id_doubtful",
        DefaultOrgNotInReference => "default_org_not_in_reference",
        UserNotVerified => "user_not_verified",
        MultipleOrganizationsOff => "multiple_organizations_off",
        AccountLinkSuppressed => "account_link_suppressed",
        ReferenceShrank => "reference_shrank",
    }
}

vocabulary! {
    /// Why a planned action was not applied, in the `reason` of a receipt's result.
    SkipReason: 29 {
        OrgNotFound => "precondition_changed_org_not_found",
        OrgExternalIdNotBlank => "precondition_changed_org_external_id_not_blank",
        ExternalIdInUse => "precondition_changed_external_id_in_use",
        OrgExternalIdChanged => "precondition_changed_org_external_id_changed",
        OrgDomainGone => "precondition_changed_org_domain_gone",
        DomainBelongsToOtherOrg => "precondition_changed_domain_belongs_to_other_org",
        UserNotFound => "precondition_changed_user_not_found",
        UserInactive => "precondition_changed_user_inactive",
        UserSuspended => "precondition_changed_user_suspended",
        UserNotVerified => "precondition_changed_user_not_verified",
        UserEmailDomainChanged => "precondition_changed_user_email_domain_changed",
        MultipleOrganizationsOff => "precondition_changed_multiple_organizations_off",
        MembershipNotFound => "precondition_changed_membership_not_found",
        DefaultOrgChanged => "precondition_changed_default_org_changed",
        OrgDomainsShrank => "precondition_changed_org_domains_shrank",
        OrgAlreadyLinked => "precondition_changed_org_already_linked",
        DomainAlreadyPresent => "precondition_changed_domain_already_present",
        UserAlreadyMember => "precondition_changed_user_already_member",
        AlreadyDefault => "precondition_changed_already_default",
        DependencyNotApplied => "dependency_not_applied",
        NotSelected => "not_selected",
        ActionNotAllowed => "action_not_allowed",
        SuppressedSince => "suppressed_since",
        ReferenceChanged => "reference_changed",
        RecordIncomplete => "record_incomplete",
        OutcomeUnknown => "outcome_unknown",
        Aborted => "aborted",
        CapMaxPerAccount => "cap_max_per_account",
        CapMaxActions => "cap_max_actions",
    }
}

vocabulary! {
    /// The kind of an advisory: what an operator should know and no issue code covers.
    AdvisoryCode: 5 {
        AccountLost => "account_lost",
        OrgNotInReference => "org_not_in_reference",
        OrgHoldsPersonalDomain => "org_holds_personal_domain",
        OrgDomainUnusable => "org_domain_unusable",
        DomainUnmapped => "domain_unmapped",
    }
}

vocabulary! {
    /// The kind of a warning about the reference, the configuration or the coverage of a run.
    WarningCode: 21 {
        ReportFooter => "report_footer",
        IdUnwrapped => "id_unwrapped",
        RepeatedRow => "repeated_row",
        DomainNotUsable => "domain_not_usable",
        DomainPathDropped => "domain_path_dropped",
        PersonalDomain => "personal_domain",
        PlatformDomain => "platform_domain",
        SharedDomain => "shared_domain",
        SpreadDomain => "spread_domain",
        AccountWithoutDomain => "account_without_domain",
        IdDoubtful => "id_doubtful",
        IdCheckWrong => "id_check_wrong",
        ZendeskExpectedUnclear => "zendesk_expected_unclear",
        ArchivedTicketsNotCovered => "archived_tickets_not_covered",
        TicketsMayLag => "tickets_may_lag",
        TicketsNotRead => "tickets_not_read",
        MostAccountsConflict => "most_accounts_conflict",
        ReferenceShrank => "reference_shrank",
        SuppressionExpired => "suppression_expired",
        SuppressionUnused => "suppression_unused",
        SuppressionByCodeAlone => "suppression_by_code_alone",
    }
}

impl IssueCode {
    /// The kind of record that the issue is about.
    pub const fn scope(self) -> Scope {
        self.facts().scope
    }

    /// How much the issue can hurt.
    pub const fn risk(self) -> Risk {
        self.facts().risk
    }

    /// The words of the console's counts, as in "2 missing external_id".
    pub const fn short(self) -> &'static str {
        self.facts().short
    }

    /// The action that would repair the issue; none where nothing is ever written.
    pub const fn action(self) -> Option<ActionCode> {
        self.facts().action
    }

    /// What can become of the issue, besides being suppressed.
    pub const fn statuses(self) -> &'static [Status] {
        self.facts().statuses
    }

    /// Why the action can be blocked, in table order.
    pub const fn blocked_reasons(self) -> &'static [BlockedReason] {
        self.facts().blocked_reasons
    }

    /// What the issue means, and what to do about it.
    pub const fn explanation(self) -> &'static Explanation {
        &self.facts().explanation
    }
}

impl SkipReason {
    /// Whether something has changed since the plan was made: the names that begin with `precondition_changed_`.
    pub const fn is_changed_precondition(self) -> bool {
        !matches!(
            self,
            Self::DependencyNotApplied
                | Self::NotSelected
                | Self::ActionNotAllowed
                | Self::SuppressedSince
                | Self::ReferenceChanged
                | Self::RecordIncomplete
                | Self::OutcomeUnknown
                | Self::Aborted
                | Self::CapMaxPerAccount
                | Self::CapMaxActions
        )
    }

    /// Whether a skip for this reason counts in `attempted`: the action was looked at afresh (rules 8.4).
    pub const fn is_attempted(self) -> bool {
        self.is_changed_precondition() || matches!(self, Self::RecordIncomplete)
    }

    /// Whether the action was left out before anything was read for it, and by none of the caps.
    pub const fn is_unread(self) -> bool {
        matches!(self, Self::NotSelected | Self::ActionNotAllowed | Self::SuppressedSince | Self::ReferenceChanged)
    }

    /// Whether the effect of the action is in place all the same, which satisfies the actions that depend on it.
    pub const fn is_in_place(self) -> bool {
        matches!(
            self,
            Self::OrgAlreadyLinked | Self::DomainAlreadyPresent | Self::UserAlreadyMember | Self::AlreadyDefault
        )
    }
}

/// Any name of the catalogue, with the kind that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// An issue code.
    Issue(IssueCode),
    /// An action.
    Action(ActionCode),
    /// A blocked reason.
    Blocked(BlockedReason),
    /// A reason in the receipt of an apply.
    Skipped(SkipReason),
    /// An advisory.
    Advisory(AdvisoryCode),
    /// A warning.
    Warning(WarningCode),
}

vocabulary! {
    /// The kinds of names, in the order in which they are listed.
    Kind: 6 {
        Issue => "issue",
        Action => "action",
        Blocked => "blocked_reason",
        Skipped => "skip_reason",
        Advisory => "advisory",
        Warning => "warning",
    }
}

impl Entry {
    /// Every name, by kind and in table order.
    pub fn all() -> impl Iterator<Item = Self> {
        let issues = IssueCode::ALL.into_iter().map(Self::Issue);
        let actions = ActionCode::ALL.into_iter().map(Self::Action);
        let blocked = BlockedReason::ALL.into_iter().map(Self::Blocked);
        let skipped = SkipReason::ALL.into_iter().map(Self::Skipped);
        let advisories = AdvisoryCode::ALL.into_iter().map(Self::Advisory);
        let warnings = WarningCode::ALL.into_iter().map(Self::Warning);
        issues.chain(actions).chain(blocked).chain(skipped).chain(advisories).chain(warnings)
    }

    /// The kind of the name.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Issue(_) => Kind::Issue,
            Self::Action(_) => Kind::Action,
            Self::Blocked(_) => Kind::Blocked,
            Self::Skipped(_) => Kind::Skipped,
            Self::Advisory(_) => Kind::Advisory,
            Self::Warning(_) => Kind::Warning,
        }
    }

    /// The name itself. An issue and a blocked reason share `user_domain_ambiguous`, a blocked reason and a warning share
    /// `reference_shrank`; all others differ.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issue(code) => code.as_str(),
            Self::Action(code) => code.as_str(),
            Self::Blocked(reason) => reason.as_str(),
            Self::Skipped(reason) => reason.as_str(),
            Self::Advisory(code) => code.as_str(),
            Self::Warning(code) => code.as_str(),
        }
    }

    /// The words for people.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::Issue(code) => code.explanation(),
            Self::Action(code) => code.explanation(),
            Self::Blocked(reason) => reason.explanation(),
            Self::Skipped(reason) => reason.explanation(),
            Self::Advisory(code) => code.explanation(),
            Self::Warning(code) => code.explanation(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What the explanations may quote besides the names of the catalogue.
    const FIELDS: &[&str] = &[
        "--max-actions",
        "--max-per-account",
        "--only-account",
        "--only-action",
        "0",
        "1",
        "--accept-new",
        "account_domains",
        "accounts.csv",
        "apply.actions",
        "active",
        "apply.max_actions",
        "apply.max_per_account",
        "blocked",
        "blocked_reason",
        "candidate_org_ids",
        "candidate_sf_account_ids",
        "co.uk",
        "conflicting_org_ids",
        "current_external_id",
        "default_org_is",
        "default_org_linked_to",
        "depends_on",
        "detail",
        "detected",
        "domain",
        "domain_names",
        "domains.not_personal",
        "domains.personal",
        "echo_of_issue_id",
        "expires",
        "external_id",
        "failed",
        "left_reference",
        "null",
        "salesforce.accounts_csv",
        "salesforce.max_lost_percent",
        "www.",
        "false",
        "id_doubtful",
        "issue_id",
        "mismatch_kind",
        "missing_domains",
        "multiple_organizations",
        "n",
        "no",
        "no_org",
        "not_member_org",
        "org_has_domain",
        "org_id",
        "org_shares_tickets",
        "organization_id",
        "other_member_org",
        "receipt.json",
        "review_only",
        "sf_account_id",
        "suspended",
        "ticket_source",
        "tickets.allow_list",
        "tickets.enabled",
        "true",
        "user_email_domain",
        "user_id",
        "users.include_suspended",
        "users.require_verified",
        "users_affected",
        "verified",
        "y",
        "yes",
        "zendesk_domain_override",
        "zendesk_expected",
    ];

    #[test]
    fn names_are_found_again_and_differ_within_their_kind() {
        let mut seen = BTreeSet::new();
        for entry in Entry::all() {
            assert!(seen.insert((entry.kind(), entry.name())), "twice: {}", entry.name());
            assert!(entry.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        }
        assert_eq!(seen.len(), 12 + 4 + 12 + 29 + 5 + WarningCode::ALL.len());
        for code in IssueCode::ALL {
            assert_eq!(IssueCode::parse(code.as_str()), Some(code));
        }
        assert_eq!(IssueCode::parse("org_missing"), None);
    }

    #[test]
    fn codes_are_in_table_order_and_grouped_by_scope() {
        assert!(IssueCode::ALL.is_sorted());
        assert!(IssueCode::ALL.is_sorted_by_key(|code| code.scope()));
        assert!(BlockedReason::ALL.is_sorted() && ActionCode::ALL.is_sorted() && WarningCode::ALL.is_sorted());
    }

    #[test]
    fn the_facts_of_a_code_agree_with_each_other() {
        for code in IssueCode::ALL {
            let can = |status| code.statuses().contains(&status);
            assert_eq!(code.action().is_some(), can(Status::Prepared) || can(Status::Blocked), "{code}");
            assert_eq!(!code.blocked_reasons().is_empty(), can(Status::Blocked), "{code}");
            assert_eq!(can(Status::Detected), code.scope() == Scope::Ticket, "{code}");
            assert!(code.blocked_reasons().is_sorted() && code.statuses().is_sorted(), "{code}");
        }
    }

    #[test]
    fn every_reason_and_every_action_belongs_to_an_issue() {
        let reasons: BTreeSet<_> = IssueCode::ALL.iter().flat_map(|code| code.blocked_reasons()).collect();
        assert_eq!(reasons.len(), BlockedReason::ALL.len());
        let actions: BTreeSet<_> = IssueCode::ALL.iter().filter_map(|code| code.action()).collect();
        assert_eq!(actions.len(), ActionCode::ALL.len());
    }

    #[test]
    fn explanations_are_sentences_about_names_that_exist() {
        let names: BTreeSet<_> = Entry::all().map(Entry::name).collect();
        for entry in Entry::all() {
            let Explanation { title, means, evidence, what_to_do, tool_does, tool_does_not } = entry.explanation();
            assert!(title.len() <= 45 && !title.ends_with('.'), "{}: {title}", entry.name());
            for text in [means, evidence, what_to_do, tool_does, tool_does_not] {
                assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", entry.name());
                assert!(text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '`'), "{text}");
                assert_eq!(text.matches('`').count() % 2, 0, "{text}");
                for word in text.split('`').skip(1).step_by(2) {
                    assert!(names.contains(word) || FIELDS.contains(&word), "{}: {word}?", entry.name());
                }
            }
        }
    }
}
