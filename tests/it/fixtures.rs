//! The two fixture worlds: what the demo and `fixtures/all_codes` must yield, file by file and finding by finding.
//!
//! Everything here goes through the binary. The run folders under `expected` are compared byte by byte and rewritten by
//! `G_GREMLIN_BLESS=1`; the tests with literals keep an eye on what was blessed. Single rules on tiny worlds are
//! tested elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::{Value, json};
use tempfile::TempDir;

const AS_OF: &str = "2026-04-17T22:15:30Z";
const RUN_FOLDER: &str = "20260417_221530Z_audit";
const ROOT: &str = "artifacts/zendesk_drift";

/// The files of a run folder without a baseline, sorted.
const ARTIFACTS: [&str; 14] = [
    "accounts.csv",
    "advisories.csv",
    "all_exceptions.csv",
    "apply_receipt.json",
    "exceptions_by_account.csv",
    "fix_plan.csv",
    "fix_plan.json",
    "history.json",
    "org_issues.csv",
    "receipt.json",
    "summary.json",
    "summary.md",
    "ticket_issues.csv",
    "user_issues.csv",
];

/// The five files of a plain snapshot.
const SNAPSHOT: [&str; 5] = [
    "account_settings.json",
    "organization_memberships.ndjson",
    "organizations.ndjson",
    "tickets.ndjson",
    "users.ndjson",
];

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("paths of the tests are UTF-8")
}

/// A finished audit in a working directory of its own.
struct Run {
    directory: TempDir,
    stdout: String,
}

impl Run {
    /// Audits with `--out` relative to a fresh working directory, so that no two runs see each other.
    fn audit(options: &[&str]) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let mut command = cargo_bin_cmd!("g-gremlin");
        // The outcome must not depend on who runs the tests, where, or with which credentials.
        for (name, _) in std::env::vars() {
            if ["CI", "GITHUB_", "ZENDESK_", "NO_COLOR", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        let assert = command
            .current_dir(directory.path())
            .args(["zendesk", "drift", "audit", "--out", ROOT])
            .args(options)
            .assert()
            .success();
        let stdout = String::from_utf8(assert.get_output().stdout.clone()).expect("standard output is UTF-8");
        Self { directory, stdout }
    }

    fn demo() -> Self {
        Self::audit(&["--demo", "--as-of", AS_OF])
    }

    fn all_codes(config: &str) -> Self {
        let snapshot = fixture("all_codes");
        let config = snapshot.join(config);
        Self::audit(&["--config", utf8(&config), "--snapshot", utf8(&snapshot), "--as-of", AS_OF])
    }

    /// The one run folder under the artifacts root.
    fn folder(&self) -> PathBuf {
        let folders: Vec<PathBuf> = fs::read_dir(self.directory.path().join(ROOT))
            .expect("the artifacts root exists")
            .map(|entry| entry.expect("a readable entry").path())
            .filter(|path| path.is_dir())
            .collect();
        assert_eq!(folders.len(), 1, "one run makes one folder, not {folders:?}");
        folders[0].clone()
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files_of(&self.folder())
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder().join(name)).expect("the artifact is there, and UTF-8")
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).expect("the artifact is JSON")
    }

    /// The records of a CSV artifact, each as column → cell.
    fn csv(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        csv::Reader::from_reader(self.text(name).as_bytes())
            .deserialize()
            .map(|record| record.expect("a record as wide as the header"))
            .collect()
    }

    /// All values of one column, empty cells left out.
    fn values(&self, name: &str, column: &str) -> BTreeSet<String> {
        let cells = self.csv(name).into_iter().map(|mut row| row.remove(column).expect("a known column"));
        cells.filter(|cell| !cell.is_empty()).collect()
    }

    /// Each finding as `code|status|account|org|user|ticket|domain|blocked reason`.
    fn findings(&self) -> BTreeSet<String> {
        let columns =
            ["issue_code", "status", "sf_account_id", "org_id", "user_id", "ticket_id", "domain", "blocked_reason"];
        let rows = self.csv("all_exceptions.csv");
        let findings: BTreeSet<String> =
            rows.iter().map(|row| columns.map(|column| row[column].as_str()).join("|")).collect();
        assert_eq!(findings.len(), rows.len(), "no finding is reported twice");
        findings
    }
}

fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("the folder exists")
        .map(|entry| {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a readable file"))
        })
        .collect()
}

/// The list of JSON values that a member holds.
fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text_of(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn set_of(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn blessing() -> bool {
    std::env::var_os("G_GREMLIN_BLESS").is_some_and(|value| value == "1")
}

/// Compares two texts and shows the first line that differs; whole files would bury it.
#[track_caller]
fn assert_same_text(name: &str, expected: &[u8], found: &[u8]) {
    if expected == found {
        return;
    }
    let (expected, found) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(found));
    let same = expected.lines().zip(found.lines()).take_while(|(left, right)| left == right).count();
    panic!(
        "{name} differs from line {} on\nexpected: {:?}\n   found: {:?}\nG_GREMLIN_BLESS=1 rewrites what is expected",
        same + 1,
        expected.lines().nth(same),
        found.lines().nth(same),
    );
}

/// Demands that the run folder equals the committed one; when blessing, replaces that first.
#[track_caller]
fn assert_expected_folder(expected: &Path, run: &Run) {
    let found = run.files();
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), ARTIFACTS);
    if blessing() {
        if expected.exists() {
            fs::remove_dir_all(expected).expect("the old folder can go");
        }
        fs::create_dir_all(expected).expect("the new folder can be made");
        for (name, bytes) in &found {
            fs::write(expected.join(name), bytes).expect("the artifact can be written");
        }
    }
    let expected = files_of(expected);
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    for (name, bytes) in &expected {
        assert_same_text(name, bytes, &found[name]);
    }
}

