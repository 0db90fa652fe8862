//! What a program declares, as its manifest says it.

use std::collections::BTreeSet;

use serde::Deserialize;

/// The schema this reads.
const SCHEMA: u32 = 1;

/// Every metric of a program.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    schema: u32,
    pub(crate) metrics: Vec<Metric>,
}

/// A metric.
#[derive(Debug, Deserialize)]
pub(crate) struct Metric {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
    pub(crate) labels: Vec<Label>,
    pub(crate) scope: Scope,
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A label of a metric.
#[derive(Debug, Deserialize)]
pub(crate) struct Label {
    pub(crate) name: String,
    /// Every value it can have; none where any text is one.
    pub(crate) values: Option<Vec<String>>,
}

/// Whose metric it is.
#[derive(Debug, Deserialize)]
pub(crate) struct Scope {
    pub(crate) name: String,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    #[error("the manifest is not what a program prints")]
    Malformed(#[from] serde_json::Error),
    #[error("the manifest is of schema {0}, and schema {SCHEMA} is what can be read")]
    Schema(u32),
    #[error("the manifest has no metrics")]
    Empty,
}

impl Manifest {
    /// Reads the JSON that `Manifest::to_json` writes.
    pub(crate) fn parse(json: &str) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_str(json)?;
        if manifest.schema != SCHEMA {
            return Err(ManifestError::Schema(manifest.schema));
        }
        if manifest.metrics.is_empty() {
            return Err(ManifestError::Empty);
        }
        Ok(manifest)
    }

    /// The metric of a name.
    pub(crate) fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The metrics of a type whose names end so, with what comes before.
    pub(crate) fn ending<'a>(
        &'a self,
        kind: Kind,
        suffix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Metric)> {
        let metrics = self.metrics.iter().filter(move |metric| metric.kind == kind);
        metrics.filter_map(move |metric| Some((metric.name.strip_suffix(suffix)?, metric)))
    }
}

impl Metric {
    pub(crate) fn has_label(&self, name: &str) -> bool {
        self.labels.iter().any(|label| label.name == name)
    }

    pub(crate) fn label_names(&self) -> BTreeSet<String> {
        self.labels.iter().map(|label| label.name.clone()).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A program with a metric of every kind, and those that rules look for.
    pub(crate) fn shop() -> Manifest {
        let text = |name: &str| json!({"name": name, "values": null});
        let metrics = [
            ("http_requests_total", "counter", vec![text("method"), text("status")], "telemetry-http"),
            ("http_request_duration_seconds", "histogram", vec![text("method")], "telemetry-http"),
            ("shop_pool_in_use_connections", "gauge", vec![], "shop"),
            ("shop_pool_total_connections", "gauge", vec![], "shop"),
            ("shop_pool_waiters", "gauge", vec![], "shop"),
            (
                "shop_rate_limit_hits_total",
                "counter",
                vec![json!({"name": "backend", "values": ["memory", "sqlite"]})],
                "shop",
            ),
            ("process_cpu_seconds_total", "counter", vec![], "telemetry-core"),
            ("process_max_fds", "gauge", vec![], "telemetry-core"),
            ("process_open_fds", "gauge", vec![], "telemetry-core"),
            ("process_start_time_seconds", "gauge", vec![], "telemetry-core"),
            ("tokio_workers", "gauge", vec![text("runtime")], "telemetry-tokio"),
            ("telemetry_ring_occupancy_ratio", "gauge", vec![], "telemetry-core"),
            ("telemetry_sink_errors_total", "counter", vec![text("sink")], "telemetry-core"),
            (
                "telemetry_sink_spans_dropped_total",
                "counter",
                vec![text("reason"), text("sink")],
                "telemetry-core",
            ),
            ("telemetry_spans_dropped_total", "counter", vec![text("reason")], "telemetry-core"),
        ];
        let metrics: Vec<Value> = metrics
            .into_iter()
            .map(|(name, kind, labels, scope)| {
                json!({
                    "name": name, "type": kind, "help": format!("What {name} says."), "unit": null,
                    "labels": labels, "buckets": null, "scope": {"name": scope, "version": "1.0.0"},
                })
            })
            .collect();
        Manifest::parse(&json!({"schema": 1, "metrics": metrics}).to_string()).unwrap()
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_the_reason() {
        let message = |json: &str| Manifest::parse(json).unwrap_err().to_string();
        assert_eq!(message("{}"), "the manifest is not what a program prints");
        assert_eq!(
            message(r#"{"schema": 2, "metrics": []}"#),
            "the manifest is of schema 2, and schema 1 is what can be read"
        );
        assert_eq!(message(r#"{"schema": 1, "metrics": []}"#), "the manifest has no metrics");
    }

    #[test]
    fn metrics_are_found_by_the_end_of_their_names() {
        let shop = shop();
        let stems: Vec<&str> = shop.ending(Kind::Gauge, "_pool_waiters").map(|(stem, _)| stem).collect();
        assert_eq!(stems, ["shop"]);
        assert_eq!(shop.ending(Kind::Counter, "_pool_waiters").count(), 0);
    }
}
