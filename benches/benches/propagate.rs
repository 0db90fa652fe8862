//! What a traceparent costs: reading one, writing one, and the same with a tracestate from headers to headers.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use telemetry_core::propagate::{Keys, TraceState, extract, format_traceparent, parse_traceparent};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const STATE: &str = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";

fn propagate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("propagate");
    let parent = parse_traceparent(PARENT).expect("a valid header");
    group.bench_function("traceparent, read", |b| b.iter(|| parse_traceparent(black_box(PARENT))));
    group.bench_function("traceparent, written", |b| b.iter(|| format_traceparent(black_box(&parent))));
    group.bench_function("traceparent, refused", |b| {
        b.iter(|| parse_traceparent(black_box("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")));
    });
    group.bench_function("tracestate of two, read", |b| {
        b.iter(|| TraceState::parse([black_box(STATE)], Keys::Level2));
    });
    let headers = [("host", "books.example"), ("traceparent", PARENT), ("tracestate", STATE)];
    group.bench_function("extracted and held", |b| {
        b.iter(|| extract(black_box(&headers)).map(|remote| remote.hold()));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = propagate
}
criterion_main!(benches);
