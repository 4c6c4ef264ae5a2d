//! A whole audit by the program against the fake Zendesk: how long it takes, what it asks, how it keeps the limits, and its memory.
//!
//! 2,000 orgs, 20,000 users, 21,958 memberships, 15,135 tickets in the window, 50 ms for each answer; first without limits, then
//! under 700 requests a minute, 10 of them incremental exports and 100 search exports. The bar: without limits within 1.10 of the
//! longest chain of pages, under the limits within 1.10 of that; no request inside a `Retry-After`; at most 1 % more requests than
//! pages (who is asking and the setting apart); 32 MiB.
//!
//! ```console
//! $ cargo bench --bench live_read
//! ```

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its result, and fails where it cannot run"
)]

#[path = "../tests/it/fake_zendesk/mod.rs"]
mod fake_zendesk;

use fake_zendesk::{Config, FakeZendesk, Fault, FaultKind, Kind, Limits, Which, World};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ANSWER_MS: u64 = 50;
const AS_OF: &str = "2026-04-17T22:15:30Z";

fn world() -> World {
    let mut world = World::numbered(2_000, 20_000, 15_135);
    // Some users are in two orgs.
    for n in 0..1_958 {
        let membership = json!({"id": 900_001 + n, "user_id": 500_001 + n, "organization_id": 4001 + (n + 1) % 2_000, "default": null});
        world.add(Kind::Memberships, membership);
    }
    world
}

/// The most memory that a process has had so far, in KiB.
fn most_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}

fn run(name: &str, limits: Limits) {
    let fake = FakeZendesk::start_with(world(), Config { limits, ..Config::default() });
    fake.add_fault(Fault::of(Which::any(), FaultKind::Slow { ms: ANSWER_MS }));
    let folder = tempfile::tempdir().unwrap();
    let reference = "sf_account_id,account_name,account_domains\n001FAKE001,One,org1.example\n";
    std::fs::write(folder.path().join("accounts.csv"), reference).unwrap();
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_g-gremlin"))
        .args(["zendesk", "drift", "audit", "--as-of", AS_OF, "--quiet", "--sf-accounts", "accounts.csv", "--base-url"])
        .arg(fake.url())
        .envs(FakeZendesk::BEARER_ENV)
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut memory = 0;
    let status = loop {
        memory = memory.max(most_memory(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let took = began.elapsed();
    assert!(status.success(), "{status}");
    let log = fake.log();
    let count = |path: &str| log.iter().filter(|request| request.path == path).count();
    let lists = ["organizations", "users", "organization_memberships"].map(|list| count(&format!("/api/v2/{list}")));
    let tickets = [count("/api/v2/incremental/tickets/cursor"), count("/api/v2/search/export")];
    let chain = lists.iter().max().copied().unwrap_or_default() as f64 * ANSWER_MS as f64 / 1000.0;
    let refused = log.iter().filter(|request| request.status == Some(429)).count();
    println!(
        "{name}: {:.1} s (longest chain {chain:.1} s); {} requests: lists {lists:?}, incremental and search export {tickets:?}, {refused} refused; at least {:?} left of the limit; {:.1} MiB",
        took.as_secs_f64(),
        log.len(),
        fake.least_left(),
        memory as f64 / 1024.0
    );
}

fn main() {
    run("without limits", Limits::none());
    run("700 requests a minute", Limits::plan(700));
}
