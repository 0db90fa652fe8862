//! By which clock requests are measured: that of their spans.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use telemetry_core::sink::MemorySink;
use telemetry_core::testing::Scope;
use telemetry_core::{AlwaysSample, Telemetry};
use telemetry_http::TelemetryLayer;
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

/// Sends a request that does `work`, and takes the whole response.
fn serve(work: impl Fn()) {
    let mut service = TelemetryLayer::new().layer(Answer(|_| {
        work();
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("done"))))
    }));
    let request = Request::new(Full::<Bytes>::default());
    let served = pin!(async { service.call(request).await.unwrap().into_body().collect().await });
    let Poll::Ready(Ok(_)) = served.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("nothing here waits")
    };
}

/// The sum of all durations, in seconds.
fn seconds(text: &str) -> f64 {
    let sum = text.lines().find_map(|line| line.strip_prefix("http_request_duration_seconds_sum"));
    sum.and_then(|line| line.split(' ').next_back()).and_then(|sum| sum.parse().ok()).expect(text)
}

/// One test: both parts change the gates of the process.
#[test]
fn a_request_takes_as_long_as_its_span() {
    let scope = Scope::new();
    serve(|| scope.advance(Duration::from_millis(1_500)));
    assert_eq!(seconds(scope.metrics().text()).to_bits(), 1.5_f64.to_bits());
    drop(scope);

    let patience = Duration::from_secs(20);
    let memory = MemorySink::new();
    let telemetry = Telemetry::builder().sampler(AlwaysSample).sink(memory.clone()).start().unwrap();
    // From the first round of the drain on the rate of the clock is known.
    telemetry.drain_now(patience).unwrap();
    serve(|| ());
    telemetry.drain_now(patience).unwrap();
    let spans = memory.spans();
    let (span, measured) = (spans[0].duration_nanos as f64 / 1e9, seconds(telemetry.metrics().text()));
    let clock = std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    if cfg!(target_arch = "x86_64") && clock.is_ok_and(|clock| clock.trim() == "tsc") {
        assert!((span - measured).abs() < 2e-9, "one reading serves both: {span} and {measured}");
    } else {
        assert!((span - measured).abs() < 1e-3, "{span} and {measured}");
    }
}
