//! `init --salesforce`: what it writes, and what it says of a first try of the query.

use super::*;
use crate::fake_zendesk::FakeZendesk;
use assert_cmd::Command;
use predicates::prelude::*;
use tempfile::TempDir;

const CONFIG: &str = "gremlin.zendesk_drift.yaml";

/// The program in a folder, with these credentials.
fn init(folder: &TempDir, env: &[(&str, &str)], arguments: &[&str]) -> assert_cmd::assert::Assert {
    drift(folder, env, &[&["init", "--salesforce"], arguments].concat()).assert()
}

fn drift(folder: &TempDir, env: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
    for (name, _) in std::env::vars() {
        if ["GITHUB_", "ZENDESK_", "SALESFORCE_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env_remove("CI").env_remove("NO_COLOR").envs(env.iter().copied()).current_dir(folder);
    command.args(["zendesk", "drift"]).args(arguments);
    command
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn written(folder: &TempDir) -> String {
    std::fs::read_to_string(folder.path().join(CONFIG)).expect("a configuration")
}

#[test]
fn what_it_writes_is_tried_and_an_audit_reads_both_sides_with_it() {
    let (salesforce, zendesk, folder) =
        (small(), FakeZendesk::start(crate::fake_zendesk::World::numbered(5, 20, 20)), folder());
    salesforce.with_records(|records| records[3]["Support_Domains__c"] = Value::Null);
    let query = "SELECT Id, Name, Support_Domains__c FROM Account";
    let arguments = ["--instance-url", salesforce.url(), "--query", query, "--base-url", zendesk.url()];
    init(&folder, &FakeSalesforce::CLIENT_ENV, &arguments)
        .code(0)
        .stdout(predicate::str::contains("  account_domains: \"Support_Domains__c\" (its name mentions domains)\n"))
        .stdout(predicate::str::contains("the query finds 5 records"))
        .stdout(predicate::str::contains("Export the Salesforce accounts").not())
        .stdout(predicate::str::contains("Set zendesk.subdomain").not());
    assert_eq!(salesforce.paths(), ["/services/oauth2/token", "/services/data/v64.0/query"], "the first page alone");
    let text = written(&folder);
    for line in [
        "  source: soql                    # or csv\n".to_owned(),
        format!("  instance_url: \"{}\"\n", salesforce.url()),
        "  api_version: \"64.0\"\n".to_owned(),
        format!("  query: \"{query}\"\n"),
        format!("  base_url: \"{}\"\n", zendesk.url()),
    ] {
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    let env = [&FakeSalesforce::CLIENT_ENV[..], &FakeZendesk::API_TOKEN_ENV].concat();
    drift(&folder, &env, &["audit"]).assert().code(0).stderr(predicate::str::contains("account_without_domain"));
}

#[test]
fn the_column_that_is_empty_most_often_is_named() {
    let (salesforce, folder) = (small(), folder());
    salesforce.with_records(|records| records[1]["Support_Domains__c"] = Value::Null);
    let query = "SELECT Id, Name, Support_Domains__c FROM Account LIMIT 4";
    init(&folder, &FakeSalesforce::CLIENT_ENV, &["--instance-url", salesforce.url(), "--query", query])
        .code(0)
        .stdout(predicate::str::contains("of the first 2, 1 have no account_domains"))
        .stderr(predicate::str::contains("note: remove LIMIT and OFFSET from salesforce.query: the accounts they leave out look as if they were deleted"));
}

#[test]
fn without_credentials_the_next_step_names_them_and_nothing_is_asked() {
    for (env, said) in [
        (
            &[][..],
            "no Salesforce credentials in the environment. To try it: set SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET",
        ),
        (&[("SALESFORCE_CLIENT_ID", "x")], "SALESFORCE_CLIENT_ID is set, but SALESFORCE_CLIENT_SECRET is not"),
    ] {
        let (salesforce, folder) = (small(), folder());
        init(&folder, env, &["--instance-url", salesforce.url()])
            .code(0)
            .stdout(predicate::str::contains(format!("  The query was not tested: {said}")));
        assert!(salesforce.log().is_empty());
        let text = written(&folder);
        assert!(text.contains("  query: \"SELECT Id, Name, Website FROM Account\"   # narrow it"), "{text}");
        assert!(text.contains("    account_domains: \"Website\""), "{text}");
    }
    // A field that no name gives away is asked for.
    let query = "SELECT CRM_Key__c, Name, Website FROM Account";
    init(&folder(), &[], &["--instance-url", "https://acme.my.salesforce.com", "--query", query])
        .code(0)
        .stderr("note: no field of the query matches sf_account_id; name it under salesforce.columns\n");
    let folder = folder();
    let json = init(&folder, &[], &["--instance-url", "https://acme.my.salesforce.com", "--format", "json"]).code(0);
    let json: Value = serde_json::from_slice(&json.get_output().stdout).expect("nothing but JSON");
    assert_eq!((&json["reference"], &json["columns"]["sf_account_id"]), (&Value::Null, &Value::from("Id")));
}

#[test]
fn the_variable_that_pins_names_the_salesforce_and_no_other_gets_the_credentials() {
    let (salesforce, folder) = (small(), folder());
    let host = salesforce.url().trim_start_matches("http://").to_owned();
    let pinned = [&FakeSalesforce::CLIENT_ENV[..], &[("SALESFORCE_INSTANCE_URL", salesforce.url())]].concat();
    init(&folder, &pinned, &["--query", "SELECT Id, Name, Support_Domains__c FROM Account"]).code(0);
    assert!(written(&folder).contains(&format!("  instance_url: \"http://{host}\"\n")));

    let (other, folder) = (small(), self::folder());
    init(&folder, &pinned, &["--instance-url", other.url()])
        .code(4)
        .stdout("")
        .stderr(predicate::str::contains("SALESFORCE_INSTANCE_URL pins the credentials"));
    assert!(other.log().is_empty() && !folder.path().join(CONFIG).exists());
}

#[test]
fn what_is_wrong_with_the_flags_is_said_before_anything_is_written() {
    for (arguments, said) in [
        (&[][..], "error: no Salesforce is named"),
        (&["--instance-url", "acme"], "error: --instance-url cannot be used"),
        (&["--instance-url", "http://acme.my.salesforce.com"], "error: --instance-url cannot be used"),
        (&["--instance-url", "https://a.example", "--query", "DELETE FROM Account"], "error: --query cannot be used"),
        (&["--instance-url", "https://a.example", "--sf-accounts", "a.csv"], "--sf-accounts"),
        (&["--instance-url", "https://a.example", "--base-url", "ftp://x"], "error: --base-url cannot be used"),
        (
            &["--instance-url", "https://a.example", "--base-url", "https://x.example", "--subdomain", "x"],
            "--subdomain",
        ),
    ] {
        let folder = folder();
        init(&folder, &[], arguments).code(2).stdout("").stderr(predicate::str::contains(said));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0, "{said}");
    }
    let folder = folder();
    drift(&folder, &[], &["init", "--query", "SELECT Id FROM Account"]).assert().code(2);
}

#[test]
fn a_try_that_fails_says_why_and_the_configuration_is_written_all_the_same() {
    let fails = |query: &str, env: &[(&str, &str)], code: i32, said: &str| {
        let (salesforce, folder) = (small(), folder());
        init(&folder, env, &["--instance-url", salesforce.url(), "--query", query])
            .code(code)
            .stderr(predicate::str::contains(said))
            .stderr(predicate::str::contains("then g-gremlin zendesk drift doctor; the configuration is saved"));
        assert!(written(&folder).contains(query));
    };
    let env = FakeSalesforce::CLIENT_ENV;
    fails("SELECT Id, Name, Websit FROM Account", &env, 2, "INVALID_FIELD");
    fails("SELECT Id, Name FROM Account", &env, 2, "no field matches account_domains");
    let wrong = [(env[0].0, env[0].1), (env[1].0, "wrong")];
    fails("SELECT Id, Name, Support_Domains__c FROM Account", &wrong, 3, "SALESFORCE_CLIENT_SECRET");
}
