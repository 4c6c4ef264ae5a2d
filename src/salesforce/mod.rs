//! Salesforce, read directly: the reference is the answer to one query (rules 11).
//!
//! [`read()`] logs in, sends the query and follows its pages until all records are there, or fails without a result. Sent are the
//! OAuth grant and GETs of the query and of its pages; nothing else exists here. [`probe()`] stops after the first page.
//!
//! Left out on purpose: what a cell means. The answer becomes a [`Table`] of texts, which `reference` reads by the rules for a CSV.

// The query: which fields it asks for.
mod query;
// Credentials, and the words of the grant.
mod auth;
// From a page of JSON to cells.
mod page;
// The cells.
mod table;
// Requests, tries and pages.
mod read;
// What can end a read.
#[cfg(feature = "proofs")]
pub(crate) mod doors;
mod error;

pub use auth::{SalesforceCredentialError, SalesforceCredentials, credentials_from};
pub use error::{SalesforceError, SalesforceGap};
pub use query::{Query, QueryError};
pub use read::{Cost, Event, Options, Probed, Read, probe, read};
pub use table::Table;
