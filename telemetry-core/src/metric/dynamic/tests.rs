//! Instruments made at run time.

use std::sync::Arc;
use std::thread;

use super::*;
use crate::__private::metric::counter;
use crate::metric::Counter;
use crate::metric::exposition::Format;
use crate::metric::instrument::Declared;
use crate::metric::snapshot::{MetricFamily, MetricKind, MetricValue};
use crate::metric::store::GLOBAL;
use crate::testing::Scope;

fn samples(registry: &Registry) -> Vec<String> {
    let snapshot = registry.snapshot();
    snapshot.text().lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn an_observed_counter_is_what_its_total_has_grown_by() {
    let registry = Registry::new();
    let busy = registry.observed("busy_seconds_total", "Busy.").register().unwrap();
    let shown = |total: f64| {
        busy.set_total(total);
        samples(&registry).remove(0)
    };
    assert_eq!(samples(&registry), ["busy_seconds_total 0"]);
    assert_eq!(shown(0.1), "busy_seconds_total 0.1");
    // Said, not added up: no rounding error grows.
    assert_eq!(shown(0.3), "busy_seconds_total 0.3");
    assert_eq!(shown(0.3), "busy_seconds_total 0.3");
    // It has started anew, twice.
    assert_eq!(shown(0.2), "busy_seconds_total 0.5");
    assert_eq!(shown(0.0), "busy_seconds_total 0.5");
    assert_eq!(shown(1.5), "busy_seconds_total 2");
    for refused in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(shown(refused), "busy_seconds_total 2");
    }
    let open_metrics = registry.snapshot().text_in(Format::OpenMetrics).to_owned();
    assert_eq!(
        open_metrics,
        "# TYPE busy_seconds counter\n# UNIT busy_seconds seconds\n# HELP busy_seconds Busy.\n\
         busy_seconds_total 2.0\n# EOF\n"
    );
    let error = registry.observed("busy_seconds", "Busy.").register().unwrap_err();
    assert!(matches!(error, RegisterError::CounterWithoutTotal { .. }), "{error}");
}

#[test]
fn an_observed_counter_never_falls_while_threads_say_its_total() {
    let registry = Registry::new();
    let busy = registry.observed("busy_seconds_total", "Busy.").register().unwrap();
    let read = || match registry.snapshot().families[0].series[0].value {
        MetricValue::RealCounter(total) => total,
        ref other => panic!("{other:?}"),
    };
    thread::scope(|threads| {
        for offset in [0.0, 0.25] {
            let busy = busy.clone();
            threads.spawn(move || (0..10_000).for_each(|total| busy.set_total(f64::from(total) + offset)));
        }
        let mut before = 0.0;
        for _ in 0..10_000 {
            let now = read();
            assert!(now >= before, "{now} after {before}");
            before = now;
        }
    });
    assert!(read() >= 9_999.0);
}

#[test]
fn observed_totals_that_are_refused_are_counted_and_nothing_is_when_disabled() {
    let scope = Scope::new();
    let busy = Registry::current().observed("busy_seconds_total", "Busy.").register().unwrap();
    busy.set_total(2.5);
    busy.set_total(-1.0);
    scope.disable();
    busy.set_total(4.0);
    busy.set_total(-1.0);
    let text = scope.metrics().text().to_owned();
    assert!(text.contains("\nbusy_seconds_total 2.5\n"), "{text}");
    assert!(text.contains("\ntelemetry_metric_refused_total 1\n"), "{text}");
}

