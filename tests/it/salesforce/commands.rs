//! The commands with a reference that Salesforce is asked for: both sides are fakes.

use super::*;
use crate::fake_zendesk::{FakeZendesk, World};
use assert_cmd::Command;
use predicates::prelude::*;
use std::path::PathBuf;
use tempfile::TempDir;

const COLUMNS: &str = "{ sf_account_id: Id, account_name: Name, account_domains: Support_Domains__c }";

/// Both sides, and a folder with a configuration for them.
struct Stage {
    folder: TempDir,
    zendesk: FakeZendesk,
    salesforce: FakeSalesforce,
}

impl Stage {
    fn new(salesforce: FakeSalesforce) -> Self {
        let zendesk = FakeZendesk::start(World::numbered(5, 20, 20));
        let stage = Self { folder: tempfile::tempdir().expect("a folder"), zendesk, salesforce };
        stage.configure("SELECT Id, Name, Support_Domains__c FROM Account");
        stage
    }

    fn configure(&self, query: &str) {
        let text = format!(
            "zendesk:\n  base_url: {}\nsalesforce:\n  source: soql\n  instance_url: {}\n  query: {query}\n  columns: {COLUMNS}\n",
            self.zendesk.url(),
            self.salesforce.url()
        );
        std::fs::write(self.folder.path().join("gremlin.zendesk_drift.yaml"), text).expect("written");
    }

    /// The program in the folder, with the credentials of both sides.
    fn gremlin(&self, arguments: &[&str]) -> Command {
        let mut command = self.without_credentials(arguments);
        command.envs(FakeZendesk::API_TOKEN_ENV).envs(FakeSalesforce::CLIENT_ENV);
        command
    }

