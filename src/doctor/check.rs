//! The checks of `doctor`: their names, what each tells, what to do about it; their results; and the page that lists them.

use crate::text::audience::Message;
use serde::Serialize;
use std::fmt::Write;

/// One thing that is checked, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoctorCheck {
    Config,
    Reference,
    OutputRoot,
    Credentials,
    Connection,
    Login,
    Role,
    Scopes,
    Clock,
    RateLimit,
    MultipleOrganizations,
    Organizations,
    Users,
    Memberships,
    RecordsById,
    TicketExport,
    TicketSearch,
    TicketList,
    Apply,
    Estimate,
}

/// What is said of a check in the documentation.
struct About {
    name: &'static str,
    tells: &'static str,
    next: &'static str,
}

impl DoctorCheck {
    pub const ALL: [Self; 20] = [
        Self::Config,
        Self::Reference,
        Self::OutputRoot,
        Self::Credentials,
        Self::Connection,
        Self::Login,
        Self::Role,
        Self::Scopes,
        Self::Clock,
        Self::RateLimit,
        Self::MultipleOrganizations,
        Self::Organizations,
        Self::Users,
        Self::Memberships,
        Self::RecordsById,
        Self::TicketExport,
        Self::TicketSearch,
        Self::TicketList,
        Self::Apply,
        Self::Estimate,
    ];

    /// The name in the table, in JSON and in the documentation.
    pub const fn name(self) -> &'static str {
        self.about().name
    }

    const fn about(self) -> About {
        match self {
            Self::Config => About {
                name: "config",
                tells: "the configuration, or the flags in its place, can be used and name a Zendesk",
                next: "write one with `init`, or correct the line that is named",
            },
            Self::Reference => About {
                name: "reference",
                tells: "the Salesforce export can be used; warns when rows have warnings, which go to standard error",
                next: "correct the rows that are named; `explain CODE` says what a warning means",
            },
            Self::OutputRoot => About {
                name: "output_root",
                tells: "run folders can be written; nothing is left there",
                next: "allow writing, or name another folder (`artifacts.root`, or `audit --out`)",
            },
            Self::Credentials => About {
                name: "credentials",
                tells: "which set of variables is in force, never its values; warns of API tokens, which Zendesk retires",
                next: "set the variables that are named; an OAuth client is the best choice",
            },
            Self::Connection => About {
                name: "connection",
                tells: "the host answers over a trusted connection and redirects nowhere",
                next: "check the subdomain, the network and the proxy",
            },
            Self::Login => About {
                name: "login",
                tells: "Zendesk knows the credentials: a 200 alone does not prove it, since strangers are answered too",
                next: "check the variables against the OAuth client or token in Zendesk",
            },
            Self::Role => About {
                name: "role",
                tells: "the role of the user behind the credentials: admins may read everything, agents not the incremental export; fails, as an audit does, for end users and for agents who see only a part of the tickets",
                next: "let an admin own the OAuth client or token, or an agent who may see all tickets",
            },
            Self::Scopes => About {
                name: "scopes",
                tells: "what the token may do, where Zendesk shows it; warns of narrow scopes, fails without any",
                next: "ask for `read`, which opens every read of an audit",
            },
            Self::Clock => About {
                name: "clock",
                tells: "this machine's clock against the server's; warns beyond 60 s, since the clock decides the ticket window and when suppressions end",
                next: "set the clock, best by NTP",
            },
            Self::RateLimit => About {
                name: "rate_limit",
                tells: "the account's requests a minute, the plan that has this limit, and what an audit uses of it; warns when others have used up all but the reserve",
                next: "audit at another time, or change `zendesk.reserve_percent`",
            },
            Self::MultipleOrganizations => About {
                name: "multiple_organizations",
                tells: "whether a user may belong to several orgs; warns when not, or when it cannot be read, since an assignment is then blocked for users who have an org",
                next: "switch it on in the Admin Center, if your plan has it and you want it",
            },
            Self::Organizations => About {
                name: "organizations",
                tells: "the list of orgs can be read",
                next: "use the role and scope that are named",
            },
            Self::Users => About {
                name: "users",
                tells: "the list of users can be read",
                next: "use the role and scope that are named",
            },
            Self::Memberships => About {
                name: "memberships",
                tells: "the list of organization memberships can be read",
                next: "use the role and scope that are named",
            },
            Self::RecordsById => About {
                name: "records_by_id",
                tells: "users, orgs and a user's memberships can be read by id, as for records that are made during an audit",
                next: "use the role and scope that are named",
            },
            Self::TicketExport => About {
                name: "ticket_export",
                tells: "the incremental export can be read: all tickets, or the latest changes after a search export; it is for admins",
                next: "let an admin own the credentials, or accept that the last minutes may be missing",
            },
            Self::TicketSearch => About {
                name: "ticket_search",
                tells: "the search export can be read; an audit uses it where it costs less than the incremental export, or where that is closed",
                next: "use the role and scope that are named",
            },
            Self::TicketList => About {
                name: "ticket_list",
                tells: "the ticket list can be read; an audit uses it last, and only with `tickets.allow_list`, since it lacks archived tickets",
                next: "nothing, while one of the two exports works",
            },
            Self::Apply => About {
                name: "apply",
                tells: "whether `apply` would be allowed to write, judged by role and scopes alone: nothing is ever written to find out",
                next: "check what `apply` will use: `ZENDESK_OAUTH_SCOPE=\"read write\" g-gremlin zendesk drift doctor`",
            },
            Self::Estimate => About {
                name: "estimate",
                tells: "requests and minutes of an audit, from Zendesk's counts, the limits and the reserve",
                next: "nothing; where a count is closed, the receipt of the first audit has the numbers",
            },
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Ok,
    /// An audit works, with something to know.
    Warn,
    /// An audit would not work.
    Fail,
    /// Something before it failed.
    NotChecked,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Ok, Self::Warn, Self::Fail, Self::NotChecked];

    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::NotChecked => "not checked",
        }
    }
}

