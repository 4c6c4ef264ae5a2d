//! Fakes of all three sides whose credentials are canaries, a folder, and a look at everything that a command leaves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use g_gremlin::doors;
use tempfile::TempDir;

use super::forms;
use crate::fake_github::{BOT, FakeGitHub, REPOSITORY};
use crate::fake_salesforce::{self, FakeSalesforce};
use crate::fake_zendesk::reply::{Body, Reply};
use crate::fake_zendesk::{self, Credential, FakeZendesk, FaultKind, World};

/// The secrets: each with what URLs, HTML, JSON and base64 write in another way.
pub const CANARIES: [&str; 6] = [
    "zdCanary1<&\">'+/\\%=api",
    "zdCanary2<&\">'+/\\%=bearer",
    "zdCanary3<&\">'+/\\%=client",
    "sfCanary4<&\">'+/\\%=secret",
    "ghCanary5+/=token",
    "sfCanary6<&\">'+/\\%=token",
];
pub const HASH: &str = "65537a47f81ef3b2a67ccf3f4f93b4cb1039eb9db158e799cda58777868c4160";
const QUERY: &str = "SELECT Id, Name, Support_Domains__c FROM Account";

/// The exit code of a command, or where a canary was.
pub type Looked = Result<i32, String>;

#[derive(Clone, Copy)]
pub enum Login {
    ApiToken,
    Bearer,
    Client,
}

/// The plan of an audit: where it is, and its hash.
pub struct Plan {
    path: String,
    hash: String,
}

pub struct Stage {
    folder: TempDir,
    login: Login,
    pub zendesk: FakeZendesk,
    pub salesforce: Option<FakeSalesforce>,
    pub github: FakeGitHub,
}

impl Stage {
    pub fn new(login: Login) -> Self {
        let world = World::load_dir(repository("fixtures/all_codes")).expect("a fixture");
        let stage = Self::with_world(login, world);
        let fixture = repository("fixtures/all_codes");
        fs::copy(fixture.join("salesforce_accounts.csv"), stage.path("salesforce_accounts.csv")).expect("copied");
        let yaml = fs::read_to_string(fixture.join("gremlin.zendesk_drift.yaml")).expect("a configuration");
        let base_url = format!("  base_url: {}", stage.zendesk.url());
        let yaml = yaml.lines().map(|line| if line.starts_with("  subdomain:") { &base_url } else { line });
        fs::write(stage.path("gremlin.zendesk_drift.yaml"), yaml.collect::<Vec<_>>().join("\n")).expect("written");
        stage
    }

    pub fn with_salesforce(login: Login) -> Self {
        let mut stage = Self::with_world(login, World::numbered(5, 20, 20));
        let config = fake_salesforce::Config {
            client: ("client".to_owned(), CANARIES[3].to_owned()),
            token: CANARIES[5].to_owned(),
            page_size: 2,
            ..fake_salesforce::Config::default()
        };
        let salesforce = FakeSalesforce::start_with(fake_salesforce::accounts(5), config);
        let text = format!(
            "zendesk:\n  base_url: {}\nsalesforce:\n  source: soql\n  instance_url: {}\n  query: {QUERY}\n  columns: {{ sf_account_id: Id, account_name: Name, account_domains: Support_Domains__c }}\n",
            stage.zendesk.url(),
            salesforce.url()
        );
        fs::write(stage.path("gremlin.zendesk_drift.yaml"), text).expect("written");
        stage.salesforce = Some(salesforce);
        stage
    }

