//! The forms in which a secret may come out, written and found without the program's own code.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE_NO_PAD};

/// One text that holds these secrets in every form that an answer may give them.
pub fn every_form(secrets: &[&str]) -> String {
    let mut said = String::new();
    for secret in secrets {
        for form in [
            (*secret).to_owned(),
            STANDARD.encode(secret),
            STANDARD.encode(format!("x{secret}")),
            URL_SAFE_NO_PAD.encode(format!("xy{secret}")),
            // As the header of an API token.
            STANDARD.encode(format!("admin@fake.example/token:{secret}")),
            percent(secret, true),
            percent(secret, false),
            html(secret),
            json(secret),
            hex(secret),
            hex(secret).to_uppercase(),
        ] {
            said += &form;
            // Words with an `@` are hidden anyway; these are not.
            said.push(' ');
        }
    }
    said
}

fn percent(secret: &str, upper: bool) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if upper => format!("%{byte:02X}"),
        byte => format!("%{byte:02x}"),
    };
    secret.bytes().map(encoded).collect()
}

fn html(secret: &str) -> String {
    let mut html = secret.replace('&', "&amp;");
    for (c, entity) in [('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")] {
        html = html.replace(c, entity);
    }
    html
}

fn json(secret: &str) -> String {
    serde_json::Value::from(secret).to_string().trim_matches('"').to_owned()
}

fn hex(secret: &str) -> String {
    secret.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The secrets that are in these bytes, each with the form.
pub fn found(bytes: &[u8], secrets: &[&str]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut readings =
        vec![("plain", text.to_string()), ("percent", percent_decoded(&text)), ("HTML", html_decoded(&text))];
    readings.push(("JSON", json_decoded(&text)));
    readings.extend(base64_decoded(&text).into_iter().map(|decoded| ("base64", decoded)));
    readings.extend(hex_decoded(&text).into_iter().map(|decoded| ("hex", decoded)));
    let mut found = vec![];
    for secret in secrets {
        for (form, reading) in &readings {
            if reading.contains(secret) {
                found.push(format!("{secret} ({form})"));
            }
        }
    }
    found
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = vec![];
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code.filter(|_| bytes[at] == b'%') {
            Some(code) => {
                decoded.push(code);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn html_decoded(text: &str) -> String {
    let mut decoded = text.to_owned();
    for (entity, c) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        decoded = decoded.replace(entity, c);
    }
    decoded
}

/// What JSON, and Rust, make of quotes and backslashes.
fn json_decoded(text: &str) -> String {
    text.replace("\\/", "/").replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\")
}

/// Every run of characters of base64, read from each of its first four.
fn base64_decoded(text: &str) -> Vec<String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let mut decoded = vec![];
    for run in text.split(|c: char| !is_part(c)).filter(|run| run.len() >= 12) {
        let run = run.replace('-', "+").replace('_', "/");
        for from in 0..4 {
            let whole = &run[from..];
            let whole = if whole.len() % 4 == 1 { &whole[..whole.len() - 1] } else { whole };
            decoded.extend(engine.decode(whole).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    decoded
}

fn hex_decoded(text: &str) -> Vec<String> {
    let mut decoded = vec![];
    for run in text.split(|c: char| !c.is_ascii_hexdigit()).filter(|run| run.len() >= 16) {
        for from in 0..2 {
            let pairs = run.as_bytes()[from..].chunks_exact(2);
            let bytes: Vec<u8> = pairs
                .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).ok())
                .collect();
            decoded.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    decoded
}

#[test]
fn every_form_is_found() {
    let secret = "cAn4ry<&\">'+/\\%=x";
    for form in every_form(&[secret]).split(' ').filter(|form| !form.is_empty()) {
        assert!(!found(format!("error: {form}, and more").as_bytes(), &[secret]).is_empty(), "{form}");
    }
    assert!(found(b"nothing of it: cAn4ry", &[secret]).is_empty());
}
