//! A live apply of one action of each kind: no write twice, none that was not planned, and a receipt that says what was done.

use super::zendesk::{Request, faults, requests};
use super::{Matrix, each, run};
use crate::fake_zendesk::{Kind, Logged, Shape, World};
use crate::stage::{Plan, Ran, Stage};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

struct Scene {
    stage: Stage,
    plan: Plan,
    /// The world before any apply.
    before: World,
    only: Vec<String>,
}

impl Scene {
    fn new() -> Self {
        let stage = Stage::all_codes();
        let plan = stage.audit();
        let kinds = ["set_org_external_id", "add_org_domain", "assign_user_to_org", "move_user_to_org"];
        // Actions that wait for no other.
        let free = |code: &str| {
            let is = |action: &&Value| action["action_code"] == code && action["depends_on"] == json!([]);
            plan.actions().iter().find(is).expect("an action")["action_id"].as_str().expect("an id").to_owned()
        };
        let only = kinds.map(free).to_vec();
        let before = stage.fake.world();
        Self { stage, plan, before, only }
    }

    fn command(&self) -> Command {
        let mut more = vec!["--quiet"];
        for id in &self.only {
            more.extend(["--only-action", id]);
        }
        let args = Stage::live(&self.plan, &more);
        self.stage.command(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn apply(&self, what: &str) -> Ran {
        self.stage.ran(run(self.command(), what))
    }

    /// The world and the folder as before any apply.
    fn reset(&self) {
        self.stage.fake.clear_faults();
        self.stage.fake.clear_log();
        self.stage.fake.with_world(|world| *world = self.before.clone());
        for run in self.stage.runs("_apply") {
            std::fs::remove_dir_all(run).expect("removed");
        }
    }

    /// What an apply changes.
    fn state(&self) -> Value {
        let world = self.stage.fake.world();
        let orgs: Vec<Value> = world
            .list(Kind::Organizations)
            .iter()
            .map(|org| json!([org["id"], org.get("external_id"), org.get("domain_names")]))
            .collect();
        let mut members: Vec<String> = world
            .memberships
            .iter()
            .map(|one| json!([one["user_id"], one["organization_id"], one.get("default")]).to_string())
            .collect();
        members.sort();
        json!([orgs, members])
    }
}

pub fn matrix() -> Matrix {
    let calm = Scene::new();
    calm.stage.fake.clear_log();
    calm.apply("undisturbed").is(0);
    let asked = requests(&calm.stage.fake.log());
    let after = calm.state();
    assert_eq!(calm.stage.fake.writes_done().len(), calm.only.len());
    let faults = faults();
    let kinds: Vec<String> = asked.iter().map(|request| request.kind.clone()).collect();
    let matrix = Matrix::new("Apply", faults.iter().map(|fault| fault.name).collect(), &kinds);
    let work: Vec<(usize, &Request)> =
        (0..faults.len()).flat_map(|fault| asked.iter().map(move |request| (fault, request))).collect();
    let work: Vec<(usize, &Request)> =
        work.into_iter().filter(|(fault, request)| faults[*fault].meets(request)).collect();
    each(&work, Scene::new, |scene, (fault, request)| {
        let what = format!("{} at {request:?}", faults[*fault].name);
        scene.reset();
        scene.stage.fake.add_fault(faults[*fault].at(request));
        let first = scene.apply(&what);
        let came = judged(scene, &first, &after, &what);
        matrix.set(*fault, &request.kind, came);

        // The next apply does what is left, and nothing again.
        scene.stage.fake.clear_faults();
        let next = run(scene.command(), &what);
        let error = String::from_utf8_lossy(&next.stderr);
        assert_eq!(next.status.code(), Some(0), "{what}: the next apply: {error}");
        assert!(scene.state() == after, "{what}: the next apply leaves another state: {error}");
        let mut done: BTreeMap<String, usize> = BTreeMap::new();
        for write in scene.stage.fake.writes_done() {
            *done.entry(action_of(scene, &write, &what)).or_default() += 1;
        }
        assert!(done.values().all(|count| *count == 1) && done.len() == scene.only.len(), "{what}: {done:?}");
    });
    matrix
}

/// What came of it, by the promises of an apply.
fn judged(scene: &Scene, ran: &Ran, after: &Value, what: &str) -> String {
    let Ran { code, err, receipt, .. } = ran;
    assert!(matches!(code, 0 | 1 | 3), "{what}: {code}: {err}");
    let writes = scene.stage.fake.writes();
    let done: Vec<String> =
        writes.iter().filter(|write| write.acted()).map(|write| action_of(scene, write, what)).collect();
    if receipt.is_null() {
        assert!(writes.is_empty(), "{what}: a write without a receipt: {err}");
        assert!(*code == 3 && err.contains("error: ") && err.contains("help: "), "{what}: {code}: {err}");
        return code.to_string();
    }
    let results = receipt["results"].as_array().expect("results");
    for result in results.iter().filter(|result| scene.only.iter().any(|id| result["action_id"] == id.as_str())) {
        let id = result["action_id"].as_str().expect("an id");
        let is_done = done.iter().any(|one| one == id);
        let (status, reason) = (result["status"].as_str().unwrap_or_default(), result["reason"].as_str());
        match status {
            "applied" => assert!(is_done, "{what}: {result} was not done"),
            "failed" if reason == Some("outcome_unknown") => {}
            // An error answer after which the effect shows.
            "skipped" if !result["http_status"].is_null() => assert!(is_done, "{what}: {result}"),
            // A record that Zendesk says is gone cannot show what was written to it.
            "failed" if what.starts_with("404") => {}
            _ => assert!(!is_done, "{what}: {result} was done"),
        }
    }
    if *code == 0 {
        if scene.state() == *after {
            return "ok".to_owned();
        }
        // What Zendesk says is gone is no failure; the receipt names it.
        let gone = results.iter().any(|result| result["reason"].as_str().is_some_and(|why| why.ends_with("not_found")));
        assert!(what.starts_with("404") && gone, "{what}: it ends with 0 and does not do all");
        return format!("0 ({} of {})", done.len(), scene.only.len());
    }
    assert!(err.contains("error: "), "{what}: {err}");
    format!("{code} ({} of {})", done.len(), scene.only.len())
}

/// The action of the plan that a write belongs to.
fn action_of(scene: &Scene, write: &Logged, what: &str) -> String {
    let part = |at: usize| write.path.split('/').nth(at).and_then(|part| part.parse::<u64>().ok());
    let is = |action: &&Value| match (write.shape.expect("a write"), action["action_code"].as_str().expect("a code")) {
        (Shape::SetExternalId, "set_org_external_id") => {
            action["org_id"].as_u64() == part(4) && write.body["organization"]["external_id"] == action["to"]
        }
        (Shape::SetDomainNames, "add_org_domain") => {
            let names = write.body["organization"]["domain_names"].as_array().expect("a list");
            action["org_id"].as_u64() == part(4) && names.last() == Some(&action["to"])
        }
        (Shape::CreateMembership, "assign_user_to_org") => {
            let wanted = &write.body["organization_membership"];
            action["user_id"] == wanted["user_id"] && action["org_id"] == wanted["organization_id"]
        }
        (Shape::MakeDefault, "move_user_to_org") => action["membership_id"].as_u64() == part(6),
        _ => false,
    };
    let action = scene.plan.actions().iter().find(is);
    let id = action
        .and_then(|action| action["action_id"].as_str())
        .unwrap_or_else(|| panic!("{what}: not planned: {write:?}"));
    assert!(scene.only.iter().any(|only| only == id), "{what}: {id} was not selected");
    id.to_owned()
}
