//! The four kinds of records that are read from Zendesk.

/// A kind of record, in the order in which the kinds are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Organizations,
    Users,
    Memberships,
    Tickets,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Organizations, Self::Users, Self::Memberships, Self::Tickets];

    /// Zendesk's name of the collection, which is also the name of its file in a snapshot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organizations => "organizations",
            Self::Users => "users",
            Self::Memberships => "organization_memberships",
            Self::Tickets => "tickets",
        }
    }

    /// The name that people read.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Organizations => "organizations",
            Self::Users => "users",
            Self::Memberships => "memberships",
            Self::Tickets => "tickets",
        }
    }
}
