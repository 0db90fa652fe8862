//! The framework's own figures, in one table: what `telemetry_*` metrics are called, and what they say.

use std::borrow::Cow;

use super::snapshot::{Labels, MetricFamily, MetricKind, MetricSeries, MetricValue};

/// One of the framework's own figures.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) unit: Option<&'static str>,
    pub(super) kind: MetricKind,
    pub(super) labels: &'static [&'static str],
    /// Upper bounds; empty unless it is a histogram.
    pub(super) bounds: &'static [f64],
}

/// Upper bounds of the durations of the drain's ticks, in seconds.
pub(crate) const TICK_BOUNDS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0];

macro_rules! figures {
    ($($(#[doc = $help:literal])+ $figure:ident: $kind:ident = $name:literal { $($label:literal),* } $(, $key:ident = $value:expr)*;)*) => {
        $(pub(crate) const $figure: Figure = Figure {
            name: $name,
            help: concat!($($help),+).trim_ascii_start(),
            labels: &[$($label),*],
            $($key: $value,)*
            ..Figure::empty(MetricKind::$kind)
        };)*

        /// All of them.
        pub(super) const ALL: &[Figure] = &[$($figure),*];
    };
}

figures! {
    /// Members of baggage that were dropped: malformed, beyond the limits, or because too many traces were under way.
    BAGGAGE_DROPPED: Counter = "telemetry_baggage_members_dropped_total" {};

    /// How long a tick of the drain worker took.
    DRAIN_DURATION: Histogram = "telemetry_drain_duration_seconds" {},
        unit = Some("seconds"), bounds = &TICK_BOUNDS;

    /// Updates lost because they were made inside the slow path of another update.
    METRIC_LOST: Counter = "telemetry_metric_lost_total" {};

    /// Label sets looked up beyond the limit of series, by instrument.
    METRIC_OVERFLOW: Counter = "telemetry_metric_overflow_total" { "instrument" };

    /// Observations refused because they were not finite.
    METRIC_REFUSED: Counter = "telemetry_metric_refused_total" {};

    /// The share of the ring's slots that are reserved, open or waiting for the drain.
    RING_OCCUPANCY: Gauge = "telemetry_ring_occupancy_ratio" {};

    /// How long each sampler last took.
    SAMPLER_DURATION: Gauge = "telemetry_sampler_duration_seconds" { "sampler" }, unit = Some("seconds");

    /// Panics of samplers.
    SAMPLER_PANICS: Counter = "telemetry_sampler_panics_total" { "sampler" };

    /// Calls into a sink that returned an error or panicked.
    SINK_ERRORS: Counter = "telemetry_sink_errors_total" { "sink" };

    /// Spans waiting for a sink or in its hands.
    SINK_QUEUED: Gauge = "telemetry_sink_queued_spans" { "sink" };

    /// Spans a sink missed, by reason.
    SINK_DROPPED: Counter = "telemetry_sink_spans_dropped_total" { "reason", "sink" };

    /// Writes to a span that had ended or was not entered on the writing thread.
    LATE_WRITES: Counter = "telemetry_span_late_writes_total" {};

    /// Spans that were lost, by reason.
    SPANS_DROPPED: Counter = "telemetry_spans_dropped_total" { "reason" };

    /// Spans a sink has accepted.
    SPANS_EXPORTED: Counter = "telemetry_spans_exported_total" { "sink" };

    /// Spans that are open, or ended and not yet drained.
    SPANS_IN_FLIGHT: Gauge = "telemetry_spans_in_flight" {};

    /// Spans dropped with traces that the sampler did not want, and that were neither slow nor failed.
    SPANS_NOT_KEPT: Counter = "telemetry_spans_not_kept_total" {};

    /// Recorded spans that were begun.
    SPANS_STARTED: Counter = "telemetry_spans_started_total" {};

    /// Spans that wait until it is known whether their trace is kept.
    SPANS_UNDECIDED: Gauge = "telemetry_spans_undecided" {};

    /// States of traces (tracestate) that were dropped because too many were under way.
    STATES_DROPPED: Counter = "telemetry_trace_states_dropped_total" {};

    /// Traces decided before their local root had ended, by reason.
    TRACES_DECIDED_EARLY: Counter = "telemetry_traces_decided_early_total" { "reason" };

    /// Traces kept although the sampler did not want them, by reason.
    TRACES_KEPT: Counter = "telemetry_traces_kept_total" { "reason" };
}

impl Figure {
    const fn empty(kind: MetricKind) -> Self {
        Self { name: "", help: "", unit: None, kind, labels: &[], bounds: &[] }
    }

    /// One of its series, with a value for each label.
    pub(crate) fn series<const N: usize>(
        &self,
        labels: [Cow<'static, str>; N],
        value: MetricValue,
    ) -> MetricSeries {
        debug_assert_eq!(N, self.labels.len(), "{} has other labels", self.name);
        let names = self.labels.iter().map(|name| Cow::Borrowed(*name));
        MetricSeries::new(Labels::from(names.zip(labels).collect::<Vec<_>>()), value)
    }

    /// The family of its series, as this crate's.
    pub(crate) fn family(&self, series: Vec<MetricSeries>) -> MetricFamily {
        MetricFamily {
            name: self.name.into(),
            help: self.help.into(),
            unit: self.unit.map(Cow::Borrowed),
            kind: self.kind,
            crate_name: env!("CARGO_PKG_NAME").into(),
            crate_version: env!("CARGO_PKG_VERSION").into(),
            series,
        }
    }

    /// The family of a figure without labels.
    pub(crate) fn only(&self, value: MetricValue) -> MetricFamily {
        self.family(vec![self.series([], value)])
    }
}
