//! Account ids as exports and spreadsheets give them: wrapped, spoiled, of another object, or doubtful (rules 3).

use super::problems::Rule;
use crate::model::account_key::{self, IdForm};
use crate::text::escape::{is_invisible, without_local_part};

/// The objects whose ids are most often exported in the place of accounts', by the beginning of their ids.
const OTHER_OBJECTS: [(&str, &str); 7] = [
    ("003", "a contact"),
    ("005", "a user"),
    ("006", "an opportunity"),
    ("00D", "an organization of Salesforce"),
    ("00O", "a report"),
    ("00Q", "a lead"),
    ("500", "a case"),
];
/// How the ids of accounts begin.
const ACCOUNT: &str = "001";
/// So many letters of one case are no chance.
const LETTERS_OF_ONE_CASE: usize = 4;

/// Takes off what protects an id from a spreadsheet: a leading `'`, or `="…"` around it. `None`: the trimmed id has neither.
pub(super) fn unwrapped(id: &str) -> Option<&str> {
    id.strip_prefix('\'').or_else(|| id.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')))
}

/// Why an id, trimmed and unwrapped, cannot be an account's.
pub(super) fn spoiled(id: &str) -> Option<(Rule, String)> {
    let shown = without_local_part(id);
    if id.is_empty() {
        return Some((Rule::BlankId, "`sf_account_id` is blank".to_owned()));
    }
    if let Some(c) = id.chars().find(|c| c.is_whitespace() || c.is_control() || is_invisible(*c)) {
        let kind = match c {
            _ if c.is_whitespace() => "white space",
            _ if c.is_control() => "a control character",
            _ => "an invisible character",
        };
        return Some((Rule::IdNotPlain, format!("the id `{shown}` contains {kind} (U+{:04X})", c as u32)));
    }
    if is_spreadsheet_number(id) {
        let text = format!("the id `{shown}` is a number from a spreadsheet, not an id");
        return Some((Rule::IdIsNumber, text));
    }
    let form = account_key::form(id);
    if !is_salesforce(form) {
        return None;
    }
    let key = account_key::key_of(id);
    let (_, object) = OTHER_OBJECTS.into_iter().find(|(prefix, _)| key.starts_with(prefix))?;
    Some((Rule::IdOfOtherObject, format!("`{shown}` is the id of {object}, not of an account")))
}

/// Whether a text, trimmed and unwrapped, has the form of a Salesforce id.
pub(super) fn has_salesforce_form(text: &str) -> bool {
    let text = text.trim();
    is_salesforce(account_key::form(unwrapped(text).unwrap_or(text)))
}

fn is_salesforce(form: IdForm) -> bool {
    matches!(form, IdForm::Salesforce15 | IdForm::Salesforce18)
}

/// `[0-9]([.,][0-9]+)?[eE][+-][0-9]+`
fn is_spreadsheet_number(id: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let Some((mantissa, exponent)) = id.split_once(['e', 'E']) else { return false };
    let is_mantissa = match mantissa.split_once(['.', ',']) {
        None => mantissa.len() == 1 && digits(mantissa),
        Some((whole, fraction)) => whole.len() == 1 && digits(whole) && digits(fraction),
    };
    is_mantissa && exponent.strip_prefix(['+', '-']).is_some_and(digits)
}

/// Whether a tool has probably lost the case of an id of 15 characters: all of four or more letters are of one case.
pub(super) fn has_lost_its_case(id: &str) -> bool {
    if account_key::form(id) != IdForm::Salesforce15 || !id.starts_with(ACCOUNT) {
        return false;
    }
    let letters: Vec<u8> = id.bytes().skip(ACCOUNT.len()).filter(u8::is_ascii_alphabetic).collect();
    let of_one_case = letters.iter().all(u8::is_ascii_uppercase) || letters.iter().all(u8::is_ascii_lowercase);
    letters.len() >= LETTERS_OF_ONE_CASE && of_one_case
}

/// Whether an id of 18 characters looks like an account's, but its check is wrong.
pub(super) fn has_wrong_check(id: &str) -> bool {
    account_key::form(id) == IdForm::WrongCheck
}

/// Whether the record of an id is in doubt, so that the id is never written.
pub(super) fn is_doubtful(id: &str) -> bool {
    has_lost_its_case(id) || has_wrong_check(id) && id.starts_with(ACCOUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapper_is_taken_off_once() {
        for (id, inside) in [
            ("'001A", Some("001A")),
            ("''001A", Some("'001A")),
            ("=\"001A\"", Some("001A")),
            ("=\"'001A\"", Some("'001A")),
            ("' 001A", Some(" 001A")),
            ("'", Some("")),
            ("=\"\"", Some("")),
            ("=\"", None),
            ("=001A", None),
            ("001A'", None),
            ("\"001A\"", None),
        ] {
            assert_eq!(unwrapped(id), inside, "{id}");
        }
    }

    #[test]
    fn spoiled_ids_are_told_apart() {
        let rule = |id: &str| spoiled(id).map(|(rule, _)| rule);
        assert_eq!(rule(""), Some(Rule::BlankId));
        for id in [
            " 001A",
            "001 A",
            "001\u{a0}A",
            "001\u{85}A",
            "001\u{200b}A",
            "001\u{feff}A",
            "001A\u{3164}",
            "0\u{7}1",
            "001\u{e0101}",
        ] {
            assert_eq!(rule(id), Some(Rule::IdNotPlain), "{id:?}");
        }
        for id in ["1.50E+16", "1,5e-3", "1E+15", "9e+1"] {
            assert_eq!(rule(id), Some(Rule::IdIsNumber), "{id}");
        }
        for id in
            ["1.E+5", "15E+3", "1E5", "E+5", "1.5E+", "1.5.5E+3", "1e+5x", "-1E+5", "1.50E+16 x".trim_end_matches(" x")]
        {
            assert_eq!(rule(id) == Some(Rule::IdIsNumber), id == "1.50E+16", "{id}");
        }
    }

    #[test]
    fn ids_of_other_objects_are_named() {
        for (id, object) in [
            ("0035g00000AbCdE", "a contact"),
            ("0055g00000AbCdEAAV", "a user"),
            ("0065g00000AbCdE", "an opportunity"),
            ("00D5g00000AbCdE", "an organization of Salesforce"),
            ("00O5g00000AbCdE", "a report"),
            ("00Q5g00000AbCdE", "a lead"),
            ("5005g00000AbCdE", "a case"),
        ] {
            let (rule, text) = spoiled(id).expect(id);
            assert_eq!(
                (rule, text),
                (Rule::IdOfOtherObject, format!("`{id}` is the id of {object}, not of an account"))
            );
        }
        for id in ["0015g00000AbCdE", "00d5g00000AbCdE", "003ACME001", "0015g00000AbCdEAAV", "a015g00000AbCdE"] {
            assert_eq!(spoiled(id), None, "{id}");
        }
    }

    #[test]
    fn a_lost_case_and_a_wrong_check_are_doubtful() {
        for (id, doubtful) in [
            ("0015G00000ABCDE", true),
            ("0015g00000abcde", true),
            ("0015g00000AbCdE", false),
            ("001500000000ABC", false),
            ("00150000000ABCD", true),
            ("0035G00000ABCDE", false),
            ("0015g00000AbCdEBAV", true),
            ("0015g00000AbCdEAAV", false),
            ("a015g00000AbCdEBAV", false),
            ("001ACME001", false),
        ] {
            assert_eq!(is_doubtful(id), doubtful, "{id}");
        }
    }
}
