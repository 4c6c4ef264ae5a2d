//! The words for people about each warning; what gives rise to one is decided where it is found.

use super::{Explanation, WarningCode};

const ONLY_WARNS: &str = "It does not change the reference, and does not count the warning as an issue.";

impl WarningCode {
    /// Whether a copy of the reference cannot give it again: what the warning is about is gone from the copy (rules 11).
    pub const fn is_of_first_reading(self) -> bool {
        matches!(self, Self::ReportFooter | Self::IdUnwrapped | Self::RepeatedRow)
    }

    /// What the warning means, and what to do about it.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::ReportFooter => &Explanation {
                title: "A report's footer was skipped",
                means: "The export ends with lines of text that Salesforce adds to a report. They are not accounts.",
                evidence: "In these rows at the end of the file, only the first cell is filled, and its text \
                    has spaces. The message names the lines.",
                what_to_do: "Nothing, if the lines are a footer. To leave it out, export with Details Only.",
                tool_does: "Skips these rows.",
                tool_does_not: ONLY_WARNS,
            },
            Self::IdUnwrapped => &Explanation {
                title: "Spreadsheet marks were removed from an id",
                means: "The id has marks that protect text from spreadsheets: a leading apostrophe, or an \
                    equals sign and quotes around it.",
                evidence: "The cell begins with an apostrophe, or is an equals sign and the id in quotes.",
                what_to_do: "Nothing, or export the file without the marks.",
                tool_does: "Removes the marks once, and uses the id without them.",
                tool_does_not: ONLY_WARNS,
            },
            Self::RepeatedRow => &Explanation {
                title: "A row is repeated",
                means: "Two rows have the same account and the same cells, as in a report that joins accounts \
                    with another object.",
                evidence: "The ids and the five other cells are equal; the message names the first line.",
                what_to_do: "Nothing, or export a report that has only accounts.",
                tool_does: "Counts the account once.",
                tool_does_not: ONLY_WARNS,
            },
            Self::DomainNotUsable => &Explanation {
                title: "A domain in the reference is not usable",
                means: "An entry in a domain column is not a domain, so it cannot be matched.",
                evidence: "The entry is not a name of two or more parts, or it is a public suffix such as \
                    `co.uk`. The message says which.",
                what_to_do: "Correct the entry in Salesforce. The warning names its line.",
                tool_does: "Ignores the entry. If an override has no usable entry, `account_domains` is used.",
                tool_does_not: ONLY_WARNS,
            },
            Self::DomainPathDropped => &Explanation {
                title: "An entry has two domains",
                means: "The text after a slash, a question mark or a hash sign was cut off, but it looks like \
                    a second domain of the account.",
                evidence: "The part that was cut off as the path of a URL is a domain under a public suffix.",
                what_to_do: "In Salesforce, separate the two domains with a comma, a semicolon or a space.",
                tool_does: "Uses only the first domain.",
                tool_does_not: ONLY_WARNS,
            },
            Self::PersonalDomain => &Explanation {
                title: "An account has a personal domain",
                means: "The domain belongs to an email or internet provider, so it does not show which users \
                    belong to the account.",
                evidence: "The domain is in the built-in list or in `domains.personal`.",
                what_to_do: "Remove it in Salesforce. If the account is that provider, add the domain to \
                    `domains.not_personal`.",
                tool_does: "Does not use the domain to match the account.",
                tool_does_not: ONLY_WARNS,
            },
            Self::PlatformDomain => &Explanation {
                title: "An account has a platform's domain",
                means: "The entry is a site with pages of many companies, such as a social network or a site \
                    builder, so it does not show which users belong to the account.",
                evidence: "The domain, or a parent of it, is in the built-in list of platforms.",
                what_to_do: "Replace it with the account's own domain. If the account is that platform, add \
                    the domain to `domains.not_personal`.",
                tool_does: "Does not use the domain to match the account.",
                tool_does_not: ONLY_WARNS,
            },
            Self::SharedDomain => &Explanation {
                title: "Several accounts expect the same domain",
                means: "The domain does not show which of these accounts is meant, so it links none of them to \
                    an org.",
                evidence: "Two or more rows of the reference expect the domain.",
                what_to_do: "Keep the domain on one account, in Salesforce or with `zendesk_domain_override`, \
                    or make the right org the default org of each of its users.",
                tool_does: "Does not use the domain to find an account's org. Reports its users as \
                    `user_domain_ambiguous`, unless their default org shows which account is meant.",
                tool_does_not: ONLY_WARNS,
            },
            Self::SpreadDomain => &Explanation {
                title: "An account's domain looks like a provider's",
                means: "Most users with the domain are in other orgs, so they are not checked.",
                evidence: "Among the users in scope with the domain, more have another default org than the \
                    account's org, and there are at least three of those other orgs.",
                what_to_do: "If the domain is a provider's, add it to `domains.personal`. If it is the \
                    customer's own, add it to `domains.not_personal`.",
                tool_does: "Counts the users with the domain, and blocks repairs that depend on this domain alone.",
                tool_does_not: "It does not report these users, and does not count the warning as an issue.",
            },
            Self::AccountWithoutDomain => &Explanation {
                title: "An account has no usable domain",
                means: "The account can only be matched by its id, and its users cannot be matched at all.",
                evidence: "Without personal, platform and ignored domains, the account has no usable domain. \
                    The message names the account's website, if there is one.",
                what_to_do: "If the account's people use the website's domain in their email addresses, add it \
                    to `account_domains`.",
                tool_does: "Matches the account by `external_id` alone.",
                tool_does_not: "It never matches by the website.",
            },
            Self::IdDoubtful => &Explanation {
                title: "An account id may be another record's",
                means: "A tool has probably changed upper and lower case in a 15-character id. With different \
                    case, it is the id of another record.",
                evidence: "The id has 15 letters and digits and begins with 001. Four or more letters follow, \
                    and all have the same case.",
                what_to_do: "Export the ids again, preferably in their 18-character form, and do not change \
                    them in a spreadsheet.",
                tool_does: "Matches the account by the id as it is, and blocks the action that would write the \
                    id, with `account_id_doubtful`.",
                tool_does_not: "It never writes a doubtful id.",
            },
            Self::IdCheckWrong => &Explanation {
                title: "An 18-character id has a wrong check",
                means: "The last three characters of a Salesforce id are a check of the others. Here they do \
                    not match: the id is mistyped, or it is not a Salesforce id.",
                evidence: "The id has 18 letters and digits, and the last three are not the check of the first 15.",
                what_to_do: "Compare the id with Salesforce, and export it again.",
                tool_does: "Compares the id as plain text, without regard to case.",
                tool_does_not: "It does not repair the id, and does not count the warning as an issue.",
            },
            Self::ZendeskExpectedUnclear => &Explanation {
                title: "zendesk_expected is neither yes nor no",
                means: "The text in the column is not one of the known values, so the account is expected to \
                    have an org.",
                evidence: "The cell is not empty, and its text is not `yes`, `true`, `y`, `1`, `no`, `false`, \
                    `n` or `0`, in any case.",
                what_to_do: "Use one of these values.",
                tool_does: "Treats the value as yes.",
                tool_does_not: ONLY_WARNS,
            },
            Self::ArchivedTicketsNotCovered => &Explanation {
                title: "Archived tickets were not read",
                means: "The tickets come from Zendesk's plain ticket list, which does not include archived \
                    tickets. Some ticket issues may be missing.",
                evidence: "The credentials can use neither ticket export, and `tickets.allow_list` is on. \
                    `receipt.json` records the `ticket_source`.",
                what_to_do: "Use an admin's credentials, or those of a user who can use the search export.",
                tool_does: "Audits the tickets that are in the list.",
                tool_does_not: "It never uses the list unless `tickets.allow_list` is on.",
            },
            Self::TicketsMayLag => &Explanation {
                title: "The latest ticket changes may be missing",
                means: "The tickets come from the search export, which lags by some minutes. The credentials \
                    cannot read the incremental export, which has the latest changes.",
                evidence: "The incremental export answered with 403. `receipt.json` records the `ticket_source`.",
                what_to_do: "Use an admin's credentials, or run the audit again later. The next audit finds \
                    tickets that changed in the last minutes.",
                tool_does: "Audits the tickets that the search export returns.",
                tool_does_not: "It does not guess later changes, and does not count the warning as an issue.",
            },
            Self::TicketsNotRead => &Explanation {
                title: "Tickets were not read",
                means: "The configuration excludes tickets, so no ticket issues can be found.",
                evidence: "`tickets.enabled` is `false`.",
                what_to_do: "Set it to `true` to audit tickets too.",
                tool_does: "Audits only organizations, users and memberships, and does not check thresholds of \
                    ticket codes.",
                tool_does_not: "It does not say that there are no ticket issues.",
            },
            Self::MostAccountsConflict => &Explanation {
                title: "Most accounts conflict with their orgs",
                means: "More than half of the accounts match an org that has another `external_id`. The \
                    Salesforce id may be in a different field of the org.",
                evidence: "At least five accounts are a conflict, and they are more than half of all accounts.",
                what_to_do: "Compare some `external_id` values with Salesforce before you change anything.",
                tool_does: "Reports each conflict as `org_external_id_conflict`.",
                tool_does_not: "It never overwrites an `external_id` that is not blank.",
            },
            Self::ReferenceShrank => &Explanation {
                title: "The reference has lost many accounts",
                means: "More accounts have disappeared since the baseline than `salesforce.max_lost_percent` \
                    allows. If rows are missing, a shared domain can look as if it belonged to one account.",
                evidence: "The accounts that are in the baseline's `accounts.csv` but not in this reference.",
                what_to_do: "Check the filter of the export. If the accounts are really gone, raise the limit \
                    or accept the run as the new baseline.",
                tool_does: "Blocks every prepared action with `reference_shrank`.",
                tool_does_not: "It does not count issues of missing accounts as resolved.",
            },
            Self::SuppressionExpired => &Explanation {
                title: "A suppression has expired",
                means: "The last day of the suppression has passed, so its issues are reported again.",
                evidence: "The day in `expires` (UTC) ended before the time of the audit.",
                what_to_do: "Fix the issue, give the suppression a new last day, or remove the suppression.",
                tool_does: "Ignores the suppression.",
                tool_does_not: "It never hides an issue after the last day of its suppression.",
            },
            Self::SuppressionUnused => &Explanation {
                title: "A suppression matches nothing",
                means: "No issue of this audit matches the suppression. The issue was fixed, or a selector is wrong.",
                evidence: "The suppression has not expired, and no issue has its code and all of its selectors.",
                what_to_do: "Remove it, or correct its selectors.",
                tool_does: "Nothing else. The findings are the same without the suppression.",
                tool_does_not: "It does not edit the configuration, and does not count the warning as an issue.",
            },
            Self::SuppressionByCodeAlone => &Explanation {
                title: "A suppression hides a whole code",
                means: "The suppression has no selector besides its code, so it hides every issue of that \
                    code, including future ones.",
                evidence: "None of `sf_account_id`, `org_id`, `user_id`, `domain` and `issue_id` is set.",
                what_to_do: "Add a selector, unless you want to hide all issues of the code.",
                tool_does: "Hides every issue of the code.",
                tool_does_not: "It does not refuse the suppression.",
            },
        }
    }
}
