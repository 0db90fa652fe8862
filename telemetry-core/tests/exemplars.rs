//! Updates that are kept with the span they were made in.

use std::time::Duration;

use telemetry_core::metric::dynamic::Registry;
use telemetry_core::metric::exposition::Format;
use telemetry_core::metric::snapshot::Exemplar;
use telemetry_core::testing::Scope;
use telemetry_core::{Label, NeverSample, Span, SpanContext, metric, span};

#[derive(Clone, Copy, Label)]
enum Outcome {
    Hit,
    Miss,
}

metric! {
    /// Books looked up.
    static LOOKUPS: Counter = "exemplars_lookups_total";
    /// Books looked up, by shelf.
    static BY_SHELF: Counter = "exemplars_by_shelf_total" { shelf: str };
    /// Pages of books.
    static PAGES: Histogram = "exemplars_pages" { outcome: Outcome }, buckets = [10, 100];
    /// Pages of books, by shelf.
    static SHELF_PAGES: Histogram = "exemplars_shelf_pages" { shelf: str }, buckets = [10];
    /// Books out.
    static OUT: Gauge = "exemplars_books_out";
}

#[span]
fn look_up(scope: &Scope) -> SpanContext {
    LOOKUPS.add(3);
    scope.advance(Duration::from_millis(5));
    for pages in [5.0, 2.5, 20.0, 50.0, 1e9] {
        PAGES.with(Outcome::Miss).observe(pages);
        SHELF_PAGES.with("a").observe(pages);
    }
    BY_SHELF.with("a").inc();
    OUT.set(1.0);
    Span::current().context().unwrap()
}

/// The exemplars of each series of an instrument.
fn exemplars(scope: &Scope, name: &str) -> Vec<Vec<Exemplar>> {
    let snapshot = scope.metrics();
    let family = snapshot.families.iter().find(|family| family.name == name).unwrap();
    family.series.iter().map(|series| series.exemplars.clone()).collect()
}

fn values(exemplars: &[Exemplar]) -> Vec<f64> {
    exemplars.iter().map(|exemplar| exemplar.value).collect()
}

#[test]
fn updates_in_a_recorded_span_are_kept_with_it() {
    let scope = Scope::new();
    let context = look_up(&scope);
    let lookups = exemplars(&scope, "exemplars_lookups_total");
    let [exemplar] = lookups[0][..] else { panic!("{lookups:?}") };
    assert_eq!((exemplar.trace_id, exemplar.span_id), (context.trace_id, context.span_id));
    assert_eq!((exemplar.value, exemplar.time_unix_nanos), (3.0, 1_767_225_600_000_000_000));
    // The latest of each bucket, in the order of the buckets.
    let pages = exemplars(&scope, "exemplars_pages");
    assert_eq!((values(&pages[0]), values(&pages[1])), (vec![], vec![2.5, 50.0, 1e9]));
    assert_eq!(pages[1][0].time_unix_nanos, 1_767_225_600_005_000_000);
    assert_eq!(values(&exemplars(&scope, "exemplars_shelf_pages")[0]), [2.5, 1e9]);
    assert_eq!(values(&exemplars(&scope, "exemplars_by_shelf_total")[0]), [1.0]);
    assert_eq!(exemplars(&scope, "exemplars_books_out"), [[]]);
}

#[test]
fn open_metrics_shows_them_and_the_text_format_does_not() {
    let scope = Scope::new();
    let context = look_up(&scope);
    let metrics = scope.metrics();
    let labels = format!("{{trace_id=\"{}\",span_id=\"{}\"}}", context.trace_id, context.span_id);
    let text = metrics.text_in(Format::OpenMetrics);
    for line in [
        format!("exemplars_lookups_total 3 # {labels} 3.0 1767225600.000\n"),
        format!("exemplars_pages_bucket{{outcome=\"miss\",le=\"10.0\"}} 2 # {labels} 2.5 1767225600.005\n"),
        "exemplars_pages_bucket{outcome=\"hit\",le=\"10.0\"} 0\n".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    assert!(metrics.text().contains("exemplars_lookups_total 3\n"));
}

#[test]
fn without_a_recorded_span_nothing_is_kept() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    LOOKUPS.inc();
    #[span]
    fn unsampled() {
        LOOKUPS.inc();
        PAGES.with(Outcome::Hit).observe(1.0);
    }
    unsampled();
    assert_eq!(exemplars(&scope, "exemplars_lookups_total"), [[]]);
    assert_eq!(exemplars(&scope, "exemplars_pages"), [[], []]);
}

#[test]
fn instruments_made_at_run_time_have_them_too() {
    let scope = Scope::new();
    let registry = Registry::current();
    let jobs = registry.counter("exemplars_jobs_total", "Jobs.").labels(["queue"]).register().unwrap();
    let took = registry.histogram("exemplars_took", "Took.").buckets(&[1.0]).register().unwrap();
    let update = || {
        jobs.series(&["mail"]).unwrap().add(2);
        for value in [5.0, 0.25, 0.5] {
            took.observe(value);
        }
    };
    #[span]
    fn inside(update: impl Fn()) {
        update();
    }
    update();
    assert_eq!(exemplars(&scope, "exemplars_jobs_total"), [[]]);
    inside(update);
    assert_eq!(values(&exemplars(&scope, "exemplars_jobs_total")[0]), [2.0]);
    assert_eq!(values(&exemplars(&scope, "exemplars_took")[0]), [0.5, 5.0]);
}

#[test]
fn scopes_keep_their_own() {
    let outer = Scope::new();
    let kept = BY_SHELF.series("kept");
    let inner = Scope::new();
    #[span]
    fn update(series: metric::CounterSeries) {
        series.add(7);
    }
    update(kept);
    assert_eq!(values(&exemplars(&inner, "exemplars_by_shelf_total")[0]), [7.0]);
    drop(inner);
    assert_eq!(exemplars(&outer, "exemplars_by_shelf_total"), [[]]);
}
