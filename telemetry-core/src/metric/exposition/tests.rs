use proptest::prelude::*;

use super::parsing::{Family, Sample, parse};
use super::*;
use crate::metric::snapshot::MetricsSnapshot;

fn text(families: Vec<MetricFamily>) -> String {
    MetricsSnapshot { families, ..MetricsSnapshot::default() }.text().to_owned()
}

pub(super) fn family(
    name: &'static str,
    help: &'static str,
    kind: MetricKind,
    series: Vec<MetricSeries>,
) -> MetricFamily {
    MetricFamily {
        name: name.into(),
        help: help.into(),
        unit: None,
        kind,
        crate_name: "books".into(),
        crate_version: "1.2.3".into(),
        series,
    }
}

pub(super) fn series(labels: &[(&'static str, &'static str)], value: MetricValue) -> MetricSeries {
    let labels: Vec<Pair> = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    MetricSeries::new(labels, value)
}

fn float(number: f64) -> String {
    let mut out = String::from("x ");
    push_float(&mut out, number);
    out.split_off(2)
}

fn integer(number: u64) -> String {
    let mut out = String::new();
    push_integer(&mut out, number);
    out
}

#[test]
fn counters_and_gauges_stand_one_a_line() {
    let counter = family(
        "books_total",
        "Books.",
        MetricKind::Counter,
        vec![
            series(&[("kind", "new"), ("shop", "a")], MetricValue::Counter(u64::MAX)),
            series(&[("kind", "old"), ("shop", "a")], MetricValue::Counter(0)),
        ],
    );
    let gauge = family("depth", "Depth.", MetricKind::Gauge, vec![series(&[], MetricValue::Gauge(-0.5))]);
    assert_eq!(
        text(vec![counter, gauge]),
        "# HELP books_total Books.\n\
         # TYPE books_total counter\n\
         books_total{kind=\"new\",shop=\"a\"} 18446744073709551615\n\
         books_total{kind=\"old\",shop=\"a\"} 0\n\
         # HELP depth Depth.\n\
         # TYPE depth gauge\n\
         depth -0.5\n"
    );
}

#[test]
fn buckets_are_cumulative_and_end_with_the_infinite_one() {
    let value = |counts| MetricValue::Histogram { bounds: [0.005, 1.0, 2.5e6].into(), counts, sum: 7.25 };
    let plain = series(&[], value(vec![1, 0, 2, 3]));
    let labelled = series(&[("route", "/")], value(vec![0, 0, 0, 0]));
    assert_eq!(
        text(vec![
            family("a_seconds", "A.", MetricKind::Histogram, vec![plain]),
            family("b_seconds", "B.", MetricKind::Histogram, vec![labelled]),
        ]),
        "# HELP a_seconds A.\n\
         # TYPE a_seconds histogram\n\
         a_seconds_bucket{le=\"0.005\"} 1\n\
         a_seconds_bucket{le=\"1\"} 1\n\
         a_seconds_bucket{le=\"2.5e+06\"} 3\n\
         a_seconds_bucket{le=\"+Inf\"} 6\n\
         a_seconds_sum 7.25\n\
         a_seconds_count 6\n\
         # HELP b_seconds B.\n\
         # TYPE b_seconds histogram\n\
         b_seconds_bucket{route=\"/\",le=\"0.005\"} 0\n\
         b_seconds_bucket{route=\"/\",le=\"1\"} 0\n\
         b_seconds_bucket{route=\"/\",le=\"2.5e+06\"} 0\n\
         b_seconds_bucket{route=\"/\",le=\"+Inf\"} 0\n\
         b_seconds_sum{route=\"/\"} 7.25\n\
         b_seconds_count{route=\"/\"} 0\n"
    );
}

#[test]
fn histograms_keep_their_own_bounds() {
    let with = |bounds: &[f64]| {
        let counts = vec![1; bounds.len() + 1];
        vec![series(&[], MetricValue::Histogram { bounds: bounds.into(), counts, sum: 0.0 })]
    };
    let text = text(vec![
        family("a", "A.", MetricKind::Histogram, with(&[1.0, 2.0])),
        family("b", "B.", MetricKind::Histogram, with(&[0.5])),
        family("c", "C.", MetricKind::Histogram, with(&[])),
    ]);
    let buckets: Vec<&str> = text.lines().filter(|line| line.contains("_bucket")).collect();
    assert_eq!(
        buckets,
        [
            "a_bucket{le=\"1\"} 1",
            "a_bucket{le=\"2\"} 2",
            "a_bucket{le=\"+Inf\"} 3",
            "b_bucket{le=\"0.5\"} 1",
            "b_bucket{le=\"+Inf\"} 2",
            "c_bucket{le=\"+Inf\"} 1",
        ]
    );
}

