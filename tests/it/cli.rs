//! The command line from outside: bad input with its exact message and exit code, streams, and what stays on disk.

mod cases;
mod config;
mod diff;
mod doctor;
mod full_output;
mod gate;
mod hostile;
mod interrupt;
mod not_regular;
mod reference;
mod reference_faults;
mod resume;
mod schemas;
mod secrets;
mod snapshots;
mod sources;
mod trace;
mod trend;
mod verify;

use crate::fake_zendesk::{FakeZendesk, Fault, FaultKind, World};
use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const AS_OF: &str = "2026-04-17T22:15:30Z";
const HEADER: &str = "sf_account_id,account_name,account_domains\n";
const KINDS: [&str; 4] = ["organizations", "users", "organization_memberships", "tickets"];

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo")
}

/// The program in an empty folder, with nothing in its environment that it looks at.
fn gremlin(folder: &TempDir) -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
    for (name, _) in std::env::vars() {
        if ["GITHUB_", "ZENDESK_", "SALESFORCE_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env_remove("CI").env_remove("NO_COLOR").current_dir(folder).args(["zendesk", "drift"]);
    command
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// An audit of the demo's records with the reference `csv`.
fn with_reference(folder: &TempDir, csv: &[u8]) -> assert_cmd::assert::Assert {
    std::fs::write(folder.path().join("a.csv"), csv).expect("written");
    let mut command = gremlin(folder);
    command.args(["audit", "--sf-accounts", "a.csv", "--as-of", AS_OF, "--out", "out", "--snapshot"]).arg(demo());
    command.assert()
}

/// The reference is refused with exactly these causes, and with ways out.
fn refused(csv: impl AsRef<[u8]>, causes: &[&str]) {
    let folder = folder();
    let causes: String = causes.iter().map(|cause| format!("  caused by: {cause}\n")).collect();
    let before = format!("error: the reference CSV a.csv cannot be used\n{causes}  help: ");
    let after = "\n        then run the command again; nothing was read from Zendesk\n";
    with_reference(&folder, csv.as_ref())
        .code(2)
        .stdout("")
        .stderr(predicate::str::starts_with(before).and(predicate::str::ends_with(after)));
    assert!(!folder.path().join("out").exists(), "nothing is left behind");
}

fn summary(root: &Path) -> Value {
    let run = std::fs::read_dir(root).expect("a root").map(|entry| entry.expect("an entry").path());
    let run = run.filter(|path| path.is_dir()).max().expect("a run");
    serde_json::from_slice(&std::fs::read(run.join("summary.json")).expect("a summary")).expect("JSON")
}

#[test]
fn exports_come_in_many_shapes() {
    for csv in [
        "\u{feff}sf_account_id,account_name,account_domains\n001A,\"A, \"\"B\"\"\u{7}C\",a.example\n",
        "\n;;\n SF_Account_ID ;account_name;account_domains\r\n\r\n001A;\"A, \"\"B\"\"\u{7}C\";a.example\r\n;;\r\n",
        "sf_account_id\taccount_name\taccount_domains\r001A\t\"A, \"\"B\"\"\u{7}C\"\thttps://www.a.example/x a.example",
        "SEP=|\r\nsf_account_id|account_name|account_domains\r\n001A|\"A, \"\"B\"\"\u{7}C\"|a.example|||\r\n",
    ] {
        let folder = folder();
        with_reference(&folder, csv.as_bytes()).code(0);
        let run =
            std::fs::read_dir(folder.path().join("out")).expect("a root").next().expect("a run").expect("a run").path();
        let table = std::fs::read(run.join("exceptions_by_account.csv")).expect("a table");
        let row = csv::Reader::from_reader(&*table).records().next().expect("a row").expect("a row");
        assert_eq!((&row[0], &row[1]), ("001A", "A, \"B\"\u{fffd}C"), "{csv:?}");
    }
}

#[test]
fn headers_can_be_mapped_and_unused_ones_are_named() {
    let folder = folder();
    let config = "salesforce:\n  columns:\n    sf_account_id: Account ID\n";
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), config).expect("written");
    with_reference(&folder, b"ACCOUNT ID,account_name,account_domains,Owner,Region\n1,2,a.example,x,y\n")
        .code(0)
        .stderr(predicate::str::contains("note: unused columns of the reference: Owner, Region\n"));
}

