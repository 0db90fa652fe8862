//! Whole pipelines over collectors with a script: how often each is asked, and where every span went.

mod support;

use std::time::Duration;

use support::{AMPLE, grpc, http};
use telemetry_core::drain::SinkFigures;
use telemetry_core::{Telemetry, span};
use telemetry_otlp::{OtlpSink, Protocol};

/// Spans in a request, and requests in a run.
const BATCH: u64 = 10;
const BATCHES: u64 = 4;

#[span]
fn work() {}

/// What a script leads to: attempts, and spans refused and given up.
type Outcome = (usize, u64, u64);

/// Runs the pipeline of the process over a collector, and looks at the accounting on both sides of the sink.
fn run(endpoint: &str, protocol: Protocol, metrics: &str, retry_time: Duration) -> SinkFigures {
    let sink = OtlpSink::builder()
        .endpoint(endpoint)
        .set("OTLP_METRICS_ENDPOINT", metrics)
        .set("OTLP_METRICS_PROTOCOL", "http/json")
        .set("OTLP_MAX_BATCH_SPANS", BATCH as usize)
        .set("OTLP_TRACES_TIMEOUT", Duration::from_millis(500))
        .protocol(protocol)
        .retry_waits(Duration::from_millis(1), Duration::from_millis(5))
        .retry_time(retry_time)
        .build()
        .unwrap();
    let telemetry = Telemetry::builder().drain_interval(Duration::from_secs(300)).sink(sink).start().unwrap();
    let before = telemetry.accounting();
    (0..BATCH * BATCHES).for_each(|_| work());
    // What is refused and given up is reported; here it is counted.
    let _ = telemetry.flush(AMPLE);
    let _ = telemetry.shutdown(AMPLE);
    let after = telemetry.accounting();
    let figures = telemetry.sinks().remove(0);
    assert_eq!(after.started - before.started, BATCH * BATCHES);
    assert_eq!(after.started, after.taken + after.in_flight + after.dropped(), "{after:?}");
    assert_eq!(after.in_flight, 0);
    assert_eq!(figures.taken, after.taken - before.taken, "{figures:?}");
    assert_eq!(figures.taken, figures.delivered + figures.dropped_total() + figures.queued, "{figures:?}");
    figures
}

fn check(case: &str, attempts: usize, figures: &SinkFigures, expected: Outcome) {
    let of = |reason| figures.dropped_by_reason().find(|(known, _)| *known == reason).unwrap().1;
    let (refused, given_up) = (of("refused"), of("given_up"));
    assert_eq!((attempts, refused, given_up), expected, "{case}: {figures:?}");
    assert_eq!(figures.delivered, BATCH * BATCHES - refused - given_up, "{case}: {figures:?}");
}

/// A script for the first request; those after it are taken.
fn over_http() -> Vec<(&'static str, Vec<http::Reply>, Outcome)> {
    use http::Reply;

    let partial = |rejected| {
        Reply::body(
            200,
            "application/json",
            format!(r#"{{"partialSuccess":{{"rejectedSpans":"{rejected}"}}}}"#),
        )
    };
    let again = |status| vec![Reply::status(status); 3];
    vec![
        ("taken", vec![], (4, 0, 0)),
        ("429", again(429), (7, 0, 0)),
        ("429 with Retry-After", vec![Reply::retry_after(429, "0")], (5, 0, 0)),
        ("502", again(502), (7, 0, 0)),
        ("503", again(503), (7, 0, 0)),
        ("504", again(504), (7, 0, 0)),
        ("400", vec![Reply::status(400)], (4, 10, 0)),
        ("400, 413 and 500", vec![Reply::status(400), Reply::status(413), Reply::status(500)], (4, 30, 0)),
        ("a part of two", vec![partial(3), partial(10)], (4, 13, 0)),
        ("cut", vec![Reply::Cut, Reply::CutInHead], (6, 0, 0)),
        ("garbage", vec![Reply::Garbage, Reply::Garbage], (6, 0, 0)),
        ("stalled", vec![Reply::Stall], (5, 0, 0)),
        (
            "all of it",
            vec![
                Reply::Cut,
                Reply::status(503),
                partial(1),
                Reply::status(400),
                Reply::Stall,
                Reply::status(200),
            ],
            (7, 11, 0),
        ),
    ]
}

fn over_grpc() -> Vec<(&'static str, Vec<grpc::Reply>, Outcome)> {
    use grpc::Reply;

    // partial_success.rejected_spans, a number of one byte.
    let partial = |rejected: u8| Reply::Message(vec![0x0a, 0x02, 0x08, rejected]);
    let code = |code| Reply::Code(code, None);
    vec![
        ("taken", vec![], (4, 0, 0)),
        ("UNAVAILABLE", vec![code(14); 3], (7, 0, 0)),
        ("RESOURCE_EXHAUSTED without a time", vec![code(8)], (4, 10, 0)),
        ("INVALID_ARGUMENT", vec![code(3)], (4, 10, 0)),
        ("a part of two", vec![partial(3), partial(10)], (4, 13, 0)),
        ("503 of a proxy", vec![Reply::Http(503)], (5, 0, 0)),
        ("400 of a proxy", vec![Reply::Http(400)], (4, 10, 0)),
        ("cut", vec![Reply::Cut, Reply::Cut], (6, 0, 0)),
        ("stalled", vec![Reply::Stall], (5, 0, 0)),
        (
            "all of it",
            vec![Reply::Cut, code(14), partial(1), code(3), Reply::Stall, Reply::Message(vec![])],
            (7, 11, 0),
        ),
    ]
}

// One after the other: the pipeline is the process's own.
#[test]
fn the_number_of_attempts_and_the_fate_of_every_span_follow_the_script() {
    // Of its own, so that each script is for the spans alone.
    let metrics = http::Collector::start([http::Reply::status(200)]).endpoint();
    let play = |case, script: Vec<http::Reply>, expected, retry_time| {
        let collector = http::Collector::start(script);
        let figures = run(&collector.endpoint(), Protocol::HttpJson, &metrics, retry_time);
        check(case, collector.requests().len(), &figures, expected);
    };
    for (case, mut script, expected) in over_http() {
        script.push(http::Reply::status(200));
        play(case, script, expected, AMPLE);
    }
    // Those that come meanwhile wait, for as long as a request is tried.
    let hour = vec![http::Reply::retry_after(429, "3600"), http::Reply::status(200)];
    play("429 that asks for an hour", hour, (1, 0, 40), Duration::from_millis(50));
    for (case, mut script, expected) in over_grpc() {
        script.push(grpc::Reply::Message(Vec::new()));
        let collector = grpc::Collector::start(script);
        let figures = run(&collector.endpoint(), Protocol::Grpc, &metrics, AMPLE);
        check(case, collector.calls().len(), &figures, expected);
    }
}
