//! The part of SOQL that the fake understands, and Salesforce's words for the rest.
//!
//! Source of the shapes: <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm>

use super::Record;
use serde_json::{Map, Value, json};

/// A query, understood.
#[derive(Clone, Debug)]
pub struct Select {
    fields: Vec<String>,
    /// Field, whether it must be equal, and the value.
    conditions: Vec<(String, bool, Value)>,
    limit: Option<usize>,
}

/// A refusal: `errorCode` and `message`.
pub type Refusal = (&'static str, String);

impl Select {
    /// Reads `SELECT a, b.c FROM Account [alias] [WHERE x = 'y' AND z != null] [ORDER BY …] [LIMIT n]`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let malformed = |why: &str| ("MALFORMED_QUERY", format!("\n{text}\n^\nERROR at Row:1:Column:1\n{why}"));
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut = |keyword: &str| {
            let at = flat.to_uppercase().find(&format!(" {keyword} "));
            at.map(|at| (&flat[..at], &flat[at + keyword.len() + 2..]))
        };
        let (list, rest) = cut("FROM").ok_or_else(|| malformed("unexpected token: '<EOF>'"))?;
        let list = list.get(..7).filter(|word| word.eq_ignore_ascii_case("select ")).map(|word| &list[word.len()..]);
        let list = list.ok_or_else(|| malformed("unexpected token"))?;
        let (object, alias) = {
            let mut words = rest.split(' ');
            (words.next().unwrap_or_default(), words.next().unwrap_or_default())
        };
        if !object.eq_ignore_ascii_case("Account") {
            let message = format!(
                "\n{text}\n^\nERROR at Row:1:Column:1\nsObject type '{object}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name."
            );
            return Err(("INVALID_TYPE", message));
        }
        let own = |field: &str| {
            let field = field.trim();
            let prefix = [object, alias].into_iter().find_map(|name| {
                let head = field.get(..name.len() + 1)?;
                (!name.is_empty() && head.eq_ignore_ascii_case(&format!("{name}."))).then_some(head.len())
            });
            field[prefix.unwrap_or(0)..].to_owned()
        };
        let fields = list.split(',').map(own).collect();
        let end = |text: &str| {
            let upper = text.to_uppercase();
            [" ORDER BY ", " LIMIT "].iter().filter_map(|keyword| upper.find(keyword)).min().unwrap_or(text.len())
        };
        let mut conditions = Vec::new();
        if let Some((_, rest)) = cut("WHERE") {
            for condition in rest[..end(rest)].split(" AND ") {
                let (equal, (field, value)) = match condition.split_once("!=") {
                    Some(sides) => (false, sides),
                    None => (true, condition.split_once('=').ok_or_else(|| malformed("unexpected token"))?),
                };
                let value = match value.trim() {
                    "null" => Value::Null,
                    quoted => Value::from(quoted.trim_matches('\'')),
                };
                conditions.push((own(field), equal, value));
            }
        }
        let limit = cut("LIMIT").and_then(|(_, limit)| limit.split(' ').next()?.parse().ok());
        Ok(Self { fields, conditions, limit })
    }

    /// The answers, in the order of the records. Fields are spelled as the records spell them.
    pub fn run(&self, records: &[Record], version: &str) -> Result<Vec<Value>, Refusal> {
        let known = records.first();
        let mut paths = Vec::new();
        for field in &self.fields {
            // Without a record nothing says which fields there are.
            let path = known.map_or(Some(Vec::new()), |record| path(record, field));
            paths.push(path.ok_or_else(|| unknown(field))?);
        }
        let mut found = Vec::new();
        for record in records {
            let mut fits = true;
            for (field, equal, value) in &self.conditions {
                let path = path(record, field).ok_or_else(|| unknown(field))?;
                fits &= (at(record, &path) == value) == *equal;
            }
            if !fits {
                continue;
            }
            if self.limit.is_some_and(|limit| found.len() >= limit) {
                break;
            }
            found.push(answer(record, &paths, version));
        }
        Ok(found)
    }
}

fn unknown(field: &str) -> Refusal {
    let message = format!(
        "\nSELECT {field} FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column '{field}' on entity 'Account'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
    );
    ("INVALID_FIELD", message)
}

/// The members that lead to a field, as the record spells them.
fn path(record: &Record, field: &str) -> Option<Vec<String>> {
    let mut path = Vec::new();
    let mut members = Some(record);
    for name in field.split('.') {
        let Some(here) = members else {
            // A relationship that is null here may lead anywhere.
            path.push(name.to_owned());
            continue;
        };
        let (known, value) = here.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        path.push(known.clone());
        members = value.as_object();
    }
    Some(path)
}

fn at<'r>(record: &'r Record, path: &[String]) -> &'r Value {
    let (first, rest) = path.split_first().expect("a field has a name");
    rest.iter().fold(record.get(first).unwrap_or(&Value::Null), |value, name| &value[name])
}

/// A record with the fields that were asked for; a relationship is an object of its own.
fn answer(record: &Record, paths: &[Vec<String>], version: &str) -> Value {
    let id = record.get("Id").and_then(Value::as_str).unwrap_or_default();
    let url = format!("/services/data/v{version}/sobjects/Account/{id}");
    let mut members = Map::from_iter([("attributes".to_owned(), json!({"type": "Account", "url": url}))]);
    for path in paths {
        let [first, rest @ ..] = path.as_slice() else { continue };
        let value = record.get(first).cloned().unwrap_or(Value::Null);
        match (rest, value) {
            (_, Value::Null) => drop(members.insert(first.clone(), Value::Null)),
            ([], value) => drop(members.insert(first.clone(), value)),
            (rest, Value::Object(related)) => {
                let slot = members.entry(first.clone()).or_insert_with(
                    || json!({"attributes": related.get("attributes").cloned().unwrap_or(Value::Null)}),
                );
                let whole = Value::Object(related.clone());
                let value = rest.iter().fold(&whole, |value, name| &value[name]).clone();
                slot[rest.join(".")] = value;
            }
            (_, value) => drop(members.insert(first.clone(), value)),
        }
    }
    Value::Object(members)
}
