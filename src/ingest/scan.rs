//! Ordinary records, read in one strict pass that holds only the fields of the rules.
//!
//! Nine tenths of a Zendesk record are nothing to the rules, and a general parser spends its time on them. This one knows
//! little of JSON, but what it accepts `serde_json` accepts with the same values; the tests below hold the two together. It
//! judges nothing that is unusual: an escape in a key or in a wanted text, a key that comes twice, a wanted value of
//! another type, deep nesting, an error of syntax. For those [`Plain::scan`] is `None`, and `serde_json` has the word.

use super::wire::{Id, Membership, Organization, Text, Ticket, User};
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// A record that can be scanned.
pub(super) trait Plain<'a>: Sized {
    /// Reads an ordinary record; `None` when it is not one.
    fn scan(record: &'a str) -> Option<Self>;
}

impl<'a> Plain<'a> for Organization<'a> {
    fn scan(record: &'a str) -> Option<Self> {
        let (mut id, mut name, mut external_id, mut domain_names) = (None, None, None, None);
        let (mut shared_tickets, mut updated_at, mut deleted_at) = (None, None, None);
        scan_object(record, |key, value| match key {
            b"id" => once(&mut id, value.id()?),
            b"name" => once(&mut name, value.nullable(Scanner::borrowed)?),
            b"external_id" => once(&mut external_id, value.nullable(Scanner::borrowed)?),
            b"domain_names" => once(&mut domain_names, value.nullable(Scanner::texts)?),
            b"shared_tickets" => once(&mut shared_tickets, value.nullable(Scanner::flag)?),
            b"updated_at" => once(&mut updated_at, value.nullable(Scanner::borrowed)?),
            b"deleted_at" => once(&mut deleted_at, value.nullable(Scanner::anything)?),
            _ => value.skip(),
        })?;
        Some(Self {
            id: id?,
            name: name.flatten(),
            external_id: external_id.flatten(),
            domain_names: domain_names.flatten(),
            shared_tickets: shared_tickets.flatten(),
            updated_at: updated_at.flatten(),
            deleted_at: deleted_at.flatten(),
        })
    }
}

impl<'a> Plain<'a> for User<'a> {
    fn scan(record: &'a str) -> Option<Self> {
        let (mut id, mut role, mut active, mut suspended, mut shared) = (None, None, None, None, None);
        let (mut verified, mut email, mut organization_id, mut updated_at, mut deleted_at) =
            (None, None, None, None, None);
        scan_object(record, |key, value| match key {
            b"id" => once(&mut id, value.id()?),
            b"role" => once(&mut role, value.nullable(Scanner::borrowed)?),
            b"active" => once(&mut active, value.nullable(Scanner::flag)?),
            b"suspended" => once(&mut suspended, value.nullable(Scanner::flag)?),
            b"shared" => once(&mut shared, value.nullable(Scanner::flag)?),
            b"verified" => once(&mut verified, value.nullable(Scanner::flag)?),
            b"email" => once(&mut email, value.nullable(Scanner::borrowed)?),
            b"organization_id" => once(&mut organization_id, value.nullable(Scanner::id)?),
            b"updated_at" => once(&mut updated_at, value.nullable(Scanner::borrowed)?),
            b"deleted_at" => once(&mut deleted_at, value.nullable(Scanner::anything)?),
            _ => value.skip(),
        })?;
        Some(Self {
            id: id?,
            role: role.flatten(),
            active: active.flatten(),
            suspended: suspended.flatten(),
            shared: shared.flatten(),
            verified: verified.flatten(),
            email: email.flatten(),
            organization_id: organization_id.flatten(),
            updated_at: updated_at.flatten(),
            deleted_at: deleted_at.flatten(),
        })
    }
}