    fn with_world(login: Login, world: World) -> Self {
        let logins = [
            fake_zendesk::Login::ApiToken { email: "admin@fake.example".into(), token: CANARIES[0].into() },
            fake_zendesk::Login::Bearer { token: CANARIES[1].into() },
            fake_zendesk::Login::Client { id: "client".into(), secret: CANARIES[2].into() },
        ];
        let credentials = logins.into_iter().map(Credential::admin).collect();
        let config = fake_zendesk::Config { credentials, ..fake_zendesk::Config::default() };
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("tmp")).expect("a folder");
        let zendesk = FakeZendesk::start_with(world, config);
        Stage { folder, login, zendesk, salesforce: None, github: FakeGitHub::start() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Audits without a fault.
    pub fn audit(&self) -> Plan {
        let output = self.command(&["zendesk", "drift", "audit", "--quiet"]).output().expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut runs = fs::read_dir(self.path("artifacts/zendesk_drift")).expect("the root");
        let is_audit = |path: &PathBuf| path.to_string_lossy().ends_with("_audit");
        let run = runs.find_map(|entry| Some(entry.ok()?.path()).filter(is_audit)).expect("a run");
        let path = run.join("fix_plan.json");
        let plan: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("a plan")).expect("JSON");
        Plan { path: path.display().to_string(), hash: plan["plan_hash"].as_str().expect("a hash").to_owned() }
    }

    /// The run folder of an audit that breaches a limit.
    pub fn breached(&self) -> String {
        let mut command = self.command(&["zendesk", "drift", "audit", "--quiet", "--threshold", "max_total_issues=0"]);
        let output = command.args(["--out", "breached"]).output().expect("the program runs");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let mut runs = fs::read_dir(self.path("breached")).expect("the root");
        runs.next().expect("a run").expect("an entry").path().display().to_string()
    }

    /// Lets GitHub take the token, and hold a tracking issue in this state.
    pub fn has_issue(&self, state: Option<&str>) {
        let mut github = self.github.state();
        github.token = Some(CANARIES[4].to_owned());
        if let Some(state) = state {
            github.add_issue(BOT, "old", "<!-- g-gremlin:sticky v1 key=default -->\nold");
            github.issues[0]["state"] = state.into();
        }
    }

    /// Looks at what GitHub holds.
    pub fn posted(&self) -> Result<(), String> {
        let state = self.github.state();
        let held = serde_json::to_vec(&(&state.issues, &state.comments)).expect("JSON");
        match forms::found(&held, &self.secrets()) {
            found if found.is_empty() => Ok(()),
            found => Err(format!("{found:?} in {}", String::from_utf8_lossy(&held))),
        }
    }

    /// Runs a command of the drift, and looks at everything.
    pub fn run(&self, args: &[&str], more: &[(&str, &str)], fault: &str) -> Looked {
        self.run_planned(args, None, more, fault)
    }

    pub fn run_planned(&self, args: &[&str], plan: Option<&Plan>, more: &[(&str, &str)], fault: &str) -> Looked {
        let placed = |arg: &&str| match (*arg, plan) {
            ("PLAN", Some(plan)) => plan.path.clone(),
            ("HASH", Some(plan)) => plan.hash.clone(),
            ("SAVED", _) => "saved".to_owned(),
            (arg, _) => arg.to_owned(),
        };
        let args: Vec<String> = args.iter().map(placed).collect();
        let mut whole = vec!["zendesk", "drift"];
        whole.extend(args.iter().map(String::as_str));
        whole.push("--verbose");
        self.run_github(&whole, more, fault)
    }

