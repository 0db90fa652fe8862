//! Base-2 exponential histograms: what is counted where, and how it shows.

use telemetry_core::metric;
use telemetry_core::metric::exposition::Format;
use telemetry_core::metric::snapshot::{ExponentialHistogram, MetricKind, MetricValue, MetricsSnapshot};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;

const SHORTEST: f64 = 0.3;

metric! {
    /// Time waited.
    static WAIT: Histogram = "test_wait_seconds" { queue: str }, base2 = SHORTEST..=4.0, scale = 1;

    /// Sizes, at the resolution there is by default.
    static SIZE: Histogram = "test_size_bytes", base2 = 1..=1_000_000;
}

fn exponential(metrics: &MetricsSnapshot, name: &str) -> ExponentialHistogram {
    let family = metrics.families.iter().find(|family| family.name == name).expect(name);
    assert_eq!(family.kind, MetricKind::Histogram);
    match &family.series[0].value {
        MetricValue::Exponential(histogram) => histogram.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_are_counted_in_the_bucket_whose_bound_is_not_below_them() {
    let scope = Scope::new();
    // The range is 0.25 to 4: 2^(-4/2) to 2^(4/2), in eight buckets.
    for value in [-1.0, 0.0, 0.25, 0.26, 0.35, 0.5, 0.51, 1.0, 1.4, 1.5, 4.0, 4.1, 1e9] {
        WAIT.with("mail").observe(value);
    }
    let metrics = scope.metrics();
    let wait = exponential(&metrics, "test_wait_seconds");
    assert_eq!((wait.scale, wait.offset, wait.zero_count, wait.zero_threshold), (1, -4, 3, 0.25));
    // The bounds: 0.354, 0.5, 0.707, 1, 1.41, 2, 2.83, 4, and what is above.
    assert_eq!(wait.counts, [2, 1, 1, 1, 1, 1, 0, 1, 2]);
    assert_eq!(wait.count(), 13);
    scope.assert_metric_value("test_wait_seconds_count", &[("queue", "mail")], 13);
}

#[test]
fn texts_have_a_bucket_for_each_power_of_two() {
    let scope = Scope::new();
    WAIT.with("mail").observe(0.26);
    WAIT.with("mail").observe(3.0);
    WAIT.with("mail").observe(9.0);
    let lines = |format: Format| -> Vec<String> {
        let metrics = scope.metrics();
        let text = metrics.text_in(format).lines();
        text.filter(|line| line.contains("test_wait_seconds")).map(str::to_owned).collect()
    };
    assert_eq!(
        lines(Format::Text),
        [
            "# HELP test_wait_seconds Time waited.",
            "# TYPE test_wait_seconds histogram",
            "test_wait_seconds_bucket{queue=\"mail\",le=\"0.25\"} 0",
            "test_wait_seconds_bucket{queue=\"mail\",le=\"0.5\"} 1",
            "test_wait_seconds_bucket{queue=\"mail\",le=\"1\"} 1",
            "test_wait_seconds_bucket{queue=\"mail\",le=\"2\"} 1",
            "test_wait_seconds_bucket{queue=\"mail\",le=\"4\"} 2",
            "test_wait_seconds_bucket{queue=\"mail\",le=\"+Inf\"} 3",
            "test_wait_seconds_sum{queue=\"mail\"} 12.26",
            "test_wait_seconds_count{queue=\"mail\"} 3",
        ]
    );
    assert!(
        lines(Format::OpenMetrics)
            .contains(&"test_wait_seconds_bucket{queue=\"mail\",le=\"1.0\"} 1".to_owned())
    );
}

#[test]
fn every_value_is_within_the_resolution_of_its_bucket() {
    let scope = Scope::new();
    let mut value = 1.0;
    let mut values = Vec::new();
    while value < 1e6 {
        SIZE.observe(value);
        values.push(value);
        value *= 1.037;
    }
    let size = exponential(&scope.metrics(), "test_size_bytes");
    let (bounds, counts) = size.explicit();
    assert_eq!((size.scale, bounds.len()), (3, 20 * 8 + 1));
    assert!(bounds.windows(2).all(|pair| (1.09..1.091).contains(&(pair[1] / pair[0]))));
    let mut seen = 0;
    for (bound, count) in bounds.iter().zip(&counts) {
        seen += count;
        assert_eq!(seen, values.iter().filter(|value| *value <= bound).count() as u64, "up to {bound}");
    }
    let sent = size.at_most(160);
    assert_eq!((sent.scale, sent.count()), (3, values.len() as u64));
}

#[test]
fn it_shows_at_zero_before_its_first_use() {
    let scope = Scope::new();
    assert_eq!(exponential(&scope.metrics(), "test_size_bytes").count(), 0);
    assert!(scope.metrics().text().contains("\ntest_size_bytes_bucket{le=\"1.048576e+06\"} 0\n"));
}
