//! The sinks, a row each.

use std::any::Any;
use std::fs::{File, OpenOptions};
use std::path::PathBuf;

use benches::NullSink;
use telemetry_core::sink::{ChromeTraceSink, MemorySink, Sink, StdoutSink, TtySink};
use telemetry_otlp::{OtlpSink, Protocol};
use telemetry_sqlite::SqliteSink;

use super::{collector, grpc};

/// A sink to be measured. Each measurement makes it in a process of its own.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Spans a second that it is offered, whether it keeps up or not; it must take them without a loss.
    pub(crate) offered: u64,
    pub(crate) make: fn() -> Subject,
}

/// What is measured.
pub(crate) struct Subject {
    pub(crate) sink: Box<dyn Sink>,
    /// What must live as long as the sink: a server, a file that goes with it. A server's processor time and memory are
    /// counted in, unless it is a process of its own.
    pub(crate) _beside: Box<dyn Any>,
}

pub(crate) const ROWS: [Row; 9] = [
    Row { name: "null", offered: 500_000, make: || Subject::alone(NullSink::default()) },
    Row { name: "memory", offered: 500_000, make: || Subject::alone(MemorySink::new()) },
    Row { name: "JSON lines", offered: 500_000, make: || Subject::alone(StdoutSink::to(nowhere())) },
    Row { name: "terminal", offered: 200_000, make: || Subject::alone(TtySink::to(nowhere())) },
    Row { name: "Chrome trace file", offered: 200_000, make: chrome },
    Row { name: "SQLite", offered: 100_000, make: sqlite },
    Row { name: "OTLP, http/protobuf", offered: 100_000, make: || otlp_over_http(Protocol::HttpProtobuf) },
    Row { name: "OTLP, http/json", offered: 100_000, make: || otlp_over_http(Protocol::HttpJson) },
    Row { name: "OTLP, grpc", offered: 100_000, make: otlp_over_grpc },
];

impl Subject {
    fn alone(sink: impl Sink) -> Self {
        Self { sink: Box::new(sink), _beside: Box::new(()) }
    }
}

/// A file that takes everything: what a disk or a reader needs comes on top.
fn nowhere() -> File {
    OpenOptions::new().write(true).open("/dev/null").expect("the system has it")
}

fn chrome() -> Subject {
    let folder = Folder::new();
    let sink = ChromeTraceSink::create(folder.0.join("trace.json")).expect("the folder can be written");
    Subject { sink: Box::new(sink), _beside: Box::new(folder) }
}

fn sqlite() -> Subject {
    let folder = Folder::new();
    let sink = SqliteSink::open(folder.0.join("telemetry.sqlite")).expect("the folder can be written");
    Subject { sink: Box::new(sink), _beside: Box::new(folder) }
}

fn otlp_over_http(protocol: Protocol) -> Subject {
    let collector = collector::Collector::start();
    otlp(&collector.endpoint(), protocol, collector)
}

fn otlp_over_grpc() -> Subject {
    let collector = grpc::Collector::start();
    otlp(&collector.endpoint.clone(), Protocol::Grpc, collector)
}

/// The sink to a collector in this process, whose processor time is counted in.
fn otlp(endpoint: &str, protocol: Protocol, collector: impl Any) -> Subject {
    let sink =
        OtlpSink::builder().endpoint(endpoint).protocol(protocol).build().expect("the settings are fine");
    Subject { sink: Box::new(sink), _beside: Box::new(collector) }
}

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("throughput-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder can be written");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
