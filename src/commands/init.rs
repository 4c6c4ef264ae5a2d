//! `init`: writes a commented configuration, checks the reference CSV, creates the output root.

pub mod github;
mod salesforce;
mod template;
mod workflow;

use super::{read_reference, reference_failure};
use crate::cli::{Common, Init as Options};
use crate::config::{self, Config, DEFAULT_ACCOUNTS, FILE_NAME};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::model::accounts::{COLUMNS, Reference};
use crate::model::domains::DomainTable;
use crate::paths::shown_path;
use crate::reference::{self, ColumnChoice, Form, Problems, Proposal};
use crate::text::audience::Message;
use crate::text::escape;
use crate::text::words::counted;
use comfy_table::{Table, presets};
use salesforce::{Section, Tried};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use template::{csv_lines, template};

/// Runs `init`.
///
/// The configuration is written even if the reference is missing (exporting it is then the next step) or has wrong rows (exit 2).
/// Nothing is written if the file cannot be used at all, because then its columns are unknown.
pub fn run(common: &Common, options: Options) -> Result<Exit, Failure> {
    let console = common.console();
    if options.github {
        return github::run(&console, common, &options);
    }
    let path = common.config.clone().unwrap_or_else(|| PathBuf::from(FILE_NAME));
    let folder = path.parent().unwrap_or(Path::new(""));
    let zendesk = zendesk(&options)?;
    let section = options.salesforce.then(|| Section::of(&options)).transpose()?;
    let accounts = options.sf_accounts.clone().unwrap_or_else(|| folder.join(DEFAULT_ACCOUNTS));
    let export = if section.is_none() && accounts.exists() { Some(read_reference(&accounts)?) } else { None };
    let proposal = match (&section, &export) {
        (Some(section), _) => section.proposal.clone(),
        (None, None) => Proposal::default(),
        (None, Some(bytes)) => reference::propose(bytes).map_err(|problems| unusable(&accounts, problems))?,
    };
    let named = options.sf_accounts.as_deref().map(|file| relative(file, folder));
    let lines = section.as_ref().map_or_else(|| csv_lines(named.as_deref()), Section::lines);
    let text = template(zendesk.as_deref(), &lines, &proposal);
    // Check that what will be written can be read back, for example that YAML can hold the path.
    let config = Config::parse(&text, folder)
        .map_err(|error| Failure::invalid("the configuration cannot be written").because(&error))?;
    let read = export.as_deref().map(|bytes| {
        reference::read(bytes, Form::Export(&config.columns), &config.settings.domains, &mut DomainTable::default())
    });
    if let Some(Err(problems)) = &read
        && problems.is_unusable
    {
        return Err(unusable(&accounts, problems.clone()));
    }
    salesforce::check_pin(&config)?;
    write_config(&path, &text, options.force)?;
    make_root(&config.root)?;
    console.say(Message::public(format!("Wrote {}", escape::line(&shown_path(&path)))));
    console.say(Message::public(format!("Made  {}/", escape::line(&shown_path(&config.root)))));
    show_columns(&console, &proposal, section.is_some());
    let read = read.transpose().map_err(|problems| wrong_rows(&accounts, problems, &path))?;
    let facts = read.map(|reference| show_reference(&console, &accounts, &reference));
    let has_reference = facts.is_some();
    if let Some(unnamed) = section.as_ref().and_then(Section::unnamed) {
        console.notice(unnamed);
    }
    let again = format!("g-gremlin zendesk drift doctor{}", named_config(&path));
    let tried = section.as_ref().map(|_| salesforce::try_query(&console, &config, &again)).transpose()?;
    let columns: BTreeMap<&str, &str> =
        proposal.choices.iter().map(|choice| (choice.column, choice.header.as_str())).collect();
    console.data(Message::public(format!(
        "{}\n",
        json!({ "config": shown_path(&path), "root": shown_path(&config.root), "columns": columns,
            "reference": tried.as_ref().map(Tried::facts).or(facts) })
    )));
    next(&console, &path, &config, &Known { has_reference, tried, has_zendesk: zendesk.is_some() });
    Ok(Exit::Done)
}

