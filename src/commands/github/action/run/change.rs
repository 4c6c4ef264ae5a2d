//! The check of a change: both sides are audited on one snapshot, then compared.

use super::super::state::{Before, State};
use super::super::{only, option};
use super::{Step, configuration};
use crate::commands::disk;
use crate::config::{Config, FILE_NAME};
use crate::console;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::github::inputs::Inputs;
use crate::model::accounts::Account;
use crate::model::domains::DomainTable;
use crate::report::change_config::{ChangeSide, ConfigurationChange, JudgedCounts, ReferenceRow};
use crate::run::diff::{Side, compare};
use crate::run::read::RunFolder;
use std::path::{Path, PathBuf};

/// What both audits of a change are made from.
struct Sides<'a> {
    /// The configuration before the change.
    config: &'a Path,
    /// The reference before the change, where it is a file of the repository.
    reference: Option<&'a Path>,
    snapshot: &'a Path,
}

impl Step<'_> {
    /// Audits both sides of a change on one snapshot. A side that breaches thresholds is as good as another; the limit of new issues
    /// is that of the side before, which the change cannot raise.
    pub(super) fn diff(&mut self, inputs: &Inputs, state: &mut State) -> Result<Exit, Failure> {
        let Some(Before::Touched { config, reference }) = &state.prepared.before else {
            return match state.prepared.before {
                Some(Before::Added) => self.first(state),
                _ => Ok(Exit::Done),
            };
        };
        let (config, reference) = (config.clone(), reference.clone());
        let kept = self.environment.work.join("change.json");
        let keep = |change: &ConfigurationChange| {
            change.write(&kept).map_err(|error| disk("the change cannot be kept", error))
        };
        state.ran.change = Some(kept.clone());
        let named = inputs.config.as_deref().unwrap_or(Path::new(FILE_NAME));
        let after = side(named, named, inputs.sf_accounts.as_deref())?;
        // A change that repairs a broken reference is compared with nothing.
        let before = match side(&config, named, reference.as_deref().or(inputs.sf_accounts.as_deref())) {
            Err(Failure { exit: Exit::Invalid, .. }) => return self.first(state),
            other => other?,
        };
        let mut change = ConfigurationChange::between(&before, &after);
        keep(&change)?;
        if change.is_other_target() {
            return Ok(Exit::Breached);
        }
        let Some(snapshot) = self.snapshot(inputs, state)? else { return Ok(Exit::Done) };

        let sides = Sides { config: &config, reference: reference.as_deref(), snapshot: &snapshot };
        let before = self.before(inputs, &sides)?;
        let after = self.after(inputs, &sides, &before, state)?;
        state.ran.run_dir = Some(after.clone());
        state.ran.baseline_dir = Some(before.clone());
        let (one, other) = (open_run(&before)?, open_run(&after)?);
        let found = compare(&Side::of_run(&one), &Side::of_run(&other));
        change.judged(judged(&one), judged(&other), found.left_window.len() as u64, found.left_reference.len() as u64);
        keep(&change)?;

        let mut arguments = vec!["diff".to_owned()];
        option(&mut arguments, "base", Some(before.display()));
        option(&mut arguments, "head", Some(after.display()));
        option(&mut arguments, "config", Some(config.display()));
        // Its outputs come last and count: the audits judged other thresholds, of states that were there before.
        self.outputs(&mut arguments);
        arguments.extend(inputs.thresholds.iter().map(|threshold| format!("--threshold={threshold}")));
        self.environment.drift(&arguments)
    }

    /// Audits the side before the change.
    fn before(&self, inputs: &Inputs, sides: &Sides<'_>) -> Result<PathBuf, Failure> {
        let mut arguments = self.begin("audit", "before");
        option(&mut arguments, "config", Some(sides.config.display()));
        option(&mut arguments, "snapshot", Some(sides.snapshot.display()));
        let csv = sides.reference.or(inputs.sf_accounts.as_deref());
        option(&mut arguments, "sf-accounts", csv.map(Path::display));
        grouped("Before the change", || self.environment.drift(&arguments))?;
        self.run_folder(&self.environment.upload().join("before"))
    }

    /// Audits the side after the change. A snapshot may have fewer days of tickets than the change asks for; then the number of days
    /// of the side before is used.
    fn after(&self, inputs: &Inputs, sides: &Sides<'_>, before: &Path, state: &mut State) -> Result<PathBuf, Failure> {
        let mut arguments = self.begin("audit", "");
        self.outputs(&mut arguments);
        option(&mut arguments, "snapshot", Some(sides.snapshot.display()));
        option(&mut arguments, "baseline", Some(before.display()));
        option(&mut arguments, "suppressions-from", Some(sides.config.display()));
        configuration(&mut arguments, inputs);
        grouped("After the change", || {
            let ended = self.environment.drift(&arguments);
            let Err(Failure { exit: Exit::Invalid, .. }) = ended else { return ended };
            let days = open_run(before)?.summary.lookback_days;
            option(&mut arguments, "lookback-days", Some(days));
            let again = self.environment.drift(&arguments);
            if again.is_err() {
                return ended;
            }
            state.ran.shorter_window = Some(days);
            again
        })?;
        self.run_folder(&self.environment.upload())
    }

    /// A change with nothing usable before it.
    fn first(&self, state: &mut State) -> Result<Exit, Failure> {
        let kept = self.environment.work.join("change.json");
        ConfigurationChange::first().write(&kept).map_err(|error| disk("the change cannot be kept", error))?;
        state.ran.change = Some(kept);
        Ok(Exit::Done)
    }

    fn run_folder(&self, folder: &Path) -> Result<PathBuf, Failure> {
        only(folder, "_audit")
            .ok_or_else(|| Failure::invalid("the audit before or after the change left no run folder"))
    }
}

