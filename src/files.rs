//! Files that come from outside: only regular ones are opened, and none is read without an end.
//!
//! A pipe would wait for ever, and a device such as `/dev/zero` never ends.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The first bytes of a text file that say that it is UTF-8.
pub const BOM: &[u8] = "\u{feff}".as_bytes();

/// Opens a regular file. Errors: it is something else (a folder, a pipe, a device), or cannot be opened.
pub fn open(path: &Path) -> io::Result<File> {
    // Opening a pipe waits for its writer, so the look comes first.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    File::open(path)
}

/// Reads a regular file of at most `longest` bytes. Errors: as [`open`], and a longer file.
pub fn read(path: &Path, longest: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(longest as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > longest {
        let text = format!("it is longer than {} MiB", longest >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    Ok(bytes)
}

/// The bytes without a byte order mark at their beginning.
pub fn without_bom(bytes: &[u8]) -> &[u8] {
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
}
