//! The words for people about each action; how one is planned and applied lives elsewhere.

use super::{ActionCode, Explanation};

impl ActionCode {
    /// What the action does, when, and what it leaves alone.
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::SetOrgExternalId => &Explanation {
                title: "Set the blank external_id of an org",
                means: "Writes the Salesforce account id into the blank `external_id` of the account's org. \
                    This links the two.",
                evidence: "Planned for `org_missing_external_id`. Preconditions: the org exists and its \
                    `external_id` is blank, no other org has the id, and each domain that links the org is \
                    still on this org and on no other.",
                what_to_do: "Check that the org belongs to this customer. The account's other actions depend \
                    on this one.",
                tool_does: "Sends one update of the org that contains only `external_id`: the 18-character \
                    form of a Salesforce id, or any other id unchanged. Then reads it back.",
                tool_does_not: "It never overwrites an `external_id` that is not blank, and never sets one \
                    that another org has.",
            },
            Self::AddOrgDomain => &Explanation {
                title: "Add an expected domain to an org",
                means: "Adds one missing domain to the `domain_names` of the account's org.",
                evidence: "Planned for `org_missing_expected_domain`. Preconditions: the org exists, its \
                    `external_id` is the account's, and neither this org nor any other org has the domain.",
                what_to_do: "Check `users_affected` first. It is the number of verified users in scope that \
                    Zendesk itself will add to the org.",
                tool_does: "Sends one update of the org with its current list of domains plus the new one. \
                    Then reads it back.",
                tool_does_not: "It never removes a domain, and never adds a domain that another org has.",
            },
            Self::AssignUserToOrg => &Explanation {
                title: "Add a user to the expected org",
                means: "Makes the user a member of the account's org.",
                evidence: "Planned for `user_missing_expected_membership`. Preconditions: the org exists and \
                    its `external_id` is the account's. The user exists, is active, still has the email \
                    domain, and is not a member. The user is also not suspended and is verified, if the \
                    configuration requires it. It is the user's first membership, or Zendesk allows several.",
                what_to_do: "Check the notes first. `org_shares_tickets` means that the user will see more \
                    tickets, and `default_org_linked_to` means that the user also belongs to another account's \
                    org.",
                tool_does: "Creates one membership. Then reads it back.",
                tool_does_not: "It never removes another membership, and never changes the default org of a \
                    user who has one.",
            },
            Self::MoveUserToOrg => &Explanation {
                title: "Make the expected org the user's default",
                means: "Makes the user's existing membership in the account's org the default one.",
                evidence: "Planned for `user_default_org_not_expected`. Preconditions: the org exists and its \
                    `external_id` is the account's. The user exists, is active, still has the email domain and \
                    the membership, and is not suspended, if the configuration requires it. The membership is \
                    not the default yet.",
                what_to_do: "Check the note `default_org_linked_to` first. It means that the current default \
                    org is linked to another account.",
                tool_does: "Makes this membership the default. Then reads it back.",
                tool_does_not: "It never adds or removes a membership.",
            },
        }
    }
}