    fn without_credentials(&self, arguments: &[&str]) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
        for (name, _) in std::env::vars() {
            if ["GITHUB_", "ZENDESK_", "SALESFORCE_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
            .env_remove("CI")
            .env_remove("NO_COLOR")
            .current_dir(&self.folder)
            .args(["zendesk", "drift"])
            .args(arguments);
        command
    }

    fn runs(&self) -> Vec<PathBuf> {
        let root = self.folder.path().join("artifacts/zendesk_drift");
        let entries = std::fs::read_dir(root).into_iter().flatten();
        let folders = entries.map(|entry| entry.expect("an entry").path());
        folders.filter(|path| path.to_string_lossy().ends_with("_audit")).collect()
    }

    fn nothing_was_asked(&self) {
        assert!(self.zendesk.log().is_empty() && self.salesforce.log().is_empty());
        assert!(self.runs().is_empty());
    }
}

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

#[test]
fn an_audit_reads_both_sides_and_says_what_it_cost() {
    let stage = Stage::new(small());
    let assert = stage.gremlin(&["audit"]).assert().code(0);
    let output = assert.get_output();
    let [run] = stage.runs().try_into().expect("one run");
    let receipt = json(run.join("receipt.json"));
    assert_eq!(receipt["command"]["options"]["salesforce"], "soql");
    let requests = &receipt["requests"];
    for (name, count) in [("salesforce_token", 1), ("salesforce_query", 1), ("salesforce_query_more", 2)] {
        assert_eq!(requests["by_endpoint"][name], count, "{name}");
    }
    let sum: u64 = requests["by_endpoint"].as_object().expect("a table").values().filter_map(Value::as_u64).sum();
    assert_eq!(requests["total"], sum);
    assert_eq!(json(run.join("summary.json"))["read"]["accounts"], 5);
    let mut shown = [output.stdout.as_slice(), &output.stderr].concat();
    for entry in std::fs::read_dir(&run).expect("the run") {
        shown.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    let shown = String::from_utf8_lossy(&shown);
    for secret in [FakeSalesforce::CLIENT_ENV[0].1, FakeSalesforce::CLIENT_ENV[1].1, "00DFAKE"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    stage.gremlin(&["verify"]).arg(&run).assert().code(0);
}

#[test]
fn a_csv_that_a_flag_names_wins_and_asks_salesforce_for_nothing() {
    let stage = Stage::new(small());
    let csv = format!("Id,Name,Support_Domains__c\n{},Acme,acme.example\n", id_of(1));
    std::fs::write(stage.folder.path().join("a.csv"), csv).expect("written");
    stage.gremlin(&["audit", "--sf-accounts", "a.csv"]).assert().code(0);
    assert!(stage.salesforce.log().is_empty());
    assert_eq!(json(stage.runs()[0].join("summary.json"))["read"]["accounts"], 1);
}

#[test]
fn what_is_wrong_beforehand_ends_before_any_request() {
    for (query, cause) in [
        ("DELETE FROM Account", "the query does not begin with SELECT"),
        ("SELECT Id, COUNT() FROM Account", "the query selects `COUNT()`, which is not a plain field"),
        ("SELECT Id FROM Account FOR VIEW", "the query ends with FOR VIEW, which changes the records that it reads"),
    ] {
        let stage = Stage::new(small());
        stage.configure(query);
        stage.gremlin(&["audit"]).assert().code(2).stderr(predicate::str::contains(cause));
        stage.nothing_was_asked();
    }
    let stage = Stage::new(small());
    let mut half = stage.without_credentials(&["audit"]);
    half.envs(FakeZendesk::API_TOKEN_ENV).env("SALESFORCE_CLIENT_ID", "x");
    half.assert()
        .code(2)
        .stderr(predicate::str::contains("SALESFORCE_CLIENT_ID is set, but SALESFORCE_CLIENT_SECRET is not"));
    stage.nothing_was_asked();
}

#[test]
fn credentials_that_are_pinned_to_another_host_are_not_sent() {
    for command in [&["audit"][..], &["doctor"], &["trace", "--domain", "acme.example"]] {
        let stage = Stage::new(small());
        let mut pinned = stage.gremlin(command);
        pinned.env("SALESFORCE_INSTANCE_URL", "https://acme.my.salesforce.com");
        pinned.assert().code(4).stderr(predicate::str::contains("SALESFORCE_INSTANCE_URL pins the credentials"));
        stage.nothing_was_asked();
    }
    let stage = Stage::new(small());
    let url = stage.salesforce.url().to_owned();
    stage.gremlin(&["audit"]).env("SALESFORCE_INSTANCE_URL", url).assert().code(0);
}

#[test]
fn rows_are_held_to_the_rules_for_a_csv_with_the_number_of_the_record() {
    let stage = Stage::new(small());
    stage.salesforce.with_records(|records| {
        records[3].insert("Id".into(), "".into());
    });
    stage.gremlin(&["audit"]).assert().code(2).stderr(predicate::str::contains("line 5: `sf_account_id` is blank"));
    assert!(stage.zendesk.log().is_empty() && stage.runs().is_empty());
    let missing = Stage::new(small());
    missing.configure("SELECT Id, Name FROM Account");
    missing.gremlin(&["audit"]).assert().code(2).stderr(predicate::str::contains("support_domains__c"));
}

#[test]
fn a_read_that_fails_leaves_no_run_and_asks_zendesk_for_nothing() {
    let stage = Stage::new(small());
    stage.salesforce.add_fault(Fault::alter(Of::More, |page| page["totalSize"] = 7.into()));
    let assert = stage.gremlin(&["audit"]).assert().code(3);
    assert.stderr(predicate::str::contains("`totalSize` was 5 and is now 7"));
    assert!(stage.zendesk.log().is_empty() && stage.runs().is_empty());
    let refused = Stage::new(small());
    refused.configure("SELECT Id, Name, Nope__c FROM Account");
    refused.gremlin(&["audit"]).assert().code(2).stderr(predicate::str::contains("No such column 'Nope__c'"));
}

#[test]
fn doctor_tries_the_login_and_the_query() {
    let stage = Stage::new(small());
    stage.salesforce.with_records(|records| records[0].insert("Support_Domains__c".into(), Value::Null));
    let doctor = |code: i32, words: &str| {
        let assert = stage.gremlin(&["doctor", "--format", "json"]).assert().code(code);
        let shown = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        assert!(shown.contains(words), "{words}: {shown}");
    };
    doctor(
        0,
        "Salesforce (API 64.0, SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET): the query finds 5 records; of the first 2, 1 have no account_domains; 1 of 100,000 API requests of 24 hours used",
    );
    stage.configure("SELECT Id, Name, Support_Domains__c FROM Account LIMIT 3");
    doctor(
        0,
        "remove LIMIT and OFFSET from salesforce.query: the accounts they leave out look as if they were deleted",
    );
    stage.configure("SELECT Id, Name FROM Account");
    doctor(1, "but no field matches account_domains");
    stage.configure("SELECT Id, Name, Nope__c FROM Account");
    doctor(1, "No such column 'Nope__c'");
    stage.configure("SELECT Id, Name, Support_Domains__c FROM Account WHERE Type = 'None'");
    doctor(1, "the query finds 0 records");
}
