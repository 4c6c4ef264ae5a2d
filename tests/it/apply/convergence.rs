//! Random worlds are audited, repaired and audited again over HTTP, until nothing is prepared any more.
//!
//! `G_GREMLIN_WORLDS=500` takes that many worlds, `G_GREMLIN_WORLD=17` the one of that seed. Which action can bring which
//! code is read from `docs/apply.md`: the page is what is tested.

use super::oracle::{reason, skipped};
use super::stage::{Plan, Ran, Stage};
use crate::fake_zendesk::{Config, Kind, Record, Settings, World};
use crate::model::PlainWorld;
use crate::model::random::{Scenario, scenario};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const DEFAULT_WORLDS: u64 = 24;
const ROUNDS: usize = 4;

/// The seeds that the environment asks for, or the usual ones.
pub fn seeds(usual: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match number("G_GREMLIN_WORLD") {
        Some(seed) => vec![seed],
        None => (0..number("G_GREMLIN_WORLDS").unwrap_or(if crate::thorough() { usual } else { usual / 4 })).collect(),
    }
}

/// Does the work for every seed, on two threads.
pub fn for_each_seed(usual: u64, work: impl Fn(u64) + Sync) {
    let seeds = seeds(usual);
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (seeds, work) = (&seeds, &work);
            scope.spawn(move || seeds.iter().skip(half).step_by(2).for_each(|seed| work(*seed)));
        }
    });
}

/// A random world as one Zendesk could hold it: each record once, and domains as it stores them.
pub fn stage_of(seed: u64) -> Stage {
    let Scenario { world, reference_csv, mut config, baseline_csv: _, as_of: _ } = scenario(seed);
    let PlainWorld { organizations, users, memberships, tickets, settings } = world;
    let once = |records: Vec<Value>| {
        let mut ids = BTreeSet::new();
        let records = records.into_iter().filter(|record| ids.insert(record["id"].as_u64()));
        records.map(|record| record.as_object().expect("a record").clone()).collect::<Vec<Record>>()
    };
    let mut world = World {
        organizations: once(organizations),
        users: once(users),
        memberships: once(memberships),
        tickets: once(tickets),
        settings: settings.map_or(Settings::Absent, Settings::Given),
    };
    // What nothing deletes has no memberships that are left over.
    let exists = |records: &[Record], id: Option<&Value>| {
        records.iter().any(|record| record.get("id") == id && record.get("deleted_at").is_none_or(Value::is_null))
    };
    let World { organizations, users, memberships, .. } = &mut world;
    memberships.retain(|membership| {
        exists(organizations, membership.get("organization_id")) && exists(users, membership.get("user_id"))
    });
    for org in &mut world.organizations {
        let names = stored(org.get("domain_names"));
        org.insert("domain_names".into(), json!(names));
    }
    // Every ticket is in the window, whenever the tests run.
    config.lookback_days = 36_500;
    config.subdomain = Some("replaced".to_owned());
    config.base_url = None;
    let scenario =
        Scenario { world: PlainWorld::default(), reference_csv, baseline_csv: None, config, as_of: String::new() };
    Stage::new(world, Config::default(), &scenario.reference_csv, &scenario.config_yaml())
}

/// Domain names as Zendesk stores a list.
fn stored(names: Option<&Value>) -> Vec<String> {
    let mut stored: Vec<String> = Vec::new();
    for name in names.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        let name = name.trim().to_lowercase();
        if !name.is_empty() && !stored.contains(&name) {
            stored.push(name);
        }
    }
    stored
}

/// An issue by what names it from run to run.
type Issue = BTreeMap<String, String>;

/// The issues of the newest audit, by id.
fn issues(stage: &Stage) -> BTreeMap<String, Issue> {
    let path = stage.runs("_audit").pop().expect("a run").join("all_exceptions.csv");
    let mut reader = csv::Reader::from_path(path).expect("a table");
    let rows = reader.deserialize::<Issue>().map(|row| row.expect("a row"));
    rows.map(|row| (row["issue_id"].clone(), row)).collect()
}

/// For each action the codes that it can bring, as the page says.
fn foretold() -> BTreeMap<String, BTreeSet<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/apply.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let (_, table) = page.split_once("<!-- brings:begin -->\n").expect("the table");
    let (table, _) = table.split_once("<!-- brings:end -->").expect("its end");
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = table.lines().skip(2).map(|row| row.split('|').collect::<Vec<_>>());
    rows.map(|row| (names(row[1]).remove(0), names(row[2]).into_iter().collect())).collect()
}

#[test]
fn the_page_says_of_each_action_what_it_can_bring() {
    let page = foretold();
    let actions = ["add_org_domain", "assign_user_to_org", "move_user_to_org", "set_org_external_id"];
    assert_eq!(page.keys().map(String::as_str).collect::<Vec<_>>(), actions);
    let brought: BTreeSet<&String> = page.values().flatten().collect();
    assert_eq!(brought.into_iter().collect::<Vec<_>>(), ["user_default_org_not_expected"]);
}

/// Why an issue could be expected to appear: an applied action brings its code, and it is about a user whom that has made a
/// member.
fn is_foretold(issue: &Issue, applied: &[&Value], foretold: &BTreeMap<String, BTreeSet<String>>) -> bool {
    applied.iter().any(|action| {
        let code = action["action_code"].as_str().expect("a code");
        let about = match code {
            "add_org_domain" => action["domain"] == issue["domain"].as_str(),
            _ => action["user_id"].as_u64() == issue["user_id"].parse().ok(),
        };
        foretold[code].contains(&issue["issue_code"]) && about
    })
}