#[test]
fn every_kind_counts_and_shows() {
    let registry = Registry::new();
    let jobs = registry.counter("jobs_total", "Jobs.").register().unwrap();
    let depth = registry.gauge("depth", "Depth.").labels(["queue"]).register().unwrap();
    let took = registry.histogram("took_seconds", "Took.").buckets(&[0.5, 1.0]).register().unwrap();
    assert_eq!(
        samples(&registry),
        [
            "jobs_total 0",
            "took_seconds_bucket{le=\"0.5\"} 0",
            "took_seconds_bucket{le=\"1\"} 0",
            "took_seconds_bucket{le=\"+Inf\"} 0",
            "took_seconds_sum 0",
            "took_seconds_count 0",
        ]
    );
    jobs.inc();
    jobs.add(2);
    let mail = depth.series(&["mail"]).unwrap();
    mail.set(5.0);
    mail.inc();
    depth.series(&["mail"]).unwrap().add(-2.5);
    depth.series(&["in \"box\""]).unwrap().dec();
    for value in [0.5, 0.75, 3.0, f64::NAN] {
        took.observe(value);
    }
    took.observe_duration(std::time::Duration::from_millis(250));
    assert_eq!(
        samples(&registry),
        [
            "depth{queue=\"in \\\"box\\\"\"} -1",
            "depth{queue=\"mail\"} 3.5",
            "jobs_total 3",
            "took_seconds_bucket{le=\"0.5\"} 2",
            "took_seconds_bucket{le=\"1\"} 3",
            "took_seconds_bucket{le=\"+Inf\"} 4",
            "took_seconds_sum 4.5",
            "took_seconds_count 4",
        ]
    );
}

#[test]
fn a_removed_series_is_seen_no_more_and_freed_with_its_last_handle() {
    let registry = Registry::new();
    let jobs = registry.counter("jobs_total", "Jobs.").labels(["queue"]).register().unwrap();
    let mail = jobs.series(&["mail"]).unwrap();
    mail.add(5);
    jobs.series(&["print"]).unwrap().inc();
    assert_eq!(jobs.remove(&["mail"]), Ok(true));
    assert_eq!(jobs.remove(&["mail"]), Ok(false));
    mail.inc();
    assert_eq!(samples(&registry), ["jobs_total{queue=\"print\"} 1"]);
    // What comes later begins anew, and the old handle does not reach it.
    let again = jobs.series(&["mail"]).unwrap();
    again.inc();
    mail.add(100);
    assert_eq!(samples(&registry), ["jobs_total{queue=\"mail\"} 1", "jobs_total{queue=\"print\"} 1"]);
    let memory = Arc::downgrade(&mail.entry);
    let other = mail.clone();
    drop(mail);
    assert!(memory.upgrade().is_some());
    drop(other);
    assert!(memory.upgrade().is_none());
}

#[test]
fn series_that_come_and_go_leave_room_for_others() {
    let registry = Registry::new();
    let jobs = registry.counter("jobs_total", "Jobs.").labels(["queue"]).limit(2).register().unwrap();
    for number in 0..1_000 {
        let name = number.to_string();
        jobs.series(&[&name]).unwrap().inc();
        assert_eq!(samples(&registry), [format!("jobs_total{{queue=\"{name}\"}} 1")]);
        jobs.remove(&[&name]).unwrap();
    }
    assert_eq!(samples(&registry), [""; 0]);
}

