//! What a service can decide and add for each of its requests.

use std::borrow::Cow;
use std::time::Duration;

use http::{Extensions, HeaderMap, Method, StatusCode, Uri};
use telemetry_core::{Decision, Span};

use super::trust::Inbound;

/// What a service decides for each request, and what it is told of it. Every method does nothing by default.
///
/// Called on the thread that serves the request, inside its span where it has one; a panic in a hook is the request's.
///
/// # Examples
/// ```
/// use std::borrow::Cow;
/// use telemetry_core::{Decision, Span};
/// use telemetry_http::{Hooks, RequestHead, TelemetryLayer};
///
/// struct Tenants;
///
/// impl Hooks for Tenants {
///     fn sample(&self, request: &RequestHead<'_>) -> Option<Decision> {
///         (request.uri.path() == "/checkout").then_some(Decision::Record)
///     }
///
///     fn request(&self, request: &RequestHead<'_>, span: Span) {
///         if let Some(tenant) = request.headers.get("x-tenant").and_then(|tenant| tenant.to_str().ok()) {
///             span.str("tenant", tenant);
///         }
///     }
/// }
///
/// let layer = TelemetryLayer::new().hooks(Tenants);
/// ```
pub trait Hooks: Send + Sync + 'static {
    /// The name of the request's span. Names of a small set only: they are kept for the life of the process, 4,096 at
    /// the most.
    fn name(&self, request: &RequestHead<'_>) -> Option<Cow<'static, str>> {
        let _ = request;
        None
    }

    /// What becomes of the trace the caller names, in the layer's stead.
    fn inbound(&self, request: &RequestHead<'_>) -> Option<Inbound> {
        let _ = request;
        None
    }

    /// Whether the request's trace is recorded, in the sampler's stead.
    fn sample(&self, request: &RequestHead<'_>) -> Option<Decision> {
        let _ = request;
        None
    }

    /// A request has come.
    fn request(&self, request: &RequestHead<'_>, span: Span) {
        let _ = (request, span);
    }

    /// The head of the response is about to go.
    fn response(&self, response: &ResponseHead<'_>, span: Span) {
        let _ = (response, span);
    }

    /// A piece of the response's body, of so many bytes, is about to go.
    fn chunk(&self, bytes: usize, span: Span) {
        let _ = (bytes, span);
    }

    /// The service or the body has failed, with an error of this type, so long after the request came.
    fn failure(&self, error_type: &'static str, after: Duration, span: Span) {
        let _ = (error_type, after, span);
    }
}

/// The head of a request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// Where to.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// What the server and other layers have added.
    pub extensions: &'a Extensions,
    /// The route, where the router has said it (feature `axum`).
    pub route: Option<&'a str>,
}

/// The head of a response.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ResponseHead<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// How long after the request.
    pub after: Duration,
}
