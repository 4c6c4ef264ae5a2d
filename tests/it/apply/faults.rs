//! Applies while Zendesk and the network misbehave at random: nothing is written twice, nothing is lost from the receipts, and
//! Zendesk is as they say.

use super::convergence::{essence, for_each_seed, stage_of};
use super::crashes::action_of;
use super::oracle::meddle;
use super::stage::{Plan, Ran, Stage};
use crate::fake_zendesk::{Fault, FaultKind, Logged, Refusal, Shape, Which, World};
use crate::model::random::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DEFAULT_WORLDS: u64 = 16;

/// Something that goes wrong with a write.
fn fault_of_a_write(random: &mut Random, nth: u32) -> Fault {
    let which = || Which::writes().nth(nth);
    let refusal = random.pick(&[Refusal::Described, Refusal::Plain, Refusal::Listed]);
    let retry_after =
        random.pick(&[Some("0"), Some("Fri, 17 Apr 2026 12:00:00 GMT"), None, Some("7200"), Some("soon")]);
    let (kind, may_act) = match random.below(13) {
        0 | 1 => (FaultKind::too_many(refusal, retry_after), false),
        2 => (FaultKind::status(500), true),
        3 => (FaultKind::status(503), true),
        4 => (FaultKind::status(504), true),
        5 => (FaultKind::ResetUnread, false),
        6 => (FaultKind::ResetBefore, false),
        7 => (FaultKind::ResetMidBody, false),
        8 => (FaultKind::TruncatedJson, false),
        9 => (FaultKind::NotTaken, false),
        10 => (FaultKind::json_error(random.pick(&[400, 404, 409, 422])), true),
        11 => (FaultKind::Slow { ms: 300 }, false),
        _ => (FaultKind::SlowBefore { ms: 300 }, false),
    };
    let fault = Fault::of(which(), kind);
    if may_act && random.chance(50) { fault.after_acting() } else { fault }
}

/// Something that goes wrong with a read, or somebody who writes at the same time.
fn fault_of_a_read(random: &mut Random) -> Fault {
    let after = random.below(4);
    let kind = match random.below(4) {
        0 => FaultKind::too_many(Refusal::Plain, Some("0")),
        1 => FaultKind::ResetUnread,
        // Read by nobody, so that what came of a write may stay unknown.
        _ => FaultKind::json(200, json!({"organization": {"id": 1}, "user": {"id": 1}})),
    };
    Fault::of(Which::any().method("GET").after_writes(after.max(1)).nth(1 + random.below(6) as u32), kind)
}

/// Every result of every receipt, in the order of the runs.
fn told(stage: &Stage) -> BTreeMap<String, Vec<Value>> {
    let mut told: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for folder in stage.runs("_apply") {
        let receipt = std::fs::read(folder.join("apply_receipt.json")).expect("a receipt");
        let receipt: Value = serde_json::from_slice(&receipt).expect("JSON");
        for result in receipt["results"].as_array().expect("results") {
            told.entry(result["action_id"].as_str().expect("an id").to_owned()).or_default().push(result.clone());
        }
    }
    told
}

/// The part of a write's subject that receipts show.
fn shown(shape: Shape, subject: &Value) -> Value {
    match shape {
        Shape::SetExternalId => subject["external_id"].clone(),
        Shape::SetDomainNames => subject["domain_names"].clone(),
        _ => {
            let own = subject["organization_memberships"].as_array().expect("a list");
            let mut orgs: Vec<u64> = own.iter().filter_map(|own| own["organization_id"].as_u64()).collect();
            orgs.sort_unstable();
            orgs.dedup();
            let marked = own.iter().filter(|own| own["default"] == true).min_by_key(|own| own["id"].as_u64());
            let default = marked.map_or(&subject["user"]["organization_id"], |own| &own["organization_id"]);
            json!({"default_org_id": default, "member_of": orgs})
        }
    }
}

/// Counts add up, every action has one result, and what was carried out is what is told.
fn check_receipt(plan: &Plan, ran: &Ran, what: &str) {
    let results = ran.receipt["results"].as_array().expect("results");
    let ids: Vec<&Value> = results.iter().map(|result| &result["action_id"]).collect();
    assert_eq!(ids, plan.actions().iter().map(|action| &action["action_id"]).collect::<Vec<_>>(), "{what}");
    let count = |is: &dyn Fn(&Value) -> bool| results.iter().filter(|result| is(result)).count() as u64;
    for status in ["applied", "blocked", "skipped", "failed", "would_apply"] {
        assert_eq!(ran.count(status), count(&|result| result["status"] == status), "{what}: {status}");
    }
    let looked_at = |result: &Value| {
        let reason = result["reason"].as_str().unwrap_or_default();
        reason.starts_with("precondition_changed_") || reason == "record_incomplete"
    };
    let attempted = count(&|result| result["status"] == "applied" || result["status"] == "failed" || looked_at(result));
    assert_eq!(ran.count("attempted"), attempted, "{what}");
    let unwell = ran.count("failed") > 0 || count(&|result| result["reason"] == "aborted") > 0;
    assert!(if unwell { ran.code == 1 || ran.code == 3 } else { ran.code == 0 }, "{what}: {} {}", ran.code, ran.err);
}

