//! A pipeline that is started and shut down again and again leaves no thread and no open file behind.
//!
//! One test in a program of its own: it counts what the process has.
#![cfg(target_os = "linux")]

mod support;

use std::thread;
use std::time::Instant;

use support::{AMPLE, grpc, http};
use telemetry_core::sink::{MemorySink, PrometheusSink};
use telemetry_core::{AlwaysSample, Telemetry, span};
use telemetry_otlp::{OtlpSink, Protocol};
use telemetry_sqlite::SqliteSink;

/// Rounds in which what is made once for the process comes to be, and those that are looked at.
const FIRST: usize = 3;
const ROUNDS: usize = 40;
const SPANS: u64 = 10;

#[span]
fn work() {}

/// Threads and open files of this process.
fn kept() -> (usize, usize) {
    let count = |of: &str| std::fs::read_dir(format!("/proc/self/{of}")).unwrap().count();
    (count("task"), count("fd"))
}

#[test]
fn starts_and_stops_leave_no_thread_and_no_file_behind() {
    let over_http = http::Collector::start([http::Reply::status(200)]);
    let over_grpc = grpc::Collector::start([grpc::Reply::Message(Vec::new())]);
    let database = std::env::temp_dir().join(format!("telemetry-otlp-restarts-{}.db", std::process::id()));
    let round = || {
        let otlp = |endpoint: &str, protocol| {
            OtlpSink::builder().endpoint(endpoint).protocol(protocol).timeout(AMPLE).build().unwrap()
        };
        let prometheus = PrometheusSink::new();
        let _server = prometheus.serve("127.0.0.1:0").unwrap();
        let telemetry = Telemetry::builder()
            .sampler(AlwaysSample)
            .sink(otlp(&over_http.endpoint(), Protocol::HttpJson))
            .sink(otlp(&over_http.endpoint(), Protocol::HttpProtobuf))
            .sink(otlp(&over_grpc.endpoint(), Protocol::Grpc))
            .sink(SqliteSink::open(&database).unwrap())
            .sink(MemorySink::new())
            .sink(prometheus)
            .start()
            .unwrap();
        assert!(Telemetry::builder().start().is_err(), "there is one at a time");
        (0..SPANS).for_each(|_| work());
        telemetry.shutdown(AMPLE).unwrap();
        for sink in telemetry.sinks() {
            assert_eq!((sink.taken, sink.delivered), (SPANS, SPANS), "{sink:?}");
        }
    };
    (0..FIRST).for_each(|_| round());
    let before = kept();
    (0..ROUNDS).for_each(|_| round());
    // Threads that have said their last word may still be ending, and collectors closing what we have closed.
    let began = Instant::now();
    loop {
        let (threads, files) = kept();
        // A round more or less may be ending on either side.
        if threads < before.0 + ROUNDS / 2 && files < before.1 + ROUNDS / 2 {
            break;
        }
        assert!(began.elapsed() < AMPLE, "{threads} threads and {files} files, of {before:?}");
        thread::yield_now();
    }
    for extension in ["db", "db-wal", "db-shm"] {
        let _ = std::fs::remove_file(database.with_extension(extension));
    }
}
