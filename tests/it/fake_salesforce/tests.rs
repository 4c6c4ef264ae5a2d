//! The fake itself: it answers as Salesforce is documented to, and notices what nothing may send.

use super::{Config, FakeSalesforce, accounts};
use serde_json::Value;

fn client() -> (reqwest::Client, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _ = rustls::crypto::ring::default_provider().install_default();
    (reqwest::Client::new(), runtime)
}

/// GETs a path with the static token.
fn get(fake: &FakeSalesforce, path: &str) -> (u16, Value) {
    let (client, runtime) = client();
    runtime.block_on(async {
        let request = client.get(format!("{}{path}", fake.url())).bearer_auth(FakeSalesforce::TOKEN_ENV[0].1);
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON"))
    })
}

const QUERY: &str = "/services/data/v64.0/query?q=select+id,owner.NAME+from+Account";

#[test]
fn pages_are_as_documented() {
    let fake = FakeSalesforce::start_with(accounts(5), Config { page_size: 2, ..Config::default() });
    let (status, first) = get(&fake, QUERY);
    assert_eq!((status, &first["totalSize"], &first["done"]), (200, &5.into(), &false.into()));
    let record = &first["records"][0];
    assert_eq!((&record["Id"], &record["Owner"]["Name"]), (&"001000000000001AAA".into(), &"Jo Doe".into()));
    assert_eq!(record["attributes"]["url"], "/services/data/v64.0/sobjects/Account/001000000000001AAA");
    let next = first["nextRecordsUrl"].as_str().expect("a locator");
    let (_, second) = get(&fake, next);
    let (_, last) = get(&fake, second["nextRecordsUrl"].as_str().expect("a locator"));
    assert_eq!((last["records"].as_array().map(Vec::len), &last["done"]), (Some(1), &true.into()));
    assert!(last.get("nextRecordsUrl").is_none());
}

#[test]
fn refusals_have_the_shape_of_salesforce() {
    let fake = FakeSalesforce::start(accounts(1));
    for (query, code) in [
        ("SELECT+Nme+FROM+Account", "INVALID_FIELD"),
        ("SELECT+Id+FROM+Acount", "INVALID_TYPE"),
        ("SELECT+Id", "MALFORMED_QUERY"),
    ] {
        let (status, body) = get(&fake, &format!("/services/data/v64.0/query?q={query}"));
        assert_eq!((status, &body[0]["errorCode"]), (400, &code.into()), "{query}");
    }
    let (status, body) = get(&fake, "/services/data/v12.0/query?q=SELECT+Id+FROM+Account");
    assert_eq!((status, &body[0]["errorCode"]), (404, &"NOT_FOUND".into()));
    fake.with_config(|config| config.daily_limit = 0);
    assert_eq!(get(&fake, QUERY).1[0]["errorCode"], "REQUEST_LIMIT_EXCEEDED");
}

#[test]
fn a_request_that_nothing_may_send_is_noticed() {
    for path in ["/services/data/v64.0/sobjects/Account/001", "/services/data/", "/services/data/v64.0/query/01gX-2"] {
        let fake = FakeSalesforce::start(accounts(1));
        assert_eq!(get(&fake, path).0, 404);
        assert_eq!(fake.take_violations().len(), 1, "{path}");
    }
    let fake = FakeSalesforce::start(accounts(1));
    let (client, runtime) = client();
    let write =
        client.patch(format!("{}/services/data/v64.0/sobjects/Account/001", fake.url())).bearer_auth("x").body("{}");
    runtime.block_on(write.send()).expect("an answer");
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(fake)));
    assert!(dropped.is_err(), "a violation that is not collected fails the test");
}
