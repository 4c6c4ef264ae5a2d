//! Exports that failed once, each standing for its kind: what an audit makes of them, and what `init` does.

use super::{AS_OF, folder, gremlin, summary};
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

fn audited(folder: &TempDir, name: &str) -> Assert {
    let case = case(name);
    let mut command = gremlin(folder);
    command.args(["audit", "--as-of", AS_OF, "--out", "out", "--sf-accounts"]).arg(case.join("accounts.csv"));
    command.arg("--snapshot").arg(case).assert()
}

/// A warning by its code, line and domain.
type Warned = (String, Option<u64>, Option<String>);

/// The summary of the audit of a case, and its warnings as code, line and domain.
fn warned(name: &str) -> (Value, Vec<Warned>) {
    let folder = folder();
    audited(&folder, name).code(0);
    let summary = summary(&folder.path().join("out"));
    let warnings = summary["warnings"].as_array().expect("a list").iter().map(|warning| {
        let domain = warning["domain"].as_str().map(str::to_owned);
        (warning["code"].as_str().expect("a code").to_owned(), warning["line"].as_u64(), domain)
    });
    let warnings = warnings.collect();
    (summary, warnings)
}

fn of(code: &str, line: u64, domain: Option<&str>) -> (String, Option<u64>, Option<String>) {
    (code.to_owned(), Some(line), domain.map(str::to_owned))
}

fn refused(name: &str, cause: &str) {
    let folder = folder();
    audited(&folder, name)
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains(format!("  caused by: {cause}\n  help: ")));
    assert!(!folder.path().join("out").exists(), "nothing is left behind");
}

#[test]
fn ids_behind_apostrophes_are_unwrapped() {
    let (summary, warnings) = warned("apostrophe_ids");
    assert_eq!(warnings, [2, 3, 4, 5].map(|line| of("id_unwrapped", line, None)));
    assert_eq!((&summary["resolution"]["linked"], &summary["resolution"]["domain_linked"]), (&3.into(), &1.into()));
}

#[test]
fn an_id_that_became_a_number_is_refused() {
    refused("spreadsheet_number_id", "line 5: the id `1.50E+16` is a number from a spreadsheet, not an id");
}

#[test]
fn stray_quotes_are_refused_on_the_line_where_they_open() {
    refused("stray_quotes", "line 2: text after a closing quote, in `account_name`");
}

#[test]
fn two_domains_in_one_entry_are_warned_about() {
    let (_, warnings) = warned("two_domains_in_one_entry");
    let dropped: Vec<_> = warnings.into_iter().filter(|warning| warning.0 == "domain_path_dropped").collect();
    assert_eq!(
        dropped,
        [
            of("domain_path_dropped", 2, Some("larkfield-dairy-co.com")),
            of("domain_path_dropped", 3, Some("pinemoor-tools-old.com")),
        ]
    );
}

#[test]
fn a_platform_is_no_expected_domain() {
    let (summary, warnings) = warned("platform_domains");
    let platforms: Vec<_> = warnings.into_iter().filter(|warning| warning.0 == "platform_domain").collect();
    assert_eq!(
        platforms,
        [
            of("platform_domain", 2, Some("linkedin.com")),
            of("platform_domain", 3, Some("facebook.com")),
            of("platform_domain", 4, Some("quayside.wordpress.com")),
            of("platform_domain", 4, Some("sites.google.com")),
            of("platform_domain", 5, Some("linkedin.com")),
        ]
    );
    let folder = folder();
    audited(&folder, "platform_domains").code(0);
    let plan =
        std::fs::read_to_string(super::only_run(folder.path().join("out")).join("fix_plan.json")).expect("a plan");
    assert!(!plan.contains("facebook.com") && !plan.contains("linkedin.com"), "{plan}");
    assert!(summary["prepared_action_count"].is_number());
}

#[test]
fn a_reports_footer_is_skipped() {
    let (summary, warnings) = warned("report_footer");
    assert_eq!(summary["read"]["accounts"], 4);
    let footers: Vec<_> = warnings.into_iter().filter(|warning| warning.0 == "report_footer").collect();
    assert_eq!(footers, [of("report_footer", 7, None)]);
}

fn init(folder: &TempDir, file: &Path) -> Assert {
    gremlin(folder).args(["init", "--subdomain", "acme", "--sf-accounts"]).arg(file).assert()
}

fn nothing_is_written(folder: &TempDir) {
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0, "nothing is written");
}

#[test]
fn init_maps_the_headers_of_salesforces_exports() {
    for (file, [id, name, website]) in [
        ("salesforce_report_headers/report_semicolon.csv", ["Account ID", "Account Name", "Website"]),
        ("data_loader_headers/dataloader.csv", ["ID", "NAME", "WEBSITE"]),
    ] {
        let folder = folder();
        init(&folder, &case(file))
            .code(0)
            .stdout(predicate::str::contains(format!("  sf_account_id: \"{id}\" (")))
            .stdout(predicate::str::contains(format!(
                "  account_domains: \"{website}\" (no column name mentions domains, so the website is used)\n"
            )))
            .stdout(predicate::str::contains("accounts                  ┆ 40"));
        let yaml = std::fs::read_to_string(folder.path().join("gremlin.zendesk_drift.yaml")).expect("a configuration");
        for (column, header) in [("sf_account_id", id), ("account_name", name), ("account_domains", website)] {
            assert!(yaml.contains(&format!("\n    {column}: \"{header}\"   # ")), "{yaml}");
        }
    }
}

#[test]
fn init_names_other_encodings_and_writes_nothing() {
    for (file, cause) in [
        ("report_utf16.csv", "the file is UTF-16 (little-endian), not UTF-8"),
        ("report_latin1.csv", "line 2: byte 21 (0xFC) is not UTF-8; the file is probably Windows-1252"),
    ] {
        let folder = folder();
        init(&folder, &case("salesforce_report_headers").join(file))
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(format!("  caused by: {cause}\n")))
            .stderr(predicate::str::contains("Encoding \"Unicode (UTF-8)\""))
            .stderr(predicate::str::ends_with("then run init again; nothing was written\n"));
        nothing_is_written(&folder);
    }
}

#[test]
fn init_proposes_no_column_of_a_person_and_lists_each_header_once() {
    let folder = folder();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "Account Owner,Owner ID,Billing City,Owner ID\nJane,0055g00000AbCdE,Ohio,x\n")
        .expect("written");
    init(&folder, &file).code(2).stdout("").stderr(predicate::str::contains(
        "line 1: the columns `sf_account_id`, `account_name`, `account_domains` are missing; the headers are: Account Owner, Owner ID, Billing City\n",
    ));
    std::fs::remove_file(&file).expect("removed");
    nothing_is_written(&folder);
}
