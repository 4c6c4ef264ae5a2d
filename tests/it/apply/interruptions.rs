//! Signals and full disks: the action in flight is finished, nothing more is sent, and the receipt tells how far it came.
#![cfg(unix)]

use super::stage::{Plan, Ran, Stage};
use crate::fake_zendesk::{Fault, FaultKind, Hold, Kind, Point, Refusal, Which};
use g_gremlin::run::artifacts::journal::Story;
use g_gremlin::run::plan_file::PlanFile;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::process::{Child, Stdio};

impl Stage {
    /// Starts a live apply.
    fn start(&self, plan: &Plan, more: &[&str]) -> Child {
        let args = Self::live(plan, more);
        let mut command = self.command(&args.iter().map(String::as_str).collect::<Vec<_>>());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
    }

    fn ended(&self, child: Child) -> Ran {
        self.ran(child.wait_with_output().expect("ended"))
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("it runs");
}

/// Waits until the program has said on standard error that it knows of so many signals. What it said is lost to the caller.
fn until_said(child: &mut Child, text: &str) -> String {
    use std::io::Read;
    let mut said = Vec::new();
    let err = child.stderr.as_mut().expect("piped");
    let mut byte = [0];
    while !String::from_utf8_lossy(&said).contains(text) {
        assert_eq!(err.read(&mut byte).expect("read"), 1, "it ended: {}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
    String::from_utf8_lossy(&said).into_owned()
}

const FINISHING: &str = "note: interrupted; finishing the current action first\n";

#[test]
fn a_signal_lets_the_action_in_flight_finish() {
    for name in [Signal::INT, Signal::TERM] {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        let hold = stage.fake.hold(Point::Received, Which::writes().nth(3));
        let mut child = stage.start(&plan, &[]);
        hold.wait();
        signal(&child, name);
        until_said(&mut child, FINISHING);
        hold.release();
        let ran = stage.ended(child).is(130);
        assert_eq!(stage.fake.writes_done().len(), 3, "{name:?}");
        for (at, (id, result)) in ran.results().iter().enumerate() {
            assert_eq!(result, if at < 3 { "applied" } else { "skipped:aborted" }, "{name:?}: {id}");
        }
        assert_eq!(ran.receipt["completed"], false);
        assert!(ran.receipt["finished_at"].is_string());
        assert!(
            ran.err.starts_with("error: interrupted\n  help: ") && ran.err.contains("_apply records what was done"),
            "{}",
            ran.err
        );
        // Nothing is open, and the rest is done by the next apply.
        let ran = stage.apply(&plan, &[]).is(0);
        assert!(!ran.err.contains("was interrupted"), "{}", ran.err);
        assert_eq!(stage.fake.writes_done().len(), plan.actions().len() - 1);
    }
}

#[test]
fn a_signal_during_the_last_action_still_ends_with_130() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let hold = stage.fake.hold(Point::Acted, Which::writes().nth(1));
    let mut child = stage.start(&plan, &["--only-action", "A001"]);
    hold.wait();
    signal(&child, Signal::INT);
    until_said(&mut child, FINISHING);
    hold.release();
    let ran = stage.ended(child).is(130);
    assert_eq!(ran.result("A001"), "applied");
    assert_eq!(ran.receipt["completed"], false);
}

#[test]
fn a_signal_before_the_first_write_leaves_everything_as_it_was() {
    for (path, nth) in
        [("/api/v2/organizations", 1), ("/api/v2/organizations/1050", 1), ("/api/v2/organizations/1050", 2)]
    {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        let hold = stage.fake.hold(Point::Received, Which::on(path).method("GET").nth(nth));
        let child = stage.start(&plan, &[]);
        hold.wait();
        signal(&child, Signal::TERM);
        // Reads are not waited for: the hold is still on.
        let ran = stage.ended(child).is(130);
        assert!(stage.fake.writes().is_empty());
        assert!(ran.results().iter().all(|(_, result)| result == "skipped:aborted"), "{path} {nth}");
        assert_eq!(ran.receipt["completed"], false);
        drop(hold);
    }
}

#[test]
fn what_was_decided_before_the_end_is_in_the_receipt_as_in_the_journal() {
    let only = ["--only-action", "A002", "--only-action", "A003", "--only-action", "A005"];
    for live in [true, false] {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        stage.fake.with_world(|world| world.set(Kind::Organizations, 1040, "domain_names", json!([])));
        let hold = stage.fake.hold(Point::Received, Which::on("/api/v2/organizations/1290").method("GET"));
        let args = Stage::live(&plan, &only);
        let left_out = if live { 0..0 } else { 3..6 };
        let args = args.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
        let mut command = stage.command(&args.map(|(_, arg)| arg.as_str()).collect::<Vec<_>>());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        hold.wait();
        signal(&child, Signal::INT);
        let ran = stage.ended(child).is(130);
        assert_eq!(ran.receipt["mode"], if live { "apply" } else { "dry_run" });
        assert_eq!(ran.result("A001"), "skipped:not_selected");
        assert_eq!(ran.result("A002"), "skipped:precondition_changed_org_domain_gone");
        assert_eq!([ran.result("A003"), ran.result("A004")], ["skipped:aborted", "skipped:aborted"]);
        assert_eq!((ran.count("attempted"), ran.count("skipped")), (1, plan.actions().len() as u64));

        let journal = std::fs::read(ran.folder.join("journal.ndjson")).expect("a journal");
        let story = Story::parse(&journal).expect("a journal").expect("a first line");
        let bytes = std::fs::read(stage.path().join(&plan.path)).expect("a plan");
        let rebuilt = story.receipt(&PlanFile::parse(&bytes).expect("a plan"));
        assert_eq!(serde_json::to_value(rebuilt).expect("JSON"), ran.receipt);

        // A receipt that forgets what its journal tells is found out.
        let mut forgetful = ran.receipt.clone();
        forgetful["results"][1]["reason"] = "aborted".into();
        forgetful["results"][1].as_object_mut().expect("a result").remove("before");
        forgetful["counts"]["attempted"] = 0.into();
        let json = g_gremlin::run::artifacts::json(&forgetful);
        std::fs::write(ran.folder.join("apply_receipt.json"), json).expect("written");
        let verified = stage.command(&["verify"]).arg(&ran.folder).output().expect("the program runs");
        let told = String::from_utf8_lossy(&verified.stdout) + String::from_utf8_lossy(&verified.stderr);
        assert!(told.contains("results[1].reason: differs from journal.ndjson"), "{told}");
        assert_eq!(verified.status.code(), Some(1));
    }
}

#[test]
fn a_signal_ends_the_wait_after_a_429() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.add_fault(Fault::on_writes(FaultKind::too_many(Refusal::Listed, Some("120"))).nth(2));
    let mut child = stage.start(&plan, &[]);
    until_said(&mut child, "A002: Zendesk asks to wait 120 s (429)\n");
    signal(&child, Signal::INT);
    let ran = stage.ended(child).is(130);
    assert_eq!((ran.result("A001").as_str(), ran.result("A002").as_str()), ("applied", "failed"));
    assert_eq!(ran.whole("A002")["http_status"], 429, "it was not done, and is known not to be");
    assert_eq!(stage.fake.writes().len(), 2);
}

/// Starts an apply of A001 whose write is held, and interrupts it twice. Its requests time out soon, so that the next apply need
/// not wait long.
fn interrupted_twice(point: Point) -> (Stage, Plan, Ran, Hold) {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let hold = stage.fake.hold(point, Which::writes().nth(1));
    let mut child = stage.start(&plan, &["--request-timeout", "3"]);
    hold.wait();
    signal(&child, Signal::INT);
    until_said(&mut child, FINISHING);
    signal(&child, Signal::INT);
    // The hold is still on, and it ends.
    let ran = stage.ended(child).is(130);
    (stage, plan, ran, hold)
}

#[test]
fn a_second_signal_waits_for_nothing_and_leaves_the_write_to_the_next_apply() {
    for (point, took) in [(Point::Received, false), (Point::Acted, true)] {
        let (stage, plan, ran, _hold) = interrupted_twice(point);
        assert!(
            ran.err.contains("note: interrupted again; the outcome of the current write is unknown"),
            "{}",
            ran.err
        );
        assert_eq!(ran.result("A001"), "failed:outcome_unknown");
        assert_eq!(ran.result("A002"), "skipped:aborted");
        assert_eq!(ran.receipt["completed"], false);
        assert_eq!(stage.fake.writes_done().len(), usize::from(took));
        let first = ran.folder.clone();

        let ran = stage.apply(&plan, &["--only-action", "A001"]).is(0);
        let what = if took { "was applied" } else { "was not applied" };
        assert!(ran.err.contains(&format!("the write of A001 {what}")), "{}", ran.err);
        let receipt = receipt_of(&first);
        assert_eq!(receipt["results"][0]["status"], if took { "applied" } else { "failed" });
        assert_eq!(receipt["completed"], false);
    }
}

fn receipt_of(folder: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("apply_receipt.json")).expect("a receipt")).expect("JSON")
}

