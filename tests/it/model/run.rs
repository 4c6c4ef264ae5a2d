//! The input of a world as files, and audits of it by the binary.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::PlainWorld;
use super::random::Scenario;

/// What stands behind `zendesk drift audit` for a world's folder, but for the reference, the root and the baseline.
pub const OPTIONS: [&str; 4] = ["--config", "config.yaml", "--snapshot", "snapshot"];

/// Writes the input of a scenario, as a folder that the binary audits.
pub fn write_input(scenario: &Scenario, folder: &Path) {
    let path = |name: &str| folder.join(name);
    fs::create_dir_all(path("snapshot")).expect("the snapshot's folder");
    write_snapshot(&path("snapshot"), &scenario.world);
    fs::write(path("accounts.csv"), &scenario.reference_csv).expect("the reference");
    if let Some(csv) = &scenario.baseline_csv {
        fs::write(path("earlier_accounts.csv"), csv).expect("the earlier reference");
    }
    fs::write(path("config.yaml"), scenario.config_yaml()).expect("the config");
}

/// A finished audit of the binary, in a folder of its own.
pub struct Run {
    _folder: TempDir,
    run_folder: PathBuf,
    pub exit_code: Option<i32>,
}

impl Run {
    pub fn of(scenario: &Scenario) -> Result<Run, String> {
        let folder = TempDir::new().expect("a temporary folder");
        write_input(scenario, folder.path());
        let baseline = match scenario.baseline_csv {
            Some(_) => Some(audit(folder.path(), "earlier_accounts.csv", "earlier", &scenario.as_of, None)?.0),
            None => None,
        };
        let (run_folder, exit_code) =
            audit(folder.path(), "accounts.csv", "out", &scenario.as_of, baseline.as_deref())?;
        Ok(Run { _folder: folder, run_folder, exit_code })
    }

    /// What `verify` says of the run folder.
    pub fn verified(&self) -> String {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
        let output = command.args(["zendesk", "drift", "verify", "--quiet"]).arg(&self.run_folder).output();
        let output = output.expect("the binary runs");
        match output.status.code() {
            Some(0) => "everything matches".to_owned(),
            _ => String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        }
    }

    pub fn files(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(&self.run_folder).expect("the run folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    pub fn bytes(&self, file: &str) -> Vec<u8> {
        fs::read(self.run_folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&self.bytes(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }
}

/// The run folder that an audit of `reference` makes, and its exit code.
fn audit(
    folder: &Path,
    reference: &str,
    root: &str,
    as_of: &str,
    baseline: Option<&Path>,
) -> Result<(PathBuf, Option<i32>), String> {
    let mut command: Command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
    command.current_dir(folder).args(["zendesk", "drift", "audit", "--quiet"]).args(OPTIONS);
    command.args(["--sf-accounts", reference, "--out", root, "--as-of", as_of]);
    if let Some(baseline) = baseline {
        command.arg("--baseline").arg(baseline);
    }
    for variable in ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "CI"] {
        command.env_remove(variable);
    }
    let output = command.output().expect("the binary runs");
    let run_folder = fs::read_dir(folder.join(root)).ok().and_then(|mut entries| {
        entries.find_map(|entry| entry.ok().map(|entry| entry.path()).filter(|path| path.is_dir()))
    });
    let Some(run_folder) = run_folder else {
        let (code, errors) = (output.status.code(), String::from_utf8_lossy(&output.stderr));
        return Err(format!("no run folder in {root}, exit code {code:?}: {errors}"));
    };
    Ok((run_folder, output.status.code()))
}

fn write_snapshot(folder: &Path, world: &PlainWorld) {
    for (file, records) in [
        ("organizations.ndjson", &world.organizations),
        ("users.ndjson", &world.users),
        ("organization_memberships.ndjson", &world.memberships),
        ("tickets.ndjson", &world.tickets),
    ] {
        let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
        fs::write(folder.join(file), lines).expect("a file of records");
    }
    if let Some(settings) = &world.settings {
        fs::write(folder.join("account_settings.json"), settings.to_string()).expect("the settings");
    }
}
