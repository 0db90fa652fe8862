//! The span of a request that goes out.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::HOST;
use http::{HeaderMap, Method, StatusCode, Uri};
use telemetry_core::propagate::Propagators;
use telemetry_core::{Name, Span, SpanBuilder, Status, TaskSpan};

use crate::attributes::{self, Ascii, Kept, Url, key};
use crate::conventions::Conventions;
use crate::grpc;
use crate::headers::HeadersMut;
use crate::method::KnownMethod;

/// How often a request has been sent before, for whoever sends it again: put it among the request's extensions, and
/// the span says so as `http.resend_count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resend(
    /// Zero the first time, when nothing is recorded.
    pub u32,
);

/// The parts of a request that its span describes, and the headers that name the span.
pub(super) struct Outgoing<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a mut HeaderMap,
    pub(super) resend: Option<Resend>,
    pub(super) length: Option<u64>,
}

/// How requests are described and named.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    pub(super) conventions: Conventions,
    /// By which headers; none for those of the process.
    pub(super) propagators: Option<Propagators>,
}

impl Style {
    /// That of requests that are sent without a layer.
    pub(super) fn for_calls() -> Self {
        Self { conventions: Conventions::for_calls(), propagators: None }
    }
}

/// A request that has gone out and not been answered. Dropped so, it was cancelled.
#[derive(Debug)]
pub(super) struct Sent(TaskSpan);

impl Sent {
    /// Opens a client span and names it in the headers. Where nothing is recorded, the identifiers of the trace are
    /// passed on all the same.
    pub(super) fn begin(style: Style, outgoing: &mut Outgoing<'_>) -> Self {
        let method = KnownMethod::of(outgoing.method);
        let name = Name::of(method.as_name());
        let mut span = SpanBuilder::new(attributes::client(style.conventions)).name(name).task();
        describe(&mut span, style.conventions, method, outgoing);
        let handle = span.handle();
        let propagators = style.propagators.unwrap_or_else(Propagators::of_process);
        let named = if handle.context().is_some() { handle } else { Span::current() };
        propagators.inject_span(&named, &mut HeadersMut(outgoing.headers));
        Self(span)
    }

    /// The span, to be entered while the request is under way.
    pub(super) fn span(&mut self) -> &mut TaskSpan {
        &mut self.0
    }

    /// Polls inside the span, if the request is under way still; with the output comes the span. A panic in the poll
    /// ends the span with it.
    pub(super) fn poll<F: Future>(
        place: &mut Option<Self>,
        inner: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<(F::Output, Option<Self>)> {
        let Some(mut sent) = place.take() else { return inner.poll(cx).map(|output| (output, None)) };
        match sent.0.in_scope(|| inner.poll(cx)) {
            Poll::Ready(output) => Poll::Ready((output, Some(sent))),
            Poll::Pending => {
                *place = Some(sent);
                Poll::Pending
            }
        }
    }

    /// The head of the response is here: a status of 400 or above is an error of the caller's.
    pub(super) fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        if status.is_client_error() || status.is_server_error() {
            self.0.status(Status::Error);
        }
        self.0.attribute(key::STATUS, &status.as_u16());
        self.called(headers);
    }

    /// Takes note of the status of a gRPC call, where these headers or trailers have it.
    pub(super) fn called(&mut self, headers: &HeaderMap) {
        let Some(status) = grpc::status(headers) else { return };
        if status != 0 {
            self.0.status(Status::Error);
        }
        self.0.attribute(key::GRPC_STATUS, &u64::from(status));
    }

    /// All that was to come is here.
    pub(super) fn complete(mut self) {
        self.0.complete();
    }

    /// There will be no response, or no more of it.
    pub(super) fn failed(mut self, error_type: &'static str, failure: &dyn Display) {
        self.0.fail(error_type, Some(failure));
        self.0.complete();
    }
}

/// The scheme of a URL, kept by reference.
fn scheme(uri: &Uri) -> Option<&'static str> {
    ["http", "https"].into_iter().find(|known| uri.scheme_str() == Some(known))
}

fn describe(span: &mut TaskSpan, conventions: Conventions, method: KnownMethod, outgoing: &Outgoing<'_>) {
    if !span.is_recording() {
        return;
    }
    let (short, long) = Url::short_and_long(outgoing.uri);
    let resends = outgoing.resend.map(|resend| resend.0).filter(|resends| *resends > 0);
    span.attribute(key::URL, &short);
    span.attribute(key::METHOD, &Kept(method.as_str()));
    span.attribute(key::METHOD_ORIGINAL, &attributes::original(outgoing.method, method));
    span.attribute(key::PEER_NAME, &attributes::host(outgoing.uri, outgoing.headers.get(HOST)).map(Ascii));
    span.attribute(key::PEER_PORT, &outgoing.uri.port_u16());
    if conventions != Conventions::Old {
        span.attribute(key::SCHEME, &scheme(outgoing.uri).map(Kept));
    }
    span.attribute(key::REQUEST_LENGTH, &outgoing.length);
    span.attribute(key::RESENDS, &resends);
    span.attribute(key::URL, &long);
}
