//! The Salesforce reference: from the bytes of a CSV export to accounts with their expected domains (contract 3).
//!
//! Everything wrong with the file is found in one pass and told together; nothing is dropped without a word.
//! Opening the file is the caller's business.

use crate::catalogue::WarningCode;
use crate::model::account_key::{self, IdForm};
use crate::model::accounts::{Account, COLUMNS, Reference};
use crate::model::domain::NotUsable;
use crate::model::domains::{DomainId, DomainIds, DomainTable};
use crate::model::settings::DomainRules;
use crate::model::untrusted::Untrusted;
use crate::model::warning::Warning;
use crate::text::escape::without_local_part;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

const REQUIRED: usize = 3;
const ACCOUNT_DOMAINS: usize = 2;
const OVERRIDE: usize = 4;
const ZENDESK_EXPECTED: usize = 5;

/// How many problems are told one by one.
const MOST_PROBLEMS: usize = 20;

/// What is wrong with a reference, every offending row by its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// Ordered by line; 20 at most.
    pub told: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

#[derive(Default)]
struct Collected {
    told: Vec<(usize, String)>,
}

impl Collected {
    fn add(&mut self, line: usize, text: impl std::fmt::Display) {
        self.told.push((line, format!("line {line}: {text}")));
    }

    fn into_problems(mut self) -> Problems {
        self.told.sort_by_key(|(line, _)| *line);
        let more = self.told.len().saturating_sub(MOST_PROBLEMS);
        Problems { told: self.told.into_iter().take(MOST_PROBLEMS).map(|(_, text)| text).collect(), more }
    }
}

fn single(text: String) -> Problems {
    Problems { told: vec![text], more: 0 }
}

/// Reads the bytes of a reference CSV.
///
/// `columns` names, for some of our columns, the header that the export uses. Domains are put into `domains`.
/// Errors: every problem of the file, by line.
pub fn read(
    bytes: &[u8],
    columns: &BTreeMap<String, String>,
    rules: &DomainRules,
    domains: &mut DomainTable,
) -> Result<Reference, Problems> {
    let text = utf8(bytes)?;
    let mut rows = Rows::of(text);
    let header = Header::find(&mut rows, columns)?;
    let mut reference = Reference::default();
    reference.ignored_columns.clone_from(&header.ignored);
    reference.facts.delimiter = rows.delimiter_name();

    let mut problems = Collected::default();
    // Each account by the hash of its key.
    let mut known = HashTable::<(u64, u32)>::new();
    let hasher = hashbrown::DefaultHashBuilder::default();
    let mut row = Row::default();
    while rows.next(&mut row)? {
        if row.cells.len() > header.cells {
            problems.add(
                row.line,
                format_args!(
                    "{} cells, but the header has {}; a cell that holds the delimiter must be quoted",
                    row.cells.len(),
                    header.cells
                ),
            );
            continue;
        }
        let id = header.cell(&row, 0).trim();
        if id.is_empty() {
            problems.add(row.line, "`sf_account_id` is blank");
            continue;
        }
        let key = account_key::key_of(id);
        let accounts = &reference.accounts;
        let hash = hasher.hash_one(&*key);
        let same = |(known, at): &(u64, u32)| *known == hash && accounts[*at as usize].key() == key;
        let entry = known.entry(hash, same, |(hash, _)| *hash);
        match entry {
            Entry::Occupied(first) => {
                let first = accounts[first.get().1 as usize].line;
                problems.add(row.line, format_args!("`{id}` is the same account as on line {first}"));
                continue;
            }
            Entry::Vacant(free) => free.insert((hash, accounts.len() as u32)),
        };
        let account = account(&row, &header, id, rules, domains, &mut reference);
        reference.accounts.push(account);
    }
    if let Some(line) = rows.unclosed {
        problems.add(line, "a quote is opened in this row and never closed");
    }
    if !problems.told.is_empty() {
        return Err(problems.into_problems());
    }
    if reference.accounts.is_empty() {
        return Err(single("there is a header, but no row below it".to_owned()));
    }
    let mut accounts = std::mem::take(&mut reference.accounts);
    accounts.shrink_to_fit();
    sort(&mut accounts);
    reference.set_accounts(accounts, domains);
    warn_of_shared_domains(&mut reference, domains);
    crate::model::warning::sort(&mut reference.warnings);
    Ok(reference)
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

fn account(
    row: &Row,
    header: &Header,
    id: &str,
    rules: &DomainRules,
    domains: &mut DomainTable,
    reference: &mut Reference,
) -> Account {
    let warn = |warnings: &mut Vec<Warning>, code, domain: Option<&str>, message: String| {
        let line = Some(row.line as u32);
        warnings.push(Warning {
            code,
            line,
            sf_account_id: Some(id.to_owned()),
            domain: domain.map(str::to_owned),
            message,
        });
    };
    let Reference { warnings, facts, .. } = reference;
    match account_key::form(id) {
        IdForm::Salesforce15 => facts.ids_15 += 1,
        IdForm::Salesforce18 => facts.ids_18 += 1,
        IdForm::Opaque => facts.ids_other += 1,
        IdForm::WrongCheck => {
            facts.ids_other += 1;
            let message = format!(
                "{id} has 18 characters, but its last three are not the check of the first 15; it is compared as plain text"
            );
            warn(warnings, WarningCode::IdCheckWrong, None, message);
        }
    }

    let cells = [header.cell(row, OVERRIDE), header.cell(row, ACCOUNT_DOMAINS)];
    let mut found = DomainIds::new();
    // One warning for each entry, as it stands in the cell.
    for (entry, fate) in in_force(cells, rules, domains).into_iter().flat_map(|(_, fates)| fates) {
        match fate {
            Fate::NotUsable(why) => {
                let why = match why {
                    NotUsable::NotADomain => "is no domain",
                    NotUsable::PublicSuffix => "is a public suffix, under which anybody can have a domain",
                };
                let entry = without_local_part(entry);
                let message = format!("{entry} {why}; it is not used");
                warn(warnings, WarningCode::DomainNotUsable, Some(&entry), message);
            }
            Fate::Personal(domain) => {
                let text = domains.text(domain);
                facts.personal_domains += 1;
                let message = format!("{text} is a personal or provider domain; it is not used for matching");
                warn(warnings, WarningCode::PersonalDomain, Some(text), message);
            }
            Fate::Ignored(_) => {}
            Fate::Expected(domain) => found.push(domain),
        }
    }
    found.sort_by(|a, b| domains.text(*a).cmp(domains.text(*b)));
    found.dedup();

    let website = Some(without_local_part(header.cell(row, 3).trim())).filter(|website| !website.is_empty());
    let website = website.as_deref();
    if found.is_empty() {
        let website =
            website.map_or("it has no website either".to_owned(), |website| format!("its website is {website}"));
        let message = format!("{id} has no domain that can be matched; {website}");
        warn(warnings, WarningCode::AccountWithoutDomain, None, message);
    }
    let org_expected = match header.cell(row, ZENDESK_EXPECTED).trim().to_lowercase().as_str() {
        "no" | "false" | "n" | "0" => false,
        "" | "yes" | "true" | "y" | "1" => true,
        other => {
            let other = without_local_part(other);
            let message = format!("zendesk_expected is \"{other}\", which is neither yes nor no; it is taken for yes");
            warn(warnings, WarningCode::ZendeskExpectedUnclear, None, message);
            true
        }
    };
    facts.without_org += usize::from(!org_expected);
    Account::new(row.line as u32, id, header.cell(row, 1).trim(), website, org_expected, found)
}

/// What becomes of an entry of a domain cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    NotUsable(NotUsable),
    Personal(DomainId),
    Ignored(DomainId),
    Expected(DomainId),
}

