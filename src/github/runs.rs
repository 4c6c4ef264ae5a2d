//! Where a plan, a baseline or a snapshot came from: the run of the audit's workflow, and its artifact.
//!
//! Anybody who may open a pull request can store an artifact of any name, so a name proves nothing. An artifact is taken
//! only from a finished run of the named workflow, in this repository, on the default branch, started by a schedule or by
//! hand; and only one that GitHub says belongs to that run. The branch's name is not enough: a run of a tag with that name
//! shows the same, so the commit must be one of the branch.

use super::{Branch, Check, GitHub, GitHubError, Repository, encoded};
use serde::Deserialize;

/// How a run may have been started.
const EVENTS: [&str; 2] = ["schedule", "workflow_dispatch"];
/// How many pages of runs are gone through for the latest one that can be trusted.
const PAGES_OF_RUNS: usize = 3;
/// In how many of them an artifact is looked for: each costs requests, of which a job has a thousand an hour.
const MOST_LOOKED_AT: usize = 30;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The workflow's file below `.github/workflows`.
    pub workflow: String,
    /// How the artifact's name begins.
    pub artifact_prefix: String,
}

/// A run that may be trusted, and its artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub run_id: u64,
    pub head_sha: String,
    pub created_at: String,
    pub artifact_id: u64,
    pub artifact_name: String,
}