/// Puts `#` for the digits of times and run ids, the only things in which two runs may differ.
fn blank_times(text: &str) -> String {
    const SHAPES: [&str; 2] = ["dddd-dd-ddTdd:dd:dd", "dddddddd_ddddddZ"];
    let mut bytes = text.as_bytes().to_vec();
    for shape in SHAPES {
        for start in 0..(bytes.len() + 1).saturating_sub(shape.len()) {
            let window = &mut bytes[start..start + shape.len()];
            let fits = |(byte, wanted): (&u8, u8)| {
                if wanted == b'd' { byte.is_ascii_digit() } else { *byte == wanted }
            };
            if window.iter().zip(shape.bytes()).all(fits) {
                window.iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|byte| *byte = b'#');
            }
        }
    }
    String::from_utf8(bytes).expect("only digits were replaced")
}

#[test]
fn the_demo_yields_the_committed_run_folder() {
    let run = Run::demo();
    assert_eq!(run.folder().file_name().expect("a name"), RUN_FOLDER);
    assert_expected_folder(&fixture("demo/expected"), &run);
}

#[test]
fn the_demo_prints_the_committed_console_output() {
    let expected = fixture("demo/expected_console.txt");
    let run = Run::demo();
    if blessing() {
        fs::write(&expected, &run.stdout).expect("the console output can be written");
    }
    let expected = fs::read(&expected).expect("the console output is committed");
    assert_same_text("expected_console.txt", &expected, run.stdout.as_bytes());
}

