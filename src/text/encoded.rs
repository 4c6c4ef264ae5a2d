//! Finds a text however its characters are written: each as it is, or as URLs, JSON, HTML and programs write it, once or twice over.
//!
//! Left out: encodings of the text as a whole, such as base64 and hex (`secret`).

/// The names that HTML has for characters of credentials.
const NAMES: [(&str, char); 20] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("plus", '+'),
    ("equals", '='),
    ("sol", '/'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("semi", ';'),
    ("commat", '@'),
    ("excl", '!'),
    ("num", '#'),
    ("percnt", '%'),
    ("dollar", '$'),
    ("ast", '*'),
    ("lowbar", '_'),
    ("period", '.'),
    ("quest", '?'),
];

/// The text with every occurrence of `secret` replaced by `***`; `None` where there is none.
pub(super) fn masked(text: &str, secret: &str) -> Option<String> {
    let first = secret.chars().next()?;
    let mut masked = String::new();
    // Up to where the text is copied, and where it is looked at.
    let (mut copied, mut at) = (0, 0);
    while at < text.len() {
        let byte = text.as_bytes()[at];
        let may_begin =
            byte == secret.as_bytes()[0] || matches!(byte, b'%' | b'\\' | b'&') || first == ' ' && byte == b'+';
        let length = if may_begin && text.is_char_boundary(at) { length_of(&text[at..], secret) } else { None };
        match length {
            Some(length) => {
                masked.push_str(&text[copied..at]);
                masked.push_str("***");
                at += length;
                copied = at;
            }
            None => at += 1,
        }
    }
    if copied == 0 && masked.is_empty() {
        return None;
    }
    masked.push_str(&text[copied..]);
    Some(masked)
}

/// How long the secret is that the text begins with.
fn length_of(text: &str, secret: &str) -> Option<usize> {
    // Every length that the characters so far may have taken: `\\` is one backslash or two.
    let mut ends = vec![0];
    for c in secret.chars() {
        let mut next: Vec<usize> =
            ends.iter().flat_map(|end| lengths(&text[*end..], c).into_iter().map(move |length| end + length)).collect();
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.pop()
}

/// The lengths of all the forms of a character that the text begins with.
fn lengths(text: &str, c: char) -> Vec<usize> {
    let mut lengths = Vec::new();
    if text.starts_with(c) || c == ' ' && text.starts_with('+') {
        lengths.push(1.max(if text.starts_with(c) { c.len_utf8() } else { 1 }));
    }
    match text.as_bytes().first() {
        Some(b'%') => lengths.extend(percent(text, c)),
        Some(b'\\') => {
            if c == '\\' && text.starts_with("\\\\") {
                lengths.push(2);
            }
            lengths.extend(escaped(text, c));
        }
        Some(b'&') => lengths.extend(entity(text, c)),
        _ => {}
    }
    lengths
}

/// `%2B` for each byte; `%252B` where that was encoded again.
fn percent(text: &str, c: char) -> Option<usize> {
    let mut rest = text;
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        rest = rest.strip_prefix('%')?;
        while let Some(again) = rest.strip_prefix("25").filter(|again| starts_with_hex(again)) {
            rest = again;
        }
        let (hex, after) = rest.split_at_checked(2)?;
        (u8::from_str_radix(hex, 16) == Ok(byte)).then_some(())?;
        rest = after;
    }
    Some(text.len() - rest.len())
}

fn starts_with_hex(text: &str) -> bool {
    text.len() >= 2 && text.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
}

/// `\"`, `\/`, `\u002b`, `\u{2b}` and `\x2b`, and with more backslashes where that was escaped again.
fn escaped(text: &str, c: char) -> Option<usize> {
    let rest = text.trim_start_matches('\\');
    let used = |rest: &str| Some(text.len() - rest.len());
    if let Some(after) = rest.strip_prefix(c)
        && !c.is_alphanumeric()
    {
        return used(after);
    }
    let number = |hex: &str| u32::from_str_radix(hex, 16).ok();
    if let Some((hex, after)) = rest.strip_prefix("u{").and_then(|rest| rest.split_once('}')) {
        return (number(hex) == Some(c.into())).then(|| used(after)).flatten();
    }
    if let Some((hex, after)) = rest.strip_prefix('x').and_then(|rest| rest.split_at_checked(2)) {
        return (number(hex) == Some(c.into())).then(|| used(after)).flatten();
    }
    let mut rest = rest;
    for (at, unit) in c.encode_utf16(&mut [0; 2]).iter().enumerate() {
        let unescaped = if at == 0 { rest } else { rest.trim_start_matches('\\') };
        let (hex, after) = unescaped.strip_prefix('u')?.split_at_checked(4)?;
        (number(hex) == Some(u32::from(*unit))).then_some(())?;
        rest = after;
    }
    used(rest)
}

