//! What can end a read of Salesforce, said so that an operator knows what to do next.
//!
//! Left out: the decision what counts as an error (`read`, `page`).

use crate::exit::Exit;
use crate::text::audience::Message;
use crate::text::said::Said;

/// Why there is no reference. The text says what happened to which thing; [`ReadError::help`] says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum SalesforceError {
    /// Plain HTTP to another machine would show the credentials to everyone on the way.
    #[error("{base_url} is neither https nor on this machine")]
    Insecure { base_url: String },
    /// The HTTPS client could not be made.
    #[error("the HTTPS client could not be created: {cause}")]
    NoClient { cause: String },
    /// Salesforce does not accept the query.
    #[error("Salesforce refused the query: {status}{said}")]
    QueryRefused { status: u16, said: Said },
    /// Salesforce answered, and asking again would bring the same answer.
    #[error("{place}: {status}{said}")]
    Refused { place: String, status: u16, said: Said, grants: bool },
    /// The token is not valid, nor was the one that replaced it, if there was one.
    #[error("{place}: 401{said}")]
    NotAccepted { place: String, said: Said, grants: bool },
    /// A redirect, which is never followed. `to` is scheme and host.
    #[error("{place}: {status}, redirected to {to}")]
    Redirected { place: String, status: u16, to: String },
    /// The certificate of the server is not trusted.
    #[error("{place}: {cause}")]
    Untrusted { place: String, cause: String },
    /// An answer is longer than any that is read.
    #[error("{place}: {cause}")]
    TooLong { place: String, cause: String },
    /// No try brought a good answer; `last` is how the last one failed.
    #[error("{place}: {last} after {tries} tries")]
    TriesSpent { place: String, last: String, tries: u32, is_limit: bool },
    /// Salesforce asks for a wait that is longer than failures may last.
    #[error("{place}: {last}, and Salesforce asks to wait {asked_secs} s")]
    WaitTooLong { place: String, last: String, asked_secs: u64 },
    /// The grant was answered without a token that can be sent.
    #[error("{place}: the response has no access token")]
    NoToken { place: String },
    /// The answer cannot be complete, or cannot be understood.
    #[error("{place}: {gap}")]
    Incomplete { place: String, gap: SalesforceGap },
}

/// How an answer shows that it is not complete, or not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SalesforceGap {
    #[error("the response is JSON, but not the result of a query")]
    AnotherShape,
    #[error("the response has no `{0}`")]
    Missing(&'static str),
    #[error("the next page would be at {0}, which is not a page of this query on this host")]
    Elsewhere(String),
    #[error("the next page was already requested, so the pages repeat without end")]
    LocatorRepeated,
    #[error("`totalSize` was {before} and is now {now}")]
    TotalChanged { before: u64, now: u64 },
    #[error("Salesforce sent {read} records, but `totalSize` is {total}")]
    AnotherTotal { read: u64, total: u64 },
    #[error("10 pages in a row were empty, but Salesforce says that more follow")]
    NothingNew,
    #[error("a record was sent twice")]
    RecordRepeated,
    #[error("a record has no `attributes.url`, so it cannot be identified")]
    NoUrl,
    #[error("a record lacks the requested field `{0}`")]
    NoField(String),
    #[error("the field `{0}` is an object or a list, not a plain value")]
    NotPlain(String),
    #[error("`{0}` is a plain field, not a relationship")]
    NotARelationship(String),
}

