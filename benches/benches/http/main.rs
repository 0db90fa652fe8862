//! What the HTTP layer costs a request: span, metrics and propagation together, over a bare axum router, in process.
//!
//! `cargo bench -p benches --bench http` prints each case and what it adds. What axum puts into boxes around any layer,
//! and around the body of one that has its own, are cases of their own.

mod layers;
mod service;

use std::time::{Duration, Instant};

use axum::Router;
use benches::statistics::median;
use benches::table::Table;
use layers::{Nothing, OtherBody};
use service::{Prototype, router, serve};
use telemetry_core::{AlwaysSample, NeverSample, Telemetry, disable, enable};
use telemetry_http::TelemetryLayer;

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
    let case = |name, prepare, router: Router| Case::new(name, prepare, &router);
    let layered = || router().layer(TelemetryLayer::new());
    let enabled = || enable();
    let disabled = || disable();
    let unsampled = || (enable(), telemetry.set_sampler(NeverSample)).1;
    let sampled = || (enable(), telemetry.set_sampler(AlwaysSample)).1;
    let mut cases: [Case<'_>; 6] = [
        case("bare router", &enabled, router()),
        case("a layer that does nothing", &enabled, router().layer(Nothing)),
        case("a layer with a body of its own", &enabled, router().layer(OtherBody)),
        case("disabled", &disabled, layered()),
        case("unsampled", &unsampled, layered()),
        case("sampled", &sampled, layered()),
    ];
    let prototype = Prototype::new();
    // The cases take turns, so that a slow minute of the machine falls on all.
    for _ in 0..bursts {
        for case in &mut cases {
            (case.prepare)();
            for (router, times) in &mut case.routers {
                let mut service = router.clone();
                (0..BURST / 10).for_each(|_| serve(&mut service, prototype.request()));
                let begin = Instant::now();
                (0..BURST).for_each(|_| serve(&mut service, prototype.request()));
                times.push(begin.elapsed().as_nanos() as f64 / BURST as f64);
                telemetry.drain_now(Duration::from_secs(10)).expect("nothing hinders the drain");
            }
        }
    }
    assert_eq!(telemetry.accounting().dropped(), 0, "the figures count only spans that were recorded");
    let mut table =
        Table::new(["case", "ns a request", "more than bare", "as it is served", "more than that bare"]);
    let median = |case: &Case<'_>| case.routers.each_ref().map(|(_, times)| median(times.iter().copied()));
    let [bare, served_bare] = median(&cases[0]);
    for case in &cases {
        let [time, served] = median(case);
        let more = [time, time - bare, served, served - served_bare].map(|time| format!("{time:.0}"));
        table.row([case.name.to_owned()].into_iter().chain(more).collect::<Vec<_>>());
    }
    println!("{table}");
}

/// Requests to one router.
struct Case<'a> {
    name: &'static str,
    prepare: &'a dyn Fn(),
    /// The router as it was made, and as `axum::serve` serves it, which puts the services of all routes together once and
    /// not for every request; and how long requests took.
    routers: [(Router, Vec<f64>); 2],
}

impl<'a> Case<'a> {
    fn new(name: &'static str, prepare: &'a dyn Fn(), router: &Router) -> Self {
        let served = router.clone().with_state(());
        Self { name, prepare, routers: [router.clone(), served].map(|router| (router, Vec::new())) }
    }
}
