//! What the model makes of texts: reference rows, account keys, domains, times, digests.
//!
//! It knows no record and no rule, and refuses nothing: the worlds it reads are well-formed.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A row of a CSV text, and the line (counted from 1) on which it starts.
pub struct CsvRow {
    pub line: u64,
    pub cells: Vec<String>,
}

/// Every row of a reference CSV, blank ones too.
pub fn csv_rows(text: &str) -> Vec<CsvRow> {
    let mut text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut delimiter = delimiter(text);
    let mut line = 1;
    let first = text.split(['\n', '\r']).next().unwrap_or("");
    if first.to_ascii_lowercase().starts_with("sep=") && first.chars().count() == 5 && !first.ends_with('"') {
        delimiter = first.chars().last().expect("a delimiter");
        text = &text[first.len()..];
        text = text.strip_prefix("\r\n").or(text.strip_prefix(['\n', '\r'])).unwrap_or(text);
        line = 2;
    }
    // One kind of line end is enough to count lines, but a quoted cell keeps the ends it has.
    let chars: Vec<char> = text.chars().collect();
    let mut rows = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let mut row = CsvRow { line, cells: vec![String::new()] };
        let mut cell_is_new = true;
        let mut in_quotes = false;
        while at < chars.len() {
            let c = chars[at];
            let ends_line = c == '\n' || (c == '\r' && chars.get(at + 1) != Some(&'\n'));
            if ends_line {
                line += 1;
            }
            at += 1;
            let cell = row.cells.last_mut().expect("a row has a cell");
            if in_quotes {
                if c != '"' {
                    cell.push(c);
                } else if chars.get(at) == Some(&'"') {
                    cell.push('"');
                    at += 1;
                } else {
                    in_quotes = false;
                }
            } else if c == '"' && cell_is_new {
                in_quotes = true;
            } else if c == delimiter {
                row.cells.push(String::new());
                cell_is_new = true;
                continue;
            } else if ends_line {
                break;
            } else if c == '\r' {
                continue; // The line feed that follows ends the line.
            } else {
                cell.push(c);
            }
            cell_is_new = false;
        }
        rows.push(row);
    }
    rows
}

/// The most frequent of comma, semicolon and tab outside quotes in the first non-blank line.
fn delimiter(text: &str) -> char {
    let line = text.split(['\n', '\r']).find(|line| !line.trim().is_empty()).unwrap_or("");
    let mut best = ',';
    let mut most = 0;
    for candidate in [',', ';', '\t'] {
        let mut count = 0;
        let mut in_quotes = false;
        for c in line.chars() {
            if c == '"' {
                in_quotes = !in_quotes;
            } else if c == candidate && !in_quotes {
                count += 1;
            }
        }
        if count > most {
            most = count;
            best = candidate;
        }
    }
    best
}