impl SalesforceError {
    /// How the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::QueryRefused { .. } => Exit::Invalid,
            _ => Exit::Unreadable,
        }
    }

    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Insecure { .. } => "use https; http is only for a server on this machine (localhost)",
            Self::NoClient { .. } => {
                "check the CA certificates of this machine (SSL_CERT_FILE and SSL_CERT_DIR, if set)"
            }
            Self::QueryRefused { status: 414 | 431, .. } => "shorten salesforce.query",
            Self::QueryRefused { .. } => {
                "correct salesforce.query; to Salesforce, a field that the integration user cannot read does \
                    not exist"
            }
            Self::Refused { status: 404 | 410, grants: false, .. } => {
                "check salesforce.instance_url and salesforce.api_version; Salesforce supports only the \
                    versions of recent years"
            }
            Self::Refused { grants: true, .. } => {
                "check SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET (consumer key and secret), that the app allows the client credentials flow and names a user to run as, and that salesforce.instance_url is your My Domain (https://NAME.my.salesforce.com)"
            }
            Self::Refused { .. } => {
                "the integration user needs the permission \"API Enabled\" and read access to the object and \
                    its fields; docs/salesforce.md lists them"
            }
            Self::NotAccepted { grants: true, .. } => {
                "Salesforce does not accept the token that it just granted: check that the app's Run As user is \
                    active and has the permission \"API Enabled\""
            }
            Self::NotAccepted { grants: false, .. } => {
                "SALESFORCE_ACCESS_TOKEN has expired, was revoked, or belongs to another Salesforce; an app with the client credentials flow gets a new token for each run"
            }
            Self::Redirected { .. } => {
                "redirects are not followed, so that credentials never reach another host; set \
                    salesforce.instance_url to the My Domain that responds (https://NAME.my.salesforce.com)"
            }
            Self::Untrusted { .. } => {
                "if a proxy of your organization inspects HTTPS, add its CA certificate to this machine's store, or name it in SSL_CERT_FILE"
            }
            Self::TooLong { .. } => "select fewer or shorter fields in salesforce.query",
            Self::TriesSpent { is_limit: true, .. } => {
                "the organization has used up its API requests; wait until the 24-hour window frees some (Setup > Company Information shows them), then run again"
            }
            Self::TriesSpent { .. } | Self::WaitTooLong { .. } => {
                "check the network and https://status.salesforce.com, then run again"
            }
            Self::NoToken { .. } => "check that salesforce.instance_url is your Salesforce",
            Self::Incomplete { gap: SalesforceGap::NotPlain(_) | SalesforceGap::NotARelationship(_), .. } => {
                "select a plain field in salesforce.query; for an address or a name, select its parts (BillingCity)"
            }
            Self::Incomplete { gap: SalesforceGap::NoUrl, .. } => {
                "a query with GROUP BY returns no records; write salesforce.query without it"
            }
            Self::Incomplete { .. } => {
                "a partial reference is never used; run again, and with --verbose if it persists"
            }
        }
    }

    /// The error without what was asked for and what was answered: for everybody.
    fn in_public(&self) -> String {
        match self {
            Self::Insecure { .. } => "the instance URL is neither https nor on this machine".to_owned(),
            Self::NoClient { .. } => "the HTTPS client could not be created".to_owned(),
            Self::QueryRefused { status, .. } => format!("Salesforce refused the query: {status}"),
            Self::Refused { status, .. } => format!("Salesforce answered {status}"),
            Self::NotAccepted { .. } => "Salesforce answered 401".to_owned(),
            Self::Redirected { status, .. } => format!("Salesforce answered {status}, a redirect"),
            Self::Untrusted { .. } => "the certificate of the server is not trusted".to_owned(),
            Self::TooLong { cause, .. } => cause.clone(),
            Self::TriesSpent { tries, .. } => format!("Salesforce gave no usable response in {tries} tries"),
            Self::WaitTooLong { asked_secs, .. } => format!("Salesforce asks to wait {asked_secs} s"),
            Self::NoToken { .. } => "the response has no access token".to_owned(),
            Self::Incomplete { gap, .. } => match gap {
                SalesforceGap::Elsewhere(_) => "the next page would be on another host or path".to_owned(),
                SalesforceGap::NoField(_) | SalesforceGap::NotPlain(_) | SalesforceGap::NotARelationship(_) => {
                    "a requested field is not a plain value".to_owned()
                }
                gap => gap.to_string(),
            },
        }
    }
}

impl From<&SalesforceError> for Message {
    fn from(error: &SalesforceError) -> Self {
        Self::with_public(error.to_string(), error.in_public())
    }
}

impl SalesforceError {
    /// The help as a message.
    pub fn next(&self) -> Message {
        Message::public(self.help().to_owned())
    }
}
