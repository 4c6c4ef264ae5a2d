//! The six CSV files: their columns, in one place each.

use super::plan::{BlockedRow, PreparedRow, blocked, prepared};
use crate::catalogue::{BlockedReason, IssueCode, Scope, Status};
use crate::model::at::OrgAt;
use crate::rules::audit::Audit;
use crate::rules::detect::detail::detail;
use crate::rules::detect::{org, user};
use crate::rules::issue::{Evidence, Issue};
use crate::run::read::IssueRow;
use crate::text::escape::csv_cell;
use std::io::{self, Write};

/// The name of the row of `exceptions_by_account.csv` for issues that belong to no one account.
pub const NO_SINGLE_ACCOUNT: &str = "(no single account)";

/// The columns of `org_issues.csv`.
pub const ORG_ISSUES: &str = "issue_id, issue_code, risk, status, sf_account_id, account_name, org_id, org_name, current_external_id, expected_external_id, missing_domains, domain, conflicting_org_ids, blocked_reason, suppression_reason, action_id, detail";
/// The columns of `user_issues.csv`.
pub const USER_ISSUES: &str = "issue_id, issue_code, risk, status, sf_account_id, account_name, user_id, email_domain, membership_state, expected_org_id, default_org_id, candidate_sf_account_ids, candidate_org_ids, blocked_reason, suppression_reason, action_id, detail";
/// The columns of `ticket_issues.csv`.
pub const TICKET_ISSUES: &str = "issue_id, issue_code, risk, status, sf_account_id, account_name, ticket_id, ticket_status, requester_id, ticket_org_id, expected_org_id, mismatch_kind, echo_of_issue_id, updated_at, suppression_reason, detail";
/// The columns of `all_exceptions.csv`.
pub const ALL_EXCEPTIONS: &str = "issue_id, scope, issue_code, risk, status, sf_account_id, account_name, org_id, user_id, ticket_id, domain, blocked_reason, suppression_reason, action_id, detail";
/// The columns of `exceptions_by_account.csv`.
pub const EXCEPTIONS_BY_ACCOUNT: &str = "sf_account_id, account_name, org_issue_count, user_issue_count, ticket_issue_count, total_issue_count, prepared_action_count, blocked_action_count, top_issue_codes, top_blocked_reasons";
/// The columns of `fix_plan.csv`.
pub const FIX_PLAN: &str = "action_id, status, action_code, sf_account_id, account_name, org_id, org_name, user_id, domain, from, to, preconditions, depends_on, notes, blocked_reason, issue_id";

/// A table that is being written, row by row: every cell passes the guard against formulas.
///
/// Cells go straight into the row, quoted only where they must be: a large audit has ten million of them.
struct Table<'a> {
    out: &'a mut dyn Write,
    row: Vec<u8>,
    columns: usize,
    cells: usize,
    number: itoa::Buffer,
}

impl<'a> Table<'a> {
    fn new(out: &'a mut dyn Write, columns: &str) -> io::Result<Self> {
        let columns: Vec<&str> = columns.split(", ").collect();
        let number = itoa::Buffer::new();
        let mut table = Self { out, row: Vec::new(), columns: columns.len(), cells: 0, number };
        table.cells(columns);
        table.end_row()?;
        Ok(table)
    }

    fn cell(&mut self, text: &str) {
        self.begin_cell();
        let text = csv_cell(text);
        let special = text.bytes().fold(false, |special, c| special | matches!(c, b',' | b'"' | b'\n' | b'\r'));
        if !special {
            self.row.extend_from_slice(text.as_bytes());
            return;
        }
        self.row.push(b'"');
        for (index, part) in text.split('"').enumerate() {
            if index > 0 {
                self.row.extend_from_slice(b"\"\"");
            }
            self.row.extend_from_slice(part.as_bytes());
        }
        self.row.push(b'"');
    }

    /// A cell of our own words or digits, which needs neither guard nor quotes.
    fn word(&mut self, word: &str) {
        self.begin_cell();
        debug_assert!(word.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_'), "no word: {word}");
        self.row.extend_from_slice(word.as_bytes());
    }

    fn words<'c>(&mut self, words: impl IntoIterator<Item = &'c str>) {
        words.into_iter().for_each(|word| self.word(word));
    }