/// The entries of a cell, each with its fate.
type Fates<'c> = Vec<(&'c str, Fate)>;

/// The cells of domains that were read, each with its column: the override, and, when none of its entries normalizes, the other.
fn in_force<'c>(
    [override_cell, account_cell]: [&'c str; 2],
    rules: &DomainRules,
    domains: &mut DomainTable,
) -> Vec<(usize, Fates<'c>)> {
    let mut fates = |cell: &'c str| -> Fates<'c> {
        let fate = |entry: &'c str| match domains.entry(entry) {
            Err(why) => (entry, Fate::NotUsable(why)),
            Ok(domain) if rules.personal.contains(domains.text(domain)) => (entry, Fate::Personal(domain)),
            Ok(domain) if rules.ignored.contains(domains.text(domain)) => (entry, Fate::Ignored(domain)),
            Ok(domain) => (entry, Fate::Expected(domain)),
        };
        entries(cell).map(fate).collect()
    };
    let overriding = fates(override_cell);
    if overriding.iter().any(|(_, fate)| !matches!(fate, Fate::NotUsable(_))) {
        return vec![(OVERRIDE, overriding)];
    }
    vec![(OVERRIDE, overriding), (ACCOUNT_DOMAINS, fates(account_cell))]
}

/// A row as it stands in the file, for a person who asks what became of its domains.
#[derive(Debug)]
pub struct Written {
    pub line: u32,
    /// The cells of domains: the override first, then the account's.
    pub cells: [WrittenCell; 2],
    /// The cell `zendesk_expected`, trimmed, as [`shown`].
    pub zendesk_expected: Untrusted,
}

