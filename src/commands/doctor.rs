//! `doctor`: checks everything that an audit needs, before the first one: files here, credentials, and a few small reads.
//!
//! Nothing is ever written to Zendesk. What was found is judged, and put into words, in the room `doctor`.

// A reference that is asked from Salesforce.
pub(super) mod salesforce;

use super::{ConfigFile, live, named_zendesk, read_config};
use crate::cli::{Common, Doctor as Options};
use crate::config::{Config, FILE_NAME, SalesforceSource};
use crate::console::{self, Console, Format};
use crate::doctor::check::{CheckRow, DoctorCheck, Status};
use crate::doctor::{Learned, judge, show};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::interrupt::Unfinished;
use crate::model::domains::DomainTable;
use crate::paths::shown_path;
use crate::reference::{self, Form};
use crate::text::audience::{Audience, Message};
use crate::text::escape;
use crate::text::words::counted;
use crate::zendesk::{self, Credentials};
use std::collections::BTreeMap;
use std::path::Path;

/// The most problems of a reference that the table lists.
const PROBLEMS_TOLD: usize = 3;
/// The width of the table where it goes to no terminal.
const WIDTH: u16 = 110;
/// Runs `doctor`.
///
/// Exit codes: done when no check fails; unreadable when Zendesk cannot be reached or does not accept the credentials;
/// breached when another check fails.
pub fn run(common: &Common, options: Options) -> Result<Exit, Failure> {
    let console = common.console();
    let flags = Flags::of(common, &options);
    let (config_row, config) = config(common, &options)?;
    let mut rows = vec![config_row];
    rows.push(match &config {
        Some(Configured { config, .. }) if config.salesforce != SalesforceSource::Csv => {
            salesforce::check(&console, config)?
        }
        Some(Configured { config, has_reference: true }) => reference(&console, config),
        Some(Configured { has_reference: false, .. }) => {
            CheckRow::not_checked(DoctorCheck::Reference, "no export is named")
        }
        None => CheckRow::not_checked(DoctorCheck::Reference, NO_CONFIG),
    });
    rows.push(match &config {
        Some(Configured { config, .. }) => output_root(&config.root),
        None => CheckRow::not_checked(DoctorCheck::OutputRoot, NO_CONFIG),
    });
    let (credentials_row, credentials) = credentials();
    rows.push(credentials_row);

    let zendesk = config.as_ref().and_then(|configured| configured.config.zendesk.clone());
    let mut learned_all = Learned::default();
    let mut requests = BTreeMap::new();
    match (&config, &zendesk, credentials) {
        (Some(Configured { config, .. }), Some(zendesk), Some(credentials)) => {
            console.heading(Message::with_public(
                format!("Checking {zendesk} (a few small reads, no writes)..."),
                "Checking Zendesk (a few small reads, no writes)...",
            ));
            let found = live::probe(&console, zendesk, credentials.clone(), config)?;
            let (judged, learned) = judge(&found, &credentials, config);
            rows.extend(judged);
            learned_all = learned;
            requests = found.requests;
        }
        (config, zendesk, _) => {
            let why = match (config, zendesk) {
                (None, _) => NO_CONFIG,
                (Some(_), None) => "no Zendesk is named",
                (Some(_), Some(_)) => "there are no credentials",
            };
            let rest = DoctorCheck::ALL.into_iter().skip_while(|check| *check != DoctorCheck::Connection);
            rows.extend(rest.map(|check| CheckRow::not_checked(check, why)));
        }
    }
    let exit = show::exit(&rows);
    print_text(&console, &rows, exit, &flags);
    if console.format == Format::Json {
        let json = |audience| show::json(zendesk.as_deref(), &rows, &learned_all, &requests, audience);
        console.data(Message::with_public(json(Audience::Private), json(Audience::Public)));
    }
    Ok(exit)
}

const NO_CONFIG: &str = "the configuration cannot be used";

/// The flags that name the same inputs for another command.
struct Flags(String);

