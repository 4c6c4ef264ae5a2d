//! The reference CSV where exports are odd: delimiters, quotes, headers, line numbers. What is wrong with most exports is
//! tested one level up.

use super::{AS_OF, HEADER, folder, gremlin, only_run, refused, summary, with_reference};
use predicates::prelude::*;

/// The `line` and `domain` of each warning with the code `code`.
fn warned(csv: &str, code: &str) -> Vec<(Option<u64>, Option<String>)> {
    let folder = folder();
    with_reference(&folder, csv.as_bytes()).code(0);
    let summary = summary(&folder.path().join("out"));
    let warnings = summary["warnings"].as_array().expect("a list").clone();
    let of_code = warnings.iter().filter(|warning| warning["code"] == code);
    of_code.map(|warning| (warning["line"].as_u64(), warning["domain"].as_str().map(str::to_owned))).collect()
}

#[test]
fn a_delimiter_inside_quotes_does_not_count() {
    refused(
        "\"sf_account_id,,,,\";account_name\n1;2\n",
        &[
            "line 1: the columns `sf_account_id`, `account_domains` are missing; the headers are: sf_account_id,,,,, account_name; for `sf_account_id`, the nearest is \"sf_account_id,,,,\"",
        ],
    );
}

#[test]
fn only_a_header_that_nothing_uses_is_suggested() {
    let folder = folder();
    let config = "salesforce:\n  columns:\n    sf_account_id: Account ID\n";
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), config).expect("written");
    with_reference(&folder, b"Account ID,account_name,Owner\n1,2,3\n").code(2).stderr(predicate::str::contains(
        "line 1: the column `account_domains` is missing; the headers are: Account ID, account_name, Owner\n",
    ));
    std::fs::remove_file(folder.path().join("gremlin.zendesk_drift.yaml")).expect("removed");
    with_reference(&folder, b"Account ID,Account Name,account_domains\n1,2,3\n")
        .code(2)
        .stderr(predicate::str::contains("the columns `sf_account_id`, `account_name` are missing; the headers are: Account ID, Account Name, account_domains; for `sf_account_id`, the nearest is \"Account ID\"; for `account_name`, the nearest is \"Account Name\"\n"));
}

#[test]
fn what_stands_before_the_last_at_sign_is_told_nowhere() {
    let folder = folder();
    let csv = "sf_account_id,account_name,account_domains,website,zendesk_expected\n\
               A1,a,jane.doe@localhost a@jane.doe@b n/a,mailto:jane.doe@acme.example,ask Jane.Doe@acme.example\n";
    with_reference(&folder, csv.as_bytes()).code(0).stderr(predicate::str::contains("jane").not());
    for file in std::fs::read_dir(only_run(folder.path().join("out"))).expect("a run") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("text").to_lowercase();
        assert!(!text.contains("jane"), "{}", path.display());
    }
    let warnings = summary(&folder.path().join("out"))["warnings"].clone();
    let told: Vec<(&str, &str)> = warnings
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|warning| {
            let known = warning["line"] == 2;
            known.then(|| {
                (warning["domain"].as_str().unwrap_or_default(), warning["message"].as_str().unwrap_or_default())
            })
        })
        .collect();
    assert_eq!(
        told,
        [
            ("n/a", "n/a is not a domain; it is not used"),
            ("…@b", "…@b is not a domain; it is not used"),
            ("…@localhost", "…@localhost is not a domain; it is not used"),
            ("", "A1 has no usable domain; its website is …@acme.example"),
            ("", "zendesk_expected is \"…@acme.example\", which is neither yes nor no; it counts as yes"),
        ]
    );
    for format in ["text", "json"] {
        gremlin(&folder)
            .args(["trace", "--sf-accounts", "a.csv", "--sf-account-id", "A1", "--format", format, "--snapshot"])
            .arg(super::demo())
            .assert()
            .code(0)
            .stdout(predicate::str::contains("…@localhost").and(predicate::str::contains("…@acme.example")))
            .stdout(predicate::str::contains("jane").not());
    }
}

#[test]
fn accounts_that_need_no_org_are_not_missing_one_and_an_id_that_looks_like_an_option_is_none() {
    let folder = folder();
    let csv = "sf_account_id,account_name,account_domains,zendesk_expected\n\
               -x,a,a.example,\nA2,b,b.example,no\nA3,c,c.example,no\n";
    with_reference(&folder, csv.as_bytes())
        .code(0)
        .stdout(predicate::str::contains("  1 account missing Zendesk org entirely\n"))
        .stdout(predicate::str::contains("  2 accounts without a Zendesk org, as zendesk_expected says\n"))
        .stdout(predicate::str::contains("  Org issues:    1"))
        .stdout(predicate::str::contains("drift trace --sf-account-id=-x --sf-accounts"));
    gremlin(&folder)
        .args(["trace", "--sf-account-id=-x", "--sf-accounts", "a.csv", "--snapshot"])
        .arg(super::demo())
        .assert()
        .code(0);
}

