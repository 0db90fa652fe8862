//! A collector over gRPC that takes everything.

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{RecvStream, server};
use http::{HeaderMap, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// Serves as long as it lives.
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    _runtime: Runtime,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a thread can be started");
        let listener =
            runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("this machine has a port left");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        Self { endpoint, _runtime: runtime }
    }
}

/// Serves the calls of one connection; a client that goes away ends it.
async fn serve(stream: TcpStream) {
    let Ok(mut connection) = server::Builder::new().initial_window_size(1 << 20).handshake(stream).await
    else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(take(request, respond));
    }
}

/// Reads a call to its end and answers with an empty message.
async fn take(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> Result<(), h2::Error> {
    let mut body = request.into_body();
    while let Some(data) = body.data().await {
        let taken = data?.len();
        body.flow_control().release_capacity(taken)?;
    }
    let mut head = Response::new(());
    head.headers_mut().insert("content-type", http::HeaderValue::from_static("application/grpc"));
    let mut stream = respond.send_response(head, false)?;
    stream.send_data(Bytes::from_static(&[0; 5]), false)?;
    let status = (http::HeaderName::from_static("grpc-status"), http::HeaderValue::from_static("0"));
    stream.send_trailers(HeaderMap::from_iter([status]))
}
