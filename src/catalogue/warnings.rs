//! The words for people about each warning; what gives rise to one is decided where it is found.

use super::{Explanation, WarningCode};

const ONLY_WARNS: &str = "It does not change the reference, and does not count as an issue.";

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
                means: "The export ends with the lines of text that Salesforce puts below a report. They are not accounts.",
                evidence: "At the end of the file, only the first cell of these rows is filled, and the text has spaces; the message names the lines.",
                what_to_do: "Nothing, if the lines are a footer. Export with Details Only to leave it out.",
                tool_does: "Skips these rows.",
                tool_does_not: ONLY_WARNS,
            },
            Self::IdUnwrapped => &Explanation {
                title: "An id was taken out of its wrapper",
                means: "The id carries a mark that protects text from spreadsheets: a leading apostrophe, or an equals sign and quotes around it.",
                evidence: "The cell begins with an apostrophe, or is an equals sign and the id in quotes.",
                what_to_do: "Nothing, or export the file without the marks.",
                tool_does: "Takes the mark off once, and uses the id without it.",
                tool_does_not: ONLY_WARNS,
            },
            Self::RepeatedRow => &Explanation {
                title: "A row is repeated",
                means: "Two rows hold the same account with the same cells, as in a report that joins accounts with another object.",
                evidence: "The ids and the five other cells are equal; the message names the first line.",
                what_to_do: "Nothing, or export a report of accounts alone.",
                tool_does: "Counts the account once.",
                tool_does_not: ONLY_WARNS,
            },
            Self::DomainNotUsable => &Explanation {
                title: "A domain in the reference is not usable",
                means: "An entry in a domain column is not a domain that can be matched.",
                evidence: "After normalization it is no name of two or more labels, or it is a \
                    public suffix such as `co.uk`; the message says so.",
                what_to_do: "Correct the entry in Salesforce, at the line that the warning names.",
                tool_does: "Leaves the entry out. An override without one usable entry gives way \
                    to `account_domains`.",
                tool_does_not: ONLY_WARNS,
            },
            Self::DomainPathDropped => &Explanation {
                title: "An entry holds two domains",
                means: "What was cut off behind a slash, a question mark or a hash sign looks like a second domain of the account.",
                evidence: "The part that is cut off as the path of a URL is a domain under a public suffix.",
                what_to_do: "Separate the two domains by a comma, a semicolon or a space, in Salesforce.",
                tool_does: "Uses the first domain only.",
                tool_does_not: ONLY_WARNS,
            },
            Self::PersonalDomain => &Explanation {
                title: "An account names a personal domain",
                means: "A domain of the account is a mailbox or access provider's, so it says \
                    nothing about who belongs to the account.",
                evidence: "The domain is in the built-in list or in `domains.personal`.",
                what_to_do: "Remove it in Salesforce. If the account is that provider itself, add \
                    the domain to `domains.not_personal`.",
                tool_does: "Leaves the domain out of the expected domains.",
                tool_does_not: ONLY_WARNS,
            },
            Self::PlatformDomain => &Explanation {
                title: "An account names a platform",
                means: "The entry is a host with pages of many companies, such as a social network or a site builder, so it says nothing about who belongs to the account.",
                evidence: "The domain, or one above it, is in the built-in list of platforms.",
                what_to_do: "Replace it with the account's own domain. If the account is that platform itself, add the domain to `domains.not_personal`.",
                tool_does: "Leaves the domain out of the expected domains.",
                tool_does_not: ONLY_WARNS,
            },
            Self::SharedDomain => &Explanation {
                title: "Several accounts expect the same domain",
                means: "The domain cannot tell these accounts apart, so it links none of them to \
                    an org.",
                evidence: "Two or more rows of the reference expect the domain.",
                what_to_do: "Leave it with one account, by `zendesk_domain_override` or in \
                    Salesforce, or make the right org the default org of each of its users.",
                tool_does: "Leaves the domain out when it looks for an account's org, and reports \
                    users with it as `user_domain_ambiguous` unless their default org settles who \
                    is meant.",
                tool_does_not: ONLY_WARNS,
            },
            Self::SpreadDomain => &Explanation {
                title: "An account's domain looks like a provider's",
                means: "Users with the domain belong mostly to orgs of others, so they are not \
                    evaluated.",
                evidence: "Of the users in scope with the domain, more have a default org other \
                    than the account's than have the account's, and those other orgs are three or \
                    more.",
                what_to_do: "If it is a provider's, add it to `domains.personal`; if it is the \
                    customer's own, to `domains.not_personal`.",
                tool_does: "Counts the users with the domain, and blocks what would rest on the \
                    domain alone.",
                tool_does_not: "It does not report these users, and does not count as an issue.",
            },
            Self::AccountWithoutDomain => &Explanation {
                title: "An account has no domain to match by",
                means: "The account can be found by its id only, and none of its users can.",
                evidence: "No usable domain is left once personal and ignored ones are out. The \
                    message names the account's website, if there is one.",
                what_to_do: "If the website's domain is the one that the account's people write \
                    from, add it to `account_domains`.",
                tool_does: "Resolves the account by `external_id` alone.",
                tool_does_not: "It never takes the website as a domain to match by.",
            },
            Self::IdDoubtful => &Explanation {
                title: "An account id may be another record's",
                means: "A tool has probably changed the case of the letters of a 15-character id. With another case it is the id of another record.",
                evidence: "15 letters and digits that begin with 001, with four or more letters behind, all of one case.",
                what_to_do: "Export the ids again, best in their 18-character form, and do not change them in a spreadsheet.",
                tool_does: "Resolves the account by the id as it is, and blocks the action that would write the id, with `account_id_doubtful`.",
                tool_does_not: "It never writes a doubtful id.",
            },
            Self::IdCheckWrong => &Explanation {
                title: "An 18-character id has a wrong check",
                means: "The last three characters of a Salesforce id encode the case of the \
                    others. Here they do not fit: the id is mistyped, or not a Salesforce id.",
                evidence: "18 letters and digits whose last three are not a valid check of the \
                    first 15.",
                what_to_do: "Compare the id with Salesforce, and export it again.",
                tool_does: "Takes the id as plain text, compared without case.",
                tool_does_not: "It does not repair the id, and does not count as an issue.",
            },
            Self::ZendeskExpectedUnclear => &Explanation {
                title: "zendesk_expected says neither yes nor no",
                means: "The text in the column is none of those that are known, so the account is \
                    expected to have an org.",
                evidence: "A text other than `yes`, `true`, `y`, `1`, `no`, `false`, `n`, `0`, in \
                    any case, or nothing.",
                what_to_do: "Write one of these.",
                tool_does: "Takes it for yes.",
                tool_does_not: ONLY_WARNS,
            },
            Self::ArchivedTicketsNotCovered => &Explanation {
                title: "Archived tickets were not read",
                means: "The tickets come from Zendesk's plain list, which leaves archived tickets \
                    out. Ticket issues may be missing.",
                evidence: "The credentials may use neither of the ticket exports, and \
                    `tickets.allow_list` is on. `receipt.json` records the `ticket_source`.",
                what_to_do: "Use the credentials of an admin, or of somebody who may use search \
                    export.",
                tool_does: "Audits the tickets that the list gives.",
                tool_does_not: "It never uses the list unless `tickets.allow_list` says so.",
            },
            Self::TicketsMayLag => &Explanation {
                title: "The latest changes of tickets may be missing",
                means: "The tickets come from the search export, whose index lags by some minutes, \
                    and the credentials may not read the incremental export, which has the rest.",
                evidence: "The incremental export answered 403. `receipt.json` records the \
                    `ticket_source`.",
                what_to_do: "Let an admin own the credentials, or run the audit again later: a \
                    ticket that changed minutes ago is found by the next audit.",
                tool_does: "Audits the tickets that the index has.",
                tool_does_not: "It does not guess what changed since, and does not count as an issue.",
            },
            Self::TicketsNotRead => &Explanation {
                title: "Tickets were not read",
                means: "The configuration leaves tickets out, so no ticket issue can be found.",
                evidence: "`tickets.enabled` is `false`.",
                what_to_do: "Set it to `true` to audit tickets too.",
                tool_does: "Audits organizations, users and memberships only, and judges no threshold of a ticket code.",
                tool_does_not: "It does not report that there are no ticket issues.",
            },
            Self::MostAccountsConflict => &Explanation {
                title: "Most accounts conflict with their orgs",
                means: "More than half of the accounts lead to an org with another `external_id`. The link to Salesforce may be held in another field of the org.",
                evidence: "Five accounts or more have the resolution conflict, and they are more than half of all accounts.",
                what_to_do: "Compare some `external_id` values with Salesforce before you change anything.",
                tool_does: "Reports each conflict as `org_external_id_conflict`.",
                tool_does_not: "It never overwrites an `external_id` that is not blank.",
            },
            Self::ReferenceShrank => &Explanation {
                title: "The reference has lost many accounts",
                means: "More accounts have vanished since the baseline than `salesforce.max_lost_percent` allows. A row that is gone can turn a shared domain into one account's own.",
                evidence: "The account keys of the baseline's `accounts.csv` that this reference does not have.",
                what_to_do: "Check the filter of the export. If the accounts are gone on purpose, raise the limit or accept the run as the new baseline.",
                tool_does: "Blocks every prepared action with `reference_shrank`.",
                tool_does_not: "It does not resolve issues of accounts that are gone.",
            },
            Self::SuppressionExpired => &Explanation {
                title: "A suppression has expired",
                means: "The suppression's last day is over, so its issues are reported again.",
                evidence: "The day of `expires` ended, in UTC, before the time of the audit.",
                what_to_do: "Solve the issue, or give the suppression a new day; remove it when \
                    it is not needed.",
                tool_does: "Ignores the suppression.",
                tool_does_not: "It never suppresses anything beyond the day that was agreed.",
            },
            Self::SuppressionUnused => &Explanation {
                title: "A suppression matches nothing",
                means: "No issue of this audit matches the suppression: it was solved, or a \
                    selector is wrong.",
                evidence: "The suppression is in force, and no issue has its code and all of its \
                    selectors.",
                what_to_do: "Remove it, or correct its selectors.",
                tool_does: "Nothing else: the findings are the same without it.",
                tool_does_not: "It does not edit the config, and does not count as an issue.",
            },
            Self::SuppressionByCodeAlone => &Explanation {
                title: "A suppression hides a whole code",
                means: "The suppression has no selector besides its code, so it hides every issue \
                    of that code, also future ones.",
                evidence: "None of `sf_account_id`, `org_id`, `user_id`, `domain` and `issue_id` \
                    is given.",
                what_to_do: "Add a selector, unless all of them are meant.",
                tool_does: "Suppresses every issue of the code.",
                tool_does_not: "It does not refuse the suppression.",
            },
        }
    }
}
