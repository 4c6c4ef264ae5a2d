//! The three endpoints that change something, and what Zendesk does by itself because of it.
//!
//! Nothing else can be written: any other request answers 404 `InvalidEndpoint`, as the real one does for a wrong verb. It leaves
//! out that a removed domain takes away the memberships which it had brought, background jobs of tickets, and the validation of names.

use serde_json::{Value, json};

use super::auth::{Role, Who};
use super::reply::{Reply, Request, bare_path, forbidden, invalid_endpoint, record_invalid, record_not_found};
use super::state::State;
use super::world::{
    Kind, Record, Settings, World, domain_of, flag, id_of, is_deleted, number, on_the_wire, parse_time, text,
};

/// What differs between accounts, or is not documented.
#[derive(Clone, Debug)]
pub struct Platform {
    /// When a new domain of an organization takes in the users who have it.
    pub mapping: Mapping,
    /// What a second membership does where multiple organizations are off.
    pub second_membership: SecondMembership,
    /// Whether agents may update organizations, as some custom roles allow.
    pub agents_update_organizations: bool,
    /// Whether users may have several organizations; `None` for what the settings say, or else yes.
    pub multiple_organizations: Option<bool>,
}

impl Default for Platform {
    /// Mapping at once, a second membership replaces the first, agents may not update organizations.
    fn default() -> Self {
        Self {
            mapping: Mapping::AtOnce,
            second_membership: SecondMembership::Replaces,
            agents_update_organizations: false,
            multiple_organizations: None,
        }
    }
}

/// When a new domain takes in the users who have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// Before the answer.
    AtOnce,
    /// When so many more requests were answered, or at [`super::FakeZendesk::run_jobs`].
    AfterRequests(u64),
    Never,
}

/// What a second membership does where multiple organizations are off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondMembership {
    /// 201, and the first one is gone.
    Replaces,
    /// 422.
    IsRefused,
}

/// Users that are to be taken in by a domain.
#[derive(Clone, Debug)]
pub struct Job {
    /// The number of the request that it waits for.
    pub due: u64,
    pub organization: u64,
    pub domain: String,
}

/// Answers a request that isn't a GET. `Err` is a refusal, after which nothing is changed.
pub fn write(state: &mut State, request: &Request, who: Result<Who, Reply>) -> Result<Reply, Reply> {
    let path = bare_path(&request.path);
    let Some(path) = path.strip_prefix("/api/v2/") else {
        return Err(invalid_endpoint());
    };
    let segments: Vec<&str> = path.split('/').collect();
    let who = who?;
    if who.role == Role::EndUser {
        return Err(forbidden());
    }
    who.check_scope(&request.method, &segments)?;
    let json = request.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let body = if json { &request.body } else { &Value::Null };
    match (request.method.as_str(), segments.as_slice()) {
        ("PUT", ["organizations", id]) => {
            if who.role != Role::Admin && !state.config.platform.agents_update_organizations {
                return Err(forbidden());
            }
            update_organization(state, id, body)
        }
        ("POST", ["organization_memberships"]) => create_membership(state, &who, body),
        ("PUT", ["users", user, "organization_memberships", membership, "make_default"]) => {
            make_default(state, &who, user, membership)
        }
        _ => Err(invalid_endpoint()),
    }
}

/// What a write is about, as it is now: an organization, or a user with the memberships. `None` where there is no such thing.
pub fn subject(world: &World, request: &Request) -> Option<Value> {
    let path = bare_path(&request.path);
    let segments: Vec<&str> = path.strip_prefix("/api/v2/")?.split('/').collect();
    let user = match (request.method.as_str(), segments.as_slice()) {
        ("PUT", ["organizations", id]) => {
            let organization = world.existing(Kind::Organizations, id.parse().ok()?)?;
            return Some(on_the_wire(Kind::Organizations, organization));
        }
        ("POST", ["organization_memberships"]) => request.body["organization_membership"]["user_id"].as_u64()?,
        ("PUT", ["users", user, "organization_memberships", ..]) => user.parse().ok()?,
        _ => return None,
    };
    Some(json!({
        "user": on_the_wire(Kind::Users, world.existing(Kind::Users, user)?),
        "organization_memberships": memberships_on_the_wire(world, user),
    }))
}