#[test]
fn label_sets_beyond_the_limit_share_one_series_and_are_counted() {
    let scope = Scope::new();
    let jobs = Registry::current();
    let jobs = jobs.counter("dyn_jobs_total", "Jobs.").labels(["queue"]).limit(2).register().unwrap();
    for queue in ["a", "b", "c", "d", "a"] {
        jobs.series(&[queue]).unwrap().inc();
    }
    let metrics = scope.metrics();
    let text = metrics.text();
    for line in [
        "dyn_jobs_total{queue=\"_other\",otel_metric_overflow=\"true\"} 2\n",
        "dyn_jobs_total{queue=\"a\"} 2\n",
        "telemetry_metric_overflow_total{instrument=\"dyn_jobs_total\"} 2\n",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    let warnings = local::store().take_overflow_warnings();
    assert_eq!(warnings.iter().map(|warning| &*warning.name).collect::<Vec<_>>(), ["dyn_jobs_total"]);
    assert_eq!(local::store().take_overflow_warnings(), []);
}

#[test]
fn every_rule_is_an_error_of_its_own() {
    use RegisterError as E;
    let registry = Registry::new();
    let name = |name: &str| name.to_owned();
    let counter = |name: &str| registry.counter(name, "Help.").register().unwrap_err();
    for wrong in ["", "1_total", "a-b_total", "é_total", "a b_total"] {
        assert_eq!(counter(wrong), E::InvalidName { name: name(wrong) });
    }
    assert_eq!(counter("telemetry_x_total"), E::ReservedName { name: name("telemetry_x_total") });
    assert_eq!(counter("jobs"), E::CounterWithoutTotal { name: name("jobs") });
    let gauge = registry.gauge("jobs_total", "Help.").register();
    assert_eq!(gauge.unwrap_err(), E::GaugeWithTotal { name: name("jobs_total") });
    let helpless = registry.gauge("jobs", " \n").register();
    assert_eq!(helpless.unwrap_err(), E::MissingHelp { name: name("jobs") });
    let unit = |metric: &str, unit: &str| registry.gauge(metric, "Help.").unit(unit).register().unwrap_err();
    assert_eq!(unit("a", "b c"), E::InvalidUnit { name: name("a"), unit: name("b c") });
    for metric in ["a", "pages", "apages", "a_pages_read"] {
        assert_eq!(unit(metric, "pages"), E::UnitNotTheSuffix { name: name(metric), unit: name("pages") });
    }
    let labels = |labels: &[&str]| registry.gauge("a", "Help.").labels(labels.iter().copied()).register();
    for label in ["", "1", "a-b", "a:b", "é"] {
        assert_eq!(labels(&[label]).unwrap_err(), E::InvalidLabel { name: name("a"), label: name(label) });
    }
    for label in ["le", "quantile", "otel_metric_overflow", "__name__"] {
        assert_eq!(labels(&[label]).unwrap_err(), E::ReservedLabel { name: name("a"), label: name(label) });
    }
    let twice = labels(&["x", "y", "x"]).unwrap_err();
    assert_eq!(twice, E::RepeatedLabel { name: name("a"), label: name("x") });
    for bounds in [&[][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN], &[f64::INFINITY]] {
        let histogram = registry.histogram("a", "Help.").buckets(bounds).register();
        assert_eq!(histogram.unwrap_err(), E::InvalidBuckets { name: name("a") });
    }
    for limit in [0, 100_001] {
        let limited = registry.gauge("a", "Help.").labels(["b"]).limit(limit).register();
        assert_eq!(limited.unwrap_err(), E::InvalidLimit { name: name("a"), limit });
    }
    assert_eq!(samples(&registry), [""; 0]);
    assert_eq!(format!("{registry:?}"), "Registry { names: [], .. }");
}

#[test]
fn names_that_clash_are_refused_with_both_places() {
    let registry = Registry::new();
    let first = registry.histogram("took", "Took.").register().unwrap();
    let line = line!() - 1;
    for clash in ["took", "took_bucket", "took_sum", "took_count", "took_created"] {
        let error = registry.gauge(clash, "Clash.").register().unwrap_err();
        let RegisterError::Taken { name, place, exposed, other, other_place } = error else {
            panic!("{error}")
        };
        assert_eq!((&*name, &*exposed, &*other), (clash, clash, "took"));
        assert_eq!((other_place.line(), other_place.file()), (line, file!()));
        assert_eq!((place.line(), place.file()), (line + 3, file!()));
    }
    let jobs = registry.counter("jobs_total", "Jobs.").register().unwrap();
    assert!(registry.gauge("jobs", "The family's name.").register().is_err());
    // A registry of its own has names of its own; a name that is removed is free.
    assert!(Registry::new().gauge("took", "Took.").register().is_ok());
    assert!(registry.remove("took") && !registry.remove("took"));
    first.observe(1.0);
    registry.gauge("took_sum", "Free.").register().unwrap();
    jobs.inc();
    assert_eq!(samples(&registry), ["jobs_total 1", "took_sum 0"]);
}

#[test]
fn the_registry_of_a_scope_shows_beside_declared_instruments() {
    let scope = Scope::new();
    let registry = Registry::current();
    let jobs = registry.counter("dyn_scope_seconds_total", "Jobs.").register().unwrap();
    jobs.inc();
    scope.disable();
    jobs.inc();
    scope.enable();
    let family = |scope: &Scope| -> Option<MetricFamily> {
        scope.metrics().families.iter().find(|family| family.name == "dyn_scope_seconds_total").cloned()
    };
    let shown = family(&scope).unwrap();
    assert_eq!((shown.kind, shown.unit.as_deref()), (MetricKind::Counter, Some("seconds")));
    assert_eq!(shown.series[0].value, MetricValue::Counter(1));
    assert!(scope.metrics().families.is_sorted_by_key(|family| family.name.clone()));
    let clash = registry.gauge("test_things", "A declared counter's family.").register().unwrap_err();
    let RegisterError::Taken { other, other_place, .. } = &clash else { panic!("{clash}") };
    assert_eq!(other, "test_things_total");
    assert!(other_place.file().ends_with("metric/tests/mod.rs"), "{clash}");
    // Another scope knows nothing of it.
    let other = Scope::new();
    assert_eq!(family(&other), None);
}

#[test]
fn an_instrument_declared_in_what_is_loaded_later_gives_way() {
    // Not linked among the declared ones, as that of a library loaded meanwhile.
    static LATE: Counter = counter(Declared {
        name: "dyn_late_total",
        help: "Late.",
        unit: None,
        crate_name: "late",
        crate_version: "1.0.0",
    });
    let registry = Registry { home: Home::Store(&GLOBAL) };
    let early = registry.gauge("dyn_late", "Early.").register().unwrap();
    let line = line!() - 1;
    LATE.inc();
    let conflicts = crate::metric::check();
    let conflict = conflicts.iter().find(|conflict| conflict.second == "dyn_late_total").unwrap();
    assert_eq!((&*conflict.exposed, &*conflict.first), ("dyn_late", "dyn_late"));
    assert_eq!((conflict.first_place.line(), conflict.first_place.file()), (line, file!()));
    early.set(1.0);
    assert!(registry.remove("dyn_late"));
}

#[test]
fn a_wrong_number_of_labels_is_an_error() {
    let registry = Registry::new();
    let jobs = registry.counter("jobs_total", "Jobs.").labels(["queue", "state"]).register().unwrap();
    let error = jobs.series(&["mail"]).unwrap_err();
    assert_eq!((error.given, &*error.labels), (1, &["queue".to_owned(), "state".to_owned()][..]));
    let text =
        "metric `jobs_total` takes a value for each of the labels [\"queue\", \"state\"]: 1 were given";
    assert_eq!(error.to_string(), text);
    assert!(jobs.remove(&["a", "b", "c"]).is_err());
}

#[test]
fn threads_that_share_and_remove_series_lose_nothing() {
    let registry = Registry::new();
    let jobs = registry.counter("jobs_total", "Jobs.").labels(["queue"]).register().unwrap();
    let took = registry.histogram("took", "Took.").register().unwrap();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (jobs, took) = (jobs.clone(), took.clone());
            thread::spawn(move || {
                for round in 0..1_000 {
                    jobs.series(&["shared"]).unwrap().inc();
                    let own = format!("{thread}");
                    jobs.series(&[&own]).unwrap().inc();
                    if round % 10 == 9 {
                        assert_eq!(jobs.remove(&[&own]), Ok(true));
                    }
                    took.observe(1.0);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let samples = samples(&registry);
    assert!(samples.contains(&"jobs_total{queue=\"shared\"} 4000".to_owned()), "{samples:?}");
    assert!(samples.contains(&"took_sum 4000".to_owned()), "{samples:?}");
    assert_eq!(samples.iter().filter(|line| line.starts_with("jobs_total")).count(), 1, "{samples:?}");
}
