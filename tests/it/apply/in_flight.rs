//! Writes that are still on their way when the run that sent them is gone, and waits that Zendesk asks for.
#![cfg(unix)]

use super::absent::larkfield;
use super::stage::{Plan, Ran, Stage};
use crate::fake_zendesk::{Fault, FaultKind, Point, Which};
use serde_json::{Value, json};
use std::io::Read;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Two domains that one org is to get.
pub const TWO: &str = "sf_account_id,account_name,account_domains\n0015g00000Qa1BcAAJ,Larkfield Dairy,larkfield.example first.example second.example\n";

fn start(stage: &Stage, plan: &Plan, more: &[&str]) -> Child {
    let args = Stage::live(plan, more);
    let mut command = stage.command(&args.iter().map(String::as_str).collect::<Vec<_>>());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
}

fn domains(stage: &Stage) -> Vec<String> {
    let org = stage.org(101);
    let names = org["domain_names"].as_array().expect("a list").iter();
    names.map(|name| name.as_str().expect("a text").to_owned()).collect()
}

fn until_said(child: &mut Child, text: &str) {
    let mut said = Vec::new();
    let mut byte = [0];
    let err = child.stderr.as_mut().expect("piped");
    while !String::from_utf8_lossy(&said).contains(text) {
        assert_eq!(err.read(&mut byte).expect("read"), 1, "it ended: {}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
}

/// Starts an apply of the first of two domains and kills it (SIGKILL) while its PUT is on the way; returns the plan, the folder
/// of the run, and the hold that keeps the request on its way.
fn killed_in_flight(stage: &Stage) -> (Plan, std::path::PathBuf, crate::fake_zendesk::Hold) {
    let plan = stage.audit();
    let first = plan.of("add_org_domain")[0].clone();
    stage.fake.clear_log();
    let hold = stage.fake.hold(Point::Received, Which::writes().nth(1));
    let mut child = start(stage, &plan, &["--only-action", &first, "--request-timeout", "3"]);
    hold.wait();
    child.kill().expect("a child");
    child.wait().expect("gone");
    let folder = stage.runs("_apply").pop().expect("a run");
    (plan, folder, hold)
}

fn receipt(folder: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("apply_receipt.json")).expect("a receipt")).expect("JSON")
}

#[test]
fn a_put_that_lands_after_the_kill_undoes_nothing_and_is_reported() {
    let stage = larkfield(TWO);
    let (plan, folder, hold) = killed_in_flight(&stage);
    let actions = plan.of("add_org_domain");
    let mut child = start(&stage, &plan, &[]);
    until_said(&mut child, "may still be on its way; waiting ");
    assert_eq!(stage.fake.writes().len(), 1, "nothing new was sent");
    hold.release();
    let ran = stage.ran(child.wait_with_output().expect("ended")).is(0);
    assert_eq!(ran.result(&actions[0]), "skipped:precondition_changed_domain_already_present", "{}", ran.err);
    assert_eq!(ran.result(&actions[1]), "applied");
    let mut there = domains(&stage);
    there.sort();
    assert_eq!(
        there,
        ["dairy.example", "first.example", "larkfield.example", "old-larkfield.example", "second.example"],
        "no domain was undone"
    );
    let killed = receipt(&folder);
    let result =
        killed["results"].as_array().expect("results").iter().find(|one| one["action_id"] == actions[0].as_str());
    assert_eq!(result.expect("its result")["status"], "applied");
    assert_eq!((&killed["completed"], stage.fake.writes_done().len()), (&json!(false), 2));
}

#[test]
fn a_put_that_never_lands_is_settled_as_not_applied_and_sent_by_the_new_run() {
    let stage = larkfield(TWO);
    stage.fake.add_fault(Fault::of(Which::writes().nth(1), FaultKind::ResetUnread));
    let (plan, folder, hold) = killed_in_flight(&stage);
    hold.release();
    let began = Instant::now();
    let ran = stage.apply(&plan, &[]).is(0);
    assert!(began.elapsed() > Duration::from_secs(1), "it waited");
    let action = &plan.of("add_org_domain")[0];
    assert!(ran.err.contains(&format!("the write of {action} was not applied")), "{}", ran.err);
    assert_eq!(ran.result(action), "applied");
    assert_eq!(receipt(&folder)["results"][0]["status"], "failed");
    assert_eq!(domains(&stage).len(), 5);
}

