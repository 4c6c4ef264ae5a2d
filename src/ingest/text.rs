//! Texts of records in one buffer, each with its length before it.

/// In front of a text that is null.
const NULL: u32 = u32::MAX;

pub(super) fn put_text(into: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => into.extend(NULL.to_le_bytes()),
        Some(text) => {
            into.extend((text.len() as u32).to_le_bytes());
            into.extend(text.as_bytes());
        }
    }
}

/// The texts that `put_text` wrote one after the other, from here on.
pub(super) fn texts(from: &[u8], mut at: usize) -> impl Iterator<Item = Option<&str>> {
    std::iter::from_fn(move || {
        let (text, next) = get_text(from, at);
        at = next;
        Some(text)
    })
}

/// Reads a text that `put_text` wrote, and where the next one begins.
pub(super) fn get_text(from: &[u8], at: usize) -> (Option<&str>, usize) {
    let start = at + 4;
    let length = u32::from_le_bytes(from[at..start].try_into().unwrap_or_default());
    if length == NULL {
        return (None, start);
    }
    let end = start + length as usize;
    (std::str::from_utf8(&from[start..end]).ok(), end)
}
