//! The gate and the suppressions: which limits count, and what an accepted finding does to the totals.

use super::{AS_OF, demo, folder, gremlin};
use predicates::prelude::*;
use serde_json::{Value, json};

/// An audit of the demo's records with the configuration `config`: its exit code, the JSON it prints, and standard error.
fn audited(config: &str, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let folder = folder();
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), config).expect("written");
    let mut command = gremlin(&folder);
    command.args(["audit", "--format", "json", "--as-of", AS_OF, "--sf-accounts"]);
    command.arg(demo().join("salesforce_accounts.csv")).arg("--snapshot").arg(demo()).args(arguments);
    let output = command.output().expect("a run");
    let error = String::from_utf8(output.stderr).expect("text");
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"));
    (output.status.code(), json, error)
}

/// The codes of the warnings about suppressions.
fn codes(json: &Value) -> Vec<&str> {
    let codes = json["warnings"].as_array().expect("a list").iter().filter_map(|warning| warning["code"].as_str());
    codes.filter(|code| code.starts_with("suppression_")).collect()
}

#[test]
fn limits_of_the_file_gate() {
    let limits = "thresholds:\n  max_total_issues: 13\n  max_by_code: { ticket_org_mismatch: 1 }\n  max_by_risk: { critical: 0 }\n";
    let (code, json, error) = audited(limits, &[]);
    assert_eq!(code, Some(1));
    let names: Vec<_> = json["thresholds"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|limit| (limit["name"].as_str().expect("a name"), limit["breached"].as_bool()))
        .collect();
    assert_eq!(
        names,
        [
            ("max_total_issues", Some(false)),
            ("max_by_risk.critical", Some(true)),
            ("max_by_code.ticket_org_mismatch", Some(true)),
        ]
    );
    assert!(error.contains("breached: max_by_risk.critical: 1 exceeds the limit of 0\n"), "{error}");
}

#[test]
fn without_a_baseline_new_issues_are_not_judged() {
    let (code, json, error) = audited("thresholds: { max_new_issues: 0 }\n", &[]);
    let not_judged = json!([{ "name": "max_new_issues", "limit": 0, "value": null, "breached": false }]);
    assert_eq!((code, &json["thresholds"]), (Some(0), &not_judged));
    assert!(error.contains("note: max_new_issues needs a baseline, so this audit does not check it\n"), "{error}");
}

#[test]
fn unknown_names_of_limits_are_refused() {
    for (flag, expected) in [
        ("max_by_risk.critcal=0", "there is no threshold \"max_by_risk.critcal\"; the nearest is max_by_risk.critical"),
        (
            "max_by_code.ticket_mismatch=0",
            "there is no threshold \"max_by_code.ticket_mismatch\"; the nearest is max_by_code.ticket_org_mismatch",
        ),
    ] {
        let folder = folder();
        gremlin(&folder)
            .args(["audit", "--demo", "--threshold", flag])
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(expected));
    }
}

#[test]
fn a_suppression_is_in_force_through_the_day_of_its_expiry() {
    let config = |day: &str| {
        format!(
            "suppressions:\n  - code: org_domain_attached_elsewhere\n    sf_account_id: \"001ACME003\"\n    reason: x\n    expires: {day}\n"
        )
    };
    let (_, json, _) = audited(&config("2026-04-17"), &[]);
    assert_eq!((&json["suppressed_issue_count"], &json["total_issue_count"]), (&1.into(), &12.into()));
    assert!(codes(&json).is_empty());

    let (_, json, error) = audited(&config("2026-04-16"), &[]);
    assert_eq!((&json["suppressed_issue_count"], &json["total_issue_count"]), (&0.into(), &13.into()));
    assert_eq!(codes(&json), ["suppression_expired"]);
    assert!(error.contains("warning: suppression_expired: suppression 1 (org_domain_attached_elsewhere) expired after 2026-04-16; its issues count again\n"), "{error}");
}

#[test]
fn odd_suppressions_are_told() {
    let config = "suppressions:\n  - code: ticket_org_mismatch\n    reason: x\n  - code: org_domain_attached_elsewhere\n    domain: nobody.example\n    reason: y\n";
    let (_, json, error) = audited(config, &[]);
    assert_eq!(codes(&json), ["suppression_unused", "suppression_by_code_alone"]);
    assert_eq!(json["by_code"]["ticket_org_mismatch"], 0);
    assert!(error.contains("warning: suppression_unused: suppression 2 (org_domain_attached_elsewhere) matches no issue and can be removed\n"), "{error}");
    assert!(error.contains("warning: suppression_by_code_alone: suppression 1 (ticket_org_mismatch) has no selector, so it hides every issue of its code\n"), "{error}");
}

#[test]
fn what_is_suppressed_does_not_breach() {
    let config = "suppressions:\n  - code: ticket_org_mismatch\n    reason: x\nthresholds: { max_by_code: { ticket_org_mismatch: 0 } }\n";
    let (code, json, error) = audited(config, &["--quiet"]);
    assert_eq!((code, &json["thresholds"][0]["value"], error.as_str()), (Some(0), &0.into(), ""));
}

#[test]
fn results_and_remarks_go_to_their_streams() {
    let folder = folder();
    let output = gremlin(&folder).args(["audit", "--demo"]).output().expect("a run");
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("plan_hash") && !out.contains("warning:"), "{out}");
    assert!(
        error.contains("warning: shared_domain, 2 cases (--verbose prints each); the first: line 6: ")
            && !error.contains("plan_hash"),
        "{error}"
    );
}
