//! The JSON Schemas in `schemas/`, held against what the program writes, prints and accepts.
//!
//! `tests/proofs/schemas.rs` compares them with the types that they are generated from.

use super::{AS_OF, demo, folder, gremlin};
use crate::apply::stage::{Stage, all_codes};
use jsonschema::Validator;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema(name: &str) -> Value {
    let path = root().join(format!("schemas/{name}.schema.json"));
    serde_json::from_slice(&std::fs::read(&path).expect("a schema")).expect("JSON")
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).expect("a schema")
}

/// What does not fit; empty when all does.
fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Holds files against their schemas, and remembers which schemas that were.
#[derive(Default)]
struct Seen(BTreeSet<String>);

impl Seen {
    /// A value fits its schema, and no longer does without one of its members.
    fn value(&mut self, name: &str, value: &Value) {
        let mut schema = schema(name);
        // What a line of the journal has beside its kind stands in `$defs`.
        if name == "journal" {
            closed(&mut schema["oneOf"])
        } else {
            closed(&mut schema)
        }
        let validator = validator(&schema);
        assert_eq!(errors(&validator, value), [""; 0], "{name}");
        let whole = value.as_object().expect("an object");
        for member in schema["required"].as_array().into_iter().flatten() {
            let mut less: Map<String, Value> = whole.clone();
            less.remove(member.as_str().expect("a name")).expect("a required member is there");
            assert!(!validator.is_valid(&less.into()), "{name} without {member}");
        }
        self.0.insert(name.to_owned());
    }

    /// Every JSON file of a folder.
    fn folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let Some((stem, ending)) = name.split_once('.') else { continue };
            let text = || std::fs::read_to_string(&path).expect("text");
            match ending.rsplit('.').next() {
                // A snapshot's settings are as Zendesk sent them.
                _ if stem == "account_settings" => {}
                Some("json") => self.value(stem, &serde_json::from_str(&text()).expect("JSON")),
                Some("ndjson") if stem == "journal" => {
                    text().lines().for_each(|line| self.value(stem, &serde_json::from_str(line).expect("JSON")));
                }
                _ => {}
            }
        }
    }
}

/// Members that a schema does not name are refused, so that a test notices them.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(closed);
            if members.contains_key("properties") {
                members.insert("unevaluatedProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(closed),
        _ => {}
    }
}

#[test]
fn every_json_file_fits_its_schema() {
    let mut seen = Seen::default();
    for fixture in ["demo", "all_codes"] {
        seen.folder(&root().join("fixtures").join(fixture).join("expected"));
    }
    let stage = Stage::all_codes();
    stage.run(&["audit", "--quiet", "--save-snapshot", "saved"]);
    seen.folder(&stage.path().join("saved"));
    let plan = stage.audit();
    stage.dry_run(&plan, &[]).is(0);
    stage.apply(&plan, &["--max-per-account", "1"]);
    for (options, code) in [(&["--sf-accounts", "fewer.csv"][..], 0), (&[], 0)] {
        let csv = std::fs::read_to_string(all_codes().join("salesforce_accounts.csv")).expect("a reference");
        let (fewer, _) = csv.trim_end().rsplit_once('\n').expect("rows");
        std::fs::write(stage.path().join("fewer.csv"), fewer).expect("written");
        let ran = stage.run(&[&["audit", "--quiet", "--baseline", "latest"], options].concat());
        assert!(ran.code == code || ran.code == 1, "{}", ran.err);
    }
    for kind in ["_audit", "_apply"] {
        stage.runs(kind).iter().for_each(|run| seen.folder(run));
    }
    let printed = stage.run(&["trend", "--format", "json"]).is(0).out;
    seen.value("trend", &serde_json::from_str(&printed).expect("JSON"));

    let all = std::fs::read_dir(root().join("schemas")).expect("schemas").map(|entry| {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        name.trim_end_matches(".schema.json").to_owned()
    });
    let all: BTreeSet<String> = all.filter(|name| name != "config").collect();
    assert_eq!(seen.0, all, "every schema was used");
}

#[test]
fn a_schema_names_itself_and_its_version() {
    for name in ["config", "summary"] {
        let id = schema(name)["$id"].clone();
        let version = env!("CARGO_PKG_VERSION");
        let end = format!("/raw/v{version}/schemas/{name}.schema.json");
        assert_eq!(id, format!("{}{end}", env!("CARGO_PKG_REPOSITORY")));
    }
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).expect("YAML")
}

/// Whether an audit accepts the configuration.
fn is_accepted(text: &str) -> bool {
    let folder = folder();
    std::fs::write(folder.path().join("config.yaml"), text).expect("written");
    let csv = demo().join("salesforce_accounts.csv");
    let mut command = gremlin(&folder);
    command.args(["audit", "--quiet", "--as-of", AS_OF, "--out", "out", "--config", "config.yaml", "--sf-accounts"]);
    let output = command.arg(csv).arg("--snapshot").arg(demo()).output().expect("a run");
    match output.status.code() {
        Some(0 | 1) => true,
        Some(2) => false,
        code => panic!("{text}: {code:?}"),
    }
}

