//! The operations that are counted, each a function that is not inlined.

use std::hint::black_box;

use benches::{YieldOnce, block_on, work};
use telemetry_core::propagate::{format_traceparent, parse_traceparent};
use telemetry_core::{Label, Span, SpanContext, SpanId, TraceId, metric, span};

use super::requests;

/// What runs while an operation is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Nothing.
    Disabled,
    /// A pipeline that records no trace.
    Unsampled,
    /// A pipeline that records every trace.
    Sampled,
    /// The same with a filter that keeps the operation's span out.
    Filtered,
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) setting: Setting,
    /// The operation that is the same without telemetry; its own name where there is none.
    pub(crate) bare: &'static str,
    /// Whether it runs inside a trace; else on a thread that is in none, as a server's.
    pub(crate) inside: bool,
    /// Spans that a call opens when they are recorded.
    pub(crate) spans: u64,
    pub(crate) call: fn(u64) -> u64,
}

const fn operation(
    name: &'static str,
    bare: &'static str,
    setting: Setting,
    spans: u64,
    call: fn(u64) -> u64,
) -> Operation {
    Operation { name, setting, bare, inside: true, spans, call }
}

const fn request(name: &'static str, setting: Setting, spans: u64, call: fn(u64) -> u64) -> Operation {
    Operation { name, setting, bare: "request_bare", inside: false, spans, call }
}

const fn served(name: &'static str, setting: Setting, spans: u64, call: fn(u64) -> u64) -> Operation {
    Operation { name, setting, bare: "served_bare", inside: false, spans, call }
}

/// All of them; what they are compared with comes first.
pub(crate) const OPERATIONS: [Operation; 33] = [
    operation("bare_call", "bare_call", Setting::Disabled, 0, bare_call),
    operation("bare_function", "bare_function", Setting::Disabled, 0, work),
    operation("bare_async", "bare_async", Setting::Disabled, 0, bare_async),
    operation("span_disabled", "bare_function", Setting::Disabled, 0, plain),
    operation("span_filtered", "bare_function", Setting::Filtered, 0, detail),
    operation("span_unsampled", "bare_function", Setting::Unsampled, 0, plain),
    operation("span_sampled", "bare_function", Setting::Sampled, 1, plain),
    operation("span_three_attributes", "bare_function", Setting::Sampled, 1, three_attributes),
    operation("span_two_events", "bare_function", Setting::Sampled, 1, two_events),
    operation("metrics_disabled", "bare_function", Setting::Disabled, 0, measured),
    operation("metrics_unsampled", "bare_function", Setting::Unsampled, 0, measured),
    operation("async_disabled", "bare_async", Setting::Disabled, 0, asynchronous),
    operation("async_filtered", "bare_async", Setting::Filtered, 0, asynchronous_detail),
    operation("async_sampled", "bare_async", Setting::Sampled, 1, asynchronous),
    operation("counter", "bare_call", Setting::Unsampled, 0, counter),
    operation("counter_two_enum_labels", "bare_call", Setting::Unsampled, 0, counter_two_enum_labels),
    operation("counter_two_string_labels", "bare_call", Setting::Unsampled, 0, counter_two_string_labels),
    operation("gauge", "bare_call", Setting::Unsampled, 0, gauge),
    operation("histogram", "bare_call", Setting::Unsampled, 0, histogram),
    operation("traceparent_read", "bare_call", Setting::Disabled, 0, traceparent_read),
    operation("traceparent_written", "bare_call", Setting::Disabled, 0, traceparent_written),
    request("request_bare", Setting::Disabled, 0, requests::bare),
    request("request_boxed", Setting::Disabled, 0, requests::boxed),
    request("request_wrapped", Setting::Disabled, 0, requests::wrapped),
    request("request_disabled", Setting::Disabled, 0, requests::layered),
    request("request_unsampled", Setting::Unsampled, 0, requests::layered),
    request("request_sampled", Setting::Sampled, 1, requests::layered),
    served("served_bare", Setting::Disabled, 0, requests::served_bare),
    served("served_boxed", Setting::Disabled, 0, requests::served_boxed),
    served("served_wrapped", Setting::Disabled, 0, requests::served_wrapped),
    served("served_disabled", Setting::Disabled, 0, requests::served_layered),
    served("served_unsampled", Setting::Unsampled, 0, requests::served_layered),
    served("served_sampled", Setting::Sampled, 1, requests::served_layered),
];

