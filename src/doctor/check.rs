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
                tells: "the configuration, or the flags used instead, are valid and name a Zendesk",
                next: "write one with `init`, or correct the line in the message",
            },
            Self::Reference => About {
                name: "reference",
                tells: "the Salesforce export is valid; warns if rows have warnings, which are printed to \
                    standard error",
                next: "correct the rows in the message; `explain CODE` shows what a warning means",
            },
            Self::OutputRoot => About {
                name: "output_root",
                tells: "run folders can be written; the check leaves nothing there",
                next: "make it writable, or name another folder (`artifacts.root`, or `audit --out`)",
            },
            Self::Credentials => About {
                name: "credentials",
                tells: "which set of variables is used, never their values; warns about API tokens, which \
                    Zendesk retires",
                next: "set the variables in the message; an OAuth client is the best choice",
            },
            Self::Connection => About {
                name: "connection",
                tells: "the host responds over a trusted connection and does not redirect",
                next: "check the subdomain, the network and the proxy",
            },
            Self::Login => About {
                name: "login",
                tells: "Zendesk accepts the credentials; a 200 alone does not prove it, because Zendesk also \
                    sends it without valid credentials",
                next: "check the variables against the OAuth client or token in Zendesk",
            },
            Self::Role => About {
                name: "role",
                tells: "the role of the user behind the credentials: admins can read everything, agents cannot \
                    use the incremental export; fails, like an audit, for end users and for agents who see only \
                    some tickets",
                next: "use an OAuth client or token of an admin, or of an agent who can see all tickets",
            },
            Self::Scopes => About {
                name: "scopes",
                tells: "what the token may do, if Zendesk shows it; warns about narrow scopes, fails if there \
                    are none",
                next: "use the scope `read`, which allows every read of an audit",
            },
            Self::Clock => About {
                name: "clock",
                tells: "this machine's clock, compared with the server's; warns if they differ by more than 60 \
                    s, because the clock determines the ticket window and when suppressions end",
                next: "set the clock, preferably by NTP",
            },
            Self::RateLimit => About {
                name: "rate_limit",
                tells: "the account's requests per minute, the plan that has this limit, and how much of it an \
                    audit uses; warns if others have used all of it except the reserve",
                next: "audit at another time, or change `zendesk.reserve_percent`",
            },
            Self::MultipleOrganizations => About {
                name: "multiple_organizations",
                tells: "whether a user can belong to several orgs; warns if not, or if the setting cannot be \
                    read, because adding a user who already has an org is then blocked",
                next: "turn it on in the Admin Center, if your plan has it and you want it",
            },
            Self::Organizations => About {
                name: "organizations",
                tells: "the list of orgs can be read",
                next: "use the role and scope in the message",
            },
            Self::Users => About {
                name: "users",
                tells: "the list of users can be read",
                next: "use the role and scope in the message",
            },
            Self::Memberships => About {
                name: "memberships",
                tells: "the list of organization memberships can be read",
                next: "use the role and scope in the message",
            },
            Self::RecordsById => About {
                name: "records_by_id",
                tells: "users, orgs and a user's memberships can be read by id; an audit needs this for records \
                    that are created while it runs",
                next: "use the role and scope in the message",
            },
            Self::TicketExport => About {
                name: "ticket_export",
                tells: "the incremental export can be read, for all tickets or for the latest changes after a \
                    search export; only admins can use it",
                next: "use an admin's credentials, or accept that the last minutes may be missing",
            },
            Self::TicketSearch => About {
                name: "ticket_search",
                tells: "the search export can be read; an audit uses it if it costs less than the incremental \
                    export, or if that cannot be used",
                next: "use the role and scope in the message",
            },
            Self::TicketList => About {
                name: "ticket_list",
                tells: "the ticket list can be read; an audit uses it only with `tickets.allow_list` and if \
                    both exports are refused, because it lacks archived tickets",
                next: "nothing, as long as one of the two exports works",
            },
            Self::Apply => About {
                name: "apply",
                tells: "whether `apply` would be allowed to write, based on role and scopes only; nothing is \
                    written to find out",
                next: "check the scope that `apply` uses: `ZENDESK_OAUTH_SCOPE=\"read write\" g-gremlin zendesk \
                    drift doctor`",
            },
            Self::Estimate => About {
                name: "estimate",
                tells: "requests and minutes of an audit, from Zendesk's counts, the limits and the reserve",
                next: "nothing; if a count is not available, the receipt of the first audit has the numbers",
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
    let mut out = String::from("| Check | What it checks | If it is not ok |\n| --- | --- | --- |\n");
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
