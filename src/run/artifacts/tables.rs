//! What the tables of issues and actions hold, taken from an audit.

use super::plan::{blocked, prepared};
use super::rows::{
    AccountRow, AdvisoryRow, ExceptionsRow, IssueRow, OrgIssueRow, PlanRow, TicketIssueRow, UserIssueRow,
};
use super::table::{List, TableWriter};
use crate::catalogue::{BlockedReason, IssueCode, Scope, Status};
use crate::model::at::{AccountAt, OrgAt};
use crate::rules::advisory::Advisory;
use crate::rules::audit::Audit;
use crate::rules::detect::detail::detail;
use crate::rules::detect::{org, user};
use crate::rules::issue::{ActionRef, Evidence, Issue};
use crate::rules::resolve::Resolution;
use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

/// The name of the row of `exceptions_by_account.csv` for issues that belong to no one account.
pub const NO_SINGLE_ACCOUNT: &str = "(no single account)";

/// The files of the issues.
pub struct IssueFiles<'a> {
    pub all: &'a mut dyn Write,
    pub org: &'a mut dyn Write,
    pub user: &'a mut dyn Write,
    pub ticket: &'a mut dyn Write,
}

/// Writes `all_exceptions.csv`, and beside it each issue to the table of its scope.
pub fn issues(audit: &Audit<'_>, files: IssueFiles<'_>) -> io::Result<()> {
    let mut all = TableWriter::<IssueRow<'_>>::new(files.all)?;
    let mut org = TableWriter::<OrgIssueRow<'_>>::new(files.org)?;
    let mut user = TableWriter::<UserIssueRow<'_>>::new(files.user)?;
    let mut ticket = TableWriter::<TicketIssueRow<'_>>::new(files.ticket)?;
    for issue in &audit.issues {
        let row = issue_row(audit, issue);
        all.row(&row)?;
        match issue.evidence {
            Evidence::Account => org.row(&org_issue(audit, issue, row))?,
            Evidence::User(at) => user.row(&user_issue(audit, issue, at as usize, row))?,
            Evidence::Ticket { .. } => ticket.row(&ticket_issue(audit, issue, row))?,
        }
    }
    all.finish()?;
    org.finish()?;
    user.finish()?;
    ticket.finish()
}

/// The rows of `all_exceptions.csv`.
pub fn issue_rows<'a>(audit: &'a Audit<'_>) -> impl Iterator<Item = IssueRow<'a>> {
    audit.issues.iter().map(|issue| issue_row(audit, issue))
}

fn issue_row<'a>(audit: &'a Audit<'_>, issue: &Issue) -> IssueRow<'a> {
    let account = issue.account().map(|account| &audit.reference.accounts[account]);
    let suppression = issue.suppression().map(|index| &audit.settings.suppressions[index as usize]);
    IssueRow {
        issue_id: Cow::Owned(issue.id.to_string()),
        scope: issue.code.scope(),
        issue_code: issue.code,
        risk: issue.code.risk(),
        status: issue.status,
        sf_account_id: account.map(|account| Cow::Borrowed(account.sf_account_id().raw())),
        account_name: account.map_or(Cow::Borrowed(""), |account| Cow::Borrowed(account.name().raw())),
        org_id: issue.org_id(),
        user_id: issue.user_id(),
        ticket_id: issue.ticket_id(),
        domain: issue.domain.map(|domain| Cow::Borrowed(audit.world.domains.text(domain))),
        blocked_reason: issue.blocked_reason,
        suppression_reason: suppression.map_or(Cow::Borrowed(""), |suppression| Cow::Borrowed(&*suppression.reason)),
        action_id: List::of(issue.actions.iter()),
        detail: Cow::Owned(detail(&audit.context(), issue)),
    }
}

fn org_ids(audit: &Audit<'_>, orgs: &[OrgAt]) -> List {
    List::of(orgs.iter().map(|org| audit.world.orgs[*org].id))
}

fn org_issue<'a>(audit: &'a Audit<'_>, issue: &Issue, row: IssueRow<'a>) -> OrgIssueRow<'a> {
    let rules = audit.context();
    let org = issue.org_id().and_then(|id| audit.world.org(id));
    let expected = issue.account().map(|account| audit.reference.accounts[account].external_id());
    let missing = match (issue.code, issue.account()) {
        (IssueCode::OrgMissingExpectedDomain, Some(account)) => {
            List::of(org::missing_domains(&rules, account).map(|domain| audit.world.domains.text(domain)))
        }
        _ => List::default(),
    };
    OrgIssueRow {
        issue_id: row.issue_id,
        issue_code: row.issue_code,
        risk: row.risk,
        status: row.status,
        sf_account_id: row.sf_account_id,
        account_name: row.account_name,
        org_id: row.org_id,
        org_name: org.and_then(|org| org.name()).map_or(Cow::Borrowed(""), |name| Cow::Borrowed(name.raw())),
        current_external_id: org
            .and_then(|org| org.external_id())
            .map_or(Cow::Borrowed(""), |id| Cow::Borrowed(id.raw())),
        expected_external_id: expected.map_or(Cow::Borrowed(""), |id| Cow::Owned(id.raw().to_string())),
        missing_domains: missing,
        domain: row.domain,
        conflicting_org_ids: org_ids(audit, &org::conflicting_orgs(&rules, issue)),
        blocked_reason: row.blocked_reason,
        suppression_reason: row.suppression_reason,
        action_id: row.action_id,
        detail: row.detail,
    }
}