/// Leaves the first plan's write open and changes the world so that a new audit has another plan.
fn crash_and_audit_again(stage: &Stage) -> (Plan, std::path::PathBuf, Plan) {
    let (old, folder, hold) = killed_in_flight(stage);
    hold.release();
    let csv = TWO.replace(" second.example", "");
    std::fs::write(
        stage.path().join("salesforce_accounts.csv"),
        csv.clone() + "0015g00000Qa1BfAAJ,Redthorn Labs,redthorn.example\n",
    )
    .expect("written");
    let new = stage.audit();
    assert_ne!(old.hash, new.hash);
    assert!(!new.actions().is_empty());
    (old, folder, new)
}

#[test]
fn after_a_crash_and_a_new_audit_no_write_is_without_a_receipt() {
    let stage = larkfield(TWO);
    let (old, folder, new) = crash_and_audit_again(&stage);
    let action = &old.of("add_org_domain")[0];
    let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
    let ran = stage.apply(&new, &[]).is(0);
    assert!(ran.err.contains(&format!("{name}: the write of {action} was applied")), "{}", ran.err);
    let killed = receipt(&folder);
    assert_eq!(killed["source_plan_hash"], old.hash.as_str());
    assert_eq!(killed["results"][0]["status"], "applied");
    // The folder of its audit has it, too.
    let audit = stage.path().join(&old.path);
    let kept = audit.with_file_name(format!("apply_receipt.{name}.json"));
    assert_eq!(
        std::fs::read(kept).expect("kept"),
        std::fs::read(folder.join("apply_receipt.json")).expect("a receipt")
    );
    let again = stage.apply(&new, &[]).is(0);
    assert!(!again.err.contains(&name), "it is settled once: {}", again.err);
}

#[test]
fn a_run_whose_plan_is_gone_is_named() {
    let stage = larkfield(TWO);
    let (old, folder, new) = crash_and_audit_again(&stage);
    std::fs::remove_file(stage.path().join(&old.path)).expect("removed");
    let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
    let ran = stage.apply(&new, &[]).is(0);
    assert!(ran.err.contains(&format!("{name} applied another plan and was interrupted")), "{}", ran.err);
    assert!(ran.err.contains("it is unknown whether its last write was applied"), "{}", ran.err);
    assert!(!folder.join("apply_receipt.json").exists());
    let journal = std::fs::read_to_string(folder.join("journal.ndjson")).expect("a journal");
    assert!(!journal.contains("\"end\""), "it stays open");
}

/// An apply of A001 whose write is answered like this.
fn answered(status: u16, acts: bool) -> (Stage, Ran) {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.clear_log();
    let fault = Fault::on_writes(FaultKind::status_retry_after(status, "2")).nth(1);
    stage.fake.add_fault(if acts { fault.after_acting() } else { fault });
    let ran = stage.apply(&plan, &["--only-action", "A001"]);
    (stage, ran)
}

#[test]
fn a_retry_after_on_a_write_is_waited_for_before_the_look() {
    for (status, acts) in [(503, true), (500, true), (503, false)] {
        let (stage, ran) = answered(status, acts);
        assert_eq!(ran.result("A001"), if acts { "applied" } else { "failed" }, "{}", ran.err);
        let log = stage.fake.log();
        let write = log.iter().find(|logged| logged.is_write()).expect("a write");
        let next = log.iter().find(|logged| logged.seq > write.seq).expect("it is read back");
        let waited = next.received_at - write.received_at;
        assert!(waited >= Duration::from_secs(2), "{status}: only {waited:?}");
        assert!(ran.err.contains("A001: Zendesk asks to wait 2 s"), "{}", ran.err);
    }
}
