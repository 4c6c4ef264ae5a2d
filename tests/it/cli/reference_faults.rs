//! What is wrong with a reference, with its exact message and the way out: each rule, their order, and all problems in one run.

use super::{HEADER, folder, refused, with_reference};
use predicates::prelude::*;

/// The lines of help that a reference is refused with.
fn ways_out(csv: impl AsRef<[u8]>) -> Vec<String> {
    let folder = folder();
    let output = with_reference(&folder, csv.as_ref()).code(2).get_output().clone();
    let text = String::from_utf8(output.stderr).expect("text");
    let (_, help) = text.split_once("  help: ").expect("help");
    let mut lines: Vec<String> = help.lines().map(|line| line.trim().to_owned()).collect();
    assert_eq!(lines.pop().as_deref(), Some("then run the command again; nothing was read from Zendesk"));
    lines
}

#[test]
fn every_fault_of_a_header_is_named() {
    refused(
        "Account ID,account_name,account_domains\n1,2,3\n",
        &[
            "line 1: the column `sf_account_id` is missing; the headers are: Account ID, account_name, account_domains; for `sf_account_id`, the nearest is \"Account ID\"",
        ],
    );
    refused(
        "sf_account_id,account_name,account_domains,Account_Name \n1,2,3,4\n",
        &["line 1: duplicate column `account_name`, in cells 2 and 4"],
    );
    refused(
        "x,y,x\n1,2\n",
        &["line 1: the columns `sf_account_id`, `account_name`, `account_domains` are missing; the headers are: x, y"],
    );
    refused("\"sf_account_id,x\n1,2\n", &["line 1: a quote opens in this row and is never closed"]);
    refused(HEADER, &["there is a header, but no row below it"]);
    refused("\n , ,\n\n", &["it is empty"]);
    refused("", &["it is empty"]);
}

#[test]
fn a_file_that_is_no_reference_is_not_shown() {
    let environ = b"HOME=/root\0SECRET_TOKEN=abc\0PATH=/bin\0";
    refused(
        environ,
        &[
            "line 1: the columns `sf_account_id`, `account_name`, `account_domains` are missing, and the row has control characters: it is not the header of a CSV",
        ],
    );
    let headers: Vec<String> = (1..=30).map(|number| format!("header {number} {}", "x".repeat(100))).collect();
    let folder = folder();
    let output = with_reference(&folder, headers.join(",").as_bytes()).code(2).get_output().clone();
    let text = String::from_utf8(output.stderr).expect("text");
    let listed = text.split_once("the headers are: ").expect("headers").1.lines().next().expect("a line");
    let listed: Vec<&str> = listed.split(", ").collect();
    assert_eq!((listed.len(), listed[20]), (21, "…"));
    assert!(listed.iter().all(|header| header.chars().count() <= 61), "{listed:?}");
}

#[test]
fn every_fault_of_a_row_is_named_by_its_line() {
    refused(
        format!("{HEADER}a,b,c,d\n,x,y\nA1,q,x.com\na1,z,\n"),
        &[
            "line 2: 4 cells, but the header has 3",
            "line 3: `sf_account_id` is blank",
            "line 5: `a1` is the same account as on line 4, but with another sf_account_id, account_name, account_domains",
        ],
    );
    refused(
        format!("{HEADER}0015g00000AbCdE,a,\r0015G00000ABCDEAAV,b,\r"),
        &[
            "line 3: `0015G00000ABCDEAAV` is the same account as on line 2, but with another sf_account_id, account_name",
        ],
    );
    refused(format!("{HEADER}a,\"b,c\n"), &["line 2: a quote opens in this row and is never closed"]);
    refused(format!("{HEADER}a,\"b\" c,d\n"), &["line 2: text after a closing quote, in `account_name`"]);
    refused(format!("{HEADER}a,\"b\nc\",d\n"), &["line 2: `account_name` contains a line break"]);
    refused(
        [HEADER.as_bytes(), b"A1,b,c\nA2,M\xfcller,d\n"].concat(),
        &["line 3: byte 5 (0xFC) is not UTF-8; the file is probably Windows-1252"],
    );
    // What a spreadsheet calls "Unicode text" is UTF-16.
    let utf16: Vec<u8> = "\u{feff}sf_account_id\ta\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(&utf16, &["the file is UTF-16 (little-endian), not UTF-8"]);
    refused(&utf16[2..], &["the file is UTF-16 (little-endian), not UTF-8"]);
}

