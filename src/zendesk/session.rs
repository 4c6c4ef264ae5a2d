//! A connection to one Zendesk with credentials, a pace and counts, shared by what reads records and what writes.

use super::auth::Credentials;
use super::client::{Client, Timing};
use super::error::ReadError;
use super::http::{Http, Transport};
use super::progress::Progress;
use url::Url;

/// How to reach a Zendesk.
pub struct Access {
    transport: Box<dyn Transport>,
    base_url: Url,
    credentials: Credentials,
    reserve_percent: u8,
    timing: Timing,
    /// This machine has no CA store, and the roots in the binary are used.
    pub built_in_roots: bool,
}

impl Access {
    /// `base_url` is scheme, host and port: every request goes there and nowhere else. Nothing is sent yet.
    ///
    /// Errors: plain http to another machine, or no HTTPS client can be made.
    pub fn new(
        base_url: Url,
        credentials: Credentials,
        reserve_percent: u8,
        timing: Timing,
    ) -> Result<Self, ReadError> {
        let http = Http::new(&base_url, timing.connect, timing.request)?;
        let built_in_roots = http.built_in_roots;
        Ok(Self { transport: Box::new(http), base_url, credentials, reserve_percent, timing, built_in_roots })
    }

    /// Whether it is a server on this machine.
    pub fn is_loopback(&self) -> bool {
        crate::http_client::is_loopback(&self.base_url)
    }

    /// Opens a session, in which one token and one pace are shared.
    pub fn open<'a>(&'a self, progress: &'a dyn Progress) -> Session<'a> {
        let Self { transport, base_url, credentials, reserve_percent, timing, built_in_roots: _ } = self;
        Session { client: Client::new(transport.as_ref(), base_url, credentials, *reserve_percent, timing, progress) }
    }
}

/// An open session.
pub struct Session<'a> {
    pub(super) client: Client<'a>,
}
