//! Why the audit decided as it did about one account, org, user, ticket or domain: the whole chain, as data.
//!
//! Nothing is decided here. Every step is what `resolve`, `detect`, `suppress` and `plan` say when they are asked about one
//! subject; `report::trace` turns it into text, serde into `--format json`. The names of the fields are the schema that
//! `docs/trace.md` tells. Texts may be outside text: whoever shows them escapes them.

mod account;
mod brief;
mod domain;
mod issue;
mod named;
mod next;
mod org;
mod ticket;
mod unknown;
mod user;

pub use account::{
    AccountTrace, Candidate, Cell, DomainEntry, ExpectedDomain, IdFormName, Key, Lookup, OtherClaim, RowTrace,
};
pub use brief::{AccountBrief, DomainUserCounts, OrgBrief, OrgView, SeatsView};
pub use domain::Domain;
pub use issue::{ActionView, IssueView};
pub use named::{Named, account_named, org_named};
pub use next::Step;
pub use org::{Member, OrgDomain, OrgTrace};
pub use ticket::TicketTrace;
pub use unknown::{UnknownSubject, account_at};
pub use user::{DefaultFrom, MembershipView, UserTrace};

use crate::rules::audit::Audit;
use serde::Serialize;
use std::collections::BTreeMap;

/// The name and version of the data.
pub const SCHEMA: &str = "g-gremlin/zendesk-drift/trace/1";

/// What a person asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceSubject {
    /// As typed; compared by account key.
    Account(String),
    Org(u64),
    User(u64),
    Ticket(u64),
    /// In its normal form.
    Domain(String),
}

/// What a trace looks at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub audit: &'a Audit<'a>,
    /// The bytes of the reference, in which an account's row is found again: the audit keeps no cell of it.
    pub reference_csv: &'a [u8],
    /// `salesforce.columns`.
    pub columns: &'a BTreeMap<String, String>,
    /// The flags that select the same inputs for another command, such as ` --demo`.
    pub flags: &'a str,
}

/// The explanation of one subject.
#[derive(Debug, Serialize)]
pub struct Trace<'a> {
    #[serde(flatten)]
    pub subject: Explained<'a>,
    /// In the order of the artifacts.
    pub issues: Vec<IssueView<'a>>,
    pub next: Vec<Step>,
}

/// What there is to know about the subject besides its issues.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Explained<'a> {
    Account(AccountTrace<'a>),
    Org(OrgTrace<'a>),
    User(UserTrace<'a>),
    Ticket(TicketTrace<'a>),
    Domain(Domain<'a>),
}

/// Explains a subject. Errors: it does not exist, with what was probably meant.
pub fn explain<'a>(context: &Context<'a>, subject: &TraceSubject) -> Result<Trace<'a>, UnknownSubject> {
    let audit = context.audit;
    let (explained, issues) = match subject {
        TraceSubject::Account(id) => {
            let at = account_at(audit.reference, id)?;
            (Explained::Account(account::explain(context, at)), issue::of_account(audit, at))
        }
        TraceSubject::Org(id) => {
            let at = audit.world.org_at(*id).ok_or_else(|| unknown::org(audit, *id))?;
            (Explained::Org(org::explain(audit, at)), issue::of_org(audit, at))
        }
        TraceSubject::User(id) => {
            let at = audit.world.user_at(*id).ok_or_else(|| unknown::user(audit, *id))?;
            (Explained::User(user::explain(audit, at)), issue::of_user(audit, *id))
        }
        TraceSubject::Ticket(id) => {
            let rows = &audit.world.tickets.rows;
            let at = rows.binary_search_by_key(id, |row| row.id()).map_err(|_| unknown::ticket(audit, *id))?;
            let ticket = ticket::explain(audit, at);
            let issues = issue::of_ticket(audit, *id, ticket.echo_of_issue_id.as_deref());
            (Explained::Ticket(ticket), issues)
        }
        TraceSubject::Domain(text) => {
            let (domain, id) = domain::explain(audit, text)?;
            (Explained::Domain(domain), id.map_or_else(Vec::new, |id| issue::of_domain(audit, id)))
        }
    };
    let next = next::steps(&explained, &issues, context.flags);
    Ok(Trace { subject: explained, issues, next })
}
