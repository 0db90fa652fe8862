//! The programs. Each writes JSON lines to standard output, at its end alone: the drain's interval is five minutes.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::process::{ExitCode, abort, exit};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{Sink, SinkError, StdoutSink, TtySink};
use telemetry_core::{AlwaysSample, Telemetry, TelemetryBuilder, span};

use super::cases::SPANS;

const PATIENCE: Duration = Duration::from_secs(30);

#[span]
fn work() {}

#[span]
fn outer(inner: impl FnOnce()) {
    inner();
}

fn builder() -> TelemetryBuilder {
    Telemetry::builder()
        .sampler(AlwaysSample)
        .drain_interval(Duration::from_secs(300))
        .sink(StdoutSink::new())
}

fn some_work() {
    (0..SPANS).for_each(|_| work());
}

pub(crate) fn play(role: &str) -> ExitCode {
    match role {
        "return" => {
            let _telemetry = builder().start().unwrap();
            some_work();
        }
        "return_with_a_static" => {
            static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();
            TELEMETRY.get_or_init(|| builder().start().unwrap());
            some_work();
        }
        "return_with_threads" => return_with_threads(),
        "exit" => {
            let _telemetry = builder().start().unwrap();
            outer(|| {
                some_work();
                exit(3)
            });
        }
        "exit_on_a_thread" => {
            let _telemetry = builder().start().unwrap();
            let ending = thread::spawn(|| {
                some_work();
                exit(3)
            });
            let _ = ending.join();
        }
        "exit_opted_out" => {
            let _telemetry = builder().deliver_at_exit(false).start().unwrap();
            some_work();
            exit(3);
        }
        "exit_in_a_sink" => {
            let patience = Duration::from_secs(2);
            let telemetry = builder().sink(Exiting).shutdown_timeout(patience).start().unwrap();
            some_work();
            let _ = telemetry.drain_now(PATIENCE);
            loop {
                // The sink ends the process.
                thread::park();
            }
        }
        "panic" => {
            let _telemetry = builder().start().unwrap();
            outer(|| {
                some_work();
                panic!("in main");
            });
        }
        "abort" => {
            let telemetry = builder().start().unwrap();
            some_work();
            telemetry.flush(PATIENCE).unwrap();
            some_work();
            abort();
        }
        "terminated" => terminated(),
        "killed" => {
            let telemetry = builder().start().unwrap();
            some_work();
            telemetry.flush(PATIENCE).unwrap();
            some_work();
            eprintln!("ready");
            loop {
                thread::park();
            }
        }
        "output_that_fills" => output_that_fills(),
        "closed_output" => closed_output(),
        role => panic!("nobody plays {role}"),
    }
    ExitCode::SUCCESS
}

/// Says how many spans were taken, and returns while its threads go on.
fn return_with_threads() {
    let telemetry = builder().start().unwrap();
    let (told, tell) = channel();
    for _ in 0..4 {
        let told = told.clone();
        thread::spawn(move || {
            some_work();
            told.send(()).unwrap();
            loop {
                work();
            }
        });
    }
    (0..4).for_each(|_| tell.recv().unwrap());
    telemetry.shutdown(PATIENCE).unwrap();
    let accounting = telemetry.accounting();
    assert_eq!(accounting.taken + accounting.in_flight + accounting.dropped(), accounting.started);
    eprintln!("taken {}", accounting.taken);
}

/// Waits for SIGTERM, which is blocked in all threads, as a service does that has no runtime.
fn terminated() {
    // SAFETY: the set is made by the first call before it is used by the others.
    let signals = unsafe {
        let mut signals = std::mem::zeroed();
        libc::sigemptyset(&raw mut signals);
        libc::sigaddset(&raw mut signals, libc::SIGTERM);
        assert_eq!(libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, std::ptr::null_mut()), 0);
        signals
    };
    let _telemetry = builder().start().unwrap();
    some_work();
    eprintln!("ready");
    let mut signal = 0;
    // SAFETY: both point at what is there.
    assert_eq!(unsafe { libc::sigwait(&raw const signals, &raw mut signal) }, 0);
    some_work();
}

/// Writes to a file in which there is room for some lines and a half, and looks at what is there.
fn output_that_fills() {
    let path = std::env::temp_dir().join(format!("telemetry-endings-{}", std::process::id()));
    let file = File::create(&path).unwrap();
    let room = libc::rlimit { rlim_cur: 50_000, rlim_max: 50_000 };
    // SAFETY: all three act on this process alone; the limit is a value that is there.
    unsafe {
        // A write beyond the limit is to be an error.
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const room), 0);
        assert_eq!(libc::dup2(file.as_raw_fd(), libc::STDOUT_FILENO), libc::STDOUT_FILENO);
    }
    let telemetry = builder().start().unwrap();
    some_work();
    telemetry.shutdown(PATIENCE).unwrap_err();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let lines = text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).count();
    let figures = telemetry.sinks().swap_remove(0);
    assert!(lines > 50 && !text.ends_with('\n'), "{lines} whole lines and a torn one");
    assert_eq!((figures.delivered, figures.dropped_total()), (lines as u64, (SPANS - lines) as u64));
}

/// Writes to a standard output that nobody reads, and says what became of it.
fn closed_output() {
    // Ends when the parent has closed the other end of standard output.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    let telemetry = builder().sink(TtySink::new()).start().unwrap();
    some_work();
    assert!(telemetry.flush(PATIENCE).is_err());
    some_work();
    let _ = telemetry.shutdown(PATIENCE);
    for sink in telemetry.sinks() {
        let dropped: Vec<_> = sink.dropped_by_reason().filter(|(_, count)| *count > 0).collect();
        eprintln!("{} took {}, delivered {}, dropped {dropped:?}", sink.sink, sink.taken, sink.delivered);
    }
}

/// Ends the process from inside an export.
struct Exiting;

impl Sink for Exiting {
    fn name(&self) -> &'static str {
        "exiting"
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        exit(7)
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}