fn update_organization(state: &mut State, id: &str, body: &Value) -> Result<Reply, Reply> {
    let now = state.now();
    let id: u64 = id.parse().map_err(|_| record_not_found())?;
    let Some(old) = state.world.existing(Kind::Organizations, id) else {
        return Err(record_not_found());
    };
    let Some(changes) = body.get("organization").and_then(Value::as_object) else {
        return Err(record_invalid("base", "BlankValue", "organization: cannot be blank"));
    };
    let mut organization = old.clone();
    if let Some(external_id) = changes.get("external_id") {
        if !external_id.is_null() && !external_id.is_string() {
            return Err(record_invalid("external_id", "InvalidValue", "External ID: is invalid"));
        }
        if let Some(wanted) = external_id.as_str().filter(|wanted| !wanted.is_empty())
            && state.world.organizations.iter().any(|other| {
                let taken = text(other, "external_id").is_some_and(|own| own.to_lowercase() == wanted.to_lowercase());
                taken && id_of(other) != id && !is_deleted(Kind::Organizations, other)
            })
        {
            let text = format!("External ID: {wanted} has already been taken");
            return Err(record_invalid("external_id", "DuplicateValue", &text));
        }
        organization.insert("external_id".into(), external_id.clone());
    }
    let mut new_domains = Vec::new();
    if let Some(names) = changes.get("domain_names") {
        let Some(names) = names.as_array().filter(|names| names.iter().all(Value::is_string)) else {
            return Err(record_invalid("domain_names", "InvalidValue", "Domain names: is invalid"));
        };
        let mut domains: Vec<String> = Vec::new();
        for name in names.iter().filter_map(Value::as_str).map(|name| name.trim().to_lowercase()) {
            if !name.is_empty() && !domains.contains(&name) {
                domains.push(name);
            }
        }
        let had = old.get("domain_names").and_then(Value::as_array);
        let had: Vec<&str> = had.into_iter().flatten().filter_map(Value::as_str).collect();
        new_domains.extend(domains.iter().filter(|domain| !had.contains(&domain.as_str())).cloned());
        organization.insert("domain_names".into(), json!(domains));
    }
    touch(&mut organization, now);
    let answer = json!({"organization": on_the_wire(Kind::Organizations, &organization)});
    if let Some(stored) = state.world.find_mut(Kind::Organizations, id) {
        *stored = organization;
    }
    let due = match state.config.platform.mapping {
        Mapping::AtOnce => Some(0),
        Mapping::AfterRequests(count) => Some(state.request_count().saturating_add(count)),
        Mapping::Never => None,
    };
    if let Some(due) = due {
        state.jobs.extend(new_domains.into_iter().map(|domain| Job { due, organization: id, domain }));
        if due == 0 {
            state.run_jobs(0);
        }
    }
    Ok(Reply::json(200, answer))
}

fn create_membership(state: &mut State, who: &Who, body: &Value) -> Result<Reply, Reply> {
    let now = state.now();
    let several = several_organizations(state);
    let Some(wanted) = body.get("organization_membership").and_then(Value::as_object) else {
        return Err(record_invalid("base", "BlankValue", "organization_membership: cannot be blank"));
    };
    let active = |user: &&Record| user.get("active") != Some(&Value::Bool(false));
    let user = number(wanted, "user_id").and_then(|id| state.world.existing(Kind::Users, id)).filter(active);
    let Some(user) = user else {
        return Err(record_invalid("user", "BlankValue", "User: cannot be blank"));
    };
    may_change(who, user)?;
    let user = id_of(user);
    let organization =
        number(wanted, "organization_id").and_then(|id| state.world.existing(Kind::Organizations, id)).map(id_of);
    let Some(organization) = organization else {
        return Err(record_invalid("organization", "BlankValue", "Organization: cannot be blank"));
    };
    let present = state.world.memberships_of(user);
    if present.iter().any(|membership| number(membership, "organization_id") == Some(organization)) {
        let text = "User: has already been added to this organization";
        return Err(record_invalid("user_id", "DuplicateValue", text));
    }
    if !several && !present.is_empty() {
        if state.config.platform.second_membership == SecondMembership::IsRefused {
            let text = "User: can only belong to one organization";
            return Err(record_invalid("user_id", "InvalidValue", text));
        }
        state.world.memberships.retain(|membership| number(membership, "user_id") != Some(user));
    }
    let membership = state.world.join(user, organization, now);
    Ok(Reply::json(201, json!({"organization_membership": on_the_wire(Kind::Memberships, &membership)})))
}

fn make_default(state: &mut State, who: &Who, user: &str, membership: &str) -> Result<Reply, Reply> {
    let now = state.now();
    let user: u64 = user.parse().map_err(|_| record_not_found())?;
    let membership: u64 = membership.parse().map_err(|_| record_not_found())?;
    may_change(who, state.world.existing(Kind::Users, user).ok_or_else(record_not_found)?)?;
    let own = state.world.existing(Kind::Memberships, membership);
    if own.and_then(|own| number(own, "user_id")) != Some(user) {
        return Err(record_not_found());
    }
    state.world.set_default(user, membership, now);
    let memberships = memberships_on_the_wire(&state.world, user);
    let count = memberships.len();
    Ok(Reply::json(
        200,
        json!({"organization_memberships": memberships, "count": count, "next_page": null, "previous_page": null}),
    ))
}

