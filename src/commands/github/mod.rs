//! `github`: what the workflows ask GitHub before they trust something. Nothing is written there.

pub mod action;

use super::disk;
use crate::cli::{CheckApproval, Common, FindRun, GithubCommand, Outputs};
use crate::clock;
use crate::console::{Console, Format};
use crate::exit::{Exit, Failure};
use crate::github::approval::{self, Question};
use crate::github::runs::{self, Search, Wanted};
use crate::github::step_output::Output;
use crate::github::{Check, DEFAULT_API, GitHub, GitHubError, Repository, Token};
use crate::text::audience::Message;
use serde_json::{Map, Value};

/// Runs `github`.
pub fn run(common: &Common, command: &GithubCommand) -> Result<Exit, Failure> {
    let console = common.console();
    match command {
        GithubCommand::FindRun(options) => find_run(&console, options),
        GithubCommand::CheckApproval(options) => check_approval(&console, options),
        GithubCommand::Action(step) => action::run(common, step),
    }
}

/// A variable that GitHub sets in every step.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn needed(name: &'static str) -> Result<String, Failure> {
    variable(name).ok_or_else(|| {
        Failure::invalid(Message::public(format!("{name} is not set"))).help(
            "GitHub sets it in every step of a workflow; pass the token with `env`: GITHUB_TOKEN: ${{ \
                github.token }}",
        )
    })
}

/// The token of the environment; `None` where there is none.
pub(super) fn token() -> Result<Option<Token>, Failure> {
    variable("GITHUB_TOKEN").map(|text| Token::new(&text).ok_or_else(no_token)).transpose()
}

fn no_token() -> Failure {
    Failure::invalid(
        "GITHUB_TOKEN is not a token: it contains white space or characters that are not allowed in a header",
    )
}

fn needed_token() -> Result<Token, Failure> {
    needed("GITHUB_TOKEN").and_then(|text| Token::new(&text).ok_or_else(no_token))
}

/// The repository that the workflow runs in.
pub(super) fn repository() -> Result<Repository, Failure> {
    let text = needed("GITHUB_REPOSITORY")?;
    Repository::parse(&text).ok_or_else(|| Failure::invalid("GITHUB_REPOSITORY is not `owner/name`"))
}

/// Where GitHub's API is.
pub(super) fn api() -> String {
    variable("GITHUB_API_URL").unwrap_or_else(|| DEFAULT_API.to_owned())
}

fn unreadable(error: &GitHubError) -> Failure {
    Failure::new(Exit::Unreadable, "GitHub could not be read")
        .because(Message::public(error.to_string()))
        .help(error.help())
}

fn find_run(console: &Console, options: &FindRun) -> Result<Exit, Failure> {
    let FindRun { run_id, latest: _, baseline, workflow, artifact_prefix, outputs } = options;
    let repository = repository()?;
    let token = needed_token()?;
    let wanted = Wanted { workflow: workflow.clone(), artifact_prefix: artifact_prefix.clone(), own_run: own_run() };
    let (found, refusal) = match run_id {
        Some(id) => {
            let answer = block_on(async {
                let github = GitHub::new(&api(), &token)?;
                runs::named(&github, &repository, &wanted, *id).await
            })?;
            let answer = answer.map_err(|error| unreadable(&error))?;
            console.heading(Message::public(format!("Run {id} of {repository}")));
            tell(console, &answer.checks);
            let refusal = answer.found.is_none().then(|| not_used(*id, &answer.checks));
            (answer.found, refusal)
        }
        None => {
            let search = block_on(async {
                let github = GitHub::new(&api(), &token)?;
                runs::search(&github, &repository, &wanted, *baseline).await
            })?;
            let search = search.map_err(|error| unreadable(&error))?;
            let refusal = baseline.then(|| no_baseline(&search)).flatten();
            (if *baseline { search.baseline } else { search.newest }, refusal)
        }
    };
    let of = |value: fn(&runs::Found) -> String| found.as_ref().map(value).unwrap_or_default();
    let results = vec![
        ("found", found.is_some().to_string()),
        ("run-id", of(|found| found.run_id.to_string())),
        ("head-sha", of(|found| found.head_sha.clone())),
        ("started-at", of(|found| found.started_at.clone())),
        ("artifact-id", of(|found| found.artifact_id.to_string())),
        ("artifact-name", of(|found| found.artifact_name.clone())),
    ];
    publish(console, outputs, results)?;
    match (&found, refusal) {
        (_, Some(refusal)) => return Err(refusal),
        (Some(found), None) => {
            let text = format!("Run {} of {}, artifact {}", found.run_id, found.started_at, found.artifact_name);
            console.say(Message::public(text));
        }
        (None, None) => console.notice(Message::public(format!(
            "no finished run of {workflow} on the default branch has an artifact {artifact_prefix}…; the first \
                audit has no baseline"
        ))),
    }
    Ok(Exit::Done)
}