fn user_issue<'a>(audit: &'a Audit<'_>, issue: &Issue, at: usize, row: IssueRow<'a>) -> UserIssueRow<'a> {
    let rules = audit.context();
    let accounts = user::candidate_accounts(&rules, issue).iter();
    let accounts = accounts.map(|account| audit.reference.accounts[*account].sf_account_id().raw());
    UserIssueRow {
        issue_id: row.issue_id,
        issue_code: row.issue_code,
        risk: row.risk,
        status: row.status,
        sf_account_id: row.sf_account_id,
        account_name: row.account_name,
        user_id: row.user_id,
        email_domain: row.domain,
        membership_state: Cow::Borrowed(user::membership_state(&rules, issue, at).as_str()),
        expected_org_id: row.org_id,
        default_org_id: audit.world.default_org(at),
        candidate_sf_account_ids: List::of(accounts),
        candidate_org_ids: org_ids(audit, &user::candidate_orgs(&rules, issue)),
        blocked_reason: row.blocked_reason,
        suppression_reason: row.suppression_reason,
        action_id: row.action_id,
        detail: row.detail,
    }
}

fn ticket_issue<'a>(audit: &'a Audit<'_>, issue: &Issue, row: IssueRow<'a>) -> TicketIssueRow<'a> {
    let (ticket, echo_of, mismatch) = match issue.evidence {
        Evidence::Ticket { ticket, requester: _, echo_of, mismatch } => (Some(ticket), echo_of, mismatch),
        Evidence::Account | Evidence::User(_) => (None, None, None),
    };
    let tickets = &audit.world.tickets;
    let ticket = ticket.map(|ticket| &tickets.rows[ticket as usize]);
    TicketIssueRow {
        issue_id: row.issue_id,
        issue_code: row.issue_code,
        risk: row.risk,
        status: row.status,
        sf_account_id: row.sf_account_id,
        account_name: row.account_name,
        ticket_id: row.ticket_id,
        ticket_status: ticket.map_or(Cow::Borrowed(""), |ticket| Cow::Borrowed(tickets.status(ticket))),
        requester_id: row.user_id,
        ticket_org_id: ticket.and_then(|ticket| ticket.organization_id()),
        expected_org_id: row.org_id,
        mismatch_kind: mismatch.map(|mismatch| Cow::Borrowed(mismatch.as_str())),
        echo_of_issue_id: echo_of.map(|id| Cow::Owned(id.to_string())),
        updated_at: ticket.map_or(Cow::Borrowed(""), |ticket| Cow::Owned(tickets.updated_at(ticket).to_string())),
        suppression_reason: row.suppression_reason,
        detail: row.detail,
    }
}

/// The rows of `exceptions_by_account.csv`: each account with an unsuppressed issue, then the issues of no single account.
pub fn exceptions<'a>(audit: &'a Audit<'_>) -> impl Iterator<Item = ExceptionsRow<'a>> {
    // Issues are ordered by account.
    let accounts = audit.issues.chunk_by(|a, b| a.account() == b.account());
    accounts.map(|issues| exceptions_of(audit, issues)).filter(|row| row.total_issue_count > 0)
}

fn exceptions_of<'a>(audit: &'a Audit<'_>, issues: &[Issue]) -> ExceptionsRow<'a> {
    let mut codes = [0u64; IssueCode::ALL.len()];
    let mut reasons = [0u64; BlockedReason::ALL.len()];
    let mut by_scope = [0u64; Scope::ALL.len()];
    let (mut prepared, mut blocked) = (0, 0);
    for issue in issues.iter().filter(|issue| issue.status != Status::Suppressed) {
        codes[issue.code as usize] += 1;
        by_scope[issue.code.scope() as usize] += 1;
        for action in issue.actions.iter() {
            match action {
                ActionRef::Prepared(_) => prepared += 1,
                ActionRef::Blocked(index) => {
                    blocked += 1;
                    if let Some(reason) = audit.plan.blocked[index as usize].blocked {
                        reasons[reason as usize] += 1;
                    }
                }
            }
        }
    }
    let account = issues[0].account().map(|account| &audit.reference.accounts[account]);
    ExceptionsRow {
        sf_account_id: account.map(|account| Cow::Borrowed(account.sf_account_id().raw())),
        account_name: Cow::Borrowed(account.map_or(NO_SINGLE_ACCOUNT, |account| account.name().raw())),
        org_issue_count: by_scope[Scope::Org as usize],
        user_issue_count: by_scope[Scope::User as usize],
        ticket_issue_count: by_scope[Scope::Ticket as usize],
        total_issue_count: by_scope.iter().sum(),
        prepared_action_count: prepared,
        blocked_action_count: blocked,
        top_issue_codes: top_two(IssueCode::ALL, &codes, IssueCode::risk),
        top_blocked_reasons: top_two(BlockedReason::ALL, &reasons, |_| ()),
    }
}

