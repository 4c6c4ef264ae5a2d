//! What can end a live read, said so that an operator knows what to do next.
//!
//! Left out: exit codes (the caller's) and the decision what counts as an error (`retry`, `read`).

use super::auth::Credentials;
use super::endpoint::Endpoint;
use crate::text::audience::Message;
use crate::text::said;
pub use crate::text::said::Said;
use crate::text::secret::masked_everywhere;

/// Why nothing was read. The text says what happened to which thing; [`ReadError::help`] says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Plain HTTP to another machine would show the credentials to everyone on the way.
    #[error("{base_url} is neither https nor on this machine")]
    Insecure { base_url: String },
    /// The HTTPS client could not be made.
    #[error("the HTTPS client could not be created: {cause}")]
    NoClient { cause: String },
    /// Zendesk answered, and asking again would bring the same answer.
    #[error("{place}: {status}{said}")]
    Refused { place: String, endpoint: Endpoint, status: u16, said: Said, help: Message },
    /// A redirect, which is never followed. `to` is scheme and host.
    #[error("{place}: {status}, redirected to {to}")]
    Redirected { place: String, status: u16, to: String },
    /// A redirect to the same host: a page that asks a person to log in.
    #[error("{place}: {status}, redirected to a page of the same host ({to}), which asks for a login")]
    AsksForLogin { place: String, status: u16, to: String, help: Message },
    /// The certificate of the server is not trusted.
    #[error("{host}: the certificate is not trusted: {cause}")]
    Untrusted { host: String, cause: String },
    /// The very first request found no way to the host: most likely the name is wrong.
    #[error("{host} cannot be reached: {cause}")]
    NeverReached { host: String, cause: String },
    /// Zendesk answered as it does to anyone.
    #[error("users/me: Zendesk does not accept the credentials (its response is the one it sends without credentials)")]
    NotLoggedIn { help: Message },
    /// An audit by this user would miss records without a word.
    #[error("users/me: the credentials belong to {who}")]
    SeesAPart { who: String },
    /// Every try failed; `last` is how the last one did.
    #[error("{place}: {last} after {tries} tries")]
    TriesSpent { place: String, last: String, tries: u32 },
    /// The stream brought no good page for too long.
    #[error("{place}: {last}, and no good page for {silence_secs} s")]
    TooSilent { place: String, last: String, silence_secs: u64 },
    /// Zendesk asks for a wait that is longer than failures may last.
    #[error(
        "{place}: {last}, and Zendesk asks to wait at least {asked_secs} s, but a read continues for only \
            {left_secs} s without a good page"
    )]
    WaitTooLong { place: String, last: String, asked_secs: u64, left_secs: u64 },
    /// The stream of pages can't be complete.
    #[error("{place}: {gap}")]
    Incomplete { place: String, gap: Gap },
    /// The sink could not read a record.
    #[error("{place}: {fault}")]
    Unreadable { place: String, fault: String },
    /// The token grant was answered without a token that can be sent.
    #[error("{place}: the response has no access token")]
    NoToken { place: String },
    /// What an earlier read kept cannot be read any more.
    #[error("{file}, one of the saved pages: {cause}")]
    KeptPages { file: &'static str, cause: String },
    /// Every allowed way to the tickets was refused.
    #[error("tickets: both the incremental export and the search export answered 403{said}")]
    NoTicketSource { said: Said },
}

