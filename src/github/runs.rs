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
/// How many pages of runs are read, and then sorted: a re-run makes an old run the newest.
const PAGES_OF_RUNS: usize = 3;
/// In how many of them an artifact is looked for: each costs requests, of which a job has a thousand an hour.
const MOST_SEARCHED: usize = 30;
/// How the artifact's name ends where the run must not be a baseline (rules 12): it broke the limit of new issues or of lost
/// accounts, or its reference shrank, and nobody accepted that.
pub(crate) const NOT_A_BASELINE: &str = "-not-a-baseline";

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The workflow's file below `.github/workflows`.
    pub workflow: String,
    /// How the artifact's name begins.
    pub artifact_prefix: String,
    /// The run that asks, which is not its own predecessor.
    pub own_run: Option<u64>,
}

/// A run that may be trusted, and its artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub run_id: u64,
    pub head_sha: String,
    /// When its last attempt started.
    pub started_at: String,
    pub artifact_id: u64,
    pub artifact_name: String,
}

impl Found {
    /// Whether a later audit may be compared with it.
    pub(crate) fn is_baseline(&self) -> bool {
        !self.artifact_name.ends_with(NOT_A_BASELINE)
    }
}

/// What was found of one run, and what was asked on the way.
#[derive(Debug)]
pub(crate) struct Answer {
    /// `None`: a check does not hold.
    pub found: Option<Found>,
    pub checks: Vec<Check>,
}

/// The newest runs of the audit.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// Of whatever color.
    pub newest: Option<Found>,
    /// The newest that may be a baseline.
    pub baseline: Option<Found>,
    /// A run that may be trusted left an artifact, and it has expired.
    pub expired: Option<u64>,
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
    /// Of its last attempt.
    #[serde(default)]
    run_started_at: Option<String>,
    #[serde(default)]
    run_attempt: Option<u64>,
    repository: Named,
    /// Absent when the repository that a pull request came from is gone.
    #[serde(default)]
    head_repository: Option<Named>,
}

