//! Salesforce read directly, over HTTP against the fake: what a read brings, each fault that it may meet, and what it costs.

mod commands;
mod faults;
mod init;

use crate::fake_salesforce::{Config, FakeSalesforce, Fault, FaultKind, Of, accounts, id_of};
use g_gremlin::exit::Exit;
use g_gremlin::salesforce::{
    Event, Options, Query, Read, SalesforceError, SalesforceGap, credentials_from, probe, read,
};
use g_gremlin::zendesk::{Limits, Timing};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::time::Duration;

const QUERY: &str = "SELECT Id, Name, Support_Domains__c, Owner.Name FROM Account";

fn options(fake: &FakeSalesforce, env: &[(&str, &str)]) -> Options {
    let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let millis = Duration::from_millis;
    Options {
        instance_url: fake.url().parse().expect("a URL"),
        api_version: "64.0".to_owned(),
        credentials: credentials_from(&env).expect("credentials"),
        timing: Timing {
            request: millis(1500),
            retries: Limits { backoff_base: millis(1), backoff_cap: millis(4), ..Limits::default() },
            ..Timing::default()
        },
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// A read with the client credentials flow.
fn read_all(fake: &FakeSalesforce) -> Result<Read, SalesforceError> {
    let query = Query::parse(QUERY).expect("a query");
    block_on(read(&options(fake, &FakeSalesforce::CLIENT_ENV), &query, &|_| ()))
}

fn rows(read: &Read) -> Vec<Vec<String>> {
    let csv = read.table.clone().into_csv();
    let cells = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    csv::Reader::from_reader(csv.as_slice()).records().map(|row| cells(row.expect("a CSV"))).collect()
}

/// 5 accounts, 2 a page.
fn small() -> FakeSalesforce {
    FakeSalesforce::start_with(accounts(5), Config { page_size: 2, ..Config::default() })
}

#[test]
fn a_read_brings_every_record_with_one_login_and_one_request_a_page() {
    let fake = small();
    let read = read_all(&fake).expect("a whole read");
    assert_eq!(read.table.header(), ["Id", "Name", "Support_Domains__c", "Owner.Name"]);
    let ids: Vec<String> = rows(&read).iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(ids, (1..=5).map(id_of).collect::<Vec<_>>());
    assert_eq!(rows(&read)[4][1..], ["Company 5", "company5.example", "Jo Doe"]);
    assert_eq!(
        fake.paths(),
        [
            "/services/oauth2/token",
            "/services/data/v64.0/query",
            "/services/data/v64.0/query/01gFAKE00000001-2",
            "/services/data/v64.0/query/01gFAKE00000001-4",
        ]
    );
    let requests: Vec<_> = read.cost.requests.into_iter().collect();
    assert_eq!(requests, [("salesforce_query", 1), ("salesforce_query_more", 2), ("salesforce_token", 1)]);
    assert_eq!(read.cost.api_usage, Some((3, 100_000)));
}

#[test]
fn an_access_token_needs_no_login() {
    let fake = small();
    let query = Query::parse("select ID, NAME from Account where Type = 'Customer' limit 3").expect("a query");
    let read = block_on(read(&options(&fake, &FakeSalesforce::TOKEN_ENV), &query, &|_| ())).expect("a read");
    assert_eq!(rows(&read).len(), 3);
    assert!(fake.log().iter().all(|logged| logged.token.as_deref() == Some(FakeSalesforce::TOKEN_ENV[0].1)));
    assert_eq!(fake.log()[0].query[0].1, query.text());
}

#[test]
fn values_become_texts_and_fields_are_found_without_case() {
    let mut record = accounts(1).remove(0);
    record.extend([
        ("Seats__c".to_owned(), json!(12.5)),
        ("Active__c".to_owned(), json!(true)),
        ("Parent".to_owned(), Value::Null),
        ("Note__c".to_owned(), Value::Null),
    ]);
    let fake = FakeSalesforce::start(vec![record]);
    let query = "SELECT Account.Id, seats__C, ACTIVE__c, Parent.Owner.Name, Note__c, owner.name FROM Account";
    let query = Query::parse(query).expect("a query");
    let read = block_on(read(&options(&fake, &FakeSalesforce::TOKEN_ENV), &query, &|_| ())).expect("a read");
    assert_eq!(rows(&read), [[id_of(1).as_str(), "12.5", "true", "", "", "Jo Doe"]]);
    assert_eq!(read.table.header()[0], "Account.Id");
}

#[test]
fn no_record_at_all_is_a_whole_answer() {
    let fake = FakeSalesforce::start(Vec::new());
    assert!(read_all(&fake).expect("a read").table.records() == 0);
}

#[test]
fn a_probe_takes_the_first_page_alone() {
    let fake = small();
    let query = Query::parse(QUERY).expect("a query");
    let probed = block_on(probe(&options(&fake, &FakeSalesforce::CLIENT_ENV), &query, &|_| ())).expect("a page");
    assert_eq!((probed.total, probed.sample.records(), fake.log().len()), (5, 2, 2));
}

#[test]
fn what_happens_is_told_without_the_query_and_without_secrets() {
    let fake = small();
    fake.add_fault(Fault::on(Of::More, FaultKind::error(503, "SERVER_UNAVAILABLE", "busy")).nth(1));
    fake.add_fault(Fault::on(Of::More, FaultKind::SessionEnds).nth(2));
    let told = RefCell::new(Vec::new());
    let query = Query::parse(QUERY).expect("a query");
    let watch = |event: Event<'_>| told.borrow_mut().push(format!("{event:?}"));
    block_on(read(&options(&fake, &FakeSalesforce::CLIENT_ENV), &query, &watch)).expect("a read");
    let told = told.into_inner().join("\n");
    for part in ["Page { read: 2, total: 5 }", "Renewed", "503 SERVER_UNAVAILABLE (busy)", "Page { read: 5, total: 5 }"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    for secret in ["SELECT", "00DFAKE", FakeSalesforce::CLIENT_ENV[1].1] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}
