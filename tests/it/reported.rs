//! Faults that people reported of other tools that do this job, each as a case against this program. docs/faults-found.md has the
//! reports with their addresses, and says which case is whose.

use crate::apply::stage::Stage;
use crate::fake_salesforce::{Config as SalesforceConfig, FakeSalesforce, Fault as SalesforceFault, Of, accounts};
use crate::fake_zendesk::{Config, FakeZendesk, Fault, FaultKind, Kind, World};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const AS_OF: &str = "2026-04-17T22:15:30Z";
const HEADER: &str = "sf_account_id,account_name,account_domains\n";

fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
    for (name, _) in std::env::vars() {
        if ["GITHUB_", "ZENDESK_", "SALESFORCE_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env_remove("CI").current_dir(folder).args(["zendesk", "drift"]);
    command
}

/// An audit of a plain folder of records with a reference; returns its end and its run folder.
fn audited(orgs: &[Value], users: &[Value], csv: impl AsRef<[u8]>) -> (TempDir, Output, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("plain");
    std::fs::create_dir(&plain).expect("made");
    let lines = |records: &[Value]| records.iter().map(|record| format!("{record}\n")).collect::<String>();
    std::fs::write(plain.join("organizations.ndjson"), lines(orgs)).expect("written");
    std::fs::write(plain.join("users.ndjson"), lines(users)).expect("written");
    for name in ["organization_memberships", "tickets"] {
        std::fs::write(plain.join(format!("{name}.ndjson")), "").expect("written");
    }
    std::fs::write(folder.path().join("a.csv"), csv).expect("written");
    let args = ["audit", "--quiet", "--as-of", AS_OF, "--sf-accounts", "a.csv", "--snapshot", "plain", "--out", "out"];
    let ended = program(&folder).args(args).output().expect("the program runs");
    let run = std::fs::read_dir(folder.path().join("out")).into_iter().flatten().next();
    let run = run.map(|run| run.expect("a run").path()).unwrap_or_default();
    (folder, ended, run)
}

/// What became of each account, by its id.
fn resolutions(run: &Path) -> Vec<(String, String)> {
    let table = std::fs::read(run.join("accounts.csv")).expect("a table");
    let mut table = csv::Reader::from_reader(table.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&table));
    let headers = table.headers().expect("a header").clone();
    let at = |name: &str| headers.iter().position(|header| header == name).expect("a column");
    let (id, resolution) = (at("sf_account_id"), at("resolution"));
    table.records().map(|row| row.expect("a row")).map(|row| (row[id].to_owned(), row[resolution].to_owned())).collect()
}

fn org(id: u64, name: &str, external_id: impl Into<Value>, domains: &[&str]) -> Value {
    json!({ "id": id, "name": name, "external_id": external_id.into(), "domain_names": domains })
}

#[test]
fn a_mark_before_a_quoted_header_is_no_part_of_the_first_column() {
    let csv = "\u{feff}\"sf_account_id\",\"account_name\",\"account_domains\"\r\n\"001A\",\"Müller\",\"a.example\"\r\n";
    let (_folder, ended, run) = audited(&[org(1, "Müller", "001A", &["a.example"])], &[], csv);
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(resolutions(&run), [("001A".to_owned(), "linked".to_owned())]);
}

#[test]
fn the_long_id_in_lower_case_and_the_short_one_name_the_same_account() {
    let orgs = [org(1, "One", "001c000000o4ooiia2", &[]), org(2, "Two", "001C000000o4OOI", &[])];
    // The first is the long form of the second: one account, and two orgs that claim it.
    let (_folder, _, run) = audited(&orgs, &[], format!("{HEADER}001C000000o4OOIIA2,One,\n"));
    assert_eq!(resolutions(&run), [("001C000000o4OOIIA2".to_owned(), "duplicate".to_owned())]);
    let (_folder, _, run) = audited(&orgs[..1], &[], format!("{HEADER}001C000000o4OOI,One,\n"));
    assert_eq!(resolutions(&run), [("001C000000o4OOI".to_owned(), "linked".to_owned())]);
    // Two accounts whose short ids differ in case alone stay two.
    let csv = format!("{HEADER}001C000000o4OOI,One,\n001C000000o4Ooi,Two,\n");
    let (_folder, _, run) = audited(&orgs[1..], &[], csv);
    let came: Vec<String> = resolutions(&run).into_iter().map(|(_, resolution)| resolution).collect();
    assert_eq!(came, ["linked", "missing"]);
}

