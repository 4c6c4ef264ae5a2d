//! `init --salesforce`: the section of the configuration for `source: soql`, and a first try of the query.
//!
//! The query's field list says which field stands for which of our columns, as an export's header would. Where credentials are in the
//! environment, the query is tried as `doctor` tries it; else the next steps name them.

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

/// What is asked without `--query`: fields that every Salesforce has.
const DEFAULT_QUERY: &str = "SELECT Id, Name, Website FROM Account";
/// The variable that may name the Salesforce.
const PIN: &str = "SALESFORCE_INSTANCE_URL";

/// The section, checked but for what only Salesforce knows.
pub(super) struct Section {
    instance_url: String,
    query: Query,
    /// Whether the query is the default one.
    is_default: bool,
    /// Which fields stand for our columns.
    pub proposal: Proposal,
}

impl Section {
    /// What the flags say. Errors: no Salesforce is named, or a flag cannot be used.
    pub(super) fn of(options: &Options) -> Result<Self, Failure> {
        let pin = || std::env::var(PIN).ok().filter(|pin| !pin.trim().is_empty());
        let named = options.instance_url.clone().map(|url| ("--instance-url", url));
        let Some((what, url)) = named.or_else(|| pin().map(|url| (PIN, url.trim().to_owned()))) else {
            return Err(Failure::invalid("no Salesforce is named").help(
                "name your My Domain (Setup > My Domain): init --salesforce --instance-url https://acme.my.salesforce.com",
            ));
        };
        // The variable may hold a host alone.
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

    /// What to say of required columns for which no field of the query can be told by its name; `None` where there are none.
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

    /// The lines of the section that say where the accounts come from. JSON's quoting is YAML's too.
    pub(super) fn lines(&self) -> String {
        let hint = if self.is_default { "   # narrow it to your customers with WHERE" } else { "" };
        format!(
            "  source: soql                    # or csv\n  instance_url: {}\n  api_version: \"64.0\"\n  query: {}{hint}\n",
            json!(self.instance_url),
            json!(self.query.text()),
        )
    }
}

/// Makes sure, before anything is written, that the environment does not pin its credentials to another Salesforce.
pub(super) fn check_pin(config: &Config) -> Result<(), Failure> {
    let env = |name: &str| std::env::var(name).ok();
    config::salesforce_target(config, &env).map(drop).map_err(|error| {
        let help = Message::public(error.help());
        Failure::new(error.exit(), "nothing was written").because(&error).help(help)
    })
}

/// What came of the first try.
pub(super) enum Tried {
    /// How many records the query finds.
    Found(u64),
    /// There are no credentials, or half a set: why, and what to set.
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
