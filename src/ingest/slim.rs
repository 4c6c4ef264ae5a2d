//! Records cut down to what a snapshot holds of them, and `updated_at`: of an address its domain, no names of users, no subjects.
//!
//! A page is kept in this form while a live read goes on. Parsed again, it gives the rows that the page itself gave.

use super::batch::from_json;
use super::{Fault, wire};
use crate::model::domain::normalize_email_domain;
use crate::model::kind::Kind;
use serde::Serialize;
use serde_json::value::RawValue;

/// The JSON array of these records, each with only the fields that the rules use. A field that is absent stays absent.
///
/// Errors: what the parser finds wrong with the array or a record.
pub fn slim(kind: Kind, records: &str) -> Result<String, Fault> {
    let records: Vec<&RawValue> = serde_json::from_str(records).map_err(|error| Fault::of_json(&error))?;
    let mut slim = Vec::with_capacity(records.len() * 128 + 2);
    for record in records {
        slim.push(if slim.is_empty() { b'[' } else { b',' });
        let record = record.get();
        let written = match kind {
            Kind::Organizations => serde_json::to_writer(&mut slim, &organization(&from_json(record)?)),
            Kind::Users => serde_json::to_writer(&mut slim, &user(&from_json(record)?)),
            Kind::Memberships => serde_json::to_writer(&mut slim, &membership(&from_json(record)?)),
            Kind::Tickets => serde_json::to_writer(&mut slim, &ticket(&from_json(record)?)),
        };
        written.map_err(|error| Fault::of_json(&error))?;
    }
    if slim.is_empty() {
        slim.push(b'[');
    }
    slim.push(b']');
    Ok(String::from_utf8(slim).expect("JSON is UTF-8"))
}

#[derive(Serialize)]
struct Organization<'a> {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_names: Option<Option<Vec<&'a str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_tickets: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<bool>,
}

fn organization<'a>(wire: &'a wire::Organization<'a>) -> Organization<'a> {
    let wire::Organization { id, name, external_id, domain_names, shared_tickets, updated_at, deleted_at } = wire;
    Organization {
        id: id.0,
        name: text(name.as_ref()),
        external_id: external_id.as_ref().map(|id| text(id.as_ref())),
        domain_names: domain_names
            .as_ref()
            .map(|names| names.as_ref().map(|names| names.iter().map(|name| name.0.as_ref()).collect())),
        shared_tickets: *shared_tickets,
        updated_at: text(updated_at.as_ref()),
        deleted_at: deleted_at.map(|_| true),
    }
}

#[derive(Serialize)]
struct User<'a> {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Option<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<bool>,
}

fn user<'a>(wire: &'a wire::User<'a>) -> User<'a> {
    let wire::User { id, role, active, suspended, shared, verified, email, organization_id, updated_at, deleted_at } =
        wire;
    User {
        id: id.0,
        role: role.as_ref().map(|role| text(role.as_ref())),
        active: *active,
        suspended: *suspended,
        shared: *shared,
        verified: *verified,
        email: email.as_ref().map(|email| email.as_ref().and_then(|email| without_local_part(&email.0))),
        organization_id: optional(organization_id.as_ref()),
        updated_at: text(updated_at.as_ref()),
        deleted_at: deleted_at.map(|_| true),
    }
}

/// `@` and the domain of an address; `None` where it has no usable one.
fn without_local_part(email: &str) -> Option<String> {
    let (_, domain) = email.rsplit_once('@')?;
    normalize_email_domain(domain).ok().map(|domain| format!("@{domain}"))
}

#[derive(Serialize)]
struct Membership<'a> {
    id: u64,
    user_id: u64,
    organization_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Option<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<bool>,
}

fn membership<'a>(wire: &'a wire::Membership<'a>) -> Membership<'a> {
    let wire::Membership { id, user_id, organization_id, default, updated_at, deleted_at } = wire;
    Membership {
        id: id.0,
        user_id: user_id.0,
        organization_id: organization_id.0,
        default: *default,
        updated_at: text(updated_at.as_ref()),
        deleted_at: deleted_at.map(|_| true),
    }
}

#[derive(Serialize)]
struct Ticket<'a> {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    requester_id: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<bool>,
}

fn ticket<'a>(wire: &'a wire::Ticket<'a>) -> Ticket<'a> {
    let wire::Ticket { id, requester_id, organization_id, status, updated_at, deleted_at } = wire;
    Ticket {
        id: id.0,
        requester_id: optional(requester_id.as_ref()),
        organization_id: optional(organization_id.as_ref()),
        status: text(status.as_ref()),
        updated_at: updated_at.as_ref().map(|time| text(time.as_ref())),
        deleted_at: deleted_at.map(|_| true),
    }
}

fn text<'a>(text: Option<&'a wire::Text<'_>>) -> Option<&'a str> {
    text.map(|text| text.0.as_ref())
}

fn optional(id: Option<&Option<wire::Id>>) -> Option<Option<u64>> {
    id.map(|id| id.as_ref().map(|id| id.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_what_the_rules_use_and_nothing_else() {
        for (kind, record, slimmed) in [
            (
                Kind::Organizations,
                r#"{"url":"x","id":1,"name":"A","external_id":null,"domain_names":["B.example "],"shared_tickets":true,"notes":"n","updated_at":"2026-01-01T00:00:00+01:00","deleted_at":"x"}"#,
                r#"{"id":1,"name":"A","external_id":null,"domain_names":["B.example "],"shared_tickets":true,"updated_at":"2026-01-01T00:00:00+01:00","deleted_at":true}"#,
            ),
            (
                Kind::Users,
                r#"{"id":2,"name":"Jo Doe","role":"end-user","active":false,"verified":null,"email":"jo@doe@EXAMPLE.org","phone":"1","organization_id":null,"deleted_at":null}"#,
                r#"{"id":2,"role":"end-user","active":false,"verified":null,"email":"@example.org","organization_id":null}"#,
            ),
            (
                Kind::Memberships,
                r#"{"id":3,"user_id":2,"organization_id":1,"default":null,"organization_name":"A","updated_at":"t"}"#,
                r#"{"id":3,"user_id":2,"organization_id":1,"default":null,"updated_at":"t"}"#,
            ),
            (
                Kind::Tickets,
                r#"{"id":4,"subject":"S","requester_id":2,"organization_id":null,"status":"open","updated_at":"t","via":{"x":[1]}}"#,
                r#"{"id":4,"requester_id":2,"organization_id":null,"status":"open","updated_at":"t"}"#,
            ),
        ] {
            let array = format!("[{record},{record}]");
            assert_eq!(slim(kind, &array), Ok(format!("[{slimmed},{slimmed}]")));
            assert_eq!(slim(kind, &format!("[{slimmed}]")), Ok(format!("[{slimmed}]")), "nothing more to cut");
            assert_eq!(slim(kind, "[ ]"), Ok("[]".to_owned()));
        }
    }

    #[test]
    fn of_an_address_only_a_usable_domain_is_kept() {
        let email = |email: &str| {
            let text = slim(Kind::Users, &format!(r#"[{{"id":1,"email":{email}}}]"#)).expect("a user");
            text.trim_start_matches(r#"[{"id":1,"email":"#).trim_end_matches("}]").to_owned()
        };
        for (before, after) in [
            (r#""a@b.example""#, r#""@b.example""#),
            (r#""no address""#, "null"),
            (r#""a@not a domain""#, "null"),
            (r#""a@""#, "null"),
            ("null", "null"),
        ] {
            assert_eq!(email(before), after);
        }
    }
}