#[test]
fn warnings_say_where_and_are_kept() {
    let folder = folder();
    let csv = "sf_account_id,account_name,account_domains,website,zendesk_domain_override,zendesk_expected\n\
               0015g00000AbCdEBAV,a,n/a;co.uk gmail.com,www.a.example,,perhaps\n\
               2,b,shared.example,,,\n3,c,x.example,,junk|shared.example,no\n";
    with_reference(&folder, csv.as_bytes()).code(0);
    let warnings = summary(&folder.path().join("out"))["warnings"].clone();
    let seen: Vec<_> = warnings
        .as_array()
        .expect("a list")
        .iter()
        .map(|w| (w["code"].as_str(), w["line"].as_u64(), w["domain"].as_str()))
        .collect();
    let warning = |code, line, domain| (Some(code), Some(line), domain);
    assert_eq!(
        seen,
        [
            warning("domain_not_usable", 2, Some("co.uk")),
            warning("domain_not_usable", 2, Some("n/a")),
            warning("domain_not_usable", 4, Some("junk")),
            warning("personal_domain", 2, Some("gmail.com")),
            warning("shared_domain", 3, Some("shared.example")),
            warning("shared_domain", 4, Some("shared.example")),
            warning("account_without_domain", 2, None),
            warning("id_check_wrong", 2, None),
            warning("zendesk_expected_unclear", 2, None),
        ]
    );
}

#[test]
fn warnings_of_one_code_are_one_line_and_verbose_prints_each() {
    let folder = folder();
    let rows: String = (0..25).map(|row| format!("{row},a,junk\n")).collect();
    let printed = with_reference(&folder, format!("{HEADER}{rows}").as_bytes()).code(0).get_output().stderr.clone();
    let printed = String::from_utf8(printed).expect("text");
    let of_code = |text: &str| text.lines().filter(|line| line.starts_with("warning: domain_not_usable")).count();
    assert_eq!(of_code(&printed), 1, "{printed}");
    assert!(
        printed.contains("warning: domain_not_usable, 25 cases (--verbose prints each); the first: line 2: "),
        "{printed}"
    );
    let mut verbose = gremlin(&folder);
    verbose.args(["audit", "--sf-accounts", "a.csv", "--snapshot"]).arg(demo()).args(["--out", "again", "--verbose"]);
    let printed = String::from_utf8(verbose.assert().code(0).get_output().stderr.clone()).expect("text");
    assert_eq!(of_code(&printed), 25, "{printed}");
}

#[test]
fn two_hundred_thousand_rows_are_read() {
    let rows = if crate::thorough() { 200_000 } else { 20_000 };
    let folder = folder();
    let lines: String = (0..rows).map(|row| format!("A{row:06},Account {row},d{row}.example\n")).collect();
    with_reference(&folder, format!("{HEADER}{lines}").as_bytes()).code(0);
    assert_eq!(summary(&folder.path().join("out"))["read"]["accounts"], rows);
}