#[test]
fn ten_runs_of_the_demo_give_the_same_bytes() {
    let first = Run::demo();
    let files = first.files();
    for _ in 1..10 {
        let again = Run::demo();
        assert_eq!(again.stdout, first.stdout);
        let again = again.files();
        assert_eq!(again.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
        for (name, bytes) in &files {
            assert_same_text(name, bytes, &again[name]);
        }
    }
}

#[test]
fn without_as_of_runs_of_the_demo_differ_in_run_ids_and_times_alone() {
    let (now, fixed) = (Run::audit(&["--demo"]), Run::demo());
    assert_ne!(now.folder().file_name(), fixed.folder().file_name(), "a run without --as-of is named by its own time");
    // The receipt holds the command line and the digests of the other files; both do differ.
    for name in ARTIFACTS.into_iter().filter(|name| *name != "receipt.json") {
        let (now, fixed) = (blank_times(&now.text(name)), blank_times(&fixed.text(name)));
        assert_same_text(name, fixed.as_bytes(), now.as_bytes());
    }
    assert_eq!(blank_times(&now.stdout), blank_times(&fixed.stdout));
    let (now, fixed) = (now.json("fix_plan.json"), fixed.json("fix_plan.json"));
    assert_eq!(now["plan_hash"], fixed["plan_hash"]);
    assert_eq!(now["as_of"], AS_OF, "the clock of the demo stands still");
}

#[test]
fn the_demo_folder_as_a_snapshot_gives_the_same_issues() {
    let (demo, snapshot) = (Run::demo(), World::demo().audit());
    for name in
        ["all_exceptions.csv", "exceptions_by_account.csv", "org_issues.csv", "user_issues.csv", "ticket_issues.csv"]
    {
        assert_same_text(name, demo.text(name).as_bytes(), snapshot.text(name).as_bytes());
    }
    let (demo, snapshot) = (demo.json("fix_plan.json"), snapshot.json("fix_plan.json"));
    assert_eq!(demo["plan"]["source"], "demo");
    assert_eq!(demo["plan"]["zendesk"], "https://demo.zendesk.example");
    assert_eq!(snapshot["plan"]["source"], "zendesk");
    assert_eq!(snapshot["plan"]["zendesk"], "https://unknown.zendesk.invalid");
    assert_eq!(demo["plan"]["actions"], snapshot["plan"]["actions"]);
    assert_eq!(demo["plan"]["blocked"], snapshot["plan"]["blocked"]);
}

#[test]
fn the_demo_counts_are_the_documented_ones() {
    let summary = Run::demo().json("summary.json");
    assert_eq!(
        summary["read"],
        json!({"accounts": 9, "organizations": 11, "users": 24, "memberships": 142, "tickets": 487})
    );
    assert_eq!(
        summary["resolution"],
        json!({"linked": 5, "domain_linked": 2, "duplicate": 1, "contested": 0, "conflict": 0, "missing": 1})
    );
    assert_eq!(
        summary["users"],
        json!({
            "in_scope": 19, "personal_domain": 2, "ignored_domain": 0, "unmapped": 2, "waiting_for_account": 1,
            "spread_domain": 0, "settled": 2, "evaluated": 12, "out_of_scope": 5
        })
    );
    assert_eq!(summary["total_issue_count"], 13);
    assert_eq!(summary["prepared_action_count"], 5);
    assert_eq!(summary["blocked_action_count"], 4);
    assert_eq!(summary["suppressed_issue_count"], 0);
    assert_eq!(summary["ticket_echo_count"], 1);
    assert_eq!(summary["by_scope"], json!({"org": 6, "user": 4, "ticket": 3}));
    assert_eq!(summary["by_risk"], json!({"critical": 1, "high": 4, "medium": 8}));
    assert_eq!(
        summary["by_code"],
        json!({
            "org_duplicate_external_id": 1, "org_missing_external_id": 2, "org_external_id_conflict": 0,
            "org_missing_expected_domain": 1, "org_domain_attached_elsewhere": 1, "account_missing_zendesk_org": 1,
            "user_resolution_blocked_duplicate_external_id": 1, "user_domain_ambiguous": 1,
            "user_missing_expected_membership": 2, "user_default_org_not_expected": 0,
            "ticket_resolution_blocked_duplicate_external_id": 1, "ticket_org_mismatch": 2
        })
    );
    assert_eq!(
        summary["blocked_reasons"],
        json!({
            "duplicate_external_id": 2, "org_claimed_by_multiple_accounts": 0, "external_id_conflict": 0,
            "domain_belongs_to_other_org": 1, "user_domain_ambiguous": 1, "domain_spread_across_orgs": 0,
            "account_id_doubtful": 0, "default_org_not_in_reference": 0, "user_not_verified": 0,
            "multiple_organizations_off": 0, "account_link_suppressed": 0, "reference_shrank": 0
        })
    );
    let warned: Vec<String> = list(&summary["warnings"])
        .iter()
        .map(|warning| {
            format!("{} {} {} {}", warning["code"], warning["line"], warning["sf_account_id"], warning["domain"])
        })
        .collect();
    assert_eq!(
        warned,
        [
            r#""shared_domain" 6 "001ACME005" "acme-fleet.example""#,
            r#""shared_domain" 9 "001ACME008" "acme-fleet.example""#,
        ]
    );
}

#[test]
fn the_demo_groups_its_issues_by_account() {
    let expected = "\
\u{feff}sf_account_id,account_name,org_issue_count,user_issue_count,ticket_issue_count,total_issue_count,\
prepared_action_count,blocked_action_count,top_issue_codes,top_blocked_reasons
001ACME001,Acme Healthcare,1,0,0,1,1,0,org_missing_external_id,
001ACME002,Acme Labs,1,1,1,3,0,2,\
\"org_duplicate_external_id, user_resolution_blocked_duplicate_external_id\",duplicate_external_id
001ACME003,Acme Biotech,1,0,0,1,0,1,org_domain_attached_elsewhere,domain_belongs_to_other_org
001ACME004,Acme Retail,1,1,0,2,2,0,\"org_missing_expected_domain, user_missing_expected_membership\",
001ACME005,Acme Logistics,0,1,0,1,0,1,user_domain_ambiguous,user_domain_ambiguous
001ACME006,Acme Studios,0,0,2,2,0,0,ticket_org_mismatch,
001ACME007,Acme Energy,1,0,0,1,1,0,org_missing_external_id,
001ACME008,Acme Mobility,0,1,0,1,1,0,user_missing_expected_membership,
001ACME009,Acme Robotics,1,0,0,1,0,0,account_missing_zendesk_org,
";
    let name = "exceptions_by_account.csv";
    assert_same_text(name, expected.as_bytes(), Run::demo().text(name).as_bytes());
}

#[test]
fn the_demo_plan_is_the_documented_one() {
    let plan = &Run::demo().json("fix_plan.json")["plan"];
    let show = |entries: &Value, last: &str| -> Vec<String> {
        let members = ["action_id", "action_code", "sf_account_id", last];
        list(entries).iter().map(|entry| members.map(|member| text_of(&entry[member])).join(" ")).collect()
    };
    assert_eq!(
        show(&plan["actions"], "to"),
        [
            "A001 set_org_external_id 001ACME001 001ACME001",
            "A002 set_org_external_id 001ACME007 001ACME007",
            "A003 add_org_domain 001ACME004 acme-shop.example",
            "A004 assign_user_to_org 001ACME004 4005",
            "A005 assign_user_to_org 001ACME008 4009",
        ]
    );
    assert_eq!(
        show(&plan["blocked"], "blocked_reason"),
        [
            "B001 set_org_external_id 001ACME002 duplicate_external_id",
            "B002 assign_user_to_org 001ACME002 duplicate_external_id",
            "B003 add_org_domain 001ACME003 domain_belongs_to_other_org",
            "B004 assign_user_to_org 001ACME005 user_domain_ambiguous",
        ]
    );
    assert_eq!(
        plan["actions"][0]["preconditions"],
        json!(["org_exists", "org_external_id_is_blank", "external_id_unused", "org_has_domain:acme-health.example"])
    );
    let notes: Vec<&Value> = list(&plan["actions"]).iter().map(|action| &action["notes"]).collect();
    assert_eq!(
        notes,
        [&json!([]), &json!([]), &json!(["users_affected:1"]), &json!([]), &json!(["org_shares_tickets"])]
    );
}

/// A copy of the demo that a test may edit.
struct World {
    directory: TempDir,
    config: Option<PathBuf>,
}

impl World {
    fn demo() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        for name in SNAPSHOT.into_iter().chain(["salesforce_accounts.csv"]) {
            fs::copy(fixture("demo").join(name), directory.path().join(name)).expect("the fixture can be copied");
        }
        Self { directory, config: None }
    }

    fn audit(&self) -> Run {
        let reference = self.path("salesforce_accounts.csv");
        let mut options =
            vec!["--snapshot", utf8(self.directory.path()), "--sf-accounts", utf8(&reference), "--as-of", AS_OF];
        if let Some(config) = &self.config {
            options.extend(["--config", utf8(config)]);
        }
        Run::audit(&options)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Gives the record with this id to `change` and puts those that come back in its place.
    fn rewrite(&self, kind: &str, id: u64, change: impl FnOnce(Value) -> Vec<Value>) {
        let path = self.path(&format!("{kind}.ndjson"));
        let mut records: Vec<Value> = fs::read_to_string(&path)
            .expect("a readable fixture")
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON line"))
            .collect();
        let at = records.iter().position(|record| record["id"] == id).expect("the record to edit exists");
        let changed = change(records[at].clone());
        assert_ne!(changed, [records[at].clone()], "the edit changes something");
        records.splice(at..=at, changed);
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        fs::write(path, lines.join("\n")).expect("a writable copy");
    }

    /// Sets members of one record.
    fn set(&self, kind: &str, id: u64, members: &Value) {
        self.rewrite(kind, id, |record| vec![with(record, members)]);
    }

    fn remove(&self, kind: &str, id: u64) {
        self.rewrite(kind, id, |_| Vec::new());
    }

    /// Lets a record come a second time, changed.
    fn send_again(&self, kind: &str, id: u64, members: &Value) {
        self.rewrite(kind, id, |record| vec![record.clone(), with(record, members)]);
    }

    /// Replaces a text that occurs once in the reference.
    fn reference(&self, from: &str, to: &str) {
        let path = self.path("salesforce_accounts.csv");
        let text = fs::read_to_string(&path).expect("a readable reference");
        assert_eq!(text.matches(from).count(), 1, "{from:?} occurs once in the reference");
        fs::write(path, text.replace(from, to)).expect("a writable copy");
    }

    fn config(&mut self, yaml: &str) {
        let path = self.path("gremlin.zendesk_drift.yaml");
        fs::write(&path, format!("version: 1\n{yaml}")).expect("a writable copy");
        self.config = Some(path);
    }
}

/// The record with these members set.
fn with(mut record: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().expect("members are an object") {
        record[name] = value.clone();
    }
    record
}

/// Demands that the edit changes exactly these findings: `-` what is gone, `+` what is new.
///
/// A line is `code|status|account|org|user|ticket|domain|blocked reason`, written by hand from the rules.
#[track_caller]
fn assert_changes(edit: impl FnOnce(&mut World), expected: &[&str]) {
    let mut world = World::demo();
    let base = world.audit().findings();
    edit(&mut world);
    let edited = world.audit().findings();
    let gone = base.difference(&edited).map(|finding| format!("- {finding}"));
    let new = edited.difference(&base).map(|finding| format!("+ {finding}"));
    assert_eq!(gone.chain(new).collect::<BTreeSet<_>>(), set_of(expected));
}

#[test]
fn clearing_the_external_id_of_a_linked_org_asks_for_it_back() {
    assert_changes(
        |world| world.set("organizations", 4007, &json!({"external_id": null})),
        &["+ org_missing_external_id|prepared|001ACME006|4007||||"],
    );
}

#[test]
fn case_and_white_space_of_an_external_id_change_nothing() {
    assert_changes(|world| world.set("organizations", 4007, &json!({"external_id": " 001acme006 "})), &[]);
}

#[test]
fn setting_the_missing_external_id_settles_the_org() {
    assert_changes(
        |world| world.set("organizations", 4001, &json!({"external_id": "001ACME001"})),
        &["- org_missing_external_id|prepared|001ACME001|4001||||"],
    );
}

#[test]
fn a_foreign_external_id_on_the_only_candidate_is_a_conflict() {
    assert_changes(
        |world| world.set("organizations", 4001, &json!({"external_id": "LEGACY-17"})),
        &[
            "- org_missing_external_id|prepared|001ACME001|4001||||",
            "+ org_external_id_conflict|blocked|001ACME001|4001||||external_id_conflict",
        ],
    );
}

#[test]
fn fifteen_and_eighteen_characters_of_one_id_are_duplicates() {
    assert_changes(
        |world| {
            world.reference("001ACME009", "0015g00000AbCdE");
            world.set("organizations", 4010, &json!({"external_id": "0015g00000AbCdE"}));
            world.set("organizations", 4011, &json!({"external_id": "0015g00000abcdeaav"}));
        },
        &[
            "- account_missing_zendesk_org|review_only|001ACME009|||||",
            "+ org_duplicate_external_id|blocked|0015g00000AbCdE|4010||||duplicate_external_id",
            "+ user_resolution_blocked_duplicate_external_id|blocked|0015g00000AbCdE||5015||acme-robotics.example\
             |duplicate_external_id",
            "+ ticket_resolution_blocked_duplicate_external_id|detected|0015g00000AbCdE||5015|70090\
             |acme-robotics.example|",
            "+ ticket_resolution_blocked_duplicate_external_id|detected|0015g00000AbCdE||5015|70449\
             |acme-robotics.example|",
        ],
    );
}

#[test]
fn deleting_one_of_two_duplicates_links_the_other() {
    assert_changes(
        |world| world.set("organizations", 4003, &json!({"deleted_at": "2026-04-01T08:00:00Z"})),
        &[
            "- org_duplicate_external_id|blocked|001ACME002|4002||||duplicate_external_id",
            "- user_resolution_blocked_duplicate_external_id|blocked|001ACME002||5002||acme-labs.example\
             |duplicate_external_id",
            "- ticket_resolution_blocked_duplicate_external_id|detected|001ACME002||5002|70374|acme-labs.example|",
            "+ user_missing_expected_membership|prepared|001ACME002|4002|5002||acme-labs.example|",
            "+ ticket_org_mismatch|detected|001ACME002|4002|5002|70374|acme-labs.example|",
        ],
    );
}

#[test]
fn removing_a_membership_asks_for_it_though_the_user_still_names_the_org() {
    assert_changes(
        |world| world.remove("organization_memberships", 6046),
        &["+ user_missing_expected_membership|prepared|001ACME007|4008|5012||acme-energy.example|"],
    );
}

#[test]
fn the_missing_membership_as_default_settles_the_user() {
    assert_changes(
        |world| world.set("organization_memberships", 6053, &json!({"organization_id": 4009})),
        &["- user_missing_expected_membership|prepared|001ACME008|4009|5014||acme-mobility.example|"],
    );
}

#[test]
fn another_default_org_is_reported_and_the_tickets_stay_right() {
    assert_changes(
        |world| {
            world.set("organization_memberships", 6001, &json!({"default": null}));
            world.set("organization_memberships", 6002, &json!({"default": true}));
        },
        &["+ user_default_org_not_expected|prepared|001ACME001|4001|5001||acme-health.example|"],
    );
}

#[test]
fn the_default_org_of_an_ambiguous_user_settles_it() {
    assert_changes(
        |world| {
            world.set("organization_memberships", 6029, &json!({"default": true}));
            world.set("organization_memberships", 6030, &json!({"default": null}));
        },
        &["- user_domain_ambiguous|blocked|001ACME005||5008||acme-fleet.example|user_domain_ambiguous"],
    );
}

#[test]
fn an_ambiguous_user_who_leaves_the_org_belongs_to_no_single_account() {
    assert_changes(
        |world| world.remove("organization_memberships", 6029),
        &[
            "- user_domain_ambiguous|blocked|001ACME005||5008||acme-fleet.example|user_domain_ambiguous",
            "+ user_domain_ambiguous|blocked|||5008||acme-fleet.example|user_domain_ambiguous",
        ],
    );
}

#[test]
fn a_suspended_user_is_out_of_scope_with_the_tickets() {
    assert_changes(
        |world| world.set("users", 5010, &json!({"suspended": true})),
        &["- ticket_org_mismatch|detected|001ACME006|4007|5010|70298|acme-studios.example|"],
    );
}

#[test]
fn an_agent_is_out_of_scope() {
    assert_changes(
        |world| world.set("users", 5014, &json!({"role": "agent"})),
        &["- user_missing_expected_membership|prepared|001ACME008|4009|5014||acme-mobility.example|"],
    );
}

#[test]
fn an_unverified_address_is_never_added_to_an_org() {
    assert_changes(
        |world| world.set("users", 5014, &json!({"verified": false})),
        &[
            "- user_missing_expected_membership|prepared|001ACME008|4009|5014||acme-mobility.example|",
            "+ user_missing_expected_membership|blocked|001ACME008|4009|5014||acme-mobility.example|user_not_verified",
        ],
    );
}

#[test]
fn a_user_who_moves_to_a_personal_address_is_left_alone() {
    assert_changes(
        |world| world.set("users", 5014, &json!({"email": "rollout@gmail.com"})),
        &["- user_missing_expected_membership|prepared|001ACME008|4009|5014||acme-mobility.example|"],
    );
}

#[test]
fn with_multiple_organizations_off_only_a_first_membership_is_prepared() {
    assert_changes(
        |world| {
            let off = json!({"settings": {"user": {"multiple_organizations": false}}});
            fs::write(world.path("account_settings.json"), off.to_string()).expect("a writable copy");
        },
        &[
            "- user_missing_expected_membership|prepared|001ACME008|4009|5014||acme-mobility.example|",
            "+ user_missing_expected_membership|blocked|001ACME008|4009|5014||acme-mobility.example\
             |multiple_organizations_off",
        ],
    );
}

#[test]
fn an_unknown_setting_counts_as_on_where_users_have_several_orgs() {
    assert_changes(|world| fs::remove_file(world.path("account_settings.json")).expect("a file to remove"), &[]);
}

#[test]
fn a_ticket_that_moves_to_another_org_is_a_mismatch() {
    assert_changes(
        |world| world.set("tickets", 70041, &json!({"organization_id": 4010})),
        &["+ ticket_org_mismatch|detected|001ACME001|4001|5001|70041|acme-health.example|"],
    );
}

#[test]
fn a_ticket_that_moves_to_the_expected_org_is_settled() {
    assert_changes(
        |world| world.set("tickets", 70298, &json!({"organization_id": 4007})),
        &["- ticket_org_mismatch|detected|001ACME006|4007|5010|70298|acme-studios.example|"],
    );
}

#[test]
fn a_deleted_ticket_does_not_exist() {
    assert_changes(
        |world| world.set("tickets", 70298, &json!({"status": "deleted"})),
        &["- ticket_org_mismatch|detected|001ACME006|4007|5010|70298|acme-studios.example|"],
    );
}

#[test]
fn a_ticket_one_second_too_old_counts_once_it_is_on_the_edge() {
    assert_changes(
        |world| world.set("tickets", 70030, &json!({"updated_at": "2026-03-18T22:15:30Z"})),
        &["+ ticket_resolution_blocked_duplicate_external_id|detected|001ACME002||5002|70030|acme-labs.example|"],
    );
}

#[test]
fn a_ticket_one_second_too_new_counts_once_it_is_on_the_edge() {
    assert_changes(
        |world| world.set("tickets", 70493, &json!({"updated_at": AS_OF})),
        &["+ ticket_org_mismatch|detected|001ACME006|4007|5010|70493|acme-studios.example|"],
    );
}

#[test]
fn a_ticket_that_leaves_the_window_is_not_judged() {
    assert_changes(
        |world| world.set("tickets", 70298, &json!({"updated_at": "2026-03-18T22:15:29Z"})),
        &["- ticket_org_mismatch|detected|001ACME006|4007|5010|70298|acme-studios.example|"],
    );
}

#[test]
fn the_domain_of_a_linked_org_on_a_second_org_is_reviewed_and_its_users_are_settled() {
    assert_changes(
        |world| {
            let domains = json!({"domain_names": ["acme-genomics.example", "acme-studios.example"]});
            world.set("organizations", 4010, &domains);
        },
        &[
            "+ org_domain_attached_elsewhere|review_only|001ACME006|4007|||acme-studios.example|",
            "- ticket_org_mismatch|detected|001ACME006|4007|5010|70298|acme-studios.example|",
            "- ticket_org_mismatch|detected|001ACME006|4007|5011|70035|acme-studios.example|",
        ],
    );
}

#[test]
fn the_linking_domain_on_a_second_org_leaves_no_unique_candidate() {
    assert_changes(
        |world| {
            let domains = json!({"domain_names": ["acme-genomics.example", "acme-energy.example"]});
            world.set("organizations", 4010, &domains);
        },
        &[
            "- org_missing_external_id|prepared|001ACME007|4008||||",
            "+ account_missing_zendesk_org|review_only|001ACME007|||||",
        ],
    );
}

#[test]
fn one_org_with_the_domains_of_two_accounts_is_contested() {
    assert_changes(
        |world| {
            let domains = json!({"domain_names": ["acme-energy.example", "acme-health.example"]});
            world.set("organizations", 4001, &json!({"domain_names": []}));
            world.set("organizations", 4008, &domains);
        },
        &[
            "- org_missing_external_id|prepared|001ACME001|4001||||",
            "- org_missing_external_id|prepared|001ACME007|4008||||",
            "+ org_missing_external_id|blocked|001ACME001|4008||||org_claimed_by_multiple_accounts",
            "+ org_missing_external_id|blocked|001ACME007|4008||||org_claimed_by_multiple_accounts",
        ],
    );
}

#[test]
fn a_domain_that_two_accounts_expect_links_neither() {
    assert_changes(
        |world| world.reference(",acme-studios.example,", ",acme-studios.example acme-energy.example,"),
        &[
            "- org_missing_external_id|prepared|001ACME007|4008||||",
            "+ account_missing_zendesk_org|review_only|001ACME007|||||",
            "+ user_domain_ambiguous|blocked|||5012||acme-energy.example|user_domain_ambiguous",
        ],
    );
}

#[test]
fn a_domain_that_is_called_personal_is_expected_of_nobody() {
    assert_changes(
        |world| world.config("domains:\n  personal: [acme-shop.example]\n"),
        &[
            "- org_missing_expected_domain|prepared|001ACME004|4005||||",
            "- user_missing_expected_membership|prepared|001ACME004|4005|5006||acme-shop.example|",
        ],
    );
}

#[test]
fn an_account_that_needs_no_org_is_not_missing_one() {
    assert_changes(
        |world| world.reference("https://www.acme-robotics.example,,yes", "https://www.acme-robotics.example,,no"),
        &["- account_missing_zendesk_org|review_only|001ACME009|||||"],
    );
}

#[test]
fn a_deleted_org_frees_its_domain_and_the_tickets_of_its_users_are_judged() {
    assert_changes(
        |world| world.set("organizations", 4010, &json!({"deleted_at": "2026-04-01T08:00:00Z"})),
        &[
            "- org_domain_attached_elsewhere|blocked|001ACME003|4004|||acme-genomics.example\
             |domain_belongs_to_other_org",
            "+ org_missing_expected_domain|prepared|001ACME003|4004||||",
            "+ ticket_org_mismatch|detected|001ACME003|4004|5004|70479|acme-genomics.example|",
        ],
    );
}

#[test]
fn of_a_record_that_comes_twice_the_later_one_counts() {
    let again = |updated_at: &str| json!({"external_id": "001ACME001", "updated_at": updated_at});
    assert_changes(
        |world| world.send_again("organizations", 4001, &again("2026-04-17T22:00:00Z")),
        &["- org_missing_external_id|prepared|001ACME001|4001||||"],
    );
    assert_changes(|world| world.send_again("organizations", 4001, &again("2020-01-01T00:00:00Z")), &[]);
}

#[test]
fn the_order_of_the_records_changes_no_byte() {
    let (sorted, reversed) = (World::demo(), World::demo());
    for name in SNAPSHOT {
        let path = reversed.path(name);
        let text = fs::read_to_string(&path).expect("a readable fixture");
        let lines: Vec<&str> = text.lines().rev().collect();
        fs::write(path, lines.join("\n")).expect("a writable copy");
    }
    let (sorted, reversed) = (sorted.audit().files(), reversed.audit().files());
    // The receipt holds the digest of what was read, and that did change.
    for name in ARTIFACTS.into_iter().filter(|name| *name != "receipt.json") {
        assert_same_text(name, &sorted[name], &reversed[name]);
    }
}

#[test]
fn the_second_fixture_yields_the_committed_run_folder() {
    assert_expected_folder(&fixture("all_codes/expected"), &Run::all_codes("gremlin.zendesk_drift.yaml"));
}

#[test]
fn the_second_fixture_shows_every_code_status_and_state() {
    let run = Run::all_codes("gremlin.zendesk_drift.yaml");
    assert_eq!(
        run.values("all_exceptions.csv", "issue_code"),
        set_of(&[
            "account_missing_zendesk_org",
            "org_domain_attached_elsewhere",
            "org_duplicate_external_id",
            "org_external_id_conflict",
            "org_missing_expected_domain",
            "org_missing_external_id",
            "ticket_org_mismatch",
            "ticket_resolution_blocked_duplicate_external_id",
            "user_default_org_not_expected",
            "user_domain_ambiguous",
            "user_missing_expected_membership",
            "user_resolution_blocked_duplicate_external_id",
        ])
    );
    assert_eq!(
        run.values("all_exceptions.csv", "status"),
        set_of(&["prepared", "blocked", "review_only", "detected", "suppressed"])
    );
    assert_eq!(
        run.values("ticket_issues.csv", "mismatch_kind"),
        set_of(&["no_org", "other_member_org", "not_member_org"])
    );
    assert_eq!(run.values("user_issues.csv", "membership_state"), set_of(&["member_default", "member", "none"]));

    let summary = run.json("summary.json");
    for counted in ["by_scope", "by_code", "by_risk", "blocked_reasons", "resolution", "read", "users"] {
        for (name, count) in summary[counted].as_object().expect("counts by name") {
            let not_yet = ["account_id_doubtful", "default_org_not_in_reference", "reference_shrank"];
            assert_eq!(count == 0, not_yet.contains(&name.as_str()), "{counted}.{name}");
        }
    }
    let warnings: BTreeSet<String> =
        list(&summary["warnings"]).iter().map(|warning| text_of(&warning["code"]).to_owned()).collect();
    assert_eq!(
        warnings,
        set_of(&[
            "account_without_domain",
            "domain_not_usable",
            "id_check_wrong",
            "personal_domain",
            "shared_domain",
            "spread_domain",
            "suppression_expired",
            "suppression_unused",
            "zendesk_expected_unclear",
        ])
    );
}

#[test]
fn the_second_fixture_shows_every_action_blocked_reason_and_note() {
    let run = Run::all_codes("gremlin.zendesk_drift.yaml");
    let plan = &run.json("fix_plan.json")["plan"];
    let strings = |entries: &Value, member: &str| -> BTreeSet<String> {
        list(entries).iter().map(|entry| text_of(&entry[member]).to_owned()).collect()
    };
    let actions = set_of(&["add_org_domain", "assign_user_to_org", "move_user_to_org", "set_org_external_id"]);
    assert_eq!(strings(&plan["actions"], "action_code"), actions);
    assert_eq!(strings(&plan["blocked"], "action_code"), actions);

    let reasons = set_of(&[
        "account_link_suppressed",
        "domain_belongs_to_other_org",
        "domain_spread_across_orgs",
        "duplicate_external_id",
        "external_id_conflict",
        "multiple_organizations_off",
        "org_claimed_by_multiple_accounts",
        "user_domain_ambiguous",
        "user_not_verified",
    ]);
    assert_eq!(strings(&plan["blocked"], "blocked_reason"), reasons);
    assert_eq!(run.values("all_exceptions.csv", "blocked_reason"), reasons);

    let notes: BTreeSet<String> = list(&plan["actions"])
        .iter()
        .flat_map(|action| list(&action["notes"]))
        .map(|note| text_of(note).to_owned())
        .collect();
    assert_eq!(
        notes,
        set_of(&[
            "default_org_linked_to:0015G00000QWERTAAV",
            "default_org_linked_to:001CASE001",
            "default_org_linked_to:001CASE017",
            "default_org_linked_to:001CASE025",
            "org_shares_tickets",
            "users_affected:0",
            "users_affected:1",
        ])
    );
}

#[test]
fn the_second_fixture_counts_as_its_cases_say() {
    let summary = Run::all_codes("gremlin.zendesk_drift.yaml").json("summary.json");
    assert_eq!(
        summary["resolution"],
        json!({"linked": 20, "domain_linked": 6, "duplicate": 2, "contested": 2, "conflict": 1, "missing": 10})
    );
    assert_eq!(
        summary["users"],
        json!({
            "in_scope": 55, "personal_domain": 2, "ignored_domain": 1, "unmapped": 1, "waiting_for_account": 3,
            "spread_domain": 9, "settled": 2, "evaluated": 37, "out_of_scope": 6
        })
    );
    assert_eq!(summary["ticket_echo_count"], 3, "a suppressed issue echoes too");
    assert_eq!(summary["suppressed_issue_count"], 6);
    // The line feed in the quoted cell of case 31 comes before these rows; each names the line on which it starts.
    let unusable: Vec<String> = list(&summary["warnings"])
        .iter()
        .filter(|warning| warning["code"] == "domain_not_usable")
        .map(|warning| format!("{} {}", warning["line"], text_of(&warning["sf_account_id"])))
        .collect();
    assert_eq!(unusable, ["38 001CASE036", "38 001CASE036", "40 001CASE038"]);
}

#[test]
fn the_second_fixture_links_by_the_eighteen_characters_and_splits_a_spread_issue() {
    let run = Run::all_codes("gremlin.zendesk_drift.yaml");
    let plan = &run.json("fix_plan.json")["plan"];
    let links: BTreeSet<String> = list(&plan["actions"])
        .iter()
        .filter(|action| action["action_code"] == "set_org_external_id")
        .map(|action| format!("{} → {}", text_of(&action["sf_account_id"]), text_of(&action["to"])))
        .collect();
    assert_eq!(
        links,
        set_of(&[
            "0015g00000XyZaB → 0015g00000XyZaBAAV",
            "001CASE004 → 001CASE004",
            "001CASE029 → 001CASE029",
            "001CASE031 → 001CASE031",
        ])
    );
    let depends = list(&plan["actions"])
        .iter()
        .filter(|action| action["depends_on"] == json!(["A002"]) && action["sf_account_id"] == "001CASE004");
    assert_eq!(depends.count(), 4, "one domain, two assignments and a move wait for the link of case 4");

    let rows = run.csv("org_issues.csv");
    let partly = rows.iter().find(|row| row["sf_account_id"] == "001CASE017").expect("case 17");
    assert_eq!(partly["status"], "prepared");
    assert_eq!(partly["missing_domains"], "partly-new.example;partly-roam.example");
    assert_eq!(partly["action_id"], "A007;B007");
}

#[test]
fn hostile_text_reaches_no_artifact_as_it_was() {
    let run = Run::all_codes("gremlin.zendesk_drift.yaml");
    for (name, bytes) in run.files() {
        let text = String::from_utf8(bytes).expect("artifacts are UTF-8");
        let control = text.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{name} holds a control character");
    }
    for name in ARTIFACTS.into_iter().filter(|name| name.ends_with(".csv")) {
        for row in run.csv(name) {
            for cell in row.values() {
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\n', '\r']),
                    "{name}: a program would run {cell:?}"
                );
            }
        }
    }
    let accounts = run.values("exceptions_by_account.csv", "sf_account_id");
    assert!(accounts.contains("'=1+34"), "the hostile id is there, and quoted: {accounts:?}");
    let names = run.values("exceptions_by_account.csv", "account_name");
    assert!(names.contains("'@octocat, see #1") && names.contains("Line one\u{fffd}Line two"), "{names:?}");
}