impl Run {
    fn started_at(&self) -> &str {
        self.run_started_at.as_deref().unwrap_or(&self.created_at)
    }
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
    created_at: Option<String>,
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

/// Checks one run.
pub(crate) async fn named(
    github: &GitHub,
    repository: &Repository,
    wanted: &Wanted,
    run_id: u64,
) -> Result<Answer, GitHubError> {
    let branch = github.default_branch(repository).await?;
    let run: Run = github.get(&repository.route(&format!("/actions/runs/{run_id}"))).await?;
    let mut checks = provenance(repository, wanted, &branch, &run);
    if !checks.iter().all(Check::holds) {
        return Ok(Answer { found: None, checks });
    }
    let artifact = artifact_of(github, repository, wanted, &run).await?;
    checks.push(Check::of(ARTIFACT, matches!(artifact, Left::Artifact { .. }), || artifact.instead(wanted)));
    let Left::Artifact { id, name } = artifact else { return Ok(Answer { found: None, checks }) };
    let on_branch = is_on_branch(github, repository, &branch, &run.head_sha).await?;
    checks.push(Check::of("its commit is on the default branch", on_branch, || run.head_sha.clone()));
    Ok(Answer { found: on_branch.then(|| found(&run, id, name)), checks })
}

/// Looks for the newest runs that may be trusted and still have their artifact, by the time at which their last attempt started.
///
/// Errors: a workflow that GitHub does not know, which is a misspelt name; a workflow that has not run yet is no error.
pub(crate) async fn search(
    github: &GitHub,
    repository: &Repository,
    wanted: &Wanted,
    needs_baseline: bool,
) -> Result<Search, GitHubError> {
    let branch = github.default_branch(repository).await?;
    let mut runs = finished_runs(github, repository, wanted, &branch).await?;
    runs.retain(|run| {
        Some(run.id) != wanted.own_run && provenance(repository, wanted, &branch, run).iter().all(Check::holds)
    });
    // RFC 3339 in UTC: the order of the texts is the order of time.
    runs.sort_by(|one, other| (other.started_at(), other.id).cmp(&(one.started_at(), one.id)));
    let mut search = Search::default();
    for run in runs.iter().take(MOST_SEARCHED) {
        let (id, name) = match artifact_of(github, repository, wanted, run).await? {
            Left::Artifact { id, name } => (id, name),
            Left::Expired => {
                search.expired.get_or_insert(run.id);
                continue;
            }
            Left::Nothing { .. } => continue,
        };
        let found = found(run, id, name);
        let is_wanted = search.newest.is_none() || (needs_baseline && found.is_baseline());
        if !is_wanted || !is_on_branch(github, repository, &branch, &run.head_sha).await? {
            continue;
        }
        if found.is_baseline() {
            search.baseline.get_or_insert_with(|| found.clone());
        }
        search.newest.get_or_insert(found);
        if !needs_baseline || search.baseline.is_some() {
            break;
        }
    }
    Ok(search)
}

/// The newest finished runs of the workflow on the default branch, as GitHub sends them.
async fn finished_runs(
    github: &GitHub,
    repository: &Repository,
    wanted: &Wanted,
    branch: &Branch,
) -> Result<Vec<Run>, GitHubError> {
    let workflow = encoded(&wanted.workflow);
    let route = format!("/actions/workflows/{workflow}/runs?branch={}&status=completed", encoded(&branch.name));
    let mut runs = Vec::new();
    for page in 1..=PAGES_OF_RUNS {
        let (more_runs, more): (Vec<Run>, bool) =
            match github.page(&repository.route(&route), Some("workflow_runs"), page).await {
                Err(GitHubError::Refused { status: 404, .. }) => {
                    return Err(GitHubError::NoWorkflow { workflow: wanted.workflow.clone() });
                }
                other => other?,
            };
        runs.extend(more_runs);
        if !more {
            break;
        }
    }
    Ok(runs)
}

const ARTIFACT: &str = "it still has the audit's artifact";

fn found(run: &Run, artifact_id: u64, artifact_name: String) -> Found {
    Found {
        run_id: run.id,
        head_sha: run.head_sha.clone(),
        started_at: run.started_at().to_owned(),
        artifact_id,
        artifact_name,
    }
}

/// What the last attempt of a run left.
enum Left {
    Artifact { id: u64, name: String },
    Expired,
    Nothing { artifacts: usize },
}

impl Left {
    fn instead(&self, wanted: &Wanted) -> String {
        match self {
            Self::Nothing { artifacts } => {
                format!(
                    "{artifacts} artifacts, but none of them is `{}…` from its last attempt",
                    wanted.artifact_prefix
                )
            }
            Self::Expired | Self::Artifact { .. } => "it has expired".to_owned(),
        }
    }
}

/// The artifact of the run's last attempt. Ids do not say which is newer: those of two attempts can be the other way round.
async fn artifact_of(
    github: &GitHub,
    repository: &Repository,
    wanted: &Wanted,
    run: &Run,
) -> Result<Left, GitHubError> {
    let route = repository.route(&format!("/actions/runs/{}/artifacts", run.id));
    let artifacts: Vec<Artifact> = github.list(&route, Some("artifacts")).await?;
    Ok(last_attempts(run, &artifacts, &wanted.artifact_prefix))
}

fn last_attempts(run: &Run, artifacts: &[Artifact], prefix: &str) -> Left {
    let is_its_own = |artifact: &&Artifact| {
        artifact.workflow_run.as_ref().and_then(|origin| origin.id) == Some(run.id) && artifact.name.starts_with(prefix)
    };
    // An artifact from before the last attempt is an earlier attempt's.
    let is_of_last_attempt = |artifact: &&Artifact| match (run.run_attempt, &artifact.created_at) {
        (Some(2..), Some(created_at)) => created_at.as_str() >= run.started_at(),
        _ => true,
    };
    let own = artifacts.iter().filter(is_its_own).filter(is_of_last_attempt);
    let newest = own.max_by_key(|artifact| (artifact.created_at.clone(), attempt(run.id, &artifact.name), artifact.id));
    match newest {
        None => Left::Nothing { artifacts: artifacts.len() },
        Some(Artifact { expired: true, .. }) => Left::Expired,
        Some(Artifact { id, name, .. }) => Left::Artifact { id: *id, name: name.clone() },
    }
}

/// The attempt in a name such as `g-gremlin-audit-RUN-ATTEMPT`.
fn attempt(run_id: u64, name: &str) -> Option<u64> {
    let (_, rest) = name.split_once(&format!("-{run_id}-"))?;
    rest.split('-').next()?.parse().ok()
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
        Check::of("the run is from this repository", repository.is(&run.repository.full_name), || {
            run.repository.full_name.clone()
        }),
        Check::of("its code is from this repository", head.is_some_and(|name| repository.is(name)), || {
            head.map_or_else(none, str::to_owned)
        }),
        Check::of("it is a run of the audit's workflow", path == workflow, || run.path.clone()),
        Check::of("it was started by a schedule or a person", EVENTS.contains(&run.event.as_str()), || {
            run.event.clone()
        }),
        Check::of("it ran on the default branch", head_branch == Some(&branch.name), || {
            head_branch.map_or_else(none, str::to_owned)
        }),
        Check::of("it is finished", status == Some("completed"), || status.map_or_else(none, str::to_owned)),
    ]
}

/// Whether an answer of this kind can be read and judged, for the proofs.
#[cfg(feature = "proofs")]
pub(super) fn reads(kind: &str, body: &[u8]) -> bool {
    use super::client::parse;
    let run = r#"{"id":9,"path":"","event":"","head_sha":"","run_attempt":2,"repository":{"full_name":""}}"#;
    let run: Run = serde_json::from_str(run).expect("a run");
    match kind {
        "runs" => parse::<Vec<Run>>(kind, body).is_ok_and(|runs| {
            let repository = Repository::parse("acme/ops").expect("a repository");
            let wanted =
                Wanted { workflow: "drift-audit.yml".to_owned(), artifact_prefix: "drift".to_owned(), own_run: None };
            let branch = Branch { name: "main".to_owned(), tip: String::new() };
            let holds = |run: &Run| provenance(&repository, &wanted, &branch, run).iter().all(Check::holds);
            runs.iter().any(holds)
        }),
        "artifacts" => parse::<Vec<Artifact>>(kind, body)
            .is_ok_and(|artifacts| matches!(last_attempts(&run, &artifacts, "drift"), Left::Artifact { .. })),
        "comparison" => parse::<Comparison>(kind, body).is_ok(),
        other => unreachable!("no answer {other}"),
    }
}
