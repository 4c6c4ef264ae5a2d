//! A live Zendesk: everything between the network and the records.
//!
//! [`read()`] brings the four kinds of records to a [`Sink`], page by page, complete or not at all. It retries what is worth
//! retrying, keeps a share of the rate limit free for others, and tells a [`Progress`] what it does.
//!
//! Left out on purpose: what a record means. A page reaches the sink as the JSON array that Zendesk sent; only the fields
//! that steer paging are understood here. [`Records`] reads records one by one, and [`Writer`], which only a confirmed plan
//! can make, sends the four writes: nothing else can send a PUT, and the only other POST is the token grant.

mod ask;
mod auth;
mod client;
mod collect;
mod endpoint;
mod error;
mod estimate;
mod http;
mod me;
mod pace;
mod page;
mod probe;
mod progress;
mod read;
mod records;
mod session;
#[cfg(test)]
mod tests;
mod write;

pub use crate::retry::Limits;
pub use auth::{CredentialError, Credentials, Secret, credentials_from};
pub use client::Timing;
pub use collect::Collector;
pub use endpoint::Endpoint;
pub use error::{AS_ADMIN, Gap, ReadError, Said};
pub use estimate::{Estimate, Size, Speed, estimate, usable};
pub use me::Me;
pub use page::Taken;
pub use probe::{Findings, Headers, ProbeOptions, RateLimit, Reads, probe, probe_timing};
pub use progress::{Pause, Plain, Progress, RequestLine, Silent, SoFar, Terminal};
pub use read::{Missing, Outcome, ReadOptions, Sink, TicketSource, read};
pub use records::{Fixture, Records};
pub use session::{Access, Session};
pub use write::{SCOPE as WRITE_SCOPE, Sent, Write, WritePace, Writer, may_not_write};