impl Flags {
    fn of(common: &Common, options: &Options) -> Self {
        let Options { subdomain, base_url, sf_accounts } = options;
        let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let given = [
            ("--config", path(&common.config)),
            ("--subdomain", subdomain.clone()),
            ("--base-url", base_url.clone()),
            ("--sf-accounts", path(sf_accounts)),
        ];
        let given = given.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
        Self(given.map(|(flag, value)| format!(" {flag} {}", escape::shell_word(&value))).collect())
    }

    fn command(&self, name: &str) -> String {
        format!("g-gremlin zendesk drift {name}{}", self.0)
    }
}

/// A configuration that can be used, as far as it goes.
struct Configured {
    config: Config,
    /// Whether a file or a flag names a reference.
    has_reference: bool,
}

/// The configuration in force. Errors: a flag that cannot be used.
fn config(common: &Common, options: &Options) -> Result<(CheckRow, Option<Configured>), Failure> {
    let check = DoctorCheck::Config;
    let init = "g-gremlin zendesk drift init --sf-accounts accounts.csv --subdomain acme";
    let flagged = named_zendesk(options.subdomain.as_deref(), options.base_url.as_deref())?;
    let file = match read_config(common.config.as_deref()) {
        Ok(file) => file,
        Err(failure) => {
            let why = failure.causes().iter().cloned().reduce(|all, cause| all.then("; ", &cause));
            let why = why.unwrap_or("it cannot be read".into()).map(escape::line);
            return Ok((CheckRow::fail(check, why, failure.next().cloned().unwrap_or("correct it".into())), None));
        }
    };
    let found = file.is_some();
    let mut config = file.map_or_else(Config::without_file, |ConfigFile { config, bytes: _ }| config);
    config.zendesk = flagged.or(config.zendesk);
    config.zendesk = live::pinned(&config)?;
    if let Some(accounts) = &options.sf_accounts {
        config.accounts_csv.clone_from(accounts);
        config.salesforce = SalesforceSource::Csv;
    }
    let has_reference = found || options.sf_accounts.is_some();
    let path = escape::line(&shown_path(common.config.as_deref().unwrap_or(Path::new(FILE_NAME))));
    let row = match (&config.zendesk, found, has_reference) {
        (Some(zendesk), true, _) => CheckRow::ok(check, Message::with_public(format!("{path}, for {zendesk}"), path)),
        (Some(zendesk), false, true) => {
            let saw = "no file, but the flags are enough";
            CheckRow::ok(check, Message::with_public(format!("{saw}, for {zendesk}"), saw))
        }
        (Some(_), false, false) => {
            CheckRow::fail(check, Message::public(format!("there is no {path}, and no --sf-accounts")), init)
        }
        (None, true, _) => CheckRow::fail(
            check,
            Message::public(format!("{path} names no Zendesk")),
            "set zendesk.subdomain in it, or use --subdomain",
        ),
        (None, false, true) => CheckRow::fail(
            check,
            Message::public(format!("there is no {path}, and no --subdomain")),
            Message::public(format!("{init}\nor use --subdomain")),
        ),
        (None, false, false) => CheckRow::fail(check, Message::public(format!("there is no {path}")), init),
    };
    Ok((row, Some(Configured { config, has_reference })))
}

