//! Canaries: secrets with a value that is seen nowhere else, in every command, under every fault that the fakes can give, at the
//! highest verbosity, and with a panic forced. None of them may be in any form in output, artifact, journal, snapshot, work
//! folder or error.

mod forms;
mod stage;

use std::collections::BTreeMap;
use std::thread;

use crate::fake_salesforce;
use crate::fake_zendesk::reply::{Cut, Reply};
use crate::fake_zendesk::{Fault, FaultKind};
use stage::{CANARIES, Login, Looked, Stage};

/// The commands that ask Zendesk. `PLAN` and `HASH` are those of an audit that went before.
const COMMANDS: [&[&str]; 7] = [
    &["doctor"],
    &["audit", "--save-snapshot", "SAVED"],
    &["audit", "--format", "json"],
    &["trace", "--zendesk-org-id", "4101"],
    &["apply", "--plan", "PLAN"],
    &["apply", "--plan", "PLAN", "--apply", "--confirm-plan-hash", "HASH", "--max-actions", "3"],
    &["audit", "--resume"],
];

/// The commands that ask nobody, with the secrets in their environment all the same.
const OFFLINE: [&[&str]; 12] = [
    &["audit", "--demo"],
    &["report", "latest"],
    &["report", "latest", "--to", "job-summary", "--to", "annotations", "--to", "html", "--html-file", "report.html"],
    &["report", "latest", "--to", "comment"],
    &["diff", "--base", "latest", "--head", "latest"],
    &["verify", "latest"],
    &["trend"],
    &["explain", "org_missing_external_id"],
    &["init", "--force"],
    &["trace", "--demo", "--domain", "acme-labs.example"],
    &["apply", "--plan", "nowhere"],
    &["audit", "--config", "nowhere.yaml"],
];

/// Every fault of the fake Zendesk that is not a matter of minutes, by name.
fn faults() -> Vec<(String, FaultKind)> {
    let mut faults: Vec<(String, FaultKind)> = vec![];
    let said = forms::every_form(&CANARIES);
    for status in [200, 400, 401, 403, 404, 409, 422, 500, 503] {
        // An answer that repeats the secrets of the request, as a proxy's page and as an error of the API's own.
        faults.push((format!("{status} page"), stage::echo(status, &format!("<html><title>{said}</title></html>"))));
        faults.push((format!("{status} text"), stage::echo(status, &said)));
        let json = serde_json::json!({ "error": { "title": &said, "message": &said }, "description": said });
        faults.push((format!("{status} JSON"), FaultKind::json(status, json)));
        faults.push((format!("{status}"), FaultKind::status(status)));
    }
    let canary = CANARIES[0];
    faults.extend([
        ("redirect elsewhere".to_owned(), FaultKind::RedirectTo(format!("http://127.0.0.1:9/?t={canary}"))),
        ("redirect to a login".to_owned(), FaultKind::RedirectTo("/login".to_owned())),
        ("reset before".to_owned(), FaultKind::ResetBefore),
        ("reset unread".to_owned(), FaultKind::ResetUnread),
        ("reset in the body".to_owned(), FaultKind::ResetMidBody),
        ("not JSON".to_owned(), FaultKind::NotJson),
        ("truncated JSON".to_owned(), FaultKind::TruncatedJson),
        ("cursor stuck".to_owned(), FaultKind::CursorStuck),
        ("no cursor".to_owned(), FaultKind::HasMoreWithoutCursor),
        ("endless".to_owned(), FaultKind::EndlessExport),
        ("rows again".to_owned(), FaultKind::RepeatRows),
        ("foreign next link".to_owned(), FaultKind::ForeignNextLink(format!("evil.example/{canary}"))),
        ("no envelope".to_owned(), FaultKind::MissingEnvelope),
        ("no end".to_owned(), FaultKind::MissingEnd),
        ("not taken".to_owned(), FaultKind::NotTaken),
        ("huge id".to_owned(), FaultKind::HugeId),
        ("token expires".to_owned(), FaultKind::TokenExpiresNow),
        ("cursor expired".to_owned(), FaultKind::CursorExpired),
    ]);
    faults
}