impl<'a> Plain<'a> for Membership<'a> {
    fn scan(record: &'a str) -> Option<Self> {
        let (mut id, mut user_id, mut organization_id) = (None, None, None);
        let (mut default, mut updated_at, mut deleted_at) = (None, None, None);
        scan_object(record, |key, value| match key {
            b"id" => once(&mut id, value.id()?),
            b"user_id" => once(&mut user_id, value.id()?),
            b"organization_id" => once(&mut organization_id, value.id()?),
            b"default" => once(&mut default, value.nullable(Scanner::flag)?),
            b"updated_at" => once(&mut updated_at, value.nullable(Scanner::borrowed)?),
            b"deleted_at" => once(&mut deleted_at, value.nullable(Scanner::anything)?),
            _ => value.skip(),
        })?;
        Some(Self {
            id: id?,
            user_id: user_id?,
            organization_id: organization_id?,
            default: default.flatten(),
            updated_at: updated_at.flatten(),
            deleted_at: deleted_at.flatten(),
        })
    }
}

impl<'a> Plain<'a> for Ticket<'a> {
    fn scan(record: &'a str) -> Option<Self> {
        let (mut id, mut requester_id, mut organization_id) = (None, None, None);
        let (mut status, mut updated_at, mut deleted_at) = (None, None, None);
        scan_object(record, |key, value| match key {
            b"id" => once(&mut id, value.id()?),
            b"requester_id" => once(&mut requester_id, value.nullable(Scanner::id)?),
            b"organization_id" => once(&mut organization_id, value.nullable(Scanner::id)?),
            b"status" => once(&mut status, value.nullable(Scanner::borrowed)?),
            b"updated_at" => once(&mut updated_at, value.nullable(Scanner::borrowed)?),
            b"deleted_at" => once(&mut deleted_at, value.nullable(Scanner::anything)?),
            _ => value.skip(),
        })?;
        Some(Self {
            id: id?,
            requester_id: requester_id.flatten(),
            organization_id: organization_id.flatten(),
            status: status.flatten(),
            updated_at: updated_at.flatten(),
            deleted_at: deleted_at.flatten(),
        })
    }
}

/// Fills a field that was not there before.
fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

