//! What holds for every report, whatever is in the run folder: limits, and that no outside text leaves its code span.

use super::annotations;
use super::apply_page::ApplyReport;
use super::audit_page::{AuditReport, Length};
use super::change::Change;
use super::change_page::ChangeReport;
use super::overview;
use super::page::Room;
use super::place::{Place, UploadedArtifact, WorkflowRun};
use crate::catalogue::{ActionCode, IssueCode, SkipReason, Status};
use crate::model::time::Instant;
use crate::rules::gate::Judgement;
use crate::run::artifacts::apply_receipt::{ActionResult, ApplyCounts, ApplyReceipt, Caps, Mode, Outcome, SCHEMA};
use crate::run::artifacts::receipt::{Receipt, SuppressionsFrom, WouldSuppress};
use crate::run::artifacts::rows::IssueRow;
use crate::run::diff::{Diff, Side, compare};
use crate::run::facts::AuditFacts;
use crate::run::plan_file::{PlanFile, PlannedAction};
use crate::run::read::RunFolder;
use crate::text::audience::Audience;
use serde_json::json;
use std::path::Path;

/// How many hostile runs each page is rendered for; `.ci/proofs escaping` has more.
const SEEDS: u64 = 40;
/// Stands in every hostile text, and nowhere else.
const CANARY: char = 'Ж';

/// A change with all that its page can say.
fn change_report<'a>(
    base: &'a RunFolder,
    head: &'a RunFolder,
    diff: &'a Diff<'a>,
    is_breached: bool,
    place: &'a Place,
) -> ChangeReport<'a> {
    ChangeReport {
        base,
        head,
        diff,
        is_breached,
        shorter_window: Some(30),
        change: None,
        now: Instant::from_seconds(1_776_600_000),
        place,
    }
}

fn demo() -> RunFolder {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo/expected");
    RunFolder::open(&folder).expect("the demo's run folder")
}

fn place(audience: Audience) -> Place {
    let server = "https://github.example".to_owned();
    Place {
        audience,
        artifact: Some(UploadedArtifact {
            name: "g-gremlin".to_owned(),
            url: Some("https://github.example/a/1".to_owned()),
        }),
        apply_workflow: "drift-apply.yml".to_owned(),
        run: Some(WorkflowRun { server, repository: "acme/drift".to_owned(), id: 42 }),
    }
}

/// Texts that try to be something else, from the alphabet of what Markdown, HTML and workflow commands mean something by.
fn hostile(seed: u64) -> String {
    const PIECES: [&str; 37] = [
        "````````````````````````````````````````````````````````````````````````````````````````````````````",
        "`",
        "``",
        "|",
        "\\",
        "\\|",
        "<",
        ">",
        "<img src=x>",
        "<!--",
        "-->",
        "</details>",
        "@octocat",
        "#1",
        "GH-1",
        "[a](http://b)",
        "![a](http://b)",
        "[^1]",
        "http://evil.example",
        "www.evil.example",
        "a@evil.example",
        ":tada:",
        "**",
        "_",
        "~~",
        "$",
        "$`",
        "&lt;",
        "\n",
        "\r\n",
        "\n\n# ",
        "\t",
        "::error::",
        "##[error]",
        "\u{202e}",
        " ",
        "0123456789abcdef0123456789abcdef01234567",
    ];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let mut text = String::new();
    for _ in 0..next(12) + 1 {
        text.push_str(PIECES[next(PIECES.len())]);
        text.push(CANARY);
    }
    text
}

