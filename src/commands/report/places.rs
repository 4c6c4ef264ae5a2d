//! Where a report goes on GitHub: the step's summary, and the comment on a pull request.

use super::super::{disk, github, read_config};
use super::Report;
use crate::cli::{Common, Report as Options};
use crate::console::{self, Console};
use crate::exit::Failure;
use crate::files;
use crate::github::GitHub;
use crate::github::comment::{self, Key, Posted, Upserted};
use crate::report::annotations;
use crate::report::html::{HtmlReport, page};
use crate::report::page::{Page, Room};
use crate::run::create::replace_file;
use crate::run::diff::Diff;
use crate::text::audience::Message;
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
        console.notice("the step's summary is full, so this report is not added; the run folder has everything");
        return Ok(());
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// Writes the page beside the run folder, which it does not touch: whole, or not at all.
pub(super) fn html(
    console: &Console,
    common: &Common,
    options: &Options,
    report: &Report<'_>,
    diff: &Diff<'_>,
) -> Result<(), Failure> {
    let Report::Audit(audit) = report else {
        return Err(Failure::invalid("only an audit has a report.html").help("name the run folder of an audit"));
    };
    if console.audience.is_public() {
        console
            .notice("report.html is not written: it holds names, ids and domains, and this repository may be public");
        return Ok(());
    }
    let config = read_config(common.config.as_deref())?;
    let salesforce = config.as_ref().and_then(|file| file.config.instance_url.as_deref());
    let page = masked_everywhere(&page(&HtmlReport { audit: *audit, diff: audit.change.map(|_| diff), salesforce }));
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
        console.notice("there is no GITHUB_TOKEN, so the comment is printed, not posted");
        console::plain(&body);
        return Ok(());
    };
    let key = match options.comment_key.as_deref().filter(|key| !key.is_empty()) {
        Some(text) => Key::parse(text).ok_or_else(|| {
            Failure::invalid("--comment-key is letters, digits, `.`, `_` and single `-`, 100 at most")
        })?,
        None => Key::default(),
    };
    let repository = github::repository()?;
    let Some(number) = options.pr_number.or_else(pull_request_of_event) else {
        console.notice("the event is about no pull request, so there is nothing to comment on");
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
                Posted::Unchanged { url } => ("says the same already", url),
            };
            console.notice(Message::public(format!("comment on #{number}: {what} {url}")));
            if shortened {
                warn(console, "GitHub found the comment too long, so it only points to the job summary");
            }
            if others > 0 {
                warn(console, &format!("{others} more comments have the same marker; they are left as they are"));
            }
        }
        Err(error) => {
            let text =
                format!("#{number} has no comment of this run: {error}; {}. The job summary has it all", error.help());
            warn(console, &text);
        }
    }
    Ok(())
}

/// What stands in the comment where GitHub takes no more.
const TOO_LONG: &str = "This report is too long for a comment. The job summary has it.\n";

/// A warning that is seen on the page of the workflow's run, or, elsewhere, on standard error. GitHub's words may be in it.
fn warn(console: &Console, text: &str) {
    if github::variable("GITHUB_ACTIONS").is_some() {
        console::plain(&annotations::warning("Comment", text));
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
