//! `init --github`: writes the workflows of this repository as a user's repository needs them, and prints the commands that set up
//! environments, secrets and the pin.

use crate::cli::{Common, Init as Options};
use crate::commands::read_config;
use crate::config::FILE_NAME;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::text::audience::Message;
use crate::text::escape::shell_word;
use serde_json::json;
use std::fs;
use std::path::{Component, Path};
use std::process::Command;

/// Where GitHub reads workflows, from the root of a repository.
const FOLDER: &str = ".github/workflows";

/// A workflow of ours: its file's name, and the very text that this repository lints and runs.
type Workflow = (&'static str, &'static str);

/// The audit with the check of pull requests, which is enough to begin with.
pub const AUDIT: Workflow = ("drift-audit.yml", include_str!("../../../.github/workflows/drift-audit.yml"));
/// The only one that writes to Zendesk.
pub const APPLY: Workflow = ("drift-apply.yml", include_str!("../../../.github/workflows/drift-apply.yml"));

/// The tag of this version's release.
const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));
/// Set where a release is built: only then there is something to download at the tag.
const IS_RELEASE: bool = option_env!("G_GREMLIN_RELEASE").is_some();
/// Present in each condition that keeps our workflows from running where the action is made.
const GUARD: &str = "github.repository != 'g-gremlin/g-gremlin'";

/// What a user's repository has in place of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Theirs {
    action: Action,
    /// The configuration, from the root of the repository.
    config: String,
    /// Whether the action builds its own source.
    from_source: bool,
}

/// Which action the workflows use. A name that may belong to a stranger must never run with secrets, so there is no default but
/// in a release.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    /// `owner/name@` and 40 hex digits.
    Commit(String),
    /// A folder of the same repository.
    Local(String),
    /// The tag of this release.
    Release,
}

impl Action {
    /// Reads `--action`.
    fn parse(text: &str) -> Result<Self, Failure> {
        let plain = |part: &str| {
            !part.is_empty()
                && !part.contains("..")
                && part.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-/".contains(&c))
        };
        if text == "./" || text.strip_prefix("./").is_some_and(plain) {
            return Ok(Self::Local(text.to_owned()));
        }
        let is_commit = |text: &str| text.len() == 40 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        match text.split_once('@') {
            Some((name, commit)) if name.contains('/') && plain(name) && is_commit(commit) => {
                Ok(Self::Commit(text.to_owned()))
            }
            _ => Err(Failure::invalid("--action cannot be used")
                .because("it is neither OWNER/REPO@ with the 40 hexadecimal digits of a commit, nor a path that begins with ./")
                .help("a tag or a branch can be moved; to get the commit of a tag, run gh api \
                    repos/OWNER/REPO/commits/TAG --jq .sha")),
        }
    }

    fn uses(&self) -> String {
        match self {
            Self::Commit(name) => name.clone(),
            Self::Local(path) => path.clone(),
            Self::Release => format!("{}@{TAG} # better: the commit of this tag", repository()),
        }
    }
}

impl Theirs {
    /// A workflow for another repository: it uses their action, lacks the lines that keep ours from running here, and names their
    /// configuration.
    fn workflow(&self, ours: &str) -> String {
        let mut text = String::new();
        for line in ours.lines().filter(|line| !line.contains(GUARD)) {
            let key = line.trim_start();
            let indent = &line[..line.len() - key.len()];
            match key {
                "uses: ./" => text.push_str(&format!("{indent}uses: {}", self.action.uses())),
                "command: audit" | "command: apply" | "command: diff" => {
                    text.push_str(line);
                    if self.config != FILE_NAME {
                        text.push_str(&format!("\n{indent}config: {}", yaml(&self.config)));
                    }
                    if self.from_source {
                        text.push_str(&format!("\n{indent}version: source"));
                    }
                }
                _ => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }
}

/// Where the action is released, as `owner/name`.
fn repository() -> &'static str {
    env!("CARGO_PKG_REPOSITORY").trim_start_matches("https://github.com/")
}

/// A name as YAML: as it is where that means the same, in quotes elsewhere.
fn yaml(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.contains('.') && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        json!(name).to_string() // JSON's quoting is YAML's too
    }
}

/// A file's path from the root of the repository, which is here: with `/`, and nothing in it that a workflow would read as more
/// than a name. `None` when it is not inside.
fn in_repository(path: &Path) -> Option<String> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name.to_str()?),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    let name = names.join("/");
    (!name.is_empty() && !name.contains("${{") && !name.chars().any(char::is_control)).then_some(name)
}