    /// Runs any command.
    pub fn run_github(&self, args: &[&str], more: &[(&str, &str)], fault: &str) -> Looked {
        let demo = repository("fixtures/demo/expected").display().to_string();
        let args: Vec<&str> = args.iter().map(|arg| if *arg == "DEMO" { demo.as_str() } else { arg }).collect();
        let output = self.command(&args).envs(more.iter().copied()).output().expect("the program runs");
        self.look(&output, &format!("{args:?} under {fault}"))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
        for (name, _) in std::env::vars() {
            if ["GITHUB_", "GREMLIN_", "ZENDESK_", "SALESFORCE_", "CLICOLOR"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
            {
                command.env_remove(name);
            }
        }
        command.env_remove("CI").env_remove("NO_COLOR").current_dir(&self.folder).args(args);
        command.env("TMPDIR", self.path("tmp")).env("RUST_BACKTRACE", "full");
        match self.login {
            Login::ApiToken => {
                command.envs([("ZENDESK_EMAIL", "admin@fake.example"), ("ZENDESK_API_TOKEN", CANARIES[0])])
            }
            Login::Bearer => command.env("ZENDESK_OAUTH_TOKEN", CANARIES[1]),
            Login::Client => {
                command.envs([("ZENDESK_OAUTH_CLIENT_ID", "client"), ("ZENDESK_OAUTH_CLIENT_SECRET", CANARIES[2])])
            }
        };
        command.envs([("SALESFORCE_CLIENT_ID", "client"), ("SALESFORCE_CLIENT_SECRET", CANARIES[3])]);
        let event = self.path("event.json");
        fs::write(&event, r#"{"repository":{"private":true},"pull_request":{"number":7}}"#).expect("written");
        command.env("GITHUB_TOKEN", CANARIES[4]).env("GITHUB_API_URL", self.github.url());
        command.env("GITHUB_REPOSITORY", REPOSITORY).env("GITHUB_ACTOR", "dana").env("GITHUB_TRIGGERING_ACTOR", "dana");
        command.env("GITHUB_EVENT_PATH", event);
        command
    }

    /// The secrets that this run had: a command knows only its own, and an answer may hold any.
    fn secrets(&self) -> Vec<&'static str> {
        let zendesk = match self.login {
            Login::ApiToken => CANARIES[0],
            Login::Bearer => CANARIES[1],
            Login::Client => CANARIES[2],
        };
        vec![zendesk, CANARIES[3], CANARIES[4]]
    }

    /// The exit code, or the first canary in the output or in any file of the folder, temporary ones included.
    fn look(&self, output: &Output, what: &str) -> Looked {
        let mut secrets = self.secrets();
        // Tokens that were granted are secrets as well.
        let granted: Vec<String> = granted(self);
        secrets.extend(granted.iter().map(|token| -> &str { token }));
        for (stream, bytes) in [("standard output", &output.stdout), ("standard error", &output.stderr)] {
            let found = forms::found(bytes, &secrets);
            if !found.is_empty() {
                return Err(format!("{what}: {found:?} on {stream}:\n{}", String::from_utf8_lossy(bytes)));
            }
        }
        let mut files = vec![];
        all_files(self.folder.path(), &mut files);
        for file in files {
            let found = forms::found(&fs::read(&file).map(unpacked).unwrap_or_default(), &secrets);
            if !found.is_empty() {
                return Err(format!("{what}: {found:?} in {}", file.display()));
            }
        }
        Ok(output.status.code().unwrap_or(-1))
    }
}

/// The bearer tokens of the log, but for the one that the environment holds.
fn granted(stage: &Stage) -> Vec<String> {
    let log = stage.salesforce.as_ref().map(|salesforce| salesforce.log()).unwrap_or_default();
    log.into_iter().filter_map(|logged| logged.token).collect()
}

fn unpacked(bytes: Vec<u8>) -> Vec<u8> {
    match bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        true => doors::decompressed(&bytes).unwrap_or(bytes),
        false => bytes,
    }
}

fn all_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() { all_files(&entry, files) } else { files.push(entry) }
    }
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An answer of Zendesk that is a text, with a request id that is none.
pub fn echo(status: u16, said: &str) -> FaultKind {
    FaultKind::Status {
        code: status,
        headers: vec![
            ("x-request-id".into(), CANARIES[0].replace('"', "")),
            ("content-type".into(), "text/html".into()),
        ],
        body: Body::Text { content_type: "text/html".into(), text: said.to_owned() },
    }
}

/// An answer of GitHub that is a text.
pub fn text(status: u16, said: &str) -> Reply {
    Reply::new(status, Body::Text { content_type: "text/plain".into(), text: said.to_owned() })
}