#[test]
fn spoiled_ids_are_named() {
    refused(
        format!(
            "{HEADER}0015g0 0000,a,\n0015g\u{200b}1,b,\n1.50E+16,c,\n0035g00000AbCdE,d,\n' x,e,\n',f,\n=\"\",g,\n00Q5g00000AbCdE,h,\n"
        ),
        &[
            "line 2: the id `0015g0 0000` contains white space (U+0020)",
            "line 3: the id `0015g\\u{200b}1` contains an invisible character (U+200B)",
            "line 4: the id `1.50E+16` is a number from a spreadsheet, not an id",
            "line 5: `0035g00000AbCdE` is the id of a contact, not of an account",
            "line 6: the id ` x` contains white space (U+0020)",
            "line 7: `sf_account_id` is blank",
            "line 8: `sf_account_id` is blank",
            "line 9: `00Q5g00000AbCdE` is the id of a lead, not of an account",
        ],
    );
}

#[test]
fn a_row_is_named_once_by_the_first_rule_and_is_never_the_first_of_a_pair() {
    refused(
        // A cell too many, and blank; blank, and an open quote; then a pair of which the first was refused.
        format!("{HEADER},b,c,d\nA1,\"x\" y,a.example\nA1,z,b.example\n1.5E+3,\"u\" v,\n"),
        &[
            "line 2: 4 cells, but the header has 3",
            "line 3: text after a closing quote, in `account_name`",
            "line 5: the id `1.5E+3` is a number from a spreadsheet, not an id",
        ],
    );
    refused(format!("{HEADER}A1,b,c\n,\"d\n"), &["line 3: `sf_account_id` is blank"]);
}

#[test]
fn a_quote_that_swallows_rows_is_found() {
    let header = "sf_account_id,account_name,account_domains,Description\n";
    refused(
        format!("{header}0015g00000AbCdE,a,a.example,\"It's 5\n0015g00000AbCdF,b,b.example,x\n\"\nA9,c,,\n"),
        &["line 2: a quoted cell in this row contains other rows"],
    );
    // Other lines of a text are nobody's row.
    let folder = folder();
    let text = format!("{header}0015g00000AbCdE,a,a.example,\"one\ntwo, three\n\"\n");
    with_reference(&folder, text.as_bytes()).code(0);
    // A tool that quotes whole lines makes rows look like a footer.
    refused(
        format!("{HEADER}A1,a,a.example\n\"0015g00000AbCdE,Big Foods,b.example\"\n"),
        &["line 3: a quoted cell in this row contains other rows"],
    );
}

#[test]
fn after_twenty_faults_the_rest_is_counted() {
    let causes: Vec<String> = (2..22).map(|line| format!("line {line}: `sf_account_id` is blank")).collect();
    let mut causes: Vec<&str> = causes.iter().map(String::as_str).collect();
    causes.push("5 more problems like these");
    refused(format!("{HEADER}{}", " ,x,y\n".repeat(25)), &causes);
}

#[test]
fn all_problems_are_said_in_one_run_with_a_way_out_for_each_kind() {
    let csv = [b"sf_account_id,account_name\n,a\n1.5E+3,b\nA3,M\xfcller\nA4,\"c\" d\nA5,x,y\n".as_slice()].concat();
    refused(
        &csv,
        &[
            "line 1: the column `account_domains` is missing; the headers are: sf_account_id, account_name",
            "line 2: `sf_account_id` is blank",
            "line 3: the id `1.5E+3` is a number from a spreadsheet, not an id",
            "line 4: byte 5 (0xFC) is not UTF-8; the file is probably Windows-1252",
            "line 5: text after a closing quote, in `account_name`",
            "line 6: 3 cells, but the header has 2",
        ],
    );
    assert_eq!(
        ways_out(&csv),
        [
            "map the export's headers under salesforce.columns; g-gremlin zendesk drift init proposes a mapping",
            "put quotes around a cell that contains the delimiter, or export the file again",
            "remove rows without an account id, or add the column Account ID to the report and export it again",
            "a spreadsheet has turned ids into numbers, and their digits are lost; export the file again, and do not save it from a spreadsheet",
            "a quote inside a cell must be doubled (\"\"), and a cell that begins with a quote must end with one; export the file again instead of editing it by hand",
            "in Salesforce, export the report again with Format \"Comma Delimited .csv\" and Encoding \"Unicode (UTF-8)\"; from Excel, save it as \"CSV UTF-8 (Comma delimited)\"",
        ]
    );
}

#[test]
fn additional_empty_cells_and_repeated_rows_are_no_fault() {
    let folder = folder();
    with_reference(&folder, format!("{HEADER}A1,a,a.example,, ,\n'A1, a ,a.example\n").as_bytes())
        .code(0)
        .stderr(predicate::str::contains("repeated_row"))
        .stderr(predicate::str::contains("id_unwrapped").not());
    assert_eq!(super::summary(&folder.path().join("out"))["read"]["accounts"], 1);
}
