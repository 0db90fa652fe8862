//! The layers, as their documentation shows them.

use std::sync::LazyLock;
use std::task::{Context, Poll};

use axum::Router;
use axum_prometheus::PrometheusMetricLayer;
use http::Request;
use opentelemetry::global;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry_instrumentation_tower::http::server::LayerBuilder;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use telemetry_http::TelemetryLayer;
use tower_http::trace::TraceLayer;
use tower_layer::Layer;
use tower_service::Service;

use super::contestants::Layered;
use super::service::router;
use crate::measure::Role;
use crate::metrics::metrics_rs;
use crate::spans::{Fastrace, Mode, OpenTelemetry, Ours, System, Tracing, opentelemetry_provider};

/// The name of the router without a layer.
pub(super) const BARE: &str = "bare router";

/// A layer by a tracing system, whose spans are counted where they arrive.
fn traced<S: System>(name: &'static str, role: Role, router: Router) -> Layered {
    Layered {
        name,
        role,
        router,
        select: S::select,
        settle: S::settle,
        received: || S::received().spans,
        counts: false,
    }
}

/// A router whose requests are not recorded.
fn unrecorded(name: &'static str, router: Router) -> Layered {
    Layered { name, role: Role::Limit, router, select: |_| {}, settle: || {}, received: || 0, counts: false }
}

/// The router alone.
pub(super) fn bare() -> Layered {
    unrecorded(BARE, router())
}

/// What any layer costs in axum.
pub(super) fn nothing() -> Layered {
    unrecorded("a layer that does nothing", router().layer(Nothing))
}

/// Span, metrics and propagation.
pub(super) fn ours() -> Layered {
    traced::<Ours>("ours", Role::Ours, router().layer(TelemetryLayer::new()))
}

/// Spans and events of tracing, kept by the minimal layer.
pub(super) fn tower_http() -> Layered {
    traced::<Tracing>("tower-http", Role::Peer, router().layer(TraceLayer::new_for_http()))
}

/// Spans and propagation.
pub(super) fn fastrace_axum() -> Layered {
    let router = router().layer(fastrace_axum::FastraceLayer::default());
    traced::<Fastrace>("fastrace-axum", Role::Peer, router)
}

/// Span, metrics and propagation by the OpenTelemetry SDK.
pub(super) fn opentelemetry_tower() -> Layered {
    let registry = prometheus::Registry::new();
    let reader = opentelemetry_prometheus::exporter().with_registry(registry).build();
    let meters = SdkMeterProvider::builder().with_reader(reader.expect("the registry is new")).build();
    // A layer takes what is global when it is made; afterwards the process has no provider again.
    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(opentelemetry_provider());
    global::set_meter_provider(meters);
    let layer = LayerBuilder::builder().build().expect("nothing in it can be wrong");
    global::set_tracer_provider(NoopTracerProvider::new());
    traced::<OpenTelemetry>("opentelemetry-tower", Role::Peer, router().layer(layer))
}

/// Metrics alone.
pub(super) fn axum_prometheus() -> Layered {
    metrics_rs::install();
    static LAYER: LazyLock<PrometheusMetricLayer<'static>> = LazyLock::new(PrometheusMetricLayer::new);
    Layered {
        name: "axum-prometheus",
        role: Role::Peer,
        router: router().layer(LAYER.clone()),
        select: |_: Mode| {},
        settle: metrics_rs::settle,
        received: || metrics_rs::sample("axum_http_requests_total") as u64,
        counts: true,
    }
}

/// A layer that passes everything on.
#[derive(Clone, Copy)]
struct Nothing;

impl<S> Layer<S> for Nothing {
    type Service = Passing<S>;

    fn layer(&self, inner: S) -> Passing<S> {
        Passing(inner)
    }
}

#[derive(Clone)]
struct Passing<S>(S);

impl<B, S: Service<Request<B>>> Service<Request<B>> for Passing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        self.0.call(request)
    }
}
