//! A request from its beginning to its end: what is known of it, and how it is recorded.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Buf;
use http::header::USER_AGENT;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};
use telemetry_core::{Name, SpanBuilder, Status, TaskSpan};

use crate::attributes::{self, Address, Kept, SERVER, Text, Url, key};
use crate::headers;
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
    status: Option<StatusCode>,
    /// Written last, so that they leave room for everything shorter.
    url: Option<PathAndQuery>,
    user_agent: Option<HeaderValue>,
    /// The length the response's head announced.
    announced: Option<u64>,
    sent: u64,
}

impl Exchange {
    /// Begins to record a request.
    pub(crate) fn begin<B: Body>(request: &Request<B>) -> Self {
        let method = KnownMethod::of(request.method());
        let measured = Measured::begin(method);
        let names = route::route(request.extensions()).and_then(names::of);
        let name = Name::of(names.map_or(method.as_name(), |names| names.name(method)));
        let mut builder = SpanBuilder::new(&SERVER).name(name);
        if let Some(parent) = headers::extract(request.headers()) {
            builder = builder.parent(parent);
        }
        let mut exchange = Self {
            span: builder.task(),
            measured,
            method,
            status: None,
            url: None,
            user_agent: None,
            announced: None,
            sent: 0,
        };
        if exchange.span.is_recording() {
            exchange.describe(request, names.map(|names| names.route));
        }
        exchange
    }

    /// Runs work inside the span of the request, if there still is one. A panic in it ends the request as panicked:
    /// whoever catches it may keep the future or the body for long.
    pub(crate) fn within<R>(exchange: &mut Option<Self>, work: impl FnOnce() -> R) -> R {
        let entered = EndOnPanic(exchange);
        match entered.0 {
            Some(exchange) => exchange.enter(work),
            None => work(),
        }
    }

    fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let (mut work, mut result) = (Some(work), None);
        // Never ready, since the span is not done when this stretch of work is.
        let stretch = poll_fn(|_| {
            result = work.take().map(|work| work());
            Poll::<()>::Pending
        });
        let _ = pin!(self.span.run(stretch)).poll(&mut Context::from_waker(Waker::noop()));
        result.expect("a poll of the span polls the work once")
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
        self.span.attribute(key::STATUS, &status.as_u16());
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

    fn describe<B: Body>(&mut self, request: &Request<B>, route: Option<&'static str>) {
        let span = &mut self.span;
        span.attribute(key::METHOD, &Kept(self.method.as_str()));
        span.attribute(key::ROUTE, &route.map(Kept));
        span.attribute(key::HOST, &attributes::host(request.uri(), request.headers()));
        span.attribute(key::PEER, &route::peer(request.extensions()).map(Address));
        let length = attributes::content_length(request.headers(), request.body());
        span.attribute(key::REQUEST_LENGTH, &length);
        self.url = request.uri().path_and_query().cloned();
        self.user_agent = request.headers().get(USER_AGENT).cloned();
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
        if self.span.is_recording() {
            let length = self.announced.or((self.sent > 0).then_some(self.sent));
            self.span.attribute(key::RESPONSE_LENGTH, &length);
            self.span.attribute(key::URL, &self.url.as_ref().map(Url));
            self.span.attribute(key::USER_AGENT, &self.user_agent.as_ref().map(Text));
        }
    }
}
