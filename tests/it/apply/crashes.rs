//! The program is killed (SIGKILL) at a hundred points of its applies, and what it leaves is settled by the next one.
//!
//! Where a kill hit is judged afterwards, from the journal and the fake's log alone; most kills are aimed, so that each gap is
//! hit often. Nothing here depends on how fast anything is.
#![cfg(unix)]

use super::stage::{Plan, Stage};
use crate::fake_zendesk::{Fault, FaultKind, Logged, Point, Shape, Which, World};
use crate::model::random::Random;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

/// Where a kill hit, between two steps of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    BeforeTheIntent,
    IntentToRequest,
    RequestToAnswer,
    AnswerToOutcome,
    AfterTheOutcome,
}

const GAPS: [Gap; 5] =
    [Gap::BeforeTheIntent, Gap::IntentToRequest, Gap::RequestToAnswer, Gap::AnswerToOutcome, Gap::AfterTheOutcome];
/// How many kills in all, and how many at least between each two steps.
fn wanted() -> (usize, usize) {
    if crate::thorough() { (100, 5) } else { (12, 1) }
}
/// If a gap was missed so often, something else is wrong.
const MOST_KILLS: usize = 400;
/// The threads that share the work. Each hits every gap.
fn hands() -> u64 {
    if crate::thorough() { 4 } else { 1 }
}

#[test]
fn whatever_a_kill_leaves_is_settled_and_nothing_is_written_twice() {
    let uninterrupted = {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        stage.apply(&plan, &[]).is(0);
        state_of(&stage.fake.world())
    };
    let hands: Vec<_> = (0..hands())
        .map(|hand| {
            let uninterrupted = uninterrupted.clone();
            std::thread::spawn(move || {
                let mut random = Random::new(0x5eed_0000 + hand);
                let mut hit: BTreeMap<Gap, usize> = BTreeMap::new();
                while !is_enough(&hit) {
                    assert!(hit.values().sum::<usize>() < MOST_KILLS, "{hit:?}");
                    kill_until_all_is_done(&mut random, &mut hit, &uninterrupted);
                }
                hit
            })
        })
        .collect();
    let mut hit: BTreeMap<Gap, usize> = BTreeMap::new();
    for hand in hands {
        for (gap, count) in hand.join().expect("its assertions hold") {
            *hit.entry(gap).or_default() += count;
        }
    }
    println!("{hit:?}");
    let (kills, least) = wanted();
    assert!(hit.values().sum::<usize>() >= kills);
    assert!(GAPS.iter().all(|gap| hit.get(gap).is_some_and(|count| *count >= least)), "{hit:?}");
}

/// Whether one hand has its part of the kills.
fn is_enough(hit: &BTreeMap<Gap, usize>) -> bool {
    let hands = hands() as usize;
    let (kills, least) = wanted();
    hit.values().sum::<usize>() * hands >= kills
        && GAPS.iter().all(|gap| hit.get(gap).is_some_and(|count| count * hands >= least))
}

/// Applies one plan again and again, killed each time, until a run comes to its end; then checks what all of them did.
fn kill_until_all_is_done(random: &mut Random, hit: &mut BTreeMap<Gap, usize>, uninterrupted: &Value) {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    stage.fake.clear_log();
    let mut killed: Vec<PathBuf> = Vec::new();
    loop {
        // What is still rare is aimed at most.
        let rare = GAPS.into_iter().min_by_key(|gap| hit.get(gap).copied().unwrap_or(0)).expect("gaps");
        let aim = if random.below(2) == 0 { rare } else { GAPS[random.below(GAPS.len())] };
        let Some((gap, folder)) = kill_once(&stage, &plan, random, aim) else { break };
        *hit.entry(gap).or_default() += 1;
        killed.extend(folder);
        // One apply in a while is left alone, to end.
        if random.below(8) == 0 {
            break;
        }
    }
    let last = stage.apply(&plan, &[]).is(0);
    check(&stage, &plan, &killed, uninterrupted);
    assert_eq!(last.receipt["completed"], true);
    // Nothing is left to be settled.
    let writes = stage.fake.writes().len();
    let again = stage.apply(&plan, &[]).is(0);
    assert!(!again.err.contains("interrupted"), "{}", again.err);
    assert_eq!(stage.fake.writes().len(), writes);
}

