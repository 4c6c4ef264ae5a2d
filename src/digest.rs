//! SHA-256, in one place: of bytes, of what is written, and as hex digits.

use sha2::Sha256;
use std::io::{self, Read, Write};

pub use sha2::Digest;

/// A digest in the making.
pub type Hasher = Sha256;

/// The SHA-256 of bytes as 64 lower-case hex digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Whether a text has the form of a SHA-256: 64 lower-case hex digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Digests what passes through it, on the way in or out.
pub struct Digesting<T> {
    inner: T,
    digest: Sha256,
}

impl<T> Digesting<T> {
    pub fn new(inner: T) -> Self {
        Self { inner, digest: Sha256::new() }
    }

    /// What it wraps.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// What it wraps, and the digest of what has passed as hex digits.
    pub fn finish(self) -> (T, String) {
        (self.inner, hex(&self.digest.finalize()))
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.digest.update(&buffer[..read]);
        Ok(read)
    }
}
