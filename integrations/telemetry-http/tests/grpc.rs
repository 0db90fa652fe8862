//! gRPC calls by tonic: its client and its server under our layers, over a real connection.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{Outcome, SpanKind, Status as SpanStatus, span};
use telemetry_http::{ClientLayer, ClientService, TelemetryLayer};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use tower_layer::Layer;
use tower_service::Service;

/// Messages that are plain text.
#[derive(Clone, Copy, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, item: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(item.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| Status::data_loss("no text"))
    }
}

/// Answers with what it is asked, or with the status of that number.
#[derive(Clone)]
struct Parrot;

impl NamedService for Parrot {
    const NAME: &'static str = "birds.Parrot";
}

#[span(name = "parrot.say")]
async fn say(request: Request<String>) -> Result<Response<String>, Status> {
    match request.into_inner().parse::<i32>() {
        Ok(code) => Err(Status::new(Code::from(code), "as you say")),
        Err(_) => Ok(Response::new("said".to_owned())),
    }
}

/// Two messages, then the status.
type Messages = tokio_stream::Iter<std::vec::IntoIter<Result<String, Status>>>;

async fn repeat(request: Request<String>) -> Result<Response<Messages>, Status> {
    let mut messages = vec![Ok("one".to_owned()), Ok("two".to_owned())];
    if let Ok(code) = request.into_inner().parse::<i32>() {
        messages.push(Err(Status::new(Code::from(code), "no more")));
    }
    Ok(Response::new(tokio_stream::iter(messages)))
}

/// One message and no end; it tells when it is dropped.
struct Waiting {
    is_first: bool,
}

static GONE: Notify = Notify::const_new();

impl tokio_stream::Stream for Waiting {
    type Item = Result<String, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.is_first) {
            Poll::Ready(Some(Ok("one".to_owned())))
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        GONE.notify_one();
    }
}

async fn wait(_: Request<String>) -> Result<Response<Waiting>, Status> {
    Ok(Response::new(Waiting { is_first: true }))
}

impl Service<http::Request<Body>> for Parrot {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Text);
            Ok(match request.uri().path() {
                "/birds.Parrot/Say" => grpc.unary(tower::service_fn(say), request).await,
                "/birds.Parrot/Repeat" => grpc.server_streaming(tower::service_fn(repeat), request).await,
                "/birds.Parrot/Wait" => grpc.server_streaming(tower::service_fn(wait), request).await,
                _ => Status::unimplemented("only Say, Repeat and Wait").into_http(),
            })
        })
    }
}

type Client = tonic::client::Grpc<ClientService<Channel>>;

/// A client of a parrot that serves on a port of its own, for as long as the test's runtime.
async fn client() -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().layer(TelemetryLayer::new()).add_service(Parrot);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    tonic::client::Grpc::new(ClientLayer::new().layer(channel))
}

async fn said(client: &mut Client, what: &str) -> Result<String, Status> {
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/birds.Parrot/Say");
    client.unary(Request::new(what.to_owned()), path, Text).await.map(Response::into_inner)
}

fn of_kind(scope: &Scope, kind: SpanKind) -> SpanRecord {
    let mut spans: Vec<_> = scope.spans().into_iter().filter(|span| span.kind == kind).collect();
    assert_eq!(spans.len(), 1, "{}", scope.tree());
    spans.remove(0)
}

#[tokio::test]
async fn a_call_is_one_trace_from_the_client_to_the_handler() {
    let scope = Scope::new();
    let mut client = client().await;
    assert_eq!(said(&mut client, "hello").await.unwrap(), "said");
    let (ours, theirs) = (of_kind(&scope, SpanKind::Client), of_kind(&scope, SpanKind::Server));
    let inner = of_kind(&scope, SpanKind::Internal);
    assert_eq!((theirs.parent_span_id, inner.parent_span_id), (Some(ours.span_id), Some(theirs.span_id)));
    for span in [&ours, &theirs] {
        assert_eq!((&*span.name, span.outcome, span.status), ("POST", Outcome::Completed, SpanStatus::Unset));
        assert_eq!(span.attribute("rpc.grpc.status_code"), Some(&Value::U64(0)));
        assert_eq!(span.attribute("http.url"), Some(&Value::Str("/birds.Parrot/Say".into())));
    }
}

#[tokio::test]
async fn a_status_is_an_error_of_whoever_it_is_the_fault_of() {
    for (code, of_the_server) in
        [(1, false), (2, true), (4, true), (5, false), (12, true), (13, true), (14, true), (16, false)]
    {
        let scope = Scope::new();
        let mut client = client().await;
        assert_eq!(said(&mut client, &code.to_string()).await.unwrap_err().code(), Code::from(code));
        let (ours, theirs) = (of_kind(&scope, SpanKind::Client), of_kind(&scope, SpanKind::Server));
        for span in [&ours, &theirs] {
            assert_eq!(span.attribute("rpc.grpc.status_code"), Some(&Value::U64(code as u64)));
        }
        assert_eq!(ours.status, SpanStatus::Error);
        assert_eq!(theirs.status == SpanStatus::Error, of_the_server, "{code}");
    }
}

#[tokio::test]
async fn a_stream_says_at_its_end_how_it_went() {
    for (asked, code) in [("go on", 0), ("14", 14)] {
        let scope = Scope::new();
        let mut client = client().await;
        client.ready().await.unwrap();
        let path = PathAndQuery::from_static("/birds.Parrot/Repeat");
        let answer = client.server_streaming(Request::new(asked.to_owned()), path, Text).await.unwrap();
        let mut messages = answer.into_inner();
        assert_eq!(messages.message().await.unwrap().as_deref(), Some("one"));
        assert!(scope.spans().iter().all(|span| span.kind != SpanKind::Client), "the call goes on");
        assert_eq!(messages.message().await.unwrap().as_deref(), Some("two"));
        assert_eq!(messages.message().await.map_or_else(|status| status.code() as u64, |_| 0), code);
        for kind in [SpanKind::Client, SpanKind::Server] {
            let span = of_kind(&scope, kind);
            assert_eq!(span.attribute("rpc.grpc.status_code"), Some(&Value::U64(code)));
            assert_eq!(
                (span.outcome, span.status == SpanStatus::Error),
                (Outcome::Completed, code != 0),
                "{kind:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_given_up_is_cancelled() {
    let scope = Scope::new();
    let mut client = client().await;
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/birds.Parrot/Repeat");
    let answer = client.server_streaming(Request::new("go on".to_owned()), path, Text).await.unwrap();
    drop(answer);
    assert_eq!(of_kind(&scope, SpanKind::Client).outcome, Outcome::Cancelled);
}

#[tokio::test]
async fn a_server_sees_that_its_stream_was_reset() {
    let scope = Scope::new();
    let mut client = client().await;
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/birds.Parrot/Wait");
    let answer = client.server_streaming(Request::new(String::new()), path, Text).await.unwrap();
    let mut messages = answer.into_inner();
    assert_eq!(messages.message().await.unwrap().as_deref(), Some("one"));
    scope.assert_metric_value("http_requests_in_flight", &[], 1);
    drop(messages);
    GONE.notified().await;
    let span = of_kind(&scope, SpanKind::Server);
    assert_eq!((span.outcome, span.status), (Outcome::Cancelled, SpanStatus::Unset));
    assert_eq!(span.attribute("http.status_code"), Some(&Value::U64(200)));
    assert_eq!(span.attribute("rpc.grpc.status_code"), None);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
}
