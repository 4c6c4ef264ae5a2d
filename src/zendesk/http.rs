//! The one place that sends to Zendesk.
//!
//! Left out: what to send, and what to do about an answer. Everything above sees [`Transport`], so that the policy is tested
//! without a network and in paused time.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use reqwest::header::HeaderMap;
use url::Url;

use super::auth::Secret;
use super::error::ReadError;
use crate::http_client::{self, Client, ClientError, fault};
use crate::retry::Fault;

/// One request, ready to be sent.
pub(super) struct Outgoing {
    pub method: Method,
    pub url: Url,
    pub authorization: Authorization,
}

/// Nothing else can be sent.
pub(super) enum Method {
    Get,
    /// A POST with this JSON body.
    Post(String),
    /// A PUT with this JSON body.
    Put(String),
}

impl Method {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post(_) => "POST",
            Self::Put(_) => "PUT",
        }
    }
}

/// The `Authorization` header of a request.
#[derive(Clone)]
pub(super) enum Authorization {
    None,
    Basic { user: Secret, password: Secret },
    Bearer(Secret),
}

/// A whole answer.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, Fault>> + 'a>>;

/// Sends one request once.
pub(super) trait Transport {
    fn send(&self, request: Outgoing) -> Answering<'_>;
}

/// The real transport.
pub(super) struct Http {
    client: reqwest::Client,
    /// The system has no CA store, and the roots in the binary are used.
    pub built_in_roots: bool,
}

impl Http {
    /// A client for this base URL; its time-out spans the whole request, body included.
    /// Errors: plain http to another machine, or neither a CA store nor the built-in roots work.
    pub(super) fn new(base_url: &Url, connect: Duration, request: Duration) -> Result<Self, ReadError> {
        let Client { client, built_in_roots } =
            http_client::client(base_url, connect, request).map_err(|error| match error {
                ClientError::Insecure { base_url } => ReadError::Insecure { base_url },
                ClientError::NoClient { cause } => ReadError::NoClient { cause },
            })?;
        Ok(Self { client, built_in_roots })
    }
}

impl Transport for Http {
    fn send(&self, request: Outgoing) -> Answering<'_> {
        Box::pin(async move {
            let Outgoing { method, url, authorization } = request;
            let builder = match method {
                Method::Get => self.client.get(url),
                Method::Post(body) => self.client.post(url).header("content-type", "application/json").body(body),
                Method::Put(body) => self.client.put(url).header("content-type", "application/json").body(body),
            };
            let builder = builder.header("accept", "application/json");
            let builder = match &authorization {
                Authorization::None => builder,
                Authorization::Basic { user, password } => builder.basic_auth(user.expose(), Some(password.expose())),
                Authorization::Bearer(token) => builder.bearer_auth(token.expose()),
            };
            let response = builder.send().await.map_err(|error| fault(&error))?;
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            let body = http_client::body(response).await?;
            Ok(Answer { status, headers, body })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn http(base: &str) -> Result<Http, ReadError> {
        Http::new(&base.parse().unwrap(), SECOND, Duration::from_secs(5))
    }

    /// Answers each connection in turn with these bytes and closes it; returns the base URL and, at the end, what was sent.
    fn answering(answers: Vec<&'static str>) -> (Url, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let served = std::thread::spawn(move || {
            let mut requests = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut buffer = vec![0; 65536];
                let length = stream.read(&mut buffer).unwrap();
                requests.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
                stream.write_all(answer.as_bytes()).unwrap();
            }
            requests
        });
        (url, served)
    }

    fn get(url: &Url, authorization: Authorization) -> Outgoing {
        Outgoing { method: Method::Get, url: url.clone(), authorization }
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for allowed in ["http://localhost:4010", "http://127.0.0.2", "http://[::1]:80", "https://acme.zendesk.com"] {
            assert!(http(allowed).is_ok(), "{allowed}");
        }
        for refused in ["http://acme.zendesk.com", "http://10.0.0.1", "http://localhost.acme.com", "ftp://localhost"] {
            assert!(matches!(http(refused), Err(ReadError::Insecure { .. })), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_request_carries_its_headers_and_a_redirect_is_not_followed() {
        let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/elsewhere\r\ncontent-length: 0\r\n\r\n";
        let (url, served) = answering(vec![moved]);
        let basic = Authorization::Basic { user: Secret::new("jo@acme.com/token"), password: Secret::new("k3y") };
        let answer = Http::new(&url, SECOND, SECOND * 5).unwrap().send(get(&url, basic)).await.unwrap();
        assert_eq!(answer.status, 302);
        let request = served.join().unwrap().remove(0);
        let version = env!("CARGO_PKG_VERSION");
        assert!(request.contains(&format!("user-agent: g-gremlin/{version}\r\n")), "{request}");
        assert!(request.contains("authorization: Basic am9AYWNtZS5jb20vdG9rZW46azN5\r\n"), "{request}");
        assert!(request.contains("accept: application/json\r\n"), "{request}");
    }

    #[tokio::test]
    async fn what_goes_wrong_has_its_fault() {
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"users\":";
        let (url, served) = answering(vec![cut, ""]);
        let client = Http::new(&url, SECOND, SECOND * 5).unwrap();
        assert_eq!(client.send(get(&url, Authorization::None)).await.err(), Some(Fault::Cut));
        assert_eq!(client.send(get(&url, Authorization::None)).await.err(), Some(Fault::Cut));
        served.join().unwrap();
        let unreachable = client.send(get(&url, Authorization::None)).await.err();
        assert!(matches!(unreachable, Some(Fault::Unreachable(_))), "{unreachable:?}");
    }

    #[tokio::test]
    async fn a_body_that_stalls_times_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (seen, until_seen) = std::sync::mpsc::channel::<()>();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = vec![0; 65536];
            let _ = stream.read(&mut buffer).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").unwrap();
            // Open, and silent, until the client has given up.
            let _ = until_seen.recv();
        });
        let client = Http::new(&url, SECOND, Duration::from_millis(200)).unwrap();
        assert_eq!(client.send(get(&url, Authorization::None)).await.err(), Some(Fault::TimedOut));
        drop(seen);
        served.join().unwrap();
    }
}