/// Starts an apply and kills it; returns where that hit and the folder of the run, if it had one. `None`: it had ended.
fn kill_once(stage: &Stage, plan: &Plan, random: &mut Random, aim: Gap) -> Option<(Gap, Option<PathBuf>)> {
    let runs = stage.runs("_apply").len();
    let mark = stage.fake.log().last().map_or(0, |logged| logged.seq);
    let nth = random.below(4) as u32 + 1;
    let scene = Scene { stage, runs, mark };
    let mut hold = None;
    let mut slices = 0;
    stage.fake.clear_hooks();
    match aim {
        Gap::RequestToAnswer if random.below(3) == 0 => {
            // The request is lost with the connection, so Zendesk never hears of it.
            stage.fake.add_fault(Fault::of(Which::writes().nth(nth), FaultKind::ResetUnread));
            hold = Some(stage.fake.hold(Point::Received, Which::writes().nth(nth)));
        }
        Gap::RequestToAnswer => {
            let point = if random.below(2) == 0 { Point::Received } else { Point::Acted };
            hold = Some(stage.fake.hold(point, Which::writes().nth(nth)));
        }
        Gap::AnswerToOutcome | Gap::BeforeTheIntent if random.below(4) > 0 => {
            // The reads after a write: first the ones that read back, then those of the next action.
            let read_back = aim == Gap::AnswerToOutcome;
            let skipped = if read_back { 1 } else { 2 + random.below(6) as u32 };
            let done = stage.fake.writes_done().len() + nth as usize;
            let which = Which::any().method("GET").after_writes(done).nth(skipped);
            hold = Some(stage.fake.hold(if random.below(2) == 0 { Point::Received } else { Point::Acted }, which));
        }
        Gap::AnswerToOutcome | Gap::BeforeTheIntent => slices = 1 + random.below(400),
        Gap::IntentToRequest | Gap::AfterTheOutcome => {}
    }
    let mut child = start(stage, plan);
    let pid = Pid::from_child(&child);
    let ended = |child: &mut Child| child.try_wait().expect("asked").is_some();
    if let Some(hold) = &hold {
        while hold.wait_for(Duration::from_millis(20)).is_none() {
            if ended(&mut child) {
                stage.fake.clear_faults();
                return None;
            }
        }
    } else {
        // In slices of time, stopped in between, until it has come to where the kill is to hit.
        let mut left = nth;
        let mut before = None;
        for slice in 0.. {
            std::thread::sleep(Duration::from_micros(100 + random.below(400) as u64));
            kill_process(pid, Signal::STOP).expect("a child");
            if ended(&mut child) {
                return None;
            }
            if slices > 0 && slice >= slices {
                break;
            }
            if slices == 0 {
                let now = scene.gap();
                left -= u32::from(now == aim && before != Some(now));
                before = Some(now);
                if left == 0 {
                    break;
                }
            }
            kill_process(pid, Signal::CONT).expect("a child");
        }
    }
    child.kill().expect("a child");
    child.wait().expect("gone");
    if let Some(hold) = hold {
        hold.release();
    }
    // What was on its way arrives, and what was asked for is done, before anybody looks.
    scene.wait_for_silence();
    stage.fake.clear_faults();
    // One that was killed in its last moments has told everything itself.
    let folder = scene.folder().filter(|folder| !folder.join("apply_receipt.json").exists());
    Some((scene.gap(), folder))
}

fn start(stage: &Stage, plan: &Plan) -> Child {
    // The next apply waits until the requests of this one have timed out.
    let args = Stage::live(plan, &["--quiet", "--request-timeout", "0.5"]);
    let mut command = stage.command(&args.iter().map(String::as_str).collect::<Vec<_>>());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started")
}

/// What there is to see of the run under way.
struct Scene<'a> {
    stage: &'a Stage,
    /// How many runs there were before.
    runs: usize,
    /// The number of the last request before.
    mark: u64,
}

impl Scene<'_> {
    fn folder(&self) -> Option<PathBuf> {
        self.stage.runs("_apply").into_iter().nth(self.runs)
    }

    fn log(&self) -> Vec<Logged> {
        let mut log = self.stage.fake.log();
        log.retain(|logged| logged.seq > self.mark);
        log
    }

    /// Where the run is, from its journal and the fake's log.
    fn gap(&self) -> Gap {
        let entries = self.folder().map(|folder| journal_of(&folder)).unwrap_or_default();
        let log = self.log();
        let intentions = entries.iter().filter(|entry| entry["entry"] == "intention").count();
        let Some(last) = entries.iter().rposition(|entry| entry["entry"] == "intention") else {
            return Gap::BeforeTheIntent;
        };
        let writes: Vec<&Logged> = log.iter().filter(|logged| logged.is_write()).collect();
        assert!(writes.len() <= intentions, "a request without an intention on disk");
        let outcome = entries[last..].iter().any(|entry| entry["entry"] == "result");
        match writes.get(intentions - 1) {
            None => {
                assert!(!outcome, "an outcome without a request");
                Gap::IntentToRequest
            }
            Some(write) if outcome => {
                let reads = log.iter().filter(|logged| logged.seq > write.seq && logged.method == "GET").count();
                // The org; of a user also the record, the memberships and, for a new one, the settings.
                let read_back = match write.shape {
                    Some(Shape::SetExternalId | Shape::SetDomainNames) => 1,
                    Some(Shape::CreateMembership) => 4,
                    _ => 3,
                };
                if reads > read_back { Gap::BeforeTheIntent } else { Gap::AfterTheOutcome }
            }
            Some(write) if write.answered() => Gap::AnswerToOutcome,
            Some(_) => Gap::RequestToAnswer,
        }
    }

    /// Waits until no more requests come and every write has been carried out or refused.
    fn wait_for_silence(&self) {
        let mut seen = usize::MAX;
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let log = self.log();
            // A status, a deed or a reset connection: it has been decided about.
            let decided = log.iter().filter(|logged| logged.is_write()).all(|write| write.after.is_some());
            if decided && log.len() == seen {
                return;
            }
            seen = log.len();
        }
    }
}