/// Which parts of the setup are already complete.
struct Known {
    /// Whether there is a usable export.
    has_reference: bool,
    /// With `--salesforce`: the result of the first query.
    tried: Option<Tried>,
    has_zendesk: bool,
}

/// The line of the configuration that names the Zendesk, if a flag does.
fn zendesk(options: &Options) -> Result<Option<String>, Failure> {
    if let Some(url) = &options.base_url {
        let origin = super::named_zendesk(None, Some(url))?.unwrap_or_default();
        return Ok(Some(format!("  base_url: {}", json!(origin))));
    }
    let subdomain = options.subdomain.as_deref().map(check_subdomain).transpose()?;
    Ok(subdomain.map(|subdomain| format!("  subdomain: {subdomain}")))
}

/// The error for an export that cannot be used at all.
fn unusable(path: &Path, mut problems: Problems) -> Failure {
    // The columns are what `init` would have mapped itself.
    problems.ways_out.retain(|way| !way.contains("drift init proposes"));
    let Problems { ways_out, .. } = &problems;
    let mut help = ways_out.join("\n");
    if help.is_empty() {
        help = "add the columns Account ID, Account Name and Website (or a field of domains) to the report, and export it again".to_owned();
    }
    reference_failure(path, problems).help(Message::public(format!("{help}\nthen run init again; nothing was written")))
}

/// The error for an export with some wrong rows. It suggests `doctor`, because running `init` again would fail: the configuration
/// now exists.
fn wrong_rows(path: &Path, problems: Problems, written: &Path) -> Failure {
    let mut help = problems.ways_out.join("\n");
    help.push_str(&format!(
        "\nthen g-gremlin zendesk drift doctor{}; {} is right",
        named_config(written),
        shown_path(written)
    ));
    reference_failure(path, problems).help(Message::public(help))
}

/// Prints which header of the export was matched to each column, and why.
fn show_columns(console: &Console, proposal: &Proposal, of_query: bool) {
    if proposal.choices.is_empty() {
        return;
    }
    console.say(if of_query {
        "\nThe query's fields were matched to these columns. They are saved under salesforce.columns; correct \
            them there if they are wrong:"
    } else {
        "\nThe export's headers were matched to these columns. They are saved under salesforce.columns; correct \
            them there if they are wrong:"
    });
    for ColumnChoice { column, header, why } in &proposal.choices {
        let private = format!("  {column}: \"{}\" ({why})", escape::terminal(header));
        console.say(Message::with_public(private, format!("  {column}: {why}")));
    }
}

fn check_subdomain(subdomain: &str) -> Result<String, Failure> {
    config::origin_of_subdomain(subdomain)
        .map(|origin| origin.trim_start_matches("https://").trim_end_matches(".zendesk.com").to_owned())
        .map_err(|error| Failure::invalid("--subdomain cannot be used").because(error))
}

/// Converts a path relative to the current folder to one relative to the configuration's folder.
fn relative(file: &Path, folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() {
        return file.to_owned();
    }
    match file.strip_prefix(folder) {
        Ok(inside) => inside.to_owned(),
        Err(_) => std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
    }
}

fn write_config(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let failure = Failure::invalid(Message::public(format!("{} cannot be written", path.display())));
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            failure.because("it already exists").help("edit it, or replace it with the defaults: --force")
        } else {
            failure.because(error)
        }
    };
    let mut file = std::fs::OpenOptions::new();
    file.write(true);
    if force {
        file.create(true).truncate(true)
    } else {
        file.create_new(true)
    };
    let mut file = file.open(path).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)
}

