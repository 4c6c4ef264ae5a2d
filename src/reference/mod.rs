//! The Salesforce reference: from the bytes of an export to accounts with their expected domains (rules 3).
//!
//! All problems of a file are found in one pass and reported together; nothing is dropped without a word.
//! Opening the file is the caller's business.

// Which of the rules hold.
mod form;
// From bytes to rows.
mod csv;
mod encoding;
// Where our columns are, and which headers may stand for them.
mod columns;
mod header;
// What a row is held to.
mod footer;
mod ids;
mod judge;
mod problems;
// From a row to an account, and back to what stands in the file.
mod account;
mod written;

pub use account::Fate;
pub use columns::{ColumnChoice, Proposal};
pub use form::Form;
pub use header::listed;
pub use problems::Problems;
pub use written::{Written, WrittenCell, written};

use self::csv::{Row, Rows};
use self::form::{ACCOUNT_DOMAINS, ID, OVERRIDE, WEBSITE};
use self::judge::Accepted;
use crate::catalogue::WarningCode;
use crate::model::accounts::{Account, COLUMNS, Reference};
use crate::model::domains::DomainTable;
use crate::model::settings::DomainRules;
use crate::model::warning::Warning;
use crate::text::escape::without_local_part;
use std::borrow::Cow;

/// Why no reference may hold this id, trimmed and unwrapped; `None` where one may (rules 3).
pub fn spoiled_id(id: &str) -> Option<String> {
    ids::spoiled(id).map(|(_, what)| what)
}

/// Whether the record of an id is in doubt, so that the id is never written (rules 6.1).
pub fn is_doubtful_id(id: &str) -> bool {
    ids::is_doubtful(id)
}

/// Reads the bytes of a reference. Domains are put into `domains`.
///
/// Errors: every problem of the file, by line.
pub fn read(
    bytes: &[u8],
    form: Form<'_>,
    rules: &DomainRules,
    domains: &mut DomainTable,
) -> Result<Reference, Problems> {
    let decoded = encoding::decode(bytes)?;
    let mut reference = Reference::default();
    let Reference { facts, .. } = &mut reference;
    let (mut accounts, mut warnings) = (Vec::new(), Vec::new());
    let judged = judge::judge(&decoded, form, &mut |accepted| {
        accounts.push(account::account(accepted, rules, domains, facts, &mut warnings));
    })?;
    accounts.shrink_to_fit();
    sort(&mut accounts);
    reference.ignored_columns = judged.ignored_columns;
    reference.warnings = judged.warnings;
    reference.warnings.append(&mut warnings);
    reference.set_accounts(accounts, domains);
    warn_of_shared_domains(&mut reference, domains);
    crate::model::warning::sort(&mut reference.warnings);
    Ok(reference)
}

/// The copy of a reference that a snapshot keeps: our six columns, trimmed, one row for each account, in the order of the file.
/// [`Form::Kept`] reads it.
///
/// Errors: every problem of the file, by line.
pub fn kept_copy(bytes: &[u8], form: Form<'_>) -> Result<Vec<u8>, Problems> {
    let decoded = encoding::decode(bytes)?;
    let mut copy = ::csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = copy.write_record(COLUMNS);
    judge::judge(&decoded, form, &mut |Accepted { row, header, id }| {
        let cell = |column| {
            let text = header.cell(row, column).trim();
            match column {
                ID => Cow::Borrowed(*id),
                WEBSITE => without_local_part(text),
                ACCOUNT_DOMAINS | OVERRIDE => account::without_local_parts(text),
                _ => Cow::Borrowed(text),
            }
        };
        let _ = copy.write_record((0..COLUMNS.len()).map(cell).map(|cell| cell.into_owned()));
    })?;
    Ok(copy.into_inner().unwrap_or_default())
}

/// Which headers of a file may stand for our columns. Errors: it is not a CSV in UTF-8, or has no header.
pub fn propose(bytes: &[u8]) -> Result<Proposal, Problems> {
    let decoded = encoding::decode(bytes)?;
    let mut rows = Rows::of(&decoded.text, false);
    let mut problems = problems::Collected::default();
    let mut row = Row::default();
    // The same header as `read` finds, whatever its columns are.
    judge::find_header(&decoded, &mut rows, Form::Kept, &mut problems)?;
    let mut rows = Rows::of(&decoded.text, false);
    while rows.next(&mut row) && row.is_empty() {}
    let headers: Vec<String> = row.cells.iter().map(|cell| cell.trim().to_owned()).collect();
    Ok(columns::propose(&headers))
}

/// Sorts by `sf_account_id`, byte by byte: first by as much of it as a Salesforce id has, which is at hand.
fn sort(accounts: &mut [Account]) {
    let beginning = |account: &Account| {
        let mut beginning = [0u8; 24];
        let id = account.sf_account_id().raw().as_bytes();
        let length = id.len().min(beginning.len());
        beginning[..length].copy_from_slice(&id[..length]);
        beginning
    };
    accounts.sort_by_cached_key(beginning);
    for alike in accounts.chunk_by_mut(|a, b| beginning(a) == beginning(b)).filter(|alike| alike.len() > 1) {
        alike.sort_by(|a, b| a.sf_account_id().cmp(&b.sf_account_id()));
    }
}

fn warn_of_shared_domains(reference: &mut Reference, domains: &DomainTable) {
    let mut warnings = Vec::new();
    for account in &reference.accounts {
        for domain in account.domains.iter().filter(|domain| reference.is_shared(**domain)) {
            let (text, accounts) = (domains.text(*domain), reference.expecting(*domain).len());
            warnings.push(Warning {
                code: WarningCode::SharedDomain,
                line: Some(account.line),
                sf_account_id: Some(account.sf_account_id().raw().to_owned()),
                domain: Some(text.to_owned()),
                message: format!("{text} is expected by {accounts} accounts, so it links none of them"),
            });
        }
    }
    reference.warnings.append(&mut warnings);
}
