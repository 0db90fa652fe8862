//! The manifest says of every instrument what its exposition shows, and before there is anything to show.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use telemetry_core::metric::dynamic::Registry;
use telemetry_core::metric::manifest::{Instrument, Manifest};
use telemetry_core::metric::snapshot::{MetricFamily, MetricKind, MetricValue};
use telemetry_core::metric::{OVERFLOW_LABEL, register_sampler};
use telemetry_core::sink::MemorySink;
use telemetry_core::{Label, Telemetry, metric};

#[derive(Clone, Copy, Label)]
enum Outcome {
    Hit,
    NotFound,
}

metric! {
    /// Books looked up, by outcome and shelf.
    static LOOKUPS: Counter = "manifest_lookups_total" { outcome: Outcome, shelf: str }, limit = 1;

    /// Time a book takes to be found.
    static FOUND: Histogram = "manifest_found_seconds", buckets = [0.5, 1.0];

    /// Books on loan.
    static ON_LOAN: Gauge = "manifest_on_loan" { outcome: Outcome };
}

fn instrument(manifest: &Manifest, name: &str) -> Instrument {
    manifest.instruments.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

#[test]
fn what_the_manifest_says_is_what_the_snapshot_shows() {
    let before = Manifest::current();

    let lookups = instrument(&before, "manifest_lookups_total");
    assert_eq!(
        (lookups.kind, &*lookups.help),
        (MetricKind::Counter, "Books looked up, by outcome and shelf.")
    );
    assert_eq!((&*lookups.labels[0].name, lookups.labels[0].values.len()), ("outcome", 2));
    assert_eq!(lookups.labels[0].values, ["hit", "not_found"]);
    assert_eq!((&*lookups.labels[1].name, lookups.labels[1].values.len()), ("shelf", 0));
    assert_eq!((&*lookups.crate_name, lookups.unit), ("telemetry-core", None));
    let found = instrument(&before, "manifest_found_seconds");
    assert_eq!((found.kind, found.unit.as_deref()), (MetricKind::Histogram, Some("seconds")));
    assert_eq!(found.bounds, [0.5, 1.0]);
    assert!(before.instruments.is_sorted_by(|one, other| one.name < other.name));

    // Everything gets a series: a sink, a sampler, a label set beyond its limit.
    let telemetry = Telemetry::builder().sink(MemorySink::new()).start().unwrap();
    let _sampler = register_sampler("manifest", || ON_LOAN.with(Outcome::Hit).set(1.0)).unwrap();
    LOOKUPS.with((Outcome::Hit, "north")).inc();
    LOOKUPS.with((Outcome::NotFound, "south")).inc();
    FOUND.observe(0.7);
    let jobs =
        Registry::current().histogram("manifest_job_bytes", "Sizes of jobs.").labels(["queue"]).register();
    jobs.unwrap().series(&["mail"]).unwrap().observe(3.0);
    telemetry.drain_now(Duration::from_secs(20)).unwrap();

    let snapshot = telemetry.metrics();
    let manifest = Manifest::current();
    let made = instrument(&manifest, "manifest_job_bytes");
    assert_eq!((made.unit.as_deref(), &*made.labels[0].name), (Some("bytes"), "queue"));
    let told: BTreeMap<&str, &Instrument> =
        manifest.instruments.iter().map(|one| (&*one.name, one)).collect();
    let shown: BTreeSet<&str> = snapshot.families.iter().map(|family| &*family.name).collect();
    assert_eq!(told.keys().copied().collect::<BTreeSet<_>>(), shown);
    for family in &snapshot.families {
        agree(told[&*family.name], family);
    }
    telemetry.shutdown(Duration::from_secs(20)).unwrap();
}

fn agree(told: &Instrument, shown: &MetricFamily) {
    assert_eq!((told.kind, &told.help, &told.unit), (shown.kind, &shown.help, &shown.unit), "{}", told.name);
    assert_eq!((&told.crate_name, &told.crate_version), (&shown.crate_name, &shown.crate_version));
    let names: Vec<_> = told.labels.iter().map(|label| &label.name).collect();
    let series = shown.series.first().unwrap_or_else(|| panic!("{} has no series", told.name));
    // Beside them stands the mark of the series that takes what is beyond the limit.
    let shown_names = series.labels.iter().map(|(name, _)| name).filter(|name| *name != OVERFLOW_LABEL.0);
    assert_eq!(names, shown_names.collect::<Vec<_>>(), "{}", told.name);
    if let MetricValue::Histogram { bounds, .. } = &series.value {
        assert_eq!(told.bounds[..], bounds[..], "{}", told.name);
    }
}

#[test]
fn as_json_it_has_exactly_the_documented_fields() {
    let json: serde_json::Value = serde_json::from_str(&Manifest::current().to_json()).unwrap();
    assert_eq!(json["schema"], 1);
    let metric = |name: &str| {
        let metrics = json["metrics"].as_array().unwrap();
        metrics.iter().find(|metric| metric["name"] == name).unwrap().clone()
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        metric("manifest_lookups_total"),
        serde_json::json!({
            "name": "manifest_lookups_total",
            "type": "counter",
            "help": "Books looked up, by outcome and shelf.",
            "unit": null,
            "labels": [{"name": "outcome", "values": ["hit", "not_found"]}, {"name": "shelf", "values": null}],
            "buckets": null,
            "scope": {"name": "telemetry-core", "version": version},
        })
    );
    assert_eq!(metric("manifest_found_seconds")["buckets"], serde_json::json!([0.5, 1.0]));
    assert_eq!(metric("manifest_found_seconds")["unit"], "seconds");
}
