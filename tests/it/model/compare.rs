//! The engine and the model must agree on every cell of every seeded world.
//!
//! `G_GREMLIN_WORLDS=5000` compares that many worlds; `G_GREMLIN_WORLD=17` compares the one of that seed. A world that differs
//! is made smaller while it still does, and is kept as a fixture folder. What people read is not compared (`detail`, messages, `summary.md`),
//! nor what a run records of itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use super::random::{Random, Scenario, scenario};
use super::rules::{ACTION_CODES, ADVISORY_CODES, BLOCKED_REASONS, ISSUE_CODES, USER_COUNTS, WARNING_CODES};
use super::run::Run;
use super::shrink;
use super::text;
use super::{Findings, ModelConfig, PlainWorld, Table, audit};

/// How many worlds `cargo test` compares; `.ci/proofs` compares 10,000.
const COMPARED: u64 = 60;
/// In how many worlds every case occurs.
const REACHED: u64 = 300;

#[test]
fn the_engine_agrees_with_the_model_on_random_worlds() {
    let number = |name: &str| {
        let value = std::env::var(name).ok()?;
        Some(value.parse::<u64>().unwrap_or_else(|_| panic!("{name} is a number")))
    };
    let (first, worlds) = match number("G_GREMLIN_WORLD") {
        Some(seed) => (seed, 1),
        None => (0, number("G_GREMLIN_WORLDS").unwrap_or(COMPARED)),
    };
    let began = Instant::now();
    let failing = in_two_threads(worlds, |seed| {
        let seed = first + seed;
        let differences = compare(&scenario(seed));
        if differences.is_empty() { vec![] } else { vec![(seed, differences)] }
    });
    println!("{worlds} worlds in {} s: {} differ", began.elapsed().as_secs(), failing.len());
    let Some((seed, differences)) = failing.iter().min() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("world-{seed}"));
    let small = shrink::shrink(&scenario(*seed), &|candidate| {
        shrink::is_like(&differences[0], &shrink::without_panic(|| compare(candidate)))
    });
    shrink::write(&small, &findings(&small), &compare(&small), &folder);
    let first = differences.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
    panic!(
        "{} of {worlds} worlds differ; world {seed} has {} differences, the first of which are\n{first}\n{}",
        failing.len(),
        differences.len(),
        shrink::printed(&folder),
    );
}

#[test]
fn the_engine_agrees_with_the_model_on_the_demo_fixture() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let json = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
    let records = |file: &str| -> Vec<Value> { read(file).lines().map(json).collect() };
    let scenario = Scenario {
        world: PlainWorld {
            organizations: records("organizations.ndjson"),
            users: records("users.ndjson"),
            memberships: records("organization_memberships.ndjson"),
            tickets: records("tickets.ndjson"),
            settings: Some(json(&read("account_settings.json"))),
        },
        reference_csv: read("salesforce_accounts.csv"),
        baseline_csv: None,
        config: ModelConfig::default(),
        as_of: "2026-04-17T22:15:30Z".to_owned(),
    };
    let differences = compare(&scenario);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A comparison is worth what its worlds reach: every name of the tables of the rules occurs.
#[test]
fn the_random_worlds_reach_every_case() {
    let reached: BTreeSet<String> =
        in_two_threads(REACHED, |seed| cases(&findings(&scenario(seed)))).into_iter().collect();

    let mut wanted = vec![];
    let mut want = |kind: &str, names: &[&str]| {
        wanted.extend(names.iter().map(|name| format!("{kind} {name}")));
    };
    want("issue_code", &ISSUE_CODES);
    want("status", &["prepared", "blocked", "review_only", "detected", "suppressed"]);
    want("prepared", &ACTION_CODES);
    // A move has nothing that could block it but its account's link.
    want("blocked", &ACTION_CODES);
    want("blocked_reason", &BLOCKED_REASONS);
    want("advisory", &ADVISORY_CODES);
    want("advisory domain", &["some", "none"]);
    want("lost_accounts", &["none", "some", "not judged"]);
    want("note", &["org_shares_tickets", "users_affected:0", "users_affected:", "default_org_linked_to:"]);
    want("resolution", &["linked", "domain_linked", "duplicate", "contested", "conflict", "missing"]);
    want("users", &USER_COUNTS);
    want("mismatch_kind", &["no_org", "other_member_org", "not_member_org"]);
    want("membership_state", &["member_default", "member", "none"]);
    want("depends_on", &["some", "none"]);
    want("issue", &["of no single account", "echoed", "echoed while suppressed", "with several actions"]);
    want("threshold", &["breached", "kept"]);
    want("cell", &["guarded"]);
    // A snapshot cannot know that the archive was left out.
    let of_snapshots: Vec<&str> =
        WARNING_CODES.into_iter().filter(|code| *code != "archived_tickets_not_covered").collect();
    want("warning", &of_snapshots);

    let missed: Vec<&String> = wanted.iter().filter(|case| !reached.contains(*case)).collect();
    assert!(missed.is_empty(), "no world of {REACHED} reaches {missed:?}");
}

