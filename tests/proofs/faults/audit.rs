//! A live audit: the run folder is there and the same byte by byte, or there is none.

use super::zendesk::{Request, faults, requests};
use super::{Matrix, each, files, names, run, without_port};
use crate::fake_zendesk::{Fault, FaultKind};
use crate::stage::Stage;
use std::collections::BTreeMap;
use std::process::Output;

const AS_OF: &str = "2026-04-17T22:15:30Z";
/// What differs between two runs that found the same.
const VARIES: [&str; 1] = ["receipt.json"];

/// The fixture of all codes, with several pages of everything.
fn stage() -> Stage {
    let stage = Stage::all_codes();
    in_pages(&stage);
    stage
}

fn in_pages(stage: &Stage) {
    for path in ["organizations", "users", "organization_memberships", "incremental/tickets/cursor"] {
        let rows = if path.starts_with("incremental") { 10 } else { 25 };
        stage.fake.add_fault(Fault::on(&format!("/api/v2/{path}"), FaultKind::IgnorePageSize(rows)));
    }
}

/// Audits into an empty root.
fn audit(stage: &Stage, what: &str) -> Output {
    let _ = std::fs::remove_dir_all(stage.root());
    stage.fake.clear_log();
    run(stage.command(&["audit", "--quiet", "--as-of", AS_OF]), what)
}

pub fn matrix() -> Matrix {
    let calm = stage();
    let undisturbed = audit(&calm, "undisturbed");
    let (code, asked) = (undisturbed.status.code(), requests(&calm.fake.log()));
    assert!(matches!(code, Some(0 | 1)), "{}", String::from_utf8_lossy(&undisturbed.stderr));
    let expected = without_port(files(&calm.runs("_audit").pop().expect("a run"), &VARIES), calm.fake.url());
    let faults = faults();
    let kinds: Vec<String> = asked.iter().map(|request| request.kind.clone()).collect();
    let matrix = Matrix::new("Audit", faults.iter().map(|fault| fault.name).collect(), &kinds);
    let work: Vec<(usize, &Request)> =
        (0..faults.len()).flat_map(|fault| asked.iter().map(move |request| (fault, request))).collect();
    let work: Vec<(usize, &Request)> =
        work.into_iter().filter(|(fault, request)| faults[*fault].meets(request)).collect();
    each(&work, stage, |stage, (fault, request)| {
        let what = format!("{} at {request:?}", faults[*fault].name);
        stage.fake.clear_faults();
        in_pages(stage);
        stage.fake.add_fault(faults[*fault].at(request));
        let ended = audit(stage, &what);
        matrix.set(*fault, &request.kind, judged(stage, &ended, code, &expected, &what));
        assert!(stage.fake.writes().is_empty(), "{what}: an audit writes nothing");
    });
    matrix
}

/// What came of it, by the promises of an audit.
fn judged(stage: &Stage, ended: &Output, calm: Option<i32>, expected: &BTreeMap<String, String>, what: &str) -> String {
    let error = String::from_utf8_lossy(&ended.stderr);
    let code = ended.status.code();
    if let Some(run) = stage.runs("_audit").pop() {
        assert!(matches!(code, Some(0 | 1)), "{what}: {code:?} with a run folder: {error}");
        let verified = stage.command(&["verify", "--quiet"]).arg(&run).output().expect("the program runs");
        assert!(verified.status.success(), "{what}: {}", String::from_utf8_lossy(&verified.stdout));
        let is = without_port(files(&run, &VARIES), stage.fake.url());
        if is == *expected {
            assert_eq!(code, calm, "{what}");
            return "ok".to_owned();
        }
        let differs: Vec<&String> = expected.keys().filter(|name| is.get(*name) != expected.get(*name)).collect();
        if what.starts_with("403") && what.contains("incremental/tickets") {
            // The other export has the same tickets, and the summary names it.
            assert!(differs.iter().all(|name| name.starts_with("summary.")), "{what}: {differs:?} differ");
            return "ok (search)".to_owned();
        }
        // Whether users may be in several orgs is then not known, which blocks and allows nothing more.
        assert!(what.contains("account/settings"), "{what}: {differs:?} differ: {error}");
        return "ok\\*".to_owned();
    }
    let code = code.expect("a code");
    assert!(matches!(code, 2 | 3), "{what}: {code}: {error}");
    assert!(error.contains("error: ") && error.contains("caused by: ") && error.contains("help: "), "{what}: {error}");
    // The pages for `--resume` stay for an hour.
    let left: Vec<String> = names(&stage.root()).into_iter().filter(|name| !name.starts_with(".resume-")).collect();
    assert!(left.is_empty(), "{what}: {left:?}");
    code.to_string()
}
