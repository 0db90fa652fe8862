//! What a span costs: disabled, unsampled, sampled, with attributes, with events, around a future, beside the limit of
//! two clock reads.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::time::Duration;

use benches::{YieldOnce, block_on, timed_in_bursts, work};
use criterion::{Criterion, criterion_group, criterion_main};
use telemetry_core::{AlwaysSample, NeverSample, Span, Telemetry, span};

#[span]
fn plain(x: u64) -> u64 {
    work(x)
}

#[span(attrs(db.system = "sqlite", book.id = x, title = title))]
fn three_attributes(x: u64, title: &str) -> u64 {
    work(x)
}

#[span]
fn two_events(x: u64) -> u64 {
    Span::current().event("cache.checked");
    Span::current().event("cache.missed");
    work(x)
}

#[span]
fn fallible(x: u64) -> Result<u64, std::fmt::Error> {
    Ok(work(x))
}

#[span]
async fn asynchronous(x: u64) -> u64 {
    YieldOnce::default().await;
    work(x)
}

async fn bare_asynchronous(x: u64) -> u64 {
    YieldOnce::default().await;
    work(x)
}

#[span]
fn root(run: &mut dyn FnMut()) {
    run();
}

#[cfg(target_arch = "x86_64")]
fn two_clock_reads(x: u64) -> u64 {
    // SAFETY: `rdtsc` has no preconditions on x86-64.
    let (before, value, after) = unsafe {
        let before = core::arch::x86_64::_rdtsc();
        let value = work(x);
        (before, value, core::arch::x86_64::_rdtsc())
    };
    black_box((before, after));
    value
}

fn spans(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("span");
    group.bench_function("limit/bare", |b| b.iter(|| work(black_box(7))));
    #[cfg(target_arch = "x86_64")]
    group.bench_function("limit/two clock reads", |b| b.iter(|| two_clock_reads(black_box(7))));
    group.bench_function("limit/bare async", |b| b.iter(|| block_on(bare_asynchronous(black_box(7)))));
    group.bench_function("disabled", |b| b.iter(|| plain(black_box(7))));
    group.bench_function("disabled, three attributes", |b| {
        b.iter(|| three_attributes(black_box(7), black_box("Dune")));
    });
    group.bench_function("disabled, async", |b| b.iter(|| block_on(asynchronous(black_box(7)))));

    let telemetry = Telemetry::builder()
        .sampler(NeverSample)
        .drain_interval(Duration::from_secs(300))
        .start()
        .expect("nothing runs yet");
    group.bench_function("unsampled, inside a trace", |b| {
        root(&mut || b.iter(|| plain(black_box(7))));
    });
    group.bench_function("unsampled, async", |b| {
        root(&mut || b.iter(|| block_on(asynchronous(black_box(7)))));
    });
    telemetry.set_sampler(AlwaysSample);
    let mut sampled = |name: &str, run: &mut dyn FnMut()| {
        group.bench_function(name, |b| {
            b.iter_custom(|total| {
                timed_in_bursts(&telemetry, total, 1, |n| root(&mut || (0..n).for_each(|_| run())))
            });
        });
    };
    sampled("sampled", &mut || {
        black_box(plain(black_box(7)));
    });
    sampled("sampled, returning a result", &mut || {
        let _ = black_box(fallible(black_box(7)));
    });
    sampled("sampled, three attributes", &mut || {
        black_box(three_attributes(black_box(7), black_box("Dune")));
    });
    sampled("sampled, two events", &mut || {
        black_box(two_events(black_box(7)));
    });
    sampled("sampled, async", &mut || {
        black_box(block_on(asynchronous(black_box(7))));
    });
    group.bench_function("sampled, roots", |b| {
        b.iter_custom(|total| {
            timed_in_bursts(&telemetry, total, 1, |n| (0..n).for_each(|_| _ = black_box(plain(black_box(7)))))
        });
    });
    group.finish();
    assert_eq!(telemetry.accounting().dropped(), 0, "the figures count only spans that were recorded");
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = spans
}
criterion_main!(benches);