#[test]
fn a_signal_while_an_interrupted_apply_is_being_settled_is_obeyed_at_once() {
    let (stage, plan, ran, hold) = interrupted_twice(Point::Acted);
    drop(hold);
    let journal = std::fs::read(ran.folder.join("journal.ndjson")).expect("a journal");
    let hold = stage.fake.hold(Point::Received, Which::on("/api/v2/organizations/1050").method("GET"));
    let child = stage.start(&plan, &[]);
    hold.wait();
    signal(&child, Signal::INT);
    let ended = stage.ended(child).is(130);
    assert!(ended.err.contains("error: interrupted; nothing was written to Zendesk"), "{}", ended.err);
    assert_eq!(stage.runs("_apply").len(), 1, "no run was begun");
    assert_eq!(std::fs::read(ran.folder.join("journal.ndjson")).expect("a journal"), journal);
}

#[test]
fn what_a_killed_run_was_writing_is_cleared_away_when_it_is_settled() {
    let (stage, plan, ran, hold) = interrupted_twice(Point::Acted);
    drop(hold);
    let audit = stage.path().join(&plan.path).with_file_name(".unfinished-b");
    let left = [ran.folder.join(".unfinished-a"), ran.folder.join(".reserve"), audit];
    for path in &left {
        std::fs::write(path, "half").expect("written");
    }
    stage.apply(&plan, &["--only-action", "A001"]).is(0);
    assert!(left.iter().all(|path| !path.exists()));
}

