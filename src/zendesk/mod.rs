//! Reading a live Zendesk: everything between the network and the records.
//!
//! [`read()`] brings the four kinds of records to a [`Sink`], page by page, complete or not at all. It retries what is worth
//! retrying, keeps a share of the rate limit free for others, and tells a [`Progress`] what it does.
//!
//! Left out on purpose: what a record means. A page reaches the sink as the JSON array that Zendesk sent; only the fields
//! that steer paging are understood here. Writing is left out as well: nothing in these files can send a PUT, and the one
//! POST is the token grant.

mod auth;
mod client;
mod error;
mod http;
mod pace;
mod progress;
mod read;
mod retry;
#[cfg(test)]
mod tests;

pub use auth::{CredentialError, Credentials, Secret, credentials_from};
pub use client::{Endpoint, Timing};
pub use error::{Gap, ReadError, Said};
pub use progress::{Pause, Plain, Progress, RequestLine, Silent, SoFar, Terminal};
pub use read::{Kind, Missing, Outcome, ReadOptions, Sink, Taken, TicketSource, read};
pub use retry::Limits;