#[test]
fn an_account_that_was_renamed_keeps_the_org_that_holds_its_id() {
    let orgs = [org(1, "Spiffy Corp", "0011H000026CXpiQAG", &[]), org(2, "Spiffy Corp, Inc", Value::Null, &[])];
    let (_folder, ended, run) = audited(&orgs, &[], format!("{HEADER}0011H000026CXpi,\"Spiffy Corp, Inc\",\n"));
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(resolutions(&run), [("0011H000026CXpi".to_owned(), "linked".to_owned())]);
}

#[test]
fn an_external_id_that_an_export_holds_as_a_number_is_refused_not_taken_for_none() {
    let orgs = [org(1, "One", 123456, &["one.example"]), org(2, "Two", Value::Null, &["two.example"])];
    let (_folder, ended, run) = audited(&orgs, &[], format!("{HEADER}123456,One,one.example\n"));
    let error = String::from_utf8_lossy(&ended.stderr);
    // Taken for none, it would be written over.
    assert_eq!(ended.status.code(), Some(2), "{error}");
    assert!(
        error.contains("organizations.ndjson, line 1: a field does not have the type that Zendesk sends"),
        "{error}"
    );
    assert!(run.as_os_str().is_empty(), "nothing is judged");
}

fn tickets_of_one_second(world: &mut World) {
    for ticket in world.list_mut(Kind::Tickets) {
        for field in ["updated_at", "created_at"] {
            ticket.insert(field.to_owned(), "2026-04-10T08:00:00Z".into());
        }
        ticket.remove("generated_timestamp");
    }
}

#[test]
fn more_tickets_of_one_second_than_a_page_holds_are_read_once_each_and_to_the_end() {
    let mut world = World::numbered(5, 20, 300);
    tickets_of_one_second(&mut world);
    let fake = FakeZendesk::start(world);
    fake.add_fault(Fault::on("/api/v2/incremental/tickets/cursor", FaultKind::IgnorePageSize(50)));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.csv"), format!("{HEADER}001A,One,one.example\n")).expect("written");
    let mut command = program(&folder);
    command.args([
        "audit",
        "--quiet",
        "--as-of",
        AS_OF,
        "--sf-accounts",
        "a.csv",
        "--out",
        "out",
        "--base-url",
        fake.url(),
    ]);
    let ended = command.envs(FakeZendesk::BEARER_ENV).output().expect("the program runs");
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let run =
        std::fs::read_dir(folder.path().join("out")).expect("a root").next().expect("a run").expect("a run").path();
    let summary: Value =
        serde_json::from_slice(&std::fs::read(run.join("summary.json")).expect("a summary")).expect("JSON");
    assert_eq!(summary["read"]["tickets"], 300);

    // Only the first request says from when on; the others follow the cursor.
    let pages = fake.requests_to("/api/v2/incremental/tickets/cursor");
    assert!(pages.len() > 5);
    for (at, page) in pages.iter().enumerate() {
        assert_eq!(
            (page.query("start_time").is_some(), page.query("cursor").is_some()),
            (at == 0, at > 0),
            "page {at}"
        );
    }
}

#[test]
fn a_user_keeps_every_membership_when_one_is_added() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let action = &plan.action(&plan.of("assign_user_to_org")[0]).clone();
    let (id, user) = (action["action_id"].as_str().expect("an id"), action["user_id"].as_u64().expect("a user"));
    let (target, now) = (action["org_id"].as_u64().expect("an org"), "2026-04-01T00:00:00Z");
    // A consultant: more memberships than a page holds, and the default is none of the first ones.
    let orgs: Vec<u64> = (0..130).map(|number| 700_000 + number).collect();
    let default = stage.member_of(user).1;
    stage.fake.with_world(|world| {
        for (at, org) in orgs.iter().enumerate() {
            let name = format!("Client {at}");
            world.add(Kind::Organizations, json!({"id": org, "name": name, "external_id": null, "domain_names": [], "updated_at": now, "created_at": now}));
            let is_default = default.is_none() && at == 129;
            world.add(Kind::Memberships, json!({"id": 900_000 + at, "user_id": user, "organization_id": org, "default": is_default, "updated_at": now, "created_at": now}));
        }
    });
    let before = stage.member_of(user).0;
    let ran = stage.apply(&plan, &["--only-action", id]);
    let after = stage.member_of(user).0;
    assert!(before.iter().all(|org| after.contains(org)), "none is lost");
    if ran.result(id) == "applied" {
        assert_eq!(after.len(), before.len() + 1);
        assert!(after.contains(&target));
    }
    assert!(ran.code == 0, "{}", ran.err);
    // Nor is the write made twice when the membership is on a later page.
    let writes = stage.fake.writes().len();
    let again = stage.apply(&plan, &["--only-action", id]).is(0);
    assert_eq!(stage.fake.writes().len(), writes, "{}", again.result(id));
}

