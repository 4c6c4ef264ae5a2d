//! What an apply works with: the configuration, the plan and the consent to it, and what is left of the plan.

use crate::apply::NOTHING_WRITTEN;
use crate::apply::consent::{self, Refusal};
use crate::apply::lock::{Lock, NoLock};
use crate::apply::narrow::{Narrowing, StillExpected};
use crate::apply::receipts;
use crate::cli::{Apply as Options, Common};
use crate::commands::{ConfigFile, accounts, disk, live, read_config, runs};
use crate::config::{self, Config, SalesforceSource};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::model::account_key::account_key;
use crate::model::consent::{Confirmed, Terms};
use crate::model::domains::DomainTable;
use crate::model::time::Instant;
use crate::run::artifacts::apply_receipt::Caps;
use crate::run::artifacts::{Artifact, Source};
use crate::run::create::Root;
use crate::run::plan_file::PlanFile;
use crate::text::audience::Message;
use crate::text::escape;
use crate::text::nearest::nearest;
use crate::zendesk::{self, Access, Timing};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the command line, the configuration and the plan say.
pub(super) struct Gathered<'a> {
    common: &'a Common,
    options: &'a Options,
    pub config: Config,
    pub plan: PlanFile,
    /// The file of the plan.
    pub plan_file: PathBuf,
    /// As given; for `latest` and run ids the folder that they stand for.
    pub plan_path: String,
    /// Of a dry run: why a live one would be refused for the plan's age.
    pub outdated: Option<Refusal>,
    /// The run folder of the audit that made the plan.
    pub audit_folder: Option<PathBuf>,
    now: Instant,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(common: &'a Common, options: &'a Options, now: Instant) -> Result<Self, Failure> {
        if options.only_action.iter().any(|id| id.trim().is_empty()) {
            return Err(Failure::invalid("--only-action is empty, so it selects nothing")
                .help("name an action, such as --only-action A001, or leave out the option"));
        }
        let mut config = match read_config(common.config.as_deref())? {
            Some(ConfigFile { config, bytes: _ }) => config,
            None => Config::without_file(),
        };
        if let Some(root) = &options.out {
            config.root.clone_from(root);
        }
        let is_file = options.plan.exists() && !options.plan.is_dir();
        let named = if is_file {
            options.plan.clone()
        } else {
            runs::folder_under(&options.plan, "plan", || Ok(config.root.clone()))?
        };
        let plan_file = if named.is_dir() { named.join(Artifact::FixPlan.name()) } else { named.clone() };
        let plan = files::read_lines(&plan_file).map_err(|error| not_usable(&options.plan, error.into()))?;
        let plan = PlanFile::parse(&plan).map_err(|error| not_usable(&options.plan, error.to_string().into()))?;
        plan.check_settings(&config.settings).map_err(|error| {
            not_usable(&options.plan, error.to_string().into())
                .help("the configuration has changed since the audit, or the file was edited; run the audit again")
        })?;
        let audit_folder = receipts::audit_folder(&plan_file, &plan);
        let plan_path = named.display().to_string();
        let mut gathered =
            Self { common, options, config, plan, plan_file, plan_path, outdated: None, audit_folder, now };
        if gathered.plan.source == Source::Zendesk && !options.apply {
            gathered.outdated = consent::check_age(&gathered.plan, &gathered.terms(None)).err();
        }
        Ok(gathered)
    }

    fn terms<'t>(&'t self, zendesk: Option<&'t str>) -> Terms<'t> {
        Terms {
            live: self.options.apply,
            confirmed_hash: self.options.confirm_plan_hash.as_deref().map(str::trim),
            zendesk,
            max_plan_age_hours: self.config.apply.max_plan_age_hours,
            now: self.now,
        }
    }

    /// Checks the terms of the run. `None`: a dry run.
    pub(super) fn consent(&self) -> Result<Option<Confirmed>, Failure> {
        let env = |name: &str| std::env::var(name).ok();
        let target = match self.plan.source {
            Source::Demo => Ok(None),
            Source::Zendesk => config::target(&self.config, &env),
        };
        let zendesk = target.as_ref().map_or(self.config.zendesk.clone(), Clone::clone);
        let confirmed =
            consent::check(&self.plan, &self.terms(zendesk.as_deref())).map_err(|refusal| refused(&refusal))?;
        target.map_err(|error| {
            Failure::new(error.exit(), NOTHING_WRITTEN).because(&error).help(Message::public(error.help()))
        })?;
        Ok(confirmed)
    }

    /// The last moment at which the plan may be applied.
    pub(super) fn apply_until(&self) -> Instant {
        consent::apply_until(&self.plan, self.config.apply.max_plan_age_hours)
    }

    pub(super) fn caps(&self) -> Caps {
        Caps {
            max_actions: self.options.max_actions.unwrap_or(self.config.apply.max_actions),
            max_per_account: self.options.max_per_account.unwrap_or(self.config.apply.max_per_account),
        }
    }

    /// The way to the plan's Zendesk.
    pub(super) fn access(&self, console: &Console, live: bool) -> Result<Access, Failure> {
        let scope = if live { zendesk::WRITE_SCOPE } else { live::READ_SCOPE };
        let credentials = live::credentials(scope)?;
        let unreadable = |cause: Message| Failure::new(Exit::Unreadable, NOTHING_WRITTEN).because(cause);
        let base_url = url::Url::parse(&self.plan.zendesk);
        let base_url = base_url.map_err(|error| unreadable(error.to_string().into()))?;
        if live && zendesk::may_not_write(&credentials) {
            console.notice("ZENDESK_OAUTH_SCOPE has no scope for writing, so Zendesk will refuse the first write");
        }
        let default = Timing::default();
        let timing = Timing { request: self.options.request_timeout.unwrap_or(default.request), ..default };
        let access = Access::new(base_url, credentials, self.config.reserve_percent, timing)
            .map_err(|error| unreadable((&error).into()).help(error.next()))?;
        if access.built_in_roots {
            console.notice("this machine has no CA store, so the built-in Mozilla roots are used");
        }
        Ok(access)
    }

    /// Takes the lock of the plan's Zendesk.
    pub(super) fn lock(&self) -> Result<Lock, Failure> {
        let zendesk = &self.plan.zendesk;
        let refused = || Failure::new(Exit::Refused, "refused; nothing was written to Zendesk");
        Lock::take(zendesk).map_err(|no| match no {
            NoLock::Held => refused()
                .because(Message::with_public(
                    format!("another apply to {zendesk} is running on this machine"),
                    "another apply to the same Zendesk is running on this machine",
                ))
                .help("wait until it has ended, then do a dry run and apply again"),
            NoLock::Closed { .. } => refused()
                .because(Message::public(no.to_string()))
                .help("it is unknown whether another apply is running; if none is, have the file's owner remove it"),
            NoLock::Disk(error) => disk("the lock for the apply could not be acquired", error),
        })
    }

    /// The output root, which can be written.
    pub(super) fn root(&self) -> Result<Root, Failure> {
        let root = &self.config.root;
        Root::prepare(root).map_err(|error| {
            Failure::invalid(Message::public(format!("the output root {} cannot be written", root.display())))
                .because(error)
                .help(
                    "name a writable folder with --out, or as artifacts.root in the configuration; nothing was \
                    written to Zendesk",
                )
        })
    }

    /// What is left of the plan. A name that the plan does not know is an error, not an empty plan.
    pub(super) fn narrowing(&self, console: &Console) -> Result<Narrowing, Failure> {
        let plan = &self.plan;
        let unknown = |flag: &str, name: &str, known: &BTreeSet<&str>| {
            let failure = Failure::invalid(Message::with_public(
                format!("the plan has no prepared action for {flag} {name}"),
                format!("the plan has no prepared action for a {flag}"),
            ));
            match nearest(name, known.iter().copied()) {
                Some(nearest) => failure.help(format!("the nearest is {nearest}")),
                None => failure
                    .help(Message::public(format!("fix_plan.csv lists all {} prepared actions", plan.actions.len()))),
            }
        };
        let accounts: BTreeSet<&str> = plan.actions.iter().map(|action| &*action.sf_account_id).collect();
        let keys: BTreeSet<String> = accounts.iter().map(|id| account_key(id)).collect();
        let actions: BTreeSet<&str> = plan.actions.iter().map(|action| &*action.action_id).collect();
        if let Some(id) = self.options.only_account.iter().find(|id| !keys.contains(&account_key(id))) {
            return Err(unknown("--only-account", id, &accounts));
        }
        if let Some(id) = self.options.only_action.iter().find(|id| !actions.contains(id.as_str())) {
            return Err(unknown("--only-action", id, &actions));
        }
        let today = self.now.date();
        let in_force = self.config.settings.suppressions.iter().filter(|one| one.in_force_on(&today));
        Ok(Narrowing {
            accounts: self.options.only_account.iter().map(|id| account_key(id)).collect(),
            actions: self.options.only_action.iter().cloned().collect(),
            allowed: self.config.apply.actions.clone(),
            suppressions: in_force.cloned().collect(),
            expected: self.expected(console)?,
        })
    }

    /// The accounts and their domains as the reference has them now. `None`: there is no reference to ask, or the plan is the
    /// demo's, which has a reference of its own.
    fn expected(&self, console: &Console) -> Result<Option<StillExpected>, Failure> {
        let named = self.options.sf_accounts.as_ref();
        if self.plan.source == Source::Demo {
            return Ok(None);
        }
        let path = match (named, &self.config.salesforce) {
            (Some(path), _) => path,
            (None, SalesforceSource::Soql { .. }) => {
                console.notice(
                    "only audits read accounts from Salesforce, so this run does not check whether \
                    they have changed since",
                );
                return Ok(None);
            }
            (None, SalesforceSource::Csv) if !self.config.accounts_csv.exists() => {
                let path = self.config.accounts_csv.display();
                console.notice(Message::public(format!(
                    "there is no {path}, so this run does not check whether accounts have changed since the audit"
                )));
                return Ok(None);
            }
            (None, SalesforceSource::Csv) => &self.config.accounts_csv,
        };
        let bytes = files::read_lines(path).map_err(|error| {
            Failure::invalid(Message::public(format!("the reference CSV {} cannot be read", path.display())))
                .because(error)
                .help("name the accounts' export with --sf-accounts; nothing was written to Zendesk")
        })?;
        let mut domains = DomainTable::default();
        let reference = accounts::of_csv(&bytes, path, &self.config, &mut domains)?;
        Ok(Some(StillExpected::of(&reference, &domains)))
    }

    /// The options, written for a shell, that decide what is applied. `plan`: the way to name the plan that stays right.
    pub(super) fn same_options(&self) -> Vec<Message> {
        let Options { max_actions, max_per_account, only_account, only_action, out, sf_accounts, .. } = self.options;
        let word = |text: &dyn std::fmt::Display| escape::shell_word(&text.to_string());
        let path = |path: &Path| word(&path.display());
        let mut same = vec![Message::public(format!("--plan {}", word(&self.plan_name())))];
        same.extend(self.common.config.iter().map(|config| Message::public(format!("--config {}", path(config)))));
        same.extend(out.iter().map(|out| Message::public(format!("--out {}", path(out)))));
        same.extend(sf_accounts.iter().map(|accounts| Message::public(format!("--sf-accounts {}", path(accounts)))));
        same.extend(max_actions.map(|cap| Message::public(format!("--max-actions {cap}"))));
        same.extend(max_per_account.map(|cap| Message::public(format!("--max-per-account {cap}"))));
        // An id may begin with a hyphen.
        let account = |id: &String| Message::with_public(format!("--only-account={}", word(id)), "--only-account=…");
        same.extend(only_account.iter().map(account));
        same.extend(only_action.iter().map(|id| Message::public(format!("--only-action={}", word(id)))));
        same
    }

    /// The command that audits again.
    pub(super) fn audit_command(&self) -> String {
        let path = |flag: &str, path: &Path| format!(" {flag} {}", escape::shell_word(&path.display().to_string()));
        let flags = [
            ("--config", self.common.config.as_ref()),
            ("--sf-accounts", self.options.sf_accounts.as_ref()),
            ("--out", self.options.out.as_ref()),
        ];
        let flags = flags.into_iter().filter_map(|(flag, value)| value.map(|value| path(flag, value)));
        format!("g-gremlin zendesk drift audit{}", flags.collect::<String>())
    }

    /// How a command names the plan: by the run id of its audit where it lies under the root, so that the command works when it
    /// is copied, and means the same plan when there is a newer one.
    fn plan_name(&self) -> String {
        let folder = self.plan_file.parent().unwrap_or(Path::new(""));
        let is_run = self.plan_file.file_name().is_some_and(|name| name == Artifact::FixPlan.name());
        let under_root = folder.parent() == Some(&self.config.root);
        match folder.file_name().filter(|_| is_run && under_root) {
            Some(run_id) => run_id.to_string_lossy().into_owned(),
            None => self.options.plan.display().to_string(),
        }
    }
}

fn not_usable(plan: &Path, cause: Message) -> Failure {
    Failure::invalid(Message::public(format!("the plan {} cannot be used", plan.display())))
        .because(cause)
        .help("name the run of an audit, its fix_plan.json, or latest")
}

fn refused(refusal: &Refusal) -> Failure {
    Failure::new(Exit::Refused, "refused; nothing was written to Zendesk")
        .because(refusal)
        .help(Message::public(refusal.help()))
}
