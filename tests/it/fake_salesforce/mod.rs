//! A stateful fake Salesforce that speaks HTTP over loopback.
//!
//! It keeps accounts, grants tokens by the client credentials flow, answers one kind of query in pages with locators, counts its API
//! requests, and misbehaves on request, as the real Salesforce is documented or reported to. It imports nothing from the package,
//! so that a misunderstanding in the client cannot hide in the fake as well. It leaves out: every other object, every other
//! resource, most of SOQL (a `WHERE` of equalities joined with `AND`, and `LIMIT`), and TLS.
//!
//! ```ignore
//! let fake = FakeSalesforce::start(accounts(5000));
//! fake.add_fault(Fault::on(Of::More, FaultKind::ResetBefore).nth(2));
//! // ... let the client read from fake.url() ...
//! assert_eq!(fake.log().len(), 4);
//! ```
//!
//! The rooms: [`wire`] bytes, [`soql`] queries and what they find, [`state`] the one pipeline that every request passes, [`faults`]
//! misbehavior.
//!
//! A fake fails its test when it is dropped after a request that is not allowed: only the POST of the grant and GETs of the query
//! and of the pages that this fake has named are.
//!
//! # Traps, and what springs them
//!
//! | trap | here |
//! | --- | --- |
//! | a page has 2,000 records at most | [`Config::page_size`] |
//! | the answer spells fields as the object does, not as the query does | always |
//! | null fields are there as null, a relationship that is null too | always |
//! | a locator belongs to the session that made it | always: another token gets `INVALID_QUERY_LOCATOR` |
//! | errors are a list of `{message, errorCode}`, those of the grant `{error, error_description}` | always |
//! | the daily limit of requests answers 403 `REQUEST_LIMIT_EXCEEDED` | [`Config::daily_limit`] |
//! | `Sforce-Limit-Info` is in every answer of the API | always |
//! | an unknown version of the API is 404 `NOT_FOUND` | always, but for [`Config::api_version`] |
//! | a field that does not exist, or that the user may not read: 400 `INVALID_FIELD` | always |
//! | the session ends in the middle | [`FaultKind::SessionEnds`] |
//! | any status with any body | [`FaultKind::Status`] |
//! | the connection ends before or within an answer, or stalls, or is slow | [`FaultKind::ResetBefore`], [`FaultKind::ResetMidBody`], [`FaultKind::Stall`], [`FaultKind::Slow`] |
//! | an answer unpacks to more than it weighs | [`FaultKind::GzipBomb`] |
//! | 200 with HTML, 200 with half a JSON | [`FaultKind::Html`], [`FaultKind::TruncatedJson`] |
//! | a page says anything else than it should | [`Fault::alter`] |

#![allow(dead_code, unused_imports, reason = "the test binary and the example each use their own part")]

pub mod faults;
pub mod soql;
pub mod state;
#[cfg(test)]
mod tests;
pub mod wire;

pub use faults::{Fault, FaultKind, Of};
pub use state::{Config, Logged};

use serde_json::{Map, Value, json};
use state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::Server;

/// The fields of an account by their API names; a relationship is an object.
pub type Record = Map<String, Value>;

/// A running fake. It listens on 127.0.0.1 from threads of its own, and stops when it is dropped.
pub struct FakeSalesforce {
    state: Arc<Mutex<State>>,
    server: Server,
}

impl FakeSalesforce {
    /// Variables that make the program log in with the client credentials flow.
    pub const CLIENT_ENV: [(&str, &str); 2] =
        [("SALESFORCE_CLIENT_ID", "3MVG9fake.Client"), ("SALESFORCE_CLIENT_SECRET", "8A4BfakeSecret")];
    /// The same for an access token that was made elsewhere.
    pub const TOKEN_ENV: [(&str, &str); 1] = [("SALESFORCE_ACCESS_TOKEN", "00DFAKE!AR8.fake_static_token")];

    /// Starts on a free port.
    pub fn start(records: Vec<Record>) -> Self {
        Self::start_with(records, Config::default())
    }

    /// Starts on a free port.
    pub fn start_with(records: Vec<Record>, config: Config) -> Self {
        Self::start_on(0, records, config).expect("a free port on 127.0.0.1")
    }

    /// Starts on the given port; 0 lets the system choose.
    pub fn start_on(port: u16, records: Vec<Record>, config: Config) -> std::io::Result<Self> {
        let state = Arc::new(Mutex::new(State::new(records, config)));
        let for_answers = Arc::clone(&state);
        let server = Server::start(port, move |request| lock(&for_answers).answer(&request))?;
        Ok(Self { state, server })
    }

    /// `http://127.0.0.1:<port>`, without a final slash.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// Every request so far, in the order of arrival.
    pub fn log(&self) -> Vec<Logged> {
        lock(&self.state).log.clone()
    }

    /// The paths of every request so far.
    pub fn paths(&self) -> Vec<String> {
        self.log().into_iter().map(|logged| logged.path).collect()
    }

    /// Collects the requests that are not allowed, which would otherwise fail the test when the fake is dropped.
    pub fn take_violations(&self) -> Vec<Logged> {
        std::mem::take(&mut lock(&self.state).violations)
    }

    /// Adds a fault; the first that fits a request strikes it.
    pub fn add_fault(&self, fault: Fault) {
        lock(&self.state).faults.push(fault);
    }

    /// Reads or changes the accounts, between two requests.
    pub fn with_records<T>(&self, change: impl FnOnce(&mut Vec<Record>) -> T) -> T {
        change(&mut lock(&self.state).records)
    }

    /// Reads or changes credentials and limits, between two requests.
    pub fn with_config<T>(&self, change: impl FnOnce(&mut Config) -> T) -> T {
        change(&mut lock(&self.state).config)
    }
}

impl Drop for FakeSalesforce {
    fn drop(&mut self) {
        let violations = self.take_violations();
        if !violations.is_empty() && !std::thread::panicking() {
            panic!("requests that nothing may send to Salesforce: {violations:#?}");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An account with an id made from a number, and a domain of its own.
pub fn account(number: usize) -> Record {
    let id = id_of(number);
    let record = json!({
        "Id": id,
        "Name": format!("Company {number}"),
        "Website": format!("https://www.company{number}.example"),
        "Support_Domains__c": format!("company{number}.example"),
        "Type": "Customer",
        "Owner": {"attributes": {"type": "User", "url": "/services/data/v64.0/sobjects/User/005000000000001AAA"}, "Name": "Jo Doe"},
    });
    let Value::Object(record) = record else { unreachable!("it is an object") };
    record
}

/// So many accounts.
pub fn accounts(count: usize) -> Vec<Record> {
    (1..=count).map(account).collect()
}

/// The 18 characters of an account's id.
pub fn id_of(number: usize) -> String {
    let id = format!("001{number:012}");
    // Without capital letters every check character is the first one.
    id + "AAA"
}
