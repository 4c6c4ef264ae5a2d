//! The scanner itself: as much of JSON as ordinary records need.

use super::super::wire::{Id, Text};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use wide::u8x16;

/// Reads an object and nothing after it. `member` is told each key and must read its value.
pub(super) fn scan_object<'a>(
    record: &'a str,
    mut member: impl FnMut(&[u8], &mut Scanner<'a>) -> Option<()>,
) -> Option<()> {
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
pub(super) struct Scanner<'a> {
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
    pub(super) fn nullable<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.peek() == Some(b'n') { self.word("null").map(|()| None) } else { read(self).map(Some) }
    }

    /// A whole number of up to 16 digits: more than any id has.
    pub(super) fn id(&mut self) -> Option<Id> {
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

    pub(super) fn flag(&mut self) -> Option<bool> {
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

    pub(super) fn borrowed(&mut self) -> Option<Text<'a>> {
        self.text().map(|text| Text(Cow::Borrowed(text)))
    }

    /// An array of strings without escapes.
    pub(super) fn texts(&mut self) -> Option<Vec<Text<'a>>> {
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
    pub(super) fn anything(&mut self) -> Option<IgnoredAny> {
        self.skip().map(|()| IgnoredAny)
    }

    /// Any value that is not nested too deeply.
    pub(super) fn skip(&mut self) -> Option<()> {
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
pub(super) fn plain_length(text: &[u8]) -> usize {
    let mut length = 0;
    for bytes in text.as_chunks::<16>().0 {
        let special = special(bytes);
        if special != 0 {
            return length + special.trailing_zeros() as usize;
        }
        length += bytes.len();
    }
    while let Some(c) = text.get(length)
        && !matches!(c, b'"' | b'\\' | 0..32)
    {
        length += 1;
    }
    length
}

/// A bit for each of the bytes, the first one lowest: whether it is a quote, a backslash or a control character.
fn special(bytes: &[u8; 16]) -> u32 {
    let bytes = u8x16::new(*bytes);
    let control = bytes.min(u8x16::splat(31)).simd_eq(bytes);
    let quote = bytes.simd_eq(u8x16::splat(b'"'));
    let backslash = bytes.simd_eq(u8x16::splat(b'\\'));
    (control | quote | backslash).to_bitmask()
}
