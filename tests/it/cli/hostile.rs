//! Outside text that would like to be more than text: in names of orgs, headers, configurations and names of files.

use super::{AS_OF, HEADER, audit_of, demo, folder, gremlin, only_run, plain, with_reference};

/// Whether a terminal could take something in `text` for a command.
fn commands(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).contains(['\u{1b}', '\u{7}', '\r', '\u{202e}', '\u{2066}', '\u{9b}'])
}

#[test]
fn names_of_orgs_are_guarded_in_tables_and_in_the_summary() {
    for lead in ["=", "+", "-", "@", "\t"] {
        let folder = folder();
        let plain = plain(&folder);
        let orgs = std::fs::read_to_string(plain.join("organizations.ndjson")).expect("orgs");
        let name = format!("{lead}cmd|' /C calc'!A0\u{202e}\u{1b}[2J\n# <img src=x> [a](http://evil.example)");
        let hostile: String = orgs
            .lines()
            .map(|line| {
                let mut org: serde_json::Value = serde_json::from_str(line).expect("an org");
                org["name"] = name.clone().into();
                format!("{org}\n")
            })
            .collect();
        std::fs::write(plain.join("organizations.ndjson"), hostile).expect("written");
        let output = audit_of(&folder, &plain).code(0).get_output().clone();
        assert!(!commands(&output.stdout) && !commands(&output.stderr), "{lead:?}");

        let run = only_run(folder.path().join("out"));
        let table = std::fs::read(run.join("org_issues.csv")).expect("a table");
        let mut table = csv::Reader::from_reader(&*table);
        let at = table.headers().expect("a header").iter().position(|header| header == "org_name").expect("a column");
        let names: Vec<String> = table.records().map(|row| row.expect("a row")[at].to_owned()).collect();
        assert!(names.iter().any(|name| !name.is_empty()));
        // A control character of a name is replaced, so that a leading tab is none any more.
        let guarded = if lead == "\t" { "\u{fffd}cmd".to_owned() } else { format!("'{lead}cmd") };
        assert!(names.iter().all(|name| name.is_empty() || name.starts_with(&guarded)), "{names:?}");
        let summary = std::fs::read(run.join("summary.md")).expect("a summary");
        assert!(!commands(&summary) && !String::from_utf8_lossy(&summary).contains("\n# <img"), "{lead:?}");
    }
}

#[test]
fn json_on_standard_output_gives_no_command_to_a_terminal_or_a_runner() {
    let folder = folder();
    let plain = plain(&folder);
    let orgs = std::fs::read_to_string(plain.join("organizations.ndjson")).expect("orgs");
    let name = "Acme ##[add-mask]x\u{202e}";
    let hostile: String = orgs
        .lines()
        .map(|line| {
            let mut org: serde_json::Value = serde_json::from_str(line).expect("an org");
            org["name"] = name.into();
            format!("{org}\n")
        })
        .collect();
    std::fs::write(plain.join("organizations.ndjson"), hostile).expect("written");
    let mut trace = gremlin(&folder);
    trace.args(["trace", "--format", "json", "--as-of", AS_OF, "--zendesk-org-id", "4001"]);
    trace.args(["--snapshot", "plain", "--sf-accounts"]).arg(demo().join("salesforce_accounts.csv"));
    let output = trace.assert().code(0).get_output().clone();
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // GitHub's runner takes `##[` anywhere in a line for a command.
    assert!(!text.contains("##[") && !commands(text.as_bytes()), "{text}");
    let data: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(data.to_string().contains(name), "{data}");
}

#[test]
fn headers_cells_and_keys_are_escaped_where_they_are_told() {
    let folder = folder();
    let csv = format!("{},\u{1b}[2Jowner\u{202e}\nA1,a,\u{1b}]0;x\u{7}junk\n", HEADER.trim_end());
    let output = with_reference(&folder, csv.as_bytes()).code(0).get_output().clone();
    assert!(!commands(&output.stdout) && !commands(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("[2Jowner"), "it is still told");

    let output = with_reference(&folder, b"a\x1b[2J,b\n1,2\n").code(2).get_output().clone();
    assert!(!commands(&output.stderr));

    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), "\"a\\e[2J\\u202Eb\": 1\n").expect("written");
    let output = gremlin(&folder).arg("audit").assert().code(2).get_output().clone();
    assert!(!commands(&output.stderr), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_name_of_a_file_is_escaped_where_it_is_told() {
    let folder = folder();
    let arguments = ["audit", "--subdomain", "acme", "--sf-accounts", "a\u{1b}[2J\u{202e}.csv"];
    let output = gremlin(&folder).args(arguments).env("ZENDESK_OAUTH_TOKEN", "t").assert().code(2).get_output().clone();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!commands(error.as_bytes()) && error.starts_with("error: the reference CSV a"), "{error}");
}

#[test]
fn the_environment_and_the_flag_decide_about_colors() {
    for (color, variables, colored) in [
        ("auto", &[("CLICOLOR_FORCE", "1")][..], true),
        ("auto", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        ("never", &[("CLICOLOR_FORCE", "1")], false),
        ("always", &[("NO_COLOR", "1")], true),
    ] {
        let folder = folder();
        let mut command = gremlin(&folder);
        command.args(["audit", "--demo", "--color", color]).envs(variables.iter().copied());
        let output = command.output().expect("a run");
        assert_eq!(output.stdout.contains(&0x1b), colored, "{color} {variables:?}");
    }
}