/// What was found, and what was asked on the way.
#[derive(Debug)]
pub struct Answer {
    /// `None`: a check does not hold, or there is no such run.
    pub found: Option<Found>,
    /// Of the run that is named, or else of the last one that was looked at.
    pub checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
struct Run {
    id: u64,
    path: String,
    event: String,
    status: Option<String>,
    head_branch: Option<String>,
    head_sha: String,
    #[serde(default)]
    created_at: String,
    repository: Named,
    /// Absent when the repository that a pull request came from is gone.
    #[serde(default)]
    head_repository: Option<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    full_name: String,
}

#[derive(Debug, Deserialize)]
struct Artifact {
    id: u64,
    name: String,
    expired: bool,
    #[serde(default)]
    workflow_run: Option<Origin>,
}

#[derive(Debug, Deserialize)]
struct Comparison {
    status: String,
}

#[derive(Debug, Deserialize)]
struct Origin {
    #[serde(default)]
    id: Option<u64>,
}

/// Looks at one run.
pub async fn named(
    github: &GitHub,
    repository: &Repository,
    wanted: &Wanted,
    run_id: u64,
) -> Result<Answer, GitHubError> {
    let branch = github.default_branch(repository).await?;
    let run: Run = github.get(&repository.route(&format!("/actions/runs/{run_id}"))).await?;
    look(github, repository, wanted, &branch, &run).await
}

/// Looks for the newest run that may be trusted and still has its artifact.
///
/// A workflow that GitHub does not know has no runs.
pub async fn latest(github: &GitHub, repository: &Repository, wanted: &Wanted) -> Result<Answer, GitHubError> {
    let branch = github.default_branch(repository).await?;
    let route = format!(
        "/actions/workflows/{}/runs?branch={}&status=completed",
        encoded(&wanted.workflow),
        encoded(&branch.name)
    );
    let mut last = Answer { found: None, checks: Vec::new() };
    let mut looked_at = 0;
    for page in 1..=PAGES_OF_RUNS {
        let (runs, more): (Vec<Run>, bool) =
            match github.page(&repository.route(&route), Some("workflow_runs"), page).await {
                Err(GitHubError::Refused { status: 404, .. }) => return Ok(last),
                other => other?,
            };
        // Newest first, as GitHub sends them; a run that may not be trusted is passed over.
        for run in runs {
            let answer = look(github, repository, wanted, &branch, &run).await?;
            if answer.found.is_some() {
                return Ok(answer);
            }
            // Whoever fails earlier has cost no request.
            looked_at += usize::from(answer.checks.iter().any(|check| check.what == ARTIFACT));
            last = answer;
            if looked_at == MOST_LOOKED_AT {
                return Ok(last);
            }
        }
        if !more {
            break;
        }
    }
    Ok(last)
}

const ARTIFACT: &str = "it still has the audit's artifact";

/// Checks a run, and then looks for its artifact and its commit.
async fn look(
    github: &GitHub,
    repository: &Repository,
    wanted: &Wanted,
    branch: &Branch,
    run: &Run,
) -> Result<Answer, GitHubError> {
    let mut checks = provenance(repository, wanted, branch, run);
    if !checks.iter().all(Check::holds) {
        return Ok(Answer { found: None, checks });
    }
    let route = repository.route(&format!("/actions/runs/{}/artifacts", run.id));
    let artifacts: Vec<Artifact> = github.list(&route, Some("artifacts")).await?;
    let of_this_run =
        |artifact: &&Artifact| artifact.workflow_run.as_ref().and_then(|origin| origin.id) == Some(run.id);
    let named = |artifact: &&Artifact| artifact.name.starts_with(&wanted.artifact_prefix);
    // Each attempt of a run leaves one; the last is the one that counts.
    let there = artifacts.iter().filter(of_this_run).filter(named).filter(|artifact| !artifact.expired);
    let artifact = there.max_by_key(|artifact| artifact.id);
    checks.push(Check::of(ARTIFACT, artifact.is_some(), || {
        format!("{} artifacts, none of them `{}…`, or it has expired", artifacts.len(), wanted.artifact_prefix)
    }));
    let Some(artifact) = artifact else { return Ok(Answer { found: None, checks }) };
    let on_branch = is_on_branch(github, repository, branch, &run.head_sha).await?;
    checks.push(Check::of("its commit is on the default branch", on_branch, || run.head_sha.clone()));
    let found = on_branch.then(|| Found {
        run_id: run.id,
        head_sha: run.head_sha.clone(),
        created_at: run.created_at.clone(),
        artifact_id: artifact.id,
        artifact_name: artifact.name.clone(),
    });
    Ok(Answer { found, checks })
}

/// Whether the commit is the branch's last one, or one that came before it.
async fn is_on_branch(
    github: &GitHub,
    repository: &Repository,
    branch: &Branch,
    commit: &str,
) -> Result<bool, GitHubError> {
    let (tip, commit) = (encoded(&branch.tip), encoded(commit));
    let route = repository.route(&format!("/compare/{tip}...{commit}?per_page=1"));
    match github.get::<Comparison>(&route).await {
        Ok(Comparison { status }) => Ok(matches!(status.as_str(), "identical" | "behind")),
        // It is gone, or has nothing in common with the branch.
        Err(GitHubError::Refused { status: 404, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What must hold of a run.
fn provenance(repository: &Repository, wanted: &Wanted, branch: &Branch, run: &Run) -> Vec<Check> {
    let head = run.head_repository.as_ref().map(|named| named.full_name.as_str());
    let workflow = format!(".github/workflows/{}", wanted.workflow);
    // GitHub adds the ref to the path of some runs.
    let path = run.path.split('@').next().unwrap_or_default();
    let head_branch = run.head_branch.as_deref();
    let status = run.status.as_deref();
    let none = || "none".to_owned();
    vec![
        Check::of("the run is of this repository", repository.is(&run.repository.full_name), || {
            run.repository.full_name.clone()
        }),
        Check::of("its code is this repository's own", head.is_some_and(|name| repository.is(name)), || {
            head.map_or_else(none, str::to_owned)
        }),
        Check::of("its workflow is the audit's", path == workflow, || run.path.clone()),
        Check::of("a schedule or a person started it", EVENTS.contains(&run.event.as_str()), || run.event.clone()),
        Check::of("it ran on the default branch", head_branch == Some(&branch.name), || {
            head_branch.map_or_else(none, str::to_owned)
        }),
        Check::of("it is finished", status == Some("completed"), || status.map_or_else(none, str::to_owned)),
    ]
}
