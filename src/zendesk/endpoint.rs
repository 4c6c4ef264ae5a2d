//! The endpoints in use: their names in the receipt, and the scope and role that open each of them.

/// The endpoints in use, as they are counted and explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    Token,
    AccountSettings,
    OrganizationsCount,
    UsersCount,
    Organizations,
    Users,
    Memberships,
    IncrementalTickets,
    SearchExport,
    Tickets,
    UsersById,
    OrganizationsById,
    MembershipsOfUser,
    OrganizationById,
    UserById,
    OrganizationUpdate,
    MembershipCreation,
    MembershipDefault,
    Me,
    CurrentToken,
    SearchCount,
}

impl Endpoint {
    /// The name in the receipt's table of requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "oauth_tokens",
            Self::AccountSettings => "account_settings",
            Self::OrganizationsCount => "organizations_count",
            Self::UsersCount => "users_count",
            Self::Organizations => "organizations",
            Self::Users => "users",
            Self::Memberships => "organization_memberships",
            Self::IncrementalTickets => "incremental_tickets",
            Self::SearchExport => "search_export",
            Self::Tickets => "tickets",
            Self::UsersById => "users_show_many",
            Self::OrganizationsById => "organizations_show_many",
            Self::MembershipsOfUser => "user_organization_memberships",
            Self::OrganizationById => "organization",
            Self::UserById => "user",
            Self::OrganizationUpdate => "organization_update",
            Self::MembershipCreation => "organization_membership_creation",
            Self::MembershipDefault => "organization_membership_make_default",
            Self::Me => "users_me",
            Self::CurrentToken => "oauth_tokens_current",
            Self::SearchCount => "search_count",
        }
    }

    /// The narrowest scope that should open it. Zendesk does not say which one opens memberships and settings.
    pub(super) fn scope(self) -> &'static str {
        match self {
            Self::Organizations | Self::OrganizationsCount | Self::OrganizationsById | Self::OrganizationById => {
                "organizations:read"
            }
            Self::Users | Self::UsersCount | Self::UsersById | Self::UserById | Self::Me => "users:read",
            Self::OrganizationUpdate => "organizations:write",
            Self::MembershipCreation | Self::MembershipDefault => "organizations:write and users:write",
            Self::Memberships | Self::MembershipsOfUser => "organizations:read and users:read",
            Self::IncrementalTickets | Self::SearchExport | Self::SearchCount | Self::Tickets => "tickets:read",
            Self::Token | Self::AccountSettings | Self::CurrentToken => "read",
        }
    }

    /// Whose credentials open it.
    pub(super) fn role(self) -> &'static str {
        match self {
            Self::IncrementalTickets => "an admin",
            Self::Organizations | Self::OrganizationsCount | Self::OrganizationsById => {
                "an admin, or an agent who can see every organization"
            }
            Self::Memberships | Self::MembershipsOfUser => {
                "an admin, or an agent who can see every organization and user"
            }
            _ => "an admin or an agent",
        }
    }
}
