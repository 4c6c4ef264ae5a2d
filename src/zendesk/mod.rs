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
mod choice;
mod client;
mod collect;
#[cfg(feature = "proofs")]
pub(crate) mod doors;
mod endpoint;
mod error;
mod estimate;
mod http;
mod me;
mod pace;
mod page;
mod page_log;
mod probe;
mod progress;
mod read;
mod reader;
mod records;
mod references;
mod session;
mod sink;
#[cfg(test)]
mod tests;
mod ticket_source;
mod tickets;
mod write;

pub use crate::retry::Limits;
pub use auth::{CredentialError, Credentials, Secret, credentials_from};
pub use choice::{Choice, choose};
pub use client::Timing;
pub use collect::Collector;
pub use endpoint::Endpoint;
pub use error::{AS_ADMIN, Gap, ReadError, Said};
pub use estimate::{Estimate, Part, Size, Speed, estimate, usable};
pub use me::Me;
pub use page_log::{About, PageLog, private_file};
pub use probe::{Findings, Headers, ProbeOptions, RateLimit, Reads, probe, probe_timing};
pub use progress::{Pause, Plain, Progress, RequestLine, Silent, SoFar, Terminal};
pub use read::{ReadOutcome, read, read_keeping};
pub use reader::ReadOptions;
pub use records::{Fixture, Records};
pub use session::{Access, Session};
pub use sink::{Missing, Sink, Taken};
pub use ticket_source::TicketSource;
pub use write::{SCOPE as WRITE_SCOPE, Sent, Write, WritePace, Writer, may_not_write};