/// One side of a change: its configuration, read from `file`, and its reference. Paths in the configuration are relative to the
/// folder of `named`. Without a reference file, both sides use the snapshot's, so there is nothing to compare.
fn side(file: &Path, named: &Path, csv: Option<&Path>) -> Result<ChangeSide, Failure> {
    let invalid = || Failure::invalid("the configuration before or after the change is missing or invalid");
    let bytes = files::read_lines(file).map_err(|error| invalid().because(error))?;
    let text = String::from_utf8(bytes).map_err(|_| invalid().because("it is not UTF-8"))?;
    let folder = named.parent().unwrap_or(Path::new(""));
    let config = Config::parse(&text, folder).map_err(|error| invalid().because(&error))?;
    let path = csv.map_or_else(|| config.accounts_csv.clone(), Path::to_owned);
    let Ok(bytes) = files::read_lines(&path) else { return Ok(ChangeSide { config, reference: None }) };
    let mut domains = DomainTable::default();
    let reference = crate::commands::accounts::of_csv(&bytes, &path, &config, &mut domains)?;
    let row = |account: &Account| {
        let row = ReferenceRow {
            sf_account_id: account.sf_account_id().raw().to_owned(),
            account_name: account.name().raw().to_owned(),
            website: account.website().map(|website| website.raw().to_owned()).unwrap_or_default(),
            domains: account.domains.iter().map(|id| domains.text(*id).to_owned()).collect(),
            org_expected: account.org_expected,
        };
        (account.key().into_owned(), row)
    };
    let rows = reference.accounts.iter().map(row).collect();
    Ok(ChangeSide { config, reference: Some(rows) })
}

fn judged(run: &RunFolder) -> JudgedCounts {
    let users = run.summary.users.evaluated;
    JudgedCounts { accounts: run.summary.read.accounts, users, tickets: run.summary.read.tickets }
}

fn open_run(folder: &Path) -> Result<RunFolder, Failure> {
    RunFolder::open(folder)
        .map_err(|error| Failure::invalid("the files before or after the change cannot be read").because(&error))
}

/// Folds what is printed meanwhile in the log of GitHub.
fn grouped<T>(name: &str, run: impl FnOnce() -> T) -> T {
    console::plain(&format!("::group::{name}\n"));
    let ended = run();
    console::plain("::endgroup::\n");
    ended
}
