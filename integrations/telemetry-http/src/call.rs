//! Outgoing requests.

use std::any::type_name;
use std::fmt::Display;
use std::future::Future;

use http::header::HOST;
use http::{Request, Response};
use http_body::Body;
use telemetry_core::{Name, SpanBuilder, Status, TaskSpan};

use crate::attributes::{self, CLIENT, Kept, Url, key};
use crate::headers;
use crate::method::KnownMethod;

/// Sends a request inside a client span and names that span in the request's `traceparent`, so that the service at
/// the other end continues the trace.
///
/// The span is named by the method and lasts until the head of the response is there. A status of 400 or above is an
/// error of the caller's, and so is a failure to get any. Where nothing is recorded, the identifiers of the trace are
/// passed on all the same.
///
/// # Errors
/// What `send` returns.
///
/// # Examples
/// ```
/// # async fn example() -> Result<(), std::convert::Infallible> {
/// # use std::convert::Infallible;
/// # let client = |request: http::Request<String>| async { Ok::<_, Infallible>(http::Response::new(request.into_body())) };
/// let request = http::Request::get("http://inventory.example/books/7").body(String::new()).unwrap();
/// let response = telemetry_http::call(request, |request| client(request)).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// # let ready = std::pin::pin!(example()).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
/// # assert!(ready.is_ready());
/// ```
pub async fn call<Q, R, E, F>(
    mut request: Request<Q>,
    send: impl FnOnce(Request<Q>) -> F,
) -> Result<Response<R>, E>
where
    Q: Body,
    E: Display,
    F: Future<Output = Result<Response<R>, E>>,
{
    let method = KnownMethod::of(request.method());
    let mut span = SpanBuilder::new(&CLIENT).name(Name::of(method.as_name())).task();
    describe(&mut span, method, &request);
    if let Some(context) = span.handle().context() {
        headers::set_traceparent(request.headers_mut(), context);
    } else {
        headers::inject(request.headers_mut());
    }
    let result = span.run(async { send(request).await }).await;
    match &result {
        Ok(response) => {
            let status = response.status();
            if status.is_client_error() || status.is_server_error() {
                span.status(Status::Error);
            }
            span.attribute(key::STATUS, &status.as_u16());
        }
        Err(failure) => span.fail(type_name::<E>(), Some(failure)),
    }
    result
}

fn describe<Q: Body>(span: &mut TaskSpan, method: KnownMethod, request: &Request<Q>) {
    if !span.is_recording() {
        return;
    }
    let (short, long) = Url::short_and_long(request.uri());
    span.attribute(key::URL, &short);
    span.attribute(key::METHOD, &Kept(method.as_str()));
    span.attribute(key::PEER_NAME, &attributes::host(request.uri(), request.headers().get(HOST)));
    span.attribute(key::REQUEST_LENGTH, &attributes::content_length(request.headers(), request.body()));
    span.attribute(key::URL, &long);
}
