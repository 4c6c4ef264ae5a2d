//! The words for people about each advisory; when one is given is decided by the rules.

use super::{AdvisoryCode, Explanation};

const ONLY_REPORTS: &str = "It never acts on an advisory, and never counts one as an issue.";

impl AdvisoryCode {
    /// What the advisory means, and what to do about it.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::AccountLost => &Explanation {
                title: "An account has left the reference",
                means: "The baseline has this account, but the reference of this run does not. If its row is \
                    missing by mistake, another account can look like the only owner of a shared domain.",
                evidence: "The account is in the baseline's `accounts.csv`, but in no row of the reference.",
                what_to_do: "Check in Salesforce whether the account was deleted or merged on purpose. If it was not, \
                    correct the filter or the export, and run the audit again.",
                tool_does: "Lists the account, and lists its earlier issues as `left_reference` instead of as \
                    resolved. If more accounts are lost than `salesforce.max_lost_percent` allows, every \
                    action is blocked with `reference_shrank`.",
                tool_does_not: ONLY_REPORTS,
            },
            Self::OrgNotInReference => &Explanation {
                title: "An org's external_id is not in the reference",
                means: "The org is linked to an account that is not in the reference. The account was merged \
                    or deleted, or its row is missing.",
                evidence: "The org's `external_id` is not blank, and it matches no row of the reference.",
                what_to_do: "Look up the account in Salesforce. If it was merged, move the org's users, and \
                    clear or correct its `external_id`. If it exists, add its row to the reference.",
                tool_does: "Blocks actions that would move users out of this org, or add its users to another \
                    org, with `default_org_not_in_reference`.",
                tool_does_not: ONLY_REPORTS,
            },
            Self::OrgHoldsPersonalDomain => &Explanation {
                title: "An org has a personal domain",
                means: "Zendesk adds anyone with an address at this email or internet provider to the org.",
                evidence: "The domain is in the org's `domain_names` and in the list of personal domains.",
                what_to_do: "Remove the domain from the org in Zendesk, and check who became a member because \
                    of it. If the domain is the customer's own, add it to `domains.not_personal`.",
                tool_does: "Lists the org and the domain, with the number of users whose default org this is.",
                tool_does_not: "It never removes a domain from an org.",
            },
            Self::OrgDomainUnusable => &Explanation {
                title: "Zendesk may not match an entry of an org",
                means: "An entry in the org's list of domains is not a plain domain, so Zendesk may not add \
                    users because of it.",
                evidence: "The entry of `domain_names` is a web address, starts with `www.`, is empty, or is \
                    not a domain. `domain` shows the plain domain, if there is one.",
                what_to_do: "In Zendesk, replace the entry with the plain domain, or remove it.",
                tool_does: "Treats the org as having the plain domain, if there is one.",
                tool_does_not: "It never edits an org's list of domains.",
            },
            Self::DomainUnmapped => &Explanation {
                title: "Users have a domain that no account expects",
                means: "These users may be customers whose account is missing from the reference, or whose \
                    account does not list this domain.",
                evidence: "Users in scope have the domain, no account expects it, and it is not personal, \
                    ignored or a platform's. Only the 50 domains with the most users are listed.",
                what_to_do: "If the domain belongs to a customer, add it to the account in Salesforce. If it \
                    belongs to an email provider, add it to `domains.personal`.",
                tool_does: "Lists the domain with the number of its users and their tickets.",
                tool_does_not: ONLY_REPORTS,
            },
        }
    }
}
