//! The end of an apply: its receipts, what later steps of a workflow get, the next command, and the exit code.

use super::{Job, Run};
use crate::apply::{NOTHING_WRITTEN, Stop, receipts};
use crate::clock;
use crate::commands::disk;
use crate::exit::{Exit, Failure};
use crate::github::step_output::Output;
use crate::paths::{absolute, shown_path};
use crate::report::apply as report;
use crate::run::artifacts::apply_receipt::{self, ActionResult, ApplyCounts, ApplyReceipt, Mode, Outcome};
use crate::run::artifacts::journal::JournalEntry;
use crate::run::artifacts::{Artifact, Source, json};
use crate::text::audience::Message;
use crate::text::words::counted;
use serde::Serialize;
use std::path::Path;

impl Job<'_> {
    /// Writes the receipts, closes the journal, prints how it went, and turns it into the exit code.
    pub(super) fn finish(
        &self,
        mut run: Run,
        mut results: Vec<ActionResult>,
        ended: Option<Stop>,
        began_to_write: bool,
    ) -> Result<Exit, Failure> {
        let actions = &self.gathered.plan.actions;
        // The receipt also lists what was not reached.
        results.extend(actions[results.len()..].iter().map(|action| ActionResult::unreached(action, self.started_at)));
        let receipt = self.receipt(&run, results, ended.is_none());
        // The room that was set aside is for these.
        run.journal.release();
        let written = receipts::write(&run.folder, &receipt);
        self.keep_in_the_audit(&receipt);
        let at = receipt.finished_at.clone().unwrap_or_default();
        let closed = written.and_then(|()| run.journal.append(&JournalEntry::End { completed: receipt.completed, at }));
        let shown = shown_path(&run.folder);
        let told = self.options.outputs.tell(self.console.audience, outputs(&run.folder, &receipt));
        self.print(&receipt, &shown);
        if !matches!(ended, Some(Stop::Disk(_))) {
            closed.map_err(|error| {
                disk("the receipt could not be written, but the journal in the run folder has every result", error)
            })?;
        }
        match ended {
            Some(stop) => Err(ended_early(stop, &shown, began_to_write)),
            None => told.and_then(|()| self.exit(&receipt, &shown, began_to_write)),
        }
    }

    fn receipt(&self, run: &Run, results: Vec<ActionResult>, completed: bool) -> ApplyReceipt {
        let plan = &self.gathered.plan;
        ApplyReceipt {
            schema: apply_receipt::SCHEMA.to_owned(),
            run_id: run.run_id.clone(),
            source_plan_path: self.gathered.plan_path.clone(),
            source_plan_hash: plan.hash.clone(),
            mode: run.mode,
            caps_used: self.caps,
            counts: ApplyCounts::of(&results),
            results,
            plan_blocked: plan.blocked.clone(),
            started_at: Some(self.started_at.rfc3339()),
            finished_at: Some(clock::now().rfc3339()),
            completed,
        }
    }

    fn keep_in_the_audit(&self, receipt: &ApplyReceipt) {
        let Some(folder) = &self.gathered.audit_folder else { return };
        if let Err(error) = receipts::keep(folder, receipt) {
            self.console.notice(
                Message::from("the receipt could not be copied to the audit's folder").then(": ", &error.into()),
            );
        }
    }

    fn print(&self, receipt: &ApplyReceipt, folder: &str) {
        let plan = &self.gathered.plan;
        let facts = report::Ending {
            receipt,
            folder,
            is_demo: plan.source == Source::Demo,
            from: plan.created_at.min(plan.as_of),
            apply_until: self.gathered.apply_until(),
            now: clock::now(),
            options: &self.gathered.same_options(),
            audit: &self.gathered.audit_command(),
        };
        for line in report::ending(&facts) {
            line.print(&self.console);
        }
        #[derive(Serialize)]
        struct Printed<'a> {
            run_dir: &'a str,
            #[serde(flatten)]
            receipt: &'a ApplyReceipt,
        }
        let text = |receipt| json(&Printed { run_dir: folder, receipt });
        self.console.data(Message::with_public(text(receipt), text(&receipt.for_everybody())));
    }

    /// The exit of a run that was not interrupted. Actions left over because of a cap are not failures.
    fn exit(&self, receipt: &ApplyReceipt, folder: &str, began_to_write: bool) -> Result<Exit, Failure> {
        if receipt.mode == Mode::Apply && !began_to_write && receipt.counts.failed > 0 {
            let failed = counted(receipt.counts.failed, "action");
            return Err(Failure::new(Exit::Unreadable, NOTHING_WRITTEN)
                .because(Message::public(format!("{failed} could not be read right before the write")))
                .help(
                    "the causes are printed above (not with --quiet); apply the same plan again once they are fixed",
                ));
        }
        Ok(match report::imperfection(receipt).filter(|_| began_to_write) {
            Some(what) => {
                let name = Artifact::ApplyReceipt.name();
                self.console.imperfect(Message::public(format!("{what}; {folder}/{name} lists each")));
                Exit::Breached
            }
            None => Exit::Done,
        })
    }
}

fn ended_early(stop: Stop, folder: &str, began_to_write: bool) -> Failure {
    match stop {
        Stop::Interrupted => Failure::new(Exit::Interrupted, "interrupted")
            .help(Message::public(format!("{folder} records what was done; apply the same plan again to continue"))),
        Stop::Read(error) => Failure::new(Exit::Unreadable, NOTHING_WRITTEN).because(&error).help(error.next()),
        Stop::Disk(error) => {
            let more = if began_to_write { " more" } else { "" };
            let what = format!("the journal could not be written, so nothing{more} was sent to Zendesk");
            disk(Message::public(what), error)
                .help("free some disk space and apply the same plan again: it continues where this run ended")
        }
    }
}

/// What later steps of a workflow get. It is worth having from a run that ended early, too.
fn outputs(folder: &Path, receipt: &ApplyReceipt) -> Vec<Output> {
    let ApplyCounts { attempted: _, applied, blocked, skipped, failed, would_apply } = receipt.counts;
    let selected = receipt.results.iter().filter(|result| result.status == Outcome::WouldApply);
    let selected: Vec<&str> = selected.map(|result| result.action_id.as_str()).collect();
    vec![
        ("run-dir", absolute(folder)),
        ("plan-hash", receipt.source_plan_hash.clone()),
        ("applied", applied.to_string()),
        ("skipped", skipped.to_string()),
        ("failed", failed.to_string()),
        ("blocked-actions", blocked.to_string()),
        ("would-apply", would_apply.to_string()),
        ("selected-actions", selected.join(",")),
    ]
}
