//! A collector over gRPC that fails in every way, and how often it is asked.

mod support;

use std::time::{Duration, Instant};

use support::grpc::{Collector, Reply};
use support::{by_reason, export, hasty, lost, snapshot, spans};
use telemetry_core::metric::snapshot::{MetricFamily, MetricKind, MetricSeries, MetricValue};
use telemetry_core::sink::Sink;
use telemetry_otlp::{OtlpBuilder, Protocol};

fn to(collector: &Collector) -> OtlpBuilder {
    hasty(&collector.endpoint()).protocol(Protocol::Grpc).timeout(Duration::from_secs(2))
}

/// Sends spans to a collector with a script; gives the attempts, the losses by reason, and what the sink says.
fn run(count: u64, script: &[Reply]) -> (usize, [u64; 3], String) {
    let collector = Collector::start(script);
    let losses = export(&mut to(&collector).build().unwrap(), &spans(count));
    (collector.calls().len(), by_reason(&losses), losses.to_string())
}

const TAKEN: Reply = Reply::Message(Vec::new());

const fn code(code: u8) -> Reply {
    Reply::Code(code, None)
}

#[test]
fn codes_that_may_be_tried_again_are() {
    for again in [1, 4, 10, 11, 14, 15] {
        let (attempts, lost, said) = run(5, &[code(again), code(again), code(again), TAKEN]);
        assert_eq!((attempts, lost), (4, [0, 0, 0]), "{again}: {said}");
    }
}

#[test]
fn all_other_codes_are_refused_for_good() {
    for refused in [2, 3, 5, 6, 7, 8, 9, 12, 13, 16] {
        let (attempts, lost, said) = run(7, &[code(refused), TAKEN]);
        assert_eq!((attempts, lost), (1, [7, 0, 0]), "{refused}");
        assert!(said.contains("not now"), "{said}");
    }
}

/// A `google.rpc.Status` with a `RetryInfo` of 300 ms, in base64.
fn retry_info() -> String {
    use base64::Engine;

    let name = b"type.googleapis.com/google.rpc.RetryInfo";
    // Duration.nanos = 300,000,000.
    let duration = [0x10, 0x80, 0xc6, 0x86, 0x8f, 0x01];
    let info = [&[0x0a, duration.len() as u8][..], &duration].concat();
    let any = [&[0x0a, name.len() as u8][..], name, &[0x12, info.len() as u8], &info].concat();
    let status = [&[0x08, 8, 0x1a, any.len() as u8][..], &any].concat();
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(status)
}

#[test]
fn an_exhausted_collector_is_asked_again_only_when_it_says_when() {
    let began = Instant::now();
    let (attempts, lost, said) = run(3, &[Reply::Code(8, Some(retry_info())), TAKEN]);
    assert_eq!((attempts, lost), (2, [0, 0, 0]), "{said}");
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    assert_eq!(run(3, &[code(8), TAKEN]).0, 1);
}

#[test]
fn the_time_it_names_is_waited_for_with_other_codes_too() {
    let began = Instant::now();
    let (attempts, lost, said) = run(3, &[Reply::Code(14, Some(retry_info())), TAKEN]);
    assert_eq!((attempts, lost), (2, [0, 0, 0]), "{said}");
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[test]
fn connections_that_fail_are_made_again() {
    for failure in [Reply::Cut, Reply::Stall, Reply::Http(503), Reply::Http(429)] {
        let (attempts, lost, said) = run(5, &[failure.clone(), failure.clone(), TAKEN]);
        assert_eq!((attempts, lost), (3, [0, 0, 0]), "{failure:?}: {said}");
    }
    for refused in [400, 401, 404] {
        let (attempts, lost, said) = run(5, &[Reply::Http(refused), TAKEN]);
        assert_eq!((attempts, lost), (1, [5, 0, 0]), "{refused}: {said}");
    }
}

#[test]
fn what_is_no_http_2_at_all_is_tried_until_the_time_is_over() {
    let collector = support::http::Collector::start([support::http::Reply::Garbage]);
    let mut sink = hasty(&collector.endpoint())
        .protocol(Protocol::Grpc)
        .timeout(Duration::from_millis(200))
        .retry_time(Duration::from_millis(300))
        .build()
        .unwrap();
    let losses = export(&mut sink, &spans(2));
    assert_eq!(by_reason(&losses), [0, 2, 0], "{losses}");
}

#[test]
fn a_partial_success_is_counted_and_never_sent_again() {
    let message = [&[0x0a, 0x14, 0x08, 0x04, 0x12, 0x10][..], b"four are too old"].concat();
    let (attempts, lost, said) = run(10, &[Reply::Message(message)]);
    assert_eq!((attempts, lost), (1, [4, 0, 0]));
    assert!(said.contains("four are too old"), "{said}");
}

#[test]
fn calls_carry_metadata_and_may_be_compressed() {
    let collector = Collector::start([TAKEN]);
    let mut sink = to(&collector).header("X-Token", "a b").build().unwrap();
    export(&mut sink, &spans(50));
    let series = vec![MetricSeries::new(vec![], MetricValue::Counter(1))];
    let family = MetricFamily {
        name: "sales_total".into(),
        help: "Sales.".into(),
        unit: None,
        kind: MetricKind::Counter,
        crate_name: "books".into(),
        crate_version: "1".into(),
        series,
    };
    assert_eq!(lost(sink.export_metrics(&snapshot(family).into())).total(), 0);
    export(&mut to(&collector).gzip().build().unwrap(), &spans(50));
    let calls = collector.calls();
    let paths: Vec<_> = calls.iter().map(|call| call.path.as_str()).collect();
    let traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let metrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    assert_eq!(paths, [traces, metrics, traces]);
    assert_eq!(calls[0].headers["x-token"], "a b");
    assert_eq!(calls[0].headers["te"], "trailers");
    assert!(calls[0].headers["user-agent"].to_str().unwrap().starts_with("OTel-OTLP-Exporter-Rust/"));
    assert_eq!([&calls[0], &calls[2]].map(|call| call.compressed), [false, true]);
    assert_eq!(calls[2].headers["grpc-encoding"], "gzip");
    // Names aside, identifiers and times differ between the batches; their number of bytes does not.
    assert_eq!(calls[0].message.len(), calls[2].message.len());
}

#[test]
fn it_works_inside_a_runtime_and_is_dropped_there() {
    let collector = Collector::start([TAKEN]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut sink = to(&collector).build().unwrap();
        // The drain calls a sink on a thread of its own; it may well be dropped in a runtime.
        let losses =
            std::thread::scope(|threads| threads.spawn(|| export(&mut sink, &spans(4))).join().unwrap());
        assert_eq!(losses.total(), 0);
        drop(sink);
    });
    assert_eq!(collector.calls().len(), 1);
}