/// Reads an object and nothing after it. `member` is told each key and must read its value.
fn scan_object<'a>(record: &'a str, mut member: impl FnMut(&[u8], &mut Scanner<'a>) -> Option<()>) -> Option<()> {
    let mut scanner = Scanner { text: record, at: 0 };
    scanner.expect(b'{')?;
    if scanner.next_is(b'}') {
        scanner.at += 1;
    } else {
        loop {
            scanner.space();
            let key = scanner.key()?;
            scanner.expect(b':')?;
            scanner.space();
            member(key, &mut scanner)?;
            match scanner.token()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
    }
    scanner.space();
    (scanner.at == record.len()).then_some(())
}

/// A place in a record. Each method reads what it is named after, from here on, and leaves the place behind it; `None`
/// when that is not here, or not in an ordinary form.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The next byte that is no space.
    fn token(&mut self) -> Option<u8> {
        self.space();
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    fn expect(&mut self, token: u8) -> Option<()> {
        (self.token()? == token).then_some(())
    }

    /// Whether the next byte that is no space is this one. It stays unread.
    fn next_is(&mut self, token: u8) -> bool {
        self.space();
        self.peek() == Some(token)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        if !self.rest().starts_with(word.as_bytes()) {
            return None;
        }
        self.at += word.len();
        Some(())
    }

    /// `null`, or what `read` reads.
    fn nullable<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.peek() == Some(b'n') { self.word("null").map(|()| None) } else { read(self).map(Some) }
    }

    /// A whole number of up to 16 digits: more than any id has.
    fn id(&mut self) -> Option<Id> {
        let start = self.at;
        let mut number = 0;
        for c in self.rest().iter().take(17) {
            let digit = c.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            number = number * 10 + u64::from(digit);
            self.at += 1;
        }
        if self.at - start > 16 {
            return None;
        }
        let leading_zero = self.at - start > 1 && self.text.as_bytes()[start] == b'0';
        (self.at > start && !leading_zero).then_some(Id(number))
    }

    fn flag(&mut self) -> Option<bool> {
        if self.peek() == Some(b't') { self.word("true").map(|()| true) } else { self.word("false").map(|()| false) }
    }

    /// A string without escapes.
    fn text(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        let escaped = self.string()?;
        if escaped { None } else { self.text.get(start..self.at - 1) }
    }

    /// The same, as bytes.
    fn key(&mut self) -> Option<&'a [u8]> {
        let start = self.at + 1;
        let escaped = self.string()?;
        if escaped { None } else { self.text.as_bytes().get(start..self.at - 1) }
    }

    fn borrowed(&mut self) -> Option<Text<'a>> {
        self.text().map(|text| Text(Cow::Borrowed(text)))
    }

    /// An array of strings without escapes.
    fn texts(&mut self) -> Option<Vec<Text<'a>>> {
        self.expect(b'[')?;
        let mut texts = Vec::new();
        if self.next_is(b']') {
            self.at += 1;
            return Some(texts);
        }
        loop {
            self.space();
            texts.push(self.borrowed()?);
            match self.token()? {
                b',' => {}
                b']' => return Some(texts),
                _ => return None,
            }
        }
    }

    /// Any string. Gives whether it has escapes in it.
    fn string(&mut self) -> Option<bool> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += plain_length(self.rest());
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(escaped);
                }
                b'\\' => {
                    self.at += 1;
                    self.escape()?;
                    escaped = true;
                }
                // A control character, which JSON has only escaped.
                _ => return None,
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Option<()> {
        let length = match self.peek()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 1,
            b'u' if self.rest().get(1..5)?.iter().all(u8::is_ascii_hexdigit) => 5,
            _ => return None,
        };
        self.at += length;
        Some(())
    }

    /// Digits; gives how many.
    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Option<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || zero && digits > 1 {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return None;
            }
        }
        Some(())
    }

    /// Any value but `null`, as a field that only has to be there.
    fn anything(&mut self) -> Option<IgnoredAny> {
        self.skip().map(|()| IgnoredAny)
    }

    /// Any value that is not nested too deeply.
    fn skip(&mut self) -> Option<()> {
        // What is open, the innermost in the lowest bit (1: an object, 0: an array), below a bit that marks the end.
        let mut open = 1u64;
        loop {
            let opens = match self.peek()? {
                b'"' => self.string().map(|_| None)?,
                b'{' => Some(1),
                b'[' => Some(0),
                b't' => self.word("true").map(|()| None)?,
                b'f' => self.word("false").map(|()| None)?,
                b'n' => self.word("null").map(|()| None)?,
                _ => self.number().map(|()| None)?,
            };
            if let Some(kind) = opens {
                if open.leading_zeros() == 0 {
                    return None;
                }
                open = open << 1 | kind;
                self.at += 1;
                self.space();
                match (self.peek()?, kind) {
                    (b'}', 1) | (b']', 0) => {}
                    (_, 1) => {
                        self.skip_key()?;
                        continue;
                    }
                    _ => continue,
                }
            }
            // A value has ended, or a container that is empty is about to.
            loop {
                if open == 1 {
                    return Some(());
                }
                match (self.token()?, open & 1) {
                    (b'}', 1) | (b']', 0) => open >>= 1,
                    (b',', 1) => {
                        self.space();
                        self.skip_key()?;
                        break;
                    }
                    (b',', 0) => {
                        self.space();
                        break;
                    }
                    _ => return None,
                }
            }
        }
    }

    /// Any key, the colon, and the space before the value.
    fn skip_key(&mut self) -> Option<()> {
        self.string()?;
        self.expect(b':')?;
        self.space();
        Some(())
    }
}

/// How many bytes come before the first quote, backslash or control character.
fn plain_length(text: &[u8]) -> usize {
    /// Most texts end within so many bytes.
    const SHORT: usize = 16;
    let mut length = plain_length_by_words(&text[..text.len().min(SHORT)]);
    if length < SHORT {
        return length;
    }
    // In long ones more bytes at a time, which the compiler compares in few instructions.
    for bytes in text[length..].as_chunks::<32>().0 {
        if bytes.iter().fold(false, |special, c| special | (*c == b'"') | (*c == b'\\') | (*c < 32)) {
            break;
        }
        length += bytes.len();
    }
    length + plain_length_by_words(&text[length..])
}

