//! `apply`: from a plan file to receipts. A dry run reads and checks everything; with consent, the writes follow.

use super::{ConfigFile, disk, live, read_config};
use crate::apply::consent::{self, Refusal};
use crate::apply::execute::Execution;
use crate::apply::journal::{Journal, room};
use crate::apply::lock::{Lock, NoLock};
use crate::apply::look::{OrgIndex, Reads};
use crate::apply::recover::{interrupted_runs, read_receipt, settle, unsettled, write_receipt};
use crate::apply::select::{Choice, Narrowing, Selection};
use crate::apply::{NOTHING_WRITTEN, Stop};
use crate::catalogue::SkipReason;
use crate::cli::{Apply as Options, Common};
use crate::clock;
use crate::config::Config;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::github::step_output::Output;
use crate::interrupt::Deferred;
use crate::model::account_key::account_key;
use crate::model::consent::{Confirmed, Terms};
use crate::model::time::Instant;
use crate::paths::{file_name, shown_path};
use crate::report::apply as report;
use crate::run::artifacts::Artifact;
use crate::run::artifacts::Source;
use crate::run::artifacts::apply_receipt::{self, ActionResult, ApplyReceipt, Caps, Counts, Mode, Outcome};
use crate::run::artifacts::journal::{self, Begin, Entry};
use crate::run::create::{self, Root};
use crate::run::plan_file::{PlanError, PlanFile};
use crate::snapshot::demo;
use crate::text::audience::{Audience, Message, open};
use crate::text::escape;
use crate::text::nearest::nearest;
use crate::text::words::plural;
use crate::zendesk::{self, Access, Progress, Records, Session, Timing, WritePace, Writer};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How many actions are checked between two lines of progress.
const PROGRESS_STEP: usize = 100;

/// Runs `apply`.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let console = common.console();
    let started_at = clock::now();
    let mut config = match read_config(common.config.as_deref())? {
        Some(ConfigFile { config, bytes: _ }) => config,
        None => Config::without_file(),
    };
    if let Some(root) = &options.out {
        config.root.clone_from(root);
    }
    let plan_path = super::runs::plan(common, &options.plan)?;
    let plan = read_plan(&plan_path)?;
    let confirmed_hash = options.confirm_plan_hash.as_deref().map(str::trim);
    let terms = Terms {
        live: options.apply,
        confirmed_hash,
        zendesk: config.zendesk.as_deref(),
        max_plan_age_hours: config.apply.max_plan_age_hours,
        now: started_at,
    };
    let confirmed = consent::check(&plan, &terms).map_err(|refusal| refused(&refusal))?;
    let job = Job {
        console,
        plan: &plan,
        plan_path: plan_path.display().to_string(),
        again: same_options(common, options),
        caps: Caps {
            max_actions: options.max_actions.unwrap_or(config.apply.max_actions),
            max_per_account: options.max_per_account.unwrap_or(config.apply.max_per_account),
        },
        options,
        started_at,
        outdated: match plan.source {
            Source::Zendesk if !options.apply => consent::check_age(&plan, &terms).err(),
            Source::Zendesk | Source::Demo => None,
        },
        audit_folder: audit_folder(&plan_path, &plan),
    };
    match plan.source {
        Source::Demo => job.on_the_demo(&config),
        Source::Zendesk => job.on_a_zendesk(&config, confirmed),
    }
}

fn read_plan(path: &Path) -> Result<PlanFile, Failure> {
    let failed = |cause: Message| {
        Failure::invalid(open(format!("the plan {} cannot be used", path.display())))
            .because(cause)
            .help("name the fix_plan.json in the run folder of an audit")
    };
    let bytes = std::fs::read(path).map_err(|error| failed(error.into()))?;
    PlanFile::parse(&bytes).map_err(|error| match error {
        PlanError::Changed { stated, found } => refused(&Refusal::Changed { stated, found }),
        error => failed(error.to_string().into()),
    })
}

fn refused(refusal: &Refusal) -> Failure {
    Failure::new(Exit::Refused, "refused; nothing was written to Zendesk").because(refusal).help(open(refusal.help()))
}