/// The run of the workflow that this step is part of.
fn own_run() -> Option<u64> {
    variable("GITHUB_RUN_ID").and_then(|id| id.parse().ok())
}

fn not_used(run_id: u64, checks: &[Check]) -> Failure {
    refused(&format!("run {run_id} is not used"), checks).help(
        "name a run of the audit's workflow on the default branch that still has its artifact; if there is none, run \
                that workflow again",
    )
}

/// Why an audit must not go on without a baseline: there was one, so its limits would be kept by forgetting it.
fn no_baseline(search: &Search) -> Option<Failure> {
    let Search { newest, baseline, expired } = search;
    let cause = match (baseline, newest, expired) {
        (Some(_), ..) | (None, None, None) => return None,
        (None, _, Some(run)) => format!("the artifact of run {run} has expired"),
        (None, Some(newest), None) => {
            format!("no run up to {} is within the limits of new issues and lost accounts", newest.run_id)
        }
    };
    Some(
        Failure::new(Exit::Unreadable, "there is no usable baseline").because(Message::public(cause)).help(
            "check the newest audit, and start the audit workflow once with accept-new to accept all current issues",
        ),
    )
}

/// The folder of the approvals, where no option names another.
pub const APPROVALS: &str = ".g-gremlin/approvals";

fn check_approval(console: &Console, options: &CheckApproval) -> Result<Exit, Failure> {
    let CheckApproval { plan_hash, folder, outputs } = options;
    let approved = approved(console, plan_hash, folder);
    let of = |value: fn(&approval::Approved) -> String| approved.as_ref().map(value).unwrap_or_default();
    let results = vec![
        ("approved", approved.is_ok().to_string()),
        ("pull-request", of(|approved| approved.pull_request.to_string())),
        ("reviewer", of(|approved| approved.reviewer.clone())),
    ];
    if approved.as_ref().map_or_else(|failure| failure.exit == Exit::Refused, |_| true) {
        publish(console, outputs, results)?;
    }
    let approval::Approved { pull_request, reviewer } = approved?;
    console.say(Message::public(format!("Approved by {reviewer} in #{pull_request}.")));
    Ok(Exit::Done)
}

/// The approval of a plan's hash; without one it is refused, with every check that does not hold.
fn approved(console: &Console, plan_hash: &str, folder: &str) -> Result<approval::Approved, Failure> {
    let repository = repository()?;
    let mut dispatchers = vec![needed("GITHUB_ACTOR")?];
    dispatchers.extend(variable("GITHUB_TRIGGERING_ACTOR"));
    let token = needed_token()?;
    let question = Question {
        plan_hash: plan_hash.to_owned(),
        folder: folder.to_owned(),
        dispatchers,
        dispatcher_id: variable("GITHUB_ACTOR_ID").and_then(|id| id.parse().ok()),
        today: clock::now().date(),
    };
    let answer = block_on(async {
        let github = GitHub::new(&api(), &token)?;
        approval::check(&github, &repository, &question).await
    })?;
    let answer = answer.map_err(|error| unreadable(&error))?;
    console.heading(Message::public(format!("Approval of {plan_hash}")));
    tell(console, &answer.checks);
    answer.approved.ok_or_else(|| {
        refused("the plan is not approved", &answer.checks).help(Message::public(format!(
            "merge a pull request that adds {folder}/{plan_hash}.yaml, approved by a person with write \
                permission who does not start the workflow"
        )))
    })
}

/// Runs a conversation with GitHub to its end.
pub(super) fn block_on<T>(conversation: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = crate::parallel::runtime().map_err(|error| disk("no request was sent to GitHub", error))?;
    Ok(runtime.block_on(conversation))
}

/// Each check as a line.
fn tell(console: &Console, checks: &[Check]) {
    for Check { what, instead } in checks {
        console.say(Message::public(match instead {
            None => format!("  ok    {what}"),
            Some(instead) => format!("  fail  {what}: {}", crate::text::escape::terminal(instead)),
        }));
    }
}

fn refused(what: &str, checks: &[Check]) -> Failure {
    checks
        .iter()
        .filter_map(|check| check.instead.as_ref().map(|instead| (check.what, instead)))
        .fold(Failure::new(Exit::Refused, Message::public(what)), |failure, (what, instead)| {
            failure.because(Message::public(format!("this check failed: {what} ({instead})")))
        })
}

/// The results for later steps, and as data.
fn publish(console: &Console, outputs: &Outputs, results: Vec<Output>) -> Result<(), Failure> {
    if console.format == Format::Json {
        let data: Map<String, Value> =
            results.iter().map(|(name, value)| (name.replace('-', "_"), value.clone().into())).collect();
        console.data(Message::public(crate::run::artifacts::json(&data)));
    }
    outputs.append(results)
}