fn plain_length_by_words(text: &[u8]) -> usize {
    // Eight bytes at a time, each in its part of a number: `x - 1` borrows from the highest bit of a part only where the
    // part is 0 (or, `x - 32`, less than 32). A borrow reaches beyond its part too, but never below the first one found.
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    let mut length = 0;
    for word in text.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 32) & !word);
        let found = found & HIGHEST;
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    while let Some(c) = text.get(length)
        && !matches!(c, b'"' | b'\\' | 0..32)
    {
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::fmt::Debug;

    /// A small generator of numbers (splitmix64), so that a failure can be repeated.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ mixed >> 31) % limit as u64) as usize
        }

        fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
            of[self.below(of.len())]
        }
    }

    const KEYS: [&str; 18] = [
        "id",
        "id",
        "role",
        "active",
        "suspended",
        "shared",
        "verified",
        "email",
        "organization_id",
        "user_id",
        "requester_id",
        "default",
        "status",
        "updated_at",
        "deleted_at",
        "name",
        "domain_names",
        "\u{e9}\\n\\u00e9",
    ];
    const ATOMS: [&str; 24] = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "9990000097542",
        "9007199254740993",
        "12345678901234567",
        "18446744073709551616",
        "-1",
        "-0",
        "01",
        "1.5",
        "1e3",
        "1E-7",
        "-",
        "1.",
        "\"\"",
        "\"end-user\"",
        "\"a.very.long.text@acme.example\"",
        "\"Z\u{fc}rich \u{1f600}\"",
        "\"line\\nend \\\"q\\\" \\u00e9\"",
        "\"\\ud800\"",
        "\"2026-04-17T22:15:30Z\"",
    ];

    fn value(random: &mut Random, depth: usize, into: &mut String) {
        match random.below(if depth < 3 { 8 } else { 6 }) {
            0..6 => into.push_str(random.one(&ATOMS)),
            6 => {
                into.push('[');
                for item in 0..random.below(4) {
                    into.push_str(if item == 0 { random.one(&["", " "]) } else { random.one(&[",", " , "]) });
                    value(random, depth + 1, into);
                }
                into.push_str(random.one(&["]", " ]"]));
            }
            _ => object(random, depth + 1, into),
        }
    }

    fn object(random: &mut Random, depth: usize, into: &mut String) {
        into.push_str(random.one(&["{", "{ "]));
        for member in 0..random.below(if depth == 0 { 9 } else { 4 }) {
            if member > 0 {
                into.push_str(random.one(&[",", ",\t"]));
            }
            into.push_str(&format!("\"{}\"{}", random.one(&KEYS), random.one(&[":", ": ", " :"])));
            value(random, depth, into);
        }
        into.push_str(random.one(&["}", " }"]));
    }

    /// A record that would be ordinary, but for what chance does to it.
    fn record(random: &mut Random) -> String {
        let mut record = String::new();
        if random.below(2) == 0 {
            object(random, 0, &mut record);
        } else {
            record.push_str("{\"id\":7,\"user_id\":8,\"organization_id\":9,\"extra\":");
            value(random, 0, &mut record);
            record.push_str(random.one(&[
                ",\"email\":\"x@acme.example\"}",
                ",\"name\":null,\"domain_names\":[\"acme.example\", \"acme.test\"]} \r",
                ",\"updated_at\":\"2026-04-17T22:15:30Z\",\"default\":true,\"status\":\"open\"}",
            ]));
        }
        // Damage to the text itself: a byte more, less or other.
        for _ in 0..random.below(3) {
            let at = random.below(record.len());
            if !record.is_char_boundary(at) {
                continue;
            }
            if random.below(2) == 0 {
                record.insert_str(
                    at,
                    random.one(&["\"", "\\", "{", "}", "[", "]", ",", ":", "0", "\u{1}", "\u{7f}", " "]),
                );
            } else {
                record.remove(at);
            }
        }
        record
    }

    #[derive(Debug, Default)]
    struct Tally {
        scanned: u32,
        left_to_serde: u32,
        refused_by_both: u32,
    }

    fn agrees<'a, T: Plain<'a> + Deserialize<'a> + PartialEq + Debug>(record: &'a str, tally: &mut Tally) {
        match (T::scan(record), serde_json::from_str::<T>(record)) {
            (Some(scanned), Ok(parsed)) => {
                assert_eq!(scanned, parsed, "{record}");
                tally.scanned += 1;
            }
            (Some(_), Err(error)) => panic!("{record} was scanned, but {error}"),
            (None, Ok(_)) => tally.left_to_serde += 1,
            (None, Err(_)) => tally.refused_by_both += 1,
        }
    }

    #[test]
    fn what_is_scanned_is_what_serde_json_reads() {
        let mut random = Random(1);
        let mut tally = Tally::default();
        for _ in 0..20_000 {
            let record = record(&mut random);
            agrees::<Organization<'_>>(&record, &mut tally);
            agrees::<User<'_>>(&record, &mut tally);
            agrees::<Membership<'_>>(&record, &mut tally);
            agrees::<Ticket<'_>>(&record, &mut tally);
        }
        let Tally { scanned, left_to_serde, refused_by_both } = tally;
        assert!(scanned > 10_000 && left_to_serde > 100 && refused_by_both > 10_000, "{tally:?}");
    }

    #[test]
    fn records_as_zendesk_writes_them_are_ordinary() {
        let user = r#"{"id":9990000097542,"url":"https://acme.zendesk.com/api/v2/users/9990000097542.json","name":"Lee \"L\" J",
            "email":"lee@acme.example","locale_id":1,"organization_id":null,"role":"end-user","verified":true,"tags":[],
            "photo":{"size":-1.5e3,"thumbnails":[{},[[]],{"a":[null]}]},"active":true,"shared":false,"suspended":false,
            "updated_at":"2026-03-01T18:35:49Z","user_fields":{"newsletter":true,"note":"\u00e9\n"}}"#;
        let scanned = User::scan(user).expect("an ordinary record");
        assert_eq!((scanned.id.0, &*scanned.email.expect("an address").0), (9_990_000_097_542, "lee@acme.example"));
        let org = r#"{"id":1,"name":"Acme","external_id":null,"domain_names":["acme.example","acme.test"],"shared_tickets":false}"#;
        let scanned = Organization::scan(org).expect("an ordinary record");
        assert_eq!(scanned.domain_names.map(|names| names.len()), Some(2));
        assert!(scanned.external_id.is_none());
    }

    #[test]
    fn what_is_unusual_is_left_to_serde_json() {
        let deep = format!("{{\"id\":1,\"x\":{}{}}}", "[".repeat(100), "]".repeat(100));
        for record in [
            r#"{"id":1,"id":1}"#,
            r#"{"\u0069d":1}"#,
            r#"{"id":1,"status":"o\u0070en"}"#,
            r#"{"id":1.0}"#,
            r#"{"id":1,"status":4}"#,
            r#"[1]"#,
            r#"{"status":"open"}"#,
            &deep,
        ] {
            assert!(Ticket::scan(record).is_none(), "{record}");
        }
    }

    #[test]
    fn a_plain_run_ends_at_the_first_quote_backslash_or_control() {
        for length in 0..40 {
            let plain: String = "az\u{e9}\u{80}~!#[]".chars().cycle().take(length).collect();
            for end in ["\"", "\\", "\u{0}", "\u{1f}", "\n", ""] {
                for after in ["", "\"", "\\\\\"\u{1}", " plain again"] {
                    let after = if end.is_empty() { "" } else { after };
                    assert_eq!(plain_length(format!("{plain}{end}{after}").as_bytes()), plain.len());
                }
            }
        }
    }
}