#[test]
fn what_cannot_be_audited_says_what_to_do() {
    let accounts = demo().join("salesforce_accounts.csv");
    let accounts = accounts.to_str().expect("a path");
    for (arguments, expected) in [
        (
            &["audit"][..],
            "error: there is no configuration and no --sf-accounts\n  help: write a configuration:\n          g-gremlin zendesk drift init --sf-accounts accounts.csv --subdomain acme\n        or try the demo, without credentials:\n          g-gremlin zendesk drift audit --demo\n",
        ),
        (
            &["audit", "--config", "nope.yaml"],
            "error: the configuration cannot be used\n  caused by: nope.yaml: No such file or directory (os error 2)\n  help: g-gremlin zendesk drift init writes one\n",
        ),
        (
            &["audit", "--sf-accounts", accounts],
            "error: no Zendesk is named\n  help: set zendesk.subdomain in the configuration, or use --subdomain, --snapshot or --demo\n",
        ),
        (
            &["audit", "--sf-accounts", accounts, "--subdomain", "acme"],
            "error: there are no usable credentials for Zendesk\n  caused by: no Zendesk credentials in the environment\n  help: set one of: ZENDESK_OAUTH_CLIENT_ID and ZENDESK_OAUTH_CLIENT_SECRET (an OAuth client, the best choice); ZENDESK_OAUTH_TOKEN; ZENDESK_EMAIL and ZENDESK_API_TOKEN\n",
        ),
        (
            &["audit", "--demo", "--config", "x.yaml"],
            "error: --demo and --config cannot be used together\n  help: the demo does not use a configuration; leave out --config\n",
        ),
        (
            &["audit", "--demo", "--out", "taken"],
            "error: the output root taken cannot be written\n  caused by: File exists (os error 17)\n  help: name another with --out\n",
        ),
        (
            &["explain", "org_mising"],
            "error: no code, action or reason is named \"org_mising\"; the nearest is `org_missing_external_id`\n  help: g-gremlin zendesk drift explain lists all names\n",
        ),
    ] {
        let folder = folder();
        std::fs::write(folder.path().join("taken"), "").expect("written");
        gremlin(&folder).args(arguments).assert().code(2).stdout("").stderr(expected);
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("listed").count(),
            1,
            "nothing is left behind: {arguments:?}"
        );
    }
}

#[test]
fn half_a_set_of_credentials_names_the_missing_variable() {
    let folder = folder();
    std::fs::copy(demo().join("salesforce_accounts.csv"), folder.path().join("a.csv")).expect("copied");
    gremlin(&folder)
        .args(["audit", "--sf-accounts", "a.csv", "--subdomain", "acme"])
        .env("ZENDESK_OAUTH_CLIENT_ID", "id")
        .env("ZENDESK_OAUTH_CLIENT_SECRET", "")
        .env("ZENDESK_OAUTH_TOKEN", "secret-token")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("ZENDESK_OAUTH_CLIENT_ID is set, but ZENDESK_OAUTH_CLIENT_SECRET is not"))
        .stderr(predicate::str::contains("secret-token").not());
}

#[test]
fn thresholds_gate_and_are_told_last() {
    let folder = folder();
    let breached = "breached: max_total_issues: 13 exceeds the limit of 12\nbreached: max_by_risk.critical: 1 exceeds the limit of 0\n";
    let flags = [
        "--threshold",
        "max_total_issues=12",
        "--threshold",
        "max_by_risk.critical=0",
        "--threshold",
        "max_blocked_actions=4",
    ];
    gremlin(&folder).args(["audit", "--demo"]).args(flags).assert().code(1).stdout(predicate::str::ends_with(breached));
    gremlin(&folder).args(["audit", "--demo", "--quiet"]).args(flags).assert().code(1).stdout(breached).stderr("");
    let json = gremlin(&folder).args(["audit", "--demo", "--format", "json"]).args(flags).assert().code(1);
    let json = json.stderr(predicate::str::ends_with(breached)).get_output().stdout.clone();
    let json: Value = serde_json::from_slice(&json).expect("nothing but JSON");
    assert_eq!(json["thresholds"].as_array().expect("a list").len(), 3);
    gremlin(&folder)
        .args(["audit", "--demo", "--threshold", "max_total=3"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("there is no threshold \"max_total\"; the nearest is max_total_issues"));
}

#[test]
fn a_found_configuration_does_not_touch_the_demo() {
    let folder = folder();
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), "tickets:\n  lookback: 3\n").expect("written");
    gremlin(&folder).args(["audit", "--demo"]).assert().code(0);
    gremlin(&folder).arg("audit").assert().code(2).stderr(
        "error: the configuration cannot be used\n  caused by: gremlin.zendesk_drift.yaml: line 2: unknown key `lookback`; the nearest known one is `lookback_days`\n",
    );
}

#[test]
fn two_runs_of_one_second_get_two_folders() {
    let folder = folder();
    for expected in ["20260417_221530Z_audit", "20260417_221530Z_audit_2", "20260417_221530Z_audit_3"] {
        let json =
            gremlin(&folder).args(["audit", "--demo", "--as-of", AS_OF, "--format", "json"]).output().expect("a run");
        let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
        assert_eq!(json["run_id"], expected);
        assert_eq!(json["run_dir"], format!("./artifacts/zendesk_drift/{expected}"));
    }
}