    fn cells<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        cells.into_iter().for_each(|cell| self.cell(cell));
    }

    fn id(&mut self, id: Option<u64>) {
        self.begin_cell();
        if let Some(id) = id {
            self.row.extend_from_slice(self.number.format(id).as_bytes());
        }
    }

    fn begin_cell(&mut self) {
        if self.cells > 0 {
            self.row.push(b',');
        }
        self.cells += 1;
    }

    fn end_row(&mut self) -> io::Result<()> {
        debug_assert_eq!(self.cells, self.columns, "a row has as many cells as the table has columns");
        self.cells = 0;
        self.row.push(b'\n');
        self.out.write_all(&self.row)?;
        self.row.clear();
        Ok(())
    }
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(";")
}

/// What every issue's row begins and ends with.
struct Common<'a> {
    id: String,
    code: &'static str,
    risk: &'static str,
    status: &'static str,
    sf_account_id: &'a str,
    account_name: &'a str,
    domain: &'a str,
    blocked_reason: &'static str,
    suppression_reason: &'a str,
    actions: String,
    detail: String,
}

fn common<'a>(audit: &Audit<'a>, issue: &Issue) -> Common<'a> {
    let account = issue.account().map(|account| &audit.reference.accounts[account]);
    Common {
        id: issue.id.to_string(),
        code: issue.code.as_str(),
        risk: issue.code.risk().as_str(),
        status: issue.status.as_str(),
        sf_account_id: account.map_or("", |account| account.sf_account_id().raw()),
        account_name: account.map_or("", |account| account.name().raw()),
        domain: issue.domain.map_or("", |domain| audit.world.domains.text(domain)),
        blocked_reason: issue.blocked_reason.map_or("", BlockedReason::as_str),
        suppression_reason: issue.suppression().map_or("", |index| &audit.settings.suppressions[index as usize].reason),
        actions: list(issue.actions.iter()),
        detail: detail(&audit.context(), issue),
    }
}

fn org_ids(audit: &Audit<'_>, orgs: &[OrgAt]) -> String {
    list(orgs.iter().map(|org| audit.world.orgs[*org].id))
}

/// The files of the issues.
pub struct IssueFiles<'a> {
    pub all: &'a mut dyn Write,
    pub org: &'a mut dyn Write,
    pub user: &'a mut dyn Write,
    pub ticket: &'a mut dyn Write,
}

/// Writes `all_exceptions.csv`, and beside it each issue to the table of its scope.
pub fn issues(audit: &Audit<'_>, files: IssueFiles<'_>) -> io::Result<()> {
    let IssueFiles { all, org, user, ticket } = files;
    let mut all = Table::new(all, ALL_EXCEPTIONS)?;
    let mut org = Table::new(org, ORG_ISSUES)?;
    let mut user = Table::new(user, USER_ISSUES)?;
    let mut ticket = Table::new(ticket, TICKET_ISSUES)?;
    for issue in &audit.issues {
        let common = common(audit, issue);
        any_issue(&mut all, issue, &common)?;
        match issue.code.scope() {
            Scope::Org => org_issue(&mut org, audit, issue, &common)?,
            Scope::User => user_issue(&mut user, audit, issue, &common)?,
            Scope::Ticket => ticket_issue(&mut ticket, audit, issue, &common)?,
        }
    }
    Ok(())
}

fn any_issue(table: &mut Table<'_>, issue: &Issue, common: &Common<'_>) -> io::Result<()> {
    table.words([&*common.id, issue.code.scope().as_str(), common.code, common.risk, common.status]);
    table.cells([common.sf_account_id, common.account_name]);
    table.id(issue.org_id());
    table.id(issue.user_id());
    table.id(issue.ticket_id());
    table.cell(common.domain);
    table.word(common.blocked_reason);
    table.cells([common.suppression_reason, &common.actions, &common.detail]);
    table.end_row()
}

/// What the tables of all three scopes begin with.
fn begin_row(table: &mut Table<'_>, common: &Common<'_>) {
    table.words([&common.id, common.code, common.risk, common.status]);
    table.cells([common.sf_account_id, common.account_name]);
}

fn org_issue(table: &mut Table<'_>, audit: &Audit<'_>, issue: &Issue, common: &Common<'_>) -> io::Result<()> {
    let rules = audit.context();
    let org = issue.org_id().and_then(|id| audit.world.org(id));
    let expected = issue.account().map(|account| audit.reference.accounts[account].external_id());
    let missing = match (issue.code, issue.account()) {
        (IssueCode::OrgMissingExpectedDomain, Some(account)) => {
            list(org::missing_domains(&rules, account).map(|domain| audit.world.domains.text(domain)))
        }
        _ => String::new(),
    };
    begin_row(table, common);
    table.id(issue.org_id());
    table.cell(org.and_then(|org| org.name()).map_or("", |name| name.raw()));
    table.cell(org.and_then(|org| org.external_id()).map_or("", |id| id.raw()));
    table.cells([
        expected.as_ref().map_or("", |id| id.raw()),
        &missing,
        common.domain,
        &org_ids(audit, &org::conflicting_orgs(&rules, issue)),
    ]);
    table.cells([common.blocked_reason, common.suppression_reason, &common.actions, &common.detail]);
    table.end_row()
}

