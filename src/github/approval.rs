//! Four eyes: whether a reviewed pull request approved a plan's hash.
//!
//! Who wrote a commit can be forged, so commits prove nothing here. What counts is read from GitHub: a pull request that is
//! merged into the default branch and added the file with the hash, and the review of somebody else who may write to the
//! repository, given for the very commit that was merged, and for the branch that it was merged into. The file must still be
//! there, as it was approved, and in force; and a person must be the one who dispatches, or one alone could be both.

use super::{Branch, Check, Commit, GitHub, GitHubError, Repository, encoded};
use crate::model::time::is_date;
use base64::Engine;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// 64 lower-case hex digits.
    pub plan_hash: String,
    /// The folder of approvals, without slashes at its ends.
    pub folder: String,
    /// The logins of those who dispatch: everybody whose approval does not count.
    pub dispatchers: Vec<String>,
    /// The account that started the run. It stays the same when its login is changed.
    pub dispatcher_id: Option<u64>,
    /// The day, in UTC, as `2026-12-31`.
    pub today: String,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Who approved, and in which pull request.
    pub approved: Option<Approved>,
    pub checks: Vec<Check>,
}

/// A valid approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Approved {
    pub pull_request: u64,
    pub reviewer: String,
}

/// The file of an approval: `.g-gremlin/approvals/<hash>.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    plan_hash: String,
    /// The last day, in UTC.
    expires: String,
}

#[derive(Debug, Deserialize)]
struct Content {
    #[serde(rename = "type")]
    kind: String,
    sha: String,
    #[serde(default)]
    encoding: String,
    #[serde(default)]
    content: String,
}

#[derive(Debug, Deserialize)]
struct Numbered {
    number: u64,
}

#[derive(Debug, Deserialize)]
struct PullRequest {
    number: u64,
    merged: bool,
    user: Option<Account>,
    head: Tip,
    base: Base,
}

#[derive(Debug, Deserialize)]
struct Tip {
    sha: String,
}

#[derive(Debug, Deserialize)]
struct Base {
    #[serde(rename = "ref")]
    branch: String,
    repo: Named,
}

#[derive(Debug, Deserialize)]
struct Named {
    full_name: String,
}