/// A run whose every text is hostile.
fn hostile_run(seed: u64, accounts: usize) -> RunFolder {
    let mut run = demo();
    let text = |nth: u64| hostile(seed * 1000 + nth);
    let issue = run.issues[0].clone();
    run.issues.extend((0..accounts).map(|nth| IssueRow { issue_id: format!("i{nth}").into(), ..issue.clone() }));
    run.summary.zendesk = text(901);
    run.summary.source = crate::run::artifacts::Source::Zendesk;
    run.summary.run_id = text(902);
    run.summary.as_of = text(903);
    run.summary.tool_version = text(904);
    run.receipt.started_at = text(905);
    run.receipt.finished_at = text(906);
    run.receipt.ticket_window.from = text(907);
    run.summary.thresholds = vec![Judgement { name: text(908), limit: 1, value: Some(2), breached: true }];
    for (nth, issue) in run.issues.iter_mut().enumerate() {
        issue.sf_account_id = Some(text(2_000 + nth as u64).into());
        issue.account_name = text(911).into();
        issue.domain = Some(text(912).into());
        issue.detail = text(910).into();
        if nth % 2 == 0 {
            issue.issue_id = text(2000 + nth as u64).into();
        } else {
            issue.status = Status::Blocked;
        }
    }
    for action in &mut run.plan.actions {
        action.sf_account_id = text(913).into();
        action.account_name = Some(text(914).into());
        action.domain = Some(text(915).into());
    }
    let would =
        run.issues.iter().map(|issue| WouldSuppress { issue_id: issue.issue_id.to_string(), reason: text(916) });
    run.receipt.suppressions_from = Some(SuppressionsFrom { sha256: text(917), own_would_suppress: would.collect() });
    run
}

fn hostile_receipt(seed: u64, actions: usize) -> ApplyReceipt {
    let text = |nth: u64| hostile(seed * 1000 + nth);
    let outcomes = [Outcome::Failed, Outcome::Applied, Outcome::Skipped, Outcome::WouldApply, Outcome::Blocked];
    let result = |nth: u64| ActionResult {
        action_id: text(nth),
        action_code: ActionCode::ALL[(nth % 4) as usize],
        status: outcomes[(nth % 5) as usize],
        reason: Some(SkipReason::ALL[nth as usize % SkipReason::ALL.len()]),
        sf_account_id: text(nth + 1),
        org_id: 1,
        user_id: Some(2),
        before: Some(match nth % 4 {
            0 => json!(text(nth + 2)),
            1 => json!([text(nth + 2), text(nth + 3)]),
            2 => json!({ "default_org_id": text(nth + 2), "member_of": [text(nth + 3), 1, 2, 3, 4] }),
            _ => json!({ text(nth + 2): text(nth + 3) }),
        }),
        after: Some(match nth % 4 {
            1 => json!([text(nth + 3), text(nth + 4)]),
            _ => json!(text(nth + 2)),
        }),
        http_status: Some(500),
        request_id: Some(text(nth + 5)),
        at: text(nth + 6),
    };
    let results: Vec<ActionResult> = (0..actions as u64).map(result).collect();
    ApplyReceipt {
        schema: SCHEMA.to_owned(),
        run_id: text(901),
        source_plan_path: text(902),
        source_plan_hash: text(903),
        mode: Mode::Apply,
        caps_used: Caps { max_actions: 1, max_per_account: 1 },
        counts: ApplyCounts::of(&results),
        results,
        plan_blocked: Vec::new(),
        started_at: Some(text(904)),
        finished_at: None,
        completed: true,
    }
}

/// An audit without a baseline, an apply and a link to Salesforce.
fn alone<'a>(run: &'a RunFolder, facts: &'a AuditFacts, place: &'a Place) -> AuditReport<'a> {
    AuditReport { run, facts, change: None, diff: None, applied: None, salesforce: None, place }
}

fn change(seed: u64) -> Change {
    Change {
        base_run_id: hostile(seed),
        new: [(IssueCode::OrgMissingExternalId, 1)].into(),
        resolved: [(IssueCode::TicketOrgMismatch, 2)].into(),
        ..Change::default()
    }
}