fn user_issue(table: &mut Table<'_>, audit: &Audit<'_>, issue: &Issue, common: &Common<'_>) -> io::Result<()> {
    let rules = audit.context();
    let Evidence::User(at) = issue.evidence else { return Ok(()) };
    let accounts = user::candidate_accounts(&rules, issue).iter();
    let accounts = list(accounts.map(|account| audit.reference.accounts[*account].sf_account_id().raw()));
    begin_row(table, common);
    table.id(issue.user_id());
    table.cells([common.domain, user::membership_state(&rules, issue, at as usize).as_str()]);
    table.id(issue.org_id());
    table.id(audit.world.default_org(at as usize));
    table.cells([&*accounts, &org_ids(audit, &user::candidate_orgs(&rules, issue))]);
    table.cells([common.blocked_reason, common.suppression_reason, &common.actions, &common.detail]);
    table.end_row()
}

fn ticket_issue(table: &mut Table<'_>, audit: &Audit<'_>, issue: &Issue, common: &Common<'_>) -> io::Result<()> {
    let Evidence::Ticket { ticket, requester: _, echo_of, mismatch } = issue.evidence else { return Ok(()) };
    let tickets = &audit.world.tickets;
    let ticket = &tickets.rows[ticket as usize];
    begin_row(table, common);
    table.id(issue.ticket_id());
    table.cell(tickets.status(ticket));
    table.id(issue.user_id());
    table.id(ticket.organization_id());
    table.id(issue.org_id());
    table.cell(mismatch.map_or("", |mismatch| mismatch.as_str()));
    table.cell(&echo_of.map(|id| id.to_string()).unwrap_or_default());
    table.cells([&tickets.updated_at(ticket), common.suppression_reason, &common.detail]);
    table.end_row()
}

/// The rows of `all_exceptions.csv`, as they would be read back.
pub fn issue_rows(audit: &Audit<'_>) -> Vec<IssueRow> {
    let row = |issue| {
        let Common { id, account_name, sf_account_id, domain, suppression_reason, detail, .. } = common(audit, issue);
        let optional = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        IssueRow {
            issue_id: id,
            scope: issue.code.scope(),
            issue_code: issue.code,
            risk: issue.code.risk(),
            status: issue.status,
            sf_account_id: optional(sf_account_id),
            account_name: account_name.to_owned(),
            org_id: issue.org_id(),
            user_id: issue.user_id(),
            ticket_id: issue.ticket_id(),
            domain: optional(domain),
            blocked_reason: issue.blocked_reason,
            suppression_reason: suppression_reason.to_owned(),
            action_ids: issue.actions.iter().map(|action| action.to_string()).collect(),
            detail,
        }
    };
    audit.issues.iter().map(row).collect()
}

/// A row of `exceptions_by_account.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow<'a> {
    /// `None` for the issues of no single account.
    pub sf_account_id: Option<&'a str>,
    pub account_name: &'a str,
    pub by_scope: [u64; Scope::ALL.len()],
    pub prepared: u64,
    pub blocked: u64,
    /// The two most frequent, most first, ties in table order.
    pub top_codes: Vec<IssueCode>,
    pub top_reasons: Vec<BlockedReason>,
}

impl AccountRow<'_> {
    /// All issues of the row.
    pub fn total(&self) -> u64 {
        self.by_scope.iter().sum()
    }
}

/// The rows of `exceptions_by_account.csv`: each account with an unsuppressed issue, then the issues of no single account.
pub fn by_account<'a>(audit: &'a Audit<'_>) -> impl Iterator<Item = AccountRow<'a>> {
    // Issues are ordered by account.
    audit.issues.chunk_by(|a, b| a.account() == b.account()).filter_map(|issues| {
        let mut codes = [0u64; IssueCode::ALL.len()];
        let mut reasons = [0u64; BlockedReason::ALL.len()];
        let mut by_scope = [0u64; Scope::ALL.len()];
        let (mut prepared, mut blocked) = (0, 0);
        for issue in issues.iter().filter(|issue| issue.status != Status::Suppressed) {
            codes[issue.code as usize] += 1;
            by_scope[issue.code.scope() as usize] += 1;
            for action in issue.actions.iter() {
                match action {
                    crate::rules::issue::ActionRef::Prepared(_) => prepared += 1,
                    crate::rules::issue::ActionRef::Blocked(index) => {
                        blocked += 1;
                        if let Some(reason) = audit.plan.blocked[index as usize].blocked {
                            reasons[reason as usize] += 1;
                        }
                    }
                }
            }
        }
        let account = issues[0].account().map(|account| &audit.reference.accounts[account]);
        let row = AccountRow {
            sf_account_id: account.map(|account| account.sf_account_id().raw()),
            account_name: account.map_or(NO_SINGLE_ACCOUNT, |account| account.name().raw()),
            by_scope,
            prepared,
            blocked,
            top_codes: top_two(IssueCode::ALL, &codes),
            top_reasons: top_two(BlockedReason::ALL, &reasons),
        };
        (row.total() > 0).then_some(row)
    })
}

