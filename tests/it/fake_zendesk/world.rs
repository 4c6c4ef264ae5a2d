//! What the fake stores: four lists of JSON records and the account settings.
//!
//! Records are kept whole, so fields that the fake doesn't know are sent as they came. Nothing is validated: real accounts hold
//! duplicate external ids, dangling references and nulls, and tests need them.
//!
//! Marks that only the fake reads, and never sends: `"archived": true` (a ticket that the ticket list leaves out) and
//! `"unlisted": true` (any record that lists leave out and direct reads find, as if created while the list was read).

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

/// A record in Zendesk's own field names.
pub type Record = Map<String, Value>;

/// The four kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Organizations,
    Users,
    Memberships,
    Tickets,
}

impl Kind {
    /// All of them, in the order of this file.
    pub const ALL: [Self; 4] = [Self::Organizations, Self::Users, Self::Memberships, Self::Tickets];

    /// The name in paths, in envelopes of lists, and of the NDJSON file.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Organizations => "organizations",
            Self::Users => "users",
            Self::Memberships => "organization_memberships",
            Self::Tickets => "tickets",
        }
    }

    /// The name in envelopes of single records.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Organizations => "organization",
            Self::Users => "user",
            Self::Memberships => "organization_membership",
            Self::Tickets => "ticket",
        }
    }

    /// The kind of a path segment.
    pub fn of_plural(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.plural() == name)
    }
}

/// What `GET /api/v2/account/settings` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Settings {
    /// The whole body, `{"settings": {…}}`.
    Given(Value),
    /// 403.
    Forbidden,
    /// 404.
    Absent,
}

/// One Zendesk account.
#[derive(Clone, Debug)]
pub struct World {
    pub organizations: Vec<Record>,
    pub users: Vec<Record>,
    pub memberships: Vec<Record>,
    pub tickets: Vec<Record>,
    pub settings: Settings,
}

impl Default for World {
    /// An empty account with multiple organizations on.
    fn default() -> Self {
        Self {
            organizations: Vec::new(),
            users: Vec::new(),
            memberships: Vec::new(),
            tickets: Vec::new(),
            settings: Settings::Given(json!({"settings": {"user": {"multiple_organizations": true}}})),
        }
    }
}

impl World {
    /// An account of the given size, for tests that count rather than look: organizations 4001…, users 500001…, a membership
    /// 600001… for each user, tickets 700001…, each updated a minute after the one before, the last at 2026-04-17T22:15:30Z.
    pub fn numbered(organizations: u64, users: u64, tickets: u64) -> Self {
        let mut world = Self::default();
        for n in 1..=organizations {
            world.add(
                Kind::Organizations,
                json!({
                    "id": 4000 + n, "name": format!("Org {n}"), "external_id": format!("001FAKE{n:03}"),
                    "domain_names": [format!("org{n}.example")], "shared_tickets": false,
                    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z",
                }),
            );
        }
        for n in 1..=users {
            let organization = (organizations > 0).then(|| 4000 + (n - 1) % organizations + 1);
            let domain = organization.map_or(0, |id| id - 4000);
            world.add(
                Kind::Users,
                json!({
                    "id": 500_000 + n, "name": format!("User {n}"), "email": format!("u{n}@org{domain}.example"),
                    "role": "end-user", "active": true, "suspended": false, "shared": false, "verified": true,
                    "organization_id": organization,
                    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z",
                }),
            );
            if let Some(organization) = organization {
                world.add(
                    Kind::Memberships,
                    json!({
                        "id": 600_000 + n, "user_id": 500_000 + n, "organization_id": organization, "default": true,
                        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z",
                    }),
                );
            }
        }
        for n in 1..=tickets {
            let at = jiff::Timestamp::from_second(1_776_464_130 - ((tickets - n) * 60) as i64)
                .expect("a time of this century")
                .to_string();
            world.add(
                Kind::Tickets,
                json!({
                    "id": 700_000 + n, "subject": format!("Ticket {n}"), "status": "open",
                    "requester_id": (users > 0).then(|| 500_000 + (n - 1) % users + 1),
                    "organization_id": null, "created_at": at, "updated_at": at,
                }),
            );
        }
        world
    }

    /// Reads `<kind>.ndjson` of each kind (absent means none) and `account_settings.json` (absent means the default) of a folder.
    ///
    /// Errors: a text that names the file and the line.
    pub fn load_dir(folder: impl AsRef<Path>) -> Result<Self, String> {
        let folder = folder.as_ref();
        if !folder.is_dir() {
            return Err(format!("{} is not a folder", folder.display()));
        }
        let mut world = Self::default();
        for kind in Kind::ALL {
            let path = folder.join(format!("{}.ndjson", kind.plural()));
            if !path.exists() {
                continue;
            }
            let name = path.display();
            let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
            for (index, line) in text.lines().enumerate() {
                if line.trim().is_empty() {
                    continue;
                }
                let record: Record =
                    serde_json::from_str(line).map_err(|error| format!("{name}, line {}: {error}", index + 1))?;
                world.list_mut(kind).push(record);
            }
        }
        let path = folder.join("account_settings.json");
        if path.exists() {
            let name = path.display();
            let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
            let settings = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
            world.settings = Settings::Given(settings);
        }
        Ok(world)
    }

