//! Runs the fake Zendesk of the tests by hand, with the records of a folder.
//!
//! ```console
//! $ cargo run --example fake_zendesk -- fixtures/demo --port 4010
//! ```
//!
//! The limits are those of a Growth account (400 requests a minute, 10 of them exports). It leaves out faults: those are for tests.

#![allow(clippy::print_stdout, reason = "what it prints is meant to be copied into another terminal")]

#[path = "../tests/it/fake_zendesk/mod.rs"]
mod fake_zendesk;

use std::process::ExitCode;

use fake_zendesk::{Config, FakeZendesk, Kind, Limits, World};

const USAGE: &str = "usage: cargo run --example fake_zendesk -- FOLDER [--port N]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("error: {text}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let (folder, port) = arguments()?;
    let world = World::load_dir(&folder)?;
    let sizes: Vec<String> =
        Kind::ALL.into_iter().map(|kind| format!("{} {}", world.list(kind).len(), kind.plural())).collect();
    let config = Config { limits: Limits::plan(400), ..Config::default() };
    let fake =
        FakeZendesk::start_on(port, world, config).map_err(|error| format!("can't listen on port {port}: {error}"))?;

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
    println!("{} requests were answered", fake.log().len());
    Ok(())
}

fn arguments() -> Result<(String, u16), String> {
    let mut folder = None;
    let mut port = 0;
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        if argument == "--port" {
            let value = rest.next().and_then(|text| text.parse().ok());
            port = value.ok_or_else(|| format!("--port needs a number\n{USAGE}"))?;
        } else if folder.is_none() && !argument.starts_with('-') {
            folder = Some(argument);
        } else {
            return Err(format!("unexpected argument {argument}\n{USAGE}"));
        }
    }
    let folder = folder.ok_or(USAGE)?;
    Ok((folder, port))
}
