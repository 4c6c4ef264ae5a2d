//! Credentials as texts: a form that never prints itself, and the mask over them in texts from outside.

use super::encoded;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A text that shows itself as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Shorter texts are not secrets, and masking them would hide half of a message.
const SHORTEST: usize = 4;

/// The text with every secret in it replaced by `***`: as it is, and as URLs, forms, JSON, HTML, hex and base64 write it.
pub fn masked(text: &str, secrets: &[&str]) -> String {
    let mut forms: Vec<String> =
        secrets.iter().filter(|secret| secret.len() >= SHORTEST).flat_map(|secret| forms(secret)).collect();
    // A longer form may hold a shorter one.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    let mut text = text.to_owned();
    for form in forms {
        if text.contains(&form) {
            text = text.replace(&form, "***");
        }
    }
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
        text = encoded::masked(&text, secret).unwrap_or(text);
    }
    text
}

/// What this process must not show.
struct Known {
    secrets: Vec<String>,
    /// Every form of every secret, the longest first.
    forms: Vec<String>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known { secrets: Vec::new(), forms: Vec::new() });

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a secret known to [`masked_everywhere`]: a credential, or the header that is made of one. Whoever reads credentials calls it.
pub fn know(secret: &str) {
    if secret.len() < SHORTEST {
        return;
    }
    let mut known = known();
    if known.secrets.iter().any(|known| known == secret) {
        return;
    }
    known.secrets.push(secret.to_owned());
    known.forms.extend(forms(secret));
    // A longer form may hold a shorter one.
    known.forms.sort_by(|one, other| (other.len(), one).cmp(&(one.len(), other)));
    known.forms.dedup();
}

/// Forgets every secret: a proof that reads a million answers would know as many tokens.
#[cfg(feature = "proofs")]
pub fn forget_all() {
    let mut known = known();
    known.secrets.clear();
    known.forms.clear();
}

/// The variables that hold secrets, whichever command runs: ours, and those that GitHub gives to every step.
const VARIABLES: [&str; 9] = [
    "ZENDESK_OAUTH_CLIENT_SECRET",
    "ZENDESK_OAUTH_TOKEN",
    "ZENDESK_EMAIL",
    "ZENDESK_API_TOKEN",
    "SALESFORCE_CLIENT_SECRET",
    "SALESFORCE_ACCESS_TOKEN",
    "GITHUB_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
];

/// Makes every secret of the environment known: a command may print one that it never uses.
pub fn know_all_of(env: &dyn Fn(&str) -> Option<String>) {
    for value in VARIABLES.iter().filter_map(|name| env(name)) {
        know(value.trim());
    }
    if let (Some(email), Some(token)) = (env("ZENDESK_EMAIL"), env("ZENDESK_API_TOKEN")) {
        know(&STANDARD.encode(format!("{}/token:{}", email.trim(), token.trim())));
    }
}

/// The text without any secret of this process, however it is written.
pub fn masked_everywhere(text: &str) -> String {
    let known = known();
    let mut text = text.to_owned();
    for form in &known.forms {
        if text.contains(form.as_str()) {
            text = text.replace(form, "***");
        }
    }
    for secret in &known.secrets {
        text = encoded::masked(&text, secret).unwrap_or(text);
    }
    text
}

/// How a secret may be written.
fn forms(secret: &str) -> Vec<String> {
    let percent = |keeps: &dyn Fn(u8) -> bool, space: &str, upper: bool| {
        let mut out = String::new();
        for byte in secret.bytes() {
            match byte {
                b' ' if !keeps(b' ') => out.push_str(space),
                byte if keeps(byte) => out.push(char::from(byte)),
                // Writing to a string cannot fail.
                byte if upper => drop(write!(out, "%{byte:02X}")),
                byte => drop(write!(out, "%{byte:02x}")),
            }
        }
        out
    };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let form_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte);
    let hex: String = secret.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let mut forms = vec![
        percent(&unreserved, "%20", true),
        percent(&unreserved, "%20", false),
        percent(&form_safe, "+", true),
        percent(&form_safe, "+", false),
        hex.to_uppercase(),
        hex,
        html.replace('\'', "&#39;"),
        html,
        json.replace('/', "\\/"),
        json,
        secret.to_owned(),
    ];
    // In base64 the letters depend on how many bytes stand before; those that a neighbor shares are left out.
    for before in 0..3 {
        let bytes = [&[0; 2][..before], secret.as_bytes()].concat();
        let letters = |text: String| {
            let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            text.get(from..to).filter(|form| form.len() >= SHORTEST).map(str::to_owned)
        };
        forms.extend(letters(STANDARD_NO_PAD.encode(&bytes)));
        forms.extend(letters(URL_SAFE_NO_PAD.encode(&bytes)));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_however_it_is_written() {
        let secret = "00D!aB+c/d=\"é&<";
        let basic = |user: &str, tail: &str| STANDARD_NO_PAD.encode(format!("{user}{secret}{tail}"));
        for written in [
            secret.to_owned(),
            "00D%21aB%2Bc%2Fd%3D%22%C3%A9%26%3C".to_owned(),
            "00D%21aB%2bc%2fd%3d%22%c3%a9%26%3c".to_owned(),
            "00D!aB+c/d=&quot;é&amp;&lt;".to_owned(),
            "00D!aB+c/d=\\\"é&<".to_owned(),
            "00D!aB+c\\/d=\\\"é&<".to_owned(),
            "30304421".to_owned() + "61422b632f643d22c3a9263c",
            "00D!aB&#43;c&#x2F;d&#x3D;&#34;é&#38;&#60;".to_owned(),
            "00D\\u0021aB\\u002bc\\u002fd\\u003d\\u0022\\u00e9\\u0026\\u003c".to_owned(),
            "00D%2521aB%252Bc%252Fd%253D%2522%25C3%25A9%2526%253C".to_owned(),
        ] {
            assert_eq!(masked(&format!("<{written}>"), &[secret]), "<***>");
        }
        for user in ["", "a", "ab", "abc:", "client:"] {
            let written = basic(user, "!");
            let shown = masked(&written, &[secret]);
            assert!(shown.contains("***") && shown.len() < written.len() / 2 + 8, "{written}: {shown}");
        }
        assert_eq!(masked("two words+here", &["two words"]), "***+here");
        assert_eq!(masked("two+words", &["two words"]), "***");
        assert_eq!(masked("read the text", &["re", ""]), "read the text", "too short to be a secret");
    }

    #[test]
    fn a_known_secret_is_masked_everywhere() {
        let text = "a page that shows kn0wn-s3cret+, and kn0wn-s3cret%2B";
        assert_eq!(masked_everywhere(text), text);
        know("kn0wn-s3cret+");
        know("abc");
        assert_eq!(masked_everywhere(text), "a page that shows ***, and ***");
        assert_eq!(masked_everywhere("abc"), "abc", "too short to be a secret");
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?} {:#?}", Secret::new("s3cret"), Some(Secret::new("s3cret"))), "*** Some(\n    ***,\n)");
    }
}
