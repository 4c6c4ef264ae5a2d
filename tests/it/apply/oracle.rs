//! A naive model of which actions are selected, and of what then comes of them, written from the rules (8.2, 8.3) alone;
//! and worlds that somebody else has changed since the audit, on which the program must agree with it.

use super::convergence::{after, essence, for_each_seed, stage_of};
use super::stage::{Plan, Ran};
use crate::fake_zendesk::{Kind, Record, Settings, World};
use crate::model::random::Random;
use crate::model::text;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const DEFAULT_WORLDS: u64 = 24;

/// What one run is asked for.
struct Asked {
    max_actions: usize,
    max_per_account: usize,
    only_account: Vec<String>,
    only_action: Vec<String>,
}

impl Asked {
    fn of(plan: &Plan, random: &mut Random) -> Self {
        let mut asked = Self {
            max_actions: random.pick(&[1, 2, 4, 1000, 1000]),
            max_per_account: random.pick(&[0, 1, 2, 1000, 1000]),
            only_account: Vec::new(),
            only_action: Vec::new(),
        };
        if random.chance(15) {
            let action = random.pick(plan.actions());
            asked.only_account.push(action["sf_account_id"].as_str().expect("an id").to_owned());
        }
        if random.chance(15) {
            for _ in 0..3 {
                let action = random.pick(plan.actions());
                asked.only_action.push(action["action_id"].as_str().expect("an id").to_owned());
            }
        }
        asked
    }

    fn options(&self) -> Vec<String> {
        let mut options = vec!["--max-actions".to_owned(), self.max_actions.to_string()];
        options.extend(["--max-per-account".to_owned(), self.max_per_account.to_string()]);
        for (option, names) in [("--only-account", &self.only_account), ("--only-action", &self.only_action)] {
            // An id may begin with a hyphen.
            options.extend(names.iter().map(|name| format!("{option}={name}")));
        }
        options
    }

    fn leaves(&self, action: &Value) -> bool {
        let key = |id: &str| text::account_key(id.trim());
        let account = key(action["sf_account_id"].as_str().expect("an id"));
        (self.only_account.is_empty() || self.only_account.iter().any(|id| key(id) == account))
            && (self.only_action.is_empty() || self.only_action.iter().any(|id| action["action_id"] == id.as_str()))
    }
}

fn key_of(org: &Record) -> Option<String> {
    let id = org.get("external_id")?.as_str()?.trim().to_owned();
    (!id.is_empty()).then(|| text::account_key(&id))
}

fn holds(org: &Record, domain: &str) -> bool {
    let names = org.get("domain_names").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).any(|name| text::domain(name).as_deref() == Some(domain))
}

