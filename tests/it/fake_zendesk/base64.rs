//! Base64 of texts, for credentials and cursors.

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

/// Encodes a text.
pub fn encode(text: &str) -> String {
    STANDARD.encode(text)
}

/// Decodes a text; `None` when it is not base64 of UTF-8.
pub fn decode(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}
