//! Every fault of rules 11: waited out, or the end of the read with its exit code and its words.

use super::*;

/// The error of a read that a fault struck.
fn failed(fault: Fault) -> SalesforceError {
    let fake = small();
    fake.add_fault(fault);
    read_all(&fake).err().expect("an error")
}

fn gap(change: impl Fn(&mut Value) + Send + Sync + 'static, of: Of) -> SalesforceGap {
    let error = failed(Fault::alter(of, change));
    assert_eq!(error.exit(), Exit::Unreadable);
    match error {
        SalesforceError::Incomplete { gap, .. } => gap,
        other => panic!("{other}"),
    }
}

#[test]
fn failures_that_pass_are_waited_out() {
    let too_many = FaultKind::error(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests limit exceeded");
    for kind in [
        FaultKind::error(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred"),
        FaultKind::error(503, "SERVER_UNAVAILABLE", "busy"),
        FaultKind::error(400, "QUERY_TIMEOUT", "Your query request was running for too long."),
        FaultKind::Status(429, String::new(), vec![("retry-after", "0".to_owned())]),
        too_many,
        FaultKind::Html,
        FaultKind::TruncatedJson,
        FaultKind::ResetBefore,
        FaultKind::ResetMidBody,
    ] {
        for of in [Of::Query, Of::More] {
            let fake = small();
            fake.add_fault(Fault::on(of, kind.clone()).first(2));
            assert_eq!(read_all(&fake).expect("a whole read").table.records(), 5);
            assert_eq!(fake.log().len(), 6, "two requests more");
        }
    }
    for kind in [FaultKind::error(503, "SERVER_UNAVAILABLE", "busy"), FaultKind::ResetBefore, FaultKind::Html] {
        let fake = small();
        fake.add_fault(Fault::on(Of::Token, kind).first(2));
        assert_eq!(read_all(&fake).expect("a whole read").table.records(), 5);
    }
}

#[test]
fn failures_that_last_end_the_read_without_a_result() {
    let busy = failed(Fault::on(Of::More, FaultKind::error(503, "SERVER_UNAVAILABLE", "busy")));
    assert_eq!(busy.to_string(), "the query, page 2: 503 SERVER_UNAVAILABLE (busy) after 8 tries");
    assert_eq!(busy.exit(), Exit::Unreadable);
    let fake = FakeSalesforce::start_with(accounts(1), Config { daily_limit: 0, ..Config::default() });
    let limit = read_all(&fake).err().expect("an error");
    assert!(limit.to_string().starts_with("the query, page 1: 403 REQUEST_LIMIT_EXCEEDED"), "{limit}");
    assert!(limit.help().contains("API requests"), "{}", limit.help());
    let long = FaultKind::Status(503, String::new(), vec![("retry-after", "86400".to_owned())]);
    assert!(matches!(failed(Fault::on(Of::Query, long)), SalesforceError::WaitTooLong { asked_secs: 86_400, .. }));
}

#[test]
fn an_answer_that_stalls_times_out_and_is_asked_for_again() {
    let fake = small();
    fake.add_fault(Fault::on(Of::More, FaultKind::Stall).nth(1));
    fake.add_fault(Fault::on(Of::Query, FaultKind::Slow(Duration::from_millis(100))).nth(1));
    assert_eq!(read_all(&fake).expect("a whole read").table.records(), 5);
    assert_eq!(fake.log().len(), 5);
}

#[test]
fn an_answer_that_unpacks_to_too_much_is_not_read() {
    let fake = small();
    fake.add_fault(Fault::on(Of::Query, FaultKind::GzipBomb(65 << 20)));
    let mut patient = options(&fake, &FakeSalesforce::TOKEN_ENV);
    // Packing it takes time.
    patient.timing.request = Duration::from_secs(60);
    let query = Query::parse(QUERY).expect("a query");
    let error = block_on(read(&patient, &query, &|_| ())).err().expect("an error");
    assert_eq!(fake.log().len(), 1, "asking again would bring the same");
    assert_eq!(error.to_string(), "the query, page 1: a response of more than 64 MiB, which is not read");
    assert_eq!(error.exit(), Exit::Unreadable);
    let body = format!(r#"[{{"message":"{}","errorCode":"UNKNOWN_EXCEPTION"}}]"#, "x".repeat(1 << 20));
    let error = failed(Fault::on(Of::Query, FaultKind::Status(500, body, Vec::new())));
    assert!(error.to_string().len() < 1000, "the beginning of the error is all that is read");
}

#[test]
fn a_refused_query_is_the_configurations_fault_in_salesforces_words() {
    let fake = small();
    for (text, code, words) in [
        ("SELECT Id, Nme FROM Account", "INVALID_FIELD", "No such column 'Nme' on entity 'Account'"),
        ("SELECT Id FROM Acount", "INVALID_TYPE", "sObject type 'Acount' is not supported"),
        ("SELECT Id FROM Account WHERE x", "MALFORMED_QUERY", "unexpected token"),
    ] {
        let query = Query::parse(text).expect("it looks like one");
        let error =
            block_on(read(&options(&fake, &FakeSalesforce::TOKEN_ENV), &query, &|_| ())).err().expect("refused");
        assert_eq!(error.exit(), Exit::Invalid, "{error}");
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("Salesforce refused the query: 400 {code} (")) && text.contains(words),
            "{text}"
        );
    }
    assert_eq!(fake.log().len(), 3, "asking again would not help");
    let long = failed(Fault::on(Of::Query, FaultKind::Status(431, String::new(), Vec::new())));
    assert_eq!(long.exit(), Exit::Invalid);
    // A locator that is gone is not the query's fault.
    let gone = failed(Fault::on(Of::More, FaultKind::error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")));
    assert_eq!(gone.exit(), Exit::Unreadable);
    // Nor is what a proxy says.
    let proxy = failed(Fault::on(Of::Query, FaultKind::Status(400, "<title>Bad</title>".into(), Vec::new())));
    assert_eq!(proxy.exit(), Exit::Unreadable);
}

#[test]
fn a_session_that_ends_is_renewed_once_and_the_query_begun_afresh() {
    let fake = small();
    fake.add_fault(Fault::on(Of::More, FaultKind::SessionEnds).nth(2));
    let read = read_all(&fake).expect("a whole read");
    assert_eq!(
        rows(&read).iter().map(|row| row[0].clone()).collect::<Vec<_>>(),
        (1..=5).map(id_of).collect::<Vec<_>>()
    );
    let steps: Vec<(String, Option<u16>)> =
        fake.log().into_iter().map(|logged| (logged.path.replace("/services", ""), logged.status)).collect();
    let query = "/data/v64.0/query";
    let (first, second) = (format!("{query}/01gFAKE00000001"), format!("{query}/01gFAKE00000002"));
    let expected = [
        ("/oauth2/token".to_owned(), 200),
        (query.to_owned(), 200),
        (format!("{first}-2"), 200),
        (format!("{first}-4"), 401),
        ("/oauth2/token".to_owned(), 200),
        (query.to_owned(), 200),
        (format!("{second}-2"), 200),
        (format!("{second}-4"), 200),
    ];
    assert_eq!(steps, expected.map(|(path, status)| (path, Some(status))));
}

#[test]
fn a_second_refusal_of_the_token_ends_the_read() {
    let fake = small();
    fake.add_fault(Fault::on(Of::More, FaultKind::SessionEnds));
    let error = read_all(&fake).err().expect("an error");
    assert_eq!(error.to_string(), "the query, page 2: 401 INVALID_SESSION_ID (Session expired or invalid)");
    assert_eq!((error.exit(), fake.log().len()), (Exit::Unreadable, 6));

    let fake = small();
    let query = Query::parse(QUERY).expect("a query");
    fake.add_fault(Fault::on(Of::More, FaultKind::SessionEnds));
    let error = block_on(read(&options(&fake, &FakeSalesforce::TOKEN_ENV), &query, &|_| ())).err().expect("an error");
    assert!(error.help().contains("SALESFORCE_ACCESS_TOKEN has expired"), "{}", error.help());
    assert_eq!(fake.log().len(), 2, "a given token cannot be renewed");
}

#[test]
fn a_login_that_is_refused_says_which_setting_to_check() {
    for (env, error) in [
        ([("SALESFORCE_CLIENT_ID", "wrong.id"), FakeSalesforce::CLIENT_ENV[1]], "invalid_client_id"),
        ([FakeSalesforce::CLIENT_ENV[0], ("SALESFORCE_CLIENT_SECRET", "wrong.secret")], "invalid_client"),
    ] {
        let fake = small();
        let query = Query::parse(QUERY).expect("a query");
        let refused = block_on(read(&options(&fake, &env), &query, &|_| ())).err().expect("an error");
        assert!(refused.to_string().starts_with(&format!("the login: 400 {error} (")), "{refused}");
        assert_eq!((refused.exit(), fake.log().len()), (Exit::Unreadable, 1));
        assert!(refused.help().contains("SALESFORCE_CLIENT_ID") && refused.help().contains("My Domain"));
    }
    let no_token = failed(Fault::on(Of::Token, FaultKind::Status(200, "{}".into(), Vec::new())));
    assert_eq!(no_token.to_string(), "the login: the response has no access token");
}

#[test]
fn what_an_answer_repeats_of_a_secret_is_masked() {
    let [(_, id), (_, secret)] = FakeSalesforce::CLIENT_ENV;
    let echo = format!("got client_id={id}&client_secret={secret} for jo@acme.example");
    let error = failed(Fault::on(Of::Token, FaultKind::oauth(400, "invalid_grant", &echo))).to_string();
    assert!(
        error.contains("***") && !error.contains(id) && !error.contains(secret) && !error.contains("acme"),
        "{error}"
    );
    let token = "00DFAKE!AR8.granted_1";
    let echo = format!("no {token} nor {}", token.replace('!', "%21"));
    let error = failed(Fault::on(Of::Query, FaultKind::error(403, "API_DISABLED_FOR_ORG", &echo))).to_string();
    assert_eq!(error, "the query, page 1: 403 API_DISABLED_FOR_ORG (no *** nor ***)");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = small();
    let headers = vec![("location", format!("{}/services/data/v64.0/query?q=x", elsewhere.url()))];
    let error = failed(Fault::on(Of::Query, FaultKind::Status(302, String::new(), headers)));
    assert!(matches!(&error, SalesforceError::Redirected { status: 302, to, .. } if to == elsewhere.url()), "{error}");
    assert!(elsewhere.log().is_empty(), "no credential reached the other host");
}

#[test]
fn a_next_page_on_another_host_or_path_is_not_asked_for() {
    let elsewhere = small();
    let url = format!("{}/services/data/v64.0/query/01gX-2", elsewhere.url());
    for next in [url, "//evil.example/services/data/v64.0/query/x".into(), "/services/data/v64.0/sobjects".into()] {
        let named = next.clone();
        let gap = gap(move |page| page["nextRecordsUrl"] = named.clone().into(), Of::Query);
        assert!(matches!(gap, SalesforceGap::Elsewhere(_)), "{next}: {gap}");
    }
    assert!(elsewhere.log().is_empty(), "no token reached the other host");
}

#[test]
fn pages_that_do_not_add_up_are_no_result() {
    let changed = gap(|page| page["totalSize"] = 6.into(), Of::More);
    assert_eq!(changed, SalesforceGap::TotalChanged { before: 5, now: 6 });
    let drop_last = |page: &mut Value| drop(page["records"].as_array_mut().and_then(Vec::pop));
    assert_eq!(gap(drop_last, Of::More), SalesforceGap::AnotherTotal { read: 3, total: 5 });
    let ends = |page: &mut Value| page["done"] = true.into();
    assert_eq!(gap(ends, Of::Query), SalesforceGap::AnotherTotal { read: 2, total: 5 });
    assert_eq!(gap(|page| page["totalSize"] = 1.into(), Of::Query), SalesforceGap::AnotherTotal { read: 2, total: 1 });
    let url = "/services/data/v64.0/sobjects/Account/001000000000001AAA";
    let repeat = move |page: &mut Value| page["records"][0]["attributes"]["url"] = url.into();
    assert_eq!(gap(repeat, Of::More), SalesforceGap::RecordRepeated);
    let around = |page: &mut Value| page["nextRecordsUrl"] = "/services/data/v64.0/query/01gFAKE00000001-2".into();
    assert_eq!(gap(around, Of::More), SalesforceGap::LocatorRepeated);
}

#[test]
fn a_page_without_its_envelope_is_no_result() {
    for name in ["totalSize", "done", "records", "nextRecordsUrl"] {
        let take = move |page: &mut Value| drop(page.as_object_mut().and_then(|page| page.remove(name)));
        assert_eq!(gap(take, Of::Query), SalesforceGap::Missing(name));
    }
    assert_eq!(gap(|page| *page = json!(["x"]), Of::Query), SalesforceGap::AnotherShape);
}

#[test]
fn empty_pages_do_not_go_on_for_ever() {
    let fake = small();
    let number = std::sync::atomic::AtomicU32::new(0);
    fake.add_fault(Fault::alter(Of::More, move |page| {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        *page = json!({"totalSize": 5, "done": false, "records": [],
            "nextRecordsUrl": format!("/services/data/v64.0/query/01gFAKE00000001-{}", 1000 + number)});
    }));
    let error = read_all(&fake).err().expect("an error");
    assert!(matches!(error, SalesforceError::Incomplete { gap: SalesforceGap::NothingNew, .. }), "{error}");
    assert_eq!(fake.log().len(), 12);
}

#[test]
fn a_record_of_another_shape_is_no_result() {
    let set = |field: &'static str, value: Value| move |page: &mut Value| page["records"][1][field] = value.clone();
    let object = json!({"city": "Columbus"});
    assert_eq!(gap(set("Name", object.clone()), Of::Query), SalesforceGap::NotPlain("Name".into()));
    assert_eq!(gap(set("Name", json!(["a"])), Of::More), SalesforceGap::NotPlain("Name".into()));
    assert_eq!(gap(set("Owner", json!({"Name": object})), Of::Query), SalesforceGap::NotPlain("Name".into()));
    assert_eq!(gap(set("Owner", json!("Jo")), Of::Query), SalesforceGap::NotARelationship("Owner".into()));
    assert_eq!(gap(set("attributes", Value::Null), Of::Query), SalesforceGap::NoUrl);
    let lacks = |page: &mut Value| drop(page["records"][0].as_object_mut().and_then(|record| record.remove("Name")));
    assert_eq!(gap(lacks, Of::Query), SalesforceGap::NoField("Name".into()));
}

#[test]
fn an_unknown_version_of_the_api_is_named_as_such() {
    let fake = FakeSalesforce::start_with(accounts(1), Config { api_version: "12.0".into(), ..Config::default() });
    let error = read_all(&fake).err().expect("an error");
    assert_eq!(error.exit(), Exit::Unreadable);
    assert!(error.help().contains("salesforce.api_version"), "{}", error.help());
}

#[test]
fn plain_http_to_another_machine_is_refused_before_any_request() {
    let fake = small();
    let mut options = options(&fake, &FakeSalesforce::TOKEN_ENV);
    options.instance_url = "http://acme.my.salesforce.com".parse().expect("a URL");
    let query = Query::parse(QUERY).expect("a query");
    let error = block_on(read(&options, &query, &|_| ())).err().expect("an error");
    assert!(matches!(error, SalesforceError::Insecure { .. }), "{error}");
}