/// The first precondition that does not hold, as its reason.
pub fn reason(world: &World, action: &Value) -> Option<&'static str> {
    let org_id = action["org_id"].as_u64().expect("an id");
    let org = world.existing(Kind::Organizations, org_id);
    let user_id = action["user_id"].as_u64().unwrap_or_default();
    let user = world.existing(Kind::Users, user_id);
    let user = user.filter(|user| user.get("deleted_at").is_none_or(Value::is_null));
    let mut own = if user.is_some() { world.memberships_of(user_id) } else { Vec::new() };
    // One in an org that does not exist is none.
    let exists = |id: u64| {
        let org = world.existing(Kind::Organizations, id);
        org.is_some_and(|org| org.get("deleted_at").is_none_or(Value::is_null))
    };
    let unmarked = own.iter().any(|own| own.get("default").is_none());
    own.retain(|own| exists(own["organization_id"].as_u64().expect("an id")));
    let own: Vec<(u64, u64, bool)> = own
        .into_iter()
        .map(|own| {
            let id = |name: &str| own[name].as_u64().expect("an id");
            (id("id"), id("organization_id"), own.get("default") == Some(&json!(true)))
        })
        .collect();
    let marked = own.iter().filter(|(_, _, default)| *default).min_by_key(|(id, _, _)| *id);
    let default = marked.map(|(_, org, _)| *org).or_else(|| user?.get("organization_id")?.as_u64());
    let elsewhere = |is: &dyn Fn(&Record) -> bool| {
        let others = world.organizations.iter().filter(|other| other["id"] != org_id);
        others.filter(|other| other.get("deleted_at").is_none_or(Value::is_null)).any(is)
    };
    let several = matches!(&world.settings, Settings::Given(body)
        if body.pointer("/settings/user/multiple_organizations") == Some(&json!(true)));
    let is = |field: &str, otherwise: bool| {
        user.and_then(|user| user.get(field)).and_then(Value::as_bool).unwrap_or(otherwise)
    };
    let key = |name: &str| text::account_key(action[name].as_str().expect("an id").trim());
    let blank = org.is_none_or(|org| key_of(org).is_none());
    let lacks = |record: Option<&Record>, key: &str| record.is_some_and(|record| !record.contains_key(key));
    let mut incomplete = false;
    for precondition in action["preconditions"].as_array().expect("a list") {
        let precondition = precondition.as_str().expect("a text");
        let (name, domain) = precondition.split_once(':').unwrap_or((precondition, ""));
        let on_other = elsewhere(&|other| holds(other, domain));
        let there = org.is_some_and(|org| holds(org, domain));
        let needs = match name {
            "org_external_id_is_blank" | "org_external_id_is_account" => lacks(org, "external_id"),
            "org_has_domain" | "org_lacks_domain" => {
                org.is_some_and(|org| !org.get("domain_names").is_some_and(Value::is_array))
            }
            "user_active" => lacks(user, "active"),
            "user_not_suspended" => lacks(user, "suspended"),
            "user_verified" => lacks(user, "verified"),
            "user_email_domain" => lacks(user, "email"),
            "membership_not_default" | "default_org_is" => {
                unmarked || (marked.is_none() && lacks(user, "organization_id"))
            }
            _ => false,
        };
        if needs {
            incomplete = true;
            continue;
        }
        let broken = match name {
            "org_exists" => org.is_none().then_some("org_not_found"),
            "org_external_id_is_blank" => match org.and_then(key_of) {
                None => None,
                Some(id) if id == key("to") => Some("org_already_linked"),
                Some(_) => Some("org_external_id_not_blank"),
            },
            "external_id_unused" => {
                elsewhere(&|other| key_of(other) == Some(key("to"))).then_some("external_id_in_use")
            }
            "org_has_domain" if !there => Some("org_domain_gone"),
            "org_has_domain" | "domain_unused" => on_other.then_some("domain_belongs_to_other_org"),
            "org_external_id_is_account" => {
                (org.and_then(key_of) != Some(key("sf_account_id"))).then_some("org_external_id_changed")
            }
            "org_lacks_domain" => there.then_some("domain_already_present"),
            "user_exists" => user.is_none().then_some("user_not_found"),
            "user_active" => (!is("active", true)).then_some("user_inactive"),
            "user_not_suspended" => is("suspended", false).then_some("user_suspended"),
            "user_verified" => (!is("verified", false)).then_some("user_not_verified"),
            "user_email_domain" => {
                let email = user.and_then(|user| user.get("email")).and_then(Value::as_str);
                (email.and_then(text::email_domain).as_deref() != Some(domain)).then_some("user_email_domain_changed")
            }
            "user_not_member" => own.iter().any(|(_, org, _)| *org == org_id).then_some("user_already_member"),
            "multiple_organizations_on_or_first" => {
                (!own.is_empty() && !several).then_some("multiple_organizations_off")
            }
            "user_is_member" => {
                let id = action["membership_id"].as_u64();
                let there = own.iter().any(|(own, org, _)| Some(*own) == id && *org == org_id);
                (!there).then_some("membership_not_found")
            }
            "membership_not_default" => (default == Some(org_id)).then_some("already_default"),
            "default_org_is" => (default.map(|id| id.to_string()).unwrap_or("none".to_owned()) != domain)
                .then_some("default_org_changed"),
            name => panic!("{name}"),
        };
        if broken == Some("org_external_id_changed") && blank && action["depends_on"] != json!([]) {
            return Some("dependency_not_applied");
        }
        if broken.is_some() {
            return broken;
        }
    }
    incomplete.then_some("record_incomplete")
}