/// The finished lines of a journal.
fn journal_of(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("journal.ndjson")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).expect("a line of the journal")).collect()
}

/// What the applies could change, without what differs from run to run.
fn state_of(world: &World) -> Value {
    let orgs: BTreeMap<u64, Value> = world
        .organizations
        .iter()
        .map(|org| (org["id"].as_u64().expect("an id"), json!([org["external_id"], org["domain_names"]])))
        .collect();
    let mut memberships: Vec<String> = world
        .memberships
        .iter()
        .map(|own| format!("{} {} {}", own["user_id"], own["organization_id"], own["default"] == true))
        .collect();
    memberships.sort();
    let users: BTreeMap<u64, &Value> =
        world.users.iter().map(|user| (user["id"].as_u64().expect("an id"), &user["organization_id"])).collect();
    json!({"orgs": orgs, "memberships": memberships, "users": users, "tickets": world.tickets})
}

/// The action that a write carries out.
pub fn action_of(plan: &Plan, write: &Logged) -> String {
    let body = &write.body;
    let path: Vec<Option<u64>> = write.path.split('/').map(|segment| segment.parse().ok()).collect();
    let is = |action: &Value| match (write.shape.expect("a write"), action["action_code"].as_str().expect("a code")) {
        (Shape::SetExternalId, "set_org_external_id") => action["org_id"].as_u64() == path[4],
        (Shape::SetDomainNames, "add_org_domain") => {
            let names = body["organization"]["domain_names"].as_array().expect("a list");
            action["org_id"].as_u64() == path[4] && names.last() == Some(&action["to"])
        }
        (Shape::CreateMembership, "assign_user_to_org") => {
            let wanted = &body["organization_membership"];
            action["user_id"] == wanted["user_id"] && action["org_id"] == wanted["organization_id"]
        }
        (Shape::MakeDefault, "move_user_to_org") => action["membership_id"].as_u64() == path[6],
        _ => false,
    };
    let action = plan.actions().iter().find(|action| is(action)).expect("a write of the plan");
    action["action_id"].as_str().expect("an id").to_owned()
}

/// No write was carried out twice or sent again needlessly, all is as without the kills, and the receipts tell it all.
fn check(stage: &Stage, plan: &Plan, killed: &[PathBuf], uninterrupted: &Value) {
    assert_eq!(&state_of(&stage.fake.world()), uninterrupted);
    let mut carried_out: BTreeMap<String, usize> = BTreeMap::new();
    for write in stage.fake.writes() {
        let action = action_of(plan, &write);
        assert_eq!(carried_out.get(&action), None, "{action} was sent again after it had been carried out");
        if write.acted() {
            carried_out.insert(action, 1);
        }
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let folders = stage.runs("_apply");
    for folder in &folders {
        if journal_of(folder).is_empty() {
            // It was killed before it had begun anything.
            continue;
        }
        assert!(!folder.join(".reserve").exists(), "{}", folder.display());
        let receipt: Value =
            serde_json::from_slice(&std::fs::read(folder.join("apply_receipt.json")).expect("a receipt"))
                .expect("JSON");
        if killed.contains(folder) {
            assert_eq!(receipt["completed"], false, "{}", folder.display());
        }
        assert_eq!(receipt["source_plan_hash"], plan.hash.as_str());
        assert_eq!(receipt["mode"], "apply");
        let results = receipt["results"].as_array().expect("results");
        assert_eq!(results.len(), plan.actions().len(), "every action is told of");
        let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
        for result in results {
            let status = result["status"].as_str().expect("a status");
            *counted.entry(status).or_default() += 1;
            if status == "applied" {
                *told.entry(result["action_id"].as_str().expect("an id").to_owned()).or_default() += 1;
                assert_ne!(result["before"], result["after"]);
            }
        }
        for status in ["applied", "skipped", "failed", "blocked"] {
            assert_eq!(receipt["counts"][status], counted.get(status).copied().unwrap_or(0));
        }
        let journal = journal_of(folder);
        assert_eq!(journal.last().expect("lines")["entry"], "end", "{}", folder.display());
        let verified = stage.command(&["verify", "--quiet"]).arg(folder).output().expect("the program runs");
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
    assert_eq!(told, carried_out, "each write that was carried out is told of as applied, once");
    // The audit's folder has the last receipt, and nothing that a killed run was writing.
    let verified =
        stage.command(&["verify", "--quiet"]).arg(Path::new(&plan.path).parent().expect("a folder")).output();
    let verified = verified.expect("the program runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
