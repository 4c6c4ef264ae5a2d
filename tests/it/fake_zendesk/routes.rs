//! The endpoints under `/api/v2` that answer a GET.
//!
//! A path that isn't here answers 404 `InvalidEndpoint`, as the real one does for those it doesn't have. The other verbs are in [`super::writes`].

use serde_json::{Value, json};

use super::auth::{Role, Who};
use super::paging::{Key, Paging, Row};
use super::reply::{
    Reply, Request, bare_path, forbidden, invalid_endpoint, invalid_pagination, invalid_value, page_must_be_an_integer,
    record_not_found,
};
use super::state::State;
use super::world::{
    Kind, Record, Settings, flag, generated, id_of, is_deleted, number, on_the_wire, parse_time, seconds, text,
};

/// Answers a GET of somebody, or of nobody, whose 401 is then given. `Err` is a refusal.
pub fn route(
    state: &State,
    request: &Request,
    who: Result<Who, Reply>,
    forced_size: Option<usize>,
) -> Result<Reply, Reply> {
    let path = bare_path(&request.path);
    let Some(path) = path.strip_prefix("/api/v2/") else {
        return Err(invalid_endpoint());
    };
    let segments: Vec<&str> = path.split('/').collect();
    // This one answers strangers too, so a 200 proves no login.
    if segments == ["users", "me"] {
        no_cursor_here(request)?;
        return Ok(me(state, who.ok().as_ref()));
    }
    let who = who?;
    if who.role == Role::EndUser {
        return Err(forbidden());
    }
    who.check_scope(&request.method, &segments)?;
    let endpoint = Endpoint { state, request, forced_size };
    endpoint.read(&segments, &who)
}

struct Endpoint<'a> {
    state: &'a State,
    request: &'a Request,
    forced_size: Option<usize>,
}

