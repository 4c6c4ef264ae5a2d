//! A finished audit as one self-contained page, `report.html`: no request leaves it, a strict content security policy lets nothing
//! run but its own script, and outside text is only ever text.

mod chart;
mod data;
mod plan;

use super::audit_page::AuditReport;
use super::change::Change;
use crate::catalogue::{BlockedReason, IssueCode, Risk, Status};
use crate::run::artifacts::Source;
use crate::run::artifacts::rows::IssueRow;
use crate::text::escape;
use crate::text::words::{counted, grouped};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// How many issues that came or went, and how many actions, are shown.
const MOST_ROWS: usize = 200;

/// What is rendered.
pub struct HtmlReport<'a> {
    pub audit: AuditReport<'a>,
}

/// The whole page.
pub fn page(report: &HtmlReport<'_>) -> String {
    let facts = report.audit.facts;
    let (mark, verdict) = report.audit.verdict();
    let zendesk = zendesk(report);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { "Drift audit " (escape::terminal(&facts.run_id)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#findings" { "Skip to the findings" }
                header {
                    h1 { (mark.as_str()) " Drift audit: " (verdict) }
                    p.dim {
                        @match &zendesk { Some(url) => (url), None => "the built-in demo data" }
                        ", as of " (escape::terminal(&facts.as_of)) ", run " code { (escape::terminal(&facts.run_id)) }
                    }
                }
                main {
                    (summary(report))
                    (chart::trend(report.audit.run.history.as_ref().map_or(&[][..], |history| &history.runs)))
                    (changes(report))
                    (findings(facts.issues))
                    (plan::plan(report))
                    (advisories(report))
                    (codes(report))
                }
                footer.dim {
                    p { "plan_hash: " code { (facts.plan_hash) } }
                    p { "Made by g-gremlin " (escape::terminal(&report.audit.run.summary.tool_version)) " from the run folder; this page sends nothing." }
                }
                script type="application/json" id="data" { (PreEscaped(data::json(report, zendesk.as_deref()))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Where links to Zendesk lead: nowhere for the demo, and where the origin is not a web address.
fn zendesk(report: &HtmlReport<'_>) -> Option<String> {
    let facts = report.audit.facts;
    let url = url::Url::parse(&facts.zendesk).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (facts.source == Source::Zendesk && is_web).then(|| url.origin().ascii_serialization())
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

fn summary(report: &HtmlReport<'_>) -> Markup {
    let facts = report.audit.facts;
    let counts = [
        ("issues", facts.issues),
        ("prepared actions", facts.prepared),
        ("blocked actions", facts.blocked),
        ("suppressed issues", facts.suppressed),
    ];
    html! {
        ul.facts { @for (name, count) in counts { li { b { (grouped(count)) } (name) } } }
        p { (facts.coverage()) @if let Some(unmapped) = facts.unmapped(escape::terminal) { " " (unmapped) } }
        @if let Some(lost) = facts.lost() { p { (lost) } }
        @if let Some(echoes) = facts.echoes() { p { (echoes) } }
        @if !facts.thresholds.is_empty() {
            h2 { "Thresholds" }
            table {
                thead { tr { th { "threshold" } th.n { "limit" } th.n { "value" } th { "verdict" } } }
                tbody {
                    @for judgement in facts.thresholds.iter().take(MOST_ROWS) {
                        tr {
                            td { code { (escape::terminal(&judgement.name)) } }
                            td.n { (grouped(judgement.limit)) }
                            td.n { (judgement.value.map(grouped).unwrap_or_default()) }
                            @if judgement.breached { td.bad { (judgement.verdict()) } } @else { td.good { (judgement.verdict()) } }
                        }
                    }
                }
            }
        }
    }
}

/// What is new and what is gone since the baseline.
fn changes(report: &HtmlReport<'_>) -> Markup {
    let (Some(change), Some(diff)) = (report.audit.change, report.audit.diff) else { return html! {} };
    let Change { base_run_id, .. } = change;
    html! {
        h2 { "Since the baseline " code { (escape::terminal(base_run_id)) } }
        p {
            (counted(change.new_issues(), "new issue")) ", " (grouped(change.resolved_issues())) " resolved, "
            (grouped(change.changed)) " with another status, " (grouped(change.left_window)) " left the ticket window, "
            (grouped(change.left_reference_issues())) " left the reference."
        }
        (issues("New issues", &diff.new))
        (issues("Resolved issues", &diff.resolved))
        (issues("Issues of accounts that left the reference", &diff.left_reference))
    }
}

fn issues(heading: &str, issues: &[&IssueRow]) -> Markup {
    html! {
        @if !issues.is_empty() {
            details {
                summary { (heading) ": " (grouped(issues.len() as u64)) }
                table {
                    thead { tr { th { "code" } th { "account" } th { "what" } } }
                    tbody {
                        @for issue in issues.iter().take(MOST_ROWS) {
                            tr {
                                td { code { (issue.issue_code) } }
                                td { (escape::terminal(issue.sf_account_id.as_deref().unwrap_or_default())) " " (escape::terminal(&issue.account_name)) }
                                td { (escape::line(&issue.detail)) }
                            }
                        }
                    }
                }
                @if issues.len() > MOST_ROWS { p { (grouped((issues.len() - MOST_ROWS) as u64)) " more are in diff.json." } }
            }
        }
    }
}

/// The frame of the interactive table; the script fills it.
fn findings(count: u64) -> Markup {
    let select = |id: &str, label: &str, names: &[&str]| {
        html! {
            div {
                label for=(id) { (label) }
                select id=(id) {
                    option value="" { "all" }
                    @for name in names { option value=(name) { (name) } }
                }
            }
        }
    };
    let columns = [
        ("id", "account", false),
        ("name", "name", false),
        ("worst", "worst open risk", false),
        ("issues", "findings", true),
        ("prepared", "prepared actions", true),
        ("blocked", "blocked actions", true),
    ];
    html! {
        section id="findings" tabindex="-1" {
            h2 { "Accounts and their findings" }
            noscript { p { "Searching and sorting need JavaScript. " (counted(count, "open issue")) " are in all_exceptions.csv of the run folder." } }
            div id="interactive" hidden {
                form id="filters" role="search" {
                    div { label for="search" { "Search in accounts and findings" } input id="search" type="search" autocomplete="off"; }
                    (select("code", "Code", &IssueCode::ALL.map(IssueCode::as_str)))
                    (select("risk", "Risk", &Risk::ALL.map(Risk::as_str)))
                    (select("status", "Status", &Status::ALL.map(Status::as_str)))
                    (select("reason", "Blocked reason", &BlockedReason::ALL.map(BlockedReason::as_str)))
                    button type="button" id="reset" { "Show all" }
                }
                p id="count" aria-live="polite" {}
                table {
                    thead {
                        tr {
                            @for (key, name, is_number) in columns {
                                th scope="col" class=[is_number.then_some("n")] { button type="button" data-sort=(key) { (name) } }
                            }
                        }
                    }
                    tbody id="accounts" {}
                }
                p { button.more type="button" id="more" hidden { "Show more accounts" } }
            }
        }
    }
}

/// What the audit advises, by code, each with its cases.
fn advisories(report: &HtmlReport<'_>) -> Markup {
    let counts = &report.audit.facts.advisories;
    let rows = &report.audit.run.advisories;
    html! {
        @if !counts.is_empty() { h2 { "Advisories" } }
        @for (code, count) in counts {
            details {
                summary { code { (code) } ": " (counted(*count, "case")) }
                p { (plain(code.explanation().means)) " " (plain(code.explanation().what_to_do)) }
                ul {
                    @for row in rows.iter().filter(|row| row.advisory_code == *code).take(MOST_ROWS) { li { (escape::line(&row.detail)) } }
                }
                @if *count > MOST_ROWS as u64 { p { (grouped(*count - MOST_ROWS as u64)) " more are in advisories.csv." } }
            }
        }
    }
}

/// What each code that occurs means.
fn codes(report: &HtmlReport<'_>) -> Markup {
    html! {
        h2 { "What the codes mean" }
        table {
            thead { tr { th { "code" } th { "risk" } th.n { "issues" } th { "what it means" } } }
            tbody {
                @for (code, count) in report.audit.facts.codes() {
                    tr {
                        td { code { (code) } } td class=(code.risk().as_str()) { (code.risk()) } td.n { (grouped(count)) }
                        td { (plain(code.explanation().means)) }
                    }
                }
            }
        }
    }
}

/// A text of the catalogue without its backticks.
fn plain(text: &str) -> String {
    text.replace('`', "")
}