/// What `--only-account` and `--only-action` leave. A name that the plan does not know is an error, not an empty plan.
fn narrowing(plan: &PlanFile, options: &Options) -> Result<Narrowing, Failure> {
    let unknown = |flag: &str, name: &str, known: &BTreeSet<&str>| {
        let failure = Failure::invalid(Message::with_public(
            format!("the plan has no prepared action for {flag} {name}"),
            format!("the plan has no prepared action for a {flag}"),
        ));
        match nearest(name, known.iter().copied()) {
            Some(nearest) => failure.help(format!("the nearest is {nearest}")),
            None => failure.help(open(format!("fix_plan.csv lists all {} prepared actions", plan.actions.len()))),
        }
    };
    let accounts: BTreeSet<&str> = plan.actions.iter().map(|action| &*action.sf_account_id).collect();
    let keys: BTreeSet<String> = accounts.iter().map(|id| account_key(id)).collect();
    let actions: BTreeSet<&str> = plan.actions.iter().map(|action| &*action.action_id).collect();
    let mut narrowing = Narrowing::default();
    for id in &options.only_account {
        let key = account_key(id);
        if !keys.contains(&key) {
            return Err(unknown("--only-account", id, &accounts));
        }
        narrowing.accounts.insert(key);
    }
    for id in &options.only_action {
        if !actions.contains(id.as_str()) {
            return Err(unknown("--only-action", id, &actions));
        }
        narrowing.actions.insert(id.clone());
    }
    Ok(narrowing)
}

/// The options, written for a shell, that decide what is applied.
fn same_options(common: &Common, options: &Options) -> Vec<Message> {
    let word = |text: &dyn std::fmt::Display| escape::shell_word(&text.to_string());
    let mut same = vec![open(format!("--plan {}", word(&options.plan.display())))];
    same.extend(common.config.iter().map(|path| open(format!("--config {}", word(&path.display())))));
    same.extend(options.out.iter().map(|path| open(format!("--out {}", word(&path.display())))));
    same.extend(options.max_actions.map(|cap| open(format!("--max-actions {cap}"))));
    same.extend(options.max_per_account.map(|cap| open(format!("--max-per-account {cap}"))));
    // An id may begin with a hyphen.
    let account = |id: &String| Message::with_public(format!("--only-account={}", word(id)), "--only-account=…");
    same.extend(options.only_account.iter().map(account));
    same.extend(options.only_action.iter().map(|id| open(format!("--only-action={}", word(id)))));
    same
}

/// The run folder of the audit that the plan lies in: the one whose receipt is about the same plan.
fn audit_folder(plan_path: &Path, plan: &PlanFile) -> Option<PathBuf> {
    let folder = plan_path.parent()?;
    let receipt = read_receipt(folder)?;
    (receipt.source_plan_hash == plan.hash).then(|| folder.to_owned())
}

/// One run of `apply`.
struct Job<'a> {
    console: Console,
    plan: &'a PlanFile,
    /// As given.
    plan_path: String,
    /// The options that a live run of what this one shows has in common with it.
    again: Vec<Message>,
    caps: Caps,
    options: &'a Options,
    started_at: Instant,
    /// Of a dry run: why a live one would be refused for the plan's age.
    outdated: Option<Refusal>,
    audit_folder: Option<PathBuf>,
}

/// The folder of the run, and its journal.
struct Run {
    run_id: String,
    folder: PathBuf,
    journal: Journal,
    mode: Mode,
    narrowing: Narrowing,
}