#[test]
fn the_order_of_records_changes_no_artifact() {
    let differences = in_two_threads(20, |seed| {
        let scenario = scenario(seed);
        let mut shuffled = Scenario { world: scenario.world.clone(), ..scenario.clone() };
        let mut random = Random::new(seed);
        let PlainWorld { organizations, users, memberships, tickets, settings: _ } = &mut shuffled.world;
        for records in [organizations, users, memberships, tickets] {
            random.shuffle(records);
        }
        let (one, other) = match (Run::of(&scenario), Run::of(&shuffled)) {
            (Ok(one), Ok(other)) => (one, other),
            (Err(error), _) | (_, Err(error)) => return vec![format!("world {seed}: {error}")],
        };
        let mut differences = vec![];
        assert_eq!(one.files(), other.files(), "world {seed}: the files of the run folders");
        for file in one.files() {
            let same = match file.as_str() {
                // The receipt names the digests of the files that were read, which do differ.
                "receipt.json" => without_digests(&one.json(&file)) == without_digests(&other.json(&file)),
                _ => one.bytes(&file) == other.bytes(&file),
            };
            if !same {
                differences.push(format!("world {seed}: {file} depends on the order of records"));
            }
        }
        differences
    });
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Collects what `work` says of the seeds from 0 on.
fn in_two_threads<T: Send>(seeds: u64, work: impl Fn(u64) -> Vec<T> + Sync) -> Vec<T> {
    let run = |parity: u64| -> Vec<T> { (0..seeds).filter(|seed| seed % 2 == parity).flat_map(&work).collect() };
    thread::scope(|scope| {
        let odd = scope.spawn(|| run(1));
        let mut all = run(0);
        all.extend(odd.join().expect("the other half"));
        all
    })
}

fn findings(scenario: &Scenario) -> Findings {
    let baseline = scenario.baseline_csv.as_deref();
    audit(&scenario.world, &scenario.reference_csv, baseline, &scenario.config, &scenario.as_of)
}

/// The differences between the engine and the model on one world, each with its cell.
/// A key that no record of a list has makes its absence certain, and then nothing can be judged (rules 5).
fn is_rightly_refused(scenario: &Scenario, error: &str) -> bool {
    let world = &scenario.world;
    let lists = [
        ("organizations", &world.organizations),
        ("users", &world.users),
        ("organization_memberships", &world.memberships),
        ("tickets", &world.tickets),
    ];
    lists.into_iter().any(|(file, records)| {
        let key = error
            .split_once(&format!("{file}.ndjson: no record has the key `"))
            .and_then(|(_, rest)| rest.split_once('`'));
        key.is_some_and(|(key, _)| !records.is_empty() && records.iter().all(|record| record.get(key).is_none()))
    })
}

fn compare(scenario: &Scenario) -> Vec<String> {
    let expected = findings(scenario);
    let run = match Run::of(scenario) {
        Ok(run) => run,
        Err(error) if is_rightly_refused(scenario, &error) => return vec![],
        Err(error) => return vec![error],
    };
    let mut differences = Differences { found: vec![] };

    let exit_code = if expected.breached { 1 } else { 0 };
    differences.check("exit code", &json!(exit_code), &json!(run.exit_code));
    for table in &expected.tables {
        differences.check_table(table, &run.bytes(table.file));
    }

    let plan = run.json("fix_plan.json");
    differences.check_json("fix_plan.json plan", &expected.plan, &plan["plan"]);
    differences.check("fix_plan.json plan_hash", &json!(expected.plan_hash), &plan["plan_hash"]);
    let (as_of, _) = text::instant(&scenario.as_of).expect("RFC 3339");
    for time in ["as_of", "created_at"] {
        differences.check(&format!("fix_plan.json {time}"), &json!(text::utc(as_of)), &plan[time]);
    }

    let mut summary = run.json("summary.json");
    differences.check("summary.json plan_hash", &json!(expected.plan_hash), &summary["plan_hash"]);
    sort_by_name(&mut summary["thresholds"]);
    let mut expected_summary = expected.summary.clone();
    sort_by_name(&mut expected_summary["thresholds"]);
    for (member, value) in expected_summary.as_object().expect("an object") {
        differences.check_json(&format!("summary.json {member}"), value, &summary[member]);
    }
    let text = String::from_utf8(run.bytes("summary.json")).expect("UTF-8");
    for (member, names) in [("by_code", &ISSUE_CODES[..]), ("blocked_reasons", &BLOCKED_REASONS[..])] {
        let order = names_in_order(&text, member);
        let cell = format!("the order of summary.json {member}");
        differences.check(&cell, &json!(names), &json!(order));
    }
    let warnings: Vec<Value> = expected
        .warnings
        .iter()
        .map(|warning| {
            json!({
                "code": warning.code,
                "line": warning.line,
                "sf_account_id": warning.sf_account_id,
                "domain": warning.domain,
            })
        })
        .collect();
    for warning in summary["warnings"].as_array_mut().into_iter().flatten() {
        if let Some(members) = warning.as_object_mut() {
            members.remove("message");
        }
    }
    differences.check_json("summary.json warnings", &json!(warnings), &summary["warnings"]);
    differences.check("verify", &json!("everything matches"), &json!(run.verified()));
    differences.found
}

/// The names of a flat object, as they follow each other in a JSON text.
fn names_in_order(json: &str, member: &str) -> Vec<String> {
    let begin = json.find(&format!("\"{member}\": {{")).expect(member);
    let object = json[begin..].split(['{', '}']).nth(1).expect(member);
    let names = object.split(',').filter_map(|pair| pair.split('"').nth(1));
    names.map(str::to_owned).collect()
}

fn sort_by_name(thresholds: &mut Value) {
    if let Some(thresholds) = thresholds.as_array_mut() {
        thresholds.sort_by_key(|threshold| threshold["name"].to_string());
    }
}

struct Differences {
    found: Vec<String>,
}

impl Differences {
    fn check(&mut self, cell: &str, expected: &Value, got: &Value) {
        if expected != got {
            self.found.push(format!("{cell}: the model has {expected}, the engine {got}"));
        }
    }

    /// Compares member by member and item by item, to name the smallest thing that differs.
    fn check_json(&mut self, cell: &str, expected: &Value, got: &Value) {
        match (expected, got) {
            (Value::Object(one), Value::Object(other)) => {
                let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
                for key in keys {
                    match (one.get(key), other.get(key)) {
                        (Some(expected), Some(got)) => self.check_json(&format!("{cell}.{key}"), expected, got),
                        (expected, _) => {
                            let whose = if expected.is_some() { "the model" } else { "the engine" };
                            self.found.push(format!("{cell}: only {whose} has {key}"));
                        }
                    }
                }
            }
            (Value::Array(one), Value::Array(other)) => {
                self.check(&format!("the length of {cell}"), &json!(one.len()), &json!(other.len()));
                for (i, (expected, got)) in one.iter().zip(other).enumerate() {
                    self.check_json(&format!("{cell}[{i}]"), expected, got);
                }
            }
            _ => self.check(cell, expected, got),
        }
    }

    fn check_table(&mut self, expected: &Table, bytes: &[u8]) {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut rows: Vec<Vec<String>> = vec![];
        for record in reader.records() {
            rows.push(record.expect("readable CSV").iter().map(str::to_owned).collect());
        }
        let file = expected.file;
        let mut columns = if rows.is_empty() { vec![] } else { rows.remove(0) };
        if columns.last().is_some_and(|column| column == "detail") {
            columns.pop();
        }
        self.check(&format!("{file} header"), &json!(expected.columns), &json!(columns));
        if expected.rows.len() != rows.len() {
            let (model, engine) = (expected.rows.len(), rows.len());
            self.found.push(format!("{file}: the model has {model} rows, the engine {engine}"));
        }
        for (number, (expected_row, row)) in expected.rows.iter().zip(&rows).enumerate() {
            for (place, column) in expected.columns.iter().enumerate() {
                let (wanted, got) = (json!(expected_row[place]), json!(row.get(place)));
                let id = &expected_row[0];
                self.check(&format!("{file} row {} ({id}) {column}", number + 1), &wanted, &got);
            }
        }
    }
}

/// The receipt without the digests of what was read and of what was written.
fn without_digests(receipt: &Value) -> Value {
    let mut receipt = receipt.clone();
    if let Some(members) = receipt.as_object_mut() {
        members.remove("digests");
        members.remove("receipt_sha256");
        // Nor does the receipt of the run before, which names the digests of what that read.
        for earlier in ["baseline", "history"] {
            if let Some(earlier) = members.get_mut(earlier).and_then(Value::as_object_mut) {
                earlier.remove("receipt_sha256");
            }
        }
    }
    receipt
}

/// The cases of the rules that a world reaches, as `kind name`.
fn cases(findings: &Findings) -> Vec<String> {
    let mut cases = vec![];
    for table in &findings.tables {
        for row in &table.rows {
            let cell = |name: &str| -> &str {
                let place = table.columns.iter().position(|column| *column == name);
                place.map_or("", |place| &row[place])
            };
            for column in ["issue_code", "status", "blocked_reason", "mismatch_kind", "membership_state"] {
                cases.push(format!("{column} {}", cell(column)));
            }
            if table.file == "advisories.csv" {
                cases.push(format!("advisory {}", cell("advisory_code")));
                cases.push(format!("advisory domain {}", if cell("domain").is_empty() { "none" } else { "some" }));
            }
            if table.file == "fix_plan.csv" {
                cases.push(format!("{} {}", cell("status"), cell("action_code")));
            }
            for note in cell("notes").split(';') {
                cases.push(format!("note {note}"));
                cases.push(format!("note {}:", note.split(':').next().unwrap_or_default()));
            }
            if cell("status") == "prepared" {
                cases.push(format!("depends_on {}", if cell("depends_on").is_empty() { "none" } else { "some" }));
            }
            if row.iter().any(|cell| cell.starts_with("'=")) {
                cases.push("cell guarded".to_owned());
            }
            let is_issue = table.file == "all_exceptions.csv";
            if is_issue && cell("sf_account_id").is_empty() {
                cases.push("issue of no single account".to_owned());
            }
            if cell("action_id").contains(';') {
                cases.push("issue with several actions".to_owned());
            }
            if !cell("echo_of_issue_id").is_empty() {
                cases.push("issue echoed".to_owned());
                if cell("status") == "suppressed" {
                    cases.push("issue echoed while suppressed".to_owned());
                }
            }
        }
    }
    for (kind, member) in [("resolution", "resolution"), ("users", "users")] {
        for (name, count) in findings.summary[member].as_object().expect("counts") {
            if *count != 0 {
                cases.push(format!("{kind} {name}"));
            }
        }
    }
    for threshold in findings.summary["thresholds"].as_array().expect("a list") {
        cases.push(format!("threshold {}", if threshold["breached"] == true { "breached" } else { "kept" }));
    }
    cases.push(match findings.summary["lost_accounts"].as_u64() {
        None => "lost_accounts not judged".to_owned(),
        Some(0) => "lost_accounts none".to_owned(),
        Some(_) => "lost_accounts some".to_owned(),
    });
    for warning in &findings.warnings {
        cases.push(format!("warning {}", warning.code));
    }
    cases
}