#[test]
fn of_equally_frequent_delimiters_the_comma_wins() {
    // One comma and one semicolon: read with the comma, the header has two columns, none of them ours.
    let folder = folder();
    with_reference(&folder, b"sf_account_id,account_name;account_domains\n")
        .code(2)
        .stderr(predicate::str::contains("the headers are: sf_account_id, account_name;account_domains;"));
}

#[test]
fn a_quote_in_the_middle_of_a_cell_is_text() {
    let folder = folder();
    with_reference(&folder, format!("{HEADER}A1,5\" disks,a.example\nA2, \"b\",b.example\n").as_bytes()).code(0);
    let table = std::fs::read(only_run(folder.path().join("out")).join("exceptions_by_account.csv")).expect("a table");
    let names: Vec<String> =
        csv::Reader::from_reader(&*table).records().map(|row| row.expect("a row")[1].to_owned()).collect();
    assert!(names.contains(&"5\" disks".to_owned()) && names.contains(&"\"b\"".to_owned()), "{names:?}");
}

#[test]
fn missing_last_cells_are_empty() {
    assert_eq!(warned(&format!("{HEADER}A1\nA2,b,b.example\n"), "account_without_domain"), [(Some(2), None)]);
}

#[test]
fn lines_are_counted_through_quotes_blank_lines_and_every_line_end() {
    for end in ["\n", "\r\n", "\r"] {
        let rows = ["", " , ,", &HEADER[..HEADER.len() - 1], "", "A1,two,\"junk", "junk\"", "", ",,", "A2,b,junk", ""];
        let lines: Vec<u64> = warned(&rows.join(end), "domain_not_usable").into_iter().filter_map(|at| at.0).collect();
        assert_eq!(lines, [5, 9], "{end:?}");
    }
}

#[test]
fn an_account_is_the_same_with_its_check_and_with_mangled_case() {
    refused(
        format!("{HEADER}0015g00000AbCdEAAV,a,\n0015G00000ABCDEAAV,b,\n0015g00000abcdeaav,c,\n"),
        &[
            "line 3: `0015G00000ABCDEAAV` is the same account as on line 2, but with another sf_account_id, account_name",
            "line 4: `0015g00000abcdeaav` is the same account as on line 2, but with another sf_account_id, account_name",
        ],
    );
}

#[test]
fn ids_of_fifteen_characters_that_differ_in_case_are_two_accounts() {
    let folder = folder();
    with_reference(&folder, format!("{HEADER}0015g00000AbCdE,a,\n0015g00000abcde,b,\n").as_bytes()).code(0);
    assert_eq!(summary(&folder.path().join("out"))["read"]["accounts"], 2);
}

#[test]
fn an_override_of_which_nothing_can_be_used_falls_back() {
    let header = "sf_account_id,account_name,account_domains,zendesk_domain_override\n";
    assert_eq!(warned(&format!("{header}A1,a,a.example,junk\n"), "account_without_domain"), []);
    // One usable entry is enough for the override to stand, though it is a personal one.
    assert_eq!(warned(&format!("{header}A1,a,a.example,gmail.com\n"), "account_without_domain"), [(Some(2), None)]);
}

#[test]
fn a_mapped_header_that_is_missing_is_named_as_mapped() {
    let folder = folder();
    let config = "salesforce:\n  columns:\n    sf_account_id: Konto\n";
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), config).expect("written");
    with_reference(&folder, HEADER.as_bytes())
        .code(2)
        .stderr(predicate::str::contains("line 1: the column `konto` is missing; the headers are: sf_account_id, "));
}

#[test]
fn a_reference_that_is_not_there_says_what_to_export() {
    let folder = folder();
    gremlin(&folder)
        .args(["audit", "--sf-accounts", "none.csv", "--as-of", AS_OF, "--snapshot"])
        .arg(super::demo())
        .assert()
        .code(2)
        .stdout("")
        .stderr("error: the reference CSV none.csv cannot be read\n  caused by: No such file or directory (os error 2)\n  help: export the accounts from Salesforce with the columns sf_account_id, account_name and account_domains, and name the file with --sf-accounts\n");
}

#[test]
fn a_reference_that_is_not_there_is_told_before_missing_credentials() {
    let folder = folder();
    let audit = || {
        let mut command = gremlin(&folder);
        command.args(["audit", "--subdomain", "acme", "--sf-accounts", "a.csv"]);
        command.assert().code(2)
    };
    audit().stderr(predicate::str::starts_with("error: the reference CSV a.csv cannot be read\n"));
    std::fs::write(folder.path().join("a.csv"), HEADER).expect("written");
    audit().stderr(predicate::str::starts_with("error: there are no usable credentials for Zendesk\n"));
}

#[test]
fn a_byte_that_is_no_text_is_found_by_its_line_at_every_line_end() {
    for end in ["\n", "\r\n", "\r"] {
        let csv =
            [HEADER.replace('\n', end).as_bytes(), b"a,b,c", end.as_bytes(), b"\xff,b,c", end.as_bytes()].concat();
        refused(csv, &["line 3: byte 1 (0xFF) is not UTF-8; the file is probably Windows-1252"]);
    }
}
