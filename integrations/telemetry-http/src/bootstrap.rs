//! What a pipeline started from settings makes for HTTP.

use telemetry_core::Bootstrap;

use crate::{ClientLayer, Conventions, MetricOptions, MetricsService, TelemetryLayer};

/// The HTTP side of a [`Bootstrap`].
pub trait HttpBootstrap {
    /// The layer, with the settings applied: `EXTRACT_TRACEPARENT`, and `SEMCONV_STABILITY_OPT_IN`, which is
    /// `OTEL_SEMCONV_STABILITY_OPT_IN` to everybody else. What the latter says holds for requests that go out by
    /// [`call`](crate::call) and `SendTraced` too, from here on ([`Conventions::set_for_calls`]).
    fn http_layer(&self) -> TelemetryLayer;

    /// The layer for clients, with `SEMCONV_STABILITY_OPT_IN` applied.
    fn http_client_layer(&self) -> ClientLayer;

    /// The service for `/metrics`; none when `prometheus` is not among the sinks.
    fn metrics_service(&self) -> Option<MetricsService>;
}

impl HttpBootstrap for Bootstrap {
    fn http_layer(&self) -> TelemetryLayer {
        let conventions = conventions(self);
        conventions.set_for_calls();
        TelemetryLayer::new()
            .extract_traceparent(self.settings.extract_traceparent)
            .conventions(conventions)
            .metrics(&MetricOptions::new().conventions(conventions))
    }

    fn http_client_layer(&self) -> ClientLayer {
        ClientLayer::new().conventions(conventions(self))
    }

    fn metrics_service(&self) -> Option<MetricsService> {
        self.prometheus.clone().map(MetricsService::new)
    }
}

fn conventions(bootstrap: &Bootstrap) -> Conventions {
    bootstrap.settings.stability_opt_in.as_deref().map_or(Conventions::Old, Conventions::parse)
}
