//! What another system said in an error answer, in a form that is safe to show.

use super::secret::{masked, masked_everywhere};
use serde_json::Value;

/// How much of a text is shown.
const LONGEST: usize = 200;
/// How much is shown of what is said about a query.
const LONGEST_OF_QUERY: usize = 600;

/// The code and the short text of an error answer, in a form that is safe to print: control characters visible, e-mail
/// addresses and known secrets hidden, 200 characters at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub code: Option<String>,
    pub text: Option<String>,
}

impl Said {
    /// Reads an error body in any of the shapes that Zendesk, Salesforce and what stands before them use.
    pub fn of(body: &[u8], secrets: &[&str]) -> Self {
        Self::up_to(LONGEST, body, secrets)
    }

    /// The same with room for what Salesforce says of a query: it quotes the query, and the mistake comes last. Its line breaks
    /// and indents become spaces.
    pub fn of_query(body: &[u8], secrets: &[&str]) -> Self {
        let Self { code, text } = Self::up_to(usize::MAX, body, secrets);
        let words = |text: String| text.split("\\n").flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        let text = text.map(words).map(|text| match text.char_indices().nth_back(LONGEST_OF_QUERY) {
            Some((cut, _)) => format!("…{}", &text[cut..]),
            None => text,
        });
        Self { code, text }
    }

    fn up_to(longest: usize, body: &[u8], secrets: &[&str]) -> Self {
        let (code, text) = match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(fields)) => codes_of(&fields),
            // `[{"message":…,"errorCode":…}]`
            Ok(Value::Array(errors)) => match errors.first() {
                Some(error) => (first(error, &["errorCode"]), first(error, &["message"])),
                None => (None, None),
            },
            Ok(_) => (None, None),
            Err(_) => (None, text_of_page(&String::from_utf8_lossy(body))),
        };
        let safe = |text: String| Some(shown(&text, secrets, longest)).filter(|text| !text.is_empty());
        Self { code: code.and_then(safe), text: text.and_then(safe) }
    }
}

/// For the end of a message that has named the status: " CODE (text)", or nothing.
impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.code, &self.text) {
            (None, None) => Ok(()),
            (Some(code), None) => write!(f, " {code}"),
            (None, Some(text)) => write!(f, " ({text})"),
            (Some(code), Some(text)) => write!(f, " {code} ({text})"),
        }
    }
}

/// Code and text of `{"error":code,"description":…}`, `{"error":{"title","message"}}`, `{"errors":[{"code","title","detail"}]}` and
/// OAuth's `{"error","error_description"}`.
fn codes_of(fields: &serde_json::Map<String, Value>) -> (Option<String>, Option<String>) {
    let whole = Value::Object(fields.clone());
    if let Some(error) = fields.get("errors").and_then(|errors| errors.get(0)) {
        return (first(error, &["code"]), first(error, &["detail", "title"]));
    }
    match fields.get("error") {
        Some(error @ Value::Object(_)) => (first(error, &["title"]), first(error, &["message"])),
        Some(Value::String(code)) => (Some(code.clone()), first(&whole, &["description", "error_description"])),
        _ => (None, first(&whole, &["description", "message"])),
    }
}

/// The first of these members that is a text.
fn first(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| value.get(key)?.as_str().map(str::to_owned))
}

/// A plain sentence as it is; of an HTML page only its title.
fn text_of_page(body: &str) -> Option<String> {
    let body = body.trim();
    if !body.starts_with('<') {
        return Some(body.to_owned());
    }
    let from = body.find("<title>").map(|at| at + "<title>".len());
    let title = from.and_then(|from| body[from..].split('<').next()).map(str::trim);
    Some(title.filter(|title| !title.is_empty()).unwrap_or("an HTML page").to_owned())
}

/// Text from outside as one harmless line of at most 200 characters.
pub fn visible(text: &str, secrets: &[&str]) -> String {
    shown(text, secrets, LONGEST)
}

fn shown(text: &str, secrets: &[&str], longest: usize) -> String {
    let text = masked_everywhere(&masked(text, secrets));
    let words = text.split(' ').map(|word| if word.contains('@') { "***" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    let mut shown = String::new();
    for (count, c) in line.chars().enumerate() {
        if count == longest {
            shown.push('…');
            break;
        }
        if c.is_control() || is_invisible(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// Characters that reorder or hide what stands around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        Said::of(body.as_bytes(), &["s3cret-token"]).to_string()
    }

    #[test]
    fn every_shape_of_an_error_yields_code_and_text() {
        let shapes = [
            (
                r#"{"error":"RecordInvalid","description":"Record errors","details":{}}"#,
                " RecordInvalid (Record errors)",
            ),
            (r#"{"error":"Couldn't authenticate you"}"#, " Couldn't authenticate you"),
            (r#"{"error":{"title":"Forbidden","message":"Not on this plan"}}"#, " Forbidden (Not on this plan)"),
            (
                r#"{"errors":[{"code":"TooManyRequests","title":"Slow","detail":"Too many"}]}"#,
                " TooManyRequests (Too many)",
            ),
            (
                r#"{"errors":[{"code":"InvalidPaginationDepth","title":"Too deep"}]}"#,
                " InvalidPaginationDepth (Too deep)",
            ),
            (r#"{"error":"invalid_client","error_description":"Unknown client"}"#, " invalid_client (Unknown client)"),
            (
                "Number of allowed API requests per minute exceeded",
                " (Number of allowed API requests per minute exceeded)",
            ),
            ("<!DOCTYPE html><html><head><title> Down </title></head>", " (Down)"),
            ("<html><body>gone</body></html>", " (an HTML page)"),
            (r#"{"description":"Denied"}"#, " (Denied)"),
            (
                r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#,
                " INVALID_SESSION_ID (Session expired or invalid)",
            ),
            ("[]", ""),
            ("[1]", ""),
            ("", ""),
        ];
        for (body, expected) in shapes {
            assert_eq!(said(body), expected, "{body}");
        }
    }

    #[test]
    fn of_a_long_refused_query_the_end_is_shown() {
        let said = |message: &str| {
            let body = serde_json::json!([{"message": message, "errorCode": "INVALID_FIELD"}]).to_string();
            Said::of_query(body.as_bytes(), &["s3cret-token"]).to_string()
        };
        let message = "\nSELECT Id, Nme FROM Account\n           ^\nERROR at Row:1:Column:12\nNo such column 'Nme'";
        let line = " INVALID_FIELD (SELECT Id, Nme FROM Account ^ ERROR at Row:1:Column:12 No such column 'Nme')";
        assert_eq!(said(message), line);
        let long = said(&format!("{} s3cret-token {message}", "é".repeat(1000)));
        assert!(long.starts_with(" INVALID_FIELD (…") && long.ends_with("No such column 'Nme')"), "{long}");
        assert!(long.contains("***") && long.chars().count() < 640);
    }

    #[test]
    fn what_is_shown_of_a_body_is_safe() {
        assert_eq!(said("token s3cret-token of jo@acme.com"), " (token *** of ***)");
        assert_eq!(said("red \u{1b}[31m\u{202e}\n"), " (red \\u{1b}[31m\\u{202e})");
        let long = said(&"x".repeat(1000));
        assert_eq!(long.chars().filter(|c| *c == 'x').count(), 200);
        assert!(long.ends_with("…)"));
    }
}