/// `&#43;`, `&#x2b;` and `&plus;`; `&amp;#43;` where that was encoded again.
fn entity(text: &str, c: char) -> Vec<usize> {
    let mut lengths = Vec::new();
    let Some(mut rest) = text.strip_prefix('&') else { return lengths };
    loop {
        if let Some(after) = named_or_numbered(rest, c) {
            lengths.push(text.len() - after.len());
        }
        match rest.strip_prefix("amp;") {
            Some(again) => rest = again,
            None => return lengths,
        }
    }
}

/// What follows an entity of this character, its `&` left out.
fn named_or_numbered(rest: &str, c: char) -> Option<&str> {
    let Some(number) = rest.strip_prefix('#') else {
        let (name, after) = rest.split_once(';')?;
        return NAMES.contains(&(name, c)).then_some(after);
    };
    let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |hex| (hex, 16));
    let after = digits.trim_start_matches(|c: char| c.is_digit(radix));
    let is_it = u32::from_str_radix(&digits[..digits.len() - after.len()], radix) == Ok(c.into());
    is_it.then(|| after.strip_prefix(';').unwrap_or(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "aB+/=\"'\\<é&😀 z";

    /// The secret with each character written by `write`.
    fn written(write: impl Fn(char) -> String) -> String {
        SECRET.chars().map(write).collect()
    }

    #[test]
    fn a_secret_is_found_however_its_characters_are_written() {
        let percent =
            |c: char| c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let units =
            |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect::<String>();
        let named = |c: char| match NAMES.iter().find(|(_, named)| *named == c) {
            Some((name, _)) => format!("&{name};"),
            None => c.to_string(),
        };
        let sparse = |c: char, full: String| if c.is_ascii_alphanumeric() { c.to_string() } else { full };
        for text in [
            written(|c| c.to_string()),
            written(percent),
            written(|c| percent(c).to_lowercase()),
            written(|c| sparse(c, percent(c))),
            written(|c| if c == ' ' { "+".to_owned() } else { sparse(c, percent(c)) }),
            written(|c| percent(c).replace('%', "%25")),
            written(units),
            written(|c| units(c).to_lowercase()),
            written(|c| sparse(c, units(c))),
            written(|c| units(c).replace('\\', "\\\\")),
            written(|c| format!("\\u{{{:x}}}", u32::from(c))),
            written(|c| format!("&#{};", u32::from(c))),
            written(|c| format!("&#x{:X};", u32::from(c))),
            written(|c| format!("&#x00{:x};", u32::from(c))),
            written(|c| sparse(c, format!("&amp;#{};", u32::from(c)))),
            written(named),
            serde_json::Value::from(SECRET).to_string().trim_matches('"').to_owned() + "",
            serde_json::Value::from(SECRET).to_string().replace('/', "\\/"),
            format!("{SECRET:?}"),
        ] {
            let shown = masked(&format!("<{text}>"), SECRET).unwrap_or_default();
            assert!(shown == "<***>" || shown == "<\"***\">" || shown == "<***\\\">", "{text}: {shown}");
        }
    }

    #[test]
    fn another_text_is_left_alone() {
        for text in
            ["", "aB", "aB+/=", "%61B", "\\u0061", "&#97;", "&amp;", "%", "\\", "&", "%2", "\\u00", "&#", "éé😀", "\\x"]
        {
            assert_eq!(masked(text, SECRET), None, "{text}");
        }
        assert_eq!(masked("100% of 100%25", "s3cret"), None);
        assert_eq!(masked("s3cret, s3cret", "s3cret").as_deref(), Some("***, ***"));
        assert_eq!(masked("ss3cret", "s3cret").as_deref(), Some("s***"));
    }
}
