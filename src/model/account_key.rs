//! Salesforce ids: the 15- and the 18-character form of the same record, and the key that makes them equal.
//!
//! Source: rules 4.1. The three check characters of the 18-character form encode which of the first 15 are upper case.

use std::borrow::Cow;

/// The alphabet of the check characters, indexed by five bits.
const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// What a trimmed id text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdForm {
    /// 15 letters and digits.
    Salesforce15,
    /// 18 letters and digits whose check is right.
    Salesforce18,
    /// 18 letters and digits whose check is wrong: compared as plain text.
    WrongCheck,
    /// Anything else: compared as plain text.
    Opaque,
}

/// Tells which form the trimmed `text` has.
pub fn form(text: &str) -> IdForm {
    let bytes = text.as_bytes();
    match bytes.len() {
        15 if alphanumeric(bytes) => IdForm::Salesforce15,
        18 if alphanumeric(bytes) && expand_18(bytes).is_some() => IdForm::Salesforce18,
        18 if alphanumeric(bytes) => IdForm::WrongCheck,
        _ => IdForm::Opaque,
    }
}

/// The account key of an id: two ids name the same account when their keys are equal.
///
/// White space around the text does not count. Salesforce ids give their 18-character form, any other text itself in ASCII lower case.
pub fn account_key(text: &str) -> String {
    key_of(text).into_owned()
}

/// The same, without a copy where the id is spelled as its key.
pub fn key_of(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    match salesforce_18(text) {
        Some(full) => spelled(text, full),
        None if text.bytes().any(|c| c.is_ascii_uppercase()) => Cow::Owned(text.to_ascii_lowercase()),
        None => Cow::Borrowed(text),
    }
}

/// What is written to Zendesk for an id: the 18-character form of a Salesforce id, else the trimmed text itself.
pub fn external_id_for(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    salesforce_18(text).map_or(Cow::Borrowed(text), |full| spelled(text, full))
}

fn spelled(text: &str, full: [u8; 18]) -> Cow<'_, str> {
    if text.as_bytes() == full { Cow::Borrowed(text) } else { Cow::Owned(full.into_iter().map(char::from).collect()) }
}

/// The 18-character form, in ASCII; `None` when the text is no Salesforce id.
fn salesforce_18(text: &str) -> Option<[u8; 18]> {
    match text.as_bytes() {
        bytes if !alphanumeric(bytes) => None,
        bytes => match bytes.len() {
            15 => {
                let mut full = [0; 18];
                let (fifteen, check) = full.split_at_mut(15);
                fifteen.copy_from_slice(bytes);
                check.copy_from_slice(&check_of(bytes));
                Some(full)
            }
            18 => expand_18(bytes),
            _ => None,
        },
    }
}

fn alphanumeric(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// The three check characters of 15 characters.
fn check_of(fifteen: &[u8]) -> [u8; 3] {
    let mut check = [0; 3];
    for (check, group) in check.iter_mut().zip(fifteen.chunks(5)) {
        let capitals = group.iter().enumerate().filter(|(_, c)| c.is_ascii_uppercase());
        *check = CHECK[capitals.fold(0, |bits, (i, _)| bits | 1 << i)];
    }
    check
}

/// The 18 characters with the case that the check demands; `None` when the check is not valid for them.
fn expand_18(bytes: &[u8]) -> Option<[u8; 18]> {
    let mut full = [0; 18];
    let (fifteen, check) = full.split_at_mut(15);
    for (check, c) in check.iter_mut().zip(&bytes[15..]) {
        *check = c.to_ascii_uppercase();
    }
    for ((group, from), check) in fifteen.chunks_mut(5).zip(bytes.chunks(5)).zip(check) {
        let bits = CHECK.iter().position(|x| x == check)?;
        for (i, (full, c)) in group.iter_mut().zip(from).enumerate() {
            *full = match (bits >> i & 1 == 1, c.is_ascii_alphabetic()) {
                (true, true) => c.to_ascii_uppercase(),
                (true, false) => return None,
                (false, _) => c.to_ascii_lowercase(),
            };
        }
    }
    Some(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_salesforce_id_have_one_key() {
        assert_eq!(account_key("0015g00000AbCdE"), "0015g00000AbCdEAAV");
        assert_eq!(account_key(" 0015g00000AbCdEAAV "), "0015g00000AbCdEAAV");
    }

    #[test]
    fn a_mangled_case_is_restored_from_the_check() {
        assert_eq!(account_key("0015G00000ABCDEAAV"), "0015g00000AbCdEAAV");
        assert_eq!(account_key("0015g00000abcdeaav"), "0015g00000AbCdEAAV");
    }

    #[test]
    fn ids_that_differ_only_in_case_are_two_accounts() {
        assert_ne!(account_key("0015g00000AbCdE"), account_key("0015g00000abcde"));
    }

    #[test]
    fn a_check_that_flags_a_digit_is_wrong() {
        assert_eq!(form("0015g00000AbCdEAAV"), IdForm::Salesforce18);
        assert_eq!(form("0015g00000AbCdEBAV"), IdForm::WrongCheck);
        assert_eq!(form("0015g00000AbCdE9AV"), IdForm::WrongCheck);
        assert_eq!(account_key("0015g00000AbCdEBAV"), "0015g00000abcdebav");
        assert_eq!(external_id_for("0015g00000AbCdEBAV"), "0015g00000AbCdEBAV");
    }

    #[test]
    fn other_texts_are_compared_without_case_and_written_as_they_are() {
        assert_eq!(account_key("001ACME001"), "001acme001");
        assert_eq!(external_id_for(" 001ACME001"), "001ACME001");
        assert_eq!(form("001ACME001"), IdForm::Opaque);
        assert_eq!(account_key("ÄB"), "Äb");
    }
}
