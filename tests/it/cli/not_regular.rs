//! A pipe or a device in the place of a file: named, and neither waited for nor read.
#![cfg(unix)]

use super::{AS_OF, demo, folder, gremlin, only_run};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);

/// Puts a pipe without a writer in the place of a file, or a device that never ends.
fn replace(path: &Path, device: bool) {
    let _ = std::fs::remove_file(path);
    if device {
        symlink("/dev/zero", path).expect("made");
    } else {
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    }
}

#[test]
fn no_command_hangs_on_a_file_of_a_run_folder() {
    let folder = folder();
    let demo = ["audit", "--quiet", "--demo", "--as-of", AS_OF, "--out", "out"];
    gremlin(&folder).args(demo).assert().code(0);
    let run = only_run(folder.path().join("out"));
    let run_id = run.file_name().expect("a name").to_string_lossy().into_owned();
    gremlin(&folder).args(["audit", "--quiet", "--demo", "--out", "other"]).assert().code(0);
    let other = only_run(folder.path().join("other"));
    let names: Vec<_> = std::fs::read_dir(&run).expect("a run").map(|entry| entry.expect("an entry").path()).collect();
    assert!(names.len() > 12);
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), "artifacts:\n  root: out\n").expect("written");
    for path in names {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).expect("a file");
        for device in [false, true] {
            replace(&path, device);
            let what = format!("{name}, device: {device}");
            let verified = gremlin(&folder).args(["verify"]).arg(&run).timeout(LONG).output().expect(&what);
            let code = verified.status.code();
            assert!(matches!(code, Some(1 | 2)), "{what}: {code:?} {}", String::from_utf8_lossy(&verified.stderr));
            for args in [
                &["report", &run_id, "--to", "comment"][..],
                &["trend"],
                &["diff", "--base", &run_id, "--head", &other.display().to_string()],
            ] {
                let mut command = gremlin(&folder);
                command.args(args).timeout(LONG);
                let ended = command.output().expect(&what);
                let error = String::from_utf8_lossy(&ended.stderr);
                // A view may be odd: it is a notice, or is not read.
                assert!(matches!(ended.status.code(), Some(0 | 2)), "{what}: {args:?}: {error}");
                assert!(!error.contains("Usage"), "{error}");
            }
        }
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, bytes).expect("written");
    }
    gremlin(&folder).args(["verify", "--quiet"]).arg(&run).assert().code(0);
}

#[test]
fn no_command_hangs_on_any_other_file_that_it_is_given() {
    let folder = folder();
    let run = || {
        let _ = std::fs::remove_dir_all(folder.path().join("out"));
        gremlin(&folder).args(["audit", "--quiet", "--demo", "--as-of", AS_OF, "--out", "out"]).assert().code(0);
        only_run(folder.path().join("out")).display().to_string()
    };
    let (run, demo) = (run(), demo().display().to_string());
    for device in [false, true] {
        replace(&folder.path().join("odd"), device);
        for args in [
            &["audit", "--sf-accounts", "odd", "--snapshot", &demo][..],
            &["audit", "--config", "odd"],
            &["doctor", "--config", "odd"],
            &["init", "--sf-accounts", "odd"],
            &["apply", "--plan", "odd"],
            &["verify", &run, "--receipt", "odd"],
        ] {
            let ended = gremlin(&folder).args(args).timeout(LONG).output().expect("the program runs");
            let error = String::from_utf8_lossy(&ended.stderr);
            let code = ended.status.code();
            // `init` writes the configuration although the CSV cannot be used.
            assert!(matches!(code, Some(1 | 2)), "{args:?}, device: {device}: {code:?} {error}");
            assert!(error.contains("not a regular file") || args[0] == "doctor", "{args:?}: {error}");
            let _ = std::fs::remove_file(folder.path().join("gremlin.zendesk_drift.yaml"));
        }
        // The event of a workflow: nothing says that the repository is private.
        let mut command = gremlin(&folder);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_PATH", "odd").args(["report", &run, "--to", "comment"]);
        let ended = command.timeout(LONG).output().expect("the program runs");
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        assert!(!String::from_utf8_lossy(&ended.stdout).contains("Acme"), "a public audience reads no names");
        std::fs::remove_file(folder.path().join("odd")).expect("removed");
    }
}