#[test]
fn help_and_label_values_are_escaped_each_in_its_way() {
    let value = "back\\slash \"quote\" line\nfeed é";
    let family =
        family("g", value, MetricKind::Gauge, vec![series(&[("l", value)], MetricValue::Gauge(1.0))]);
    assert_eq!(
        text(vec![family]),
        "# HELP g back\\\\slash \"quote\" line\\nfeed é\n\
         # TYPE g gauge\n\
         g{l=\"back\\\\slash \\\"quote\\\" line\\nfeed é\"} 1\n"
    );
}

#[test]
fn series_stand_in_the_order_of_their_label_values() {
    let of =
        |values: [&'static str; 2]| series(&[("b", values[0]), ("a", values[1])], MetricValue::Counter(1));
    let shuffled = vec![of(["y", "1"]), of(["x", "2"]), of(["x", "1"])];
    let text = text(vec![family("c_total", "C.", MetricKind::Counter, shuffled)]);
    assert_eq!(
        text.lines().skip(2).collect::<Vec<_>>(),
        ["c_total{b=\"x\",a=\"1\"} 1", "c_total{b=\"x\",a=\"2\"} 1", "c_total{b=\"y\",a=\"1\"} 1"]
    );
}

#[test]
fn a_family_without_series_still_shows() {
    assert_eq!(
        text(vec![family("c_total", "C.", MetricKind::Counter, Vec::new())]),
        "# HELP c_total C.\n# TYPE c_total counter\n"
    );
}

#[test]
fn floats_are_written_as_prometheus_writes_them() {
    for (number, written) in [
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.0001, "0.0001"),
        (0.000_099, "9.9e-05"),
        (100_000.0, "100000"),
        (999_999.5, "999999.5"),
        (1e6, "1e+06"),
        (1_510_218_534.56, "1.51021853456e+09"),
        (-2.5e-10, "-2.5e-10"),
        (1e21, "1e+21"),
        (f64::MAX, "1.7976931348623157e+308"),
        (5e-324, "5e-324"),
    ] {
        assert_eq!(float(number), written);
    }
}

#[test]
fn integers_are_written_to_the_last_digit() {
    for number in [0, 1, 9, 10, 99, 100, 1_000_000, u64::MAX] {
        assert_eq!(integer(number), number.to_string());
    }
}

#[test]
fn the_text_is_rendered_once() {
    let snapshot = MetricsSnapshot::default();
    assert!(std::ptr::eq(snapshot.text(), snapshot.text()));
}

/// A number as the standard library writes it, put into Go's form.
fn float_by_formatting(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-4..1e6).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap();
    let (sign, size) = exponent.strip_prefix('-').map_or(('+', exponent), |size| ('-', size));
    format!("{digits}e{sign}{size:0>2}")
}

fn labels() -> impl Strategy<Value = Vec<Pair>> {
    let value = prop_oneof!["[a-z/{}]{0,20}", "[\\\\\n\"ab]{0,8}", ".{0,12}"];
    prop::collection::vec(value, 0..4).prop_map(|values| {
        let names = ["method", "route", "status", "le_not"];
        values.into_iter().zip(names).map(|(value, name)| (name.into(), value.into())).collect()
    })
}

fn any_series(kind: MetricKind) -> BoxedStrategy<MetricSeries> {
    let value = match kind {
        MetricKind::Counter => {
            let whole = any::<u64>().prop_map(MetricValue::Counter);
            prop_oneof![whole, (0.0..f64::MAX).prop_map(MetricValue::RealCounter)].boxed()
        }
        MetricKind::Gauge => any::<f64>().prop_map(MetricValue::Gauge).boxed(),
        MetricKind::Histogram => {
            let bounds = prop::collection::btree_set(-1_000_000_i64..1_000_000, 0..6);
            (bounds, any::<f64>())
                .prop_flat_map(|(bounds, sum)| {
                    let counts = prop::collection::vec(0..u64::from(u32::MAX), bounds.len() + 1);
                    (Just(bounds), counts, Just(sum))
                })
                .prop_map(|(bounds, counts, sum)| {
                    let bounds = bounds.into_iter().map(|bound| bound as f64 / 128.0).collect();
                    MetricValue::Histogram { bounds, counts, sum }
                })
                .boxed()
        }
    };
    (labels(), value).prop_map(|(labels, value)| MetricSeries::new(labels, value)).boxed()
}

