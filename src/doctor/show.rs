//! The result of all checks as text: a table for people, a document for programs.

use super::check::{CheckRow, DoctorCheck, Status};
use super::cost::{AuditCost, CostPart};
use super::judge::Learned;
use crate::exit::Exit;
use crate::run::artifacts;
use crate::text::audience::Audience;
use crate::text::words::{counted, grouped};
use anstyle::AnsiColor;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::collections::BTreeMap;

const SCHEMA: &str = "g-gremlin/zendesk-drift/doctor/1";
/// What stands where a public audience may not read the text.
const NOT_TOLD: &str = "(withheld)";
/// Below this width a check stands above its result instead of beside it.
const NARROW: u16 = 72;

/// The checks as a table no wider than `width`, with colors.
pub fn table(rows: &[CheckRow], width: u16, audience: Audience) -> String {
    colored(&drawn(rows, width, audience).to_string())
}

/// The line below the table.
pub fn verdict(rows: &[CheckRow], exit: Exit) -> String {
    let counts = Status::ALL.map(|status| format!("{} {}", count(rows, status), status.as_str())).join(", ");
    let verdict = match exit {
        Exit::Done => "an audit can run",
        Exit::Unreadable => "Zendesk cannot be read",
        _ => "an audit would not work or would not be complete",
    };
    format!("{counts}: {verdict}.")
}

/// How `doctor` ends: as the audit would where Zendesk cannot be read, or not completely.
pub fn exit(rows: &[CheckRow]) -> Exit {
    let failed = |wanted: &[DoctorCheck]| {
        rows.iter().any(|row| row.status == Status::Fail && (wanted.is_empty() || wanted.contains(&row.check)))
    };
    if failed(&[DoctorCheck::Connection, DoctorCheck::Login, DoctorCheck::Role]) {
        Exit::Unreadable
    } else if failed(&[]) {
        Exit::Breached
    } else {
        Exit::Done
    }
}

fn count(rows: &[CheckRow], status: Status) -> usize {
    rows.iter().filter(|row| row.status == status).count()
}

/// The rows as a table no wider than `width`: a check, its result, and below what was seen what to do next.
fn drawn(rows: &[CheckRow], width: u16, audience: Audience) -> Table {
    let mut table = Table::new();
    table
        .load_style(if width < NARROW { presets::UTF8_FULL } else { presets::UTF8_FULL_CONDENSED })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    let add = |table: &mut Table, check: &str, status: &str, text: String| {
        if width < NARROW {
            table.add_row([format!("{check}: {status}\n{text}")]);
        } else {
            table.add_row([check.to_owned(), status.to_owned(), text]);
        }
    };
    // What was not checked for one reason is told once.
    for rows in rows
        .chunk_by(|one, next| one.status == Status::NotChecked && (one.status, &one.saw) == (next.status, &next.saw))
    {
        if let [first, _, ..] = rows {
            let names = rows.iter().map(|row| row.check.name()).collect::<Vec<_>>().join(", ");
            let (count, status) = (format!("{} checks", rows.len()), first.status.as_str());
            let why = first.saw.to(audience).map(|saw| format!("{saw}: ")).unwrap_or_default();
            add(&mut table, &count, status, format!("{why}{names}"));
        }
        let [CheckRow { check, status, saw, next }] = rows else { continue };
        let saw = saw.to(audience).unwrap_or(NOT_TOLD);
        let next = next.as_ref().map(|next| next.to(audience).unwrap_or(NOT_TOLD).replace('\n', "\n   "));
        let next = next.map(|next| format!("\n-> {next}")).unwrap_or_default();
        add(&mut table, check.name(), status.as_str(), format!("{saw}{next}"));
    }
    table
}

/// Gives each result in the second column its color.
fn colored(table: &str) -> String {
    let line = |line: &str| match line.splitn(3, '┆').collect::<Vec<_>>()[..] {
        [check, status, saw] => {
            let style = match status.trim() {
                "ok" => AnsiColor::Green.on_default(),
                "warn" => AnsiColor::Yellow.on_default(),
                "fail" => AnsiColor::Red.on_default().bold(),
                _ => return line.to_owned(),
            };
            format!("{check}┆{style}{status}{style:#}┆{saw}")
        }
        _ => line.to_owned(),
    };
    table.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What a live read would cost, one line for each kind of record.
pub fn fetch(cost: &AuditCost) -> String {
    let AuditCost { requests, seconds, parts, tickets_because, .. } = cost;
    let mut lines =
        vec![format!("A live read takes about {} requests and at least {}.", grouped(*requests), time(*seconds))];
    for CostPart { kind, way, requests, seconds } in parts {
        let requests = requests.map_or("not known".to_owned(), |requests| counted(requests, "request"));
        lines.push(format!("  {kind:<24}  {way:<18}  {requests:>16}  {:>9}", time(*seconds)));
    }
    lines.extend(tickets_because.iter().map(|because| format!("Tickets come from {because}.")));
    lines.join("\n")
}

fn time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// What a program reads of the checks. A public audience gets neither the host nor what was learned about the account.
pub fn json(
    zendesk: Option<&str>,
    rows: &[CheckRow],
    learned: &Learned,
    requests: &BTreeMap<String, u64>,
    audience: Audience,
) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'a str,
        zendesk: Option<&'a str>,
        counts: Totals,
        checks: Vec<Checked<'a>>,
        facts: Option<&'a Learned>,
        requests: &'a BTreeMap<String, u64>,
    }
    #[derive(Serialize)]
    struct Totals {
        ok: usize,
        warn: usize,
        fail: usize,
        not_checked: usize,
    }
    #[derive(Serialize)]
    struct Checked<'a> {
        check: &'a str,
        status: Status,
        saw: Option<&'a str>,
        next: Option<&'a str>,
    }
    fn checked(row: &CheckRow, audience: Audience) -> Checked<'_> {
        let CheckRow { check, status, saw, next } = row;
        Checked {
            check: check.name(),
            status: *status,
            saw: saw.to(audience),
            next: next.as_ref().and_then(|next| next.to(audience)),
        }
    }
    let [ok, warn, fail, not_checked] = Status::ALL.map(|status| count(rows, status));
    let private = !audience.is_public();
    artifacts::json(&Document {
        schema: SCHEMA,
        zendesk: zendesk.filter(|_| private),
        counts: Totals { ok, warn, fail, not_checked },
        checks: rows.iter().map(|row| checked(row, audience)).collect(),
        facts: Some(learned).filter(|_| private),
        requests,
    })
}