#[test]
fn whatever_goes_wrong_nothing_is_written_twice_and_the_receipts_say_what_is_so() {
    let came = std::sync::Mutex::new(BTreeMap::<String, usize>::new());
    for_each_seed(DEFAULT_WORLDS, |seed| {
        let what = format!("world {seed}");
        let mut random = Random::new(seed ^ 0xfa_017);
        let (stage, calm) = (stage_of(seed), stage_of(seed));
        let plan = stage.audit();
        if plan.actions().is_empty() {
            return;
        }
        // The same without any fault.
        let of_calm = calm.audit();
        calm.apply(&of_calm, &[]).is(0);
        stage.fake.clear_log();
        for nth in 1..=8 {
            if random.chance(60) {
                stage.fake.add_fault(fault_of_a_write(&mut random, nth));
            }
        }
        if random.chance(50) {
            stage.fake.add_fault(fault_of_a_read(&mut random));
        }
        // Its requests time out soon, so that what stays unknown is settled soon.
        let ran = stage.apply(&plan, &["--request-timeout", "2"]);
        check_receipt(&plan, &ran, &what);
        for (_, result) in ran.results() {
            *came.lock().expect("no panic").entry(result).or_default() += 1;
        }
        let first: Vec<Logged> = stage.fake.writes();
        stage.fake.clear_faults();
        // What was left is done by the next apply, or the one after it: a link that failed holds up what depends on it.
        let again = stage.apply(&plan, &[]).is(0);
        check_receipt(&plan, &again, &what);
        assert_eq!(essence(&stage.fake.world()), essence(&calm.fake.world()), "{what}");

        let told = told(&stage);
        let mut done: BTreeMap<String, Logged> = BTreeMap::new();
        for write in stage.fake.writes() {
            let action = action_of(&plan, &write);
            assert!(!done.contains_key(&action), "{what}: {action} was sent again after it had been carried out");
            if write.acted() {
                done.insert(action, write);
            }
        }
        for write in &first {
            // Only a 429 is answered by sending the same again in one run.
            let same = first.iter().filter(|other| other.path == write.path && other.body == write.body);
            let others = same.filter(|other| other.status != Some(429)).count();
            assert!(others <= 1, "{what}: {} {}", write.path, write.body);
        }
        for (action, results) in &told {
            let applied: Vec<&Value> = results.iter().filter(|result| result["status"] == "applied").collect();
            let refused = |result: &&Value| result["status"] == "skipped" && !result["http_status"].is_null();
            let took_all_the_same = results.iter().filter(refused).count();
            match done.get(action) {
                None => assert!(applied.is_empty() && took_all_the_same == 0, "{what}: {action}: {results:?}"),
                Some(write) => {
                    assert_eq!(applied.len() + took_all_the_same, 1, "{what}: {action}: {results:?}");
                    let shape = write.shape.expect("a write");
                    let result = applied.first().copied().or_else(|| results.iter().find(refused)).expect("one");
                    let (before, after) = (write.before.as_ref(), write.after.as_ref());
                    assert_eq!(result["before"], shown(shape, before.expect("a subject")), "{what}: {action}");
                    assert_eq!(result["after"], shown(shape, after.expect("a subject")), "{what}: {action}");
                }
            }
            assert!(results.iter().all(|result| result["reason"] != "outcome_unknown"), "{what}: {action}: settled");
        }
    });
    println!("{:#?}", came.into_inner());
}

#[test]
fn while_somebody_else_writes_the_receipt_tells_every_write_and_none_is_repeated() {
    for_each_seed(DEFAULT_WORLDS, |seed| {
        let what = format!("world {seed}");
        let mut random = Random::new(seed ^ 0x0_7e_11);
        let stage = stage_of(seed);
        let plan = stage.audit();
        if plan.actions().is_empty() {
            return;
        }
        stage.fake.clear_log();
        for _ in 0..3 {
            // Before a read or before a write is carried out; what changes is known only then.
            let (plan, seed) = (plan.clone(), random.below(1 << 30) as u64);
            let change = FaultKind::meanwhile(move |world: &mut World| meddle(world, &plan, &mut Random::new(seed)));
            let which = if random.chance(40) {
                Which::writes().nth(1 + random.below(5) as u32)
            } else {
                Which::any().method("GET").nth(1 + random.below(60) as u32)
            };
            stage.fake.add_fault(Fault::of(which, change));
        }
        let ran = stage.apply(&plan, &[]);
        check_receipt(&plan, &ran, &what);
        let mut sent: BTreeMap<String, Vec<Logged>> = BTreeMap::new();
        for write in stage.fake.writes() {
            sent.entry(action_of(&plan, &write)).or_default().push(write);
        }
        for (action, writes) in &sent {
            let result = ran.whole(action);
            assert_eq!(writes.len(), 1, "{what}: {action}: sent once");
            let status = result["status"].as_str().expect("a status");
            let refused = result["reason"].as_str().is_some_and(|_| !result["http_status"].is_null());
            assert!(matches!(status, "applied" | "failed") || refused, "{what}: {action}: {result}");
            // What was done and undone again is a failure that shows what is there now.
            assert!(status != "applied" || writes[0].acted(), "{what}: {action}: {result}");
            assert_eq!(result["request_id"].as_str(), writes[0].request_id.as_deref(), "{what}: {action}");
        }
        for result in ran.receipt["results"].as_array().expect("results") {
            let action = result["action_id"].as_str().expect("an id");
            let told = !result["http_status"].is_null();
            assert_eq!(told, sent.contains_key(action), "{what}: {action}: {result}");
        }
    });
}
