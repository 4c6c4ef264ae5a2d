//! The check of a reference that is asked from Salesforce: login, query, number of records, empty fields.
//!
//! Only the first page is read, and nothing is ever written.

use crate::commands::salesforce::Access;
use crate::config::Config;
use crate::console::Console;
use crate::doctor::check::{CheckRow, DoctorCheck};
use crate::exit::{Exit, Failure};
use crate::model::accounts::COLUMNS;
use crate::salesforce::{Probed, Table};
use crate::text::audience::Message;
use crate::text::words::{counted, grouped};

/// From this share of the day's API requests on, doctor warns.
const MUCH_OF_THE_DAY_PERCENT: u64 = 80;

/// Tries the login and the query. Errors: the credentials are pinned to another Salesforce.
pub(in crate::commands) fn check(console: &Console, config: &Config) -> Result<CheckRow, Failure> {
    let check = DoctorCheck::Reference;
    let access = match Access::of(config, *console) {
        Ok(Some(access)) => access,
        Ok(None) => return Ok(CheckRow::not_checked(check, "the reference is a CSV")),
        Err(failure) if failure.exit == Exit::Refused => return Err(failure),
        Err(failure) => {
            let why = failure.causes().iter().cloned().reduce(|all, cause| all.then("; ", &cause));
            let next = failure.next().cloned().unwrap_or("correct it".into());
            return Ok(CheckRow::fail(check, why.unwrap_or("Salesforce cannot be read".into()), next));
        }
    };
    Ok(match access.probe()? {
        Err(error) => {
            CheckRow::fail(check, Message::from("Salesforce: ").then("", &Message::from(&error)), error.next())
        }
        Ok(probed) => judged(&access, &probed, config),
    })
}

pub(in crate::commands) fn judged(access: &Access, probed: &Probed, config: &Config) -> CheckRow {
    let check = DoctorCheck::Reference;
    let Probed { total, sample, cost } = probed;
    let (version, variables) = (access.api_version(), access.credentials().variables());
    let found = counted(*total, "record");
    let mut saw = format!("Salesforce (API {version}, {variables}): the query finds {found}");
    if *total == 0 {
        return CheckRow::fail(
            check,
            Message::public(saw),
            "correct the conditions of salesforce.query; an empty reference is refused",
        );
    }
    let missing: Vec<&str> =
        COLUMNS.into_iter().take(3).filter(|column| field_of(column, sample, config).is_none()).collect();
    if !missing.is_empty() {
        saw.push_str(&format!(", but no field matches {}", missing.join(", ")));
        return CheckRow::fail(
            check,
            Message::public(saw),
            "add the field to salesforce.query, and name it in salesforce.columns",
        );
    }
    let mut next = Vec::new();
    // The column is ours, and so for everybody; the field's name is not.
    let emptiest = COLUMNS.into_iter().filter_map(|column| {
        let at = field_of(column, sample, config)?;
        Some((sample.empty_cells()[at], column))
    });
    if let Some((empty, column)) = emptiest.max_by_key(|(empty, _)| *empty).filter(|(empty, _)| *empty > 0) {
        let (empty, of) = (grouped(empty as u64), grouped(sample.records() as u64));
        saw.push_str(&format!("; of the first {of}, {empty} have no {column}"));
    }
    if let Some((used, limit)) = cost.api_usage {
        saw.push_str(&format!("; {} of {} API requests of 24 hours used", grouped(used), grouped(limit)));
        if used.saturating_mul(100) >= limit.saturating_mul(MUCH_OF_THE_DAY_PERCENT) {
            next.push("other integrations use most of the API requests; an audit takes one per 2,000 accounts");
        }
    }
    if access.query().is_limited() {
        next.push(
            "remove LIMIT and OFFSET from salesforce.query: the accounts they leave out look as if they \
            were deleted",
        );
    }
    match next.is_empty() {
        true => CheckRow::ok(check, Message::public(saw)),
        false => CheckRow::warn(check, Message::public(saw), Message::public(next.join("\n"))),
    }
}

/// Which field of the answer stands for one of our columns.
fn field_of(column: &str, sample: &Table, config: &Config) -> Option<usize> {
    let field = config.columns.get(column).map_or(column, String::as_str).trim();
    sample.header().iter().position(|known| known.eq_ignore_ascii_case(field))
}