impl Job<'_> {
    fn on_the_demo(&self, config: &Config) -> Result<Exit, Failure> {
        let records = demo::records().map_err(|error| disk("the demo's fixtures cannot be read", error.to_string()))?;
        let root = prepare_root(config)?;
        let narrowing = narrowing(self.plan, self.options)?;
        let stop = Deferred::begin();
        let run = self.begin(&root, Mode::DryRun, narrowing)?;
        runtime()?.block_on(self.dry_run(&records, run, &stop))
    }

    fn on_a_zendesk(&self, config: &Config, confirmed: Option<Confirmed>) -> Result<Exit, Failure> {
        let scope = if confirmed.is_some() { zendesk::WRITE_SCOPE } else { live::READ_SCOPE };
        let credentials = live::credentials(scope)?;
        let origin = self.plan.zendesk.as_str();
        let unreadable = |cause: Message| Failure::new(Exit::Unreadable, NOTHING_WRITTEN).because(cause);
        let base_url = url::Url::parse(origin).map_err(|error| unreadable(error.to_string().into()))?;
        if confirmed.is_some() && zendesk::may_not_write(&credentials) {
            self.console
                .notice("ZENDESK_OAUTH_SCOPE names no scope that may write; Zendesk will refuse the first write");
        }
        let access = Access::new(base_url, credentials, config.reserve_percent, Timing::default())
            .map_err(|error| unreadable((&error).into()).help(error.next()))?;
        if access.built_in_roots {
            self.console.notice("this machine has no CA store; the built-in roots of Mozilla's are used");
        }
        let root = prepare_root(config)?;
        let stop = Deferred::begin();
        let _lock = match &confirmed {
            Some(_) => Some(take_lock(origin)?),
            None => None,
        };
        // What is left of the plan comes after every reason to refuse all of it.
        let narrowing = narrowing(self.plan, self.options)?;
        if let Some(refusal) = &self.outdated {
            let notice = Message::from(refusal).then("; with --apply it will be refused: ", &open(refusal.help()));
            self.console.notice(notice);
        }
        let progress = live::progress(&self.console);
        let session = access.open(progress.as_ref());
        let records = Records::new(&session);
        let runtime = runtime()?;
        match confirmed {
            None => {
                if interrupted_runs(&root, self.plan).is_ok_and(|runs| runs.iter().any(|run| !run.is_told())) {
                    self.console.notice(
                        "an earlier apply of this plan was interrupted, or is still running; the next run with --apply settles it",
                    );
                }
                let run = self.begin(&root, Mode::DryRun, narrowing)?;
                runtime.block_on(self.dry_run(&records, run, &stop))
            }
            Some(confirmed) => {
                runtime.block_on(self.settle_interrupted_runs(&root, &records, &stop))?;
                let run = self.begin(&root, Mode::Apply, narrowing)?;
                let pace = if access.is_loopback() { WritePace::none() } else { WritePace::careful() };
                runtime.block_on(self.apply(&session, &records, &confirmed, pace, run, progress.as_ref(), &stop))
            }
        }
    }

    fn begin(&self, root: &Root, mode: Mode, narrowing: Narrowing) -> Result<Run, Failure> {
        let failed = |error: std::io::Error| disk(NOTHING_WRITTEN, error);
        let (run_id, folder) = root.begin(self.started_at, "apply").map_err(failed)?;
        let begin = Begin {
            schema: journal::SCHEMA.to_owned(),
            run_id: run_id.clone(),
            mode,
            source_plan_path: self.plan_path.clone(),
            source_plan_hash: self.plan.hash.clone(),
            zendesk: self.plan.zendesk.clone(),
            caps_used: self.caps,
            only_account: self.options.only_account.clone(),
            only_action: self.options.only_action.clone(),
            started_at: self.started_at.rfc3339(),
        };
        let journal = Journal::create(&folder, begin).map_err(failed)?;
        Ok(Run { run_id, folder, journal, mode, narrowing })
    }

    /// Reads the list of orgs and walks the plan. When it ends early, what was decided so far comes with the reason: the same
    /// that the journal has by then.
    async fn choose(
        &self,
        records: &impl Reads,
        run: &mut Run,
        stop: &Deferred,
    ) -> Result<(Vec<Choice>, OrgIndex), (Vec<ActionResult>, Stop)> {
        let mut so_far = Vec::new();
        self.walk(records, run, stop, &mut so_far).await.map_err(|stop| (so_far, stop))
    }

    async fn walk(
        &self,
        records: &impl Reads,
        run: &mut Run,
        stop: &Deferred,
        so_far: &mut Vec<ActionResult>,
    ) -> Result<(Vec<Choice>, OrgIndex), Stop> {
        let console = &self.console;
        let Run { journal, narrowing, .. } = run;
        console.heading("Checking the plan against Zendesk...");
        let mut index = crate::apply::unless_stopped(stop, OrgIndex::read(records)).await?;
        let actions = &self.plan.actions;
        let mut decided = |at: usize, result: Option<&ActionResult>| {
            if at > 0 && at.is_multiple_of(PROGRESS_STEP) {
                console.notice(open(format!("checked {at} of {} actions", actions.len())));
            }
            let Some(result) = result else {
                // It is selected, and this is what becomes of it if the walk ends early.
                so_far.push(ActionResult::unreached(&actions[at], self.started_at));
                return Ok(());
            };
            let entry = Entry::Result(result.clone());
            if result.reason.is_some_and(SkipReason::is_changed_precondition) {
                journal.append(&entry)?;
            } else {
                journal.note(&entry)?;
            }
            so_far.push(result.clone());
            Ok(())
        };
        let selection = Selection { plan: self.plan, narrowing, caps: self.caps, clock: clock::now, stop };
        let choices = selection.choose(records, &mut index, &mut decided).await?;
        let selected = actions.iter().zip(&choices).filter(|(_, choice)| matches!(choice, Choice::Selected(_)));
        let action_ids = selected.map(|(action, _)| action.action_id.to_string()).collect();
        journal.append(&Entry::Selected { action_ids })?;
        Ok((choices, index))
    }

    async fn dry_run(&self, records: &impl Reads, mut run: Run, stop: &Deferred) -> Result<Exit, Failure> {
        let (choices, _) = match self.choose(records, &mut run, stop).await {
            Ok(chosen) => chosen,
            Err((so_far, stop)) => return self.end(run, so_far, Some(stop), false),
        };
        report::plan(&self.console, self.plan, &choices, self.caps);
        let actions = self.plan.actions.iter().zip(choices);
        let mut results = Vec::with_capacity(actions.len());
        for (action, choice) in actions {
            let result = match choice {
                Choice::Not(result) => result,
                Choice::Selected(seen) => {
                    let mut result = ActionResult::new(action, Outcome::WouldApply, None, clock::now());
                    result.before = Some(seen.state(action));
                    run.journal.note(&Entry::Result(result.clone())).map_err(|error| disk(NOTHING_WRITTEN, error))?;
                    result
                }
            };
            results.push(result);
        }
        self.end(run, results, None, false)
    }

    #[expect(clippy::too_many_arguments, reason = "an apply needs every one of them, and nothing else does")]
    async fn apply(
        &self,
        session: &Session<'_>,
        records: &Records<'_>,
        confirmed: &Confirmed,
        pace: WritePace,
        mut run: Run,
        progress: &dyn Progress,
        stop: &Deferred,
    ) -> Result<Exit, Failure> {
        let (choices, index) = match self.choose(records, &mut run, stop).await {
            Ok(chosen) => chosen,
            Err((so_far, stop)) => return self.end(run, so_far, Some(stop), false),
        };
        report::plan(&self.console, self.plan, &choices, self.caps);
        let selected = choices.iter().filter(|choice| matches!(choice, Choice::Selected(_))).count();
        if let Err(full) = run.journal.reserve(&run.folder, room(self.plan, &choices)) {
            run.journal.release();
            return self.end(run, self.results_of(choices), Some(Stop::Disk(full)), false);
        }
        let writer = Writer::new(session, confirmed, pace);
        if selected > 0 {
            self.console.heading("\nApplying...");
        }
        let mut tell = |text: &str| progress.note(text);
        let mut warn = |text: Message| match self.console {
            Console { quiet: false, audience: Audience::Private, .. } => progress.note(text.private()),
            console => console.imperfect(text),
        };
        let mut done = |result: &ActionResult| report::result(&self.console, result);
        let mut execution = Execution {
            records,
            writer: &writer,
            index,
            journal: &mut run.journal,
            clock: clock::now,
            stop,
            began_to_write: false,
            tell: &mut tell,
            warn: &mut warn,
            done: &mut done,
        };
        let (results, ended) = execution.run(&self.plan.actions, choices).await;
        let began_to_write = execution.began_to_write;
        self.end(run, results, ended, began_to_write)
    }

    /// Results where nothing was applied: what was selected was not reached.
    fn results_of(&self, choices: Vec<Choice>) -> Vec<ActionResult> {
        let choices = self.plan.actions.iter().zip(choices);
        let result = |(action, choice)| match choice {
            Choice::Not(result) => result,
            Choice::Selected(_) => ActionResult::unreached(action, self.started_at),
        };
        choices.map(result).collect()
    }

    /// Writes the receipts, closes the journal, says how it went, and turns it into the exit code.
    fn end(
        &self,
        mut run: Run,
        mut results: Vec<ActionResult>,
        ended: Option<Stop>,
        began_to_write: bool,
    ) -> Result<Exit, Failure> {
        // Whatever was not reached is told as well.
        results.extend(
            self.plan.actions[results.len()..].iter().map(|action| ActionResult::unreached(action, self.started_at)),
        );
        let finished_at = clock::now();
        let receipt = ApplyReceipt {
            schema: apply_receipt::SCHEMA.to_owned(),
            run_id: run.run_id.clone(),
            source_plan_path: self.plan_path.clone(),
            source_plan_hash: self.plan.hash.clone(),
            mode: run.mode,
            caps_used: self.caps,
            counts: Counts::of(&results),
            results,
            plan_blocked: self.plan.blocked.clone(),
            started_at: Some(self.started_at.rfc3339()),
            finished_at: Some(finished_at.rfc3339()),
            completed: ended.is_none(),
        };
        // The room that was set aside is for these.
        run.journal.release();
        let end = Entry::End { completed: receipt.completed, at: finished_at.rfc3339() };
        let closed = write_receipt(&run.folder, &receipt).and_then(|()| run.journal.append(&end));
        self.copy_to_the_audit(&receipt);
        let shown = shown_path(&run.folder);
        let again = self.outdated.is_none().then_some(&*self.again);
        report::summary(&self.console, self.plan, again, &receipt, &shown);
        self.print_json(&receipt, &shown);
        // Also of a run that ended early: its receipt is worth keeping.
        let told = self.options.outputs.tell(self.console.audience, outputs(&run.folder, &receipt));
        if !matches!(ended, Some(Stop::Disk(_))) {
            closed.map_err(|error| disk("the receipt could not be written; the journal tells what happened", error))?;
        }
        if ended.is_none() {
            told?;
        }
        match ended {
            None if run.mode == Mode::Apply && !began_to_write && receipt.counts.failed > 0 => {
                Err(Failure::new(Exit::Unreadable, NOTHING_WRITTEN)
                    .because(open(format!(
                        "{} could not be looked at right before the write",
                        plural(receipt.counts.failed, "action")
                    )))
                    .help(
                        "what went wrong is told above (not with --quiet); apply the same plan again when it is solved",
                    ))
            }
            None => Ok(match report::imperfection(&receipt).filter(|_| began_to_write) {
                Some(what) => {
                    self.console
                        .imperfect(open(format!("{what}; {shown}/{} tells each", Artifact::ApplyReceipt.name())));
                    Exit::Breached
                }
                None => Exit::Done,
            }),
            Some(Stop::Interrupted) => Err(Failure::new(Exit::Interrupted, "interrupted")
                .help(open(format!("{shown} tells what was done; apply the same plan again to go on")))),
            Some(Stop::Read(error)) => {
                Err(Failure::new(Exit::Unreadable, NOTHING_WRITTEN).because(&error).help(error.next()))
            }
            Some(Stop::Disk(error)) => {
                let more = if began_to_write { " more" } else { "" };
                Err(disk(
                    open(format!("the journal could not be written, so nothing{more} was sent to Zendesk")),
                    error,
                )
                .help("make room, and apply the same plan again: it goes on where this run ended"))
            }
        }
    }

    /// The audit's folder gets the same receipt; a dry run never hides that the plan was applied.
    fn copy_to_the_audit(&self, receipt: &ApplyReceipt) {
        let Some(folder) = &self.audit_folder else { return };
        if receipt.mode == Mode::DryRun && read_receipt(folder).is_some_and(|there| there.mode == Mode::Apply) {
            return;
        }
        // A dry run holds no lock, so it leaves alone what another run may be writing there.
        let cleared = if receipt.mode == Mode::Apply { create::remove_unfinished(folder) } else { Ok(()) };
        if let Err(error) = cleared.and_then(|()| write_receipt(folder, receipt)) {
            self.console.notice(Message::from("the audit's folder did not get the receipt").then(": ", &error.into()));
        }
    }

    fn print_json(&self, receipt: &ApplyReceipt, folder: &str) {
        #[derive(Serialize)]
        struct Printed<'a> {
            run_dir: &'a str,
            #[serde(flatten)]
            receipt: &'a ApplyReceipt,
        }
        let json = |receipt| crate::run::artifacts::json(&Printed { run_dir: folder, receipt });
        self.console.data(Message::with_public(json(receipt), json(&receipt.for_everybody())));
    }

    /// Settles what earlier applies of the plan left open, by reading, and writes their receipts.
    async fn settle_interrupted_runs(&self, root: &Root, records: &impl Reads, stop: &Deferred) -> Result<(), Failure> {
        for run in interrupted_runs(root, self.plan)? {
            let name = file_name(&run.folder);
            let settled =
                settle(self.plan, &run.story, records, clock::now, stop).await.map_err(|stop| match stop {
                    Stop::Read(error) => unsettled(&name).because(&error).help(error.next()),
                    Stop::Disk(error) => unsettled(&name).because(error),
                    Stop::Interrupted => Failure::new(Exit::Interrupted, "interrupted; nothing was written to Zendesk"),
                })?;
            if !run.is_told() {
                self.console.notice(open(format!("{name} was interrupted, or could not see what came of a write")));
            }
            for result in &settled {
                let what = if result.status == Outcome::Applied { "took" } else { "did not take" };
                self.console.notice(Message::with_public(
                    format!("{name}: the write of {} {what}", result.action_id),
                    format!("{name}: the write of a {} {what}", result.action_code),
                ));
            }
            run.close(settled, self.plan)
                .map_err(|error| disk("the receipt of an interrupted apply could not be written", error))?;
        }
        Ok(())
    }
}

