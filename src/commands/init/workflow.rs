//! What `init --github` makes of the workflows of this repository: the same text with another action, configuration and guard.
//! Where it is written, and what else there is to do, is in `github.rs`.

use crate::config::FILE_NAME;
use crate::exit::Failure;
use serde_json::json;
use std::path::{Component, Path};

/// The tag of this version's release.
const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));
/// Marks each condition that stops these workflows from running in the action's own repository.
const GUARD: &str = "github.repository != 'g-gremlin/g-gremlin'";

/// The values of the user's repository that replace this repository's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Theirs {
    pub(super) action: Action,
    /// The configuration, from the root of the repository.
    pub(super) config: String,
    /// Whether the action builds its own source.
    pub(super) from_source: bool,
}

/// Which action the workflows use. An action that may belong to a stranger must never run with secrets, so only a release has a
/// default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// `owner/name@` and 40 hex digits.
    Commit(String),
    /// A folder of the same repository.
    Local(String),
    /// The tag of this release.
    Release,
}

impl Action {
    /// Reads `--action`.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
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
                .because(
                    "it must be OWNER/REPO@ with the 40 hexadecimal digits of a commit, or a path that starts with ./",
                )
                .help(
                    "a tag or a branch can be moved; to get the commit of a tag, run gh api \
                    repos/OWNER/REPO/commits/TAG --jq .sha",
                )),
        }
    }

    pub(super) fn uses(&self) -> String {
        match self {
            Self::Commit(name) => name.clone(),
            Self::Local(path) => path.clone(),
            Self::Release => format!("{}@{TAG} # better: the commit of this tag", repository()),
        }
    }
}

impl Theirs {
    /// A workflow for the user's repository: it uses their action and configuration, and leaves out the lines that stop it from
    /// running here. Where it builds the action and may cache that, it has a step for it.
    pub(super) fn workflow(&self, ours: &str, may_cache: bool) -> String {
        let caches = self.from_source && may_cache;
        let mut text = String::new();
        let mut step = 0;
        for line in ours.lines().filter(|line| !line.contains(GUARD)) {
            let key = line.trim_start();
            let indent = &line[..line.len() - key.len()];
            if key.starts_with("- name: ") {
                step = text.len();
            }
            match key {
                "permissions: {}" if caches => {
                    text.push_str(&format!("{line}\nenv:\n  CARGO_TARGET_DIR: {TARGET} # what the cache keeps"));
                }
                "uses: ./" if caches => {
                    text.insert_str(step, &self.cache());
                    text.push_str(&format!("{indent}uses: {}", self.action.uses()));
                }
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

    /// The step that keeps what cargo downloads and builds, until the action's source is another.
    fn cache(&self) -> String {
        let source = match &self.action {
            Action::Commit(name) => name.rsplit('@').next().unwrap_or_default().to_owned(),
            Action::Local(path) => {
                let folder = path.trim_start_matches("./").trim_end_matches('/');
                let inside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                format!("${{{{ hashFiles('{}', '{}') }}}}", inside("Cargo.lock"), inside("src/**"))
            }
            Action::Release => TAG.to_owned(),
        };
        CACHE.replace("{source}", &source).replace("{target}", TARGET)
    }
}

/// Where cargo builds when the build is cached, from the root of the checkout.
const TARGET: &str = "g-gremlin-target";

/// The cache step. GitHub gives a branch the caches of its own and of the default branch, so no pull request can put a build there
/// that a run with secrets takes. Another workflow of the default branch can, so the apply does without.
const CACHE: &str = "      - name: Cache the build of g-gremlin
        uses: actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5
        with:
          path: |
            ~/.cargo/registry
            {target}
          key: g-gremlin-${{ runner.os }}-${{ runner.arch }}-{source}
          restore-keys: g-gremlin-${{ runner.os }}-${{ runner.arch }}-
";

/// Where the action is released, as `owner/name`.
fn repository() -> &'static str {
    env!("CARGO_PKG_REPOSITORY").trim_start_matches("https://github.com/")
}

/// A name as YAML, in quotes only if it needs them.
fn yaml(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.contains('.') && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        json!(name).to_string() // a JSON string is valid YAML
    }
}

/// A file's path relative to the root of the repository (the current folder), with `/`. `None` if it is outside, or contains an
/// expression or a control character, which a workflow would not read as a plain name.
pub(super) fn in_repository(path: &Path) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::super::github::{APPLY, AUDIT};
    use super::*;

    const COMMIT: &str = "acme/g-gremlin@0123456789abcdef0123456789abcdef01234567";

    fn theirs() -> Theirs {
        let action = Action::parse(COMMIT).expect("a commit");
        Theirs { action, config: FILE_NAME.to_owned(), from_source: false }
    }

    #[test]
    fn what_users_get_differs_in_the_action_and_the_guard_alone() {
        for (name, ours) in [AUDIT, APPLY] {
            let theirs = theirs().workflow(ours, true);
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
        let [audit, apply] = [AUDIT, APPLY].map(|(_, ours)| theirs.workflow(ours, false));
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
    fn what_is_built_from_source_is_cached_before_each_use_of_the_action() {
        let of = |action: &str| {
            let action = Action::parse(action).expect("an action");
            Theirs { action, from_source: true, ..theirs() }
        };
        let audit = of(COMMIT).workflow(AUDIT.1, true);
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let key = format!("          key: g-gremlin-${{{{ runner.os }}}}-${{{{ runner.arch }}}}-{commit}\n");
        assert_eq!(audit.matches(&key).count(), 2, "{audit}");
        assert!(audit.contains("\npermissions: {}\nenv:\n  CARGO_TARGET_DIR: g-gremlin-target # "), "{audit}");
        let steps: Vec<&str> = audit
            .lines()
            .filter(|line| line.contains("uses: "))
            .filter_map(|line| line.trim_start().strip_prefix("uses: ")?.split('@').next())
            .collect();
        assert_eq!(steps, ["actions/checkout", "actions/cache", "acme/g-gremlin"].repeat(2));
        for (action, files) in
            [("./", "'Cargo.lock', 'src/**'"), ("./tools/gg", "'tools/gg/Cargo.lock', 'tools/gg/src/**'")]
        {
            let audit = of(action).workflow(AUDIT.1, true);
            assert_eq!(audit.matches(&format!("-${{{{ hashFiles({files}) }}}}\n")).count(), 2, "{audit}");
        }
        for text in [of(COMMIT).workflow(APPLY.1, false), theirs().workflow(AUDIT.1, true)] {
            assert!(!text.contains("actions/cache") && !text.contains("CARGO_TARGET_DIR"), "{text}");
        }
    }
}