fn top_two<T: Copy, const N: usize>(all: [T; N], counts: &[u64; N]) -> Vec<T> {
    let mut present: Vec<(u64, T)> = counts.iter().copied().zip(all).filter(|(count, _)| *count > 0).collect();
    // Stable: ties stay in table order.
    present.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    present.into_iter().take(2).map(|(_, item)| item).collect()
}

/// Writes `exceptions_by_account.csv`.
pub fn exceptions_by_account(audit: &Audit<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(out, EXCEPTIONS_BY_ACCOUNT)?;
    for row in by_account(audit) {
        table.cells([row.sf_account_id.unwrap_or_default(), row.account_name]);
        for count in row.by_scope.into_iter().chain([row.total(), row.prepared, row.blocked]) {
            table.cell(&count.to_string());
        }
        table.cell(&row.top_codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", "));
        table.cell(&row.top_reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join(", "));
        table.end_row()?;
    }
    Ok(())
}

/// Writes `fix_plan.csv`.
pub fn fix_plan(audit: &Audit<'_>, out: &mut dyn Write) -> io::Result<()> {
    fix_plan_rows(prepared(audit), blocked(audit), out)
}

/// Writes the rows of a plan as `fix_plan.csv`: prepared actions first.
pub fn fix_plan_rows<'a>(
    prepared: impl Iterator<Item = PreparedRow<'a>>,
    blocked: impl Iterator<Item = BlockedRow<'a>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = Table::new(out, FIX_PLAN)?;
    for row in prepared {
        table.cells([
            &row.action_id,
            Status::Prepared.as_str(),
            row.action_code.as_str(),
            or_empty(row.sf_account_id),
            or_empty(row.account_name),
        ]);
        table.id(row.org_id);
        table.cell(or_empty(row.org_name));
        table.id(row.user_id);
        table.cells([or_empty(row.domain), or_empty(row.from.as_deref()), or_empty(row.to.as_deref())]);
        table.cells([
            &*row.preconditions.iter().map(ToString::to_string).collect::<Vec<_>>().join(";"),
            &row.depends_on.join(";"),
            &row.notes.join(";"),
            "",
            &row.issue_id,
        ]);
        table.end_row()?;
    }
    for row in blocked {
        table.cells([
            &row.action_id,
            Status::Blocked.as_str(),
            row.action_code.as_str(),
            or_empty(row.sf_account_id),
            or_empty(row.account_name),
        ]);
        table.id(row.org_id);
        table.cell(or_empty(row.org_name));
        table.id(row.user_id);
        table.cells([
            or_empty(row.domain),
            "",
            "",
            "",
            "",
            "",
            row.blocked_reason.map_or("", BlockedReason::as_str),
            &row.issue_id,
        ]);
        table.end_row()?;
    }
    Ok(())
}

fn or_empty(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_as_the_csv_crate_quotes_them() {
        let cells = [
            "",
            "plain",
            "a,b",
            "say \"hi\"",
            "\"",
            "line\nend",
            "\rcr",
            " space ",
            "semi;colon",
            "tab\tbed",
            "=1+1",
            "-2,\"3\"",
            "Z\u{fc}rich, Stra\u{df}e",
            "'",
            "#note",
        ];
        let columns: Vec<String> = (0..cells.len()).map(|column| format!("c{column}")).collect();
        let mut ours = Vec::new();
        let mut table = Table::new(&mut ours, &columns.join(", ")).expect("memory");
        table.cells(cells);
        table.end_row().expect("memory");
        let mut theirs = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
        theirs.write_record(&columns).expect("memory");
        theirs.write_record(cells.iter().map(|cell| csv_cell(cell).into_owned())).expect("memory");
        assert_eq!(String::from_utf8(ours), String::from_utf8(theirs.into_inner().expect("memory")));
    }
}
