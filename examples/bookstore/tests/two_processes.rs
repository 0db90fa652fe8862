//! The bookstore and the inventory as two processes: a thousand requests at once, and what both recorded of them.
//!
//! Spans are read from their standard output, metrics from the file both keep: it is whole when they have ended.
#![cfg(unix)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

use bookstore::drive::{Ask, DriveError, Visitor, ask};
use bookstore::scratch::ScratchDir;
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::Value;
use tokio::sync::Barrier;

/// Visitors who all ask at the same time, each by a connection of its own.
const VISITORS: u32 = 1_000;
/// Files that a program has open for each of them at the most: the connection, and one to the other service.
const FILES_OF_A_VISITOR: u64 = 3;

/// A program that writes its spans to its standard output.
struct Program {
    process: Child,
    address: std::net::SocketAddr,
    spans: JoinHandle<String>,
}

impl Program {
    fn start(file: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bookstore"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TELEMETRY_") || name.to_string_lossy().starts_with("OTEL_")
            {
                command.env_remove(name);
            }
        }
        let mut process = command
            .args(arguments)
            .args(["--port", "0", "--sinks", "stdout,sqlite"])
            .env("TELEMETRY_SAMPLE_RATIO", "1")
            .env("TELEMETRY_SQLITE_PATH", file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout: ChildStdout = process.stdout.take().unwrap();
        let spans = std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            text
        });
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let said = lines.find_map(|line| Some(line.unwrap().split_once("http://")?.1.to_owned())).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address: said.parse().unwrap(), spans }
    }

    /// Tells it to stop, and gives its spans.
    fn stop(mut self) -> Vec<Value> {
        let killed = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(killed.success() && self.process.wait().unwrap().success());
        let text = self.spans.join().unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// What a visitor asks for: the mix of a drive, and stock that is there, unknown, or being counted.
fn request(number: u32) -> Ask {
    match number % 4 {
        0 => Ask::get(&format!("/books/{}/stock", number % 60 + 1)).key("reader-key"),
        _ => ask(number),
    }
}

/// Has a visitor come in and, when all have, ask for one thing; the answers by method and status.
async fn visit(
    address: std::net::SocketAddr,
    visitor: u32,
    all_are_in: Arc<Barrier>,
) -> Result<BTreeMap<(String, String), u64>, DriveError> {
    let client = Visitor::arrive(address).await?;
    let mut answers = BTreeMap::from([(("GET".to_owned(), "200".to_owned()), 1)]);
    let request = request(visitor);
    let method = request.method.to_string();
    all_are_in.wait().await;
    let status = client.send(request).await?.status().as_str().to_owned();
    *answers.entry((method, status)).or_default() += 1;
    Ok(answers)
}

/// What the store asked itself, by method and status: requests whose parent is a span of its own.
fn asked_itself(spans: &[Value]) -> impl Iterator<Item = (String, String)> {
    let own: HashSet<&str> = spans.iter().filter_map(|span| span["span_id"].as_str()).collect();
    let is_own = move |span: &&Value| span["parent_span_id"].as_str().is_some_and(|id| own.contains(id));
    spans.iter().filter(|span| span["kind"] == "server").filter(is_own).map(|span| {
        let attributes = &span["attributes"];
        // One that was given up has none, and counts as nginx has it.
        let status = attributes["http.status_code"].as_u64().unwrap_or(499);
        (attributes["http.method"].as_str().unwrap().to_owned(), status.to_string())
    })
}

/// Lets this process, and those it starts, have as many files open as all visitors need.
fn allow_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    let needed = u64::from(VISITORS) * FILES_OF_A_VISITOR;
    limit.current = limit.current.map(|current| current.max(needed));
    setrlimit(Resource::Nofile, limit).expect("files enough for every visitor");
}

/// The last counts of `http_requests_total` that a service wrote, by method and status.
fn counted(file: &Path, service: &str) -> BTreeMap<(String, String), u64> {
    let connection = rusqlite::Connection::open(file).unwrap();
    let mut query = connection
        .prepare(
            "SELECT labels ->> 'method', labels ->> 'status', value FROM metrics
             JOIN runs ON runs.id = run_id
             WHERE service = ?1 AND name = 'http_requests_total' ORDER BY time_unix_nanos",
        )
        .unwrap();
    let counts = query
        .query_map([service], |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, i64>(2)? as u64)))
        .unwrap();
    counts.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_at_once_make_whole_traces_over_both_processes() {
    allow_connections();
    let scratch = ScratchDir::create().unwrap();
    let file = scratch.path().join("telemetry.sqlite");
    let inventory = Program::start(&file, &["inventory"]);
    let store = Program::start(&file, &["--inventory", &inventory.address.to_string()]);
    let address = store.address;
    let all_are_in = Arc::new(Barrier::new(VISITORS as usize));
    let visits: Vec<_> =
        (0..VISITORS).map(|visitor| tokio::spawn(visit(address, visitor, Arc::clone(&all_are_in)))).collect();
    let mut sent: BTreeMap<(String, String), u64> = BTreeMap::new();
    for visit in visits {
        for (kind, count) in visit.await.unwrap().unwrap() {
            *sent.entry(kind).or_default() += count;
        }
    }
    assert_eq!(sent.values().sum::<u64>(), 2 * u64::from(VISITORS));
    assert!(sent.len() > 6, "{sent:?}");
    let ours = store.stop();
    let theirs = inventory.stop();
    for kind in asked_itself(&ours) {
        *sent.entry(kind).or_default() += 1;
    }
    let total: u64 = sent.values().sum();
    assert!(total > 2 * u64::from(VISITORS), "some books are like others");
    assert_eq!(counted(&file, "bookstore"), sent, "each request is counted once, under its status");

    let stocks = counted(&file, "inventory");
    let calls = theirs.iter().filter(|span| span["kind"] == "server").count() as u64;
    assert!(calls > 100 && stocks.len() >= 2, "{stocks:?}");
    assert_eq!(stocks.values().sum::<u64>(), calls);
    let servers = ours.iter().filter(|span| span["kind"] == "server").count() as u64;
    assert_eq!(servers, total);

    let all: Vec<&Value> = ours.iter().chain(&theirs).collect();
    let text = |span: &Value, key: &str| span[key].as_str().unwrap_or_default().to_owned();
    let by_id: HashMap<String, &Value> = all.iter().map(|span| (text(span, "span_id"), *span)).collect();
    assert_eq!(by_id.len(), all.len(), "no identifier twice");
    let mut roots = HashSet::new();
    for span in &all {
        let (trace, parent) = (text(span, "trace_id"), text(span, "parent_span_id"));
        if parent.is_empty() {
            assert!(roots.insert(trace), "two roots in a trace: {span}");
        } else {
            let parent = by_id.get(&parent).unwrap_or_else(|| panic!("no parent: {span}"));
            assert_eq!(text(parent, "trace_id"), trace);
        }
    }
    for span in &theirs {
        if span["kind"] == "server" {
            let caller = by_id[&text(span, "parent_span_id")];
            assert_eq!((caller["kind"].as_str(), caller["name"].as_str()), (Some("client"), Some("GET")));
            assert!(text(by_id[&text(caller, "parent_span_id")], "name") == "inventory.stock");
        }
    }
    let traces: HashSet<String> = all.iter().map(|span| text(span, "trace_id")).collect();
    assert_eq!(traces, roots, "every trace has its root");
}