#[test]
fn init_replaces_no_workflow_and_writes_all_or_none() {
    let folder = folder();
    let workflow = |name: &str| folder.path().join(".github/workflows").join(name);
    let init = |more: &[&str]| gremlin(&folder).args(["init", "--github", "--action", "./"]).args(more).assert();
    init(&["--with-apply"]).code(0).stdout(predicate::str::contains("Wrote .github/workflows/drift-apply.yml"));
    assert!(!folder.path().join("gremlin.zendesk_drift.yaml").exists());
    std::fs::remove_file(workflow("drift-audit.yml")).expect("there");
    std::fs::write(workflow("drift-apply.yml"), "mine").expect("written");
    init(&["--with-apply"]).code(2).stderr(predicate::str::contains("already there: drift-apply.yml\n"));
    assert_eq!(std::fs::read_to_string(workflow("drift-apply.yml")).expect("there"), "mine");
    assert!(!workflow("drift-audit.yml").exists(), "all or none");
    init(&["--force"]).code(0);
    assert!(workflow("drift-audit.yml").exists());
    init(&["--subdomain", "acme"]).code(2);
}

#[test]
fn init_writes_the_workflow_to_begin_with_and_the_apply_when_asked() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("ops")).expect("made");
    let config = "version: 1\nzendesk: { subdomain: acme }\n";
    std::fs::write(folder.path().join("ops/drift.yaml"), config).expect("written");
    let action = "acme/g-gremlin@0123456789abcdef0123456789abcdef01234567";
    let init = |arguments: &[&str]| {
        gremlin(&folder).args(["init", "--github", "--force", "--config", "ops/drift.yaml"]).args(arguments).assert()
    };
    let workflow = |name: &str| folder.path().join(".github/workflows").join(name);
    // This is no release, and a name that may belong to a stranger must not run with secrets.
    init(&[]).code(2).stderr(predicate::str::contains("--action OWNER/REPO@COMMIT"));
    init(&["--action", "acme/g-gremlin@v1"]).code(2).stderr(predicate::str::contains("--action cannot be used"));
    assert!(!workflow("drift-audit.yml").exists());

    init(&["--action", action]).code(0).stdout(
        predicate::str::contains("gh variable set ZENDESK_SUBDOMAIN --env zendesk-read --body acme\n")
            .and(predicate::str::contains("zendesk-write").not()),
    );
    let written = std::fs::read_to_string(workflow("drift-audit.yml")).expect("written");
    assert!(
        written.contains(&format!("uses: {action}\n")) && written.contains("config: ops/drift.yaml\n"),
        "{written}"
    );
    assert!(!workflow("drift-apply.yml").exists());
    init(&["--action", "./", "--with-apply", "--version", "source"])
        .code(0)
        .stdout(predicate::str::contains("zendesk-write"));
    let written = std::fs::read_to_string(workflow("drift-apply.yml")).expect("written");
    assert!(written.contains("version: source\n"), "{written}");
    init(&["--action", "./", "--config", "absent.yaml"]).code(2);
    gremlin(&folder).args(["init", "--action", action]).assert().code(2);
}

#[test]
fn init_writes_a_configuration_once_and_checks_the_export() {
    let folder = folder();
    gremlin(&folder)
        .args(["init", "--subdomain", "acme"])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("Export the Salesforce accounts"));
    let ignore = folder.path().join("artifacts/zendesk_drift/.gitignore");
    assert_eq!(std::fs::read_to_string(ignore).expect("there"), "*\n");
    gremlin(&folder).arg("init").assert().code(2).stderr(
        "error: gremlin.zendesk_drift.yaml cannot be written\n  caused by: it already exists\n  help: edit it, or replace it with the defaults: --force\n",
    );
    std::fs::write(folder.path().join("salesforce_accounts.csv"), format!("{HEADER},a,b\n")).expect("written");
    std::fs::remove_file(folder.path().join("gremlin.zendesk_drift.yaml")).expect("removed");
    gremlin(&folder)
        .arg("init")
        .assert()
        .code(2)
        .stdout("Wrote ./gremlin.zendesk_drift.yaml\nMade  ./artifacts/zendesk_drift/\n")
        .stderr("error: the reference CSV salesforce_accounts.csv cannot be used\n  caused by: line 2: `sf_account_id` is blank\n  help: remove rows without an account id, or add the column Account ID to the report and export it again\n        then g-gremlin zendesk drift doctor; ./gremlin.zendesk_drift.yaml is right\n");
    assert!(folder.path().join("gremlin.zendesk_drift.yaml").is_file(), "it is written all the same");
    std::fs::copy(demo().join("salesforce_accounts.csv"), folder.path().join("salesforce_accounts.csv"))
        .expect("copied");
    gremlin(&folder)
        .args(["init", "--force"])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("accounts                  ┆ 9"));
}

