//! A request from its beginning to its end: what is known of it, and how it is recorded.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Buf;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, Response, StatusCode};
use http_body::{Body, Frame};
use telemetry_core::propagate::Held;
use telemetry_core::{Context, Span, SpanId, Status, TaskSpan};

use super::asked::Asked;
use super::hooks::{Hooks, ResponseHead};
use super::request_id::RequestId;
use super::request_span::RequestSpan;
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

/// A request under way. Dropping it ends it: cancelled, unless all that was to be sent has been, or the drop is part
/// of a panic.
pub(crate) struct Exchange {
    /// What runs inside.
    pub(super) stage: Stage,
    pub(super) measured: Option<Measured>,
    pub(super) began: Instant,
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
    pub(super) identifier: Option<(HeaderName, Option<RequestId>)>,
    pub(super) hooks: Option<Arc<dyn Hooks>>,
    /// The pipeline to record to, where the layer has one of its own.
    pub(super) pipeline: Option<Context>,
    /// Keeps the state of the caller's trace.
    pub(super) held: Option<Held>,
}

/// What a request's work runs inside.
pub(super) enum Stage {
    /// Its span, and the span its `traceparent` names.
    Span { span: TaskSpan, brought: Option<SpanId> },
    /// The context of the caller: the request is excluded.
    Passing(Context),
    /// Nothing.
    Bare,
}

impl Stage {
    /// Runs work inside.
    pub(super) fn within<R>(&mut self, work: impl FnOnce() -> R) -> R {
        match self {
            Self::Span { span, brought } => {
                let _entered = RequestSpan::enter(span.handle(), *brought);
                span.in_scope(work)
            }
            Self::Passing(context) => context.run(work),
            Self::Bare => work(),
        }
    }

    /// The span, where there is one.
    pub(super) fn span(&mut self) -> Option<&mut TaskSpan> {
        match self {
            Self::Span { span, .. } => Some(span),
            _ => None,
        }
    }
}

impl Exchange {
    /// Runs work inside the span of the request.
    pub(super) fn inside<R>(&mut self, work: impl FnOnce() -> R) -> R {
        match &mut self.identifier {
            None => self.stage.within(work),
            Some((_, identifier)) => {
                let _known = Known::enter(identifier);
                self.stage.within(work)
            }
        }
    }

    /// Tells the hooks of something, inside the span.
    fn tell(&mut self, what: impl FnOnce(&dyn Hooks, Span)) {
        if let Some(hooks) = self.hooks.clone() {
            self.inside(|| what(&*hooks, RequestSpan::here()));
        }
    }

    /// Takes note of the response's head, and names the trace in it.
    pub(crate) fn respond<B: Body>(&mut self, response: &mut Response<B>) {
        let status = response.status();
        self.status = Some(status);
        if let Some(measured) = &mut self.measured {
            measured.respond(status);
        }
        self.announced =
            attributes::content_length(response.body(), || response.headers().get(CONTENT_LENGTH));
        if let Some((name, Some(identifier))) = &self.identifier {
            identifier.echo(response.headers_mut(), name);
        }
        if let Some(span) = self.stage.span() {
            if let Some(context) = span.handle().context() {
                headers::set_traceparent(response.headers_mut(), context);
            }
            if status.is_server_error() {
                span.status(Status::Error);
            }
        }
        if self.grpc {
            self.called(response.headers());
        }
        let after = self.began;
        self.tell(|hooks, span| {
            let head = ResponseHead { status, headers: response.headers(), after: after.elapsed() };
            hooks.response(&head, span);
        });
    }

    /// Takes note of the status of a gRPC call, where these headers or trailers have it.
    fn called(&mut self, headers: &HeaderMap) {
        if let (Some(status), Some(span)) = (grpc::status(headers), self.stage.span()) {
            if grpc::is_server_error(status) {
                span.status(Status::Error);
            }
            span.attribute(key::GRPC_STATUS, &u64::from(status));
        }
    }

    /// True when the response is all there is: the server sends no body, whatever the service made.
    pub(crate) fn sends_no_body(&self) -> bool {
        let without = |status: StatusCode| {
            status.is_informational()
                || status == StatusCode::NO_CONTENT
                || status == StatusCode::NOT_MODIFIED
        };
        self.method == KnownMethod::Head || self.status.is_some_and(without)
    }

    /// Takes note of a frame on its way to the client.
    pub(crate) fn sent<D: Buf>(&mut self, frame: &Frame<D>) {
        let bytes = frame.data_ref().map_or(0, Buf::remaining);
        self.sent = self.sent.saturating_add(bytes as u64);
        if let (true, Some(trailers)) = (self.grpc, frame.trailers_ref()) {
            self.called(trailers);
        }
        if self.hooks.is_some() {
            self.tell(|hooks, span| hooks.chunk(bytes, span));
        }
    }

    /// Takes note of how it ended; dropping it then ends it.
    pub(crate) fn end(&mut self, end: End) {
        if let End::Failed(error_type) = end {
            if let Some(measured) = &mut self.measured {
                measured.fail();
            }
            if let Some(span) = self.stage.span() {
                span.fail(error_type, None);
            }
            let after = self.began;
            self.tell(|hooks, span| hooks.failure(error_type, after.elapsed(), span));
        }
        self.complete = true;
    }
}

/// The identifier of a request, current on this thread until it is left or unwound.
struct Known<'a>(&'a mut Option<RequestId>);

impl<'a> Known<'a> {
    fn enter(identifier: &'a mut Option<RequestId>) -> Self {
        RequestId::swap(identifier);
        Self(identifier)
    }
}

impl Drop for Known<'_> {
    fn drop(&mut self) {
        RequestId::swap(self.0);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let _pipeline = self.pipeline.map(|pipeline| pipeline.attach());
        let panicking = std::thread::panicking();
        match self.measured.take() {
            // Inside the span, so that what is measured can be traced to it.
            Some(measured) if !panicking && self.asked.is_some() && measured.wants_span() => {
                self.stage.within(|| drop(measured));
            }
            measured => drop(measured),
        }
        let Stage::Span { span, .. } = &mut self.stage else { return };
        // What was announced has been sent: a server that counts does not ask for the end.
        let sent = self.announced.is_some_and(|length| self.sent >= length);
        if self.complete || (sent && !panicking) {
            span.complete();
        }
        if let Some(asked) = self.asked.take() {
            let length = self.announced.or((self.sent > 0).then_some(self.sent));
            asked.describe(span, self.status, length);
            if let Some((_, Some(identifier))) = &self.identifier {
                span.attribute(key::REQUEST_ID, identifier.as_str());
            }
        }
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
