//! Where a plan, a baseline or a snapshot came from: the run of the audit's workflow, and its artifact.
//!
//! Anybody who may open a pull request can store an artifact of any name, so a name proves nothing. An artifact is taken
//! only from a finished run of the named workflow, in this repository, on the default branch, started by a schedule or by
//! hand; and only one that GitHub says belongs to that run.

use super::{Check, GitHub, GitHubError, Repository, encoded};
use serde::Deserialize;

/// How a run may have been started.
const EVENTS: [&str; 2] = ["schedule", "workflow_dispatch"];
/// How many pages of runs are looked at for the latest one that still has an artifact.
const PAGES_OF_RUNS: usize = 3;

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
    let default_branch = github.default_branch(repository).await?;
    let run: Run = github.get(&repository.route(&format!("/actions/runs/{run_id}"))).await?;
    look(github, repository, wanted, &default_branch, &run).await
}

/// Looks for the newest run that may be trusted and still has its artifact.
///
/// A workflow that GitHub does not know has no runs.
pub async fn latest(github: &GitHub, repository: &Repository, wanted: &Wanted) -> Result<Answer, GitHubError> {
    let default_branch = github.default_branch(repository).await?;
    let route = format!(
        "/actions/workflows/{}/runs?branch={}&status=completed",
        encoded(&wanted.workflow),
        encoded(&default_branch)
    );
    let mut last = Answer { found: None, checks: Vec::new() };
    for page in 1..=PAGES_OF_RUNS {
        let (runs, more): (Vec<Run>, bool) =
            match github.page(&repository.route(&route), Some("workflow_runs"), page).await {
                Err(GitHubError::Refused { status: 404, .. }) => return Ok(last),
                other => other?,
            };
        // Newest first, as GitHub sends them; a run that may not be trusted is passed over.
        for run in runs {
            let answer = look(github, repository, wanted, &default_branch, &run).await?;
            if answer.found.is_some() {
                return Ok(answer);
            }
            last = answer;
        }
        if !more {
            break;
        }
    }
    Ok(last)
}

/// Checks a run, and then looks for its artifact.
async fn look(
    github: &GitHub,
    repository: &Repository,
    wanted: &Wanted,
    default_branch: &str,
    run: &Run,
) -> Result<Answer, GitHubError> {
    let mut checks = provenance(repository, wanted, default_branch, run);
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
    checks.push(Check::of("it still has the audit's artifact", artifact.is_some(), || {
        format!("{} artifacts, none of them `{}…`, or it has expired", artifacts.len(), wanted.artifact_prefix)
    }));
    let found = artifact.map(|artifact| Found {
        run_id: run.id,
        head_sha: run.head_sha.clone(),
        created_at: run.created_at.clone(),
        artifact_id: artifact.id,
        artifact_name: artifact.name.clone(),
    });
    Ok(Answer { found, checks })
}

/// What must hold of a run.
fn provenance(repository: &Repository, wanted: &Wanted, default_branch: &str, run: &Run) -> Vec<Check> {
    let head = run.head_repository.as_ref().map(|named| named.full_name.as_str());
    let workflow = format!(".github/workflows/{}", wanted.workflow);
    // GitHub adds the ref to the path of some runs.
    let path = run.path.split('@').next().unwrap_or_default();
    let branch = run.head_branch.as_deref();
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
        Check::of("it ran on the default branch", branch == Some(default_branch), || {
            branch.map_or_else(none, str::to_owned)
        }),
        Check::of("it is finished", status == Some("completed"), || status.map_or_else(none, str::to_owned)),
    ]
}
