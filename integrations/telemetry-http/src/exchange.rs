//! A request from its beginning to its end: what is known of it, and how it is recorded.

use bytes::Buf;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use telemetry_core::{Name, SpanBuilder, Status, TaskSpan};

use crate::asked::Asked;
use crate::attributes::{self, SERVER};
use crate::headers;
use crate::layer::Inbound;
use crate::method::KnownMethod;
use crate::metrics::Measured;
use crate::names;
use crate::route;

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
#[derive(Debug)]
pub(crate) struct Exchange {
    span: TaskSpan,
    measured: Measured,
    method: KnownMethod,
    /// Kept while the span records.
    asked: Option<Asked>,
    status: Option<StatusCode>,
    /// The length the response's head announced.
    announced: Option<u64>,
    sent: u64,
}

impl Exchange {
    /// Begins to record a request.
    pub(crate) fn begin<B: Body>(request: &Request<B>, inbound: Inbound) -> Self {
        let method = KnownMethod::of(request.method());
        let measured = Measured::begin(method);
        let names = route::route(request.extensions()).and_then(names::of);
        let name = Name::of(names.map_or(method.as_name(), |names| names.name(method)));
        let mut builder = SpanBuilder::new(&SERVER).name(name);
        if inbound == Inbound::Continue
            && let Some(parent) = headers::extract(request.headers())
        {
            builder = builder.parent(parent);
        }
        let span = builder.task();
        let asked = span.is_recording().then(|| Asked::of(request, names.map(|names| names.route)));
        Self { span, measured, method, asked, status: None, announced: None, sent: 0 }
    }

    /// Runs work inside the span of the request, if there still is one. A panic in it ends the request as panicked:
    /// whoever catches it may keep the future or the body for long.
    pub(crate) fn within<R>(exchange: &mut Option<Self>, work: impl FnOnce() -> R) -> R {
        let entered = EndOnPanic(exchange);
        match entered.0 {
            Some(exchange) => exchange.span.in_scope(work),
            None => work(),
        }
    }

    /// Takes note of the response's head, and names the trace in it.
    pub(crate) fn respond<B: Body>(&mut self, response: &mut Response<B>) {
        let status = response.status();
        self.status = Some(status);
        self.measured.respond(status);
        self.announced = attributes::content_length(response.headers(), response.body());
        if let Some(context) = self.span.handle().context() {
            headers::set_traceparent(response.headers_mut(), context);
        }
        if status.is_server_error() {
            self.span.status(Status::Error);
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
    }

    /// Ends it.
    pub(crate) fn end(mut self, end: End) {
        if let End::Failed(error_type) = end {
            self.measured.fail();
            self.span.fail(error_type, None);
        }
        self.span.complete();
    }
}

/// Drops the exchange while the panic is on its way, which tells its span of it.
struct EndOnPanic<'a>(&'a mut Option<Exchange>);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.take();
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // What was announced has been sent: a server that counts does not ask for the end.
        if self.announced.is_some_and(|length| self.sent >= length) && !std::thread::panicking() {
            self.span.complete();
        }
        if let Some(asked) = self.asked.take() {
            let length = self.announced.or((self.sent > 0).then_some(self.sent));
            asked.describe(&mut self.span, self.method, self.status, length);
        }
    }
}
