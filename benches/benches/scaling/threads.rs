//! Threads at work together: what a span and a counter cost each of them.

use std::hint::black_box;
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::Duration;

use benches::growth::{Bound, Column, Row};
use benches::statistics::median;
use benches::{NullSink, cpu_time, work};
use telemetry_core::{AlwaysSample, Telemetry, metric, span};

use super::spent;

const THREADS: &[usize] = &[1, 2, 4, 8, 16, 32, 64];

pub(crate) const SPANS: Row = Row {
    name: "threads, spans",
    sizes: THREADS,
    columns: &[
        // Threads that take turns on a core find the caches as the others left them.
        Column { title: "CPU ns a span", bound: Bound::One(4.0) },
        Column { title: "CPU ns a span, drain and wake-ups included", bound: Bound::One(4.0) },
    ],
    measure: spans,
};

pub(crate) const COUNTERS: Row = Row {
    name: "threads, one counter",
    sizes: THREADS,
    columns: &[Column { title: "CPU ns an update", bound: Bound::One(2.0) }],
    measure: counters,
};

metric! {
    /// Updates of one counter from many threads.
    static UPDATES: Counter = "scaling_updates_total";
}

/// Rounds that are measured, after one that is not for each quarter of the ring.
const ROUNDS: usize = 12;
const WARM_UP: usize = 6;
/// Slots, so many that every thread's part of a round is long beside its start.
const SLOTS: usize = 262_144;
/// Spans in a round, all threads together: with their reservations fewer than would wake the drain.
const SPANS_A_ROUND: usize = 49_152;
const UPDATES_A_ROUND: usize = 8_388_608;

#[span]
fn root(run: &mut dyn FnMut()) {
    run();
}

#[span]
fn child(x: u64) -> u64 {
    work(x)
}

fn start(sink: &NullSink) -> Telemetry {
    let builder = Telemetry::builder().ring_capacity(SLOTS).sampler(AlwaysSample).sink(sink.clone());
    builder.drain_interval(Duration::from_secs(300)).start().expect("nothing runs yet")
}

fn spans(threads: usize) -> Vec<f64> {
    let sink = NullSink::default();
    let telemetry = start(&sink);
    let each = SPANS_A_ROUND / threads;
    let (own, all) = rounds(
        threads,
        || {
            root(&mut || {
                for x in 1..each {
                    black_box(child(black_box(x as u64)));
                }
            });
        },
        || {
            telemetry.drain_now(Duration::from_secs(60)).expect("nothing hinders the drain");
        },
    );
    let spans = (SPANS_A_ROUND * (WARM_UP + ROUNDS)) as u64;
    assert_eq!((sink.spans(), telemetry.accounting().dropped()), (spans, 0), "every span arrived");
    vec![own / SPANS_A_ROUND as f64, all / SPANS_A_ROUND as f64]
}

fn counters(threads: usize) -> Vec<f64> {
    let telemetry = start(&NullSink::default());
    let each = UPDATES_A_ROUND / threads;
    let (own, _) = rounds(threads, || (0..each).for_each(|_| UPDATES.inc()), || {});
    let line = format!("scaling_updates_total {}", UPDATES_A_ROUND * (WARM_UP + ROUNDS));
    assert!(telemetry.metrics().text().lines().any(|it| it == line), "every update counted");
    vec![own / UPDATES_A_ROUND as f64]
}

/// Runs `work` on all threads at once, round by round, and `after` when all are done. The medians of the processor time
/// that a round took the threads inside `work`, and the process in all, in nanoseconds.
fn rounds(threads: usize, work: impl Fn() + Sync, after: impl Fn()) -> (f64, f64) {
    let (begin, end) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
    let own = Mutex::new(0.0);
    let (mut inside, mut all) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let clock = spent::on_thread();
                for _ in 0..WARM_UP + ROUNDS {
                    begin.wait();
                    let nanos = clock.nanos(&work);
                    *own.lock().unwrap_or_else(PoisonError::into_inner) += nanos;
                    end.wait();
                }
            });
        }
        for round in 0..WARM_UP + ROUNDS {
            let before = cpu_time::of_process();
            begin.wait();
            end.wait();
            after();
            let took = (cpu_time::of_process() - before).as_nanos() as f64;
            let nanos = std::mem::take(&mut *own.lock().unwrap_or_else(PoisonError::into_inner));
            if round >= WARM_UP {
                inside.push(nanos);
                all.push(took);
            }
        }
    });
    (median(inside), median(all))
}