#[derive(Debug, Deserialize)]
struct Account {
    id: u64,
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Debug, Deserialize)]
struct ChangedFile {
    filename: String,
    status: String,
    /// Of the file's content at the head of the pull request.
    sha: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Review {
    id: u64,
    user: Option<Account>,
    state: String,
    commit_id: Option<String>,
    /// Absent while the review is only a draft.
    submitted_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Event {
    event: String,
    #[serde(default)]
    created_at: String,
}

/// What happens to a pull request that from then on goes to another branch, and so shows another change.
const RETARGETED: [&str; 2] = ["base_ref_changed", "automatic_base_change_succeeded"];

#[derive(Debug, Deserialize)]
struct Permission {
    permission: String,
}

/// Looks whether the hash is approved.
///
/// Errors: what GitHub refused or did not answer. Whatever GitHub says that is not an approval gives a check that fails.
pub(crate) async fn check(
    github: &GitHub,
    repository: &Repository,
    question: &Question,
) -> Result<Answer, GitHubError> {
    let bot = question.dispatchers.iter().find(|login| login.ends_with("[bot]"));
    let mut checks = vec![Check::of("a person started it", bot.is_none(), || bot.cloned().unwrap_or_default())];
    if bot.is_some() {
        return Ok(Answer { approved: None, checks });
    }
    let branch = github.default_branch(repository).await?;
    let path = format!("{}/{}.yaml", question.folder, question.plan_hash);
    let Some(blob) = file_in_force(github, repository, question, &path, &branch, &mut checks).await? else {
        return Ok(Answer { approved: None, checks });
    };
    let pulls = pull_requests(github, repository, &path, &branch).await?;
    let mut added_by = Vec::new();
    let mut instead = format!("no pull request made the last change to {path}");
    for number in pulls {
        match adds(github, repository, number, &path, &blob, &branch).await? {
            Ok(pull) => added_by.push(pull),
            Err(why) => instead = format!("#{number} {why}"),
        }
    }
    let what = "a merged pull request added it, as it is now";
    checks.push(Check::of(what, !added_by.is_empty(), || instead));
    let mut instead = "nobody approved it".to_owned();
    let mut approved = None;
    for pull in &added_by {
        match reviewer(github, repository, question, pull).await? {
            Ok(reviewer) => {
                approved = Some(Approved { pull_request: pull.number, reviewer });
                break;
            }
            Err(why) => instead = why,
        }
    }
    if !added_by.is_empty() {
        let what = "another person with write permission approved it in a review of its last commit";
        checks.push(Check::of(what, approved.is_some(), || instead));
    }
    Ok(Answer { approved, checks })
}

/// The blob of the approval's file, when it is on the default branch, says what it must, and has not expired.
async fn file_in_force(
    github: &GitHub,
    repository: &Repository,
    question: &Question,
    path: &str,
    branch: &Branch,
    checks: &mut Vec<Check>,
) -> Result<Option<String>, GitHubError> {
    let encoded_path: Vec<String> = path.split('/').map(encoded).collect();
    let route = repository.route(&format!("/contents/{}?ref={}", encoded_path.join("/"), encoded(&branch.tip)));
    let content: Option<Content> = match github.get(&route).await {
        Ok(content) => Some(content),
        Err(GitHubError::Refused { status: 404, .. }) => None,
        Err(error) => return Err(error),
    };
    let text = content.as_ref().and_then(text_of);
    let what = "the approval's file is on the default branch";
    checks.push(Check::of(what, text.is_some(), || format!("no file {path} on {}", branch.name)));
    let Some((content, text)) = content.zip(text) else { return Ok(None) };
    let approval: Result<Approval, _> = serde_yaml::from_str(&text);
    let approval = match approval {
        Ok(approval) => approval,
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().next().unwrap_or_default().to_owned();
            checks.push(Check::of("it has `plan_hash` and `expires`, and nothing else", false, || why));
            return Ok(None);
        }
    };
    let Approval { plan_hash, expires } = approval;
    let named = plan_hash == question.plan_hash;
    checks.push(Check::of("it names the hash", named, || plan_hash.clone()));
    let in_force = is_date(&expires) && expires >= question.today;
    checks.push(Check::of("it has not expired", in_force, || format!("expires: {expires}")));
    Ok((named && in_force).then_some(content.sha))
}

/// The text of a file; `None` for a folder, a link, or what is no text.
fn text_of(content: &Content) -> Option<String> {
    if content.kind != "file" || content.encoding != "base64" {
        return None;
    }
    let folded: String = content.content.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(folded).ok()?;
    String::from_utf8(bytes).ok()
}

/// The numbers of the pull requests that the file's last change came with, ascending.
///
/// Earlier ones do not count: what was approved and then taken back must not come to life again when somebody adds the
/// same file once more.
async fn pull_requests(
    github: &GitHub,
    repository: &Repository,
    path: &str,
    branch: &Branch,
) -> Result<Vec<u64>, GitHubError> {
    let route = repository.route(&format!("/commits?path={}&sha={}", encoded(path), encoded(&branch.tip)));
    // Newest first.
    let (commits, _): (Vec<Commit>, bool) = github.page(&route, None, 1).await?;
    let Some(last) = commits.first() else { return Ok(Vec::new()) };
    let route = repository.route(&format!("/commits/{}/pulls", encoded(&last.sha)));
    let pulls: Vec<Numbered> = github.list(&route, None).await?;
    let mut numbers: Vec<u64> = pulls.into_iter().map(|pull| pull.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// The pull request, when it is merged into the default branch and added the file with this very content; else why not.
async fn adds(
    github: &GitHub,
    repository: &Repository,
    number: u64,
    path: &str,
    blob: &str,
    branch: &Branch,
) -> Result<Result<PullRequest, String>, GitHubError> {
    let pull: PullRequest = github.get(&repository.route(&format!("/pulls/{number}"))).await?;
    if !pull.merged {
        return Ok(Err("is not merged".to_owned()));
    }
    if !repository.is(&pull.base.repo.full_name) || pull.base.branch != branch.name {
        return Ok(Err(format!("was merged into {}, not into {}", pull.base.branch, branch.name)));
    }
    let files: Vec<ChangedFile> = github.list(&repository.route(&format!("/pulls/{number}/files")), None).await?;
    Ok(match files.iter().find(|file| file.filename == path) {
        None => Err("does not contain the file".to_owned()),
        Some(file) if file.status != "added" => Err(format!("did not add the file ({})", file.status)),
        Some(file) if file.sha.as_deref() != Some(blob) => Err("added it with different content".to_owned()),
        Some(_) => Ok(pull),
    })
}

/// Somebody whose approval counts; else why nobody's does.
async fn reviewer(
    github: &GitHub,
    repository: &Repository,
    question: &Question,
    pull: &PullRequest,
) -> Result<Result<String, String>, GitHubError> {
    let route = repository.route(&format!("/pulls/{}/reviews", pull.number));
    let mut reviews: Vec<Review> = github.list(&route, None).await?;
    // A draft has an id long before it is submitted.
    reviews.sort_by(|a, b| (&a.submitted_at, a.id).cmp(&(&b.submitted_at, b.id)));
    // Of each reviewer the last word; a mere comment takes nothing back.
    let mut last: BTreeMap<u64, &Review> = BTreeMap::new();
    for review in reviews.iter().filter(|review| !matches!(review.state.as_str(), "COMMENTED" | "PENDING")) {
        if let Some(user) = &review.user {
            last.insert(user.id, review);
        }
    }
    let author = pull.user.as_ref().map(|user| user.id);
    let retargeted = last_retargeted(github, repository, pull.number).await?;
    let mut why = format!("#{}: nobody approved it", pull.number);
    for review in last.values().filter(|review| review.state == "APPROVED") {
        let Some(user) = &review.user else { continue };
        let dispatches = question.dispatcher_id == Some(user.id)
            || question.dispatchers.iter().any(|login| login.eq_ignore_ascii_case(&user.login));
        let because = if dispatches {
            "also started the workflow"
        } else if author == Some(user.id) {
            "also wrote the pull request"
        } else if user.kind != "User" {
            "is not a person"
        } else if review.commit_id.as_deref() != Some(&pull.head.sha) {
            "approved a commit other than the last one"
        } else if retargeted.is_some() && review.submitted_at <= retargeted {
            "did so before its target branch changed, and may have seen a different change"
        } else if !may_write(github, repository, &user.login).await? {
            "cannot write to the repository"
        } else {
            return Ok(Ok(user.login.clone()));
        };
        why = format!("#{}: {} approved it, but {because}", pull.number, user.login);
    }
    Ok(Err(why))
}

/// When the pull request was last made to go to another branch, if it ever was, in UTC as GitHub writes it.
async fn last_retargeted(github: &GitHub, repository: &Repository, number: u64) -> Result<Option<String>, GitHubError> {
    let events: Vec<Event> = github.list(&repository.route(&format!("/issues/{number}/events")), None).await?;
    let retargeted = events.into_iter().filter(|event| RETARGETED.contains(&event.event.as_str()));
    Ok(retargeted.map(|event| event.created_at).max())
}

async fn may_write(github: &GitHub, repository: &Repository, login: &str) -> Result<bool, GitHubError> {
    let route = repository.route(&format!("/collaborators/{}/permission", encoded(login)));
    match github.get::<Permission>(&route).await {
        // `maintain` counts as write here, and `triage` as read.
        Ok(Permission { permission }) => Ok(matches!(permission.as_str(), "admin" | "write")),
        Err(GitHubError::Refused { status: 404, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an answer of this kind can be read, for the proofs.
#[cfg(feature = "proofs")]
pub(super) fn reads(kind: &str, body: &[u8]) -> bool {
    use super::client::parse;
    match kind {
        "contents" => parse::<Content>(kind, body).is_ok_and(|content| text_of(&content).is_some()),
        "approval's file" => std::str::from_utf8(body)
            .is_ok_and(|text| serde_yaml::from_str::<Approval>(text).is_ok_and(|approval| is_date(&approval.expires))),
        "pull requests of a commit" => parse::<Vec<Numbered>>(kind, body).is_ok(),
        "pull request" => parse::<PullRequest>(kind, body).is_ok(),
        "changed files" => parse::<Vec<ChangedFile>>(kind, body).is_ok(),
        "reviews" => parse::<Vec<Review>>(kind, body).is_ok(),
        "events" => parse::<Vec<Event>>(kind, body).is_ok(),
        "permission" => parse::<Permission>(kind, body).is_ok(),
        other => unreachable!("no answer {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_anything_else_is_not() {
        let content = |kind: &str, encoding: &str, content: &str| Content {
            kind: kind.to_owned(),
            sha: String::new(),
            encoding: encoding.to_owned(),
            content: content.to_owned(),
        };
        assert_eq!(text_of(&content("file", "base64", "cGxh\nbg==\n")).as_deref(), Some("plan"));
        for other in
            [content("symlink", "base64", "cGxhbg=="), content("file", "none", ""), content("file", "base64", "!")]
        {
            assert_eq!(text_of(&other), None);
        }
    }
}