fn theirs(common: &Common, options: &Options) -> Result<Theirs, Failure> {
    let action = match options.action.as_deref() {
        Some(text) => Action::parse(text)?,
        None if IS_RELEASE => Action::Release,
        None => {
            return Err(Failure::invalid("the workflows need an action to use")
                .because("this program is not a release, so there is no released action that belongs to it")
                .help(
                    "name yours: --action OWNER/REPO@COMMIT (40 digits), or --action ./PATH for one in this repository",
                ));
        }
    };
    let config = match &common.config {
        None => FILE_NAME.to_owned(),
        Some(path) => in_repository(path).ok_or_else(|| {
            Failure::invalid(Message::public(format!("the workflows cannot name {}", path.display())))
                .because("it is not a path inside this repository")
                .help("run this at the root of the repository, and name the configuration from there")
        })?,
    };
    let from_source = match options.action_version.as_deref() {
        None => false,
        Some("source") => true,
        Some(_) => return Err(Failure::invalid("--version must be source, or left out")),
    };
    Ok(Theirs { action, config, from_source })
}

/// Runs `init --github`: all workflows are written, or none.
pub fn run(console: &Console, common: &Common, options: &Options) -> Result<Exit, Failure> {
    let theirs = theirs(common, options)?;
    let config = read_config(common.config.as_deref())?.map(|file| file.config);
    let folder = Path::new(FOLDER);
    let workflows: Vec<Workflow> = std::iter::once(AUDIT).chain(options.with_apply.then_some(APPLY)).collect();
    let present: Vec<&str> =
        workflows.iter().map(|(name, _)| *name).filter(|name| folder.join(name).exists()).collect();
    if !options.force && !present.is_empty() {
        return Err(Failure::invalid(Message::public(format!("the workflows cannot be written to {FOLDER}")))
            .because(Message::public(format!("already there: {}", present.join(", "))))
            .help("move them away, or replace them with --force"));
    }
    let failed = |error| {
        Failure::invalid(Message::public(format!("the workflows cannot be written to {FOLDER}"))).because(error)
    };
    fs::create_dir_all(folder).map_err(failed)?;
    for (name, workflow) in &workflows {
        fs::write(folder.join(name), theirs.workflow(workflow)).map_err(failed)?;
        console.say(Message::public(format!("Wrote {FOLDER}/{name}")));
    }
    if !Path::new(".git").exists() {
        console.notice("GitHub reads workflows at the root of a repository, and this folder does not look like one");
    }
    let written = json!({
        "written": workflows.iter().map(|(name, _)| format!("{FOLDER}/{name}")).collect::<Vec<_>>(),
        "action": theirs.action.uses(),
        "config": theirs.config,
    });
    console.data(Message::public(format!("{written}\n")));
    let zendesk = config.as_ref().and_then(|config| config.zendesk.as_deref());
    console.heading("\nNext:");
    console.say(setup(zendesk, &default_branch(), options.with_apply));
    Ok(Exit::Done)
}

/// The remaining steps, with the commands filled in.
fn setup(zendesk: Option<&str>, branch: &str, with_apply: bool) -> String {
    let host = zendesk.and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    let pin = host.map_or("SUBDOMAIN".to_owned(), |host| shell_word(host.strip_suffix(".zendesk.com").unwrap_or(host)));
    let admin = host.map_or("https://SUBDOMAIN.zendesk.com".to_owned(), |host| format!("https://{host}"));
    let mut text = format!(
        "  1. In Zendesk, as an administrator, make an OAuth client: {admin}/admin, Apps and integrations, APIs, OAuth clients,
     Add OAuth client, with the client kind Confidential. Keep its identifier and its secret.
  2. At GitHub, make the environment, for the default branch only, and give it the client and the pin (gh asks for the secrets):
"
    );
    text.push_str(&environment("zendesk-read", &pin, branch));
    text.push_str("  3. Commit the workflow, the configuration and the reference CSV to a private repository.\n");
    text.push_str("  4. Run it once: gh workflow run drift-audit.yml\n");
    text.push_str(
        "     Pull requests are checked against what it saves; the check is named \"Drift of the change\".\n",
    );
    if with_apply {
        text.push_str(
            "  5. For the apply, make a second OAuth client and a second environment, with people who approve:\n",
        );
        text.push_str(&environment("zendesk-write", &pin, branch));
        text.push_str(REVIEWERS);
    }
    text
}

