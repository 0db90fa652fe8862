//! The programs that die.
#![allow(unsafe_code, reason = "the standard library offers few ways to die")]

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::task::{Context, Waker};
use std::time::Duration;

use telemetry_core::evidence::CrashEvidence;
use telemetry_core::sink::MemorySink;
use telemetry_core::{
    AlwaysSample, CallSite, Constant, Name, Origin, Site, Span, SpanBuilder, SpanKind, Telemetry,
    TelemetryBuilder, span, step, trace,
};

/// Runs the program of this name.
pub(crate) fn run(how: &str, directory: &Path) -> ExitCode {
    let evidence = || CrashEvidence::in_directory(directory);
    let signals = || evidence().signals(true);
    match how {
        "panic_in_main" => {
            let _telemetry = start(evidence());
            work(|| panic!("boom in main"));
        }
        "panic_in_a_thread" => {
            let _telemetry = start(evidence());
            std::panic::set_hook(chained("the user's hook"));
            let worker = std::thread::Builder::new().name("worker-7".to_owned());
            let outcome = worker.spawn(|| work(|| panic!("boom in a thread"))).unwrap().join();
            assert!(outcome.is_err());
            say("goes on");
        }
        "panics_that_are_served" => {
            let _telemetry = start(evidence());
            for _ in 0..100 {
                let _ = std::panic::catch_unwind(|| work(|| panic!("served")));
            }
            say("served all");
        }
        "abort" => doomed(evidence(), || std::process::abort()),
        "abort_with_signals" => doomed(signals(), || std::process::abort()),
        "abort_outside" => doomed(signals().ring_in_file(false), || std::process::abort()),
        "kill_outside" => doomed(signals().ring_in_file(false), || hold("ready")),
        "panic_outside" => doomed(evidence().ring_in_file(false), || panic!("boom outside")),
        "null_write" => doomed(evidence(), null_write),
        "null_write_with_signals" => doomed(signals(), null_write),
        "null_write_in_a_thread" => {
            let _telemetry = start(signals());
            let worker = std::thread::Builder::new().name("writer".to_owned());
            let _ = worker.spawn(|| work(null_write)).unwrap().join();
        }
        "overflow" => doomed(signals(), || {
            std::hint::black_box(deeper(1));
        }),
        "own_handler" => {
            // SAFETY: the handler only ends the process.
            unsafe { libc::signal(libc::SIGFPE, leave as *const () as usize) };
            doomed(signals(), || {
                // SAFETY: sends a signal to this thread.
                unsafe { libc::raise(libc::SIGFPE) };
            });
        }
        "sent" => doomed(signals(), || {
            // SAFETY: sends a signal to this process.
            unsafe { libc::kill(libc::getpid(), libc::SIGSEGV) };
            hold("survived");
        }),
        "hold" => doomed(evidence(), || hold("ready")),
        "hold_few" => doomed(evidence().keep(2), || hold("ready")),
        "churn" => churn(evidence()),
        "task" => task(evidence()),
        "fork" => fork(evidence()),
        "children" => children(signals()),
        "end" => {
            let telemetry = start(signals());
            work(|| ());
            say(&telemetry.evidence().unwrap().unwrap().display().to_string());
            for path in telemetry.crashes() {
                say(&format!("crash {}", path.display()));
            }
            drop(telemetry);
            work(|| ());
        }
        "exit" => {
            std::mem::forget(start(evidence()));
            work(|| std::process::exit(0));
        }
        "twice" => {
            drop(start(signals()));
            doomed(signals(), || std::process::abort());
        }
        "threads" => {
            let _telemetry = start(evidence());
            for _ in 0..10_000 {
                std::thread::spawn(|| step("short")).join().unwrap();
            }
            let last = std::thread::Builder::new().name("the last one".to_owned());
            let _ = last.spawn(|| work(|| hold("ready"))).unwrap().join();
        }
        "settings" => {
            let bootstrap =
                telemetry_core::configure_from_settings().unwrap().expect("the variable enables it");
            work(|| hold("ready"));
            drop(bootstrap);
        }
        "beside" => beside(evidence()),
        other => panic!("no program is called {other}"),
    }
    ExitCode::SUCCESS
}

fn builder() -> TelemetryBuilder {
    Telemetry::builder()
        .service_name("doomed")
        .service_version("1.2.3")
        .sampler(AlwaysSample)
        .ring_capacity(1_024)
        .sink(MemorySink::new())
}

fn start(evidence: CrashEvidence) -> Telemetry {
    builder().crash_evidence(evidence).start().unwrap()
}

/// Dies inside of spans.
fn doomed(evidence: CrashEvidence, end: impl FnOnce()) {
    let _telemetry = start(evidence);
    work(end);
}

#[trace(name = "request", kind = server, attrs(http.route = "/books/{id}", book.id = 7_i64))]
fn work(end: impl FnOnce()) {
    step("done before");
    Span::current().event("cache.miss");
    load(end);
}

#[span(attrs(step.name = name))]
fn step(name: &str) {}

