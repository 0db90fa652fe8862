//! The layer, and the service it makes.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderName, Request, Response};
use telemetry_core::propagate::{Keys, Propagators};
use tower_layer::Layer;
use tower_service::Service;

use super::body::ResponseBody;
use super::excluded::{Excluded, ExcludedError};
use super::future::ResponseFuture;
use super::hooks::Hooks;
use super::inside::Inside;
use super::options::{Options, Shared};
use super::running::Running;
use super::trust::{Cap, Inbound};
use crate::conventions::Conventions;
use crate::metrics::{self, MetricOptions};

/// Records every request of a service: a span from the request to the end of the response's body, and the metrics.
///
/// Cheap to clone. To be put where the router has matched the route already: around the routes of an axum `Router` by
/// `Router::layer`. What other layers answer is recorded where this one is outside of them, as one added later is.
///
/// Inside a layer of its kind a request has a span for each, the inner one a child of the outer one, whose word on the
/// caller stands. Each also counts it: [`measure`](Self::measure) says which one alone is to.
#[derive(Clone)]
pub struct TelemetryLayer {
    options: Shared,
}

impl TelemetryLayer {
    /// A layer that records to the process's pipeline and continues the traces of its callers.
    pub fn new() -> Self {
        Self { options: Shared::default() }
    }

    /// Whether a request continues the trace its `traceparent` names (so by default), or begins one of its own: for
    /// services whose callers are not to be trusted.
    #[must_use]
    pub fn extract_traceparent(self, extract: bool) -> Self {
        self.inbound(if extract { Inbound::Continue } else { Inbound::Ignore })
    }

    /// What becomes of the trace that a caller names; [`Hooks::inbound`] can say otherwise for a request.
    #[must_use]
    pub fn inbound(self, inbound: Inbound) -> Self {
        self.with(|options| options.inbound = inbound)
    }

    /// Lets callers have at most so many traces a second recorded by saying that they record them. Beyond that their
    /// traces are continued as if they were not sampled, so that a sampler that follows its parent drops them.
    #[must_use]
    pub fn sampled_by_callers(self, traces_per_second: u32) -> Self {
        self.with(|options| options.cap = Some(Arc::new(Cap::new(traces_per_second))))
    }

    /// Which keys a caller's `tracestate` may have; a list with another one is dropped.
    #[must_use]
    pub fn tracestate_keys(self, keys: Keys) -> Self {
        self.with(|options| options.keys = keys)
    }

    /// By which headers callers name their traces and send baggage; those of the process where nothing is said, which are
    /// `traceparent` and `tracestate` unless the setting `PROPAGATORS` says otherwise. Baggage is taken over where traces
    /// are [continued](Inbound::Continue), and dropped where callers are not trusted with that.
    #[must_use]
    pub fn propagators(self, propagators: Propagators) -> Self {
        self.with(|options| options.propagators = Some(propagators))
    }

    /// Records no span for requests in whose path one of these regular expressions, separated by commas, is found; the
    /// context of the caller is passed on where traces are [continued](Self::inbound). Adds to what is excluded already.
    /// A pattern holds no comma itself (`a{2,3}` is `aaa?`), and no pattern takes longer than in proportion to the path.
    ///
    /// # Errors
    /// A pattern is no regular expression.
    ///
    /// # Examples
    /// ```
    /// use telemetry_http::TelemetryLayer;
    /// let layer = TelemetryLayer::new().exclude("^/health$,^/internal/")?;
    /// assert!(TelemetryLayer::new().exclude("(").is_err());
    /// # Ok::<(), telemetry_http::ExcludedError>(())
    /// ```
    pub fn exclude(self, patterns: &str) -> Result<Self, ExcludedError> {
        Excluded::parse(patterns).map(|more| self.with(|options| options.excluded.extend(more)))
    }

    /// As [`exclude`](Self::exclude), of what a variable of the environment says; nothing where it is not set.
    ///
    /// # Errors
    /// The variable is not text, or a pattern is no regular expression.
    pub fn exclude_from_env(self, variable: &str) -> Result<Self, ExcludedError> {
        Excluded::from_env(variable).map(|more| self.with(|options| options.excluded.extend(more)))
    }

    /// Whether requests are counted and measured; so by default. Not to be by a layer inside another one, which has
    /// counted them.
    #[must_use]
    pub fn measure(self, measure: bool) -> Self {
        self.with(|options| options.measure = measure)
    }

    /// Whether excluded requests are measured all the same; not so by default.
    #[must_use]
    pub fn measure_excluded(self, measure: bool) -> Self {
        self.with(|options| options.measure_excluded = measure)
    }

    /// What the service decides and adds for each request.
    #[must_use]
    pub fn hooks(self, hooks: impl Hooks) -> Self {
        self.with(|options| options.hooks = Some(Arc::new(hooks)))
    }

    /// Gives every request an identifier under this header, `x-request-id` by custom: the caller's where there is one,
    /// of 1 to 128 visible ASCII characters, else a new one. It stands in the request's headers, in the response's, and on the
    /// span as `http.request_id`; [`RequestId::current`](crate::RequestId::current) gives it to log lines.
    #[must_use]
    pub fn request_id(self, header: HeaderName) -> Self {
        self.with(|options| options.request_id = Some(header))
    }

    /// Whether the request's span is put among its extensions, as [`RequestSpan`](crate::RequestSpan); not so by
    /// default, because it costs an allocation and `RequestSpan::current` does without. Where a request has no span,
    /// because telemetry is disabled or its path excluded, what stands there takes no writes.
    #[must_use]
    pub fn extension(self, extension: bool) -> Self {
        self.with(|options| options.extension = extension)
    }

    /// Records to the pipeline that this context belongs to, rather than to that of the serving thread.
    #[must_use]
    pub fn pipeline(self, context: telemetry_core::Context) -> Self {
        self.with(|options| options.pipeline = Some(context))
    }

    /// By which names spans describe requests; [`MetricOptions`] has its own choice.
    #[must_use]
    pub fn conventions(self, conventions: Conventions) -> Self {
        self.with(|options| options.conventions = conventions)
    }

    /// How requests are counted and measured.
    #[must_use]
    pub fn metrics(self, metrics: &MetricOptions) -> Self {
        self.with(|options| options.recorder = metrics::recorder(metrics))
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(self.options.make_mut());
        self
    }
}

impl Default for TelemetryLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TelemetryLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetryLayer")
            .field("inbound", &self.options.inbound)
            .field("conventions", &self.options.conventions)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for TelemetryLayer {
    type Service = TelemetryService<S>;

    fn layer(&self, inner: S) -> TelemetryService<S> {
        TelemetryService { inner, options: self.options.clone() }
    }
}

/// A service whose requests are recorded: made by [`TelemetryLayer`].
#[derive(Clone)]
pub struct TelemetryService<S> {
    inner: S,
    options: Shared,
}

impl<S: fmt::Debug> fmt::Debug for TelemetryService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetryService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, Q, R> Service<Request<Q>> for TelemetryService<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
    Q: http_body::Body,
    R: http_body::Body,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    // Called, the future is made where it is to be but for one move; inlined, there are two: those of routers are large.
    #[inline(never)]
    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let mut running = Running::begin(&self.options, &mut request);
        let Some(exchange) = running.exchange() else {
            return ResponseFuture { inner: self.inner.call(request), running: Running::NOTHING };
        };
        let inside = Inside::enter(exchange);
        let inner = self.inner.call(request);
        inside.leave();
        ResponseFuture { inner, running }
    }
}
