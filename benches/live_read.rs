//! A whole audit by the program against the fakes: how long it takes, what it asks, how it keeps the limits, and its memory.
//!
//! 2,000 orgs, 20,000 users, 21,958 memberships, 15,135 tickets in the window, 50 ms for each answer: without limits; under 700 requests
//! a minute, 10 of them incremental exports and 100 search exports; with a 429 in the middle; with twice the users, and with twice the
//! tickets, for the memory. Then 200,000 accounts of Salesforce, beside the bare requests of their pages.
//!
//! The bar: without limits within 1.10 of the longest chain of pages, under the limits within 1.10 of that; no request inside a
//! `Retry-After`; at most 1 % more requests than pages (who is asking, settings, counts and records by id apart); 32 MiB; the accounts
//! within twice the time of their bare requests.
//!
//! ```console
//! $ cargo bench --bench live_read
//! ```
//!
//! `G_GREMLIN_BIN` names another program to measure, such as one that is linked with musl.

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its result, and fails where it cannot run"
)]

#[path = "../tests/it/fake_salesforce/mod.rs"]
mod fake_salesforce;
#[path = "../tests/it/fake_zendesk/mod.rs"]
mod fake_zendesk;

use fake_salesforce::{FakeSalesforce, accounts};
use fake_zendesk::{Config, FakeZendesk, Fault, FaultKind, Kind, Limits, Refusal, Which, World};
use g_gremlin::salesforce::{Options, Query, credentials_from, read};
use g_gremlin::zendesk::Timing;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ANSWER_MS: u64 = 50;
const RETRY_AFTER: Duration = Duration::from_secs(3);
const AS_OF: &str = "2026-04-17T22:15:30Z";

