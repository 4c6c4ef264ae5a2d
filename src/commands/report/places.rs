//! Where a report goes on GitHub: the step's summary, the comment on a pull request, and the tracking issue.

use super::super::{disk, github};
use super::Report;
use crate::cli::Report as Options;
use crate::console::{self, Console};
use crate::exit::Failure;
use crate::files;
use crate::github::GitHub;
use crate::github::comment::{self, Key, Posted, Upserted};
use crate::github::tracking_issue::{self, Tracked, Wanted};
use crate::report::annotations;
use crate::report::audit_page::{AuditReport, Length};
use crate::report::html::{HtmlReport, page};
use crate::report::page::{Page, Room};
use crate::run::create::replace_file;
use crate::text::audience::Message;
use crate::text::escape::markdown_code;
use crate::text::secret::masked_everywhere;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Appends the page to the step's summary, within what is left of its limit.
pub(super) fn job_summary(console: &Console, page: &Page) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        console::plain(&page.render(Room::summary(0)));
        return Ok(());
    };
    let failed = |error: std::io::Error| disk("the job summary cannot be written", error);
    let used = path.metadata().map(|metadata| metadata.len()).unwrap_or_default();
    // A heading must not continue what was written before.
    let gap = if used > 0 { "\n\n" } else { "" };
    let text = masked_everywhere(&format!("{gap}{}", page.render(Room::summary(used + 2))));
    if used + text.len() as u64 > 1 << 20 {
        console.notice("the step's summary is full, so this report is not added; it is complete in the run folder");
        return Ok(());
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// Writes the page beside the run folder, which it does not touch: whole, or not at all.
pub(super) fn html(console: &Console, options: &Options, report: &Report<'_>) -> Result<(), Failure> {
    let Report::Audit(audit) = report else {
        return Err(Failure::invalid("only an audit has a report.html").help("name the run folder of an audit"));
    };
    if console.audience.is_public() {
        console.notice(
            "report.html is not written: it contains names, ids and domains, and this repository may be public",
        );
        return Ok(());
    }
    let page = masked_everywhere(&page(&HtmlReport { audit: *audit }));
    let beside = || audit.run.path.parent().unwrap_or(Path::new("")).join("report.html");
    let file = options.html_file.clone().unwrap_or_else(beside);
    replace_file(&file, |out| out.write_all(page.as_bytes()))
        .map_err(|error| disk(Message::public(format!("{} cannot be written", file.display())), error))?;
    console.notice(Message::public(format!("written: {}", file.display())));
    Ok(())
}

/// Keeps the one comment on the pull request up to date. What keeps GitHub from taking it is a warning: the run itself is
/// not worse for it.
pub(super) fn comment(console: &Console, options: &Options, page: &Page) -> Result<(), Failure> {
    let body = masked_everywhere(&page.render(Room::comment()));
    let Some(token) = github::token()? else {
        console.notice("there is no GITHUB_TOKEN, so the comment is printed and not posted");
        console::plain(&body);
        return Ok(());
    };
    let key = key(options)?;
    let repository = github::repository()?;
    let Some(number) = options.pr_number.or_else(pull_request_of_event) else {
        console.notice("the event is not about a pull request, so there is nothing to comment on");
        return Ok(());
    };
    let posted = github::block_on(async {
        let github = GitHub::new(&github::api(), &token)?;
        comment::upsert(&github, &repository, number, &key, &body, TOO_LONG).await
    })?;
    match posted {
        Ok(Upserted { posted, others, shortened }) => {
            let (what, url) = match &posted {
                Posted::Created { url } => ("made", url),
                Posted::Updated { url } => ("updated", url),
                Posted::Unchanged { url } => ("already up to date", url),
            };
            console.notice(Message::public(format!("comment on #{number}: {what} {url}")));
            if shortened {
                warn(
                    console,
                    "Comment",
                    "GitHub says that the comment is too long, so it only links to the job summary",
                );
            }
            if others > 0 {
                warn(
                    console,
                    "Comment",
                    &format!("{others} more comments have the same marker; they were not changed"),
                );
            }
        }
        Err(error) => {
            let text = format!(
                "#{number} has no comment from this run: {error}; {}. The job summary has the full report",
                error.help()
            );
            warn(console, "Comment", &text);
        }
    }
    Ok(())
}

/// Keeps the tracking issue up to date. What keeps GitHub from taking it is a warning, as for the comment.
pub(super) fn issue(console: &Console, options: &Options, report: &Report<'_>) -> Result<(), Failure> {
    let Report::Audit(audit) = report else {
        return Err(Failure::invalid("only an audit has a tracking issue").help("name the run folder of an audit"));
    };
    let body = masked_everywhere(&audit.page(Length::Short).render(Room::comment()));
    let Some(token) = github::token()? else {
        console.notice("there is no GITHUB_TOKEN, so the tracking issue is printed and not posted");
        console::plain(&body);
        return Ok(());
    };
    let key = key(options)?;
    let repository = github::repository()?;
    let (wanted, verdict) = (wanted(audit), audit.verdict().1);
    let title = match options.comment_key.as_deref().filter(|key| !key.is_empty()) {
        Some(key) => format!("Zendesk drift, {key}: {verdict}"),
        None => format!("Zendesk drift: {verdict}"),
    };
    let run = &audit.facts.run_id;
    let last_word = match wanted {
        Wanted::Closed => format!("The audit {} found no issues, so this is closed.", markdown_code(run)),
        Wanted::Open | Wanted::AsItIs => format!("Opened again by the audit {}: {verdict}.", markdown_code(run)),
    };
    let text = tracking_issue::Text { title: &title, body: &body, last_word: &last_word };
    let tracked = github::block_on(async {
        let github = GitHub::new(&github::api(), &token)?;
        tracking_issue::track(&github, &repository, &key, wanted, text).await
    })?;
    match tracked {
        Ok(tracked) => console.notice(Message::public(match tracked {
            Tracked::Opened { url } => format!("tracking issue: opened {url}"),
            Tracked::Updated { url } => format!("tracking issue: updated {url}"),
            Tracked::Reopened { url } => format!("tracking issue: opened again {url}"),
            Tracked::Closed { url } => format!("tracking issue: closed {url}"),
            Tracked::Unchanged { url } => format!("tracking issue: already up to date {url}"),
            Tracked::None => "tracking issue: none is open, and none is needed".to_owned(),
        })),
        Err(error) => {
            let help = error.help();
            let text =
                format!("the tracking issue is not up to date: {error}; {help}. The job summary has the full report");
            warn(console, "Tracking issue", &text);
        }
    }
    Ok(())
}

/// An issue is opened for what is new, lost or beyond a limit, and closed when nothing is left and every limit was checked.
fn wanted(audit: &AuditReport<'_>) -> Wanted {
    let facts = audit.facts;
    let is_new = audit.change.is_some_and(|change| change.new_issues() > 0);
    let is_lost = facts.lost_accounts.is_some_and(|lost| lost > 0);
    if is_new || is_lost || facts.thresholds.iter().any(|judgement| judgement.breached) {
        Wanted::Open
    } else if facts.issues == 0 && facts.thresholds.iter().all(|judgement| judgement.value.is_some()) {
        Wanted::Closed
    } else {
        Wanted::AsItIs
    }
}

fn key(options: &Options) -> Result<Key, Failure> {
    match options.comment_key.as_deref().filter(|key| !key.is_empty()) {
        Some(text) => Key::parse(text)
            .ok_or_else(|| Failure::invalid("--comment-key is letters, digits, `.`, `_` and single `-`, 100 at most")),
        None => Ok(Key::default()),
    }
}

/// What stands in the comment where GitHub takes no more.
const TOO_LONG: &str = "This report is too long for a comment. See the job summary.\n";

/// A warning that is seen on the page of the workflow's run, or, elsewhere, on standard error. GitHub's words may be in it.
fn warn(console: &Console, title: &str, text: &str) {
    if github::variable("GITHUB_ACTIONS").is_some() {
        console::plain(&annotations::warning(title, text));
    } else {
        console.notice(Message::public(text));
    }
}

/// The number of the pull request that the workflow's event is about.
fn pull_request_of_event() -> Option<u64> {
    let bytes = files::read(Path::new(&github::variable("GITHUB_EVENT_PATH")?), files::LONGEST_PAYLOAD).ok()?;
    let event: Value = serde_json::from_slice(&bytes).ok()?;
    event.pointer("/pull_request/number")?.as_u64()
}
