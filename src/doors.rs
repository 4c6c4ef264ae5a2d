//! Every parser and reader as a function of bytes, for tests/proofs. No release has this module.
//!
//! A door panics when what was accepted does not read back the same after it is written.

use crate::config::{self, Config};
use crate::model::domains::DomainTable;
use crate::model::kind::Kind;
use crate::model::settings::DomainRules;
use crate::reference::{self, Form};
use crate::run::artifacts::apply_receipt::{self, ApplyReceipt};
use crate::run::artifacts::journal::{JournalEntry, Story};
use crate::run::artifacts::receipt::Receipt;
use crate::run::artifacts::rows::{AccountRow, AdvisoryRow, IssueRow, TicketIssueRow};
use crate::run::artifacts::table::{self, TableRow, TableWriter};
use crate::run::artifacts::{self, plan};
use crate::run::plan_file::PlanFile;
use crate::run::read;
use crate::{github, model, run, salesforce, snapshot, zendesk};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::LazyLock;

/// Reads bytes, and tells whether it accepted them.
pub type DoorReader = Box<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// A reader of bytes.
pub struct Door {
    pub name: String,
    /// An input that it accepts, where the repository has no file of that kind.
    pub seed: Option<Vec<u8>>,
    pub read: DoorReader,
}

fn door(name: impl Into<String>, read: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Door {
    Door { name: name.into(), seed: None, read: Box::new(read) }
}

impl Door {
    fn seeded(self, seed: impl Into<Vec<u8>>) -> Self {
        Self { seed: Some(seed.into()), ..self }
    }
}

/// All doors. Those without a seed are named after the file that holds one.
pub fn all() -> Vec<Door> {
    let mut doors = vec![
        door("salesforce_accounts.csv", reference),
        door("gremlin.zendesk_drift.yaml", configuration),
        door("fix_plan.json", plan_file),
        door("journal.ndjson", journal).seeded(JOURNAL),
        door("apply_receipt.json", apply_receipt),
        door("receipt.json", receipt),
        door("summary.json", |bytes| same(read::parse_summary, bytes)),
        door("history.json", |bytes| same(read::parse_history, bytes)),
        door("all_exceptions.csv", rows::<IssueRow<'static>>),
        door("ticket_issues.csv", rows::<TicketIssueRow<'static>>),
        door("accounts.csv", rows::<AccountRow<'static>>),
        door("advisories.csv", rows::<AdvisoryRow<'static>>),
        door("manifest.json", snapshot::doors::manifest).seeded(MANIFEST),
        door("account_settings.json", snapshot::doors::settings),
        door("domain", domain).seeded("https://user@www.Bücher.example:8080/about?x#y"),
        door("query", salesforce::doors::query)
            .seeded("SELECT Id, a.Name, Website FROM Account a WHERE x = 'y\\'z' LIMIT 5"),
        door("Salesforce: token grant", salesforce::doors::grant).seeded(SALESFORCE_GRANT),
        door("Salesforce: page", salesforce::doors::page).seeded(SALESFORCE_PAGE),
        door("Salesforce: refusal", salesforce::doors::refusal).seeded(SALESFORCE_REFUSAL),
    ];
    for kind in Kind::ALL {
        let name = format!("{}.ndjson", kind.as_str());
        doors.push(door(name.clone(), move |bytes| snapshot::doors::lines(kind, bytes)));
        doors.push(door(format!("{name}.zst"), move |bytes| snapshot::doors::blocks(kind, bytes)));
    }
    for (name, usual) in github::doors::ANSWERS {
        doors.push(door(format!("GitHub: {name}"), move |bytes| github::doors::reads(name, bytes)).seeded(usual));
    }
    for varied in zendesk::doors::VARIED {
        let (name, usual) = (format!("Zendesk: {}", varied.name), varied.usual);
        doors.push(door(name, move |bytes| varied.read(bytes)).seeded(usual));
    }
    doors
}

/// Every file of `schemas/`: its name and its text.
pub fn schemas() -> Vec<(String, String)> {
    let of = artifacts::schema::schemas().into_iter();
    let more =
        [run::diff::document::schema(), run::trend::schema(), snapshot::doors::schema(), config::schema::schema()];
    of.chain(more).map(|schema| (schema.file, schema.text)).collect()
}

/// The compressed form of NDJSON, as a snapshot holds it.
pub fn compressed(bytes: &[u8]) -> Vec<u8> {
    snapshot::doors::compressed(bytes)
}

/// The NDJSON of a compressed file of a snapshot; `None` when it is none.
pub fn decompressed(bytes: &[u8]) -> Option<Vec<u8>> {
    snapshot::doors::decompressed(bytes)
}

const JOURNAL: &str = concat!(
    r#"{"entry":"begin","schema":"g-gremlin/zendesk-drift/apply-journal/1","run_id":"20260417_223045Z_apply","mode":"apply","source_plan_path":"latest","source_plan_hash":"0f","zendesk":"https://acme.zendesk.com","caps_used":{"max_actions":25,"max_per_account":3},"only_account":[],"only_action":["A001"],"started_at":"2026-04-17T22:30:45Z"}"#,
    "\n",
    r#"{"entry":"selected","action_ids":["A001"]}"#,
    "\n",
    r#"{"entry":"intention","action_id":"A001","before":{"external_id":null},"at":"2026-04-17T22:30:46Z","timeout_ms":60000}"#,
    "\n",
    r#"{"entry":"result","action_id":"A001","action_code":"set_org_external_id","status":"applied","sf_account_id":"001ACME001","org_id":4001,"before":{"external_id":null},"after":{"external_id":"001ACME001"},"http_status":200,"request_id":"r-1","at":"2026-04-17T22:30:47Z"}"#,
    "\n",
    r#"{"entry":"end","completed":true,"at":"2026-04-17T22:30:48Z"}"#,
    "\n",
);
const MANIFEST: &str = r#"{"format":"g-gremlin/zendesk-drift/snapshot/1","tool_version":"1.0.0","zendesk":"https://acme.zendesk.com","as_of":"2026-04-17T22:15:30Z","tickets_from":"2026-03-18T22:15:30Z","ticket_source":"incremental","multiple_organizations":true,"reference_warnings":[{"code":"report_footer","line":9,"sf_account_id":null,"domain":null,"message":"x"}],"files":{"organizations.ndjson.zst":{"records":1,"sha256":"aa"},"users.ndjson.zst":{"records":2,"sha256":"bb"},"organization_memberships.ndjson.zst":{"records":3,"sha256":"cc"},"tickets.ndjson.zst":{"records":4,"sha256":"dd"},"reference.csv":{"records":5,"sha256":"ee"}}}"#;
const SALESFORCE_GRANT: &str =
    r#"{"access_token":"00D!AQ","instance_url":"https://acme.my.salesforce.com","token_type":"Bearer"}"#;
const SALESFORCE_PAGE: &str = r#"{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v64.0/query/01g-2000","records":[{"attributes":{"type":"Account","url":"/services/data/v64.0/sobjects/Account/001"},"Id":"001000000000001AAA","Name":"Acme, \"Inc\"","Owner":{"attributes":{},"Name":"Ann"},"Website":null},{"attributes":{"url":"/2"},"Id":"2","Name":true,"Owner":null,"Website":12.50}]}"#;
const SALESFORCE_REFUSAL: &str = r#"[{"message":"\nSELECT Id, Nmae FROM\n           ^\nERROR at Row:1:Column:12\nNo such column 'Nmae'","errorCode":"INVALID_FIELD"}]"#;

/// A reference, and the copy of it that a snapshot keeps.
fn reference(bytes: &[u8]) -> bool {
    let columns = BTreeMap::new();
    static RULES: LazyLock<DomainRules> = LazyLock::new(DomainRules::default);
    let rules = &*RULES;
    let accounts = |bytes: &[u8], form| {
        let mut domains = DomainTable::default();
        let read = reference::read(bytes, form, rules, &mut domains).ok()?;
        let texts = read.accounts.iter().map(|account| {
            let held: Vec<&str> = account.domains.iter().map(|domain| domains.text(*domain)).collect();
            let (id, name) = (account.sf_account_id().raw().to_owned(), account.name().raw().to_owned());
            let website = account.website().map(|website| website.raw().to_owned());
            format!("{id:?} {name:?} {website:?} {held:?} {} {}", account.org_expected, account.is_doubtful)
        });
        Some(texts.collect::<Vec<_>>())
    };
    let _ = reference::propose(bytes);
    let Some(first) = accounts(bytes, Form::Export(&columns)) else { return false };
    let copy = reference::kept_copy(bytes, Form::Export(&columns)).expect("what was read is copied");
    assert_eq!(accounts(&copy, Form::Kept).expect("the copy is read"), first);
    true
}

fn configuration(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| Config::parse(text, Path::new("/nowhere")).is_ok())
}

fn plan_file(bytes: &[u8]) -> bool {
    let Ok(read) = PlanFile::parse(bytes) else { return false };
    let PlanFile { stated_hash, hash, run_id, created_at, as_of, source, zendesk, actions, blocked } = &read;
    let written = artifacts::json(&json!({
        "schema": plan::SCHEMA, "plan_hash": stated_hash, "run_id": run_id, "created_at": created_at.rfc3339(),
        "as_of": as_of.rfc3339(), "tool_version": artifacts::TOOL_VERSION,
        "plan": { "source": source, "zendesk": zendesk, "actions": actions, "blocked": blocked },
    }));
    let again = PlanFile::parse(written.as_bytes()).expect("what was written is read");
    assert_eq!(again.hash, *hash, "the hash vouches for everything that is kept of a plan");
    assert_eq!(format!("{again:?}"), format!("{read:?}"));
    true
}

fn journal(bytes: &[u8]) -> bool {
    let Ok(Some(story)) = Story::parse(bytes) else { return false };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').expect("a story has a line");
    let mut written = Vec::new();
    for line in bytes[..whole].split(|byte| *byte == b'\n') {
        let entry: JournalEntry = serde_json::from_slice(line).expect("a line of a story");
        serde_json::to_writer(&mut written, &entry).expect("memory has room");
        written.push(b'\n');
    }
    assert_eq!(Story::parse(&written).as_ref(), Ok(&Some(story)));
    true
}

fn apply_receipt(bytes: &[u8]) -> bool {
    same(|bytes| read::json::<ApplyReceipt>("", apply_receipt::SCHEMA, bytes), bytes)
}

/// A receipt, and one whose own digest is right whatever it holds.
fn receipt(bytes: &[u8]) -> bool {
    let _ = read::parse_receipt(bytes);
    same(|bytes| serde_json::from_slice::<Receipt>(bytes), bytes)
}

fn domain(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(normal) = model::domain::normalize(text) else { return false };
    // Of several leading `www.` one is dropped.
    if !normal.starts_with("www.") {
        assert_eq!(model::domain::normalize(&normal).as_deref(), Ok(normal.as_str()), "a normal form is its own");
    }
    true
}

/// Reads, writes and reads again.
fn same<T: Serialize + Debug, E: Debug>(parse: impl Fn(&[u8]) -> Result<T, E>, bytes: &[u8]) -> bool {
    let Ok(read) = parse(bytes) else { return false };
    let again = parse(artifacts::json(&read).as_bytes()).expect("what was written is read");
    assert_eq!(format!("{again:?}"), format!("{read:?}"));
    true
}

fn rows<R: TableRow + DeserializeOwned + Debug>(bytes: &[u8]) -> bool {
    let Ok(rows) = table::read::<R>(bytes) else { return false };
    let mut written = Vec::new();
    let mut table = TableWriter::<R>::new(&mut written).expect("memory has room");
    rows.iter().for_each(|row| table.row(row).expect("memory has room"));
    table.finish().expect("memory has room");
    let again = table::read::<R>(&written).expect("what was written is read");
    assert_eq!(format!("{again:?}"), format!("{rows:?}"));
    true
}
