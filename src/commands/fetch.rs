//! `audit --explain-fetch`: what the live read of an audit would cost, and which way it would take, without reading.

use super::{live, source};
use crate::cli::{Common, SourceOptions as Options};
use crate::console::Format;
use crate::doctor::check::Status;
use crate::doctor::{judge, show};
use crate::exit::{Exit, Failure};
use crate::run::artifacts;
use crate::text::audience::Message;

/// Runs `audit --explain-fetch`. Errors: as of an audit that cannot read.
pub(super) fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    if options.demo || options.snapshot.is_some() {
        return Err(Failure::invalid("--explain-fetch needs a live Zendesk").help("leave out --demo and --snapshot"));
    }
    let console = common.console();
    let (config, _) = source::configuration(common, options)?;
    let zendesk = live::target(&config)?;
    let credentials = live::credentials(live::READ_SCOPE)?;
    let found = live::probe(&console, &zendesk, credentials.clone(), &config)?;
    let (rows, learned) = judge(&found, &credentials, &config);
    let Some(cost) = learned.estimate else {
        let failure = Failure::new(Exit::Unreadable, "the cost of a live read is unknown");
        let failed = rows.iter().find(|row| row.status == Status::Fail);
        return Err(match failed.or_else(|| rows.last()) {
            Some(row) => {
                let failure = failure.because(Message::from(row.check.name()).then(": ", &row.saw));
                failure.help(row.next.clone().unwrap_or("run doctor".into()))
            }
            None => failure,
        });
    };
    console.say(Message::public(show::fetch(&cost)));
    if console.format == Format::Json {
        console.data(Message::public(artifacts::json(&cost)));
    }
    Ok(Exit::Done)
}
