//! Programs that have one line for this crate and are told the rest by their environment.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::Value as Json;
use telemetry_core::{configure_from_settings, span};

const ROLE: &str = "VIEWER_TEST_ROLE";

#[span(attrs(book = 17))]
fn sell_a_book() {}

/// Runs a test of this file again, as a program of its own that sells a book and ends with its standard input.
fn program(test: &str, settings: &[(&str, &str)]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env_clear()
        .env(ROLE, "seller")
        .env("TELEMETRY_ENABLED", "1")
        .env("TELEMETRY_SAMPLE_RATIO", "1")
        .env("TELEMETRY_SINKS", "viewer")
        .env("TELEMETRY_DRAIN_INTERVAL", "10ms")
        .env("OTEL_SERVICE_NAME", "bookshop")
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What that program does; true in the program itself.
fn is_the_program() -> bool {
    if std::env::var_os(ROLE).is_none() {
        return false;
    }
    telemetry_viewer::register().unwrap();
    match configure_from_settings() {
        Ok(telemetry) => {
            sell_a_book();
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
            drop(telemetry);
        }
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            eprintln!("not started: {error}: {source}");
        }
    }
    true
}

/// The address it says it serves at.
fn address(child: &mut Child) -> (String, BufReader<impl Read + use<>>) {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it has not said where");
        if let Some(url) = line.trim().strip_prefix("telemetry: traces, metrics and health at http://") {
            return (url.trim_end_matches('/').to_owned(), lines);
        }
    }
}

/// The status line and the body of an answer.
fn get(address: &str, path: &str, host: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[test]
fn the_environment_alone_serves_the_page_to_this_machine() {
    if is_the_program() {
        return;
    }
    let test = "the_environment_alone_serves_the_page_to_this_machine";
    let mut child = program(test, &[("TELEMETRY_VIEWER_ADDRESS", "127.0.0.1:0")]);
    let (address, _stderr) = address(&mut child);
    let (status, page) = get(&address, "/", "localhost");
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(page.contains("<!doctype html>") || page.contains("<!DOCTYPE html>"), "{page}");
    // The span is there once the drain has ticked.
    let traces = loop {
        let (_, body) = get(&address, "/api/traces?q=book%3D17", "localhost");
        let json = body.lines().find(|line| line.starts_with('{')).unwrap();
        let traces: Json = serde_json::from_str(json).unwrap();
        if traces["traces"].as_array().is_some_and(|traces| !traces.is_empty()) {
            break traces;
        }
    };
    assert_eq!(traces["traces"].as_array().unwrap().len(), 1, "{traces}");
    assert!(
        traces.to_string().contains("sell_a_book") && traces.to_string().contains("bookshop"),
        "{traces}"
    );
    let (status, refusal) = get(&address, "/api/traces", "evil.example");
    assert_eq!(status, "HTTP/1.1 403 Forbidden");
    assert!(refusal.contains("not known by this host"), "{refusal}");

    // Live updates under way do not hold up its end.
    let mut live = TcpStream::connect(&address).unwrap();
    write!(live, "GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    live.read_exact(&mut [0; 15]).unwrap();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(TcpStream::connect(&address).is_err(), "nobody listens any more");
}

#[test]
fn hosts_can_be_allowed() {
    if is_the_program() {
        return;
    }
    let settings =
        [("TELEMETRY_VIEWER_ADDRESS", "127.0.0.1:0"), ("TELEMETRY_VIEWER_ALLOW_HOSTS", "desk.internal")];
    let mut child = program("hosts_can_be_allowed", &settings);
    let (address, _stderr) = address(&mut child);
    assert_eq!(get(&address, "/api/health", "desk.internal").0, "HTTP/1.1 200 OK");
    assert_eq!(get(&address, "/api/health", "evil.example").0, "HTTP/1.1 403 Forbidden");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_address_that_is_taken_is_an_error_of_the_start() {
    if is_the_program() {
        return;
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let test = "an_address_that_is_taken_is_an_error_of_the_start";
    let output = program(test, &[("TELEMETRY_VIEWER_ADDRESS", &address)]).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = format!("the viewer cannot listen at {address} (VIEWER_ADDRESS): Address already in use");
    assert!(said.contains(&expected), "{said}");
}