const REVIEWERS: &str =
    "     gh api --method PUT 'repos/{owner}/{repo}/environments/zendesk-write' -F 'reviewers[][type]=User' -F \"reviewers[][id]=$(gh api users/LOGIN --jq .id)\" -F 'prevent_self_review=true' -F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'
     Private repositories have no reviewers below GitHub Enterprise. There, let a reviewed pull request approve each plan's hash:
     gh variable set DRIFT_REQUIRE_APPROVAL --body true
     (docs/action.md, \"Who approves\").
";

fn environment(name: &str, pin: &str, branch: &str) -> String {
    let branch = shell_word(branch);
    format!(
        "     gh api --method PUT 'repos/{{owner}}/{{repo}}/environments/{name}' -F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'
     gh api --method POST 'repos/{{owner}}/{{repo}}/environments/{name}/deployment-branch-policies' -f name={branch}
     gh variable set ZENDESK_SUBDOMAIN --env {name} --body {pin}
     gh secret set ZENDESK_OAUTH_CLIENT_ID --env {name}
     gh secret set ZENDESK_OAUTH_CLIENT_SECRET --env {name}
"
    )
}

/// The default branch, as far as git knows it here.
fn default_branch() -> String {
    let output = Command::new("git").args(["symbolic-ref", "--short", "refs/remotes/origin/HEAD"]).output();
    let name =
        output.ok().filter(|output| output.status.success()).and_then(|output| String::from_utf8(output.stdout).ok());
    let name = name.as_deref().map(str::trim).and_then(|name| name.strip_prefix("origin/"));
    name.filter(|name| !name.is_empty()).unwrap_or("main").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "acme/g-gremlin@0123456789abcdef0123456789abcdef01234567";

    fn theirs() -> Theirs {
        let action = Action::parse(COMMIT).expect("a commit");
        Theirs { action, config: FILE_NAME.to_owned(), from_source: false }
    }

    #[test]
    fn what_users_get_differs_in_the_action_and_the_guard_alone() {
        for (name, ours) in [AUDIT, APPLY] {
            let theirs = theirs().workflow(ours);
            let kept: Vec<&str> = ours.lines().filter(|line| !line.contains(GUARD)).collect();
            assert!(kept.len() < ours.lines().count(), "{name} has a guard");
            assert_eq!(theirs.lines().count(), kept.len(), "{name}");
            for (theirs, ours) in theirs.lines().zip(kept) {
                match ours.strip_suffix("./") {
                    Some(start) => assert_eq!(theirs, format!("{start}{COMMIT}"), "{name}"),
                    None => assert_eq!(theirs, ours, "{name}"),
                }
            }
            assert!(!theirs.contains("uses: ./"), "{name}");
        }
    }

    #[test]
    fn only_a_commit_in_full_or_a_folder_of_the_repository_is_an_action() {
        for fine in [COMMIT, "./", "./tools/g-gremlin", "acme/tools/g-gremlin@0123456789abcdef0123456789abcdef01234567"]
        {
            assert_eq!(Action::parse(fine).map(|action| action.uses()).ok().as_deref(), Some(fine));
        }
        let short = &COMMIT[..COMMIT.len() - 1];
        for wrong in [
            "",
            "g-gremlin/g-gremlin@v1",
            "g-gremlin/g-gremlin",
            short,
            "acme@0123",
            "./../x",
            "../x",
            "./${{x}}",
            "./a b",
        ] {
            assert!(Action::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn other_names_are_written_where_they_are_used_and_stay_names() {
        let theirs = Theirs { config: "ops/a: b.yaml".to_owned(), from_source: true, ..theirs() };
        let [audit, apply] = [AUDIT, APPLY].map(|(_, ours)| theirs.workflow(ours));
        for text in [audit, apply] {
            assert_eq!(
                text.matches("\n          config: \"ops/a: b.yaml\"\n          version: source\n").count(),
                2,
                "{text}"
            );
        }
        let inside = |path: &str| in_repository(Path::new(path));
        assert_eq!(inside("./ops/a.csv").as_deref(), Some("ops/a.csv"));
        for outside in ["/a.csv", "../a.csv", "", "a${{ github.token }}.csv", "a\nb.csv"] {
            assert_eq!(inside(outside), None, "{outside:?}");
        }
    }

    #[test]
    fn the_commands_are_filled_in() {
        let text = setup(Some("https://acme.zendesk.com"), "trunk", true);
        for said in [
            "https://acme.zendesk.com/admin",
            "gh variable set ZENDESK_SUBDOMAIN --env zendesk-read --body acme\n",
            "deployment-branch-policies' -f name=trunk\n",
            "gh secret set ZENDESK_OAUTH_CLIENT_SECRET --env zendesk-write\n",
            "DRIFT_REQUIRE_APPROVAL",
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
        let text = setup(None, "main", false);
        assert!(text.contains("--body SUBDOMAIN\n") && !text.contains("zendesk-write"), "{text}");
    }
}
