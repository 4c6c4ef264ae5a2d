//! Where receipts are kept: in the folder of the apply, and in the folder of the audit whose plan it was (rules 8.4).
//!
//! An audit's folder keeps each live run's receipt under its run id, and `apply_receipt.json` is a copy of the newest that
//! applied something. So a later apply never hides an earlier one.

use crate::files;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::apply_receipt::{ApplyReceipt, Mode};
use crate::run::create;
use crate::run::plan_file::PlanFile;
use std::io;
use std::path::{Path, PathBuf};

/// The receipt in a run folder; `None` also if it cannot be read.
pub fn read(folder: &Path) -> Option<ApplyReceipt> {
    let bytes = files::read_lines(&folder.join(Artifact::ApplyReceipt.name())).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Writes the receipt of a run into its own folder.
pub fn write(folder: &Path, receipt: &ApplyReceipt) -> io::Result<()> {
    create::replace_file(&folder.join(Artifact::ApplyReceipt.name()), |out| receipt.write(out))
}

/// The run folder of the audit that made a plan: the folder of the plan's file, if the receipts in it confirm that.
pub fn audit_folder(plan_file: &Path, plan: &PlanFile) -> Option<PathBuf> {
    let folder = plan_file.parent()?;
    let names_plan = |name: &str| {
        let bytes = files::read_lines(&folder.join(name)).unwrap_or_default();
        bytes.windows(plan.hash.len()).any(|window| window == plan.hash.as_bytes())
    };
    [Artifact::ApplyReceipt, Artifact::Receipt]
        .into_iter()
        .any(|artifact| names_plan(artifact.name()))
        .then(|| folder.to_owned())
}

/// Saves a receipt in the folder of its audit.
pub fn keep(audit: &Path, receipt: &ApplyReceipt) -> io::Result<()> {
    if receipt.mode == Mode::Apply {
        // A dry run holds no lock, so it leaves alone what another run may be writing there.
        create::remove_unfinished(audit)?;
        let name = ApplyReceipt::file_name_of(&receipt.run_id);
        create::replace_file(&audit.join(name), |out| receipt.write(out))?;
    }
    if read(audit).is_none_or(|there| takes_the_place_of(receipt, &there)) { write(audit, receipt) } else { Ok(()) }
}

/// Whether a receipt replaces the one in the folder: the newest that applied something wins, otherwise the newest.
fn takes_the_place_of(receipt: &ApplyReceipt, there: &ApplyReceipt) -> bool {
    receipt.run_id == there.run_id || there.mode == Mode::NotRun || receipt.rank() > there.rank()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::artifacts::apply_receipt::{ApplyCounts, Caps, SCHEMA};

    fn receipt(run_id: &str, mode: Mode, applied: u64) -> ApplyReceipt {
        ApplyReceipt {
            schema: SCHEMA.to_owned(),
            run_id: run_id.to_owned(),
            source_plan_path: "plan".to_owned(),
            source_plan_hash: "0".repeat(64),
            mode,
            caps_used: Caps { max_actions: 1, max_per_account: 1 },
            counts: ApplyCounts { applied, ..ApplyCounts::default() },
            results: Vec::new(),
            plan_blocked: Vec::new(),
            started_at: None,
            finished_at: None,
            completed: true,
        }
    }

    #[test]
    fn a_later_apply_never_hides_an_earlier_one() {
        let audit = tempfile::tempdir().expect("a folder");
        let keep = |run_id: &str, mode, applied| {
            super::keep(audit.path(), &receipt(run_id, mode, applied)).expect("kept");
            read(audit.path()).expect("a receipt").run_id
        };
        write(audit.path(), &receipt("20260417_221530Z_audit", Mode::NotRun, 0)).expect("written");
        assert_eq!(keep("20260417_221600Z_apply", Mode::DryRun, 0), "20260417_221600Z_apply", "the newest of any mode");
        assert_eq!(keep("20260417_221700Z_apply", Mode::Apply, 0), "20260417_221700Z_apply");
        assert_eq!(keep("20260417_221650Z_apply", Mode::DryRun, 0), "20260417_221700Z_apply", "an older one");
        assert_eq!(keep("20260417_221800Z_apply", Mode::Apply, 2), "20260417_221800Z_apply");
        assert_eq!(keep("20260417_221900Z_apply", Mode::DryRun, 0), "20260417_221800Z_apply", "it applied nothing");
        assert_eq!(keep("20260417_221900Z_apply_2", Mode::Apply, 0), "20260417_221800Z_apply");
        assert_eq!(keep("20260417_221800Z_apply_10", Mode::Apply, 1), "20260417_221800Z_apply_10");
        assert_eq!(keep("20260417_221800Z_apply_9", Mode::Apply, 1), "20260417_221800Z_apply_10", "settled later");
        assert_eq!(keep("20260417_221700Z_apply", Mode::Apply, 5), "20260417_221800Z_apply_10");
        let names =
            std::fs::read_dir(audit.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                "apply_receipt.20260417_221700Z_apply.json",
                "apply_receipt.20260417_221800Z_apply.json",
                "apply_receipt.20260417_221800Z_apply_10.json",
                "apply_receipt.20260417_221800Z_apply_9.json",
                "apply_receipt.20260417_221900Z_apply_2.json",
                "apply_receipt.json"
            ],
            "each live run's, and the one to show"
        );
    }
}
