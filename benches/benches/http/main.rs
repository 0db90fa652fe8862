//! What the HTTP layer costs a request: span, metrics and propagation together, over a bare axum router, in process.
//!
//! `cargo bench -p benches --bench http` prints each case and what it adds. The layer's own boxing, which any tower layer
//! pays in axum, is a case of its own.

mod service;

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use benches::statistics::median;
use benches::table::Table;
use http::Request;
use service::{Prototype, router, serve};
use telemetry_core::{AlwaysSample, NeverSample, Telemetry, disable, enable};
use telemetry_http::TelemetryLayer;
use tower_layer::Layer;
use tower_service::Service;

/// Requests between two drains.
const BURST: usize = 2_000;
/// Bursts of each case.
const BURSTS: usize = 200;

fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let bursts = if test { 2 } else { BURSTS };
    let telemetry = Telemetry::builder()
        .sampler(AlwaysSample)
        .drain_interval(Duration::from_secs(300))
        .start()
        .expect("nothing runs yet");
    let (bare, boxed, layered) = (router(), router().layer(Nothing), router().layer(TelemetryLayer::new()));
    let prototype = Prototype::new();
    let mut cases: [(&str, &dyn Fn(), &Router, Vec<f64>); 5] = [
        ("bare router", &|| enable(), &bare, Vec::new()),
        ("a layer that does nothing", &|| enable(), &boxed, Vec::new()),
        ("disabled", &|| disable(), &layered, Vec::new()),
        ("unsampled", &|| (enable(), telemetry.set_sampler(NeverSample)).1, &layered, Vec::new()),
        ("sampled", &|| (enable(), telemetry.set_sampler(AlwaysSample)).1, &layered, Vec::new()),
    ];
    // The cases take turns, so that a slow minute of the machine falls on all.
    for _ in 0..bursts {
        for (_, prepare, router, times) in &mut cases {
            prepare();
            let mut service = router.clone();
            (0..BURST / 10).for_each(|_| serve(&mut service, prototype.request()));
            let begin = Instant::now();
            (0..BURST).for_each(|_| serve(&mut service, prototype.request()));
            times.push(begin.elapsed().as_nanos() as f64 / BURST as f64);
            telemetry.drain_now(Duration::from_secs(10)).expect("nothing hinders the drain");
        }
    }
    assert_eq!(telemetry.accounting().dropped(), 0, "the figures count only spans that were recorded");
    let mut table = Table::new(["case", "ns a request", "more than bare"]);
    let bare = median(cases[0].3.iter().copied());
    for (name, _, _, times) in &cases {
        let time = median(times.iter().copied());
        table.row([(*name).to_owned(), format!("{time:.0}"), format!("{:.0}", time - bare)]);
    }
    println!("{table}");
}

/// A layer that passes everything on.
#[derive(Clone, Copy)]
struct Nothing;

impl<S> Layer<S> for Nothing {
    type Service = Passing<S>;

    fn layer(&self, inner: S) -> Passing<S> {
        Passing(inner)
    }
}

#[derive(Clone)]
struct Passing<S>(S);

impl<S: Service<Request<Body>>> Service<Request<Body>> for Passing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        self.0.call(request)
    }
}
