//! The one place that makes an HTTP client, for Zendesk and for GitHub: one TLS stack, one policy.
//!
//! Left out: what is sent with it, and what is done about an answer.

use crate::files;
use crate::retry::Fault;
use reqwest::redirect;
use std::time::Duration;
use url::{Host, Url};

/// A client, and what is odd about it.
pub(crate) struct Client {
    pub client: reqwest::Client,
    /// The system has no CA store, and the roots in the binary are used.
    pub built_in_roots: bool,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Plain HTTP to another machine would show the credentials to everyone on the way.
    #[error("{base_url} is neither https nor on this machine")]
    Insecure { base_url: String },
    #[error("the HTTPS client could not be created: {cause}")]
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
pub(crate) fn client(base_url: &Url, connect: Duration, request: Duration) -> Result<Client, ClientError> {
    if base_url.scheme() != "https" && !(base_url.scheme() == "http" && is_loopback(base_url)) {
        return Err(ClientError::Insecure { base_url: base_url.origin().ascii_serialization() });
    }
    // reqwest panics without a provider. When one is installed already, it is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let named = named_roots(base_url)?;
    let build = |roots| build(base_url, connect, request, roots);
    // Images without CA certificates make the first fail, even where only http is wanted.
    let (client, built_in_roots) = match build(Roots::System) {
        Ok(client) => (client, false),
        // Other roots than those that were named would trust what nobody asked to trust.
        Err(_) if named => {
            let cause = "SSL_CERT_FILE or SSL_CERT_DIR is set, but has no usable certificate".to_owned();
            return Err(ClientError::NoClient { cause });
        }
        Err(_) => match build(Roots::BuiltIn) {
            Ok(client) => (client, true),
            Err(error) => return Err(ClientError::NoClient { cause: deepest(&error) }),
        },
    };
    Ok(Client { client, built_in_roots: built_in_roots && base_url.scheme() == "https" })
}

/// Whether the environment names the roots for this URL. Errors: the file that it names cannot be read.
fn named_roots(base_url: &Url) -> Result<bool, ClientError> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if base_url.scheme() != "https" {
        return Ok(false);
    }
    if let Some(path) = named("SSL_CERT_FILE") {
        let path = std::path::PathBuf::from(path);
        files::read(&path, LONGEST_BODY).map_err(|error| ClientError::NoClient {
            cause: format!("SSL_CERT_FILE names {}, which cannot be read: {error}", path.display()),
        })?;
        return Ok(true);
    }
    Ok(named("SSL_CERT_DIR").is_some())
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
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The rejected certificate behind an error, if that is what it is about.
pub(crate) fn certificate_error(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(reason)) = error.downcast_ref() {
            return Some(certificate_fault(reason).to_owned());
        }
        // An I/O error keeps what it wraps, often another one, out of the chain of sources.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|wrapped| wrapped as &(dyn std::error::Error + 'static)).or_else(|| error.source());
    }
    None
}

/// What is wrong with a certificate, in words.
fn certificate_fault(error: &rustls::CertificateError) -> &'static str {
    use rustls::CertificateError as Error;
    match error {
        Error::Expired | Error::ExpiredContext { .. } => "it has expired",
        Error::NotValidYet | Error::NotValidYetContext { .. } => "it is not valid yet",
        Error::Revoked => "it was revoked",
        Error::UnknownIssuer => "this machine does not trust its issuer",
        Error::NotValidForName | Error::NotValidForNameContext { .. } => "it is for another host",
        Error::BadEncoding | Error::BadSignature => "it is damaged",
        other if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is the certificate of an authority, not of a server"
        }
        _ => "it cannot be verified",
    }
}

/// The longest body that is read of an answer, decoded. The proofs send a longer one to every request, so theirs is short.
pub(crate) const LONGEST_BODY: usize = if cfg!(feature = "proofs") { 8 << 20 } else { 64 << 20 };
/// How much is read of the body of an error.
const LONGEST_ERROR: usize = 64 << 10;

/// The body of an answer, decoded: never more of it than [`LONGEST_BODY`], whatever it unpacks to. Of an error only its
/// beginning is read.
///
/// Errors: the connection ended before the body did, or the body is longer.
pub(crate) async fn body(mut response: reqwest::Response) -> Result<Vec<u8>, Fault> {
    let is_error = !response.status().is_success();
    let longest = if is_error { LONGEST_ERROR } else { LONGEST_BODY };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
        let room = longest - body.len();
        if chunk.len() > room {
            if !is_error {
                return Err(Fault::TooLong);
            }
            body.extend_from_slice(&chunk[..room]);
            break;
        }
        body.extend_from_slice(&chunk);
    }
    #[cfg(feature = "proofs")]
    panic_if_asked(&body);
    Ok(body)
}

/// Ends the program with all that an answer said, the nth that came: for the proof that no secret is printed then either.
#[cfg(feature = "proofs")]
pub(crate) fn panic_if_asked(body: &[u8]) {
    static CAME: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let number = CAME.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
    if std::env::var("G_GREMLIN_PANIC_AT_ANSWER").is_ok_and(|asked| asked == number) {
        let body = String::from_utf8_lossy(body);
        panic!("answer {number} said {body} or {body:?}");
    }
}

/// What an error of the client says about the answer.
pub(crate) fn fault(error: &reqwest::Error) -> Fault {
    if let Some(certificate) = certificate_error(error) {
        Fault::Untrusted(certificate)
    } else if error.is_timeout() {
        Fault::TimedOut
    } else if error.is_connect() {
        Fault::Unreachable(deepest(error))
    } else {
        Fault::Cut
    }
}

/// The last text of the chain: "connection refused" rather than "error sending request".
pub(crate) fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
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

    /// Sends one answer whose body is so many zeros, and says what was read of it.
    async fn read(status: &str, zeros: usize) -> Result<usize, Fault> {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {zeros}\r\n\r\n");
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            // The client hangs up once it has read enough.
            let _ = stream.write_all(&vec![b'0'; zeros]);
        });
        let client = client(&url, SECOND, SECOND * 30).unwrap().client;
        let body = body(client.get(url).send().await.unwrap()).await.map(|body| body.len());
        drop(client);
        served.join().unwrap();
        body
    }

    #[tokio::test]
    async fn a_body_has_a_longest_length() {
        assert_eq!(read("200 OK", LONGEST_BODY).await, Ok(LONGEST_BODY));
        assert_eq!(read("200 OK", LONGEST_BODY + 1).await, Err(Fault::TooLong));
        assert_eq!(read("503 Busy", LONGEST_ERROR + 1).await, Ok(LONGEST_ERROR));
    }

    #[test]
    fn a_rejected_certificate_is_found_in_its_wrapping() {
        let rejected = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = std::io::Error::other(std::io::Error::other(rejected));
        assert_eq!(certificate_error(&wrapped).as_deref(), Some("this machine does not trust its issuer"));
        let other = rustls::OtherError(std::sync::Arc::new(std::fmt::Error));
        let rejected = rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other));
        assert_eq!(certificate_error(&rejected).as_deref(), Some("it cannot be verified"));
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert_eq!(certificate_error(&reset), None);
    }
}
