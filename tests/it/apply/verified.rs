//! `verify` on what applies leave: the copy in the audit's folder, the folder of the apply, and a receipt by itself.
//! That every folder which any test here leaves does match is the stage's own check.

use super::stage::Stage;
use crate::model::random::Random;
use g_gremlin::run::verify::{Files, PlanOf, apply_folder};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| (name(&path), std::fs::read(&path).expect("bytes"))).collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// A stage after a live apply of everything, and the folders of the audit and of the apply.
fn applied() -> (Stage, PathBuf, PathBuf) {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let ran = stage.apply(&plan, &["--max-actions", "12"]).is(0);
    let audit = stage.path().join(&plan.path).parent().expect("a folder").to_owned();
    (stage, audit, ran.folder)
}

/// The exit code of `verify`, and everything that it prints.
fn verify(stage: &Stage, args: &[&Path]) -> (i32, String) {
    let output = stage.command(&["verify"]).args(args).output().expect("the program runs");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8(printed).expect("UTF-8"))
}

#[test]
fn the_folders_of_the_audit_and_of_the_apply_match() {
    let (stage, audit, apply) = applied();
    let (code, printed) = verify(&stage, &[&audit]);
    assert!(code == 0 && printed.contains("21 results of a live apply against the plan"), "{printed}");
    assert!(!printed.contains("note: "), "the apply's folder is beside it: {printed}");
    let (code, printed) = verify(&stage, &[&apply]);
    assert!(code == 0 && printed.contains(&format!("../{}/fix_plan.json", name(&audit))), "{printed}");
    let receipt = apply.join("apply_receipt.json");
    let (code, printed) = verify(&stage, &[&audit, Path::new("--receipt"), &receipt]);
    assert!(code == 0 && printed.contains("journal") && !printed.contains("note: "), "{printed}");
}

#[test]
fn a_copy_that_differs_from_the_receipt_of_the_apply_is_named_by_its_line() {
    let (stage, audit, apply) = applied();
    let copy = audit.join("apply_receipt.json");
    let text = std::fs::read_to_string(&copy).expect("text");
    let at = text.find("\"at\": \"2").expect("a time") + 8;
    // Nothing but the original could know that this second is another one.
    let digit = text.as_bytes()[at + 17];
    let mut bytes = text.clone().into_bytes();
    bytes[at + 17] = if digit == b'5' { b'4' } else { digit + 1 };
    std::fs::write(&copy, &bytes).expect("written");
    let line = text[..at].matches('\n').count() + 1;
    let (code, printed) = verify(&stage, &[&audit]);
    let expected = format!("apply_receipt.json, line {line}: differs from ../{}/apply_receipt.json", name(&apply));
    assert!(code == 1 && printed.contains(&expected), "{printed}");

    // Without the apply's folder it can't be known, and that is said.
    std::fs::rename(&apply, stage.path().join("elsewhere")).expect("renamed");
    std::fs::write(&copy, &text).expect("written");
    let (code, printed) = verify(&stage, &[&audit]);
    let expected = format!("note: the folder {} of the apply is not next to this one", name(&apply));
    assert!(code == 0 && printed.contains(&expected), "{printed}");
}

#[test]
fn an_apply_folder_without_its_plan_says_what_to_name() {
    let (stage, audit, apply) = applied();
    let moved = stage.path().join("moved");
    std::fs::create_dir(&moved).expect("made");
    std::fs::rename(&audit, moved.join(name(&audit))).expect("renamed");
    let (code, printed) = verify(&stage, &[&apply]);
    assert!(code == 2 && printed.contains("caused by: no plan with the hash "), "{printed}");
    assert!(printed.contains("verify AUDIT_RUN_DIR --receipt APPLY_RUN_DIR/apply_receipt.json"), "{printed}");
    let receipt = apply.join("apply_receipt.json");
    let (code, printed) = verify(&stage, &[&moved.join(name(&audit)), Path::new("--receipt"), &receipt]);
    assert_eq!(code, 0, "{printed}");
    let (code, printed) = verify(&stage, &[&apply, Path::new("--receipt"), &receipt]);
    assert!(code == 2 && printed.contains("--receipt goes with the run folder of an audit"), "{printed}");
}

