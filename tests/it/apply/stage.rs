//! A folder with a configuration and a reference, and a fake Zendesk to audit and to repair.

use crate::fake_zendesk::{Config, FakeZendesk, Kind, World};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The fixture that shows every action.
pub fn all_codes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/all_codes")
}

pub struct Stage {
    pub fake: FakeZendesk,
    pub folder: TempDir,
}

/// The plan of an audit.
#[derive(Clone)]
pub struct Plan {
    /// Of the file, relative to the stage's folder.
    pub path: String,
    pub hash: String,
    pub value: Value,
}

impl Plan {
    pub fn actions(&self) -> &[Value] {
        self.value["plan"]["actions"].as_array().expect("actions")
    }

    /// The ids of the actions of a kind.
    pub fn of(&self, code: &str) -> Vec<String> {
        let of_code = self.actions().iter().filter(|action| action["action_code"] == code);
        of_code.map(|action| action["action_id"].as_str().expect("an id").to_owned()).collect()
    }

    pub fn action(&self, id: &str) -> &Value {
        self.actions().iter().find(|action| action["action_id"] == id).expect("an action with this id")
    }
}

/// What a run of the program came to.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
    /// The receipt of the newest `_apply` folder, if there is one.
    pub receipt: Value,
    /// That folder.
    pub folder: PathBuf,
}

impl Ran {
    /// `applied`, `skipped:precondition_changed_…`, …
    pub fn result(&self, action_id: &str) -> String {
        let result = self.whole(action_id);
        match result["reason"].as_str() {
            Some(reason) => format!("{}:{}", result["status"].as_str().expect("a status"), reason),
            None => result["status"].as_str().expect("a status").to_owned(),
        }
    }

    pub fn whole(&self, action_id: &str) -> &Value {
        let results = self.receipt["results"].as_array().expect("results");
        results.iter().find(|result| result["action_id"] == action_id).expect("a result of this action")
    }

    pub fn results(&self) -> Vec<(String, String)> {
        let results = self.receipt["results"].as_array().expect("results");
        let ids = results.iter().map(|result| result["action_id"].as_str().expect("an id"));
        ids.map(|id| (id.to_owned(), self.result(id))).collect()
    }

    pub fn count(&self, name: &str) -> u64 {
        self.receipt["counts"][name].as_u64().expect("a count")
    }

    pub fn is(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

/// The lock file of this Zendesk goes while its port is still held, so that nobody else can mean the same one.
impl Drop for Stage {
    fn drop(&mut self) {
        let digest = <sha2::Sha256 as sha2::Digest>::digest(self.fake.url());
        let name: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        for folder in [PathBuf::from("/tmp"), std::env::temp_dir()] {
            // A stage need not have applied anything.
            let _ = std::fs::remove_file(folder.join(format!("g-gremlin-apply-{name}.lock")));
        }
    }
}

impl Stage {
    /// The world of the fixture that shows every action.
    pub fn all_codes() -> Self {
        Self::all_codes_with(Config::default())
    }

    pub fn all_codes_with(config: Config) -> Self {
        let world = World::load_dir(all_codes()).expect("a fixture");
        let csv = std::fs::read_to_string(all_codes().join("salesforce_accounts.csv")).expect("a reference");
        let yaml = std::fs::read_to_string(all_codes().join("gremlin.zendesk_drift.yaml")).expect("a configuration");
        Self::new(world, config, &csv, &yaml)
    }

    /// `yaml` names its Zendesk as `subdomain: …`, which is replaced by the fake.
    pub fn new(world: World, config: Config, csv: &str, yaml: &str) -> Self {
        let fake = FakeZendesk::start_with(world, config);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("salesforce_accounts.csv"), csv).expect("written");
        let stage = Self { fake, folder };
        stage.configure(yaml);
        stage
    }

    /// Writes the configuration.
    pub fn configure(&self, yaml: &str) {
        let (before, rest) = yaml.split_once("  subdomain:").expect("a subdomain");
        let after = rest.split_once('\n').map_or("", |(_, after)| after);
        let yaml = format!("{before}  base_url: {}\n{after}", self.fake.url());
        std::fs::write(self.path().join("gremlin.zendesk_drift.yaml"), yaml).expect("written");
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn root(&self) -> PathBuf {
        self.path().join("artifacts/zendesk_drift")
    }

    /// The program, with the fake's credentials.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.with_environment(Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin")));
        command.args(["zendesk", "drift"]).args(args);
        command
    }

    /// A command in the stage's folder, with the fake's credentials and nothing else that the program looks at.
    pub fn with_environment(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars() {
            if ["GITHUB_", "ZENDESK_", "CLICOLOR"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.env_remove("CI").env_remove("NO_COLOR").current_dir(self.path());
        command.envs(FakeZendesk::CLIENT_ENV);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.ran(self.command(args).output().expect("the program runs"))
    }

    pub fn ran(&self, output: Output) -> Ran {
        let folder = self.runs("_apply").pop().unwrap_or_default();
        let receipt = std::fs::read(folder.join("apply_receipt.json")).ok();
        if receipt.is_some() {
            // Whatever an apply comes to, its folder matches the plan that it names.
            let verified = self.command(&["verify", "--quiet"]).arg(&folder).output().expect("the program runs");
            let told = String::from_utf8_lossy(&verified.stdout) + String::from_utf8_lossy(&verified.stderr);
            assert!(verified.status.success(), "{told}");
        }
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
            receipt: receipt.map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).expect("JSON")),
            folder,
        }
    }

