//! The sinks, a row each.

use std::any::Any;
use std::fs::{File, OpenOptions};
use std::path::PathBuf;

use benches::NullSink;
use telemetry_core::sink::{ChromeTraceSink, MemorySink, Sink, StdoutSink, TtySink};

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

pub(crate) const ROWS: [Row; 5] = [
    Row { name: "null", offered: 500_000, make: || Subject::alone(NullSink::default()) },
    Row { name: "memory", offered: 500_000, make: || Subject::alone(MemorySink::new()) },
    Row { name: "JSON lines", offered: 500_000, make: || Subject::alone(StdoutSink::to(nowhere())) },
    Row { name: "terminal", offered: 200_000, make: || Subject::alone(TtySink::to(nowhere())) },
    Row { name: "Chrome trace file", offered: 200_000, make: chrome },
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
    let path = std::env::temp_dir().join(format!("throughput-{}.json", std::process::id()));
    let sink = ChromeTraceSink::create(&path).expect("the temporary folder can be written");
    Subject { sink: Box::new(sink), _beside: Box::new(Removed(path)) }
}

/// A file that is removed in the end.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
