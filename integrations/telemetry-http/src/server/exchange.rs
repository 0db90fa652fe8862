//! A request from its beginning to its end: what is known of it, and how it is recorded.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body, Frame};
use telemetry_core::__private::{Lapse, Started};
use telemetry_core::propagate::Held;
use telemetry_core::{Span, Status, TaskSpan};

use super::asked::Asked;
use super::hooks::{Hooks, ResponseHead};
use super::inside::Inside;
use super::options::Options;
use super::request_id::RequestId;
use super::request_span::{Here, RequestSpan};
use crate::attributes::{self, key};
use crate::grpc;
use crate::headers;
use crate::method::KnownMethod;
use crate::metrics::Measured;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The whole response was handed to the server.
    Completed,
    /// The service or the body returned an error of this type.
    Failed(&'static str),
}

/// How long a response's body is, as it says itself. To be asked inside the request, whose code it is.
#[derive(Clone, Copy, Default)]
pub(super) struct Extent {
    exact: Option<u64>,
    is_over: bool,
}

impl Extent {
    pub(super) fn of(body: &impl Body) -> Self {
        Self { exact: body.size_hint().exact(), is_over: body.is_end_stream() }
    }
}

/// A request under way, or the place for one: then it is, but for the method, what [`Default`] makes of it.
#[derive(Default)]
pub(crate) struct Exchange {
    /// What its work runs inside: its span; what carries the context of the caller, where the request is excluded; or
    /// nothing.
    pub(super) span: TaskSpan,
    /// The request as its own code finds it; none where it is excluded.
    pub(super) here: Option<Here>,
    pub(super) measured: Option<Measured>,
    /// None until its span has been opened, or is known not to be.
    pub(super) began: Option<Started>,
    pub(super) method: KnownMethod,
    /// Kept while the span records.
    pub(super) asked: Option<Asked>,
    pub(super) status: Option<StatusCode>,
    /// The length the response's head announced.
    pub(super) announced: Option<u64>,
    pub(super) sent: u64,
    /// It may be a gRPC call, which says in headers or trailers of its own how it went.
    pub(super) grpc: bool,
    /// All that was to be done has been done.
    pub(super) complete: bool,
    pub(super) identifier: Option<RequestId>,
    /// The options of the layer, where they say something of what comes after the beginning.
    pub(super) options: Option<Arc<Options>>,
    /// Keeps the state of the caller's trace.
    pub(super) held: Option<Held>,
    /// While a thread is [inside](Inside): the request that it goes back to,
    pub(super) outside: Option<Here>,
    /// whether the identifier is the thread's, and that of the thread in its place,
    pub(super) is_shown: bool,
    /// and the one that log lines had before, by a layer or by hand.
    pub(super) lines: Option<Arc<str>>,
}

impl Exchange {
    fn hooks(&self) -> Option<&Arc<dyn Hooks>> {
        self.options.as_ref()?.hooks.as_ref()
    }

    /// How long after the request it is now.
    fn after(&self) -> Duration {
        Duration::from_secs_f64(self.began.map_or(0.0, |began| began.until_now().seconds()))
    }

    /// Tells the hooks of something, inside the span.
    fn tell(&mut self, what: impl FnOnce(&dyn Hooks, Span)) {
        if let Some(hooks) = self.hooks().cloned() {
            Inside::run(self, || what(&*hooks, RequestSpan::here()));
        }
    }

    /// Takes note of the response's head, and names the trace in it. The end of the request, when the server will not ask
    /// for the body: there is none, or none is sent.
    pub(crate) fn respond<B>(&mut self, response: &mut Response<B>, extent: Extent) -> Option<End> {
        let status = response.status();
        self.status = Some(status);
        self.announced = attributes::content_length(extent.exact, || response.headers().get(CONTENT_LENGTH));
        if let (Some(identifier), Some(options)) = (&self.identifier, &self.options)
            && let Some(name) = &options.request_id
        {
            identifier.echo(response.headers_mut(), name);
        }
        if let Some(context) = self.here.and_then(|here| here.span.0.context()) {
            headers::set_traceparent(response.headers_mut(), context);
        }
        if status.is_server_error() {
            self.span.status(Status::Error);
        }
        if self.grpc {
            self.called(response.headers());
        }
        if self.hooks().is_some() {
            let head = ResponseHead { status, headers: response.headers(), after: self.after() };
            self.tell(|hooks, span| hooks.response(&head, span));
        }
        (self.sends_no_body() || extent.is_over).then_some(End::Completed)
    }