fn any_families() -> impl Strategy<Value = Vec<MetricFamily>> {
    let kind = prop_oneof![Just(MetricKind::Counter), Just(MetricKind::Gauge), Just(MetricKind::Histogram)];
    let family = kind.prop_flat_map(|kind| {
        let series = prop::collection::vec(any_series(kind), 0..5);
        ("[a-zA-Z_:][a-zA-Z0-9_:]{0,9}", ".{0,20}|[\\\\\n\"]{1,6}", Just(kind), series)
    });
    prop::collection::vec(family, 0..4).prop_map(|families| {
        let family = |(name, help, kind, series): (String, String, _, _)| MetricFamily {
            name: name.into(),
            help: help.into(),
            unit: None,
            kind,
            crate_name: "books".into(),
            crate_version: "1.2.3".into(),
            series,
        };
        families.into_iter().map(family).collect()
    })
}

/// What the text of a family is to say.
fn said(family: &MetricFamily) -> Family {
    let mut series: Vec<&MetricSeries> = family.series.iter().collect();
    series.sort_by_key(|series| series.labels.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>());
    let mut samples = Vec::new();
    for MetricSeries { labels, value, .. } in series {
        let own: Vec<(String, String)> =
            labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let mut say = |suffix: &str, le: Option<String>, value: f64, text: String| {
            let labels = own.iter().cloned().chain(le.map(|le| ("le".to_owned(), le))).collect();
            samples.push(Sample { name: format!("{}{suffix}", family.name), labels, value, text });
        };
        match value {
            MetricValue::Counter(total) => say("", None, *total as f64, total.to_string()),
            MetricValue::RealCounter(value) | MetricValue::Gauge(value) => {
                say("", None, *value, float(*value));
            }
            MetricValue::Histogram { bounds, counts, sum } => {
                let mut total = 0;
                for (at, count) in counts.iter().enumerate() {
                    total += count;
                    let le = bounds.get(at).map_or("+Inf".to_owned(), |bound| float(*bound));
                    say("_bucket", Some(le), total as f64, total.to_string());
                }
                say("_sum", None, *sum, float(*sum));
                say("_count", None, total as f64, total.to_string());
            }
            MetricValue::Exponential(histogram) => panic!("not among these: {histogram:?}"),
        }
    }
    let kind = format!("{:?}", family.kind).to_lowercase();
    Family { name: family.name.to_string(), help: family.help.to_string(), kind, samples }
}

/// NaN is equal to itself here.
fn with_bits(families: Vec<Family>) -> Vec<(Family, Vec<u64>)> {
    let strip = |mut family: Family| {
        let values = family.samples.iter_mut().map(|sample| {
            let value = std::mem::take(&mut sample.value);
            if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
        });
        let values = values.collect();
        (family, values)
    };
    families.into_iter().map(strip).collect()
}

proptest! {
    #[test]
    fn every_float_reads_back_to_itself(bits: u64) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        prop_assert_eq!(float(number).parse::<f64>().unwrap().to_bits(), bits);
    }

    #[test]
    fn floats_are_written_as_by_the_formatting_machinery(number in prop_oneof![
        any::<f64>(), -1e7..1e7, -1e-3..1e-3, any::<i32>().prop_map(f64::from),
        (any::<i16>(), -20..20).prop_map(|(digits, exponent)| f64::from(digits) * 10_f64.powi(exponent)),
    ]) {
        prop_assume!(number.is_finite());
        prop_assert_eq!(float(number), float_by_formatting(number));
    }

    #[test]
    fn every_integer_reads_back_to_itself(number: u64) {
        prop_assert_eq!(integer(number), number.to_string());
    }

    #[test]
    fn what_is_written_reads_back_to_the_same_families(families in any_families()) {
        let said: Vec<Family> = families.iter().map(said).collect();
        let read = parse(&text(families));
        prop_assert_eq!(with_bits(read), with_bits(said));
    }
}