/// The entries of a cell of domains.
pub fn entries(cell: &str) -> Vec<String> {
    cell.split(|c: char| matches!(c, ',' | ';' | '|') || c.is_whitespace())
        .filter(|entry| !entry.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The account key of a text (rules 4.1).
pub fn account_key(text: &str) -> String {
    let text = text.trim();
    salesforce_key(text).unwrap_or_else(|| text.to_ascii_lowercase())
}

/// What is written to Zendesk for an account: its 18-character key, or else its text.
pub fn written_id(text: &str) -> String {
    let text = text.trim();
    salesforce_key(text).unwrap_or_else(|| text.to_owned())
}

/// Whether a text looks like an 18-character id whose check is wrong.
pub fn has_wrong_check(text: &str) -> bool {
    is_alphanumeric(text.trim(), 18) && salesforce_key(text.trim()).is_none()
}

/// Whether the 15 characters of an account's id have four or more letters, all of one case.
pub fn has_lost_its_case(text: &str) -> bool {
    let letters: String = text.chars().skip(3).filter(char::is_ascii_alphabetic).collect();
    is_alphanumeric(text, 15)
        && text.starts_with("001")
        && letters.len() >= 4
        && (letters == letters.to_ascii_uppercase() || letters == letters.to_ascii_lowercase())
}

/// What is cut off an entry, where it is a second domain.
pub fn second_domain(entry: &str) -> Option<String> {
    let first = domain(entry)?;
    let entry = match entry.split_once("://") {
        Some((scheme, rest)) if is_scheme(&scheme.to_ascii_lowercase()) => rest,
        _ => entry,
    };
    let cut_off = entry.split(['/', '?', '#']).nth(1)?;
    let second = domain(cut_off)?;
    // The suffixes that the random worlds use; `example` is none.
    let listed = [".com", ".uk", ".de", ".cn", ".io"].iter().any(|suffix| second.ends_with(suffix));
    (second != first && listed).then_some(second)
}

const CHECK_ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

fn is_alphanumeric(text: &str, length: usize) -> bool {
    text.len() == length && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The 18-character key of a Salesforce id of 15 or 18 characters, if the text is one.
fn salesforce_key(text: &str) -> Option<String> {
    if is_alphanumeric(text, 15) {
        return Some(format!("{text}{}", check_of(text)));
    }
    if !is_alphanumeric(text, 18) {
        return None;
    }
    let check = text[15..].to_ascii_uppercase();
    let mut restored = String::new();
    for (i, c) in text[..15].chars().enumerate() {
        let group = check.chars().nth(i / 5)?;
        let bits = CHECK_ALPHABET.find(group)?;
        let upper = bits & (1 << (i % 5)) != 0;
        if upper && !c.is_ascii_alphabetic() {
            return None;
        }
        restored.push(if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
    }
    Some(restored + &check)
}

/// The three check characters of 15 characters.
pub fn check_of(fifteen: &str) -> String {
    let mut check = String::new();
    for group in 0..3 {
        let mut bits = 0;
        for i in 0..5 {
            if fifteen.as_bytes()[group * 5 + i].is_ascii_uppercase() {
                bits |= 1 << i;
            }
        }
        check.push(CHECK_ALPHABET.as_bytes()[bits] as char);
    }
    check
}

/// The normal form of a domain of the reference, of an org or of the config (rules 4.2).
pub fn domain(text: &str) -> Option<String> {
    normal_domain(text, true)
}

/// The normal form of the domain of an e-mail address.
pub fn email_domain(email: &str) -> Option<String> {
    let (_, after) = email.rsplit_once('@')?;
    normal_domain(after, false)
}

fn normal_domain(text: &str, drop_www: bool) -> Option<String> {
    let mut text = text.trim().to_ascii_lowercase();
    if let Some(rest) = text.strip_prefix("mailto:") {
        text = rest.to_owned();
    } else if let Some((scheme, rest)) = text.split_once("://")
        && is_scheme(scheme)
    {
        text = rest.to_owned();
    }
    if let Some(end) = text.find(['/', '?', '#']) {
        text.truncate(end);
    }
    if let Some(at) = text.rfind('@') {
        text = text[at + 1..].to_owned();
    }
    if let Some((host, port)) = text.rsplit_once(':')
        && !port.is_empty()
        && port.chars().all(|c| c.is_ascii_digit())
    {
        text = host.to_owned();
    }
    let mut text = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .ok()?
        .into_owned();
    if let Some(rest) = text.strip_suffix('.') {
        text = rest.to_owned();
    }
    if drop_www && let Some(rest) = text.strip_prefix("www.") {
        text = rest.to_owned();
    }
    is_registrable_looking(&text).then_some(text)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '.' | '-'))
}

fn is_registrable_looking(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let label_is_good = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    labels.len() >= 2
        && text.len() <= 253
        && labels.iter().all(label_is_good)
        && !labels[labels.len() - 1].chars().all(|c| c.is_ascii_digit())
        && !is_public_suffix(text)
}

/// Whether the whole text is a public suffix of the ICANN section.
fn is_public_suffix(text: &str) -> bool {
    psl::suffix(text.as_bytes())
        .is_some_and(|suffix| suffix.typ() == Some(psl::Type::Icann) && suffix.as_bytes() == text.as_bytes())
}

/// An instant: seconds since 1970 in UTC, and the nanoseconds after them.
pub type Instant = (i64, u32);

/// The instant of an RFC 3339 text.
pub fn instant(text: &str) -> Option<Instant> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let seconds = midnight(text.get(..10)?)? + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let mut rest = text.get(19..)?;
    let mut nanoseconds = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let end = fraction.find(|c: char| !c.is_ascii_digit())?;
        nanoseconds = format!("{:0<9.9}", &fraction[..end]).parse().ok()?;
        rest = &fraction[end..];
    }
    if matches!(rest, "Z" | "z") {
        return Some((seconds, nanoseconds));
    }
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let hours: i64 = rest.get(1..3)?.parse().ok()?;
    let minutes: i64 = rest.get(4..6)?.parse().ok()?;
    Some((seconds - sign * (hours * 3600 + minutes * 60), nanoseconds))
}

/// The seconds at which a day (`2026-04-17`) begins in UTC.
pub fn midnight(day: &str) -> Option<i64> {
    let year: i64 = day.get(..4)?.parse().ok()?;
    let month: usize = day.get(5..7)?.parse().ok()?;
    let day: i64 = day.get(8..10)?.parse().ok()?;
    let mut days = 0;
    for y in 1970..year {
        days += if is_leap(y) { 366 } else { 365 };
    }
    for m in 1..month {
        days += days_of_month(year, m);
    }
    Some((days + day - 1) * 86_400)
}

/// The RFC 3339 text, in UTC, of whole seconds since 1970.
pub fn utc(seconds: i64) -> String {
    let (mut days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let mut year = 1970;
    while days >= if is_leap(year) { 366 } else { 365 } {
        days -= if is_leap(year) { 366 } else { 365 };
        year += 1;
    }
    let mut month = 1;
    while days >= days_of_month(year, month) {
        days -= days_of_month(year, month);
        month += 1;
    }
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{:02}Z", days + 1, second % 60)
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_of_month(year: i64, month: usize) -> i64 {
    let february = if is_leap(year) { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
}

/// The canonical JSON (RFC 8785) of a value whose numbers are integers and whose keys are ASCII.
pub fn canonical_json(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical_json).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort();
            let members: Vec<String> = keys
                .iter()
                .map(|key| format!("{}:{}", Value::from(key.as_str()), canonical_json(&members[*key])))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        // serde_json escapes a string, and writes an integer, exactly as RFC 8785 asks.
        scalar => scalar.to_string(),
    }
}

/// The SHA-256 of a text, in 64 lower-case hex digits.
pub fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name as artifacts show it: without C0, DEL and C1 control characters.
pub fn shown_name(name: &str) -> String {
    let shown = |c: char| {
        if matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}') { '\u{fffd}' } else { c }
    };
    name.chars().map(shown).collect()
}
