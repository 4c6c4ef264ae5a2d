//! Signals in the middle of an audit: what is printed, and that no folder stays. Of an audit that is killed, the next one removes
//! what it left, and never the folder of one that runs.
#![cfg(unix)]

use super::{AS_OF, FakeZendesk, Fault, FaultKind, demo, fake, folder, gremlin};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

#[test]
fn neither_a_run_nor_a_snapshot_stays_of_an_interrupted_audit() {
    for (signal, slow) in [
        ("INT", "/api/v2/organization_memberships"),
        ("TERM", "/api/v2/incremental/tickets/cursor"),
        ("HUP", "/api/v2/users"),
    ] {
        // Under nohup it stays ignored, as it should.
        if signal == "HUP" && is_hup_ignored() {
            continue;
        }
        let (fake, folder) = (fake(), folder());
        fake.add_fault(Fault::on(slow, FaultKind::Slow { ms: 60_000 }));
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
        command.args(["zendesk", "drift", "audit", "--as-of", AS_OF, "--out", "out", "--save-snapshot", "saved/here"]);
        command.args(["--base-url", fake.url(), "--sf-accounts"]).arg(demo().join("salesforce_accounts.csv"));
        command.envs(FakeZendesk::BEARER_ENV).env_remove("CLICOLOR_FORCE").current_dir(&folder);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
        while fake.requests_to(slow).is_empty() {
            assert_eq!(child.try_wait().expect("asked"), None, "it ended before it was interrupted");
            std::thread::sleep(Duration::from_millis(10));
        }
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        let ended = child.wait_with_output().expect("ended");
        assert_eq!(ended.status.code(), Some(130), "{signal}");
        let error = String::from_utf8_lossy(&ended.stderr);
        assert!(error.ends_with("error: interrupted; no files were left\n"), "{error}");
        for place in ["out", "saved"] {
            assert_eq!(std::fs::read_dir(folder.path().join(place)).expect("listed").count(), 0, "{signal}: {place}");
        }
    }
}

/// Whether these tests run under nohup: what they start then ignores SIGHUP too.
fn is_hup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// What is in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn audit_of_the_demo(folder: &TempDir) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
    command.args(["zendesk", "drift", "audit", "--quiet", "--as-of", AS_OF, "--out", "out", "--demo"]);
    command.env_remove("CLICOLOR_FORCE").current_dir(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started")
}

/// Starts an audit and stops it (SIGSTOP) while it fills its folder; returns the names of folder and lock.
fn stopped_while_writing(folder: &TempDir) -> (Child, Vec<String>) {
    let out = folder.path().join("out");
    for _ in 0..200 {
        let before = names(&out);
        let mut child = audit_of_the_demo(folder);
        let pid = Pid::from_child(&child);
        while child.try_wait().expect("asked").is_none() {
            let is_filled = |name: &String| !before.contains(name) && names(&out.join(name)).len() > 2;
            if !names(&out).iter().any(|name| name.starts_with(".unfinished-") && is_filled(name)) {
                continue;
            }
            kill_process(pid, Signal::STOP).expect("a child");
            let mut unfinished = names(&out);
            unfinished.retain(|name| name.starts_with(".unfinished-") && !before.contains(name));
            if unfinished.iter().any(|name| !name.ends_with(".lock")) && child.try_wait().expect("asked").is_none() {
                return (child, unfinished);
            }
            kill_process(pid, Signal::CONT).expect("a child");
        }
    }
    panic!("no audit was caught in the middle of writing");
}

#[test]
fn the_next_audit_removes_what_a_killed_one_left_and_nothing_of_one_that_runs() {
    let folder = folder();
    let out = folder.path().join("out");
    let (mut living, of_the_living) = stopped_while_writing(&folder);
    let (mut killed, of_the_killed) = stopped_while_writing(&folder);
    killed.kill().expect("a child");
    killed.wait().expect("gone");
    // Left by a version without locks; and what looks alike but is not a folder of ours.
    std::fs::create_dir_all(out.join(".unfinished-old/inner")).expect("made");
    std::fs::write(out.join(".unfinished-file"), "").expect("written");
    std::os::unix::fs::symlink(demo(), out.join(".unfinished-link")).expect("made");
    for name in of_the_living.iter().chain(&of_the_killed) {
        assert!(names(&out).contains(name), "{name}");
    }

    gremlin(&folder).args(["audit", "--quiet", "--as-of", AS_OF, "--out", "out", "--demo"]).assert().code(0);
    let mut left = names(&out);
    left.retain(|name| name.starts_with('.'));
    let mut expected = of_the_living.clone();
    expected.extend([".unfinished-file".to_owned(), ".unfinished-link".to_owned()]);
    expected.sort();
    assert_eq!(left, expected);
    assert!(demo().join("salesforce_accounts.csv").is_file(), "what a link leads to is not touched");

    // The one that was stopped goes on as if nothing had been.
    kill_process(Pid::from_child(&living), Signal::CONT).expect("a child");
    assert_eq!(living.wait().expect("ended").code(), Some(0));
    let runs = names(&out).into_iter().filter(|name| name.contains("_audit")).collect::<Vec<_>>();
    for run in &runs {
        gremlin(&folder).args(["verify", "--quiet"]).arg(out.join(run)).assert().code(0);
    }
    assert!(runs.len() >= 2, "{runs:?}");
    assert!(!of_the_living.iter().any(|name| names(&out).contains(name)));
}

#[test]
fn beside_a_snapshot_only_folders_with_a_lock_are_removed() {
    let folder = folder();
    for name in [".unfinished-dead", ".unfinished-mine"] {
        std::fs::create_dir_all(folder.path().join("saved").join(name)).expect("made");
    }
    std::fs::write(folder.path().join("saved/.unfinished-dead.lock"), "").expect("written");
    std::fs::write(folder.path().join("saved/.unfinished-none.lock"), "").expect("written");
    let fake = fake();
    let mut command = gremlin(&folder);
    command.args(["audit", "--quiet", "--as-of", AS_OF, "--out", "out", "--save-snapshot", "saved/here"]);
    command.args(["--base-url", fake.url(), "--sf-accounts"]).arg(demo().join("salesforce_accounts.csv"));
    command.envs(FakeZendesk::BEARER_ENV).assert().code(0);
    assert_eq!(names(&folder.path().join("saved")), [".unfinished-mine", "here"]);
}

#[cfg(target_os = "linux")]
#[test]
fn an_audit_under_nohup_outlives_its_terminal() {
    let (fake, folder) = (fake(), folder());
    let slow = "/api/v2/users";
    fake.add_fault(Fault::on(slow, FaultKind::Slow { ms: 300 }));
    let program = assert_cmd::cargo::cargo_bin!("g-gremlin");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(program);
    command.args(["zendesk", "drift", "audit", "--quiet", "--as-of", AS_OF, "--out", "out", "--base-url", fake.url()]);
    command.arg("--sf-accounts").arg(demo().join("salesforce_accounts.csv"));
    command.envs(FakeZendesk::BEARER_ENV).env_remove("CLICOLOR_FORCE").current_dir(&folder);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    while fake.requests_to(slow).is_empty() {
        assert_eq!(child.try_wait().expect("asked"), None);
        std::thread::sleep(Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&child), Signal::HUP).expect("a child");
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}