    /// The run folders of a kind, in the order in which they were made.
    pub fn runs(&self, kind: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.root()).into_iter().flatten();
        let mut runs: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        runs.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(kind)));
        runs.sort_by_key(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (time, number) = name.split_once(kind).expect("a kind");
            (time.to_owned(), number.trim_start_matches('_').parse::<u32>().unwrap_or(1))
        });
        runs
    }

    /// Audits the fake live; returns the plan of the run.
    pub fn audit(&self) -> Plan {
        let ran = self.run(&["audit", "--quiet"]);
        assert!(ran.code == 0 || ran.code == 1, "{}", ran.err);
        let folder = self.runs("_audit").pop().expect("a run");
        let path = folder.join("fix_plan.json");
        let value: Value = serde_json::from_slice(&std::fs::read(&path).expect("a plan")).expect("JSON");
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        Plan {
            path: format!("artifacts/zendesk_drift/{name}/fix_plan.json"),
            hash: value["plan_hash"].as_str().expect("a hash").to_owned(),
            value,
        }
    }

    pub fn dry_run(&self, plan: &Plan, more: &[&str]) -> Ran {
        let mut args = vec!["apply", "--plan", &plan.path];
        args.extend(more);
        self.run(&args)
    }

    /// Applies live, with caps that leave everything, unless `more` says otherwise.
    pub fn apply(&self, plan: &Plan, more: &[&str]) -> Ran {
        self.run(&Self::live(plan, more).iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The arguments of a live apply.
    pub fn live(plan: &Plan, more: &[&str]) -> Vec<String> {
        let mut args = vec!["apply", "--plan", &plan.path, "--apply", "--confirm-plan-hash", &plan.hash];
        if !more.contains(&"--max-actions") {
            args.extend(["--max-actions", "1000"]);
        }
        if !more.contains(&"--max-per-account") {
            args.extend(["--max-per-account", "1000"]);
        }
        args.extend(more);
        args.into_iter().map(str::to_owned).collect()
    }

    pub fn org(&self, id: u64) -> Value {
        Value::Object(self.fake.world().find(Kind::Organizations, id).expect("an org").clone())
    }

    /// The ids of the orgs that the user is a member of, ascending, and the default one.
    pub fn member_of(&self, user: u64) -> (Vec<u64>, Option<u64>) {
        let world = self.fake.world();
        let of_user = world.memberships.iter().filter(|membership| membership["user_id"] == user);
        let mut orgs: Vec<u64> = Vec::new();
        let mut default = None;
        for membership in of_user {
            let org = membership["organization_id"].as_u64().expect("an id");
            orgs.push(org);
            if membership.get("default") == Some(&Value::Bool(true)) {
                default = Some(org);
            }
        }
        orgs.sort_unstable();
        (orgs, default)
    }
}
