//! Files that come from outside: only regular ones are opened, and none is read without an end.
//!
//! A pipe would wait for ever, and a device such as `/dev/zero` never ends.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The first bytes of a text file that say that it is UTF-8.
pub(crate) const BOM: &[u8] = "\u{feff}".as_bytes();

/// More than the file of any event: GitHub sends none beyond 25 MB.
pub(crate) const LONGEST_PAYLOAD: usize = 64 << 20;

/// Opens a regular file. Errors: it is something else (a folder, a pipe, a device), or cannot be opened.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // Opening a pipe waits for its writer, so the look comes first.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    File::open(path)
}

/// Reads a regular file of at most `longest` bytes. Errors: as [`open`], and a longer file.
pub(crate) fn read(path: &Path, longest: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(longest as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > longest {
        let text = format!("it is longer than {} MiB", longest >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    Ok(bytes)
}

/// The longest line that is read, in bytes (rules 5).
pub(crate) const LONGEST_LINE: usize = 16 << 20;
/// How much of a file of lines is read at a time.
const PIECE: usize = 1 << 16;

/// Reads a regular file of lines whole. Errors: as [`open`], and a line beyond 16 MiB, named by its number.
pub(crate) fn read_lines(path: &Path) -> io::Result<Vec<u8>> {
    lines_of(open(path)?, LONGEST_LINE)
}

fn lines_of(mut from: impl Read, longest: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Where the line begins that is being read, and its number.
    let (mut begin, mut line) = (0, 1_u64);
    let mut piece = vec![0; PIECE];
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let at = bytes.len();
        bytes.extend_from_slice(&piece[..read]);
        for (end, _) in piece[..read].iter().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r')) {
            check_length(at + end - begin, longest, line)?;
            begin = at + end + 1;
            line += u64::from(piece[end] == b'\n');
        }
        check_length(bytes.len() - begin, longest, line)?;
    }
}

fn check_length(length: usize, longest: usize, line: u64) -> io::Result<()> {
    if length <= longest {
        return Ok(());
    }
    let limit = longest >> 20;
    Err(io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is longer than {limit} MiB")))
}

/// The bytes without a byte order mark at their beginning.
pub(crate) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BOM).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_a_bounded_length_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, [b'x'; 10]).expect("written");
        assert_eq!(read(&file, 10).expect("read").len(), 10);
        assert_eq!(read(&file, 9).expect_err("too long").kind(), io::ErrorKind::InvalidData);
        assert_eq!(read(folder.path(), 9).expect_err("a folder").kind(), io::ErrorKind::InvalidInput);
        assert_eq!(read(&folder.path().join("none"), 9).expect_err("absent").kind(), io::ErrorKind::NotFound);
        #[cfg(unix)]
        assert_eq!(read(Path::new("/dev/zero"), 9).expect_err("a device").kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_byte_order_mark_is_left_out_once() {
        assert_eq!(without_bom("\u{feff}{}".as_bytes()), b"{}");
        assert_eq!(without_bom("\u{feff}\u{feff}".as_bytes()), BOM);
        assert_eq!(without_bom(b"{}"), b"{}");
    }

    #[test]
    fn a_line_beyond_the_limit_ends_the_reading() {
        let lines = |lengths: &[usize]| lengths.iter().map(|length| "x".repeat(*length) + "\n").collect::<String>();
        for good in [lines(&[]), lines(&[3, 8, 0, 8]), lines(&[100_000, 8]), lines(&[8]) + "xxxxxxxx"] {
            let longest = if good.len() > 1000 { 100_000 } else { 8 };
            assert_eq!(lines_of(good.as_bytes(), longest).expect("read"), good.as_bytes());
        }
        for bad in [lines(&[8, 9, 1]), lines(&[8]) + "xxxxxxxxx", lines(&[8, 100_000])] {
            let error = lines_of(bad.as_bytes(), 8).expect_err("too long");
            assert!(error.to_string().starts_with("line 2 is longer than"), "{error}");
        }
        // What has no end is not read to its end.
        assert!(lines_of(io::repeat(b'x'), LONGEST_LINE).is_err());
    }
}
