//! What can be wrong with an instrument made at run time, and with the labels of a series.

use std::panic::Location;

/// Why an instrument was not registered. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name has characters Prometheus does not accept.
    #[error(
        "metric name `{name}` is invalid: ASCII letters, digits, `_` and `:` are accepted, and no digit first"
    )]
    InvalidName {
        /// The name.
        name: String,
    },
    /// The name is the framework's own.
    #[error("metric name `{name}` is reserved: names beginning with `telemetry_` are the framework's own")]
    ReservedName {
        /// The name.
        name: String,
    },
    /// A counter's name does not say so.
    #[error("the name of a counter ends in `_total`: `{name}_total`")]
    CounterWithoutTotal {
        /// The name.
        name: String,
    },
    /// A gauge's name says that it is a counter.
    #[error("`_total` is for counters: `{name}` is a gauge")]
    GaugeWithTotal {
        /// The name.
        name: String,
    },
    /// There is no text that says what it measures.
    #[error("metric `{name}` has no HELP: say what it measures")]
    MissingHelp {
        /// The name of the metric.
        name: String,
    },
    /// The unit has characters Prometheus does not accept.
    #[error("unit `{unit}` of metric `{name}` is invalid: ASCII letters, digits, `_` and `:` are accepted")]
    InvalidUnit {
        /// The name of the metric.
        name: String,
        /// The unit.
        unit: String,
    },
    /// The name does not end in the unit.
    #[error("the unit is the end of the name: `{name}` does not end in `_{unit}` (before `_total`)")]
    UnitNotTheSuffix {
        /// The name of the metric.
        name: String,
        /// The unit.
        unit: String,
    },
    /// A label's name has characters Prometheus does not accept.
    #[error(
        "label name `{label}` of metric `{name}` is invalid: ASCII letters, digits and `_` are accepted, and no digit first"
    )]
    InvalidLabel {
        /// The name of the metric.
        name: String,
        /// The label.
        label: String,
    },
    /// A label's name is one the exposition needs itself.
    #[error(
        "label `{label}` of metric `{name}` is reserved: `le`, `quantile`, `otel_metric_overflow` and names in `__` belong to the exposition"
    )]
    ReservedLabel {
        /// The name of the metric.
        name: String,
        /// The label.
        label: String,
    },
    /// Two labels have one name.
    #[error("label `{label}` of metric `{name}` is given twice")]
    RepeatedLabel {
        /// The name of the metric.
        name: String,
        /// The label.
        label: String,
    },
    /// The buckets are none, or not finite and strictly increasing.
    #[error("the buckets of `{name}` must be at least one, finite and strictly increasing")]
    InvalidBuckets {
        /// The name of the metric.
        name: String,
    },
    /// The limit of series is none that can be.
    #[error("the limit of series of `{name}` is {limit}: from 1 to 100000 is accepted")]
    InvalidLimit {
        /// The name of the metric.
        name: String,
        /// The limit.
        limit: usize,
    },
    /// Another instrument exposes the name, or one that goes with it.
    #[error(
        "metric `{name}` made at {place} would expose `{exposed}`, which metric `{other}` made at {other_place} exposes already; rename one of them"
    )]
    Taken {
        /// The name of the metric.
        name: String,
        /// Where it was made.
        place: &'static Location<'static>,
        /// The name in the exposition both want.
        exposed: String,
        /// The instrument that has it.
        other: String,
        /// Where that was made or declared.
        other_place: &'static Location<'static>,
    },
}

/// The number of label values is not that of the labels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metric `{name}` takes a value for each of the labels {labels:?}: {given} were given")]
#[non_exhaustive]
pub struct WrongLabels {
    /// The name of the metric.
    pub name: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// The number of values given.
    pub given: usize,
}