/// How a stream of pages shows that it is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    #[error("the response is JSON, but not an object")]
    NotAnObject,
    #[error("the response has a duplicate key")]
    KeyTwice,
    #[error("the response has no array `{0}`")]
    ArrayMissing(&'static str),
    #[error("the response does not say whether more pages follow (`{0}`)")]
    EndUnknown(&'static str),
    #[error("more pages follow, but the response has no `after_cursor`")]
    CursorMissing,
    #[error("the cursor of the next page was already used, so the pages repeat without end")]
    CursorRepeated,
    #[error("10 pages in a row had nothing new, but Zendesk says that more follow")]
    NothingNew,
    #[error("the ticket list changes faster than it can be read")]
    ListMoves,
}

impl ReadError {
    /// What to do next, in one sentence or two.
    pub fn help(&self) -> String {
        match self {
            Self::Insecure { .. } => "use https; http is only for a server on this machine (localhost)".into(),
            Self::NoClient { .. } => "check the CA certificates of this machine (SSL_CERT_FILE and SSL_CERT_DIR, if set)".into(),
            Self::Refused { help, .. } => help.private().to_owned(),
            Self::Redirected { to, .. } => format!(
                "redirects are not followed, so that credentials never reach another host; if {to} is your \
                    Zendesk, configure it as the subdomain or base_url"
            ),
            Self::Untrusted { .. } => {
                "if a proxy of your organization inspects HTTPS, add its CA certificate to this machine's store, or name it in SSL_CERT_FILE".into()
            }
            Self::TriesSpent { last, .. } | Self::TooSilent { last, .. } if last.starts_with("429") => {
                "another integration uses the account's rate limit; run again later".into()
            }
            Self::NeverReached { host, .. } => format!(
                "check the subdomain (or base_url) that gives {host}, the network and its proxy, then run \
                    again; nothing was written"
            ),
            Self::NotLoggedIn { help } | Self::AsksForLogin { help, .. } => help.private().to_owned(),
            Self::SeesAPart { .. } => AS_ADMIN.into(),
            Self::TriesSpent { .. } | Self::TooSilent { .. } => {
                "check the network and https://status.zendesk.com, then run again; nothing was written".into()
            }
            Self::WaitTooLong { asked_secs, .. } => format!("run again in {asked_secs} s"),
            Self::Incomplete { .. } => {
                "a partial read is never audited; run again, and with --verbose if it persists".into()
            }
            Self::Unreadable { .. } => "the record does not match Zendesk's documentation; nothing was audited".into(),
            Self::NoToken { .. } => "check that the base URL is your Zendesk and that the OAuth client is a confidential one".into(),
            Self::KeptPages { .. } => "run again without --resume".into(),
            Self::NoTicketSource { .. } => {
                "the incremental export needs an admin, and the search export an agent, both with the scope \
                    tickets:read (or read); as a last resort, tickets.allow_list: true reads the ticket list, \
                    which has no archived tickets".into()
            }
        }
    }

    /// Whether the pages that came before it can be gone on with: they were good, and there is no sign that they lead nowhere.
    pub(super) fn lets_go_on(&self) -> bool {
        !matches!(self, Self::Incomplete { .. } | Self::Unreadable { .. } | Self::KeptPages { .. })
    }

    /// Whether Zendesk refused a request as it refuses a cursor that has expired.
    pub(super) fn may_be_an_expired_cursor(&self) -> bool {
        [400, 410, 422].into_iter().any(|status| self.is_refusal(status))
    }

    /// Whether Zendesk answered with this status, and asking again is pointless.
    pub(super) fn is_refusal(&self, wanted: u16) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == wanted)
    }
}

impl ReadError {
    /// What to do next, without the names of hosts where everybody reads it.
    pub fn next(&self) -> Message {
        match self {
            Self::Refused { help, .. } | Self::NotLoggedIn { help } | Self::AsksForLogin { help, .. } => help.clone(),
            Self::NeverReached { .. } => Message::with_public(
                self.help(),
                "check the subdomain or base_url, the network and its proxy, then run again; nothing was written",
            ),
            Self::Redirected { .. } => Message::with_public(
                self.help(),
                "redirects are not followed, so that credentials never reach another host; configure the \
                    Zendesk that it leads to",
            ),
            _ => Message::public(self.help()),
        }
    }

    /// The error without what was asked for and what was answered: for everybody.
    fn in_public(&self) -> String {
        // A failure begins with the status, if there was an answer.
        let seen = |last: &str| match last.get(..3) {
            Some(status) if status.bytes().all(|c| c.is_ascii_digit()) => format!("Zendesk answered {status}"),
            _ => "Zendesk gave no usable response".to_owned(),
        };
        match self {
            Self::Insecure { .. } => "the base URL is neither https nor on this machine".to_owned(),
            Self::NoClient { .. } => "the HTTPS client could not be created".to_owned(),
            Self::Refused { status, .. } => format!("Zendesk answered {status}"),
            Self::Redirected { status, .. } => format!("Zendesk answered {status}, a redirect"),
            Self::Untrusted { .. } => "the certificate of the server is not trusted".to_owned(),
            Self::NeverReached { .. } => "Zendesk cannot be reached".to_owned(),
            Self::NotLoggedIn { .. } => "Zendesk does not accept the credentials".to_owned(),
            Self::SeesAPart { .. } => "the credentials can see only some of the records".to_owned(),
            Self::AsksForLogin { status, .. } => format!("Zendesk answered {status}, a redirect to a login page"),
            Self::TriesSpent { last, tries, .. } => format!("{} after {tries} tries", seen(last)),
            Self::TooSilent { last, silence_secs, .. } => {
                format!("{}, and no good page for {silence_secs} s", seen(last))
            }
            Self::WaitTooLong { last, asked_secs, .. } => {
                format!("{}, and Zendesk asks to wait at least {asked_secs} s", seen(last))
            }
            Self::Incomplete { gap, .. } => gap.to_string(),
            Self::Unreadable { .. } => "a record could not be read".to_owned(),
            Self::NoToken { .. } => "the response has no access token".to_owned(),
            Self::KeptPages { .. } => "the saved pages cannot be read".to_owned(),
            Self::NoTicketSource { .. } => "both the incremental export and the search export answered 403".to_owned(),
        }
    }
}