/// A cell of domains as it stands in the file.
#[derive(Debug)]
pub struct WrittenCell {
    pub column: &'static str,
    /// Whether its entries were looked at: those of the account are not where the override is in force.
    pub read: bool,
    /// Each entry, as [`shown`], with its normal form, if it has one, and its fate. Of a cell that was not read, what they would be.
    pub entries: Vec<(Untrusted, Option<String>, Fate)>,
}

/// Finds the row of an account again, in the bytes that [`read`] has read.
pub fn written(
    bytes: &[u8],
    columns: &BTreeMap<String, String>,
    rules: &DomainRules,
    account: &Account,
) -> Option<Written> {
    let mut rows = Rows::of(utf8(bytes).ok()?);
    let header = Header::find(&mut rows, columns).ok()?;
    let mut row = Row::default();
    while rows.next(&mut row).ok()? {
        if row.line != account.line as usize {
            continue;
        }
        let mut domains = DomainTable::default();
        let cells = [header.cell(&row, OVERRIDE), header.cell(&row, ACCOUNT_DOMAINS)];
        let in_force = in_force(cells, rules, &mut domains);
        let mut written = |column: usize, cell| {
            let read = in_force.iter().find(|(read, _)| *read == column);
            let fates = read.map(|(_, fates)| fates.clone());
            let fates = fates.unwrap_or_else(|| self::in_force([cell, ""], rules, &mut domains).swap_remove(0).1);
            let entries = fates.into_iter().map(|(entry, fate)| {
                let normal = match fate {
                    Fate::NotUsable(_) => None,
                    Fate::Personal(id) | Fate::Ignored(id) | Fate::Expected(id) => Some(domains.text(id).to_owned()),
                };
                (Untrusted::verbatim(&without_local_part(entry)), normal, fate)
            });
            WrittenCell { column: COLUMNS[column], read: read.is_some(), entries: entries.collect() }
        };
        let cells = [written(OVERRIDE, cells[0]), written(ACCOUNT_DOMAINS, cells[1])];
        let zendesk_expected = Untrusted::verbatim(&without_local_part(header.cell(&row, ZENDESK_EXPECTED).trim()));
        return Some(Written { line: account.line, cells, zendesk_expected });
    }
    None
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
                message: format!("{text} is expected by {accounts} accounts; it links none of them"),
            });
        }
    }
    reference.warnings.append(&mut warnings);
}

/// The entries of a cell of domains.
pub fn entries(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(|c: char| matches!(c, ',' | ';' | '|') || c.is_whitespace()).filter(|entry| !entry.is_empty())
}

/// A row of cells, untrimmed, and the line on which it starts.
#[derive(Default)]
struct Row {
    line: usize,
    cells: csv::StringRecord,
}

/// Appended to the text as a line of its own: a quote that is never closed swallows it.
const END: &str = "\n\u{1}end";

/// The rows of a text, one after the other; those whose cells are all empty are left out.
struct Rows<'t> {
    text: &'t str,
    reader: csv::Reader<std::io::Chain<&'t [u8], &'static [u8]>>,
    lines: LineStarts,
    delimiter: u8,
    /// The line of a last row in which a quote stays open, once it is reached.
    unclosed: Option<usize>,
}

impl<'t> Rows<'t> {
    fn of(text: &'t str) -> Self {
        let delimiter = delimiter(text);
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true).delimiter(delimiter);
        let reader = reader.from_reader(std::io::Read::chain(text.as_bytes(), END.as_bytes()));
        Self { text, reader, lines: LineStarts::of(text.as_bytes()), delimiter, unclosed: None }
    }

    /// Reads the next row into `row`; `false` when there is none.
    fn next(&mut self, row: &mut Row) -> Result<bool, Problems> {
        let Row { line, cells } = row;
        loop {
            let start = self.reader.position().byte() as usize;
            // The text is UTF-8 and rows may have any length: there is nothing that could fail.
            if !self.reader.read_record(cells).map_err(|error| single(error.to_string()))? {
                return Ok(false);
            }
            let start = start + line_ends(&self.text.as_bytes()[start.min(self.text.len())..]);
            *line = self.lines.line_of(start);
            if cells.len() == 1 && cells[0] == END[1..] {
                return Ok(false);
            }
            if cells.iter().next_back().is_some_and(|cell| cell.ends_with(END)) {
                self.unclosed = Some(*line);
                return Ok(false);
            }
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(true);
            }
        }
    }

    fn delimiter_name(&self) -> &'static str {
        match self.delimiter {
            b';' => "semicolon",
            b'\t' => "tab",
            _ => "comma",
        }
    }
}

/// How many bytes of line ends `bytes` begins with: blank lines before a row do not belong to it.
fn line_ends(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|c| matches!(c, b'\r' | b'\n')).count()
}

