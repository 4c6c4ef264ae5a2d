//! From records in Zendesk's JSON to the rows of a [`World`](crate::model::world::World): parsed, each record once, deleted ones gone.
//!
//! Parsing a [`Batch`] touches nothing shared and may run on several threads; batches are then appended in the order of
//! their source, so that the result never depends on who was faster. Where the text comes from (a folder, a snapshot,
//! the API) is the caller's business.
//!
//! A record that came twice counts once (rules 5): the later `updated_at`, then the deleted one, then the greater
//! canonical JSON. For that comparison addresses are held until [`Ingest::seal`], and no longer.

mod batch;
mod canonical;
mod collect;
mod fast;
mod keys;
mod names;
mod rows;
mod slim;
mod text;
mod wire;

pub use batch::Batch;
pub use collect::Ingest;
pub use slim::slim;

use crate::model::time::Instant;

/// What is wrong with a record. No text of the record is repeated, for it may hold an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is not valid JSON (column {0})")]
    Syntax(usize),
    #[error("a field does not have the type that Zendesk sends (column {0})")]
    Shape(usize),
    #[error("it has no `{0}`")]
    Missing(&'static str),
    #[error("`{0}` is greater than 2^53 − 1, so it may have been rounded")]
    IdTooLarge(&'static str),
    #[error("`{0}` is not an RFC 3339 time")]
    NotATime(&'static str),
    #[error("it has too many values of `{0}`: more than {1} different ones are not expected")]
    TooMany(&'static str, usize),
}

impl Fault {
    fn of_json(error: &serde_json::Error) -> Self {
        match error.classify() {
            serde_json::error::Category::Data => {
                let text = error.to_string();
                let missing = ["id", "user_id", "organization_id"]
                    .into_iter()
                    .find(|name| text.starts_with(&format!("missing field `{name}`")));
                missing.map_or(Self::Shape(error.column()), Self::Missing)
            }
            _ => Self::Syntax(error.column()),
        }
    }
}

/// What to look at while parsing.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// Tickets that were last updated before this are dropped as they are read.
    pub tickets_from: Instant,
    /// Whether Zendesk itself answers: then a record that lacks a needed key is an error, since Zendesk sends all of them, and
    /// the ids of all records, dropped ones too, are listed in [`Batch::ids`].
    pub live: bool,
}