/// Agents may change the memberships of end users only.
fn may_change(who: &Who, user: &Record) -> Result<(), Reply> {
    let end_user = text(user, "role") == Some("end-user");
    if who.role == Role::Admin || end_user { Ok(()) } else { Err(forbidden()) }
}

/// Whether users may have several organizations.
pub fn several_organizations(state: &State) -> bool {
    let told = match &state.world.settings {
        Settings::Given(body) => body.pointer("/settings/user/multiple_organizations").and_then(Value::as_bool),
        Settings::Forbidden | Settings::Absent => None,
    };
    state.config.platform.multiple_organizations.or(told).unwrap_or(true)
}

/// The default one first, as the list of a user's memberships has them.
fn memberships_on_the_wire(world: &World, user: u64) -> Vec<Value> {
    let mut own = world.memberships_of(user);
    own.sort_by_key(|membership| (!flag(membership, "default"), id_of(membership)));
    own.into_iter().map(|membership| on_the_wire(Kind::Memberships, membership)).collect()
}

impl World {
    /// The record with an id, unless it was deleted.
    pub fn existing(&self, kind: Kind, id: u64) -> Option<&Record> {
        self.find(kind, id).filter(|record| !is_deleted(kind, record))
    }

    /// The memberships of a user that were not deleted.
    pub fn memberships_of(&self, user: u64) -> Vec<&Record> {
        let own = |membership: &&Record| {
            number(membership, "user_id") == Some(user) && !is_deleted(Kind::Memberships, membership)
        };
        self.memberships.iter().filter(own).collect()
    }

    /// Adds a membership and returns it. The first one of a user becomes the default, and the user's organization.
    pub fn join(&mut self, user: u64, organization: u64, now: i64) -> Record {
        let first = self.memberships_of(user).is_empty();
        let id = self.memberships.iter().map(id_of).max().unwrap_or(600_000) + 1;
        let name = self.find(Kind::Organizations, organization).and_then(|record| record.get("name")).cloned();
        self.add(
            Kind::Memberships,
            json!({
                "id": id, "user_id": user, "organization_id": organization, "organization_name": name,
                "default": first.then_some(true), "created_at": rfc3339(now), "updated_at": rfc3339(now),
            }),
        );
        if first {
            self.set_default(user, id, now);
        }
        self.memberships.last().cloned().unwrap_or_default()
    }

    /// Makes a membership the one default of a user, and its organization the user's.
    pub fn set_default(&mut self, user: u64, membership: u64, now: i64) {
        let mut organization = Value::Null;
        for own in self.memberships.iter_mut().filter(|own| number(own, "user_id") == Some(user)) {
            let chosen = id_of(own) == membership;
            if chosen {
                organization = own.get("organization_id").cloned().unwrap_or_default();
            }
            if chosen != flag(own, "default") {
                own.insert("default".into(), json!(chosen.then_some(true)));
                touch(own, now);
            }
        }
        if let Some(user) = self.find_mut(Kind::Users, user)
            && user.get("organization_id") != Some(&organization)
        {
            user.insert("organization_id".into(), organization);
            touch(user, now);
        }
    }

    /// Takes the active end users with a verified address of a domain into an organization: those who aren't members of it, and
    /// where users can't have several organizations, of none. Suspended users are taken in too.
    pub fn map_domain(&mut self, organization: u64, domain: &str, several: bool, now: i64) {
        let holds = self.existing(Kind::Organizations, organization).is_some_and(|record| {
            record.get("domain_names").and_then(Value::as_array).is_some_and(|names| names.contains(&json!(domain)))
        });
        if !holds {
            return;
        }
        let taken: Vec<u64> = self
            .users
            .iter()
            .filter(|user| {
                let end_user = text(user, "role") == Some("end-user");
                let active = user.get("active") != Some(&Value::Bool(false));
                let there = text(user, "email").is_some_and(|email| domain_of(email) == domain);
                end_user && active && flag(user, "verified") && there
            })
            .map(id_of)
            .filter(|user| {
                let own = self.memberships_of(*user);
                let member = own.iter().any(|own| number(own, "organization_id") == Some(organization));
                if several { !member } else { own.is_empty() }
            })
            .collect();
        for user in taken {
            self.join(user, organization, now);
        }
    }
}

/// Sets `updated_at` to now, or to a second later than it was.
fn touch(record: &mut Record, now: i64) {
    let old = text(record, "updated_at").and_then(parse_time);
    let at = old.map_or(now, |old| now.max(old + 1));
    record.insert("updated_at".into(), json!(rfc3339(at)));
}

fn rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}
