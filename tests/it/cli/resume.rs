//! Live audits that are cut short, and go on with `--resume`: what is taken over, what is asked for anew, and what is never mixed.
#![cfg(unix)]

use super::{AS_OF, FakeZendesk, Fault, FaultKind, HEADER, World, folder, gremlin};
use crate::fake_zendesk::{Kind, Role};
use predicates::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const USERS: &str = "/api/v2/users";
const MEMBERSHIPS: &str = "/api/v2/organization_memberships";
const EXPORT: &str = "/api/v2/incremental/tickets/cursor";
const SEARCH: &str = "/api/v2/search/export";
const LISTS: [&str; 5] = ["/api/v2/organizations", USERS, MEMBERSHIPS, EXPORT, SEARCH];

/// A Zendesk with several pages of everything, and a folder with a reference that gives issues.
struct Stage {
    fake: FakeZendesk,
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let stage = Self { fake: FakeZendesk::start(World::numbered(250, 250, 2500)), folder: folder() };
        let rows = (1..=250).map(|n| format!("001FAKE{n:03},Org {n},org{n}.example;more{n}.example\n"));
        std::fs::write(stage.folder.path().join("a.csv"), HEADER.to_owned() + &rows.collect::<String>())
            .expect("written");
        stage
    }

    /// The arguments of an audit whose pages are kept from the first moment on.
    fn arguments(&self, out: &str) -> Vec<String> {
        let arguments = ["audit", "--sf-accounts", "a.csv", "--keep-pages-after", "0", "--base-url", self.fake.url()];
        arguments.into_iter().chain(["--out", out]).map(str::to_owned).collect()
    }

    fn audit(&self, out: &str, more: &[&str]) -> assert_cmd::assert::Assert {
        gremlin(&self.folder).args(self.arguments(out)).args(more).envs(FakeZendesk::BEARER_ENV).assert()
    }

    /// An audit that stops at this request, once nothing else is left to do.
    fn stuck_at(&self, path: &str, nth: u32, more: &[&str]) -> Child {
        self.fake.clear_faults();
        self.fake.add_fault(Fault::on(path, FaultKind::Slow { ms: 60_000 }).nth(nth));
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("g-gremlin"));
        command.args(["zendesk", "drift"]).args(self.arguments("out")).args(more).current_dir(&self.folder);
        command.envs(FakeZendesk::BEARER_ENV).env_remove("CLICOLOR_FORCE");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
        // Three lists of three pages, and a fourth up to the page before. No ticket of the world is in the window of today, so that
        // its tickets are one page.
        let due = 3 * 3 + nth as usize - 1 - if more.contains(&AS_OF) { 0 } else { 2 };
        let began = Instant::now();
        while self.kept_pages() < due {
            assert_eq!(child.try_wait().expect("asked"), None, "it ended before it was interrupted");
            assert!(began.elapsed() < Duration::from_secs(60), "{} pages are kept", self.kept_pages());
            std::thread::sleep(Duration::from_millis(10));
        }
        while self.fake.requests_to(path).iter().all(|request| request.answered()) {
            std::thread::sleep(Duration::from_millis(10));
        }
        child
    }

    /// How many pages are kept below the root.
    fn kept_pages(&self) -> usize {
        let folders = std::fs::read_dir(self.folder.path().join("out")).into_iter().flatten().flatten();
        let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
        let pages = files.filter(|file| file.file_name().to_string_lossy().ends_with(".pages"));
        pages.map(|file| std::fs::read_to_string(file.path()).unwrap_or_default().matches('\n').count()).sum()
    }

    /// Interrupts an audit at this request; gives its exit code, if it has one, and what it said.
    fn interrupt_at(&self, path: &str, nth: u32, signal: &str, more: &[&str]) -> (Option<i32>, String) {
        let child = self.stuck_at(path, nth, more);
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        let ended = child.wait_with_output().expect("ended");
        self.fake.clear_faults();
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
    }

    /// How often each list was asked for a page since the log was cleared.
    fn pages(&self) -> BTreeMap<&'static str, usize> {
        LISTS.into_iter().map(|path| (path, self.fake.requests_to(path).len())).collect()
    }

    fn entries(&self, out: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join(out)).expect("a root");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }

    /// The folders of pages, and the runs.
    fn kept_and_runs(&self, out: &str) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let is_kept = |path: &PathBuf| name(path).starts_with(".resume-");
        self.entries(out).into_iter().partition(is_kept)
    }

    fn kept(&self) -> PathBuf {
        let (mut kept, runs) = self.kept_and_runs("out");
        assert_eq!((kept.len(), runs.len()), (1, 0));
        kept.remove(0)
    }
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// The files of the only run of a root, and its receipt apart.
fn run(stage: &Stage, out: &str) -> (BTreeMap<String, Vec<u8>>, Value) {
    let (kept, runs) = stage.kept_and_runs(out);
    assert!(kept.is_empty() && runs.len() == 1, "{kept:?} {runs:?}");
    let files = std::fs::read_dir(&runs[0]).expect("a run").map(|entry| entry.expect("an entry").path());
    let mut files: BTreeMap<String, Vec<u8>> =
        files.map(|path| (name(&path), std::fs::read(&path).expect("a file"))).collect();
    let receipt = files.remove("receipt.json").expect("a receipt");
    (files, serde_json::from_slice(&receipt).expect("JSON"))
}

