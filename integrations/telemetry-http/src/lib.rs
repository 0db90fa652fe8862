//! Request spans, request metrics and trace propagation for HTTP services built on tower: axum, hyper, tonic.
//!
//! [`TelemetryLayer`] goes around a service, [`MetricsService`] beside it, and [`ClientLayer`], [`call`] or, for reqwest,
//! `SendTraced` around what it asks of others:
//!
//! ```
//! # #[cfg(feature = "axum")] fn router(prometheus: telemetry_core::sink::PrometheusSink) -> axum::Router {
//! use axum::{Router, routing::get};
//! use telemetry_http::{MetricsService, TelemetryLayer};
//!
//! Router::new()
//!     .route("/books/{id}", get(|| async { "a book" }))
//!     .layer(TelemetryLayer::new())
//!     .route_service("/metrics", MetricsService::new(prometheus))
//! # }
//! ```
//!
//! The span of a request is of kind server, named by the method and the route (`GET /books/{id}`), or by the method
//! alone where the router has not said the route: never by the path, which a caller chooses. It continues the trace of
//! an inbound `traceparent`, is current whenever the service or the response's body is polled, and ends with the body:
//! completed, failed, panicked, or cancelled by a client that went away.
//!
//! | attribute | value |
//! |---|---|
//! | `http.status_code` | the status; from 500 on the span is an error, below it is not |
//! | `http.url` | path and query, [credentials taken out](redact) |
//! | `http.method` | the method, or `_OTHER`; then `http.request.method_original` is the method as it came, up to 24 bytes |
//! | `http.route` | the route (feature `axum`) |
//! | `http.response_content_length`, `http.request_content_length` | bytes, where known |
//! | `net.host.name` | the host the request was sent to |
//! | `net.peer.ip` | the address of the peer (feature `axum`, with axum's `ConnectInfo`) |
//! | `rpc.grpc.status_code` | the status of a gRPC call; of 2, 4 and 12 to 15 the span is an error |
//! | `http.request_id` | the identifier, by [`TelemetryLayer::request_id`] |
//! | `http.user_agent` | the header, last, where room is left |
//!
//! | metric | labels | counts |
//! |---|---|---|
//! | `http_requests_total` | `method`, `status` | requests that have ended; cancelled before the head as 499, panicked or failed before it as 500 |
//! | `http_request_duration_seconds` | `method` | seconds to the end of the body |
//! | `http_requests_in_flight` | | requests begun and not ended |
//!
//! The layer can be told otherwise: whom to trust with a trace ([`Inbound`], [`TelemetryLayer::sampled_by_callers`]), which
//! paths to leave out ([`TelemetryLayer::exclude`]), what to decide and add for each request ([`Hooks`]), by which names
//! to describe it ([`Conventions`]), and how to measure it ([`MetricOptions`]). The request's span is within reach of the
//! handler as [`RequestSpan`].
//!
//! A service that returns an error, as opposed to a response, and a panic are recorded and passed on. While telemetry
//! is disabled a request costs a few loads and branches, and no header is set.
#![forbid(unsafe_code)]

mod attributes;
mod bootstrap;
mod client;
mod conventions;
mod grpc;
mod headers;
mod method;
mod metrics;
mod redact;
mod scrape;
mod server;

pub use bootstrap::HttpBootstrap;
pub use client::{CallBody, ClientFuture, ClientLayer, ClientService, Resend, call};
#[cfg(feature = "reqwest")]
pub use client::{ReqwestFuture, SendTraced};
pub use conventions::Conventions;
pub use headers::{Headers, HeadersMut, extract, inject};
pub use metrics::{MetricOptions, PrefixError};
pub use redact::redact;
pub use scrape::MetricsService;
pub use server::{
    ExcludedError, Hooks, Inbound, RequestHead, RequestId, RequestSpan, ResponseBody, ResponseFuture,
    ResponseHead, TelemetryLayer, TelemetryService,
};