pub fn skipped(reason: &str) -> String {
    let changed =
        if matches!(reason, "dependency_not_applied" | "record_incomplete") { "" } else { "precondition_changed_" };
    format!("skipped:{changed}{reason}")
}

/// What a dry run says of each action.
fn selection(plan: &Plan, mut world: World, asked: &Asked) -> Vec<String> {
    let mut selected = 0;
    let mut of_account: BTreeMap<String, usize> = BTreeMap::new();
    let mut said = Vec::new();
    for action in plan.actions() {
        let account = text::account_key(action["sf_account_id"].as_str().expect("an id").trim());
        said.push(if !asked.leaves(action) {
            "skipped:not_selected".to_owned()
        } else if selected >= asked.max_actions {
            "blocked:cap_max_actions".to_owned()
        } else if let Some(reason) = reason(&world, action) {
            skipped(reason)
        } else if of_account.get(&account).copied().unwrap_or(0) >= asked.max_per_account {
            "blocked:cap_max_per_account".to_owned()
        } else {
            selected += 1;
            *of_account.entry(account).or_default() += 1;
            world = alone(world, action);
            "would_apply".to_owned()
        });
    }
    said
}

/// What an action alone changes, without what Zendesk does by itself.
fn alone(mut world: World, action: &Value) -> World {
    let (org, user) = (action["org_id"].as_u64().expect("an id"), action["user_id"].as_u64());
    match action["action_code"].as_str().expect("a code") {
        "add_org_domain" => {
            let held = world.find(Kind::Organizations, org).and_then(|org| org.get("domain_names"));
            let mut names = held.and_then(Value::as_array).cloned().unwrap_or_default();
            names.push(action["to"].clone());
            world.set(Kind::Organizations, org, "domain_names", names);
            world
        }
        "assign_user_to_org" => {
            world.add(Kind::Memberships, json!({"id": u64::MAX, "user_id": user, "organization_id": org}));
            world
        }
        _ => after(world, true, &[action]),
    }
}

/// What a live apply says of each action, and the world that it leaves.
fn outcome(plan: &Plan, mut world: World, selection: &[String], several: bool) -> (Vec<String>, World) {
    let mut said = Vec::new();
    for (action, selected) in plan.actions().iter().zip(selection) {
        said.push(if selected != "would_apply" {
            selected.clone()
        } else if let Some(reason) = reason(&world, action) {
            skipped(reason)
        } else {
            world = after(world, several, &[action]);
            "applied".to_owned()
        });
    }
    (said, world)
}