impl From<&ReadError> for Message {
    fn from(error: &ReadError) -> Self {
        Self::with_public(error.to_string(), error.in_public())
    }
}

/// Whose credentials make a complete audit.
pub const AS_ADMIN: &str = "use credentials (an OAuth client or a token) of an admin, or of an agent whose role \
    can see all tickets, users and organizations";

/// The Zendesk, where everybody reads.
pub(super) const SOME_HOST: &str = "the configured Zendesk";

/// What to do about an answer that asking again won't change.
pub(super) fn advice(endpoint: Endpoint, status: u16, said: &Said, host: &str, credentials: &Credentials) -> Message {
    let to = |host| advice_about(endpoint, status, said, host, credentials);
    Message::with_public(to(host), to(SOME_HOST))
}

fn advice_about(endpoint: Endpoint, status: u16, said: &Said, host: &str, credentials: &Credentials) -> String {
    let scope_refused = said.code.as_deref() == Some("invalid_scope");
    match (endpoint, status) {
        (Endpoint::Token, 400..=499) if scope_refused => format!(
            "the OAuth client may not ask for the scope \"{}\"; allow it in the Admin Center (Apps and integrations > APIs > OAuth clients), or set ZENDESK_OAUTH_SCOPE",
            credentials.scope().unwrap_or_default()
        ),
        (Endpoint::Token, 404) => format!("{host} does not support OAuth tokens: check the subdomain"),
        (Endpoint::Token, _) => format!(
            "check ZENDESK_OAUTH_CLIENT_ID (the client's identifier, not its name) and ZENDESK_OAUTH_CLIENT_SECRET against the OAuth client of {host}"
        ),
        (_, 401) => credentials.advice_when_refused(host),
        (_, 403) => format!(
            "the credentials must have the scope {} (or read) and belong to {}",
            endpoint.scope(),
            endpoint.role()
        ),
        (_, 404) => format!("check the subdomain: {host} does not have this page"),
        (_, 400 | 422) => "Zendesk did not accept the request; run again, and with --verbose if it persists".into(),
        _ => "run again with --verbose, and check that nothing between this machine and Zendesk responds in its \
            place"
            .into(),
    }
}

/// Text from outside as one harmless line of at most 200 characters, without any secret.
pub(super) fn visible(text: &str) -> String {
    said::visible(text, &[])
}

/// The id of a request, as an answer gives it; anything but letters, digits, `.`, `_` and `-` is not one.
pub(super) fn request_id(headers: &reqwest::header::HeaderMap) -> Option<String> {
    const LONGEST: usize = 80;
    let id = headers.get("x-zendesk-request-id").or_else(|| headers.get("x-request-id"))?.to_str().ok()?;
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    ((1..=LONGEST).contains(&id.len()) && id.bytes().all(allowed)).then(|| masked_everywhere(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_of_plain_characters_or_none() {
        let id = |text: &str| {
            let headers = [("x-request-id".parse().unwrap(), text.parse().unwrap())];
            request_id(&headers.into_iter().collect())
        };
        assert_eq!(id("8a7_F.b-9").as_deref(), Some("8a7_F.b-9"));
        assert_eq!(id(&"x".repeat(80)).map(|id| id.len()), Some(80));
        for odd in ["", "two words", "a/b", "<b>", "a@b.example", &"x".repeat(81)] {
            assert_eq!(id(odd), None, "{odd}");
        }
    }
}