/// What later steps of a workflow learn.
fn outputs(folder: &Path, receipt: &ApplyReceipt) -> Vec<Output> {
    let Counts { attempted: _, applied, blocked, skipped, failed, would_apply } = receipt.counts;
    vec![
        ("run-dir", crate::paths::absolute(folder)),
        ("plan-hash", receipt.source_plan_hash.clone()),
        ("applied", applied.to_string()),
        ("skipped", skipped.to_string()),
        ("failed", failed.to_string()),
        ("blocked-actions", blocked.to_string()),
        ("would-apply", would_apply.to_string()),
        ("selected-actions", selected(receipt)),
    ]
}

/// The ids that a dry run selected, so that a live run can be held to them.
fn selected(receipt: &ApplyReceipt) -> String {
    let selected = receipt.results.iter().filter(|result| result.status == Outcome::WouldApply);
    selected.map(|result| result.action_id.as_str()).collect::<Vec<_>>().join(",")
}

fn prepare_root(config: &Config) -> Result<Root, Failure> {
    Root::prepare(&config.root).map_err(|error| {
        Failure::invalid(open(format!("the output root {} cannot be written", config.root.display()))).because(error).help(
            "name a folder that can be written with --out, or as artifacts.root in the configuration; nothing was written to Zendesk",
        )
    })
}

fn take_lock(zendesk: &str) -> Result<Lock, Failure> {
    let refused = || Failure::new(Exit::Refused, "refused; nothing was written to Zendesk");
    Lock::take(zendesk).map_err(|no| match no {
        NoLock::Held => refused()
            .because(Message::with_public(
                format!("another apply to {zendesk} is running on this machine"),
                "another apply to the same Zendesk is running on this machine",
            ))
            .help("wait until it has ended, then do a dry run and apply again"),
        NoLock::Closed { .. } => refused()
            .because(open(no.to_string()))
            .help("whether another apply is running cannot be known; when none is, have its owner remove the file"),
        NoLock::Disk(error) => disk("the lock of the apply could not be taken", error),
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    crate::parallel::runtime().map_err(|error| disk(NOTHING_WRITTEN, error))
}
