//! Bytes on the wire: a listener on loopback, a thread for each connection, and answers that break on request.
//!
//! It knows nothing of Salesforce; one function answers every request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request, decoded.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The bearer token.
    pub fn token(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }
}

/// How the bytes of an answer go out.
#[derive(Clone, Debug, Default)]
pub enum Out {
    #[default]
    Whole,
    /// The connection is closed before the first byte.
    ResetBefore,
    /// The connection is closed after half the body.
    ResetMidBody,
    /// Half the body is sent, and then nothing.
    Stall,
    /// So many zeros are sent instead, compressed.
    Bomb(u64),
}

/// An answer, before it is bytes.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub content_type: &'static str,
    pub body: String,
    pub delay: Duration,
    pub out: Out,
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json;charset=UTF-8", body.to_string())
    }

    /// An answer of another type.
    pub fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, headers: Vec::new(), content_type, body, delay: Duration::ZERO, out: Out::Whole }
    }
}

/// A running listener; it stops when it is dropped.
pub struct Server {
    url: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts on 127.0.0.1; port 0 lets the system choose.
    pub fn start(port: u16, answer: impl Fn(Request) -> Reply + Send + Sync + 'static) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let url = format!("http://{}", listener.local_addr()?);
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, answer) = (Arc::clone(&stop), Arc::new(answer));
        let thread = std::thread::Builder::new().name("fake-salesforce".into()).spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (answer, stopped) = (Arc::clone(&answer), Arc::clone(&stopped));
                std::thread::spawn(move || connection(&stream, answer.as_ref(), &stopped));
            }
        })?;
        Ok(Self { url, stop, thread: Some(thread) })
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // The listener wakes up, sees that it should stop, and is gone.
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers request after request, until either side has enough.
fn connection(stream: &TcpStream, answer: &(impl Fn(Request) -> Reply + ?Sized), stopped: &AtomicBool) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let reply = answer(request);
        std::thread::sleep(reply.delay);
        if write(stream, &reply, stopped).is_none() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut request = Request { method, ..Request::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    request.path = path.to_owned();
    request.query = pairs(query);
    let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Some(request)
}

/// The pairs of a query or of a form.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
}

/// `None` when the connection is to end.
fn write(mut stream: &TcpStream, reply: &Reply, stopped: &AtomicBool) -> Option<()> {
    let Reply { status, headers, content_type, body, delay: _, out } = reply;
    let mut head = format!("HTTP/1.1 {status} Fake\r\ncontent-type: {content_type}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let half = body.len() / 2;
    match out {
        Out::ResetBefore => None,
        Out::Whole | Out::ResetMidBody | Out::Stall => {
            head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
            stream.write_all(head.as_bytes()).ok()?;
            let sent = if matches!(out, Out::Whole) { body.len() } else { half };
            stream.write_all(&body.as_bytes()[..sent]).ok()?;
            if matches!(out, Out::Stall) {
                while !stopped.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            matches!(out, Out::Whole).then_some(())
        }
        Out::Bomb(bytes) => {
            head.push_str("content-encoding: gzip\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).ok()?;
            let mut encoder = flate2::write::GzEncoder::new(stream, flate2::Compression::fast());
            let zeros = vec![b' '; 1 << 16];
            for _ in 0..bytes.div_ceil(zeros.len() as u64) {
                encoder.write_all(&zeros).ok()?;
            }
            encoder.finish().ok()?;
            None
        }
    }
}
