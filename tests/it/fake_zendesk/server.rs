//! Bytes on the wire: a listener on loopback, a thread and a runtime of its own, and connections that break on request.
//!
//! It knows nothing of Zendesk; one function answers every request, and another is told when an answer is out.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Query, State};
use axum::response::Response;
use axum::serve::IncomingStream;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::lock;
use super::reply::{Body, Cut, Reply, Request};

/// An answer in the making.
pub type Answering = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// What answers requests.
#[derive(Clone)]
pub struct Service {
    pub answer: Arc<dyn Fn(Request) -> Answering + Send + Sync>,
    /// Is told the number of a reply when its last byte was handed to the network.
    pub answered: Arc<dyn Fn(u64) + Send + Sync>,
}

/// A running listener; it stops when it is dropped, and its port is free again.
pub struct Server {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts on 127.0.0.1; port 0 lets the system choose. It accepts connections as soon as this returns.
    pub fn start(port: u16, service: Service) -> io::Result<Self> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("fake-zendesk".into()).spawn(move || {
            // Dropping the runtime afterwards closes every connection, the stalled ones too.
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = serve(listener, service) => {}
                }
            });
        })?;
        Ok(Self { url, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: StdListener, service: Service) {
    let listener = TcpListener::from_std(listener).expect("a non-blocking listener");
    let app = Router::new().fallback(respond).with_state(service);
    let app = app.into_make_service_with_connect_info::<Wire>();
    axum::serve(Breakable(listener), app).await.expect("serving never ends by itself");
}

async fn respond(
    State(service): State<Service>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: axum::extract::Request,
) -> Response {
    let Some(request) = decode(request).await else {
        // The client went away before it had sent everything: no request was sent.
        return Response::builder().status(400).body(axum::body::Body::empty()).expect("an empty reply is valid");
    };
    // In a task of its own: what has begun goes on when the client is gone.
    let reply = tokio::spawn((service.answer)(request)).await.expect("answering doesn't panic");
    let (content_type, bytes) = match reply.body {
        Body::Json(value) => ("application/json; charset=utf-8".into(), value.to_string()),
        Body::Text { content_type, text } => (content_type, text),
    };
    let half = bytes.len() / 2;
    let (seq, answered) = (reply.seq, service.answered);
    *lock(&wire.0) = match reply.cut {
        Cut::No => Flow::Whole(Some(Out { left: Left::HeadAnd(bytes.len()), done: Box::new(move || answered(seq)) })),
        Cut::ResetBefore => Flow::Reset,
        Cut::ResetMidBody => Flow::AfterHead(half, Break::Reset),
        Cut::StallMidBody => Flow::AfterHead(half, Break::Stall),
    };
    let mut response = Response::builder().status(reply.status).header("Content-Type", content_type);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(bytes.into()).expect("a reply has valid headers")
}

/// `None` when the body didn't come whole.
async fn decode(request: axum::extract::Request) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map(|Query(pairs)| pairs).unwrap_or_default();
    let mut headers = BTreeMap::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.insert(name.as_str().to_owned(), value);
    }
    let bytes = axum::body::to_bytes(body, 1 << 20).await.ok()?;
    Some(Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query,
        headers,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    })
}

/// What the connection does with the bytes that are written to it.
enum Flow {
    /// Pass everything, and tell when the answer is out.
    Whole(Option<Out>),
    /// Pass the head and so many bytes of the body, then break.
    AfterHead(usize, Break),
    /// Pass so many bytes, then break.
    Pass(usize, Break),
    Reset,
    Stall,
}

#[derive(Clone, Copy, Debug)]
enum Break {
    Reset,
    Stall,
}

/// An answer on its way out.
struct Out {
    left: Left,
    done: Box<dyn FnOnce() + Send>,
}

#[derive(Clone, Copy)]
enum Left {
    /// The head, which wasn't seen yet, and so many bytes of the body.
    HeadAnd(usize),
    Bytes(usize),
}

impl fmt::Debug for Flow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Flow")
    }
}

/// The handle by which a reply breaks its own connection.
#[derive(Clone, Debug)]
struct Wire(Arc<Mutex<Flow>>);

impl Connected<IncomingStream<'_, Breakable>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Breakable>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A listener whose connections can be broken. The "address" of a peer is the handle of its connection, because that is what
/// axum hands to the function that answers.
struct Breakable(TcpListener);

impl axum::serve::Listener for Breakable {
    type Io = Connection;
    type Addr = Wire;

    async fn accept(&mut self) -> (Connection, Wire) {
        loop {
            if let Ok((stream, _)) = self.0.accept().await {
                let _ = stream.set_nodelay(true);
                let wire = Wire(Arc::new(Mutex::new(Flow::Whole(None))));
                let connection = Connection { stream, wire: wire.clone() };
                return (connection, wire);
            }
            // The process ran out of descriptors for a moment; without a pause this would spin.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    fn local_addr(&self) -> io::Result<Wire> {
        Ok(Wire(Arc::new(Mutex::new(Flow::Whole(None)))))
    }
}

struct Connection {
    stream: TcpStream,
    wire: Wire,
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, wire } = self.get_mut();
        let mut flow = lock(&wire.0);
        // hyper writes a head in one piece, and before the body.
        let head = || bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        if let Flow::AfterHead(body, end) = *flow {
            *flow = Flow::Pass(head() + body, end);
        }
        match *flow {
            Flow::Whole(ref mut out) => {
                let written = Pin::new(stream).poll_write(context, bytes);
                let Poll::Ready(Ok(count)) = written else {
                    return written;
                };
                if let Some(Out { left, .. }) = out {
                    let total = match *left {
                        Left::HeadAnd(body) => head() + body,
                        Left::Bytes(bytes) => bytes,
                    };
                    *left = Left::Bytes(total.saturating_sub(count));
                }
                let finished = out.take_if(|out| matches!(out.left, Left::Bytes(0)));
                drop(flow);
                if let Some(out) = finished {
                    (out.done)();
                }
                written
            }
            Flow::AfterHead(..) => Pin::new(stream).poll_write(context, bytes),
            Flow::Pass(0, Break::Stall) | Flow::Stall => {
                *flow = Flow::Stall;
                // Nobody wakes this task again; the client gives up, or the server is dropped.
                Poll::Pending
            }
            Flow::Pass(0, Break::Reset) | Flow::Reset => {
                // Closing with zero linger sends RST instead of FIN.
                stream.set_zero_linger()?;
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
            Flow::Pass(left, end) => {
                let part = &bytes[..left.min(bytes.len())];
                let written = Pin::new(stream).poll_write(context, part);
                if let Poll::Ready(Ok(count)) = written {
                    *flow = Flow::Pass(left - count, end);
                }
                written
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