    /// Adds a record, which must be a JSON object.
    pub fn add(&mut self, kind: Kind, record: Value) {
        let Value::Object(record) = record else {
            panic!("a record is a JSON object, not {record}");
        };
        self.list_mut(kind).push(record);
    }

    /// The records of a kind, as stored.
    pub fn list(&self, kind: Kind) -> &[Record] {
        match kind {
            Kind::Organizations => &self.organizations,
            Kind::Users => &self.users,
            Kind::Memberships => &self.memberships,
            Kind::Tickets => &self.tickets,
        }
    }

    /// The same, to change.
    pub fn list_mut(&mut self, kind: Kind) -> &mut Vec<Record> {
        match kind {
            Kind::Organizations => &mut self.organizations,
            Kind::Users => &mut self.users,
            Kind::Memberships => &mut self.memberships,
            Kind::Tickets => &mut self.tickets,
        }
    }

    /// Sets one field of the record with an id, which must exist.
    pub fn set(&mut self, kind: Kind, id: u64, field: &str, value: impl Into<Value>) {
        let Some(record) = self.find_mut(kind, id) else {
            panic!("there is no {} {id}", kind.singular());
        };
        record.insert(field.into(), value.into());
    }

    /// The record with an id, even a deleted one.
    pub fn find(&self, kind: Kind, id: u64) -> Option<&Record> {
        self.list(kind).iter().find(|record| id_of(record) == id)
    }

    /// The same, to change.
    pub fn find_mut(&mut self, kind: Kind, id: u64) -> Option<&mut Record> {
        self.list_mut(kind).iter_mut().find(|record| id_of(record) == id)
    }
}

/// The id of a record; 0 when it has none.
pub fn id_of(record: &Record) -> u64 {
    number(record, "id").unwrap_or(0)
}

/// A number of a record.
pub fn number(record: &Record, field: &str) -> Option<u64> {
    record.get(field).and_then(Value::as_u64)
}

/// A text of a record.
pub fn text<'a>(record: &'a Record, field: &str) -> Option<&'a str> {
    record.get(field).and_then(Value::as_str)
}

/// What follows the last `@` of an address, in lower case.
pub fn domain_of(email: &str) -> String {
    email.rsplit('@').next().unwrap_or_default().to_lowercase()
}

/// A time of a record in Unix seconds; 0 when it has none.
pub fn seconds(record: &Record, field: &str) -> i64 {
    match record.get(field) {
        Some(Value::String(text)) => parse_time(text).unwrap_or(0),
        Some(Value::Number(number)) => number.as_i64().unwrap_or(0),
        _ => 0,
    }
}

/// An RFC 3339 time, or a date for its midnight in UTC, in Unix seconds.
pub fn parse_time(text: &str) -> Option<i64> {
    let time: Result<jiff::Timestamp, _> = text.parse();
    time.or_else(|_| format!("{text}T00:00:00Z").parse()).ok().map(|time: jiff::Timestamp| time.as_second())
}

/// Whether a mark or flag of a record is set.
pub fn flag(record: &Record, field: &str) -> bool {
    record.get(field) == Some(&Value::Bool(true))
}

/// The hidden time by which the export selects tickets.
pub fn generated(ticket: &Record) -> i64 {
    if ticket.contains_key("generated_timestamp") {
        seconds(ticket, "generated_timestamp")
    } else {
        seconds(ticket, "updated_at")
    }
}

/// Whether a record is gone, as far as anything but the export can tell.
pub fn is_deleted(kind: Kind, record: &Record) -> bool {
    match kind {
        // A deleted user stays, with `active` false.
        Kind::Users => false,
        Kind::Tickets => text(record, "status") == Some("deleted"),
        Kind::Organizations | Kind::Memberships => record.get("deleted_at").is_some_and(|at| !at.is_null()),
    }
}

/// A record as Zendesk sends it: without the fake's marks, and with its odd null for a membership that isn't the default.
pub fn on_the_wire(kind: Kind, record: &Record) -> Value {
    let mut record = record.clone();
    record.remove("archived");
    record.remove("unlisted");
    record.remove("unindexed");
    record.remove("index_only");
    record.remove("generated_timestamp");
    if kind == Kind::Memberships && !flag(&record, "default") {
        record.insert("default".into(), Value::Null);
    }
    Value::Object(record)
}