/// Changes something that an action of the plan rests on.
pub fn meddle(world: &mut World, plan: &Plan, random: &mut Random) {
    let action = random.pick(plan.actions());
    let org = action["org_id"].as_u64().expect("an id");
    let others: Vec<u64> =
        world.organizations.iter().filter_map(|org| org["id"].as_u64()).filter(|id| *id != org).collect();
    let account = action["sf_account_id"].as_str().expect("an id").to_owned();
    let respelled = if random.chance(50) { account.to_lowercase() } else { format!(" {account}\t") };
    let domains: BTreeSet<String> = action["preconditions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|precondition| Some(precondition.as_str()?.split_once(':')?.1.to_owned()))
        .collect();
    let domain = random.pick(&domains.into_iter().collect::<Vec<_>>());
    let spelled = random.pick(&[domain.clone(), domain.to_uppercase(), format!("https://www.{domain}/x")]);
    if let (Some(user), true) = (action["user_id"].as_u64(), random.chance(70)) {
        if world.find(Kind::Users, user).is_none() {
            return;
        }
        match random.below(11) {
            0 => world.users.retain(|record| record["id"] != user),
            1 => world.set(Kind::Users, user, "active", false),
            2 => world.set(Kind::Users, user, "suspended", true),
            3 => world.set(Kind::Users, user, "verified", Value::Null),
            4 => world.set(Kind::Users, user, "email", format!("x@moved-{domain}")),
            5 => world.set(Kind::Users, user, "email", Value::Null),
            6 if !world.memberships_of(user).iter().any(|own| own["organization_id"] == org) => {
                world.join(user, org, 0);
            }
            7 => drop(world.join(user, random.pick(&others), 0)),
            8 => world.memberships.retain(|own| own["user_id"] != user),
            9 => {
                let own: Vec<u64> = world.memberships_of(user).iter().filter_map(|own| own["id"].as_u64()).collect();
                if !own.is_empty() {
                    world.set_default(user, random.pick(&own), 0);
                }
            }
            _ => {
                world.settings = random.pick(&[
                    Settings::Forbidden,
                    Settings::Given(json!({"settings": {"user": {"multiple_organizations": false}}})),
                ])
            }
        }
        return;
    }
    if others.is_empty() {
        return;
    }
    match random.below(9) {
        0 => world.set(Kind::Organizations, org, "deleted_at", "2026-05-01T00:00:00Z"),
        1 => world.set(Kind::Organizations, org, "external_id", respelled),
        2 => world.set(Kind::Organizations, org, "external_id", "somebody-else"),
        3 => world.set(Kind::Organizations, org, "external_id", Value::Null),
        4 => world.set(Kind::Organizations, random.pick(&others), "external_id", respelled),
        5 => world.set(Kind::Organizations, org, "domain_names", json!([])),
        6 => world.set(Kind::Organizations, org, "domain_names", json!([spelled, "more.example"])),
        7 => world.set(Kind::Organizations, random.pick(&others), "domain_names", json!([spelled])),
        _ => world.set(Kind::Organizations, org, "domain_names", Value::Null),
    }
}

fn said(ran: &Ran) -> Vec<String> {
    ran.results().into_iter().map(|(_, result)| result).collect()
}

#[test]
fn dry_runs_and_applies_agree_with_the_model_whatever_was_changed_since_the_audit() {
    let reached = std::sync::Mutex::new(BTreeMap::<String, usize>::new());
    for_each_seed(DEFAULT_WORLDS, |seed| {
        let mut random = Random::new(seed ^ 0x0bad_5eed);
        let stage = stage_of(seed);
        let plan = stage.audit();
        if plan.actions().is_empty() {
            return;
        }
        stage.fake.with_world(|world| {
            for _ in 0..random.below(5) {
                meddle(world, &plan, &mut random);
            }
        });
        let asked = Asked::of(&plan, &mut random);
        let options = asked.options();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let world = stage.fake.world();
        let what = format!("world {seed}, {options:?}");
        let selected = selection(&plan, world.clone(), &asked);
        let dry = stage.dry_run(&plan, &options).is(0);
        assert_eq!(said(&dry), selected, "{what}");
        assert!(stage.fake.writes().is_empty());

        let several = !matches!(&world.settings, Settings::Given(body)
            if body.pointer("/settings/user/multiple_organizations") == Some(&json!(false)));
        let (expected, left) = outcome(&plan, world, &selected, several);
        let ran = stage.apply(&plan, &options);
        assert_eq!(said(&ran), expected, "{what}");
        assert_eq!(essence(&stage.fake.world()), essence(&left), "{what}");
        let applied = expected.iter().filter(|result| *result == "applied").count();
        // What a cap left for the next run is no failure.
        assert_eq!(ran.code, 0, "{what}: {}", ran.err);
        let looked_at = |result: &str| result.contains("precondition_changed") || result == "skipped:record_incomplete";
        let skipped = expected.iter().filter(|result| looked_at(result)).count();
        assert_eq!(ran.count("attempted"), (applied + skipped) as u64, "{what}");
        let mut reached = reached.lock().expect("no panic");
        expected.into_iter().chain(selected).for_each(|result| *reached.entry(result).or_default() += 1);
    });
    println!("{:#?}", reached.into_inner());
}