/// Reads the reference; its warnings go to standard error.
fn reference(console: &Console, config: &Config) -> CheckRow {
    let check = DoctorCheck::Reference;
    let path = escape::line(&shown_path(&config.accounts_csv));
    let bytes = match files::read_lines(&config.accounts_csv) {
        Ok(bytes) => bytes,
        Err(error) => {
            let next =
                "export the accounts from Salesforce with the columns sf_account_id, account_name and account_domains";
            return CheckRow::fail(
                check,
                Message::public(format!("{path} cannot be read")).then(": ", &error.into()),
                next,
            );
        }
    };
    let mut domains = DomainTable::default();
    match reference::read(&bytes, Form::Export(&config.columns), &config.settings.domains, &mut domains) {
        Ok(reference) => {
            console.warnings(&reference.warnings);
            let accounts = counted(reference.accounts.len() as u64, "account");
            let expected = counted(reference.domain_counts().0 as u64, "expected domain");
            let saw = format!("{path}: {accounts}, {expected}");
            match reference.warnings.len() as u64 {
                0 => CheckRow::ok(check, Message::public(saw)),
                count => CheckRow::warn(
                    check,
                    Message::public(format!("{saw}, {}", counted(count, "warning"))),
                    "g-gremlin zendesk drift explain CODE shows what to do about each",
                ),
            }
        }
        Err(problems) => {
            let more = problems.more + problems.listed.len().saturating_sub(PROBLEMS_TOLD);
            let told = problems.listed.iter().take(PROBLEMS_TOLD).map(|problem| escape::line(problem));
            let mut told: Vec<String> = told.collect();
            if more > 0 {
                told.push(format!("and {more} more"));
            }
            let public = format!(
                "{path}: {} that cannot be used",
                counted((problems.listed.len() + problems.more) as u64, "row")
            );
            let told = Message::with_public(format!("{path}: {}", told.join("; ")), public);
            CheckRow::fail(check, told, Message::public(problems.ways_out.join("\n")))
        }
    }
}

/// Tries whether a run folder could be made, and leaves nothing behind, not even the root.
fn output_root(root: &Path) -> CheckRow {
    let check = DoctorCheck::OutputRoot;
    let shown = escape::line(&shown_path(root));
    let existing = root.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let existing = existing.into_iter().find(|path| path.exists()).unwrap_or(Path::new("."));
    match Unfinished::create(existing) {
        Ok(folder) => {
            drop(folder);
            let saw = if existing == root { "can be written" } else { "does not exist yet, but can be created" };
            CheckRow::ok(check, Message::public(format!("{shown} {saw}")))
        }
        Err(error) => CheckRow::fail(
            check,
            Message::public(format!("{shown} cannot be written")).then(": ", &error.into()),
            "allow writing there, or name another folder: artifacts.root, or audit --out",
        ),
    }
}

fn credentials() -> (CheckRow, Option<Credentials>) {
    let check = DoctorCheck::Credentials;
    let env = |name: &str| std::env::var(name).ok();
    match zendesk::credentials_from(&env, live::READ_SCOPE) {
        Err(error) => (CheckRow::fail(check, &error, Message::public(error.help())), None),
        Ok(credentials) => {
            let row = match &credentials {
                Credentials::Client { scope, .. } => CheckRow::ok(
                    check,
                    Message::public(format!(
                        "ZENDESK_OAUTH_CLIENT_ID and _SECRET: an OAuth client, which will request the scope \"{}\"",
                        escape::terminal(scope)
                    )),
                ),
                Credentials::Token(_) => CheckRow::ok(check, "ZENDESK_OAUTH_TOKEN: an OAuth token"),
                Credentials::ApiToken { .. } => CheckRow::warn(
                    check,
                    "ZENDESK_EMAIL and ZENDESK_API_TOKEN: an API token; Zendesk deactivates those unused for 30 days, and all on 30 April 2027",
                    "create an OAuth client (Admin Center > Apps and integrations > APIs > OAuth clients)",
                ),
            };
            (row, Some(credentials))
        }
    }
}

fn print_text(console: &Console, rows: &[CheckRow], exit: Exit, flags: &Flags) {
    if console.quiet {
        // Errors are told in every case.
        for CheckRow { check, status, saw, next } in rows {
            if *status == Status::Fail {
                let failure = Failure::new(exit, Message::from(check.name()).then(": ", saw));
                console::failure(&failure.help(next.clone().unwrap_or("".into())), console.audience);
            }
        }
        return;
    }
    let width = terminal_size::terminal_size_of(std::io::stdout()).map_or(WIDTH, |(width, _)| width.0);
    let table = |audience| show::table(rows, width.min(WIDTH), audience);
    console.say(Message::with_public(table(Audience::Private), table(Audience::Public)));
    console.heading(Message::public(show::verdict(rows, exit)));
    let next = match exit {
        Exit::Done => flags.command("audit"),
        _ => format!("Fix the failed checks, from the top. Then check again:\n  {}", flags.command("doctor")),
    };
    console.heading("\nNext:");
    console.say(Message::public(format!("  {next}")));
}
