//! A trace as text: headings, and below each what was seen and what follows from it, as a person would reason. One file per
//! subject; what they share is in `words`.

mod account;
mod domain;
mod issues;
mod org;
mod page;
mod ticket;
mod user;
mod words;

use crate::catalogue::Status;
use crate::text::escape;
use crate::text::lines::Lines;
use crate::trace::{Explained, Trace};
use page::Page;
use words::{named, words};

/// The text, no wider than `width` columns (single words excepted). `source` says what was read.
pub fn render(trace: &Trace<'_>, source: &[String], width: usize) -> Lines {
    let mut page = Page { lines: Lines::default(), width };
    page.title(&title(&trace.subject));
    for line in source {
        page.text(1, line);
    }
    match &trace.subject {
        Explained::Account(account) => account::account(&mut page, account),
        Explained::Org(org) => org::org(&mut page, org),
        Explained::User(user) => user::user(&mut page, user),
        Explained::Ticket(ticket) => ticket::ticket(&mut page, ticket),
        Explained::Domain(domain) => domain::domain(&mut page, domain),
    }
    issues::issues(&mut page, &trace.issues);
    page.heading("What to do next");
    if trace.issues.iter().all(|issue| issue.status == Status::Suppressed) {
        page.text(1, "Nothing: there is no open issue.");
    }
    for step in &trace.next {
        match step.about {
            Some(about) => page.text(1, &format!("{about}: {}", step.text.replace('`', ""))),
            None => page.text(1, &step.text),
        }
        for command in &step.commands {
            page.command(command);
        }
    }
    page.lines
}

fn title(subject: &Explained<'_>) -> String {
    match subject {
        Explained::Account(account) => {
            let org = account.org_id.map(|id| format!(", org {id}")).unwrap_or_default();
            let name = named(account.account_name);
            format!("Account {}{name}: {}{org}", escape::terminal(account.sf_account_id), words(account.resolution))
        }
        Explained::Org(org) => format!("Org {}{}", org.org.org.org_id, named(org.org.org.org_name.unwrap_or_default())),
        Explained::User(user) => format!("User {}: {}", user.user_id, words(user.outcome)),
        Explained::Ticket(ticket) => format!("Ticket {}: {}", ticket.ticket_id, words(ticket.judgement)),
        Explained::Domain(domain) => format!("Domain {}: {}", domain.domain, words(domain.verdict)),
    }
}