    /// Takes note of the status of a gRPC call, where these headers or trailers have it.
    fn called(&mut self, headers: &HeaderMap) {
        if let Some(status) = grpc::status(headers) {
            if grpc::is_server_error(status) {
                self.span.status(Status::Error);
            }
            self.span.attribute(key::GRPC_STATUS, &u64::from(status));
        }
    }

    /// True when the response is all there is: the server sends no body, whatever the service made.
    fn sends_no_body(&self) -> bool {
        let without = |status: StatusCode| {
            status.is_informational()
                || status == StatusCode::NO_CONTENT
                || status == StatusCode::NOT_MODIFIED
        };
        match self.method {
            KnownMethod::Head => true,
            // The connection becomes a tunnel.
            KnownMethod::Connect if self.status.is_some_and(|status| status.is_success()) => true,
            _ => self.status.is_some_and(without),
        }
    }

    /// Takes note of a frame, of so many bytes of the body, on its way to the client.
    pub(crate) fn sent<D>(&mut self, frame: &Frame<D>, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes as u64);
        if let (true, Some(trailers)) = (self.grpc, frame.trailers_ref()) {
            self.called(trailers);
        }
        if self.hooks().is_some() {
            self.tell(|hooks, span| hooks.chunk(bytes, span));
        }
    }

    /// Takes note of how it ended, before it is [settled](Self::settle).
    pub(crate) fn end(&mut self, end: End) {
        if let End::Failed(error_type) = end {
            if let Some(measured) = &mut self.measured {
                measured.fail();
            }
            self.span.fail(error_type, None);
            let after = self.after();
            self.tell(|hooks, span| hooks.failure(error_type, after, span));
        }
        self.complete = true;
    }

    /// Ends it as it stands, and leaves a place: cancelled, unless it was [complete](Exchange::end), all that was to be
    /// sent has been, or a panic unwound through its work.
    pub(crate) fn settle(&mut self) {
        let options = self.options.take();
        let _pipeline = options.and_then(|options| options.pipeline).map(|pipeline| pipeline.attach());
        let panicking = std::thread::panicking();
        let ended = self.began.take().map(Started::until_now);
        if let Some(measured) = self.measured.take() {
            let (status, seconds) = (self.status, ended.map_or(0.0, Lapse::seconds));
            // Inside the span, so that what is measured can be traced to it.
            if !panicking && self.asked.is_some() && measured.wants_span() {
                self.span.in_scope(|| measured.end(status, seconds));
            } else {
                measured.end(status, seconds);
            }
        }
        if self.here.take().is_some() {
            self.end_span(ended, panicking);
        } else {
            drop(mem::take(&mut self.span));
        }
        if self.identifier.is_some() {
            self.identifier = None;
        }
        if self.held.is_some() {
            self.held = None;
        }
        (self.status, self.announced, self.sent) = (None, None, 0);
        (self.grpc, self.complete) = (false, false);
    }

    fn end_span(&mut self, ended: Option<Lapse>, panicking: bool) {
        let mut span = mem::take(&mut self.span);
        // What was announced has been sent: a server that counts does not ask for the end.
        let sent = self.announced.is_some_and(|length| self.sent >= length);
        if self.complete || (sent && !panicking) {
            span.complete();
        }
        if let Some(asked) = self.asked.take() {
            let length = self.announced.or((self.sent > 0).then_some(self.sent));
            asked.describe(&mut span, self.status, length);
            if let Some(identifier) = &self.identifier {
                span.attribute(key::REQUEST_ID, identifier.as_str());
            }
        }
        span.end_at(ended);
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("method", &self.method)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
