//! What a pipeline started from settings makes for HTTP.

use telemetry_core::Bootstrap;

use crate::{Conventions, MetricOptions, MetricsService, TelemetryLayer};

/// The HTTP side of a [`Bootstrap`].
pub trait HttpBootstrap {
    /// The layer, with the settings applied: `EXTRACT_TRACEPARENT`, `PROPAGATORS`, and `OTEL_SEMCONV_STABILITY_OPT_IN` of the
    /// environment.
    fn http_layer(&self) -> TelemetryLayer;

    /// The service for `/metrics`; none when `prometheus` is not among the sinks.
    fn metrics_service(&self) -> Option<MetricsService>;
}

impl HttpBootstrap for Bootstrap {
    fn http_layer(&self) -> TelemetryLayer {
        let conventions = Conventions::from_env();
        TelemetryLayer::new()
            .extract_traceparent(self.settings.extract_traceparent)
            .propagators(self.settings.propagators)
            .conventions(conventions)
            .metrics(&MetricOptions::new().conventions(conventions))
    }

    fn metrics_service(&self) -> Option<MetricsService> {
        self.prometheus.clone().map(MetricsService::new)
    }
}
