//! A sampler that never returns costs nobody else anything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use telemetry_core::metric::register_sampler;
use telemetry_core::metric::snapshot::{MetricValue, MetricsSnapshot};
use telemetry_core::sink::{MemorySink, PrometheusSink};
use telemetry_core::{AlwaysSample, Telemetry, metric, trace};

/// Long enough never to be reached by a test that passes.
const PATIENCE: Duration = Duration::from_secs(60);

metric! {
    /// How often the good sampler has run.
    static RUNS: Gauge = "stuck_sampler_runs";
}

#[trace]
fn work() {}

fn runs(metrics: &MetricsSnapshot) -> MetricValue {
    let family = metrics.families.iter().find(|family| family.name == "stuck_sampler_runs").unwrap();
    family.series[0].value.clone()
}

#[test]
fn a_stuck_sampler_keeps_neither_spans_nor_metrics_back() {
    let memory = MemorySink::new();
    let prometheus = PrometheusSink::new();
    let telemetry = Telemetry::builder()
        .sampler(AlwaysSample)
        .drain_interval(Duration::from_secs(300))
        .sink(memory.clone())
        .sink(prometheus.clone())
        .start()
        .unwrap();
    let (release, released) = mpsc::channel::<()>();
    let _stuck = register_sampler("stuck", move || {
        let _ = released.recv();
    })
    .unwrap();
    let count = AtomicU64::new(0);
    let _good = register_sampler("good", move || {
        RUNS.set((count.fetch_add(1, Ordering::Relaxed) + 1) as f64);
    })
    .unwrap();

    work();
    telemetry.drain_now(PATIENCE).unwrap();
    assert_eq!(memory.spans().len(), 1);
    assert!(prometheus.text().contains("stuck_sampler_runs 1\n"), "{}", prometheus.text());
    telemetry.drain_now(PATIENCE).unwrap();
    assert!(prometheus.text().contains("stuck_sampler_runs 2\n"), "{}", prometheus.text());
    assert!(matches!(runs(&telemetry.metrics()), MetricValue::Gauge(runs) if runs >= 2.0));

    work();
    telemetry.shutdown(PATIENCE).unwrap();
    assert_eq!(memory.spans().len(), 2);
    drop(release);
}
