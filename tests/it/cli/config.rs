//! The configuration: what is refused, by line, and which of file and flag wins.

use super::{AS_OF, demo, folder, gremlin};
use predicates::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

const FILE: &str = "gremlin.zendesk_drift.yaml";

fn write(folder: &TempDir, path: &str, text: &str) {
    let path = folder.path().join(path);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    std::fs::write(path, text).expect("written");
}

/// An audit of the demo's records by the configuration that is found; the parsed JSON that it prints.
fn summary(folder: &TempDir, arguments: &[&str]) -> Value {
    let mut command = gremlin(folder);
    command.args(["audit", "--format", "json", "--as-of", AS_OF, "--snapshot"]).arg(demo());
    let output = command.args(arguments).assert().get_output().clone();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn what_is_wrong_is_told_by_its_line() {
    for (text, cause) in [
        (
            "thresholds:\n  max_total: 3\n",
            "line 2: unknown key `max_total`; the nearest known one is `max_total_issues`",
        ),
        (
            "thresholds: { max_by_risk: { critcal: 0 } }\n",
            "line 1: unknown name `critcal`; the nearest known one is `critical`",
        ),
        ("version: 2\n", "line 1: version 2 is unknown; this program reads version 1"),
        ("version: 1\nversion: 1\n", "line 2: duplicate key `version`"),
        (
            "tickets:\n  lookback_days: 0\n",
            "line 2: `lookback_days` must be a whole number of days from 1 to 36500, not 0",
        ),
        ("zendesk:\n  reserve_percent: 91\n", "line 2: `reserve_percent` must be a whole number from 0 to 90"),
        (
            "zendesk:\n  subdomain: support.acme.com\n",
            "line 2: the subdomain must be the part before .zendesk.com, such as `acme`, not `support.acme.com`; for another host, use base_url",
        ),
        (
            "zendesk:\n  subdomain: acme\n  base_url: https://acme.zendesk.com\n",
            "line 3: use only one of `subdomain` and `base_url`",
        ),
        (
            "zendesk:\n  base_url: http://acme.zendesk.com\n",
            "line 2: `base_url` may be http only for a loopback address; use https",
        ),
        (
            "zendesk:\n  base_url: https://acme.zendesk.com/agent\n",
            "line 2: `base_url` must be only scheme and host, such as https://acme.zendesk.com",
        ),
        (
            "domains:\n  ignored:\n    - acme.com\n    - co.uk\n",
            "line 4: `co.uk` is a public suffix, under which anyone can register a domain",
        ),
        ("domains: { personal: [acme] }\n", "line 1: `acme` is not a domain"),
        ("users: { roles: [enduser] }\n", "line 1: unknown role `enduser`; use one of end-user, agent, admin"),
        (
            "suppressions:\n  - code: ticket_org_mismatch\n    reason: ' '\n",
            "line 3: the `reason` of a suppression must not be empty",
        ),
        ("suppressions:\n  - code: ticket_org_mismatch\n    domain: acme.com\n", "line 3: the key `reason` is missing"),
        (
            "suppressions:\n  - code: ticket_mismatch\n    reason: x\n",
            "line 2: unknown name `ticket_mismatch`; the nearest known one is `ticket_org_mismatch`",
        ),
        (
            "suppressions:\n  - code: ticket_org_mismatch\n    reason: x\n    domain: acme\n",
            "line 4: `acme` is not a domain",
        ),
        (
            "suppressions:\n  - code: ticket_org_mismatch\n    reason: x\n    expires: 31.12.2026\n",
            "line 4: `expires` must be a day such as 2026-12-31, not `31.12.2026`",
        ),
        (
            "suppressions:\n  - code: ticket_org_mismatch\n    sf_account_id: 123\n    reason: x\n",
            "line 3: an id written as a bare number must be put in quotes, or some of its digits may be lost",
        ),
        (
            "suppressions:\n  - code: ticket_org_mismatch\n    reason: x\n    issue_id: 1234567890123456\n",
            "line 4: an id written as a bare number must be put in quotes, or some of its digits may be lost",
        ),
        (
            "suppressions:\n  - code: ticket_org_mismatch\n    reason: x\n    org: 5\n",
            "line 4: unknown key `org`; the nearest known one is `org_id`",
        ),
        ("suppressions:\n  - reason: x\n", "line 2: the key `code` is missing"),
        (
            "suppressions:\n  - code: ticket_org_mismatch\n    reason:\n",
            "line 3: the `reason` of a suppression must not be empty",
        ),
        (
            "suppressions:\n  - code: ticket_org_mismatch\n    reason: x\n    expires: 2026-02-30\n",
            "line 4: `expires` must be a day such as 2026-12-31, not `2026-02-30`",
        ),
        (
            "suppressions:\n  - code: ticket_org_mismatch\n    reason: x\n    domain: co.uk\n",
            "line 4: `co.uk` is a public suffix, under which anyone can register a domain",
        ),
        ("domains: { not_personal: [x] }\n", "line 1: `x` is not a domain"),
        ("domains:\n  ignored: acme.com\n", "line 2: expected a list here, such as [one, another]"),
        ("tickets: 5\n", "line 1: expected keys with values here, each on its own line below"),
        ("- tickets\n", "line 1: expected keys with values here, each on its own line below"),
        ("tickets:\n  lookback_days: 1.5\n", "line 2: expected a whole number here"),
        ("tickets:\n  lookback_days: -1\n", "line 2: expected a whole number here"),
        ("apply:\n  max_actions: many\n", "line 2: expected a whole number here"),
        ("thresholds:\n  max_total_issues: -1\n", "line 2: expected a whole number here"),
        ("users:\n  include_suspended: yes\n", "line 2: invalid boolean (true or false expected)"),
        (
            "thresholds:\n  max_by_code: { ticket_mismatch: 3 }\n",
            "line 2: unknown name `ticket_mismatch`; the nearest known one is `ticket_org_mismatch`",
        ),
        (
            "zendesk:\n  base_url: https://jo:hunter2@acme.zendesk.com\n",
            "line 2: `base_url` must not contain a user or a password; credentials come from the environment",
        ),
        (
            "zendesk:\n  base_url: https://acme.zendesk.com/?x\n",
            "line 2: `base_url` must be only scheme and host, such as https://acme.zendesk.com",
        ),
        ("zendesk:\n  base_url: ftp://acme.zendesk.com\n", "line 2: `base_url` must begin with https://, not ftp://"),
        ("zendesk:\n  base_url: acme\n", "line 2: `base_url` is not a URL: relative URL without a base"),
        (
            "zendesk:\n  subdomain: ''\n",
            "line 2: the subdomain must be the part before .zendesk.com, such as `acme`, not ``",
        ),
        (
            "salesforce:\n  columns: { owner: x }\n",
            "line 2: unknown key `owner`; use one of sf_account_id, account_name, account_domains, website, zendesk_domain_override, zendesk_expected",
        ),
        ("version: 1\n---\nversion: 1\n", "line 3: only single YAML document expected but multiple found"),
        ("zendesk: {\n", "line 1: unclosed bracket '{'"),
        ("salesforce:\n  columns:\n    website: ' '\n", "line 3: the header for `website` is empty"),
    ] {
        let folder = folder();
        write(&folder, FILE, text);
        gremlin(&folder)
            .args(["audit", "--subdomain", "acme"])
            .assert()
            .code(2)
            .stdout("")
            .stderr(format!("error: the configuration cannot be used\n  caused by: {FILE}: {cause}\n"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1, "nothing is left behind: {text:?}");
    }
}

#[test]
fn a_secret_is_refused_and_not_repeated() {
    for key in ["api_token", "oauth_token", "oauth_client_secret", "email", "password"] {
        let folder = folder();
        write(&folder, FILE, &format!("zendesk:\n  {key}: hunter2\n"));
        gremlin(&folder)
            .arg("audit")
            .assert()
            .code(2)
            .stderr(predicate::str::contains(format!("{FILE}: line 2: unknown key `{key}`")))
            .stderr(predicate::str::contains("hunter2").not());
    }
}

#[test]
fn a_configuration_that_is_not_utf8_is_refused() {
    let folder = folder();
    std::fs::write(folder.path().join(FILE), b"# \xff\n").expect("written");
    gremlin(&folder)
        .arg("audit")
        .assert()
        .code(2)
        .stderr(format!("error: the configuration cannot be used\n  caused by: {FILE}: it is not UTF-8\n"));
}

#[test]
fn paths_are_relative_to_the_configuration() {
    let folder = folder();
    let accounts = std::fs::read_to_string(demo().join("salesforce_accounts.csv")).expect("accounts");
    write(&folder, "conf/sf/a.csv", &accounts);
    write(&folder, "conf/x.yaml", "salesforce: { accounts_csv: sf/a.csv }\nartifacts: { root: runs }\n");
    assert_eq!(summary(&folder, &["--config", "conf/x.yaml"])["run_dir"], "./conf/runs/20260417_221530Z_audit");
    assert!(folder.path().join("conf/runs/20260417_221530Z_audit/receipt.json").is_file());
}

#[test]
fn a_flag_wins_over_the_file() {
    let folder = folder();
    let accounts = demo().join("salesforce_accounts.csv");
    let accounts = accounts.to_str().expect("a path");
    write(
        &folder,
        FILE,
        "salesforce: { accounts_csv: nowhere.csv }\nartifacts: { root: unused }\nthresholds: { max_total_issues: 0, max_blocked_actions: 0 }\ntickets: { lookback_days: 1 }\n",
    );
    let of_file = summary(&folder, &["--sf-accounts", accounts, "--out", "short"]);
    let of_flags = summary(
        &folder,
        &["--sf-accounts", accounts, "--out", "long", "--lookback-days", "30", "--threshold", "max_total_issues=99"],
    );
    assert!(of_file["read"]["tickets"].as_u64() < of_flags["read"]["tickets"].as_u64());
    assert_eq!(of_flags["read"]["tickets"], 487);
    assert_eq!(of_flags["thresholds"][0]["limit"], 99);
    assert_eq!(of_flags["thresholds"][0]["breached"], false);
    assert_eq!(of_flags["thresholds"][1]["breached"], true, "what no flag names stays the file's");
    assert!(!folder.path().join("unused").exists());
}
