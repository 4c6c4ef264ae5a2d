//! From the bytes of a file to its text. What is not UTF-8 is named as what it is, and the rest is read all the same.

use super::csv::line_ends;
use super::problems::{Problems, Rule};
use std::borrow::Cow;

/// A text, and where it is not UTF-8.
pub(super) struct Decoded<'b> {
    /// Each wrong byte stands in it as U+FFFD.
    pub(super) text: Cow<'b, str>,
    /// The first wrong byte of each line, by its offset in the text.
    wrong: Vec<WrongByte>,
}

/// A byte that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongByte {
    /// Where its replacement stands in the text.
    at: usize,
    pub(super) line: usize,
    /// Its place in the line, from 1.
    pub(super) byte: usize,
    pub(super) value: u8,
}

impl WrongByte {
    /// The problem, for the row that starts on `row_line`.
    pub(super) fn text(self, row_line: usize) -> String {
        let Self { at: _, line, byte, value } = self;
        let place = if line == row_line { String::new() } else { format!(" of line {line}") };
        format!("byte {byte}{place} (0x{value:02X}) is not UTF-8; the file is probably Windows-1252")
    }
}

impl Decoded<'_> {
    /// The first wrong byte within a part of the text.
    pub(super) fn wrong_within(&self, start: usize, end: usize) -> Option<WrongByte> {
        let first = self.wrong.partition_point(|wrong| wrong.at < start);
        self.wrong.get(first).copied().filter(|wrong| wrong.at < end)
    }
}

/// Decodes a file, with or without a mark of its encoding. Errors: another kind of file, and UTF-16.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded<'_>, Problems> {
    if let Some(kind) = other_kind(bytes) {
        return Err(Problems::of_file(Rule::NotCsv, format!("the file is {kind}, not CSV")));
    }
    if let Some(order) = utf16(bytes) {
        return Err(Problems::of_file(Rule::Encoding, format!("the file is UTF-16 ({order}), not UTF-8")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Err(_) = std::str::from_utf8(bytes) else {
        return Ok(Decoded { text: String::from_utf8_lossy(bytes), wrong: Vec::new() });
    };
    let mut text = String::with_capacity(bytes.len());
    let mut wrong: Vec<WrongByte> = Vec::new();
    // The line that is being read, and where it starts among the bytes.
    let (mut line, mut line_start, mut at) = (1, 0, 0);
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        line += line_ends(valid);
        if let Some(end) = valid.rfind(['\n', '\r']) {
            line_start = at + end + 1;
        }
        text.push_str(valid);
        at += valid.len();
        for value in chunk.invalid() {
            if wrong.last().is_none_or(|last| last.line != line) {
                wrong.push(WrongByte { at: text.len(), line, byte: at - line_start + 1, value: *value });
            }
            text.push('\u{fffd}');
            at += 1;
        }
    }
    Ok(Decoded { text: Cow::Owned(text), wrong })
}

/// What a file is that people take for a CSV.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match text {
        [b'P', b'K', 3, 4, ..] => Some("a ZIP archive or an Excel workbook (.xlsx)"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("an Excel workbook (.xls)"),
        _ => {
            let begins =
                |tag: &str| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
            ["<html", "<!doctype", "<table", "<?xml"].into_iter().any(begins).then_some("an HTML or XML page")
        }
    }
}

/// The byte order of UTF-16: by its mark, or by the zero bytes between the letters of the beginning.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    const LITTLE: &str = "little-endian";
    const BIG: &str = "big-endian";
    match bytes {
        [0xff, 0xfe, ..] => return Some(LITTLE),
        [0xfe, 0xff, ..] => return Some(BIG),
        _ => {}
    }
    let (pairs, _) = bytes[..bytes.len().min(64)].as_chunks::<2>();
    let zeros = |side: usize| pairs.iter().filter(|pair| pair[side] == 0 && pair[1 - side] != 0).count();
    // Names in other scripts have few zero bytes, headers in English have one in every pair.
    let most = |zeros: usize| pairs.len() >= 2 && zeros * 4 >= pairs.len() * 3;
    if most(zeros(1)) { Some(LITTLE) } else { most(zeros(0)).then_some(BIG) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        decode(bytes).err().map(|problems| problems.listed.join("; ")).unwrap_or_default()
    }

    #[test]
    fn utf_16_is_named_with_and_without_a_mark() {
        let text = "Account ID\tAccount Name\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (mark, bytes, order) in [
            (&[0xff, 0xfe][..], &little, "little"),
            (&[0xfe, 0xff], &big, "big"),
            (&[], &little, "little"),
            (&[], &big, "big"),
        ] {
            let expected = format!("the file is UTF-16 ({order}-endian), not UTF-8");
            assert_eq!(refused(&[mark, bytes].concat()), expected);
        }
        assert_eq!(refused(b"a\0b"), "", "a zero byte alone is no encoding");
    }

    #[test]
    fn other_files_are_named_as_what_they_are() {
        assert_eq!(refused(b"PK\x03\x04rest"), "the file is a ZIP archive or an Excel workbook (.xlsx), not CSV");
        assert_eq!(refused(b"<HTML><table>"), "the file is an HTML or XML page, not CSV");
        assert_eq!(refused(b"Account ID,x"), "");
    }

    #[test]
    fn a_wrong_byte_is_named_by_line_byte_and_value() {
        let decoded = decode(b"\xef\xbb\xbfa,b\r\nM\xfcll\xe9r,x\rok\n\xff").unwrap_or_else(|_| panic!("text"));
        assert_eq!(decoded.text, "a,b\r\nM\u{fffd}ll\u{fffd}r,x\rok\n\u{fffd}");
        let found = decoded.wrong_within(5, 12).expect("a byte");
        assert_eq!((found.line, found.byte, found.value), (2, 2, 0xfc));
        assert!(decoded.wrong_within(0, 5).is_none());
        let last = decoded.wrong_within(decoded.text.len() - 3, decoded.text.len()).expect("a byte");
        assert_eq!((last.line, last.byte, last.value), (4, 1, 0xff));
    }
}