#[test]
fn a_configuration_is_accepted_by_its_schema_as_by_the_program() {
    let config = validator(&schema("config"));
    let good = [
        "{}",
        "version: 1\nthresholds:\nsuppressions:\nzendesk:\n  subdomain:\n",
        "version:\nzendesk:\nsalesforce:\ndomains:\nusers:\ntickets:\nartifacts:\napply:\n",
        "zendesk: { subdomain: acme, base_url: }",
        "thresholds: { max_by_risk: { critical: 0 }, max_by_code: { ticket_org_mismatch: 3 }, max_new_issues: 0 }",
        "apply: { actions: [], max_actions: ~ }",
        "suppressions: [{ code: ticket_org_mismatch, sf_account_id: '001', org_id: 7, domain: a.example, reason: x, expires: 2026-12-31 }]",
    ];
    for text in good {
        assert_eq!(errors(&config, &yaml(text)), [""; 0], "{text}");
        assert!(is_accepted(text), "{text}");
    }
    let suppression = |rest: &str| format!("suppressions: [{{ code: ticket_org_mismatch, reason: x, {rest} }}]");
    let bad = [
        // Unknown keys and names.
        "threshold: {}".to_owned(),
        "thresholds: { max_total: 3 }".to_owned(),
        "thresholds: { max_by_risk: { critcal: 0 } }".to_owned(),
        "apply: { actions: [add_domain] }".to_owned(),
        "users: { roles: [customer] }".to_owned(),
        "salesforce: { source: odbc }".to_owned(),
        suppression("account: x"),
        // Keys that must not be empty.
        "thresholds: { max_total_issues: }".to_owned(),
        "thresholds: { max_by_risk: { critical: } }".to_owned(),
        "domains: { ignored: }".to_owned(),
        "apply: { actions: }".to_owned(),
        suppression("expires: ~"),
        "suppressions: [{ code: ticket_org_mismatch, reason: ' ' }]".to_owned(),
        "suppressions: [{ code: ticket_org_mismatch }]".to_owned(),
        "suppressions: [{ code: ~, reason: x }]".to_owned(),
        // Forms and ranges.
        suppression("sf_account_id: 123"),
        suppression("issue_id: 1"),
        suppression("expires: 31.12.2026"),
        "version: 2".to_owned(),
        "tickets: { lookback_days: 0 }".to_owned(),
        "zendesk: { reserve_percent: 91 }".to_owned(),
        "salesforce: { max_lost_percent: -1 }".to_owned(),
        "apply: { max_actions: 4294967296 }".to_owned(),
        "salesforce: { api_version: v64 }".to_owned(),
        "salesforce: { columns: { website: ' ' } }".to_owned(),
        // What goes together.
        "zendesk: { subdomain: acme, base_url: 'https://acme.zendesk.com' }".to_owned(),
        "salesforce: { source: soql, query: SELECT Id FROM Account }".to_owned(),
    ];
    for text in bad {
        assert!(!config.is_valid(&yaml(&text)), "{text}");
        assert!(!is_accepted(&text), "{text}");
    }
}

/// The configurations of the fixtures, and those that `init` writes.
#[test]
fn every_configuration_of_the_repository_and_of_init_fits_the_schema() {
    let config = validator(&schema("config"));
    let fits = |text: &str| assert_eq!(errors(&config, &yaml(text)), [""; 0], "{text}");
    let kept: Vec<PathBuf> = ["fixtures/all_codes", "tests/cases/org_read_without_domain_names"]
        .iter()
        .flat_map(|path| std::fs::read_dir(root().join(path)).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    assert_eq!(kept.len(), 3, "{kept:?}");
    kept.iter().for_each(|path| fits(&std::fs::read_to_string(path).expect("text")));

    let header = format!("# yaml-language-server: $schema={}\n", schema("config")["$id"].as_str().expect("an id"));
    let init = |options: &[&str]| {
        let folder = folder();
        std::fs::write(folder.path().join("export.csv"), "Account ID,Account Name,Website\n001A,A,a.example\n")
            .expect("written");
        gremlin(&folder).arg("init").args(options).assert().code(0);
        let text = std::fs::read_to_string(folder.path().join("gremlin.zendesk_drift.yaml")).expect("written");
        assert!(text.starts_with(&header), "{text}");
        fits(&text);
        yaml(&text)
    };
    let plain = init(&[]);
    init(&["--sf-accounts", "export.csv", "--subdomain", "acme"]);
    init(&["--salesforce", "--instance-url", "https://acme.my.salesforce.com"]);

    // The defaults that an editor shows are those that `init` writes, which are the program's.
    let mut defaults = 0;
    for (section, keys) in plain.as_object().expect("sections") {
        let at = &schema("config")["properties"][section];
        for (key, value) in keys.as_object().into_iter().flatten() {
            assert_eq!(at["properties"][key]["default"], *value, "{section}.{key}");
            defaults += 1;
        }
    }
    assert!(defaults > 15, "{defaults}");
}

/// Every key has a text that an editor shows.
#[test]
fn every_key_of_the_configuration_is_described() {
    fn undescribed(schema: &Value, path: &str, found: &mut Vec<String>) {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            // What a limit by risk or code means is said of the whole.
            if member["description"].is_null() && !path.contains(".max_by_") {
                found.push(path.clone());
            }
            undescribed(member, &path, found);
        }
        if let Some(items) = schema.get("items") {
            undescribed(items, path, found);
        }
    }
    let mut found = Vec::new();
    undescribed(&schema("config"), "", &mut found);
    assert_eq!(found, [""; 0]);
}
