//! A trace as text: headings, and below each what was seen and what follows from it, as a person would reason.

use crate::catalogue::{ActionCode, Status};
use crate::rules::detect::domain::OutOfScope;
use crate::text::escape;
use crate::text::words::plural;
use crate::text::wrap::wrap;
use crate::trace::{
    Account, AccountBrief, ActionView, Candidate, DefaultFrom, Domain, Entry, Explained, IdFormName, IssueView, Org,
    OrgBrief, OrgView, SeatsView, Ticket, Trace, User, UserCounts,
};

/// How many members of an org are listed.
const MOST_MEMBERS: usize = 20;
/// How many issues of one code are told in full.
const MOST_ISSUES: usize = 10;
/// How many ids stand in one list.
const MOST_IDS: usize = 10;

/// A line of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Heading(String),
    Text(String),
}

/// The text, no wider than `width` columns (single words excepted). `source` says what was looked at.
pub fn render(trace: &Trace<'_>, source: &[String], width: usize) -> Vec<Line> {
    let mut page = Page { lines: Vec::new(), width };
    page.title(&title(&trace.subject));
    for line in source {
        page.text(1, line);
    }
    match &trace.subject {
        Explained::Account(account) => self::account(&mut page, account),
        Explained::Org(org) => self::org(&mut page, org),
        Explained::User(user) => self::user(&mut page, user),
        Explained::Ticket(ticket) => self::ticket(&mut page, ticket),
        Explained::Domain(domain) => self::domain(&mut page, domain),
    }
    issues(&mut page, &trace.issues);
    page.heading("What to do next");
    if trace.issues.iter().all(|issue| issue.status == Status::Suppressed) {
        page.text(1, "Nothing: there is no finding that counts.");
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

/// Lines under construction. Every text passes through `escape` here, whatever it holds.
struct Page {
    lines: Vec<Line>,
    width: usize,
}

impl Page {
    fn title(&mut self, text: &str) {
        let lines = wrap(&escape::line(text), self.width.saturating_sub(2)).into_iter().enumerate();
        self.lines
            .extend(lines.map(|(index, line)| Line::Heading(if index == 0 { line } else { format!("  {line}") })));
    }

    fn heading(&mut self, text: &str) {
        self.lines.push(Line::Text(String::new()));
        self.lines.push(Line::Heading(escape::line(text)));
    }

    /// A paragraph, indented by `level`; its later lines a little more.
    fn text(&mut self, level: usize, text: &str) {
        let indent = "  ".repeat(level);
        let lines = wrap(&escape::line(text), self.width.saturating_sub(indent.len() + 2).max(20));
        for (index, line) in lines.iter().enumerate() {
            let hanging = if index == 0 { "" } else { "  " };
            self.lines.push(Line::Text(format!("{indent}{hanging}{line}")));
        }
    }

    /// A command, never broken.
    fn command(&mut self, command: &str) {
        self.lines.push(Line::Text(format!("      {}", escape::line(command))));
    }
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

/// A name of ours in words, where it is no code that `explain` knows.
fn words(name: &'static str) -> &'static str {
    match name {
        "domain_linked" => "linked by its domain",
        "linked" => "linked by its id",
        "duplicate" => "several orgs have its id",
        "contested" => "its only candidate is contested",
        "conflict" => "its only candidate has another external id",
        "missing" => "no org can be taken for it",
        "out_of_scope" => "not in scope",
        "personal_domain" => "a personal or provider domain",
        "ignored_domain" => "an ignored domain",
        "unmapped" => "no account expects the domain",
        "waiting_for_account" => "waits until the account is resolved",
        "spread_domain" => "looks like a provider's domain",
        "duplicate_account" => "its account has several orgs",
        "several_accounts" => "several accounts expect it",
        "several_orgs" => "it points to several orgs",
        "expected" => "names one account and one org",
        "settled" => "settled by the default org",
        "agrees" => "as it should be",
        "not_read" => "not judged, since tickets.enabled is false",
        "outside_window" => "not in the window",
        "no_requester" => "no requester",
        "requester_not_judged" => "not judged, for its requester is not",
        code => code,
    }
}

/// ` (name)`, or nothing.
fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" ({})", escape::terminal(name)) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escape::terminal(text))
}

fn org_in_words(org: &OrgBrief<'_>) -> String {
    if org.exists {
        format!("org {}{}", org.org_id, named(org.org_name.unwrap_or_default()))
    } else {
        format!("org {}, which does not exist", org.org_id)
    }
}

fn external_id(org: &OrgBrief<'_>) -> String {
    match org.external_id.filter(|id| !id.trim().is_empty()) {
        Some(id) => format!("external id {}", quoted(id)),
        None => "no external id".to_owned(),
    }
}

fn account_in_words(account: &AccountBrief<'_>) -> String {
    let org = account.org_id.map(|id| format!(", org {id}")).unwrap_or_default();
    let name = named(account.account_name);
    format!("account {}{name}: {}{org}", escape::terminal(account.sf_account_id), words(account.resolution))
}

/// `a, b and 3 more`.
fn list<T: ToString>(items: &[T]) -> String {
    let shown: Vec<String> = items.iter().take(MOST_IDS).map(|item| escape::terminal(&item.to_string())).collect();
    match items.len().saturating_sub(MOST_IDS) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn accounts(ids: &[&str]) -> String {
    format!("{} {}", if ids.len() == 1 { "account" } else { "accounts" }, list(ids))
}

fn orgs(ids: &[u64]) -> String {
    match ids {
        [] => "no org".to_owned(),
        [one] => format!("org {one}"),
        several => format!("orgs {}", list(several)),
    }
}

fn account(page: &mut Page, account: &Account<'_>) {
    reference_row(page, account);

    page.heading("How its id is compared");
    let key = &account.key;
    page.text(
        1,
        &match key.form {
            IdFormName::Salesforce15 => format!(
                "{} has 15 characters, whose case counts. With its check it is {}: that is its account key, and what Zendesk should have.",
                account.sf_account_id, key.account_key
            ),
            IdFormName::Salesforce18 if account.sf_account_id == key.account_key => format!(
                "{} has 18 characters and a right check: it is its own account key, and {} is the same id.",
                account.sf_account_id,
                &key.account_key[..15]
            ),
            IdFormName::Salesforce18 => format!(
                "{} has 18 characters; its check restores the case: its account key is {}.",
                account.sf_account_id, key.account_key
            ),
            IdFormName::WrongCheck => format!(
                "{} has 18 characters, but its last three are not the check of the others. It is compared as text, in any case.",
                account.sf_account_id
            ),
            IdFormName::Other => {
                format!("{} is no Salesforce id. It is compared as text, in any case.", account.sf_account_id)
            }
        },
    );

    page.heading("Orgs with its id");
    page.text(1, &format!("Looked for external id {}.", account.lookup.spellings.join(" or ")));
    if account.lookup.found.is_empty() {
        page.text(1, "No org has it.");
    }
    for org in &account.lookup.found {
        page.text(1, &format!("{} has it, as {}", org_in_words(org), quoted(org.external_id.unwrap_or_default())));
    }
    for org in &account.lookup.near {
        page.text(1, &format!("{} has {}, which looks like it and is another id", org_in_words(org), external_id(org)));
    }

    if let Some(candidates) = &account.candidates {
        page.heading("Orgs with its domains");
        if account.row.expected_domains.is_empty() {
            page.text(1, "It has no domain to look for.");
        } else if candidates.is_empty() {
            page.text(1, &format!("No org holds {}.", list(&account.row.expected_domains)));
        }
        for candidate in candidates {
            page.text(1, &self::candidate(candidate));
        }
    }

    page.heading("What follows for the account");
    page.text(1, &resolution(account));
    for domain in &account.domains {
        page.text(1, &expected_domain(domain, account.org_id));
    }

    if !account.orgs.is_empty() {
        page.heading("Those orgs");
    }
    for view in &account.orgs {
        self::org_view(page, view);
    }

    if !account.domains.is_empty() {
        page.heading("Users with its domains");
    }
    for domain in &account.domains {
        page.text(1, &format!("{}: {}", domain.domain, user_counts(&domain.users)));
    }
}

fn reference_row(page: &mut Page, account: &Account<'_>) {
    let row = &account.row;
    page.heading("In the reference");
    let expected = match (row.org_expected, row.zendesk_expected.as_str()) {
        (true, "") => "it should have an org".to_owned(),
        (true, text) => format!("it should have an org (zendesk_expected is {})", quoted(text)),
        (false, text) => format!("it need not have an org (zendesk_expected is {})", quoted(text)),
    };
    let website =
        row.website.map(|website| format!("; website {}, never matched", quoted(website))).unwrap_or_default();
    page.text(1, &format!("Line {}: {expected}{website}.", row.line));
    for cell in &row.cells {
        if cell.entries.is_empty() {
            continue;
        }
        let read = match (cell.read, cell.column) {
            (false, _) => ", not read, since the override holds a domain",
            (true, "zendesk_domain_override") if row.cells.iter().any(|cell| !cell.read) => ", in force",
            (true, "zendesk_domain_override") => ", holds no domain, so account_domains is read",
            (true, _) => "",
        };
        page.text(1, &format!("{}{read}:", cell.column));
        for entry in cell.entries.iter().filter(|_| cell.read) {
            page.text(2, &self::entry(entry));
        }
        if !cell.read {
            let texts: Vec<&str> = cell.entries.iter().map(|entry| &*entry.entry).collect();
            page.text(2, &list(&texts));
        }
    }
    page.text(
        1,
        &match &row.expected_domains[..] {
            [] => "So it has no expected domain.".to_owned(),
            domains => format!("So its expected domains are: {}", list(domains)),
        },
    );
    // The others stand at their entries above, or are found further below.
    let of_row = row.warnings.iter().filter(|warning| warning.domain.is_none());
    for warning in of_row {
        page.text(1, &format!("Warning {}: {}", warning.code, warning.message));
    }
}

fn entry(entry: &Entry<'_>) -> String {
    let normal = entry.domain.as_deref().filter(|domain| *domain != entry.entry);
    let normal = normal.map(|domain| format!(", that is {domain}")).unwrap_or_default();
    let mut fate = match entry.fate {
        "personal" => "dropped, a personal or provider domain".to_owned(),
        "ignored" => "dropped, domains.ignored has it".to_owned(),
        "not_a_domain" => "dropped, no domain".to_owned(),
        "public_suffix" => "dropped, a public suffix under which anybody can have a domain".to_owned(),
        _ => "expected".to_owned(),
    };
    if !entry.shared_with.is_empty() {
        fate.push_str(&format!(", but shared with {}, so it links nobody", accounts(&entry.shared_with)));
    }
    if entry.spread {
        fate.push_str(", but it looks like a provider's");
    }
    if entry.repeated {
        fate.push_str(", and was there already");
    }
    format!("{}{normal}: {fate}", escape::terminal(&entry.entry))
}

fn candidate(candidate: &Candidate<'_>) -> String {
    let org = org_in_words(&candidate.org);
    if !candidate.counts {
        let shared = list(&candidate.holds_shared);
        return format!("{org} does not count: of its domains only {shared} is expected, by other accounts too");
    }
    let claims: Vec<String> = candidate
        .other_claims
        .iter()
        .map(|claim| format!("{}, which account {} alone expects", claim.domain, escape::terminal(claim.sf_account_id)))
        .collect();
    let claims = match list(&claims) {
        text if text.is_empty() => "no domain of another account".to_owned(),
        text => format!("also {text}"),
    };
    format!("{org} counts: it holds {}; it has {}, and {claims}", list(&candidate.holds), external_id(&candidate.org))
}

fn resolution(account: &Account<'_>) -> String {
    let name = account.resolution;
    let counting = account.candidates.iter().flatten().filter(|candidate| candidate.counts);
    let counting: Vec<u64> = counting.map(|candidate| candidate.org.org_id).collect();
    let org = account.org_id.unwrap_or_default();
    match name {
        "linked" => format!("{name}: exactly one org has its id, so org {org} is its org."),
        "domain_linked" => format!(
            "{name}: no org has its id, exactly one counts by its domains, and that one is free. So org {org} is its org, and should get its id."
        ),
        "duplicate" => format!(
            "{name}: {} orgs have its id. Nobody can tell which is the customer, so everything that depends on it is blocked.",
            account.lookup.found.len()
        ),
        "contested" => format!(
            "{name}: {} is the only one that counts, but could just as well be the other account's. Nothing is done until a person decides.",
            orgs(&counting)
        ),
        "conflict" => format!(
            "{name}: {} is the only one that counts, but its external id says that it is somebody else's. An external id is never overwritten.",
            orgs(&counting)
        ),
        _ if counting.is_empty() => format!(
            "{name}: no org has its id, and none counts by its domains. {}",
            if account.row.org_expected {
                "It should have one, so that is reported."
            } else {
                "It need not have one, so nothing is reported."
            }
        ),
        _ => format!("{name}: no org has its id, and several count by its domains: {}.", orgs(&counting)),
    }
}

fn expected_domain(domain: &crate::trace::ExpectedDomain<'_>, org: Option<u64>) -> String {
    let text = domain.domain;
    if !domain.shared_with.is_empty() {
        return format!(
            "{text} is expected by {} too: neither linked, nor missing anywhere, nor added",
            accounts(&domain.shared_with)
        );
    }
    let mut told = match (org, &domain.held_by[..]) {
        (Some(org), []) => format!("{text} is on no org: it is missing on org {org}"),
        (Some(org), [one]) if *one == org => {
            let spread = domain.seats.is_some_and(|seats| seats.is_spread);
            format!("{text} is on org {org}, and nowhere else{}", if spread { "" } else { ": as it should be" })
        }
        (Some(org), several) if several.contains(&org) => {
            let others: Vec<u64> = several.iter().copied().filter(|id| *id != org).collect();
            format!("{text} is on org {org}, but on {} too: a person decides which gives it up", orgs(&others))
        }
        (Some(org), others) => format!("{text} is on {}, not on org {org}: it cannot be added", orgs(others)),
        (None, held_by) => format!("{text} is on {}", orgs(held_by)),
    };
    if let Some(seats) = domain.seats.filter(|seats| seats.is_spread) {
        told.push_str(&format!("; {}", seats_in_words(&seats)));
    }
    told
}

fn seats_in_words(seats: &SeatsView) -> String {
    let SeatsView { users_in_own_org, users_in_other_orgs, other_orgs, is_spread } = seats;
    let others = match other_orgs {
        0 => String::new(),
        1 => " (one org)".to_owned(),
        2 => " (two orgs)".to_owned(),
        _ => " (three orgs or more)".to_owned(),
    };
    let verdict = if *is_spread { "it looks like a provider's domain" } else { "it is not taken for a provider's" };
    format!(
        "the default org of its users in scope is the account's for {users_in_own_org}, another one for {users_in_other_orgs}{others}, so {verdict}"
    )
}

fn org_view(page: &mut Page, view: &OrgView<'_>) {
    page.text(1, &format!("{}: {}", org_in_words(&view.org), external_id(&view.org)));
    let domains = if view.domains.is_empty() { "no domain".to_owned() } else { list(&view.domains) };
    page.text(2, &format!("domains: {domains}"));
    let shared = if view.shared_tickets { "; its members see each other's tickets" } else { "" };
    page.text(
        2,
        &format!(
            "{}; default org of {}; {} in the window{shared}",
            plural(view.members, "member"),
            plural(view.default_users, "user"),
            plural(view.tickets_in_window, "ticket")
        ),
    );
}

fn user_counts(counts: &UserCounts) -> String {
    let users = plural(counts.values().sum(), "user");
    match counts.iter().collect::<Vec<_>>()[..] {
        [] => "no user has it".to_owned(),
        [(outcome, _)] => format!("{users}: {}", words(outcome)),
        _ => {
            let counts = counts.iter().map(|(outcome, count)| format!("{count} {}", words(outcome)));
            format!("{users}: {}", counts.collect::<Vec<_>>().join("; "))
        }
    }
}

fn org(page: &mut Page, org: &Org<'_>) {
    page.heading("In Zendesk");
    org_view(page, &org.org);

    page.heading("Whose it is");
    match &org.account_key {
        Some(key) => page.text(1, &format!("Its external id is compared as {key}.")),
        None => page.text(1, "It has no external id, so only its domains can name its account."),
    }
    for account in &org.claimed_by {
        let how = match account.resolution {
            "linked" => "has this id, and no other org has it: it is this account's org",
            "duplicate" => "has this id, and other orgs have it too",
            "domain_linked" => "has its domains here and nowhere else: it is this account's org",
            "contested" => "has its domains here and nowhere else, but another account has one here too",
            "conflict" => "has its domains here and nowhere else, but the external id is another",
            _ => "has a domain here, and on other orgs too",
        };
        let name = named(account.account_name);
        page.text(1, &format!("Account {}{name} {how}.", escape::terminal(account.sf_account_id)));
    }
    let by_id = org.claimed_by.iter().any(|account| matches!(account.resolution, "linked" | "duplicate"));
    if org.account_key.is_some() && !by_id {
        page.text(1, "No account of the reference has this id.");
    }
    if org.account_key.is_none() && org.claimed_by.is_empty() {
        page.text(1, "No account claims it.");
    }
    for account in &org.near {
        page.text(1, &format!("It looks like that of {}, and is another one.", account_in_words(account)));
    }

    page.heading("Its domains");
    if org.held_domains.is_empty() {
        page.text(1, "None.");
    }
    for domain in &org.held_domains {
        let expected = match &domain.expected_by[..] {
            [] => "no account expects it".to_owned(),
            ids => format!("expected by {}", accounts(ids)),
        };
        let also = match &domain.also_held_by[..] {
            [] => String::new(),
            ids => format!("; also on {}", orgs(ids)),
        };
        let verdict = match domain.verdict {
            verdict @ ("personal_domain" | "ignored_domain" | "spread_domain") => format!("; {}", words(verdict)),
            _ => String::new(),
        };
        page.text(1, &format!("{}: {expected}{also}{verdict}", domain.domain));
        page.text(2, &user_counts(&domain.users));
    }

    page.heading(&format!("Its members: {}", org.member_list.len()));
    for member in org.member_list.iter().take(MOST_MEMBERS) {
        let domain = member.domain.unwrap_or("no usable domain");
        let default = if member.default_org { ", default org" } else { "" };
        page.text(1, &format!("user {}, {domain}{default}: {}", member.user_id, words(member.outcome)));
    }
    if let more @ 1.. = org.member_list.len().saturating_sub(MOST_MEMBERS) {
        page.text(1, &format!("and {more} more; --format json lists all"));
    }
}

fn user(page: &mut Page, user: &User<'_>) {
    page.heading("In scope?");
    let role = escape::terminal(user.role);
    if user.in_scope {
        let verified = if user.verified { "verified" } else { "not verified" };
        page.text(1, &format!("Yes: role {role}, active, with an address ({verified}) whose domain can be used."));
    } else {
        let because = user.out_of_scope_because.iter().map(|reason| match reason {
            OutOfScope::Role => format!("the role is {role}"),
            OutOfScope::Inactive => "inactive".to_owned(),
            OutOfScope::Suspended => "suspended".to_owned(),
            OutOfScope::Shared => "shared from another Zendesk".to_owned(),
            OutOfScope::NoUsableDomain => "no e-mail address with a domain that can be used".to_owned(),
        });
        page.text(1, &format!("No: {}. Nothing is judged.", because.collect::<Vec<_>>().join(", ")));
    }

    memberships(page, user);
    if !user.in_scope {
        return;
    }

    page.heading("What the domain says");
    let domain = user.domain.unwrap_or_default();
    let verdict = user.domain_verdict.unwrap_or_default();
    match &user.accounts[..] {
        [] => page.text(1, &format!("{domain}: {}.", words(verdict))),
        [one] => page.text(1, &format!("{domain} is expected by {}.", account_in_words(one))),
        several => {
            page.text(1, &format!("{domain} is expected by {} accounts, so it names none of them:", several.len()));
            several.iter().take(MOST_IDS).for_each(|account| page.text(2, &account_in_words(account)));
        }
    }
    if !user.accounts.is_empty() {
        match &user.orgs[..] {
            [] => page.text(1, "It points to no org."),
            orgs => {
                page.text(1, "It points to:");
                for org in orgs.iter().take(MOST_IDS) {
                    page.text(2, &format!("{}, {}", org_in_words(org), external_id(org)));
                }
            }
        }
    }
    if let Some(seats) = user.seats.filter(|seats| seats.users_in_other_orgs > 0) {
        page.text(1, &format!("Is it a provider's? Here, {}.", seats_in_words(&seats)));
    }

    page.heading("What follows for the user");
    page.text(1, &user_outcome(user));
    let tickets = plural(user.tickets_in_window, "ticket");
    page.text(
        1,
        &match user.outcome {
            "agrees" | "user_missing_expected_membership" | "user_default_org_not_expected" => {
                format!("{tickets} in the window, judged by that org.")
            }
            "user_resolution_blocked_duplicate_external_id" => {
                format!("{tickets} in the window, each reported, since their org cannot be judged.")
            }
            _ => format!("{tickets} in the window, not judged."),
        },
    );
}

fn memberships(page: &mut Page, user: &User<'_>) {
    page.heading("Where the user is");
    if user.memberships.is_empty() {
        page.text(1, "No membership.");
    }
    for membership in user.memberships.iter().take(MOST_MEMBERS) {
        let default = if membership.default { ", default" } else { "" };
        page.text(1, &format!("membership {}: {}{default}", membership.membership_id, org_in_words(&membership.org)));
    }
    if let more @ 1.. = user.memberships.len().saturating_sub(MOST_MEMBERS) {
        page.text(1, &format!("and {more} more; --format json lists all"));
    }
    match (&user.default_org, user.default_from) {
        (Some(org), Some(DefaultFrom::DefaultMembership)) => {
            page.text(1, &format!("Default org: {}, by the default membership.", org_in_words(org)));
        }
        (Some(org), _) => page.text(
            1,
            &format!(
                "Default org: {}, by the user's own organization_id; no membership is the default.",
                org_in_words(org)
            ),
        ),
        (None, _) => page.text(1, "Default org: none."),
    }
}

fn user_outcome(user: &User<'_>) -> String {
    let org = user.expected_org.as_ref().map_or("the org".to_owned(), org_in_words);
    match user.outcome {
        "personal_domain" | "ignored_domain" => {
            "Nothing: the domain identifies nobody. The user is counted, and never an issue.".to_owned()
        }
        "unmapped" => "Nothing: there is no account that the user could belong to.".to_owned(),
        "waiting_for_account" => "Nothing yet: the account must be resolved to an org first.".to_owned(),
        "spread_domain" => {
            "Nothing: as long as the domain looks like a provider's, it proves nothing about its users. domains.not_personal says otherwise.".to_owned()
        }
        "settled" => format!(
            "Nothing: the domain alone names several, but the default org is that of account {}, which settles it.",
            escape::terminal(user.settled_for.unwrap_or_default())
        ),
        "agrees" => format!("As it should be: a member of {org}, and by default."),
        "user_missing_expected_membership" => {
            let verified = if user.verified { "the address is verified" } else { "the address is not verified" };
            let several = match (user.memberships.is_empty(), user.multiple_organizations_work) {
                (true, _) => "there is no other membership",
                (false, true) => "a user may belong to several orgs here",
                (false, false) => "a user may belong to one org only here",
            };
            format!("Should be a member of {org}, and is not; {verified}, and {several}.")
        }
        "user_default_org_not_expected" => format!("Is a member of {org}, as should be, but not by default."),
        "user_domain_ambiguous" if user.accounts.len() > 1 => {
            "The domain names several accounts, and the default org is not that of exactly one resolved account among them. Nobody is assigned by guess.".to_owned()
        }
        "user_domain_ambiguous" => {
            "The domain points to several orgs, and the default org is not the account's. Nobody is assigned by guess.".to_owned()
        }
        "user_resolution_blocked_duplicate_external_id" => {
            "Belongs to the account, but several orgs have its id, so nobody can tell to which.".to_owned()
        }
        other => other.to_owned(),
    }
}

fn ticket(page: &mut Page, ticket: &Ticket<'_>) {
    page.heading("The ticket");
    let org = ticket.organization.as_ref().map_or("no org".to_owned(), org_in_words);
    page.text(1, &format!("Status {}, booked to {org}.", escape::terminal(ticket.status)));
    let (from, to) = &ticket.window;
    let inside = if ticket.in_window { "in" } else { "not in" };
    let updated_at = escape::terminal(&ticket.updated_at);
    page.text(1, &format!("Updated at {updated_at}, {inside} the window from {from} to {to}."));
    match (ticket.requester_id, &ticket.requester) {
        (Some(id), Some(_)) => page.text(1, &format!("Requested by user {id}, whose judgement follows.")),
        (Some(id), None) => page.text(1, &format!("Requested by user {id}, who does not exist.")),
        (None, _) => page.text(1, "It has no requester."),
    }
    if let Some(requester) = &ticket.requester {
        user(page, requester);
    }
    page.heading("What follows for the ticket");
    let expected = ticket.expected_org.as_ref().map_or(String::new(), org_in_words);
    let account = escape::terminal(ticket.sf_account_id.unwrap_or_default());
    let echo = match &ticket.echo_of_issue_id {
        Some(id) => format!(" It is an echo of the requester's own issue {id}: repairing that is what helps."),
        None => String::new(),
    };
    page.text(
        1,
        &match ticket.judgement {
            "not_read" => "Nothing: tickets.enabled is false.".to_owned(),
            "outside_window" => "Nothing: only tickets of the window are judged.".to_owned(),
            "no_requester" => "Nothing: there is nobody by whom it could be judged.".to_owned(),
            "requester_not_judged" => {
                "Nothing: a ticket is judged only where its requester belongs to one account.".to_owned()
            }
            "agrees" => format!("As it should be: it is booked to the org of account {account}."),
            "ticket_org_mismatch" => {
                let kind = match ticket.mismatch_kind {
                    Some("no_org") => "it is booked to no org",
                    Some("other_member_org") => "it is booked to another org of the requester",
                    _ => "it is booked to an org of which the requester is no member",
                };
                format!("It should be booked to {expected}, that of account {account}; {kind}.{echo}")
            }
            _ => {
                format!("Several orgs have the id of account {account}, so nobody can tell to which it belongs.{echo}")
            }
        },
    );
}

fn domain(page: &mut Page, domain: &Domain<'_>) {
    page.heading("What is known of it");
    if domain.personal {
        page.text(1, "It is a personal or provider domain: it identifies nobody, and is never used for matching.");
    }
    if domain.ignored {
        page.text(1, "domains.ignored has it: it is never used for matching.");
    }
    if domain.not_personal {
        page.text(1, "domains.not_personal has it: it is neither personal nor ever judged as spread.");
    }
    match &domain.expected_by[..] {
        [] => page.text(1, "No account expects it."),
        [one] => page.text(1, &format!("Expected by {}.", account_in_words(one))),
        several => {
            page.text(1, &format!("Expected by {} accounts, so it links none of them:", several.len()));
            several.iter().take(MOST_IDS).for_each(|account| page.text(2, &account_in_words(account)));
            if let more @ 1.. = several.len().saturating_sub(MOST_IDS) {
                page.text(2, &format!("and {more} more; --format json lists all"));
            }
        }
    }
    for warning in &domain.warnings {
        let line = warning.line.map(|line| format!(", line {line}")).unwrap_or_default();
        page.text(1, &format!("Warning {}{line}: {}", warning.code, warning.message));
    }

    page.heading("Orgs that hold it");
    if domain.held_by.is_empty() {
        page.text(1, "None.");
    }
    for view in domain.held_by.iter().take(MOST_IDS) {
        org_view(page, view);
    }
    if let more @ 1.. = domain.held_by.len().saturating_sub(MOST_IDS) {
        page.text(1, &format!("and {more} more; --format json lists all"));
    }

    page.heading("What it says about its users");
    page.text(1, &domain_verdict(domain.verdict));
    if let Some(seats) = domain.seats.filter(|seats| seats.users_in_other_orgs > 0) {
        page.text(1, &format!("Is it a provider's? Here, {}.", seats_in_words(&seats)));
    }
    page.text(1, &user_counts(&domain.users));
}

fn domain_verdict(verdict: &'static str) -> String {
    match verdict {
        "personal_domain" | "ignored_domain" => "Nothing: they are counted, and never an issue.",
        "unmapped" => "Nothing: there is no account that they could belong to.",
        "waiting_for_account" => "Nothing yet: the account must be resolved to an org first.",
        "spread_domain" => "Nothing: it looks like a provider's. They are not evaluated.",
        "duplicate_account" => "They belong to the account, but several orgs have its id.",
        "several_accounts" => {
            "It names several accounts. Only a default org that is the org of exactly one of them settles it."
        }
        "several_orgs" => {
            "It names one account, but stands on other orgs too. Only the account's org as default settles it."
        }
        "expected" => "They belong to the account's org, and should be members of it, by default.",
        other => other,
    }
    .to_owned()
}

fn issues(page: &mut Page, issues: &[IssueView<'_>]) {
    page.heading(&format!("Issues: {}", issues.len()));
    if issues.is_empty() {
        page.text(1, "None.");
    }
    for of_code in issues.chunk_by(|one, next| one.issue_code == next.issue_code) {
        for issue in of_code.iter().take(MOST_ISSUES) {
            self::issue(page, issue);
        }
        if let more @ 1.. = of_code.len().saturating_sub(MOST_ISSUES) {
            page.text(1, &format!("and {more} more {}; --format json lists all", of_code[0].issue_code));
        }
    }
}

fn issue(page: &mut Page, issue: &IssueView<'_>) {
    let about = [("org", issue.org_id), ("user", issue.user_id), ("ticket", issue.ticket_id)];
    // The most specific one; the others stand in the sentence.
    let about = about.into_iter().rev().find_map(|(what, id)| Some(format!(", {what} {}", id?))).unwrap_or_default();
    let reason = issue.blocked_reason.map(|reason| format!(" {reason}")).unwrap_or_default();
    page.text(
        1,
        &format!("{}{about}: {} risk, {}{reason} [{}]", issue.issue_code, issue.risk, issue.status, issue.issue_id),
    );
    page.text(2, &issue.detail);
    if let Some(reason) = issue.suppression_reason {
        page.text(2, &format!("Suppressed: {}", escape::terminal(reason)));
    }
    if let Some(kind) = issue.mismatch_kind {
        page.text(2, &format!("mismatch_kind: {kind}"));
    }
    if let Some(echo) = &issue.echo_of_issue_id {
        page.text(2, &format!("Echo of the requester's issue {echo}."));
    }
    for action in issue.actions.iter().take(MOST_ISSUES) {
        self::action(page, action);
    }
    if let more @ 1.. = issue.actions.len().saturating_sub(MOST_ISSUES) {
        page.text(2, &format!("and {more} more actions; --format json lists all"));
    }
}

fn action(page: &mut Page, action: &ActionView<'_>) {
    let org = action.org_id.map(|id| format!(" org {id}")).unwrap_or_default();
    let user = action.user_id.map(|id| format!(" user {id}")).unwrap_or_default();
    let (from, to) = (action.from.as_deref(), action.to.as_deref().unwrap_or_default());
    let what = match action.action_code {
        ActionCode::SetOrgExternalId => format!("external id: {} → {}", from.unwrap_or("none"), escape::terminal(to)),
        ActionCode::AddOrgDomain => format!("domain {}", action.domain.unwrap_or_default()),
        ActionCode::AssignUserToOrg => "new membership".to_owned(),
        ActionCode::MoveUserToOrg => format!("default org: {} → {to}", from.unwrap_or("none")),
    };
    if let Some(reason) = action.blocked_reason {
        let what = match action.action_code {
            ActionCode::AddOrgDomain => format!(", {what}"),
            ActionCode::SetOrgExternalId | ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => String::new(),
        };
        let id = &action.action_id;
        page.text(2, &format!("{id} {}{org}{user}{what}: blocked, {reason}", action.action_code));
        return;
    }
    page.text(2, &format!("{} {}{org}{user}, {what}", action.action_id, action.action_code));
    page.text(3, &format!("only if: {}", joined(&action.preconditions)));
    if !action.depends_on.is_empty() {
        page.text(3, &format!("only after: {}", joined(&action.depends_on)));
    }
    if !action.notes.is_empty() {
        page.text(3, &format!("to know: {}", joined(&action.notes)));
    }
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