#[test]
fn a_journal_that_is_not_understood_stops_the_next_apply() {
    let (stage, plan, ran, hold) = interrupted_twice(Point::Acted);
    drop(hold);
    let path = ran.folder.join("journal.ndjson");
    let journal = std::fs::read_to_string(&path).expect("a journal");
    let lines = journal.lines().count();
    std::fs::write(&path, journal.clone() + "\0\0\0\0\n").expect("written");
    stage.fake.clear_log();
    let args = Stage::live(&plan, &[]);
    let stopped = stage.command(&args.iter().map(String::as_str).collect::<Vec<_>>()).output().expect("ran");
    assert_eq!(stopped.status.code(), Some(3));
    let told = String::from_utf8(stopped.stderr).expect("UTF-8");
    let cause = format!("line {} of its journal.ndjson was not written by this program", lines + 1);
    assert!(told.contains(&cause) && told.contains("has already written; nothing was written now"), "{told}");
    assert!(stage.fake.log().is_empty());
    // One of another plan, or an empty one, is nobody's business here.
    std::fs::write(&path, "nonsense\n").expect("written");
    stage.apply(&plan, &["--only-action", "A002"]).is(0);
    std::fs::write(&path, "").expect("written");
    stage.apply(&plan, &["--only-action", "A003"]).is(0);
    std::fs::write(&path, journal).expect("written");
}

/// The limit of the size of each file stands in for a full disk: a write beyond it fails in the same way.
#[cfg(target_os = "linux")]
mod full_disk {
    use super::*;
    use rustix::process::{Resource, Rlimit, prlimit};

    /// An apply of three actions by a shell that first does this. Without the trap, the signal that comes with the error would
    /// end the program.
    fn start(stage: &Stage, plan: &Plan, first: &str) -> Child {
        let program = assert_cmd::cargo::cargo_bin!("g-gremlin");
        let args = Stage::live(plan, &["--only-action", "A001", "--only-action", "A002", "--only-action", "A003"]);
        let mut command = stage.with_environment(std::process::Command::new("sh"));
        command.args(["-c", &format!("trap '' XFSZ; {first}; exec \"$0\" zendesk drift \"$@\"")]);
        command.arg(program).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh is there")
    }

    #[test]
    fn without_room_for_the_results_nothing_is_written_to_zendesk() {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        // 16 blocks, of 512 or 1024 bytes.
        let ran = stage.ended(start(&stage, &plan, "ulimit -f 16")).is(3);
        let error = "error: the journal could not be written, so nothing was sent to Zendesk";
        assert!(ran.err.contains(error), "{}", ran.err);
        assert!(stage.fake.writes().is_empty());
        // There is room again.
        let ran = stage.ended(start(&stage, &plan, "ulimit -f 100000")).is(0);
        assert_eq!(ran.count("applied"), 3);
    }

    #[test]
    fn a_disk_that_fills_up_stops_before_the_next_write() {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        let hold = stage.fake.hold(Point::Received, Which::writes().nth(2));
        let child = start(&stage, &plan, ":");
        hold.wait();
        let journal = stage.runs("_apply").pop().expect("a run").join("journal.ndjson");
        let length = std::fs::metadata(&journal).expect("a journal").len();
        // From now on, the journal takes the result of this write, and no further intention.
        let limit = Rlimit { current: Some(length + 300), maximum: None };
        prlimit(Some(Pid::from_child(&child)), Resource::Fsize, limit).expect("it runs");
        hold.release();
        let ended = stage.ended(child).is(3);
        let error = "error: the journal could not be written, so nothing more was sent to Zendesk";
        assert!(ended.err.contains(error), "{}", ended.err);
        assert_eq!((stage.fake.writes().len(), stage.fake.writes_done().len()), (2, 2));
        let story = std::fs::read_to_string(&journal).expect("a journal");
        assert!(story.ends_with('\n') && story.lines().last().expect("a line").contains("\"result\""), "{story}");

        let ran = stage.apply(&plan, &[]).is(0);
        assert!(ran.err.contains("was interrupted"), "{}", ran.err);
        assert!(!ran.err.contains("the write of"), "nothing was open: {}", ran.err);
        assert_eq!(stage.fake.writes_done().len(), plan.actions().len() - 1);
    }
}