/// Users, the tickets of the window, and a tenth more memberships than users.
fn world(users: u64, tickets: u64) -> World {
    let mut world = World::numbered(2_000, users, tickets);
    // Some users are in two orgs.
    for n in 0..users * 979 / 10_000 {
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

/// Runs an audit in a folder; gives its time and the most memory that it had, in MiB.
fn audit(folder: &Path, fake: &FakeZendesk, arguments: &[&str]) -> (Duration, f64) {
    let program = std::env::var("G_GREMLIN_BIN").unwrap_or(env!("CARGO_BIN_EXE_g-gremlin").to_owned());
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(["zendesk", "drift", "audit", "--as-of", AS_OF, "--quiet", "--base-url", fake.url()])
        .args(arguments)
        .envs(FakeZendesk::BEARER_ENV)
        .envs(FakeSalesforce::CLIENT_ENV)
        .current_dir(folder)
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
    assert!(status.success(), "{status}");
    (began.elapsed(), memory as f64 / 1024.0)
}

fn run(name: &str, world: World, limits: Limits, fault: Option<Fault>) {
    let fake = FakeZendesk::start_with(world, Config { limits, ..Config::default() });
    fault.into_iter().for_each(|fault| fake.add_fault(fault));
    fake.add_fault(Fault::of(Which::any(), FaultKind::Slow { ms: ANSWER_MS }));
    let folder = tempfile::tempdir().unwrap();
    let reference = "sf_account_id,account_name,account_domains\n001FAKE001,One,org1.example\n";
    std::fs::write(folder.path().join("accounts.csv"), reference).unwrap();
    let (took, memory) = audit(folder.path(), &fake, &["--sf-accounts", "accounts.csv"]);
    let log = fake.log();
    let count = |path: &str| log.iter().filter(|request| request.path == path).count();
    let lists = ["organizations", "users", "organization_memberships"].map(|list| count(&format!("/api/v2/{list}")));
    let tickets = [count("/api/v2/incremental/tickets/cursor"), count("/api/v2/search/export")];
    let chain = lists.iter().max().copied().unwrap_or_default() as f64 * ANSWER_MS as f64 / 1000.0;
    // A machine that is busy answers later than that.
    let answered = ["organizations", "users", "organization_memberships"].map(|list| {
        let of_list = log.iter().filter(|request| request.path == format!("/api/v2/{list}"));
        of_list.filter_map(|request| Some(request.answered_at? - request.received_at)).sum::<Duration>().as_secs_f64()
    });
    let answered = answered.into_iter().fold(0.0, f64::max);
    let pages = lists.iter().chain(&tickets).sum::<usize>();
    let refused: Vec<_> = log.iter().filter(|request| request.status == Some(429)).collect();
    let in_the_wait = refused.iter().filter_map(|refused| refused.answered_at).map(|from| {
        log.iter().filter(|request| request.received_at > from && request.received_at < from + RETRY_AFTER).count()
    });
    println!(
        "{name}: {:.2} s (longest chain {chain:.2} s; as the fake answered it {answered:.2} s, {:.2} of that); {pages} pages (lists {lists:?}, incremental and search export {tickets:?}), {} other requests; {} refused, {} inside their Retry-After; at least {:?} left of the limit; {memory:.1} MiB",
        took.as_secs_f64(),
        took.as_secs_f64() / answered,
        log.len() - pages,
        refused.len(),
        in_the_wait.sum::<usize>(),
        fake.least_left(),
    );
}

/// Reads the accounts with the program's own reader, with bare requests, and in an audit of a small Zendesk.
fn run_salesforce(count: usize, delay: Duration) {
    let config = fake_salesforce::Config { delay, ..fake_salesforce::Config::default() };
    let fake = FakeSalesforce::start_with(accounts(count), config);
    let text = "SELECT Id, Name, Support_Domains__c FROM Account";
    let env = |name: &str| {
        let found = FakeSalesforce::CLIENT_ENV.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let options = Options {
        instance_url: fake.url().parse().unwrap(),
        api_version: "64.0".to_owned(),
        credentials: credentials_from(&env).unwrap(),
        timing: Timing::default(),
    };
    let query = Query::parse(text).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let time = |work: &dyn Fn()| {
        let times = (0..3).map(|_| {
            let began = Instant::now();
            work();
            began.elapsed().as_secs_f64()
        });
        times.fold(f64::INFINITY, f64::min)
    };
    let bare = time(&|| assert_eq!(bare_pages(fake.url(), text), count.div_ceil(2000)));
    let whole = time(&|| assert_eq!(runtime.block_on(read(&options, &query, &|_| ())).unwrap().table.records(), count));

    let zendesk = FakeZendesk::start(World::numbered(1, 1, 1));
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "salesforce:\n  source: soql\n  instance_url: {}\n  query: {text}\n  columns: {{ sf_account_id: Id, account_name: Name, account_domains: Support_Domains__c }}\n",
        fake.url()
    );
    std::fs::write(folder.path().join("gremlin.zendesk_drift.yaml"), config).unwrap();
    let (took, memory) = audit(folder.path(), &zendesk, &[]);
    println!(
        "{count} accounts, {} ms a page: {whole:.2} s, the bare requests {bare:.2} s ({:.2} times); an audit with them {:.2} s, {memory:.1} MiB",
        delay.as_millis(),
        whole / bare,
        took.as_secs_f64(),
    );
}

/// Logs in and asks for every page, and looks for nothing but the next one. Gives the number of pages.
fn bare_pages(url: &str, query: &str) -> usize {
    let host = url.trim_start_matches("http://");
    let [(_, id), (_, secret)] = FakeSalesforce::CLIENT_ENV;
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let about = format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len());
    let grant = ask(host, &format!("POST /services/oauth2/token HTTP/1.1\r\n{about}"), &form);
    let grant: serde_json::Value = serde_json::from_str(&grant).unwrap();
    let token = grant["access_token"].as_str().unwrap();
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let mut next = Some(format!("/services/data/v64.0/query?q={query}"));
    let mut pages = 0;
    while let Some(path) = next {
        let page = ask(host, &format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n"), "");
        pages += 1;
        next = page.split_once("\"nextRecordsUrl\":\"").and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()));
    }
    pages
}

/// Sends a request on a connection of its own; gives the body of the answer.
fn ask(host: &str, head: &str, body: &str) -> String {
    let mut connection = TcpStream::connect(host).unwrap();
    write!(connection, "{head}Host: {host}\r\nConnection: close\r\n\r\n{body}").unwrap();
    let mut answer = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        match line.strip_prefix("content-length:") {
            Some(bytes) => length = bytes.trim().parse().unwrap(),
            None if line.is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn main() {
    let fixed = || world(20_000, 15_135);
    run("without limits", fixed(), Limits::none(), None);
    run("700 requests a minute", fixed(), Limits::plan(700), None);
    let seconds = RETRY_AFTER.as_secs().to_string();
    let refusal = FaultKind::too_many(Refusal::Described, Some(&seconds));
    run("a 429 in the middle", fixed(), Limits::none(), Some(Fault::on("/api/v2/users", refusal).nth(100)));
    run("twice the users", world(40_000, 15_135), Limits::none(), None);
    run("twice the tickets", world(20_000, 30_270), Limits::none(), None);
    for delay in [ANSWER_MS, 0] {
        run_salesforce(200_000, Duration::from_millis(delay));
    }
}
