//! What an update of an instrument costs: counters, gauges, histograms, with and without labels.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use telemetry_core::{Label, Telemetry, metric};

#[derive(Clone, Copy, Label)]
enum Method {
    Get,
    Put,
}

#[derive(Clone, Copy, Label)]
enum Status {
    Ok,
    Failed,
}

metric! {
    /// Requests.
    static REQUESTS: Counter = "bench_requests_total";
    /// Requests, by method and status.
    static BY_KIND: Counter = "bench_requests_by_kind_total" { method: Method, status: Status };
    /// Requests, by route and tenant.
    static BY_ROUTE: Counter = "bench_requests_by_route_total" { route: str, tenant: str };
    /// Requests in flight.
    static IN_FLIGHT: Gauge = "bench_requests_in_flight";
    /// Duration of requests.
    static DURATION: Histogram = "bench_request_duration_seconds";
}

fn instruments(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("instrument");
    group.bench_function("disabled counter", |b| b.iter(|| REQUESTS.inc()));
    let telemetry =
        Telemetry::builder().drain_interval(Duration::from_secs(300)).start().expect("nothing runs yet");
    group.bench_function("counter", |b| b.iter(|| REQUESTS.inc()));
    group.bench_function("counter, two enum labels", |b| {
        b.iter(|| BY_KIND.with((black_box(Method::Put), black_box(Status::Failed))).inc());
    });
    group.bench_function("counter, two string labels", |b| {
        b.iter(|| BY_ROUTE.with((black_box("/books/{id}"), black_box("north"))).inc());
    });
    let kept = BY_ROUTE.series(("/books", "south"));
    group.bench_function("counter, handle kept", |b| b.iter(|| kept.inc()));
    group.bench_function("gauge set", |b| b.iter(|| IN_FLIGHT.set(black_box(3.0))));
    let mut value = 0.001;
    group.bench_function("histogram", |b| {
        b.iter(|| {
            value = if value > 9.0 { 0.001 } else { value * 1.37 };
            DURATION.observe(black_box(value));
        });
    });
    let _ = (Method::Get, Status::Ok);
    group.finish();
    drop(telemetry);
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = instruments
}
criterion_main!(benches);