/// The two worst, by a rank, then by frequency, then in table order.
fn top_two<T: Copy + Display, K: Ord, const N: usize>(all: [T; N], counts: &[u64; N], rank: impl Fn(T) -> K) -> String {
    let mut present: Vec<(u64, T)> = counts.iter().copied().zip(all).filter(|(count, _)| *count > 0).collect();
    // Stable: ties stay in table order.
    present.sort_by_key(|(count, item)| (rank(*item), std::cmp::Reverse(*count)));
    present.iter().take(2).map(|(_, item)| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Writes `exceptions_by_account.csv`.
pub fn exceptions_by_account(audit: &Audit<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = TableWriter::<ExceptionsRow<'_>>::new(out)?;
    exceptions(audit).try_for_each(|row| table.row(&row))?;
    table.finish()
}

/// Writes `accounts.csv`: every account of the reference.
pub fn accounts(audit: &Audit<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = TableWriter::<AccountRow<'_>>::new(out)?;
    let mut counts = vec![IssueCounts::default(); audit.reference.accounts.len()];
    for issue in &audit.issues {
        if let Some(account) = issue.account() {
            counts[account.index()].add(issue);
        }
    }
    for (at, counts) in AccountAt::all(counts.len()).zip(counts) {
        table.row(&account_row(audit, at, counts))?;
    }
    table.finish()
}

/// The issues and actions of an account, in numbers.
#[derive(Clone, Copy, Default)]
struct IssueCounts {
    open: u64,
    suppressed: u64,
    prepared: u64,
    blocked: u64,
}

impl IssueCounts {
    fn add(&mut self, issue: &Issue) {
        if issue.status == Status::Suppressed {
            self.suppressed += 1;
            return;
        }
        self.open += 1;
        for action in issue.actions.iter() {
            match action {
                ActionRef::Prepared(_) => self.prepared += 1,
                ActionRef::Blocked(_) => self.blocked += 1,
            }
        }
    }
}

fn account_row<'a>(audit: &'a Audit<'_>, at: AccountAt, counts: IssueCounts) -> AccountRow<'a> {
    let account = &audit.reference.accounts[at];
    let resolution = &audit.resolved.accounts[at];
    let org = match resolution {
        // The candidates of a missing account are not its own.
        Resolution::Missing(_) => None,
        resolution => resolution.orgs().first().map(|org| &audit.world.orgs[*org]),
    };
    let domains = account.domains.iter().map(|domain| audit.world.domains.text(*domain));
    AccountRow {
        sf_account_id: Cow::Borrowed(account.sf_account_id().raw()),
        account_key: account.key(),
        account_name: Cow::Borrowed(account.name().raw()),
        expected_domains: List::of(domains),
        resolution: Cow::Borrowed(resolution.as_str()),
        org_id: org.map(|org| org.id),
        org_name: org.and_then(|org| org.name()).map(|name| Cow::Borrowed(name.raw())),
        external_id: org.and_then(|org| org.external_id()).map(|id| Cow::Borrowed(id.raw())),
        total_issue_count: counts.open,
        prepared_action_count: counts.prepared,
        blocked_action_count: counts.blocked,
        suppressed_issue_count: counts.suppressed,
    }
}

/// Writes `advisories.csv`.
pub fn advisories(audit: &Audit<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = TableWriter::<AdvisoryRow<'_>>::new(out)?;
    let lost = audit.lost.as_deref().unwrap_or_default();
    for advisory in &audit.advisories {
        let Advisory { code, lost: at, org, domain, user_count, ticket_count, detail } = advisory;
        let account = at.and_then(|at| lost.get(at));
        let org = org.map(|org| &audit.world.orgs[org]);
        table.row(&AdvisoryRow {
            advisory_code: *code,
            sf_account_id: account.map(|account| Cow::Borrowed(account.sf_account_id.raw())),
            account_name: account.map(|account| Cow::Borrowed(account.account_name.raw())),
            org_id: org.map(|org| org.id),
            org_name: org.and_then(|org| org.name()).map(|name| Cow::Borrowed(name.raw())),
            external_id: org.and_then(|org| org.external_id()).map(|id| Cow::Borrowed(id.raw())),
            domain: domain.as_deref().map(Cow::Borrowed),
            user_count: *user_count,
            ticket_count: *ticket_count,
            detail: Cow::Borrowed(detail),
        })?;
    }
    table.finish()
}

/// Writes `fix_plan.csv`: prepared actions first.
pub fn fix_plan(audit: &Audit<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = TableWriter::<PlanRow<'_>>::new(out)?;
    prepared(audit).try_for_each(|action| table.row(&PlanRow::from(&action)))?;
    blocked(audit).try_for_each(|action| table.row(&PlanRow::from(&action)))?;
    table.finish()
}
