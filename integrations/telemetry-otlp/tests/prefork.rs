//! A pre-fork server whose processes send to a collector, by HTTP and by gRPC, and write one SQLite file, while workers are
//! replaced under load: each sink exports every span once, from the process that recorded it, under an identifier of its own.
//!
//! One test in a program of its own: it forks. The collectors are in the parent, on threads that no child has.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

mod support;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use support::protobuf::{attribute, fields, only};
use support::{AMPLE, grpc, http};
use telemetry_core::{AlwaysSample, Telemetry, span, step};
use telemetry_otlp::{OtlpSink, Protocol};
use telemetry_sqlite::SqliteSink;

const WORKERS: usize = 4;
/// How often every worker is replaced, and the requests before each replacement.
const RESTARTS: usize = 2;
const REQUESTS: usize = 40;
/// Spans of a request.
const SPANS: u64 = 4;
/// Spans that wait for a sink, beyond which the parent records no more: far from what its queue holds.
const MOST_QUEUED: u64 = 1_000;

/// Process and span: what must not come twice.
type Exported = Vec<(i64, String)>;

fn pid() -> i64 {
    std::process::id().into()
}

#[span(root, attrs(pid = pid()))]
fn request() {
    for _ in 1..SPANS {
        let _step = step!("stage", pid = pid());
    }
}

#[span(root, attrs(pid = pid()))]
fn background() {}

#[test]
fn each_sink_exports_every_span_once_from_the_process_that_recorded_it() {
    let folder = std::env::temp_dir().join(format!("telemetry-otlp-prefork-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let database = folder.join("spans.db");
    let over_http = http::Collector::start([http::Reply::status(200)]);
    let over_grpc = grpc::Collector::start([grpc::Reply::Message(Vec::new())]);
    let otlp = |endpoint: &str, protocol| {
        OtlpSink::builder().endpoint(endpoint).protocol(protocol).timeout(AMPLE).build().unwrap()
    };
    let telemetry = Telemetry::builder()
        .sampler(AlwaysSample)
        .drain_interval(Duration::from_millis(10))
        .sink(otlp(&over_http.endpoint(), Protocol::HttpJson))
        .sink(otlp(&over_grpc.endpoint(), Protocol::Grpc))
        .sink(SqliteSink::open(&database).unwrap())
        .start()
        .unwrap();
    let (stop, in_parent) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // Spans come at a pace that every sink keeps up with, however busy the machine is.
                if telemetry.sinks().iter().all(|sink| sink.queued < MOST_QUEUED) {
                    (0..20).for_each(|_| background());
                    in_parent.fetch_add(20, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        let _stop = Stop(&stop);
        Server { telemetry: &telemetry, folder: &folder }.run();
    });
    close(&telemetry, &folder, in_parent.into_inner());

    let recorded = books(&folder);
    assert_eq!(recorded.len(), 1 + WORKERS * (RESTARTS + 1));
    let in_children: u64 =
        recorded.iter().filter(|(process, _)| **process != pid()).map(|(_, spans)| spans).sum();
    assert_eq!(in_children, (WORKERS * RESTARTS * REQUESTS) as u64 * SPANS);
    for (sink, exported) in [
        ("HTTP", sent_over_http(&over_http)),
        ("gRPC", sent_over_grpc(&over_grpc)),
        ("SQLite", written(&database)),
    ] {
        let identifiers: HashSet<&str> = exported.iter().map(|(_, span)| span.as_str()).collect();
        assert_eq!(identifiers.len(), exported.len(), "{sink}: no span twice, no identifier twice");
        let mut by_process: HashMap<i64, u64> = HashMap::new();
        for (process, _) in &exported {
            *by_process.entry(*process).or_default() += 1;
        }
        let expected: HashMap<i64, u64> = recorded
            .iter()
            .filter(|(_, spans)| **spans > 0)
            .map(|(process, spans)| (*process, *spans))
            .collect();
        assert_eq!(by_process, expected, "{sink}");
    }
    fs::remove_dir_all(folder).unwrap();
}

/// Ends the load with the work, also when that panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Shuts down and notes how many spans this process has recorded, all of which every sink must have delivered.
fn close(telemetry: &Telemetry, folder: &Path, spans: u64) {
    telemetry.shutdown(AMPLE).unwrap();
    for sink in telemetry.sinks() {
        assert_eq!((sink.taken, sink.delivered), (spans, spans), "{sink:?}");
    }
    fs::write(folder.join(format!("{}.books", pid())), spans.to_string()).unwrap();
}

/// The spans that every process has recorded.
fn books(folder: &Path) -> HashMap<i64, u64> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "books"))
        .map(|path| {
            let process = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
            (process, fs::read_to_string(&path).unwrap().parse().unwrap())
        })
        .collect()
}