#[test]
fn an_audit_that_goes_on_gives_the_same_artifacts_and_asks_for_the_rest_alone() {
    for (path, nth, signal, role) in [
        (USERS, 3, "INT", Role::Admin),
        (MEMBERSHIPS, 2, "TERM", Role::Admin),
        (EXPORT, 2, "KILL", Role::Admin),
        (SEARCH, 2, "INT", Role::Agent),
        (LISTS[0], 1, "INT", Role::Admin),
    ] {
        let stage = Stage::new();
        stage.fake.with_config(|config| config.credentials.iter_mut().for_each(|one| one.role = role));
        stage.audit("whole", &["--as-of", AS_OF]).code(0);
        let whole = stage.pages();
        stage.fake.clear_log();
        let (code, said) = stage.interrupt_at(path, nth, signal, &["--as-of", AS_OF]);
        if signal != "KILL" {
            assert_eq!(code, Some(130));
            assert!(said.ends_with("run the same command with --resume to continue from them\n"), "{said}");
        }
        let first = stage.pages();
        drop(stage.kept());

        stage.fake.clear_log();
        stage
            .audit("out", &["--as-of", AS_OF, "--resume"])
            .code(0)
            .stderr(predicate::str::contains("note: continuing the read that began at 20"));
        for (list, count) in &whole {
            let again = usize::from(*list == path);
            // Of the export, what changed since the first read began is asked for, after either way to the tickets.
            let latest = usize::from(*list == EXPORT && path != EXPORT && role == Role::Admin);
            assert_eq!(first[list] + stage.pages()[list], count + again + latest, "{path}: {list}");
        }
        let ((undisturbed, before), (resumed, receipt)) = (run(&stage, "whole"), run(&stage, "out"));
        for (file, bytes) in &undisturbed {
            assert!(resumed[file] == *bytes, "{path}: {file}");
        }
        assert_eq!(undisturbed.len(), resumed.len());
        assert_eq!(receipt["plan_hash"], before["plan_hash"]);
        assert_eq!(receipt["command"]["options"]["resume"], true);
        assert!(before["requests"].get("resumed").is_none());
        let taken_over = first.values().sum::<usize>() - 1;
        // An agent's try of the incremental export is no page.
        let refused = usize::from(role == Role::Agent && first[EXPORT] > 0);
        assert_eq!(receipt["requests"]["resumed"]["pages"], taken_over - refused, "{path}");
    }
}

