//! The inputs of the Action, as GitHub gives them to a step in `INPUTS: ${{ toJSON(inputs) }}`: texts, checked and typed here.
//!
//! Left out: what a command does with them (`commands/github/action`), and their documentation (`action.yml`).

use crate::digest::is_sha256;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How an artifact's name begins when an audit left it.
pub(crate) const AUDIT_ARTIFACT: &str = "g-gremlin-audit";

/// The inputs as texts. All are optional here, as they are in `action.yml`; an unknown one is an error.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct RawInputs {
    command: String,
    config: String,
    sf_accounts: String,
    snapshot: String,
    save_snapshot: String,
    from_run: String,
    audit_workflow: String,
    baseline: String,
    accept_new: String,
    thresholds: String,
    plan: String,
    confirm_plan_hash: String,
    apply: String,
    apply_follows: String,
    only_actions: String,
    max_actions: String,
    max_per_account: String,
    require_approval: String,
    summary: String,
    comment: String,
    issue: String,
    comment_key: String,
    pr_number: String,
    /// Taken out before the inputs go to a step that holds credentials of Zendesk.
    #[serde(skip_serializing)]
    github_token: String,
    allow_public_artifacts: String,
    artifact_name: String,
    retention_days: String,
    apply_workflow: String,
    working_directory: String,
    version: String,
    binary_path: String,
}

/// What the Action runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActionCommand {
    Audit,
    Apply,
    /// What a pull request changes.
    Diff,
    Doctor,
}

impl ActionCommand {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Apply => "apply",
            Self::Diff => "diff",
            Self::Doctor => "doctor",
        }
    }
}

/// Where a snapshot, a baseline or a plan comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The artifact of the run that `from-run` names.
    FromRun,
    Path(PathBuf),
}

/// Which run of the audit an artifact is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FromRun {
    Latest,
    Id(u64),
}

/// The inputs, typed.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    pub command: ActionCommand,
    pub config: Option<PathBuf>,
    pub sf_accounts: Option<PathBuf>,
    pub snapshot: Option<Place>,
    pub save_snapshot: bool,
    pub from_run: Option<FromRun>,
    pub audit_workflow: String,
    pub baseline: Option<Place>,
    pub accept_new: bool,
    /// `NAME=VALUE` each.
    pub thresholds: Vec<String>,
    pub plan: Option<Place>,
    pub confirm_plan_hash: Option<String>,
    /// Whether this run writes to Zendesk.
    pub apply: bool,
    /// Whether this run of the workflow goes on to apply, once the dry run is approved.
    pub apply_follows: bool,
    /// `None`: all of the plan's. The list may be empty.
    pub only_actions: Option<Vec<String>>,
    pub max_actions: Option<u32>,
    pub max_per_account: Option<u32>,
    pub require_approval: bool,
    pub summary: bool,
    pub comment: bool,
    pub issue: bool,
    pub comment_key: Option<String>,
    pub pr_number: Option<u64>,
    pub artifact_name: Option<String>,
    pub apply_workflow: String,
}