/// Opens the trace that the spans of `run` belong to.
#[span]
pub(crate) fn root(run: &mut dyn FnMut()) {
    run();
}

#[inline(never)]
fn bare_call(x: u64) -> u64 {
    x
}

#[inline(never)]
#[span]
fn plain(x: u64) -> u64 {
    work(x)
}

#[inline(never)]
#[span(metrics)]
fn measured(x: u64) -> u64 {
    work(x)
}

#[inline(never)]
#[span(level = debug)]
fn detail(x: u64) -> u64 {
    work(x)
}

#[inline(never)]
fn three_attributes(x: u64) -> u64 {
    #[span(attrs(db.system = "sqlite", book.id = x, title = title))]
    fn load(x: u64, title: &str) -> u64 {
        work(x)
    }
    load(x, black_box("Dune"))
}

#[inline(never)]
#[span]
fn two_events(x: u64) -> u64 {
    Span::current().event("cache.checked");
    Span::current().event("cache.missed");
    work(x)
}

#[inline(never)]
fn asynchronous(x: u64) -> u64 {
    #[span]
    async fn fetch(x: u64) -> u64 {
        YieldOnce::default().await;
        work(x)
    }
    block_on(fetch(x))
}

#[inline(never)]
fn asynchronous_detail(x: u64) -> u64 {
    #[span(level = debug)]
    async fn fetch(x: u64) -> u64 {
        YieldOnce::default().await;
        work(x)
    }
    block_on(fetch(x))
}

#[inline(never)]
fn bare_async(x: u64) -> u64 {
    async fn fetch(x: u64) -> u64 {
        YieldOnce::default().await;
        work(x)
    }
    block_on(fetch(x))
}

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
    static REQUESTS: Counter = "counted_requests_total";
    /// Requests, by method and status.
    static BY_KIND: Counter = "counted_requests_by_kind_total" { method: Method, status: Status };
    /// Requests, by route and tenant.
    static BY_ROUTE: Counter = "counted_requests_by_route_total" { route: str, tenant: str };
    /// Requests in flight.
    static IN_FLIGHT: Gauge = "counted_requests_in_flight";
    /// Duration of requests.
    static DURATION: Histogram = "counted_request_duration_seconds";
}

#[inline(never)]
fn counter(x: u64) -> u64 {
    REQUESTS.inc();
    x
}

#[inline(never)]
fn counter_two_enum_labels(x: u64) -> u64 {
    let method = if x % 2 == 0 { Method::Get } else { Method::Put };
    let status = if x % 4 < 2 { Status::Ok } else { Status::Failed };
    BY_KIND.with((method, status)).inc();
    x
}

#[inline(never)]
fn counter_two_string_labels(x: u64) -> u64 {
    BY_ROUTE.with((black_box("/books/{id}"), black_box("north"))).inc();
    x
}

#[inline(never)]
fn gauge(x: u64) -> u64 {
    IN_FLIGHT.set(black_box(3.0));
    x
}

/// Observes values across all buckets.
#[inline(never)]
fn histogram(x: u64) -> u64 {
    DURATION.observe(black_box((x % 1_024) as f64 / 100.0));
    x
}

#[inline(never)]
fn traceparent_read(x: u64) -> u64 {
    let header = black_box("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    parse_traceparent(header).map_or(x, |parent| parent.span_id.to_u64())
}

#[inline(never)]
fn traceparent_written(x: u64) -> u64 {
    let trace_id = TraceId::new(u128::from(x) << 32 | 1).expect("not zero");
    let span_id = SpanId::new(x | 1).expect("not zero");
    let context = SpanContext { trace_id, span_id, trace_flags: 3, remote: false };
    u64::from(black_box(format_traceparent(black_box(&context)))[40])
}