/// The result of a check, safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    pub check: DoctorCheck,
    pub status: Status,
    /// What was seen.
    pub saw: Message,
    /// What to do next, unless all is well.
    pub next: Option<Message>,
}

impl CheckRow {
    pub fn ok(check: DoctorCheck, saw: impl Into<Message>) -> Self {
        Self { check, status: Status::Ok, saw: saw.into(), next: None }
    }

    pub fn warn(check: DoctorCheck, saw: impl Into<Message>, next: impl Into<Message>) -> Self {
        Self { check, status: Status::Warn, saw: saw.into(), next: Some(next.into()) }
    }

    pub fn fail(check: DoctorCheck, saw: impl Into<Message>, next: impl Into<Message>) -> Self {
        Self { check, status: Status::Fail, saw: saw.into(), next: Some(next.into()) }
    }

    /// `why` names what failed before.
    pub fn not_checked(check: DoctorCheck, why: impl Into<Message>) -> Self {
        Self { check, status: Status::NotChecked, saw: why.into(), next: None }
    }
}

/// The checks as a Markdown table, for `docs/doctor.md`.
pub fn markdown_table() -> String {
    let mut out = String::from("| Check | What it tells | When it is not ok |\n| --- | --- | --- |\n");
    for check in DoctorCheck::ALL {
        let About { name, tells, next } = check.about();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| `{name}` | {tells} | {next} |");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_its_own_name_and_one_row_of_the_page() {
        let names: std::collections::BTreeSet<_> = DoctorCheck::ALL.map(DoctorCheck::name).into();
        assert_eq!(names.len(), DoctorCheck::ALL.len());
        let table = markdown_table();
        assert_eq!(table.lines().count(), DoctorCheck::ALL.len() + 2);
        assert!(table.lines().all(|line| line.matches('|').count() == 4), "{table}");
    }
}
