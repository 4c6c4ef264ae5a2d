//! GitHub, as a workflow needs it: the one comment on a pull request, the tracking issue, the run that a plan came from, and the approval of a
//! hash in a reviewed pull request.
//!
//! [`GitHub`] sends; [`comment`], [`tracking_issue`], [`runs`] and [`approval`] each ask and decide one thing. Left out: rendering (`report`), and
//! the environment and exit codes (`commands`).

pub(crate) mod approval;
mod client;
pub(crate) mod comment;
#[cfg(feature = "proofs")]
pub(crate) mod doors;
pub(crate) mod inputs;
pub(crate) mod runs;
pub(crate) mod step_output;
pub(crate) mod tracking_issue;

pub(crate) use client::{DEFAULT_API, GitHub, GitHubError, Token};

use std::fmt;

/// A repository, `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository(String);

impl Repository {
    /// Reads `owner/name`; `None` when it cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c))
        };
        let (owner, name) = text.split_once('/')?;
        (plain(owner) && plain(name)).then(|| Self(text.to_owned()))
    }

    /// Whether GitHub means this repository; it compares without case.
    pub(crate) fn is(&self, full_name: &str) -> bool {
        self.0.eq_ignore_ascii_case(full_name)
    }

    /// A route below the repository.
    fn route(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.0)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The branch that counts: schedules run on it, and approvals are merged into it.
#[derive(Debug)]
struct Branch {
    name: String,
    /// Its last commit. A name could also be a tag's, which anybody who may write can make; this cannot.
    tip: String,
}

#[derive(Debug, serde::Deserialize)]
struct RepositoryRecord {
    default_branch: String,
}

#[derive(Debug, serde::Deserialize)]
struct BranchRecord {
    commit: Commit,
}

#[derive(Debug, serde::Deserialize)]
struct Commit {
    sha: String,
}

impl GitHub {
    async fn default_branch(&self, repository: &Repository) -> Result<Branch, GitHubError> {
        let RepositoryRecord { default_branch: name } = self.get(&repository.route("")).await?;
        let record: BranchRecord = self.get(&repository.route(&format!("/branches/{}", encoded(&name)))).await?;
        Ok(Branch { name, tip: record.commit.sha })
    }
}

/// A part of a path, or a value of a query, with everything but letters, digits, `-`, `.`, `_` and `~` as `%` and hex.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|c| match c {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(c).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// One after the other, which of the things that must hold do; the first that does not ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// What is asked, such as `the run is of this repository`.
    pub what: &'static str,
    /// What was found instead, where it does not hold.
    pub instead: Option<String>,
}

impl Check {
    fn of(what: &'static str, holds: bool, instead: impl FnOnce() -> String) -> Self {
        Self { what, instead: (!holds).then(instead) }
    }

    /// Whether it holds.
    pub(crate) fn holds(&self) -> bool {
        self.instead.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_repository_can_be_part_of_a_route() {
        let parsed = |text| Repository::parse(text).map(|repository| repository.route("/actions/runs/1"));
        assert_eq!(parsed("acme/support-ops").as_deref(), Some("/repos/acme/support-ops/actions/runs/1"));
        for text in ["", "acme", "acme/", "/ops", "acme/ops/x", "acme/..", "a b/ops", "acme/ops?x", "acme/ops#x"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn what_comes_from_outside_stays_one_part_of_a_url() {
        assert_eq!(encoded("drift-audit.yml"), "drift-audit.yml");
        assert_eq!(encoded("../a b?c&d/é"), "..%2Fa%20b%3Fc%26d%2F%C3%A9");
    }
}