/// The page without its code spans, as CommonMark finds them in each line, and without code blocks.
fn outside_of_code(page: &str) -> String {
    let mut outside = String::new();
    let mut in_block = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
            continue;
        }
        if in_block {
            continue;
        }
        let mut rest = line;
        while let Some(at) = rest.find('`') {
            outside.push_str(&rest[..at]);
            let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
            let inner = &rest[at + run..];
            assert!(run <= 80, "GitHub's parser takes a longer fence for text");
            // The next run of backticks that is exactly as long closes the span.
            let mut from = 0;
            let end = loop {
                let Some(found) = inner[from..].find('`').map(|found| from + found) else { break None };
                let length = inner[found..].len() - inner[found..].trim_start_matches('`').len();
                if length == run {
                    break Some(found);
                }
                from = found + length;
            };
            match end {
                Some(end) => rest = &inner[end + run..],
                None => {
                    outside.push('`');
                    rest = inner;
                }
            }
        }
        outside.push_str(rest);
        outside.push('\n');
    }
    outside
}

/// In every row of a table, the bars that divide cells: those without a backslash.
fn columns(row: &str) -> usize {
    let mut before = ' ';
    row.chars().filter(|c| std::mem::replace(&mut before, *c) != '\\' && *c == '|').count()
}

/// What is markup in a line that has outside text in it, or becomes more than text on GitHub, but for the markup of the page.
fn markup(line: &str) -> Option<String> {
    let mut rest = line.replace("**critical**", "").replace("external_id", "").replace("<span>-</span>", "");
    for start in ["org", "user", "ticket", "account"].map(|text| format!("[{text}](http")) {
        while let Some(at) = rest.find(&start) {
            let end = at + rest[at..].find(')').expect("a link ends") + 1;
            assert!(!rest[at..end].contains([' ', '|', '<', '`']), "{line}");
            rest.replace_range(at..end, "");
        }
    }
    while let Some(at) = rest.find("<span>&#") {
        let end = at + rest[at..].find("</span>").expect("a span ends") + "</span>".len();
        rest.replace_range(at..end, " ");
    }
    while let Some(at) = rest.find("&#") {
        let end = at + rest[at..].find(';').expect("a reference ends") + 1;
        assert!(rest[at + 2..end - 1].bytes().all(|c| c.is_ascii_digit()), "{line}");
        rest.replace_range(at..end, " ");
    }
    let lower = rest.to_lowercase();
    let is_markup = rest.contains(['<', '>', '[', ']', '`', '*', '_', '~', '$', '\\', '@', '#', ':', '&', '^'])
        || ["www.", "gh-"].into_iter().any(|start| lower.contains(start));
    is_markup.then_some(rest)
}

fn assert_harmless(page: &str) {
    let outside = outside_of_code(page);
    let lines = outside.lines().filter(|line| line.contains(CANARY));
    lines.for_each(|line| assert_eq!(markup(line), None, "an outside text outside of a code span: {line}"));
    let lines: Vec<&str> = page.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with("| ") {
            let is_rule = |line: &&&str| line.starts_with("| ---");
            let rule = lines.get(at + 1).filter(is_rule).or(lines[..=at].iter().rfind(is_rule));
            let head = rule.expect("a table has a head");
            assert_eq!(columns(line), columns(head), "{line}");
        }
    }
}

#[test]
fn outside_text_is_text_in_every_page() {
    let place = place(Audience::Private);
    for seed in 0..SEEDS {
        let (base, run, change) = (demo(), hostile_run(seed, 20), change(seed));
        let diff = compare(&Side::of_run(&base), &Side::of_run(&run));
        let facts = AuditFacts::of_run(&run);
        let report = AuditReport {
            run: &run,
            facts: &facts,
            change: Some(&change),
            diff: Some(&diff),
            applied: Some(&hostile_receipt(seed, 1)),
            salesforce: Some("https://acme.my.salesforce.com"),
            place: &place,
        };
        let receipt = hostile_receipt(seed, 25);
        let apply = ApplyReport { receipt: &receipt, plan: None, apply_follows: false, place: &place };
        assert!(!diff.new.is_empty() && !diff.resolved.is_empty() && !diff.changed.is_empty());
        let changes = change_report(&base, &run, &diff, false, &place);
        for length in [Length::Full, Length::Short] {
            assert_harmless(&changes.page(length).render(Room::comment()));
            assert_harmless(&report.page(length).render(Room::summary(0)));
            assert_harmless(&apply.page(length).render(Room::comment()));
        }
    }
}

