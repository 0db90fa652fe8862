//! The program itself, started as anybody would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

fn bookstore(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bookstore"));
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TELEMETRY_") || name.to_string_lossy().starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(arguments: &[&str]) -> Output {
    bookstore(arguments).output().unwrap()
}

#[test]
fn a_mistake_on_the_command_line_shows_the_usage_and_exits_2() {
    let output = run(&["--port", "eighty"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("`--port` is `eighty`, which is not a port from 0 to 65535"), "{stderr}");
    assert!(stderr.contains("usage: bookstore"), "{stderr}");
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn help_goes_to_standard_output() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).starts_with("usage: bookstore"));
}

#[test]
fn the_manifest_tells_every_metric_without_serving() {
    let output = run(&["--manifest"]);
    assert!(output.status.success());
    let manifest: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let metrics = manifest["metrics"].as_array().unwrap();
    let labels = |name: &str| -> Vec<&str> {
        let metric = metrics.iter().find(|metric| metric["name"] == name);
        let labels = metric.unwrap_or_else(|| panic!("no {name}"))["labels"].as_array().unwrap();
        labels.iter().map(|label| label["name"].as_str().unwrap()).collect()
    };
    // One of the program, of its HTTP layer, and of the framework.
    assert_eq!(labels("bookstore_rate_limit_hits_total"), ["backend"]);
    assert_eq!(labels("http_requests_total"), ["method", "status"]);
    assert_eq!(labels("telemetry_sink_spans_dropped_total"), ["reason", "sink"]);
}

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains(&format!("cannot listen on {address}")) && stderr.contains("--port"), "{stderr}");
}