#[test]
fn an_id_in_zendesk_that_is_no_number_is_told_in_words() {
    for flag in ["--zendesk-org-id", "--zendesk-user-id", "--zendesk-ticket-id"] {
        gremlin(&folder())
            .args(["trace", "--demo", flag, "acme"])
            .assert()
            .code(2)
            .stderr(predicate::str::contains(format!("'{flag} <N>': an id in Zendesk is a number, such as 4001")));
    }
}

#[test]
fn init_checks_its_flags_before_it_writes() {
    let folder = folder();
    gremlin(&folder).args(["init", "--subdomain", "a b"]).assert().code(2).stdout("").stderr(
        "error: --subdomain cannot be used\n  caused by: the subdomain must be the part before .zendesk.com, such as `acme`, not `a b`\n",
    );
    gremlin(&folder)
        .args(["init", "--config", "nowhere/x.yaml"])
        .assert()
        .code(2)
        .stdout("")
        .stderr("error: nowhere/x.yaml cannot be written\n  caused by: No such file or directory (os error 2)\n");
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0, "nothing is left behind");
    // A file where the root should be: the configuration is kept, for it is right.
    std::fs::write(folder.path().join("artifacts"), "").expect("written");
    gremlin(&folder).arg("init").assert().code(2).stderr(
        "error: the output root artifacts/zendesk_drift cannot be written\n  caused by: Not a directory (os error 20)\n",
    );
    assert!(folder.path().join("gremlin.zendesk_drift.yaml").is_file());
}

#[test]
fn init_with_another_name_tells_the_audit_that_finds_it() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("conf")).expect("made");
    std::fs::copy(demo().join("salesforce_accounts.csv"), folder.path().join("conf/a.csv")).expect("copied");
    gremlin(&folder)
        .args(["init", "--config", "conf/x.yaml", "--sf-accounts", "conf/a.csv", "--subdomain", "acme"])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("    g-gremlin zendesk drift audit --config ./conf/x.yaml\n"))
        .stdout(predicate::str::contains("Export the Salesforce accounts").not());
    let written = std::fs::read_to_string(folder.path().join("conf/x.yaml")).expect("written");
    assert!(written.contains("accounts_csv: \"a.csv\"\n"), "relative to the configuration: {written}");
    let json =
        gremlin(&folder).args(["init", "--format", "json"]).assert().code(0).stderr("").get_output().stdout.clone();
    let json: Value = serde_json::from_slice(&json).expect("nothing but JSON");
    assert_eq!((&json["config"], &json["reference"]), (&"./gremlin.zendesk_drift.yaml".into(), &Value::Null));
}

/// A plain folder like the demo's, to be damaged.
fn plain(folder: &TempDir) -> PathBuf {
    let copy = folder.path().join("plain");
    std::fs::create_dir(&copy).expect("made");
    for kind in KINDS {
        let name = format!("{kind}.ndjson");
        std::fs::copy(demo().join(&name), copy.join(&name)).expect("copied");
    }
    copy
}

fn audit_of(folder: &TempDir, snapshot: &Path) -> assert_cmd::assert::Assert {
    let accounts = demo().join("salesforce_accounts.csv");
    let mut command = gremlin(folder);
    command.args(["audit", "--as-of", AS_OF, "--out", "out", "--quiet", "--snapshot"]).arg(snapshot);
    command.arg("--sf-accounts").arg(accounts).assert()
}

