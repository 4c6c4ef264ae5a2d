//! The words for people about each advisory; when one is given is decided by the rules.

use super::{AdvisoryCode, Explanation};

const ONLY_REPORTS: &str = "It never acts on an advisory, and never counts one as an issue.";

impl AdvisoryCode {
    /// What the advisory means, and what to do about it.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::AccountLost => &Explanation {
                title: "An account has left the reference",
                means: "The baseline had this account, and the reference of this run does not. A row that vanishes by \
                    mistake can make another account the only owner of a shared domain.",
                evidence: "The `accounts.csv` of the baseline has the account's key, and no row of the reference has it.",
                what_to_do: "Check in Salesforce whether the account was deleted or merged on purpose. If it was not, \
                    correct the filter or the export, and run the audit again.",
                tool_does: "Lists the account, and lists its earlier issues as `left_reference`, not as resolved. When \
                    more accounts are lost than `salesforce.max_lost_percent` allows, every action is blocked with \
                    `reference_shrank`.",
                tool_does_not: ONLY_REPORTS,
            },
            Self::OrgNotInReference => &Explanation {
                title: "An org's external_id is not in the reference",
                means: "The org is linked to an account that the reference does not have: the account was merged or \
                    deleted, or the reference lacks its row.",
                evidence: "The `external_id` of the org is not blank, and no row of the reference has its key.",
                what_to_do: "Find the account in Salesforce. If it was merged, move the org's users and clear or correct \
                    its `external_id`. If it exists, add its row to the reference.",
                tool_does: "Blocks actions that would take users out of such an org, or add users of such an org to \
                    another, with `default_org_not_in_reference`.",
                tool_does_not: ONLY_REPORTS,
            },
            Self::OrgHoldsPersonalDomain => &Explanation {
                title: "An org holds a personal domain",
                means: "Anyone with an address at this mailbox or access provider becomes a member of the org when \
                    Zendesk matches domains.",
                evidence: "The domain is in the org's `domain_names` and in the list of personal domains.",
                what_to_do: "Remove the domain from the org in Zendesk, and check who became a member through it. If the \
                    domain is the customer's own, add it to `domains.not_personal`.",
                tool_does: "Lists the org and the domain, with the users whose default org it is.",
                tool_does_not: "It never removes a domain from an org.",
            },
            Self::OrgDomainUnusable => &Explanation {
                title: "Zendesk may not match an entry of an org",
                means: "An entry in the org's domains is not written as a plain domain, so Zendesk may not add users by it.",
                evidence: "The entry of `domain_names`, trimmed and in lower case, is not its own normal form: it is a \
                    web address, has `www.` in front, is empty, or is not a domain. `domain` shows the normal form, if \
                    there is one.",
                what_to_do: "Replace the entry in Zendesk by the plain domain, or remove it.",
                tool_does: "Counts the normal form, if there is one, as held by the org.",
                tool_does_not: "It never edits an entry of an org's domains.",
            },
            Self::DomainUnmapped => &Explanation {
                title: "Users have a domain that no account expects",
                means: "Several of your users may be customers whose account is missing in the reference, or whose \
                    account lacks this domain.",
                evidence: "Users in scope have the domain, no account expects it, and it is neither personal, ignored \
                    nor a platform's. The 50 domains with the most users are listed.",
                what_to_do: "If the domain is a customer's, add it to the account in Salesforce. If it is a mailbox \
                    provider's, add it to `domains.personal`.",
                tool_does: "Lists the domain with its users and their tickets.",
                tool_does_not: ONLY_REPORTS,
            },
        }
    }
}
