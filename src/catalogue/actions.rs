//! The words for people about each action; how one is planned and applied lives elsewhere.

use super::{ActionCode, Explanation};

impl ActionCode {
    /// What the action does, when, and what it leaves alone.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::SetOrgExternalId => &Explanation {
                title: "Set the blank external_id of an org",
                means: "Writes the Salesforce account id into the blank `external_id` of the \
                    account's org: the canonical link between the two.",
                evidence: "Planned for `org_missing_external_id`. Preconditions: the org exists, \
                    its `external_id` is blank, no other org carries the id, and the org, and no \
                    other, still holds each linking domain.",
                what_to_do: "Check that the org is this customer's. Other actions of the account \
                    depend on this one and wait for it.",
                tool_does: "Sends one update of the org with nothing but `external_id`: the \
                    18-character form of a Salesforce id, any other id as it is. Then reads it \
                    back.",
                tool_does_not: "It never overwrites an `external_id` that is not blank, and never \
                    sets one that another org carries.",
            },
            Self::AddOrgDomain => &Explanation {
                title: "Add an expected domain to an org",
                means: "Appends one missing domain to the `domain_names` of the account's org.",
                evidence: "Planned for `org_missing_expected_domain`. Preconditions: the org \
                    exists, its `external_id` is the account's, and neither the org nor any other \
                    org holds the domain.",
                what_to_do: "Look at `users_affected` first: so many verified users in scope are \
                    added to the org by Zendesk itself.",
                tool_does: "Sends one update of the org with its present list of domains plus the \
                    new one. Then reads it back.",
                tool_does_not: "It never removes a domain, and never adds one that another org \
                    holds.",
            },
            Self::AssignUserToOrg => &Explanation {
                title: "Add a user to the expected org",
                means: "Creates the missing membership of the user in the account's org.",
                evidence: "Planned for `user_missing_expected_membership`. Preconditions: the org \
                    exists and its `external_id` is the account's; the user exists, is active, \
                    not suspended and verified (as the config demands), still has the e-mail \
                    domain, and is not a member; and it is the user's first membership, or \
                    Zendesk allows several.",
                what_to_do: "Look at the notes first: `org_shares_tickets` and \
                    `default_org_linked_to` tell whether the membership shows the user more, and \
                    whether the user also belongs to another account's org.",
                tool_does: "Creates one membership. Then reads it back.",
                tool_does_not: "It never removes another membership, and never makes another org \
                    the default of a user who has one.",
            },
            Self::MoveUserToOrg => &Explanation {
                title: "Make the expected org the user's default",
                means: "Makes an existing membership of the user, the one in the account's org, \
                    the default one.",
                evidence: "Planned for `user_default_org_not_expected`. Preconditions: the org \
                    exists and its `external_id` is the account's; the user exists, is active and \
                    not suspended (as the config demands), still has the e-mail domain and the \
                    membership; and the membership is not the default yet.",
                what_to_do: "Look at the note `default_org_linked_to` first: the present default \
                    org is linked to another account.",
                tool_does: "Makes the one membership the default. Then reads it back.",
                tool_does_not: "It never adds or removes a membership.",
            },
        }
    }
}
