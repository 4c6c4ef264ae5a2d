//! A row as it stands in the file, for a person who asks what became of its domains.

use super::account::{Fate, fates, in_force};
use super::csv::{Row, Rows};
use super::encoding;
use super::form::{ACCOUNT_DOMAINS, Form, OVERRIDE, ZENDESK_EXPECTED};
use super::judge::find_header;
use super::problems::Collected;
use crate::model::accounts::{Account, COLUMNS};
use crate::model::domains::DomainTable;
use crate::model::settings::DomainRules;
use crate::model::untrusted::Untrusted;
use crate::text::escape::without_local_part;

/// A row as it stands in the file.
#[derive(Debug)]
pub struct Written {
    pub line: u32,
    /// The cells of domains: the override first, then the account's.
    pub cells: [WrittenCell; 2],
    /// The cell `zendesk_expected`, trimmed.
    pub zendesk_expected: Untrusted,
}

/// A cell of domains as it stands in the file.
#[derive(Debug)]
pub struct WrittenCell {
    pub column: &'static str,
    /// Whether its entries were used: those of the account are not where the override is in force.
    pub read: bool,
    /// Each entry, its normal form, if it has one, and its fate. Of a cell that was not read, what they would be.
    pub entries: Vec<(Untrusted, Option<String>, Fate)>,
}

/// Finds the row of an account again, in the bytes that [`super::read`] has read.
pub fn written(bytes: &[u8], form: Form<'_>, rules: &DomainRules, account: &Account) -> Option<Written> {
    let decoded = encoding::decode(bytes).ok()?;
    let mut rows = Rows::of(&decoded.text, form.counts_records());
    let header = find_header(&decoded, &mut rows, form, &mut Collected::default()).ok()?;
    let mut row = Row::default();
    while rows.next(&mut row) {
        if row.line != account.line as usize {
            continue;
        }
        let mut domains = DomainTable::default();
        let cells = [header.cell(&row, OVERRIDE), header.cell(&row, ACCOUNT_DOMAINS)];
        let in_force = in_force(cells, rules, &mut domains);
        let mut written = |column: usize, cell| {
            let read = in_force.iter().find(|(read, _)| *read == column).map(|(_, fates)| fates.clone());
            let is_read = read.is_some();
            let entries = read.unwrap_or_else(|| fates(cell, rules, &mut domains)).into_iter().map(|(entry, fate)| {
                let normal = fate.domain().map(|id| domains.text(id).to_owned());
                (Untrusted::verbatim(&without_local_part(entry)), normal, fate)
            });
            WrittenCell { column: COLUMNS[column], read: is_read, entries: entries.collect() }
        };
        let cells = [written(OVERRIDE, cells[0]), written(ACCOUNT_DOMAINS, cells[1])];
        let zendesk_expected = Untrusted::verbatim(&without_local_part(header.cell(&row, ZENDESK_EXPECTED).trim()));
        return Some(Written { line: account.line, cells, zendesk_expected });
    }
    None
}
