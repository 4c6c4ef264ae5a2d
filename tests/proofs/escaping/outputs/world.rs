//! The demo's world with other names and ids, and everything that the program shows of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The names of accounts and organizations, and what is added to the ids of accounts.
pub struct Names {
    names: Vec<String>,
    ids: Vec<String>,
}

impl Names {
    /// Nine accounts, all of which have issues, and eleven organizations.
    pub const COUNT: usize = 20;
    pub const ACCOUNTS: usize = 9;

    pub fn harmless() -> Self {
        let text = |kind: &str| -> Vec<String> {
            (0..Self::COUNT).map(|number| format!("{kind}Harmless{number:02}")).collect()
        };
        Names { names: text("Name"), ids: text("id").iter().map(|id| id.to_lowercase()).collect() }
    }

    /// These texts as names. Ids are made of those that an id can hold; what must differ in the world stays different.
    pub fn hostile(texts: &[String]) -> Self {
        let names = (0..Self::COUNT).map(|number| texts[number % texts.len()].clone()).collect();
        let may_be_id = |c: char| !c.is_whitespace() && !super::terminal::acts(c) && c != '@';
        let id = |number: usize| -> String {
            let id: String = texts[(number + 1) % texts.len()].chars().filter(|c| may_be_id(*c)).take(40).collect();
            format!("<{number}>{}", id.to_lowercase())
        };
        Names { names, ids: (0..Self::COUNT).map(id).collect() }
    }

    /// All texts as they are stored.
    pub fn texts(&self) -> Vec<String> {
        self.names.iter().map(|name| stored(name)).chain(self.ids.iter().cloned()).collect()
    }
}

/// A name as the program keeps it: trimmed in the reference, without controls everywhere.
pub fn stored(name: &str) -> String {
    name.trim().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// What the program shows.
pub struct Outputs {
    /// The files of the run folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Markdown.
    pub pages: BTreeMap<&'static str, String>,
    /// What goes to a terminal or a log.
    pub logs: BTreeMap<&'static str, String>,
    pub annotations: String,
    pub html: String,
}

/// Audits the demo's world under these names, and renders every report of it.
pub fn outputs(names: &Names) -> Outputs {
    let folder = tempfile::tempdir().expect("a folder");
    write(names, folder.path());
    let run = |args: &[&str]| -> String {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
        for variable in ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "CI", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        command.current_dir(folder.path()).args(["zendesk", "drift"]).args(args);
        let output = command.output().expect("the program runs");
        assert!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8")
    };
    let at = ["--as-of", "2026-04-17T22:15:30Z", "--snapshot", "plain", "--sf-accounts", "accounts.csv"];
    let audit = run(&[&["audit", "--verbose"][..], &at].concat());
    let root = folder.path().join("artifacts/zendesk_drift");
    let mut runs = fs::read_dir(root).expect("the root").map(|entry| entry.expect("an entry").path());
    let folder_of_run = runs.find(|path| path.is_dir()).expect("a run folder");
    let files = fs::read_dir(&folder_of_run).expect("the run folder").map(|entry| {
        let path = entry.expect("an entry").path();
        (path.file_name().expect("a name").to_string_lossy().into_owned(), fs::read(&path).expect("a file"))
    });
    let files: BTreeMap<String, Vec<u8>> = files.collect();
    let report = |to: &str| {
        run(&["report", "latest", "--to", to, "--html-file", "report.html"][..if to == "html" { 6 } else { 4 }])
    };
    report("html");
    let id = format!("001ACME004{}", names.ids[3]);
    let trace = |args: &[&str]| run(&[&["trace"][..], args, &at].concat());
    let account = format!("--sf-account-id={id}");
    Outputs {
        pages: BTreeMap::from([
            ("summary.md", String::from_utf8(files["summary.md"].clone()).expect("UTF-8")),
            ("job-summary", report("job-summary")),
            ("comment", report("comment")),
        ]),
        logs: BTreeMap::from([
            ("audit", audit),
            ("terminal", report("terminal")),
            ("trace of an account", trace(&[&account])),
            ("trace of an account as JSON", trace(&[&account, "--format", "json"])),
            ("trace of an org", trace(&["--zendesk-org-id", "4002"])),
            ("trace of an org as JSON", trace(&["--zendesk-org-id", "4002", "--format", "json"])),
            ("trace of a domain", trace(&["--domain", "acme-health.example"])),
            ("verify", run(&["verify", "latest"])),
            ("trend", run(&["trend"])),
        ]),
        annotations: report("annotations"),
        html: fs::read_to_string(folder.path().join("report.html")).expect("report.html"),
        files,
    }
}

fn write(names: &Names, folder: &Path) {
    let demo = super::repository("fixtures/demo");
    let plain = folder.join("plain");
    fs::create_dir(&plain).expect("a folder");
    for file in ["users.ndjson", "organization_memberships.ndjson", "tickets.ndjson", "account_settings.json"] {
        fs::copy(demo.join(file), plain.join(file)).expect("copied");
    }
    let new_id = |id: &str| -> String {
        let number: usize =
            id.strip_prefix("001ACME").and_then(|number| number.parse().ok()).expect("an id of the demo");
        format!("{id}{}", names.ids[number - 1])
    };
    let mut reader = csv::Reader::from_path(demo.join("salesforce_accounts.csv")).expect("the reference");
    let mut writer = csv::Writer::from_path(folder.join("accounts.csv")).expect("a reference");
    writer.write_record(reader.headers().expect("a header")).expect("written");
    for (number, row) in reader.records().enumerate() {
        let mut row: Vec<String> = row.expect("a row").iter().map(str::to_owned).collect();
        row[0] = new_id(&row[0]);
        // A cell of a name has no line end.
        row[1] = names.names[number].trim().replace(['\n', '\r'], "\u{fffd}");
        row[3] = names.names[number].replace(['\n', '\r'], " ");
        writer.write_record(&row).expect("written");
    }
    writer.flush().expect("written");
    let orgs = fs::read_to_string(demo.join("organizations.ndjson")).expect("orgs");
    let orgs = orgs.lines().enumerate().map(|(number, line)| {
        let mut org: Value = serde_json::from_str(line).expect("an org");
        org["name"] = stored(&names.names[(Names::ACCOUNTS + number) % Names::COUNT]).into();
        if let Some(id) = org["external_id"].as_str().filter(|id| id.starts_with("001ACME")) {
            org["external_id"] = new_id(id).into();
        }
        format!("{org}\n")
    });
    fs::write(plain.join("organizations.ndjson"), orgs.collect::<String>()).expect("orgs");
}
