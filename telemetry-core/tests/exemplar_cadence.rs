//! How often the process looks for exemplars: in a program of its own, since every reading of the metrics counts.

use std::sync::Arc;
use std::time::Duration;

use telemetry_core::metric::snapshot::{MetricSeries, MetricValue};
use telemetry_core::{AlwaysSample, Telemetry, metric, span};

metric! {
    /// Books looked up.
    static LOOKUPS: Counter = "cadence_lookups_total";
}

/// The updates that look, after each reading.
const ATTEMPTS: u64 = 64;

#[span]
fn look_up() {
    LOOKUPS.inc();
}

fn lookups(telemetry: &Telemetry) -> MetricSeries {
    let metrics = telemetry.metrics();
    let mut families = Arc::try_unwrap(metrics).unwrap().families.into_iter();
    families.find(|family| family.name == "cadence_lookups_total").unwrap().series.remove(0)
}

#[test]
fn after_each_reading_some_updates_look_for_an_exemplar_and_the_others_do_not() {
    let telemetry = Telemetry::builder()
        .drain_interval(Duration::from_secs(300))
        .sampler(AlwaysSample)
        .start()
        .expect("nothing runs yet");
    let mut total = 0;
    let mut outside = |updates| {
        (0..updates).for_each(|_| LOOKUPS.inc());
        total += updates;
    };
    // From the start on.
    outside(ATTEMPTS - 1);
    look_up();
    let early = lookups(&telemetry);
    assert_eq!(early.exemplars.len(), 1);
    // Those that look have been outside of any span.
    outside(2 * ATTEMPTS);
    look_up();
    assert_eq!(lookups(&telemetry).exemplars, early.exemplars);
    look_up();
    let late = lookups(&telemetry);
    assert!(late.exemplars.len() == 1 && late.exemplars != early.exemplars, "{late:?}");
    outside(0);
    assert_eq!(late.value, MetricValue::Counter(total + 3));
}
