//! The bookstore sends its telemetry to a collector because the environment says so.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use serde_json::Value as Json;

/// Answers every request with 200 and passes on its path and body.
fn serve(stream: &TcpStream, requests: &Sender<(String, Json)>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut path, mut length) = (String::new(), 0);
        for line in reader.by_ref().lines() {
            let line = line.unwrap().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("post ") {
                rest.split(' ').next().unwrap().clone_into(&mut path);
            } else if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        if path.is_empty() {
            return;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        requests.send((path, serde_json::from_slice(&body).unwrap())).unwrap();
        let mut out = stream;
        out.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
            .unwrap();
    }
}

#[test]
fn a_drive_is_sent_to_the_collector_by_environment_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (send, requests) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let send = send.clone();
            thread::spawn(move || serve(&stream.unwrap(), &send));
        }
    });
    let output = Command::new(env!("CARGO_BIN_EXE_bookstore"))
        .args(["--port", "0", "--drive", "50"])
        .env("TELEMETRY_SINKS", "otlp,prometheus")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (traces, metrics): (Vec<_>, Vec<_>) = requests.try_iter().partition(|(path, _)| path == "/v1/traces");
    let spans: usize = traces
        .iter()
        .flat_map(|(_, json)| json["resourceSpans"][0]["scopeSpans"].as_array().unwrap())
        .map(|scope| scope["spans"].as_array().unwrap().len())
        .sum();
    // The drive's summary is made before the shutdown, so that what ends with it is not in it.
    let exported = stdout.lines().find(|line| line.starts_with("spans ")).unwrap();
    let exported: usize = exported.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!(exported > 200 && spans >= exported, "{spans} of {exported}");
    let (path, last) = metrics.last().unwrap();
    assert_eq!(path, "/v1/metrics");
    for name in
        ["bookstore_db_queries_total", "http_request_duration_seconds", "otlp_exporter_requests_total"]
    {
        assert!(last.to_string().contains(name), "{name} is missing");
    }
}

#[test]
fn a_drive_is_kept_in_a_file_by_environment_alone() {
    let folder = std::env::temp_dir().join(format!("bookstore-sqlite-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("telemetry.sqlite");
    let output = Command::new(env!("CARGO_BIN_EXE_bookstore"))
        .args(["--port", "0", "--drive", "50"])
        .env("TELEMETRY_SINKS", "sqlite,prometheus")
        .env("TELEMETRY_SQLITE_PATH", &file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let connection = rusqlite::Connection::open(&file).unwrap();
    for query in telemetry_sqlite::QUERIES {
        let mut statement = connection.prepare(query.sql).unwrap();
        let parameters = match query.name {
            "trace_tree" => vec![(":trace_id", "")],
            "counter_rates" => vec![(":name", "telemetry_spans_exported_total")],
            _ => vec![],
        };
        let mut rows = statement.query(&parameters[..]).unwrap();
        assert!(rows.next().unwrap().is_some(), "{} answers nothing", query.name);
    }
    drop(connection);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_drive_is_a_trace_file_by_environment_alone() {
    let file = std::env::temp_dir().join(format!("bookstore-trace-{}.json", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_bookstore"))
        .args(["--port", "0", "--drive", "50"])
        .env("TELEMETRY_SINKS", "chrome,prometheus")
        .env("TELEMETRY_CHROME_PATH", &file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let events: Vec<Json> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let slices = events.iter().filter(|event| event["ph"] == "X").count();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let exported = stdout.lines().find(|line| line.starts_with("spans ")).unwrap();
    let exported: usize = exported.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!(exported > 200 && slices >= exported, "{slices} of {exported}");
    std::fs::remove_file(&file).unwrap();
}
