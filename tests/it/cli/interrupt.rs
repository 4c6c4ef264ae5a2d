//! Signals in the middle of a live audit that would also save a snapshot: what is said, and that no folder stays.
#![cfg(unix)]

use super::{AS_OF, FakeZendesk, Fault, FaultKind, demo, fake, folder};
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn neither_a_run_nor_a_snapshot_stays_of_an_interrupted_audit() {
    for (signal, slow) in [("INT", "/api/v2/organization_memberships"), ("TERM", "/api/v2/incremental/tickets/cursor")]
    {
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
        assert!(error.ends_with("error: interrupted; nothing was left behind\n"), "{error}");
        for place in ["out", "saved"] {
            assert_eq!(std::fs::read_dir(folder.path().join(place)).expect("listed").count(), 0, "{signal}: {place}");
        }
    }
}