#[test]
fn the_plan_of_an_apply_is_found_where_the_receipt_names_its_folder() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let audit = stage.path().join(&plan.path).parent().expect("a folder").to_owned();
    std::fs::rename(&audit, stage.path().join("kept")).expect("renamed");
    let ran = stage.run(&["apply", "--plan", "kept"]).is(0);
    assert_eq!(ran.receipt["source_plan_path"], "kept");
    let (code, printed) = verify(&stage, &[&ran.folder]);
    assert_eq!(code, 0, "{printed}");
}

#[test]
fn an_apply_folder_without_its_receipt_was_interrupted() {
    let (stage, _, apply) = applied();
    std::fs::remove_file(apply.join("apply_receipt.json")).expect("removed");
    std::fs::write(apply.join("notes.txt"), "x").expect("written");
    let (code, printed) = verify(&stage, &[&apply]);
    assert_eq!(code, 1);
    assert!(printed.contains("mismatch: apply_receipt.json: is missing: the run was interrupted"), "{printed}");
    assert!(printed.contains("mismatch: notes.txt: does not belong to a run, so it cannot be checked"), "{printed}");
}

/// Every value of the receipt, changed by itself: what the plan and the journal tell is named, and what they don't is not.
#[test]
fn what_an_apply_could_not_have_told_is_named() {
    let (_stage, audit, apply) = applied();
    let plan = PlanOf { name: "fix_plan.json".to_owned(), bytes: files(&audit)["fix_plan.json"].clone() };
    let whole = files(&apply);
    let told = |without_journal: bool, change: &dyn Fn(&mut Value)| -> Vec<String> {
        let mut changed = whole.clone();
        let mut value: Value = serde_json::from_slice(&whole["apply_receipt.json"]).expect("JSON");
        change(&mut value);
        // The members in the receipt's own order, so that the form is not what is told.
        let typed: g_gremlin::run::artifacts::apply_receipt::ApplyReceipt =
            serde_json::from_value(value).expect("typed");
        let mut bytes = Vec::new();
        typed.write(&mut bytes).expect("written");
        changed.insert("apply_receipt.json".to_owned(), bytes);
        if without_journal {
            changed.remove("journal.ndjson");
        }
        let verdict = apply_folder(&changed, &[], &plan);
        let told = verdict.mismatches.iter().map(ToString::to_string);
        told.filter(|text| text != "journal.ndjson: is missing").collect()
    };
    let index = |code: &str, status: &str| {
        let value: Value = serde_json::from_slice(&whole["apply_receipt.json"]).expect("JSON");
        let results = value["results"].as_array().expect("results").clone();
        results.iter().position(|result| result["action_code"] == code && result["status"] == status).expect(code)
    };
    let set = index("set_org_external_id", "applied");
    let add = index("add_org_domain", "applied");
    let assign = index("assign_user_to_org", "applied");
    let blocked = index("assign_user_to_org", "blocked");
    assert!(told(false, &|_| ()).is_empty());
    type Change = Box<dyn Fn(&mut Value)>;
    let at = |at: usize, member: &'static str, value: Value| -> Change {
        Box::new(move |receipt| receipt["results"][at][member] = value.clone())
    };
    let top =
        |member: &'static str, value: Value| -> Change { Box::new(move |receipt| receipt[member] = value.clone()) };
    let changes: Vec<(Change, &str)> = vec![
        (at(set, "action_id", json!("A099")), "differs from the plan's A"),
        (at(set, "action_code", json!("add_org_domain")), "differs from the plan's A"),
        (at(set, "sf_account_id", json!("001OTHER")), "differs from the plan's A"),
        (at(set, "org_id", json!(7)), "differs from the plan's A"),
        (at(assign, "user_id", json!(7)), "differs from the plan's A"),
        (at(set, "user_id", json!(7)), "differs from the plan's A"),
        (at(set, "before", json!("another")), "does not meet the preconditions"),
        (at(set, "before", json!(["x"])), "does not have the form for this"),
        (at(set, "after", Value::Null), "does not show what the action writes"),
        (at(add, "after", json!([])), "does not show what the action writes"),
        (
            at(assign, "after", json!({ "default_org_id": null, "member_of": [] })),
            "does not show what the action writes",
        ),
        (at(assign, "after", json!({ "default_org_id": null })), "does not have the form for this"),
        (at(set, "status", json!("would_apply")), "does not occur in a live apply"),
        (at(set, "reason", json!("aborted")), "does not fit the status"),
        (at(set, "status", json!("blocked")), "does not fit the status"),
        (at(set, "http_status", json!(99)), "is not an HTTP status"),
        (at(blocked, "http_status", json!(200)), "is present although nothing was sent"),
        (at(blocked, "reason", json!("precondition_changed_user_already_member")), "does not fit the status"),
        (at(blocked, "reason", json!("cap_max_per_account")), "is blocked by a cap that was not reached"),
        (at(set, "at", json!("yesterday")), "is not a time"),
        (at(set, "at", json!("2020-01-01T00:00:00Z")), "is before started_at"),
        (top("run_id", json!("20200101_000000Z_apply")), "does not match started_at"),
        (top("source_plan_hash", json!("0".repeat(64))), "is not the hash of the plan"),
        (top("mode", json!("dry_run")), "a dry run writes nothing"),
        (top("finished_at", json!("2020-01-01T00:00:00Z")), "is before started_at"),
        (top("finished_at", Value::Null), "finished_at: is missing"),
        (top("caps_used", json!({ "max_actions": 3, "max_per_account": 1000 })), "actions were selected, more than 3"),
        (
            top("caps_used", json!({ "max_actions": 12, "max_per_account": 0 })),
            "of one account were selected, more than 0",
        ),
        (Box::new(|receipt| receipt["counts"]["applied"] = json!(1)), "is not the count of the results"),
        (Box::new(|receipt| receipt["counts"]["attempted"] = json!(1)), "is not the count of the results"),
        (Box::new(|receipt| drop(receipt["results"].as_array_mut().expect("a list").pop())), "must be one per"),
        (
            Box::new(|receipt| drop(receipt["plan_blocked"].as_array_mut().expect("a list").pop())),
            "does not have as many",
        ),
        (
            Box::new(|receipt| receipt["plan_blocked"][3]["issue_id"] = json!("0")),
            "plan_blocked[3]: differs from the plan's",
        ),
    ];
    for (change, expected) in &changes {
        let told = told(true, change);
        assert!(told.iter().any(|text| text.contains(expected)), "{expected}: {told:#?}");
    }
    // What only the run itself could know: the journal tells it too.
    let known_to_the_run: Vec<Change> = vec![
        at(set, "http_status", json!(201)),
        at(set, "request_id", json!("another")),
        at(set, "at", json!("2199-01-01T00:00:00Z")),
        at(add, "before", json!([])),
        top("source_plan_path", json!("another.json")),
        top("finished_at", json!("2199-01-01T00:00:00Z")),
        top("completed", json!(false)),
        top("caps_used", json!({ "max_actions": 12, "max_per_account": 999 })),
    ];
    for (number, change) in known_to_the_run.iter().enumerate() {
        assert!(told(true, change).is_empty(), "{number}");
        let told = told(false, change);
        let named = |text: &String| text.contains("differs from journal.ndjson") || text.contains("differs from the ");
        assert!(!told.is_empty() && told.iter().all(named), "{number}: {told:#?}");
    }
}

