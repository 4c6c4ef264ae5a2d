//! Writes that are not answered in time. The program waits a minute for an answer, so its writer is
//! used from within here, with less patience, against the fake.

use super::stage::Stage;
use crate::fake_zendesk::{Fault, FaultKind, Which};
use g_gremlin::apply::consent;
use g_gremlin::apply::execute::Execution;
use g_gremlin::apply::journal::Journal;
use g_gremlin::apply::look::OrgIndex;
use g_gremlin::apply::narrow::Narrowing;
use g_gremlin::apply::select::{ActionChoice, Selection};
use g_gremlin::interrupt::Deferred;
use g_gremlin::model::consent::Terms;
use g_gremlin::model::time::Instant;
use g_gremlin::run::artifacts::apply_receipt::{ActionResult, Caps, Mode, Outcome};
use g_gremlin::run::artifacts::journal::{Begin, SCHEMA, Story};
use g_gremlin::run::plan_file::PlanFile;
use g_gremlin::zendesk::{Access, Credentials, Records, Secret, Silent, Timing, WritePace, Writer};
use std::time::Duration;

fn clock() -> Instant {
    Instant::parse("2026-04-17T22:15:30Z").expect("a time")
}

/// Applies one action of the stage's plan, waiting so long for each answer; returns its result and what the journal leaves open.
async fn apply(stage: &Stage, only: &str, patience: Duration) -> (ActionResult, Vec<String>) {
    let plan = stage.audit();
    let plan = std::fs::read(stage.path().join(&plan.path)).expect("a plan");
    let mut plan = PlanFile::parse(&plan).expect("a plan");
    (plan.created_at, plan.as_of) = (clock(), clock());
    let terms = Terms {
        live: true,
        confirmed_hash: Some(&plan.hash),
        zendesk: Some(stage.fake.url()),
        max_plan_age_hours: 1,
        now: clock(),
    };
    let confirmed = consent::check(&plan, &terms).expect("no refusal").expect("live");
    let url = url::Url::parse(stage.fake.url()).expect("a URL");
    let credentials = Credentials::Token(Secret::new("fake-bearer-token"));
    let timing = Timing { request: patience, ..Timing::default() };
    let access = Access::new(url, credentials, 0, timing).expect("a client");
    let session = access.open(&Silent);
    let records = Records::new(&session);
    let stop = Deferred::begin();
    let caps = Caps { max_actions: 100, max_per_account: 100 };
    let narrowing = Narrowing { actions: [only.to_owned()].into(), ..Narrowing::default() };
    let selection = Selection { plan: &plan, narrowing: &narrowing, caps, clock, stop: &stop };
    let mut index = OrgIndex::read(&records).await.expect("the orgs");
    let choices = selection.choose(&records, &mut index, &mut |_, _| Ok(())).await.expect("chosen");
    assert_eq!(choices.iter().filter(|choice| matches!(choice, ActionChoice::Selected(_))).count(), 1);
    let begin = Begin {
        schema: SCHEMA.to_owned(),
        run_id: "test_apply".to_owned(),
        mode: Mode::Apply,
        source_plan_path: "plan".to_owned(),
        source_plan_hash: plan.hash.clone(),
        zendesk: plan.zendesk.clone(),
        caps_used: caps,
        only_account: Vec::new(),
        only_action: vec![only.to_owned()],
        started_at: clock().rfc3339(),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = Journal::create(folder.path(), begin).expect("a journal");
    let mut execution = Execution {
        records: &records,
        writer: &Writer::new(&session, &confirmed, WritePace::none()),
        index,
        journal: &mut journal,
        clock,
        stop: &stop,
        began_to_write: false,
        landing: std::collections::HashMap::new(),
        tell: &mut |_| {},
        warn: &mut |_| {},
        done: &mut |_| {},
    };
    let (results, ended) = execution.run(&plan.actions, choices).await;
    assert!(ended.is_none() && execution.began_to_write);
    let journal = std::fs::read(folder.path().join("journal.ndjson")).expect("a journal");
    let story = Story::parse(&journal).expect("a journal").expect("lines");
    let result = results.into_iter().find(|result| result.action_id == only).expect("its result");
    (result, story.open.into_iter().map(|intention| intention.action_id).collect())
}

#[tokio::test]
async fn a_write_that_is_not_answered_in_time_is_settled_by_reading() {
    let slow = FaultKind::Slow { ms: 60_000 };
    for (name, kind) in [("answered late", slow), ("half an answer", FaultKind::StallMidBody)] {
        for only in ["A001", "A007", "A012", "A017"] {
            let stage = Stage::all_codes();
            stage.fake.add_fault(Fault::of(Which::writes(), kind.clone()));
            let (result, open) = apply(&stage, only, Duration::from_millis(700)).await;
            assert_eq!((result.status, result.reason), (Outcome::Applied, None), "{name}: {only}");
            assert_eq!(result.http_status, None);
            assert_ne!(result.before, result.after);
            assert!(open.is_empty());
            assert_eq!(stage.fake.writes().len(), 1, "{name}: {only}: sent once");
        }
    }
}

#[tokio::test]
async fn a_write_that_was_not_carried_out_in_time_is_a_failure() {
    let stage = Stage::all_codes();
    stage.fake.add_fault(Fault::of(Which::writes(), FaultKind::SlowBefore { ms: 60_000 }));
    let (result, open) = apply(&stage, "A012", Duration::from_millis(700)).await;
    assert_eq!((result.status, result.reason), (Outcome::Failed, None));
    assert_eq!(result.before, result.after);
    assert!(open.is_empty());
    assert_eq!((stage.fake.writes().len(), stage.fake.writes_done().len()), (1, 0));
}
