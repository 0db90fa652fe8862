//! What nobody in their right mind sends, from many connections at once, to a real server with a pipeline behind it.
#![allow(missing_docs)]

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use telemetry_core::Telemetry;
use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::sink::MemorySink;
use telemetry_http::{MetricOptions, TelemetryLayer};
use tokio::net::TcpListener;

const CONNECTIONS: usize = 8;
/// Times each connection sends every kind of request.
const ROUNDS: usize = 12;
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Answers with the trace it would pass on, and how long its path is.
async fn answer(request: Request) -> String {
    let mut sent = http::HeaderMap::new();
    telemetry_http::inject(&mut sent);
    let text = |name: &str| sent.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    format!("{} {} [{}]", request.uri().path().len(), &text("traceparent")[3..35], text("tracestate"))
}

/// A server that takes more headers than hyper does by itself.
fn serve() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().build().unwrap().block_on(async move {
            let by_route = MetricOptions::new().route(true).status_class(true);
            let layer = TelemetryLayer::new().metrics(&by_route).request_id("x-request-id".parse().unwrap());
            let router = Router::new().route("/{*path}", any(answer)).fallback(answer).layer(layer);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let service = TowerToHyperService::new(router.clone());
                tokio::spawn(async move {
                    let mut server = Builder::new(TokioExecutor::new());
                    server.http1().max_headers(10_000).max_buf_size(4 << 20);
                    // A connection that ends badly is the client's affair.
                    let _ = server.serve_connection(TokioIo::new(connection), service).await;
                });
            }
        });
    });
    told.recv().unwrap()
}

/// A kind of request: its first line, its headers, and what the answer has to hold.
struct Kind {
    line: String,
    headers: Vec<u8>,
    answer: String,
}

impl Kind {
    fn new(method: &str, path: &str, headers: impl AsRef<[u8]>, answer: impl Into<String>) -> Self {
        Self {
            line: format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"),
            headers: headers.as_ref().to_vec(),
            answer: answer.into(),
        }
    }
}

/// Every kind; those of the same number come in different words each time.
fn kinds(number: usize) -> Vec<Kind> {
    let parent = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n");
    let with = |more: &[u8]| [parent.as_bytes(), more].concat();
    let repeated = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let went_on = |state: &str| format!("2 {TRACE} [{state}]");
    let members = repeated(1_000, &|member| format!("k{member}=1,"));
    let long = "x".repeat(64 << 10);
    let path = format!("/{number}/{}", "p".repeat(number % 4_000));
    vec![
        Kind::new("GET", "/a", with(b"tracestate: a=1\r\n"), went_on("a=1")),
        Kind::new("GET", "/a", with(format!("tracestate: {members}\r\n").as_bytes()), went_on("")),
        Kind::new("GET", "/a", with(format!("tracestate: {long}\r\n").as_bytes()), went_on("")),
        Kind::new(
            "GET",
            "/a",
            with(format!("user-agent: {long}\r\nx-request-id: {long}\r\n").as_bytes()),
            went_on(""),
        ),
        Kind::new(
            "GET",
            "/a",
            with(&repeated(5_000, &|n| format!("x-{n}: {n}\r\n")).into_bytes()),
            went_on(""),
        ),
        Kind::new(
            "GET",
            "/a",
            with(&repeated(2_000, &|n| format!("tracestate: k{n}=1\r\n")).into_bytes()),
            went_on(""),
        ),
        Kind::new(
            "GET",
            "/a",
            with(b"tracestate: a=\xff\xfe\r\nuser-agent: \xc3\x28\r\nhost: \xff\r\n"),
            went_on(""),
        ),
        Kind::new("GET", "/a", format!("traceparent: {long}\r\n"), "2 "),
        Kind::new("GET", "/a", parent.repeat(3), "2 "),
        Kind::new(&format!("M{number}"), "/a", with(b""), went_on("")),
        Kind::new("GET", &path, with(b""), format!("{} {TRACE} []", path.len())),
    ]
}

fn send(address: SocketAddr, kind: &Kind) {
    let mut connection = TcpStream::connect(address).unwrap();
    let request = [kind.line.as_bytes(), &kind.headers, b"\r\n"].concat();
    connection.write_all(&request).unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{}: {head:.200}", kind.line);
    assert!(body.starts_with(&kind.answer), "{}: {body:.200}, expected {}", kind.line, kind.answer);
}

fn series(metrics: &MetricsSnapshot, family: &str) -> usize {
    metrics.text().lines().filter(|line| line.starts_with(family)).count()
}

/// Bytes of memory this process has in use.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

#[test]
fn a_flood_from_many_connections_is_answered_right_and_leaves_nothing_behind() {
    let sink = MemorySink::new();
    let telemetry = Telemetry::builder().sink(sink.clone()).start().unwrap();
    let address = serve();
    let flood = |rounds: std::ops::Range<usize>| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|client| {
                let rounds = rounds.clone();
                thread::spawn(move || {
                    for round in rounds {
                        for kind in kinds(client * 1_000 + round) {
                            send(address, &kind);
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
    };
    flood(0..2);
    #[cfg(target_os = "linux")]
    let before = resident();
    flood(2..ROUNDS);
    #[cfg(target_os = "linux")]
    assert!(resident() < before + (32 << 20), "grew from {before} to {}", resident());

    telemetry.drain_now(Duration::from_secs(30)).unwrap();
    let sent = CONNECTIONS * ROUNDS * kinds(0).len();
    let (accounting, metrics) = (telemetry.accounting(), telemetry.metrics());
    assert_eq!((accounting.started, accounting.dropped()), (sent as u64, 0));
    let spans = sink.spans();
    assert_eq!(spans.len(), sent);
    let names: HashSet<&str> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, HashSet::from(["GET /{*path}", "HTTP /{*path}"]));
    assert_eq!(series(&metrics, "http_requests_total{"), 2, "{}", metrics.text());
    assert_eq!(series(&metrics, "http_request_duration_seconds_count{"), 2);
    assert!(metrics.text().contains("\nhttp_requests_in_flight 0\n"), "{}", metrics.text());
}
