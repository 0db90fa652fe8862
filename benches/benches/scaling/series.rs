//! The series of one instrument: what an update and an exposition cost.

use std::hint::black_box;
use std::time::Duration;

use benches::growth::{Bound, Column, Row};
use benches::statistics::median;
use telemetry_core::{Telemetry, metric};

use super::spent;

pub(crate) const ROW: Row = Row {
    name: "string-labelled series",
    sizes: &[1, 10, 100, 1_000, 10_000],
    columns: &[
        // One series stays in the first cache. Of 10,000, an update fetches five lines or more from the last one: the two
        // labels, the table's slot, the entry, its text and the cell.
        Column { title: "ns an update", bound: Bound::One(8.0) },
        Column { title: "exposition, µs", bound: Bound::Shown },
        // What an exposition does anyway falls on each of few series; the text of many leaves the second cache.
        Column { title: "exposition, ns a series", bound: Bound::One(4.0) },
    ],
    measure,
};

metric! {
    /// Requests, by route and tenant.
    static BY_ROUTE: Counter = "scaling_requests_total" { route: str, tenant: str }, limit = 10_000;
}

/// Updates in one round.
const UPDATES: usize = 100_000;
const ROUNDS: usize = 9;
const EXPOSITIONS: usize = 31;
/// From one update to the next: no series is near the one before, and all have their turn.
const STEP: usize = 7_919;

fn measure(series: usize) -> Vec<f64> {
    let telemetry =
        Telemetry::builder().drain_interval(Duration::from_secs(300)).start().expect("nothing runs yet");
    let labels: Vec<(String, String)> = (0..series)
        .map(|number| (format!("/books/{number}/pages"), format!("tenant-{}", number % 100)))
        .collect();
    let update = |updates: usize| {
        let mut at = 0;
        for _ in 0..updates {
            let (route, tenant) = &labels[at];
            BY_ROUTE.with((black_box(route.as_str()), black_box(tenant.as_str()))).inc();
            at = (at + STEP) % series;
        }
    };
    // Every series once, and then some.
    update(UPDATES);
    let wall = spent::wall();
    let updates = median((0..ROUNDS).map(|_| wall.nanos(|| update(UPDATES)) / UPDATES as f64));
    let expose = || {
        black_box(telemetry.metrics().text().len());
    };
    let exposition = median((0..EXPOSITIONS).map(|_| wall.nanos(expose)));
    let snapshot = telemetry.metrics();
    let lines = snapshot.text().lines().filter(|line| line.starts_with("scaling_requests_total{"));
    let total: usize = lines.clone().filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum();
    assert_eq!(
        (lines.count(), total),
        (series, (ROUNDS + 1) * UPDATES),
        "every update counted in its series"
    );
    vec![updates, exposition / 1_000.0, exposition / series as f64]
}