#[test]
fn an_unusable_database_is_named() {
    let output = run(&["--port", "0", "--database", "/nowhere/at/all/books.db"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot open the database /nowhere/at/all/books.db"));
}

#[cfg(unix)]
#[test]
fn a_request_to_terminate_stops_the_server_cleanly_and_every_span_is_delivered() {
    const REQUESTS: usize = 30;
    let mut server = bookstore(&["--port", "0", "--sinks", "stdout,prometheus"])
        .env("TELEMETRY_DRAIN_INTERVAL", "300")
        .env("TELEMETRY_SAMPLE_RATIO", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening on http://127.0.0.1:") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "the server says where it listens");
    }
    let address = line.trim().rsplit_once("http://").unwrap().1;
    for _ in 0..REQUESTS {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /books/1 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    }
    let killed = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let (mut stdout, mut rest) = (String::new(), String::new());
    server.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(server.wait().unwrap().success(), "{rest}");
    assert_eq!(rest, "", "nothing to report, no span that was still open");
    let spans: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |name: &str| spans.iter().filter(|span| span["name"] == name).count();
    assert_eq!(["bootstrap", "GET /books/{id}", "shutdown"].map(count), [1, REQUESTS, 1]);
}

#[test]
fn a_drive_shows_its_traces_its_metrics_and_a_summary_and_loses_nothing() {
    let output = run(&["--port", "0", "--drive", "200"]);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.starts_with("bookstore: listening on ") && stderr.lines().count() == 1, "{stderr}");
    let (traces, rest) = stdout.split_once("── GET /metrics ─").unwrap();
    let (scrape, summary) = rest.split_once("── summary ─").unwrap();
    for name in
        ["bootstrap", "GET /books/{id}", "POST /orders", "GET /export/books", "restock.round", "shutdown"]
    {
        assert!(traces.contains(name), "no trace of {name}");
    }
    assert!(traces.contains("error.type") || traces.contains("✗ GET /reports/royalties"));
    let related = (0..200).filter(|number| bookstore::drive::ask(*number).path.ends_with("/related")).count();
    let requests: u32 = numbers(scrape, "http_requests_total{").iter().sum();
    assert_eq!(requests as usize, 200 + 1 + related, "the token, and the calls to itself, count as well");
    assert!(scrape.contains("bookstore_pool_total_connections 4\n"));
    let joint = scrape.split_once("── one trace, two processes ─").unwrap().1;
    let tree: Vec<&str> = joint.lines().map(str::trim_end).collect();
    let at =
        |line: &str| tree.iter().position(|known| known.contains(line)).unwrap_or_else(|| panic!("{joint}"));
    let order = [
        "GET /books/{id}/stock server",
        "inventory.stock internal",
        "GET client",
        "GET /stock/{book} server",
    ];
    assert!(order.map(at).is_sorted(), "{joint}");
    assert!(tree[at("GET /stock/{book} server")].starts_with("inventory "), "{joint}");
    assert!(summary.contains("200 in "), "{summary}");
    let spans = summary.lines().find(|line| line.starts_with("spans ")).unwrap();
    let words: Vec<&str> = spans.split_whitespace().collect();
    assert_eq!(words[1], words[3], "started and exported: {spans}");
    assert_eq!(&words[4..], ["exported,", "0", "dropped"]);
}

#[test]
fn a_drive_is_the_same_every_time() {
    let statuses = || {
        let output = text(&run(&["--port", "0", "--drive", "40"]).stdout);
        let summary = output.split_once("── summary ─").unwrap().1.to_owned();
        summary.lines().filter(|line| line.starts_with("  ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let first: Vec<String> = statuses();
    assert!(!first.is_empty());
    let counted =
        |lines: Vec<String>| lines.into_iter().filter(|line| line.contains('█')).collect::<Vec<_>>();
    assert_eq!(counted(first), counted(statuses()));
}

#[test]
fn as_json_standard_output_is_spans_alone_with_every_parent_among_them() {
    let output = run(&["--port", "0", "--drive", "100", "--sinks", "stdout,prometheus"]);
    let stderr = text(&output.stderr);
    assert!(output.status.success() && stderr.contains("── summary ─"), "{stderr}");
    let stdout = text(&output.stdout);
    let spans: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: std::collections::HashSet<(&str, &str)> = spans.iter().map(|span| id(span, "span_id")).collect();
    assert!(spans.len() > 300 && ids.len() == spans.len());
    for span in &spans {
        let parent = id(span, "parent_span_id");
        assert!(parent.1.is_empty() || ids.contains(&parent), "no parent: {span}");
    }
}

#[test]
fn telemetry_switched_off_leaves_the_answers() {
    let output = bookstore(&["--port", "0", "--drive", "20"]).env("TELEMETRY_ENABLED", "0").output().unwrap();
    let stdout = text(&output.stdout);
    assert!(output.status.success());
    assert!(
        stdout.contains("20 in ") && !stdout.contains("trace ") && !stdout.contains("spans "),
        "{stdout}"
    );
}

#[test]
fn bad_settings_are_all_named() {
    let output = bookstore(&["--port", "0", "--sinks", "tty,paper"])
        .env("TELEMETRY_SAMPLE_RATIO", "2")
        .output()
        .unwrap();
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for part in ["SAMPLE_RATIO", "paper", "prometheus"] {
        assert!(stderr.contains(part), "{stderr}");
    }
}

fn id<'a>(span: &'a serde_json::Value, key: &str) -> (&'a str, &'a str) {
    (span["trace_id"].as_str().unwrap(), span[key].as_str().unwrap_or_default())
}

/// The values of all series of a metric.
fn numbers(scrape: &str, series: &str) -> Vec<u32> {
    let lines = scrape.lines().filter(|line| line.starts_with(series));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn the_inventory_of_a_drive_writes_where_the_drive_does() {
    let scratch = bookstore::scratch::ScratchDir::create().unwrap();
    let file = scratch.path().join("telemetry.sqlite");
    let output = bookstore(&["--port", "0", "--drive", "20"])
        .env("TELEMETRY_SINKS", "tty,sqlite")
        .env("TELEMETRY_SQLITE_PATH", &file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let connection = rusqlite::Connection::open(&file).unwrap();
    let mut query = connection
        .prepare("SELECT DISTINCT service FROM spans JOIN runs ON runs.id = run_id ORDER BY service")
        .unwrap();
    let services = query.query_map([], |row| row.get(0)).unwrap();
    let services: Vec<String> = services.map(Result::unwrap).collect();
    assert_eq!(services, ["bookstore", "inventory"]);
}
