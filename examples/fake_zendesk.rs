//! Runs the fake Zendesk of the tests by hand, with the records of a folder.
//!
//! ```console
//! $ cargo run --example fake_zendesk -- fixtures/demo --port 4010 --log
//! ```
//!
//! It can be written to as well: the four writes of `apply` change what it holds until it ends, never the folder. The limits are
//! those of a Growth account (400 requests a minute, 10 of them exports, 5 updates of each organization). It leaves out faults:
//! those are for tests.

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is meant to be copied into another terminal"
)]

#[path = "../tests/it/fake_zendesk/mod.rs"]
mod fake_zendesk;

use std::process::ExitCode;

use serde_json::Value;

use fake_zendesk::{Config, FakeZendesk, Kind, Limits, Logged, Point, Which, World};

const USAGE: &str = "\
usage: cargo run --example fake_zendesk -- FOLDER [--port N] [--log]

Serves the records of FOLDER (organizations.ndjson, users.ndjson, organization_memberships.ndjson, tickets.ndjson,
account_settings.json) as a Zendesk on 127.0.0.1. It takes the four writes of apply: the external id or the domain names
of one organization, a new membership, and make_default. They last until it ends; FOLDER is never changed.

  --port N  listen on this port, not on a free one
  --log     print a line for each request, and for each write what it changed";

fn main() -> ExitCode {
    match arguments().and_then(|arguments| arguments.map_or(Ok(()), run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("error: {text}");
            ExitCode::from(2)
        }
    }
}

fn run(Arguments { folder, port, log }: Arguments) -> Result<(), String> {
    let world = World::load_dir(&folder)?;
    let sizes: Vec<String> =
        Kind::ALL.into_iter().map(|kind| format!("{} {}", world.list(kind).len(), kind.plural())).collect();
    let config = Config { limits: Limits::plan(400), ..Config::default() };
    let fake =
        FakeZendesk::start_on(port, world, config).map_err(|error| format!("can't listen on port {port}: {error}"))?;

    if log {
        fake.when(Point::Answered, Which::any(), print_line);
    }

    println!("{} holds {}", fake.url(), sizes.join(", "));
    println!("It allows 400 requests a minute. Log in with one of:");
    let sets: [&[(&str, &str)]; 3] = [&FakeZendesk::CLIENT_ENV, &FakeZendesk::BEARER_ENV, &FakeZendesk::API_TOKEN_ENV];
    for set in sets {
        println!();
        for (name, value) in set {
            println!("export {name}={value}");
        }
    }
    println!();
    println!("Then: g-gremlin zendesk drift audit --base-url {} --sf-accounts FILE", fake.url());
    println!("Tickets of the past are in the window with --as-of, for fixtures/demo 2026-04-17T22:15:30Z.");
    println!("Ctrl-C ends it.");

    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(tokio::signal::ctrl_c()).map_err(|error| error.to_string())?;
    println!();
    println!("{} requests were answered, {} writes carried out", fake.log().len(), fake.writes_done().len());
    for odd in fake.take_violations() {
        println!("not a request that apply would send: {} {}", odd.method, odd.path);
    }
    Ok(())
}

fn print_line(logged: &Logged) {
    let Logged { seq, method, path, status, body, before, after, .. } = logged;
    let query: Vec<String> = logged.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let status = status.map_or("-".into(), |status| status.to_string());
    println!("{seq} {status} {method} {path}{mark}{}", query.join("&"));
    if let (Some(before), Some(after)) = (before, after) {
        println!("    sent {body}");
        // Of a user only this: the rest is nobody's business here.
        let shown = ["/external_id", "/domain_names", "/user/organization_id", "/organization_memberships"];
        for field in shown.into_iter().filter(|field| before.pointer(field) != after.pointer(field)) {
            let value = |of: &Value| of.pointer(field).unwrap_or(&Value::Null).to_string();
            println!("    {} was {}", &field[1..], value(before));
            println!("    {} is  {}", &field[1..], value(after));
        }
    }
}

struct Arguments {
    folder: String,
    /// 0 for any that is free.
    port: u16,
    log: bool,
}

/// `None` when only the help was asked for, which is then printed.
fn arguments() -> Result<Option<Arguments>, String> {
    let (mut folder, mut port, mut log) = (None, 0, false);
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(None);
            }
            "--log" => log = true,
            "--port" => {
                let value = rest.next().and_then(|text| text.parse().ok());
                port = value.ok_or_else(|| format!("--port needs a number\n{USAGE}"))?;
            }
            _ if folder.is_none() && !argument.starts_with('-') => folder = Some(argument),
            _ => return Err(format!("unexpected argument {argument}\n{USAGE}")),
        }
    }
    let folder = folder.ok_or(USAGE)?;
    Ok(Some(Arguments { folder, port, log }))
}
