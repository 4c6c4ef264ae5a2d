//! Salesforce ids: the 15- and the 18-character form of the same record, and the key that makes them equal.
//!
//! Source: contract 4.1. The three check characters of the 18-character form encode which of the first 15 are upper case.

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
    let text = text.trim();
    salesforce_18(text).unwrap_or_else(|| text.to_ascii_lowercase())
}

/// What is written to Zendesk for an id: the 18-character form of a Salesforce id, else the trimmed text itself.
pub fn external_id_for(text: &str) -> String {
    let text = text.trim();
    salesforce_18(text).unwrap_or_else(|| text.to_owned())
}

fn salesforce_18(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let full = match bytes.len() {
        15 if alphanumeric(bytes) => {
            let mut full = bytes.to_vec();
            full.extend(check_of(bytes));
            full
        }
        18 if alphanumeric(bytes) => expand_18(bytes)?,
        _ => return None,
    };
    String::from_utf8(full).ok()
}

fn alphanumeric(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// The three check characters of 15 characters.
fn check_of(fifteen: &[u8]) -> impl Iterator<Item = u8> + '_ {
    fifteen.chunks(5).map(|group| {
        let bits =
            group.iter().enumerate().filter(|(_, c)| c.is_ascii_uppercase()).fold(0, |bits, (i, _)| bits | 1 << i);
        CHECK[bits]
    })
}

/// The 18 characters with the case that the check demands; `None` when the check is not valid for them.
fn expand_18(bytes: &[u8]) -> Option<Vec<u8>> {
    let (fifteen, check) = bytes.split_at(15);
    let mut full = Vec::with_capacity(18);
    for (group, c) in fifteen.chunks(5).zip(check) {
        let bits = CHECK.iter().position(|x| *x == c.to_ascii_uppercase())?;
        for (i, c) in group.iter().enumerate() {
            match (bits >> i & 1 == 1, c.is_ascii_alphabetic()) {
                (true, true) => full.push(c.to_ascii_uppercase()),
                (true, false) => return None,
                (false, _) => full.push(c.to_ascii_lowercase()),
            }
        }
    }
    full.extend(check.iter().map(u8::to_ascii_uppercase));
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