#[test]
fn what_is_kept_is_private_and_holds_no_more_than_a_snapshot() {
    let stage = Stage::new();
    stage.interrupt_at(USERS, 3, "INT", &[]);
    let kept = stage.kept();
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&kept), 0o700);
    let files: Vec<PathBuf> =
        std::fs::read_dir(&kept).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(files.len(), 2 + 4, "the header, the lock and four lists");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
        let text = std::fs::read_to_string(&file).expect("text");
        for secret in ["u1@", "User 1", "Ticket 1", "fake-bearer-token"] {
            assert!(!text.contains(secret), "{file:?} holds {secret}");
        }
    }
}

#[test]
fn pages_older_than_an_hour_or_of_another_read_are_never_mixed_in() {
    let stage = Stage::new();
    stage.interrupt_at(USERS, 3, "INT", &[]);
    let kept = stage.kept();
    stage.fake.clear_log();
    let others =
        "the saved pages are from another Zendesk, other settings or another version; everything is read again";
    stage.audit("out", &["--resume", "--lookback-days", "10"]).code(0).stderr(predicate::str::contains(others));
    assert_eq!(stage.pages()[USERS], 3);
    assert!(kept.exists(), "they are still young");
    let other = FakeZendesk::start(World::numbered(1, 1, 1));
    let mut elsewhere = stage.arguments("out");
    elsewhere
        .iter_mut()
        .filter(|word| word.as_str() == stage.fake.url())
        .for_each(|word| *word = other.url().to_owned());
    let elsewhere = gremlin(&stage.folder).args(elsewhere).arg("--resume").envs(FakeZendesk::BEARER_ENV).assert();
    elsewhere.code(0).stderr(predicate::str::contains(others));

    // An hour and a minute old, or from the future, as after a wrong clock.
    for age in [61 * 60, -60] {
        let header = kept.join("resume.json");
        let text = std::fs::read(&header).expect("a header");
        let mut value: Value = serde_json::from_slice(&text).expect("JSON");
        let began_at = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(age);
        value["began_at"] = began_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
        std::fs::write(&header, value.to_string()).expect("written");
        stage.fake.clear_log();
        let none = "note: there are no pages from the last hour; everything is read again";
        stage.audit("out", &["--resume"]).code(0).stderr(predicate::str::contains(none));
        assert_eq!(stage.pages()[USERS], 3, "all of them");
        assert!(!kept.exists(), "it is removed");
        std::fs::create_dir(&kept).expect("made");
        std::fs::write(&header, text).expect("written");
        std::fs::write(kept.join("lock"), "").expect("written");
    }
}

#[test]
fn an_audit_without_resume_reads_afresh_and_removes_what_is_old_and_what_is_broken() {
    let stage = Stage::new();
    stage.interrupt_at(USERS, 3, "INT", &[]);
    let kept = stage.kept();
    let root = stage.folder.path().join("out");
    for broken in [".resume-empty", ".resume-header"] {
        std::fs::create_dir(root.join(broken)).expect("made");
    }
    std::fs::write(root.join(".resume-header/resume.json"), "{}").expect("written");
    stage.fake.clear_log();
    stage.audit("out", &[]).code(0);
    assert_eq!(stage.pages()[USERS], 3);
    let (left, runs) = stage.kept_and_runs("out");
    assert_eq!((left, runs.len()), (vec![kept], 1), "the pages of another audit stay for their hour");
}

#[test]
fn damaged_pages_are_not_used() {
    let stage = Stage::new();
    stage.interrupt_at(USERS, 3, "INT", &[]);
    let kept = stage.kept();
    let pages = kept.join("users.pages");
    let mut bytes = std::fs::read(&pages).expect("pages");
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&pages, bytes).expect("written");
    stage.fake.clear_log();
    let said = "the saved pages cannot be used (users.pages is damaged); everything is read again";
    stage.audit("out", &["--resume"]).code(0).stderr(predicate::str::contains(said));
    assert_eq!(stage.pages()[USERS], 3);
    assert!(!kept.exists());
}

