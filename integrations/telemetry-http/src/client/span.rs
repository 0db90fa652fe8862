//! The span of a request that goes out.

use std::fmt::Display;

use http::header::HOST;
use http::{Extensions, HeaderMap, Method, StatusCode, Uri};
use telemetry_core::propagate::inject_span;
use telemetry_core::{Name, SpanBuilder, Status, TaskSpan};

use crate::attributes::{self, Kept, Url, key};
use crate::conventions::Conventions;
use crate::headers::{self, HeadersMut};
use crate::method::KnownMethod;

/// How often a request has been sent before, for whoever sends it again: put it among the request's extensions, and
/// the span says so as `http.resend_count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resend(
    /// Zero the first time, when nothing is recorded.
    pub u32,
);

/// The parts of a request that its span describes, and the headers that name the span.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a mut HeaderMap,
    pub(crate) extensions: &'a Extensions,
    pub(crate) length: Option<u64>,
}

/// A request that has gone out and not been answered.
#[derive(Debug)]
pub(crate) struct Sent(TaskSpan);

impl Sent {
    /// Opens a client span and names it in the headers. Where nothing is recorded, the identifiers of the trace are
    /// passed on all the same.
    pub(crate) fn begin(conventions: Conventions, outgoing: &mut Outgoing<'_>) -> Self {
        let method = KnownMethod::of(outgoing.method);
        let name = Name::of(method.as_name());
        let mut span = SpanBuilder::new(attributes::client(conventions)).name(name).task();
        describe(&mut span, method, outgoing);
        let handle = span.handle();
        if handle.context().is_some() {
            inject_span(&handle, &mut HeadersMut(outgoing.headers));
        } else {
            headers::inject(outgoing.headers);
        }
        Self(span)
    }

    /// The span, to be entered while the request is under way.
    pub(crate) fn span(&mut self) -> &mut TaskSpan {
        &mut self.0
    }

    /// The head of the response is here: a status of 400 or above is an error of the caller's.
    pub(crate) fn answered(mut self, status: StatusCode) {
        if status.is_client_error() || status.is_server_error() {
            self.0.status(Status::Error);
        }
        self.0.attribute(key::STATUS, &status.as_u16());
        self.0.complete();
    }

    /// There will be no response.
    pub(crate) fn failed(mut self, error_type: &'static str, failure: &dyn Display) {
        self.0.fail(error_type, Some(failure));
        self.0.complete();
    }
}

fn describe(span: &mut TaskSpan, method: KnownMethod, outgoing: &Outgoing<'_>) {
    if !span.is_recording() {
        return;
    }
    let (short, long) = Url::short_and_long(outgoing.uri);
    let resends = outgoing.extensions.get::<Resend>().map(|resend| resend.0).filter(|resends| *resends > 0);
    span.attribute(key::URL, &short);
    span.attribute(key::METHOD, &Kept(method.as_str()));
    span.attribute(key::PEER_NAME, &attributes::host(outgoing.uri, outgoing.headers.get(HOST)));
    span.attribute(key::REQUEST_LENGTH, &outgoing.length);
    span.attribute(key::RESENDS, &resends);
    span.attribute(key::URL, &long);
}