#[test]
fn no_secret_is_in_what_zendesks_faults_leave() {
    let faults = faults();
    let logins = [Login::ApiToken, Login::Bearer, Login::Client];
    let mut cases = vec![];
    for (number, (name, kind)) in faults.into_iter().enumerate() {
        // Each fault strikes another request of each command: the first, the grant, a later one, a write.
        for (command, args) in COMMANDS.iter().enumerate() {
            let login = logins[(number + command) % logins.len()];
            let strikes = [(number + command) % 3, 3];
            let is_apply = args.contains(&"--apply");
            for strike in &strikes[..if is_apply { 2 } else { 1 }] {
                cases.push((name.clone(), kind.clone(), *args, login, *strike));
            }
        }
    }
    let codes = in_two_threads(&cases, |(name, kind, args, login, strike)| {
        let stage = Stage::new(*login);
        let plan = args.contains(&"PLAN").then(|| stage.audit());
        let fault = |path: &str| Fault::below(path, kind.clone());
        stage.zendesk.add_fault(match strike {
            0 => fault("/").nth(1),
            1 => fault("/api/v2/").nth(2),
            2 => fault("/api/v2/organizations").nth(1),
            _ => Fault::on_writes(kind.clone()).nth(1),
        });
        stage.run_planned(args, plan.as_ref(), &[], &format!("{name} at {strike}"))
    });
    println!("canaries: {} commands under faults of Zendesk, exit codes {codes:?}", cases.len());
    assert!(codes.len() >= 3, "the faults did nothing: {codes:?}");
}

#[test]
fn no_secret_is_in_what_salesforces_faults_leave() {
    use fake_salesforce::{Fault, FaultKind, Of};
    let said = forms::every_form(&CANARIES);
    let mut cases = vec![];
    for of in [Of::Token, Of::Query, Of::More] {
        for status in [200, 400, 401, 403, 404, 500, 503] {
            for body in [
                said.clone(),
                format!("<html><title>{said}</title></html>"),
                serde_json::json!([{ "message": said, "errorCode": "INVALID_FIELD" }]).to_string(),
                serde_json::json!({ "error": "invalid_client", "error_description": said }).to_string(),
            ] {
                cases.push((of, FaultKind::Status(status, body, vec![])));
            }
        }
        for kind in [
            FaultKind::Html,
            FaultKind::TruncatedJson,
            FaultKind::ResetBefore,
            FaultKind::ResetMidBody,
            FaultKind::SessionEnds,
        ] {
            cases.push((of, kind));
        }
    }
    let codes = in_two_threads(&cases, |(of, kind)| {
        let stage = Stage::with_salesforce(Login::Client);
        let salesforce = stage.salesforce.as_ref().expect("a Salesforce");
        salesforce.add_fault(Fault::on(*of, kind.clone()).first(1));
        stage.run(&["audit", "--save-snapshot", "SAVED"], &[], "Salesforce")
    });
    println!("canaries: {} audits under faults of Salesforce, exit codes {codes:?}", cases.len());
    assert!(codes.len() >= 2, "the faults did nothing: {codes:?}");
}

#[test]
fn no_secret_is_in_what_githubs_faults_leave() {
    let said = forms::every_form(&CANARIES);
    let commands: [&[&str]; 4] = [
        &["github", "find-run", "--latest", "--github-output=output"],
        &["github", "find-run", "--run-id=1", "--github-output=output"],
        &["github", "check-approval", "--github-output=output", "--plan-hash", stage::HASH],
        &["zendesk", "drift", "report", "--to", "comment", "DEMO"],
    ];
    let mut cases: Vec<(&[&str], Reply)> = vec![];
    for args in commands {
        for status in [200, 302, 400, 401, 403, 404, 422, 429, 500] {
            cases.push((
                args,
                Reply::json(status, serde_json::json!({ "message": said, "errors": [{ "message": said }] })),
            ));
            cases.push((args, stage::text(status, &said)));
        }
        for body in [serde_json::json!(said), serde_json::json!([said]), serde_json::json!({ "workflow_runs": said })] {
            cases.push((args, Reply::json(200, body)));
        }
        let cut = Reply { cut: Cut::ResetMidBody, ..Reply::json(200, serde_json::json!({ "message": said })) };
        cases.push((args, cut));
    }
    let codes = in_two_threads(&cases, |(args, reply)| {
        let stage = Stage::new(Login::ApiToken);
        for method in ["GET", "POST", "PATCH"] {
            stage.github.fail(method, "/", 1, reply.clone());
        }
        stage.run_github(args, &[], "GitHub")
    });
    println!("canaries: {} commands under faults of GitHub, exit codes {codes:?}", cases.len());
}

