//! The cases about instruments, with the figures to reach and the limits they were set beside.

use super::contestants::Instrument;
use super::{
    fastmetrics, limits, limits_text, measured, metrics_rs, metriken, opentelemetry, ours, prometheus,
    prometheus_client,
};
use crate::case::{Case, Lead, Reach, Unit};
use crate::measure::Contestant;

/// A load and a store into a cell of the thread's own, on the machine the figures to reach were set on.
const OWN_CELL_THERE: f64 = 0.62;

/// A bucket by a table and a sum, in cells of the thread's own, on the same machine.
const TABLE_THERE: f64 = 3.8;

/// What most cases about instruments have in common.
const UPDATE: Case = Case {
    id: "",
    title: "",
    unit: Unit::Nanoseconds,
    limit: Some(limits::NAME),
    reach: None,
    lead: Lead::FIRST,
    scaling: None,
    contestants: Vec::new,
};

/// A figure that was set beside the limit of one thread.
const fn cell(figure_there: f64) -> Reach {
    Reach::TimesLimit { figure_there, limit_there: OWN_CELL_THERE }
}

/// All of them, in the order of the table. The text comes last: its series would make every drain before it longer.
pub(crate) const CASES: &[Case] = &[
    Case {
        id: "metric/counter",
        title: "counter",
        reach: Some(cell(1.0)),
        lead: Lead::over_all(1.8),
        contestants: || all(limits::counters(), counters(), Instrument::single),
        ..UPDATE
    },
    Case {
        id: "metric/counter-two-threads",
        title: "counter, two threads",
        // The limit of two threads is half of that of one.
        reach: Some(Reach::TimesLimit { figure_there: 0.6, limit_there: OWN_CELL_THERE / 2.0 }),
        scaling: Some(1.8),
        contestants: || all(limits::counters(), counters(), Instrument::paired),
        ..UPDATE
    },
    Case {
        id: "metric/enum-labels",
        title: "counter, two enum labels, by call",
        reach: Some(Reach::Figure(2.0)),
        contestants: || {
            singles([
                limits::enum_labels,
                ours::enum_labels,
                measured::enum_labels,
                fastmetrics::enum_labels,
                prometheus_client::enum_labels,
            ])
        },
        ..UPDATE
    },
    Case {
        id: "metric/string-labels",
        title: "counter, two string labels, by call",
        reach: Some(Reach::Figure(12.0)),
        contestants: || {
            singles([
                limits::string_labels,
                ours::string_labels,
                fastmetrics::string_labels,
                prometheus_client::string_labels,
                prometheus::string_labels,
                measured::string_labels,
                metrics_rs::string_labels,
                opentelemetry::string_labels,
            ])
        },
        ..UPDATE
    },
    Case {
        id: "metric/kept",
        title: "counter, labels, handle kept",
        reach: Some(cell(1.0)),
        contestants: || {
            let handles = vec![
                ours::kept(),
                fastmetrics::kept(),
                prometheus_client::kept(),
                prometheus::kept(),
                measured::kept(),
                metriken::kept(),
                metrics_rs::kept(),
                opentelemetry::kept(),
            ];
            all(limits::counters(), handles, Instrument::single)
        },
        ..UPDATE
    },
    Case {
        id: "metric/gauge",
        title: "gauge, set",
        reach: Some(Reach::Figure(0.6)),
        contestants: || {
            vec![
                limits::gauge_set(),
                ours::gauge_set(),
                fastmetrics::gauge_set(),
                prometheus_client::gauge_set(),
                prometheus::gauge_set(),
                measured::gauge_set(),
                metriken::gauge_set(),
                metrics_rs::gauge_set(),
                opentelemetry::gauge_set(),
            ]
        },
        ..UPDATE
    },
    Case {
        id: "metric/histogram",
        title: "histogram with its sum, 14 buckets",
        reach: Some(Reach::TimesLimit { figure_there: 4.0, limit_there: TABLE_THERE }),
        lead: Lead::over("prometheus-client", 2.0),
        contestants: || all(vec![limits::histogram()], histograms(), Instrument::single),
        ..UPDATE
    },
    Case {
        id: "metric/histogram-two-threads",
        title: "histogram, two threads",
        reach: Some(Reach::TimesLimit { figure_there: 2.0, limit_there: TABLE_THERE / 2.0 }),
        contestants: || all(vec![limits::histogram()], histograms(), Instrument::paired),
        ..UPDATE
    },
    Case {
        id: "metric/text",
        title: "text of 1,000 counters, 100 histograms",
        unit: Unit::Microseconds,
        reach: Some(Reach::Figure(150.0)),
        contestants: || {
            vec![
                limits_text::exposition(),
                ours::exposition(),
                fastmetrics::exposition(),
                prometheus_client::exposition(),
                prometheus::exposition(),
                measured::exposition(),
                metrics_rs::exposition(),
                opentelemetry::exposition(),
            ]
        },
        ..UPDATE
    },
];

fn singles<const N: usize>(instruments: [fn() -> Instrument; N]) -> Vec<Contestant> {
    instruments.map(|instrument| instrument().single()).into()
}

fn all(
    limits: Vec<Instrument>,
    others: Vec<Instrument>,
    measured: fn(Instrument) -> Contestant,
) -> Vec<Contestant> {
    limits.into_iter().chain(others).map(measured).collect()
}

fn counters() -> Vec<Instrument> {
    vec![
        ours::counter(),
        fastmetrics::counter(),
        prometheus_client::counter(),
        prometheus::counter(),
        measured::counter(),
        metriken::counter(),
        metriken::counter_sharded(),
        metrics_rs::counter(),
        opentelemetry::counter(),
    ]
}

fn histograms() -> Vec<Instrument> {
    vec![
        ours::histogram(),
        fastmetrics::histogram(),
        prometheus_client::histogram(),
        prometheus::histogram(),
        measured::histogram(),
        metriken::histogram(),
        metriken::histogram_sharded(),
        metrics_rs::histogram(),
        opentelemetry::histogram(),
    ]
}
