//! A collector over gRPC, on a plain HTTP/2 server, which follows a script.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use flate2::read::GzDecoder;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// What is done with a call.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answered with this message.
    Message(Vec<u8>),
    /// Answered with a code, and the details of a `google.rpc.Status`, in base64.
    Code(u8, Option<String>),
    /// Answered with an HTTP status alone, as a proxy does.
    Http(u16),
    /// The connection is closed without an answer.
    Cut,
    /// Nothing is answered.
    Stall,
}

/// A call as it came, its message no longer compressed.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) compressed: bool,
    pub(crate) message: Vec<u8>,
}

/// The collector; its script is a list of replies, the last of which is for all further calls.
pub(crate) struct Collector {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    /// Serves as long as the collector lives.
    _runtime: Runtime,
}

type Shared = (Arc<Mutex<Vec<Call>>>, Arc<Mutex<Vec<Reply>>>);

impl Collector {
    pub(crate) fn start(script: impl Into<Vec<Reply>>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let shared = (Arc::clone(&calls), Arc::new(Mutex::new(script.into())));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { address, calls, _runtime: runtime }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

/// Serves the calls of one connection, one after the other.
async fn serve(stream: TcpStream, (calls, script): Shared) {
    // A client that goes away ends it, at whatever point.
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let (calls, script) = (Arc::clone(&calls), Arc::clone(&script));
        let handled = tokio::spawn(async move {
            let call = read(request).await;
            calls.lock().unwrap().push(call);
            let reply = {
                let mut script = script.lock().unwrap();
                if script.len() > 1 { script.remove(0) } else { script[0].clone() }
            };
            answer(reply, respond).await
        });
        // The connection has to be driven while the call is read.
        let goes_on = tokio::select! {
            goes_on = handled => goes_on.unwrap_or(false),
            _ = std::future::poll_fn(|context| connection.poll_closed(context)) => false,
        };
        if !goes_on {
            return;
        }
    }
}

async fn read(request: Request<RecvStream>) -> Call {
    let (head, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(Ok(data)) = body.data().await {
        let _ = body.flow_control().release_capacity(data.len());
        bytes.extend_from_slice(&data);
    }
    let (prefix, message) = bytes.split_at(5);
    assert_eq!(u32::from_be_bytes(prefix[1..].try_into().unwrap()) as usize, message.len());
    let compressed = prefix[0] == 1;
    let mut plain = message.to_vec();
    if compressed {
        plain.clear();
        std::io::Read::read_to_end(&mut GzDecoder::new(message), &mut plain).unwrap();
    }
    Call { path: head.uri.path().to_owned(), headers: head.headers, compressed, message: plain }
}

/// Answers a call; false when the connection is to be closed.
async fn answer(reply: Reply, mut respond: SendResponse<Bytes>) -> bool {
    let head = Response::builder().header("content-type", "application/grpc");
    // The client may have gone.
    match reply {
        Reply::Message(message) => {
            let framed = [&[0][..], &(message.len() as u32).to_be_bytes(), &message].concat();
            let sent = respond.send_response(head.body(()).unwrap(), false);
            let sent = sent.and_then(|mut stream| {
                stream.send_data(framed.into(), false)?;
                stream.send_trailers(HeaderMap::from_iter([(
                    "grpc-status".parse().unwrap(),
                    "0".parse().unwrap(),
                )]))
            });
            sent.is_ok()
        }
        Reply::Code(code, details) => {
            let mut head = head.header("grpc-status", code.to_string()).header("grpc-message", "not%20now");
            if let Some(details) = details {
                head = head.header("grpc-status-details-bin", details);
            }
            respond.send_response(head.body(()).unwrap(), true).is_ok()
        }
        Reply::Http(status) => {
            respond.send_response(Response::builder().status(status).body(()).unwrap(), true).is_ok()
        }
        Reply::Cut => false,
        Reply::Stall => std::future::pending().await,
    }
}