#[test]
fn no_secret_is_in_a_tracking_issue_or_what_is_said_of_it() {
    let said = forms::every_form(&CANARIES);
    // The request that the fault strikes, and the state of the issue that is there before.
    let requests = [
        ("POST", "/graphql", None),
        ("GET", "/user", None),
        ("GET", "/issues", None),
        ("POST", "/issues", None),
        ("PATCH", "/issues", Some("open")),
        ("PATCH", "/issues", Some("closed")),
        ("POST", "/comments", Some("closed")),
    ];
    let mut cases = vec![];
    for request in requests {
        for status in [200, 302, 403, 404, 410, 422, 429, 500] {
            cases.push((
                request,
                Reply::json(status, serde_json::json!({ "message": said, "errors": [{ "message": said }] })),
            ));
            cases.push((request, stage::text(status, &said)));
        }
        let issue = serde_json::json!({ "number": 1, "title": said, "state": said, "html_url": said, "login": said });
        cases.push((request, Reply::json(200, issue.clone())));
        cases.push((request, Reply::json(200, serde_json::json!([issue]))));
        cases.push((request, Reply::json(200, serde_json::json!({ "data": { "viewer": { "login": said } } }))));
    }
    let codes = in_two_threads(&cases, |((method, path, state), reply)| {
        let stage = Stage::new(Login::ApiToken);
        let run = stage.breached();
        stage.has_issue(*state);
        stage.github.fail(method, path, 4, reply.clone());
        let code =
            stage.run_github(&["zendesk", "drift", "report", "--verbose", "--to", "issue", &run], &[], "GitHub")?;
        stage.posted().map(|()| code)
    });
    println!("canaries: {} tracking issues under faults of GitHub, exit codes {codes:?}", cases.len());
    assert_eq!(codes.keys().collect::<Vec<_>>(), [&0], "an issue that fails is a warning");
}

#[test]
fn no_secret_is_in_what_works_or_fails_without_a_network() {
    let cases: Vec<(&[&str], Login)> = OFFLINE
        .iter()
        .flat_map(|args| [Login::ApiToken, Login::Bearer, Login::Client].map(|login| (*args, login)))
        .collect();
    let codes = in_two_threads(&cases, |(args, login)| {
        let stage = Stage::new(*login);
        stage.audit();
        stage.run(args, &[], "no fault")
    });
    println!("canaries: {} commands without a network, exit codes {codes:?}", cases.len());
}

#[test]
fn no_secret_is_in_what_a_panic_says() {
    let said = forms::every_form(&CANARIES);
    let logins = [Login::ApiToken, Login::Bearer, Login::Client];
    let mut cases = vec![];
    for (number, args) in COMMANDS.iter().enumerate() {
        for answer in 1..=6 {
            cases.push((*args, logins[(number + answer) % logins.len()], answer.to_string()));
        }
    }
    let codes = in_two_threads(&cases, |(args, login, answer)| {
        let stage = Stage::new(*login);
        let plan = args.contains(&"PLAN").then(|| stage.audit());
        // The panic's text is the answer, and the answer repeats every secret.
        let at: u32 = answer.parse().expect("a number");
        stage.zendesk.add_fault(Fault::below("/", stage::echo(403, &said)).nth(at));
        stage.run_planned(args, plan.as_ref(), &[("G_GREMLIN_PANIC_AT_ANSWER", answer)], "a panic")
    });
    println!("canaries: {} panics, exit codes {codes:?}", cases.len());
    assert!(codes.get(&101).is_some_and(|panics| *panics * 2 > cases.len()), "too few panics: {codes:?}");
}

/// How often each exit code came; the cases are split between two threads. Fails when one of them shows a canary.
fn in_two_threads<T: Sync>(cases: &[T], run: impl Fn(&T) -> Looked + Sync) -> BTreeMap<i32, usize> {
    let half = |parity: usize| cases.iter().skip(parity).step_by(2).map(&run).collect::<Vec<Looked>>();
    let mut looked = thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        let mut even = half(0);
        even.extend(odd.join().expect("the other half"));
        even
    });
    let leaks: Vec<String> = looked.extract_if(.., |looked| looked.is_err()).filter_map(Result::err).collect();
    let first: Vec<&str> = leaks.iter().take(5).map(String::as_str).collect();
    assert!(leaks.is_empty(), "{} of {} show a canary:\n{}", leaks.len(), cases.len(), first.join("\n"));
    let mut codes = BTreeMap::new();
    for code in looked.into_iter().flatten() {
        *codes.entry(code).or_default() += 1;
    }
    codes
}
