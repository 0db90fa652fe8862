//! Reports to a standard error that nobody reads any more.
//!
//! One test in a program of its own, which starts itself again with that standard error.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::Arc;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{Sink, SinkError};
use telemetry_core::{configure_from_settings, span};

const CHILD: &str = "TELEMETRY_CHILD_OF_THE_TEST";

/// A sink that fails, so that the last drain has something to report.
struct Failing;

impl Sink for Failing {
    fn name(&self) -> &'static str {
        "failing"
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        Err(SinkError::Refused("no".into()))
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Err(SinkError::Refused("no".into()))
    }
}

#[span]
fn work() {}

/// Reports a warning at the start, the variable of the test itself, and a failure at the end.
fn child() {
    // Ends when the parent has closed the other end of standard error.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    let bootstrap = configure_from_settings().unwrap().unwrap();
    bootstrap.telemetry.add_sink(Failing).unwrap();
    work();
    drop(bootstrap);
}

#[test]
fn a_report_that_cannot_be_written_is_no_panic() {
    if std::env::var_os(CHILD).is_some() {
        child();
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--nocapture").env(CHILD, "1");
    command.env("TELEMETRY_ENABLED", "1").env("TELEMETRY_SINKS", "memory").env("TELEMETRY_SAMPLE_RATIO", "1");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
