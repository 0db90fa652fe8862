//! The figures of the process: what they say of one that opens files, starts threads, takes memory and forks.
//!
//! One test in a program of its own: it forks, and others would change what it measures.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use telemetry_core::metric::process::{ProcessMetrics, ProcessMetricsError};
use telemetry_core::settings::{Environment, Resolver};
use telemetry_core::sink::MemorySink;
use telemetry_core::testing::Scope;
use telemetry_core::{Telemetry, configure, resume_after_fork};

const CPU: &str = "process_cpu_seconds_total";
const NAMES: [&str; 7] = [
    CPU,
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
];
/// What the parent takes before it forks; enough to tell it from what a child takes.
const BURNT_SECONDS: f64 = 0.3;

/// A sample of an exposition.
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().unwrap()
}

fn names(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.starts_with("process_"))
        .map(|line| line.split(' ').next().unwrap())
        .collect()
}

#[test]
fn the_figures_of_the_process_follow_what_it_does() {
    what_it_takes_shows();
    names_are_given_once();
    settings_turn_them_on_and_off();
    a_child_has_its_own();
}

fn what_it_takes_shows() {
    let telemetry = Telemetry::builder().process_metrics().sink(MemorySink::new()).start().unwrap();
    let now = |name| value(telemetry.metrics().text(), name);
    assert_eq!(names(telemetry.metrics().text()), NAMES);

    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let age = since_epoch - now("process_start_time_seconds");
    // The kernel says when the machine was started in whole seconds.
    assert!((-2.0..600.0).contains(&age), "started {age} s ago");

    let before = now("process_open_fds");
    let files: Vec<File> = (0..20).map(|_| File::open("/dev/null").unwrap()).collect();
    assert!((now("process_open_fds") - before - 20.0).abs() < 1e-9);
    drop(files);
    assert!((now("process_open_fds") - before).abs() < 1e-9);
    assert!(now("process_max_fds") > now("process_open_fds"));

    let before = now("process_threads");
    let (end, until) = mpsc::channel::<()>();
    let (begun, has_begun) = mpsc::channel();
    let waiting = thread::spawn(move || {
        begun.send(()).unwrap();
        until.recv().unwrap_err();
    });
    has_begun.recv().unwrap();
    assert!((now("process_threads") - before - 1.0).abs() < 1e-9);
    drop(end);
    waiting.join().unwrap();

    let before = ["process_resident_memory_bytes", "process_virtual_memory_bytes"].map(now);
    let taken = black_box(vec![1_u8; 64 << 20]);
    let grown = ["process_resident_memory_bytes", "process_virtual_memory_bytes"].map(now);
    for (before, grown) in before.into_iter().zip(grown) {
        assert!(grown - before > 60.0 * f64::from(1 << 20), "{before} and {grown}");
    }
    drop(taken);

    let before = now(CPU);
    let mut sum = 0_u64;
    while now(CPU) - before < BURNT_SECONDS {
        sum = (0..1_000_000_u64).fold(sum, |sum, number| black_box(sum ^ number.wrapping_mul(sum | 1)));
    }
    // The kernel counts in hundredths of a second.
    assert!(((now(CPU) * 100.0).fract() - 0.5).abs() > 0.49, "{}", now(CPU));
    telemetry.shutdown(Duration::from_secs(60)).unwrap();
    drop(telemetry);
    let later = Telemetry::builder().start().unwrap();
    assert_eq!(names(later.metrics().text()), [""; 0], "they go with the pipeline");
}

fn names_are_given_once() {
    let scope = Scope::new();
    let process = ProcessMetrics::register().unwrap();
    assert_eq!(names(scope.metrics().text()), NAMES);
    let error = ProcessMetrics::register().unwrap_err();
    assert!(matches!(error, ProcessMetricsError::Name(_)), "{error}");
    assert_eq!(names(scope.metrics().text()), NAMES, "the refused ones took nothing with them");
    drop(process);
    assert_eq!(names(scope.metrics().text()), [""; 0]);
}

fn settings_turn_them_on_and_off() {
    let shown = |settings: &[(&str, &str)]| {
        let all = [("TELEMETRY_ENABLED", "1"), ("TELEMETRY_SINKS", "memory")];
        let environment: Environment = all.iter().chain(settings).copied().collect();
        let bootstrap = configure(Resolver::new().environment(environment), None).unwrap().unwrap();
        let text = bootstrap.telemetry.metrics().text().to_owned();
        names(&text).len()
    };
    assert_eq!(shown(&[]), NAMES.len());
    assert_eq!(shown(&[("TELEMETRY_PROCESS_METRICS", "no")]), 0);
}

fn a_child_has_its_own() {
    let telemetry = Telemetry::builder().process_metrics().sink(MemorySink::new()).start().unwrap();
    let of_parent = telemetry.metrics().text().to_owned();
    assert!(value(&of_parent, CPU) >= BURNT_SECONDS);
    let mut ends = [0; 2];
    // SAFETY: `ends` is two numbers long.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    // SAFETY: both were just opened, and nobody else has them.
    let (mut read, mut write) = unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) };
    // SAFETY: the child allocates and starts threads, for which the C library is prepared, and ends without running
    // anybody's destructors.
    if unsafe { libc::fork() } == 0 {
        resume_after_fork();
        let told = write.write_all(telemetry.metrics().text().as_bytes());
        // SAFETY: ends the process.
        unsafe { libc::_exit(i32::from(told.is_err())) }
    }
    drop(write);
    let mut of_child = String::new();
    read.read_to_string(&mut of_child).unwrap();
    assert_eq!(names(&of_child), NAMES);
    assert!(value(&of_child, CPU) < BURNT_SECONDS, "{of_child}");
    assert!(
        value(&of_child, "process_start_time_seconds") > value(&of_parent, "process_start_time_seconds"),
        "{of_parent}{of_child}"
    );
    assert!(value(telemetry.metrics().text(), CPU) >= value(&of_parent, CPU));
}
