//! A server that forks its workers, under load, while its own threads record: every span is exported once, by the process
//! that recorded it, under identifiers of its own, and the books of every process hold.
//!
//! One test in a program of its own: it forks.
#![cfg(unix)]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

mod books;
mod sink;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use telemetry_core::sink::{MemorySink, PrometheusSink, StdoutSink};
use telemetry_core::{AlwaysSample, Span, Telemetry, metric, span, step};

use sink::PerProcess;

const WORKERS: usize = 4;
/// How often every worker is replaced, one after the other, and the requests before each.
const RESTARTS: usize = 3;
const REQUESTS: usize = 100;
/// Spans of a request.
const SPANS: u64 = 4;
/// Children that live for a moment.
const FORKS: usize = 60;
/// After so many seconds a process that hangs is killed.
const HANGS: libc::c_uint = 120;

metric! {
    /// Requests answered by this process.
    static ANSWERED: Counter = "prefork_requests_total";
    /// Something whose cells move while processes fork.
    static CHURN: Histogram = "prefork_churn";
}

fn pid() -> u64 {
    std::process::id().into()
}

#[span(root, attrs(pid = pid()))]
fn request() {
    for _ in 1..SPANS {
        let _step = step!("stage", pid = pid());
    }
    ANSWERED.inc();
}

#[span(root, attrs(pid = pid()))]
fn supervise(work: &mut dyn FnMut()) {
    work();
}

#[span(attrs(pid = pid()))]
fn background() {
    CHURN.observe(1.0);
}

#[test]
fn workers_export_what_they_recorded_and_nothing_else() {
    let folder = std::env::temp_dir().join(format!("telemetry-prefork-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let (memory, prometheus) = (MemorySink::new(), PrometheusSink::new());
    let telemetry = Telemetry::builder()
        .sampler(AlwaysSample)
        // So small that threads starve and take each other's reservations back.
        .ring_capacity(256)
        .drain_interval(Duration::from_millis(10))
        .sink(PerProcess::new(folder.clone()))
        .sink(StdoutSink::to(File::create(folder.join("shared.json")).unwrap()))
        .sink(memory.clone())
        .sink(prometheus.clone())
        .start()
        .unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    (0..20).for_each(|_| background());
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                drop((prometheus.text(), memory.spans(), telemetry.metrics(), telemetry.health()));
            }
        });
        let _stop = Stop(&stop);
        let supervision = Supervision { telemetry: &telemetry, folder: &folder };
        supervise(&mut || {
            supervision.forks();
            supervision.server();
        });
    });
    assert!(books::close(&telemetry, &folder, 0));

    let processes = books::read(&folder);
    assert_eq!(processes.len(), 1 + FORKS + WORKERS * (RESTARTS + 1));
    books::assert_distinct(&processes);
    let (parents, workers): (Vec<_>, Vec<_>) = processes.iter().partition(|process| process.pid == pid());
    let requests = (FORKS + REQUESTS * RESTARTS * WORKERS) as u64;
    assert_eq!(workers.iter().map(|worker| worker.requests).sum::<u64>(), requests);
    // What is lost is counted, and however busy the machine is, it is not the rule.
    let exported = workers.iter().map(|worker| worker.spans.len() as u64).sum::<u64>();
    assert!(exported >= requests * SPANS / 2, "{exported}");
    for worker in workers {
        let of_others =
            worker.spans.iter().find(|(_, _, name)| !["request", "stage"].contains(&name.as_str()));
        assert_eq!(of_others, None, "{}", worker.pid);
        assert_eq!(worker.started, worker.requests * SPANS, "{}", worker.pid);
    }
    let supervised = parents[0].spans.iter().filter(|(_, _, name)| name == "supervise").count();
    assert!(supervised == 1 || supervised == 0 && parents[0].lost > 0, "{supervised}");
    shared_file_has_every_span_once(&folder, processes.iter().map(|process| process.shared).sum());
    fs::remove_dir_all(folder).unwrap();
}

/// Ends the load with the work, also when that panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The sink that all processes share writes each span once, too.
fn shared_file_has_every_span_once(folder: &Path, spans: u64) {
    let text = fs::read_to_string(folder.join("shared.json")).unwrap();
    let identifiers: HashSet<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["span_id"].to_string())
        .collect();
    assert_eq!((text.lines().count() as u64, identifiers.len() as u64), (spans, spans));
}

/// The parent of all workers.
struct Supervision<'a> {
    telemetry: &'a Telemetry,
    folder: &'a PathBuf,
}

impl Supervision<'_> {
    /// Children that record a little and end, forked while everybody else holds locks.
    fn forks(&self) {
        for _ in 0..FORKS {
            let child = self.fork(|| {
                request();
                1
            });
            reap(child);
        }
    }

    /// Workers that are replaced while requests come.
    fn server(&self) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut workers: HashSet<i32> = (0..WORKERS).map(|_| self.fork(|| serve(&listener))).collect();
        for _ in 0..RESTARTS * WORKERS {
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| (0..REQUESTS / 2).for_each(|_| ask(address, b'r')));
                }
            });
            ask(address, b'q');
            assert!(workers.remove(&reap(-1)));
            workers.insert(self.fork(|| serve(&listener)));
        }
        for _ in 0..WORKERS {
            ask(address, b'q');
            assert!(workers.remove(&reap(-1)));
        }
    }

    /// Runs `work` in a child, which then closes its books; `work` says how many requests it has answered.
    fn fork(&self, work: impl Fn() -> u64) -> i32 {
        // SAFETY: the child allocates, for which the C library is prepared, and ends without running anybody's destructors.
        match unsafe { libc::fork() } {
            -1 => panic!("no fork"),
            0 => {
                // SAFETY: asks for a signal.
                unsafe { libc::alarm(HANGS) };
                // What is current is the parent's: it takes nothing.
                Span::current().set("pid", 0_u64);
                let requests = work();
                let closed = books::close(self.telemetry, self.folder, requests);
                // SAFETY: ends the process.
                unsafe { libc::_exit(i32::from(!closed)) }
            }
            child => child,
        }
    }
}

/// Answers requests until it is told to quit. How many they were.
fn serve(listener: &TcpListener) -> u64 {
    let mut requests = 0;
    loop {
        let Ok((mut stream, _)) = listener.accept() else { continue };
        let mut wish = [0];
        if stream.read_exact(&mut wish).is_err() || wish[0] == b'q' {
            return requests;
        }
        request();
        requests += 1;
        let _ = stream.write_all(b"!");
    }
}

/// Sends one byte and waits for the answer, or the end.
fn ask(address: SocketAddr, wish: u8) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&[wish]).unwrap();
    let answered = stream.read(&mut [0]).unwrap();
    assert_eq!(answered, usize::from(wish == b'r'));
}

/// Waits for the end of a child, or of any, which must be a clean one.
fn reap(child: i32) -> i32 {
    let mut status = 0;
    // SAFETY: `status` is a number.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert!(ended > 0 && libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{ended}: {status:#x}");
    ended
}