/// Where the lines of a text start: after `\n`, `\r\n` or `\r`.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(bytes: &[u8]) -> Self {
        let ends =
            (0..bytes.len()).filter(|i| bytes[*i] == b'\n' || bytes[*i] == b'\r' && bytes.get(i + 1) != Some(&b'\n'));
        Self(std::iter::once(0).chain(ends.map(|end| end + 1)).collect())
    }

    fn line_of(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}

/// The most frequent of comma, semicolon and tab outside quotes in the first line that is not blank.
fn delimiter(text: &str) -> u8 {
    const KNOWN: [u8; 3] = [b',', b';', b'\t'];
    let first = text.split(['\n', '\r']).find(|line| !line.trim().is_empty()).unwrap_or_default();
    // A quoted cell may hold line ends, so the line is scanned to its end in the whole text.
    let start = first.as_ptr() as usize - text.as_ptr() as usize;
    let mut counts = [0usize; 3];
    let mut quoted = false;
    let mut at_cell_start = true;
    for c in text[if first.is_empty() { text.len() } else { start }..].bytes() {
        match c {
            b'"' if quoted => quoted = false,
            b'"' if at_cell_start => quoted = true,
            _ if quoted => {}
            b'\n' | b'\r' => break,
            _ => {}
        }
        let known = KNOWN.iter().position(|known| *known == c).filter(|_| !quoted);
        if let Some(known) = known {
            counts[known] += 1;
        }
        // A doubled quote inside a quoted cell closes and opens it again.
        at_cell_start = known.is_some() || c == b'"' && !quoted;
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    KNOWN[counts.iter().position(|count| *count == most).unwrap_or_default()]
}

fn utf8(bytes: &[u8]) -> Result<&str, Problems> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| {
        let mut problems = Collected::default();
        let LineStarts(starts) = LineStarts::of(bytes);
        let ends = starts[1..].iter().copied().chain([bytes.len()]);
        for (index, (start, end)) in starts.iter().copied().zip(ends).enumerate() {
            if std::str::from_utf8(&bytes[start..end]).is_err() {
                problems.add(index + 1, "the text is not UTF-8; export the file as \"CSV UTF-8\"");
            }
        }
        problems.into_problems()
    })
}

/// Where our columns are.
struct Header {
    /// For each of [`COLUMNS`] the index of its cell.
    at: [Option<usize>; COLUMNS.len()],
    ignored: Vec<String>,
    /// How many cells the header has.
    cells: usize,
}

impl Header {
    fn find(rows: &mut Rows<'_>, columns: &BTreeMap<String, String>) -> Result<Self, Problems> {
        let mut header = Row::default();
        if !rows.next(&mut header)? {
            return Err(single(match rows.unclosed {
                Some(line) => format!("line {line}: a quote is opened in this row and never closed"),
                None => "it is empty".to_owned(),
            }));
        }
        let fold = |text: &str| text.trim().to_lowercase();
        let wanted = COLUMNS.map(|column| fold(columns.get(column).map_or(column, String::as_str)));
        let mut at = [None; COLUMNS.len()];
        let mut ignored = Vec::new();
        let mut problems = Vec::new();
        let line = header.line;
        for (index, cell) in header.cells.iter().enumerate() {
            match wanted.iter().position(|wanted| *wanted == fold(cell)) {
                Some(column) if at[column].is_none() => at[column] = Some(index),
                Some(column) => problems.push(format!("line {line}: the column `{}` is there twice", COLUMNS[column])),
                None if cell.trim().is_empty() => {}
                None => ignored.push(cell.trim().to_owned()),
            }
        }
        // Each header that is none of our columns yet may be meant for one of them.
        let mut free: Vec<&str> = ignored.iter().map(String::as_str).collect();
        for column in (0..REQUIRED).filter(|column| at[*column].is_none()) {
            let found: Vec<&str> = header.cells.iter().map(str::trim).filter(|cell| !cell.is_empty()).collect();
            let nearest = crate::text::nearest::nearest(&wanted[column], free.iter().copied());
            free.retain(|header| Some(*header) != nearest);
            let hint = nearest
                .map(|nearest| format!("; the nearest is \"{nearest}\", which `salesforce.columns` can map"))
                .unwrap_or_default();
            problems.push(format!(
                "line {line}: the column `{}` is missing; the headers are: {}{hint}",
                wanted[column],
                found.join(", ")
            ));
        }
        if problems.is_empty() {
            Ok(Self { at, ignored, cells: header.cells.len() })
        } else {
            Err(Problems { told: problems, more: 0 })
        }
    }

    /// A cell of one of [`COLUMNS`]; missing ones are empty.
    fn cell<'a>(&self, row: &'a Row, column: usize) -> &'a str {
        self.at[column].and_then(|at| row.cells.get(at)).unwrap_or_default()
    }
}
