//! `init --github`: writes the workflows of this repository as a user's repository needs them, and prints the commands that set up
//! environments, secrets and the pin.

use super::workflow::{Action, Theirs, in_repository};
use crate::cli::{Common, Init as Options};
use crate::commands::read_config;
use crate::config::FILE_NAME;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::text::audience::Message;
use crate::text::escape::shell_word;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where GitHub reads workflows, from the root of a repository.
const FOLDER: &str = ".github/workflows";

/// One of this repository's workflows: its file name, and its text, which this repository also lints and runs.
type Workflow = (&'static str, &'static str);

/// The audit and the pull request check. This one is enough to start with.
pub const AUDIT: Workflow = ("drift-audit.yml", include_str!("../../../.github/workflows/drift-audit.yml"));
/// The only workflow that writes to Zendesk.
pub const APPLY: Workflow = ("drift-apply.yml", include_str!("../../../.github/workflows/drift-apply.yml"));

/// Set only when a release is built; otherwise there is nothing to download at the tag.
const IS_RELEASE: bool = option_env!("G_GREMLIN_RELEASE").is_some();
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

/// Runs `init --github`. If one of the workflows already exists, none is written.
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
        fs::write(folder.join(name), theirs.workflow(workflow, *name == AUDIT.0)).map_err(failed)?;
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
        "  1. In Zendesk, as an administrator, create an OAuth client: {admin}/admin, Apps and integrations, APIs, OAuth clients,
     Add OAuth client, with the client kind Confidential. Keep its identifier and its secret.
  2. On GitHub, create the environment, for the default branch only, and set the subdomain and the client (gh asks for the secrets):
"
    );
    text.push_str(&environment("zendesk-read", &pin, branch));
    text.push_str("  3. Commit the workflow, the configuration and the reference CSV to a private repository.\n");
    text.push_str("  4. Run it once: gh workflow run drift-audit.yml\n");
    text.push_str(
        "     Pull requests are checked against the snapshot that it saves; the check is named \"Drift of the change\".\n",
    );
    if with_apply {
        text.push_str("  5. For the apply, create a second OAuth client and a second environment, with reviewers:\n");
        text.push_str(&environment("zendesk-write", &pin, branch));
        text.push_str(REVIEWERS);
    }
    text
}

const REVIEWERS: &str =
    "     gh api --method PUT 'repos/{owner}/{repo}/environments/zendesk-write' -F 'reviewers[][type]=User' -F \"reviewers[][id]=$(gh api users/LOGIN --jq .id)\" -F 'prevent_self_review=true' -F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'
     Private repositories can have reviewers only with GitHub Enterprise. Otherwise, require a reviewed pull request for each plan's hash:
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

/// The default branch, from the local git repository.
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