#[test]
fn a_plain_folder_with_a_fault_is_refused_by_file_and_line() {
    for (line, code, cause) in [
        ("{\"id\": 9007199254740992}", 3, "`id` is greater than 2^53 − 1, so it may have been rounded"),
        ("{\"id\": 99999999999999999999999}", 3, "`id` is greater than 2^53 − 1, so it may have been rounded"),
        ("{\"id\": \"john@acme.example\"}", 2, "a field does not have the type that Zendesk sends (column 26)"),
        ("{\"id\": 5", 2, "it is not valid JSON (column 8)"),
        ("{\"email\": \"a@b.example\"}", 2, "it has no `id`"),
        ("{\"id\": 5, \"updated_at\": \"yesterday\"}", 2, "`updated_at` is not an RFC 3339 time"),
    ] {
        let folder = folder();
        let plain = plain(&folder);
        let users = std::fs::read_to_string(plain.join("users.ndjson")).expect("users");
        let first = users.lines().next().expect("a user");
        // Blank lines and Windows line ends are fine, and count.
        std::fs::write(plain.join("users.ndjson"), format!("{first}\r\n\r\n{line}\n{users}")).expect("written");
        let path = plain.display();
        audit_of(&folder, &plain)
            .code(code)
            .stderr(format!("error: the snapshot {path} cannot be used\n  caused by: users.ndjson, line 3: {cause}\n"));
        assert_eq!(std::fs::read_dir(folder.path().join("out")).expect("a root").count(), 0);
    }
    let folder = folder();
    let plain = plain(&folder);
    std::fs::remove_file(plain.join("tickets.ndjson")).expect("removed");
    audit_of(&folder, &plain).code(2).stderr(predicate::str::contains("caused by: tickets.ndjson is missing\n"));
}

/// Audits a fake Zendesk live, and saves the snapshot.
fn live(folder: &TempDir, url: &str) -> assert_cmd::assert::Assert {
    let accounts = demo().join("salesforce_accounts.csv");
    let mut command = gremlin(folder);
    command.args([
        "audit",
        "--base-url",
        url,
        "--as-of",
        AS_OF,
        "--out",
        "live",
        "--save-snapshot",
        "snapshot",
        "--sf-accounts",
    ]);
    command.arg(accounts).envs(FakeZendesk::BEARER_ENV).assert()
}

fn fake() -> FakeZendesk {
    FakeZendesk::start(World::load_dir(demo()).expect("the demo's world"))
}

fn only_run(root: PathBuf) -> PathBuf {
    std::fs::read_dir(root).expect("a root").next().expect("a run").expect("a run").path()
}

#[test]
fn a_replayed_snapshot_gives_the_same_issues_and_the_same_hash() {
    let (fake, folder) = (fake(), folder());
    live(&folder, fake.url()).code(0);
    audit_of(&folder, &folder.path().join("snapshot")).code(0);
    let (live, replayed) = (only_run(folder.path().join("live")), only_run(folder.path().join("out")));
    for entry in std::fs::read_dir(&live).expect("files") {
        let name = entry.expect("a file").file_name();
        if name != "receipt.json" {
            assert_eq!(std::fs::read(live.join(&name)).ok(), std::fs::read(replayed.join(&name)).ok(), "{name:?}");
        }
    }
    // Only reads were sent.
    assert!(fake.log().iter().all(|request| request.method == "GET"));
}