impl Endpoint<'_> {
    fn read(&self, segments: &[&str], who: &Who) -> Result<Reply, Reply> {
        match segments {
            ["incremental", "tickets", "cursor"] => {
                if who.role != Role::Admin {
                    return Err(forbidden());
                }
                self.export_tickets()
            }
            ["search", "export"] => self.search_export(),
            ["search", "count"] => self.search_count(),
            ["account", "settings"] => {
                no_cursor_here(self.request)?;
                match &self.state.world.settings {
                    Settings::Given(body) => Ok(Reply::json(200, body.clone())),
                    Settings::Forbidden => Err(forbidden()),
                    Settings::Absent => Err(record_not_found()),
                }
            }
            ["oauth", "tokens", "current"] => match &who.scopes {
                None if who.email.is_some() => Err(record_not_found()),
                scopes => {
                    let all = || vec!["read".into(), "write".into()];
                    let scopes = scopes.clone().unwrap_or_else(all);
                    Ok(Reply::json(200, json!({"token": {"id": 1, "scopes": scopes}})))
                }
            },
            ["organizations", "search"] => self.search_organizations(),
            ["users", user, "organization_memberships"] => self.memberships_of(Kind::Users, "user_id", user),
            ["organizations", organization, "organization_memberships"] => {
                self.memberships_of(Kind::Organizations, "organization_id", organization)
            }
            [plural] => self.list(kind(plural)?),
            [plural, "count"] => self.count(kind(plural)?),
            [plural, "show_many"] => self.show_many(kind(plural)?),
            [plural, id] => self.show(kind(plural)?, id),
            _ => Err(invalid_endpoint()),
        }
    }

    /// Every record of a kind but the deleted ones.
    fn existing(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        self.state.world.list(kind).iter().filter(move |record| !is_deleted(kind, record))
    }

    /// Those that lists show, with the filters of the query.
    fn listed(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        let roles: Vec<&str> = self
            .request
            .query
            .iter()
            .filter(|(name, _)| name == "role" || name == "role[]")
            .map(|(_, role)| role.as_str())
            .collect();
        self.existing(kind).filter(move |record| {
            let hidden = ["unlisted", "index_only"].iter().any(|mark| flag(record, mark))
                || kind == Kind::Tickets && flag(record, "archived");
            let wanted = kind != Kind::Users
                || roles.is_empty()
                || text(record, "role").is_some_and(|role| roles.contains(&role));
            !hidden && wanted
        })
    }

    fn list(&self, kind: Kind) -> Result<Reply, Reply> {
        let sort = self.sort(kind)?;
        let rows = self.listed(kind).map(|record| row(kind, record, &sort)).collect();
        Ok(self.paging(kind.plural(), &sort).page(rows))
    }

    fn paging<'a>(&'a self, array: &'a str, sort: &'a str) -> Paging<'a> {
        Paging { request: self.request, base: &self.state.url, array, sort, forced_size: self.forced_size }
    }

    /// The sort of a list: `sort` with cursors, `sort_by` and `sort_order` without. The wrong one of the two is ignored in silence.
    fn sort(&self, kind: Kind) -> Result<String, Reply> {
        let fields: &[&str] = if kind == Kind::Tickets { &["id", "updated_at", "status"] } else { &["id"] };
        if Paging::by_cursor(self.request) {
            let sort = self.request.query("sort").unwrap_or("id");
            let field = sort.strip_prefix('-').unwrap_or(sort);
            if fields.contains(&field) {
                return Ok(sort.into());
            }
            return Err(invalid_pagination("sort is not valid"));
        }
        let field = self.request.query("sort_by").unwrap_or("id");
        let field = if fields.contains(&field) { field } else { "id" };
        let descending = self.request.query("sort_order") == Some("desc");
        Ok(format!("{}{field}", if descending { "-" } else { "" }))
    }

    fn count(&self, kind: Kind) -> Result<Reply, Reply> {
        no_cursor_here(self.request)?;
        if kind == Kind::Memberships {
            return Err(invalid_endpoint());
        }
        let refreshed_at =
            jiff::Timestamp::from_second(self.state.now()).map_or(Value::Null, |at| json!(at.to_string()));
        let count = json!({"value": self.listed(kind).count(), "refreshed_at": refreshed_at});
        Ok(Reply::json(200, json!({"count": count})))
    }

    fn show_many(&self, kind: Kind) -> Result<Reply, Reply> {
        no_cursor_here(self.request)?;
        if kind == Kind::Memberships {
            return Err(invalid_endpoint());
        }
        let (field, wanted) = match (self.request.query("ids"), self.request.query("external_ids")) {
            (Some(ids), _) => ("id", ids),
            (None, Some(ids)) => ("external_id", ids),
            (None, None) => return Err(invalid_value("ids are missing")),
        };
        let wanted: Vec<String> = wanted.split(',').map(|id| id.trim().to_lowercase()).collect();
        if wanted.len() > 100 {
            return Err(invalid_value("show_many takes at most 100 ids"));
        }
        let deleted_too = self.request.query("include_deleted") == Some("true");
        let found: Vec<Value> = self
            .existing(kind)
            .filter(|record| {
                let own = match field {
                    "id" => Some(id_of(record).to_string()),
                    _ => text(record, field).map(str::to_lowercase),
                };
                let inactive = kind == Kind::Users && record.get("active") == Some(&Value::Bool(false));
                own.is_some_and(|own| wanted.contains(&own)) && (deleted_too || !inactive)
            })
            .map(|record| on_the_wire(kind, record))
            .collect();
        Ok(Reply::json(
            200,
            json!({
                kind.plural(): found, "count": found.len(), "next_page": null, "previous_page": null,
            }),
        ))
    }

    fn show(&self, kind: Kind, id: &str) -> Result<Reply, Reply> {
        no_cursor_here(self.request)?;
        let record = self.record(kind, id)?;
        Ok(Reply::json(200, json!({kind.singular(): on_the_wire(kind, record)})))
    }

    fn record(&self, kind: Kind, id: &str) -> Result<&Record, Reply> {
        let id: u64 = id.parse().map_err(|_| record_not_found())?;
        self.existing(kind).find(|record| id_of(record) == id).ok_or_else(record_not_found)
    }

    /// The memberships of a user, the default one first, or of an organization.
    fn memberships_of(&self, kind: Kind, field: &str, id: &str) -> Result<Reply, Reply> {
        let id = id_of(self.record(kind, id)?);
        let rows = self
            .existing(Kind::Memberships)
            .filter(|membership| number(membership, field) == Some(id))
            .map(|membership| {
                let default_first = kind == Kind::Users && !flag(membership, "default");
                Row {
                    key: (i64::from(default_first), id_of(membership)),
                    kind: Kind::Memberships,
                    record: membership,
                    extra: None,
                }
            })
            .collect();
        Ok(self.paging(Kind::Memberships.plural(), "default_first").page(rows))
    }

    fn search_organizations(&self) -> Result<Reply, Reply> {
        if Paging::by_cursor(self.request) {
            return Err(page_must_be_an_integer(&self.request.path));
        }
        let (field, wanted) = match (self.request.query("external_id"), self.request.query("name")) {
            (Some(id), None) => ("external_id", id),
            (None, Some(name)) => ("name", name),
            _ => return Err(invalid_value("one of external_id and name is needed")),
        };
        let rows = self
            .listed(Kind::Organizations)
            .filter(|record| text(record, field).is_some_and(|own| own.to_lowercase() == wanted.to_lowercase()))
            .map(|record| row(Kind::Organizations, record, "id"))
            .collect();
        Ok(self.paging(Kind::Organizations.plural(), "id").page(rows))
    }

    fn export_tickets(&self) -> Result<Reply, Reply> {
        let exclude_deleted = self.request.query("exclude_deleted") == Some("true");
        let scope = self.request.query("support_type_scope").unwrap_or("agent");
        if !["all", "agent", "ai_agent"].contains(&scope) {
            return Err(invalid_value("support_type_scope is not valid"));
        }
        let rows = self
            .state
            .world
            .tickets
            .iter()
            .filter(|ticket| {
                let of_ai = text(ticket, "support_type") == Some("ai_agent");
                let in_scope = scope == "all" || of_ai == (scope == "ai_agent");
                let kept = !exclude_deleted || !is_deleted(Kind::Tickets, ticket);
                in_scope && kept && !flag(ticket, "unlisted") && !flag(ticket, "index_only")
            })
            .map(|ticket| {
                let at = generated(ticket);
                Row {
                    key: (at, id_of(ticket)),
                    kind: Kind::Tickets,
                    record: ticket,
                    extra: Some(("generated_timestamp", json!(at))),
                }
            })
            .collect();
        self.paging(Kind::Tickets.plural(), "generated").export_page(rows, self.state.now())
    }

    /// The number of tickets that a search finds. Unlike the export, it takes the type as a word of the query.
    fn search_count(&self) -> Result<Reply, Reply> {
        no_cursor_here(self.request)?;
        let Some(words) = self.request.query("query").and_then(|query| query.strip_prefix("type:ticket ")) else {
            return Err(invalid_value("query is missing, or not about tickets"));
        };
        let terms = words.split_whitespace().map(Term::parse).collect::<Result<Vec<Term>, Reply>>()?;
        let existing = self.existing(Kind::Tickets).filter(|record| !flag(record, "unlisted"));
        let count = existing.filter(|record| terms.iter().all(|term| term.holds(record))).count();
        Ok(Reply::json(200, json!({"count": count})))
    }

    fn search_export(&self) -> Result<Reply, Reply> {
        let (kind, result_type) = match self.request.query("filter[type]") {
            Some("ticket") => (Kind::Tickets, "ticket"),
            Some("user") => (Kind::Users, "user"),
            Some("organization") => (Kind::Organizations, "organization"),
            _ => return Err(invalid_value("filter[type] is missing or not valid")),
        };
        let Some(query) = self.request.query("query") else {
            return Err(invalid_value("query is missing"));
        };
        let mut terms = Vec::new();
        for word in query.split_whitespace() {
            terms.push(Term::parse(word)?);
        }
        // Unlike the list, search finds archived tickets.
        let rows = self
            .existing(kind)
            .filter(|record| !flag(record, "unlisted") && !flag(record, "unindexed"))
            .filter(|record| terms.iter().all(|term| term.holds(record)))
            .map(|record| {
                let mut row = row(kind, record, "created_at");
                row.extra = Some(("result_type", json!(result_type)));
                row
            })
            .collect();
        self.paging("results", "created_at").cursor_page(rows, 1000)
    }
}