#[test]
fn setting_an_external_id_sends_nothing_else_and_leaves_the_domains() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let id = plan.of("set_org_external_id")[0].clone();
    let org = plan.action(&id)["org_id"].as_u64().expect("an org");
    let before = stage.org(org)["domain_names"].clone();
    stage.fake.clear_log();
    stage.apply(&plan, &["--only-action", &id]).is(0);
    let [write] = &stage.fake.writes()[..] else { panic!("one write") };
    let sent = write.body["organization"].as_object().expect("an object");
    assert_eq!(sent.keys().collect::<Vec<_>>(), ["external_id"]);
    assert_eq!(stage.org(org)["domain_names"], before);
    assert!(before.as_array().is_some_and(|domains| !domains.is_empty()));
}

#[test]
fn a_list_of_domains_that_reads_as_null_is_not_replaced() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let id = plan.of("add_org_domain")[0].clone();
    let org = plan.action(&id)["org_id"].as_u64().expect("an org");
    let mut read = stage.org(org);
    read["domain_names"] = Value::Null;
    let one = FaultKind::json(200, json!({ "organization": read }));
    stage.fake.add_fault(Fault::on(&format!("/api/v2/organizations/{org}"), one).method("GET"));
    stage.fake.clear_log();
    let ran = stage.apply(&plan, &["--only-action", &id]);
    assert!(stage.fake.writes().is_empty(), "{}", ran.err);
    assert_eq!(ran.result(&id), "skipped:record_incomplete");
}

#[test]
fn a_batch_that_a_query_drops_is_noticed() {
    let salesforce = FakeSalesforce::start_with(accounts(7), SalesforceConfig { page_size: 2, ..Default::default() });
    // The second batch is skipped, and the third comes in its place.
    salesforce.add_fault(
        SalesforceFault::alter(Of::Query, |page| {
            let next = page["nextRecordsUrl"].as_str().map(|next| next.replace("-2", "-4"));
            if let Some(next) = next {
                page["nextRecordsUrl"] = next.into();
            }
        })
        .nth(1),
    );
    let zendesk = FakeZendesk::start_with(World::numbered(5, 20, 20), Config::default());
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = format!(
        "zendesk:\n  base_url: {}\nsalesforce:\n  source: soql\n  instance_url: {}\n  query: SELECT Id, Name, Support_Domains__c FROM Account\n  columns: {{ sf_account_id: Id, account_name: Name, account_domains: Support_Domains__c }}\n",
        zendesk.url(),
        salesforce.url()
    );
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), yaml).expect("written");
    let mut command = program(&folder);
    command.args(["audit", "--out", "out"]).envs(FakeZendesk::BEARER_ENV).envs(FakeSalesforce::CLIENT_ENV);
    let ended = command.output().expect("the program runs");
    let error = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(3), "{error}");
    assert!(error.contains("5") && error.contains("7"), "it says how many came of how many: {error}");
    assert!(
        !std::fs::read_dir(folder.path().join("out"))
            .into_iter()
            .flatten()
            .any(|run| { run.expect("an entry").file_name().to_string_lossy().contains("_audit") })
    );
}

#[test]
fn no_file_of_a_run_is_hidden_from_an_upload() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended =
        program(&folder).args(["audit", "--quiet", "--demo", "--out", "out"]).status().expect("the program runs");
    assert!(ended.success());
    let run =
        std::fs::read_dir(folder.path().join("out")).expect("a root").next().expect("a run").expect("a run").path();
    for entry in std::fs::read_dir(run).expect("a run") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        // Uploads leave out names that begin with a dot, and refuse some characters.
        assert!(!name.starts_with('.') && !name.contains(['"', ':', '<', '>', '|', '*', '?']), "{name}");
    }
}
