//! What the folder of an audit keeps of the applies of its plan, and the command that comes next.

use super::stage::{Plan, Ran, Stage};
use serde_json::Value;
use std::path::PathBuf;

fn audit_folder(stage: &Stage, plan: &Plan) -> PathBuf {
    stage.path().join(&plan.path).parent().expect("a folder").to_owned()
}

fn shown(stage: &Stage, plan: &Plan) -> Value {
    let path = audit_folder(stage, plan).join("apply_receipt.json");
    serde_json::from_slice(&std::fs::read(path).expect("a receipt")).expect("JSON")
}

fn verified(stage: &Stage, plan: &Plan) {
    let verified = stage.command(&["verify"]).arg(audit_folder(stage, plan)).output().expect("the program runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[test]
fn the_audits_folder_keeps_every_live_run_and_shows_the_newest_that_applied_something() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let run_id = |ran: &Ran| ran.receipt["run_id"].as_str().expect("an id").to_owned();
    assert_eq!(shown(&stage, &plan)["mode"], "not_run");
    let dry = stage.dry_run(&plan, &[]).is(0);
    assert_eq!(shown(&stage, &plan)["run_id"], run_id(&dry).as_str(), "until there is one, the newest of any mode");
    let first = stage.apply(&plan, &["--only-action", "A001"]).is(0);
    let second = stage.apply(&plan, &["--only-action", "A002"]).is(0);
    let nothing = stage.apply(&plan, &["--only-action", "A001"]).is(0);
    assert_eq!(nothing.count("applied"), 0);
    stage.dry_run(&plan, &[]).is(0);
    assert_eq!(shown(&stage, &plan)["run_id"], run_id(&second).as_str());
    for ran in [&first, &second, &nothing] {
        let kept = audit_folder(&stage, &plan).join(format!("apply_receipt.{}.json", run_id(ran)));
        let own = std::fs::read(ran.folder.join("apply_receipt.json")).expect("a receipt");
        assert_eq!(std::fs::read(kept).expect("kept"), own);
    }
    verified(&stage, &plan);
    // A kept receipt that was changed, or that another one hides, is found out.
    let path = audit_folder(&stage, &plan).join(format!("apply_receipt.{}.json", run_id(&second)));
    let text = std::fs::read_to_string(&path).expect("a receipt");
    std::fs::remove_file(audit_folder(&stage, &plan).join("apply_receipt.json")).expect("removed");
    let older = audit_folder(&stage, &plan).join(format!("apply_receipt.{}.json", run_id(&first)));
    std::fs::copy(older, audit_folder(&stage, &plan).join("apply_receipt.json")).expect("copied");
    let found = stage.command(&["verify"]).arg(audit_folder(&stage, &plan)).output().expect("the program runs");
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(said.contains("should be the receipt that apply_receipt.json copies"), "{said}");
    std::fs::write(&path, text.replacen("\"applied\": 1", "\"applied\": 2", 1)).expect("written");
    let found = stage.command(&["verify"]).arg(audit_folder(&stage, &plan)).output().expect("the program runs");
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(said.contains("counts.applied: is not the count of the results"), "{said}");
}

#[test]
fn a_live_apply_ends_with_the_next_command() {
    let stage = Stage::all_codes();
    let plan = stage.audit();
    let capped = stage.apply(&plan, &["--max-actions", "1"]).is(0);
    assert!(capped.out.contains("\nNext:\n  The caps left over "), "{}", capped.out);
    // The command that it prints goes on.
    let (_, command) = capped.out.split_once("g-gremlin zendesk drift ").expect("a command");
    let args: Vec<&str> = command.split_whitespace().filter(|word| *word != "\\").collect();
    let next = stage.run(&args).is(0);
    assert_eq!(next.count("applied"), 1);
    assert_eq!(next.result("A001"), "skipped:precondition_changed_org_already_linked");
    let rest = stage.apply(&plan, &[]).is(0);
    assert!(
        rest.out.ends_with("\nNext:\n  Audit again to see which issues remain:\n    g-gremlin zendesk drift audit\n"),
        "{}",
        rest.out
    );
}