#[test]
fn a_cursor_that_has_expired_begins_its_list_again_and_no_other() {
    let stage = Stage::new();
    stage.audit("whole", &["--as-of", AS_OF]).code(0);
    stage.interrupt_at(USERS, 3, "INT", &["--as-of", AS_OF]);
    stage.fake.clear_log();
    stage.fake.add_fault(Fault::on(USERS, FaultKind::CursorExpired).nth(1));
    stage.audit("out", &["--resume", "--as-of", AS_OF]).code(0);
    let asked = stage.pages();
    assert_eq!((asked[USERS], asked[MEMBERSHIPS]), (1 + 3, 0));
    assert_eq!(run(&stage, "whole").0, run(&stage, "out").0);
}

#[test]
fn a_failed_read_says_how_to_go_on_and_is_gone_on_with() {
    let stage = Stage::new();
    stage.fake.add_fault(Fault::on(USERS, FaultKind::status(403)).from(3));
    let failed = stage.audit("out", &[]).code(3);
    failed.stderr(
        predicate::str::is_match("pages are kept until 20.*Z: run the same command with --resume").expect("a pattern"),
    );
    drop(stage.kept());
    stage.fake.clear_faults();
    stage.fake.clear_log();
    stage.audit("out", &["--resume"]).code(0);
    assert_eq!(stage.pages()[USERS], 1);
    run(&stage, "out");

    // Pages that lead nowhere would lead nowhere again, and a short read is not worth keeping.
    let stage = Stage::new();
    stage.fake.add_fault(Fault::on(USERS, FaultKind::CursorStuck).from(2));
    stage.audit("out", &[]).code(3).stderr(predicate::str::contains("--resume").not());
    assert!(stage.entries("out").is_empty());
    stage.fake.clear_faults();
    stage.fake.add_fault(Fault::on(USERS, FaultKind::status(403)).from(3));
    let mut short = gremlin(&stage.folder);
    short.args(stage.arguments("out").into_iter().filter(|word| word != "0" && word != "--keep-pages-after"));
    short.envs(FakeZendesk::BEARER_ENV).assert().code(3).stderr(predicate::str::contains("--resume").not());
    assert!(stage.entries("out").is_empty());
}

#[test]
fn tickets_that_change_between_the_two_reads_are_read_although_their_list_was_complete() {
    for role in [Role::Admin, Role::Agent] {
        let stage = Stage::new();
        stage.fake.with_config(|config| config.credentials.iter_mut().for_each(|one| one.role = role));
        // None of the world's tickets is in the window of today.
        stage.interrupt_at(USERS, 3, "INT", &[]);
        let just_now = (jiff::Timestamp::now() - jiff::SignedDuration::from_secs(90)).strftime("%Y-%m-%dT%H:%M:%SZ");
        stage.fake.with_world(|world| world.set(Kind::Tickets, 700_001, "updated_at", just_now.to_string()));
        stage.audit("out", &["--resume"]).code(0);
        let summary: Value = serde_json::from_slice(&run(&stage, "out").0["summary.json"]).expect("JSON");
        // An agent has no export to ask for the latest: the warning says so.
        let (read, code) = if role == Role::Admin { (1, None) } else { (0, Some("tickets_may_lag")) };
        assert_eq!((&summary["read"]["tickets"], summary["warnings"][0]["code"].as_str()), (&Value::from(read), code));
    }
}

#[test]
fn pages_that_another_audit_still_reads_are_left_to_it() {
    let stage = Stage::new();
    let mut busy = stage.stuck_at(USERS, 3, &[]);
    let none = "note: there are no pages from the last hour; everything is read again";
    stage.audit("out", &["--resume"]).code(0).stderr(predicate::str::contains(none));
    assert_eq!(stage.kept_and_runs("out").0.len(), 1, "it is there still");
    assert_eq!(busy.try_wait().expect("asked"), None);
    busy.kill().expect("killed");
    busy.wait().expect("ended");
}

#[test]
fn only_a_live_audit_goes_on() {
    for arguments in [["--demo", "--resume"], ["--explain-fetch", "--resume"]] {
        let folder = folder();
        gremlin(&folder).arg("audit").args(arguments).assert().code(2).stderr(predicate::str::contains("--resume"));
    }
}
