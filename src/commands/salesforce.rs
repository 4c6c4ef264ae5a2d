//! The reference from Salesforce, for the commands that read it: query, target and credentials are checked before any request.

use crate::config::{self, Config, SalesforceSource};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::salesforce::{self, Cost, Event, Options, Probed, Query, SalesforceCredentials, SalesforceError};
use crate::text::audience::Message;
use crate::text::words::grouped;
use crate::zendesk::Timing;
use std::cell::OnceCell;
use std::time::Duration;

/// Shorter waits are not reported.
const REPORTED_WAIT: Duration = Duration::from_secs(3);

/// What a read of Salesforce needs. Nothing has been sent yet.
pub(super) struct Access {
    options: Options,
    query: Query,
    console: Console,
    /// What the read has cost, once there was one.
    cost: OnceCell<Cost>,
}

impl Access {
    /// Checks what the configuration and the environment say; `None` where the reference is a CSV.
    ///
    /// Errors: the query cannot be sent, or credentials are missing (2); they are for another Salesforce (4).
    pub(super) fn of(config: &Config, console: Console) -> Result<Option<Self>, Failure> {
        let SalesforceSource::Soql { api_version, query, .. } = &config.salesforce else { return Ok(None) };
        let query = Query::parse(query)
            .map_err(|error| Failure::invalid("salesforce.query cannot be used").because(&error).help(error.help()))?;
        let env = |name: &str| std::env::var(name).ok();
        let target = config::salesforce_target(config, &env).map_err(|error| {
            let help = Message::public(error.help());
            Failure::new(error.exit(), "no request was sent to Salesforce").because(&error).help(help)
        })?;
        let credentials = salesforce::credentials_from(&env).map_err(|error| {
            let help = Message::public(error.help());
            Failure::invalid("there are no usable credentials for Salesforce").because(&error).help(help)
        })?;
        let unusable = |cause: String| Failure::invalid("salesforce.instance_url cannot be used").because(cause);
        let instance_url =
            url::Url::parse(target.as_deref().unwrap_or_default()).map_err(|error| unusable(error.to_string()))?;
        let options =
            Options { instance_url, api_version: api_version.clone(), credentials, timing: Timing::default() };
        Ok(Some(Self { options, query, console, cost: OnceCell::new() }))
    }

    /// Who asks.
    pub(super) fn credentials(&self) -> &SalesforceCredentials {
        &self.options.credentials
    }

    /// What is asked.
    pub(super) fn query(&self) -> &Query {
        &self.query
    }

    /// The version of the API.
    pub(super) fn api_version(&self) -> &str {
        &self.options.api_version
    }

    /// Reads every record into a CSV whose header is the query's field list, or fails without a result.
    pub(super) fn read(&self) -> Result<Vec<u8>, Failure> {
        let console = &self.console;
        console.heading(Message::with_public(
            format!("Reading {}...", self.options.instance_url.origin().ascii_serialization()),
            "Reading Salesforce...",
        ));
        let runtime = runtime()?;
        let read = runtime
            .block_on(salesforce::read(&self.options, &self.query, &|event| show(console, &event)))
            .map_err(|error| failure(&error))?;
        // There is one read.
        let _ = self.cost.set(read.cost);
        Ok(read.table.into_csv())
    }

    /// What the read has cost; nothing before it.
    pub(super) fn cost(&self) -> Cost {
        self.cost.get().cloned().unwrap_or_default()
    }

    /// Reads the first page, with the patience of a check.
    pub(super) fn probe(&self) -> Result<Result<Probed, SalesforceError>, Failure> {
        let options = Options {
            instance_url: self.options.instance_url.clone(),
            api_version: self.options.api_version.clone(),
            credentials: self.options.credentials.clone(),
            timing: crate::zendesk::probe_timing(),
        };
        Ok(runtime()?.block_on(salesforce::probe(&options, &self.query, &|event| show(&self.console, &event))))
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(Exit::Unreadable, "no request was sent to Salesforce").because(error))
}

/// The failure of a command that an error of a read is.
pub(super) fn failure(error: &SalesforceError) -> Failure {
    let what = match error.exit() {
        Exit::Invalid => "salesforce.query cannot be used",
        _ => "Salesforce could not be read",
    };
    Failure::new(error.exit(), what).because(error).help(error.next())
}

/// Prints what happens during a read, as far as it was asked for.
fn show(console: &Console, event: &Event<'_>) {
    match event {
        Event::Request { method, path, outcome, took } if console.verbose => {
            console.notice(format!("Salesforce: {method} {path} {outcome} ({} ms)", took.as_millis()));
        }
        Event::Page { read, total } if console.verbose => {
            let text = format!("Salesforce: {} of {} records", grouped(*read), grouped(*total));
            console.notice(Message::public(text));
        }
        Event::Waiting { why, delay } if console.verbose || *delay >= REPORTED_WAIT => {
            let secs = delay.as_secs_f64();
            console.notice(Message::with_public(
                format!("Salesforce: waiting {secs:.1} s after {why}"),
                format!("Salesforce: waiting {secs:.1} s after a failure"),
            ));
        }
        Event::Renewed => {
            console.notice("Salesforce: the session expired; logging in again and starting the query over")
        }
        _ => {}
    }
}