#[test]
fn the_table_of_the_second_fixture_documents_exactly_its_findings() {
    let readme = fs::read_to_string(fixture("all_codes/README.md")).expect("the fixture has a README");
    let mut documented = Vec::new();
    for line in readme.lines().filter(|line| line.starts_with("| ")).skip(2) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", _case, account, _records, _shows, findings, ""] = cells[..] else { panic!("five cells in {line:?}") };
        for finding in findings.split("<br>").filter(|finding| !finding.is_empty()) {
            documented.push(format!("{account} {finding}").replace('`', "").trim().to_owned());
        }
    }
    let mut found: Vec<String> = Run::all_codes("gremlin.zendesk_drift.yaml")
        .csv("all_exceptions.csv")
        .iter()
        .map(|row| {
            let account = row["sf_account_id"].trim_start_matches('\'');
            let subject = ["ticket_id", "user_id", "org_id"].map(|column| row[column].as_str());
            let subject = subject.into_iter().find(|id| !id.is_empty()).unwrap_or_default();
            let words = [account, &row["issue_code"], &row["status"], &row["blocked_reason"], subject];
            words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        })
        .collect();
    documented.sort();
    found.sort();
    assert_eq!(documented, found);
}

#[test]
fn a_suppression_by_code_alone_suppresses_the_code_and_is_warned_about() {
    let run = Run::all_codes("suppressed_by_code.yaml");
    let summary = run.json("summary.json");
    let code = "ticket_resolution_blocked_duplicate_external_id";
    assert_eq!(summary["suppressed_issue_count"], 2);
    assert_eq!(summary["by_code"][code], 0);
    let suppressed: Vec<String> = run
        .csv("all_exceptions.csv")
        .iter()
        .filter(|row| row["status"] == "suppressed")
        .map(|row| format!("{} {} {}", row["issue_code"], row["ticket_id"], row["suppression_reason"]))
        .collect();
    let reason = "All of them follow from cases 2 and 3";
    assert_eq!(suppressed, [format!("{code} 4020 {reason}"), format!("{code} 4021 {reason}")]);
    let warnings = list(&summary["warnings"]).iter();
    assert_eq!(warnings.filter(|warning| warning["code"] == "suppression_by_code_alone").count(), 1);
}
