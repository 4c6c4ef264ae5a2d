//! Runs the fake Salesforce of the tests by hand, with the accounts of a reference CSV or with invented ones.
//!
//! ```console
//! $ cargo run --example fake_salesforce -- fixtures/demo/salesforce_accounts.csv --port 4020 --log
//! ```
//!
//! The columns of the CSV are its fields, but for the first three, which are Id, Name and Support_Domains__c. It leaves out faults:
//! those are for tests.

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is meant to be copied into another terminal"
)]

#[path = "../tests/it/fake_salesforce/mod.rs"]
mod fake_salesforce;

use fake_salesforce::{Config, FakeSalesforce, Record};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
usage: cargo run --example fake_salesforce -- FILE|COUNT [--port N] [--log]

Serves the rows of a reference CSV, or COUNT invented accounts, as a Salesforce on 127.0.0.1. It answers the grant of the client
credentials flow and queries of Account.

  --port N  listen on this port, not on a free one
  --log     print a line for each request";

fn main() -> ExitCode {
    match arguments().and_then(|arguments| arguments.map_or(Ok(()), run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("error: {text}");
            ExitCode::from(2)
        }
    }
}

fn run(Arguments { records, port, log }: Arguments) -> Result<(), String> {
    let records = match records.parse() {
        Ok(count) => fake_salesforce::accounts(count),
        Err(_) => from_csv(&records)?,
    };
    let count = records.len();
    let fake = FakeSalesforce::start_on(port, records, Config::default())
        .map_err(|error| format!("can't listen on port {port}: {error}"))?;
    println!("{} holds {count} accounts. Log in with one of:", fake.url());
    for set in [&FakeSalesforce::CLIENT_ENV[..], &FakeSalesforce::TOKEN_ENV[..]] {
        println!();
        for (name, value) in set {
            println!("export {name}={value}");
        }
    }
    println!();
    println!("And in gremlin.zendesk_drift.yaml:");
    println!();
    println!("salesforce:");
    println!("  source: soql");
    println!("  instance_url: {}", fake.url());
    println!("  query: SELECT Id, Name, Website, Support_Domains__c FROM Account");
    println!("  columns: {{ sf_account_id: Id, account_name: Name, account_domains: Support_Domains__c }}");
    println!();
    println!("Ctrl-C ends it.");

    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let shown = std::cell::Cell::new(0);
    let print = || {
        for logged in fake.log().iter().skip(shown.get()).filter(|_| log) {
            println!("{} {} {}", logged.status.unwrap_or_default(), logged.method, logged.path);
        }
        shown.set(fake.log().len());
    };
    runtime.block_on(async {
        while tokio::time::timeout(Duration::from_millis(200), tokio::signal::ctrl_c()).await.is_err() {
            print();
        }
    });
    println!();
    println!("{} requests were answered", fake.log().len());
    for odd in fake.take_violations() {
        println!("not a request that a read would send: {} {}", odd.method, odd.path);
    }
    Ok(())
}

/// The rows of a reference CSV as records.
fn from_csv(path: &str) -> Result<Vec<Record>, String> {
    let problem = |error: csv::Error| format!("{path}: {error}");
    let mut reader = csv::Reader::from_path(path).map_err(problem)?;
    let names = ["Id", "Name", "Support_Domains__c"];
    let headers: Vec<String> = reader.headers().map_err(problem)?.iter().map(str::to_owned).collect();
    let name = |at: usize| names.get(at).map_or_else(|| headers[at].clone(), |name| (*name).to_owned());
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(problem)?;
        records.push(row.iter().enumerate().map(|(at, cell)| (name(at), cell.into())).collect());
    }
    Ok(records)
}

struct Arguments {
    /// A file, or how many to invent.
    records: String,
    /// 0 for any that is free.
    port: u16,
    log: bool,
}

/// `None` when only the help was asked for, which is then printed.
fn arguments() -> Result<Option<Arguments>, String> {
    let (mut records, mut port, mut log) = (None, 0, false);
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
            _ if records.is_none() && !argument.starts_with('-') => records = Some(argument),
            _ => return Err(format!("unexpected argument {argument}\n{USAGE}")),
        }
    }
    Ok(Some(Arguments { records: records.ok_or(USAGE)?, port, log }))
}
