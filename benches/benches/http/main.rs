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
    let (bare, layered) = (router(), router().layer(TelemetryLayer::new()));
    let (boxed, wrapped) = (router().layer(Nothing), router().layer(OtherBody));
    let prototype = Prototype::new();
    let mut cases: [(&str, &dyn Fn(), &Router, Vec<f64>); 6] = [
        ("bare router", &|| enable(), &bare, Vec::new()),
        ("a layer that does nothing", &|| enable(), &boxed, Vec::new()),
        ("a layer with a body of its own", &|| enable(), &wrapped, Vec::new()),
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
