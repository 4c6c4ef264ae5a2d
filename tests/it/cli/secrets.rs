//! Nothing that is printed holds a secret of the environment, whoever gave it and however it is written.

use super::{AS_OF, HEADER, demo, folder, gremlin, only_run, with_reference};
use tempfile::TempDir;

/// A secret of each system, with characters that JSON, HTML and URLs write differently.
const SECRETS: [(&str, &str); 7] = [
    ("ZENDESK_OAUTH_CLIENT_SECRET", "qZ7f+bX2c/Lr9w=Vn4"),
    ("ZENDESK_OAUTH_TOKEN", "Kp3xW8vQ1mTz6Yd5"),
    ("ZENDESK_API_TOKEN", "Jh5&rN2s<Gt>8Wc4Bx"),
    ("SALESFORCE_CLIENT_SECRET", "Mw6kD9\"fZ3pR7tYh2"),
    ("SALESFORCE_ACCESS_TOKEN", "00D!Uc4vX7.nB1q.Ek8sP"),
    ("GITHUB_TOKEN", "ghs_2Fj6Ld9Sg3Hv5Xn"),
    ("ACTIONS_RUNTIME_TOKEN", "Ty7Rw3Kq9Zm5Cv1"),
];

fn assert_hidden(output: &std::process::Output, what: &str) {
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    for (name, secret) in SECRETS {
        // Half of one is one too many.
        for part in [&secret[..8], &secret[secret.len() - 8..]] {
            assert!(!text.contains(part), "{what}: {name} shows in:\n{text}");
        }
    }
    assert!(text.contains("***"), "{what}: it is masked, not left out:\n{text}");
}

fn with_secrets(folder: &TempDir, args: &[&str]) -> std::process::Output {
    let mut command = gremlin(folder);
    command.envs(SECRETS).args(args);
    command.output().expect("the program runs")
}

#[test]
fn a_word_of_the_command_line_is_masked() {
    let folder = folder();
    for (name, secret) in SECRETS {
        assert_hidden(&with_secrets(&folder, &["explain", secret]), name);
        assert_hidden(&with_secrets(&folder, &["audit", "--demo", "--out", secret, "--as-of", AS_OF]), name);
    }
}

#[test]
fn a_header_is_masked_before_it_is_cut() {
    for (name, secret) in SECRETS {
        for before in [0, 40, 50, 55] {
            let folder = folder();
            let header = format!("{}{secret}", "h".repeat(before)).replace('"', "\"\"");
            std::fs::write(folder.path().join("a.csv"), format!("\"{header}\",other\n1,2\n")).expect("written");
            let demo = demo().display().to_string();
            let audit = ["audit", "--sf-accounts", "a.csv", "--snapshot", &demo, "--out", "out"];
            assert_hidden(&with_secrets(&folder, &audit), name);
        }
    }
}

#[test]
fn what_a_reference_holds_is_masked_in_text_and_in_json() {
    for (name, secret) in SECRETS {
        let folder = folder();
        let quoted = secret.replace('"', "\"\"");
        let csv = format!("{HEADER}001A,\"{quoted}\",one.example\n001B,two,\"{quoted}\"\n");
        std::fs::write(folder.path().join("a.csv"), csv).expect("written");
        let demo = demo().display().to_string();
        let audit = ["audit", "--verbose", "--sf-accounts", "a.csv", "--snapshot", &demo, "--out", "out"];
        assert_hidden(&with_secrets(&folder, &audit), name);
        let run = only_run(folder.path().join("out")).display().to_string();
        assert_hidden(&with_secrets(&folder, &["report", &run, "--to", "job-summary"]), name);
        let trace = ["trace", "--format", "json", "--sf-accounts", "a.csv", "--snapshot", &demo];
        assert_hidden(&with_secrets(&folder, &[&trace[..], &["--sf-account-id", "001A"]].concat()), name);
    }
}

#[test]
fn what_is_no_secret_is_printed_as_it_is() {
    let folder = folder();
    let csv = format!("{HEADER}001A,Acme,one.example\n");
    let plain = with_reference(&folder, csv.as_bytes()).code(0).get_output().stdout.clone();
    let demo = demo().display().to_string();
    let args = ["audit", "--sf-accounts", "a.csv", "--as-of", AS_OF, "--out", "out2", "--snapshot", &demo];
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("out2", "out");
    assert_eq!(text(&with_secrets(&folder, &args).stdout), text(&plain));
}
