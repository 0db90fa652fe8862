//! The listener as a client sees it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, mpsc};

use super::request::MAX_HEAD_BYTES;
use super::server::MAX_CONNECTIONS;
use super::{PrometheusServer, PrometheusSink};
use crate::metric::snapshot::MetricsSnapshot;
use crate::sink::Sink;

fn serving(text: &str) -> PrometheusServer {
    let mut sink = PrometheusSink::new();
    let snapshot = MetricsSnapshot { text: text.to_owned().into(), ..MetricsSnapshot::default() };
    sink.export_metrics(&Arc::new(snapshot)).unwrap();
    sink.serve("0").unwrap()
}

fn connect(server: &PrometheusServer) -> TcpStream {
    TcpStream::connect(server.local_addr()).unwrap()
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn ask(server: &PrometheusServer, request: &str) -> String {
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).unwrap();
    answer(stream)
}

#[test]
fn get_returns_the_exposition() {
    let server = serving("a_total 1\n");
    assert_eq!(
        ask(&server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nVary: Accept\r\nContent-Length: 10\r\n\
         Connection: close\r\n\r\na_total 1\n"
    );
}

#[test]
fn head_returns_the_same_without_the_body() {
    let server = serving("a_total 1\n");
    assert_eq!(
        ask(&server, "HEAD /metrics HTTP/1.1\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nVary: Accept\r\nContent-Length: 10\r\n\
         Connection: close\r\n\r\n"
    );
}

#[test]
fn a_client_that_wants_open_metrics_gets_it() {
    let server = serving("a_total 1\n");
    assert_eq!(
        ask(&server, "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n\
         Vary: Accept\r\nContent-Length: 6\r\nConnection: close\r\n\r\n# EOF\n"
    );
}

#[test]
fn everything_else_gets_its_status() {
    let server = serving("");
    let status = |request: &str| ask(&server, request).lines().next().unwrap().to_owned();
    assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 404 Not Found");
    assert_eq!(
        status("POST /metrics HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"),
        "HTTP/1.1 405 Method Not Allowed"
    );
    assert_eq!(status("hello\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    let endless = format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(MAX_HEAD_BYTES));
    assert_eq!(status(&endless), "HTTP/1.1 431 Request Header Fields Too Large");
}

#[test]
fn a_head_in_pieces_is_one_request() {
    let server = serving("a 1\n");
    let mut stream = connect(&server);
    for piece in ["GET /met", "rics HTTP/1.1\r\nHost:", " x\r\n\r", "\n"] {
        stream.write_all(piece.as_bytes()).unwrap();
        stream.flush().unwrap();
    }
    assert!(answer(stream).ends_with("\r\n\r\na 1\n"));
}

#[test]
fn a_client_that_goes_away_harms_nobody() {
    let server = serving("a 1\n");
    drop(connect(&server));
    let mut half = connect(&server);
    half.write_all(b"GET /metrics HT").unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    assert!(answer(half).starts_with("HTTP/1.1 400 "));
    assert!(ask(&server, "GET /metrics HTTP/1.1\r\n\r\n").ends_with("a 1\n"));
}

#[test]
fn connections_beyond_the_bound_are_refused() {
    let (entered, enters) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let sink = PrometheusSink::new().with_live(move || {
        entered.send(()).unwrap();
        let _ = released.lock().unwrap().recv();
        Arc::default()
    });
    let server = sink.serve("127.0.0.1:0").unwrap();
    let busy: Vec<_> = (0..MAX_CONNECTIONS)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
            enters.recv().unwrap();
            stream
        })
        .collect();
    assert!(answer(connect(&server)).starts_with("HTTP/1.1 503 "));
    drop(release);
    for stream in busy {
        assert!(answer(stream).starts_with("HTTP/1.1 200 OK"));
    }
}

#[test]
fn idle_connections_give_way_to_a_scrape() {
    let server = serving("a 1\n");
    let mut idle: Vec<_> = (0..MAX_CONNECTIONS).map(|_| connect(&server)).collect();
    // Half a request is idle too.
    idle[0].write_all(b"GET /metrics HT").unwrap();
    for _ in 0..MAX_CONNECTIONS / 2 {
        assert!(ask(&server, "GET /metrics HTTP/1.1\r\n\r\n").ends_with("a 1\n"));
    }
    let mut rest = String::new();
    assert!(!matches!(idle[0].read_to_string(&mut rest), Ok(1..)), "the oldest was closed: {rest}");
    let mut youngest = idle.pop().unwrap();
    youngest.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    assert!(answer(youngest).ends_with("a 1\n"));
}

#[test]
fn a_panic_in_a_live_scrape_is_a_500() {
    let server = PrometheusSink::new().with_live(|| panic!("sampler")).serve(":0").unwrap();
    assert!(ask(&server, "GET /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 500 "));
}

#[test]
fn dropping_the_guard_frees_the_port() {
    let server = serving("");
    let address = server.local_addr();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_bad_address_is_an_error() {
    for address in ["", "nowhere", "127.0.0.1", "127.0.0.1:99999", "99999"] {
        assert!(PrometheusSink::new().serve(address).is_err(), "{address:?}");
    }
}