/// An input that cannot be used. Its value is not repeated: it may hold anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InputError {
    #[error("INPUTS is not the JSON of the action's inputs: {0}")]
    NotInputs(String),
    #[error("the input command must be audit, apply, diff or doctor")]
    Command,
    #[error("the input {0} must be true or false")]
    NotABool(&'static str),
    #[error("the input {0} must be a whole number")]
    NotANumber(&'static str),
    #[error("the input from-run must be the id of a run, or latest")]
    FromRun,
    #[error("the input confirm-plan-hash must be 64 digits of 0-9 and a-f")]
    Hash,
    #[error("the input {0} must be one line")]
    NotALine(&'static str),
    #[error("the command {command} needs the input {input}")]
    Needed { command: &'static str, input: &'static str },
    #[error("the input {input} is from-run, so the command {command} needs the input from-run")]
    NeedsRun { command: &'static str, input: &'static str },
}

impl RawInputs {
    /// Reads what GitHub gives a step.
    pub(crate) fn parse(json: &str) -> Result<Self, InputError> {
        serde_json::from_str(json).map_err(|error| InputError::NotInputs(error.to_string()))
    }

    /// The same for a later step, without the token and in one line.
    pub(crate) fn without_token(&self) -> String {
        // A struct of texts has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether names may be shown in a repository that is not private. Read before the rest, which may be invalid.
    pub(crate) fn allows_public_artifacts(&self) -> bool {
        self.allow_public_artifacts.trim() == "true"
    }

    /// Which command it is, whatever the other inputs are.
    pub(crate) fn command(&self) -> Option<ActionCommand> {
        match self.command.trim() {
            "" | "audit" => Some(ActionCommand::Audit),
            "apply" => Some(ActionCommand::Apply),
            "diff" => Some(ActionCommand::Diff),
            "doctor" => Some(ActionCommand::Doctor),
            _ => None,
        }
    }

    /// Checks and types them.
    pub(crate) fn typed(&self) -> Result<Inputs, InputError> {
        let inputs = Inputs {
            command: self.command().ok_or(InputError::Command)?,
            config: path(&self.config),
            sf_accounts: path(&self.sf_accounts),
            snapshot: place(&self.snapshot),
            save_snapshot: is_true("save-snapshot", &self.save_snapshot)?,
            from_run: from_run(&self.from_run)?,
            audit_workflow: line("audit-workflow", &self.audit_workflow)?.unwrap_or("drift-audit.yml".to_owned()),
            baseline: place(&self.baseline),
            accept_new: is_true("accept-new", &self.accept_new)?,
            thresholds: words(&self.thresholds),
            plan: place(&self.plan),
            confirm_plan_hash: hash(&self.confirm_plan_hash)?,
            apply: is_true("apply", &self.apply)?,
            apply_follows: is_true("apply-follows", &self.apply_follows)?,
            only_actions: only_actions(&self.only_actions),
            max_actions: number("max-actions", &self.max_actions)?,
            max_per_account: number("max-per-account", &self.max_per_account)?,
            // The word false alone turns it off, so that a misspelt one cannot.
            require_approval: !matches!(self.require_approval.trim(), "" | "false"),
            summary: self.summary.trim().is_empty() || is_true("summary", &self.summary)?,
            comment: is_true("comment", &self.comment)?,
            issue: is_true("issue", &self.issue)?,
            comment_key: line("comment-key", &self.comment_key)?,
            pr_number: number("pr-number", &self.pr_number)?,
            artifact_name: line("artifact-name", &self.artifact_name)?,
            apply_workflow: line("apply-workflow", &self.apply_workflow)?.unwrap_or("drift-apply.yml".to_owned()),
        };
        // `action.yml` reads it too, and both take nothing but the word true.
        is_true("allow-public-artifacts", &self.allow_public_artifacts)?;
        inputs.complete()
    }
}

impl Inputs {
    /// Asks for what the command needs by the name of the input.
    fn complete(self) -> Result<Self, InputError> {
        let command = self.command.as_str();
        let needed = match self.command {
            ActionCommand::Apply => vec![("plan", &self.plan)],
            ActionCommand::Diff => vec![("snapshot", &self.snapshot)],
            ActionCommand::Audit | ActionCommand::Doctor => Vec::new(),
        };
        if let Some((input, _)) = needed.into_iter().find(|(_, place)| place.is_none()) {
            return Err(InputError::Needed { command, input });
        }
        let places = [("plan", &self.plan), ("snapshot", &self.snapshot), ("baseline", &self.baseline)];
        let from_a_run = places.into_iter().find(|(_, place)| **place == Some(Place::FromRun)).map(|(input, _)| input);
        match from_a_run {
            Some(input) if self.from_run.is_none() => Err(InputError::NeedsRun { command, input }),
            _ => Ok(self),
        }
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn path(text: &str) -> Option<PathBuf> {
    given(text).map(PathBuf::from)
}

fn place(text: &str) -> Option<Place> {
    given(text).map(|text| if text == "from-run" { Place::FromRun } else { Place::Path(text.into()) })
}

fn is_true(name: &'static str, text: &str) -> Result<bool, InputError> {
    match text.trim() {
        "true" => Ok(true),
        "" | "false" => Ok(false),
        _ => Err(InputError::NotABool(name)),
    }
}

fn number<T: std::str::FromStr>(name: &'static str, text: &str) -> Result<Option<T>, InputError> {
    given(text).map(|text| text.parse().map_err(|_| InputError::NotANumber(name))).transpose()
}

fn from_run(text: &str) -> Result<Option<FromRun>, InputError> {
    match given(text) {
        None => Ok(None),
        Some("latest") => Ok(Some(FromRun::Latest)),
        Some(id) => id.parse().map(|id| Some(FromRun::Id(id))).map_err(|_| InputError::FromRun),
    }
}

fn hash(text: &str) -> Result<Option<String>, InputError> {
    given(text).map(|text| if is_sha256(text) { Ok(text.to_owned()) } else { Err(InputError::Hash) }).transpose()
}

/// A text that becomes an output or a part of a URL.
fn line(name: &'static str, text: &str) -> Result<Option<String>, InputError> {
    match given(text) {
        Some(text) if text.contains(char::is_control) => Err(InputError::NotALine(name)),
        other => Ok(other.map(str::to_owned)),
    }
}

/// One entry a line; white space in a line means nothing.
fn words(text: &str) -> Vec<String> {
    let without_space = |line: &str| line.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    text.lines().map(without_space).filter(|line| !line.is_empty()).collect()
}

/// `all`, or ids joined by commas or white space. Nothing at all is an empty list: an output that got lost selects nothing.
fn only_actions(text: &str) -> Option<Vec<String>> {
    if text.trim() == "all" {
        return None;
    }
    let ids = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    Some(ids.filter(|id| !id.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn typed(inputs: &Value) -> Result<Inputs, InputError> {
        RawInputs::parse(&inputs.to_string())?.typed()
    }

    #[test]
    fn without_any_input_it_is_an_audit_with_a_summary() {
        let inputs = typed(&json!({})).expect("inputs");
        assert_eq!(inputs.command, ActionCommand::Audit);
        assert!(inputs.summary && !inputs.comment && !inputs.apply && !inputs.accept_new);
        assert_eq!(
            (inputs.audit_workflow.as_str(), inputs.apply_workflow.as_str()),
            ("drift-audit.yml", "drift-apply.yml")
        );
    }

    #[test]
    fn every_input_of_action_yml_is_known_and_none_besides() {
        let action = include_str!("../../action.yml");
        let (_, rest) = action.split_once("\ninputs:\n").expect("inputs");
        let (inputs, _) = rest.split_once("\noutputs:\n").expect("outputs");
        let is_name = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
        let mut declared: Vec<&str> =
            inputs.lines().filter(is_name).map(|line| line.trim().trim_end_matches(':')).collect();
        declared.retain(|name| *name != "github-token");
        let raw = serde_json::to_value(RawInputs::default()).expect("JSON");
        let mut known: Vec<&str> = raw.as_object().expect("an object").keys().map(String::as_str).collect();
        declared.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, declared);
        assert!(RawInputs::parse(r#"{"treshold":""}"#).is_err());
    }

    #[test]
    fn the_token_is_in_no_later_steps_inputs() {
        let raw = RawInputs::parse(r#"{"github-token":"ghs_abc","config":"a\nb"}"#).expect("inputs");
        let later = raw.without_token();
        assert!(!later.contains("ghs_abc") && !later.contains("token") && !later.contains('\n'), "{later}");
        assert_eq!(RawInputs::parse(&later).expect("again").config, "a\nb");
        assert!(!format!("{:?}", raw.typed().expect("typed")).contains("ghs_abc"));
    }

    #[test]
    fn what_is_neither_true_nor_false_is_an_error_but_an_approval_is_off_by_false_alone() {
        for name in
            ["apply", "apply-follows", "save-snapshot", "accept-new", "comment", "summary", "allow-public-artifacts"]
        {
            let error = typed(&json!({ name: "yes" })).expect_err(name);
            assert_eq!(error, InputError::NotABool(name));
        }
        for (text, is_required) in [("", false), ("false", false), ("true", true), ("ture", true), ("False", true)] {
            assert_eq!(
                typed(&json!({ "require-approval": text })).expect("typed").require_approval,
                is_required,
                "{text}"
            );
        }
    }

    #[test]
    fn an_input_that_the_command_needs_is_asked_for_by_its_name() {
        for (inputs, said) in [
            (json!({"command": "apply"}), "the command apply needs the input plan"),
            (
                json!({"command": "apply", "plan": "from-run"}),
                "the input plan is from-run, so the command apply needs the input from-run",
            ),
            (json!({"command": "diff"}), "the command diff needs the input snapshot"),
            (
                json!({"baseline": "from-run"}),
                "the input baseline is from-run, so the command audit needs the input from-run",
            ),
            (json!({"command": "plan"}), "the input command must be audit, apply, diff or doctor"),
            (json!({"from-run": "newest"}), "the input from-run must be the id of a run, or latest"),
            (json!({"max-actions": "-1"}), "the input max-actions must be a whole number"),
            (json!({"confirm-plan-hash": "abc"}), "the input confirm-plan-hash must be 64 digits of 0-9 and a-f"),
            (json!({"artifact-name": "a\nb=c"}), "the input artifact-name must be one line"),
        ] {
            assert_eq!(typed(&inputs).expect_err(said).to_string(), said);
        }
    }

    #[test]
    fn lists_are_split_and_a_lost_list_selects_nothing() {
        let list = |text: &str| typed(&json!({ "only-actions": text })).expect("typed").only_actions;
        assert_eq!(list("all"), None);
        assert_eq!(list(""), Some(Vec::new()));
        assert_eq!(list("A001,A002; A003\n"), Some(vec!["A001".to_owned(), "A002".to_owned(), "A003".to_owned()]));
        let inputs = typed(&json!({"thresholds": " max_total_issues = 0 \n\nmax_new_issues=1"})).expect("typed");
        assert_eq!(inputs.thresholds, ["max_total_issues=0", "max_new_issues=1"]);
    }
}