/// What the writes of these actions make of a world, with what Zendesk does by itself because of them.
pub fn after(mut world: World, several: bool, applied: &[&Value]) -> World {
    for action in applied {
        let id = |name: &str| action[name].as_u64().expect("an id");
        let (org, to) = (id("org_id"), action["to"].as_str().expect("a text"));
        match action["action_code"].as_str().expect("a code") {
            "set_org_external_id" => world.set(Kind::Organizations, org, "external_id", to),
            "add_org_domain" => {
                let mut names = stored(world.find(Kind::Organizations, org).expect("an org").get("domain_names"));
                names.push(to.to_owned());
                world.set(Kind::Organizations, org, "domain_names", json!(names));
                world.map_domain(org, to, several, 0);
            }
            "assign_user_to_org" => drop(world.join(id("user_id"), org, 0)),
            "move_user_to_org" => world.set_default(id("user_id"), id("membership_id"), 0),
            code => panic!("{code}"),
        }
    }
    world
}

/// A world without the ids of new memberships, the times of changes, and the order of domains.
pub fn essence(world: &World) -> Value {
    let without = |records: &[Record], fields: &[&str]| {
        let mut records: Vec<String> = records
            .iter()
            .map(|record| {
                let mut record = record.clone();
                record.retain(|name, value| !fields.contains(&name.as_str()) && !value.is_null());
                Value::Object(record).to_string()
            })
            .collect();
        records.sort();
        records
    };
    let mut organizations = world.organizations.clone();
    for org in &mut organizations {
        let mut names = stored(org.get("domain_names"));
        names.sort();
        org.insert("domain_names".into(), json!(names));
    }
    let times = ["updated_at"];
    let memberships: Vec<Record> = world
        .memberships
        .iter()
        .map(|own| {
            let default = (own.get("default") == Some(&json!(true))).then_some(true);
            let mut own = own.clone();
            own.insert("default".into(), json!(default));
            own
        })
        .collect();
    json!({
        "organizations": without(&organizations, &times),
        "users": without(&world.users, &times),
        "memberships": without(&memberships, &["id", "updated_at", "created_at", "organization_name"]),
        "tickets": without(&world.tickets, &[]),
    })
}

pub fn with_status<'a>(plan: &'a Plan, ran: &Ran, status: &str) -> Vec<&'a Value> {
    let results = ran.receipt["results"].as_array().expect("results");
    let of_status = results.iter().filter(|result| result["status"] == status);
    of_status.map(|result| plan.action(result["action_id"].as_str().expect("an id"))).collect()
}

#[test]
fn repairs_converge_and_bring_only_what_was_foretold() {
    let foretold = foretold();
    let seen = std::sync::Mutex::new(BTreeMap::<String, usize>::new());
    for_each_seed(DEFAULT_WORLDS, |seed| {
        let stage = stage_of(seed);
        let mut plan = stage.audit();
        for round in 1.. {
            if plan.actions().is_empty() {
                break;
            }
            let what = format!("world {seed}, round {round}");
            assert!(round <= ROUNDS, "{what}: {:?}", plan.actions());
            let (before, world) = (issues(&stage), stage.fake.world());
            let several = match &world.settings {
                Settings::Given(body) => body.pointer("/settings/user/multiple_organizations").and_then(Value::as_bool),
                Settings::Forbidden | Settings::Absent => None,
            };
            let ran = stage.apply(&plan, &[]).is(0);
            let applied = with_status(&plan, &ran, "applied");
            assert_eq!(stage.fake.writes_done().len(), stage.fake.writes().len(), "{what}");
            assert_eq!(stage.fake.writes().len(), applied.len(), "{what}");
            stage.fake.clear_log();
            let expected = after(world, several.unwrap_or(true), &applied);
            assert_eq!(essence(&stage.fake.world()), essence(&expected), "{what}: nothing else has changed");

            let next = stage.audit();
            stage.fake.clear_log();
            for (id, issue) in issues(&stage).iter().filter(|(id, _)| !before.contains_key(*id)) {
                assert!(is_foretold(issue, &applied, &foretold), "{what}: the issue {id} appeared: {issue:?}");
                *seen.lock().expect("no panic").entry("new issue".to_owned()).or_default() += 1;
            }
            for action in &applied {
                let code = action["action_code"].as_str().expect("a code").to_owned();
                *seen.lock().expect("no panic").entry(code).or_default() += 1;
            }
            // Where nobody can tell whether users may have several orgs, or a record lacks a key, an audit may believe it of
            // what it sees, but an apply does not. Nothing else is left over.
            if applied.is_empty() {
                for (id, result) in ran.results() {
                    let left = reason(&expected, plan.action(&id)).expect("a reason");
                    let unreadable = several.is_none() && left == "multiple_organizations_off";
                    let may_stay = unreadable || matches!(left, "record_incomplete" | "dependency_not_applied");
                    assert!(may_stay, "{what}: {id} {left}");
                    assert_eq!(result, skipped(left), "{what}: {id}");
                }
                break;
            }
            plan = next;
        }
    });
    let seen = seen.into_inner().expect("no panic");
    let reached = |name: &str| seen.get(name).is_some_and(|count| *count > 0);
    let names = ["set_org_external_id", "add_org_domain", "assign_user_to_org", "move_user_to_org", "new issue"];
    assert!(!crate::thorough() || names.into_iter().all(reached), "{seen:?}");
    println!("{seen:?}");
}