/// The workers and who replaces them.
struct Server<'a> {
    telemetry: &'a Telemetry,
    folder: &'a PathBuf,
}

impl Server<'_> {
    fn run(&self) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut workers: HashSet<i32> = (0..WORKERS).map(|_| self.fork(&listener)).collect();
        for _ in 0..RESTARTS * WORKERS {
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| (0..REQUESTS / 2).for_each(|_| ask(address, b'r')));
                }
            });
            ask(address, b'q');
            assert!(workers.remove(&reap()));
            workers.insert(self.fork(&listener));
        }
        for _ in 0..WORKERS {
            ask(address, b'q');
            assert!(workers.remove(&reap()));
        }
    }

    /// Starts a worker.
    fn fork(&self, listener: &TcpListener) -> i32 {
        // SAFETY: the child allocates, for which the C library is prepared, and ends without running anybody's destructors.
        match unsafe { libc::fork() } {
            -1 => panic!("no fork"),
            0 => {
                // SAFETY: asks for a signal, should the child hang.
                unsafe { libc::alarm(120) };
                let work = || close(self.telemetry, self.folder, serve(listener) * SPANS);
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
                // SAFETY: ends the process.
                unsafe { libc::_exit(i32::from(outcome.is_err())) }
            }
            child => child,
        }
    }
}

/// Answers requests until it is told to quit. How many they were.
fn serve(listener: &TcpListener) -> u64 {
    let mut requests = 0;
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        let mut wish = [0];
        stream.read_exact(&mut wish).unwrap();
        if wish[0] == b'q' {
            return requests;
        }
        request();
        requests += 1;
        stream.write_all(b"!").unwrap();
    }
}

/// Sends one byte and waits for the answer, or the end.
fn ask(address: SocketAddr, wish: u8) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&[wish]).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), usize::from(wish == b'r'));
}

/// Waits for the end of any child, which must be a clean one.
fn reap() -> i32 {
    let mut status = 0;
    // SAFETY: `status` is a number.
    let ended = unsafe { libc::waitpid(-1, &raw mut status, 0) };
    assert!(ended > 0 && libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{ended}: {status:#x}");
    ended
}

/// The integer of this name among attributes in JSON.
fn integer(attributes: &Value, name: &str) -> i64 {
    let found = attributes.as_array().unwrap().iter().find(|attribute| attribute["key"] == name).unwrap();
    found["value"]["intValue"].as_str().unwrap().parse().unwrap()
}

fn sent_over_http(collector: &http::Collector) -> Exported {
    let mut exported = Vec::new();
    for request in collector.requests().iter().filter(|request| request.path == "/v1/traces") {
        let json = request.json();
        let of = &json["resourceSpans"][0];
        let process = integer(&of["resource"]["attributes"], "process.pid");
        for span in of["scopeSpans"][0]["spans"].as_array().unwrap() {
            assert_eq!(integer(&span["attributes"], "pid"), process, "exported by another process: {span}");
            exported.push((process, span["spanId"].as_str().unwrap().to_owned()));
        }
    }
    exported
}

fn written(database: &Path) -> Exported {
    let connection = Connection::open(database).unwrap();
    let sql = "SELECT spans.attributes ->> 'pid', runs.attributes ->> '$.\"process.pid\"', span_id \
               FROM spans JOIN runs ON runs.id = run_id";
    let mut query = connection.prepare(sql).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?))).unwrap();
    rows.map(|row| {
        let (recorded, process, span): (i64, i64, String) = row.unwrap();
        assert_eq!(recorded, process, "written by another process");
        (process, span)
    })
    .collect()
}

fn sent_over_grpc(collector: &grpc::Collector) -> Exported {
    let mut exported = Vec::new();
    for call in collector.calls().iter().filter(|call| call.path.contains("TraceService")) {
        let resource_spans = only(&call.message, 1);
        let process = attribute(&only(&resource_spans, 1), 1, "process.pid");
        for span in fields(&only(&resource_spans, 2)).filter(|(number, _)| *number == 2) {
            let span = span.1.bytes();
            assert_eq!(attribute(&span, 9, "pid"), process, "exported by another process");
            let identifier = u64::from_be_bytes(only(&span, 2).try_into().unwrap());
            exported.push((process, format!("{identifier:016x}")));
        }
    }
    exported
}
