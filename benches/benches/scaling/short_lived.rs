//! Threads that come, do a little, and go.

use std::hint::black_box;
use std::time::Duration;

use benches::growth::{Bound, Column, Row};
use benches::{NullSink, cpu_time, work};
use telemetry_core::{AlwaysSample, Telemetry, metric, span};

pub(crate) const ROW: Row = Row {
    name: "short-lived threads",
    sizes: &[100, 1_000, 10_000],
    columns: &[
        Column { title: "CPU µs a thread", bound: Bound::Shown },
        Column { title: "with a span and two updates, drain included", bound: Bound::One(3.0) },
    ],
    measure,
};

/// Threads alive at once.
const TOGETHER: usize = 20;

metric! {
    /// Threads that have come.
    static THREADS: Counter = "scaling_threads_total";
    /// What they brought.
    static BROUGHT: Histogram = "scaling_brought";
}

#[span]
fn traced(x: u64) -> u64 {
    THREADS.inc();
    BROUGHT.observe(1.0);
    work(x)
}

fn measure(threads: usize) -> Vec<f64> {
    let bare = come_and_go(threads, work);
    let sink = NullSink::default();
    let builder = Telemetry::builder().sampler(AlwaysSample).sink(sink.clone());
    let telemetry = builder.start().expect("nothing runs yet");
    let with = come_and_go(threads, traced);
    telemetry.drain_now(Duration::from_secs(60)).expect("nothing hinders the drain");
    assert_eq!((sink.spans(), telemetry.accounting().dropped()), (threads as u64, 0), "every span arrived");
    let line = format!("scaling_threads_total {threads}");
    assert!(telemetry.metrics().text().lines().any(|it| it == line), "every update counted");
    vec![bare, with]
}

/// The processor time a thread, in microseconds.
fn come_and_go(threads: usize, work: fn(u64) -> u64) -> f64 {
    let before = cpu_time::of_process();
    for _ in 0..threads / TOGETHER {
        std::thread::scope(|scope| {
            for x in 0..TOGETHER {
                scope.spawn(move || black_box(work(x as u64)));
            }
        });
    }
    (cpu_time::of_process() - before).as_secs_f64() * 1e6 / threads as f64
}