/// Creates the output root, with a `.gitignore`: artifacts name customers and do not belong in a repository.
fn make_root(root: &Path) -> Result<(), Failure> {
    let ignore = root.join(".gitignore");
    std::fs::create_dir_all(root)
        .and_then(|()| if ignore.exists() { Ok(()) } else { std::fs::write(&ignore, "*\n") })
        .map_err(|error| {
            Failure::invalid(Message::public(format!("the output root {} cannot be written", root.display())))
                .because(error)
        })
}

/// Prints a summary of the reference.
fn show_reference(console: &Console, path: &Path, reference: &Reference) -> serde_json::Value {
    console.warnings(&reference.warnings);
    if !reference.ignored_columns.is_empty() {
        console.notice(super::ignored_columns(&reference.ignored_columns));
    }
    let rows = facts(reference);
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    for (name, value) in &rows {
        table.add_row([(*name).to_owned(), value.to_string()]);
    }
    console.say(Message::public(format!("\nThe reference {} can be used:\n{table}", escape::line(&shown_path(path)))));
    let facts: serde_json::Map<String, serde_json::Value> =
        rows.iter().map(|(name, value)| (name.replace([' ', '-'], "_"), (*value).into())).collect();
    facts.into()
}

fn facts(reference: &Reference) -> [(&'static str, usize); 9] {
    let facts = &reference.facts;
    let (expected, shared) = reference.domain_counts();
    let warned = |code| reference.warnings.iter().filter(|warning| warning.code == code).count();
    [
        ("accounts", reference.accounts.len()),
        ("15-character ids", facts.ids_15),
        ("18-character ids", facts.ids_18),
        ("other ids", facts.ids_other),
        ("expected domains", expected),
        ("shared domains", shared),
        ("personal domains", facts.personal_domains),
        ("accounts without domain", warned(crate::catalogue::WarningCode::AccountWithoutDomain)),
        ("accounts that need no org", facts.without_org),
    ]
}

fn next(console: &Console, path: &Path, config: &Config, known: &Known) {
    console.heading("\nNext:");
    if let Some(Tried::Without(error)) = &known.tried {
        console.say(
            Message::from("  The query was not tested: ")
                .then("", &error.into())
                .then(". To try it: ", &Message::public(error.help())),
        );
    }
    if known.tried.is_none() && !known.has_reference {
        let path = escape::line(&shown_path(&config.accounts_csv));
        console.say(Message::public(format!("  Export the Salesforce accounts to {path}, with at least the columns")));
        console.say(Message::public(format!("  {}.", COLUMNS[..3].join(", "))));
        console.say("  If its headers are different, run init again with --sf-accounts FILE --force to match them.");
    }
    if !known.has_zendesk {
        console.say("  Set zendesk.subdomain in the configuration.");
    }
    console.say("  Set credentials in the environment: ZENDESK_OAUTH_CLIENT_ID and ZENDESK_OAUTH_CLIENT_SECRET.");
    let named = named_config(path);
    console.say("  Then check the setup, and audit. Neither writes to Zendesk:");
    console.say(Message::public(format!("    g-gremlin zendesk drift doctor{named}")));
    console.say(Message::public(format!("    g-gremlin zendesk drift audit{named}")));
    let lookback = counted(config.settings.lookback_days.into(), "day");
    console.say(Message::public(format!(
        "  The audit reads the tickets of {lookback}, and every org, user and membership."
    )));
}

/// The `--config` flag for a suggested command; empty for the default configuration.
fn named_config(path: &Path) -> String {
    if path == Path::new(FILE_NAME) { String::new() } else { format!(" --config {}", escape::line(&shown_path(path))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_the_configurations_folder() {
        assert_eq!(relative(Path::new("a.csv"), Path::new("")), Path::new("a.csv"));
        assert_eq!(relative(Path::new("conf/a.csv"), Path::new("conf")), Path::new("a.csv"));
        assert!(relative(Path::new("a.csv"), Path::new("conf")).is_absolute());
    }
}