#[test]
fn a_link_to_an_artifact_or_a_run_is_a_link_or_nothing() {
    for seed in 0..SEEDS {
        let mut place = place(Audience::Private);
        place.artifact =
            Some(UploadedArtifact { name: hostile(seed), url: Some(format!("https://x.example/{}", hostile(seed))) });
        place.apply_workflow = hostile(seed);
        place.run = Some(WorkflowRun { server: hostile(seed), repository: hostile(seed), id: 1 });
        let mut run = demo();
        let issue = run.issues[0].clone();
        run.issues =
            (0..200).map(|nth| IssueRow { sf_account_id: Some(format!("a{nth}").into()), ..issue.clone() }).collect();
        let facts = AuditFacts::of_run(&run);
        let page = alone(&run, &facts, &place).page(Length::Full);
        assert_harmless(&page.render(Room::summary(0)));
    }
}

#[test]
fn the_greatest_run_fits_and_says_what_was_cut() {
    let huge = format!("{}{CANARY}", "😀`|".repeat(1_000));
    let mut run = hostile_run(1, 0);
    run.summary.thresholds =
        (0..3_000).map(|_| Judgement { name: huge.clone(), limit: 1, value: Some(2), breached: true }).collect();
    run.summary.zendesk.clone_from(&huge);
    let issue = run.issues[0].clone();
    run.issues = (0..3_000)
        .map(|nth| IssueRow {
            detail: huge.clone().into(),
            issue_id: huge.clone().into(),
            sf_account_id: Some(format!("{huge}{nth}").into()),
            account_name: huge.clone().into(),
            ..issue.clone()
        })
        .collect();
    let action = run.plan.actions[0].clone();
    run.plan.actions =
        (0..3_000).map(|_| PlannedAction { sf_account_id: huge.clone().into(), ..action.clone() }).collect();
    let base = demo();
    let diff = compare(&Side::of_run(&base), &Side::of_run(&run));
    let mut receipt = hostile_receipt(1, 3_000);
    for result in &mut receipt.results {
        result.sf_account_id.clone_from(&huge);
        result.before = Some(json!(vec![huge.clone(); 3]));
    }
    for audience in [Audience::Private, Audience::Public] {
        let mut place = place(audience);
        place.artifact = Some(UploadedArtifact { name: huge.clone(), url: Some(format!("https://x.example/{huge}")) });
        let facts = AuditFacts::of_run(&run);
        let audit = AuditReport {
            run: &run,
            facts: &facts,
            change: Some(&change(1)),
            diff: Some(&diff),
            applied: Some(&receipt),
            salesforce: None,
            place: &place,
        };
        let apply = ApplyReport { receipt: &receipt, plan: None, apply_follows: false, place: &place };
        let changes = change_report(&base, &run, &diff, true, &place);
        for page in [audit.page(Length::Full), apply.page(Length::Full), changes.page(Length::Full)] {
            let text = page.render(Room::summary(0));
            assert!(text.len() < 1_000_000, "{} bytes", text.len());
            assert_harmless(&text);
        }
        for page in [audit.page(Length::Short), apply.page(Length::Short), changes.page(Length::Short)] {
            let text = page.render(Room::comment());
            assert!(text.encode_utf16().count() <= 60_000, "{}", text.encode_utf16().count());
            assert_harmless(&text);
        }
        let text = audit.page(Length::Full).render(Room::summary(0));
        assert!(text.contains(" of 3,000 limits are shown.** All are in `summary.json` of the artifact "));
        assert_eq!(text.contains(" of 3,000 accounts are shown.**"), audience == Audience::Private);
        assert!(text.contains(&run.plan.hash), "the hash is never cut");
        let text = changes.page(Length::Short).render(Room::comment());
        assert!(text.starts_with("## 🔴 This change: a threshold is breached: 3,000 new issues, 13 resolved\n"));
        assert_eq!(text.contains(" of 3,000 issues are shown.**"), audience == Audience::Private);
        for lines in [annotations::audit(&audit), annotations::apply(&receipt), annotations::change(&changes)] {
            let count = lines.lines().count();
            assert!((1..=8).contains(&count), "{count} annotations");
            assert!(lines.lines().all(|line| line.chars().count() < 4_096 && line.starts_with("::")));
        }
    }
}