#[span(attrs(db.system = "sqlite"))]
fn load(end: impl FnOnce()) {
    Span::current().str("db.statement", "select * from books");
    tell();
    // A name that is made while the program runs.
    let name = format!("query {}", 9);
    let _query = SpanBuilder::new(&QUERY).name(Name::interned(&name)).enter();
    tell();
    end();
}

static QUERY: CallSite = CallSite::new(Site {
    name: "query",
    kind: SpanKind::Client,
    keys: &[],
    constants: &[("rows", Constant::U64(3))],
    origin: &Origin { crate_name: "doomed", crate_version: "1.2.3", module: "doomed", file: file!() },
    line: line!(),
});

/// Says which span is open.
fn tell() {
    let context = Span::current().context().unwrap();
    say(&format!("open {} {}", context.trace_id, context.span_id));
}

/// Says a line at once.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// Says a word, then waits until standard input ends.
fn hold(word: &str) {
    say(word);
    let _ = io::stdin().read(&mut [0]);
}

fn null_write() {
    // Not quite null, which debug builds would notice, but in the same page.
    let nowhere = std::hint::black_box(std::ptr::without_provenance_mut::<u8>(8));
    // SAFETY: none: this is the end.
    unsafe { nowhere.write_volatile(1) };
}

fn deeper(level: u64) -> u64 {
    let local = std::hint::black_box([level; 64]);
    if local[0] == 0 { 0 } else { deeper(level + 1) + local[63] }
}

extern "C" fn leave(_: libc::c_int) {
    // SAFETY: ends the process, which is allowed here.
    unsafe { libc::_exit(42) }
}

fn chained(word: &'static str) -> Box<dyn Fn(&std::panic::PanicHookInfo<'_>) + Send + Sync> {
    let previous = std::panic::take_hook();
    Box::new(move |info| {
        eprintln!("{word}");
        previous(info);
    })
}

/// Opens and closes spans on four threads, and says so, for ever.
fn churn(evidence: CrashEvidence) {
    let _telemetry = start(evidence);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                loop {
                    nest(1);
                }
            })
        })
        .collect();
    say("ready");
    for thread in threads {
        let _ = thread.join();
    }
}

#[span(attrs(depth = depth))]
fn nest(depth: u64) {
    let span = Span::current();
    let id = span.context().unwrap().span_id;
    // Where the ring is full, a span is dropped, and has its identifier all the same.
    let sign = if span.is_recording() { "+" } else { "lost" };
    say(&format!("{sign} {id} {depth}"));
    if depth < 4 {
        nest(depth + 1);
    }
    say(&format!("- {id} {depth}"));
}

/// Is killed while a future waits.
fn task(evidence: CrashEvidence) {
    let _telemetry = start(evidence);
    let mut future = Box::pin(waits());
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    hold("ready");
}

#[span]
async fn waits() {
    tell();
    std::future::pending().await
}

/// Leaves a child behind that records spans and lives on.
fn fork(evidence: CrashEvidence) {
    let telemetry = start(evidence);
    work(|| {
        in_fork(|| {
            let span = step!("in_the_child");
            let _ = std::panic::catch_unwind(|| panic!("in the child"));
            drop(span);
            telemetry.shutdown(Duration::from_secs(60)).unwrap();
            hold("child");
        });
        hold("ready");
    });
}

/// A process, its child and the child of that, each inside of spans; the last of them dies of a signal when it is told to.
fn children(evidence: CrashEvidence) {
    let telemetry = start(evidence);
    let own_file = || {
        let file = telemetry.evidence().unwrap().unwrap().to_owned();
        assert!(file.to_str().unwrap().contains(&format!("-{}-", std::process::id())), "{}", file.display());
    };
    own_file();
    in_fork(|| {
        work(|| {
            own_file();
            in_fork(|| {
                own_file();
                let _inner = step!("of_the_last");
                say(&format!("last {}", std::process::id()));
                let _ = io::stdin().read(&mut [0]);
                null_write();
            });
            say(&format!("child {}", std::process::id()));
            loop {
                std::thread::park();
            }
        });
    });
    let _outer = step!("of_the_parent");
    say(&format!("parent {}", std::process::id()));
    loop {
        std::thread::park();
    }
}

/// Runs `work` in a child, which ends with it.
fn in_fork(work: impl FnOnce()) {
    // SAFETY: the child uses what a child of a fork may use, the C library being prepared for allocations.
    match unsafe { libc::fork() } {
        -1 => panic!("no fork"),
        0 => {
            work();
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) }
        }
        _ => {}
    }
}

/// Runs on where there is no evidence to be had.
fn beside(evidence: CrashEvidence) {
    let memory = MemorySink::new();
    let telemetry = builder().sink(memory.clone()).crash_evidence(evidence).start().unwrap();
    let error = telemetry.evidence().unwrap_err();
    say(&format!("refused: {error}"));
    work(|| ());
    telemetry.drain_now(Duration::from_secs(60)).unwrap();
    say(&format!("spans: {}", memory.spans().len()));
}