/// A changed byte in the folder of an apply is named, but for the times of intentions, which the journal alone knows.
#[test]
fn a_changed_byte_in_the_folder_of_an_apply_is_named() {
    let (_stage, audit, apply) = applied();
    let plan = PlanOf { name: "fix_plan.json".to_owned(), bytes: files(&audit)["fix_plan.json"].clone() };
    let whole = files(&apply);
    assert_eq!(whole.keys().collect::<Vec<_>>(), ["apply_receipt.json", "journal.ndjson"]);
    let mut random = Random::new(7);
    for (file, bytes) in &whole {
        let text = std::str::from_utf8(bytes).expect("text");
        for _ in 0..300 {
            let at = random.below(bytes.len());
            let begin = text[..at].rfind('\n').map_or(0, |at| at + 1);
            let line = text[begin..].lines().next().unwrap_or_default();
            let mut folder = whole.clone();
            folder.get_mut(file).expect("the file")[at] ^= 1 << random.below(7);
            let mismatches = apply_folder(&folder, &[], &plan).mismatches;
            let named =
                mismatches.iter().any(|mismatch| mismatch.file == *file || mismatch.problem.contains(file.as_str()));
            let time_of_intention = line.starts_with("{\"entry\":\"intention\"")
                && line.rfind("\"at\":\"").is_some_and(|time| at >= begin + time + 6);
            assert!(named || time_of_intention, "{file}, byte {at}, in {line}: {mismatches:?}");
        }
    }
}