#[test]
fn an_annotation_is_one_command_whatever_the_data() {
    for seed in 0..SEEDS {
        let (run, change) = (hostile_run(seed, 3), change(seed));
        let place = place(Audience::Private);
        let facts = AuditFacts::of_run(&run);
        let report = AuditReport {
            run: &run,
            facts: &facts,
            change: Some(&change),
            diff: None,
            applied: None,
            salesforce: None,
            place: &place,
        };
        let receipt = hostile_receipt(seed, 30);
        let base = demo();
        let diff = compare(&Side::of_run(&base), &Side::of_run(&run));
        let changes = change_report(&base, &run, &diff, false, &place);
        for lines in [annotations::audit(&report), annotations::apply(&receipt), annotations::change(&changes)] {
            for line in lines.lines() {
                let (properties, _) =
                    line.strip_prefix("::").and_then(|rest| rest.split_once("::")).expect("a command and its message");
                let (level, title) = properties.split_once(" title=").expect("one property");
                assert!(["error", "warning", "notice"].contains(&level), "{line}");
                assert!(!title.contains([':', ',']), "{title}");
                assert!(!line.contains("##[") && !line.contains('\u{202e}'), "{line}");
            }
        }
    }
}

#[test]
fn in_public_no_outside_text_is_told_at_all() {
    let place = place(Audience::Public);
    let mut run = hostile_run(7, 20);
    // These are ours, or times; the test is about names, ids and domains.
    let ours = demo();
    run.summary.run_id = ours.summary.run_id;
    run.summary.as_of = ours.summary.as_of;
    run.summary.tool_version = ours.summary.tool_version;
    run.receipt = Receipt { suppressions_from: run.receipt.suppressions_from, ..ours.receipt };
    run.summary.thresholds =
        vec![Judgement { name: "max_total_issues".to_owned(), limit: 1, value: Some(2), breached: true }];
    let base = demo();
    let diff = compare(&Side::of_run(&base), &Side::of_run(&run));
    let changes = change_report(&base, &run, &diff, false, &place);
    let mut receipt = hostile_receipt(7, 20);
    receipt.run_id = "20260417_221530Z_apply".to_owned();
    receipt.source_plan_hash = "0".repeat(64);
    receipt.started_at = None;
    let plan = PlanFile::parse(include_bytes!("../../fixtures/all_codes/expected/fix_plan.json")).expect("a plan");
    let facts = AuditFacts::of_run(&run);
    let audit = alone(&run, &facts, &place);
    let apply = ApplyReport { receipt: &receipt, plan: Some(&plan), apply_follows: false, place: &place };
    for text in [
        audit.page(Length::Full).render(Room::summary(0)),
        audit.page(Length::Short).render(Room::comment()),
        apply.page(Length::Full).render(Room::summary(0)),
        apply.page(Length::Short).render(Room::comment()),
        annotations::audit(&audit),
        annotations::apply(&receipt),
        changes.page(Length::Full).render(Room::summary(0)),
        changes.page(Length::Short).render(Room::comment()),
        annotations::change(&changes),
        overview::change(&changes),
        overview::audit(&audit, 200),
        overview::apply(&apply, 200),
    ] {
        assert!(!text.contains(CANARY), "{text}");
        assert!(!text.contains("ACME") && !text.contains(".example") || text.contains("github.example"), "{text}");
    }
}