#[test]
fn a_snapshot_and_its_artifacts_hold_nothing_of_a_person() {
    let (fake, folder) = (fake(), folder());
    let local_parts: Vec<String> = std::fs::read_to_string(demo().join("users.ndjson"))
        .expect("users")
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<Value>(line).expect("a user")["email"]
                .as_str()?
                .split_once('@')
                .map(|(local, _)| format!("{local}@"))
        })
        .collect();
    assert!(local_parts.len() > 10);
    live(&folder, fake.url()).code(0);
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder.path().join("snapshot")).expect("files") {
        let bytes = std::fs::read(entry.expect("a file").path()).expect("bytes");
        texts.push(zstd::decode_all(&*bytes).unwrap_or(bytes));
    }
    for entry in std::fs::read_dir(only_run(folder.path().join("live"))).expect("files") {
        texts.push(std::fs::read(entry.expect("a file").path()).expect("bytes"));
    }
    for text in texts {
        let text = String::from_utf8(text).expect("text");
        for secret in local_parts.iter().map(String::as_str).chain(["fake-bearer-token", "\"subject\""]) {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[test]
fn a_damaged_or_newer_snapshot_is_refused() {
    let (fake, folder) = (fake(), folder());
    live(&folder, fake.url()).code(0);
    let snapshot = folder.path().join("snapshot");
    let path = snapshot.display();
    for kind in KINDS {
        let file = snapshot.join(format!("{kind}.ndjson.zst"));
        let good = std::fs::read(&file).expect("bytes");
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 1;
        for bad in [&flipped[..], &good[..good.len() - 5], &[&good[..], b"x"].concat()] {
            std::fs::write(&file, bad).expect("written");
            audit_of(&folder, &snapshot).code(2).stderr(format!(
                "error: the snapshot {path} cannot be used\n  caused by: {kind}.ndjson.zst is damaged: its SHA-256 is not that in the manifest\n"
            ));
        }
        std::fs::write(&file, good).expect("written");
    }
    let manifest = std::fs::read_to_string(snapshot.join("manifest.json")).expect("text");
    std::fs::write(snapshot.join("manifest.json"), manifest.replace("snapshot/1", "snapshot/2")).expect("written");
    audit_of(&folder, &snapshot).code(2).stderr(predicate::str::contains(
        "caused by: the snapshot has format 2, and this program reads format 1; use a newer g-gremlin\n",
    ));
    std::fs::write(snapshot.join("manifest.json"), &manifest[..100]).expect("written");
    audit_of(&folder, &snapshot).code(2).stderr(predicate::str::contains("manifest.json is damaged"));
    std::fs::write(snapshot.join("manifest.json"), &manifest).expect("written");
    let accounts = demo().join("salesforce_accounts.csv");
    let mut longer = gremlin(&folder);
    longer.args(["audit", "--lookback-days", "31", "--snapshot"]).arg(&snapshot).arg("--sf-accounts").arg(accounts);
    longer.assert().code(2).stderr(predicate::str::contains(
        "caused by: its tickets begin at 2026-03-18T22:15:30Z, and the window at 2026-03-17T22:15:30Z\n",
    ));
}

#[test]
fn an_incomplete_read_leaves_no_run() {
    for (fault, cause) in [
        (Fault::on("/api/v2/users", FaultKind::HasMoreWithoutCursor), "users"),
        (Fault::on("/api/v2/organization_memberships", FaultKind::CursorStuck), "memberships"),
        (Fault::on("/api/v2/organizations", FaultKind::MissingEnvelope), "organizations"),
        (Fault::on("/api/v2/incremental/tickets/cursor", FaultKind::EndlessExport), "tickets"),
        (Fault::on("/api/v2/users", FaultKind::status(403)), "users"),
        (Fault::on("/api/v2/users", FaultKind::HugeId), "users"),
    ] {
        let (fake, folder) = (fake(), folder());
        fake.add_fault(fault);
        live(&folder, fake.url())
            .code(3)
            .stderr(predicate::str::contains("error: nothing was audited\n"))
            .stderr(predicate::str::contains(format!("caused by: {cause}")));
        assert_eq!(std::fs::read_dir(folder.path().join("live")).expect("a root").count(), 0, "no run folder");
        assert!(!folder.path().join("snapshot").exists(), "no snapshot");
    }
}

#[test]
fn passing_faults_do_not_change_the_result() {
    let (calm, folder_of_calm) = (fake(), folder());
    live(&folder_of_calm, calm.url()).code(0);
    let (fake, folder) = (fake(), folder());
    fake.add_fault(Fault::on("/api/v2/users", FaultKind::status_retry_after(503, "0")).first(2));
    fake.add_fault(Fault::on("/api/v2/organizations", FaultKind::ResetMidBody).nth(1));
    fake.add_fault(Fault::on("/api/v2/organization_memberships", FaultKind::TruncatedJson).nth(2));
    fake.add_fault(Fault::on(
        "/api/v2/organization_memberships",
        FaultKind::ForeignNextLink("http://127.0.0.1:9/steal".to_owned()),
    ));
    fake.add_fault(Fault::on("/api/v2/incremental/tickets/cursor", FaultKind::status(500)).nth(1));
    live(&folder, fake.url()).code(0);
    let issues = |folder: &TempDir| {
        std::fs::read(only_run(folder.path().join("live")).join("all_exceptions.csv")).expect("a table")
    };
    assert_eq!(issues(&folder_of_calm), issues(&folder));
}

#[test]
fn hostile_names_reach_nobody_unescaped() {
    let folder = folder();
    let long = "N".repeat(100_000);
    let csv = format!(
        "{HEADER}\"=cmd|'/C'calc!A0[2J\",\"=HYPERLINK(\"\"http://evil.example\"\")\u{1b}]0;x\u{7}\u{202e} # @octocat <img src=x>|\",n1.example\n2,{long},n2.example\n"
    );
    let printed = with_reference(&folder, csv.as_bytes()).code(0).get_output().clone();
    for text in [&printed.stdout, &printed.stderr] {
        let text = String::from_utf8(text.clone()).expect("text");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}']) && text.len() < 20_000, "{text}");
    }
    let run = only_run(folder.path().join("out"));
    let table = std::fs::read(run.join("exceptions_by_account.csv")).expect("a table");
    let rows: Vec<_> = csv::Reader::from_reader(&*table).records().map(|row| row.expect("a row")).collect();
    assert!(rows.iter().any(|row| row[0].starts_with("'=cmd") && row[1].starts_with("'=HYPERLINK")));
    assert!(rows.iter().any(|row| row[1] == *long), "a spreadsheet gets the whole name");
    let summary = std::fs::read_to_string(run.join("summary.md")).expect("text");
    assert!(!summary.contains(['\u{1b}', '\u{202e}']) && summary.len() < 5_000);
    assert!(summary.contains("`=HYPERLINK(\"http://evil.example\")"), "{summary}");
}

#[test]
fn colors_are_only_where_they_are_wanted() {
    let folder = folder();
    let plain = gremlin(&folder).args(["audit", "--demo"]).output().expect("a run").stdout;
    assert!(!plain.contains(&0x1b));
    let colored = gremlin(&folder).args(["audit", "--demo", "--color", "always"]).output().expect("a run").stdout;
    assert!(colored.contains(&0x1b));
}

#[cfg(unix)]
#[test]
fn an_interrupted_audit_leaves_nothing() {
    for signal in ["INT", "TERM"] {
        let (fake, folder) = (fake(), folder());
        fake.add_fault(Fault::on("/api/v2/users", FaultKind::Slow { ms: 60_000 }));
        let accounts = demo().join("salesforce_accounts.csv");
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
        command.args([
            "zendesk",
            "drift",
            "audit",
            "--as-of",
            AS_OF,
            "--out",
            "live",
            "--base-url",
            fake.url(),
            "--sf-accounts",
        ]);
        command.arg(accounts).envs(FakeZendesk::BEARER_ENV).current_dir(&folder);
        let mut child =
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().expect("started");
        // Once it asks for users it is in the middle of its read.
        while fake.requests_to("/api/v2/users").is_empty() {
            assert_eq!(child.try_wait().expect("asked"), None, "it ended before it was interrupted");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let killed =
            std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill");
        assert!(killed.success());
        assert_eq!(child.wait().expect("ended").code(), Some(130), "{signal}");
        assert_eq!(std::fs::read_dir(folder.path().join("live")).expect("a root").count(), 0);
    }
}

#[test]
fn each_shell_gets_a_script_that_knows_commands_and_flags() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
        let output = command.args(["completions", shell]).assert().code(0).stderr("");
        let script = String::from_utf8(output.get_output().stdout.clone()).expect("text");
        // The generator for fish leaves out the flags of commands below a command.
        let words = ["zendesk", "drift", "doctor", "confirm-plan-hash"];
        for word in words.into_iter().filter(|word| shell != "fish" || *word != "confirm-plan-hash") {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        if shell == "bash" {
            let file = folder.path().join("g-gremlin.bash");
            std::fs::write(&file, script).expect("written");
            let checked = std::process::Command::new("bash").arg("-n").arg(&file).status().expect("bash runs");
            assert!(checked.success(), "bash cannot read its script");
        }
    }
}
