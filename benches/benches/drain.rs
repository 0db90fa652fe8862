//! What the drain pays: a thousand finished spans to records.
//!
//! Spans are written by a thread of their own, on another processor where there is one, so that their lines have to come
//! from there, as they do in a service.

use std::hint::black_box;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use telemetry_core::testing::Scope;
use telemetry_core::{Context, Span, span};

/// Spans in one drain.
const SPANS: u64 = 1_000;

#[span]
fn plain() {}

#[span(attrs(id = id, kind = "book", title = title))]
fn three_attributes(id: u64, title: &str) {
    black_box((id, title));
}

#[span]
fn two_events() {
    Span::current().event("asked").event("answered");
}

/// Drains `rounds` times what `write`, run on another thread, has written.
fn timed(scope: &Scope, rounds: u64, write: fn()) -> Duration {
    let (ask, asked) = sync_channel(0);
    let (tell, told) = sync_channel(0);
    let mut spent = Duration::ZERO;
    std::thread::scope(|threads| {
        threads.spawn(Context::current().wrap(move || {
            for () in asked {
                (0..SPANS).for_each(|_| write());
                tell.send(()).expect("the drain waits");
            }
        }));
        for _ in 0..rounds {
            ask.send(()).expect("the writer waits");
            told.recv().expect("the writer writes");
            let begin = Instant::now();
            let records = black_box(scope.take_spans());
            spent += begin.elapsed();
            assert_eq!(records.len() as u64, SPANS);
        }
        drop(ask);
    });
    spent
}

fn drain(criterion: &mut Criterion) {
    let scope = Scope::builder().capacity(16_384).real_clock().enter().expect("a power of two");
    let mut group = criterion.benchmark_group("drain of 1,000");
    group.throughput(Throughput::Elements(SPANS));
    let mut case = |name: &str, write: fn()| {
        group.bench_function(name, |b| b.iter_custom(|rounds| timed(&scope, rounds, write)));
    };
    case("plain", plain);
    case("three attributes", || three_attributes(black_box(7), black_box("The Left Hand of Darkness")));
    case("two events", two_events);
    group.bench_function("nothing", |b| b.iter(|| black_box(scope.take_spans())));
    group.finish();
    assert_eq!(scope.accounting().dropped(), 0, "the figures count only spans that were recorded");
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = drain
}
criterion_main!(benches);
