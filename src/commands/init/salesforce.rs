//! `init --salesforce`: the section of the configuration for `source: soql`, and a first try of the query.
//!
//! The fields of the query are matched to the reference's columns, like the headers of an export. If credentials are in the
//! environment, the query is tried as `doctor` tries it; otherwise the next steps list the credentials to set.

use super::super::doctor::salesforce::judged;
use super::super::salesforce::{Access, failure};
use crate::cli::Init as Options;
use crate::config::{self, Config};
use crate::console::Console;
use crate::doctor::check::{CheckRow, Status};
use crate::exit::{Exit, Failure};
use crate::model::accounts::COLUMNS;
use crate::reference::{self, Proposal};
use crate::salesforce::{Query, SalesforceCredentialError, credentials_from};
use crate::text::audience::Message;
use serde_json::{Value, json};

/// The query without `--query`. Every Salesforce has these fields.
const DEFAULT_QUERY: &str = "SELECT Id, Name, Website FROM Account";
/// The variable that can name the Salesforce instance.
const PIN: &str = "SALESFORCE_INSTANCE_URL";

/// The section, with everything checked that does not need a request to Salesforce.
pub(super) struct Section {
    instance_url: String,
    query: Query,
    /// Whether the query is the default one.
    is_default: bool,
    /// Which field was matched to each column.
    pub proposal: Proposal,
}

impl Section {
    /// Builds the section from the flags. Errors: no Salesforce is named, or a flag cannot be used.
    pub(super) fn of(options: &Options) -> Result<Self, Failure> {
        let pin = || std::env::var(PIN).ok().filter(|pin| !pin.trim().is_empty());
        let named = options.instance_url.clone().map(|url| ("--instance-url", url));
        let Some((what, url)) = named.or_else(|| pin().map(|url| (PIN, url.trim().to_owned()))) else {
            return Err(Failure::invalid("no Salesforce is named").help(
                "name your My Domain (Setup > My Domain): init --salesforce --instance-url https://acme.my.salesforce.com",
            ));
        };
        // The variable may hold only a host.
        let url = if what == PIN && !url.contains("://") { format!("https://{url}") } else { url };
        let instance_url = config::origin(what, &url)
            .map_err(|error| Failure::invalid(Message::public(format!("{what} cannot be used"))).because(error))?;
        let text = options.query.as_deref().unwrap_or(DEFAULT_QUERY);
        let query = Query::parse(text)
            .map_err(|error| Failure::invalid("--query cannot be used").because(&error).help(error.help()))?;
        let header = query.fields().join(",") + "\n";
        let proposal = reference::propose(header.as_bytes()).unwrap_or_default();
        Ok(Self { instance_url, query, is_default: options.query.is_none(), proposal })
    }

    /// The notice about required columns that match no field of the query by name; `None` if all match.
    pub(super) fn unnamed(&self) -> Option<Message> {
        let is_named = |column: &str| {
            self.proposal.choices.iter().any(|choice| choice.column == column)
                || self.query.fields().iter().any(|field| field.eq_ignore_ascii_case(column))
        };
        let unnamed: Vec<&str> = COLUMNS[..3].iter().copied().filter(|column| !is_named(column)).collect();
        (!unnamed.is_empty()).then(|| {
            let unnamed = unnamed.join(", ");
            Message::public(format!("no field of the query matches {unnamed}; name it under salesforce.columns"))
        })
    }

    /// The lines of the section that say where the accounts come from. A JSON string is valid YAML.
    pub(super) fn lines(&self) -> String {
        let hint = if self.is_default { "   # narrow it to your customers with WHERE" } else { "" };
        format!(
            "  source: soql                    # or csv\n  instance_url: {}\n  api_version: \"64.0\"\n  query: {}{hint}\n",
            json!(self.instance_url),
            json!(self.query.text()),
        )
    }
}

/// Checks, before anything is written, that the environment does not pin its credentials to another Salesforce.
pub(super) fn check_pin(config: &Config) -> Result<(), Failure> {
    let env = |name: &str| std::env::var(name).ok();
    config::salesforce_target(config, &env).map(drop).map_err(|error| {
        let help = Message::public(error.help());
        Failure::new(error.exit(), "nothing was written").because(&error).help(help)
    })
}

/// The result of the first query.
pub(super) enum Tried {
    /// The number of records that match the query.
    Found(u64),
    /// Credentials are missing or incomplete; the error says what to set.
    Without(SalesforceCredentialError),
}

impl Tried {
    pub(super) fn facts(&self) -> Value {
        match self {
            Self::Found(records) => json!({ "records": records }),
            Self::Without(_) => Value::Null,
        }
    }
}

/// Reads the first page of the query and prints what it shows.
///
/// Errors: those of an audit's read of Salesforce, and an answer that cannot be used as a reference.
pub(super) fn try_query(console: &Console, config: &Config, again: &str) -> Result<Tried, Failure> {
    let env = |name: &str| std::env::var(name).ok();
    if let Err(error) = credentials_from(&env) {
        return Ok(Tried::Without(error));
    }
    let Some(access) = Access::of(config, *console)? else {
        return Err(Failure::invalid("the configuration does not name Salesforce"));
    };
    let then = Message::public(format!("then {again}; the configuration is saved"));
    let helped = |failure: Failure| match failure.next().cloned() {
        Some(next) => failure.help(next.then("\n", &then)),
        None => failure.help(then.clone()),
    };
    let probed = access.probe()?.map_err(|error| helped(failure(&error)))?;
    let CheckRow { status, saw, next, check: _ } = judged(&access, &probed, config);
    if status == Status::Fail {
        let failed =
            Failure::new(Exit::Invalid, "Salesforce's response cannot be used as a reference yet").because(saw);
        return Err(helped(match next {
            Some(next) => failed.help(next),
            None => failed,
        }));
    }
    console.say(Message::from("").then("\n", &saw));
    if let Some(next) = next {
        console.notice(next);
    }
    Ok(Tried::Found(probed.total))
}
