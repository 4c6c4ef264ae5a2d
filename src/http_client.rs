//! The one place that makes an HTTP client, for Zendesk and for GitHub: one TLS stack, one policy.
//!
//! Left out: what is sent with it, and what is done about an answer.

use reqwest::redirect;
use std::time::Duration;
use url::{Host, Url};

/// A client, and what is odd about it.
pub struct Client {
    pub client: reqwest::Client,
    /// The system has no CA store, and the roots in the binary are used.
    pub built_in_roots: bool,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Plain HTTP to another machine would show the credentials to everyone on the way.
    #[error("{base_url} is neither https nor this machine")]
    Insecure { base_url: String },
    #[error("no HTTPS client could be made: {cause}")]
    NoClient { cause: String },
}

enum Roots {
    System,
    BuiltIn,
}

/// A client for this base URL.
///
/// It follows no redirect, so that no credential leaves the host it was meant for, repeats nothing by itself, and its
/// time-out spans the whole request, body included. Errors: plain http to another machine, or neither a CA store nor the
/// built-in roots work.
pub fn client(base_url: &Url, connect: Duration, request: Duration) -> Result<Client, ClientError> {
    if base_url.scheme() != "https" && !(base_url.scheme() == "http" && is_loopback(base_url)) {
        return Err(ClientError::Insecure { base_url: base_url.origin().ascii_serialization() });
    }
    // reqwest panics without a provider. When one is installed already, it is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let build = |roots| build(base_url, connect, request, roots);
    // Images without CA certificates make the first fail, even where only http is wanted.
    let (client, built_in_roots) = match build(Roots::System) {
        Ok(client) => (client, false),
        Err(_) => match build(Roots::BuiltIn) {
            Ok(client) => (client, true),
            Err(error) => return Err(ClientError::NoClient { cause: deepest(&error) }),
        },
    };
    Ok(Client { client, built_in_roots: built_in_roots && base_url.scheme() == "https" })
}

fn build(base_url: &Url, connect: Duration, request: Duration, roots: Roots) -> reqwest::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("g-gremlin/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        // Whoever sends decides about sending again; a write must never be repeated underneath.
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect)
        .timeout(request);
    if base_url.scheme() == "http" {
        // A proxy can't reach this machine's loopback, and has no business with what is sent there.
        builder = builder.no_proxy();
    } else {
        builder = builder.https_only(true);
    }
    if let Roots::BuiltIn = roots {
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        let roots: Result<Vec<_>, _> = roots.iter().map(|der| reqwest::Certificate::from_der(der)).collect();
        builder = builder.tls_certs_only(roots?);
    }
    builder.build()
}

/// Whether the URL is of this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The rejected certificate behind an error, if that is what it is about.
pub fn certificate_error(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(reason)) = error.downcast_ref() {
            return Some(reason.to_string());
        }
        // An I/O error keeps what it wraps, often another one, out of the chain of sources.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|wrapped| wrapped as &(dyn std::error::Error + 'static)).or_else(|| error.source());
    }
    None
}

/// The last text of the chain: "connection refused" rather than "error sending request".
pub fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_built_in_roots_make_a_client() {
        let https: Url = "https://acme.zendesk.com".parse().unwrap();
        client(&https, SECOND, SECOND).unwrap();
        assert!(build(&https, SECOND, SECOND, Roots::BuiltIn).is_ok());
    }

    #[test]
    fn a_rejected_certificate_is_found_in_its_wrapping() {
        let rejected = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = std::io::Error::other(std::io::Error::other(rejected));
        assert_eq!(certificate_error(&wrapped).as_deref(), Some("UnknownIssuer"));
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert_eq!(certificate_error(&reset), None);
    }
}
