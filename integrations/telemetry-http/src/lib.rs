//! Request spans, request metrics and trace propagation for HTTP services built on tower: axum, hyper, tonic.
#![forbid(unsafe_code)]

mod asked;
mod attributes;
mod body;
mod call;
mod exchange;
mod future;
mod headers;
mod layer;
mod method;
mod metrics;
mod names;
mod redact;
mod route;
mod scrape;

pub use body::ResponseBody;
pub use call::call;
pub use future::ResponseFuture;
pub use headers::{extract, inject};
pub use layer::{TelemetryLayer, TelemetryService};
pub use method::KnownMethod;
pub use redact::redact;
pub use scrape::MetricsService;
