//! The names by which OpenTelemetry describes requests today, on both sides of one.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::routing::post;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use telemetry_core::Status;
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_http::{ClientLayer, Conventions, TelemetryLayer};
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

/// The one span there is, with its attributes as text, in the order of their keys.
fn described(scope: &Scope) -> (SpanRecord, String) {
    let mut spans = scope.spans();
    assert_eq!(spans.len(), 1, "{}", scope.tree());
    let span = spans.remove(0);
    let shown = |value: &Value| match value {
        Value::Str(text) => text.to_string(),
        Value::U64(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let mut all: Vec<_> =
        span.attributes.iter().map(|it| format!("{}={}", it.key, shown(&it.value))).collect();
    all.sort();
    (span, all.join(" "))
}

fn request(method: &str, uri: &str) -> Request<Empty<Bytes>> {
    Request::builder().method(method).uri(uri).body(Empty::new()).unwrap()
}

/// What a client says of a request that is answered so.
async fn client(conventions: Conventions, uri: &str, status: u16) -> String {
    let scope = Scope::new();
    let answer = move |_| {
        ready(Ok::<_, Infallible>(Response::builder().status(status).body(Empty::<Bytes>::new()).unwrap()))
    };
    let mut client = ClientLayer::new().conventions(conventions).layer(Answer(answer));
    client.call(request("GET", uri)).await.unwrap();
    described(&scope).1
}

#[tokio::test]
async fn a_client_tells_the_whole_url_its_port_and_the_status_that_is_an_error() {
    let stable = Conventions::Stable;
    for (uri, status, expected) in [
        (
            "https://inventory.example/stock?q=1&sig=x",
            200,
            "http.request.method=GET http.response.status_code=200 server.address=inventory.example \
             server.port=443 url.full=https://inventory.example/stock?q=1&sig=REDACTED url.scheme=https",
        ),
        (
            "http://user:secret@inventory.example:8081/",
            404,
            "error.type=404 http.request.method=GET http.response.status_code=404 server.address=inventory.example \
             server.port=8081 url.full=http://inventory.example:8081/ url.scheme=http",
        ),
        (
            "http://inventory.example",
            503,
            "error.type=503 http.request.method=GET http.response.status_code=503 server.address=inventory.example \
             server.port=80 url.full=http://inventory.example/ url.scheme=http",
        ),
        // Whoever sends it knows where to.
        (
            "/stock?q=1",
            200,
            "http.request.method=GET http.response.status_code=200 url.path=/stock url.query=q=1",
        ),
    ] {
        assert_eq!(client(stable, uri, status).await, expected);
    }
    assert_eq!(
        client(Conventions::Both, "http://inventory.example:81/", 200).await,
        "http.method=GET http.request.method=GET http.response.status_code=200 http.scheme=http \
         http.status_code=200 http.url=/ net.peer.name=inventory.example net.peer.port=81 \
         server.address=inventory.example server.port=81 url.full=http://inventory.example:81/ url.scheme=http"
    );
}

#[tokio::test]
async fn a_server_tells_the_status_that_is_its_fault_as_the_error() {
    for (status, error) in [(404, None), (500, Some("500")), (503, Some("503"))] {
        let scope = Scope::new();
        let answer = |_| {
            ready(Ok::<_, Infallible>(
                Response::builder().status(status).body(Empty::<Bytes>::new()).unwrap(),
            ))
        };
        let mut service = TelemetryLayer::new().conventions(Conventions::Stable).layer(Answer(answer));
        service.call(request("GET", "/")).await.unwrap();
        let (span, _) = described(&scope);
        assert_eq!(span.attribute("error.type"), error.map(|error| Value::Str(error.into())).as_ref());
        assert_eq!(span.status == Status::Error, error.is_some());
    }
}

#[tokio::test]
async fn an_error_that_was_returned_keeps_its_type() {
    let scope = Scope::new();
    let answer = |_| ready(Err::<Response<Empty<Bytes>>, _>(std::fmt::Error));
    let mut service = TelemetryLayer::new().conventions(Conventions::Both).layer(Answer(answer));
    assert!(service.call(request("GET", "/")).await.is_err());
    let (span, _) = described(&scope);
    let types: Vec<_> =
        span.attributes.iter().filter(|it| it.key == "error.type").map(|it| &it.value).collect();
    assert_eq!(types, [&Value::Str("core::fmt::Error".into())]);
}

#[tokio::test]
async fn a_method_that_nobody_knows_is_told_as_it_came_unless_it_is_long() {
    let long = "M".repeat(25);
    for (method, original) in [("PROPFIND", Some("PROPFIND")), (long.as_str(), None), ("GET", None)] {
        let scope = Scope::new();
        let answer = |_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())));
        TelemetryLayer::new().layer(Answer(answer)).call(request(method, "/")).await.unwrap();
        let (span, _) = described(&scope);
        let told = span.attribute("http.request.method_original");
        assert_eq!(told, original.map(|method| Value::Str(method.into())).as_ref());
        assert_eq!(span.name, if method == "GET" { "GET" } else { "HTTP" });
    }
}

#[tokio::test]
async fn a_server_tells_all_it_knows_of_a_request_by_either_names() {
    const OLD: &str = "http.method=POST http.request_content_length=3 http.response_content_length=5 \
                       http.route=/b/{id} http.status_code=500 http.url=/b/7?q=1&sig=REDACTED \
                       http.user_agent=r/1 net.host.name=h.example net.peer.ip=192.0.2.1";
    const STABLE: &str = "error.type=500 http.request.body.size=3 http.request.method=POST \
                          http.response.body.size=5 http.response.status_code=500 http.route=/b/{id} \
                          network.peer.address=192.0.2.1 server.address=h.example url.path=/b/7 \
                          url.query=q=1&sig=REDACTED user_agent.original=r/1";
    let both = || {
        let mut all: Vec<&str> = OLD.split(' ').chain(STABLE.split(' ')).collect();
        all.sort_unstable();
        all.dedup();
        all.join(" ")
    };
    for (conventions, expected) in [
        (Conventions::Old, OLD.to_owned()),
        (Conventions::Stable, STABLE.to_owned()),
        (Conventions::Both, both()),
    ] {
        let scope = Scope::new();
        let fails = || async { (StatusCode::INTERNAL_SERVER_ERROR, "sorry") };
        let layer = TelemetryLayer::new().conventions(conventions);
        let app = Router::new().route("/b/{id}", post(fails)).layer(layer);
        let request = Request::post("/b/7?q=1&sig=x")
            .header("host", "h.example:81")
            .header("user-agent", "r/1")
            .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4_711))))
            .body(Body::from("abc"));
        let answer = app.oneshot(request.unwrap()).await.unwrap();
        to_bytes(answer.into_body(), 16).await.unwrap();
        let (span, told) = described(&scope);
        assert_eq!((told, &*span.name), (expected, "POST /b/{id}"));
        assert_eq!(span.dropped_attributes_count, 0);
    }
}
