//! The one comment on a pull request: found again by a hidden marker, and edited in place.
//!
//! Anybody may write a comment with the marker in it, so only the token's own are looked at. Creating a comment notifies
//! people and is never repeated blindly; editing does not.

use super::{GitHub, GitHubError, Repository};
use serde::Deserialize;
use serde_json::{Value, json};

/// The author of whatever a workflow's own token writes.
const ACTIONS_BOT: &str = "github-actions[bot]";

/// Tells several comments on one pull request apart: letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// `None` when it could end the marker that it stands in.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
        let fits = (1..=100).contains(&text.len()) && text.bytes().all(plain) && !text.contains("--");
        fits.then(|| Self(text.to_owned()))
    }

    /// The first line of the comment or of the tracking issue. Markdown shows nothing of it.
    pub(super) fn marker(&self) -> String {
        format!("<!-- g-gremlin:sticky v1 key={} -->", self.0)
    }
}

impl Default for Key {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

/// What became of the comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Posted {
    Created {
        url: String,
    },
    Updated {
        url: String,
    },
    /// It said the same already.
    Unchanged {
        url: String,
    },
}

/// A comment, and what is odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upserted {
    pub posted: Posted,
    /// More than one comment has the marker: this many others are left as they are.
    pub others: usize,
    /// GitHub found the body too long, and the short one stands there.
    pub shortened: bool,
}

#[derive(Debug, Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    user: Option<Author>,
    #[serde(default)]
    html_url: String,
}

#[derive(Debug, Deserialize)]
struct Author {
    login: String,
}

/// Makes the comment say `body`, or `short` where GitHub finds that too long.
///
/// Errors: what GitHub refused; a comment that failed is no reason to fail a run, which is the caller's to see to.
pub(crate) async fn upsert(
    github: &GitHub,
    repository: &Repository,
    pull_request: u64,
    key: &Key,
    body: &str,
    short: &str,
) -> Result<Upserted, GitHubError> {
    let whole = format!("{}\n{body}", key.marker());
    match put(github, repository, pull_request, key, &whole).await {
        Err(GitHubError::Refused { status: 422, .. }) => {
            let whole = format!("{}\n{short}", key.marker());
            let upserted = put(github, repository, pull_request, key, &whole).await?;
            Ok(Upserted { shortened: true, ..upserted })
        }
        other => other,
    }
}

async fn put(
    github: &GitHub,
    repository: &Repository,
    pull_request: u64,
    key: &Key,
    whole: &str,
) -> Result<Upserted, GitHubError> {
    let comments = repository.route(&format!("/issues/{pull_request}/comments"));
    let all: Vec<Comment> = github.list(&comments, None).await?;
    let marked = |comment: &&Comment| comment.body.as_deref().is_some_and(|body| begins_with(body, &key.marker()));
    let mut marked: Vec<&Comment> = all.iter().filter(marked).collect();
    if !marked.is_empty() {
        let me = own_login(github).await?;
        marked.retain(|comment| comment.user.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(&me)));
    }
    let sent = json!({ "body": whole });
    if let Some(first) = marked.iter().min_by_key(|comment| comment.id) {
        let upserted = |posted| Upserted { posted, others: marked.len() - 1, shortened: false };
        if first.body.as_deref().is_some_and(|body| is_same(body, whole)) {
            return Ok(upserted(Posted::Unchanged { url: first.html_url.clone() }));
        }
        let route = repository.route(&format!("/issues/comments/{}", first.id));
        match github.patch::<Comment>(&route, &sent).await {
            Ok(comment) => return Ok(upserted(Posted::Updated { url: comment.html_url })),
            // It was deleted meanwhile, or may be read and not edited.
            Err(GitHubError::Refused { status: 403 | 404, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let comment: Comment = github.post(&comments, &sent).await?;
    Ok(Upserted { posted: Posted::Created { url: comment.html_url }, others: 0, shortened: false })
}

/// Whether the first line is the marker, whatever ends it.
pub(super) fn begins_with(body: &str, marker: &str) -> bool {
    body.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with(['\n', '\r']))
}

/// Whether two bodies say the same; GitHub may keep other line ends, and none at the end.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.replace("\r\n", "\n").trim_end() == other.replace("\r\n", "\n").trim_end()
}

/// Whose comments the token writes: a person's, an app's, or the bot's of a workflow, which may not ask everywhere.
///
/// Errors: what may pass. Whoever guesses then could miss the own comment and make a second one.
pub(super) async fn own_login(github: &GitHub) -> Result<String, GitHubError> {
    let refused = |error: &GitHubError| matches!(error, GitHubError::Refused { status: 400..=499, .. });
    match github.query("{ viewer { login } }").await {
        Ok(data) => {
            if let Some(login) = data.pointer("/viewer/login").and_then(Value::as_str) {
                return Ok(login.to_owned());
            }
        }
        Err(error) if refused(&error) => {}
        Err(error) => return Err(error),
    }
    match github.get::<Author>("/user").await {
        Ok(Author { login }) => Ok(login),
        Err(error) if refused(&error) => Ok(ACTIONS_BOT.to_owned()),
        Err(error) => Err(error),
    }
}

/// Whether a page of comments can be read, and one of them is ours, for the proofs.
#[cfg(feature = "proofs")]
pub(super) fn reads(body: &[u8]) -> bool {
    let marker = Key::default().marker();
    super::client::parse::<Vec<Comment>>("comments", body).is_ok_and(|comments| {
        comments.iter().filter_map(|comment| comment.body.as_deref()).any(|body| begins_with(body, &marker))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_end_the_marker() {
        let key = Key::parse("acme-eu.1").expect("a key");
        assert_eq!(key.marker(), "<!-- g-gremlin:sticky v1 key=acme-eu.1 -->");
        for text in ["", "a b", "a-->", "a--b", "a\nb", &"x".repeat(101)] {
            assert_eq!(Key::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_a_comment_that_begins_with_the_whole_marker_is_it() {
        let marker = Key::default().marker();
        assert!(begins_with(&format!("{marker}\r\ntext"), &marker));
        assert!(!begins_with(&format!("> {marker}\ntext"), &marker));
        assert!(!begins_with(&format!("{marker} text"), &marker));
        assert!(is_same("a\r\nb\n", "a\nb"));
    }
}