/// One word of a search, as `updated>=2026-04-01`.
struct Term {
    field: &'static str,
    operator: &'static str,
    at: i64,
}

impl Term {
    /// Words that the fake doesn't know are errors, so that no test passes because they were ignored.
    fn parse(word: &str) -> Result<Self, Reply> {
        let unknown = || invalid_value(&format!("the search can't be read: {word}"));
        let at = word.find(['>', '<', ':']).ok_or_else(unknown)?;
        let (name, rest) = word.split_at(at);
        let field = match name {
            "updated" | "updated_at" => "updated_at",
            "created" | "created_at" => "created_at",
            _ => return Err(unknown()),
        };
        let operator =
            [">=", "<=", ">", "<"].into_iter().find(|operator| rest.starts_with(operator)).ok_or_else(unknown)?;
        let at = parse_time(&rest[operator.len()..]).ok_or_else(unknown)?;
        Ok(Self { field, operator, at })
    }

    fn holds(&self, record: &Record) -> bool {
        let own = seconds(record, self.field);
        match self.operator {
            ">=" => own >= self.at,
            "<=" => own <= self.at,
            ">" => own > self.at,
            _ => own < self.at,
        }
    }
}

fn kind(plural: &str) -> Result<Kind, Reply> {
    Kind::of_plural(plural).ok_or_else(invalid_endpoint)
}

fn row<'a>(kind: Kind, record: &'a Record, sort: &str) -> Row<'a> {
    Row { key: key(record, sort.trim_start_matches('-')), kind, record, extra: None }
}

fn key(record: &Record, field: &str) -> Key {
    const STATUSES: [&str; 6] = ["new", "open", "pending", "hold", "solved", "closed"];
    let first = match field {
        "id" => 0,
        "status" => {
            let status = text(record, "status").unwrap_or("");
            STATUSES.into_iter().position(|known| known == status).map_or(-1, |at| at as i64)
        }
        time => seconds(record, time),
    };
    (first, id_of(record))
}

fn no_cursor_here(request: &Request) -> Result<(), Reply> {
    if Paging::by_cursor(request) {
        return Err(page_must_be_an_integer(&request.path));
    }
    Ok(())
}

fn me(state: &State, who: Option<&Who>) -> Reply {
    let Some(who) = who else {
        let nobody = json!({
            "id": null, "url": null, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user",
            "active": false, "verified": false, "suspended": false, "organization_id": null,
        });
        return Reply::json(200, json!({"user": nobody}));
    };
    let own = state.world.users.iter().find(|user| who.email.is_some() && text(user, "email") == who.email.as_deref());
    let user = match own {
        Some(user) => on_the_wire(Kind::Users, user),
        None => json!({
            "id": 1, "name": "Fake Owner", "email": who.email, "role": who.role.as_str(),
            "active": true, "verified": true, "suspended": false, "organization_id": null,
        }),
    };
    Reply::json(200, json!({"user": user}))
}
