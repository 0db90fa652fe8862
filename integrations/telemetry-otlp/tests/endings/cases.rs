//! What must come of each program.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::panic::{RefUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use telemetry_otlp::Protocol;

use super::received::{Collector, traced, written};
use super::support::http;

/// Says which program this is.
pub(crate) const ROLE: &str = "OTLP_ENDINGS_ROLE";
/// Spans in some work.
pub(crate) const SPANS: usize = 500;

/// How a program ends: with a code, or by a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Code(i32),
    Signal(i32),
}

/// A program, how it ends, the spans that all sinks get, and those open at the shutdown, where there is one.
struct Case {
    role: &'static str,
    end: End,
    spans: usize,
    open: Option<f64>,
}

const CASES: [Case; 7] = [
    Case { role: "return", end: End::Code(0), spans: SPANS, open: Some(0.0) },
    Case { role: "exit", end: End::Code(3), spans: SPANS, open: Some(1.0) },
    Case { role: "exit_in_a_task", end: End::Code(3), spans: SPANS, open: Some(0.0) },
    Case { role: "panic", end: End::Code(101), spans: SPANS + 1, open: Some(0.0) },
    Case { role: "abort", end: End::Signal(libc::SIGABRT), spans: SPANS, open: None },
    Case { role: "terminated", end: End::Code(0), spans: 2 * SPANS, open: Some(0.0) },
    Case { role: "killed", end: End::Signal(libc::SIGTERM), spans: SPANS, open: None },
];

const OPEN: &str = "telemetry_spans_in_flight";

/// Runs the cases whose names contain what the arguments ask for.
pub(crate) fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let listing = arguments.iter().any(|argument| argument == "--list");
    let mut tests: Vec<(String, Box<dyn Fn() + RefUnwindSafe>)> = Vec::new();
    for case in &CASES {
        for protocol in [Protocol::HttpJson, Protocol::Grpc] {
            let name = format!("{}_over_{}", case.role, protocol.as_str());
            tests.push((name, Box::new(move || case.check(protocol))));
        }
    }
    tests.push(("exit_while_the_collector_is_gone".to_owned(), Box::new(|| exit_over(http::Reply::Cut))));
    tests.push(("exit_while_the_collector_stalls".to_owned(), Box::new(|| exit_over(http::Reply::Stall))));
    let mut failed = 0;
    for (name, test) in tests {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        if listing {
            println!("{name}: test");
            continue;
        }
        let outcome = catch_unwind(&*test);
        println!("test {name} ... {}", if outcome.is_ok() { "ok" } else { "FAILED" });
        failed += usize::from(outcome.is_err());
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Case {
    fn check(&self, protocol: Protocol) {
        let collector = Collector::of(protocol);
        let ended = Ended::of(self.role, &collector.endpoint(), protocol);
        assert_eq!(ended.end(), self.end, "{ended:?}");
        let (spans, open) = written(&ended.database, OPEN);
        let all = [spans, traced(&ended.trace), collector.spans()];
        assert_eq!(all, [self.spans; 3], "database, trace file and collector: {ended:?}");
        if let Some(expected) = self.open {
            assert_eq!(open, Some(expected), "{ended:?}");
            assert!([None, Some(expected)].contains(&collector.gauge(OPEN)), "{ended:?}");
            let told = ended.errors.contains("1 span was still open at the shutdown and not delivered");
            assert_eq!(told, expected > 0.0, "{ended:?}");
        }
    }
}

/// A collector that takes nothing holds the end of the process up no longer than an attempt, and the files not at all.
fn exit_over(reply: http::Reply) {
    let collector = http::Collector::start([reply]);
    let began = Instant::now();
    let ended = Ended::of("exit", &collector.endpoint(), Protocol::HttpJson);
    // The deadline of the shutdown is 5 s.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(
        (ended.end(), written(&ended.database, OPEN)),
        (End::Code(3), (SPANS, Some(1.0))),
        "{ended:?}"
    );
    assert_eq!(traced(&ended.trace), SPANS, "{ended:?}");
    assert!(ended.errors.contains("sink otlp"), "{ended:?}");
}

/// A program that has ended.
#[derive(Debug)]
struct Ended {
    status: ExitStatus,
    errors: String,
    database: PathBuf,
    trace: PathBuf,
}

impl Ended {
    fn of(role: &str, endpoint: &str, protocol: Protocol) -> Self {
        let beside = std::env::temp_dir().join(format!("telemetry-otlp-endings-{}", std::process::id()));
        let (database, trace) = (beside.with_extension("db"), beside.with_extension("json"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env_clear()
            .env(ROLE, role)
            .envs([
                ("TELEMETRY_ENABLED", "1"),
                ("TELEMETRY_SAMPLE_RATIO", "1"),
                ("TELEMETRY_SINKS", "otlp,sqlite,chrome"),
                ("TELEMETRY_DRAIN_INTERVAL", "300"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.as_str()),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
            ])
            .env("TELEMETRY_SQLITE_PATH", &database)
            .env("TELEMETRY_CHROME_PATH", &trace)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = String::new();
        let mut reader = BufReader::new(child.stderr.take().unwrap());
        if ["terminated", "killed"].contains(&role) {
            reader.read_line(&mut errors).unwrap();
            assert_eq!(errors, "ready\n");
            // SAFETY: sends a signal to a child that has not been waited for.
            assert_eq!(unsafe { libc::kill(child.id().cast_signed(), libc::SIGTERM) }, 0);
        }
        reader.read_to_string(&mut errors).unwrap();
        Self { status: child.wait().unwrap(), errors, database, trace }
    }

    fn end(&self) -> End {
        match self.status.code() {
            Some(code) => End::Code(code),
            None => End::Signal(self.status.signal().expect("it ended in one way or the other")),
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        for extension in ["db", "db-wal", "db-shm", "json"] {
            let _ = fs::remove_file(self.database.with_extension(extension));
        }
    }
}
