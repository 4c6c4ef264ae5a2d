//! The one tracking issue of a Zendesk: opened when something needs a person, edited in place, closed with a last word when
//! nothing is left, opened again when something comes back.
//!
//! It is found by the marker of the comment (`comment`), among the issues that the token itself made. Opening, closing and
//! reopening notify people, so each is done once, and no request that writes is repeated blindly.

use super::comment::{Key, begins_with, is_same, own_login};
use super::{GitHub, GitHubError, Repository, encoded};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the audit calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Something is new, or a limit is breached: an issue must be open.
    Open,
    /// Nothing is left: an open issue is closed.
    Closed,
    /// What is there is known: an open issue is brought up to date, and none is opened for it.
    AsItIs,
}

/// What became of the issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tracked {
    Opened {
        url: String,
    },
    Updated {
        url: String,
    },
    Reopened {
        url: String,
    },
    Closed {
        url: String,
    },
    /// It says the same already.
    Unchanged {
        url: String,
    },
    /// There is none, and none is called for.
    None,
}

/// What the issue says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub title: &'a str,
    pub body: &'a str,
    /// What is said in a comment when it is closed or opened again.
    pub last_word: &'a str,
}

#[derive(Debug, Deserialize)]
struct Issue {
    number: u64,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: Option<String>,
    state: String,
    #[serde(default)]
    html_url: String,
    /// GitHub lists pull requests among the issues.
    #[serde(default)]
    pull_request: Option<Value>,
}

/// A comment that was made: an answer without its id proves nothing.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(rename = "id")]
    _id: u64,
}

/// How many pages of the token's own issues are searched, the latest changed first.
const MOST_PAGES: usize = 10;

/// Brings the issue to what is wanted.
///
/// Errors: what GitHub refused; an issue that failed is no reason to fail a run, which is the caller's to see to.
pub(crate) async fn track(
    github: &GitHub,
    repository: &Repository,
    key: &Key,
    wanted: Wanted,
    text: Text<'_>,
) -> Result<Tracked, GitHubError> {
    let body = format!("{}\n{}", key.marker(), text.body);
    let Some(issue) = find(github, repository, key).await? else {
        if wanted != Wanted::Open {
            return Ok(Tracked::None);
        }
        let sent = json!({ "title": text.title, "body": body });
        let made: Issue = github.post(&repository.route("/issues"), &sent).await?;
        return Ok(Tracked::Opened { url: made.html_url });
    };
    let url = issue.html_url.clone();
    let is_open = issue.state == "open";
    let is_up_to_date = issue.title == text.title && issue.body.as_deref().is_some_and(|old| is_same(old, &body));
    let route = repository.route(&format!("/issues/{}", issue.number));
    match (is_open, wanted) {
        (true, Wanted::Closed) => {
            // The comment comes last: were closing refused, every audit would comment again.
            let sent = json!({ "title": text.title, "body": body, "state": "closed", "state_reason": "completed" });
            let _: Issue = github.patch(&route, &sent).await?;
            say(github, repository, issue.number, text.last_word).await?;
            Ok(Tracked::Closed { url })
        }
        (false, Wanted::Open) => {
            let sent = json!({ "title": text.title, "body": body, "state": "open" });
            let _: Issue = github.patch(&route, &sent).await?;
            say(github, repository, issue.number, text.last_word).await?;
            Ok(Tracked::Reopened { url })
        }
        (true, Wanted::Open | Wanted::AsItIs) if !is_up_to_date => {
            let _: Issue = github.patch(&route, &json!({ "title": text.title, "body": body })).await?;
            Ok(Tracked::Updated { url })
        }
        (true, Wanted::Open | Wanted::AsItIs) => Ok(Tracked::Unchanged { url }),
        // A person closed it, or the last audit did; what it said then stays.
        (false, Wanted::Closed | Wanted::AsItIs) => Ok(Tracked::None),
    }
}

/// The oldest issue of the token's own that begins with the marker; an open one before a closed one.
async fn find(github: &GitHub, repository: &Repository, key: &Key) -> Result<Option<Issue>, GitHubError> {
    let me = own_login(github).await?;
    let route = repository.route(&format!("/issues?state=all&sort=updated&creator={}", encoded(&me)));
    let mut found: Vec<Issue> = Vec::new();
    for page in 1..=MOST_PAGES {
        let (issues, more): (Vec<Issue>, bool) = github.page(&route, None, page).await?;
        let is_it = |issue: &Issue| {
            issue.pull_request.is_none() && issue.body.as_deref().is_some_and(|body| begins_with(body, &key.marker()))
        };
        found.extend(issues.into_iter().filter(is_it));
        if !more || found.iter().any(|issue| issue.state == "open") {
            break;
        }
    }
    Ok(found.into_iter().min_by_key(|issue| (issue.state != "open", issue.number)))
}

async fn say(github: &GitHub, repository: &Repository, number: u64, text: &str) -> Result<(), GitHubError> {
    let route = repository.route(&format!("/issues/{number}/comments"));
    github.post::<Said>(&route, &json!({ "body": text })).await.map(drop)
}
